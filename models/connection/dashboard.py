"""The dashboard: the month end of each connection on one page."""

import json
from datetime import timedelta

from babel.dates import format_date, format_timedelta
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, babel_locale_parse, formatLang
from odoo.tools.misc import get_lang

from ...importers.resource_kinds import DOCUMENTS
from ...tools.amounts import currencies_by_code, format_amounts
from ...tools.document_states import IN_ODOO
from ...tools.readers import reads_items
from ..procurify_share import AGES, DUE
from .month_end import MONTHS, OPEN

_COUNTED_STATES = {
    "pending_count": ("queued",),
    "done_count": IN_ODOO,
    "draft_count": ("draft",),
    "posted_count": ("posted",),
    "held_count": ("on_hold",),
    "excluded_count": ("excluded",),
    "ignored_count": ("ignored",),
}
LARGEST_ISSUES = 5  # on a card
FIGURES = ("posted", "draft", "on_hold", "queued", "not_billed", "left_out")
_COLUMNS = ("posted", "draft", "on_hold", "queued", "not_billed")
_CHART = ("posted", "draft", "on_hold")
CHANGED = "procurify_connector/changed"  # on Odoo's bus


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    pending_count = fields.Integer("Queued", compute="_compute_counts")
    done_count = fields.Integer("In Odoo", compute="_compute_counts")
    draft_count = fields.Integer(
        "Drafts", compute="_compute_counts", help="Documents that are drafts in Odoo."
    )
    posted_count = fields.Integer(
        "Posted",
        compute="_compute_counts",
        help="Posted bills and confirmed orders in Odoo.",
    )
    held_count = fields.Integer("On hold", compute="_compute_counts")
    excluded_count = fields.Integer(
        "Excluded", compute="_compute_counts", help="Documents that a rule excludes."
    )
    ignored_count = fields.Integer(
        "Ignored", compute="_compute_counts", help="Documents that a person ignored."
    )
    dashboard = fields.Text(
        compute="_compute_dashboard",
        help="The month end as JSON, for the month of the context.",
    )
    # Apart from the rest, which does not wait for it.
    dashboard_chart = fields.Text(compute="_compute_dashboard_chart")

    # === COMPUTE METHODS === #

    def _compute_counts(self):
        groups = self.env["procurify.record"]._read_group(
            [("connection_id", "in", self.ids), ("resource", "in", DOCUMENTS)],
            ["connection_id", "document_state"],
            ["__count"],
        )
        counts = {(connection, state): count for connection, state, count in groups}
        for connection in self:
            for field, states in _COUNTED_STATES.items():
                connection[field] = sum(counts.get((connection, s), 0) for s in states)

    @api.depends_context("lang", "tz", "uid", "allowed_company_ids", "procurify_month")
    def _compute_dashboard(self):
        """Compute all cards by a number of queries that does not grow with them."""
        figures = self._figure_rows()
        names = self._names_of_places(figures)
        issues = self._largest_issues()
        checks = self._checklists(figures)
        streams = self.sudo().stream_ids.filtered("active").grouped("connection_id")
        currencies = self._currencies_of(figures)
        for connection in self:
            mine = figures[connection.id]
            read = streams.get(connection.sudo(), self.env["procurify.stream"])
            connection.dashboard = json.dumps(
                {
                    **self._month_in_words(),
                    "opens_on": connection._opens_on(),
                    **connection._freshness(read),
                    "note": self._note_on_amounts(),
                    "figures": connection._figures_in_words(mine, currencies),
                    "matrix": {
                        name: connection._matrix(name, mine, names)
                        for name in ("department", "location")
                    },
                    "ages": connection._ages(mine.get("open/age", [])),
                    "checks": checks[connection.id],
                    "issues": issues.get(connection.id, []),
                }
            )

    @api.depends_context("lang", "tz", "uid", "allowed_company_ids", "procurify_month")
    def _compute_dashboard_chart(self):
        rows = self._trend_rows(Domain("connection_id", "in", self.ids))
        for connection in self:
            chart = connection._chart(rows.get(connection.id, {}))
            connection.dashboard_chart = json.dumps(chart)

    @api.model
    def _currencies_of(self, figures):
        codes = {
            row["currency"]
            for kinds in figures.values()
            for rows in kinds.values()
            for row in rows
            if "currency" in row
        }
        return currencies_by_code(self.env, codes - {False})

    @api.model
    def _names_of_places(self, figures):
        """Return {id: name} of the departments and locations of the rows."""
        ids = {
            row[name]
            for kinds in figures.values()
            for rows in kinds.values()
            for row in rows
            for name in ("department_id", "location_id")
            if name in row
        }
        records = self.env["procurify.record"].browse(ids - {False})
        return {record.id: record.display_name for record in records}

    def _largest_issues(self):
        """Return {connection id: [{"id", "name", "count", "amount"}]}, of the documents
        on hold, those with the largest amounts first."""
        records = self.env["procurify.record"]
        query = records._search(
            Domain("connection_id", "in", self.ids)
            & Domain("resource", "in", DOCUMENTS)
            & Domain("issue_ids", "!=", False)
        )
        amount = records._field_to_sql(records._table, "company_amount", query)
        blocked = query.subselect(
            SQL.identifier(records._table, "id"),
            SQL.identifier(records._table, "connection_id"),
            SQL("%s AS amount", amount),
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT connection_id, issue_id, blocks, amount
                  FROM (SELECT record.connection_id,
                               held.issue_id,
                               count(*) AS blocks,
                               sum(record.amount) AS amount,
                               row_number() OVER (
                                   PARTITION BY record.connection_id
                                   ORDER BY sum(record.amount) DESC NULLS LAST,
                                            held.issue_id
                               ) AS place
                          FROM %s record
                          JOIN procurify_record_issue_rel held
                            ON held.record_id = record.id
                      GROUP BY record.connection_id, held.issue_id) ranked
                 WHERE place <= %s
              ORDER BY connection_id, place
                """,
                blocked,
                LARGEST_ISSUES,
            )
        )
        visible = self.env["procurify.issue"].search(
            [("id", "in", [r[1] for r in rows])]
        )
        names = {issue.id: issue.display_name for issue in visible}
        found = {}
        for connection_id, issue_id, blocks, total in rows:
            if issue_id in names:
                connection = self.browse(connection_id)
                issue = {
                    "id": issue_id,
                    "name": names[issue_id],
                    "count": blocks,
                    "amount": connection._money(total or 0),
                }
                found.setdefault(connection_id, []).append(issue)
        return found

    # === IN WORDS === #

    def _money(self, amount):
        """Return an amount in the company's currency, as text."""
        currency = self.company_id.currency_id
        return formatLang(self.env, amount or 0.0, currency_obj=currency)

    @api.model
    def _note_on_amounts(self):
        """Return what a user has to know who may not read the amounts in Odoo."""
        if reads_items(self.env):
            return ""
        return self.env._(
            "You may not read journal items: amounts of bills are Procurify's, at "
            "Odoo's rates, and can differ by cents from what is booked."
        )

    @api.model
    def _month_in_words(self):
        month, now = self._month(), fields.Date.context_today(self).replace(day=1)
        following = month + relativedelta(months=1)
        return {
            "month": f"{month:%Y-%m}",
            "month_name": self._month_name(month),
            "month_end": format_date(
                self._month_end(), locale=babel_locale_parse(get_lang(self.env).code)
            ),
            "previous": f"{month - relativedelta(months=1):%Y-%m}",
            "next": f"{following:%Y-%m}" if following <= now else "",
        }

    def _opens_on(self):
        """Return the month at which the dashboard opens, as 2026-11.

        During the first days of a month it is the one before, which is being closed.
        """
        today = fields.Date.context_today(self)
        is_closing = today.day <= self.sudo().close_days_after
        return f"{today - relativedelta(months=int(is_closing)):%Y-%m}"

    def _figures_in_words(self, rows, currencies):
        """Return each figure with its count, its amount, and the original amounts."""
        labels = self._figure_labels()
        return [
            {
                "name": name,
                "label": labels[name],
                "count": sum(row["document_count"] for row in rows.get(name, ())),
                **self._sum(rows.get(name, ())),
                "originals": self._originals(rows.get(name, ()), currencies),
            }
            for name in FIGURES
        ]

    def _figures_together(self):
        """Return the figures of these connections of one company, added up.

        :returns: as ``_figures_in_words``
        """
        figures = self._figure_rows()
        together = {
            kind: [row for mine in figures.values() for row in mine.get(kind, ())]
            for kind in FIGURES
        }
        return self[:1]._figures_in_words(together, self._currencies_of(figures))

    def _sum(self, rows):
        """Return what the rows add up to, as a number and as text."""
        value = sum(float(row["amount"] or 0) for row in rows)
        value = self.company_id.currency_id.round(value)
        return {"value": value, "amount": self._money(value)}

    def _originals(self, rows, currencies):
        """Return the amounts in the documents' own currencies, if one is foreign."""
        sums = {}
        for row in rows:
            if code := row.get("currency"):
                sums[code] = sums.get(code, 0) + (row["original_amount"] or 0)
        if not sums.keys() - {self.company_id.currency_id.name}:
            return ""
        quads = [(code, 0, amount, None) for code, amount in sums.items()]
        return format_amounts(self.env, quads, currencies)

    @api.model
    def _figure_labels(self):
        return {
            "posted": self.env._("Posted"),
            "draft": self.env._("Draft"),
            "on_hold": self.env._("On hold"),
            "queued": self.env._("Queued"),
            "not_billed": self.env._("Received, no posted bill"),
            "left_out": self.env._("Excluded, ignored or cancelled"),
        }

    def _matrix(self, dimension, rows, names):
        """Return the figures per department or location, the largest first."""
        none = {
            "department": self.env._("No department"),
            "location": self.env._("No location"),
        }
        key = f"{dimension}_id"
        cells = {}
        for kind in _COLUMNS:
            for row in rows.get(f"{kind}/{dimension}", ()):
                place = cells.setdefault(row[key] or 0, {})
                place.setdefault(kind, []).append(row)
        lines = [
            {
                "id": place,
                "label": names.get(place) or none[dimension],
                "cells": [
                    {"name": f"{kind}/{dimension}/{place}"} | self._sum(mine[kind])
                    if kind in mine
                    else None
                    for kind in _COLUMNS
                ],
            }
            for place, mine in cells.items()
        ]
        return sorted(
            lines, key=lambda each: -sum(abs(c["value"]) for c in each["cells"] if c)
        )

    def _ages(self, rows):
        """Return what is open, by state and how old or when due it is."""
        labels = self._figure_labels()
        fields_ = self.env["procurify.share"]._fields
        columns = [
            (name, value, dict(fields_[name]._description_selection(self.env))[value])
            for name, values in (("age", AGES), ("due", DUE))
            for value, _label in values
        ]
        used = {(name, row[name]) for row in rows for name in ("age", "due")}
        columns = [each for each in columns if each[:2] in used]
        return {
            "columns": [{"group": name, "label": label} for name, _v, label in columns],
            "rows": [
                {
                    "label": labels[state],
                    "cells": [
                        self._age_cell(rows, state, name, value)
                        for name, value, _label in columns
                    ],
                }
                for state in OPEN
            ],
        }

    def _age_cell(self, rows, state, name, value):
        mine = [r for r in rows if (r["document_state"], r[name]) == (state, value)]
        if not mine:
            return None
        figure = f"open/document_state/{state}/{name}/{value}"
        count = sum(row["document_count"] for row in mine)
        return {"name": figure, "count": count} | self._sum(mine)

    def _chart(self, rows):
        """Return the bills of the last months by state, for the chart."""
        labels = self._figure_labels()
        months = [
            self._month() - relativedelta(months=back)
            for back in reversed(range(MONTHS))
        ]
        return {
            "labels": [self._month_name(month, "LLL") for month in months],
            "currency": self.company_id.currency_id.name,
            "bars": [
                {
                    "state": state,
                    "label": labels[state],
                    "months": [self._bar(rows, month, state) for month in months],
                }
                for state in _CHART
            ],
        }

    def _bar(self, rows, month, state):
        kind = f"trend/month/{month:%Y-%m}"
        mine = [r for r in rows.get(kind, ()) if r["document_state"] == state]
        return {"name": f"{kind}/document_state/{state}"} | self._sum(mine)

    def _freshness(self, streams):
        """Return when Procurify was read, and when it will be read next, in words."""
        self.ensure_one()
        documents = streams.filtered(lambda stream: stream.resource in DOCUMENTS)
        read = documents.mapped("last_success")
        now = fields.Datetime.now()
        soonest = min((s.next_attempt or now for s in streams), default=now)
        upcoming = max(soonest, self.retry_at or now, now)
        is_read = self.active and self.phase != "paused"
        return {
            # The oldest of the lists counts: the books need all of them.
            "last_read": self._ago(min(read)) if read and all(read) else "",
            "next_read": self._ago(upcoming) if is_read else "",
        }

    @api.model
    def _ago(self, moment):
        """Return «12 minutes ago» or «in 5 minutes», in the user's language."""
        delta = moment - fields.Datetime.now()
        if abs(delta) < timedelta(minutes=1):
            return self.env._("now")
        locale = babel_locale_parse(get_lang(self.env).code)
        return format_timedelta(delta, add_direction=True, locale=locale)

    @api.model
    def _month_name(self, day, pattern="LLLL yyyy"):
        locale = babel_locale_parse(get_lang(self.env).code)
        return format_date(day, pattern, locale=locale)

    # === ACTION METHODS === #

    def action_open_records(self):
        """Return the action that opens this connection's documents.

        The context key ``procurify_states`` names their states; without it, all.
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_record_action"
        )
        states = self.env.context.get("procurify_states")
        domain = Domain("connection_id", "=", self.id) & Domain(
            "resource", "in", DOCUMENTS
        )
        if states:
            domain &= Domain("document_state", "in", states)
        return action | {"domain": list(domain), "context": {}}

    def action_open_dashboard(self):
        """Return the action that opens the list behind a figure of the dashboard, or
        the place where a check of the month end gets done.

        The context key ``procurify_dashboard`` names the figure, or ``check/`` and the
        check; ``procurify_month`` names the month.
        """
        self.ensure_one()
        self.check_access("read")
        name = str(self.env.context.get("procurify_dashboard") or "")
        kind, _slash, rest = name.partition("/")
        if kind == "check":
            return self._open_check(rest)
        return self._open_figure(name)

    def action_open_issue(self):
        """Return the action that opens an issue of the card.

        The context key ``procurify_issue_id`` is its id.
        """
        self.ensure_one()
        self.check_access("read")
        issue_id = int(self.env.context.get("procurify_issue_id") or 0)
        issue = self.env["procurify.issue"].browse(issue_id)
        issue.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": issue._name,
            "res_id": issue.id,
            "views": [(False, "form")],
        }

    # === OPEN SCREENS === #

    def _refresh_screens(self):
        """Let open dashboards and lists of reviewers reload after the commit."""
        group = self.env.ref("procurify_connector.group_user").sudo()
        group._bus_send(CHANGED, {"connection_ids": self.ids})
