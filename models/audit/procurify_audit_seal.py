"""Seals of the audit: each covers a range of rows, and the seal before it."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.audit_triggers import (
    OLDEST_RUNNING,
    RETENTION_DELAY_DAYS,
    SHORTEST_RETENTION_DAYS,
)

SEAL_ROWS = 5000  # rows of the audit that are sealed between two commits
REMOVED_ROWS = 20_000  # rows that retention deletes between two commits
_LOCK = 7_411_902_354_110_073  # any number, one sealer at a time


class ProcurifyAuditSeal(models.Model):
    """A row seals what the audit said in a range of ids, of all connections.

    Each range begins where the one before ended. ``leaves`` names each row in it with
    its connection and the start of its digest; ``digest`` is over everything in the
    seal, the digest of the row before it included. So the newest digest, the *chain
    head*, holds all of it: kept outside of the database, it proves what was sealed.

    A ``checkpoint`` is a link of the same chain, and says that the rows of one
    connection up to ``last_id`` were removed on purpose; their seals stay.

    The database makes everything in a seal but its end.
    """

    _name = "procurify.audit.seal"
    _inherit = "procurify.append.only"
    _description = "Procurify Audit Seal"
    _order = "id desc"
    _log_access = False

    kind = fields.Selection(
        [("seal", "Seal"), ("checkpoint", "Checkpoint")], required=True, readonly=True
    )
    date = fields.Datetime(readonly=True)
    connection_ref = fields.Integer(
        "Connection ID",
        readonly=True,
        help="Only for a checkpoint. A seal covers all connections.",
    )
    first_id = fields.Integer(readonly=True)
    last_id = fields.Integer(required=True, readonly=True)
    row_count = fields.Integer(readonly=True)
    leaves = fields.Text(readonly=True, prefetch=False)
    previous_digest = fields.Char(readonly=True)
    digest = fields.Char(readonly=True)

    _chain_uniq = models.UniqueIndex(
        "(previous_digest)", "The chain of seals must not fork."
    )
    _sealed_idx = models.Index("(last_id) WHERE kind = 'seal'")
    _checkpoint_idx = models.Index(
        "(connection_ref, last_id) WHERE kind = 'checkpoint'"
    )

    # === SEALING === #

    @api.model
    def _cron_seal(self):
        """Seal the rows that no running transaction can add to.

        Then note how far the next run may go.
        """
        commit = self.env["ir.cron"]._commit_progress
        self.env["procurify.audit.repeat"]._log_finished()
        commit()
        if not self._lock():
            return
        until = self.env["procurify.audit.mark"]._sealable()
        while self._seal_next(until):
            commit(1)
            if not self._lock():
                return
        # In a transaction that has no number yet, see there.
        commit()
        self.env["procurify.audit.mark"]._note()
        commit()

    @api.model
    def _lock(self):
        """Return whether this transaction alone may seal."""
        self.env.cr.execute(SQL("SELECT pg_try_advisory_xact_lock(%s)", _LOCK))
        return self.env.cr.fetchone()[0]

    @api.model
    def _sealed_until(self):
        """Return the id up to which every row of every connection is sealed, or 0."""
        self.env.cr.execute(
            "SELECT max(last_id) FROM procurify_audit_seal WHERE kind = 'seal'"
        )
        return self.env.cr.fetchone()[0] or 0

    @api.model
    def _seal_next(self, until):
        """Seal the next rows.

        :param until: the last id that may be sealed
        :returns: whether something was sealed
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT count(*), max(id)
                  FROM (SELECT id
                          FROM procurify_audit
                         WHERE id > %s AND id <= %s
                      ORDER BY id
                         LIMIT %s) next
                """,
                self._sealed_until(),
                until,
                SEAL_ROWS,
            )
        )
        count, last = self.env.cr.fetchone()
        if not count:
            return False
        self.env.flush_all()
        self.env.cr.execute(
            "INSERT INTO procurify_audit_seal (kind, last_id) VALUES ('seal', %s)",
            [last if count == SEAL_ROWS else until],
        )
        self.invalidate_model()
        return True

    @api.model
    def _head(self):
        """Return the newest link of the chain: its digest is the chain head."""
        return self.sudo().search([], order="id desc", limit=1)

    # === RETENTION === #

    @api.model
    def _remove_old(self):
        """Remove what is older than the connections keep, under a checkpoint each."""
        commit = self.env["ir.cron"]._commit_progress
        connections = (
            self.env["procurify.connection"]
            .with_context(active_test=False)
            .search(
                [
                    ("audit_days", ">=", SHORTEST_RETENTION_DAYS),
                    (
                        "audit_days_since",
                        "<=",
                        fields.Datetime.now() - timedelta(days=RETENTION_DELAY_DAYS),
                    ),
                ]
            )
        )
        for connection in connections:
            commit()  # To see what the sealer wrote last.
            if not self._lock():
                return  # The sealer is at work: next night.
            if until := self._make_checkpoint(connection):
                commit()
                audit = self.env["procurify.audit"]
                while audit._remove_sealed(connection.id, until, REMOVED_ROWS):
                    commit()

    @api.model
    def _make_checkpoint(self, connection):
        """Write a checkpoint: rows of ``connection`` up to there may be removed.

        Where the verification finds something, no row is removed: it is evidence.

        :returns: the last id that a checkpoint covers; 0: none does
        """
        oldest = fields.Datetime.now() - timedelta(days=connection.audit_days)
        known = self._checkpoint_id(connection.id)
        until = self._sealed_before(oldest)
        if until <= known:
            return known
        audit = self.env["procurify.audit"]
        if audit._verify(connection.id).findings:
            return known
        count = audit.search_count(
            [("connection_ref", "=", connection.id), ("id", "<=", until)]
        )
        if not count:
            return known
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO procurify_audit_seal
                            (kind, connection_ref, first_id, last_id, row_count)
                     VALUES ('checkpoint', %s, %s, %s, %s)
                """,
                connection.id,
                known + 1,
                until,
                count,
            )
        )
        self.invalidate_model()
        audit._log_checkpoint(connection, until, count)
        return until

    @api.model
    def _checkpoint_id(self, connection_ref):
        """Return the last id of the connection that was removed on purpose, or 0."""
        return self._last_id(
            SQL("kind = 'checkpoint' AND connection_ref = %s", connection_ref)
        )

    @api.model
    def _sealed_before(self, instant):
        """Return the last id that was sealed by ``instant``, or 0."""
        return self._last_id(SQL("kind = 'seal' AND date < %s", instant))

    @api.model
    def _last_id(self, condition):
        self.env.cr.execute(
            SQL("SELECT max(last_id) FROM procurify_audit_seal WHERE %s", condition)
        )
        return self.env.cr.fetchone()[0] or 0


