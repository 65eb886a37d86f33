"""When lists are read: which are due, when they are next, and the jobs that do it."""

import logging
import time
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.fields import Domain

from ...fetching.tenant import open_client, reading
from ...procurify import (
    RESOURCES,
    ForbiddenError,
    ProcurifyError,
    ProtocolError,
    Throttled,
    Traces,
)
from ...tools.cipher import UnreadableSecret
from ...tools.concurrency import CONCURRENCY_ERRORS, mute_sql_errors
from ...tools.private import is_run_manually
from ..audit.procurify_audit import names_of_run
from ..connection.procurify_connection import READING_PHASES
from ..procurify_run import NOTED_EVERY_S, current_run

_logger = logging.getLogger(__name__)

# Rights are given per list, and a tenant may lack a module: other lists still work.
OF_ONE_LIST = (ForbiddenError, ProtocolError)

_RUNS = {"ir_cron_fetch": "fetch", "ir_cron_nightly_check": "nightly check"}
_CRON_INTERVAL = timedelta(minutes=9)  # just below the fetch cron's own ten minutes


class _Pace:
    """When a run writes how far it came.

    Most lists have nothing new: writing it for each would be half of their queries.
    """

    def __init__(self, time_left):
        """:param time_left: seconds that the cron has"""
        self.steps = self._noted_steps = 0
        # The first step is written at once: Odoo skips a job that was killed three
        # times without any progress.
        self._noted_at = float("-inf")
        self._ends_at = time.monotonic() + time_left

    def count(self):
        """Count a step, and return how many there were before."""
        self.steps += 1
        return self.steps - 1

    def is_over(self):
        return time.monotonic() >= self._ends_at

    def is_due(self):
        return time.monotonic() >= self._noted_at + NOTED_EVERY_S

    def noted(self):
        """Return how many steps there were since the last call."""
        steps = self.steps - self._noted_steps
        self._noted_steps, self._noted_at = self.steps, time.monotonic()
        return steps


