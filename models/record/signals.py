"""The signals of a bill: what a person checks before it is paid."""

from odoo import api, fields, models


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    signal_ids = fields.One2many(
        "procurify.signal", "record_id", string="Signals", readonly=True
    )
    signal_labels = fields.Char("Signals to Check", compute="_compute_signal_labels")

    @api.depends("signal_ids.checked_at")
    @api.depends_context("lang")
    def _compute_signal_labels(self):
        for record in self:
            record.signal_labels = record.signal_ids._labels()

    def _update_signals(self):
        """Decide again which signals these bills have."""
        if self:
            self.env["procurify.signal"].sudo()._replace(self.sudo())
