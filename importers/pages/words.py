"""Figures, dates and steps of a document, as a person reads them."""

from odoo.tools import format_date, format_datetime
from odoo.tools.misc import get_lang
from odoo.tools.translate import LazyTranslate

from ...procurify import BillStatus, OrderState

_lt = LazyTranslate(__name__)

# Procurify's words for its statuses, per kind of document.
STATUSES = {
    "bill": {
        BillStatus.DRAFT: _lt("Draft"),
        BillStatus.CONFIRMED: _lt("Waiting for approval"),
        BillStatus.APPROVED: _lt("Approved"),
        BillStatus.DENIED: _lt("Denied"),
        BillStatus.PAID: _lt("Paid"),
        BillStatus.WITHDRAWN: _lt("Withdrawn"),
        BillStatus.PAYMENT_CONFIRMED: _lt("Payment confirmed"),
        BillStatus.PAYMENT_APPROVED: _lt("Payment approved"),
        BillStatus.PAYMENT_LIMBO: _lt("Payment in progress"),
    },
    "purchase_order": {
        OrderState.PURCHASED: _lt("Purchased"),
        OrderState.CANCELLED: _lt("Cancelled"),
        OrderState.LEGACY: _lt("Purchased"),
        OrderState.CLOSED: _lt("Closed"),
        OrderState.PAID: _lt("Paid"),
        OrderState.REOPENED: _lt("Reopened"),
    },
    "requisition": {
        0: _lt("Waiting for approval"),
        1: _lt("Approved"),
        2: _lt("Denied"),
        3: _lt("Purchased"),
        4: _lt("Cancelled"),
        5: _lt("Received"),
        6: _lt("Draft"),
    },
}

# What happens to a request or a line of an order, by Procurify's number.
ACTIONS = {
    0: _lt("Requested"),
    1: _lt("Approved"),
    2: _lt("Denied"),
    3: _lt("Approved and passed on"),
    4: _lt("Purchased"),
    5: _lt("Lines rejected"),
    6: _lt("Receipt updated"),
    7: _lt("Received"),
    8: _lt("Closed"),
    9: _lt("Receipt undone"),
    10: _lt("Reopened"),
    11: _lt("Line requested"),
    12: _lt("Receipt undone"),
    13: _lt("Cancelled"),
    14: _lt("Stocked"),
    19: _lt("Purchased"),
    20: _lt("Recorded"),
}


class Words:
    """Formats for one user. All returns are texts; nothing is ""."""

    def __init__(self, env):
        self.env = env
        self._lang = env["res.lang"].browse(get_lang(env).id)

    def number(self, value, digits=0):
        """Return a number with at least ``digits`` decimals, and no zeros after."""
        if value is None:
            return ""
        sent = max(-value.normalize().as_tuple().exponent, 0)
        return self._format(value, max(sent, digits))

    def money(self, value, digits):
        """Return an amount with exactly the decimals of its currency."""
        return "" if value is None else self._format(value, digits)

    def _format(self, value, digits):
        return self._lang.format(f"%.{min(digits, 8)}f", float(value), grouping=True)

    def date(self, value):
        return format_date(self.env, value) if value else ""

    def moment(self, value):
        """Return an aware datetime in the user's time zone."""
        if not value:
            return ""
        return format_datetime(self.env, value.replace(tzinfo=None), dt_format="short")
