"""A line of a payment term may be one of a remote Odoo."""

from odoo import models


class AccountPaymentTermLine(models.Model):
    _name = "account.payment.term.line"
    _inherit = ["account.payment.term.line", "procurify.mirrored"]
