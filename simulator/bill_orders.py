"""The purchase orders that bills come from: each bill's own, drawn from the bill."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from . import tenant_time
from .arithmetic import item_amounts
from .drawing import FIRST_ITEM, LINES_PER_BILL
from .model import Order, OrderLine, Requisition, Share
from .order_book import CLOSED, OPEN, PAID, RECEIVED, Purchase, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .drawing import Draw
    from .model import Bill, CatalogItem, Item, Vendor
    from .order_book import OrderBook

OF_BILL: Final = "of_bill"
FIRST_REQUISITION: Final = 7200
CARD_BILL, PAID_BILL = 2, 4
BOUGHT_BEFORE: Final = timedelta(days=14)


def order_of_bill(
    bill: Bill, draw: Draw, seed: int, catalogue: dict[str, CatalogItem]
) -> Purchase:
    """Return the order that the bill's lines come from, if they come from one.

    A bill of a card issuer pays for an order of an ordinary vendor.
    """
    rng = random.Random(f"order of bill/{seed}/{draw.ordinal}")
    items = [item for item in bill.items if item.order_line is not None]
    extras = [item for item in bill.items if item.order == draw.order_id]
    if not items and not extras:
        return Purchase()
    by_card = bill.type == CARD_BILL
    vendor_id = rng.choice(draw.vendors.ordinary) if by_card else bill.vendor_id
    vendor = draw.vendors.by_id[vendor_id]
    day = tenant_time.local(bill.invoice_date - BOUGHT_BEFORE)
    bought = day.replace(hour=rng.randint(7, 17), minute=rng.randint(0, 59))
    modified = bill.submitted or bill.modified
    lines = tuple(
        _line(bill, draw, item, vendor, bought, modified, rng, catalogue)
        for item in items
    )
    complete = all(line.status == RECEIVED for line in lines)
    state = _state(bill, complete=complete, rng=rng)
    order = Order(
        id=draw.order_id,
        uuid=draw.order_uuid,
        number=f"PO-{draw.order_id}",
        scenario=OF_BILL,
        vendor_id=vendor.id,
        vendor_name=vendor.name,
        buyer_id=bill.user_id,
        currency_id=bill.currency_id,
        rate=bill.rate,
        date=bought,
        promise_date=tenant_time.at(bought.date() + timedelta(days=10)),
        modified=modified,
        state=state,
        freight=sum((item_amounts(item).net for item in extras), Decimal(0)),
        payment_term=vendor.payment_term,
        comment=bill.note,
        closed=None if state == OPEN else modified,
        card_issuer=bill.vendor_id if by_card else None,
    )
    requisition = Requisition(
        num=FIRST_REQUISITION + draw.ordinal,
        uuid=UUID(int=rng.getrandbits(128), version=4),
        scenario=OF_BILL,
        status=5 if complete else 3,
        user_id=bill.user_id,
        department_id=items[0].shares[0].department_id if items else 7,
        currency_id=bill.currency_id,
        date=bought - timedelta(days=4),
        required=tenant_time.at(bought.date() + timedelta(days=10)),
        modified=modified,
    )
    return Purchase((order,), lines, (requisition,))


def _state(bill: Bill, *, complete: bool, rng: random.Random) -> int:
    """An order is closed by itself when everything has come."""
    if not complete:
        return OPEN
    if bill.status == PAID_BILL and rng.random() < 0.5:
        return PAID
    return CLOSED if rng.random() < 0.7 else OPEN


def _line(
    bill: Bill,
    draw: Draw,
    item: Item,
    vendor: Vendor,
    bought: datetime,
    modified: datetime,
    rng: random.Random,
    catalogue: dict[str, CatalogItem],
) -> OrderLine:
    billed = item.quantity
    if item.amount is not None:
        quantity, price = Decimal(1), abs(item.amount)
    else:
        quantity, price = billed or Decimal(1), item.unit_cost
    # What was ordered is often more than what is billed first.
    if rng.random() < 0.25 and quantity == quantity.to_integral_value():
        quantity += rng.randint(1, 5)
    known = catalogue.get(item.description) if rng.random() < 0.4 else None
    share = item.shares[0]
    walk_in = f"Walk-in supplier {bill.id}" if vendor.type == 1 else vendor.name
    line = OrderLine(
        id=item.order_line or 0,
        requisition=FIRST_REQUISITION + draw.ordinal,
        requisition_line=(item.id - FIRST_ITEM) % LINES_PER_BILL,
        name=item.description[:255],
        unit=item.unit,
        quantity=quantity,
        price=price,
        shares=(),
        vendor_id=vendor.id,
        currency_id=bill.currency_id,
        requested=bought - timedelta(days=4),
        modified=modified,
        order_id=draw.order_id,
        line_number=(item.id - FIRST_ITEM) % LINES_PER_BILL,
        approved=bought - timedelta(days=1),
        purchased=bought,
        sku=known.sku if known else "",
        vendor_text=walk_in[:100],
        received=billed if billed > 0 else quantity,
        catalog_item=known.id if known else None,
    )
    net = (quantity * price).quantize(Decimal("0.01"))
    shares = (Share(share.code, share.department_id, net),)
    return replace(line, shares=shares, status=status_of(line))


def following(bill: Bill, book: OrderBook, vendors: Mapping[int, Vendor]) -> Purchase:
    """Return the orders drawn for the bill, as ones of its vendor and currency."""
    billed = [book.lines.get(item.order_line or 0) for item in bill.items]
    numbers = {line.order_id for line in billed if line is not None}
    numbers |= {item.order for item in bill.items}
    own = [book.orders[number] for number in numbers if number in book.orders]
    own = [order for order in own if order.scenario == OF_BILL]
    orders = tuple(_of_vendor(order, bill, vendors) for order in own)
    lines = tuple(
        replace(
            line,
            vendor_id=order.vendor_id,
            currency_id=order.currency_id,
            modified=bill.modified,
        )
        for order in orders
        for line in book.lines_of(order.id)
    )
    return Purchase(orders, lines)


def _of_vendor(order: Order, bill: Bill, vendors: Mapping[int, Vendor]) -> Order:
    """Return the order as one of the bill's vendor, unless a card paid for it."""
    order = replace(
        order, currency_id=bill.currency_id, rate=bill.rate, modified=bill.modified
    )
    if bill.type == CARD_BILL:
        return replace(order, card_issuer=bill.vendor_id)
    name = vendors[bill.vendor_id].name
    return replace(order, vendor_id=bill.vendor_id, vendor_name=name)
