"""Where Procurify lives, what may leave, and connections that look where they lead.

Procurify is one origin: scheme, host and port. However a session is called, it sends a
GET or the one token POST, and nothing else.

The name of a host says nothing: it may resolve to another address at the next question.
So the name is resolved once, and the connection goes to an address that was checked: on
the internet, and on no machine inside unless that is allowed.
Classes are derived from what urllib3 (1.26 and 2) has at that moment, so that what
records conversations still sees them.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import os
import re
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from .errors import AddressError, PrivateAddressError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_HEADERS_S = 60.0
"""From the end of the request to the end of the answer's headers."""
MAX_LINE_BYTES = 64 * 1024
MOST_KEPT_ALIVE = 32
"""Connections to one host: not fewer than requests at the same time."""
"""Of the answer's own framing; urllib3 reads a chunk's length without any limit."""

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


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


# === ADDRESSES === #


def normalise_base_url(text: str) -> str:
    """Turn what a person typed or pasted into an origin: "https://acme.procurify.com".

    A missing scheme becomes https; path, query and fragment are dropped, because people
    paste the address of the page that they are looking at.

    :raises AddressError: no usable host, a user name, or http to another machine
    """
    text = text.strip()
    parts = _split(text if "://" in text else f"https://{text}")
    return origin_of(parts)


def tenant_url(text: str) -> str:
    """Turn what a person typed, or just the tenant's name, into an origin.

    :raises AddressError: as :func:`normalise_base_url`
    """
    text = text.strip()
    is_name = re.fullmatch(_LABEL, text.lower()) and text.lower() != "localhost"
    return normalise_base_url(f"{text}.procurify.com" if is_name else text)


def check_url(text: str) -> str:
    """Write a full address, e.g. of a token endpoint elsewhere, as it will be sent.

    :raises AddressError: as :func:`normalise_base_url`
    """
    parts = _split(text.strip())
    return _as_sent(origin_of(parts) + (parts.path or "/"))


def check_file_url(text: str, origin: str) -> str:
    """Write the full address of a file as it will be sent.

    :raises AddressError: as :func:`normalise_base_url`; or the file is on this very
        machine, and the Procurify that names it is not
    """
    try:
        url = _as_sent(text.strip())
    except (requests.RequestException, ValueError):
        url = ""
    here = is_loopback(origin_of(_split(url)))
    if here and not is_loopback(origin):
        raise AddressError("The address is of this machine, not of Procurify")
    return url


def _as_sent(url: str) -> str:
    return requests.Request("GET", url).prepare().url or ""


def same_origin(url: str, origin: str) -> bool:
    """Say whether ``url`` has the scheme, host and port of ``origin``."""
    try:
        return origin_of(_split(url)) == origin
    except AddressError:
        return False


