"""What was asked leaves a trace that helps, and gives nothing away."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from .. import RESOURCES, Trace, Traces, TransientError
from ..transport import KEPT
from .server import ACCESS_TOKEN, SECRET, FaultyServer, Reply, page_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client

VENDORS = RESOURCES["vendor"]
FILE = "/media/signed-by-somebody/invoice.pdf"


@pytest.fixture
def traces() -> Traces:
    return Traces()


def test_each_attempt_leaves_a_trace_with_the_server_s_id_of_it(
    server: FaultyServer, connect: Callable[..., Client], traces: Traces
) -> None:
    server.answers[VENDORS.list_path] = [
        Reply(status=503, headers={"X-Request-Id": "first"}),
        Reply(page_json([]), headers={"CF-Ray": "second"}),
    ]

    list(connect(traces=traces).pages(VENDORS))

    told = [(t.status, t.request_id) for t in traces.newest() if t.method == "GET"]
    assert told == [(503, "first"), (200, "second")]
    assert traces.count == 3  # the token came first
    assert all(trace.seconds >= 0 for trace in traces.newest())


def test_procurify_s_own_id_of_a_request_stands_beside_the_web_server_s(
    server: FaultyServer, connect: Callable[..., Client], traces: Traces
) -> None:
    server.answers[VENDORS.list_path] = [
        Reply(
            page_json([]),
            headers={"x-procurify-request-id": "own", "X-Request-Id": "web"},
        )
    ]

    list(connect(traces=traces).pages(VENDORS))

    newest = traces.newest()[-1]
    assert (newest.procurify_request_id, newest.request_id) == ("own", "web")


def test_answer_that_never_came_is_recorded_by_its_kind(
    server: FaultyServer, connect: Callable[..., Client], traces: Traces
) -> None:
    server.answers[VENDORS.list_path] = [
        Reply(misbehave=lambda handler: handler.connection.close())
    ]

    with pytest.raises(TransientError):
        list(connect(traces=traces, max_attempts=1).pages(VENDORS))

    assert [t.problem for t in traces.newest() if not t.status] == ["TransientError"]


def test_no_secret_and_no_address_of_a_file_is_in_a_trace(
    server: FaultyServer, connect: Callable[..., Client], traces: Traces
) -> None:
    echo = {"X-Request-Id": f"{SECRET} {ACCESS_TOKEN}"}
    server.answers[VENDORS.list_path] = [Reply(page_json([]), headers=echo)]
    server.answers[FILE] = [Reply(body=b"%PDF", headers=echo)]
    client = connect(traces=traces)

    list(client.pages(VENDORS))
    client.download(f"{FILE}?signature=abc", limit=99)

    told = str(traces.newest())
    assert "(file)" in told
    for text in (SECRET, ACCESS_TOKEN, "signature", "invoice"):
        assert text not in told


def test_only_the_newest_are_kept_and_all_are_counted(traces: Traces) -> None:
    for number in range(KEPT + 5):
        traces.add(_trace(number))

    assert traces.count == KEPT + 5
    assert [trace.status for trace in traces.newest()] == list(range(5, KEPT + 5))


def _trace(number: int) -> Trace:
    now = datetime.now(timezone.utc)
    return Trace(now, "GET", "/api/", number, 0.1, "", "")
