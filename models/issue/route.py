"""Who takes care of an issue, and the to-do that reminds that person."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

_TODO = "mail.mail_activity_data_todo"


class ProcurifyIssue(models.Model):
    _name = "procurify.issue"
    _inherit = ["procurify.issue", "mail.thread", "mail.activity.mixin"]

    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        index="btree_not_null",
        domain=lambda self: [
            (
                "all_group_ids",
                "in",
                self.env.ref("procurify_connector.group_user").ids,
            )
        ],
        help="Who takes care of it. That person gets a to-do.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("user_id")
    def _check_user(self):
        """Refuse to give an issue to somebody who would first read it by the to-do.

        :raises ValidationError: naming the person
        """
        for user, issues in self.filtered("user_id").grouped("user_id").items():
            theirs = issues.with_user(user).with_context(
                allowed_company_ids=user.sudo().company_ids.ids
            )
            if not (user.active and theirs.has_access("read")):
                raise ValidationError(
                    self.env._(
                        "%(user)s may not read this issue. Choose a Procurify reviewer "
                        "of the company.",
                        user=user.sudo().name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        if not vals.keys() & {"user_id", "state"}:
            return super().write(vals)
        before = {issue: (issue.user_id, issue.state) for issue in self}
        written = super().write(vals)
        self.filtered(lambda c: before[c] != (c.user_id, c.state))._remind()
        return written

    # === BUSINESS METHODS === #

    def _remind(self):
        """Give each responsible one to-do for each open issue, and nobody else."""
        routed = self.filtered(lambda c: c.user_id or c.activity_ids)
        routed.activity_unlink([_TODO])
        for user, issues in routed.filtered("user_id").grouped("user_id").items():
            issues.filtered(lambda c: c.state == "open").activity_schedule(
                _TODO,
                summary=self.env._("Clear what holds Procurify's documents"),
                user_id=user.id,
            )
