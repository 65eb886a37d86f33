"""Bills and refunds of a remote Odoo: created, rewritten, posted, read back, compared.

An *image* is what a bill shall be, as JSON: ids of the remote, and texts for amounts.
Its ``items`` are all journal items. Odoo 19 is sent those that people see, with their
taxes in ``extra_tax_data``, and makes the others. Before, it is sent all of them, and
the context keeps it from computing anything.

Image: ``external_id``, ``type``, ``partner``, ``journal``, ``currency``, ``ref``,
``invoice_date``, ``date``, ``due``, ``term``, ``rate``, ``origin``, ``note``,
``reverses``, ``untaxed``, ``tax``, ``total``, ``company_total``, ``items``.
Item: ``external_id``, ``kind``, ``name``, ``account``, ``quantity``, ``price``,
``taxes``, ``order_line``, ``analytic``, ``tax_data``, ``tax``, ``tax_part``,
``base``, ``amount``, ``balance``, ``due``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from .analytic import named_places, read_places, shares_there, written_places
from .sending import (
    Kind,
    Outcome,
    columns_of,
    commands,
    id_of,
    load_documents,
    newest_of,
    read_with_lines,
    search_read,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeAlias

    from .client import RemoteOdoo
    from .dialects import Dialect

    Image: TypeAlias = Mapping[str, Any]

MODEL, LINE_MODEL = "account.move", "account.move.line"
#: Items that people see and write.
SEEN = ("product", "line_section", "line_subsection", "line_note")
_PAYABLE = "payment_term"
_HEADER = {
    "type": "move_type",
    "partner": "partner_id",
    "journal": "journal_id",
    "currency": "currency_id",
    "ref": "ref",
    "invoice_date": "invoice_date",
    "date": "date",
    "due": "invoice_date_due",
    "term": "invoice_payment_term_id",
    "origin": "invoice_origin",
    "note": "narration",
    "reverses": "reversed_entry_id",
}
_LINE = {
    "name": "name",
    "account": "account_id",
    "quantity": "quantity",
    "price": "price_unit",
    "taxes": "tax_ids",
    "order_line": "purchase_line_id",
}
_ITEM = {
    "tax_part": "tax_repartition_line_id",
    "base": "tax_base_amount",
    "amount": "amount_currency",
    "currency": "currency_id",
    "partner": "partner_id",
    "due": "date_maturity",
}
_NUMBERS = frozenset({"quantity", "price", "base", "amount"})
_HUNDREDTHS = Decimal("0.00")
_READ = (
    *("state", "payment_state", "name", "move_type", "partner_id", "journal_id"),
    *("currency_id", "ref", "invoice_date", "date", "create_date"),
    *("write_date",),
    *("amount_untaxed", "amount_tax", "amount_total", "amount_total_signed"),
)
_READ_LINE = (
    *("write_date", "account_id", "tax_ids", "tax_line_id", "balance"),
    *("purchase_line_id", "quantity"),
)


# === FIELDS OF THIS VERSION === #


def header_values(image: Image, dialect: Dialect) -> dict[str, Any]:
    """Return the fields of a bill itself."""
    values = {name: image[key] or False for key, name in _HEADER.items()}
    # A term and its day contradict each other where its rules differ.
    del values["invoice_date_due" if image["term"] else "invoice_payment_term_id"]
    if not image["date"]:
        del values["date"]
    if dialect.has_own_rate and image["rate"]:
        values["invoice_currency_rate"] = Decimal(image["rate"])
    return values


def item_values(item: Image, image: Image, dialect: Dialect) -> dict[str, Any]:
    """Return the fields of one journal item.

    :raises CannotSay: its analytic accounts cannot be said in this version
    """
    values = {name: _value(key, item[key]) for key, name in _LINE.items()}
    values |= written_places(item["analytic"], dialect, dialect.analytic_on_bill)
    if dialect.makes_items:
        values["display_type"] = item["kind"]
        values["extra_tax_data"] = item["tax_data"] or False
        if item["kind"] == "product":
            # What Odoo computes all the same: given both, it need not write them.
            values["amount_currency"] = Decimal(item["amount"])
            values["balance"] = Decimal(item["balance"])
        return values
    owner = {"currency": image["currency"], "partner": image["partner"]}
    values |= {name: _value(key, {**item, **owner}[key]) for key, name in _ITEM.items()}
    return values | _balance_values(item, dialect) | _kind_values(item, dialect)


def _value(key: str, value: Any) -> Any:
    if key == "taxes":
        return list(value)
    return Decimal(value or 0) if key in _NUMBERS else value or False


def _balance_values(item: Image, dialect: Dialect) -> dict[str, Any]:
    balance = Decimal(item["balance"])
    if dialect.amount_fields == ("balance",):
        return {"balance": balance}
    return {"debit": max(balance, Decimal(0)), "credit": max(-balance, Decimal(0))}


def _kind_values(item: Image, dialect: Dialect) -> dict[str, Any]:
    kind = item["kind"]
    if dialect.tax_line_mark == "display_type":
        return {"display_type": kind}
    is_text = kind in SEEN and kind != "product"
    return {
        "display_type": kind if is_text else False,
        dialect.tax_line_mark: kind not in SEEN,
    }


def sent_items(image: Image, dialect: Dialect) -> list[Image]:
    """Return the items that are sent to this version."""
    if dialect.makes_items:
        return [item for item in image["items"] if item["kind"] in SEEN]
    if "analytic_distribution" in dialect.analytic_on_bill:
        return list(image["items"])
    return [part for item in image["items"] for part in _in_shares(item, image)]


def _in_shares(item: Image, image: Image) -> list[Image]:
    """Return an item as one for each of its shares, for versions with one analytic
    account on a line. Their amounts add up to the cent."""
    shares = {key: Decimal(share) for key, share in item["analytic"].items()}
    if len(shares) < 2 or sum(shares.values()) != 100:
        return [item]
    rest = {name: Decimal(item[name]) for name in ("amount", "balance")}
    if item["order_line"]:
        # What is billed of the order's line adds up, and Odoo finds the price.
        rest["quantity"] = Decimal(item["quantity"]) + _HUNDREDTHS
    wholes = dict(rest)
    parts: list[Image] = []
    for key, share in shares.items():
        is_last = len(parts) == len(shares) - 1
        own = {
            name: left if is_last else _share_of(wholes[name], share)
            for name, left in rest.items()
        }
        rest = {name: left - own[name] for name, left in rest.items()}
        parts.append(
            {
                **item,
                **_quantity_of(item, image, share, own["amount"]),
                **{name: str(value) for name, value in own.items()},
                "analytic": {key: "100"},
                "external_id": f"{item['external_id']}_share_{len(parts) + 1}",
            }
        )
    return parts


def _share_of(value: Decimal, share: Decimal) -> Decimal:
    """Return a share in percent, with the cents of ``value``."""
    return (value * share / 100).quantize(value, ROUND_HALF_UP)


def _quantity_of(
    item: Image, image: Image, share: Decimal, amount: Decimal
) -> dict[str, str]:
    """Return quantity and price of a share: one, if its quantity does not give the
    amount."""
    quantity = _share_of(Decimal(item["quantity"]) + _HUNDREDTHS, share)
    price = Decimal(item["price"])
    net = amount if image["type"] == "in_invoice" else -amount
    if (quantity * price).quantize(amount, ROUND_HALF_UP) == net:
        return {"quantity": str(quantity), "price": item["price"]}
    return {"quantity": "1", "price": str(net)}


# === WHAT IT NAMES === #


def references(image: Image, dialect: Dialect) -> dict[str, set[int]]:
    """Return {model: ids} of all records that are sent as values.

    The remote does not check that its user may see them.
    """
    items = sent_items(image, dialect)
    found = {
        "res.partner": {image["partner"]},
        "account.journal": {image["journal"]},
        "res.currency": {image["currency"]},
        "account.payment.term": {image["term"]},
        "account.account": {item["account"] for item in items},
        "account.tax": {tax for item in items for tax in item["taxes"]},
        "purchase.order.line": {item["order_line"] for item in items},
        MODEL: {image["reverses"]},
        **named_places(key for item in items for key in item["analytic"]),
    }
    return {model: ids - {0} for model, ids in found.items() if ids - {0}}


# === WHOSE IT IS === #


def entered_there(
    remote: RemoteOdoo, images: Sequence[Image], context: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the bills of the same vendors and numbers that the remote has.

    Those that were cancelled do not count.
    """
    refs = sorted({image["ref"] for image in images if image["ref"]})
    if not refs:
        return []
    domain = [
        ("move_type", "in", ["in_invoice", "in_refund"]),
        ("state", "in", ["draft", "posted"]),
        ("partner_id", "in", sorted({image["partner"] for image in images})),
        ("ref", "in", refs),
    ]
    names = ("move_type", "partner_id", "ref", "name")
    return search_read(remote, MODEL, domain, names, context)


