"""The first five minutes: from the credentials to a schedule that is switched on."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...procurify import RESOURCES

STEPS = ("credentials", "policies", "mapping", "dry_run", "live")


class ProcurifyConnection(models.Model):
    """The set-up is a form of the connection itself, so that whoever comes back goes
    on where it was left. Until its end Procurify is read and nothing is booked.
    """

    _inherit = "procurify.connection"

    setup_step = fields.Selection(
        [
            ("credentials", "Connect"),
            ("policies", "Policies"),
            ("mapping", "Mappings"),
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
        help="What Procurify's clock showed at the last test.",
    )
    tested_at = fields.Datetime("Tested On", readonly=True, copy=False)
    setup_obstacle = fields.Text(compute="_compute_setup_obstacle")
    reading_note = fields.Char("Reading", compute="_compute_reading_note")
    dry_run_state = fields.Selection(
        related="dry_run_id.state", string="Dry Run Status"
    )
    dry_run_scope = fields.Selection(related="dry_run_id.scope", string="Dry Run Of")
    dry_run_issue_ids = fields.One2many(
        "procurify.dry.run.issue", compute="_compute_dry_run_issues"
    )
    missing_mapping_ids = fields.One2many(
        "procurify.dry.run.issue", compute="_compute_dry_run_issues"
    )

    # === COMPUTE METHODS === #

    @api.depends("user_id", "company_id", "order_policy", "requisition_policy")
    def _compute_setup_obstacle(self):
        for connection in self:
            saved = connection._origin.sudo()
            connection.setup_obstacle = bool(saved) and (
                saved._import_obstacle() or saved._missing_right()
            )

    @api.depends("stream_ids.last_success", "stream_ids.active")
    def _compute_reading_note(self):
        for connection in self:
            streams = connection.stream_ids.filtered("active")
            read = streams.filtered("last_success")
            connection.reading_note = self.env._(
                "%(read)s of %(all)s lists are read to their end.",
                read=len(read),
                all=len(streams),
            )

    @api.depends("dry_run_id.issue_ids")
    def _compute_dry_run_issues(self):
        for connection in self:
            issues = connection.dry_run_id.issue_ids
            connection.dry_run_issue_ids = issues
            connection.missing_mapping_ids = issues.filtered("mapped_resource")

    # === ACTION METHODS === #

    def action_set_up(self):
        """Open the set-up of this connection, at the step where it was left."""
        self.ensure_one()
        self.check_access("write")
        view = self.env.ref("procurify_connector.procurify_connection_view_form_setup")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Set up %(name)s", name=self.name),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(view.id, "form")],
        }

    def action_setup_next(self):
        """Go to the next step, if nothing speaks against it.

        :returns: a notification where the credentials do not work, which is written
            on the connection
        :raises UserError: what has to be done before
        """
        self._check_setup()
        if self.setup_step == "credentials" and self.state != "connected":
            notification = self.action_test_connection()
            if self.state != "connected":
                return notification
        if self.setup_step == "policies":
            if self.setup_obstacle:
                raise UserError(self.setup_obstacle)
            if self.active and self.phase != "paused":
                self.action_sync_now()
        if self.setup_step in ("mapping", "dry_run"):
            self._check_read()
        self._go(1)
        return self._enter_step()

    def action_setup_back(self):
        """Go to the step before."""
        self._check_setup()
        self._go(-1)

    def action_accept_suggestions(self):
        """Map what the dry run found missing to what it surely is in Odoo.

        :returns: a notification that says how many were mapped
        """
        self._check_setup()
        issues = self.missing_mapping_ids
        records = self.env["procurify.record"].search(
            [
                ("connection_id", "=", self.id),
                ("resource", "in", issues.mapped("mapped_resource")),
                ("external_id", "in", issues.mapped("mapped_id")),
            ]
        )
        wanted = {(issue.mapped_resource, issue.mapped_id) for issue in issues}
        return records.filtered(
            lambda record: (record.resource, record.external_id) in wanted
        ).action_accept_suggestions()

    # === STEPS === #

    def _check_setup(self):
        self.ensure_one()
        self._check_administrator()

    def _check_read(self):
        """Refuse to judge what is not read to its end.

        :raises UserError: how far it is
        """
        if self.stream_ids.filtered(lambda s: s.active and not s.last_success):
            raise UserError(
                self.env._(
                    "Procurify is still being read, which goes on by itself: %(note)s "
                    "Come back at any time.",
                    note=self.reading_note,
                )
            )

    def _go(self, steps):
        position = STEPS.index(self.setup_step) + steps
        self.sudo().setup_step = STEPS[max(0, min(position, len(STEPS) - 1))]

    def _enter_step(self):
        """Begin the step's work where it needs nobody's click."""
        is_read = all(s.last_success for s in self.stream_ids.filtered("active"))
        if self.setup_step == "mapping" and is_read:
            self.action_dry_run_master_data()
        elif self.setup_step == "dry_run":
            self.action_dry_run()
        return False

    # === TESTING === #

    def _note_test(self, client, seen, refused):
        """Keep what the test found out of each list, and of Procurify's clock.

        :param seen: {resource: count}
        :param refused: {resource: ForbiddenError}
        """
        self.write(
            {"tested_at": fields.Datetime.now(), "server_time": client.server_time}
        )
        for stream in self.stream_ids.filtered(lambda s: s.resource in RESOURCES):
            stream.write(
                {
                    "visible_count": seen.get(stream.resource, 0),
                    "is_refused": stream.resource in refused,
                }
            )
