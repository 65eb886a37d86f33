"""Edge cases of what happens between two synchronisations: docs/edge-cases.rst."""

from decimal import Decimal
from unittest.mock import patch

from odoo.tests import tagged

from .common import ProcurifyCommon

BILLS = "/api/v3/ap/bills/"


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestEdgeLife(ProcurifyCommon):
    master_data_ready = True

    # === ORDERS === #

    def test_revised_order_says_what_changed_as_text(self):
        order_id = self.dataset.add_order("plain")
        self.dataset.revise_order(order_id, quantity=Decimal(10), price=Decimal(5))
        self._synchronise()
        order = self._order(order_id)

        self.dataset.revise_order(
            order_id, quantity=Decimal(7), name="<script>alert(1)</script> Steel"
        )
        self._synchronise()

        told = order.message_ids.filtered(lambda m: "Changed in Procurify" in m.body)
        self.assertEqual(len(told), 1)
        self.assertIn("7", told.body)
        self.assertNotIn("<script", told.body)
        self.assertIn("<script>", order.order_line[0].name)

    def test_removed_line_stays_at_what_is_billed(self):
        order_id = self.dataset.add_order("several_lines")
        self._synchronise()
        line = self._order(order_id).order_line[0]
        self.dataset.bill_order(order_id, {0: Decimal(1)})
        self._synchronise()

        self.dataset.remove_order_line(order_id, 0)
        self._synchronise()

        self.assertEqual(line.qty_invoiced, 1)
        self.assertEqual(line.product_qty, 1)

    def test_cancelled_order_that_is_received_is_on_hold(self):
        order_id = self.dataset.add_order("plain")
        self._synchronise()
        order = self._order(order_id)
        order.order_line[0].qty_received = 1.0

        self.dataset.cancel_order(order_id)
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"order_cancelled"})
        self.assertEqual(order.state, "purchase")

    def test_line_bought_again_after_its_order_was_cancelled_is_on_the_new_one(self):
        first = self.dataset.add_order("plain")
        [line] = self.dataset.order_lines(first)
        self._synchronise()
        old = self._order(first)

        self.dataset.cancel_order(first)
        second = self.dataset.purchase_requisition_line(line.id)
        bill_id = self.dataset.bill_order(second)
        self._synchronise()

        self.assertEqual(old.state, "cancel")
        new = self._order(second)
        item = self._record("order_item", line.id)
        self.assertEqual(item.res_id, new.order_line[0].id)
        billed = self._move(bill_id).invoice_line_ids.purchase_line_id
        self.assertEqual(billed, new.order_line[0])

    # === PROCURIFY === #

    def test_rights_that_are_lost_in_the_middle_move_no_watermark(self):
        self.connection.page_size = 2
        bills = [self.dataset.add_bill("plain") for _number in range(6)]
        for status in (401, 403):
            with self.subTest(status=status):
                self.simulator.faults.add(
                    path=BILLS, query={"page": "2"}, status=status, times=None
                )
                with self._without_pauses():
                    self._fetch()

                stream = self._stream("bill")
                self.assertEqual(self.connection.state, "error")
                self.assertTrue(self.connection.error_message)
                self.assertFalse(stream.modified_watermark)
                self.assertEqual(len(self._records("bill")), 2, "what came stays")
                self.simulator.faults.clear()
        self._synchronise()
        self.assertEqual(len(self._records("bill")), len(bills))

    def test_weeks_without_the_connector_are_caught_up_in_pages(self):
        self.connection.page_size = 3
        known = self.dataset.add_bill("plain")
        self._synchronise()
        move = self._move(known)
        self.connection.active = False

        self.dataset.revise_bill(known, unit_cost=Decimal("12.34"))
        later = [self.dataset.add_bill("plain") for _number in range(7)]
        self.dataset.revise_bill(later[0], unit_cost=Decimal("56.78"))
        self.connection.active = True
        self.simulator.faults.add(
            path=BILLS, query={"page": "2"}, status=503, times=None
        )
        with self._without_pauses():
            self._fetch()
        self._import()
        staged = self._records("bill", state="done")
        self.assertTrue(staged, "the pages before the outage are imported")
        self.assertLess(len(staged), 8)

        self.simulator.faults.clear()
        self._synchronise()

        self.assertEqual(len(self._records("bill", state="done")), 8)
        self.assertEqual(self._move(known), move)
        for bill_id, expected in self.dataset.expected().items():
            total = Decimal(str(self._move(bill_id).amount_total))
            self.assertEqual(total.quantize(Decimal("0.01")), expected.total)

    # === HELPERS === #

    def _order(self, order_id):
        record = self._record("purchase_order", order_id)
        self.assertEqual(record.hold_reason, "")
        return self.env["purchase.order"].browse(record.res_id)

    def _without_pauses(self):
        return patch.object(
            type(self.connection), "_client_options", lambda _self: {"max_attempts": 1}
        )
