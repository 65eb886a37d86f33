"""Reading lists: envelopes, ends, filters, orders, and servers that ignore them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .. import RESOURCES, ProtocolError
from ..answers import Answer
from ..envelopes import read_json, read_listing, read_stored
from .conftest import SAMPLES
from .server import FaultyServer, Reply, Request, page_json, vendor_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client, Page, Resource

VENDORS = RESOURCES["vendor"]
ACCOUNT_CODES = RESOURCES["account_code"]
BILLS = RESOURCES["bill"]
SINCE = datetime(2026, 3, 12, 14, 3, 27, 902113, timezone(timedelta(hours=-7)))


def _ids(pages: list[Page]) -> list[list[str]]:
    return [[remote.external_id for remote in page.objects] for page in pages]


def _pages_of(rows: list[dict[str, Any]], size: int) -> Callable[[Request], Reply]:
    """Answer any page of ``rows``, in pages of ``size``; 404 beyond the last."""
    num_pages = max(1, -(-len(rows) // size))

    def answer(request: Request) -> Reply:
        number = int(request.params["page"])
        if number > num_pages:
            return Reply({"detail": "Invalid page."}, status=404)
        part = rows[(number - 1) * size : number * size]
        changes = {"count": len(rows), "page_size": size}
        return Reply(page_json(part, number, num_pages, **changes))

    return answer


def test_pages_are_counted_until_the_last(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    rows = [vendor_json(number) for number in range(1, 6)]
    server.answers[VENDORS.list_path] = _pages_of(rows, 2)

    pages = list(connect(page_size=2).pages(VENDORS))

    assert _ids(pages) == [["1", "2"], ["3", "4"], ["5"]]
    assert [page.number for page in pages] == [1, 2, 3]
    assert [page.is_first for page in pages] == [True, False, False]
    assert [page.is_last for page in pages] == [False, False, True]
    assert {(page.count, page.num_pages, page.page_size) for page in pages} == {
        (5, 3, 2)
    }
    sent = server.seen(VENDORS.list_path)
    assert [request.params["page"] for request in sent] == ["1", "2", "3"]
    assert {request.params["page_size"] for request in sent} == {"2"}


def test_a_smaller_page_than_asked_for_is_accepted(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    rows = [vendor_json(number) for number in range(1, 4)]
    server.answers[VENDORS.list_path] = _pages_of(rows, 2)

    pages = list(connect(page_size=500).pages(VENDORS))

    assert _ids(pages) == [["1", "2"], ["3"]]
    assert pages[0].page_size == 2


def test_reading_can_start_later(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    rows = [vendor_json(number) for number in range(1, 6)]
    server.answers[VENDORS.list_path] = _pages_of(rows, 2)

    pages = list(connect().pages(VENDORS, first_page=2))

    assert _ids(pages) == [["3", "4"], ["5"]]
    assert not pages[0].is_first


def test_a_start_beyond_the_end_is_an_empty_last_page(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[VENDORS.list_path] = _pages_of([vendor_json(1)], 2)

    pages = list(connect().pages(VENDORS, first_page=9))

    assert _ids(pages) == [[]]
    assert pages[0].is_last


@pytest.mark.parametrize(
    "end", [Reply({"detail": "Invalid page."}, 404), Reply(page_json([], 2, 9))]
)
def test_a_list_that_shrank_ends_with_an_empty_page(
    server: FaultyServer, connect: Callable[..., Client], end: Reply
) -> None:
    server.answers[VENDORS.list_path] = [Reply(page_json([vendor_json(1)], 1, 9)), end]

    pages = list(connect().pages(VENDORS))

    assert _ids(pages) == [["1"], []]
    assert pages[1].is_last
    assert [page.is_short for page in pages] == [False, True]
    assert len(server.seen(VENDORS.list_path)) == 2


def test_a_page_behind_the_last_is_not_short(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    rows = [vendor_json(number) for number in range(1, 4)]
    server.answers[VENDORS.list_path] = _pages_of(rows, 2)

    pages = list(connect(page_size=2).pages(VENDORS, first_page=7))

    assert [page.is_short for page in pages] == [False]


@pytest.mark.parametrize("count", [-1, 2**31, 10**30])
def test_a_count_that_no_list_has_is_not_believed(
    server: FaultyServer, connect: Callable[..., Client], count: int
) -> None:
    answer = page_json([vendor_json(1)], count=count)
    server.answers[VENDORS.list_path] = [Reply(answer)]

    [page] = connect().pages(VENDORS)

    assert page.count == 1


@pytest.mark.parametrize("key", ["a\0b", "\ud83d", "\x1b"])
def test_a_key_that_no_database_takes_is_no_key(
    server: FaultyServer, connect: Callable[..., Client], key: str
) -> None:
    rows = [vendor_json(1, id=key), vendor_json(2)]
    server.answers[VENDORS.list_path] = [Reply(page_json(rows))]

    [page] = connect().pages(VENDORS)

    assert [remote.external_id for remote in page.objects] == ["2"]
    assert [remote.external_id for remote in page.unreadable] == [""]


@pytest.mark.parametrize(
    "changes",
    [{"next": None, "num_pages": 9}, {"next": "x", "num_pages": 1}],
)
def test_either_sign_of_the_end_is_enough(
    server: FaultyServer, connect: Callable[..., Client], changes: dict[str, Any]
) -> None:
    server.answers[VENDORS.list_path] = [Reply(page_json([vendor_json(1)], **changes))]

    assert _ids(list(connect().pages(VENDORS))) == [["1"]]


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ('{"data": [{"id": 1}], "metadata": {"pagination": {"num_pages": 1}}}', ["1"]),
        ('{"pagination": {"num_pages": 1}, "data": [{"id": 1}]}', ["1"]),
        ('{"metadata": null, "data": [{"id": 1}, {"id": 2}]}', ["1", "2"]),
        (' \n{ "data" : [ { "id" : "a" } ] } ', ["a"]),
        ('{"data": []}', []),
        (
            '{"metadata": {}, "data": [{"metadata": {"pagination": {"num_pages": 1}},'
            '"data": [{"id": 1}, {"id": 2}]}, {"metadata": {}, "data": [{"id": 3}]}]}',
            ["1", "2", "3"],
        ),
    ],
)
def test_every_envelope_is_read(
    server: FaultyServer, connect: Callable[..., Client], body: str, ids: list[str]
) -> None:
    server.answers[VENDORS.list_path] = [Reply(body=body.encode())]

    assert _ids(list(connect().pages(VENDORS))) == [ids]


@pytest.mark.parametrize(
    "body",
    [
        "{",
        '{"data": [{"id": 1} {"id": 2}]}',
        '{"data": [{"id": 1},]}',
        '{"data": [,]}',
        '{"data" [{"id": 1}]}',
        '{1: [{"id": 1}]}',
        '{"data": [{"id": 1}]} more',
        '{"data": [{"id": 1}]',
        '{"data": [{"id": 1}]]',
        '{"data": ' + "[" * 100_000,
        '{"data": [{"id": 1, "name": "broken off',
    ],
)
def test_what_is_no_json_is_refused(
    server: FaultyServer, connect: Callable[..., Client], body: str
) -> None:
    server.answers[VENDORS.list_path] = [Reply(body=body.encode())]

    with pytest.raises(ProtocolError, match="not valid JSON"):
        list(connect(max_attempts=1).pages(VENDORS))


DEEP = '{"id": 2, "x": ' + "[" * 100_000 + "]" * 100_000 + "}"
LONG = '{"id": 2, "x": ' + "9" * 6000 + "}"


@pytest.mark.parametrize("row", [DEEP, LONG, '{"id": 2, "x": nonsense}', '{"id" 2}'])
@pytest.mark.parametrize("resource", [VENDORS, BILLS])
def test_a_row_that_cannot_be_read_does_not_hide_the_others(
    server: FaultyServer, connect: Callable[..., Client], resource: Resource, row: str
) -> None:
    body = f'{{"data": [{{"id": 1}}, {row}, {{"id": 3}}]}}'
    server.answers[resource.list_path] = [Reply(body=body.encode())]

    [page] = connect().pages(resource)

    known = [remote.external_id for remote in page.objects]
    aside = [remote.external_id for remote in page.unreadable]
    if row == '{"id" 2}':
        assert (known, aside) == (["1", "3"], [""])
    elif resource is BILLS:  # its detail is read by its id
        assert (known, aside) == (["1", "2", "3"], [])
    else:
        assert (known, aside) == (["1", "3"], ["2"])
        assert page.unreadable[0].reason


@pytest.mark.parametrize("row", ["null", "{}", "[]", "7", '"x"', '{"id": {}}'])
def test_a_row_that_is_nobody_is_set_aside_and_the_list_goes_on(
    server: FaultyServer, connect: Callable[..., Client], row: str
) -> None:
    nobody = f'{{"data": [{row}], "metadata": {{"pagination": {{"num_pages": 2}}}}}}'
    second = '{"data": [{"id": 1}], "metadata": {"pagination": {"num_pages": 2}}}'
    server.answers[BILLS.list_path] = [
        Reply(body=nobody.encode()),
        Reply(body=second.encode()),
    ]

    pages = list(connect().pages(BILLS))

    assert _ids(pages) == [[], ["1"]]
    [aside] = pages[0].unreadable
    assert row in aside.reason


def test_an_object_keeps_the_very_text_that_was_sent(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    raw = '{ "id":1,\t"name" : "Z\\u00fc",  "x": 1.500, "y": [1E+2, -0.0] }'
    server.answers[VENDORS.list_path] = [Reply(body=f'{{"data":[ {raw} ]}}'.encode())]

    (page,) = connect().pages(VENDORS)

    assert page.objects[0].raw == raw
    assert page.objects[0].data["x"].as_tuple() == Decimal("1.500").as_tuple()
    assert page.objects[0].data["name"] == "Zü"


def test_the_digest_is_of_the_content(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    bodies = (
        '{"id": 1, "rate": 1.50}',
        '{"rate":1.50,"id":1}',
        '{"id": 1, "rate": 1.5}',
        '{"id": 1, "rate": "1.50"}',
    )
    digests = []
    for body in bodies:
        server.answers[VENDORS.list_path] = [
            Reply(body=f'{{"data": [{body}]}}'.encode())
        ]
        (page,) = connect().pages(VENDORS)
        digests.append(page.objects[0].digest)

    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def test_odd_numbers_spoil_their_object_and_not_the_page(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    body = (
        '{"data": [{"id": 1, "x": NaN, "y": -Infinity, "z": 1e99999999999999999999}]}'
    )
    server.answers[VENDORS.list_path] = [Reply(body=body.encode())]

    (page,) = connect().pages(VENDORS)

    found = page.objects[0]
    assert not any(found.data[name].is_finite() for name in "xyz")
    assert read_stored(found.raw, VENDORS) == found
    assert not any(read_json(found.raw)[name].is_finite() for name in "xyz")


@pytest.mark.parametrize(
    "name", ["vendors_page", "account_codes_page", "departments_page", "bills_page"]
)
def test_the_samples_are_read_without_losing_a_character(name: str) -> None:
    body = (SAMPLES / f"{name}.json").read_bytes()

    listing = read_listing(Answer("/", 200, {}, body), BILLS)

    assert listing.pagination["current_page"] == 1
    assert listing.objects
    for remote in listing.objects:
        assert body.decode().count(remote.raw) == 1
        assert json.loads(remote.raw, parse_float=Decimal) == remote.data


# === LOOPS === #


def test_the_same_page_again_is_refused(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    def stuck(_: Request) -> Reply:
        page = page_json([vendor_json(1)], 1, 5)
        del page["metadata"]["pagination"]["current_page"]
        return Reply(page)

    server.answers[VENDORS.list_path] = stuck

    with pytest.raises(ProtocolError, match="again"):
        list(connect().pages(VENDORS))
    assert len(server.seen(VENDORS.list_path)) == 2


def test_another_page_than_asked_for_is_refused(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[VENDORS.list_path] = [
        Reply(page_json([vendor_json(1)], 1, 5)),
        Reply(page_json([vendor_json(2)], 1, 5)),
    ]

    with pytest.raises(ProtocolError, match="instead of page 2"):
        list(connect().pages(VENDORS))


# === VARIANTS === #


def _codes(active: list[int], inactive: list[int]) -> Callable[[Request], Reply]:
    answers = {
        "true": _pages_of([{"id": number} for number in active], 2),
        "false": _pages_of([{"id": number} for number in inactive], 2),
    }
    return lambda request: answers[request.params["active"]](request)


def test_variants_are_read_one_after_the_other_as_one_list(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[ACCOUNT_CODES.list_path] = _codes([1, 2, 3], [4])

    pages = list(connect().pages(ACCOUNT_CODES))

    assert _ids(pages) == [["1", "2"], ["3"], ["4"]]
    assert [page.number for page in pages] == [1, 2, 3]
    assert [page.is_last for page in pages] == [False, False, True]
    assert [page.is_first for page in pages] == [True, False, False]
    assert {(page.count, page.num_pages) for page in pages} == {(4, 3)}


@pytest.mark.parametrize(
    ("first_page", "ids"),
    [(2, [["3"], ["4"]]), (3, [["4"]]), (4, [[]])],
)
def test_reading_variants_can_start_later(
    server: FaultyServer,
    connect: Callable[..., Client],
    first_page: int,
    ids: list[list[str]],
) -> None:
    server.answers[ACCOUNT_CODES.list_path] = _codes([1, 2, 3], [4])

    pages = list(connect().pages(ACCOUNT_CODES, first_page=first_page))

    assert _ids(pages) == ids
    assert [page.number for page in pages] == list(
        range(first_page, first_page + len(ids))
    )
    assert pages[-1].is_last


def test_what_both_variants_hold_comes_once(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[ACCOUNT_CODES.list_path] = _codes([1, 2], [2, 1])

    assert _ids(list(connect().pages(ACCOUNT_CODES))) == [["1", "2"], []]


def test_variants_may_be_empty(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[ACCOUNT_CODES.list_path] = lambda request: Reply(
        page_json([], 1, 0, count=0)
    )

    pages = list(connect().pages(ACCOUNT_CODES))

    assert [page.number for page in pages] == [1, 2]
    assert [page.is_last for page in pages] == [False, True]
