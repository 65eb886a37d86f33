"""Objects that Procurify's specification allows, one damaged place of them, and which
places a document needs: money, identity and coding.

For the tests of both sides: those of plain Python and those of the addon.
"""

from __future__ import annotations

import random
import re
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from ..resources import RESOURCES as SERVED
from . import specification
from .generated import Generator
from .specification import Specification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .generated import Make

DETAILS = {
    "bill": "/api/v2/ap/bills/{id}",
    "purchase_order": "/api/v2/purchase_orders/{id}",
}
DAMAGE: tuple[Any, ...] = (
    *([1], ["x"], [None], [[]], {"id": "x"}, {"id": []}, {"x": 1}, True, 77, -1),
    *("x", "9999-99-99", "2026-03-02T09:14:55", 10**40, 1.5, None),
)


@cache
def spec() -> Specification:
    """Return Procurify's specification."""
    return Specification(specification.path())


@cache
def _generator() -> Generator:
    return Generator(spec())


@cache
def schema(name: str, path: str, key: str) -> dict[str, Any]:
    """Return the schema of one object of a resource, as it is read.

    :param path: of its list
    :param key: field that identifies an object
    """
    listed = SERVED[path].template or path.rstrip("/")
    found = spec().answer_schema("get", DETAILS.get(name, listed))
    # The list of locations has its envelope inside another one.
    while key not in (members := spec().resolved(found).get("properties", {})):
        found = members["data"] if members else spec().resolved(found)["items"]
    return found


def objects(
    name: str, path: str, key: str, number: int, seed: int
) -> Iterator[dict[str, Any]]:
    """Yield ``number`` valid objects of a resource; see ``schema``."""
    make: Make = _generator().make(schema(name, path, key))
    rng = random.Random(f"{name} {seed}")
    for _ in range(number):
        made = make(rng)
        _tell_apart(made)
        yield made


def _tell_apart(value: Any) -> None:
    """Give the entries of each list an id of their own, as that is what an id is."""
    if isinstance(value, dict):
        for inner in value.values():
            _tell_apart(inner)
    elif isinstance(value, list):
        known: set[int] = set()
        for entry in value:
            if isinstance(entry, dict) and isinstance(entry.get("id"), int):
                free = (number for number in count(1) if number not in known)
                entry["id"] = next(free) if entry["id"] in known else entry["id"]
                known.add(entry["id"])
            _tell_apart(entry)


# === WHAT IS NEEDED === #

_CODING = ("account_code.id", "account_code.code", "department.id", "department.name")
_BRANCH = ("department.branch.id", "department.branch.name")
_ACCOUNT = (*_CODING, *_BRANCH)


def _under(place: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{place}.{name}" for name in names)


_LINE = (
    *("id", "unit", "quantity", "price", "total_cost", "tax_amount", "shipping_amount"),
    *("taxes[].name", "taxes[].type", "taxes[].value", "active", "is_active"),
    *("purchase_order", "receivedPassQty", "spend_allocation[].amount", "vendor"),
    *("catalog_item.id", "catalog_item.name", "currency.name"),
    *_under("account", *_ACCOUNT),
    *_under("spend_allocation[].account", *_ACCOUNT),
)
NEEDED: dict[str, tuple[str, ...]] = {
    "currency": ("id", "name"),
    "account_code": ("id", "code"),
    "location": ("id", "name"),
    "department": ("id", "name", "branch.id", "branch.name"),
    "vendor": ("id", "name"),
    "catalog_item": ("id", "name"),
    "requisition": (
        *("num", "uuid", "date", "totalPrice", "currency.id", "currency.name"),
        *("branch.id", "branch.name"),
        *("department.id", "department.name", *_BRANCH),
    ),
    "purchase_order": (
        *("procurify_PO", "uuid", "number", "PO_Num", "active", "date"),
        *("pref_vendor.id", "pref_vendor.name"),
        *("purchased_currency.id", "purchased_currency.name"),
        *("purchased_currency_rate", "subtotal", "total", "freight", "other"),
        *("tax.value", "tax.type", "discount.value", "discount.type"),
        *("cost_details.total_cost", "cost_details.total_cost_in_base_currency"),
        *_under("order_items[]", *_LINE),
    ),
    "order_item": (
        *("id", "orderNum", "unit", "quantity", "price", "total_cost", "active"),
        *("is_active", "purchase_order", "pref_vendor", "vendor", "currency"),
        *("account", "catalog_item", "receivedPassQty"),
    ),
    "bill": (
        *("id", "uuid", "version_choices[].pk", "group", "active", "invoice_number"),
        *("invoice_date", "gl_post_date", "vendor.id", "vendor.name"),
        *("currency.id", "currency.name", "subtotal_cost", "total_cost", "tax_amount"),
        *("exclusive_tax_amount", "inclusive_tax_amount", "shipping_amount"),
        *("total_cost_with_tax", "converted_total_cost"),
        *_under("items[]", "id", "unit", "quantity", "unit_cost", "total_cost"),
        *_under("items[]", "tax", "tax_name", "tax_percentage", "tax_amount"),
        *_under("items[]", "tax_is_inclusive", "total_cost_with_tax"),
        *_under("items[]", "shipping_amount", "bill_by_cost", "archived"),
        *_under("items[]", "orderitem.id", "po.id", "currency.name"),
        "items[].cost_allocations[].amount",
        *_under("items[].cost_allocations[].budget", *_ACCOUNT),
        *_under("costs[]", "id", "amount", "cost_allocation.amount"),
        *_under("costs[].cost_allocation.budget", *_ACCOUNT),
    ),
}
"""Money, identity and coding: all else is left empty."""


def places(value: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, container, key) of everything inside ``value``."""
    if isinstance(value, dict):
        named = [(f"{path}.{key}" if path else key, key) for key in value]
    elif isinstance(value, list):
        named = [(f"{path}[]", index) for index in range(len(value))]
    else:
        return
    for inner, key in named:
        yield inner, value, key
        yield from places(value[key], inner)


def holds_needed(name: str, path: str) -> bool:
    """Return whether a place is needed, or has something inside that is."""
    return any(
        needed == path or needed.startswith((f"{path}.", f"{path}["))
        for needed in NEEDED[name]
    )


def any_index(path: str) -> str:
    """Return ``path`` without the numbers of list entries."""
    return re.sub(r"\[\d+\]", "[]", path)
