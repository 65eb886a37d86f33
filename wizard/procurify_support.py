"""Asking what a support bundle may contain."""

from odoo import api, fields, models


class ProcurifySupport(models.TransientModel):
    _name = "procurify.support"
    _description = "Procurify Support Bundle"

    connection_id = fields.Many2one(
        "procurify.connection",
        required=True,
        default=lambda self: self.env.context.get("active_id"),
    )
    with_names = fields.Boolean(
        "With Names and Messages",
        help="Adds the names of unmapped data, the connected user and the error "
        "messages. These can name vendors and people.",
    )

    @api.constrains("connection_id")
    @api.onchange("connection_id")
    def _check_access_to_connection(self):
        # The mere name of a connection says something about it.
        for wizard in self:
            wizard.connection_id._origin.sudo(False).check_access("write")

    def action_download(self):
        """Download the bundle; look into it before you send it."""
        self.ensure_one()
        self.connection_id.check_access("write")
        names = "?names=1" if self.with_names else ""
        url = f"/procurify/support/{self.connection_id.id}{names}"
        return {"type": "ir.actions.act_url", "url": url, "target": "download"}
