"""The modes: what is written about them is true, and switching off undoes them."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .. import MODES, Outcome, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .client import Client

BILLS = "/api/v3/ap/bills/"
PAGE = Path(__file__).parents[2] / "docs" / "faults.rst"
HEADINGS = {
    "Ends automatically": Outcome.PASSES,
    "Found by the nightly check": Outcome.NIGHT,
    "On hold until corrected": Outcome.HELD,
    "Stops the list with a message": Outcome.STOPS,
}


def _documented() -> Iterator[tuple[str, Outcome, str, str]]:
    """Yield each row of the page's tables: name, class, fault, what is seen."""
    text = PAGE.read_text()
    sections = re.split(rf"^({'|'.join(HEADINGS)})\n=+\n", text, flags=re.MULTILINE)
    for heading, section in zip(sections[1::2], sections[2::2], strict=True):
        for row in section.split("   * - ``")[1:]:
            name, fault, seen = re.split(r"\n     - ", row)
            cells = [" ".join(cell.split()) for cell in (fault, seen)]
            yield name.strip("`"), HEADINGS[heading], cells[0], cells[1]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def test_the_page_for_people_names_the_same_modes() -> None:
    said = list(_documented())

    assert len(said) == len(MODES)
    assert {row[0]: row[1:] for row in said} == {
        mode.name: (mode.outcome, _sentence(mode.fault), _sentence(mode.seen))
        for mode in MODES.values()
    }


@pytest.mark.parametrize("name", [m.name for m in MODES.values() if not m.edits])
def test_a_mode_that_is_switched_off_leaves_nothing_behind(
    client: Client, name: str
) -> None:
    simulator = client.simulator
    before = {bill.id for bill in simulator.dataset.bills()}

    simulator.modes.on(name)
    simulator.modes.off()

    answer = client.log_in().get(BILLS, page_size=100)
    assert answer.status == 200
    assert {row["id"] for row in json.loads(answer.body)["data"]} == before
    assert simulator.address == simulator.base_url
    assert not simulator.spoiled


def test_what_was_shown_spoiled_is_changed_when_it_is_corrected(client: Client) -> None:
    simulator = client.simulator
    bill = simulator.dataset.bills()[0]
    simulator.modes.on("unknown_values")
    shown = json.loads(client.get(f"/api/v2/ap/bills/{bill.id}/").body)
    simulator.modes.off()

    mended = json.loads(client.get(f"/api/v2/ap/bills/{bill.id}/").body)
    assert shown["data"]["status"] == 42
    assert mended["data"]["status"] == bill.status
    assert simulator.dataset.bill(bill.id).modified > bill.modified


def test_a_door_that_was_closed_opens_again() -> None:
    with Simulator(bills=1) as simulator:
        port = int(simulator.base_url.rpartition(":")[2])
        simulator.refuse(60)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)

        simulator.listen()

        assert simulator.base_url.endswith(f":{port}")
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_another_process_switches_modes(client: Client) -> None:
    client.send("POST", "/_simulator/modes", {"name": "forbidden"})
    assert client.get(BILLS).status == 403
    assert client.send("POST", "/_simulator/modes", {"name": "nothing"}).status == 400
    client.send("DELETE", "/_simulator/modes")
    assert client.get(BILLS).status == 200
    assert client.simulator.faults.struck["forbidden"] == 1
