"""Account code → account.account, by its code in the company's chart."""

from odoo import api, models
from odoo.fields import Domain

# Odoo refuses these on the lines of a bill.
_NOT_ON_BILLS = ("asset_receivable", "liability_payable", "off_balance")


class AccountAccount(models.Model):
    _name = "account.account"
    _inherit = ["account.account", "procurify.import.mixin"]

    _procurify_resources = ("account_code",)

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
