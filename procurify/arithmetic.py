"""What a bill books: net amounts per account code and department, and the check.

Plain arithmetic on Procurify's figures, in the document's currency: no Odoo here. Cents
and taxes come first; those of an order are computed with them, too.

Source: Procurify API reference, "Bills" and "Retrieve a bill": a line has the name, the
percentage and the amount of its tax; each of them may be missing, and there is no list
of taxes. Procurify's help centre on tax rounding: tax is computed per line, each line
rounded to the cent, then summed; header costs are not taxed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from .errors import InvalidPayload
from .payloads.values import Reader, short_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .payloads import AccountCode, Allocation, Bill, BillItem, Department

Key = TypeVar("Key")
Rates = tuple[Decimal, Decimal]
"""From which to which percentage a rate makes an amount."""

HUNDRED = Decimal(100)
# Rates that are in use anywhere are multiples of one of these; the plainest first.
_STEPS = tuple(map(Decimal, ("1", "0.5", "0.25", "0.1", "0.125", "0.05", "0.01")))
_FINEST_STEPS = tuple(Decimal(1).scaleb(-digits) for digits in range(3, 9))

Kind = Literal["item", "extra", "shipping", "cost"]
"""Of a line: a bill's item, one that stands for an extra of a purchase order (its tax,
freight or discount), the freight of an item, or an extra of the bill itself."""

ZERO = Decimal(0)
ONE = Decimal(1)
_WIDE = Context(prec=100)
"""Quantity, price and percentage may each have all digits that Procurify allows."""


# === CENTS === #


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


# === TAXES === #


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


# === BILLS === #


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a net line on one department (None: no department)."""

    department: Department | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class NetLine:
    """One line to book: a net amount on one account code, split by department.

    ``tax_amount`` is the part of the item's tax, as Procurify rounded it, that goes
    with this amount. ``quantity`` and ``unit_price`` are given only where the whole
    item is on this line and their product is the amount.

    Of the lines of one item only the first says which purchase order's line it bills
    (``order_item_id``) and how much of it: ``item_quantity`` is the item's own even
    where it does not make the amount, and None for an item billed by cost.
    """

    source: str
    label: str
    account_code: AccountCode | None
    shares: tuple[Share, ...]
    amount: Decimal
    tax: Tax | None = None
    tax_amount: Decimal = ZERO
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    unit: str = ""
    kind: Kind = "item"
    order_id: int | None = None
    order_item_id: int | None = None
    item_quantity: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A document's own total and what its parts make, in its currency."""

    total: Decimal
    computed: Decimal
    tolerance: Decimal

    @property
    def residue(self) -> Decimal:
        """What the header says more than the parts make."""
        return self.total - self.computed

    @property
    def adds_up(self) -> bool:
        """Whether the residue is within a cent per line."""
        return abs(self.residue) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFigures(Balance):
    """A bill's lines to book and how they compare with its own total."""

    lines: tuple[NetLine, ...]


def bill_figures(bill: Bill, cent: Decimal) -> BillFigures:
    """Return what ``bill`` books, and whether that is what its header says.

    :param cent: the smallest amount of the bill's currency, such as 0.01
    :raises InvalidPayload: an amount is too large to be one
    """
    figures = _figures(bill, cent)
    if figures.adds_up or bill.total_cost_with_tax is None:
        return figures
    gross = tuple(map(_read_as_gross, bill.items))
    other = (
        figures if gross == bill.items else _figures(replace(bill, items=gross), cent)
    )
    return other if other.adds_up else figures


def _read_as_gross(item: BillItem) -> BillItem:
    """Return ``item`` as if its total contained its tax, if it does not say that."""
    if not _may_be_gross(item):
        return item
    return replace(item, total_cost_with_tax=item.total_cost)


def _may_be_gross(item: BillItem) -> bool:
    return bool(
        item.tax_is_inclusive
        and item.tax_amount
        and item.total_cost is not None
        and item.total_cost_with_tax is None
    )


def _figures(bill: Bill, cent: Decimal) -> BillFigures:
    taxes = taxes_of([_taxed(item, cent) for item in bill.items], cent)
    lines = [
        line
        for item, tax in zip(bill.items, taxes, strict=True)
        for line in _item_lines(item, tax, cent)
    ]
    lines += _cost_lines(bill, cent)
    shipping = [line for item in bill.items for line in _shipping_lines(item, cent)]
    total = bill.total_cost_with_tax
    if total is None:
        total = _total(lines + shipping)
    total = rounded(total, cent)
    # Whether the header's total contains the lines' shipping is not documented.
    with_shipping, without = _total(lines + shipping), _total(lines)
    if abs(total - with_shipping) <= abs(total - without):
        lines, computed = lines + shipping, with_shipping
    else:
        computed = without
    tolerance = cent * max(len(bill.items) + len(bill.costs), 1)
    return BillFigures(
        lines=tuple(lines), total=total, computed=computed, tolerance=tolerance
    )


def _item_lines(item: BillItem, tax: Tax | None, cent: Decimal) -> list[NetLine]:
    net = rounded(_net_amount(item), cent)
    tax_amount = rounded(item.tax_amount, cent)
    parts = _by_account(item, net, cent)
    weights = [part if net else abs(part) for _code, _s, part in parts]
    taxes = split(tax_amount, weights, cent)
    whole = len(parts) == 1
    quantity, price = _quantity_and_price(item, net, cent) if whole else (None, None)
    lines = [
        NetLine(
            source=f"item {item.id}",
            label=_label(item, with_quantity=quantity is None),
            account_code=code,
            shares=shares,
            amount=amount,
            tax=tax,
            tax_amount=tax_part,
            quantity=quantity,
            unit_price=price,
            unit=item.unit,
            kind=_kind(item),
        )
        for (code, shares, amount), tax_part in zip(parts, taxes, strict=True)
    ]
    lines[0] = replace(
        lines[0],
        order_id=item.order_id,
        order_item_id=item.order_item_id,
        item_quantity=None if item.bill_by_cost else item.quantity,
    )
    return lines


