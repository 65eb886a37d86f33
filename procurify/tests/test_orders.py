"""Orders, order items, requisitions, catalog items and files: what is read of them."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .. import (
    Adjustment,
    Attachment,
    Bill,
    CatalogItem,
    InvalidPayload,
    LineTax,
    Order,
    OrderItem,
    OrderItemStatus,
    OrderItemType,
    OrderLine,
    OrderState,
    PaymentTerm,
    Requisition,
    RequisitionStatus,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def order(sample: Callable[[str], Any]) -> dict[str, Any]:
    """Give the sample order, to be changed at will."""
    data: dict[str, Any] = deepcopy(sample("po_detail")["data"])
    return data


@pytest.fixture
def bill(sample: Callable[[str], Any]) -> dict[str, Any]:
    """Give the sample bill, to be changed at will."""
    data: dict[str, Any] = deepcopy(sample("bill_detail")["data"])
    return data


SHORT_ITEM = {"id": 42, "name": "Bolt", "internalSKU": "B-1", "unitType": "box"}
CATALOG_ITEM = {
    **SHORT_ITEM,
    "description": "M8\r\nzinc",
    "price": "0.12000000",
    "currency": {"id": 1, "name": "usd", "rate": "1.0"},
    "account_code": {"id": 11, "code": "6200", "description": ""},
    "pref_vendor": {"id": 42, "name": "Müller"},
    "product_url": "https://shop.example/b-1",
}
REQUISITION: dict[str, Any] = {
    "num": 7265,
    "uuid": "8325E590-3b53-11e7-bfdd-021a9831e76d",
    "description": "For the new desk",
    "status": 3,
    "date": "2026-02-27T23:00:00-08:00",
    "dateRequired": "2026-03-20T00:00:00-07:00",
    "dateModified": "2026-03-04T11:20:01-08:00",
    "user": {"id": 21, "firstName": "Ana", "lastName": "", "email": "ana@x.example"},
    "department": {"id": 7, "name": "IT", "branch": {"id": 2, "name": "HQ"}},
    "branch": {"id": 2, "name": "HQ", "active": True},
    "currency": {"id": 1, "name": "USD", "rate": "1.0"},
    "totalPrice": "250.00",
    "logs": [
        {"action": 3, "user": {"firstName": "Passer", "lastName": "On"}},
        {"action": 1, "user": {"firstName": "Final", "lastName": "Say"}},
        {"action": 4, "user": {"firstName": "Buyer", "lastName": "Man"}},
        {"action": None, "user": None},
    ],
}


def _row(*values: object) -> tuple[object, ...]:
    """Say nothing of the types, so that 10 may be compared with a Decimal."""
    return values


# === ORDERS === #


def test_the_order_of_the_sample(order: dict[str, Any]) -> None:
    read = Order.from_json(order)

    assert (read.external_id, read.code, read.label) == ("5501", "PF5501", "PF5501")
    assert (read.state, read.fulfilment_status) == (OrderState.PURCHASED, "partial")
    assert read.date == date(2026, 3, 2)
    assert read.promise_date == date(2026, 3, 20)
    assert read.modified == datetime(2026, 3, 4, 19, 20, 1, tzinfo=timezone.utc)
    assert read.vendor and read.vendor.external_id == "42"
    assert (read.buyer_name, read.buyer_email) == ("Joan Smith", "joan@acme.example")
    assert read.currency and read.currency.code == "USD"
    assert read.rate == 1
    assert _row(read.subtotal, read.total) == (250, 305)
    assert read.tax == Adjustment(Decimal(12), is_percentage=True)
    assert read.discount == Adjustment(Decimal(10), is_percentage=False)
    assert _row(read.freight, read.other) == (35, 0)
    assert (read.total_in_base, read.total_in_currency) == (None, None)
    assert read.payment_term == PaymentTerm(11, "Net 30")
    assert read.comment == "Deliver to dock 2"
    assert not read.is_card
    assert [file.name for file in read.attachments] == ["quote.pdf"]


def test_the_line_of_the_sample(order: dict[str, Any]) -> None:
    (line,) = Order.from_json(order).lines

    assert (line.external_id, line.code) == ("9001", "DC-10")
    assert line.label == "7265-1 Docking cable"
    assert (line.requisition, line.line_number, line.order_id) == (7265, 1, 5501)
    assert _row(line.quantity, line.price, line.total_cost) == (10, 25, 250)
    assert _row(line.tax_amount, line.shipping_amount, line.taxes) == (0, 0, ())
    assert line.type == OrderItemType.ONE_TIME
    assert line.status == OrderItemStatus.PARTLY_RECEIVED
    assert line.active
    assert line.received == 4
    (allocation,) = line.allocations
    assert allocation.amount == 250
    assert allocation.account_code and allocation.account_code.code == "6200"
    assert allocation.department and allocation.department.label == "Zürich HQ / IT"
    assert line.fallback_account is None
    assert line.catalog_item is None
    assert line.vendor_text == "Müller & Söhne GmbH"
    assert line.currency_name == "USD"
    assert (line.attachments[0].length, line.attachments[0].mimetype) == (
        48122,
        "application/pdf",
    )


NULLABLE = [
    "uuid",
    "number",
    "PO_Num",
    "version",
    "state",
    "promise_date",
    "pref_vendor",
    "vendor_name",
    "purchaser",
    "purchased_currency",
    "purchased_currency_rate",
    "subtotal",
    "total",
    "tax",
    "discount",
    "freight",
    "other",
    "cost_details",
    "payment_term",
    "payment_terms",
    "contract",
    "creditcard",
    "comment",
    "shipping_term",
    "shipping_method",
    "buyer_address",
    "receiver_address",
    "active",
    "date",
]


def test_what_may_be_null_is_accepted_as_null(order: dict[str, Any]) -> None:
    read = Order.from_json({**order, **dict.fromkeys(NULLABLE)})

    assert read.label == "Order 5501"
    assert (read.state, read.vendor, read.payment_term, read.tax) == (
        0,
        None,
        None,
        None,
    )
    assert Order.from_json({"procurify_PO": 1, "order_items": []}).lines == ()


def test_a_line_without_allocations_is_coded_by_its_account(
    order: dict[str, Any],
) -> None:
    data = {**order["order_items"][0], "spend_allocation": []}

    line = OrderLine.from_json(data)

    assert line.fallback_account and line.fallback_account.account_code
    assert line.fallback_account.account_code.code == "6200"
    assert line.fallback_account.amount == 250


def test_all_that_a_line_must_have_is_its_id(order: dict[str, Any]) -> None:
    bare = dict.fromkeys(order["order_items"][0])

    line = OrderLine.from_json({**bare, "id": 9001})

    assert line.label == "Order item 9001"
    assert line.active
    assert _row(line.quantity, line.order_id, line.received) == (None, None, 0)
    assert (line.allocations, line.fallback_account) == ((), None)


def test_a_row_of_the_list_is_no_order(order: dict[str, Any]) -> None:
    del order["order_items"]

    with pytest.raises(InvalidPayload, match="order_items: missing"):
        Order.from_json(order)


def test_a_number_of_one_s_own_is_the_code(order: dict[str, Any]) -> None:
    read = Order.from_json({**order, "PO_Num": "4500012"})

    assert (read.code, read.label) == ("4500012", "PF5501")


def test_a_term_without_a_name_gives_way_to_the_printed_one(
    order: dict[str, Any],
) -> None:
    order |= {"payment_term": {"id": 0, "name": ""}, "payment_terms": "Net 45"}
    read = Order.from_json(order)

    assert read.payment_term == PaymentTerm(None, "Net 45")
    assert "payment_term" not in {name for name, _id, _data in read.references()}


def test_a_card_and_both_totals_are_noticed(order: dict[str, Any]) -> None:
    order["creditcard"] = {"id": 3, "name": "Visa"}
    order["cost_details"] = {
        "total_cost": "305.00",
        "total_cost_in_base_currency": "400.10",
    }
    read = Order.from_json(order)

    assert read.is_card
    assert _row(read.total_in_currency, read.total_in_base) == (305, Decimal("400.10"))


@pytest.mark.parametrize("flag", ["active", "is_active"])
def test_either_flag_takes_a_line_out(order: dict[str, Any], flag: str) -> None:
    order["order_items"][0][flag] = False

    assert not Order.from_json(order).lines[0].active


@pytest.mark.parametrize(
    ("kind", "is_percentage"),
    [
        ("percent", True),
        ("percentage", True),
        ("0", True),
        (0, True),
        ("amount", False),
        ("1", False),
        (1, False),
    ],
)
def test_every_way_to_say_percentage_is_understood(
    order: dict[str, Any], kind: Any, is_percentage: bool
) -> None:
    order["tax"] = {"value": 5, "type": kind}
    tax = {"id": 4, "name": "GST", "type": kind, "value": "5.00000000"}
    order["order_items"][0]["taxes"] = [tax]
    read = Order.from_json(order)

    assert read.tax == Adjustment(Decimal(5), is_percentage)
    assert read.lines[0].taxes == (LineTax(4, "GST", Decimal(5), is_percentage),)


@pytest.mark.parametrize("kind", [None, "", "2", 2, True, 1.5, [], "Percent of it"])
def test_a_kind_of_tax_that_means_nothing_is_refused(
    order: dict[str, Any], kind: Any
) -> None:
    order["tax"] = {"value": 5, "type": kind}
    with pytest.raises(InvalidPayload, match=r"tax\.type"):
        Order.from_json(order)

    order["tax"] = {"value": None, "type": kind}
    assert Order.from_json(order).tax is None


def test_an_order_mentions_what_it_needs_in_the_fullest_copy(
    order: dict[str, Any],
) -> None:
    line = order["order_items"][0]
    line["catalog_item"] = SHORT_ITEM
    order["order_items"].append({**line, "id": 9002, "catalog_item": CATALOG_ITEM})

    mentioned = {
        (resource, external_id): data
        for resource, external_id, data in Order.from_json(order).references()
    }

    assert set(mentioned) == {
        ("vendor", "42"),
        ("currency", "1"),
        ("payment_term", "11"),
        ("location", "2"),
        ("department", "7"),
        ("account_code", "11"),
        ("catalog_item", "42"),
    }
    assert mentioned["vendor", "42"] == order["pref_vendor"]
    assert mentioned["catalog_item", "42"] == CATALOG_ITEM
    assert "account_type" in mentioned["account_code", "11"]
    assert "phoneOne" in mentioned["location", "2"]


# === ORDER ITEMS, REQUISITIONS, CATALOG === #


def test_an_order_item_is_the_same_flat_and_nested(
    order: dict[str, Any], sample: Callable[[str], Any]
) -> None:
    flat = OrderItem.from_json(sample("order_items_page")["data"][0])
    nested = OrderItem.from_json(order["order_items"][0])

    assert flat == nested
    assert (flat.external_id, flat.code) == ("9001", "DC-10")
    assert flat.label == "7265-1 Docking cable"
    assert (flat.order_id, flat.vendor_id, flat.currency_id) == (5501, 42, 1)
    assert (flat.account_id, flat.account_code) == (101, "6200")
    assert _row(flat.quantity, flat.price, flat.received) == (10, 25, 4)
    assert flat.catalog_item_id is None


def test_the_code_of_an_embedded_account_is_found(order: dict[str, Any]) -> None:
    line = order["order_items"][0]
    del line["accountCode"]
    assert OrderItem.from_json(line).account_code == "6200"
    assert OrderItem.from_json({"id": 1}).account_code == ""


def test_a_requisition_names_who_asked_and_who_approved() -> None:
    read = Requisition.from_json(REQUISITION)

    assert (read.external_id, read.code) == ("7265", "7265")
    assert read.label == "Requisition 7265"
    assert read.uuid == "8325e5903b5311e7bfdd021a9831e76d"
    assert read.status == RequisitionStatus.PURCHASED
    assert (read.date, read.date_required) == (date(2026, 2, 27), date(2026, 3, 20))
    assert (read.requester_name, read.requester_email) == ("Ana", "ana@x.example")
    assert read.approver_name == "Final Say"
    assert read.department and read.department.label == "HQ / IT"
    assert read.branch and read.branch.name == "HQ"
    assert _row(read.currency and read.currency.code, read.total) == ("USD", 250)
    mentioned = {(name, external_id) for name, external_id, _ in read.references()}
    assert mentioned == {("location", "2"), ("department", "7"), ("currency", "1")}


def test_without_a_final_approval_the_last_who_passed_it_on_counts() -> None:
    logs = [*REQUISITION["logs"][:1], {"action": "3", "user": {"email": "b@x.example"}}]

    approver = Requisition.from_json({**REQUISITION, "logs": logs}).approver_name

    assert approver == "b@x.example"
    assert Requisition.from_json({"num": 1}).approver_name == ""


def test_a_catalog_item_is_read_in_full_and_in_short() -> None:
    full, short = CatalogItem.from_json(CATALOG_ITEM), CatalogItem.from_json(SHORT_ITEM)

    assert (full.external_id, full.code, full.label) == ("42", "B-1", "Bolt")
    assert (full.unit, full.price) == ("box", Decimal("0.12"))
    assert (full.description, full.currency_name) == ("M8\nzinc", "USD")
    assert full.account_code and full.account_code.code == "6200"
    assert (full.vendor_id, full.url) == (42, "https://shop.example/b-1")
    assert (short.account_code, short.vendor_id, short.price) == (None, None, None)
    assert CatalogItem.from_json({**SHORT_ITEM, "pref_vendor": 7}).vendor_id == 7
    with pytest.raises(InvalidPayload):
        CatalogItem.from_json({"id": 1})


def test_a_unit_is_known_by_its_name() -> None:
    unit = Unit(" Straße")

    assert unit.external_id == Unit("STRASSE ").external_id == "strasse"
    assert (unit.code, unit.label) == ("", " Straße")
    assert Unit.from_json(Unit("each").to_json()) == Unit("each")
    with pytest.raises(InvalidPayload):
        Unit.from_json({"name": " "})


# === FILES === #


def test_files_of_either_form_are_read_and_others_skipped(
    order: dict[str, Any],
) -> None:
    line = order["order_items"][0]
    line["attachments"] = [
        {"id": 5, "attachment": "https://files.example/a/b.pdf?x=1", "name": ""},
        {"id": 6, "name": "no address"},
        {"name": "no key", "attachment": "/x"},
        "text",
        None,
    ]
    line["item_attachments"] += [{"id": "x", "file": "/y"}, {"uuid": "u", "file": ""}]
    order["order_items"].append({**line, "id": 9002})

    new, old = Order.from_json(order).attachments

    assert new.external_id == "7c0f2c9e0d6c4f0e9a1e6a8f2b1d0c11"
    assert new.file == "/media/att/quote.pdf"
    assert (old.external_id, old.label, old.uuid) == ("id-5", "b.pdf", "")
    assert (old.length, old.sha1_hash, old.code) == (None, "", "")


def test_a_bill_has_its_files(bill: dict[str, Any]) -> None:
    bill["invoice_attachments"].append({"id": 1})

    assert [file.file for file in Bill.from_json(bill).attachments] == [
        "/media/att/INV-2026-118.pdf"
    ]
    assert Bill.from_json({**bill, "invoice_attachments": "x"}).attachments == ()
    with pytest.raises(InvalidPayload):
        Attachment.from_json({"id": 1})


# === THE ORDER'S LINE IN A BILL === #


def test_a_bill_holds_the_line_of_the_order(bill: dict[str, Any]) -> None:
    bill["items"][0]["orderitem"]["catalog_item"] = SHORT_ITEM

    item, other = Bill.from_json(bill).items

    assert item.order_item and item.order_item.received == 4
    assert item.order_item.id == item.order_item_id == 9001
    assert item.catalog_item and item.catalog_item.code == "B-1"
    assert item.catalog_item_id == 42
    assert (other.order_item, other.catalog_item, other.catalog_item_id) == (None,) * 3


@pytest.mark.parametrize(
    "damage",
    [
        {"quantity": "many"},
        {"account": {"account_code": {"id": 1}}},
        {"taxes": [{"type": "odd", "value": 1}]},
        {"purchase_order": "x", "catalog_item": "y"},
        {"attachments": "text"},
    ],
)
def test_a_damaged_line_of_the_order_does_not_hold_a_bill_up(
    bill: dict[str, Any], damage: dict[str, Any]
) -> None:
    bill["items"][0]["orderitem"] |= damage

    read = Bill.from_json(bill)

    assert read.items[0].order_item_id == 9001
    assert read.items[0].order_id == 5501
    assert read.items[0].catalog_item_id is None
    assert {name for name, _id, _data in read.references()} >= {"account_code"}


def test_the_line_of_the_order_may_be_its_id(bill: dict[str, Any]) -> None:
    bill["items"][0]["orderitem"] = 9001
    assert Bill.from_json(bill).items[0].order_item_id == 9001

    bill["items"][0]["orderitem"] = {"num": "7265-1"}
    with pytest.raises(InvalidPayload, match="orderitem"):
        Bill.from_json(bill)
