"""Is everything in? Every document of a period, on both sides, and what differs."""

from collections import defaultdict
from datetime import datetime, time, timedelta

from odoo import fields
from odoo.fields import Domain

from ..importers.resource_kinds import DOCUMENTS
from ..procurify import InvalidPayload
from .labels import Labels
from .line import Line
from .order_lines import OrderLines
from .remote import RemoteSide
from .sides import OdooSide, ProcurifySide

BATCH = 500  # documents whose payloads are in memory at the same time
COMPARED = ("bill", "purchase_order")  # what has amounts in Odoo that say the same
OUTCOMES = (
    "booked",
    "held",
    "pending",
    "excluded",
    "ignored",
    "changed",
    "missing",
    "extra",
)
_FIELDS = (
    "resource",
    "external_id",
    "name",
    "remote_party",
    "remote_date",
    "remote_amount",
    "remote_currency",
    "remote_deleted",
    "state",
    "excluded_rule",
    "ignored_reason",
    "res_model",
    "res_id",
    "digest",
    "applied_digest",
    "applied_state",
    "kept_version",
    "issue_ids",
    "payload",
)
_NAMED_DIFFERENCES = 3  # in the reason of one document
# A period that is not over yet is compared by the last night.
_FRESH = timedelta(days=1)


class Reconciliation:
    """Compares one connection's documents of a period with Odoo's.

    A document belongs to the period by its date as Procurify writes it: a bill by its
    invoice date, an order or a requisition by its own. One without a date belongs to
    the period of its last change there. What is dated in the period in Odoo only, is
    looked at as well.

    Everything is read with the rights of the user who asks. ``lines`` has a Line per
    document, ``findings`` the sentences about what no document stands for.
    """

    def __init__(
        self, connection, date_from, date_to, company=None, listed=None, sight=None
    ):
        """:param connection: in the environment of the user who asks
        :param date_from: first day, a date
        :param date_to: last day, a date
        :param company: the connection's own, or a branch that it books for
        :param listed: {resource: rows of Procurify's list}, see ``_listed``; None
            where the comparison of the last night is to do
        :param sight: what was seen of the remote Odoo just now, see ``RemoteSide``;
            None where the connection books here
        """
        self.listed = listed
        self.company = company or connection.company_id
        self.connection = connection.with_company(self.company)
        self.env = self.connection.env
        self.date_from, self.date_to = date_from, date_to
        self.procurify = ProcurifySide(self.connection)
        self.odoo = OdooSide(self.procurify)
        self.order_lines = OrderLines(self.env, self.connection)
        self.sight = sight
        self.remote = sight and RemoteSide(self.env, sight)
        rules = self.env["procurify.record"]._fields["excluded_rule"]
        self.rules = dict(rules._description_selection(self.env))
        self.lines, self.findings = [], []
        self.unverified_count = 0  # findings that only say what is not verified yet

    def run(self):
        """Fill ``lines`` and ``findings``."""
        records = self.env["procurify.record"].search(
            self._own_domain() & (self._period_domain() | self._strays_domain()),
            order="resource, remote_date, id",
        )
        ids = records.ids
        for start in range(0, len(ids), BATCH):
            self._add(ids[start : start + BATCH])
        if self.listed is None:
            self._judge_comparisons()
        else:
            self._add_missing()
        if self.sight:
            self._judge_sight()
        return self

    @property
    def remote_values(self):
        """Name of the remote Odoo in which is booked, and of when it speaks (UTC)."""
        return {
            "remote_name": self.sight.target.name if self.sight else False,
            "remote_as_of": self.sight.as_of if self.sight else False,
        }

    @property
    def unexplained_count(self):
        """Documents that are not explained, and findings about the whole."""
        return sum(not line.explained for line in self.lines) + len(self.findings)

    @property
    def result(self):
        """``complete``, ``unverified`` or ``open``: something differs.

        Not verified yet is what differs in nothing that was read, while Procurify's
        lists may hold more.
        """
        unexplained = any(not line.explained for line in self.lines)
        if unexplained or len(self.findings) > self.unverified_count:
            return "open"
        return "unverified" if self.unverified_count else "complete"

    # === WHICH DOCUMENTS === #

    def _own_domain(self):
        return (
            Domain("connection_id", "=", self.connection.id)
            & Domain("company_id", "=", self.company.id)
            & Domain("resource", "in", DOCUMENTS)
        )

    def _period_domain(self):
        start = datetime.combine(self.date_from, time.min)
        end = datetime.combine(self.date_to + timedelta(days=1), time.min)
        undated = Domain("remote_date", "=", False)
        unstamped = undated & Domain("remote_modified", "=", False)
        return (
            (
                Domain("remote_date", ">=", self.date_from)
                & Domain("remote_date", "<=", self.date_to)
            )
            | (
                undated
                & Domain("remote_modified", ">=", start)
                & Domain("remote_modified", "<", end)
            )
            | (
                unstamped
                & Domain("create_date", ">=", start)
                & Domain("create_date", "<", end)
            )
        )

    def _strays_domain(self):
        """Bills that are of this period in Odoo, whatever Procurify says by now."""
        moves = self.env["account.move"]._search(
            Domain("company_id", "=", self.company.id)
            & Domain("move_type", "in", ("in_invoice", "in_refund"))
            & Domain("invoice_date", ">=", self.date_from)
            & Domain("invoice_date", "<=", self.date_to)
        )
        return Domain("resource", "=", "bill") & Domain("res_id", "in", moves)

    # === DOCUMENT BY DOCUMENT === #

    def _add(self, ids):
        records = self.env["procurify.record"].search_fetch(
            Domain("id", "in", ids), _FIELDS, order="id"
        )
        targets = self._targets(records)
        self.procurify.prepare(records)
        if self.remote:
            self.remote.load(records)
        for record in records:
            self.lines.append(self._line(record, targets))
        records.invalidate_recordset(["payload"], flush=False)

    def _targets(self, records):
        """Return {(resource, id): (Odoo's document, {place: amount})}."""
        linked = defaultdict(list)
        for record in records:
            if record.res_id:
                linked[record.resource].append(record.res_id)
        found = {}
        for resource, read in (
            ("bill", self.odoo.bills),
            ("purchase_order", self.odoo.orders),
        ):
            if linked[resource]:
                pairs = read(linked[resource]).items()
                found |= {(resource, res_id): pair for res_id, pair in pairs}
        return found

    def _line(self, record, targets):
        line = Line(
            resource=record.resource,
            external_id=record.external_id,
            name=record.name or record.external_id,
            party=record.remote_party or "",
            date=record.remote_date or None,
            record_id=record.id,
            res_model=record.res_id and record.res_model or "",
            res_id=record.res_id or 0,
            document_state=record.document_state or "",
        )
        document, line.odoo = targets.get((record.resource, record.res_id), (None, {}))
        if document:
            line.res_name, line.odoo_state = document.display_name, document.state
        if self.remote:
            self.remote.correct(line, document)
        payload = None
        if record.resource in COMPARED:
            payload = self._read(record, line)
        self._judge(record, line, document, payload)
        if self.remote and record.state == "done":
            self.remote.judge(line)
        return line

    def _read(self, record, line):
        """Note what Procurify says of the amounts; return the payload, if readable."""
        payload = self.procurify.payload(record, record.payload)
        try:
            if payload:
                line.procurify, line.tolerance = self.procurify.amounts(record, payload)
        except InvalidPayload:
            payload = None
        return payload

    # === WHAT BECAME OF IT === #

    def _judge(self, record, line, document, payload):
        """Note on ``line`` what became of ``record``, why, and whether that is all."""
        judges = {
            "quarantined": self._judge_held,
            "excluded": self._judge_excluded,
            "ignored": self._judge_ignored,
            "done": self._judge_done,
        }
        judge = judges.get(record.state, self._judge_pending)
        judge(record, line, document, payload)

    def _judge_pending(self, record, line, _document, _payload):
        line.outcome, line.explained = "pending", False
        if record.state == "waiting":
            line.reason = self.env._("Records that it refers to are not imported yet.")
        else:
            line.reason = self.env._("It is not imported yet.")

    def _judge_held(self, record, line, document, _payload):
        line.reason = record.hold_reason or ""
        line.explained = bool(record.issue_ids)
        if record.remote_deleted and document:
            line.outcome = "extra"
        elif document and record.applied_digest != record.digest:
            line.outcome = "changed"
        else:
            line.outcome = "held"

    def _judge_excluded(self, record, line, _document, _payload):
        line.outcome = "excluded"
        line.reason = self.rules.get(record.excluded_rule) or ""
        line.explained = bool(line.reason)
        if any(line.odoo.values()):
            line.outcome, line.explained = "extra", False
            line.reason = self.env._("%(rule)s, but it is in Odoo.", rule=line.reason)

    def _judge_ignored(self, record, line, _document, _payload):
        line.outcome = "ignored"
        line.reason = record.ignored_reason or self.env._("A person ignored it.")

    def _judge_done(self, record, line, document, payload):
        if record.resource not in COMPARED:
            return
        differences = line.differences
        moved = document and self._what_moved(record, document)
        if document and not (differences or moved or record.remote_deleted):
            return
        line.outcome = "extra" if record.remote_deleted else "changed"
        if record.kept_version and record.kept_version == record._version():
            line.reason = self.env._("A person kept Odoo's version.")
        elif document and not moved and self._is_closed(record, payload, line):
            line.outcome = "booked"
            line.reason = self.env._(
                "The order is closed. Nothing more is expected than was received or "
                "billed."
            )
        else:
            line.explained = False
            texts = [self._what_differs(record, document, differences), moved]
            line.reason = "; ".join(filter(None, texts))

    def _what_moved(self, record, document):
        """Return what no amount shows: another day or journal than was booked, another
        line of an order than was meant."""
        if record.resource == "purchase_order":
            return self.order_lines.what_differs(record.applied_state, document)
        booked = (record.applied_state or {}).get("booked")
        if not booked or document.state == "cancel":
            return ""
        texts = []
        if booked["date"] != (fields.Date.to_string(document.date) or False):
            texts.append(
                self.env._(
                    "booked on %(then)s, now on %(now)s",
                    then=booked["date"],
                    now=document.date,
                )
            )
        if booked.get("journal_id", document.journal_id.id) != document.journal_id.id:
            name = document.journal_id.display_name
            texts.append(self.env._("now in the journal %s", name))
        return "; ".join(texts)

    @staticmethod
    def _is_closed(record, payload, line):
        """Return whether an order only lost what will not come any more."""
        if record.resource != "purchase_order" or not (payload and payload.is_closed):
            return False
        # The vendor and the currency still are Procurify's; the lines were compared.
        return all(
            place in line.procurify
            for place in line.odoo
            if place[1] in ("total", "vendor")
        )

    def _what_differs(self, record, document, differences):
        if not document:
            return self.env._("Its document in Odoo was deleted.")
        if document.state == "cancel":
            return self.env._("Its document in Odoo is cancelled.")
        if record.remote_deleted:
            return self.env._("It was deleted in Procurify, but it is in Odoo.")
        labels = Labels(self.env, differences)
        texts = [
            self.env._(
                "%(place)s differs by %(currency)s %(amount)s",
                place=labels.text(place),
                amount=amount,
                currency=place[0],
            )
            for place, amount in list(differences.items())[:_NAMED_DIFFERENCES]
        ]
        return "; ".join(texts)

    # === WHETHER THE STAGE IS WHOLE === #

    def _add_missing(self):
        """Add what Procurify's lists have and the stage has not, and the reverse."""
        for resource, rows in self.listed.items():
            staged = (
                self.connection.sudo()
                .env["procurify.record"]
                .search_fetch(
                    Domain("connection_id", "=", self.connection.id)
                    & Domain("resource", "=", resource),
                    ["external_id", "remote_uuid"],
                )
            )
            known = {record.external_id for record in staged}
            known |= {record.remote_uuid for record in staged if record.remote_uuid}
            for external_id, uuid, name, date in rows:
                if external_id not in known and uuid not in known:
                    self._add_unread(resource, external_id, name, date)
            self._judge_unlisted(resource, rows, staged)

    def _add_unread(self, resource, external_id, name, date):
        if date and not self.date_from <= date <= self.date_to:
            return
        self.lines.append(
            Line(
                resource=resource,
                external_id=external_id,
                name=name,
                party="",
                date=date,
                outcome="missing",
                explained=False,
                reason=self.env._("Procurify lists it, but it was never read."),
            )
        )

    def _judge_unlisted(self, resource, rows, staged):
        """Say of booked documents that Procurify's list does not show them any more."""
        shown = {row[0] for row in rows} | {row[1] for row in rows if row[1]}
        listed = {r.id for r in staged if {r.external_id, r.remote_uuid} & shown}
        for line in self.lines:
            is_booked = line.resource == resource and line.outcome == "booked"
            if is_booked and line.record_id not in listed:
                line.outcome, line.explained = "extra", False
                line.reason = self.env._("Procurify's list no longer shows it.")

    def _judge_comparisons(self):
        """Say where the nightly check of Procurify's lists proves nothing."""
        kinds = dict(self.env["procurify.record"]._selection_resource())
        end = datetime.combine(self.date_to + timedelta(days=1), time.min)
        for stream in self._compared_streams():
            kind = kinds[stream.resource]
            if stream.missing_count:
                self.findings.append(
                    self.env._(
                        "%(kind)s: %(count)s in Procurify's list could not be read.",
                        kind=kind,
                        count=stream.missing_count,
                    )
                )
            if not stream.complete_at:
                text = self.env._(
                    "%(kind)s: no nightly check was completed yet.",
                    kind=kind,
                )
                self.findings.append(text)
                self.unverified_count += 1
            elif stream.complete_at < min(end, fields.Datetime.now() - _FRESH):
                text = self.env._(
                    "%(kind)s: the last nightly check was on %(date)s, before the "
                    "period ended.",
                    kind=kind,
                    date=fields.Date.to_string(stream.complete_at),
                )
                self.findings.append(text)
                self.unverified_count += 1

    def _judge_sight(self):
        """Say where the remote Odoo could not be asked, or what was found there."""
        if self.sight.problem:
            self.findings.append(self.sight.problem)
            self.unverified_count += not self.sight.as_of

    def _compared_streams(self):
        return self.connection.sudo().stream_ids.filtered(
            lambda stream: stream.resource in COMPARED and stream.active
        )
