"""What is wrong is shown where people look, and notified once."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import config

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestAlarm(ProcurifyCommon):
    def setUp(self):
        super().setUp()
        self.env["procurify.connection"].search(
            [("id", "!=", self.connection.id)]
        ).active = False
        jobs = self.env["ir.cron"]._procurify_jobs("procurify.connection")
        self.crons = self.env["ir.cron"].union(*jobs.values())
        self.crons.write({"nextcall": fields.Datetime.now(), "active": True})
        self.streams = self.connection.stream_ids
        self.streams.sudo().last_success = fields.Datetime.now()

    def test_each_condition_is_shown_notified_once_and_taken_back(self):
        self.assertFalse(self._codes_shown())
        user = new_test_user(self.env, "intruder", "base.group_user")
        user.company_ids |= self.company
        long_ago = fields.Datetime.now() - timedelta(hours=7)
        states = {
            "not_read": (self.streams.sudo(), "last_success", long_ago),
            "stream_off": (self.streams[0].sudo(), "active", False),
            "cron_off": (self.crons[0], "active", False),
            "cron_late": (self.crons[1], "nextcall", long_ago),
            "failing": (self.connection.sudo(), "state", "error"),
            "import_stopped": (self.connection, "user_id", user.id),
            "secret_unreadable": (
                self.connection.sudo(),
                "client_secret_encrypted",
                "of another key",
            ),
        }
        for code, (records, field, bad) in states.items():
            with self.subTest(code=code):
                good = {record: record[field] for record in records}
                records[field] = bad
                if code == "failing":
                    records.error_message = "Procurify refused the secret."

                self.assertEqual(self._codes_shown(), [code])
                for _run in range(2):
                    self.env["procurify.alarm"]._cron_alarm()
                    self._let_it_last()
                self.assertEqual(
                    len(self._activities()), 1, "Notified, and notified once."
                )
                self.assertEqual(self._audited("alarm_raised")[0].after["alarm"], code)

                for record in records:
                    record[field] = good[record]
                self.env.invalidate_all()
                self.env["procurify.alarm"]._cron_alarm()
                self.assertFalse(self._codes_shown())
                self.assertFalse(self._activities())
                self.assertEqual(
                    self._audited("alarm_cleared")[0].before["alarm"], code
                )
        self.assertEqual(len(self._audited("alarm_raised")), len(states))

    def test_what_a_start_of_odoo_corrects_is_notified_to_nobody(self):
        """After a night without Odoo all is late, until the first jobs have run."""
        hours_ago = fields.Datetime.now() - timedelta(hours=7)
        self.streams.sudo().last_success = hours_ago
        self.crons.write({"nextcall": hours_ago})
        self.env["procurify.alarm"]._cron_alarm()
        self.assertEqual(self._codes_shown(), ["not_read", "cron_late"])
        self.assertFalse(self._activities())

        self.crons.write({"nextcall": fields.Datetime.now()})
        self._let_it_last()
        self.env["procurify.alarm"]._cron_alarm()
        self.assertEqual(len(self._activities()), 1, "It is still not read.")

    def test_list_that_is_being_read_is_not_silent(self):
        """The first reading of a large tenant takes many hours."""
        hours_ago = fields.Datetime.now() - timedelta(hours=7)
        self.streams.sudo().write(
            {"last_success": hours_ago, "scan_pass": 1, "scan_page": 3}
        )
        self.env.flush_all()
        self.assertFalse(self._codes_shown())

        self.env.cr.execute(
            "UPDATE procurify_stream SET write_date = write_date - interval '7 hours'"
        )
        self.env.invalidate_all()
        self.assertEqual(self._codes_shown(), ["not_read"])

    def test_what_comes_and_goes_is_notified_once_a_day(self):
        for is_on in (False, True, False):
            self.crons[0].active = is_on
            self.env["procurify.alarm"]._cron_alarm()

        alarm = self.env["procurify.alarm"].search(
            [("connection_id", "=", self.connection.id)]
        )
        self.assertEqual(alarm.mapped("code"), ["cron_off"])
        self.assertFalse(alarm.cleared_at)
        self.assertFalse(self._activities())

        # It stays this time: it is notified again a day later, and then no more.
        alarm.sudo().told_at -= timedelta(days=2)
        for _run in range(2):
            self.env["procurify.alarm"]._cron_alarm()
            self.assertEqual(len(self._activities()), 1)

        self.crons[0].active = True
        self.env["procurify.alarm"]._cron_alarm()
        alarm.sudo().told_at -= timedelta(days=2)
        self.crons[0].active = False
        self.env["procurify.alarm"]._cron_alarm()
        self.assertEqual(len(self._activities()), 1)

    def test_a_dead_cron_is_shown_although_no_cron_runs(self):
        self.crons.active = False

        self.assertEqual(self._codes_shown(), ["cron_off"])
        self.assertFalse(self.env["procurify.alarm"].search([]))

    def test_a_tampered_audit_and_a_broken_key_are_alarms(self):
        self.env["procurify.audit"]._log_records(
            "verification_failed", self.connection, reason="A row is gone."
        )
        with patch.dict(config.options, procurify_encryption_key="no key"):
            self.env.invalidate_all()
            self.assertEqual(self._codes_shown(), ["secret_unreadable", "audit_broken"])

    def test_the_fetch_cron_notifies_as_well(self):
        self.crons[-1].active = False

        self._fetch()

        self.assertEqual(
            self.env["procurify.alarm"].search([]).mapped("code"), ["cron_off"]
        )

    def test_a_reviewer_sees_the_alarms_of_own_companies_only(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.company_ids |= other
        self._connect(company_id=other.id, name="Theirs", user_id=self.env.uid)
        self.crons[0].active = False
        self.env["procurify.alarm"]._cron_alarm()
        reviewer = new_test_user(
            self.env,
            "reviewer",
            "procurify_connector.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        env = self.env(user=reviewer)

        shown = env["procurify.connection"].read_alarms()

        self.assertEqual({alarm["connection"] for alarm in shown}, {"Simulator"})
        stored = env["procurify.alarm"].search([])
        self.assertEqual(stored.connection_id.name, "Simulator")
        self.assertEqual(self.connection.with_user(reviewer).alarm_count, 1)
        nobody = new_test_user(self.env, "nobody", "base.group_user")
        with self.assertRaises(AccessError):
            self.env(user=nobody)["procurify.connection"].read_alarms()

    def test_the_banner_costs_the_same_for_many_connections(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["procurify.connection"].read_alarms()
            return self.env.cr.sql_log_count - before

        queries()
        one = queries()
        for number in range(4):
            self._connect(name=f"Tenant {number}")
        self.assertLessEqual(queries(), one)

    def _codes_shown(self):
        self.env.invalidate_all()
        shown = self.env["procurify.connection"].read_alarms(self.connection.id)
        self.assertTrue(all(alarm["message"] for alarm in shown))
        return [alarm["code"] for alarm in shown]

    def _activities(self):
        self.env.invalidate_all()
        return self.connection.activity_ids

    def _audited(self, event):
        return self.env["procurify.audit"].search(
            [("event", "=", event), ("connection_ref", "=", self.connection.id)],
            order="id desc",
        )

    def _let_it_last(self):
        """Let what is wrong now be wrong for an hour."""
        alarms = self.env["procurify.alarm"].sudo().search([])
        for alarm in alarms:
            alarm.raised_at -= timedelta(hours=1)
