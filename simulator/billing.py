"""Bills of orders: how lines of orders become lines of bills, and scenarios of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from . import tenant_time
from .arithmetic import CENT, cents, item_amounts, line_total, modified, proportional
from .manufacturer import TAXES
from .model import Item, Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .dataset import Dataset
    from .drawing import Draw
    from .model import Bill, Order, OrderLine, Tax

APPROVED: Final = 2
CARD_BILL: Final = 2
FREIGHT_CODE: Final = "5300"
BILLED_AFTER: Final = 14


@dataclass(frozen=True, slots=True)
class Billed:
    """How much of an order's line is billed: a quantity, or an amount by cost."""

    line: OrderLine
    quantity: Decimal = Decimal(0)
    amount: Decimal | None = None


def bill_of_orders(
    draw: Draw,
    pk: int,
    scenario: str,
    orders: Sequence[Order],
    billed: Sequence[Billed],
    extras_of: Sequence[tuple[Order, Sequence[OrderLine]]] = (),
) -> Bill:
    """Return an approved bill of those lines, two weeks after the first order.

    :param orders: all of one vendor and in one currency
    :param extras_of: orders whose tax, freight, … become lines too, with their lines
    """
    by_id = {order.id: order for order in orders}
    items = [
        _item(draw, part, _tax_of(draw, by_id[part.line.order_id or 0], part.line))
        for part in billed
    ]
    for order, lines in extras_of:
        items += _extras(draw, order, lines)
    first = orders[0]
    by_card = first.card_issuer is not None
    bill = replace(
        draw.bill(pk, scenario, items),
        type=CARD_BILL if by_card else 0,
        status=APPROVED,
        vendor_id=first.card_issuer or first.vendor_id,
        currency_id=first.currency_id,
        rate=first.rate,
    )
    last = max(order.date for order in orders).date() + timedelta(days=BILLED_AFTER)
    return _moved(bill, last - bill.invoice_date.date())


def _item(draw: Draw, part: Billed, tax: Tax | None) -> Item:
    line = part.line
    item = Item(
        id=draw.next_item_id(),
        description=line.name,
        unit=line.unit,
        quantity=part.quantity,
        unit_cost=line.price,
        shares=line.shares,
        tax=tax,
        amount=part.amount,
        order_line=line.id,
    )
    weights = [share.amount for share in line.shares]
    if not any(weights):
        weights = [Decimal(1)] * len(weights)
    parts = proportional(item_amounts(item).net, weights)
    shares = tuple(
        replace(share, amount=amount)
        for share, amount in zip(line.shares, parts, strict=True)
    )
    return replace(item, shares=shares)


def _tax_of(draw: Draw, order: Order, line: OrderLine) -> Tax | None:
    """Return the line's tax; the tax of an order's header is a line of its own."""
    if line.taxes:
        names = {tax.name for tax in line.taxes}
        return next((tax for tax in TAXES if tax.name in names), None)
    return None if order.tax.value else draw.usual_tax()


def _extras(draw: Draw, order: Order, lines: Sequence[OrderLine]) -> list[Item]:
    """Return the order's miscellaneous costs: they name it, but none of its lines."""
    if not lines:
        return []
    net = sum((line_total(line) for line in lines), Decimal(0))
    share = lines[0].shares[0]
    amounts = {
        "Tax": (share.code, modified(order.tax, net)),
        "Freight": (FREIGHT_CODE, order.freight),
        "Other": (share.code, order.other),
        "Discount": (share.code, -modified(order.discount, net)),
    }
    return [
        Item(
            id=draw.next_item_id(),
            description=f"{name} ({order.number})",
            unit="each",
            quantity=Decimal(1),
            unit_cost=amount,
            shares=(Share(code, share.department_id, cents(amount)),),
            order=order.id,
        )
        for name, (code, amount) in amounts.items()
        if amount
    ]


def _moved(bill: Bill, by: timedelta) -> Bill:
    """Return the bill with all its dates moved by some days."""

    def day(value: datetime | None) -> datetime | None:
        return None if value is None else tenant_time.at(value.date() + by)

    submitted = bill.submitted and tenant_time.local(bill.submitted + by)
    return replace(
        bill,
        invoice_date=tenant_time.at(bill.invoice_date.date() + by),
        due_date=tenant_time.at(bill.due_date.date() + by),
        gl_post_date=day(bill.gl_post_date),
        submitted=submitted,
        modified=tenant_time.local(bill.modified + by),
    )


# --- scenarios --------------------------------------------------------------------

Params = dict[str, Any]
Billing = Callable[["Dataset", Params], list[int]]


def _split_by_quantity(
    dataset: Dataset, order_id: int, shares: Sequence[Decimal], params: Params
) -> list[int]:
    """Bill all lines of an order in several bills, each a share of the quantities."""
    lines = dataset.order_lines(order_id)
    left = {position: line.quantity for position, line in enumerate(lines)}
    found = []
    for number, share in enumerate(shares, start=1):
        now = {
            position: left[position]
            if number == len(shares)
            else (line.quantity * share).quantize(CENT)
            for position, line in enumerate(lines)
        }
        left = {position: left[position] - now[position] for position in left}
        found.append(dataset.bill_order(order_id, now, **params))
    return found


