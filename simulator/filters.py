"""The query filters of lists: each turns a text into a test of a record."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final, TypeVar

from . import tenant_time

T = TypeVar("T")
Test = Callable[[T], bool]
Filter = Callable[[str], Test[T]]

INSTANT: Final = re.compile(
    r"(?P<wall>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?)(\.(?P<fraction>\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
)


class BadFilterError(Exception):
    """The text of a filter is not of its type: the server answers 400."""


def yes_or_no(text: str) -> bool | None:
    """Return what a boolean filter says; None when it says nothing sensible."""
    folded = text.strip().lower()
    if folded in {"true", "1"}:
        return True
    return False if folded in {"false", "0"} else None


def is_true(value: Callable[[T], bool]) -> Filter[T]:
    def build(text: str) -> Test[T]:
        wanted = yes_or_no(text)
        return lambda record: wanted is None or value(record) == wanted

    return build


def equals_number(value: Callable[[T], int | None]) -> Filter[T]:
    def build(text: str) -> Test[T]:
        try:
            wanted = int(text)
        except ValueError:
            message = "Enter a number."
            raise BadFilterError(message) from None
        return lambda record: value(record) == wanted

    return build


def one_of(value: Callable[[T], int | None], *, exclude: bool = False) -> Filter[T]:
    """Test membership in a comma-separated list of numbers."""

    def build(text: str) -> Test[T]:
        wanted = {int(part) for part in text.split(",") if part.strip().isdecimal()}
        return lambda record: (value(record) in wanted) != exclude

    return build


def equals_text(value: Callable[[T], str | None]) -> Filter[T]:
    def build(text: str) -> Test[T]:
        return lambda record: value(record) == text

    return build


def contains(*values: Callable[[T], str | None]) -> Filter[T]:
    """Test that one of the values contains the text, in any letter case."""

    def build(text: str) -> Test[T]:
        wanted = text.strip().casefold()
        return lambda record: any(
            wanted in (value(record) or "").casefold() for value in values
        )

    return build


def excluding(test: Test[T]) -> Filter[T]:
    """Drop what passes the test when the filter says yes."""

    def build(text: str) -> Test[T]:
        if yes_or_no(text):
            return lambda record: not test(record)
        return lambda record: True

    return build


def between_days(
    name: str, value: Callable[[T], datetime | None]
) -> dict[str, Filter[T]]:
    """Return the two filters of a range of days, both ends included."""
    return _between(name, value, _day, _day_of)


def between_instants(
    name: str, value: Callable[[T], datetime | None]
) -> dict[str, Filter[T]]:
    """Return the two filters of a range of instants, both ends included."""
    return _between(name, value, _instant, lambda instant: instant)


def _between(
    name: str,
    value: Callable[[T], datetime | None],
    parse: Callable[[str], Any],
    grain: Callable[[datetime], Any],
) -> dict[str, Filter[T]]:
    def start(text: str) -> Test[T]:
        limit = parse(text)

        def test(record: T) -> bool:
            found = value(record)
            return found is not None and bool(grain(found) >= limit)

        return test

    def end(text: str) -> Test[T]:
        limit = parse(text)

        def test(record: T) -> bool:
            found = value(record)
            return found is not None and bool(grain(found) <= limit)

        return test

    return {f"{name}_0": start, f"{name}_1": end}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        message = "Enter a valid date."
        raise BadFilterError(message) from None


def _day_of(instant: datetime) -> date:
    """Return the calendar day as written in the value's own offset."""
    return instant.date()


def _instant(text: str) -> datetime:
    """Parse an instant. A `+` that was not encoded arrives as a space: refused."""
    matched = INSTANT.fullmatch(text.strip())
    if not matched:
        message = "Enter a valid date/time."
        raise BadFilterError(message)
    fraction = (matched["fraction"] or "0")[:6].ljust(6, "0")
    found = datetime.fromisoformat(matched["wall"].replace(" ", "T"))
    found = found.replace(microsecond=int(fraction))
    zone = matched["zone"]
    if not zone:
        return found.replace(tzinfo=tenant_time.offset_on(found.date()))
    if zone == "Z":
        zone = "+0000"
    written = f"{zone[:3]}:{zone[-2:]}"
    return datetime.fromisoformat(f"{found.isoformat()}{written}")
