"""Reading: windows, watermarks, lists that move, and nothing written twice."""

import json
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.procurify_connector.fetching.tenant import open_client
from odoo.addons.procurify_connector.procurify import RESOURCES

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestFetch(ProcurifyCommon):
    bills = 10

    def test_connection_is_well_with_the_last_page_that_is_committed(self):
        seen = []
        commit = type(self.env["ir.cron"])._commit_progress

        def note(cron, *args, **kwargs):
            connection = self.connection.with_env(cron.env)
            if all(connection.stream_ids.mapped("last_success")):
                seen.append(connection.state)
            return commit(cron, *args, **kwargs)

        with patch.object(type(self.env["ir.cron"]), "_commit_progress", note):
            self._fetch()

        self.assertEqual(set(seen), {"connected"})

    def test_every_connection_has_a_stream_for_every_resource(self):
        self.assertEqual(
            self.connection.stream_ids.mapped("resource"),
            list(RESOURCES),
        )

    def test_payload_is_what_procurify_sent_digit_for_digit(self):
        bill_id = self.dataset.add_bill("many_decimals")
        self._fetch()

        record = self._record("bill", bill_id)
        sent = self._client_detail(bill_id)
        self.assertEqual(record.payload, sent.raw)
        self.assertEqual(json.loads(record.payload)["id"], bill_id)

    def test_second_synchronisation_writes_nothing_to_the_books(self):
        self._synchronise()
        before = self._fingerprint()
        self.simulator.clear_requests()

        self._synchronise()

        self.assertEqual(self._fingerprint(), before)
        details = [
            request
            for request in self.simulator.requests
            if request.path.startswith("/api/v2/ap/bills/")
        ]
        self.assertFalse(details, "an unchanged bill costs no request")

    def test_unchanged_records_are_not_written(self):
        self._synchronise()
        self._age(self._records())
        before = {r.id: r.write_date for r in self._records()}

        self._synchronise()

        self.assertEqual({r.id: r.write_date for r in self._records()}, before)

    def test_watermark_is_the_newest_stamp_that_was_seen(self):
        self._fetch()

        newest = max(bill.modified for bill in self.dataset.bills())
        self.assertEqual(
            self._stream("bill").modified_watermark,
            newest.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0),
        )

    def test_next_window_starts_before_the_watermark(self):
        self._fetch()
        watermark = self._stream("bill").modified_watermark
        self.simulator.clear_requests()

        self._fetch()

        [request] = self._requests("/api/v3/ap/bills/")
        start = datetime.fromisoformat(
            request.query["last_modified_datetime_0"].replace("Z", "+00:00")
        )
        self.assertEqual(start.replace(tzinfo=None), watermark - timedelta(minutes=15))

    def test_late_row_within_the_overlap_is_found(self):
        self._synchronise()
        newest = max(bill.modified for bill in self.dataset.bills())
        late = self.dataset.add_bill("plain", modified=newest - timedelta(minutes=5))

        self._synchronise()

        self.assertEqual(self._record("bill", late).state, "done")

    def test_changed_bill_is_staged_again(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        digest = self._record("bill", bill_id).digest

        self.dataset.revise_bill(bill_id, invoice_number="CHANGED-1")
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertNotEqual(record.digest, digest)
        self.assertEqual(self._move(bill_id).ref, "CHANGED-1")

    def test_row_that_moves_between_pages_is_not_lost(self):
        """Somebody edits a bill of page 2 while page 1 is read."""
        for ignored in (False, True):
            with self.subTest(order_ignored=ignored):
                self.simulator.ignore_order = ignored
                self.connection.page_size = 3
                oldest = min(self.dataset.bills(), key=lambda bill: bill.modified)
                moved = []

                def move(request, bill=oldest, seen=moved):  # pylint: disable=W0102
                    page_two = request.query.get("page") == "2"
                    if request.path == "/api/v3/ap/bills/" and page_two and not seen:
                        seen.append(bill.id)
                        self.dataset.touch(bill.id)

                self.simulator.before_request = move
                self._stream("bill").action_read_again()
                self._synchronise()

                self.assertTrue(moved)
                staged = set(self._records("bill").mapped("external_id"))
                everything = {str(bill.id) for bill in self.dataset.bills()}
                self.assertEqual(staged, everything)
                self.simulator.before_request = lambda request: None

    def test_row_that_is_deleted_while_being_read_hides_no_other(self):
        self.connection.page_size = 3
        newest = max(self.dataset.bills(), key=lambda bill: bill.modified)
        deleted = []

        def delete(request):
            page_two = request.query.get("page") == "2"
            if request.path == "/api/v3/ap/bills/" and page_two and not deleted:
                deleted.append(newest.id)
                self.dataset.delete_bill(newest.id)

        self.simulator.before_request = delete
        self._fetch()

        self.assertTrue(deleted)
        staged = set(self._records("bill").mapped("external_id"))
        everything = {str(bill.id) for bill in self.dataset.bills()}
        self.assertLessEqual(everything, staged)

    def test_detail_is_found_by_uuid_or_by_number(self):
        """Which of them the detail takes is not documented."""
        for name, other in (("uuid", "id"), ("id", "uuid")):
            with self.subTest(only=name):
                bill_id = self.dataset.add_bill("plain")
                bill = self.dataset.bill(bill_id)
                unknown = bill.uuid.hex if other == "uuid" else str(bill.id)
                self.simulator.faults.add(
                    path=f"/api/v2/ap/bills/{unknown}/", status=404, times=None
                )

                self._synchronise()

                self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_listed_bill_that_cannot_be_opened_is_on_hold(self):
        bill_id = self.dataset.add_bill("plain")
        self._refuse(bill_id)
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"invalid_payload"})
        self.assertEqual(len(self._records("bill")), self.bills + 1)
        self.assertTrue(self._stream("bill").modified_watermark)
        self.simulator.faults.clear()
        self._synchronise()
        self.assertEqual(record.state, "done")

    def test_list_of_which_nothing_can_be_opened_moves_no_watermark(self):
        self.simulator.faults.add(path="/api/v2/ap/bills/", status=404, times=None)
        self._fetch()

        self.assertIn("Superuser", self.connection.error_message)
        self.assertFalse(self._records("bill"))
        self.assertFalse(self._stream("bill").modified_watermark)
        self.simulator.faults.clear()
        self._synchronise()
        self.assertEqual(len(self._records("bill")), self.bills)

    def test_ignored_filter_is_said_and_nothing_breaks(self):
        self._synchronise()
        self.simulator.ignore_filters = True
        before = self._fingerprint()

        self._synchronise()

        self.assertIn("ignored the date filter", self._stream("bill").warning_message)
        self.assertEqual(self._fingerprint(), before)

    def test_page_size_that_the_server_caps_is_accepted(self):
        self.connection.page_size = 500
        self._fetch()

        self.assertEqual(len(self._records("bill")), self.bills)

    def test_inactive_account_codes_are_read_too(self):
        self._fetch()

        self.assertTrue(self._records("account_code", code="6999"))

    def test_bill_that_comes_back_with_another_id_is_the_same_bill(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        move = self._move(bill_id)
        count = self.env["account.move"].search_count([])

        for new_uuid in (False, True):
            with self.subTest(new_uuid=new_uuid):
                bill_id = self.dataset.fix_bill(bill_id, new_uuid=new_uuid)
                self._synchronise()

                record = self._record("bill", bill_id)
                self.assertEqual(record.state, "done")
                self.assertEqual(self._move(bill_id), move)
                self.assertEqual(self.env["account.move"].search_count([]), count)

    def test_stream_that_is_not_due_is_not_read_by_the_schedule(self):
        self._fetch()
        streams = self.env["procurify.stream"]

        self.assertFalse(streams._due())
        self.connection.action_sync_now()
        self.assertEqual(streams._due(), self.connection.stream_ids)
        self._stream("bill").active = False
        self.assertNotIn("bill", streams._due().mapped("resource"))

    def test_failing_connection_is_left_alone_until_its_next_attempt(self):
        self.connection.sudo().retry_at = fields.Datetime.now() + timedelta(minutes=5)
        streams = self.env["procurify.stream"]

        self.assertFalse(streams._due())
        self.connection.sudo().retry_at = fields.Datetime.now() - timedelta(minutes=5)
        self.assertTrue(streams._due())

    def test_queries_of_a_poll_do_not_grow_with_what_is_staged(self):
        for _number in range(20):
            self.dataset.add_bill("plain")
        self._synchronise()
        with self._count_queries() as few:
            self._fetch()
        for _number in range(20):
            self.dataset.add_bill("plain")
        self._synchronise()

        with self._count_queries() as many:
            self._fetch()

        self.assertLessEqual(many.count, few.count + 5)

    # === HELPERS === #

    def _requests(self, path):
        return [r for r in self.simulator.requests if r.path == path]

    def _client_detail(self, bill_id):
        with open_client(self.connection) as client:
            [detail] = client.details(RESOURCES["bill"], [str(bill_id)])
        return detail

    def _fingerprint(self):
        """Count and last write of every business table that the import touches."""
        self.env.flush_all()
        values = {}
        for table in (
            "res_partner",
            "account_account",
            "account_analytic_account",
            "account_move",
            "account_move_line",
            "account_tax",
            "res_currency",
        ):
            [values[table]] = self.env.execute_query(
                SQL(
                    "SELECT count(*), max(write_date), sum(id) FROM %s",
                    SQL.identifier(table),
                )
            )
        return values

    def _count_queries(self):
        return _QueryCount(self.env.cr)

    def test_list_that_may_not_be_read_does_not_keep_the_others_from_it(self):
        self.simulator.faults.add(
            path="/api/v2/purchase_orders/", kind="status", status=403
        )
        self._fetch()

        streams = self.connection.stream_ids
        failing = streams.filtered("error_message")
        self.assertEqual(failing.mapped("resource"), ["purchase_order"])
        self.assertTrue(failing.next_attempt)
        self.assertFalse(self.connection.retry_at)
        self.assertEqual(self.connection.state, "error")
        self.assertEqual(len(self._records("bill")), self.bills)

        self.simulator.faults.clear()
        failing.sudo().next_attempt = False
        self._fetch()
        self.assertEqual(self.connection.state, "connected")


class _QueryCount:
    """Counts the queries of a block."""

    def __init__(self, cr):
        self.cr = cr

    def __enter__(self):
        self.start = self.cr.sql_log_count
        return self

    def __exit__(self, *exception):
        self.count = self.cr.sql_log_count - self.start
