"""The audit of a connection: changes of its settings, and whether it is intact."""

from urllib.parse import urlsplit

from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import formatLang

# Nobody may read their values: the audit only says that they changed.
_CREDENTIALS = frozenset(
    {"base_url", "token_url", "client_id", "client_secret_encrypted"}
)
# Written by the connector itself: audited as events of their own, or not at all.
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
VERIFIED_AT_ONCE = 500_000  # rows, while the user waits
_VERDICTS = ("verified", "verification_failed")


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    audit_count = fields.Integer("Audit Rows", compute="_compute_audit")
    audit_state = fields.Selection(
        [("verified", "Whole"), ("verification_failed", "Tampered with")],
        string="Audit",
        compute="_compute_audit",
    )
    audit_verified_at = fields.Datetime(compute="_compute_audit")
    audit_findings = fields.Text(compute="_compute_audit")

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

    # === STEPS OF CREATE, WRITE AND UNLINK === #

    def _log_created(self):
        self.sudo().audit_days_since = fields.Datetime.now()
        names = self._audited_names(self._fields)
        changes = {each: ({}, each._audited_values(names)) for each in self}
        self.env["procurify.audit"]._log_settings("connection_created", changes)

    def _log_deleted(self):
        names = self._audited_names(self._fields)
        changes = {each: (each._audited_values(names), {}) for each in self}
        self.env["procurify.audit"]._log_settings("connection_deleted", changes)

    def _audited_before(self, vals):
        """Return what :meth:`_log_changes` compares the result of a write with.

        :returns: {connection: (its settings in words, its stored credentials)}
        """
        names = self._audited_names(vals)
        secrets = sorted(_CREDENTIALS & vals.keys())
        return {
            each: (each._audited_values(names), each._credential_values(secrets))
            for each in self
        }

    def _log_changes(self, vals, before):
        """Log which settings and credentials a write changed.

        :param before: the result of :meth:`_audited_before`
        """
        if "audit_days" in vals:
            self.sudo().audit_days_since = fields.Datetime.now()
        self._log_policies({each: settings for each, (settings, _) in before.items()})
        self._log_credentials({each: secrets for each, (_, secrets) in before.items()})

    def _log_policies(self, before):
        changes = {}
        for connection, old in before.items():
            new = connection._audited_values(old)
            if changed := [name for name in old if old[name] != new[name]]:
                changes[connection] = (
                    {name: old[name] for name in changed},
                    {name: new[name] for name in changed},
                )
        self.env["procurify.audit"]._log_settings("policy_changed", changes)

    def _log_credentials(self, before):
        """Log the names of changed credentials and, of the address, the host."""
        changes, labels = {}, self._credential_labels()
        for connection, old in before.items():
            new = connection._credential_values(old)
            changed = [name for name in old if old[name] != new[name]]
            if not changed:
                continue
            shown = {}, {"credentials": ", ".join(labels[name] for name in changed)}
            if "base_url" in changed:
                for values, side in zip((old, new), shown, strict=True):
                    side["base_url"] = _host(values["base_url"])
            changes[connection] = shown
        self.env["procurify.audit"]._log_settings("credentials_changed", changes)

    # === VALUES === #

    def _audited_names(self, names):
        """Return those of ``names`` whose values are logged."""
        return [name for name in names if self._is_audited(name)]

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
        """Return {field: its value in words}."""
        self.ensure_one()
        connection = self.sudo()
        return {name: _in_words(connection, name) for name in names}

    def _credential_values(self, names):
        """Return {field: stored credential}, only for comparison."""
        self.ensure_one()
        connection = self.sudo()
        return {name: connection[name] for name in names}

    def _credential_labels(self):
        shown = {name: name for name in _CREDENTIALS}
        shown["client_secret_encrypted"] = "client_secret"
        return {
            name: self._fields[field]._description_string(self.env)
            for name, field in shown.items()
        }

    # === ACTION METHODS === #

    def action_verify_audit(self, known_head=""):
        """Verify the audit of these connections now.

        :param known_head: a chain head that was kept outside of the database
        :returns: a notification with the findings
        :raises AccessError: the user is no reviewer
        """
        self.check_access("read")
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(
                self.env._("Only Procurify reviewers can verify the audit.")
            )
        audit = self.env["procurify.audit"]
        if sum(self.mapped("audit_count")) > VERIFIED_AT_ONCE and not known_head:
            self.env.ref("procurify_connector.ir_cron_audit_verify").sudo()._trigger()
            return self._notification(
                "info",
                self.env._("The audit is long, so it is verified in the background."),
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
                rows=formatLang(
                    self.env, sum(each.row_count for each in verdicts), digits=0
                ),
                head=verdicts[-1].head if verdicts else "",
            )
            + "".join(f"\n{text}" for each in verdicts for text in each.removed),
        )

    def action_open_audit(self):
        """Return the action that opens the audit of this connection."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_audit_action"
        )
        return action | {"domain": [("connection_ref", "=", self.id)], "context": {}}


def _host(address):
    """Return only the host of ``address``: the rest may contain a password."""
    return urlsplit(address or "").hostname or ""


def _in_words(record, name):
    """Return a field's value as people read it, in a form that JSON takes."""
    field, value = record._fields[name], record[name]
    if field.type == "many2one":
        return value.display_name or None
    if field.type == "selection":
        return dict(field._description_selection(record.env)).get(value, value) or None
    return value if value or field.type in ("boolean", "integer") else None
