"""Purchase orders, their lines and what they came from, seen through the API."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .. import Dataset

if TYPE_CHECKING:
    from .client import Client

ORDERS = "/api/v2/purchase_orders/purchased/{}/"
LINES = "/api/v3/order-items/"
REQUISITIONS = "/api/v2/global/orders/"
CATALOGUE = "/api/v3/catalog-items/"


def rows(client: Client, path: str, **query: object) -> list[Any]:
    pages = client.pages(path, page_size=100, **query)
    return [row for page in pages for row in page["data"]]


def order_detail(client: Client, reference: object) -> Any:
    return client.get(f"/api/v2/purchase_orders/{reference}/").json["data"]


@pytest.fixture
def dataset(client: Client) -> Dataset:
    return client.simulator.dataset


def test_every_bill_line_of_an_order_names_a_line_of_it() -> None:
    """The line is on an order of the bill's vendor, in its currency.

    Only a card issuer's bill pays for an order of somebody else.
    """
    dataset = Dataset(300, 4)
    billed = 0
    for bill in dataset.bills():
        for item in bill.items:
            line = dataset.order_line(item.order_line)
            if line is None:
                assert item.order_line is None
                continue
            order = dataset.order(line.order_id)
            assert order is not None
            issuer = bill.vendor_id if bill.type == 2 else None
            assert order.card_issuer == issuer
            assert issuer or order.vendor_id == line.vendor_id == bill.vendor_id
            assert order.currency_id == line.currency_id == bill.currency_id
            assert line.quantity >= item.quantity
            billed += 1
    assert billed > 200


def test_the_statuses_part_the_list_of_all_orders(reader: Client) -> None:
    statuses = ("open", "partial", "closed", "cancelled", "paid")
    parts = [rows(reader, ORDERS.format(status)) for status in statuses]
    everything = rows(reader, ORDERS.format("all"))
    numbers = [row["procurify_PO"] for part in parts for row in part]
    assert sorted(numbers) == sorted(row["procurify_PO"] for row in everything)
    counts = reader.get(ORDERS.format("all")).json["metadata"]["counts"]
    assert counts["purchased"]["all"] == len(everything)
    assert counts["purchased"]["closed"] == len(parts[2])


def test_the_list_of_all_orders_may_hide_the_closed_ones(client: Client) -> None:
    everything = rows(client, ORDERS.format("all"))
    client.simulator.all_hides_closed = True
    shown = rows(client, ORDERS.format("all"))
    assert {row["state"] for row in shown} <= {0, 5}
    hidden = len(rows(client, ORDERS.format("closed")))
    hidden += len(rows(client, ORDERS.format("paid")))
    hidden += len(rows(client, ORDERS.format("cancelled")))
    assert hidden and len(shown) == len(everything) - hidden


def test_orders_are_filtered_by_day_and_vendor(reader: Client) -> None:
    everything = rows(reader, ORDERS.format("all"))
    days = sorted(row["last_modified"][:10] for row in everything)
    limit = days[len(days) // 2]
    found = rows(reader, ORDERS.format("all"), modified_date_0=limit)
    assert len(found) == sum(day >= limit for day in days) < len(everything)
    vendor_id = everything[0]["pref_vendor"]["id"]
    found = rows(reader, ORDERS.format("all"), pref_vendor=vendor_id)
    assert {row["pref_vendor"]["id"] for row in found} == {vendor_id}


def test_the_same_line_has_other_types_in_the_list_of_lines(reader: Client) -> None:
    row = next(r for r in rows(reader, LINES) if r["purchase_order"])
    order = order_detail(reader, row["purchase_order"])
    line = next(ln for ln in order["order_items"] if ln["id"] == row["id"])
    assert isinstance(row["quantity"], str) and isinstance(line["quantity"], float)
    assert Decimal(row["quantity"]) == Decimal(str(line["quantity"]))
    assert line["account"]["id"] == row["account"]
    assert line["currency"]["id"] == row["currency"]


def test_lines_are_filtered(reader: Client) -> None:
    everything = rows(reader, LINES)
    assert everything == rows(reader, "/api/v2/global/order_items/")
    order_id = everything[0]["purchase_order"]
    found = rows(reader, LINES, purchase_order=order_id)
    assert {row["purchase_order"] for row in found} == {order_id}
    number = everything[-1]["orderNum"]
    found = rows(reader, LINES, orderNum=number)
    assert {row["orderNum"] for row in found} == {number}
    received = rows(reader, LINES, status=3)
    assert {row["status"] for row in received} == {3}
    days = sorted(row["last_modified"][:10] for row in everything)
    found = rows(reader, LINES, last_modified_0=days[-3])
    assert len(found) == sum(day >= days[-3] for day in days)


def test_requisitions_have_their_lines_in_the_list_of_lines(reader: Client) -> None:
    for requisition in rows(reader, REQUISITIONS)[:5]:
        lines = rows(reader, LINES, orderNum=requisition["num"])
        assert len(lines) == requisition["item_count"]
        whole = sum(Decimal(line["total_cost"]) for line in lines)
        assert whole == Decimal(requisition["totalPrice"])


def test_the_catalogue_is_incomplete_as_real_ones_are(reader: Client) -> None:
    items = rows(reader, CATALOGUE)
    assert len(items) >= 40
    assert {bool(item["internalSKU"]) for item in items} == {True, False}
    assert {bool(item["unitType"]) for item in items} == {True, False}
    picked = [row["catalog_item"] for row in rows(reader, LINES)]
    assert None in picked
    assert {number for number in picked if number} <= {item["id"] for item in items}
