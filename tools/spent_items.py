"""Which journal items of bills are spent, and which department bears them."""

from odoo.tools import SQL

from .analytic_shares import COMPANY_PLANS, shares_of

BILL_TYPES = ("in_invoice", "in_refund", "in_receipt")

# Distributions repeat: PostgreSQL remembers how it split one (Memoize).
_PLACES = SQL(
    """
    LATERAL (
        WITH distributed AS (
            SELECT 1 AS key,
                   line.analytic_distribution AS distribution,
                   plans.department_plan_id,
                   plans.location_plan_id
        ), %s
        SELECT department_id, location_id, share
          FROM shares
         WHERE share != 0
    ) places
    """,
    shares_of("distributed"),
)


def record_of(move_id):
    """Return SQL of the table ``record``: what became the bill, the latest of several.

    :param move_id: SQL of the bill's id
    """
    return SQL(
        """
        LATERAL (
            SELECT id, connection_id, remote_requester AS requester
              FROM procurify_record
             WHERE res_model = 'account.move' AND res_id = %s
          ORDER BY id DESC
             LIMIT 1
        ) record
        """,
        move_id,
    )


def converted(env, amount, company):
    """Return the SQL of an amount in the currency of the present company, at the rates
    of Odoo's reports; NULL for companies that are not selected.

    No join: it would take as long as the sum, row by row.

    :param amount: SQL in the currency of ``company``, which is SQL of its id
    """
    own = env.company.currency_id
    same = env.companies.filtered(lambda each: each.currency_id == own)
    cases = [SQL("WHEN %s IN %s THEN %s", company, tuple(same.ids), amount)]
    if others := env.companies - same:
        table = env["res.currency"]._get_simple_currency_table(env.companies)
        rows = env.execute_query(
            SQL(
                "SELECT company_id, rate FROM %s WHERE company_id IN %s",
                table,
                tuple(others.ids),
            )
        )
        cases += [
            SQL("WHEN %s = %s THEN %s * %s", company, company_id, amount, rate)
            for company_id, rate in rows
        ]
    return SQL("CASE %s END", SQL(" ").join(cases))


def borne_items(moves):
    """Return FROM and WHERE of ``line`` × ``places``: what is spent, and who bears it.

    Spent is all of a bill but what is owed to the vendor and the taxes that are
    recovered. What is not recovered of a tax stands on the account of an expense, or on
    that of its line. A tax that is due on payment waits on another account first: its
    own account decides.

    :param moves: SQL of a condition on ``move``
    """
    return SQL(
        """
        FROM account_move_line line
        JOIN account_move move ON move.id = line.move_id
        JOIN account_account account ON account.id = line.account_id
   LEFT JOIN account_tax_repartition_line repartition
          ON repartition.id = line.tax_repartition_line_id
   LEFT JOIN account_account meant ON meant.id = repartition.account_id
   LEFT JOIN %(record)s ON TRUE
   LEFT JOIN procurify_connection connection ON connection.id = record.connection_id
        JOIN (%(company_plans)s) company_plans
          ON company_plans.company_id = line.company_id
CROSS JOIN LATERAL (
               SELECT CASE WHEN record.id IS NULL
                           THEN company_plans.department_plan_id
                           ELSE connection.department_plan_id
                       END AS department_plan_id,
                      CASE WHEN record.id IS NULL
                           THEN company_plans.location_plan_id
                           ELSE connection.location_plan_id
                       END AS location_plan_id
                OFFSET 0  -- What is remembered is remembered by plans, not by bill.
           ) plans
CROSS JOIN %(places)s
       WHERE move.move_type IN %(bill_types)s
         AND line.parent_state IN ('draft', 'posted')
         AND line.display_type NOT IN
             ('payment_term', 'line_section', 'line_subsection', 'line_note')
         AND account.account_type != 'liability_payable'
         AND (line.tax_line_id IS NULL
              OR repartition.account_id IS NULL
              OR account.account_type LIKE 'expense%%'
              OR meant.account_type LIKE 'expense%%')
         AND %(moves)s
        """,
        record=record_of(SQL("move.id")),
        company_plans=COMPANY_PLANS,
        places=_PLACES,
        bill_types=BILL_TYPES,
        moves=moves,
    )
