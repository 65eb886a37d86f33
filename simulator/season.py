"""A year that is not even: a manufacturer buys more in spring and autumn, and at month
ends, and less when the plants rest."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

#: How much is bought in each month, from January; July, August and December are short.
MONTHS: Final = (9, 10, 13, 11, 11, 12, 7, 5, 13, 14, 12, 6)
#: The last days of a month, when people clear their desks, count double.
LAST_DAYS: Final = 5
SATURDAY: Final = 5
#: The oldest document is so many days old; accounts and rates are those of this time.
YEAR: Final = 340


def drawn_day(rng: Random, last_day: date, first: int, is_seasonal: bool) -> date:
    """Return a day of the year before `last_day`, at least `first` days before it."""
    days_ago = rng.randint(first, YEAR)
    if is_seasonal:
        days_ago = seasonal(last_day, days_ago, first, YEAR)
    return last_day - timedelta(days=days_ago)


def seasonal(last_day: date, days_ago: int, first: int, last: int) -> int:
    """Return other days before `last_day`, for evenly drawn ones from first to last.

    What is drawn evenly comes out as often as the season has it; later stays later.
    """
    shares = _shares(last_day, first, last)
    return first + bisect_left(shares, (days_ago - first + 0.5) / (last - first + 1))


@lru_cache
def _shares(last_day: date, first: int, last: int) -> tuple[float, ...]:
    """Return, for each number of days, how much of the volume is not older."""
    days = [last_day - timedelta(days=number) for number in range(first, last + 1)]
    sums = list(accumulate(_volume(day) for day in days))
    return tuple(amount / sums[-1] for amount in sums)


def _volume(day: date) -> float:
    volume = float(MONTHS[day.month - 1])
    if (day + timedelta(days=LAST_DAYS)).month != day.month:
        volume *= 2
    return volume / 8 if day.weekday() >= SATURDAY else volume
