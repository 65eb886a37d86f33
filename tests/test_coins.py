"""Coins that are no hundredths: thousandths, whole units, steps of five."""

from decimal import Decimal
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.procurify_connector.simulator import arithmetic

from .common import ProcurifyCommon

SEK = 4


@tagged("post_install", "-at_install", "procurify")
class TestCoins(ProcurifyCommon):
    def test_bill_in_thousandths_is_booked_to_the_thousandth(self):
        with patch.object(arithmetic, "CENT", Decimal("0.001")):
            move = self._booked("KWD", "several_taxes", "1.237")

            self.assertEqual(self._total(), Decimal(str(move.amount_total)))
            self.assertTrue(Decimal(str(move.amount_total)) % Decimal("0.01"))

    def test_bill_in_thousandths_of_a_whole_price_that_includes_tax(self):
        with patch.object(arithmetic, "CENT", Decimal("0.001")):
            move = self._booked("KWD", "tax_inclusive", "1.237")

            self.assertEqual(self._total(), Decimal(str(move.amount_total)))

    def test_bill_without_cents_is_taxed_in_whole_units(self):
        with patch.object(arithmetic, "CENT", Decimal("1")):
            move = self._booked("JPY", "several_taxes", "1237")

            self.assertEqual(self._total(), Decimal(str(move.amount_total)))

    def test_bill_that_the_coins_of_odoo_do_not_make_is_on_hold(self):
        """A currency whose amounts Odoo rounds to steps of five cents."""
        self.env.ref("base.CHF").rounding = 0.05
        self._stage("CHF", "untaxed", "10.03")

        record = self._record("bill", self.bill_id)
        self.assertEqual(self._codes(record), {"odoo_total_mismatch"})
        self.assertFalse(record.res_id)

    def _stage(self, name, scenario, price):
        currency = self.env.ref(f"base.{name}")
        currency.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "rate": 3,
                "name": "2020-01-01",
                "company_id": self.company.id,
            }
        )
        self.dataset.rename_currency(SEK, name)
        self.bill_id = self.dataset.add_bill(scenario)
        self.dataset.revise_bill(self.bill_id, currency_id=SEK)
        for item in range(len(self.dataset.bill(self.bill_id).items)):
            self.dataset.revise_bill(
                self.bill_id,
                item=item,
                quantity=Decimal(3),
                unit_cost=Decimal(price),
                currency_id=SEK,
            )
        self._synchronise()

    def _booked(self, name, scenario, price):
        self._stage(name, scenario, price)
        self.assertEqual(self._record("bill", self.bill_id).hold_reason, "")
        move = self._move(self.bill_id)
        self.assertEqual(move.currency_id.name, name)
        return move

    def _total(self):
        return arithmetic.bill_totals(self.dataset.bill(self.bill_id)).total
