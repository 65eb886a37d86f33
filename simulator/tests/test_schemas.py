"""What the specification allows is never refused, at any depth.

Where one field is damaged, the object is refused only for money, identity and coding.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from procurify import RESOURCES, Bill, InvalidPayload, Order, read_noting
from procurify.answers import Answer
from procurify.arithmetic import bill_figures
from procurify.envelopes import read_listing
from procurify.order_arithmetic import order_figures
from procurify.people import requesters
from procurify.rates import implied_bill_rate, implied_order_rate

from ..resources import RESOURCES as SERVED
from . import specification
from .generated import Generator
from .specification import Specification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .generated import Make

pytestmark = pytest.mark.openapi

DETAILS = {
    "bill": "/api/v2/ap/bills/{id}",
    "purchase_order": "/api/v2/purchase_orders/{id}",
}
IS_FUZZ = bool(os.environ.get("PROCURIFY_FUZZ"))
OBJECTS = int(os.environ.get("PROCURIFY_FUZZ_OBJECTS") or (10_000 if IS_FUZZ else 150))
SEED = random.SystemRandom().randrange(10**9) if IS_FUZZ else 1
CHECKED = 25
"""Objects of each kind that are themselves validated: that takes its time."""
DEEP = {
    "requisition": ("logs[].user.department.branch.name",),
    "purchase_order": (
        "order_items[].spend_allocation[].account.account_code.parent.code",
        "order_items[].spend_allocation[].account.department.branch.name",
        "order_items[].catalog_item.pref_vendor.payment_methods[].currency.name",
    ),
    "bill": (
        "items[].orderitem.spend_allocation[].account.account_code.parent.code",
        "items[].cost_allocations[].budget.department.branch.name",
        "items[].orderitem.catalog_item.pref_vendor.creditcards[].number",
    ),
}
CENT = Decimal("0.01")
DAMAGE: tuple[Any, ...] = (
    *([1], ["x"], [None], [[]], {"id": "x"}, {"id": []}, {"x": 1}, True, 77, -1),
    *("x", "9999-99-99", "2026-03-02T09:14:55", 10**40, 1.5, None),
)


@cache
def _spec() -> Specification:
    return Specification(specification.path())


@cache
def _generator() -> Generator:
    return Generator(_spec())


@cache
def _schema(name: str) -> dict[str, Any]:
    """Return the schema of one object of a resource, as it is read."""
    spec, path = _spec(), RESOURCES[name].list_path
    listed = SERVED[path].template or path.rstrip("/")
    schema = spec.answer_schema("get", DETAILS.get(name, listed))
    # The list of locations has its envelope inside another one.
    while RESOURCES[name].key not in (
        members := spec.resolved(schema).get("properties", {})
    ):
        schema = members["data"] if members else spec.resolved(schema)["items"]
    return schema


def _objects(name: str, seed: int) -> Iterator[dict[str, Any]]:
    make: Make = _generator().make(_schema(name))
    rng = random.Random(f"{name} {seed}")
    for _ in range(OBJECTS):
        yield make(rng)


def _read(name: str, sent: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """Read an object as the connector does, with all that it embeds.

    :raises InvalidPayload: it is refused
    """
    data = json.loads(json.dumps(sent), parse_float=Decimal)
    payload, unread = read_noting(RESOURCES[name].payload, data)
    payload.label.encode()
    payload.code.encode()
    requesters(data)
    if isinstance(payload, Bill):
        bill_figures(payload, CENT)
        implied_bill_rate(payload)
    elif isinstance(payload, Order):
        order_figures(payload, CENT)
        implied_order_rate(payload)
    if hasattr(payload, "references"):
        for resource, _id, embedded in payload.references():
            if resource in RESOURCES:
                RESOURCES[resource].payload.from_json(embedded)
    return payload, unread


def _any_index(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path)


# === VALID === #


@pytest.mark.parametrize("name", RESOURCES)
def test_an_object_that_is_valid_is_never_refused(name: str) -> None:
    refused: Counter[str] = Counter()
    left_empty: Counter[str] = Counter()
    for sent in _objects(name, SEED):
        try:
            _payload, unread = _read(name, sent)
        except InvalidPayload as error:
            refused[_any_index(str(error))] += 1
        else:
            left_empty.update(map(_any_index, unread))

    assert not refused, f"seed {SEED}: {refused.most_common(5)} of {OBJECTS}"
    # The schema of a time zone says nothing: only what is text can be one.
    open_schemas = {path for path in left_empty if path.endswith("locationTimezone")}
    assert set(left_empty) == open_schemas, left_empty.most_common(5)


@pytest.mark.parametrize("name", RESOURCES)
def test_what_is_generated_is_valid_and_full(name: str) -> None:
    spec, schema = _spec(), _schema(name)
    paths: Counter[str] = Counter()
    for sent, _number in zip(_objects(name, SEED), range(CHECKED), strict=False):
        # An enumeration that may be null does not list the null.
        found = [e for e in spec.errors(schema, sent) if "None is not one of" not in e]
        assert found == []
        paths.update({path for path, _container, _key in _places(sent)})

    for path in DEEP.get(name, ()):
        assert paths[path], path


@pytest.mark.parametrize("name", RESOURCES)
def test_a_valid_object_is_found_in_a_list(name: str) -> None:
    for sent, _number in zip(_objects(name, SEED), range(CHECKED), strict=False):
        body = json.dumps({"data": [sent]}).encode()
        [remote] = read_listing(Answer("/", 200, {}, body), RESOURCES[name]).objects
        assert remote.external_id == str(sent[RESOURCES[name].key])


# === DAMAGED === #

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


def _places(value: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, container, key) of everything inside ``value``."""
    if isinstance(value, dict):
        named = [(f"{path}.{key}" if path else key, key) for key in value]
    elif isinstance(value, list):
        named = [(f"{path}[]", index) for index in range(len(value))]
    else:
        return
    for inner, key in named:
        yield inner, value, key
        yield from _places(value[key], inner)


