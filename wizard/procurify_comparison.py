"""Two versions of one object, side by side."""

from odoo import api, fields, models


class ProcurifyComparison(models.TransientModel):
    _name = "procurify.comparison"
    _description = "Procurify Comparison"

    version_id = fields.Many2one("procurify.version", required=True, ondelete="cascade")
    record_id = fields.Many2one(related="version_id.record_id")
    other_id = fields.Many2one(
        "procurify.version",
        string="Compared With",
        domain="[('record_id', '=', record_id), ('id', '!=', version_id)]",
        ondelete="cascade",
        help="Empty: Procurify's current version.",
    )
    difference_table = fields.Html(
        "Differences", compute="_compute_difference_table", sanitize=False
    )

    @api.constrains("version_id", "other_id")
    def _check_access_to_versions(self):
        # The mere name of a version says which document there is.
        (self.version_id | self.other_id).sudo(False).check_access("read")

    @api.depends("version_id", "other_id")
    def _compute_difference_table(self):
        for comparison in self:
            version = comparison.version_id
            other = comparison.other_id or version.record_id
            comparison.difference_table = version and version._compare(other)
