"""When lines were received."""

from __future__ import annotations

from typing import Any

import pytest

from ..receipts import receipts


def _log(day: str, action: Any, quantity: Any = None) -> dict[str, Any]:
    return {"dateTime": day, "action": action, "line_qty_pass": quantity}


def test_logs_say_each_receipt_on_the_day_as_written() -> None:
    found = receipts(
        {
            "logs": [
                _log("2026-03-06T23:30:00-08:00", 7, "2.00000"),
                _log("2026-03-04T08:00:00-08:00", 6, "4.00000"),
                _log("2026-03-01T08:00:00-08:00", 1),
                _log("2026-03-05T08:00:00-08:00", 12, "4.00000"),
            ]
        }
    )

    assert [(str(r.day), str(r.quantity)) for r in found] == [
        ("2026-03-04", "4.00000"),
        ("2026-03-06", "2.00000"),
    ]


@pytest.mark.parametrize("action", [[6], {"id": 6}, "6", True, None])
def test_action_that_is_no_number_is_no_receipt(action: Any) -> None:
    assert receipts({"logs": [_log("2026-03-04T08:00:00-08:00", action)]}) == []


def test_line_of_a_bill_has_one_day() -> None:
    [found] = receipts({"received_on": "2026-03-04T00:00:00-08:00"})

    assert (str(found.day), found.quantity) == ("2026-03-04", None)


@pytest.mark.parametrize("odd", [None, 7, "soon", {}, [7], [{"dateTime": "soon"}]])
def test_what_cannot_be_read_stays_empty(odd: Any) -> None:
    assert receipts({"logs": odd, "received_on": odd}) == []
