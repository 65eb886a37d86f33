"""How Procurify computes money: per line, half up, then summed.

The generator and the JSON documents use this module; the expectation in
``expectation.py`` does not, so that it can disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .model import Bill, Item, Modifier, Order, OrderLine, Tax

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(value: Decimal) -> Decimal:
    """Round half up, away from zero, to two decimals."""
    return value.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Amounts:
    """The money of one line."""

    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def line_amounts(
    quantity: Decimal, unit_cost: Decimal, amount: Decimal | None, tax: Tax | None
) -> Amounts:
    """Return net and tax of a line; an inclusive tax is taken out of the price."""
    stated = cents(quantity * unit_cost) if amount is None else amount
    if tax is None:
        return Amounts(stated, ZERO)
    if tax.inclusive:
        inside = cents(stated * tax.percentage / (100 + tax.percentage))
        return Amounts(stated - inside, inside)
    return Amounts(stated, cents(stated * tax.percentage / 100))


def item_amounts(item: Item) -> Amounts:
    """Return net and tax of a bill line."""
    return line_amounts(item.quantity, item.unit_cost, item.amount, item.tax)


@dataclass(frozen=True, slots=True)
class Totals:
    """The money of a bill's header."""

    subtotal: Decimal
    costs: Decimal
    exclusive_tax: Decimal
    inclusive_tax: Decimal
    shipping: Decimal
    error: Decimal

    @property
    def tax(self) -> Decimal:
        return self.exclusive_tax + self.inclusive_tax

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.costs + self.tax + self.shipping + self.error


def bill_totals(bill: Bill) -> Totals:
    """Return the header's figures."""
    taxed = [(item, item_amounts(item)) for item in bill.items]
    return Totals(
        subtotal=_sum(amounts.net for _item, amounts in taxed),
        costs=_sum(cost.share.amount for cost in bill.costs),
        exclusive_tax=_sum(a.tax for i, a in taxed if i.tax and not i.tax.inclusive),
        inclusive_tax=_sum(a.tax for i, a in taxed if i.tax and i.tax.inclusive),
        shipping=_sum(item.shipping or ZERO for item in bill.items),
        error=bill.total_error or ZERO,
    )


def in_base_currency(bill: Bill) -> Decimal:
    """Return the total at the rate that was frozen on the bill."""
    return cents(bill_totals(bill).total / bill.rate)


# --- orders -----------------------------------------------------------------------


def line_total(line: OrderLine) -> Decimal:
    """Return an order line's amount, without its tax and shipping."""
    return cents(line.quantity * line.price) if line.total is None else line.total


def line_tax(line: OrderLine) -> Decimal:
    """Return the tax that was typed on an order's line."""
    net = line_total(line)
    return _sum(cents(net * tax.percentage / 100) for tax in line.taxes)


def modified(modifier: Modifier, base: Decimal) -> Decimal:
    """Return the amount of a header's tax or discount."""
    if modifier.percentage:
        return cents(base * modifier.value / 100)
    return modifier.value


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """The money of an order's header. A percentage is taken of the lines alone."""

    net: Decimal
    line_tax: Decimal
    line_shipping: Decimal
    tax: Decimal
    freight: Decimal
    other: Decimal
    discount: Decimal
    error: Decimal
    extras_in_subtotal: bool

    @property
    def subtotal(self) -> Decimal:
        if self.extras_in_subtotal:
            return self.net + self.line_tax + self.line_shipping
        return self.net

    @property
    def total(self) -> Decimal:
        lines = self.net + self.line_tax + self.line_shipping
        extras = self.tax + self.freight + self.other - self.discount
        return lines + extras + self.error


def order_totals(order: Order, lines: Iterable[OrderLine]) -> OrderTotals:
    """Return the header's figures; a cancelled order keeps those that it had."""
    live = [line for line in lines if line.active]
    net = _sum(line_total(line) for line in live)
    if order.former_subtotal is not None:
        net = order.former_subtotal
    return OrderTotals(
        net=net,
        line_tax=_sum(line_tax(line) for line in live),
        line_shipping=cents(_sum(line.shipping or ZERO for line in live)),
        tax=modified(order.tax, net),
        freight=order.freight,
        other=order.other,
        discount=modified(order.discount, net),
        error=order.total_error or ZERO,
        extras_in_subtotal=order.extras_in_subtotal,
    )


def proportional(amount: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Split an amount by weights to the cent; the residue goes to the largest."""
    whole = sum(weights, ZERO)
    if not whole:
        return [amount, *([ZERO] * (len(weights) - 1))]
    parts = [cents(amount * weight / whole) for weight in weights]
    largest = max(range(len(weights)), key=lambda index: abs(weights[index]))
    parts[largest] += amount - sum(parts, ZERO)
    return parts


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)
