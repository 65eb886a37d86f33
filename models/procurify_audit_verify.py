"""The verification of the audit: every row and every seal, and which one differs."""

import logging
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL, plaintext2html

from .audit_comparison import differing_rows, next_seals
from .audit_triggers import digest_of, sha256, trigger_names

_logger = logging.getLogger(__name__)

NAMED = 500  # rows of a kind and range that are named one by one


class Verdict(NamedTuple):
    """What a verification found; ``findings`` are sentences, none if all is well."""

    row_count: int
    seal_count: int
    head: str  # digest of the newest seal: noted elsewhere, it proves the chain
    findings: list


class ProcurifyAudit(models.Model):
    _inherit = "procurify.audit"

    # === ACTION METHODS === #

    def action_verify_audit(self):
        """Verify the audit of all connections that the user may see."""
        connections = (
            self.env["procurify.connection"]
            .with_context(active_test=False)
            .search([("company_id", "in", self.env.companies.ids)])
        )
        return connections.action_verify_audit()

    # === CRON METHODS === #

    @api.model
    def _cron_verify(self):
        """Verify the audit of every connection, deleted ones included; before that,
        remove what is older than it is kept."""
        commit = self.env["ir.cron"]._commit_progress
        self.env["procurify.audit.seal"]._remove_old()
        refs = self._connection_refs()
        commit(remaining=len(refs))
        for ref in refs:
            self._verify_and_log(ref)
            commit(1)

    @api.model
    def _connection_refs(self):
        self.env.cr.execute(
            """
            SELECT connection_ref FROM procurify_audit
             UNION
            SELECT connection_ref FROM procurify_audit_seal
             ORDER BY connection_ref
            """
        )
        return [row[0] for row in self.env.cr.fetchall()]

    # === VERIFYING === #

    @api.model
    def _verify_and_log(self, connection_ref):
        """Verify, write the verdict to the audit, and call the managers if need be.

        :returns: the Verdict
        """
        verdict = self.sudo()._verify(connection_ref)
        row = self._log_verdict(connection_ref, verdict)
        if verdict.findings:
            _logger.warning(
                "The audit of Procurify connection %s was tampered with: %s",
                connection_ref,
                " ".join(verdict.findings),
            )
            self._call_managers(row)
        else:
            # Kept outside of the database, this proves later what it said.
            _logger.info(
                "The audit of Procurify connection %s is whole: %s rows, %s seals, %s",
                connection_ref,
                verdict.row_count,
                verdict.seal_count,
                verdict.head or "-",
            )
        return verdict

    @api.model
    def _call_managers(self, row):
        """Give each manager of the company an activity, if there is none yet.

        :param row: the audit's row of the verification that failed
        """
        summary = self.env._("The audit of %s was tampered with", row.connection_name)
        managers = self.env.ref("procurify_connector.group_manager").sudo().user_ids
        managers = managers.filtered(
            lambda user: user.active and row.company_ref in user.company_ids.ids
        )
        activities = self.env["mail.activity"].sudo()
        told = activities.search(
            [("user_id", "in", managers.ids), ("summary", "=", summary)]
        ).user_id
        activities.create(
            [
                {
                    "user_id": manager.id,
                    "summary": summary,
                    "note": plaintext2html(row.reason),
                    "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                }
                for manager in managers - told
            ]
        )

    @api.model
    def _verify(self, connection_ref):
        """Return the Verdict about one connection's rows and seals.

        The digests are computed in these queries, not by the triggers' functions,
        which may have been replaced. PostgreSQL reads through; memory stays flat
        however many rows there are.
        """
        self.env.flush_all()
        findings = [
            *self._missing_triggers(),
            *self._changed_rows(connection_ref),
            *self._broken_seals(connection_ref),
            *self._unlike_leaves(connection_ref),
            *self._lost_head(connection_ref),
        ]
        [[row_count]] = self._query(
            SQL(
                "SELECT count(*) FROM procurify_audit WHERE connection_ref = %s",
                connection_ref,
            )
        )
        [[seal_count, head]] = self._query(
            SQL(
                """
                SELECT count(*),
                       (SELECT digest
                          FROM procurify_audit_seal
                         WHERE connection_ref = %(connection)s
                      ORDER BY id DESC
                         LIMIT 1)
                  FROM procurify_audit_seal
                 WHERE connection_ref = %(connection)s
                """,
                connection=connection_ref,
            )
        )
        # What two checks find is said once.
        return Verdict(row_count, seal_count, head or "", list(dict.fromkeys(findings)))

    @api.model
    def _query(self, sql):
        self.env.cr.execute(sql)
        return self.env.cr.fetchall()

    @api.model
    def _missing_triggers(self):
        """Tell of triggers that are gone, or that do not fire in every session."""
        tables = ("procurify_audit", "procurify_audit_seal")
        names = [name for table in tables for name in trigger_names(table)]
        rows = self._query(
            SQL(
                """
                SELECT tgname
                  FROM pg_trigger
                 WHERE tgname IN %s AND tgenabled = 'A'
                   AND tgrelid IN (%s::regclass, %s::regclass)
                """,
                tuple(names),
                *tables,
            )
        )
        present = {row[0] for row in rows}
        return [
            self.env._(
                "The database's trigger %s is missing or switched off: update the "
                "addon to bring it back.",
                name,
            )
            for name in names
            if name not in present
        ]

    @api.model
    def _changed_rows(self, connection_ref):
        """Tell of rows whose digest is not that of what they say."""
        rows = self._query(
            SQL(
                """
                SELECT id
                  FROM procurify_audit
                 WHERE connection_ref = %s AND digest IS DISTINCT FROM %s
              ORDER BY id
                 LIMIT %s
                """,
                connection_ref,
                digest_of(self, "procurify_audit"),
                NAMED,
            )
        )
        return self._told([(row[0], "changed") for row in rows])

    @api.model
    def _broken_seals(self, connection_ref):
        """Tell of seals that were changed, and of gaps in their chain."""
        seals = self.env["procurify.audit.seal"]
        rows = self._query(
            SQL(
                """
                SELECT id, is_changed
                  FROM (SELECT id,
                               digest IS DISTINCT FROM %(digest)s AS is_changed,
                               previous_digest IS DISTINCT FROM
                                   lag(digest, 1, '') OVER (ORDER BY id) AS is_cut
                          FROM procurify_audit_seal
                         WHERE connection_ref = %(connection)s) chain
                 WHERE is_changed OR is_cut
              ORDER BY id
                 LIMIT %(limit)s
                """,
                digest=digest_of(seals, "procurify_audit_seal"),
                connection=connection_ref,
                limit=NAMED,
            )
        )
        changed = self.env._("Seal %s was changed.")
        cut = self.env._("Seal %s does not follow the one before it.")
        return [(changed if is_changed else cut) % id_ for id_, is_changed in rows]

    @api.model
    def _unlike_leaves(self, connection_ref):
        """Tell of rows that are not what was sealed: changed, missing or inserted."""
        seals = self.env["procurify.audit.seal"]
        checkpoint = seals._checkpoint_id(connection_ref)
        findings, seal_id, lower = [], 0, 0
        while True:
            [[last_seal, upper]] = self._query(next_seals(connection_ref, seal_id))
            # After the last seal, other connections' seals close the ids as well.
            upper = upper or max(seals._sealed_until(), lower)
            which = (seal_id, last_seal or seal_id, lower, upper, checkpoint)
            differing = self._query(differing_rows(connection_ref, *which, limit=NAMED))
            findings += self._told(differing)
            if not last_seal:
                return findings
            if not differing:
                findings += self._unlike_digest(seal_id, last_seal, connection_ref)
            seal_id, lower = last_seal, upper

    @api.model
    def _unlike_digest(self, after, last_seal, connection_ref):
        """Tell of seals over rows that differ behind the leaves' digits."""
        rows = self._query(
            SQL(
                """
                SELECT s.id
                  FROM procurify_audit_seal s
                 WHERE connection_ref = %(connection)s
                   AND kind = 'seal' AND id > %(after)s AND id <= %(last)s
                   AND last_id > %(checkpoint)s
                   AND rows_digest IS DISTINCT FROM (
                       SELECT %(rows_digest)s
                         FROM procurify_audit a
                        WHERE a.connection_ref = s.connection_ref
                          AND a.id BETWEEN s.first_id AND s.last_id)
              ORDER BY id
                """,
                connection=connection_ref,
                after=after,
                last=last_seal,
                checkpoint=self.env["procurify.audit.seal"]._checkpoint_id(
                    connection_ref
                ),
                rows_digest=sha256(SQL("string_agg(a.digest, '' ORDER BY a.id)")),
            )
        )
        text = self.env._("Seal %s does not fit the rows that it covers.")
        return [text % row[0] for row in rows]

    @api.model
    def _lost_head(self, connection_ref):
        """Tell when the newest seal that a verification saw is not there any more."""
        last = self._last_verdict(connection_ref)
        head = last and last.after.get("head")
        if not head or self._query(
            SQL(
                """
                SELECT FROM procurify_audit_seal
                 WHERE connection_ref = %s AND digest = %s
                """,
                connection_ref,
                head,
            )
        ):
            return []
        return [
            self.env._(
                "The seal %(digest)s that was the newest one on %(date)s is gone.",
                digest=head,
                date=last.date,
            )
        ]

    @api.model
    def _last_verdict(self, connection_ref):
        """Return the newest row that tells of a verification."""
        return self.sudo().search(
            [
                ("connection_ref", "=", connection_ref),
                ("event", "in", ("verified", "verification_failed")),
            ],
            limit=1,
        )

    @api.model
    def _told(self, rows):
        """Return sentences about rows.

        :param rows: (id, what is wrong with it) pairs
        """
        there = self.sudo().browse(id_ for id_, _wrong in rows).exists()
        texts = {
            "changed": self.env._("Row %s was changed."),
            "missing": self.env._("Row %s is missing."),
            "inserted": self.env._("Row %s was put in later."),
        }
        names = {row.id: f"{row.id} ({row.display_name})" for row in there}
        told = [texts[wrong] % names.get(id_, id_) for id_, wrong in rows]
        if len(rows) == NAMED:
            last = rows[-1][0]
            told.append(self.env._("More than these may differ after row %s.", last))
        return told
