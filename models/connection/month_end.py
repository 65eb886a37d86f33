"""The month end: its figures, each one domain that its list uses, and its checklist."""

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...importers.resource_kinds import DOCUMENTS
from ...reconciliation.comparison import COMPARED
from ...tools.domain_rows import matcher
from ...tools.readers import reads_items
from ..procurify_share import SUMS

OPEN = ("on_hold", "queued", "draft")
OF_THE_MONTH = ("posted", "excluded", "ignored", "cancelled")
# Parts of a figure's name that narrow it: key → whether the value is a record's id.
_PARTS = {
    "department": True,
    "location": True,
    "document_state": False,
    "age": False,
    "due": False,
}
# The list behind the figures of a model.
_LISTS = {
    "procurify.share": "procurify_share_action",
    "procurify.accrual": "procurify_accrual_action",
}
# What the rows of a figure are grouped by, besides state and month.
_GROUPS = {
    "": ["currency"],
    "/department": ["department_id"],
    "/location": ["location_id"],
    "/age": ["age", "due"],
}
MONTHS = 6  # of the chart, with the one that is shown
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
CHECKS = ("synced", "issues", "queued", "drafts", "accruals", "nightly", "certificate")


class Figure(NamedTuple):
    """What a figure adds up, and what the list behind it shows.

    Both add up the field ``amount``.
    """

    model: str
    domain: Domain
    context: dict


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    # === MONTHS === #

    @api.model
    def _month(self):
        """Return the first day of the month that the screen shows.

        The context key ``procurify_month`` names it, as 2026-11; without it, this one.
        """
        text = str(self.env.context.get("procurify_month") or "")
        return self._month_of(text) or fields.Date.context_today(self).replace(day=1)

    @api.model
    def _month_end(self):
        """Return the last day of the month that the screen shows."""
        return self._month() + relativedelta(months=1, days=-1)

    @api.model
    def _as_of_month_end(self):
        """Return the last day of the month, or today if that is earlier."""
        return min(self._month_end(), fields.Date.context_today(self))

    # === FIGURES === #

    def _figure(self, name):
        """Return the Figure of ``name``: a kind, and what narrows it.

        ``on_hold/department/12`` is what is on hold for a department, up to the month's
        end. Kinds are the states of documents, ``open`` (all that is neither posted nor
        excluded, of any date), ``trend`` (of a month that follows) and ``not_billed``.

        :raises UserError: there is no such figure
        """
        kind, *rest = name.split("/")
        narrowed = dict(zip(rest[::2], rest[1::2], strict=False))
        mine = Domain("connection_id", "in", self.ids)
        context = {"procurify_whole": not narrowed.keys() & {"department", "location"}}
        if kind == "not_billed":
            model = "procurify.accrual"
            context["procurify_as_of"] = fields.Date.to_string(self._as_of_month_end())
            domain = mine & Domain("kind", "=", "receipt")
        else:
            model = "procurify.share"
            domain = mine & self._kind_domain(kind, narrowed.pop("month", ""))
        for key, value in narrowed.items():
            domain &= self._part_domain(key, value)
        return Figure(model, domain, context)

    @api.model
    def _kind_domain(self, kind, month):
        """Return the Domain of the bills that a kind of figure is about."""
        if kind in OF_THE_MONTH:
            return Domain("document_state", "=", kind) & self._dated_in(self._month())
        if kind == "left_out":
            states = [state for state in OF_THE_MONTH if state != "posted"]
            return Domain("document_state", "in", states) & self._dated_in(
                self._month()
            )
        if kind in OPEN:
            return Domain("document_state", "=", kind) & self._up_to_month_end()
        if kind == "open":
            return Domain("document_state", "in", OPEN)
        if kind == "trend" and self._month_of(month):
            return self._dated_in(self._month_of(month))
        raise UserError(self.env._("There is no such figure."))

    @api.model
    def _part_domain(self, key, value):
        if key not in _PARTS:
            raise UserError(self.env._("There is no such figure."))
        if not _PARTS[key]:
            return Domain(key, "=", value)
        return Domain(f"{key}_id", "=", int(value) or False)

    @api.model
    def _dated_in(self, month):
        following = month + relativedelta(months=1)
        return Domain("date", ">=", month) & Domain("date", "<", following)

    @api.model
    def _up_to_month_end(self):
        """Return the Domain of what a close is about: an undated bill may be of it."""
        return Domain("date", "<=", self._month_end()) | Domain("date", "=", False)

    def _open_figure(self, name):
        """Return the action of the list behind a figure; its footer is the figure."""
        self.ensure_one()
        figure = self._figure(name)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"procurify_connector.{_LISTS[figure.model]}"
        )
        # Sums of groups are the database's: those of a long list are right, too.
        context = figure.context | {"group_by": ["currency"]}
        title = self._figure_title(name)
        return action | {
            "name": title,
            "display_name": title,
            "domain": list(figure.domain),
            "context": context,
        }

    @api.model
    def _figure_title(self, name):
        """Return what the list behind a figure is called."""
        kind, *rest = name.split("/")
        narrowed = dict(zip(rest[::2], rest[1::2], strict=False))
        state = narrowed.get("document_state", kind)
        label = self._figure_labels().get(state) or self.env._("Bills")
        if kind == "open":
            return label
        month = self._month_of(narrowed.get("month", "")) or self._month()
        return f"{label} · {self._month_name(month)}"

    @api.model
    def _month_of(self, text):
        """Return the first day of a month as 2026-11, or None if it is none."""
        if not _MONTH.fullmatch(text):
            return None
        return date(int(text[:4]), int(text[5:]), 1)

    # === FIGURES FROM ROWS === #

    def _figure_rows(self):
        """Return {connection id: {kind: rows}} of all figures but those of the chart.

        The rows are groups of documents, as dicts, each among the rows of the figures
        whose domain it matches: by currency, and under ``kind/department``,
        ``kind/location`` and ``kind/age`` by these. One query reads them all, as
        planning it takes longer than some of its parts.
        """
        mine = Domain("connection_id", "in", self.ids)
        kinds = {k: matcher(domain) for k, domain in self._kind_domains().items()}
        figures = {connection.id: {} for connection in self}
        sets = [["document_state", "date:month", *names] for names in _GROUPS.values()]
        found = self.env["procurify.share"]._read_months(
            mine,
            self._of_the_figures(),
            [["connection_id", *each] for each in sets],
        )
        for part, groupby, groups in zip(_GROUPS, sets, found, strict=True):
            rows = self._as_rows(groups, [*groupby, *SUMS])
            for connection_id, each in rows.items():
                for kind, matches in kinds.items():
                    mine_of_kind = [row for row in each if matches(row)]
                    figures[connection_id][kind + part] = mine_of_kind
        for connection_id, rows in self._accrual_rows(mine).items():
            for part in ("", "/department", "/location"):
                figures[connection_id][f"not_billed{part}"] = rows
        return figures

    def _of_the_figures(self):
        """Return SQL of the condition that a ``document`` may be of a figure: all of
        the month, and what is open. Each part is read along an index of its own."""
        month, following = self._month(), self._month_end() + timedelta(days=1)
        record, move = (
            self.env[name]._fields for name in ("procurify.record", "account.move")
        )
        return SQL(
            """document.id = ANY(ARRAY(
                SELECT record.id FROM procurify_record record
                 WHERE record.connection_id IN %(connections)s
                   AND record.resource = 'bill'
                   AND %(date)s >= %(month)s AND %(date)s < %(following)s
                 UNION
                SELECT record.id FROM procurify_record record
                 WHERE record.resource = 'bill'
                   AND %(state)s IN ('pending', 'waiting')
                 UNION
                SELECT record.id FROM procurify_record record
                 WHERE record.resource = 'bill' AND %(state)s = 'quarantined'
                 UNION
                SELECT record.id
                  FROM account_journal journal
            CROSS JOIN LATERAL (
                           SELECT move.id FROM account_move move
                            WHERE move.journal_id = journal.id
                              AND %(odoo_state)s = 'draft'
                           OFFSET 0  -- along Odoo's index, which begins with both
                       ) draft
                  JOIN procurify_record record
                       ON %(res_model)s = 'account.move' AND %(res_id)s = draft.id
                 WHERE record.resource = 'bill'
            ))""",
            connections=tuple(self.ids),
            month=month,
            following=following,
            odoo_state=SQL.identifier("move", "state", to_flush=move["state"]),
            **{
                name: SQL.identifier("record", column, to_flush=record[column])
                for name, column in (
                    ("date", "remote_date"),
                    *((n, n) for n in ("state", "res_model", "res_id")),
                )
            },
        )

    def _trend_rows(self, mine):
        """Return {connection id: {kind: rows}} of the last months, for the chart."""
        since = self._month() - relativedelta(months=MONTHS - 1)
        period = Domain("date", ">=", since) & Domain("date", "<=", self._month_end())
        rows = self._rows(
            "procurify.share",
            mine & period,
            ["document_state", "date:month"],
            procurify_whole=True,
        )
        months = [
            f"{since + relativedelta(months=number):%Y-%m}" for number in range(MONTHS)
        ]
        kinds = {m: matcher(self._kind_domain("trend", m)) for m in months}
        return {
            connection_id: {
                f"trend/month/{month}": [row for row in each if matches(row)]
                for month, matches in kinds.items()
            }
            for connection_id, each in rows.items()
        }

    def _accrual_rows(self, mine):
        """Return {connection id: rows} of what was received and is not billed."""
        return self._rows(
            "procurify.accrual",
            mine & Domain("kind", "=", "receipt"),
            ["department_id", "location_id"],
            ["open_amount:sum", "open_count:sum"],
            procurify_as_of=fields.Date.to_string(self._as_of_month_end()),
        )

    def _rows(self, model, domain, groupby, sums=(), **context):
        """Return {connection id: groups of ``model`` as dicts}."""
        sums = [*SUMS, *sums]
        groups = (
            self.env[model]
            .with_context(**context)
            ._read_group(domain, ["connection_id", *groupby], sums)
        )
        return self._as_rows(groups, [*groupby, *sums])

    @api.model
    def _as_rows(self, groups, names):
        """Return {connection id: groups as dicts}.

        :param groups: tuples of a connection and the values of ``names``
        """
        keys = [name.partition(":")[0] for name in names]
        found = {}
        for connection, *values in groups:
            row = {
                key: value.id if isinstance(value, models.BaseModel) else value
                for key, value in zip(keys, values, strict=True)
            }
            found.setdefault(connection.id, []).append(row)
        return found

    @api.model
    def _kind_domains(self):
        """Return {kind of figure: the Domain of its documents}."""
        kinds = ("posted", *OPEN, "left_out", "open")
        return {kind: self._kind_domain(kind, "") for kind in kinds}

    # === CHECKLIST OF THE CLOSE === #

    def _checklists(self, figures):
        """Return {connection id: what its close consists of}.

        :param figures: {connection id: {kind of figure: its rows}}
        """
        streams = self.sudo().stream_ids.filtered("active").grouped("connection_id")
        certificates = self._certificates_of_month()
        checks = {}
        for connection in self:
            mine = streams.get(connection.sudo(), self.env["procurify.stream"])
            rows = figures.get(connection.id, {})
            checks[connection.id] = [
                {"code": code, "label": label}
                | {"done_label": self.env._("Done"), "open_label": self.env._("Open")}
                | found
                for code, label, found in (
                    connection._check_synced(mine),
                    connection._check_bills("issues", rows.get("on_hold", ())),
                    connection._check_bills("queued", rows.get("queued", ())),
                    connection._check_bills("drafts", rows.get("draft", ())),
                    connection._check_accruals(rows.get("not_billed", ())),
                    connection._check_nightly(mine),
                    connection._check_certificate(certificates.get(connection.id)),
                )
            ]
        return checks

    # === WHETHER IT IS DONE === #

    @api.model
    def _after_month(self):
        """Return the instant at which the month is over, in UTC."""
        return datetime.combine(self._month_end() + timedelta(days=1), time.min)

    def _check_synced(self, streams):
        read = streams.filtered(lambda s: s.resource in DOCUMENTS).mapped(
            "last_success"
        )
        oldest = min(read) if read and all(read) else None
        if not oldest:
            text = self.env._("Not all lists have been read yet.")
        else:
            text = self.env._("Last synced %(ago)s.", ago=self._ago(oldest))
        is_done = bool(oldest and oldest >= self._after_month())
        if not is_done and fields.Datetime.now() < self._after_month():
            text += " " + self.env._("The month is not over yet.")
        label = self.env._("Synced through the last day")
        button = self.phase == "live" and self.env._("Sync now")
        return "synced", label, {"done": is_done, "text": text, "button": button}

    def _check_bills(self, code, rows):
        """Return the check that there are none of these bills."""
        labels = {
            "issues": (self.env._("Resolve issues"), self.env._("Issues")),
            "queued": (self.env._("Import what is queued"), self.env._("Show")),
            "drafts": (self.env._("Post drafts"), self.env._("Drafts")),
        }
        label, button = labels[code]
        count = sum(row["document_count"] for row in rows)
        if not count:
            return (
                code,
                label,
                {"done": True, "text": self.env._("None left."), "button": False},
            )
        text = self.env._(
            "%(count)s bills, %(amount)s", count=count, amount=self._sum(rows)["amount"]
        )
        return code, label, {"done": False, "text": text, "button": button}

    def _check_accruals(self, rows):
        count = sum(row["open_count"] for row in rows)
        amount = sum(row["open_amount"] or 0 for row in rows)
        label = self.env._("Accrue what was received and has no posted bill")
        if not count or self.company_id.currency_id.is_zero(amount):
            text = self.env._("Nothing to accrue.")
            return "accruals", label, {"done": True, "text": text, "button": False}
        text = self.env._(
            "%(count)s order lines, %(amount)s without an accrual",
            count=count,
            amount=self._money(amount),
        )
        button = self.env._("Accruals")
        return "accruals", label, {"done": False, "text": text, "button": button}

    def _check_nightly(self, streams):
        compared = streams.filtered(lambda stream: stream.resource in COMPARED)
        done = [s.complete_at for s in compared if s.complete_at]
        missing = sum(compared.mapped("missing_count"))
        is_done = (
            bool(compared)
            and len(done) == len(compared)
            and min(done) >= self._after_month()
            and not missing
        )
        if missing:
            text = self.env._(
                "%(count)s documents of Procurify's lists could not be read.",
                count=missing,
            )
        elif len(done) < len(compared) or not done:
            text = self.env._("No nightly check was completed yet.")
        else:
            text = self.env._("Last complete %(ago)s.", ago=self._ago(min(done)))
        label = self.env._("Nightly check after the last day")
        button = False if is_done else self.env._("Show")
        return "nightly", label, {"done": is_done, "text": text, "button": button}

    def _check_certificate(self, certificate):
        label = self.env._("Certificate")
        if not reads_items(self.env):
            text = self.env._("You need the right to read journal items.")
            return "certificate", label, {"done": False, "text": text, "button": False}
        if not certificate:
            text = self.env._("None for this month yet.")
            button = self.env._("Make")
            return "certificate", label, {"done": False, "text": text, "button": button}
        states = dict(certificate._fields["state"]._description_selection(self.env))
        found = {
            "done": certificate.state == "complete",
            "text": states[certificate.state],
            "button": self.env._("Open"),
        }
        return "certificate", label, found

    # === SETS === #

    def _accruals_domain(self):
        return (
            Domain("connection_id", "in", self.ids)
            & Domain("kind", "=", "receipt")
            & Domain("open_amount", "!=", 0)
        )

    def _certificates_of_month(self):
        """Return {connection id: the newest certificate of the whole month}."""
        certificates = self.env["procurify.certificate"].search(
            Domain("connection_ref", "in", self.ids)
            & Domain("date_from", "<=", self._month())
            & Domain("date_to", ">=", self._month_end()),
            order="id",
        )
        return {each.connection_ref: each for each in certificates}

    # === WHERE IT GETS DONE === #

    def _open_check(self, code):
        """Return the action that leads to where a check of the close gets done."""
        if code not in CHECKS:
            raise UserError(self.env._("There is no such figure."))
        return getattr(self, f"_open_check_{code}")()

    def _action_of(self, name):
        return self.env["ir.actions.act_window"]._for_xml_id(
            f"procurify_connector.{name}"
        )

    def _open_check_synced(self):
        return self.action_sync_now()

    def _open_check_issues(self):
        return self._action_of("procurify_issue_action") | {
            "domain": [("connection_id", "=", self.id), ("state", "=", "open")],
        }

    def _open_check_queued(self):
        return self._open_figure("queued")

    def _open_check_drafts(self):
        """Open Odoo's own list of these drafts, where they can be posted."""
        figure = self._figure("draft")
        shares = self.env[figure.model].with_context(**figure.context)
        records = shares.search(figure.domain).record_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Drafts to post"),
            "res_model": "account.move",
            "views": [
                (self.env.ref("account.view_in_invoice_bill_tree").id, "list"),
                (False, "form"),
            ],
            "domain": [("id", "in", records.mapped("res_id"))],
        }

    def _open_check_accruals(self):
        day = fields.Date.to_string(self._as_of_month_end())
        return self._action_of("procurify_accrual_action") | {
            "domain": list(self._accruals_domain()),
            "context": {"procurify_as_of": day, "group_by": ["currency"]},
        }

    def _open_check_nightly(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def _open_check_certificate(self):
        if certificate := self._certificates_of_month().get(self.id):
            return {
                "type": "ir.actions.act_window",
                "res_model": certificate._name,
                "res_id": certificate.id,
                "views": [(False, "form")],
            }
        return self._action_of("procurify_certify_action") | {
            "context": {
                "default_connection_id": self.id,
                "default_date_from": fields.Date.to_string(self._month()),
                "default_date_to": fields.Date.to_string(self._month_end()),
            }
        }
