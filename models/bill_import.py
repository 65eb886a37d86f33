"""Bills of one batch: what they refer to, what holds them, what they write."""

from decimal import Decimal
from functools import partial

from odoo.fields import Command

from ..procurify.arithmetic import reckon, split
from .document_import import DocumentImport


class BillImport(DocumentImport):
    """Prepares the values of vendor bills and refunds.

    ``sources`` says, per record and in the order of its lines, from which line of
    Procurify each Odoo line comes.
    """

    def __init__(self, env, batch):
        super().__init__(env, batch)
        self.sources = {}

    def _reckon(self, document, cent):
        return reckon(document, cent)

    def _mentioned_by(self, record, document):
        mentioned = {}
        for line in self.reckonings[record].lines:
            if line.tax:
                mentioned |= self._synthetic("tax", line.tax)
        return mentioned

    def _check(self, record, document):
        currency = self._currency(record, document)
        self._check_vendor(record, document)
        self._check_currencies(
            record, document, [item.currency_name for item in document.items]
        )
        self._check_total(
            record, currency, bookable=self.connection.rounding_account_id
        )
        lines = {}
        for line in self.reckonings[record].lines:
            several = self._line_values(record, line, currency)
            lines |= self._by_source(line, several)
        lines |= self._rounding_line(record, currency)
        if self._is_open(record):
            self._prepare(record, document, currency, lines)

    def _implied_rate(self, document):
        """A bill carries no rate, but its total in both currencies."""
        total, converted = document.total_cost_with_tax, document.converted_total_cost
        return total / converted if total and converted else None

    # === LINES === #

    def _line_values(self, record, line, currency):
        """Return the values of the Odoo lines for one net line.

        One line per account code. Several departments are its analytic distribution
        where Odoo's percentages give their cents back, else a line each.
        """
        account_id = self._account(record, line)
        tax_id = line.tax and self._target(record, "tax", line.tax.external_id)
        keys = [self._analytic_key(record, share) for share in line.shares]
        if not currency or not account_id or record in self.batch.holds:
            return []
        values = {"name": line.label, "account_id": account_id}
        amounts = [share.amount for share in line.shares]
        price = partial(
            self.pricing.price, self._sign(record), currency, self.taxes.get(tax_id)
        )
        distribution = self.pricing.distribution(line.amount, amounts, keys)
        if distribution is not None:
            return [
                values
                | price(line.amount, line.tax_amount, line.quantity, line.unit_price)
                | {"analytic_distribution": distribution}
            ]
        cent = Decimal(1).scaleb(-currency.decimal_places)
        taxes = split(line.tax_amount, amounts, cent)
        return [
            values
            | price(amount, tax_amount)
            | {"analytic_distribution": {key: 100} if key else False}
            for amount, tax_amount, key in zip(amounts, taxes, keys, strict=True)
        ]

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
        return default.id

    def _rounding_line(self, record, currency):
        """Return {source: the line that takes the cents of Procurify's own total}."""
        reckoning = self.reckonings[record]
        account = self.connection.rounding_account_id
        if not (reckoning.residue and reckoning.adds_up and account):
            return {}
        return {
            "rounding": {
                "name": self.env._(
                    "Rounding: Procurify's total is %(total)s %(currency)s, its lines "
                    "make %(lines)s",
                    total=reckoning.total,
                    currency=currency.name or "",
                    lines=reckoning.computed,
                ),
                "account_id": account.id,
                "quantity": 1.0,
                "price_unit": float(self._sign(record) * reckoning.residue),
                "tax_ids": [],
            }
        }

    # === HEADER === #

    def _sign(self, record):
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
            "invoice_line_ids": [Command.create(line) for line in lines.values()],
        }
        if not date:
            del values["date"]
        if bill.due_date:
            values |= {
                "invoice_payment_term_id": False,
                "invoice_date_due": bill.due_date.isoformat(),
            }
        if rate := self._rate(record, currency):
            values["invoice_currency_rate"] = rate
        if self.connection.journal_id:
            values["journal_id"] = self.connection.journal_id.id
        self.values[record] = values
        self.sources[record] = list(lines)
        self.totals[record] = abs(total)
