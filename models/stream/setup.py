"""What the set-up shows of a list."""

from odoo import fields, models


class ProcurifyStream(models.Model):
    _inherit = "procurify.stream"

    visible_count = fields.Integer(
        "Visible", readonly=True, help="What the last test could see of this list."
    )
    is_refused = fields.Boolean(
        "Refused", readonly=True, help="Procurify does not show this list."
    )
