"""Asking why documents are to be kept out of Odoo."""

from odoo import api, fields, models
from odoo.fields import Command


class ProcurifyIgnore(models.TransientModel):
    _name = "procurify.ignore"
    _description = "Procurify Ignore"

    record_ids = fields.Many2many(
        "procurify.record", string="Documents", required=True, readonly=True
    )
    reason = fields.Text(required=True)

    @api.model
    def default_get(self, names):
        values = super().default_get(names)
        if self.env.context.get("active_model") == "procurify.record":
            ids = self.env.context.get("active_ids", [])
            values["record_ids"] = [Command.set(ids)]
        return values

    def action_ignore(self):
        """Keep the documents out of Odoo, and say why on each of them."""
        self.ensure_one()
        return self.record_ids.action_ignore(self.reason)
