"""What Procurify calls paid, and what it is paying."""

from __future__ import annotations

from typing import Any

import pytest

from .. import Bill

BILL: dict[str, Any] = {
    "id": 1,
    "uuid": "847aae0d-dda0-43e3-be0b-8a0203e4920b",
    "status": 2,
    "type": 0,
    "items": [],
    "costs": [],
}


def _paid_on(**fields: Any) -> str | None:
    day = Bill.from_json(BILL | fields).paid_on
    return day.isoformat() if day else None


def test_day_of_payment_is_that_of_the_payment_else_of_the_status() -> None:
    statuses = [
        {"status": 2, "date": "2026-01-05T09:00:00-08:00"},
        {"status": 4, "date": "2026-01-30T23:30:00-08:00"},
        {"status": 4, "date": "2026-02-02T10:00:00-08:00"},
    ]
    payment = {"payment": {"status": 5, "payment_date": "2026-01-31T00:00:00-08:00"}}
    assert _paid_on(bill_payment=payment, bill_statuses=statuses) == "2026-01-31"
    assert _paid_on(bill_statuses=statuses) == "2026-02-02"
    assert _paid_on(bill_statuses=statuses[:1]) is None


@pytest.mark.parametrize("odd", ["soon", 7, {}, None])
def test_day_of_payment_that_cannot_be_read_is_not_known(odd: Any) -> None:
    assert _paid_on(bill_payment={"payment": {"payment_date": odd}}) is None
    assert _paid_on(bill_statuses=[{"status": 4, "date": odd}]) is None
    assert _paid_on(bill_statuses=odd) is None
    assert _paid_on(bill_payment=71) is None


def _told(**fields: Any) -> tuple[bool, bool]:
    bill = Bill.from_json(BILL | fields)
    return bill.is_paid, bill.is_being_paid


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (2, (False, False)),
        (4, (True, False)),
        (6, (False, True)),
        (7, (False, True)),
        (8, (False, True)),
    ],
)
def test_status_of_the_bill_shows_its_payment(
    status: int, told: tuple[bool, bool]
) -> None:
    assert _told(status=status) == told


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (0, (False, True)),
        (1, (False, True)),
        (2, (False, True)),
        (3, (False, False)),
        (4, (False, False)),
        (5, (True, False)),
        ("5", (True, False)),
        (6, (False, True)),
        (7, (False, True)),
        (8, (False, False)),
        (9, (False, True)),
        (77, (False, True)),
        (None, (False, True)),
        ({}, (False, True)),
    ],
)
def test_payment_of_an_approved_bill_shows_it_as_well(
    status: Any, told: tuple[bool, bool]
) -> None:
    assert _told(bill_payment={"payment": {"status": status}}) == told


@pytest.mark.parametrize("nothing", [None, {}, {"payment": None}, {"payment": {}}])
def test_bill_without_payment_is_not_being_paid(nothing: Any) -> None:
    assert _told(bill_payment=nothing) == (False, False)


def test_payment_that_is_only_an_id_counts() -> None:
    assert _told(bill_payment=71) == (False, True)
    assert _told(bill_payment={"payment": 71}) == (False, True)
