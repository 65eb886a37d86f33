"""Whether a person, not the schedule, runs the present cron job."""

from contextlib import contextmanager
from contextvars import ContextVar

_run_manually = ContextVar("procurify_run_manually", default=False)


def is_run_manually():
    """Return whether a person, not the schedule, runs the current cron."""
    return _run_manually.get()


@contextmanager
def run_manually():
    """Let jobs that run within the block know that a person started them."""
    token = _run_manually.set(True)
    try:
        yield
    finally:
        _run_manually.reset(token)