# === CREATING === #


def create_bills(
    remote: RemoteOdoo, images: Sequence[Image], context: Mapping[str, Any]
) -> Outcome:
    """Create bills, those that are refused excepted. It is safe to repeat.

    :raises RemoteError: other than a refusal: the outcome may be unknown
    """
    dialect = remote.dialect
    own = {**context, **dict.fromkeys(dialect.create_context, True)}
    return load_documents(
        remote, MODEL, images, lambda image: _rows_of(image, dialect), own
    )


def _rows_of(image: Image, dialect: Dialect) -> list[dict[str, Any]]:
    """Return the rows of one bill as ``load`` reads them: its header is in the first.

    :raises CannotSay: this version has no field for something
    """
    header = {"id": image["external_id"]}
    for name, value in header_values(image, dialect).items():
        header |= columns_of(name, value, name.endswith("_id"))
    rows = []
    for item in sent_items(image, dialect):
        row = {f"{dialect.bill_lines}/id": item["external_id"]}
        for name, value in item_values(item, image, dialect).items():
            path = f"{dialect.bill_lines}/{name}"
            row |= columns_of(path, value, name.endswith(("_id", "_ids")))
        rows.append(row)
    rows[0] = header | rows[0]
    return rows


# === REWRITING AND POSTING === #


