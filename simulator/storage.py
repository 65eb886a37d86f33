"""The host where files lie that the tenant does not keep: a stranger to its tokens."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from . import documents, faults
from .access import detail
from .faults import Faults, Reply

if TYPE_CHECKING:
    from .dataset import Dataset
    from .server import Request


class StoredRequest(NamedTuple):
    """A request to the storage host, with the headers that came along."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    status: int


@dataclass
class Storage:
    """Answers for signed addresses of files; writes down every header it is sent.

    :param refuses_tokens: as the real ones, which take a token for a second signature
    """

    dataset: Dataset
    refuses_tokens: bool = True
    faults: Faults = field(default_factory=Faults)
    requests: list[StoredRequest] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def reply(self, request: Request) -> Reply:
        """Answer a request, and write down what came with it."""
        reply = self._right_reply(request)
        fault = self.faults.strike(request.method, request.path, request.query)
        if fault is not None:
            reply = faults.spoil(reply, fault)
        status = 0 if reply.cut == "reset" else reply.status
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(
            StoredRequest(request.method, request.path, request.query, headers, status)
        )
        return reply

    def _right_reply(self, request: Request) -> Reply:
        if self.refuses_tokens and request.headers.get("Authorization"):
            return detail(400, "Only one auth mechanism allowed.")
        record = self.dataset.files().get(request.path)
        if record is None or record.missing or record.place == "tenant":
            return detail(404, "No such key.")
        if request.query.get("signature") != documents.signature(record):
            return detail(403, "The signature does not match.")
        content = documents.attachment_content(record)
        return Reply(200, content, documents.attachment_type(record))
