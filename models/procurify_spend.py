"""What was spent with vendors, by account, department, location and requester."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import spend_table
from ..tools.spent_items import rates


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

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT spent.id, spent.move_id, spent.move_type, spent.state,
                   spent.company_id,
                   %(company_currency)s AS company_currency_id,
                   spent.currency_id, spent.partner_id, spent.date,
                   spent.invoice_date, spent.account_id, spent.product_id,
                   spent.department_id, spent.location_id,
                   spent.is_from_procurify, spent.requester,
                   spent.amount * rates.rate AS amount,
                   spent.original_amount
              FROM procurify_spend spent
         LEFT JOIN %(rates)s ON rates.company_id = spent.company_id
            """,
            company_currency=self.env.company.currency_id.id,
            rates=rates(self.env),
        )

    def init(self):
        self.pool.post_init(self._make_table)

    def _make_table(self):
        spend_table.create(self.env.cr)
        spend_table.bring_up_to_date(self.env.cr)

    @api.model
    def _bring_up_to_date(self):
        """Let the table have what the ledger has."""
        self.env.flush_all()
        if spend_table.bring_up_to_date(self.env.cr):
            for name in ("procurify.spend", "procurify.payable"):
                self.env[name].invalidate_model(flush=False)

    @api.autovacuum
    def _gc_due(self):
        """Keep the list of what is due short where nobody reads the table."""
        self._bring_up_to_date()
