"""Filters, orders and pages of the lists."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from .. import Simulator
from .client import Client

BILLS = "/api/v3/ap/bills/"
CODES = "/api/v3/account-codes/"
VENDORS = "/api/v3/vendors/"
LOCATIONS = "/api/v2/locations/"


def rows(client: Client, path: str, **query: object) -> list[Any]:
    pages = client.pages(path, page_size=100, **query)
    return [row for page in pages for row in page["data"]]


# --- pages ------------------------------------------------------------------------


def test_ten_rows_make_a_page(reader: Client) -> None:
    pagination = reader.get(BILLS).json["metadata"]["pagination"]
    assert pagination == {
        "count": 60,
        "next": f"{reader.simulator.base_url}{BILLS}?page=2",
        "previous": None,
        "page_size": 10,
        "num_pages": 6,
        "current_page": 1,
    }


def test_the_pages_hold_every_bill_once(reader: Client) -> None:
    found = [
        row["id"] for page in reader.pages(BILLS, page_size=7) for row in page["data"]
    ]
    assert sorted(found) == sorted(b.id for b in reader.simulator.dataset.bills())


def test_links_keep_the_query(reader: Client) -> None:
    answer = reader.get(BILLS, page=2, page_size=5, type=0, order_by="id").json
    pagination = answer["metadata"]["pagination"]
    assert "page=3&page_size=5&type=0&order_by=id" in pagination["next"]
    assert "page=1&page_size=5&type=0&order_by=id" in pagination["previous"]


@pytest.mark.parametrize("page", ["0", "99", "x", "-1"])
def test_a_page_out_of_range_is_not_found(reader: Client, page: str) -> None:
    assert reader.get(BILLS, page=page).status == 404


def test_an_empty_list_has_one_page(reader: Client) -> None:
    answer = reader.get(BILLS, vendor=999999).json
    assert answer["data"] == []
    assert answer["metadata"]["pagination"]["num_pages"] == 1


def test_the_page_size_is_capped() -> None:
    with Simulator(bills=30, page_size_cap=20) as simulator:
        answer = Client(simulator).log_in().get(BILLS, page_size=50).json
    assert answer["metadata"]["pagination"]["page_size"] == 20
    assert len(answer["data"]) == 20


# --- filters ----------------------------------------------------------------------


def test_bills_modified_since_an_instant(reader: Client) -> None:
    bills = sorted(reader.simulator.dataset.bills(), key=lambda b: b.modified)
    limit = bills[40].modified
    found = rows(reader, BILLS, last_modified_datetime_0=limit.isoformat())
    assert {row["id"] for row in found} == {
        bill.id for bill in bills if bill.modified >= limit
    }


def test_instants_are_compared_across_offsets(reader: Client) -> None:
    limit = max(b.modified for b in reader.simulator.dataset.bills())
    exact = limit.astimezone(timezone.utc).replace(tzinfo=None)
    later = exact + timedelta(microseconds=1)
    assert rows(reader, BILLS, last_modified_datetime_0=f"{exact.isoformat()}Z")
    assert not rows(reader, BILLS, last_modified_datetime_0=f"{later.isoformat()}Z")


def test_bills_modified_in_a_range_of_days(reader: Client) -> None:
    days = sorted(b.modified.date() for b in reader.simulator.dataset.bills())
    first, last = days[10], days[30]
    found = rows(reader, BILLS, modified_date_0=first, modified_date_1=last)
    assert len(found) == sum(first <= day <= last for day in days)


def test_a_plus_that_was_not_encoded_is_refused(reader: Client) -> None:
    target = f"{BILLS}?last_modified_datetime_0=2026-03-01T00:00:00+00:00"
    answer = reader.send("GET", target)
    assert answer.status == 400
    assert answer.json == {"last_modified_datetime_0": ["Enter a valid date/time."]}


def test_an_instant_without_offset_is_the_tenants(reader: Client) -> None:
    newest = max(b.modified for b in reader.simulator.dataset.bills())
    naive = newest.replace(tzinfo=None)
    later = naive + timedelta(microseconds=1)
    assert rows(reader, BILLS, last_modified_datetime_0=naive.isoformat())
    assert not rows(reader, BILLS, last_modified_datetime_0=later.isoformat())


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"type": 2}, {2}),
        ({"exclude_expense_bills": "true"}, {0, 2}),
        ({"exclude_expense_bills": "false"}, {0, 1, 2}),
        ({"unheard_of": "x"}, {0, 1, 2}),
        ({"status": 2}, {0, 1, 2}),
    ],
)
def test_bills_by_type(reader: Client, query: dict[str, Any], kept: set[int]) -> None:
    assert {row["type"] for row in rows(reader, BILLS, **query)} == kept


def test_bills_of_a_vendor_and_by_search(reader: Client) -> None:
    bill = next(b for b in reader.simulator.dataset.bills() if b.invoice_number)
    of_vendor = rows(reader, BILLS, vendor=bill.vendor_id)
    assert {row["vendor"]["id"] for row in of_vendor} == {bill.vendor_id}
    found = rows(reader, BILLS, search=bill.invoice_number.lower())
    assert [row["id"] for row in found] == [bill.id]


def test_a_filter_of_the_wrong_type_is_refused(reader: Client) -> None:
    assert reader.get(BILLS, vendor="x").json == {"vendor": ["Enter a number."]}
    assert reader.get(BILLS, invoice_date_0="yesterday").status == 400


def test_inactive_account_codes_are_listed_only_on_request(reader: Client) -> None:
    assert "6999" not in {row["code"] for row in rows(reader, CODES)}
    inactive = rows(reader, CODES, active="false")
    assert [row["code"] for row in inactive] == ["6999"]
    assert len(rows(reader, CODES, code="5100")) == 1
    assert [row["code"] for row in rows(reader, CODES, is_parent="true")] == ["6400"]


def test_inactive_vendors_are_found_by_id_only(reader: Client) -> None:
    vendors = reader.simulator.dataset.vendors()
    retired = next(vendor for vendor in vendors if not vendor.active)
    listed = {row["id"] for row in rows(reader, VENDORS)}
    assert retired.id not in listed
    answer = reader.get(f"{VENDORS}{retired.id}/").json
    assert answer["data"]["active"] is False


def test_vendors_by_type(reader: Client) -> None:
    others = rows(reader, VENDORS, type=1)
    assert [(row["id"], row["name"]) for row in others] == [(1, "OTHER")]
    without = rows(reader, VENDORS, exclude_other="true")
    assert len(without) == len(rows(reader, VENDORS)) - 1
    assert {row["type"] for row in rows(reader, VENDORS)} == {1, 2, 3, 4, 5, 6, 7}


def test_two_active_vendors_share_a_name(reader: Client) -> None:
    names = [row["name"] for row in rows(reader, VENDORS)]
    assert len(names) - len(set(names)) == 1


def test_departments_of_a_plant(reader: Client) -> None:
    found = rows(reader, "/api/v3/departments/", branch=5)
    assert {row["branch"]["name"] for row in found} == {"Wörth Gearbox"}
    assert len(rows(reader, "/api/v3/departments/", search="maint")) == 5


def test_accounts_of_a_department_and_a_code(reader: Client) -> None:
    code = rows(reader, CODES, code="5100")[0]["id"]
    found = rows(reader, "/api/v3/accounts/", department=20, account_code=code)
    assert [row["account_code"]["code"] for row in found] == ["5100"]


def test_currencies_by_flag(reader: Client) -> None:
    found = rows(reader, "/api/v2/currencies/", base="true")
    assert [row["name"] for row in found] == ["USD"]


def test_locations_come_in_either_envelope(reader: Client) -> None:
    doubled = reader.get(LOCATIONS).json
    with Simulator(bills=1, doubled_locations=False) as simulator:
        plain = Client(simulator).log_in().get(LOCATIONS).json
    assert len(doubled["data"]) == 1
    assert doubled["data"][0]["data"] == plain["data"]
    assert len(plain["data"]) == 5


def test_filters_can_be_ignored(client: Client) -> None:
    client.simulator.ignore_filters = True
    found = rows(client, BILLS, last_modified_datetime_0="2030-01-01T00:00:00Z")
    assert len(found) == 12


# --- orders -----------------------------------------------------------------------


def test_newest_first(reader: Client) -> None:
    found = rows(reader, BILLS, order_by="-last_modified_datetime")
    stamps = [datetime.fromisoformat(row["last_modified_datetime"]) for row in found]
    assert stamps == sorted(stamps, reverse=True)


def test_equal_stamps_keep_a_stable_order(reader: Client) -> None:
    found = rows(reader, BILLS, order_by="-last_modified_datetime")
    stamps = [row["last_modified_datetime"] for row in found]
    doubles = [p for p in range(1, len(stamps)) if stamps[p] == stamps[p - 1]]
    assert doubles
    assert all(found[p]["id"] < found[p - 1]["id"] for p in doubles)


def test_an_unknown_order_is_ignored(reader: Client) -> None:
    assert reader.ids(BILLS, order_by="colour") == reader.ids(BILLS)


def test_orders_can_be_ignored(client: Client) -> None:
    usual = client.ids(BILLS)
    assert client.ids(BILLS, order_by="id") != usual
    client.simulator.ignore_order = True
    assert client.ids(BILLS, order_by="id") == usual


def test_orders_of_master_data(reader: Client) -> None:
    names = [row["name"] for row in rows(reader, VENDORS, order_by="name")]
    assert names == sorted(names, key=str.casefold)
    codes = [row["code"] for row in rows(reader, CODES, order_by="-code")]
    assert codes == sorted(codes, reverse=True)