class ProcurifyAuditMark(models.Model):
    """How far the audit may be sealed once the transactions of then have ended.

    A worker draws the ids of its rows long before it commits. The single row says:
    up to ``last_id``, every id was drawn by a transaction older than number ``xid``.
    When the oldest running transaction is not older than that, none of them can
    commit a row below. So the sealer waits for nobody.
    """

    _name = "procurify.audit.mark"
    _description = "Procurify Audit Mark"
    _log_access = False

    last_id = fields.Integer(required=True)
    xid = fields.Char(required=True)

    @api.model
    def _sealable(self):
        """Return the id up to which nothing can be added any more, or 0."""
        self.env.cr.execute(
            SQL(
                "SELECT last_id FROM procurify_audit_mark WHERE xid::xid8 <= (%s)",
                OLDEST_RUNNING,
            )
        )
        return max((row[0] for row in self.env.cr.fetchall()), default=0)

    @api.model
    def _note(self):
        """Note the last id that was given out, and the number of a transaction.

        It is younger than every transaction that may hold an id up to that one.

        This transaction's own number is, if it gets one only after the id was read. A
        note stays while its transactions run: if each run replaced it, a busy database
        would never be sealed.
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT last_value
                  FROM procurify_audit_id_seq
                 WHERE is_called
                   AND pg_current_xact_id_if_assigned() IS NULL
                   AND NOT EXISTS (
                       SELECT
                         FROM procurify_audit_mark
                        WHERE xid::xid8 > (%s)
                          -- Not from this server: it has not counted as far yet.
                          AND xid::xid8 < pg_snapshot_xmax(pg_current_snapshot()))
                """,
                OLDEST_RUNNING,
            )
        )
        if not (drawn := self.env.cr.fetchone()):
            return
        self.env.cr.execute("SELECT pg_current_xact_id()::text")
        [xid] = self.env.cr.fetchone()
        values = {"last_id": drawn[0], "xid": xid}
        if mark := self.search([], limit=1):
            mark.write(values)
        else:
            self.create(values)
