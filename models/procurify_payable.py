"""What is owed to vendors and how old it is, by department and location."""

from odoo import fields, models
from odoo.tools import SQL

from ..tools.spent_items import borne_items, places, rates

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
    _inherit = "procurify.borne"
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
            *("move_id", "account_id", "journal_id", "company_id", "currency_id"),
            *("balance", "analytic_distribution", "date", "date_maturity"),
            *("display_type", "parent_state", "tax_line_id", "reconciled"),
            *("amount_residual", "amount_residual_currency", "partner_id"),
        ],
        "procurify.connection": ["department_plan_id", "location_plan_id"],
        "procurify.record": ["res_model", "res_id", "remote_requester"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            WITH open AS (
                SELECT item.id, item.move_id
                  FROM account_move_line item
                  JOIN account_account account ON account.id = item.account_id
                 WHERE account.account_type = 'liability_payable'
                   AND account.non_trade IS NOT TRUE
                   AND item.parent_state = 'posted'
                   AND item.reconciled IS NOT TRUE
                   AND (item.amount_residual != 0 OR item.amount_residual_currency != 0)
            ), %(places)s,
            borne AS (
                SELECT line.move_id,
                       places.department_id,
                       places.location_id,
                       sum(line.balance * places.share) AS amount,
                       sum(sum(line.balance * places.share)) OVER whole AS total,
                       row_number() OVER (
                           whole ORDER BY places.department_id, places.location_id
                       ) AS place
                  %(items)s
                   AND line.move_id IN (SELECT move_id FROM open)
              GROUP BY line.move_id, places.department_id, places.location_id
                WINDOW whole AS (PARTITION BY line.move_id)
            ), parts AS (
                SELECT open.id,
                       borne.department_id,
                       borne.location_id,
                       coalesce(borne.place, 1) AS place,
                       coalesce(borne.amount / borne.total, 1) AS share
                  FROM open
                       -- Items that cancel each other out say nothing of their shares.
             LEFT JOIN borne ON borne.move_id = open.move_id AND borne.total <> 0
            )
            SELECT item.id::bigint * 1000 + parts.place AS id,
                   item.move_id,
                   move.move_type,
                   item.parent_state AS state,
                   item.company_id,
                   %(company_currency)s AS company_currency_id,
                   item.currency_id,
                   coalesce(move.commercial_partner_id, item.partner_id) AS partner_id,
                   item.account_id,
                   due.date AS due_date,
                   %(today)s::date - due.date AS days_overdue,
                   CASE WHEN due.date >= %(today)s THEN 'not_due'
                        WHEN %(today)s::date - due.date <= 30 THEN '30'
                        WHEN %(today)s::date - due.date <= 60 THEN '60'
                        WHEN %(today)s::date - due.date <= 90 THEN '90'
                        ELSE 'more' END AS overdue,
                   parts.department_id,
                   parts.location_id,
                   records.move_id IS NOT NULL AS is_from_procurify,
                   records.requester,
                   -item.amount_residual * rates.rate * parts.share AS amount,
                   -item.amount_residual_currency * parts.share AS original_amount
              FROM parts
              JOIN account_move_line item ON item.id = parts.id
              JOIN account_move move ON move.id = item.move_id
         LEFT JOIN %(rates)s ON rates.company_id = item.company_id
         LEFT JOIN records ON records.move_id = item.move_id
        CROSS JOIN LATERAL (
                       SELECT coalesce(item.date_maturity, item.date) AS date
                   ) due
            """,
            places=places(),
            items=borne_items(self.env),
            rates=rates(self.env),
            company_currency=self.env.company.currency_id.id,
            today=fields.Date.context_today(self),
        )
