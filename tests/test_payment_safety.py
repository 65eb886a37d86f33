"""What Procurify pays is not paid a second time in Odoo."""

import runpy
from contextlib import nullcontext
from pathlib import Path

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import ProcurifyCommon

PAID, CONFIRMED, APPROVED, LIMBO = 4, 6, 2, 8
DENIED = 3
SCHEDULED, FAILED = 9, 8


class PaymentCommon(ProcurifyCommon):
    master_data_ready = True

    def _posted(self, status=APPROVED, **params):
        """Post a bill of Procurify in this status; return (its id, the bill)."""
        bill_id = self.dataset.add_bill("plain", status=status, **params)
        self.dataset.revise_bill(bill_id, currency_id=1)
        self._synchronise()
        move = self._move(bill_id)
        move.action_post()
        return bill_id, move

    def _pay(self, moves, **values):
        """Press *Pay* on these bills, and then *Create Payments*."""
        action = moves.action_register_payment()
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        return wizard.create(values).action_create_payments()

    def _rows(self, bill_id):
        return self._record("bill", bill_id).audit_ids.filtered(
            lambda row: row.event == "payment_allowed"
        )


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestPaymentSafety(PaymentCommon):
    def test_bill_that_procurify_pays_says_so_and_cannot_be_paid(self):
        words = {PAID: "is paid", CONFIRMED: "is being paid", LIMBO: "is being paid"}
        for status, text in words.items():
            with self.subTest(status=status):
                bill_id, move = self._posted(status)

                self.assertTrue(self._record("bill", bill_id).remote_paid)
                self.assertTrue(move.procurify_payment_blocked)
                self.assertIn(text, move.procurify_payment_notice)
                with self.assertRaisesRegex(UserError, move.name):
                    self._pay(move)
                self.assertEqual(move.payment_state, "not_paid")
                self.assertFalse(move.matched_payment_ids)

    def test_bill_that_is_only_approved_is_paid_as_ever(self):
        _bill_id, move = self._posted()

        self.assertFalse(move.procurify_payment_blocked)
        self.assertFalse(move.procurify_payment_notice)
        self._pay(move)
        self.assertIn(move.payment_state, ("paid", "in_payment"))

    def test_payment_that_was_made_for_an_approved_bill_counts(self):
        _bill_id, move = self._posted(payment_status=SCHEDULED)
        self.assertTrue(move.procurify_payment_blocked)

        _bill_id, move = self._posted(payment_status=FAILED)
        self.assertFalse(move.procurify_payment_blocked)

    def test_bill_that_is_not_approved_any_more_is_paid_only_if_a_person_keeps_it(self):
        bill_id, move = self._posted()
        self.dataset.set_status(bill_id, DENIED)
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"withdrawn"})

        for payer in (self.env.user, self._payer()):
            with self.assertRaisesRegex(UserError, "no longer approved"):
                self._pay(move.with_user(payer))
        self.assertEqual(move.payment_state, "not_paid")
        record.action_keep_odoo()
        self._pay(move)
        self.assertIn(move.payment_state, ("paid", "in_payment"))

    def test_refund_that_procurify_paid_is_blocked_as_well(self):
        bill_id = self.dataset.add_bill("credit", status=PAID)
        self._synchronise()
        move = self._move(bill_id)
        move.action_post()

        self.assertEqual(move.move_type, "in_refund")
        with self.assertRaises(UserError):
            self._pay(move)

    def test_person_who_allows_the_payment_is_kept(self):
        bill_id, move = self._posted(PAID)
        payer = self._payer()

        move.with_user(payer).action_procurify_allow_payment()

        row = self._rows(bill_id)
        self.assertEqual(row.user_name, payer.name)
        self.assertEqual(row.reason, "Paid")
        self.assertFalse(move.procurify_payment_blocked)
        self.assertIn(payer.name, move.procurify_payment_notice)
        self._pay(move.with_user(payer))
        self.assertIn(move.payment_state, ("paid", "in_payment"))

    def test_who_knows_nothing_of_procurify_is_stopped_as_well(self):
        _bill_id, move = self._posted(PAID)
        move = move.with_user(self._payer())

        self.assertIn("is paid", move.procurify_payment_notice)
        with self.assertRaises(UserError):
            self._pay(move)

    def test_pay_asks_and_takes_the_word_of_the_person(self):
        bill_id, move = self._posted(CONFIRMED)
        action = move.action_register_payment()
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        wizard = wizard.create({})
        self.assertIn(move.name, wizard.procurify_payment_notice)

        wizard.procurify_pay_anyway = True
        wizard.action_create_payments()

        self.assertIn(move.payment_state, ("paid", "in_payment"))
        self.assertEqual(self._rows(bill_id).user_name, self.env.user.name)

    def test_one_of_several_bills_stops_them_all(self):
        _id, paid = self._posted(PAID)
        _id, approved = self._posted()

        with self.assertRaisesRegex(UserError, paid.name) as refused:
            self._pay(paid | approved)

        self.assertNotIn(approved.name, str(refused.exception))
        self.assertEqual(approved.payment_state, "not_paid")

    def test_payment_made_otherwise_for_the_bill_is_refused(self):
        _bill_id, move = self._posted(PAID)
        values = {
            "payment_type": "outbound",
            "partner_type": "supplier",
            "partner_id": move.partner_id.id,
            "amount": move.amount_total,
        }
        payments = self.env["account.payment"]

        with self.assertRaises(UserError):
            payments.create(values | {"invoice_ids": [Command.set(move.ids)]})
        payment = payments.create(values)
        with self.assertRaises(UserError):
            payment.invoice_ids = move

    def test_what_the_bank_says_can_be_matched(self):
        _bill_id, move = self._posted(PAID)
        payment = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "supplier",
                "partner_id": move.partner_id.id,
                "amount": move.amount_total,
            }
        )
        payment.action_post()
        payable = move.line_ids.filtered(
            lambda line: line.account_type == "liability_payable"
        )

        line = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payable.account_id
        )
        move.js_assign_outstanding_line(line.id)

        self.assertIn(move.payment_state, ("paid", "in_payment"))
        self.assertFalse(move.procurify_payment_notice)

    def test_payment_that_was_taken_back_frees_the_bill(self):
        bill_id, move = self._posted(PAID)

        self.dataset.set_status(bill_id, APPROVED)
        self._synchronise()

        self.assertFalse(self._record("bill", bill_id).remote_paid)
        self.assertFalse(move.procurify_payment_blocked)

    def test_permission_ends_when_procurify_says_something_new(self):
        bill_id, move = self._posted(CONFIRMED)
        move.action_procurify_allow_payment()
        self.assertFalse(move.procurify_payment_blocked)

        self.dataset.touch(bill_id)
        self._synchronise()
        self.assertFalse(move.procurify_payment_blocked)
        self.dataset.set_status(bill_id, PAID)
        self._synchronise()

        move.invalidate_recordset()
        self.assertTrue(move.procurify_payment_blocked)

    def test_list_finds_what_procurify_pays(self):
        _id, paid = self._posted(PAID)
        _id, approved = self._posted()
        moves = self.env["account.move"]
        mine = [("id", "in", (paid | approved).ids)]

        for value, found in ((True, paid), (False, approved)):
            domain = [*mine, ("procurify_payment_blocked", "=", value)]
            self.assertEqual(moves.search(domain), found)

    def test_many_bills_are_looked_up_together(self):
        moves = self.env["account.move"].union(
            *(self._posted(PAID)[1] for _number in range(5))
        )
        moves.invalidate_recordset()
        moves.mapped("payment_state")
        self.env["procurify.record"].invalidate_model()

        with self.assertQueryCount(2):
            moves.mapped("procurify_payment_blocked")

    def test_existing_bills_learn_of_their_payment(self):
        bill_id, move = self._posted(PAID)
        record = self._record("bill", bill_id).sudo()
        record.write({"remote_paid": False, "remote_payment": False})
        move.invalidate_recordset()
        self.assertFalse(move.procurify_payment_blocked)

        self._migrate("19.0.1.2.0", "post-payment")

        move.invalidate_recordset()
        self.assertTrue(move.procurify_payment_blocked)

    def _migrate(self, version, name):
        """Run a migration script of the addon, as Odoo does."""
        path = Path(__file__).parents[1] / "migrations" / version / f"{name}.py"
        script = runpy.run_path(str(path))
        self.env.flush_all()
        script["migrate"](self.cr, version)

    def _payer(self):
        return new_test_user(
            self.env,
            "payer",
            name="Pat Payer",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )


@tagged("post_install", "-at_install", "procurify")
class TestPaymentTour(PaymentCommon, HttpCase):
    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_banner_and_pay_are_seen_in_the_browser(self):
        bill_id, move = self._posted(CONFIRMED)

        self.start_tour(
            f"/odoo/action-account.action_move_in_invoice/{move.id}",
            "procurify_pay_asks",
            login=self.env.user.login,
        )

        self.env.invalidate_all()
        self.assertIn(move.payment_state, ("paid", "in_payment"))
        self.assertEqual(self._rows(bill_id).user_name, self.env.user.name)
