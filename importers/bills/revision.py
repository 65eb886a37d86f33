"""Versions of one bill, and in what they differ: in plain values, and in words.

A version is a dictionary of header fields and ``lines``, each a dictionary of facts.
``asked`` is what an import wanted to write, ``booked`` what Odoo made of it: the two
are kept on the record, so that neither Odoo's own roundings nor an accounting date in
the next open period look like somebody's edit.
"""

from itertools import chain, zip_longest
from typing import NamedTuple

from odoo import fields
from odoo.tools import format_date, html2plaintext

from ..lines.pricing import net_of

HEADER = (
    "move_type",
    "partner_id",
    "ref",
    "currency_id",
    "invoice_date",
    "invoice_date_due",
    "date",
    "invoice_currency_rate",
    "amount_total",
)
# What the general ledger shows of a line, and what a draft carries besides.
_LIKENESS = ("account_id", "net", "tax_ids", "analytic")
BOOKED_FACTS = (*_LIKENESS, "tax", "deductible")
DRAFT_FACTS = (
    *BOOKED_FACTS,
    "name",
    "quantity",
    "price_unit",
    "product_id",
    "purchase_line_id",
)


# What lines had where an earlier import did not keep it: it never gave another value.
_ALWAYS = {"deductible": 100.0}

# The line of which Procurify says nothing: it takes the cents of its total.
ROUNDING = "rounding"
# Whose texts the connector makes, in the import user's language: they differ with
# that, and nobody changed anything.
_OWN_TEXTS = (ROUNDING, "shipping ")
# Fields whose values are ids, dates and amounts.
_MODELS = {
    "partner_id": "res.partner",
    "currency_id": "res.currency",
    "fiscal_position_id": "account.fiscal.position",
    "invoice_cash_rounding_id": "account.cash.rounding",
    "invoice_payment_term_id": "account.payment.term",
    "account_id": "account.account",
    "tax_ids": "account.tax",
    "analytic": "account.analytic.account",
    "product_id": "product.product",
    "purchase_line_id": "purchase.order.line",
}
# What an import gives the header of a bill and a person may choose otherwise.
CHOSEN = (
    "fiscal_position_id",
    "invoice_cash_rounding_id",
    "invoice_origin",
    "invoice_payment_term_id",
)
_DATES = ("invoice_date", "invoice_date_due", "date")
_AMOUNTS = ("amount_total", "net", "tax")


class Fact(NamedTuple):
    """One field in its four versions; None where there is no such line."""

    name: str
    asked: object
    written: object
    booked: object
    offered: object

    @property
    def is_news(self):
        """Procurify says something else than it did at the last import."""
        return self.offered != self.asked

    @property
    def agrees(self):
        """Odoo has what Procurify says, or what it made of the very same thing."""
        same_as_before = not self.is_news and self.booked == self.written
        return self.booked == self.offered or same_as_before

    @property
    def is_edited(self):
        """Somebody changed it in Odoo, and not to what Procurify says."""
        return not self.agrees and self.booked != self.written


class LineVersions(NamedTuple):
    """One line in its four versions; None where a version does not have it."""

    asked: dict | None
    written: dict | None
    booked: dict | None
    offered: dict | None

    def facts(self, names):
        """Return the line's facts of those names."""
        source = (self.offered or self.asked or {}).get("source", "")
        if source.startswith(_OWN_TEXTS):
            names = [name for name in names if name != "name"]
        if not all(line and "tax" in line for line in (self.asked, self.written)):
            # Earlier imports did not keep it.
            names = [name for name in names if name != "tax"]
        return [
            Fact(name, *(line and line.get(name, _ALWAYS.get(name)) for line in self))
            for name in names
        ]


