"""The year of the demo has seasons, and is the same year otherwise."""

from __future__ import annotations

from collections import Counter
from datetime import date

from simulator.dataset import Dataset
from simulator.season import YEAR, seasonal

LAST_DAY = date(2026, 11, 27)


def test_more_is_bought_in_autumn_than_in_the_holidays() -> None:
    dataset = Dataset(600, 3, last_day=LAST_DAY, seasonal=True)
    months = Counter(bill.invoice_date.month for bill in dataset.bills())
    assert months[10] > 2 * months[8]
    assert months[3] > 2 * months[12]


def test_every_day_is_one_of_the_year_and_later_stays_later() -> None:
    days = [seasonal(LAST_DAY, number, 12, YEAR) for number in range(12, YEAR + 1)]
    assert days == sorted(days)
    assert 12 <= days[0] <= days[-1] <= YEAR


def test_the_kinds_of_documents_are_those_of_any_year() -> None:
    even, uneven = (
        Counter(bill.scenario for bill in Dataset(120, 3, seasonal=season).bills())
        for season in (False, True)
    )
    assert even == uneven
