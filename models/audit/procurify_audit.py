"""The audit: what happened, to what, by whom, before and after; for good."""

import json
from datetime import date, datetime, timedelta
from itertools import islice
from textwrap import shorten

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...importers.audit_words import AuditWords
from ...tools.audit_triggers import protect
from ...tools.private import Private
from ...tools.readers import ITEM_READERS, reads_items

# What the rows of a run say of its user and connection: {record: columns}. A run
# commits after each list, and would read them again.
names_of_run = Private("procurify_names_of_run")

SUMMARISED = 4  # changes that the list shows
SUMMARY_LENGTH = 150  # characters, in one line
# Their ``before`` and ``after`` quote what a document has in Odoo, but for these names.
_QUOTING = frozenset({"chosen", "held", "ignored", "imported", "signal_checked"})
_FOR_ALL = frozenset(
    {"choice", "digest", "evidence", "origin", "signal", "state"}
    | {"first", "last", "repeated"}
    | {"res_id", "res_model", "res_name"}
)
# Codes are stored in rows that nobody can change: a code keeps its meaning.
EVENTS = [
    # Reading
    ("window_read", "Changes read"),
    ("read_failed", "Reading failed"),
    ("read_recovered", "Reading recovered"),
    ("compared", "Nightly check"),
    ("staged", "Received"),
    ("changed_in_procurify", "Changed in Procurify"),
    ("deleted_in_procurify", "Deleted in Procurify"),
    # Importing
    ("imported", "Imported"),
    ("held", "Put on hold"),
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
    ("signal_checked", "Signal checked"),
    ("sync_requested", "Synchronisation requested"),
    ("connection_tested", "Connection tested"),
    ("certified", "Certificate made"),
    ("certificate_verified", "Certificate verified"),
    ("certificate_failed", "Certificate tampered with"),
    # Settings
    ("connection_created", "Connection created"),
    ("connection_deleted", "Connection deleted"),
    ("policy_changed", "Policy changed"),
    ("credentials_changed", "Credentials changed"),
    ("key_rotated", "Credentials re-encrypted"),
    # The audit itself
    ("verified", "Audit verified"),
    ("verification_failed", "Audit tampered with"),
    ("checkpoint", "Old rows removed"),
    ("resealed", "Sealed again by an update"),
]
# Rows keep the name that a model had when they were written.
_FORMER_MODELS = {"procurify.cause": "procurify.issue"}
NAMED_FINDINGS = 1000  # that the row of a failed verification holds
# Events that a person can repeat at will, and that change nothing.
REPEATABLE = frozenset(
    {
        "sync_requested",
        "connection_tested",
        "replayed",
        "verified",
        "certificate_verified",
    }
)
PERIOD = timedelta(hours=1)
_ABOUT = ("event", "user_ref", "connection_ref", "res_model", "res_id")


class ProcurifyAppendOnly(models.AbstractModel):
    """Refuses changes of its rows, with a message; the table's triggers do the same.

    Nobody is exempt: no administrator, no ``sudo()``, no other addon.
    """

    _name = "procurify.append.only"
    _description = "Procurify Append-Only"

    def init(self):
        if not self._abstract:
            protect(self)

    # pylint: disable=method-required-super,no-raise-unlink

    @api.model_create_multi
    def create(self, vals_list):
        raise AccessError(
            self.env._(
                "The connector writes these records. You cannot create them yourself."
            )
        )

    def write(self, vals):
        raise AccessError(self.env._("These records cannot be changed."))

    def unlink(self):
        raise AccessError(self.env._("These records cannot be deleted."))


