"""Amounts in several currencies as one line of text."""

from odoo.tools import formatLang


def currencies_by_code(env, codes):
    """Return {code: currency of Odoo}, archived ones too."""
    currencies = env["res.currency"].with_context(active_test=False)
    return currencies.search([("name", "in", list(codes))]).grouped("name")


def format_amounts(env, rows, currencies):
    """Return the sums as text, the largest first: «CAD 81,240.00 · USD 1,200.00».

    :param rows: (code of the currency, count, sum, oldest date); those without a code
        are omitted
    :param currencies: {code: currency of Odoo}, which says how many decimals it has
    """
    sums = sorted(
        ((amount or 0, code) for code, _count, amount, _oldest in rows if code),
        key=lambda pair: (-abs(pair[0]), pair[1]),
    )
    return " · ".join(
        f"{code} {_format_amount(env, amount, currencies.get(code))}"
        for amount, code in sums
    )


def _format_amount(env, amount, currency):
    digits = currency.decimal_places if currency else 2
    return formatLang(env, amount, digits=digits)
