"""Who approved a document, when, up to which amount, and what people wrote."""

from __future__ import annotations

from typing import Any

import pytest

from ..approvals import Step, steps

JOAN = {"firstName": "Joan", "lastName": "Smith"}
ANA = {"firstName": "Ana", "lastName": "Approver"}


def _short(found: list[Step]) -> list[tuple[Any, ...]]:
    return [
        (step.kind, step.number, step.person, step.limit and str(step.limit))
        for step in found
    ]


def test_bill_has_its_statuses_and_comments_in_the_order_of_time() -> None:
    bill = {
        "approver": {"user": ANA, "amount_limit": "50000.00"},
        "bill_statuses": [
            {"status": 2, "date": "2026-01-07T09:00:00-08:00", "user": ANA},
            {"status": 1, "date": "2026-01-05T09:00:00-08:00", "user": JOAN},
        ],
        "comments": [
            {
                "comment": "Please check <b>it</b>.",
                "submit_date": "2026-01-06T09:00:00-08:00",
                "userprofile": JOAN,
            }
        ],
    }

    found = steps(bill)

    assert _short(found) == [
        ("status", 1, "Joan Smith", None),
        ("comment", None, "Joan Smith", None),
        ("status", 2, "Ana Approver", "50000.00"),
    ]
    assert found[1].comment == "Please check <b>it</b>."


def test_lines_of_an_order_that_are_approved_together_are_one_step() -> None:
    log = {"action": 1, "dateTime": "2026-01-05T09:00:00-08:00", "user": ANA}
    later = log | {"dateTime": "2026-01-05T10:00:00-08:00"}
    order = {"order_items": [{"approval_history": [log]}, {"logs": [later, log]}]}

    assert _short(steps(order)) == [("action", 1, "Ana Approver", None)] * 2


@pytest.mark.parametrize("odd", ["soon", 7, {}, None, ["x"], [None], [{"user": 7}]])
def test_what_cannot_be_read_stays_empty(odd: Any) -> None:
    document = {"bill_statuses": odd, "logs": odd, "comments": odd, "approver": odd}

    assert all(step.at is None and not step.person for step in steps(document))
