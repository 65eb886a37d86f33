"""Exchange rates in SQL, as Odoo converts: for sums over many documents."""

from odoo.tools import SQL


def rate_in_sql(env, currency, company, day):
    """Return the SQL of a currency's rate on a day, else of the first one after it.

    NULL without any rate. It is that of the company, else one for all.

    :param currency: SQL of the currency's id
    :param company: SQL of the company's ``parent_path``: its root has the rates
    :param day: SQL of a date; today where it is NULL
    """
    rates = env["res.currency.rate"]._fields
    return SQL(
        """(SELECT %(rate)s FROM res_currency_rate rate
             WHERE rate.currency_id = %(currency)s
               AND (rate.company_id IS NULL OR rate.company_id = split_part(
                   %(company)s, '/', 1)::int)
          ORDER BY %(name)s <= coalesce(%(day)s, now()::date) DESC,
                   rate.company_id,
                   abs(%(name)s - coalesce(%(day)s, now()::date))
             LIMIT 1)""",
        rate=SQL.identifier("rate", "rate", to_flush=rates["rate"]),
        name=SQL.identifier("rate", "name", to_flush=rates["name"]),
        currency=currency,
        company=company,
        day=day,
    )
