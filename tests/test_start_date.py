"""What is older than the start date was booked before Odoo took over."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

from odoo.tests import Form, tagged

from odoo.addons.procurify_connector.simulator import (
    Simulator,
    tenant_time,
    year_of,
)

from .common import ProcurifyCommon
from .oracle import OracleCase, money

START = date(2026, 3, 1)
BEFORE = tenant_time.at(date(2026, 2, 27), 12)
AFTER = tenant_time.at(date(2026, 3, 2), 12)
PAID = 5
LATER = date(2100, 1, 1)


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestStartDate(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.connection.bills_start_date = START
        self.connection.orders_start_date = START

    # === BILLS === #

    def test_bill_of_before_is_excluded_by_name_and_the_first_day_counts(self):
        earlier = self._bill(BEFORE)
        last_day = self._bill(tenant_time.at(date(2026, 2, 28), 23, 30))
        first_day = self._bill(tenant_time.at(START, 0, 30))
        self._synchronise()

        self._assert_excluded(earlier, last_day)
        self.assertEqual(self._record("bill", first_day).state, "done")

    def test_accounting_date_counts_not_that_of_the_invoice(self):
        late = self._bill(BEFORE, gl_post_date=AFTER)
        early = self._bill(AFTER, gl_post_date=BEFORE)
        self._synchronise()

        self.assertEqual(self._record("bill", late).state, "done")
        self._assert_excluded(early)

    def test_refund_and_posted_bill_of_before_are_excluded_as_well(self):
        self.connection.bill_policy = "posted"
        refund, bill = self._bill(BEFORE, "credit"), self._bill(BEFORE)
        self._synchronise()

        self._assert_excluded(refund, bill)
        self.assertFalse(self.env["account.move"].search([("ref", "!=", False)]))

    def test_unpaid_bill_of_before_is_taken_over_and_a_paid_one_is_not(self):
        self.connection.take_over_open_items = True
        unpaid, paid = self._bill(BEFORE), self._bill(BEFORE)
        self._pay_on(paid, START - timedelta(days=1))
        paid_since = self._bill(BEFORE)
        self._pay_on(paid_since, START)
        unknown = self._bill(BEFORE)
        self._pay_on(unknown, None)
        self._synchronise()

        self._assert_excluded(paid, unknown)
        self.assertEqual(self._record("bill", unpaid).state, "done")
        self.assertEqual(self._record("bill", paid_since).state, "done")
        self.assertTrue(self._move(paid_since).procurify_payment_blocked)

    def test_revised_bill_of_before_that_is_of_after_is_booked(self):
        bill = self._bill(BEFORE)
        self._synchronise()
        self._assert_excluded(bill)

        self.dataset.revise_bill(bill, invoice_date=AFTER)
        self._synchronise()

        self.assertEqual(self._record("bill", bill).state, "done")
        self.assertEqual(self._move(bill).invoice_date, AFTER.date())

    def test_bill_for_an_order_of_before_is_booked_without_it(self):
        self.connection.orders_start_date = LATER
        order = self.dataset.add_order("plain")
        bill = self.dataset.bill_order(order)
        self.dataset.revise_bill(bill, invoice_date=AFTER)
        self._synchronise()

        self._assert_excluded(order, resource="purchase_order")
        self.assertEqual(self._record("bill", bill).state, "done")
        self.assertFalse(self._move(bill).invoice_line_ids.purchase_line_id)

    def test_draft_that_moves_before_the_start_date_is_a_question(self):
        """Procurify corrects the date of a draft to the time of the earlier books."""
        bill = self._bill(AFTER)
        self._synchronise()
        record, move = self._record("bill", bill), self._move(bill)
        day = move.date

        self.dataset.revise_bill(bill, invoice_date=BEFORE, unit_cost=Decimal(7))
        self._synchronise()

        self.assertEqual(self._codes(record), {"before_start_date"})
        self.assertIn("03/01/2026", record.hold_reason)
        self.assertEqual((move.date, move.invoice_date), (day, day))
        self.assertIn("date", {row["field"] for row in record.difference})
        record.action_keep_odoo()
        self.assertEqual((record.state, move.date), ("done", day))

    def test_draft_that_moves_before_the_start_date_is_updated_by_choice(self):
        bill = self._bill(AFTER)
        self._synchronise()
        record, move = self._record("bill", bill), self._move(bill)

        self.dataset.revise_bill(bill, invoice_date=BEFORE)
        self._synchronise()
        record.action_reset_and_update()

        self.assertEqual((record.state, move.date), ("done", BEFORE.date()))

    def test_draft_that_moves_is_followed_where_the_start_date_moves_too(self):
        bill = self._bill(AFTER)
        self._synchronise()
        record, move = self._record("bill", bill), self._move(bill)
        self.dataset.revise_bill(bill, invoice_date=BEFORE)
        self._synchronise()
        self.assertEqual(record.state, "quarantined")

        self.connection.bills_start_date = BEFORE.date()
        self._import()

        self.assertEqual((record.state, move.date), ("done", BEFORE.date()))

    def test_draft_that_moves_is_followed_where_open_items_are_taken_over(self):
        self.connection.take_over_open_items = True
        bill, paid = self._bill(AFTER), self._bill(AFTER)
        self._synchronise()

        for each in (bill, paid):
            self.dataset.revise_bill(each, invoice_date=BEFORE)
        self._pay_on(paid, START - timedelta(days=1))
        self._synchronise()

        self.assertEqual(self._move(bill).date, BEFORE.date())
        record = self._record("bill", paid)
        self.assertEqual(self._codes(record), {"before_start_date"})

    def test_posted_bill_that_moves_before_the_start_date_says_so(self):
        bill = self._bill(AFTER)
        self._synchronise()
        self._move(bill).action_post()

        self.dataset.revise_bill(bill, invoice_date=BEFORE)
        self._synchronise()

        codes = {"changed_after_booking", "before_start_date"}
        self.assertEqual(self._codes(self._record("bill", bill)), codes)

    def test_order_that_moves_before_the_start_date_is_a_question(self):
        order = self._order(AFTER)
        self._synchronise()
        record = self._record("purchase_order", order)
        found = self.env["purchase.order"].browse(record.res_id)

        self.dataset.revise_order(order, date=BEFORE)
        self._synchronise()

        self.assertEqual(self._codes(record), {"before_start_date"})
        self.assertEqual(found.date_order.date(), AFTER.date())
        record.action_reset_and_update()
        self.assertEqual(record.state, "done")
        self.assertEqual(found.date_order.date(), BEFORE.date())

    # === ORDERS === #

    def test_open_order_of_before_is_taken_over_and_a_closed_one_is_not(self):
        self.connection.orders_start_date = LATER
        self.connection.take_over_open_items = True
        still_open = self.dataset.add_order("plain")
        closed = self.dataset.add_order("closed_short")
        by_card = self.dataset.add_order("card_paid")
        self._synchronise()

        self._assert_excluded(closed, by_card, resource="purchase_order")
        self.assertEqual(self._record("purchase_order", still_open).state, "done")

    def test_orders_and_bills_have_a_start_date_each(self):
        self.connection.bills_start_date = False
        order, bill = self._order(BEFORE), self._bill(BEFORE)
        self._synchronise()

        self._assert_excluded(order, resource="purchase_order")
        self.assertEqual(self._record("bill", bill).state, "done")

    def test_requisition_of_before_is_excluded_or_taken_over(self):
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition("approved")
        self.connection.orders_start_date = LATER
        self._synchronise()
        self._assert_excluded(number, resource="requisition")

        self.connection.take_over_open_items = True
        self._import()

        self.assertEqual(self._record("requisition", number).state, "done")

    # === CHANGING IT === #

    def test_changed_date_decides_again_about_what_is_not_in_odoo(self):
        earlier, later = self._bill(BEFORE), self._bill(AFTER)
        self._synchronise()
        move = self._move(later)

        self.connection.bills_start_date = date(2026, 4, 1)
        self._import()
        self._assert_excluded(earlier)
        self.assertEqual(self._record("bill", later).res_id, move.id)
        self.assertEqual(self._record("bill", later).state, "done")

        self.connection.bills_start_date = BEFORE.date()
        self._import()
        self.assertEqual(self._record("bill", earlier).state, "done")

    def test_form_says_what_another_date_would_do_before_it_is_saved(self):
        for moment in (BEFORE, BEFORE, AFTER):
            self._bill(moment)
        self._synchronise()
        form = Form(self.connection)

        form.bills_start_date = date(2026, 4, 1)
        self.assertIn("1 are earlier and stay in Odoo", form.start_date_note)
        form.bills_start_date = date(2026, 1, 1)
        self.assertIn("2 excluded ones would be imported", form.start_date_note)

    # === HELPERS === #

    def _bill(self, moment, scenario="plain", **changes):
        bill = self.dataset.add_bill(scenario)
        self.dataset.revise_bill(bill, invoice_date=moment, **changes)
        return bill

    def _order(self, moment):
        order = self.dataset.add_order("plain")
        self.dataset.revise_order(order, date=moment)
        return order

    def _pay_on(self, bill, day):
        self.dataset.revise_bill(bill, payment_status=PAID, paid_on=day)

    def _assert_excluded(self, *ids, resource="bill"):
        for external_id in ids:
            record = self._record(resource, external_id)
            self.assertEqual(record.state, "excluded")
            self.assertEqual(record.excluded_rule, "before_start_date")
            self.assertFalse(record.res_id)


@tagged("post_install", "-at_install", "procurify")
class TestStartOfAYear(OracleCase):
    """A year of documents, taken over in its middle by a set-up."""

    def setUp(self):
        super().setUp()
        self.simulator = Simulator(dataset=year_of(41, documents=110))
        self.simulator.start()
        self.addCleanup(self.simulator.stop)
        self.dataset = self.simulator.dataset
        days = sorted(map(_accounting_date, self.dataset.bills()))
        self.start = days[len(days) // 2]
        self._pay_some()
        self.connection.active = False
        self.connection = self._connect(
            name="A year",
            bills_start_date=self.start,
            orders_start_date=self.start,
        )
        self.connection._enter_phase("setup")

    def test_books_equal_the_oracle_with_and_without_open_items(self):
        self._fetch()
        self._run_cron("ir_cron_import")
        self.assertFalse(self._booked_moves(), "nothing is booked by a set-up")

        self.connection.action_resume()
        self._import()
        self._check_books()
        since = self._booked_moves()
        self.assertEqual(
            self._records("bill", excluded_rule="before_start_date").mapped("res_id"),
            [0] * len(self._before()),
        )

        self.connection.take_over_open_items = True
        self._import()
        self._check_books()
        taken_over = self._booked_moves() - since
        self.assertTrue(taken_over)

        # A second look at everything takes nothing over again.
        moves = self.env["account.move"].search([("move_type", "like", "in_")])
        self._fetch()
        self._records("bill").sudo()._requeue()
        self._import()
        self._check_books()
        again = self.env["account.move"].search([("move_type", "like", "in_")])
        self.assertEqual(again, moves)

    def _check_books(self):
        """Compare balances, documents and open payables with the oracle."""
        expected = self._expected_bills()
        fates = {number: self._fate("bill", number) for number in expected}
        self.assertEqual({n: fate for n, fate in fates.items() if fate != "done"}, {})
        self.assertEqual(self._booked_balances(), self._balances_of(expected))
        done = Counter(self._records("bill", state="done").mapped("external_id"))
        self.assertEqual(done, Counter(map(str, expected)))
        moves = self._booked_moves()
        self.assertEqual(len(moves), len(expected))
        everything = self.env["account.move"].search(
            [("move_type", "like", "in_"), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(everything, moves)
        payable, owed = defaultdict(Decimal), defaultdict(Decimal)
        for move in everything:
            sign = -1 if move.move_type == "in_refund" else 1
            payable[move.currency_id.name] += sign * money(move.amount_total)
        for bill_id in expected:
            bill = self.dataset.expected()[bill_id]
            owed[bill.currency] += bill.total
        self.assertEqual(payable, owed)
        paid = {str(bill.id) for bill in self.dataset.bills() if self._is_paid(bill)}
        self.assertFalse(paid & done.keys(), "paid before the start, open here")

    def _expected_bills(self):
        """Return the ids of the bills that belong in the books, as the rule says."""
        before = self._before()
        return {
            number
            for number, each in self.dataset.expected().items()
            if each.importable
            and (
                number not in before
                or (
                    self.connection.take_over_open_items
                    and not self._is_paid(self.dataset.bill(number))
                )
            )
        }

    def _before(self):
        return {
            number
            for number, each in self.dataset.expected().items()
            if not each.excluded
            and _accounting_date(self.dataset.bill(number)) < self.start
        }

    def _is_paid(self, bill):
        """Return whether a bill of before was paid before."""
        return (
            _accounting_date(bill) < self.start
            and bill.payment_status == PAID
            and bill.paid_on < self.start
        )

    def _balances_of(self, numbers):
        balances = defaultdict(int)
        for number in numbers:
            each = self.dataset.expected()[number]
            for place, amount in each.net_lines.items():
                balances[(each.currency, *place, each.vendor_id)] += amount
        return {key: amount for key, amount in balances.items() if amount}

    def _pay_some(self):
        """Pay of the bills of before: a third before the start, a third after it."""
        importable = [n for n, e in self.dataset.expected().items() if e.importable]
        earlier = [
            number
            for number in importable
            if _accounting_date(self.dataset.bill(number)) < self.start
        ]
        self.assertGreater(len(earlier), 12)
        for place, number in enumerate(earlier):
            day = (self.start - timedelta(days=3), self.start + timedelta(days=3))
            if place % 3 < len(day):
                self.dataset.revise_bill(
                    number, payment_status=PAID, paid_on=day[place % 3]
                )


def _accounting_date(bill):
    return (bill.gl_post_date or bill.invoice_date).date()
