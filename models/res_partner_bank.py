"""A change of a vendor's bank data is a signal on its bills."""

from odoo import api, models

from ..importers.signals.vendors import BANK_DATA

_BANK_DATA = frozenset({*BANK_DATA, "bank_bic", "active"})


class ResPartnerBank(models.Model):
    _inherit = "res.partner.bank"

    @api.model_create_multi
    def create(self, vals_list):
        banks = super().create(vals_list)
        self.env["procurify.signal"]._look_soon()
        return banks

    def write(self, vals):
        written = super().write(vals)
        if vals.keys() & _BANK_DATA:
            self.env["procurify.signal"]._look_soon()
        return written
