"""A rate of exchange may be one of a remote Odoo."""

from odoo import models


class ResCurrencyRate(models.Model):
    _name = "res.currency.rate"
    _inherit = ["res.currency.rate", "procurify.mirrored"]
