"""Figures for monitors: all connections as OpenMetrics text, behind a token.

Source of the format: OpenMetrics 1.0.
"""

import calendar
import hashlib
import hmac
import re
import secrets
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..importers.resource_kinds import DOCUMENTS

MEDIA_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
DIGEST_PARAMETER = "procurify_connector.monitoring_token_sha256"
TOKEN_BYTES = 32
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_LAST_SUCCESS = "procurify_list_last_success_timestamp_seconds"
# Name of a figure: what it says.
_GAUGES = {
    "procurify_connection_healthy": "1 if the connection is read and nothing is wrong.",
    "procurify_connection_live": "1 if the connection is live, 0 during set-up or "
    "while paused.",
    "procurify_alarm": "1 for each alarm that is on.",
    "procurify_list_failing": "1 if the list cannot be read.",
    "procurify_list_lag_seconds": "Seconds since the list was last read completely.",
    _LAST_SUCCESS: "When the list was last read completely.",
    "procurify_records": "Records by state. The state pending is the backlog.",
    "procurify_documents": "Documents by what people see: queued, on_hold, draft, "
    "posted, cancelled, excluded or ignored.",
    "procurify_held_documents": "Documents on hold, by code of an issue.",
    "procurify_open_issues": "Open issues, by code.",
    "procurify_runs_failed": "Failed runs of the last 24 hours, by job.",
}


class ProcurifyMonitoring(models.AbstractModel):
    """Only the token's digest is kept: nobody who reads the database can use it."""

    _name = "procurify.monitoring"
    _description = "Procurify Monitoring"

    # === TOKEN === #

    @api.model
    def _is_on(self):
        return bool(self._digest())

    @api.model
    def _new_token(self):
        """Switch the endpoint on, and return its token; an older one is void."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        self.env["ir.config_parameter"].sudo().set_param(
            DIGEST_PARAMETER, _sha256(token)
        )
        return token

    @api.model
    def _switch_off(self):
        self.env["ir.config_parameter"].sudo().set_param(DIGEST_PARAMETER, False)

    @api.model
    def _accepts(self, authorization):
        """Return whether an ``Authorization`` header holds the token."""
        sent = _BEARER.fullmatch(authorization or "")
        digest = self._digest()
        return bool(sent and digest and hmac.compare_digest(_sha256(sent[1]), digest))

    @api.model
    def _digest(self):
        return self.env["ir.config_parameter"].sudo().get_param(DIGEST_PARAMETER)

    # === FIGURES === #

    @api.model
    def _text(self):
        """Return the figures of all active connections as OpenMetrics text."""
        figures = defaultdict(list)
        connections = self.env["procurify.connection"].sudo().search(Domain.TRUE)
        own = {
            connection: {
                "connection_id": connection.id,
                "connection": connection.name,
            }
            for connection in connections
        }
        self._add_health(figures, own, connections._alarms())
        self._add_lists(figures, own)
        self._add_counts(figures, own)
        self._add_held(figures, own)
        lines = []
        for name, meaning in _GAUGES.items():
            lines += [f"# TYPE {name} gauge"]
            if name.endswith("_seconds"):
                lines += [f"# UNIT {name} seconds"]
            lines += [f"# HELP {name} {meaning}"]
            lines += [f"{name}{_labels(of)} {value}" for of, value in figures[name]]
        return "\n".join([*lines, "# EOF", ""])

    @api.model
    def _add_health(self, figures, own, alarms):
        for connection, labels in own.items():
            healthy = int(connection._is_healthy(alarms[connection]))
            figures["procurify_connection_healthy"].append((labels, healthy))
            live = int(connection.phase == "live")
            figures["procurify_connection_live"].append((labels, live))
            figures["procurify_alarm"] += [
                (labels | {"code": code}, 1) for code in alarms[connection]
            ]

    @api.model
    def _add_lists(self, figures, own):
        now = fields.Datetime.now()
        for connection, labels in own.items():
            for stream in connection.stream_ids:
                of = labels | {"resource": stream.resource}
                failing = int(bool(stream.error_message))
                figures["procurify_list_failing"].append((of, failing))
                if not stream.last_success:
                    continue
                lag = int((now - stream.last_success).total_seconds())
                figures["procurify_list_lag_seconds"].append((of, lag))
                epoch = calendar.timegm(stream.last_success.timetuple())
                figures[_LAST_SUCCESS].append((of, epoch))

    @api.model
    def _add_counts(self, figures, own):
        mine = Domain("connection_id", "in", [connection.id for connection in own])
        yesterday = fields.Datetime.now() - timedelta(days=1)
        failed = Domain("state", "=", "failed") & Domain("create_date", ">", yesterday)
        for name, model, domain, groups in (
            ("procurify_records", "record", Domain.TRUE, ("resource", "state")),
            (
                "procurify_documents",
                "record",
                Domain("resource", "in", DOCUMENTS),
                ("resource", "document_state"),
            ),
            ("procurify_open_issues", "issue", Domain("state", "=", "open"), ("code",)),
            ("procurify_runs_failed", "run", failed, ("kind",)),
        ):
            rows = (
                self.env[f"procurify.{model}"]
                .sudo()
                ._read_group(mine & domain, ["connection_id", *groups], ["__count"])
            )
            figures[name] += [
                (own[connection] | dict(zip(groups, values, strict=True)), count)
                for connection, *values, count in rows
            ]

    @api.model
    def _add_held(self, figures, own):
        """Count documents by each of their issues: one may have several."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT record.connection_id, issue.code, count(DISTINCT record.id)
                     FROM procurify_record record
                     JOIN procurify_record_issue_rel held ON held.record_id = record.id
                     JOIN procurify_issue issue ON issue.id = held.issue_id
                    WHERE record.state = 'quarantined' AND record.resource IN %s
                 GROUP BY record.connection_id, issue.code
                 ORDER BY record.connection_id, issue.code""",
                tuple(DOCUMENTS),
            )
        )
        by_id = {connection.id: labels for connection, labels in own.items()}
        figures["procurify_held_documents"] += [
            (by_id[connection_id] | {"code": code}, count)
            for connection_id, code, count in rows
            if connection_id in by_id
        ]


def _sha256(token):
    return hashlib.sha256(token.encode()).hexdigest()


def _labels(values):
    """Return labels as OpenMetrics writes them."""
    labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in values.items())
    return f"{{{labels}}}"


def _escaped(value):
    return str(value).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
