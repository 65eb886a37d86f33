"""What older versions say of master data, in the words of Odoo 19.

Each function reads the fields of one row. Where Odoo 19 has no word for it, the value
is False: then nothing is made of the row, which is better than something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Values = Mapping[str, Any]

#: Account types of 14 and 15 by their names, which come with Odoo.
_ACCOUNT_TYPES = {
    "Receivable": "asset_receivable",
    "Payable": "liability_payable",
    "Bank and Cash": "asset_cash",
    "Credit Card": "liability_credit_card",
    "Current Assets": "asset_current",
    "Non-current Assets": "asset_non_current",
    "Prepayments": "asset_prepayments",
    "Fixed Assets": "asset_fixed",
    "Current Liabilities": "liability_current",
    "Non-current Liabilities": "liability_non_current",
    "Equity": "equity",
    "Current Year Earnings": "equity_unaffected",
    "Income": "income",
    "Other Income": "income_other",
    "Expenses": "expense",
    "Depreciation": "expense_depreciation",
    "Cost of Revenue": "expense_direct_cost",
    "Off-Balance Sheet": "off_balance",
}
#: Those of other names, by internal type and by internal group.
_BY_INTERNAL_TYPE = {
    "receivable": "asset_receivable",
    "payable": "liability_payable",
    "liquidity": "asset_cash",
}
_BY_INTERNAL_GROUP = {
    "asset": "asset_current",
    "liability": "liability_current",
    "equity": "equity",
    "income": "income",
    "expense": "expense",
    "off_balance": "off_balance",
}
_ADDRESSES = frozenset({"contact", "invoice", "delivery"})


def account_type(row: Values) -> dict[str, Any]:
    """Return the type of an account that has a type of accounts."""
    _id, name = row["user_type_id"]
    found = (
        _ACCOUNT_TYPES.get(name)
        or _BY_INTERNAL_TYPE.get(row["internal_type"])
        or _BY_INTERNAL_GROUP.get(row["internal_group"])
    )
    return {"type": found or False}


def unit_of_category(row: Values) -> dict[str, Any]:
    """Return how often a unit contains the reference unit of its category."""
    if row["uom_type"] == "reference":
        return {"factor": "1", "base": False}
    return {"factor": str(row["factor_inv"]), "base": row["reference"]}


def lock_dates(row: Values) -> dict[str, Any]:
    """Return the lock dates that an accountant without exceptions has.

    One of all journals comes of three: the hub must not have a hard one, which cannot
    be taken back.
    """
    general = ("fiscalyear_lock_date", "period_lock_date", "hard_lock_date")
    return {
        "locked": max(row.get(name) or "" for name in general) or False,
        "tax_locked": row.get("tax_lock_date") or False,
        "purchase_locked": row.get("purchase_lock_date") or False,
        "sale_locked": row.get("sale_lock_date") or False,
    }


def product_type(row: Values) -> dict[str, Any]:
    """Return whether a product is a service or goods."""
    return {"type": "service" if row["type"] == "service" else "consu"}


def address_type(row: Values) -> dict[str, Any]:
    """Return what a contact's address is for."""
    return {"type": row["type"] if row["type"] in _ADDRESSES else "other"}


def _due(delay: str | bool, days: int = 0, day: int = 10) -> dict[str, Any]:
    return {"delay": delay, "days": days, "day_of_month": str(day)}


def _due_by_option(row: Values) -> dict[str, Any]:
    """Return when a line of 14 and 15 is due."""
    option, days, day = row["option"], row["days"], row["day_of_the_month"]
    if option == "day_following_month":
        return _due("days_end_of_month_on_the", 0, days)
    if option == "day_after_invoice_date" and day <= 0:
        return _due("days_after", days)
    if option == "after_invoice_month" and day <= 0:
        return _due("days_after_end_of_month", days)
    return _due(False)


def _due_by_months(row: Values) -> dict[str, Any]:
    """Return when a line of 16 is due."""
    months, days, later = row["months"], row["days"], row["days_after"]
    if not row["end_month"]:
        return _due(False) if months else _due("days_after", days)
    if not days and months in (0, 1):
        which = "days_after_end_of_next_month" if months else "days_after_end_of_month"
        return _due(which, later)
    if not months and not later:
        return _due("days_end_of_month_on_the", days, 0)
    return _due(False)


def _due_by_delay(row: Values) -> dict[str, Any]:
    """Return when a line of 17 and later is due."""
    delay, days = row["delay_type"], row["nb_days"]
    return {"delay": delay, "days": days, "day_of_month": row["days_next_month"]}


#: By the fields that a dialect has for it.
TERM_LINES: dict[tuple[str, ...], Callable[[Values], dict[str, Any]]] = {
    ("option", "days", "day_of_the_month"): _due_by_option,
    ("months", "days", "end_month", "days_after"): _due_by_months,
    ("delay_type", "nb_days", "days_next_month"): _due_by_delay,
}