class ProcurifyStream(models.Model):
    _inherit = "procurify.stream"

    # === BEING DUE === #

    def _due(self):
        """Return the due streams, master data before the documents that name it.

        The connection that was not read for the longest time comes first: one whose
        lists are slow, or do not end, leaves the others their turn.
        """
        order, due = list(RESOURCES), self.search(self._due_domain())
        last_run = dict(
            self.env["procurify.run"]._read_group(
                [
                    ("connection_id", "in", due.connection_id.ids),
                    ("kind", "=", "fetch"),
                ],
                ["connection_id"],
                ["id:max"],
            )
        )
        return due.sorted(
            lambda stream: (
                last_run.get(stream.connection_id, 0),
                stream.connection_id.id,
                order.index(stream.resource),
            )
        )

    def _due_domain(self):
        """Return the domain of the streams to read now.

        A stream is due when its next attempt has come, unless its connection pauses
        after a failure. In quiet hours only what somebody asked for is due, which has
        no next attempt. «Run Manually» ignores the times, but not the quiet hours.
        """
        domain = (
            Domain("active", "=", True)
            & Domain("connection_id.active", "=", True)
            & Domain("connection_id.phase", "in", READING_PHASES)
        )
        now = fields.Datetime.now()
        if not is_run_manually():
            domain &= Domain("next_attempt", "=", False) | Domain(
                "next_attempt", "<=", now
            )
            domain &= Domain("connection_id.retry_at", "=", False) | Domain(
                "connection_id.retry_at", "<=", now
            )
        quiet = (
            self.env["procurify.connection"]
            .search(Domain.TRUE)
            .filtered(lambda connection: connection._is_quiet(now))
        )
        return domain & (
            Domain("connection_id", "not in", quiet.ids)
            | Domain("next_attempt", "=", False)
        )

    def _next_attempt(self):
        """Return when this stream is read next."""
        # Half a minute earlier, or a cron that ticks a second early skips a turn.
        now = fields.Datetime.now()
        minutes = self._interval(now)
        turn = now + timedelta(minutes=minutes, seconds=-30)
        if self._interval(turn) < minutes:
            # Month end begins before that: at midnight of that day.
            day = self.connection_id._local(turn).date()
            turn = min(turn, max(self.connection_id._at_hour(day, 0), now))
        return turn

    def _interval(self, now):
        """Return after how many minutes this list is read again.

        :param now: naive, UTC
        """
        self.ensure_one()
        resource = RESOURCES.get(self.resource)
        connection = self.connection_id
        if resource and resource.modified_filter and connection._is_closing(now):
            return min(self.interval_minutes, connection.close_interval_minutes)
        return self.interval_minutes

    def _wake(self):
        """Make these streams due now, so that a changed schedule takes effect."""
        now = fields.Datetime.now()
        self.filtered(lambda s: s.next_attempt and s.next_attempt > now).write(
            {"next_attempt": now}
        )

    # === CRON METHODS === #

    @api.model
    def _cron_fetch(self):
        """Read the streams that are due and stage what changed.

        An outage is written on the connection and does not raise: Odoo would
        deactivate the cron after some days of failures.
        """
        self._due()._read_in_turn("ir_cron_fetch", lambda s, c: s._fetch(c))
        self.env.ref("procurify_connector.ir_cron_import")._trigger()
        self.env["ir.cron"]._commit_progress()
        self.env["procurify.alarm"]._cron_alarm()
        self._trigger_next_attempt()

    @api.model
    def _trigger_next_attempt(self):
        """Run the fetch cron again where a stream is due before its next turn."""
        cron = self.env.ref("procurify_connector.ir_cron_fetch")
        now = fields.Datetime.now()
        soonest = self.search(
            Domain("connection_id.phase", "!=", "paused")
            & Domain("connection_id.active", "=", True)
            & Domain("next_attempt", ">", now)
            & Domain("next_attempt", "<", now + _CRON_INTERVAL),
            order="next_attempt",
            limit=1,
        )
        if soonest:
            cron._trigger(soonest.next_attempt)

    def _read_in_turn(self, cron, read):
        """Read these streams with ``read``, one connection after the other.

        :param cron: triggered again where this run's time ended
        :param read: takes a stream and a client, yields where to commit: whether
            the stream is completely read
        """
        left = len(self)
        for connection in self.connection_id:
            mine = self.filtered(lambda s, c=connection: s.connection_id == c)
            left -= len(mine)
            with mute_sql_errors(*CONCURRENCY_ERRORS):
                is_read = mine._read_all(connection, left, cron, read)
            if not is_read:
                self.env.ref(f"procurify_connector.{cron}")._trigger()
                # Odoo would repeat this run ten times before other jobs have a turn.
                self.env["ir.cron"]._commit_progress(remaining=0)
                break

    def _read_all(self, connection, others, cron, read):
        """Read these streams of one connection; stop at an outage.

        :param others: how many streams of other connections wait behind these
        :param cron: triggered again when Procurify asks for a pause
        :returns: False when the cron's time ran out before the end
        """
        run = self.env["procurify.run"]._begin(connection, _RUNS[cron])
        time_left = self.env["ir.cron"]._commit_progress(remaining=len(self) + others)
        try:
            with current_run.set(run.id), names_of_run.set({}):
                return self._read_each(connection, others, cron, read, time_left)
        except CONCURRENCY_ERRORS:
            # Another job or a user wrote a row of this page, or the row on which a
            # failure was to be noted. The page is read again in a new run: Odoo would
            # warn that this one did nothing of what remains.
            self.env.cr.rollback()
            run._end("continued")
            self.env["ir.cron"]._commit_progress(remaining=0)
            return False

    def _read_each(self, connection, others, cron, read, time_left):
        """Do as :meth:`_read_all`, but raise what concerns other transactions.

        :param time_left: seconds that the cron has
        """
        run, traces = self.env["procurify.run"]._current(), Traces()
        stream, pace = self.browse(), _Pace(time_left)
        left = len(self) + others
        try:
            with open_client(connection, renews_token=False, traces=traces) as client:
                for stream in self:
                    try:
                        for is_read in reading(
                            connection, client, partial(read, stream, client)
                        ):
                            if not pace.count():
                                connection._prove_tenant()
                            left -= is_read
                            is_last = is_read and stream == self[-1]
                            if is_last:
                                # In the transaction of its last page: a crash between
                                # the two would lose it.
                                self._note_health(connection)
                            if self._commit_step(pace, traces, left, is_last):
                                return False
                    except OF_ONE_LIST as error:
                        self._note_stop(connection, stream, error, cron)
            self._note_health(connection)
        except (ProcurifyError, UnreadableSecret) as error:
            self._note_stop(connection, stream, error, cron)
        connection._refresh_screens()
        run._note(traces, is_over=True)
        run._end("done")
        self.env["ir.cron"]._commit_progress(pace.noted() + 1, remaining=others)
        return True

    def _commit_step(self, pace, traces, left, is_last):
        """Commit a step of a reading, and every few seconds also how far the run came.

        :param left: how many streams are not completely read
        :param is_last: whether this was the last step of the connection
        :returns: whether the cron's time is over
        """
        is_over = bool(left) and pace.is_over() and not is_run_manually()
        if not (is_last or is_over or pace.is_due()):
            self.env.cr.commit()  # pylint: disable=invalid-commit
            return False
        run = self.env["procurify.run"]._current()
        run._note(traces, is_over=is_over)
        if is_over:
            run._end("continued")
        self.env["ir.cron"]._commit_progress(pace.noted(), remaining=left)
        return is_over

    # === OUTCOME OF A READING === #

    @api.model
    def _note_health(self, connection):
        """Note a success on ``connection``, unless one of its lists has an error."""
        if not connection.stream_ids.filtered("error_message"):
            connection._note_success()

    def _note_stop(self, connection, stream, error, cron):
        """Write why reading stopped on the stream or connection, and in the log.

        The failed step is rolled back: progress and staged objects must not differ.
        A pause that Procurify asks for is no failure.
        """
        self.env.cr.rollback()
        run = self.env["procurify.run"]._current()
        if isinstance(error, Throttled):
            connection._pause(error, cron)
            run._end("continued")
            return
        _logger.warning(
            "Procurify %s stopped at %s: %s",
            connection.name,
            stream.resource or "start",
            type(error).__name__,
        )
        failing = stream or connection
        message = failing.error_message
        failing._note_failure(error)
        run._end("failed", failing.error_message)
        self.env["procurify.audit"]._log_failure(failing, message)
        self.env["ir.cron"]._commit_progress()

    def _note_failure(self, error):
        """Write ``error`` on the stream and on its connection.

        An error of this list alone delays neither the other lists nor the import of
        what was read: the scan of this list starts again. After any other error the
        scan continues where it stopped.
        """
        self.ensure_one()
        connection = self.connection_id
        connection._note_failure(error)
        values = {
            "error_message": connection.error_message,
            "error_date": self.error_date or fields.Datetime.now(),
        }
        if isinstance(error, OF_ONE_LIST):
            values |= self._closed_scan_values()
            values["next_attempt"] = connection.retry_at
            connection.retry_at = False
        self.write(values)
