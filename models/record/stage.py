"""The stage: what was fetched is kept here, once per object and version."""

from odoo import api, fields, models
from odoo.fields import Domain

from ...fetching.unreadable import READABLE
from ...importers.resource_kinds import DOCUMENTS, KINDS
from ...procurify import RESOURCES, InvalidPayload
from ...procurify.payloads.dates import agrees
from ...tools.concurrency import created_once
from ...tools.instants import naive
from ...tools.json_text import json_text
from ...tools.own_values import write_each

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
)


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

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
        """Keep ``objects``; an object that did not change is not touched.

        :param objects: (list row, object) pairs of RemoteObject; the same one
            twice where the list carries whole objects
        :returns: how many rows were created or changed
        """
        if not objects:
            return 0
        described = {
            detail.external_id: self._describe(connection, resource, row, detail)
            for row, detail in objects
        }
        known = self._known(connection, resource, described)
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
        facts = {record: record._audit_facts() for record in changed}
        self.env["procurify.stream"].sudo()._note_restless(
            connection, resource, changed
        )
        self._replace(changed, now)
        with created_once():
            created = self.sudo().create(to_create)
        self.env["procurify.audit"]._log_staged(created, facts)
        staged = len(to_create) + len(changed)
        self.env["procurify.run"]._current()._count(staged_count=staged)
        return staged

    @api.model
    def _replace(self, changed, now):
        """Write new versions over ``{record: values}``, and keep the former ones."""
        other = {r: v for r, v in changed.items() if r.digest != v["digest"]}
        self.env["procurify.version"].sudo()._keep(self.browse(r.id for r in other))
        # Each row gets values of its own; the ORM writes them in one statement.
        for record, values in changed.items():
            record.write(values | ({"seen_at": now} if record in other else {}))

    @api.model
    def _stage_mentioned(self, connection, mentioned):
        """Stage what documents embed or name, where no list gave it before.

        :param mentioned: {(resource, external id): (JSON data, payload)}; a
            list's own row is never overwritten by an embedded copy
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
        with created_once():
            created = self.sudo().create(new)
        self.env["procurify.audit"]._log_staged(created, {})
        return found | {(row.resource, row.external_id): row for row in created}

    @api.model
    def _fill_in(self, found, mentioned):
        """Give what cannot be read, and never was, the copy that a document embeds."""
        empty = {
            row: mentioned[key]
            for key, row in found.items()
            if row.read_error and not row.payload
        }
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

    @api.model
    def _new_values(self, connection, resource):
        return {
            "connection_id": connection.id,
            "resource": resource,
            # Known before the record is: a person who maps chooses among these.
            "res_model": self._target_model(resource),
        }

    @api.model
    def _describe(self, connection, resource, row, detail):
        """Return (values to stage, ids under which the object was known before)."""
        is_whole = not RESOURCES[resource].detail_path
        values = {
            "external_id": detail.external_id,
            "payload": detail.raw,
            "digest": detail.digest,
            # A summary that stands in for its missing detail is asked for again.
            "summary_digest": row.digest if detail is not row or is_whole else False,
            "remote_modified": detail.modified and naive(detail.modified),
            "name": detail.external_id,
            "remote_deleted": False,
            **READABLE,
        }
        try:
            payload = RESOURCES[resource].payload.from_json(detail.data)
        except InvalidPayload:
            # Staged all the same: the import says what cannot be read.
            return values, ()
        values |= {"name": payload.label, "code": payload.code}
        values |= KINDS[resource].facts(connection._dated(payload))
        if detail is not row and resource in DOCUMENTS:
            values["list_date_finding"] = _list_finding(payload, row)
        former_ids = getattr(payload, "version_ids", ())
        return values, tuple(map(str, former_ids))

    @api.model
    def _known(self, connection, resource, described):
        """Return {external id: row} of those objects that are staged already.

        A bill may come back with another id after «Fix bill»: its UUID, else its
        group, else an earlier version's id, say that it is the same one.
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
            # What is read under its own id is not another one's former version, and
            # a row is one object.
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
        """Tell whether the stage would take a RemoteObject for this record."""
        self.ensure_one()
        described = {
            stored.external_id: self._describe(
                self.connection_id, self.resource, stored, stored
            )
        }
        known = self._known(self.connection_id, self.resource, described)
        return known[stored.external_id] == self

    def _differs(self, values):
        """Tell whether ``values`` of an object say something that is not staged."""
        self.ensure_one()
        keys = ("digest", "external_id", "remote_deleted", "read_error")
        return any(self[key] != values[key] for key in keys)

    def _mark_deleted(self):
        """Note that Procurify deleted these, and let the import say what follows.

        One that is listed again later is read as if it were new.
        """
        self.env["procurify.audit"]._log_records("deleted_in_procurify", self)
        self.write({"remote_deleted": True, "summary_digest": False})
        self.filtered(lambda record: record.state != "ignored")._requeue()

    def _detail_ids(self, resource):
        """Return the ids under which Procurify's detail of this object is asked for."""
        self.ensure_one()
        return resource.detail_ids(
            {"uuid": self.remote_uuid, resource.key: self.external_id}
        )

    def _requeued_values(self):
        """Return the values that send this row to the import, if it may go there."""
        self.ensure_one()
        # A person's word stands until that person takes it back.
        return {} if self.state == "ignored" else {"state": "pending"}


def _list_finding(payload, row):
    """Return whether the list has the same days as the document itself."""
    try:
        return "same" if agrees(payload, row.data) else "differs"
    except InvalidPayload:
        return "differs"


def _resource_domain(connection, resource):
    return Domain("connection_id", "=", connection.id) & Domain(
        "resource", "=", resource
    )
