"""A journal may be one of a remote Odoo."""

from odoo import models


class AccountJournal(models.Model):
    _name = "account.journal"
    _inherit = ["account.journal", "procurify.mirrored"]
