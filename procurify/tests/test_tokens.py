"""The token: how long it lives, who renews it, what a refusal means."""

from __future__ import annotations

import json
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from .. import (
    RESOURCES,
    AddressError,
    AuthenticationError,
    ProtocolError,
    StreamError,
    Token,
    TokenRefused,
    TransientError,
)
from ..tokens import TokenSource
from .server import (
    ACCESS_TOKEN,
    SECRET,
    TOKEN_PATH,
    FaultyServer,
    Reply,
    Request,
    page_json,
    reset_connection,
    token_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
VENDORS = RESOURCES["vendor"]
BILLS = RESOURCES["bill"]


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vendors(server: FaultyServer) -> FaultyServer:
    server.answers[VENDORS.list_path] = [Reply(page_json([]))]
    return server


def test_the_request_has_the_four_documented_fields(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    connect().authenticate()

    assert json.loads(server.seen(TOKEN_PATH)[0].body) == {
        "client_id": "id-1",
        "client_secret": SECRET,
        "audience": "https://api.procurify.com/",
        "grant_type": "client_credentials",
    }


def test_a_token_says_whose_it_is(connect: Callable[..., Client]) -> None:
    assert connect().authenticate() == ("acme", "api@acme.example")
    assert Token("t", NOON, "").tenant == ""


@pytest.mark.parametrize(
    ("expires_in", "renewed_after"),
    [
        (86400, timedelta(hours=23)),
        (1_000_000, timedelta(hours=23)),
        (7200, timedelta(hours=1)),
        (100, timedelta(seconds=50)),
        ("86400", timedelta(hours=23)),
        (None, timedelta(minutes=30)),
    ],
)
def test_a_token_is_renewed_in_time(
    vendors: FaultyServer,
    connect: Callable[..., Client],
    clock: Clock,
    expires_in: object,
    renewed_after: timedelta,
) -> None:
    vendors.answers[TOKEN_PATH] = [Reply(token_json(expires_in=expires_in))]
    client = connect(now=clock)
    client.count(VENDORS)

    clock.time = NOON + renewed_after - timedelta(seconds=1)
    client.count(VENDORS)
    assert len(vendors.seen(TOKEN_PATH)) == 1

    clock.time = NOON + renewed_after
    client.count(VENDORS)
    assert len(vendors.seen(TOKEN_PATH)) == 2


@pytest.mark.parametrize(
    ("data", "lives"),
    [
        ({}, timedelta(hours=1)),
        ({"expires_in": "soon"}, timedelta(hours=1)),
        ({"expires_in": float("inf")}, timedelta(hours=1)),
        ({"expires_in": 1}, timedelta(seconds=1)),
        ({"expires_in": 0}, timedelta()),
        ({"expires_in": -5}, timedelta()),
    ],
)
def test_a_token_lives_as_long_as_the_server_says(
    server: FaultyServer,
    connect: Callable[..., Client],
    clock: Clock,
    data: dict[str, object],
    lives: timedelta,
) -> None:
    server.answers[TOKEN_PATH] = [Reply({"access_token": "t"} | data)]
    kept = list[Token]()

    connect(now=clock, keep_token=kept.append).authenticate()

    [token] = kept
    assert token.expires_at - NOON == lives
    assert token.renew_at - NOON == lives / 2
    assert token.scope == ""


def test_a_source_of_tokens_renews_them_unless_it_is_said_otherwise() -> None:
    new, kept = Token("new", NOON + timedelta(hours=2)), list[Token]()
    source = TokenSource(
        lambda _body, _parse: new,
        "id-1",
        SECRET,
        load=lambda: None,
        keep=kept.append,
        now=lambda: NOON,
    )

    assert source.current() is new
    assert kept == [new]


def test_a_kept_token_is_used_and_a_worn_one_is_not(
    vendors: FaultyServer, connect: Callable[..., Client], clock: Clock
) -> None:
    kept = Token("kept", NOON + timedelta(hours=2), "")
    connect(now=clock, load_token=lambda: kept).count(VENDORS)
    assert vendors.seen(TOKEN_PATH) == []
    assert vendors.requests[0].headers["Authorization"] == "Bearer kept"

    worn = Token("worn", NOON + timedelta(hours=1), "")
    renewed = list[Token]()
    client = connect(now=clock, load_token=lambda: worn, keep_token=renewed.append)
    client.count(VENDORS)
    assert len(vendors.seen(TOKEN_PATH)) == 1
    assert [token.access_token for token in renewed] == [ACCESS_TOKEN]


def test_authenticate_asks_even_with_a_good_token(
    server: FaultyServer, connect: Callable[..., Client], clock: Clock
) -> None:
    kept = Token("kept", NOON + timedelta(hours=20), "")

    renewed = list[Token]()
    options = {"load_token": lambda: kept, "keep_token": renewed.append}

    connect(now=clock, **options).authenticate()

    [token] = renewed
    assert token.access_token == ACCESS_TOKEN
    assert token.expires_at == NOON + timedelta(hours=24)


def test_threads_wait_for_one_renewal(
    vendors: FaultyServer, connect: Callable[..., Client]
) -> None:
    client = connect()
    start = threading.Barrier(8)

    def count(_: int) -> int:
        start.wait()
        return client.count(VENDORS)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))

    assert len(vendors.seen(TOKEN_PATH)) == 1


