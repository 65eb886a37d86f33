"""Rows of the audit as a bookkeeper reads them: labels, names, amounts and dates."""

from typing import NamedTuple

from odoo import fields
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime, formatLang, html2plaintext

from ..procurify import differences

# Of a version of a bill: what its header and its lines call like no field of Odoo.
_FIELDS_OF_LINES = {
    "net": "price_subtotal",
    "tax": "price_total",
    "analytic": "analytic_distribution",
}
_LINES_OF = {
    "account.move": "account.move.line",
    "purchase.order": "purchase.order.line",
}
# Parts of what an import wrote, in which other values lie.
_VERSIONS = ("booked", "header", "lines")
# What people read elsewhere in the same row, or what only programs read.
_UNREAD = frozenset(
    {"asked", "offered", "wanted", "odoo", "id", "source", "retired_name"}
    | {"res_model", "res_id", "key", "facts", "evidence"}
)
# In which order people read them: the document before its lines, and of each line what
# it is booked on. The database keeps none.
_ORDER = (
    *("res_name", "state", "choice", "move_type", "partner_id", "ref", "name"),
    *("invoice_date", "date", "invoice_date_due", "date_order", "payment_term_id"),
    *("currency_id", "amount_total", "invoice_currency_rate"),
    *("account_id", "product_id", "quantity", "product_qty", "product_uom_id"),
    *("price_unit", "net", "tax_ids", "tax", "analytic", "analytic_distribution"),
)
_AMOUNTS = frozenset({"remote_amount", "price_unit"})  # that are plain floats
_NAME = "name"


class Place(NamedTuple):
    """Where values come from: whose fields they are, and the currency of amounts."""

    labels: tuple
    models: tuple
    currency: object  # its code, or its id in Odoo


class Cell(NamedTuple):
    """One value that people read."""

    label: str
    field: object  # of Odoo, or None
    value: object
    currency: object = None  # of an amount


