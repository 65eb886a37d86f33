"""As whom, and for which company, a connection's documents are imported."""

from odoo import models
from odoo.exceptions import AccessError


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    def action_replay_held(self):
        """Send everything that is held to the import again, without Procurify.

        Of a connection of the company above, a branch's reviewer replays what is the
        branch's.

        :returns: a notification that says how much that is
        """
        self.check_access("read")
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(self.env._("Only Procurify reviewers may replay."))
        self._check_books()
        held = self.env["procurify.record"].search(
            [
                ("connection_id", "in", self.ids),
                ("state", "in", ("quarantined", "waiting")),
            ]
        )
        self.env["procurify.audit"]._log_records("replayed", held)
        held.sudo()._requeue()
        self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
        return self._notification(
            "info", self.env._("%(count)s records are tried again.", count=len(held))
        )

    def _import_env(self, companies=None):
        """Return the environment of the import: the integration user, in a company.

        :param companies: the connection's own or one of its branches; several, the own
            one first, to look for what any of them may use
        """
        self.ensure_one()
        companies = companies or self.company_id
        # A context of its own: nothing that a client sent changes what an import does.
        context = {
            "allowed_company_ids": companies.ids,
            "lang": self.user_id.lang,
            "tz": self.user_id.tz,
            "tracking_disable": True,
            "mail_create_nolog": True,
            "mail_create_nosubscribe": True,
        }
        # pylint: disable=context-overridden
        return self.with_user(self.user_id).with_context(context).env

    def _note_obstacle(self, obstacle):
        """Write why nothing can be imported; take it back when that is over."""
        self.ensure_one()
        if (self.import_obstacle or False) != obstacle:
            self.env["procurify.audit"]._log_obstacle(self, obstacle)
            self.sudo().import_obstacle = obstacle

    def _import_obstacle(self):
        """Return why nothing can be imported for this connection, or False."""
        self.ensure_one()
        user = self.user_id
        if user._is_superuser():
            return False  # OdooBot: archived by design, and may do everything
        if not user.active:
            return self.env._(
                "The integration user %(user)s is archived. Choose another one, or "
                "unarchive it: what was read waits.",
                user=user.name,
            )
        if self.company_id not in user.company_ids:
            return self.env._(
                "The integration user %(user)s has no access to %(company)s. Allow "
                "that company on the user, or choose another one: what was read "
                "waits.",
                user=user.name,
                company=self.company_id.name,
            )
        return False
