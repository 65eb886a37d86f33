"""What a controller decides at month end, in a real browser that is looked at."""

from contextlib import nullcontext
from decimal import Decimal

from odoo import fields
from odoo.tests import tagged

from .common import ProcurifyCommon
from .looks import LooksCase


@tagged("post_install", "-at_install", "procurify")
class TestDecisions(ProcurifyCommon, LooksCase):
    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_resolve_an_issue_with_thirty_bills_from_the_dashboard(self):
        # The dashboard shows this month.
        today = fields.Date.today()
        bills = [
            self.dataset.add_bill("plain", code="7450", invoice_date=today)
            for _number in range(30)
        ]
        self._synchronise()
        account = self._account("7450000", name="Trials")

        with self._watching():
            self.start_tour(
                "/odoo/procurify", "procurify_heal_thirty", login=self.env.user.login
            )

        self.env.invalidate_all()
        moves = [self._move(bill_id) for bill_id in bills]
        self.assertEqual(len(set(moves)), 30)
        for move in moves:
            self.assertEqual(move.invoice_line_ids.account_id, account)

    def test_revise_posted_bills_with_each_of_the_choices(self):
        bills = [self.dataset.add_bill("plain") for _number in range(3)]
        self._synchronise()
        moves = [self._move(bill_id) for bill_id in bills]
        totals = [move.amount_total for move in moves]
        for move in moves:
            move.action_post()
        for bill_id in bills:
            self.dataset.revise_bill(bill_id, unit_cost=Decimal("999.99"))
        self._synchronise()

        with self._watching():
            self.start_tour(
                "/odoo/procurify-quarantine",
                "procurify_revise_posted",
                login=self.env.user.login,
            )

        self.env.invalidate_all()
        now = [self._move(bill_id) for bill_id in bills]
        [credited] = [old for old, new in zip(moves, now, strict=True) if old != new]
        self.assertTrue(credited.reversal_move_ids)
        [kept] = [
            move
            for move, total in zip(moves, totals, strict=True)
            if move != credited and move.amount_total == total
        ]
        [updated] = set(moves) - {credited, kept}
        self.assertEqual(updated.state, "posted")
        expected = self.dataset.expected()
        for bill_id, move in zip(bills, now, strict=True):
            if move != kept:
                self.assertEqual(move.amount_total, float(expected[bill_id].total))
