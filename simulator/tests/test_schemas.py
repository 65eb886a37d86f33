"""Whatever the specification allows: the client reads it, or says what it cannot."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from procurify import RESOURCES, InvalidPayload
from procurify.answers import Answer
from procurify.envelopes import read_listing

from ..resources import RESOURCES as SERVED
from . import specification
from .schemas import valid
from .specification import Specification

pytestmark = pytest.mark.openapi

DETAILS = {
    "bill": "/api/v2/ap/bills/{id}",
    "purchase_order": "/api/v2/purchase_orders/{id}",
}


@cache
def parsed() -> Specification:
    return Specification(specification.path())


@cache
def of_schema(name: str) -> st.SearchStrategy[dict[str, Any]]:
    spec, key = parsed(), RESOURCES[name].key
    path = RESOURCES[name].list_path
    listed = SERVED[path].template or path.rstrip("/")
    schema = spec.answer_schema("get", DETAILS.get(name, listed))
    # The list of locations has its envelope inside another one.
    while key not in (members := spec.resolved(schema).get("properties", {})):
        schema = members["data"] if members else spec.resolved(schema)["items"]
    numbers = valid(spec, members[key]).filter(lambda n: n not in (None, ""))
    return st.builds(
        lambda found, number: found | {key: number}, valid(spec, schema), numbers
    )


@st.composite
def objects(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Draw an object of one resource, as the specification has it."""
    return draw(of_schema(name))


@pytest.mark.parametrize("name", RESOURCES)
@settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_what_the_specification_allows_is_read(name: str, data: st.DataObject) -> None:
    resource = RESOURCES[name]
    sent = data.draw(objects(name))
    answer = Answer("/", 200, {}, json.dumps({"data": [sent]}).encode())

    [remote] = read_listing(answer, resource).objects

    assert remote.external_id == str(sent[resource.key])
    try:
        assert resource.payload.from_json(remote.data).label is not None
    except InvalidPayload as error:
        # The specification calls optional what no document is without.
        assert error.path and error.reason
