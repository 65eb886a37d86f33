"""Payment term as vendors and orders name it → account.payment.term, by name."""

from odoo import api, models

from .procurify_import_mixin import normalise


class AccountPaymentTerm(models.Model):
    _name = "account.payment.term"
    _inherit = ["account.payment.term", "procurify.import.mixin"]

    _procurify_resources = ("payment_term",)

    @api.model
    def _procurify_match(self, batch):
        """Match by name; what is not found holds no document, which has its dates.

        The names are translated, and few: they are compared here.
        """
        domain = self._procurify_company_domain(batch.connection.company_id)
        terms = self.search(domain).grouped(lambda term: normalise(term.name))
        for record in batch.open:
            found = terms.get(normalise(batch.payloads[record].name), self)
            if len(found) == 1:
                batch.link(record, found.id)
            else:
                self._procurify_hold_open(batch, record)
