"""What keeps the books from being kept up to date, and who was told."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from ..tools.concurrency import CONCURRENCY_ERRORS, created_once

TOLD_AGAIN_AFTER = timedelta(days=1)  # an issue that comes and goes is told once a day
# What is late when Odoo was off for a night, and mostly is no more after some minutes.
OFTEN_PASSES = ("not_read", "cron_late")
PASSES_WITHIN = timedelta(minutes=20)
# Codes are stored and audited: a code keeps its meaning.
CODES = [
    ("not_read", "Procurify was not read"),
    ("failing", "Procurify cannot be read"),
    ("cron_off", "A scheduled action is off"),
    ("cron_late", "A scheduled action does not run"),
    ("stream_off", "A list is not read"),
    ("future_stamp", "A moment lies in the future"),
    ("import_stopped", "Nothing can be imported"),
    ("secret_unreadable", "The client secret cannot be read"),
    ("audit_broken", "The audit was tampered with"),
]


class ProcurifyAlarm(models.Model):
    """A row is one issue of one connection, from when it was first seen.

    The rows remember who was told, nothing else: what people look at is found out
    anew when they look (``procurify.connection._alarms``), as a row is only as fresh
    as the scheduled actions that may be what is wrong.
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
    told_at = fields.Datetime(readonly=True)
    activity_id = fields.Many2one("mail.activity", ondelete="set null", readonly=True)

    _code_uniq = models.UniqueIndex(
        "(connection_id, code)", "A connection has one alarm per issue."
    )

    # === CRON METHODS === #

    @api.model
    def _cron_alarm(self):
        """Tell the managers once of each issue, and take back what is over."""
        try:
            with created_once():
                connections = self.env["procurify.connection"].sudo()
                connections = connections.with_context(active_test=False)
                self.sudo()._note(connections.search(Domain.TRUE)._alarms())
                self.env.flush_all()
        except CONCURRENCY_ERRORS:
            self.env.cr.rollback()  # another worker is telling the same

    @api.model
    def _note(self, alarms):
        """Bring the rows in line with ``alarms``.

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
        (raised | self.browse(known[key].id for key in found if key in known))._tell()

    # === TELLING === #

    def _log_raised(self):
        """Write what began to the audit."""
        audit = self.env["procurify.audit"]
        for alarm in self:
            audit._log_records(
                "alarm_raised",
                alarm.connection_id,
                reason=alarm.message,
                after={"alarm": alarm.code},
            )

    def _tell(self):
        """Schedule an activity for what began after it was last told, if it was."""
        now = fields.Datetime.now()
        untold = self.filtered(
            lambda a: (
                (not a.told_at or a.told_at < min(now - TOLD_AGAIN_AFTER, a.raised_at))
                and (a.code not in OFTEN_PASSES or a.raised_at < now - PASSES_WITHIN)
            )
        )
        managers = untold.connection_id._responsible_managers()
        labels = dict(self._fields["code"]._description_selection(self.env))
        for alarm in untold:
            if manager := managers[alarm.connection_id]:
                alarm.activity_id = alarm.connection_id.with_context(
                    mail_activity_quick_update=True  # a list of things to do, no mail
                ).activity_schedule(
                    "mail.mail_activity_data_warning",
                    summary=f"{alarm.connection_id.name}: {labels[alarm.code]}",
                    note=alarm.message,
                    user_id=manager.id,
                )
        untold.told_at = fields.Datetime.now()

    def _clear(self):
        """Write what ended to the audit, and take its activities back."""
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
