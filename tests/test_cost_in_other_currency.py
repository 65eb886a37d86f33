"""A bill by cost in another currency than its order counts no quantity of it."""

from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.procurify_connector.simulator.manufacturer import EUR, USD

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestCostInOtherCurrency(ProcurifyCommon):
    master_data_ready = True

    def test_cost_in_another_currency_is_linked_without_quantity_and_says_so(self):
        order_id, order = self._order(EUR)

        move = self._billed(order_id, USD, by_cost={0: Decimal(100)})

        line = order.order_line[0]
        self.assertEqual(line.qty_invoiced, 0.0)
        self.assertEqual(order.invoice_ids, move)
        note = move.invoice_line_ids.filtered("purchase_line_id")
        self.assertEqual(note.display_type, "line_note")
        self.assertIn("billed by cost in USD", note.name)
        self.assertIn(order.name, note.name)
        expected = self.dataset.expected()[self.bill_id].total
        self.assertEqual(Decimal(str(move.amount_total)), expected.normalize())
        move.action_post()
        self.assertEqual(line.qty_invoiced, 0.0)

    def test_next_cost_in_the_orders_currency_counts_only_itself(self):
        order_id, order = self._order(EUR)
        self._billed(order_id, USD, by_cost={0: Decimal(100)})

        self._billed(order_id, EUR, by_cost={0: Decimal(50)})

        line = order.order_line[0]
        price = line.price_subtotal / line.product_qty
        self.assertAlmostEqual(line.qty_invoiced, 50 / price, places=2)

    def test_credit_by_cost_in_another_currency_counts_nothing_either(self):
        order_id, order = self._order(EUR)

        move = self._billed(order_id, USD, by_cost={0: Decimal(-100)})

        self.assertEqual(move.move_type, "in_refund")
        self.assertEqual(order.order_line[0].qty_invoiced, 0.0)

    def test_pieces_count_in_every_currency(self):
        order_id, order = self._order(EUR)

        self._billed(order_id, USD, lines={0: Decimal(2)})

        self.assertEqual(order.order_line[0].qty_invoiced, 2.0)

    def test_later_version_of_the_bill_is_followed(self):
        order_id, order = self._order(EUR)
        move = self._billed(order_id, USD, by_cost={0: Decimal(100)})

        self.dataset.touch(self.bill_id)
        self._synchronise()
        self.assertEqual(self._record("bill", self.bill_id).state, "done")
        self.dataset.revise_bill(self.bill_id, currency_id=EUR.id)
        self._synchronise()

        record = self._record("bill", self.bill_id)
        self.assertEqual((record.state, record.res_id), ("done", move.id))
        self.assertGreater(order.order_line[0].qty_invoiced, 0.0)

    def _order(self, currency):
        order_id = self.dataset.add_order("plain", currency_id=currency.id)
        self._synchronise()
        record = self._record("purchase_order", order_id)
        return order_id, self.env["purchase.order"].browse(record.res_id)

    def _billed(self, order_id, currency, **what):
        self.bill_id = self.dataset.bill_order(
            order_id, currency_id=currency.id, **what
        )
        self._synchronise()
        record = self._record("bill", self.bill_id)
        self.assertEqual(record.state, "done", record.hold_reason)
        return self._move(self.bill_id)