class ProcurifyAudit(models.Model):
    """A row is one event, in texts that stay when its subject is deleted.

    ``_log`` writes it, nobody changes or deletes it: neither through the ORM nor in
    SQL, see ``audit_triggers``. Its digest is made by the database from everything
    else in it; seals hold the digests together, see ``procurify.audit.seal``.

    References are plain numbers: with a foreign key, a deletion would change the row.
    """

    _name = "procurify.audit"
    _inherit = ["procurify.append.only", "procurify.list"]
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
    subject = fields.Char(readonly=True, help="Its name in Procurify.")
    reason = fields.Text(readonly=True)
    before = fields.Json(readonly=True, groups=ITEM_READERS)
    after = fields.Json(readonly=True, groups=ITEM_READERS)
    payload_digest = fields.Char(
        readonly=True, help="SHA-256 of what Procurify had sent at that time."
    )
    digest = fields.Char(
        readonly=True, help="SHA-256 of this row, made by the database."
    )
    summary = fields.Char(
        compute="_compute_summary", help="The reason, or the first change."
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
    @api.depends_context("uid", "lang", "tz")
    def _compute_summary(self):
        targets = {row: row._target_name() for row in self}
        words = AuditWords(
            self.env,
            self.filtered(
                lambda r: not r.reason and (r._had_something() or not targets[r])
            ),
        )
        for row in self:
            text = row.reason or " · ".join(row._first_changes(targets[row], words))
            row.summary = shorten(text, SUMMARY_LENGTH, placeholder=" …")

    def _target_name(self):
        """Return the name of what an import made, or found."""
        return (self._before_and_after()[1] or {}).get("res_name")

    def _had_something(self):
        return any((self._before_and_after()[0] or {}).values())

    def _first_changes(self, target, words):
        """Return the target of an import, and the first changes, a line each."""
        changes = islice(words.changes(self), SUMMARISED) if self in words else ()
        if self._had_something():
            lines = [f"{name}: {a or '—'} → {b or '—'}" for name, a, b in changes]
        else:
            lines = [f"{name}: {new}" for name, _old, new in changes]
        return [target, *lines] if target else lines

    @api.depends("before", "after")
    @api.depends_context("uid", "lang", "tz")
    def _compute_changes_table(self):
        words = AuditWords(self.env, self)
        for row in self:
            row.changes_table = row._changes_table(list(words.changes(row)))

    def _changes_table(self, changes):
        """Return before and after side by side, a line per field.

        :param changes: (field, before, after), all of them texts
        """
        if not changes:
            return ""
        cell = Markup('<td style="white-space: pre-line">%s</td>')
        had_something = any(before for _name, before, _after in changes)
        heads = [self.env._("Field")]
        heads += (
            [self.env._("Before"), self.env._("After")]
            if had_something
            else [self.env._("Value")]
        )
        lines, place = [], ""
        for label, one, other in changes:
            part, _mark, name = label.rpartition(" › ")
            if part and part != place:
                head = Markup('<tr><th colspan="%s">%s</th></tr>')
                lines.append(head % (len(heads), part))
            place = part
            texts = (name, one, other) if had_something else (name, other)
            cells = Markup().join(cell % text for text in texts)
            lines.append(Markup("<tr>%s</tr>") % cells)
        return Markup(
            '<table class="table table-sm"><thead><tr>%s</tr></thead>'
            "<tbody>%s</tbody></table>"
        ) % (
            Markup().join(Markup("<th>%s</th>") % head for head in heads),
            Markup().join(lines),
        )

    def _before_and_after(self):
        """Return both as far as the current user may read them.

        Without the right to read journal items, nothing that quotes a document.
        """
        self.ensure_one()
        row = self.sudo()
        both = row.before, row.after
        if row.event not in _QUOTING or reads_items(self.env):
            return both
        return tuple(
            values and {name: values[name] for name in values if name in _FOR_ALL}
            for values in both
        )

    def _subject_model(self):
        """Return the model that this row is about, or None: there is none any more."""
        return self.env.get(_FORMER_MODELS.get(self.res_model, self.res_model))

    # === ACTION METHODS === #

    def action_open_subject(self):
        """Open the subject of this row, if it still exists."""
        self.ensure_one()
        self.check_access("read")
        model = self._subject_model()
        if model is None or not model.browse(self.res_id).exists():
            raise UserError(self.env._("This record no longer exists."))
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

        Actions that a person repeats are counted, and added later.

        The user is the environment's, also under ``sudo``.

        :param rows: dicts of this model's fields, with the record ``connection``
            instead of its columns, and its company's where they are not given
        :param may_repeat: add a row even if it only repeats the one before
        :returns: the rows
        """
        if not rows:
            return self.browse()
        known = names_of_run.get()
        known = {} if known is None else known
        user = self.env.user.sudo()
        if user not in known:
            known[user] = {"user_ref": user.id, "user_name": user.name}
        connections = {row["connection"] for row in rows if "connection" in row}
        for connection in connections - known.keys():
            known[connection] = _described(connection.sudo())
        values = [
            known[user]
            | known.get(row.get("connection"), {})
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

    # === EVENTS: ONE METHOD PER KIND === #

    # === READING === #

    @api.model
    def _log_window(self, stream, values):
        """``stream`` was read to the end of its window and gets ``values``."""
        rows = [
            about(
                stream,
                "window_read",
                before={"modified_watermark": plain(stream.modified_watermark)},
                after={
                    "modified_watermark": plain(
                        values.get("modified_watermark", stream.modified_watermark)
                    ),
                    "object_count": stream.object_count,
                    "scan_staged": stream.scan_staged,
                    "scan_pass": stream.scan_pass,
                },
            )
        ]
        if stream.error_message:
            rows.append(recovered(stream))
        self._log(rows)

    @api.model
    def _log_failure(self, failing, message):
        """A stream or a connection cannot be read; its message was ``message``."""
        if failing.error_message != message:
            self._log_records(
                "read_failed",
                failing,
                reason=failing.error_message,
                before={"error_message": message or None},
            )

    @api.model
    def _log_recovery(self, connections):
        failing = connections.filtered("error_message")
        self._log([recovered(connection) for connection in failing])

    @api.model
    def _log_compared(self, stream, values):
        """A comparison of ``stream`` with Procurify ended, and writes ``values``."""
        self._log_records(
            "compared",
            stream,
            reason=values.get("warning_message") or False,
            after={
                "missing_count": stream.missing_count,
                "found_count": stream.found_count,
                "deleted_count": values.get("deleted_count", 0),
            },
        )

    @api.model
    def _log_obstacle(self, connection, obstacle):
        """The import of ``connection`` stops because of ``obstacle``, or goes on."""
        self._log_records(
            "import_stopped" if obstacle else "import_resumed",
            connection,
            reason=obstacle or connection.import_obstacle,
        )

    # === STAGING === #

    @api.model
    def _log_staged(self, created, changes):
        """Versions were staged.

        :param created: records that are new to the stage
        :param changes: {record: facts before}
        """
        rows = [
            about(record, "staged", after=shown(record._audit_facts()))
            for record in created
        ]
        for record, before in changes.items():
            was, is_ = changed(before, record._audit_facts())
            rows.append(about(record, "changed_in_procurify", before=was, after=is_))
        self._log(rows)

    @api.model
    def _log_records(self, event, records, **values):
        """The same ``event``, with the same ``values``, happened to all ``records``."""
        self._log([about(record, event, **values) for record in records])

    # === IMPORTING === #

    @api.model
    def _log_outcome(self, before, records, evidence=None, written=()):
        """``records`` were imported or excluded; rows are added where that is news.

        :param before: {record: ``_audit_state`` of then}
        :param evidence: {record: codes of what spoke for a record that was found}
        :param written: those that are in Odoo, though they may be on hold
        """
        left_out = records.filtered(
            lambda r: (
                r.state == "excluded" and r.excluded_rule != before[r]["excluded_rule"]
            )
        )
        done = records.filtered(
            lambda r: (
                (r.state == "done" and is_new(before[r], r))
                or (r in written and is_written(before[r], r))
            )
        )
        targets = done._audit_targets()
        evidence = {
            record: found for record, found in (evidence or {}).items() if found
        }
        words = self.env["procurify.record"]._reason_words() if evidence else {}
        self._log(
            [excluded(record, before[record]) for record in left_out]
            + [
                matched(
                    imported(record, before[record], targets[record]),
                    evidence.get(record),
                    words,
                )
                for record in done
            ]
        )

    @api.model
    def _log_held(self, before):
        """Records are on hold; rows are added where the issues are new.

        :param before: {record: reasons of then}
        """
        now = {record: record._audit_reasons() for record in before}
        self._log(
            [
                about(
                    record,
                    "held",
                    reason=record._audit_reason(),
                    before={"issue_ids": reasons},
                    after={"issue_ids": now[record]},
                )
                for record, reasons in before.items()
                if reasons != now[record]
            ]
        )

    # === PEOPLE === #

    @api.model
    def _log_mapped(self, before):
        """Records are mapped to something else.

        :param before: {record: target of then}
        """
        records = self.env["procurify.record"].sudo()
        now = records.browse(record.id for record in before)._audit_targets()
        self._log(
            [
                about(record, "mapped", before=target, after=now[record])
                for record, target in before.items()
            ]
        )

    @api.model
    def _log_ignored(self, records):
        """A person keeps ``records`` out of Odoo."""
        self._log(
            [
                about(
                    record,
                    "ignored",
                    reason=record.ignored_reason or record._audit_reason() or False,
                    before={
                        "state": record.state,
                        "issue_ids": record._audit_reasons(),
                    },
                    after={"state": "ignored"},
                )
                for record in records
            ]
        )

    @api.model
    def _log_chosen(self, choice, records):
        """A person decides about held ``records`` with ``choice``."""
        self._log(
            [
                about(
                    record,
                    "chosen",
                    reason=record._audit_reason(),
                    before={"difference": record.difference or None},
                    after={"choice": choice},
                )
                for record in records
            ]
        )

    @api.model
    def _log_offers(self, choice, reason, decided):
        """A person takes over what Procurify changed about vendors, or keeps contacts.

        :param choice: ``take_over`` or ``keep``
        :param decided: {record: ({label: the contact's value}, {label: Procurify's})}
        """
        self._log(
            [
                about(
                    record,
                    "chosen",
                    reason=reason,
                    before=own,
                    after={"choice": choice} | said,
                )
                for record, (own, said) in decided.items()
            ]
        )

    @api.model
    def _log_payment_allowed(self, records):
        """A person allows payment in Odoo of bills that Procurify pays or has paid."""
        field = self.env["procurify.record"]._fields["remote_payment"]
        words = dict(field._description_selection(self.env))
        self._log(
            [
                about(
                    record,
                    "payment_allowed",
                    reason=words[record.remote_payment],
                    before={"remote_payment": record.remote_payment},
                    after={"res_model": record.res_model, "res_id": record.res_id},
                )
                for record in records
            ]
        )

    @api.model
    def _log_signals_checked(self, texts):
        """A person has checked signals of bills.

        :param texts: {signal: what the audit says of it}
        """
        self._log(
            [
                about(
                    signal.record_id,
                    "signal_checked",
                    reason=text,
                    after={
                        "signal": signal.code,
                        "key": signal.key,
                        "facts": signal.facts,
                    },
                )
                for signal, text in texts.items()
            ]
        )

    @api.model
    def _log_version(self, version):
        """A person imports an earlier ``version`` of a record again."""
        self._log_records(
            "chosen",
            version.record_id.sudo(),
            reason=version.display_name,
            before={"digest": version.record_id.digest},
            after={"choice": "earlier_version", "digest": version.digest},
        )

    @api.model
    def _log_resolved(self, issues):
        """A person resolves ``issues``."""
        self._log(
            [
                about(
                    issue,
                    "resolved",
                    reason=issue._message_for_all(),
                    after={
                        "reference_id": issue.reference_id.display_name or None,
                        "record_count": issue.record_count,
                    },
                )
                for issue in issues.sudo()
            ]
        )

    # === SETTINGS === #

    @api.model
    def _log_test(self, connection):
        """A person tested ``connection``."""
        self._log_records(
            "connection_tested",
            connection,
            reason=connection.error_message or False,
            after={"state": connection.state, "identity": connection.identity or None},
        )

    @api.model
    def _log_settings(self, event, changes):
        """Settings were changed.

        :param changes: {connection or stream: (values before, values after)}
        """
        self._log(
            [
                about(record, event, before=was or None, after=is_ or None)
                for record, (was, is_) in changes.items()
            ]
        )

    # === CERTIFICATES === #

    @api.model
    def _log_certificate(self, certificate, event, **values):
        """A certificate was made, or verified; the audit keeps its digests."""
        row = {
            "event": event,
            "connection_ref": certificate.connection_ref,
            "connection_name": certificate.connection_name,
            "company_ref": certificate.company_ref,
            "company_name": certificate.company_name,
            "res_model": certificate._name,
            "res_id": certificate.id,
            "subject": certificate.name,
        }
        self._log([row | values])

    # === THE AUDIT ITSELF === #

    @api.model
    def _log_verdict(self, connection_ref, verdict):
        """Write what a verification found; the connection may be gone."""
        row = {
            "event": "verification_failed" if verdict.findings else "verified",
            "reason": "\n".join(verdict.findings[:NAMED_FINDINGS]) or False,
            "after": {
                "row_count": verdict.row_count,
                "seal_count": verdict.seal_count,
                "head": verdict.head,
            },
        }
        return self._log([self._about_connection(connection_ref) | row])

    @api.model
    def _about_connection(self, connection_ref):
        """Return the columns of every row about this connection, also a deleted one."""
        connection = self.env["procurify.connection"].sudo().browse(connection_ref)
        if connection.exists():
            return about(connection, False)
        names = ("connection_name", "company_ref", "company_name")
        last = self.sudo().search([("connection_ref", "=", connection_ref)], limit=1)
        return {name: last[name] for name in names} | {
            "connection_ref": connection_ref,
            "res_model": connection._name,
            "res_id": connection_ref,
            "subject": last.connection_name,
        }

    @api.model
    def _log_checkpoint(self, connection, until, count):
        """``count`` rows of ``connection``, up to the id ``until``, are removed."""
        self._log_records(
            "checkpoint",
            connection,
            after={
                "last_id": until,
                "row_count": count,
                "audit_days": connection.audit_days,
            },
        )


class ProcurifyAuditRepeat(models.Model):
    """A row counts one action that a person repeats within an hour.

    When the hour is over, it becomes a row of the audit.
    """

    _name = "procurify.audit.repeat"
    _description = "Procurify Audit Repeat"
    _log_access = False

    key = fields.Char(required=True)
    values = fields.Json(required=True)
    count = fields.Integer(required=True)
    first_date = fields.Datetime(required=True, index=True)
    last_date = fields.Datetime(required=True)

    _key_uniq = models.UniqueIndex("(key)")

    @api.model
    def _without_repeats(self, rows):
        """Count those of ``rows`` that repeat the newest row about the same thing.

        :param rows: dicts of the columns of ``procurify.audit``
        :returns: the others
        """
        if not any(row["event"] in REPEATABLE for row in rows):
            return rows
        newest = self._newest(rows)
        repeated = [row for row in rows if _key(row) in newest]
        self._count(repeated)
        return [row for row in rows if _key(row) not in newest]

    @api.model
    def _newest(self, rows):
        """Return the keys of the newest recent rows about the same things."""
        self.env["procurify.audit"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (res_model, res_id)
                       event, user_ref, connection_ref, res_model, res_id
                  FROM procurify_audit
                 WHERE date > %s AND (res_model, res_id) IN %s
              ORDER BY res_model, res_id, id DESC
                """,
                fields.Datetime.now() - PERIOD,
                tuple({(row["res_model"], row["res_id"]) for row in rows}),
            )
        )
        keys = (json.dumps(found) for found in self.env.cr.fetchall())
        return {key for key in keys if json.loads(key)[0] in REPEATABLE}

    @api.model
    def _count(self, rows):
        now = fields.Datetime.now()
        if rows:
            self.env.cr.execute_values(
                """
                INSERT INTO procurify_audit_repeat
                            (key, values, count, first_date, last_date)
                     VALUES %s
                ON CONFLICT (key) DO UPDATE
                        SET count = procurify_audit_repeat.count + 1,
                            last_date = EXCLUDED.last_date
                """,
                [(_key(row), json.dumps(row), 1, now, now) for row in rows],
            )
            self.invalidate_model()

    @api.model
    def _log_finished(self):
        """Write the counts of ended hours to the audit."""
        finished = self.sudo().search(
            [("first_date", "<", fields.Datetime.now() - PERIOD)]
        )
        self.env["procurify.audit"]._log(
            [
                each.values
                | {
                    "after": {
                        "repeated": each.count,
                        "first": fields.Datetime.to_string(each.first_date),
                        "last": fields.Datetime.to_string(each.last_date),
                    }
                }
                for each in finished
            ],
            may_repeat=True,
        )
        finished.unlink()