def is_loopback(origin: str) -> bool:
    """Say whether the origin is this very machine, where http is acceptable."""
    host = urlsplit(origin).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin_of(parts: SplitResult) -> str:
    """Write scheme, host and port, without a default port."""
    host = parts.hostname or ""
    port = (
        "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    )
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def _split(text: str) -> SplitResult:
    problem = ""
    try:
        parts = urlsplit(text)
        parts = parts._replace(netloc=_netloc(parts))
        problem = _problem(text, parts)
    except ValueError:
        problem = "This is not a web address"
    if problem:
        raise AddressError(problem)
    return parts


def _netloc(parts: SplitResult) -> str:
    """Write a host with letters of any alphabet the way the wire needs it."""
    host = parts.hostname or ""
    if host.isascii():
        return parts.netloc
    if "@" in parts.netloc:
        return parts.netloc
    port = f":{parts.port}" if parts.port else ""
    return host.encode("idna").decode("ascii") + port


def _problem(text: str, parts: SplitResult) -> str:
    host = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS:
        return "The address must start with https://"
    if "@" in parts.netloc:
        return "The address must not contain a user name or password"
    if not host or "\\" in text or not (_HOST.fullmatch(host) or _is_ip(host)):
        return "The address has no valid host name"
    if parts.port == 0:
        return "The address has no valid port"
    if parts.scheme == "http" and not is_loopback(f"http://{parts.netloc}"):
        return "The address must start with https://, or the secret could be read"
    return ""


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


# === WHERE A CONNECTION MAY LEAD === #

_IP: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"

# What organisations number their own machines with; RFC 1918, 6598 and 4193.
_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
    )
)
# Where clouds answer their machines about themselves, keys included; link-local is
# refused anyway.
_METADATA = tuple(
    ipaddress.ip_address(address)
    for address in ("168.63.129.16", "100.100.100.200", "fd00:ec2::254")
)
# What is no host of the internet: IANA's registries of special-purpose addresses, as of
# 2026. Python's own list depends on its version.
_SPECIAL = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
        "2001::/23",
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Reach:
    """What may be asked beyond public addresses.

    Link-local (where clouds keep their metadata), multicast, reserved and unspecified
    addresses are never asked.

    :param loopback: this very machine; it is its own kind, not a private network
    :param private: the organisation's own networks
    """

    loopback: bool = False
    private: bool = False

    @classmethod
    def of(cls, origin: str, *, allow_private: bool, allow_loopback: bool) -> Reach:
        """Return what a tenant at ``origin`` may lead to."""
        return cls(allow_loopback and is_loopback(origin), allow_private)

    def check_literal(self, host: str) -> None:
        """Refuse a host that is written as a forbidden address, however it is written.

        :raises PrivateAddressError: ``127.1``, ``0x7f000001``, ``::ffff:10.0.0.1``
        """
        address = _literal(host)
        if address:
            self._check(address, host)

    def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host, all of which may be asked.

        :raises PrivateAddressError: at least one may not
        :raises OSError: the name has no address
        """
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(where[0]) for *_kind, where in found))
        for address in addresses:
            self.check_address(address, host)
        return addresses

    def check_address(self, text: str, host: str) -> None:
        """Refuse one address that ``host`` has.

        :raises PrivateAddressError: it may not be asked
        """
        self._check(ipaddress.ip_address(text.split("%")[0]), host)

    def _check(self, address: _IP, host: str) -> None:
        address = _embedded(address)
        if address.is_loopback:
            if not self.loopback:
                raise PrivateAddressError(host, can_be_allowed=False)
        elif address in _METADATA:
            raise PrivateAddressError(host, can_be_allowed=False)
        elif any(address in network for network in _PRIVATE):
            if not self.private:
                raise PrivateAddressError(host, can_be_allowed=True)
        elif not _is_public(address):
            raise PrivateAddressError(host, can_be_allowed=False)


def _literal(host: str) -> _IP | None:
    """Read an address as the system would, with its octal and hexadecimal forms."""
    text = host.strip("[]").split("%")[0]
    with suppress(ValueError):
        return ipaddress.ip_address(text)
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except (OSError, ValueError):
        return None


def _embedded(address: _IP) -> _IP:
    """Return the IPv4 address that an IPv6 address leads to, or the address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: _IP) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return not any(address in network for network in _SPECIAL)


class CheckedAdapter(HTTPAdapter):
    """Sends requests to machines within ``reach``.

    Through a proxy the peer is the proxy, which the machine's administrator chose and
    which resolves the names: there only addresses that are written out are checked.

    :param headers_s: seconds from the end of a request to that of the answer's headers,
        and no more than it may read without a byte; None: as many as anybody gets
    """

    def __init__(self, reach: Reach, headers_s: float | None = None) -> None:
        self.reach = reach
        self.headers_s = headers_s
        super().__init__(pool_maxsize=MOST_KEPT_ALIVE)

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

    def _make_request(self, conn: Any, *args: Any, timeout: Any, **kwargs: Any) -> Any:
        if self.headers_s is not None:
            conn.headers_s = min(self.headers_s, timeout.read_timeout)
        return super()._make_request(  # type: ignore[misc]
            conn, *args, timeout=timeout, **kwargs
        )


class _HTTPPool(_CheckedPool, HTTPConnectionPool):  # type: ignore[override,misc]
    """Of connections without encryption."""


class _HTTPSPool(_CheckedPool, HTTPSConnectionPool):  # type: ignore[override,misc]
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

    :param headers_s: seconds that the server has for the headers of its answer, and no
        more than the timeout of the request; None: the usual ones
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
