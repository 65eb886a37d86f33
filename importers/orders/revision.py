"""What a new version of an order changes: last applied, Odoo now, Procurify now."""

from odoo.fields import Datetime
from odoo.tools import float_compare

HEADER_FIELDS = (
    "partner_id",
    "currency_id",
    "origin",
    "date_order",
    "payment_term_id",
    "user_id",
    "note",
)
LINE_FIELDS = (
    "name",
    "product_id",
    "product_uom_id",
    "product_qty",
    "price_unit",
    "discount",
    "date_planned",
    "tax_ids",
    "analytic_distribution",
    "qty_received",
)
# What quantities that are billed or received are of.
_COUNTED = ("product_uom_id", "product_id")
# Lines whose texts the connector makes, in the import user's language: they differ
# with that, and nobody changed anything.
_OWN_TEXTS = ("extra ", "rounding")
_OWN_FIELDS = tuple(name for name in LINE_FIELDS if name != "name")


def plain(record, fields):
    """Return ``fields`` of an Odoo record as JSON values."""
    return {name: _plain_value(record, name) for name in fields}


def _plain_value(record, name):
    value, kind = record[name], record._fields[name].type
    if kind == "many2one":
        return value.id
    if kind == "many2many":
        return sorted(value.ids)
    if kind == "datetime":
        return Datetime.to_string(value)
    if kind == "html":
        return str(value or "") or False
    return value or (0.0 if kind == "float" else False)


def same(one, other):
    """Compare two JSON values; numbers as far as Odoo keeps them."""
    if isinstance(one, float) or isinstance(other, float):
        return not float_compare(one or 0.0, other or 0.0, precision_digits=6)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return sorted(one) == sorted(other or [])
    return (one or False) == (other or False)


