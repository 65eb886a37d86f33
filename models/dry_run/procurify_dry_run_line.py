"""The result of a dry run: its records, journal items and issues."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_repr

from ...importers.resource_kinds import DOCUMENTS
from ...tools.amounts import currencies_by_code, format_amounts

_POLICIES = "procurify_connector.procurify_connection_action"
# Issue that no mapping resolves → the action that opens the place where it is resolved.
_PLACES = {
    "missing_rate": "base.action_currency_form",
    "inactive_currency": "base.action_currency_form",
    "finding_not_confirmed": "procurify_connector.procurify_finding_action",
    "plan_conflict": "procurify_connector.procurify_record_action_mapping",
} | dict.fromkeys(
    (
        *("missing_allocation", "missing_product", "total_mismatch", "closed_period"),
        *("date_not_explained", "rate_not_explained"),
        *("several_companies", "unrouted_location"),
    ),
    _POLICIES,
)


class ProcurifyDryRunLine(models.Model):
    """What the import would make of one record."""

    _name = "procurify.dry.run.line"
    _inherit = "procurify.list"
    _description = "Procurify Dry Run Record"
    _order = "id"

    dry_run_id = fields.Many2one(
        "procurify.dry.run", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="dry_run_id.company_id", store=True, index=True
    )
    record_id = fields.Many2one(
        "procurify.record", index=True, ondelete="cascade", readonly=True
    )
    resource = fields.Selection(
        selection=lambda self: self.env["procurify.record"]._selection_resource(),
        string="Kind",
        readonly=True,
    )
    name = fields.Char(readonly=True)
    party = fields.Char("Vendor", readonly=True)
    outcome = fields.Selection(
        [
            ("done", "Would be imported"),
            ("quarantined", "Would be on hold"),
            ("waiting", "Would stay queued"),
            ("excluded", "Excluded by a rule"),
            ("ignored", "Ignored"),
            ("pending", "Not checked yet"),
        ],
        readonly=True,
    )
    origin = fields.Selection(
        [
            ("matched", "Found in Odoo"),
            ("created", "Would be created"),
            ("manual", "Chosen by a person"),
        ],
        string="By",
        readonly=True,
    )
    rule = fields.Char(readonly=True, help="The rule that would exclude it.")
    reasons = fields.Text(
        "Issues", readonly=True, help="The issues that would put it on hold."
    )
    is_duplicate = fields.Boolean(
        readonly=True, help="Odoo already has a bill of this vendor with this number."
    )
    is_sent = fields.Boolean("Would Be Sent", readonly=True, help="To the remote Odoo.")
    remote_text = fields.Text(
        "In the Remote Odoo",
        readonly=True,
        help="What the remote Odoo lacks, and what would be created there.",
    )
    amount = fields.Float("Total", digits=(16, 2), readonly=True)
    currency = fields.Char(readonly=True)
    item_ids = fields.One2many("procurify.dry.run.item", "line_id")

    def _item_values(self, document, item, currencies):
        """Return the values of a journal item that this record would book.

        :param document: as ``importers.preview`` returns it
        :param item: one of its lines
        :param currencies: {name: currency}
        """
        self.ensure_one()
        return {
            "line_id": self.id,
            "date": document["accounting_date"],
            "account_code": item["account_code"],
            "account": item["account"],
            "label": item["label"],
            "balance": float(item["balance"]),
            "amount_currency": float(item["amount_currency"]),
            "currency_id": currencies[document["currency"]].id,
            "cost_centres": ", ".join(
                f"{name} {share} %" for name, share in item["cost_centres"].items()
            ),
            "taxes": ", ".join(item["taxes"]),
        }


class ProcurifyDryRunItem(models.Model):
    """One journal item that would be booked."""

    _name = "procurify.dry.run.item"
    _inherit = "procurify.list"
    _description = "Procurify Dry Run Journal Item"
    _order = "id"

    line_id = fields.Many2one(
        "procurify.dry.run.line",
        string="Bill",
        required=True,
        index=True,
        ondelete="cascade",
    )
    dry_run_id = fields.Many2one(related="line_id.dry_run_id", store=True, index=True)
    company_id = fields.Many2one(related="line_id.company_id", store=True, index=True)
    party = fields.Char(related="line_id.party")
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    date = fields.Date("Accounting Date", readonly=True)
    account_code = fields.Char(readonly=True)
    account = fields.Char(readonly=True)
    label = fields.Char(readonly=True)
    balance = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="In the company's currency. Debits are positive.",
    )
    amount_currency = fields.Monetary("Amount in Currency", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    cost_centres = fields.Char("Analytic Accounts", readonly=True)
    taxes = fields.Char(readonly=True)


class ProcurifyDryRunIssue(models.Model):
    """One issue that would hold records, with the amounts that it would block."""

    _name = "procurify.dry.run.issue"
    _description = "Procurify Dry Run Issue"
    _order = "document_count desc, record_count desc, id"

    dry_run_id = fields.Many2one(
        "procurify.dry.run", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="dry_run_id.company_id", store=True, index=True
    )
    code = fields.Char(readonly=True)
    key = fields.Char(readonly=True)
    name = fields.Char("Issue", readonly=True, translate=False)
    message = fields.Text("Explanation", readonly=True)
    advice = fields.Text("What to Do", readonly=True)
    document_count = fields.Integer("Documents", readonly=True)
    record_count = fields.Integer("Records", readonly=True)
    amounts = fields.Json(readonly=True, help="{currency: sum of its documents}")
    blocked_amount = fields.Char("Amount", compute="_compute_blocked_amount")
    mapped_resource = fields.Selection(
        selection=lambda self: self.env["procurify.record"]._selection_resource(),
        string="Kind",
        readonly=True,
    )
    mapped_id = fields.Char("Procurify ID", readonly=True)
    mapped_name = fields.Char("Not Mapped", readonly=True)
    suggestion = fields.Char(readonly=True, help="The most likely match in Odoo.")
    has_place = fields.Boolean(compute="_compute_has_place")

    @api.depends("code")
    def _compute_has_place(self):
        for row in self:
            row.has_place = row.code in _PLACES

    @api.depends("amounts")
    @api.depends_context("lang")
    def _compute_blocked_amount(self):
        codes = {code for row in self for code in row.amounts or ()}
        currencies = currencies_by_code(self.env, codes)
        for row in self:
            sums = [
                (code, 0, amount, None) for code, amount in (row.amounts or {}).items()
            ]
            row.blocked_amount = format_amounts(self.env, sums, currencies)

    def _add(self, records):
        """Count ``records`` among those that this issue would hold."""
        self.ensure_one()
        documents = records.filtered(lambda record: record.resource in DOCUMENTS)
        amounts = dict(self.amounts or {})
        for record in documents.filtered("remote_currency"):
            code = record.remote_currency
            amounts[code] = round(amounts.get(code, 0) + record.remote_amount, 2)
        self.write(
            {
                "record_count": self.record_count + len(records),
                "document_count": self.document_count + len(documents),
                "amounts": amounts,
            }
        )

    # === ACTION METHODS === #

    def action_map(self):
        """Open the record that is not mapped, with its suggestions."""
        self.ensure_one()
        self.check_access("read")
        record = self.env["procurify.record"].search(
            [
                ("connection_id", "=", self.dry_run_id.connection_id.id),
                ("resource", "=", self.mapped_resource),
                ("external_id", "=", self.mapped_id),
            ]
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_record_action_mapping"
        )
        if not record:  # deleted meanwhile
            return action
        return action | {
            "res_id": record.id,
            "views": [(False, "form")],
            "view_mode": "form",
        }

    def action_open_place(self):
        """Open the place in Odoo where the issue is resolved."""
        self.ensure_one()
        self.check_access("read")
        name = _PLACES.get(self.code)
        if not name:
            raise UserError(self.advice)
        action = self.env["ir.actions.act_window"]._for_xml_id(name)
        if name != _POLICIES:
            return action
        connection = self.dry_run_id.connection_id
        return action | {
            "res_id": connection.id,
            "views": [(False, "form")],
            "view_mode": "form",
        }

    # === AS PLAIN DATA === #

    def _as_held(self):
        self.ensure_one()
        return {
            "code": self.code,
            "key": self.key,
            "message": self.message,
            "advice": self.advice,
            "documents": self.document_count,
            "records": self.record_count,
            "amounts": {
                code: float_repr(amount, 2)
                for code, amount in (self.amounts or {}).items()
            },
        }

    def _as_missing(self):
        self.ensure_one()
        return {
            "resource": self.mapped_resource,
            "external_id": self.mapped_id,
            "name": self.mapped_name,
            "documents": self.document_count,
            "suggestion": self.suggestion or False,
        }
