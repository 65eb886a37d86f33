"""The dashboard's cards: how many documents are where, and how recent the data is."""

import json
from datetime import timedelta

from babel.dates import format_date, format_timedelta
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, babel_locale_parse
from odoo.tools.misc import get_lang

from ...importers.resource_kinds import DOCUMENTS
from ...tools.amounts import currencies_by_code, format_amounts
from ...tools.document_states import IN_ODOO

_COUNTED_STATES = {
    "pending_count": ("queued",),
    "done_count": IN_ODOO,
    "draft_count": ("draft",),
    "posted_count": ("posted",),
    "held_count": ("on_hold",),
    "excluded_count": ("excluded",),
    "ignored_count": ("ignored",),
}
MONTHS = 6  # of the trend, with the current one
LARGEST_ISSUES = 5  # on a card
# Places of this month's bills, and the states there. A click on a number opens them.
BILLS = {
    "posted": ("posted",),
    "draft": ("draft",),
    "on_hold": ("on_hold",),
    "queued": ("queued",),
    "left_out": ("excluded", "ignored", "cancelled"),
}
CHANGED = "procurify_connector/changed"  # on Odoo's bus


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    pending_count = fields.Integer("Queued", compute="_compute_counts")
    done_count = fields.Integer("Imported", compute="_compute_counts")
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
    dashboard = fields.Text(compute="_compute_dashboard")
    dashboard_graph = fields.Text(compute="_compute_dashboard")

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

    @api.depends_context("lang", "tz", "uid", "allowed_company_ids")
    def _compute_dashboard(self):
        """Compute all cards by a number of queries that does not grow with them."""
        months = self._bills_by_month()
        issues = self._largest_issues()
        streams = self.sudo().stream_ids.filtered("active").grouped("connection_id")
        codes = {row[1] for mine in months.values() for row in mine if row[1]}
        currencies = currencies_by_code(self.env, codes)
        first = self._first_of_month()
        for connection in self:
            mine = months.get(connection.id, [])
            read = streams.get(connection.sudo(), self.env["procurify.stream"])
            connection.dashboard = json.dumps(
                {
                    "month": self._month_name(first),
                    "bills": self._bills_in_words(mine, first, currencies),
                    "issues": issues.get(connection.id, []),
                    **connection._freshness(read),
                }
            )
            connection.dashboard_graph = json.dumps([self._trend(mine, first)])

    def _bills_by_month(self):
        """Return {connection id: [(first of month, currency, state, count, sum)]}."""
        since = self._first_of_month() - relativedelta(months=MONTHS - 1)
        groups = self.env["procurify.record"]._read_group(
            Domain("connection_id", "in", self.ids)
            & Domain("resource", "=", "bill")
            & Domain("remote_date", ">=", since),
            [
                "connection_id",
                "remote_date:month",
                "remote_currency",
                "document_state",
            ],
            ["__count", "remote_amount:sum"],
        )
        months = {}
        for connection, *row in groups:
            months.setdefault(connection.id, []).append(row)
        return months

    def _largest_issues(self):
        """Return {connection id: [{"id", "name", "count"}]}, the largest first."""
        records = self.env["procurify.record"]
        blocked = records._search(
            [("connection_id", "in", self.ids), ("resource", "in", DOCUMENTS)]
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT connection_id, issue_id, blocks
                  FROM (SELECT record.connection_id,
                               held.issue_id,
                               count(*) AS blocks,
                               row_number() OVER (
                                   PARTITION BY record.connection_id
                                   ORDER BY count(*) DESC, held.issue_id
                               ) AS place
                          FROM procurify_record record
                          JOIN procurify_record_issue_rel held
                            ON held.record_id = record.id
                         WHERE record.id IN %s
                      GROUP BY record.connection_id, held.issue_id) ranked
                 WHERE place <= %s
              ORDER BY connection_id, place
                """,
                blocked.subselect(),
                LARGEST_ISSUES,
            )
        )
        visible = self.env["procurify.issue"].search(
            [("id", "in", [issue_id for _connection, issue_id, _blocks in rows])]
        )
        names = {issue.id: issue.display_name for issue in visible}
        found = {}
        for connection_id, issue_id, blocks in rows:
            if issue_id in names:
                issue = {"id": issue_id, "name": names[issue_id], "count": blocks}
                found.setdefault(connection_id, []).append(issue)
        return found

    # === IN WORDS === #

    @api.model
    def _bills_in_words(self, rows, first, currencies):
        """Return one line for each place of this month's bills."""
        labels = self._bill_labels()
        lines = []
        for name, states in BILLS.items():
            mine = [row for row in rows if row[0] == first and row[2] in states]
            sums = {}
            for _month, code, _state, count, amount in mine:
                known = sums.get(code, (code, 0, 0.0, None))
                sums[code] = (code, known[1] + count, known[2] + (amount or 0), None)
            lines.append(
                {
                    "name": name,
                    "label": labels[name],
                    "count": sum(row[3] for row in mine),
                    "amount": format_amounts(self.env, sums.values(), currencies),
                }
            )
        return lines

    @api.model
    def _bill_labels(self):
        return {
            "posted": self.env._("Posted"),
            "draft": self.env._("Draft"),
            "on_hold": self.env._("On hold"),
            "queued": self.env._("Queued"),
            "left_out": self.env._("Excluded, ignored or cancelled"),
        }

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
    def _first_of_month(self):
        return fields.Date.context_today(self).replace(day=1)

    @api.model
    def _month_name(self, day, pattern="LLLL yyyy"):
        locale = babel_locale_parse(get_lang(self.env).code)
        return format_date(day, pattern, locale=locale)

    @api.model
    def _trend(self, rows, first):
        """Return the booked bills of the last months, for Odoo's graph."""
        values = []
        for back in reversed(range(MONTHS)):
            month = first - relativedelta(months=back)
            count = sum(
                row[3] for row in rows if row[0] == month and row[2] in BILLS["posted"]
            )
            values.append(
                {
                    "label": self._month_name(month, "LLL"),
                    "value": count,
                    "type": "past" if back else "future",
                }
            )
        return {"key": self.env._("Posted bills"), "title": "", "values": values}

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
        """Return the action that opens the documents behind a number of the card.

        The context key ``procurify_dashboard`` names the number.
        """
        self.ensure_one()
        self.check_access("read")
        name = self.env.context.get("procurify_dashboard")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_record_action"
        )
        return action | {"domain": list(self._dashboard_domain(name)), "context": {}}

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

    def _dashboard_domain(self, name):
        """Return the domain of the documents behind the number ``name`` of a card."""
        mine = Domain("connection_id", "in", self.ids)
        if name not in BILLS:
            return mine & Domain("resource", "in", DOCUMENTS)
        first = self._first_of_month()
        return (
            mine
            & Domain("resource", "=", "bill")
            & Domain("document_state", "in", BILLS[name])
            & Domain("remote_date", ">=", first)
            & Domain("remote_date", "<", first + relativedelta(months=1))
        )

    # === OPEN SCREENS === #

    def _refresh_screens(self):
        """Let open dashboards and lists of reviewers reload after the commit."""
        group = self.env.ref("procurify_connector.group_user").sudo()
        group._bus_send(CHANGED, {"connection_ids": self.ids})
