"""A dry run shows the next number of a sequence, and leaves it there."""

from odoo import models

from ..reconciliation.dry_run import is_trial


class IrSequence(models.Model):
    _inherit = "ir.sequence"

    def _next(self, sequence_date=None):
        if is_trial.get():
            return self.get_next_char(self.number_next_actual)
        return super()._next(sequence_date=sequence_date)
