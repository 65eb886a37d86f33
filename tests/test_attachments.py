"""Files of documents: attached once, in their own time, and without the token."""

import resource
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.fetching.files import clean_name
from odoo.addons.procurify_connector.fetching.tenant import stored_token
from odoo.addons.procurify_connector.models.attachment import download

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestAttachments(ProcurifyCommon):
    master_data_ready = True

    # === WHAT IS ATTACHED === #

    def test_file_of_a_bill_is_attached_to_the_odoo_bill(self):
        bill_id = self._bill_with_file(name="INV-1.pdf", content=b"%PDF-1.4 one")

        self._download()

        attachment = self._attached(bill_id)
        self.assertRecordValues(
            attachment,
            [
                {
                    "name": "INV-1.pdf",
                    "raw": b"%PDF-1.4 one",
                    "mimetype": "application/pdf",
                    "create_uid": self.connection.user_id.id,
                }
            ],
        )
        self.assertEqual(self._move(bill_id).message_main_attachment_id, attachment)

    def test_file_of_an_order_is_attached_to_the_odoo_order(self):
        order_id = self.dataset.add_order()
        self.dataset.add_attachment(order_id=order_id, name="quote.pdf")
        self._synchronise()

        self._download()

        record = self._record("purchase_order", order_id)
        self.assertEqual(record.state, "done", record.hold_reason)
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "purchase.order"), ("res_id", "=", record.res_id)]
        )
        self.assertEqual(attachment.name, "quote.pdf")

    def test_document_does_not_wait_for_its_file(self):
        bill_id = self._bill_with_file(missing=True)

        self._download()

        self.assertEqual(self._record("bill", bill_id).state, "done")
        self.assertFalse(self._attached(bill_id))

    def test_revised_bill_does_not_attach_a_file_twice(self):
        bill_id = self._bill_with_file()
        self._download()
        attachment = self._attached(bill_id)

        self.dataset.revise_bill(bill_id, invoice_number="AGAIN")
        self.dataset.add_attachment(
            bill_id, name="copy.pdf", content=attachment.raw, other_host=True
        )
        self._synchronise()
        self._download()

        self.assertEqual(self._attached(bill_id), attachment)
        self.assertEqual(set(self._files().mapped("state")), {"done"})
        self.assertFalse(self.simulator.storage.requests, "its hash was known")

    def test_bill_with_a_new_id_keeps_its_file(self):
        for new_uuid in (False, True):
            with self.subTest(new_uuid=new_uuid):
                bill_id = self._bill_with_file(name=f"{new_uuid}.pdf")
                self._download()
                attachment = self._attached(bill_id)

                bill_id = self.dataset.fix_bill(bill_id, new_uuid=new_uuid)
                self._synchronise()
                self._download()

                self.assertTrue(attachment)
                self.assertEqual(self._attached(bill_id), attachment)

    def test_file_goes_along_when_its_document_is_another_one(self):
        bill_id = self._bill_with_file()
        self._download()
        before, record = self._attached(bill_id), self._record("bill", bill_id)
        other = self._move(bill_id).copy()

        record.sudo().write({"res_id": other.id, "applied_digest": record.digest})
        record.action_replay()
        self._download()

        self.assertEqual(record.res_id, other.id)
        self.assertEqual(self._attached(bill_id).raw, before.raw)
        self.assertNotEqual(self._attached(bill_id), before)
        self.assertTrue(before.exists(), "a booked document keeps its paper")

    def test_file_that_is_attached_by_hand_is_not_attached_again(self):
        bill_id = self._bill_with_file(content=b"%PDF-1.4 paper")
        by_hand = self.env["ir.attachment"].create(
            {
                "name": "scan.pdf",
                "raw": b"%PDF-1.4 paper",
                "res_model": "account.move",
                "res_id": self._move(bill_id).id,
            }
        )

        self._download()

        self.assertEqual(self._attached(bill_id), by_hand)
        self.assertEqual(self._files().attachment_id, by_hand)

    def test_file_that_a_person_removed_stays_away(self):
        bill_id = self._bill_with_file()
        self._download()
        self._attached(bill_id).unlink()

        self.dataset.revise_bill(bill_id, invoice_number="AGAIN")
        self._synchronise()
        self._download()

        self.assertFalse(self._attached(bill_id))

    def test_file_that_left_its_bill_is_not_downloaded(self):
        bill_id = self._bill_with_file(missing=True)
        self._download()
        self.assertTrue(self._files())

        bill = self.dataset.bill(bill_id)
        self.dataset._store(
            replace(bill, attachments=(), modified=self.dataset.stamp())
        )
        self._synchronise()

        self.assertFalse(self._files())

    def test_policy_decides_whether_files_are_imported(self):
        self.connection.attachment_policy = "none"
        bill_id = self._bill_with_file()
        self._download()
        self.assertFalse(self._attached(bill_id))

        self.connection.attachment_policy = "import"
        self._download()

        self.assertTrue(self._attached(bill_id))

    # === WHERE IT COMES FROM === #

    def test_token_never_goes_to_another_host(self):
        stored = self._bill_with_file(other_host=True)
        redirected = self._bill_with_file(redirect=True, name="there.pdf")

        self._download()

        self.assertTrue(self._attached(stored))
        self.assertTrue(self._attached(redirected))
        token = stored_token(self.connection).access_token
        requests = self.simulator.storage.requests
        self.assertEqual(len(requests), 2)
        for request in requests:
            self.assertNotIn("authorization", request.headers)
            self.assertNotIn("cookie", request.headers)
            self.assertNotIn(token, str(request))

    def test_address_that_ran_out_is_asked_for_once_more(self):
        bill_id = self._bill_with_file(other_host=True)
        file = self._files()
        file.sudo().url = file.sudo().url.replace("signature=", "signature=old")
        self.simulator.clear_requests()

        self._download()

        self.assertTrue(self._attached(bill_id))
        details = [r for r in self.simulator.requests if "/ap/bills/" in r.path]
        self.assertEqual(len(details), 1)

    def test_address_is_not_shown_to_reviewers(self):
        self._bill_with_file(other_host=True)
        reviewer = self._reviewer()

        with self.assertRaises(AccessError):
            self._files().with_user(reviewer).read(["url"])

    # === WHAT IS REFUSED === #

    def test_sign_in_page_instead_of_a_file_is_refused(self):
        bill_id = self._bill_with_file()
        self.simulator.faults.add(path="/media/", kind="html", times=None)

        self._download()

        self._assert_failed(bill_id, "web page")

    def test_file_of_another_length_is_refused(self):
        bill_id = self._bill_with_file(declared_length=7)

        self._download()

        self._assert_failed(bill_id, "7 bytes")

    def test_file_with_another_hash_is_refused(self):
        bill_id = self._bill_with_file()
        self._files().sudo().sha1 = "0" * 40

        self._download()

        self._assert_failed(bill_id, "not the one")

    def test_file_that_is_too_large_is_listed(self):
        self.connection.attachment_limit_mb = 1
        for declared in (None, 100):
            with self.subTest(declared=declared):
                bill_id = self._bill_with_file(
                    content=b"%PDF-1.4" + b" " * 2**20, declared_length=declared
                )

                self._download()

                self.assertEqual(self._file(bill_id).state, "too_large")
                self.assertIn("1 MB", self._file(bill_id).error)
                self.assertFalse(self._attached(bill_id))

    def test_larger_limit_and_retry_attach_it(self):
        self.connection.attachment_limit_mb = 1
        bill_id = self._bill_with_file(content=b"%PDF-1.4" + b" " * 2**20)
        self._download()

        self.connection.attachment_limit_mb = 2
        self._files().with_user(self._reviewer()).action_retry()
        self._download()

        self.assertTrue(self._attached(bill_id))

    def test_what_is_said_of_a_file_cannot_hold_up_its_bill(self):
        for number, length in enumerate((-1, 10**12)):
            with self.subTest(length=length):
                bill_id = self._bill_with_file(
                    name=f"{number}" * 3000, declared_length=length
                )

                self._download()

                self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_names_lose_paths_and_what_cannot_be_seen(self):
        for given, wanted in (
            ("../../etc/passwd", "passwd"),
            ("C:\\scans\\bill.pdf", "bill.pdf"),
            ("a\x00b\r\n.pdf", "ab.pdf"),
            ("invoice\u202efdp.exe", "invoicefdp.exe"),
            ("Größe 多.pdf", "Größe 多.pdf"),
            ("..", "attachment"),
            ("", "attachment"),
            ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
        ):
            with self.subTest(given=given):
                self.assertEqual(clean_name(given), wanted)

    # === FAILURES === #

    def test_outage_of_the_storage_delays_no_bill(self):
        bill_id = self._bill_with_file(other_host=True)
        self.simulator.storage.faults.add(path="/", status=503, times=None)
        with self._without_pauses():
            self._download()

        later = self.dataset.add_bill("plain")
        self._synchronise()

        self.assertEqual(self._record("bill", later).state, "done")
        self.assertEqual(self.connection.state, "connected")
        self.assertFalse(self.connection.retry_at)
        self._assert_failed(bill_id, "")
        self.simulator.storage.faults.clear()
        self._download()
        self.assertTrue(self._attached(bill_id))

    def test_host_that_is_down_is_not_asked_for_every_file(self):
        for number in range(6):
            self._bill_with_file(name=f"{number}.pdf", other_host=True)
        self.simulator.storage.faults.add(path="/", status=503, times=None)

        with self._without_pauses():
            self._download()

        limit = download.MAX_FAILURES_IN_A_ROW
        self.assertEqual(len(self._files().filtered("attempts")), limit)

    def test_refused_credentials_blame_no_file(self):
        self._bill_with_file()
        self.simulator.expire_tokens()
        self.simulator.reject_secret = True

        self._download()

        self.assertFalse(self._files().attempts)
        self.assertEqual(self._files().state, "pending")

    def test_missing_file_is_tried_again_less_and_less_often_and_then_no_more(self):
        bill_id = self._bill_with_file(missing=True)
        delays = []
        for _attempt in range(download.MAX_ATTEMPTS - 1):
            self._download()
            delays.append(self._file(bill_id).next_attempt - fields.Datetime.now())
            self.assertFalse(self._scheduled())
        for shorter, longer in zip(delays, delays[1:], strict=False):
            # The clock may go on between an attempt and its measurement.
            self.assertGreater(longer, shorter - timedelta(minutes=1))
        self.assertLessEqual(delays[-1], timedelta(days=1))
        self.assertGreater(delays[0], timedelta(minutes=4))

        self._download()

        self.assertEqual(self._file(bill_id).state, "missing")
        self.assertFalse(self._file(bill_id).next_attempt)

    def test_disk_that_is_full_in_mid_file_fails_only_that_file(self):
        large = self._bill_with_file(name="large.pdf", content=_pages(2 * 2**20))
        small = self._bill_with_file(name="small.pdf", content=_pages(2**10))
        with (
            _no_room_beyond(2**20),
            self.assertLogs("odoo.addons.procurify_connector", "WARNING"),
        ):
            self._download()

        self._assert_failed(large, "File too large")
        self.assertTrue(self._attached(small))

        # There is room again. Half of the file must not stand in its way.
        self._download()

        self.assertEqual(self._attached(large).raw, _pages(2 * 2**20))

    def test_reviewer_retries_a_failed_file(self):
        bill_id = self._bill_with_file(missing=True)
        file = self._files()
        file.sudo().write({"state": "failed", "attempts": 9, "error": "x"})

        file.with_user(self._reviewer()).action_retry()

        self.assertRecordValues(
            file, [{"state": "pending", "attempts": 0, "error": False}]
        )
        self.assertTrue(self._scheduled())
        self.assertEqual(file.record_id, self._record("bill", bill_id))

    def test_only_reviewers_see_and_retry_files(self):
        self._bill_with_file()
        clerk = new_test_user(self.env, "clerk", groups="account.group_account_invoice")

        with self.assertRaises(AccessError):
            self._files().with_user(clerk).action_retry()

    # === HELPERS === #

    def _bill_with_file(self, **file):
        bill_id = self.dataset.add_bill("plain")
        self.dataset.add_attachment(bill_id, **file)
        self._synchronise()
        self.assertEqual(self._record("bill", bill_id).state, "done")
        return bill_id

    def _download(self):
        self._run_cron("ir_cron_attachments")

    def _files(self):
        return self.env["procurify.attachment"].search(
            [("connection_id", "=", self.connection.id)], order="id"
        )

    def _file(self, bill_id):
        record = self._record("bill", bill_id)
        return self._files().filtered(lambda file: file.record_id == record)

    def _attached(self, bill_id):
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", "account.move"),
                ("res_id", "=", self._move(bill_id).id),
            ]
        )

    def _scheduled(self):
        """Return the files that the schedule would download now."""
        files = self.env["procurify.attachment"]
        return files.search(files._due_domain())

    def _assert_failed(self, bill_id, words):
        file = self._file(bill_id)
        self.assertEqual(file.state, "pending")
        self.assertIn(words, file.error)
        self.assertTrue(file.next_attempt)
        self.assertFalse(self._attached(bill_id))
        self.assertEqual(self._record("bill", bill_id).state, "done")

    def _reviewer(self):
        return new_test_user(
            self.env,
            "reviewer",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
        )

    def _without_pauses(self):
        return patch.object(
            type(self.connection), "_client_options", lambda _self: {"max_attempts": 1}
        )


def _pages(size):
    return b"%PDF-1.4".ljust(size)


@contextmanager
def _no_room_beyond(size):
    """Let the system refuse what makes a file larger than ``size`` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
