"""The nightly check finds what was missed and what was deleted."""

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.procurify_connector.models.stream import nightly_check

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestNightlyCheck(ProcurifyCommon):
    bills = 10

    def setUp(self):
        super().setUp()
        self.connection.nightly_check_days = 0  # the simulated year is not this one
        self.stream = self._stream("bill")

    # === COMPLETENESS === #

    def test_bill_that_the_fetch_missed_is_found(self):
        self._fetch()
        late = self._add_old_bill()
        self._fetch()
        self.assertFalse(self._records("bill", external_id=str(late)))

        self._nightly_check()

        self.assertEqual(self._record("bill", late).state, "pending")
        self.assertEqual(self.stream.findings["date_filter"], "misses_rows")
        self.assertEqual(self.stream.found_count, 1)
        self.assertEqual(self.stream.missing_count, 0)

    def test_bill_that_changed_behind_the_watermark_is_staged_again(self):
        self._fetch()
        bill = self._oldest()
        self.dataset._store(replace(bill, invoice_number="LATE"))
        self._fetch()
        self.assertNotEqual(self._record("bill", bill.id).code, "LATE")

        self._nightly_check()

        self.assertEqual(self._record("bill", bill.id).code, "LATE")

    def test_complete_stage_says_since_when(self):
        self._fetch()

        self._nightly_check()

        self.assertNotIn("misses_rows", (self.stream.findings or {}).values())
        self.assertEqual(self.stream.missing_count, 0)
        self.assertTrue(self.stream.complete_at)
        self.assertFalse(self.stream.found_count)
        self.assertFalse(self.stream.check_started)

    def test_bill_that_is_listed_but_cannot_be_opened_counts_as_missing(self):
        self._fetch()
        late = self._add_old_bill()
        for name in (self.dataset.bill(late).uuid.hex, late):
            self.simulator.faults.add(
                path=f"/api/v2/ap/bills/{name}/", status=404, times=None
            )

        self._nightly_check()

        self.assertEqual(self.stream.missing_count, 1)
        self.assertFalse(self.stream.complete_at)

    def test_nothing_that_is_staged_is_written_again(self):
        self._synchronise()
        before = {r.id: (r.digest, r.state, r.imported_at) for r in self._records()}
        self.simulator.clear_requests()

        self._nightly_check()

        after = {r.id: (r.digest, r.state, r.imported_at) for r in self._records()}
        self.assertEqual(after, before)
        self.assertFalse(self._details())

    def test_only_the_chosen_days_are_read(self):
        self._fetch()
        self.connection.nightly_check_days = 30
        self.simulator.clear_requests()

        self._nightly_check()

        [request] = self._requests("/api/v3/ap/bills/")
        since = fields.Datetime.now() - timedelta(days=30)
        asked = request.query["last_modified_datetime_0"]
        self.assertTrue(asked.startswith(since.date().isoformat()))

    # === DELETIONS === #

    def test_deleted_bill_is_noticed_and_goes_to_the_import(self):
        self._synchronise()
        bill = self._oldest()
        self.dataset.delete_bill(bill.id)

        self._nightly_check()

        record = self._record("bill", bill.id)
        self.assertTrue(record.remote_deleted)
        self.assertEqual(record.state, "pending")
        self.assertEqual(self._records(remote_deleted=True), record)
        self.assertEqual(self.stream.deleted_count, 1)

    def test_several_deleted_bills_are_noticed_while_others_can_be_opened(self):
        self._synchronise()
        deleted = [bill.id for bill in self.dataset.bills()[:3]]
        for bill_id in deleted:
            self.dataset.delete_bill(bill_id)

        self._nightly_check()

        records = self._records("bill", remote_deleted=True)
        self.assertEqual({int(r.external_id) for r in records}, set(deleted))

    def test_inactive_bill_counts_as_deleted(self):
        self._synchronise()
        bill = self._oldest()
        self.dataset.delete_bill(bill.id, keep_inactive=True)

        self._nightly_check()

        record = self._record("bill", bill.id)
        self.assertTrue(record.remote_deleted)
        self.assertEqual(record.state, "pending")

    def test_deletion_of_a_bill_on_hold_is_noticed(self):
        bill_id = self.dataset.add_bill("unknown_account")
        self._synchronise()
        self.assertEqual(self._record("bill", bill_id).state, "quarantined")
        self.dataset.delete_bill(bill_id)

        self._nightly_check()

        self.assertTrue(self._record("bill", bill_id).remote_deleted)

    def test_ignored_bill_is_left_alone(self):
        bill_id = self.dataset.add_bill("unknown_account")
        self._synchronise()
        record = self._record("bill", bill_id)
        record.action_ignore()
        self.dataset.delete_bill(bill_id)

        self._nightly_check()

        self.assertEqual(record.state, "ignored")
        self.assertFalse(record.remote_deleted)

    def test_deleted_bill_that_comes_back_is_as_if_it_had_never_gone(self):
        self._synchronise()
        bill = self._oldest()
        self.dataset.delete_bill(bill.id)
        self._nightly_check()
        record = self._record("bill", bill.id)
        self.assertTrue(record.remote_deleted)
        self.dataset._store(bill)

        self._nightly_check()

        self.assertFalse(record.remote_deleted)
        self.assertEqual(record.state, "pending")

    def test_bill_with_a_new_id_is_not_deleted(self):
        for new_uuid in (False, True):
            with self.subTest(new_uuid=new_uuid):
                self._synchronise()
                self.dataset.fix_bill(self._oldest().id, new_uuid=new_uuid)

                self._nightly_check()

                self.assertFalse(self._records(remote_deleted=True))
                self.assertEqual(len(self._records("bill")), self.bills)
                self.assertFalse(self.stream.deleted_count)

    def test_deleted_order_is_noticed_and_an_open_one_is_not(self):
        kept, deleted = self.dataset.add_order(), self.dataset.add_order()
        self._synchronise()
        self.dataset.delete_order(deleted)

        self._nightly_check()

        self.assertTrue(self._record("purchase_order", deleted).remote_deleted)
        self.assertFalse(self._record("purchase_order", kept).remote_deleted)
        self.assertFalse(self._stream("purchase_order").missing_count)

    def test_order_is_open_until_it_is_billed_or_cancelled(self):
        order_id = self.dataset.add_order()
        self._synchronise()
        order = self.env["purchase.order"].browse(
            self._record("purchase_order", order_id).res_id
        )

        self.assertEqual(order._procurify_open_ids(order.ids), set(order.ids))
        order.button_cancel()
        self.assertFalse(order._procurify_open_ids(order.ids))

    def test_old_finished_bill_is_not_asked_for(self):
        self._synchronise()
        self.connection.nightly_check_days = 1
        self.simulator.clear_requests()
        held = len(self._records("bill", state="quarantined"))
        with self._all_settled():
            self._nightly_check()
        self.assertEqual(len(self._details()), held)
        self.simulator.clear_requests()

        self._nightly_check()

        done = len(self._records("bill", state="done"))
        self.assertEqual(len(self._details()), held + done)

    def test_deletion_is_noticed_however_old_an_open_bill_is(self):
        self._synchronise()
        self.connection.nightly_check_days = 1
        self.dataset.add_bill("plain")
        self._synchronise()
        bill = self._oldest()
        self.dataset.delete_bill(bill.id)

        self._nightly_check()

        self.assertTrue(self._record("bill", bill.id).remote_deleted)

    # === WHEN EVERYTHING SEEMS GONE === #

    def test_empty_list_changes_nothing(self):
        self._synchronise()
        for bill in self.dataset.bills():
            self.dataset.delete_bill(bill.id)

        self._nightly_check()

        self._assert_stopped("lists only 0 of the 10")

    def test_list_that_lost_more_than_half_changes_nothing(self):
        self._synchronise()
        for bill in self.dataset.bills()[:6]:
            self.dataset.delete_bill(bill.id)
        self.simulator.clear_requests()

        self._nightly_check()

        self._assert_stopped("lists only 4 of the 10")
        self.assertFalse(self._details())

    def test_nothing_that_can_be_opened_changes_nothing(self):
        self._synchronise()
        for bill in self.dataset.bills()[:2]:
            self.dataset.delete_bill(bill.id)
        self.simulator.faults.add(path="/api/v2/ap/bills/", status=404, times=None)

        self._nightly_check()

        self._assert_stopped("opened none")

    def test_single_open_bill_of_an_empty_list_stays(self):
        self._synchronise()
        self.connection.nightly_check_days = 1
        for bill in self.dataset.bills():
            self.dataset.delete_bill(bill.id)

        self._nightly_check()

        self._assert_stopped("opened none")

    def test_warning_goes_when_the_next_nightly_check_is_well(self):
        self._synchronise()
        self.simulator.faults.add(path="/api/v2/ap/bills/", status=404, times=None)
        self.dataset.delete_bill(self._oldest().id)
        self._nightly_check()
        self._assert_stopped("opened none")
        self.simulator.faults.clear()

        self._nightly_check()

        self.assertFalse(self.stream.warning_message)
        self.assertEqual(len(self._records(remote_deleted=True)), 1)

    # === THE CRON === #

    def test_outage_is_written_and_the_nightly_check_goes_on_after_it(self):
        self._synchronise()
        bill = self._oldest()
        self.dataset.delete_bill(bill.id)
        self.connection.page_size = 3
        self.simulator.faults.add(
            path="/api/v3/ap/bills/", query={"page": "3"}, status=503, times=None
        )
        with self._without_pauses():
            self._nightly_check()

        self.assertIn("does not answer", self.connection.error_message)
        self.assertEqual(self.stream.check_page, 3)
        self.assertFalse(self._records(remote_deleted=True))
        self.simulator.faults.clear()
        self.simulator.clear_requests()
        self._nightly_check()
        pages = [r.query["page"] for r in self._requests("/api/v3/ap/bills/")]
        self.assertNotIn("2", pages)
        self.assertTrue(self._record("bill", bill.id).remote_deleted)

    def test_nightly_check_takes_place_once_a_night(self):
        streams = self.env["procurify.stream"]
        self.assertFalse(streams._nightly_check_due(), "nothing was read yet")
        self._fetch()
        due = streams._nightly_check_due()
        self.assertEqual(due.mapped("resource"), ["purchase_order", "bill"])
        self._nightly_check()

        self.assertFalse(streams._nightly_check_due())
        self.stream.last_nightly_check -= nightly_check.CHECKED_EVERY
        self.assertEqual(streams._nightly_check_due(), self.stream)

    def test_failing_connection_is_not_checked_before_its_next_attempt(self):
        self._fetch()
        self.connection.sudo().retry_at = fields.Datetime.now() + timedelta(minutes=5)

        self.assertFalse(self.env["procurify.stream"]._nightly_check_due())

    def test_button_runs_the_nightly_check_now(self):
        self._fetch()
        self._nightly_check()

        self.stream.action_nightly_check()

        self.assertEqual(self.env["procurify.stream"]._nightly_check_due(), self.stream)

    # === HELPERS === #

    def _nightly_check(self):
        self._run_cron("ir_cron_nightly_check")

    def _assert_stopped(self, words):
        self.assertIn(words, self.stream.warning_message)
        self.assertFalse(self._records(remote_deleted=True))
        self.assertFalse(self._records(state="pending"))
        self.assertFalse(self.stream.check_started)

    def _oldest(self):
        """Return the oldest bill that is, or will be, in Odoo."""
        bills = [bill for bill in self.dataset.bills() if bill.status == 2]
        return min(bills, key=lambda bill: bill.modified)

    def _add_old_bill(self):
        """Add a bill whose stamp lies before what the fetch still looks at."""
        stamps = [bill.modified for bill in self.dataset.bills()]
        before = min(stamps) - timedelta(days=1)
        return self.dataset.add_bill("plain", modified=before)

    def _all_settled(self):
        return patch.object(
            type(self.env["account.move"]),
            "_procurify_open_ids",
            lambda _self, _ids: set(),
        )

    def _without_pauses(self):
        return patch.object(
            type(self.connection), "_client_options", lambda _self: {"max_attempts": 1}
        )

    def _requests(self, path):
        return [r for r in self.simulator.requests if r.path == path]

    def _details(self):
        return [
            r
            for r in self.simulator.requests
            if r.path.startswith("/api/v2/ap/bills/") and r.status == 200
        ]
