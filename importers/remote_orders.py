"""What orders here shall be in a remote Odoo, and what is taken over from there.

See ``procurify_odoo/orders.py`` for what an image holds.
"""

from collections import defaultdict

from odoo.tools import float_repr

from ..procurify_odoo.analytic import PLACES, TAG_MODEL, is_one_place, named_places
from .remote_images import analytic_ids, note, plain_number, shares_by_ids, slug

PRODUCT_COLUMNS = {
    "name": "name",
    "default_code": "default_code",
    "type": "type",
    "description_purchase": "description_purchase",
}


def product_image(product, name, ids, dialect):
    """Return {column of ``load``: value} of a new product.

    :param name: its external id
    :param ids: {model: {local id: remote id}}
    """
    unit = ids["uom.uom"].get(product.uom_id.id, "")
    account = product.property_account_expense_id.id
    values = {
        "id": name,
        **{column: product[field] or "" for field, column in PRODUCT_COLUMNS.items()},
        "purchase_ok": True,
        "sale_ok": False,
        "purchase_method": product.purchase_method or "purchase",
        "uom_id/.id": unit,
        "taxes_id/.id": "",
        "supplier_taxes_id/.id": "",
        "property_account_expense_id/.id": ids["account.account"].get(account, ""),
    }
    if dialect.has_unit_categories:
        values["uom_po_id/.id"] = unit
    return values


class OrderImages:
    """Makes the images of several orders; looks ids up once for all of them."""

    def __init__(self, target, orders, dialect):
        """:param orders: purchase.order records that are sent to ``target``
        :param dialect: of the remote
        """
        self.target = target
        self.dialect = dialect
        self._missing = {}
        lines = orders.order_line
        places = target.env[PLACES].browse(analytic_ids(lines))
        self._tags = target._remote_tags(places)
        self._ids = {
            records._name: target._remote_ids(records)
            for records in (
                orders.partner_id,
                orders.currency_id,
                orders.payment_term_id,
                lines.product_id,
                lines.product_uom_id,
                lines.tax_ids,
                places,
            )
        }

    def image(self, order, name, line_names):
        """Return the image of one order, and the records that the remote does not have.

        :param name: its external id
        :param line_names: {id of a line: its external id}
        """
        self._missing = {}
        currency, own = order.currency_id, order.company_id.currency_id
        image = {
            "external_id": name,
            "partner": self._id(order.partner_id),
            "currency": self._id(currency),
            "origin": order.origin or "",
            "date_order": _moment(order.date_order),
            "term": self._id(order.payment_term_id),
            "note": note(order.note, self.dialect),
            "rate": plain_number(order.currency_rate) if currency != own else "",
            "approved": _moment(order.date_approve),
            "state": "draft" if order.state == "sent" else order.state,
            "locked": bool(order.locked),
            "untaxed": float_repr(order.amount_untaxed, currency.decimal_places),
            "tax": float_repr(order.amount_tax, currency.decimal_places),
            "total": float_repr(order.amount_total, currency.decimal_places),
            "lines": {
                line_names[line.id]: self._line(line) for line in order.order_line
            },
        }
        return image, list(self._missing)

    def _line(self, line):
        text, places = self._text_and_places(line)
        return {
            "kind": line.display_type or "",
            "name": text,
            "product": self._id(line.product_id),
            "unit": self._id(line.product_uom_id),
            "quantity": plain_number(line.product_qty),
            "price": plain_number(line.price_unit),
            "discount": plain_number(line.discount),
            "planned": _moment(line.date_planned),
            "taxes": sorted(self._id(tax) for tax in line.tax_ids),
            "analytic": places,
            "received": plain_number(line.qty_received),
        }

    def _text_and_places(self, line):
        """Return a line's text and analytic accounts; the text says those for which
        the remote has no field."""
        accounts, text = self.target.env[PLACES], line.name or ""
        shares = shares_by_ids(
            line.analytic_distribution,
            self._tags,
            lambda id_: self._id(accounts.browse(id_)),
        )
        if not self.dialect.has_one_place or is_one_place(shares):
            return text, shares
        said = "; ".join(
            f"{plain_number(share)} % {', '.join(self._names(key))}"
            for key, share in line.analytic_distribution.items()
        )
        return (text if said in text.split("\n") else f"{text}\n{said}"), {}

    def _names(self, key):
        ids = [int(each) for each in key.split(",")]
        return sorted(self.target.env[PLACES].browse(ids).mapped("name"))

    def _id(self, record):
        """Return the remote id of one record, or 0 of none."""
        if not record:
            return 0
        known = self._ids[record._name]
        if record.id not in known:
            self._missing.setdefault(record)
            return 0
        return known[record.id]


