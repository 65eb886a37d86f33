"""What is requested, ordered or received and not billed yet, by cost centre."""

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ProcurifyCommitment(models.Model):
    """A row is the share of one order line that one cost centre bears.

    Amounts are in the company's currency, without taxes. A line counts once: what is
    billed is an expense and no commitment any more.
    """

    _name = "procurify.commitment"
    _description = "Commitment"
    _auto = False
    _order = "date_order desc, id desc"
    _rec_name = "order_id"

    order_id = fields.Many2one("purchase.order", readonly=True)
    line_id = fields.Many2one("purchase.order.line", "Order Line", readonly=True)
    partner_id = fields.Many2one("res.partner", "Vendor", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date_order = fields.Datetime(readonly=True)
    order_state = fields.Selection(
        [("request", "Requested"), ("order", "Ordered")], "Stage", readonly=True
    )
    is_from_procurify = fields.Boolean(readonly=True)
    department_id = fields.Many2one("account.analytic.account", readonly=True)
    location_id = fields.Many2one("account.analytic.account", readonly=True)
    requested = fields.Monetary(readonly=True, help="Approved, and not ordered yet.")
    ordered = fields.Monetary(
        "Ordered, Not Received",
        readonly=True,
        help="Ordered, and neither received nor billed.",
    )
    received = fields.Monetary(
        "Received, Not Billed", readonly=True, help="Received, and not billed yet."
    )
    committed = fields.Monetary(readonly=True, help="All three together.")

    @property
    def _table_query(self):
        return SQL(
            """
            WITH shares AS (
                SELECT line.id AS line_id,
                       coalesce(share.key, '') AS accounts,
                       coalesce(share.value::numeric, 100) / 100 AS share
                  FROM purchase_order_line line
             LEFT JOIN LATERAL jsonb_each_text(line.analytic_distribution) share
                       ON TRUE
                 WHERE line.display_type IS NULL
            ), open AS (
                SELECT line.id AS line_id,
                       line.price_subtotal / coalesce(nullif(po.currency_rate, 0), 1)
                           / CASE line.product_qty WHEN 0 THEN 1
                             ELSE line.product_qty END AS price,
                       line.product_qty AS wanted,
                       coalesce(line.qty_received, 0) AS received,
                       coalesce(line.qty_invoiced, 0) AS billed,
                       po.state IN ('draft', 'sent', 'to approve') AS is_request
                  FROM purchase_order_line line
                  JOIN purchase_order po ON po.id = line.order_id
                 WHERE line.display_type IS NULL AND po.state != 'cancel'
            ), parts AS (
                SELECT line_id,
                       CASE WHEN is_request THEN price * wanted ELSE 0 END
                           AS requested,
                       CASE WHEN is_request THEN 0
                            ELSE price
                                 * greatest(wanted - greatest(received, billed), 0)
                       END AS ordered,
                       CASE WHEN is_request THEN 0
                            ELSE price * greatest(received - billed, 0) END AS received,
                       is_request
                  FROM open
            )
            SELECT row_number() OVER (ORDER BY line.id, shares.accounts) AS id,
                   line.id AS line_id,
                   line.order_id,
                   line.product_id,
                   po.partner_id,
                   po.company_id,
                   company.currency_id,
                   po.date_order,
                   CASE WHEN parts.is_request THEN 'request' ELSE 'order' END
                       AS order_state,
                   EXISTS (SELECT FROM procurify_record record
                            WHERE record.res_model = 'purchase.order'
                              AND record.res_id = po.id) AS is_from_procurify,
                   %(department)s AS department_id,
                   %(location)s AS location_id,
                   parts.requested * shares.share AS requested,
                   parts.ordered * shares.share AS ordered,
                   parts.received * shares.share AS received,
                   (parts.requested + parts.ordered + parts.received) * shares.share
                       AS committed
              FROM parts
              JOIN shares USING (line_id)
              JOIN purchase_order_line line ON line.id = parts.line_id
              JOIN purchase_order po ON po.id = line.order_id
              JOIN res_company company ON company.id = po.company_id
             WHERE parts.requested + parts.ordered + parts.received != 0
            """,
            department=self._account_of_plan("department_plan_id"),
            location=self._account_of_plan("location_plan_id"),
        )

    def _account_of_plan(self, field):
        """Return SQL for the share's analytic account below the plan of ``field``."""
        return SQL(
            """(SELECT min(account.id)
                  FROM account_analytic_account account
                  JOIN account_analytic_plan plan ON plan.id = account.plan_id
                  JOIN procurify_connection connection
                    ON '/' || plan.parent_path LIKE '%%/' || connection.%s || '/%%'
                 WHERE account.id::text = ANY(string_to_array(shares.accounts, ',')))
            """,
            SQL.identifier(field),
        )

    def _search(self, domain, *args, **kwargs):
        """Show what belongs to orders that this user may see in Odoo, nothing else."""
        orders = self.env["purchase.order"]
        if orders.has_access("read"):
            visible = Domain("order_id", "in", orders._search([]))
        else:
            visible = Domain.FALSE
        return super()._search(Domain(domain) & visible, *args, **kwargs)
