"""Order items on their own: what was requested, ordered or not.

Source: Procurify API reference (edition of March 2024), "List order items". Its rows
hold ids where the line of an order embeds objects, and texts where that has numbers;
both are read here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .master_data import Keyed
from .order_line import is_active, line_label
from .values import Reader, Stated, computed, payload, spare, strict

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal


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
    modified: datetime | None = spare(Reader.instant, "last_modified")

    @property
    def code(self) -> str:
        """The supplier's or the company's identifier of what is ordered, or ""."""
        return self.sku

    @property
    def label(self) -> str:
        """Number and name: "7265-1 Docking cable"."""
        return line_label(self.id, self.number, self.name)
