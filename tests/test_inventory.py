"""Beside Odoo Inventory its rules hold for receipts; bills stay Procurify's.

The tests of documents run in both databases; these say what is different in each.
"""

from collections import defaultdict
from decimal import Decimal

from odoo.tests import tagged

from .common import ProcurifyCommon

INVENTORY = {"purchase_stock", "stock_account"}


class OrderCommon(ProcurifyCommon):
    """Orders of one catalogue item, of which the connector makes goods."""

    master_data_ready = True

    @classmethod
    def _installed_inventory(cls):
        modules = cls.env["ir.module.module"].search(
            [("name", "in", list(INVENTORY)), ("state", "=", "installed")]
        )
        return set(modules.mapped("name"))

    def _order(self, quantity=10, price="5.00", scenario="plain", **params):
        """Order a catalogue item in Procurify, synchronise, and return the id."""
        items = self.dataset.catalog_items()
        item = next(item for item in items if item.unit == "each" and item.sku)
        order_id = self.dataset.add_order(scenario, **params)
        self.dataset.revise_order(
            order_id,
            catalog_item=item.id,
            unit="each",
            quantity=Decimal(quantity),
            price=Decimal(price),
        )
        self._synchronise()
        return order_id

    def _revise(self, order_id, **changes):
        self.dataset.revise_order(order_id, **changes)
        self._synchronise()

    def _bill(self, order_id, quantity):
        """Bill the order's first line in Procurify, and return the move."""
        bill_id = self.dataset.bill_order(order_id, {0: Decimal(quantity)})
        self._synchronise()
        self._assert_books(bill_id)
        return self._move(bill_id)

    def _purchase(self, order_id):
        record = self._record("purchase_order", order_id)
        self.assertEqual(record.hold_reason, "")
        return self.env["purchase.order"].browse(record.res_id)

    def _assert_total(self, order_id):
        expected = self.dataset.expected_orders()[order_id]
        self.assertEqual(_cents(self._purchase(order_id).amount_total), expected.total)

    def _assert_books(self, bill_id):
        """The bill has Procurify's total, tax, and net amount per account."""
        record, move = self._record("bill", bill_id), self._move(bill_id)
        expected = self.dataset.expected()[bill_id]
        self.assertEqual(record.hold_reason, "")
        self.assertEqual(
            (_cents(move.amount_total), _cents(move.amount_tax)),
            (expected.total, expected.tax),
        )
        booked, wanted = defaultdict(Decimal), defaultdict(Decimal)
        for line in move.invoice_line_ids:
            booked[line.account_id.code] += _cents(line.price_subtotal)
        for (code, _department, _location), amount in expected.net_lines.items():
            wanted[code] += amount
        self.assertEqual(booked, wanted)


@tagged("post_install", "-at_install", "procurify")
class TestWithoutInventory(OrderCommon):
    def setUp(self):
        super().setUp()
        self.assertFalse(self._installed_inventory(), "the wrong database")

    def test_received_quantities_of_goods_are_procurifys_by_policy(self):
        self.connection.receipt_policy = "set"
        order_id = self._order()
        line = self._purchase(order_id).order_line

        self.dataset.receive(order_id, 0, Decimal(4))
        self._synchronise()

        self.assertEqual(line.product_id.type, "consu")
        self.assertEqual((line.qty_received_method, line.qty_received), ("manual", 4))


