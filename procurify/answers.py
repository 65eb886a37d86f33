"""What an answer, or the lack of one, means: one place turns it into an error.

Source: none of the editions of the Procurify API reference declares an error answer.
The forms that are read here were seen in older documents or are usual for Django.
"""

from __future__ import annotations

import errno
import json
import re
import socket
import ssl
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from .errors import (
    EXCERPT_CHARS,
    AddressError,
    AuthenticationError,
    Blocked,
    ForbiddenError,
    ProtocolError,
    StreamError,
    Throttled,
    TransientError,
)
from .payloads import clean_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TRY_AGAIN_STATUSES = frozenset({408, 425, 429})
_REFUSALS = frozenset({400, 401, 403, 405, 406, 407, 451})
"""As a page for people these come from a firewall or a proxy before Procurify."""
_START_BYTES = 200
_WRONG_TLS_REASONS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")

MAX_REQUEST_ID_CHARS = 100

_SECRET_FIELD = re.compile(r'("(?:access_token|client_secret)"\s*:\s*")[^"]*')


class MalformedBody(ProtocolError):
    """The body is no JSON: perhaps cut off, so worth another attempt."""


@dataclass(frozen=True)
class Answer:
    """One complete answer, unpacked. ``blank`` takes echoed secrets out of a text."""

    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    blank: Callable[[str], str] = field(repr=False, default=str)

    @property
    def where(self) -> dict[str, Any]:
        """The keyword arguments that every error takes."""
        return {
            "url_path": self.path,
            "http_status": self.status,
            "request_id": self.request_id or None,
        }

    @property
    def request_id(self) -> str:
        """What Procurify, or else the server before it, calls this request."""
        return self.procurify_request_id or self.proxy_request_id

    @property
    def procurify_request_id(self) -> str:
        """What Procurify's own software calls this request; or nothing."""
        return self._identifier("X-Procurify-Request-Id")

    @property
    def proxy_request_id(self) -> str:
        """What the web server or the proxy calls this request; or nothing."""
        return self._identifier("X-Request-Id") or self._identifier("CF-Ray")

    def _identifier(self, header: str) -> str:
        value = self.headers.get(header)
        return self.scrub(value)[:MAX_REQUEST_ID_CHARS] if value else ""

    @property
    def is_web_page(self) -> bool:
        """Whether this is a page for people, which Procurify's API never sends."""
        kind = self.headers.get("Content-Type", "").lower()
        start = self.body[:_START_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        is_markup = start.startswith((b"<!doctype html", b"<html"))
        return is_markup or "html" in kind

    def text(self) -> str:
        """Decode the body.

        :raises MalformedBody: not UTF-8, perhaps because it was cut
        """
        try:
            return self.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            error = self.malformed()
        raise error

    def malformed(self) -> MalformedBody:
        """Build the error for a body that is not the JSON that it says it is."""
        message = "Procurify's answer is not valid JSON"
        return MalformedBody(message, excerpt=self.excerpt(), **self.where)

    def protocol_error(self, message: str) -> ProtocolError:
        """Build the error for an answer that is not what is documented."""
        return ProtocolError(message, excerpt=self.excerpt(), **self.where)

    def excerpt(self) -> str:
        """Give the beginning of the body, fit for a screen."""
        start = self.body[: 8 * EXCERPT_CHARS].decode("utf-8", errors="replace")
        return self.scrub(start)[:EXCERPT_CHARS]

    def scrub(self, text: str) -> str:
        """Blank secrets that the server echoed, and control characters."""
        return clean_text(_SECRET_FIELD.sub(r"\1***", self.blank(text)))


def blanking(
    secret: str | None, then: Callable[[str], str] = str
) -> Callable[[str], str]:
    """Return the function that replaces ``secret`` in a text, and then calls ``then``.

    The secret is in its closure, which no expression reads.
    """

    def blank(text: str) -> str:
        return then(text.replace(secret, "***") if secret else text)

    return blank


def check(answer: Answer) -> None:
    """Let a good answer of a resource pass.

    :raises TransientError: 429, 5xx and the like
    :raises AuthenticationError: 401
    :raises ForbiddenError: 403
    :raises ProtocolError: anything else that is not JSON with status 200
    """
    _check_transient(answer)
    _check_access(answer)
    if answer.status == 404:
        raise answer.protocol_error("Procurify has nothing at this path")
    _check_json(answer)


def check_file(answer: Answer) -> None:
    """Let a good answer pass that holds a file, of whatever type.

    :raises TransientError: 429, 5xx and the like
    :raises AuthenticationError: 401
    :raises ForbiddenError: 403
    :raises ProtocolError: anything else but status 200
    """
    _check_transient(answer)
    _check_access(answer)
    if answer.status != 200:
        message = f"The file is refused ({answer.status}){_said(answer)}"
        raise answer.protocol_error(message)


def check_token(answer: Answer) -> None:
    """Let a good answer of the token endpoint pass.

    :raises TransientError: 429, 5xx and the like
    :raises AuthenticationError: client id and secret are refused
    :raises AddressError: there is no token endpoint
    :raises ProtocolError: anything else that is not JSON with status 200
    """
    _check_transient(answer)
    if answer.status in (400, 401, 403):
        raise AuthenticationError(
            f"Procurify refuses the client id and secret{_said(answer)}",
            reason="credentials",
            **answer.where,
        )
    if answer.status == 404:
        message = "There is no Procurify token endpoint at this address"
        raise AddressError(message, **answer.where)
    _check_json(answer)


def _check_transient(answer: Answer) -> None:
    if answer.status in _REFUSALS and answer.is_web_page:
        raise Blocked(
            "A firewall or proxy before Procurify refuses the request "
            f"({answer.status}, a web page)",
            **answer.where,
        )
    if answer.status in _TRY_AGAIN_STATUSES or answer.status >= 500:
        kind = Throttled if answer.status == 429 else TransientError
        raise kind(
            f"Procurify is busy or down (status {answer.status})",
            retry_after_s=retry_after_s(answer.headers.get("Retry-After")),
            **answer.where,
        )


def _check_access(answer: Answer) -> None:
    if answer.status == 401:
        raise AuthenticationError(
            f"Procurify does not accept the access token{_said(answer)}",
            reason="inactive_or_forbidden",
            **answer.where,
        )
    if answer.status == 403:
        message = f"The API user may not read this{_said(answer)}"
        raise ForbiddenError(message, **answer.where)


def _check_json(answer: Answer) -> None:
    if 300 <= answer.status < 400:
        raise answer.protocol_error(f"Procurify redirects to {_redirect_host(answer)}")
    if answer.status != 200:
        refusal = f"Procurify refuses the request ({answer.status}){_said(answer)}"
        raise answer.protocol_error(refusal)
    content_type = answer.headers.get("Content-Type", "application/json")
    if "json" not in content_type.lower():
        kind = answer.scrub(content_type.split(";")[0].strip())[:80]
        raise answer.protocol_error(f"Procurify answered {kind} instead of JSON")


def _redirect_host(answer: Answer) -> str:
    try:
        host = urlsplit(answer.headers.get("Location", "")).hostname
    except ValueError:
        host = None
    return answer.scrub(host) if host else "another path"


def retry_after_s(header: str | None) -> float | None:
    """Read a Retry-After header, seconds or HTTP date, as seconds from now."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def error_text(answer: Answer) -> str:
    """Find the server's own words, in JSON or as the first characters."""
    try:
        data = json.loads(answer.text())
    except (MalformedBody, ValueError, RecursionError):
        return answer.excerpt()
    words = " ".join(_words(data)) if isinstance(data, dict) else ""
    return answer.scrub(words)[:EXCERPT_CHARS] or answer.excerpt()


def _said(answer: Answer) -> str:
    words = " ".join(error_text(answer).split())
    return f": {words}" if words else ""


def _words(data: dict[str, Any]) -> Iterator[str]:
    errors = data.get("errors")
    if isinstance(errors, dict) and errors:
        for name, said in errors.items():
            text = said.get("message") if isinstance(said, dict) else said
            yield str(text) if name == "null" else f"{name}: {text}"
        return
    for name in ("detail", "message", "error_description", "error"):
        if data.get(name):
            yield str(data[name])
            return


# === NO ANSWER AT ALL === #


def translate(error: Exception, path: str) -> StreamError:
    """Name a failure of the network. Says nothing of the request: it holds secrets."""
    causes = list(causes_of(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = "The server's certificate is not valid for this address"
            return AddressError(reason, url_path=path)
        if isinstance(cause, ssl.SSLError) and cause.reason in _WRONG_TLS_REASONS:
            return AddressError("The server does not speak https here", url_path=path)
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return AddressError("There is no host with this name", url_path=path)
    if isinstance(error, _BAD_ADDRESS):
        return AddressError("This is not a usable web address", url_path=path)
    if isinstance(error, requests.exceptions.InvalidHeader):
        return ProtocolError("The access token cannot be sent", url_path=path)
    return TransientError(_network_words(error, causes), url_path=path)


_BAD_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


def _network_words(error: Exception, causes: list[BaseException]) -> str:
    numbers = {cause.errno for cause in causes if isinstance(cause, OSError)}
    if isinstance(error, requests.exceptions.Timeout):
        return "Procurify did not answer in time"
    if isinstance(error, requests.exceptions.ProxyError):
        return "The proxy could not be used"
    if errno.ECONNREFUSED in numbers:
        return "Procurify refused the connection"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "The answer ended early"
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return "The answer could not be unpacked"
    return "The connection to Procurify broke"


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all that it wraps, in whatever way it wraps it."""
    seen: set[int] = set()
    queue: list[Any] = [error]
    while queue:
        cause = queue.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        queue += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
        queue += cause.args
