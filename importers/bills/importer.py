"""Bills of one batch: what they refer to, their issues, what they write.

What Odoo would fill in on a bill by itself is decided here, too, and given explicitly:
a default that a user saved, a setting of the company or a property of the vendor would
change an amount, an account or a tax otherwise, and nobody would know.
"""

from decimal import Decimal
from functools import cached_property

from odoo.fields import Command, Date, Domain
from odoo.tools import float_compare

from ...procurify.arithmetic import bill_figures, quantity_text, split
from ...procurify.payloads.dates import example
from ...procurify.rates import implied_bill_rate
from ..documents import (
    DocumentImport,
    bill_places,
    check_ids,
    html_text,
    line_words,
)
from ..issues import Hold
from ..lines.pricing import net_of
from ..totals import check_stated_total
from .links import BillLinks
from .revision import ROUNDING, last_day, offered_version

# Procurify's lines say what is booked: nothing is taken off, rounded or kept private.
LINE_DEFAULTS = {"discount": 0.0, "deductible_amount": 100.0, "product_id": False}
_SAME_LINE = ("account_id", "product_id")
# Whose fields of a line are given by an import, or computed.
_OURS = {"account", "analytic", "base", "mail", "procurify_connector", "purchase"}
_MOVE_DEFAULTS = {"invoice_cash_rounding_id": False, "auto_post": "no"}
# Odoo takes the vendor's, and a person may choose another.
_OF_THE_VENDOR = (
    "partner_bank_id",
    "partner_shipping_id",
    "preferred_payment_method_line_id",
)


