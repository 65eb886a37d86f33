"""«Run Manually» on the fetch cron reads every stream, due or not."""

from contextvars import ContextVar

from odoo import models

_run_manually = ContextVar("procurify_run_manually", default=False)


def is_run_manually():
    """Tell whether a person, not the schedule, runs the current cron."""
    return _run_manually.get()


class IrCron(models.Model):
    _inherit = "ir.cron"

    def method_direct_trigger(self):
        # The job gets a fresh environment in a cursor of its own, so neither the
        # context nor an uncommitted write would reach it.
        token = _run_manually.set(True)
        try:
            return super().method_direct_trigger()
        finally:
            _run_manually.reset(token)
