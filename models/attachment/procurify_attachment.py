"""A file of a document: its address in Procurify, and its state."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ...fetching.files import MAX_NAME_CHARS, clean_name

MAX_BYTE_COUNT = 2**31 - 1  # the most that an integer column stores


class ProcurifyAttachment(models.Model):
    """A row is one file that a staged document names.

    The import writes rows when it has imported a document. A separate cron downloads
    the files and attaches them to the Odoo document. A row is ``pending`` until it is
    ``done``, ``failed`` after too many attempts, ``too_large`` for the connection's
    limit, or ``missing`` in Procurify. No document waits for a file.
    """

    _name = "procurify.attachment"
    _inherit = "procurify.system.fields"
    _description = "Procurify Attachment"
    _order = "id desc"
    _people_fields = frozenset()

    record_id = fields.Many2one(
        "procurify.record",
        string="Document",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    connection_id = fields.Many2one(
        related="record_id.connection_id", store=True, index=True
    )
    company_id = fields.Many2one(related="record_id.company_id", store=True, index=True)
    external_id = fields.Char("Procurify ID", required=True, readonly=True)
    name = fields.Char("File", required=True, readonly=True)
    url = fields.Text(
        "Address",
        readonly=True,
        groups=fields.NO_ACCESS,
        help="Anyone who knows this address may be able to open the file.",
    )
    mimetype = fields.Char("Announced Type", readonly=True)
    byte_count = fields.Integer("Announced Size (bytes)", readonly=True)
    sha1 = fields.Char("Announced SHA-1", readonly=True)
    state = fields.Selection(
        [
            ("pending", "Queued"),
            ("done", "Attached"),
            ("failed", "Failed"),
            ("too_large", "Too large"),
            ("missing", "Not found"),
        ],
        string="Status",
        default="pending",
        required=True,
        readonly=True,
    )
    attempts = fields.Integer(readonly=True)
    next_attempt = fields.Datetime(readonly=True, help="Empty: at the next run.")
    error = fields.Text("Problem", readonly=True)
    attachment_id = fields.Many2one(
        "ir.attachment",
        string="In Odoo",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(
        "Attached To", model_field="res_model", readonly=True
    )

    _file_uniq = models.UniqueIndex(
        "(record_id, external_id)", "A document cannot have the same file twice."
    )
    _todo_idx = models.Index("(id) WHERE state = 'pending'")

    # === ACTION METHODS === #

    def action_retry(self):
        """Try these files again at once, as if for the first time."""
        self.check_access("read")
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(self.env._("Only Procurify reviewers can retry files."))
        self.sudo().filtered(lambda f: f.state != "done")._reopen()
        self.env.ref("procurify_connector.ir_cron_attachments").sudo()._trigger()

    def action_open_document(self):
        """Open the Odoo record of the document."""
        self.ensure_one()
        return self.record_id.action_open_target()

    def _reopen(self):
        self.write(
            {"state": "pending", "attempts": 0, "next_attempt": False, "error": False}
        )

    # === COLLECTING === #

    @api.model
    def _collect(self, batch):
        """Note the files of the documents that ``batch`` brought into Odoo.

        If a document becomes another Odoo record, its files are copied there, because
        a posted document keeps its own.
        """
        named = {
            (draft.record, file.external_id[:MAX_NAME_CHARS]): file
            for draft in batch.linked
            for file in getattr(draft.payload, "attachments", ())
        }
        records = batch.records_of(batch.linked)
        known = {
            (file.record_id, file.external_id): file
            for file in self.search(Domain("record_id", "in", records.ids))
        }
        created = self.create(
            [
                {"record_id": record.id, "external_id": external_id}
                | self._values_from(file)
                for (record, external_id), file in named.items()
                if (record, external_id) not in known
            ]
        )
        if created:
            self.env.ref("procurify_connector.ir_cron_attachments").sudo()._trigger()
        for key, row in known.items():
            row._refresh(named.get(key))

    def _refresh(self, named):
        """Update this row from the payload of its document.

        :param named: the payload's attachment; None if it has none any more
        """
        self.ensure_one()
        if self.state == "done":
            self._follow()
        elif not named:
            self.unlink()
        elif self.url != named.file:
            self.write(self._values_from(named))
            self._reopen()

    def _follow(self):
        """Copy the file if its document is another Odoo record now."""
        record = self.record_id
        if (self.res_model, self.res_id) == (record.res_model, record.res_id):
            return
        if not self.attachment_id:
            # It was deleted with the record to which it was attached.
            self._reopen()
            return
        env = self.connection_id._import_env(self.company_id)
        copied = self.attachment_id.with_env(env).copy(
            {"res_model": record.res_model, "res_id": record.res_id}
        )
        self._attached(copied)

    def _attached(self, attachment):
        """Note that ``attachment`` is this file, on the document's Odoo record."""
        self.write(
            {
                "state": "done",
                "attachment_id": attachment.id,
                "res_model": self.record_id.res_model,
                "res_id": self.record_id.res_id,
                "next_attempt": False,
                "error": False,
            }
        )

    @api.model
    def _values_from(self, file):
        return {
            "name": clean_name(file.label),
            "url": file.file,
            "mimetype": file.mimetype,
            "byte_count": min(max(file.length or 0, 0), MAX_BYTE_COUNT),
            "sha1": file.sha1_hash,
        }
