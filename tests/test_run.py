"""Each run of a job leaves a row: what it did, what it asked, and why it stopped."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestRun(ProcurifyCommon):
    bills = 3

    def test_reading_and_importing_leave_a_row_each(self):
        self.simulator.clear_requests()
        self._synchronise()

        [reading] = self._runs("fetch")
        imports = self._runs("import")

        self.assertEqual(reading.state, "done")
        self.assertEqual(reading.request_count, len(self.simulator.requests))
        records = self._records()
        lists = records.filtered(lambda r: r.resource in self._lists())
        self.assertEqual(reading.staged_count, len(lists))
        self.assertEqual(set(imports.mapped("state")), {"done"})
        done = records.filtered(lambda record: record.state == "done")
        # Vendors that only documents name are imported with these.
        self.assertLessEqual(sum(imports.mapped("imported_count")), len(done))
        bills = done.filtered(lambda record: record.resource == "bill")
        self.assertGreaterEqual(sum(imports.mapped("imported_count")), len(bills))
        held = records.filtered(lambda record: record.state == "quarantined")
        self.assertGreaterEqual(len(held), imports[:1].held_count)

    def test_requests_say_what_was_asked_and_no_secret(self):
        self._fetch()

        [run] = self._runs("fetch")

        paths = {request["path"] for request in run.requests}
        self.assertTrue(any(path.startswith("/api/") for path in paths), paths)
        self.assertEqual({request["status"] for request in run.requests}, {200})
        self.assertTrue(all(request["request_id"] for request in run.requests))
        self.assertIn(run.requests[-1]["request_id"], run.requests_text)
        for secret in (self.simulator.client_secret, self.simulator.client_id):
            self.assertNotIn(secret, str(run.requests))

    def test_procurify_s_own_id_of_a_request_is_kept_beside_the_web_server_s(self):
        self._fetch()

        [run] = self._runs("fetch")

        asked = run.requests[-1]
        self.assertTrue(asked["procurify_request_id"])
        self.assertNotEqual(asked["procurify_request_id"], asked["request_id"])
        self.assertIn(asked["procurify_request_id"], run.requests_text)

    def test_every_kind_of_run_keeps_procurify_s_own_id_of_a_request(self):
        bill_id = self.dataset.add_bill("plain")
        self.dataset.add_attachment(bill_id, content=b"%PDF-1.4 invoice")
        self._synchronise()
        self._run_cron("ir_cron_nightly_check")
        self._run_cron("ir_cron_attachments")
        self.simulator.faults.add(path="/api/", status=403, times=None)
        self._fetch()

        for kind in ("fetch", "nightly check", "attachments"):
            for run in self._runs(kind):
                with self.subTest(kind=kind, state=run.state):
                    self.assertTrue(run.requests)
                    for asked in run.requests:
                        if asked["path"].startswith("/api/"):
                            self.assertTrue(asked["procurify_request_id"], asked)
        self.assertIn("failed", self._runs("fetch").mapped("state"))

    def test_run_that_fails_says_why_and_how_procurify_calls_the_request(self):
        self.simulator.faults.add(path="/api/", status=403, times=None)

        self._fetch()

        [run] = self._runs("fetch")
        self.assertEqual(run.state, "failed")
        self.assertEqual(run.error_message, self._stream("vendor").error_message)
        self.assertIn(403, {request["status"] for request in run.requests})

    def test_run_of_a_killed_worker_is_closed_by_the_next_one(self):
        runs = self.env["procurify.run"]
        killed = runs._begin(self.connection, "fetch")
        importing = runs._begin(self.connection, "import")

        self._synchronise()

        self.assertEqual(killed.state, "interrupted")
        # Another import job may still be at work on it.
        self.assertEqual(importing.state, "running")
        self._backdate(importing, "write_date", timedelta(hours=2))
        runs._begin(self.connection, "import")
        self.assertEqual(importing.state, "interrupted")

    def test_nothing_to_do_leaves_no_row_of_an_import(self):
        self._run_cron("ir_cron_import")

        self.assertFalse(self._runs("import"))

    def test_old_rows_go(self):
        self._fetch()
        [run] = self._runs("fetch")
        self._backdate(run, "create_date", timedelta(days=31))

        self.env["procurify.run"].sudo()._gc_runs()

        self.assertFalse(run.exists())

    def test_files_are_counted(self):
        bill_id = self.dataset.add_bill("plain")
        self.dataset.add_attachment(bill_id, content=b"%PDF-1.4 invoice")
        self._synchronise()

        self._run_cron("ir_cron_attachments")

        [run] = self._runs("attachments")
        attached = self.env["procurify.attachment"].search_count(
            [("connection_id", "=", self.connection.id), ("state", "=", "done")]
        )
        self.assertGreaterEqual(attached, 1)
        self.assertEqual((run.state, run.file_count), ("done", attached))
        # Anyone who knows its address may open a file.
        self.assertIn("(file)", {request["path"] for request in run.requests})

    def _runs(self, kind):
        return self.env["procurify.run"].search(
            [("connection_id", "=", self.connection.id), ("kind", "=", kind)]
        )

    def _lists(self):
        return self.connection.stream_ids.mapped("resource")

    def _backdate(self, run, column, age):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE procurify_run SET %s = %s WHERE id = %s",
                SQL.identifier(column),
                fields.Datetime.now() - age,
                run.id,
            )
        )
        run.invalidate_recordset()
