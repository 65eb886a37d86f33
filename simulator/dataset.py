"""The data set: generated from a seed, read by the server, edited while it runs."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

from . import books, documents, expectation, revisions, tenant_time
from .arithmetic import in_base_currency
from .bill_orders import order_of_bill
from .catalogue import make_catalogue
from .drawing import Draw, Wanted
from .manufacturer import ACCOUNT_CODES, CURRENCIES, DEPARTMENTS, LOCATIONS
from .model import AccountCode, Bill
from .order_book import OrderBook
from .scenarios import PLAN, draw_bill
from .vendors import VendorBook, make_vendors

if TYPE_CHECKING:
    from collections.abc import Callable

    from .model import (
        Attachment,
        CatalogItem,
        Currency,
        Department,
        Expected,
        Location,
        Order,
        OrderLine,
        Requisition,
        Vendor,
    )
    from .order_book import LineRow

LAST_DAY: Final = date(2026, 10, 31)
FIRST_PK: Final = 3001
# The plant whose accounts were renewed: its bills of older years use older ids.
RENEWED_PLANT, RENEWED_ON = LOCATIONS[0].id, date(2026, 1, 1)
NAMESPACE: Final = UUID("8a3f6a52-0000-4000-8000-000000000019")


@dataclass(frozen=True, slots=True)
class Account:
    """An account code opened for a department, for a budget period."""

    id: int
    code_id: int
    code: str
    department_id: int
    starts: date | None = None
    ends: date | None = None
    active: bool = True


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


class Dataset:
    """Everything the simulated tenant holds. All methods are safe to call from threads.

    The same `bills`, `seed` and `last_day` give the same data, byte for byte.

    :param clock: says when an edit happens; never earlier than what is already there
    """

    def __init__(
        self,
        bills: int = 60,
        seed: int = 1,
        *,
        last_day: date = LAST_DAY,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.seed = seed
        self.last_day = last_day
        self.revision = 0
        self._clock = clock
        self._lock = threading.RLock()
        self._vendor_book: VendorBook = make_vendors(bills, seed, last_day)
        self._vendors = dict(self._vendor_book.by_id)
        self._codes = {account.code: account for account in ACCOUNT_CODES}
        self._accounts: dict[int, Account] = {}
        self._account_index: dict[tuple[str, int], list[Account]] = defaultdict(list)
        for account in ACCOUNT_CODES:
            self._open_accounts(account)
        self.storage_url = "https://storage.invalid"
        self.all_hides_closed = False
        self.keeps_former_lines = False
        self._book = OrderBook(catalogue=make_catalogue(seed, self._vendor_book))
        self._catalogue_names = {i.name: i for i in self._book.catalogue.values()}
        self._bills: dict[int, Bill] = {}
        self._by_uuid: dict[str, int] = {}
        self._base_totals: dict[int, tuple[Bill, Decimal]] = {}
        self._files: tuple[int, dict[str, Attachment]] | None = None
        self._statuses: tuple[int, dict[int, str]] | None = None
        self._ordinal = 0
        self._next_pk = FIRST_PK
        self._generate(bills)
        self._latest = max((b.modified for b in self._bills.values()), default=None)

    def _generate(self, count: int) -> None:
        for block in range(0, count, len(PLAN)):
            names = list(PLAN)
            random.Random(f"plan/{self.seed}/{block}").shuffle(names)
            for name in names[: count - block]:
                draw = self._next_draw(Wanted())
                self._store_with_order(self._drawn(draw, name), draw)

    def _next_draw(self, wanted: Wanted) -> Draw:
        self._ordinal += 1
        return Draw(self.seed, self._ordinal, self._vendor_book, self.last_day, wanted)

    def _drawn(self, draw: Draw, scenario: str) -> Bill:
        bill = draw_bill(draw, self._next_pk, scenario)
        self._next_pk += len(bill.versions)
        return bill

    def _store_with_order(self, bill: Bill, draw: Draw) -> None:
        """Store a new bill, and the order that its lines come from."""
        self._book.put(order_of_bill(bill, draw, self.seed, self._catalogue_names))
        self._store(bill)

    def _store(self, bill: Bill) -> None:
        self._bills[bill.id] = bill
        self._by_uuid[bill.uuid.hex] = bill.id
        self.revision += 1

    def _open_accounts(self, account: AccountCode) -> None:
        for department in DEPARTMENTS:
            renewed = department.location_id == RENEWED_PLANT
            if renewed:
                self._open(account, department, None, RENEWED_ON - timedelta(days=1))
            self._open(account, department, RENEWED_ON if renewed else None, None)

    def _open(
        self,
        account: AccountCode,
        department: Department,
        starts: date | None,
        ends: date | None,
    ) -> None:
        number = 101 + len(self._accounts)
        opened = Account(
            number,
            account.id,
            account.code,
            department.id,
            starts,
            ends,
            active=account.active,
        )
        self._accounts[number] = opened
        self._account_index[account.code, department.id].append(opened)

    # --- looking up ---------------------------------------------------------------

    def bills(self) -> list[Bill]:
        """Return the bills that the list shows, by id."""
        with self._lock:
            return [bill for bill in self._bills.values() if bill.active]

    def bill(self, bill_id: int) -> Bill:
        return self._bills[bill_id]

    def find_bill(self, reference: str) -> Bill | None:
        """Return a bill by id or by uuid, with or without dashes."""
        with self._lock:
            if reference.isdecimal() and len(reference) < 20:
                return self._bills.get(int(reference))
            number = self._by_uuid.get(reference.replace("-", "").lower())
            return None if number is None else self._bills.get(number)

    def base_total(self, bill: Bill) -> Decimal:
        """Return the bill's total in the base currency, remembered for long lists."""
        known = self._base_totals.get(bill.id)
        if known is None or known[0] is not bill:
            known = bill, in_base_currency(bill)
            self._base_totals[bill.id] = known
        return known[1]

    def vendors(self) -> list[Vendor]:
        with self._lock:
            return list(self._vendors.values())

    def vendor(self, vendor_id: int) -> Vendor | None:
        return self._vendors.get(vendor_id)

    def account_codes(self) -> list[AccountCode]:
        with self._lock:
            return list(self._codes.values())

    def account_code(self, code: str) -> AccountCode:
        return self._codes[code]

    def accounts(self) -> list[Account]:
        with self._lock:
            return list(self._accounts.values())

    def account(self, code: str, department_id: int, day: date) -> Account:
        """Return the account that documents of that day are coded on."""
        periods = self._account_index[code, department_id]
        return next(
            (a for a in periods if a.ends and day <= a.ends),
            periods[-1],
        )

    def departments(self) -> list[Department]:
        return list(DEPARTMENTS)

    def locations(self) -> list[Location]:
        return list(LOCATIONS)

    def currencies(self) -> list[Currency]:
        return list(CURRENCIES)

    def files(self) -> dict[str, Attachment]:
        """Return every file by its path."""
        with self._lock:
            if self._files is None or self._files[0] != self.revision:
                attached = [a for bill in self.bills() for a in bill.attachments]
                for line in self._book.lines.values():
                    attached.extend(line.attachments)
                found = {documents.attachment_path(a): a for a in attached}
                self._files = self.revision, found
            return self._files[1]

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

    # --- what the books must say --------------------------------------------------

    def books(self) -> dict[str, object]:
        """Return what the company's Odoo holds before the first synchronisation."""
        return books.books()

    def expected(self) -> dict[int, Expected]:
        """Return what a correct import makes of each listed bill, by bill id."""
        with self._lock:
            vendors = dict(self._vendors)
            bills = self.bills()
            lines = dict(self._book.lines)
        twins = expectation.twin_names(vendors.values())
        return {
            bill.id: expectation.expected(bill, vendors, twins, lines) for bill in bills
        }

    def expected_balances(self) -> dict[tuple[str, str, int], Decimal]:
        """Return the sums per currency, account code and department."""
        sums: dict[tuple[str, str, int], Decimal] = defaultdict(Decimal)
        for outcome in self.expected().values():
            if outcome.importable:
                for (code, department_id, _location), net in outcome.net_lines.items():
                    sums[outcome.currency, code, department_id] += net
        return dict(sums)

    # --- edits --------------------------------------------------------------------

    def stamp(self) -> datetime:
        """Return the instant of an edit: now, but after everything before it."""
        with self._lock:
            now = self._clock()
            if self._latest is not None:
                now = max(now, self._latest + timedelta(milliseconds=1))
            self._latest = now
            return tenant_time.local(now)

    def add_bill(self, scenario: str = "plain", **params: Any) -> int:
        """Add a bill of that scenario and return its id.

        :param params: `code`, `department_id`, `amount` of the (first) line, and any
            field that :func:`revisions.changed` takes; `modified` to give an old stamp
        """
        with self._lock:
            wanted, rest = revisions.wanted(params)
            draw = self._next_draw(wanted)
            bill = revisions.changed(self._drawn(draw, scenario), rest)
            if "modified" not in rest:
                bill = replace(bill, modified=self.stamp())
            self._store_with_order(bill, draw)
            return bill.id

    def revise_bill(self, bill_id: int, **changes: Any) -> None:
        """Change fields of the header, or of the line number `item` (from 0)."""
        with self._lock:
            bill = revisions.changed(self._bills[bill_id], changes)
            self._store(replace(bill, modified=self.stamp()))

    def fix_bill(
        self,
        bill_id: int,
        *,
        new_uuid: bool = False,
        status: int | None = None,
        **changes: Any,
    ) -> int:
        """Do as "Fix Bill" and a new approval do; return the id of the new version."""
        with self._lock:
            old = self._bills.pop(bill_id)
            pk, self._next_pk = self._next_pk, self._next_pk + 1
            uuid = uuid5(NAMESPACE, f"{old.uuid}/{pk}") if new_uuid else old.uuid
            del self._by_uuid[old.uuid.hex]
            fixed = replace(
                revisions.changed(old, changes),
                id=pk,
                uuid=uuid,
                version=old.version + 1,
                versions=(*old.versions, pk),
                status=old.status if status is None else status,
                modified=self.stamp(),
            )
            self._store(fixed)
            return pk

    def set_status(self, bill_id: int, status: int) -> None:
        self.revise_bill(bill_id, status=status)

    def touch(self, bill_id: int) -> None:
        """Change nothing but the time of the last change."""
        self.revise_bill(bill_id)

    def delete_bill(self, bill_id: int, *, keep_inactive: bool = False) -> None:
        """Delete a bill: gone, or only out of the list with `active` false."""
        with self._lock:
            bill = self._bills.pop(bill_id)
            del self._by_uuid[bill.uuid.hex]
            self.revision += 1
            if keep_inactive:
                self._store(replace(bill, active=False, modified=self.stamp()))

    def rename_vendor(self, vendor_id: int, name: str) -> None:
        self._change_vendor(vendor_id, name=name)

    def deactivate_vendor(self, vendor_id: int) -> None:
        self._change_vendor(vendor_id, active=False)

    def _change_vendor(self, vendor_id: int, **changes: Any) -> None:
        with self._lock:
            vendor = self._vendors[vendor_id]
            changed = replace(vendor, modified=self.stamp(), **changes)
            self._vendors[vendor_id] = changed
            self.revision += 1

    def add_account_code(self, code: str, description: str) -> int:
        """Add an account code, open it for every department, return its id."""
        with self._lock:
            number = max(account.id for account in self._codes.values()) + 1
            account = AccountCode(number, code, description, 2, None)
            self._codes[code] = account
            self._open_accounts(account)
            self.revision += 1
            return number
