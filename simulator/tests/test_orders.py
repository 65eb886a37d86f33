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
    order_id = next(row["purchase_order"] for row in everything if row["PO"])
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


def test_the_scenarios_have_the_traits_of_real_orders() -> None:
    dataset = Dataset(0, orders=40, requisitions=15)
    orders = dataset.orders()
    lines = [line for order in orders for line in dataset.order_lines(order.id)]
    waiting = [row.line for row in dataset.line_rows() if row.order is None]
    traits = {
        "a tax on lines alone": any(line.taxes for line in lines),
        "a percentage of tax": any(order.tax.percentage for order in orders),
        "an amount of tax": any(
            order.tax.value and not order.tax.percentage for order in orders
        ),
        "a discount": any(order.discount.value for order in orders),
        "freight and other": any(order.freight and order.other for order in orders),
        "shipping": any(line.shipping for line in lines),
        "a split": any(len(line.shares) == 3 for line in lines),
        "every state": {order.state for order in orders} == {0, 1, 3, 4, 5},
        "five decimals": any(line.quantity % Decimal("0.001") for line in lines),
        "a frame": any(line.type == 2 for line in lines),
        "a recurrence": any(line.type == 1 for line in lines),
        "no lines": any(not dataset.order_lines(order.id) for order in orders),
        "a negative line": any(line.price < 0 for line in lines),
        "a card": any(order.card_issuer for order in orders),
        "several requisitions": any(
            len({ln.requisition for ln in dataset.order_lines(order.id)}) == 3
            for order in orders
        ),
        "every fulfilment": {dataset.fulfilment(order) for order in orders}
        == {"empty", "partial", "full"},
        "lines that wait in each status": {line.status for line in waiting}
        == {None, 0, 1, 4, 6, 7, 8},
        "free text": any(line.catalog_item is None for line in lines),
        "from the catalogue": any(line.catalog_item for line in lines),
    }
    assert [name for name, present in traits.items() if not present] == []
    assert {r.status for r in dataset.requisitions()} == {0, 1, 2, 3, 4, 5, 6}
    vendors = {
        r.num: {line.vendor_id for line in dataset.requisition_lines(r.num)}
        for r in dataset.requisitions()
        if r.scenario == "several_vendors"
    }
    assert all(len(found) >= 2 for found in vendors.values()) and vendors


def figure(value: object) -> Decimal:
    return Decimal(str(value or 0))


def test_an_orders_total_can_be_worked_out_from_its_parts(reader: Client) -> None:
    """Whether the subtotal holds the taxes and shipping of lines is open."""
    readings = set()
    for order in reader.simulator.dataset.orders():
        found = order_detail(reader, order.id)
        live = [ln for ln in found["order_items"] if ln["active"]]
        net = sum(figure(line["total_cost"]) for line in live)
        extras = sum(
            figure(ln["tax_amount"]) + figure(ln["shipping_amount"]) for ln in live
        )
        base = net if live else figure(found["subtotal"])
        header = figure(found["freight"]) + figure(found["other"])
        for name, sign in (("tax", 1), ("discount", -1)):
            value = figure(found[name]["value"])
            if found[name]["type"] == "percentage":
                value = (base * value / 100).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            header += sign * value
        off = figure(found["total"]) - base - extras - header
        assert off == (5 if order.scenario == "total_off" else 0), order.scenario
        if extras:
            readings.add(figure(found["subtotal"]) - net == extras)
    assert readings == {True, False}
