"""One list of one connection: its settings, and how far it was read."""

from odoo import api, fields, models

from ...procurify import RESOURCES

DEFAULT_INTERVAL_MINUTES = 10
FULL_SCAN_INTERVAL_MINUTES = 60  # lists without a modified filter

INTERVALS_MINUTES = {
    "catalog_item": 360,  # a long list without a filter; documents embed what they name
    "requisition": 30,
    "order_item": 30,  # a second net below the orders
}

# The audit logs their changes; those of watermarks only when a person makes them.
_SETTINGS = ("active", "interval_minutes")
_WATERMARKS = ("modified_watermark", "created_watermark")


class ProcurifyStream(models.Model):
    """One resource of one connection, and how far it was read.

    ``modified_watermark`` moves only in the transaction that stages the last page
    of a window, and never past a time of change that was read. The ``scan_…`` columns
    remember an unfinished window, the ``check_…`` columns an unfinished nightly check:
    the next run continues there.
    """

    _name = "procurify.stream"
    _inherit = "procurify.system.fields"
    _description = "Procurify Stream"
    _order = "connection_id, id"

    # The watermarks are not among them: managers may have a part read again.
    _system_fields = frozenset(
        {
            "complete_at",
            "connection_id",
            "deleted_count",
            "error_date",
            "error_message",
            "findings",
            "found_count",
            "is_refused",
            "last_success",
            "last_nightly_check",
            "missing_count",
            "next_attempt",
            "object_count",
            "resource",
            "restless_paths",
            "scan_confirms",
            "scan_count",
            "scan_from",
            "scan_moved",
            "scan_page",
            "scan_page_size",
            "scan_part",
            "scan_pass",
            "scan_staged",
            "scan_watermark",
            "check_answered",
            "check_missing",
            "check_page",
            "check_record_id",
            "check_staged",
            "check_started",
            "check_unstaged",
            "visible_count",
            "warning_message",
        }
    )

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="connection_id.company_id", store=True, index=True
    )
    resource = fields.Selection(
        selection="_selection_resource", required=True, readonly=True
    )
    active = fields.Boolean(default=True)
    interval_minutes = fields.Integer(
        string="Every (minutes)",
        compute="_compute_interval_minutes",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )

    # What the set-up shows of the list.
    visible_count = fields.Integer(
        "Visible",
        readonly=True,
        help="The number of objects that the last test found in this list.",
    )
    is_refused = fields.Boolean(
        "Refused", readonly=True, help="Procurify does not show this list."
    )

    # How far the list was read.
    modified_watermark = fields.Datetime(
        readonly=True, help="All changes before this time have been read (UTC)."
    )
    created_watermark = fields.Datetime(
        readonly=True, help="Everything created before this time has been read (UTC)."
    )
    last_success = fields.Datetime(readonly=True)
    next_attempt = fields.Datetime(readonly=True, help="Empty: at the next run.")
    object_count = fields.Integer(
        "Objects Seen", readonly=True, help="The number of objects in the last reading."
    )
    error_message = fields.Text(readonly=True)
    error_date = fields.Datetime("Failing Since", readonly=True)
    warning_message = fields.Text(readonly=True)

    # The window that is being read.
    scan_page = fields.Integer(readonly=True, help="The next page of this reading.")
    scan_pass = fields.Integer(readonly=True)
    scan_count = fields.Integer(readonly=True)
    scan_page_size = fields.Integer(
        readonly=True, help="The page size that Procurify used last."
    )
    scan_staged = fields.Integer(readonly=True, help="New or changed in this reading.")
    scan_part = fields.Integer(
        readonly=True,
        help="New or changed on the page that is not completely saved yet.",
    )
    scan_moved = fields.Boolean(
        readonly=True, help="The list changed during this reading."
    )
    scan_confirms = fields.Boolean(
        readonly=True, help="This reading only looks for what was added meanwhile."
    )
    scan_watermark = fields.Datetime(readonly=True)
    scan_from = fields.Datetime(
        readonly=True, help="Read from here in order to retry what could not be read."
    )
    findings = fields.Json(readonly=True, help="{question: answer}, of requests")
    restless_paths = fields.Json(
        readonly=True, copy=False, help="{path: what showed it first}"
    )

    # The nightly check.
    last_nightly_check = fields.Datetime(readonly=True)
    complete_at = fields.Datetime(
        readonly=True, help="When the last nightly check was completed."
    )
    missing_count = fields.Integer(
        "Missing",
        readonly=True,
        help="The number of documents in Procurify's list that were not read.",
    )
    found_count = fields.Integer(
        "Found Late",
        readonly=True,
        help="Documents that the last nightly check found and the regular reading had "
        "missed.",
    )
    deleted_count = fields.Integer(
        "Deleted",
        readonly=True,
        help="Open documents that the last nightly check found deleted in Procurify.",
    )
    check_started = fields.Datetime(readonly=True)
    check_page = fields.Integer(
        readonly=True,
        help="The next page of the list. 0 if the list is completely read.",
    )
    check_staged = fields.Integer(readonly=True)
    check_unstaged = fields.Integer(readonly=True)
    check_record_id = fields.Integer(
        readonly=True, help="The last record that was checked after the list."
    )
    check_answered = fields.Boolean(
        readonly=True, help="A record that the list did not show still exists."
    )
    check_missing = fields.Json(
        readonly=True, help="Procurify IDs of the records that could not be opened."
    )

    _resource_uniq = models.UniqueIndex(
        "(connection_id, resource)", "A connection can have only one list of each kind."
    )
    _positive_interval = models.Constraint(
        "CHECK(interval_minutes > 0)", "The interval must be at least one minute."
    )

    # === COMPUTE METHODS === #

    @api.depends("resource")
    def _compute_interval_minutes(self):
        for stream in self:
            resource = RESOURCES.get(stream.resource)
            stream.interval_minutes = INTERVALS_MINUTES.get(
                stream.resource,
                DEFAULT_INTERVAL_MINUTES
                if resource and resource.modified_filter
                else FULL_SCAN_INTERVAL_MINUTES,
            )

    @api.depends("connection_id", "resource")
    def _compute_display_name(self):
        labels = dict(self._selection_resource())
        for stream in self:
            stream.display_name = (
                f"{stream.connection_id.name} / {labels.get(stream.resource, '')}"
            )

    @api.model
    def _selection_resource(self):
        return [
            item
            for item in self.env["procurify.record"]._selection_resource()
            if item[0] in RESOURCES
        ]

    # === CRUD METHODS === #

    def write(self, vals):
        """Write, read soon after a new interval, and log changed settings.

        :raises AccessError: also if the user may not write the streams afterwards, as
            after a move to the connection of another company
        """
        names = self._audited_names(vals)
        before = {stream: {name: stream[name] for name in names} for stream in self}
        written = super().write(vals)
        if "interval_minutes" in vals and "next_attempt" not in vals:
            self.sudo().next_attempt = False
        self.check_access("write")
        if names:
            changes = {
                stream: (was, {name: stream[name] for name in names})
                for stream, was in before.items()
                if any(was[name] != stream[name] for name in names)
            }
            self.env["procurify.audit"]._log_settings("policy_changed", changes)
        return written

    @api.model
    def _audited_names(self, names):
        """Return those of ``names`` whose changes the audit logs."""
        audited = _SETTINGS if self.env.su else _SETTINGS + _WATERMARKS
        return [name for name in audited if name in names]

    # === ACTION METHODS === #

    def action_read_again(self):
        """Forget the watermark: the next run reads everything once more.

        :returns: a notification with the number of lists
        """
        self.check_access("write")
        self.env["procurify.audit"]._log_records("sync_requested", self)
        self.sudo().write(
            self._closed_scan_values()
            | {
                "modified_watermark": False,
                "created_watermark": False,
                "next_attempt": False,
            }
        )
        return self.connection_id[:1]._notification(
            "info",
            self.env._(
                "Lists to be read from the beginning at the next run: %s.", len(self)
            ),
        )
