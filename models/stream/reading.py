"""Reading one list, page by page, until nothing changes any more."""

import logging
from contextlib import suppress
from math import ceil

from odoo import api, fields, models
from odoo.fields import Domain

from ...fetching.ahead import Ahead
from ...fetching.lists import (
    BEGINNING,
    NAMELESS,
    Trouble,
    has_item,
    is_read_by_creation,
    lines_of_order,
    nothing_opens,
    orders_of_bill,
    parsed,
    sort_answers,
    window_of,
)
from ...importers.resource_kinds import KINDS
from ...procurify import (
    RESOURCES,
    AuthenticationError,
    InvalidPayload,
    OrderItem,
    ProtocolError,
    RemoteObject,
    StreamError,
    TransientError,
    moved_paths,
    read_json,
    shown_text,
)
from ...tools.instants import naive

_logger = logging.getLogger(__name__)

CONTROLS = 3  # objects that must answer before others count as unreadable
MAX_PASSES = 5  # over a window whose list changes while it is read

# Details between two commits, at most so many per worker. Reading a page of details at
# two requests a second takes longer than a cron worker may run.
PART_SIZE = 20
PART_ROUNDS = 5

MOST_PATHS = 200  # restless fields that one list names
_LONGEST_PATH = 200


class ProcurifyStream(models.Model):
    _inherit = "procurify.stream"

    progress = fields.Char(
        compute="_compute_progress", help="The progress of the current reading."
    )
    restless_text = fields.Text(
        "Fields That Change Constantly",
        compute="_compute_restless_text",
        help="Fields that differed although Procurify's change time was the same. They "
        "should not count as a change. Please report them to the maintainers of the "
        "connector.",
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

    @api.depends("restless_paths")
    def _compute_restless_text(self):
        for stream in self:
            paths = stream.restless_paths or {}
            stream.restless_text = "\n".join(
                f"{path} ({example})" for path, example in sorted(paths.items())
            )

    # === READING A WINDOW === #

    def _fetch(self, client):
        """Read this stream's window and stage it; yield after each page, and after
        each part of a page that needs many requests.

        Staged objects and progress belong to one transaction: the caller commits at
        each yield, and only there.

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
            begins, window = self.scan_page == 1, self._window(resource)
            pages = Ahead(
                client.pages(
                    resource,
                    **window,
                    newest_first=bool(resource.order_by),
                    first_page=self.scan_page,
                )
            )
            for page in pages:
                changed, known = self._changed(page.objects), {}
                if parts := self._parts(client, resource, changed):
                    pages.read_next()
                    known = yield from self._stage_parts(client, resource, parts)
                    changed = self._changed(page.objects)
                objects, troubles = self._complete(
                    client, resource, page.objects, changed, known
                )
                orders = self._orders_beside(client, objects)
                self._note_findings(client, resource, page, begins, window)
                troubles |= self._troubles_of(page, _start_of(window))
                self._stage_page(resource, page, objects, troubles, window)
                self._stage_beside(orders)
                yield not self.scan_pass
                if self.scan_pass != number:
                    break

    @api.model
    def _opened_scan_values(self, due):
        """Return the values that open a window.

        It is wide enough to show again the ``due`` rows that only the list shows.
        """
        sought = due.filtered("read_from")
        # Rows that the list shows get a new time; the others keep none.
        sought.read_again_at = False
        return {
            "scan_pass": 1,
            "scan_page": 1,
            "scan_from": min(sought.mapped("read_from"), default=False),
        }

    def _window(self, resource):
        """Return the filters of the list as aware UTC instants; empty: all of it."""
        return window_of(
            resource,
            self.modified_watermark,
            self.created_watermark,
            latest=self.scan_from,
        )

    def _parts(self, client, resource, changed):
        """Return the parts in which a page's changed rows are staged; one part: []."""
        size = _part_size(client)
        if not resource.detail_path or len(changed) <= size:
            return []
        return [changed[n : n + size] for n in range(0, len(changed), size)]

    def _stage_parts(self, client, resource, parts):
        """Stage all parts but the last one, and yield after each.

        :returns: {row: its detail} of the last part, which is staged with its page
        """
        for rows, details in self._read_ahead(client, resource, parts):
            if rows is parts[-1]:
                return dict(zip(rows, details, strict=True))
            self._stage_part(client, rows, details)
            yield False
        return {}

    def _read_ahead(self, client, resource, parts):
        """Yield (rows, details) of each part, while the next one is being read."""
        controls = self._controls(resource)
        answers = Ahead(
            (
                rows,
                client.details(
                    resource, [resource.detail_ids(row.data) for row in rows], controls
                ),
            )
            for rows in parts
        )
        for part in answers:
            answers.read_next()
            yield part

    def _changed(self, rows):
        """Return those ``rows`` of a list that changed since they were staged.

        Unreadable objects are not among them: they have their own time of retry.
        """
        digests = self.env["procurify.record"]._summary_digests(
            self.connection_id, self.resource, [row.external_id for row in rows]
        )
        return [row for row in rows if digests.get(row.external_id) != row.digest]

    def _complete(self, client, resource, rows, changed, known):
        """Read the details of ``changed``, where the list carries a summary.

        A row that did not change since it was staged costs no request.

        :param rows: all of the page
        :param changed: those that changed since they were staged
        :param known: {row: its detail} of those that were read already
        :returns: (row, detail) pairs, and {external id: Trouble} of unreadable ones
        """
        if not resource.detail_path:
            return [(row, row) for row in changed], {}
        found, missing, troubles = self._details(client, resource, changed, known)
        # An object whose detail is missing was probably deleted, and the next reading
        # of the list does not show it. If it still does, its row is staged as it is,
        # and the import puts it on hold.
        if missing and self.scan_pass == 1:
            self.scan_moved = True
            return found, troubles
        if len(missing) == len(rows) > 1:
            raise nothing_opens(resource)
        return found + [(row, row) for row in missing], troubles

    def _details(self, client, resource, rows, known):
        """Read the details of ``rows``.

        :param known: {row: its detail} of those that were read already
        :returns: (row, detail) pairs, the rows without a detail, and
            {external id: Trouble} of the unreadable ones
        """
        asked = [row for row in rows if row not in known]
        details = client.details(
            resource,
            [resource.detail_ids(row.data) for row in asked],
            self._controls(resource) if asked else (),
        )
        found = known | dict(zip(asked, details, strict=True))
        return sort_answers(rows, [found[row] for row in rows])

    def _controls(self, resource):
        """Return the ids of some objects whose details could be read last time."""
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

    # === STAGING WHAT WAS READ === #

    def _stage_part(self, client, rows, details):
        """Stage these rows, so that reading the page again does not request them."""
        objects, _missing, troubles = sort_answers(rows, details)
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

    def _stage_page(self, resource, page, objects, troubles, window):
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
        # Procurify's clock may be ahead: the next window would skip later changes.
        stamps = [min(stamp, fields.Datetime.now()) for stamp in stamps]
        known = [self.scan_watermark] if self.scan_watermark else []
        values["scan_watermark"] = max(stamps + known, default=False)
        several_pages = page.num_pages > _number_of_lists(resource, window)
        unordered = bool(resource.order_by) and not ordered
        if several_pages and (self._is_cut_otherwise(page) or (unordered and changed)):
            values["scan_moved"] = True
        self.write(values | self._filter_values(page))
        came_to_rest = self.scan_confirms and ordered and not changed
        in_all = self.scan_staged
        if page.is_last or came_to_rest:
            self._close_pass(confirm=ordered and several_pages)
        self._import_meanwhile(staged if self.scan_pass else in_all)

    def _stage_all(self, objects, troubles):
        """Stage objects and unreadable ones; return how many are new or changed."""
        records = self.env["procurify.record"]
        key = self.connection_id, self.resource
        staged = records._stage(*key, objects)
        return staged + records._stage_unreadable(*key, troubles)

    def _stage_beside(self, orders):
        """Stage the purchase orders that a page of another resource refers to."""
        self.env["procurify.record"]._stage(
            self.connection_id, "purchase_order", orders
        )

    def _import_meanwhile(self, staged):
        """Start the import during the reading, if there is something to import.

        Duplicates in a list of master data can only be found when all of it was read.

        :param staged: how many objects are new or changed
        """
        is_master = KINDS[self.resource].role == "master"
        if staged and not (is_master and self._is_first_scan_open()):
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()

    def _is_first_scan_open(self):
        """Return whether the first reading of this list has begun and not ended."""
        return any(s.scan_page > 1 and not s.last_success for s in self)

    # === CLOSING A WINDOW === #

    def _is_cut_otherwise(self, page):
        """Return whether rows may have moved to a page that was read already.

        :raises ProtocolError: a page is empty in every pass
        """
        if page.is_short and self.scan_pass == MAX_PASSES:
            raise ProtocolError(f"page {page.number} was announced and is empty")
        if page.number == 1:
            return False
        # Larger pages skip rows; smaller pages only show some rows twice.
        larger = page.page_size > self.scan_page_size > 0
        return page.is_short or larger or page.count != self.scan_count

    def _filter_values(self, page):
        """Return the values that set the warning of an ignored filter, or clear it."""
        warning = self.env._(
            "Procurify ignored the date filter of this list, so the whole list is read."
        )
        if not page.obeys_filter:
            return {"warning_message": warning}
        is_new_scan = self.scan_pass == 1 and page.is_first
        # A different warning stays.
        if is_new_scan and self.warning_message == warning:
            return {"warning_message": False}
        return {}

    def _note_findings(self, client, resource, page, begins, window):
        """Note what this page shows about how the tenant answers requests.

        :param begins: whether the lists were read from their beginning
        :param window: filters of the lists
        """
        found = {"allowed_methods": client.allowed_methods}
        if page.page_size:
            is_smaller = page.page_size < client.page_size
            found["page_size"] = "smaller" if is_smaller else "granted"
        if window:
            found["date_filter"] = "obeyed" if page.obeys_filter else "ignored"
        if key := client.detail_key(resource):
            found["detail_key"] = key
        known = self.findings or {}
        if known.get("date_filter") == "misses_rows":
            found.pop("date_filter", None)
        if begins and (answer := self._answer_on_closed_orders(page)):
            found["closed_orders"] = answer
        if known != known | found:
            self.findings = known | found

    def _answer_on_closed_orders(self, page):
        """Return whether the list of all orders has the closed ones, which the lists
        after it have; None where this page does not show it."""
        known = (self.findings or {}).get("closed_orders")
        if self.resource != "purchase_order" or not page.variant:
            return known
        if page.objects:
            return "not_listed"
        return known or ("listed" if page.seen_count else None)

    def _close_pass(self, *, confirm):
        """End a pass: close the window, or begin another pass.

        :param confirm: in a list with the newest first, rows that changed meanwhile
            are now on top; another pass reads from there until nothing is new
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
        # A list that changed in every pass keeps its watermark, and is read again.
        if seen and not self.scan_moved and (not known or seen > known):
            values["modified_watermark"] = seen
            if is_read_by_creation(RESOURCES[self.resource]):
                # Whatever is created later is also changed later.
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

    # === UNREADABLE OBJECTS === #

    def _unreadable(self, domain=Domain.TRUE):
        """Return the unreadable records of this list, the first to retry first."""
        return self.env["procurify.record"].search(
            Domain("connection_id", "=", self.connection_id.id)
            & Domain("resource", "=", self.resource)
            & Domain("read_error", "!=", False)
            & domain,
            order="read_again_at, id",
        )

    def _due_unreadable(self):
        """Return the unreadable records to read again.

        Their pause is over, or a reading that was to show them did not end.
        """
        is_over = Domain("read_again_at", "<=", fields.Datetime.now())
        is_sought = Domain("read_again_at", "=", False) & Domain(
            "read_from", "!=", False
        )
        return self._unreadable(is_over | is_sought)

    def _ask_again_for_unreadable(self, client, resource, due):
        """Ask again for the details of some ``due`` records.

        :returns: whether there were any
        """
        if not resource.detail_path:
            return False
        asked = due.filtered(lambda record: not record.read_from)
        records = asked[: _part_size(client)]
        if records:
            self._stage_answers(client, resource, records)
        return bool(records)

    def _stage_answers(self, client, resource, records):
        """Ask for ``records``, which were unreadable, and stage the answers."""
        details = client.details(
            resource,
            [record._detail_ids(resource) for record in records],
            self._controls(resource),
        )
        found, troubles = [], {}
        for record, detail in zip(records, details, strict=True):
            if isinstance(detail, RemoteObject):
                found.append((detail, detail))
            else:
                reason = getattr(detail, "reason", "not found (404)")
                troubles[record.external_id] = Trouble(reason)
        staged = self._stage_all(found, troubles)
        self._import_meanwhile(staged)

    @api.model
    def _troubles_of(self, page, start):
        """Return {external id: Trouble} of the unreadable rows of ``page``.

        :param start: naive UTC start of the window that shows them
        """
        return {
            row.external_id or f"{NAMELESS}{row.digest[:16]}": Trouble(
                row.reason, row.digest, read_from=start
            )
            for row in page.unreadable
        }

    def _note_unmet(self):
        """Mark unreadable rows that this window should have shown, and did not."""
        if not self.scan_from:
            return
        unmet = self._unreadable(
            Domain("read_from", "!=", False) & Domain("read_again_at", "=", False)
        )
        nameless = unmet.filtered(lambda r: r.external_id.startswith(NAMELESS))
        nameless._has_gone()
        troubles = {
            record.external_id: Trouble(record.read_error, read_from=record.read_from)
            for record in unmet - nameless
        }
        self._stage_all([], troubles)

    # === PURCHASE ORDERS ON DEMAND === #

    def _orders_beside(self, client, objects):
        """Read the orders that ``objects`` refer to and that are not staged yet.

        The list of orders is a day late, and may not show that a line changed. An
        order that cannot be read does not stop its bill.

        :param objects: (row, detail) pairs of one page of this stream
        :returns: (order, order) pairs, to stage with the page
        """
        wanted = self._wanted_orders([detail for _row, detail in objects])
        if not wanted or not self._reads_orders():
            return []
        try:
            orders = client.details(RESOURCES["purchase_order"], sorted(wanted))
        except AuthenticationError:
            raise
        except StreamError as error:
            # Procurify lists a changed item once: after an outage it is read again.
            if self.resource == "order_item" and isinstance(error, TransientError):
                raise
            _logger.info("Procurify orders beside %s: %s", self.display_name, error)
            return []
        # The list of orders stages unreadable orders.
        return [(order, order) for order in orders if isinstance(order, RemoteObject)]

    def _reads_orders(self):
        return "purchase_order" in self.connection_id.stream_ids.mapped("resource")

    def _wanted_orders(self, objects):
        """Return the ids of the orders to read beside these objects."""
        if self.resource == "bill":
            named = {order_id for bill in objects for order_id in orders_of_bill(bill)}
            return named - self._staged_payloads("purchase_order", named).keys()
        if self.resource == "order_item":
            return self._orders_behind(objects)
        return set()

    def _orders_behind(self, rows):
        """Return the ids of the orders to read because these order items changed.

        If an item moved, both its former and its present order are read.
        """
        items = [
            item for row in self._changed(rows) if (item := parsed(OrderItem, row.data))
        ]
        staged = self._staged_payloads("order_item", {i.external_id for i in items})
        before = {
            external_id: item.order_id
            for external_id, data in staged.items()
            if (item := parsed(OrderItem, data))
        }
        bought = {str(i.order_id) for i in items if i.order_id}
        orders = self._staged_payloads("purchase_order", bought)
        shown = {number: lines_of_order(data) for number, data in orders.items()}
        wanted = set()
        for item in items:
            if item.order_id and not has_item(shown.get(str(item.order_id), {}), item):
                wanted.add(str(item.order_id))
            left = before.get(item.external_id)
            if left and left != item.order_id:
                wanted.add(str(left))
        return wanted

    def _staged_payloads(self, resource, external_ids):
        """Return {external id: JSON data} of what is staged of these objects."""
        if not external_ids:
            return {}
        rows = self.env["procurify.record"].search_fetch(
            Domain("connection_id", "=", self.connection_id.id)
            & Domain("resource", "=", resource)
            & Domain("external_id", "in", list(external_ids)),
            ["external_id", "payload"],
        )
        found = {}
        for row in rows.filtered("payload"):
            with suppress(InvalidPayload):  # it is on hold, but staged
                found[row.external_id] = read_json(row.payload)
        return found

    # === FIELDS THAT CHANGE WITHOUT A CHANGE === #

    @api.model
    def _note_restless(self, connection, resource, changed):
        """Note fields that differ although Procurify's time of change is the same.

        Such a field is a live figure, or an address with a new signature. Each one
        causes a new version whenever it is read. Each field is named once.

        :param changed: {record with its former values: new values}
        """
        alike = {
            record: values
            for record, values in changed.items()
            if record.remote_modified
            and record.remote_modified == values["remote_modified"]
            and record.digest != values["digest"]
        }
        stream = connection.sudo().stream_ids.filtered(
            lambda each: each.resource == resource
        )
        if not alike or not stream:
            return
        known = dict(stream.restless_paths or {})
        found = {
            shown_text(path)[:_LONGEST_PATH]: record.external_id
            for record, values in alike.items()
            for path in _moved(record.payload, values["payload"])
        }
        news = {path: example for path, example in found.items() if path not in known}
        if news and len(known) < MOST_PATHS:
            stream.restless_paths = known | news


def _moved(before, after):
    """Return the paths of the fields that differ; none if one is no valid JSON."""
    try:
        return moved_paths(read_json(before), read_json(after))
    except (InvalidPayload, RecursionError):
        return []


def _part_size(client):
    """Return how many details are read between two commits."""
    workers = client.detail_workers
    return min(PART_ROUNDS * workers, max(PART_SIZE, workers))


def _number_of_lists(resource, window):
    """Return how many lists a window reads; each has at least one page."""
    if "created_since" in window:
        return len(resource.variants)
    return sum(not variant.created_filter for variant in resource.variants)


def _start_of(window):
    """Return the naive UTC instant from which the lists of a window are read."""
    return window["since"].replace(tzinfo=None) if window else BEGINNING
