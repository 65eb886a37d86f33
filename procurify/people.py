"""Who asked for what a document is about, as far as the document says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .payloads.embedded import full_name
from .payloads.values import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator


def requesters(document: dict[str, Any]) -> list[str]:
    """Name who requested the lines of an order, a bill or a requisition, once each.

    :param document: what Procurify sent. A line names its ``requester``; a requisition
        names its ``user``, and so does a bill that is for no order.
    :returns: names as people write them, in the order of the lines
    """
    names = [full_name(_embedded(line, "requester")) for line in _lines(document)]
    found = list(dict.fromkeys(filter(None, names)))
    return found or list(filter(None, [full_name(_embedded(document, "user"))]))


def _lines(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _dicts(document.get("order_items"))
    for item in _dicts(document.get("items")):
        order_item = item.get("orderitem")
        if isinstance(order_item, dict):
            yield order_item


def _embedded(data: dict[str, Any], name: str) -> Reader | None:
    value = data.get(name)
    return Reader(value) if isinstance(value, dict) else None


def _dicts(value: object) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]
