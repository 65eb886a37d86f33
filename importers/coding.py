"""How documents are coded, and what was received: what lists and accruals add up.

Both are kept with the staged object as JSON, so that SQL can split amounts without
reading payloads. Amounts and quantities are texts of exact decimals.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from ..procurify import InvalidPayload
from ..procurify.arithmetic import bill_figures, split
from ..procurify.order_arithmetic import live_lines, order_figures

_CENT = Decimal("0.01")
_WITH_GOODS = ("freight", "shipping", "other", "discount")


def bill_coding(bill):
    """Return [{"item": id of the order's line or None, "name", "amount", "shares"}].

    One entry per line of the bill. ``amount`` is without tax, and ``shares`` are
    [account code, department, location, amount]: Procurify's ids, or None. False if
    the amounts cannot be read.
    """
    try:
        lines = bill_figures(bill, _CENT).lines
    except InvalidPayload:
        return False
    items = {f"item {item.id}": item.order_item_id for item in bill.items}
    return [
        {
            "item": _text_id(items.get(line.source)),
            "name": line.label,
            "amount": _text(line.amount),
            "shares": [
                _share(line.account_code, share.department, share.amount)
                for share in line.shares
            ],
        }
        for line in lines
        if line.amount
    ]


def order_coding(order):
    """Return [{"item": id, "name", "quantity", "amount", "extra", "shares"}] of its
    lines.

    As :func:`bill_coding`; ``extra`` is what a line bears of the order's freight, other
    costs and discounts: they come with the goods. Taxes are excluded.
    """
    try:
        figures = order_figures(order, _CENT)
    except InvalidPayload:
        return False
    return [
        {
            "item": str(line.source_id),
            "name": line.label,
            "quantity": _text(line.ordered_quantity or Decimal(0)),
            "amount": _text(line.amount),
            **({"extra": _text(extra)} if extra else {}),
            "shares": [
                _share(share.account_code, share.department, share.amount)
                for share in line.shares
            ],
        }
        for line, extra in zip(figures.lines, _extras(figures), strict=True)
    ]


def _extras(figures):
    """Return what each line of an order bears of its extras, taxes excepted."""
    if not figures.lines:
        return []
    extras = [extra for extra in figures.extras if extra.kind in _WITH_GOODS]
    common = sum((e.amount for e in extras if not e.source_id), Decimal(0))
    shares = split(common, [line.amount for line in figures.lines], _CENT)
    own = defaultdict(Decimal)
    for extra in extras:
        own[extra.source_id] += extra.amount
    return [
        share + own[line.source_id]
        for line, share in zip(figures.lines, shares, strict=True)
    ]


def _share(code, department, amount):
    branch = department.branch if department else None
    ids = [each.external_id if each else None for each in (code, department, branch)]
    return [*ids, _text(amount)]


def _text_id(number):
    return None if number is None else str(number)


def _text(amount):
    return format(amount, "f")


# === RECEIPTS === #


@dataclass(frozen=True)
class Received:
    """What came of a line so far: [[day, quantity up to that day]], the last day last.

    Without logs there is one entry: of the day of the line's last change.
    """

    entries: list
    is_logged: bool


def order_receipts(order):
    """Return {id of a line: Received}."""
    found = {}
    for line in live_lines(order):
        if entries := _logged(line):
            found[str(line.id)] = Received(entries, is_logged=True)
            continue
        changed = line.modified or order.modified
        if day := changed.date() if changed else order.date:
            entries = [[day.isoformat(), _text(line.received)]]
            found[str(line.id)] = Received(entries, is_logged=False)
    return found


def _logged(line):
    """Return the entries that the line's logs make, if they come to what it says."""
    total, by_day = Decimal(0), {}
    for receipt in line.receipts:
        if receipt.quantity is None:
            return None
        total += receipt.quantity
        by_day[receipt.day.isoformat()] = _text(total)
    return [list(entry) for entry in by_day.items()] if total == line.received else None


def receipt_history(known, found):
    """Return {id of a line: [[day, quantity received so far]]}, the last day last.

    :param known: what was staged before, or False
    :param found: see :func:`order_receipts`
    :returns: False if nothing has ever come
    """
    history = {line_id: list(entries) for line_id, entries in (known or {}).items()}
    for line_id, received in found.items():
        if received.is_logged:
            history[line_id] = received.entries
            continue
        [[day, total]] = received.entries
        mine = history.get(line_id, [])
        before = Decimal(mine[-1][1]) if mine else Decimal(0)
        if Decimal(total) != before:
            last = max(day, mine[-1][0]) if mine else day
            history[line_id] = [*mine, [last, total]]
    return history or False
