"""What is owed to vendors and how old it is, by department and location."""

from odoo import fields, models
from odoo.tools import SQL

from ..tools.row_ids import row_id
from ..tools.spent_items import converted, record_of

OVERDUE = [
    ("not_due", "Not due"),
    ("30", "1–30 days overdue"),
    ("60", "31–60 days overdue"),
    ("90", "61–90 days overdue"),
    ("more", "More than 90 days overdue"),
]


class ProcurifyPayable(models.Model):
    """A row is the share of an open payable item that a department bears.

    What is open of a bill is split as the bill's own items are. What belongs to no bill
    (a payment on account, an entry) stands under no department, as does a bill whose
    items cancel each other out. So all rows add up to what is owed according to the
    general ledger, but for what is owed to others than vendors (accounts that are
    *non trade*, as those of tax authorities), which Odoo's own report skips too.
    """

    _name = "procurify.payable"
    _inherit = ["procurify.borne", "procurify.report"]
    _description = "Aged Payable"
    _auto = False
    _order = "due_date, id"
    _rec_name = "move_id"

    due_date = fields.Date(readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max", help="As of today.")
    overdue = fields.Selection(OVERDUE, "Age", readonly=True)

    _depends = {
        "account.move": ["move_type", "partner_id"],
        "account.move.line": [
            *("move_id", "account_id", "company_id", "currency_id", "partner_id"),
            *("date", "date_maturity", "parent_state", "reconciled"),
            *("amount_residual", "amount_residual_currency"),
        ],
        "procurify.record": ["res_model", "res_id", "remote_requester"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            WITH open AS (
                SELECT item.id,
                       item.move_id,
                       move.move_type,
                       item.parent_state AS state,
                       item.company_id,
                       item.currency_id,
                       coalesce(move.commercial_partner_id, item.partner_id)
                           AS partner_id,
                       item.account_id,
                       coalesce(item.date_maturity, item.date) AS due_date,
                       -item.amount_residual AS amount,
                       -item.amount_residual_currency AS original_amount
                  FROM account_move_line item
                  JOIN account_account account ON account.id = item.account_id
                  JOIN account_move move ON move.id = item.move_id
                 WHERE account.account_type = 'liability_payable'
                   AND account.non_trade IS NOT TRUE
                   AND item.parent_state = 'posted'
                   AND item.reconciled IS NOT TRUE
                   AND (item.amount_residual != 0 OR item.amount_residual_currency != 0)
            ), borne AS (
                SELECT spent.move_id,
                       spent.department_id,
                       spent.location_id,
                       sum(spent.amount) AS amount,
                       sum(sum(spent.amount)) OVER whole AS total,
                       row_number() OVER (
                           whole ORDER BY spent.department_id, spent.location_id
                       ) AS place
                  FROM procurify_spend spent
                 WHERE spent.move_id IN (SELECT move_id FROM open)
              GROUP BY spent.move_id, spent.department_id, spent.location_id
                WINDOW whole AS (PARTITION BY spent.move_id)
            ), parts AS (
                SELECT open.*,
                       borne.department_id,
                       borne.location_id,
                       coalesce(borne.place, 1) AS place,
                       coalesce(borne.amount / borne.total, 1) AS share
                  FROM open
                       -- Items that cancel each other out say nothing of their shares.
             LEFT JOIN borne ON borne.move_id = open.move_id AND borne.total <> 0
            )
            SELECT %(row)s AS id,
                   parts.move_id, parts.move_type, parts.state, parts.company_id,
                   %(company_currency)s AS company_currency_id,
                   parts.currency_id, parts.partner_id, parts.account_id,
                   parts.due_date,
                   %(today)s::date - parts.due_date AS days_overdue,
                   CASE WHEN parts.due_date >= %(today)s THEN 'not_due'
                        WHEN %(today)s::date - parts.due_date <= 30 THEN '30'
                        WHEN %(today)s::date - parts.due_date <= 60 THEN '60'
                        WHEN %(today)s::date - parts.due_date <= 90 THEN '90'
                        ELSE 'more' END AS overdue,
                   parts.department_id, parts.location_id,
                   %(amount)s * parts.share AS amount,
                   parts.original_amount * parts.share AS original_amount
              FROM parts
            """,
            row=row_id(SQL.identifier("parts", "id"), SQL.identifier("parts", "place")),
            amount=converted(self.env, SQL("parts.amount"), SQL("parts.company_id")),
            company_currency=self.env.company.currency_id.id,
            today=fields.Date.context_today(self),
        )

    def _field_to_sql(self, alias, field_expr, query=None):
        """Look up what Procurify says of a bill where that is asked for: of a page, for
        its rows and not for all of them."""
        looked_up = {
            "is_from_procurify": SQL("EXISTS (SELECT FROM"),
            "requester": SQL("(SELECT record.requester FROM"),
        }
        if field_expr not in looked_up:
            return super()._field_to_sql(alias, field_expr, query)
        record = record_of(SQL.identifier(alias, "move_id"))
        return SQL("%s %s)", looked_up[field_expr], record)
