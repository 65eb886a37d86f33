"""How much of an order is billed up to each bill, without tax."""

from collections import defaultdict
from typing import NamedTuple

from odoo.tools import SQL

# An order's own tax line stands for taxes that bills carry on their lines.
_GOODS = SQL("(order_line.procurify_kind IS DISTINCT FROM 'tax')")


class Excess(NamedTuple):
    """By how much the bills of an order exceed it, in the order's currency."""

    order_id: int
    currency: str
    ordered: float
    billed: float


class BilledOrders:
    """The orders of a batch of bills, read in three queries.

    A bill counts what was billed before it, and every refund. What is billed in
    another currency than the order's is not compared.
    """

    def __init__(self, env, bills):
        self.env = env
        self._flush()
        self._held = self._billed_on_hold([b.record.id for b in bills if not b.move_id])
        move_ids = [bill.move_id for bill in bills if bill.move_id]
        self._billed = self._billed_in_odoo(move_ids)
        self._orders = self._ordered()

    def excesses(self, bill):
        """Return the Excess of each order that ``bill`` exceeds."""
        found = []
        for order_id, own in self._own(bill).items():
            ordered = self._orders.get(order_id)
            if not ordered or ordered[0] != bill.currency or own <= 0:
                continue
            code, amount, rounding = ordered
            billed, lines = self._before(order_id, bill)
            billed += 0 if bill.move_id else own
            if billed - amount > rounding * max(lines, 1) * 0.75:
                found.append(Excess(order_id, code, amount, billed))
        return found

    def _own(self, bill):
        """Return {order id: what the bill itself bills of it}."""
        if not bill.move_id:
            return self._held.get(bill.record.id, {})
        return {
            order_id: sum(net for move_id, net, *_r in rows if move_id == bill.move_id)
            for order_id, rows in self._billed.items()
            if any(move_id == bill.move_id for move_id, *_rest in rows)
        }

    def _before(self, order_id, bill):
        """Return what was billed of an order up to ``bill``, and in how many lines."""
        rows = [
            (net, lines)
            for move_id, net, code, lines in self._billed.get(order_id, ())
            if code == bill.currency
            and (net < 0 or not bill.move_id or move_id <= bill.move_id)
        ]
        return sum(net for net, _lines in rows), sum(lines for _net, lines in rows)

    # === READING === #

    def _flush(self):
        self.env["account.move"].flush_model(["state", "move_type", "currency_id"])
        self.env["account.move.line"].flush_model(
            ["price_subtotal", "purchase_line_id", "move_id"]
        )
        self.env["purchase.order.line"].flush_model(
            ["order_id", "price_subtotal", "procurify_kind", "display_type"]
        )
        self.env["purchase.order"].flush_model(["currency_id"])

    def _billed_in_odoo(self, move_ids):
        """Return {order id: [(bill's id, net, currency, lines)]} of the orders of these
        bills, and of those on hold."""
        held = {order_id for mine in self._held.values() for order_id in mine}
        found = defaultdict(list)
        for order_id, *row in self.env.execute_query(
            SQL(
                """
                SELECT order_line.order_id, move.id,
                       sum(CASE move.move_type WHEN 'in_refund' THEN -1 ELSE 1 END
                           * item.price_subtotal)::float,
                       currency.name, count(*)
                  FROM purchase_order_line order_line
                  JOIN account_move_line item ON item.purchase_line_id = order_line.id
                  JOIN account_move move ON move.id = item.move_id
                  JOIN res_currency currency ON currency.id = move.currency_id
                 WHERE move.state <> 'cancel' AND %(goods)s
                   AND move.move_type IN ('in_invoice', 'in_refund')
                   AND order_line.order_id IN (
                       SELECT other.order_id
                         FROM account_move_line mine
                         JOIN purchase_order_line other
                           ON other.id = mine.purchase_line_id
                        WHERE mine.move_id = ANY(%(moves)s)
                        UNION ALL
                       SELECT unnest(%(held)s::int[])
                   )
              GROUP BY order_line.order_id, move.id, currency.name
                """,
                goods=_GOODS,
                moves=list(move_ids),
                held=list(held),
            )
        ):
            found[order_id].append(tuple(row))
        return found

    def _billed_on_hold(self, record_ids):
        """Return {id of a bill's record: {order id: net}} of what is not in Odoo."""
        found = defaultdict(dict)
        for record_id, order_id, net in self.env.execute_query(
            SQL(
                """
                SELECT record.id, order_line.order_id,
                       sum((line.value ->> 'amount')::numeric)::float
                  FROM procurify_record record
            CROSS JOIN LATERAL jsonb_array_elements(
                           CASE jsonb_typeof(record.remote_coding)
                           WHEN 'array' THEN record.remote_coding END
                       ) line
                  JOIN procurify_record item
                    ON item.connection_id = record.connection_id
                   AND item.resource = 'order_item'
                   AND item.external_id = line.value ->> 'item'
                  JOIN purchase_order_line order_line ON order_line.id = item.res_id
                 WHERE record.id = ANY(%s)
              GROUP BY record.id, order_line.order_id
                """,
                list(record_ids),
            )
        ):
            found[record_id][order_id] = net
        return found

    def _ordered(self):
        """Return {order id: (currency, what was ordered, rounding)}."""
        held = {order_id for mine in self._held.values() for order_id in mine}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT order_line.order_id, currency.name,
                       sum(order_line.price_subtotal)::float, currency.rounding::float
                  FROM purchase_order_line order_line
                  JOIN purchase_order ordered ON ordered.id = order_line.order_id
                  JOIN res_currency currency ON currency.id = ordered.currency_id
                 WHERE order_line.order_id = ANY(%s) AND %s
                   AND order_line.display_type IS NULL
              GROUP BY order_line.order_id, currency.name, currency.rounding
                """,
                list(held | self._billed.keys()),
                _GOODS,
            )
        )
        return {order_id: tuple(row) for order_id, *row in rows}
