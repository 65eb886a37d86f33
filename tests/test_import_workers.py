"""Several jobs import at the same time, and none of them waits for the fetch to end."""

import time
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tests import tagged

from odoo.addons.base.tests.test_ir_cron import CronMixinCase
from odoo.addons.procurify_connector.fetching.tenant import open_client
from odoo.addons.procurify_connector.models.record import importing
from odoo.addons.procurify_connector.procurify import RESOURCES

from .common import ProcurifyCommon

IMPORT = "procurify_connector.ir_cron_import"
HELPER = "procurify_connector.ir_cron_import_help_2"


@tagged("post_install", "-at_install", "procurify")
class TestImportWorkers(ProcurifyCommon, CronMixinCase):
    master_data_ready = True

    def test_one_job_imports_unless_somebody_wants_more(self):
        self.assertEqual(self.env["ir.cron"]._procurify_import_workers(), 1)
        self.assertFalse(self.env["ir.cron"]._procurify_helpers())

    def test_the_settings_say_how_many_jobs_import_at_the_same_time(self):
        self._want(3)

        helpers = self.env["ir.cron"]._procurify_helpers()
        self.assertEqual(len(helpers), 2)
        self.assertEqual(helpers.mapped("active"), [True, True])
        self.assertEqual(set(helpers.mapped("code")), {"model._cron_help_import()"})
        self.assertEqual(helpers.user_id, self.env.ref(IMPORT).user_id)
        self.assertEqual(self._settings().procurify_import_workers, 3)

    def test_fewer_jobs_rest_and_are_taken_up_again(self):
        self._want(3)
        made = self.env["ir.cron"]._procurify_helpers()

        self._want(1)
        self.assertEqual(made.mapped("active"), [False, False])

        self._want(2)
        self.assertEqual(self.env["ir.cron"]._procurify_helpers(), made)
        self.assertEqual(made.mapped("active"), [True, False])

    def test_no_job_at_all_is_refused(self):
        for count in (0, -1, 1000):
            with self.subTest(count=count), self.assertRaises(ValidationError):
                self._want(count)

    def test_helpers_are_called_when_more_waits_than_one_job_takes_at_once(self):
        self._want(2)
        for _number in range(3):
            self.dataset.add_bill("plain")
        self._fetch()

        with (
            patch.object(importing, "IMPORT_BATCH_SIZE", 2),
            self.capture_triggers(HELPER) as called,
        ):
            self._import()

        self.assertTrue(called.records)

    def test_helpers_rest_while_one_job_is_enough(self):
        self._want(2)
        self.dataset.add_bill("plain")
        self._fetch()

        with self.capture_triggers(HELPER) as called:
            self._import()

        self.assertFalse(called.records)

    def test_a_worker_finds_what_is_behind_the_rows_that_dozens_of_others_hold(self):
        for _number in range(7):
            self.dataset.add_bill("plain")
        self._fetch()
        bills = self._records("bill")
        held = set(bills[:5].ids)
        plain = type(bills).try_lock_for_update

        def lock(records, **options):
            return plain(records.filtered(lambda r: r.id not in held), **options)

        domain = importing._pending(self.connection) & Domain("resource", "=", "bill")
        self.patch(importing, "LOOKED_AT", 2)
        self.patch(importing, "IMPORT_BATCH_SIZE", 1)
        self.patch(type(bills), "try_lock_for_update", lock)

        self.assertEqual(bills._next_todo(domain), bills[5])
        held |= set(bills.ids)
        self.assertFalse(bills._next_todo(domain))

    def test_a_helper_imports_what_waits(self):
        bill_id = self.dataset.add_bill("plain")
        self._fetch()
        self._want(2)

        self._run_cron("ir_cron_import_help_2")

        self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_the_import_is_called_while_the_fetch_goes_on(self):
        self.connection.page_size = 2
        for _number in range(5):
            self.dataset.add_bill("plain")
        stream = self._stream("bill")

        with open_client(self.connection) as client:
            steps = stream._fetch(client)
            with self.capture_triggers(IMPORT) as called:
                next(steps)

        self.assertEqual(stream.scan_pass, 1, "The list was read to its end.")
        self.assertTrue(called.records)

    def test_the_next_details_are_read_while_the_former_are_staged(self):
        self.connection.write({"page_size": 20, "detail_requests": 1})
        for _number in range(12):
            self.dataset.add_bill("plain")
        resource, begun = RESOURCES["bill"], []

        with open_client(self.connection) as client:
            [page] = client.pages(resource)
            parts = [page.objects[n : n + 4] for n in range(0, 12, 4)]
            details = client.details
            client.details = lambda *given: begun.append(1) or details(*given)
            ahead = self._stream("bill")._read_ahead(client, resource, parts)
            rows, found = next(ahead)

            self._wait_until(lambda: len(begun) == 2)
            rest = list(ahead)

        self.assertEqual([d.external_id for d in found], [r.external_id for r in rows])
        self.assertEqual([rows for rows, _details in rest], parts[1:])
        self.assertEqual(len(begun), 3)

    def test_the_next_page_is_read_while_the_former_is_staged(self):
        self.connection.write({"page_size": 12, "detail_requests": 1})
        for _number in range(24):
            self.dataset.add_bill("plain")
        stream = self._stream("bill")

        with open_client(self.connection) as client:
            steps = stream._fetch(client)
            next(steps)

            self.assertEqual(stream.scan_page, 1, "The page is not staged.")
            self._wait_until(lambda: self._pages_asked() == {"1", "2"})
            list(steps)

        self.assertEqual(len(self._records("bill")), 24)

    def test_a_page_without_news_does_not_ask_for_the_next_one(self):
        self.connection.page_size = 12
        for _number in range(24):
            self.dataset.add_bill("plain")
        self._fetch()
        self.simulator.requests.clear()
        stream = self._stream("bill")
        stream.modified_watermark = False

        with open_client(self.connection) as client:
            next(stream._fetch(client))

        self.assertEqual(self._pages_asked(), {"1"})

    def _pages_asked(self):
        asked = [r for r in self.simulator.requests if r.path == "/api/v3/ap/bills/"]
        return {request.query.get("page", "1") for request in asked}

    def test_the_import_is_not_called_where_nothing_changed(self):
        self.dataset.add_bill("plain")
        self._synchronise()
        stream = self._stream("bill")

        with (
            open_client(self.connection) as client,
            self.capture_triggers(IMPORT) as called,
        ):
            list(stream._fetch(client))

        self.assertFalse(called.records)

    def _wait_until(self, happened):
        until = time.monotonic() + 30
        while not happened() and time.monotonic() < until:
            time.sleep(0.01)
        self.assertTrue(happened())

    def _want(self, count):
        self._settings(procurify_import_workers=count).execute()

    def _settings(self, **values):
        return self.env["res.config.settings"].create(values)
