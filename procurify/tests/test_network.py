"""No answer at all: unknown hosts, broken TLS, proxies, and what netrc may not do."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
import requests

from .. import RESOURCES, AddressError, ProtocolError, StreamError, TransientError
from ..answers import translate
from .server import (
    ACCESS_TOKEN,
    TOKEN_PATH,
    FaultyServer,
    Reply,
    collecting,
    page_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .. import Client

VENDORS = RESOURCES["vendor"]


def test_an_unknown_host_is_a_wrong_address(
    connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    client = connect(base_url="https://nosuch.procurify.example")

    with pytest.raises(AddressError, match="no host"):
        client.authenticate()


def test_a_name_server_that_is_down_is_transient(
    connect: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")

    monkeypatch.setattr(socket, "getaddrinfo", down)
    client = connect(base_url="https://acme.procurify.example")

    with pytest.raises(TransientError):
        client.authenticate()


def test_https_to_a_server_without_it_is_a_wrong_address(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    client = connect(base_url=server.url.replace("http:", "https:"))

    with pytest.raises(AddressError, match="https"):
        client.authenticate()


def test_a_certificate_for_another_name_is_a_wrong_address() -> None:
    wrong = ssl.SSLCertVerificationError("certificate verify failed")
    error = requests.exceptions.SSLError(wrong)

    assert isinstance(translate(error, "/"), AddressError)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (requests.exceptions.InvalidURL("x"), AddressError),
        (requests.exceptions.MissingSchema("x"), AddressError),
        (requests.exceptions.InvalidHeader("Bearer secret"), ProtocolError),
        (requests.exceptions.ProxyError("x"), TransientError),
        (requests.exceptions.SSLError("EOF occurred"), TransientError),
        (requests.exceptions.ConnectTimeout("x"), TransientError),
        (OSError("whatever"), TransientError),
    ],
)
def test_every_failure_of_the_network_has_a_name(
    error: Exception, kind: type[StreamError]
) -> None:
    found = translate(error, "/path/")

    assert type(found) is kind
    assert found.url_path == "/path/"
    assert "secret" not in str(found)


def test_a_netrc_file_does_not_replace_the_token(
    server: FaultyServer,
    connect: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.answers[VENDORS.list_path] = [Reply(page_json([]))]
    sessions = list[requests.Session]()
    client = connect(session_factory=collecting(sessions))
    for session in sessions:
        session.trust_env = True

    client.count(VENDORS)

    assert "Authorization" not in server.seen(TOKEN_PATH)[0].headers
    sent = server.seen(VENDORS.list_path)[0].headers["Authorization"]
    assert sent == f"Bearer {ACCESS_TOKEN}"