class BillImport(DocumentImport):
    """Prepares the values of vendor bills and refunds, see BillDraft."""

    def _add_up(self, document, cent):
        check_ids("items", document.items)
        check_ids("costs", document.costs)
        return bill_figures(document, cent)

    def _mentioned_by(self, draft):
        mentioned = {}
        for line in draft.figures.lines:
            if line.tax:
                mentioned |= self._synthetic("tax", line.tax)
        mentioned |= self._mentioned_custom(draft)
        return mentioned | BillLinks.mentioned(draft.payload)

    def _line_sources(self, document):
        return bill_places(document)

    def _vendor_texts(self, document):
        """A bill has no such text of its own: the order lines that it bills do."""
        return [i.order_item.vendor_text for i in document.items if i.order_item]

    def _prepare_targets(self):
        self.links = BillLinks(self)
        partners = self.targets("res.partner")
        self.header = BillHeader(self.env, self.connection, partners)

    def _check(self, draft):
        items = draft.payload.items
        currency = self._currency(draft)
        self._check_vendor(draft)
        self._check_dates(draft)
        named = [item.currency_name for item in items]
        self._check_currencies(draft, [*named, *self._cost_currencies(draft.payload)])
        check_stated_total(
            draft, currency, bookable=self.connection.rounding_account_id
        )
        self._check_taxes(draft, currency)
        lines = {}
        draft.custom = self._custom_values(draft)
        linked = self._linked_items(items)
        for line in draft.figures.lines:
            # The first line of an item carries its order line, and its quantity.
            item = linked.pop(line.source, None)
            if _says_only_text(line):
                lines.setdefault(line.source, _note(line))
                continue
            several, taxes = self._line_values(draft, line, currency, item)
            mine = self._by_source(line, several)
            lines |= mine
            draft.taxes |= dict(zip(mine, taxes, strict=True))
            lines |= self._uncounted_link(line, currency, item)
        lines |= self._rounding_line(draft, currency)
        self._check_journal(draft, currency)
        if draft.is_writable:
            self.pricing.release(lines.values(), self.taxes, currency)
            self._prepare(draft, currency, lines)

    def _cost_currencies(self, bill):
        """Return the names of the currencies of a bill's costs that are not its own."""
        own = bill.currency and bill.currency.id
        ids = {cost.currency_id for cost in bill.costs} - {None, own}
        if own is None:
            return []
        return [self._currency_names.get(str(number), "?") for number in sorted(ids)]

    @cached_property
    def _currency_names(self):
        """{id of a currency in Procurify: its name} of all that are known."""
        rows = self.connection.env["procurify.record"].search_fetch(
            Domain("connection_id", "=", self.connection.id)
            & Domain("resource", "=", "currency"),
            ["external_id", "name"],
        )
        return {row.external_id: row.name for row in rows}

    def _check_dates(self, draft):
        """Note a bill whose days may be others than those that are written.

        It is booked on the day as written, as a draft: one question about a tenant
        does not stop all its bills.
        """
        sent = example(draft.payload)
        if self.connection.date_reading or not (
            sent or draft.record.list_date_finding == "differs"
        ):
            return
        params = {"value": sent or draft.payload.label, "found": self._other_zone}
        draft.uncertain_day = Hold("date_not_explained", "dates", params)

    @cached_property
    def _other_zone(self):
        """The time zone in which a day may be another one."""
        return self.connection.sudo().suggested_date_zone or "UTC"

    def _check_journal(self, draft, currency):
        """Hold a bill whose journal, as the connection names it, is archived."""
        journal = self.header.journal(currency)
        if journal and not journal.active:
            self._hold_setting(draft, "journal_id", journal)

    def _hold_setting(self, draft, field, target):
        """Hold a bill that needs ``target``, which the connection names and which is
        archived."""
        if draft.is_settled:
            return
        label = self.connection._fields[field]._description_string(self.env)
        params = {"value": label, "found": target.display_name}
        draft.hold_once(Hold("wrong_target", f"{field}/{target.id}", params))

    def _implied_rate(self, document):
        """A bill carries no rate, but its total in both currencies."""
        return implied_bill_rate(document)

    def _written_rate(self, record):
        return (record._applied().get("asked") or {}).get("invoice_currency_rate")

    def _rate_day(self, document):
        return document.invoice_date

    # === LINES === #

    @staticmethod
    def _linked_items(items):
        """Return {source: item} of the items that may be for an order's line."""
        return {
            f"item {item.id}": item
            for item in items
            if item.order_item_id or item.order_id
        }

    def _line_values(self, draft, line, currency, item):
        """Return (values, taxes) of the Odoo lines for one net line.

        One line per account code. Several departments are its analytic distribution
        where Odoo's percentages give their cents back, else a line each.

        :param item: the bill's item whose order line the first of them carries
        """
        account_id = self._account(draft, line)
        tax_id = line.tax and self._target(draft, "tax", line.tax.external_id)
        custom = draft.custom.get(line.source, ())
        keys = [self._analytic_key(draft, share, custom) for share in line.shares]
        if not currency or not account_id or draft.holds:
            return [], []
        sign = draft.sign
        tax = self.taxes.get(tax_id)
        amounts = [share.amount for share in line.shares]
        distribution = self.pricing.distribution(line.amount, amounts, keys)
        if distribution is not None:
            parts = [(line.amount, line.tax_amount, distribution)]
        else:
            cent = Decimal(1).scaleb(-currency.decimal_places)
            taxes = split(line.tax_amount, amounts, cent)
            analytics = [{key: 100} if key else False for key in keys]
            parts = list(zip(amounts, taxes, analytics, strict=True))
        several = [
            LINE_DEFAULTS
            | {
                "name": line_words(self.env, line),
                "account_id": account_id,
                "analytic_distribution": analytic,
            }
            | self._price(sign, line, currency, tax, part)
            for *part, analytic in parts
        ]
        if item and several:
            several[0] |= self._link(draft, line, currency, tax, parts[0][:2], item)
        for values in several:
            values["name"] = _label(line, values)
        return several, [sign * tax_amount for _net, tax_amount, _a in parts]

    def _price(self, sign, line, currency, tax, part):
        """Return quantity, price and taxes of a part of ``line``: (net, tax)."""
        net, tax_amount = part
        whole = net == line.amount
        return self.pricing.price(
            sign,
            currency,
            tax,
            net,
            tax_amount,
            line.quantity if whole else None,
            line.unit_price if whole else None,
        )

    def _link(self, draft, line, currency, tax, part, item):
        """Return what ties a line to the order line that it is for, if there is one."""
        order_line = self.links.line_of(item)
        sign = draft.sign
        quantity = order_line and self.links.quantity(
            draft, item, order_line, sign * line.amount, currency
        )
        if not quantity:
            return {}
        return {
            "purchase_line_id": order_line.id,
            "product_id": order_line.product_id.id,
            "product_uom_id": order_line.product_uom_id.id,
        } | self.pricing.price(sign, currency, tax, *part, billed=quantity)

    def _uncounted_link(self, line, currency, item):
        """Return {source: a note that ties the bill to its order line, and says why
        nothing of that is counted as billed}: its cost is in another currency."""
        order_line = item and currency and self.links.line_of(item)
        if not (
            order_line
            and line.amount
            and self.links.is_uncounted(item, order_line, currency)
        ):
            return {}
        text = self.env._(
            "%(line)s is billed by cost in %(currency)s, but order %(order)s is in "
            "%(other)s. The order's billed quantity does not include this line.",
            line=line.label,
            currency=currency.name,
            order=order_line.order_id.name,
            other=order_line.currency_id.name,
        )
        note = _note(line) | {"name": text, "purchase_line_id": order_line.id}
        return {f"{line.source} order": note}

    @staticmethod
    def _by_source(line, several):
        """Return {what a later version of the line is recognised by: values}."""
        account = line.account_code.external_id if line.account_code else ""
        source = f"{line.source} {account}".strip()
        return {
            f"{source} {number}" if number else source: values
            for number, values in enumerate(several)
        }

    def _account(self, draft, line):
        code = line.account_code
        if code:
            return self._target(draft, "account_code", code.external_id)
        default = self.connection.unallocated_account_id
        if not default:
            draft.hold("missing_allocation", value=line.label)
        elif not default.active:
            self._hold_setting(draft, "unallocated_account_id", default)
        return default.id

    def _rounding_line(self, draft, currency):
        """Return {source: the line that takes the cents of Procurify's own total}."""
        figures = draft.figures
        account = self.connection.rounding_account_id
        if not (figures.residue and figures.adds_up and account):
            return {}
        if not account.active:
            self._hold_setting(draft, "rounding_account_id", account)
        return {
            ROUNDING: LINE_DEFAULTS
            | {
                "name": self.env._(
                    "Rounding: Procurify's total is %(currency)s %(total)s, its lines "
                    "add up to %(lines)s",
                    total=figures.total,
                    currency=currency.name or "",
                    lines=figures.computed,
                ),
                "account_id": account.id,
                "quantity": 1.0,
                "price_unit": float(draft.sign * figures.residue),
                "tax_ids": [],
                "analytic_distribution": False,
            }
        }

    # === OTHER PLANS === #

    def fill_plans(self, drafts):
        """Add to the lines of ``drafts`` what is not Procurify's to say of plans.

        A line that is in Odoo keeps what it has there. A new one has what its order
        line has, then what Odoo's distribution models say.
        """
        lines = [
            (draft, source, command[2])
            for draft in drafts
            if draft.values is not None
            for source, command in zip(
                draft.sources, draft.values["invoice_line_ids"], strict=True
            )
            if not command[2].get("display_type")
        ]
        named = self._named_by([line for _draft, _source, line in lines])
        ordered = {
            line.id: line.analytic_distribution
            for line in named["purchase_line_id"].values()
        }
        self.plans.load(ordered.values())
        for draft, source, line in lines:
            own = line.get("analytic_distribution")
            rest, is_same = draft.other_plans.get(source, (None, None))
            if is_same is None:
                before = ordered.get(line.get("purchase_line_id"))
                rest = self.plans.rest(before, self.plans.plans(own))
            facts = None
            if not is_same and self.plans.has_models():
                facts = self._model_facts(draft, line, named)
            line["analytic_distribution"] = self.plans.completed(own, rest, facts)

    def _named_by(self, lines):
        """Return {field: {id: record}} of what the values of ``lines`` name."""
        models = {
            "account_id": "account.account",
            "product_id": "product.product",
            "purchase_line_id": "purchase.order.line",
        }
        return {
            name: {
                record.id: record
                for record in self.env[model].browse(
                    {line[name] for line in lines if line.get(name)}
                )
            }
            for name, model in models.items()
        }

    def _model_facts(self, draft, line, named):
        partner = self.env["res.partner"].browse(draft.values["partner_id"])
        return self.plans.model_facts(
            partner.commercial_partner_id,
            named["product_id"].get(
                line.get("product_id"), self.env["product.product"]
            ),
            named["account_id"][line["account_id"]],
        )

    # === HEADER === #

    def _prepare(self, draft, currency, lines):
        """Fill the values of a bill that nothing holds."""
        bill = draft.payload
        orders = ", ".join(number for _id, number in bill.orders if number)
        date = bill.gl_post_date or bill.invoice_date
        values = {
            "move_type": "in_refund" if draft.sign < 0 else "in_invoice",
            "partner_id": draft.vendor_id,
            "currency_id": currency.id,
            "ref": bill.invoice_number or False,
            "invoice_date": bill.invoice_date and bill.invoice_date.isoformat(),
            "date": date and date.isoformat(),
            "invoice_origin": orders or False,
            "fiscal_position_id": self._fiscal_position(
                tax_id
                for line in lines.values()
                for command in line["tax_ids"]
                for tax_id in command[2]
            ),
            "narration": html_text(bill.note),
            "invoice_line_ids": [Command.create(line) for line in lines.values()],
        }
        if not date:
            del values["date"]
        values |= self.header.values(bill, currency, draft.vendor_id)
        if rate := self._rate(draft, currency):
            values["invoice_currency_rate"] = rate
        draft.values = values
        draft.sources = list(lines)
        taxes = {source: draft.taxes.get(source, 0) for source in lines}
        draft.offer = offered_version(values, taxes, draft.total, currency)
        draft.offer["kind"] = bill.type
        draft.awaited = self.links.awaited(bill)


