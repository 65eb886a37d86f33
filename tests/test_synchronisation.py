"""The main job: bills arrive on the right accounts, or are on hold with issues."""

from collections import defaultdict
from decimal import Decimal

from odoo.tests import tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestSynchronisation(ProcurifyCommon):
    bills = 60

    def setUp(self):
        super().setUp()
        self.expected = self.dataset.expected()

    def test_books_equal_what_the_generator_says(self):
        """Every bill imported, on hold or excluded; to the cent; per account and place.

        One synchronisation for the three, which take as long as it does.
        """
        self._synchronise()

        self._check_every_bill_is_booked_held_or_excluded()
        self._check_bills_to_the_cent()
        self.assertTrue(self._expected_balances())
        self.assertEqual(self._booked_balances(), self._expected_balances())

    def _check_every_bill_is_booked_held_or_excluded(self):
        for bill_id, expected in self.expected.items():
            record = self._record("bill", bill_id)
            with self.subTest(bill=bill_id, invoice=expected.invoice_number):
                if expected.excluded:
                    self.assertEqual(record.state, "excluded")
                    self.assertEqual(record.excluded_rule, expected.excluded)
                elif expected.reasons:
                    self.assertEqual(record.state, "quarantined")
                    self.assertEqual(self._codes(record), expected.reasons)
                else:
                    self.assertEqual(record.hold_reason, "")
                    self.assertEqual(record.state, "done")

    def _check_bills_to_the_cent(self):
        for bill_id, expected in self.expected.items():
            if not expected.importable:
                continue
            move = self._move(bill_id)
            with self.subTest(bill=bill_id, invoice=expected.invoice_number):
                refund = expected.total < 0
                self.assertEqual(
                    move.move_type, "in_refund" if refund else "in_invoice"
                )
                self.assertEqual(move.state, "draft")
                self.assertEqual(move.currency_id.name, expected.currency)
                self.assertEqual(move.ref or "", expected.invoice_number or "")
                self.assertEqual(str(move.invoice_date), expected.invoice_date)
                sign = -1 if refund else 1
                self.assertEqual(
                    Decimal(str(sign * move.amount_total)).quantize(Decimal("0.01")),
                    expected.total,
                )
                self.assertEqual(
                    Decimal(str(sign * move.amount_tax)).quantize(Decimal("0.01")),
                    expected.tax,
                )

    def _expected_balances(self):
        """{(currency, account, department, location): amount} by the generator."""
        balances = defaultdict(Decimal)
        for expected in self.expected.values():
            if expected.importable:
                for (code, department, location), amount in expected.net_lines.items():
                    balances[expected.currency, code, department, location] += amount
        return {key: amount for key, amount in balances.items() if amount}

    def _booked_balances(self):
        """The same, read from the journal items that Odoo holds."""
        dimension = {
            (record.resource, record.res_id): int(record.external_id)
            for record in self._records(res_model="account.analytic.account")
            if record.state == "done"
        }
        balances = defaultdict(Decimal)
        moves = self.env["account.move"].browse(
            self._records("bill", state="done").mapped("res_id")
        )
        for line in moves.invoice_line_ids:
            sign = -1 if line.move_id.move_type == "in_refund" else 1
            amount = sign * Decimal(str(line.price_subtotal)).quantize(Decimal("0.01"))
            for key, percent in (line.analytic_distribution or {"": 100}).items():
                ids = [int(i) for i in key.split(",") if i]
                places = {
                    r: dimension.get((r, i))
                    for i in ids
                    for r in ("department", "location")
                    if (r, i) in dimension
                }
                balances[
                    line.currency_id.name,
                    line.account_id.code,
                    places.get("department"),
                    places.get("location"),
                ] += amount * Decimal(str(percent)) / 100
        return {key: amount for key, amount in balances.items() if amount}
