"""The nightly check: is everything staged, and what was deleted?"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ...fetching.lists import BEGINNING, Trouble, aware
from ...importers.resource_kinds import DOCUMENTS
from ...procurify import RESOURCES, MissingObject, RemoteObject, UnreadableObject
from ...tools.instants import naive
from ...tools.private import is_run_manually
from .reading import CONTROLS

# Documents whose details can be requested one by one.
CHECKED = tuple(
    name for name in DOCUMENTS if name in RESOURCES and RESOURCES[name].detail_path
)

CHECKED_EVERY = timedelta(hours=20)  # below a day, or it would start later each night
CHECK_STALE = timedelta(days=1)  # an older check starts again
MISSED_AFTER = timedelta(hours=1)  # a reading shows what changed so long before it
CHECK_BATCH_SIZE = 20  # records that are requested between two commits


class ProcurifyStream(models.Model):
    """The nightly check reads the list once more, then asks for each open document that
    the list did not show.

    Only a complete check decides what was deleted. If nothing answers, or most of the
    list is missing, the cause is the rights or the tenant, and nothing changes.
    """

    _inherit = "procurify.stream"

    # === ACTION METHODS === #

    def action_nightly_check(self):
        """Compare with Procurify as soon as a cron worker is free.

        :returns: a notification with the number of lists
        """
        self.check_access("write")
        self.env["procurify.audit"]._log_records("sync_requested", self)
        self.sudo().last_nightly_check = False
        self.env.ref("procurify_connector.ir_cron_nightly_check").sudo()._trigger()
        return self.connection_id[:1]._notification(
            "info", self.env._("Lists to be compared within minutes: %s.", len(self))
        )

    # === CRON METHODS === #

    @api.model
    def _cron_nightly_check(self):
        """Compare the stage with Procurify's lists, and find deleted documents.

        An outage is written on the connection; the check continues after it.
        """
        cron = self.env.ref("procurify_connector.ir_cron_nightly_check")
        self._nightly_check_due()._read_in_turn(
            "ir_cron_nightly_check", lambda s, c: s._nightly_check(c)
        )
        interrupted = self.search([("check_started", "!=", False)])
        if retry_at := min(
            filter(None, interrupted.connection_id.mapped("retry_at")), default=None
        ):
            cron._trigger(retry_at)
        self.env.ref("procurify_connector.ir_cron_import")._trigger()
        self.env["ir.cron"]._commit_progress()

    @api.model
    def _nightly_check_due(self):
        """Return the streams to check: each night, once they were read completely."""
        now = fields.Datetime.now()
        domain = (
            Domain("resource", "in", CHECKED)
            & Domain("active", "=", True)
            & Domain("connection_id.active", "=", True)
            & Domain("connection_id.phase", "=", "live")
            & Domain("last_success", "!=", False)
            & Domain("scan_pass", "=", 0)
        )
        if not is_run_manually():
            domain &= (
                Domain("check_started", "!=", False)
                | Domain("last_nightly_check", "=", False)
                | Domain("last_nightly_check", "<=", now - CHECKED_EVERY)
            )
            domain &= Domain("connection_id.retry_at", "=", False) | Domain(
                "connection_id.retry_at", "<=", now
            )
        return self.search(domain)

    # === CHECK METHODS === #

    def _nightly_check(self, client):
        """Compare this stream with Procurify; yield after each page and batch.

        :returns: for each step whether the nightly check is finished
        :raises ProcurifyError: the step at hand is not written, the earlier ones are
        """
        self.ensure_one()
        resource = RESOURCES[self.resource]
        stale = fields.Datetime.now() - CHECK_STALE
        if not self.check_started or self.check_started < stale:
            self._open_nightly_check()
        if self.check_page:
            yield from self._nightly_check_list(client, resource)
        while self.check_started:
            if records := self._next_unlisted():
                self._ask_for(client, resource, records)
            else:
                self._close_nightly_check(client)
            yield not self.check_started

    def _open_nightly_check(self):
        # The records that it finds are marked with this time, so it must be unique.
        [(latest,)] = self.env["procurify.record"]._read_group(
            self._staged_domain(Domain("listed_at", "!=", False)),
            aggregates=["listed_at:max"],
        )
        now = fields.Datetime.now()
        started = max(now, latest + timedelta(seconds=1)) if latest else now
        closed = self._closed_nightly_check_values()
        self.write(closed | {"check_started": started, "check_page": 1})

    def _nightly_check_start(self):
        """Return the naive UTC instant from which documents are checked, or None."""
        days = self.connection_id.nightly_check_days
        return self.check_started - timedelta(days=days) if days else None

    def _nightly_check_list(self, client, resource):
        """Read the list, stage what is missing, and mark the records that it shows."""
        records = self.env["procurify.record"]
        start = self._nightly_check_start()
        pages = client.pages(
            resource,
            since=start and aware(start),
            newest_first=bool(resource.order_by),
            first_page=self.check_page,
        )
        for page in pages:
            # The fetch stages rows without a detail; here they count as missing.
            pairs, _missing, troubles = self._details(
                client, resource, self._to_compare(page.objects), {}
            )
            troubles |= self._troubles_of(page, start or BEGINNING)
            staged = records._stage(self.connection_id, self.resource, pairs)
            records._stage_unreadable(self.connection_id, self.resource, troubles)
            ids = [row.external_id for row in page.objects]
            shown = self._staged(Domain("external_id", "in", ids))
            shown.write({"listed_at": self.check_started})
            self._note_missed(resource, pairs)
            self.write(
                {
                    "check_page": page.number + 1,
                    "check_staged": self.check_staged + staged,
                    "check_unstaged": self.check_unstaged + len(ids) - len(shown),
                }
            )
            if page.is_last:
                # Several lists may show the same object, so their counts are no use.
                self._close_list(page.count if len(resource.variants) == 1 else 0)
            yield not self.check_started

    def _note_missed(self, resource, pairs):
        """Note that the regular reading has missed rows, if it should have seen them.

        :param pairs: (row, detail) of what was new or changed for the nightly check
        """
        if not (resource.modified_filter and self.last_success):
            return
        limit = self.last_success - MISSED_AFTER
        if any(row.modified and naive(row.modified) < limit for row, _detail in pairs):
            self.findings = (self.findings or {}) | {"date_filter": "misses_rows"}

    def _to_compare(self, rows):
        """Return the ``rows`` to read: changed ones, and all unreadable ones."""
        changed = self._changed(rows)
        unread = self._unreadable(
            Domain("external_id", "in", [row.external_id for row in rows])
        )
        unread._read_soon()
        again = set(unread.mapped("external_id")) - {r.external_id for r in changed}
        return changed + [row for row in rows if row.external_id in again]

    def _close_list(self, count):
        """Note how complete the stage is; stop if the list lacks too much of it.

        :param count: how many objects the list has, as Procurify says, or 0
        """
        records = self.env["procurify.record"]
        listed = Domain("listed_at", "=", self.check_started)
        shown = records.search_count(self._staged_domain(listed))
        self.write(
            {
                "check_page": 0,
                "missing_count": max(self.check_unstaged, count - shown),
                "found_count": self.check_staged,
            }
        )
        window = Domain("remote_deleted", "=", False)
        if start := self._nightly_check_start():
            window &= Domain("remote_modified", ">=", start)
        known = records.search_count(self._staged_domain(window))
        unlisted = records.search_count(self._staged_domain(window & ~listed))
        if unlisted * 2 > known:
            self._stop_nightly_check(
                self.env._(
                    "Procurify lists only %(shown)s of the %(known)s documents that it "
                    "listed before. No document was marked as deleted. Check that the "
                    "owner of the credentials still sees everything in Procurify.",
                    shown=known - unlisted,
                    known=known,
                )
            )

    def _next_unlisted(self):
        """Return the next open documents that the list did not show.

        Each call looks at one batch after the last one; an empty result is the end.
        """
        while batch := self._staged(
            Domain("id", ">", self.check_record_id)
            & Domain("state", "in", ("done", "waiting", "quarantined", "pending"))
            & Domain("remote_deleted", "=", False)
            # Without a detail it cannot be requested.
            & Domain("read_from", "=", False)
            & (
                Domain("listed_at", "=", False)
                | Domain("listed_at", "!=", self.check_started)
            ),
            limit=CHECK_BATCH_SIZE,
        ):
            self.check_record_id = batch[-1].id
            if found := self._open_documents(batch):
                return found
        return batch

    def _open_documents(self, records):
        """Return those ``records`` for which a deletion in Procurify still matters."""
        start = self._nightly_check_start()
        done = records.filtered(lambda r: r.state == "done" and r.res_id)
        recent = done.filtered(
            lambda r: not start or not r.remote_modified or r.remote_modified >= start
        )
        old = done - recent
        if not old:
            return records
        env = self.connection_id._import_env()
        model = env[self.env["procurify.record"]._target_model(self.resource)]
        still_open = model.sudo()._procurify_open_ids(old.mapped("res_id"))
        return records - old.filtered(lambda r: r.res_id not in still_open)

    def _ask_for(self, client, resource, records):
        """Request ``records`` one by one, and note which ones are missing."""
        details = self._ask(client, resource, records)
        pairs = list(zip(records, details, strict=True))
        found = [d for d in details if isinstance(d, RemoteObject)]
        troubles = {
            record.external_id: Trouble(detail.reason)
            for record, detail in pairs
            if isinstance(detail, UnreadableObject) and record.read_error
        }
        self.env["procurify.record"]._stage_unreadable(
            self.connection_id, self.resource, troubles
        )
        staged = self.env["procurify.record"]._stage(
            self.connection_id, self.resource, [(each, each) for each in found]
        )
        missing = [
            r.external_id for r, detail in pairs if isinstance(detail, MissingObject)
        ]
        self.write(
            {
                "check_answered": self.check_answered or bool(found),
                "check_missing": [*(self.check_missing or ()), *missing],
                "found_count": self.found_count + staged,
            }
        )

    def _ask(self, client, resource, records):
        """Return the present details of ``records``, in their order."""
        return client.details(
            resource,
            [record._detail_ids(resource) for record in records],
            self._controls(resource),
        )

    def _close_nightly_check(self, client):
        """Mark missing documents as deleted, unless nothing at all could be read."""
        missing = self.check_missing or []
        answers = self.check_answered or not missing or self._controls_open(client)
        if not answers:
            self._stop_nightly_check(
                self.env._(
                    "Procurify opened none of the %(count)s requested documents. No "
                    "document was marked as deleted. Check that the owner of the "
                    "credentials still sees everything in Procurify.",
                    count=len(missing),
                )
            )
            return
        gone = self._staged(Domain("external_id", "in", missing))
        gone._mark_deleted()
        now = fields.Datetime.now()
        values = {"last_nightly_check": now, "deleted_count": len(gone)}
        if not self.missing_count:
            values["complete_at"] = now
        self.env["procurify.audit"]._log_compared(self, values)
        self.write(
            self._closed_nightly_check_values() | values | {"warning_message": False}
        )

    def _controls_open(self, client):
        """Return whether some of the documents that the list shows can be read."""
        listed = Domain("listed_at", "=", self.check_started)
        controls = self._staged(listed, order="id desc", limit=CONTROLS)
        details = self._ask(client, RESOURCES[self.resource], controls)
        return any(isinstance(detail, RemoteObject) for detail in details)

    def _stop_nightly_check(self, message):
        """End the check without marking anything as deleted, and write why."""
        values = {
            "last_nightly_check": fields.Datetime.now(),
            "warning_message": message,
        }
        self.env["procurify.audit"]._log_compared(self, values)
        self.write(self._closed_nightly_check_values() | values)

    @api.model
    def _closed_nightly_check_values(self):
        return {
            "check_started": False,
            "check_page": 0,
            "check_staged": 0,
            "check_unstaged": 0,
            "check_record_id": 0,
            "check_answered": False,
            "check_missing": False,
        }

    # === STAGE === #

    def _staged_domain(self, domain):
        return (
            Domain("connection_id", "=", self.connection_id.id)
            & Domain("resource", "=", self.resource)
            & domain
        )

    def _staged(self, domain, limit=None, order="id"):
        """Return this stream's records that match ``domain``."""
        return self.env["procurify.record"].search(
            self._staged_domain(domain), limit=limit, order=order
        )
