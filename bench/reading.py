"""Figures c and d: reading what is new, and looking again at what is not."""

import re
import time

import requests

from odoo.addons.procurify_connector.fetching.tenant import open_client
from odoo.addons.procurify_connector.procurify import RESOURCES

from .measuring import median, statements, timed

LATENCIES_MS = (0, 50, 200)
PAGE_SIZE = 48
#: {workers: pages that they read}. What overlaps takes several pages to show.
PAGES = {1: 1, 4: 2, 24: 5}
_WRITING = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


def measure_fetch(env, rounds):
    """Return bills per second from the first request to the stage, per latency."""
    stream = _stream(env, "bill")
    found = {}
    for latency in LATENCIES_MS:
        _be_slow(stream.connection_id, latency)
        for _round in range(rounds):
            for workers, pages in PAGES.items():
                rate = _fetch_anew(env, stream, workers, pages)
                found.setdefault((latency, workers), []).append(rate)
    _be_slow(stream.connection_id, 0)
    pairs = zip(found[200, 24], found[200, 1], strict=True)
    return {
        f"fetch_{latency}ms_{workers}_workers": median(rates)
        for (latency, workers), rates in found.items()
    } | {"fetch_200ms_24_over_1": median([fast / slow for fast, slow in pairs])}


def _fetch_anew(env, stream, workers, pages):
    """Return how many bills a second are staged that the stage does not know."""
    connection, bills = stream.connection_id, [("resource", "=", "bill")]
    with env.cr.savepoint() as savepoint:
        connection.detail_requests = workers
        connection.page_size = PAGE_SIZE
        env["procurify.record"].search(bills).write({"summary_digest": "another"})
        _forget(stream)
        with open_client(connection) as client:
            client.authenticate()
            steps = stream._fetch(client)
            seconds = timed(env, lambda: _first_pages(stream, steps, pages))
        news = [*bills, ("summary_digest", "!=", "another")]
        count = env["procurify.record"].search_count(news)
        savepoint.rollback()
    env.invalidate_all()
    return count / seconds


def _first_pages(stream, steps, pages):
    for _step in steps:
        if not 1 <= stream.scan_page <= pages:
            return


def measure_repoll(env, rounds):
    """Return what looking again at an unchanged list costs beyond reading it."""
    stream = _stream(env, "bill")
    extra, queries = [], {}
    for _round in range(rounds + 1):
        read_s, objects, _pages = _read_only(stream)
        for page_size in (100, 50):
            seconds, found, pages = _read_again(env, stream, page_size)
            queries[page_size] = (len(found) / pages, _business_writes(found))
            if page_size == 100:
                extra.append((seconds - read_s) / objects * 1000)
    return {
        "repoll_ms_per_object": median(extra[1:]),
        "repoll_objects": objects,
        "repoll_queries_per_page": round(queries[100][0], 1),
        # A page of a hundred takes as many as one of fifty.
        "repoll_more_queries_per_page": max(0, round(queries[100][0] - queries[50][0])),
        "repoll_business_writes": queries[100][1],
    }


def _read_only(stream):
    """Return (seconds, objects, pages) of HTTP and JSON alone."""
    resource = RESOURCES[stream.resource]
    stream.connection_id.page_size = 100
    with open_client(stream.connection_id) as client:
        client.authenticate()
        started = time.perf_counter()
        pages = [
            len(page.objects) for page in client.pages(resource, newest_first=True)
        ]
        return time.perf_counter() - started, sum(pages), len(pages)


def _read_again(env, stream, page_size):
    stream.connection_id.page_size = page_size
    _forget(stream)
    steps = 0
    with open_client(stream.connection_id) as client:
        client.authenticate()
        env.flush_all()
        env.invalidate_all()
        started = time.perf_counter()
        with statements(env.cr) as found:
            for _step in stream._fetch(client):
                env.flush_all()
                steps += 1
        seconds = time.perf_counter() - started
    env.cr.commit()
    return seconds, found, steps


def _business_writes(found):
    tables = [match[1] for text in found if (match := _WRITING.match(text))]
    return sum(not table.startswith("procurify_") for table in tables)


def _stream(env, resource):
    return env["procurify.stream"].search([("resource", "=", resource)])


def _forget(stream):
    stream.write(
        stream._closed_scan_values()
        | {"modified_watermark": False, "created_watermark": False}
    )


def _be_slow(connection, latency_ms):
    answer = requests.post(
        f"{connection.base_url}/_simulator/latency",
        json={"seconds": latency_ms / 1000},
        timeout=10,
    )
    answer.raise_for_status()
