"""A page that answers 500 because of single rows: all the others are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .. import RESOURCES, Client, ProcurifyError, TransientError
from ..narrowing import _smallest_factor
from .server import FaultyServer, Reply, Request, page_json, vendor_json

if TYPE_CHECKING:
    from collections.abc import Callable

VENDORS = RESOURCES["vendor"]
FAULTS = {
    "500": Reply({"detail": "Server error"}, status=500),
    "504": Reply({"detail": "Too slow"}, status=504),
    "no JSON": Reply(body=b'{"data": [{"id": 1'),
}


class Tenant:
    """Serves vendors, and fails wherever a page shows one of ``spoiled``.

    :param granted: returns the size of the pages for the size that is asked for
    """

    def __init__(
        self,
        rows: int,
        spoiled: set[int],
        fault: str = "500",
        granted: Callable[[int], int] = int,
    ) -> None:
        self.rows = list(range(rows, 0, -1))
        self.spoiled = spoiled
        self.fault = FAULTS[fault]
        self.granted = granted

    def __call__(self, request: Request) -> Reply:
        number = int(request.params["page"])
        size = self.granted(int(request.params["page_size"]))
        num_pages = max(1, -(-len(self.rows) // size))
        if number > num_pages:
            return Reply({"detail": "Invalid page."}, status=404)
        part = self.rows[(number - 1) * size : number * size]
        if self.spoiled & set(part):
            return self.fault
        rows = [vendor_json(each) for each in part]
        changes = {"count": len(self.rows), "page_size": size}
        return Reply(page_json(rows, number, num_pages, **changes))


def _read(client: Client) -> tuple[list[int], list[str]]:
    """Return the ids that were read, and what is said of what cannot be."""
    pages = list(client.pages(VENDORS))
    assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
    ids = [int(row.external_id) for page in pages for row in page.objects]
    return ids, [row.reason for page in pages for row in page.unreadable]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("spoiled", [{1}, {60}, {11, 10}, {33, 7, 58}, {31, 30}])
@pytest.mark.parametrize("page_size", [50, 20, 7])
def test_all_but_the_spoiled_rows_are_read(
    server: FaultyServer,
    connect: Callable[..., Client],
    page_size: int,
    spoiled: set[int],
    fault: str,
) -> None:
    tenant = Tenant(60, spoiled, fault)
    server.answers[VENDORS.list_path] = tenant

    ids, aside = _read(connect(page_size=page_size, max_attempts=2))

    assert ids == [each for each in tenant.rows if each not in spoiled]
    assert len(aside) == len(spoiled)


def test_what_is_set_aside_names_its_neighbour_and_keeps_its_name(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    tenant = Tenant(60, {33})
    server.answers[VENDORS.list_path] = tenant
    client = connect(page_size=20, max_attempts=2)

    def aside() -> list[Any]:
        return [row for page in client.pages(VENDORS) for row in page.unreadable]

    [row] = aside()
    assert row.external_id == ""
    assert "1 row of the list (1 before 32)" in row.reason
    assert "status 500" in row.reason
    tenant.rows.insert(0, 61)  # what is new comes on top
    assert [again.digest for again in aside()] == [row.digest]
    tenant.spoiled.add(34)
    assert len({again.digest for again in aside()} | {row.digest}) == 2


def test_the_last_row_of_a_page_is_known_by_the_next_page(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[VENDORS.list_path] = Tenant(60, {41})

    _ids, [reason] = _read(connect(page_size=20, max_attempts=2))

    assert "1 before 40" in reason


@pytest.mark.parametrize("cap", [1, 10, 25, 30, 47])
def test_a_server_that_grants_smaller_pages_is_read_around(
    server: FaultyServer, connect: Callable[..., Client], cap: int
) -> None:
    for spoiled in ({58}, {33}, {14}, {58, 33}, {1}):
        tenant = Tenant(60, spoiled, granted=lambda asked: min(asked, cap))
        server.answers[VENDORS.list_path] = tenant

        ids, aside = _read(connect(page_size=50, max_attempts=2))

        assert set(ids) == set(tenant.rows) - spoiled
        assert len(aside) >= len(spoiled)
        assert "1 row of" in aside[0]


def test_a_server_of_one_size_has_its_page_set_aside_whole(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    for rows, spoiled in ((60, 58), (60, 33), (60, 1), (50, 50), (50, 5), (30, 30)):
        tenant = Tenant(rows, {spoiled}, granted=lambda _asked: 20)
        server.answers[VENDORS.list_path] = tenant

        ids, [reason] = _read(connect(page_size=20, max_attempts=2))

        page = (rows - spoiled) // 20
        lost = set(tenant.rows[page * 20 : (page + 1) * 20])
        assert set(ids) == set(tenant.rows) - lost
        assert "20 rows of the list" in reason


def test_an_outage_stays_an_outage(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    for reply in (FAULTS["500"], Reply({}, status=503)):
        server.answers[VENDORS.list_path] = [reply]
        before = len(server.requests)
        with pytest.raises(TransientError):
            list(connect(max_attempts=2).pages(VENDORS))
        asked = [r for r in server.requests[before:] if r.path == VENDORS.list_path]
        assert len(asked) <= 8


def test_a_list_of_which_nothing_can_be_read_is_an_outage(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    for rows in (1, 2, 40):
        server.answers[VENDORS.list_path] = Tenant(rows, set(range(1, rows + 1)))
        with pytest.raises(ProcurifyError):
            list(connect(max_attempts=2).pages(VENDORS))


def test_a_fault_that_passes_sets_nothing_aside(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    tenant, left = Tenant(60, set()), [5]

    def answer(request: Request) -> Reply:
        # All attempts for the page fail, and one for a part of it.
        if request.params["page"] == "2" and left[0]:
            left[0] -= 1
            return FAULTS["500"]
        return tenant(request)

    server.answers[VENDORS.list_path] = answer

    ids, aside = _read(connect(page_size=20, max_attempts=2))

    assert ids == tenant.rows
    assert not aside


def test_a_page_is_divided_into_equal_parts() -> None:
    assert [_smallest_factor(n) for n in (2, 4, 9, 25, 47, 50)] == [2, 2, 3, 5, 47, 2]
