"""A document as people know it, for its form: header, lines, files and approvals."""

from odoo import api, fields, models

from ...importers.pages.pages import pages


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    document = fields.Json(
        compute="_compute_document",
        help="The document with its lines, totals, files and approvals.",
    )

    # === COMPUTE METHODS === #

    @api.depends("payload", "issue_ids", "state", "res_id")
    @api.depends_context("lang", "tz", "uid", "allowed_company_ids")
    def _compute_document(self):
        documents = self.filtered(lambda record: record.role == "document")
        files = documents._files()
        self.document = False
        for record, page in pages(documents).items():
            record.document = page | {"files": files.get(record, [])}

    def _files(self):
        """Return {record: what its page shows of its files}.

        What is attached is named to all who may read the document here, and shown to
        those who may read it there.
        """
        rows = self.env["procurify.attachment"].search(
            [("record_id", "in", self.ids)], order="id"
        )
        attachments = rows.sudo().attachment_id.sudo(False)
        readable = attachments._filtered_access("read")
        return {
            record: [row._page(readable) for row in mine]
            for record, mine in rows.grouped("record_id").items()
        }
