"""Orders on demand: named by a bill, or because one of their lines changed."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo.tests import tagged

from .common import ProcurifyCommon

ORDERS = "/api/v2/purchase_orders/"


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestOrderItems(ProcurifyCommon):
    master_data_ready = True

    # === LINES THAT CHANGED === #

    def test_order_whose_line_changed_is_read_again(self):
        order_id = self.dataset.add_order()
        self._fetch()
        digest = self._record("purchase_order", order_id).digest

        self._change_line(order_id, quantity=Decimal(77))
        self._fetch()

        record = self._record("purchase_order", order_id)
        self.assertNotEqual(record.digest, digest)
        self.assertIn("77", record.payload)
        self.assertEqual(record.state, "pending")

    def test_order_that_its_list_does_not_show_is_read_for_its_lines(self):
        order_id = self.dataset.add_order()
        self._hide_from_the_list_of_orders()

        self._fetch()

        self.assertTrue(self._record("purchase_order", order_id).payload)

    def test_order_that_holds_its_lines_as_they_are_is_not_read_again(self):
        order_id = self.dataset.add_order()

        self._fetch()

        self.assertEqual(len(self._details(order_id)), 1)

    def test_line_that_left_an_order_makes_both_be_read(self):
        first, second = self.dataset.add_order(), self.dataset.add_order()
        self._fetch()
        self._hide_from_the_list_of_orders()
        self.simulator.clear_requests()

        self.dataset.move_line(first, 0, second)
        self._fetch()

        self.assertEqual(len(self._details(first)), 1)
        self.assertEqual(len(self._details(second)), 1)

    def test_second_reading_with_nothing_new_costs_one_request_per_list(self):
        for _number in range(3):
            self.dataset.bill_order(self.dataset.add_order())
        self._fetch()
        self.simulator.clear_requests()

        self._fetch()

        paths = [request.path for request in self.simulator.requests]
        self.assertFalse([p for p in paths if p.startswith("/api/v2/ap/bills/")])
        self.assertFalse([p for p in paths if p.split("/")[-2].isdecimal()])
        self.assertEqual(paths.count("/api/v3/order-items/"), 2)
        self.assertEqual(paths.count("/api/v2/purchase_orders/purchased/all/"), 1)
        self.assertEqual(paths.count("/api/v2/global/orders/"), 1)
        self.assertEqual(paths.count("/api/v3/ap/bills/"), 1)

    # === BILLS THAT NAME ORDERS === #

    def test_bill_brings_its_order_along(self):
        order_id, bill_id = self._billed_order()
        self._switch_off("order_item")
        self._hide_from_the_list_of_orders()

        self._fetch()

        self.assertTrue(self._record("bill", bill_id))
        self.assertTrue(self._record("purchase_order", order_id).payload)

    def test_order_that_is_staged_is_not_read_for_its_bill(self):
        order_id, _bill_id = self._billed_order()

        self._fetch()

        self.assertEqual(len(self._details(order_id)), 1)

    def test_order_that_cannot_be_read_does_not_stop_the_bills(self):
        self._switch_off("order_item")
        for status in (403, 404, 500):
            with self.subTest(status=status):
                order_id, bill_id = self._billed_order()
                self._hide_from_the_list_of_orders()
                self.simulator.faults.add(
                    path=f"{ORDERS}{order_id}/", status=status, times=None
                )
                with self._without_pauses():
                    self._fetch()

                self.assertTrue(self._record("bill", bill_id).payload)
                self.assertFalse(
                    self._records("purchase_order", external_id=str(order_id))
                )
                self.assertFalse(self._stream("bill").error_message)

    def test_orders_are_not_read_where_their_stream_is_off(self):
        order_id, bill_id = self._billed_order()
        self._switch_off("purchase_order")

        self._fetch()

        self.assertTrue(self._record("bill", bill_id))
        self.assertFalse(self._details(order_id))

    # === WATERMARKS === #

    def test_both_watermarks_of_order_items_are_what_was_seen(self):
        self.dataset.add_order()
        self._fetch()

        stream = self._stream("order_item")
        newest = max(self._records("order_item").mapped("remote_modified"))
        self.assertEqual(stream.modified_watermark, newest)
        self.assertEqual(stream.created_watermark, newest)
        self.assertFalse(self._stream("bill").created_watermark)

    def test_next_reading_asks_for_what_is_new_as_well(self):
        self.dataset.add_order()
        self._fetch()
        created = self._stream("order_item").created_watermark
        self.simulator.clear_requests()

        self._fetch()

        [asked] = [
            request.query["po_created_date_0"]
            for request in self.simulator.requests
            if "po_created_date_0" in request.query
        ]
        self.assertLessEqual(asked, (created - timedelta(days=2)).date().isoformat())

    def test_failure_in_the_middle_moves_no_watermark(self):
        for _number in range(3):
            self.dataset.add_order()
        self.connection.page_size = 2
        self.simulator.faults.add(
            path="/api/v3/order-items/", query={"page": "2"}, status=503, times=None
        )

        with self._without_pauses():
            self._fetch()

        stream = self._stream("order_item")
        self.assertFalse(stream.modified_watermark)
        self.assertFalse(stream.created_watermark)
        self.simulator.faults.clear()
        self._fetch()
        self.assertTrue(stream.created_watermark)

    # === WHAT IS SHOWN === #

    def test_order_shows_what_people_know_it_by(self):
        order_id = self.dataset.add_order()
        self._fetch()

        record = self._record("purchase_order", order_id)
        for field in ("remote_uuid", "remote_party", "remote_date", "remote_currency"):
            self.assertTrue(record[field], field)
        self.assertTrue(record.remote_amount)
        requisition = self._records("requisition")[:1]
        self.assertTrue(requisition.remote_date)
        items = self._records("order_item", remote_group=requisition.external_id)
        self.assertTrue(items)

    def test_items_of_one_requisition_are_not_taken_for_one_another(self):
        order_id = self.dataset.add_order()
        self.dataset.add_order_line(order_id)
        self._fetch()

        self.assertEqual(
            {int(r.external_id) for r in self._records("order_item")},
            {row.line.id for row in self.dataset.line_rows()},
        )

    def test_slow_lists_are_read_less_often(self):
        minutes = {s.resource: s.interval_minutes for s in self.connection.stream_ids}

        self.assertLess(minutes["bill"], minutes["order_item"])
        self.assertLess(minutes["order_item"], minutes["vendor"])
        self.assertLess(minutes["vendor"], minutes["catalog_item"])

    # === HELPERS === #

    def _line(self, order_id):
        return self.dataset.order_lines(order_id)[0]

    def _change_line(self, order_id, **values):
        """Change a line, of which the order itself does not speak."""
        line = self._line(order_id)
        self.dataset._book.put_line(
            replace(line, modified=self.dataset.stamp(), **values)
        )
        self.dataset.revision += 1

    def _billed_order(self):
        order_id = self.dataset.add_order()
        return order_id, self.dataset.bill_order(order_id)

    def _hide_from_the_list_of_orders(self):
        self._stream("purchase_order").modified_watermark = "2100-01-01"

    def _switch_off(self, resource):
        self._stream(resource).active = False

    def _stream(self, resource):
        streams = self.connection.with_context(active_test=False).stream_ids
        return streams.filtered(lambda s: s.resource == resource)

    def _details(self, order_id):
        path = f"{ORDERS}{order_id}/"
        return [r for r in self.simulator.requests if r.path == path]

    def _without_pauses(self):
        return patch.object(
            type(self.connection), "_client_options", lambda _self: {"max_attempts": 1}
        )
