"""What the dashboard's lists show of a record."""

from odoo import models


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    _month_idx = models.Index(
        "(connection_id, resource, remote_date) WHERE remote_date IS NOT NULL"
    )