class BillRevision:
    """What Procurify offers now, against what was written and what Odoo has."""

    def __init__(self, applied, booked, offered, names, plans, *, keeps_term=True):
        """:param applied: ``applied_state`` of the record, or nothing if the bill was
            not made by an import
        :param booked: version of the bill as it is in Odoo
        :param offered: version that Procurify's payload would make
        :param names: which facts of the lines count
        :param plans: AnalyticPlans; what others than Procurify fill is no fact
        :param keeps_term: whether the payment term that the bill has in Odoo makes the
            due date that is offered
        """
        applied = applied or {}
        self.names = names
        self.plans = plans
        self.keeps_term = keeps_term
        asked = applied.get("asked") or {}
        written = applied.get("booked") or {}
        mine = _procurifys_plans(plans, asked, written, booked, offered)
        self._analytic = {line["id"]: line["analytic"] for line in booked["lines"]}
        self.asked, self.written, self.booked, self.offered = (
            _within(plans, mine, version)
            for version in (asked, written, booked, offered)
        )
        self.lines = [
            LineVersions(*_in_plans(plans, self._mine(line), line))
            for line in self._aligned()
        ]

    def _mine(self, line):
        """Return the plans that Procurify fills on ``line``, now or before."""
        given = (version for version in (line.asked, line.offered) if version)
        return self.plans.plans(*(version["analytic"] for version in given))

    @property
    def analytic(self):
        """{source of an offered line: (what its booked one has in other plans, whether
        vendor and account are the same)}"""
        same_vendor = self.booked["partner_id"] == self.offered["partner_id"]
        return {
            line.offered["source"]: (
                self.plans.rest(self._analytic[line.booked["id"]], self._mine(line)),
                same_vendor and line.booked["account_id"] == line.offered["account_id"],
            )
            for line in self.lines
            if line.offered and line.booked
        }

    @property
    def header(self):
        """The facts of the header about which Procurify says something."""
        versions = (self.asked, self.written, self.booked, self.offered)
        facts = [
            Fact(name, *(version.get(name) for version in versions))
            for name in HEADER
            if name in self.offered
        ]
        if self.is_note_news:
            facts.append(Fact("narration", *(v["narration"] for v in versions)))
        return [*facts, *self._lost_choices()]

    def _lost_choices(self):
        """Yield a fact for what a person chose on a draft that an update cannot keep:
        they are a question."""
        if self.names != DRAFT_FACTS:
            return
        for name, is_lost in {
            "fiscal_position_id": self._is_position_news,
            # It makes another total than Procurify's.
            "invoice_cash_rounding_id": True,
            "invoice_payment_term_id": (
                "invoice_date_due" in self.offered and not self.keeps_term
            ),
        }.items():
            if is_lost and self.is_chosen(name):
                asked = self.asked.get(name, False)
                yield Fact(name, asked, asked, self.booked[name], self.offered[name])

    @property
    def _is_position_news(self):
        """Whether Procurify's taxes go with another fiscal position than before."""
        offered = self.offered["fiscal_position_id"]
        return offered != self.asked.get("fiscal_position_id", offered)

    def is_chosen(self, name):
        """Whether a person chose what a bill has in Odoo, a field of ``CHOSEN``.

        What an import wanted is compared: what it kept of a person's is still theirs.
        """
        now = self.booked[name]
        if name in self.asked:
            return now != self.asked[name]
        # A bill that was adopted was made by a person. An earlier import gave a bill a
        # due date or a term, and did not keep what else it wanted.
        is_due = name == "invoice_payment_term_id" and "invoice_date_due" in self.asked
        return bool(now) and (not self.asked or is_due)

    @property
    def is_note_news(self):
        """Whether Procurify's note on a draft is another one than at the last import.

        A person writes there too, and a note changes nothing of what is booked: until
        then, what stands there is left alone.
        """
        is_known = "narration" in self.asked and "narration" in self.written
        return (
            is_known
            and self.names == DRAFT_FACTS
            and self.asked["narration"] != self.offered["narration"]
        )

    @property
    def facts(self):
        """All facts that count, of header and lines."""
        return [*self.header, *chain(*(line.facts(self.names) for line in self.lines))]

    @property
    def is_news(self):
        """Procurify would book something else than at the last import."""
        return any(fact.is_news for fact in self.facts)

    @property
    def agrees(self):
        """Odoo has what Procurify says."""
        return all(fact.agrees for fact in self.facts)

    @property
    def is_edited(self):
        """Somebody changed something in Odoo that an update would overwrite."""
        return any(fact.is_edited for fact in self.facts)

    def _aligned(self):
        """Yield the versions of each line: matched by Procurify's line, and in Odoo by
        the id that was given to it, else by what it says, else by its place."""
        asked = {line["source"]: line for line in self.asked.get("lines", ())}
        written = dict(zip(asked, self.written.get("lines", ()), strict=False))
        offered = self._renamed(asked)
        booked = self._placed(written, offered)
        for key in dict.fromkeys((*asked, *offered, *booked)):
            versions = (asked, written, booked, offered)
            yield LineVersions(*(version.get(key) for version in versions))

    def _renamed(self, asked):
        """Return {source: line} of what is offered, by the source that a line had.

        A line that is coded on another account is still that line of Procurify, and
        a bill that was made again has the same lines under other ids.
        """
        offered = {line["source"]: line for line in self.offered["lines"]}
        gone = {key: line for key, line in asked.items() if key not in offered}
        renamed = {}
        for source, line in offered.items():
            former = None
            if source not in asked:
                former = _former(source, line, gone)
                gone.pop(former, None)
            renamed[former or source] = line
        return renamed

    def _placed(self, written, offered):
        """Return {key of a line: line in Odoo}."""
        keys = {line["id"]: key for key, line in written.items()}
        booked, loose = {}, []
        for line in self.booked["lines"]:
            if line["id"] in keys:
                booked[keys[line["id"]]] = line
            else:
                loose.append(line)
        for line in list(loose):
            alike = (
                key
                for key, other in offered.items()
                if key not in booked and _alike(line, other)
            )
            if key := next(alike, None):
                booked[key] = line
                loose.remove(line)
        free = [key for key in offered if key not in booked]
        for key, line in zip_longest(free, loose):
            if line:
                booked[key or ("odoo", line["id"])] = line
        return booked


