"""The data set: generated from a seed, read by the server, edited while it runs."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid5

from . import books, documents, expectation, revisions
from .arithmetic import in_base_currency
from .bill_orders import order_of_bill
from .drawing import Wanted
from .manufacturer import ACCOUNT_CODES, CURRENCIES, DEPARTMENTS, LOCATIONS
from .model import AccountCode, Bill
from .order_edits import OrderEdits
from .order_scenarios import (
    ORDER_PLAN,
    REQUISITION_PLAN,
    draw_order,
    draw_requisition,
)
from .scenarios import PLAN, draw_bill
from .store import LAST_DAY, NAMESPACE, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .drawing import Draw
    from .model import Attachment, Currency, Department, Expected, Location

# The plant whose accounts were renewed: its bills of older years use older ids.
RENEWED_PLANT, RENEWED_ON = LOCATIONS[0].id, date(2026, 1, 1)


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


class Dataset(OrderEdits):
    """Everything the simulated tenant holds. All methods are safe to call from threads.

    The same numbers, `seed` and `last_day` give the same data, byte for byte.

    :param bills: how many bills of the ordinary mix; each with the order it is of
    :param orders: how many further orders
    :param requisitions: how many further requisitions, some of them with orders
    :param billings: how many of the bills that need orders of a special shape
    :param catalog: how many items the catalogue has, all of them when None
    :param clock: says when an edit happens; never earlier than what is already there
    """

    def __init__(
        self,
        bills: int = 60,
        seed: int = 1,
        *,
        orders: int = 0,
        requisitions: int = 0,
        billings: int = 0,
        catalog: int | None = None,
        last_day: date = LAST_DAY,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(bills, seed, catalog=catalog, last_day=last_day, clock=clock)
        self._codes = {account.code: account for account in ACCOUNT_CODES}
        self._accounts: dict[int, Account] = {}
        self._account_index: dict[tuple[str, int], list[Account]] = defaultdict(list)
        for account in ACCOUNT_CODES:
            self._open_accounts(account)
        self._base_totals: dict[int, tuple[Bill, Decimal]] = {}
        self._files: tuple[int, dict[str, Attachment]] | None = None
        self._generate(bills)
        self._generate_orders(orders, requisitions)
        self._let_time_begin()

    def _series(self, count: int, plan: Sequence[str], salt: str) -> Iterator[str]:
        """Yield so many names: each stretch of the plan's length has them all."""
        for block in range(0, count, len(plan)):
            names = list(plan)
            random.Random(f"{salt}/{self.seed}/{block}").shuffle(names)
            yield from names[: count - block]

    def _generate(self, count: int) -> None:
        for name in self._series(count, PLAN, "plan"):
            draw = self._next_draw(Wanted())
            self._store_with_order(self._drawn(draw, name), draw)

    def _generate_orders(self, orders: int, requisitions: int) -> None:
        for name in self._series(orders, ORDER_PLAN, "orders"):
            self._put(draw_order(self._next_order_draw(Wanted()), name))
        for name in self._series(requisitions, REQUISITION_PLAN, "requisitions"):
            self._put(draw_requisition(self._next_order_draw(Wanted()), name))

    def _drawn(self, draw: Draw, scenario: str) -> Bill:
        bill = draw_bill(draw, self._next_pk, scenario)
        self._next_pk += len(bill.versions)
        return bill

    def _store_with_order(self, bill: Bill, draw: Draw) -> None:
        """Store a new bill, and the order that its lines come from."""
        self._book.put(order_of_bill(bill, draw, self.seed, self._catalogue_names))
        self._store(bill)

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
                bill = replace(bill, modified=self._now(bill.modified))
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
