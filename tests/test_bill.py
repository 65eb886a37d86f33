"""Bills in detail: revisions, duplicates, credits, taxes, rates, splits."""

from decimal import Decimal

from odoo import fields
from odoo.tests import tagged

from odoo.addons.procurify_connector.simulator.manufacturer import EUR

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestBill(ProcurifyCommon):
    master_data_ready = True

    # === REVISIONS === #

    def test_untouched_draft_follows_procurify(self):
        bill_id = self._book("plain")
        move = self._move(bill_id)

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"), code="6400")
        self._synchronise()

        self.assertEqual(self._move(bill_id), move, "no second bill")
        self.assertEqual(move.invoice_line_ids.account_id.code, "6400")
        self._assert_total(bill_id)

    def test_taxed_foreign_draft_follows_with_its_rate(self):
        bill_id = self.dataset.add_bill("several_taxes")
        self.dataset.revise_bill(bill_id, currency_id=EUR.id)
        self._synchronise()
        move = self._move(bill_id)
        rate = move.invoice_currency_rate

        self.dataset.revise_bill(bill_id, rate="0.923", unit_cost=Decimal("33.33"))
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        self.assertEqual(self._move(bill_id), move)
        self.assertNotEqual(move.invoice_currency_rate, rate)
        self._assert_total(bill_id)

    def test_bill_that_becomes_a_credit_turns_into_a_refund(self):
        bill_id = self._book("plain")
        move = self._move(bill_id)

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("-12.34"))
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        self.assertEqual(move.move_type, "in_refund")
        self._assert_total(bill_id)

    def test_posted_bill_is_never_overwritten(self):
        bill_id = self._book("plain")
        move = self._move(bill_id)
        move.action_post()
        total = move.amount_total

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("999.99"))
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertIn(move.name, record.hold_reason)
        self.assertIn("total", record.hold_reason)
        self.assertEqual(move.amount_total, total)

    def test_draft_that_a_person_edited_is_never_overwritten(self):
        bill_id = self._book("plain")
        move = self._move(bill_id)
        move.invoice_line_ids[0].account_id = self._account("9999")

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("999.99"))
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual(move.invoice_line_ids.account_id.code, "9999")

    def test_reset_bill_takes_the_change_on_replay(self):
        bill_id = self._book("plain")
        move = self._move(bill_id)
        move.action_post()
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("999.99"))
        self._synchronise()

        move.button_draft()
        self._record("bill", bill_id).action_replay()

        self.assertEqual(self._record("bill", bill_id).state, "done")
        self._assert_total(bill_id)

    def test_withdrawn_bill_is_on_hold_and_comes_back_with_its_approval(self):
        bill_id = self._book("plain")
        move = self._move(bill_id)

        self.dataset.set_status(bill_id, 5)
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"withdrawn"})
        self.dataset.set_status(bill_id, 2)
        self._synchronise()
        self.assertEqual(record.state, "done")
        self.assertEqual(self._move(bill_id), move)

    def test_bill_is_excluded_until_it_is_approved(self):
        bill_id = self._book("confirmed")
        record = self._record("bill", bill_id)
        self.assertEqual(
            (record.state, record.excluded_rule), ("excluded", "not_approved")
        )

        self.dataset.set_status(bill_id, 2)
        self._synchronise()

        self.assertEqual(record.state, "done")
        self.assertFalse(record.excluded_rule)

    def test_expense_and_card_bills_follow_the_policy(self):
        expense, card = self._book("expense"), self._book("card")
        self.assertEqual(self._record("bill", expense).excluded_rule, "expense_bill")
        self.assertEqual(self._record("bill", card).excluded_rule, "card_bill")

        self.connection.write({"import_card_bills": True})
        self._import()

        self.assertNotEqual(self._record("bill", card).excluded_rule, "card_bill")
        self.assertEqual(self._record("bill", expense).state, "excluded")

    # === DUPLICATES === #

    def test_same_vendor_and_number_already_in_odoo_is_on_hold(self):
        bill_id = self._book("plain")
        first = self._move(bill_id)
        twin = self.dataset.add_bill("plain")
        vendor_id = self.dataset.bill(bill_id).vendor_id
        self.dataset.revise_bill(twin, vendor_id=vendor_id, invoice_number=first.ref)
        self._synchronise()

        record = self._record("bill", twin)
        self.assertEqual(self._codes(record), {"duplicate_bill"})
        self.assertIn(first.display_name, record.hold_reason)

        self.dataset.revise_bill(twin, invoice_number=f"{first.ref}-B")
        self._synchronise()
        self.assertEqual(record.state, "done")

    def test_two_bills_of_one_batch_with_one_number_are_not_both_booked(self):
        bills = [self.dataset.add_bill("plain") for _number in range(2)]
        vendor_id = self.dataset.bill(bills[0]).vendor_id
        for bill_id in bills:
            self.dataset.revise_bill(
                bill_id, vendor_id=vendor_id, invoice_number="TWICE"
            )
        self._synchronise()

        records = self._records("bill")
        self.assertEqual(sorted(records.mapped("state")), ["done", "quarantined"])

    def test_bill_without_number_is_booked_without_reference(self):
        bill_id = self._book("no_number")

        self.assertFalse(self._move(bill_id).ref)

    # === AMOUNTS === #

    def test_taxes_are_procurify_s_whatever_odoo_rounds(self):
        """Odoo rounds per document, Procurify per line: the cents must not move."""
        self.company.tax_calculation_rounding_method = "round_globally"
        bills = [
            self.dataset.add_bill(scenario)
            for scenario in ("several_taxes", "tax_inclusive", "several_lines")
            for _number in range(3)
        ]
        self._synchronise()

        for bill_id in bills:
            with self.subTest(bill=bill_id):
                self._assert_total(bill_id)

    def test_taxes_survive_posting(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        bill_id = self._book("several_taxes")

        self._move(bill_id).action_post()

        self._assert_total(bill_id)

    def test_inclusive_prices_fit_a_tax_that_is_not_included(self):
        """What matters is the rate: the price is written as Odoo's tax wants it."""
        self.env["account.tax"].search(
            [("type_tax_use", "=", "purchase"), ("amount", "=", 19)]
        ).price_include_override = "tax_excluded"
        bill_id = self._book("tax_inclusive")

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        self._assert_total(bill_id)

    def test_split_that_percentages_cannot_express_becomes_lines(self):
        bills = [self._book("split_departments") for _number in range(2)]
        thirds = next(
            move
            for move in map(self._move, bills)
            if 333.34 in move.invoice_line_ids.mapped("price_subtotal")
        )

        cents = sorted(thirds.invoice_line_ids.mapped("price_subtotal"))
        self.assertEqual(cents.count(333.33), 2)
        self.assertEqual(cents.count(333.34), 1)

    def test_analytic_items_of_a_posted_bill_are_the_allocations(self):
        bill_id = self.dataset.add_bill("split_departments")
        self.dataset.revise_bill(bill_id, currency_id=1)
        self._synchronise()
        move = self._move(bill_id)
        self.assertEqual(move.currency_id, self.company.currency_id)
        move.action_post()
        move.invoice_line_ids.invalidate_recordset()

        booked = {}
        plan = self.plans["department"]
        records = self._records("department", state="done")
        departments = {record.res_id: int(record.external_id) for record in records}
        for item in move.invoice_line_ids.analytic_line_ids:
            department = departments[item[plan._column_name()].id]
            amount = Decimal(str(-item.amount)).quantize(Decimal("0.01"))
            booked[department] = booked.get(department, 0) + amount
        expected = {}
        lines = self.dataset.expected()[bill_id].net_lines
        for (_code, department, _location), amount in lines.items():
            expected[department] = expected.get(department, 0) + amount
        self.assertEqual(booked, expected)

    def test_foreign_bill_uses_procurify_s_rate(self):
        bill_id = self._book("foreign_cad")
        move = self._move(bill_id)

        converted = self.dataset.base_total(self.dataset.bill(bill_id))
        self.assertEqual(move.currency_id.name, "CAD")
        self.assertAlmostEqual(
            abs(move.amount_total_signed), float(abs(converted)), delta=0.02
        )

    def test_foreign_bill_without_any_rate_is_on_hold(self):
        self.connection.rate_source = "odoo"
        self.env["res.currency.rate"].search(
            [("currency_id.name", "=", "CAD")]
        ).unlink()
        bill_id = self._book("foreign_cad")

        self.assertEqual(self._codes(self._record("bill", bill_id)), {"missing_rate"})
        self.env["res.currency.rate"].create(
            {
                "currency_id": self.env.ref("base.CAD").id,
                "rate": 1.4,
                "name": fields.Date.to_date("2020-01-01"),
                "company_id": self.company.id,
            }
        )
        self._record("bill", bill_id).action_replay()
        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.4)

    def test_dates_are_the_calendar_days_as_written(self):
        bill_id = self._book("midnight")

        expected = self.dataset.bill(bill_id).invoice_date.date()
        self.assertEqual(self._move(bill_id).invoice_date, expected)

    def test_html_in_procurify_s_texts_is_text(self):
        bill_id = self.dataset.add_bill("plain")
        self.dataset.revise_bill(bill_id, description="<b onclick=x>Steel</b> & Co")
        self._synchronise()

        line = self._move(bill_id).invoice_line_ids
        self.assertIn("<b onclick=x>Steel</b> & Co", line.name)

    def test_batch_with_one_bad_bill_books_the_others(self):
        bad = self.dataset.add_bill("plain")
        good = [self.dataset.add_bill("plain") for _number in range(4)]
        tax = self.env["account.tax"].search(
            [("type_tax_use", "=", "purchase"), ("amount", "=", 8.25)]
        )
        self._fetch()
        self._run_cron("ir_cron_import")
        self.assertEqual(self._record("bill", bad).state, "done")
        self.assertTrue(tax)
        for bill_id in good:
            self.assertEqual(self._record("bill", bill_id).state, "done")

    # === HELPERS === #

    def _book(self, scenario, **params):
        bill_id = self.dataset.add_bill(scenario, **params)
        self._synchronise()
        return bill_id

    def _assert_total(self, bill_id):
        move, expected = self._move(bill_id), self.dataset.expected()[bill_id]
        sign = -1 if move.move_type == "in_refund" else 1
        cents = Decimal("0.01")
        self.assertEqual(
            (
                Decimal(str(sign * move.amount_total)).quantize(cents),
                Decimal(str(sign * move.amount_tax)).quantize(cents),
            ),
            (expected.total, expected.tax),
        )
