"""What people see of a record: facts, differences, preview, pages and audit."""

from urllib.parse import quote

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ...importers.pages.pages import pages
from ...importers.pages.words import STATUSES
from ...importers.preview import booked
from ...importers.receipts import line_receipts
from ...importers.resource_kinds import PAYLOADS
from ...procurify import (
    AddressError,
    InvalidPayload,
    normalise_base_url,
    read_json,
)
from ...procurify.findings import requesters
from ...reconciliation.dry_run import trial
from ...tools.amounts import currencies_by_code, format_amounts
from ..connection.procurify_connection import URL_TEMPLATES

# Of a page's header, besides custom fields.
_ON_THE_TAB = frozenset(
    {"ship_to", "bill_to", "shipping_term", "shipping_method", "expires_on", "contract"}
    | {"drafted"}
)


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    document = fields.Json(
        compute="_compute_document",
        help="The document with its lines, totals, files and approvals.",
    )
    remote_status = fields.Char("Status in Procurify", compute="_compute_facts")
    requester_names = fields.Char("Requested By", compute="_compute_facts")
    approver_name = fields.Char("Approved By", compute="_compute_facts")
    payment_facts = fields.Char("Payment Details", compute="_compute_facts")
    plant_names = fields.Char("Locations", compute="_compute_places")
    department_names = fields.Char("Departments", compute="_compute_places")
    facts_table = fields.Html(
        "In Procurify", compute="_compute_facts_table", sanitize=False
    )
    web_url = fields.Char("Page in Procurify", compute="_compute_web_url")
    difference_table = fields.Html(
        "Differences",
        compute="_compute_difference_table",
        compute_sudo=False,
        sanitize=False,
        help="Visible to everyone who may read the document in Odoo.",
    )
    signal_ids = fields.One2many(
        "procurify.signal", "record_id", string="Signals", readonly=True
    )
    signal_labels = fields.Char("Signals to Check", compute="_compute_signal_labels")

    # === COMPUTE METHODS === #

    def _compute_facts(self):
        for record in self:
            payload, data = record._read_payload()
            status = getattr(payload, "status", getattr(payload, "state", None))
            words = STATUSES.get(record.resource, {}).get(status)
            # An undocumented value is shown as Procurify sent it.
            record.remote_status = self.env._(words) if words else status  # pylint: disable=W8301
            record.requester_names = ", ".join(requesters(data))
            record.approver_name = getattr(payload, "approver_name", "")
            payment = getattr(payload, "payment", None)
            record.payment_facts = payment and record._payment_facts(payment)

    def _payment_facts(self, payment):
        """Return date, amount, method and reference of a payment as one text."""
        self.ensure_one()
        amount = payment.amount is not None and format_amounts(
            self.env,
            [(self.remote_currency, 1, float(payment.amount), None)],
            currencies_by_code(self.env, [self.remote_currency]),
        )
        day = format_date(self.env, payment.date)
        facts = (day, amount, payment.method, payment.reference)
        return " · ".join(fact for fact in facts if fact)

    def _read_payload(self):
        """Return the payload and its JSON data; None and {} if it is invalid."""
        self.ensure_one()
        try:
            data = read_json(self.payload or "{}")
            return PAYLOADS[self.resource].from_json(data), data
        except InvalidPayload:
            return None, {}

    def _receipt_texts(self):
        """Return {Procurify's id of a line: when it was received}, of these orders."""
        texts = {}
        for record in self.filtered(lambda r: r.resource == "purchase_order"):
            _order, data = record._read_payload()
            for line in data.get("order_items") or ():
                found = line_receipts(line, record.remote_receipts)
                texts[str(line["id"])] = self._receipts_text(found)
        return texts

    def _receipts_text(self, receipts):
        return ", ".join(
            format_date(self.env, receipt.day)
            + (f" ({receipt.quantity.normalize():f})" if receipt.quantity else "")
            for receipt in receipts
        )

    def _compute_places(self):
        for record in self:
            mentioned = record.mention_ids.grouped("resource")
            for field, resource in (
                ("plant_names", "location"),
                ("department_names", "department"),
            ):
                named = mentioned.get(resource, self.browse())
                record[field] = ", ".join(sorted(named.mapped("display_name")))

    def _compute_facts_table(self):
        for record in self:
            record.facts_table = Markup(
                "<table class='table table-sm o_procurify_facts'><tbody>%s</tbody>"
                "</table>"
            ) % Markup("").join(
                Markup("<tr><th scope='row'>%s</th><td>%s</td></tr>") % (label, value)
                for label, value in record._facts()
                if value
            )

    def _facts(self):
        """Yield (label, text) of the facts about a document."""
        self.ensure_one()
        names = (
            *("external_id", "name", "code", "remote_status", "remote_party"),
            *("remote_date", "remote_amount", "requester_names", "approver_name"),
            *("plant_names", "department_names", "payment_facts"),
        )
        shown = {name: self[name] for name in names}
        shown["code"] = self.code != self.name and self.code
        shown["remote_date"] = format_date(self.env, self.remote_date)
        shown["remote_amount"] = self.remote_currency and format_amounts(
            self.env,
            [(self.remote_currency, 1, self.remote_amount, None)],
            currencies_by_code(self.env, [self.remote_currency]),
        )
        for name, value in shown.items():
            yield self._fields[name]._description_string(self.env), value
        yield from self._page_facts()

    def _page_facts(self):
        """Yield (label, text) of what only the document's page says otherwise: where an
        order is delivered, custom fields, and when lines were received."""
        page = (self.role == "document" and self.document) or {
            "header": [],
            "lines": [],
        }
        for row in page["header"]:
            if row["name"] in _ON_THE_TAB or row["name"].startswith("custom_"):
                yield row["label"], row["text"]
        for number, line in enumerate(page["lines"], start=1):
            received = line.get("received_on")
            if received:
                received = self.env._("Received: %s", received)
            label = self.env._("Line %(number)s", number=number)
            yield label, "; ".join(filter(None, (line.get("custom"), received)))

    @api.depends(
        "resource",
        "external_id",
        "remote_uuid",
        "code",
        "connection_id.base_url",
        *(f"connection_id.{name}" for name in URL_TEMPLATES.values()),
    )
    def _compute_web_url(self):
        for record in self:
            record.web_url = record._page_address()

    def _page_address(self):
        """Return the address of this object's page, or False if it is unknown."""
        self.ensure_one()
        name = URL_TEMPLATES.get(self.resource)
        template = name and self.connection_id[name]
        values = {
            # Master data that is only a text on documents has no page.
            "id": self.external_id.isdecimal() and self.external_id,
            "uuid": self.remote_uuid,
            "number": self.code or self.name,
        }
        if not template or any(
            f"{{{key}}}" in template and not value for key, value in values.items()
        ):
            return False
        try:
            base_url = normalise_base_url(self.connection_id.base_url or "")
        except AddressError:
            return False
        quoted = {key: quote(value or "", safe="") for key, value in values.items()}
        return template.format(base_url=base_url, **quoted)

    @api.depends("difference")
    @api.depends_context("lang", "uid", "allowed_company_ids")
    def _compute_difference_table(self):
        differing = self.sudo().filtered("difference").with_env(self.env)
        shown = differing._shown_in_odoo()
        for record in self:
            record.difference_table = (
                record._difference_table() if record in shown else False
            )

    def _difference_table(self):
        self.ensure_one()
        row = Markup("<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>")
        rows = (
            row
            % (
                each["field"][:1].upper() + each["field"][1:],
                each["applied"],
                each["odoo"],
                each["procurify"],
            )
            for each in self.sudo().difference
        )
        return Markup(
            '<table class="table table-sm"><thead><tr><th>%s</th><th>%s</th>'
            "<th>%s</th><th>%s</th></tr></thead><tbody>%s</tbody></table>"
        ) % (
            self.env._("Field"),
            self.env._("Imported before"),
            self.env._("Odoo now"),
            self.env._("Procurify now"),
            Markup().join(rows),
        )

    # === ACTION METHODS === #

    def action_open_target(self):
        """Open the Odoo record that this record became."""
        self.ensure_one()
        if not self.res_id:
            raise UserError(self.env._("This record is not in Odoo yet."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def action_open_in_procurify(self):
        """Open Procurify's own page of this object."""
        self.ensure_one()
        if not self.web_url:
            raise UserError(
                self.env._(
                    "The connection has no page address for this kind of record. Enter "
                    "it on the Technical page of the connection."
                )
            )
        return {"type": "ir.actions.act_url", "url": self.web_url, "target": "new"}

    def _action_open(self, name):
        """Return the action that opens these records: a list, or a form for one."""
        action = {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": self._name,
            "domain": [("id", "in", self.ids)],
            "views": [(False, "list"), (False, "form")],
        }
        if len(self) == 1:
            action |= {"res_id": self.id, "views": [(False, "form")]}
        return action

    # === PREVIEW === #

    def _preview(self):
        """Import these records, return the result, and roll everything back.

        What documents name is imported with them, as in any import.

        :returns: one dict per record, in the order of ``self``, which JSON takes::

            {"record_id", "resource", "external_id", "name",
             "outcome": its state after the import,
             "rule": why it would be excluded, or False,
             "issues": [{"code", "key", "message", "advice"}],
             "booked": see ``importers.preview.booked``; None if nothing is booked,
             or the user may not read that document in Odoo}
        """
        with trial(self.env):
            results = self._try()
            shown = set(self._shown_in_odoo().ids)
        for result in results:
            if result["record_id"] not in shown:
                result["booked"] = None
        return results

    def _try(self):
        """Do as :meth:`_preview`, without the rollback."""
        records = self.sudo()
        records._import()
        self.env.flush_all()
        documents = booked(records)
        rules = dict(self._fields["excluded_rule"]._description_selection(self.env))
        return [
            {
                "record_id": record.id,
                "resource": record.resource,
                "external_id": record.external_id,
                "name": record.display_name,
                "outcome": record.state,
                "rule": rules.get(record.excluded_rule, False),
                "issues": [
                    {
                        "code": issue.code,
                        "key": issue.key,
                        "message": issue.message,
                        "advice": issue.advice,
                    }
                    for issue in record.issue_ids
                ],
                "booked": documents.get(record),
            }
            for record in records
        ]

    def _shown_in_odoo(self):
        """Return those of these records whose Odoo document the user may read.

        That is the linked document, or the conflicting one. To read a bill, the user
        must also be allowed to read journal items.
        """
        if self.env.su:
            return self
        shown = self.browse()
        for name, mine in self.grouped("res_model").items():
            model = self.env.get(name)
            if model is None or not _may_read(model):
                continue
            ids = {*mine.mapped("res_id"), *mine.mapped("conflict_id")} - {0}
            existing = model.sudo().with_context(active_test=False)
            existing = existing.search(Domain("id", "in", list(ids)))
            hidden = existing - existing.sudo(False)._filtered_access("read").sudo()
            shown |= mine.filtered(
                lambda r, no=set(hidden.ids): not {r.res_id, r.conflict_id} & no
            )
        return shown

    # === PAGE OF A DOCUMENT === #

    @api.depends("payload", "issue_ids", "signal_ids.checked_at", "state", "res_id")
    @api.depends_context("lang", "tz", "uid", "allowed_company_ids")
    def _compute_document(self):
        documents = self.filtered(lambda record: record.role == "document")
        files = documents._files()
        signals = {record: record.signal_ids._page() for record in documents}
        self.document = False
        for record, page in pages(documents).items():
            record.document = page | {
                "files": files.get(record, []),
                "signals": signals[record],
            }

    def _files(self):
        """Return {record: what its page shows of its files}.

        What is attached is named to all who may read the document here, and shown to
        those who may read it there.
        """
        rows = self.env["procurify.attachment"].search(
            [("record_id", "in", self.ids)], order="id"
        )
        attachments = rows.sudo().attachment_id.sudo(False)
        readable = attachments._filtered_access("read")
        return {
            record: [row._page(readable) for row in mine]
            for record, mine in rows.grouped("record_id").items()
        }

    # === SIGNALS === #

    @api.depends("signal_ids.checked_at")
    @api.depends_context("lang")
    def _compute_signal_labels(self):
        for record in self:
            record.signal_labels = record.signal_ids._labels()

    def _update_signals(self):
        """Decide again which signals these bills have."""
        if self:
            self.env["procurify.signal"].sudo()._replace(self.sudo())


def _may_read(model):
    """Return whether the user may read documents of ``model`` at all."""
    items = model.env["account.move.line"]
    return model.has_access("read") and (
        model._name != "account.move" or items.has_access("read")
    )
