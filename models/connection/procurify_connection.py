"""One Procurify tenant and its credentials, for one company."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ...fetching.tenant import SECRET, open_client
from ...importers.resource_kinds import DOCUMENTS
from ...procurify import RESOURCES, AddressError, ForbiddenError, ProcurifyError
from ...procurify.addresses import check_url, tenant_url
from ...tools.cipher import UnreadableSecret, encrypt, use_of
from ...tools.private import without_client_context

_CREDENTIALS = frozenset(
    {
        "base_url",
        "token_url",
        "allow_private_address",
        "client_id",
        "client_secret",
    }
)


class ProcurifyConnection(models.Model):
    """A row is one Procurify tenant whose documents belong to one company.

    It is written by managers (credentials, policies) and by the crons (token,
    health). The secret and the token are stored encrypted and nobody can read
    them back, see ``tools/cipher.py``.
    """

    _name = "procurify.connection"
    _inherit = "procurify.system.fields"
    _description = "Procurify Connection"
    _order = "company_id, name, id"
    _check_company_auto = True
    _system_fields = frozenset(
        {
            "audit_days_since",
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
    active = fields.Boolean(default=True, help="An archived connection is not polled.")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    company_currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        string="Integration User",
        required=True,
        default=lambda self: self.env.user,
        help="Documents are created with this user's rights: what this user may not "
        "see does not exist for the import.",
    )

    # --- Address and credentials ---
    base_url = fields.Char(
        "Address", required=True, help="https://<your tenant>.procurify.com"
    )
    token_url = fields.Char(
        "Token Address",
        groups="procurify_connector.group_manager",
        help="Only where tokens are issued elsewhere. Empty: <address>/oauth/token.",
    )
    allow_private_address = fields.Boolean(
        "Allow Private Addresses",
        groups="procurify_connector.group_manager",
        copy=False,
        help="Only where Procurify is reached through your own network: addresses and "
        "files may then lead to its private addresses as well. This server itself, and "
        "what clouds keep at link-local addresses, are never asked.",
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
        help="Stored encrypted. It can be replaced, never read back; leaving it empty "
        "keeps the stored one.",
    )
    client_secret_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    has_client_secret = fields.Boolean(
        "Secret Stored", compute="_compute_has_client_secret"
    )
    token_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    token_expires_at = fields.Datetime(copy=False, readonly=True)
    identity = fields.Char(
        "Acts As",
        copy=False,
        readonly=True,
        help="The tenant and the Procurify user whose rights the credentials carry.",
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
        readonly=True, copy=False, help="Why what was read cannot be imported."
    )
    retry_at = fields.Datetime("Next Attempt", readonly=True, copy=False)
    stream_ids = fields.One2many("procurify.stream", "connection_id")

    # --- Fetching ---
    page_size = fields.Integer(
        default=50, help="Objects per page; Procurify may give less."
    )
    detail_requests = fields.Integer(
        "Parallel Requests", default=4, help="Bills that are read at the same time."
    )
    nightly_check_days = fields.Integer(
        "Compare the Last (days)",
        default=60,
        help="Each night what changed in these days is compared with Procurify once "
        "more. 0: everything.",
    )

    version_days = fields.Integer(
        "Keep Versions (days)",
        default=730,
        required=True,
        help="Earlier versions of what Procurify sent are deleted so long after they "
        "were replaced, but for what was booked last.",
    )

    _check_page_size = models.Constraint(
        "CHECK(page_size BETWEEN 1 AND 500)", "A page holds 1 to 500 objects."
    )
    _check_detail_requests = models.Constraint(
        "CHECK(detail_requests BETWEEN 1 AND 10)",
        "Between 1 and 10 bills are read at the same time.",
    )
    _check_version_days = models.Constraint(
        "CHECK(version_days >= 90)", "Versions are kept for 90 days at least."
    )
    _check_nightly_check_days = models.Constraint(
        "CHECK(nightly_check_days >= 0)", "The days to compare are zero or more."
    )

    # === COMPUTE METHODS === #

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
        # Not even for the rest of this transaction.
        self.invalidate_recordset(["client_secret"], flush=False)

    @api.depends("client_secret_encrypted")
    def _compute_has_client_secret(self):
        for connection in self:
            connection.has_client_secret = bool(
                connection.sudo().client_secret_encrypted
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create([self._as_sent(vals) for vals in vals_list])
        connections._create_missing_streams()
        return connections

    def write(self, vals):
        written = super().write(self._as_sent(vals))
        # Nor is it moved to where its writer may not write.
        self.check_access("write")
        if _CREDENTIALS & vals.keys():
            # The token is nobody's to write.
            self.sudo().write(self._forgotten_token_values())
        return written

    @api.model
    def _as_sent(self, vals):
        """Return ``vals`` with the addresses written as they are asked.

        What is no address stays: the test of the connection says what is wrong with it.

        :raises ValidationError: an address holds a user name or a password
        """
        written = dict(vals)
        for name, as_sent in (("base_url", tenant_url), ("token_url", check_url)):
            try:
                if written.get(name):
                    written[name] = as_sent(written[name])
            except AddressError:
                if "@" in written[name]:
                    raise ValidationError(
                        self.env._(
                            "The address must not hold a user name or a password."
                        )
                    ) from None
        return written

    @api.model
    def _forgotten_token_values(self):
        """The token and the health belong to the credentials that made them."""
        return {
            "state": "draft",
            "identity": False,
            "token_encrypted": False,
            "token_expires_at": False,
            "error_message": False,
            "error_date": False,
            "retry_at": False,
        }

    def _create_missing_streams(self):
        """Give each connection one stream per resource that the code knows."""
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

    def _check_administrator(self):
        """Let only those pass who administer the connector, and these connections.

        :raises AccessError: the others
        """
        self.check_access("write")
        if not self.env.user.has_group("procurify_connector.group_manager"):
            raise AccessError(self.env._("Only Procurify administrators may do this."))

    # === ACTION METHODS === #

    def action_test_connection(self):
        """Ask for a new token, count what it may see, and say so on the connection.

        :returns: a notification; a failure is written on the connection, with
            what to do, instead of being raised
        """
        self.ensure_one()
        self.check_access("write")
        connection = self.sudo()
        try:
            client = open_client(connection)
            client.authenticate()
            connection._look_around(client)
        except (ProcurifyError, UnreadableSecret) as error:
            connection._note_failure(error)
            self.env["procurify.audit"]._log_test(connection)
            return self._notification("danger", connection.error_message)
        connection._prove_tenant()
        connection._note_success()
        self.env["procurify.audit"]._log_test(connection)
        labels = dict(self.env["procurify.stream"]._selection_resource())
        return self._notification(
            "success",
            self.env._(
                "Procurify answers as %(identity)s and shows %(objects)s.",
                identity=connection.identity or connection.base_url,
                objects=", ".join(
                    f"{labels[stream.resource]}: {stream.visible_count}"
                    for stream in connection.stream_ids
                ),
            ),
        )

    def _look_around(self, client):
        """Note how many objects of each list the credentials show.

        :raises ForbiddenError: a list is refused that is to be read; the others are
            noted all the same
        :raises ProcurifyError: whatever else stands in the way
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

    def action_sync_now(self):
        """Poll every stream of these connections as soon as a cron worker is free."""
        self.check_access("read")
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(self.env._("Only Procurify reviewers may synchronise."))
        if archived := self.filtered(lambda connection: not connection.active):
            raise UserError(
                self.env._(
                    "%(name)s is archived and is not polled. Unarchive it first.",
                    name=archived[0].name,
                )
            )
        if paused := self.filtered(lambda connection: connection.phase == "paused"):
            raise UserError(
                self.env._(
                    "%(name)s is paused and is not polled. Resume it first.",
                    name=paused[0].name,
                )
            )
        self.env["procurify.audit"]._log_records("sync_requested", self)
        # What is locked is being read right now.
        streams = self.sudo().stream_ids.try_lock_for_update(allow_referencing=True)
        streams.write({"next_attempt": False})
        self.sudo().filtered("retry_at").write({"retry_at": False})
        self.env.ref("procurify_connector.ir_cron_fetch").sudo()._trigger()
        self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
        return self._notification(
            "info", self.env._("Procurify is being read. New documents follow shortly.")
        )

    def action_open_records(self):
        """Open this connection's records, in the state that the button names."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_record_action"
        )
        states = self.env.context.get("procurify_states")
        domain = Domain("connection_id", "=", self.id) & Domain(
            "resource", "in", DOCUMENTS
        )
        if states:
            domain &= Domain("state", "in", states)
        return action | {"domain": list(domain), "context": {}}

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
