"""Objects that cannot be read from Procurify: set aside, and tried again."""

from odoo import api, fields, models
from odoo.fields import Command, Domain

from ...fetching.unreadable import FIRST_PAUSE, LONGEST_PAUSE, READABLE
from ...importers.issues import Hold
from ...procurify import RESOURCES, clean_text, normalise_uuid
from ...tools.concurrency import created_once
from ...tools.own_values import write_each

_NAMES = ("invoice_number", "number", "name", "code", "num")  # of a list's row
_MOST_CHARACTERS = 200


class ProcurifyRecord(models.Model):
    """``read_error`` says that Procurify's present version cannot be read.

    A document is held for it; so is master data, but what was mapped before, or can
    be by a document's embedded copy, goes on serving the documents that name it.
    """

    _inherit = "procurify.record"

    # === SETTING ASIDE === #

    @api.model
    def _stage_unreadable(self, connection, resource, troubles):
        """Set aside what cannot be read. The pause before each attempt doubles.

        :param troubles: {external id, or "" : Trouble}
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
        """Return {external id: row} of those that are staged already."""
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
        """Tell whether this could be read until now, or is another version."""
        self.ensure_one()
        is_other = trouble.digest and trouble.digest != self.summary_digest
        return not self.read_error or bool(is_other)

    @api.model
    def _unread_values(self, resource, external_id, trouble):
        """Return what is staged of an object that was never read."""
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
        # Some days of doubling are longer than the longest pause.
        pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
        values = {
            "read_error": clean_text(trouble.reason)[:_MOST_CHARACTERS] or "?",
            "read_failures": failures,
            "read_again_at": now + pause,
            "read_from": trouble.read_from,
        }
        # Or each look at the list would ask for it once more.
        return values | ({"summary_digest": trouble.digest} if trouble.digest else {})

    # === TRYING AGAIN === #

    def _read_soon(self):
        """Let the next run try to read those that cannot be read."""
        unread = self.filtered("read_error")
        unread.read_again_at = fields.Datetime.now()

    def _has_gone(self):
        """Note that the list does not show these rows any more, which had no id."""
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

    # === THE IMPORT === #

    def _is_unreadable(self):
        """Tell whether there is nothing that may be imported instead."""
        self.ensure_one()
        return bool(self.read_error) and not (self.role == "master" and self.payload)

    def _unreadable_hold(self):
        """Return the Hold that says why this cannot be read."""
        self.ensure_one()
        return Hold(
            "unreadable",
            f"{self.resource}/{self.external_id}",
            {"value": self.display_name, "found": self.read_error},
        )

    def _serves(self):
        """Tell whether documents may use what this is mapped to."""
        self.ensure_one()
        if self.state == "done":
            return True
        is_held_for_that = set(self.issue_ids.mapped("code")) == {"unreadable"}
        return self.state == "quarantined" and bool(self.res_id) and is_held_for_that
