"""An exception from a lock date releases the bills that the lock held."""

from odoo import api, models


class AccountLockException(models.Model):
    _inherit = "account.lock_exception"

    @api.model_create_multi
    def create(self, vals_list):
        exceptions = super().create(vals_list)
        exceptions.company_id._procurify_release_closed_periods()
        return exceptions
