"""The versions that are kept of a record."""

from odoo import fields, models


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    seen_at = fields.Datetime(
        "This Version Since", readonly=True, help="When it was first read."
    )
    version_ids = fields.One2many(
        "procurify.version", "record_id", string="Earlier Versions", readonly=True
    )
