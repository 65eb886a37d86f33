"""Orders that a card paid for when they were purchased."""

import runpy
from pathlib import Path

from odoo.tests import tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestCardOrders(ProcurifyCommon):
    master_data_ready = True

    def test_order_paid_by_card_leaves_no_commitment_and_says_so(self):
        order = self._order("card_paid")

        self.assertEqual(order.state, "purchase")
        self.assertTrue(order.procurify_paid_by_card)
        self.assertEqual(order.invoice_status, "no")
        self.assertEqual(self._committed(order), 0.0)
        self.assertIn("Paid by card", str(order.message_ids.mapped("body")))

    def test_order_of_a_vendor_stays_committed(self):
        order = self._order("plain")

        self.assertFalse(order.procurify_paid_by_card)
        self.assertEqual(order.invoice_status, "to invoice")
        self.assertGreater(self._committed(order), 0.0)

    def test_request_for_quotation_paid_by_card_is_no_commitment_either(self):
        self.connection.order_policy = "rfq"

        self.assertEqual(self._committed(self._order("card_paid")), 0.0)

    def test_received_order_paid_by_card_waits_for_no_bill(self):
        order = self._order("card_paid")

        order.order_line.qty_received = 1

        self.assertEqual(self._committed(order), 0.0)
        self.assertEqual(order.invoice_status, "no")

    def test_orders_paid_by_card_are_excluded_by_policy(self):
        self.connection.card_order_policy = "exclude"
        order_id = self.dataset.add_order("card_paid")
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(record.state, "excluded")
        self.assertEqual(record.excluded_rule, "card_order")
        self.connection.card_order_policy = "settle"
        self._import()
        self.assertEqual(record.state, "done")

    def test_order_that_is_paid_by_card_later_is_finished_then(self):
        order_id = self.dataset.add_order("plain")
        self._synchronise()
        order = self._purchase(order_id)
        issuer = next(
            vendor.id for vendor in self.dataset.vendors() if vendor.type == 6
        )

        self.dataset.revise_order(order_id, card_issuer=issuer)
        self._synchronise()
        self.assertTrue(order.procurify_paid_by_card)
        self.assertEqual(self._committed(order), 0.0)

        self.dataset.revise_order(order_id, card_issuer=None)
        self._synchronise()
        self.assertFalse(order.procurify_paid_by_card)
        self.assertGreater(self._committed(order), 0.0)

    def test_earlier_orders_paid_by_card_are_finished_by_the_update(self):
        order = self._order("card_paid")
        order.procurify_paid_by_card = False
        order.flush_recordset()

        path = Path(__file__).parents[1] / "migrations/19.0.1.2.0/post-card-orders.py"
        runpy.run_path(str(path))["migrate"](self.cr, "19.0.1.1.0")

        order.invalidate_recordset()
        self.assertTrue(order.procurify_paid_by_card)

    def _order(self, scenario):
        order_id = self.dataset.add_order(scenario)
        self._synchronise()
        return self._purchase(order_id)

    def _purchase(self, order_id):
        record = self._record("purchase_order", order_id)
        return self.env["purchase.order"].browse(record.res_id)

    def _committed(self, order):
        self.env.flush_all()
        rows = self.env["procurify.commitment"].search([("order_id", "=", order.id)])
        return sum(rows.mapped("committed"))
