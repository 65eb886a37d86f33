"""A remote Odoo: its address, its API user, and what a change of them does."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import ormcache

from ...fetching.remote_odoo import KEY, origin
from ...tools.cipher import encrypt, rotate, use_of

# What the last test proves nothing about any more when it changes.
_PROBED = frozenset({"url", "database", "login", "api_key", "protocol", "company_id"})
_PROTOCOLS = [("json2", "JSON-2"), ("jsonrpc", "JSON-RPC"), ("xmlrpc", "XML-RPC")]
# To whom the key is sent.
_RECEIVERS = frozenset({"url", "database"})
_AUDITED = _PROBED | {"name", "allow_private_address"}
_NO_FINDINGS = {
    "state": "draft",
    "version": False,
    "used_protocol": False,
    "remote_user": False,
    "remote_company": False,
    "remote_company_id": 0,
    "remote_currency": False,
    "price_digits": False,
    "missing": False,
    "error_message": False,
    "failing_since": False,
    "key_expires_at": False,
    "key_count": 0,
    "probed_at": False,
}


class ProcurifyTarget(models.Model):
    """A row is one database of a remote Odoo in which one company books.

    Managers write how it is reached; the test writes what it is. The API key is stored
    encrypted and cannot be read back, see ``tools/cipher.py``.
    """

    _name = "procurify.target"
    _inherit = ["procurify.system.fields", "procurify.list"]
    _description = "Procurify Remote Odoo"
    _order = "company_id, name, id"
    _check_company_auto = True
    _system_fields = frozenset(_NO_FINDINGS) | {
        *(KEY, "mirror_ids", "mirror_state", "mirrored_at", "compared_at"),
        *("dispatch_ids", "pulled_until", "bills_per_call", "retried_at"),
        "has_vanished",
    }

    name = fields.Char(required=True, default="Remote Odoo")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    connection_ids = fields.One2many("procurify.connection", "target_id", readonly=True)

    # --- How it is reached ---
    url = fields.Char("Address", required=True, help="E.g. https://acme.odoo.com")
    database = fields.Char(
        required=True, help="On Odoo Online, the first part of the address."
    )
    login = fields.Char(
        required=True, help="The login of the API user in the remote Odoo."
    )
    api_key = fields.Char(
        "API Key",
        compute="_compute_api_key",
        inverse="_inverse_api_key",
        groups="procurify_connector.group_manager",
        exportable=False,
        copy=False,
        help="Stored encrypted. You can replace it but not read it. Leave it empty to "
        "keep the stored one.",
    )
    api_key_encrypted = fields.Char(groups=fields.NO_ACCESS, copy=False)
    has_api_key = fields.Boolean("Key Stored", compute="_compute_has_api_key")
    protocol = fields.Selection(
        [("auto", "The best one of its version"), *_PROTOCOLS],
        default="auto",
        required=True,
    )
    allow_private_address = fields.Boolean(
        "Allow Private Addresses",
        groups="procurify_connector.group_manager",
        copy=False,
        help="Only if you reach the remote Odoo through your own network. This server "
        "and link-local addresses are never contacted.",
    )

    # --- What the last test found ---
    state = fields.Selection(
        [("draft", "Not tested"), ("ready", "Ready"), ("stopped", "Not ready")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    version = fields.Char(readonly=True, copy=False)
    used_protocol = fields.Selection(_PROTOCOLS, readonly=True, copy=False)
    remote_user = fields.Char("API User", readonly=True, copy=False)
    remote_company = fields.Char(
        "Books In",
        readonly=True,
        copy=False,
        help="The company of the API user in the remote Odoo.",
    )
    remote_company_id = fields.Integer(readonly=True, copy=False)
    remote_currency = fields.Char("Its Currency", readonly=True, copy=False)
    price_digits = fields.Char(
        "Decimals of Prices", readonly=True, copy=False, help="Empty: any number."
    )
    missing = fields.Text("What Is Missing", readonly=True, copy=False)
    error_message = fields.Text(readonly=True, copy=False)
    failing_since = fields.Datetime(
        "No Answer Since",
        readonly=True,
        copy=False,
        help="It is tried again by itself.",
    )
    key_expires_at = fields.Datetime("Key Expires On", readonly=True, copy=False)
    key_count = fields.Integer(
        "Keys of the API User",
        readonly=True,
        copy=False,
        help="If there are several, the first that expires is shown: Odoo does not say "
        "which of them is used here.",
    )
    probed_at = fields.Datetime("Tested On", readonly=True, copy=False)

    # === CONSTRAINTS === #

    _database_uniq = models.UniqueIndex(
        "(company_id, url, database)",
        "This company already has this database as a remote Odoo.",
    )

    @api.constrains("company_id")
    def _check_connections(self):
        for target in self:
            if target.sudo().connection_ids.company_id - target.company_id:
                raise ValidationError(
                    self.env._(
                        "Connections of another company book in %(name)s.",
                        name=target.name,
                    )
                )

    # === COMPUTE METHODS === #

    def _compute_api_key(self):
        self.api_key = False

    def _inverse_api_key(self):
        for target in self:
            if target.api_key:
                target.sudo()[KEY] = encrypt(
                    self.env, target.api_key.strip(), use_of(target, KEY)
                )
        # It must not stay in the cache either.
        self.invalidate_recordset(["api_key"], flush=False)

    @api.depends(KEY)
    def _compute_has_api_key(self):
        for target in self:
            target.has_api_key = bool(target.sudo()[KEY])

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        targets = super().create([self._with_clean_address(vals) for vals in vals_list])
        others = self.sudo().with_context(active_test=False)
        is_first = not others.search_count(Domain("id", "not in", targets.ids), limit=1)
        self.env["ir.cron"]._procurify_switch(targets, is_on=True)
        targets[is_first:]._make_own_jobs()
        self.env.registry.clear_cache()
        return targets

    def write(self, vals):
        vals = self._with_clean_address(vals)
        receivers = {target: target._receiver() for target in self}
        audited = {target: target._audited_values(vals) for target in self}
        if moved := self.filtered(lambda each: each._holds_sent_at_another(vals)):
            raise ValidationError(moved[0]._explain_fixed())
        written = super().write(vals)
        if "company_id" in vals:
            self.env.registry.clear_cache()
        # Refuses a move to a company that the writer cannot access.
        self.check_access("write")
        if not _PROBED.isdisjoint(vals):
            self.sudo().write(_NO_FINDINGS)
        self._forget_key_of_another(vals, receivers)
        self._log_changes(vals, audited)
        return written

    def unlink(self):
        own = self._own_jobs()
        unlinked = super().unlink()
        self.env["ir.cron"].sudo().union(*own.values()).unlink()
        self.env["ir.cron"]._procurify_switch(self, is_on=False)
        self.env.registry.clear_cache()
        return unlinked

    # === HUB === #

    @api.model
    @ormcache()
    def _hub_companies(self):
        """Return the ids of the companies that have a remote Odoo, archived ones too.

        In a database without any, this is all that the hub costs.
        """
        targets = self.sudo().with_context(active_test=False)
        return frozenset(
            company.id for (company,) in targets._read_group([], ["company_id"])
        )

    # === STEPS OF CREATE AND WRITE === #

    @api.model
    def _with_clean_address(self, vals):
        """Return ``vals`` with the address in the form in which it is requested.

        An invalid address stays as it is: the test explains what is wrong.

        :raises ValidationError: the address contains a user name or a password
        """
        if not vals.get("url"):
            return vals
        if "@" in vals["url"]:
            raise ValidationError(
                self.env._("The address must not contain a user name or a password.")
            )
        return vals | {"url": origin(vals["url"])}

    def _receiver(self):
        """Return what the stored key was entered for."""
        self.ensure_one()
        return self.url, self.database

    def _has_sent(self):
        """Return whether the remote has documents of this hub."""
        self.ensure_one()
        rows = self.env["procurify.dispatch"].sudo()
        sent = Domain("target_id", "=", self.id) & Domain("remote_id", "!=", 0)
        return bool(rows.search_count(sent, limit=1))

    def _holds_sent_at_another(self, vals):
        """Return whether ``vals`` lead to another database than the one that has what
        was sent: its ids stand for other people's documents there."""
        self.ensure_one()
        moved = any(vals.get(name, self[name]) != self[name] for name in _RECEIVERS)
        return moved and self._has_sent()

    def _explain_fixed(self):
        return self.env._(
            "Documents were sent to %(name)s. Its address, database and company cannot "
            "be changed any more. Create another remote Odoo instead.",
            name=self.name,
        )

    def _forget_key_of_another(self, vals, before):
        """Delete the stored key where its server or database changed.

        A user who may set an address cannot read the key, and must not be able to have
        it sent elsewhere.

        :param before: {target: its receiver before the write}
        """
        if vals.get("api_key") or _RECEIVERS.isdisjoint(vals):
            return
        moved = self.filtered(lambda target: target._receiver() != before[target])
        moved.sudo()[KEY] = False

    def _audited_values(self, names):
        """Return {field: value} of what the audit shows of a change."""
        self.ensure_one()
        shown = _AUDITED.intersection(names) - {"api_key"}
        return {
            name: self[name].name if name == "company_id" else self[name] or ""
            for name in sorted(shown)
        }

    def _log_changes(self, vals, before):
        """Log what a write changed, on each connection that books there.

        :param before: {target: its audited values before the write}
        """
        audit = self.env["procurify.audit"]
        for target in self.filtered(lambda each: each.sudo().connection_ids):
            connections = target.sudo().connection_ids
            was, now = before[target], target._audited_values(vals)
            changed = [name for name in was if was[name] != now[name]]
            if changed:
                audit._log_records(
                    "policy_changed",
                    connections,
                    before={name: was[name] for name in changed},
                    after={name: now[name] for name in changed},
                    reason=target.name,
                )
            if vals.get("api_key"):
                label = self._fields["api_key"]._description_string(self.env)
                audit._log_records(
                    "credentials_changed",
                    connections,
                    after={"credentials": label},
                    reason=target.name,
                )

    # === KEY === #

    def _rotate_key(self):
        """Encrypt the stored keys again, with the first key of the server."""
        for target in self.sudo().filtered(KEY):
            target[KEY] = rotate(self.env, target[KEY])
