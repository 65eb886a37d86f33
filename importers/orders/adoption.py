"""An order that somebody made in Odoo becomes Procurify's: which line is which."""

from difflib import SequenceMatcher
from typing import NamedTuple

from ..matching.names import normalise
from .revision import HEADER_FIELDS, LINE_FIELDS, plain, same

# What changes an amount, a tax or whom it is owed to is a question where the two
# differ. The rest stays as the person wrote it, until Procurify changes it.
DECISIVE = frozenset(
    (
        *("partner_id", "currency_id", "product_uom_id", "product_qty", "price_unit"),
        *("discount", "tax_ids", "analytic_distribution", "qty_received"),
    )
)
_WITNESSES = ("product_id", "product_qty", "price_unit", "name")
_LEAST_SIMILARITY = 0.6
ADOPTED = "adopted"
# How the lines are called that nothing in Procurify is like.
STRAY = "odoo"


class Line(NamedTuple):
    """By what an order's line is recognised."""

    product: int
    quantity: float
    price: float
    name: str


class Fit(NamedTuple):
    """How well a line that a person wrote fits one of Procurify: the best one is the
    largest."""

    product: bool
    amount: bool
    quantity: bool
    price: bool
    similarity: float

    @property
    def is_enough(self):
        """Whether two witnesses say that it is the same line."""
        alike = self.similarity >= _LEAST_SIMILARITY
        figures = self.quantity and self.price
        return figures or (
            (self.product or alike) and (self.amount or self.quantity or self.price)
        )


def adopted_state(order, header, lines, generic):
    """Return the ``applied_state`` with which an adopted order's revisions begin.

    :param header: values as ``OrderImport`` prepares them
    :param lines: {source: values}, the same
    :param generic: the product of lines that are only text, which fits anything
    :returns: JSON; ``lines`` also has the lines of Odoo that nothing is like
    """
    mine = order.order_line.filtered(lambda line: not line.display_type)
    by_id = {line.id: line for line in mine}
    pairs = tie(
        {
            source: Line(*(values[name] for name in _WITNESSES))
            for source, values in lines.items()
        },
        {
            line.id: Line(
                line.product_id.id, line.product_qty, line.price_unit, line.name
            )
            for line in mine
        },
        generic.id,
        order.currency_id,
    )
    tied = {source: by_id[id_] for source, id_ in pairs.items()}
    known = {
        source: {"id": line.id} | _accepted(line, lines[source], LINE_FIELDS)
        for source, line in tied.items()
    }
    taken = {line.id for line in tied.values()}
    strays = mine.filtered(lambda line: line.id not in taken and line.price_subtotal)
    for line in strays:
        wanted = {"product_qty": line.product_qty}
        entry = {"id": line.id, "wanted": wanted, "odoo": {}, ADOPTED: True}
        known[f"{STRAY} {line.id}"] = entry
    return {
        ADOPTED: True,
        "header": _accepted(order, header, HEADER_FIELDS),
        "lines": known,
        "locked": False,
        "cancelled": False,
    }


def settled_lines(lines):
    """Return the known ``lines`` once a person keeps what Odoo has.

    What nothing in Procurify is like is the person's own from now on.
    """
    return {
        source: {name: value for name, value in entry.items() if name != ADOPTED}
        for source, entry in lines.items()
        if not source.startswith(f"{STRAY} ")
    }


def _accepted(record, wanted, names):
    """Return what counts as written: what is equal, and what may stay as it is."""
    now = plain(record, names)
    accepted = {
        name: value
        for name, value in wanted.items()
        if name not in DECISIVE or same(value, now.get(name))
    }
    odoo = {name: now[name] if name in accepted else None for name in names}
    return {"wanted": accepted, "odoo": odoo, ADOPTED: True}


def tie(ours, theirs, generic, currency):
    """Return which line is which, of the pairs that fit, the best of them first.

    :param ours: {key: Line} of Procurify's
    :param theirs: {id: Line} of those that a person wrote
    :param generic: id of the product of lines that are only text, which fits anything
    :returns: {key: id}
    """
    pairs = [
        (fit, -number, key, id_)
        for number, (key, mine) in enumerate(ours.items())
        for id_, line in theirs.items()
        if (fit := _fit(mine, line, generic, currency)).is_enough
    ]
    pairs.sort(key=lambda pair: (pair[0], pair[1], -pair[3]), reverse=True)
    tied, taken = {}, set()
    for _fit_of, _number, key, id_ in pairs:
        if key not in tied and id_ not in taken:
            tied[key] = id_
            taken.add(id_)
    return tied


def _fit(mine, line, generic, currency):
    return Fit(
        product=mine.product == line.product != generic,
        amount=not currency.compare_amounts(
            mine.quantity * mine.price, line.quantity * line.price
        ),
        quantity=same(mine.quantity, line.quantity),
        price=same(mine.price, line.price),
        similarity=_similarity(mine.name, line.name),
    )


def _similarity(one, other):
    texts = (normalise((text or "").split("\n")[0]) for text in (one, other))
    return SequenceMatcher(None, *texts).ratio()
