"""Taxes as documents name them, and the rate of those that do not say theirs.

Source: Procurify API reference, "Retrieve a bill": a line has the name, the percentage
and the amount of its tax; each of them may be missing, and there is no list of taxes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from .payloads.values import Reader, short_key
from .rounding import ZERO, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Key = TypeVar("Key")
Rates = tuple[Decimal, Decimal]
"""From which to which percentage a rate makes an amount."""

HUNDRED = Decimal(100)
# Rates that are in use anywhere are multiples of one of these; the plainest first.
_STEPS = tuple(map(Decimal, ("1", "0.5", "0.25", "0.1", "0.125", "0.05", "0.01")))
_FINEST_STEPS = tuple(Decimal(1).scaleb(-digits) for digits in range(3, 9))


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax as documents name it: Procurify has no list of taxes.

    ``percentage`` is in percent (12 means 12 %), normalised (no trailing zeros). Where
    documents do not say it, ``is_estimated``: it follows from their amounts, and the
    tax is known by its name alone.
    """

    name: str
    percentage: Decimal
    inclusive: bool
    is_estimated: bool = False

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Tax:
        """Read a staged tax.

        :raises InvalidPayload: the percentage is not a number
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> Tax:
        """Read a tax where it stands in a larger payload."""
        return cls(
            str(source.data["name"]),
            source.required_decimal("percentage"),
            bool(source.data["inclusive"]),
            bool(source.data.get("is_estimated")),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        estimated = {"is_estimated": True} if self.is_estimated else {}
        return {
            "name": self.name,
            "percentage": format(self.percentage, "f"),
            "inclusive": self.inclusive,
            **estimated,
        }

    @property
    def external_id(self) -> str:
        """The synthetic key: a tax is what its name, percentage and kind say."""
        kind = "inclusive" if self.inclusive else "exclusive"
        rate = "?" if self.is_estimated else format(self.percentage, "f")
        return short_key(f"{self.name}|{rate}|{kind}")

    @property
    def code(self) -> str:
        """A tax has no code in Procurify."""
        return ""

    @property
    def label(self) -> str:
        """The name, the percentage as far as it is said, and whether prices include
        the tax."""
        rate = "" if self.is_estimated else f" {self.percentage:f} %"
        kind = " incl." if self.inclusive else ""
        return f"{self.name}{rate}{kind}".strip()


@dataclass(frozen=True, slots=True)
class TaxedAmount:
    """What a line says of its tax; ``percentage`` is None if it has none."""

    name: str
    tax_id: int | None
    percentage: Decimal | None
    inclusive: bool
    net: Decimal
    amount: Decimal

    @property
    def is_taxed(self) -> bool:
        """Whether there is a tax: one with a name or an id is one, also of nothing."""
        named = self.name or self.tax_id is not None
        return bool(named or self.amount or self.percentage)

    @property
    def stated_percentage(self) -> Decimal | None:
        """The percentage; 0 % of an amount says nothing."""
        return None if self.amount and not self.percentage else self.percentage

    @property
    def shown_name(self) -> str:
        """The name, else the id: the same tax has the same on every document."""
        return self.name or ("" if self.tax_id is None else f"Tax {self.tax_id}")

    def rates(self, cent: Decimal) -> Rates | None:
        """Return from which to which percentage a rate makes the amount, rounded.

        None where the line has no net amount: then it says nothing of the rate.
        """
        if not self.net:
            return None
        ends = (self.amount - cent / 2, self.amount + cent / 2)
        low, high = sorted(end / self.net * HUNDRED for end in ends)
        return low, high


def taxes_of(lines: Sequence[TaxedAmount], cent: Decimal) -> list[Tax | None]:
    """Return the tax of each line.

    Lines that name a tax without a percentage have one and the same as long as one rate
    makes all their amounts. Else the rates show which of several taxes each one has.

    :param cent: the smallest amount of the document's currency
    """
    unstated = defaultdict(list)
    taxes: list[Tax | None] = [None] * len(lines)
    for number, line in enumerate(lines):
        rate = line.stated_percentage
        if line.is_taxed and rate is None:
            unstated[line.shown_name, line.inclusive].append(number)
        elif line.is_taxed and rate is not None:
            taxes[number] = Tax(line.shown_name, plain(rate), line.inclusive)
    for (name, inclusive), numbers in unstated.items():
        groups = _by_rate({n: lines[n].rates(cent) for n in numbers})
        by_name = bool(name) and len(groups) == 1
        for rate, members in groups:
            for number in members:
                taxes[number] = Tax(name, rate, inclusive, by_name)
    return taxes


def common_rates(lines: Iterable[TaxedAmount], cent: Decimal) -> Rates | None:
    """Return from which to which percentage one rate makes the amounts of all lines.

    None if no line shows it, or no rate makes all of them.
    """
    telling = [ends for line in lines if (ends := line.rates(cent))]
    if not telling:
        return None
    low, high = max(low for low, _h in telling), min(high for _l, high in telling)
    return (low, high) if low <= high else None


def with_own_rates(
    said: dict[Key, tuple[Tax, Rates]], known: Iterable[Tax]
) -> dict[Key, Tax]:
    """Return the tax with its own rate for each that its name alone does not show.

    :param said: {where a tax stands: (that tax, the rates that make its amounts there)}
    :param known: taxes that have such a rate already; one that fits is taken
    """
    known, found = list(known), {}
    rest: dict[tuple[str, bool], dict[Key, Rates | None]] = defaultdict(dict)
    for key, (tax, (low, high)) in said.items():
        kind = tax.name, tax.inclusive
        fitting = (
            other
            for other in known
            if (other.name, other.inclusive) == kind
            and not other.is_estimated
            and low <= other.percentage <= high
        )
        if other := next(fitting, None):
            found[key] = other
        else:
            rest[kind][key] = (low, high)
    for (name, inclusive), ranges in rest.items():
        for rate, keys in _by_rate(ranges):
            found |= dict.fromkeys(keys, Tax(name, rate, inclusive))
    return found


def _by_rate(ranges: dict[Key, Rates | None]) -> list[tuple[Decimal, list[Key]]]:
    """Return (rate, lines) of as few rates as make the amounts of all lines."""
    telling = {number: ends for number, ends in ranges.items() if ends}
    silent = [number for number, ends in ranges.items() if not ends]
    groups: list[tuple[Decimal, list[Key]]] = []
    low = high = ZERO
    members: list[Key] = []
    for number in sorted(telling, key=lambda n: telling[n][1]):
        first, last = telling[number]
        if members and first <= high:
            low, high = max(low, first), min(high, last)
            members.append(number)
            continue
        if members:
            groups.append((plainest(low, high), members))
        low, high, members = first, last, [number]
    if members:
        groups.append((plainest(low, high), members))
    if not groups:
        return [(ZERO, silent)]
    groups[0][1].extend(silent)
    return groups


def plainest(low: Decimal, high: Decimal) -> Decimal:
    """Return the plainest rate from ``low`` to ``high``: 8.25 before 8.3 or 8.27."""
    middle = (low + high) / 2
    for step in (*_STEPS, *_FINEST_STEPS):
        rate = (middle / step).quantize(Decimal(1)) * step
        if low <= rate <= high:
            return plain(rate)
    return plain(middle.quantize(_FINEST_STEPS[-1]))
