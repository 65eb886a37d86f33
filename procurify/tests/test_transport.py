"""Limits and waits, at the edge on either side."""

from __future__ import annotations

import threading
import time
import zlib
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
import requests

from .. import PrivateAddressError, ProtocolError, TransientError, transport, wire
from ..answers import retry_after_s
from ..errors import TooLarge
from ..transport import Cancelled, Slots, Traces, Transport
from .server import (
    ACCESS_TOKEN,
    SECRET,
    TOKEN_PATH,
    FaultyServer,
    Reply,
    reset_connection,
    slow_drip,
)

if TYPE_CHECKING:
    from collections.abc import Callable


PATH = "/api/thing/"


@pytest.fixture
def make(server: FaultyServer, naps: list[float]) -> Callable[..., Transport]:
    """Give a function that makes transports to the server; they never wait."""

    def with_options(**changes: Any) -> Transport:
        options: dict[str, Any] = {
            "client_secret": SECRET,
            "allow_private": True,
            "allow_loopback": True,
            "session_factory": requests.Session,
            "timeout": 2.0,
            "max_attempts": 3,
            "sleep": naps.append,
            "slots": Slots(4, 4),
        }
        return Transport(server.url, server.url + TOKEN_PATH, **(options | changes))

    return with_options


class NotingSession(requests.Session):
    """Notes how each request is sent."""

    sent: ClassVar[list[dict[str, Any]]] = []

    def send(
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        self.sent.append({"url": request.url} | options)
        return super().send(request, **options)


class OldSession(requests.Session):
    """Counts as urllib3 did once: a body that ended early is no error of its own."""

    steps: ClassVar[list[int | None]] = []

    def send(
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        response = super().send(request, **options)
        read = response.iter_content

        def noted(size: int | None = 1, **how: Any) -> Any:
            self.steps.append(size)
            return read(size, **how)

        response.iter_content = noted  # type: ignore
        response.raw.tell = lambda: 1  # type: ignore
        return response


def _body(answer: Any) -> bytes:
    body: bytes = answer.body
    return body


def test_every_answer_is_read_in_steps_and_no_redirect_is_followed(
    server: FaultyServer,
    make: Callable[..., Transport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.answers[PATH] = [Reply({})]
    monkeypatch.setattr(NotingSession, "sent", [])
    sender = make(session_factory=NotingSession, timeout=7.0)

    sender.get(PATH, {}, ACCESS_TOKEN, _body)
    sender.get_file(server.url + PATH, ACCESS_TOKEN, 99, _body)
    sender.get_file(server.url + PATH, None, 99, _body)
    sender.post_token({}, _body)

    assert [
        (each["stream"], each["allow_redirects"], each["timeout"])
        for each in NotingSession.sent
    ] == [(True, False, 7.0)] * 4


def test_each_attempt_is_noted_with_its_milliseconds(
    server: FaultyServer,
    make: Callable[..., Transport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.answers[PATH] = [Reply({}, status=204)]
    clock = SimpleNamespace(monotonic=count(1, 0.0116).__next__, sleep=time.sleep)
    traces = Traces()
    sender = make(traces=traces)
    monkeypatch.setattr(transport, "time", clock)

    sender.post_token({}, _body)
    sender.get(PATH, {}, ACCESS_TOKEN, _body)

    found = traces.newest()
    assert [(t.method, t.path, t.status, t.problem) for t in found] == [
        ("POST", TOKEN_PATH, 200, ""),
        ("GET", PATH, 204, ""),
    ]
    for trace in found:
        assert 0 < trace.seconds < 1
        assert trace.seconds == round(trace.seconds, 3)


def test_an_answer_may_be_deflated(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    packed = Reply(body=zlib.compress(b"{}"), headers={"Content-Encoding": "deflate"})
    server.answers[PATH] = [packed]

    assert make().get(PATH, {}, ACCESS_TOKEN, _body) == b"{}"


def test_an_answer_without_a_date_has_none(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    def bare(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    server.answers[PATH] = [Reply({}), Reply(misbehave=bare)]
    sender = make()

    sender.get(PATH, {}, ACCESS_TOKEN, _body)
    assert sender.server_date.endswith("GMT")
    sender.get(PATH, {}, ACCESS_TOKEN, _body)
    assert sender.server_date == ""


@pytest.mark.parametrize(
    ("allowed", "error"), [(True, TransientError), (False, PrivateAddressError)]
)
def test_private_addresses_are_asked_only_where_that_is_allowed(
    make: Callable[..., Transport],
    monkeypatch: pytest.MonkeyPatch,
    allowed: bool,
    error: type[Exception],
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    sender = make(allow_private=allowed, allow_loopback=False, max_attempts=1)

    with pytest.raises(error):
        sender.get_file("https://192.168.7.7/", None, 99, _body)


def test_the_limits_are_those_that_the_documentation_names() -> None:
    assert {
        "unpacked body": transport.MAX_BODY_BYTES,
        "one answer": transport.MAX_RESPONSE_S,
        "its headers": wire.MAX_HEADERS_S,
        "a request with its retries": transport.MAX_REQUEST_S,
        "a wait that the server asks for": transport.MAX_RETRY_AFTER_S,
        "least": transport.MIN_TIMEOUT_S,
        "first wait": transport.BACKOFF_FIRST_S,
        "longest wait": transport.BACKOFF_MAX_S,
        "step": transport.READ_CHUNK_BYTES,
    } == {
        "unpacked body": 16_777_216,
        "one answer": 120,
        "its headers": 60,
        "a request with its retries": 300,
        "a wait that the server asks for": 30,
        "least": 1,
        "first wait": 1,
        "longest wait": 30,
        "step": 16_384,
    }


# === WAITS === #


def test_the_longest_wait_that_is_waited_for_is_the_cap_itself(
    server: FaultyServer, make: Callable[..., Transport], naps: list[float]
) -> None:
    server.answers[PATH] = [_busy(30), Reply(body=b"done")]
    assert make().get(PATH, {}, "token", _checked) == b"done"
    assert naps == [pytest.approx(30, abs=0.2)]

    server.answers[PATH] = [_busy(31), Reply(body=b"done")]
    with pytest.raises(TransientError) as raised:
        make().get(PATH, {}, "token", _checked)
    assert raised.value.retry_after_s == 31
    assert len(naps) == 1


def test_no_wait_at_all_is_asked_for(
    server: FaultyServer, make: Callable[..., Transport], naps: list[float]
) -> None:
    server.answers[PATH] = [_busy(0), Reply(body=b"done")]
    assert make().get(PATH, {}, "token", _checked) == b"done"
    assert naps == []


def _busy(seconds: int) -> Reply:
    return Reply({}, status=503, headers={"Retry-After": str(seconds)})


def _checked(answer: Any) -> bytes:
    if answer.status != 200:
        wanted = retry_after_s(answer.headers.get("Retry-After"))
        raise TransientError("busy", retry_after_s=wanted)
    return _body(answer)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-3600, 0), (-1, 0), (0, 0), (90, 90)]
)
def test_a_moment_that_is_over_means_at_once(seconds: int, expected: int) -> None:
    moment = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    found = retry_after_s(format_datetime(moment, usegmt=True))
    assert found == pytest.approx(expected, abs=2)
    assert found is not None
    assert found >= 0


def test_a_moment_without_a_zone_is_of_greenwich() -> None:
    moment = datetime.now(timezone.utc) + timedelta(seconds=90)
    text = moment.strftime("%a, %d %b %Y %H:%M:%S")
    assert retry_after_s(text) == pytest.approx(90, abs=2)


def test_waits_are_spread_over_the_upper_half_of_their_ceiling(
    server: FaultyServer, make: Callable[..., Transport], naps: list[float]
) -> None:
    """So that many clients do not come back in the same moment."""
    server.answers[PATH] = [Reply({}, status=503)]
    with pytest.raises(TransientError):
        make(max_attempts=61).get(PATH, {}, "token", _checked)

    assert 0.5 <= naps[0] <= 1
    assert 1 <= naps[1] <= 2
    assert 2 <= naps[2] <= 4
    longest = naps[5:]
    assert all(15 <= nap <= 30 for nap in longest)
    assert min(longest) < 20
    assert max(longest) > 25


def test_as_many_attempts_are_made_as_are_allowed(
    server: FaultyServer, make: Callable[..., Transport], naps: list[float]
) -> None:
    server.answers[PATH] = [Reply({}, status=503)]
    with pytest.raises(TransientError):
        make(max_attempts=4).get(PATH, {}, "token", _checked)
    assert len(server.seen(PATH)) == 4
    assert len(naps) == 3


def test_a_wait_that_one_got_holds_for_all_and_only_once(
    server: FaultyServer, make: Callable[..., Transport], naps: list[float]
) -> None:
    wire_of_both = make(max_attempts=1)
    server.answers[PATH] = [_busy(30), Reply(body=b"done")]
    with pytest.raises(TransientError):
        wire_of_both.get(PATH, {}, "token", _checked)

    assert wire_of_both.get(PATH, {}, "token", _checked) == b"done"
    assert wire_of_both.get(PATH, {}, "token", _checked) == b"done"
    assert naps == [pytest.approx(30, abs=0.5)]


def test_a_request_may_have_fewer_attempts_than_others(
    server: FaultyServer, make: Callable[..., Transport], naps: list[float]
) -> None:
    server.answers[PATH] = [Reply({}, status=503)]
    with pytest.raises(TransientError):
        make().get(PATH, {}, "token", _checked, attempts=1)
    assert (len(server.seen(PATH)), naps) == (1, [])


def test_a_run_that_is_nearly_over_asks_what_it_can(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    server.answers[PATH] = [Reply(body=b"done")]
    assert make(run_s=0.9).get(PATH, {}, "token", _body) == b"done"


def test_a_wait_that_another_one_got_is_too_long_for_the_rest_of_a_run(
    server: FaultyServer, make: Callable[..., Transport], naps: list[float]
) -> None:
    wire_of_both = make(run_s=10.0, max_attempts=1)
    server.answers[PATH] = [_busy(20), Reply(body=b"done")]
    with pytest.raises(TransientError, match="busy"):
        wire_of_both.get(PATH, {}, "token", _checked)

    with pytest.raises(TransientError, match="too slow for one run"):
        wire_of_both.get(PATH, {}, "token", _checked)
    assert (naps, len(server.seen(PATH))) == ([], 1)


def test_retries_end_before_their_common_limit_does(
    server: FaultyServer,
    make: Callable[..., Transport],
    naps: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "MAX_REQUEST_S", 10.0)
    server.answers[PATH] = [_busy(9), Reply(body=b"done")]
    assert make().get(PATH, {}, "token", _checked) == b"done"
    server.answers[PATH] = [_busy(11), Reply(body=b"done")]
    with pytest.raises(TransientError):
        make().get(PATH, {}, "token", _checked)
    assert len(naps) == 1


def test_a_run_that_is_over_says_that_procurify_is_too_slow(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    over = make(run_s=0.0)
    with pytest.raises(TransientError, match="too slow for one run") as raised:
        over.get(PATH, {}, "token", _body)
    assert raised.value.url_path == PATH
    assert server.requests == []


# === WHAT IS NOT WANTED ANY MORE === #


def test_a_request_that_nobody_waits_for_is_not_sent(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    unwanted = threading.Event()
    unwanted.set()
    with pytest.raises(Cancelled):
        make().get(PATH, {}, "token", _body, unwanted)
    assert server.requests == []


def test_a_sleeper_wakes_up_when_nobody_waits(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    server.answers[PATH] = [_busy(25)]
    unwanted = threading.Event()
    timer = threading.Timer(0.3, unwanted.set)
    timer.start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        make(sleep=time.sleep).get(PATH, {}, "token", _checked, unwanted)
    assert time.monotonic() - started < 10
    assert len(server.seen(PATH)) == 1


def test_who_is_wanted_goes_on_when_the_wait_is_over(
    server: FaultyServer, make: Callable[..., Transport], naps: list[float]
) -> None:
    wanted = threading.Event()
    server.answers[PATH] = [_busy(1), Reply(body=b"done")]
    assert make(sleep=time.sleep).get(PATH, {}, "t", _checked, wanted) == b"done"

    # Who sleeps in another way is not woken up, and need not be.
    server.answers[PATH] = [_busy(25), Reply(body=b"done")]
    started = time.monotonic()
    assert make().get(PATH, {}, "t", _checked, wanted) == b"done"
    assert time.monotonic() - started < 5
    assert naps == [pytest.approx(25, abs=0.5)]


# === ERRORS SAY WHERE === #


@pytest.mark.parametrize(
    ("reply", "options", "message"),
    [
        (
            Reply(body=b"x", headers={"Content-Encoding": "br"}),
            {},
            "The answer is packed in an unknown way",
        ),
        (Reply(body=b"x" * 1001), {}, "The answer is far too large"),
        (Reply(misbehave=slow_drip), {}, "The answer came too slowly"),
        (Reply({}), {"run_s": 0.0}, "Procurify is too slow for one run"),
    ],
)
def test_an_error_says_what_happened_and_where(
    server: FaultyServer,
    make: Callable[..., Transport],
    monkeypatch: pytest.MonkeyPatch,
    reply: Reply,
    options: dict[str, float],
    message: str,
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 1000)
    monkeypatch.setattr(transport, "MAX_RESPONSE_S", 0.3)
    server.answers[PATH] = [reply]
    with pytest.raises((ProtocolError, TransientError)) as raised:
        make(max_attempts=1, **options).get(PATH, {}, "token", _body)
    assert (str(raised.value), raised.value.url_path) == (message, PATH)


def test_an_error_names_the_path_and_never_the_query(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    mine = make(max_attempts=1)
    for path in (PATH, "/file", TOKEN_PATH):
        server.answers[path] = [Reply(misbehave=reset_connection)]
    calls: list[tuple[str, Callable[[], Any]]] = [
        (PATH, lambda: mine.get(PATH, {"secret": "1"}, "token", _body)),
        ("/file", lambda: mine.get_file(f"{server.url}/file?s=1", "t", 9, _body)),
        (TOKEN_PATH, lambda: mine.post_token({"a": "b"}, _body)),
    ]
    for path, call in calls:
        with pytest.raises(TransientError) as raised:
            call()
        assert raised.value.url_path == path


def test_what_is_posted_is_json_to_the_token_s_address(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    server.answers[TOKEN_PATH] = [Reply(body=b"done")]
    assert make().post_token({"grant": "it"}, _body) == b"done"
    (request,) = server.requests
    assert (request.method, request.body) == ("POST", b'{"grant": "it"}')
    assert request.headers["Accept"] == "application/json"
    assert request.headers["X-Procurify-Client"] == "api"
    assert "Authorization" not in request.headers


def test_a_file_elsewhere_gets_no_token(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    server.answers["/file"] = [Reply(body=b"done")]
    fetched = make(max_attempts=1).get_file(f"{server.url}/file", None, 9, _body)
    assert fetched == b"done"
    (request,) = server.requests
    assert "Authorization" not in request.headers
    assert "X-Procurify-Client" not in request.headers


def test_no_redirect_is_followed(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    mine = make(max_attempts=1)
    for path in (PATH, TOKEN_PATH):
        there = {"Location": f"{server.url}/elsewhere"}
        server.answers[path] = [Reply({}, status=302, headers=there)]

    def status(answer: Any) -> int:
        found: int = answer.status
        return found

    assert mine.get(PATH, {}, "token", status) == 302
    assert mine.post_token({}, status) == 302
    assert server.seen("/elsewhere") == []


def test_secrets_are_blanked_in_what_a_server_echoes(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    body = f"token-1 and {SECRET}".encode()
    for path in (PATH, "/file", TOKEN_PATH):
        server.answers[path] = [Reply(body=body)]

    def excerpt(answer: Any) -> str:
        text: str = answer.excerpt()
        return text

    mine = make()
    assert mine.get(PATH, {}, "token-1", excerpt) == "*** and ***"
    file = f"{server.url}/file"
    assert mine.get_file(file, "token-1", 99, excerpt) == "*** and ***"
    assert mine.get_file(file, None, 99, excerpt) == "token-1 and ***"
    assert mine.post_token({}, excerpt) == "token-1 and ***"


# === WHAT COMES BACK === #


def test_what_is_sent_is_what_is_documented(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    server.answers[PATH] = [Reply(body=b"done")]
    make().get(PATH, {"page": "2"}, "token-1", _body)
    (request,) = server.requests
    assert request.params == {"page": "2"}
    assert request.headers["Accept"] == "application/json"
    assert request.headers["X-Procurify-Client"] == "api"
    assert request.headers["Authorization"] == "Bearer token-1"


def test_a_file_is_asked_for_as_whatever_it_is(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    server.answers["/file"] = [Reply(body=b"1234")]
    assert make().get_file(f"{server.url}/file", "token-1", 4, _body) == b"1234"
    (request,) = server.requests
    assert request.headers["Accept"] == "*/*"
    assert request.headers["Authorization"] == "Bearer token-1"


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_may_be_as_large_as_its_limit(
    server: FaultyServer, make: Callable[..., Transport], announced: bool
) -> None:
    headers = {} if announced else {"Content-Length": "", "Connection": "close"}
    server.answers["/file"] = [Reply(body=b"1234", headers=headers)]
    fetch = make().get_file
    assert fetch(f"{server.url}/file", "token", 4, _body) == b"1234"
    with pytest.raises(TooLarge):
        fetch(f"{server.url}/file", "token", 3, _body)


def test_the_limit_of_a_file_is_not_for_the_words_of_a_refusal(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    server.answers["/file"] = [Reply({"detail": "no such file"}, status=404)]
    found = make().get_file(f"{server.url}/file", "token", 3, _body)
    assert b"no such file" in found


@pytest.mark.parametrize("extra", [0, 1])
def test_a_body_may_be_as_large_as_the_limit(
    server: FaultyServer,
    make: Callable[..., Transport],
    monkeypatch: pytest.MonkeyPatch,
    extra: int,
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 1000)
    server.answers[PATH] = [Reply(body=b"x" * (1000 + extra))]
    if not extra:
        assert len(make().get(PATH, {}, "token", _body)) == 1000
        return
    with pytest.raises(ProtocolError, match="far too large") as raised:
        make().get(PATH, {}, "token", _body)
    assert raised.value.url_path == PATH


def test_one_byte_too_many_after_a_whole_step_is_noticed(
    server: FaultyServer,
    make: Callable[..., Transport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was read by then is as large as it may be."""
    step = transport.READ_CHUNK_BYTES
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", step)
    unannounced = {"Content-Length": "", "Connection": "close"}
    for path in (PATH, "/file"):
        server.answers[path] = [Reply(body=b"x" * (step + 1), headers=unannounced)]
    with pytest.raises(ProtocolError):
        make().get(PATH, {}, "token", _body)
    with pytest.raises(TooLarge) as raised:
        make().get_file(f"{server.url}/file", "token", step, _body)
    assert raised.value.limit == step


def _received(announced: str | None, read: int | None) -> Any:
    """Return an answer that is over after ``read`` bytes, as old urllib3 has it."""
    headers = {} if announced is None else {"Content-Length": announced}
    return SimpleNamespace(headers=headers, raw=SimpleNamespace(tell=lambda: read))


def test_a_body_that_ended_early_is_noticed_without_help_of_urllib3() -> None:
    with pytest.raises(TransientError) as raised:
        Transport._check_complete(_received("10", 9), PATH)
    assert str(raised.value) == "The answer ended early"
    assert raised.value.url_path == PATH
    for announced, read in (
        *(("10", 10), ("10", 11), ("9", 10)),
        # What is not announced, or was not counted, says nothing.
        *((None, 9), ("", 9), ("many", 9), ("10", 0), ("10", None)),
    ):
        Transport._check_complete(_received(announced, read), PATH)
    uncounted = SimpleNamespace(headers={"Content-Length": "10"}, raw=object())
    Transport._check_complete(uncounted, PATH)  # type: ignore[arg-type]


def test_every_body_is_read_in_small_steps_and_to_its_end(
    server: FaultyServer,
    make: Callable[..., Transport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(OldSession, "steps", [])
    server.answers[PATH] = [Reply(body=b"1234")]
    with pytest.raises(TransientError, match="ended early") as raised:
        make(session_factory=OldSession, max_attempts=1).get(PATH, {}, "t", _body)
    assert raised.value.url_path == PATH
    assert OldSession.steps == [transport.READ_CHUNK_BYTES]


@pytest.mark.parametrize("encoding", ["br", "zstd", " GZIP-ish"])
def test_an_unknown_packing_is_refused(
    server: FaultyServer, make: Callable[..., Transport], encoding: str
) -> None:
    server.answers[PATH] = [Reply(body=b"x", headers={"Content-Encoding": encoding})]
    with pytest.raises(ProtocolError, match="unknown way") as raised:
        make().get(PATH, {}, "token", _body)
    assert raised.value.url_path == PATH


@pytest.mark.parametrize("encoding", ["identity", " Identity ", ""])
def test_a_body_that_is_not_packed_may_say_so(
    server: FaultyServer, make: Callable[..., Transport], encoding: str
) -> None:
    server.answers[PATH] = [Reply(body=b"x", headers={"Content-Encoding": encoding})]
    assert make().get(PATH, {}, "token", _body) == b"x"


def test_the_date_of_the_newest_answer_is_kept(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    mine = make()
    assert mine.server_date == ""
    server.answers[PATH] = [Reply(body=b"x")]
    mine.get(PATH, {}, "token", _body)
    assert mine.server_date.endswith("GMT")


def test_the_trace_of_an_attempt_says_what_became_of_it(
    server: FaultyServer, make: Callable[..., Transport]
) -> None:
    traces = Traces()
    mine = make(traces=traces, max_attempts=1)
    headers = {"X-Request-Id": "r-7"}
    server.answers[PATH] = [Reply(body=b"x", headers=headers)]
    server.answers["/file"] = [Reply(body=b"x")]
    mine.get(PATH, {}, "token", _body)
    mine.get_file(f"{server.url}/file", "token", 9, _body)
    server.answers[PATH] = [Reply(body=b"x", headers={"Content-Encoding": "br"})]
    with pytest.raises(ProtocolError):
        mine.get(PATH, {}, "token", _body)

    seen = [
        (t.method, t.path, t.status, t.request_id, t.problem) for t in traces.newest()
    ]
    assert sorted(seen) == sorted(
        [
            ("GET", PATH, 200, "r-7", ""),
            ("GET", "(file)", 200, "", ""),
            ("GET", PATH, 0, "", "ProtocolError"),
        ]
    )
    for trace in traces.newest():
        assert 0 <= trace.seconds < 30
        assert datetime.now(timezone.utc) - trace.at < timedelta(minutes=1)
        assert trace.procurify_request_id == ""
