"""The queue of the import: which records are next, and the cron that takes them."""

from bisect import bisect
from datetime import timedelta
from itertools import accumulate

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...importers.batch import IMPORT_BATCH_SIZE
from ...importers.resource_kinds import IMPORT_ORDER
from ...tools.concurrency import CONCURRENCY_ERRORS, untold
from ...tools.manual_run import is_run_manually

IMPORT_BATCH_BYTES = 2_000_000  # of payload: two hundred bills of five lines
LOOKED_AT = 800  # rows that are looked at together for some that nobody holds
OTHERS_NEED_S = 15  # until those who hold all that is left are done with it


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    # === CRON METHODS === #

    @api.model
    def _importable(self):
        """Return the connections for which something can be imported."""
        importable = self.env["procurify.connection"]
        ready = [("active", "=", True), ("phase", "=", "live")]
        for connection in importable.search(ready):
            obstacle = connection._import_obstacle()
            connection._note_obstacle(obstacle)
            if not obstacle:
                importable |= connection
        return importable

    def _next_todo(self, domain):
        """Claim the next batch: one resource, the oldest rows, nobody else's.

        What may depend on rows that another worker holds waits for that one.
        """
        for resource in IMPORT_ORDER:
            mine = domain & Domain("resource", "=", resource)
            if records := self.search(mine, limit=LOOKED_AT, order="id"):
                return self._claim(mine, records)._first_bytes(IMPORT_BATCH_BYTES)
        return self.browse()

    def _claim(self, domain, records):
        """Lock a batch of ``records``, or of those behind them that match ``domain``.

        Some dozens of workers hold more rows than are looked at together.
        """
        while records:
            claimed = records.try_lock_for_update(
                allow_referencing=True, limit=IMPORT_BATCH_SIZE
            )
            if claimed:
                return claimed
            behind = domain & Domain("id", ">", records[-1].id)
            records = self.search(behind, limit=LOOKED_AT, order="id")
        return records

    def _first_bytes(self, limit):
        """Return the first of these records: one, or as many as ``limit`` bytes hold.

        What takes time is lines, not documents, and a batch must end within a cron
        worker's time.
        """
        sizes = self.env.execute_query(
            SQL(
                "SELECT id, octet_length(payload) FROM %s WHERE id IN %s ORDER BY id",
                SQL.identifier(self._table),
                tuple(self.ids) or (None,),
            )
        )
        ends = accumulate(size or 0 for _id, size in sizes)
        within = bisect([*ends], limit)
        return self.browse(id_ for id_, _size in sizes[: max(within, 1)])

    @api.model
    def _heal(self, connections):
        """Send to the import what somebody's change in Odoo may have cured."""
        try:
            self.env["procurify.healing"]._heal(connections)
            self.env["ir.cron"]._commit_progress()
        except CONCURRENCY_ERRORS:
            # Another import does it.
            self.env.cr.rollback()

    @api.model
    def _cron_import(self):
        """Import what is staged, batch by batch, as long as the cron has time."""
        with untold(*CONCURRENCY_ERRORS):
            self._import_staged()
            self.env["procurify.alarm"]._cron_alarm()

    @api.model
    def _cron_help_import(self):
        """Import beside the import cron: it calls for help when more waits than it
        can take at once."""
        with untold(*CONCURRENCY_ERRORS):
            self._import_pending(self._importable())

    @api.model
    def _import_staged(self):
        connections = self._importable()
        self._heal(connections)
        self._requeue_waiting()
        pending = self.search_count(_pending(connections))
        self.env["ir.cron"]._procurify_call_helpers(pending // IMPORT_BATCH_SIZE)
        self._import_pending(connections)

    @api.model
    def _requeue_waiting(self):
        """Give what waited for something one new chance in each run.

        There may be a hundred thousand, of which none is to be read.
        """
        self.flush_model(["state"])
        try:
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET state = 'pending' WHERE state = 'waiting'",
                    SQL.identifier(self._table),
                )
            )
            self.invalidate_model(["state"], flush=False)
            self.env["ir.cron"]._commit_progress()
        except CONCURRENCY_ERRORS:
            # Another job decides about one of them right now: the next run does it.
            self.env.cr.rollback()

    @api.model
    def _import_pending(self, connections):
        """Import batch by batch until nothing is left, or the cron's time is over."""
        commit = self.env["ir.cron"]._commit_progress
        domain = _pending(connections)
        runs, wait_s = {}, 0
        try:
            # Counted once: a hundred thousand are not counted for each batch.
            remaining = self.search_count(domain)
            commit(remaining=remaining)
            while records := self._next_todo(domain):
                records._import()
                self.env["procurify.run"]._note_imported(runs, records)
                records.connection_id._refresh_screens()
                remaining = max(remaining - len(records), 0)
                time_left = commit(len(records), remaining=remaining)
                if not (time_left or is_run_manually()):
                    break
            else:
                wait_s = OTHERS_NEED_S
        except CONCURRENCY_ERRORS:
            # Somebody wrote what this batch read: it is still pending.
            self.env.cr.rollback()
        is_left = self.search_count(domain, limit=1)
        # That of a batch which was taken back is not there.
        for run in runs.values():
            run.exists()._end("continued" if is_left else "done")
        if is_left:
            cron = self.env.ref("procurify_connector.ir_cron_import")
            cron._trigger(fields.Datetime.now() + timedelta(seconds=wait_s))
        # Odoo would repeat this run ten times before the other jobs have their turn.
        commit(remaining=0)


def _pending(connections):
    return Domain("state", "=", "pending") & Domain(
        "connection_id", "in", connections.ids
    )
