"""Changes to orders and their lines as somebody types them: names and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from .arithmetic import line_total
from .model import Modifier, Share
from .order_drawing import coded
from .revisions import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from .model import CatalogItem, Order, OrderLine, Requisition

PLAIN_HEADER: Final = {
    "buyer_id",
    "card_issuer",
    "comment",
    "cost_details",
    "external_number",
    "extras_in_subtotal",
    "listed",
    "number",
    "readable",
    "state",
}
CODING: Final = {"code", "department_id"}
MONEY: Final = {"price", "quantity", "total"}
PLAIN_LINE: Final = {
    "active",
    "catalog_item",
    "comment",
    "name",
    "sku",
    "status",
    "type",
    "unit",
    "vendor_text",
}


def decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _decimal_or_none(value: Any) -> Decimal | None:
    return None if value is None else decimal(value)


def modifier(value: Any) -> Modifier:
    """Return a tax or a discount: ``12.5`` is an amount, ``"8.25%"`` a percentage."""
    if isinstance(value, Modifier):
        return value
    if isinstance(value, Mapping):
        return Modifier(decimal(value["value"]), value["type"] == "percentage")
    text = str(value).strip()
    return Modifier(Decimal(text.removesuffix("%")), text.endswith("%"))


# How the header's fields are read that are no plain values.
HEADER: Final[dict[str, Callable[[Any], Any]]] = {
    "closed": instant,
    "date": instant,
    "discount": modifier,
    "expires": instant,
    "freight": decimal,
    "modified": instant,
    "other": decimal,
    "promise_date": instant,
    "rate": decimal,
    "tax": modifier,
    "total_error": _decimal_or_none,
}
LINE: Final[dict[str, Callable[[Any], Any]]] = {
    "failed": decimal,
    "price": decimal,
    "quantity": decimal,
    "received": decimal,
    "shipping": _decimal_or_none,
    "total": _decimal_or_none,
}
LINE_NAMES: Final = PLAIN_LINE | LINE.keys() | CODING


def parted(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the changes of the header, and those of a line."""
    line = {name: value for name, value in changes.items() if name in LINE_NAMES}
    header = {name: value for name, value in changes.items() if name not in LINE_NAMES}
    return header, line


def changed_order(order: Order, changes: Mapping[str, Any]) -> Order:
    """Return the order with changes of its header; its vendor is forever."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        if name in HEADER:
            found[name] = HEADER[name](value)
        elif name in PLAIN_HEADER:
            found[name] = value
        else:
            message = f"An order has no {name!r} to change."
            raise TypeError(message)
    return replace(order, **found)


def changed_line(line: OrderLine, changes: Mapping[str, Any]) -> OrderLine:
    """Return the line with the changes; a new amount keeps the split's proportions."""
    if "price" in changes or "quantity" in changes:
        line = replace(line, total=None)
    for name, value in changes.items():
        if name in CODING:
            continue
        if name not in LINE_NAMES:
            message = f"An order's line has no {name!r} to change."
            raise TypeError(message)
        read = LINE.get(name)
        line = replace(line, **{name: read(value) if read else value})
    if changes.keys() & CODING:
        line = replace(line, shares=_recoded(line, changes))
    return coded(line) if changes.keys() & (MONEY | CODING) else line


def _recoded(line: OrderLine, changes: Mapping[str, Any]) -> tuple[Share, ...]:
    return tuple(
        replace(
            share,
            code=changes.get("code", share.code),
            department_id=changes.get("department_id", share.department_id),
        )
        for share in line.shares
    )


def changed_requisition(
    requisition: Requisition, changes: Mapping[str, Any]
) -> Requisition:
    read = {"date", "required", "modified"}
    plain = {"description", "status", "user_id", "department_id"}
    unknown = changes.keys() - read - plain
    if unknown:
        message = f"A requisition has no {sorted(unknown)[0]!r} to change."
        raise TypeError(message)
    found: dict[str, Any] = {
        n: instant(v) if n in read else v for n, v in changes.items()
    }
    return replace(requisition, **found)


def changed_item(item: CatalogItem, changes: Mapping[str, Any]) -> CatalogItem:
    known = {"name", "price", "currency_id", "code", "vendor_id", "sku", "unit"}
    unknown = changes.keys() - known - {"description"}
    if unknown:
        message = f"A catalogue item has no {sorted(unknown)[0]!r} to change."
        raise TypeError(message)
    found: dict[str, Any] = {
        n: decimal(v) if n == "price" else v for n, v in changes.items()
    }
    return replace(item, **found)


def remaining(line: OrderLine) -> Decimal:
    """Return how much of a line has not come yet."""
    return line.quantity - line.received


def is_by_product(line: OrderLine) -> bool:
    """Return whether quantity × price says what the line costs."""
    return line.total is None or line_total(replace(line, total=None)) == line.total
