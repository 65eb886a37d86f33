"""Whose fault it is when details fail: single objects, or the server."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .errors import StreamError

SUSPICIOUS = 4
"""Failures without any answer between them, after which a control is asked for."""


class Trouble:
    """What went wrong while several objects were read. Threads share it.

    :param ask_controls: returns whether what could be read before can be read now; None
        if there is nothing to ask for
    """

    def __init__(self, ask_controls: Callable[[], bool | None]) -> None:
        self._ask_controls = ask_controls
        self._lock = threading.Lock()
        self._is_well: bool | None = None
        self._failures = 0
        self.first_error: StreamError | None = None

    def note_answer(self) -> None:
        """Note that an object could be read, or is not there."""
        self._is_well = True

    def is_outage(self, error: StreamError) -> bool:
        """Note that an object failed; return whether the server is at fault.

        Not many are waited for before the controls are asked.
        """
        with self._lock:
            self.first_error = self.first_error or error
            self._failures += 1
            if self._is_well is None and self._failures == SUSPICIOUS:
                self._is_well = self._ask_controls()
            return self._is_well is False
