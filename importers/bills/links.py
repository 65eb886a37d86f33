"""Bill lines → order lines: which one a line is for, and how much of it it bills."""

from collections import Counter, defaultdict
from decimal import Decimal

from odoo.fields import Domain
from odoo.tools import float_round

from ...procurify import InvalidPayload, OrderItem

# The type of a bill's item → the kind of the order's extra that it bills. Procurify
# documents no types: one that is not here says nothing. What people wrote as its
# description says nothing either.
_EXTRA_TYPES = {
    "discount": "discount",
    "freight": "freight",
    "shipping": "freight",
    "tax": "tax",
    "other": "other",
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
        self.extras = self._billed_extras()
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
        """Return {order id: [(kind, line)]} of the orders' tax, freight and so on."""
        wanted = {
            str(item.order_id)
            for draft in self.bills.drafts
            for item in draft.payload.items
            if item.order_id and not item.order_item_id
        }
        if not wanted:
            return {}
        orders = self.bills.connection.env["procurify.record"].search_fetch(
            Domain("connection_id", "=", self.bills.connection.id)
            & Domain("resource", "=", "purchase_order")
            & Domain("external_id", "in", list(wanted))
            & Domain("res_id", "!=", False),
            ["external_id", "applied_state"],
        )
        found = defaultdict(list)
        for order in orders:
            for source, entry in (order.applied_state or {}).get("lines", {}).items():
                if source.startswith("extra "):
                    kind = source.split()[1]
                    found[order.external_id].append((kind, entry["id"]))
        ids = {line_id for extras in found.values() for _kind, line_id in extras}
        lines = self.bills.env["purchase.order.line"].search([("id", "in", list(ids))])
        by_id = {line.id: line for line in lines}
        return {
            order_id: [(kind, by_id[i]) for kind, i in extras if i in by_id]
            for order_id, extras in found.items()
        }

    def _billed_extras(self):
        """Return {id of a bill's item: the extra of an order that it bills}."""
        lines, found = self._extra_lines(), {}
        for draft in self.bills.drafts:
            bill, of_orders = draft.payload, defaultdict(list)
            code = bill.currency and bill.currency.external_id
            currency_id = self.bills._optional_target("currency", code)
            for item in bill.items:
                if item.order_id and not item.order_item_id:
                    of_orders[str(item.order_id)].append(item)
            for order_id, items in of_orders.items():
                extras = lines.get(order_id, ())
                found |= _match_extras(items, extras, draft.sign, currency_id)
        return found

    def line_of(self, item):
        """Return the order line that a bill's item is for, or None."""
        if item.order_item_id:
            key = ("order_item", str(item.order_item_id))
            reference = self.bills.references.get(key)
            return self.lines.get(reference.target_id) if reference else None
        return self.extras.get(item.id)

    def order_line_ids(self, bill):
        """Return the ids of the order lines that ``bill`` is for."""
        lines = (self.line_of(i) for i in bill.items if i.order_item_id or i.order_id)
        return [line.id for line in lines if line]

    # === QUANTITIES === #

    def quantity(self, draft, item, line, net, currency):
        """Return how much of ``line`` the item bills, or None if that says nothing.

        :param net: Decimal, as it stands on the Odoo line: positive on a refund
        :param currency: res.currency of the bill
        """
        # A discount is ordered at a negative price: billing it takes nothing back.
        is_taken_back = (net > 0) == (line.price_unit < 0)
        size = self._counted(item, line)
        if size is None and line.currency_id == currency:
            size = abs(self._share(draft, line, net) or 0)
        elif size and not item.order_item_id:
            size = min(size, self._rest_of_extra(draft, line, is_taken_back))
        if not net or not size:
            return None
        billed = -size if is_taken_back else size
        same = net if line.currency_id == currency else Decimal(0)
        self._remember(draft, line, same, billed)
        return billed

    def is_uncounted(self, item, line, currency):
        """Return whether only a cost says how much is billed, in another currency than
        the order's: it says nothing then.

        :param currency: res.currency of the bill
        """
        return line.currency_id != currency and self._counted(item, line) is None

    def _rest_of_extra(self, draft, line, is_taken_back):
        """Return how much of an order's freight or tax other bills have left.

        It is counted once, however many bills have a part of it.
        """
        _amount, billed = self._billed_before(draft, line)
        whole = Decimal(str(line.product_qty)) or Decimal(1)
        return max(billed if is_taken_back else whole - billed, Decimal(0))

    def _counted(self, item, line):
        """Return how much the item bills, where it says so in pieces, or None."""
        if line.product_qty in (0.0, 1.0) and not item.order_item_id:
            return Decimal(1)
        if (
            not item.bill_by_cost
            and item.quantity
            and self._counts_alike(line, item)
            and self.bills.pricing.keeps(item.quantity, self.digits)
        ):
            return abs(item.quantity)
        return None

    @staticmethod
    def _counts_alike(line, item):
        """Return whether the order line counts what Procurify counts.

        It may count its amount as one, or a person wrote it in another unit: the
        amounts are the same then, and the quantities are not.
        """
        ordered = item.order_item
        if not ordered or ordered.quantity in (None, Decimal(str(line.product_qty))):
            return True
        return line.product_qty != 1.0 and bool(
            line.currency_id.compare_amounts(
                line.price_subtotal, float(ordered.total_cost or 0)
            )
        )

    def _share(self, draft, line, net):
        """Return the part of the line's quantity that ``net`` is; the last ends it."""
        price = self._net_price(line)
        if not price:
            return None
        others, billed = self._billed_before(draft, line)
        amount = Decimal(str(line.price_subtotal))
        ordered = Decimal(str(line.product_qty))
        cent = Decimal(str(line.currency_id.rounding))
        is_last = abs(others + draft.sign * net - amount) < cent
        if is_last and abs(billed) < abs(ordered):
            return ordered - billed
        share = float_round(float(net) / price, precision_digits=self.digits)
        share = Decimal(str(share))
        is_part = draft.sign > 0 and abs(others + net) < abs(amount) + cent
        # Rounded, its parts may be more than the whole.
        return min(abs(share), max(ordered - billed, Decimal(0))) if is_part else share

    @staticmethod
    def _net_price(line):
        """Return what one piece costs without tax, also where none is expected now."""
        if line.product_qty and line.price_subtotal:
            return line.price_subtotal / line.product_qty
        taxes = line.tax_ids.compute_all(line.price_unit, line.currency_id)
        return taxes["total_excluded"]

    def _billed_before(self, draft, line):
        """Return (amount, quantity) that other bills have of ``line``."""
        if line.id not in self._billed:
            counted = [
                (
                    bill_line.move_id.id,
                    Decimal(str(bill_line.price_subtotal))
                    * (-1 if bill_line.move_id.move_type == "in_refund" else 1)
                    # Amounts of another currency say nothing about the order's.
                    * (bill_line.currency_id == line.currency_id),
                    Decimal(str(bill_line.quantity))
                    * (-1 if bill_line.move_id.move_type == "in_refund" else 1),
                )
                for bill_line in line.invoice_lines
                if bill_line.move_id.state != "cancel"
            ]
            self._billed[line.id] = counted
        others = [
            (amount, quantity)
            for bill, amount, quantity in self._billed[line.id]
            if bill not in (draft.record.res_id, draft)
        ]
        return (
            sum((amount for amount, _q in others), Decimal(0)),
            sum((quantity for _a, quantity in others), Decimal(0)),
        )

    def _remember(self, draft, line, net, quantity):
        """Count a line of this batch, which is not in Odoo yet."""
        self._billed_before(draft, line)
        sign = draft.sign
        self._billed[line.id].append((draft, sign * net, sign * quantity))


def _match_extras(items, extras, sign, currency_id):
    """Return {id of an item: line} of the items that bill extras of one order.

    By the item's type, else by the amount, else where one of each is left. Where it
    could be another one as well, it is none.

    :param items: items of one bill that name the order, and no line of it
    :param extras: [(kind, line)] of the order
    :param sign: -1 where the bill is a refund
    :param currency_id: of the bill; amounts of another one are not compared
    """
    found = _by_type(items, extras)
    rest = [i for i in items if i.id not in found and i.type not in _EXTRA_TYPES]
    free = [line for _kind, line in extras if line not in found.values()]
    priced = [line for line in free if line.currency_id.id == currency_id]
    alike = _by_amount(rest, priced, sign)
    rest = [item for item in rest if item.id not in alike]
    free = [line for line in free if line not in alike.values()]
    if len(rest) == len(free) == 1:
        amount = sign * float(rest[0].total_cost or 0)
        if amount * free[0].price_subtotal > 0:
            found[rest[0].id] = free[0]
    return found | alike


def _by_type(items, extras):
    """Return {id of an item: line} where one item and one extra are of a kind."""
    kinds = {item.id: _EXTRA_TYPES.get(item.type) for item in items}
    items_of = Counter(kinds.values())
    lines = dict(extras)
    lines_of = Counter(kind for kind, _line in extras)
    return {
        item_id: lines[kind]
        for item_id, kind in kinds.items()
        if items_of[kind] == lines_of[kind] == 1
    }


def _by_amount(items, lines, sign):
    """Return {id of an item: line} where as many items as lines have an amount."""
    found = {}
    for amount in {item.total_cost for item in items if item.total_cost}:
        same = [item for item in items if item.total_cost == amount]
        alike = [line for line in lines if _is_amount(line, amount, sign)]
        if len(same) == len(alike):
            found |= {item.id: line for item, line in zip(same, alike, strict=True)}
    return found


def _is_amount(line, amount, sign):
    return not line.currency_id.compare_amounts(
        line.price_subtotal, sign * float(amount)
    )
