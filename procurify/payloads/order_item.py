"""Order items on their own: what was requested, ordered or not.

Source: Procurify API reference (edition of March 2024), "List order items". Its rows
hold ids where the line of an order embeds objects, and texts where that has numbers;
both are read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .master_data import Keyed
from .order_line import ZERO, is_active, line_label
from .values import Reader, Stated

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OrderItem(Keyed):
    """A requested line; ``order_id`` is None until it is purchased.

    The ids are Procurify's: of a vendor, a currency, an account (an account code of a
    department) and a catalog item. ``account_code`` is the code alone, as text.
    """

    id: int
    number: str
    requisition: int | None
    name: str
    sku: str
    unit: str
    quantity: Decimal | None
    price: Decimal | None
    total_cost: Decimal | None
    status: Stated
    type: Stated
    active: bool
    order_id: int | None
    vendor_id: int | None
    vendor_text: str
    currency_id: int | None
    account_id: int | None
    account_code: str
    catalog_item_id: int | None
    received: Decimal
    comment: str
    modified: datetime | None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> OrderItem:
        """Read a row of the list, or the line of an order.

        :raises InvalidPayload: no id, or a value of the wrong type
        """
        return cls.read(Reader(data))

    @classmethod
    def read(cls, source: Reader) -> OrderItem:
        """Read an order item where it stands in a larger payload."""
        spare = source.spare
        return cls(
            id=source.integer("id"),
            number=spare.text("num"),
            requisition=source.optional_integer("orderNum"),
            name=spare.text("name"),
            sku=spare.text("sku"),
            unit=source.text("unit"),
            quantity=source.decimal("quantity"),
            price=source.decimal("price"),
            total_cost=source.decimal("total_cost"),
            status=source.stated("status"),
            type=source.stated("type"),
            active=is_active(source),
            order_id=source.reference("purchase_order"),
            vendor_id=source.reference("pref_vendor"),
            vendor_text=source.text("vendor"),
            currency_id=source.reference("currency"),
            account_id=source.reference("account"),
            account_code=_account_code(source),
            catalog_item_id=source.reference("catalog_item"),
            received=source.decimal("receivedPassQty") or ZERO,
            comment=spare.text("lineComment"),
            modified=spare.instant("last_modified"),
        )

    @property
    def code(self) -> str:
        """The supplier's or the company's identifier of what is ordered, or ""."""
        return self.sku

    @property
    def label(self) -> str:
        """Number and name: "7265-1 Docking cable"."""
        return line_label(self.id, self.number, self.name)


def _account_code(source: Reader) -> str:
    """Read the code, which stands on its own and in an embedded account."""
    account = source.embedded("account")
    code = account.embedded("account_code") if account else None
    return source.spare.text("accountCode") or (code.text("code") if code else "")
