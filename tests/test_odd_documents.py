"""Documents that are valid and unusual, and what a person decided about them."""

import json
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.procurify_connector.procurify import BillType
from odoo.addons.procurify_connector.simulator.order_documents import OrderRenderer

from .tax_case import BASE, TaxCase

EXPENSE, CARD = int(BillType.EXPENSE), int(BillType.CREDIT_CARD)


@tagged("post_install", "-at_install", "procurify")
class TestOddBills(TaxCase):
    # === CURRENCIES === #

    def test_cost_in_another_currency_than_its_bill_is_on_hold(self):
        euro = self._records("currency", code="EUR")
        detail = self._with_cost(int(euro.external_id))

        record = self._stage_documents("bill", [detail])
        self._import()

        self.assertEqual(self._codes(record), {"several_currencies"})
        self.assertIn("EUR", record.issue_ids.message)

    def test_cost_in_a_currency_that_nobody_knows_is_on_hold(self):
        record = self._stage_documents("bill", [self._with_cost(9999)])
        self._import()

        self.assertEqual(self._codes(record), {"several_currencies"})

    def test_cost_in_the_currency_of_its_bill_is_booked(self):
        for number in (BASE, None):
            with self.subTest(currency=number):
                record = self._stage_documents("bill", [self._with_cost(number)])
                self._import()

                self.assertEqual(self._booked(record).amount_total, 140)

    # === ALLOCATIONS THAT CANCEL EACH OTHER OUT === #

    def test_line_of_nothing_moves_an_amount_to_another_account(self):
        detail, codes = self._moving(0)

        record = self._stage_documents("bill", [detail])
        self._import()

        lines = self._booked(record).invoice_line_ids
        found = {code: self._on(lines, code) for code in codes}
        self.assertEqual(found, dict(zip(codes, (100.0, -100.0), strict=True)))

    def test_line_of_nothing_moves_an_amount_to_another_department(self):
        departments = self._records("department", state="done")[:2]
        detail, codes = self._moving(0)
        first, second = detail["items"][0]["cost_allocations"]
        second["budget"]["account_code"] = first["budget"]["account_code"]
        for share, row in zip((first, second), departments, strict=True):
            share["budget"]["department"] = json.loads(row.payload)

        record = self._stage_documents("bill", [detail])
        self._import()

        lines = self._booked(record).invoice_line_ids
        lines = lines.filtered(lambda line: line.account_id.code == codes[0])
        self.assertEqual(sorted(lines.mapped("balance")), [-100.0, 100.0])
        places = lines.mapped(lambda line: tuple(line.analytic_distribution))
        self.assertEqual(len(set(places)), 2)

    def test_amount_of_which_allocations_make_nothing_is_on_hold(self):
        detail, _codes = self._moving(50)

        record = self._stage_documents("bill", [detail])
        self._import()

        self.assertEqual(self._codes(record), {"invalid_payload"})

    # === LINES OF ONE ID === #

    def test_two_lines_of_one_id_are_on_hold_and_named(self):
        detail = self._bill_detail({"net": 100}, {"net": 40})
        detail["items"][1]["id"] = detail["items"][0]["id"]
        with_costs = self._with_cost(None)
        with_costs["costs"] *= 2

        records = self._stage_documents("bill", [detail, with_costs])
        self._import()

        for record, name in zip(records, ("items", "costs"), strict=True):
            with self.subTest(name):
                self.assertEqual(self._codes(record), {"invalid_payload"})
                self.assertIn(f"{name}[1].id", record.hold_reason)
                self.assertFalse(record.res_id)

    def test_two_lines_of_an_order_of_one_id_are_on_hold_unless_one_is_gone(self):
        detail = json.loads(self._order().payload)
        first = detail["order_items"][0]
        for is_active, codes in ((True, {"invalid_payload"}), (False, set())):
            detail["order_items"] = [first, first | {"active": is_active}]
            record = self._stage_documents("purchase_order", [detail])
            self._import()
            with self.subTest(active=is_active):
                self.assertEqual(self._codes(record), codes)

    # === BILLS THAT BECOME OTHERS === #

    def test_draft_of_which_procurify_makes_an_expense_is_on_hold(self):
        detail, record, move = self._imported()

        self._stage_documents("bill", [detail | {"type": EXPENSE}])
        self._import()

        self.assertEqual(self._codes(record), {"withdrawn"})
        self.assertIn("expense", record.hold_reason)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            move.action_post()
        # It is a vendor's bill again.
        self._stage_documents("bill", [detail])
        self._import()
        self.assertEqual((record.state, record.res_id), ("done", move.id))
        move.action_post()

    def test_posted_bill_of_which_procurify_makes_a_card_bill_can_be_reversed(self):
        detail, record, move = self._imported("posted")

        self._stage_documents("bill", [detail | {"type": CARD}])
        self._import()

        self.assertEqual(self._codes(record), {"withdrawn"})
        self.assertIn("credit card", record.hold_reason)
        self.assertEqual(move.state, "posted")
        record.action_reverse()
        self.assertEqual(
            (record.state, record.excluded_rule), ("excluded", "card_bill")
        )
        self.assertEqual(move.payment_state, "reversed")

    def test_bill_that_was_cancelled_and_is_an_expense_is_excluded(self):
        detail, record, move = self._imported()
        move.button_cancel()

        self._stage_documents("bill", [detail | {"type": EXPENSE}])
        self._import()

        self.assertEqual(
            (record.state, record.excluded_rule), ("excluded", "expense_bill")
        )

    def test_other_policy_changes_nothing_that_is_in_odoo(self):
        self.connection.import_expense_bills = True
        detail = self._bill_detail({"net": 100}, type=EXPENSE)
        record = self._stage_documents("bill", [detail])
        self._import()
        move = self._booked(record)

        self.connection.import_expense_bills = False
        self._revise(detail, 60)

        self.assertEqual(self._booked(record), move)
        self.assertEqual(move.amount_total, 60)

    # === WHAT A PERSON DECIDED === #

    def test_draft_keeps_how_a_person_wants_it_to_be_paid(self):
        detail, record, move = self._imported()
        first, second = self.env["res.partner.bank"].create(
            [
                {"partner_id": move.partner_id.id, "acc_number": number}
                for number in ("IL620108000000099999999", "IL020108380000002149431")
            ]
        )
        move.partner_bank_id = second

        self._revise(detail, 60)

        self._booked(record)
        self.assertEqual((move.amount_total, move.partner_bank_id), (60, second))
        self.assertNotEqual(first, second)

    def test_draft_keeps_the_discount_for_which_a_person_wants_to_pay_early(self):
        detail = self._bill_detail({"net": 100})
        record = self._stage_documents("bill", [detail])
        self._import()
        move = self._booked(record)
        due = move.invoice_date_due
        self.assertTrue(due)
        days = (due - move.invoice_date).days
        line = {"value": "percent", "value_amount": 100, "nb_days": days}
        term = self.env["account.payment.term"].create(
            {
                "name": "2 % within a week",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 7,
                "line_ids": [Command.clear(), Command.create(line)],
            }
        )
        move.invoice_payment_term_id = term
        self.assertEqual(move.invoice_date_due, due)

        self._revise(detail, 60)

        self._booked(record)
        self.assertEqual((move.amount_total, move.invoice_date_due), (60, due))
        self.assertEqual(move.invoice_payment_term_id, term)

    def test_term_that_does_not_make_the_new_due_date_is_a_question(self):
        detail, record, move = self._imported()
        term = self._term((move.invoice_date_due - move.invoice_date).days)
        move.invoice_payment_term_id = term
        due = move.invoice_date_due

        self._stage_documents("bill", [detail | {"due_date": "2026-12-24"}])
        self._import()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertIn(term.name, record.hold_reason)
        self.assertEqual(
            (move.invoice_payment_term_id, move.invoice_date_due), (term, due)
        )
        record.action_reset_and_update()
        self.assertFalse(move.invoice_payment_term_id)
        self.assertEqual(str(move.invoice_date_due), "2026-12-24")

    def test_term_that_was_kept_once_is_still_a_persons(self):
        detail, record, move = self._imported()
        term = self._term((move.invoice_date_due - move.invoice_date).days)
        move.invoice_payment_term_id = term

        for amount in (60, 70):
            self._revise(detail, amount)
            self._booked(record)
            self.assertEqual(move.invoice_payment_term_id, term)
        self._stage_documents("bill", [detail | {"due_date": "2026-12-24"}])
        self._import()

        self.assertEqual(self._codes(record), {"changed_after_booking"})

    def test_term_that_makes_the_new_due_date_stays(self):
        detail, record, move = self._imported()
        days = (move.invoice_date_due - move.invoice_date).days
        term = self._term(days)
        move.invoice_payment_term_id = term
        first = date(2026, 3, 5)

        moved = {"invoice_date": str(first), "gl_post_date": None}
        moved["due_date"] = str(first + timedelta(days=days))
        self._stage_documents("bill", [detail | moved])
        self._import()

        self._booked(record)
        self.assertEqual(move.invoice_date, first)
        self.assertEqual(move.invoice_payment_term_id, term)

    def test_term_for_a_bill_without_a_due_date_stays_with_its_discount(self):
        detail = self._bill_detail({"net": 100}, due_date=None)
        record = self._stage_documents("bill", [detail])
        self._import()
        move = self._booked(record)
        term = self._term(12, early_discount=True, discount_days=3)
        move.invoice_payment_term_id = term

        self._revise(detail, 60)

        self._booked(record)
        self.assertEqual((move.amount_total, move.invoice_payment_term_id), (60, term))

    def test_draft_keeps_the_fiscal_position_and_the_source_of_a_person(self):
        detail, record, move = self._imported()
        position = self.env["account.fiscal.position"].create({"name": "Abroad"})
        move.write({"fiscal_position_id": position.id, "invoice_origin": "Call off 7"})

        for amount in (60, 70):
            self._revise(detail, amount)
            self._booked(record)
            self.assertEqual(
                (move.amount_total, move.invoice_origin), (amount, "Call off 7")
            )
            self.assertEqual(move.fiscal_position_id, position)

    def test_cash_rounding_that_a_person_chose_is_a_question(self):
        detail, record, move = self._imported()
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "To 5 cents",
                "rounding": 0.05,
                "strategy": "add_invoice_line",
                "profit_account_id": self._account("7770", account_type="income").id,
                "loss_account_id": self._account("6770").id,
            }
        )
        move.invoice_cash_rounding_id = rounding
        self.assertEqual(move.amount_total, 100)

        self._revise(detail, 60)

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertIn(rounding.name, record.hold_reason)
        self.assertEqual(move.invoice_cash_rounding_id, rounding)
        record.action_reset_and_update()
        self.assertEqual((record.state, move.amount_total), ("done", 60))
        self.assertFalse(move.invoice_cash_rounding_id)

    # === BILLS THAT COME BACK === #

    def test_bill_that_comes_back_unchanged_is_booked_again_once_it_was_reversed(self):
        """It is what it was before, and not in the books any more."""
        for kind in ("withdrawn", "deleted"):
            with self.subTest(kind):
                detail, record, move = self._imported("posted")
                self._give_up(kind, detail, record)
                record.action_reverse()
                self.assertEqual(record.state, "excluded")

                record.sudo().remote_deleted = False
                self._stage_documents("bill", [detail])
                record.action_replay()

                new = self._booked(record)
                self.assertNotEqual(new, move)
                self.assertEqual((new.state, new.amount_total), ("posted", 100))

    def test_bill_that_comes_back_unchanged_is_a_question_where_it_is_cancelled(self):
        detail, record, move = self._imported("posted")
        self._give_up("withdrawn", detail, record)
        move.button_draft()
        move.button_cancel()
        self._import()
        self.assertEqual(record.state, "excluded")

        self._stage_documents("bill", [detail])
        self._import()

        self.assertEqual(self._codes(record), {"cancelled_in_odoo"})

    def test_bill_whose_credit_note_was_reversed_is_in_the_books(self):
        detail, record, move = self._imported("posted")
        self._give_up("withdrawn", detail, record)
        record.action_reverse()
        credit = move.reversal_move_ids
        day = {"invoice_date": move.invoice_date, "date": move.date}
        credit._reverse_moves([day])._post()

        self._stage_documents("bill", [detail])
        self._import()

        self.assertEqual(self._booked(record), move)

    def _give_up(self, kind, detail, record):
        """Let Procurify withdraw or delete a bill."""
        if kind == "deleted":
            record.sudo().write({"remote_deleted": True, "state": "pending"})
        else:
            self._stage_documents("bill", [detail | {"status": 5}])
        self._import()
        self.assertEqual(record.state, "quarantined")

    # === JOURNALS AND NOTES === #

    def test_draft_keeps_the_journal_that_a_person_chose(self):
        journals = self.company_data["default_journal_purchase"]
        self.connection.journal_id = journals
        detail, record, move = self._imported()
        other, day = journals.copy({"name": "Urgent"}), move.date
        move.journal_id = other
        move.date = day

        for amount in (60, 70):
            self._revise(detail, amount)
            self._booked(record)
            self.assertEqual((move.amount_total, move.journal_id), (amount, other))

    def test_draft_follows_the_journal_of_the_connection(self):
        journals = self.company_data["default_journal_purchase"]
        self.connection.journal_id = journals
        detail, record, move = self._imported()
        self.connection.journal_id = journals.copy({"name": "Another"})

        self._revise(detail, 60)

        self._booked(record)
        self.assertEqual(move.journal_id, self.connection.journal_id)

    def test_draft_keeps_the_note_that_a_person_wrote(self):
        detail, record, move = self._imported(note="Deliver to gate 4")
        self.assertIn("gate 4", move.narration)
        move.narration = "<p>Ask Anna before you pay.</p>"

        self._revise(detail, 60)

        self._booked(record)
        self.assertEqual(move.amount_total, 60)
        self.assertIn("Anna", move.narration)

    def test_other_note_of_procurify_is_followed_or_a_question(self):
        detail, record, move = self._imported(note="Deliver to gate 4")

        self._stage_documents("bill", [detail | {"note": "Deliver to gate 5"}])
        self._import()
        self._booked(record)
        self.assertIn("gate 5", move.narration)
        move.narration = "<p>Ask Anna before you pay.</p>"
        self._stage_documents("bill", [detail | {"note": "Deliver to gate 6"}])
        self._import()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertIn("Anna", move.narration)
        self.assertIn("gate 6", record.hold_reason)
        record.action_reset_and_update()
        self.assertIn("gate 6", move.narration)

    def test_posted_bill_is_not_on_hold_for_a_note(self):
        detail, record, _move = self._imported("posted", note="Deliver to gate 4")

        self._stage_documents("bill", [detail | {"note": "Deliver to gate 5"}])
        self._import()

        self._booked(record)

    def test_private_part_that_a_person_entered_is_not_lost(self):
        account = self._account("6998", name="Private part")
        self.company_data[
            "default_journal_purchase"
        ].non_deductible_account_id = account
        detail, record, move = self._imported()
        move.invoice_line_ids.deductible_amount = 60

        self._revise(detail, 50)

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual(move.invoice_line_ids.deductible_amount, 60)
        self.assertIn("60", record.hold_reason)
        record.action_reset_and_update()
        self.assertEqual(move.invoice_line_ids.deductible_amount, 100)
        self.assertEqual(move.amount_total, 50)

    def test_draft_that_a_person_wants_posted_by_its_date_stays_so(self):
        detail = self._bill_detail({"net": 100})
        record = self._stage_documents("bill", [detail])
        self._import()
        move = self._booked(record)
        move.auto_post = "at_date"

        self._revise(detail, 60)

        self.assertEqual((move.amount_total, move.auto_post), (60, "at_date"))

    def test_bill_of_nothing_that_gets_an_amount_is_posted_by_policy(self):
        self.connection.bill_policy = "posted"
        detail = self._bill_detail({"net": 0})
        record = self._stage_documents("bill", [detail])
        self._import()
        move = self._booked(record)
        self.assertEqual(move.state, "draft")

        self._revise(detail, 60)

        self.assertEqual((move.amount_total, move.state), (60, "posted"))
        move.button_draft()
        self._revise(detail, 70)
        self.assertEqual((move.amount_total, move.state), (70, "draft"))

    # === POSTED, AND ONLY COMPARED === #

    def test_posted_bill_is_not_on_hold_for_what_was_archived_or_changed_since(self):
        """Procurify only pays it: nothing of it is written."""
        journals = self.company_data["default_journal_purchase"]
        self.connection.journal_id = journals.copy({"name": "Old", "code": "OLD"})
        tax = self._tax("VAT 10 %", 10)
        self.connection.bill_policy = "posted"
        item = {"net": 100, "charged": 10, "tax_name": "V", "tax_percentage": "10"}
        detail = self._bill_detail(item)
        record = self._stage_documents("bill", [detail])
        self._import_mapped(record, tax)
        move = self._booked(record)
        [line] = move.invoice_line_ids
        analytic = self.env["account.analytic.account"].browse(
            int(i) for key in line.analytic_distribution for i in key.split(",")
        )
        used = (line.account_id, move.partner_id, move.journal_id, analytic, tax)
        for records in used:
            records.active = False
        tax.amount = 20

        self._stage_documents("bill", [detail | {"status": 4}])
        self._import()

        self.assertEqual(self._booked(record), move)
        self.assertEqual(record.remote_payment, "paid")
        # What Procurify changes is a question, and what is archived is not written.
        detail["items"][0]["description"] = "Other words"
        self._stage_documents("bill", [detail | {"due_date": "2026-12-24"}])
        self._import()
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        with self.assertRaisesRegex(UserError, "archived"):
            record.action_reset_and_update()
        self.assertEqual(move.state, "posted")

    # === NUMBERS OF POSTED BILLS === #

    def test_posted_bill_is_updated_to_another_year_under_another_number(self):
        detail, record, move = self._imported("posted")
        number = move.name
        self.assertIn("/2026/", number)
        dates = {"invoice_date": "2025-03-05", "due_date": "2025-04-05"}
        self._stage_documents("bill", [detail | dates | {"gl_post_date": None}])
        self._import()

        record.action_reset_and_update()

        self._booked(record)
        self.assertEqual((move.state, move.date), ("posted", date(2025, 3, 5)))
        self.assertIn("/2025/", move.name)
        self.assertTrue(any(number in body for body in move.message_ids.mapped("body")))

    def test_posted_bill_is_updated_in_the_journal_of_the_connection(self):
        journals = self.company_data["default_journal_purchase"]
        self.connection.journal_id = journals
        detail, record, move = self._imported("posted")
        self.connection.journal_id = journals.copy({"name": "Another", "code": "ANO"})
        self._revise(detail, 60)

        record.action_reset_and_update()

        self._booked(record)
        self.assertEqual(move.journal_id, self.connection.journal_id)
        self.assertTrue(move.name.startswith("ANO/"), move.name)
        self.assertEqual((move.state, move.amount_total), ("posted", 60))

    def test_posted_bill_that_becomes_a_credit_says_what_to_do(self):
        detail, record, move = self._imported("posted")
        self._revise(detail, -60)

        with self.assertRaisesRegex(UserError, "Credit and re-bill"):
            record.action_reset_and_update()

        self.assertEqual(move.state, "posted")
        record.action_credit_and_rebill()
        self.assertEqual(self._booked(record).move_type, "in_refund")

    # === CREDITS === #

    def test_credits_that_take_back_more_than_was_billed_are_a_question(self):
        order = self._order()
        detail = json.loads(order.payload)
        self._bill_of(detail, 10)
        line = self.env["purchase.order"].browse(order.res_id).order_line
        self._bill_of(detail, -4)
        second = self._credit_of(detail, -6)
        self._booked(second)
        self.assertEqual(line.qty_invoiced, 0)

        third = self._credit_of(detail, -1)

        self.assertEqual(self._codes(third), {"duplicate_bill"})
        self.assertIn("more of an order's line than was billed", third.hold_reason)
        self.assertEqual(third.conflict_id, second.res_id)
        third.action_not_a_duplicate()
        self._booked(third)
        self.assertEqual(line.qty_invoiced, -1)

    def test_credits_of_one_batch_take_back_no_more_than_was_billed(self):
        order = self._order()
        detail = json.loads(order.payload)
        self._bill_of(detail, 10)

        first = self._credit_of(detail, -6, is_imported=False)
        second = self._credit_of(detail, -6)

        self._booked(first)
        self.assertEqual(self._codes(second), {"duplicate_bill"})

    def test_credit_that_is_revised_beyond_what_was_billed_is_a_question(self):
        order = self._order()
        detail = json.loads(order.payload)
        self._bill_of(detail, 10)
        first = self._credit_of(detail, -6)
        second = self._credit_of(detail, -4)
        self._booked(second)
        self._revise(json.loads(second.payload), -50)

        self.assertEqual(self._codes(second), {"duplicate_bill"})
        self._booked(first)

    def test_credit_of_what_was_billed_before_odoo_is_booked(self):
        order = self._order()
        self._booked(self._credit_of(json.loads(order.payload), -6))

    # === TWO TENANTS === #

    def test_bill_without_number_that_two_tenants_bring_is_booked_once(self):
        numberless = self._bill_detail({"net": 100}, invoice_number="")
        numbered = self._bill_detail({"net": 200}, invoice_number="A-1")
        first = self._stage_documents("bill", [numberless, numbered])
        self._import()
        self._booked(first[0])
        self.connection.base_url = "https://former.procurify.example"
        self.connection = self._connect(name="New address")
        self._import_master_data(self.connection)

        twin, other = self._stage_documents(
            "bill", [numberless, numbered | {"invoice_number": "A-2"}]
        )
        self._import()

        self.assertEqual(self._codes(twin), {"duplicate_bill"})
        self.assertIn("another Procurify tenant", twin.hold_reason)
        self.assertEqual(twin.conflict_id, first[0].res_id)
        self._booked(other)
        twin.action_not_a_duplicate()
        self._booked(twin)

    def test_order_that_two_tenants_bring_is_made_once(self):
        first = self._order()
        detail = json.loads(first.payload)
        order = self._booked(first)
        self.connection.base_url = "https://former.procurify.example"
        self.connection = self._connect(name="New address")
        self._import_master_data(self.connection)

        twin = self._stage_documents("purchase_order", [detail])
        self._import()

        self.assertEqual(self._codes(twin), {"duplicate_order"})
        self.assertIn("another Procurify tenant", twin.hold_reason)
        self.assertEqual(twin.conflict_id, order.id)
        with self.assertRaises(UserError):
            twin.action_adopt()
        twin.action_not_a_duplicate()
        self.assertNotEqual(self._booked(twin), order)

    # === ORDERS === #

    def test_unit_of_what_is_billed_is_not_exchanged(self):
        """Five dozens would be sixty of ten."""
        self.connection.unit_policy = "hold"
        record = self._order(unit="dozens")
        unit = self._records("unit").filtered(lambda row: "dozens" in row.name)
        self._map(unit, self.env.ref("uom.product_uom_dozen"))
        self._import()
        line = self._booked(record).order_line
        detail = json.loads(record.payload)
        self._bill_of(detail, 5)
        self.assertEqual(line.qty_invoiced, 5)

        self._map(unit, self.env.ref("uom.product_uom_unit"))
        self._stage_documents("purchase_order", [detail | {"comment": "Changed"}])
        self._import()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual(line.product_uom_id, self.env.ref("uom.product_uom_dozen"))
        self.assertEqual(line.qty_invoiced, 5)

    def test_unit_of_what_is_not_billed_follows(self):
        record = self._order(unit="dozens")
        line = self._booked(record).order_line
        unit = self._records("unit").filtered(lambda row: "dozens" in row.name)

        self._map(unit, self.env.ref("uom.product_uom_dozen"))
        detail = json.loads(record.payload) | {"comment": "Changed"}
        self._stage_documents("purchase_order", [detail])
        self._import()

        self.assertEqual(line.product_uom_id, self.env.ref("uom.product_uom_dozen"))

    def test_line_that_a_person_wrote_in_another_unit_is_billed_in_that_unit(self):
        """Ten dozens are 120 pieces: ten of them are not the whole order."""
        self.connection.unit_policy = "hold"
        record = self._order(unit="dozens")
        unit = self._records("unit").filtered(lambda row: "dozens" in row.name)
        self._map(unit, self.env.ref("uom.product_uom_dozen"))
        self._import()
        line = self._booked(record).order_line
        line.write(
            {
                "product_uom_id": self.env.ref("uom.product_uom_unit").id,
                "product_qty": 120,
                "price_unit": 10 / 12,
            }
        )
        detail = json.loads(record.payload)

        for quantity, billed in ((3, 36), (7, 120)):
            self._bill_of(detail, quantity)
            self.assertAlmostEqual(line.qty_invoiced, billed)
        self.assertEqual(line.order_id.invoice_status, "invoiced")

    def test_parts_are_never_billed_as_more_than_the_whole(self):
        """Half of one is one, where Odoo counts whole units only."""
        digits = self.env["decimal.precision"].search([("name", "=", "Product Unit")])
        digits.digits = 0
        record = self._order(quantity=1, price=100)
        line = self._booked(record).order_line
        detail = json.loads(record.payload)

        for quantity in ("0.5", "0.3", "0.2"):
            self._bill_of(detail, Decimal(quantity))
        self.assertEqual(line.qty_invoiced, 1)
        self.assertEqual(line.order_id.invoice_status, "invoiced")

    def test_freight_of_an_order_that_is_billed_in_parts_is_billed_once(self):
        record = self._order(header={"freight": 100, "total": 200})
        order = self._booked(record)
        detail = json.loads(record.payload)
        of_order = {"id": detail["procurify_PO"], "number": detail["number"]}
        freight = {"net": 50, "type": "freight", "orderitem": None, "po": of_order}

        for part in (5, 10):
            self.assertEqual(self._bill_of(detail, 5, freight).amount_total, 100)
            self.assertEqual(order.order_line.mapped("qty_invoiced"), [part, 1])
        self.assertEqual(order.invoice_status, "invoiced")

    def test_posted_line_that_procurify_puts_on_another_order_is_billed_there(self):
        """The ledger stays as it is: only the orders show what is billed."""
        self.connection.bill_policy = "posted"
        orders = [self._order(), self._order()]
        first, second = (json.loads(record.payload) for record in orders)
        lines = [self._booked(record).order_line for record in orders]
        move = self._bill_of(first, 10)
        record = self._records("bill").filtered(lambda r: r.res_id == move.id)
        detail = json.loads(record.payload)

        for order, billed in ((second, [0, 10]), (first, [10, 0]), (second, [0, 10])):
            items = deepcopy(detail["items"])
            number = order["procurify_PO"]
            [line] = order["order_items"]
            items[0]["orderitem"] = line | {"purchase_order": number}
            items[0]["po"] = {"id": number, "number": order["number"]}
            self._stage_documents("bill", [detail | {"items": items}])
            self._import()
            self.assertEqual(self._booked(record), move)
            self.assertEqual([line.qty_invoiced for line in lines], billed)

    # === HELPERS === #

    def _imported(self, policy="draft", **header):
        """Import a bill of 100 and return (its detail, its record, the Odoo bill)."""
        self.connection.bill_policy = policy
        detail = self._bill_detail({"net": 100}, **header)
        record = self._stage_documents("bill", [detail])
        self._import()
        return detail, record, self._booked(record)

    def _term(self, days, **values):
        line = {"value": "percent", "value_amount": 100, "nb_days": days}
        lines = [Command.clear(), Command.create(line)]
        return self.env["account.payment.term"].create(
            {"name": f"{days} days", "line_ids": lines, **values}
        )

    def _with_cost(self, currency):
        """Return a bill of 100 with a cost of 40 in a currency, by its id."""
        detail = self._bill_detail({"net": 100})
        share = deepcopy(detail["items"][0]["cost_allocations"][0])
        cost = {"id": 5001, "name": "Brokerage", "amount": "40.00000000"}
        cost |= {"bill": detail["id"], "cost": 2, "currency": currency}
        detail["costs"] = [cost | {"cost_allocation": share | {"amount": "40"}}]
        totals = ("total_cost", "total_cost_with_tax", "converted_total_cost")
        return detail | dict.fromkeys(totals, Decimal(140))

    def _moving(self, net):
        """Return a bill with a line of ``net``, 100 of it here and -100 there, and the
        codes of both accounts."""
        detail = self._bill_detail({"net": net}, {"net": 100})
        first = detail["items"][0]["cost_allocations"][0] | {"amount": "100"}
        code = first["budget"]["account_code"]
        others = self._records("account_code", state="done")
        other = others.filtered(lambda row: row.external_id != str(code["id"]))[0]
        second = deepcopy(first) | {"id": 4242, "amount": "-100"}
        second["budget"]["account_code"] = json.loads(other.payload)
        detail["items"][0]["cost_allocations"] = [first, second]
        # The other line is for an account of its own.
        third = others.filtered(
            lambda row: row.external_id != str(code["id"]) and row != other
        )[0]
        share = detail["items"][1]["cost_allocations"][0]
        share["budget"] = share["budget"] | {"account_code": json.loads(third.payload)}
        return detail, (code["code"], other.code)

    @staticmethod
    def _on(lines, code):
        mine = lines.filtered(lambda line: line.account_id.code == code)
        return sum(mine.mapped("balance"))

    def _revise(self, detail, amount):
        new, amount = deepcopy(detail), Decimal(amount)
        totals = ("total_cost", "total_cost_with_tax")
        new["items"][0] |= dict.fromkeys((*totals, "unit_cost"), amount)
        new["items"][0]["cost_allocations"][0]["amount"] = str(amount)
        names = (*totals, "subtotal_cost", "converted_total_cost")
        self._stage_documents("bill", [new | dict.fromkeys(names, amount)])
        self._import()

    def _order(self, header=None, **line):
        """Import an order of ten for ten each, in the company's own currency."""
        order_id = self.dataset.add_order("plain")
        detail = OrderRenderer(self.dataset).detail(self.dataset.order(order_id))
        base = detail["purchased_currency"] | {"id": BASE, "name": "USD"}
        number = next(self.numbers)
        detail |= {"procurify_PO": 850_000 + number, "uuid": f"{number:032x}"}
        detail |= {"number": f"ODD-{number}", "PO_Num": None, "cost_details": None}
        first = self._order_line(detail["order_items"][0], detail, number, {"net": 100})
        first |= {"quantity": 10, "price": 10, "currency": base} | line
        detail |= {"order_items": [first], "subtotal": 100, "total": 100}
        detail |= {"purchased_currency": base} | (header or {})
        record = self._stage_documents("purchase_order", [detail])
        self._import()
        return record

    def _bill_of(self, order, quantity, *others):
        bill = self._stage_bill_of(order, quantity, *others)
        self._import()
        return self._booked(bill)

    def _credit_of(self, order, quantity, is_imported=True):
        record = self._stage_bill_of(order, quantity)
        if is_imported:
            self._import()
        return record

    def _stage_bill_of(self, order, quantity, *others):
        [line] = order["order_items"]
        price = Decimal(str(line["price"]))
        item = {"net": price * quantity, "quantity": str(quantity), "unit_cost": price}
        item["orderitem"] = line | {"purchase_order": order["procurify_PO"]}
        item["po"] = {"id": order["procurify_PO"], "number": order["number"]}
        return self._stage_bill(item, *others, vendor=order["pref_vendor"])


@tagged("post_install", "-at_install", "procurify")
class TestFieldsOfOthers(TaxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        model = cls.env["ir.model"]._get("account.move.line")
        cls.env["ir.model.fields"].create(
            {
                "model_id": model.id,
                "name": "x_defer_until",
                "field_description": "Defer Until",
                "ttype": "date",
            }
        )

    def test_field_of_another_addon_on_a_line_is_not_lost(self):
        detail = self._bill_detail({"net": 100}, {"net": 40})
        record = self._stage_documents("bill", [detail])
        self._import()
        move, until = self._booked(record), date(2026, 12, 31)
        move.invoice_line_ids[0].x_defer_until = until

        for number in (1, 2):
            items = deepcopy(detail["items"])
            items[0]["description"] = f"Maintenance {number}"
            self._stage_documents("bill", [detail | {"items": items}])
            self._import()
            self._booked(record)
            lines = move.invoice_line_ids.sorted("price_subtotal", reverse=True)
            self.assertIn(f"Maintenance {number}", lines[0].name)
            self.assertEqual(lines.mapped("x_defer_until"), [until, False])
