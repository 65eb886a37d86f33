"""Purchase orders on demand: those that bills name, and whose lines changed."""

import logging
from contextlib import suppress

from odoo import models
from odoo.fields import Domain

from ...procurify import (
    RESOURCES,
    AuthenticationError,
    Bill,
    InvalidPayload,
    Order,
    OrderItem,
    StreamError,
    TransientError,
    read_json,
)
from .scan import is_missing, is_unreadable

_logger = logging.getLogger(__name__)


class ProcurifyStream(models.Model):
    """The list of orders lags behind by a day, and may not show that a line changed.

    An order that cannot be read holds up nothing: bills are imported without it.
    """

    _inherit = "procurify.stream"

    def _orders_beside(self, client, objects):
        """Read the orders that ``objects`` speak of and the stage does not hold.

        :param objects: (row, detail) pairs of one page of this stream
        :returns: (order, order) pairs, to stage with the page
        """
        wanted = self._wanted_orders([detail for _row, detail in objects])
        if not wanted or not self._reads_orders():
            return []
        try:
            orders = client.details(RESOURCES["purchase_order"], sorted(wanted))
        except AuthenticationError:
            raise
        except StreamError as error:
            # What changed is told once: after an outage the items are read again.
            if self.resource == "order_item" and isinstance(error, TransientError):
                raise
            _logger.info("Procurify orders beside %s: %s", self.display_name, error)
            return []
        # What cannot be read is held by the list of orders.
        return [
            (order, order)
            for order in orders
            if not (is_missing(order) or is_unreadable(order))
        ]

    def _reads_orders(self):
        return "purchase_order" in self.connection_id.stream_ids.mapped("resource")

    def _wanted_orders(self, objects):
        """Return the ids of the orders to read beside these objects."""
        if self.resource == "bill":
            named = {order_id for bill in objects for order_id in _orders_of(bill)}
            return named - self._staged_payloads("purchase_order", named).keys()
        if self.resource == "order_item":
            return self._orders_behind(objects)
        return set()

    def _orders_behind(self, rows):
        """Return the ids of the orders that do not hold these order items as they are.

        An item that left an order makes that one wanted too. What did not change
        since it was staged makes none wanted, whatever the order says.
        """
        items = [
            item for row in self._changed(rows) if (item := _read(OrderItem, row.data))
        ]
        staged = self._staged_payloads("order_item", {i.external_id for i in items})
        before = {
            external_id: item.order_id
            for external_id, data in staged.items()
            if (item := _read(OrderItem, data))
        }
        bought = {str(i.order_id) for i in items if i.order_id}
        orders = self._staged_payloads("purchase_order", bought)
        shown = {number: _lines_of(data) for number, data in orders.items()}
        wanted = set()
        for item in items:
            if item.order_id and not _is_shown(item, shown.get(str(item.order_id), {})):
                wanted.add(str(item.order_id))
            left = before.get(item.external_id)
            if left and left != item.order_id:
                wanted.add(str(left))
        return wanted

    def _staged_payloads(self, resource, external_ids):
        """Return {external id: JSON data} of what is staged of these objects."""
        if not external_ids:
            return {}
        rows = self.env["procurify.record"].search_fetch(
            Domain("connection_id", "=", self.connection_id.id)
            & Domain("resource", "=", resource)
            & Domain("external_id", "in", list(external_ids)),
            ["external_id", "payload"],
        )
        found = {}
        for row in rows.filtered("payload"):
            with suppress(InvalidPayload):  # what cannot be read is held, not missed
                found[row.external_id] = read_json(row.payload)
        return found


def _read(payload_class, data):
    """Return the payload, or None where it cannot be read: the import says so."""
    try:
        return payload_class.from_json(data)
    except InvalidPayload:
        return None


def _orders_of(remote):
    bill = _read(Bill, remote.data)
    return [str(order_id) for order_id, _number in bill.orders] if bill else []


def _lines_of(data):
    """Return {id: line} of the lines that are on this order now."""
    order = _read(Order, data)
    lines = order.lines if order else ()
    return {line.id: line for line in lines if line.order_id in (None, order.id)}


def _is_shown(item, lines):
    """Tell whether the order's own ``lines`` are as new as this order item."""
    line = lines.get(item.id)
    if not line:
        return False
    return not item.modified or bool(line.modified and line.modified >= item.modified)
