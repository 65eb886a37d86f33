"""Bill lines → order lines: which one a line is for, and how much of it it bills."""

import re
from collections import defaultdict
from decimal import Decimal

from odoo.fields import Domain
from odoo.tools import float_round

from ..procurify import InvalidPayload, OrderItem

# How Procurify's help names the costs of an order that are billed on their own.
_EXTRA_WORDS = {
    "discount": r"discount|rebate|rabatt|remise",
    "freight": r"freight|shipping|delivery|fracht",
    "tax": r"tax|vat|gst|hst|pst|qst|mwst|tva|iva",
    "other": r"other|misc",
}


class BillLinks:
    """Finds the order lines of a batch of bills by the ids that Procurify gives.

    An order line may be billed by several lines, of one bill or of many, by quantity
    or by cost; what was billed of it by cost is counted in its own quantity.
    """

    def __init__(self, bills):
        """:param bills: the BillImport, once its references are resolved"""
        self.bills = bills
        self.lines = self._order_lines()
        self.extras = self._extra_lines()
        self.digits = bills.pricing.unit_digits
        self._billed = {}

    @staticmethod
    def mentioned(bill):
        """Return the order items that ``bill`` embeds, as ``_resolve`` takes them.

        One that cannot be read links nothing, and holds nothing.
        """
        mentioned = {}
        for data in bill.raw.get("items") or ():
            embedded = data.get("orderitem")
            try:
                item = OrderItem.from_json(embedded) if embedded else None
            except InvalidPayload:
                continue
            if item:
                mentioned["order_item", item.external_id] = (embedded, item)
        return mentioned

    def awaited(self, bill):
        """Return the staged order items of ``bill`` that are no order line yet."""
        references = (
            self.bills.references.get(("order_item", str(item.order_item_id)))
            for item in bill.items
        )
        return tuple(sorted({r.record.id for r in references if r and not r.target_id}))

    # === FINDING === #

    def _order_lines(self):
        """Return {id: order line}; another company's order is not for this bill."""
        ids = list(self.bills.targets("purchase.order.line"))
        lines = self.bills.env["purchase.order.line"].search([("id", "in", ids)])
        return {line.id: line for line in lines}

    def _extra_lines(self):
        """Return {order id: {kind: line}} of the orders' tax, freight and so on."""
        wanted = {
            str(item.order_id)
            for bill in self.bills.documents.values()
            for item in bill.items
            if item.order_id and not item.order_item_id
        }
        orders = self.bills.connection.env["procurify.record"].search_fetch(
            Domain("connection_id", "=", self.bills.connection.id)
            & Domain("resource", "=", "purchase_order")
            & Domain("external_id", "in", list(wanted))
            & Domain("res_id", "!=", False),
            ["external_id", "applied_state"],
        )
        found = defaultdict(dict)
        for order in orders:
            for source, entry in (order.applied_state or {}).get("lines", {}).items():
                if source.startswith("extra "):
                    found[order.external_id][source.split()[1]] = entry["id"]
        ids = {line_id for kinds in found.values() for line_id in kinds.values()}
        lines = self.bills.env["purchase.order.line"].search([("id", "in", list(ids))])
        by_id = {line.id: line for line in lines}
        return {
            order_id: {k: by_id[i] for k, i in kinds.items() if i in by_id}
            for order_id, kinds in found.items()
        }

    def line_of(self, item):
        """Return the order line that a bill's item is for, or None."""
        if item.order_item_id:
            key = ("order_item", str(item.order_item_id))
            reference = self.bills.references.get(key)
            return self.lines.get(reference.target_id) if reference else None
        kinds = self.extras.get(str(item.order_id), {})
        for kind, words in _EXTRA_WORDS.items():
            if kind in kinds and re.search(rf"\b({words})", item.description, re.I):
                return kinds[kind]
        alike = [
            line
            for line in kinds.values()
            if item.total_cost is not None
            and not line.currency_id.compare_amounts(
                line.price_subtotal, float(item.total_cost)
            )
        ]
        return alike[0] if len(alike) == 1 else None

    # === QUANTITIES === #

    def quantity(self, record, item, line, net):
        """Return how much of ``line`` the item bills, or None if that says nothing.

        :param net: Decimal, as it stands on the Odoo line: positive on a refund
        """
        # A discount is ordered at a negative price: billing it takes nothing back.
        is_taken_back = (net > 0) == (line.price_unit < 0)
        by_amount = line.product_qty in (0.0, 1.0) and not item.order_item_id
        counted = not item.bill_by_cost and item.quantity
        if by_amount:
            size = Decimal(1)
        elif (
            counted
            and self._counts_alike(line, item)
            and self.bills.pricing.keeps(item.quantity, self.digits)
        ):
            size = abs(item.quantity)
        else:
            size = abs(self._share(record, line, net) or 0)
        if not net or not size:
            return None
        billed = -size if is_taken_back else size
        self._remember(record, line, net, billed)
        return billed

    @staticmethod
    def _counts_alike(line, item):
        """Tell whether the order line counts pieces, not its amount as one."""
        bought = item.order_item.quantity if item.order_item else None
        return bought is None or line.product_qty != 1.0 or bought == 1

    def _share(self, record, line, net):
        """Return the part of the line's quantity that ``net`` is; the last ends it."""
        price = self._net_price(line)
        if not price:
            return None
        others, billed = self._billed_before(record, line)
        amount = Decimal(str(line.price_subtotal))
        ordered = Decimal(str(line.product_qty))
        cent = Decimal(str(line.currency_id.rounding))
        is_last = abs(others + self.bills.sign(record) * net - amount) < cent
        if is_last and abs(billed) < abs(ordered):
            return ordered - billed
        share = float_round(float(net) / price, precision_digits=self.digits)
        return Decimal(str(share))

    @staticmethod
    def _net_price(line):
        """Return what one piece costs without tax, also where none is expected now."""
        if line.product_qty and line.price_subtotal:
            return line.price_subtotal / line.product_qty
        taxes = line.tax_ids.compute_all(line.price_unit, line.currency_id)
        return taxes["total_excluded"]

    def _billed_before(self, record, line):
        """Return (amount, quantity) that other bills have of ``line``."""
        if line.id not in self._billed:
            counted = [
                (
                    bill_line.move_id.id,
                    Decimal(str(bill_line.price_subtotal))
                    * (-1 if bill_line.move_id.move_type == "in_refund" else 1),
                    Decimal(str(bill_line.quantity))
                    * (-1 if bill_line.move_id.move_type == "in_refund" else 1),
                )
                for bill_line in line.invoice_lines
                if bill_line.move_id.state != "cancel"
            ]
            self._billed[line.id] = counted
        others = [
            (amount, quantity)
            for move_id, amount, quantity in self._billed[line.id]
            if move_id not in (record.res_id, ("new", record.id))
        ]
        return (
            sum((amount for amount, _q in others), Decimal(0)),
            sum((quantity for _a, quantity in others), Decimal(0)),
        )

    def _remember(self, record, line, net, quantity):
        """Count a line of this batch, which is not in Odoo yet."""
        self._billed_before(record, line)
        sign = self.bills.sign(record)
        self._billed[line.id].append((("new", record.id), sign * net, sign * quantity))
