"""Where the connector is in one resource of one connection: fetch and watermark."""

import logging
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..procurify import RESOURCES, ForbiddenError, MissingObject, ProcurifyError
from .ir_cron import is_run_manually
from .procurify_secret import UnreadableSecret

_logger = logging.getLogger(__name__)

# Rows whose stamp lies this far before the watermark are read again, because a
# stamp is given before its transaction is visible. A date-grained filter speaks
# of days in a time zone that is not ours: one full day on each side.
OVERLAPS = {"datetime": timedelta(minutes=15), "date": timedelta(days=2)}
MAX_PASSES = 5  # over a window that keeps moving while it is read

DEFAULT_INTERVAL_MINUTES = 10
FULL_SCAN_INTERVAL_MINUTES = 60  # lists without a modified filter


class ProcurifyStream(models.Model):
    """One resource of one connection, and how far it was read.

    ``modified_watermark`` moves only in the transaction that stages the last page
    of a window, and never past a stamp that was really seen. The ``scan_…``
    columns remember an unfinished window, so that a long one goes on where the
    last run stopped.
    """

    _name = "procurify.stream"
    _description = "Procurify Stream"
    _order = "connection_id, id"

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

    scan_page = fields.Integer(readonly=True, help="The next page of this window.")
    scan_pass = fields.Integer(readonly=True)
    scan_count = fields.Integer(readonly=True)
    scan_moved = fields.Boolean(readonly=True, help="The list moved in this pass.")
    scan_confirms = fields.Boolean(
        readonly=True, help="This pass only looks for what came on top meanwhile."
    )
    scan_watermark = fields.Datetime(readonly=True)

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
            stream.interval_minutes = (
                DEFAULT_INTERVAL_MINUTES
                if resource and resource.modified_filter
                else FULL_SCAN_INTERVAL_MINUTES
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
        if "interval_minutes" in vals:
            vals = {"next_attempt": False} | vals
        return super().write(vals)

    # === ACTION METHODS === #

    def action_read_again(self):
        """Forget the watermark: the next run reads everything once more."""
        self.check_access("write")
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
        domain = Domain("active", "=", True) & Domain("connection_id.active", "=", True)
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

    def _fetch(self, client):
        """Read this stream's window and stage it; yield after each staged page.

        What was staged and how far it goes are written together: the caller
        commits at each yield, and nowhere else may the two part.

        :raises ProcurifyError: the page at hand is not staged, the earlier ones are
        """
        self.ensure_one()
        resource = RESOURCES[self.resource]
        if not self.scan_pass:
            self.write({"scan_pass": 1, "scan_page": 1})
        while number := self.scan_pass:
            pages = client.pages(
                resource,
                since=self._window_start(resource),
                newest_first=bool(resource.order_by),
                first_page=self.scan_page,
            )
            for page in pages:
                objects = self._complete(client, resource, page.objects)
                self._stage_page(resource, page, objects)
                yield
                if self.scan_pass != number:
                    break

    def _window_start(self, resource):
        """Return the aware UTC instant from which to read, or None for everything."""
        if not (resource.modified_filter and self.modified_watermark):
            return None
        start = self.modified_watermark - OVERLAPS[resource.modified_grain]
        return start.replace(tzinfo=timezone.utc)

    def _complete(self, client, resource, rows):
        """Return ``rows`` with their details, where the list carries only a summary.

        A row that stands in the stage as it is now costs no request.
        """
        if not resource.detail_path:
            return [(row, row) for row in rows]
        digests = self.env["procurify.record"]._summary_digests(
            self.connection_id, self.resource, [row.external_id for row in rows]
        )
        changed = [row for row in rows if digests.get(row.external_id) != row.digest]
        details = client.details(
            resource, [resource.detail_ids(row.data) for row in changed]
        )
        return self._without_missing(resource, changed, details)

    def _without_missing(self, resource, rows, details):
        """Pair ``rows`` with their details; one that is not there is looked at again.

        A row whose detail is missing was deleted meanwhile, and is gone from the list
        when it is read once more. One that is still listed then is staged as it
        stands, to be held; when that goes for all of them, the rights are at fault.

        :raises ForbiddenError: the list shows rows, but none of them can be opened
        """
        pairs = list(zip(rows, details, strict=True))
        missing = [row for row, detail in pairs if _missing(detail)]
        if missing and self.scan_pass == 1:
            self.scan_moved = True
            missing = []
        if missing and len(missing) == len(rows) > 1:
            raise ForbiddenError(
                "the list shows objects, but none of them can be opened (404)",
                url_path=resource.detail_path,
                http_status=404,
            )
        found = [(row, detail) for row, detail in pairs if not _missing(detail)]
        return found + [(row, row) for row in missing]

    def _stage_page(self, resource, page, objects):
        """Stage ``objects`` and advance the scan, in one transaction."""
        staged = self.env["procurify.record"]._stage(
            self.connection_id, self.resource, objects
        )
        ordered = bool(resource.order_by) and page.newest_first
        values = {
            "scan_page": page.number + 1,
            "scan_count": page.count,
            "object_count": page.count,
        }
        stamps = [_naive(row.modified) for row in page.objects if row.modified]
        known = [self.scan_watermark] if self.scan_watermark else []
        values["scan_watermark"] = max(stamps + known, default=False)
        # A row that leaves, or moves in a list without order, lets others slip to a
        # page that was read already.
        count_moved = page.number > 1 and page.count != self.scan_count
        unordered = bool(resource.order_by) and not ordered
        if page.num_pages > 1 and (count_moved or (unordered and staged)):
            values["scan_moved"] = True
        if not page.obeys_filter:
            values["warning_message"] = self.env._(
                "Procurify ignored the date filter of this list: all of it is read."
            )
        self.write(values)
        came_to_rest = self.scan_confirms and ordered and not staged
        if page.is_last or came_to_rest:
            self._close_pass(confirm=ordered and page.num_pages > 1)

    def _close_pass(self, *, confirm):
        """End a pass: the window is finished, or is looked at once more.

        :param confirm: newest first, a row that changed meanwhile is now on top:
            the next pass reads from there until it meets nothing new
        """
        again = self.scan_moved or (confirm and not self.scan_confirms)
        if again and self.scan_pass < MAX_PASSES:
            self.write(
                {
                    "scan_pass": self.scan_pass + 1,
                    "scan_page": 1,
                    "scan_moved": False,
                    "scan_confirms": not self.scan_moved,
                }
            )
            return
        values = self._closed_scan_values() | {
            "last_success": fields.Datetime.now(),
            "next_attempt": self._next_attempt(),
            "error_message": False,
            "error_date": False,
        }
        seen, known = self.scan_watermark, self.modified_watermark
        # A list that never came to rest keeps its watermark: the next run reads on.
        if seen and not self.scan_moved and (not known or seen > known):
            values["modified_watermark"] = seen
        self.write(values)

    @api.model
    def _closed_scan_values(self):
        return {
            "scan_page": 0,
            "scan_pass": 0,
            "scan_count": 0,
            "scan_moved": False,
            "scan_confirms": False,
            "scan_watermark": False,
        }

    def _next_attempt(self):
        # Half a minute earlier, or a cron that ticks a second early waits a turn.
        delay = timedelta(minutes=self.interval_minutes, seconds=-30)
        return fields.Datetime.now() + delay

    def _note_failure(self, error):
        """Write ``error`` on the stream and on its connection; the scan stays."""
        self.ensure_one()
        self.connection_id._note_failure(error)
        self.write(
            {
                "error_message": self.connection_id.error_message,
                "error_date": self.error_date or fields.Datetime.now(),
            }
        )

    # === CRON METHODS === #

    @api.model
    def _cron_fetch(self):
        """Read the streams that are due and stage what changed.

        An outage is written on the connection and does not raise: Odoo would
        deactivate the cron after some days of failures.
        """
        commit = self.env["ir.cron"]._commit_progress
        streams = self._due()
        left = len(streams)
        commit(remaining=left)
        for connection in streams.connection_id:
            mine = streams.filtered(lambda s, c=connection: s.connection_id == c)
            left -= len(mine)
            if not mine._fetch_all(connection, left):
                # No time is left: the rest goes on in the next run, at once.
                self.env.ref("procurify_connector.ir_cron_fetch")._trigger()
                break
        self.env.ref("procurify_connector.ir_cron_import")._trigger()
        commit()

    def _fetch_all(self, connection, others):
        """Fetch these streams of one connection; stop at its first failure.

        :param others: how many streams of other connections wait behind these
        :returns: False when the cron's time ran out before the end
        """
        commit = self.env["ir.cron"]._commit_progress
        stream = self.browse()
        left = len(self) + others
        try:
            with connection._client() as client:
                for stream in self:
                    for _page in stream._fetch(client):
                        connection._remember_token(client)
                        left -= not stream.scan_pass
                        time_left = commit(1, remaining=left)
                        if left and not (time_left or is_run_manually()):
                            return False
            connection._note_success()
        except (ProcurifyError, UnreadableSecret) as error:
            self._note_stop(connection, stream, error)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # The import wrote a row of this page. The page is read again.
            self.env.cr.rollback()
            return False
        commit(1, remaining=others)
        return True

    def _note_stop(self, connection, stream, error):
        """Say why reading stopped, where people look, and in the log."""
        _logger.warning(
            "Procurify %s stopped at %s: %s",
            connection.name,
            stream.resource or "start",
            type(error).__name__,
        )
        if stream:
            stream._note_failure(error)
        else:
            connection._note_failure(error)


def _missing(detail):
    return isinstance(detail, MissingObject)


def _naive(instant: datetime) -> datetime:
    """Return an aware instant as Odoo keeps it: naive, UTC, whole seconds.

    The cut fraction makes the watermark older, never younger, than what was seen.
    """
    return instant.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
