"""The simulator as a process of its own, and its control over HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import Dataset, Simulator
from .client import Client

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
BILLS = "/api/v3/ap/bills/"


def command(*arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", "simulator", *arguments]


def control(client: Client, method: str, name: str, given: object = None) -> Any:
    return client.send(method, f"/_simulator/{name}", given).json


def test_faults_are_ordered_and_cleared(client: Client) -> None:
    control(client, "POST", "faults", {"path": BILLS, "status": 502, "times": None})
    assert client.get(BILLS).status == 502
    control(client, "DELETE", "faults")
    assert client.get(BILLS).status == 200


def test_the_latency_is_set(client: Client) -> None:
    assert control(client, "POST", "latency", {"seconds": 0.01}) == {"seconds": 0.01}
    assert client.simulator.latency_s == 0.01


def test_requests_are_listed_and_forgotten(client: Client) -> None:
    client.get(BILLS, page=1)
    assert control(client, "GET", "requests")[-1] == ["GET", BILLS, {"page": "1"}, 200]
    control(client, "DELETE", "requests")
    assert control(client, "GET", "requests") == []


def test_the_expectation_is_returned(client: Client) -> None:
    told = control(client, "GET", "expected")
    known = client.simulator.dataset.expected()
    assert {int(bill_id) for bill_id in told} == set(known)
    bill_id, outcome = next(iter(known.items()))
    assert told[str(bill_id)]["total"] == str(outcome.total)


def test_bills_are_added_and_edited(client: Client) -> None:
    given = {"scenario": "unknown_account", "code": "7990", "amount": "12.34"}
    bill_id = control(client, "POST", "bills", given)["id"]
    dataset = client.simulator.dataset
    assert dataset.expected()[bill_id].details == {"unknown_account": ("7990",)}
    edit = {"edit": "set_status", "bill_id": bill_id, "status": 5}
    assert control(client, "POST", "edits", edit) == {"result": None}
    assert dataset.bill(bill_id).status == 5


def test_switches_are_turned(client: Client) -> None:
    control(client, "POST", "switches", {"ignore_filters": True})
    assert client.simulator.ignore_filters
    control(client, "POST", "expire-tokens")
    assert client.get(BILLS).status == 401


def test_nonsense_is_refused(client: Client) -> None:
    assert client.send("POST", "/_simulator/faults", {"kind": "x"}).status == 400
    assert client.send("POST", "/_simulator/edits", {"edit": "x"}).status == 400
    assert client.send("POST", "/_simulator/switches", {"x": True}).status == 400
    assert client.get("/_simulator/nothing").status == 404


def test_a_process_announces_itself_and_stops() -> None:
    arguments = command("--bills", "3", "--client-id", "me", "--client-secret", "fake")
    process = subprocess.Popen(
        arguments,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert (ready["client_id"], ready["client_secret"]) == ("me", "fake")
        assert ready["base_url"].startswith("http://127.0.0.1:")
    finally:
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_the_books_are_printed() -> None:
    printed = subprocess.run(
        command("--books"), cwd=ROOT, capture_output=True, check=True
    )
    books = json.loads(printed.stdout)
    assert books == Dataset(1).books()
    assert books["currencies"] == ["USD", "CAD", "EUR"]
    assert books["rates"] == {"CAD": "1.36", "EUR": "0.92"}
    assert {"name": "VAT incl.", "amount": "19", "price_include": True} in books[
        "taxes"
    ]
    assert {centre["plan"] for centre in books["cost_centres"]} == {
        "department",
        "location",
    }


def test_two_simulators_know_nothing_of_each_other() -> None:
    with Simulator(bills=1) as one, Simulator(bills=2) as two:
        assert one.base_url != two.base_url
        token = Client(one).log_in().headers
        Client(two).log_in()
        assert Client(two, token).get(BILLS).status == 401
