"""Bills: what the company owes, with the coding of every line.

Source: Procurify API reference (edition of March 2024), "Retrieve a bill"; the names of
the numbers come from the edition of 2026. Fields of that later edition are optional.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from .attachment import Attachment, each_once, read_attachments
from .bill_item import BillItem, fallback_coding
from .embedded import (
    Allocation,
    full_name,
    fullest,
    locations,
    mention,
    mention_if_readable,
    mentions_of_account,
)
from .master_data import Currency, Location, Vendor
from .values import Reader, Stated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime
    from decimal import Decimal

    from .embedded import Mention


class BillStatus(IntEnum):
    """Documented states; :attr:`Bill.status` may hold others. Not chronological."""

    DRAFT = 0
    CONFIRMED = 1
    APPROVED = 2
    DENIED = 3
    PAID = 4
    WITHDRAWN = 5
    PAYMENT_CONFIRMED = 6
    PAYMENT_APPROVED = 7
    PAYMENT_LIMBO = 8


class BillType(IntEnum):
    """Documented kinds; :attr:`Bill.type` may hold others."""

    ORDER = 0
    EXPENSE = 1
    CREDIT_CARD = 2


PAYABLE_STATUSES = frozenset(
    {
        BillStatus.APPROVED,
        BillStatus.PAYMENT_CONFIRMED,
        BillStatus.PAYMENT_APPROVED,
        BillStatus.PAYMENT_LIMBO,
        BillStatus.PAID,
    }
)
"""Approved or later: these belong into the books."""

_PAYING_STATUSES = frozenset(
    {
        BillStatus.PAYMENT_CONFIRMED,
        BillStatus.PAYMENT_APPROVED,
        BillStatus.PAYMENT_LIMBO,
    }
)


class PaymentStatus(IntEnum):
    """Documented states of a payment; it may have others. Not chronological."""

    DRAFT = 0
    CONFIRMED = 1
    APPROVED = 2
    DENIED = 3
    VOID = 4
    PAID = 5
    PARTLY_PAID = 6
    PROCESSING = 7
    FAILED = 8
    SCHEDULED = 9


_ENDED_PAYMENTS = (PaymentStatus.DENIED, PaymentStatus.VOID, PaymentStatus.FAILED)
_UNKNOWN_STATUS = -1


@dataclass(frozen=True, slots=True)
class BillCost:
    """An extra of the whole bill (freight, brokerage, a tax typed by hand)."""

    id: int
    name: str
    amount: Decimal
    allocation: Allocation | None

    @classmethod
    def read(cls, source: Reader) -> BillCost:
        """Read one entry of ``costs``.

        :raises InvalidPayload: no id, no amount, or a value of the wrong type
        """
        allocation = source.child("cost_allocation")
        return cls(
            id=source.integer("id"),
            name=source.spare.text("name"),
            amount=source.required_decimal("amount"),
            allocation=Allocation.read(allocation) if allocation else None,
        )


@dataclass(frozen=True, slots=True)
class Bill:
    """A bill with its lines. Its ``id`` may change when somebody fixes it.

    Two payloads are the same bill when their ``uuid`` is equal, else their ``group``,
    else when one's ``id`` is among the other's ``version_ids``. Amounts are in the
    bill's currency, but ``converted_total_cost`` is in the tenant's base currency.
    The dates are calendar days as written.
    """

    id: int
    uuid: str
    version: int | None
    version_ids: tuple[int, ...]
    group: int | None
    status: Stated
    type: Stated
    active: bool
    vendor: Vendor | None
    vendor_name: str
    currency: Currency | None
    invoice_number: str
    invoice_date: date | None
    due_date: date | None
    gl_post_date: date | None
    payment_terms: str
    note: str
    items: tuple[BillItem, ...]
    costs: tuple[BillCost, ...]
    subtotal_cost: Decimal | None
    total_cost: Decimal | None
    tax_amount: Decimal | None
    exclusive_tax_amount: Decimal | None
    inclusive_tax_amount: Decimal | None
    shipping_amount: Decimal | None
    total_cost_with_tax: Decimal | None
    converted_total_cost: Decimal | None
    orders: tuple[tuple[int, str], ...]
    approver_name: str
    modified: datetime | None
    attachments: tuple[Attachment, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Bill:
        """Read the ``data`` of a bill's detail.

        :raises InvalidPayload: a required field is missing, or a value cannot be read
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> Bill:
        """Read a bill with ``source``, which notes what is left empty."""
        spare = source.spare
        vendor, currency = source.child("vendor"), source.child("currency")
        items = tuple(map(BillItem.read, source.children("items", required=True)))
        return cls(
            id=source.integer("id"),
            uuid=source.required_uuid("uuid"),
            version=spare.optional_integer("version"),
            version_ids=_version_ids(source),
            group=source.optional_integer("group"),
            status=source.stated("status"),
            type=source.stated("type"),
            active=source.boolean("active", missing=True),
            vendor=Vendor.read(vendor) if vendor else None,
            vendor_name=spare.text("vendor_name"),
            currency=Currency.read(currency) if currency else None,
            invoice_number=source.text("invoice_number"),
            invoice_date=source.day("invoice_date"),
            due_date=spare.day("due_date"),
            gl_post_date=source.day("gl_post_date"),
            payment_terms=spare.text("payment_terms"),
            note=spare.text("note"),
            items=items,
            costs=tuple(map(BillCost.read, source.children("costs", required=True))),
            orders=_orders(source, items),
            approver_name=_approver_name(source),
            modified=spare.instant("last_modified_datetime"),
            attachments=each_once(read_attachments(source, "invoice_attachments")),
            raw=source.data,
            **_amounts(source),
        )

    @property
    def external_id(self) -> str:
        """Procurify's key, as text; see the class for what identifies a bill."""
        return str(self.id)

    @property
    def code(self) -> str:
        """The supplier's invoice number, or ""."""
        return self.invoice_number

    @property
    def label(self) -> str:
        """The invoice number, else "Bill 3107"."""
        return self.invoice_number or f"Bill {self.id}"

    @property
    def is_paid(self) -> bool:
        """Whether Procurify calls the bill, or the payment made for it, paid."""
        return (
            self.status == BillStatus.PAID
            or _payment_status(self.raw) == PaymentStatus.PAID
        )

    @property
    def paid_on(self) -> date | None:
        """The day on which Procurify says that the bill was paid, None: not known.

        That of the payment, else of the last status entry that says paid.
        """
        return _paid_on(self.raw)

    @property
    def is_being_paid(self) -> bool:
        """Whether somebody in Procurify began to pay the bill, and it is not paid.

        A payment in a state that is not documented counts.
        """
        payment = _payment_status(self.raw)
        began = payment is not None and payment not in _ENDED_PAYMENTS
        return not self.is_paid and (self.status in _PAYING_STATUSES or began)

    def references(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield (resource, external id, object as sent) of what the bill mentions.

        Each vendor, currency, account code, department and location once: the copy with
        the most fields, because some places embed a short form.
        """
        return fullest(_mentions(self.raw))

    def line_locations(self) -> Iterator[tuple[str, Location]]:
        """Yield (line's text, location) of every line or cost coded at one."""
        for item in self.items:
            shares = item.allocations or (item.fallback_account,)
            yield from locations(item.description, shares)
        for cost in self.costs:
            yield from locations(cost.name, (cost.allocation,))


def _payment_status(bill: Mapping[str, Any]) -> int | None:
    """Return the state of the payment that was made for the bill, None without one.

    What cannot be read is no documented state: it refuses no bill.
    """
    made = bill.get("bill_payment")
    payment = made.get("payment") if isinstance(made, dict) else made
    if payment in (None, {}):
        return None
    status = payment.get("status") if isinstance(payment, dict) else None
    text = str(status)
    return int(text) if text.isdecimal() else _UNKNOWN_STATUS


def _paid_on(bill: Mapping[str, Any]) -> date | None:
    """Return the day of the payment. What cannot be read is not known."""
    source = Reader(dict(bill)).spare
    made = bill.get("bill_payment")
    payment = made.get("payment") if isinstance(made, dict) else None
    if isinstance(payment, dict) and (day := Reader(payment).spare.day("payment_date")):
        return day
    days = [
        entry.spare.day("date")
        for entry in source.children("bill_statuses")
        if entry.spare.stated("status") == BillStatus.PAID
    ]
    return days[-1] if days else None


_AMOUNTS = (
    "subtotal_cost",
    "total_cost",
    "tax_amount",
    "exclusive_tax_amount",
    "inclusive_tax_amount",
    "shipping_amount",
    "total_cost_with_tax",
    "converted_total_cost",
)


def _amounts(source: Reader) -> dict[str, Any]:
    return {name: source.decimal(name) for name in _AMOUNTS}


def _orders(source: Reader, items: tuple[BillItem, ...]) -> tuple[tuple[int, str], ...]:
    """List the purchase orders of the header, then those that only lines mention."""
    orders: dict[int, str] = {}
    for order in source.spare.children("added_purchase_orders"):
        number = order.spare.optional_integer("id")
        if number is not None:
            orders[number] = order.spare.text("number")
    for item in items:
        if item.order_id is not None:
            orders[item.order_id] = orders.get(item.order_id) or item.order_number
    return tuple(orders.items())


def _approver_name(source: Reader) -> str:
    """Name who approved last: the user of the last status entry that says approved."""
    name = ""
    for entry in source.spare.children("bill_statuses"):
        user = entry.spare.child("user")
        if user and entry.stated("status") == BillStatus.APPROVED:
            name = full_name(user)
    return name


def _version_ids(source: Reader) -> tuple[int, ...]:
    """List the ids of all versions; one that has none says nothing."""
    choices = source.children("version_choices")
    numbers = (choice.optional_integer("pk") for choice in choices)
    return tuple(number for number in numbers if number is not None)


def _mentions(bill: Mapping[str, Any]) -> Iterator[Mention]:
    yield from mention("vendor", bill.get("vendor"))
    yield from mention("currency", bill.get("currency"))
    for account in _accounts(bill):
        yield from mentions_of_account(account)
    for item in bill.get("items") or ():
        yield from mention_if_readable("currency", item.get("currency"), Currency)


def _accounts(bill: Mapping[str, Any]) -> Iterator[object]:
    """Yield the accounts (account code of a department) of lines and costs."""
    for item in bill.get("items") or ():
        for allocation in item.get("cost_allocations") or ():
            yield allocation.get("budget")
        order_item = Reader(item).embedded("orderitem")
        if fallback_coding(order_item, None):
            yield order_item and order_item.data.get("account")
    for cost in bill.get("costs") or ():
        yield (cost.get("cost_allocation") or {}).get("budget")
