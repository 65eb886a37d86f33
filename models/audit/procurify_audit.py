"""The audit: what happened, to what, by whom, before and after; for good."""

import json
from itertools import islice
from textwrap import shorten

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ...procurify import differences
from .procurify_append_only import append

SUMMARISED = 4  # changes that the list shows
SUMMARY_LENGTH = 150  # characters, in one line

# Codes are stored in rows that nobody can change: a code keeps its meaning.
EVENTS = [
    # Reading
    ("window_read", "Window read"),
    ("read_failed", "Reading failed"),
    ("read_recovered", "Reading recovered"),
    ("compared", "Compared with Procurify"),
    ("staged", "Staged"),
    ("changed_in_procurify", "Changed in Procurify"),
    ("deleted_in_procurify", "Deleted in Procurify"),
    # Importing
    ("imported", "Imported"),
    ("held", "Held"),
    ("excluded", "Excluded"),
    ("import_stopped", "Import stopped"),
    ("import_resumed", "Import resumed"),
    ("alarm_raised", "Alarm raised"),
    ("alarm_cleared", "Alarm cleared"),
    # People
    ("replayed", "Replayed"),
    ("ignored", "Ignored"),
    ("mapped", "Mapped"),
    ("resolved", "Resolved"),
    ("chosen", "Decided"),
    ("payment_allowed", "Payment allowed"),
    ("sync_requested", "Synchronisation asked for"),
    ("connection_tested", "Connection tested"),
    ("certified", "Certificate made"),
    ("certificate_verified", "Certificate verified"),
    ("certificate_failed", "Certificate was tampered with"),
    # Settings
    ("connection_created", "Connection created"),
    ("connection_deleted", "Connection deleted"),
    ("policy_changed", "Policy changed"),
    ("credentials_changed", "Credentials changed"),
    ("key_rotated", "Credentials encrypted anew"),
    # The audit itself
    ("verified", "Audit verified"),
    ("verification_failed", "Audit was tampered with"),
    ("checkpoint", "Old rows removed"),
    ("resealed", "Sealed again by an update"),
]
# Rows keep the name that a model had when they were written.
_FORMER_MODELS = {"procurify.cause": "procurify.issue"}


