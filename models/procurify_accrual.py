"""What was received and is not billed as of a day, and bills that are on hold."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.rates import rate_in_sql

KEY = "procurify_accrual_key"  # on the journal items of an accrual


class ProcurifyAccrual(models.Model):
    """A row is what one account, department and location bear of one line.

    A line of an order counts by what Procurify had received of it on the day, less
    what bills posted up to the day have of it: Odoo's own receipts say nothing here. A
    line of a bill that is not in Odoo yet counts where it is for no order.

    Freight, other costs and discounts of an order come with its lines. So do taxes of
    its lines, as far as a bill would book them as a cost: in Odoo, that is what goes to
    no tax account. Taxes that can be reclaimed, and those of a whole order, are none.

    The day is ``procurify_as_of`` of the context, or today.
    """

    _name = "procurify.accrual"
    _inherit = "procurify.report"
    _description = "Received, No Posted Bill"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "name"

    _depends = {
        "procurify.record": [
            *("state", "resource", "res_model", "res_id", "company_id", "name"),
            *("remote_coding", "remote_receipts", "remote_date", "remote_due_date"),
            *("remote_party", "remote_currency", "remote_deleted", "conflict_id"),
        ],
        "purchase.order.line": [
            *("price_unit", "price_subtotal", "product_qty", "qty_invoiced"),
            *("order_id", "product_uom_id", "tax_ids"),
        ],
        "account.tax": ["amount", "amount_type"],
        "account.tax.repartition.line": [
            *("tax_id", "account_id", "factor_percent", "document_type"),
            "repartition_type",
        ],
        "account.move": ["state", "date", "move_type"],
        "account.move.line": [
            *("quantity", "purchase_line_id", "amount_currency", "product_uom_id"),
            "procurify_accrual_key",
        ],
    }

    kind = fields.Selection(
        [("receipt", "Received, no posted bill"), ("bill", "Bill on hold")],
        readonly=True,
    )
    key = fields.Char(readonly=True, help="What is accrued once.")
    record_id = fields.Many2one("procurify.record", readonly=True)
    connection_id = fields.Many2one("procurify.connection", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one("res.currency", readonly=True)
    line_id = fields.Many2one("purchase.order.line", "Order Line", readonly=True)
    document = fields.Char(readonly=True)
    party = fields.Char("Vendor", readonly=True)
    date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    name = fields.Char("Line", readonly=True)
    document_count = fields.Integer(
        "Lines", readonly=True, help="1 on the first share of a line, else 0."
    )
    open_count = fields.Integer(
        "Lines Not Accrued", readonly=True, help="1 where something is not accrued yet."
    )
    account_code_id = fields.Many2one("procurify.record", readonly=True)
    account_id = fields.Many2one("account.account", readonly=True)
    department_id = fields.Many2one("procurify.record", readonly=True)
    location_id = fields.Many2one("procurify.record", readonly=True)
    quantity = fields.Float(
        "Ordered", digits="Product Unit", readonly=True, aggregator=None
    )
    received = fields.Float(digits="Product Unit", readonly=True, aggregator=None)
    currency_id = fields.Many2one("res.currency", readonly=True)
    currency = fields.Char("Original Currency", readonly=True)
    original_amount = fields.Float(
        digits=(16, 2),
        readonly=True,
        help="In the currency of the document. Of an order, with its freight, other "
        "costs, discounts, and the taxes of its lines that are a cost.",
    )
    amount = fields.Monetary(
        readonly=True,
        currency_field="company_currency_id",
        help="In the currency of the company, at the rate of the day. Of an order, "
        "with its freight, other costs, discounts, and the taxes of its lines that are "
        "a cost.",
    )
    open_amount = fields.Monetary(
        "Not Accrued",
        readonly=True,
        currency_field="company_currency_id",
        help="The part for which no accrual entry exists yet.",
    )
    open_original = fields.Float(
        "Not Accrued, Original", digits=(16, 2), readonly=True, aggregator=None
    )

    @api.model
    def _as_of(self):
        """Return the day that this is about."""
        day = self.env.context.get("procurify_as_of")
        return fields.Date.to_date(day) or fields.Date.context_today(self)

    @property
    def _table_query(self):
        own = SQL.identifier("own", "id")
        path = SQL.identifier("company", "parent_path")
        foreign = SQL.identifier("foreign_money", "id")
        day = SQL("%s::date", self._as_of())
        rate = SQL(
            "CASE WHEN %s = %s THEN 1 ELSE coalesce(%s, 1) / %s END",
            own,
            foreign,
            rate_in_sql(self.env, own, path, day),
            rate_in_sql(self.env, foreign, path, day),
        )
        return SQL(
            """
            WITH unbilled AS MATERIALIZED (%(unbilled)s),
            tax_costs AS MATERIALIZED (%(tax_costs)s),
            open AS (%(receipts)s UNION ALL %(bills)s),
            accrued AS (
                SELECT item.procurify_accrual_key AS key,
                       sum(item.amount_currency) AS amount
                  FROM account_move_line item
                  JOIN account_move move ON move.id = item.move_id
                 WHERE item.procurify_accrual_key IS NOT NULL
                   AND move.state <> 'cancel' AND move.date <= %(day)s
              GROUP BY item.procurify_accrual_key
            ), rates AS MATERIALIZED (
                SELECT company.id AS company_id,
                       foreign_money.id AS currency_id,
                       foreign_money.name,
                       %(rate)s AS rate
                  FROM res_company company
                  JOIN res_currency own ON own.id = company.currency_id
                  JOIN res_currency foreign_money
                       ON foreign_money.active OR foreign_money.id IN (
                           SELECT currency_id FROM res_currency_rate)
            ), left_over AS (
                SELECT open.*,
                       CASE WHEN open.value > 0
                            THEN greatest(open.value - coalesce(accrued.amount, 0), 0)
                            ELSE least(open.value - coalesce(accrued.amount, 0), 0)
                        END AS rest,
                       company.currency_id AS company_currency_id,
                       rates.currency_id,
                       rates.rate
                  FROM open
                  JOIN res_company company ON company.id = open.company_id
             LEFT JOIN rates ON rates.company_id = open.company_id
                            AND rates.name = open.currency
             LEFT JOIN accrued ON accrued.key = open.key
                 WHERE open.value <> 0
            )
            SELECT (line.record_id::bigint * 1000 + line.place) * 100 + part.place
                       AS id,
                   line.kind, line.key, line.record_id, line.connection_id,
                   line.company_id, line.company_currency_id, line.line_id,
                   line.document, line.party, line.date, line.due_date, line.name,
                   line.quantity, line.received, line.currency_id, line.currency,
                   (part.place = 1)::int AS document_count,
                   (part.place = 1 AND line.rest <> 0)::int AS open_count,
                   account_code.id AS account_code_id,
                   CASE account_code.res_model WHEN 'account.account'
                        THEN account.id END AS account_id,
                   department.id AS department_id,
                   location.id AS location_id,
                   line.value * part.ratio AS original_amount,
                   line.value * part.ratio * line.rate AS amount,
                   line.rest * part.ratio * line.rate AS open_amount,
                   line.rest * part.ratio AS open_original
              FROM left_over line
        CROSS JOIN LATERAL (
                       SELECT share.value ->> 0 AS account_code,
                              share.value ->> 1 AS department,
                              share.value ->> 2 AS location,
                              share.place,
                              CASE WHEN sum((share.value ->> 3)::numeric) OVER () <> 0
                                   THEN (share.value ->> 3)::numeric
                                        / sum((share.value ->> 3)::numeric) OVER ()
                                   WHEN share.place = 1 THEN 1 ELSE 0 END AS ratio
                         FROM jsonb_array_elements(line.shares)
                              WITH ORDINALITY share(value, place)
                   ) part
         LEFT JOIN procurify_record account_code
                   ON account_code.connection_id = line.connection_id
                  AND account_code.resource = 'account_code'
                  AND account_code.external_id = part.account_code
         LEFT JOIN account_account account ON account.id = account_code.res_id
         LEFT JOIN procurify_record department
                   ON department.connection_id = line.connection_id
                  AND department.resource = 'department'
                  AND department.external_id = part.department
         LEFT JOIN procurify_record location
                   ON location.connection_id = line.connection_id
                  AND location.resource = 'location'
                  AND location.external_id = part.location
            """,
            unbilled=self._unbilled_in_sql(day),
            tax_costs=self._tax_costs_in_sql(),
            receipts=self._receipts_in_sql(day),
            bills=self._bills_in_sql(day),
            day=day,
            rate=rate,
        )

    def _receipts_in_sql(self, day):
        """Return the SQL of what was received of each order line, less what is billed.

        A bill's quantity counts at the order's price, so that a price difference on the
        bill is none of what was received. What comes with a line counts as the line.
        """
        return SQL(
            """
            SELECT 'receipt' AS kind,
                   document.connection_id || '/' || (line.value ->> 'item') AS key,
                   document.id AS record_id,
                   document.connection_id,
                   document.company_id,
                   document.name AS document,
                   document.remote_party AS party,
                   document.remote_date AS date,
                   document.remote_due_date AS due_date,
                   document.remote_currency AS currency,
                   line.place,
                   order_line.id AS line_id,
                   line.value ->> 'name' AS name,
                   (line.value ->> 'quantity')::numeric AS quantity,
                   received.total AS received,
                   line.value -> 'shares' AS shares,
                   CASE WHEN received.value > 0
                        THEN greatest(received.value - coalesce(billed.value, 0), 0)
                        ELSE least(received.value - coalesce(billed.value, 0), 0)
                    END AS value
              FROM (
                       -- First of all: only these orders' lines are looked at. What
                       -- had come is unpacked once, not for each line.
                       SELECT id, connection_id, company_id, name, remote_party,
                              remote_date, remote_due_date, remote_currency,
                              remote_coding,
                              remote_receipts || '{}' AS remote_receipts
                         FROM procurify_record
                        WHERE id IN (SELECT id FROM unbilled)
                          AND resource = 'purchase_order'
                          AND remote_receipts IS NOT NULL
                          AND jsonb_typeof(remote_coding) = 'array'
                          AND state NOT IN ('excluded', 'ignored')
                          AND remote_deleted IS NOT TRUE
                       OFFSET 0
                   ) document
        CROSS JOIN LATERAL jsonb_array_elements(document.remote_coding)
                   WITH ORDINALITY line(value, place)
         LEFT JOIN procurify_record item
                   ON item.connection_id = document.connection_id
                  AND item.resource = 'order_item'
                  AND item.external_id = line.value ->> 'item'
                  AND item.res_model = 'purchase.order.line'
         LEFT JOIN purchase_order_line order_line ON order_line.id = item.res_id
         LEFT JOIN uom_uom unit ON unit.id = order_line.product_uom_id
         LEFT JOIN tax_costs ON tax_costs.line_id = order_line.id
        CROSS JOIN LATERAL (
                       SELECT (line.value ->> 'amount')::numeric AS net,
                              coalesce((line.value ->> 'extra')::numeric, 0) AS extra,
                              1 + coalesce(tax_costs.ratio, 0)::numeric AS taxed
                       OFFSET 0  -- Worked out once, and not where it is named.
                   ) cost
        CROSS JOIN LATERAL (
                       -- The last entry is the one of most days.
                       SELECT CASE WHEN (entries.value -> -1 ->> 0)::date <= %(day)s
                                   THEN entries.value -> -1
                                   ELSE (SELECT entry.value
                                           FROM jsonb_array_elements(entries.value)
                                                WITH ORDINALITY entry(value, place)
                                          WHERE (entry.value ->> 0)::date <= %(day)s
                                       ORDER BY entry.place DESC
                                          LIMIT 1)
                              END AS value
                         FROM (SELECT document.remote_receipts
                                      -> (line.value ->> 'item') AS value
                               OFFSET 0) entries
                       OFFSET 0
                   ) entry
        CROSS JOIN LATERAL (
                       SELECT (entry.value ->> 1)::numeric AS total,
                              round((cost.net * cost.taxed + cost.extra) * CASE
                                  WHEN (line.value ->> 'quantity')::numeric = 0 THEN 1
                                  ELSE (entry.value ->> 1)::numeric
                                       / (line.value ->> 'quantity')::numeric
                              END, 2) AS value
                        WHERE entry.value IS NOT NULL
                       OFFSET 0
                   ) received
         LEFT JOIN LATERAL (
                       SELECT round((sum(
                                  CASE move.move_type WHEN 'in_refund' THEN -1 ELSE 1
                                  END * bill_line.quantity
                                  * coalesce(bill_unit.factor / unit.factor, 1)
                              ) * CASE order_line.product_qty
                                  WHEN 0 THEN order_line.price_unit
                                  ELSE order_line.price_subtotal
                                       / order_line.product_qty
                              END)::numeric * CASE cost.net WHEN 0 THEN 1
                                  ELSE cost.taxed + cost.extra / cost.net END, 2)
                              AS value
                         FROM account_move_line bill_line
                         JOIN account_move move ON move.id = bill_line.move_id
                    LEFT JOIN uom_uom bill_unit
                              ON bill_unit.id = bill_line.product_uom_id
                        WHERE bill_line.purchase_line_id = order_line.id
                          AND move.state = 'posted' AND move.date <= %(day)s
                   ) billed ON TRUE
            """,
            day=day,
        )

    def _tax_costs_in_sql(self):
        """Return the SQL of what taxes of order lines are a cost, in ratio to the line:
        what goes to no account for taxes."""
        taxes = self.env["purchase.order.line"]._fields["tax_ids"]
        return SQL(
            """
            SELECT %(line)s AS line_id,
                   sum(tax.amount * part.factor_percent) / 10000 AS ratio
              FROM account_tax tax
              JOIN account_tax_repartition_line part ON part.tax_id = tax.id
              JOIN %(taxes)s ON %(tax)s = tax.id
             WHERE tax.amount_type = 'percent' AND tax.amount <> 0
               AND part.document_type = 'invoice'
               AND part.repartition_type = 'tax' AND part.account_id IS NULL
          GROUP BY %(line)s
            """,
            taxes=SQL.identifier(taxes.relation),
            line=SQL.identifier(taxes.relation, taxes.column1),
            tax=SQL.identifier(taxes.relation, taxes.column2),
        )

    def _unbilled_in_sql(self, day):
        """Return the SQL of the orders of which something may not have been billed.

        The lines of an order that was billed in full before the day are not read. These
        orders are looked for once, also where PostgreSQL takes the tables for empty.
        """
        return SQL(
            """
                WITH orders AS MATERIALIZED (
                    SELECT line.order_id
                      FROM purchase_order_line line
                     WHERE abs(line.qty_invoiced) < abs(line.product_qty)
                 UNION ALL
                    SELECT line.order_id
                      FROM account_move move
                      JOIN account_move_line bill_line
                           ON bill_line.move_id = move.id
                          AND bill_line.purchase_line_id IS NOT NULL
                      JOIN purchase_order_line line
                           ON line.id = bill_line.purchase_line_id
                     WHERE move.state = 'draft' OR move.date > %s
                )
                SELECT record.id
                  FROM procurify_record record
                 WHERE record.resource = 'purchase_order'
                   AND record.state = 'quarantined'
                 UNION ALL
                SELECT record.id
                  FROM procurify_record record
                 WHERE record.resource = 'purchase_order'
                   AND record.state IN ('pending', 'waiting')
                 UNION ALL
                SELECT record.id
                  FROM procurify_record record
                 WHERE record.res_model = 'purchase.order'
                   AND record.res_id IN (SELECT order_id FROM orders)
            """,
            day,
        )

    def _bills_in_sql(self, day):
        """Return the SQL of the lines of bills that are not in Odoo yet, for no order:
        what is for an order counts by what was received of it."""
        return SQL(
            """
            SELECT 'bill',
                   document.connection_id || '/bill/' || document.id || '/'
                       || line.place,
                   document.id,
                   document.connection_id,
                   document.company_id,
                   document.name,
                   document.remote_party,
                   document.remote_date,
                   document.remote_due_date,
                   document.remote_currency,
                   line.place,
                   NULL::integer,
                   line.value ->> 'name',
                   NULL::numeric,
                   NULL::numeric,
                   line.value -> 'shares',
                   (line.value ->> 'amount')::numeric
              FROM procurify_record document
        CROSS JOIN LATERAL jsonb_array_elements(document.remote_coding)
                   WITH ORDINALITY line(value, place)
             WHERE document.resource = 'bill'
               AND document.state = 'quarantined'
               AND coalesce(document.res_id, 0) = 0
               AND coalesce(document.conflict_id, 0) = 0
               AND document.remote_deleted IS NOT TRUE
               AND jsonb_typeof(document.remote_coding) = 'array'
               AND document.remote_date <= %s
               AND line.value ->> 'item' IS NULL
            """,
            day,
        )

    # === ACTION METHODS === #

    def action_open_document(self):
        """Open the document in Procurify's terms: its record."""
        self.ensure_one()
        self.check_access("read")
        return self.record_id._action_open(self.document)
