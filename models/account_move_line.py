"""Journal items of accruals: each says what it accrues, so that nothing is twice."""

from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    procurify_accrual_key = fields.Char(
        "Accrues",
        readonly=True,
        index="btree_not_null",
        help="The line in Procurify for which this was accrued. Its reversal has the "
        "same.",
    )
