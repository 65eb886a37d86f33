"""Order item → purchase.order.line: the link that outlives orders and revisions.

An item is approved in a requisition and bought on an order; when that is cancelled
it keeps its id and may be bought on another one. The order's import makes the line
and links it here; bills find the line they are for by it.

Some lines are tax or cents of rounding, and no bill names them. Procurify asks for the
tax of an order's header once; its bills may carry it on each of their lines instead.
Odoo would wait for a bill of the tax's own line forever.
"""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import float_compare

_SIGNS = {"in_invoice": 1, "in_refund": -1}


class PurchaseOrderLine(models.Model):
    _name = "purchase.order.line"
    _inherit = ["purchase.order.line", "procurify.import.mixin"]

    _procurify_resources = ("order_item",)

    procurify_kind = fields.Selection(
        [("tax", "Tax"), ("rounding", "Rounding")],
        "Carried by Bills",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The part that the bills of the order's other lines already include.",
    )

    procurify_received_on = fields.Char(
        "Received in Procurify",
        compute="_compute_procurify_received_on",
        groups="procurify_connector.group_user",
        help="The days on which something came, and how much.",
    )

    # === COMPUTE METHODS === #

    @api.depends("procurify_record_ids", "order_id.procurify_record_ids")
    def _compute_procurify_received_on(self):
        for order, lines in self.grouped("order_id").items():
            found = order.procurify_record_ids._receipt_texts()
            for line in lines:
                numbers = line.procurify_record_ids.mapped("external_id")
                texts = filter(None, map(found.get, numbers))
                line.procurify_received_on = ", ".join(texts)

    @api.depends("invoice_lines.tax_ids")
    def _compute_qty_invoiced(self):  # pylint: disable=missing-return
        """What is carried changes with the bills of the order's other lines."""
        super()._compute_qty_invoiced()
        # No bill comes for cents of rounding.
        self.filtered(lambda ol: ol.procurify_kind == "rounding").qty_to_invoice = 0.0
        goods = self.filtered(lambda line: not line.procurify_kind)
        carried = self.search(
            Domain("order_id", "in", goods.order_id.ids)
            & Domain("procurify_kind", "!=", False)
        )
        for name in ("qty_invoiced", "qty_to_invoice") if carried - self else ():
            self.env.add_to_compute(self._fields[name], carried - self)

    def _prepare_qty_invoiced(self):
        quantities = super()._prepare_qty_invoiced()
        marked = self.filtered("procurify_kind")
        if marked:
            lines = marked.order_id.order_line.filtered(lambda ol: not ol.display_type)
            billed = lines._procurify_billed()
            for mine in lines.grouped("order_id").values():
                carried = mine._procurify_carried(billed)
                for line in mine & marked:
                    quantities[line] = billed[line] + carried[line]
        return quantities

    # === IMPORT === #

    @api.model
    def _procurify_import(self, batch):
        """Keep the links that exist; an item without line waits for its order."""
        linked = [draft for draft in batch.open if draft.record.res_id]
        ids = [draft.record.res_id for draft in linked]
        existing = self.search(Domain("id", "in", ids))
        for draft in linked:
            if draft.record.res_id in existing._ids:
                draft.link(draft.record.res_id, "remembered")
        for draft in batch.open:
            bought = draft.payload.order_id
            draft.exclude("part_of_order" if bought else "not_purchased")
        self._procurify_requeue_requisitions(batch)

    @api.model
    def _procurify_requeue_requisitions(self, batch):
        """A requisition is what its items are: look at it again."""
        if not batch.connection._imports_requisitions():
            return
        items = (draft.payload for draft in batch.drafts if draft.payload is not None)
        numbers = {str(item.requisition) for item in items}
        batch.records.search(
            Domain("connection_id", "=", batch.connection.id)
            & Domain("resource", "=", "requisition")
            & Domain("external_id", "in", list(numbers))
            & Domain("state", "not in", ("pending", "ignored"))
        )._requeue()

    @api.model
    def _procurify_unusable(self, records):
        """A line that is gone puts nothing on hold that would have been for it."""
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
        """Return whether ``quantity`` is less than what was billed or received."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        booked = self._procurify_booked_quantity()
        return float_compare(quantity, booked, precision_digits=digits) < 0

    # === CARRIED BY BILLS === #

    def _procurify_billed(self):
        """Return {line: what bills have of it, without what other lines carry}."""
        return super()._prepare_qty_invoiced()  # pylint: disable=super-method-mismatch

    def _procurify_carried(self, billed):
        """Return {line: how much of it the bills of other lines carry}.

        The tax line is finished once all goods are billed and their bills carry a tax,
        and cents of rounding once nothing else is open.

        :param self: all lines of one order
        :param billed: {line: what bills have of it}
        """
        carried = defaultdict(float)
        kinds = self.grouped("procurify_kind")
        goods, taxes = (kinds.get(k, self.browse()) for k in (False, "tax"))
        is_full = not goods._procurify_unbilled(billed)
        share = goods._procurify_share_of(taxes, billed, is_full)
        for line in taxes:
            carried[line] = share * (line.product_qty - billed[line])
        done = {line: billed[line] + carried[line] for line in taxes}
        if is_full and not taxes._procurify_unbilled(done):
            for line in kinds.get("rounding", ()):
                carried[line] = line.product_qty
        return carried

    def _procurify_unbilled(self, billed):
        """Return those of these lines of which less is billed than ordered."""
        return self.filtered(
            lambda line: line.product_uom_id.compare(billed[line], line.product_qty) < 0
        )

    def _procurify_share_of(self, taxes, billed, is_full):
        """Return the part of what ``taxes`` still ask for that bills of these lines
        carry, from 0 to 1; Procurify rounds it by line, so some cents may be missing.
        """
        due = sum(line.price_unit * (line.product_qty - billed[line]) for line in taxes)
        inline = sum(line._procurify_inline_tax() for line in self) if due else 0.0
        if not due or inline * due <= 0:
            return 0.0
        cents = taxes.currency_id.rounding * len(self)
        is_all = is_full or abs(due) - abs(inline) <= cents
        return 1.0 if is_all else inline / due

    def _procurify_inline_tax(self):
        """Return the tax on the bills of this line, in the order's currency."""
        self.ensure_one()
        total = 0.0
        for line in self._get_invoice_lines():
            move = line.move_id
            if move.state == "cancel":
                continue
            tax = (line.price_total - line.price_subtotal) * _SIGNS.get(
                move.move_type, 0
            )
            if move.currency_id != self.currency_id:
                tax *= self.order_id.currency_rate / (move.invoice_currency_rate or 1)
            total += tax
        return total
