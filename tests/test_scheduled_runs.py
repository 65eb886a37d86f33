"""The schedule itself decides what is read and imported, and when a run goes on.

Each run is one of Odoo's cron worker, which takes a job only when it is ready. «Run
Manually», which reads everything, has its tests elsewhere.
"""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.base.models import ir_cron

from .common import ProcurifyCommon

FETCH = "ir_cron_fetch"
IMPORT = "ir_cron_import"


@tagged("post_install", "-at_install", "procurify")
class TestScheduledRuns(ProcurifyCommon):
    bills = 3

    def setUp(self):
        super().setUp()
        for name in (FETCH, IMPORT):
            self._plan(name, hours=1)
        self.env["ir.cron.trigger"].search([]).unlink()

    # === ON AND OFF === #

    def test_the_first_connection_switches_its_jobs_on_and_the_last_one_off(self):
        jobs, mirror = self._switch_all_off()

        first, second = self._connect(name="First"), self._connect(name="Second")
        self.assertTrue(all(job.active for job in jobs))
        self.assertFalse(mirror.filtered("active"))
        first.unlink()
        self.assertTrue(all(job.active for job in jobs))
        second.active = False
        self.assertTrue(all(job.active for job in jobs), "its audit is still sealed")
        second.unlink()
        self.assertFalse(any(job.active for job in jobs))

    def test_a_job_that_a_person_switched_off_stays_off(self):
        job = self._job(FETCH)
        job.active = False

        self._connect(name="Second")

        self.assertFalse(job.active)

    def test_a_job_is_switched_on_for_its_next_hour_and_is_not_late(self):
        jobs, _mirror = self._switch_all_off()
        jobs.write({"nextcall": "2026-01-05 02:30:00"})

        connection = self._connect(name="First")

        now = fields.Datetime.now()
        for job in jobs:
            self.assertGreater(job.nextcall, now)
            self.assertEqual(job.nextcall.minute % 5, 0)
        night = self._job("ir_cron_nightly_check").nextcall
        self.assertEqual((night.hour, night.minute), (2, 30))
        self.assertLessEqual(night - now, timedelta(days=1))
        self.assertNotIn("cron_late", connection._alarms()[connection])

    def test_a_neutralised_copy_starts_no_job(self):
        jobs, _mirror = self._switch_all_off()
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)

        self._connect(name="First")

        self.assertFalse(any(job.active for job in jobs))

    def test_a_remote_odoo_switches_the_job_on_that_reads_it(self):
        _jobs, mirror = self._switch_all_off()
        target = self.env["procurify.target"].create(
            {
                "name": "There",
                "company_id": self.company.id,
                "url": "https://books.example",
                "database": "books",
                "login": "connector@books.example",
            }
        )
        self.assertEqual(mirror.filtered("active"), mirror)
        target.unlink()
        self.assertFalse(mirror.filtered("active"))

    def _switch_all_off(self):
        """Return the jobs of connections and of remote Odoos, with none of either."""
        self.env["procurify.target"].search([]).unlink()
        self.env["procurify.connection"].with_context(active_test=False).search(
            []
        ).unlink()
        jobs = self.env["ir.cron"]._procurify_jobs("procurify.connection")
        mirror = self.env["ir.cron"]._procurify_jobs("procurify.target")
        jobs = self.env["ir.cron"].union(*jobs.values())
        mirror = self.env["ir.cron"].union(*mirror.values())
        (jobs | mirror).write({"active": False})
        return jobs, mirror

    # === THE JOB === #

    def test_a_job_whose_turn_has_not_come_is_not_run(self):
        self.assertFalse(self._run_if_ready(FETCH))
        self.assertFalse(self._read())

    def test_a_job_whose_turn_has_come_reads_what_was_never_read(self):
        self._plan(FETCH, minutes=-1)

        self.assertTrue(self._run_if_ready(FETCH))

        self.assertEqual(self._read(), set(self._streams().mapped("resource")))
        self.assertFalse(self._run_if_ready(FETCH), "its next turn is to come")

    def test_the_next_turn_is_ten_minutes_later(self):
        self._plan(FETCH, minutes=-1)
        self._run_if_ready(FETCH)

        until = self._job(FETCH).nextcall - fields.Datetime.now()
        self.assertLessEqual(until, timedelta(minutes=10))
        self.assertGreater(until, timedelta(minutes=6))

    def test_what_was_read_calls_the_import_before_its_turn(self):
        self._plan(FETCH, minutes=-1)
        self._run_if_ready(FETCH)
        self.assertTrue(self._records(state="pending"))

        self._until_idle(IMPORT)

        self.assertFalse(self._records(state="pending"))
        self.assertEqual(len(self._records("bill")), self.bills)

    # === WHICH LISTS ARE DUE === #

    def test_only_lists_that_are_due_are_read(self):
        self._later(self._streams(), minutes=5)
        self._later(self._stream("vendor"), minutes=-5)
        self._later(self._stream("currency"), minutes=0)

        self._turn()

        self.assertEqual(self._read(), {"vendor", "currency"})

    def test_a_list_that_was_read_waits_for_its_own_interval(self):
        vendors, bills = self._stream("vendor"), self._stream("bill")
        vendors.interval_minutes, bills.interval_minutes = 60, 20
        self._turn()
        begun = {s: s.next_attempt for s in (vendors, bills)}
        self.assertGreater(begun[vendors], begun[bills])
        self._forget()

        self._turn()
        self.assertFalse(self._read())

        # Half an hour goes by.
        for stream in self._streams():
            stream.next_attempt -= timedelta(minutes=30)
        self._turn()
        self.assertIn("bill", self._read())
        self.assertNotIn("vendor", self._read())

    def test_a_list_that_is_switched_off_is_never_due(self):
        self._stream("vendor").active = False
        self._turn()
        self.assertNotIn("vendor", self._read())
        self.assertIn("bill", self._read())

    def test_a_paused_connection_is_left_alone_until_it_goes_on(self):
        self.connection.action_pause()
        self._turn()
        self.assertFalse(self._read())

        self.connection.action_resume()
        self._turn()
        self.assertIn("bill", self._read())

    def test_in_quiet_hours_nothing_is_due_but_what_somebody_asks_for(self):
        now = fields.Datetime.now()
        self.connection.write(
            {
                "schedule_tz": "UTC",
                "quiet_from": (now.hour - 2) % 24,
                "quiet_to": (now.hour + 2) % 24,
            }
        )
        self._later(self._streams(), minutes=-5)
        self._turn()
        self.assertFalse(self._read())

        self.connection.action_sync_now()
        self.assertTrue(self._run_if_ready(FETCH), "the button calls the job")
        self.assertIn("bill", self._read())

    def test_outside_of_quiet_hours_what_is_due_is_read(self):
        now = fields.Datetime.now()
        self.connection.write(
            {
                "schedule_tz": "UTC",
                "quiet_from": (now.hour + 3) % 24,
                "quiet_to": (now.hour - 3) % 24,
            }
        )
        self._turn()
        self.assertIn("bill", self._read())

    def test_a_pause_that_procurify_asks_for_is_kept(self):
        self.simulator.faults.add(
            path="/api/", status=429, retry_after=3600, times=None
        )
        self._turn()
        self.simulator.faults.clear()
        self.assertGreater(
            self.connection.retry_at, fields.Datetime.now() + timedelta(minutes=50)
        )
        self._forget()

        self._turn()
        self.assertFalse(self.simulator.requests, "it was asked too early")

        self.connection.sudo().retry_at -= timedelta(hours=1, minutes=1)
        self._later(self._streams(), minutes=-1)
        self._turn()
        self.assertIn("bill", self._read())

    # === TIME-OUTS === #

    def test_a_run_whose_time_is_over_goes_on_in_the_next_one(self):
        self._plan(FETCH, minutes=-1)
        with patch.object(ir_cron, "MIN_TIME_PER_JOB", 0):
            self._run_if_ready(FETCH)
            first = self._read()
            self.assertLess(len(first), len(self._streams()), "it had no time for all")
            runs = 1 + self._until_idle(FETCH)

        self.assertEqual(self._read(), set(self._streams().mapped("resource")))
        self.assertGreater(runs, 2)
        states = self.env["procurify.run"].search(
            [("connection_id", "=", self.connection.id), ("kind", "=", "fetch")]
        )
        self.assertEqual(set(states.mapped("state")), {"continued", "done"})

    def test_a_run_that_goes_on_asks_for_no_document_twice(self):
        """Where it goes on, a list's pages are looked through once more."""
        self._plan(FETCH, minutes=-1)
        with patch.object(ir_cron, "MIN_TIME_PER_JOB", 0):
            self._until_idle(FETCH)

        bills = [
            request.path
            for request in self.simulator.requests
            if not request.query and "/ap/bills/" in request.path
        ]
        self.assertEqual(len(bills), self.bills)
        self.assertEqual(len(bills), len(set(bills)))

    def test_an_import_whose_time_is_over_goes_on_until_nothing_is_left(self):
        self._plan(FETCH, minutes=-1)
        self._run_if_ready(FETCH)

        with patch.object(ir_cron, "MIN_TIME_PER_JOB", 0):
            self._until_idle(IMPORT)

        self.assertFalse(self._records(state="pending"))
        booked = self._records("bill").filtered("res_id")
        held = self._records("bill", state="quarantined")
        self.assertEqual(len(booked | held), self.bills)

    # === HELPERS === #

    def _job(self, name):
        return self.env.ref(f"procurify_connector.{name}")

    def _plan(self, name, **offset):
        self._job(name).nextcall = fields.Datetime.now() + timedelta(**offset)

    def _turn(self):
        """Let the fetch job's turn come."""
        self._plan(FETCH, minutes=-1)
        self.assertTrue(self._run_if_ready(FETCH))

    def _run_if_ready(self, name):
        """Do as Odoo's cron worker does; return whether it took the job."""
        job = self._job(name)
        crons = self.env.registry["ir.cron"]
        with self._job_cursor_sees_the_test(), self.registry.cursor() as cr:
            taken = crons._acquire_one_job(cr, job.id)
            if taken:
                crons._process_job(cr, taken)
        self.assertFalse(job.failure_count, f"{name} failed")
        return bool(taken)

    def _until_idle(self, name):
        """Run a job as often as it is ready; return how often that was."""
        for count in range(100):
            if not self._run_if_ready(name):
                return count
        return self.fail(f"{name} is ready forever")

    def _streams(self):
        # What a list remembers of its reading is the system's to write.
        return self.connection.sudo().stream_ids.filtered("active")

    def _later(self, streams, **offset):
        streams.next_attempt = fields.Datetime.now() + timedelta(**offset)

    def _forget(self):
        self.simulator.clear_requests()
        self._streams().last_success = False

    def _read(self):
        """Return the lists that were read since :meth:`_forget`."""
        return set(self._streams().filtered("last_success").mapped("resource"))