class BillDifference:
    """Revisions in words that a person reads; the names of all are read at once."""

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
        if name == "narration":
            return html2plaintext(value)
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
            "narration": self.env._("note"),
            "fiscal_position_id": self.env._("fiscal position"),
            "invoice_cash_rounding_id": self.env._("cash rounding"),
            "invoice_payment_term_id": self.env._("payment term"),
            "deductible": self.env._("deductible percentage"),
            "account_id": self.env._("account"),
            "net": self.env._("net amount"),
            "tax": self.env._("tax amount"),
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


def booked_version(move):
    """Return what Odoo has of ``move``, as JSON values."""
    move.ensure_one()
    return {
        "move_type": move.move_type,
        "partner_id": move.partner_id.id,
        "journal_id": move.journal_id.id,
        "ref": move.ref or False,
        "currency_id": move.currency_id.id,
        "invoice_date": _day(move.invoice_date),
        "invoice_date_due": _day(move.invoice_date_due),
        "invoice_payment_term_id": move.invoice_payment_term_id.id,
        "fiscal_position_id": move.fiscal_position_id.id,
        "invoice_cash_rounding_id": move.invoice_cash_rounding_id.id,
        "invoice_origin": move.invoice_origin or False,
        "date": _day(move.date),
        "invoice_currency_rate": _rate(move.invoice_currency_rate),
        "amount_total": _amount(move.amount_total),
        "narration": str(move.narration or "") or False,
        "lines": [
            {
                "id": line.id,
                "name": line.name or "",
                "account_id": line.account_id.id,
                "quantity": _amount(line.quantity),
                "price_unit": _amount(line.price_unit),
                "net": _amount(line.price_subtotal),
                "tax": _amount(line.price_total - line.price_subtotal),
                "tax_ids": sorted(line.tax_ids.ids),
                "analytic": plain_shares(line.analytic_distribution),
                "product_id": line.product_id.id,
                "purchase_line_id": line.purchase_line_id.id,
                "deductible": _amount(line.deductible_amount),
            }
            for line in move.invoice_line_ids.sorted("id")
        ],
    }


