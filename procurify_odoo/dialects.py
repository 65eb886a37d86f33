"""How the versions of Odoo differ for who writes bills and orders from outside.

Data, not code: each row was measured on a running server of its series. Odoo 20 could
not be tried; it gets the row of 19, and the probe looks whether its fields exist.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .versions import NEWEST_MEASURED_SERIES, OLDEST_SERIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .versions import Version


_LOCKS = ("fiscalyear_lock_date", "tax_lock_date")


@dataclass(frozen=True)
class Dialect:
    """What one series calls things, and how its bills are written.

    :param bill_lines: the field by which a bill is created with cents that stay: its
        complete journal items, or its lines with ``extra_tax_data``
    :param amount_fields: the fields with the amount of a journal item
    :param tax_line_mark: the field that keeps tax and payable lines off the lines that
        people see, or "" where they are complete without it
    :param analytic_on_bill: the fields of a bill's line with its analytic accounts
    :param analytic_on_order: those of an order's line
    :param tax_line_owner: the fields that say to which tax a repartition line belongs,
        and whether it is one of bills or of refunds
    :param tax_base_fields: what says whether earlier taxes change the base of a tax
    :param term_line_fields: the fields that say when a line of a payment term is due
    :param lock_dates: the fields of a company with its lock dates
    :param company_country: the field with the country of its taxes
    :param has_unit_categories: whether units have a category with one reference unit;
        later a unit names the one that it contains
    :param has_early_discount: whether a payment term has an early discount of its own
    :param create_context: what keeps the server from computing a new bill
    :param rewrite_context: the same for a draft whose items are replaced
    :param order_price_guard: the field of an order's line that keeps Odoo from looking
        for another price, or ""
    :param has_order_discount: whether an order's line has a discount
    :param has_plain_notes: whether the notes of documents are plain text, not HTML
    :param joins_plans: whether one share may have analytic accounts of several plans
    :param has_plans: whether there are analytic plans; before, there were tags
    :param has_branches: whether a company may be a branch, which uses the accounts,
        taxes and journals of its parent companies
    :param has_expiring_keys: whether an API key says when it expires
    :param is_payable: the condition of journal items of payables
    :param reconciles_credits: whether posting a credit note reconciles it with the
        bill that it reverses
    :param has_own_rate: whether a bill takes a rate of exchange as a field
    :param reads_lines_within: whether one call reads documents with their lines
    :param has_access_method: what to ask for a right: ``has_access`` or
        ``check_access_rights``
    :param asks_group_of_user: whether ``has_group`` is called on a user
    :param needs_email: whether bills of orders fail if the API user has no e-mail
        address
    """

    series: int
    bill_lines: str = "line_ids"
    amount_fields: tuple[str, ...] = ("balance",)
    tax_line_mark: str = "display_type"
    analytic_on_bill: tuple[str, ...] = ("analytic_distribution",)
    analytic_on_order: tuple[str, ...] = ("analytic_distribution",)
    order_taxes: str = "taxes_id"
    order_unit: str = "product_uom"
    order_note: str = "notes"
    lock_order: str = "button_done"
    order_price_guard: str = ""
    has_order_discount: bool = True
    has_plain_notes: bool = False
    account_company: str = "company_id"
    account_archived: str = "deprecated"
    account_kind: str = "account_type"
    tax_line_owner: tuple[str, ...] = ("tax_id", "document_type")
    tax_base_fields: tuple[str, ...] = ("is_base_affected",)
    term_line_fields: tuple[str, ...] = ("delay_type", "nb_days", "days_next_month")
    lock_dates: tuple[str, ...] = (*_LOCKS, "period_lock_date")
    company_country: str = "account_fiscal_country_id"
    has_unit_categories: bool = True
    has_early_discount: bool = True
    create_context: tuple[str, ...] = ("skip_invoice_sync",)
    rewrite_context: tuple[str, ...] = ("skip_invoice_sync", "dynamic_unlink")
    joins_plans: bool = True
    has_plans: bool = True
    has_branches: bool = True
    has_expiring_keys: bool = False
    is_payable: tuple[str, str, str] = ("account_type", "=", "liability_payable")
    reconciles_credits: bool = True
    has_own_rate: bool = False
    reads_lines_within: bool = False
    has_access_method: str = "check_access_rights"
    asks_group_of_user: bool = False
    needs_email: bool = False

    @property
    def makes_items(self) -> bool:
        """Whether the server makes taxes and what is owed, with the cents of each line.

        It computes them, so that it must not be kept from that.
        """
        return self.bill_lines == "invoice_line_ids"

    @property
    def has_one_place(self) -> bool:
        """Whether a line has one analytic account at most, and tags."""
        return "analytic_distribution" not in self.analytic_on_order

    def fields_used(self) -> dict[str, tuple[str, ...]]:
        """Return the fields, by model, that differ between versions and are used."""
        own_rate = ("invoice_currency_rate",) if self.has_own_rate else ()
        plan = ("plan_id",) if self.has_plans else ()
        return {
            "account.account": (
                self.account_company,
                self.account_archived,
                self.account_kind,
            ),
            "account.analytic.account": ("company_id", *plan),
            "account.move": (self.bill_lines, *own_rate),
            "account.move.line": (
                *("price_unit", "quantity"),
                *self.amount_fields,
                *filter(None, [self.tax_line_mark]),
                *self.analytic_on_bill,
            ),
            "purchase.order": (self.order_note,),
            "purchase.order.line": (
                *("price_unit", "product_qty"),
                self.order_taxes,
                self.order_unit,
                *self.analytic_on_order,
            ),
        }


_TAGS = "analytic_tag_ids"
_17 = Dialect(17)
_16 = replace(
    _17,
    series=16,
    tax_line_owner=("invoice_tax_id", "refund_tax_id"),
    term_line_fields=("months", "days", "end_month", "days_after"),
    has_early_discount=False,
    has_branches=False,
    has_order_discount=False,
    joins_plans=False,
    reconciles_credits=False,
)
_15 = replace(
    _16,
    series=15,
    amount_fields=("debit", "credit"),
    tax_line_mark="exclude_from_invoice_tab",
    analytic_on_bill=("analytic_account_id", _TAGS),
    analytic_on_order=("account_analytic_id", _TAGS),
    account_kind="user_type_id",
    is_payable=("account_internal_type", "=", "payable"),
    term_line_fields=("option", "days", "day_of_the_month"),
    has_plans=False,
)
_18 = replace(
    _17,
    series=18,
    account_company="company_ids",
    lock_dates=(*_LOCKS, "sale_lock_date", "purchase_lock_date", "hard_lock_date"),
    has_expiring_keys=True,
    has_access_method="has_access",
    asks_group_of_user=True,
)
DIALECTS: Mapping[int, Dialect] = {
    14: replace(
        _15,
        series=14,
        tax_base_fields=(),
        company_country="country_id",
        has_plain_notes=True,
        needs_email=True,
    ),
    15: _15,
    16: _16,
    17: _17,
    18: _18,
    19: replace(
        _18,
        series=19,
        bill_lines="invoice_line_ids",
        create_context=(),
        rewrite_context=(),
        amount_fields=("extra_tax_data",),
        tax_line_mark="",
        order_taxes="tax_ids",
        order_unit="product_uom_id",
        order_note="note",
        lock_order="button_lock",
        order_price_guard="technical_price_unit",
        account_archived="active",
        has_unit_categories=False,
        has_own_rate=True,
        reads_lines_within=True,
    ),
}


def dialect_of(version: Version) -> Dialect:
    """Return the dialect of a version, or of the nearest older series.

    :raises KeyError: it is older than any of them
    """
    if version.series < OLDEST_SERIES:
        raise KeyError(version.series)
    return DIALECTS[min(version.series, NEWEST_MEASURED_SERIES)]
