"""What Odoo is given for a line makes Procurify's amounts, to the cent."""

from decimal import Decimal as D

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from odoo.addons.procurify_connector.importers.lines.pricing import LinePricing


@tagged("post_install", "-at_install", "procurify")
class TestLinePricing(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.tax_calculation_rounding_method = "round_per_line"
        cls.currency = cls.env.ref("base.USD")
        group = cls.env["account.tax.group"].create({"name": "Sales tax"})
        country = cls.company.account_fiscal_country_id or cls.env.ref("base.us")
        values = {
            "type_tax_use": "purchase",
            "amount_type": "percent",
            "tax_group_id": group.id,
            "country_id": country.id,
        }
        cls.tax, cls.included, cls.fixed = cls.env["account.tax"].create(
            [
                {**values, "name": "12 %", "amount": 12},
                {
                    **values,
                    "name": "20 % included",
                    "amount": 20,
                    "price_include_override": "tax_included",
                },
                {**values, "name": "Fee", "amount": 3, "amount_type": "fixed"},
            ]
        )
        precision = cls.env["decimal.precision"]
        for name, digits in (("Product Price", 4), ("Product Unit", 3)):
            precision.search([("name", "=", name)]).digits = digits
        cls.pricing = LinePricing(cls.env)

    def _price(self, net, tax=None, tax_amount="0", sign=1, **more):
        taxes = tax or self.env["account.tax"]
        more = {name: D(value) for name, value in more.items()}
        return self.pricing.price(
            sign, self.currency, taxes, D(net), D(tax_amount), **more
        )

    # === QUANTITY AND PRICE === #

    def test_quantity_and_price_are_used_where_odoo_keeps_their_digits(self):
        for quantity, unit, expected in (
            ("10", "25.5", (10.0, 25.5)),
            ("0.125", "4", (0.125, 4.0)),
            ("0.1255", "4", (1.0, 255.0)),  # a digit more than units have
            ("10", "25.5005", (10.0, 25.5005)),
            ("10", "25.50005", (1.0, 255.0)),  # a digit more than prices have
        ):
            found = self._price("255", quantity=quantity, unit=unit)
            self.assertEqual((found["quantity"], found["price_unit"]), expected)

    def test_without_quantity_or_price_a_line_is_one_piece(self):
        for more in ({}, {"quantity": "2"}, {"unit": "127.5"}):
            found = self._price("255", **more)
            self.assertEqual(
                found, {"quantity": 1.0, "price_unit": 255.0, "tax_ids": []}
            )

    def test_a_refund_turns_amounts_around_and_keeps_quantities(self):
        found = self._price("-30", sign=-1, quantity="3", unit="-10")
        self.assertEqual((found["quantity"], found["price_unit"]), (3.0, 10.0))
        found = self._price("-30", sign=-1)
        self.assertEqual((found["quantity"], found["price_unit"]), (1.0, 30.0))

    def test_a_negative_quantity_becomes_a_negative_price(self):
        found = self._price("-30", quantity="-3", unit="10")
        self.assertEqual((found["quantity"], found["price_unit"]), (3.0, -10.0))
        # A refund of a negative quantity.
        found = self._price("-30", sign=-1, quantity="-3", unit="10")
        self.assertEqual((found["quantity"], found["price_unit"]), (3.0, 10.0))

    def test_a_quantity_of_nothing_stays_nothing(self):
        found = self._price("0", quantity="0", unit="10")
        self.assertEqual((found["quantity"], found["price_unit"]), (0.0, 10.0))

    def test_the_billed_quantity_has_the_price_that_makes_the_amount(self):
        found = self._price("100", quantity="7", unit="14.28", billed="8")
        self.assertEqual((found["quantity"], found["price_unit"]), (8.0, 12.5))
        found = self._price("100", self.included, "20", billed="8")
        self.assertEqual((found["quantity"], found["price_unit"]), (8.0, 15.0))
        found = self._price("-100", sign=-1, billed="4")
        self.assertEqual((found["quantity"], found["price_unit"]), (4.0, 25.0))

    # === TAXES === #

    def test_a_tax_that_odoo_computes_itself_needs_no_more(self):
        found = self._price("250", self.tax, "30", quantity="10", unit="25")
        self.assertEqual(
            found,
            {
                "quantity": 10.0,
                "price_unit": 25.0,
                "tax_ids": [Command.set(self.tax.ids)],
            },
        )

    def test_a_tax_that_procurify_rounded_otherwise_is_given(self):
        found = self._price("250", self.tax, "30.01", quantity="10", unit="25")
        self.assertEqual(
            found["extra_tax_data"],
            {
                "currency_id": self.currency.id,
                "price_unit": 25.0,
                "quantity": 10.0,
                "discount": 0.0,
                "manual_total_excluded_currency": 250.0,
                "manual_tax_amounts": {
                    str(self.tax.id): {
                        "base_amount_currency": 250.0,
                        "tax_amount_currency": 30.01,
                    }
                },
            },
        )

    def test_a_tax_in_the_price_is_added_to_the_price_and_given(self):
        found = self._price("250", self.included, "50", quantity="10", unit="25")
        self.assertEqual((found["quantity"], found["price_unit"]), (1.0, 300.0))
        given = found["extra_tax_data"]
        self.assertEqual(given["manual_total_excluded_currency"], 250.0)
        self.assertEqual(
            given["manual_tax_amounts"],
            {
                str(self.included.id): {
                    "base_amount_currency": 250.0,
                    "tax_amount_currency": 50.0,
                }
            },
        )

    def test_the_tax_of_a_refund_is_turned_around(self):
        found = self._price("-250", self.tax, "-30.01", sign=-1)
        given = found["extra_tax_data"]
        self.assertEqual(given["price_unit"], 250.0)
        (amounts,) = given["manual_tax_amounts"].values()
        self.assertEqual(amounts["tax_amount_currency"], 30.01)
        self.assertNotIn("extra_tax_data", self._price("-250", self.tax, "-30", -1))

    def test_what_odoo_computes_by_itself_is_not_given(self):
        self.assertNotIn("extra_tax_data", self._price("100", self.fixed, "3"))
        self.assertIn("extra_tax_data", self._price("100", self.fixed, "3.01"))
        self.assertNotIn("extra_tax_data", self._price("250", self.tax, "30"))

    def test_a_tax_a_piece_is_of_all_pieces(self):
        pieces = {"quantity": "2", "unit": "50"}
        own = self._price("100", self.fixed, "6", **pieces)
        self.assertNotIn("extra_tax_data", own)
        given = self._price("100", self.fixed, "3", **pieces)["extra_tax_data"]
        [amounts] = given["manual_tax_amounts"].values()
        self.assertEqual(amounts["tax_amount_currency"], 3.0)

    def test_a_tax_that_odoo_rounds_over_the_whole_bill_is_given(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        self.assertIn("extra_tax_data", self._price("250", self.tax, "30"))

    def test_odoo_rounds_the_tax_of_a_line_to_the_cent(self):
        # 12 % of 10.46 are 1.2552.
        self.assertNotIn("extra_tax_data", self._price("10.46", self.tax, "1.26"))
        self.assertIn("extra_tax_data", self._price("10.46", self.tax, "1.25"))

    def test_what_a_price_contains_is_added_to_the_net_amount(self):
        def price(tax, net, tax_amount):
            return self.pricing.price_with_included(
                tax, D(net), D(tax_amount), self.currency
            )

        self.assertEqual(price(self.included, "250", "50.01"), D("300.01"))
        self.assertEqual(price(self.tax, "250", "30"), D("250"))
        self.assertEqual(price(self.env["account.tax"], "250", "50"), D("250"))
        self.assertEqual(price(None, "250", "50"), D("250"))

    # === TAXES THAT ARE LEFT TO ODOO === #

    def _left(self, *lines, method="round_globally"):
        """Return for each line whether its tax is left to Odoo.

        :param lines: (net, tax, its amount), and quantity and unit where they count
        """
        self.company.tax_calculation_rounding_method = method
        taxes = self.tax | self.included | self.fixed
        values = [
            self._price(net, tax, amount, **(more[0] if more else {}))
            for net, tax, amount, *more in lines
        ]
        given = [bool(line.get("extra_tax_data")) for line in values]
        self.assertTrue(any(given))
        note = {"display_type": "line_note", "price_unit": 0.0, "tax_ids": []}
        self.pricing.release(
            [*values, note], {tax.id: tax for tax in taxes}, self.currency
        )
        return [
            was_given and "extra_tax_data" not in line
            for was_given, line in zip(given, values, strict=True)
        ]

    def test_taxes_that_make_the_same_over_the_whole_bill_are_left_to_odoo(self):
        # 12 % of 10.46 are 1.2552, and of twice that 2.5104.
        one, other = ("10.46", self.tax, "1.26"), ("10.46", self.tax, "1.25")
        self.assertEqual(self._left(one, other), [True, True])
        self.assertEqual(self._left(one, one), [False, False])
        self.assertEqual(self._left(other, other), [False, False])
        plain = ("5", None, "0")
        self.assertEqual(self._left(one, plain, other), [True, False, True])
        fixed = ("100", self.fixed, "3")
        self.assertEqual(self._left(one, fixed, other), [True, True, True])

    def test_taxes_that_odoo_rounds_by_line_stay_as_they_are(self):
        given = ("250", self.included, "50")
        self.assertEqual(self._left(given, method="round_per_line"), [False])

    def test_tax_of_a_price_that_does_not_make_the_amount_stays(self):
        # 3 × 0.3333 = 0.9999
        for quantity, unit, is_left in (("3", "0.3333", False), ("4", "0.25", True)):
            pieces = {"quantity": quantity, "unit": unit}
            line = ("1.00", self.tax, "0.12", pieces)
            self.assertEqual(self._left(line), [is_left])

    def test_taxes_in_prices_that_make_the_same_are_left_to_odoo(self):
        one, other = ("250", self.included, "50"), ("10.46", self.tax, "1.26")
        self.assertEqual(self._left(one), [True])
        self.assertEqual(self._left(one, other), [True, True])
        self.assertEqual(self._left(one, ("10.46", self.tax, "1.25")), [False, False])
        # 10.00 with 20 % is 8.33 and 1.67; three times that is 25.00 and 5.00.
        third = ("8.33", self.included, "1.67")
        self.assertEqual(self._left(third), [True])
        self.assertEqual(self._left(third, third, third), [False] * 3)
        self.assertEqual(self._left(("8.34", self.included, "1.66")), [False])

    def test_no_line_gets_a_cent_of_another_one(self):
        # 3 × 0.3349 = 1.0047, and twice that is 2.01.
        one = ("250", self.included, "50")
        plain = ("1.00", None, "0", {"quantity": "3", "unit": "0.3349"})
        self.assertEqual(self._left(one, plain), [True, False])
        self.assertEqual(self._left(one, plain, plain), [False] * 3)

    # === ANALYTIC SHARES === #

    def _shares(self, amount, parts, keys):
        return self.pricing.distribution(D(amount), [D(part) for part in parts], keys)

    def test_shares_of_one_account_are_all_of_it(self):
        self.assertEqual(self._shares("10", ["4", "6"], ["7", "7"]), {"7": 100})
        self.assertEqual(self._shares("0", ["0"], ["7"]), {"7": 100})
        self.assertIs(self._shares("10", ["10"], [""]), False)

    def test_percentages_that_give_the_shares_back_are_used(self):
        found = self._shares("200", ["50", "150"], ["1", "2"])
        self.assertEqual(found, {"1": 25.0, "2": 75.0})
        # Two digits are kept.
        found = self._shares("100", ["33.33", "66.67"], ["1", "2"])
        self.assertEqual(found, {"1": 33.33, "2": 66.67})

    def test_percentages_that_do_not_give_the_shares_back_are_none(self):
        self.assertIsNone(self._shares("1000", ["333.33", "666.67"], ["1", "2"]))
        # Exact each, but they are not all of it.
        self.assertIsNone(self._shares("100", ["40", "50"], ["1", "2"]))

    def test_as_many_digits_of_a_percentage_count_as_odoo_keeps(self):
        digits = self.env["decimal.precision"].search(
            [("name", "=", "Percentage Analytic")]
        )
        digits.digits = 3
        self.pricing = LinePricing(self.env)
        found = self._shares("1000", ["333.33", "666.67"], ["1", "2"])
        self.assertEqual(found, {"1": 33.333, "2": 66.667})

    def test_what_cannot_be_one_distribution_is_none(self):
        self.assertIsNone(self._shares("0", ["1", "-1"], ["1", "2"]))
        self.assertIsNone(self._shares("10", ["2", "3", "5"], ["1", "2", "1"]))
        self.assertIsNone(self._shares("10", ["4", "6"], ["1", ""]))

    def test_a_share_of_nothing_is_dropped(self):
        found = self._shares("100", ["100", "0"], ["1", "2"])
        self.assertEqual(found, {"1": 100.0})

    def _nearest(self, amount, parts, keys):
        return self.pricing.nearest_distribution(
            D(amount), [D(part) for part in parts], keys
        )

    def test_the_rounding_of_the_nearest_percentages_goes_to_the_largest(self):
        found = self._nearest("3", ["0.9995", "1.0005", "1"], ["1", "2", "3"])
        self.assertEqual(found, {"1": 33.32, "2": 33.35, "3": 33.33})
        self.assertAlmostEqual(sum(found.values()), 100)
        # The largest may be a deduction.
        found = self._nearest("3", ["-7", "5", "5"], ["1", "2", "3"])
        self.assertEqual(found, {"1": -233.34, "2": 166.67, "3": 166.67})

    def test_shares_of_one_account_are_added_and_those_without_dropped(self):
        found = self._nearest("10", ["2", "3", "5"], ["1", "1", ""])
        self.assertEqual(found, {"1": 50.0})
        found = self._nearest("3", ["1", "1", "1"], ["1", "2", ""])
        self.assertEqual(found, {"1": 33.33, "2": 33.33})

    def test_nothing_to_share_has_at_most_one_account(self):
        self.assertEqual(self._nearest("0", ["0"], ["1"]), {"1": 100.0})
        self.assertIs(self._nearest("0", ["1", "-1"], ["1", "2"]), False)
        self.assertIs(self._nearest("10", ["10"], [""]), False)
        self.assertEqual(self._nearest("10", ["10", "0"], ["1", "2"]), {"1": 100.0})

    # === DIGITS === #

    def test_digits_are_kept_or_not(self):
        keeps = self.pricing.keeps
        self.assertFalse(keeps(None, 2))
        self.assertTrue(keeps(D("1.25"), 2))
        self.assertFalse(keeps(D("1.255"), 2))
        self.assertTrue(keeps(D("1.255"), 3))
        # What is beyond eight digits is noise of a division.
        self.assertTrue(keeps(D("1.250000001"), 2))
        self.assertFalse(keeps(D("1.25000002"), 2))
