"""How a tenant writes its dates, and the days that a document means by them.

Procurify does not document whether a date comes with a time. A tenant whose server
keeps midnight of its own zone as UTC writes 1 April in Zurich as 2026-03-31T22:00:00Z.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from .bill import Bill
from .order import Order
from .requisition import Requisition
from .values import calendar_date, day_in_zone, has_time_of_day

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

DAYS: dict[type, dict[str, str]] = {
    Bill: {name: name for name in ("invoice_date", "due_date", "gl_post_date")},
    Order: {"promise_date": "promise_date"},
    Requisition: {"date_required": "dateRequired"},
}
"""Payload class -> {attribute: field} of what is a day, and no moment."""
MOMENTS: dict[type, dict[str, str]] = {
    Order: {"date": "date", "closed_date": "closed_date"},
    Requisition: {"date": "date"},
}
"""The same of moments whose day counts: when an order was issued. A time of day is
nothing unusual there."""

Writing = Literal["date_only", "midnight", "time_of_day"]


def in_zone(document: Any, zone: tzinfo) -> Any:
    """Return a document with its days as they were in ``zone``."""
    kind = type(document)
    fields = DAYS.get(kind, {}) | MOMENTS.get(kind, {})
    if not fields:
        return document
    days = {
        attribute: day_in_zone(document.raw.get(field), zone, field)
        for attribute, field in fields.items()
        if getattr(document, attribute) is not None
    }
    return replace(document, **days)


def writing(document: Any) -> Writing | None:
    """Return how the days of a document are written; None where it has none.

    One with a time of day counts more than any number without.
    """
    sent = _sent(document)
    if not sent:
        return None
    if any(map(has_time_of_day, sent)):
        return "time_of_day"
    return (
        "midnight"
        if any(len(value) > len("2026-03-31") for value in sent)
        else "date_only"
    )


def example(document: Any) -> str:
    """Return a day with a time of day as it was sent, or ""."""
    return next((v for v in _sent(document) if has_time_of_day(v)), "")


def agrees(document: Any, row: Mapping[str, Any]) -> bool:
    """Return whether a list's row has the days of its document, as far as it has any.

    :raises InvalidPayload: the row has a date that cannot be read
    """
    for attribute, field in DAYS.get(type(document), {}).items():
        listed = calendar_date(row.get(field), field)
        if listed and listed != getattr(document, attribute):
            return False
    return True


def _sent(document: Any) -> list[str]:
    """Return the days of a document as they were sent, as far as they can be read."""
    return [
        document.raw[field]
        for attribute, field in DAYS.get(type(document), {}).items()
        if getattr(document, attribute) is not None
    ]
