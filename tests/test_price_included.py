"""Another chart of accounts, whose prices include their taxes: the same books.

Korea's chart is one of those that set a company up so. Its accounts, its taxes and the
way in which it rounds differ from the generic chart's; Procurify's figures do not.
"""

from collections import defaultdict
from decimal import Decimal

from odoo.tests import tagged

from .common import ProcurifyCommon

BILLS = (
    "plain",
    "several_lines",
    "several_taxes",
    "tax_inclusive",
    "split_departments",
    "split_accounts",
    "header_costs",
    "line_shipping",
    "split_shipping",
    "negative_line",
    "credit",
    "by_cost",
    "many_decimals",
    "untaxed",
    "foreign_cad",
    "foreign_eur",
    "gross_allocations",
)
ORDERS = (
    "plain",
    "several_lines",
    "line_taxes",
    "header_tax",
    "header_tax_amount",
    "header_extras",
    "discount_percentage",
    "line_shipping",
    "split_coding",
    "many_decimals",
    "negative_line",
    "foreign_eur",
    "foreign_cad",
)


class PriceIncludedCommon(ProcurifyCommon):
    """A company of Korea's chart that keeps its books in Procurify's base currency."""

    master_data_ready = True
    chart_template = "kr"
    rounding = "round_per_line"
    currency = "USD"

    @classmethod
    def _create_company(cls, **values):
        currency = cls.env["res.currency"].with_context(active_test=False)
        found = currency.search([("name", "=", cls.currency)])
        found.active = True
        values |= {
            "country_id": cls.env.ref("base.kr").id,
            "currency_id": found.id,
        }
        return super()._create_company(**values)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.tax_calculation_rounding_method = cls.rounding

    def setUp(self):
        super().setUp()
        self.assertEqual(self.company.chart_template, "kr", "the wrong chart")
        self.assertEqual(self.company.account_price_include, "tax_included")

    @classmethod
    def _keep_books(cls, books):
        """Leave it to the company whether its taxes are included in the price."""
        kept = super()._keep_books(books)
        taxes = cls.env["account.tax"].search([("type_tax_use", "=", "purchase")])
        taxes.price_include_override = False
        assert all(taxes.mapped("price_include"))
        return kept

    def _check_bills(self):
        bills = [
            self.dataset.add_bill(scenario) for scenario in BILLS for _n in range(2)
        ]
        self._synchronise()
        for bill_id in bills:
            with self.subTest(bill=self.dataset.bill(bill_id).scenario):
                self._assert_books(bill_id)
        self.env["account.move"].union(*map(self._move, bills)).action_post()
        for bill_id in bills:
            with self.subTest(posted=self.dataset.bill(bill_id).scenario):
                self._assert_books(bill_id)

    def _check_orders(self):
        orders = {name: self.dataset.add_order(name) for name in ORDERS}
        self._synchronise()
        for name, order_id in orders.items():
            with self.subTest(scenario=name):
                self._assert_order(order_id)

    def _assert_order(self, order_id):
        record = self._record("purchase_order", order_id)
        self.assertEqual(record.hold_reason, "")
        order = self.env["purchase.order"].browse(record.res_id)
        expected = self.dataset.expected_orders()[order_id]
        self.assertEqual(order.currency_id.name, expected.currency)
        self.assertEqual(_cents(order.amount_total), expected.total)

    def _assert_books(self, bill_id):
        """The bill has Procurify's total, tax, and net amount per account and place."""
        record, move = self._record("bill", bill_id), self._move(bill_id)
        expected = self.dataset.expected()[bill_id]
        self.assertEqual(record.hold_reason, "")
        sign = -1 if move.move_type == "in_refund" else 1
        self.assertEqual(move.currency_id.name, expected.currency)
        self.assertEqual(
            (sign * _cents(move.amount_total), sign * _cents(move.amount_tax)),
            (expected.total, expected.tax),
        )
        booked, wanted = defaultdict(Decimal), defaultdict(Decimal)
        for line in move.invoice_line_ids:
            booked[line.account_id.code] += sign * _cents(line.price_subtotal)
        for (code, _department, _location), amount in expected.net_lines.items():
            wanted[code] += amount
        self.assertEqual(booked, wanted)
        # The journal items, which are what the books are made of, say the same.
        ledger = defaultdict(Decimal)
        for line in move.line_ids.filtered(lambda line: line.display_type == "product"):
            ledger[line.account_id.code] += _cents(line.amount_currency)
        self.assertEqual(ledger, wanted)
        self.assertFalse(_cents(sum(move.line_ids.mapped("balance"))))


@tagged("post_install", "-at_install", "-standard", "procurify_inventory")
class TestPriceIncluded(PriceIncludedCommon):
    def test_bills_arrive_to_the_cent_per_account(self):
        self._check_bills()

    def test_orders_arrive_with_procurifys_totals(self):
        self._check_orders()

    def test_bills_of_taxed_orders_are_linked_and_make_them_fully_billed(self):
        order_id = self.dataset.add_order("line_taxes")
        self._synchronise()
        self._assert_order(order_id)

        bill_id = self.dataset.bill_order(order_id, extras=True)
        self._synchronise()

        self._assert_books(bill_id)
        record = self._record("purchase_order", order_id)
        order = self.env["purchase.order"].browse(record.res_id)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_order_is_not_taken_for_an_edited_one(self):
        orders = [self.dataset.add_order(name) for name in ("line_taxes", "header_tax")]
        self._synchronise()

        for order_id in orders:
            self.dataset.revise_order(order_id, quantity=Decimal(7))
        self._synchronise()

        for order_id in orders:
            self._assert_order(order_id)


@tagged("post_install", "-at_install", "-standard", "procurify_inventory")
class TestPriceIncludedRoundedGlobally(PriceIncludedCommon):
    rounding = "round_globally"

    def test_bills_arrive_to_the_cent_per_account(self):
        self._check_bills()

    def test_orders_arrive_with_procurifys_totals(self):
        self._check_orders()


@tagged("post_install", "-at_install", "-standard", "procurify_inventory")
class TestPriceIncludedInWon(PriceIncludedCommon):
    """Books without cents, in a currency that Procurify does not convert to."""

    currency = "KRW"
    rounding = "round_globally"
    won_for_a_dollar = 1390

    @classmethod
    def _trade_in(cls, books):
        """Give Odoo its own rates, as Procurify's are for one dollar."""
        traded = super()._trade_in(books)
        rates = cls.env["res.currency.rate"].search(
            [("company_id", "=", cls.company.id)]
        )
        for rate in rates:
            rate.rate /= cls.won_for_a_dollar
        rates.create(
            {
                "currency_id": cls.env.ref("base.USD").id,
                "rate": 1 / cls.won_for_a_dollar,
                "name": "2020-01-01",
                "company_id": cls.company.id,
            }
        )
        return traded

    def test_bill_is_converted_by_odoos_rate(self):
        bill_id = self.dataset.add_bill("plain")
        self.dataset.revise_bill(bill_id, currency_id=1)
        self._synchronise()

        move = self._move(bill_id)
        self.assertEqual(
            -move.amount_total_signed,
            self.company.currency_id.round(move.amount_total * self.won_for_a_dollar),
        )

    def test_bills_arrive_to_the_cent_per_account(self):
        self._check_bills()

    def test_orders_arrive_with_procurifys_totals(self):
        self._check_orders()


def _cents(number):
    return Decimal(str(number)).quantize(Decimal("0.01"))