def append(model, vals_list):
    """Add rows to an append-only model.

    A function, and no method: an expression that Odoo evaluates cannot call it.
    """
    return super(ProcurifyAppendOnly, model).create(vals_list)


def _described(connection):
    company = connection.company_id
    return {
        "connection_ref": connection.id,
        "connection_name": connection.name,
        "company_ref": company.id,
        "company_name": company.name,
    }


def _key(row):
    return json.dumps([row.get(name) or None for name in _ABOUT])


# === ROWS, MADE OF THE RECORDS THAT THEY ARE ABOUT === #


def about(record, event, **values):
    """Return the row that ``event`` happened to ``record``, with ``values``."""
    record = record.sudo()
    is_connection = record._name == "procurify.connection"
    row = {
        "event": event,
        "connection": record if is_connection else record.connection_id,
        "res_model": record._name,
        "res_id": record.id,
        "subject": record.display_name,
    }
    if "resource" in record._fields:
        row["resource"] = record.resource
    if record._name == "procurify.record":
        row |= {
            "external_id": record.external_id,
            "payload_digest": record.digest,
            # Not always the connection's.
            "company_ref": record.company_id.id,
            "company_name": record.company_id.name,
        }
    return row | values


def recovered(failing):
    """Return the row that ``failing`` can be read again."""
    return about(
        failing, "read_recovered", before={"error_message": failing.error_message}
    )


