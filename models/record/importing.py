"""The import: staged records become Odoo records, or are held with every reason."""

import logging
from collections import defaultdict

import psycopg2

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import ormcache

from ...fetching.unreadable import MOST_PATHS
from ...importers.batch import IMPORT_BATCH_SIZE, BatchRefused, ImportBatch
from ...importers.issues import BY_SETTING, Hold
from ...importers.refusals import is_of_the_database, refusal
from ...importers.resolution import Reference
from ...importers.resource_kinds import DOCUMENTS, IMPORT_ORDER, KINDS, PAYLOADS
from ...procurify import (
    InvalidPayload,
    read_json,
    read_noting,
)
from ...procurify.payloads.values import short_key
from ...tools.concurrency import untold
from ...tools.own_values import write_each
from ...tools.private import without_client_context

_logger = logging.getLogger(__name__)


_UNDISPUTED = {"difference": False, "offered_state": False, "conflict_id": False}


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    @api.model
    @ormcache("resource")
    def _target_model(self, resource):
        """Return the name of the model that imports ``resource``."""
        return next(
            name
            for name, model in self.env.registry.items()
            if resource in getattr(model, "_procurify_resources", ())
        )

    # === IMPORT METHODS === #

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
        """Import a batch in one savepoint; one that fails is split to find the guilty.

        Odoo and the database decide what a document may be, so anything may come
        out of them. This is the quarantine's boundary: whatever it is, the document
        is held with it, and the others go on.
        """
        if not self:
            return
        batch = ImportBatch(self)
        try:
            with untold(psycopg2.IntegrityError), self.env.cr.savepoint():
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
        if self._is_being_listed():
            self.write({"state": "waiting"})
            return
        self._take_over_links()
        self._parse(batch)
        self._route(batch)
        for company, part in batch.by_company():
            env = batch.connection._import_env(company)
            env[self._target_model(batch.resource)]._procurify_import(part)
        # What the database refuses belongs to this batch, not to the next one.
        self.env.flush_all()
        self._apply(batch)

    def _is_being_listed(self):
        """Tell whether the first reading of this master data has begun and not ended.

        Who is alike is judged among all of them, or the outcome would depend on which
        page another worker had reached.
        """
        resource = self[0].resource
        if KINDS[resource].role != "master":
            return False
        streams = self.connection_id.stream_ids
        stream = streams.filtered(lambda s: s.resource == resource)
        return stream._is_first_scan_open()

    def _parse(self, batch):
        """Read the payloads; hold what is not what Procurify's specification says."""
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
        """Keep on the record where its payload could not be read, if that is news."""
        self.ensure_one()
        shown = "\n".join(paths[:MOST_PATHS]) or False
        if (self.unread_count, self.unread_paths) != (len(paths), shown):
            draft.note(unread_count=len(paths), unread_paths=shown)

    def _note_dates(self, draft):
        """Keep the day by which people find a document as its dates are read now, and
        what it says about its tenant's rates and dates."""
        if self.resource not in DOCUMENTS:
            return
        facts = KINDS[self.resource].facts(draft.payload)
        wanted = {
            name: facts[name]
            for name in ("remote_date", "date_finding", "rate_finding")
            if name in facts and (self[name] or False) != (facts[name] or False)
        }
        if wanted:
            draft.note(**wanted)

    def _failure(self, error):
        """Return the Hold that tells ``error`` to a person.

        What says the same of several documents is one issue.
        """
        code, text = refusal(self.env, error)
        if code == "unexpected":
            _logger.warning(
                "Procurify %s %s failed",
                self.resource,
                self.external_id,
                exc_info=error,
            )
        # A right that is missing for one is missing for all, whatever follows.
        words = text.splitlines()[0] if code == "access_denied" else text
        return Hold(code, f"{self.resource}/{words}", {"value": text}, 0)

    # === OUTCOME METHODS === #

    def _apply(self, batch):
        """Write what became of each record of ``batch``."""
        before = self.issue_ids
        states = {record: record._audit_state() for record in self}
        held = [draft for draft in batch.drafts if draft.reasons]
        self._write_notes(draft for draft in batch.drafts if not draft.reasons)
        self._mark_written(batch)
        self._mark_excluded(batch)
        waiting = [draft for draft in batch.drafts if draft.is_waiting]
        batch.records_of(waiting).write({"state": "waiting"})
        self._quarantine({draft.record: draft.reasons for draft in held})
        self._write_notes(held)
        self._note_locations(batch.linked)
        # This one flushes: what is written before it is one UPDATE.
        self._mention(batch.connection, batch.drafts)
        before._close_unused()
        self.env["procurify.audit"]._log_outcome(
            states,
            self,
            evidence={draft.record: draft.evidence for draft in batch.drafts},
            written=batch.records_of(batch.linked),
        )

    @api.model
    def _write_notes(self, drafts):
        """Write what the importer noted on the records of ``drafts``."""
        write_each({draft.record: draft.notes for draft in drafts if draft.notes})

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
                    "excluded_rule": rule,
                    "issue_ids": [Command.clear()],
                }
                | _UNDISPUTED
            )

    def _mark_written(self, batch):
        """Note what is in Odoo now; it is done where nothing speaks against it."""
        linked = batch.linked
        if not linked:
            return
        written = batch.records_of(linked)
        done = batch.records_of(draft for draft in linked if not draft.reasons)
        dependents, issues = written._dependents(), done.issue_ids
        model, now = self._target_model(batch.resource), fields.Datetime.now()
        outcome = {"res_model": model, "excluded_rule": False, "imported_at": now}
        (written - done).write(outcome)
        done.write(outcome | {"state": "done"} | _UNDISPUTED)
        done.filtered("issue_ids").issue_ids = [Command.clear()]
        write_each({draft.record: self._own_outcome(draft) for draft in linked})
        written._await({d.record: d.awaited for d in linked if d.awaited is not None})
        self.env["procurify.attachment"].sudo()._collect(batch)
        dependents._release(written, issues)
        unread = written.filtered("read_error")
        unread._quarantine({record: [record._unreadable_hold()] for record in unread})

    @api.model
    def _own_outcome(self, draft):
        """Return what an import writes on the record of ``draft`` and no other one."""
        record = draft.record
        values = {"applied_digest": record.digest}
        if record.res_id != draft.target_id:
            values["res_id"] = draft.target_id
        if draft.origin != "remembered":
            values["origin"] = draft.origin
        if draft.written is not None:
            values["applied_state"] = draft.written
        return values

    def _quarantine(self, holds):
        """Hold records with all their reasons.

        :param holds: {record: [Hold]} of records of one connection
        """
        if not holds:
            return
        holds = {
            record: [hold._replace(key=short_key(hold.key)) for hold in mine]
            for record, mine in holds.items()
        }
        records = self.browse(record.id for record in holds)
        before = records.issue_ids
        reasons = {record: record._audit_reasons() for record in records}
        issues = (
            self.env["procurify.issue"]
            .sudo()
            ._open_issues(
                records.connection_id,
                [hold for mine in holds.values() for hold in mine],
            )
        )
        alike = defaultdict(self.browse)
        for record, mine in holds.items():
            ids = frozenset(issues[hold.code, hold.key].id for hold in mine)
            alike[ids] |= record
        for ids, same in alike.items():
            news = same.filtered(lambda record, ids=ids: not record._is_held_for(ids))
            news.write(
                {
                    "state": "quarantined",
                    "excluded_rule": False,
                    "issue_ids": [Command.set(list(ids))],
                }
                | _UNDISPUTED
            )
        before._close_unused()
        self.env["procurify.audit"]._log_held(reasons)

    def _is_held_for(self, issue_ids):
        """Tell whether this record stands as it would be written: held for these."""
        self.ensure_one()
        return (
            self.state == "quarantined"
            and set(self.issue_ids._ids) == issue_ids
            and not any(self[name] for name in _UNDISPUTED)
        )

    def _release(self, done, issues):
        """Tell these held records that ``done`` is imported.

        A document that is held for something else as well only loses the reasons that
        are gone; what may go through by now is tried again.

        :param issues: what ``done`` was held for until now
        """
        others = done.search(
            Domain("issue_ids", "in", issues.ids)
            & Domain("resource", "not in", DOCUMENTS)
            & Domain("id", "not in", done.ids)
        )
        gone = issues - others.issue_ids if done[0].role == "master" else issues[:0]

        def left(record):
            return record.issue_ids - gone

        held = self.filtered(
            lambda record: (
                record.role == "document"
                and left(record)
                and not left(record) & issues
                and not left(record).reference_id & done
            )
        )
        (self - held)._requeue()
        before = {record: record._audit_reasons() for record in held}
        # What is held for the same is written together.
        for reasons, alike in held.grouped("issue_ids").items():
            alike.issue_ids = [Command.set((reasons - gone).ids)]
        self.env["procurify.audit"]._log_held(before)

    def _requeue(self):
        """Send these records to the import again."""
        self.write({"state": "pending"})

    def _dependents(self):
        """Return the held records that these may release: what they are a reason
        for, and what is held for the same reason as they are."""
        issues = self.issue_ids.filtered(lambda issue: issue.code not in BY_SETTING)
        return self.search(
            (
                Domain("issue_ids.reference_id", "in", self.ids)
                | Domain("issue_ids", "in", issues.ids)
            )
            & Domain("state", "in", ("quarantined", "waiting"))
            & Domain("id", "not in", self.ids)
        )

    # === REFERENCE METHODS === #

    @api.model
    def _resolve(self, connection, mentioned):
        """Find the Odoo records that documents refer to, as sets.

        What no list gave yet is staged and imported on the spot, so a document
        never waits for the next poll of its vendor.

        :param mentioned: {(resource, external id): (JSON data, payload)}
        :returns: {(resource, external id): Reference}
        """
        records = self._stage_mentioned(connection, mentioned)
        rows = self.browse(row.id for row in records.values())
        # What could not be mapped before may be by now: a document is tried with all
        # that it names.
        rows.filtered(
            lambda row: row.state in ("pending", "quarantined") and not row._serves()
        )._import()
        env = connection._import_env(connection._companies())
        unusable = {}
        for resource in {row.resource for row in rows}:
            mapped = rows.filtered(
                lambda r, name=resource: r.resource == name and r._serves()
            )
            importer = env[self._target_model(resource)]
            unusable |= importer._procurify_unusable(mapped)
        self.browse(row.id for row in unusable)._quarantine(
            {row: [hold] for row, hold in unusable.items()}
        )
        return {key: Reference(row) for key, row in records.items()}
