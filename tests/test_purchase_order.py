"""Purchase orders: created, revised, cancelled, closed, and billed."""

from decimal import Decimal

from odoo.tests import tagged
from odoo.tools import html2plaintext

from .common import ProcurifyCommon

CENT = Decimal("0.01")


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestPurchaseOrder(ProcurifyCommon):
    master_data_ready = True

    # === CREATING === #

    def test_order_is_confirmed_with_its_lines_and_total(self):
        order_id = self._order("several_lines")

        order = self._purchase(order_id)
        expected = self.dataset.expected_orders()[order_id]
        self.assertEqual(order.state, "purchase")
        self.assertEqual(order.currency_id.name, expected.currency)
        self.assertIn(self.dataset.order(order_id).number, order.origin)
        self.assertEqual(len(order.order_line), len(expected.lines))
        self.assertTrue(all(order.order_line.mapped("analytic_distribution")))
        self._assert_total(order_id)

    def test_order_waits_for_review_by_policy(self):
        self.connection.order_policy = "rfq"

        order = self._purchase(self._order("plain"))

        self.assertEqual(order.state, "draft")

    def test_orders_are_excluded_by_policy(self):
        self.connection.order_policy = "none"
        order_id = self._order("plain")

        record = self._record("purchase_order", order_id)
        self.assertEqual(record.excluded_rule, "orders_not_imported")
        self.connection.order_policy = "purchase"
        self._import()
        self.assertEqual(record.state, "done")

    def test_totals_of_every_scenario_are_procurifys(self):
        names = (
            "header_tax",
            "header_tax_amount",
            "header_extras",
            "discount_percentage",
            "line_taxes",
            "line_shipping",
            "split_coding",
            "foreign_eur",
            "foreign_cad",
            "many_decimals",
            "negative_line",
            "blanket",
            "recurring",
            "several_requisitions",
        )
        orders = {name: self.dataset.add_order(name) for name in names}
        self._synchronise()

        for name, order_id in orders.items():
            with self.subTest(scenario=name):
                self._assert_total(order_id)

    def test_text_lines_do_not_flood_the_products(self):
        self._synchronise()
        before = self.env["product.product"].search_count([])
        order_id = self._order("plain")
        self.dataset.revise_order(order_id, catalog_item=None)
        self._synchronise()

        order = self._purchase(order_id)
        self.assertEqual(order.order_line.product_id, self.connection.product_id)
        self.assertEqual(self.env["product.product"].search_count([]), before)

    def test_order_without_lines_is_excluded(self):
        order_id = self._order("no_lines")

        record = self._record("purchase_order", order_id)
        self.assertEqual((record.state, record.excluded_rule), ("excluded", "no_lines"))

    def test_unchanged_order_is_not_written_again(self):
        order_id = self._order("plain")
        order = self._purchase(order_id)
        order.order_line.flush_recordset()
        self._record("purchase_order", order_id).action_replay()
        stamp = self._age(order)

        self._synchronise()

        self.assertEqual(order.write_date, stamp)
        self.assertFalse(order.message_ids.filtered(lambda m: "Changed" in m.body))

    # === REVISING === #

    def test_revised_quantity_price_and_coding_follow(self):
        order_id = self._order("plain")
        order = self._purchase(order_id)

        self.dataset.revise_order(order_id, quantity=Decimal(7), price=Decimal("3.33"))
        self._synchronise()

        self.assertEqual(self._purchase(order_id), order)
        self.assertEqual(order.order_line[0].product_qty, 7)
        self.assertAlmostEqual(order.order_line[0].price_unit, 3.33)
        self._assert_total(order_id)

    def test_added_line_arrives_and_removed_line_falls_to_zero(self):
        order_id = self._order("several_lines")
        order = self._purchase(order_id)
        count = len(order.order_line)

        self.dataset.add_order_line(order_id)
        self._synchronise()
        self.assertEqual(len(order.order_line), count + 1)
        self._assert_total(order_id)

        self.dataset.remove_order_line(order_id, 0)
        self._synchronise()
        self.assertEqual(len(order.order_line), count + 1, "Odoo forbids deleting it")
        self.assertEqual(order.order_line[0].product_qty, 0)
        self._assert_total(order_id)

    def test_removed_line_is_shown_once_by_its_name(self):
        order_id = self._order("several_lines")
        order = self._purchase(order_id)
        name = order.order_line[0].name
        self.dataset.remove_order_line(order_id, 0)
        self._synchronise()
        told = order.message_ids.filtered(lambda m: "Changed in Procurify" in m.body)
        self.assertEqual(len(told), 1)
        self.assertIn(name, html2plaintext(told.body))
        stamp = self._age(order)

        self._record("purchase_order", order_id).action_replay()

        again = order.message_ids.filtered(lambda m: "Changed in Procurify" in m.body)
        self.assertEqual(again, told)
        self.assertEqual(order.write_date, stamp)

    def test_order_is_not_lowered_below_what_is_billed(self):
        order_id = self._order("plain", quantity=Decimal(10))
        line = self._purchase(order_id).order_line[0]
        self.dataset.bill_order(order_id, {0: Decimal(8)})
        self._synchronise()

        self.dataset.revise_order(order_id, quantity=Decimal(5))
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"order_undercut"})
        self.assertEqual(line.product_qty, 10)

    def test_edit_by_a_person_is_on_hold_with_the_difference(self):
        order_id = self._order("plain", quantity=Decimal(10))
        line = self._purchase(order_id).order_line[0]
        line.price_unit = 77.0

        self.dataset.revise_order(order_id, price=Decimal(5))
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertIn("77", record.hold_reason)
        self.assertEqual(line.price_unit, 77.0)

    def test_person_takes_procurifys_version_of_an_edited_order(self):
        order_id, record, line = self._disputed()

        record.action_reset_and_update()

        self.assertEqual(record.state, "done")
        self.assertEqual(line.price_unit, 5)
        self._assert_total(order_id)

    def test_person_keeps_odoos_version_until_procurify_changes_it_again(self):
        order_id, record, line = self._disputed()

        record.action_keep_odoo()
        self._synchronise()
        self.assertEqual((record.state, line.price_unit), ("done", 77))
        self.dataset.revise_order(order_id, freight=Decimal(9))
        self._synchronise()
        self.assertEqual(line.price_unit, 77, "still the person's own")

        self.dataset.revise_order(order_id, price=Decimal(6))
        self._synchronise()
        self.assertEqual(self._codes(record), {"changed_after_booking"})

    def _disputed(self):
        """Return (order id, record, line) of an order that both sides changed."""
        order_id = self._order("plain", quantity=Decimal(10))
        line = self._purchase(order_id).order_line[0]
        line.price_unit = 77.0
        self.dataset.revise_order(order_id, price=Decimal(5))
        self._synchronise()
        return order_id, self._record("purchase_order", order_id), line

    def test_edit_of_another_field_by_a_person_stays(self):
        order_id = self._order("plain", quantity=Decimal(10))
        line = self._purchase(order_id).order_line[0]
        line.name = "Our words"

        self.dataset.revise_order(order_id, price=Decimal(5))
        self._synchronise()

        self.assertEqual(line.name, "Our words")
        self.assertEqual(line.price_unit, 5)

    def test_locked_order_is_not_changed_behind_a_persons_back(self):
        order_id = self._order("plain")
        order = self._purchase(order_id)
        order.button_lock()

        self.dataset.revise_order(order_id, price=Decimal(5))
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"order_locked"})
        order.button_unlock()
        record.action_replay()
        self.assertEqual(order.order_line[0].price_unit, 5)

    # === ENDING === #

    def test_cancelled_order_is_cancelled(self):
        order_id = self._order("plain")
        order = self._purchase(order_id)

        self.dataset.cancel_order(order_id)
        self._synchronise()

        self.assertEqual(order.state, "cancel")
        self.assertEqual(self._record("purchase_order", order_id).state, "done")

    def test_cancelled_order_that_is_billed_is_on_hold(self):
        order_id = self._order("plain")
        order = self._purchase(order_id)
        self.dataset.bill_order(order_id, {0: Decimal(1)})
        self._synchronise()

        self.dataset.cancel_order(order_id)
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"order_cancelled"})
        self.assertEqual(order.state, "purchase")

    def test_order_cancelled_before_it_was_seen_is_excluded(self):
        record = self._record("purchase_order", self._order("cancelled"))

        self.assertEqual(record.excluded_rule, "cancelled")

    def test_closed_order_expects_what_was_received_and_is_locked(self):
        order_id = self._order("plain", quantity=Decimal(10))
        order = self._purchase(order_id)
        self.dataset.receive(order_id, 0, Decimal(4))

        self.dataset.close_order(order_id)
        self._synchronise()

        self.assertTrue(order.locked)
        self.assertEqual(order.state, "purchase")
        self.assertEqual(order.order_line[0].product_qty, 4)

        self.dataset.reopen_order(order_id)
        self._synchronise()
        self.assertFalse(order.locked)
        self.assertEqual(order.order_line[0].product_qty, 10)
        self._assert_total(order_id)

    def test_line_moved_to_another_order_moves_here_too(self):
        first = self._order("several_lines")
        vendor_id = self.dataset.order(first).vendor_id
        second = self._order("plain", vendor_id=vendor_id)
        line_id = self.dataset.order_lines(first)[0].id

        self.dataset.move_line(first, 0, second)
        self._synchronise()

        line = self._line(line_id)
        self.assertEqual(line.order_id, self._purchase(second))
        self.assertEqual(self._purchase(first).order_line[0].product_qty, 0)
        self._assert_total(first)
        self._assert_total(second)

        self._record("purchase_order", first).action_replay()
        self.assertEqual(self._line(line_id), line)

    # === RECEIPTS === #

    def test_received_quantities_are_set_by_policy(self):
        self.connection.receipt_policy = "set"
        order_id = self._order("plain", quantity=Decimal(10), catalog_item=None)
        line = self._purchase(order_id).order_line[0]

        self.dataset.receive(order_id, 0, Decimal(4))
        self._synchronise()

        self.assertEqual(line.qty_received, 4)

    # === BILLS === #

    def test_bills_of_an_order_make_it_fully_billed(self):
        order_id = self._order("plain", quantity=Decimal(10))
        order = self._purchase(order_id)

        self.dataset.bill_order(order_id, {0: Decimal(4)})
        self._synchronise()
        self.assertEqual(order.order_line[0].qty_invoiced, 4)
        self.assertEqual(order.invoice_status, "to invoice")

        self.dataset.bill_order(order_id, {0: Decimal(6)})
        self._synchronise()
        self.assertEqual(order.order_line[0].qty_invoiced, 10)
        self.assertEqual(order.invoice_status, "invoiced")
        self.assertEqual(len(order.invoice_ids), 2)

    def test_line_billed_by_cost_is_billed_in_its_own_quantity(self):
        order_id = self._order("plain", quantity=Decimal(3), price=Decimal(100))
        line = self._purchase(order_id).order_line[0]

        for _part in range(3):
            self.dataset.bill_order(order_id, by_cost={0: Decimal(100)})
            self._synchronise()

        self.assertEqual(line.qty_invoiced, 3)
        self.assertEqual(line.order_id.invoice_status, "invoiced")

    def test_bill_after_closing_raises_what_the_order_expects(self):
        order_id = self._order("plain", quantity=Decimal(10))
        order = self._purchase(order_id)
        self.dataset.receive(order_id, 0, Decimal(4))
        self.dataset.close_order(order_id)
        self._synchronise()
        self.assertEqual(order.order_line[0].product_qty, 4)

        self.dataset.bill_order(order_id, {0: Decimal(7)})
        self._synchronise()

        self.assertEqual(order.order_line[0].product_qty, 7)
        self.assertEqual(order.invoice_status, "invoiced")
        self.assertTrue(order.locked)

    def test_rounding_of_an_order_waits_for_no_bill(self):
        order_id = self._order("plain", quantity=Decimal(10))
        self.dataset.revise_order(order_id, total_error=Decimal("0.01"))
        self.dataset.bill_order(order_id, {0: Decimal(10)})
        self._synchronise()

        order = self._purchase(order_id)
        self._assert_total(order_id)
        self.assertEqual(len(order.order_line), 2)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_bill_that_came_before_its_order_is_linked_later(self):
        order_id = self.dataset.add_order("plain")
        self.dataset.show_order(order_id, listed=False, readable=False)
        bill_id = self.dataset.bill_order(order_id, {0: 1})
        self._synchronise()
        move = self._move(bill_id)
        self.assertTrue(move)
        self.assertFalse(move.invoice_line_ids.purchase_line_id)

        self.dataset.show_order(order_id, listed=True)
        self.dataset.touch_order(order_id)
        self._synchronise()

        self.assertTrue(move.invoice_line_ids.purchase_line_id)

    # === HELPERS === #

    def _order(self, scenario, **params):
        """Add an order in Procurify, synchronise, and return its id."""
        names = params.keys() & {"quantity", "price", "catalog_item"}
        line = {name: params.pop(name) for name in names}
        order_id = self.dataset.add_order(scenario, **params)
        if line:
            self.dataset.revise_order(order_id, **line)
        self._synchronise()
        return order_id

    def _purchase(self, order_id):
        record = self._record("purchase_order", order_id)
        self.assertEqual(record.hold_reason, "")
        return self.env["purchase.order"].browse(record.res_id)

    def _line(self, line_id):
        record = self._record("order_item", line_id)
        return self.env["purchase.order.line"].browse(record.res_id)

    def _assert_total(self, order_id):
        expected = self.dataset.expected_orders()[order_id]
        order = self._purchase(order_id)
        self.assertEqual(
            Decimal(str(order.amount_total)).quantize(CENT), expected.total
        )
