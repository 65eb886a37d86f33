"""What Odoo would fill in on a bill by itself: decided here, and given explicitly.

A default that a user saved, a setting of the company or a property of the vendor would
change an amount, an account or a tax otherwise, and nobody would know.

Odoo computes the taxes of a new bill once its lines are there, and writes onto each
line what comes of it: its amounts and its tax grids. Each of these writes recomputes
the bill; together they are a third of the time that it takes. Lines that have the right
figures already are not written. Odoo computes them all the same, and writes whatever
differs: a wrong figure here costs time, and never stays.
"""

from odoo.fields import Command, Domain

from ..lines.taxes import net_of

# Procurify's lines say what is booked: nothing is taken off, rounded or kept private.
LINE_DEFAULTS = {"discount": 0.0, "deductible_amount": 100.0, "product_id": False}
_MOVE_DEFAULTS = {"invoice_cash_rounding_id": False, "auto_post": "no"}


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
            days = [line._get_due_date(bill.invoice_date) for line in term.line_ids]
            values["invoice_date_due"] = max(days).isoformat()
        return values

    def kept(self, bill, move):
        """Return of a bill that is in Odoo what Procurify has no say in."""
        kept = {"auto_post": move.auto_post}
        if not self.chosen:
            kept["journal_id"] = move.journal_id.id
        if not bill.due_date:
            term = move.invoice_payment_term_id
            kept["invoice_payment_term_id"] = not term.early_discount and term.id
        return kept


class LineAmounts:
    """Foresees the amounts and tax grids of lines, for the bills of one company."""

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
