"""Every endpoint that the simulator serves obeys Procurify's own specification."""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING, Any

import pytest

from .. import Simulator
from ..billing import BILLINGS
from ..listing import DEFAULT_PAGE_SIZE
from ..resources import RESOURCES
from ..scenarios import FURTHER_SCENARIOS, RARE_SCENARIOS
from ..year import revise_at_random
from . import specification
from .client import GRANT, Client
from .specification import Specification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

pytestmark = pytest.mark.openapi

BILL = "/api/v2/ap/bills/{id}"
ORDER = "/api/v2/purchase_orders/{id}"
VENDOR = "/api/v3/vendors/{id}"
ME = "/api/v3/users/me"


def template(path: str) -> str:
    """Return the path as the specification writes it."""
    return RESOURCES[path].template or path.rstrip("/")


@pytest.fixture(scope="module")
def spec() -> Specification:
    return Specification(specification.path())


@pytest.mark.parametrize("path", RESOURCES)
def test_every_page_of_a_list_is_valid(
    spec: Specification, reader: Client, path: str
) -> None:
    schema = spec.answer_schema("get", template(path))
    pages = list(reader.pages(path, page_size=max(2, DEFAULT_PAGE_SIZE - 3)))
    assert [error for page in pages for error in spec.errors(schema, page)] == []
    assert sum(len(page["data"]) for page in pages)


@pytest.mark.parametrize("path", RESOURCES)
def test_every_parameter_of_a_list_is_documented(
    spec: Specification, path: str
) -> None:
    documented = spec.parameters(template(path))
    resource = RESOURCES[path]
    served = {"page", "page_size", "order_by", *resource.filters}
    assert served - documented == resource.undocumented


def test_every_bill_is_valid(spec: Specification, reader: Client) -> None:
    schema = spec.answer_schema("get", BILL)
    seen = set()
    for bill_id, bill in ((b.id, b) for b in reader.simulator.dataset.bills()):
        found = reader.get(f"/api/v2/ap/bills/{bill_id}/").json
        assert spec.errors(schema, found) == []
        assert found["data"]["uuid"] == str(bill.uuid)
        seen.add(bill.scenario)
    assert len(seen) > 30


def test_every_order_is_valid(spec: Specification, reader: Client) -> None:
    schema = spec.answer_schema("get", ORDER)
    for order in reader.simulator.dataset.orders():
        found = reader.get(f"/api/v2/purchase_orders/{order.id}/").json
        assert spec.errors(schema, found) == []
        by_uuid = reader.get(f"/api/v2/purchase_orders/{order.uuid.hex}/").json
        assert by_uuid == found


def test_every_vendor_is_valid(spec: Specification, reader: Client) -> None:
    schema = spec.answer_schema("get", VENDOR)
    for vendor in reader.simulator.dataset.vendors():
        found = reader.get(f"/api/v3/vendors/{vendor.id}/").json
        assert spec.errors(schema, found) == []
        assert found["data"]["active"] is vendor.active


def test_the_profile_is_valid(spec: Specification, reader: Client) -> None:
    found = reader.get("/api/v3/users/me/").json
    assert spec.errors(spec.answer_schema("get", ME), found) == []


def test_the_token_is_valid(spec: Specification, reader: Client) -> None:
    simulator = reader.simulator
    given = {
        "client_id": simulator.client_id,
        "client_secret": simulator.client_secret,
        **GRANT,
    }
    schema = spec.request_schema("post", "/oauth/token")
    assert spec.errors(schema, given) == []
    found = Client(simulator).send("POST", "/oauth/token", given).json
    assert spec.errors(spec.answer_schema("post", "/oauth/token"), found) == []


def test_the_bills_stay_valid_after_edits(spec: Specification, client: Client) -> None:
    dataset = client.simulator.dataset
    first, second, third = list(dataset.expected())[:3]
    dataset.revise_bill(first, unit_cost="12.345678", quantity="-3")
    dataset.set_status(second, 5)
    fixed = dataset.fix_bill(third, new_uuid=True)
    dataset.add_account_code("8100", "Research")
    added = dataset.add_bill("plain", code="8100", amount="-12.50", status=6)
    schema = spec.answer_schema("get", BILL)
    for bill_id in (first, second, fixed, added):
        found = client.get(f"/api/v2/ap/bills/{bill_id}/").json
        assert spec.errors(schema, found) == []


