"""The import: the queue, a batch on its way to Odoo, and its outcome."""

import hashlib
import logging
from bisect import bisect
from collections import defaultdict
from datetime import timedelta
from itertools import accumulate

import psycopg2
from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import SQL, format_datetime, ormcache

from ...fetching.lists import MOST_PATHS
from ...importers.documents import html_text
from ...importers.draft import IMPORT_BATCH_SIZE, BatchRefused, ImportBatch, Reference
from ...importers.issues import Hold
from ...importers.refusals import is_of_the_database, refusal
from ...importers.resource_kinds import DOCUMENTS, IMPORT_ORDER, KINDS, PAYLOADS
from ...importers.routing import CompanyRouting
from ...procurify import (
    InvalidPayload,
    read_json,
    read_noting,
)
from ...procurify.approvals import steps
from ...tools.concurrency import CONCURRENCY_ERRORS, mute_sql_errors
from ...tools.instants import naive
from ...tools.own_values import write_each
from ...tools.private import is_run_manually, without_client_context, writing_shadows
from .quarantine import UNDISPUTED

_logger = logging.getLogger(__name__)

IMPORT_BATCH_BYTES = 2_000_000  # of payload: two hundred bills of five lines
LOOKED_AT = 800  # rows that are read at once, to lock a batch among them
OTHERS_NEED_S = 15  # until other workers have imported what they locked


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    # === CRON METHODS === #

    @api.model
    def _cron_import(self):
        """Import what is staged, batch by batch, as long as the cron has time."""
        with mute_sql_errors(*CONCURRENCY_ERRORS):
            self._import_staged()
            self.env["procurify.alarm"]._cron_alarm()

    @api.model
    def _cron_help_import(self):
        """Import beside the import cron, which starts this helper when many wait."""
        with mute_sql_errors(*CONCURRENCY_ERRORS):
            self._import_pending(self._importable())

    @api.model
    def _import_staged(self):
        """Queue what may go through by now, start helpers, and import."""
        connections = self._importable()
        self._heal(connections)
        self._requeue_waiting()
        pending = self.search_count(_pending(connections))
        self.env["ir.cron"]._procurify_call_helpers(pending // IMPORT_BATCH_SIZE)
        self._import_pending(connections)

    @api.model
    def _importable(self):
        """Return the connections whose records can be imported."""
        importable = self.env["procurify.connection"]
        ready = [("active", "=", True), ("phase", "=", "live")]
        for connection in importable.search(ready):
            obstacle = connection._import_obstacle()
            connection._note_obstacle(obstacle)
            if not obstacle:
                importable |= connection
        return importable

    @api.model
    def _heal(self, connections):
        """Queue what may go through since somebody changed something in Odoo."""
        try:
            self.env["procurify.healing"]._heal(connections)
            self.env["ir.cron"]._commit_progress()
        except CONCURRENCY_ERRORS:
            # Another import does the same.
            self.env.cr.rollback()

    @api.model
    def _requeue_waiting(self):
        """Queue what waits for something, once in each run.

        In SQL, because there may be a hundred thousand of them.
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
            # Another job writes one of them right now: the next run does it.
            self.env.cr.rollback()

    @api.model
    def _import_pending(self, connections):
        """Import batch by batch until nothing is left, or the cron's time is over."""
        commit = self.env["ir.cron"]._commit_progress
        domain = _pending(connections)
        runs, wait_s = {}, 0
        try:
            # Counted once, not for each batch: there may be a hundred thousand.
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
            # Somebody wrote what this batch read: its records are still pending.
            self.env.cr.rollback()
        is_left = self.search_count(domain, limit=1)
        if runs:
            self.env["procurify.signal"]._look_soon()
        # A run that began in a batch that was rolled back does not exist.
        for run in runs.values():
            run.exists()._end("continued" if is_left else "done")
        if is_left:
            cron = self.env.ref("procurify_connector.ir_cron_import")
            cron._trigger(fields.Datetime.now() + timedelta(seconds=wait_s))
        # Odoo would repeat this run ten times before other jobs have a turn.
        commit(remaining=0)

    # === QUEUE === #

    def _next_todo(self, domain):
        """Lock the next batch: the oldest unlocked rows of one resource.

        Documents are not taken while another worker imports master data.
        """
        if not (resource := self._first_resource(domain)):
            return self.browse()
        mine = domain & Domain("resource", "=", resource)
        records = self.search(mine, limit=LOOKED_AT, order="id")
        return self._claim(mine, records)._first_bytes(IMPORT_BATCH_BYTES)

    @api.model
    def _first_resource(self, domain):
        """Return the first resource, in the order of import, that ``domain`` has."""
        query = self._search(domain)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT kind.resource
                  FROM unnest(%s) WITH ORDINALITY AS kind(resource, place)
                 WHERE EXISTS (SELECT
                                 FROM %s
                                WHERE %s AND %s = kind.resource)
              ORDER BY kind.place
                 LIMIT 1
                """,
                list(IMPORT_ORDER),
                query.from_clause,
                query.where_clause,
                SQL.identifier(self._table, "resource"),
            )
        )
        return rows[0][0] if rows else None

    def _claim(self, domain, records):
        """Lock a batch of ``records``, or of later ones that match ``domain``.

        Dozens of workers together lock more rows than are read at once.
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
        """Return the first of these records with at most ``limit`` bytes, at least one.

        The time depends on the number of lines, and a batch must end within the time
        limit of a cron worker.
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

    # === A BATCH === #

    def _import(self):
        """Import these records. Afterwards none of them is pending."""
        groups = defaultdict(self.browse)
        for record in without_client_context(self).sorted("id"):
            groups[record.connection_id, record.resource] |= record
        for key in sorted(groups, key=lambda k: (k[0].id, IMPORT_ORDER.index(k[1]))):
            records = groups[key]
            for start in range(0, len(records), IMPORT_BATCH_SIZE):
                records[start : start + IMPORT_BATCH_SIZE]._try_import()

    def _try_import(self):
        """Import a batch in one savepoint; if it fails, import its halves.

        Odoo and the database may raise any error. So that it does not stop the other
        documents, the failing document is put on hold with it.
        """
        if not self:
            return
        batch = ImportBatch(self)
        try:
            with mute_sql_errors(psycopg2.IntegrityError), self.env.cr.savepoint():
                self._import_batch(batch)
        except BatchRefused as refused:
            self._quarantine({draft.record: draft.holds for draft in refused.drafts})
            self._mention_refused(batch.connection, refused.drafts)
            (self - batch.records_of(refused.drafts))._try_import()
        except Exception as error:  # noqa: BLE001 -- the quarantine boundary
            if is_of_the_database(error):
                raise
            if len(self) == 1:
                self._quarantine({self: [self._failure(error)]})
                self._mention_refused(batch.connection, batch.drafts)
                return
            middle = len(self) // 2
            self[:middle]._try_import()
            self[middle:]._try_import()

    def _import_batch(self, batch):
        """Import ``batch`` step by step, and write its outcome."""
        if self._is_being_listed():
            self.write({"state": "waiting"})
            return
        self._take_over_links()
        self._parse(batch)
        self._route(batch)
        for company, part in batch.by_company():
            env = batch.connection._import_env(company)
            with writing_shadows():
                env[self._target_model(batch.resource)]._procurify_import(part)
        # So that errors of the database belong to this batch, not to the next one.
        self.env.flush_all()
        self._record_outcome(batch)

    @api.model
    @ormcache("resource")
    def _target_model(self, resource):
        """Return the name of the model that imports ``resource``."""
        return next(
            name
            for name, model in self.env.registry.items()
            if resource in getattr(model, "_procurify_resources", ())
        )

    def _is_being_listed(self):
        """Return whether the first reading of this master data is not complete.

        Duplicates are searched among all of it: otherwise the outcome would depend on
        how far another worker has read.
        """
        resource = self[0].resource
        if KINDS[resource].role != "master":
            return False
        streams = self.connection_id.stream_ids
        stream = streams.filtered(lambda s: s.resource == resource)
        return stream._is_first_scan_open()

    def _parse(self, batch):
        """Parse the payloads; put on hold what contradicts the specification."""
        payload_class = PAYLOADS[batch.resource]
        for draft in batch.drafts:
            record = draft.record
            if record._is_unreadable():
                draft.hold_once(record._unreadable_hold())
                continue
            try:
                data = read_json(record.payload)
                payload, unread = read_noting(payload_class, data)
            except InvalidPayload as error:
                draft.hold("invalid_payload", value=str(error))
            else:
                draft.payload = batch.connection._dated(payload)
                record._note_unread(draft, unread)
                record._note_dates(draft)

    def _note_unread(self, draft, paths):
        """Note which parts of the payload could not be read, if that changed."""
        self.ensure_one()
        shown = "\n".join(paths[:MOST_PATHS]) or False
        if (self.unread_count, self.unread_paths) != (len(paths), shown):
            draft.note(unread_count=len(paths), unread_paths=shown)

    def _note_dates(self, draft):
        """Note the date of a document as it is read now, and what the document shows
        about its tenant's rates and dates."""
        wanted = {
            name: value
            for name, value in KINDS[self.resource].days(draft.payload).items()
            if (self[name] or False) != (value or False)
        }
        if wanted:
            draft.note(**wanted)

    def _failure(self, error):
        """Return the Hold that describes ``error``.

        The same text for several documents makes one issue.
        """
        code, text = refusal(self.env, error)
        if code == "unexpected":
            _logger.warning(
                "Procurify %s %s failed",
                self.resource,
                self.external_id,
                exc_info=error,
            )
        # A missing right concerns all documents; the details differ.
        words = text.splitlines()[0] if code == "access_denied" else text
        return Hold(code, f"{self.resource}/{words}", {"value": text}, 0)

    # === ROUTING TO COMPANIES === #

    def _route(self, batch):
        """Note in which company each document of ``batch`` is booked, or why in none.

        What is in Odoo stays in its company, even if the rules changed.
        """
        if batch.resource not in DOCUMENTS:
            return
        batch.locate()
        routes = batch.connection._tenant_routes()
        routing = CompanyRouting(batch.connection, routes) if routes else None
        new = [draft for draft in batch.open if not draft.record.res_id]
        companies = {draft.record: batch.connection.company_id for draft in new}
        if routing:
            elsewhere = batch.records_of(new)._booked_elsewhere()
            for draft in batch.open:
                record = draft.record
                if record in companies:
                    companies[record] = record._new_company(
                        batch.connection, draft, routing, elsewhere.get(record)
                    )
                else:
                    draft.moved = record._moved(routing, draft.locations)
        for company in set(companies.values()):
            records = self.filtered(lambda r, c=company: companies.get(r) == c)
            branch = company if company != batch.connection.company_id else False
            records.filtered(
                lambda r, b=branch: r.route_company_id.id != (b and b.id)
            ).route_company_id = branch

    def _new_company(self, connection, draft, routing, elsewhere):
        """Return the company of a document that is not in Odoo yet.

        If it is not booked here, ``draft`` notes a Hold or an exclusion.

        :param elsewhere: the company that has it by another connection, if any
        """
        self.ensure_one()
        here = connection.company_id
        company = routing.company(draft.locations)
        booker = routing.responsible(company)
        if booker not in (connection, booker.browse()) or (
            elsewhere and company in (elsewhere, company.browse())
        ):
            draft.exclude("other_company")
            # Nobody in the connection's company may read it.
            return company or elsewhere
        holds = routing.holds(self, draft.locations)
        if elsewhere:
            params = {"value": self.name, "found": elsewhere.name}
            holds.append(Hold("booked_elsewhere", draft.key, params))
        draft.misrouted = holds
        return here if holds else company

    def _moved(self, routing, locations):
        """Return the Hold of a booked document whose lines moved to another company.

        Only other locations in Procurify move it, not a changed rule.
        """
        self.ensure_one()
        before = self.routed_locations
        if not isinstance(before, list) or before == _numbers(locations):
            return None
        names = routing.names(locations)
        if names == [self.company_id.name]:
            return None
        key = f"{self.resource}/{self.external_id}"
        params = {
            "value": self.name,
            "expected": ", ".join(names),
            "found": self.company_id.name,
        }
        return Hold("moved_company", key, params)

    def _booked_elsewhere(self):
        """Return {record: company} of those that another company's connection to the
        same tenant has booked."""
        rows = self._rows_elsewhere() if self else []
        by_id = {row.external_id: row._booked_in() for row in rows}
        by_uuid = {r.remote_uuid: r._booked_in() for r in rows if r.remote_uuid}
        return {
            record: by_uuid.get(record.remote_uuid) or by_id.get(record.external_id)
            for record in self
        }

    def _booked_in(self):
        """Return the company in which this is booked; links have the same method."""
        return self.company_id

    def _rows_elsewhere(self):
        """Return the records and links of other companies' connections for the same
        objects, if their target exists and is not cancelled."""
        connection = self.connection_id
        others = (
            connection.sudo()
            .with_context(active_test=False)
            .search([("company_id", "!=", connection.company_id.id)])
            .filtered(lambda other: other._tenant() == connection._tenant())
        )
        uuids = [uuid for uuid in self.mapped("remote_uuid") if uuid]
        same = Domain("resource", "=", self[:1].resource) & (
            Domain("external_id", "in", self.mapped("external_id"))
            | Domain("remote_uuid", "in", uuids)
        )
        records = self.sudo().search(
            same
            & Domain("connection_id", "in", others.ids)
            & Domain("res_id", "!=", False)
        )
        links = (
            self.env["procurify.link"]
            .sudo()
            .search(
                same
                & Domain("company_id", "!=", connection.company_id.id)
                & Domain("tenant", "=", connection._tenant())
            )
        )
        rows = [*records, *links]
        if not rows:
            return rows
        targets = self.env[rows[0].res_model].sudo()
        ids = [row.res_id for row in rows]
        booked = targets.search([("id", "in", ids), ("state", "!=", "cancel")])
        return [row for row in rows if row.res_id in booked.ids]

    @api.model
    def _note_locations(self, drafts):
        """Note for which locations the documents of ``drafts`` are booked now."""
        located = {
            draft.record: _numbers(draft.locations)
            for draft in drafts
            if draft.locations is not None
        }
        write_each(
            {
                record: {"routed_locations": numbers}
                for record, numbers in located.items()
                if record.routed_locations != numbers
            }
        )

    # === REFERENCES === #

    @api.model
    def _resolve(self, connection, mentioned):
        """Find the Odoo records that documents refer to, as sets.

        What no list has shown yet is staged and imported at once, so that a document
        does not wait until its vendor is read.

        :param mentioned: {(resource, external id): (JSON data, payload)}
        :returns: {(resource, external id): Reference}
        """
        records = self._stage_mentioned(connection, mentioned)
        rows = self.browse(row.id for row in records.values())
        # What could not be mapped before is tried again with its document.
        (rows - rows._serving()).filtered(
            lambda row: row.state in ("pending", "quarantined")
        )._import()
        env = connection._import_env(connection._companies())
        unusable = {}
        for resource, mapped in rows._serving().grouped("resource").items():
            importer = env[self._target_model(resource)]
            unusable |= importer._procurify_unusable(mapped)
        if unusable:
            self.browse(row.id for row in unusable)._quarantine(
                {row: [hold] for row, hold in unusable.items()}
            )
        serving = set(rows._serving().ids)
        return {key: Reference(r, r.id in serving) for key, r in records.items()}

    # === OUTCOME === #

    def _record_outcome(self, batch):
        """Write the outcome of ``batch`` on its records."""
        before = self.issue_ids
        states = {record: record._audit_state() for record in self}
        linked, held = batch.linked, [d for d in batch.drafts if d.reasons]
        self._write_notes([draft for draft in batch.drafts if not draft.reasons])
        self._mark_written(batch, linked)
        self._mark_excluded(batch)
        waiting = [draft for draft in batch.drafts if draft.is_waiting]
        if waiting:
            batch.records_of(waiting).write({"state": "waiting"})
        if held:
            self._quarantine({draft.record: draft.reasons for draft in held})
            self._write_notes(held)
        self._note_locations(linked)
        self._collect_files([*linked, *held])
        self._note_comments(batch.connection, linked)
        # This flushes, so everything above is written in one UPDATE.
        self._mention(batch.connection, batch.drafts)
        before._close_unused()
        self.env["procurify.audit"]._log_outcome(
            states,
            self,
            evidence={draft.record: draft.evidence for draft in batch.drafts},
            written=batch.records_of(linked),
        )
        if batch.connection.target_id:
            self.env["procurify.dispatch"].sudo()._expect(batch)

    @api.model
    def _collect_files(self, drafts):
        """Note the files of the documents among ``drafts``, for their download."""
        documents = [d for d in drafts if d.record.resource in DOCUMENTS]
        # One may be linked and held.
        self.env["procurify.attachment"].sudo()._collect(list(dict.fromkeys(documents)))

    @api.model
    def _write_notes(self, drafts):
        """Write the importer's notes on the records of ``drafts``."""
        if notes := {draft.record: draft.notes for draft in drafts if draft.notes}:
            write_each(notes)

    @api.model
    def _mark_excluded(self, batch):
        """Note which rule keeps records out of Odoo."""
        excluded = defaultdict(list)
        for draft in batch.drafts:
            if draft.exclusion:
                excluded[draft.exclusion].append(draft)
        for rule, drafts in excluded.items():
            batch.records_of(drafts).write(
                {
                    "state": "excluded",
                    "held_at": False,
                    "excluded_rule": rule,
                    "issue_ids": [Command.clear()],
                }
                | UNDISPUTED
            )

    def _mark_written(self, batch, linked):
        """Note what is in Odoo now; it is done unless an issue remains.

        :param linked: the drafts that are in Odoo
        """
        if not linked:
            return
        written = batch.records_of(linked)
        done = batch.records_of([draft for draft in linked if not draft.reasons])
        dependents, issues = written._dependents(), done.issue_ids
        model, now = self._target_model(batch.resource), fields.Datetime.now()
        outcome = {"res_model": model, "excluded_rule": False, "imported_at": now}
        if undone := written - done:
            undone.write(outcome)
        done.write(outcome | {"state": "done", "held_at": False} | UNDISPUTED)
        done.filtered("issue_ids").issue_ids = [Command.clear()]
        write_each({draft.record: self._own_outcome(draft) for draft in linked})
        written._await({d.record: d.awaited for d in linked if d.awaited is not None})
        if dependents:
            dependents._release(written, issues)
        if unread := written.filtered("read_error"):
            unread._quarantine({r: [r._unreadable_hold()] for r in unread})

    @api.model
    def _own_outcome(self, draft):
        """Return the values of the outcome that differ for each record."""
        record = draft.record
        values = {"applied_digest": record.digest}
        if record.res_id != draft.target_id:
            values["res_id"] = draft.target_id
        if draft.origin != "remembered":
            values["origin"] = draft.origin
        if draft.written is not None:
            values["applied_state"] = draft.written
        return values

    @api.model
    def _payment_notes(self, bill):
        """Return the values that describe the payment of ``bill``."""
        state = bill.is_paid and "paid"
        state = state or (bill.is_being_paid and "in_progress")
        return {"remote_paid": bool(state), "remote_payment": state}

    def _note_payment(self, draft):
        """Note what Procurify says about the payment of this bill, if it changed."""
        self.ensure_one()
        notes = self._payment_notes(draft.payload)
        if any(self[name] != value for name, value in notes.items()):
            draft.note(**notes, payment_allowed_by=False, payment_allowed_at=False)

    # === WHAT DOCUMENTS NAME === #

    @api.model
    def _mention(self, connection, drafts):
        """Store what the documents of ``drafts`` name, whatever their outcome."""
        mentioned = {
            draft.record: draft.mentioned
            for draft in drafts
            if draft.mentioned is not None
        }
        self.env["procurify.mention"].sudo()._replace(connection, mentioned)

    @api.model
    def _mention_refused(self, connection, drafts):
        """Store what these name and their files, after the rollback of their batch."""
        named = {}
        for draft in drafts:
            named |= draft.mentioned or {}
        self._stage_mentioned(connection, named)
        self._mention(connection, drafts)
        self._collect_files(drafts)

    # === BILLS THAT WAIT FOR ORDER LINES === #

    def _await(self, awaited):
        """Note for which order items these bills wait, in two statements for all.

        Such a bill is booked; the lines of its order are linked when they come.

        :param awaited: {record: ids of the items, in ascending order}; a record that is
            not among them keeps what it waits for
        """
        news = [
            record
            for record in self
            if record in awaited
            and tuple(sorted(record.awaits_ids.ids)) != awaited[record]
        ]
        if not news:
            return
        field = self._fields["awaits_ids"]
        relation, column1, column2 = map(
            SQL.identifier, (field.relation, field.column1, field.column2)
        )
        pairs = [(record.id, item) for record in news for item in awaited[record]]
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE %s IN %s",
                relation,
                column1,
                tuple(record.id for record in news),
            )
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO %s (%s, %s) SELECT * FROM unnest(%s::int[], %s::int[])",
                relation,
                column1,
                column2,
                [record_id for record_id, _item in pairs],
                [item for _record_id, item in pairs],
            )
        )
        self.invalidate_model(["awaits_ids"], flush=False)

    def _link_waiting(self):
        """Queue the bills that wait for the order lines of these items."""
        if self:
            waiting = self.search([("awaits_ids", "in", self.ids)])
            waiting.write({"applied_digest": False})
            waiting.filtered(lambda r: r.state != "ignored")._requeue()

    # === COMMENTS === #

    @api.model
    def _note_comments(self, connection, drafts):
        """Write the comments of documents on their documents in Odoo, if wanted.

        :param drafts: what is in Odoo, of one resource
        """
        if connection.comment_policy != "note":
            return
        bodies, noted = {}, {}
        for draft in drafts:
            if draft.record.resource not in DOCUMENTS or draft.payload is None:
                continue
            known = draft.record.noted_comments or []
            news = {
                key: step
                for step in steps(draft.payload.raw)
                if step.comment and (key := _key(step)) not in known
            }
            if news:
                bodies[draft.target_id] = self._comments_note(news.values())
                noted[draft.record] = {"noted_comments": [*known, *news]}
        if bodies:
            env = connection._import_env(connection._companies())
            model = env[self._target_model(drafts[0].record.resource)]
            model.browse(bodies)._message_log_batch(bodies=bodies)
            write_each(noted)

    @api.model
    def _comments_note(self, comments):
        """Return the text of a note with these comments, which are no markup."""
        title = self.env._("Comments in Procurify")
        rows = (
            Markup("<p><b>%s</b> %s<br/>%s</p>")
            % (
                step.person,
                step.at and format_datetime(self.env, naive(step.at)) or "",
                Markup(html_text(step.comment)),  # escaped by html_text
            )
            for step in comments
        )
        return Markup("<p>%s</p>") % title + Markup("").join(rows)


def _pending(connections):
    return Domain("state", "=", "pending") & Domain(
        "connection_id", "in", connections.ids
    )


def _numbers(locations):
    """Return Procurify's ids of the locations of some lines, sorted."""
    return sorted({location.external_id for _text, location in locations})


def _key(step):
    """Return what identifies a comment in every version of a document."""
    text = "\n".join(
        (step.person, step.at.isoformat() if step.at else "", step.comment)
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]
