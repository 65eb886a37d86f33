"""What is requested, ordered or received and not billed yet, by analytic account."""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.analytic_shares import COMPANY_PLANS, shares_of


class ProcurifyCommitment(models.Model):
    """A row is the share of one order line that one analytic account bears.

    Amounts are in the company's currency, without taxes. A line counts once: what is
    billed is an expense and no commitment any more. Of Procurify's orders, what counts
    as received is what Procurify has received, as in accruals; of others, what Odoo
    has. The rows of a line add up to it, and those of one department or location to its
    share, whatever the distribution.
    """

    _name = "procurify.commitment"
    _inherit = "procurify.report"
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
    requested = fields.Monetary(
        readonly=True,
        help="Requests for quotation in Odoo. Procurify's requisitions are among them "
        "if the connection imports them.",
    )
    ordered = fields.Monetary(
        "Not Received",
        readonly=True,
        help="Ordered, and neither billed nor received. Receipts are Procurify's; of "
        "orders that are not from Procurify, Odoo's.",
    )
    received = fields.Monetary(
        "Received, Not Billed",
        readonly=True,
        help="Received, and on no bill yet, not even on a draft. Receipts are "
        "Procurify's; of orders that are not from Procurify, Odoo's. Accruals also "
        "shows what is only on a draft.",
    )
    committed = fields.Monetary(readonly=True, help="The sum of all three.")

    @property
    def _table_query(self):
        """Split what is open of each line by department and location."""
        return SQL(
            """
            WITH lines AS (
                SELECT line.id AS line_id,
                       line.order_id,
                       line.product_id,
                       po.partner_id,
                       po.company_id,
                       po.date_order,
                       line.analytic_distribution AS distribution,
                       line.price_subtotal,
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
                   AND po.procurify_paid_by_card IS NOT TRUE
            ), unbilled AS MATERIALIZED (
                SELECT * FROM lines
                 WHERE is_request
                    OR (greatest(wanted, received) > billed AND price_subtotal != 0)
            ), receipts AS (%(receipts)s),
            open AS (
                SELECT unbilled.*,
                       coalesce(wanted * receipts.share, received) AS come
                  FROM unbilled
             LEFT JOIN receipts USING (line_id)
            ), parts AS (
                SELECT line_id, order_id, product_id, partner_id, company_id,
                       date_order, distribution,
                       CASE WHEN is_request THEN price * wanted ELSE 0 END
                           AS requested,
                       CASE WHEN is_request THEN 0
                            ELSE price * greatest(wanted - greatest(come, billed), 0)
                       END AS ordered,
                       CASE WHEN is_request THEN 0
                            ELSE price * greatest(come - billed, 0) END AS received,
                       is_request
                  FROM open
            ), counted AS (
                SELECT * FROM parts WHERE requested + ordered + received != 0
            ), company_plans AS (%(company_plans)s),
            booked_by AS (%(booked_by)s),
            placed AS MATERIALIZED (
                SELECT counted.*,
                       booked_by.is_from_procurify,
                       booked_by.department_plan_id,
                       booked_by.location_plan_id,
                       concat_ws(
                           '/', counted.distribution,
                           coalesce(booked_by.department_plan_id, 0),
                           coalesce(booked_by.location_plan_id, 0)
                       ) AS key
                  FROM counted
                  JOIN booked_by ON booked_by.order_id = counted.order_id
            ), distributed AS (
                -- Distributions repeat: each is split once.
                SELECT DISTINCT ON (key)
                       key, distribution, department_plan_id, location_plan_id
                  FROM placed
            ), %(shares)s
            SELECT row_number() OVER (
                       ORDER BY parts.line_id, shares.department_id,
                                shares.location_id
                   ) AS id,
                   parts.line_id,
                   parts.order_id,
                   parts.product_id,
                   parts.partner_id,
                   parts.company_id,
                   company.currency_id,
                   parts.date_order,
                   CASE WHEN parts.is_request THEN 'request' ELSE 'order' END
                       AS order_state,
                   parts.is_from_procurify,
                   shares.department_id,
                   shares.location_id,
                   parts.requested * shares.share AS requested,
                   parts.ordered * shares.share AS ordered,
                   parts.received * shares.share AS received,
                   (parts.requested + parts.ordered + parts.received) * shares.share
                       AS committed
              FROM placed parts
              JOIN shares ON shares.key = parts.key
              JOIN res_company company ON company.id = parts.company_id
             WHERE shares.share != 0
            """,
            receipts=self._receipts(),
            company_plans=COMPANY_PLANS,
            booked_by=self._booked_by(),
            shares=shares_of("distributed"),
        )

    def _receipts(self):
        """Return SQL for what Procurify has received of each line, as a share of it."""
        return SQL(
            """
            SELECT item.res_id AS line_id,
                   CASE WHEN received.total = 0 THEN 0
                        WHEN coded.quantity = 0 THEN 1
                        ELSE received.total / coded.quantity END AS share
              FROM (
                       SELECT DISTINCT order_id FROM unbilled WHERE NOT is_request
                   ) open_order
        CROSS JOIN LATERAL (
                       SELECT connection_id, remote_receipts,
                              CASE jsonb_typeof(remote_coding) WHEN 'array'
                              THEN remote_coding END AS coding
                         FROM procurify_record
                        WHERE res_model = 'purchase.order'
                          AND res_id = open_order.order_id
                     ORDER BY id DESC
                        LIMIT 1
                   ) document
        CROSS JOIN LATERAL jsonb_array_elements(document.coding) line
        CROSS JOIN LATERAL (
                       SELECT line.value ->> 'item' AS item,
                              (line.value ->> 'quantity')::numeric AS quantity
                   ) coded
        CROSS JOIN LATERAL (
                       SELECT res_id
                         FROM procurify_record
                        WHERE connection_id = document.connection_id
                          AND resource = 'order_item'
                          AND external_id = coded.item
                          AND res_model = 'purchase.order.line'
                        LIMIT 1
                   ) item
        CROSS JOIN LATERAL (
                       SELECT coalesce(
                           document.remote_receipts -> coded.item -> -1 ->> 1, '0'
                       )::numeric AS total
                   ) received
            """
        )

    def _booked_by(self):
        """Return SQL for each order's plans: those of the connection that made it.

        Any other order has those of its company.
        """
        return SQL(
            """
            SELECT po.id AS order_id,
                   record.id IS NOT NULL AS is_from_procurify,
                   plans.department_plan_id,
                   plans.location_plan_id
              FROM (SELECT DISTINCT order_id FROM counted) open_order
              JOIN purchase_order po ON po.id = open_order.order_id
         LEFT JOIN LATERAL (
                       SELECT id, connection_id
                         FROM procurify_record
                        WHERE res_model = 'purchase.order' AND res_id = po.id
                     ORDER BY id DESC
                        LIMIT 1
                   ) record ON TRUE
         LEFT JOIN LATERAL (
                       SELECT department_plan_id, location_plan_id
                         FROM procurify_connection
                        WHERE id = record.connection_id
                     UNION ALL
                       SELECT department_plan_id, location_plan_id
                         FROM company_plans
                        WHERE record.id IS NULL AND company_id = po.company_id
                   ) plans ON TRUE
            """
        )

    def _search(self, domain, *args, **kwargs):
        """Show what belongs to orders that this user may see in Odoo, nothing else."""
        orders = self.env["purchase.order"]
        if orders.has_access("read"):
            visible = Domain("order_id", "in", orders._search([]))
        else:
            visible = Domain.FALSE
        return super()._search(Domain(domain) & visible, *args, **kwargs)

    @api.model
    def _missing_right(self):
        if self.env["purchase.order"].has_access("read"):
            return super()._missing_right()
        return self.env._("Purchase: User")
