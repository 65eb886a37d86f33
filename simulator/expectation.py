"""What a correct import must put into the books, worked out apart from the JSON.

This starts from the numbers that the generator drew (quantities, prices, splits) and
calculates in whole cents with fractions. It shares no code with ``arithmetic.py`` or
with the documents, so that a mistake there shows up as a difference.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from . import books
from .manufacturer import BOOK_CURRENCIES, CURRENCIES, DEPARTMENTS
from .model import Expected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .model import Bill, Item, OrderLine, Vendor

Key = tuple[str, int, int]
Lines = dict[Key, int]

NOT_APPROVED: Final = {0, 1, 3, 5}
EXCLUDED_TYPES: Final = {1: "expense_bill", 2: "card_bill"}
CATCH_ALL_TYPE: Final = 1
PLANT_OF: Final = {d.id: d.location_id for d in DEPARTMENTS}
CURRENCY_NAMES: Final = {c.id: c.name for c in CURRENCIES}


def expected(
    bill: Bill,
    vendors: Mapping[int, Vendor],
    twins: frozenset[str],
    order_lines: Mapping[int, OrderLine],
) -> Expected:
    """Return the expectation for one bill, as if it were the only one.

    :param twins: names, folded, that several active vendors have
    :param order_lines: by id; their coding counts where the bill has none
    """
    lines: Lines = defaultdict(int)
    tax = 0
    for item in bill.items:
        net, item_tax = net_and_tax(item)
        tax += item_tax
        for key, amount in _coded(item, net, order_lines).items():
            lines[key] += amount
    for cost in bill.costs:
        place = (cost.share.code, cost.share.department_id)
        lines[_key(*place)] += in_cents(cost.share.amount)
    shipping = sum(in_cents(item.shipping or 0) for item in bill.items)
    costs = sum(in_cents(cost.share.amount) for cost in bill.costs)
    net_total = sum(net_and_tax(item)[0] for item in bill.items)
    total = net_total + shipping + costs + tax + in_cents(bill.total_error or 0)
    excluded = _excluded(bill)
    details = {} if excluded else _reasons(bill, lines, vendors, twins)
    return Expected(
        importable=not excluded and not details,
        reasons=frozenset(details),
        excluded=excluded,
        currency=CURRENCY_NAMES[bill.currency_id],
        net_lines={key: money(amount) for key, amount in lines.items() if amount},
        tax=money(tax),
        total=money(total),
        vendor_id=bill.vendor_id,
        invoice_number=bill.invoice_number,
        invoice_date=bill.invoice_date.date().isoformat(),
        details=details,
    )


def hold_duplicates(bills: Iterable[Bill], outcomes: dict[int, Expected]) -> None:
    """Hold the second bill of a vendor with the same number, in the order of ids.

    Only bills that could be imported otherwise count, the first and the second.
    """
    seen: set[tuple[int, str]] = set()
    for bill in sorted(bills, key=lambda bill: bill.id):
        outcome = outcomes[bill.id]
        key = bill.vendor_id, bill.invoice_number
        if not outcome.importable or not bill.invoice_number:
            continue
        if key in seen:
            outcomes[bill.id] = replace(
                outcome,
                importable=False,
                reasons=frozenset({"duplicate_bill"}),
                details={"duplicate_bill": (bill.invoice_number,)},
            )
        seen.add(key)


def twin_names(vendors: Iterable[Vendor]) -> frozenset[str]:
    """Return the folded names that more than one active vendor has."""
    seen: dict[str, int] = defaultdict(int)
    for vendor in vendors:
        if vendor.active:
            seen[vendor.name.strip().casefold()] += 1
    return frozenset(name for name, count in seen.items() if count > 1)


def _excluded(bill: Bill) -> str | None:
    if bill.type in EXCLUDED_TYPES:
        return EXCLUDED_TYPES[bill.type]
    return "not_approved" if bill.status in NOT_APPROVED else None


def _reasons(
    bill: Bill, lines: Lines, vendors: Mapping[int, Vendor], twins: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    vendor = vendors[bill.vendor_id]
    known = [item.tax for item in bill.items if item.tax]
    currency = CURRENCY_NAMES[bill.currency_id]
    tolerance = len(bill.items) + len(bill.costs)
    error = bill.total_error or Decimal(0)
    found: dict[str, set[str]] = {
        "unknown_account": {code for code, _d, _l in lines} - books.ACCOUNTS,
        "unknown_department": {str(d) for _c, d, _l in lines}
        - {str(number) for number in books.COST_CENTRES},
        "unknown_tax": {t.name for t in known if t.id not in books.TAX_IDS},
        "inactive_currency": {currency} - set(BOOK_CURRENCIES),
        "unknown_vendor": {vendor.name} if vendor.type == CATCH_ALL_TYPE else set(),
        "ambiguous_vendor": ambiguous(vendor, twins),
        "total_mismatch": {str(error)} if abs(error) * 100 > tolerance else set(),
        "several_currencies": {
            CURRENCY_NAMES[item.currency_id]
            for item in bill.items
            if item.currency_id and item.currency_id != bill.currency_id
        },
        "missing_allocation": {
            str(item.id)
            for item in bill.items
            if not item.allocated and item.order_line is None
        },
    }
    return {reason: tuple(sorted(keys)) for reason, keys in found.items() if keys}


def ambiguous(vendor: Vendor, twins: frozenset[str]) -> set[str]:
    known_otherwise = vendor.email or vendor.external_id or not vendor.active
    doubled = vendor.name.strip().casefold() in twins
    return {vendor.name} if doubled and not known_otherwise else set()


def net_and_tax(item: Item) -> tuple[int, int]:
    """Return the line's net amount and tax in cents."""
    if item.amount is None:
        stated = half_up(Fraction(item.quantity) * Fraction(item.unit_cost) * 100)
    else:
        stated = in_cents(item.amount)
    if item.tax is None:
        return stated, 0
    percentage = Fraction(item.tax.percentage)
    if not item.tax.inclusive:
        return stated, half_up(stated * percentage / 100)
    inside = half_up(stated * percentage / (100 + percentage))
    return stated - inside, inside


