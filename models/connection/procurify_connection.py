"""A connection to one Procurify tenant: its fields, and what a change of them does.

The other files of this package add one concept each. None of them overrides a method
of this file or of another one: everything that ``create``, ``write`` and ``unlink`` do
is here, in its order.
"""

import re
from string import Formatter

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL
from odoo.tools.date_utils import start_of

from odoo.addons.base.models.res_partner import _tz_get

from ...fetching.tenant import SECRET, TOKEN
from ...procurify import RESOURCES, AddressError, normalise_base_url
from ...procurify.wire import check_url, tenant_url
from ...tools.cipher import encrypt, rotate, use_of
from ...tools.private import without_client_context

# What the set-up proposes.
_START_DATES = ("bills_start_date", "orders_start_date")
_CLOSE_DAYS = {"close_days_before": 2, "close_days_after": 5}
COLORS = 11  # of Odoo's cards, without the one for "none"
READING_PHASES = ("setup", "live")
# Resource → field with the template of its page in Procurify.
URL_TEMPLATES = {
    "bill": "bill_url_template",
    "purchase_order": "order_url_template",
    "requisition": "requisition_url_template",
    "vendor": "vendor_url_template",
    "catalog_item": "item_url_template",
}

# === FIELDS WHOSE CHANGE HAS AN EFFECT === #

# Policy → resources. What of them is not in Odoo yet is decided again.
_POLICIES = {
    "vendor_policy": ("vendor",),
    "department_policy": ("department",),
    "department_plan_id": ("department",),
    "location_policy": ("location",),
    "location_plan_id": ("location",),
    "import_expense_bills": ("bill",),
    "import_card_bills": ("bill",),
    "journal_id": ("bill",),
    "rounding_account_id": ("bill",),
    "unallocated_account_id": ("bill",),
    "rate_source": ("bill", "purchase_order"),
    "unexplained_rate_policy": ("bill", "purchase_order"),
    "closed_period_policy": ("bill",),
    "bills_start_date": ("bill",),
    "orders_start_date": ("purchase_order", "requisition"),
    "take_over_open_items": ("bill", "purchase_order", "requisition"),
    "product_policy": ("catalog_item", "purchase_order"),
    "product_id": ("catalog_item", "purchase_order"),
    "unit_policy": ("unit",),
    "order_policy": ("purchase_order",),
    "card_order_policy": ("purchase_order",),
    "requisition_policy": ("requisition",),
}
_DATES = frozenset({"date_reading", "date_zone"})
_ADDRESSES = frozenset({"base_url", "token_url"})
_CREDENTIALS = _ADDRESSES | {"allow_private_address", "client_id", "client_secret"}
# After a change of these, another connection may be the one that owns a document.
_OWNERSHIP = frozenset({"active", "company_id", "base_url"})
# Hours and days on the wall clock of the person who sets them.
_WALL_CLOCK = frozenset(
    {"quiet_from", "quiet_to", "close_days_before", "close_days_after"}
)
_SCHEDULE = _WALL_CLOCK | {"close_interval_minutes"}

_SETTINGS_GROUP = "base.group_system"
_RIGHTS_GROUP = "base.group_erp_manager"  # can give any right to anybody

# === TEMPLATES OF PAGES === #

_PLACEHOLDERS = frozenset({"base_url", "id", "uuid", "number"})
# The host is fixed: data from Procurify cannot choose another one.
_START = re.compile(r"(\{base_url\}|https?://[a-z0-9.-]+(:[0-9]+)?)/", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\\"'<>]")
_TEMPLATE_HELP = (
    "Placeholders: {base_url}, {id}, {uuid}, {number}. Procurify does not document the "
    "addresses of its pages. Open a page in Procurify and copy its address from the "
    "browser. Empty: no link."
)


