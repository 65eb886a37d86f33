"""The current company's connection in Odoo's Settings."""

from odoo import api, fields, models
from odoo.exceptions import UserError

# Settings field → connection field.
_FIELDS = {
    "procurify_base_url": "base_url",
    "procurify_client_id": "client_id",
    "procurify_user_id": "user_id",
    "procurify_vendor_policy": "vendor_policy",
    "procurify_department_plan_id": "department_plan_id",
    "procurify_location_plan_id": "location_plan_id",
}


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    procurify_connection_id = fields.Many2one(
        "procurify.connection", compute="_compute_procurify_connection_id"
    )
    procurify_base_url = fields.Char("Procurify Address")
    procurify_client_id = fields.Char("Procurify Client ID")
    procurify_client_secret = fields.Char("Procurify Client Secret")
    procurify_user_id = fields.Many2one("res.users", "Procurify Integration User")
    procurify_vendor_policy = fields.Selection(
        selection=lambda self: (
            self.env["procurify.connection"]
            ._fields["vendor_policy"]
            ._description_selection(self.env)
        ),
        string="Unknown Procurify Vendors",
    )
    procurify_department_plan_id = fields.Many2one(
        "account.analytic.plan", "Procurify Department Plan"
    )
    procurify_location_plan_id = fields.Many2one(
        "account.analytic.plan", "Procurify Location Plan"
    )
    procurify_has_secret = fields.Boolean(
        related="procurify_connection_id.has_client_secret"
    )
    procurify_state = fields.Selection(related="procurify_connection_id.state")
    procurify_error_message = fields.Text(
        related="procurify_connection_id.error_message"
    )
    procurify_identity = fields.Char(related="procurify_connection_id.identity")

    @api.depends("company_id")
    def _compute_procurify_connection_id(self):
        for settings in self:
            settings.procurify_connection_id = self.env["procurify.connection"].search(
                [("company_id", "=", settings.company_id.id)], limit=1
            )

    @api.model
    def get_values(self):
        connection = self.env["procurify.connection"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )
        values = {
            name: connection._fields[field].convert_to_write(
                connection[field], connection
            )
            for name, field in _FIELDS.items()
        }
        if not connection:
            values["procurify_user_id"] = self.env.uid
            values["procurify_vendor_policy"] = "create"
        return super().get_values() | values

    def set_values(self):
        super().set_values()
        self._procurify_set_connection()

    def _procurify_set_connection(self):
        """Write what the form says to the company's connection, making it if needed."""
        connection = self.procurify_connection_id
        values = {}
        for name, field in _FIELDS.items():
            wanted = self._fields[name].convert_to_write(self[name], self)
            known = connection._fields[field].convert_to_write(
                connection[field], connection
            )
            if wanted != known:
                values[field] = wanted
        if self.procurify_client_secret:
            values["client_secret"] = self.procurify_client_secret
        if connection and values:
            connection.write(values)
        elif self.procurify_base_url and values:
            values["company_id"] = self.company_id.id
            connection.create(values)

    def action_procurify_test(self):
        """Save what the form says, then test the connection with it."""
        return self._procurify_saved_connection().action_test_connection()

    def action_procurify_sync(self):
        """Save what the form says, then read Procurify as soon as possible."""
        return self._procurify_saved_connection().action_sync_now()

    def action_procurify_open(self):
        """Open the connection with all its policies."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "procurify.connection",
            "res_id": self._procurify_saved_connection().id,
            "views": [(False, "form")],
        }

    def _procurify_saved_connection(self):
        self._procurify_set_connection()
        self.invalidate_recordset(["procurify_connection_id"])
        # The secret is kept by the connection: not a second time in this form's table.
        self.procurify_client_secret = False
        if not self.procurify_connection_id:
            raise UserError(
                self.env._("Enter Procurify's address, client ID and client secret.")
            )
        return self.procurify_connection_id
