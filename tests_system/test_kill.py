"""Killing Odoo at any moment loses nothing and doubles nothing."""

import random
import re
import time
from collections import Counter
from typing import NamedTuple

from devtools import databases

from .books import Books
from .conftest import BILLS, PAGE_SIZE, Prepared, Procurify
from .site import Progress, Server, Site

#: Makes reading the bills last some seconds.
LATENCY_S = 0.03
#: How many records the import takes at a time; the bills need two takes.
IMPORT_BATCH_SIZE = 100
FETCHES_KILLED = 3
IMPORTS_KILLED = 2
SEED = 19
MOVES = "account_move"
PAGES = BILLS // PAGE_SIZE
BILL_DETAIL = re.compile(r".*/ap/bills/[^/]+/$")


def test_import_that_is_killed_books_every_bill_once(
    site: Site, prepared: Prepared
) -> None:
    server = site.start()
    server.press_sync_now()
    # Some bills are in the books, others were just being written.
    found = server.freeze_when(
        lambda progress: _is_within_import(progress) and server.has_uncommitted(MOVES)
    )
    server.kill()

    _assert_within_import(found)
    assert site.progress() == found

    server = site.start()
    site.wait_until_complete()

    _assert_same_books(site, prepared.undisturbed.result())
    _assert_second_run_writes_nothing(site, server)


def test_undisturbed_run_is_as_the_simulator_says(
    undisturbed: Books, procurify: Procurify
) -> None:
    """Else the comparisons of this module would prove nothing."""
    expected = procurify.expected().values()
    states = Counter(
        "excluded" if bill["excluded"] else "done" if bill["importable"] else "held"
        for bill in expected
    )
    assert len(expected) == BILLS
    assert undisturbed.states("bill") == {
        "done": states["done"],
        "quarantined": states["held"],
        "excluded": states["excluded"],
    }
    assert len(undisturbed.bills) == states["done"]
    assert undisturbed.defects == {}


def test_another_host_takes_over_from_the_one_that_is_killed(
    site: Site, undisturbed: Books
) -> None:
    hosts = [site.start(), site.start()]
    hosts[0].press_sync_now()
    importing = site.wait_for(
        lambda: next((host for host in hosts if host.has_uncommitted(MOVES)), None),
        "no host imports bills",
    )
    found = importing.freeze_when(_is_within_import)
    importing.kill()

    # The other host may still be reading the list.
    _assert_some_are_booked(found)

    (other,) = [host for host in hosts if host is not importing]
    site.wait_until_complete()

    _assert_same_books(site, undisturbed)
    _assert_second_run_writes_nothing(site, other)


def test_fetch_that_is_killed_goes_on_where_it_stopped(
    site: Site, procurify: Procurify, undisturbed: Books
) -> None:
    procurify.answer_after(LATENCY_S)
    server = site.start()
    server.press_sync_now()
    found = server.freeze_when(lambda progress: progress.bill_page > PAGES // 2)
    server.kill()

    # The stream knows its next page, and all before that one are staged, no other.
    assert PAGES // 2 < found.bill_page < PAGES
    assert found.bills_staged == (found.bill_page - 1) * PAGE_SIZE
    assert found.bill_watermark is None
    assert found.streams_open == 1
    assert site.progress() == found

    procurify.answer_after(0)
    procurify.forget_requests()
    server = site.start()
    # Nobody presses anything: the crons find what is left to do.
    site.wait_until_complete()

    details = [path for path in procurify.paths() if BILL_DETAIL.match(path)]
    assert len(details) == BILLS - found.bills_staged
    _assert_same_books(site, undisturbed)
    _assert_second_run_writes_nothing(site, server)


def test_several_kills_in_a_row_lose_nothing(
    site: Site, procurify: Procurify, undisturbed: Books
) -> None:
    procurify.answer_after(LATENCY_S)
    server = site.start()
    server.press_sync_now()
    kills = []
    for moment in _random_moments(undisturbed):
        kills.append(_freeze_at(moment, site, server))
        server.kill()
        server = site.start()

    fetches, imports = kills[:FETCHES_KILLED], kills[FETCHES_KILLED:]
    # Each was in the midst of its work, and had come further than the one before.
    assert fetches[0].staged > 0
    assert [found.staged for found in fetches] == sorted({f.staged for f in fetches})
    assert all(found.bill_watermark is None for found in fetches)
    assert fetches[-1].bills_staged < BILLS
    assert len(imports) == IMPORTS_KILLED
    assert all(found.bills_staged == BILLS for found in imports)
    assert all(found.bills_pending > 0 for found in imports)
    assert imports[-1].finished > 0
    # At no moment was a bill in the books that the connector does not know of.
    assert all(found.moves == found.bills_done for found in kills)

    procurify.answer_after(0)
    site.wait_until_complete()

    _assert_same_books(site, undisturbed)
    _assert_second_run_writes_nothing(site, server)


# === MOMENTS === #


class Moment(NamedTuple):
    """When to kill: in which half of the work, after how much of it, how much later."""

    fetching: bool
    mark: int
    delay_s: float


def _random_moments(undisturbed: Books) -> list[Moment]:
    """Draw moments all over the work: always the same ones, in their order."""
    draw = random.Random(SEED)
    taxes = undisturbed.states("tax").total()  # staged by the import
    fetched = len(undisturbed.records) - taxes
    last_batch = fetched + fetched - (BILLS - IMPORT_BATCH_SIZE)
    fetching = range(PAGE_SIZE, fetched - 2 * FETCHES_KILLED * PAGE_SIZE)
    importing = range(fetched + 1, last_batch)
    marks = [
        *sorted(draw.sample(fetching, FETCHES_KILLED)),
        *sorted(draw.sample(importing, IMPORTS_KILLED)),
    ]
    return [
        Moment(mark < fetched, mark, draw.uniform(0, 2 * LATENCY_S)) for mark in marks
    ]


def _freeze_at(moment: Moment, site: Site, server: Server) -> Progress:
    """Stop the server at a random moment, in the midst of what it does then."""
    before = site.progress()

    def is_there(progress: Progress) -> bool:
        if progress.work < moment.mark:
            return False
        has_moved = progress.work > before.work
        if moment.fetching:
            return has_moved and progress.streams_open > 0
        # The import's last commits are far apart.
        at_work = has_moved or server.has_uncommitted(MOVES)
        return at_work and not progress.streams_open and progress.bills_pending > 0

    site.wait_for(lambda: is_there(site.progress()), "that much was never done")
    time.sleep(moment.delay_s)
    return server.freeze_when(is_there)


def _is_within_import(progress: Progress) -> bool:
    """Return whether bills are in the books while others are not.

    The books are looked at, not what the connector notes about them: the two must
    never part.
    """
    return progress.moves > 0 and progress.bills_pending > 0


# === CHECKS === #


def _assert_within_import(found: Progress) -> None:
    """Prove that some bills were in the books and others were not."""
    assert found.streams_open == 0
    assert found.bills_staged == BILLS
    _assert_some_are_booked(found)


def _assert_some_are_booked(found: Progress) -> None:
    assert found.moves == found.bills_done > 0
    assert found.bills_pending > 0


def _assert_same_books(site: Site, undisturbed: Books) -> None:
    found = site.books()
    assert found.defects == {}
    assert found.differences(undisturbed) == []
    assert databases.complaints(site.log.read_text()) == []


def _assert_second_run_writes_nothing(site: Site, server: Server) -> None:
    books, traces = site.books(), site.traces()
    site.synchronise(server)
    assert site.traces() == traces
    assert site.books().differences(books) == []
