"""Where Procurify lives: one origin (scheme, host, port) and nothing else."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import requests

from .errors import AddressError

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
