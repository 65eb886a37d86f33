"""What scripts may read of a list."""

from odoo import fields, models

from ...tools.instants import iso_text


class ProcurifyStream(models.Model):
    _inherit = "procurify.stream"

    def _told_to_api(self):
        """Return how these lists are, as ``read_health`` tells it."""
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
