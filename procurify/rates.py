"""The exchange rate that a document implies, where its own figures explain it.

Procurify states a total in the tenant's base currency and does not say of which total:
with or without tax, with or without shipping. A rate that is computed from the wrong
one is off by the tax. The currency's rate in the same payload is the second witness;
which way it converts is not documented either, so both ways count.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from .arithmetic import ONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .payloads import Bill, Order

TOLERANCE = Decimal("0.005")
"""Relative: how far an implied rate may be from the one that the payload names."""
HALF_A_CENT = Decimal("0.005")

Answer = Literal[
    "gross", "net", "net_with_shipping", "all", "not_explained", "not_stated"
]


@dataclass(frozen=True, slots=True)
class ImpliedRate:
    """What a document says about its exchange rate.

    ``answer`` says of which of its totals the converted one is; ``all`` where they are
    equal. ``rate`` is units of the document's currency for one of the base currency,
    and None unless it is explained; ``rates`` are those that it may be then.
    """

    answer: Answer
    rate: Decimal | None = None
    rates: tuple[Decimal, ...] = ()

    @property
    def is_doubtful(self) -> bool:
        """Whether a converted total is there that the figures do not explain."""
        return self.answer == "not_explained"


def implied_bill_rate(bill: Bill) -> ImpliedRate:
    """Return the rate by which a bill's total was converted, as far as it is known."""
    net = bill.subtotal_cost if bill.total_cost is None else bill.total_cost
    shipping = bill.shipping_amount or Decimal(0)
    return _implied(
        bill.converted_total_cost,
        {
            "gross": bill.total_cost_with_tax,
            "net": net,
            "net_with_shipping": None if net is None else net + shipping,
        },
        bill.currency.rate if bill.currency else None,
    )


def implied_order_rate(order: Order) -> ImpliedRate:
    """Return the rate of an order, as far as its figures explain it.

    Where only the header's total can be compared, the rate of the purchase counts in
    the direction in which it explains the total.
    """
    named = order.rate
    if named is None and order.currency:
        named = order.currency.rate
    if order.total_in_base and order.total_in_currency:
        totals: dict[Answer, Decimal | None] = {
            "gross": order.total_in_currency,
            "net": order.subtotal,
        }
        return _implied(order.total_in_base, totals, named)
    if order.rate is None or order.rate <= 0:
        return ImpliedRate("not_stated")
    if order.rate == 1:
        return ImpliedRate("gross", ONE)
    if not (order.total_in_base and order.total):
        return ImpliedRate("not_stated")
    implied = order.total / order.total_in_base
    fitting = [r for r in (order.rate, ONE / order.rate) if _is_near(r, implied)]
    if not fitting:
        return ImpliedRate("not_explained", rates=(implied,))
    # Near 1 both ways fit: what the two totals say is as good as either.
    return ImpliedRate("gross", fitting[0] if len(fitting) == 1 else implied)


def _implied(
    converted: Decimal | None,
    totals: Mapping[Answer, Decimal | None],
    named: Decimal | None,
) -> ImpliedRate:
    """Find the total that was converted.

    :param converted: that total in the base currency
    :param totals: what it may be, in the document's currency
    :param named: the currency's rate in the payload, either way
    """
    known = {name: total for name, total in totals.items() if total}
    if not converted or not known:
        return ImpliedRate("not_stated")
    rates = {name: total / converted for name, total in known.items()}
    if len(set(known.values())) == 1 and len(known) == len(totals):
        rate = next(iter(rates.values()))
        return ImpliedRate("all", rate) if rate > 0 else ImpliedRate("not_explained")
    distances = {
        name: min(_distance(rate, way) for way in _both_ways(named))
        for name, rate in rates.items()
        if rate > 0 and named and named > 0
    }
    fitting = {
        name: distance
        for name, distance in distances.items()
        if distance <= max(TOLERANCE, HALF_A_CENT / abs(converted))
    }
    if not fitting:
        return ImpliedRate("not_explained", rates=tuple(rates.values()))
    best = min(fitting, key=lambda name: fitting[name])
    return ImpliedRate(best, rates[best])


def _both_ways(rate: Decimal | None) -> tuple[Decimal, ...]:
    return (rate, ONE / rate) if rate else ()


def _distance(rate: Decimal, other: Decimal) -> Decimal:
    return abs(rate / other - 1)


def _is_near(rate: Decimal, other: Decimal) -> bool:
    return other > 0 and _distance(rate, other) <= TOLERANCE
