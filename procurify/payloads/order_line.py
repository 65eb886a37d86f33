"""The line of a purchase order, as its detail and the items of bills embed it.

Source: Procurify API reference (edition of March 2024), "Retrieve a purchase order" and
"Retrieve a bill". That 0 and 1 are the numbers of "percent" and "amount" is a guess
from their order; only the two words are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from ..errors import InvalidPayload
from .attachment import Attachment, each_once, read_attachments
from .catalog import CatalogItem
from .embedded import Allocation
from .master_data import embedded_currency
from .values import Reader, Stated

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


@dataclass(frozen=True, slots=True)
class LineTax:
    """A tax on a line; ``value`` is in percent, or an amount of money."""

    id: int | None
    name: str
    value: Decimal
    is_percentage: bool

    @classmethod
    def read(cls, source: Reader) -> LineTax:
        """Read one entry of ``taxes``.

        :raises InvalidPayload: no value, or a kind that is not known
        """
        return cls(
            id=source.spare.optional_integer("id"),
            name=source.text("name"),
            value=source.required_decimal("value"),
            is_percentage=read_is_percentage(source),
        )


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a purchase order; amounts in the currency ``currency_name``.

    ``number`` is the one that people see ("7265-1"), ``requisition`` that of the
    requisition it came from. A line moves to another order when its own is cancelled:
    ``order_id`` says where it is now. ``fallback_account`` is the coding of a line
    whose ``allocations`` are empty. ``vendor_text`` is the free text that names the
    real vendor where the order's is a catch-all. ``received`` counts what passed.
    """

    id: int
    number: str
    requisition: int | None
    line_number: int | None
    name: str
    sku: str
    unit: str
    quantity: Decimal | None
    price: Decimal | None
    total_cost: Decimal | None
    tax_amount: Decimal
    shipping_amount: Decimal
    taxes: tuple[LineTax, ...]
    type: Stated
    status: Stated
    active: bool
    order_id: int | None
    received: Decimal
    allocations: tuple[Allocation, ...]
    fallback_account: Allocation | None
    catalog_item_id: int | None
    catalog_item: CatalogItem | None
    vendor_text: str
    comment: str
    currency_name: str
    modified: datetime | None
    attachments: tuple[Attachment, ...]

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> OrderLine:
        """Read a line on its own.

        :raises InvalidPayload: no id, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> OrderLine:
        """Read a line where it stands in an order or a bill."""
        spare = source.spare
        catalog_item = source.embedded("catalog_item")
        allocations = tuple(
            Allocation.read(each, "account")
            for each in source.children("spend_allocation")
        )
        return cls(
            id=source.integer("id"),
            number=spare.text("num"),
            requisition=spare.optional_integer("orderNum"),
            line_number=spare.optional_integer("PO_line_num"),
            name=spare.text("name"),
            sku=spare.text("sku"),
            unit=source.text("unit"),
            quantity=source.decimal("quantity"),
            price=source.decimal("price"),
            total_cost=source.decimal("total_cost"),
            tax_amount=source.decimal("tax_amount") or ZERO,
            shipping_amount=source.decimal("shipping_amount") or ZERO,
            taxes=tuple(map(LineTax.read, source.children("taxes"))),
            type=source.stated("type"),
            status=source.stated("status"),
            active=is_active(source),
            order_id=source.reference("purchase_order"),
            received=source.decimal("receivedPassQty") or ZERO,
            allocations=allocations,
            fallback_account=None if allocations else _fallback(source),
            catalog_item_id=source.reference("catalog_item"),
            catalog_item=CatalogItem.read(catalog_item) if catalog_item else None,
            vendor_text=source.text("vendor"),
            comment=spare.text("lineComment"),
            currency_name=embedded_currency(source),
            modified=spare.instant("last_modified"),
            attachments=_attachments(source),
        )

    @property
    def external_id(self) -> str:
        """Procurify's key, as text."""
        return str(self.id)

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


def is_active(source: Reader) -> bool:
    """Read whether a line counts: neither of its two flags says that it does not."""
    return source.boolean("active", missing=True) and source.boolean(
        "is_active", missing=True
    )


def _fallback(source: Reader) -> Allocation | None:
    account = source.embedded("account")
    if account is None:
        return None
    return Allocation.of_account(account, source.decimal("total_cost") or ZERO)


def _attachments(source: Reader) -> tuple[Attachment, ...]:
    """Read the files of a line: the present list, then the older one."""
    files = [
        *read_attachments(source, "item_attachments"),
        *read_attachments(source, "attachments"),
    ]
    return each_once(files)
