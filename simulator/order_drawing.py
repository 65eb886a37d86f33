"""Draws purchase orders and requisitions at random, from one seed for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from . import tenant_time
from .arithmetic import CENT, line_total, proportional
from .drawing import BOOKED_DEPARTMENTS, Chance, Wanted, frozen_rate
from .manufacturer import (
    GOODS,
    PEOPLE,
    REMARKS,
)
from .model import Order, OrderLine, Requisition, Share
from .order_book import CANCELLED, RECEIVED, WANTED, Purchase, status_of
from .season import drawn_day

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from .model import CatalogItem, Currency, Department
    from .vendors import VendorBook

# Ids of these orders are apart from those of the bills' own orders.
FIRST_ORDER: Final = 70_000
FIRST_LINE: Final = 2_000_000
FIRST_REQUISITION: Final = 90_000
ORDERS_PER_DRAW, LINES_PER_DRAW, REQUISITIONS_PER_DRAW = 2, 20, 4
REQUISITION_APPROVED, REQUISITION_PURCHASED, REQUISITION_RECEIVED = 1, 3, 5


class OrderDraw(Chance):
    """The random choices of one purchase."""

    def __init__(
        self,
        seed: int,
        ordinal: int,
        vendors: VendorBook,
        catalogue: Sequence[CatalogItem],
        last_day: date,
        wanted: Wanted | None = None,
        *,
        seasonal: bool = False,
    ) -> None:
        super().__init__("order", seed, ordinal, vendors, wanted)
        self.catalogue = catalogue
        self.vendor_id = self.rng.choice(vendors.ordinary)
        self.user_id = self.rng.choice(PEOPLE).id
        day = drawn_day(self.rng, last_day, 20, seasonal)
        self.bought = tenant_time.at(
            day, self.rng.randint(7, 17), self.rng.randint(0, 59)
        )
        changed = self.bought + timedelta(
            hours=self.rng.randint(1, 300), microseconds=self.rng.randint(0, 999999)
        )
        self.modified = tenant_time.local(changed)
        self._orders = 0

    # --- small things -------------------------------------------------------------

    def requisition_number(self, position: int = 0) -> int:
        return FIRST_REQUISITION + self.ordinal * REQUISITIONS_PER_DRAW + position

    # --- lines --------------------------------------------------------------------

    def line(
        self,
        *,
        code: str | None = None,
        department: Department | None = None,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
        text: str | None = None,
        unit: str | None = None,
        requisition: int = 0,
        free_text: bool = False,
    ) -> OrderLine:
        """Return a line that was asked for, approved, and not bought yet."""
        picked = None
        if not (free_text or code or text or self.wanted.code):
            picked = (
                self.rng.choice(self.catalogue) if self.rng.random() < 0.3 else None
            )
        code = code or (picked.code if picked else self.code())
        department = department or self.department()
        goods, usual_unit, low, high = self.rng.choice(
            GOODS.get(code, (("Item without a catalogue", "each", 10, 100),))
        )
        drawn = Decimal(self.rng.randint(low * 100, high * 100)) * CENT
        if quantity is None:
            quantity = Decimal(self.rng.randint(1, 40))
        if picked:
            goods, usual_unit, drawn = picked.name, picked.unit, picked.price
        if self.wanted.amount is not None and not self._lines:
            quantity, price = Decimal(1), self.wanted.amount
        self._lines += 1
        line = OrderLine(
            id=FIRST_LINE + self.ordinal * LINES_PER_DRAW + self._lines,
            requisition=self.requisition_number(requisition),
            requisition_line=self._lines,
            name=(text or goods)[:255],
            unit=usual_unit if unit is None else unit,
            quantity=quantity,
            price=drawn if price is None else price,
            shares=(Share(code, department.id, Decimal(0)),),
            vendor_id=self.vendor_id,
            currency_id=self.currency.id,
            requested=self.bought - timedelta(days=5),
            approved=self.bought - timedelta(days=2),
            modified=self.bought - timedelta(days=2),
            status=WANTED,
            sku=picked.sku if picked else "",
            catalog_item=picked.id if picked else None,
        )
        return coded(line)

    def split(self, line: OrderLine, keys: Sequence[tuple[str, int]]) -> OrderLine:
        """Return the line split over those (account code, department) pairs."""
        shares = tuple(
            Share(code, department_id, Decimal(self.rng.randint(1, 9)))
            for code, department_id in keys
        )
        return coded(replace(line, shares=shares))

    # --- orders and requisitions --------------------------------------------------

    def in_currency(self, currency: Currency) -> None:
        self.currency = currency

    def purchase(
        self, scenario: str, lines: Sequence[OrderLine], **changes: Any
    ) -> Purchase:
        """Return an order with those lines, and the requisitions they come from.

        :param changes: fields of the order that are not left to chance
        """
        order = replace(self._order(scenario), **changes)
        vendor = self.vendors.by_id[order.vendor_id]
        if order.vendor_name != vendor.name:
            order = replace(
                order, vendor_name=vendor.name, payment_term=vendor.payment_term
            )
        bought = tuple(
            on_order(line, order, number, order.modified)
            for number, line in enumerate(lines, start=1)
        )
        if order.state == CANCELLED:
            net = sum((line_total(line) for line in bought), Decimal(0))
            order = replace(order, former_subtotal=net)
            bought = tuple(back_on_list(line, order.modified) for line in bought)
        numbers = dict.fromkeys(line.requisition for line in lines)
        status = REQUISITION_APPROVED if order.state == CANCELLED else None
        requisitions = tuple(
            self.requisition(scenario, number, bought, status) for number in numbers
        )
        return Purchase((order,), bought, requisitions)

    def _order(self, scenario: str) -> Order:
        self._orders += 1
        number = FIRST_ORDER + self.ordinal * ORDERS_PER_DRAW + self._orders - 1
        vendor = self.vendors.by_id[self.vendor_id]
        external = f"HB/{self.bought.year}/{number % 1000:03d}"
        day = self.bought.date()
        return Order(
            id=number,
            uuid=self.uuid(),
            number=f"PO-{number}",
            scenario=scenario,
            vendor_id=vendor.id,
            vendor_name=vendor.name,
            buyer_id=self.rng.choice(PEOPLE).id,
            currency_id=self.currency.id,
            rate=frozen_rate(self.currency, self.rng),
            date=self.bought,
            promise_date=tenant_time.at(day + timedelta(days=self.rng.randint(5, 40))),
            modified=self.modified,
            external_number=external if self.rng.random() < 0.2 else None,
            payment_term=vendor.payment_term,
            comment=self.rng.choice(REMARKS),
            cost_details=not self.currency.base or self.rng.random() < 0.3,
        )

    def requisition(
        self,
        scenario: str,
        number: int,
        lines: Sequence[OrderLine],
        status: int | None = None,
    ) -> Requisition:
        mine = [line for line in lines if line.requisition == number]
        if status is None:
            complete = all(line.status == RECEIVED for line in mine) and mine
            status = REQUISITION_RECEIVED if complete else REQUISITION_PURCHASED
        home = mine[0].shares[0].department_id if mine else BOOKED_DEPARTMENTS[0].id
        return Requisition(
            num=number,
            uuid=self.uuid(),
            scenario=scenario,
            status=status,
            user_id=self.user_id,
            department_id=home,
            currency_id=mine[0].currency_id if mine else self.currency.id,
            date=self.bought - timedelta(days=5),
            required=tenant_time.at(self.bought.date() + timedelta(days=21)),
            modified=self.modified,
            description=self.rng.choice((None, "For the shutdown", "נחוץ בדחיפות")),
        )


def coded(line: OrderLine) -> OrderLine:
    """Return the line with its shares adding up to its amount, in their proportions."""
    weights = [share.amount for share in line.shares]
    if not any(weights):
        weights = [Decimal(1)] * len(weights)
    parts = proportional(line_total(line), weights)
    shares = tuple(
        replace(share, amount=part)
        for share, part in zip(line.shares, parts, strict=True)
    )
    return replace(line, shares=shares)


def on_order(
    line: OrderLine, order: Order, number: int, modified: datetime
) -> OrderLine:
    """Return the line as one that was bought with the order."""
    past = line.past_orders
    if line.order_id is not None and line.order_id != order.id:
        past = (*past, line.order_id)
    return replace(
        line,
        order_id=order.id,
        line_number=number,
        vendor_id=order.vendor_id,
        vendor_text=line.vendor_text or order.vendor_name[:100],
        currency_id=order.currency_id,
        purchased=line.purchased or order.date,
        modified=modified,
        past_orders=past,
        status=status_of(line),
        version=order.version,
    )


def back_on_list(line: OrderLine, modified: datetime) -> OrderLine:
    """Return the line as one that waits for being bought again."""
    past = line.past_orders
    if line.order_id is not None:
        past = (*past, line.order_id)
    return replace(
        line,
        order_id=None,
        line_number=None,
        purchased=None,
        past_orders=past,
        status=WANTED,
        modified=modified,
    )
