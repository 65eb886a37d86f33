"""When the lines of orders and bills were received, as far as documents say so.

Source: Procurify API reference (edition of March 2024), "Retrieve a purchase order" and
"Retrieve a bill"; the numbers of a log's action come from the edition of 2026. Nothing
here can stop a document: what cannot be read is left empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .payloads.values import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from decimal import Decimal

# Of a log: some of a line was received, or the rest of it.
_RECEIVED = frozenset({6, 7})


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came on one day; the quantity is None where nobody says it."""

    day: date
    quantity: Decimal | None


def receipts(line: Mapping[str, Any]) -> list[Receipt]:
    """List the receipts of a line of an order or a bill, the oldest first.

    The logs of an order's line say each; a bill's line has one day.
    """
    source = Reader(dict(line)).spare
    found = sorted(_logged(source), key=lambda receipt: receipt.day)
    if not found and (day := source.day("received_on")):
        found = [Receipt(day, None)]
    return found


def _logged(source: Reader) -> Iterator[Receipt]:
    for entry in source.children("logs"):
        day = entry.spare.day("dateTime")
        action = entry.data.get("action")
        if day and isinstance(action, int) and action in _RECEIVED:
            yield Receipt(day, entry.spare.decimal("line_qty_pass"))
