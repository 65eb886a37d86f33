"""Bills of closed periods: on hold, booked on the first open day, or drafts."""

from datetime import date, timedelta
from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.procurify_connector.simulator.tenant_time import at

from .common import ProcurifyCommon

DAY = date(2025, 3, 14)
LOCK = date(2025, 3, 31)


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestClosedPeriod(ProcurifyCommon):
    master_data_ready = True

    def test_bill_of_a_closed_period_is_on_hold_with_both_dates(self):
        self.company.fiscalyear_lock_date = LOCK
        bill_id = self._book()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"closed_period"})
        self.assertIn("03/14/2025", record.hold_reason)
        self.assertIn("03/31/2025", record.hold_reason)
        self.assertFalse(record.res_id)

    def test_every_kind_of_lock_of_bills_counts_and_that_of_sales_does_not(self):
        for field in ("purchase_lock_date", "tax_lock_date", "fiscalyear_lock_date"):
            with self.subTest(field):
                self.company[field] = LOCK
                bill_id = self._book()
                record = self._record("bill", bill_id)
                self.assertEqual(self._codes(record), {"closed_period"})
                self.company[field] = False
        self.company.sale_lock_date = LOCK
        self.assertEqual(self._record("bill", self._book()).state, "done")

    def test_hard_lock_has_no_exception(self):
        self.company.hard_lock_date = LOCK
        self._except(self.env.user)

        self.assertEqual(
            self._codes(self._record("bill", self._book())), {"closed_period"}
        )

    def test_tax_lock_is_no_issue_without_a_tax(self):
        self.company.tax_lock_date = LOCK

        self.assertEqual(self._record("bill", self._book("untaxed")).state, "done")

    def test_accounting_date_of_procurify_decides_where_there_is_one(self):
        self.company.fiscalyear_lock_date = LOCK
        bill_id = self._book(gl_post_date=at(LOCK + timedelta(days=5)))

        move = self._move(bill_id)
        self.assertEqual(move.date, LOCK + timedelta(days=5))
        self.assertEqual(move.invoice_date, DAY)

    def test_all_issues_are_named_besides_the_closed_period(self):
        self.company.fiscalyear_lock_date = LOCK
        bill_id = self._book(code="7450")

        self.assertEqual(
            self._codes(self._record("bill", bill_id)),
            {"closed_period", "unknown_account"},
        )

    def test_moving_the_lock_releases_what_was_on_hold(self):
        self.company.fiscalyear_lock_date = LOCK
        bill_id = self._book()

        self.company.fiscalyear_lock_date = DAY - timedelta(days=1)
        self._import()

        self.assertEqual(self._record("bill", bill_id).state, "done")
        self.assertEqual(self._move(bill_id).date, DAY)

    def test_exception_for_the_integration_user_releases_too(self):
        self.company.fiscalyear_lock_date = LOCK
        bill_id = self._book()
        record = self._record("bill", bill_id)
        someone = self.env.ref("base.user_admin")
        self._except(someone)
        self._import()
        self.assertEqual(record.state, "quarantined", "an exception for somebody else")

        self._except(self.env.user)
        self._import()

        self.assertEqual(record.state, "done")
        self.assertEqual(self._move(bill_id).date, DAY)

    def test_policy_books_on_the_first_open_day_and_says_so(self):
        self.connection.write(
            {"closed_period_policy": "next_open", "bill_policy": "posted"}
        )
        self.company.fiscalyear_lock_date = LOCK - timedelta(days=10)
        self.company.tax_lock_date = LOCK
        bill_id = self._book()

        move = self._move(bill_id)
        self.assertEqual(move.state, "posted")
        self.assertEqual(move.date, LOCK + timedelta(days=1))
        self.assertEqual(move.invoice_date, DAY)
        self.assertIn("04/01/2025", "".join(move.message_ids.mapped("body")))

    def test_shifted_date_is_no_difference_later(self):
        self.connection.write(
            {"closed_period_policy": "next_open", "bill_policy": "posted"}
        )
        self.company.fiscalyear_lock_date = LOCK
        bill_id = self._book()
        record = self._record("bill", bill_id)

        self.company.fiscalyear_lock_date = LOCK + timedelta(days=30)
        self.dataset.set_status(bill_id, 4)
        self._synchronise()
        self.assertEqual(record.state, "done")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        fields = [row["field"] for row in record.difference]
        self.assertNotIn("accounting date", fields)

    def test_policy_leaves_a_flagged_draft_that_is_not_posted(self):
        self.connection.write(
            {"closed_period_policy": "draft", "bill_policy": "posted"}
        )
        self.company.fiscalyear_lock_date = LOCK
        bill_id = self._book()

        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.assertEqual((record.state, move.state), ("done", "draft"))
        self.assertEqual(move.date, DAY)
        self.assertTrue(record.in_closed_period)
        self.assertIn("closed period", "".join(move.message_ids.mapped("body")))

    def test_changing_the_policy_decides_again(self):
        self.company.fiscalyear_lock_date = LOCK
        bill_id = self._book()

        self.connection.closed_period_policy = "next_open"
        self._import()

        self.assertEqual(self._move(bill_id).date, LOCK + timedelta(days=1))

    def test_date_that_odoo_moves_by_itself_is_on_hold(self):
        moves = type(self.env["account.move"])
        create = moves.create

        def shifting(moves, vals_list):
            shifted = [vals | {"date": "2025-06-30"} for vals in vals_list]
            return create(moves, shifted)

        self.patch(moves, "create", shifting)
        bill_id = self._book()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"odoo_moved_date"})
        self.assertFalse(record.res_id)

    def test_change_of_a_posted_bill_is_not_written_into_a_closed_period(self):
        bill_id = self._book()
        move, record = self._move(bill_id), self._record("bill", bill_id)
        move.action_post()
        self.company.fiscalyear_lock_date = LOCK

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        with self.assertRaises(UserError):
            record.action_reset_and_update()
        self.assertEqual(move.state, "posted")

    def test_posted_bill_does_not_become_a_draft_of_a_closed_period(self):
        """The policy leaves drafts there. What is posted would leave the books."""
        self.connection.closed_period_policy = "draft"
        bill_id = self._book()
        move, record = self._move(bill_id), self._record("bill", bill_id)
        move.action_post()
        self.dataset.revise_bill(bill_id, invoice_date=at(DAY - timedelta(days=40)))
        self._synchronise()
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.company.fiscalyear_lock_date = DAY - timedelta(days=20)

        with self.assertRaisesRegex(UserError, "closed period"):
            record.action_reset_and_update()
        self.assertEqual((move.state, move.date), ("posted", DAY))

    def test_looking_at_many_dates_costs_no_query_for_each(self):
        self.company.fiscalyear_lock_date = LOCK
        for _number in range(10):
            self.dataset.add_bill("plain", invoice_date=at(DAY))
        self._fetch()
        moves = self.connection._import_env()["account.move"]
        moves._procurify_locks(DAY, True)
        start = self.env.cr.sql_log_count

        for day in range(1, 11):
            moves._procurify_locks(DAY + timedelta(days=day), True)

        self.assertEqual(self.env.cr.sql_log_count, start)

    # === HELPERS === #

    def _book(self, scenario="plain", **values):
        bill_id = self.dataset.add_bill(scenario, **values)
        self.dataset.revise_bill(bill_id, currency_id=1, invoice_date=at(DAY))
        self._synchronise()
        return bill_id

    def _except(self, user):
        self.env["account.lock_exception"].create(
            {
                "company_id": self.company.id,
                "user_id": user.id,
                "fiscalyear_lock_date": False,
            }
        )
