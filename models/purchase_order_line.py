"""Order item → purchase.order.line: the link that outlives orders and revisions.

An item is approved in a requisition and bought on an order; when that is cancelled
it keeps its id and may be bought on another one. The order's import makes the line
and links it here; bills find the line they are for by it.
"""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import float_compare


class PurchaseOrderLine(models.Model):
    _name = "purchase.order.line"
    _inherit = ["purchase.order.line", "procurify.import.mixin"]

    _procurify_resources = ("order_item",)

    @api.model
    def _procurify_import(self, batch):
        """Keep the links that exist; an item without line waits for its order."""
        linked = batch.open.filtered("res_id")
        existing = self.search(Domain("id", "in", linked.mapped("res_id")))
        for record in linked:
            if record.res_id in existing._ids:
                batch.link(record, record.res_id, "remembered")
        for record in batch.open:
            bought = batch.payloads[record].order_id
            batch.exclude(record, "part_of_order" if bought else "not_purchased")
        self._procurify_requeue_requisitions(batch)

    @api.model
    def _procurify_requeue_requisitions(self, batch):
        """A requisition is what its items are: look at it again."""
        if batch.connection.requisition_policy == "none":
            return
        numbers = {str(item.requisition) for item in batch.payloads.values()}
        batch.records.search(
            Domain("connection_id", "=", batch.connection.id)
            & Domain("resource", "=", "requisition")
            & Domain("external_id", "in", list(numbers))
            & Domain("state", "not in", ("pending", "ignored"))
        )._requeue()

    @api.model
    def _procurify_unusable(self, records):
        """A line that is gone is no reason to hold what would have been for it."""
        existing = self.search(Domain("id", "in", records.mapped("res_id")))
        gone = records.filtered(lambda record: record.res_id not in existing._ids)
        gone.write(
            {"state": "excluded", "excluded_rule": "part_of_order", "res_id": False}
        )
        return {}

    # === QUANTITIES === #

    def _procurify_booked_quantity(self):
        """Return what was billed or received: an order is never brought below it."""
        self.ensure_one()
        billed = self.qty_invoiced
        if self.procurify_kind:
            billed = self._procurify_billed()[self]
        return max(billed, self.qty_received, 0.0)

    def _procurify_would_undercut(self, quantity):
        """Tell whether ``quantity`` is less than what was billed or received."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        booked = self._procurify_booked_quantity()
        return float_compare(quantity, booked, precision_digits=digits) < 0