class BillHeader:
    """Decides about the journals and payment terms of one batch's bills."""

    def __init__(self, env, connection, partners):
        """:param env: of the company and the user that book
        :param partners: {id: res.partner} of the bills' vendors
        """
        self.env = env
        self.company = env.company
        self.connection = connection
        self.partners = partners
        self.chosen = self._chosen_journal()
        self.journals = self.chosen or self._journals()

    def _chosen_journal(self):
        """Return the journal that a person chose for these bills, archived or not.

        A branch may use its parent's, but keeps to its own where it has one.
        """
        journal = self.connection.journal_id.with_env(self.env)
        if self.company == self.connection.company_id:
            return journal
        domain = [("type", "=", "purchase"), ("company_id", "=", self.company.id)]
        return self.env["account.journal"].search(domain, limit=1) or journal

    def _journals(self):
        journals = self.env["account.journal"]
        return journals.search(
            Domain("type", "=", "purchase")
            & Domain(journals._check_company_domain(self.company))
        )

    def journal(self, currency):
        """Return the journal of a bill in ``currency``: the chosen one, else the one
        that Odoo chooses for a person."""
        fitting = self.journals.browse()
        if not self.chosen and currency != self.company.currency_id:
            fitting = self.journals.filtered(lambda j: j.currency_id == currency)
        return (fitting or self.journals)[:1]

    def values(self, bill, currency, partner_id):
        """Return what a new bill is given besides what Procurify says.

        :param bill: payload of the bill
        """
        values = dict(_MOVE_DEFAULTS)
        if journal := self.journal(currency):
            values["journal_id"] = journal.id
        if bill.due_date:
            due = {"invoice_date_due": bill.due_date.isoformat()}
            return values | {"invoice_payment_term_id": False} | due
        return values | self._by_term(bill, self.partners[partner_id])

    def _by_term(self, bill, partner):
        """Return how a bill without a due date is due: by its vendor's payment term.

        A discount for early payment is not Procurify's: only the term's day counts.
        """
        term = partner.property_supplier_payment_term_id
        if not term.early_discount:
            return {"invoice_payment_term_id": term.id}
        values = {"invoice_payment_term_id": False}
        if bill.invoice_date:
            values["invoice_date_due"] = last_day(term, bill.invoice_date)
        return values

    def kept(self, draft):
        """Return what a bill in Odoo keeps: what Procurify has no say in, and what a
        person chose there.

        Odoo would compute the rate and the bank account again, whatever is written.
        """
        move, values = draft.found, draft.values
        asked = draft.record._applied().get("asked") or {}
        kept = {"auto_post": move.auto_post}
        if self._keeps_journal(draft, asked):
            kept["journal_id"] = move.journal_id.id
        if asked.get("narration", values["narration"]) == draft.offer["narration"]:
            kept["narration"] = move.narration
        for name in ("fiscal_position_id", "invoice_origin"):
            if self._is_chosen(draft, name):
                kept[name] = draft.revision.booked[name]
        kept |= self._kept_term(draft)
        if "invoice_currency_rate" not in asked.keys() | values.keys():
            kept |= self._kept_rate(move, values)
        if (values["partner_id"], values["move_type"]) == (
            move.partner_id.id,
            move.move_type,
        ):
            kept |= {name: move[name].id for name in _OF_THE_VENDOR if move[name]}
        return kept

    def _keeps_journal(self, draft, asked):
        """Return whether a bill stays in its journal: a person or Odoo chose it."""
        record, journal_id = draft.record, draft.found.journal_id.id
        written = record._applied().get("booked") or {}
        if record._is_otherwise() and written.get("journal_id") == journal_id:
            # A rule may have moved it.
            return False
        return not self.chosen or asked.get("journal_id", journal_id) != journal_id

    @staticmethod
    def _is_chosen(draft, name):
        """Return whether a person chose what a bill has there, and no rule."""
        revision = draft.revision
        if not revision.is_chosen(name):
            return False
        now, written = revision.booked[name], revision.written.get(name)
        return not (draft.record._is_otherwise() and now == written)

    def _kept_term(self, draft):
        """Return the payment term that a person or Odoo gave a bill, as far as it makes
        the due date that Procurify says."""
        name = "invoice_payment_term_id"
        term, is_chosen = draft.found[name], self._is_chosen(draft, name)
        if "invoice_date_due" in draft.values:
            is_kept = is_chosen and draft.revision.keeps_term
            return {name: term.id} if is_kept else {}
        return {name: (is_chosen or not term.early_discount) and term.id}

    @staticmethod
    def _kept_rate(move, values):
        """Return the rate that Odoo or a person gave a bill, as far as it still counts.

        Odoo's rate is that of the bill's day.
        """
        if (
            move.currency_id == move.company_currency_id
            or values["currency_id"] != move.currency_id.id
        ):
            return {}
        is_of_its_day = not float_compare(
            move.invoice_currency_rate, move.expected_currency_rate, precision_digits=6
        )
        if is_of_its_day and values["invoice_date"] != Date.to_string(
            move.invoice_date
        ):
            return {}
        return {"invoice_currency_rate": move.invoice_currency_rate}


