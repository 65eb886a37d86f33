"""A line between two servers that takes its time."""

import queue
import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

_PIECE = 65536


class SlowLine:
    """Forwards connections to an address; each way takes half of the latency."""

    def __init__(self, address: str, latency_s: float) -> None:
        found = urlsplit(address)
        self._far = (found.hostname or "", found.port or 80)
        self._half_s = latency_s / 2
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self._listening.accept()
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        time.sleep(2 * self._half_s)  # until the connection is made
        try:
            far = socket.create_connection(self._far)
        except OSError:
            near.close()
            return
        self._forward(near, far)
        self._forward(far, near)

    def _forward(self, source: socket.socket, goal: socket.socket) -> None:
        pieces: queue.Queue[tuple[float, bytes]] = queue.Queue()

        def read() -> None:
            piece = b"-"
            while piece:
                try:
                    piece = source.recv(_PIECE)
                except OSError:
                    piece = b""
                pieces.put((time.monotonic() + self._half_s, piece))

        def write() -> None:
            with suppress(OSError):
                while True:
                    due, piece = pieces.get()
                    time.sleep(max(due - time.monotonic(), 0))
                    if not piece:
                        goal.shutdown(socket.SHUT_WR)
                        return
                    goal.sendall(piece)

        for act in (read, write):
            threading.Thread(target=act, daemon=True).start()
