"""Purchase orders and their lines, also where bills or lists embed them.

Source: Procurify API reference (edition of March 2024), "Retrieve a purchase order",
"Retrieve a bill" (which embeds lines of orders) and "List order items"; the names of
the states come from the edition of 2026. Objects that it says are always there may be
null.
That 0 and 1 are the numbers of "percent" and "amount" is a guess from their order. The
rows of "List order items" hold ids where the line of an order embeds objects, and texts
where that has numbers; both are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from ..receipts import Receipt
from ..receipts import receipts as receipts_of
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
)
from .master_data import (
    AccountCode,
    CatalogItem,
    Currency,
    Keyed,
    Location,
    PaymentTerm,
    Vendor,
    embedded_currency,
)
from .values import (
    Payload,
    Reader,
    Stated,
    as_sent,
    children,
    computed,
    derived,
    embedded,
    full_name,
    inside,
    payload,
    spare,
    strict,
)

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping

    from .embedded import Mention


ZERO = Decimal(0)


class OrderItemStatus(IntEnum):
    """Documented states of a line; ``status`` may hold others. Not chronological."""

    APPROVED = 0
    LISTED = 1
    PURCHASED = 2
    RECEIVED = 3
    REJECTED = 4
    PARTLY_RECEIVED = 5
    FULFILLED = 6
    DENIED = 7
    DRAFT = 8


class OrderItemType(IntEnum):
    """Documented kinds of line; ``type`` may hold others."""

    ONE_TIME = 0
    RECURRING = 1
    BLANKET = 2


_PERCENTAGE_TYPES = frozenset({"percentage", "percent", "0", 0})


_AMOUNT_TYPES = frozenset({"amount", "1", 1})


def read_is_percentage(source: Reader) -> bool:
    """Read the ``type`` of a tax or discount: whether its value is a percentage.

    :raises InvalidPayload: a kind that is not known, so that the value means nothing
    """
    kind = source.data.get("type")
    if isinstance(kind, (str, int)) and not isinstance(kind, bool):
        if kind in _PERCENTAGE_TYPES:
            return True
        if kind in _AMOUNT_TYPES:
            return False
    raise InvalidPayload(source.at("type"), "neither a percentage nor an amount")


@payload
class LineTax(Payload):
    """A tax on a line; ``value`` is in percent, or an amount of money."""

    id: int | None = spare(Reader.optional_integer)
    name: str = strict(Reader.text)
    value: Decimal = strict(Reader.required_decimal)
    is_percentage: bool = computed(read_is_percentage)


def is_active(source: Reader) -> bool:
    """Read whether a line counts: neither of its two flags says that it does not."""
    return source.is_not_false("active") and source.is_not_false("is_active")


def _allocations(source: Reader) -> tuple[Allocation, ...]:
    shares = source.children("spend_allocation")
    return tuple(Allocation.read(each, "account") for each in shares)


def _fallback(source: Reader, found: dict[str, Any]) -> Allocation | None:
    account = None if found["allocations"] else source.embedded("account")
    if account is None:
        return None
    return Allocation.of_account(account, found["total_cost"] or ZERO)


def _files_of_line(source: Reader) -> tuple[Attachment, ...]:
    """Read the files of a line: the present list, then the older one."""
    files = [
        *read_attachments(source, "item_attachments"),
        *read_attachments(source, "attachments"),
    ]
    return each_once(files)


def _receipts(source: Reader) -> tuple[Receipt, ...]:
    return tuple(receipts_of(source.data))


@payload
class OrderLine(Keyed):
    """One line of a purchase order; amounts in the currency ``currency_name``.

    ``number`` is the one that people see ("7265-1"), ``requisition`` that of the
    requisition it came from. A line moves to another order when its own is cancelled:
    ``order_id`` says where it is now. ``fallback_account`` is the coding of a line
    whose ``allocations`` are empty. ``vendor_text`` is the free text that names the
    real vendor where the order's is a catch-all. ``received`` counts what passed,
    ``receipts`` lists it by day where the line's logs are there.
    """

    id: int = strict(Reader.integer)
    number: str = spare(Reader.text, "num")
    requisition: int | None = spare(Reader.optional_integer, "orderNum")
    line_number: int | None = spare(Reader.optional_integer, "PO_line_num")
    name: str = spare(Reader.text)
    sku: str = spare(Reader.text)
    unit: str = strict(Reader.text)
    quantity: Decimal | None = strict(Reader.decimal)
    price: Decimal | None = strict(Reader.decimal)
    total_cost: Decimal | None = strict(Reader.decimal)
    tax_amount: Decimal = strict(Reader.decimal_or_zero)
    shipping_amount: Decimal = strict(Reader.decimal_or_zero)
    taxes: tuple[LineTax, ...] = strict(children(LineTax))
    type: Stated = strict(Reader.stated)
    status: Stated = strict(Reader.stated)
    active: bool = computed(is_active)
    order_id: int | None = strict(Reader.reference, "purchase_order")
    received: Decimal = strict(Reader.decimal_or_zero, "receivedPassQty")
    receipts: tuple[Receipt, ...] = computed(_receipts)
    allocations: tuple[Allocation, ...] = computed(_allocations)
    fallback_account: Allocation | None = derived(_fallback)
    catalog_item_id: int | None = strict(Reader.reference, "catalog_item")
    catalog_item: CatalogItem | None = strict(embedded(CatalogItem))
    vendor_text: str = strict(Reader.text, "vendor")
    comment: str = spare(Reader.text, "lineComment")
    currency_name: str = strict(embedded_currency)
    modified: datetime.datetime | None = spare(Reader.instant, "last_modified")
    attachments: tuple[Attachment, ...] = computed(_files_of_line)

    @property
    def code(self) -> str:
        """The supplier's or the company's identifier of what is ordered, or ""."""
        return self.sku

    @property
    def label(self) -> str:
        """Number and name: "7265-1 Docking cable"."""
        return line_label(self.id, self.number, self.name)


def line_label(line_id: int, number: str, name: str) -> str:
    """Name a line by number and name, as far as it has them."""
    return f"{number} {name}".strip() or f"Order item {line_id}"


class OrderState(IntEnum):
    """Documented states; :attr:`Order.state` may hold others. Not chronological."""

    PURCHASED = 0
    CANCELLED = 1
    LEGACY = 2
    CLOSED = 3
    PAID = 4
    REOPENED = 5


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A tax or a discount of the whole order: in percent, or an amount of money."""

    value: Decimal
    is_percentage: bool

    @classmethod
    def read(cls, source: Reader) -> Adjustment | None:
        """Read ``tax`` or ``discount``; None if it has no value.

        :raises InvalidPayload: a kind that is not known, or no number
        """
        value = source.decimal("value")
        if value is None:
            return None
        return cls(value, read_is_percentage(source))


