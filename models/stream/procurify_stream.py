"""Where the connector is in one resource of one connection: fetch and watermark."""

import logging
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
from ...tools.concurrency import CONCURRENCY_ERRORS, untold
from ...tools.manual_run import is_run_manually
from ..connection.procurify_connection import READING_PHASES
from ..procurify_run import current_run

_logger = logging.getLogger(__name__)

# The others may be well: rights are given per list, and a tenant may lack a module.
OF_ONE_LIST = (ForbiddenError, ProtocolError)

_RUNS = {"ir_cron_fetch": "fetch", "ir_cron_nightly_check": "nightly check"}

DEFAULT_INTERVAL_MINUTES = 10
FULL_SCAN_INTERVAL_MINUTES = 60  # lists without a modified filter
INTERVALS_MINUTES = {
    "catalog_item": 360,  # a long list without a filter; documents embed what they name
    "requisition": 30,
    "order_item": 30,  # a second net below the orders
}


class ProcurifyStream(models.Model):
    """One resource of one connection, and how far it was read.

    ``modified_watermark`` moves only in the transaction that stages the last page
    of a window, and never past a stamp that was really seen.
    """

    _name = "procurify.stream"
    _inherit = "procurify.system.fields"
    _description = "Procurify Stream"
    _order = "connection_id, id"
    # The watermarks are not among them: managers may have a part read again.
    _system_fields = frozenset(
        {
            "complete_at",
            "connection_id",
            "deleted_count",
            "error_date",
            "error_message",
            "found_count",
            "is_refused",
            "last_success",
            "last_nightly_check",
            "missing_count",
            "next_attempt",
            "object_count",
            "resource",
            "restless_paths",
            "scan_confirms",
            "scan_count",
            "scan_from",
            "scan_moved",
            "scan_page",
            "scan_page_size",
            "scan_part",
            "scan_pass",
            "scan_staged",
            "scan_watermark",
            "check_answered",
            "check_missing",
            "check_page",
            "check_record_id",
            "check_staged",
            "check_started",
            "check_unstaged",
            "visible_count",
            "warning_message",
        }
    )

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="connection_id.company_id", store=True, index=True
    )
    resource = fields.Selection(
        selection="_selection_resource", required=True, readonly=True
    )
    active = fields.Boolean(default=True)
    interval_minutes = fields.Integer(
        string="Every (minutes)",
        compute="_compute_interval_minutes",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )

    modified_watermark = fields.Datetime(
        readonly=True, help="Everything changed before this moment was read (UTC)."
    )
    created_watermark = fields.Datetime(
        readonly=True, help="Everything created before this moment was read (UTC)."
    )
    last_success = fields.Datetime(readonly=True)
    next_attempt = fields.Datetime(readonly=True, help="Empty: at the next run.")
    object_count = fields.Integer(
        "Objects Seen", readonly=True, help="What Procurify counted in the last window."
    )
    error_message = fields.Text(readonly=True)
    error_date = fields.Datetime("Failing Since", readonly=True)
    warning_message = fields.Text(readonly=True)

    _resource_uniq = models.UniqueIndex(
        "(connection_id, resource)", "A connection has one stream per resource."
    )
    _positive_interval = models.Constraint(
        "CHECK(interval_minutes > 0)", "The interval is at least one minute."
    )

    @api.depends("resource")
    def _compute_interval_minutes(self):
        for stream in self:
            resource = RESOURCES.get(stream.resource)
            stream.interval_minutes = INTERVALS_MINUTES.get(
                stream.resource,
                DEFAULT_INTERVAL_MINUTES
                if resource and resource.modified_filter
                else FULL_SCAN_INTERVAL_MINUTES,
            )

    @api.depends("connection_id", "resource")
    def _compute_display_name(self):
        labels = dict(self._selection_resource())
        for stream in self:
            stream.display_name = (
                f"{stream.connection_id.name} / {labels.get(stream.resource, '')}"
            )

    @api.model
    def _selection_resource(self):
        return [
            item
            for item in self.env["procurify.record"]._selection_resource()
            if item[0] in RESOURCES
        ]

    def write(self, vals):
        written = super().write(vals)
        if "interval_minutes" in vals and "next_attempt" not in vals:
            self.sudo().next_attempt = False
        # Nor is it moved to where its writer may not write.
        self.check_access("write")
        return written

    # === ACTION METHODS === #

    def action_read_again(self):
        """Forget the watermark: the next run reads everything once more."""
        self.check_access("write")
        self.env["procurify.audit"]._log_records("sync_requested", self)
        self.sudo().write(
            self._closed_scan_values()
            | {
                "modified_watermark": False,
                "created_watermark": False,
                "next_attempt": False,
            }
        )

    # === FETCH METHODS === #

    def _due_domain(self):
        """Streams whose turn it is; all active ones when a person runs the cron."""
        domain = (
            Domain("active", "=", True)
            & Domain("connection_id.active", "=", True)
            & Domain("connection_id.phase", "in", READING_PHASES)
        )
        if is_run_manually():
            return domain
        now = fields.Datetime.now()
        return (
            domain
            & (Domain("next_attempt", "=", False) | Domain("next_attempt", "<=", now))
            & (
                Domain("connection_id.retry_at", "=", False)
                | Domain("connection_id.retry_at", "<=", now)
            )
        )

    def _due(self):
        """Return the due streams, master data before the documents that name it."""
        order = list(RESOURCES)
        return self.search(self._due_domain()).sorted(
            lambda stream: (stream.connection_id.id, order.index(stream.resource))
        )

    def _next_attempt(self):
        # Half a minute earlier, or a cron that ticks a second early waits a turn.
        delay = timedelta(minutes=self.interval_minutes, seconds=-30)
        return fields.Datetime.now() + delay

    def _note_failure(self, error):
        """Write ``error`` on the stream and on its connection.

        What concerns this list alone does not keep the others from being read, nor
        what was read of it from being imported: its scan begins anew. Any other scan
        stays where it is.
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

    def _read_in_turn(self, cron, read):
        """Read these streams with ``read``, one connection after the other.

        :param cron: goes on at once where this run's time ended
        :param read: takes a stream and a client, yields where to commit: whether
            the stream is read to its end
        """
        left = len(self)
        self.env["ir.cron"]._commit_progress(remaining=left)
        for connection in self.connection_id:
            mine = self.filtered(lambda s, c=connection: s.connection_id == c)
            left -= len(mine)
            with untold(*CONCURRENCY_ERRORS):
                is_read = mine._read_all(connection, left, cron, read)
            if not is_read:
                self.env.ref(f"procurify_connector.{cron}")._trigger()
                # Odoo would repeat this run ten times before others have their turn.
                self.env["ir.cron"]._commit_progress(remaining=0)
                break

    def _read_all(self, connection, others, cron, read):
        """Read these streams of one connection; stop at an outage.

        :param others: how many streams of other connections wait behind these
        :param cron: goes on when Procurify asks for a pause
        :returns: False when the cron's time ran out before the end
        """
        run = self.env["procurify.run"]._begin(connection, _RUNS[cron])
        self.env["ir.cron"]._commit_progress()
        try:
            with current_run.set(run.id):
                return self._read_each(connection, others, cron, read)
        except CONCURRENCY_ERRORS:
            # Another job, or a person's button, wrote a row of this page, or where a
            # failure was to be noted. The page is read again, in a run of its own: Odoo
            # would warn of this one that it did nothing of what remains.
            self.env.cr.rollback()
            run._end("continued")
            self.env["ir.cron"]._commit_progress(remaining=0)
            return False

    def _read_each(self, connection, others, cron, read):
        """Do as :meth:`_read_all`, but raise what concerns other transactions."""
        commit = self.env["ir.cron"]._commit_progress
        run, traces = self.env["procurify.run"]._current(), Traces()
        stream = self.browse()
        left = len(self) + others
        try:
            with open_client(connection, renews_token=False, traces=traces) as client:
                for stream in self:
                    try:
                        for is_read in reading(
                            connection, client, partial(read, stream, client)
                        ):
                            connection._prove_tenant()
                            left -= is_read
                            if is_read and stream == self[-1]:
                                # With its last page: a crash would part the two.
                                self._note_health(connection)
                            run._note(traces)
                            time_left = commit(1, remaining=left)
                            if left and not (time_left or is_run_manually()):
                                run._note(traces, is_over=True)
                                run._end("continued")
                                return False
                    except OF_ONE_LIST as error:
                        self._note_stop(connection, stream, error, cron)
            self._note_health(connection)
        except (ProcurifyError, UnreadableSecret) as error:
            self._note_stop(connection, stream, error, cron)
        connection._refresh_screens()
        run._note(traces, is_over=True)
        run._end("done")
        commit(1, remaining=others)
        return True

    @api.model
    def _note_health(self, connection):
        """Note that ``connection`` is well, unless one of its lists is not."""
        if not connection.stream_ids.filtered("error_message"):
            connection._note_success()

    def _note_stop(self, connection, stream, error, cron):
        """Say why reading stopped, where people look, and in the log.

        What the step had written before it failed is taken back: how far it came must
        not part from what it staged. A pause that Procurify asks for is no failure.
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
