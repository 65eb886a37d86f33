"""A dry run: what the import would book of all that is staged, taken back again."""

import time

from odoo import api, fields, models
from odoo.fields import Domain

from ...importers.resource_kinds import IMPORT_ORDER, KINDS
from ...reconciliation.dry_run import rehearsed
from ..record.importing import IMPORT_BATCH_SIZE

STEP_S = 5  # after which a step ends: its caller is a page that shows the progress
STEP_RECORDS = 1000  # that one savepoint holds at most
STAGED = ("pending", "waiting")


class ProcurifyRehearsal(models.Model):
    """A row is one dry run of one connection, the newest replaces the one before.

    It goes step by step, each in a savepoint that is rolled back, so that neither
    its memory nor its time depends on how much is staged. What the documents of a
    step name is imported with them, and an order comes before its bills.
    """

    _name = "procurify.rehearsal"
    _description = "Procurify Dry Run"
    _order = "id desc"

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="connection_id.company_id", store=True, index=True
    )
    scope = fields.Selection(
        [("master", "Master data"), ("all", "Everything that is staged")],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("running", "Running"), ("done", "Done")],
        default="running",
        required=True,
        readonly=True,
    )
    total_count = fields.Integer("Records", readonly=True)
    done_count = fields.Integer("Rehearsed", readonly=True)
    resource = fields.Char(readonly=True, help="The kind that is next.")
    last_record = fields.Integer(readonly=True, help="Up to which it is rehearsed.")
    finished_at = fields.Datetime(readonly=True)
    line_ids = fields.One2many("procurify.rehearsal.line", "rehearsal_id")
    cause_ids = fields.One2many("procurify.rehearsal.cause", "rehearsal_id")

    @api.depends("connection_id", "create_date")
    def _compute_display_name(self):
        for rehearsal in self:
            rehearsal.display_name = self.env._(
                "Dry run of %(name)s", name=rehearsal.connection_id.name
            )

    # === ACTION METHODS === #

    def action_step(self):
        """Rehearse what is next, for some seconds.

        The page that shows the progress calls it until ``state`` is ``done``; whoever
        comes back later goes on where it was left.

        :returns: ``{"state", "done", "total", "percent"}``, and at the end ``summary``
            (a list of ``{"resource", "kind", "outcome", "origin", "text", "count",
            "amount"}``), ``items`` and ``duplicates`` (numbers)
        :raises AccessError: the user is no administrator of the connector
        """
        self.ensure_one()
        self.check_access("read")
        self.connection_id._check_administrator()
        rehearsal = self.sudo()
        # Another page of the same person may be stepping right now.
        if rehearsal.state == "running" and rehearsal.try_lock_for_update():
            rehearsal._step(time.monotonic() + STEP_S)
        return rehearsal.with_env(self.env)._progress()

    def _progress(self):
        """Return how far it is; at its end, what came of it as well."""
        is_done = self.state == "done"
        total = max(self.total_count, self.done_count, 1)
        progress = {
            "state": self.state,
            "done": self.done_count,
            "total": total,
            "percent": 100 if is_done else 100 * self.done_count // total,
        }
        if is_done:
            mine = Domain("rehearsal_id", "=", self.id)
            progress |= {
                "summary": self._tell_summary(),
                "items": self.env["procurify.rehearsal.item"].search_count(mine),
                "duplicates": self.env["procurify.rehearsal.line"].search_count(
                    mine & Domain("is_duplicate", "=", True)
                ),
            }
        return progress

    # === STEPS === #

    def _start(self):
        """Count what there is to do."""
        self.ensure_one()
        records = self.env["procurify.record"].sudo()
        self.total_count = records.search_count(
            self._domain() & Domain("resource", "in", self._resources())
        )
        self.resource = self._resources()[0]

    def _resources(self):
        """Return the kinds that are rehearsed, in the order of the import.

        A detail comes with its document.
        """
        roles = {"master"} if self.scope == "master" else {"master", "document"}
        return [name for name in IMPORT_ORDER if KINDS[name].role in roles]

    def _domain(self):
        return Domain("connection_id", "=", self.connection_id.id) & Domain(
            "state", "in", STAGED
        )

    def _step(self, until):
        """Rehearse batch after batch until ``until``, and write what came of them.

        :param until: of ``time.monotonic``
        """
        batches = self._next_batches()
        lines, causes = [], {}
        with rehearsed(self.env):
            for batch in batches:
                lines += self._rehearse(batch, causes)
                if time.monotonic() >= until:
                    break
        if lines:
            self._keep_causes(causes)
            self._keep_lines(lines)
            last = self.env["procurify.record"].browse(lines[-1]["record_id"])
            self.write(
                {
                    "resource": last.resource,
                    "last_record": last.id,
                    "done_count": self.done_count + len(lines),
                }
            )
        if not self._next_batches():
            self.write({"state": "done", "finished_at": fields.Datetime.now()})

    def _next_batches(self):
        """Return what the next step rehearses, in batches of one kind each.

        Found before the step begins: inside it, what a document names is imported,
        and so no longer staged, before its own turn comes.
        """
        resources = self._resources()
        last, left, batches = self.last_record, STEP_RECORDS, []
        for name in resources[resources.index(self.resource) :]:
            records = self.env["procurify.record"].search(
                self._domain()
                & Domain("resource", "=", name)
                & Domain("id", ">", last),
                limit=left,
                order="id",
            )
            batches += [
                records[start : start + IMPORT_BATCH_SIZE]
                for start in range(0, len(records), IMPORT_BATCH_SIZE)
            ]
            last, left = 0, left - len(records)
            if left <= 0:
                break
        return batches

    # === WHAT CAME OF IT === #

    def _rehearse(self, records, causes):
        """Rehearse a batch; return the values of its lines.

        :param causes: {(code, key): values}, to which what holds these records is
            added
        """
        lines = []
        for record, told in zip(records, records._rehearse(), strict=True):
            lines.append(
                {
                    "record_id": record.id,
                    "resource": record.resource,
                    "name": record.display_name,
                    "party": record.remote_party,
                    "outcome": told["outcome"],
                    "rule": told["rule"],
                    "origin": record.origin if told["outcome"] == "done" else False,
                    "amount": record.remote_amount,
                    "currency": record.remote_currency,
                    "is_duplicate": any(
                        cause["code"] in ("duplicate_bill", "duplicate_order")
                        for cause in told["causes"]
                    ),
                    "reasons": "\n".join(c["message"] for c in told["causes"]),
                    "booked": told["booked"],
                }
            )
            for cause in record.cause_ids:
                key = (cause.code, cause.key)
                if key not in causes:
                    causes[key] = self._tell_cause(cause)
                causes[key]["holds"].append(record.id)
        return lines

    def _tell_cause(self, cause):
        """Return a cause as values: neither it nor what it concerns need stay."""
        reference = cause.reference_id
        return {
            "code": cause.code,
            "key": cause.key,
            "message": cause.message,
            "advice": cause.advice,
            "mapped_resource": reference.resource,
            "mapped_id": reference.external_id,
            "mapped_name": reference.display_name if reference else False,
            "suggestion": reference.sudo(False).suggestion if reference else False,
            "holds": [],
        }

    def _keep_causes(self, causes):
        """Add what holds this step's records to what held those before."""
        known = {(cause.code, cause.key): cause for cause in self.cause_ids}
        labels = dict(self.env["procurify.cause"]._fields["code"].selection)
        created = self.env["procurify.rehearsal.cause"].create(
            [
                {name: value for name, value in values.items() if name != "holds"}
                | {"rehearsal_id": self.id, "name": labels[values["code"]]}
                for key, values in causes.items()
                if key not in known
            ]
        )
        known |= {(cause.code, cause.key): cause for cause in created}
        records = self.env["procurify.record"]
        for key, values in causes.items():
            known[key]._add(records.browse(values["holds"]))

    def _keep_lines(self, lines):
        """Keep what became of each record, with the items that it would book."""
        booked = [values.pop("booked") for values in lines]
        rows = self.env["procurify.rehearsal.line"].create(
            [values | {"rehearsal_id": self.id} for values in lines]
        )
        currencies = self.env["res.currency"].with_context(active_test=False)
        by_name = currencies.search(Domain.TRUE).grouped("name")
        self.env["procurify.rehearsal.item"].create(
            [
                row._item_values(document, item, by_name)
                for row, document in zip(rows, booked, strict=True)
                if document and document["model"] == "account.move"
                for item in document["lines"]
            ]
        )
