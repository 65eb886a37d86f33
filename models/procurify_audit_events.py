"""What the audit says about each event: one method per kind, called with sets."""

from datetime import date

from odoo import api, fields, models

# What a person recognises an object by; its payload's digest tells the rest.
_FACTS = (
    "name",
    "code",
    "remote_party",
    "remote_date",
    "remote_amount",
    "remote_currency",
    "remote_deleted",
    "remote_modified",
)
NAMED_FINDINGS = 1000  # that the row of a failed verification holds


class ProcurifyAudit(models.Model):
    _inherit = "procurify.audit"

    # === READING === #

    @api.model
    def _log_window(self, stream, values):
        """``stream`` was read to the end of its window and gets ``values``."""
        rows = [
            _about(
                stream,
                "window_read",
                before={"modified_watermark": _plain(stream.modified_watermark)},
                after={
                    "modified_watermark": _plain(
                        values.get("modified_watermark", stream.modified_watermark)
                    ),
                    "object_count": stream.object_count,
                    "scan_staged": stream.scan_staged,
                    "scan_pass": stream.scan_pass,
                },
            )
        ]
        if stream.error_message:
            rows.append(_recovered(stream))
        self._log(rows)

    @api.model
    def _log_failure(self, failing, message):
        """A stream or a connection cannot be read, and said ``message`` before."""
        if failing.error_message != message:
            self._log(
                [
                    _about(
                        failing,
                        "read_failed",
                        reason=failing.error_message,
                        before={"error_message": message or None},
                    )
                ]
            )

    @api.model
    def _log_recovery(self, connections):
        failing = connections.filtered("error_message")
        self._log([_recovered(connection) for connection in failing])

    @api.model
    def _log_compared(self, stream, values):
        """A comparison of ``stream`` with Procurify ended, and writes ``values``."""
        self._log(
            [
                _about(
                    stream,
                    "compared",
                    reason=values.get("warning_message") or False,
                    after={
                        "missing_count": stream.missing_count,
                        "found_count": stream.found_count,
                        "deleted_count": values.get("deleted_count", 0),
                    },
                )
            ]
        )

    @api.model
    def _log_obstacle(self, connection, obstacle):
        """What keeps ``connection`` from importing becomes ``obstacle``, or nothing."""
        self._log(
            [
                _about(
                    connection,
                    "import_stopped" if obstacle else "import_resumed",
                    reason=obstacle or connection.import_obstacle,
                )
            ]
        )

    # === STAGING === #

    @api.model
    def _log_staged(self, created, changes):
        """Versions were staged.

        :param created: records that are new to the stage
        :param changes: {record: facts before}
        """
        rows = [
            _about(record, "staged", after=_shown(record._audit_facts()))
            for record in created
        ]
        for record, before in changes.items():
            was, is_ = _changed(before, record._audit_facts())
            rows.append(_about(record, "changed_in_procurify", before=was, after=is_))
        self._log(rows)

    @api.model
    def _log_records(self, event, records, **values):
        """The same ``event``, with the same ``values``, happened to all ``records``."""
        self._log([_about(record, event, **values) for record in records])

    # === IMPORTING === #

    @api.model
    def _log_outcome(self, before, records):
        """``records`` were imported or excluded; nothing is said where nothing changed.

        :param before: {record: ``_audit_state`` of then}
        """
        excluded = records.filtered(
            lambda r: (
                r.state == "excluded" and r.excluded_rule != before[r]["excluded_rule"]
            )
        )
        imported = records.filtered(
            lambda r: r.state == "done" and _is_new(before[r], r._audit_state())
        )
        names = imported._audit_target_names()
        rows = [_excluded(record, before[record]) for record in excluded]
        rows += [_imported(r, before[r], names.get(r)) for r in imported]
        self._log(rows)

    @api.model
    def _log_held(self, before):
        """Records are held; nothing is said where the reasons are the same as before.

        :param before: {record: reasons of then}
        """
        rows = []
        for record, reasons in before.items():
            now = record._audit_reasons()
            if now != reasons:
                rows.append(
                    _about(
                        record,
                        "held",
                        reason="\n".join(now),
                        before={"cause_ids": reasons},
                        after={"cause_ids": now},
                    )
                )
        self._log(rows)

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
                _about(record, "mapped", before=target, after=now[record])
                for record, target in before.items()
            ]
        )

    @api.model
    def _log_ignored(self, records):
        """A person keeps ``records`` out of Odoo."""
        self._log(
            [
                _about(
                    record,
                    "ignored",
                    reason=record.hold_reason or False,
                    before={"state": record.state},
                    after={"state": "ignored"},
                )
                for record in records
            ]
        )

    @api.model
    def _log_test(self, connection):
        """A person tested ``connection``, and it says how that went."""
        self._log(
            [
                _about(
                    connection,
                    "connection_tested",
                    reason=connection.error_message or False,
                    after={"state": connection.state, "identity": connection.identity},
                )
            ]
        )

    @api.model
    def _log_chosen(self, choice, records):
        """A person answers with ``choice`` why ``records`` are held."""
        self._log(
            [
                _about(
                    record,
                    "chosen",
                    reason=record.hold_reason,
                    before={"difference": record.difference or None},
                    after={"choice": choice},
                )
                for record in records
            ]
        )

    @api.model
    def _log_resolved(self, causes):
        """A person says that ``causes`` are cured."""
        self._log(
            [
                _about(
                    cause,
                    "resolved",
                    subject=cause.display_name,
                    reason=cause.message,
                    after={
                        "reference_id": cause.reference_id.display_name,
                        "record_count": cause.record_count,
                    },
                )
                for cause in causes.sudo()
            ]
        )

    # === SETTINGS === #

    @api.model
    def _log_settings(self, event, changes):
        """Settings were changed.

        :param changes: {connection or stream: (values before, values after)}
        """
        self._log(
            [
                _about(record, event, before=was or None, after=is_ or None)
                for record, (was, is_) in changes.items()
            ]
        )

    # === THE AUDIT ITSELF === #

    @api.model
    def _log_verdict(self, connection_ref, verdict):
        """Write what a verification of a connection, which may be gone, has found."""
        names = ("connection_ref", "connection_name", "company_ref", "company_name")
        last = self.sudo().search([("connection_ref", "=", connection_ref)], limit=1)
        connection = self.env["procurify.connection"].sudo().browse(connection_ref)
        about = {name: last[name] for name in names} | {
            "connection_ref": connection_ref,
            "res_model": connection._name,
            "res_id": connection_ref,
            "subject": last.connection_name,
        }
        if connection.exists():
            about = _about(connection, "")
        return self._log(
            [
                about
                | {
                    "event": "verification_failed" if verdict.findings else "verified",
                    "reason": "\n".join(verdict.findings[:NAMED_FINDINGS]) or False,
                    "after": {
                        "row_count": verdict.row_count,
                        "seal_count": verdict.seal_count,
                        "head": verdict.head,
                    },
                }
            ]
        )

    @api.model
    def _log_checkpoint(self, connection, until, count):
        self._log(
            [
                _about(
                    connection,
                    "checkpoint",
                    after={
                        "last_id": until,
                        "row_count": count,
                        "audit_days": connection.audit_days,
                    },
                )
            ]
        )


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    audit_ids = fields.One2many(
        "procurify.audit",
        "res_id",
        string="Audit",
        domain=[("res_model", "=", "procurify.record")],
        readonly=True,
    )

    def _audit_state(self):
        """Return what the audit compares of this record before and after an import."""
        self.ensure_one()
        return {
            "imported_at": self.imported_at,
            "res_id": self.res_id or False,
            "applied_digest": self.applied_digest,
            "applied_state": self.applied_state or {},
            "excluded_rule": self.excluded_rule,
            "held": bool(self.cause_ids),
        }

    def _audit_facts(self):
        """Return what people recognise this object by, as JSON takes it."""
        self.ensure_one()
        return {name: _plain(self[name]) for name in _FACTS}

    def _audit_reasons(self):
        """Return in words why this record is held."""
        self.ensure_one()
        return sorted(self.cause_ids.mapped("message"))

    def _audit_targets(self):
        """Return {record: the Odoo record that it is mapped to, as JSON takes it}."""
        names = self._audit_target_names()
        return {
            record: record.res_id
            and {
                "res_model": record.res_model,
                "res_id": record.res_id,
                "res_name": names[record],
            }
            or None
            for record in self
        }

    def _audit_target_names(self):
        """Return {record: name of its Odoo record}, for those that have one."""
        names = {}
        for model in set(self.filtered("res_id").mapped("res_model")):
            mine = self.filtered(lambda r, m=model: r.res_model == m and r.res_id)
            targets = self.env[model].sudo().browse(mine.mapped("res_id")).exists()
            by_id = {target.id: target.display_name for target in targets}
            names |= {record: by_id.get(record.res_id) for record in mine}
        return names


