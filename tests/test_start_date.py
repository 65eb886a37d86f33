"""What is older than the start date was booked before Odoo took over."""

from datetime import date, timedelta

from odoo.tests import Form, tagged

from odoo.addons.procurify_connector.simulator import tenant_time

from .common import ProcurifyCommon

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
