"""Streams as the external API returns them."""

from odoo import fields, models

from ...tools.instants import iso_text


class ProcurifyStream(models.Model):
    _inherit = "procurify.stream"

    def _serialize(self):
        """Return these streams as ``read_health`` does."""
        now = fields.Datetime.now()
        return [
            {
                "resource": stream.resource,
                "active": stream.active,
                "last_success": iso_text(stream.last_success),
                "lag_seconds": stream.last_success
                and int((now - stream.last_success).total_seconds()),
                "error": stream.error_message,
            }
            for stream in self
        ]
