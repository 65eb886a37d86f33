"""What code of this process passes to other code, and no client can.

Odoo's context comes with each call from outside: no behaviour may hang on a key of it.
"""

from contextlib import contextmanager
from contextvars import ContextVar

# What a rebuilt environment keeps: how to speak, and Odoo's own progress of a scheduled
# action.
_HARMLESS = frozenset(
    {"allowed_company_ids", "cron_id", "cron_end_time", "ir_cron_progress_id"}
    | {"lang", "tz", "uid"}
)


class Private:
    """A value of the present thread, as long as a block lasts."""

    def __init__(self, name, default=None):
        self._variable = ContextVar(name, default=default)
        self.get = self._variable.get

    @contextmanager
    def set(self, value):
        token = self._variable.set(value)
        try:
            yield
        finally:
            self._variable.reset(token)


def without_client_context(records):
    """Return ``records`` in a context without what a client may have sent."""
    context = records.env.context
    return records.with_context(  # pylint: disable=context-overridden
        {name: context[name] for name in context if name in _HARMLESS}
    )


_run_manually = Private("procurify_run_manually", default=False)
_writes_shadows = Private("procurify_writes_shadows", default=False)

#: Whether a person, not the schedule, runs the current cron.
is_run_manually = _run_manually.get
#: Whether the connector itself writes what stands for documents of a remote Odoo.
writes_shadows = _writes_shadows.get


def run_manually():
    """Return a block in which jobs know that a person started them."""
    return _run_manually.set(True)


def writing_shadows():
    """Return a block in which the connector writes what stands for documents of a
    remote Odoo; people may not."""
    return _writes_shadows.set(True)
