"""Purchase orders of a remote Odoo: created, rewritten, read back, compared.

An *image* is what an order shall be, as JSON: ids of the remote, texts for numbers and
times. ``seen`` is what the remote has, in the same words.

Image: ``external_id``, ``partner``, ``currency``, ``origin``, ``date_order``, ``term``,
``rate`` ("" in the company's currency), ``state`` (``draft``, ``to approve``,
``purchase``, ``cancel``), ``locked``, ``untaxed``, ``tax``, ``total``; only sent:
``note``, ``approved``; ``lines``: {external id: line}.
Line: ``kind`` ("" or a section or note), ``name``, ``product``, ``unit``,
``quantity``, ``price``, ``discount``, ``planned``, ``taxes``, ``analytic``,
``received``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .analytic import named_places, read_places, shares_there, written_places
from .bills import Difference
from .sending import (
    Kind,
    Outcome,
    columns_of,
    commands,
    external_ids,
    id_of,
    load_documents,
    matrix,
    newest_of,
    read_with_lines,
    search_read,
    write_and_read,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeAlias

    from .client import RemoteOdoo
    from .dialects import Dialect

    Image: TypeAlias = Mapping[str, Any]

MODEL, LINE_MODEL = "purchase.order", "purchase.order.line"
_HEADER = {
    "partner": "partner_id",
    "currency": "currency_id",
    "origin": "origin",
    "date_order": "date_order",
    "term": "payment_term_id",
}
_AMOUNTS = {"untaxed": "amount_untaxed", "tax": "amount_tax", "total": "amount_total"}
#: What of a header and of a line is compared with what was there before.
HEADER = (*_HEADER, "rate", "state", "locked")
LINE = (
    *("kind", "name", "product", "unit", "quantity", "price", "discount", "planned"),
    *("taxes", "analytic", "received"),
)
_NUMBERS = frozenset({"quantity", "price", "discount", "received"})
_READ = (
    *("name", "state", "create_date", "write_date", "currency_rate", "date_approve"),
    *_HEADER.values(),
    *_AMOUNTS.values(),
)
_READ_LINE = (
    *("write_date", "display_type", "name", "product_id", "product_qty", "price_unit"),
    *("date_planned", "qty_received", "qty_received_method", "qty_invoiced"),
)
_DONE = "done"  # of a locked order, up to Odoo 18
_PLACES, _RATE_PLACES = Decimal("0.000001"), 6


# === FIELDS OF THIS VERSION === #


def header_values(image: Image, dialect: Dialect) -> dict[str, Any]:
    """Return the fields of an order itself. Its buyer is nobody, as here."""
    values = {name: image[key] or False for key, name in _HEADER.items()}
    return values | {
        dialect.order_note: image["note"] or False,
        # Procurify's taxes are final.
        "fiscal_position_id": False,
        "user_id": False,
    }


def line_values(line: Image, dialect: Dialect) -> dict[str, Any]:
    """Return the fields of one line.

    :raises CannotSay: its analytic accounts cannot be said in this version
    """
    if line["kind"]:
        return {"display_type": line["kind"], "name": line["name"], "product_qty": 0}
    values = {
        "name": line["name"],
        "product_id": line["product"],
        dialect.order_unit: line["unit"],
        "product_qty": Decimal(line["quantity"]),
        "price_unit": Decimal(line["price"]),
        "date_planned": line["planned"] or False,
        dialect.order_taxes: list(line["taxes"]),
        "qty_received": Decimal(line["received"]),
    }
    if dialect.has_order_discount:
        values["discount"] = Decimal(line["discount"])
    if dialect.order_price_guard:
        # Equal to the price, Odoo would look for another one.
        values[dialect.order_price_guard] = Decimal(-1)
    places = written_places(line["analytic"], dialect, dialect.analytic_on_order)
    return values | places


def references(image: Image) -> dict[str, set[int]]:
    """Return {model: ids} of all records that are sent as values."""
    lines = [line for line in image["lines"].values() if not line["kind"]]
    found = {
        "res.partner": {image["partner"]},
        "res.currency": {image["currency"]},
        "account.payment.term": {image["term"]},
        "product.product": {line["product"] for line in lines},
        "uom.uom": {line["unit"] for line in lines},
        "account.tax": {tax for line in lines for tax in line["taxes"]},
        **named_places(key for line in lines for key in line["analytic"]),
    }
    return {model: ids - {0} for model, ids in found.items() if ids - {0}}


# === SENDING === #


def create_orders(
    remote: RemoteOdoo, images: Sequence[Image], context: Mapping[str, Any]
) -> Outcome:
    """Create orders, those that are refused excepted. It is safe to repeat.

    :raises RemoteError: other than a refusal: the outcome may be unknown
    """
    return load_documents(
        remote, MODEL, images, lambda image: _rows_of(image, remote.dialect), context
    )


def _rows_of(image: Image, dialect: Dialect) -> list[dict[str, Any]]:
    """Return the rows of one order as ``load`` reads them: its header is in the first.

    :raises CannotSay: this version has no field for something
    """
    header = {"id": image["external_id"]} | _cells("", header_values(image, dialect))
    rows = [
        {"order_line/id": name} | _cells("order_line/", line_values(line, dialect))
        for name, line in image["lines"].items()
    ]
    return [header | rows[0], *rows[1:]] if rows else [header]


def _cells(path: str, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= columns_of(f"{path}{name}", value, _is_relation(name))
    return found


def _is_relation(name: str) -> bool:
    return name.endswith(("_id", "_ids")) or name in ("taxes_id", "product_uom")


def rewrite_order(
    remote: RemoteOdoo,
    remote_id: int,
    image: Image,
    ids: Mapping[str, int],
    facts: OrderFacts,
    context: Mapping[str, Any],
) -> None:
    """Bring an order that is there to its image.

    New lines are loaded first, which is safe to repeat; the rest is one call. Lines
    that the image does not have are deleted.

    :param ids: {external id: remote id} of lines that are there
    :raises CannotSay: this version has no field for something
    :raises RemoteError: the outcome may be unknown
    """
    dialect = remote.dialect
    lines = {name: line_values(each, dialect) for name, each in image["lines"].items()}
    ids = _still_lines(remote, ids, facts)
    new = {name: values for name, values in lines.items() if name not in ids}
    if new:
        rows = [
            {"id": name, "order_id/.id": remote_id} | _cells("", values)
            for name, values in new.items()
        ]
        columns, table = matrix([rows])
        remote.load(LINE_MODEL, columns, table, context=context)
    changes: list[Any] = []
    for name, values in lines.items():
        if name in ids:
            written = dict(values)
            before = facts.seen["lines"].get(str(ids[name]), {})
            if written.pop("display_type", None):
                del written["product_qty"]
            elif before.get("is_received_there"):
                del written["qty_received"]
            if str(ids[name]) not in facts.seen["lines"]:
                # It comes from a request for quotation.
                moved = {**commands(written), "order_id": remote_id}
                remote.call(
                    LINE_MODEL, "write", [ids[name]], vals=moved, context=context
                )
            else:
                changes.append((1, ids[name], commands(written)))
    kept = {str(ids[name]) for name in lines if name in ids}
    gone = [int(each) for each in facts.seen["lines"] if each not in kept]
    changes += [(2, each, 0) for each in gone]
    values = header_values(image, dialect) | {"order_line": changes}
    remote.call(MODEL, "write", [remote_id], vals=values, context=context)


def _still_lines(
    remote: RemoteOdoo, ids: Mapping[str, int], facts: OrderFacts
) -> dict[str, int]:
    """Return the lines that are there: of this order, and those of other orders that
    still have their external ids. Other ids may stand for other people's lines."""
    seen = facts.seen["lines"]
    elsewhere = {name: id_ for name, id_ in ids.items() if str(id_) not in seen}
    names = external_ids(remote, LINE_MODEL, elsewhere.values())
    return {
        name: id_
        for name, id_ in ids.items()
        if name not in elsewhere or names.get(id_) == name
    }


