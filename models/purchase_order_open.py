"""Which orders a deletion in Procurify still concerns."""

from odoo import api, models
from odoo.fields import Domain


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    @api.model
    def _procurify_open_ids(self, res_ids):
        """Return the requests, and the orders that are not billed to the end."""
        settled = Domain("state", "=", "cancel") | Domain(
            "invoice_status", "=", "invoiced"
        )
        return set(self.search(Domain("id", "in", res_ids) & ~settled).ids)