def _coded(item: Item, net: int, order_lines: Mapping[int, OrderLine]) -> Lines:
    """Return the line's net amount and its shipping per place of coding."""
    if not item.allocated:
        line = order_lines.get(item.order_line or 0)
        if line is None:
            return {}
        share = line.shares[0]
        shipping = in_cents(item.shipping or 0)
        return {_key(share.code, share.department_id): net + shipping}
    lines: Lines = defaultdict(int)
    weights = [in_cents(share.amount) for share in item.shares]
    extra = _spread(in_cents(item.shipping or 0), weights)
    for share, weight, shipped in zip(item.shares, weights, extra, strict=True):
        lines[_key(share.code, share.department_id)] += weight + shipped
    return lines


def _spread(amount: int, weights: list[int]) -> list[int]:
    """Split cents by weight; what is left over goes to the heaviest."""
    whole = sum(weights)
    if not amount or not whole:
        return [amount, *[0] * (len(weights) - 1)]
    parts = [half_up(Fraction(amount * weight, whole)) for weight in weights]
    parts[weights.index(max(weights, key=abs))] += amount - sum(parts)
    return parts


def _key(code: str, department_id: int) -> Key:
    return code, department_id, PLANT_OF[department_id]


def half_up(value: Fraction) -> int:
    """Round to a whole number, halves away from zero."""
    magnitude = (2 * abs(value.numerator) + value.denominator) // (
        2 * value.denominator
    )
    return magnitude if value >= 0 else -magnitude


def in_cents(value: Decimal | int) -> int:
    return int(Fraction(value) * 100)


def money(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)
