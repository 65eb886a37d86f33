"""A year of a company: thousands of documents, and what people do to them at random.

    dataset = year_of(7, documents=3000)
    done = revise_at_random(dataset, random.Random(7), steps=200)

Every scenario of bills, orders and requisitions is among the documents, in several
currencies. The same seed gives the same documents; the same state of a random
generator gives the same edits of them, apart from their stamps.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .dataset import Dataset
from .manufacturer import GOODS, ORDINARY_CODES
from .order_book import CANCELLED, CLOSED, ON_PURCHASE, PAID
from .order_revisions import is_by_product

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from .model import Bill, Order, OrderLine

# What part of the documents is of each kind; a billing makes two or three of them.
BILLS, ORDERS, REQUISITIONS, BILLINGS = 0.55, 0.25, 0.06, 0.06
STATUSES: Final = (0, 1, 2, 3, 4, 5, 6, 7, 8)


class Step(NamedTuple):
    """An edit that was done: the method of the data set, what it got and gave back."""

    edit: str
    arguments: dict[str, Any]
    result: Any


class Edit(NamedTuple):
    """An edit that can be done."""

    name: str
    arguments: dict[str, Any]


def year_of(dataset_or_seed: Dataset | int, documents: int = 3000) -> Dataset:
    """Return a data set with about so many documents, made or added to."""
    dataset = dataset_or_seed
    if isinstance(dataset, int):
        # Vendors follow from the number of bills; the bills come below.
        dataset = Dataset(0, dataset, vendors_for=int(documents * BILLS))
    dataset.grow(
        int(documents * BILLS),
        orders=int(documents * ORDERS),
        requisitions=int(documents * REQUISITIONS),
        billings=int(documents * BILLINGS),
    )
    return dataset


def revise_at_random(dataset: Dataset, rng: random.Random, steps: int) -> list[Step]:
    """Do valid edits of every kind and return them in their order."""
    done: list[Step] = []
    names = list(EDITS)
    while len(done) < steps:
        edit = EDITS[rng.choice(names)](dataset, rng)
        if edit is not None:
            result = getattr(dataset, edit.name)(**edit.arguments)
            done.append(Step(edit.name, edit.arguments, result))
    return done


def replay(dataset: Dataset, steps: Sequence[Step]) -> None:
    """Do the same edits to a data set that was the same before them."""
    for step in steps:
        getattr(dataset, step.edit)(**step.arguments)


# --- choosing ---------------------------------------------------------------------

Maker = Callable[[Dataset, "random.Random"], Edit | None]


def _order(
    dataset: Dataset, rng: random.Random, test: Callable[[Order], bool]
) -> Order | None:
    """Return one of the orders that pass the test, when one is found soon."""
    orders = dataset.orders()
    for _attempt in range(20):
        order = rng.choice(orders) if orders else None
        if order is not None and test(order):
            return order
    return None


def _open_order(dataset: Dataset, rng: random.Random, lines: int) -> Order | None:
    """Return an open order with at least so many lines."""
    return _order(
        dataset,
        rng,
        lambda o: o.state in ON_PURCHASE and len(dataset.order_lines(o.id)) >= lines,
    )


def _position(
    dataset: Dataset,
    rng: random.Random,
    order: Order,
    test: Callable[[OrderLine], bool] = lambda line: True,
) -> int | None:
    lines = dataset.order_lines(order.id)
    good = [number for number, line in enumerate(lines) if test(line)]
    return rng.choice(good) if good else None


def _bill(dataset: Dataset, rng: random.Random) -> Bill | None:
    bills = dataset.bills()
    return rng.choice(bills) if bills else None


def _money(rng: random.Random, low: int, high: int) -> str:
    return f"{rng.randint(low * 100, high * 100) / 100:.2f}"


# --- edits of orders --------------------------------------------------------------


def _revise_line(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _open_order(dataset, rng, 1)
    position = _position(dataset, rng, order, is_by_product) if order else None
    if order is None or position is None:
        return None
    line = dataset.order_lines(order.id)[position]
    department = rng.choice([d.id for d in dataset.departments() if d.in_books])
    change = rng.choice(
        (
            {"quantity": str(max(line.received, Decimal(1)) + rng.randint(0, 9))},
            {"price": _money(rng, 1, 400)},
            {"code": rng.choice(ORDINARY_CODES)},
            {"department_id": department},
            {"name": rng.choice(GOODS["5110"])[0]},
        )
    )
    return Edit("revise_order", {"order_id": order.id, "line": position, **change})


def _revise_header(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _open_order(dataset, rng, 1)
    if order is None:
        return None
    change = rng.choice(
        (
            {"tax": f"{rng.randint(1, 20)}%"},
            {"tax": _money(rng, 1, 50)},
            {"freight": _money(rng, 0, 200)},
            {"other": _money(rng, 0, 20)},
            {"discount": _money(rng, 0, 1)},
            {"comment": "Changed by telephone"},
        )
    )
    return Edit("revise_order", {"order_id": order.id, **change})


def _add_line(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _open_order(dataset, rng, 0)
    if order is None:
        return None
    fields = {"quantity": rng.randint(1, 9), "price": _money(rng, 1, 300)}
    return Edit("add_order_line", {"order_id": order.id, **fields})


def _remove_line(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _open_order(dataset, rng, 2)
    if order is None:
        return None
    position = _position(dataset, rng, order, lambda line: not line.received)
    if position is None:
        return None
    return Edit("remove_order_line", {"order_id": order.id, "line": position})


def _cancel(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _open_order(dataset, rng, 1)
    if order is None or dataset.fulfilment(order) != "empty":
        return None
    return Edit("cancel_order", {"order_id": order.id})


def _close(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _open_order(dataset, rng, 0)
    return Edit("close_order", {"order_id": order.id}) if order else None


def _reopen(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _order(dataset, rng, lambda o: o.state in {CLOSED, PAID})
    return Edit("reopen_order", {"order_id": order.id}) if order else None


def _pay(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _order(dataset, rng, lambda o: o.state != CANCELLED)
    return Edit("pay_order", {"order_id": order.id}) if order else None


def _receive(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _open_order(dataset, rng, 1)
    if order is None:
        return None
    position = _position(
        dataset, rng, order, lambda line: line.quantity > line.received
    )
    if position is None:
        return None
    line = dataset.order_lines(order.id)[position]
    part = (line.quantity - line.received) / rng.choice((1, 2))
    arguments = {"quantity": str(part.quantize(Decimal("0.00001")))}
    bump = rng.random() < 0.5
    return Edit(
        "receive",
        {"order_id": order.id, "line": position, "bump": bump, **arguments},
    )


def _move(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _open_order(dataset, rng, 2)
    target = _open_order(dataset, rng, 1)
    if order is None or target is None or order.id == target.id:
        return None
    if order.currency_id != target.currency_id:
        return None
    position = _position(dataset, rng, order, lambda line: not line.received)
    if position is None:
        return None
    arguments = {"order_id": order.id, "line": position, "to_order": target.id}
    return Edit("move_line", arguments)


def _bill_order(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _order(dataset, rng, lambda o: o.state != CANCELLED)
    lines = dataset.order_lines(order.id) if order else []
    if order is None or not lines:
        return None
    position = rng.randrange(len(lines))
    if rng.random() < 0.3 or not is_by_product(lines[position]):
        amount = {position: _money(rng, 1, 200)}
        return Edit("bill_order", {"order_id": order.id, "by_cost": amount})
    quantity = {position: str(rng.randint(1, 5))}
    return Edit("bill_order", {"order_id": order.id, "lines": quantity})


def _delete_order(dataset: Dataset, rng: random.Random) -> Edit | None:
    order = _open_order(dataset, rng, 0)
    return Edit("delete_order", {"order_id": order.id}) if order else None


# --- edits of requisitions, the catalogue and vendors -----------------------------


def _waiting(dataset: Dataset, rng: random.Random) -> int | None:
    found = [
        row.line.id
        for row in dataset.line_rows()
        if row.line.order_id is None and row.line.status in {0, 1}
    ]
    return rng.choice(found) if found else None


def _buy_line(dataset: Dataset, rng: random.Random) -> Edit | None:
    line_id = _waiting(dataset, rng)
    if line_id is None:
        return None
    return Edit("purchase_requisition_line", {"line_id": line_id})


def _reject_line(dataset: Dataset, rng: random.Random) -> Edit | None:
    line_id = _waiting(dataset, rng)
    return Edit("reject_requisition_line", {"line_id": line_id}) if line_id else None


def _delete_requisition(dataset: Dataset, rng: random.Random) -> Edit | None:
    pending = [r.num for r in dataset.requisitions() if r.status == 0]
    return Edit("delete_requisition", {"num": rng.choice(pending)}) if pending else None


def _edit_item(dataset: Dataset, rng: random.Random) -> Edit | None:
    items = dataset.catalog_items()
    if not items:
        return None
    arguments = {"item_id": rng.choice(items).id, "price": _money(rng, 1, 500)}
    return Edit("edit_catalog_item", arguments)


def _rename_vendor(dataset: Dataset, rng: random.Random) -> Edit | None:
    vendor = rng.choice(dataset.vendors())
    if vendor.type == 1:
        return None
    name = f"{vendor.name.removesuffix(' (new)')} (new)"
    return Edit("rename_vendor", {"vendor_id": vendor.id, "name": name})


# --- edits of bills ---------------------------------------------------------------


def _revise_bill(dataset: Dataset, rng: random.Random) -> Edit | None:
    bill = _bill(dataset, rng)
    if bill is None or not bill.items:
        return None
    change = rng.choice(
        (
            {"quantity": str(rng.randint(1, 9)), "unit_cost": _money(rng, 1, 300)},
            {"code": rng.choice(ORDINARY_CODES)},
            {"description": "Corrected"},
            {"note": "Corrected"},
            {"invoice_number": f"{bill.invoice_number}/B"},
        )
    )
    position = rng.randrange(len(bill.items))
    return Edit("revise_bill", {"bill_id": bill.id, "item": position, **change})


def _fix_bill(dataset: Dataset, rng: random.Random) -> Edit | None:
    bill = _bill(dataset, rng)
    if bill is None:
        return None
    return Edit("fix_bill", {"bill_id": bill.id, "new_uuid": rng.random() < 0.5})


def _set_status(dataset: Dataset, rng: random.Random) -> Edit | None:
    bill = _bill(dataset, rng)
    if bill is None or bill.submitted is None:
        return None
    return Edit("set_status", {"bill_id": bill.id, "status": rng.choice(STATUSES)})


def _delete_bill(dataset: Dataset, rng: random.Random) -> Edit | None:
    bill = _bill(dataset, rng)
    if bill is None:
        return None
    keep = rng.random() < 0.5
    return Edit("delete_bill", {"bill_id": bill.id, "keep_inactive": keep})


def _add_bill_line(dataset: Dataset, rng: random.Random) -> Edit | None:
    bill = _bill(dataset, rng)
    if bill is None:
        return None
    fields = {"quantity": rng.randint(1, 5), "unit_cost": _money(rng, 1, 90)}
    return Edit("add_bill_line", {"bill_id": bill.id, **fields})


def _remove_bill_line(dataset: Dataset, rng: random.Random) -> Edit | None:
    bill = _bill(dataset, rng)
    if bill is None or len(bill.items) < 2:
        return None
    position = rng.randrange(len(bill.items))
    return Edit("remove_bill_line", {"bill_id": bill.id, "item": position})


def _attach(dataset: Dataset, rng: random.Random) -> Edit | None:
    bill = _bill(dataset, rng)
    if bill is None:
        return None
    other = rng.random() < 0.5
    return Edit("add_attachment", {"bill_id": bill.id, "other_host": other})


def _new(name: str, *scenarios: str) -> Maker:
    """Return an edit that adds a document of one of the scenarios."""

    def make(dataset: Dataset, rng: random.Random) -> Edit | None:
        return Edit(name, {"scenario": rng.choice(scenarios)})

    return make


EDITS: Final[dict[str, Maker]] = {
    "revise_line": _revise_line,
    "revise_header": _revise_header,
    "add_order_line": _add_line,
    "remove_order_line": _remove_line,
    "cancel_order": _cancel,
    "close_order": _close,
    "reopen_order": _reopen,
    "pay_order": _pay,
    "receive": _receive,
    "move_line": _move,
    "bill_order": _bill_order,
    "delete_order": _delete_order,
    "add_order": _new("add_order", "plain", "several_lines", "header_extras"),
    "buy_line": _buy_line,
    "reject_line": _reject_line,
    "add_requisition": _new("add_requisition", "approved", "pending"),
    "delete_requisition": _delete_requisition,
    "edit_catalog_item": _edit_item,
    "rename_vendor": _rename_vendor,
    "revise_bill": _revise_bill,
    "fix_bill": _fix_bill,
    "set_status": _set_status,
    "delete_bill": _delete_bill,
    "add_bill_line": _add_bill_line,
    "remove_bill_line": _remove_bill_line,
    "add_attachment": _attach,
    "add_bill": _new(
        "add_bill", "plain", "several_lines", "two_bills", "negative_line"
    ),
}
