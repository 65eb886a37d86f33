"""What may leave, and connections that look where they lead.

However a session is called, it sends a GET or the one token POST, and nothing else.

The name of a host says nothing: it may resolve to another address at the next question.
So the name is resolved once, and the connection goes to an address that was checked.
Classes are derived from what urllib3 (1.26 and 2) has at that moment, so that what
records conversations still sees them.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import threading
from contextlib import suppress
from functools import lru_cache, partial
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from .addresses import same_origin

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from .addresses import Reach

MAX_HEADERS_S = 60.0
"""From the end of the request to the end of the answer's headers."""
MAX_LINE_BYTES = 64 * 1024
"""Of the answer's own framing; urllib3 reads a chunk's length without any limit."""


class Deadline:
    """Cuts a connection after ``seconds``, unless left before.

    The read timeout of requests starts again with every byte, so a server that sends
    one byte a minute could hold a worker for days. Only shutting the socket ends that
    read.

    :param connection: a socket, or an answer that is read from one
    """

    def __init__(self, connection: Any, seconds: float) -> None:
        self.expired = False
        self._socket = _second_handle(connection)
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        if self._socket:
            self._socket.close()

    def _expire(self) -> None:
        self.expired = True
        if self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _second_handle(connection: Any) -> socket.socket | None:
    """Return another handle on a connection; None if all of it is here already."""
    with suppress(AttributeError, OSError, TypeError, ValueError):
        return socket.socket(fileno=os.dup(connection.fileno()))
    return None


class CheckedAdapter(HTTPAdapter):
    """Sends requests to machines within ``reach``.

    Through a proxy the peer is the proxy, which the machine's administrator chose and
    which resolves the names: there only addresses that are written out are checked.

    :param headers_s: seconds from the end of a request to that of the answer's headers;
        None: as many as anybody gets
    """

    def __init__(self, reach: Reach, headers_s: float | None = None) -> None:
        self.reach = reach
        self.headers_s = headers_s
        super().__init__()

    def init_poolmanager(  # pylint: disable=missing-return
        self, *args: Any, **kwargs: Any
    ) -> None:
        """Make the pools of direct connections look where they lead."""
        super().init_poolmanager(*args, **kwargs)
        limits: dict[str, Any] = {"reach": self.reach, "headers_s": self.headers_s}
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(_HTTPPool, **limits),
            "https": partial(_HTTPSPool, **limits),
        }


class _BoundedReader(io.BufferedReader):
    """Reads lines of a limited length."""

    def readline(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= MAX_LINE_BYTES:
            # http.client asks for one byte more than it takes, to see that it is long.
            size = MAX_LINE_BYTES + 1
        return super().readline(size)


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fp = _BoundedReader(self.fp.detach())


class _Checked:
    """Mixed into a connection of urllib3."""

    reach: Reach
    headers_s: float | None
    host: str
    port: int
    sock: socket.socket
    _dns_host: str
    response_class = _BoundedResponse

    def _new_conn(self) -> socket.socket:
        sock = self._connect(self.reach.resolve(self.host, self.port))
        try:
            self.reach.check_address(sock.getpeername()[0], self.host)
        except BaseException:
            sock.close()
            raise
        return sock

    def _connect(self, addresses: list[str]) -> socket.socket:
        """Connect to the first of ``addresses`` that answers."""
        # What urllib3 connects to; its ``host``, by which certificates are checked, is
        # read from here too, so the name is put back.
        name = self._dns_host
        try:
            for number, self._dns_host in enumerate(addresses, start=1):
                try:
                    sock: socket.socket = super()._new_conn()  # type: ignore[misc]
                except (OSError, HTTPError):
                    if number == len(addresses):
                        raise
                else:
                    return sock
        finally:
            self._dns_host = name
        raise OSError("The host has no address")

    def getresponse(self) -> Any:
        """Read the headers within their time."""
        limit = MAX_HEADERS_S if self.headers_s is None else self.headers_s
        with Deadline(self.sock, limit) as deadline:
            try:
                response = super().getresponse()  # type: ignore[misc]
            except (OSError, http.client.HTTPException):
                if not deadline.expired:
                    raise
        if deadline.expired:
            # Headers that are cut off would pass for the whole of them.
            raise TimeoutError("The headers of the answer came too slowly")
        return response


@lru_cache(maxsize=8)
def _checked(connection_class: type) -> type:
    return type(connection_class.__name__, (_Checked, connection_class), {})


class _CheckedPool:
    """Mixed into a pool of connections of urllib3."""

    def __init__(
        self, *args: Any, reach: Reach, headers_s: float | None, **kwargs: Any
    ) -> None:
        self.reach = reach
        self.headers_s = headers_s
        super().__init__(*args, **kwargs)

    @property
    def ConnectionCls(self) -> Any:  # noqa: N802
        return _checked(super().ConnectionCls)  # type: ignore[misc]

    def _new_conn(self) -> Any:
        connection: Any = super()._new_conn()  # type: ignore[misc]
        connection.reach = self.reach
        connection.headers_s = self.headers_s
        return connection


class _HTTPPool(_CheckedPool, HTTPConnectionPool):  # type: ignore[override]
    """Of connections without encryption."""


class _HTTPSPool(_CheckedPool, HTTPSConnectionPool):  # type: ignore[override]
    """Of encrypted connections."""


_CREDENTIAL_HEADERS = ("Authorization", "Cookie", "X-Procurify-Client")


class ForbiddenRequest(RuntimeError):
    """A request that this package must never send; a programming error."""


class BearerAuth(AuthBase):
    """Puts the token into the request, as ``auth`` so that no netrc replaces it."""

    def __init__(self, access_token: str) -> None:
        self._access_token = access_token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._access_token}"
        return request


class NoAuth(AuthBase):
    """Keeps requests from looking for a password of its own (netrc)."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def guard(
    session: requests.Session, origin: str, token_url: str, reach: Reach
) -> requests.Session:
    """Make it impossible to send anything but GET to the origin and the token POST."""

    def may_send(request: requests.PreparedRequest) -> bool:
        is_get = request.method == "GET" and same_origin(request.url or "", origin)
        return is_get or (request.method == "POST" and request.url == token_url)

    return guarded(session, reach, may_send)


def guard_elsewhere(session: requests.Session, reach: Reach) -> requests.Session:
    """Make it impossible to send anything but GET without a credential."""

    def may_send(request: requests.PreparedRequest) -> bool:
        return request.method == "GET" and not any(
            name in request.headers for name in _CREDENTIAL_HEADERS
        )

    return guarded(session, reach, may_send)


def guarded(
    session: requests.Session,
    reach: Reach,
    may_send: Callable[[requests.PreparedRequest], bool],
    headers_s: float | None = None,
) -> requests.Session:
    """Replace ``send``, in which every verb of a session ends.

    :param headers_s: seconds that the server has for the headers of its answer; None:
        the usual ones
    """
    send = session.send

    def guarded_send(
        request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        if not may_send(request):
            raise ForbiddenRequest(f"{request.method} is never sent")
        reach.check_literal(urlsplit(request.url or "").hostname or "")
        options["allow_redirects"] = False
        if not options.get("verify"):
            options["verify"] = True  # whatever the session has
        return send(request, **options)

    session.send = guarded_send  # type: ignore[method-assign]
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, CheckedAdapter(reach, headers_s))
    if reach.loopback:
        session.trust_env = False  # no proxy between two programs of one machine
    return session