# === HELPERS === #


def _about(record, event, **values):
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
        row |= {"external_id": record.external_id, "payload_digest": record.digest}
    return row | values


def _recovered(failing):
    return _about(
        failing, "read_recovered", before={"error_message": failing.error_message}
    )


def _excluded(record, was):
    labels = dict(record._fields["excluded_rule"]._description_selection(record.env))
    return _about(
        record,
        "excluded",
        reason=labels[record.excluded_rule],
        before={"excluded_rule": was["excluded_rule"] or None},
        after={"excluded_rule": record.excluded_rule},
    )


def _is_new(was, now):
    """Tell whether an import did, or released, anything."""
    return (
        not was["imported_at"]
        or was["held"]
        or bool(was["excluded_rule"])
        or any(was[name] != now[name] for name in ("res_id", "applied_digest"))
    )


def _imported(record, was, target_name):
    before, after = _changed(was["applied_state"], record.applied_state or {})
    if was["res_id"] and was["res_id"] != record.res_id:
        before["res_id"] = was["res_id"]
    target = {
        "res_model": record.res_model,
        "res_id": record.res_id,
        "res_name": target_name,
        "origin": record.origin,
    }
    return _about(record, "imported", before=before or None, after=target | after)


def _shown(values):
    """Return ``values`` without what is empty."""
    return {name: value for name, value in values.items() if value not in (None, "")}


def _changed(before, after):
    """Return those parts of two dicts that differ."""
    names = [n for n in {**before, **after} if before.get(n) != after.get(n)]
    return (
        {name: before.get(name) for name in names},
        {name: after.get(name) for name in names},
    )


def _plain(value):
    """Return a field's value as JSON takes it."""
    if isinstance(value, date):
        return (
            fields.Datetime.to_string(value)
            if hasattr(value, "hour")
            else (fields.Date.to_string(value))
        )
    return None if value is False else value
