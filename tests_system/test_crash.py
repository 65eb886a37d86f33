"""Odoo, PostgreSQL or both are gone at any moment, or Odoo is updated: same books."""

import os
import random
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from devtools import databases, postgres
from devtools.odoo import Odoo
from devtools.paths import ADDON

from .books import Books
from .conftest import Procurify
from .site import Server, Site

#: By hand: 200. In CI as many as there is time for.
KILLS = int(os.environ.get("PROCURIFY_KILLS", "4"))
SEED = int(os.environ.get("PROCURIFY_KILLS_SEED", "7"))
#: After so many the work is completed, and starts again in a fresh database.
KILLS_PER_RUN = 10
#: How long Odoo works between two kills, at most; it needs some seconds for all.
WORKS_FOR_S = 2.0
#: Makes reading last about as long as importing.
LATENCY_S = 0.03


@pytest.fixture
def cluster(odoo: Odoo) -> Iterator[postgres.Cluster]:
    """Run a PostgreSQL of its own: another suite works with the usual one."""
    apart = postgres.apart(odoo.python, "crash")
    apart.start()
    yield apart
    apart.stop()


def test_kills_at_random_moments_lose_nothing(
    odoo: Odoo, company: str, procurify: Procurify, undisturbed: Books
) -> None:
    draw = random.Random(SEED)
    left, run = KILLS, 0
    while left:
        kills = min(left, KILLS_PER_RUN)
        name = databases.database_name(f"system_killed_{run % 2}")
        with closing(Site(odoo, databases.duplicate(odoo, company, name))) as site:
            procurify.answer_after(LATENCY_S)
            server = site.start()
            server.press_sync_now()
            for _number in range(kills):
                _work_for(site, draw.uniform(0, WORKS_FOR_S))
                server.kill()
                server = site.start()
            procurify.answer_after(0)
            site.wait_until_complete()
            _assert_same_books(site, undisturbed)
            _assert_second_run_writes_nothing(site, server)
        left, run = left - kills, run + 1


def test_postgresql_that_is_killed_loses_nothing(
    odoo: Odoo,
    company: str,
    cluster: postgres.Cluster,
    procurify: Procurify,
    undisturbed: Books,
) -> None:
    """Both are started again, PostgreSQL first, as a supervisor does.

    Odoo's own process or its cron thread ends when PostgreSQL refuses a connection.
    """
    draw = random.Random(SEED)
    cluster.copy_from(odoo.server, company)
    apart = replace(odoo, server=cluster.server)
    procurify.answer_after(LATENCY_S)
    with closing(Site(apart, company)) as site:
        server = site.start()
        server.press_sync_now()
        for _number in range(2):
            _work_for(site, draw.uniform(0.5, WORKS_FOR_S))
            cluster.kill()
            cluster.start()
            site.connect()
            server.kill()
            server = site.start()
        procurify.answer_after(0)
        site.wait_until_complete()

        found = site.books()
        assert found.defects == {}
        assert found.differences(undisturbed) == []
        _assert_second_run_writes_nothing(site, server)


def test_update_in_the_midst_of_a_backlog_loses_nothing(
    site: Site, odoo: Odoo, procurify: Procurify, undisturbed: Books
) -> None:
    procurify.answer_after(LATENCY_S)
    server = site.start()
    server.press_sync_now()
    server.freeze_when(lambda progress: progress.bill_page > 1)
    server.kill()
    databases.change(odoo, site.database, "--update", ADDON)
    procurify.answer_after(0)
    server = site.start()
    server.freeze_when(lambda progress: progress.bills_done > 0)
    server.kill()
    databases.change(odoo, site.database, "--update", ADDON)

    server = site.start()
    site.wait_until_complete()

    _assert_same_books(site, undisturbed)
    _assert_second_run_writes_nothing(site, server)


def _work_for(site: Site, seconds: float) -> None:
    """Let the crons work: from when they are at it, for so long or to their end."""
    before = site.progress()
    if not before.is_complete:
        site.wait_for(lambda: site.progress() != before, "Odoo does not go on")
    time.sleep(seconds)


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
