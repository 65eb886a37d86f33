"""Amounts of money as whole cents, and their parts."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING

from .errors import InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Sequence

ZERO = Decimal(0)
ONE = Decimal(1)
_WIDE = Context(prec=100)
"""Quantity, price and percentage may each have all digits that Procurify allows."""


def split(amount: Decimal, weights: Sequence[Decimal], cent: Decimal) -> list[Decimal]:
    """Split ``amount`` by ``weights``; the rounding goes to the largest share.

    The shares add up to ``amount``. Weights that add up to nothing give all of it
    to the first.
    """
    whole = sum(weights, ZERO)
    if not whole:
        return [amount, *[ZERO] * (len(weights) - 1)]
    shares = [rounded(amount * weight / whole, cent) for weight in weights]
    largest = max(range(len(shares)), key=lambda i: abs(weights[i]))
    shares[largest] += amount - sum(shares, ZERO)
    return shares


def allocated(
    amount: Decimal, weights: Sequence[Decimal], cent: Decimal
) -> list[Decimal]:
    """Split ``amount`` as :func:`split` does, by what was allocated.

    A line of nothing may move an amount from one account to another.

    :raises InvalidPayload: the allocations cancel each other out, and ``amount`` is not
        nothing
    """
    if not any(weights) or sum(weights, ZERO):
        return split(amount, weights, cent)
    if amount:
        raise InvalidPayload("allocations", "add up to nothing")
    shares = [rounded(weight, cent) for weight in weights]
    largest = max(range(len(shares)), key=lambda i: abs(weights[i]))
    shares[largest] -= sum(shares, ZERO)
    return shares


def apportioned(
    amount: Decimal, weights: Sequence[Decimal], cent: Decimal
) -> list[Decimal]:
    """Split ``amount`` by ``weights`` of one sign, by the largest remainders.

    The shares add up to ``amount``, and each is within a cent of its exact part: what
    is missing goes, a cent each, to those that lost most. Weights that add up to
    nothing give all of it to the first.
    """
    whole = sum(weights, ZERO)
    if not whole:
        return [amount, *[ZERO] * (len(weights) - 1)]
    exact = [amount * weight / whole for weight in weights]
    shares = [part.quantize(cent, ROUND_DOWN) for part in exact]
    missing = int((amount - sum(shares, ZERO)) / cent)
    lost = sorted(range(len(exact)), key=lambda i: -abs(exact[i] - shares[i]))
    for i in lost[: abs(missing)]:
        shares[i] += cent if missing > 0 else -cent
    return shares


def rounded(amount: Decimal, cent: Decimal) -> Decimal:
    """Round to whole cents, a half away from zero.

    :raises InvalidPayload: an amount is too large to be one
    """
    try:
        return amount.quantize(cent, ROUND_HALF_UP, _WIDE)
    except InvalidOperation:
        raise InvalidPayload("amount", f"{amount:.3e} is out of range") from None


def plain(number: Decimal) -> Decimal:
    """Drop trailing zeros without an exponent: 12.50 → 12.5, 100 → 100."""
    text = format(number, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
