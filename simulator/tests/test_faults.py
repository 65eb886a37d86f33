"""Every kind of misbehaviour happens as it was ordered, and as often."""

from __future__ import annotations

import http.client
import json
import time
from typing import TYPE_CHECKING

import pytest

from ..faults import KINDS

if TYPE_CHECKING:
    from .client import Client

BILLS = "/api/v3/ap/bills/"
VENDORS = "/api/v3/vendors/"


def test_a_status_happens_as_often_as_asked(client: Client) -> None:
    client.simulator.faults.add(path=BILLS, kind="status", status=503, times=2)
    assert [client.get(BILLS).status for _try in range(3)] == [503, 503, 200]


def test_a_fault_can_last_forever_and_be_cleared(client: Client) -> None:
    client.simulator.faults.add(kind="status", status=500, times=None)
    assert {client.get(BILLS).status for _try in range(5)} == {500}
    client.simulator.faults.clear()
    assert client.get(BILLS).status == 200


@pytest.mark.parametrize("moment", ["7", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_too_many_requests_say_when_to_come_back(client: Client, moment: str) -> None:
    client.simulator.faults.add(BILLS, "status", status=429, retry_after=moment)
    answer = client.get(BILLS)
    assert (answer.status, answer.headers["Retry-After"]) == (429, moment)


def test_a_fault_waits_for_its_page_and_its_turn(client: Client) -> None:
    add = client.simulator.faults.add
    add(BILLS, "status", status=404, query={"page": "2"}, skip=1)
    statuses = [client.get(BILLS, page=page).status for page in (1, 2, 1, 2, 2)]
    assert statuses == [200, 200, 200, 404, 200]


def test_other_paths_are_spared(client: Client) -> None:
    client.simulator.faults.add(BILLS, "status")
    assert client.get(VENDORS).status == 200


def test_the_token_can_be_hit_too(client: Client) -> None:
    client.simulator.faults.add("/oauth/token", "status", status=502)
    answer = client.send("POST", "/oauth/token", {})
    assert answer.status == 502


@pytest.mark.parametrize("sent", [None, 0, 50])
def test_a_reset_breaks_the_connection(client: Client, sent: int | None) -> None:
    client.simulator.faults.add(BILLS, "reset", sent=sent)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        client.get(BILLS)
    assert client.simulator.requests[-1].status == 0
    assert client.get(BILLS).status == 200


def test_a_truncated_body_is_shorter_than_announced(client: Client) -> None:
    client.simulator.faults.add(BILLS, "truncate")
    with pytest.raises(http.client.IncompleteRead):
        client.get(BILLS)


def test_truncated_json_is_complete_for_http(client: Client) -> None:
    client.simulator.faults.add(BILLS, "truncated_json")
    answer = client.get(BILLS)
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        _ = answer.json


def test_html_comes_with_status_200(client: Client) -> None:
    client.simulator.faults.add(BILLS, "html")
    answer = client.get(BILLS)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")


def test_the_content_type_can_be_wrong(client: Client) -> None:
    client.simulator.faults.add(BILLS, "wrong_type")
    answer = client.get(BILLS)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.json["data"]


def test_a_redirect_leads_to_another_host(client: Client) -> None:
    client.simulator.faults.add(BILLS, "redirect", location="http://evil.example/")
    answer = client.get(BILLS)
    assert (answer.status, answer.headers["Location"]) == (302, "http://evil.example/")


def test_a_slow_reply_outlasts_a_time_out(client: Client) -> None:
    client.simulator.faults.add(BILLS, "slow", seconds=5)
    client.timeout_s = 0.2
    with pytest.raises(TimeoutError):
        client.get(BILLS)


def test_a_drip_takes_its_time_but_arrives(client: Client) -> None:
    client.simulator.faults.add(BILLS, "drip", seconds=0.3)
    started = time.perf_counter()
    assert client.get(BILLS).json["data"]
    assert time.perf_counter() - started > 0.2


def test_fields_can_be_set_and_dropped(client: Client) -> None:
    options = {"set": {"status": "two", "new": 1}, "drop": ("uuid",)}
    client.simulator.faults.add(BILLS, "patch", **options)
    row = client.get(BILLS).json["data"][0]
    assert (row["status"], row["new"], "uuid" in row) == ("two", 1, False)


def test_an_unknown_kind_is_refused(client: Client) -> None:
    with pytest.raises(ValueError, match="Unknown fault 'flood'"):
        client.simulator.faults.add(BILLS, "flood")


def test_every_kind_is_described() -> None:
    assert [name for name, kind in KINDS.items() if not kind.__doc__] == []


def test_stopping_does_not_wait_for_slow_replies(client: Client) -> None:
    client.simulator.faults.add(BILLS, "slow", seconds=30)
    client.timeout_s = 0.1
    with pytest.raises(TimeoutError):
        client.get(BILLS)
    started = time.perf_counter()
    client.simulator.stop()
    assert time.perf_counter() - started < 2