def load_own(
    remote: RemoteOdoo,
    values: Mapping[int, Mapping[str, Any]],
    context: Mapping[str, Any],
) -> None:
    """Write values of each order's own in one call.

    :param values: {remote id: {field: value}}
    """
    if values:
        rows = [{".id": id_, **own} for id_, own in values.items()]
        columns, table = matrix([rows])
        remote.load(MODEL, columns, table, context=context)


# === READING BACK === #


@dataclass(frozen=True)
class OrderFacts:
    """What the remote has of an order.

    :param values: as they are read
    :param seen: as an image, its lines by their ids there (as texts)
    :param newest: when it or one of its lines was changed last
    """

    id: int
    values: Mapping[str, Any]
    seen: Mapping[str, Any]
    newest: str = ""

    @property
    def written_at(self) -> str:
        """When it was changed last: UTC, as Odoo writes it."""
        return str(self.values["write_date"])


def read_orders(
    remote: RemoteOdoo,
    ids: Iterable[int],
    context: Mapping[str, Any],
    since: str = "",
) -> dict[int, OrderFacts]:
    """Return {id: OrderFacts} of those that exist and may be seen, in one or two calls.

    :param since: see ``read_with_lines``
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    kind = _kind(remote.dialect)
    found = read_with_lines(remote, kind, wanted, context, since)
    return _facts_of(*found, remote.dialect)


def write_and_read_orders(
    remote: RemoteOdoo,
    values: Mapping[int, Mapping[str, Any]],
    context: Mapping[str, Any],
) -> dict[int, OrderFacts]:
    """Write values of each order's own, and return their Facts: one call, of versions
    that read lines within.

    :param values: {remote id: {field: value}}
    :raises RemoteError: the outcome may be unknown
    """
    kind = _kind(remote.dialect)
    found = write_and_read(remote, kind, values, context)
    return _facts_of(*found, remote.dialect)


def _kind(dialect: Dialect) -> Kind:
    names = (*_READ, *(("locked",) if dialect.lock_order == "button_lock" else ()))
    line_fields = (
        *_READ_LINE,
        *(dialect.order_taxes, dialect.order_unit, *dialect.analytic_on_order),
        *(("discount",) if dialect.has_order_discount else ()),
    )
    return Kind(MODEL, names, LINE_MODEL, line_fields, "order_id", "order_line")


def _facts_of(
    orders: list[dict[str, Any]],
    found: Mapping[int, list[dict[str, Any]]],
    dialect: Dialect,
) -> dict[int, OrderFacts]:
    facts = {}
    for order in orders:
        lines = found.get(order["id"], [])
        seen = _seen(order) | {
            "lines": {str(line["id"]): _seen_line(line, dialect) for line in lines}
        }
        facts[order["id"]] = OrderFacts(
            order["id"], order, seen, newest_of(order, lines)
        )
    return facts


def _seen(order: Mapping[str, Any]) -> dict[str, Any]:
    state = {_DONE: "purchase", "sent": "draft"}.get(order["state"], order["state"])
    return {
        **{key: _plain(order[name]) for key, name in _HEADER.items()},
        **{key: number(order[name]) for key, name in _AMOUNTS.items()},
        "rate": number(order["currency_rate"]),
        "state": state,
        "locked": bool(order.get("locked") or order["state"] == _DONE),
    }


def _seen_line(line: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    return {
        "kind": line["display_type"] or "",
        "name": line["name"] or "",
        "product": id_of(line["product_id"]),
        "unit": id_of(line[dialect.order_unit]),
        "quantity": number(line["product_qty"]),
        "price": number(line["price_unit"]),
        "discount": number(line.get("discount")),
        "planned": line["date_planned"] or "",
        "taxes": sorted(line[dialect.order_taxes]),
        "analytic": {
            key: number(share)
            for key, share in read_places(line, dialect.analytic_on_order).items()
        },
        "received": number(line["qty_received"]),
        "invoiced": number(line["qty_invoiced"]),
        "is_received_there": line["qty_received_method"] not in ("manual", False),
    }


def _plain(value: Any) -> Any:
    return id_of(value) if isinstance(value, list) else value or ""


def number(value: Any) -> str:
    """Return a number as text, with the fewest digits that mean it."""
    return format(Decimal(str(value or 0)).normalize() + 0, "f")


def line_names(remote: RemoteOdoo, facts: Iterable[OrderFacts]) -> dict[str, int]:
    """Return {external id: remote id} of the lines of these orders."""
    ids = [int(each) for order in facts for each in order.seen["lines"]]
    return {
        name: id_ for id_, name in external_ids(remote, LINE_MODEL, ids).items() if name
    }


def entered_there(
    remote: RemoteOdoo, images: Sequence[Image], context: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the orders of the same vendors and numbers that the remote has.

    Those that were cancelled do not count.
    """
    numbers = sorted({each for image in images for each in numbers_of(image)})
    if not numbers:
        return []
    domain = [
        ("state", "!=", "cancel"),
        ("partner_id", "in", sorted({image["partner"] for image in images})),
        "|",
        ("origin", "in", numbers),
        ("partner_ref", "in", numbers),
    ]
    names = ("partner_id", "origin", "partner_ref", "name")
    return search_read(remote, MODEL, domain, names, context)