def _two_bills(dataset: Dataset, params: Params) -> list[int]:
    order_id = dataset.add_order("several_lines")
    return _split_by_quantity(dataset, order_id, [Decimal("0.5")] * 2, params)


def _line_in_several_bills(dataset: Dataset, params: Params) -> list[int]:
    order_id = dataset.add_order("plain")
    dataset.revise_order(order_id, quantity=12)
    shares = [Decimal("0.25"), Decimal("0.5"), Decimal("0.25")]
    return _split_by_quantity(dataset, order_id, shares, params)


def _by_cost_twice(dataset: Dataset, params: Params) -> list[int]:
    order_id = dataset.add_order("several_lines")
    totals = [line_total(line) for line in dataset.order_lines(order_id)]
    first = {number: cents(total * 2 / 5) for number, total in enumerate(totals)}
    rest = {number: total - first[number] for number, total in enumerate(totals)}
    return [
        dataset.bill_order(order_id, by_cost=amounts, **params)
        for amounts in (first, rest)
    ]


def _several_orders(dataset: Dataset, params: Params) -> list[int]:
    first = dataset.add_order("several_lines")
    order = dataset.order(first)
    same = {} if order is None else _same_vendor(order)
    second = dataset.add_order("plain", **same)
    return [dataset.bill_orders([first, second], **params)]


def _same_vendor(order: Order) -> dict[str, int]:
    return {"vendor_id": order.vendor_id, "currency_id": order.currency_id}


def _unlisted_order(dataset: Dataset, params: Params) -> list[int]:
    """A bill is seen before the list of orders shows its order."""
    order_id = dataset.add_order("plain", listed=False)
    return [dataset.bill_order(order_id, **params)]


def _order_extras(dataset: Dataset, params: Params) -> list[int]:
    """The order's tax, freight, other and discount are lines of the bill."""
    order_id = dataset.add_order("header_extras")
    return [dataset.bill_order(order_id, extras=True, **params)]


def _over_billed(dataset: Dataset, params: Params) -> list[int]:
    order_id = dataset.add_order("several_lines")
    lines = dataset.order_lines(order_id)
    more = {number: line.quantity + 2 for number, line in enumerate(lines)}
    return [dataset.bill_order(order_id, more, **params)]


def _order_credit(dataset: Dataset, params: Params) -> list[int]:
    """An order is billed, then one of each line goes back."""
    order_id = dataset.add_order("several_lines")
    back = {
        number: Decimal(-1) for number, _l in enumerate(dataset.order_lines(order_id))
    }
    return [
        dataset.bill_order(order_id, **params),
        dataset.bill_order(order_id, back, **params),
    ]


def _frame_calls(dataset: Dataset, params: Params) -> list[int]:
    order_id = dataset.add_order("blanket")
    whole = line_total(dataset.order_lines(order_id)[0])
    calls = [cents(whole / 4), cents(whole / 10)]
    return [
        dataset.bill_order(order_id, by_cost={0: amount}, **params) for amount in calls
    ]


def _cost_of_nothing(dataset: Dataset, params: Params) -> list[int]:
    """A line billed by cost with an amount of zero, beside one that costs something."""
    order_id = dataset.add_order("several_lines")
    amounts = {0: Decimal("0.00"), 1: line_total(dataset.order_lines(order_id)[1])}
    return [dataset.bill_order(order_id, by_cost=amounts, **params)]


def _received_only(dataset: Dataset, params: Params) -> list[int]:
    """Only what came of an order that was closed short is billed."""
    order_id = dataset.add_order("closed_short")
    lines = dataset.order_lines(order_id)
    come = {number: line.received for number, line in enumerate(lines)}
    return [dataset.bill_order(order_id, come, **params)]


def _split_order(dataset: Dataset, params: Params) -> list[int]:
    return [dataset.bill_order(dataset.add_order("split_coding"), **params)]


def _duplicate_number(dataset: Dataset, params: Params) -> list[int]:
    """Two bills of one vendor bear one number.

    The second was changed last a minute before the first: whichever is read first is
    booked, and the newest are read first.
    """
    first = dataset.add_bill("plain", **params)
    bill = dataset.bill(first)
    same = {
        "vendor_id": bill.vendor_id,
        "invoice_number": bill.invoice_number,
        "modified": bill.modified - timedelta(minutes=1),
    }
    return [first, dataset.add_bill("plain", **{**params, **same})]


BILLINGS: Final[dict[str, Billing]] = {
    "two_bills": _two_bills,
    "line_in_several_bills": _line_in_several_bills,
    "by_cost_twice": _by_cost_twice,
    "several_orders": _several_orders,
    "unlisted_order": _unlisted_order,
    "order_extras": _order_extras,
    "over_billed": _over_billed,
    "order_credit": _order_credit,
    "frame_calls": _frame_calls,
    "cost_of_nothing": _cost_of_nothing,
    "received_only": _received_only,
    "split_order": _split_order,
    "duplicate_number": _duplicate_number,
}
