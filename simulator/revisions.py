"""Changes to a bill as somebody types them: names and values, also from JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from . import tenant_time
from .arithmetic import item_amounts, proportional
from .drawing import Wanted
from .manufacturer import CURRENCIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import Bill, Currency, Item

HEADER: Final = {
    "active",
    "currency_id",
    "invoice_number",
    "note",
    "paid_on",
    "payment_status",
    "status",
    "type",
    "user_id",
    "vendor_id",
}
INSTANTS: Final = {
    "due_date",
    "gl_post_date",
    "invoice_date",
    "modified",
    "submitted",
}
LINE: Final = {"code", "department_id", "description", "quantity", "unit_cost"}
WANTED: Final = {"amount", "code", "department_id"}


def wanted(params: Mapping[str, Any]) -> tuple[Wanted, dict[str, Any]]:
    """Take what the drawing of a new bill has to respect out of the parameters."""
    amount = params.get("amount")
    choice = Wanted(
        code=params.get("code"),
        department_id=params.get("department_id"),
        amount=None if amount is None else Decimal(str(amount)),
    )
    rest = {name: value for name, value in params.items() if name not in WANTED}
    return choice, rest


def changed(bill: Bill, changes: Mapping[str, Any]) -> Bill:
    """Return the bill with those changes.

    Names of the header: ``HEADER``, ``INSTANTS``, `total_error`, `rate`. Of a line:
    ``LINE``, together with `item`, the number of the line from 0 (the default).
    """
    changes = dict(changes)
    position = changes.pop("item", 0)
    line = {name: changes.pop(name) for name in LINE & changes.keys()}
    header: dict[str, Any] = {}
    for name, value in changes.items():
        if name in HEADER:
            header[name] = value
        elif name in INSTANTS:
            header[name] = None if value is None else instant(value)
        elif name in ("total_error", "rate"):
            header[name] = None if value is None else Decimal(str(value))
        else:
            message = f"A bill has no {name!r} to change."
            raise TypeError(message)
    if "currency_id" in header:
        header["rate"] = currency(header["currency_id"]).rate
    if line:
        items = list(bill.items)
        items[position] = _changed_line(items[position], line)
        header["items"] = tuple(items)
    return replace(bill, **header)


def changed_item(item: Item, fields: Mapping[str, Any]) -> Item:
    """Return a new line with those fields; `amount` bills it by cost."""
    unknown = fields.keys() - LINE - {"amount", "order_line"}
    if unknown:
        message = f"A bill's line has no {min(unknown)!r}."
        raise TypeError(message)
    item = replace(item, order_line=fields.get("order_line"))
    if fields.get("amount") is not None:
        amount = Decimal(str(fields["amount"]))
        item = replace(item, quantity=Decimal(0), amount=amount)
    return _changed_line(item, {n: v for n, v in fields.items() if n in LINE})


def _changed_line(item: Item, changes: Mapping[str, Any]) -> Item:
    """Return the line with the changes; a new amount keeps the split's proportions."""
    if changes.keys() & {"quantity", "unit_cost"}:
        item = replace(
            item,
            quantity=Decimal(str(changes.get("quantity", item.quantity))),
            unit_cost=Decimal(str(changes.get("unit_cost", item.unit_cost))),
            amount=None,
        )
    item = replace(item, description=changes.get("description", item.description))
    net = item_amounts(item).net
    amounts = proportional(net, [share.amount for share in item.shares])
    shares = tuple(
        replace(
            share,
            amount=amount,
            code=changes.get("code", share.code),
            department_id=changes.get("department_id", share.department_id),
        )
        for share, amount in zip(item.shares, amounts, strict=True)
    )
    return replace(item, shares=shares)


def instant(value: Any) -> datetime:
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if not isinstance(value, datetime) and isinstance(value, date):
        return tenant_time.at(value)
    if value.tzinfo is None:
        return tenant_time.at(value.date(), value.hour, value.minute, value.second)
    found: datetime = value
    return found


def currency(currency_id: int) -> Currency:
    return next(c for c in CURRENCIES if c.id == currency_id)