class OrderRevision:
    """Compares three versions of one order and says what to write.

    What only Procurify changed is written; what only a person changed stays; what
    both changed is a conflict, and then nothing is written.

    :param applied: ``applied_state`` of the order's record
    :param header: values as ``OrderImport`` prepares them
    :param lines: {source: values}
    :param linked: {source: id of the order's line} where an order item names it
    :param plans: AnalyticPlans; what others than Procurify fill is not compared
    :param force: what a person changed gives way
    """

    def __init__(self, order, applied, header, lines, linked, plans, force=False):
        self.force = force
        self.plans = plans
        self.order = order
        self.applied = applied or {}
        self.linked = linked
        self.mine = self._procurifys_plans(lines)
        self._fills = {}
        self.conflicts = []
        self.header = self._changes(
            order, self.applied.get("header"), header, HEADER_FIELDS, ""
        )
        self.lines = {}
        self.added = {}
        self.removed = {}
        self.undercut = {}
        self._compare_lines(lines)

    def _procurifys_plans(self, lines):
        """Return the plans that Procurify fills on this order, now or before."""
        known = self.applied.get("lines", {}).values()
        given = [
            line.get("analytic_distribution")
            for line in (*lines.values(), *(entry["wanted"] for entry in known))
        ]
        booked = self.order.order_line.mapped("analytic_distribution")
        self.plans.load([*given, *booked])
        return self.plans.plans(*given)

    def _compare_lines(self, lines):
        mine = {line.id: line for line in self.order.order_line}
        known = self.applied.get("lines", {})
        for source, values in lines.items():
            before = known.get(source)
            line_id = before["id"] if before else self.linked.get(source)
            line = mine.get(line_id)
            taken_off = before and not line and not self.force
            if taken_off and same(before["wanted"], values):
                continue  # A person took it off the order, and it is what it was.
            if not line:
                self.added[source] = values
                continue
            fields = _OWN_FIELDS if source.startswith(_OWN_TEXTS) else LINE_FIELDS
            changes = self._changes(
                line, before, values, fields, _first(values["name"])
            )
            if "product_qty" in changes and line._procurify_would_undercut(
                changes["product_qty"]
            ):
                self.undercut[line] = changes["product_qty"]
            if changes:
                self.lines[line] = changes
        for source, before in known.items():
            line = mine.get(before["id"])
            # What nothing is wanted of any more was taken off before.
            if line and before["wanted"] and source not in lines:
                self._take_off(source, before, line)

    def _take_off(self, source, before, line):
        """Remove a line that Procurify does not have.

        One that somebody wrote on an order before it was adopted is a question first,
        and stays for good where it is billed or received: its amount would count twice.
        """
        if not before.get("adopted"):
            self.removed[source] = line
        elif not self.force:
            amount = f"{line.product_qty:g} × {line.price_unit:g}"
            self.conflicts.append(
                {
                    "field": _first(line.name),
                    "applied": "",
                    "odoo": amount,
                    "procurify": "",
                }
            )
        elif line._procurify_booked_quantity():
            self.undercut[line] = 0.0
        else:
            self.removed[source] = line

    @property
    def is_edited(self):
        """Whether anything is otherwise than the last import left it."""
        known = {
            each["id"]: each["odoo"] for each in self.applied.get("lines", {}).values()
        }
        left = [(self.order, self.applied.get("header", {}).get("odoo", {}))]
        left += [(line, known.get(line.id, {})) for line in self.order.order_line]
        return any(
            not same(value, now)
            for record, fields in left
            for value, now in zip(
                fields.values(), plain(record, fields).values(), strict=True
            )
        )

    @property
    def changes_anything(self):
        """Whether there is something to write."""
        return bool(self.header or self.lines or self.added or self.removed)

    def told(self):
        """Return a text for each thing that changes."""
        changed = [
            f"{_first(line.name)}: {self._names(line, changes)}"
            for line, changes in self.lines.items()
        ]
        header = [self._names(self.order, self.header)] if self.header else []
        return [
            *header,
            *changed,
            *(f"+ {_first(values['name'])}" for values in self.added.values()),
            *(f"− {_first(line.name)}" for line in self.removed.values()),
        ]

    @staticmethod
    def _names(record, changes):
        return ", ".join(
            f"{record._fields[name].string} {shown(record, name, value)}".strip()
            for name, value in changes.items()
        )

    def _changes(self, record, before, wanted, fields, label):
        """Return what to write on ``record``; note what a person changed as well."""
        before = before or {"wanted": {}, "odoo": {}}
        now = plain(record, fields)
        changes = {}
        mine = self._fills[record] = self._mine(before["wanted"], wanted)
        for name in fields:
            value, current = wanted.get(name), self._comparable(name, now[name], mine)
            ours = self._comparable(name, before["odoo"].get(name), mine)
            theirs = before["wanted"].get(name)
            if name not in wanted or value is None or same(value, current):
                continue
            if self.force:
                changes[name] = value
                continue
            # Of an adopted order, only what was accepted counts as known.
            known = name in before["wanted"] or not before.get("adopted")
            if before["wanted"] and known and same(value, theirs):
                continue
            is_counted = name in _COUNTED and _is_counted(record, name)
            if is_counted or (before["odoo"] and not same(current, ours)):
                self._note_conflict(record, name, label, ours, current, value)
                continue
            changes[name] = value
        return changes

    def _mine(self, *versions):
        """Return the plans that Procurify fills on what has these ``versions``."""
        given = (values.get("analytic_distribution") for values in versions)
        return self.plans.plans(*given)

    def _comparable(self, name, value, mine):
        """Return what Procurify may say of a value: of an analytic distribution, the
        part in ``mine``, its own plans."""
        if name == "analytic_distribution":
            return self.plans.own(value, mine)
        return value

    def written(self, line):
        """Return the changes of ``line``, with what other plans have on it now."""
        changes, name = self.lines[line], "analytic_distribution"
        if name not in changes:
            return changes
        rest = self.plans.rest(line[name], self._fills[line])
        return changes | {name: self.plans.completed(changes[name], rest, None)}

    def _note_conflict(self, record, name, label, applied, odoo, procurify):
        title = record._fields[name].string
        self.conflicts.append(
            {
                "field": f"{label}: {title}" if label else title,
                "applied": shown(record, name, applied),
                "odoo": shown(record, name, odoo),
                "procurify": shown(record, name, procurify),
            }
        )


def _is_counted(line, name):
    """Return whether something is billed or received, which is counted in the unit, and
    as goods of the product."""
    is_of_it = name == "product_uom_id" or line.product_id.type == "consu"
    return is_of_it and bool(line._procurify_booked_quantity())


def shown(record, name, value):
    """Return a JSON value as a person reads it."""
    field = record._fields[name]
    if field.type in ("many2one", "many2many") and value:
        ids = value if isinstance(value, list) else [value]
        records = record.env[field.comodel_name].browse(ids).exists()
        return ", ".join(records.mapped("display_name"))
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return "" if value in (False, None) else str(value)


def _first(text):
    return (text or "").split("\n")[0]
