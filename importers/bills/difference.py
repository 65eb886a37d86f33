"""What differs between the versions of a bill, in words that a person reads."""

from odoo.tools import format_date

from .revision import DRAFT_FACTS

_MODELS = {
    "partner_id": "res.partner",
    "currency_id": "res.currency",
    "account_id": "account.account",
    "tax_ids": "account.tax",
    "analytic": "account.analytic.account",
    "product_id": "product.product",
    "purchase_line_id": "purchase.order.line",
}
_DATES = ("invoice_date", "invoice_date_due", "date")
_AMOUNTS = ("amount_total", "net")


class BillDifference:
    """Tells disputed revisions; reads the names of all of them at once."""

    def __init__(self, env, revisions):
        """:param revisions: BillRevision of each disputed bill"""
        self.env = env
        self.labels = self._labels()
        self.types = dict(
            env["account.move"]._fields["move_type"]._description_selection(env)
        )
        self.names = self._names(revisions)

    def rows(self, revision):
        """Return what Odoo has otherwise than Procurify says.

        :returns: [{"field", "applied", "odoo", "procurify"}], all texts
        """
        digits = self._digits(revision)
        rows = [
            self._row(self.labels[fact.name], fact, digits)
            for fact in revision.header
            if not fact.agrees
        ]
        for line in revision.lines:
            facts = [f for f in line.facts(revision.names) if not f.agrees]
            if facts:
                rows += self._line_rows(line, facts, digits)
        return rows

    # === ROWS === #

    def _line_rows(self, line, facts, digits):
        """Return a row for each fact, or one for a line that only one side has."""
        name = (line.offered or line.booked or line.written)["name"]
        if line.offered and line.booked:
            return [
                self._row(f"“{name}”, {self.labels[fact.name]}", fact, digits)
                for fact in facts
            ]
        return [
            {
                "field": self.env._("line “%s”", name),
                "applied": self._summary(line.written, digits),
                "odoo": self._summary(line.booked, digits),
                "procurify": self._summary(line.offered, digits),
            }
        ]

    def _row(self, label, fact, digits):
        return {
            "field": label,
            "applied": self._text(fact.name, fact.written, digits),
            "odoo": self._text(fact.name, fact.booked, digits),
            "procurify": self._text(fact.name, fact.offered, digits),
        }

    def _summary(self, line, digits):
        if not line:
            return ""
        facts = ("account_id", "net", "tax_ids", "analytic")
        texts = [self._text(name, line[name], digits) for name in facts]
        return ", ".join(filter(None, texts))

    def _text(self, name, value, digits):
        """Return one value of the field ``name`` as text; nothing is an empty one."""
        if value in (None, False, "", [], {}):
            return ""
        if name == "analytic":
            return ", ".join(self._share(*pair) for pair in value.items())
        if name in _MODELS:
            ids = value if isinstance(value, list) else [value]
            return ", ".join(self._name(_MODELS[name], i) for i in ids)
        if name in _AMOUNTS:
            return f"{value:.{digits}f}"
        if name in _DATES:
            return format_date(self.env, value)
        return str(self.types.get(value, value) if name == "move_type" else value)

    def _share(self, key, percentage):
        accounts = " / ".join(
            self._name("account.analytic.account", int(i)) for i in key.split(",")
        )
        return accounts if percentage == 100 else f"{accounts} {percentage:g} %"

    def _digits(self, revision):
        currency = self.env["res.currency"].browse(revision.offered["currency_id"])
        return currency.decimal_places

    # === NAMES === #

    def _labels(self):
        return {
            "move_type": self.env._("kind"),
            "partner_id": self.env._("vendor"),
            "ref": self.env._("number"),
            "currency_id": self.env._("currency"),
            "invoice_date": self.env._("date"),
            "invoice_date_due": self.env._("due date"),
            "date": self.env._("accounting date"),
            "invoice_currency_rate": self.env._("exchange rate"),
            "amount_total": self.env._("total"),
            "account_id": self.env._("account"),
            "net": self.env._("net amount"),
            "tax_ids": self.env._("taxes"),
            "analytic": self.env._("departments"),
            "name": self.env._("text"),
            "quantity": self.env._("quantity"),
            "price_unit": self.env._("price"),
            "product_id": self.env._("product"),
            "purchase_line_id": self.env._("order line"),
        }

    def _name(self, model, record_id):
        return self.names[model].get(record_id) or self.env._("deleted")

    def _names(self, revisions):
        """Return {model: {id: name}} of all that the revisions mention."""
        ids = {model: set() for model in _MODELS.values()}
        for revision in revisions:
            for fact in revision.header:
                if fact.name in _MODELS:
                    ids[_MODELS[fact.name]] |= set(fact[1:])
            for line in revision.lines:
                for fact in line.facts(DRAFT_FACTS):
                    if fact.name in _MODELS:
                        ids[_MODELS[fact.name]] |= _ids(fact)
        return {
            model: {
                record.id: record.display_name
                for record in self.env[model].browse(_positive(mine)).exists()
            }
            for model, mine in ids.items()
        }


def _ids(fact):
    """Return the ids that the versions of a line's fact mention."""
    found = set()
    for value in fact[1:]:
        if fact.name == "analytic":
            found |= {int(i) for key in value or {} for i in key.split(",")}
        elif isinstance(value, list):
            found |= set(value)
        else:
            found.add(value)
    return found


def _positive(ids):
    return [i for i in ids if i]
