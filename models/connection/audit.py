"""What is changed on a connection, and by whom; and the state of its audit."""

from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import AccessError

# Their values are nobody's to read; that they changed is.
_CREDENTIALS = frozenset(
    {"base_url", "token_url", "client_id", "client_secret_encrypted"}
)
# What the connector writes about itself has events of its own, or says nothing.
_OWN = frozenset(
    {
        "state",
        "error_message",
        "error_date",
        "retry_at",
        "identity",
        "import_obstacle",
        "token_encrypted",
        "token_expires_at",
        "setup_step",
        "dry_run_id",
        "server_time",
        "tested_at",
        "audit_days_since",
    }
)
VERIFIED_AT_ONCE = 500_000  # rows; while a person waits
_VERDICTS = ("verified", "verification_failed")


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    audit_days = fields.Integer(
        "Keep the Audit for (days)",
        help="Older entries are removed, and the chain says so. 0: never. At least 365 "
        "days; a change takes effect after 30 days.",
    )
    audit_days_since = fields.Datetime(readonly=True, copy=False)
    audit_count = fields.Integer("Audit Rows", compute="_compute_audit")
    audit_state = fields.Selection(
        [("verified", "Whole"), ("verification_failed", "Tampered with")],
        string="Audit",
        compute="_compute_audit",
    )
    audit_verified_at = fields.Datetime(compute="_compute_audit")
    audit_findings = fields.Text(compute="_compute_audit")

    _check_audit_days = models.Constraint(
        "CHECK(audit_days = 0 OR audit_days >= 365)",
        "Keep the audit for at least 365 days, or for ever (0).",
    )

    # === COMPUTE METHODS === #

    def _compute_audit(self):
        audit = self.env["procurify.audit"].sudo()
        groups = audit._read_group(
            [("connection_ref", "in", self.ids)],
            ["connection_ref"],
            ["__count"],
        )
        verdicts = audit._read_group(
            [("connection_ref", "in", self.ids), ("event", "in", _VERDICTS)],
            ["connection_ref"],
            ["id:max"],
        )
        counts, newest = dict(groups), dict(verdicts)
        for connection in self:
            verdict = audit.browse(newest.get(connection.id))
            connection.audit_count = counts.get(connection.id, 0)
            connection.audit_state = verdict.event
            connection.audit_verified_at = verdict.date
            connection.audit_findings = verdict.reason

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        connections.sudo().audit_days_since = fields.Datetime.now()
        names = [name for name in self._fields if self._is_audited(name)]
        changes = {
            connection: ({}, connection._audited_values(names))
            for connection in connections
        }
        self.env["procurify.audit"]._log_settings("connection_created", changes)
        return connections

    def write(self, vals):
        names = [name for name in vals if self._is_audited(name)]
        secrets = sorted(_CREDENTIALS & vals.keys())
        policies = {each: each._audited_values(names) for each in self}
        credentials = {each: each._credentials(secrets) for each in self}
        written = super().write(vals)
        if "audit_days" in vals:
            self.sudo().audit_days_since = fields.Datetime.now()
        self._log_policies(policies, names)
        self._log_credentials(credentials, secrets)
        return written

    def unlink(self):
        names = [name for name in self._fields if self._is_audited(name)]
        changes = {
            connection: (connection._audited_values(names), {}) for connection in self
        }
        self.env["procurify.audit"]._log_settings("connection_deleted", changes)
        return super().unlink()

    # === AUDIT === #

    @api.model
    def _is_audited(self, name):
        field = self._fields.get(name)
        return bool(
            field
            and field.store
            and field.column_type
            and not field.compute
            and name not in models.MAGIC_COLUMNS
            and field.groups != fields.NO_ACCESS
            and name not in _OWN | _CREDENTIALS
        )

    def _audited_values(self, names):
        """Return {field: its value in words} for the fields ``names``."""
        self.ensure_one()
        connection = self.sudo()
        return {name: _in_words(connection, name) for name in names}

    def _credentials(self, names):
        """Return stored credentials, to be compared and nothing else."""
        self.ensure_one()
        connection = self.sudo()
        return {name: connection[name] for name in names}

    def _log_policies(self, before, names):
        changes = {}
        for connection, was in before.items():
            is_ = connection._audited_values(names)
            if changed := [name for name in names if was[name] != is_[name]]:
                changes[connection] = (
                    {name: was[name] for name in changed},
                    {name: is_[name] for name in changed},
                )
        self.env["procurify.audit"]._log_settings("policy_changed", changes)

    def _log_credentials(self, before, names):
        """Say which credentials became others; of the address, its host."""
        changes, labels = {}, self._credential_labels()
        for connection, was in before.items():
            is_ = connection._credentials(names)
            changed = [name for name in names if was[name] != is_[name]]
            if not changed:
                continue
            old, new = {}, {"credentials": ", ".join(labels[name] for name in changed)}
            if "base_url" in changed:
                old["base_url"] = _host(was["base_url"])
                new["base_url"] = _host(is_["base_url"])
            changes[connection] = (old, new)
        self.env["procurify.audit"]._log_settings("credentials_changed", changes)

    def _credential_labels(self):
        shown = {name: name for name in _CREDENTIALS}
        shown["client_secret_encrypted"] = "client_secret"
        return {
            name: self._fields[field]._description_string(self.env)
            for name, field in shown.items()
        }

    # === ACTION METHODS === #

    def action_verify_audit(self, known_head=""):
        """Verify the audit of these connections at once, and say what was found.

        :param known_head: a chain head that somebody kept outside of the database
        """
        self.check_access("read")
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(self.env._("Only Procurify reviewers may verify."))
        audit = self.env["procurify.audit"]
        if sum(self.mapped("audit_count")) > VERIFIED_AT_ONCE and not known_head:
            self.env.ref("procurify_connector.ir_cron_audit_verify").sudo()._trigger()
            return self._notification(
                "info",
                self.env._("An audit this long is verified in the background."),
            )
        verdicts = [
            audit._verify_and_log(connection.id, known_head) for connection in self
        ]
        self.invalidate_recordset()
        findings = [text for verdict in verdicts for text in verdict.findings]
        if findings:
            return self._notification("danger", "\n".join(findings[:10]))
        return self._notification(
            "success",
            self.env._(
                "Audit log verified: %(rows)s entries, no tampering. Chain head: "
                "%(head)s",
                rows=sum(verdict.row_count for verdict in verdicts),
                head=verdicts[-1].head if verdicts else "",
            )
            + "".join(f"\n{text}" for each in verdicts for text in each.removed),
        )

    def action_open_audit(self):
        """Open what the audit says of this connection."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_audit_action"
        )
        return action | {"domain": [("connection_ref", "=", self.id)], "context": {}}


def _host(address):
    """Return the host of ``address``: more than that may be typed into it."""
    return urlsplit(address or "").hostname or ""


def _in_words(record, name):
    """Return a field's value as people read it, as JSON takes it."""
    field, value = record._fields[name], record[name]
    if field.type == "many2one":
        return value.display_name or None
    if field.type == "selection":
        return dict(field._description_selection(record.env)).get(value, value) or None
    return value if value or field.type in ("boolean", "integer") else None
