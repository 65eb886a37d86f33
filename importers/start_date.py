"""The start date: which documents belong to the time before Odoo kept the books."""

from odoo.fields import Date
from odoo.tools import format_date

from ..procurify.payloads.order import OrderState
from .issues import Hold

BEFORE_START_DATE = "before_start_date"
_OPEN_ORDERS = (OrderState.PURCHASED, OrderState.REOPENED)


def exclude_earlier(batch):
    """Exclude what is older than the connection's start date.

    What is in Odoo already stays there. What was still open on that day is taken over
    where the connection says so.
    """
    connection = batch.connection
    day_of, is_open, field = _KINDS[batch.resource]
    start = connection[field]
    if not start:
        return
    for draft in batch.open:
        document = draft.payload
        day = day_of(document)
        if draft.record.res_id or not day or day >= start:
            continue
        if not (connection.take_over_open_items and is_open(document, start)):
            draft.exclude(BEFORE_START_DATE)


def hold_earlier(env, connection, draft, before):
    """Hold a document in Odoo that its new version moves before the start date.

    :param before: its day as it was so far: what was older then stays in Odoo
    :returns: whether it is on hold
    """
    day_of, is_open, field = _KINDS[draft.record.resource]
    start, day = connection[field], day_of(draft.payload)
    before = Date.to_date(before)
    if not (start and day and before and day < start <= before):
        return False
    if connection.take_over_open_items and is_open(draft.payload, start):
        return False
    params = {
        "value": draft.record.name,
        "expected": format_date(env, start),
        "found": format_date(env, day),
    }
    draft.holds.append(Hold(BEFORE_START_DATE, draft.key, params))
    return True


def _accounting_date(bill):
    return bill.gl_post_date or bill.invoice_date


def _is_unpaid_bill(bill, start):
    """Return whether ``bill`` was not paid before ``start``.

    A paid bill whose day of payment is not known counts as paid before.
    """
    return not bill.is_paid or bool(bill.paid_on and bill.paid_on >= start)


def _is_open_order(order, _start):
    return order.state in _OPEN_ORDERS and not order.is_closed and not order.is_card


def _is_open_requisition(_requisition, _start):
    return True  # only what is not bought yet is imported of it


_KINDS = {
    "bill": (_accounting_date, _is_unpaid_bill, "bills_start_date"),
    "purchase_order": (lambda order: order.date, _is_open_order, "orders_start_date"),
    "requisition": (
        lambda requisition: requisition.date,
        _is_open_requisition,
        "orders_start_date",
    ),
}
