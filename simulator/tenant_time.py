"""Instants as the tenant writes them: with its own Pacific offset.

The rule of the offset is spelled out, because Python may run without a database of
time zones.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

STANDARD = timezone(timedelta(hours=-8))
DAYLIGHT = timezone(timedelta(hours=-7))
CENTRAL_EUROPE = timezone(timedelta(hours=1))


def _sunday(year: int, month: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (nth - 1))


def offset_on(day: date) -> timezone:
    """Return the tenant's offset at noon of `day`."""
    starts, ends = _sunday(day.year, 3, 2), _sunday(day.year, 11, 1)
    return DAYLIGHT if starts <= day < ends else STANDARD


def at(day: date, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """Return that wall-clock time of `day` at the tenant."""
    wall = time(hour, minute, second)
    return datetime.combine(day, wall, tzinfo=offset_on(day))


def local(instant: datetime) -> datetime:
    """Return the instant in the tenant's own time."""
    year = instant.astimezone(STANDARD).year
    starts = datetime.combine(_sunday(year, 3, 2), time(2), STANDARD)
    ends = datetime.combine(_sunday(year, 11, 1), time(1), STANDARD)
    return instant.astimezone(DAYLIGHT if starts <= instant < ends else STANDARD)


def text(instant: datetime) -> str:
    """Return the instant as the server writes it."""
    return instant.isoformat()
