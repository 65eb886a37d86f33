"""What a bill books: net amounts per account code and department, and the check.

Plain arithmetic on Procurify's figures, in the bill's currency: no Odoo here.
Source: Procurify API reference, "Bills"; Procurify's help centre on tax rounding:
tax is computed per line, each line rounded to the cent, then summed; header costs
are not taxed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from .rounding import ONE, ZERO, allocated, plain, rounded, split
from .taxes import Tax, TaxedAmount, taxes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from .payloads import AccountCode, Allocation, Bill, BillItem, Department

__all__ = [
    "Balance",
    "NetLine",
    "BillFigures",
    "Share",
    "Tax",
    "quantity_text",
    "bill_figures",
    "split",
]

Kind = Literal["item", "extra", "shipping", "cost"]
"""Of a line: a bill's item, one that stands for an extra of a purchase order (its tax,
freight or discount), the freight of an item, or an extra of the bill itself."""


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
    documented: the line's own figures show it.
    """
    total, gross, tax = item.total_cost, item.total_cost_with_tax, item.tax_amount
    if total is None:
        if gross is not None:
            return gross - tax
        return (item.quantity or ONE) * (item.unit_cost or ZERO)
    if item.tax_is_inclusive and tax and gross is not None and total == gross:
        return total - tax
    return total


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
