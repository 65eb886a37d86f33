"""A remote Odoo whose backup was restored, one that stopped, and one that is away."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.procurify_connector.procurify_odoo.tests import fake

from .remote_case import RemoteCase
from .test_hub import _AMOUNTS, _BILL_THERE, _ORDER_THERE, _SENT

BILLS = 5


@tagged("post_install", "-at_install", "procurify")
class TestRestored(RemoteCase):
    def setUp(self):
        super().setUp()
        self.remote = self._remote()
        self.target = self._ready_target(self.remote)
        self.connection.action_pause()
        self.connection.write({"target_id": self.target.id, "order_policy": "none"})
        self.connection.action_resume()
        for _number in range(BILLS):
            self.dataset.add_bill("plain")
        self._synchronise()
        self.rows = self.env["procurify.dispatch"].sudo().search([], order="id")
        self.assertEqual(len(self.rows), BILLS)
        for day, row in enumerate(self.rows, start=1):
            self._send(row, f"2026-03-0{day} 10:00:00")
        self._run_cron("ir_cron_pull")

    # === RESTORED === #

    def test_a_restored_backup_sends_and_deletes_nothing_until_a_person_says(self):
        lost = self._lose(3)
        moves = self.env["account.move"].browse(self.rows.mapped("res_id"))

        for cron in ("ir_cron_pull", "ir_cron_converge", "ir_cron_pull"):
            self._run_cron(cron)

        self.assertEqual(len(moves.exists()), BILLS)
        self.assertEqual(self.rows.filtered("lost"), lost)
        self.assertEqual(set(lost.mapped("lost")), {"gone"})
        self.assertIn("3 documents", self.target.error_message)
        self.assertEqual(self.target.lost_count, 3)
        self.assertIn("remote_stopped", self._alarm_codes())
        self.assertEqual(len(self.remote.rows["account.move"]), BILLS - 3)

    def test_what_is_sent_again_is_new_there(self):
        lost = self._lose(3)
        lost[0].remote_state = "posted"
        self._run_cron("ir_cron_pull")

        self.target.action_send_again()

        self.assertEqual(lost.mapped("remote_id"), [0, 0, 0])
        self.assertEqual(set(lost.mapped("state")), {"to_send"})
        self.assertEqual(lost.mapped("is_to_post"), [True, False, False])
        self.assertFalse(self.rows.filtered("lost"))
        self.assertFalse(self.target.error_message)
        self.assertNotIn("remote_stopped", self._alarm_codes())
        kept = self.rows - lost
        self._run_cron("ir_cron_pull")
        self.assertEqual(set(kept.mapped("remote_state")), {"draft"})
        with self.assertRaisesRegex(UserError, "Nothing is missing"):
            self.target.action_send_again()

    def test_what_is_taken_for_deleted_is_deleted_here(self):
        lost = self._lose(3)
        moves = self.env["account.move"].browse(lost.mapped("res_id"))
        self._run_cron("ir_cron_pull")

        self.target.action_take_for_deleted()

        self.assertFalse(moves.exists())
        self.assertEqual(set(lost.mapped("remote_state")), {"deleted"})
        self._run_cron("ir_cron_pull")
        self.assertFalse(self.target.error_message)

    def test_few_deletions_are_those_of_people(self):
        older = self.rows[1]
        self._remove(older)

        self._run_cron("ir_cron_pull")

        self.assertEqual(older.remote_state, "deleted")
        self.assertFalse(self.target.error_message)

    def test_one_bill_that_is_older_says_that_a_backup_was_restored(self):
        newest = self.rows[-1]
        self._there(newest)["write_date"] = "2026-03-02 10:00:00"

        self._run_cron("ir_cron_pull")

        self.assertEqual(newest.lost, "older")
        self.assertIn("1 are older", self.target.error_message)

        self.target.action_send_again()
        self.assertTrue(newest.is_due)
        self.assertTrue(newest.is_decided)
        self._run_cron("ir_cron_pull")
        self.assertFalse(self.target.error_message)

    def test_a_vendor_that_is_missing_too_is_sent_again(self):
        vendor = self.rows[:1].copy(
            {
                "res_model": "res.partner",
                "res_id": self.partner_a.id,
                "external_id": "__import__.procurify_vendor",
            }
        )
        vendor.write({"remote_id": 7, "sent_at": fields.Datetime.now()})
        self.target.sudo()._keep_remote_ids("partner", {self.partner_a: 7})
        self._lose(3)
        self._run_cron("ir_cron_pull")
        self.assertEqual(vendor.lost, "gone")

        self.target.action_send_again()

        self.assertFalse(self.target._remote_ids(self.partner_a))
        self.assertFalse(vendor.sent_at)
        self.assertTrue(vendor.is_due)

    def test_a_backup_that_is_replaced_by_the_whole_is_forgotten(self):
        bills, names = self.remote.rows["account.move"], dict(self.remote.external_ids)
        kept = list(bills)
        self._lose(3)
        self._run_cron("ir_cron_pull")
        self.assertTrue(self.target.error_message)

        bills[:] = kept
        self.remote.external_ids = names
        self._run_cron("ir_cron_pull")

        self.assertFalse(self.target.error_message)
        self.assertFalse(self.rows.filtered("lost"))

    def test_an_id_of_another_contact_does_not_rename_the_one_that_is_here(self):
        values = {"company_id": False, "active": True, "type": "contact"}
        number = self.remote.add("res.partner", name="Blank & Sons", **values)
        self._run_cron("ir_cron_mirror")
        partner = self.target._local_record("res.partner", number)
        self.assertEqual(partner.name, "Blank & Sons")

        row = self.remote.rows["res.partner"][-1]
        row |= dict.fromkeys(("create_date", "write_date"), "2026-03-09 10:00:00")
        row["name"] = "Somebody Else"
        self._run_cron("ir_cron_mirror")

        self.assertEqual((partner.name, partner.active), ("Blank & Sons", False))
        other = self.target._local_record("res.partner", number)
        self.assertEqual((other.name, other.active), ("Somebody Else", True))
        self.assertNotEqual(other, partner)

    # === AWAY === #

    def test_a_day_without_an_answer_raises_an_alarm_and_ends_by_itself(self):
        paths = ("/web/version", "/jsonrpc", "/xmlrpc/2/common")
        self.rows[0].is_due = True
        for path in paths:
            self.remote.answers[path] = [fake.web_page(502, "Bad Gateway")]
        begun = fields.Datetime.now()
        for hours in (0, 0.5, 2, 24):
            now = begun + timedelta(hours=hours)
            with patch.object(fields.Datetime, "now", return_value=now):
                for cron in ("ir_cron_mirror", "ir_cron_pull", "ir_cron_converge"):
                    self._run_cron(cron)
                with self.subTest(hours):
                    is_raised = "remote_stopped" in self._alarm_codes()
                    self.assertEqual(is_raised, hours > 1)
        self.assertEqual(self.target.state, "ready")
        self.assertEqual(self.target.failing_since, begun)
        self.assertTrue(self.rows[0].is_due)

        for path in paths:
            del self.remote.answers[path]
        self._run_cron("ir_cron_pull")
        self.assertFalse(self.target.failing_since)
        self.assertNotIn("remote_stopped", self._alarm_codes())

    def test_a_stopped_remote_raises_an_alarm(self):
        self.remote.key = "another"

        self._run_cron("ir_cron_pull")

        self.assertEqual(self.target.state, "stopped")
        self.assertIn("remote_stopped", self._alarm_codes())

    # === HELPERS === #

    def _send(self, row, day):
        amounts = dict.fromkeys(_AMOUNTS, 0.0)
        values = _BILL_THERE | amounts | {"write_date": day}
        number = self.remote.add("account.move", **values)
        self.remote.name_row(row.external_id, "account.move", number)
        row.write({"remote_id": number, "state": "sent", "is_due": False})
        row.write({"remote_state": "draft", "sent_image": _SENT})
        self.env.flush_all()

    def _there(self, row):
        bills = self.remote.rows["account.move"]
        return next(bill for bill in bills if bill["id"] == row.remote_id)

    def _remove(self, row):
        self.remote.rows["account.move"].remove(self._there(row))
        del self.remote.external_ids[row.external_id]

    def _lose(self, count):
        """Let the newest bills be missing in the remote, and return their rows."""
        lost = self.rows[-count:]
        for row in lost:
            self._remove(row)
        return lost

    def _alarm_codes(self):
        return self.connection.sudo()._alarms()[self.connection.sudo()].keys()


ORDERS = 4


@tagged("post_install", "-at_install", "procurify")
class TestRestoredOrders(RemoteCase):
    def setUp(self):
        super().setUp()
        self.remote = self._remote()
        self.target = self._ready_target(self.remote)
        self.connection.action_pause()
        self.connection.write({"target_id": self.target.id, "order_policy": "purchase"})
        self.connection.action_resume()
        for _number in range(ORDERS):
            self.dataset.add_order("plain")
        self._synchronise()
        self.rows = self._dispatches("purchase.order")[-ORDERS:]
        (self._dispatches("purchase.order") - self.rows).unlink()
        for day, row in enumerate(self.rows, start=1):
            values = _ORDER_THERE | {"write_date": f"2026-03-0{day} 10:00:00"}
            number = self.remote.add("purchase.order", **values)
            self.remote.name_row(row.external_id, "purchase.order", number)
            row.write({"remote_id": number, "state": "sent", "is_due": False})
            row.write({"remote_written_at": values["write_date"]})
        self.target.sudo()._order_parcels(self.rows)
        self.lines = self._dispatches("purchase.order.line")
        for number, line in enumerate(self.lines, start=1):
            line.remote_id = number
        self._run_cron("ir_cron_pull")
        self.orders = self.env["purchase.order"].browse(self.rows.mapped("res_id"))

    def test_orders_that_a_backup_does_not_have_are_sent_again(self):
        lost = self.rows[1:]
        for row in lost:
            self.remote.rows["purchase.order"].pop()
            del self.remote.external_ids[row.external_id]

        for cron in ("ir_cron_pull", "ir_cron_converge"):
            self._run_cron(cron)

        self.assertEqual(len(self.orders.exists()), ORDERS)
        self.assertEqual(self.rows.filtered("lost"), lost)
        self.assertIn("3 documents", self.target.error_message)
        self.assertEqual(len(self.remote.rows["purchase.order"]), 1)

        self.target.action_send_again()

        self.assertEqual(set(lost.mapped("remote_id")), {0})
        self.assertEqual(set(lost.mapped("state")), {"to_send"})
        mine = self.rows[0].res_id
        for line in self.lines:
            order = self.env["purchase.order.line"].browse(line.res_id).order_id
            self.assertEqual(bool(line.remote_id), order.id == mine)

    def test_lines_of_an_older_order_are_looked_for_again(self):
        first, *_others = self.lines
        entered = self.lines.filtered(
            lambda line: line.record_id == self.rows[-1].record_id
        )
        self.remote.rows["purchase.order"][-1]["write_date"] = "2026-02-01 10:00:00"

        self._run_cron("ir_cron_pull")

        self.assertEqual(self.rows.filtered("lost"), self.rows[-1])
        self.assertEqual(self.rows[-1].lost, "older")
        entered[0].created_there = "2026-03-01 10:00:00"
        self.target.action_send_again()
        self.assertTrue(self.rows[-1].is_decided)
        self.assertTrue(entered[0].remote_id)
        self.assertFalse(any(entered[1:].mapped("remote_id")))
        self.assertTrue(first.remote_id)

    def test_a_few_orders_that_people_deleted_are_deleted_here(self):
        row = self.rows[0]
        self.remote.rows["purchase.order"].pop(0)
        del self.remote.external_ids[row.external_id]

        self._run_cron("ir_cron_pull")

        self.assertEqual(row.remote_state, "deleted")
        self.assertEqual(len(self.orders.exists()), ORDERS - 1)

    def _dispatches(self, model):
        rows = self.env["procurify.dispatch"].sudo()
        return rows.search([("res_model", "=", model)], order="id")
