"""Bills of one batch: what they refer to, what holds them, what they write."""

from decimal import Decimal
from functools import cached_property

from odoo.fields import Command

from ...procurify.arithmetic import quantity_text, reckon, split
from ...procurify.payloads.dates import example
from ...procurify.rates import implied_bill_rate
from ..documents import DocumentImport, html_text
from ..issues import Hold
from ..lines.words import line_words
from .header import LINE_DEFAULTS, BillHeader
from .links import BillLinks
from .revision import ROUNDING


class BillImport(DocumentImport):
    """Prepares the values of vendor bills and refunds.

    ``sources`` says, per record and in the order of its lines, from which line of
    Procurify each Odoo line comes; ``offers`` has each bill as a version to compare;
    ``other_plans`` has what the lines of a changed bill have in other plans, see
    ``BillRevision.analytic``; ``revisions`` has what differs of those that are in
    Odoo; ``resumed`` has the drafts that are only to be finished, as they are in Odoo,
    and ``untouched`` those of them that no person edited; ``closed`` has the bills of a
    closed period, with their day and Odoo's locks, and ``in_closed_period`` those that
    the policy leaves there; ``uncertain_days`` has why the day of a bill may be another
    one, so that it is not posted.
    """

    def __init__(self, env, batch):
        super().__init__(env, batch)
        self.sources = {}
        self.offers = {}
        self.other_plans = {}
        self.revisions = {}
        self.resumed = set()
        self.untouched = set()
        self.closed = {}
        self.in_closed_period = set()
        self.uncertain_days = {}

    def _reckon(self, document, cent):
        return reckon(document, cent)

    def _mentioned_by(self, record, document):
        mentioned = {}
        for line in self.reckonings[record].lines:
            if line.tax:
                mentioned |= self._synthetic("tax", line.tax)
        return mentioned | BillLinks.mentioned(document)

    def _vendor_texts(self, document):
        """A bill has no such text of its own: the order lines that it bills do."""
        return [i.order_item.vendor_text for i in document.items if i.order_item]

    def _prepare_targets(self):
        self.links = BillLinks(self)
        partners = self.targets("res.partner")
        self.header = BillHeader(self.env, self.connection, partners)

    def _check(self, record, document):
        currency = self._currency(record, document)
        self._check_vendor(record, document)
        self._check_dates(record, document)
        self._check_currencies(
            record, document, [item.currency_name for item in document.items]
        )
        self._check_total(
            record, currency, bookable=self.connection.rounding_account_id
        )
        self._check_taxes(record, currency)
        lines = {}
        linked = self._linked_items(document)
        for line in self.reckonings[record].lines:
            # The first line of an item carries its order line, and its quantity.
            item = linked.pop(line.source, None)
            if _says_only_text(line):
                lines.setdefault(line.source, _note(line))
                continue
            several = self._line_values(record, line, currency, item)
            lines |= self._by_source(line, several)
            lines |= self._uncounted_link(line, currency, item)
        lines |= self._rounding_line(record, currency)
        self._check_journal(record, currency)
        if self._is_open(record):
            self.pricing.release(lines.values(), self.taxes, currency)
            self._prepare(record, document, currency, lines)

    def _check_dates(self, record, document):
        """Note a bill whose days may be others than those that are written.

        It is booked on the day as written, as a draft: one question about a tenant
        does not stop all its bills.
        """
        sent = example(document)
        if self.connection.date_reading or not (
            sent or record.list_date_finding == "differs"
        ):
            return
        params = {"value": sent or document.label, "found": self._other_zone}
        self.uncertain_days[record] = Hold("date_not_explained", "dates", params)

    @cached_property
    def _other_zone(self):
        """The time zone in which a day may be another one."""
        return self.connection.sudo().suggested_date_zone or "UTC"

    def _check_journal(self, record, currency):
        """Hold a bill whose journal, as the connection names it, is archived."""
        journal = self.header.journal(currency)
        if journal and not journal.active:
            self._hold_setting(record, "journal_id", journal)

    def _hold_setting(self, record, field, target):
        """Hold a bill that needs ``target``, which the connection names and which is
        archived."""
        label = self.connection._fields[field]._description_string(self.env)
        params = {"value": label, "found": target.display_name}
        self._hold(record, Hold("wrong_target", f"{field}/{target.id}", params))

    def _implied_rate(self, document):
        """A bill carries no rate, but its total in both currencies."""
        return implied_bill_rate(document)

    def _written_rate(self, record):
        return (record._applied().get("asked") or {}).get("invoice_currency_rate")

    def _rate_day(self, document):
        return document.invoice_date

    # === LINES === #

    def _linked_items(self, bill):
        """Return {source: item} of the items that may be for an order's line."""
        return {
            f"item {item.id}": item
            for item in bill.items
            if item.order_item_id or item.order_id
        }

    def _line_values(self, record, line, currency, item):
        """Return the values of the Odoo lines for one net line.

        One line per account code. Several departments are its analytic distribution
        where Odoo's percentages give their cents back, else a line each.

        :param item: the bill's item whose order line the first of them carries
        """
        account_id = self._account(record, line)
        tax_id = line.tax and self._target(record, "tax", line.tax.external_id)
        keys = [self._analytic_key(record, share) for share in line.shares]
        if not currency or not account_id or record in self.batch.holds:
            return []
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
            | self._price(record, line, currency, self.taxes.get(tax_id), part)
            for *part, analytic in parts
        ]
        if item and several:
            several[0] |= self._link(
                record, line, currency, self.taxes.get(tax_id), parts[0][:2], item
            )
        for values in several:
            values["name"] = _label(line, values)
        return several

    def _price(self, record, line, currency, tax, part):
        """Return quantity, price and taxes of a part of ``line``: (net, tax)."""
        net, tax_amount = part
        whole = net == line.amount
        return self.pricing.price(
            self.sign(record),
            currency,
            tax,
            net,
            tax_amount,
            line.quantity if whole else None,
            line.unit_price if whole else None,
        )

    def _link(self, record, line, currency, tax, part, item):
        """Return what ties a line to the order line that it is for, if there is one."""
        order_line = self.links.line_of(item)
        sign = self.sign(record)
        quantity = order_line and self.links.quantity(
            record, item, order_line, sign * line.amount, currency
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
            "%(other)s. No quantity of the order is counted as billed.",
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

    def _account(self, record, line):
        code = line.account_code
        if code:
            return self._target(record, "account_code", code.external_id)
        default = self.connection.unallocated_account_id
        if not default:
            self.batch.hold(record, "missing_allocation", value=line.label)
        elif not default.active:
            self._hold_setting(record, "unallocated_account_id", default)
        return default.id

    def _rounding_line(self, record, currency):
        """Return {source: the line that takes the cents of Procurify's own total}."""
        reckoning = self.reckonings[record]
        account = self.connection.rounding_account_id
        if not (reckoning.residue and reckoning.adds_up and account):
            return {}
        if not account.active:
            self._hold_setting(record, "rounding_account_id", account)
        return {
            ROUNDING: LINE_DEFAULTS
            | {
                "name": self.env._(
                    "Rounding: Procurify's total is %(total)s %(currency)s, its lines "
                    "make %(lines)s",
                    total=reckoning.total,
                    currency=currency.name or "",
                    lines=reckoning.computed,
                ),
                "account_id": account.id,
                "quantity": 1.0,
                "price_unit": float(self.sign(record) * reckoning.residue),
                "tax_ids": [],
                "analytic_distribution": False,
            }
        }

    # === OTHER PLANS === #

    def fill_plans(self, records):
        """Add to the lines of ``records`` what is not Procurify's to say of plans.

        A line that is in Odoo keeps what it has there. A new one has what its order
        line has, then what Odoo's distribution models say.
        """
        lines = [
            (record, source, command[2])
            for record in records
            if record in self.values
            for source, command in zip(
                self.sources[record],
                self.values[record]["invoice_line_ids"],
                strict=True,
            )
            if not command[2].get("display_type")
        ]
        named = self._named_by([line for _record, _source, line in lines])
        ordered = {
            line.id: line.analytic_distribution
            for line in named["purchase_line_id"].values()
        }
        self.plans.load(ordered.values())
        for record, source, line in lines:
            own = line.get("analytic_distribution")
            rest, is_same = self.other_plans.get(record, {}).get(source, (None, None))
            if is_same is None:
                before = ordered.get(line.get("purchase_line_id"))
                rest = self.plans.rest(before, self.plans.plans(own))
            facts = None
            if not is_same and self.plans.has_models():
                facts = self._model_facts(record, line, named)
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

    def _model_facts(self, record, line, named):
        partner = self.env["res.partner"].browse(self.values[record]["partner_id"])
        return self.plans.model_facts(
            partner.commercial_partner_id,
            named["product_id"].get(
                line.get("product_id"), self.env["product.product"]
            ),
            named["account_id"][line["account_id"]],
        )

    # === HEADER === #

    def sign(self, record):
        """A negative total is a refund: all its lines are turned around."""
        return -1 if self.reckonings[record].total < 0 else 1

    def _prepare(self, record, bill, currency, lines):
        """Note the values of a bill that nothing holds."""
        total = self.reckonings[record].total
        orders = ", ".join(number for _id, number in bill.orders if number)
        date = bill.gl_post_date or bill.invoice_date
        values = {
            "move_type": "in_refund" if total < 0 else "in_invoice",
            "partner_id": self.vendors[record],
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
        values |= self.header.values(bill, currency, self.vendors[record])
        if rate := self._rate(record, currency):
            values["invoice_currency_rate"] = rate
        self.batch.awaited[record] = self.links.awaited(bill)
        self.values[record] = values
        self.sources[record] = list(lines)
        self.totals[record] = abs(total)


def _says_only_text(line):
    """Tell whether a line costs nothing and counts nothing: billed by cost, of 0."""
    return not (line.amount or line.tax_amount or line.quantity)


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
