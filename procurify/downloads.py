"""Files that documents name: from the tenant with the token, from elsewhere without.

Source: none. Whether the address of a file is absolute, relative to the tenant, or a
signed one of a storage that takes no token is not documented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from .answers import check_file
from .errors import AddressError, InvalidPayload
from .wire import check_file_url, same_origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from .answers import Answer

MAX_REDIRECTS = 3

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_GONE_ELSEWHERE = _GONE | {401, 403}
"""A storage says so when a signed address has run out: our token is not at fault."""


@dataclass(frozen=True)
class Download:
    """A file as it came. Its type may not be the one that the document said.

    :param mimetype: as the server says, without parameters, in small letters, or ""
    :param host_is_tenant: it came from the tenant's own host
    """

    content: bytes = field(repr=False)
    mimetype: str
    host_is_tenant: bool


def download(
    file: str, origin: str, fetch: Callable[[str, bool], Answer]
) -> Download | None:
    """Follow the address ``file`` to its content; None if nothing is there.

    :param origin: of the tenant
    :param fetch: gets one address, given whether it is the tenant's; see
        :func:`acceptable`
    :raises InvalidPayload: an address that no file is read from, or too many redirects
    """
    if not file.strip():
        raise InvalidPayload("file", "missing")
    url = _located(file, f"{origin}/", origin)
    for _hop in range(1 + MAX_REDIRECTS):
        is_tenant = same_origin(url, origin)
        answer = fetch(url, is_tenant)
        if answer.status in _REDIRECTS:
            url = _located(_location(answer), url, origin)
        elif answer.status == 200:
            return Download(answer.body, _mimetype(answer), is_tenant)
        else:
            return None
    raise InvalidPayload("file", "redirects too often")


def acceptable(answer: Answer, is_tenant: bool) -> Answer:
    """Let a file, a redirect or the lack of both pass.

    :raises StreamError: anything else
    """
    gone = _GONE if is_tenant else _GONE_ELSEWHERE
    if answer.status not in gone | _REDIRECTS:
        check_file(answer)
    return answer


def _located(address: str, base: str, origin: str) -> str:
    """Make ``address`` absolute, and refuse what is not fetched."""
    try:
        url = check_file_url(urljoin(base, address.strip()), origin)
    except (AddressError, ValueError):
        raise InvalidPayload("file", "not an address to read a file from") from None
    if base.startswith("https:") and not url.startswith("https:"):
        raise InvalidPayload("file", "leaves the encrypted connection")
    return url


def _location(answer: Answer) -> str:
    location = answer.headers.get("Location", "")
    if not location:
        raise answer.protocol_error("The file is elsewhere, but not said where")
    return location.encode("latin-1", "replace").decode("utf-8", "replace")


def _mimetype(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
