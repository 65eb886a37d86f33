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
    Currency,
    Department,
    Location,
    Vendor,
    normalise_uuid,
)

if TYPE_CHECKING:
    from typing import Literal

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
    :param variants: sets of parameters whose results together are the whole list
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
    variants: tuple[Params, ...]
    payload: type[Payload]
    fallback_filter: str | None = None
    detail_keys: tuple[str, ...] = ("id",)

    def detail_ids(self, row: dict[str, Any]) -> tuple[str, ...]:
        """Return the ids by which the detail of a list row may be asked for.

        Which one a bill's detail takes is not documented beyond "hexadecimal": its
        UUID without dashes, or its number. Try them in this order.
        """
        values = (row.get(key) for key in self.detail_keys)
        return tuple(normalise_uuid(str(value)) for value in values if value)


def _plain(
    name: str,
    path: str,
    payload: type[Payload],
    *,
    modified_field: str | None = None,
    variants: tuple[Params, ...] = ((),),
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


_BOTH = ((("active", "true"),), (("active", "false"),))
"""Whether the plain list hides what is inactive is not documented: read both."""

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
    variants=((),),
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
        _BILL,
    )
}
