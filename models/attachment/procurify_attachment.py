"""A file of a document: its address in Procurify, and its state."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ...fetching.files import MAX_NAME_CHARS, clean_name, sha1

MAX_BYTE_COUNT = 2**31 - 1  # the most that an integer column stores
# What a browser shows by itself. All else is downloaded.
_VIEWERS = {
    "application/pdf": "pdf",
    **dict.fromkeys(("image/png", "image/jpeg", "image/gif", "image/webp"), "image"),
}


class ProcurifyAttachment(models.Model):
    """A row is one file that a staged document names.

    The import writes rows when a document is in Odoo or on hold. A separate cron
    downloads the files and attaches them: to the Odoo document, or to the
    ``procurify.record`` while its version is on hold. A row is ``pending`` until it is
    ``done``, ``failed`` after too many attempts, ``too_large`` for the connection's
    limit, or ``missing`` in Procurify. No document waits for a file.
    """

    _name = "procurify.attachment"
    _inherit = ["procurify.system.fields", "procurify.list"]
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
        """Try these files again at once, as if for the first time.

        :returns: a notification with their number
        """
        self.check_access("read")
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(self.env._("Only Procurify reviewers can retry files."))
        files = self.sudo().filtered(lambda f: f.state != "done")
        files._reopen()
        self.env.ref("procurify_connector.ir_cron_attachments").sudo()._trigger()
        return self.env["procurify.connection"]._notification(
            "info", self.env._("Files queued for download: %s.", len(files))
        )

    def action_open_document(self):
        """Open the Odoo record of the document, or what is on hold."""
        self.ensure_one()
        record = self.record_id
        if record.res_id:
            return record.action_open_target()
        return record._action_open(record.display_name)

    def _reopen(self):
        self.write(
            {"state": "pending", "attempts": 0, "next_attempt": False, "error": False}
        )

    # === PRESENTATION === #

    def _page(self, readable):
        """Return what the page of the document shows of this file, as JSON.

        :param readable: the attachments of Odoo that the user may read
        """
        self.ensure_one()
        attachment = self.sudo().attachment_id.sudo(False)
        is_shown = bool(attachment) and attachment in readable
        return {
            "id": self.id,
            "name": self.name,
            "attachment_id": is_shown and attachment.id,
            "viewer": _VIEWERS.get(attachment.mimetype, "") if is_shown else "",
            "state": self.state,
            "state_text": self._state_text(is_shown),
        }

    def _state_text(self, is_shown):
        """Return why the file is not shown, or False if it is."""
        if is_shown:
            return False
        if self.state == "done":
            return self.env._("You may not read this file in Odoo.")
        if self.state != "pending":
            return self.error or self.env._("Not found in Procurify.")
        if self.connection_id.attachment_policy != "import":
            return self.env._("This connection does not download files.")
        return self.env._("Will be downloaded within minutes.")

    # === COLLECTING === #

    @api.model
    def _collect(self, drafts):
        """Note the files of documents that are in Odoo now, or on hold.

        If a document becomes another Odoo record, its files are copied there, because
        a posted document keeps its own.

        :param drafts: of documents
        """
        named = {
            (draft.record, file.external_id[:MAX_NAME_CHARS]): file
            for draft in drafts
            for file in getattr(draft.payload, "attachments", ())
        }
        records = {draft.record for draft in drafts if draft.payload is not None}
        known = {
            (file.record_id, file.external_id): file
            for file in self.search(Domain("record_id", "in", [r.id for r in records]))
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

    def _place(self):
        """Return (model, id) of what the file is to be attached to.

        A version that is on hold is not in Odoo: its files wait on its own record.
        """
        self.ensure_one()
        record = self.record_id
        is_written = record.state == "done" or record.applied_digest == record.digest
        if is_written and record._target_exists():
            return record.res_model, record.res_id
        return record._name, record.id

    def _follow(self):
        """Bring the file to where it belongs now: its document is another Odoo record,
        or is not on hold any more."""
        record = self.record_id
        here = self.res_model, self.res_id
        if record.state != "done" or here == (record.res_model, record.res_id):
            return
        if not self.attachment_id:
            # It was deleted with the record to which it was attached.
            self._reopen()
        elif self.res_model == record._name:
            self._follow_from_hold(self.attachment_id.sudo().raw)
        else:
            env = self.connection_id._import_env(self.company_id)
            place = {"res_model": record.res_model, "res_id": record.res_id}
            self._attached(self.attachment_id.with_env(env).copy(place))

    def _follow_from_hold(self, content):
        """Attach the file that waited on the record to the Odoo document.

        What is not what was downloaded, or cannot be attached now, is downloaded again:
        reviewers may write the record, and the document does not wait.
        """
        if sha1(content or b"") != self.sha1:
            self._reopen()
            return
        try:
            self._attach(content)
        except (OSError, UserError):
            # The cron tries again, and says why it fails.
            self._reopen()

    def _attached(self, attachment):
        """Note that ``attachment`` is this file, and delete its copy on the record."""
        former = self.attachment_id.sudo()
        self.write(
            {
                "state": "done",
                "attachment_id": attachment.id,
                "res_model": attachment.res_model,
                "res_id": attachment.res_id,
                "next_attempt": False,
                "error": False,
            }
        )
        if former.res_model == self.record_id._name and former != attachment:
            former.unlink()

    @api.model
    def _delete_held(self, connections):
        """Delete the files of what is on hold at ``connections``, which are deleted."""
        held = Domain("connection_id", "in", connections.ids) & Domain(
            "res_model", "=", self.env["procurify.record"]._name
        )
        self.search(held).attachment_id.unlink()

    @api.model
    def _values_from(self, file):
        return {
            "name": clean_name(file.label),
            "url": file.file,
            "mimetype": file.mimetype,
            "byte_count": min(max(file.length or 0, 0), MAX_BYTE_COUNT),
            "sha1": file.sha1_hash,
        }