def test_a_token_refused_to_several_threads_is_replaced_once(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[TOKEN_PATH] = [
        Reply(token_json("old")),
        Reply(token_json("new")),
    ]
    together = threading.Barrier(4)

    def bill(request: Request) -> Reply:
        if request.headers["Authorization"] == "Bearer old":
            together.wait(2)
            return Reply({"detail": "expired"}, status=401)
        return Reply({"data": {"id": 1}})

    for number in range(4):
        server.answers[f"/api/v2/ap/bills/{number}/"] = bill

    found = connect().details(BILLS, range(4))

    assert len(found) == 4
    assert len(server.seen(TOKEN_PATH)) == 2


def test_one_refusal_renews_and_repeats(
    vendors: FaultyServer, connect: Callable[..., Client], naps: list[float]
) -> None:
    refusal = Reply({"detail": "Token expired."}, status=401)
    vendors.answers[VENDORS.list_path] = [refusal, Reply(page_json([]))]

    assert connect().count(VENDORS) == 0
    assert len(vendors.seen(TOKEN_PATH)) == 2
    assert naps == []


def test_a_second_refusal_is_for_a_person(
    vendors: FaultyServer, connect: Callable[..., Client]
) -> None:
    vendors.answers[VENDORS.list_path] = [Reply({"detail": "User inactive"}, 401)]

    with pytest.raises(AuthenticationError, match="User inactive") as raised:
        connect().count(VENDORS)

    assert raised.value.reason == "inactive_or_forbidden"
    assert raised.value.http_status == 401
    assert len(vendors.seen(VENDORS.list_path)) == 2


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_credentials_are_for_a_person(
    server: FaultyServer, connect: Callable[..., Client], status: int
) -> None:
    said = {"error": "access_denied", "error_description": "Unauthorized"}
    server.answers[TOKEN_PATH] = [Reply(said, status=status)]

    with pytest.raises(AuthenticationError, match="Unauthorized") as raised:
        connect().authenticate()

    assert raised.value.reason == "credentials"
    assert len(server.requests) == 1


def test_no_token_endpoint_is_a_wrong_address(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[TOKEN_PATH] = [Reply({}, status=404)]

    with pytest.raises(AddressError):
        connect().authenticate()


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"token_type": "Bearer"}),
        Reply([]),
        Reply(token_json("")),
        Reply(token_json("two words")),
        Reply(token_json("line\r\nX-Evil: 1")),
        Reply(token_json("tökén")),
        Reply(body=b"<html>Log in</html>", headers={"Content-Type": "text/html"}),
        Reply({}, status=204, body=b""),
        Reply({}, status=405),
        Reply({}, status=302, headers={"Location": "https://login.example/"}),
        Reply(body=b'{"access_token": "cut-off'),
    ],
)
def test_an_answer_without_a_token_is_no_token(
    server: FaultyServer, connect: Callable[..., Client], reply: Reply
) -> None:
    server.answers[TOKEN_PATH] = [reply]

    with pytest.raises(ProtocolError) as raised:
        connect().authenticate()

    assert "cut-off" not in raised.value.excerpt


@pytest.mark.parametrize("token", ["", "two words", None])
def test_an_answer_with_nothing_that_can_be_sent_is_named(
    server: FaultyServer, connect: Callable[..., Client], token: object
) -> None:
    server.answers[TOKEN_PATH] = [Reply({"access_token": token})]

    with pytest.raises(ProtocolError) as raised:
        connect().authenticate()

    assert str(raised.value).startswith("The token endpoint sent no access token")


