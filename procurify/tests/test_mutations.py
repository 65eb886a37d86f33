"""Damaged objects of every resource, in whole bodies: read or refused, no third way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .. import RESOURCES, InvalidPayload, ProcurifyError
from ..answers import Answer
from ..envelopes import read_detail, read_listing, read_stored
from ..paging import Query, page_from
from .conftest import SAMPLES
from .mutations import damaged, dump

if TYPE_CHECKING:
    from ..envelopes import RemoteObject
    from ..resources import Resource

FILES = {
    "vendor": "vendors_page",
    "account_code": "account_codes_page",
    "department": "departments_page",
    "order_item": "order_items_page",
    "purchase_order": "po_detail",
    "bill": "bill_detail",
}


def _sample(name: str) -> dict[str, Any]:
    data = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))["data"]
    found: dict[str, Any] = data[0] if isinstance(data, list) else data
    return found


def _use(remote: RemoteObject, resource: Resource) -> None:
    """Do what the connector does with an object before and after the stage."""
    remote.external_id.encode()
    assert "\0" not in remote.external_id
    for each in resource.detail_ids(remote.data):
        each.encode()
    assert read_stored(remote.raw, resource) == remote
    payload = resource.payload.from_json(remote.data)
    payload.label.encode()
    payload.code.encode()
    if references := getattr(payload, "references", None):
        for mentioned, external_id, embedded in references():
            external_id.encode()
            if mentioned in RESOURCES:
                RESOURCES[mentioned].payload.from_json(embedded)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=120)
@given(data=st.data())
def test_a_damaged_body_is_read_or_refused(name: str, data: st.DataObject) -> None:
    resource = RESOURCES[name]
    envelope = {
        "metadata": {"pagination": {"count": 1, "num_pages": 1, "current_page": 1}},
        "data": [_sample(FILES[name])],
    }
    body = dump(data.draw(damaged(envelope))).encode()

    try:
        listing = read_listing(Answer("/", 200, {}, body), resource)
        page = page_from(listing, resource, Query("/"), 1)
    except ProcurifyError:
        return
    assert 0 <= page.count < 2**31
    for remote in page.objects:
        try:
            _use(remote, resource)
        except InvalidPayload:
            continue


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=120)
@given(data=st.data())
def test_a_damaged_object_is_read_or_refused(name: str, data: st.DataObject) -> None:
    resource = RESOURCES[name]
    body = dump({"data": data.draw(damaged(_sample(FILES[name])))}).encode()

    try:
        _use(read_detail(Answer("/", 200, {}, body), resource), resource)
    except ProcurifyError:
        return
