"""Bills that Odoo has from elsewhere: by order lines, by amount and day, by twins."""

from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.procurify_connector.importers.bills.duplicates import BillDuplicates
from odoo.addons.procurify_connector.importers.bills.importer import BillImport
from odoo.addons.procurify_connector.importers.draft import ImportBatch
from odoo.addons.procurify_connector.simulator.manufacturer import EUR

from .common import ProcurifyCommon

DAY = date(2026, 3, 10)


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestDuplicateRules(ProcurifyCommon):
    master_data_ready = True

    # === THE SAME ORDER LINES === #

    def test_order_that_somebody_billed_is_not_billed_again(self):
        self.connection.bill_policy = "posted"
        order_id, order = self._order()
        theirs = self._create_bill(order)
        theirs.action_post()
        billed = order.order_line.mapped("qty_invoiced")

        record = self._billed(order_id)

        self._assert_held(record, theirs, "bills order lines")
        self.assertEqual(order.order_line.mapped("qty_invoiced"), billed)

    def test_draft_of_somebody_counts_as_well(self):
        order_id, order = self._order()
        theirs = self._create_bill(order)

        self._assert_held(self._billed(order_id), theirs, "bills order lines")

    def test_part_that_somebody_billed_counts_as_well(self):
        order_id, order = self._order()
        theirs = self._create_bill(order)
        theirs.invoice_line_ids[0].quantity = 1
        theirs.invoice_line_ids[1:].unlink()
        theirs.action_post()

        self._assert_held(self._billed(order_id), theirs, "bills order lines")

    def test_credit_that_somebody_took_is_not_taken_again(self):
        order_id, order = self._order("plain")
        bill_id = self.dataset.bill_order(order_id)
        self._synchronise()
        self._move(bill_id).action_post()
        theirs = self.env["account.move"].create(
            {
                "move_type": "in_refund",
                "partner_id": order.partner_id.id,
                "invoice_date": DAY,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Back",
                            "quantity": 1,
                            "price_unit": 5,
                            "tax_ids": [],
                            "purchase_line_id": order.order_line[0].id,
                        }
                    )
                ],
            }
        )

        [credit_id] = self._credit(order_id)

        self._assert_held(self._record("bill", credit_id), theirs, "bills order lines")

    def test_deposit_that_somebody_booked_on_the_order_is_a_question(self):
        """Procurify's bill is of the whole amount, which includes what is paid."""
        order_id, order = self._order("plain")
        theirs = self._by_hand(order.partner_id, 10, ref="DEPOSIT-1")
        wizard = self.env["bill.to.po.wizard"].create({"purchase_order_id": order.id})
        lines = [-theirs.invoice_line_ids.id]
        wizard.with_context(active_ids=lines).action_add_downpayment()
        theirs.action_post()

        record = self._billed(order_id)

        self._assert_held(record, theirs, "bills order lines")
        record.action_not_a_duplicate()
        self.assertEqual((record.state, record.hold_reason), ("done", ""))

    def test_cancelled_bill_of_somebody_is_no_issue(self):
        order_id, order = self._order()
        self._create_bill(order).button_cancel()

        self.assertEqual(self._billed(order_id).state, "done")

    def test_other_bills_of_procurify_for_the_same_lines_are_no_issue(self):
        bills = self.dataset.add_bills("line_in_several_bills")
        self._synchronise()

        states = [self._record("bill", bill_id).state for bill_id in bills]
        self.assertEqual(set(states), {"done"})
        self.assertGreater(len(states), 1)

    def test_adopted_bill_of_an_order_follows_later_versions(self):
        order_id, order = self._order()
        theirs = self._create_bill(order)
        record = self._billed(order_id)

        record.action_adopt()
        record.action_reset_and_update()
        self.dataset.revise_bill(int(record.external_id), unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual((record.state, record.res_id), ("done", theirs.id))
        self.assertEqual(order.invoice_ids, theirs)

    def test_bill_of_somebody_that_goes_releases_procurifys(self):
        order_id, order = self._order()
        theirs = self._create_bill(order)
        record = self._billed(order_id)

        theirs.unlink()
        self._import()

        self.assertEqual(record.state, "done")

    def test_script_decides_as_the_buttons_do(self):
        order_id, order = self._order()
        theirs = self._create_bill(order)
        record = self._billed(order_id)

        with self.assertRaises(UserError) as refused:
            record.decide("nonsense")
        self.assertEqual(refused.exception.context, {"code": "invalid_argument"})
        with self.assertRaises(UserError) as refused:
            record.decide("reverse")
        self.assertEqual(refused.exception.context, {"code": "refused"})
        answer = record.decide("adopt", idempotency_key="once")

        self.assertEqual(answer["count"], 1)
        self.assertEqual(record.res_id, theirs.id)
        self.assertEqual(record.decide("adopt", idempotency_key="once"), answer)

    # === THE SAME VENDOR, AMOUNT AND DAY === #

    def test_bill_by_hand_without_reference_is_on_hold_by_amount_and_day(self):
        bill_id, partner, total = self._staged()
        theirs = self._by_hand(partner, total)
        self._import()

        record = self._record("bill", bill_id)
        self._assert_held(record, theirs, "same vendor, amount and date")
        record.action_adopt()
        self.assertEqual(record.res_id, theirs.id)

    def test_receipt_by_hand_counts_as_a_bill(self):
        for rule in ("same vendor and number", "same vendor, amount and date"):
            bill_id, partner, total = self._staged()
            number = self.dataset.bill(bill_id).invoice_number
            ref = "number" in rule and number
            theirs = self._by_hand(partner, total, move_type="in_receipt", ref=ref)
            self._import()
            record = self._record("bill", bill_id)
            with self.subTest(rule):
                self._assert_held(record, theirs, rule)
                with self.assertRaisesRegex(UserError, "receipt"):
                    record.action_adopt()
                theirs.button_cancel()
                self._import()
                self.assertEqual(record.state, "done")

    def test_number_that_was_mistyped_is_on_hold_by_amount_and_day(self):
        bill_id, partner, total = self._staged()
        theirs = self._by_hand(partner, total, ref="INV 4711")
        theirs.action_post()
        self._import()

        record = self._record("bill", bill_id)
        self._assert_held(record, theirs, "same vendor, amount and date")

    def test_number_that_somebody_entered_in_another_field_is_on_hold(self):
        for field in ("payment_reference", "name"):
            with self.subTest(field):
                bill_id, partner, total = self._staged()
                number = self.dataset.bill(bill_id).invoice_number
                values = {"invoice_date": "2026-02-01", field: number.lower()}
                theirs = self._by_hand(partner, total, **values)
                theirs.action_post()
                self._import()

                record = self._record("bill", bill_id)
                self._assert_held(record, theirs, "vendor and number")

    def test_refund_by_hand_is_on_hold_by_amount_and_day(self):
        bill_id, partner, total = self._staged("credit")
        theirs = self._by_hand(partner, abs(total), move_type="in_refund")
        self._import()

        record = self._record("bill", bill_id)
        self._assert_held(record, theirs, "same vendor, amount and date")

    def test_bill_by_hand_in_another_currency_is_on_hold_by_amount_and_day(self):
        euro = self.env.ref("base.EUR")
        bill_id, partner, total = self._staged(currency_id=EUR.id)
        theirs = self._by_hand(partner, total, currency_id=euro.id)
        self._import()

        record = self._record("bill", bill_id)
        self._assert_held(record, theirs, "same vendor, amount and date")

    def test_another_day_amount_currency_or_vendor_is_another_bill(self):
        others = {
            "day": {"invoice_date": date(2026, 3, 11)},
            "amount": {"more": 1},
            "currency": {"currency_id": self.env.ref("base.EUR").id},
            "vendor": {"partner_id": self.partner_b.id},
            "kind": {"move_type": "in_refund"},
        }
        for name, values in others.items():
            with self.subTest(name):
                bill_id, partner, total = self._staged()
                more = values.pop("more", 0)
                self._by_hand(partner, total + more, **values)
                self._import()
                self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_two_bills_of_procurify_of_one_amount_and_day_are_both_booked(self):
        bills = [self._staged()[0] for _number in range(2)]
        vendor = self.dataset.bill(bills[0]).vendor_id
        for number, bill_id in enumerate(bills):
            self.dataset.revise_bill(
                bill_id,
                vendor_id=vendor,
                invoice_number=f"RENT-{number}",
                quantity=Decimal(1),
                unit_cost=Decimal(100),
            )
        self._synchronise()

        for bill_id in bills:
            self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_draft_that_becomes_somebodys_bill_by_its_change_is_on_hold(self):
        bill_id, partner, _total = self._staged()
        self._import()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("77.70"))
        total = self.dataset.expected()[bill_id].total
        theirs = self._by_hand(partner, total)

        self._synchronise()

        self.assertEqual(self._codes(record), {"duplicate_bill"})
        self.assertEqual(record.conflict_id, theirs.id)
        self.assertNotEqual(move.amount_total, float(total))
        record.action_not_a_duplicate()
        self.assertEqual(move.amount_total, float(total))

    # === NOT A DUPLICATE: OF WHAT THE PERSON SAW === #

    def test_word_of_a_person_counts_for_the_bill_that_was_seen(self):
        bill_id, partner, total = self._staged()
        number = self.dataset.bill(bill_id).invoice_number
        first = self._by_hand(partner, total + 1, ref=number)
        second = self._by_hand(partner, total)
        self._import()
        record = self._record("bill", bill_id)
        self._assert_held(record, first, "same vendor and number")

        record.action_not_a_duplicate()
        self._assert_held(record, second, "same vendor, amount and date")
        record.action_not_a_duplicate()

        self.assertEqual(record.state, "done", record.hold_reason)
        self.assertNotIn(record.res_id, (first | second).ids)

    def test_bill_by_hand_that_comes_after_the_word_of_a_person_holds_again(self):
        bill_id, partner, total = self._staged()
        number = self.dataset.bill(bill_id).invoice_number
        seen = self._by_hand(partner, total, ref=number)
        self._import()
        record = self._record("bill", bill_id)
        record.action_not_a_duplicate()
        move = self._move(bill_id)
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("77.70"))
        total = self.dataset.expected()[bill_id].total
        later = self._by_hand(partner, total)

        self._synchronise()

        self._assert_held_in_odoo(record, later)
        self.assertNotEqual(later, seen)
        record.action_not_a_duplicate()
        self.assertEqual(record.state, "done")
        self.assertEqual(move.amount_total, float(total))
        # A replay and a later version ask nothing again.
        record.action_replay()
        self.dataset.touch(bill_id)
        self._synchronise()
        self.assertEqual(record.state, "done")

    def test_word_about_a_bill_of_the_same_batch_counts_for_what_it_became(self):
        first, partner, _total = self._staged()
        vendor_id = self.dataset.bill(first).vendor_id
        second = self.dataset.add_bill("untaxed", vendor_id=vendor_id)
        third = self.dataset.add_bill("untaxed", vendor_id=vendor_id)
        for bill_id in (first, second, third):
            self.dataset.revise_bill(bill_id, invoice_number="BATCH-1")
        self._synchronise()
        held = self._record("bill", second)
        self.assertEqual(self._codes(held), {"duplicate_bill"})

        held.action_not_a_duplicate()

        self.assertEqual(held.state, "done", held.hold_reason)
        # The third one was on hold for the first; now there are two.
        last = self._record("bill", third)
        last.action_not_a_duplicate()
        self.assertEqual(self._codes(last), {"duplicate_bill"})
        last.action_not_a_duplicate()
        self.assertEqual(last.state, "done", last.hold_reason)

    def test_word_of_an_earlier_version_counts_for_all(self):
        bill_id, partner, total = self._staged()
        record = self._record("bill", bill_id)
        record.sudo().not_a_duplicate = True
        self._by_hand(partner, total)

        self._import()

        self.assertEqual(record.state, "done")

    # === ONE VENDOR, TWO CONTACTS === #

    def test_number_at_the_vendors_twin_contact_is_on_hold(self):
        bill_id, partner, total = self._staged()
        twin = partner.create({"name": f"{partner.name.upper()}, Inc."})
        theirs = self._by_hand(twin, total, invoice_date=False, ref="twin-1")
        self.dataset.revise_bill(bill_id, invoice_number="TWIN-1")
        self._synchronise()

        record = self._record("bill", bill_id)
        self._assert_held(record, theirs, "same vendor and number")
        record.action_adopt()
        self.assertEqual(record.res_id, theirs.id)

    def test_contact_with_the_same_tax_id_is_the_same_vendor(self):
        bill_id, partner, total = self._staged()
        partner.vat = "BE0477472701"
        twin = partner.create({"name": "Quite another", "vat": "BE0477472701"})
        theirs = self._by_hand(twin, total)
        self._import()

        record = self._record("bill", bill_id)
        self._assert_held(record, theirs, "same vendor, amount and date")

    def test_two_tax_ids_are_two_vendors_of_one_name(self):
        bill_id, partner, total = self._staged()
        partner.vat = "BE0477472701"
        twin = partner.create({"name": partner.name, "vat": "BE0428759497"})
        self._by_hand(twin, total)
        self._import()

        self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_number_of_another_vendor_is_no_duplicate(self):
        bill_id, _partner, total = self._staged()
        self._by_hand(self.partner_b, total, ref="SHARED-1")
        self.dataset.revise_bill(bill_id, invoice_number="SHARED-1")
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_bill_of_another_vendor_by_now_is_not_adopted(self):
        bill_id, partner, total = self._staged()
        theirs = self._by_hand(partner, total)
        self._import()

        theirs.partner_id = self.partner_b

        with self.assertRaisesRegex(UserError, "another vendor"):
            self._record("bill", bill_id).action_adopt()

    # === THE SAME NUMBER IN ANOTHER YEAR === #

    def test_number_of_another_year_is_on_hold_and_booked_with_one_click(self):
        bill_id, partner, total = self._staged()
        number = self.dataset.bill(bill_id).invoice_number
        theirs = self._by_hand(
            partner, total, ref=number, invoice_date=date(2025, 3, 10)
        )
        self._import()

        record = self._record("bill", bill_id)
        self._assert_held(record, theirs, "in another year")
        self.assertIn("restarts its numbers each year", record.issue_ids.advice)
        record.action_not_a_duplicate()
        self.assertEqual(record.state, "done")
        self.assertNotEqual(record.res_id, theirs.id)

    def test_what_is_more_certain_is_shown_first(self):
        bill_id, partner, total = self._staged()
        number = self.dataset.bill(bill_id).invoice_number
        self._by_hand(partner, total, ref=number, invoice_date=date(2025, 3, 10))
        theirs = self._by_hand(partner, total)
        self._import()

        record = self._record("bill", bill_id)
        self._assert_held(record, theirs, "same vendor, amount and date")

    # === COST === #

    def test_search_costs_the_same_for_one_bill_and_for_many(self):
        counts = []
        for size in (1, 2, 12):  # the first one fills Odoo's own caches
            bills = [self._staged()[0] for _number in range(size)]
            records = self._records("bill").filtered(
                lambda r, ids={str(b) for b in bills}: r.external_id in ids
            )
            counts.append(self._searches(records))

        self.assertEqual(counts[1], counts[2])
        # Two of them find out which companies are branches.
        self.assertLessEqual(counts[2], 8)

    def _searches(self, records):
        """Return how many queries look for rivals of these staged bills."""
        records = records.sudo()
        batch = ImportBatch(records)
        records._parse(batch)
        env = self.connection._import_env(self.company)
        bills = BillImport(env, batch)
        bills.run()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        BillDuplicates(env["account.move"], bills).rivals(bills.drafts)
        return self.cr.sql_log_count - before

    # === HELPERS === #

    def _order(self, scenario="several_lines"):
        order_id = self.dataset.add_order(scenario, currency_id=1)
        self._synchronise()
        record = self._record("purchase_order", order_id)
        return order_id, self.env["purchase.order"].browse(record.res_id)

    def _create_bill(self, order):
        """Press *Create Bill*, as somebody who does not know of Procurify's."""
        order.action_create_invoice()
        move = order.invoice_ids
        move.invoice_date = DAY
        self.assertEqual(len(move), 1)
        return move

    def _billed(self, order_id):
        bill_id = self.dataset.bill_order(order_id)
        self._synchronise()
        return self._record("bill", bill_id)

    def _credit(self, order_id):
        bill_id = self.dataset.bill_order(order_id, lines={0: -1})
        self._synchronise()
        return [bill_id]

    def _staged(self, scenario="plain", currency_id=1):
        """Read a new bill, which is not imported yet.

        :returns: (its id, the contact of its vendor, its total)
        """
        bill_id = self.dataset.add_bill(scenario)
        self.dataset.revise_bill(bill_id, currency_id=currency_id, invoice_date=DAY)
        self._fetch()
        self._records("vendor").sudo()._import()
        vendor = self._record("vendor", self.dataset.bill(bill_id).vendor_id)
        partner = self.env["res.partner"].browse(vendor.res_id)
        return bill_id, partner, self.dataset.expected()[bill_id].total

    def _by_hand(self, partner, total, **values):
        """Create a bill as somebody enters it, without reference."""
        return self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": partner.id,
                "invoice_date": DAY,
                "invoice_line_ids": [
                    Command.create(
                        {"name": "x", "price_unit": float(total), "tax_ids": []}
                    )
                ],
            }
            | values
        )

    def _assert_held_in_odoo(self, record, theirs):
        self.assertEqual(self._codes(record), {"duplicate_bill"})
        self.assertEqual(record.conflict_id, theirs.id)
        self.assertTrue(record.res_id)
        self.assertFalse(record.can_adopt)

    def _assert_held(self, record, theirs, words):
        self.assertEqual(self._codes(record), {"duplicate_bill"})
        self.assertEqual(record.conflict_id, theirs.id)
        self.assertFalse(record.res_id)
        self.assertTrue(record.can_adopt)
        self.assertTrue(record.can_book_too)
        self.assertIn(words, record.hold_reason)
