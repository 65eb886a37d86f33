"""A server that misbehaves: what is tried again, what is given up, what is refused."""

from __future__ import annotations

import gzip
import logging
import socket
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from .. import (
    RESOURCES,
    AddressError,
    AuthenticationError,
    Blocked,
    ForbiddenError,
    ProtocolError,
    StreamError,
    TransientError,
    transport,
)
from .server import (
    ACCESS_TOKEN,
    SECRET,
    TOKEN_PATH,
    FaultyServer,
    Reply,
    half_a_body,
    half_a_chunked_body,
    page_json,
    reset_connection,
    slow_drip,
    vendor_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client

VENDORS = RESOURCES["vendor"]
GOOD = Reply(page_json([vendor_json(1)]))
HTML = {"Content-Type": "text/html; charset=utf-8"}


def _read(client: Client) -> list[str]:
    return [
        remote.external_id for page in client.pages(VENDORS) for remote in page.objects
    ]


@pytest.mark.parametrize(
    "fault",
    [
        Reply({}, status=500),
        Reply({}, status=502),
        Reply(body=b"<html>Bad gateway</html>", status=503, headers=HTML),
        Reply({}, status=504),
        Reply({}, status=429),
        Reply({}, status=408),
        Reply(misbehave=reset_connection),
        Reply(misbehave=half_a_body),
        Reply(misbehave=half_a_chunked_body),
        Reply(body=b'{"data": [{"id": 1}, {"id"'),
        Reply(body=b""),
        Reply(body='{"data": [{"id": 1, "name": "Zü'.encode()[:-1]),
        Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_a_passing_fault_is_tried_again(
    server: FaultyServer,
    connect: Callable[..., Client],
    naps: list[float],
    fault: Reply,
) -> None:
    server.answers[VENDORS.list_path] = [fault, fault, GOOD]

    assert _read(connect()) == ["1"]
    assert len(naps) == 2


def test_waiting_grows_with_jitter_and_has_a_ceiling(
    server: FaultyServer, connect: Callable[..., Client], naps: list[float]
) -> None:
    server.answers[VENDORS.list_path] = [Reply({}, status=503)]

    with pytest.raises(TransientError) as raised:
        _read(connect(max_attempts=9))

    assert raised.value.http_status == 503
    assert raised.value.url_path == VENDORS.list_path
    assert len(server.seen(VENDORS.list_path)) == 9
    for attempt, nap in enumerate(naps):
        ceiling = min(30.0, 2.0**attempt)
        assert ceiling / 2 <= nap <= ceiling


def test_a_server_that_is_down_is_transient(connect: Callable[..., Client]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = connect(base_url=f"http://127.0.0.1:{unused.getsockname()[1]}")

        with pytest.raises(TransientError, match="refused the connection"):
            client.authenticate()


def test_a_server_that_does_not_answer_is_transient(
    connect: Callable[..., Client],
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        client = connect(
            base_url=f"http://127.0.0.1:{silent.getsockname()[1]}",
            timeout=0.1,
            max_attempts=2,
        )

        with pytest.raises(TransientError, match="in time"):
            client.authenticate()


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_honoured(
    server: FaultyServer,
    connect: Callable[..., Client],
    naps: list[float],
    status: int,
) -> None:
    wait = Reply({}, status=status, headers={"Retry-After": "7"})
    server.answers[VENDORS.list_path] = [wait, GOOD]
    client = connect()

    assert _read(client) == ["1"]
    assert naps == [pytest.approx(7.0, abs=0.1)]
    assert _read(client) == ["1"]
    assert len(naps) == 1


def test_retry_after_as_a_date_is_honoured(
    server: FaultyServer, connect: Callable[..., Client], naps: list[float]
) -> None:
    moment = datetime.now(timezone.utc) + timedelta(seconds=20)
    headers = {"Retry-After": format_datetime(moment, usegmt=True)}
    server.answers[VENDORS.list_path] = [Reply({}, 429, headers), GOOD]

    assert _read(connect()) == ["1"]
    assert naps == [pytest.approx(19.5, abs=1.5)]


@pytest.mark.parametrize("header", ["soon", "", "-5", "Wed, 99 Foo 2026"])
def test_an_unreadable_retry_after_means_the_usual_wait(
    server: FaultyServer,
    connect: Callable[..., Client],
    naps: list[float],
    header: str,
) -> None:
    server.answers[VENDORS.list_path] = [
        Reply({}, 429, {"Retry-After": header}),
        GOOD,
    ]

    assert _read(connect()) == ["1"]
    assert len(naps) == 1
    assert naps[0] <= 1


def test_a_long_retry_after_is_left_to_the_next_run(
    server: FaultyServer, connect: Callable[..., Client], naps: list[float]
) -> None:
    wait = Reply({}, status=429, headers={"Retry-After": "3600"})
    server.answers[VENDORS.list_path] = [wait]

    client = connect()
    with pytest.raises(TransientError) as raised:
        _read(client)

    assert raised.value.retry_after_s == 3600
    assert len(server.seen(VENDORS.list_path)) == 1
    server.answers[VENDORS.list_path] = [GOOD]
    assert _read(client) == ["1"]
    assert naps == []


def test_json_that_stays_broken_is_a_protocol_error(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[VENDORS.list_path] = [Reply(body=b'{"data": [')]

    with pytest.raises(ProtocolError, match="not valid JSON") as raised:
        _read(connect(max_attempts=3))

    assert raised.value.excerpt == '{"data": ['
    asked = [request.params for request in server.seen(VENDORS.list_path)]
    # All attempts for the page, and then one for each of some parts of it.
    assert len([p for p in asked if (p["page"], p["page_size"]) == ("1", "50")]) == 3
    assert asked[:3] == [asked[0]] * 3


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(body=b"<html>Log in", headers=HTML), "text/html instead of JSON"),
        (Reply(body=b"a,b", headers={"Content-Type": "text/csv"}), "text/csv"),
        (Reply({}, status=204, body=b""), "204"),
        (Reply({}, status=418), "418"),
        (Reply({}, status=404), "nothing at this path"),
        (Reply({"detail": "No such filter"}, status=400), "No such filter"),
        (Reply(body=b"x", headers={"Content-Encoding": "br"}), "unknown way"),
        (Reply(body=b"x", headers={"Content-Encoding": "gzip, gzip"}), "unknown way"),
        (Reply([]), "not a list"),
        (Reply(body=b"null"), "not a list"),
        (Reply({"data": {}}), "not a list"),
        (Reply({"results": []}), "not a list"),
        (Reply({"data": [1] * 4}), "without a key"),
        (Reply({"data": [{"name": "no id"}] * 4}), "without a key"),
        (Reply({"data": [{"id": None}] * 4}), "without a key"),
        (Reply({"data": [{"id": True}] * 4}), "without a key"),
        (Reply({"data": [{"id": 1.5}] * 4}), "without a key"),
    ],
)
def test_what_is_not_documented_stops_the_stream_at_once(
    server: FaultyServer, connect: Callable[..., Client], reply: Reply, message: str
) -> None:
    server.answers[VENDORS.list_path] = [reply]

    with pytest.raises(ProtocolError, match=message) as raised:
        _read(connect())

    assert len(raised.value.excerpt) <= 500
    assert len(server.seen(VENDORS.list_path)) == 1


def test_no_access_to_one_resource_is_forbidden(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    said = {"errors": {"null": {"message": "No permission.", "code": "X"}}}
    server.answers[VENDORS.list_path] = [Reply(said, 403, {"X-Request-Id": "r-9"})]

    with pytest.raises(ForbiddenError, match="No permission") as raised:
        _read(connect())

    assert (raised.value.http_status, raised.value.request_id) == (403, "r-9")


@pytest.mark.parametrize("status", [400, 401, 403, 405, 406])
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<!DOCTYPE html><title>Access denied</title>", HTML),
        (b" \n<HTML><body>Request rejected", {"Content-Type": "text/plain"}),
    ],
)
def test_a_firewalls_page_is_an_outage_and_said_to_be_one(
    server: FaultyServer,
    connect: Callable[..., Client],
    status: int,
    body: bytes,
    headers: dict[str, str],
) -> None:
    server.answers[VENDORS.list_path] = [Reply(None, status, headers, body)]

    with pytest.raises(Blocked, match="firewall or proxy"):
        _read(connect(max_attempts=2))

    assert len(server.seen(VENDORS.list_path)) == 2, "tried again"


def test_a_firewall_before_the_token_refuses_no_credentials(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[TOKEN_PATH] = [Reply(None, 403, HTML, b"<html>Blocked")]

    with pytest.raises(Blocked):
        _read(connect(max_attempts=1))


def test_procurifys_own_name_of_a_request_goes_before_the_proxys(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    headers = {"x-procurify-request-id": "p-1", "X-Request-Id": "r-9"}
    server.answers[VENDORS.list_path] = [Reply({}, 403, headers)]

    with pytest.raises(ForbiddenError) as raised:
        _read(connect())

    assert raised.value.request_id == "p-1"


def test_a_redirect_is_not_followed_and_carries_no_token(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    with FaultyServer() as elsewhere:
        headers = {"Location": elsewhere.url + VENDORS.list_path}
        server.answers[VENDORS.list_path] = [Reply({}, 302, headers)]

        with pytest.raises(ProtocolError, match="redirects to 127.0.0.1"):
            _read(connect())

        assert elsewhere.requests == []


def test_a_body_that_drips_is_cut_off(
    server: FaultyServer,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "MAX_RESPONSE_S", 0.3)
    server.answers[VENDORS.list_path] = [Reply(misbehave=slow_drip)]
    client = connect(max_attempts=1)
    client.authenticate()
    started = time.monotonic()

    with pytest.raises(TransientError, match="too slowly"):
        _read(client)

    assert time.monotonic() - started < 1


@pytest.mark.parametrize("packed", [True, False])
def test_a_body_that_unpacks_to_too_much_is_cut_off(
    server: FaultyServer,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    packed: bool,
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 1024 * 1024)
    body = b" " * (4 * 1024 * 1024)
    headers = {"Content-Encoding": "gzip"} if packed else {}
    body = gzip.compress(body) if packed else body
    server.answers[VENDORS.list_path] = [Reply(body=body, headers=headers)]

    with pytest.raises(ProtocolError, match="far too large"):
        _read(connect())

    assert len(server.seen(VENDORS.list_path)) == 1


def test_a_packed_body_is_read(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    body = gzip.compress(b'\xef\xbb\xbf {"data": [{"id": 5, "name": "x"}]}')
    reply = Reply(body=body, headers={"Content-Encoding": "gzip"})
    server.answers[VENDORS.list_path] = [reply]

    assert _read(connect()) == ["5"]


def test_all_retries_of_a_request_together_have_a_limit(
    server: FaultyServer,
    connect: Callable[..., Client],
    naps: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "MAX_REQUEST_S", 10.0)
    wait = Reply({}, status=503, headers={"Retry-After": "20"})
    server.answers[VENDORS.list_path] = [wait]

    with pytest.raises(TransientError) as raised:
        _read(connect())

    assert raised.value.retry_after_s == 20
    assert naps == []


def test_a_run_waits_for_nothing_beyond_its_end(
    server: FaultyServer, connect: Callable[..., Client], naps: list[float]
) -> None:
    wait = Reply({}, status=503, headers={"Retry-After": "20"})
    server.answers[VENDORS.list_path] = [wait, GOOD]

    with pytest.raises(TransientError) as raised:
        _read(connect(run_s=10))

    assert raised.value.retry_after_s == 20
    assert naps == []


def test_a_run_asks_nothing_after_its_end(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[VENDORS.list_path] = [GOOD]
    client = connect(run_s=0.2)
    client.authenticate()
    time.sleep(0.2)
    server.requests.clear()

    with pytest.raises(TransientError, match="too slow for one run"):
        _read(client)

    assert server.requests == []


def test_a_server_that_answers_too_slowly_is_left_at_the_end_of_the_run(
    server: FaultyServer,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "MIN_TIMEOUT_S", 0.1)
    server.answers[VENDORS.list_path] = [Reply(misbehave=lambda _: time.sleep(2))]
    started = time.monotonic()

    with pytest.raises(TransientError):
        _read(connect(run_s=0.5, timeout=30))

    assert time.monotonic() - started < 1.5


def test_the_log_says_what_was_asked_and_no_secret(
    server: FaultyServer,
    connect: Callable[..., Client],
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.answers[VENDORS.list_path] = [Reply({}, status=503), GOOD]

    with caplog.at_level(logging.DEBUG):
        _read(connect())

    ours = [entry for entry in caplog.records if "procurify" in entry.name]
    assert [entry.levelno for entry in ours] == [logging.DEBUG] * 3
    assert VENDORS.list_path in caplog.text
    assert SECRET not in caplog.text
    assert ACCESS_TOKEN not in caplog.text
    assert "Vendor 1" not in caplog.text


def test_errors_of_the_stream_differ_from_those_of_a_record() -> None:
    kinds = (
        TransientError,
        AuthenticationError,
        ForbiddenError,
        ProtocolError,
        AddressError,
    )
    assert all(issubclass(kind, StreamError) for kind in kinds)
