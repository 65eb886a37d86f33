"""States and kinds that Procurify documents; another one may mean anything.

Source: Procurify API reference (edition of March 2024), and the names of the edition of
2026. To book an object with an undocumented state would be a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .payloads import (
    Bill,
    BillStatus,
    BillType,
    Order,
    OrderItem,
    OrderItemStatus,
    OrderItemType,
    OrderState,
    Requisition,
    RequisitionStatus,
    Vendor,
    VendorType,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .payloads.values import Stated
    from .resources import Payload

_DOCUMENTED: dict[type, dict[str, frozenset[object]]] = {
    Bill: {"status": frozenset(BillStatus), "type": frozenset(BillType)},
    Order: {"state": frozenset(OrderState)},
    Requisition: {"status": frozenset((*RequisitionStatus, None))},
    # Documents embed vendors in short forms that do not say what they are.
    Vendor: {
        "type": frozenset((*VendorType, None)),
        "status": frozenset((None, "active", "inactive")),
    },
    OrderItem: {"status": frozenset((*OrderItemStatus, None))},
}
_LINE_TYPES = frozenset((*OrderItemType, None))


def undocumented(payload: Payload) -> str:
    """Return what of ``payload`` nobody knows the meaning of, in words; else ""."""
    return ", ".join(_undocumented(payload))


def _undocumented(payload: Payload) -> Iterator[str]:
    for field, known in _DOCUMENTED.get(type(payload), {}).items():
        yield from _unknown(field, getattr(payload, field), known)
    if isinstance(payload, Order):
        for line in payload.lines:
            if line.active:
                yield from _unknown(f"{line.label}: type", line.type, _LINE_TYPES)


def _unknown(field: str, value: Stated, known: Iterable[object]) -> Iterator[str]:
    if value not in known:
        yield f"{field} {value}" if value is not None else f"no {field}"