def _holds_needed(name: str, path: str) -> bool:
    """Return whether a place is needed, or has something inside that is."""
    return any(
        needed == path or needed.startswith((f"{path}.", f"{path}["))
        for needed in NEEDED[name]
    )


@pytest.mark.parametrize("name", RESOURCES)
def test_a_damaged_object_is_refused_only_for_what_is_needed(name: str) -> None:
    rng = random.Random(f"damage {name} {SEED}")
    refused: Counter[str] = Counter()
    for sent in _objects(name, SEED):
        path, container, key = rng.choice(list(_places(sent)))
        container[key] = rng.choice(DAMAGE)
        try:
            _read(name, sent)
        except InvalidPayload:
            refused[path] += 1

    needless = {path for path in refused if not _holds_needed(name, path)}
    assert not needless, f"seed {SEED}: {needless}"
    assert refused, "damage never refused anything"


@pytest.mark.parametrize("name", RESOURCES)
def test_what_is_needed_and_cannot_be_read_refuses_the_object(name: str) -> None:
    places: dict[str, list[tuple[dict[str, Any], Any, Any]]] = {}
    for sent, _number in zip(_objects(name, 2), range(150), strict=False):
        for path, container, key in _places(sent):
            if path in NEEDED[name] and len(places.setdefault(path, [])) < 3:
                places[path].append((sent, container, key))

    assert set(places) == set(NEEDED[name])
    for path, found in places.items():
        outcomes = []
        for sent, container, key in found:
            sound, container[key] = container[key], ["damaged"]
            try:
                _read(name, sent)
                outcomes.append("read")
            except InvalidPayload as error:
                outcomes.append(_any_index(error.path))
            container[key] = sound
        # A coding at purchase time counts only where a line has no other one.
        assert path in outcomes, (path, outcomes)