def new_line_names(lines, name, record, items, taken):
    """Return {line: external id} of lines of one order that have none yet.

    :param name: the order's external id
    :param record: its ``procurify.record``, or an empty one
    :param items: {id of a line: Procurify's id of its order item}
    :param taken: external ids of other lines, which is completed here
    """
    known = (record.applied_state or {}).get("lines", {}) if record else {}
    sources = {entry["id"]: source for source, entry in known.items()}
    found = {}
    for line in lines:
        item = items.get(line.id)
        source = sources.get(line.id) or (f"line {item}" if item else "line")
        first = wanted = f"{name}_{slug(source)}"
        number = 1
        while wanted in taken:
            number += 1
            wanted = f"{first}_{number}"
        taken.add(wanted)
        found[line] = wanted
    return found


def _moment(value):
    return value.strftime("%Y-%m-%d %H:%M:%S") if value else ""


# === TAKING OVER === #

_HEADER = {
    "partner": ("partner_id", "res.partner"),
    "currency": ("currency_id", "res.currency"),
    "origin": ("origin", None),
    "date_order": ("date_order", None),
    "term": ("payment_term_id", "account.payment.term"),
}
_LINE = {
    "name": ("name", None),
    "product": ("product_id", "product.product"),
    "unit": ("product_uom_id", "uom.uom"),
    "quantity": ("product_qty", None),
    "price": ("price_unit", None),
    "discount": ("discount", None),
    "planned": ("date_planned", None),
    "taxes": ("tax_ids", "account.tax"),
    "analytic": ("analytic_distribution", PLACES),
    "received": ("qty_received", None),
}
_FLOATS = frozenset({"quantity", "price", "discount", "received"})


def remote_ids_in(changes):
    """Return {model: remote ids} that changes of headers and lines name.

    :param changes: [(whether it is a header, {key of an image: value})]
    """
    found = defaultdict(set)
    for is_header, values in changes:
        for key, value in values.items():
            _field, model = (_HEADER if is_header else _LINE).get(key, ("", None))
            if key == "analytic":
                for each, ids in named_places(value).items():
                    found[each] |= ids
            elif key == "taxes":
                found[model] |= set(value)
            elif model and value:
                found[model].add(value)
    return found


def local_values(values, local_ids, is_header):
    """Return values of a record here, for what an image says.

    :param local_ids: {model: {remote id: local id}}
    :raises KeyError: with (model, remote id) of what is not here
    """
    return {
        name: _local_value(key, values[key], model, local_ids)
        for key, (name, model) in (_HEADER if is_header else _LINE).items()
        if key in values
    }


def _local_value(key, value, model, local_ids):
    def local(remote_id, model=model):
        if remote_id not in local_ids[model]:
            raise KeyError((model, remote_id))
        return local_ids[model][remote_id]

    if key in _FLOATS:
        return float(value)
    if key == "analytic":
        return _local_shares(value, local) or False
    if key == "taxes":
        return [local(each) for each in value]
    if model:
        return local(value) if value else False
    return value or False


def _local_shares(shares, local):
    found = {}
    for key, share in shares.items():
        places = named_places([key])
        ids = [local(i, model) for model in (PLACES, TAG_MODEL) for i in places[model]]
        found[",".join(str(each) for each in sorted(ids))] = float(share)
    return found