class AuditWords:
    """What rows of the audit say was before and after, in the user's words.

    The names of all records that the rows mention are read at once.
    """

    def __init__(self, env, rows):
        """:param rows: of ``procurify.audit``, as the user may read them"""
        self.env = env
        self._targets = {}
        self._labels = self._own_labels()
        self._codes = _codes(env)
        self._currencies = self._currencies_of(rows)
        self._cells = {
            row: [dict(self._read(row, side)) for side in row._before_and_after()]
            for row in rows
        }
        self._names = self._names_of(
            cell
            for sides in self._cells.values()
            for side in sides
            for cell in side.values()
        )

    def __contains__(self, row):
        return row in self._cells

    def changes(self, row):
        """Yield (label, before, after) of what differs, all of them texts."""
        before, after = self._cells[row]
        for key in _sorted({**before, **after}):
            one, other = before.get(key), after.get(key)
            label = (other or one).label
            if _says_nothing(key, one, other):
                continue
            if _is_nested(one) or _is_nested(other):
                values = (cell.value if cell else {} for cell in (one, other))
                for each in differences(*values):
                    place = filter(None, (label, each.place, each.field))
                    yield " › ".join(place), each.before, each.after
                continue
            texts = [self._text(cell) for cell in (one, other)]
            if texts[0] != texts[1]:
                yield label, *texts

    # === WHAT TO SHOW === #

    def _read(self, row, values):
        """Yield (key, Cell) of one side of a row."""
        values = values or {}
        target = values.get("res_model") or self._target_model(row.resource)
        subject = row._subject_model()
        models = [subject._name if subject is not None else None, target]
        if "target_id" in values:
            models.insert(0, "procurify.target")
        currency = values.get("remote_currency") or self._currencies.get(row)
        place = Place((), self._known(*models), currency)
        for name, value in values.items():
            if name == "said":
                yield from self._read_said(values, place, target)
            elif name in _VERSIONS and isinstance(value, dict):
                sources = _sources(values.get("asked"))
                yield from self._read_version(name, value, place, target, sources)
            elif name == "difference":
                yield from self._read_difference(value or ())
            elif name not in _UNREAD:
                yield (name,), self._cell(place, name, value)
        if "booked" in values:
            yield from self._read_asked(values, place, target)

    def _read_version(self, name, version, place, target, sources):
        """Yield what an import wrote of a document.

        :param sources: which of Procurify's lines those of a bill are
        """
        if name == "lines":
            yield from self._read_lines(version, place, target)
            return
        place = _in_its_currency(place._replace(models=self._known(target)), version)
        for key, value in version.items():
            if key == "lines":
                keys = sources if len(sources) == len(value) else range(len(value))
                lines = dict(zip(keys, value, strict=True))
                yield from self._read_lines(lines, place, target)
            elif key not in _UNREAD:
                yield (name, key), self._cell(place, key, value)

    def _read_lines(self, lines, place, target):
        model = _LINES_OF.get(target)
        for key, line in lines.items():
            facts = line.get("odoo") or line.get("wanted") or line
            name = " ".join(str(facts.get(_NAME) or "").split())
            label = self.env._("Line “%s”", name) if name else self.env._("Line")
            there = place._replace(labels=(label,), models=self._known(model))
            for fact, value in facts.items():
                if fact not in _UNREAD:
                    yield ("lines", key, fact), self._cell(there, fact, value)

    def _read_asked(self, values, place, target):
        """Yield what Procurify said of a bill's header where Odoo has something else:
        an accounting date in the next open period, for one."""
        asked, booked = values.get("asked") or {}, values["booked"] or {}
        place = self._in_procurify(_in_its_currency(place, asked), target)
        for name, value in asked.items():
            if name != "lines" and value != booked.get(name):
                yield ("asked", name), self._cell(place, name, value)

    def _read_said(self, values, place, target):
        """Yield what Procurify said of a vendor where its contact differs."""
        place = self._in_procurify(place, target)
        for name, value in (values["said"] or {}).items():
            if value != values.get(name):
                yield ("said", name), self._cell(place, name, value)

    def _in_procurify(self, place, target):
        labels = (self.env._("In Procurify"),)
        return place._replace(labels=labels, models=self._known(target))

    def _read_difference(self, rows):
        """Yield what a person was asked about: both sides of each difference."""
        sides = {"odoo": self.env._("in Odoo"), "procurify": self.env._("in Procurify")}
        for number, row in enumerate(rows):
            for side, words in sides.items():
                label = f"{row.get('field', '')}, {words}"
                yield ("difference", number, side), Cell(label, None, row.get(side))

    def _cell(self, place, name, value):
        """Return the Cell of a value, with the label that its field has for people."""
        field = self._field(place, name)
        label = self._labels.get(name)
        if not label and field:
            label = field._description_string(self.env)
        label = label or name.replace("_", " ").capitalize()
        if name in self._codes and isinstance(value, str):
            value = self._codes[name].get(value, value)
        is_amount = name in _AMOUNTS or (field and field.type == "monetary")
        return Cell(
            " › ".join((*place.labels, label)),
            field,
            value,
            place.currency if is_amount else None,
        )

    def _field(self, place, name):
        name = _FIELDS_OF_LINES.get(name, name)
        models = (self.env[model]._fields for model in place.models)
        return next((known[name] for known in models if name in known), None)

    def _known(self, *models):
        """Return those of these names that are names of models here."""
        return tuple(model for model in models if model in self.env)

    def _target_model(self, resource):
        """Return the name of the model that ``resource`` becomes, or None."""
        if resource not in self._targets:
            self._targets[resource] = resource and next(
                (
                    name
                    for name, model in self.env.registry.items()
                    if resource in getattr(model, "_procurify_resources", ())
                ),
                None,
            )
        return self._targets[resource]

    def _currencies_of(self, rows):
        """Return {row: code of its document's currency}."""
        about = rows.filtered(lambda row: row.res_model == "procurify.record")
        records = self.env["procurify.record"].sudo().browse(about.mapped("res_id"))
        codes = {each.id: each.remote_currency for each in records.exists()}
        return {row: codes.get(row.res_id) for row in about}

    # === WORDS === #

    def _text(self, cell):
        """Return one value as text; nothing is an empty one."""
        if cell is None:
            return ""
        field, value = cell.field, cell.value
        kind = field.type if field else None
        if value is None or value in ("", [], {}):
            return ""
        if isinstance(value, bool):
            return self._yes_or_no(value) if value or kind in (None, "boolean") else ""
        if field and (ids := _ids(cell)):
            return ", ".join(self._share_or_name(field, *pair) for pair in ids.items())
        if isinstance(value, int | float):
            return self._number(value, self._money.get(cell.currency))
        if isinstance(value, list):
            return "\n".join(map(str, value))
        return self._word(field, kind, str(value))

    def _word(self, field, kind, value):
        if kind == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        if kind in ("date", "datetime"):
            return self._moment(kind, value)
        return html2plaintext(value) if kind == "html" else value

    def _moment(self, kind, value):
        try:
            if kind == "date":
                return format_date(self.env, fields.Date.to_date(value[:10]))
            instant = fields.Datetime.to_datetime(value.replace("T", " ")[:19])
            return format_datetime(self.env, instant)
        except ValueError:
            return value  # What an earlier version wrote.

    def _number(self, value, currency):
        """Return a number in the user's format; an amount has its currency."""
        digits = len(f"{value:.6f}".rstrip("0").partition(".")[2])
        if currency is None:
            return formatLang(self.env, value, digits=digits)
        digits = max(digits, currency.decimal_places)
        return f"{currency.name} {formatLang(self.env, value, digits=digits)}"

    def _yes_or_no(self, value):
        return self.env._("Yes") if value else self.env._("No")

    def _share_or_name(self, field, ids, share):
        model = _comodel(field)
        names = (
            self._names[model].get(i) or self.env._("deleted (%s)", i) for i in ids
        )
        text = " / ".join(names)
        return text if share in (None, 100) else f"{text} {self._number(share, None)} %"

    # === NAMES === #

    def _names_of(self, cells):
        """Return {model: {id: name}} of all records that cells mention."""
        wanted, currencies = {}, set()
        for cell in cells:
            currencies.add(cell.currency)
            for ids in _ids(cell):
                wanted.setdefault(_comodel(cell.field), set()).update(ids)
        self._money = self._money_of(currencies - {None})
        return {
            model: {
                record.id: record.display_name
                for record in self.env[model].sudo().browse(ids).exists()
            }
            for model, ids in wanted.items()
        }

    def _money_of(self, known):
        """Return {code or id: currency of Odoo}."""
        currencies = self.env["res.currency"].sudo().with_context(active_test=False)
        codes = [each for each in known if isinstance(each, str)]
        ids = [each for each in known if isinstance(each, int)]
        found = currencies.search(Domain("name", "in", codes) | Domain("id", "in", ids))
        return found.grouped("name") | {each.id: each for each in found}

    def _own_labels(self):
        """Return {name: label} of what is no field, or is called otherwise there."""
        return {
            "res_name": self.env._("Record in Odoo"),
            "kind": self.env._("Kind"),
            "partner_id": self.env._("Vendor"),
            "date": self.env._("Accounting Date"),
            "choice": self.env._("Decision"),
            "alarm": self.env._("Alarm"),
            "signal": self.env._("Signal"),
            "credentials": self.env._("Changed Credentials"),
            "documents": self.env._("Documents"),
            "deleted_count": self.env._("Deleted in Procurify"),
            "row_count": self.env._("Entries"),
            "seal_count": self.env._("Seals"),
            "head": self.env._("Chain Head"),
            "last_id": self.env._("Last Removed Entry"),
            "repeated": self.env._("Repetitions"),
            "first": self.env._("First Time"),
            "last": self.env._("Last Time"),
            "certificate_digest": self.env._("Digest of the Certificate"),
            "lines_digest": self.env._("Digest of the Documents"),
            "sums_digest": self.env._("Digest of the Sums"),
            "kept": self.env._("Kept as in Odoo"),
            "cancelled": self.env._("Cancelled"),
            "locked": self.env._("Locked"),
            "adopted": self.env._("Adopted"),
            "contact": self.env._("Contact Person"),
            "is_1099": self.env._("1099 Vendor"),
            "net": self.env._("Net Amount"),
            "tax": self.env._("Tax Amount"),
            "analytic": self.env._("Departments and Locations"),
            "analytic_distribution": self.env._("Departments and Locations"),
        }


