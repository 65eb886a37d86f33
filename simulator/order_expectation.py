"""What a correct import makes of an order, worked out apart from the JSON.

As in ``expectation.py``: whole cents, fractions, no code shared with ``arithmetic.py``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from . import books
from .expectation import (
    CATCH_ALL_TYPE,
    CURRENCY_NAMES,
    PLANT_OF,
    ambiguous,
    half_up,
    in_cents,
    money,
    net_and_tax,
)
from .manufacturer import BOOK_CURRENCIES
from .model import (
    ExpectedBilledLine,
    ExpectedBilling,
    ExpectedOrder,
    ExpectedRequest,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .model import (
        Bill,
        Expected,
        Item,
        Modifier,
        Order,
        OrderLine,
        Requisition,
        Vendor,
    )

CANCELLED: Final = 1
APPROVED: Final = {1, 3, 5}  # a requisition: approved, purchased, received
TO_BUY: Final = {0, 1}
CLOSED, PAID = 3, 4
KINDS: Final = {1: "recurring", 2: "blanket"}


def expected_order(
    order: Order,
    lines: Sequence[OrderLine],
    vendors: Mapping[int, Vendor],
    twins: frozenset[str],
) -> ExpectedOrder:
    """Return the expectation for one order.

    :param twins: names, folded, that several active vendors have
    """
    live = [line for line in lines if line.active]
    net = {line.id: _net(line) for line in live}
    whole = sum(net.values())
    if order.former_subtotal is not None:
        whole = in_cents(order.former_subtotal)
    extras = {
        "tax": _modified(order.tax, whole),
        "freight": in_cents(order.freight),
        "other": in_cents(order.other),
        "discount": -_modified(order.discount, whole),
        "line_tax": sum(_line_tax(line, net[line.id]) for line in live),
        "line_shipping": sum(in_cents(line.shipping or 0) for line in live),
    }
    error = in_cents(order.total_error or 0)
    excluded = None if live else "no_lines"
    if order.state == CANCELLED:
        excluded = "cancelled"
    details = {} if excluded else _reasons(order, live, vendors[order.vendor_id], twins)
    return ExpectedOrder(
        importable=not excluded and not details,
        reasons=frozenset(details),
        remarks=_remarks(order, live),
        excluded=excluded,
        currency=CURRENCY_NAMES[order.currency_id],
        total=money(whole + sum(extras.values()) + error),
        vendor_id=order.vendor_id,
        state=order.state,
        lines={line.id: (line.quantity, money(net[line.id])) for line in live},
        extras={kind: money(amount) for kind, amount in extras.items() if amount},
        coding={line.id: _coding(line) for line in live},
        number=order.external_number or order.number,
        date=order.date.date().isoformat(),
        details=details,
    )


def billed_quantities(bills: Iterable[Bill]) -> dict[int, Decimal]:
    """Return what was billed of each order line, by quantity; credits count down.

    The sign is that of the amount: a line of which quantity and price are negative
    bills something.
    """
    found: dict[int, Decimal] = defaultdict(Decimal)
    for bill in bills:
        for item in bill.items:
            if item.order_line is not None and item.amount is None:
                sign = -1 if net_and_tax(item)[0] < 0 else 1
                found[item.order_line] += sign * abs(item.quantity)
    return dict(found)


def billed_amounts(bills: Iterable[Bill]) -> dict[int, Decimal]:
    """Return the net amount that was billed of each order line, in any way."""
    found: dict[int, int] = defaultdict(int)
    for bill in bills:
        for item in bill.items:
            if item.order_line is not None:
                found[item.order_line] += net_and_tax(item)[0]
    return {line_id: money(amount) for line_id, amount in found.items()}


def booked(
    bills: Iterable[Bill], outcomes: Mapping[int, Expected], *, held: bool
) -> list[Bill]:
    """Return the bills that are in the books, with those on hold if wanted."""
    return [
        bill
        for bill in bills
        if outcomes[bill.id].importable or (held and not outcomes[bill.id].excluded)
    ]


def _net(line: OrderLine) -> int:
    if line.total is not None:
        return in_cents(line.total)
    return half_up(Fraction(line.quantity) * Fraction(line.price) * 100)


def _line_tax(line: OrderLine, net: int) -> int:
    return sum(half_up(net * Fraction(t.percentage) / 100) for t in line.taxes)


def _modified(modifier: Modifier, base: int) -> int:
    if modifier.percentage:
        return half_up(base * Fraction(modifier.value) / 100)
    return in_cents(modifier.value)


def _coding(line: OrderLine) -> dict[tuple[str, int, int], Decimal]:
    found: dict[tuple[str, int, int], int] = defaultdict(int)
    for share in line.shares:
        key = share.code, share.department_id, PLANT_OF[share.department_id]
        found[key] += in_cents(share.amount)
    return {key: money(amount) for key, amount in found.items()}


def _reasons(
    order: Order, lines: Sequence[OrderLine], vendor: Vendor, twins: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    shares = [share for line in lines for share in line.shares]
    currency = CURRENCY_NAMES[order.currency_id]
    error = order.total_error or Decimal(0)
    found: dict[str, set[str]] = {
        "unknown_department": {
            str(share.department_id)
            for share in shares
            if share.department_id not in books.COST_CENTRES
        },
        "inactive_currency": {currency} - set(BOOK_CURRENCIES),
        "unknown_vendor": {vendor.name} if vendor.type == CATCH_ALL_TYPE else set(),
        "ambiguous_vendor": ambiguous(vendor, twins),
        "total_mismatch": {str(error)} if abs(error) * 100 > len(lines) else set(),
    }
    return {reason: tuple(sorted(keys)) for reason, keys in found.items() if keys}


def _remarks(order: Order, lines: Sequence[OrderLine]) -> frozenset[str]:
    found = {KINDS[line.type] for line in lines if line.type in KINDS}
    if not lines:
        found.add("no_lines")
    if {line.unit for line in lines} - books.UNITS:
        found.add("unknown_unit")
    # Odoo's orders have no accounts: only a bill is on hold for one.
    if {share.code for line in lines for share in line.shares} - books.ACCOUNTS:
        found.add("unknown_account")
    if order.card_issuer is not None:
        found.add("card_paid")
    if order.punchout:
        found.add("punchout")
    return frozenset(found)


# --- billing ----------------------------------------------------------------------


def expected_billing(
    order: Order, lines: Sequence[OrderLine], bills: Iterable[Bill]
) -> ExpectedBilling:
    """Return what is ordered and billed of an order, by the bills in the books."""
    by_line: dict[int, list[Item]] = defaultdict(list)
    extras: dict[str, int] = defaultdict(int)
    for bill in bills:
        for item in bill.items:
            if item.order_line is not None:
                by_line[item.order_line].append(item)
            elif item.order == order.id and net_and_tax(item)[0]:
                extras[_extra_kind(item)] += 1
    found = {
        line.id: _billed_line(order, line, by_line[line.id])
        for line in lines
        if line.active
    }
    return ExpectedBilling(found, dict(extras), closed=_is_closed(order))


def _is_closed(order: Order) -> bool:
    """Return whether what has not come will not come; one may be paid while open."""
    return order.state == CLOSED or (order.state == PAID and order.closed is not None)


def _billed_line(
    order: Order, line: OrderLine, items: Sequence[Item]
) -> ExpectedBilledLine:
    net, pieces = _net(line), _pieces(line)
    billed, by_cost = Fraction(0), 0
    for item in items:
        amount = net_and_tax(item)[0]
        counts = item.amount is None and pieces == line.quantity and item.quantity
        if counts and _has_cents(item.quantity):
            sign = 1 if (amount < 0) == (net < 0) else -1
            billed += sign * abs(Fraction(item.quantity)) if amount else 0
        elif net and amount:
            billed += Fraction(amount, net) * Fraction(pieces)
            by_cost += 1
    ordered = Fraction(pieces)
    if _is_closed(order) and line.received < line.quantity:
        come = ordered * Fraction(line.received) / Fraction(line.quantity)
        ordered = min(ordered, max(come, billed))
    slack = Decimal("0.01") * by_cost
    if by_cost and sum(net_and_tax(item)[0] for item in items) == net:
        slack = Decimal(0)
    return ExpectedBilledLine(pieces, _decimal(ordered), _decimal(billed), slack)


def _pieces(line: OrderLine) -> Decimal:
    """Return the quantity that Odoo can hold: one piece where it cannot."""
    whole = line.total is None or _net(replace(line, total=None)) == _net(line)
    counted = whole and line.quantity and _has_cents(line.quantity)
    return line.quantity if counted else Decimal(1)


def _has_cents(quantity: Decimal) -> bool:
    return (Fraction(quantity) * 100).denominator == 1


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _extra_kind(item: Item) -> str:
    word = item.description.split(" ")[0].lower()
    return word if word in {"tax", "other", "discount"} else "freight"


# --- requisitions -----------------------------------------------------------------


def expected_request(
    requisition: Requisition,
    lines: Sequence[OrderLine],
    vendors: Mapping[int, Vendor],
    twins: frozenset[str],
) -> ExpectedRequest:
    """Return what a requisition asks for that is approved and not bought."""
    wanted = [
        line
        for line in lines
        if requisition.status in APPROVED
        and line.order_id is None
        and line.status in TO_BUY
        and line.active
    ]
    asked = {(line.vendor_id, CURRENCY_NAMES[line.currency_id]) for line in wanted}
    currencies = {currency for _vendor, currency in asked}
    people = [vendors[vendor_id] for vendor_id, _currency in asked]
    department = requisition.department_id
    found = {
        "unknown_department": wanted and department not in books.COST_CENTRES,
        "inactive_currency": currencies - set(BOOK_CURRENCIES),
        "unknown_vendor": any(vendor.type == CATCH_ALL_TYPE for vendor in people),
        "ambiguous_vendor": any(ambiguous(vendor, twins) for vendor in people),
    }
    reasons = frozenset(reason for reason, is_one in found.items() if is_one)
    excluded = None if wanted else "nothing_requested"
    return ExpectedRequest(
        importable=not excluded and not reasons,
        reasons=reasons,
        excluded=excluded,
        lines={line.id: (line.quantity, money(_net(line))) for line in wanted},
        vendors=frozenset(asked),
    )
