"""The lists of orders, order lines, requisitions and the catalogue."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from .filters import (
    between_days,
    contains,
    equals_number,
    equals_text,
    is_true,
    one_of,
)
from .listing import Resource
from .manufacturer import ACCOUNT_CODES, DEPARTMENTS
from .order_book import RECURRING
from .order_documents import OrderRenderer
from .tenant_time import local

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from .dataset import Dataset
    from .documents import Json
    from .filters import Filter
    from .model import CatalogItem, Order, Requisition
    from .order_book import LineRow

ROLES: Final = ("purchased", "receivable")
STATUSES: Final = ("all", "open", "partial", "closed", "cancelled", "paid")
COUNTED: Final = ("all", "open", "partial", "closed", "cancelled")
ON_PURCHASE: Final = {"open", "partial"}
ORDERS: Final = "/api/v2/purchase_orders/{role}/{status}"
PLACES: Final = {department.id: department.location_id for department in DEPARTMENTS}
CODES: Final = {account.code: account.id for account in ACCOUNT_CODES}


def _local(value: datetime | None) -> datetime | None:
    return None if value is None else local(value)


# --- orders -----------------------------------------------------------------------


def _of_role(dataset: Dataset, role: str) -> list[Order]:
    """Return the orders of a role: what a card paid for is not waited for."""
    orders = dataset.orders()
    if role == "receivable":
        return [order for order in orders if order.card_issuer is None]
    return orders


def _in_status(dataset: Dataset, role: str, status: str) -> list[Order]:
    """Return the orders of a list; whether `all` holds the closed ones is a switch."""
    orders = _of_role(dataset, role)
    statuses = dataset.order_statuses()
    if status != "all":
        return [order for order in orders if statuses[order.id] == status]
    if dataset.all_hides_closed:
        return [order for order in orders if statuses[order.id] in ON_PURCHASE]
    return orders


def _counts(dataset: Dataset, shown: Sequence[Order]) -> Json:
    return {
        "counts": {
            role: {
                **{s: len(_in_status(dataset, role, s)) for s in COUNTED},
                "page": len(shown),
            }
            for role in ROLES
        }
    }


def _orders(role: str, status: str) -> Resource:
    def rows(dataset: Dataset) -> list[Order]:
        return _in_status(dataset, role, status)

    def row(dataset: Dataset, order: Order) -> Json:
        return OrderRenderer(dataset).row(order)

    return Resource(
        path=f"{ORDERS.format(role=role, status=status)}/",
        template=ORDERS,
        rows=rows,
        render=row,
        filters={
            "pref_vendor": equals_number(lambda o: o.vendor_id),
            "purchase_order": equals_number(lambda o: o.id),
            "currency": equals_number(lambda o: o.currency_id),
            "purchaser": equals_number(lambda o: o.buyer_id),
            **between_days("date", lambda o: local(o.date)),
            **between_days("expiry_date", lambda o: _local(o.expires)),
            **between_days("modified_date", lambda o: local(o.modified)),
            **between_days("promise_date", lambda o: local(o.promise_date)),
        },
        # Only the newer edition of the specification names these.
        undocumented=frozenset({"currency", "purchase_order", "purchaser"}),
        orders={
            "id": lambda o: o.id,
            "date": lambda o: o.date,
            "last_modified": lambda o: o.modified,
            "number": lambda o: o.number,
        },
        default_order="-id",
        metadata=_counts,
    )


# --- lines ------------------------------------------------------------------------


def _equals_decimal(value: Callable[[Any], Decimal]) -> Filter[Any]:
    def build(text: str) -> Callable[[Any], bool]:
        wanted = Decimal(text) if text.replace(".", "", 1).isdecimal() else None
        return lambda record: wanted is None or value(record) == wanted

    return build


def _lines(path: str) -> Resource:
    def row(dataset: Dataset, found: LineRow) -> Json:
        return OrderRenderer(dataset).line_row(found)

    def department(found: LineRow) -> int:
        return found.line.shares[0].department_id

    def place(found: LineRow) -> int:
        return PLACES[department(found)]

    return Resource(
        path=path,
        rows=lambda dataset: dataset.line_rows(),
        render=row,
        filters={
            "account_code": equals_number(lambda r: CODES.get(r.line.shares[0].code)),
            "active": is_true(lambda r: r.line.active),
            "branch": equals_number(place),
            "catalog": is_true(lambda r: r.line.catalog_item is not None),
            "catalog_item": equals_text(lambda r: str(r.line.catalog_item)),
            "currency": equals_number(lambda r: r.line.currency_id),
            "department": equals_number(department),
            "departments": one_of(department),
            "is_purchased": is_true(lambda r: r.line.order_id is not None),
            "is_recurring": is_true(lambda r: r.line.type == RECURRING),
            "location": equals_number(place),
            "locations": one_of(place),
            "name": contains(lambda r: r.line.name),
            "num": equals_text(
                lambda r: f"{r.line.requisition}-{r.line.requisition_line}"
            ),
            "orderNum": equals_number(lambda r: r.line.requisition),
            "orderNum__status": equals_number(
                lambda r: None if r.requisition is None else r.requisition.status
            ),
            "po_vendor": equals_number(lambda r: r.order and r.order.vendor_id),
            "pref_vendor": equals_number(lambda r: r.line.vendor_id),
            "price": _equals_decimal(lambda r: r.line.price),
            "purchase_order": equals_number(lambda r: r.line.order_id),
            "purchaser": equals_number(lambda r: r.order and r.order.buyer_id),
            "quantity": _equals_decimal(lambda r: r.line.quantity),
            "requester": equals_number(
                lambda r: r.requisition and r.requisition.user_id
            ),
            "search": contains(lambda r: r.line.name, lambda r: r.line.sku),
            "sku": equals_text(lambda r: r.line.sku),
            "status": equals_number(lambda r: r.line.status),
            "type": equals_number(lambda r: r.line.type),
            "unit": equals_text(lambda r: r.line.unit),
            **between_days("approved_datetime", lambda r: _local(r.line.approved)),
            **between_days("last_modified", lambda r: local(r.line.modified)),
            **between_days("order_created_date", lambda r: local(r.line.requested)),
            **between_days(
                "po_created_date", lambda r: _local(r.order and r.order.date)
            ),
            **between_days("purchased_date", lambda r: _local(r.line.purchased)),
        },
        undocumented=frozenset({"purchase_order"}),
        orders={
            "id": lambda r: r.line.id,
            "last_modified": lambda r: r.line.modified,
            "num": lambda r: (r.line.requisition, r.line.requisition_line),
        },
        default_order="-id",
    )


# --- requisitions and the catalogue -----------------------------------------------


def _requisitions() -> Resource:
    def row(dataset: Dataset, record: Requisition) -> Json:
        return OrderRenderer(dataset).requisition(record)

    return Resource(
        path="/api/v2/global/orders/",
        rows=lambda dataset: dataset.requisitions(),
        render=row,
        filters={
            "branch": equals_number(lambda r: PLACES[r.department_id]),
            "department": equals_number(lambda r: r.department_id),
            "location": equals_number(lambda r: PLACES[r.department_id]),
            "search": contains(lambda r: str(r.num), lambda r: r.description),
            "status": equals_number(lambda r: r.status),
            **between_days("date", lambda r: local(r.date)),
            **between_days("modified_date", lambda r: local(r.modified)),
            **between_days("required_date", lambda r: local(r.required)),
        },
        orders={
            "num": lambda r: r.num,
            "date": lambda r: r.date,
            "dateModified": lambda r: r.modified,
        },
        default_order="-num",
    )


def _catalogue() -> Resource:
    def row(dataset: Dataset, record: CatalogItem) -> Json:
        return OrderRenderer(dataset).catalog_item(record)

    return Resource(
        path="/api/v3/catalog-items/",
        rows=lambda dataset: dataset.catalog_items(),
        render=row,
        filters={
            "internalSKU": equals_text(lambda i: i.sku),
            "pref_vendor": equals_number(lambda i: i.vendor_id),
            "search": contains(lambda i: i.name, lambda i: i.sku),
        },
        orders={"id": lambda i: i.id, "name": lambda i: i.name.casefold()},
    )


ORDER_RESOURCES: Final = (
    *(_orders(role, status) for role in ROLES for status in STATUSES),
    _lines("/api/v3/order-items/"),
    _lines("/api/v2/global/order_items/"),
    _requisitions(),
    _catalogue(),
)