class ProcurifyAudit(models.Model):
    """A row is one event, told in texts that outlive what they speak of.

    ``_log`` writes it, nobody changes or deletes it: neither through the ORM nor in
    SQL, see ``audit_triggers``. Its digest is made by the database from everything
    else in it; seals hold the digests together, see ``procurify.audit.seal``.

    References are plain numbers: a foreign key would have a deletion change the row.
    """

    _name = "procurify.audit"
    _inherit = "procurify.append.only"
    _description = "Procurify Audit"
    _order = "id desc"
    _rec_name = "subject"
    _log_access = False

    date = fields.Datetime(readonly=True, help="Set by the database.")
    event = fields.Selection(EVENTS, required=True, readonly=True)
    connection_ref = fields.Integer("Connection ID", required=True, readonly=True)
    connection_name = fields.Char("Connection", readonly=True)
    company_ref = fields.Integer("Company ID", readonly=True)
    company_name = fields.Char("Company", readonly=True)
    user_ref = fields.Integer("User ID", readonly=True)
    user_name = fields.Char("User", readonly=True)
    res_model = fields.Char("Model", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    resource = fields.Selection("_selection_resource", string="Kind", readonly=True)
    external_id = fields.Char("Procurify ID", readonly=True)
    subject = fields.Char(readonly=True, help="What people call it.")
    reason = fields.Text(readonly=True)
    before = fields.Json(readonly=True)
    after = fields.Json(readonly=True)
    payload_digest = fields.Char(
        readonly=True, help="SHA-256 of what Procurify had sent at that moment."
    )
    digest = fields.Char(
        readonly=True, help="SHA-256 of this row, made by the database."
    )
    summary = fields.Char(
        compute="_compute_summary", help="The reason, or the first of what changed."
    )
    changes_table = fields.Html(
        "Changes", compute="_compute_changes_table", sanitize=False
    )

    _connection_idx = models.Index("(connection_ref, id)")
    _document_idx = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")
    _verified_idx = models.Index(
        "(connection_ref, id) WHERE event IN ('verified', 'verification_failed')"
    )

    # === COMPUTE METHODS === #

    @api.model
    def _selection_resource(self):
        return self.env["procurify.record"]._selection_resource()

    @api.depends("reason", "before", "after")
    def _compute_summary(self):
        for row in self:
            text = row.reason or " · ".join(row._first_changes())
            row.summary = shorten(text, SUMMARY_LENGTH, placeholder=" …")

    def _first_changes(self):
        """Return what became of it, and the first of what changed, line by line."""
        target = (self.after or {}).get("res_name")
        changes = islice(self._changes(), SUMMARISED)
        if self.before:
            lines = [f"{name}: {a or '—'} → {b or '—'}" for name, a, b in changes]
        else:
            lines = [] if target else [f"{name}: {new}" for name, _old, new in changes]
        return [target, *lines] if target else lines

    @api.depends("before", "after")
    def _compute_changes_table(self):
        for row in self:
            row.changes_table = row._changes_table() if row.before or row.after else ""

    def _changes_table(self):
        """Return before and after side by side, a line per field."""
        self.ensure_one()
        line = Markup("<tr><td>%s</td><td>%s</td><td>%s</td></tr>")
        lines = (line % each for each in self._changes())
        return Markup(
            '<table class="table table-sm"><thead><tr><th>%s</th><th>%s</th>'
            "<th>%s</th></tr></thead><tbody>%s</tbody></table>"
        ) % (
            self.env._("Field"),
            self.env._("Before"),
            self.env._("After"),
            Markup().join(lines),
        )

    def _changes(self):
        """Yield (field, before, after), all of them texts."""
        before, after = self.before or {}, self.after or {}
        for name in {**before, **after}:
            one, other = before.get(name), after.get(name)
            if isinstance(one or other, dict):
                for each in differences(one or {}, other or {}):
                    place = filter(None, (self._label(name), each.place, each.field))
                    yield " › ".join(place), each.before, each.after
            else:
                yield self._label(name), _text(one), _text(other)

    def _subject_model(self):
        """Return the model that this row is about, or None: there is none any more."""
        return self.env.get(_FORMER_MODELS.get(self.res_model, self.res_model))

    def _label(self, name):
        """Return what people call the field ``name`` of what this row speaks of."""
        model = self._subject_model()
        field = model is not None and model._fields.get(name)
        if field:
            return field._description_string(self.env)
        return name.replace("_", " ").capitalize()

    # === ACTION METHODS === #

    def action_open_subject(self):
        """Open what this row speaks of, where it still exists."""
        self.ensure_one()
        self.check_access("read")
        model = self._subject_model()
        if model is None or not model.browse(self.res_id).exists():
            raise UserError(self.env._("It does not exist any more."))
        return {
            "type": "ir.actions.act_window",
            "res_model": model._name,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    # === LOGGING === #

    @api.model
    def _log(self, rows, may_repeat=False):
        """Add ``rows`` to the audit, in this transaction and with one statement.

        What somebody does again and again is counted instead, and added later.

        The user is whoever the environment is of; ``sudo`` does not hide it.

        :param rows: dicts of this model's fields, with the record ``connection``
            instead of its columns, and its company's where they are not given
        :param may_repeat: add a row even if it only repeats the one before
        :returns: the rows
        """
        if not rows:
            return self.browse()
        user = self.env.user.sudo()
        who = {"user_ref": user.id, "user_name": user.name}
        about = {
            connection: _described(connection.sudo())
            for connection in {row["connection"] for row in rows if "connection" in row}
        }
        values = [
            who
            | about.get(row.get("connection"), {})
            | {name: value for name, value in row.items() if name != "connection"}
            for row in rows
        ]
        if not may_repeat:
            values = self.env["procurify.audit.repeat"]._without_repeats(values)
        logged = append(self.sudo(), values)
        # Date and digest are the database's.
        logged.invalidate_recordset(["date", "digest"], flush=False)
        return logged

    @api.model
    def _remove_sealed(self, connection_ref, until, limit):
        """Delete up to ``limit`` rows that a checkpoint covers, see the seals.

        :returns: how many rows were deleted
        """
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM procurify_audit
                 WHERE id IN (SELECT id
                                FROM procurify_audit
                               WHERE connection_ref = %s AND id <= %s
                            ORDER BY id
                               LIMIT %s)
                """,
                connection_ref,
                until,
                limit,
            )
        )
        self.invalidate_model()
        return self.env.cr.rowcount


def _text(value):
    if isinstance(value, list):
        return "\n".join(map(_text, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _described(connection):
    company = connection.company_id
    return {
        "connection_ref": connection.id,
        "connection_name": connection.name,
        "company_ref": company.id,
        "company_name": company.name,
    }
