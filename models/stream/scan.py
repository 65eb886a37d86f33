"""Reading one window of a stream, page by page, until it came to rest."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import zip_longest
from math import ceil

from odoo import api, fields, models
from odoo.fields import Domain

from ...fetching.unreadable import Trouble
from ...importers.resource_kinds import KINDS
from ...procurify import (
    RESOURCES,
    ForbiddenError,
    MissingObject,
    ProtocolError,
    UnreadableObject,
)
from ...tools.instants import naive

# Rows whose stamp lies this far before the watermark are read again, because a
# stamp is given before its transaction is visible. A date-grained filter speaks
# of days in a time zone that is not ours: one full day on each side.
OVERLAPS = {"datetime": timedelta(minutes=15), "date": timedelta(days=2)}
CONTROLS = 3  # objects that must answer before others are said to be unreadable
MAX_PASSES = 5  # over a window that keeps moving while it is read
BEGINNING = datetime(2000, 1, 1)  # nothing in Procurify is older
# Requests of each connection's worker between two commits. A page of details at two
# requests a second would outlast the time that a cron worker has.
PART_ROUNDS = 5


class ProcurifyStream(models.Model):
    """The ``scan_…`` columns remember an unfinished window, so that a long one goes
    on where the last run stopped."""

    _inherit = "procurify.stream"

    scan_page = fields.Integer(readonly=True, help="The next page of this window.")
    scan_pass = fields.Integer(readonly=True)
    scan_count = fields.Integer(readonly=True)
    scan_page_size = fields.Integer(readonly=True, help="What was granted last.")
    scan_staged = fields.Integer(readonly=True, help="New or changed in this window.")
    scan_part = fields.Integer(
        readonly=True, help="New or changed on the page that is not staged whole yet."
    )
    scan_moved = fields.Boolean(readonly=True, help="The list moved in this pass.")
    scan_confirms = fields.Boolean(
        readonly=True, help="This pass only looks for what came on top meanwhile."
    )
    scan_watermark = fields.Datetime(readonly=True)
    scan_from = fields.Datetime(
        readonly=True, help="Read from here on, to meet again what cannot be read."
    )
    progress = fields.Char(
        compute="_compute_progress", help="How far the reading at hand has come."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "scan_pass", "scan_page", "scan_count", "scan_page_size", "scan_staged"
    )
    def _compute_progress(self):
        for stream in self:
            stream.progress = stream._progress_text() if stream.scan_pass else False

    def _progress_text(self):
        if not self.scan_page_size:
            return self.env._("Reading the first page")
        values = {
            "page": self.scan_page,
            "pages": max(ceil(self.scan_count / self.scan_page_size), self.scan_page),
            "changed": self.scan_staged,
        }
        if self.scan_pass > 1:
            return self.env._(
                "Reading what changed meanwhile: page %(page)s of %(pages)s, "
                "%(changed)s new or changed",
                **values,
            )
        return self.env._(
            "Reading page %(page)s of %(pages)s, %(changed)s new or changed", **values
        )

    # === FETCH METHODS === #

    def _fetch(self, client):
        """Read this stream's window and stage it; yield after each page, and after
        each part of one that takes many requests.

        What was staged and how far it goes are written together: the caller
        commits at each yield, and nowhere else may the two part.

        :returns: for each step whether the window is closed
        :raises ProcurifyError: the step at hand is not staged, the earlier ones are
        """
        self.ensure_one()
        resource = RESOURCES[self.resource]
        if not self.scan_pass:
            due = self._due_unreadable()
            if self._ask_again_for_unreadable(client, resource, due):
                yield False
            self.write(self._opened_scan_values(due))
        while number := self.scan_pass:
            pages = client.pages(
                resource,
                **self._window(resource),
                newest_first=bool(resource.order_by),
                first_page=self.scan_page,
            )
            for page in pages:
                changed = self._changed(page.objects)
                parts = self._parts(client, resource, changed)
                controls = self._controls(resource) if parts else []
                for rows, details in self._read_ahead(
                    client, resource, parts, controls
                ):
                    self._stage_part(client, rows, details)
                    yield False
                if parts:
                    changed = self._changed(page.objects)
                objects, troubles = self._complete(
                    client, resource, page.objects, changed
                )
                orders = self._orders_beside(client, objects)
                troubles |= self._troubles_of(page, self._window_start(resource))
                self._stage_page(resource, page, objects, troubles)
                self._stage_beside(orders)
                yield not self.scan_pass
                if self.scan_pass != number:
                    break

    def _parts(self, client, resource, changed):
        """Return the parts of a page's changed rows to stage before the rest of it."""
        if not resource.detail_path:
            return []
        size = PART_ROUNDS * client.detail_workers
        return [changed[n : n + size] for n in range(0, len(changed) - size, size)]

    def _read_ahead(self, client, resource, parts, controls):
        """Yield (rows, details) of each part, while the next one is being read.

        What reads in another thread never touches the ORM.
        """
        with ThreadPoolExecutor(1, "procurify-ahead") as pool:

            def read(rows):
                ids = [resource.detail_ids(row.data) for row in rows]
                return pool.submit(client.details, resource, ids, controls)

            reading = read(parts[0]) if parts else None
            for rows, following in zip_longest(parts, parts[1:]):
                details = reading.result()
                reading = read(following) if following else None
                yield rows, details

    def _stage_part(self, client, rows, details):
        """Stage these rows of a page: when it is read again, they cost no request."""
        objects, _missing, troubles = _sorted_out(rows, details)
        orders = self._orders_beside(client, objects)
        staged = self._stage_all(objects, troubles)
        self._stage_beside(orders)
        self.write(
            {
                "scan_staged": self.scan_staged + staged,
                "scan_part": self.scan_part + staged,
            }
        )
        self._import_meanwhile(staged)

    def _import_meanwhile(self, staged):
        """Let the import begin while this goes on reading, if there is work for it.

        Who is alike in a list of master data is judged when all of it was read once.

        :param staged: how many objects are new or changed
        """
        is_master = KINDS[self.resource].role == "master"
        if staged and not (is_master and self._is_first_scan_open()):
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()

    def _is_first_scan_open(self):
        """Tell whether a part of this list was read, and never yet all of it."""
        return any(s.scan_page > 1 and not s.last_success for s in self)

    def _window(self, resource):
        """Return from which aware UTC instants to read; none of them: everything."""
        if not (resource.modified_filter and self.modified_watermark):
            return {}
        overlap = OVERLAPS[resource.modified_grain]
        latest = self.scan_from or datetime.max
        seen = min(self.modified_watermark, latest)
        start = {"since": _aware(max(seen, BEGINNING) - overlap)}
        if _is_read_by_creation(resource):
            created = min(self.created_watermark or self.modified_watermark, latest)
            created = max(created, BEGINNING)
            start["created_since"] = _aware(created - OVERLAPS["date"])
        return start

    def _complete(self, client, resource, rows, changed):
        """Read the details of ``changed``, where the list carries a summary.

        A row that stands in the stage as it is now costs no request, nor is it read.

        :param rows: all of the page
        :param changed: those of them that are not staged as they are now
        :returns: (row, detail) pairs, and {external id: Trouble} of what cannot be read
        """
        if not resource.detail_path:
            return [(row, row) for row in changed], {}
        found, missing, troubles = self._details(client, resource, changed)
        # A row whose detail is missing was deleted meanwhile, and is gone from the
        # list when it is read once more. One that is still listed then is staged as
        # it stands, to be held.
        if missing and self.scan_pass == 1:
            self.scan_moved = True
            return found, troubles
        if len(missing) == len(rows) > 1:
            raise _nothing_opens(resource)
        return found + [(row, row) for row in missing], troubles

    def _details(self, client, resource, rows):
        """Read the details of ``rows``.

        :returns: (row, detail) pairs, the rows whose detail is not there, and
            {external id: Trouble} of those that cannot be read
        """
        details = client.details(
            resource,
            [resource.detail_ids(row.data) for row in rows],
            self._controls(resource) if rows else (),
        )
        return _sorted_out(rows, details)

    def _controls(self, resource):
        """Return the ids of some objects whose details could be read before."""
        records = self.env["procurify.record"].search(
            Domain("connection_id", "=", self.connection_id.id)
            & Domain("resource", "=", self.resource)
            & Domain("read_error", "=", False)
            & Domain("remote_deleted", "=", False)
            & Domain("summary_digest", "!=", False),
            order="id desc",
            limit=CONTROLS,
        )
        return [record._detail_ids(resource) for record in records]

    def _changed(self, rows):
        """Return those ``rows`` of a list that are not staged as they are now.

        What cannot be read has a time of its own for being asked for again.
        """
        digests = self.env["procurify.record"]._summary_digests(
            self.connection_id, self.resource, [row.external_id for row in rows]
        )
        return [row for row in rows if digests.get(row.external_id) != row.digest]

    def _stage_all(self, objects, troubles):
        """Stage what was read, and what cannot be; return how much of it is news."""
        records = self.env["procurify.record"]
        key = self.connection_id, self.resource
        staged = records._stage(*key, objects)
        return staged + records._stage_unreadable(*key, troubles)

    def _stage_page(self, resource, page, objects, troubles):
        """Stage what a page shows and advance the scan, in one transaction."""
        staged = self._stage_all(objects, troubles)
        changed = staged or self.scan_part
        ordered = bool(resource.order_by) and page.newest_first
        values = {
            "scan_page": page.number + 1,
            "scan_count": page.count,
            "scan_page_size": page.page_size,
            "scan_staged": self.scan_staged + staged,
            "scan_part": 0,
            "object_count": page.count,
        }
        stamps = [naive(row.modified) for row in page.objects if row.modified]
        # Procurify's clock may be ahead: all that changes until then would be hidden.
        stamps = [min(stamp, fields.Datetime.now()) for stamp in stamps]
        known = [self.scan_watermark] if self.scan_watermark else []
        values["scan_watermark"] = max(stamps + known, default=False)
        several_pages = page.num_pages > self._number_of_lists(resource)
        unordered = bool(resource.order_by) and not ordered
        if several_pages and (self._is_cut_otherwise(page) or (unordered and changed)):
            values["scan_moved"] = True
        self.write(values | self._filter_values(page))
        came_to_rest = self.scan_confirms and ordered and not changed
        in_all = self.scan_staged
        if page.is_last or came_to_rest:
            self._close_pass(confirm=ordered and several_pages)
        self._import_meanwhile(staged if self.scan_pass else in_all)

    def _is_cut_otherwise(self, page):
        """Tell whether rows may have slipped to a page that was read already.

        :raises ProtocolError: a page is not there, however often the list is read
        """
        if page.is_short and self.scan_pass == MAX_PASSES:
            raise ProtocolError(f"page {page.number} was announced and is empty")
        if page.number == 1:
            return False
        # Behind larger pages rows were skipped; smaller ones only show some twice.
        larger = page.page_size > self.scan_page_size > 0
        return page.is_short or larger or page.count != self.scan_count

    def _filter_values(self, page):
        """Return the warning that a filter is ignored, or what takes it back."""
        warning = self.env._(
            "Procurify ignored the date filter of this list: all of it is read."
        )
        if not page.obeys_filter:
            return {"warning_message": warning}
        is_new_scan = self.scan_pass == 1 and page.is_first
        # Another warning is not this one's to take back.
        if is_new_scan and self.warning_message == warning:
            return {"warning_message": False}
        return {}

    def _number_of_lists(self, resource):
        """Return how many lists make up this window, each with a page at least."""
        if "created_since" in self._window(resource):
            return len(resource.variants)
        return sum(not variant.created_filter for variant in resource.variants)

    def _stage_beside(self, orders):
        """Stage the purchase orders that a page of another resource spoke of."""
        self.env["procurify.record"]._stage(
            self.connection_id, "purchase_order", orders
        )

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
            if _is_read_by_creation(RESOURCES[self.resource]):
                # What was created later was changed later, too, and was not seen.
                values["created_watermark"] = seen
        self.env["procurify.audit"]._log_window(self, values)
        self._note_unmet()
        self.write(values)

    @api.model
    def _closed_scan_values(self):
        return {
            "scan_page": 0,
            "scan_pass": 0,
            "scan_count": 0,
            "scan_page_size": 0,
            "scan_staged": 0,
            "scan_part": 0,
            "scan_moved": False,
            "scan_confirms": False,
            "scan_watermark": False,
            "scan_from": False,
        }


def _sorted_out(rows, details):
    """Return the (row, detail) pairs, the rows whose detail is not there, and
    {external id: Trouble} of those that cannot be read."""
    found, missing, troubles = [], [], {}
    for row, detail in zip(rows, details, strict=True):
        if is_missing(detail):
            missing.append(row)
        elif is_unreadable(detail):
            trouble = Trouble(detail.reason, row.digest, row.data)
            troubles[row.external_id] = trouble
        else:
            found.append((row, detail))
    return found, missing, troubles


def is_unreadable(detail):
    """Tell whether Procurify's answer made no sense for this object alone."""
    return isinstance(detail, UnreadableObject)


def is_missing(detail):
    """Tell whether Procurify answered that this object is not there."""
    return isinstance(detail, MissingObject)


def _aware(instant):
    return instant.replace(tzinfo=timezone.utc)


def _is_read_by_creation(resource):
    """Tell whether a list of what is new is read beside the list of what changed."""
    return any(variant.created_filter for variant in resource.variants)


def _nothing_opens(resource):
    """Return the error of a list that shows objects of which none can be opened."""
    return ForbiddenError(
        "the list shows objects, but none of them can be opened (404)",
        url_path=resource.detail_path,
        http_status=404,
    )
