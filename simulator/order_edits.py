"""What people do with orders, requisitions and the catalogue while the server runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from . import order_revisions, revisions
from .arithmetic import ZERO, line_total
from .drawing import Wanted
from .model import CatalogItem, Order, OrderLine
from .order_book import (
    CANCELLED,
    CLOSED,
    ON_PURCHASE,
    PAID,
    REJECTED,
    REOPENED,
    Purchase,
    status_of,
)
from .order_drawing import back_on_list, on_order
from .order_revisions import changed_item, changed_line, changed_order, decimal
from .order_scenarios import draw_order, draw_requisition
from .store import Store

if TYPE_CHECKING:
    from datetime import datetime

    from .order_drawing import OrderDraw

Found = TypeVar("Found")


def _known(found: Found | None, what: str, number: int) -> Found:
    if found is None:
        message = f"There is no {what} {number}."
        raise LookupError(message)
    return found


def _must(condition: bool, message: str) -> None:
    """Refuse what the real service refuses."""
    if not condition:
        raise ValueError(message)


class OrderEdits(Store):
    """Edits of purchasing. Each is seen at once; stamps only grow.

    A line of an order is named by its position on the order, from 0.
    """

    # --- new records --------------------------------------------------------------

    def add_order(self, scenario: str = "plain", **params: Any) -> int:
        """Add an order of that scenario and return its id.

        :param params: `code`, `department_id`, `amount` of the (first) line;
            `vendor_id`, `currency_id`; any header field that
            :func:`order_revisions.changed_order` takes, `modified` for an old stamp
        """
        with self._lock:
            draw, header = self._wanted_draw(params)
            drawn = draw_order(draw, scenario)
            order = changed_order(drawn.orders[0], header)
            modified = order.modified
            if "modified" not in header:
                modified = self._now(modified)
            lines = [replace(line, modified=modified) for line in drawn.lines]
            asked = [replace(r, modified=modified) for r in drawn.requisitions]
            order = replace(order, modified=modified)
            self._put(Purchase((order,), tuple(lines), tuple(asked)))
            return order.id

    def add_requisition(self, scenario: str = "approved", **params: Any) -> int:
        """Add a requisition of that scenario and return its number.

        :param params: `code`, `department_id`, `amount` of the first line;
            `vendor_id`, `currency_id`; `description`, `status`, `user_id`
        """
        with self._lock:
            draw, rest = self._wanted_draw(params)
            drawn = draw_requisition(draw, scenario)
            asked = order_revisions.changed_requisition(drawn.requisitions[0], rest)
            modified = self._now(asked.modified)
            self._put(
                Purchase(
                    tuple(replace(order, modified=modified) for order in drawn.orders),
                    tuple(replace(line, modified=modified) for line in drawn.lines),
                    (replace(asked, modified=modified),),
                )
            )
            return asked.num

    def _wanted_draw(self, params: dict[str, Any]) -> tuple[OrderDraw, dict[str, Any]]:
        """Return a draw that keeps to the parameters, and those that are left."""
        wanted, rest = revisions.wanted(params)
        vendor_id = rest.pop("vendor_id", None)
        currency_id = rest.pop("currency_id", None)
        draw = self._next_order_draw(wanted)
        if vendor_id is not None:
            _known(self._vendor_book.by_id.get(vendor_id), "vendor", vendor_id)
            draw.vendor_id = vendor_id
        if currency_id is not None:
            draw.currency = revisions.currency(currency_id)
        return draw, rest

    def add_catalog_item(self, name: str, **fields: Any) -> int:
        """Add an item to the catalogue and return its id."""
        with self._lock:
            first = next(iter(self._book.catalogue.values()), None)
            number = max(self._book.catalogue, default=300) + 1
            vendor_id = first.vendor_id if first else self._vendor_book.ordinary[0]
            plain = CatalogItem(number, name, decimal("10.00"), 1, "6500", vendor_id)
            self._book.catalogue[number] = changed_item(plain, fields)
            self.revision += 1
            return number

    def edit_catalog_item(self, item_id: int, **changes: Any) -> None:
        with self._lock:
            item = _known(self.catalog_item(item_id), "catalogue item", item_id)
            self._book.catalogue[item_id] = changed_item(item, changes)
            self.revision += 1

    # --- an order and its lines ---------------------------------------------------

    def revise_order(self, order_id: int, line: int = 0, **changes: Any) -> None:
        """Change fields of the header, or of a line: a new version of both.

        Only an open order can be revised, and its vendor never changes.
        """
        with self._lock:
            order = self._open_order(order_id)
            header, fields = order_revisions.parted(changes)
            order = self._next_version(changed_order(order, header))
            if fields:
                old = self._line(order_id, line)
                new = changed_line(old, fields)
                self._book.put_line(self._set(new, order))
            self._put(Purchase((order,)))

    def add_order_line(self, order_id: int, **fields: Any) -> int:
        """Add a line to an open order and return its id."""
        with self._lock:
            order = self._next_version(self._open_order(order_id))
            new = self._new_line(order, fields)
            number = 1 + max(
                (ln.line_number or 0 for ln in self._book.lines_of(order_id)), default=0
            )
            new = replace(new, approved=order.modified, requested=order.modified)
            new = on_order(new, order, number, order.modified)
            self._put(Purchase((order,), (new,)))
            return new.id

    def _new_line(self, order: Order, fields: dict[str, Any]) -> OrderLine:
        draw = self._next_order_draw(Wanted())
        draw.vendor_id = order.vendor_id
        draw.currency = revisions.currency(order.currency_id)
        requisitions = [ln.requisition for ln in self._book.lines_of(order.id)]
        line = draw.line(free_text=True)
        number = requisitions[0] if requisitions else line.requisition
        taken = self._book.lines_of_requisition(number)
        position = 1 + max((ln.requisition_line for ln in taken), default=0)
        line = replace(line, requisition=number, requisition_line=position)
        if not requisitions:
            asked = draw.requisition("of_order", number, [line])
            self._book.put(Purchase(requisitions=(asked,)))
        return changed_line(line, fields)

    def remove_order_line(self, order_id: int, line: int = 0) -> int:
        """Take a line off an open order: it can be bought again. Return its id."""
        with self._lock:
            order = self._next_version(self._open_order(order_id))
            old = self._line(order_id, line)
            _must(not old.received, "What was received cannot be removed.")
            self._put(Purchase((order,), (back_on_list(old, order.modified),)))
            return old.id

    def cancel_order(self, order_id: int) -> None:
        """Cancel an order: its lines wait for being bought again."""
        with self._lock:
            order = self._open_order(order_id)
            lines = self._book.lines_of(order_id)
            _must(not any(ln.received for ln in lines), "Something was received.")
            net = sum((line_total(ln) for ln in lines if ln.active), ZERO)
            order = self._next_version(
                replace(order, state=CANCELLED, former_subtotal=net)
            )
            back = tuple(back_on_list(ln, order.modified) for ln in lines)
            self._put(Purchase((order,), back))

    def close_order(self, order_id: int) -> None:
        """Close an order by hand: what has not come will not come."""
        with self._lock:
            self._set_state(self._open_order(order_id), CLOSED)

    def reopen_order(self, order_id: int) -> None:
        with self._lock:
            order = self._order(order_id)
            _must(order.state in {CLOSED, PAID}, "Only a closed order can be reopened.")
            self._set_state(order, REOPENED)

    def pay_order(self, order_id: int) -> None:
        with self._lock:
            order = self._order(order_id)
            _must(order.state != CANCELLED, "A cancelled order is not paid.")
            self._set_state(order, PAID)

    def touch_order(self, order_id: int) -> None:
        """Change nothing but the time of the last change."""
        with self._lock:
            order = self._order(order_id)
            self._put(Purchase((replace(order, modified=self._now(order.modified)),)))

    def show_order(self, order_id: int, *, listed: bool, readable: bool = True) -> None:
        """Let an order be seen, or not: in the list, and by its id."""
        with self._lock:
            order = self._order(order_id)
            self._put(Purchase((replace(order, listed=listed, readable=readable),)))

    def delete_order(self, order_id: int) -> None:
        """Let an order vanish; bills go on showing the lines that they billed."""
        self.show_order(order_id, listed=False, readable=False)

    def receive(
        self,
        order_id: int,
        line: int = 0,
        quantity: Any = None,
        *,
        bump: bool = True,
    ) -> None:
        """Receive some of a line, by default all that has not come yet.

        An order of which everything has come is closed by itself.

        :param bump: whether the order's own stamp changes too; the line's does
        """
        with self._lock:
            order = self._open_order(order_id)
            old = self._line(order_id, line)
            come = order_revisions.remaining(old)
            come = come if quantity is None else decimal(quantity)
            modified = self._now(old.modified)
            new = replace(old, received=old.received + come, modified=modified)
            self._book.put_line(replace(new, status=status_of(new)))
            if bump:
                full = self._book.fulfilment(order) == "full"
                state, closed = (CLOSED, modified) if full else (order.state, None)
                order = replace(order, state=state, closed=closed, modified=modified)
                self._book.put_order(order)
            self.revision += 1

    def move_line(self, order_id: int, line: int, to_order: int) -> None:
        """Put a line on another order under the same id, and off its own."""
        with self._lock:
            source = self._next_version(self._order(order_id))
            target = self._next_version(self._open_order(to_order))
            moved = self._line(order_id, line)
            number = 1 + len(self._book.lines_of(to_order))
            modified = target.modified
            moved = replace(moved, vendor_text="", purchased=None)
            moved = on_order(moved, target, number, modified)
            self._put(Purchase((source, target), (moved,)))

    # --- requisitions -------------------------------------------------------------

    def purchase_requisition_line(
        self, line_id: int, order_id: int | None = None
    ) -> int:
        """Buy a line that waits: with that order, or with a new one. Return its id."""
        with self._lock:
            line = _known(self.order_line(line_id), "line", line_id)
            _must(line.order_id is None, "The line is on an order already.")
            if order_id is None:
                order = self._new_order(line)
            else:
                order = self._next_version(self._open_order(order_id))
                _must(order.vendor_id == line.vendor_id, "It is of another vendor.")
            number = 1 + len(self._book.lines_of(order.id))
            line = on_order(replace(line, active=True), order, number, order.modified)
            self._put(Purchase((order,), (line,)))
            self._update(line.requisition, order.modified)
            return order.id

    def _new_order(self, line: OrderLine) -> Order:
        draw = self._next_order_draw(Wanted())
        draw.vendor_id = line.vendor_id
        draw.currency = revisions.currency(line.currency_id)
        drawn = draw.purchase("of_requisition", []).orders[0]
        modified = self._now(drawn.modified)
        return replace(drawn, modified=modified, date=max(drawn.date, line.requested))

    def reject_requisition_line(self, line_id: int) -> None:
        """Reject a line at procurement: it will not be bought."""
        with self._lock:
            line = _known(self.order_line(line_id), "line", line_id)
            _must(line.order_id is None, "The line is on an order.")
            modified = self._now(line.modified)
            line = replace(line, status=REJECTED, modified=modified)
            self._put(Purchase(lines=(line,)))
            self._update(line.requisition, modified)

    def name_vendor_on_line(self, line_id: int, text: str) -> None:
        """Type whom a line is to be bought from, for the catch-all vendor."""
        with self._lock:
            line = _known(self.order_line(line_id), "line", line_id)
            modified = self._now(line.modified)
            self._book.put_line(replace(line, vendor_text=text, modified=modified))
            self.revision += 1

    def delete_requisition(self, num: int) -> None:
        """Delete a requisition with its lines, none of which may be on an order."""
        with self._lock:
            _known(self.requisition(num), "requisition", num)
            lines = self._book.lines_of_requisition(num)
            bought = any(line.order_id is not None for line in lines)
            _must(not bought, "A line of it was bought.")
            for line in lines:
                self._book.drop_line(line.id)
            del self._book.requisitions[num]
            self.revision += 1

    def _update(self, num: int, modified: datetime) -> None:
        """Bring a requisition's status to what its lines say."""
        requisition = self.requisition(num)
        if requisition is None:
            return
        lines = self._book.lines_of_requisition(num)
        waiting = [ln for ln in lines if ln.order_id is None and ln.status != REJECTED]
        status = requisition.status
        if not waiting:
            status = 3 if any(ln.order_id is not None for ln in lines) else 2
        updated = replace(requisition, status=status, modified=modified)
        self._put(Purchase(requisitions=(updated,)))

    # --- small things -------------------------------------------------------------

    def _order(self, order_id: int) -> Order:
        return _known(self.order(order_id), "order", order_id)

    def _open_order(self, order_id: int) -> Order:
        order = self._order(order_id)
        _must(order.state in ON_PURCHASE, f"Order {order_id} is not open.")
        return order

    def _line(self, order_id: int, position: int) -> OrderLine:
        return self._book.lines_of(order_id)[position]

    def _next_version(self, order: Order) -> Order:
        modified = self._now(order.modified)
        return replace(order, version=order.version + 1, modified=modified)

    def _set(self, line: OrderLine, order: Order) -> OrderLine:
        """Return a line that was set in the order's present version."""
        line = replace(line, version=order.version, modified=order.modified)
        return replace(line, status=status_of(line)) if line.active else line

    def _set_state(self, order: Order, state: int) -> None:
        modified = self._now(order.modified)
        closed = None if state in ON_PURCHASE else modified
        self._put(
            Purchase((replace(order, state=state, closed=closed, modified=modified),))
        )