class LineFields:
    """Keeps what people enter on a bill's lines in fields of other addons.

    A line that is made again would lose it: a deferral, an asset, a field of Studio.
    """

    def __init__(self, env):
        """:param env: of the user that writes"""
        lines = env["account.move.line"]
        self.names = [
            name
            for name, field in lines._fields.items()
            if (field.manual or _OURS.isdisjoint(field._modules))
            and field.store
            and not (field.related or field.readonly or field.type == "one2many")
            and lines._has_field_access(field, "write")
        ]

    def kept(self, draft):
        """Return {source of a line: values} of the lines that are what they were.

        Odoo may fill such a field from the account and the product.
        """
        if not self.names:
            return {}
        lines = {line.id: line for line in draft.target.invoice_line_ids}
        pairs = [
            (lines[line.booked["id"]], line.offered["source"])
            for line in draft.revision.lines
            if line.offered
            and line.booked
            and line.booked["id"] in lines
            and all(line.offered[name] == line.booked[name] for name in _SAME_LINE)
        ]
        return {
            source: {
                name: line._fields[name].convert_to_write(line[name], line)
                for name in self.names
            }
            for line, source in pairs
        }


class LineAmounts:
    """Foresees the amounts and tax grids of lines, for the bills of one company.

    Odoo computes the taxes of a new bill once its lines are there, and writes onto each
    line what comes of it: its amounts and its tax grids. Each of these writes computes
    the bill again; together they are a third of the time that it takes. Lines that have
    the right figures already are not written. Odoo computes them all the same, and
    writes whatever differs: a wrong figure here costs time, and never stays.
    """

    def __init__(self, env):
        """:param env: of the company and the user that book"""
        self.env = env
        self.company = env.company
        self._rates = {}
        self._grids = {}

    def completed(self, values):
        """Return the values of a new bill with what Odoo would write onto its lines.

        :param values: as ``create`` takes them, every line a ``Command.create``
        """
        currency = self.env["res.currency"].browse(values["currency_id"])
        is_refund = values["move_type"] == "in_refund"
        rate = values.get("invoice_currency_rate") or self._rate(
            currency, values["invoice_date"] or None
        )
        lines = [
            line
            if line.get("display_type")
            else line | self._foreseen(line, currency, rate, is_refund)
            for _command, _id, line in values["invoice_line_ids"]
        ]
        return values | {"invoice_line_ids": [Command.create(line) for line in lines]}

    def _foreseen(self, line, currency, rate, is_refund):
        net = net_of(line, currency) * (-1 if is_refund else 1)
        foreseen = {
            "amount_currency": net,
            "balance": self.company.currency_id.round(net / rate),
        }
        if grids := self._tax_grids(line, is_refund):
            foreseen["tax_tag_ids"] = [Command.set(grids)]
        return foreseen

    def _rate(self, currency, day):
        """Return units of ``currency`` for one of the company's, as Odoo looks it up.

        :param day: ISO date, or None for today
        """
        key = currency.id, day
        if key not in self._rates:
            self._rates[key] = self.env["res.currency"]._get_conversion_rate(
                from_currency=self.company.currency_id,
                to_currency=currency,
                company=self.company,
                date=day,
            )
        return self._rates[key]

    def _tax_grids(self, line, is_refund):
        """Return ids of the tax report's tags for the net amount of ``line``."""
        tax_ids = tuple(i for command in line["tax_ids"] for i in command[2])
        key = tax_ids, line.get("product_id"), is_refund
        if key not in self._grids:
            taxes = self.env["account.tax"].browse(tax_ids).flatten_taxes_hierarchy()
            due = taxes.filtered(lambda tax: tax.tax_exigibility == "on_invoice")
            product = self.env["product.product"].browse(line.get("product_id"))
            tags = product.sudo().account_tag_ids | due.get_tax_tags(is_refund, "base")
            self._grids[key] = tags.ids
        return self._grids[key]


def _says_only_text(line):
    """Return whether a line costs nothing and counts nothing: billed by cost, of 0."""
    is_moved = any(share.amount for share in line.shares)
    return not (line.amount or line.tax_amount or line.quantity or is_moved)


def _note(line):
    return {
        "display_type": "line_note",
        "name": line.label,
        "account_id": False,
        "quantity": 0.0,
        "price_unit": 0.0,
        "tax_ids": [],
    }


def _label(line, values):
    """Return the line's text, with its quantity where Odoo's is another one."""
    if not line.quantity or values["quantity"] == abs(float(line.quantity)):
        return values["name"]
    text = quantity_text(line.quantity, line.unit, line.unit_price)
    return f"{values['name']} ({text})"
