"""Keeping a document out of Odoo: with a reason, and until somebody replays it."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ...importers.resource_kinds import DOCUMENTS


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    ignored_reason = fields.Text(
        "Ignored Because", readonly=True, help="Why a person keeps it out of Odoo."
    )

    # === ACTION METHODS === #

    def action_ignore(self, reason=None):
        """Keep these records out of Odoo until somebody replays them.

        :param reason: why, in the words of the person who decides
        :raises UserError: one of them is in Odoo already
        """
        self.check_access("write")
        records = self.sudo()
        records._check_not_in_odoo()
        issues = records.issue_ids
        records.write({"ignored_reason": reason})
        self.env["procurify.audit"]._log_ignored(records)
        records.write(
            {
                "state": "ignored",
                "excluded_rule": False,
                "issue_ids": [Command.clear()],
            }
        )
        issues._close_unused()

    # === BUSINESS METHODS === #

    def _check_not_in_odoo(self):
        """Refuse to ignore what has been booked.

        :raises UserError: naming the document
        """
        if done := self.filtered(
            lambda r: r.resource in DOCUMENTS and r._target_exists()
        ):
            raise UserError(
                self.env._(
                    "%(name)s is in Odoo already. Cancel it there instead.",
                    name=done[0].display_name,
                )
            )

    def _take_back_ignoring(self):
        """Forget why these were ignored: they no longer are."""
        self.filtered("ignored_reason").ignored_reason = False
