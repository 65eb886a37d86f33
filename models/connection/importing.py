"""How a connection's documents are imported: user, company, day, and import again."""

from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.base.models.res_partner import _tz_get

from ...importers.resource_kinds import DOCUMENTS
from ...importers.start_date import BEFORE_START_DATE
from ...procurify import InvalidPayload, read_json
from ...procurify.findings import STOPS_POSTING
from ...procurify.payloads.dates import in_zone
from ...tools.findings_table import SHOWN

# Documents with an uncertain day: it depends on how dates are read.
_UNCERTAIN = Domain("date_finding", "=", "time_of_day") | Domain(
    "list_date_finding", "=", "differs"
)


_START_DATES = {"bill": "bills_start_date", "purchase_order": "orders_start_date"}


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    suggested_date_zone = fields.Char(
        "Suggested Time Zone", compute="_compute_suggested_date_zone"
    )
    uncertain_date_count = fields.Integer(
        "Documents with Uncertain Dates",
        compute="_compute_uncertain_date_count",
        help="Documents whose date is uncertain until someone chooses how to read "
        "dates.",
    )
    start_date_note = fields.Text(
        "Effect of the Start Date", compute="_compute_start_date_note"
    )

    # === COMPUTE METHODS === #

    @api.depends("bills_start_date", "orders_start_date")
    def _compute_start_date_note(self):
        """Say what the start dates would do to what was read, before they are saved."""
        for connection in self:
            notes = (
                connection._start_date_effect(resource, connection[field])
                for resource, field in _START_DATES.items()
            )
            connection.start_date_note = "\n".join(filter(None, notes)) or False

    def _start_date_effect(self, resource, start):
        """Return one sentence on the documents of ``resource``, or False: nothing.

        Procurify's own dates are counted; a bill may have another accounting date.
        """
        stored = Domain("connection_id", "=", self._origin.id) & Domain(
            "resource", "=", resource
        )
        earlier = stored & Domain("remote_date", "<", start) if start else Domain.FALSE
        groups = dict(
            self.env["procurify.record"]._read_group(earlier, ["state"], ["__count"])
        )
        again = self.env["procurify.record"].search_count(
            stored
            & Domain("excluded_rule", "=", BEFORE_START_DATE)
            & (Domain("remote_date", ">=", start) if start else Domain.TRUE)
        )
        booked = groups.pop("done", 0)
        if not (booked or groups or again):
            return False
        records = self.env["procurify.record"]
        labels = dict(records._fields["resource"]._description_selection(self.env))
        return self.env._(
            "%(kind)s: %(earlier)s are earlier and not in Odoo, %(booked)s are earlier "
            "and stay in Odoo, %(again)s excluded ones would be imported.",
            kind=labels[resource],
            earlier=sum(groups.values()),
            booked=booked,
            again=again,
        )

    @api.depends("company_id")
    def _compute_suggested_date_zone(self):
        zones = dict(_tz_get(self))
        for connection in self:
            found = (
                *connection._zones_of_locations(),
                connection.company_id.partner_id.tz,
                self.env.user.tz,
            )
            connection.suggested_date_zone = next((z for z in found if z in zones), "")

    @api.depends("date_reading")
    def _compute_uncertain_date_count(self):
        undecided = self.filtered(lambda connection: not connection.date_reading)
        groups = (
            self.env["procurify.record"]
            .sudo()
            ._read_group(
                Domain("connection_id", "in", undecided.ids) & _UNCERTAIN,
                ["connection_id"],
                ["__count"],
            )
        )
        counts = {connection.id: count for connection, count in groups}
        for connection in self:
            connection.uncertain_date_count = counts.get(connection._origin.id, 0)

    # === INTEGRATION USER === #

    def _import_env(self, companies=None):
        """Return the environment of the import: the integration user in a company.

        :param companies: the connection's company or one of its branches. To look for
            what any of several may use: all of them, the connection's own first
        """
        self.ensure_one()
        companies = companies or self.company_id
        # A new context: no key that a client sent has an effect on the import.
        context = {
            "allowed_company_ids": companies.ids,
            "lang": self.user_id.lang,
            "tz": self.user_id.tz,
            "tracking_disable": True,
            "mail_create_nolog": True,
            "mail_create_nosubscribe": True,
        }
        # pylint: disable=context-overridden
        return self.with_user(self.user_id).with_context(context).env

    def _check_books(self):
        """Check that these connections import: none is still being set up.

        :raises UserError: names the connection that is, or whose remote Odoo is not
            ready
        """
        self._check_remote_is_ready()
        if unready := self.sudo().filtered(lambda c: c.phase == "setup")[:1]:
            raise UserError(
                self.env._(
                    "%(name)s is still being set up. Switch it on before you import.",
                    name=unready.name,
                )
            )

    # === COMPANIES OF LOCATIONS === #

    def _companies(self):
        """Return the companies whose records master data can be mapped to.

        These are the connection's company and, if it books in branches, the branches
        that the integration user may access.
        """
        self.ensure_one()
        own = self.company_id
        in_branches = Domain("connection_id", "=", self.id) & Domain(
            "route_company_id", "child_of", own.id
        )
        if not self._tenant_routes() and not self.env["procurify.record"].search(
            in_branches, limit=1
        ):
            return own
        branches = own.search([("id", "child_of", own.id)]) - own
        if self.user_id != self.env.ref("base.user_root"):
            branches &= self.user_id.company_ids
        return own | branches

    def _companies_concerned(self):
        """Return the companies whose documents this connection's rules decide about.

        Another connection counts only if its tenant has accepted its credentials.
        """
        self.ensure_one()
        connection = self.sudo()
        others = connection.search([("active", "=", True)]).filtered(
            lambda each: each._is_proven() and each._tenant() == connection._tenant()
        )
        return (connection | others).company_id | connection.route_ids.company_id

    def _check_consent(self):
        """Check that the user belongs to every company that the rules decide about.

        :returns: these companies
        :raises AccessError: the user does not; no company is named
        """
        concerned = self._companies_concerned()
        if not self.env.su and concerned - self.env.user.sudo().company_ids:
            raise AccessError(
                self.env._(
                    "These rules also affect documents of other companies. Only a "
                    "Procurify administrator with access to all these companies can "
                    "change them."
                )
            )
        return concerned

    def _routes_in_words(self):
        """Return the rules of this connection as the audit shows them."""
        self.ensure_one()
        others = self.env._("Every other location")
        rules = (
            f"{route.location_id.display_name or others}: {route.company_id.name}"
            for route in self.sudo().route_ids
        )
        return {"route_ids": "; ".join(rules)}

    def _tenant_routes(self):
        """Return the rules of all connections to the same tenants, the oldest first."""
        connections = self._tenant_connections()
        routes = self.env["procurify.route"].sudo()
        return routes.search([("connection_id", "in", connections.ids)], order="id")

    def _route_again(self, if_routed=False):
        """Decide again about what is not in Odoo yet, for the whole tenant.

        :param if_routed: only if the tenant has rules
        """
        if not if_routed or self._tenant_routes():
            self._tenant_connections()._decide_again(DOCUMENTS)

    # === CONNECTIONS TO ONE TENANT === #

    def _tenant(self):
        """Return the key of the tenant: the same however its address is written."""
        self.ensure_one()
        return urlsplit(self.base_url).netloc.lower()

    def _is_proven(self):
        """Return whether the tenant ever accepted this connection's credentials."""
        self.ensure_one()
        return self.sudo().proven_tenant == self._tenant()

    def _prove_tenant(self):
        """Note that the tenant has just accepted the credentials."""
        self.ensure_one()
        if not self._is_proven():
            self.sudo().proven_tenant = self._tenant()
            self._route_again(if_routed=True)

    def _tenant_connections(self):
        """Return the active connections of any company to the tenants of these.

        A connection that its tenant has not accepted yet does not find the others.
        """
        active = self.sudo().search([("active", "=", True)], order="id")
        tenants = {each._tenant() for each in self.sudo() if each._is_proven()}
        return active.filtered(
            lambda each: (
                each in self or (each._is_proven() and each._tenant() in tenants)
            )
        )

    def _predecessors(self):
        """Return the other connections of the same company to the same tenant."""
        self.ensure_one()
        others = (
            self.sudo()
            .with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id), ("id", "!=", self.id)])
        )
        return others.filtered(lambda other: other._tenant() == self._tenant())

    # === DATES === #

    def _dated(self, payload):
        """Return a document with its dates as this connection reads them."""
        if self.date_reading != "zone":
            return payload
        return in_zone(payload, ZoneInfo(self.date_zone))

    def _zones_of_locations(self):
        """Return the time zones of this tenant's locations, the head office's first."""
        self.ensure_one()
        records = self.env["procurify.record"].sudo()
        rows = records.search(
            Domain("connection_id", "=", self._origin.id)
            & Domain("resource", "=", "location"),
            order="id",
        )
        found = []
        for row in rows:
            try:
                data = read_json(row.payload or "{}")
            except InvalidPayload:
                continue
            is_head = data.get("headquarter") is True
            found.append((not is_head, data.get("locationTimezone") or ""))
        return [zone for _rank, zone in sorted(found, key=lambda pair: pair[0])]

    # === IMPORT AGAIN === #

    def _decide_again(self, resources):
        """Send what is not in Odoo yet to the import, with the new policies."""
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

    def _read_dates_again(self):
        """Send the documents to the import whose day depends on how dates are read."""
        doubtful = (
            self.env["procurify.record"]
            .sudo()
            .search(
                Domain("connection_id", "in", self.ids)
                & Domain("state", "in", ("done", "excluded", "quarantined"))
                & (_UNCERTAIN | Domain("issue_ids.code", "=", "date_not_explained"))
            )
        )
        if doubtful:
            # Also compare those that are booked.
            doubtful.write({"applied_digest": False})
            doubtful._requeue()
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()

    def _unconfirmed_finding(self):
        """Return the question that keeps bills in foreign currencies drafts, or "".

        The table of findings answers all questions: here, two are asked of the records.
        """
        self.ensure_one()
        findings = self.env["procurify.finding"]
        questions = set(STOPS_POSTING) - set(self.confirmed_findings or ())
        self.env["procurify.record"].flush_model(SHOWN)
        for question in sorted(questions):
            if self.env.execute_query(findings._one_that_differs(self, question)):
                return question
        return ""

    def _confirm_finding(self, question):
        """Note that a person finds right how this tenant differs, and post again.

        :returns: how many bills were waiting for it
        """
        self.ensure_one()
        connection = self.sudo()
        before = connection.confirmed_findings or []
        if question in before:
            return 0
        connection.confirmed_findings = sorted([*before, question])
        self.env["procurify.audit"]._log_settings(
            "policy_changed",
            {
                self: (
                    {"confirmed_findings": before},
                    {"confirmed_findings": connection.confirmed_findings},
                )
            },
        )
        held = connection.env["procurify.record"].search(
            [
                ("connection_id", "=", self.id),
                ("issue_ids.code", "=", "finding_not_confirmed"),
            ]
        )
        held._requeue()
        self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
        return len(held)

    def action_replay_held(self):
        """Send everything on hold to the import again, without reading Procurify.

        A reviewer of a branch replays only what belongs to the branch.

        :returns: a notification with the number of records
        :raises AccessError: the user is no reviewer
        :raises UserError: a connection is still being set up
        """
        self.check_access("read")
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(self.env._("Only Procurify reviewers can replay."))
        self._check_books()
        held = self.env["procurify.record"].search(
            [
                ("connection_id", "in", self.ids),
                ("state", "in", ("quarantined", "waiting")),
            ]
        )
        self.env["procurify.audit"]._log_records("replayed", held)
        held.sudo()._requeue()
        self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
        return self._notification(
            "info",
            self.env._("%(count)s records are queued for replay.", count=len(held)),
        )
