"""Misbehaviour on request: what can go wrong between a client and the service.

A fault is matched against each API request and changes the reply that would have been
sent. A further kind costs one function and one line in ``KINDS``.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

JSON_TYPE: Final = "application/json"
HTML_TYPE: Final = "text/html; charset=utf-8"
LOGIN_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head>"
    b"<body><h1>Sign in to continue</h1></body></html>"
)
ELSEWHERE: Final = "http://127.0.0.1:9/elsewhere/"
_SPOILED: Final = "\0 the row that is spoiled \0"
BOMB_BYTES: Final = 96 * 1024 * 1024


@dataclass(frozen=True)
class Reply:
    """What goes over the wire, and how badly."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    pause_s: float = 0.0
    cut: Literal["no", "silent", "reset"] = "no"
    send: int | None = None


@dataclass
class Fault:
    """One misbehaviour.

    :param kind: a name in ``KINDS``
    :param path: what the request's path starts with
    :param method: the request's method, any when None
    :param query: parameters that the request must have, e.g. ``{"page": "2"}``
    :param times: how often it happens; None forever
    :param skip: how many matching requests go well before that
    :param change: of a ``rewrite``: takes the document, and spoils it
    :param row: of a ``row``: the id of the row whose text becomes ``body``; of a
        ``row_status``: the id of the row that no page may show
    :param mode: the name under which it is counted, if not its kind
    """

    kind: str
    path: str = "/"
    method: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    times: int | None = 1
    skip: int = 0
    status: int = 503
    retry_after: str | int | None = None
    body: str | None = None
    seconds: float = 5.0
    content_type: str = "application/octet-stream"
    location: str = ELSEWHERE
    sent: int | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    change: Callable[[Any], None] | None = None
    row: str = ""
    mode: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            message = f"Unknown fault {self.kind!r}; known: {', '.join(sorted(KINDS))}."
            raise ValueError(message)

    def matches(self, method: str, path: str, query: Mapping[str, str]) -> bool:
        return (
            path.startswith(self.path)
            and self.method in {None, method}
            and all(query.get(k) == str(v) for k, v in self.query.items())
        )


class Faults:
    """The faults in force. The first one that matches a request strikes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self.struck: Counter[str] = Counter()
        self.mode = ""

    def add(self, path: str = "/", kind: str = "status", **options: Any) -> Fault:
        """Add a fault; see :class:`Fault` for the options."""
        fault = Fault(kind=kind, path=path, **{"mode": self.mode, **options})
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def strike(self, method: str, path: str, query: Mapping[str, str]) -> Fault | None:
        """Return the fault for this request, counting it down."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(method, path, query) or fault.times == 0:
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                self.struck[fault.mode or fault.kind] += 1
                return fault
        return None


def spoil(reply: Reply, fault: Fault) -> Reply:
    """Return the reply as the fault makes it."""
    return KINDS[fault.kind](reply, fault)


# --- the kinds --------------------------------------------------------------------


def _status(_reply: Reply, fault: Fault) -> Reply:
    """Another status, as JSON or with the text given."""
    headers = {}
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    if fault.body is None:
        content = json.dumps({"detail": "Simulated fault."}).encode()
        return Reply(fault.status, content, headers=headers)
    return Reply(fault.status, fault.body.encode(), HTML_TYPE, headers)


def _reset(reply: Reply, fault: Fault) -> Reply:
    """The connection is reset, after `sent` bytes of the body (default: none)."""
    return replace(reply, cut="reset", send=fault.sent or 0)


def _truncate(reply: Reply, fault: Fault) -> Reply:
    """The connection ends before the announced length is reached."""
    half = len(reply.body) // 2 if fault.sent is None else fault.sent
    return replace(reply, cut="silent", send=half)


def _truncated_json(reply: Reply, _fault: Fault) -> Reply:
    """The reply is complete for HTTP, but its JSON stops in the middle."""
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def _html(reply: Reply, fault: Fault) -> Reply:
    """A sign-in page with status 200."""
    body = LOGIN_PAGE if fault.body is None else fault.body.encode()
    return replace(reply, status=200, body=body, content_type=HTML_TYPE)


def _body(reply: Reply, fault: Fault) -> Reply:
    """Another body, as JSON with status 200."""
    return replace(reply, status=200, body=(fault.body or "").encode())


def _slow(reply: Reply, fault: Fault) -> Reply:
    """Nothing for some seconds, then the right reply."""
    return replace(reply, delay_s=reply.delay_s + fault.seconds)


def _drip(reply: Reply, fault: Fault) -> Reply:
    """The right body, but spread over some seconds."""
    return replace(reply, pause_s=fault.seconds)


def _wrong_type(reply: Reply, fault: Fault) -> Reply:
    """The right body under a wrong content type."""
    return replace(reply, content_type=fault.content_type)


def _redirect(_reply: Reply, fault: Fault) -> Reply:
    """A redirect, by default to another host."""
    status = fault.status if 300 <= fault.status < 400 else 302
    return Reply(status, b"", HTML_TYPE, {"Location": fault.location})


def _patch(reply: Reply, fault: Fault) -> Reply:
    """The right reply with fields of each `data` object set or dropped."""
    try:
        document = json.loads(reply.body)
    except ValueError:
        return reply
    if not isinstance(document, dict):
        return reply
    data = document.get("data", document)
    for row in data if isinstance(data, list) else [data]:
        row.update(fault.set)
        for name in fault.drop:
            row.pop(name, None)
    return replace(reply, body=json.dumps(document, ensure_ascii=False).encode())


def _rewrite(reply: Reply, fault: Fault) -> Reply:
    """The right reply after a function had its way with the document."""
    if reply.status != 200 or fault.change is None:
        return reply
    document = json.loads(reply.body)
    fault.change(document)
    return replace(reply, body=json.dumps(document).encode())


def _row(reply: Reply, fault: Fault) -> Reply:
    """The right list, but for the text of one row."""
    document = json.loads(reply.body) if reply.status == 200 else {}
    rows = document.get("data")
    if not isinstance(rows, list):
        return reply
    document["data"] = [
        _SPOILED if str(row.get("id")) == fault.row else row for row in rows
    ]
    text = json.dumps(document, ensure_ascii=False)
    spoiled = text.replace(json.dumps(_SPOILED), fault.body or "null")
    return replace(reply, body=spoiled.encode())


def _row_status(reply: Reply, fault: Fault) -> Reply:
    """Another status wherever the list shows one row."""
    document = json.loads(reply.body) if reply.status == 200 else {}
    rows = document.get("data")
    shown = rows if isinstance(rows, list) else []
    ids = {str(row.get("procurify_PO", row.get("id"))) for row in shown}
    return _status(reply, fault) if fault.row in ids else reply


def _gzip_bomb(_reply: Reply, _fault: Fault) -> Reply:
    """A small answer that unpacks to nearly a hundred megabytes."""
    return Reply(200, _bomb(), headers={"Content-Encoding": "gzip"})


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * BOMB_BYTES, compresslevel=1)


KINDS: Final[dict[str, Callable[[Reply, Fault], Reply]]] = {
    "body": _body,
    "drip": _drip,
    "gzip_bomb": _gzip_bomb,
    "html": _html,
    "patch": _patch,
    "redirect": _redirect,
    "reset": _reset,
    "rewrite": _rewrite,
    "row": _row,
    "row_status": _row_status,
    "slow": _slow,
    "status": _status,
    "truncate": _truncate,
    "truncated_json": _truncated_json,
    "wrong_type": _wrong_type,
}
