"""What all parts of the data set share: its records, its lock, its clock."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final
from uuid import UUID

from . import tenant_time
from .catalogue import make_catalogue
from .drawing import Draw, Wanted
from .order_book import OrderBook
from .order_drawing import OrderDraw
from .vendors import VendorBook, make_vendors

if TYPE_CHECKING:
    from collections.abc import Callable

    from .model import (
        Bill,
        CatalogItem,
        Order,
        OrderLine,
        Requisition,
        Vendor,
    )
    from .order_book import LineRow, Purchase

LAST_DAY: Final = date(2026, 10, 31)
FIRST_PK: Final = 3001
NAMESPACE: Final = UUID("8a3f6a52-0000-4000-8000-000000000019")


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


class Store:
    """The records. While the past is made, what is drawn keeps its drawn stamps."""

    def __init__(
        self,
        bills: int,
        seed: int,
        *,
        catalog: int | None,
        last_day: date,
        seasonal: bool,
        clock: Callable[[], datetime],
    ) -> None:
        self.seed = seed
        self.last_day = last_day
        self.seasonal = seasonal
        self.revision = 0
        self.storage_url = "https://storage.invalid"
        self.all_hides_closed = False
        self.keeps_former_lines = False
        self._clock = clock
        self._lock = threading.RLock()
        self._in_the_past = True
        self._latest: datetime | None = None
        self._vendor_book: VendorBook = make_vendors(bills, seed, last_day)
        self._vendors: dict[int, Vendor] = dict(self._vendor_book.by_id)
        catalogue = make_catalogue(seed, self._vendor_book)
        kept = list(catalogue)[:catalog]
        self._book = OrderBook(catalogue={number: catalogue[number] for number in kept})
        self._catalogue_names = {i.name: i for i in self._book.catalogue.values()}
        self._bills: dict[int, Bill] = {}
        self._by_uuid: dict[str, int] = {}
        self._statuses: tuple[int, dict[int, str]] | None = None
        self._ordinal = 0
        self._order_ordinal = 0
        self._next_pk = FIRST_PK

    # --- drawing ------------------------------------------------------------------

    def _next_draw(self, wanted: Wanted) -> Draw:
        self._ordinal += 1
        return Draw(
            self.seed,
            self._ordinal,
            self._vendor_book,
            self.last_day,
            wanted,
            seasonal=self.seasonal,
        )

    def _next_order_draw(self, wanted: Wanted) -> OrderDraw:
        self._order_ordinal += 1
        return OrderDraw(
            self.seed,
            self._order_ordinal,
            self._vendor_book,
            tuple(self._book.catalogue.values()),
            self.last_day,
            wanted,
            seasonal=self.seasonal,
        )

    def _put(self, purchase: Purchase) -> None:
        self._book.put(purchase)
        self.revision += 1

    def _store(self, bill: Bill) -> None:
        self._bills[bill.id] = bill
        self._by_uuid[bill.uuid.hex] = bill.id
        self.revision += 1

    def stamp(self) -> datetime:
        """Return the instant of an edit: now, but after everything before it."""
        with self._lock:
            now = self._clock()
            if self._latest is not None:
                now = max(now, self._latest + timedelta(milliseconds=1))
            self._latest = now
            return tenant_time.local(now)

    def set_clock(self, clock: Callable[[], datetime] = utc_now) -> None:
        """Let the server's clock go otherwise, even back; as the world's again."""
        with self._lock:
            self._clock, self._latest = clock, None

    def number_from(self, first: int) -> None:
        """Give the next bill this number, if no higher one is taken."""
        with self._lock:
            self._next_pk = max(first, self._next_pk)

    def _now(self, drawn: datetime) -> datetime:
        """Return the instant of an edit; what was drawn, while the past is made."""
        return drawn if self._in_the_past else self.stamp()

    def _let_time_begin(self) -> None:
        """From here on, edits happen now and after all that was drawn."""
        stamps = [bill.modified for bill in self._bills.values()]
        stamps += [order.modified for order in self._book.orders.values()]
        stamps += [line.modified for line in self._book.lines.values()]
        if self._latest is not None:
            stamps.append(self._latest)
        self._latest = max(stamps, default=None)
        self._in_the_past = False

    # --- looking up ---------------------------------------------------------------

    def bills(self) -> list[Bill]:
        """Return the bills that the list shows, by id."""
        with self._lock:
            return [bill for bill in self._bills.values() if bill.active]

    def bill(self, bill_id: int) -> Bill:
        return self._bills[bill_id]

    def vendors(self) -> list[Vendor]:
        with self._lock:
            return list(self._vendors.values())

    def vendor(self, vendor_id: int) -> Vendor | None:
        return self._vendors.get(vendor_id)

    # --- orders -------------------------------------------------------------------

    def orders(self) -> list[Order]:
        """Return the orders that the lists show, by id."""
        with self._lock:
            return [order for order in self._book.orders.values() if order.listed]

    def order(self, order_id: int | None) -> Order | None:
        return None if order_id is None else self._book.orders.get(order_id)

    def find_order(self, reference: str) -> Order | None:
        """Return an order that can be read by id or by uuid."""
        with self._lock:
            order = self._book.order_by_reference(reference)
            return order if order is not None and order.readable else None

    def order_lines(self, order_id: int) -> list[OrderLine]:
        """Return the lines that are on the order now, by their number."""
        with self._lock:
            return self._book.lines_of(order_id)

    def former_lines(self, order_id: int) -> list[OrderLine]:
        """Return the lines that an order goes on showing though they left it."""
        with self._lock:
            if not self.keeps_former_lines:
                return []
            return self._book.former_lines_of(order_id)

    def order_line(self, line_id: int | None) -> OrderLine | None:
        return None if line_id is None else self._book.lines.get(line_id)

    def line_rows(self) -> list[LineRow]:
        with self._lock:
            return self._book.rows()

    def fulfilment(self, order: Order) -> str:
        with self._lock:
            return self._book.fulfilment(order)

    def order_statuses(self) -> dict[int, str]:
        """Return the list that each order is in, remembered for long lists."""
        with self._lock:
            known = self._statuses
            if known is None or known[0] != self.revision:
                book = self._book
                found = {o.id: book.status(o) for o in book.orders.values()}
                self._statuses = known = self.revision, found
            return known[1]

    def requisitions(self) -> list[Requisition]:
        with self._lock:
            return list(self._book.requisitions.values())

    def requisition(self, num: int) -> Requisition | None:
        return self._book.requisitions.get(num)

    def requisition_lines(self, num: int) -> list[OrderLine]:
        with self._lock:
            return self._book.lines_of_requisition(num)

    def catalog_items(self) -> list[CatalogItem]:
        with self._lock:
            return list(self._book.catalogue.values())

    def catalog_item(self, item_id: int | None) -> CatalogItem | None:
        return None if item_id is None else self._book.catalogue.get(item_id)
