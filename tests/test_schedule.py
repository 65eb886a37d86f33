"""Procurify is read when finance wants it: quiet hours, and month end."""

from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestSchedule(ProcurifyCommon):
    def setUp(self):
        super().setUp()
        self.connection.schedule_tz = "Europe/Berlin"

    def test_without_quiet_hours_every_hour_is_read(self):
        for hour in range(24):
            self.assertFalse(self._is_quiet(f"2026-03-10 {hour:02}:00:00"))

    def test_quiet_hours_span_midnight_on_the_wall_clock(self):
        self._quiet(22, 6.5)

        # Berlin is an hour ahead of UTC in winter, two in summer.
        for moment, is_quiet in (
            ("2026-01-10 20:59:59", False),
            ("2026-01-10 21:00:00", True),
            ("2026-01-11 05:29:59", True),
            ("2026-01-11 05:30:00", False),
            ("2026-07-10 19:59:59", False),
            ("2026-07-10 20:00:00", True),
            ("2026-07-11 04:29:59", True),
            ("2026-07-11 04:30:00", False),
        ):
            self.assertEqual(self._is_quiet(moment), is_quiet, moment)

    def test_quiet_hours_are_right_in_the_nights_when_clocks_are_changed(self):
        self._quiet(1, 5)

        for moment, is_quiet in (
            # Forward on 29 March: 2:00 is 3:00.
            ("2026-03-28 23:59:59", False),
            ("2026-03-29 00:00:00", True),
            ("2026-03-29 02:59:59", True),
            ("2026-03-29 03:00:00", False),
            # Back on 25 October: 3:00 is 2:00.
            ("2026-10-24 22:59:59", False),
            ("2026-10-24 23:00:00", True),
            ("2026-10-25 03:59:59", True),
            ("2026-10-25 04:00:00", False),
        ):
            self.assertEqual(self._is_quiet(moment), is_quiet, moment)

    def test_last_quiet_end_is_found_across_a_change_of_clocks(self):
        self._quiet(22, 6)

        for now, ended in (
            ("2026-03-29 12:00:00", "2026-03-29 04:00:00"),
            ("2026-03-29 03:00:00", "2026-03-28 05:00:00"),
            ("2026-10-25 12:00:00", "2026-10-25 05:00:00"),
        ):
            found = self.connection._quiet_ended(self._moment(now))
            self.assertEqual(found, self._moment(ended), now)

    def test_close_is_the_last_and_first_days_of_the_month_there(self):
        self.connection.write(
            {
                "close_days_before": 2,
                "close_days_after": 3,
                "schedule_tz": "Europe/Berlin",
            }
        )

        for moment, is_closing in (
            ("2026-02-26 22:59:59", False),  # 26th in Berlin
            ("2026-02-26 23:00:00", True),  # 27th
            ("2026-03-03 22:59:59", True),
            ("2026-03-03 23:00:00", False),
        ):
            found = self.connection._is_closing(self._moment(moment))
            self.assertEqual(found, is_closing, moment)

    def test_near_month_end_documents_are_read_more_often(self):
        self.connection.write({"close_days_before": 1, "close_interval_minutes": 2})
        bills, vendors = self._stream("bill"), self._stream("vendor")

        with freeze_time("2026-04-30 12:00:00"):
            self.assertEqual(bills._next_attempt(), self._moment("2026-04-30 12:01:30"))
            self.assertEqual(
                vendors._next_attempt(), self._moment("2026-04-30 12:59:30")
            )
        with freeze_time("2026-04-15 12:00:00"):
            self.assertEqual(bills._next_attempt(), self._moment("2026-04-15 12:09:30"))

    def test_close_does_not_wait_for_a_turn_that_was_planned_before_it(self):
        self.connection.write(
            {
                "close_days_before": 1,
                "close_interval_minutes": 2,
                "schedule_tz": "Europe/Berlin",
            }
        )
        bills = self._stream("bill")
        bills.interval_minutes = 600

        with freeze_time("2026-04-29 20:00:00"):
            self.assertEqual(bills._next_attempt(), self._moment("2026-04-29 22:00:00"))

    def test_in_quiet_hours_only_what_somebody_asks_for_is_read(self):
        self._quiet(22, 6)
        streams = self.connection.stream_ids
        streams.sudo().write({"next_attempt": "2026-01-10 20:00:00"})
        mine = [("connection_id", "=", self.connection.id)]

        with freeze_time("2026-01-10 23:00:00"):
            self.assertFalse(streams._due().filtered_domain(mine))
            self.connection.action_sync_now()
            self.assertEqual(streams._due().filtered_domain(mine), streams)

    def test_wanted_silence_raises_no_alarm(self):
        self._quiet(22, 6)
        streams = self.connection.stream_ids
        streams.sudo().write({"last_success": "2026-01-10 20:50:00", "active": True})
        bills = self._stream("bill")

        with freeze_time("2026-01-11 03:00:00"):
            self.assertFalse(self.connection._is_silent(bills))
        with freeze_time("2026-01-11 05:30:00"):  # half an hour after the end
            self.assertFalse(self.connection._is_silent(bills))
        with freeze_time("2026-01-11 06:30:00"):
            self.assertTrue(self.connection._is_silent(bills))

    def test_hours_are_those_of_the_person_who_sets_them(self):
        manager = new_test_user(
            self.env,
            "scheduling",
            groups="procurify_connector.group_manager",
            tz="America/Toronto",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )

        self.connection.with_user(manager).write({"quiet_from": 22, "quiet_to": 6})

        self.assertEqual(self.connection.schedule_tz, "America/Toronto")
        row = self.env["procurify.audit"].search(
            [("connection_ref", "=", self.connection.id)], limit=1
        )
        self.assertEqual(row.after["schedule_tz"], "America/Toronto")

    def test_short_interval_wakes_the_cron_before_its_turn(self):
        cron = self.env.ref("procurify_connector.ir_cron_fetch")
        self._stream("bill").interval_minutes = 2

        self._fetch()

        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertIn(self._stream("bill").next_attempt, triggers.mapped("call_at"))

    def test_schedule_note_says_what_applies_now(self):
        self._quiet(22, 6.5)
        with freeze_time("2026-01-11 03:00:00"):
            self.connection.invalidate_recordset(["schedule_note"])
            self.assertEqual(
                self.connection.schedule_note, "Quiet until 06:30 (Europe/Berlin)."
            )

    def _quiet(self, begin, end):
        self.connection.write(
            {"quiet_from": begin, "quiet_to": end, "schedule_tz": "Europe/Berlin"}
        )

    def _is_quiet(self, moment):
        return self.connection._is_quiet(self._moment(moment))

    def _moment(self, text):
        return self.connection._fields["tested_at"].to_datetime(text)
