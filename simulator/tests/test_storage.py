"""Files at the tenant and at the storage host."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from .client import Client

if TYPE_CHECKING:
    from .. import Dataset


def files_of(client: Client, bill_id: int) -> list[Any]:
    found = client.get(f"/api/v2/ap/bills/{bill_id}/").json["data"]
    files: list[Any] = found["invoice_attachments"]
    return files


def stored(client: Client, address: str, headers: dict[str, str]) -> Any:
    """Fetch an address of the storage host."""
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == client.simulator.storage_url
    other = Client(client.simulator, headers, base_url=client.simulator.storage_url)
    return other.send("GET", f"{parts.path}?{parts.query}")


@pytest.fixture
def dataset(client: Client) -> Dataset:
    return client.simulator.dataset


@pytest.fixture
def bill_id(dataset: Dataset) -> int:
    number = dataset.add_bill("plain")
    dataset.revise_bill(number, note="files")
    return number


def test_a_file_of_the_tenant(client: Client, dataset: Dataset, bill_id: int) -> None:
    uuid = dataset.add_attachment(bill_id, name="Rechnung №1.pdf", content=b"%PDF-x")
    record = next(f for f in files_of(client, bill_id) if f["uuid"] == uuid)
    answer = client.get(record["file"])
    assert (answer.status, answer.body) == (200, b"%PDF-x")
    assert record["length"] == 6
    digest = hashlib.sha1(b"%PDF-x", usedforsecurity=False).hexdigest()
    assert record["sha1_hash"] == digest
    assert Client(client.simulator).get(record["file"]).status == 401


def test_a_file_of_the_storage_host(
    client: Client, dataset: Dataset, bill_id: int
) -> None:
    dataset.add_attachment(bill_id, content=b"abc", other_host=True)
    record = files_of(client, bill_id)[-1]
    path = urlsplit(record["file"]).path
    assert client.get(path).status == 404
    assert stored(client, record["file"], {"X-Mine": "1"}).body == b"abc"
    assert stored(client, record["file"].split("?")[0], {}).status == 403
    token = {"Authorization": client.headers["Authorization"]}
    assert stored(client, record["file"], token).status == 400
    sent = client.simulator.storage.requests
    assert [request.status for request in sent] == [200, 403, 400]
    assert sent[0].headers["x-mine"] == "1" and "authorization" not in sent[0].headers
    assert "authorization" in sent[2].headers
    told = client.get("/_simulator/storage-requests").json
    assert [request[0] for request in told] == ["GET"] * 3


def test_a_file_behind_a_redirect(
    client: Client, dataset: Dataset, bill_id: int
) -> None:
    dataset.add_attachment(bill_id, content=b"abc", redirect=True)
    answer = client.get(files_of(client, bill_id)[-1]["file"])
    assert answer.status == 302
    assert stored(client, answer.headers["Location"], {}).body == b"abc"


def test_a_missing_file_and_a_wrong_length(
    client: Client, dataset: Dataset, bill_id: int
) -> None:
    dataset.add_attachment(bill_id, missing=True, declared_length=10**9)
    record = files_of(client, bill_id)[-1]
    assert record["length"] == 10**9
    assert client.get(record["file"]).status == 404


def test_the_storage_host_can_fail(
    client: Client, dataset: Dataset, bill_id: int
) -> None:
    dataset.add_attachment(bill_id, other_host=True)
    given = {"kind": "status", "status": 503}
    client.send("POST", "/_simulator/storage-faults", given)
    address = files_of(client, bill_id)[-1]["file"]
    assert stored(client, address, {}).status == 503
    assert stored(client, address, {}).status == 200


def test_a_file_of_an_orders_line(client: Client, dataset: Dataset) -> None:
    order_id = dataset.add_order("plain")
    given = {"edit": "add_attachment", "order_id": order_id, "content": "quote"}
    uuid = client.send("POST", "/_simulator/edits", given).json["result"]
    order = client.get(f"/api/v2/purchase_orders/{order_id}/").json["data"]
    record = order["order_items"][0]["item_attachments"][0]
    assert record["uuid"] == uuid
    assert client.get(record["file"]).body == b"quote"
    lines = client.get("/api/v3/order-items/", purchase_order=order_id).json["data"]
    assert lines[0]["item_attachments"] == [record["id"]]
