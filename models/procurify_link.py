"""Links to Odoo's documents that are kept when their connection is deleted."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.readers import ITEM_READERS

# Fields that a new connection to the same tenant takes over.
TAKEN_OVER = (
    "res_model",
    "res_id",
    "origin",
    "applied_digest",
    "applied_state",
    "kept_version",
    "noted_comments",
    "route_company_id",
)


class ProcurifyLink(models.Model):
    """A row links an object of Procurify to its document in Odoo.

    It is written when the connection is deleted. A later connection of the same company
    to the same tenant reads it, so that nothing is booked twice. This is a model of its
    own because a column on each of Odoo's models would need an index in every database.
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
    noted_comments = fields.Json()
    route_company_id = fields.Many2one("res.company", ondelete="cascade")

    _remote_uniq = models.UniqueIndex("(company_id, tenant, resource, external_id)")
    _target_idx = models.Index("(res_model, res_id)")

    def _booked_in(self):
        """Return the company in which the document is booked."""
        self.ensure_one()
        return self.route_company_id or self.company_id

    @api.model
    def _remember(self, connections):
        """Keep the links of ``connections``, which are about to be deleted."""
        columns = SQL(", ").join(
            SQL.identifier(name)
            for name in ("resource", "external_id", "remote_uuid", *TAKEN_OVER)
        )
        news = SQL(", ").join(
            SQL("%s = EXCLUDED.%s", SQL.identifier(name), SQL.identifier(name))
            for name in ("remote_uuid", *TAKEN_OVER)
        )
        self.env.flush_all()
        for connection in connections:
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