def rewrite_bill(
    remote: RemoteOdoo, remote_id: int, image: Image, context: Mapping[str, Any]
) -> None:
    """Bring a draft to its image, in one call.

    :raises CannotSay: this version has no field for something
    :raises RemoteError: the outcome may be unknown
    """
    dialect = remote.dialect
    lines = [
        (0, 0, commands(item_values(item, image, dialect)))
        for item in sent_items(image, dialect)
    ]
    values = header_values(image, dialect)
    del values["move_type"]
    values[dialect.bill_lines] = [(5, 0, 0), *lines]
    own = {**context, **dict.fromkeys(dialect.rewrite_context, True)}
    remote.call(MODEL, "write", [remote_id], vals=values, context=own)


def reconcile_credit(
    remote: RemoteOdoo, ids: Iterable[int], context: Mapping[str, Any]
) -> None:
    """Reconcile what is owed of a bill and its credit note, as far as it is open.

    :raises RemoteError: the outcome may be unknown
    """
    lines = search_read(
        remote,
        LINE_MODEL,
        [
            ("move_id", "in", sorted(ids)),
            ("parent_state", "=", "posted"),
            remote.dialect.is_payable,
            ("reconciled", "=", False),
        ],
        ("move_id",),
        context,
    )
    if len({id_of(line["move_id"]) for line in lines}) > 1:
        items = [line["id"] for line in lines]
        remote.call(LINE_MODEL, "reconcile", items, context=context)


# === READING BACK === #


@dataclass(frozen=True)
class Facts:
    """What the remote has of a bill.

    :param items: {(kind, account, taxes or tax, analytic): balance}
    :param billed: {id of an order's line: quantity}
    :param newest: when it or one of its items was changed last
    """

    id: int
    values: Mapping[str, Any]
    items: Mapping[tuple[Any, ...], Decimal]
    billed: Mapping[int, Decimal] = field(default_factory=dict)
    newest: str = ""

    @property
    def written_at(self) -> str:
        """When it was changed last: UTC, as Odoo writes it."""
        return str(self.values["write_date"])


