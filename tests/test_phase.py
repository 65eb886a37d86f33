"""A connection that is paused rests; one that is being set up only reads."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestPhase(ProcurifyCommon):
    bills = 4

    def test_new_connection_is_live(self):
        self.assertEqual(self.connection.phase, "live")

    def test_paused_connection_neither_reads_nor_books(self):
        self._fetch()
        self.connection.action_pause()
        asked = len(self.simulator.requests)

        self._fetch()
        self._run_cron("ir_cron_import")
        self._run_cron("ir_cron_nightly_check")
        self._run_cron("ir_cron_attachments")

        self.assertEqual(len(self.simulator.requests), asked)
        self.assertEqual(set(self._records("bill").mapped("state")), {"pending"})

    def test_resumed_connection_goes_on_with_what_came_meanwhile(self):
        self._synchronise()
        self.connection.action_pause()
        bill = self.dataset.add_bill()

        self.connection.action_resume()
        self._synchronise()

        self.assertNotEqual(self._record("bill", bill).state, "pending")

    def test_connection_in_set_up_reads_and_books_nothing(self):
        self.connection._enter_phase("setup")

        self._fetch()
        self._run_cron("ir_cron_import")

        self.assertEqual(len(self._records("bill")), 4)
        self.assertEqual(set(self._records().mapped("state")), {"pending"})
        with self.assertRaisesRegex(UserError, "being set up"):
            self._records("bill").action_replay()
        with self.assertRaisesRegex(UserError, "being set up"):
            self.connection.action_replay_held()

    def test_paused_connection_cannot_be_synchronised(self):
        self.connection.action_pause()

        with self.assertRaisesRegex(UserError, "Resume it first"):
            self.connection.action_sync_now()

    def test_pause_is_said_quietly_and_raises_no_alarm(self):
        self.connection.action_pause()
        self.connection.stream_ids.sudo().write({"last_success": "2020-01-01 00:00:00"})

        (notice,) = self.connection.read_alarms(self.connection.id)

        self.assertEqual((notice["code"], notice["level"]), ("paused", "info"))
        self.assertEqual(self.connection.alarm_count, 0)

    def test_who_paused_is_in_the_audit(self):
        self.connection.action_pause()

        row = self.env["procurify.audit"].search(
            [("connection_ref", "=", self.connection.id)], limit=1
        )
        self.assertEqual(row.event, "policy_changed")
        self.assertEqual(row.after["phase"], "Paused")
        self.assertEqual(row.user_ref, self.env.uid)

    def test_reviewer_may_not_pause(self):
        reviewer = new_test_user(
            self.env, "pausing", groups="procurify_connector.group_user"
        )

        for action in ("action_pause", "action_resume"):
            with self.assertRaises(AccessError):
                getattr(self.connection.with_user(reviewer), action)()
