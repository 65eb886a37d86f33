"""What the analyses of vendor bills have in common."""

from odoo import api, fields, models

from ..tools.readers import reads_items


class ProcurifyAnalysis(models.AbstractModel):
    """For reports on all vendor bills, also those that people entered.

    As in Odoo's invoice analysis, amounts are in the currency of the company that the
    user works in; those of other selected companies are converted at today's rate.
    """

    _name = "procurify.analysis"
    _inherit = "procurify.list"
    _description = "Analysis of Bills"

    move_id = fields.Many2one("account.move", "Bill", readonly=True)
    move_type = fields.Selection(
        [
            ("in_invoice", "Vendor Bill"),
            ("in_refund", "Vendor Credit Note"),
            ("in_receipt", "Purchase Receipt"),
            ("entry", "Journal Entry"),
        ],
        "Type",
        readonly=True,
    )
    state = fields.Selection(
        [("draft", "Draft"), ("posted", "Posted"), ("cancel", "Cancelled")],
        "Status",
        readonly=True,
    )
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", "Vendor", readonly=True)
    requester = fields.Char(
        readonly=True,
        help="Who requested the lines of the bill in Procurify.",
    )

    @api.model
    def _missing_right(self):
        if reads_items(self.env):
            return super()._missing_right()
        return self.env._("to read journal items (Invoicing)")

    # === ACTION METHODS === #

    def action_open_bill(self):
        """Open the bill in Odoo."""
        self.ensure_one()
        self.check_access("read")
        return self.move_id.get_formview_action()


class ProcurifyBorne(models.AbstractModel):
    """For amounts of bills that a department at a location bears."""

    _name = "procurify.borne"
    _inherit = "procurify.analysis"
    _description = "Amounts of Bills by Department and Location"

    company_currency_id = fields.Many2one("res.currency", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    is_from_procurify = fields.Boolean(readonly=True)
    department_id = fields.Many2one("account.analytic.account", readonly=True)
    location_id = fields.Many2one("account.analytic.account", readonly=True)
    account_id = fields.Many2one("account.account", readonly=True)
    amount = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="In the currency of the company.",
    )
    original_amount = fields.Monetary(
        readonly=True,
        currency_field="currency_id",
        help="In the currency of the bill.",
    )

    @api.model
    def _search(self, domain, *args, **kwargs):
        self.env["procurify.spend"]._bring_up_to_date()
        return super()._search(domain, *args, **kwargs)
