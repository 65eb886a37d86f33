"""Edits of orders, lines, requisitions and the catalogue, seen through the API."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .. import Dataset
    from .client import Client

LINES = "/api/v3/order-items/"


def order_detail(client: Client, reference: object) -> Any:
    return client.get(f"/api/v2/purchase_orders/{reference}/").json["data"]


def row(client: Client, line_id: int) -> Any:
    pages = client.pages(LINES, page_size=100)
    return next(r for page in pages for r in page["data"] if r["id"] == line_id)


def line_ids(dataset: Dataset, order_id: int) -> list[int]:
    return [line.id for line in dataset.order_lines(order_id)]


@pytest.fixture
def dataset(client: Client) -> Dataset:
    return client.simulator.dataset


@pytest.fixture
def order_id(dataset: Dataset) -> int:
    return dataset.add_order("several_lines", currency_id=1)


def test_a_revision_makes_a_new_version(
    client: Client, dataset: Dataset, order_id: int
) -> None:
    before = order_detail(client, order_id)
    changes = {"quantity": 3, "price": "12.50", "code": "6500", "freight": 20}
    dataset.revise_order(order_id, 1, tax="10%", discount=5, **changes)
    after = order_detail(client, order_id)
    first, second = after["order_items"][:2]
    assert after["version"] == before["version"] + 1
    assert after["last_modified"] > before["last_modified"]
    assert (second["quantity"], second["total_cost"]) == (3.0, "37.50")
    assert second["accountCode"] == "6500"
    assert second["spend_allocation"][0]["amount"] == "37.50000000"
    assert (first["po_version"], second["po_version"]) == (1, after["version"])
    assert after["freight"] == "20.000000"
    assert after["tax"] == {"value": 10.0, "type": "percentage"}
    net = sum((Decimal(ln["total_cost"]) for ln in after["order_items"]), Decimal(0))
    tax = (net / 10).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert Decimal(after["total"]) == net + tax + 20 - 5


def test_an_order_is_revised_only_while_it_is_open(
    dataset: Dataset, order_id: int
) -> None:
    dataset.close_order(order_id)
    with pytest.raises(ValueError, match="not open"):
        dataset.revise_order(order_id, quantity=2)
    dataset.reopen_order(order_id)
    dataset.revise_order(order_id, quantity=2)
    with pytest.raises(TypeError, match="vendor_id"):
        dataset.revise_order(order_id, vendor_id=1)


def test_lines_are_added_and_removed(
    client: Client, dataset: Dataset, order_id: int
) -> None:
    before = line_ids(dataset, order_id)
    added = dataset.add_order_line(order_id, name="More", quantity=2, price="5.25")
    removed = dataset.remove_order_line(order_id, 0)
    after = order_detail(client, order_id)
    assert [ln["id"] for ln in after["order_items"]] == [*before[1:], added]
    assert after["order_items"][-1]["total_cost"] == "10.50"
    assert after["version"] == 3
    found = row(client, removed)
    assert (found["purchase_order"], found["status"]) == (None, 0)
    assert found["PO"] == [order_id]


def test_a_cancelled_orders_lines_are_bought_again(
    client: Client, dataset: Dataset, order_id: int
) -> None:
    total = order_detail(client, order_id)["total"]
    lines = line_ids(dataset, order_id)
    dataset.cancel_order(order_id)
    cancelled = order_detail(client, order_id)
    assert (cancelled["state"], cancelled["order_items"]) == (1, [])
    assert cancelled["total"] == total
    assert row(client, lines[0])["purchase_order"] is None
    new_order = dataset.purchase_requisition_line(lines[0])
    assert order_detail(client, new_order)["order_items"][0]["id"] == lines[0]
    assert row(client, lines[0])["PO"] == [order_id, new_order]
    assert dataset.purchase_requisition_line(lines[1], new_order) == new_order
    client.simulator.keeps_former_lines = True
    shown = order_detail(client, order_id)["order_items"]
    assert {ln["id"] for ln in shown} == set(lines)
    with pytest.raises(ValueError, match="not open"):
        dataset.cancel_order(order_id)


def test_what_was_received_can_not_be_cancelled(
    dataset: Dataset, order_id: int
) -> None:
    dataset.receive(order_id, 0, "0.5")
    with pytest.raises(ValueError, match="received"):
        dataset.cancel_order(order_id)
    with pytest.raises(ValueError, match="received"):
        dataset.remove_order_line(order_id, 0)


def test_receiving_may_leave_the_orders_stamp(
    client: Client, dataset: Dataset, order_id: int
) -> None:
    before = order_detail(client, order_id)
    line_id = before["order_items"][0]["id"]
    stamp = row(client, line_id)["last_modified"]
    dataset.receive(order_id, 0, bump=False)
    after = order_detail(client, order_id)
    assert after["last_modified"] == before["last_modified"]
    found = row(client, line_id)
    assert (found["status"], found["receivedPassQty"]) == (3, found["quantity"])
    assert found["last_modified"] > stamp
    assert after["fulfilment_status"] == "partial"


def test_an_order_is_closed_when_all_has_come(client: Client, dataset: Dataset) -> None:
    order_id = dataset.add_order("plain")
    dataset.receive(order_id)
    found = order_detail(client, order_id)
    assert (found["state"], found["fulfilment_status"]) == (3, "full")
    assert found["closed_date"]
    dataset.pay_order(order_id)
    assert order_detail(client, order_id)["state"] == 4


def test_a_line_is_moved(client: Client, dataset: Dataset, order_id: int) -> None:
    other = dataset.add_order("plain", currency_id=1)
    moved = line_ids(dataset, order_id)[0]
    dataset.move_line(order_id, 0, other)
    assert moved not in line_ids(dataset, order_id)
    found = order_detail(client, other)
    line = next(ln for ln in found["order_items"] if ln["id"] == moved)
    assert (line["purchase_order"], line["PO"]) == (other, [order_id, other])
    assert line["pref_vendor"]["id"] == found["pref_vendor"]["id"]


def test_a_requisitions_lines_are_bought_rejected_and_deleted(
    client: Client, dataset: Dataset
) -> None:
    num = dataset.add_requisition("approved", amount="75.00")
    bought, rejected = (line.id for line in dataset.requisition_lines(num))
    assert row(client, bought)["total_cost"] == "75.00"
    dataset.reject_requisition_line(rejected)
    order_id = dataset.purchase_requisition_line(bought)
    assert row(client, rejected)["status"] == 4
    assert row(client, bought)["purchase_order"] == order_id
    listed = client.get("/api/v2/global/orders/", search=num).json["data"]
    assert listed[0]["status"] == 3
    with pytest.raises(ValueError, match="bought"):
        dataset.delete_requisition(num)
    gone = dataset.add_requisition("pending")
    dataset.delete_requisition(gone)
    assert not client.get(LINES, orderNum=gone).json["data"]


def test_an_order_is_hidden_shown_and_deleted(
    client: Client, dataset: Dataset, order_id: int
) -> None:
    address = f"/api/v2/purchase_orders/{order_id}/"
    dataset.show_order(order_id, listed=False)
    listed = client.get("/api/v2/purchase_orders/purchased/all/").json["data"]
    assert order_id not in {found["procurify_PO"] for found in listed}
    assert client.get(address).status == 200
    assert not client.get(LINES, purchase_order=order_id).json["data"]
    dataset.delete_order(order_id)
    assert client.get(address).status == 404


def test_the_catalogue_changes(client: Client, dataset: Dataset) -> None:
    number = dataset.add_catalog_item("Ladder", price="99.5", unit="each")
    dataset.edit_catalog_item(number, sku="LAD-1", code="6200")
    found = client.get("/api/v3/catalog-items/", search="ladder").json["data"]
    assert [(item["id"], item["internalSKU"]) for item in found] == [(number, "LAD-1")]
    assert found[0]["price"] == "99.50000000"
    assert found[0]["account_code"]["code"] == "6200"


def test_orders_are_edited_by_control(client: Client, order_id: int) -> None:
    edit = {"edit": "revise_order", "order_id": order_id, "quantity": 4}
    assert client.send("POST", "/_simulator/edits", edit).json == {"result": None}
    assert order_detail(client, order_id)["order_items"][0]["quantity"] == 4.0
