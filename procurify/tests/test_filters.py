"""Filters and orders: what is asked for, refused, ignored; and the count."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from .. import RESOURCES, ProtocolError
from .server import FaultyServer, Reply, Request, page_json, vendor_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client

VENDORS = RESOURCES["vendor"]
ACCOUNT_CODES = RESOURCES["account_code"]
BILLS = RESOURCES["bill"]
SINCE = datetime(2026, 3, 12, 14, 3, 27, 902113, timezone(timedelta(hours=-7)))


def _bill(number: int, stamp: str) -> dict[str, Any]:
    return {"id": number, "last_modified_datetime": stamp}


def test_bills_are_filtered_by_utc_instant(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    rows = [_bill(1, "2026-03-12T14:03:27.000000-07:00")]
    server.answers[BILLS.list_path] = [Reply(page_json(rows))]

    (page,) = connect().pages(BILLS, since=SINCE, newest_first=True)

    params = server.seen(BILLS.list_path)[0].params
    assert params["last_modified_datetime_0"] == "2026-03-12T21:03:27Z"
    assert params["order_by"] == "-last_modified_datetime"
    assert page.obeys_filter
    assert page.newest_first
    assert page.objects[0].modified == datetime(
        2026, 3, 12, 21, 3, 27, tzinfo=timezone.utc
    )


def test_a_refused_order_is_dropped(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    def picky(request: Request) -> Reply:
        if "order_by" in request.params:
            return Reply({"detail": "No such order"}, status=400)
        return Reply(page_json([_bill(1, "2026-03-13T00:00:00Z")]))

    server.answers[BILLS.list_path] = picky

    (page,) = connect().pages(BILLS, since=SINCE, newest_first=True)

    params = server.seen(BILLS.list_path)[-1].params
    assert "last_modified_datetime_0" in params
    assert page.obeys_filter


def test_a_refused_instant_becomes_a_date_two_days_earlier(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    def picky(request: Request) -> Reply:
        if "last_modified_datetime_0" in request.params:
            return Reply({"detail": "Enter a valid date"}, status=400)
        number = int(request.params["page"])
        return Reply(page_json([_bill(number, "2026-03-10T00:00:00Z")], number, 2))

    server.answers[BILLS.list_path] = picky

    pages = list(connect().pages(BILLS, since=SINCE))

    asked = [request.params for request in server.seen(BILLS.list_path)]
    assert [params.get("modified_date_0") for params in asked] == [
        None,
        "2026-03-10",
        "2026-03-10",
    ]
    assert all(page.obeys_filter for page in pages)


def test_a_refusal_of_everything_is_reported(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[BILLS.list_path] = [Reply({"detail": "Never"}, status=400)]

    with pytest.raises(ProtocolError, match="Never"):
        list(connect().pages(BILLS, since=SINCE, newest_first=True))
    assert len(server.seen(BILLS.list_path)) == 4


def test_another_failure_is_no_reason_to_ask_differently(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[BILLS.list_path] = [Reply({}, status=404)]

    with pytest.raises(ProtocolError):
        list(connect().pages(BILLS, since=SINCE, newest_first=True))
    assert len(server.seen(BILLS.list_path)) == 1


def test_a_filter_by_date_alone_starts_two_days_earlier(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    orders = replace(BILLS, modified_filter="modified_date_0", modified_grain="date")
    server.answers[BILLS.list_path] = [Reply(page_json([]))]

    list(connect().pages(orders, since=SINCE))

    assert server.seen(BILLS.list_path)[0].params["modified_date_0"] == "2026-03-10"


def test_an_ignored_filter_is_noticed(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    rows = [_bill(1, "2026-03-13T00:00:00Z"), _bill(2, "2019-01-01T00:00:00Z")]
    server.answers[BILLS.list_path] = [Reply(page_json(rows))]

    (page,) = connect().pages(BILLS, since=SINCE)

    assert not page.obeys_filter


def test_an_ignored_order_is_noticed(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    rows = [_bill(1, "2026-03-13T00:00:00Z"), _bill(2, "2026-03-14T00:00:00Z")]
    server.answers[BILLS.list_path] = [Reply(page_json(rows))]

    (page,) = connect().pages(BILLS, newest_first=True)

    assert not page.newest_first


def test_an_unreadable_stamp_is_no_reason_to_stop(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    rows = [_bill(1, "yesterday"), {"id": 2}]
    server.answers[BILLS.list_path] = [Reply(page_json(rows))]

    (page,) = connect().pages(BILLS, since=SINCE)

    assert [remote.modified for remote in page.objects] == [None, None]
    assert page.obeys_filter


def test_a_list_without_a_filter_is_read_whole(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[VENDORS.list_path] = [Reply(page_json([vendor_json(1)]))]

    (page,) = connect().pages(VENDORS, since=SINCE)

    assert set(server.seen(VENDORS.list_path)[0].params) == {"page", "page_size"}
    assert page.obeys_filter


def test_a_naive_start_is_a_programming_error(connect: Callable[..., Client]) -> None:
    with pytest.raises(ValueError, match="aware"):
        list(connect().pages(BILLS, since=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_counting_costs_one_request(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[ACCOUNT_CODES.list_path] = [Reply(page_json([{"id": 1}], 1, 57))]

    assert connect().count(ACCOUNT_CODES) == 57
    (request,) = server.seen(ACCOUNT_CODES.list_path)
    assert request.params == {"page": "1", "page_size": "1"}
