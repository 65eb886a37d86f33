"""Payment term as vendors and orders name it → account.payment.term, by name."""

import re

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..importers.matching.decision import ONLY_ONE
from ..importers.matching.names import SAME_NAME, normalise

# How people write a number of days, and that there is none.
_DAYS = re.compile(
    r"(?:net|n|within)[\s/-]*(\d+)(?:\s*days?)?|(\d+)\s*days?(?:\s*net)?"
)
_AT_ONCE = re.compile(r"(?:due|payable)?\s*(?:up)?on receipt|immediate(?:ly)?|cod|cash")


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
        for draft in batch.open:
            found = terms.get(normalise(draft.payload.name), self)
            if len(found) == 1:
                draft.link(found.id, evidence=(SAME_NAME, ONLY_ONE))
            else:
                self._procurify_hold_open(draft)

    # === SUGGESTING === #

    @api.model
    def _procurify_create_values(self, batch):
        return {
            record: {
                "name": payload.name,
                "line_ids": [
                    Command.create(
                        {
                            "value": "percent",
                            "value_amount": 100,
                            "nb_days": self._procurify_days(payload.name),
                        }
                    )
                ],
            }
            for record, payload in batch.open_payloads().items()
        }

    @api.model
    def _procurify_days(self, name):
        """Return the days that a term's ``name`` says, as in «Net 30».

        :raises UserError: it says none, or more than one thing
        """
        text = normalise(name)
        if _AT_ONCE.fullmatch(text):
            return 0
        if days := _DAYS.fullmatch(text):
            return int(days[1] or days[2])
        raise UserError(
            self.env._(
                "“%(name)s” does not say in how many days a bill is due. Create the "
                "payment term in Odoo and choose it here.",
                name=name,
            )
        )
