"""Whose rights a connection may have: nobody gets more than one's own by it."""

from odoo import api, models
from odoo.exceptions import ValidationError

_SETTINGS = "base.group_system"
_RIGHTS = "base.group_erp_manager"  # gives any right to anybody, also to itself


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        connections = super().create(vals_list)
        connections._check_user()
        return connections

    def write(self, vals):
        written = super().write(vals)
        if "user_id" in vals:
            self._check_user()
        return written

    # === BUSINESS METHODS === #

    def _check_user(self):
        """Refuse an integration user who may do what the writer may not.

        A connection that exists keeps its user; the server's own scripts choose freely.

        :raises ValidationError: naming the user
        """
        if self.env.su:
            return
        for connection in self:
            user = connection.user_id
            if not self._may_name(user.sudo()):
                raise ValidationError(
                    self.env._(
                        "You cannot let %(user)s be the integration user: documents "
                        "would be created with rights that you do not have. Choose a "
                        "user with no more rights and companies than your own, or ask "
                        "a Settings administrator. OdooBot, and whoever administers "
                        "Odoo's settings or access rights, is never one.",
                        user=user.name,
                    )
                )

    @api.model
    def _may_name(self, user):
        """Tell whether the present user may let ``user`` create the documents."""
        me = self.env.user.sudo()
        if user == me:
            return True
        if (
            user == self.env.ref("base.user_root")
            or user.has_group(_SETTINGS)
            or user.has_group(_RIGHTS)
        ):
            return False
        return me.has_group(_SETTINGS) or (
            user.all_group_ids <= me.all_group_ids
            and user.company_ids <= me.company_ids
        )
