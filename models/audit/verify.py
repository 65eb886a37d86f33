"""The verification of the audit: which rows and seals were changed."""

import logging
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL, plaintext2html

from ...tools.audit_comparison import differing_rows, next_seals
from ...tools.audit_triggers import (
    PROTECTED,
    SHORTEST_RETENTION_DAYS,
    digest_of,
    only_system_names,
    schema_of,
    unprotected,
)

_logger = logging.getLogger(__name__)

NAMED = 500  # rows of a kind and range that are named one by one


class Verdict(NamedTuple):
    """What a verification found: ``findings`` are sentences, none if all is well."""

    row_count: int
    seal_count: int
    head: str  # digest of the newest seal: kept elsewhere, it proves the chain
    findings: list
    removed: list  # sentences on what was removed on purpose since the kept head


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
    def _verify_and_log(self, connection_ref, known_head=""):
        """Verify, write the verdict to the audit, and warn the managers if it failed.

        :param known_head: a chain head that somebody kept outside of the database
        :returns: the Verdict
        """
        verdict = self.sudo()._verify(connection_ref, known_head)
        row = self._log_verdict(connection_ref, verdict)
        if verdict.findings:
            _logger.warning(
                "The audit of Procurify connection %s was tampered with: %s",
                connection_ref,
                " ".join(verdict.findings),
            )
            self._warn_managers(row)
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
    def _warn_managers(self, row):
        """Give each manager of the company an activity, if there is none yet.

        :param row: the audit's row of the verification that failed
        """
        summary = self.env._("The audit of %s was tampered with", row.connection_name)
        managers = self.env.ref("procurify_connector.group_manager").sudo().user_ids
        managers = managers.filtered(
            lambda user: user.active and row.company_ref in user.company_ids.ids
        )
        activities = self.env["mail.activity"].sudo()
        warned = activities.search(
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
                for manager in managers - warned
            ]
        )

    @api.model
    def _verify(self, connection_ref, known_head=""):
        """Return the Verdict about one connection's rows and the seals of all.

        :param known_head: a chain head that somebody kept outside of the database

        These queries compute the digests themselves, with PostgreSQL's own functions:
        the triggers' functions may have been replaced. PostgreSQL reads the rows one by
        one, so memory stays flat.
        """
        self.env.flush_all()
        findings = [
            *self._missing_triggers(),
            *self._changed_rows(connection_ref),
            *self._broken_seals(),
            *self._unlike_leaves(connection_ref),
            *self._rows_out_of_sequence(connection_ref),
            *self._forged_mark(),
            *self._lost_heads(known_head),
        ]
        tables = self._tables()
        [[row_count]] = self._query(
            SQL(
                "SELECT count(*) FROM %s WHERE connection_ref = %s",
                tables["audit"],
                connection_ref,
            )
        )
        [[seal_count]] = self._query(
            SQL(
                "SELECT count(*) FROM %s WHERE connection_ref IN (0, %s)",
                tables["seals"],
                connection_ref,
            )
        )
        return Verdict(
            row_count,
            seal_count,
            self.env["procurify.audit.seal"]._head().digest or "",
            # What two checks find is said once.
            list(dict.fromkeys(findings)),
            self._removed_since(connection_ref, known_head),
        )

    @api.model
    def _query(self, sql):
        """Return the rows of ``sql``, whose tables are named with their schema."""
        with only_system_names(self.env.cr):
            self.env.cr.execute(sql)
            return self.env.cr.fetchall()

    @api.model
    def _tables(self):
        """Return {what it is: its name as SQL, with the schema}."""
        schema = schema_of(self)
        return {
            "audit": SQL.identifier(schema, "procurify_audit"),
            "seals": SQL.identifier(schema, "procurify_audit_seal"),
            "marks": SQL.identifier(schema, "procurify_audit_mark"),
            "certificates": SQL.identifier(schema, "procurify_certificate"),
            "sequence": SQL.identifier(schema, "procurify_audit_id_seq"),
        }

    @api.model
    def _missing_triggers(self):
        """Return sentences about triggers that are gone, changed, or not ours.

        The definitions are compared: a trigger of the right name that does nothing, or
        a rule that takes rows away, is found.
        """
        models = (self.env[model] for model in self.env if self._is_protected(model))
        return [
            self.env._(
                "The protection of the audit tables was changed: %s. Update the addon "
                "to restore it.",
                name,
            )
            for name in sorted(unprotected(models))
        ]

    @api.model
    def _is_protected(self, model):
        return self.env[model]._table in PROTECTED and not self.env[model]._abstract

    @api.model
    def _changed_rows(self, connection_ref):
        """Return sentences about rows whose digest does not match their content."""
        rows = self._query(
            SQL(
                """
                SELECT id
                  FROM %s
                 WHERE connection_ref = %s AND digest IS DISTINCT FROM %s
              ORDER BY id
                 LIMIT %s
                """,
                self._tables()["audit"],
                connection_ref,
                digest_of(self, "procurify_audit"),
                NAMED,
            )
        )
        return self._sentences([(row[0], "changed") for row in rows])

    @api.model
    def _broken_seals(self):
        """Return sentences about seals that were changed, and gaps in the chain.

        A checkpoint is in its place where a seal ends that was as old as the shortest
        retention.
        """
        seals = self.env["procurify.audit.seal"]
        rows = self._query(
            SQL(
                """
                SELECT id, is_changed
                  FROM (SELECT id,
                               digest IS DISTINCT FROM %(digest)s AS is_changed,
                               previous_digest IS DISTINCT FROM
                                   lag(digest, 1, '') OVER (ORDER BY id) AS is_cut,
                               CASE kind
                               WHEN 'seal' THEN first_id IS DISTINCT FROM
                                   1 + coalesce(max(last_id)
                                       FILTER (WHERE kind = 'seal') OVER (
                                       ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING
                                                            AND 1 PRECEDING), 0)
                               WHEN 'checkpoint' THEN NOT EXISTS (
                                   SELECT
                                     FROM %(seals)s sealed
                                    WHERE sealed.kind = 'seal'
                                      AND sealed.id < procurify_audit_seal.id
                                      AND sealed.last_id = procurify_audit_seal.last_id
                                      AND sealed.date <= procurify_audit_seal.date
                                          - make_interval(days => %(shortest)s))
                               ELSE true END AS is_apart
                          FROM %(seals)s) chain
                 WHERE is_changed OR is_cut OR is_apart
              ORDER BY id
                 LIMIT %(limit)s
                """,
                digest=digest_of(seals, "procurify_audit_seal"),
                seals=self._tables()["seals"],
                shortest=SHORTEST_RETENTION_DAYS,
                limit=NAMED,
            )
        )
        changed = self.env._("Seal %s was changed.")
        cut = self.env._("Seal %s does not follow the one before it.")
        return [(changed if is_changed else cut) % id_ for id_, is_changed in rows]

    @api.model
    def _unlike_leaves(self, connection_ref):
        """Return sentences about rows that were changed, removed or inserted."""
        tables = self._tables()
        [[checkpoint]] = self._query(
            SQL(
                """
                SELECT coalesce(max(last_id), 0)
                  FROM %s
                 WHERE kind = 'checkpoint' AND connection_ref = %s
                """,
                tables["seals"],
                connection_ref,
            )
        )
        findings, seal_id, lower = [], 0, 0
        while True:
            [[last_seal, upper]] = self._query(next_seals(tables["seals"], seal_id))
            if not last_seal:
                return findings
            which = (seal_id, last_seal, lower, upper, checkpoint)
            findings += self._sentences(
                self._query(differing_rows(tables, connection_ref, *which, limit=NAMED))
            )
            seal_id, lower = last_seal, upper

    @api.model
    def _rows_out_of_sequence(self, connection_ref):
        """Return sentences about rows whose id the database never gave out.

        No seal's range comes to them.
        """
        tables = self._tables()
        rows = self._query(
            SQL(
                """
                SELECT id
                  FROM %s audit
                 WHERE connection_ref = %s
                   AND (id < 1 OR id > (SELECT last_value FROM %s))
              ORDER BY id
                 LIMIT %s
                """,
                tables["audit"],
                connection_ref,
                tables["sequence"],
                NAMED,
            )
        )
        return self._sentences([(row[0], "inserted") for row in rows])

    @api.model
    def _forged_mark(self):
        """Return a sentence about a mark that no sealer can have left, if there is one.

        It names ids that were not given out yet.
        """
        tables = self._tables()
        forged = self._query(
            SQL(
                "SELECT FROM %s, %s WHERE last_id > last_value",
                tables["marks"],
                tables["sequence"],
            )
        )
        if not forged:
            return []
        return [
            self.env._(
                "The mark up to which the audit may be sealed was changed. It is ahead "
                "of the audit."
            )
        ]

    @api.model
    def _lost_heads(self, known_head=""):
        """Return sentences about chain heads that were noted and are gone.

        Verifications note the head, and certificates do; ``known_head`` is one that was
        kept outside of the database. An update noted the heads of before it sealed the
        audit again: enough for what stands in the database, no proof to who kept one.
        """
        tables = self._tables()
        lost = self._query(
            SQL(
                """
                SELECT head, max(date), bool_or(is_former)
                  FROM (SELECT head, date, EXISTS (
                               SELECT
                                 FROM %(audit)s
                                WHERE event = 'resealed'
                                  AND jsonb_exists("after" -> 'former_heads', head))
                               AS is_former
                          FROM (SELECT "after" ->> 'head' AS head, date
                                  FROM %(audit)s
                                 WHERE event IN ('verified', 'verification_failed')
                                 UNION ALL
                                SELECT audit_head, date FROM %(certificates)s
                                 UNION ALL
                                SELECT %(kept)s, NULL) noted
                         WHERE head <> '' AND NOT EXISTS (
                               SELECT FROM %(seals)s WHERE digest = head)) missing
                 WHERE date IS NULL OR NOT is_former
              GROUP BY head
              ORDER BY max(date)
                 LIMIT %(limit)s
                """,
                audit=tables["audit"],
                seals=tables["seals"],
                certificates=tables["certificates"],
                kept=known_head or None,
                limit=NAMED,
            )
        )
        noted = self.env._(
            "The seal %(digest)s is missing. It was the newest seal on %(date)s."
        )
        kept = self.env._(
            "The chain head %(digest)s that you kept is not in the chain."
        )
        former = self.env._(
            "The chain head %(digest)s that you kept is not in the chain. A row says "
            "that an update sealed the audit again; nothing proves that."
        )
        return [
            (noted if date else former if is_former else kept)
            % {"digest": head, "date": date}
            for head, date, is_former in lost
        ]

    @api.model
    def _removed_since(self, connection_ref, known_head):
        """Return sentences about rows that retention removed after ``known_head``.

        The newest checkpoint is always reported: rows up to there may be missing.
        """
        if not known_head:
            return []
        rows = self._query(
            SQL(
                """
                SELECT date, row_count, last_id
                  FROM (SELECT id, date, row_count, last_id,
                               max(id) OVER () AS newest
                          FROM %(seals)s
                         WHERE kind = 'checkpoint' AND connection_ref = %(connection)s
                       ) checkpoint
                 WHERE id = newest
                    OR id > (SELECT id FROM %(seals)s WHERE digest = %(head)s)
              ORDER BY id
                """,
                seals=self._tables()["seals"],
                connection=connection_ref,
                head=known_head,
            )
        )
        return [
            self.env._(
                "On %(date)s, %(count)s rows up to row %(last)s were removed, as the "
                "retention setting says.",
                date=date,
                count=count,
                last=last,
            )
            for date, count, last in rows
        ]

    @api.model
    def _sentences(self, rows):
        """Return sentences about rows.

        :param rows: (id, what is wrong with it) pairs
        """
        there = self.sudo().browse(id_ for id_, _wrong in rows).exists()
        texts = {
            "changed": self.env._("Row %s was changed."),
            "missing": self.env._("Row %s is missing."),
            "inserted": self.env._("Row %s was inserted later."),
        }
        names = {row.id: f"{row.id} ({row.display_name})" for row in there}
        found = [texts[wrong] % names.get(id_, id_) for id_, wrong in rows]
        if len(rows) == NAMED:
            last = rows[-1][0]
            found.append(self.env._("More rows after row %s may differ.", last))
        return found
