"""Connections by Odoo's external API: health, figures, sync, pause, resume."""

from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.api_method import api_method, day
from ...tools.instants import iso_text


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    # === READING === #

    @api.model
    @api_method
    def read_health(self, connection_id: int = False) -> list:
        """Return how the connections are that this user may see.

        A connection is healthy when every list was and is being read, and nothing is
        wrong with it; one that is paused or archived is not. Instants are UTC,
        ``YYYY-MM-DD HH:MM:SS``, and ``False`` where there is none yet.

        :param connection_id: of that one only
        :returns: ``[{"connection_id", "name", "phase": "setup" | "live" | "paused",
            "state": "draft" | "connected" | "error", "healthy", "error",
            "error_since", "next_attempt", "alarms": [{"code", "message"}],
            "lists": [{"resource", "active", "last_success", "lag_seconds",
            "error"}], "audit_head": {"digest", "date"}}]``; keep the digest to have
            ``procurify.audit/verify`` prove with it what was sealed
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        connections = self._seen_by_api(connection_id)
        alarms = connections.sudo()._alarms()
        head = self.env["procurify.audit.seal"]._head()
        return [
            {
                "connection_id": connection.id,
                "name": connection.name,
                "phase": connection.phase,
                "state": connection.state,
                "healthy": connection.sudo()._is_healthy(alarms[connection.sudo()]),
                "error": connection.error_message,
                "error_since": iso_text(connection.error_date),
                "next_attempt": iso_text(connection.retry_at),
                "alarms": [
                    {"code": code, "message": message}
                    for code, message in alarms[connection.sudo()].items()
                ],
                "lists": connection.stream_ids._told_to_api(),
                "audit_head": {"digest": head.digest, "date": iso_text(head.date)},
            }
            for connection in connections
        ]

    @api.model
    @api_method
    def read_statistics(self, connection_id: int = False) -> list:
        """Return figures for a monitor: how much is where, and what holds it up.

        :param connection_id: of that one only
        :returns: ``[{"connection_id", "name", "records": {resource: {state: count}},
            "open_issues": {code: count}}]``, with nothing where the count is 0
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        connections = self._seen_by_api(connection_id)
        mine = [("connection_id", "in", connections.ids)]
        records = defaultdict(lambda: defaultdict(dict))
        for connection, resource, state, count in self.env[
            "procurify.record"
        ]._read_group(mine, ["connection_id", "resource", "state"], ["__count"]):
            records[connection][resource][state] = count
        issues = defaultdict(dict)
        for connection, code, count in self.env["procurify.issue"]._read_group(
            [*mine, ("state", "=", "open")], ["connection_id", "code"], ["__count"]
        ):
            issues[connection][code] = count
        return [
            {
                "connection_id": connection.id,
                "name": connection.name,
                "records": records[connection],
                "open_issues": issues[connection],
            }
            for connection in connections
        ]

    @api_method
    def reconcile(self, date_from: str = "", date_to: str = "") -> dict:
        """Compare every document of a period with Odoo: the certificate, as data.

        :param date_from: first day, ``YYYY-MM-DD``
        :param date_to: last day
        :returns: ``{"connection_id", "connection", "company_id", "company",
            "date_from", "date_to", "made_at", "made_by", "documents": [one each, with
            its outcome, reason, ``is_explained`` and both amounts], "sums": [per kind,
            currency and dimension], "counts": {kind: {outcome: number}}, "findings":
            [sentences], "unexplained_count"}``; the period is complete when
            ``unexplained_count`` is 0
        :raises AccessError: ``access_denied``: no reviewer, or may not read the books
        :raises ApiError: ``invalid_argument``: no day
        :raises UserError: ``refused``: the days are no period
        """
        self.ensure_one()
        self.check_access("read")
        return self._reconcile(
            day(self, "date_from", date_from), day(self, "date_to", date_to)
        )

    @api.model
    def _seen_by_api(self, connection_id):
        """Return the connections that a call is about, of those that are seen."""
        self.check_access("read")
        if not connection_id:
            return self.search(Domain.TRUE)
        connection = self.browse(int(connection_id))
        connection.check_access("read")
        return connection

    # === ACTING === #

    @api_method
    def sync(self, idempotency_key: str = "") -> dict:
        """Have these connections read as soon as a worker of Odoo is free.

        It is over when ``read_health`` tells a ``last_success`` of each list that is
        not before ``requested_at``, and ``read_statistics`` nothing that is pending.

        :param idempotency_key: the same key again acts once
        :returns: ``{"connection_ids", "requested_at": UTC}``
        :raises UserError: ``refused``: a connection is archived or paused
        """
        return self._act_once("sync", idempotency_key, self.action_sync_now)

    @api_method
    def pause(self, idempotency_key: str = "") -> dict:
        """Neither read nor book until somebody resumes; what is staged stays.

        :param idempotency_key: the same key again acts once
        :returns: ``{"connection_ids", "requested_at": UTC}``
        :raises AccessError: ``access_denied``: the user is no manager
        """
        return self._act_once("pause", idempotency_key, self.action_pause)

    @api_method
    def resume(self, idempotency_key: str = "") -> dict:
        """Start, or go on: read and book, beginning with what came meanwhile.

        A connection that is being set up is live afterwards.

        :param idempotency_key: the same key again acts once
        :returns: ``{"connection_ids", "requested_at": UTC}``
        :raises AccessError: ``access_denied``: the user is no manager
        """
        return self._act_once("resume", idempotency_key, self.action_resume)

    def _act_once(self, name, key, action):
        """Press a button for these connections; with the same key, once."""
        self.check_access("read")

        def act():
            requested_at = iso_text(fields.Datetime.now())
            action()
            return {"connection_ids": self.ids, "requested_at": requested_at}

        return self.env["procurify.idempotency"]._once(
            f"{self._name}.{name}", key, {"ids": self.ids}, act
        )
