"""The line of a bill, with its coding and with the order's line that it bills.

Source: Procurify API reference (edition of March 2024), "Retrieve a bill".
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .embedded import Allocation
from .master_data import embedded_currency
from .order_line import OrderLine
from .values import (
    Payload,
    Reader,
    children,
    computed,
    derived,
    if_readable,
    payload,
    spare,
    strict,
)

if TYPE_CHECKING:
    from .catalog import CatalogItem


# The copy of the order's line says more about the bill, but must not hold it up: what
# cannot be read of it counts as absent.


def _of_order_item(source: Reader, name: str) -> int | None:
    order_item = source.embedded("orderitem")
    return order_item.spare.reference(name) if order_item else None


def _catalog_item_id(source: Reader) -> int | None:
    return _of_order_item(source, "catalog_item")


def _order_id(source: Reader) -> int | None:
    order = source.child("po")
    found = _of_order_item(source, "purchase_order")
    if found is None and order:
        found = order.optional_integer("id")
    return found


def _order_number(source: Reader) -> str:
    order = source.child("po")
    return order.spare.text("number") if order else ""


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
    order_id: int | None = computed(_order_id)
    order_number: str = computed(_order_number)
    allocations: tuple[Allocation, ...] = strict(
        children(Allocation), "cost_allocations"
    )
    fallback_account: Allocation | None = derived(_fallback)
    currency_name: str = computed(embedded_currency)
    order_item: OrderLine | None = strict(if_readable(OrderLine), "orderitem")
    catalog_item_id: int | None = computed(_catalog_item_id)

    @property
    def catalog_item(self) -> CatalogItem | None:
        """The catalog item that was ordered, if the bill embeds it."""
        return self.order_item.catalog_item if self.order_item else None
