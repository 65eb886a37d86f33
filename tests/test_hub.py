"""Documents of a connection that books in a remote Odoo, before they are sent."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.procurify_connector.procurify_odoo.tests import fake

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestHub(ProcurifyCommon):
    def setUp(self):
        super().setUp()
        self.remote = fake.FakeOdoo("19.0")
        self.enterContext(self.remote)
        self.remote.currency = self.company.currency_id.name
        self.target = self.env["procurify.target"].create(
            {
                "name": "Books",
                "company_id": self.company.id,
                "url": self.remote.url,
                "database": fake.DATABASE,
                "login": fake.LOGIN,
                "api_key": fake.KEY,
            }
        )
        self.target.action_probe()
        self.connection.action_pause()
        self.connection.write({"target_id": self.target.id, "bill_policy": "posted"})
        self.connection.action_resume()
        self.bill = self.dataset.add_bill("plain")

    # === IMPORT === #

    def test_a_bill_stays_a_draft_here_until_it_is_posted_there(self):
        self._synchronise()

        [dispatch] = self._dispatches()
        self.assertEqual(self._move(self.bill).state, "draft")
        self.assertEqual(dispatch.res_id, self._move(self.bill).id)
        self.assertTrue(dispatch.is_due)
        self.assertTrue(dispatch.is_to_post)
        self.assertRegex(
            dispatch.external_id,
            rf"^__import__\.procurify_127_0_0_1_\d+_\w+_bill_{self.bill}$",
        )

    def test_without_a_remote_odoo_nothing_is_noted(self):
        other = self._connect(name="Here")
        other.base_url = self.simulator.base_url
        self.connection.active = False
        self.connection = other

        self._synchronise()

        self.assertTrue(self._records("bill", state="done"))
        self.assertFalse(self.env["procurify.dispatch"].search([]))

    def test_orders_and_requisitions_are_excluded(self):
        self.dataset.orders()
        self._synchronise()

        for resource, rule in (
            ("purchase_order", "orders_not_imported"),
            ("requisition", "requisitions_not_imported"),
        ):
            rules = set(self._records(resource).mapped("excluded_rule"))
            self.assertLessEqual(rules, {rule})
        self.assertFalse(
            self.env["purchase.order"].search(
                [("id", "in", self._records("purchase_order").mapped("res_id"))]
            )
        )

    # === SHADOWS === #

    def test_people_cannot_change_what_stands_for_a_remote_document(self):
        self._synchronise()
        move = self._move(self.bill)
        line = move.invoice_line_ids[0]
        new = {"name": "More", "price_unit": 1.0, "quantity": 1.0}
        for change in (
            lambda: move.write({"ref": "mine"}),
            lambda: move.write({"invoice_line_ids": [Command.create(new)]}),
            move.action_post,
            move.button_cancel,
            move.unlink,
            lambda: line.write({"price_unit": 7.0}),
            line.unlink,
            lambda: line.copy({"move_id": move.id}),
        ):
            with (
                self.assertRaisesRegex(UserError, "remote Odoo Books"),
                self.env.cr.savepoint(),
            ):
                change()
        move.message_post(body="Seen")
        move.activity_schedule("mail.mail_activity_data_todo", user_id=self.env.uid)

    def test_other_bills_of_the_company_are_free(self):
        self._synchronise()
        mine = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.partner_a.id,
                "invoice_date": "2026-03-01",
                "invoice_line_ids": [Command.create({"name": "x", "price_unit": 5})],
            }
        )
        mine.action_post()
        self.assertEqual(mine.state, "posted")

    # === SENDING === #

    def test_a_record_that_is_not_there_puts_the_bill_on_hold_and_sends_the_vendor(
        self,
    ):
        self._synchronise()

        self._run_cron("ir_cron_converge")

        record = self._record("bill", self.bill)
        self.assertEqual(self._codes(record), {"remote_refused"})
        self.assertIn("is not in the remote Odoo", record.hold_reason)
        [vendor] = self._dispatches("res.partner")
        self.assertEqual(vendor.state, "sent")
        self.assertEqual(len(self.remote.rows["res.partner"]), 1)
        self.assertFalse(self.remote.rows["account.move"])

        record.action_replay()
        self.assertEqual(record.state, "done")
        self._run_cron("ir_cron_converge")
        self.assertEqual(len(self.remote.rows["res.partner"]), 1)
        self.assertEqual(self._codes(record), {"remote_refused"})

    def test_a_remote_that_is_away_changes_nothing_and_is_tried_again(self):
        self._synchronise()
        path = "/web/version"
        for path in ("/web/version", "/jsonrpc", "/xmlrpc/2/common"):
            self.remote.answers[path] = [fake.web_page(502, "Bad Gateway")]

        self._run_cron("ir_cron_converge")
        self._run_cron("ir_cron_pull")

        [dispatch] = self._dispatches()
        self.assertTrue(dispatch.is_due)
        self.assertEqual(dispatch.state, "to_send")
        self.assertEqual(self.target.state, "ready")
        self.assertIn("does not answer", self.target.error_message)

    def test_a_paused_connection_sends_nothing(self):
        self._synchronise()
        self.connection.action_pause()
        self.remote.requests.clear()

        self._run_cron("ir_cron_converge")

        self.assertFalse(self.remote.requests)

    # === HELPERS === #

    def _dispatches(self, model="account.move"):
        return self.env["procurify.dispatch"].search(
            [("target_id", "=", self.target.id), ("res_model", "=", model)]
        )
