"""Dates with a time of day, and the days that they are in a zone."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from .. import Bill, Order
from ..payloads.dates import agrees, example, in_zone, writing
from ..payloads.values import day_in_zone, has_time_of_day

if TYPE_CHECKING:
    from collections.abc import Callable

ZURICH, LONDON = ZoneInfo("Europe/Zurich"), ZoneInfo("Europe/London")
PACIFIC = ZoneInfo("America/Vancouver")


@pytest.mark.parametrize(
    ("sent", "noticed"),
    [
        (None, False),
        ("", False),
        ("2026-04-01", False),
        ("2026-04-01T00:00:00Z", False),
        ("2026-04-01T00:00:00.000000+02:00", False),
        ("2026-04-01 00:00-07:00", False),
        ("2026-03-31T22:00:00Z", True),
        ("2026-04-01T23:00:00-07:00", True),
        ("2026-04-01T00:00:00.5Z", True),
        ("2026-04-01T00:30:00", True),
    ],
)
def test_another_time_than_midnight_is_noticed(sent: str, noticed: bool) -> None:
    assert has_time_of_day(sent) is noticed


@pytest.mark.parametrize(
    ("sent", "zone", "day"),
    [
        ("2026-03-31T22:00:00Z", ZURICH, date(2026, 4, 1)),
        # Winter and summer: the hour of midnight is another one.
        ("2026-01-31T23:00:00Z", ZURICH, date(2026, 2, 1)),
        ("2026-01-31T22:00:00Z", ZURICH, date(2026, 1, 31)),
        # London's midnight is written without an hour in winter only.
        ("2026-01-31T00:00:00Z", LONDON, date(2026, 1, 31)),
        ("2026-06-30T23:00:00Z", LONDON, date(2026, 7, 1)),
        ("2026-04-01T07:00:00Z", PACIFIC, date(2026, 4, 1)),
        # Midnight is a plain day, west of Greenwich, too.
        ("2026-04-01T00:00:00Z", PACIFIC, date(2026, 4, 1)),
        ("2026-04-01", PACIFIC, date(2026, 4, 1)),
        ("2026-03-31T22:00:00", ZURICH, date(2026, 3, 31)),
    ],
)
def test_the_day_in_a_zone(sent: str, zone: ZoneInfo, day: date) -> None:
    assert day_in_zone(sent, zone) == day


@pytest.mark.parametrize("sent", ["9999-12-31T23:00:00Z", "0001-01-01T00:30:00+01:00"])
def test_a_day_that_the_zone_does_not_have_is_the_one_written(sent: str) -> None:
    assert day_in_zone(sent, ZURICH) == date.fromisoformat(sent[:10])


def test_a_day_that_cannot_be_read_is_none(sample: Callable[[str], Any]) -> None:
    data = deepcopy(sample("bill_detail")["data"]) | {"due_date": ["x"]}
    bill = Bill.from_json(data)

    assert (writing(bill), example(bill)) == ("midnight", "")
    assert in_zone(bill, ZURICH).due_date is None


def test_all_days_of_a_bill_are_read_in_the_zone(sample: Callable[[str], Any]) -> None:
    data = deepcopy(sample("bill_detail")["data"])
    data |= {
        "invoice_date": "2026-03-31T22:00:00Z",
        "due_date": "2026-04-30T22:00:00Z",
        "gl_post_date": "2026-04-01",
    }
    bill = Bill.from_json(data)

    moved = in_zone(bill, ZURICH)

    assert (bill.invoice_date, moved.invoice_date) == (
        date(2026, 3, 31),
        date(2026, 4, 1),
    )
    assert moved.due_date == date(2026, 5, 1)
    assert moved.gl_post_date == date(2026, 4, 1)
    assert (writing(bill), example(bill)) == ("time_of_day", "2026-03-31T22:00:00Z")


def test_an_order_issued_in_the_afternoon_is_nothing_unusual(
    sample: Callable[[str], Any],
) -> None:
    order = Order.from_json(deepcopy(sample("po_detail")["data"]))

    assert order.raw["date"][11:19] != "00:00:00"
    assert writing(order) == "midnight"
    assert example(order) == ""


def test_list_and_document_are_compared(sample: Callable[[str], Any]) -> None:
    data = deepcopy(sample("bill_detail")["data"])
    data["invoice_date"] = "2026-03-31T22:00:00Z"
    bill = Bill.from_json(data)

    assert agrees(bill, {"invoice_date": "2026-03-31T22:00:00Z", "due_date": None})
    assert not agrees(bill, {"invoice_date": "2026-04-01"})