def test_a_busy_token_endpoint_is_tried_again(
    server: FaultyServer, connect: Callable[..., Client], naps: list[float]
) -> None:
    server.answers[TOKEN_PATH] = [
        Reply({}, status=503),
        Reply(misbehave=reset_connection),
        Reply(token_json()),
    ]

    connect().authenticate()

    assert len(server.seen(TOKEN_PATH)) == 3
    assert len(naps) == 2


def test_a_token_endpoint_elsewhere_gets_the_secret_and_no_token(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    with FaultyServer() as login:
        client = connect(token_url=login.url + TOKEN_PATH)
        server.answers[VENDORS.list_path] = [Reply(page_json([]))]
        client.count(VENDORS)

        assert [seen.path for seen in login.requests] == [TOKEN_PATH]
        assert [seen.path for seen in server.requests] == [VENDORS.list_path]


def test_secrets_are_in_no_text(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    echo_secret = f"you sent {SECRET}".encode()
    echo_token = f"you sent {ACCESS_TOKEN} after {SECRET}".encode()
    client = connect(max_attempts=1)
    client.authenticate()
    token = Token(ACCESS_TOKEN, NOON)
    texts = [repr(client), str(client), repr(token), str(token)]
    html = {"Content-Type": "text/html"}

    for path, reply in (
        (TOKEN_PATH, Reply(body=echo_secret, status=400)),
        (TOKEN_PATH, Reply(body=echo_secret, headers=html)),
        (TOKEN_PATH, Reply(token_json(), headers=html)),
        (TOKEN_PATH, Reply(misbehave=reset_connection)),
        (VENDORS.list_path, Reply({"detail": ACCESS_TOKEN}, status=400)),
        (VENDORS.list_path, Reply(body=echo_token, headers=html)),
        (VENDORS.list_path, Reply(misbehave=reset_connection)),
        (VENDORS.list_path, Reply({"detail": ACCESS_TOKEN}, status=401)),
    ):
        server.answers[TOKEN_PATH] = [Reply(token_json())]
        server.answers[path] = [reply]
        with pytest.raises(StreamError) as raised:
            client.authenticate() if path == TOKEN_PATH else client.count(VENDORS)
        error = raised.value
        texts += [str(error), repr(error), repr(vars(error))]
        texts += traceback.format_exception(error)
        if isinstance(error, TransientError):
            assert error.__cause__ is None
            assert error.__context__ is None

    assert not [text for text in texts if SECRET in text or ACCESS_TOKEN in text]


def test_a_client_that_does_not_renew_says_so(
    vendors: FaultyServer, connect: Callable[..., Client]
) -> None:
    client = connect(renews_token=False)
    assert client.is_token_due
    with pytest.raises(TokenRefused):
        list(client.pages(VENDORS))

    client.authenticate()
    assert not client.is_token_due
    assert len(list(client.pages(VENDORS))) == 1

    vendors.answers[VENDORS.list_path] = [Reply({}, status=401)]
    with pytest.raises(TokenRefused):
        list(client.pages(VENDORS))
    assert len(vendors.seen(TOKEN_PATH)) == 1


def test_a_token_that_others_fetched_is_taken(
    vendors: FaultyServer, connect: Callable[..., Client], clock: Clock
) -> None:
    stored = [Token("first", NOON + timedelta(hours=2))]
    client = connect(now=clock, renews_token=False, load_token=lambda: stored[0])

    assert not client.reload_token()
    stored[0] = Token("second", NOON + timedelta(hours=2))
    assert client.reload_token()
    client.count(VENDORS)

    [request] = vendors.seen(VENDORS.list_path)
    assert request.headers["Authorization"] == "Bearer second"


def test_no_attribute_of_a_client_leads_to_a_secret(
    vendors: FaultyServer, connect: Callable[..., Client]
) -> None:
    """As far as an expression gets: attributes without underscores at both ends."""
    client = connect()
    client.count(VENDORS)
    found: list[object] = [client]
    seen: dict[int, object] = {id(client): client}
    while found:
        here = found.pop()
        for name in dir(here):
            if name.startswith("__"):
                continue
            each = getattr(here, name, None)
            assert each != SECRET
            assert each != ACCESS_TOKEN
            if id(each) not in seen:
                seen[id(each)] = each
                if not isinstance(each, (str, int, float, bytes, type)):
                    found.append(each)
    assert len(seen) > 20
