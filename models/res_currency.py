"""Currency → res.currency, by its ISO code."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..importers.matching.candidates import SAME_MEANING, Clues, Likeness
from ..importers.matching.decision import SAME_CODE, Rule
from ..importers.meaning.currencies import currencies_meant


class ResCurrency(models.Model):
    _name = "res.currency"
    _inherit = ["res.currency", "procurify.import.mixin"]

    _procurify_resources = ("currency",)
    _procurify_exact = frozenset((SAME_MEANING,))
    _procurify_asks_again = True
    _procurify_rule = Rule(alone=frozenset((SAME_CODE,)), only_one=False)

    @api.model
    def _procurify_key(self, record):
        return record.code or record.external_id

    @api.model
    def _procurify_usable(self, target, record):
        if target.active:
            return False
        return self._procurify_hold(record, "inactive_currency", value=target.name)

    @api.model
    def _procurify_match(self, batch):
        drafts = batch.open
        codes = {draft.payload.code for draft in drafts}
        found = {
            currency.name.upper(): currency
            for currency in self.with_context(active_test=False).search(
                [("name", "in", list(codes))]
            )
        }
        for draft in drafts:
            currency = found.get(draft.payload.code)
            if not currency:
                self._procurify_hold_open(draft)
            elif not currency.active:
                self._procurify_hold_open(
                    draft, "inactive_currency", value=currency.name
                )
            else:
                draft.link(currency.id, evidence=(SAME_CODE,))

    # === SUGGESTING === #

    @api.model
    def _procurify_clues(self, payload):
        marks = {
            (SAME_CODE, "name"): [payload.code],
            ("same_name", "full_name"): [payload.name, payload.description],
        }
        return Clues(marks, payload.name)

    @api.model
    def _procurify_likeness(self, clues, domain):
        """Suggest the currency that people mean by the name or sign."""
        meant = {record: currencies_meant(clue.name) for record, clue in clues.items()}
        codes = {code for mine in meant.values() for code in mine}
        found = self.search(domain & Domain("name", "in", list(codes))).grouped("name")
        return {
            record: {
                found[code]: Likeness(1.0, (SAME_MEANING,))
                for code in mine
                if code in found
            }
            for record, mine in meant.items()
        }

    @api.model
    def _procurify_may_create(self):
        return self.has_access("write")

    @api.model
    def _procurify_create_values(self, batch):
        """Currencies are not made but activated: Odoo knows those of ISO 4217."""
        payloads = batch.open_payloads()
        meant = {record: currencies_meant(p.name) for record, p in payloads.items()}
        codes = {code for mine in meant.values() for code in mine}
        known = set(
            self.with_context(active_test=False)
            .search([("name", "in", list(codes))])
            .mapped("name")
        )
        if missing := [
            payload.name
            for record, payload in payloads.items()
            if len(set(meant[record]) & known) != 1
        ]:
            raise UserError(
                self.env._(
                    "Odoo has no currency %(codes)s. Choose the matching currency.",
                    codes=", ".join(sorted(missing)),
                )
            )
        return {
            record: {"name": (set(mine) & known).pop()}
            for record, mine in meant.items()
        }

    @api.model
    def _procurify_create_missing(self, batch, edits):
        values = self._procurify_create_values(batch)
        codes = [new["name"] for new in values.values()]
        found = self.with_context(active_test=False).search([("name", "in", codes)])
        found.active = True
        by_code = found.grouped("name")
        return {record: by_code[new["name"]] for record, new in values.items()}

    @api.model
    def _procurify_users(self):
        return [
            ("account.move.line", "currency_id"),
            ("purchase.order", "currency_id"),
            ("res.company", "currency_id"),
        ]

    def _procurify_delete_created(self):
        """A currency is not deleted, only deactivated again."""
        self.active = False