def numbers_of(image: Image) -> set[str]:
    """Return the numbers that an order bears in Procurify."""
    return set(filter(None, (image["origin"], *image["origin"].split(" / "))))


# === COMPARING === #


def is_same(key: str, one: Any, other: Any, dialect: Dialect) -> bool:
    """Return whether two values of an image's field mean the same."""
    if key in _NUMBERS:
        if key == "discount" and not dialect.has_order_discount:
            return True
        return bool(abs(Decimal(one) - Decimal(other)) < _PLACES)
    if key == "rate":
        return not one or abs(Decimal(one) - Decimal(other)) <= Decimal(one) / 10**6
    if key == "analytic":
        names = dialect.analytic_on_order
        mine, theirs = (shares_there(each, dialect, names) for each in (one, other))
        return mine == theirs
    if key == "taxes":
        return sorted(one) == sorted(other)
    if key == "name":
        return str(one).strip() == str(other).strip()
    return bool((one or False) == (other or False))


def differences(
    image: Image,
    seen: Mapping[str, Any],
    ids: Mapping[str, int],
    dialect: Dialect,
    *,
    amounts: bool = True,
) -> list[Difference]:
    """Return what the remote has otherwise than ``image``.

    :param ids: {external id of a line: its remote id}
    :param amounts: whether the totals count
    """
    found = [
        Difference(key, image[key], seen[key])
        for key in HEADER
        if not is_same(key, image[key], seen[key], dialect)
        # It waits for somebody's approval there.
        and (image[key], seen[key]) != ("purchase", "to approve")
    ]
    if amounts:
        found += [
            Difference(key, image[key], seen[key])
            for key in _AMOUNTS
            if Decimal(image[key]) != Decimal(seen[key])
        ]
    known = set()
    for name, line in image["lines"].items():
        id_ = str(ids.get(name, ""))
        known.add(id_)
        there = seen["lines"].get(id_)
        if there is None:
            found.append(Difference("line", line["quantity"], "", (line["name"],)))
            continue
        found += [
            Difference(key, line[key], there[key], (line["name"],))
            for key in LINE
            if not is_same(key, line[key], there[key], dialect)
            and not (key == "received" and there.get("is_received_there"))
            and not (line["kind"] and key not in ("kind", "name"))
        ]
    found += [
        Difference("line", "", line["quantity"], (line["name"],))
        for id_, line in seen["lines"].items()
        if id_ not in known
    ]
    return found


