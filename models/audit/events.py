"""What the audit says about each event: one method per kind, called with sets."""

from odoo import api, models

from ...tools.audit_rows import (
    about,
    changed,
    excluded,
    imported,
    is_new,
    is_written,
    matched,
    plain,
    recovered,
    shown,
)

NAMED_FINDINGS = 1000  # that the row of a failed verification holds


class ProcurifyAudit(models.Model):
    _inherit = "procurify.audit"

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
        """A stream or a connection cannot be read, and said ``message`` before."""
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
        """What keeps ``connection`` from importing becomes ``obstacle``, or nothing."""
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
        """``records`` were imported or excluded; nothing is said where nothing changed.

        :param before: {record: ``_audit_state`` of then}
        :param evidence: {record: codes of what spoke for a record that was found}
        :param written: those that are in Odoo, though they may be held
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
        words = self.env["procurify.record"]._reason_words()
        self._log(
            [excluded(record, before[record]) for record in left_out]
            + [
                matched(
                    imported(record, before[record], targets[record]),
                    (evidence or {}).get(record),
                    words,
                )
                for record in done
            ]
        )

    @api.model
    def _log_held(self, before):
        """Records are held; nothing is said where the reasons are the same as before.

        :param before: {record: reasons of then}
        """
        now = {record: record._audit_reasons() for record in before}
        self._log(
            [
                about(
                    record,
                    "held",
                    reason="\n".join(now[record]),
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
                    reason=record.ignored_reason or record.hold_reason or False,
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
        """A person answers with ``choice`` why ``records`` are held."""
        self._log(
            [
                about(
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
    def _log_payment_allowed(self, records):
        """A person lets bills be paid in Odoo that Procurify pays, or has paid."""
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
        """A person says that ``issues`` are cured."""
        self._log(
            [
                about(
                    issue,
                    "resolved",
                    reason=issue.message,
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
        """A person tested ``connection``, and it says how that went."""
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
        """Write what a verification of a connection, which may be gone, has found."""
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
        """Return what every row about this connection says; also of a deleted one."""
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
