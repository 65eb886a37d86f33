"""A payment of what Procurify pays is refused, by whichever way it is made."""

from odoo import api, models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    @api.model_create_multi
    def create(self, vals_list):
        payments = super().create(vals_list)
        payments.invoice_ids._procurify_check_payment()
        return payments

    def write(self, vals):
        written = super().write(vals)
        if "invoice_ids" in vals:
            self.invoice_ids._procurify_check_payment()
        return written

    def action_post(self):
        self.invoice_ids._procurify_check_payment()
        return super().action_post()