def _payment_term(source: Reader) -> PaymentTerm | None:
    """Read the term as an object, else as the text that was printed."""
    embedded = source.spare.embedded("payment_term")
    term = source.if_readable(PaymentTerm.read, embedded) if embedded else None
    if term and term.name:
        return term
    text = source.spare.text("payment_terms")
    return PaymentTerm(None, text) if text else None


def _buyer(source: Reader) -> Reader | None:
    return source.spare.embedded("purchaser")


def _buyer_name(source: Reader) -> str:
    return full_name(_buyer(source))


def _buyer_email(source: Reader) -> str:
    buyer = _buyer(source)
    return buyer.spare.text("email") if buyer else ""


def _state(source: Reader) -> Stated:
    return source.stated("state") or OrderState.PURCHASED


def _is_card(source: Reader) -> bool:
    return source.data.get("creditcard") not in (None, {})


def _adjustment(source: Reader, name: str) -> Adjustment | None:
    place = source.child(name)
    return Adjustment.read(place) if place else None


def _files_of_lines(_source: Reader, found: dict[str, Any]) -> tuple[Attachment, ...]:
    return each_once(file for line in found["lines"] for file in line.attachments)


@payload
class Order(Keyed):
    """A purchase order with its lines. Amounts are in ``currency``.

    ``number`` is Procurify's, ``external_number`` one that a person typed, which may
    come twice. ``rate`` was frozen at purchase; which way it converts is not
    documented. ``total_in_currency`` and ``total_in_base`` are the same total in the
    order's and in the tenant's base currency. The dates are calendar days as written.
    """

    id: int = strict(Reader.integer, "procurify_PO")
    uuid: str = strict(Reader.uuid)
    number: str = strict(Reader.text)
    external_number: str = strict(Reader.text, "PO_Num")
    version: int | None = spare(Reader.optional_integer)
    most_recent_version: int | None = spare(Reader.optional_integer)
    state: Stated = computed(_state)
    fulfilment_status: str = spare(Reader.text)
    active: bool = strict(Reader.is_not_false)
    date: datetime.date | None = strict(Reader.day)
    promise_date: datetime.date | None = spare(Reader.day)
    closed_date: datetime.date | None = spare(Reader.day)
    modified: datetime.datetime | None = spare(Reader.instant, "last_modified")
    vendor: Vendor | None = strict(embedded(Vendor), "pref_vendor")
    vendor_name: str = spare(Reader.text)
    buyer_name: str = computed(_buyer_name)
    buyer_email: str = computed(_buyer_email)
    currency: Currency | None = strict(embedded(Currency), "purchased_currency")
    rate: Decimal | None = strict(Reader.decimal, "purchased_currency_rate")
    subtotal: Decimal | None = strict(Reader.decimal)
    total: Decimal | None = strict(Reader.decimal)
    tax: Adjustment | None = strict(_adjustment)
    discount: Adjustment | None = strict(_adjustment)
    freight: Decimal | None = strict(Reader.decimal)
    other: Decimal | None = strict(Reader.decimal)
    total_in_base: Decimal | None = strict(
        inside(
            "cost_details",
            Reader.decimal,
            "total_cost_in_base_currency",
            None,
            Reader.child,
        )
    )
    total_in_currency: Decimal | None = strict(
        inside("cost_details", Reader.decimal, "total_cost", None, Reader.child)
    )
    payment_term: PaymentTerm | None = computed(_payment_term)
    comment: str = spare(Reader.text)
    is_card: bool = computed(_is_card)
    lines: tuple[OrderLine, ...] = strict(
        children(OrderLine, required=True), "order_items"
    )
    attachments: tuple[Attachment, ...] = derived(_files_of_lines)
    raw: Mapping[str, Any] = as_sent()

    @property
    def code(self) -> str:
        """The number that the company uses: its own, else Procurify's."""
        return self.external_number or self.number

    @property
    def label(self) -> str:
        """Procurify's number, else the company's, else "Order 5501"."""
        return self.number or self.external_number or f"Order {self.id}"

    @property
    def is_closed(self) -> bool:
        """Whether nothing more can be received."""
        paid_when_closed = self.state == OrderState.PAID and self.closed_date
        return self.state == OrderState.CLOSED or bool(paid_when_closed)

    def references(self) -> list[tuple[str, str, dict[str, Any]]]:
        """List (resource, external id, object as sent) of what the order mentions.

        Each object once: the copy with the most fields, because some places embed a
        short form. A payment term only where it has a key.
        """
        return fullest(_mentions(self.raw))

    def line_locations(self) -> list[tuple[str, Location]]:
        """List (line's text, location) of every line that is coded at one."""
        found = []
        for line in self.lines:
            if line.active and line.order_id in (None, self.id):
                shares = line.allocations or (line.fallback_account,)
                found += locations(line.name or line.label, shares)
        return found


