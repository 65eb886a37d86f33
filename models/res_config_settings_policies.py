"""The rest of a connection's policies, and its schedule, in Odoo's Settings."""

from odoo import api, fields, models

from .res_config_settings import MANAGER, choices

_FIELDS = (
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


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

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

    @api.onchange("procurify_date_reading")
    def _onchange_procurify_date_reading(self):
        if self.procurify_date_reading == "zone" and not self.procurify_date_zone:
            connection = self.procurify_connection_id
            self.procurify_date_zone = connection.suggested_date_zone

    @api.model
    def _procurify_fields(self):
        return super()._procurify_fields() | {f"procurify_{n}": n for n in _FIELDS}
