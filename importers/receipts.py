"""When the lines of an order were received: what is shown, never what is booked."""

from datetime import date
from decimal import Decimal

from ..procurify.receipts import Receipt, receipts


def line_receipts(line, staged):
    """Return the receipts of an order's line.

    Where its logs say nothing, they are what was seen to come, day by day.

    :param line: the line as Procurify sent it
    :param staged: ``remote_receipts`` of the order's record, or False
    """
    found = receipts(line)
    return found or _seen((staged or {}).get(str(line.get("id")), ()))


def _seen(history):
    """Return the receipts behind [[day, quantity received so far]]."""
    before, found = Decimal(0), []
    for day, total in history:
        found.append(Receipt(date.fromisoformat(day), Decimal(total) - before))
        before = Decimal(total)
    return found
