"""Whether a connection works: what failed, what is wrong now, and who hears of it."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ...fetching.tenant import check_secret
from ...procurify import (
    AddressError,
    AuthenticationError,
    Blocked,
    ForbiddenError,
    PrivateAddressError,
    ProtocolError,
    TransientError,
)
from ...tools.cipher import UnreadableSecret
from ..procurify_alarm import CODES
from .procurify_connection import READING_PHASES

# === REQUESTS === #

TRANSIENT_RETRY_MINUTES = 5
LASTING_RETRY_MINUTES = 60  # what needs a person is not tried every minute
# After which reading continues where it stopped.
_CONTINUED = (AuthenticationError, Blocked, TransientError)
PAUSE_S = 60  # if a server asks for a pause without saying how long
LONGEST_PAUSE_S = 24 * 60 * 60

# === ALARMS === #

SHORTEST_SILENCE = timedelta(hours=1)
# No setting delays the alarm for a list that is not read any longer than this.
LONGEST_SILENCE = timedelta(days=7)
# Allowed difference between the clocks of hosts, and in stamps of Procurify.
CLOCK_SKEW = timedelta(hours=1)
STAMP_SKEW = timedelta(days=1)
LONGEST_PAUSE = timedelta(seconds=LONGEST_PAUSE_S)
_MINUTES = {"minutes": 1, "hours": 60, "days": 1440, "weeks": 10080, "months": 43200}


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    alarm_count = fields.Integer("Alarms", compute="_compute_alarm_count")

    # === COMPUTE METHODS === #

    def _compute_alarm_count(self):
        alarms = self.sudo()._alarms()
        for connection in self:
            connection.alarm_count = len(alarms[connection.sudo()])

    # === RESULT OF REQUESTS === #

    def _note_success(self):
        healthy = self.filtered(
            lambda connection: (
                connection.state == "connected"
                and not connection.error_message
                and not connection.retry_at
            )
        )
        self.env["procurify.audit"]._log_recovery(self - healthy)
        (self - healthy).write(
            {
                "state": "connected",
                "error_message": False,
                "error_date": False,
                "retry_at": False,
            }
        )

    def _note_failure(self, error):
        """Write ``error`` on the connection: what happened, since when, what to do."""
        self.ensure_one()
        minutes = LASTING_RETRY_MINUTES
        if isinstance(error, TransientError):
            minutes = max(TRANSIENT_RETRY_MINUTES, _pause_seconds(error) / 60)
        self.write(
            {
                "state": "error",
                "error_message": self._explain(error),
                "error_date": self.error_date or fields.Datetime.now(),
                "retry_at": fields.Datetime.now() + timedelta(minutes=minutes),
            }
        )

    def _pause(self, error, cron):
        """Wait as long as Procurify asks for. This is no failure.

        :param error: Throttled
        :param cron: external id of the cron that continues afterwards
        """
        self.ensure_one()
        pause = _pause_seconds(error) or PAUSE_S
        self.retry_at = fields.Datetime.now() + timedelta(seconds=pause)
        self.env.ref(f"procurify_connector.{cron}")._trigger(self.retry_at)

    def _explain(self, error):
        """Return what ``error`` means for the person who can correct it."""
        self.ensure_one()
        explain = next(
            (
                explain
                for kind, explain in (
                    (AuthenticationError, self._explain_credentials),
                    (ForbiddenError, self._explain_rights),
                    (AddressError, self._explain_address),
                    (Blocked, self._explain_blocked),
                    (TransientError, self._explain_outage),
                    (ProtocolError, self._explain_protocol),
                )
                if isinstance(error, kind)
            ),
            str,  # the text of a UserError is enough
        )
        text = explain(error)
        was_read = any(self.stream_ids.mapped("last_success"))
        if was_read and isinstance(error, _CONTINUED):
            comfort = self.env._("Nothing is lost: reading continues where it stopped.")
            return f"{text} {comfort}"
        return text

    def _explain_credentials(self, error):
        return self.env._(
            "Procurify refused the client ID or the client secret. Copy both again "
            "from Procurify's API credentials, and check that the user who made them "
            "is still active. (%(detail)s)",
            detail=error,
        )

    def _explain_rights(self, error):
        return self.env._(
            "Procurify accepts the credentials but does not show everything. The user "
            "who made them should be a Superuser in Procurify. (%(detail)s)",
            detail=error,
        )

    def _explain_address(self, error):
        if isinstance(error, PrivateAddressError):
            return self._explain_private(error)
        return self.env._(
            "Procurify was not found at %(address)s. Check the address. It looks like "
            "https://<your tenant>.procurify.com. (%(detail)s)",
            address=self.base_url,
            detail=error,
        )

    def _explain_private(self, error):
        if not error.can_be_allowed:
            return self.env._(
                "%(host)s is this server itself or a reserved address, which the "
                "connector never contacts. Check the address. It looks like "
                "https://<your tenant>.procurify.com.",
                host=error.host,
            )
        return self.env._(
            "%(host)s is an address in a private network, which the connector does not "
            "contact. Check the address. If you do reach Procurify through your own "
            "network, a Procurify administrator can allow it under Technical, Allow "
            "Private Addresses.",
            host=error.host,
        )

    def _explain_blocked(self, error):
        return self.env._(
            "A firewall or proxy blocked the request to %(address)s and sent a web "
            "page instead of Procurify's answer. Ask its administrator to allow this "
            "server's address. (%(detail)s)",
            address=self.base_url,
            detail=error,
        )

    def _explain_outage(self, error):
        return self.env._(
            "Procurify does not answer at %(address)s. If this continues, check the "
            "address and Procurify's status page. (%(detail)s)",
            address=self.base_url,
            detail=error,
        )

    def _explain_protocol(self, error):
        return self.env._(
            "%(address)s answers, but not like Procurify's API. Check that the address "
            "is that of your tenant, and that no login page or proxy is in between. "
            "(%(detail)s)",
            address=self.base_url,
            detail=error,
        )

    # === WHY NOTHING IS IMPORTED === #

    def _note_obstacle(self, obstacle):
        """Write why nothing can be imported, or that the obstacle is gone."""
        self.ensure_one()
        if (self.import_obstacle or False) != obstacle:
            self.env["procurify.audit"]._log_obstacle(self, obstacle)
            self.sudo().import_obstacle = obstacle

    def _import_obstacle(self):
        """Return why nothing can be imported for this connection, or False."""
        self.ensure_one()
        user = self.user_id
        if user._is_superuser():
            return False  # OdooBot: archived on purpose, and may do everything
        if not user.active:
            return self.env._(
                "The integration user %(user)s is archived, so nothing is imported. "
                "Unarchive the user or choose another one.",
                user=user.name,
            )
        if self.company_id not in user.company_ids:
            return self.env._(
                "The integration user %(user)s has no access to %(company)s, so "
                "nothing is imported. Allow this company on the user or choose another "
                "one.",
                user=user.name,
                company=self.company_id.name,
            )
        return False

    def _rights_obstacle(self):
        """Return why the integration user cannot create documents, or False."""
        user = self.user_id
        needed = ["res.partner", "account.move"]
        if self.order_policy != "none":
            needed.append("purchase.order")
        for name in needed:
            model = self.env[name].with_user(user)
            if not model.has_access("create"):
                return self.env._(
                    "The integration user %(user)s may not create %(documents)s. These "
                    "documents wait. Give the user this right, or choose another "
                    "integration user.",
                    user=user.name,
                    documents=self.env["ir.model"]._get(name).name,
                )
        return False

    def _phase_notice(self):
        """Return why this connection does not work by itself on purpose, or False."""
        self.ensure_one()
        if self.phase == "setup":
            return self.env._("Procurify is read, but nothing is imported yet.")
        if self.phase == "paused":
            return self.env._(
                "Paused since %(since)s (UTC). Nothing is read, and nothing is "
                "imported automatically.",
                since=self.phase_since,
            )
        return False

    # === ALARMS === #

    @api.model
    def read_alarms(self, connection_id=False):
        """Return what is wrong now with the connections that the user may see.

        :param connection_id: only this one
        :returns: ``[{"connection_id", "connection", "code", "title", "message",
            "level"}]``; level ``info`` is a state that somebody chose
        :raises AccessError: the user is no reviewer
        """
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(
                self.env._("Only Procurify reviewers can see the alarms.")
            )
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

    def _alarms(self):
        """Return {connection: {code: what is wrong, in words}}, in the order of codes.

        The result does not depend on a scheduled action having run. An archived
        connection has no alarms.
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
        """Return the alarms of scheduled actions: the same for all connections."""
        jobs = self.env["ir.cron"]._procurify_jobs("procurify.connection")
        if self.env["procurify.target"].sudo().search_count([], limit=1):
            jobs |= self.env["ir.cron"]._procurify_jobs("procurify.target")
        targets = (
            self.env["procurify.target"].sudo().search(Domain("active", "=", True))
        )
        own = targets._own_jobs()
        existing = self.env["ir.cron"].sudo().union(*jobs.values(), *own.values())
        off = existing.filtered(lambda cron: not cron.active)
        late = (existing - off).filtered(_is_late)
        names_off = off.mapped("name") + [name for name, job in jobs.items() if not job]
        found = {}
        if names_off:
            found["cron_off"] = self.env._(
                "These scheduled actions are switched off: %(crons)s. Switch them on "
                "under Settings, Technical, Scheduled Actions.",
                crons=", ".join(names_off),
            )
        if late:
            found["cron_late"] = self.env._(
                "These scheduled actions do not run: %(crons)s, due since %(since)s "
                "(UTC). Check that Odoo's cron workers are running and not busy with "
                "something else.",
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
                "These lists are archived and are not read: %(lists)s.",
                lists=", ".join(labels[stream.resource] for stream in off),
            )
        if ahead := self._future_stamps(streams - off):
            found["future_stamp"] = self.env._(
                "These times are in the future, so changes may be missed: %(stamps)s. "
                "Press Sync now. If it is a list's watermark, press Read again on that "
                "list.",
                stamps=ahead,
            )
        if silent:
            found["not_read"] = self.env._(
                "These lists have not been read for more than %(count)s intervals: "
                "%(lists)s. New approvals in Procurify are not in Odoo.",
                count=self.silence_intervals,
                lists=", ".join(labels[stream.resource] for stream in silent),
            )
        return found

    def _own_alarms(self):
        self.ensure_one()
        found = {"import_stopped": self._import_obstacle() or self._rights_obstacle()}
        now = fields.Datetime.now()
        found["remote_key"] = self.target_id._key_warning(now)
        found["remote_stopped"] = self.target_id._stopped_alarm(now)
        if self.state == "error":
            found["failing"] = self.error_message
        if self.audit_state == "verification_failed":
            found["audit_broken"] = self.env._(
                "The audit was changed. See the findings on the connection."
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

    def _is_silent(self, stream):
        """Return whether a list was not read for too long, outside of quiet hours.

        After quiet hours, the time is counted from their end.
        """
        now = fields.Datetime.now()
        if self._is_quiet(now):
            return False
        oldest = now - self._silence(stream)
        ended = self._quiet_ended(now)
        return not (ended and ended > oldest) and _active_at(stream) < oldest

    def _silence(self, stream):
        """Return for how long a list may not be read before there is an alarm."""
        usual = timedelta(minutes=stream.interval_minutes * self.silence_intervals)
        return min(max(usual, SHORTEST_SILENCE), LONGEST_SILENCE)

    def _future_stamps(self, streams):
        """Return the fields whose time is too far in the future, in words."""
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
        """Return whether nothing is wrong and every list was read at least once.

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

    def _responsible_managers(self):
        """Return {connection: user who gets the alarms}.

        This is the user who created the connection if a manager, else the first manager
        of its company.
        """
        group = self.env.ref("procurify_connector.group_manager").sudo()
        users = group.all_user_ids.filtered("active").sorted("id")
        found = {}
        for connection in self:
            able = users.filtered(lambda u, c=connection: c.company_id in u.company_ids)
            found[connection] = (able & connection.create_uid) or able[:1]
        return found


def _pause_seconds(error):
    return min(error.retry_after_s or 0, LONGEST_PAUSE_S)


def _read_at(stream):
    """Return when a list was last read. A time in the future does not count."""
    read_at = stream.last_success
    if read_at and read_at <= fields.Datetime.now() + CLOCK_SKEW:
        return read_at
    return stream.create_date


def _active_at(stream):
    """Return when a list was last read, or the last page of it was stored."""
    if stream.scan_pass and not stream.error_message:
        # Each stored page is written on the stream.
        return max(_read_at(stream), stream.write_date)
    return _read_at(stream)


def _is_forgotten(stream):
    """Return whether a list was not read for longer than any setting allows."""
    return _active_at(stream) < fields.Datetime.now() - LONGEST_SILENCE


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
    """Return whether a scheduled action is late by its interval and by an hour."""
    interval = timedelta(minutes=cron.interval_number * _MINUTES[cron.interval_type])
    return cron.nextcall < fields.Datetime.now() - max(interval, SHORTEST_SILENCE)
