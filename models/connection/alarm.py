"""What is wrong with a connection right now, found out when somebody looks."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...fetching.tenant import check_secret
from ...tools.cipher import UnreadableSecret
from ..procurify_alarm import CODES
from .client import LONGEST_PAUSE_S
from .phase import READING_PHASES

CRONS = (
    "ir_cron_fetch",
    "ir_cron_import",
    "ir_cron_nightly_check",
    "ir_cron_attachments",
    "ir_cron_audit_seal",
    "ir_cron_audit_verify",
    "ir_cron_alarm",
)
SHORTEST_SILENCE = timedelta(hours=1)
# No setting keeps a list that is not read quiet for longer.
LONGEST_SILENCE = timedelta(days=7)
# By how much the clocks of hosts may differ; and by how much what Procurify stamps.
CLOCK_SKEW = timedelta(hours=1)
STAMP_SKEW = timedelta(days=1)
LONGEST_PAUSE = timedelta(seconds=LONGEST_PAUSE_S)
_MINUTES = {"minutes": 1, "hours": 60, "days": 1440, "weeks": 10080, "months": 43200}


class ProcurifyConnection(models.Model):
    _name = "procurify.connection"
    _inherit = ["procurify.connection", "mail.thread", "mail.activity.mixin"]

    silence_intervals = fields.Integer(
        "Alarm After (intervals)",
        default=3,
        help="So many intervals of a list may pass without it being read, and at least "
        "an hour, before the administrators are told.",
    )
    alarm_count = fields.Integer("Alarms", compute="_compute_alarm_count")

    _check_silence_intervals = models.Constraint(
        "CHECK(silence_intervals > 0)", "At least one interval passes before an alarm."
    )

    # === COMPUTE METHODS === #

    def _compute_alarm_count(self):
        alarms = self.sudo()._alarms()
        for connection in self:
            connection.alarm_count = len(alarms[connection.sudo()])

    # === ACTION METHODS === #

    @api.model
    def read_alarms(self, connection_id=False):
        """Return what is wrong now with the connections that this user may see.

        :param connection_id: of that one only
        :returns: ``[{"connection_id", "connection", "code", "title", "message",
            "level"}]``; of level ``info`` is what somebody wants to be so
        :raises AccessError: the user is no reviewer
        """
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(self.env._("Only Procurify reviewers see its alarms."))
        domain = [("id", "=", int(connection_id))] if connection_id else []
        connections = self.search(domain)
        titles = dict(
            self.env["procurify.alarm"]._fields["code"]._description_selection(self.env)
        )
        titles |= dict(self._fields["phase"]._description_selection(self.env))
        alarms = [
            (connection, code, message, "danger")
            for connection, messages in connections.sudo()._alarms().items()
            for code, message in messages.items()
        ]
        alarms += [
            (connection, connection.phase, notice, "info")
            for connection in connections.filtered("active")
            if (notice := connection._phase_notice())
        ]
        return [
            {
                "connection_id": connection.id,
                "connection": connection.name,
                "code": code,
                "title": titles[code],
                "message": message,
                "level": level,
            }
            for connection, code, message, level in alarms
        ]

    # === CONDITIONS === #

    def _alarms(self):
        """Return {connection: {code: what is wrong, in words}}, in the order of codes.

        Nothing that is read here depends on a scheduled action having run. An archived
        connection is meant to be silent.
        """
        crons = self._cron_alarms()
        streams = self.env["procurify.stream"].with_context(active_test=False)
        by_connection = (
            streams.sudo()
            .search([("connection_id", "in", self.ids)])
            .grouped("connection_id")
        )
        alarms = {}
        for connection in self:
            found = {}
            if connection.active and connection.phase != "paused":
                mine = by_connection.get(connection, streams)
                found = crons | connection._stream_alarms(mine)
                found |= connection._own_alarms()
            alarms[connection] = {
                code: found[code] for code, _label in CODES if found.get(code)
            }
        return alarms

    @api.model
    def _cron_alarms(self):
        """Return the alarms of scheduled actions, which all connections share."""
        crons = self.env["ir.cron"].sudo()
        data = self.env["ir.model.data"].sudo()
        ids = {
            name: data._xmlid_to_res_id(f"procurify_connector.{name}") for name in CRONS
        }
        existing = crons.browse(filter(None, ids.values())).exists()
        off = existing.filtered(lambda cron: not cron.active)
        late = (existing - off).filtered(_is_late)
        names_off = off.mapped("name")
        names_off += [name for name in CRONS if ids[name] not in existing.ids]
        found = {}
        if names_off:
            found["cron_off"] = self.env._(
                "Switched off: %(crons)s. Switch it on under Settings, Technical, "
                "Scheduled Actions.",
                crons=", ".join(names_off),
            )
        if late:
            found["cron_late"] = self.env._(
                "Does not run: %(crons)s, due since %(since)s (UTC). Odoo's scheduled "
                "actions stand still, or something else keeps them busy.",
                crons=", ".join(late.mapped("name")),
                since=min(late.mapped("nextcall")),
            )
        return found

    def _stream_alarms(self, streams):
        self.ensure_one()
        labels = dict(streams._selection_resource())
        off = streams.filtered(lambda stream: not stream.active)
        silent = (streams - off).filtered(
            lambda stream: self._is_silent(stream) or _is_forgotten(stream)
        )
        found = {}
        if off:
            found["stream_off"] = self.env._(
                "Archived, so nothing new is seen there: %(lists)s.",
                lists=", ".join(labels[stream.resource] for stream in off),
            )
        if ahead := self._future_stamps(streams - off):
            found["future_stamp"] = self.env._(
                "In the future, so what was read or is to be read cannot be trusted: "
                "%(stamps)s. Press Sync now; where a watermark is meant, Read "
                "again on the list.",
                stamps=ahead,
            )
        if silent:
            found["not_read"] = self.env._(
                "Not read for more than %(count)s intervals: %(lists)s. What Procurify "
                "approves meanwhile is not in Odoo.",
                count=self.silence_intervals,
                lists=", ".join(labels[stream.resource] for stream in silent),
            )
        return found

    def _is_silent(self, stream):
        since = _read_at(stream)
        if stream.scan_pass and not stream.error_message:
            # Each page that is staged is written here.
            since = max(since, stream.write_date)
        return since < fields.Datetime.now() - self._silence(stream)

    def _silence(self, stream):
        """Return for how long a list may not be read before somebody is told."""
        usual = timedelta(minutes=stream.interval_minutes * self.silence_intervals)
        return min(max(usual, SHORTEST_SILENCE), LONGEST_SILENCE)

    def _future_stamps(self, streams):
        """Return the fields whose moment lies further ahead than it can, in words."""
        self.ensure_one()
        now = fields.Datetime.now()
        ahead = _ahead(self, {"retry_at": LONGEST_PAUSE}, now)
        for stream in streams:
            interval = timedelta(minutes=stream.interval_minutes)
            ahead += _ahead(
                stream,
                {
                    "last_success": timedelta(),
                    "last_nightly_check": timedelta(),
                    "next_attempt": max(interval, LONGEST_PAUSE),
                    "modified_watermark": STAMP_SKEW,
                    "created_watermark": STAMP_SKEW,
                },
                now,
            )
        return ", ".join(ahead)

    def _is_healthy(self, alarms):
        """Tell whether nothing is wrong, and every list was and is being read.

        :param alarms: of this connection
        """
        self.ensure_one()
        lists = self.stream_ids.filtered("active")
        return bool(
            not alarms
            and self.active
            and self.phase in READING_PHASES
            and lists
            and all(lists.mapped("last_success"))
        )

    def _own_alarms(self):
        self.ensure_one()
        found = {"import_stopped": self._import_obstacle() or self._missing_right()}
        if self.state == "error":
            found["failing"] = self.error_message
        if self.audit_state == "verification_failed":
            found["audit_broken"] = self.env._(
                "The audit is not what it was. See the findings on the connection."
            )
        try:
            check_secret(self)
        except UnreadableSecret as error:
            found["secret_unreadable"] = str(error)
        except OSError:
            found["secret_unreadable"] = self.env._(
                "The file with Procurify's encryption key cannot be read."
            )
        return found

    def _missing_right(self):
        """Return that the integration user may not make documents, or False."""
        user = self.user_id
        needed = ["res.partner", "account.move"]
        if self.order_policy != "none":
            needed.append("purchase.order")
        for name in needed:
            model = self.env[name].with_user(user)
            if not model.has_access("create"):
                return self.env._(
                    "The integration user %(user)s may not create %(documents)s. Give "
                    "it that right, or choose another one: such documents wait.",
                    user=user.name,
                    documents=self.env["ir.model"]._get(name).name,
                )
        return False

    # === TELLING === #

    def _responsible_managers(self):
        """Return {connection: who is told}: its maker if a manager, else the first."""
        group = self.env.ref("procurify_connector.group_manager").sudo()
        users = group.all_user_ids.filtered("active").sorted("id")
        found = {}
        for connection in self:
            able = users.filtered(lambda u, c=connection: c.company_id in u.company_ids)
            found[connection] = (able & connection.create_uid) or able[:1]
        return found


def _read_at(stream):
    """Return when a list was last read; a moment to come is no such moment."""
    read_at = stream.last_success
    if read_at and read_at <= fields.Datetime.now() + CLOCK_SKEW:
        return read_at
    return stream.create_date


def _is_forgotten(stream):
    """Say whether a list was not read for longer than any setting excuses."""
    since = _read_at(stream)
    if stream.scan_pass and not stream.error_message:
        since = max(since, stream.write_date)
    return since < fields.Datetime.now() - LONGEST_SILENCE


def _ahead(record, limits, now):
    """Return the fields of ``record`` that are too far ahead of ``now``, in words.

    :param limits: {field: how far it may be}
    """
    return [
        f"{record.display_name}, "
        f"{record._fields[name]._description_string(record.env)} {record[name]}"
        for name, limit in limits.items()
        if record[name] and record[name] > now + limit + CLOCK_SKEW
    ]


def _is_late(cron):
    """Say whether a scheduled action is overdue by its interval, and by an hour."""
    interval = timedelta(minutes=cron.interval_number * _MINUTES[cron.interval_type])
    return cron.nextcall < fields.Datetime.now() - max(interval, SHORTEST_SILENCE)
