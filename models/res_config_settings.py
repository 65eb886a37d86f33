"""The current company's connection in Odoo's Settings: access, policies, schedule."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.cipher import decrypt, encrypt, use_of

MANAGER = "procurify_connector.group_manager"
_NEW_SECRET = "procurify_new_secret"
# Fields of the connection that this form has too, each with a prefix.
_FIELDS = (
    "base_url",
    "client_id",
    "user_id",
    "vendor_policy",
    "department_plan_id",
    "location_plan_id",
    "order_policy",
    "requisition_policy",
    "product_policy",
    "receipt_policy",
    "bill_policy",
    "closed_period_policy",
    "journal_id",
    "department_policy",
    "location_policy",
    "unit_policy",
    "card_order_policy",
    "product_type",
    "product_id",
    "rate_source",
    "unexplained_rate_policy",
    "date_reading",
    "date_zone",
    "rounding_account_id",
    "unallocated_account_id",
    "import_expense_bills",
    "import_card_bills",
    "attachment_policy",
    "attachment_limit_mb",
    "nightly_check_days",
    "version_days",
    "silence_intervals",
    "quiet_from",
    "quiet_to",
    "close_days_before",
    "close_days_after",
    "close_interval_minutes",
)


def choices(name):
    """Return the choices of the connection's field ``name``, as a Selection asks."""

    def labelled(settings):
        field = settings.env["procurify.connection"]._fields[name]
        return field._description_selection(settings.env)

    return labelled


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    procurify_connection_id = fields.Many2one(
        "procurify.connection",
        compute="_compute_procurify_connection_id",
        groups=MANAGER,
    )
    procurify_has_several = fields.Boolean(
        compute="_compute_procurify_has_several",
        help="This company has several connections. Each has its own form.",
        groups=MANAGER,
    )
    procurify_base_url = fields.Char("Address", groups=MANAGER)
    procurify_client_id = fields.Char("Client ID", groups=MANAGER)
    procurify_client_secret = fields.Char(
        "Client Secret",
        compute="_compute_procurify_client_secret",
        inverse="_inverse_procurify_client_secret",
        groups=MANAGER,
    )
    procurify_new_secret = fields.Char(groups=fields.NO_ACCESS)
    procurify_has_secret = fields.Boolean(
        related="procurify_connection_id.has_client_secret", groups=MANAGER
    )
    procurify_user_id = fields.Many2one(
        "res.users", "Procurify Integration User", groups=MANAGER
    )
    procurify_vendor_policy = fields.Selection(
        choices("vendor_policy"),
        string="Unknown Vendors",
        groups=MANAGER,
    )
    procurify_department_plan_id = fields.Many2one(
        "account.analytic.plan", "Department Plan", groups=MANAGER
    )
    procurify_location_plan_id = fields.Many2one(
        "account.analytic.plan", "Location Plan", groups=MANAGER
    )
    procurify_order_policy = fields.Selection(
        choices("order_policy"),
        string="Procurify Orders",
        groups=MANAGER,
    )
    procurify_requisition_policy = fields.Selection(
        choices("requisition_policy"),
        string="Procurify Requisitions",
        groups=MANAGER,
    )
    procurify_product_policy = fields.Selection(
        choices("product_policy"),
        string="Unknown Catalogue Items",
        groups=MANAGER,
    )
    procurify_receipt_policy = fields.Selection(
        choices("receipt_policy"),
        string="Received Quantities",
        groups=MANAGER,
    )
    procurify_bill_policy = fields.Selection(
        choices("bill_policy"),
        string="New Bills",
        groups=MANAGER,
    )
    procurify_closed_period_policy = fields.Selection(
        choices("closed_period_policy"),
        string="Bills of Closed Periods",
        groups=MANAGER,
    )
    procurify_journal_id = fields.Many2one(
        "account.journal",
        "Purchase Journal of Procurify",
        domain="[('type', '=', 'purchase'), ('company_id', '=', company_id)]",
        groups=MANAGER,
    )
    procurify_department_policy = fields.Selection(
        choices("department_policy"), string="Unknown Departments", groups=MANAGER
    )
    procurify_location_policy = fields.Selection(
        choices("location_policy"), string="Unknown Locations", groups=MANAGER
    )
    procurify_unit_policy = fields.Selection(
        choices("unit_policy"), string="Unknown Units", groups=MANAGER
    )
    procurify_card_order_policy = fields.Selection(
        choices("card_order_policy"), string="Orders Paid by Card", groups=MANAGER
    )
    procurify_product_type = fields.Selection(
        choices("product_type"), string="Type of New Products", groups=MANAGER
    )
    procurify_product_id = fields.Many2one(
        "product.product",
        "Generic Product",
        domain="[('purchase_ok', '=', True)]",
        groups=MANAGER,
    )
    procurify_rate_source = fields.Selection(
        choices("rate_source"), string="Exchange Rate", groups=MANAGER
    )
    procurify_unexplained_rate_policy = fields.Selection(
        choices("unexplained_rate_policy"),
        string="Unexplained Exchange Rates",
        groups=MANAGER,
    )
    procurify_date_reading = fields.Selection(
        choices("date_reading"), string="Dates with a Time of Day", groups=MANAGER
    )
    procurify_date_zone = fields.Selection(
        choices("date_zone"), string="Time Zone of Dates", groups=MANAGER
    )
    procurify_rounding_account_id = fields.Many2one(
        "account.account", "Rounding account", groups=MANAGER
    )
    procurify_unallocated_account_id = fields.Many2one(
        "account.account", "Account for Lines Without a Code", groups=MANAGER
    )
    procurify_import_expense_bills = fields.Boolean(
        "Employee Expense Bills", groups=MANAGER
    )
    procurify_import_card_bills = fields.Boolean("Credit Card Bills", groups=MANAGER)
    procurify_attachment_policy = fields.Selection(
        choices("attachment_policy"), string="Attachments", groups=MANAGER
    )
    procurify_attachment_limit_mb = fields.Integer("Largest (MB)", groups=MANAGER)
    procurify_nightly_check_days = fields.Integer(
        "Nightly Check of the Last (days)", groups=MANAGER
    )
    procurify_version_days = fields.Integer("Keep Versions (days)", groups=MANAGER)
    procurify_silence_intervals = fields.Integer(
        "Alarm After (intervals)", groups=MANAGER
    )
    procurify_quiet_from = fields.Float("Quiet From", groups=MANAGER)
    procurify_quiet_to = fields.Float("Quiet To", groups=MANAGER)
    procurify_close_days_before = fields.Integer("Last Days", groups=MANAGER)
    procurify_close_days_after = fields.Integer("First Days", groups=MANAGER)
    procurify_close_interval_minutes = fields.Integer(
        "Month-end interval (minutes)", groups=MANAGER
    )
    procurify_schedule_tz = fields.Selection(
        related="procurify_connection_id.schedule_tz",
        string="Time Zone of the Schedule",
        groups=MANAGER,
    )
    procurify_import_workers = fields.Integer(
        "Import Jobs at the Same Time",
        groups="base.group_system",
        help="Each job uses one of Odoo's cron workers while there is much to import.",
    )
    procurify_is_monitored = fields.Boolean(
        compute="_compute_procurify_is_monitored", groups="base.group_system"
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

    @api.depends("company_id")
    def _compute_procurify_connection_id(self):
        for settings in self:
            settings.procurify_connection_id = settings._procurify_connection_of(
                settings.company_id
            )

    @api.depends("company_id")
    def _compute_procurify_has_several(self):
        for settings in self:
            settings.procurify_has_several = settings._procurify_are_several(
                settings.company_id
            )

    def _compute_procurify_is_monitored(self):
        self.procurify_is_monitored = self.env["procurify.monitoring"]._is_on()

    def _compute_procurify_client_secret(self):
        self.procurify_client_secret = False

    def _inverse_procurify_client_secret(self):
        """Keep what was typed encrypted: this form has a table of its own too."""
        for settings in self:
            settings.sudo()[_NEW_SECRET] = encrypt(
                self.env,
                settings.procurify_client_secret,
                use_of(settings, _NEW_SECRET),
            )
        self.invalidate_recordset(["procurify_client_secret"], flush=False)

    @api.onchange("procurify_date_reading")
    def _onchange_procurify_date_reading(self):
        if self.procurify_date_reading == "zone" and not self.procurify_date_zone:
            connection = self.procurify_connection_id
            self.procurify_date_zone = connection.suggested_date_zone

    @api.model
    def _procurify_fields(self):
        """Return {field of this form: field of the connection}."""
        return {f"procurify_{name}": name for name in _FIELDS}

    @api.model
    def _procurify_connection_of(self, company):
        """Return the one connection of ``company``; of several none is meant."""
        connections = self._procurify_connections(company)
        return connections if len(connections) == 1 else connections.browse()

    @api.model
    def _procurify_are_several(self, company):
        return len(self._procurify_connections(company)) > 1

    @api.model
    def _procurify_connections(self, company):
        return self.env["procurify.connection"].search(
            [("company_id", "=", company.id)], limit=2
        )

    @api.model
    def get_values(self):
        values = super().get_values()
        jobs = self.env["ir.cron"]
        values["procurify_import_workers"] = jobs._procurify_import_workers()
        if not self.env.user.has_group(MANAGER):
            return values
        connection = self._procurify_connection_of(self.env.company)
        mirrored = self._procurify_fields()
        values |= {name: _raw(connection, field) for name, field in mirrored.items()}
        if not connection:
            defaults = connection.default_get(list(mirrored.values()))
            values |= {n: defaults[f] for n, f in mirrored.items() if f in defaults}
        return values

    def set_values(self):
        result = super().set_values()
        jobs = self.env["ir.cron"]
        if self.procurify_import_workers != jobs._procurify_import_workers():
            jobs._procurify_set_import_workers(self.procurify_import_workers)
        is_manager = self.env.user.has_group(MANAGER)
        if is_manager and not self._procurify_are_several(self.company_id):
            self._procurify_set_connection()
        return result

    def _procurify_set_connection(self):
        """Write what the form says to the company's connection, making it if needed."""
        connection = self.procurify_connection_id
        values = {
            field: _raw(self, name)
            for name, field in self._procurify_fields().items()
            if _raw(self, name) != _raw(connection, field)
        }
        settings = self.sudo()
        if settings.procurify_new_secret:
            values["client_secret"] = decrypt(
                self.env, settings[_NEW_SECRET], use_of(settings, _NEW_SECRET)
            )
            settings.procurify_new_secret = False
        if connection and values:
            connection.write(values)
        elif self.procurify_base_url and not connection:
            connection.create(values | {"company_id": self.company_id.id})
            self.invalidate_recordset(["procurify_connection_id"])

    # === ACTION METHODS === #

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

    def action_procurify_monitoring_token(self):
        """Let monitors read the connector's figures with a new token; show it once."""
        self.check_access("write")
        view = self.env.ref("procurify_connector.monitoring_token_view_form")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Token for Monitors"),
            # Odoo's dialog for an API key: it stores nothing.
            "res_model": "res.users.apikeys.show",
            "views": [(view.id, "form")],
            "target": "new",
            "context": {"default_key": self.env["procurify.monitoring"]._new_token()},
        }

    def action_procurify_monitoring_off(self):
        """Let no monitor read the connector's figures any more."""
        self.check_access("write")
        self.env["procurify.monitoring"]._switch_off()
        return {"type": "ir.actions.client", "tag": "reload"}

    def _procurify_saved_connection(self):
        if not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only Procurify administrators can set up the connection.")
            )
        if self._procurify_are_several(self.company_id):
            raise UserError(
                self.env._(
                    "%(company)s has several connections. Open one under Procurify, "
                    "Configuration, Connections.",
                    company=self.company_id.name,
                )
            )
        self._procurify_set_connection()
        if not self.procurify_connection_id:
            raise UserError(
                self.env._("Enter Procurify's address, client ID and client secret.")
            )
        return self.procurify_connection_id


def _raw(record, name):
    """Return a field's value as ``write`` takes it."""
    return record._fields[name].convert_to_write(record[name], record)
