"""Tokens, headers, methods and addresses."""

from __future__ import annotations

import pytest

from .. import Simulator
from .client import GRANT, Client

BILLS = "/api/v3/ap/bills/"


def credentials(simulator: Simulator) -> dict[str, str]:
    return {
        "client_id": simulator.client_id,
        "client_secret": simulator.client_secret,
        **GRANT,
    }


@pytest.mark.parametrize("missing", sorted(["client_id", "client_secret", *GRANT]))
def test_a_token_needs_all_four_members(simulator: Simulator, missing: str) -> None:
    given = credentials(simulator)
    del given[missing]
    answer = Client(simulator).send("POST", "/oauth/token", given)
    assert answer.status == 400
    assert missing in answer.json["error_description"]


def test_a_wrong_secret_is_refused(simulator: Simulator) -> None:
    given = {**credentials(simulator), "client_secret": "wrong"}
    answer = Client(simulator).send("POST", "/oauth/token", given)
    assert (answer.status, answer.json["error"]) == (401, "access_denied")


def test_the_right_secret_can_be_refused(simulator: Simulator) -> None:
    simulator.reject_secret = True
    given = credentials(simulator)
    assert Client(simulator).send("POST", "/oauth/token", given).status == 401


def test_a_wrong_audience_is_refused(simulator: Simulator) -> None:
    given = {**credentials(simulator), "audience": "https://api.procurify.com"}
    assert Client(simulator).send("POST", "/oauth/token", given).status == 403


def test_a_token_is_needed(simulator: Simulator) -> None:
    headers = {"X-Procurify-Client": "api"}
    assert Client(simulator, headers).get(BILLS).status == 401
    headers["Authorization"] = "Bearer nonsense"
    answer = Client(simulator, headers).get(BILLS)
    assert answer.status == 401
    assert answer.json == {"detail": "Invalid or expired token."}


def test_the_client_header_is_needed(client: Client) -> None:
    del client.headers["X-Procurify-Client"]
    assert client.get(BILLS).status == 403


def test_tokens_can_expire(client: Client) -> None:
    client.simulator.expire_tokens()
    assert client.get(BILLS).status == 401
    assert client.log_in().get(BILLS).status == 200


def test_tokens_have_a_lifetime() -> None:
    with Simulator(bills=1, token_lifetime_s=0) as simulator:
        assert Client(simulator).log_in().get(BILLS).status == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_reading_is_allowed(client: Client, method: str) -> None:
    answer = client.send(method, BILLS, {})
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET"


def test_an_address_without_slash_is_redirected(client: Client) -> None:
    answer = client.get(BILLS.rstrip("/"), page=2)
    assert answer.status == 301
    assert answer.headers["Location"] == f"{BILLS}?page=2"


@pytest.mark.parametrize(
    "path",
    ["/api/v3/nothing/", "/api/v2/ap/bills/99/", "/api/v3/vendors/9999/", "/"],
)
def test_unknown_addresses_are_not_found(client: Client, path: str) -> None:
    assert client.get(path).status == 404


def test_a_bill_is_found_by_id_and_by_uuid(client: Client) -> None:
    bill = client.simulator.dataset.bills()[0]
    names = (bill.id, bill.uuid, bill.uuid.hex, bill.uuid.hex.upper())
    found = [client.get(f"/api/v2/ap/bills/{name}/").json["data"] for name in names]
    assert {detail["id"] for detail in found} == {bill.id}


def test_an_attachment_can_be_read(client: Client) -> None:
    bills = client.simulator.dataset.bills()
    bill = next(bill for bill in bills if bill.attachments)
    detail = client.get(f"/api/v2/ap/bills/{bill.id}/").json["data"]
    described = detail["invoice_attachments"][0]
    answer = client.get(described["file"])
    assert answer.headers["Content-Type"] == "application/pdf"
    assert len(answer.body) == described["length"]


def test_requests_are_written_down(client: Client) -> None:
    client.simulator.clear_requests()
    client.get(BILLS, page=2)
    client.get("/api/v3/nothing/")
    assert client.simulator.requests == [
        ("GET", BILLS, {"page": "2"}, 200),
        ("GET", "/api/v3/nothing/", {}, 404),
    ]
