"""Which purchase orders bills and order items refer to, and what these contain."""

from ..procurify import Bill, InvalidPayload, Order


def parsed(payload_class, data):
    """Return the payload, or None if it is invalid: the import reports that."""
    try:
        return payload_class.from_json(data)
    except InvalidPayload:
        return None


def orders_of_bill(remote):
    """Return the ids of the orders that a bill refers to."""
    try:
        bill = remote.read_as(Bill)
    except InvalidPayload:
        return []
    return [str(order_id) for order_id, _number in bill.orders]


def lines_of_order(data):
    """Return {id: line} of the lines that belong to this order now."""
    order = parsed(Order, data)
    lines = order.lines if order else ()
    return {line.id: line for line in lines if line.order_id in (None, order.id)}


def has_item(lines, item):
    """Return whether the ``lines`` of an order contain this version of an item."""
    line = lines.get(item.id)
    if not line:
        return False
    return not item.modified or bool(line.modified and line.modified >= item.modified)
