"""Payload classes against the samples; each refusal once."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .. import (
    PAYABLE_STATUSES,
    RESOURCES,
    AccountCode,
    Bill,
    BillStatus,
    BillType,
    Branch,
    Currency,
    Department,
    InvalidPayload,
    Location,
    PaymentTerm,
    Vendor,
    VendorType,
    normalise_uuid,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def bill(sample: Callable[[str], Any]) -> dict[str, Any]:
    """Give the sample bill, to be changed at will."""
    data: dict[str, Any] = deepcopy(sample("bill_detail")["data"])
    return data


# === MASTER DATA === #


def test_vendors_of_the_sample(sample: Callable[[str], Any]) -> None:
    first, second = map(Vendor.from_json, sample("vendors_page")["data"])

    assert (first.external_id, first.code, first.label) == (
        "42",
        "",
        "Müller & Söhne GmbH",
    )
    assert first.type == VendorType.PREFERRED
    assert first.emails == ("orders@mueller.example",)
    assert first.payment_term == PaymentTerm(11, "Net 30")
    assert (first.address_line_one, first.postal_code) == ("Hauptstr. 5", "8004")
    assert (first.city, first.country) == ("Zürich", "Switzerland")
    assert (first.phone_one, first.phone_two) == ("+41 44 000 00 00", "")
    assert first.currency_id == 1
    assert first.modified == datetime(
        2026, 3, 2, 17, 14, 55, 120000, tzinfo=timezone.utc
    )
    assert (second.code, second.emails, second.currency_id) == ("V-0057", (), None)


def test_account_codes_of_the_sample(sample: Callable[[str], Any]) -> None:
    codes = [AccountCode.from_json(d) for d in sample("account_codes_page")["data"]]

    assert [code.label for code in codes] == [
        "6200 Computer equipment",
        "6410 Software subscriptions",
        "6999 Old sundry",
    ]
    assert [code.active for code in codes] == [True, True, False]
    assert [code.parent for code in codes] == [None, 10, None]
    assert codes[0].code == "6200"
    assert codes[0].external_id == "11"


def test_departments_of_the_sample(sample: Callable[[str], Any]) -> None:
    it, marketing = map(Department.from_json, sample("departments_page")["data"])

    assert (it.label, it.code) == ("Zürich HQ / IT", "D-IT")
    assert (marketing.label, marketing.code) == ("Zürich HQ / Marketing", "")
    assert isinstance(it.branch, Branch)
    assert it.branch.headquarter
    assert Department.from_json({"id": 1, "name": "Lone"}).label == "Lone"


def test_a_location_has_a_currency_and_a_zone() -> None:
    location = Location.from_json(
        {
            "id": 2,
            "name": "Zürich HQ",
            "currency": {"id": 3, "name": "chf "},
            "locationTimezone": "Europe/Zurich",
            "external_id": "PLANT-2",
            "headquarter": True,
            "active": False,
        }
    )

    assert location.currency_name == "CHF"
    assert location.timezone == "Europe/Zurich"
    assert (location.external_id, location.code) == ("2", "PLANT-2")
    assert (location.label, location.active) == ("Zürich HQ", False)
    assert Location.from_json({"id": 2, "name": "x", "currency": 3}).currency_name == ""


def test_a_currency_is_known_by_its_name() -> None:
    currency = Currency.from_json({"id": 1, "name": " cad", "rate": "1.250000"})

    assert (currency.external_id, currency.code, currency.label) == ("1", "CAD", "cad")
    assert currency.rate == Decimal("1.250000")
    assert currency.active
    assert not currency.base


def test_a_payment_term_is_known_by_its_name() -> None:
    term = PaymentTerm.from_json({"name": "Net 30"})

    assert (term.external_id, term.code) == ("name:net 30", "Net 30")
    assert term.label == "Net 30"
    assert PaymentTerm.from_json({"id": 4, "name": "x"}).external_id == "4"


def test_unknown_fields_and_numbers_are_tolerated() -> None:
    vendor = Vendor.from_json({"id": 1, "name": "x", "type": 99, "news": [1, {}]})

    assert vendor.type == 99
    assert AccountCode.from_json({"id": 1, "code": "1", "account_type": 8})


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (None, ()),
        ([], ()),
        ([" a@b.example ", "", "a@b.example"], ("a@b.example",)),
        ("a@b.example; c@d.example", ("a@b.example", "c@d.example")),
    ],
)
def test_addresses_come_in_several_forms(sent: object, read: tuple[str, ...]) -> None:
    assert Vendor.from_json({"id": 1, "name": "x", "email": sent}).emails == read


@pytest.mark.parametrize(
    ("resource", "data", "path"),
    [
        ("vendor", {"name": "x"}, "id"),
        ("vendor", {"id": 1}, "name"),
        ("vendor", {"id": 1, "name": "x", "email": {}}, "email"),
        ("vendor", {"id": 1, "name": "x", "email": [1]}, "email[0]"),
        (
            "vendor",
            {"id": 1, "name": "x", "payment_term_ref": {"id": 1}},
            "payment_term_ref.name",
        ),
        ("vendor", {"id": 1, "name": "x", "dateModified": "?"}, "dateModified"),
        ("account_code", {"id": 1}, "code"),
        ("account_code", {"id": 1, "code": "1", "active": 1}, "active"),
        ("location", {"id": 1}, "name"),
        ("location", {"id": 1, "name": "x", "currency": {"name": []}}, "currency.name"),
        ("department", {"id": 1, "name": "x", "branch": {"id": 2}}, "branch.name"),
        ("department", {"id": 1, "name": "x", "branch": "HQ"}, "branch"),
        ("currency", {"id": 1, "name": "x", "rate": "much"}, "rate"),
        ("currency", {"name": "x"}, "id"),
        ("bill", {}, "items"),
    ],
)
def test_master_data_without_what_identifies_it_is_refused(
    resource: str, data: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidPayload) as raised:
        RESOURCES[resource].payload.from_json(data)

    assert raised.value.path == path


# === BILLS === #


def test_the_header_of_the_sample(bill: dict[str, Any]) -> None:
    read = Bill.from_json(bill)

    assert (read.external_id, read.code, read.label) == (
        "3107",
        "INV-2026-118",
        "INV-2026-118",
    )
    assert read.uuid == "847aae0ddda043e3be0b8a0203e4920b"
    assert (read.version, read.version_ids, read.group) == (2, (2990, 3107), 2990)
    assert read.status == BillStatus.APPROVED
    assert read.status in PAYABLE_STATUSES
    assert read.type == BillType.ORDER
    assert read.invoice_date == date(2026, 3, 10)
    assert read.due_date == date(2026, 4, 9)
    assert read.gl_post_date is None
    assert read.vendor and read.vendor.external_id == "42"
    assert read.vendor_name == "Müller & Söhne GmbH"
    assert read.currency and read.currency.code == "USD"
    assert read.orders == ((5501, "PF5501"),)
    assert read.approver_name == "Joan Smith"
    assert read.payment_terms == "Net 30"
    assert read.modified == datetime(
        2026, 3, 12, 21, 3, 27, 902113, tzinfo=timezone.utc
    )


def test_the_amounts_of_the_sample_add_up(bill: dict[str, Any]) -> None:
    read = Bill.from_json(bill)

    lines = sum((item.total_cost or Decimal(0) for item in read.items), Decimal(0))
    costs = sum((cost.amount for cost in read.costs), Decimal(0))
    assert read.subtotal_cost == lines == Decimal(1050)
    assert read.total_cost == lines + costs
    assert read.tax_amount == read.exclusive_tax_amount == Decimal("126.0")
    assert read.inclusive_tax_amount == 0
    assert read.shipping_amount == Decimal(35)
    assert read.total_cost_with_tax == Decimal(1251)
    assert read.total_cost_with_tax == read.converted_total_cost


def test_the_lines_of_the_sample(bill: dict[str, Any]) -> None:
    cable, licence = Bill.from_json(bill).items

    assert (cable.order_item_id, cable.order_id, cable.order_number) == (
        9001,
        5501,
        "PF5501",
    )
    assert str(cable.quantity) == "10.00000000"
    assert (cable.tax_name, cable.tax_percentage) == ("Sales tax", Decimal(12))
    assert cable.tax_is_inclusive is False
    assert cable.shipping_amount == 0
    assert cable.currency_name == "USD"
    assert cable.fallback_account is None
    assert (licence.order_item_id, licence.order_id) == (None, None)
    assert licence.fallback_account is None
    assert licence.shipping_amount == Decimal(35)
    shares = [
        (share.account_code, share.department, share.amount)
        for share in licence.allocations
    ]
    assert [
        (code and code.code, department and department.label, amount)
        for code, department, amount in shares
    ] == [
        ("6410", "Zürich HQ / IT", Decimal(500)),
        ("6410", "Zürich HQ / Marketing", Decimal(300)),
    ]


def test_a_line_without_allocations_is_coded_as_it_was_ordered(
    bill: dict[str, Any],
) -> None:
    bill["items"][0]["cost_allocations"] = []

    cable, _licence = Bill.from_json(bill).items

    assert cable.fallback_account is not None
    assert cable.fallback_account.account_code is not None
    assert cable.fallback_account.account_code.code == "6200"


def test_the_cost_of_the_sample(bill: dict[str, Any]) -> None:
    (cost,) = Bill.from_json(bill).costs

    assert (cost.id, cost.name, cost.amount) == (501, "Brokerage", Decimal(40))
    assert cost.allocation and cost.allocation.account_code
    assert cost.allocation.account_code.code == "5300"


def test_a_bill_names_everything_it_embeds_once(bill: dict[str, Any]) -> None:
    found = {
        (resource, external_id): data
        for resource, external_id, data in Bill.from_json(bill).references()
    }

    assert list(found) == [
        ("vendor", "42"),
        ("currency", "1"),
        ("location", "2"),
        ("department", "7"),
        ("account_code", "11"),
        ("account_code", "12"),
        ("department", "9"),
        ("account_code", "15"),
    ]
    assert found["vendor", "42"] is bill["vendor"]
    for (resource, external_id), data in found.items():
        embedded = RESOURCES[resource].payload.from_json(data)
        assert embedded.external_id == external_id


def test_the_richest_copy_of_an_embedded_object_is_named(bill: dict[str, Any]) -> None:
    full = {"id": 2, "name": "Zürich HQ", "headquarter": True, "active": True}
    bill["costs"][0]["cost_allocation"]["budget"]["department"]["branch"] = full

    found = {name: data for name, _, data in Bill.from_json(bill).references()}

    assert found["location"] is full


def test_a_bill_without_a_number_has_a_label(bill: dict[str, Any]) -> None:
    bill["invoice_number"] = "  "

    read = Bill.from_json(bill)

    assert (read.invoice_number, read.code, read.label) == ("", "", "Bill 3107")


def test_a_credit_keeps_its_sign(bill: dict[str, Any]) -> None:
    bill["total_cost_with_tax"] = Decimal("-1251.0")
    bill["items"][0]["quantity"] = "-10.00000000"

    read = Bill.from_json(bill)

    assert read.total_cost_with_tax == Decimal(-1251)
    assert read.items[0].quantity == -10


def test_what_only_one_edition_documents_is_optional(bill: dict[str, Any]) -> None:
    for name in ("version_choices", "added_purchase_orders", "bill_statuses", "group"):
        del bill[name]
    for name in ("quantity", "cost_allocations", "orderitem", "po", "tax_percentage"):
        del bill["items"][0][name]
    bill["vendor"] = bill["currency"] = bill["gl_post_date"] = None
    bill["active"] = False
    bill["status"] = 77

    read = Bill.from_json(bill)

    assert (read.version_ids, read.orders, read.group) == ((), (), None)
    assert (read.vendor, read.currency, read.approver_name) == (None, None, "")
    assert read.items[0].quantity is None
    assert read.items[0].allocations == ()
    assert read.status == 77
    assert not read.active
    assert ("vendor", "42") not in [r[:2] for r in read.references()]


def test_orders_of_lines_complete_those_of_the_header(bill: dict[str, Any]) -> None:
    bill["items"][1]["po"] = {"id": 5502, "number": "PF5502", "uuid": "x"}
    bill["items"][0]["orderitem"]["purchase_order"] = None

    read = Bill.from_json(bill)

    assert read.orders == ((5501, "PF5501"), (5502, "PF5502"))
    assert read.items[0].order_id == 5501
    assert (read.items[1].order_id, read.items[1].order_item_id) == (5502, None)


def test_the_last_approval_counts(bill: dict[str, Any]) -> None:
    again = deepcopy(bill["bill_statuses"][1])
    again["user"] = {"firstName": "", "lastName": "", "email": "ana@acme.example"}
    bill["bill_statuses"] += [again, {"status": 4, "user": {"firstName": "Late"}}]

    assert Bill.from_json(bill).approver_name == "ana@acme.example"


def test_the_two_spellings_of_a_uuid_are_one() -> None:
    dashed = "847AAE0D-DDA0-43E3-BE0B-8A0203E4920B"

    assert normalise_uuid(dashed) == "847aae0ddda043e3be0b8a0203e4920b"


def test_approved_or_later_is_payable() -> None:
    assert {2, 4, 6, 7, 8} == PAYABLE_STATUSES


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("id", None, "missing"),
        ("uuid", None, "missing"),
        ("status", None, "missing"),
        ("type", None, "missing"),
        ("items", None, "missing"),
        ("costs", None, "missing"),
        ("status", "approved", "not an integer"),
        ("items", {}, "not a list"),
        ("vendor", 42, "not an object"),
        ("invoice_date", "10.3.2026", "not a date"),
        ("last_modified_datetime", "2026-03-12", "without a time zone"),
        ("total_cost_with_tax", "a lot", "not a number"),
        ("total_cost_with_tax", Decimal("NaN"), "not a finite number"),
        ("invoice_number", {}, "not a text"),
        ("items.1.id", None, "missing"),
        ("items.1.quantity", True, "true or false"),
        ("items.1.bill_by_cost", "no", "neither true nor false"),
        ("items.1.cost_allocations.1.amount", None, "missing"),
        ("items.1.cost_allocations.1.budget.account_code.code", None, "missing"),
        ("items.1.cost_allocations.1.budget.department.id", "IT", "not an integer"),
        ("items.0.orderitem.id", None, "missing"),
        ("costs.0.amount", "", "missing"),
        ("version_choices.0.pk", None, "missing"),
        ("added_purchase_orders.0.id", None, "missing"),
    ],
)
def test_a_bill_that_cannot_be_read_says_where_and_why(
    bill: dict[str, Any], path: str, value: object, expected: str
) -> None:
    *way, last = path.split(".")
    place: Any = bill
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    place[last] = value

    with pytest.raises(InvalidPayload, match=expected) as raised:
        Bill.from_json(bill)

    dotted = raised.value.path.replace("[", ".").replace("]", "")
    assert dotted == path
