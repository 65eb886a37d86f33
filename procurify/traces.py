"""What was asked, and what came back: the newest requests, for people who look for a
fault. No query, no body, no header but the identifier that the server gave the request.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

KEPT = 50


@dataclass(frozen=True)
class Trace:
    """One attempt of a request.

    ``status`` is 0, and ``problem`` the kind of error, where no whole answer came.
    ``request_id`` is what the web server calls it, ``procurify_request_id`` what
    Procurify itself does.
    """

    at: datetime  # aware, UTC
    method: str
    path: str
    status: int
    seconds: float
    request_id: str
    problem: str
    procurify_request_id: str = ""


class Traces:
    """The newest attempts, and how many there were. Threads may share it."""

    def __init__(self) -> None:
        self._newest: deque[Trace] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self.count = 0

    def add(self, trace: Trace) -> None:
        """Keep ``trace``, and forget the oldest one where there are too many."""
        with self._lock:
            self._newest.append(trace)
            self.count += 1

    def newest(self) -> list[Trace]:
        """Return what is kept, the oldest first."""
        with self._lock:
            return list(self._newest)
