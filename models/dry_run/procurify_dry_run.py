"""A dry run: what the import would book of all that is staged. Nothing is saved."""

import time

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import float_repr

from ...importers.draft import IMPORT_BATCH_SIZE
from ...importers.remote_trial import RemoteTrial
from ...importers.resource_kinds import IMPORT_ORDER, KINDS, PAYLOADS
from ...procurify import InvalidPayload, read_json
from ...reconciliation.dry_run import trial
from ...tools.amounts import currencies_by_code, format_amounts

STEP_S = 5  # after which a step ends: its caller is a page that shows the progress
STEP_RECORDS = 1000  # that one savepoint holds at most
STAGED = ("pending", "waiting")


class ProcurifyDryRun(models.Model):
    """A row is one dry run of one connection, the newest replaces the one before.

    It goes in steps, each in a savepoint that is rolled back. So neither memory nor
    time of a step depends on how much is staged. What the documents of a step name is
    imported with them, and an order comes before its bills.
    """

    _name = "procurify.dry.run"
    _description = "Procurify Dry Run"
    _order = "id desc"

    connection_id = fields.Many2one(
        "procurify.connection", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="connection_id.company_id", store=True, index=True
    )
    scope = fields.Selection(
        [("master", "Master data"), ("all", "All records")],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("running", "Running"), ("done", "Completed")],
        default="running",
        required=True,
        readonly=True,
    )
    total_count = fields.Integer("Records", readonly=True)
    done_count = fields.Integer("Tried", readonly=True)
    resource = fields.Char(readonly=True, help="The next kind of records.")
    last_record = fields.Integer(readonly=True, help="The last record that was tried.")
    is_untested = fields.Boolean(
        readonly=True, help="The remote Odoo had never been tested when this began."
    )
    finished_at = fields.Datetime(readonly=True)
    line_ids = fields.One2many("procurify.dry.run.line", "dry_run_id")
    issue_ids = fields.One2many("procurify.dry.run.issue", "dry_run_id")

    @api.depends("connection_id", "create_date")
    def _compute_display_name(self):
        for dry_run in self:
            dry_run.display_name = self.env._(
                "Dry run of %(name)s", name=dry_run.connection_id.name
            )

    # === ACTION METHODS === #

    def action_step(self):
        """Try what is next, for some seconds.

        The page that shows the progress calls it until ``state`` is ``done``; a
        user who comes back later continues at the same place.

        :returns: ``{"state", "done", "total", "percent"}``, and at the end ``summary``
            (a list of ``{"resource", "kind", "outcome", "origin", "text", "count",
            "amount"}``), ``remote`` (what would be sent to a remote Odoo, in words),
            ``items`` and ``duplicates`` (numbers)
        :raises AccessError: the user is no administrator of the connector
        """
        self.ensure_one()
        self.check_access("read")
        self.connection_id._check_administrator()
        dry_run = self.sudo()
        # Another page of the same person may be stepping right now.
        if dry_run.state == "running" and dry_run.try_lock_for_update():
            dry_run._step(time.monotonic() + STEP_S)
        return dry_run.with_env(self.env)._progress()

    def _progress(self):
        """Return how far it is, and at its end the result."""
        is_done = self.state == "done"
        total = max(self.total_count, self.done_count, 1)
        progress = {
            "state": self.state,
            "done": self.done_count,
            "total": total,
            "percent": 100 if is_done else 100 * self.done_count // total,
        }
        if is_done:
            mine = Domain("dry_run_id", "=", self.id)
            progress |= {
                "summary": self._summary(),
                "remote": self._remote_summary(),
                "items": self.env["procurify.dry.run.item"].search_count(mine),
                "duplicates": self.env["procurify.dry.run.line"].search_count(
                    mine & Domain("is_duplicate", "=", True)
                ),
            }
        return progress

    def _remote_summary(self):
        """Return what would be sent to the remote Odoo in words, or ""."""
        target = self.connection_id.target_id
        if not target or self.scope == "master":
            return ""
        if self.is_untested:
            return self.env._(
                "What would be sent is unknown until the connection to the remote Odoo "
                "%(name)s is tested. Test it, and start another dry run.",
                name=target.name,
            )
        lines = self.env["procurify.dry.run.line"]
        mine = Domain("dry_run_id", "=", self.id)
        sent = lines.search_count(mine & Domain("is_sent", "=", True))
        refused = lines.search_count(
            mine & Domain("is_sent", "=", False) & Domain("remote_text", "!=", False)
        )
        return self.env._(
            "To the remote Odoo %(name)s, %(sent)s documents would be sent; "
            "%(refused)s would be on hold, because something is missing there. "
            "Nothing was sent now.",
            name=target.name,
            sent=sent,
            refused=refused,
        )

    # === STEPS === #

    def _start(self):
        """Count what there is to do."""
        self.ensure_one()
        records = self.env["procurify.record"].sudo()
        self.total_count = records.search_count(
            self._domain() & Domain("resource", "in", self._resources())
        )
        self.resource = self._resources()[0]
        target = self.connection_id.target_id
        self.is_untested = bool(target and not target.version)

    def _resources(self):
        """Return the kinds that are tried, in the order of the import.

        A detail comes with its document.
        """
        roles = {"master"} if self.scope == "master" else {"master", "document"}
        return [name for name in IMPORT_ORDER if KINDS[name].role in roles]

    def _domain(self):
        return Domain("connection_id", "=", self.connection_id.id) & Domain(
            "state", "in", STAGED
        )

    def _step(self, until):
        """Try batch after batch until ``until``, and write the results.

        :param until: of ``time.monotonic``
        """
        batches = self._next_batches()
        lines, issues = [], {}
        with trial(self.env):
            for batch in batches:
                lines += self._try(batch, issues)
                if time.monotonic() >= until:
                    break
        if lines:
            self._stage_missing(issues)
            self._keep_issues(issues)
            self._keep_lines(lines)
            last = self.env["procurify.record"].browse(lines[-1]["record_id"])
            self.write(
                {
                    "resource": last.resource,
                    "last_record": last.id,
                    "done_count": self.done_count + len(lines),
                }
            )
        if not self._next_batches():
            self.write({"state": "done", "finished_at": fields.Datetime.now()})

    def _next_batches(self):
        """Return what the next step tries, in batches of one kind each.

        Found before the step begins: inside it, what a document names is imported,
        and so no longer staged, before its own turn comes.
        """
        resources = self._resources()
        last, left, batches = self.last_record, STEP_RECORDS, []
        for name in resources[resources.index(self.resource) :]:
            records = self.env["procurify.record"].search(
                self._domain()
                & Domain("resource", "=", name)
                & Domain("id", ">", last),
                limit=left,
                order="id",
            )
            batches += [
                records[start : start + IMPORT_BATCH_SIZE]
                for start in range(0, len(records), IMPORT_BATCH_SIZE)
            ]
            last, left = 0, left - len(records)
            if left <= 0:
                break
        return batches

    # === RESULTS === #

    def _try(self, records, issues):
        """Try a batch; return the values of its lines.

        :param issues: {(code, key): values}, to which the issues of these records are
            added
        """
        lines = []
        outcomes = records._try()
        target = self.connection_id.target_id
        is_known = target.version and not self.is_untested
        sent = RemoteTrial(target).would_send(records) if is_known else {}
        for record, outcome in zip(records, outcomes, strict=True):
            is_sent, remote_text = sent.get(record, (False, ""))
            lines.append(
                {
                    "record_id": record.id,
                    "resource": record.resource,
                    "name": record.display_name,
                    "party": record.remote_party,
                    "outcome": outcome["outcome"],
                    "rule": outcome["rule"],
                    "origin": record.origin if outcome["outcome"] == "done" else False,
                    "amount": record.remote_amount,
                    "currency": record.remote_currency,
                    "is_duplicate": any(
                        issue["code"] in ("duplicate_bill", "duplicate_order")
                        for issue in outcome["issues"]
                    ),
                    "reasons": "\n".join(
                        issue._message_for_all() for issue in record.issue_ids
                    ),
                    "is_sent": is_sent,
                    "remote_text": remote_text or False,
                    "booked": outcome["booked"],
                }
            )
            for issue in record.issue_ids:
                key = (issue.code, issue.key)
                if key not in issues:
                    issues[key] = self._issue_values(issue)
                issues[key]["holds"].append(record.id)
        return lines

    def _issue_values(self, issue):
        """Return an issue as values: the rollback takes it away."""
        reference = issue.reference_id
        return {
            "code": issue.code,
            "key": issue.key,
            "message": issue._message_for_all(),
            "advice": issue.advice,
            "mapped_resource": reference.resource,
            "mapped_id": reference.external_id,
            "mapped_name": reference.display_name if reference else False,
            "payload": reference.payload,
            "suggestion": reference.sudo(False).suggestion if reference else False,
            "holds": [],
        }

    def _stage_missing(self, issues):
        """Stage what only documents name, such as taxes: else nobody could map it."""
        mentioned = {}
        for values in issues.values():
            text, resource = values.pop("payload"), values["mapped_resource"]
            if not text:
                continue
            try:
                data = read_json(text)
                payload = PAYLOADS[resource].from_json(data)
            except InvalidPayload:
                continue
            mentioned[resource, values["mapped_id"]] = (data, payload)
        self.env["procurify.record"]._stage_mentioned(self.connection_id, mentioned)

    def _keep_issues(self, issues):
        """Add the issues of this step's records to those of earlier steps."""
        known = {(issue.code, issue.key): issue for issue in self.issue_ids}
        labels = dict(self.env["procurify.issue"]._fields["code"].selection)
        created = self.env["procurify.dry.run.issue"].create(
            [
                {name: value for name, value in values.items() if name != "holds"}
                | {"dry_run_id": self.id, "name": labels[values["code"]]}
                for key, values in issues.items()
                if key not in known
            ]
        )
        known |= {(issue.code, issue.key): issue for issue in created}
        records = self.env["procurify.record"]
        for key, values in issues.items():
            known[key]._add(records.browse(values["holds"]))

    def _keep_lines(self, lines):
        """Keep the outcome of each record, with the items that it would book."""
        booked = [values.pop("booked") for values in lines]
        rows = self.env["procurify.dry.run.line"].create(
            [values | {"dry_run_id": self.id} for values in lines]
        )
        currencies = self.env["res.currency"].with_context(active_test=False)
        by_name = currencies.search(Domain.TRUE).grouped("name")
        self.env["procurify.dry.run.item"].create(
            [
                row._item_values(document, item, by_name)
                for row, document in zip(rows, booked, strict=True)
                if document and document["model"] == "account.move"
                for item in document["lines"]
            ]
        )

    # === AS PLAIN DATA === #

    def _as_data(self, items):
        """Return what was found, see ``procurify.connection._dry_run``."""
        self.ensure_one()
        return {
            "dry_run_id": self.id,
            "records": self.done_count,
            "booked": self._booked(),
            "held": [issue._as_held() for issue in self.issue_ids],
            "excluded": self._excluded(),
            "waiting": self.env["procurify.dry.run.line"].search_count(
                [("dry_run_id", "=", self.id), ("outcome", "=", "waiting")]
            ),
            "missing_mappings": [
                issue._as_missing()
                for issue in self.issue_ids.filtered("mapped_resource")
            ],
            "duplicates": self._duplicates(),
            "remote": self._remote_summary(),
            "journal_items": self._journal_items(items),
            "journal_item_count": self.env["procurify.dry.run.item"].search_count(
                [("dry_run_id", "=", self.id)]
            ),
        }

    def _summary(self):
        """Return the number of records by kind and outcome, in the user's language.

        Bills come first, then what they name.
        """
        lines = self.env["procurify.dry.run.line"]
        kinds, outcomes, origins = (
            dict(lines._fields[name]._description_selection(self.env))
            for name in ("resource", "outcome", "origin")
        )
        groups = lines._read_group(
            [("dry_run_id", "=", self.id)],
            ["resource", "outcome", "origin", "currency"],
            ["__count", "amount:sum"],
        )
        rows = {}
        for resource, outcome, origin, currency, count, amount in groups:
            row = (currency, count, amount, None)
            rows.setdefault((resource, outcome, origin), []).append(row)
        codes = {row[0] for mine in rows.values() for row in mine if row[0]}
        currencies = currencies_by_code(self.env, codes)
        return [
            {
                "resource": resource,
                "kind": kinds[resource],
                "outcome": outcome,
                "origin": origin or "",
                "text": origins.get(origin) or outcomes[outcome],
                "count": sum(row[1] for row in mine),
                "amount": format_amounts(self.env, mine, currencies),
            }
            for (resource, outcome, origin), mine in sorted(
                rows.items(), key=lambda item: -IMPORT_ORDER.index(item[0][0])
            )
        ]

    def _booked(self):
        groups = self.env["procurify.dry.run.line"]._read_group(
            [("dry_run_id", "=", self.id), ("outcome", "=", "done")],
            ["resource", "origin", "currency"],
            ["__count", "amount:sum"],
        )
        booked = {}
        for resource, origin, currency, count, amount in groups:
            row = booked.setdefault(
                (resource, origin),
                {"resource": resource, "origin": origin, "count": 0, "amounts": {}},
            )
            row["count"] += count
            if currency:
                row["amounts"][currency] = float_repr(amount, 2)
        return list(booked.values())

    def _excluded(self):
        groups = self.env["procurify.dry.run.line"]._read_group(
            [("dry_run_id", "=", self.id), ("outcome", "=", "excluded")],
            ["resource", "rule"],
            ["__count"],
        )
        return [
            {"resource": resource, "rule": rule, "count": count}
            for resource, rule, count in groups
        ]

    def _duplicates(self):
        """Return the bills that Odoo has already."""
        lines = self.env["procurify.dry.run.line"].search(
            [("dry_run_id", "=", self.id), ("is_duplicate", "=", True)]
        )
        return [
            {
                "name": line.name,
                "party": line.party or "",
                "amount": float_repr(line.amount, 2),
                "currency": line.currency or "",
                "message": line.reasons,
            }
            for line in lines
        ]

    def _journal_items(self, limit):
        items = self.env["procurify.dry.run.item"].search(
            [("dry_run_id", "=", self.id)], limit=limit
        )
        return [
            {
                "document": item.line_id.name,
                "date": item.date.isoformat(),
                "account_code": item.account_code,
                "account": item.account,
                "label": item.label,
                "balance": float_repr(
                    item.balance, item.company_currency_id.decimal_places
                ),
                "amount_currency": float_repr(
                    item.amount_currency, item.currency_id.decimal_places
                ),
                "currency": item.currency_id.name,
                "cost_centres": item.cost_centres,
                "taxes": item.taxes,
            }
            for item in items
        ]
