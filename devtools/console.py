"""What a person reads: progress, and one clear sentence when something is missing."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: What ``progress`` showed last.
_last_shown = [""]


class Stop(Exception):
    """End the command with this sentence instead of a traceback."""


def say(line: str) -> None:
    """Print a progress line at once, also into a pipe."""
    print(line, flush=True)


def note(line: str) -> None:
    """Print a line that is no part of what the command was asked for."""
    print(line, file=sys.stderr, flush=True)


def progress(line: str) -> None:
    """Show a state that changes: in place on a terminal, else once per change."""
    if sys.stdout.isatty():
        print(f"\r\033[K{line}", end="", flush=True)
    elif line and [line] != _last_shown:
        say(line)
    _last_shown[:] = [line]


def warn(line: str) -> None:
    """Say something that a person should act on, set off from the progress lines."""
    print(f"\n*** {line}\n", file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step that takes a while, then say how long it took (in seconds)."""
    say(f"{title} …")
    started = time.monotonic()
    yield
    say(f"{title}: done in {time.monotonic() - started:.1f} s")
