"""The *Pay* dialog asks about bills that Procurify pays."""

from odoo import api, fields, models


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    procurify_payment_notice = fields.Text(
        "Paid in Procurify", compute="_compute_procurify_payment_notice"
    )
    procurify_pay_anyway = fields.Boolean(
        "I have checked this. Pay it in Odoo",
        help="Recorded with your name, in the audit and on the bills.",
    )

    @api.depends("line_ids")
    def _compute_procurify_payment_notice(self):
        for wizard in self:
            bills = wizard.line_ids.move_id.filtered("procurify_payment_blocked")
            wizard.procurify_payment_notice = "\n".join(
                f"{bill.display_name}: {bill.procurify_payment_notice}"
                for bill in bills
            )

    def _create_payments(self):
        bills = self.line_ids.move_id
        if self.procurify_pay_anyway:
            bills.action_procurify_allow_payment()
        bills._procurify_check_payment()
        return super()._create_payments()
