"""Before the addon is uninstalled, it is said what stays and what goes."""

from odoo import api, fields, models


class BaseModuleUninstall(models.TransientModel):
    _inherit = "base.module.uninstall"

    removes_procurify = fields.Boolean(compute="_compute_removes_procurify")

    @api.depends("module_ids")
    def _compute_removes_procurify(self):
        for wizard in self:
            names = wizard._get_modules().mapped("name")
            wizard.removes_procurify = "procurify_connector" in names
