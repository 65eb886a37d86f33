"""The tables of purchasing: orders, their lines, requisitions, the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from .model import CatalogItem, Order, OrderLine, Requisition

(
    WANTED,
    ON_LIST,
    PURCHASED,
    RECEIVED,
    REJECTED,
    PARTLY_RECEIVED,
    FROM_STOCK,
    DENIED,
    LINE_DRAFT,
) = range(9)
OPEN, CANCELLED, LEGACY, CLOSED, PAID, REOPENED = range(6)
ON_PURCHASE: Final = {OPEN, REOPENED}
ONE_TIME, RECURRING, BLANKET = range(3)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What belongs together when something is bought."""

    orders: tuple[Order, ...] = ()
    lines: tuple[OrderLine, ...] = ()
    requisitions: tuple[Requisition, ...] = ()


class LineRow(NamedTuple):
    """A line with the records that its filters look at."""

    line: OrderLine
    order: Order | None
    requisition: Requisition | None


@dataclass
class OrderBook:
    """Holds the records and finds those that belong together. It has no lock."""

    orders: dict[int, Order] = field(default_factory=dict)
    lines: dict[int, OrderLine] = field(default_factory=dict)
    requisitions: dict[int, Requisition] = field(default_factory=dict)
    catalogue: dict[int, CatalogItem] = field(default_factory=dict)
    _by_uuid: dict[str, int] = field(default_factory=dict)
    _of_order: dict[int, dict[int, None]] = field(default_factory=dict)
    _of_requisition: dict[int, dict[int, None]] = field(default_factory=dict)

    def put(self, purchase: Purchase) -> None:
        for order in purchase.orders:
            self.put_order(order)
        for line in purchase.lines:
            self.put_line(line)
        for requisition in purchase.requisitions:
            self.requisitions[requisition.num] = requisition

    def put_order(self, order: Order) -> None:
        self.orders[order.id] = order
        self._by_uuid[order.uuid.hex] = order.id

    def put_line(self, line: OrderLine) -> None:
        """Store a line; it stays known to the orders that it was on before."""
        self.lines[line.id] = line
        for order_id in (*line.past_orders, line.order_id):
            if order_id is not None:
                self._of_order.setdefault(order_id, {})[line.id] = None
        self._of_requisition.setdefault(line.requisition, {})[line.id] = None

    def drop_line(self, line_id: int) -> None:
        line = self.lines.pop(line_id)
        for order_id in (*line.past_orders, line.order_id):
            if order_id is not None:
                self._of_order[order_id].pop(line_id, None)
        self._of_requisition[line.requisition].pop(line_id, None)

    def order_by_reference(self, reference: str) -> Order | None:
        """Return an order by id or by uuid, with or without dashes."""
        if reference.isdecimal() and len(reference) < 20:
            return self.orders.get(int(reference))
        number = self._by_uuid.get(reference.replace("-", "").lower())
        return None if number is None else self.orders.get(number)

    def lines_of(self, order_id: int) -> list[OrderLine]:
        """Return the lines that are on the order now, by their number."""
        known = self._of_order.get(order_id, ())
        found = [self.lines[line_id] for line_id in known]
        on_it = [line for line in found if line.order_id == order_id]
        return sorted(on_it, key=lambda line: (line.line_number or 0, line.id))

    def former_lines_of(self, order_id: int) -> list[OrderLine]:
        """Return the lines that were on the order once."""
        found = [self.lines[line_id] for line_id in self._of_order.get(order_id, ())]
        return [line for line in found if line.order_id != order_id]

    def lines_of_requisition(self, num: int) -> list[OrderLine]:
        return [self.lines[line_id] for line_id in self._of_requisition.get(num, ())]

    def rows(self) -> list[LineRow]:
        """Return the lines that lists show: not those of orders that are not there."""
        rows = []
        for line in list(self.lines.values()):
            order = None if line.order_id is None else self.orders.get(line.order_id)
            if line.order_id is None or (order is not None and order.listed):
                requisition = self.requisitions.get(line.requisition)
                rows.append(LineRow(line, order, requisition))
        return rows

    def fulfilment(self, order: Order) -> str:
        """Return how much of an order has come: empty, partial or full."""
        lines = [line for line in self.lines_of(order.id) if line.active]
        if not any(line.received for line in lines):
            return "empty"
        complete = all(line.received >= line.quantity for line in lines)
        return "full" if complete else "partial"

    def status(self, order: Order) -> str:
        """Return the list that an order is in: open, partial, closed, …"""
        if order.state not in ON_PURCHASE:
            names = {CANCELLED: "cancelled", CLOSED: "closed", PAID: "paid"}
            return names.get(order.state, "open")
        return "partial" if self.fulfilment(order) == "partial" else "open"


def status_of(line: OrderLine) -> int:
    """Return the status that a purchased line has by what was received of it."""
    if line.quantity > 0 and line.received >= line.quantity:
        return RECEIVED
    return PARTLY_RECEIVED if line.received else PURCHASED
