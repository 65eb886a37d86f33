"""What was spent with vendors, by account, department, location and requester."""

from odoo import fields, models
from odoo.tools import SQL

from ..tools.spent_items import borne_items, places


class ProcurifySpend(models.Model):
    """A row is the share of a bill's journal item that a department bears.

    The rows of an item add up to its balance: sums per account are those of the general
    ledger. Credit notes are negative.
    """

    _name = "procurify.spend"
    _inherit = "procurify.borne"
    _description = "Spend"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "move_id"

    date = fields.Date("Accounting Date", readonly=True)
    invoice_date = fields.Date("Bill Date", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)

    _depends = {
        "account.move": ["move_type", "partner_id", "invoice_date"],
        "account.move.line": [
            *("move_id", "account_id", "journal_id", "company_id", "currency_id"),
            *("balance", "amount_currency", "analytic_distribution", "date"),
            *("display_type", "parent_state", "tax_line_id", "product_id"),
        ],
        "procurify.connection": ["department_plan_id", "location_plan_id"],
        "procurify.record": ["res_model", "res_id", "remote_requester"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            WITH %(places)s
            SELECT line.id::bigint * 1000 + places.place AS id,
                   line.move_id,
                   move.move_type,
                   line.parent_state AS state,
                   line.company_id,
                   %(company_currency)s AS company_currency_id,
                   line.currency_id,
                   move.commercial_partner_id AS partner_id,
                   line.date,
                   move.invoice_date,
                   line.account_id,
                   line.product_id,
                   places.department_id,
                   places.location_id,
                   records.move_id IS NOT NULL AS is_from_procurify,
                   records.requester,
                   line.balance * rates.rate * places.share AS amount,
                   line.amount_currency * places.share AS original_amount
              %(items)s
            """,
            places=places(),
            company_currency=self.env.company.currency_id.id,
            items=borne_items(self.env),
        )
