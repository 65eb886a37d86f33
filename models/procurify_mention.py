"""Which master data a document names, and what it was mapped to at that time."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..importers.resource_kinds import KINDS

# Bills also name the lines of orders, which are not mapped.
_MAPPED = frozenset(kind.name for kind in KINDS.values() if kind.role == "master")


class ProcurifyMention(models.Model):
    """A row says that a document names a record of master data.

    ``res_id`` is the target of its mapping when the document was last imported. If the
    mapping has changed since, the document has the former one.
    """

    _name = "procurify.mention"
    _description = "Procurify Mention"
    _log_access = False

    document_id = fields.Many2one("procurify.record", required=True, ondelete="cascade")
    mention_id = fields.Many2one("procurify.record", required=True, ondelete="cascade")
    res_id = fields.Integer("Odoo Record")

    _mention_uniq = models.UniqueIndex("(document_id, mention_id)")
    # By what it was mapped to: who has a former mapping is found without the others.
    _mapping_idx = models.Index("(mention_id, res_id)")

    @api.model
    def _replace(self, connection, mentioned):
        """Store what documents mention now, in two statements for all of them.

        :param mentioned: {document's record: iterable of (resource, external id)}
        """
        if not mentioned:
            return
        rows = [
            (document.id, resource, external_id)
            for document, keys in mentioned.items()
            for resource, external_id in keys
            if resource in _MAPPED
        ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH named AS (
                    SELECT named.document_id, record.id AS mention_id, record.res_id
                      FROM unnest(%(documents)s::int[], %(resources)s::text[],
                                  %(external_ids)s::text[])
                           AS named (document_id, resource, external_id)
                      JOIN procurify_record record
                        ON record.connection_id = %(connection)s
                       AND record.resource = named.resource
                       AND record.external_id = named.external_id
                ), gone AS (
                    DELETE FROM procurify_mention mention
                     WHERE mention.document_id = ANY(%(all_documents)s)
                       AND NOT EXISTS (
                           SELECT FROM named
                            WHERE named.document_id = mention.document_id
                              AND named.mention_id = mention.mention_id)
                )
                INSERT INTO procurify_mention (document_id, mention_id, res_id)
                SELECT document_id, mention_id, res_id FROM named
                    ON CONFLICT (document_id, mention_id)
                    DO UPDATE SET res_id = EXCLUDED.res_id
                 WHERE procurify_mention.res_id IS DISTINCT FROM EXCLUDED.res_id
                """,
                documents=columns[0],
                resources=columns[1],
                external_ids=columns[2],
                connection=connection.id,
                all_documents=[document.id for document in mentioned],
            )
        )
        self.invalidate_model(flush=False)
        self.env["procurify.record"].invalidate_model(
            ["mention_ids", "document_ids"], flush=False
        )
