"""When and for how long a connection reads: phase, quiet hours, month end, *Sync now*.

Hours and days are those of a wall clock in ``schedule_tz``. When clocks change, an hour
that is skipped or comes twice is quiet if its name is.
"""

import calendar
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import config

from ...importers.resource_kinds import DOCUMENTS
from ...tools.private import is_run_manually

# Part of the time after which Odoo kills a worker. The rest is for the last answers.
SHARE_OF_LIMIT = 0.6


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    schedule_note = fields.Char("Right Now", compute="_compute_schedule_note")

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

    # === PHASE === #

    def action_pause(self):
        """Stop reading and importing until somebody resumes. What was read stays.

        :returns: a notification with the number of documents that wait
        """
        self._enter_phase("paused")
        return self._notify_phase(
            self.env._("Nothing is read or imported until you resume.")
        )

    def action_resume(self):
        """Read and import again, starting with what came in the meantime.

        :returns: a notification with the number of documents that wait
        :raises AccessError: the user may not choose the integration user
        :raises UserError: the remote Odoo in which it books is not ready
        """
        self._check_may_lead()
        self._check_remote_is_ready()
        self._enter_phase("live")
        crons = ("ir_cron_fetch", "ir_cron_import", "ir_cron_attachments")
        for name in crons:
            self.env.ref(f"procurify_connector.{name}").sudo()._trigger()
        return self._notify_phase(
            self.env._("Reading and importing starts within a minute.")
        )

    def _notify_phase(self, text):
        """Return a notification of ``text``, and of how many documents are queued."""
        queued = self.env["procurify.record"].search_count(
            Domain("connection_id", "in", self.ids)
            & Domain("resource", "in", DOCUMENTS)
            & Domain("state", "in", ("pending", "waiting"))
        )
        count = self.env._("Documents queued: %s.", queued)
        return self._notification("info", f"{text} {count}")

    def _enter_phase(self, phase):
        """Set the phase of these connections. The audit logs the change.

        :raises AccessError: the user may not change the connection
        """
        self._check_administrator()
        others = self.filtered(lambda connection: connection.phase != phase)
        others.sudo().write({"phase": phase, "phase_since": fields.Datetime.now()})

    # === SYNC NOW === #

    def action_sync_now(self):
        """Read every list of these connections as soon as a cron worker is free.

        :returns: a notification
        :raises AccessError: the user is no reviewer
        :raises UserError: a connection is archived or paused
        """
        self.check_access("read")
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(self.env._("Only Procurify reviewers can synchronise."))
        if archived := self.filtered(lambda connection: not connection.active):
            raise UserError(
                self.env._(
                    "%(name)s is archived. Unarchive it first.",
                    name=archived[0].name,
                )
            )
        if paused := self.filtered(lambda connection: connection.phase == "paused"):
            raise UserError(
                self.env._(
                    "%(name)s is paused. Resume it first.",
                    name=paused[0].name,
                )
            )
        self.env["procurify.audit"]._log_records("sync_requested", self)
        # A locked list is being read now.
        streams = self.sudo().stream_ids.try_lock_for_update(allow_referencing=True)
        streams.write({"next_attempt": False})
        self.sudo().filtered("retry_at").write({"retry_at": False})
        self.env.ref("procurify_connector.ir_cron_fetch").sudo()._trigger()
        self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
        return self._notification(
            "info", self.env._("Procurify is being read. New documents arrive shortly.")
        )

    # === HOURS AND DAYS === #

    def _local(self, moment):
        """Return ``moment`` (naive, UTC) on the wall clock of the schedule."""
        self.ensure_one()
        zone = pytz.timezone(self.schedule_tz or "UTC")
        return pytz.utc.localize(moment).astimezone(zone)

    def _is_quiet(self, now):
        """Return whether ``now`` (naive, UTC) is in the quiet hours."""
        self.ensure_one()
        local = self._local(now)
        hour = local.hour + local.minute / 60 + local.second / 3600
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= hour < self.quiet_to
        return hour >= self.quiet_from or hour < self.quiet_to

    def _quiet_ended(self, now):
        """Return when the last quiet hours before ``now`` ended, or None if never.

        Both instants are naive and UTC.
        """
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

    def _client_options(self):
        """Return the options of a client that are not fields of the connection."""
        return {"run_s": _run_seconds()}

    def _is_closing(self, now):
        """Return whether ``now`` (naive, UTC) is near the end of a month."""
        self.ensure_one()
        today = self._local(now).date()
        days = calendar.monthrange(today.year, today.month)[1]
        return (
            today.day > days - self.close_days_before
            or today.day <= self.close_days_after
        )


def _run_seconds():
    """Return for how many seconds a client may be used, or None: no limit."""
    if is_run_manually():
        return None
    limit = config["limit_time_real_cron"]
    if limit < 0:
        limit = config["limit_time_real"]
    return limit * SHARE_OF_LIMIT or None


def _clock(hour):
    """Return the time of day of ``hour``: 6.5 is 6:30."""
    minutes = round(hour * 60)
    return time(minutes // 60 % 24, minutes % 60)
