"""What Odoo would fill in on a bill by itself: decided here, and given explicitly.

A default that a user saved, a setting of the company or a property of the vendor would
change an amount, an account or a tax otherwise, and nobody would be told.
"""

from odoo.fields import Domain

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
        kept = {}
        if not self.chosen:
            kept["journal_id"] = move.journal_id.id
        if not bill.due_date:
            term = move.invoice_payment_term_id
            kept["invoice_payment_term_id"] = not term.early_discount and term.id
        return kept
