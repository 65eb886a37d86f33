"""What a purchase order costs: its lines, its extras, and the check against its total.

Plain arithmetic on Procurify's figures, in the order's currency: no Odoo here.
Source: Procurify's help centre on taxes: the total is the subtotal, tax, freight and
other costs less the discount, and a tax in percent is of the subtotal alone. Whether
the total also contains the taxes and the freight of single lines, and what a discount
in percent is of, is not documented: the figures of each order show it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Literal

from .arithmetic import (
    ONE,
    ZERO,
    Balance,
    Tax,
    TaxedAmount,
    plain,
    quantity_text,
    rounded,
    split,
    taxes_of,
)
from .payloads import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .payloads import (
        AccountCode,
        Adjustment,
        Allocation,
        Department,
        LineTax,
        Order,
        OrderLine,
    )

HUNDRED = Decimal(100)
ExtraKind = Literal["tax", "freight", "other", "discount", "shipping", "rounding"]


@dataclass(frozen=True, slots=True)
class CodedShare:
    """A part of a line on one account code of one department, as far as known."""

    account_code: AccountCode | None
    department: Department | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OrderNetLine:
    """One line of an order without tax; ``source_id`` is the id of Procurify's line.

    ``by_amount``: quantity and price do not make the amount, so the line is one piece
    at that amount; ``ordered_quantity`` is what was ordered all the same.
    ``tax_amount`` is the line's own tax as Procurify rounded it.
    """

    source_id: int
    label: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    shares: tuple[CodedShare, ...]
    tax: Tax | None
    tax_amount: Decimal
    unit: Unit | None
    by_amount: bool
    ordered_quantity: Decimal | None

    @property
    def source(self) -> str:
        """What a later version of the line is recognised by."""
        return f"line {self.source_id}"


@dataclass(frozen=True, slots=True)
class Extra:
    """What an order costs besides its lines; a discount is negative.

    ``source_id`` is the line that it comes from, None for one of the whole order.
    """

    kind: ExtraKind
    label: str
    amount: Decimal
    source_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFigures(Balance):
    """An order's lines and extras, and how they compare with its own total."""

    lines: tuple[OrderNetLine, ...]
    extras: tuple[Extra, ...]

    @property
    def rounding(self) -> Extra | None:
        """The extra that makes the lines add up to the cent, if cents are all."""
        if not self.residue or not self.adds_up:
            return None
        return Extra("rounding", "Rounding", self.residue)


def order_figures(order: Order, cent: Decimal) -> OrderFigures:
    """Return what ``order`` costs, and whether that is what its header says.

    :param cent: the smallest amount of the order's currency, such as 0.01
    :raises InvalidPayload: an amount is too large to be one
    """
    lines = [_line_figures(line, cent) for line in live_lines(order)]
    stated = order.total if order.total is not None else order.total_in_currency
    candidates = [
        _Candidate(order, lines, cent, *choice)
        # The documented formula comes first and wins where others do no better.
        for choice in product((False, True), repeat=3)
    ]
    best = candidates[0]
    if stated is not None:
        stated = rounded(stated, cent)
        best = min(candidates, key=lambda each: abs(stated - each.total))
    return OrderFigures(
        lines=best.lines,
        extras=best.extras,
        total=best.total if stated is None else stated,
        computed=best.total,
        tolerance=cent * max(len(lines), 1),
    )


def live_lines(order: Order) -> list[OrderLine]:
    """List the lines that count: neither removed nor moved to another order."""
    return [
        line
        for line in order.lines
        if line.active and line.order_id in (None, order.id)
    ]


