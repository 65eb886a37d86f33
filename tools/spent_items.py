"""Which journal items of bills are spent, and which department bears them."""

from odoo.tools import SQL

from .analytic_shares import COMPANY_PLANS, shares_of

BILL_TYPES = ("in_invoice", "in_refund", "in_receipt")

_RECORDS = SQL(
    """
    SELECT DISTINCT ON (res_id)
           res_id AS move_id, connection_id, remote_requester AS requester
      FROM procurify_record
     WHERE res_model = 'account.move' AND res_id IS NOT NULL
  ORDER BY res_id, id DESC
    """
)
# Distributions repeat: each is split once, under the plans of every connection.
_DISTRIBUTED = SQL(
    """
    SELECT row_number() OVER () AS key, found.distribution,
           plans.department_plan_id, plans.location_plan_id
      FROM (
           SELECT DISTINCT coalesce(line.analytic_distribution, '{}') AS distribution
             FROM account_move_line line
             JOIN account_journal journal ON journal.id = line.journal_id
            WHERE journal.type = 'purchase'
           ) found
CROSS JOIN (
           SELECT department_plan_id, location_plan_id FROM company_plans
            UNION
           SELECT department_plan_id, location_plan_id FROM procurify_connection
           ) plans
    """
)
_PLACES = SQL(
    """
    SELECT distributed.distribution,
           distributed.department_plan_id,
           distributed.location_plan_id,
           shares.department_id,
           shares.location_id,
           shares.share,
           row_number() OVER (
               PARTITION BY key ORDER BY department_id, location_id
           ) AS place
      FROM distributed
      JOIN shares USING (key)
     WHERE shares.share != 0
    """
)


def places():
    """Return the CTEs that :func:`borne_items` joins."""
    return SQL(
        """
        company_plans AS (%(company_plans)s),
        records AS (%(records)s),
        distributed AS (%(distributed)s),
        %(shares)s,
        places AS (%(places)s)
        """,
        company_plans=COMPANY_PLANS,
        records=_RECORDS,
        distributed=_DISTRIBUTED,
        shares=shares_of("distributed"),
        places=_PLACES,
    )


def rates(env):
    """Return the table ``rates`` of the selected companies, as Odoo's reports have it:
    each with the rate of its currency to that of the present company."""
    table = env["res.currency"]._get_simple_currency_table(env.companies)
    return SQL("(SELECT company_id, rate FROM %s) rates", table)


def borne_items(env):
    """Return FROM and WHERE of ``line`` × ``places``: what is spent, and who bears it.

    Spent is all of a bill but what is owed to the vendor and the taxes that are
    recovered. What is not recovered of a tax stands on the account of an expense, or on
    that of its line. A tax that is due on payment waits on another account first: its
    own account decides.
    """
    return SQL(
        """
        FROM account_move_line line
        JOIN account_move move ON move.id = line.move_id
        JOIN account_account account ON account.id = line.account_id
   LEFT JOIN account_tax_repartition_line repartition
          ON repartition.id = line.tax_repartition_line_id
   LEFT JOIN account_account meant ON meant.id = repartition.account_id
   LEFT JOIN %(rates)s ON rates.company_id = line.company_id
        JOIN company_plans ON company_plans.company_id = line.company_id
   LEFT JOIN records ON records.move_id = move.id
   LEFT JOIN procurify_connection connection ON connection.id = records.connection_id
        JOIN places
          ON places.distribution = coalesce(line.analytic_distribution, '{}')
         AND places.department_plan_id IS NOT DISTINCT FROM
             CASE WHEN records.move_id IS NULL THEN company_plans.department_plan_id
                  ELSE connection.department_plan_id END
         AND places.location_plan_id IS NOT DISTINCT FROM
             CASE WHEN records.move_id IS NULL THEN company_plans.location_plan_id
                  ELSE connection.location_plan_id END
       WHERE move.move_type IN %(bill_types)s
         AND line.parent_state IN ('draft', 'posted')
         AND line.display_type NOT IN
             ('payment_term', 'line_section', 'line_subsection', 'line_note')
         AND account.account_type != 'liability_payable'
         AND (line.tax_line_id IS NULL
              OR repartition.account_id IS NULL
              OR account.account_type LIKE 'expense%%'
              OR meant.account_type LIKE 'expense%%')
        """,
        rates=rates(env),
        bill_types=BILL_TYPES,
    )
