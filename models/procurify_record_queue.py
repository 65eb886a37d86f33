"""The queue of the import: which records are next, and the cron that takes them."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .concurrency import CONCURRENCY_ERRORS, untold
from .ir_cron import is_run_manually
from .procurify_record_import import IMPORT_BATCH_SIZE, IMPORT_ORDER

MOST_WORKERS = 8  # that find a batch of one resource at the same time
OTHERS_NEED_S = 15  # until those who hold what is left are done with it


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    # === CRON METHODS === #

    @api.model
    def _importable(self):
        """Return the connections for which something can be imported."""
        importable = self.env["procurify.connection"]
        for connection in importable.search([("active", "=", True)]):
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
            records = self.search(
                domain & Domain("resource", "=", resource),
                limit=IMPORT_BATCH_SIZE * MOST_WORKERS,
                order="id",
            )
            if records:
                return records.try_lock_for_update(
                    allow_referencing=True, limit=IMPORT_BATCH_SIZE
                )
        return self.browse()

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
    def _import_staged(self):
        commit = self.env["ir.cron"]._commit_progress
        connections = self._importable()
        domain = Domain("state", "=", "pending") & Domain(
            "connection_id", "in", connections.ids
        )
        self._heal(connections)
        # What waited for something gets one new chance in each run.
        self.search([("state", "=", "waiting")])._requeue()
        time_left = commit(remaining=self.search_count(domain))
        count = 0
        try:
            while (time_left or is_run_manually()) and (
                records := self._next_todo(domain)
            ):
                records._import()
                count += len(records)
                time_left = commit(len(records), remaining=self.search_count(domain))
        except CONCURRENCY_ERRORS:
            # Somebody wrote what this batch read: it is still pending.
            self.env.cr.rollback()
            time_left = 0
        if self.search_count(domain, limit=1):
            # With time left, others hold it.
            delay = timedelta(seconds=OTHERS_NEED_S if time_left else 0)
            cron = self.env.ref("procurify_connector.ir_cron_import")
            cron._trigger(fields.Datetime.now() + delay)
        # Odoo would warn of a run that did nothing of what it found, and repeat it.
        commit(**({} if count else {"remaining": 0}))