class ProcurifyConnection(models.Model):
    """A row is one Procurify tenant whose documents belong to one company.

    Managers write credentials and policies, crons write the token and the health. The
    secret and the token are stored encrypted and cannot be read back, see
    ``tools/cipher.py``.
    """

    _name = "procurify.connection"
    _inherit = [
        *("procurify.system.fields", "procurify.list"),
        *("mail.thread", "mail.activity.mixin"),
    ]
    _description = "Procurify Connection"
    _order = "company_id, name, id"
    _check_company_auto = True
    _system_fields = frozenset(
        {
            "audit_days_since",
            "confirmed_findings",
            "client_secret_encrypted",
            "error_date",
            "error_message",
            "identity",
            "import_obstacle",
            "phase_since",
            "proven_tenant",
            "dry_run_id",
            "retry_at",
            "server_time",
            "setup_step",
            "state",
            "tested_at",
            "token_encrypted",
            "token_expires_at",
        }
    )

    name = fields.Char(required=True, default="Procurify")
    active = fields.Boolean(default=True, help="An archived connection is not read.")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    route_ids = fields.One2many(
        "procurify.route",
        "connection_id",
        string="Companies of Locations",
        copy=False,
        help="Without rules, everything belongs to the connection's company.",
    )
    proven_tenant = fields.Char(
        groups=fields.NO_ACCESS,
        copy=False,
        help="The tenant that accepted the credentials. Without its credentials, "
        "nobody can decide which company owns its documents.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Integration User",
        required=True,
        default=lambda self: self.env.user,
        help="Documents are created with this user's rights. The import cannot use "
        "records that this user cannot see.",
    )

    tenant_kind = fields.Selection(
        [("production", "Production"), ("test", "Test")],
        string="Tenant",
        default="production",
        required=True,
        copy=False,
        help="The name and the screens of a connection to a test tenant say so.",
    )
    color = fields.Integer(
        compute="_compute_color", help="Of the connection's card on the dashboard."
    )

    # --- Address and credentials ---
    base_url = fields.Char(
        "Address", required=True, help="https://<your tenant>.procurify.com"
    )
    token_url = fields.Char(
        "Token Address",
        groups="procurify_connector.group_manager",
        help="Only if tokens come from another address. Empty: <address>/oauth/token.",
    )
    allow_private_address = fields.Boolean(
        "Allow Private Addresses",
        groups="procurify_connector.group_manager",
        copy=False,
        help="Only if you reach Procurify through your own network. Private addresses "
        "are then allowed, for files as well. This server and link-local addresses are "
        "never contacted.",
    )
    client_id = fields.Char(
        "Client ID", groups="procurify_connector.group_manager", copy=False
    )
    client_secret = fields.Char(
        compute="_compute_client_secret",
        inverse="_inverse_client_secret",
        groups="procurify_connector.group_manager",
        exportable=False,
        copy=False,
        help="Stored encrypted. You can replace it but not read it. Leave it empty to "
        "keep the stored one.",
    )
    client_secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    has_client_secret = fields.Boolean(
        "Secret Stored", compute="_compute_has_client_secret"
    )
    token_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    token_expires_at = fields.Datetime(copy=False, readonly=True)
    identity = fields.Char(
        "Connected as",
        copy=False,
        readonly=True,
        help="The tenant, and the Procurify user whose rights the credentials have.",
    )

    # --- Health ---
    state = fields.Selection(
        [("draft", "Not tested"), ("connected", "Connected"), ("error", "Failing")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    error_message = fields.Text(readonly=True, copy=False)
    error_date = fields.Datetime("Failing Since", readonly=True, copy=False)
    import_obstacle = fields.Text(
        readonly=True,
        copy=False,
        help="Why the documents that were read cannot be imported.",
    )
    retry_at = fields.Datetime("Next Attempt", readonly=True, copy=False)
    phase = fields.Selection(
        [("setup", "Being set up"), ("live", "Live"), ("paused", "Paused")],
        default="live",
        required=True,
        readonly=True,
        copy=False,
        help="During set-up, Procurify is read but nothing is imported. While paused, "
        "nothing is read and nothing is imported automatically.",
    )
    phase_since = fields.Datetime(
        "Since", readonly=True, copy=False, default=fields.Datetime.now
    )
    silence_intervals = fields.Integer(
        "Alarm After (intervals)",
        default=3,
        help="The number of intervals without a read before the administrators are "
        "notified. At least an hour passes.",
    )

    # --- Set-up ---
    setup_step = fields.Selection(
        [
            ("credentials", "Connect"),
            ("policies", "Policies"),
            ("mapping", "Mapping"),
            ("dry_run", "Dry run"),
            ("live", "Switch on"),
        ],
        string="Step",
        default="credentials",
        required=True,
        readonly=True,
        copy=False,
    )
    server_time = fields.Datetime(
        "Procurify's Time",
        readonly=True,
        copy=False,
        help="The time of Procurify's clock at the last test.",
    )
    tested_at = fields.Datetime("Tested On", readonly=True, copy=False)
    dry_run_id = fields.Many2one(
        "procurify.dry.run",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    # --- Fetching and keeping ---
    stream_ids = fields.One2many("procurify.stream", "connection_id")
    page_size = fields.Integer(
        default=50, help="Objects per page. Procurify may send fewer."
    )
    detail_requests = fields.Integer(
        "Parallel Requests",
        default=4,
        help="The largest number of bills that are read at the same time. Reading "
        "starts with at most 4 and speeds up while Procurify answers. When Procurify "
        "asks for fewer requests, it continues with one. More than 4 is for the first "
        "synchronisation of a large tenant.",
    )
    nightly_check_days = fields.Integer(
        "Nightly Check of the Last (days)",
        default=60,
        help="Each night, the changes of these days are checked against Procurify. 0: "
        "everything.",
    )
    version_days = fields.Integer(
        "Keep Versions (days)",
        default=730,
        required=True,
        help="Earlier versions are deleted this many days after they were replaced. "
        "The version that was imported last is always kept.",
    )
    audit_days = fields.Integer(
        "Keep the Audit for (days)",
        help="Older entries are removed, and the audit records it. At least 365 days. "
        "0: keep everything. A change takes effect after 30 days.",
    )
    audit_days_since = fields.Datetime(readonly=True, copy=False)

    # --- Signals before payment ---
    same_amount_days = fields.Integer(
        "Same Amount Within (days)",
        default=10,
        help="Bills of one vendor with the same amount, at most this many days apart, "
        "are marked with a signal.",
    )
    vendor_change_days = fields.Integer(
        "Vendor Changes Within (days)",
        default=30,
        help="Bank data and names of vendors that changed in the last days are marked "
        "with a signal on their bills. Changes after the vendor's last paid bill are "
        "always marked.",
    )

    responsible_id = fields.Many2one(
        "res.users",
        string="Responsible for Reminders",
        index="btree_not_null",
        ondelete="set null",
        domain=lambda self: [
            (
                "all_group_ids",
                "in",
                self.env.ref("procurify_connector.group_user").ids,
            )
        ],
        help="The person who is reminded of bills whose departments and locations have "
        "no responsible of their own.",
    )

    # --- Schedule ---
    schedule_tz = fields.Selection(
        _tz_get,
        string="Time Zone of the Schedule",
        default=lambda self: self.env.user.tz or "UTC",
        required=True,
        help="The time zone of the person who last changed the schedule.",
    )
    quiet_from = fields.Float(
        help="Procurify is not read after this hour. Sync now, Read again and the "
        "nightly check still work."
    )
    quiet_to = fields.Float(
        help="Reading starts again at this hour. If both hours are the same, there are "
        "no quiet hours."
    )
    close_days_before = fields.Integer(
        "Last Days of the Month",
        help="The number of days at the end of a month on which changes are read more "
        "often.",
    )
    close_days_after = fields.Integer(
        "First Days of the Month",
        help="The number of days at the start of a month on which changes are read "
        "more often.",
    )
    close_interval_minutes = fields.Integer(
        "Month-end interval (minutes)",
        default=5,
        help="How often documents are read around month end. Lists that can only be "
        "read completely keep their own interval.",
    )

    # --- Policies: master data ---
    vendor_policy = fields.Selection(
        [("create", "Create the vendor"), ("hold", "Hold for review")],
        string="Unknown Vendors",
        default="create",
        required=True,
        help="A vendor that matches exactly one contact is always linked to it.",
    )
    department_policy = fields.Selection(
        [
            ("hold", "Hold for review"),
            ("create", "Create the analytic account"),
            ("optional", "Book without department"),
        ],
        string="Unknown Departments",
        default="hold",
        required=True,
        help="For a department that has no analytic account yet.",
    )
    department_plan_id = fields.Many2one(
        "account.analytic.plan",
        help="The analytic plan for Procurify's departments. Empty: departments are "
        "mapped manually.",
    )
    location_policy = fields.Selection(
        [
            ("hold", "Hold for review"),
            ("create", "Create the analytic account"),
            ("optional", "Book without location"),
        ],
        string="Unknown Locations",
        default="hold",
        required=True,
        help="For a location that has no analytic account yet, if there is a location "
        "plan.",
    )
    location_plan_id = fields.Many2one(
        "account.analytic.plan",
        help="The analytic plan for Procurify's locations. Empty: a location is booked "
        "only if it is mapped manually.",
    )

    custom_field_ids = fields.One2many("procurify.custom.field", "connection_id")

    # --- Policies: bills ---
    bill_policy = fields.Selection(
        [("draft", "Leave them as drafts"), ("posted", "Post them")],
        string="New Bills",
        default="draft",
        required=True,
        help="Only bills that pass all checks are posted. A bill with a total of zero, "
        "or in a closed period, stays a draft.",
    )
    bills_start_date = fields.Date(
        "Start Date for Bills",
        copy=False,
        help="Bills with an earlier accounting date are excluded: they were booked "
        "before Odoo took over. Empty: all bills are imported.",
    )
    orders_start_date = fields.Date(
        "Start Date for Orders",
        copy=False,
        help="Purchase orders and requisitions with an earlier date are excluded. "
        "Empty: all are imported.",
    )
    take_over_open_items = fields.Boolean(
        copy=False,
        help="Also import what was still open on the start date: bills that were not "
        "paid, orders that were not closed. Leave this off if your opening balances "
        "contain them.",
    )
    closed_period_policy = fields.Selection(
        [
            ("hold", "Hold until the period is open"),
            ("next_open", "Book them on the first open day"),
            ("draft", "Leave them as drafts with their original date"),
        ],
        string="Bills of Closed Periods",
        default="hold",
        required=True,
        help="Bills on hold are imported automatically once the period is open.",
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Purchase Journal",
        check_company=True,
        domain="[('type', '=', 'purchase')]",
        help="Empty: the company's first purchase journal.",
    )
    rounding_account_id = fields.Many2one(
        "account.account",
        string="Rounding account",
        check_company=True,
        help="For differences of some cents between a bill's total and its lines. "
        "Empty: these bills are put on hold.",
    )
    unallocated_account_id = fields.Many2one(
        "account.account",
        string="Account for Lines Without a Code",
        check_company=True,
        help="For lines that have no account code in Procurify. Empty: these bills are "
        "put on hold.",
    )
    confirmed_findings = fields.Json(
        readonly=True,
        copy=False,
        help="Questions on which this tenant differs, and a person says it is right.",
    )
    rate_source = fields.Selection(
        [
            ("procurify", "Procurify's rate if the bill has one"),
            ("odoo", "Odoo's rate of the invoice date"),
        ],
        string="Exchange Rate",
        default="procurify",
        required=True,
        help="The rate at which bills in foreign currencies are booked.",
    )
    unexplained_rate_policy = fields.Selection(
        [
            ("hold", "Hold for review"),
            ("odoo", "Use Odoo's rate of the day"),
        ],
        string="Unexplained Exchange Rates",
        default="hold",
        required=True,
        help="Procurify states a total in its base currency but does not say which "
        "total this is. If none of them matches the currency's rate in Procurify, the "
        "resulting rate may be wrong by the tax.",
    )
    date_reading = fields.Selection(
        [
            ("written", "The date as written"),
            ("zone", "The date in a time zone"),
        ],
        string="Dates with a Time of Day",
        help="A date with a time of day, such as 2026-03-31T22:00:00Z, is 31 March as "
        "written but 1 April in Zurich. Empty: bills with such dates use the date as "
        "written and stay drafts. When you choose, these drafts move to the chosen "
        "date and are posted if new bills are posted. Dates without a time, or at "
        "midnight, always use the date as written.",
    )
    date_zone = fields.Selection(
        _tz_get,
        string="Time Zone of Dates",
        help="The day of a date with a time is its day in this time zone.",
    )
    import_expense_bills = fields.Boolean(
        help="If this is off, employee expense bills are excluded."
    )
    import_card_bills = fields.Boolean(
        "Import Credit Card Bills",
        help="If this is off, credit card bills are excluded.",
    )
    attachment_policy = fields.Selection(
        [
            ("import", "Attach them to the Odoo document"),
            ("none", "Do not import"),
        ],
        string="Attachments",
        default="import",
        required=True,
        help="The files of bills and orders.",
    )
    comment_policy = fields.Selection(
        [
            ("none", "Only on the Procurify tab"),
            ("note", "Also as notes in the chatter"),
        ],
        string="Comments",
        default="none",
        required=True,
        help="What people wrote in Procurify on bills, orders and requisitions. Each "
        "comment becomes a note once.",
    )
    attachment_limit_mb = fields.Integer(
        "Largest Attachment (MB)",
        default=25,
        help="Larger files stay in Procurify and are listed under Attachments.",
    )

    # --- Policies: orders and items ---
    order_policy = fields.Selection(
        [
            ("purchase", "Confirmed orders"),
            ("rfq", "Requests for quotation, to be confirmed manually"),
            ("none", "Do not import"),
        ],
        string="Purchase Orders",
        default="purchase",
        required=True,
        help="Procurify's orders are already approved and issued.",
    )
    card_order_policy = fields.Selection(
        [
            ("settle", "Import them as paid, with no bill expected"),
            ("exclude", "Exclude them"),
        ],
        string="Orders Paid by Card",
        default="settle",
        required=True,
        help="They are paid at purchase. The vendor sends no bill, because the card's "
        "issuer bills them.",
    )
    requisition_policy = fields.Selection(
        [
            ("none", "Do not import"),
            ("rfq", "Requests for quotation, per vendor"),
        ],
        string="Requisitions",
        default="none",
        required=True,
        help="Approved lines that are not ordered yet. They move to the purchase order "
        "once they are ordered.",
    )
    receipt_policy = fields.Selection(
        [
            ("none", "Leave them to Odoo"),
            ("set", "Use Procurify's received quantities"),
        ],
        string="Received Quantities",
        default="none",
        required=True,
        help="Set on lines where Odoo allows a manual received quantity. Quantities "
        "received in Odoo Inventory are never changed.",
    )
    product_policy = fields.Selection(
        [
            ("create", "Create the product"),
            ("generic", "Use the generic product"),
            ("hold", "Hold for review"),
        ],
        string="Unknown Catalogue Items",
        default="create",
        required=True,
        help="Lines without a catalogue item always use the generic product.",
    )
    product_type = fields.Selection(
        [("consu", "Goods"), ("service", "Service")],
        string="Type of New Products",
        default="consu",
        required=True,
        help="If Odoo Inventory is installed, it expects receipts for goods.",
    )
    product_id = fields.Many2one(
        "product.product",
        string="Generic Product",
        check_company=True,
        domain="[('purchase_ok', '=', True)]",
        default=lambda self: self.env.ref(
            "procurify_connector.product_generic", raise_if_not_found=False
        ),
        help="Used on order lines without a catalogue item. The description stays on "
        "the line.",
    )
    unit_policy = fields.Selection(
        [
            ("product", "Use the product's unit"),
            ("create", "Create the unit"),
            ("hold", "Hold for review"),
        ],
        string="Unknown Units",
        default="product",
        required=True,
        help="With the product's unit, the name of the unit is added to the line's "
        "description.",
    )

    # --- Pages in Procurify ---
    bill_url_template = fields.Char(
        "Page of a Bill", default="{base_url}/bills/{uuid}", help=_TEMPLATE_HELP
    )
    order_url_template = fields.Char(
        "Page of a Purchase Order",
        default="{base_url}/purchase-orders/{id}",
        help=_TEMPLATE_HELP,
    )
    requisition_url_template = fields.Char(
        "Page of a Requisition", default="{base_url}/orders/{id}", help=_TEMPLATE_HELP
    )
    vendor_url_template = fields.Char(
        "Page of a Vendor", default="{base_url}/vendors/{id}", help=_TEMPLATE_HELP
    )
    item_url_template = fields.Char(
        "Page of a Catalogue Item",
        default="{base_url}/catalog/{id}",
        help=_TEMPLATE_HELP,
    )

    # === CONSTRAINTS === #

    _check_page_size = models.Constraint(
        "CHECK(page_size BETWEEN 1 AND 500)", "The page size must be 1 to 500 objects."
    )
    _check_detail_requests = models.Constraint(
        "CHECK(detail_requests BETWEEN 1 AND 24)",
        "The number of parallel requests must be 1 to 24.",
    )
    _check_version_days = models.Constraint(
        "CHECK(version_days >= 90)", "Keep versions for at least 90 days."
    )
    _check_nightly_check_days = models.Constraint(
        "CHECK(nightly_check_days >= 0)",
        "The days of the nightly check must be 0 or more.",
    )
    _check_audit_days = models.Constraint(
        "CHECK(audit_days = 0 OR audit_days >= 365)",
        "Keep the audit for at least 365 days, or forever (0).",
    )
    _check_silence_intervals = models.Constraint(
        "CHECK(silence_intervals > 0)", "The alarm needs at least one interval."
    )
    _check_quiet_hours = models.Constraint(
        "CHECK(LEAST(quiet_from, quiet_to) >= 0"
        " AND GREATEST(quiet_from, quiet_to) < 24)",
        "Quiet hours must be between 0:00 and 23:59.",
    )
    _check_close_days = models.Constraint(
        "CHECK(LEAST(close_days_before, close_days_after) >= 0"
        " AND GREATEST(close_days_before, close_days_after) <= 15)",
        "The month-end close must be 0 to 15 days before and after the end of a month.",
    )
    _check_close_interval = models.Constraint(
        "CHECK(close_interval_minutes > 0)", "The interval must be at least one minute."
    )
    _check_attachment_limit = models.Constraint(
        "CHECK(attachment_limit_mb BETWEEN 1 AND 1024)",
        "The largest attachment must be between 1 and 1024 MB.",
    )

    @api.constrains("date_reading", "date_zone")
    def _check_date_zone(self):
        for connection in self:
            if connection.date_reading == "zone" and not connection.date_zone:
                raise ValidationError(
                    self.env._("Choose the time zone for reading dates.")
                )

    @api.constrains(*URL_TEMPLATES.values())
    def _check_url_templates(self):
        for connection in self:
            for name in URL_TEMPLATES.values():
                template = connection[name]
                if template and not _is_url_template(template):
                    raise ValidationError(
                        self.env._(
                            "%(template)s is not a valid page address. It must start "
                            "with {base_url}/ or https://, and can contain {base_url}, "
                            "{id}, {uuid} and {number}.",
                            template=template,
                        )
                    )

    # === COMPUTE METHODS === #

    def _compute_color(self):
        for connection in self:
            connection.color = connection._origin.id % COLORS + 1

    @api.depends("name", "tenant_kind")
    def _compute_display_name(self):
        for connection in self:
            name = connection.name
            if connection.tenant_kind == "test":
                name = self.env._("%(name)s (test)", name=name)
            connection.display_name = name

    def _compute_client_secret(self):
        self.client_secret = False

    def _inverse_client_secret(self):
        for connection in self:
            if connection.client_secret:
                connection.sudo()[SECRET] = encrypt(
                    self.env,
                    connection.client_secret.strip(),
                    use_of(connection, SECRET),
                )
        # It must not stay in the cache either.
        self.invalidate_recordset(["client_secret"], flush=False)

    @api.depends("client_secret_encrypted")
    def _compute_has_client_secret(self):
        for connection in self:
            connection.has_client_secret = bool(
                connection.sudo().client_secret_encrypted
            )

    @api.onchange("date_reading")
    def _onchange_date_reading(self):
        if self.date_reading == "zone" and not self.date_zone:
            self.date_zone = self.suggested_date_zone

    @api.onchange("base_url", "token_url")
    def _onchange_addresses(self):
        stored = self._origin
        if stored.has_client_secret and stored._receivers() != self._receivers():
            return {
                "warning": {
                    "title": self.env._("Another host"),
                    "message": self.env._(
                        "The stored client secret belongs to the previous host and is "
                        "deleted when you save. Enter the secret again."
                    ),
                }
            }
        return None

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields_list):
        """Let a set-up begin with this month, not with the beginning of time, and read
        more often while a month is closed."""
        values = super().default_get(fields_list)
        if values.get("phase") == "setup":
            month = start_of(fields.Date.context_today(self), "month")
            proposed = _CLOSE_DAYS | dict.fromkeys(_START_DATES, month)
            proposed = {n: v for n, v in proposed.items() if n in fields_list}
            values = proposed | values
        return values

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(
            [self._with_clean_addresses(vals) for vals in vals_list]
        )
        connections._create_missing_streams()
        connections._check_user()
        connections._log_created()
        connections._route_again(if_routed=True)
        self.env["ir.cron"]._procurify_switch(connections, is_on=True)
        return connections

    def write(self, vals):
        vals = self._with_time_zone(vals)
        self._wake_streams(vals)
        of_tenants = self._of_tenants_before(vals)
        audited = self._audited_before(vals)
        receivers = self._receivers_before(vals)
        sources = self._sources_before(vals)
        written = super().write(self._with_clean_addresses(vals))
        # Refuses a move to a company that the writer cannot access.
        self.check_access("write")
        self._forget_token(vals)
        self._import_again(vals)
        self._forget_secret_of_other_host(vals, receivers)
        if "user_id" in vals:
            self._check_user()
        self._check_new_sources(vals, sources)
        self._log_changes(vals, audited)
        self._change_owners(vals, of_tenants)
        return written

    def unlink(self):
        self.env["procurify.link"].sudo()._remember(self)
        others = self._tenant_connections() - self
        self._log_deleted()
        self.env["procurify.attachment"].sudo()._delete_held(self)
        # The database alone would leave to-dos, and marks on bills.
        self.env["procurify.signal"].sudo()._remove_of(self)
        self.env["procurify.reminder"].sudo()._remove_of(self)
        unlinked = super().unlink()
        others._route_again(if_routed=True)
        self.env["ir.cron"]._procurify_switch(self, is_on=False)
        return unlinked

    # === STEPS OF CREATE AND WRITE === #

    @api.model
    def _with_clean_addresses(self, vals):
        """Return ``vals`` with the addresses in the form in which they are requested.

        An invalid address stays as it is: the connection test explains what is wrong.

        :raises ValidationError: an address contains a user name or a password
        """
        clean = dict(vals)
        for name, normalised in (("base_url", tenant_url), ("token_url", check_url)):
            try:
                if clean.get(name):
                    clean[name] = normalised(clean[name])
            except AddressError:
                if "@" in clean[name]:
                    raise ValidationError(
                        self.env._(
                            "The address must not contain a user name or a password."
                        )
                    ) from None
        return clean

    @api.model
    def _with_time_zone(self, vals):
        """Return ``vals`` with the user's time zone if hours or days are set."""
        if _WALL_CLOCK.isdisjoint(vals) or "schedule_tz" in vals:
            return vals
        return vals | {"schedule_tz": self.env.user.tz or "UTC"}

    def _wake_streams(self, vals):
        """Let the lists decide again when they are read, if the schedule changes."""
        if not _SCHEDULE.isdisjoint(vals):
            self.sudo().stream_ids._wake()

    def _of_tenants_before(self, vals):
        """Return the connections to the same tenants if an owner may change."""
        if _OWNERSHIP.isdisjoint(vals):
            return self.browse()
        return self._tenant_connections()

    def _receivers_before(self, vals):
        """Return {connection: receivers of its secret} if an address is written."""
        if _ADDRESSES.isdisjoint(vals):
            return {}
        return {connection: connection._receivers() for connection in self}

    def _sources_before(self, vals):
        """Return {connection: (source, whether it was active)} if these are written."""
        if (_CREDENTIALS | {"active"}).isdisjoint(vals):
            return {}
        return {
            connection: (connection._source(), connection.active) for connection in self
        }

    def _forget_token(self, vals):
        """Reset the token and the health if the credentials they belong to change."""
        if not _CREDENTIALS.isdisjoint(vals):
            self.sudo().write(
                {
                    "state": "draft",
                    "identity": False,
                    "token_encrypted": False,
                    "token_expires_at": False,
                    "error_message": False,
                    "error_date": False,
                    "retry_at": False,
                }
            )

    def _import_again(self, vals):
        """Send to the import what the changed policies decide about."""
        if not _DATES.isdisjoint(vals):
            self._read_dates_again()
        if resources := {name for key in vals for name in _POLICIES.get(key, ())}:
            self._decide_again(resources)

    def _forget_secret_of_other_host(self, vals, before):
        """Delete the stored secret where its receiver changed.

        Users who may set an address cannot read the secret, and must not be able to
        have it sent to another host.

        :param before: {connection: its receivers before the write}
        """
        if vals.get("client_secret"):
            return
        moved = self.browse(
            connection.id
            for connection, receivers in before.items()
            if connection._receivers() != receivers
        ).sudo()
        moved.filtered("client_secret_encrypted").client_secret_encrypted = False

    def _change_owners(self, vals, before):
        """Route again what may belong to another connection or company now.

        :param before: the connections to the same tenants before the write
        :raises AccessError: a rule for locations would decide about a company that is
            not the user's
        """
        if not {"company_id", "base_url"}.isdisjoint(vals):
            for connection in self.filtered(lambda c: c.sudo().route_ids):
                connection._check_consent()
        if not _OWNERSHIP.isdisjoint(vals):
            (before | self)._route_again(if_routed=True)

    def _create_missing_streams(self):
        """Create one stream per known resource for each of these connections.

        Without connections, for all.
        """
        connections = self or self.search([("active", "in", (True, False))])
        streams = without_client_context(self.env["procurify.stream"].sudo())
        streams = streams.with_context(active_test=False)
        known = {
            (stream.connection_id.id, stream.resource)
            for stream in streams.search([("connection_id", "in", connections.ids)])
        }
        streams.create(
            [
                {"connection_id": connection.id, "resource": resource}
                for connection in connections
                for resource in RESOURCES
                if (connection.id, resource) not in known
            ]
        )

    # === RIGHTS === #

    def _check_administrator(self):
        """Check that the user administers the connector and these connections.

        :raises AccessError: the user does not
        """
        self.check_access("write")
        if not self.env.user.has_group("procurify_connector.group_manager"):
            raise AccessError(self.env._("Only Procurify administrators can do this."))

    def _check_user(self):
        """Check that no integration user has more rights than the user who writes.

        An existing connection keeps its user. Scripts on the server choose freely.

        :raises ValidationError: names the user
        """
        if self.env.su:
            return
        for connection in self:
            user = connection.user_id
            if not self._may_name(user.sudo()):
                raise ValidationError(
                    self.env._(
                        "%(user)s cannot be the integration user, because documents "
                        "would be created with rights that you do not have. Choose a "
                        "user with no more rights and companies than yours, or ask a "
                        "Settings administrator. OdooBot and administrators of "
                        "settings or access rights cannot be integration users.",
                        user=user.name,
                    )
                )

    def _check_new_sources(self, vals, before):
        """Check the rights of a user who decides where documents come from.

        :param before: see ``_sources_before``
        """
        changed = self.browse(
            connection.id
            for connection, (source, was_active) in before.items()
            if vals.get("client_secret")
            or connection._source() != source
            or (connection.active and not was_active)
        )
        changed._check_may_lead()

    def _source(self):
        """Return what decides where the documents come from."""
        self.ensure_one()
        return [self.sudo()[name] for name in sorted(_CREDENTIALS - {"client_secret"})]

    def _check_may_lead(self):
        """Check that the user may choose the integration users of these connections.

        Otherwise documents of any server could be booked with the rights of others.

        :raises AccessError: names the user
        """
        if self.env.su:
            return
        for user in self.sudo().user_id:
            if not self._may_name(user):
                raise AccessError(
                    self.env._(
                        "Documents are created with the rights of %(user)s, whom you "
                        "may not choose as the integration user. So you cannot change "
                        "the address, the credentials or the companies of locations, "
                        "nor switch the connection on. Ask a Settings administrator, "
                        "or choose another integration user first.",
                        user=user.name,
                    )
                )

    @api.model
    def _may_name(self, user):
        """Return whether the current user may choose ``user`` as integration user."""
        me = self.env.user.sudo()
        if user == me:
            return True
        if (
            user == self.env.ref("base.user_root")
            or user.has_group(_SETTINGS_GROUP)
            or user.has_group(_RIGHTS_GROUP)
        ):
            return False
        return me.has_group(_SETTINGS_GROUP) or (
            user.all_group_ids <= me.all_group_ids
            and user.company_ids <= me.company_ids
        )

    # === CREDENTIALS === #

    def _receivers(self):
        """Return the origins to which the secret and the token are sent."""
        self.ensure_one()
        token_url = self.sudo().token_url
        return _origin(self.base_url), _origin(token_url or self.base_url)

    def action_rotate_key(self):
        """Encrypt the stored credentials again, with the first key of the server.

        The other keys of the server are not needed afterwards.

        :returns: a notification with the number of connections
        :raises UnreadableSecret: names the key; nothing is changed then
        """
        self.check_access("write")
        rotated = self.sudo().filtered(lambda c: c[SECRET] or c[TOKEN])
        rotated.flush_recordset([SECRET, TOKEN])
        for connection in rotated:
            connection._store_rotated(
                *(rotate(self.env, connection[name]) for name in (SECRET, TOKEN))
            )
        self.target_id._rotate_key()
        self.env["procurify.audit"]._log_records("key_rotated", rotated)
        return self._notification(
            "success",
            self.env._(
                "The credentials of %(count)s connections were re-encrypted with the "
                "server's first key.",
                count=len(rotated),
            ),
        )

    def _store_rotated(self, secret, token):
        """Store the same credentials, encrypted again, without side effects."""
        self.ensure_one()
        self.env.execute_query(
            SQL(
                """
                UPDATE procurify_connection
                   SET client_secret_encrypted = %s, token_encrypted = %s
                 WHERE id = %s
             RETURNING id
                """,
                secret or None,
                token or None,
                self.id,
            )
        )
        self.invalidate_recordset([SECRET, TOKEN], flush=False)

    # === ACTION METHODS === #

    def _notification(self, kind, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


def _origin(address):
    """Return scheme, host and port of ``address``."""
    try:
        return normalise_base_url(address or "")
    except AddressError:
        return address or ""


def _is_url_template(template):
    """Return whether ``template`` can only give an address on the host it names."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        return False
    plain = all(
        name is None or (name in _PLACEHOLDERS and not spec and not conversion)
        for _text, name, spec, conversion in parts
    )
    return bool(
        plain
        and _START.match(template)
        and template.count("{base_url}") <= 1
        and not template.find("{base_url}") > 0
        and not _FORBIDDEN.search(template)
    )
