"""Nothing inside is asked, certificates are checked, and headers come in time."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .. import (
    RESOURCES,
    AddressError,
    PrivateAddressError,
    ProtocolError,
    StreamError,
    TransientError,
)
from .. import wire as wire_module
from ..wire import Reach
from .server import TOKEN_PATH, FaultyServer, Reply, page_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from .. import Client

VENDORS = RESOURCES["vendor"]
PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    "10.1.2.3",
    "172.31.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "0xa000001",
    "167772161",
    "012.0.0.1",
    "10.1",
]
LOOPBACK = ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "0x7f.1", "2130706433"]
NEVER = [
    "169.254.169.254",
    "168.63.129.16",
    "100.100.100.200",
    "fd00:ec2::254",
    "::ffff:a9fe:a9fe",
    "0xa9fea9fe",
    "0.0.0.0",
    "0",
    "::",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "3fff::1",
    "4000::1",
    "64:ff9b:1::1",
]


@pytest.mark.parametrize(
    ("reach", "open_to"),
    [
        (Reach(), PUBLIC),
        (Reach(private=True), PUBLIC + PRIVATE),
        (Reach(loopback=True), PUBLIC + LOOPBACK),
        (Reach(loopback=True, private=True), PUBLIC + PRIVATE + LOOPBACK),
    ],
)
def test_only_what_is_allowed_is_within_reach(reach: Reach, open_to: list[str]) -> None:
    reached = []
    for host in PUBLIC + PRIVATE + LOOPBACK + NEVER:
        with suppress(PrivateAddressError):
            reach.check_literal(host)
            reached.append(host)

    assert reached == open_to


def resolving(
    monkeypatch: pytest.MonkeyPatch, *answers: list[str]
) -> Callable[[], int]:
    """Let names resolve to ``answers``, one after the other; count the questions."""
    genuine, questions = socket.getaddrinfo, list[str]()

    def lookup(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if not str(host).endswith(".example"):
            return genuine(host, port, *args, **kwargs)
        answer = answers[min(len(questions), len(answers) - 1)]
        questions.append(host)
        return [
            found
            for address in answer
            for found in genuine(address, port, type=socket.SOCK_STREAM)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return lambda: len(questions)


@pytest.mark.parametrize("field", ["base_url", "token_url"])
@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], ["10.0.0.9"], ["8.8.8.8", "10.0.0.9"], ["169.254.169.254"]],
)
def test_a_name_of_something_inside_is_not_connected_to(
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    answer: list[str],
    field: str,
) -> None:
    resolving(monkeypatch, answer)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it connects"))
    inside = {"base_url": "https://acme.example"}
    if field == "token_url":
        inside["token_url"] = "https://login.acme.example/token"

    with pytest.raises(PrivateAddressError) as caught:
        connect(**inside).authenticate()

    assert caught.value.can_be_allowed == ("10.0.0.9" in answer)


def test_a_name_that_resolves_again_changes_nothing(
    server: FaultyServer,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    questions = resolving(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    connected = list[object]()

    def connect_socket(_socket: socket.socket, address: object) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect_socket)
    port = int(server.url.rpartition(":")[2])

    with pytest.raises(StreamError):
        connect(base_url=f"https://acme.example:{port}", max_attempts=1).authenticate()

    assert connected == [("8.8.8.8", port)]
    assert questions() == 1
    assert not server.requests


def test_the_next_address_is_tried_when_one_does_not_answer(
    server: FaultyServer,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, ["127.0.0.9", "127.0.0.1"])
    port = server.url.rpartition(":")[2]
    # Its own name: that of a program of this machine may not be any.
    monkeypatch.setattr("procurify.wire.is_loopback", lambda _origin: True)

    connect(base_url=f"http://acme.example:{port}").authenticate()

    [request] = server.seen(TOKEN_PATH)
    assert request.headers["Host"] == f"acme.example:{port}"


def test_this_machine_is_asked_only_where_that_is_allowed(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    with pytest.raises(PrivateAddressError) as caught:
        connect(allow_loopback=False).authenticate()

    assert not caught.value.can_be_allowed
    assert not server.requests


def test_a_written_address_is_refused_before_a_proxy_gets_it(
    connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")

    with pytest.raises(PrivateAddressError):
        connect(base_url="https://192.168.7.7").authenticate()
    with pytest.raises(TransientError, match="proxy"):
        connect(base_url="https://192.168.7.7", allow_private=True).authenticate()


def test_a_file_on_a_private_host_is_the_files_own_failure(
    server: FaultyServer,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, ["10.0.0.9"])

    for file in ("https://files.example/1.pdf", "https://10.0.0.9/1.pdf"):
        with pytest.raises(ProtocolError, match="private network"):
            connect().download(file, limit=100)


# === CERTIFICATES === #


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Give a certificate for this machine that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_no_setting_switches_the_check_of_certificates_off(
    server: FaultyServer,
    connect: Callable[..., Client],
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    url = server.url.replace("http:", "https:")

    def careless() -> requests.Session:
        session = requests.Session()
        session.verify = False
        return session

    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(variable, "")
    for factory in (requests.Session, careless):
        with pytest.raises(AddressError, match="certificate"):
            connect(base_url=url, session_factory=factory).authenticate()
    assert not server.requests

    def trusting() -> requests.Session:
        session = requests.Session()
        session.verify = str(certificate)
        return session

    connect(base_url=url, session_factory=trusting).authenticate()
    assert server.seen(TOKEN_PATH)


# === HEADERS THAT DO NOT END === #


def _repeat(line: bytes, pause: float) -> Callable[[BaseHTTPRequestHandler], None]:
    def misbehave(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for _number in range(20_000):
                handler.wfile.write(line)
                time.sleep(pause)

    return misbehave


def _interim(handler: BaseHTTPRequestHandler) -> None:
    with suppress(OSError):
        while True:
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.01)


def _chunk_without_end(handler: BaseHTTPRequestHandler) -> None:
    with suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _number in range(200):
            handler.wfile.write(b"1" * 10_000)


@pytest.mark.parametrize(
    ("misbehave", "said"),
    [
        (_repeat(b"X-A: b\r\n", 0.01), "broke"),  # more than a hundred
        (_repeat(b"X", 0.02), "in time"),
        (_repeat(b"X" * 1000, 0), "broke"),  # one line of megabytes
        (_interim, "in time"),
        (_chunk_without_end, "ended early"),
    ],
    ids=["many", "drip", "long", "interim", "chunk"],
)
def test_headers_and_framing_have_an_end(
    server: FaultyServer,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    misbehave: Callable[[BaseHTTPRequestHandler], None],
    said: str,
) -> None:
    limit = 0.5 if said == "in time" else 5
    monkeypatch.setattr(wire_module, "MAX_HEADERS_S", limit)
    server.answers[VENDORS.list_path] = [Reply(misbehave=misbehave)]
    started = time.monotonic()

    with pytest.raises(StreamError, match=said):
        connect(max_attempts=1).count(VENDORS)

    assert time.monotonic() - started < 4
    server.answers[VENDORS.list_path] = [Reply(page_json([]))]
    assert connect().count(VENDORS) == 0
