"""Links that outlive their connection, so that a new one books nothing twice."""

from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .procurify_record import ITEM_READERS
from .resource_kinds import DOCUMENTS

# What a new connection to the same tenant takes over.
_TAKEN_OVER = (
    "res_model",
    "res_id",
    "origin",
    "applied_digest",
    "applied_state",
    "kept_version",
    "route_company_id",
)


class ProcurifyLink(models.Model):
    """A row says what an object of Procurify was in Odoo when its connection ended.

    It is written when a connection is deleted, and read by the import of objects
    that are new to a later connection of the same company to the same tenant. Kept
    apart from the documents: a column on each core model would cost every database
    an index for what happens once.
    """

    _name = "procurify.link"
    _description = "Procurify Link"

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    tenant = fields.Char(required=True)
    resource = fields.Char(required=True)
    external_id = fields.Char(required=True)
    remote_uuid = fields.Char()
    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    origin = fields.Char()
    applied_digest = fields.Char()
    applied_state = fields.Json(groups=ITEM_READERS)
    kept_version = fields.Char()
    route_company_id = fields.Many2one("res.company", ondelete="cascade")

    _remote_uniq = models.UniqueIndex("(company_id, tenant, resource, external_id)")
    _target_idx = models.Index("(res_model, res_id)")

    def _booked_in(self):
        """Return the company in whose books this is."""
        self.ensure_one()
        return self.route_company_id or self.company_id

    @api.model
    def _remember(self, connection):
        """Keep the links of ``connection``, which is about to be deleted."""
        columns = SQL(", ").join(
            SQL.identifier(name)
            for name in ("resource", "external_id", "remote_uuid", *_TAKEN_OVER)
        )
        news = SQL(", ").join(
            SQL("%s = EXCLUDED.%s", SQL.identifier(name), SQL.identifier(name))
            for name in ("remote_uuid", *_TAKEN_OVER)
        )
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO procurify_link (company_id, tenant, %(columns)s)
                SELECT %(company)s, %(tenant)s, %(columns)s
                  FROM procurify_record
                 WHERE connection_id = %(connection)s AND res_id IS NOT NULL
                    ON CONFLICT (company_id, tenant, resource, external_id)
                    DO UPDATE SET %(news)s
                """,
                columns=columns,
                company=connection.company_id.id,
                tenant=connection._tenant(),
                connection=connection.id,
                news=news,
            )
        )
        self.invalidate_model()


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    def unlink(self):
        for connection in self:
            self.env["procurify.link"].sudo()._remember(connection)
        return super().unlink()

    def _tenant(self):
        """Return what names the tenant, however its address is written."""
        self.ensure_one()
        return urlsplit(self.base_url).netloc.lower()

    def _predecessors(self):
        """Return the other connections of the same company to the same tenant."""
        self.ensure_one()
        others = (
            self.sudo()
            .with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id), ("id", "!=", self.id)])
        )
        return others.filtered(lambda other: other._tenant() == self._tenant())


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
                record.write({name: row[name] for name in _TAKEN_OVER})

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
