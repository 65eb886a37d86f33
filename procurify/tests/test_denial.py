"""Answers made to exhaust who reads them end in a bounded time, and say why."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from .. import RESOURCES, ProtocolError
from .server import FaultyServer, Reply, Request, page_json, vendor_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client

VENDORS = RESOURCES["vendor"]
BILLS = RESOURCES["bill"]
MEGABYTE = 1024 * 1024
ROW = '{"id": 1, "name": "x"}'


@pytest.mark.parametrize("count", [3, 50])
def test_a_list_whose_count_lies_ends(
    server: FaultyServer, connect: Callable[..., Client], count: int
) -> None:
    def endless(request: Request) -> Reply:
        number = int(request.params["page"])
        rows = [vendor_json(2 * number), vendor_json(2 * number + 1)]
        return Reply(page_json(rows, number, number + 1, count=count, page_size=2))

    server.answers[VENDORS.list_path] = endless

    with pytest.raises(ProtocolError, match="does not end"):
        list(connect(page_size=2).pages(VENDORS))

    assert len(server.seen(VENDORS.list_path)) == count + 101 + count % 2


@pytest.mark.parametrize("count", [2**31 - 1, 2**40])
def test_a_list_with_an_absurd_count_ends(
    server: FaultyServer, connect: Callable[..., Client], count: int
) -> None:
    changes = {"count": count, "page_size": 50}
    reply = Reply(page_json([vendor_json(1)], 20_001, 30_000, **changes))
    server.answers[VENDORS.list_path] = [reply]

    with pytest.raises(ProtocolError, match="does not end"):
        list(connect().pages(VENDORS, first_page=20_001))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (",".join([ROW] * 200_000), "more than 5000 rows"),
        (
            '{"metadata": {}, "data": [' + ",".join([ROW] * 9_000) + "]}",
            "more than 5000",
        ),
        (",".join(["nonsense"] * 1_000_000), "more than 5000 rows"),
        ('"' + r"\"" * (4 * MEGABYTE), "not valid JSON"),
        ("[" * (8 * MEGABYTE), "not valid JSON"),
        ('{"a":' * MEGABYTE, "not valid JSON"),
    ],
    ids=["rows", "rows in a row", "nonsense", "text without end", "lists", "objects"],
)
def test_a_page_that_is_made_to_exhaust_ends(
    server: FaultyServer, connect: Callable[..., Client], rows: str, said: str
) -> None:
    body = f'{{"data": [{rows}]}}'.encode()
    server.answers[VENDORS.list_path] = [Reply(body=body)]
    started = time.monotonic()

    with pytest.raises(ProtocolError, match=said):
        connect(max_attempts=1).count(VENDORS)

    assert time.monotonic() - started < 60


def test_a_text_without_an_end_takes_no_memory(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    body = b'{"data": ["' + rb"\"" * MEGABYTE
    server.answers[VENDORS.list_path] = [Reply(body=body)]
    client = connect(max_attempts=1)
    client.authenticate()
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError):
            client.count(VENDORS)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 10 * len(body)


def test_a_bill_with_three_hundred_thousand_custom_fields_is_read(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    fields = ",".join(f'{{"id": {n}, "value": "x"}}' for n in range(300_000))
    body = f'{{"data": {{"id": 1, "custom_fields": [{fields}]}}}}'.encode()
    assert BILLS.detail_path
    server.answers[BILLS.detail_path.format(id=1)] = [Reply(body=body)]
    started = time.monotonic()

    [bill] = connect().details(BILLS, [("1",)])

    assert len(bill.data["custom_fields"]) == 300_000  # type: ignore[union-attr]
    assert time.monotonic() - started < 60