# === WHAT PEOPLE CHANGED THERE === #


@dataclass
class Changes:
    """What the remote has otherwise than before, and what of it is taken over.

    :param header: {key of an image: value}, to be taken over
    :param lines: {remote id: {key: value}}, the same
    :param added: {remote id: line} of lines that people added there
    :param removed: remote ids of lines that people deleted there
    :param conflicts: what was changed on both sides; ``found`` is what the remote has
    """

    header: dict[str, Any] = field(default_factory=dict)
    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    added: dict[int, Image] = field(default_factory=dict)
    removed: list[int] = field(default_factory=list)
    conflicts: list[Difference] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.header or self.lines or self.added or self.removed)


def as_seen(image: Image, ids: Mapping[str, int]) -> dict[str, Any]:
    """Return an image as the remote would be seen if it had just that."""
    lines = {str(ids[n]): line for n, line in image["lines"].items() if n in ids}
    return {**image, "lines": lines}


def changes_there(
    image: Image,
    before: Mapping[str, Any],
    seen: Mapping[str, Any],
    ids: Mapping[str, int],
    dialect: Dialect,
    *,
    takes_all: bool = False,
) -> Changes:
    """Compare what the order here says, what the remote had, and what it has.

    :param before: what was seen when it was written last
    :param takes_all: what differs is taken over from there, no matter who changed it
    """
    return _Comparison(dialect, takes_all=takes_all).run(image, before, seen, ids)


