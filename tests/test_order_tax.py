"""The tax of an order's header, where its bills carry the tax on their own lines."""

from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.procurify_connector.simulator.bill_documents import BillRenderer
from odoo.addons.procurify_connector.simulator.manufacturer import EUR
from odoo.addons.procurify_connector.simulator.order_documents import OrderRenderer

from .tax_case import TaxCase

RATE = Decimal("8.25")


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestOrderTax(TaxCase):
    def setUp(self):
        super().setUp()
        self.connection.order_policy = "purchase"
        self.tax = self._tax("Sales", 8.25)
        self._buy()

    def _buy(self, **values):
        """Import an order that has its tax in the header."""
        self.order_id = self.dataset.add_order("header_tax", **values)
        self._synchronise()
        self.order = self._booked(self._record("purchase_order", self.order_id))
        self.tax_line = self.order.order_line.filtered(
            lambda line: line.procurify_kind == "tax"
        )
        self.assertEqual(len(self.tax_line), 1)

    def test_order_whose_bills_carry_the_tax_is_billed_to_the_end(self):
        total = self.order.amount_total
        self._bill(None)

        self.assertEqual(self._committed(), 0.0)
        self.assertEqual(self.order.invoice_status, "invoiced")
        self.assertEqual(self.tax_line.qty_to_invoice, 0.0)
        self.assertEqual(self.order.amount_total, total)

    def test_order_in_another_currency_is_billed_to_the_end_as_well(self):
        self.connection.rate_source = "odoo"
        self._buy(currency_id=EUR.id)
        self.assertEqual(self.order.currency_id.name, "EUR")
        self.assertGreater(self._committed(), 0.0)

        self._bill(None)

        self.assertEqual(self._committed(), 0.0)
        self.assertEqual(self.order.invoice_status, "invoiced")
        self.assertEqual(self.tax_line.qty_to_invoice, 0.0)

    def test_draft_and_posted_bills_count_alike(self):
        move = self._bill(None)
        move.action_post()

        self.assertEqual(self._committed(), 0.0)

    def test_half_of_the_bills_leave_half_of_the_tax(self):
        [line, *_others] = self.order.order_line - self.tax_line
        self._bill({0: Decimal(str(line.product_qty)) / 2})

        carried = self.tax_line.price_unit * self.tax_line.qty_invoiced
        inline = line.price_subtotal / 2 * float(RATE) / 100
        self.assertAlmostEqual(
            carried, inline, delta=0.005 * self.tax_line.price_unit + 0.01
        )
        self.assertEqual(self.order.invoice_status, "to invoice")

    def test_bill_that_is_cancelled_carries_nothing(self):
        move = self._bill(None)
        move.button_cancel()
        self.env.flush_all()

        self.assertEqual(self.tax_line.qty_invoiced, 0.0)
        self.assertEqual(self.order.invoice_status, "to invoice")

    def test_refund_asks_for_the_tax_again(self):
        move = self._bill(None)
        move.action_post()
        refund = move._reverse_moves([{"invoice_date": move.invoice_date}])
        refund.action_post()
        self.env.flush_all()

        self.assertEqual(self.tax_line.qty_invoiced, 0.0)

    def test_bills_without_any_tax_leave_it_open(self):
        self._bill(None, rate=Decimal(0))

        self.assertEqual(self.tax_line.qty_invoiced, 0.0)
        self.assertEqual(
            self._committed(), self.order.currency_id.round(self.tax_line.price_unit)
        )

    def test_tax_billed_as_an_item_of_its_own_is_billed_once(self):
        bill_id = self.dataset.bill_order(self.order_id, extras=True)
        self._synchronise()
        self._booked(self._record("bill", bill_id))

        self.assertEqual(self.tax_line.qty_invoiced, 1.0)
        self.assertEqual(self._committed(), 0.0)

    def test_cents_of_rounding_are_not_committed_forever(self):
        detail = OrderRenderer(self.dataset).detail(self.dataset.order(self.order_id))
        detail["total"] = f"{self.order.amount_total + 0.01:.2f}"
        self._stage_documents("purchase_order", [detail]).sudo()._import()
        cents = self.order.order_line.filtered(
            lambda line: line.procurify_kind == "rounding"
        )
        self.assertEqual(cents.mapped("price_unit"), [0.01])
        self._bill(None)

        self.assertEqual(self._committed(), 0.0)
        self.assertEqual(self.order.invoice_status, "invoiced")

    def test_header_tax_that_procurify_takes_back_is_taken_off(self):
        self._bill({0: Decimal(1)})

        self.assertEqual(self.tax_line._procurify_booked_quantity(), 0.0)

    # === HELPERS === #

    def _bill(self, lines, rate=RATE):
        """Book a bill of the order whose lines carry the tax, and return it."""
        bill_id = self.dataset.bill_order(self.order_id, lines)
        detail = BillRenderer(self.dataset).detail(self.dataset.bill(bill_id))
        for item in detail["items"]:
            net = Decimal(str(item["total_cost"]))
            amount = (net * rate / 100).quantize(Decimal("0.01"))
            item |= {"tax_amount": amount, "tax": 4, "tax_name": "Sales"}
            item |= {"tax_percentage": str(rate), "tax_is_inclusive": False}
            item["total_cost_with_tax"] = net + amount
            if not rate:
                item |= {"tax": None, "tax_name": "", "tax_percentage": None}
        detail["total_cost_with_tax"] = sum(
            Decimal(str(item["total_cost_with_tax"])) for item in detail["items"]
        )
        record = self._stage_documents("bill", [detail])
        record.sudo()._import()
        return self._booked(record)

    def _committed(self):
        self.env.flush_all()
        rows = self.env["procurify.commitment"].search(
            [("order_id", "=", self.order.id)]
        )
        return self.order.company_id.currency_id.round(sum(rows.mapped("committed")))
