"""What may leave this package, however it is called: a GET, and the one token POST."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.auth import AuthBase

from .addresses import same_origin
from .wire import CheckedAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from .reach import Reach

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