# Not "standard": Odoo's own runner, which has Purchase and Invoicing only, leaves
# these to --test-tags procurify_inventory.
@tagged("post_install", "-at_install", "-standard", "procurify_inventory")
class TestWithInventory(OrderCommon):
    def setUp(self):
        super().setUp()
        self.assertEqual(self._installed_inventory(), INVENTORY, "the wrong database")

    # === RECEIPTS === #

    def test_confirmed_order_of_goods_expects_a_receipt(self):
        order = self._purchase(self._order())

        self.assertEqual(order.order_line.product_id.type, "consu")
        self.assertEqual(order.receipt_status, "pending")
        self.assertEqual(self._expected(order), [10])
        self.assertEqual(order.picking_ids.partner_id, order.partner_id)

    def test_order_that_waits_for_review_expects_its_receipt_once_confirmed(self):
        self.connection.order_policy = "rfq"
        order = self._purchase(self._order())
        self.assertFalse(order.picking_ids)

        order.button_confirm()

        self.assertEqual(self._expected(order), [10])

    def test_text_and_header_costs_are_not_received(self):
        order = self._purchase(self.dataset_order("header_extras"))
        text = order.order_line.filtered(
            lambda line: line.product_id == self.connection.product_id
        )

        self.assertTrue(text)
        self.assertFalse(text.move_ids)
        self.assertEqual(set(text.mapped("qty_received_method")), {"manual"})

    def test_revised_quantity_follows_to_the_receipt(self):
        order_id = self._order()
        order = self._purchase(order_id)

        self._revise(order_id, quantity=Decimal(12))
        self.assertEqual(self._expected(order), [12])
        self._revise(order_id, quantity=Decimal(7), price=Decimal("6.50"))

        self.assertEqual(self._expected(order), [7])
        self.assertEqual(len(order.picking_ids), 1)
        self.assertEqual(order.order_line.move_ids.mapped("price_unit"), [6.5])
        self._assert_total(order_id)

    def test_more_after_a_partial_receipt_is_expected_in_its_back_order(self):
        order_id = self._order()
        order = self._purchase(order_id)
        self._receive(order, 4)

        self._revise(order_id, quantity=Decimal(12))

        self.assertEqual(self._expected(order), [8])
        self.assertEqual(order.order_line.qty_received, 4)

    def test_order_is_not_lowered_below_what_odoo_received(self):
        order_id = self._order()
        order = self._purchase(order_id)
        self._receive(order, 8)

        self._revise(order_id, quantity=Decimal(5))

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"order_undercut"})
        self.assertEqual(order.order_line.product_qty, 10)
        self.assertEqual(self._expected(order), [2])

    def test_item_of_what_odoo_received_is_not_exchanged(self):
        """What came would count as nothing of the other item."""
        order_id = self._order()
        order = self._purchase(order_id)
        line = order.order_line[0]
        product = line.product_id
        self._receive(order, 4)
        items = [i for i in self.dataset.catalog_items() if i.unit == "each" and i.sku]

        self._revise(order_id, catalog_item=items[1].id)

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual((line.product_id, line.qty_received), (product, 4))

    def test_added_line_is_expected_and_removed_line_no_longer(self):
        order_id = self._order()
        order = self._purchase(order_id)
        item = next(i for i in self.dataset.catalog_items() if i.unit == "each")
        self.dataset.add_order_line(
            order_id, catalog_item=item.id, quantity=Decimal(3), unit="each"
        )
        self._synchronise()
        self.assertEqual(sorted(self._expected(order)), [3, 10])

        self.dataset.remove_order_line(order_id, 0)
        self._synchronise()

        self.assertEqual(order.order_line[0].product_qty, 0)
        self.assertEqual(self._expected(order), [3])
        self._assert_total(order_id)

    def test_line_that_is_removed_after_its_receipt_stays_as_received(self):
        order_id = self._order(scenario="several_lines")
        order = self._purchase(order_id)
        line = order.order_line[0]
        self._receive(order, 4, line)

        self.dataset.remove_order_line(order_id, 0)
        self._synchronise()

        self.assertEqual((line.product_qty, line.qty_received), (4, 4))
        self.assertFalse(self._expected(order, line))

    # === RECEIVED QUANTITIES === #

    def test_what_odoo_received_is_never_touched(self):
        self.connection.receipt_policy = "set"
        order_id = self._order()
        order = self._purchase(order_id)
        line = order.order_line
        self.assertEqual(line.qty_received_method, "stock_moves")

        self.dataset.receive(order_id, 0, Decimal(6))
        self._synchronise()
        self.assertEqual(line.qty_received, 0, "nothing has come to Odoo")

        self._receive(order, 4)
        self._revise(order_id, quantity=Decimal(11))

        self.assertEqual(line.qty_received, 4)
        self.assertFalse(line.qty_received_manual)
        self.assertEqual(self._expected(order), [7])

    def test_received_quantities_of_text_are_procurifys_by_policy(self):
        self.connection.receipt_policy = "set"
        order_id = self.dataset.add_order("plain")
        self.dataset.revise_order(
            order_id, catalog_item=None, quantity=Decimal(10), price=Decimal(5)
        )
        self._synchronise()

        self.dataset.receive(order_id, 0, Decimal(4))
        self._synchronise()

        self.assertEqual(self._purchase(order_id).order_line.qty_received, 4)

    # === ENDING === #

    def test_cancelled_order_cancels_its_receipt(self):
        order_id = self._order()
        order = self._purchase(order_id)

        self.dataset.cancel_order(order_id)
        self._synchronise()

        self.assertEqual(order.state, "cancel")
        self.assertEqual(order.picking_ids.state, "cancel")

    def test_cancelled_order_of_which_something_came_is_on_hold(self):
        order_id = self._order()
        order = self._purchase(order_id)
        self._receive(order, 4)

        self.dataset.cancel_order(order_id)
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"order_cancelled"})
        self.assertEqual(order.state, "purchase")
        self.assertEqual(self._expected(order), [6])

    def test_order_that_was_returned_whole_can_be_cancelled(self):
        order_id = self._order()
        order = self._purchase(order_id)
        self._receive(order, 10)
        self._return(order.picking_ids)
        self.assertEqual(order.order_line.qty_received, 0)

        self.dataset.cancel_order(order_id)
        self._synchronise()

        self.assertEqual(order.state, "cancel")

    def test_closed_order_expects_nothing_more(self):
        order_id = self._order()
        order = self._purchase(order_id)
        self._receive(order, 4)
        self.dataset.receive(order_id, 0, Decimal(4))

        self.dataset.close_order(order_id)
        self._synchronise()

        self.assertTrue(order.locked)
        self.assertEqual(order.order_line.product_qty, 4)
        self.assertFalse(self._expected(order))
        self.assertEqual(order.receipt_status, "full")

        self.dataset.reopen_order(order_id)
        self._synchronise()
        self.assertEqual(self._expected(order), [6])

    def test_order_that_is_closed_before_anything_came_expects_nothing(self):
        order_id = self._order()
        order = self._purchase(order_id)

        self.dataset.close_order(order_id)
        self._synchronise()

        self.assertEqual(order.order_line.product_qty, 0)
        self.assertFalse(self._expected(order))

    def test_closed_order_of_which_odoo_received_more_keeps_it(self):
        order_id = self._order()
        order = self._purchase(order_id)
        self._receive(order, 6)
        self.dataset.receive(order_id, 0, Decimal(4))

        self.dataset.close_order(order_id)
        self._synchronise()

        self.assertEqual(order.order_line.product_qty, 6)
        self.assertEqual(order.order_line.qty_received, 6)

    def test_moved_line_is_expected_with_its_new_order(self):
        first = self._order()
        vendor_id = self.dataset.order(first).vendor_id
        second = self._order(quantity=3, vendor_id=vendor_id)

        self.dataset.move_line(first, 0, second)
        self._synchronise()

        self.assertFalse(self._expected(self._purchase(first)))
        self.assertEqual(sorted(self._expected(self._purchase(second))), [3, 10])

    # === BILLING === #

    def test_bill_of_a_received_line_bills_it(self):
        order_id = self._order()
        order = self._purchase(order_id)
        self._receive(order, 10)

        move = self._bill(order_id, 10)

        self.assertEqual(move.invoice_line_ids.purchase_line_id, order.order_line)
        self.assertEqual(order.order_line.qty_invoiced, 10)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_billing_by_received_quantities_gives_odoos_own_status(self):
        order_id = self._order_billed_as_received()
        order = self._purchase(order_id)
        self.assertEqual(order.invoice_status, "no", "nothing to bill before it comes")

        self._receive(order, 4)
        self.assertEqual(order.order_line.qty_to_invoice, 4)
        self.assertEqual(order.invoice_status, "to invoice")
        self._bill(order_id, 4)
        self.assertEqual(order.order_line.qty_to_invoice, 0)

        self._receive(order, 6)
        self._bill(order_id, 6)

        self.assertEqual(order.order_line.qty_to_invoice, 0)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_bill_before_the_receipt_shows_as_billed_too_much(self):
        """Procurify has approved the bill: it is booked, and Odoo says what it saw."""
        order_id = self._order_billed_as_received()
        order = self._purchase(order_id)

        self._bill(order_id, 10)
        self.assertEqual(order.order_line.qty_to_invoice, -10)

        self._receive(order, 10)
        self.assertEqual(order.order_line.qty_to_invoice, 0)

    # === VALUATION === #

    def test_bill_of_a_valued_product_stays_on_procurifys_account(self):
        """Odoo would book it on the stock account at once. Its closing entry, which
        compares that account with the goods in stock, brings it there instead."""
        order_id = self._valued_order("average")
        order = self._purchase(order_id)
        self._receive(order, 10)
        product = order.order_line.product_id
        self.assertEqual(product.valuation, "real_time")
        self.assertEqual(product.total_value, 50)

        move = self._bill(order_id, 10)
        move.action_post()

        stock = product.product_tmpl_id.get_product_accounts()["stock_valuation"]
        self.assertTrue(stock)
        self.assertNotIn(stock, move.line_ids.account_id)
        self.assertFalse(self._of_odoo(move))
        self.assertEqual(self._closing()[stock], 50)

    def test_dearer_bill_of_a_valued_product_moves_its_value_not_the_bill(self):
        order_id = self._valued_order("average")
        order = self._purchase(order_id)
        self._receive(order, 10)
        self.dataset.revise_order(order_id, price=Decimal("5.50"))
        self._synchronise()

        move = self._bill(order_id, 10)
        move.action_post()

        self.assertEqual(_cents(move.amount_untaxed), Decimal(55))
        self.assertFalse(self._of_odoo(move))
        self.assertEqual(order.order_line.product_id.total_value, 55)

    def test_price_difference_of_a_standard_cost_leaves_bill_and_total_alone(self):
        """A category with an account for it asks Odoo to part the bill's account."""
        order_id = self._valued_order("standard", standard_price=4.0)
        order = self._purchase(order_id)
        category = order.order_line.product_id.categ_id
        account = self._account("5990")
        category.property_price_difference_account_id = account
        self._receive(order, 10)

        bill_id = self.dataset.bill_order(order_id, {0: Decimal(10)})
        self._synchronise()
        move = self._move(bill_id)
        self.assertFalse(self._of_odoo(move), "not before it is posted")
        move.action_post()

        self._assert_books(bill_id)
        self.assertEqual(sum(self._of_odoo(move).mapped("balance")), 0)
        difference = self._of_odoo(move).filtered(lambda ln: ln.account_id == account)
        self.assertEqual(difference.balance, 10)
        # It does not look like somebody's edit.
        self.dataset.touch(bill_id)
        self._synchronise()
        self.assertEqual(self._record("bill", bill_id).state, "done")
        move.button_draft()
        self.assertFalse(self._of_odoo(move).exists())
        self._assert_books(bill_id)

    def test_posted_bill_of_a_valued_product_by_policy_is_not_moved(self):
        self.connection.bill_policy = "posted"
        order_id = self._valued_order("fifo")
        self._receive(self._purchase(order_id), 10)

        move = self._bill(order_id, 10)

        self.assertEqual(move.state, "posted")
        self.assertFalse(self._of_odoo(move))

    def test_bill_that_came_before_its_order_keeps_its_account_when_linked(self):
        order_id = self._order()
        item = self._record(
            "catalog_item", self.dataset.order_lines(order_id)[0].catalog_item
        )
        self._value(self.env["product.product"].browse(item.res_id), "average")
        second = self.dataset.add_order("plain")
        self.dataset.revise_order(second, catalog_item=int(item.external_id))
        self.dataset.show_order(second, listed=False, readable=False)
        bill_id = self.dataset.bill_order(second, {0: 1})
        self._synchronise()
        self.assertFalse(self._move(bill_id).invoice_line_ids.purchase_line_id)

        self.dataset.show_order(second, listed=True)
        self.dataset.touch_order(second)
        self._synchronise()

        line = self._move(bill_id).invoice_line_ids
        self.assertEqual(line.product_id.valuation, "real_time")
        self._assert_books(bill_id)

    # === HELPERS === #

    def dataset_order(self, scenario):
        order_id = self.dataset.add_order(scenario)
        self._synchronise()
        return order_id

    def _order_billed_as_received(self):
        """Order a product of which Odoo expects bills for what has come."""
        order_id = self._order(quantity=1)
        product = self._purchase(order_id).order_line.product_id
        product.purchase_method = "receive"
        return self._order()

    def _valued_order(self, cost_method, **values):
        """Order ten at 5.00 of a product that is valued perpetually."""
        order_id = self._order(quantity=1)
        product = self._purchase(order_id).order_line.product_id
        self._value(product, cost_method, **values)
        return self._order()

    def _value(self, product, cost_method, **values):
        stock = self.company.account_stock_valuation_id or self._account(
            "1499", account_type="asset_current"
        )
        category = self.env["product.category"].create(
            {
                "name": "Valued",
                "property_valuation": "real_time",
                "property_cost_method": cost_method,
                "property_stock_valuation_account_id": stock.id,
            }
        )
        product.write({"is_storable": True, "categ_id": category.id, **values})

    def _expected(self, order, line=None):
        """Return the quantities that Odoo still expects."""
        moves = (line or order.order_line).move_ids
        open_moves = moves.filtered(lambda move: move.state not in ("done", "cancel"))
        return open_moves.mapped("product_uom_qty")

    def _receive(self, order, quantity, line=None):
        """Receive as a warehouse does; the rest stays in a back order."""
        picking = order.picking_ids.filtered(lambda p: p.state == "assigned")
        self.assertEqual(len(picking), 1)
        moves = picking.move_ids
        moves.quantity = 0
        mine = moves.filtered(lambda move: not line or move.purchase_line_id == line)
        mine.quantity = quantity
        mine.picked = True
        picking.with_context(skip_backorder=True).button_validate()
        self.assertEqual(picking.state, "done")

    def _return(self, picking):
        wizard = self.env["stock.return.picking"].create({"picking_id": picking.id})
        for line in wizard.product_return_moves:
            line.quantity = line.move_id.quantity
        action = wizard.action_create_returns()
        returned = self.env["stock.picking"].browse(action["res_id"])
        returned.move_ids.picked = True
        returned.button_validate()
        self.assertEqual(returned.state, "done")

    def _of_odoo(self, move):
        """Return the journal items that Odoo adds for its valuation."""
        return move.line_ids.filtered(lambda line: line.display_type == "cogs")

    def _closing(self):
        """Return {account: balance} of the entry that closes the stock's valuation."""
        balances = defaultdict(float)
        for values in self.company._action_close_stock_valuation():
            account = self.env["account.account"].browse(values["account_id"])
            balances[account] += values.get("debit", 0) - values.get("credit", 0)
        return balances


def _cents(number):
    return Decimal(str(number)).quantize(Decimal("0.01"))
