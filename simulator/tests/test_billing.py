"""Bills of orders, and what is expected of them and of the orders."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .. import Dataset
from ..bill_documents import BillRenderer
from ..billing import BILLINGS
from ..order_documents import OrderRenderer
from ..scenarios import FURTHER_SCENARIOS, RARE_SCENARIOS

if TYPE_CHECKING:
    from .client import Client


def say(figure: object) -> Decimal:
    return Decimal(str(figure or 0))


def detail(client: Client, bill_id: int) -> Any:
    return client.get(f"/api/v2/ap/bills/{bill_id}/").json["data"]


@pytest.fixture
def dataset(client: Client) -> Dataset:
    return client.simulator.dataset


@pytest.fixture(scope="module")
def company() -> Dataset:
    """All scenarios, several times."""
    return Dataset(60, 5, orders=120, requisitions=45, billings=76)


def test_two_bills_bill_an_order_by_quantity(dataset: Dataset) -> None:
    first, second = dataset.add_bills("two_bills")
    lines = {i.order_line for i in dataset.bill(first).items}
    assert lines == {i.order_line for i in dataset.bill(second).items}
    billed = dataset.expected_billed(held=True)
    for line_id in lines:
        line = dataset.order_line(line_id)
        assert line is not None
        assert billed[line.id] == line.quantity


def test_a_line_is_billed_by_cost(client: Client, dataset: Dataset) -> None:
    bills = dataset.add_bills("by_cost_twice")
    items = [item for number in bills for item in detail(client, number)["items"]]
    assert all(item["bill_by_cost"] for item in items)
    amounts = dataset.expected_billed_amounts(held=True)
    for item in items:
        line = item["orderitem"]
        assert amounts[line["id"]] == Decimal(line["total_cost"])
        assert line["id"] not in dataset.expected_billed(held=True)


def test_a_bill_spans_several_orders(client: Client, dataset: Dataset) -> None:
    found = detail(client, dataset.add_bill("several_orders"))
    assert len(found["added_purchase_orders"]) == 2
    assert {item["po"]["id"] for item in found["items"]} == {
        entry["id"] for entry in found["added_purchase_orders"]
    }


def test_an_order_may_be_listed_later(client: Client, dataset: Dataset) -> None:
    item = detail(client, dataset.add_bill("unlisted_order"))["items"][0]
    order_id = item["po"]["id"]
    assert order_id not in {order.id for order in dataset.orders()}
    assert client.get(f"/api/v2/purchase_orders/{order_id}/").status == 200
    dataset.show_order(order_id, listed=True)
    assert order_id in {order.id for order in dataset.orders()}


def test_the_extras_of_an_order_are_lines_without_a_line_of_it(
    client: Client, dataset: Dataset
) -> None:
    found = detail(client, dataset.add_bill("order_extras"))
    extras = [item for item in found["items"] if "orderitem" not in item]
    assert {item["description"].split()[0] for item in extras} == {
        "Tax",
        "Freight",
        "Other",
        "Discount",
    }
    assert len({item["po"]["id"] for item in found["items"]}) == 1
    discount = next(i for i in extras if i["description"].startswith("Discount"))
    assert discount["total_cost"] < 0
    total = client.get(f"/api/v2/purchase_orders/{extras[0]['po']['id']}/").json
    assert say(found["total_cost_with_tax"]) == say(total["data"]["total"])


def test_a_credit_takes_back_what_was_billed(dataset: Dataset) -> None:
    _first, credit = dataset.add_bills("order_credit")
    assert dataset.expected()[credit].total < 0
    billed = dataset.expected_billed(held=True)
    for item in dataset.bill(credit).items:
        line = dataset.order_line(item.order_line)
        assert line is not None
        assert billed[line.id] == line.quantity - 1


def test_any_part_of_an_order_is_billed_on_demand(
    client: Client, dataset: Dataset
) -> None:
    order_id = dataset.add_order("several_lines", currency_id=1)
    bill_id = dataset.bill_order(
        order_id, {0: "0.5"}, by_cost={1: 7}, invoice_number="X-1", status=1
    )
    found = detail(client, bill_id)
    assert [item["quantity"] for item in found["items"]] == ["0.50000000", "0.00000000"]
    assert (found["invoice_number"], found["status"]) == ("X-1", 1)
    given = {"edit": "bill_order", "order_id": order_id, "lines": {"1": 2}}
    answer = client.send("POST", "/_simulator/edits", given).json
    assert detail(client, answer["result"])["items"][0]["quantity"] == "2.00000000"


def test_lines_of_bills_are_added_and_removed(client: Client, dataset: Dataset) -> None:
    bill_id = dataset.add_bill("plain")
    fields = {"code": "6500", "quantity": 2, "unit_cost": "4.50"}
    added = dataset.add_bill_line(bill_id, **fields)
    dataset.remove_bill_line(bill_id, 0)
    items = detail(client, bill_id)["items"]
    assert [(item["id"], item["total_cost"]) for item in items] == [(added, 9.0)]
    assert set(dataset.expected()[bill_id].net_lines.values()) == {Decimal("9.00")}


@pytest.mark.parametrize(
    "scenario", sorted({*BILLINGS, *FURTHER_SCENARIOS, *RARE_SCENARIOS})
)
def test_a_scenario_is_expected_to_be_importable_or_is_on_hold(scenario: str) -> None:
    reasons = {
        "several_currencies": {"several_currencies"},
        "duplicate_number": {"duplicate_bill"},
    }
    dataset = Dataset(0, 2)
    dataset.add_bill(scenario)
    found = {r for outcome in dataset.expected().values() for r in outcome.reasons}
    assert found == reasons.get(scenario, set())


def test_a_zero_bill_and_a_doubly_negative_line(dataset: Dataset) -> None:
    bill_id = dataset.add_bill("zero")
    zero = dataset.expected()[bill_id]
    assert zero.importable and zero.total == 0
    bill_id = dataset.add_bill("both_negative")
    assert dataset.expected()[bill_id].total > 0


def test_the_first_of_two_equal_numbers_is_booked(dataset: Dataset) -> None:
    first, second = dataset.add_bills("duplicate_number")
    assert dataset.expected()[first].importable
    assert dataset.expected()[second].reasons == {"duplicate_bill"}
    dataset.delete_bill(first)
    assert dataset.expected()[second].importable


def test_odd_texts_come_through(client: Client, dataset: Dataset) -> None:
    found = detail(client, dataset.add_bill("odd_texts"))
    texts = [item["description"] for item in found["items"]]
    assert "\x00" in texts[2] and len(texts[3]) == 1000
    assert found["note"].startswith("\x00")


# --- expectations -----------------------------------------------------------------


def test_orders_json_says_what_is_expected(company: Dataset) -> None:
    """Two calculations that share no code come to the same figures."""
    renderer = OrderRenderer(company)
    reasons: set[str] = set()
    remarks: set[str] = set()
    for order_id, outcome in company.expected_orders().items():
        order = company.order(order_id)
        assert order is not None
        found = renderer.detail(order)
        assert Decimal(found["total"]) == outcome.total
        lines = {ln["id"]: Decimal(ln["total_cost"]) for ln in found["order_items"]}
        assert lines == {key: net for key, (_q, net) in outcome.lines.items()}
        for line_id, shares in outcome.coding.items():
            assert sum(shares.values()) == lines[line_id]
        if outcome.importable:
            parts = [*lines.values(), *outcome.extras.values()]
            assert sum(parts, Decimal(0)) == outcome.total
        reasons |= outcome.reasons
        remarks |= outcome.remarks
    assert reasons == {
        "ambiguous_vendor",
        "inactive_currency",
        "total_mismatch",
        "unknown_department",
        "unknown_vendor",
    }
    assert {"blanket", "recurring", "card_paid", "punchout", "no_lines"} < remarks
    assert {"unknown_unit", "unknown_account"} < remarks


def test_bills_json_says_what_is_expected(company: Dataset) -> None:
    renderer = BillRenderer(company)
    scenarios = set()
    for bill_id, outcome in company.expected().items():
        bill = company.bill(bill_id)
        found = renderer.detail(bill)
        tax = sum(say(item["tax_amount"]) for item in found["items"])
        total = say(found["total_cost_with_tax"])
        assert (total, tax) == (outcome.total, outcome.tax), bill.scenario
        if outcome.importable:
            net = sum(outcome.net_lines.values(), Decimal(0))
            assert net + tax == total, bill.scenario
        scenarios.add(bill.scenario)
    assert {*BILLINGS, *FURTHER_SCENARIOS} <= scenarios


def test_the_control_returns_the_expectation_of_orders(client: Client) -> None:
    dataset = client.simulator.dataset
    order_id = dataset.add_order("plain", currency_id=1)
    dataset.bill_order(order_id)
    told = client.get("/_simulator/expected-orders").json
    assert told[str(order_id)]["total"] == str(
        dataset.expected_orders()[order_id].total
    )
    billed = client.get("/_simulator/expected-billed").json
    assert billed == {str(k): str(v) for k, v in dataset.expected_billed().items()}
