"""Custom fields of Procurify, and the analytic plan on which each is booked."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from ..procurify.payloads.embedded import custom_fields
from ..tools.concurrency import created_once
from .audit.procurify_audit import changed

_READ_AT_ONCE = 500  # documents whose payloads are in memory at the same time
MAX_NUMBER = 2**31 - 1  # the most that an integer column stores
_LINES = {"bill": "items", "purchase_order": "order_items"}


class ProcurifyCustomField(models.Model):
    """A row is a custom field that documents of a connection have.

    Rows are made as documents are read. An administrator chooses a plan: values are
    then mapped to analytic accounts of it, as departments are. Without a plan they are
    only shown.
    """

    _name = "procurify.custom.field"
    _inherit = ["procurify.system.fields", "procurify.list"]
    _description = "Procurify Custom Field"
    _order = "name, id"
    _people_fields = frozenset({"plan_id", "policy"})

    connection_id = fields.Many2one(
        "procurify.connection",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="connection_id.company_id", store=True)
    field_number = fields.Integer("Procurify ID", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True, help="Its label in Procurify.")
    plan_id = fields.Many2one(
        "account.analytic.plan",
        string="Analytic Plan",
        ondelete="restrict",
        help="Its values are mapped to analytic accounts of this plan. Empty: they are "
        "only shown.",
    )
    policy = fields.Selection(
        [
            ("optional", "Book without it"),
            ("hold", "Hold for review"),
            ("create", "Create the analytic account"),
        ],
        string="Unknown Values",
        default="hold",
        required=True,
        help="For a value that has no analytic account yet.",
    )

    is_outdated = fields.Boolean(
        "Drafts to Update",
        readonly=True,
        help="The plan was chosen after documents with this field were imported.",
    )

    _field_uniq = models.UniqueIndex("(connection_id, field_number)")

    # === CRUD METHODS === #

    def write(self, vals):
        """Write and log it; what was on hold for these fields is decided again."""
        before = self._policies_in_words()
        plans = {row: row.plan_id for row in self.sudo()}
        done = super().write(vals)
        changed_plans = self.sudo().filtered(lambda row: row.plan_id != plans[row])
        if changed_plans:
            changed_plans.is_outdated = True
        if vals.keys() & self._people_fields:
            changes = {
                row: changed(before[row], now)
                for row, now in self._policies_in_words().items()
                if before[row] != now
            }
            self.env["procurify.audit"]._log_settings("policy_changed", changes)
            self._decide_again()
        return done

    # === ACTION METHODS === #

    def action_reapply(self):
        """Update the drafts that were made before these fields had their plan.

        They are imported as if Procurify had changed them, as with a changed mapping.

        :returns: a notification of what became of them
        """
        self.check_access("write")
        drafts = self.sudo()._outdated_drafts()
        self.sudo().is_outdated = False
        return drafts.sudo(False)._reapply()

    def _outdated_drafts(self):
        """Return the documents of drafts that these fields should be booked on, and are
        not, or the reverse. What a person chose to keep is not among them."""
        records = self.env["procurify.record"]
        found = records
        for connection, rows in self.grouped("connection_id").items():
            plans = {row.field_number: bool(row.plan_id) for row in rows}
            documents = records.search(
                Domain("connection_id", "=", connection.id)
                & Domain("resource", "in", list(_LINES))
                & Domain("state", "=", "done")
                & Domain("document_state", "=", "draft")
                & Domain("payload", "like", '"custom_fields"'),
                order="id",
            )
            for ids in split_every(_READ_AT_ONCE, documents.ids):
                found |= _booked_otherwise(records.browse(ids), plans)
        return found

    def _policies_in_words(self):
        """Return {row: its plan and policy as the audit shows them}."""
        policies = dict(self._fields["policy"]._description_selection(self.env))
        return {
            row: {
                "plan_id": row.plan_id.display_name or None,
                "policy": policies[row.policy],
            }
            for row in self.sudo()
        }

    def _decide_again(self):
        """Send to the import what these fields keep out of Odoo."""
        values = self._values()
        documents = values.search(
            Domain("connection_id", "in", self.connection_id.ids)
            & Domain("state", "=", "quarantined")
            & Domain("issue_ids.code", "=", "plan_conflict")
        )
        if released := values | values._dependents() | documents:
            released._requeue()
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()

    def _values(self):
        """Return the values of these fields that are not in Odoo."""
        records = self.env["procurify.record"].sudo()
        found = records.search(
            [
                ("connection_id", "in", self.connection_id.ids),
                ("resource", "=", "custom_value"),
                ("state", "in", ("quarantined", "excluded")),
            ]
        )
        mine = {(row.connection_id, row.field_number) for row in self}
        payloads = found._payloads()
        return found.filtered(
            lambda r: r in payloads and (r.connection_id, payloads[r].field) in mine
        )

    # === STAGING === #

    @api.model
    def _note(self, connection, resource, documents):
        """Make rows for the custom fields that ``documents``, JSON objects, have."""
        if resource not in _LINES:
            return
        labels = {
            field.id: field.label
            for document in documents
            for source in _sources(document, document.get(_LINES[resource]))
            for field in custom_fields(source)
            if field.id and 0 < field.id <= MAX_NUMBER
        }
        if not labels:
            return
        known = self.sudo().search([("connection_id", "=", connection.id)])
        new = labels.keys() - set(known.mapped("field_number"))
        if not new:
            return
        with created_once():
            self.sudo().create(
                [
                    {
                        "connection_id": connection.id,
                        "field_number": number,
                        "name": labels[number] or str(number),
                    }
                    for number in sorted(new)
                ]
            )


def _booked_otherwise(documents, plans):
    """Return those of ``documents`` that are booked as if the plans were others.

    :param plans: {number of a custom field: whether it has a plan}
    """
    values = documents.mention_ids.filtered(lambda r: r.resource == "custom_value")
    booked = {value: payload.field for value, payload in values._payloads().items()}
    found = documents.browse()
    for document in documents:
        if document.kept_version == document._version():
            continue
        _payload, data = document._read_payload()
        said = {
            field.id
            for source in _sources(data, data.get(_LINES[document.resource]))
            for field in custom_fields(source)
        }
        has = {booked[value] for value in document.mention_ids & values}
        wanted = {number for number in said & plans.keys() if plans[number]}
        if wanted != has & plans.keys():
            found |= document
    documents.invalidate_recordset(["payload"], flush=False)
    return found


def _sources(document, lines):
    """Return the JSON objects of a document that may have custom fields."""
    rows = [
        row for row in (lines if isinstance(lines, list) else ()) if _is_object(row)
    ]
    ordered = [row["orderitem"] for row in rows if _is_object(row.get("orderitem"))]
    return [document, *rows, *ordered]


def _is_object(value):
    return isinstance(value, dict)
