"""When a connection's lists are read."""

import calendar
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models

from odoo.addons.base.models.res_partner import _tz_get

_HOURS = ("quiet_from", "quiet_to", "close_days_before", "close_days_after")


class ProcurifyConnection(models.Model):
    """Hours and days are those of a wall clock in ``schedule_tz``: an hour that is
    skipped or comes twice when clocks are changed is quiet if its name is.
    """

    _inherit = "procurify.connection"

    schedule_tz = fields.Selection(
        _tz_get,
        string="Time Zone of the Schedule",
        default=lambda self: self.env.user.tz or "UTC",
        required=True,
        help="Of the person who set the schedule last.",
    )
    quiet_from = fields.Float(
        help="From this hour on Procurify is not read. What somebody asks for (Sync "
        "now, Read again) and the nightly comparison are not kept back."
    )
    quiet_to = fields.Float(
        help="Until this hour, the next day if it is before the first. Both the same: "
        "no quiet hours."
    )
    close_days_before = fields.Integer(
        "Last Days of the Month",
        help="On so many last days of a month what changes is read more often.",
    )
    close_days_after = fields.Integer(
        "First Days of the Month",
        help="On so many first days of a month what changes is read more often.",
    )
    close_interval_minutes = fields.Integer(
        "Then Every (minutes)",
        default=5,
        help="Documents are read so often then; lists that can only be read whole keep "
        "their own interval.",
    )
    schedule_note = fields.Char("Right Now", compute="_compute_schedule_note")

    _check_quiet_hours = models.Constraint(
        "CHECK(LEAST(quiet_from, quiet_to) >= 0"
        " AND GREATEST(quiet_from, quiet_to) < 24)",
        "Quiet hours lie between 0:00 and 23:59.",
    )
    _check_close_days = models.Constraint(
        "CHECK(LEAST(close_days_before, close_days_after) >= 0"
        " AND GREATEST(close_days_before, close_days_after) <= 15)",
        "The close takes 0 to 15 days before and after the end of a month.",
    )
    _check_close_interval = models.Constraint(
        "CHECK(close_interval_minutes > 0)", "The interval is at least one minute."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "schedule_tz",
        "quiet_from",
        "quiet_to",
        "close_days_before",
        "close_days_after",
        "close_interval_minutes",
    )
    def _compute_schedule_note(self):
        now = fields.Datetime.now()
        for connection in self:
            connection.schedule_note = connection._schedule_note(now)

    def _schedule_note(self, now):
        if self._is_quiet(now):
            return self.env._(
                "Quiet until %(hour)s (%(zone)s).",
                hour=_clock(self.quiet_to).strftime("%H:%M"),
                zone=self.schedule_tz,
            )
        if self._is_closing(now):
            return self.env._(
                "Month end: documents are read every %(minutes)s minutes.",
                minutes=self.close_interval_minutes,
            )
        return self.env._("Each list is read at its own interval.")

    # === CRUD METHODS === #

    def write(self, vals):
        if not vals.keys().isdisjoint(_HOURS) and "schedule_tz" not in vals:
            vals = vals | {"schedule_tz": self.env.user.tz or "UTC"}
        if not vals.keys().isdisjoint((*_HOURS, "close_interval_minutes")):
            self.sudo().stream_ids._wake()
        return super().write(vals)

    # === WHAT IT MEANS === #

    def _local(self, moment):
        """Return ``moment`` (naive, UTC) on the wall clock of the schedule."""
        self.ensure_one()
        zone = pytz.timezone(self.schedule_tz or "UTC")
        return pytz.utc.localize(moment).astimezone(zone)

    def _is_quiet(self, now):
        """Tell whether ``now`` (naive, UTC) lies in the quiet hours."""
        self.ensure_one()
        local = self._local(now)
        hour = local.hour + local.minute / 60 + local.second / 3600
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= hour < self.quiet_to
        return hour >= self.quiet_from or hour < self.quiet_to

    def _quiet_ended(self, now):
        """Return when the last quiet hours before ``now`` ended, or None: there are
        none. Both are naive and UTC."""
        self.ensure_one()
        if self.quiet_from == self.quiet_to:
            return None
        local = self._local(now)
        ends = (
            self._at_hour(local.date() - timedelta(days=days), self.quiet_to)
            for days in (0, 1)
        )
        return next(end for end in ends if end <= now)

    def _at_hour(self, day, hour):
        """Return the naive UTC instant of an hour of the wall clock on ``day``."""
        zone = pytz.timezone(self.schedule_tz or "UTC")
        local = zone.localize(datetime.combine(day, _clock(hour)))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    def _is_closing(self, now):
        """Tell whether ``now`` (naive, UTC) is near the end of a month."""
        self.ensure_one()
        today = self._local(now).date()
        days = calendar.monthrange(today.year, today.month)[1]
        return (
            today.day > days - self.close_days_before
            or today.day <= self.close_days_after
        )

    def _is_silent(self, stream):
        """Quiet hours are wanted: silence is counted from their end."""
        now = fields.Datetime.now()
        if self._is_quiet(now):
            return False
        ended = self._quiet_ended(now)
        is_within = ended and ended > now - self._silence(stream)
        return not is_within and super()._is_silent(stream)


def _clock(hour):
    """Return the time of day of ``hour``: 6.5 is 6:30."""
    minutes = round(hour * 60)
    return time(minutes // 60 % 24, minutes % 60)
