"""The data set: generated from a seed, read by the server, edited while it runs."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid5

from . import books, documents, expectation, order_expectation, revisions
from .arithmetic import in_base_currency, line_total
from .bill_orders import following, order_of_bill
from .billing import BILLINGS, Billed, bill_of_orders
from .drawing import Wanted
from .manufacturer import (
    ACCOUNT_CODES,
    CURRENCIES,
    DEPARTMENTS,
    LOCATIONS,
    PAYMENT_TERMS,
)
from .model import AccountCode, Attachment, Bill
from .order_edits import OrderEdits
from .order_revisions import is_by_product
from .order_scenarios import (
    ORDER_PLAN,
    REQUISITION_PLAN,
    draw_order,
    draw_requisition,
)
from .scenarios import FURTHER_SCENARIOS, PLAN, draw_bill
from .store import LAST_DAY, NAMESPACE, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .drawing import Draw
    from .model import (
        Currency,
        Department,
        Expected,
        ExpectedBilling,
        ExpectedOrder,
        ExpectedRequest,
        Location,
        OrderLine,
        Place,
    )

FIRST_ATTACHMENT: Final = 50_000
BILLING_PLAN: Final = (*BILLINGS, *FURTHER_SCENARIOS)
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
    :param vendors_for: for how many bills there are vendors, for `bills` when None
    :param catalog: how many items the catalogue has, all of them when None
    :param seasonal: more in spring, in autumn and at month ends, instead of evenly
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
        vendors_for: int | None = None,
        last_day: date = LAST_DAY,
        seasonal: bool = False,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(
            bills if vendors_for is None else vendors_for,
            seed,
            catalog=catalog,
            last_day=last_day,
            seasonal=seasonal,
            clock=clock,
        )
        self._currencies = {currency.id: currency for currency in CURRENCIES}
        self._codes = {account.code: account for account in ACCOUNT_CODES}
        self._accounts: dict[int, Account] = {}
        self._account_index: dict[tuple[str, int], list[Account]] = defaultdict(list)
        for account in ACCOUNT_CODES:
            self._open_accounts(account)
        self._base_totals: dict[int, tuple[Bill, Decimal]] = {}
        self._attached = 0
        self._files: tuple[int, dict[str, Attachment]] | None = None
        self.grow(bills, orders=orders, requisitions=requisitions, billings=billings)

    def grow(
        self,
        bills: int = 0,
        *,
        orders: int = 0,
        requisitions: int = 0,
        billings: int = 0,
    ) -> None:
        """Add documents as if they had been there, with stamps of their own."""
        with self._lock:
            self._in_the_past = True
            self._generate(bills)
            self._generate_orders(orders, requisitions)
            for name in self._series(billings, BILLING_PLAN, "billings"):
                self.add_bill(name)
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
        with self._lock:
            return list(self._currencies.values())

    def currency(self, currency_id: int) -> Currency:
        return self._currencies[currency_id]

    def files(self) -> dict[str, Attachment]:
        """Return every file by its path."""
        with self._lock:
            if self._files is None or self._files[0] != self.revision:
                attached = [a for bill in self.bills() for a in bill.attachments]
                for line in self._book.lines.values():
                    attached.extend(line.attachments)
                found = {documents.attachment_path(a): a for a in attached}
                found |= documents.slip_files(self.bills())
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
        outcomes = {
            bill.id: expectation.expected(bill, vendors, twins, lines) for bill in bills
        }
        expectation.hold_duplicates(bills, outcomes)
        return outcomes

    def expected_orders(self, *, hidden: bool = False) -> dict[int, ExpectedOrder]:
        """Return what a correct import makes of each listed order, by order id.

        :param hidden: also of those that no list shows, but that are found by id
        """
        with self._lock:
            vendors = dict(self._vendors)
            shown = [
                order
                for order in self._book.orders.values()
                if order.listed or (hidden and order.readable)
            ]
            orders = [(order, self.order_lines(order.id)) for order in shown]
        twins = expectation.twin_names(vendors.values())
        return {
            order.id: order_expectation.expected_order(order, lines, vendors, twins)
            for order, lines in orders
        }

    def expected_billed(self, *, held: bool = False) -> dict[int, Decimal]:
        """Return the billed quantity of each order line that was billed by quantity.

        Only bills in the books count; with `held` also those on hold.
        """
        bills = order_expectation.booked(self.bills(), self.expected(), held=held)
        return order_expectation.billed_quantities(bills)

    def expected_billed_amounts(self, *, held: bool = False) -> dict[int, Decimal]:
        """Return the net amount billed of each order line, by quantity or by cost."""
        bills = order_expectation.booked(self.bills(), self.expected(), held=held)
        return order_expectation.billed_amounts(bills)

    def expected_billing(self) -> dict[int, ExpectedBilling]:
        """Return what is billed of each order that is found by id."""
        bills = order_expectation.booked(self.bills(), self.expected(), held=False)
        with self._lock:
            orders = [o for o in self._book.orders.values() if o.readable]
            return {
                order.id: order_expectation.expected_billing(
                    order, self.order_lines(order.id), bills
                )
                for order in orders
            }

    def expected_requests(self) -> dict[int, ExpectedRequest]:
        """Return what each requisition asks for that is approved and not bought."""
        with self._lock:
            vendors = dict(self._vendors)
            twins = expectation.twin_names(vendors.values())
            return {
                requisition.num: order_expectation.expected_request(
                    requisition,
                    self.requisition_lines(requisition.num),
                    vendors,
                    twins,
                )
                for requisition in self.requisitions()
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

        A scenario of ``billing.BILLINGS`` may make several: :meth:`add_bills`.

        :param params: `code`, `department_id`, `amount` of the (first) line, and any
            field that :func:`revisions.changed` takes; `modified` to give an old stamp
        """
        with self._lock:
            if scenario in BILLINGS:
                return self.add_bills(scenario, **params)[0]
            wanted, rest = revisions.wanted(params)
            draw = self._next_draw(wanted)
            bill = revisions.changed(self._drawn(draw, scenario), rest)
            if "modified" not in rest:
                bill = replace(bill, modified=self._now(bill.modified))
            self._store_with_order(bill, draw)
            return bill.id

    def add_bills(self, scenario: str, **params: Any) -> list[int]:
        """Add the bills of a scenario that needs orders of its own; return their ids.

        :param params: what every one of the bills gets
        """
        with self._lock:
            found = BILLINGS[scenario](self, params)
            for bill_id in found:
                self._bills[bill_id] = replace(self._bills[bill_id], scenario=scenario)
            return found

    def bill_order(
        self,
        order_id: int,
        lines: Mapping[Any, Any] | None = None,
        *,
        by_cost: Mapping[Any, Any] | None = None,
        extras: bool = False,
        **params: Any,
    ) -> int:
        """Add a bill of an order and return its id.

        :param lines: the quantity billed, by the line's position on the order
        :param by_cost: the amount billed, by the line's position
        :param extras: whether the order's tax, freight, … become lines too
        :param params: as for :meth:`add_bill`

        Without `lines` and `by_cost` everything that was ordered is billed.
        """
        with self._lock:
            known = self._book.lines_of(order_id)
            billed = [
                Billed(known[int(position)], quantity=Decimal(str(quantity)))
                for position, quantity in (lines or {}).items()
            ]
            billed += [
                Billed(known[int(position)], amount=Decimal(str(amount)))
                for position, amount in (by_cost or {}).items()
            ]
            if lines is None and by_cost is None:
                billed = [_whole(line) for line in known]
            return self._bill([order_id], billed, params, extras=extras)

    def bill_orders(
        self, order_ids: Sequence[int], *, extras: bool = False, **params: Any
    ) -> int:
        """Add one bill of all that several orders of one vendor ordered."""
        with self._lock:
            lines = [ln for number in order_ids for ln in self._book.lines_of(number)]
            billed = [_whole(line) for line in lines]
            return self._bill(order_ids, billed, params, extras=extras)

    def _bill(
        self,
        order_ids: Sequence[int],
        billed: Sequence[Billed],
        params: dict[str, Any],
        *,
        extras: bool,
    ) -> int:
        orders = [self._order(number) for number in order_ids]
        if len({(order.vendor_id, order.currency_id) for order in orders}) > 1:
            message = "The orders are not of one vendor, in one currency."
            raise ValueError(message)
        draw = self._next_draw(Wanted())
        draw.currency = revisions.currency(orders[0].currency_id)
        with_extras = [(o, self._book.lines_of(o.id)) for o in orders if extras]
        pk = self._next_pk
        bill = bill_of_orders(draw, pk, "of_order", orders, billed, with_extras)
        self._next_pk += len(bill.versions)
        bill = revisions.changed(bill, params)
        if "modified" not in params:
            bill = replace(bill, modified=self._now(bill.modified))
        self._store(bill)
        return bill.id

    def revise_bill(self, bill_id: int, **changes: Any) -> None:
        """Change fields of the header, or of the line number `item` (from 0).

        An order that was drawn for the bill stays one of its vendor and currency.
        """
        with self._lock:
            bill = revisions.changed(self._bills[bill_id], changes)
            bill = replace(bill, modified=self.stamp())
            if changes.keys() & {"vendor_id", "currency_id"}:
                self._book.put(following(bill, self._book, self._vendors))
            self._store(bill)

    def add_bill_line(self, bill_id: int, **fields: Any) -> int:
        """Add a line to a bill and return its id.

        :param fields: `code`, `department_id`, `description`, `quantity`, `unit_cost`,
            `amount` (billed by cost), `order_line` (the id of an order's line)
        """
        with self._lock:
            bill = self._bills[bill_id]
            draw = self._next_draw(Wanted())
            draw.currency = revisions.currency(bill.currency_id)
            draw.from_order = False
            item = revisions.changed_item(draw.line(), fields)
            items = (*bill.items, item)
            self._store(replace(bill, items=items, modified=self.stamp()))
            return item.id

    def remove_bill_line(self, bill_id: int, item: int = 0) -> None:
        """Take the line number `item` (from 0) off a bill."""
        with self._lock:
            bill = self._bills[bill_id]
            items = list(bill.items)
            del items[item]
            self._store(replace(bill, items=tuple(items), modified=self.stamp()))

    def add_attachment(
        self,
        bill_id: int | None = None,
        order_id: int | None = None,
        *,
        line: int = 0,
        name: str = "invoice.pdf",
        content: bytes | str | None = None,
        other_host: bool = False,
        redirect: bool = False,
        declared_length: int | None = None,
        missing: bool = False,
    ) -> str:
        """Attach a file to a bill, or to a line of an order; return the file's uuid.

        :param other_host: whether its address is one of the storage host
        :param redirect: whether the tenant redirects to the storage host
        :param declared_length: what the document says, whatever the length is
        :param missing: whether there is nothing behind the address
        """
        with self._lock:
            self._attached += 1
            place: Place = "redirect" if redirect else "tenant"
            record = Attachment(
                FIRST_ATTACHMENT + self._attached,
                uuid5(NAMESPACE, f"attachment/{self.seed}/{self._attached}"),
                name,
                content.encode() if isinstance(content, str) else content,
                "storage" if other_host else place,
                declared_length,
                missing,
            )
            if bill_id is not None:
                bill = self._bills[bill_id]
                files = (*bill.attachments, record)
                modified = self._now(bill.modified)
                self._store(replace(bill, attachments=files, modified=modified))
            if order_id is not None:
                old = self._line(order_id, line)
                files = (*old.attachments, record)
                modified = self._now(old.modified)
                self._book.put_line(replace(old, attachments=files, modified=modified))
                self.revision += 1
            return str(record.uuid)

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
            if changes.keys() & {"vendor_id", "currency_id"}:
                self._book.put(following(fixed, self._book, self._vendors))
            self._store(fixed)
            return pk

    def set_status(self, bill_id: int, status: int) -> None:
        self.revise_bill(bill_id, status=status)

    def touch(self, bill_id: int) -> None:
        """Change nothing but the time of the last change."""
        self.revise_bill(bill_id)

    def stamp_alike(self, instant: datetime) -> None:
        """Let all bills have been changed at the same instant."""
        with self._lock:
            for bill in list(self._bills.values()):
                self._store(replace(bill, modified=instant))

    def delete_bill(self, bill_id: int, *, keep_inactive: bool = False) -> None:
        """Delete a bill: gone, or only out of the list with `active` false."""
        with self._lock:
            bill = self._bills.pop(bill_id)
            del self._by_uuid[bill.uuid.hex]
            self.revision += 1
            if keep_inactive:
                self._store(replace(bill, active=False, modified=self.stamp()))

    def rename_currency(self, currency_id: int, name: str) -> None:
        """Give a currency another name; it is free text of at most ten letters."""
        with self._lock:
            renamed = replace(self._currencies[currency_id], name=name[:10])
            self._currencies[currency_id] = renamed
            self.revision += 1

    def rename_vendor(self, vendor_id: int, name: str) -> None:
        self._change_vendor(vendor_id, name=name)

    def place_vendor(
        self, vendor_id: int, country: str, state: str, currency_id: int | None
    ) -> None:
        self._change_vendor(
            vendor_id, country=country, state=state, currency_id=currency_id
        )

    def edit_vendor(self, vendor_id: int, **changes: Any) -> None:
        """Change the contact, phone, tax mark or payment term (by name) of a vendor."""
        if "payment_term" in changes:
            name = changes["payment_term"]
            terms = {term.name: term for term in PAYMENT_TERMS}
            changes["payment_term"] = terms[name] if name else None
        self._change_vendor(vendor_id, **changes)

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


def _whole(line: OrderLine) -> Billed:
    """Return all of a line: by cost where quantity × price do not say it."""
    if is_by_product(line):
        return Billed(line, quantity=line.quantity)
    return Billed(line, amount=line_total(line))
