"""Bills and their lines: what the company owes, and on what it is coded.

Source: Procurify API reference (edition of March 2024), "Retrieve a bill"; the names of
the numbers come from the edition of 2026. Fields of that later edition are optional.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from .embedded import (
    Allocation,
    Attachment,
    each_once,
    fullest,
    locations,
    mention,
    mention_if_readable,
    mentions_of_account,
    read_attachments,
    read_slips,
)
from .master_data import Currency, Keyed, Location, Vendor, embedded_currency
from .order import OrderLine
from .values import (
    Payload,
    Reader,
    Stated,
    as_sent,
    child,
    children,
    computed,
    derived,
    each_of,
    first_of,
    full_name,
    if_readable,
    inside,
    payload,
    spare,
    spared,
    strict,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from .embedded import Mention
    from .master_data import CatalogItem


def _fallback(source: Reader, found: dict[str, Any]) -> Allocation | None:
    if found["allocations"]:
        return None
    return fallback_coding(source.embedded("orderitem"), found["total_cost"])


def fallback_coding(
    order_item: Reader | None, total: Decimal | None
) -> Allocation | None:
    """Return the coding of the order's line, as far as it can be read."""
    account = order_item.spare.embedded("account") if order_item else None
    if account is None:
        return None
    amount = total or Decimal(0)
    return account.if_readable(
        lambda place: Allocation.of_account(place, amount), account
    )


@payload
class BillItem(Payload):
    """One line of a bill; all amounts in the currency ``currency_name``.

    ``type`` is Procurify's own word for the kind of line, which is not documented.
    ``quantity`` means nothing when ``bill_by_cost``. ``order_item_id`` is the id of the
    purchase order's line, ``order_id`` that of the purchase order; a line with an order
    but without an order item is a miscellaneous cost of that order.
    ``fallback_account`` is the coding at purchase time, for a line without allocations.
    ``order_item`` is the order's line as the bill embeds it, if that can be read.
    ``tax_percentage`` is in percent: 12 means 12 %. ``tax_id`` is Procurify's own id of
    the tax, of which it has no list.

    The copy of the order's line says more about the bill, but must not hold it up: what
    cannot be read of it counts as absent.
    """

    id: int = strict(Reader.integer)
    type: str = spare(Reader.word)
    description: str = spare(Reader.text)
    sku: str = spare(Reader.text)
    unit: str = strict(Reader.text)
    quantity: Decimal | None = strict(Reader.decimal)
    unit_cost: Decimal | None = strict(Reader.decimal)
    total_cost: Decimal | None = strict(Reader.decimal)
    tax_id: int | None = strict(Reader.reference, "tax")
    tax_name: str = strict(Reader.text)
    tax_percentage: Decimal | None = strict(Reader.decimal)
    tax_amount: Decimal = strict(Reader.decimal_or_zero)
    tax_is_inclusive: bool = strict(Reader.is_true)
    total_cost_with_tax: Decimal | None = strict(Reader.decimal)
    shipping_amount: Decimal = strict(Reader.decimal_or_zero)
    bill_by_cost: bool = strict(Reader.is_true)
    archived: bool = strict(Reader.is_true)
    order_item_id: int | None = strict(Reader.reference, "orderitem")
    order_id: int | None = strict(
        first_of(
            inside("orderitem", spared(Reader.reference), "purchase_order", None),
            inside("po", Reader.optional_integer, "id", None, Reader.child),
        )
    )
    order_number: str = strict(
        inside("po", spared(Reader.text), "number", "", Reader.child)
    )
    allocations: tuple[Allocation, ...] = strict(
        children(Allocation), "cost_allocations"
    )
    fallback_account: Allocation | None = derived(_fallback)
    currency_name: str = strict(embedded_currency)
    order_item: OrderLine | None = strict(if_readable(OrderLine), "orderitem")
    catalog_item_id: int | None = strict(
        inside("orderitem", spared(Reader.reference), "catalog_item", None)
    )

    @property
    def catalog_item(self) -> CatalogItem | None:
        """The catalog item that was ordered, if the bill embeds it."""
        return self.order_item.catalog_item if self.order_item else None


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
class BillPayment:
    """What Procurify says of a payment that was made for a bill."""

    date: date | None
    amount: Decimal | None
    method: str
    reference: str


@payload
class BillCost(Payload):
    """An extra of the whole bill (freight, brokerage, a tax typed by hand)."""

    id: int = strict(Reader.integer)
    name: str = spare(Reader.text)
    amount: Decimal = strict(Reader.required_decimal)
    currency_id: int | None = spare(Reader.reference, "currency")
    allocation: Allocation | None = strict(child(Allocation), "cost_allocation")


def _orders(source: Reader, found: dict[str, Any]) -> tuple[tuple[int, str], ...]:
    """List the purchase orders of the header, then those that only lines mention."""
    orders: dict[int, str] = {}
    for order in source.spare.children("added_purchase_orders"):
        number = order.spare.optional_integer("id")
        if number is not None:
            orders[number] = order.spare.text("number")
    for item in found["items"]:
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


def _attachments(source: Reader) -> tuple[Attachment, ...]:
    """Read the invoice's files, then the packing slips of the lines."""
    items = list(source.spare.children("items"))
    files = read_attachments(source, "invoice_attachments")
    return each_once(files + read_slips(items, "packing_slips"))


