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
    Unit,
    Vendor,
    VendorType,
    normalise_uuid,
    read_noting,
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
        ("account_code", {"id": 1}, "code"),
        ("location", {"id": 1}, "name"),
        ("department", {"id": 1, "name": "x", "branch": {"id": 2}}, "branch.name"),
        ("department", {"id": 1, "name": "x", "branch": "HQ"}, "branch"),
        ("currency", {"name": "x"}, "id"),
        ("unit", {"name": ""}, "name"),
        ("bill", {}, "id"),
        ("bill", {"id": 1, "uuid": "x"}, "items"),
    ],
)
def test_master_data_without_what_identifies_it_is_refused(
    resource: str, data: dict[str, Any], path: str
) -> None:
    payload = Unit if resource == "unit" else RESOURCES[resource].payload
    with pytest.raises(InvalidPayload) as raised:
        payload.from_json(data)

    assert raised.value.path == path


@pytest.mark.parametrize(
    ("resource", "further", "path"),
    [
        ("vendor", {"email": {}}, "email"),
        ("vendor", {"email": ["a@b.example", 1]}, "email[1]"),
        (
            "vendor",
            {"payment_term_ref": {"id": 1, "name": None}},
            "payment_term_ref.name",
        ),
        ("vendor", {"dateModified": "2026-03-02T09:14:55"}, "dateModified"),
        ("vendor", {"currency": [1]}, "currency"),
        ("account_code", {"active": 1}, "active"),
        ("account_code", {"account_type": "expense"}, "account_type"),
        ("account_code", {"parent": {"code": "6000"}}, "parent.id"),
        ("location", {"currency": {"name": []}}, "currency.name"),
        ("location", {"locationTimezone": {"zone": 1}}, "locationTimezone"),
        ("currency", {"rate": "much"}, "rate"),
        (
            "catalog_item",
            {"account_code": {"id": 1, "code": None}},
            "account_code.code",
        ),
        ("catalog_item", {"pref_vendor": [1]}, "pref_vendor"),
    ],
)
def test_what_nobody_needs_of_master_data_is_left_empty_and_noted(
    resource: str, further: dict[str, Any], path: str
) -> None:
    payload = RESOURCES[resource].payload
    plain = {"id": 1, "name": "x", "code": "1"}

    read, unread = read_noting(payload, plain | further)

    assert unread == (path,)
    expected = payload.from_json(plain)
    if further != {"email": ["a@b.example", 1]}:
        assert read == expected
    assert read_noting(payload, plain) == (expected, ())


@pytest.mark.parametrize("parent", [10, "10", {"id": 10, "code": "6000"}])
def test_the_parent_of_an_account_code_is_an_id_or_an_object(parent: object) -> None:
    read, unread = read_noting(AccountCode, {"id": 1, "code": "6200", "parent": parent})

    assert (read.parent, unread) == (10, ())


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (3, VendorType.PREFERRED),
        ("3", VendorType.PREFERRED),
        ("Preferred", VendorType.PREFERRED),
        ("other", VendorType.OTHER),
        (8, 8),
        ("pending", "pending"),
        (None, None),
        ([], "[]"),
    ],
)
def test_the_type_of_a_vendor_is_a_number_or_a_word(sent: object, read: object) -> None:
    assert Vendor.from_json({"id": 1, "name": "x", "type": sent}).type == read


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
        ("items", None, "missing"),
        ("costs", None, "missing"),
        ("items", {}, "not a list"),
        ("vendor", 42, "not an object"),
        ("invoice_date", "10.3.2026", "not a date"),
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
        ("items.1.cost_allocations.1.budget", 103, "not an object"),
        ("items.1.cost_allocations.1.budget.department", 9, "not an object"),
        ("version_choices.0.pk", "first", "not an integer"),
    ],
)
def test_a_bill_that_cannot_be_read_says_where_and_why(
    bill: dict[str, Any], path: str, value: object, expected: str
) -> None:
    _put(bill, path, value)

    with pytest.raises(InvalidPayload, match=expected) as raised:
        Bill.from_json(bill)

    dotted = raised.value.path.replace("[", ".").replace("]", "")
    assert dotted == path


def _put(bill: dict[str, Any], path: str, value: object) -> None:
    *way, last = path.split(".")
    place: Any = bill
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    place[int(last) if last.isdigit() else last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("vendor.dateModified", "2026-03-02T09:14:55"),
        ("vendor.payment_term_ref.name", None),
        ("items.0.cost_allocations.0.budget.account_code.account_type", "odd"),
        ("items.0.orderitem.quantity", [1]),
        ("items.1.description", []),
        ("bill_statuses.0.user", "Joan"),
        ("bill_statuses.1.user.firstName", [1]),
        ("bill_statuses", "none"),
        ("version", "two"),
        ("due_date", "soon"),
        ("last_modified_datetime", "2026-03-12"),
        ("added_purchase_orders.0", 7),
        ("invoice_attachments.0.file", {}),
    ],
)
def test_what_nobody_needs_of_a_bill_never_refuses_it(
    bill: dict[str, Any], path: str, value: object
) -> None:
    sound, _none = read_noting(Bill, deepcopy(bill))
    _put(bill, path, value)

    read, unread = read_noting(Bill, bill)

    dotted = [each.replace("[", ".").replace("]", "") for each in unread]
    assert dotted == [path]
    assert (read.total_cost_with_tax, read.id) == (sound.total_cost_with_tax, sound.id)
    assert [item.allocations for item in read.items][1] == sound.items[1].allocations
    assert list(read.references())


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("status", None, None),
        ("status", "approved", "approved"),
        ("type", None, None),
        ("type", {"a": 1}, "{'a': 1}"),
    ],
)
def test_a_state_that_nobody_documented_is_kept_as_it_came(
    bill: dict[str, Any], field: str, value: object, read: object
) -> None:
    _put(bill, field, value)

    assert getattr(Bill.from_json(bill), field) == read