def test_every_shape_of_bill_and_order_is_valid(spec: Specification) -> None:
    """Also those that need orders of a special shape, after edits of all kinds."""
    count = len(BILLINGS) + len(FURTHER_SCENARIOS)
    with Simulator(0, 3, orders=40, billings=count) as simulator:
        client = Client(simulator).log_in()
        dataset = simulator.dataset
        for name in RARE_SCENARIOS:
            dataset.add_bill(name)
        dataset.rename_currency(4, "kr ¤")
        revise_at_random(dataset, random.Random(1), 60)
        for bill in dataset.bills():
            found = client.get(f"/api/v2/ap/bills/{bill.id}/").json
            assert spec.errors(spec.answer_schema("get", BILL), found) == []
        for order in dataset.orders():
            found = client.get(f"/api/v2/purchase_orders/{order.id}/").json
            assert spec.errors(spec.answer_schema("get", ORDER), found) == []
        for path in RESOURCES:
            schema = spec.answer_schema("get", template(path))
            for page in client.pages(path, page_size=100):
                assert spec.errors(schema, page) == []


#: Parts that no simulated document has, and why a reader is not spared by that: the
#: objects of test_schemas have all of them.
NOT_SENT = {
    "approval_delegation",  # of a log: nobody stands in for anybody
    "attachments",  # the older list of files, which would make each of them two
    "bill_payment",
    "creditcard_item",
    "expense",  # short: expenses are excluded
    "expense_report",
    "last_export_date",
    "last_export_user",
    "next_approver_choices",
    "creditcard",
    "contract",
    "purchase_agreement_status",
    "assignees",
    "approval_history",
    "flags",
    "performance",
    "summary",
    "position",
    "profile_image",
    "approval_delegatee",
    "expected_return_date",
}


def _paths(
    spec: Specification, schema: dict[str, Any], place: str = ""
) -> Iterator[str]:
    """Yield the paths of all that ``schema`` has."""
    schema = spec.resolved(schema)
    if "items" in schema:
        yield from _paths(spec, schema["items"], f"{place}[]")
    for name, inner in schema.get("properties", {}).items():
        if name not in NOT_SENT:
            yield f"{place}.{name}"
            yield from _paths(spec, inner, f"{place}.{name}")


def _sent(value: Any, place: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{place}.{name}"
            yield from _sent(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _sent(inner, f"{place}[]")


@pytest.mark.parametrize("template", [BILL, ORDER, VENDOR])
def test_what_the_specification_has_is_sent(spec: Specification, template: str) -> None:
    """At full depth, by one document or another: what is not sent hides faults."""
    with Simulator(60, 3, orders=60, billings=len(BILLINGS), catalog=6) as simulator:
        client = Client(simulator).log_in()
        data = simulator.dataset
        for scenario in ("line_taxes", "recurring", "blanket"):
            for _number in range(3):
                data.bill_order(data.add_order(scenario))
        for order in data.orders():
            if data.order_lines(order.id):
                data.add_attachment(order_id=order.id)
        objects: dict[str, Callable[[], Iterable[Any]]]
        objects = {BILL: data.bills, ORDER: data.orders, VENDOR: data.vendors}
        sent: set[str] = set()
        for each in objects[template]():
            path = f"{template.format(id=each.id)}/"
            sent.update(_sent(client.get(path).json["data"], ".data"))

    wanted = [
        path
        for path in _paths(spec, spec.answer_schema("get", template))
        if path.startswith(".data.")
    ]
    missing = [path for path in wanted if path not in sent]
    assert not missing, "\n".join(missing)
    assert len(wanted) > 40


def _number_for_text(bill: Any) -> None:
    bill["items"][0]["quantity"] = 3


def _text_for_number(bill: Any) -> None:
    bill["total_cost_with_tax"] = "3.00"


def _no_vendor(bill: Any) -> None:
    del bill["vendor"]


def _unknown_status(bill: Any) -> None:
    bill["status"] = 99


def _date_without_offset(bill: Any) -> None:
    bill["last_modified_datetime"] = "2026-03-01T10:00:00"


def _unknown_field(bill: Any) -> None:
    bill["items"][0]["colour"] = "green"


def _deep_number_for_text(bill: Any) -> None:
    allocation = bill["items"][0]["cost_allocations"][0]
    allocation["budget"]["account_code"]["code"] = 6200


@pytest.mark.parametrize(
    "damage",
    [
        _number_for_text,
        _text_for_number,
        _no_vendor,
        _unknown_status,
        _date_without_offset,
        _unknown_field,
        _deep_number_for_text,
    ],
)
def test_a_broken_bill_is_reported(
    spec: Specification, reader: Client, damage: Callable[[Any], None]
) -> None:
    """The negative control: the validation above can fail."""
    plain = next(b for b in reader.simulator.dataset.bills() if b.scenario == "plain")
    found = reader.get(f"/api/v2/ap/bills/{plain.id}/").json
    broken = copy.deepcopy(found)
    damage(broken["data"])
    schema = spec.answer_schema("get", BILL)
    assert spec.errors(schema, found) == []
    assert len(spec.errors(schema, broken)) == 1


def test_a_broken_list_is_reported(spec: Specification, reader: Client) -> None:
    page = reader.get("/api/v3/vendors/").json
    page["data"][0]["overall_score"] = 4.5
    schema = spec.answer_schema("get", "/api/v3/vendors")
    assert len(spec.errors(schema, page)) == 1