def _mentions(order: Mapping[str, Any]) -> list[Mention]:
    found = mention("vendor", order.get("pref_vendor"))
    found += mention("currency", order.get("purchased_currency"))
    term = order.get("payment_term")
    if isinstance(term, dict) and term.get("name"):
        found += mention_if_readable("payment_term", term, PaymentTerm)
    for line in order.get("order_items") or ():
        found += _mentions_of_line(line)
    return found


def _mentions_of_line(line: dict[str, Any]) -> list[Mention]:
    found = mention_if_readable("currency", line.get("currency"), Currency)
    for allocation in line.get("spend_allocation") or ():
        found += mentions_of_account(allocation.get("account"))
    found += mentions_of_account(line.get("account"))
    item = line.get("catalog_item")
    if isinstance(item, dict):
        code = item.get("account_code")
        found += mention_if_readable("account_code", code, AccountCode)
        found += mention("catalog_item", item)
    return found


def _account_code(source: Reader) -> str:
    """Read the code, which stands on its own and in an embedded account."""
    account = source.embedded("account")
    code = account.embedded("account_code") if account else None
    return source.spare.text("accountCode") or (code.text("code") if code else "")


@payload
class OrderItem(Keyed):
    """A requested line; ``order_id`` is None until it is purchased.

    The ids are Procurify's: of a vendor, a currency, an account (an account code of a
    department) and a catalog item. ``account_code`` is the code alone, as text.
    """

    id: int = strict(Reader.integer)
    number: str = spare(Reader.text, "num")
    requisition: int | None = strict(Reader.optional_integer, "orderNum")
    name: str = spare(Reader.text)
    sku: str = spare(Reader.text)
    unit: str = strict(Reader.text)
    quantity: Decimal | None = strict(Reader.decimal)
    price: Decimal | None = strict(Reader.decimal)
    total_cost: Decimal | None = strict(Reader.decimal)
    status: Stated = strict(Reader.stated)
    type: Stated = strict(Reader.stated)
    active: bool = computed(is_active)
    order_id: int | None = strict(Reader.reference, "purchase_order")
    vendor_id: int | None = strict(Reader.reference, "pref_vendor")
    vendor_text: str = strict(Reader.text, "vendor")
    currency_id: int | None = strict(Reader.reference, "currency")
    account_id: int | None = strict(Reader.reference, "account")
    account_code: str = computed(_account_code)
    catalog_item_id: int | None = strict(Reader.reference, "catalog_item")
    received: Decimal = strict(Reader.decimal_or_zero, "receivedPassQty")
    comment: str = spare(Reader.text, "lineComment")
    modified: datetime.datetime | None = spare(Reader.instant, "last_modified")

    @property
    def code(self) -> str:
        """The supplier's or the company's identifier of what is ordered, or ""."""
        return self.sku

    @property
    def label(self) -> str:
        """Number and name: "7265-1 Docking cable"."""
        return line_label(self.id, self.number, self.name)
