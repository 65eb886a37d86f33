"""The line of a purchase order, as its detail and the items of bills embed it.

Source: Procurify API reference (edition of March 2024), "Retrieve a purchase order" and
"Retrieve a bill". That 0 and 1 are the numbers of "percent" and "amount" is a guess
from their order; only the two words are named.
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from .attachment import Attachment, each_once, read_attachments
from .catalog import CatalogItem
from .embedded import Allocation
from .master_data import Keyed, embedded_currency
from .values import (
    Payload,
    Reader,
    Stated,
    children,
    computed,
    derived,
    embedded,
    payload,
    spare,
    strict,
)

if TYPE_CHECKING:
    from datetime import datetime

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


def _attachments(source: Reader) -> tuple[Attachment, ...]:
    """Read the files of a line: the present list, then the older one."""
    files = [
        *read_attachments(source, "item_attachments"),
        *read_attachments(source, "attachments"),
    ]
    return each_once(files)


@payload
class OrderLine(Keyed):
    """One line of a purchase order; amounts in the currency ``currency_name``.

    ``number`` is the one that people see ("7265-1"), ``requisition`` that of the
    requisition it came from. A line moves to another order when its own is cancelled:
    ``order_id`` says where it is now. ``fallback_account`` is the coding of a line
    whose ``allocations`` are empty. ``vendor_text`` is the free text that names the
    real vendor where the order's is a catch-all. ``received`` counts what passed.
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
    allocations: tuple[Allocation, ...] = computed(_allocations)
    fallback_account: Allocation | None = derived(_fallback)
    catalog_item_id: int | None = strict(Reader.reference, "catalog_item")
    catalog_item: CatalogItem | None = strict(embedded(CatalogItem))
    vendor_text: str = strict(Reader.text, "vendor")
    comment: str = spare(Reader.text, "lineComment")
    currency_name: str = computed(embedded_currency)
    modified: datetime | None = spare(Reader.instant, "last_modified")
    attachments: tuple[Attachment, ...] = computed(_attachments)

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
