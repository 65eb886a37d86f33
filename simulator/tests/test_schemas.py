"""What the specification allows is never refused, at any depth.

Where one field is damaged, the object is refused only for money, identity and coding.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from procurify import RESOURCES, Bill, InvalidPayload, Order, read_noting
from procurify.answers import Answer
from procurify.arithmetic import bill_figures
from procurify.envelopes import read_listing
from procurify.findings import requesters
from procurify.order_arithmetic import order_figures
from procurify.rates import implied_bill_rate, implied_order_rate

from .valid_objects import (
    DAMAGE,
    NEEDED,
    any_index,
    holds_needed,
    objects,
    places,
    schema,
    spec,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.openapi

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


def _schema(name: str) -> dict[str, Any]:
    return schema(name, RESOURCES[name].list_path, RESOURCES[name].key)


def _objects(name: str, seed: int) -> Iterator[dict[str, Any]]:
    resource = RESOURCES[name]
    return objects(name, resource.list_path, resource.key, OBJECTS, seed)


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


# === VALID === #


@pytest.mark.parametrize("name", RESOURCES)
def test_an_object_that_is_valid_is_never_refused(name: str) -> None:
    refused: Counter[str] = Counter()
    left_empty: Counter[str] = Counter()
    for sent in _objects(name, SEED):
        try:
            _payload, unread = _read(name, sent)
        except InvalidPayload as error:
            refused[any_index(str(error))] += 1
        else:
            left_empty.update(map(any_index, unread))

    assert not refused, f"seed {SEED}: {refused.most_common(5)} of {OBJECTS}"
    # The schema of a time zone says nothing: only what is text can be one.
    open_schemas = {path for path in left_empty if path.endswith("locationTimezone")}
    assert set(left_empty) == open_schemas, left_empty.most_common(5)


@pytest.mark.parametrize("name", RESOURCES)
def test_what_is_generated_is_valid_and_full(name: str) -> None:
    paths: Counter[str] = Counter()
    for sent, _number in zip(_objects(name, SEED), range(CHECKED), strict=False):
        # An enumeration that may be null does not list the null.
        found = [
            e
            for e in spec().errors(_schema(name), sent)
            if "None is not one of" not in e
        ]
        assert found == []
        paths.update({path for path, _container, _key in places(sent)})

    for path in DEEP.get(name, ()):
        assert paths[path], path


@pytest.mark.parametrize("name", RESOURCES)
def test_a_valid_object_is_found_in_a_list(name: str) -> None:
    for sent, _number in zip(_objects(name, SEED), range(CHECKED), strict=False):
        body = json.dumps({"data": [sent]}).encode()
        [remote] = read_listing(Answer("/", 200, {}, body), RESOURCES[name]).objects
        assert remote.external_id == str(sent[RESOURCES[name].key])


# === DAMAGED === #


@pytest.mark.parametrize("name", RESOURCES)
def test_a_damaged_object_is_refused_only_for_what_is_needed(name: str) -> None:
    rng = random.Random(f"damage {name} {SEED}")
    refused: Counter[str] = Counter()
    for sent in _objects(name, SEED):
        path, container, key = rng.choice(list(places(sent)))
        container[key] = rng.choice(DAMAGE)
        try:
            _read(name, sent)
        except InvalidPayload:
            refused[path] += 1

    needless = {path for path in refused if not holds_needed(name, path)}
    assert not needless, f"seed {SEED}: {needless}"
    assert refused, "damage never refused anything"


@pytest.mark.parametrize("name", RESOURCES)
def test_what_is_needed_and_cannot_be_read_refuses_the_object(name: str) -> None:
    known: dict[str, list[tuple[dict[str, Any], Any, Any]]] = {}
    for sent, _number in zip(_objects(name, 2), range(150), strict=False):
        for path, container, key in places(sent):
            if path in NEEDED[name] and len(known.setdefault(path, [])) < 3:
                known[path].append((sent, container, key))

    assert set(known) == set(NEEDED[name])
    for path, found in known.items():
        outcomes = []
        for sent, container, key in found:
            sound, container[key] = container[key], ["damaged"]
            try:
                _read(name, sent)
                outcomes.append("read")
            except InvalidPayload as error:
                outcomes.append(any_index(error.path))
            container[key] = sound
        # A coding at purchase time counts only where a line has no other one.
        assert path in outcomes, (path, outcomes)
