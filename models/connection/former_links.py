"""Links of a deleted connection."""

from urllib.parse import urlsplit

from odoo import models


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    def unlink(self):
        for connection in self:
            self.env["procurify.link"].sudo()._remember(connection)
        return super().unlink()

    def _tenant(self):
        """Return what names the tenant, however its address is written."""
        self.ensure_one()
        return urlsplit(self.base_url).netloc.lower()

    def _predecessors(self):
        """Return the other connections of the same company to the same tenant."""
        self.ensure_one()
        others = (
            self.sudo()
            .with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id), ("id", "!=", self.id)])
        )
        return others.filtered(lambda other: other._tenant() == self._tenant())
