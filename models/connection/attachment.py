"""Whether, and up to which size, the files of documents are brought to Odoo."""

from odoo import fields, models


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    attachment_policy = fields.Selection(
        [
            ("import", "Attach them to the Odoo document"),
            ("none", "Do not import"),
        ],
        string="Attachments",
        default="import",
        required=True,
    )
    attachment_limit_mb = fields.Integer(
        "Largest Attachment (MB)",
        default=25,
        help="Larger ones stay in Procurify, and are listed under Attachments.",
    )

    _check_attachment_limit = models.Constraint(
        "CHECK(attachment_limit_mb BETWEEN 1 AND 1024)",
        "The largest attachment is between 1 and 1024 MB.",
    )