def _says_nothing(key, one, other):
    """Return whether a new or removed line has there what nobody needs to read."""
    if key[0] != "lines" or (one and other):
        return False
    return key[-1] == _NAME or not (one or other).value


def _sorted(keys):
    """Return the keys of cells in the order in which people read them."""
    ranks = {name: rank for rank, name in enumerate(_ORDER)}
    lines = {key[:2]: None for key in keys if key[0] == "lines"}
    places = {line: place for place, line in enumerate(lines, 1)}
    return sorted(
        keys, key=lambda key: (places.get(key[:2], 0), ranks.get(key[-1], len(ranks)))
    )


def _sources(asked):
    return [line.get("source") for line in (asked or {}).get("lines", ())]


def _in_its_currency(place, version):
    return place._replace(currency=version.get("currency_id") or place.currency)


def _codes(env):
    """Return {name: {code: words}} of values that are no selections of their record."""
    return {
        "alarm": _labels(env, "procurify.alarm", "code"),
        "signal": _labels(env, "procurify.signal", "code"),
        "choice": {
            "update": env._("Update in Odoo"),
            "credit": env._("Credit and re-bill"),
            "keep": env._("Keep Odoo's version"),
            "reverse": env._("Reverse"),
            "import_again": env._("Import again"),
            "adopt": env._("Adopt the document in Odoo"),
            "book_too": env._("Not a duplicate"),
            "reapply": env._("Update the drafts"),
            "earlier_version": env._("Import an earlier version"),
            "take_over": env._("Take over from Procurify"),
        },
    }


def _labels(env, model, name):
    return dict(env[model]._fields[name]._description_selection(env))


def _is_nested(cell):
    return bool(cell) and isinstance(cell.value, dict) and not _ids(cell)


def _comodel(field):
    """Return the model of the records that a field names, or None."""
    if field.name == "analytic_distribution":
        return "account.analytic.account"
    return field.comodel_name if field.relational else None


def _ids(cell):
    """Return {ids: percentage or None} of the records that a cell names."""
    field, value = cell.field, cell.value
    if not field or not value or not _comodel(field) or isinstance(value, str | bool):
        return {}
    if isinstance(value, dict):  # an analytic distribution
        return {tuple(map(int, key.split(","))): value[key] for key in value}
    if isinstance(value, int):
        return {(value,): None}
    # Ids, or commands that set them.
    found = (
        i
        for each in value
        for i in ((each[2] or [each[1]]) if isinstance(each, list) else [each])
    )
    return {(i,): None for i in found if i and isinstance(i, int)}
