"""The checklist of a month's close: what is done, and where the rest gets done."""

from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ...importers.resource_kinds import DOCUMENTS
from ...reconciliation.comparison import COMPARED
from ...tools.readers import reads_items

CHECKS = ("synced", "issues", "queued", "drafts", "accruals", "nightly", "certificate")


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    def _checklists(self, figures):
        """Return {connection id: what its close consists of}.

        :param figures: {connection id: {kind of figure: its rows}}
        """
        streams = self.sudo().stream_ids.filtered("active").grouped("connection_id")
        certificates = self._certificates_of_month()
        checks = {}
        for connection in self:
            mine = streams.get(connection.sudo(), self.env["procurify.stream"])
            rows = figures.get(connection.id, {})
            checks[connection.id] = [
                {"code": code, "label": label}
                | {"done_label": self.env._("Done"), "open_label": self.env._("Open")}
                | found
                for code, label, found in (
                    connection._check_synced(mine),
                    connection._check_bills("issues", rows.get("on_hold", ())),
                    connection._check_bills("queued", rows.get("queued", ())),
                    connection._check_bills("drafts", rows.get("draft", ())),
                    connection._check_accruals(rows.get("not_billed", ())),
                    connection._check_nightly(mine),
                    connection._check_certificate(certificates.get(connection.id)),
                )
            ]
        return checks

    # === WHETHER IT IS DONE === #

    @api.model
    def _after_month(self):
        """Return the instant at which the month is over, in UTC."""
        return datetime.combine(self._month_end() + timedelta(days=1), time.min)

    def _check_synced(self, streams):
        read = streams.filtered(lambda s: s.resource in DOCUMENTS).mapped(
            "last_success"
        )
        oldest = min(read) if read and all(read) else None
        if not oldest:
            text = self.env._("Not all lists have been read yet.")
        else:
            text = self.env._("Last synced %(ago)s.", ago=self._ago(oldest))
        is_done = bool(oldest and oldest >= self._after_month())
        if not is_done and fields.Datetime.now() < self._after_month():
            text += " " + self.env._("The month is not over yet.")
        label = self.env._("Synced through the last day")
        button = self.phase == "live" and self.env._("Sync now")
        return "synced", label, {"done": is_done, "text": text, "button": button}

    def _check_bills(self, code, rows):
        """Return the check that there are none of these bills."""
        labels = {
            "issues": (self.env._("Resolve issues"), self.env._("Issues")),
            "queued": (self.env._("Import what is queued"), self.env._("Show")),
            "drafts": (self.env._("Post drafts"), self.env._("Drafts")),
        }
        label, button = labels[code]
        count = sum(row["document_count"] for row in rows)
        if not count:
            return (
                code,
                label,
                {"done": True, "text": self.env._("None left."), "button": False},
            )
        text = self.env._(
            "%(count)s bills, %(amount)s", count=count, amount=self._sum(rows)["amount"]
        )
        return code, label, {"done": False, "text": text, "button": button}

    def _check_accruals(self, rows):
        count = sum(row["open_count"] for row in rows)
        amount = sum(row["open_amount"] or 0 for row in rows)
        label = self.env._("Accrue what was received and is not billed")
        if not count or self.company_id.currency_id.is_zero(amount):
            text = self.env._("Nothing to accrue.")
            return "accruals", label, {"done": True, "text": text, "button": False}
        text = self.env._(
            "%(count)s order lines, %(amount)s without an accrual",
            count=count,
            amount=self._money(amount),
        )
        button = self.env._("Accruals")
        return "accruals", label, {"done": False, "text": text, "button": button}

    def _check_nightly(self, streams):
        compared = streams.filtered(lambda stream: stream.resource in COMPARED)
        done = [s.complete_at for s in compared if s.complete_at]
        missing = sum(compared.mapped("missing_count"))
        is_done = (
            bool(compared)
            and len(done) == len(compared)
            and min(done) >= self._after_month()
            and not missing
        )
        if missing:
            text = self.env._(
                "%(count)s documents of Procurify's lists could not be read.",
                count=missing,
            )
        elif len(done) < len(compared) or not done:
            text = self.env._("No nightly check was completed yet.")
        else:
            text = self.env._("Last complete %(ago)s.", ago=self._ago(min(done)))
        label = self.env._("Nightly check after the last day")
        button = False if is_done else self.env._("Show")
        return "nightly", label, {"done": is_done, "text": text, "button": button}

    def _check_certificate(self, certificate):
        label = self.env._("Certificate")
        if not reads_items(self.env):
            text = self.env._("You need the right to read journal items.")
            return "certificate", label, {"done": False, "text": text, "button": False}
        if not certificate:
            text = self.env._("None for this month yet.")
            button = self.env._("Make")
            return "certificate", label, {"done": False, "text": text, "button": button}
        states = dict(certificate._fields["state"]._description_selection(self.env))
        found = {
            "done": certificate.state == "complete",
            "text": states[certificate.state],
            "button": self.env._("Open"),
        }
        return "certificate", label, found

    # === SETS === #

    def _accruals_domain(self):
        return (
            Domain("connection_id", "in", self.ids)
            & Domain("kind", "=", "receipt")
            & Domain("open_amount", "!=", 0)
        )

    def _certificates_of_month(self):
        """Return {connection id: the newest certificate of the whole month}."""
        certificates = self.env["procurify.certificate"].search(
            Domain("connection_ref", "in", self.ids)
            & Domain("date_from", "<=", self._month())
            & Domain("date_to", ">=", self._month_end()),
            order="id",
        )
        return {each.connection_ref: each for each in certificates}

    # === WHERE IT GETS DONE === #

    def _open_check(self, code):
        """Return the action that leads to where a check of the close gets done."""
        if code not in CHECKS:
            raise UserError(self.env._("There is no such figure."))
        return getattr(self, f"_open_check_{code}")()

    def _action_of(self, name):
        return self.env["ir.actions.act_window"]._for_xml_id(
            f"procurify_connector.{name}"
        )

    def _open_check_synced(self):
        return self.action_sync_now()

    def _open_check_issues(self):
        return self._action_of("procurify_issue_action") | {
            "domain": [("connection_id", "=", self.id), ("state", "=", "open")],
        }

    def _open_check_queued(self):
        return self._open_figure("queued")

    def _open_check_drafts(self):
        """Open Odoo's own list of these drafts, where they can be posted."""
        figure = self._figure("draft")
        shares = self.env[figure.model].with_context(**figure.context)
        records = shares.search(figure.domain).record_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Drafts to post"),
            "res_model": "account.move",
            "views": [
                (self.env.ref("account.view_in_invoice_bill_tree").id, "list"),
                (False, "form"),
            ],
            "domain": [("id", "in", records.mapped("res_id"))],
        }

    def _open_check_accruals(self):
        day = fields.Date.to_string(self._as_of_month_end())
        return self._action_of("procurify_accrual_action") | {
            "domain": list(self._accruals_domain()),
            "context": {"procurify_as_of": day, "group_by": ["currency"]},
        }

    def _open_check_nightly(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def _open_check_certificate(self):
        if certificate := self._certificates_of_month().get(self.id):
            return {
                "type": "ir.actions.act_window",
                "res_model": certificate._name,
                "res_id": certificate.id,
                "views": [(False, "form")],
            }
        return self._action_of("procurify_certify_action") | {
            "context": {
                "default_connection_id": self.id,
                "default_date_from": fields.Date.to_string(self._month()),
                "default_date_to": fields.Date.to_string(self._month_end()),
            }
        }
