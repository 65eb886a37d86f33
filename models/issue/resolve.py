"""Resolving an issue: map or create what is missing, and replay what it blocked."""

from odoo import api, fields, models
from odoo.exceptions import UserError

# Issues that a new record in Odoo can resolve.
_MISSING = ("unknown_", "ambiguous_", "inactive_currency", "target_deleted")

_LOOSE = (False, "excluded")  # states of a reference whose replay releases no document


class ProcurifyIssue(models.Model):
    _inherit = "procurify.issue"

    candidates = fields.Json("Suggestions", related="reference_id.candidates")
    suggestion = fields.Char(related="reference_id.suggestion")
    can_create = fields.Boolean(compute="_compute_can_create")

    # === COMPUTE METHODS === #

    @api.depends("code", "state", "reference_id.can_create")
    @api.depends_context("uid")
    def _compute_can_create(self):
        for issue in self:
            issue.can_create = (
                issue.state == "open"
                and issue.code.startswith(_MISSING)
                and issue.reference_id.can_create
            )

    # === ACTION METHODS === #

    def action_resolve(self, res_id=None):
        """Map what these issues are about, and replay everything that they block.

        :param res_id: the Odoo record to map to; without it, the present mapping, or
            what the import finds by itself
        :returns: a notification that says what happened
        """
        self.check_access("write")
        counted = self._blocked_documents()
        if res_id:
            if not self.reference_id:
                raise UserError(
                    self.env._(
                        "This issue cannot be resolved by mapping. See What to Do."
                    )
                )
            self.reference_id.write({"res_id": res_id})
        self.env["procurify.audit"]._log_resolved(self)
        self._replay()
        return counted._notify_outcome()

    def action_create_missing(self):
        """Create in Odoo what these issues miss, map to it, and replay.

        The user's own rights in Odoo apply.

        :returns: a notification that says what happened
        :raises AccessError: the user may not create it
        """
        self.check_access("write")
        if any(not c.reference_id or not c.code.startswith(_MISSING) for c in self):
            raise UserError(
                self.env._(
                    "There is nothing to create in Odoo for this issue. See What to Do."
                )
            )
        counted = self._blocked_documents()
        self.reference_id._create_missing()
        self.env["procurify.audit"]._log_resolved(self)
        self._replay()
        return counted._notify_outcome()

    # === HELPERS === #

    def _replay(self):
        """Replay what these issues are about, which releases the blocked documents.

        Documents with other issues only lose these ones. If an issue is about no
        record, or about one that is excluded, its documents are replayed themselves.
        """
        masters = self.record_ids.filtered(lambda record: record.role == "master")
        (self.reference_id | masters).action_replay()
        loose = self.filtered(lambda issue: issue.reference_id.state in _LOOSE)
        (loose.record_ids - masters).action_replay()

    def _blocked_documents(self):
        """Return the documents that these issues block."""
        return self.record_ids.filtered(lambda record: record.role == "document")
