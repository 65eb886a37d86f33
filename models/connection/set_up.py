"""Setting up a connection: test, policies, mappings, dry run, switch on.

The set-up is a form of the connection itself: a user who comes back continues at the
same step. Until its end, Procurify is read and nothing is booked.
"""

import time
from itertools import chain, count

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...fetching.tenant import open_client
from ...procurify import RESOURCES, ForbiddenError, ProcurifyError
from ...tools.cipher import UnreadableSecret

STEPS = ("credentials", "policies", "mapping", "dry_run", "live")
# For a person who waits for the test's answer: one repetition, after at most a second.
_IMPATIENT = {"max_attempts": 2, "timeout": 10.0}
# The rights to enter vendors, products, orders and bills, and no more.
_IMPORT_GROUPS = (
    "base.group_user",
    "base.group_partner_manager",
    "account.group_account_invoice",
    "product.group_product_manager",
    "purchase.group_purchase_user",
)
_ANALYTIC_GROUP = "analytic.group_analytic_accounting"
MOST_ITEMS = 1000  # journal items in the data of a dry run; the rows have all of them


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    setup_obstacle = fields.Text(compute="_compute_setup_obstacle")
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
    has_analytic_accounting = fields.Boolean(compute="_compute_has_analytic_accounting")
    finding_ids = fields.One2many("procurify.finding", "connection_id", "Findings")

    # === COMPUTE METHODS === #

    @api.depends("user_id", "company_id", "order_policy", "requisition_policy")
    def _compute_setup_obstacle(self):
        for connection in self:
            saved = connection._origin.sudo()
            connection.setup_obstacle = bool(saved) and (
                saved._import_obstacle() or saved._rights_obstacle()
            )

    @api.depends_context("uid")
    def _compute_has_analytic_accounting(self):
        self.has_analytic_accounting = self.env.user.has_group(_ANALYTIC_GROUP)

    @api.depends("dry_run_id.issue_ids")
    def _compute_dry_run_issues(self):
        for connection in self:
            issues = connection.dry_run_id.issue_ids
            connection.dry_run_issue_ids = issues
            connection.missing_mapping_ids = issues.filtered("mapped_resource")

    # === CONNECTION TEST === #

    def action_test_connection(self):
        """Get a new token, and count the objects that it can see.

        :returns: a notification of success, or a reload: a failure is not raised, what
            to do about it is written on the connection
        """
        self.ensure_one()
        self.check_access("write")
        connection = self.sudo()
        try:
            client = open_client(connection, **_IMPATIENT)
            client.authenticate()
            connection._count_visible(client)
        except (ProcurifyError, UnreadableSecret) as error:
            connection._note_failure(error)
            self.env["procurify.audit"]._log_test(connection)
            # The form shows what is wrong: no second message beside it.
            return {"type": "ir.actions.client", "tag": "soft_reload"}
        connection._prove_tenant()
        connection._note_success()
        self.env["procurify.audit"]._log_test(connection)
        labels = dict(self.env["procurify.stream"]._selection_resource())
        return self._notification(
            "success",
            self.env._(
                "Connected as %(identity)s. Visible: %(objects)s.",
                identity=connection.identity or connection.base_url,
                objects=", ".join(
                    f"{labels[stream.resource]}: {stream.visible_count}"
                    for stream in connection.stream_ids
                ),
            ),
        )

    def _count_visible(self, client):
        """Store how many objects of each list the credentials can see.

        :raises ForbiddenError: an active list is refused; the counts of the other lists
            are stored all the same
        :raises ProcurifyError: any other failure
        """
        seen, refused = {}, {}
        for name, resource in RESOURCES.items():
            try:
                seen[name] = client.count(resource)
            except ForbiddenError as error:
                refused[name] = error
        self._note_test(client, seen, refused)
        wanted = set(self.stream_ids.filtered("active").mapped("resource"))
        for name, error in refused.items():
            if name in wanted:
                raise error

    def _note_test(self, client, seen, refused):
        """Store the result of the test per list, and the time of Procurify's clock.

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

    # === STEPS === #

    def action_set_up(self):
        """Return the action that opens the set-up at the step where it was left."""
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
        """Go to the next step, if this one is done.

        :returns: a notification if the credentials do not work; the reason is written
            on the connection
        :raises UserError: what has to be done first
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

    def action_enable_analytic_accounting(self):
        """Switch on Odoo's Analytic Accounting, as its Settings do, and choose plans.

        :raises AccessError: the user is no Settings administrator
        """
        self._check_setup()
        settings = self.env["res.config.settings"]
        settings.create({"group_analytic_accounting": True}).execute()
        self._choose_plans()
        # The client's screens are loaded again: they may show analytic plans now.
        return {"type": "ir.actions.client", "tag": "procurify_reload_views"}

    def action_choose_plans(self):
        """Choose the analytic plans of departments and locations, which are created
        where there are none of these names.

        :returns: a notification
        :raises AccessError: the user may not create plans
        """
        self._check_setup()
        self._choose_plans()
        plans = self.department_plan_id | self.location_plan_id
        return self._notification(
            "success",
            self.env._(
                "Departments and locations are booked on the plans %(names)s.",
                names=", ".join(plans.mapped("name")),
            ),
        )

    def _choose_plans(self):
        """Fill the plans that are not chosen yet."""
        plans = self.env["account.analytic.plan"]
        names = {
            "department_plan_id": self.env._("Departments"),
            "location_plan_id": self.env._("Locations"),
        }
        for field, name in names.items():
            if not self[field]:
                found = plans.search([("name", "=ilike", name)], limit=1)
                self[field] = found or plans.create({"name": name})

    def action_create_integration_user(self):
        """Create a user with the rights that the import needs, and choose it.

        The user has no password, so that nobody can log in as it.

        :raises AccessError: the user may not create users
        """
        self.ensure_one()
        self._check_setup()
        companies = self.company_id | self.sudo().route_ids.company_id
        user = self.env["res.users"].create(
            {
                "name": self.env._("%(name)s Integration", name=self.name),
                "login": self._free_login(),
                "company_id": self.company_id.id,
                "company_ids": [Command.set(companies.ids)],
                "group_ids": [
                    Command.set([self.env.ref(name).id for name in _IMPORT_GROUPS])
                ],
            }
        )
        self.user_id = user
        return self._notification(
            "success",
            self.env._(
                "Documents are created as %(user)s, who can only enter vendors, "
                "products, orders and bills.",
                user=user.name,
            ),
        )

    def _free_login(self):
        """Return a login that nobody has: "procurify", "procurify-2" …"""
        users = self.env["res.users"].sudo().with_context(active_test=False)
        taken = set(users.search([("login", "=like", "procurify%")]).mapped("login"))
        names = (f"procurify-{number}" for number in count(2))
        return next(name for name in chain(["procurify"], names) if name not in taken)

    def action_setup_back(self):
        """Go to the previous step."""
        self._check_setup()
        self._go(-1)
        if self.setup_step == "mapping":
            self._enter_step()

    def action_follow_reading(self):
        """Say how far Procurify is read; once all is, start to look at the mappings.

        The page of the mappings calls it until ``state`` is not ``reading``.

        :returns: ``{"state", "percent", "note"}``; the state is ``reading``, ``read``,
            or ``failed``, with the reason on the connection
        :raises AccessError: the user is no administrator of the connector
        """
        self._check_setup()
        streams = self.stream_ids.filtered("active")
        read = streams.filtered("last_success")
        state = "failed" if self.error_message else "reading"
        if read == streams:
            state = "read"
            if self.setup_step == "mapping" and not self.dry_run_id:
                self._enter_step()
        return {
            "state": state,
            "percent": 100 * len(read) // max(len(streams), 1),
            "note": self._reading_note(),
        }

    def _reading_note(self):
        streams = self.stream_ids.filtered("active")
        return self.env._(
            "%(read)s of %(all)s lists are completely read.",
            read=len(streams.filtered("last_success")),
            all=len(streams),
        )

    def action_switch_on(self):
        """Start reading and importing, and show the dashboard, which follows them.

        :raises AccessError, UserError: see ``action_resume``
        """
        self._check_setup()
        started = self.action_resume()
        dashboard = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_connection_action_dashboard"
        )
        started["params"]["next"] = dashboard | {"target": "main"}
        return started

    def action_accept_suggestions(self):
        """Map what the dry run found missing, where the match is certain.

        :returns: a notification with the number of mapped records
        """
        self._check_setup()
        records = self._missing_records()
        notification = records.action_accept_suggestions()
        self._drop_mapped(records)
        return notification

    def action_preview_missing(self):
        """Show what would be created for the master data that is not mapped.

        :raises UserError: there is nothing to create
        """
        self._check_setup()
        return self._missing_records().action_preview_missing()

    def _missing_records(self):
        """Return the records that the dry run found not mapped."""
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
        )

    def _drop_mapped(self, records):
        """Remove from the set-up's list those ``records`` that are mapped now."""
        mapped = {
            (record.resource, record.external_id) for record in records if record.res_id
        }
        self.missing_mapping_ids.filtered(
            lambda issue: (issue.mapped_resource, issue.mapped_id) in mapped
        ).sudo().unlink()

    def _look_at_mappings_again(self):
        """Look again at what is not mapped, where the set-up shows it."""
        if self.env.user.has_group("procurify_connector.group_manager"):
            for connection in self:
                if (connection.phase, connection.setup_step) == ("setup", "mapping"):
                    connection._enter_step()

    def _check_setup(self):
        self.ensure_one()
        self._check_administrator()

    def _check_read(self):
        """Check that every list was read completely.

        :raises UserError: says how far it is
        """
        if self.stream_ids.filtered(lambda s: s.active and not s.last_success):
            raise UserError(
                self.env._(
                    "Procurify is still being read in the background: %(note)s You can "
                    "leave this page and come back.",
                    note=self._reading_note(),
                )
            )

    def _go(self, steps):
        position = STEPS.index(self.setup_step) + steps
        self.sudo().setup_step = STEPS[max(0, min(position, len(STEPS) - 1))]

    def _enter_step(self):
        """Start the work of the step if it needs no click."""
        is_read = all(s.last_success for s in self.stream_ids.filtered("active"))
        if self.setup_step == "mapping" and is_read:
            self.action_dry_run_master_data()
        elif self.setup_step == "dry_run":
            self.action_dry_run()
        elif self.setup_step == "live" and not self.env.user.tz:
            # By now the tenant's own time zone is known.
            self.schedule_tz = self.suggested_date_zone or self.schedule_tz
        return False

    # === DRY RUN === #

    def action_dry_run(self):
        """Start a dry run of everything that was read. Nothing is saved.

        :raises AccessError: the user is no administrator of the connector
        """
        self._start_dry_run("all")

    def action_dry_run_master_data(self):
        """Start a dry run of the master data only: what would not be mapped.

        :raises AccessError: the user is no administrator of the connector
        """
        self._start_dry_run("master")

    def _start_dry_run(self, scope):
        """Return a new dry run. It replaces the previous one."""
        self.ensure_one()
        self._check_administrator()
        self.env["procurify.dry.run"].sudo().search(
            [("connection_id", "=", self.id)]
        ).unlink()
        dry_run = (
            self.env["procurify.dry.run"]
            .sudo()
            .create({"connection_id": self.id, "scope": scope})
        )
        dry_run._start()
        self.sudo().dry_run_id = dry_run
        return dry_run

    def _dry_run(self, items=MOST_ITEMS):
        """Make a whole dry run of everything that was read.

        :param items: maximum number of journal items in the result
        :returns: a dict that JSON takes; amounts are texts per currency::

            {"dry_run_id", "records",
             "booked": [{"resource", "origin", "count", "amounts"}],
             "held": [{"code", "key", "message", "advice", "documents", "records",
                       "amounts"}], those that hold up most first,
             "excluded": [{"resource", "rule", "count"}],
             "waiting": int,
             "missing_mappings": [{"resource", "external_id", "name", "documents",
                                   "suggestion"}], in the same order,
             "duplicates": [{"name", "party", "amount", "currency", "message"}],
             "journal_items": [{"document", "date", "account_code", "account",
                                "label", "balance", "amount_currency", "currency",
                                "cost_centres", "taxes"}],
             "journal_item_count": int, "remote": what would be sent to a remote Odoo,
             in words, or ""}

        :raises AccessError: the user is no administrator of the connector
        """
        dry_run = self._start_dry_run("all")
        while dry_run.state == "running":
            dry_run._step(time.monotonic() + 60)
        return dry_run._as_data(items)