@payload
class Bill(Keyed):
    """A bill with its lines. Its ``id`` may change when somebody fixes it.

    Two payloads are the same bill when their ``uuid`` is equal, else their ``group``,
    else when one's ``id`` is among the other's ``version_ids``. Amounts are in the
    bill's currency, but ``converted_total_cost`` is in the tenant's base currency.
    The dates are calendar days as written.
    """

    id: int = strict(Reader.integer)
    uuid: str = strict(Reader.required_uuid)
    version: int | None = spare(Reader.optional_integer)
    version_ids: tuple[int, ...] = strict(
        each_of("version_choices", Reader.optional_integer, "pk")
    )
    group: int | None = strict(Reader.optional_integer)
    status: Stated = strict(Reader.stated)
    type: Stated = strict(Reader.stated)
    active: bool = strict(Reader.is_not_false)
    vendor: Vendor | None = strict(child(Vendor))
    vendor_name: str = spare(Reader.text)
    currency: Currency | None = strict(child(Currency))
    invoice_number: str = strict(Reader.text)
    invoice_date: date | None = strict(Reader.day)
    due_date: date | None = spare(Reader.day)
    gl_post_date: date | None = strict(Reader.day)
    payment_terms: str = spare(Reader.text)
    note: str = spare(Reader.text)
    items: tuple[BillItem, ...] = strict(children(BillItem, required=True))
    costs: tuple[BillCost, ...] = strict(children(BillCost, required=True))
    subtotal_cost: Decimal | None = strict(Reader.decimal)
    total_cost: Decimal | None = strict(Reader.decimal)
    tax_amount: Decimal | None = strict(Reader.decimal)
    exclusive_tax_amount: Decimal | None = strict(Reader.decimal)
    inclusive_tax_amount: Decimal | None = strict(Reader.decimal)
    shipping_amount: Decimal | None = strict(Reader.decimal)
    total_cost_with_tax: Decimal | None = strict(Reader.decimal)
    converted_total_cost: Decimal | None = strict(Reader.decimal)
    orders: tuple[tuple[int, str], ...] = derived(_orders)
    approver_name: str = computed(_approver_name)
    modified: datetime | None = spare(Reader.instant, "last_modified_datetime")
    attachments: tuple[Attachment, ...] = computed(_attachments)
    raw: Mapping[str, Any] = as_sent()

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
    def approved_at(self) -> datetime | None:
        """When the bill was approved last, None: not known."""
        return _approved_at(self.raw)

    @property
    def payment(self) -> BillPayment | None:
        """The payment that somebody made for the bill, as far as it can be read."""
        return _payment(self.raw)

    @property
    def is_being_paid(self) -> bool:
        """Whether somebody in Procurify began to pay the bill, and it is not paid.

        A payment in a state that is not documented counts.
        """
        payment = _payment_status(self.raw)
        began = payment is not None and payment not in _ENDED_PAYMENTS
        return not self.is_paid and (self.status in _PAYING_STATUSES or began)

    def references(self) -> list[tuple[str, str, dict[str, Any]]]:
        """List (resource, external id, object as sent) of what the bill mentions.

        Each vendor, currency, account code, department and location once: the copy with
        the most fields, because some places embed a short form.
        """
        return fullest(_mentions(self.raw))

    def line_locations(self) -> list[tuple[str, Location]]:
        """List (line's text, location) of every line or cost coded at one."""
        found = []
        for item in self.items:
            shares = item.allocations or (item.fallback_account,)
            found += locations(item.description, shares)
        for cost in self.costs:
            found += locations(cost.name, (cost.allocation,))
        return found


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


def _payment(bill: Mapping[str, Any]) -> BillPayment | None:
    made = Reader(dict(bill)).spare.embedded("bill_payment")
    payment = made and made.spare.embedded("payment")
    if made is None or payment is None:
        return None
    method = made.spare.embedded("payment_method")
    return BillPayment(
        date=payment.spare.day("payment_date"),
        amount=made.spare.decimal("amount"),
        method=method.spare.text("name") if method else "",
        reference=payment.spare.text("reference_number"),
    )


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


def _approved_at(bill: Mapping[str, Any]) -> datetime | None:
    """Return the moment of the last status entry that says approved."""
    moments = [
        entry.spare.instant("date")
        for entry in Reader(dict(bill)).spare.children("bill_statuses")
        if entry.spare.stated("status") == BillStatus.APPROVED
    ]
    return max(filter(None, moments), default=None)


def _mentions(bill: Mapping[str, Any]) -> list[Mention]:
    items = bill.get("items") or ()
    found = mention("vendor", bill.get("vendor"))
    found += mention("currency", bill.get("currency"))
    for account in _accounts(bill):
        found += mentions_of_account(account)
    for item in items:
        found += mention_if_readable("currency", item.get("currency"), Currency)
    return found


def _accounts(bill: Mapping[str, Any]) -> list[object]:
    """List the accounts (account code of a department) of lines and costs."""
    found = []
    for item in bill.get("items") or ():
        for allocation in item.get("cost_allocations") or ():
            found.append(allocation.get("budget"))
        order_item = Reader(item).embedded("orderitem")
        if fallback_coding(order_item, None):
            found.append(order_item and order_item.data.get("account"))
    for cost in bill.get("costs") or ():
        found.append((cost.get("cost_allocation") or {}).get("budget"))
    return found