def excluded(record, was):
    """Return the row that a rule keeps ``record`` out.

    :param was: its ``_audit_state`` before
    """
    labels = dict(record._fields["excluded_rule"]._description_selection(record.env))
    return about(
        record,
        "excluded",
        reason=labels[record.excluded_rule],
        before={"excluded_rule": was["excluded_rule"] or None},
        after={"excluded_rule": record.excluded_rule},
    )


def is_new(was, record):
    """Return whether an import of ``record`` did, or released, anything.

    :param was: its ``_audit_state`` before
    """
    return is_written(was, record) or was["held"] or bool(was["excluded_rule"])


def is_written(was, record):
    """Return whether an import wrote the document of ``record``, or another version.

    :param was: its ``_audit_state`` before
    """
    return (
        not was["imported_at"]
        or was["res_id"] != (record.res_id or False)
        or was["applied_digest"] != record.applied_digest
    )


def imported(record, was, target):
    """Return the row that ``record`` became ``target``.

    :param was: its ``_audit_state`` before
    :param target: JSON that names an Odoo record, or None
    """
    before, after = changed(was["applied_state"], record.applied_state or {})
    if was["res_id"] and was["res_id"] != record.res_id:
        before["res_id"] = was["res_id"]
    after |= {"origin": record.origin} | (target or {})
    return about(record, "imported", before=before or None, after=after)


def matched(row, evidence, words):
    """Return the row of an import, with what spoke for the record that was found.

    :param evidence: codes of witnesses, or None
    :param words: {code: text}
    """
    if not evidence:
        return row
    return row | {
        "reason": ", ".join(str(words[code]) for code in words if code in evidence),
        "after": row["after"] | {"evidence": evidence},
    }


def shown(values):
    """Return ``values`` without what is empty."""
    return {name: value for name, value in values.items() if value not in (None, "")}


def changed(before, after):
    """Return those parts of two dicts that differ."""
    names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
    return (
        {name: before.get(name) for name in names},
        {name: after.get(name) for name in names},
    )


def plain(value):
    """Return a field's value as JSON takes it."""
    if isinstance(value, datetime):
        return fields.Datetime.to_string(value)
    if isinstance(value, date):
        return fields.Date.to_string(value)
    return None if value is False else value
