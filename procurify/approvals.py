"""Who approved a document, when and up to which amount, and what people wrote.

Source: Procurify API reference (edition of March 2024), "Retrieve a bill" and "Retrieve
a purchase order"; the numbers of a log's action come from the edition of 2026.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .errors import InvalidPayload
from .payloads.bill import BillStatus
from .payloads.values import Reader, full_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from decimal import Decimal

Kind = Literal["status", "action", "comment"]
"""Of a step: a bill's status, an action on a request, or a comment."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an approval. ``number`` is the status or the action, if it is known.

    ``limit`` is the amount up to which the person may approve, as far as the document
    says so. What cannot be read is left empty.
    """

    kind: Kind
    number: int | None
    at: datetime | None
    person: str
    limit: Decimal | None = None
    comment: str = ""


def steps(document: Mapping[str, Any]) -> list[Step]:
    """List the steps of a bill, an order or a requisition, the oldest first.

    The lines of an order are approved one by one; what is alike comes once.

    :param document: what Procurify sent
    """
    found = dict.fromkeys(_all_steps(document))
    dated = [step for step in found if step.at]
    dated.sort(key=lambda step: step.at.timestamp() if step.at else 0)
    return dated + [step for step in found if not step.at]


def _all_steps(document: Mapping[str, Any]) -> Iterator[Step]:
    limits = _limits(document)
    for entry in _entries(document, "bill_statuses"):
        yield _status(entry, limits)
    lines = (line.data for line in _entries(document, "order_items"))
    for source in (document, *lines):
        for name in ("logs", "approval_history"):
            yield from map(_action, _entries(source, name))
        yield from map(_comment, _entries(source, "comments"))


def _status(entry: Reader, limits: Mapping[str, Decimal | None]) -> Step:
    person, number = _person(entry, "user"), _number(entry, "status")
    limit = limits.get(person) if number == BillStatus.APPROVED else None
    return Step("status", number, _at(entry, "date"), person, limit)


def _action(entry: Reader) -> Step:
    number = _number(entry, "action")
    return Step("action", number, _at(entry, "dateTime"), _person(entry, "user"))


def _comment(entry: Reader) -> Step:
    at, person = _at(entry, "submit_date"), _person(entry, "userprofile")
    return Step("comment", None, at, person, comment=entry.spare.text("comment"))


def _limits(document: Mapping[str, Any]) -> dict[str, Decimal | None]:
    """Return {name: limit} of the approver that the document names."""
    approver = document.get("approver")
    if not isinstance(approver, dict):
        return {}
    source = Reader(approver)
    with suppress(InvalidPayload):
        return {_person(source, "user"): source.decimal("amount_limit")}
    return {}


def _number(entry: Reader, name: str) -> int | None:
    value = entry.data.get(name)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number else None


def _at(entry: Reader, name: str) -> datetime | None:
    return entry.spare.instant(name)


def _person(entry: Reader, name: str) -> str:
    return full_name(entry.spare.embedded(name))


def _entries(source: Mapping[str, Any], name: str) -> Iterator[Reader]:
    yield from Reader(source).spare.children(name)
