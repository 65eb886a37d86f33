"""Who takes care of a cause, and the to-do that reminds that person."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

_TODO = "mail.mail_activity_data_todo"


class ProcurifyCause(models.Model):
    _name = "procurify.cause"
    _inherit = ["procurify.cause", "mail.thread", "mail.activity.mixin"]

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
        for user, causes in self.filtered("user_id").grouped("user_id").items():
            theirs = causes.with_user(user).with_context(
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
        before = {cause: (cause.user_id, cause.state) for cause in self}
        written = super().write(vals)
        self.filtered(lambda c: before[c] != (c.user_id, c.state))._remind()
        return written

    # === BUSINESS METHODS === #

    def _remind(self):
        """Give each responsible one to-do for each open cause, and nobody else."""
        routed = self.filtered(lambda c: c.user_id or c.activity_ids)
        routed.activity_unlink([_TODO])
        for user, causes in routed.filtered("user_id").grouped("user_id").items():
            causes.filtered(lambda c: c.state == "open").activity_schedule(
                _TODO,
                summary=self.env._("Clear what holds Procurify's documents"),
                user_id=user.id,
            )
