"""Draws lines, splits and headers of bills at random, from one seed per bill."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from . import tenant_time
from .arithmetic import CENT, cents, line_amounts, proportional
from .manufacturer import (
    CAD,
    DEPARTMENTS,
    EUR,
    GOODS,
    GST,
    ORDINARY_CODES,
    PEOPLE,
    REMARKS,
    SALES_TAX,
    USD,
    VAT,
)
from .model import Attachment, Bill, Cost, Item, Share
from .season import drawn_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .model import Currency, Department, Tax
    from .vendors import VendorBook

BOOKED_DEPARTMENTS = tuple(d for d in DEPARTMENTS if d.in_books)
TAX_OF_CURRENCY = {USD.id: SALES_TAX, CAD.id: GST, EUR.id: VAT}
# Approved, approved, …, payment confirmed, payment approved, paid, payment limbo.
PAYABLE_STATUSES = (2, 2, 2, 2, 2, 6, 7, 4, 8)
LINES_PER_BILL = 20
FIRST_ITEM = 61000
# A bill's own order has ids that follow from the bill's place in the series.
FIRST_ORDER_OF_BILLS, FIRST_LINE_OF_BILLS = 5500, 9000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller fixes instead of leaving it to chance."""

    code: str | None = None
    department_id: int | None = None
    amount: Decimal | None = None


class Chance:
    """What is left to chance about any document. Same seed and ordinal, same choices.

    :param kind: documents of another kind have other choices
    """

    def __init__(
        self,
        kind: str,
        seed: int,
        ordinal: int,
        vendors: VendorBook,
        wanted: Wanted | None,
    ) -> None:
        self.ordinal = ordinal
        self.rng = random.Random(f"{kind}/{seed}/{ordinal}")
        self.vendors = vendors
        self.wanted = wanted or Wanted()
        self.currency: Currency = self.rng.choices((USD, CAD, EUR), (15, 3, 2))[0]
        self._lines = 0

    def uuid(self) -> UUID:
        return UUID(int=self.rng.getrandbits(128), version=4)

    def code(self) -> str:
        return self.wanted.code or self.rng.choice(ORDINARY_CODES)

    def department(self) -> Department:
        if self.wanted.department_id is not None:
            number = self.wanted.department_id
            return next(d for d in DEPARTMENTS if d.id == number)
        return self.rng.choice(BOOKED_DEPARTMENTS)

    def departments(self, count: int) -> list[int]:
        return [d.id for d in self.rng.sample(BOOKED_DEPARTMENTS, count)]


