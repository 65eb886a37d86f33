"""Documents of a connection that books in a remote Odoo, before they are sent."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tests import tagged

from odoo.addons.procurify_connector.fetching.remote_odoo import open_remote
from odoo.addons.procurify_connector.importers.issues import Hold
from odoo.addons.procurify_connector.importers.parcel import Parcel
from odoo.addons.procurify_connector.importers.remote_adoption import RemoteAdoption
from odoo.addons.procurify_connector.procurify_odoo import UnknownOutcome
from odoo.addons.procurify_connector.procurify_odoo.bills import Facts, references
from odoo.addons.procurify_connector.procurify_odoo.tests import fake

from .remote_case import RemoteCase
from .test_reconciliation import EVER


@tagged("post_install", "-at_install", "procurify")
class TestHub(RemoteCase):
    def setUp(self):
        super().setUp()
        self.remote = self._remote()
        self.target = self._ready_target(self.remote)
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

    def test_an_order_is_noted_and_people_cannot_change_it_here(self):
        order_id = self.dataset.add_order("plain")
        self._synchronise()

        record = self._record("purchase_order", order_id)
        rows = self._dispatches("purchase.order")
        [row] = rows.filtered(lambda row: row.record_id == record)
        self.assertEqual(row.res_id, record.res_id)
        self.assertTrue(row.is_due)
        self.assertRegex(row.external_id, rf"_purchase_order_{order_id}$")
        order = self.env["purchase.order"].browse(record.res_id)
        line = order.order_line[0]
        for change in (
            lambda: order.write({"origin": "mine"}),
            order.button_cancel,
            order.unlink,
            lambda: line.write({"price_unit": 7.0}),
            lambda: line.copy({"order_id": order.id}),
        ):
            with (
                self.assertRaisesRegex(UserError, "remote Odoo Books"),
                self.env.cr.savepoint(),
            ):
                change()

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
        # A message to a partner needs the token of its link.
        self.assertTrue(move._portal_ensure_token())

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

    def test_a_vendor_that_is_gone_there_is_not_created_again(self):
        self._synchronise()
        self._run_cron("ir_cron_converge")
        [vendor] = self._dispatches("res.partner")
        mirror = self.env["procurify.mirror"].sudo()
        mirror.search([("res_id", "=", vendor.res_id)]).is_gone = True

        self._record("bill", self.bill).action_replay()
        self._run_cron("ir_cron_converge")

        self.assertEqual(vendor.state, "refused")
        self.assertIn("is not in the remote Odoo", vendor.message)
        loads = [call for call in self.remote.calls if call[:2] == _LOAD_VENDOR]
        self.assertEqual(len(loads), 1)

    def test_later_changes_of_a_vendor_are_sent_but_not_over_those_of_people(self):
        self._synchronise()
        self._run_cron("ir_cron_converge")
        [row] = self._dispatches("res.partner")
        [there] = self.remote.rows["res.partner"]
        there["phone"] = "1"
        vendor = row.record_id
        self.dataset.edit_vendor(
            int(vendor.external_id), street="Lakeside 7", phone="2"
        )
        self._age(row)

        self._synchronise()
        self.assertTrue(row.is_due)
        mirror = self.env["procurify.mirror"].sudo()
        mine = Domain("res_id", "=", row.res_id)
        free = mine & mirror._not_to_send(self.target)
        self.assertTrue(mirror.search(mine))
        self.assertFalse(mirror.search(free))
        self._run_cron("ir_cron_converge")

        self.assertEqual((there["street"], there["phone"]), ("Lakeside 7", "1"))
        self.assertEqual((row.state, row.is_due), ("sent", False))
        self.assertTrue(mirror.search(mine & mirror._not_to_send(self.target)))
        self.remote.calls.clear()
        row.sudo().is_due = True
        self._run_cron("ir_cron_converge")
        self.assertNotIn(_LOAD_VENDOR, [c[:2] for c in self.remote.calls])

    def test_changes_of_several_vendors_take_one_call(self):
        for _number in range(8):
            self.dataset.add_bill("plain")
        self._synchronise()
        self._run_cron("ir_cron_converge")
        rows = self._dispatches("res.partner")
        self.assertGreater(len(rows), 2)
        for number, row in enumerate(rows):
            vendor = int(row.record_id.external_id)
            self.dataset.edit_vendor(vendor, street=f"Lakeside {number}")
        self._age(rows)
        self._synchronise()
        self.remote.calls.clear()

        self._run_cron("ir_cron_converge")

        loads = [call for call in self.remote.calls if call[:2] == _LOAD_VENDOR]
        self.assertEqual(len(loads), 1)
        streets = [there["street"] for there in self.remote.rows["res.partner"]]
        self.assertEqual(len({*streets}), len(rows))

    def test_a_refused_change_of_a_vendor_is_said(self):
        self._synchronise()
        self._run_cron("ir_cron_converge")
        [row] = self._dispatches("res.partner")
        self.dataset.edit_vendor(int(row.record_id.external_id), street="Lakeside 7")
        self._synchronise()
        denied = "missing right: read a model (user without accounting)"
        self.remote.faults["res.partner.load"] = [denied]

        self._run_cron("ir_cron_converge")

        self.assertEqual(row.state, "refused")
        self.assertTrue(row.message)

    def test_a_call_without_an_answer_makes_the_next_ones_smaller(self):
        self._synchronise()
        model = type(self.env["procurify.target"])
        lost = UnknownOutcome("The connection broke")
        with patch.object(model, "_converge", side_effect=lost):
            self._run_cron("ir_cron_converge")

        self.assertEqual(self.target.bills_per_call, 50)
        self.target.action_probe()
        self.assertEqual(self.target.bills_per_call, 100)

    def test_a_few_more_than_usual_go_in_the_last_call(self):
        self._synchronise()
        values = {"target_id": self.target.id, "connection_id": self.connection.id}
        self._dispatches().sudo().create(
            [
                {**values, "res_model": "account.move", "res_id": n, "external_id": n}
                for n in range(10**6, 10**6 + 10 - len(self._dispatches()))
            ]
        )
        for usual, taken in ((10, 10), (8, 10), (7, 7), (1, 1)):
            self.target.sudo().bills_per_call = usual
            self.assertEqual(len(self.target._next_due("account.move")), taken)

    def test_an_order_sends_its_vendor_and_product_and_its_bill_waits(self):
        order_id = self.dataset.add_order("plain")
        self._synchronise()

        self._run_cron("ir_cron_converge")

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"remote_refused"})
        self.assertIn("is not in the remote Odoo", record.hold_reason)
        for model in ("res.partner", "product.product"):
            rows = self._dispatches(model)
            self.assertTrue(rows)
            self.assertEqual(set(rows.mapped("state")), {"sent"})
        self.assertFalse(self.remote.rows["purchase.order"])

    def test_what_was_refused_is_tried_again_after_a_change_or_a_day(self):
        self._synchronise()
        self._run_cron("ir_cron_converge")
        [row] = self._dispatches()
        target = self.target.sudo()
        target._retry_refused()
        self.assertTrue(row.is_due)
        for before, moment in ((False, "retried_at"), (True, "mirrored_at")):
            row.sudo().is_due = False
            now = fields.Datetime.now()
            if before:
                target.mirrored_at = now + timedelta(seconds=1)
            target._retry_refused()
            self.assertEqual(row.is_due, before, moment)
        row.sudo().is_due = False
        target.write({"mirrored_at": False, "retried_at": now - timedelta(days=2)})
        target._retry_refused()
        self.assertTrue(row.is_due)

    def test_what_the_remote_has_now_is_no_longer_on_hold_for_its_refusal(self):
        self._synchronise()
        self._run_cron("ir_cron_converge")
        record = self._record("bill", self.bill)
        self.assertEqual(record.state, "quarantined")

        record.sudo()._release_sent()

        self.assertEqual(record.state, "done")
        self.assertFalse(record.issue_ids or record.held_at)

    def test_products_are_created_there_by_policy_only(self):
        self.connection.product_policy = "hold"
        own, other = (
            self.connection.product_id,
            self.env["product.product"].create({"name": "Stapler"}),
        )
        wanted = dict.fromkeys(own | other, self.connection.sudo())
        target = self.target.sudo()

        self.assertTrue(target._expect_products(wanted))
        self.assertEqual(self._dispatches("product.product").mapped("res_id"), own.ids)

        self.connection.product_policy = "create"
        target._expect_products(wanted)
        self.assertEqual(
            set(self._dispatches("product.product").mapped("res_id")),
            {own.id, other.id},
        )

    def test_prices_that_the_remote_cannot_keep_are_ordered_as_one_piece(self):
        for price, digits, expected in (
            ("0.0375", "2", (1.0, 37.5)),
            ("0.0375", "4", (1000.0, 0.0375)),
            ("0.0375", False, (1000.0, 0.0375)),
            ("0.25", "2", (1000.0, 0.25)),
        ):
            with self.subTest(price=price, digits=digits):
                self.target.sudo().price_digits = digits
                order_id = self.dataset.add_order("plain")
                self.dataset.revise_order(order_id, quantity="1000", price=price)
                self._synchronise()
                record = self._record("purchase_order", order_id)
                [line] = self.env["purchase.order"].browse(record.res_id).order_line
                self.assertEqual((line.product_qty, line.price_unit), expected)
                self.assertEqual("1000" in line.name, expected[0] == 1.0)

    def test_a_unit_that_the_remote_does_not_have_is_said_in_the_text(self):
        unit = self.env["uom.uom"].create({"name": "Barrel"})
        for policy in ("product", "create"):
            with self.subTest(policy):
                self.connection.unit_policy = policy
                order_id = self.dataset.add_order("plain")
                self.dataset.revise_order(order_id, unit=f"Barrel {policy}")
                unit.name = f"Barrel {policy}"
                self._synchronise()
                record = self._record("purchase_order", order_id)
                [line] = self.env["purchase.order"].browse(record.res_id).order_line
                self.assertEqual(line.product_uom_id, self.connection.product_id.uom_id)
                self.assertIn(f"(Barrel {policy})", line.name)

    # === CHANGES DURING A COMPARISON === #

    def test_an_import_writes_the_row_also_where_it_is_due_already(self):
        self._synchronise()
        [row] = self._dispatches()
        self._age(row)
        before = row.write_date
        record = self._record("bill", self.bill).sudo()
        record.applied_digest = False
        record._requeue()

        self._import()

        row.invalidate_recordset()
        self.assertTrue(row.is_due)
        self.assertGreater(row.write_date, before)

    def test_a_decision_does_not_count_for_what_is_paid_or_changed_since(self):
        self._synchronise()
        row = self._sent(state="posted").sudo()
        row.write({"is_decided": True, "decided_on": "2026-03-01 10:00:00"})
        for values, words in (
            ({"payment_state": "not_paid"}, ""),
            ({"payment_state": "paid"}, "is paid or partly paid"),
            ({"write_date": "2026-03-02 10:00:00"}, "It is posted"),
        ):
            there = Facts(1, self.remote.rows["account.move"][0] | values, {})
            with self.subTest(words):
                found = self.target.sudo()._why_not(None, row, there)
                self.assertIn(words, found)
                self.assertEqual(bool(found), bool(words))

    def test_what_was_refused_on_the_way_is_read_again(self):
        self._synchronise()
        row = self._sent(state="draft").sudo()
        parcel = Parcel(row, "sent", self._move(self.bill), refused="Not this one")
        options = self.env["procurify.connection"]._client_options()

        with open_remote(self.target.sudo(), **options) as remote:
            self.target.sudo()._look(remote, [parcel])

        self.assertEqual(parcel.there.values["state"], "draft")

    def test_what_is_archived_there_since_it_was_read_is_not_named_again(self):
        self._synchronise()
        row = self._dispatches().sudo()
        self.remote.add("account.journal", name="Bills")
        self.remote.add("res.partner", name="Blank", active=False)
        self.remote.rows["res.currency"].append({"id": 2, "name": "CHF"})
        target = self.target.sudo()
        options = self.env["procurify.connection"]._client_options()

        def refused(image, sent=None):
            row.sent_image = sent
            parcel = Parcel(row, "to_send", self._move(self.bill), image)
            with open_remote(target, **options) as remote:
                target._refuse_hidden(
                    remote, [parcel], {}, references, lambda *_asked: []
                )
            return parcel.refused

        image = _SENT | {"term": 0, "reverses": 0}
        self.assertRegex(refused(image), r"is archived.*res\.partner")
        self.assertFalse(refused(image, image))
        self.remote.rows["res.partner"].clear()
        self.assertRegex(refused(image, image), r"may not see.*res\.partner")

    def test_nothing_is_sent_to_a_remote_that_was_upgraded(self):
        self._synchronise()
        self.target.sudo().version = "18.0"
        self.remote.calls.clear()

        self._run_cron("ir_cron_converge")

        self.assertEqual(self.target.state, "stopped")
        self.assertIn("upgraded to 19.0", self.target.error_message)
        self.assertFalse(self.remote.calls)

    def test_a_key_that_expires_while_something_is_sent_loses_nothing(self):
        self._synchronise()
        self.remote.faults["res.partner.load"] = ["wrong key"]

        self._run_cron("ir_cron_converge")

        [vendor] = self._dispatches("res.partner")
        self.assertEqual((self.target.state, vendor.state), ("stopped", "sending"))
        self.assertIn("refused the login or the API key", self.target.error_message)

        self.target.action_probe()
        self._run_cron("ir_cron_converge")
        self.assertEqual(vendor.state, "sent")
        self.assertEqual(len(self.remote.rows["res.partner"]), 1)

    def test_a_bill_with_the_id_of_another_one_is_seen_by_its_creation(self):
        self._synchronise()
        row, move = self._sent(), self._move(self.bill)
        self._run_cron("ir_cron_pull")
        self.assertEqual(row.remote_created_at, "2026-03-01 10:00:00")
        self.remote.calls.clear()

        self._run_cron("ir_cron_pull")
        self.assertEqual(
            sorted(call[:2] for call in self.remote.calls),
            [("account.move", "search"), ("account.move", "web_search_read")],
        )
        self.assertTrue(move.exists())

        self.remote.rows["account.move"][-1]["create_date"] = "2026-04-01 10:00:00"
        self._run_cron("ir_cron_pull")
        self.assertFalse(move.exists())

    def test_an_order_that_was_only_created_when_a_run_ended_is_no_persons_draft(self):
        order_id = self.dataset.add_order("plain")
        self._synchronise()
        record = self._record("purchase_order", order_id)
        rows = self._dispatches("purchase.order").sudo()
        [row] = rows.filtered(lambda each: each.record_id == record)
        number = self.remote.add("purchase.order", **_ORDER_THERE)
        self.remote.name_row(row.external_id, "purchase.order", number)
        image = _ORDER | {"state": "purchase"}
        row.write({"state": "sending", "image": image, "remote_id": number})
        options = self.env["procurify.connection"]._client_options()
        target = self.target.sudo()

        with open_remote(target, **options) as remote:
            target._find_interrupted_orders(remote, row, row)

        self.assertEqual(row.sent_image["state"], "draft")

        approved = "2026-03-01 12:00:00"
        there = self.remote.rows["purchase.order"][0]
        there |= {"state": "purchase", "date_approve": "2026-11-30 12:00:00"}
        image = _ORDER | {"state": "purchase", "approved": approved}
        row.image = image
        with open_remote(target, **options) as remote:
            target._find_interrupted_orders(remote, row, row.browse())
        self.assertEqual(row.sent_image["state"], "purchase")
        loaded = [call[2] for call in self.remote.calls if call[1] == "load"]
        self.assertIn([[str(number), approved]], [c["data"] for c in loaded])

    # === WHAT PEOPLE DO THERE === #

    def test_a_hidden_bill_stays_and_a_deleted_one_goes(self):
        self._synchronise()
        row, move = self._sent(), self._move(self.bill)
        self.remote.hidden.add(("account.move", row.remote_id))

        self._run_cron("ir_cron_pull")

        self.assertTrue(move.exists())
        self.assertEqual(row.remote_state, "draft")
        self.assertIn("may not see it", row.message)

        self.remote.rows["account.move"].clear()
        self.remote.external_ids.clear()
        self._run_cron("ir_cron_pull")

        self.assertFalse(move.exists())
        self.assertEqual(row.remote_state, "deleted")

    def test_another_bill_with_the_id_is_not_the_one_that_was_sent(self):
        self._synchronise()
        row, move = (
            self._sent(state="posted", ref="of somebody else"),
            self._move(self.bill),
        )
        self.remote.external_ids.clear()

        self._run_cron("ir_cron_pull")

        self.assertFalse(move.exists())
        self.assertEqual(row.remote_state, "deleted")

    def test_what_cannot_be_deleted_here_does_not_stop_the_others(self):
        self._synchronise()
        row, move = self._sent(), self._move(self.bill)
        self.remote.rows["account.move"].clear()
        self.remote.external_ids.clear()
        model = type(self.env["account.move"])
        with patch.object(model, "unlink", side_effect=UserError("closed")):
            self._run_cron("ir_cron_pull")

        self.assertTrue(move.exists())
        self.assertEqual(row.message, "closed")
        self.assertNotEqual(row.remote_state, "deleted")
        self.assertEqual(self.target.state, "ready")

    def test_posting_resetting_and_cancelling_there_is_followed(self):
        self._synchronise()
        self._sent()
        move = self._move(self.bill)
        for state in ("posted", "draft", "posted", "cancel", "draft"):
            self.remote.rows["account.move"][0]["state"] = state
            with self.subTest(state):
                self._run_cron("ir_cron_pull")
                move.invalidate_recordset()
                self.assertEqual(move.state, state)

    def test_a_remote_that_has_documents_keeps_its_address(self):
        self._synchronise()
        self.target.name = "Renamed"
        self._sent()
        for name, value in (("database", "other"), ("url", "https://b.example")):
            with self.subTest(name), self.assertRaises(ValidationError):
                self.target[name] = value
        self.target.write({"database": self.target.database, "api_key": fake.KEY})

    # === CERTIFICATE === #

    def test_what_is_not_there_yet_does_not_count_as_booked(self):
        self._synchronise()

        line = self._certificate_line()

        self.assertEqual(line.outcome, "pending")
        self.assertEqual(line.odoo_amount, 0.0)
        self.assertEqual(line.document_state, "queued")
        self.assertFalse(line.is_explained)
        self.assertTrue(line.certificate_id.remote_as_of)

    def test_the_certificate_says_what_the_remote_has_now(self):
        self._synchronise()
        total = self._move(self.bill).amount_total
        there = self._sent_as_it_is()
        for values, expected in (
            ({}, ("booked", "draft", total)),
            ({"state": "posted"}, ("booked", "posted", total)),
            ({"amount_total": total + 5}, ("changed", "posted", total + 5)),
            ({"ref": "another"}, ("changed", "posted", total + 5)),
            ({"state": "cancel", "amount_total": total}, ("changed", "cancelled", 0.0)),
        ):
            there |= values
            with self.subTest(values):
                line = self._certificate_line()
                self.assertEqual(
                    (line.outcome, line.document_state, line.odoo_amount), expected
                )
                self.assertEqual(line.is_explained, expected[0] == "booked")
                sums = line.certificate_id.sum_ids.filtered(
                    lambda each: each.resource == "bill"
                )
                for dimension in set(sums.mapped("dimension")):
                    mine = sums.filtered(lambda s, d=dimension: s.dimension == d)
                    found = sum(mine.mapped("odoo_amount"))
                    self.assertAlmostEqual(found, expected[2], 2, dimension)
        self.remote.rows["account.move"].clear()
        self.remote.external_ids.clear()
        line = self._certificate_line()
        self.assertEqual((line.outcome, line.odoo_amount), ("pending", 0.0))

    def test_a_change_there_that_no_total_shows_is_said(self):
        self._synchronise()
        there = self._sent_as_it_is()
        there["ref"] = "another"

        line = self._certificate_line()

        self.assertEqual(line.outcome, "changed")
        self.assertIn("changed in the remote Odoo", line.reason)
        self.assertIn("another", line.reason)

    def test_a_certificate_without_an_answer_is_not_verified(self):
        self._synchronise()
        self._sent_as_it_is()
        self._certificate_line()
        for path in ("/web/version", "/jsonrpc", "/xmlrpc/2/common"):
            self.remote.answers[path] = [fake.web_page(502, "Bad Gateway")]

        line = self._certificate_line()

        certificate = line.certificate_id
        self.assertFalse(certificate.remote_as_of)
        self.assertEqual(certificate.remote_name, "Books 19.0")
        self.assertIn("could not be asked", certificate.findings)
        self.assertNotEqual(certificate.state, "complete")
        self.assertEqual(line.outcome, "booked")

    def _certificate_line(self):
        """Make a certificate, and return its line of the bill."""
        self.env.flush_all()
        certificate = self.env["procurify.certificate"]._certify(self.connection, *EVER)
        self.assertEqual(certificate._tampering(), [])
        return certificate.line_ids.filtered(
            lambda line: line.external_id == str(self.bill) and line.resource == "bill"
        )

    def _sent_as_it_is(self):
        """Let the bill be in the remote with its own total; return its values there."""
        total = self._move(self.bill).amount_total
        row = self._sent(amount_total=total, write_date="2026-03-02 10:00:00")
        row.sudo().sent_image = _SENT | {"total": f"{total:.2f}"}
        return self.remote.rows["account.move"][0]

    # === DRY RUN === #

    def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(self):
        order_id = self.dataset.add_order("plain")
        self._run_cron("ir_cron_fetch")
        self.remote.requests.clear()

        result = self.connection._dry_run()

        self.assertFalse(self.remote.requests)
        self.assertFalse(self.env["procurify.dispatch"].search([]))
        self.assertIn("Books 19.0", result["remote"])
        lines = self.env["procurify.dry.run.line"].search(
            [("dry_run_id", "=", result["dry_run_id"])]
        )
        for resource, number in (("bill", self.bill), ("purchase_order", order_id)):
            [line] = lines.filtered(
                lambda each, resource=resource, number=number: (
                    each.resource == resource
                    and each.record_id.external_id == str(number)
                )
            )
            # The stand-in has no accounts and no units.
            self.assertFalse(line.is_sent)
            self.assertIn("is not in the remote Odoo", line.remote_text)
            self.assertIn("would be created there", line.remote_text)

    def test_a_dry_run_for_a_remote_that_was_never_tested_says_so(self):
        self.target.sudo().write({"version": False, "state": "draft"})
        self._run_cron("ir_cron_fetch")

        result = self.connection._dry_run()

        self.assertIn("unknown until the connection", result["remote"])
        self.assertIn("Books 19.0", result["remote"])
        self.target.action_probe()
        dry_run = self.env["procurify.dry.run"].browse(result["dry_run_id"])
        self.assertIn("unknown", dry_run._progress()["remote"])

    # === ADOPTED === #

    def test_an_adopted_bill_is_tied_and_what_differs_is_a_question(self):
        for ref, is_edited in (("R-1", False), ("R-2", True)):
            with self.subTest(ref=ref):
                row, number = self._rival(ref=ref)
                parcel = self._parcel(row, _SENT | {"external_id": row.external_id})

                self._adopt(row, number).bills([parcel])

                self.assertEqual((row.remote_id, row.adopts_id), (number, 0))
                self.assertEqual(row.is_edited, is_edited)
                self.assertEqual(bool(parcel.conflict), is_edited)
                self.assertEqual(row.created_there, "2026-03-01 10:00:00")

    def test_what_cannot_be_adopted_any_more_is_refused_and_chosen_once(self):
        for change in (
            {"state": "cancel"},
            {"partner_id": [2, "Other"]},
            {"move_type": "in_refund"},
            None,
        ):
            with self.subTest(change=change):
                row, number = self._rival()
                there = self.remote.rows["account.move"]
                if change:
                    there[-1] |= change
                else:
                    there.pop()
                parcel = self._parcel(row, _SENT)

                self._adopt(row, number).bills([parcel])

                self.assertIn("to be adopted", parcel.refused)
                self.assertEqual((row.remote_id, row.adopts_id), (0, 0))

    def test_two_bills_do_not_adopt_the_same_one(self):
        self.dataset.add_bill("plain")
        row, number = self._rival()
        other = self._dispatches().sudo() - row
        parcels = [self._parcel(each, _SENT) for each in (row, other[:1])]
        (row | other).adopts_id = number

        self._adopt(row, number).bills(parcels)

        self.assertEqual([bool(p.refused) for p in parcels], [False, True])

    def test_an_adopted_bill_is_known_by_when_it_was_created(self):
        row, number = self._rival()
        self._adopt(row, number).bills([self._parcel(row, _SENT)])
        row.write({"state": "sent", "is_due": False, "remote_written_at": False})
        move = self._move(self.bill)

        self._run_cron("ir_cron_pull")
        self.assertTrue(move.exists())
        self.remote.hidden.add(("account.move", number))
        self._run_cron("ir_cron_pull")
        self.assertTrue(move.exists())
        self.assertIn("may not see it", row.message)
        self.remote.hidden.clear()
        self.remote.rows["account.move"][-1]["create_date"] = "2026-04-01 10:00:00"
        self._run_cron("ir_cron_pull")
        self.assertFalse(move.exists())

    def test_a_bill_on_hold_for_one_there_can_be_adopted(self):
        self._synchronise()
        record = self._record("bill", self.bill)
        rival = ["remote account.move", 7]
        hold = Hold("duplicate_bill", "bill/1", {"rival": rival, "found": "B"})
        record.sudo()._hold_besides({record.sudo(): [hold]})
        self.assertTrue(record.can_adopt)

        record.action_adopt()

        [row] = self._dispatches()
        self.assertEqual((row.adopts_id, row.is_due), (7, True))
        self.assertEqual(record.state, "done")

    def _rival(self, **values):
        """Let somebody have entered the bill there; return its row and the id there."""
        self._synchronise()
        row = self._dispatches().sudo()[:1]
        row.write({"remote_id": 0, "created_there": False, "is_edited": False})
        amounts = dict.fromkeys(_AMOUNTS, 0.0)
        there = _BILL_THERE | amounts | values
        return row, self.remote.add("account.move", **there)

    def _parcel(self, row, image):
        return Parcel(row, row.state, self.env["account.move"], image)

    def _adopt(self, row, number):
        row.adopts_id = number
        options = self.env["procurify.connection"]._client_options()
        remote = self.enterContext(open_remote(self.target.sudo(), **options))
        return RemoteAdoption(self.target.sudo(), remote)

    # === HELPERS === #

    def _sent(self, **values):
        """Let the bill be in the remote, and return its row."""
        [row] = self._dispatches()
        amounts = dict.fromkeys(_AMOUNTS, 0.0)
        number = self.remote.add("account.move", **_BILL_THERE | amounts | values)
        self.remote.name_row(row.external_id, "account.move", number)
        row.sudo().write(
            {
                "remote_id": number,
                "remote_state": "draft",
                "state": "sent",
                "is_due": False,
                "sent_image": _SENT,
            }
        )
        self.env.flush_all()
        return row

    def _dispatches(self, model="account.move"):
        return self.env["procurify.dispatch"].search(
            [("target_id", "=", self.target.id), ("res_model", "=", model)]
        )


_LOAD_VENDOR = ("res.partner", "load")
_AMOUNTS = ("amount_untaxed", "amount_tax", "amount_total", "amount_total_signed")
_BILL_THERE = {
    "state": "draft",
    "payment_state": "not_paid",
    "name": "BILL/2026/0001",
    "move_type": "in_invoice",
    "partner_id": [1, "Blank"],
    "journal_id": [1, "Bills"],
    "currency_id": [2, "CHF"],
    "ref": "R-1",
    "invoice_date": "2026-03-01",
    "date": "2026-03-01",
}
_ORDER = {
    "partner": 1,
    "currency": 2,
    "origin": "PO-1",
    "term": 0,
    "rate": "",
    "date_order": "2026-03-01 12:00:00",
    "locked": False,
    "approved": "",
    **dict.fromkeys(("untaxed", "tax", "total"), "0"),
    "lines": {},
}
_ORDER_THERE = {
    "state": "draft",
    "name": "P00001",
    "locked": False,
    "create_uid": fake.UID,
    "partner_id": [1, "Blank"],
    "currency_id": [2, "CHF"],
    "origin": "PO-1",
    "date_order": "2026-03-01 12:00:00",
    "currency_rate": 1.0,
    **dict.fromkeys(("payment_term_id", "date_approve"), False),
    **dict.fromkeys(("amount_untaxed", "amount_tax", "amount_total"), 0.0),
}
_SENT = {
    "type": "in_invoice",
    "partner": 1,
    "journal": 1,
    "currency": 2,
    "ref": "R-1",
    "invoice_date": "2026-03-01",
    "date": "2026-03-01",
    "items": [],
    **dict.fromkeys(("untaxed", "tax", "total", "company_total"), "0.00"),
}
