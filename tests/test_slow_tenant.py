"""A tenant that answers slowly, or asks for fewer requests, is read in small steps."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.procurify_connector.fetching.tenant import open_client
from odoo.addons.procurify_connector.models.stream.reading import PART_ROUNDS

from .common import ProcurifyCommon

DETAILS = "/api/v2/ap/bills/"


@tagged("post_install", "-at_install", "procurify")
class TestSlowTenant(ProcurifyCommon):
    bills = 2 * PART_ROUNDS + 2

    def test_page_is_staged_in_parts_and_goes_on_within(self):
        stream = self._stream("bill")
        self.connection.detail_requests = 1
        with open_client(self.connection) as client:
            self.assertFalse(next(stream._fetch(client)))

        self.assertEqual(len(self._records("bill")), PART_ROUNDS)
        self.assertEqual((stream.scan_page, stream.scan_part), (1, PART_ROUNDS))
        self.assertFalse(stream.modified_watermark)
        self.simulator.clear_requests()

        self._synchronise()

        details = [r for r in self.simulator.requests if r.path.startswith(DETAILS)]
        self.assertEqual(len(details), self.bills - PART_ROUNDS)
        self.assertEqual(len(self._records("bill")), self.bills)
        self.assertFalse(stream.scan_part)
        self.assertTrue(stream.modified_watermark)

    def test_how_far_a_reading_has_come_is_to_be_seen(self):
        stream = self._stream("bill")
        self.connection.page_size = 2
        seen = []
        with open_client(self.connection) as client:
            steps = stream._fetch(client)
            for _step in range(2):
                next(steps)
                seen.append(stream.progress)
        self.assertEqual(
            seen,
            [
                f"Reading page {page} of {self.bills // 2}, {staged} new or changed"
                for page, staged in ((2, 2), (3, 4))
            ],
        )
        self._fetch()
        self.assertFalse(stream.progress)

    def test_page_that_was_staged_in_parts_is_not_taken_for_unchanged(self):
        """The second half of it, which is as it was, must not end the window."""
        self._synchronise()
        stream = self._stream("bill")
        stream.write(
            {
                "modified_watermark": False,
                "scan_pass": 2,
                "scan_page": 1,
                "scan_confirms": True,
                "scan_part": 1,
            }
        )
        self.connection.page_size = 2
        with open_client(self.connection) as client:
            next(stream._fetch(client))

        self.assertEqual(stream.scan_page, 2)
        self.assertFalse(stream.scan_part)

    def test_two_bills_that_cannot_be_opened_do_not_stop_the_others(self):
        self._synchronise()
        refused = [self.dataset.add_bill("plain") for _number in range(2)]
        for bill_id in refused:
            self._refuse(bill_id)
        self._synchronise()

        for bill_id in refused:
            record = self._record("bill", bill_id)
            self.assertEqual(self._codes(record), {"invalid_payload"})

    def test_pause_that_procurify_asks_for_is_no_failure(self):
        self.simulator.faults.add(
            path=DETAILS, status=429, retry_after=3600, times=None
        )
        self._fetch()

        self.assertNotEqual(self.connection.state, "error")
        self.assertFalse(self.connection.error_message)
        pause = self.connection.retry_at - fields.Datetime.now()
        self.assertAlmostEqual(pause, timedelta(hours=1), delta=timedelta(minutes=1))
        self.assertFalse(self.env["procurify.stream"]._due())
        self.assertTrue(
            self.env["ir.cron.trigger"].search_count(
                [
                    ("call_at", "=", self.connection.retry_at),
                    (
                        "cron_id",
                        "=",
                        self.env.ref("procurify_connector.ir_cron_fetch").id,
                    ),
                ]
            )
        )
        self.simulator.faults.clear()
        self._synchronise()
        self.assertFalse(self.connection.retry_at)
        self.assertEqual(len(self._records("bill")), self.bills)
