"""What is read from Procurify: one line per resource, in the order of import.

Source: Procurify API reference (edition of March 2024), the list and retrieve
operations. Every path ends with a slash: a redirect to one would drop the token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .payloads import (
    AccountCode,
    Bill,
    CatalogItem,
    Currency,
    Department,
    Location,
    Order,
    OrderItem,
    Requisition,
    Vendor,
    clean_text,
    normalise_uuid,
)

if TYPE_CHECKING:
    from typing import Literal

    from .payloads.values import Reader

Params = tuple[tuple[str, str], ...]


class Payload(Protocol):
    """What every payload class offers."""

    @property
    def external_id(self) -> str: ...

    @property
    def code(self) -> str: ...

    @property
    def label(self) -> str: ...

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Payload: ...

    @classmethod
    def read(cls, source: Reader) -> Payload: ...


@dataclass(frozen=True)
class Variant:
    """One of several lists that are read together as the whole.

    :param params: query parameters of this list
    :param list_path: where it is, if not at the resource's own path; a tenant that
        has nothing there (404) has no such objects
    :param created_filter: query parameter "created on or after": this list is read for
        what is new instead of what changed. Whether its rows keep the promise shows
        in no stamp of theirs.
    """

    params: Params = ()
    list_path: str | None = None
    created_filter: str | None = None


WHOLE = (Variant(),)
"""A resource of one list."""


@dataclass(frozen=True)
class Resource:
    """How one kind of object is listed, filtered and read.

    :param detail_path: where one object is read, if the list holds only a summary
    :param key: field that identifies an object
    :param modified_field: field of the last-modified stamp, if there is one
    :param modified_filter: query parameter "modified at or after", if there is one
    :param modified_grain: whether that filter takes a date-time or only a date
    :param order_by: value of ``order_by`` for newest first; undocumented, so it is a
        wish: see :attr:`Page.newest_first`
    :param params: query parameters of every list request
    :param variants: lists that together are the whole; the first is at ``list_path``
    :param detail_keys: fields of a list row that name its detail, the best first
    :param fallback_filter: filter by date, for a server that refuses the date-time
    """

    name: str
    list_path: str
    detail_path: str | None
    key: str
    modified_field: str | None
    modified_filter: str | None
    modified_grain: Literal["datetime", "date"] | None
    order_by: str | None
    params: Params
    variants: tuple[Variant, ...]
    payload: type[Payload]
    fallback_filter: str | None = None
    detail_keys: tuple[str, ...] = ("id",)

    def detail_ids(self, row: dict[str, Any]) -> tuple[str, ...]:
        """Return the ids by which the detail of a list row may be asked for.

        Which one a bill's detail takes is not documented beyond "hexadecimal": its
        UUID without dashes, or its number. An order's takes both. Try them in this
        order.
        """
        values = [row.get(key) for key in self.detail_keys]
        # False is a number to Python, and no id.
        texts = [
            str(value)
            for value in values
            if isinstance(value, (int, str)) and not isinstance(value, bool)
        ]
        return tuple(filter(None, [normalise_uuid(clean_text(t)) for t in texts]))

    def external_id(self, detail_ids: tuple[str, ...]) -> str:
        """Return which of an object's ``detail_ids`` is its key, if they show it."""
        if len(detail_ids) < len(self.detail_keys):
            return detail_ids[-1]
        return detail_ids[self.detail_keys.index(self.key)]


def _plain(
    name: str,
    path: str,
    payload: type[Payload],
    *,
    modified_field: str | None = None,
    variants: tuple[Variant, ...] = WHOLE,
) -> Resource:
    """Describe master data: the list holds it all, and every reading is a full one."""
    return Resource(
        name=name,
        list_path=path,
        detail_path=None,
        key="id",
        modified_field=modified_field,
        modified_filter=None,
        modified_grain=None,
        order_by=f"-{modified_field}" if modified_field else None,
        params=(),
        variants=variants,
        payload=payload,
    )


_BOTH = (Variant((("active", "true"),)), Variant((("active", "false"),)))
"""Whether the plain list hides what is inactive is not documented: read both."""

_REQUISITION = Resource(
    name="requisition",
    list_path="/api/v2/global/orders/",
    detail_path=None,
    key="num",
    modified_field="dateModified",
    modified_filter="modified_date_0",
    modified_grain="date",
    order_by="-dateModified",
    params=(),
    variants=WHOLE,
    payload=Requisition,
)

_ORDERS = "/api/v2/purchase_orders/purchased/{status}/"
_ENDED = ("cancelled", "closed", "paid")
"""Whether the list of all orders holds these is not documented: read them as well."""

_ORDER = Resource(
    name="purchase_order",
    list_path=_ORDERS.format(status="all"),
    detail_path="/api/v2/purchase_orders/{id}/",
    key="procurify_PO",
    modified_field="last_modified",
    modified_filter="modified_date_0",
    modified_grain="date",
    order_by="-last_modified",
    params=(),
    variants=(
        *WHOLE,
        *(Variant(list_path=_ORDERS.format(status=status)) for status in _ENDED),
    ),
    payload=Order,
    detail_keys=("procurify_PO", "uuid"),
)

_ORDER_ITEM = Resource(
    name="order_item",
    list_path="/api/v3/order-items/",
    detail_path=None,
    key="id",
    modified_field="last_modified",
    modified_filter="last_modified_0",
    modified_grain="date",
    order_by="-last_modified",
    params=(),
    # Whether a line counts as changed when an order takes it up is not documented.
    variants=(*WHOLE, Variant(created_filter="po_created_date_0")),
    payload=OrderItem,
)

_BILL = Resource(
    name="bill",
    list_path="/api/v3/ap/bills/",
    detail_path="/api/v2/ap/bills/{id}/",
    key="id",
    modified_field="last_modified_datetime",
    modified_filter="last_modified_datetime_0",
    modified_grain="datetime",
    order_by="-last_modified_datetime",
    params=(),
    variants=WHOLE,
    payload=Bill,
    fallback_filter="modified_date_0",
    detail_keys=("uuid", "id"),
)

RESOURCES: dict[str, Resource] = {
    resource.name: resource
    for resource in (
        _plain("currency", "/api/v2/currencies/", Currency),
        _plain("account_code", "/api/v3/account-codes/", AccountCode, variants=_BOTH),
        _plain("location", "/api/v2/locations/", Location),
        _plain("department", "/api/v3/departments/", Department),
        _plain("vendor", "/api/v3/vendors/", Vendor, modified_field="dateModified"),
        _plain("catalog_item", "/api/v3/catalog-items/", CatalogItem),
        _REQUISITION,
        _ORDER,
        _ORDER_ITEM,
        _BILL,
    )
}