def read_bills(
    remote: RemoteOdoo,
    ids: Iterable[int],
    context: Mapping[str, Any],
    since: str = "",
) -> dict[int, Facts]:
    """Return {id: Facts} of those that exist and may be seen, in one or two calls.

    :param since: see ``read_with_lines``
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    dialect = remote.dialect
    marks = ("display_type", *filter(None, [dialect.tax_line_mark]))
    names = (*_READ_LINE, *dict.fromkeys(marks), *dialect.analytic_on_bill)
    kind = Kind(MODEL, _READ, LINE_MODEL, names, "move_id", "line_ids")
    moves, lines = read_with_lines(remote, kind, wanted, context, since)
    return {m["id"]: _facts_of(m, lines.get(m["id"], []), dialect) for m in moves}


def _facts_of(
    move: Mapping[str, Any], lines: list[dict[str, Any]], dialect: Dialect
) -> Facts:
    items: dict[tuple[Any, ...], Decimal] = {}
    billed: dict[int, Decimal] = {}
    for line in lines:
        _add(items, _line_key(line, dialect), line["balance"])
        if order_line := id_of(line["purchase_line_id"]):
            _add(billed, order_line, line["quantity"])
    return Facts(move["id"], move, items, billed, newest_of(move, lines))


def _line_key(line: Mapping[str, Any], dialect: Dialect) -> tuple[Any, ...]:
    """Return for what a journal item of the remote stands."""
    if id_of(line["tax_line_id"]):
        return ("tax", id_of(line["account_id"]), id_of(line["tax_line_id"]), ())
    if dialect.tax_line_mark in ("", "display_type"):
        kind = line["display_type"] or "product"
    else:
        kind = _PAYABLE if line[dialect.tax_line_mark] else "product"
    if kind == _PAYABLE:
        return (_PAYABLE,)
    taxes = tuple(sorted(line["tax_ids"]))
    places = _analytic_key(read_places(line, dialect.analytic_on_bill), dialect)
    return (kind, id_of(line["account_id"]), taxes, places)


def _analytic_key(shares: Mapping[str, Any], dialect: Dialect) -> tuple[Any, ...]:
    """Return shares in one order."""
    there = shares_there(shares, dialect, dialect.analytic_on_bill)
    return tuple(sorted((key, share.normalize()) for key, share in there.items()))


def _expected_items(image: Image, dialect: Dialect) -> dict[tuple[Any, ...], Decimal]:
    found: dict[tuple[Any, ...], Decimal] = {}
    for item in image["items"] if dialect.makes_items else sent_items(image, dialect):
        if item["kind"] == "tax":
            key: tuple[Any, ...] = ("tax", item["account"], item["tax"], ())
        elif item["kind"] == _PAYABLE:
            key = (_PAYABLE,)
        else:
            taxes = tuple(sorted(item["taxes"]))
            places = _analytic_key(item["analytic"], dialect)
            key = (item["kind"], item["account"], taxes, places)
        _add(found, key, item["balance"])
    return found


def _add(sums: dict[Any, Decimal], key: Any, more: Any) -> None:
    sums[key] = sums.get(key, Decimal(0)) + Decimal(str(more))


# === COMPARING === #


@dataclass(frozen=True)
class Difference:
    """One thing that the remote has otherwise than its image.

    :param name: of the field, or ``item``
    :param key: of an item, as in :class:`Facts`
    """

    name: str
    wanted: Any
    found: Any
    key: tuple[Any, ...] = ()


_COMPARED = {
    "type": "move_type",
    "partner": "partner_id",
    "journal": "journal_id",
    "currency": "currency_id",
    "ref": "ref",
    "invoice_date": "invoice_date",
    "date": "date",
}
_AMOUNTS = {
    "untaxed": "amount_untaxed",
    "tax": "amount_tax",
    "total": "amount_total",
    "company_total": "amount_total_signed",
}


def differences(image: Image, facts: Facts, dialect: Dialect) -> list[Difference]:
    """Return what the remote has otherwise than ``image``, to the cent."""
    found = []
    for key, name in _COMPARED.items():
        wanted, there = image[key] or False, facts.values[name] or False
        there = there[0] if isinstance(there, list) else there
        # A bill without a date gets the day on which it is posted.
        if wanted != there and (wanted or key not in ("date", "invoice_date")):
            found.append(Difference(key, wanted, there))
    for key, name in _AMOUNTS.items():
        wanted, there = Decimal(image[key]), Decimal(str(facts.values[name]))
        if wanted != _like(wanted, there):
            found.append(Difference(key, wanted, there))
    expected = _expected_items(image, dialect)
    for item in dict.fromkeys((*expected, *facts.items)):
        wanted = expected.get(item, Decimal(0))
        there = facts.items.get(item, Decimal(0))
        if wanted != _like(wanted, there):
            found.append(Difference("item", wanted, there, item))
    return found + _differing_links(image, facts)


def _differing_links(image: Image, facts: Facts) -> list[Difference]:
    """Return how much of which order's line is billed otherwise."""
    expected: dict[int, Decimal] = {}
    for item in image["items"]:
        if item.get("order_line"):
            _add(expected, item["order_line"], item["quantity"])
    return [
        Difference("order_line", wanted, there, (str(line),))
        for line in dict.fromkeys((*expected, *facts.billed))
        if (wanted := expected.get(line, Decimal(0)))
        != (there := facts.billed.get(line, Decimal(0)))
    ]


def _like(wanted: Decimal, found: Decimal) -> Decimal:
    """Return ``found`` rounded to the cents of ``wanted``."""
    exponent = wanted.as_tuple().exponent
    places = exponent if isinstance(exponent, int) and exponent < 0 else -2
    return found.quantize(Decimal(1).scaleb(places))
