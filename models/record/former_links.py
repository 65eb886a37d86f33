"""Links that an earlier connection to the same tenant had."""

from odoo import models
from odoo.fields import Domain

from ...importers.resource_kinds import DOCUMENTS
from ..procurify_link import TAKEN_OVER


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    def _take_over_links(self):
        """Link what an earlier connection to the same tenant had linked already."""
        new = self.filtered(lambda record: not record.res_id and not record.imported_at)
        if not new:
            return
        former = new._former_rows()
        if new[0].resource not in DOCUMENTS:
            # What is gone is looked for anew; a document's end is a person's to judge.
            former = _lasting(former)
        by_uuid = {row.remote_uuid: row for row in former if row.remote_uuid}
        by_id = {row.external_id: row for row in former}
        for record in new:
            row = by_uuid.get(record.remote_uuid) or by_id.get(record.external_id)
            if row:
                record.write({name: row[name] for name in TAKEN_OVER})

    def _former_rows(self):
        """Return links of deleted connections, or records of those that are still
        there, for the same objects."""
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


def _lasting(rows):
    """Return those of ``rows``, all of one model, whose target still exists."""
    if not rows:
        return rows
    targets = rows[0].env[rows[0].res_model].sudo()
    existing = set(targets.browse({row.res_id for row in rows}).exists().ids)
    return [row for row in rows if row.res_id in existing]
