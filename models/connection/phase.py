"""Whether a connection reads and books, only reads, or rests."""

from odoo import fields, models
from odoo.exceptions import UserError

READING_PHASES = ("setup", "live")


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    phase = fields.Selection(
        [("setup", "Being set up"), ("live", "Live"), ("paused", "Paused")],
        default="live",
        required=True,
        readonly=True,
        copy=False,
        help="While it is being set up, Procurify is read and nothing is booked. While "
        "it is paused, nothing is read, and nothing is booked by itself.",
    )
    phase_since = fields.Datetime(
        "Since", readonly=True, copy=False, default=fields.Datetime.now
    )

    # === ACTION METHODS === #

    def action_pause(self):
        """Neither read nor book until somebody resumes; what is staged stays."""
        self._enter_phase("paused")

    def action_resume(self):
        """Read and book again, beginning with what came meanwhile."""
        self._enter_phase("live")
        crons = ("ir_cron_fetch", "ir_cron_import", "ir_cron_attachments")
        for name in crons:
            self.env.ref(f"procurify_connector.{name}").sudo()._trigger()

    def _enter_phase(self, phase):
        """Let these connections be in ``phase``; who did it is told in the audit.

        :raises AccessError: the user may not change the connection
        """
        self._check_administrator()
        others = self.filtered(lambda connection: connection.phase != phase)
        others.sudo().write({"phase": phase, "phase_since": fields.Datetime.now()})

    # === WHAT IT MEANS === #

    def _check_books(self):
        """Refuse to book for a connection that is still being set up.

        :raises UserError: naming the connection
        """
        if unready := self.sudo().filtered(lambda c: c.phase == "setup")[:1]:
            raise UserError(
                self.env._(
                    "%(name)s is still being set up: nothing is booked before it is "
                    "switched on.",
                    name=unready.name,
                )
            )

    def _phase_notice(self):
        """Return why this connection does not work by itself on purpose, or False."""
        self.ensure_one()
        if self.phase == "setup":
            return self.env._("Procurify is read, and nothing is booked yet.")
        if self.phase == "paused":
            return self.env._(
                "Paused since %(since)s (UTC). Nothing is read, and nothing is booked "
                "by itself.",
                since=self.phase_since,
            )
        return False
