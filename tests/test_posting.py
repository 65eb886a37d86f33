"""Bills are posted by policy, once every check has passed."""

from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.procurify_connector.simulator.tenant_time import at

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestPosting(ProcurifyCommon):
    master_data_ready = True

    def test_bills_are_drafts_without_a_policy(self):
        bill_id = self._book("plain")

        self.assertEqual(self._move(bill_id).state, "draft")

    def test_bills_are_posted_by_policy_and_keep_their_totals(self):
        self.connection.bill_policy = "posted"
        bills = [
            self._book(scenario)
            for scenario in ("plain", "several_taxes", "tax_inclusive", "credit")
        ]

        for bill_id in bills:
            move, expected = self._move(bill_id), self.dataset.expected()[bill_id]
            with self.subTest(bill=bill_id):
                self.assertEqual(self._record("bill", bill_id).hold_reason, "")
                self.assertEqual(move.state, "posted")
                self.assertEqual(
                    Decimal(str(move.amount_total)), abs(expected.total).normalize()
                )

    def test_posted_bill_is_not_taken_for_an_edited_one(self):
        self.connection.bill_policy = "posted"
        bill_id = self._book("several_lines")
        record = self._record("bill", bill_id)

        self.dataset.touch(bill_id)
        self._synchronise()
        self.assertEqual(record.state, "done")
        self.dataset.revise_bill(bill_id, invoice_number="OTHER")
        self._synchronise()

        self.assertEqual([row["field"] for row in record.difference], ["number"])

    def test_bill_that_odoo_refuses_to_post_stays_a_draft_with_the_reason(self):
        self.connection.bill_policy = "posted"
        good, bad = (self.dataset.add_bill("plain") for _number in range(2))
        self.dataset.revise_bill(bad, invoice_number="REFUSED")
        self._refuse_to_post("REFUSED")
        self._synchronise()

        record = self._record("bill", bad)
        self.assertEqual(self._codes(record), {"posting_refused"})
        self.assertIn("not today", record.hold_reason)
        self.assertEqual(self._move(bad).state, "draft")
        self.assertEqual(self._move(good).state, "posted")

    def test_bill_of_nothing_stays_a_draft(self):
        self.connection.bill_policy = "posted"
        bill_id = self.dataset.add_bill("plain")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal(0))
        self._synchronise()

        move = self._move(bill_id)
        self.assertEqual((move.state, move.amount_total), ("draft", 0))

    def test_draft_that_follows_a_change_is_not_posted_by_the_way(self):
        bill_id = self._book("plain")
        self.connection.bill_policy = "posted"

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual(self._move(bill_id).state, "draft")

    def test_bill_of_tomorrow_is_posted_with_its_own_date(self):
        self.connection.bill_policy = "posted"
        bill_id = self.dataset.add_bill("plain")
        posted = self.dataset.bill(bill_id).invoice_date.date()
        day = posted.replace(year=posted.year + 3)
        self.dataset.revise_bill(bill_id, gl_post_date=at(day))
        self._synchronise()

        move = self._move(bill_id)
        self.assertEqual((move.state, move.date), ("posted", day))
        self.assertEqual(move.invoice_date, posted)

    def test_posting_many_bills_asks_once_whether_they_are_wanted(self):
        bills = [self._book("plain") for _number in range(3)]
        moves = self.env["account.move"].concat(*map(self._move, bills))
        self.env.flush_all()
        start = self.env.cr.sql_log_count

        moves._procurify_check_wanted()

        self.assertEqual(self.env.cr.sql_log_count - start, 1)

    # === HELPERS === #

    def _book(self, scenario):
        bill_id = self.dataset.add_bill(scenario)
        self._synchronise()
        return bill_id

    def _refuse_to_post(self, ref):
        moves = type(self.env["account.move"])
        post = moves._post

        def refusing(moves, soft=True):
            if ref in moves.mapped("ref"):
                raise UserError(moves.env._("not today"))
            return post(moves, soft=soft)

        self.patch(moves, "_post", refusing)
