"""What each department and location bears of a line, whatever its distribution is."""

from odoo.tools import SQL

#: The plans of each company: those of its connection, or of the nearest company above;
#: archived connections count where there is no other.
COMPANY_PLANS = SQL(
    """
    SELECT company.id AS company_id,
           nearest.department_plan_id,
           nearest.location_plan_id
      FROM res_company company
 LEFT JOIN LATERAL (
               SELECT each.department_plan_id, each.location_plan_id
                 FROM procurify_connection each
                 JOIN res_company owner ON owner.id = each.company_id
                WHERE company.parent_path LIKE owner.parent_path || '%%'
             ORDER BY length(owner.parent_path) DESC, each.active DESC, each.id
                LIMIT 1
           ) nearest ON TRUE
    """
)


def shares_of(source):
    """Return the CTEs that split distributions by department and location.

    Odoo accepts plans in one key or in keys of their own, and any sum. What a plan
    leaves to 100 % stands under no analytic account of that plan, also where it is
    negative. Plans in keys of their own are spread over each other where both fit into
    what is left; otherwise each has rows of its own, and a row without both takes off
    what was counted twice.

    :param source: an earlier CTE with ``key`` (of one row each), ``distribution``,
        ``department_plan_id`` and ``location_plan_id``
    :returns: SQL of several CTEs. The last is ``shares``: ``key``, ``department_id``,
        ``location_id`` and ``share``. The shares of a key add up to 1.
    """
    return SQL(
        """
        coded AS (
            SELECT source.key,
                   part.key AS coding,
                   coalesce(part.value::numeric, 0) / 100 AS share,
                   source.department_plan_id,
                   source.location_plan_id
              FROM %(source)s source
        CROSS JOIN LATERAL jsonb_each_text(
                       CASE jsonb_typeof(source.distribution)
                       WHEN 'object' THEN source.distribution END
                   ) part
             WHERE part.key ~ '^[0-9, ]+$'
        ), keys AS (
            SELECT coded.key,
                   coded.share,
                   %(department)s AS department_id,
                   %(location)s AS location_id
              FROM coded
        CROSS JOIN LATERAL unnest(
                       string_to_array(replace(coding, ' ', ''), ',')
                   ) named(id)
         LEFT JOIN account_analytic_account account ON account.id::text = named.id
         LEFT JOIN account_analytic_plan plan ON plan.id = account.plan_id
          GROUP BY coded.key, coded.coding, coded.share
        ), cells AS (
            SELECT key, department_id, location_id, sum(share) AS share
              FROM keys
             WHERE department_id IS NOT NULL OR location_id IS NOT NULL
          GROUP BY key, department_id, location_id
        ), sums AS (
            SELECT source.key,
                   1 - coalesce(sum(share) FILTER (
                       WHERE department_id IS NOT NULL
                         AND location_id IS NOT NULL), 0) AS rest,
                   coalesce(sum(share) FILTER (
                       WHERE location_id IS NULL), 0) AS departments,
                   coalesce(sum(share) FILTER (
                       WHERE department_id IS NULL), 0) AS locations,
                   coalesce(min(share), 0) AS least
              FROM %(source)s source
         LEFT JOIN cells ON cells.key = source.key
          GROUP BY source.key
        ), totals AS (
            SELECT *,
                   rest > 0 AND least >= 0
                   AND departments <= rest AND locations <= rest AS fits
              FROM sums
        ), of_departments AS (
            SELECT key, department_id, share FROM cells WHERE location_id IS NULL
         UNION ALL
            SELECT key, NULL, rest - departments FROM totals WHERE fits
        ), of_locations AS (
            SELECT key, location_id, share FROM cells WHERE department_id IS NULL
         UNION ALL
            SELECT key, NULL, rest - locations FROM totals WHERE fits
        ), shares AS (
            SELECT key, department_id, location_id, share
              FROM cells
             WHERE department_id IS NOT NULL AND location_id IS NOT NULL
         UNION ALL
            SELECT key, department_id, location_id,
                   of_departments.share * of_locations.share / totals.rest
              FROM totals
              JOIN of_departments USING (key)
              JOIN of_locations USING (key)
             WHERE totals.fits
         UNION ALL
            SELECT key, department_id, location_id, cells.share
              FROM totals
              JOIN cells USING (key)
             WHERE NOT fits AND (department_id IS NULL OR location_id IS NULL)
         UNION ALL
            SELECT key, NULL, NULL, rest - departments - locations
              FROM totals
             WHERE NOT fits
        )
        """,
        source=SQL.identifier(source),
        department=_account_below("department_plan_id"),
        location=_account_below("location_plan_id"),
    )


def _account_below(plan):
    """Return SQL for the first analytic account of a key below its plan."""
    return SQL(
        """min(account.id) FILTER (
               WHERE '/' || plan.parent_path LIKE '%%/' || coded.%s || '/%%')""",
        SQL.identifier(plan),
    )