class Draw(Chance):
    """The random choices of one bill."""

    def __init__(
        self,
        seed: int,
        ordinal: int,
        vendors: VendorBook,
        last_day: date,
        wanted: Wanted | None = None,
        *,
        seasonal: bool = False,
    ) -> None:
        super().__init__("bill", seed, ordinal, vendors, wanted)
        self.last_day = last_day
        self.seasonal = seasonal
        self.from_order = self.rng.random() < 0.6
        self.order_id = FIRST_ORDER_OF_BILLS + ordinal
        self.order_uuid = self.uuid()

    # --- small things -------------------------------------------------------------

    def usual_tax(self) -> Tax | None:
        return TAX_OF_CURRENCY.get(self.currency.id)

    def goods(self, code: str) -> tuple[str, str, Decimal]:
        """Return text, unit and a price for something bought on that code."""
        text, unit, low, high = self.rng.choice(
            GOODS.get(code, (("Item without a catalogue", "each", 10, 100),))
        )
        return text, unit, Decimal(self.rng.randint(low * 100, high * 100)) * CENT

    # --- lines --------------------------------------------------------------------

    def line(
        self,
        *,
        code: str | None = None,
        department: Department | None = None,
        tax: Tax | None = None,
        untaxed: bool = False,
        quantity: Decimal | None = None,
        unit_cost: Decimal | None = None,
        amount: Decimal | None = None,
        text: str | None = None,
    ) -> Item:
        """Return a line coded on one account of one department."""
        code = code or self.code()
        department = department or self.department()
        goods, unit, price = self.goods(code)
        if quantity is None:
            quantity = Decimal(self.rng.randint(1, 12))
        if self.wanted.amount is not None and not self._lines and amount is None:
            quantity, unit_cost = Decimal(1), self.wanted.amount
        unit_cost = price if unit_cost is None else unit_cost
        tax = None if untaxed else tax or self.usual_tax()
        net = line_amounts(quantity, unit_cost, amount, tax).net
        item = Item(
            id=self.next_item_id(),
            description=text or goods,
            unit=unit,
            quantity=quantity,
            unit_cost=unit_cost,
            shares=(Share(code, department.id, net),),
            tax=tax,
            amount=amount,
        )
        return self.ordered(item) if self.from_order and net > 0 else item

    def next_item_id(self) -> int:
        self._lines += 1
        return FIRST_ITEM + self.ordinal * LINES_PER_BILL + self._lines

    def ordered(self, item: Item) -> Item:
        """Return the line as the billing of a purchase order's line."""
        return replace(item, order_line=FIRST_LINE_OF_BILLS + item.id - FIRST_ITEM)

    def of_order(self, item: Item) -> Item:
        """Return the line as an extra of an order: the order, but none of its lines."""
        return replace(item, order_line=None, order=self.order_id)

    # --- splits -------------------------------------------------------------------

    def split(self, item: Item, keys: Sequence[tuple[str, int]]) -> Item:
        """Return the line split over those (account code, department) pairs."""
        net = sum((share.amount for share in item.shares), Decimal(0))
        if self.rng.random() < 0.6:
            weights = [Decimal(1)] * len(keys)
        else:
            weights = [Decimal(self.rng.randint(1, 9)) for _key in keys]
        parts = proportional(net, weights)
        shares = tuple(
            Share(code, department_id, part)
            for (code, department_id), part in zip(keys, parts, strict=True)
        )
        return replace(item, shares=shares)

    def shipped(self, item: Item) -> Item:
        """Return the line with a freight charge of its own.

        On a split line the charge is chosen so that it splits without a spare cent:
        which share would get that cent is nowhere documented.
        """
        weights = [share.amount for share in item.shares]
        while True:
            charge = Decimal(self.rng.randint(500, 9000)) * CENT
            parts = [cents(charge * weight / sum(weights)) for weight in weights]
            if sum(parts) == charge:
                return replace(item, shipping=charge)

    def cost(self, name: str, code: str, position: int = 0) -> Cost:
        amount = Decimal(self.rng.randint(1500, 30000)) * CENT
        share = Share(code, self.department().id, amount)
        return Cost(500 + self.ordinal * 4 + position, name, share)

    # --- the header ---------------------------------------------------------------

    def bill(self, first_pk: int, scenario: str, items: Sequence[Item]) -> Bill:
        """Return an approved vendor bill with those lines."""
        rng = self.rng
        invoice_day = drawn_day(rng, self.last_day, 12, self.seasonal)
        submitted_day = invoice_day + timedelta(days=rng.randint(1, 4))
        submitted = tenant_time.at(
            submitted_day, rng.randint(7, 17), rng.randint(0, 59)
        )
        versions = (first_pk, first_pk + 1) if rng.random() < 0.08 else (first_pk,)
        number = f"INV-{invoice_day.year}-{self.ordinal:05d}"
        posted = invoice_day + timedelta(days=3) if rng.random() < 0.2 else None
        return Bill(
            id=versions[-1],
            uuid=self.uuid(),
            group=first_pk,
            scenario=scenario,
            type=0,
            status=rng.choice(PAYABLE_STATUSES),
            vendor_id=rng.choice(self.vendors.ordinary),
            currency_id=self.currency.id,
            rate=frozen_rate(self.currency, self.rng),
            invoice_number=number,
            invoice_date=tenant_time.at(invoice_day),
            due_date=tenant_time.at(invoice_day + timedelta(days=30)),
            submitted=submitted,
            modified=self._modified(submitted),
            user_id=rng.choice(PEOPLE).id,
            items=tuple(items),
            version=len(versions),
            versions=versions,
            gl_post_date=tenant_time.at(posted) if posted else None,
            note=rng.choice(REMARKS),
            attachments=self._attachments(number),
        )

    def in_currency(self, bill: Bill, currency: Currency) -> Bill:
        self.currency = currency
        return replace(
            bill, currency_id=currency.id, rate=frozen_rate(self.currency, self.rng)
        )

    def _modified(self, submitted: datetime) -> datetime:
        """Return when the bill last changed; some were approved in one go."""
        if self.ordinal % 20 == 7:
            return tenant_time.at(self.last_day - timedelta(days=3), 9)
        later = submitted + timedelta(
            hours=self.rng.randint(1, 70), microseconds=self.rng.randint(0, 999999)
        )
        return tenant_time.local(later)

    def _attachments(self, number: str) -> tuple[Attachment, ...]:
        if self.ordinal % 4:
            return ()
        return (Attachment(800 + self.ordinal, self.uuid(), f"{number}.pdf"),)


def frozen_rate(currency: Currency, rng: random.Random) -> Decimal:
    """Return the rate frozen on a document, near the one typed in today."""
    if currency.base:
        return currency.rate
    drift = Decimal(rng.randint(-300, 300)) / 100000
    return (currency.rate * (1 + drift)).quantize(Decimal("0.000001"))
