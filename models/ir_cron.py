"""«Run Manually» on the fetch cron reads every stream, due or not."""

from odoo import models

from ..tools.manual_run import run_manually


class IrCron(models.Model):
    _inherit = "ir.cron"

    def method_direct_trigger(self):
        # The job gets a fresh environment in a cursor of its own, so neither the
        # context nor an uncommitted write would reach it.
        with run_manually():
            return super().method_direct_trigger()
