"""When Procurify is read: quiet hours, and more often around month end."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ...procurify import RESOURCES


class ProcurifyStream(models.Model):
    _inherit = "procurify.stream"

    def _wake(self):
        """Let the schedule be decided anew: no later than by the new one."""
        soon = fields.Datetime.now()
        self.filtered(lambda s: s.next_attempt and s.next_attempt > soon).write(
            {"next_attempt": soon}
        )

    def _due_domain(self):
        """Leave those alone whose hours are quiet, unless somebody asked for them."""
        now = fields.Datetime.now()
        quiet = (
            self.env["procurify.connection"]
            .search(Domain.TRUE)
            .filtered(lambda connection: connection._is_quiet(now))
        )
        return super()._due_domain() & (
            Domain("connection_id", "not in", quiet.ids)
            | Domain("next_attempt", "=", False)
        )

    def _interval(self, now):
        """Return after how many minutes this list is read again.

        :param now: naive, UTC
        """
        self.ensure_one()
        resource = RESOURCES.get(self.resource)
        connection = self.connection_id
        if resource and resource.modified_filter and connection._is_closing(now):
            return min(self.interval_minutes, connection.close_interval_minutes)
        return self.interval_minutes

    def _next_attempt(self):
        # Half a minute earlier, or a cron that ticks a second early waits a turn.
        now = fields.Datetime.now()
        turn = now + timedelta(minutes=self._interval(now), seconds=-30)
        if self._interval(turn) < self._interval(now):
            # The close begins before: at midnight of that day.
            day = self.connection_id._local(turn).date()
            turn = min(turn, max(self.connection_id._at_hour(day, 0), now))
        return turn

    @api.model
    def _cron_fetch(self):
        """Come back for what is to be read before the scheduled action's next turn."""
        result = super()._cron_fetch()
        cron = self.env.ref("procurify_connector.ir_cron_fetch")
        now = fields.Datetime.now()
        soonest = self.search(
            Domain("connection_id.phase", "!=", "paused")
            & Domain("connection_id.active", "=", True)
            & Domain("next_attempt", ">", now)
            & Domain("next_attempt", "<", now + timedelta(minutes=9)),
            order="next_attempt",
            limit=1,
        )
        if soonest:
            cron._trigger(soonest.next_attempt)
        return result
