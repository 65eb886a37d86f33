"""Which bills a deletion in Procurify still concerns."""

from odoo import api, models
from odoo.fields import Domain


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _procurify_open_ids(self, res_ids):
        """Return the drafts and what is posted but not paid."""
        unsettled = Domain("state", "=", "draft") | (
            Domain("state", "=", "posted")
            & Domain("payment_state", "in", ("not_paid", "partial"))
        )
        return set(self.search(Domain("id", "in", res_ids) & unsettled).ids)
