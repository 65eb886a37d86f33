"""What each job did, and what it asked: for people who look for a fault."""

from collections import Counter
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.fields import Domain

from ..tools.private import Private

KEPT = timedelta(days=30)
NOTED_EVERY_S = 5  # a page of details takes some commits a second
SILENT = timedelta(hours=1)  # longer than any job works between two commits
_AT_A_TIME = 10_000  # rows that are cleaned away in one transaction


# Id of the run for which this thread works.
current_run = Private("procurify_current_run")


class ProcurifyRun(models.Model):
    """One run of a scheduled action for one connection.

    The row is written every few seconds: of a run whose worker was killed it says how
    far that came.
    """

    _name = "procurify.run"
    _inherit = "procurify.list"
    _description = "Procurify Run"
    _order = "id desc"

    create_date = fields.Datetime("Started", readonly=True)
    connection_id = fields.Many2one(
        "procurify.connection", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="connection_id.company_id", store=True, index=True
    )
    kind = fields.Selection(
        [
            ("fetch", "Reading"),
            ("nightly check", "Nightly check"),
            ("import", "Import"),
            ("attachments", "Attachments"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("running", "Running"),
            ("done", "Completed"),
            ("continued", "To be continued"),
            ("failed", "Failed"),
            ("interrupted", "Interrupted"),
        ],
        string="Status",
        default="running",
        required=True,
        readonly=True,
        help="To be continued: the time limit was reached, or Procurify asked for a "
        "pause. Interrupted: the worker process ended. The next run continues from the "
        "last saved point.",
    )
    duration_s = fields.Float(
        "Seconds", readonly=True, digits=(12, 3), aggregator="avg"
    )
    request_count = fields.Integer("Requests", readonly=True)
    staged_count = fields.Integer("New or Changed", readonly=True)
    imported_count = fields.Integer("Imported", readonly=True)
    held_count = fields.Integer("On Hold", readonly=True)
    file_count = fields.Integer("Files", readonly=True)
    error_message = fields.Text("Error", readonly=True)
    requests = fields.Json(
        "Traces",
        readonly=True,
        prefetch=False,
        help="The newest requests, in order of time.",
    )
    requests_text = fields.Text("Newest Requests", compute="_compute_requests_text")

    _connection_idx = models.Index("(connection_id, kind, id DESC)")
    _running_idx = models.Index("(connection_id, kind) WHERE state = 'running'")

    # === COMPUTE METHODS === #

    @api.depends("connection_id", "kind")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for run in self:
            run.display_name = f"{run.connection_id.name} / {labels.get(run.kind, '')}"

    @api.depends("requests")
    def _compute_requests_text(self):
        for run in self:
            newest_first = reversed(run.requests or ())
            run.requests_text = "\n".join(map(_line, newest_first))

    # === ONE RUN === #

    @api.model
    def _begin(self, connection, kind):
        """Return the row of a run that begins; close what a killed worker left open.

        Only of the import there may be several at the same time.
        """
        runs = self.sudo()
        left = runs.search(
            Domain("connection_id", "=", connection.id)
            & Domain("kind", "=", kind)
            & Domain("state", "=", "running")
        )
        if kind == "import":
            before = fields.Datetime.now() - SILENT
            left = left.filtered(lambda run: run.write_date < before)
        left.try_lock_for_update().state = "interrupted"
        return runs.create({"connection_id": connection.id, "kind": kind})

    @api.model
    def _current(self):
        """Return the run for which this environment works; empty if there is none."""
        return self.sudo().browse(current_run.get() or ())

    def _count(self, **counts):
        """Add to figures of this run.

        :param counts: {field: number}
        """
        for name, number in counts.items():
            self[name] += number

    def _note(self, traces, is_over=False):
        """Write how far this run came: every few seconds, and at its end.

        :param traces: Traces of its client
        """
        if not self:
            return
        seconds = self._seconds()
        if not is_over and seconds - self.duration_s < NOTED_EVERY_S:
            return
        self.write(
            {
                "duration_s": seconds,
                "request_count": traces.count,
                "requests": [_plain(trace) for trace in traces.newest()],
            }
        )

    def _end(self, state, error=False):
        """Close these runs, unless something that failed did so."""
        for run in self.filtered(lambda run: run.state == "running"):
            run.write(
                {
                    "state": state,
                    "duration_s": run._seconds(),
                    "error_message": error,
                }
            )

    def _seconds(self):
        """Return for how long this run has been at work."""
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        return max((now - self.create_date).total_seconds(), 0)

    # === THE IMPORT'S RUNS === #

    @api.model
    def _note_imported(self, runs, records):
        """Add what became of ``records`` to their connections' runs.

        :param runs: {connection id: run}, which is added to
        """
        for connection, mine in records.grouped("connection_id").items():
            if connection.id not in runs:
                runs[connection.id] = self._begin(connection, "import")
            run, states = runs[connection.id], Counter(mine.mapped("state"))
            run._count(imported_count=states["done"], held_count=states["quarantined"])
            run.duration_s = run._seconds()

    # === AUTOVACUUM === #

    @api.autovacuum
    def _gc_runs(self):
        old = self.search(
            [("create_date", "<", fields.Datetime.now() - KEPT)], limit=_AT_A_TIME
        )
        old.unlink()
        return len(old), len(old) == _AT_A_TIME


def _plain(trace):
    """Return a Trace as the row keeps it."""
    return {
        "at": trace.at.strftime("%Y-%m-%d %H:%M:%S"),
        "method": trace.method,
        "path": trace.path,
        "status": trace.status,
        "seconds": trace.seconds,
        "request_id": trace.request_id,
        "procurify_request_id": trace.procurify_request_id,
        "problem": trace.problem,
    }


def _line(request):
    """Return one request as a line of text."""
    parts = (
        request["at"],
        request["method"],
        request["path"],
        request["status"] or request["problem"],
        f"{request['seconds']:.3f} s",
        request["request_id"],
        # A row of an earlier version has none.
        request.get("procurify_request_id"),
    )
    return "  ".join(str(part) for part in parts if part)
