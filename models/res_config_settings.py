"""The connection of the current company in Odoo's Settings, and shared settings."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

MANAGER = "procurify_connector.group_manager"
_SECRET = "procurify_client_secret"


class ResConfigSettings(models.TransientModel):
    """Settings show the company's only connection. Of several, they change none.

    Odoo writes related fields to the connection when the form is saved. The policies
    are in the form of the connection.
    """

    _inherit = "res.config.settings"

    procurify_connection_id = fields.Many2one(
        "procurify.connection",
        compute="_compute_procurify_connection",
        groups=MANAGER,
    )
    procurify_has_several = fields.Boolean(
        compute="_compute_procurify_connection",
        help="This company has several connections. Each has its own form.",
        groups=MANAGER,
    )
    procurify_base_url = fields.Char(
        related="procurify_connection_id.base_url", readonly=False, groups=MANAGER
    )
    procurify_client_id = fields.Char(
        related="procurify_connection_id.client_id", readonly=False, groups=MANAGER
    )
    procurify_client_secret = fields.Char(
        related="procurify_connection_id.client_secret", readonly=False, groups=MANAGER
    )
    procurify_has_secret = fields.Boolean(
        related="procurify_connection_id.has_client_secret", groups=MANAGER
    )
    procurify_user_id = fields.Many2one(
        related="procurify_connection_id.user_id",
        string="Procurify Integration User",
        readonly=False,
        groups=MANAGER,
    )
    procurify_state = fields.Selection(
        related="procurify_connection_id.state", groups=MANAGER
    )
    procurify_error_message = fields.Text(
        related="procurify_connection_id.error_message", groups=MANAGER
    )
    procurify_identity = fields.Char(
        related="procurify_connection_id.identity", groups=MANAGER
    )
    procurify_import_workers = fields.Integer(
        "Import Jobs at the Same Time",
        groups="base.group_system",
        help="Each job uses one of Odoo's cron workers while there is much to import.",
    )
    procurify_is_monitored = fields.Boolean(
        compute="_compute_procurify_is_monitored", groups="base.group_system"
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_procurify_connection(self):
        connections = self.env["procurify.connection"].search(
            [("company_id", "in", self.company_id.ids)]
        )
        by_company = connections.grouped("company_id")
        for settings in self:
            mine = by_company.get(settings.company_id, connections.browse())
            settings.procurify_has_several = len(mine) > 1
            settings.procurify_connection_id = mine if len(mine) == 1 else False

    def _compute_procurify_is_monitored(self):
        self.procurify_is_monitored = self.env["procurify.monitoring"]._is_on()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        settings = super().create([_secret_last(vals) for vals in vals_list])
        settings._procurify_forget_typed_secret()
        return settings

    def write(self, vals):
        written = super().write(_secret_last(vals))
        self._procurify_forget_typed_secret()
        return written

    def _procurify_forget_typed_secret(self):
        """Remove the secret from the cache, from which the form would show it."""
        self.invalidate_recordset([_SECRET], flush=False)

    @api.model
    def get_values(self):
        workers = self.env["ir.cron"]._procurify_import_workers()
        return super().get_values() | {"procurify_import_workers": workers}

    def set_values(self):
        result = super().set_values()
        jobs = self.env["ir.cron"]
        if self.procurify_import_workers != jobs._procurify_import_workers():
            jobs._procurify_set_import_workers(self.procurify_import_workers)
        return result

    # === ACTION METHODS === #

    def action_procurify_test(self):
        """Test the connection. The client has saved the form before."""
        return self._procurify_only_connection().action_test_connection()

    def action_procurify_sync(self):
        """Read Procurify as soon as possible. The client has saved the form before."""
        return self._procurify_only_connection().action_sync_now()

    def action_procurify_open(self):
        """Return the action that opens the connection with all its policies."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "procurify.connection",
            "res_id": self._procurify_only_connection().id,
            "views": [(False, "form")],
        }

    def action_procurify_monitoring_token(self):
        """Make a new token with which monitors read the figures, and show it once."""
        self.check_access("write")
        view = self.env.ref("procurify_connector.monitoring_token_view_form")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Token for Monitors"),
            # Odoo's dialog for an API key. It stores nothing.
            "res_model": "res.users.apikeys.show",
            "views": [(view.id, "form")],
            "target": "new",
            "context": {"default_key": self.env["procurify.monitoring"]._new_token()},
        }

    def action_procurify_monitoring_off(self):
        """Let no monitor read the figures any more."""
        self.check_access("write")
        self.env["procurify.monitoring"]._switch_off()
        return {"type": "ir.actions.client", "tag": "reload"}

    def _procurify_only_connection(self):
        """Return the only connection of the company.

        :raises AccessError: the user is no administrator of the connector
        :raises UserError: the company has no connection, or several
        """
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only Procurify administrators can set up the connection.")
            )
        if self.procurify_has_several:
            raise UserError(
                self.env._(
                    "%(company)s has several connections. Open one under Procurify, "
                    "Configuration, Connections.",
                    company=self.company_id.name,
                )
            )
        if not self.procurify_connection_id:
            raise UserError(
                self.env._(
                    "%(company)s has no connection yet. Press Set up Procurify.",
                    company=self.company_id.name,
                )
            )
        return self.procurify_connection_id


def _secret_last(vals):
    """Return ``vals`` with the secret at the end.

    Odoo writes related values one by one, and a new address deletes the stored secret.
    """
    if _SECRET not in vals:
        return vals
    return {name: vals[name] for name in vals if name != _SECRET} | {
        _SECRET: vals[_SECRET]
    }
