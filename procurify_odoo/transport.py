"""The wire: one request to the remote Odoo, with limits on what comes back.

It sends to one origin, follows no redirect, and has the rules of Procurify's client for
addresses and certificates. A request is sent once: whether it may be sent again depends
on what it does, see ``client.py``.
"""

from __future__ import annotations

import math
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from .errors import (
    PrivateAddress,
    RemoteError,
    UnknownOutcome,
    Unreachable,
    WrongAddress,
)
from .shared import answers, errors, transport, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Decoded. A page of 500 records with all the fields that are read is about 1 MB."""
READ_TIMEOUT_S = 60.0
WRITE_TIMEOUT_S = 300.0
"""A server tries a transaction that meets others five times, for up to two minutes."""
READ_CHUNK_BYTES = 16 * 1024
MIN_TIMEOUT_S = 1.0

_PATHS = ("/web/version", "/jsonrpc", "/xmlrpc/2/")
_JSON2 = "/json/2/"


@dataclass(frozen=True)
class Request:
    """One request.

    :param key: sent in a header; the other protocols have it in ``body``
    :param changes: whether it may change something in the remote
    :param subject: what a trace calls it: model and method
    """

    path: str
    body: bytes | None = field(default=None, repr=False)
    content_type: str = "application/json"
    key: str | None = field(default=None, repr=False)
    database: str = ""
    changes: bool = False
    subject: str = ""


@dataclass(frozen=True)
class Answer:
    """One complete answer, unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def is_web_page(self) -> bool:
        """Whether this is a page for people."""
        kind = self.headers.get("Content-Type", "").lower()
        return "html" in kind or self.body.lstrip()[:9].lower() == b"<!doctype"


class Transport:
    """Sends requests to one Odoo; threads may share it.

    What it raises and what it traces never hold a header or a body.

    :param origin: scheme, host and port
    :param run_s: seconds from now after which nothing is asked any more
    """

    def __init__(
        self,
        origin: str,
        *,
        allow_private: bool = False,
        allow_loopback: bool = False,
        session_factory: Callable[[], requests.Session] = requests.Session,
        read_timeout: float = READ_TIMEOUT_S,
        write_timeout: float = WRITE_TIMEOUT_S,
        run_s: float | None = None,
        kept: transport.Traces | None = None,
    ) -> None:
        self._origin = origin
        self._timeouts = {False: read_timeout, True: write_timeout}
        self._ends_at = math.inf if run_s is None else time.monotonic() + run_s
        self._traces = transport.Traces() if kept is None else kept
        allowed = wire.Reach.of(
            origin, allow_private=allow_private, allow_loopback=allow_loopback
        )
        self._session = wire.guarded(
            session_factory(),
            allowed,
            self._may_send,
            headers_s=max(read_timeout, write_timeout),
        )

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._session.close()

    def send(self, request: Request) -> Answer:
        """Send a request and return the whole answer, whatever its status is.

        :raises WrongAddress: no such host, a bad certificate, or one that is not asked
        :raises Unreachable: no answer, and nothing was changed
        :raises UnknownOutcome: no whole answer to a request that changes something
        """
        started = time.monotonic()
        if started >= self._ends_at:
            raise Unreachable("There is no time left for this call")
        try:
            with closing(self._sent(request)) as response:
                answer = self._receive(response, request)
        except RemoteError as error:
            problem = error
        except errors.PrivateAddressError as error:
            problem = PrivateAddress(
                error.message, host=error.host, can_be_allowed=error.can_be_allowed
            )
        except (requests.RequestException, OSError, HTTPException) as error:
            problem = _network_error(error, request)
        else:
            self._trace(request, started, answer.status)
            return answer
        self._trace(request, started, problem=type(problem).__name__)
        raise problem from None

    # === STEPS === #

    def _may_send(self, request: requests.PreparedRequest) -> bool:
        """Return whether the request is one of an API of this Odoo."""
        url = request.url or ""
        path = urlsplit(url).path
        return wire.same_origin(url, self._origin) and (
            path.startswith(_JSON2) or path.startswith(_PATHS)
        )

    def _sent(self, request: Request) -> requests.Response:
        headers = {"Accept": "*/*"}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if request.database:
            headers["X-Odoo-Database"] = request.database
        auth = wire.BearerAuth(request.key) if request.key else wire.NoAuth()
        return self._session.request(
            "GET" if request.body is None else "POST",
            self._origin + request.path,
            data=request.body,
            headers=headers,
            auth=auth,
            timeout=self._at_most(request),
            stream=True,
        )

    def _receive(self, response: requests.Response, request: Request) -> Answer:
        """Read the body within the limits of size and time."""
        body = bytearray()
        with wire.Deadline(response.raw, self._at_most(request)) as watch:
            try:
                for chunk in response.iter_content(READ_CHUNK_BYTES):
                    body += chunk
                    if len(body) > MAX_BODY_BYTES:
                        break
            except (requests.RequestException, OSError):
                if not watch.expired:
                    raise
        if watch.expired:
            raise _lost("The answer came too slowly", request)
        if len(body) > MAX_BODY_BYTES:
            raise _lost("The answer is far too large", request)
        if _is_cut(response):
            raise _lost("The answer ended early", request)
        return Answer(response.status_code, response.headers, bytes(body))

    def _at_most(self, request: Request) -> float:
        """Return the seconds for this request, or what is left of the run."""
        left = max(self._ends_at - time.monotonic(), MIN_TIMEOUT_S)
        return min(self._timeouts[request.changes], left)

    def _trace(
        self, request: Request, started: float, status: int = 0, problem: str = ""
    ) -> None:
        self._traces.add(
            transport.Trace(
                at=datetime.now(timezone.utc),
                method="GET" if request.body is None else "POST",
                path=" ".join(filter(None, (request.path, request.subject))),
                status=status,
                seconds=round(time.monotonic() - started, 3),
                request_id="",
                problem=problem,
            )
        )


def _is_cut(response: requests.Response) -> bool:
    """Return whether the body ended early; old versions of urllib3 do not notice."""
    announced = response.headers.get("Content-Length", "")
    received: Any = getattr(response.raw, "tell", lambda: None)()
    return bool(announced.isdigit() and received and received < int(announced))


def _network_error(error: Exception, request: Request) -> RemoteError:
    """Return the error for a failure of the network."""
    known = answers.translate(error, request.path)
    if isinstance(known, errors.AddressError):
        return WrongAddress(known.message)
    if isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error):
        return Unreachable()
    return _lost("The connection broke, or no answer came in time", request)


def _never_connected(error: Exception) -> bool:
    """Return whether not even a connection was made."""
    causes = list(answers.causes_of(error))
    names = {type(cause).__name__ for cause in causes}
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    return refused or "NewConnectionError" in names


def _lost(message: str, request: Request) -> RemoteError:
    """Return the error for a request whose answer is lost."""
    return UnknownOutcome(message) if request.changes else Unreachable(message)
