"""Tax as documents name it → account.tax of purchases, by rate and kind."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import float_compare

from .candidates import Clues
from .procurify_import_mixin import normalise


class AccountTax(models.Model):
    _name = "account.tax"
    _inherit = ["account.tax", "procurify.import.mixin"]

    _procurify_resources = ("tax",)

    @api.model
    def _procurify_usable(self, target, record):
        if target.active and target.type_tax_use == "purchase":
            return False
        return self._procurify_hold(record, "wrong_target", found=target.display_name)

    @api.model
    def _procurify_match(self, batch):
        """Match on the rate: the only tax with it, else the one of the same name."""
        candidates = self.search(
            Domain("type_tax_use", "=", "purchase")
            & Domain("amount_type", "=", "percent")
            & self._procurify_company_domain(batch.connection.company_id)
        )
        for record in batch.open:
            tax = candidates._procurify_choose(batch.payloads[record])
            if tax:
                batch.link(record, tax.id)
            else:
                self._procurify_hold_open(batch, record)

    def _procurify_choose(self, payload):
        """Return the one tax among ``self`` that ``payload`` can only mean, or none.

        Whether prices include the tax is Procurify's way of typing them: the import
        writes the price as Odoo's tax wants it, so the other kind is second best.
        """
        rate = float(payload.percentage)
        taxes = self.filtered(
            lambda tax: not float_compare(tax.amount, rate, precision_digits=4)
        )
        same_kind = taxes.filtered(lambda t: t.price_include == payload.inclusive)
        taxes = same_kind or taxes
        if len(taxes) > 1:
            name = normalise(payload.name)
            taxes = taxes.filtered(lambda tax: normalise(tax.name) == name)
        return taxes if len(taxes) == 1 else self.browse()

    # === SUGGESTING === #

    @api.model
    def _procurify_clues(self, payload):
        marks = {("same_name", "name"): [payload.name]}
        return Clues(marks, payload.name, rate=float(payload.percentage))

    @api.model
    def _procurify_suggestible(self):
        return Domain("type_tax_use", "=", "purchase")

    @api.model
    def _procurify_marked(self, clues, domain):
        """Rates are told besides names: two taxes may have the same."""
        reasons = super()._procurify_marked(clues, domain)
        rates = {round(clue.rate, 4) for clue in clues.values()}
        taxes = self.search(
            domain
            & Domain("amount_type", "=", "percent")
            & Domain("amount", "in", rates)
        )
        for record, clue in clues.items():
            for tax in taxes:
                if not float_compare(tax.amount, clue.rate, precision_digits=4):
                    reasons[record].setdefault(tax, "same_rate")
        return reasons

    @api.model
    def _procurify_create_values(self, batch):
        return {
            record: {
                # Its rate is part of it: Odoo wants each name once.
                "name": record.name or payload.name,
                "amount": float(payload.percentage),
                "amount_type": "percent",
                "type_tax_use": "purchase",
                "price_include_override": (
                    "tax_included" if payload.inclusive else "tax_excluded"
                ),
            }
            for record, payload in batch.payloads.items()
        }
