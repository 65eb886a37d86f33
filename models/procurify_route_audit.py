"""What is changed of the rules for companies, and by whom."""

from odoo import api, models


class ProcurifyRoute(models.Model):
    _inherit = "procurify.route"

    @api.model_create_multi
    def create(self, vals_list):
        ids = {vals.get("connection_id") for vals in vals_list}
        connections = self.env["procurify.connection"].browse(filter(None, ids))
        before = connections._audited_routes()
        routes = super().create(vals_list)
        routes._log_change(before)
        return routes

    def write(self, vals):
        others = self.connection_id.browse(vals.get("connection_id"))
        before = (self.connection_id | others)._audited_routes()
        written = super().write(vals)
        self._log_change(before)
        return written

    def unlink(self):
        before = self.connection_id._audited_routes()
        unlinked = super().unlink()
        self._log_change(before)
        return unlinked

    def _log_change(self, before):
        connections = self.env["procurify.connection"].browse(
            each.id for each in before
        )
        after = connections._audited_routes()
        self.env["procurify.audit"]._log_settings(
            "policy_changed",
            {each: (before[each], after[each]) for each in connections},
        )


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    def _audited_routes(self):
        """Return {connection: its rules in words, as JSON takes them}."""
        return {
            connection: {
                "route_ids": [
                    f"{route.location_id.display_name or '*'} → {route.company_id.name}"
                    for route in connection.sudo().route_ids
                ]
            }
            for connection in self
        }
