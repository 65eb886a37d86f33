"""Alarms: what is wrong with a connection, since when, and who was notified."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..tools.concurrency import CONCURRENCY_ERRORS, created_once

# Managers are notified once a day of an alarm that comes and goes.
NOTIFIED_AGAIN_AFTER = timedelta(days=1)
# Alarms that are normal after Odoo was off for a night, and end after some minutes.
OFTEN_PASSES = ("not_read", "cron_late")
PASSES_WITHIN = timedelta(minutes=20)
# Codes are stored and in the audit: never change the meaning of a code.
CODES = [
    ("not_read", "Procurify has not been read"),
    ("failing", "Procurify cannot be read"),
    ("cron_off", "A scheduled action is off"),
    ("cron_late", "A scheduled action does not run"),
    ("stream_off", "A list is not read"),
    ("future_stamp", "A time is in the future"),
    ("import_stopped", "Nothing can be imported"),
    ("secret_unreadable", "The client secret cannot be read"),
    ("audit_broken", "The audit was tampered with"),
    ("remote_key", "The key of the remote Odoo expires"),
    ("remote_stopped", "Nothing gets to the remote Odoo"),
]


class ProcurifyAlarm(models.Model):
    """A row is one alarm of one connection, since it was first seen.

    The rows only serve to notify managers once. Screens compute the alarms themselves
    (``procurify.connection._alarms``): the rows are written by a scheduled action, and
    the alarm may be that scheduled actions do not run.
    """

    _name = "procurify.alarm"
    _inherit = "procurify.system.fields"
    _description = "Procurify Alarm"
    _order = "raised_at desc, id desc"
    _people_fields = frozenset()

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="connection_id.company_id", store=True, index=True
    )
    code = fields.Selection(CODES, required=True, readonly=True)
    message = fields.Text(readonly=True)
    raised_at = fields.Datetime("Since", readonly=True)
    cleared_at = fields.Datetime("Until", readonly=True)
    told_at = fields.Datetime("Notified At", readonly=True)
    activity_id = fields.Many2one("mail.activity", ondelete="set null", readonly=True)

    _code_uniq = models.UniqueIndex(
        "(connection_id, code)", "A connection has one alarm per issue."
    )

    # === CRON METHODS === #

    @api.model
    def _cron_alarm(self):
        """Notify managers once of each alarm, and end those that are over."""
        try:
            with created_once():
                connections = self.env["procurify.connection"].sudo()
                connections = connections.with_context(active_test=False)
                self.sudo()._note(connections.search(Domain.TRUE)._alarms())
                self.env.flush_all()
        except CONCURRENCY_ERRORS:
            self.env.cr.rollback()  # another worker does the same

    @api.model
    def _note(self, alarms):
        """Update the rows to ``alarms``, log what changed, and notify managers.

        :param alarms: {connection: {code: message}}
        """
        known = {
            (alarm.connection_id, alarm.code): alarm
            for alarm in self.search(Domain("connection_id", "in", _ids(alarms)))
        }
        found = {
            (connection, code): message
            for connection, messages in alarms.items()
            for code, message in messages.items()
        }
        over = self.browse(
            alarm.id
            for key, alarm in known.items()
            if not alarm.cleared_at and key not in found
        )
        over._clear()
        raised = self.browse(
            known[key].id for key in found if key in known and known[key].cleared_at
        )
        raised.write({"raised_at": fields.Datetime.now(), "cleared_at": False})
        raised |= self.create(
            [
                {
                    "connection_id": connection.id,
                    "code": code,
                    "message": message,
                    "raised_at": fields.Datetime.now(),
                }
                for (connection, code), message in found.items()
                if (connection, code) not in known
            ]
        )
        for alarm in raised:
            alarm.message = found[alarm.connection_id, alarm.code]
        raised._log_raised()
        (raised | self.browse(known[key].id for key in found if key in known))._notify()

    # === NOTIFYING === #

    def _log_raised(self):
        """Log in the audit which alarms began."""
        audit = self.env["procurify.audit"]
        for alarm in self:
            audit._log_records(
                "alarm_raised",
                alarm.connection_id,
                reason=alarm.message,
                after={"alarm": alarm.code},
            )

    def _notify(self):
        """Schedule an activity for each alarm that managers do not know of yet."""
        now = fields.Datetime.now()
        news = self.filtered(
            lambda a: (
                (
                    not a.told_at
                    or a.told_at < min(now - NOTIFIED_AGAIN_AFTER, a.raised_at)
                )
                and (a.code not in OFTEN_PASSES or a.raised_at < now - PASSES_WITHIN)
            )
        )
        managers = news.connection_id._responsible_managers()
        labels = dict(self._fields["code"]._description_selection(self.env))
        for alarm in news:
            if manager := managers[alarm.connection_id]:
                alarm.activity_id = alarm.connection_id.with_context(
                    mail_activity_quick_update=True  # an activity without a mail
                ).activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=f"{alarm.connection_id.name}: {labels[alarm.code]}",
                    note=alarm.message,
                    user_id=manager.id,
                )
        news.told_at = fields.Datetime.now()

    def _clear(self):
        """Log in the audit which alarms ended, and remove their activities."""
        for alarm in self:
            self.env["procurify.audit"]._log_records(
                "alarm_cleared",
                alarm.connection_id,
                reason=alarm.message,
                before={"alarm": alarm.code},
            )
        self.activity_id.unlink()
        self.write({"cleared_at": fields.Datetime.now()})


def _ids(alarms):
    return [connection.id for connection in alarms]
