"""Edits while the server runs, seen through the API and in the expectation."""

from __future__ import annotations

import threading
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .. import Dataset

if TYPE_CHECKING:
    from .client import Client

BILLS = "/api/v3/ap/bills/"


def detail(client: Client, bill_id: object) -> Any:
    return client.get(f"/api/v2/ap/bills/{bill_id}/").json["data"]


@pytest.fixture
def dataset(client: Client) -> Dataset:
    return client.simulator.dataset


@pytest.fixture
def bill_id(dataset: Dataset) -> int:
    return dataset.add_bill("plain", amount="100.00", currency_id=1)


def test_a_revision_changes_amount_stamp_and_expectation(
    client: Client, dataset: Dataset, bill_id: int
) -> None:
    before = detail(client, bill_id)
    dataset.revise_bill(bill_id, unit_cost="250.00")
    after = detail(client, bill_id)
    assert after["subtotal_cost"] == 250.0
    assert after["last_modified_datetime"] > before["last_modified_datetime"]
    assert (after["version"], after["id"]) == (before["version"], before["id"])
    outcome = dataset.expected()[bill_id]
    assert sum(outcome.net_lines.values()) == Decimal(250)
    assert float(outcome.total) == after["total_cost_with_tax"]


def test_a_revised_split_keeps_its_proportions(dataset: Dataset) -> None:
    bill_id = dataset.add_bill("split_departments", amount="1000.00")
    dataset.revise_bill(bill_id, item=0, unit_cost="100.00")
    shares = [share.amount for share in dataset.bill(bill_id).items[0].shares]
    assert sum(shares) == 100
    outcome = dataset.expected()[bill_id]
    assert sum(outcome.net_lines.values()) + outcome.tax == outcome.total


def test_an_edit_puts_the_bill_on_top_of_the_changes(
    client: Client, dataset: Dataset
) -> None:
    oldest = min(dataset.bills(), key=lambda bill: bill.modified)
    dataset.touch(oldest.id)
    found = client.ids(BILLS, order_by="-last_modified_datetime")
    assert found[0] == oldest.id


def test_stamps_only_grow(dataset: Dataset, bill_id: int) -> None:
    stamps = []
    for _edit in range(5):
        dataset.touch(bill_id)
        stamps.append(dataset.bill(bill_id).modified)
    assert stamps == sorted(set(stamps))


def test_the_clock_can_be_set() -> None:
    moment = datetime.fromisoformat("2031-07-01T12:00:00+00:00")
    dataset = Dataset(1, clock=lambda: moment)
    bill_id = dataset.bills()[0].id
    dataset.touch(bill_id)
    assert dataset.bill(bill_id).modified.isoformat() == "2031-07-01T05:00:00-07:00"


def test_a_fixed_bill_comes_back_with_a_new_id(
    client: Client, dataset: Dataset, bill_id: int
) -> None:
    before = detail(client, bill_id)
    new_id = dataset.fix_bill(bill_id, unit_cost="120.00")
    after = detail(client, new_id)
    assert client.get(f"/api/v2/ap/bills/{bill_id}/").status == 404
    assert (after["uuid"], after["group"]) == (before["uuid"], before["group"])
    assert after["version"] == before["version"] + 1
    assert [choice["pk"] for choice in after["version_choices"]][-2:] == [
        bill_id,
        new_id,
    ]
    assert detail(client, before["uuid"])["id"] == new_id
    assert bill_id not in client.ids(BILLS, page_size=100)


def test_a_fixed_bill_may_have_a_new_uuid(dataset: Dataset, bill_id: int) -> None:
    old = dataset.bill(bill_id)
    new = dataset.bill(dataset.fix_bill(bill_id, new_uuid=True, status=0))
    assert new.uuid != old.uuid
    assert (new.group, new.status) == (old.group, 0)


def test_a_status_excludes_or_includes(dataset: Dataset, bill_id: int) -> None:
    dataset.set_status(bill_id, 5)
    assert dataset.expected()[bill_id].excluded == "not_approved"
    dataset.set_status(bill_id, 2)
    assert dataset.expected()[bill_id].importable


def test_a_deleted_bill_is_gone(client: Client, dataset: Dataset, bill_id: int) -> None:
    uuid = dataset.bill(bill_id).uuid
    dataset.delete_bill(bill_id)
    assert client.get(f"/api/v2/ap/bills/{uuid}/").status == 404
    assert bill_id not in client.ids(BILLS, page_size=100)
    assert bill_id not in dataset.expected()


def test_a_deleted_bill_may_stay_readable(
    client: Client, dataset: Dataset, bill_id: int
) -> None:
    dataset.delete_bill(bill_id, keep_inactive=True)
    assert detail(client, bill_id)["active"] is False
    assert bill_id not in client.ids(BILLS, page_size=100)


def test_a_renamed_vendor_is_renamed_everywhere(
    client: Client, dataset: Dataset, bill_id: int
) -> None:
    vendor_id = dataset.bill(bill_id).vendor_id
    before = client.get(f"/api/v3/vendors/{vendor_id}/").json["data"]
    dataset.rename_vendor(vendor_id, "Renamed & Sons")
    after = client.get(f"/api/v3/vendors/{vendor_id}/").json["data"]
    assert after["name"] == "Renamed & Sons"
    assert after["dateModified"] > before["dateModified"]
    assert detail(client, bill_id)["vendor"]["name"] == "Renamed & Sons"


def test_a_new_account_code_is_listed_and_unknown_to_the_books(
    client: Client, dataset: Dataset
) -> None:
    number = dataset.add_account_code("8100", "Research")
    found = client.get("/api/v3/account-codes/", code="8100").json["data"]
    assert [row["id"] for row in found] == [number]
    bill_id = dataset.add_bill("plain", code="8100")
    outcome = dataset.expected()[bill_id]
    assert outcome.reasons == {"unknown_account"}
    assert outcome.details == {"unknown_account": ("8100",)}


def test_a_late_bill_can_carry_an_old_stamp(client: Client, dataset: Dataset) -> None:
    bill_id = dataset.add_bill("plain", modified="2026-01-05T10:00:00-08:00")
    row = detail(client, bill_id)
    assert row["last_modified_datetime"] == "2026-01-05T10:00:00-08:00"


def test_an_unknown_change_is_refused(dataset: Dataset, bill_id: int) -> None:
    with pytest.raises(TypeError, match="'colour'"):
        dataset.revise_bill(bill_id, colour="green")


def test_rows_can_move_while_they_are_paged(client: Client, dataset: Dataset) -> None:
    """An edit between two pages of newest-first shifts a row onto the next page."""
    order = {"order_by": "-last_modified_datetime", "page_size": 4}
    first = client.ids(BILLS, page=1, **order)
    dataset.touch(min(dataset.bills(), key=lambda bill: bill.modified).id)
    second = client.ids(BILLS, page=2, **order)
    assert first[-1] == second[0]


def test_a_hook_runs_before_each_request(client: Client) -> None:
    seen: list[str] = []
    client.simulator.before_request = lambda request: seen.append(request.path)
    client.get(BILLS)
    assert seen == [BILLS]


def test_edits_and_reads_from_several_threads(client: Client, dataset: Dataset) -> None:
    added: list[int] = []

    def add() -> None:
        added.extend(dataset.add_bill("plain") for _number in range(10))

    threads = [threading.Thread(target=add) for _number in range(4)]
    for thread in threads:
        thread.start()
    statuses = {client.get(BILLS).status for _number in range(10)}
    for thread in threads:
        thread.join()
    assert statuses == {200}
    assert len(set(added)) == 40
    assert len(dataset.bills()) == 52
