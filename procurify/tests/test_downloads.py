"""Files: where the token goes, where it does not, and how much is read."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from .. import (
    AuthenticationError,
    Download,
    ForbiddenError,
    InvalidPayload,
    MissingObject,
    ProtocolError,
    TooLarge,
    TransientError,
    transport,
)
from ..answers import Answer
from ..downloads import download
from .server import (
    ACCESS_TOKEN,
    TOKEN_PATH,
    FaultyServer,
    Reply,
    Request,
    half_a_body,
    slow_drip,
    token_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

    from .. import Client

FILE = "/media/att/quote.pdf"
CONTENT = b"%PDF-1.7 of the tests"
PDF = Reply(body=CONTENT, headers={"Content-Type": "Application/PDF; charset=x"})
ORIGIN = "https://acme.procurify.example"


@pytest.fixture
def storage() -> Iterator[FaultyServer]:
    """Give another host: the same machine, another port."""
    with FaultyServer() as running:
        yield running


def _to(address: str, status: int = 302) -> Reply:
    return Reply({}, status=status, headers={"Location": address})


def _credentials(request: Request) -> set[str]:
    names = {name.lower() for name in request.headers}
    return names & {"authorization", "x-procurify-client", "cookie"}


# === THE TENANT === #


@pytest.mark.parametrize("place", ["{url}/media/att/quote.pdf", FILE, FILE[1:]])
def test_the_tenants_own_file_is_read_with_the_token(
    server: FaultyServer, connect: Callable[..., Client], place: str
) -> None:
    server.answers[FILE] = [PDF]

    found = connect().download(place.format(url=server.url), limit=len(CONTENT))

    assert found == Download(CONTENT, "application/pdf", host_is_tenant=True)
    (request,) = server.seen(FILE)
    assert request.method == "GET"
    assert request.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
    assert request.headers["X-Procurify-Client"] == "api"


def test_a_file_that_is_not_there_is_missing(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    found = connect().download(f"{FILE}?signature=abc", limit=3)

    assert found == MissingObject(FILE)


def test_a_refused_token_is_replaced_once(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[TOKEN_PATH] = [Reply(token_json("old")), Reply(token_json("new"))]
    server.answers[FILE] = [Reply({}, status=401), PDF]
    assert isinstance(connect().download(FILE, limit=99), Download)

    server.answers[FILE] = [Reply({}, status=401)]
    with pytest.raises(AuthenticationError):
        connect().download(FILE, limit=99)


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, ForbiddenError), (400, ProtocolError), (206, ProtocolError)],
)
def test_a_refusal_of_the_tenant_is_reported(
    server: FaultyServer,
    connect: Callable[..., Client],
    status: int,
    error: type[Exception],
) -> None:
    server.answers[FILE] = [Reply({}, status=status)]

    with pytest.raises(error):
        connect().download(FILE, limit=1)


@pytest.mark.parametrize(
    "fault",
    [Reply({}, status=503), Reply({}, status=429), Reply(misbehave=half_a_body)],
)
def test_a_passing_fault_is_tried_again(
    server: FaultyServer, connect: Callable[..., Client], fault: Reply
) -> None:
    server.answers[FILE] = [fault, PDF]

    assert isinstance(connect().download(FILE, limit=2000), Download)


def test_a_file_that_comes_too_slowly_is_given_up(
    server: FaultyServer,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transport, "MAX_RESPONSE_S", 0.2)
    server.answers[FILE] = [Reply(misbehave=slow_drip)]

    with pytest.raises(TransientError, match="slowly"):
        connect(max_attempts=1).download(FILE, limit=2000)


def test_a_login_page_is_left_to_the_caller(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[FILE] = [_to("/login/")]
    page = Reply(body=b"<html>", headers={"Content-Type": "text/html"})
    server.answers["/login/"] = [page]

    found = connect().download(FILE, limit=99)

    assert found == Download(b"<html>", "text/html", host_is_tenant=True)


# === OTHER HOSTS === #


def test_another_host_gets_no_credential(
    server: FaultyServer, storage: FaultyServer, connect: Callable[..., Client]
) -> None:
    storage.answers["/b/a file.pdf"] = storage.answers["/b/a%20file.pdf"] = [PDF]

    found = connect().download(f"{storage.url}/b/a file.pdf?sig=x%2By", limit=99)

    assert found == Download(CONTENT, "application/pdf", host_is_tenant=False)
    (request,) = storage.requests
    assert _credentials(request) == set()
    assert request.params == {"sig": "x+y"}
    assert server.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_token_is_left_behind_and_taken_up_again(
    server: FaultyServer,
    storage: FaultyServer,
    connect: Callable[..., Client],
    status: int,
) -> None:
    server.answers[FILE] = [_to(f"{storage.url}/there", status)]
    storage.answers["/there"] = [_to("/here", status)]
    storage.answers["/here"] = [_to(f"{server.url}/back", status)]
    server.answers["/back"] = [PDF]

    found = connect().download(FILE, limit=99)

    assert isinstance(found, Download)
    assert found.host_is_tenant
    assert [_credentials(request) for request in storage.requests] == [set(), set()]
    for path in (FILE, "/back"):
        assert _credentials(server.seen(path)[0]) == {
            "authorization",
            "x-procurify-client",
        }


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_signed_address_that_ran_out_is_missing(
    server: FaultyServer,
    storage: FaultyServer,
    connect: Callable[..., Client],
    status: int,
) -> None:
    storage.answers["/b"] = [Reply({}, status=status)]

    found = connect().download(f"{storage.url}/b?sig=secret", limit=9)

    assert found == MissingObject(f"{storage.url}/b")
    assert server.requests == []


def test_a_fourth_redirect_is_not_followed(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[FILE] = [_to(FILE)]

    with pytest.raises(InvalidPayload, match="too often"):
        connect().download(FILE, limit=99)
    assert len(server.seen(FILE)) == 4


def test_a_redirect_to_nowhere_is_reported(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[FILE] = [Reply({}, status=302)]

    with pytest.raises(ProtocolError, match="elsewhere"):
        connect().download(FILE, limit=99)


# === ADDRESSES === #


class Web:
    """Answers without a network; ``asked`` is what was asked for, and of whom."""

    def __init__(self, **redirects: str) -> None:
        self.redirects = redirects
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, url: str, is_tenant: bool) -> Answer:
        """Answer as the transport would."""
        self.asked.append((url, is_tenant))
        target = self.redirects.get(url.rpartition("/")[2])
        headers = {"Location": target} if target else {}
        return Answer("/", 302 if target else 200, headers, b"x")


@pytest.mark.parametrize(
    ("file", "url", "is_tenant"),
    [
        ("/a.pdf", f"{ORIGIN}/a.pdf", True),
        (" a b.pdf\n", f"{ORIGIN}/a%20b.pdf", True),
        ("HTTPS://ACME.procurify.example:443/a", f"{ORIGIN}:443/a", True),
        ("//files.example/a?x=1", "https://files.example/a?x=1", False),
        (f"{ORIGIN}:8443/a", f"{ORIGIN}:8443/a", False),
        (f"{ORIGIN}.evil.example/a", f"{ORIGIN}.evil.example/a", False),
        (
            "https://evil.example\\@acme.procurify.example/a",
            "https://evil.example/%5C@acme.procurify.example/a",
            False,
        ),
    ],
)
def test_the_token_is_for_one_origin(file: str, url: str, is_tenant: bool) -> None:
    web = Web()

    download(file, ORIGIN, web)

    assert web.asked == [(url, is_tenant)]


@pytest.mark.parametrize(
    "file",
    [
        "",
        " ",
        "http://acme.procurify.example/a",
        "http://files.example/a",
        "ftp://files.example/a",
        "file:///etc/passwd",
        "data:text/plain,x",
        "https://user:word@files.example/a",
        "https://[",
        "http://127.0.0.1/a",
        "http://localhost:8069/a",
        "https://localhost/a",
        "https://[::1]/a",
    ],
)
def test_an_address_that_no_file_is_read_from_is_refused(file: str) -> None:
    web = Web(**{"a.pdf": file or "http://x.example/"})

    with pytest.raises(InvalidPayload):
        download(file, ORIGIN, web)
    assert web.asked == []
    with pytest.raises(InvalidPayload):
        download("/a.pdf", ORIGIN, Web(**{"a.pdf": file.strip() or "http://x/"}))


def test_encryption_is_not_given_up_on_the_way() -> None:
    here = "https://localhost:8443"

    with pytest.raises(InvalidPayload, match="encrypted"):
        download("/a", here, Web(a="http://localhost:8069/b"))


# === SIZE === #


def test_the_limit_counts_to_the_byte(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[FILE] = [PDF]

    assert connect().download(FILE, limit=len(CONTENT))
    with pytest.raises(TooLarge) as caught:
        connect().download(FILE, limit=len(CONTENT) - 1)
    assert (caught.value.code, caught.value.limit) == ("too_large", len(CONTENT) - 1)
    assert len(server.seen(FILE)) == 2


def test_an_announced_size_is_enough_to_refuse(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    def never_ends(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000000")
        handler.end_headers()
        handler.wfile.flush()

    server.answers[FILE] = [Reply(misbehave=never_ends)]

    with pytest.raises(TooLarge):
        connect().download(FILE, limit=1000)


def test_a_packed_body_counts_by_what_it_holds(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    content = b"0" * 100_000
    packed: dict[str, Any] = {
        "body": gzip.compress(content),
        "headers": {"Content-Encoding": "gzip"},
    }
    server.answers[FILE] = [Reply(**packed)]

    found = connect().download(FILE, limit=len(content))
    assert isinstance(found, Download)
    assert found.content == content
    with pytest.raises(TooLarge):
        connect().download(FILE, limit=len(content) - 1)


def test_a_body_of_unknown_length_is_cut_off(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    def chunks(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"400\r\n" + b"0" * 1024 + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    server.answers[FILE] = [Reply(misbehave=chunks)]

    with pytest.raises(TooLarge):
        connect().download(FILE, limit=2048)


def test_the_limit_is_not_for_what_comes_instead(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[FILE] = [Reply({"detail": "x" * 500}, status=404)]

    assert isinstance(connect().download(FILE, limit=1), MissingObject)
