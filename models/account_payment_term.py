"""Payment term as vendors and orders name it → account.payment.term, by name."""

from decimal import Decimal

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..importers.matching.candidates import SAME_DAYS, SIMILAR, Likeness
from ..importers.matching.decision import ONLY_ONE
from ..importers.matching.names import NAME_FITS, SAME_NAME, normalise
from ..importers.meaning.terms import Term, likeness, read_term

# Odoo's way to count → whether it begins at the end of the month.
_DELAYS = {"days_after": False, "days_after_end_of_month": True}


class AccountPaymentTerm(models.Model):
    _name = "account.payment.term"
    _inherit = ["account.payment.term", "procurify.import.mixin", "procurify.mirrored"]

    _procurify_resources = ("payment_term",)
    _procurify_many_to_one = True
    _procurify_exact = frozenset((SAME_DAYS, SAME_NAME, NAME_FITS))

    @api.model
    def _procurify_match(self, batch):
        """Match by name; what is not found holds no document, which has its dates.

        The names are translated, and few: they are compared here.
        """
        domain = self._procurify_company_domain(batch.connection.company_id)
        terms = self.search(domain).grouped(lambda term: normalise(term.name))
        for draft in batch.open:
            found = terms.get(normalise(draft.payload.name), self)
            if len(found) == 1:
                draft.link(found.id, evidence=(SAME_NAME, ONLY_ONE))
            else:
                self._procurify_hold_open(draft)

    # === SUGGESTING === #

    @api.model
    def _procurify_likeness(self, clues, domain):
        """Suggest by the days that both names or lines say, and else by the name."""
        found = super()._procurify_likeness(clues, domain)
        terms = [(term, term._procurify_term()) for term in self.search(domain)]
        for record, clue in clues.items():
            meant = read_term(clue.name)
            if not meant:
                continue
            # What a name is like says nothing against its days.
            found[record] = {
                term: Likeness(
                    likeness(meant, known),
                    (SAME_DAYS,) if meant == known else (SIMILAR,),
                )
                for term, known in terms
                if known
            }
        return found

    def _procurify_term(self):
        """Return when this term is due, or None where it has several instalments."""
        self.ensure_one()
        if len(self.line_ids) != 1 or self.line_ids.delay_type not in _DELAYS:
            return None
        discount = Decimal(0)
        if self.early_discount:
            discount = Decimal(str(self.discount_percentage))
        return Term(
            self.line_ids.nb_days,
            _DELAYS[self.line_ids.delay_type],
            discount,
            self.discount_days if discount else 0,
        )

    @api.model
    def _procurify_create_values(self, batch):
        return {
            record: self._procurify_new_term(payload.name)
            for record, payload in batch.open_payloads().items()
        }

    @api.model
    def _procurify_users(self):
        return [
            ("account.move", "invoice_payment_term_id"),
            ("purchase.order", "payment_term_id"),
            ("res.partner", "property_supplier_payment_term_id"),
            ("res.partner", "property_payment_term_id"),
        ]

    @api.model
    def _procurify_new_term(self, name):
        """Return the values of a term that is due as ``name`` says.

        :raises UserError: it says nothing, or more than one thing
        """
        term = read_term(name)
        if not term:
            raise UserError(
                self.env._(
                    "“%(name)s” does not say in how many days a bill is due. Create "
                    "the payment term in Odoo and choose it here.",
                    name=name,
                )
            )
        line = {
            "value": "percent",
            "value_amount": 100,
            "nb_days": term.days,
            "delay_type": (
                "days_after_end_of_month" if term.end_of_month else "days_after"
            ),
        }
        return {
            "name": name,
            "early_discount": bool(term.discount),
            "discount_percentage": float(term.discount),
            "discount_days": term.discount_days,
            "line_ids": [Command.create(line)],
        }
