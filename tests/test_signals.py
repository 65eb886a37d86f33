"""What to check before a bill is paid: found for many bills at once, never a block."""

import json
from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, ConcurrencyError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import SQL

from .common import ProcurifyCommon

WITHOUT_TAX = "untaxed"
MODULE = "odoo.addons.procurify_connector.models.procurify_signal"


class SignalCommon(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.today = fields.Date.today()

    def _bill(self, days_ago=0, scenario=WITHOUT_TAX, **params):
        """Add a bill of one line in dollars, and return its id."""
        day = self.today - timedelta(days=days_ago)
        bill_id = self.dataset.add_bill(scenario, invoice_date=day, **params)
        self.dataset.revise_bill(bill_id, currency_id=1)
        while len(self.dataset.bill(bill_id).items) > 1:
            self.dataset.remove_bill_line(bill_id, 1)
        return bill_id

    def _look(self):
        """Synchronise, and let the job decide about all open bills."""
        self._synchronise()
        self._run_cron("ir_cron_signals")
        self.env.invalidate_all()

    def _signals(self, bill_id):
        return self._record("bill", bill_id).signal_ids

    def _signal(self, bill_id, code):
        return self._signals(bill_id).filtered(lambda signal: signal.code == code)

    def _found(self, bill_id):
        return set(self._signals(bill_id).mapped("code"))

    def _vendor_id(self, bill_id):
        return self.dataset.bill(bill_id).vendor_id

    def _pay(self, move, days_ago=0, **values):
        if move.state == "draft":
            move.action_post()
        action = move.action_register_payment()
        wizard = self.env[action["res_model"]].with_context(**action["context"])
        values["payment_date"] = self.today - timedelta(days=days_ago)
        wizard.create(values).action_create_payments()
        self.assertIn(move.payment_state, ("paid", "in_payment", "partial"))

    def _earlier_bill(self):
        """Return the Procurify id of a vendor, and its first bill, in Odoo."""
        bill_id = self._bill(amount="77.10")
        self._synchronise()
        return self._vendor_id(bill_id), self._move(bill_id)

    def _aged_bank(self, partner, number, days, created=None):
        """Return a bank account that was added and changed so many days ago."""
        bank = self._bank(partner, number)
        self._stamp(
            bank,
            create_date=self._ago(days=created or days),
            write_date=self._ago(days=days),
        )
        return bank

    def _stamp(self, rows, **values):
        """Set times that Odoo itself writes."""
        self.env.flush_all()
        for name, instant in values.items():
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id IN %s",
                    SQL.identifier(rows._table),
                    SQL.identifier(name),
                    instant,
                    tuple(rows.ids),
                )
            )
        rows.invalidate_recordset()

    def _ago(self, **delta):
        return fields.Datetime.now() - timedelta(**delta)

    def _user(self, login, groups, company=None):
        company = company or self.company
        return new_test_user(
            self.env,
            login,
            name=login.title(),
            groups=groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def _reader(self):
        return self._user(
            "reader",
            "procurify_connector.group_user,account.group_account_invoice,"
            "purchase.group_purchase_user",
        )


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestSignals(SignalCommon):
    # === FIRST BILL === #

    def test_first_bill_of_a_vendor_is_marked_and_the_next_one_is_not(self):
        first_id = self._bill()
        self._look()
        vendor_id = self._vendor_id(first_id)
        second_id = self._bill(vendor_id=vendor_id, amount="77.10")
        self._look()

        self.assertIn("first_bill", self._found(first_id))
        self.assertNotIn("first_bill", self._found(second_id))
        self.assertEqual(self._move(first_id).procurify_signal_state, "open")

    def test_bill_made_in_odoo_before_is_the_first_one(self):
        first_id = self._bill()
        vendor_id = self._vendor_id(first_id)
        self._synchronise()
        move = self._move(first_id)
        manual = self._manual(move, amount=1234.56)
        self.assertEqual(manual.move_type, "in_invoice")
        move.button_cancel()
        other_id = self._bill(vendor_id=vendor_id, amount="77.10")
        self._look()

        self.assertNotIn("first_bill", self._found(other_id))
        self.assertFalse(self._signals(first_id), "nobody pays a cancelled bill")

    # === SAME AMOUNT === #

    def test_same_vendor_and_amount_within_days_marks_both_bills(self):
        one_id = self._bill(days_ago=3, amount="250.00")
        vendor_id = self._vendor_id(one_id)
        other_id = self._bill(vendor_id=vendor_id, amount="250.00")
        far_id = self._bill(days_ago=40, vendor_id=vendor_id, amount="250.00")
        else_id = self._bill(vendor_id=vendor_id, amount="251.00")
        self._look()
        for bill_id in (one_id, other_id, far_id, else_id):
            self._release(bill_id)
        self._look()

        one, other = self._move(one_id), self._move(other_id)
        self.assertEqual(one.amount_total, other.amount_total)
        self.assertIn("same_amount", self._found(one_id))
        self.assertIn("same_amount", self._found(other_id))
        self.assertNotIn("same_amount", self._found(far_id))
        self.assertNotIn("same_amount", self._found(else_id))
        message = self._signal(other_id, "same_amount").message
        self.assertIn(one.display_name, message)

        other.button_cancel()
        self._run_cron("ir_cron_signals")
        self.assertNotIn("same_amount", self._found(one_id))

    def test_days_of_the_same_amount_are_the_connection_s(self):
        one_id = self._bill(days_ago=8, amount="250.00")
        other_id = self._bill(vendor_id=self._vendor_id(one_id), amount="250.00")
        self.connection.same_amount_days = 7
        self._look()
        self.assertNotIn("same_amount", self._found(other_id))

        self.connection.same_amount_days = 8
        self._look()
        self.assertIn("same_amount", self._found(other_id))

    def test_bill_made_in_odoo_counts_and_a_refund_does_not(self):
        one_id = self._bill(amount="250.00")
        self._look()
        move = self._move(one_id)
        self._manual(move, move_type="in_refund")
        self._look()
        self.assertNotIn("same_amount", self._found(one_id))

        manual = self._manual(move)
        self._look()
        self.assertIn("same_amount", self._found(one_id))
        self.assertIn(manual.display_name, self._signal(one_id, "same_amount").message)

    def test_refund_has_no_signals(self):
        refund_id = self._bill(scenario="credit")
        self._look()

        self.assertEqual(self._move(refund_id).move_type, "in_refund")
        self.assertFalse(self._signals(refund_id))

    def test_document_on_hold_is_compared_with_bills_in_odoo(self):
        one_id = self._bill(amount="250.00")
        held_id = self._bill(
            scenario="unknown_account",
            vendor_id=self._vendor_id(one_id),
            code="7450",
            amount="250.00",
        )
        self._look()
        record = self._record("bill", held_id)
        self.assertEqual(record.state, "quarantined")
        total = self._move(one_id).amount_total
        record.sudo().remote_amount = total
        self._run_cron("ir_cron_signals")

        self.assertIn("same_amount", self._found(held_id))
        self.assertIn("same_amount", self._found(one_id))
        self.assertIn(
            self._record("bill", held_id).display_name,
            self._signal(one_id, "same_amount").message,
        )
        [shown] = [s for s in record.document["signals"] if "amount" in s["label"]]
        self.assertIn(self._move(one_id).display_name, shown["message"])
        self.assertIn("Same vendor and amount", record.signal_labels)
        domain = [("signal_ids", "any", [("checked_at", "=", False)])]
        self.assertIn(record, record.search(domain))

    # === VENDORS === #

    def test_bank_account_added_after_the_last_payment_is_marked(self):
        vendor_id, paid = self._earlier_bill()
        self._aged_bank(paid.partner_id, "DE00111122223333", 99)
        self._pay(paid, days_ago=50)
        self.assertNotEqual(paid.payment_state, "partial")
        bill_id = self._bill(vendor_id=vendor_id, amount="88.10")
        self._look()
        self.assertNotIn("bank_changed", self._found(bill_id))

        # Older than the connection's days, and younger than the payment.
        self._aged_bank(paid.partner_id, "DE00999988887777", 40)
        self._look()

        signal = self._signal(bill_id, "bank_changed")
        self.assertIn("…7777", signal.message)
        self.assertIn("added", signal.message)
        self.assertNotIn("…3333", signal.message)
        self.assertIn("was paid on", signal.message)

    def test_changed_account_of_a_vendor_without_payments_counts_for_some_days(self):
        bill_id = self._bill()
        self._synchronise()
        bank = self._aged_bank(
            self._move(bill_id).partner_id, "DE00111122223333", 31, created=99
        )
        self._look()
        self.assertNotIn("bank_changed", self._found(bill_id))

        self._stamp(bank, write_date=self._ago(days=29))
        self._look()
        self.assertIn("was changed on", self._signal(bill_id, "bank_changed").message)

    def test_payment_of_a_part_counts_on_the_day_of_the_payment(self):
        vendor_id, paid = self._earlier_bill()
        self._pay(paid, days_ago=60, amount=10)
        self.assertEqual(paid.payment_state, "partial")
        bank = self._aged_bank(paid.partner_id, "DE00111122223333", 70)
        bill_id = self._bill(vendor_id=vendor_id, amount="88.10")
        self._look()
        self.assertNotIn("bank_changed", self._found(bill_id))

        self._stamp(bank, write_date=self._ago(days=55))
        self._look()
        self.assertIn("was paid on", self._signal(bill_id, "bank_changed").message)

    def test_payment_of_a_later_date_hides_no_change(self):
        vendor_id, paid = self._earlier_bill()
        self._pay(paid, days_ago=-9)
        self.connection.vendor_change_days = 0
        self._bank(paid.partner_id, "DE00111122223333")
        bill_id = self._bill(vendor_id=vendor_id, amount="88.10")
        self._look()

        self.assertIn("bank_changed", self._found(bill_id))

    def test_refund_is_no_payment(self):
        bill_id = self._bill(amount="77.10")
        self._synchronise()
        move = self._move(bill_id)
        move.action_post()
        refund = self._manual(move, move_type="in_refund", amount=10)
        refund.action_post()
        payable = (move | refund).line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        payable.reconcile()
        self.assertEqual(move.payment_state, "partial")
        self._bank(move.partner_id, "DE00111122223333")
        self._look()

        message = self._signal(bill_id, "bank_changed").message
        self.assertIn("No bill of this vendor was paid yet", message)

    def test_days_that_no_calendar_has_do_not_stop_the_job(self):
        bill_id = self._bill()
        self.connection.write(
            {"vendor_change_days": 2_000_000_000, "same_amount_days": 2_000_000_000}
        )
        self._look()
        self.assertIn("first_bill", self._found(bill_id))

    def test_payment_methods_that_change_in_procurify_are_marked(self):
        bill_id = self._bill()
        self._look()
        vendor = self._vendor_record(bill_id)
        data = json.loads(vendor.payload)
        method = {"id": 1, "name": "Wire", "type": 4, "data": {"account": "…1"}}
        for methods in ([method], [method | {"data": {"account": "…2"}}]):
            data["payment_methods"] = methods
            self._restage(vendor, data)
        self._look()

        signal = self._signal(bill_id, "bank_changed")
        self.assertIn("payment methods in Procurify", signal.message)
        self.assertNotIn("…2", json.dumps(signal.facts))

    def test_vendor_renamed_in_procurify_is_marked_with_both_names(self):
        bill_id = self._bill()
        self._look()
        self.assertNotIn("name_changed", self._found(bill_id))
        before = self._vendor_record(bill_id).name

        self.dataset.rename_vendor(self._vendor_id(bill_id), "Quite Another Name Ltd")
        self._stream("vendor").action_read_again()
        self._look()

        message = self._signal(bill_id, "name_changed").message
        self.assertIn(before, message)
        self.assertIn("Quite Another Name Ltd", message)

    def test_contact_with_another_name_is_marked_unless_a_person_chose_it(self):
        bill_id = self._bill()
        self._synchronise()
        vendor = self._vendor_record(bill_id).sudo()
        self._move(bill_id).partner_id.name = "Utterly Different Holding"
        vendor.origin = "matched"
        self._look()
        self.assertIn("Utterly", self._signal(bill_id, "name_changed").message)

        vendor.origin = "manual"
        self._look()
        self.assertNotIn("name_changed", self._found(bill_id))

    # === ORDERS === #

    def test_bill_above_its_order_says_by_how_much(self):
        order_id = self.dataset.add_order("plain")
        self._synchronise()
        order = self._ordered(order_id)
        fitting_id = self.dataset.bill_order(order_id)
        self._look()
        self.assertEqual(
            self._move(fitting_id).invoice_line_ids.purchase_order_id, order
        )
        self.assertNotIn("above_order", self._found(fitting_id))

        more_id = self.dataset.bill_order(order_id, {0: 1})
        self._look()

        move = self._move(more_id)
        self.assertEqual(move.invoice_line_ids.purchase_order_id, order)
        self.assertNotIn("above_order", self._found(fitting_id))
        [fact] = self._signal(more_id, "above_order").facts
        self.assertAlmostEqual(fact["ordered"], order.amount_untaxed, 2)
        excess = fact["billed"] - fact["ordered"]
        self.assertAlmostEqual(excess, move.amount_untaxed, 2)
        message = self._signal(more_id, "above_order").message
        self.assertIn(order.name, message)
        self.assertIn("more", message)

        # The order is revised: it covers both.
        order.order_line[0].product_qty += 1
        self._run_cron("ir_cron_signals")
        self.assertNotIn("above_order", self._found(more_id))

    def test_bill_on_hold_above_its_order_is_marked(self):
        order_id = self.dataset.add_order("plain")
        self._synchronise()
        self.dataset.bill_order(order_id)
        held_id = self.dataset.bill_order(order_id, {0: 1}, total_error="5.00")
        self._look()

        self.assertEqual(self._record("bill", held_id).state, "quarantined")
        self.assertFalse(self._record("bill", held_id).res_id)
        self.assertIn("above_order", self._found(held_id))

    # === CHECKING === #

    def test_person_who_checked_is_kept_and_the_same_is_not_asked_again(self):
        one_id = self._bill(days_ago=3, amount="250.00")
        other_id = self._bill(vendor_id=self._vendor_id(one_id), amount="250.00")
        self._look()
        self._release(other_id)
        self._look()
        self.assertIn("same_amount", self._found(one_id))
        reader = self._reader()

        self._signal(one_id, "same_amount").with_user(reader).action_check()
        self._look()

        for bill_id in (one_id, other_id):
            signal = self._signal(bill_id, "same_amount")
            self.assertEqual(signal.checked_by, "Reader")
            self.assertTrue(signal.checked_at)
        rows = self._record("bill", one_id).audit_ids
        [row] = rows.filtered(lambda r: r.event == "signal_checked")
        self.assertEqual(row.user_name, "Reader")
        self.assertEqual(row.after["signal"], "same_amount")
        self.assertEqual(row.after["key"], self._signal(one_id, "same_amount").key)
        self.assertEqual(row.after["facts"][0]["move_id"], self._move(other_id).id)
        self.assertIn(
            "Checked: Same vendor and amount",
            "".join(self._move(one_id).message_ids.mapped("body")),
        )

        third_id = self._bill(vendor_id=self._vendor_id(one_id), amount="250.00")
        self._look()
        self._release(third_id)
        self._look()
        self.assertFalse(self._signal(one_id, "same_amount").checked_at, "a new one")

    def test_payer_who_is_no_reviewer_sees_and_checks_signals(self):
        bill_id = self._bill()
        self._look()
        payer = self._user("payer", "account.group_account_invoice")
        move = self._move(bill_id).with_user(payer)
        self.assertIn("no earlier bill", move.procurify_signal_notice)
        self.assertIn("First bill", move.procurify_signal_labels)

        move.action_procurify_check_signals()

        self.assertEqual(move.procurify_signal_state, "checked")
        self.assertFalse(move.procurify_signal_notice)
        self.assertEqual(set(self._signals(bill_id).mapped("checked_by")), {"Payer"})
        found = move.search([("procurify_signal_state", "=", "open")])
        self.assertNotIn(move, found)

    def test_form_checks_only_what_it_showed(self):
        bill_id = self._bill()
        self._look()
        move = self._move(bill_id).with_user(self._reader())
        shown = move.procurify_signal_notice
        self._bank(move.partner_id.sudo(), "DE00111122223333")
        self._look()
        form = move.with_context(procurify_signal_notice=shown)

        self.assertEqual(form.action_procurify_check_signals()["tag"], "soft_reload")
        self.assertEqual(move.procurify_signal_state, "open")
        self.assertFalse(any(self._signals(bill_id).mapped("checked_at")))

        form = move.with_context(procurify_signal_notice=move.procurify_signal_notice)
        form.action_procurify_check_signals()
        self.assertEqual(move.procurify_signal_state, "checked")

    def test_check_of_a_bill_on_hold_counts_after_its_import(self):
        bill_id = self._bill(scenario="unknown_account", code="7450")
        self._look()
        signal = self._signal(bill_id, "first_bill")
        self.assertFalse(signal.move_id)
        signal.with_user(self._reader()).action_check()
        record = self._record("bill", bill_id)
        [code] = record.mention_ids.filtered(
            lambda row: row.resource == "account_code" and row.code == "7450"
        )
        self._map(code, self._account("745000"))
        self._import()
        self._look()

        self.assertEqual(record.state, "done")
        self.assertEqual(self._signal(bill_id, "first_bill"), signal)
        self.assertEqual(signal.move_id, self._move(bill_id))
        self.assertEqual(signal.checked_by, "Reader")

    def test_each_pair_of_bills_is_checked_once(self):
        one_id = self._bill(amount="250.00")
        self._look()
        move = self._move(one_id)
        vendor_id = self._vendor_id(one_id)
        for days_ago in (1, 2):
            bill_id = self._bill(
                days_ago=days_ago, vendor_id=vendor_id, amount="250.00"
            )
            self._look()
            self._release(bill_id)
        self._look()
        reader = self._reader()
        signals = self.env["procurify.signal"].search([("code", "=", "same_amount")])
        self.assertEqual(len(signals), 3)
        self.assertEqual({len(signal.facts) for signal in signals}, {2})
        two = signals.filtered(lambda signal: signal.move_id != move)

        two[0].with_user(reader).action_check()
        self._look()
        self.assertEqual(signals.filtered("checked_at"), two[0])
        two[1].with_user(reader).action_check()
        self._look()
        self.assertEqual(signals.filtered("checked_at"), signals)

    def test_another_bank_or_holder_of_a_checked_account_is_asked_again(self):
        bill_id = self._bill()
        self._synchronise()
        bank = self._bank(self._move(bill_id).partner_id, "DE00111122223333")
        for values in (
            {"clearing_number": "021000021"},
            {"acc_holder_name": "Somebody Else"},
            {
                "bank_id": self.env["res.bank"]
                .create({"name": "Another", "bic": "X"})
                .id
            },
        ):
            with self.subTest(values=values):
                self._look()
                signal = self._signal(bill_id, "bank_changed")
                signal.with_user(self.env.user).action_check()
                self._look()
                self.assertTrue(signal.checked_at)
                bank.write(values)
                self._look()
                self.assertFalse(signal.checked_at)

    def test_checked_signal_of_a_cancelled_bill_on_hold_is_kept(self):
        bill_id = self._bill()
        self._look()
        signal = self._signal(bill_id, "first_bill")
        signal.with_user(self._reader()).action_check()
        move, record = self._move(bill_id), self._record("bill", bill_id)
        self._bank(move.partner_id, "DE00111122223333")
        self._run_cron("ir_cron_signals")
        self.assertEqual(self._found(bill_id), {"first_bill", "bank_changed"})
        record.sudo().state = "quarantined"
        move.button_cancel()
        for _run in range(2):
            self._run_cron("ir_cron_signals")
            self.env.invalidate_all()
            self.assertEqual(self._signals(bill_id), signal)
            self.assertTrue(signal.checked_at)

    def test_paid_bill_on_hold_keeps_its_signals(self):
        bill_id = self._bill()
        self._look()
        move, record = self._move(bill_id), self._record("bill", bill_id)
        self._pay(move)
        record.sudo().state = "quarantined"
        self._bank(move.partner_id, "DE00111122223333")
        self._run_cron("ir_cron_signals")
        self.env.invalidate_all()

        self.assertEqual(self._found(bill_id), {"first_bill"})

    def test_bill_whose_payment_is_blocked_is_open(self):
        bill_id = self._bill()
        self._synchronise()
        move = self._move(bill_id)
        move.action_post()
        move.payment_state = "blocked"
        self._run_cron("ir_cron_signals")
        self.env.invalidate_all()

        self.assertIn("first_bill", self._found(bill_id))

    def test_deleted_connection_leaves_no_mark_on_its_bills(self):
        bill_id = self._bill()
        self._look()
        move = self._move(bill_id)
        self.assertEqual(move.procurify_signal_state, "open")
        self.connection.unlink()
        self.env.invalidate_all()

        self.assertFalse(move.procurify_signal_state)
        self.assertFalse(self.env["procurify.signal"].sudo().search([]))

    def test_paid_bill_keeps_its_signals_and_gets_no_new_ones(self):
        bill_id = self._bill()
        self._look()
        move = self._move(bill_id)
        self._pay(move)
        self._bank(move.partner_id, "DE00111122223333")
        self._look()

        self.assertEqual(self._found(bill_id), {"first_bill"})

    def test_excluded_bill_has_no_signals(self):
        bill_id = self._bill(scenario="unknown_account", code="7450")
        self._look()
        self.assertTrue(self._signals(bill_id))

        self._record("bill", bill_id).action_ignore("Not ours")
        self._look()
        self.assertFalse(self._signals(bill_id))

    # === RIGHTS === #

    def test_reviewer_without_accounting_sees_the_kind_only(self):
        one_id = self._bill(amount="250.00")
        self._look()
        self._manual(self._move(one_id))
        self._look()
        reviewer = self._user("reviewer", "procurify_connector.group_user")
        signal = self._signal(one_id, "same_amount").with_user(reviewer)

        self.assertEqual(signal.message, "Same vendor and amount")
        with self.assertRaises(AccessError):
            signal.read(["facts"])
        with self.assertRaises(AccessError):
            signal.action_check()

    def test_vendor_in_the_portal_sees_the_bill_without_its_signals(self):
        bill_id = self._bill()
        self._look()
        move = self._move(bill_id)
        move.action_post()
        vendor = self._user("vendor", "base.group_portal")
        vendor.partner_id.parent_id = move.commercial_partner_id
        self.env.flush_all()
        theirs = self.env["account.move"].with_user(vendor)

        self.assertIn(move, theirs.search([]))
        for name in (
            "procurify_signal_state",
            "procurify_signal_notice",
            "procurify_signal_labels",
            "procurify_payment_notice",
            "procurify_payment_blocked",
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                theirs.browse(move.id).read([name])
        with self.assertRaises(AccessError):
            theirs.search([("procurify_signal_state", "=", "open")])

    def test_order_that_may_not_be_read_is_not_quoted(self):
        order_id = self.dataset.add_order("plain")
        self._synchronise()
        self.dataset.bill_order(order_id)
        self._synchronise()
        more_id = self.dataset.bill_order(order_id, {0: 1})
        self._look()
        bookkeeper = self._user(
            "bookkeeper",
            "procurify_connector.group_user,account.group_account_readonly",
        )
        signal = self._signal(more_id, "above_order").with_user(bookkeeper)
        self.assertIn("is billed", signal.message)

        self.env["ir.rule"].create(
            {
                "name": "No orders for bookkeepers",
                "model_id": self.env.ref("purchase.model_purchase_order").id,
                "domain_force": "[(0, '=', 1)]",
                "groups": [
                    Command.link(self.env.ref("account.group_account_readonly").id)
                ],
            }
        )
        self.env.invalidate_all()
        self.assertEqual(signal.message, "Above the order")

    def test_other_company_has_signals_and_bills_of_its_own(self):
        one_id = self._bill(amount="250.00")
        self._look()
        theirs = self.setup_other_company()["company"]
        partner = self._move(one_id).partner_id
        self.env["account.move"].with_company(theirs).create(
            {
                "move_type": "in_invoice",
                "company_id": theirs.id,
                "partner_id": partner.id,
                "invoice_date": self.today,
                "invoice_line_ids": [Command.create({"price_unit": 250})],
            }
        )
        self._look()
        stranger = self._user(
            "stranger",
            "procurify_connector.group_user,account.group_account_invoice",
            theirs,
        )

        self.assertEqual(self._found(one_id), {"first_bill"})
        self.assertFalse(self.env["procurify.signal"].with_user(stranger).search([]))

    # === SETS === #

    def test_queries_do_not_grow_with_the_bills(self):
        vendor_id = self._vendor_id(self._bill(amount="10.00"))
        self._synchronise()
        few = self._count_queries()
        for number in range(12):
            self._bill(vendor_id=vendor_id, amount=f"{20 + number}.00")
        self.dataset.bill_order(self.dataset.add_order("plain"))
        self._synchronise()
        many = self._count_queries()

        self.assertLessEqual(few, 25)
        self.assertLessEqual(many, few + 2)
        self.assertLessEqual(self._count_queries(), 25, "nothing has changed")

    def test_bill_that_is_not_procurify_s_costs_no_query(self):
        bill_id = self._bill()
        self._look()
        manual = self._manual(self._move(bill_id))
        self.env.flush_all()
        manual.invalidate_recordset()
        manual.mapped("state")

        with self.assertQueryCount(0):
            self.assertFalse(manual.procurify_signal_notice)
            self.assertFalse(manual.procurify_signal_labels)
            self.assertFalse(manual.procurify_signal_ids)

    def test_imports_and_bank_accounts_wake_the_job(self):
        triggers = self.env["ir.cron.trigger"]
        job = self.env.ref("procurify_connector.ir_cron_signals")
        domain = [("cron_id", "=", job.id)]
        before = triggers.search(domain)
        self._bill()
        self._synchronise()
        imported = triggers.search(domain) - before
        self.assertTrue(imported)
        triggers.search(domain).unlink()
        bank = self._bank(self.env.user.partner_id, "DE00111122223333")
        self.assertEqual(triggers.search_count(domain), 1)
        self._bank(self.env.user.partner_id, "DE00111122224444")
        self.assertEqual(triggers.search_count(domain), 1, "it comes soon anyway")

        for values in ({"clearing_number": "021000021"}, {"acc_holder_name": "Other"}):
            with self.subTest(values=values):
                triggers.search(domain).unlink()
                bank.write(values)
                self.assertEqual(triggers.search_count(domain), 1)

    def test_job_goes_on_where_its_time_was_over(self):
        for number in range(3):
            self._bill(amount=f"{20 + number}.00")
        self._synchronise()
        signals, triggers = self.env["procurify.signal"], self.env["ir.cron.trigger"]
        job = self.env.ref("procurify_connector.ir_cron_signals")
        records = signals.sudo()._open_bills()
        self.assertEqual(len(records), 3)
        batches = patch(f"{MODULE}.BATCH_SIZE", 1)
        cron = type(self.env["ir.cron"])
        with batches, patch.object(cron, "_commit_progress", return_value=0):
            for count, goes_on in ((1, 1), (2, 1), (3, 0)):
                triggers.search([("cron_id", "=", job.id)]).unlink()
                signals._cron_signals()
                self.assertEqual(records.filtered("signal_ids"), records[:count])
                self.assertEqual(
                    triggers.search_count([("cron_id", "=", job.id)]), goes_on
                )
            records.signal_ids.sudo().unlink()
            signals._cron_signals()
        self.assertEqual(records.filtered("signal_ids"), records[:1], "from the start")

    def test_batch_that_somebody_else_changes_is_decided_soon(self):
        self._bill()
        self._synchronise()
        triggers = self.env["ir.cron.trigger"]
        job = self.env.ref("procurify_connector.ir_cron_signals")
        triggers.search([("cron_id", "=", job.id)]).unlink()
        failing = patch.object(
            type(self.env["procurify.record"]),
            "_update_signals",
            side_effect=ConcurrencyError("changed"),
        )
        with failing:
            self._run_cron("ir_cron_signals")
        self.assertTrue(triggers.search_count([("cron_id", "=", job.id)]))

    # === HELPERS === #

    def _count_queries(self):
        bills = self.env["procurify.signal"].sudo()._open_bills()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        bills._update_signals()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def _manual(self, move, move_type="in_invoice", amount=None):
        """Make a bill of the vendor and amount of another one, as a person does."""
        amount = move.amount_total if amount is None else amount
        line = {"name": "By hand", "price_unit": amount, "tax_ids": [Command.clear()]}
        return self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": move.partner_id.id,
                "currency_id": move.currency_id.id,
                "invoice_date": move.invoice_date,
                "invoice_line_ids": [Command.create(line)],
            }
        )

    def _release(self, bill_id):
        """Say that a bill on hold is no duplicate, if it is on hold."""
        record = self._record("bill", bill_id)
        if record.state == "quarantined":
            record.action_not_a_duplicate()

    def _bank(self, partner, number):
        return self.env["res.partner.bank"].create(
            {"partner_id": partner.id, "acc_number": number}
        )

    def _vendor_record(self, bill_id):
        return self._record("vendor", self._vendor_id(bill_id))

    def _restage(self, record, data):
        """Stage another version of a record, as the fetch does."""
        text = json.dumps(data)
        record.sudo()._replace(
            {record.sudo(): {"payload": text, "digest": text}},
            fields.Datetime.now(),
        )

    def _ordered(self, order_id):
        record = self._record("purchase_order", order_id)
        return self.env["purchase.order"].browse(record.res_id)


@tagged("post_install", "-at_install", "procurify")
class TestSignalsTour(SignalCommon, HttpCase):
    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_signal_is_seen_and_checked_in_the_browser(self):
        one_id = self._bill(amount="250.00")
        held_id = self._bill(
            scenario="unknown_account",
            vendor_id=self._vendor_id(one_id),
            code="7450",
            amount="250.00",
        )
        self._synchronise()
        move, record = self._move(one_id), self._record("bill", held_id)
        record.sudo().remote_amount = move.amount_total
        self._run_cron("ir_cron_signals")

        self.start_tour(
            f"/odoo/procurify-records/{record.id}",
            "procurify_check_signals",
            login=self.env.user.login,
        )

        self.env.invalidate_all()
        self.assertEqual(
            self._signal(held_id, "same_amount").checked_by, self.env.user.name
        )
