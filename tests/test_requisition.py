"""Requisitions: what is approved and not bought yet, counted once."""

import json

from odoo.tests import tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestRequisition(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.connection.requisition_policy = "rfq"

    def test_requisitions_are_excluded_by_default(self):
        self.connection.requisition_policy = "none"
        number = self._requisition("approved")

        record = self._record("requisition", number)
        self.assertEqual(record.excluded_rule, "requisitions_not_imported")
        self.assertFalse(self._requests())

    def test_approved_lines_become_a_request_per_vendor(self):
        number = self._requisition("approved")

        lines = self.dataset.requisition_lines(number)
        wanted = [line for line in lines if not line.order_id]
        self.assertEqual(self._record("requisition", number).state, "done")
        self.assertEqual(
            sorted(self._requests().order_line.mapped("name")),
            sorted(line.name for line in wanted),
        )
        vendors = {line.vendor_id for line in wanted}
        self.assertEqual(len(self._requests()), len(vendors))
        self.assertEqual(set(self._requests().mapped("state")), {"draft"})

    def test_request_that_cannot_be_read_in_part_is_on_hold_alone(self):
        whole, unnamed, unread = (self._requisition("approved") for _each in range(3))
        line = self.dataset.requisition_lines(unread)[0]
        self._damage(
            self._record("requisition", unnamed), department={"id": 7, "name": []}
        )
        self._damage(self._record("order_item", line.id), quantity="many")
        records = self._records("requisition")
        records.sudo()._requeue()
        self._import()

        self.assertEqual(self._record("requisition", whole).state, "done")
        for number in (unnamed, unread):
            record = self._record("requisition", number)
            self.assertEqual(self._codes(record), {"invalid_payload"})

    def test_bought_line_leaves_its_request_for_the_order(self):
        number = self._requisition("approved")
        bought, *others = self.dataset.requisition_lines(number)
        count = self._open_amount()

        order_id = self.dataset.purchase_requisition_line(bought.id)
        self._synchronise()

        line = self._line(bought.id)
        order = self.env["purchase.order"].browse(
            self._record("purchase_order", order_id).res_id
        )
        self.assertEqual(line.order_id, order)
        self.assertEqual(order.state, "purchase")
        self.assertEqual(len(order.order_line.filtered("product_qty")), 1)
        self.assertAlmostEqual(self._open_amount(), count, 2)
        for other in others:
            self.assertIn(self._line(other.id).order_id, self._requests())

    def test_request_whose_lines_are_all_bought_is_cancelled(self):
        number = self._requisition("approved")
        requests = self._requests()
        lines = self.dataset.requisition_lines(number)
        order_id = None
        for line in lines:
            same = order_id and (
                self.dataset.order(order_id).vendor_id == line.vendor_id
            )
            order_id = self.dataset.purchase_requisition_line(
                line.id, order_id if same else None
            )
        self._synchronise()

        self.assertEqual(set(requests.mapped("state")), {"cancel"})
        self.assertFalse(self._requests())

    def test_rejected_line_leaves_the_request(self):
        number = self._requisition("approved")
        line = self.dataset.requisition_lines(number)[0]

        self.dataset.reject_requisition_line(line.id)
        self._synchronise()

        self.assertNotIn(line.name, self._requests().order_line.mapped("name"))

    def test_request_is_not_written_again_without_a_change(self):
        number = self._requisition("approved")
        line = self._requests().order_line[0]
        line.price_unit = 1.23

        self._record("requisition", number).action_replay()
        self._synchronise()

        self.assertEqual(line.price_unit, 1.23)
        self.assertTrue(line.exists())

    def test_cancelled_orders_lines_are_requested_again(self):
        number = self._requisition("approved")
        line = self.dataset.requisition_lines(number)[0]
        order_id = self.dataset.purchase_requisition_line(line.id)
        self._synchronise()

        self.dataset.cancel_order(order_id)
        self._synchronise()

        self.assertIn(self._line(line.id).order_id, self._requests())

    # === HELPERS === #

    def _requisition(self, scenario):
        number = self.dataset.add_requisition(scenario)
        self._synchronise()
        return number

    def _damage(self, record, **values):
        data = json.loads(record.payload) | values
        record.sudo().payload = json.dumps(data)

    def _requests(self):
        return self.env["purchase.order"].search(
            [("company_id", "=", self.company.id), ("state", "=", "draft")]
        )

    def _open_amount(self):
        orders = self.env["purchase.order"].search(
            [("company_id", "=", self.company.id), ("state", "!=", "cancel")]
        )
        return sum(orders.mapped("amount_untaxed"))

    def _line(self, line_id):
        record = self._record("order_item", line_id)
        return self.env["purchase.order.line"].browse(record.res_id)
