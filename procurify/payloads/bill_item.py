"""The line of a bill, with its coding and with the order's line that it bills.

Source: Procurify API reference (edition of March 2024), "Retrieve a bill".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from .embedded import Allocation
from .master_data import embedded_currency
from .order_line import OrderLine

if TYPE_CHECKING:
    from .catalog import CatalogItem
    from .values import Reader


@dataclass(frozen=True, slots=True)
class BillItem:
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

    id: int
    type: str
    description: str
    sku: str
    unit: str
    quantity: Decimal | None
    unit_cost: Decimal | None
    total_cost: Decimal | None
    tax_id: int | None
    tax_name: str
    tax_percentage: Decimal | None
    tax_amount: Decimal
    tax_is_inclusive: bool
    total_cost_with_tax: Decimal | None
    shipping_amount: Decimal
    bill_by_cost: bool
    archived: bool
    order_item_id: int | None
    order_id: int | None
    order_number: str
    allocations: tuple[Allocation, ...]
    fallback_account: Allocation | None
    currency_name: str
    order_item: OrderLine | None
    catalog_item_id: int | None

    @classmethod
    def read(cls, source: Reader) -> BillItem:
        """Read one entry of ``items``.

        :raises InvalidPayload: no id, or a value of the wrong type
        """
        order_item = source.embedded("orderitem")
        spare = source.spare
        order_line = (
            source.if_readable(OrderLine.read, order_item) if order_item else None
        )
        order = source.child("po")
        allocations = tuple(map(Allocation.read, source.children("cost_allocations")))
        return cls(
            id=source.integer("id"),
            type=spare.text("type").lower(),
            description=spare.text("description"),
            sku=spare.text("sku"),
            unit=source.text("unit"),
            quantity=source.decimal("quantity"),
            unit_cost=source.decimal("unit_cost"),
            total_cost=source.decimal("total_cost"),
            tax_id=source.reference("tax"),
            tax_name=source.text("tax_name"),
            tax_percentage=source.decimal("tax_percentage"),
            tax_amount=source.decimal("tax_amount") or Decimal(0),
            tax_is_inclusive=source.boolean("tax_is_inclusive", missing=False),
            total_cost_with_tax=source.decimal("total_cost_with_tax"),
            shipping_amount=source.decimal("shipping_amount") or Decimal(0),
            bill_by_cost=source.boolean("bill_by_cost", missing=False),
            archived=source.boolean("archived", missing=False),
            order_item_id=source.reference("orderitem"),
            order_id=_order_id(order_item, order),
            order_number=order.spare.text("number") if order else "",
            allocations=allocations,
            fallback_account=None
            if allocations
            else fallback_coding(order_item, source.decimal("total_cost")),
            currency_name=embedded_currency(source),
            order_item=order_line,
            catalog_item_id=_reference(order_item, "catalog_item"),
        )

    @property
    def catalog_item(self) -> CatalogItem | None:
        """The catalog item that was ordered, if the bill embeds it."""
        return self.order_item.catalog_item if self.order_item else None


# The copy of the order's line says more about the bill, but must not hold it up: what
# cannot be read of it counts as absent.


def _reference(order_item: Reader | None, name: str) -> int | None:
    return order_item.spare.reference(name) if order_item else None


def _order_id(order_item: Reader | None, order: Reader | None) -> int | None:
    found = _reference(order_item, "purchase_order")
    if found is None and order:
        found = order.optional_integer("id")
    return found


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
