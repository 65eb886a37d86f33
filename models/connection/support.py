"""The support bundle: what one needs to look for a fault, without what is nobody's
business."""

import platform
import re
from collections import Counter
from importlib.metadata import version

from odoo import fields, models, release
from odoo.fields import Domain
from odoo.modules.module import get_manifest

from ...fetching.unreadable import MOST_PATHS
from ...procurify import InvalidPayload, read_json
from ...tools.api_method import api_method
from ...tools.payload_shape import shape

MODULE = "procurify_connector"
NEWEST_RUNS = 50
MOST_ISSUES = 200
MOST_PAYLOADS = 20
MOST_UNREAD = 1000  # records with unreadable fields
_INDEX = re.compile(r"\[\d+\]")
# Held for what the payload is, or does to Odoo: its shape tells something.
_BY_PAYLOAD = ("invalid_payload", "odoo_refused", "unexpected")
# Settings are these kinds of field: what people typed is not among them.
_PLAIN_TYPES = ("boolean", "date", "datetime", "float", "integer", "selection")
_NAMES = ("name", "base_url", "identity", "error_message", "import_obstacle")


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    @api_method
    def support_bundle(self, with_names: bool = False) -> dict:
        """Return what goes with a question to support, as data.

        No secret, token, client ID, amount or payload is ever in it; nor are names,
        addresses and messages, unless they are asked for. Ids are.

        :param with_names: with names, messages and what is not mapped
        :returns: ``{"made_at": UTC, "with_names", "versions", "modules",
            "scheduled_actions", "connection", "lists", "alarms", "records": {resource:
            {state: count}}, "issues", "runs": with the newest requests and Procurify's
            own ids of them, "payloads": shapes of what cannot be read or booked,
            "unread": {resource: {path: count}} of fields that were left empty,
            "findings": what was learned of the tenant's rates and dates}``
        :raises AccessError: ``access_denied``: the user is no manager
        """
        self.ensure_one()
        return self._support_bundle(with_names)

    def _support_bundle(self, with_names=False):
        """Return what :meth:`support_bundle` does.

        :raises AccessError: the user is no manager, or of another company
        """
        self._check_administrator()
        connection = self.sudo()
        [figures] = self.read_statistics(self.id)
        return {
            "made_at": fields.Datetime.to_string(fields.Datetime.now()),
            "with_names": with_names,
            "versions": connection._support_versions(),
            "modules": connection._support_modules(),
            "scheduled_actions": connection._support_crons(),
            "connection": _settings(connection, with_names),
            "lists": [
                _settings(stream, with_names)
                for stream in connection.with_context(active_test=False).stream_ids
            ],
            "alarms": connection._support_alarms(with_names),
            "records": figures["records"],
            "issues": connection._support_issues(with_names),
            "runs": connection._support_runs(with_names),
            "payloads": connection._support_payloads(),
            "unread": connection._support_unread(),
            "findings": connection._support_findings(),
        }

    def _support_versions(self):
        return {
            MODULE: get_manifest(MODULE)["version"],
            "odoo": release.version,
            "python": platform.python_version(),
            "postgresql": self.env.cr.connection.server_version,
            "requests": version("requests"),
            "cryptography": version("cryptography"),
        }

    def _support_modules(self):
        """Return {name: version} of all installed addons: others change what we use."""
        installed = self.env["ir.module.module"].search([("state", "=", "installed")])
        return {module.name: module.latest_version for module in installed}

    def _support_crons(self):
        data = self.env["ir.model.data"].search(
            Domain("module", "=", MODULE) & Domain("model", "=", "ir.cron")
        )
        names = {row.res_id: row.name for row in data}
        crons = self.env["ir.cron"].with_context(active_test=False).browse(names)
        return [
            {
                "name": names[cron.id],
                "active": cron.active,
                "every": f"{cron.interval_number} {cron.interval_type}",
                "nextcall": _plain(cron.nextcall),
                "lastcall": _plain(cron.lastcall),
                "failure_count": cron.failure_count,
            }
            for cron in crons
        ]

    def _support_alarms(self, with_names):
        alarms = self._alarms()[self]
        return alarms if with_names else list(alarms)

    def _support_issues(self, with_names):
        mine = Domain("connection_id", "=", self.id) & Domain("state", "=", "open")
        return [
            {
                "issue_id": issue.id,
                "code": issue.code,
                "record_id": issue.reference_id.id,
                "documents": issue.record_count,
                "age_days": issue.age_days,
            }
            | ({"key": issue.key, "message": issue.message} if with_names else {})
            for issue in self.env["procurify.issue"].search(mine, limit=MOST_ISSUES)
        ]

    def _support_runs(self, with_names):
        runs = self.env["procurify.run"].search(
            [("connection_id", "=", self.id)], limit=NEWEST_RUNS
        )
        return [
            _settings(run, with_names)
            | {"started": _plain(run.create_date), "requests": run.requests}
            for run in runs
        ]

    def _support_payloads(self):
        """Return the shapes of what is held for its payload, the newest first."""
        records = self.env["procurify.record"].search(
            Domain("connection_id", "=", self.id)
            & Domain("state", "=", "quarantined")
            & Domain("issue_ids.code", "in", _BY_PAYLOAD),
            limit=MOST_PAYLOADS,
        )
        return [
            {
                "record_id": record.id,
                "resource": record.resource,
                "codes": sorted(set(record.issue_ids.mapped("code"))),
                "shape": _shape_of(record.payload),
            }
            for record in records
        ]

    def _support_unread(self):
        """Return which fields could not be read, and of how many objects."""
        records = self.env["procurify.record"].search_fetch(
            Domain("connection_id", "=", self.id) & Domain("unread_count", ">", 0),
            ["resource", "unread_paths"],
            limit=MOST_UNREAD,
        )
        return {
            resource: dict(
                Counter(
                    path
                    for record in alike
                    for path in set(_INDEX.sub("[]", record.unread_paths).split("\n"))
                ).most_common(MOST_PATHS)
            )
            for resource, alike in records.grouped("resource").items()
        }

    def _support_findings(self):
        """Return what was learned of the tenant: answers and counts of documents."""
        names = ("question", "answer", "count", "total_count", "verdict")
        rows = self.env["procurify.finding"].search([("connection_id", "=", self.id)])
        return [{name: row[name] for name in names} for row in rows]


def _settings(record, with_names):
    """Return the plain fields of ``record``, and ids of what it points to."""
    found = {"id": record.id}
    for name, field in record._fields.items():
        if not field.store or name in ("create_date", "write_date"):
            continue
        if field.type in _PLAIN_TYPES or (with_names and name in _NAMES):
            found[name] = _plain(record[name])
        elif field.type == "many2one":
            found[name] = record[name].id or None
    return found


def _shape_of(payload):
    try:
        return shape(read_json(payload))
    except InvalidPayload:
        return "no JSON"


def _plain(value):
    """Return a field's value as JSON has it."""
    if value is False or isinstance(value, (bool, int, float, str)):
        return value
    return str(value) if value else None
