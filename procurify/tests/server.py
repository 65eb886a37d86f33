"""A small HTTP server for the tests: it answers as it is set, faults included."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN_PATH = "/oauth/token"
SECRET = "s3cret-of-the-tests"
ACCESS_TOKEN = "token-of-the-tests"


def collecting(sessions: list[requests.Session]) -> Callable[[], requests.Session]:
    """Return a maker of sessions that adds each one to ``sessions``."""

    def make() -> requests.Session:
        sessions.append(requests.Session())
        return sessions[-1]

    return make


@dataclass
class Request:
    """One request as it came in."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What to send: a status, headers and a body; or a function that misbehaves."""

    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    misbehave: Callable[[BaseHTTPRequestHandler], None] | None = None

    def send(self, handler: BaseHTTPRequestHandler) -> None:
        """Write the reply."""
        if self.misbehave:
            self.misbehave(handler)
            return
        body = json.dumps(self.data).encode() if self.body is None else self.body
        handler.send_response(self.status)
        headers = {"Content-Type": "application/json", **self.headers}
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)


class FaultyServer:
    """Serves on a free port of this machine; ``answers`` maps paths to replies.

    A path is answered by a list of replies, one after the other, the last one forever,
    or by a function of the request. What came in is in ``requests``.
    """

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[Request] = []
        self.answers: dict[str, list[Reply] | Callable[[Request], Reply]] = {
            TOKEN_PATH: [Reply(token_json())]
        }
        self._lock = threading.Lock()
        self._http = _QuietServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    def __enter__(self) -> FaultyServer:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Base address of this server."""
        return f"http://127.0.0.1:{self._http.server_port}"

    def seen(self, path: str) -> list[Request]:
        """List the requests of one path."""
        return [request for request in self.requests if request.path == path]

    def reply_to(self, request: Request) -> Reply:
        """Choose the reply and note the request."""
        with self._lock:
            self.requests.append(request)
            answer = self.answers.get(request.path, [Reply({}, status=404)])
            if isinstance(answer, list):
                return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer(request)


class _QuietServer(ThreadingHTTPServer):
    """Does not report clients that hang up: here they are meant to."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


def _handler(server: FaultyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            server.connections += 1
            super().setup()

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(
                method=self.command,
                path=parts.path,
                params=dict(parse_qsl(parts.query)),
                headers=dict(self.headers.items()),
                body=self.rfile.read(length),
            )
            with suppress(OSError):
                server.reply_to(request).send(self)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    return Handler


# === WHAT IS SENT === #


def token_json(access_token: str = ACCESS_TOKEN, **changes: Any) -> dict[str, Any]:
    """Build the answer of the token endpoint."""
    scope = "urn:procurify-api:domain:acme urn:procurify-api:email:api@acme.example"
    return {
        "access_token": access_token,
        "scope": scope,
        "expires_in": 86400,
        "token_type": "Bearer",
        **changes,
    }


def page_json(
    rows: list[Any], number: int = 1, num_pages: int = 1, **changes: Any
) -> dict[str, Any]:
    """Build one page of a list in the usual envelope."""
    pagination = {
        "count": len(rows) * num_pages,
        "next": "https://elsewhere.example/next" if number < num_pages else None,
        "previous": None,
        "page_size": len(rows),
        "num_pages": num_pages,
        "current_page": number,
        **changes,
    }
    return {"metadata": {"pagination": pagination}, "data": rows}


def vendor_json(number: int, **changes: Any) -> dict[str, Any]:
    """Build a vendor."""
    return {"id": number, "name": f"Vendor {number}", "email": [], "type": 3, **changes}


# === MISBEHAVIOUR === #


def reset_connection(handler: BaseHTTPRequestHandler) -> None:
    """Hang up without a word."""
    handler.close_connection = True
    handler.connection.close()


def half_a_body(handler: BaseHTTPRequestHandler) -> None:
    """Announce more than is sent."""
    _head(handler, {"Content-Length": "1000"})
    handler.wfile.write(b'{"data": [')
    handler.close_connection = True


def half_a_chunked_body(handler: BaseHTTPRequestHandler) -> None:
    """Hang up between two chunks."""
    _head(handler, {"Transfer-Encoding": "chunked"})
    handler.wfile.write(b'a\r\n{"data": [\r\n')
    handler.close_connection = True


def slow_drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, for longer than anybody should listen."""
    _head(handler, {"Content-Length": "1000"})
    for _ in range(40):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)
    handler.close_connection = True


def _head(handler: BaseHTTPRequestHandler, headers: dict[str, str]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.flush()
