"""Staging: each object that was fetched is kept once, unreadable ones too."""

from odoo import api, fields, models
from odoo.fields import Command, Domain

from ...fetching.json_text import json_text
from ...fetching.lists import FIRST_PAUSE, LONGEST_PAUSE, READABLE
from ...importers.coding import order_receipts, receipt_history
from ...importers.issues import Hold
from ...importers.resource_kinds import DOCUMENTS, KINDS
from ...procurify import (
    RESOURCES,
    InvalidPayload,
    clean_text,
    normalise_uuid,
    read_json,
)
from ...procurify.findings import (
    observed,
    observed_change,
    observed_in_list,
    observed_parent,
)
from ...procurify.payloads.dates import agrees
from ...tools import findings_table
from ...tools.concurrency import created_once
from ...tools.instants import naive
from ...tools.own_values import write_each
from ..procurify_link import TAKEN_OVER

_KNOWN_FIELDS = (
    "external_id",
    "remote_uuid",
    "remote_group",
    "remote_deleted",
    "digest",
    "summary_digest",
    "state",
    "read_error",
    "remote_modified",
    "remote_receipts",
    "findings_id",
)

# Fields by which a row of a list is called, the first that it has.
_NAMES = ("invoice_number", "number", "name", "code", "num")
_MOST_CHARACTERS = 200


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    # === STAGING OBJECTS === #

    @api.model
    def _summary_digests(self, connection, resource, external_ids):
        """Return {external id: digest of the list row that was staged last}."""
        rows = self.sudo().search_fetch(
            _resource_domain(connection, resource)
            & Domain("external_id", "in", external_ids),
            ["external_id", "summary_digest"],
        )
        return {row.external_id: row.summary_digest for row in rows}

    @api.model
    def _stage(self, connection, resource, objects):
        """Stage ``objects``; an unchanged object is not written.

        :param objects: (list row, object) pairs of RemoteObject; both are the same
            where the list carries whole objects
        :returns: how many rows were created or changed
        """
        if not objects:
            return 0
        documents = [detail.data for _row, detail in objects]
        self.env["procurify.custom.field"]._note(connection, resource, documents)
        described = {
            detail.external_id: self._describe(connection, resource, row, detail)
            for row, detail in objects
        }
        known = self._known(connection, resource, described)
        self._follow_receipts(known, described)
        to_create, changed, now = [], {}, fields.Datetime.now()
        for external_id, (values, _former_ids) in described.items():
            record = known.get(external_id)
            if not record:
                to_create.append(
                    values | self._new_values(connection, resource) | {"seen_at": now}
                )
            elif record._differs(values):
                changed[record] = values | record._requeued_values()
            elif values["summary_digest"] not in (False, record.summary_digest):
                record.summary_digest = values["summary_digest"]
        self._merge_findings(changed)
        self._keep_findings([*to_create, *changed.values()])
        facts = {record: record._audit_facts() for record in changed}
        if changed:
            streams = self.env["procurify.stream"].sudo()
            streams._note_restless(connection, resource, changed)
            self._replace(changed, now)
        with created_once():
            created = self.sudo().create(to_create)
        self.env["procurify.audit"]._log_staged(created, facts)
        staged = len(to_create) + len(changed)
        self.env["procurify.run"]._current()._count(staged_count=staged)
        return staged

    @api.model
    def _follow_receipts(self, known, described):
        """Keep the days on which earlier quantities of an order's lines had come."""
        for external_id, (values, _former_ids) in described.items():
            if "remote_receipts" in values:
                record = known.get(external_id)
                values["remote_receipts"] = receipt_history(
                    record and record.remote_receipts, values["remote_receipts"]
                )

    @api.model
    def _replace(self, changed, now):
        """Write new versions from ``{record: values}``, and keep the former ones."""
        other = {r: v for r, v in changed.items() if r.digest != v["digest"]}
        self.env["procurify.version"].sudo()._keep(self.browse(r.id for r in other))
        # The values differ per row; the ORM writes them in one statement.
        for record, values in changed.items():
            record.write(values | ({"seen_at": now} if record in other else {}))

    @api.model
    def _describe(self, connection, resource, row, detail):
        """Return (values to stage, ids under which the object was known before)."""
        is_whole = not RESOURCES[resource].detail_path
        values = {
            "external_id": detail.external_id,
            "payload": detail.raw,
            "digest": detail.digest,
            # If the detail is missing, the row is staged instead, and asked for again.
            "summary_digest": row.digest if detail is not row or is_whole else False,
            "remote_modified": detail.modified and naive(detail.modified),
            "name": detail.external_id,
            "remote_deleted": False,
            **READABLE,
        }
        try:
            payload = detail.read_as(RESOURCES[resource].payload)
        except InvalidPayload:
            # Staged nevertheless: the import reports what is invalid.
            return values, ()
        values |= {"name": payload.label, "code": payload.code}
        kind = KINDS[resource]
        values |= kind.facts(connection._dated(payload))
        if kind.coding:
            values["remote_coding"] = kind.coding(payload)
        if resource == "purchase_order":
            values["remote_receipts"] = order_receipts(payload)
        is_listed = detail is not row or is_whole
        values["findings"] = self._shown_by(payload, detail.data, is_listed)
        if detail is not row and resource in DOCUMENTS:
            values["list_date_finding"] = _list_finding(payload, row)
        former_ids = getattr(payload, "version_ids", ())
        return values, tuple(map(str, former_ids))

    @api.model
    def _new_values(self, connection, resource):
        return {
            "connection_id": connection.id,
            "resource": resource,
            # Known before the mapping is: the person who maps chooses among these.
            "res_model": self._target_model(resource),
        }

    @api.model
    def _known(self, connection, resource, described):
        """Return {external id: row} of those objects that are staged already.

        A bill gets another id by «Fix bill». It is then recognized by its UUID, else by
        its group, else by the id of an earlier version.
        """
        values = [value for value, _former_ids in described.values()]
        former = [i for _value, former_ids in described.values() for i in former_ids]
        match = Domain("external_id", "in", [*described, *former])
        identities = KINDS[resource].identities
        for field in identities:
            if keys := [value[field] for value in values if value.get(field)]:
                match |= Domain(field, "in", keys)
        rows = self.sudo().search_fetch(
            _resource_domain(connection, resource) & match, _KNOWN_FIELDS
        )
        by_identity = {(field, row[field]): row for field in identities for row in rows}
        by_id = {row.external_id: row for row in rows}

        def find(value, former_ids):
            candidates = (
                *(
                    by_identity.get((field, value[field]))
                    for field in identities
                    if value.get(field)
                ),
                *(by_id.get(i) for i in former_ids),
            )
            # A row belongs to one object only, first to the one with its id.
            return next((c for c in candidates if c and c not in taken), None)

        found = {i: by_id[i] for i in described if i in by_id}
        taken = set(found.values())
        for external_id, (value, former_ids) in described.items():
            if external_id not in found:
                row = find(value, former_ids)
                found[external_id] = row
                taken.add(row)
        return found

    def _is_object(self, stored):
        """Return whether a RemoteObject would be staged as this record."""
        self.ensure_one()
        described = {
            stored.external_id: self._describe(
                self.connection_id, self.resource, stored, stored
            )
        }
        known = self._known(self.connection_id, self.resource, described)
        return known[stored.external_id] == self

    def _differs(self, values):
        """Return whether the ``values`` of an object differ from what is staged."""
        self.ensure_one()
        keys = ("digest", "external_id", "remote_deleted", "read_error")
        return any(self[key] != values[key] for key in keys)

    def _requeued_values(self):
        """Return the values that queue this row for the import, if it may go there."""
        self.ensure_one()
        # Ignored records stay ignored until a person replays them.
        return {} if self.state == "ignored" else {"state": "pending"}

    # === STAGING WHAT DOCUMENTS NAME === #

    @api.model
    def _stage_mentioned(self, connection, mentioned):
        """Stage what documents embed or name, unless it is staged already.

        :param mentioned: {(resource, external id): (JSON data, payload)}; an embedded
            copy never overwrites an object that was read from its list
        :returns: {(resource, external id): record} of all of them
        """
        if not mentioned:
            return {}
        domain = Domain("connection_id", "=", connection.id) & Domain.OR(
            Domain("resource", "=", resource)
            & Domain("external_id", "in", [i for r, i in mentioned if r == resource])
            for resource in {resource for resource, _id in mentioned}
        )
        rows = self.sudo().search(domain)
        found = {(row.resource, row.external_id): row for row in rows}
        self._fill_in(found, mentioned)
        new = [
            self._new_values(connection, resource)
            | {
                "external_id": external_id,
                "payload": json_text(data),
                "name": payload.label,
                "code": payload.code,
            }
            for (resource, external_id), (data, payload) in mentioned.items()
            if (resource, external_id) not in found
        ]
        if not new:
            return found
        with created_once():
            created = self.sudo().create(new)
        self.env["procurify.audit"]._log_staged(created, {})
        return found | {(row.resource, row.external_id): row for row in created}

    @api.model
    def _fill_in(self, found, mentioned):
        """Fill objects that were never readable from the copy in a document."""
        empty = {
            row: mentioned[key]
            for key, row in found.items()
            if row.read_error and not row.payload
        }
        if empty:
            write_each(
                {
                    row: {
                        "payload": json_text(data),
                        "name": payload.label,
                        "code": payload.code,
                    }
                    for row, (data, payload) in empty.items()
                }
            )

    # === DELETED OBJECTS === #

    def _mark_deleted(self):
        """Note that Procurify deleted these objects, and queue them for the import.

        An object that is listed again later is read as if it were new.
        """
        self.env["procurify.audit"]._log_records("deleted_in_procurify", self)
        self.write({"remote_deleted": True, "summary_digest": False})
        bills = self.filtered(lambda record: record.resource == "bill")
        bills._note_finding("deleted_bill", "not_found")
        self.filtered(lambda record: record.state != "ignored")._requeue()

    def _detail_ids(self, resource):
        """Return the ids with which Procurify's detail of this object is requested."""
        self.ensure_one()
        return resource.detail_ids(
            {"uuid": self.remote_uuid, resource.key: self.external_id}
        )

    # === UNREADABLE OBJECTS === #

    @api.model
    def _stage_unreadable(self, connection, resource, troubles):
        """Stage unreadable objects. The pause before each attempt doubles.

        ``read_error`` says why Procurify's present version cannot be read. A document
        is then on hold. So is master data, but documents may still use its earlier
        mapping, or one by the copy in a document.

        :param troubles: {external id, or "": Trouble}
        :returns: how many are new, or changed since the last attempt
        """
        if not troubles:
            return 0
        now = fields.Datetime.now()
        known = self._known_unreadable(connection, resource, troubles)
        new, written, news = [], {}, 0
        for external_id, trouble in troubles.items():
            record = known.get(external_id)
            if not record:
                new.append(
                    self._new_values(connection, resource)
                    | self._unread_values(resource, external_id, trouble)
                    | self._failure_values(trouble, 1, now)
                )
            elif record._is_news(trouble):
                written[record] = (
                    self._failure_values(trouble, 1, now) | record._requeued_values()
                )
                news += 1
            elif not record.read_again_at or record.read_again_at <= now:
                failures = record.read_failures + 1
                written[record] = self._failure_values(trouble, failures, now)
        with created_once():
            created = self.sudo().create(new)
        write_each(written)
        self.env["procurify.audit"]._log_staged(created, {})
        return len(new) + news

    @api.model
    def _known_unreadable(self, connection, resource, troubles):
        """Return {external id: row} of the unreadable objects that are staged."""
        uuids = {
            normalise_uuid(uuid): external_id
            for external_id, trouble in troubles.items()
            if isinstance(uuid := trouble.row.get("uuid"), str) and uuid
        }
        rows = self.sudo().search(
            Domain("connection_id", "=", connection.id)
            & Domain("resource", "=", resource)
            & (
                Domain("external_id", "in", list(troubles))
                | Domain("remote_uuid", "in", list(uuids))
            )
        )
        by_uuid = {uuids[r.remote_uuid]: r for r in rows if r.remote_uuid in uuids}
        return by_uuid | {r.external_id: r for r in rows if r.external_id in troubles}

    def _is_news(self, trouble):
        """Return whether this was readable until now, or is another version."""
        self.ensure_one()
        is_other = trouble.digest and trouble.digest != self.summary_digest
        return not self.read_error or bool(is_other)

    @api.model
    def _unread_values(self, resource, external_id, trouble):
        """Return the values of an object that was never readable."""
        row = trouble.row
        names = (row.get(name) for name in _NAMES)
        name = next((str(n) for n in names if isinstance(n, (str, int)) and n), "")
        uuid = row.get("uuid")
        has_uuid = "uuid" in RESOURCES[resource].detail_keys and isinstance(uuid, str)
        return {
            "external_id": external_id,
            "name": clean_text(name)[:_MOST_CHARACTERS] or external_id,
            "remote_uuid": has_uuid and normalise_uuid(clean_text(uuid)),
        }

    @api.model
    def _failure_values(self, trouble, failures, now):
        # Ten doublings exceed the longest pause.
        pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
        values = {
            "read_error": clean_text(trouble.reason)[:_MOST_CHARACTERS] or "?",
            "read_failures": failures,
            "read_again_at": now + pause,
            "read_from": trouble.read_from,
        }
        # Otherwise each reading of the list would ask for it again.
        return values | ({"summary_digest": trouble.digest} if trouble.digest else {})

    def _read_soon(self):
        """Let the next run try to read the unreadable ones again."""
        unread = self.filtered("read_error")
        unread.read_again_at = fields.Datetime.now()

    def _has_gone(self):
        """Exclude rows without an id that the list does not show any more."""
        if not self:
            return
        issues = self.issue_ids
        states = {record: record._audit_state() for record in self}
        self.write(
            READABLE
            | {
                "state": "excluded",
                "excluded_rule": "deleted",
                "remote_deleted": True,
                "issue_ids": [Command.clear()],
            }
        )
        issues._close_unused()
        self.env["procurify.audit"]._log_outcome(states, self)

    def _is_unreadable(self):
        """Return whether it is unreadable, with no earlier version to import."""
        self.ensure_one()
        return bool(self.read_error) and not (self.role == "master" and self.payload)

    def _unreadable_hold(self):
        """Return the Hold of an unreadable object."""
        self.ensure_one()
        return Hold(
            "unreadable",
            f"{self.resource}/{self.external_id}",
            {"value": self.display_name, "found": self.read_error},
        )

    def _serving(self):
        """Return those of which documents may use what they are mapped to."""
        held = self.filtered(lambda row: row.state == "quarantined" and row.res_id)
        unread = held.filtered(
            lambda row: set(row.issue_ids.mapped("code")) == {"unreadable"}
        )
        return unread | self.filtered(lambda row: row.state == "done")

    # === LINKS OF AN EARLIER CONNECTION === #

    def _take_over_links(self):
        """Link what an earlier connection to the same tenant had linked."""
        new = self.filtered(lambda record: not record.res_id and not record.imported_at)
        if not new:
            return
        former = new._former_rows()
        if new[0].resource not in DOCUMENTS:
            # Deleted master data is matched again; a deleted document needs a person.
            former = _lasting(former)
        by_uuid = {row.remote_uuid: row for row in former if row.remote_uuid}
        by_id = {row.external_id: row for row in former}
        for record in new:
            row = by_uuid.get(record.remote_uuid) or by_id.get(record.external_id)
            if row:
                record.write({name: row[name] for name in TAKEN_OVER})

    def _former_rows(self):
        """Return the links of deleted connections, and the records of existing ones,
        for the same objects."""
        connection, resource = self.connection_id, self[0].resource
        same = Domain("external_id", "in", self.mapped("external_id"))
        if uuids := [uuid for uuid in self.mapped("remote_uuid") if uuid]:
            same |= Domain("remote_uuid", "in", uuids)
        domain = Domain("resource", "=", resource) & same
        records = self.search(
            domain
            & Domain("connection_id", "in", connection._predecessors().ids)
            & Domain("res_id", "!=", False)
        )
        links = self.env["procurify.link"].search(
            domain
            & Domain("company_id", "=", connection.company_id.id)
            & Domain("tenant", "=", connection._tenant())
        )
        return [*links, *records]

    # === FINDINGS === #

    @api.model
    def _shown_by(self, payload, data, is_listed):
        """Return {question: answer} of an object, or False: it shows nothing.

        :param data: what the payload was read from
        :param is_listed: whether a list shows the object
        """
        found = observed(payload)
        if "parent" in data:
            found |= observed_parent(data)
        if is_listed:
            found |= observed_in_list(payload)
        return found or False

    def _findings(self):
        """Return {record: {question: answer}} of what these objects have shown."""
        ids = set(self.mapped("findings_id")) - {0}
        found = findings_table.findings_of(self.env.cr, ids)
        return {record: found.get(record.findings_id, {}) for record in self}

    @api.model
    def _merge_findings(self, changed):
        """Put what all versions of an object have shown in the values of the new one.

        :param changed: {record: values to stage}
        """
        former = self.browse(record.id for record in changed)._findings()
        for record, values in changed.items():
            values["findings"] = record._merged_findings(former[record], values)

    @api.model
    def _keep_findings(self, rows):
        """Replace ``findings`` of values to stage by ``findings_id``."""
        shown = [values for values in rows if "findings" in values]
        ids = findings_table.ids_of(self.env.cr, [v.pop("findings") for v in shown])
        for values, findings_id in zip(shown, ids, strict=True):
            values["findings_id"] = findings_id

    def _merged_findings(self, former, values):
        """Return what all versions of this object have shown; a new one counts more.

        :param former: what the versions up to now have shown
        :param values: to stage of the new version
        """
        self.ensure_one()
        found = former | (values.get("findings") or {})
        if self.resource == "purchase_order":
            try:
                former, new = (
                    RESOURCES[self.resource].payload.from_json(read_json(text))
                    for text in (self.payload, values["payload"])
                )
            except InvalidPayload:
                return found or False
            found |= observed_change(former, new)
        return found or False

    def _note_finding(self, question, answer):
        """Note that these objects give ``answer`` to ``question``."""
        noted = {
            record: {"findings": former | {question: answer}}
            for record, former in self._findings().items()
        }
        self._keep_findings(list(noted.values()))
        write_each(noted)


def _list_finding(payload, row):
    """Return whether the list has the same dates as the document itself."""
    try:
        return "same" if agrees(payload, row.data) else "differs"
    except InvalidPayload:
        return "differs"


def _resource_domain(connection, resource):
    return Domain("connection_id", "=", connection.id) & Domain(
        "resource", "=", resource
    )


def _lasting(rows):
    """Return those of ``rows``, all of one kind, whose target still exists."""
    if not rows:
        return rows
    targets = rows[0].env[rows[0].res_model].sudo()
    existing = set(targets.browse({row.res_id for row in rows}).exists().ids)
    return [row for row in rows if row.res_id in existing]
