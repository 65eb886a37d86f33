"""Journal items: what an accrual stands for, and whose bill is in a remote Odoo."""

from odoo import api, fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    procurify_accrual_key = fields.Char(
        "Accrues",
        readonly=True,
        index="btree_not_null",
        help="The line in Procurify for which this was accrued. Its reversal has the "
        "same.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.move_id._procurify_check_shadow({"line_ids"})
        return lines

    def write(self, vals):
        self.move_id._procurify_check_shadow(vals, self)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shadow(self):
        self.move_id._procurify_check_shadow({"line_ids"})