class _Comparison:
    """Sorts what differs into what is taken over, and what is in conflict."""

    def __init__(self, dialect: Dialect, *, takes_all: bool) -> None:
        self.dialect = dialect
        self.takes_all = takes_all
        self.found = Changes()

    def run(
        self,
        image: Image,
        before: Mapping[str, Any],
        seen: Mapping[str, Any],
        ids: Mapping[str, int],
    ) -> Changes:
        for key in HEADER:
            own, was, now = image[key], before[key], seen[key]
            if key == "state":
                own, was, now = map(_decided_state, (own, was, now))
            if key != "rate" and self._is_taken(key, own, was, now, ()):
                self.found.header[key] = now
        own_lines = as_seen(image, ids)["lines"]
        for id_ in dict.fromkeys((*before["lines"], *seen["lines"])):
            own, now = own_lines.get(id_), seen["lines"].get(id_)
            was = before["lines"].get(id_)
            if own and now:
                self._compare_line(int(id_), own, was, now)
            elif own and was:
                self._compare_deleted(int(id_), own, was)
            elif now:
                self._compare_other(int(id_), was, now)
        return self.found

    def _is_same(self, key: str, one: Any, other: Any) -> bool:
        return is_same(key, one, other, self.dialect)

    def _is_same_line(self, one: Image, other: Image) -> bool:
        return all(self._is_same(key, one[key], other[key]) for key in LINE)

    def _is_taken(
        self, key: str, own: Any, was: Any, now: Any, label: tuple[str, ...]
    ) -> bool:
        """Return whether ``now`` is taken over; note what is in conflict."""
        if self._is_same(key, own, now):
            return False
        if self.takes_all:
            return True
        if self._is_same(key, was, now):
            return False
        if self._is_same(key, own, was):
            return True
        self.found.conflicts.append(Difference(key, own, now, label))
        return False

    def _compare_line(
        self, id_: int, own: Image, was: Image | None, now: Image
    ) -> None:
        """Compare a line that both have; without ``was``, it was just created."""
        label = (own["name"],)
        theirs = {"received"} if now.get("is_received_there") else set()
        taken = {
            key: now[key]
            for key in (("name",) if own["kind"] else LINE)
            if (
                not self._is_same(key, own[key], now[key])
                if key in theirs
                else self._is_taken(key, own[key], (was or now)[key], now[key], label)
            )
        }
        if taken:
            self.found.lines[id_] = taken

    def _compare_deleted(self, id_: int, own: Image, was: Image) -> None:
        """Look at a line that is not there any more."""
        if self.takes_all or self._is_same_line(own, was):
            self.found.removed.append(id_)
        else:
            label = (own["name"],)
            self.found.conflicts.append(Difference("line", own["quantity"], "", label))

    def _compare_other(self, id_: int, was: Image | None, now: Image) -> None:
        """Look at a line that the order here does not have."""
        if was is None or self.takes_all:
            self.found.added[id_] = now
        elif not self._is_same_line(was, now):
            label = (now["name"],)
            self.found.conflicts.append(Difference("line", "", now["quantity"], label))


def _decided_state(state: str) -> str:
    """Return a state of which nothing is asked by a person who may not approve it."""
    return "draft" if state == "to approve" else state