# === LINES === #


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with all that might count besides its net amount."""

    net: OrderNetLine
    taxes: tuple[Extra, ...]
    shipping: tuple[Extra, ...]

    def counted(self, with_tax: bool) -> OrderNetLine:
        """Return the line with its own tax or without; a tax of nothing stays."""
        if with_tax or not self.net.tax_amount:
            return self.net
        return replace(self.net, tax=None, tax_amount=ZERO)


def _line_figures(line: OrderLine, cent: Decimal) -> _Line:
    amount = _net_amount(line, cent)
    by_amount = _product(line, cent) != amount or not line.quantity
    quantity, price = line.quantity, line.price
    if by_amount or quantity is None or price is None:
        quantity, price = ONE, amount
    tax, tax_amount, taxes = _line_tax(line, amount, cent)
    net = OrderNetLine(
        source_id=line.id,
        label=_label(line, by_amount),
        quantity=quantity,
        unit_price=price,
        amount=amount,
        shares=_shares(line, amount, cent),
        tax=tax,
        tax_amount=tax_amount,
        unit=Unit(line.unit) if line.unit else None,
        by_amount=by_amount,
        ordered_quantity=line.quantity,
    )
    freight = rounded(line.shipping_amount, cent)
    label = f"Shipping: {line.name or line.label}"
    return _Line(net, taxes, _extra("shipping", label, freight, line.id))


def _product(line: OrderLine, cent: Decimal) -> Decimal | None:
    if line.quantity is None or line.price is None:
        return None
    return rounded(line.quantity * line.price, cent)


def _net_amount(line: OrderLine, cent: Decimal) -> Decimal:
    """Return the line's amount without its own tax and freight.

    Whether ``total_cost`` contains them is not documented: where it is just that much
    more than quantity and price make, it does.
    """
    made = _product(line, cent)
    if line.total_cost is None:
        return made or ZERO
    total = rounded(line.total_cost, cent)
    tax = rounded(line.tax_amount, cent)
    freight = rounded(line.shipping_amount, cent)
    if made is not None and total - made in {tax, freight, tax + freight}:
        return made
    return total


def _line_tax(
    line: OrderLine, net: Decimal, cent: Decimal
) -> tuple[Tax | None, Decimal, tuple[Extra, ...]]:
    """Return (tax, its amount, extras): one or the other, or nothing.

    Only a single tax in percent that makes the amount can be a tax of the line. One
    that has a name or an id is one also where it makes nothing.
    """
    each = [_adjusted(tax, net, cent) for tax in line.taxes]
    amount = rounded(line.tax_amount, cent) or sum(each, ZERO)
    first = line.taxes[0] if len(line.taxes) == 1 else None
    if first and first.is_percentage and abs(each[0] - amount) <= cent:
        stated = TaxedAmount(first.name, first.id, first.value, False, net, amount)
        return taxes_of([stated], cent)[0], amount, ()
    if not amount:
        return None, ZERO, ()
    names = ", ".join(tax.name for tax in line.taxes if tax.name)
    label = f"{names or 'Tax'}: {line.name}" if line.name else names or "Tax"
    return None, ZERO, _extra("tax", label, amount, line.id)


def _label(line: OrderLine, by_amount: bool) -> str:
    text = line.name or line.sku or line.label
    if not by_amount or not line.quantity:
        return text
    return f"{text} ({quantity_text(line.quantity, line.unit, line.price)})"


def _shares(line: OrderLine, amount: Decimal, cent: Decimal) -> tuple[CodedShare, ...]:
    """Split ``amount`` as the line's allocations say; one coding comes once."""
    allocations: tuple[Allocation | None, ...]
    allocations = line.allocations or (line.fallback_account,)
    weights = [allocation.amount if allocation else ONE for allocation in allocations]
    parts = split(amount, weights, cent)
    merged: dict[tuple[int | None, int | None], CodedShare] = {}
    for allocation, part in zip(allocations, parts, strict=True):
        code = allocation.account_code if allocation else None
        department = allocation.department if allocation else None
        key = (code.id if code else None, department.id if department else None)
        known = merged.get(key)
        total = part + (known.amount if known else ZERO)
        merged[key] = CodedShare(code, department, total)
    return tuple(merged.values())


# === HEADER === #


class _Candidate:
    """One way to read an order: what it counts, and the total that this makes."""

    def __init__(
        self,
        order: Order,
        lines: Iterable[_Line],
        cent: Decimal,
        with_line_tax: bool,
        with_shipping: bool,
        discount_after_tax: bool,
    ) -> None:
        own = list(lines)
        self.lines = tuple(line.counted(with_line_tax) for line in own)
        extras: list[Extra] = []
        for line in own:
            extras += line.taxes if with_line_tax else ()
            extras += line.shipping if with_shipping else ()
        net = sum((line.amount for line in self.lines), ZERO)
        line_tax = sum((line.tax_amount for line in self.lines), ZERO)
        taxed = [extra.amount for extra in extras if extra.kind == "tax"]
        subtotal = net if order.subtotal is None else rounded(order.subtotal, cent)
        tax = _adjusted(order.tax, subtotal, cent)
        base = subtotal
        if discount_after_tax:
            base += tax + line_tax + sum(taxed, ZERO)
        discount = _adjusted(order.discount, base, cent)
        extras += _header_extras(order, tax, discount, cent)
        self.extras = tuple(extras)
        self.total = net + line_tax + sum((extra.amount for extra in extras), ZERO)


def _header_extras(
    order: Order, tax: Decimal, discount: Decimal, cent: Decimal
) -> Iterator[Extra]:
    freight, other = order.freight or ZERO, order.other or ZERO
    yield from _extra("tax", _adjustment_label("Tax", order.tax), tax)
    yield from _extra("freight", "Freight", rounded(freight, cent))
    yield from _extra("other", "Other costs", rounded(other, cent))
    label = _adjustment_label("Discount", order.discount)
    yield from _extra("discount", label, -discount)


def _adjusted(
    adjustment: Adjustment | LineTax | None, base: Decimal, cent: Decimal
) -> Decimal:
    """Return what a tax or discount comes to."""
    if adjustment is None:
        return ZERO
    if adjustment.is_percentage:
        return rounded(base * adjustment.value / HUNDRED, cent)
    return rounded(adjustment.value, cent)


def _adjustment_label(name: str, adjustment: Adjustment | None) -> str:
    if adjustment is None or not adjustment.is_percentage:
        return name
    return f"{name} {plain(adjustment.value):f} %"


def _extra(
    kind: ExtraKind, label: str, amount: Decimal, source_id: int | None = None
) -> tuple[Extra, ...]:
    return (Extra(kind, label, amount, source_id),) if amount else ()
