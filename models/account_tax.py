"""Tax as documents name it → account.tax of purchases, by its name and rate."""

import re
from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import float_compare

from ..importers.matching.candidates import Clues, name_similarity
from ..importers.matching.decision import OTHER_COUNTRY, SAME_RATE, Rule
from ..importers.matching.names import compare

# The rate in a tax's name says nothing that the rate itself does not say.
_RATE = re.compile(r"\d+(?:[.,]\d+)?\s*%")


class AccountTax(models.Model):
    _name = "account.tax"
    _inherit = ["account.tax", "procurify.import.mixin", "procurify.mirrored"]

    _procurify_resources = ("tax",)
    _procurify_rule = Rule(frozenset((SAME_RATE,)), only_one=False, shared=True)

    @api.model
    def _procurify_usable(self, target, record):
        if target.active and target.type_tax_use == "purchase":
            return False
        return self._procurify_hold(record, "wrong_target", found=target.display_name)

    @api.model
    def _procurify_match(self, batch):
        """Match on name and rate: many taxes of a country share a rate."""
        for draft, verdict in self._procurify_decide_open(batch):
            if verdict.is_link:
                draft.link(verdict.target.id, evidence=verdict.witnesses)
            else:
                self._procurify_hold_open(draft)

    @api.model
    def _procurify_matchable(self, connection, resource):
        return (
            Domain("type_tax_use", "=", "purchase")
            & Domain("amount_type", "in", ("percent", "group"))
            & self._procurify_company_domain(connection.company_id)
        )

    @api.model
    def _procurify_evidence(self, clues, domain):
        """Taxes are few, and their names translated: all of them are compared here."""
        evidence = {record: defaultdict(set) for record in clues}
        for tax in self.search(domain):
            rate, name = tax._procurify_rate(), _RATE.sub("", tax.name or "")
            for record, clue in clues.items():
                # A name that is nothing but the rate is none.
                if kind := compare(_RATE.sub("", clue.name), name):
                    evidence[record][tax].add(kind)
                if _is_rate(rate, clue.rate):
                    evidence[record][tax].add(SAME_RATE)
        return evidence

    def _procurify_rate(self):
        """Return the rate in percent, of a group the sum of its taxes', or None."""
        self.ensure_one()
        if self.amount_type == "percent":
            return self.amount
        parts = self.children_tax_ids
        if self.amount_type != "group" or not parts:
            return None
        if set(parts.mapped("amount_type")) != {"percent"}:
            return None
        return sum(parts.mapped("amount"))

    def _procurify_obstacles(self, record, clue):
        obstacles = super()._procurify_obstacles(record, clue)
        country = record.connection_id.company_id.sudo().account_fiscal_country_id
        if self.country_id != country:
            obstacles.add(OTHER_COUNTRY)
        return obstacles

    @api.model
    def _procurify_weigh(self, evidence, clues, siblings):
        """Whether prices include the tax is Procurify's way of typing them: the import
        writes the price as Odoo's tax wants it, so the other kind is second best."""
        findings = super()._procurify_weigh(evidence, clues, siblings)
        for record, mine in findings.items():
            sure = [f for f in mine if f.fits and SAME_RATE in f.witnesses]
            same_kind = [
                f for f in sure if f.target.price_include == clues[record].kind
            ]
            if same_kind:
                findings[record] = [f for f in mine if f in same_kind or f not in sure]
        return findings

    # === SUGGESTING === #

    @api.model
    def _procurify_clues(self, payload):
        marks = {("same_name", "name"): [payload.name]}
        return Clues(
            marks,
            payload.name,
            rate=float(payload.percentage),
            kind=payload.inclusive,
        )

    @api.model
    def _procurify_likeness(self, clues, domain):
        """Of taxes of one rate, those of a similar name come first."""
        taxes = self.search(domain)
        names = {tax: _RATE.sub("", tax.name or "") for tax in taxes}
        rates = {tax: tax._procurify_rate() for tax in taxes}
        return {
            record: {
                tax: name_similarity(_RATE.sub("", clue.name), names[tax])
                for tax in taxes
                if _is_rate(rates[tax], clue.rate)
            }
            for record, clue in clues.items()
        }

    @api.model
    def _procurify_proposable(self, clue, findings):
        """A tax of another rate is never meant."""
        return [finding for finding in findings if SAME_RATE in finding.witnesses]

    @api.model
    def _procurify_suggestible(self):
        return Domain("type_tax_use", "=", "purchase")

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
            for record, payload in batch.open_payloads().items()
        }


def _is_rate(one, other):
    """Return whether two rates are known, and the same."""
    if one is None or other is None:
        return False
    return not float_compare(one, other, precision_digits=4)