def _kind(item: BillItem) -> Kind:
    is_extra = item.order_id is not None and item.order_item_id is None
    return "extra" if is_extra else "item"


def _shipping_lines(item: BillItem, cent: Decimal) -> list[NetLine]:
    """Return the freight of a line, on the accounts of that line."""
    amount = rounded(item.shipping_amount, cent)
    if not amount:
        return []
    return [
        NetLine(
            f"shipping {item.id}",
            f"Shipping: {item.description}",
            *part,
            kind="shipping",
        )
        for part in _by_account(item, amount, cent)
    ]


def _cost_lines(bill: Bill, cent: Decimal) -> list[NetLine]:
    lines = []
    for cost in bill.costs:
        amount = rounded(cost.amount, cent)
        allocation = cost.allocation
        code = allocation.account_code if allocation else None
        share = Share(allocation.department if allocation else None, amount)
        lines.append(
            NetLine(
                source=f"cost {cost.id}",
                label=cost.name or "Cost",
                account_code=code,
                shares=(share,),
                amount=amount,
                kind="cost",
            )
        )
    return lines


def _by_account(
    item: BillItem, amount: Decimal, cent: Decimal
) -> list[tuple[AccountCode | None, tuple[Share, ...], Decimal]]:
    """Split ``amount`` as the item's allocations say: [(account code, shares, sum)].

    Whether allocations add up to the net or the gross amount is not documented, so
    they are weights.
    """
    allocations = item.allocations or (item.fallback_account,)
    weights = [allocation.amount if allocation else ONE for allocation in allocations]
    amounts = allocated(amount, weights, cent)

    def code_id(pair: tuple[Allocation | None, Decimal]) -> int:
        code = pair[0].account_code if pair[0] else None
        return code.id if code else 0

    pairs = sorted(zip(allocations, amounts, strict=True), key=code_id)
    parts = []
    for _id, group in groupby(pairs, key=code_id):
        mine = list(group)
        first = mine[0][0]
        shares = _merged(
            Share(allocation.department if allocation else None, part)
            for allocation, part in mine
        )
        parts.append(
            (
                first.account_code if first else None,
                shares,
                sum((s.amount for s in shares), ZERO),
            )
        )
    return parts


def _merged(shares: Iterable[Share]) -> tuple[Share, ...]:
    """Add up the shares of one department."""
    merged: dict[int, Share] = {}
    for share in shares:
        key = share.department.id if share.department else 0
        known = merged.get(key)
        amount = share.amount + (known.amount if known else ZERO)
        merged[key] = Share(share.department, amount)
    return tuple(merged.values())


def _net_amount(item: BillItem) -> Decimal:
    """Return the item's amount without tax.

    Whether ``total_cost`` of a line with inclusive tax is net or gross is not
    documented: the line's own figures show it, its gross amount or else its rate.
    """
    total, gross, tax = item.total_cost, item.total_cost_with_tax, item.tax_amount
    if total is None:
        if gross is not None:
            return gross - tax
        return (item.quantity or ONE) * (item.unit_cost or ZERO)
    if item.tax_is_inclusive and tax and gross is not None and total == gross:
        return total - tax
    if _may_be_gross(item) and _rate_says_gross(item, total):
        return total - tax
    return total


def _rate_says_gross(item: BillItem, total: Decimal) -> bool:
    """Whether the tax is its percentage of ``total`` less the tax, and not of all."""
    if not item.tax_percentage:
        return False
    rate = item.tax_percentage / 100
    of_all = abs(total * rate - item.tax_amount)
    of_rest = abs((total - item.tax_amount) * rate - item.tax_amount)
    return of_rest < of_all


def _taxed(item: BillItem, cent: Decimal) -> TaxedAmount:
    return TaxedAmount(
        name=item.tax_name,
        tax_id=item.tax_id,
        percentage=item.tax_percentage,
        inclusive=item.tax_is_inclusive,
        net=rounded(_net_amount(item), cent),
        amount=rounded(item.tax_amount, cent),
    )


def _quantity_and_price(
    item: BillItem, net: Decimal, cent: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    """Return quantity and net price where they make exactly ``net``, else nothing."""
    if item.bill_by_cost or not item.quantity or item.unit_cost is None:
        return None, None
    if rounded(item.quantity * item.unit_cost, cent) != net:
        return None, None
    return item.quantity, item.unit_cost


def _label(item: BillItem, *, with_quantity: bool) -> str:
    text = item.description or item.sku or f"Item {item.id}"
    if not with_quantity or item.bill_by_cost or not item.quantity:
        return text
    return f"{text} ({quantity_text(item.quantity, item.unit, item.unit_cost)})"


def quantity_text(quantity: Decimal, unit: str, price: Decimal | None) -> str:
    """Write out what does not make the amount of its line: "10 each x 24.5"."""
    times = f" x {plain(price):f}" if price is not None else ""
    return f"{plain(quantity):f} {unit or 'units'}{times}"


def _total(lines: Sequence[NetLine]) -> Decimal:
    return sum((line.amount + line.tax_amount for line in lines), ZERO)
