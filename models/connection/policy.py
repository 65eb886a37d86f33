"""What becomes of what Procurify sends: the policies of a connection."""

from odoo import api, fields, models

# What these policies decide about is decided again when they change.
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
}


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    vendor_policy = fields.Selection(
        [("create", "Create the vendor"), ("hold", "Hold for a person")],
        string="Unknown Vendors",
        default="create",
        required=True,
    )
    department_policy = fields.Selection(
        [
            ("hold", "Hold for a person"),
            ("create", "Create the analytic account"),
            ("optional", "Book without cost centre"),
        ],
        string="Unknown Departments",
        default="hold",
        required=True,
    )
    department_plan_id = fields.Many2one(
        "account.analytic.plan",
        help="The analytic plan of Procurify's departments. Empty: departments are "
        "mapped by hand.",
    )
    location_policy = fields.Selection(
        [
            ("hold", "Hold for a person"),
            ("create", "Create the analytic account"),
            ("optional", "Book without location"),
        ],
        string="Unknown Locations",
        default="hold",
        required=True,
    )
    location_plan_id = fields.Many2one(
        "account.analytic.plan",
        help="The analytic plan of Procurify's locations. Empty: a location is booked "
        "only where it was mapped by hand.",
    )
    rate_source = fields.Selection(
        [
            ("procurify", "Procurify's rate where the bill tells it"),
            ("odoo", "Odoo's rate of the invoice date"),
        ],
        string="Exchange Rate",
        default="procurify",
        required=True,
    )
    unexplained_rate_policy = fields.Selection(
        [
            ("hold", "Hold for review"),
            ("odoo", "Use Odoo's rate of the day"),
        ],
        string="Unexplained Exchange Rates",
        default="hold",
        required=True,
        help="Procurify states a total in its base currency, and not of which total. "
        "Where none of them fits the currency's rate in Procurify, the rate that "
        "follows from it may be off by the tax.",
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
        check_company=True,
        help="Takes the cents by which Procurify's total differs from its own lines. "
        "Empty: such bills are held.",
    )
    unallocated_account_id = fields.Many2one(
        "account.account",
        string="Account of Uncoded Lines",
        check_company=True,
        help="Takes lines to which Procurify gives no account code. Empty: such bills "
        "are held.",
    )
    bill_policy = fields.Selection(
        [("draft", "Leave them as drafts"), ("posted", "Post them")],
        string="New Bills",
        default="draft",
        required=True,
        help="Only bills that pass every check are posted. A bill of zero, or of a "
        "closed period, stays a draft.",
    )
    closed_period_policy = fields.Selection(
        [
            ("hold", "Hold until the period is open"),
            ("next_open", "Book them on the first open day"),
            ("draft", "Leave them as drafts with their own date"),
        ],
        string="Bills of Closed Periods",
        default="hold",
        required=True,
    )
    import_expense_bills = fields.Boolean(
        help="Employee expense bills are excluded otherwise."
    )
    import_card_bills = fields.Boolean(
        "Import Credit Card Bills", help="They are excluded otherwise."
    )

    # === CRUD METHODS === #

    def write(self, vals):
        written = super().write(vals)
        if not vals.keys().isdisjoint(("date_reading", "date_zone")):
            self._read_dates_again()
        policies = self._policies()
        if resources := {name for key in vals for name in policies.get(key, ())}:
            self._decide_again(resources)
        return written

    @api.model
    def _policies(self):
        """Return {field: resources that are decided about again when it changes}."""
        return dict(_POLICIES)

    def _decide_again(self, resources):
        """Send what is not in Odoo yet to the import, under the new policies."""
        records = self.env["procurify.record"].sudo()
        undecided = records.search(
            [
                ("connection_id", "in", self.ids),
                ("resource", "in", list(resources)),
                ("state", "in", ("quarantined", "excluded")),
            ]
        )
        if undecided:
            (undecided | undecided._dependents())._requeue()
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
