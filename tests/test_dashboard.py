"""Every number on the dashboard is that of the list behind it."""

import json

from odoo import fields
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.models.connection import dashboard

from .common import SharedCommon

SCENARIOS = (
    *["plain"] * 4,
    *["unknown_account"] * 2,
    "unknown_department",
    "expense",
)


@tagged("post_install", "-at_install", "procurify")
class TestDashboard(SharedCommon):
    @classmethod
    def _make(cls):
        for scenario in SCENARIOS:
            cls.dataset.add_bill(scenario)

    def setUp(self):
        super().setUp()
        # This month has some of each.
        today = fields.Date.context_today(self.connection)
        bills = self._records("bill").sudo()
        bills.remote_date = today
        done = bills.filtered(lambda record: record.state == "done")
        old, new, posted, *_others = done
        old.remote_date = "2020-01-31"
        new.state = "pending"
        self.env["account.move"].browse(posted.res_id).action_post()

    def test_totals_equal_the_lists_behind_them(self):
        records = self.env["procurify.record"]
        for field, states in (
            ("posted_count", ["posted"]),
            ("draft_count", ["draft"]),
            ("held_count", ["on_hold"]),
            ("pending_count", ["queued"]),
            ("excluded_count", ["excluded"]),
            ("ignored_count", ["ignored"]),
        ):
            action = self.connection.with_context(
                procurify_states=states
            ).action_open_records()

            self.assertEqual(
                self.connection[field], records.search_count(action["domain"]), field
            )

    def test_issues_count_the_documents_affected(self):
        for shown in self._card()["issues"]:
            action = self.env["procurify.issue"].browse(shown["id"])
            domain = action.action_open_records()["domain"]
            count = self.env["procurify.record"].search_count(domain)
            self.assertEqual(shown["count"], count, shown["name"])

    def test_clicked_issue_is_opened(self):
        (first, *_others) = self._card()["issues"]

        action = self.connection.with_context(
            procurify_issue_id=first["id"]
        ).action_open_issue()

        self.assertEqual(action["res_id"], first["id"])

    def test_queries_do_not_grow_with_the_cards(self):
        one = self._queries(self.connection)
        others = self.connection | self.connection.create(
            [
                {
                    "name": f"Another {number}",
                    "company_id": self.company.id,
                    "base_url": "https://another.example",
                    "user_id": self.env.uid,
                }
                for number in range(5)
            ]
        )

        self.assertLessEqual(self._queries(others), one)

    def test_what_was_never_read_is_said(self):
        self.connection.stream_ids.sudo().last_success = False

        self.assertEqual(self._card()["last_read"], "")

    def test_paused_connection_has_no_next_time(self):
        self.connection.action_pause()

        self.assertEqual(self._card()["next_read"], "")

    def test_reviewer_of_another_company_counts_nothing(self):
        other = self.env["res.company"].create({"name": "Another company"})
        reviewer = new_test_user(
            self.env,
            "elsewhere",
            groups="procurify_connector.group_user",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        connection = self.connection.with_user(reviewer)

        self.assertFalse(connection.search([]))
        figures = connection._figure_rows().values()
        self.assertFalse([rows for kinds in figures for rows in kinds.values() if rows])
        self.assertFalse(connection._largest_issues())

    def test_screens_are_notified_once_per_batch(self):
        self.env.cr.precommit.run()
        before = self._messages()
        self._records("bill").sudo()._requeue()

        self._run_cron("ir_cron_import")

        self.env.cr.precommit.run()
        self.assertLessEqual(self._messages() - before, 2)
        self.assertGreater(self._messages(), before)

    def _card(self):
        self.env.flush_all()
        self.connection.invalidate_recordset()
        return json.loads(self.connection.dashboard)

    def _queries(self, connections):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        connections.mapped("dashboard")
        return self.env.cr.sql_log_count - before

    def _messages(self):
        return (
            self.env["bus.bus"]
            .sudo()
            .search_count([("message", "like", dashboard.CHANGED)])
        )
