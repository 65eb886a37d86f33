"""A line of a tax's distribution may be one of a remote Odoo."""

from odoo import models


class AccountTaxRepartitionLine(models.Model):
    _name = "account.tax.repartition.line"
    _inherit = ["account.tax.repartition.line", "procurify.mirrored"]
