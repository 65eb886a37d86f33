"""Where Procurify lives: one origin (scheme, host, port), and nothing else.

It may be on the internet, and on no machine inside unless that is allowed.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

import requests

from .errors import AddressError, PrivateAddressError

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


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
