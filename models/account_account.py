"""Account code → account.account, by its code in the company's chart."""

from odoo import api, models
from odoo.fields import Domain

from .candidates import Clues

# Odoo refuses these on the lines of a bill.
_NOT_ON_BILLS = ("asset_receivable", "liability_payable", "off_balance")
# Procurify's kind of an account → what Odoo's must begin with, and the plainest such.
_TYPES = {
    0: ("asset", "asset_current"),
    1: ("liability", "liability_current"),
    2: ("expense", "expense"),
    3: ("income", "income"),
    4: ("equity", "equity"),
    None: ("", "expense"),
}


class AccountAccount(models.Model):
    _name = "account.account"
    _inherit = ["account.account", "procurify.import.mixin"]

    _procurify_resources = ("account_code",)
    _procurify_code_field = "code"

    @api.model
    def _procurify_key(self, record):
        return record.code or record.external_id

    @api.model
    def _procurify_usable(self, target, record):
        if not target.active:
            return self._procurify_hold(
                record, "archived_account", found=target.display_name
            )
        if target.account_type in _NOT_ON_BILLS:
            return self._procurify_hold(
                record, "wrong_target", found=target.display_name
            )
        return False

    @api.model
    def _procurify_match(self, batch):
        """An inactive account code is mapped too: old documents still carry it."""
        records = batch.open
        codes = {batch.payloads[record].code for record in records}
        accounts = self.with_context(active_test=False).search(
            Domain("code", "in", list(codes))
            & Domain("account_type", "not in", _NOT_ON_BILLS)
            & self._procurify_company_domain(batch.connection.company_id)
        )
        found = {account.code: account for account in accounts}
        for record in records:
            account = found.get(batch.payloads[record].code)
            if not account:
                self._procurify_hold_open(batch, record)
            elif not account.active:
                self._procurify_hold_open(
                    batch, record, "archived_account", found=account.display_name
                )
            else:
                batch.link(record, account.id)

    # === SUGGESTING === #

    @api.model
    def _procurify_clues(self, payload):
        marks = {
            ("same_code", "code"): [payload.code],
            ("same_name", "name"): [payload.description],
        }
        return Clues(marks, payload.description, payload.code)

    @api.model
    def _procurify_suggestible(self):
        return Domain("account_type", "not in", _NOT_ON_BILLS)

    @api.model
    def _procurify_create_values(self, batch):
        return {
            record: self._procurify_new_account(batch.payloads[record])
            for record in batch.records
        }

    @api.model
    def _procurify_new_account(self, payload):
        """Return an account's values; its type is as Odoo guesses it by neighbours,
        unless Procurify calls it another kind, or no bill could be booked on it."""
        values = {"code": payload.code, "name": payload.description or payload.code}
        guess = self.new(values).account_type or ""
        kind, plainest = _TYPES.get(payload.account_type, _TYPES[None])
        fits = guess.startswith(kind) and guess not in _NOT_ON_BILLS
        return values | {"account_type": guess if fits else plainest}
