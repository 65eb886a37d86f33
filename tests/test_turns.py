"""A job that has more to do than time gives the other jobs their turn."""

from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.base.models import ir_cron
from odoo.addons.procurify_connector.models.record import importing

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestTurns(ProcurifyCommon):
    """Here the ten seconds that Odoo gives a job are over at once."""

    bills = 6

    def test_reading_takes_one_step_and_asks_for_another_turn(self):
        self.connection.page_size = 2
        self._take_turn("ir_cron_fetch")

        self.assertEqual(self._staged(), 2)
        self.assertTrue(self._has_trigger("ir_cron_fetch"))

        self._take_turn("ir_cron_fetch")
        self.assertEqual(self._staged(), 4)

    def test_list_without_an_end_leaves_the_other_connections_their_turn(self):
        self.connection.page_size = 1
        other = self._connect(name="The other one")
        other.page_size = 1
        for _turn in range(2):
            self._take_turn("ir_cron_fetch")

        for connection in (self.connection, other):
            domain = [("connection_id", "=", connection.id)]
            staged = self.env["procurify.record"].search_count(domain)
            self.assertEqual(staged, 1, connection.name)

    def test_importing_takes_one_batch_and_asks_for_another_turn(self):
        self._fetch()
        self.patch(importing, "IMPORT_BATCH_SIZE", 2)
        pending = len(self._records(state="pending"))
        self._triggers("ir_cron_import").unlink()
        self._take_turn("ir_cron_import")

        self.assertEqual(len(self._records(state="pending")), pending - 2)
        self.assertTrue(self._has_trigger("ir_cron_import"))

    def test_large_documents_make_small_batches(self):
        self._fetch()
        self.patch(importing, "IMPORT_BATCH_BYTES", 1)
        pending = len(self._records(state="pending"))
        self._take_turn("ir_cron_import")

        self.assertEqual(len(self._records(state="pending")), pending - 1)

    def _take_turn(self, name):
        """Run a job in the way of a cron worker, whose time is over at once."""
        cron = self.env.ref(f"procurify_connector.{name}")
        job = cron.read()[0] | {
            "cron_name": cron.name,
            "user_id": cron.user_id.id,
            "ir_actions_server_id": cron.ir_actions_server_id.id,
            "timed_out_counter": 0,
        }
        with (
            patch.object(ir_cron, "MIN_TIME_PER_JOB", 0),
            self._job_cursor_sees_the_test(),
        ):
            status = self.registry["ir.cron"]._run_job(job)
        self.assertEqual(status, ir_cron.CompletionStatus.FULLY_DONE)

    def _staged(self):
        return len(self._records())

    def _triggers(self, name):
        cron = self.env.ref(f"procurify_connector.{name}")
        return self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])

    def _has_trigger(self, name):
        now = fields.Datetime.now()
        return any(trigger.call_at <= now for trigger in self._triggers(name))