def offered_version(values, taxes, total, currency):
    """Return what an import would write, as JSON values.

    :param values: as ``account.move.create`` takes them
    :param taxes: {what a line is in Procurify: Decimal, its taxes} of each line
    :param total: Decimal, with taxes, without sign
    """
    version = {
        name: values[name] or False
        for name in HEADER
        if name in values and name != "invoice_currency_rate"
    }
    if "invoice_currency_rate" in values:
        version["invoice_currency_rate"] = _rate(values["invoice_currency_rate"])
    lines = [command[2] for command in values["invoice_line_ids"]]
    return version | {
        # What an import would choose, where a person may choose otherwise.
        "journal_id": values.get("journal_id", False),
        "narration": values["narration"],
        **{name: values[name] for name in CHOSEN},
        "amount_total": _amount(total),
        "lines": [
            {
                "source": source,
                "name": line["name"],
                "account_id": line["account_id"],
                "quantity": _amount(line["quantity"]),
                "price_unit": _amount(line["price_unit"]),
                "net": _amount(net_of(line, currency)),
                "tax": _amount(tax),
                "tax_ids": sorted(id_ for taxes in line["tax_ids"] for id_ in taxes[2]),
                "analytic": plain_shares(line.get("analytic_distribution")),
                "product_id": line.get("product_id") or False,
                "purchase_line_id": line.get("purchase_line_id") or False,
                "deductible": line.get("deductible_amount", _ALWAYS["deductible"]),
            }
            for (source, tax), line in zip(taxes.items(), lines, strict=True)
        ],
    }


def _procurifys_plans(plans, asked, written, booked, offered):
    """Return the plans that Procurify fills in one of these versions."""

    def analytic(*versions):
        return [
            line["analytic"]
            for version in versions
            for line in version.get("lines", ())
        ]

    plans.load(analytic(asked, written, booked, offered))
    return plans.plans(*analytic(asked, offered))


def _within(plans, mine, version):
    """Return a version without what its lines have in other plans than ``mine``."""
    if "lines" not in version:
        return version
    return version | {"lines": _in_plans(plans, mine, version["lines"])}


def _in_plans(plans, mine, lines):
    """Return ``lines``, some of them None, without what they have in other plans."""
    return [
        line and line | {"analytic": plans.own(line["analytic"], mine) or {}}
        for line in lines
    ]


def _former(source, line, gone):
    """Return the source among ``gone`` that ``line`` had, or None."""
    item = source.split()[:2]
    same = (key for key in gone if key.split()[:2] == item)
    alike = (key for key, other in gone.items() if _alike(line, other))
    return next(chain(same, alike), None)


def _alike(line, other):
    return all(line[name] == other[name] for name in _LIKENESS)


def _amount(number):
    return round(float(number), 6)


def _rate(number):
    return float(f"{number or 0:.6g}")


def last_day(term, day):
    """Return the ISO date by which a bill of ``day`` is due by a payment term.

    None where one of the two is missing.
    """
    days = [line._get_due_date(day) for line in term.line_ids] if day else []
    return fields.Date.to_string(max(days, default=None)) or None


def _day(day):
    return fields.Date.to_string(day) or False


def plain_shares(distribution):
    """Return the percentages by analytic accounts, whatever the order of their ids."""
    return {
        ",".join(sorted(key.split(","))): round(share, 6)
        for key, share in sorted((distribution or {}).items())
    }
