"""Which machines may be asked: the internet, and nothing inside unless allowed."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

from .addresses import is_loopback
from .errors import PrivateAddressError

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
    def of(cls, origin: str, *, allow_private: bool) -> Reach:
        """Return what a tenant at ``origin`` may lead to."""
        return cls(loopback=is_loopback(origin), private=allow_private)

    def check_literal(self, host: str) -> None:
        """Refuse a host that is written as a forbidden address, however it is written.

        :raises PrivateAddressError: ``127.1``, ``0x7f000001``, ``::ffff:10.0.0.1``
        """
        address = _literal(host)
        if address:
            self._check(address, host)

    def check_resolved(self, host: str, port: int) -> None:
        """Refuse a host if any of its addresses is forbidden.

        :raises PrivateAddressError: at least one is
        :raises OSError: the name has no address
        """
        for *_kind, where in socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM
        ):
            self.check_address(str(where[0]), host)

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
    is_site_local = getattr(address, "is_site_local", False)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not is_site_local
    )
