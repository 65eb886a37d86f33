"""A time limit on one answer as a whole.

The read timeout of requests starts again with every byte, so a server that sends one
byte a minute could hold a worker for days. Only shutting the socket ends that read.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests


class Watchdog:
    """Cuts the connection of ``response`` after ``seconds``, unless left before."""

    def __init__(self, response: requests.Response, seconds: float) -> None:
        self.expired = False
        self._socket = _duplicate_socket(response)
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> Watchdog:
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        if self._socket:
            self._socket.close()

    def _expire(self) -> None:
        self.expired = True
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _duplicate_socket(response: requests.Response) -> socket.socket | None:
    """Take a second handle on the connection; None if all of it is here already."""
    with contextlib.suppress(AttributeError, OSError, TypeError, ValueError):
        return socket.socket(fileno=os.dup(response.raw.fileno()))
    return None
