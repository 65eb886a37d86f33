"""A long line to a server, and what was sent on it.

There is a proxy at its other end that keeps connections open, as in front of every Odoo
that has https. Odoo itself closes a connection after each answer.
"""

import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit

#: Round trips until a connection is made: TCP and TLS 1.3.
_HANDSHAKES = 2
#: What belongs to one connection only, and what the answer gets anew.
_OWN_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Sent(NamedTuple):
    """One request: when it began and ended, in seconds of one clock."""

    begun: float
    ended: float
    path: str


class SlowLine:
    """Forwards requests to an address.

    :param latency_s: of a round trip; it may be changed at any time
    """

    def __init__(self, address: str, latency_s: float) -> None:
        found = urlsplit(address)
        self.far = (found.hostname or "", found.port or 80)
        self.latency_s = latency_s
        self.forget()
        line = self

        class Handler(_Handler):
            def setup(self) -> None:
                self.line = line
                super().setup()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()

    def forget(self) -> None:
        """Count connections and requests from now on."""
        self.connections = 0
        self.sent: list[Sent] = []

    def in_a_row(self) -> int:
        """Return how many requests waited for the end of another one, at least.

        The latency of those that are under way at the same time passes once.
        """
        count, free_at = 0, 0.0
        for sent in sorted(self.sent, key=lambda each: each.ended):
            if sent.begun >= free_at:
                count, free_at = count + 1, sent.ended
        return count

    def summary(self) -> str:
        """Return in words what was sent."""
        return (
            f"{len(self.sent)} requests, {self.in_a_row()} of them one after the "
            f"other, {self.connections} connections"
        )

    def told(self) -> Iterator[str]:
        """Yield each request in words: when it began, how long it took, its path."""
        sent = sorted(self.sent)
        for each in sent:
            since = each.begun - sent[0].begun
            yield f"{since:7.2f} s {each.ended - each.begun:6.2f} s  {each.path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    line: SlowLine

    def setup(self) -> None:
        super().setup()
        self.line.connections += 1
        time.sleep(_HANDSHAKES * self.line.latency_s)

    def do_GET(self) -> None:  # noqa: N802
        """Forward a request, and its answer."""
        begun, half_s = time.monotonic(), self.line.latency_s / 2
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(half_s)
        status, headers, content = self._ask(body)
        time.sleep(half_s)
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.line.sent.append(Sent(begun, time.monotonic(), self.path))
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, headers and content of the far server's answer."""
        far = HTTPConnection(*self.line.far)
        try:
            far.request(self.command, self.path, body, dict(self.headers.items()))
            answer = far.getresponse()
            content = answer.read()
        except (OSError, HTTPException):
            return 502, [], b""
        finally:
            far.close()
        kept = [
            pair for pair in answer.getheaders() if pair[0].lower() not in _OWN_HEADERS
        ]
        return answer.status, kept, content

    def log_message(self, *args: Any) -> None:
        """Print nothing."""
