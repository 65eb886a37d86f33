"""A connection as data for other programs: health, figures, reconciliation, support.

The methods marked ``api_method`` are Odoo's external API. The support bundle is what
support needs to find a fault, without secrets and without business data.
"""

import platform
import re
from collections import Counter, defaultdict
from importlib.metadata import version

from odoo import api, fields, models, release
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.modules.module import get_manifest

from ...fetching.lists import MOST_PATHS, listed_objects
from ...importers.resource_kinds import DOCUMENTS
from ...procurify import InvalidPayload, ProcurifyError, read_json
from ...reconciliation.comparison import COMPARED, Reconciliation
from ...reconciliation.sums import counts, line_row, plain, sum_rows
from ...tools.api_method import api_method, day
from ...tools.cipher import UnreadableSecret
from ...tools.instants import iso_text
from ...tools.payload_shape import shape
from ...tools.readers import reads_items

MODULE = "procurify_connector"

# === SUPPORT BUNDLE === #

NEWEST_RUNS = 50
MOST_ISSUES = 200
MOST_PAYLOADS = 20
MOST_UNREAD = 1000  # records with unreadable fields
_INDEX = re.compile(r"\[\d+\]")
# Issues that come from the payload: its shape may explain them.
_BY_PAYLOAD = ("invalid_payload", "odoo_refused", "unexpected")
# Fields of these types are settings: none of them holds a text that somebody typed.
_PLAIN_TYPES = ("boolean", "date", "datetime", "float", "integer", "selection")
_NAMES = ("name", "base_url", "identity", "error_message", "import_obstacle")


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    # === HEALTH AND FIGURES === #

    @api.model
    @api_method
    def read_health(self, connection_id: int = False) -> list:
        """Return the health of the connections that the user may see.

        A connection is healthy if every list was read and is being read, and it has no
        alarms. A paused or archived connection is not. Instants are UTC,
        ``YYYY-MM-DD HH:MM:SS``, or ``False`` if there is none yet.

        :param connection_id: only this one
        :returns: ``[{"connection_id", "name", "phase": "setup" | "live" | "paused",
            "state": "draft" | "connected" | "error", "healthy", "error",
            "error_since", "next_attempt", "alarms": [{"code", "message"}],
            "lists": [{"resource", "active", "last_success", "lag_seconds",
            "error"}], "audit_head": {"digest", "date"}}]``. Keep the digest outside of
            Odoo: with it, ``procurify.audit/verify`` proves what was sealed
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
                "lists": connection.stream_ids._serialize(),
                "audit_head": {"digest": head.digest, "date": iso_text(head.date)},
            }
            for connection in connections
        ]

    @api.model
    @api_method
    def read_statistics(self, connection_id: int = False) -> list:
        """Return figures for a monitor: the records by state, and the open issues.

        :param connection_id: only this one
        :returns: ``[{"connection_id", "name", "records": {resource: {state: count}},
            "documents": {resource: {what people see: count}}, "open_issues": {code:
            count}}]``; counts of 0 are omitted. People see ``queued``, ``on_hold``,
            ``draft``, ``posted``, ``cancelled``, ``excluded`` or ``ignored``
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        connections = self._seen_by_api(connection_id)
        mine = [("connection_id", "in", connections.ids)]
        records = defaultdict(lambda: defaultdict(Counter))
        documents = defaultdict(lambda: defaultdict(dict))
        for connection, resource, state, seen, count in self.env[
            "procurify.record"
        ]._read_group(
            mine,
            ["connection_id", "resource", "state", "document_state"],
            ["__count"],
        ):
            records[connection][resource][state] += count
            if resource in DOCUMENTS:
                known = documents[connection][resource]
                known[seen] = known.get(seen, 0) + count
        issues = defaultdict(dict)
        for connection, code, count in self.env["procurify.issue"]._read_group(
            [*mine, ("state", "=", "open")], ["connection_id", "code"], ["__count"]
        ):
            issues[connection][code] = count
        return [
            {
                "connection_id": connection.id,
                "name": connection.name,
                "records": {kind: dict(n) for kind, n in records[connection].items()},
                "documents": documents[connection],
                "open_issues": issues[connection],
            }
            for connection in connections
        ]

    @api.model
    def _seen_by_api(self, connection_id):
        """Return the connections that a call is about, of those that the user sees."""
        self.check_access("read")
        if not connection_id:
            return self.search(Domain.TRUE)
        connection = self.browse(int(connection_id))
        connection.check_access("read")
        return connection

    # === RECONCILIATION === #

    @api_method
    def reconcile(self, date_from: str = "", date_to: str = "") -> dict:
        """Compare every document of a period with Odoo: the certificate as data.

        :param date_from: first day, ``YYYY-MM-DD``
        :param date_to: last day
        :returns: ``{"connection_id", "connection", "company_id", "company",
            "date_from", "date_to", "made_at", "made_by", "remote": name of the remote
            Odoo or ``False``, "remote_as_of": when it was read for this, or ``False``,
            "documents": [one each, with its outcome, ``document_state``, reason,
            ``is_explained`` and both amounts], "sums": [per kind,
            currency and dimension], "counts": {kind: {outcome: number}}, "findings":
            [sentences], "unexplained_count", "result": "complete" | "unverified" |
            "open"}``. The period is complete if ``unexplained_count`` is 0;
            ``unverified``: nothing differs, but no nightly check confirms it yet
        :raises AccessError: ``access_denied``: the user is no reviewer, or may not read
            journal items
        :raises ApiError: ``invalid_argument``: not a day
        :raises UserError: ``refused``: the period ends before it begins
        """
        self.ensure_one()
        self.check_access("read")
        return self._reconcile(
            day(self, "date_from", date_from), day(self, "date_to", date_to)
        )

    def _reconcile(self, date_from, date_to, company=None, listed=False):
        """Compare every document of a period with Odoo.

        Amounts are texts of exact decimals in the document's currency, with Procurify's
        sign. Dates are ISO texts.

        :param date_from: first day (date or text): of the invoice, the order or the
            requisition, as Procurify writes it
        :param date_to: last day
        :param company: one of the companies that this connection books for; its own
            by default
        :param listed: read Procurify's own lists of bills and orders now, and report
            what is in them and was not fetched. Otherwise the last nightly check counts
        :returns: a dict for JSON: ``documents`` (one per document: outcome, reason,
            ``is_explained``, both amounts), ``sums`` (per kind, currency and
            dimension: total, vendor, account, tax, department, location, and ``plan``
            of custom fields), ``counts`` ({kind: {outcome: number}}), ``findings``
            (sentences about the whole) and ``unexplained_count`` (documents that are
            not explained, and findings) and ``result``
        :raises AccessError: the user is no reviewer, or may not read journal items
        :raises UserError: the period ends before it begins, or Procurify's lists are
            wanted and cannot be read
        """
        result = self._reconciled(date_from, date_to, company, listed)
        lines = result.lines
        return {
            "connection_id": self.id,
            "connection": self.name,
            "company_id": result.company.id,
            "company": result.company.name,
            "date_from": result.date_from.isoformat(),
            "date_to": result.date_to.isoformat(),
            "made_at": fields.Datetime.to_string(fields.Datetime.now()),
            "made_by": self.env.user.name,
            "remote": result.remote_values["remote_name"],
            "remote_as_of": fields.Datetime.to_string(
                result.remote_values["remote_as_of"]
            ),
            "counts": {kind: dict(each) for kind, each in counts(lines).items()},
            "sums": plain(sum_rows(self.env, lines)),
            "documents": plain([line_row(line) for line in lines]),
            "findings": result.findings,
            "unexplained_count": result.unexplained_count,
            "result": result.result,
        }

    def _reconciled(self, date_from, date_to, company=None, listed=False):
        """Return the Reconciliation of a period, see ``_reconcile``."""
        self.ensure_one()
        self._check_may_reconcile()
        first, last = map(fields.Date.to_date, (date_from, date_to))
        if not first or not last or last < first:
            raise UserError(self.env._("The period ends before it starts."))
        lists = self._listed(COMPARED) if listed else None
        target = self.sudo().target_id
        sight = target._look_now() if target else None
        return Reconciliation(self, first, last, company, lists, sight).run()

    def _listed(self, resources):
        """Read whole lists of Procurify, without details and without storing them.

        :returns: {resource: [(external id, UUID or "", name, date or None)]}
        :raises UserError: Procurify cannot be read; says what to do
        """
        self.ensure_one()
        connection = self.sudo()
        try:
            return {name: listed_objects(connection, name) for name in resources}
        except (ProcurifyError, UnreadableSecret) as error:
            raise UserError(str(connection._explain(error))) from error

    @api.model
    def _check_may_reconcile(self):
        """Check that the user is a reviewer and may read journal items.

        Amounts that the user may not see would look as if they were missing.

        :raises AccessError: says which right is missing
        """
        if not self.env.user.has_group("procurify_connector.group_user"):
            raise AccessError(
                self.env._("Only Procurify reviewers can make a certificate.")
            )
        if not reads_items(self.env):
            raise AccessError(
                self.env._(
                    "A certificate shows amounts of journal items. You need the right "
                    "to read them in Odoo Accounting or Invoicing."
                )
            )

    # === ACTIONS === #

    @api_method
    def sync(self, idempotency_key: str = "") -> dict:
        """Read these connections as soon as a worker of Odoo is free.

        The sync is complete when ``read_health`` returns a ``last_success`` of each
        list that is not before ``requested_at``, and ``read_statistics`` returns no
        pending record.

        :param idempotency_key: a call with the same key has no second effect
        :returns: ``{"connection_ids", "requested_at": UTC}``
        :raises UserError: ``refused``: a connection is archived or paused
        """
        return self._act_once("sync", idempotency_key, self.action_sync_now)

    @api_method
    def pause(self, idempotency_key: str = "") -> dict:
        """Stop reading and importing until somebody resumes. What was read stays.

        :param idempotency_key: a call with the same key has no second effect
        :returns: ``{"connection_ids", "requested_at": UTC}``
        :raises AccessError: ``access_denied``: the user is no manager
        """
        return self._act_once("pause", idempotency_key, self.action_pause)

    @api_method
    def resume(self, idempotency_key: str = "") -> dict:
        """Read and import again, starting with what came in the meantime.

        A connection that is being set up becomes live.

        :param idempotency_key: a call with the same key has no second effect
        :returns: ``{"connection_ids", "requested_at": UTC}``
        :raises AccessError: ``access_denied``: the user is no manager
        """
        return self._act_once("resume", idempotency_key, self.action_resume)

    def _act_once(self, name, key, action):
        """Call ``action`` for these connections, only once with the same key."""
        self.check_access("read")

        def act():
            requested_at = iso_text(fields.Datetime.now())
            action()
            return {"connection_ids": self.ids, "requested_at": requested_at}

        return self.env["procurify.idempotency"]._once(
            f"{self._name}.{name}", key, {"ids": self.ids}, act
        )

    # === SUPPORT BUNDLE === #

    @api.model
    @api_method
    def read_findings(self, connection_id: int = False) -> list:
        """Return what was learned of each tenant: how it answers open questions.

        :param connection_id: only this one
        :returns: ``[{"connection_id", "question", "answer": or ``False``, "count": of
            objects with this answer, "total_count", "verdict": "as_assumed" |
            "differs" | "too_few", "confirmed"}]``
        :raises AccessError: ``access_denied``: the user is no reviewer
        """
        connections = self._seen_by_api(connection_id)
        return [
            {"connection_id": connection.id} | row
            for connection in connections
            for row in connection._support_findings()
        ]

    @api_method
    def support_bundle(self, with_names: bool = False) -> dict:
        """Return the data that support needs to find a fault.

        It contains no secret, token, client ID, amount or payload. It contains names,
        addresses and messages only on request. It contains ids.

        :param with_names: with names, addresses, messages and what is not mapped
        :returns: ``{"made_at": UTC, "with_names", "versions", "modules",
            "scheduled_actions", "connection", "lists", "alarms", "records": {resource:
            {state: count}}, "issues", "runs": with the newest requests and Procurify's
            own ids of them, "payloads": shapes of what cannot be read or booked,
            "unread": {resource: {path: count}} of fields that cannot be read,
            "findings": as ``read_findings``, of this connection}``
        :raises AccessError: ``access_denied``: the user is no manager
        """
        self.ensure_one()
        return self._support_bundle(with_names)

    def _support_bundle(self, with_names=False):
        """Return the support bundle.

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
        """Return {name: version} of all installed addons: they may change Odoo."""
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
            | (
                {"key": issue.key, "message": issue._message_for_all()}
                if with_names
                else {}
            )
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
        """Return the shapes of payloads that caused an issue, the newest first."""
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
        """Return which fields could not be read, and in how many objects."""
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
        """Return the findings on the tenant: answers, and counts of documents."""
        names = ("question", "answer", "count", "total_count", "verdict")
        rows = self.env["procurify.finding"].search([("connection_id", "=", self.id)])
        return [
            {name: row[name] for name in names} | {"confirmed": row.is_confirmed}
            for row in rows
        ]


def _settings(record, with_names):
    """Return the plain fields of ``record`` and the ids of related records."""
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
    """Return a field's value as a JSON value."""
    if value is False or isinstance(value, (bool, int, float, str)):
        return value
    return str(value) if value else None
