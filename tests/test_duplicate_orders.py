"""Orders that someone already made in Odoo: on hold, adopted, followed."""

from decimal import Decimal
from hashlib import sha256

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.procurify_connector.importers.draft import ImportBatch
from odoo.addons.procurify_connector.importers.orders.importer import OrderImport

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestDuplicateOrders(ProcurifyCommon):
    master_data_ready = True

    # === WHAT A DUPLICATE IS === #

    def test_order_by_hand_with_the_number_is_on_hold_wherever_the_number_stands(self):
        places = {
            "partner_ref": lambda number: {"partner_ref": number},
            "origin": lambda number: {"origin": number.lower()},
            "among others": lambda number: {"origin": f"REQ-1, {number}"},
            "name": lambda number: {"name": number},
        }
        for place, values in places.items():
            with self.subTest(place):
                record, theirs = self._held(values, confirm=True)
                self._assert_held(record, theirs, "same vendor and number")

    def test_request_for_quotation_by_hand_counts_as_well(self):
        record, theirs = self._held(lambda number: {"partner_ref": number})

        self.assertEqual(theirs.state, "draft")
        self._assert_held(record, theirs, "same vendor and number")

    def test_order_at_the_vendors_twin_contact_is_on_hold(self):
        record, theirs = self._held(lambda number: {"partner_ref": number}, twin=True)

        self._assert_held(record, theirs, "same vendor and number")

    def test_order_without_number_is_on_hold_by_vendor_amount_and_day(self):
        record, theirs = self._held(lambda _number: {}, confirm=True)

        self._assert_held(record, theirs, "same vendor, amount and date")

    def test_what_is_another_order_is_imported(self):
        others = {
            "vendor": lambda number: {
                "partner_ref": number,
                "partner_id": self.partner_b.id,
            },
            "number": lambda number: {"partner_ref": f"{number}0"},
            "day": lambda _number: {"date_order": "2020-01-01 12:00:00"},
        }
        for name, values in others.items():
            with self.subTest(name):
                record, _theirs = self._held(values)
                self.assertEqual(record.state, "done", record.hold_reason)

    def test_cancelled_order_by_hand_is_no_issue(self):
        record, _theirs = self._held(
            lambda number: {"partner_ref": number, "state": "cancel"}
        )

        self.assertEqual(record.state, "done")

    def test_orders_of_procurify_are_no_issue_for_each_other(self):
        first, second = (self.dataset.add_order("plain") for _number in range(2))
        vendor = self.dataset.order(first).vendor_id
        third = self.dataset.add_order("plain", vendor_id=vendor)
        for order_id in (first, second, third):
            self.dataset.revise_order(order_id, external_number="FRAME-1")
        self._synchronise()

        for order_id in (first, second, third):
            self.assertEqual(self._record("purchase_order", order_id).state, "done")

    def test_request_by_hand_for_a_requisition_puts_it_on_hold(self):
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition("approved")
        self._fetch()
        self._records("vendor").sudo()._import()
        [line, *_others] = self.dataset.requisition_lines(number)
        vendor = self._record("vendor", line.vendor_id)
        theirs = self.env["purchase.order"].create(
            {"partner_id": vendor.res_id, "origin": f"requisition {number}"}
        )
        self._import()

        record = self._record("requisition", number)
        self.assertEqual(self._codes(record), {"duplicate_order"})
        self.assertEqual(record.conflict_id, theirs.id)
        self.assertFalse(record.can_adopt)
        record.action_not_a_duplicate()
        self.assertEqual(record.state, "done")

    # === CHOICES === #

    def test_adopted_order_that_fits_needs_nothing_more_and_is_followed(self):
        record, theirs = self._held(
            lambda number: {"partner_ref": number}, confirm=True
        )
        count = self.env["purchase.order"].search_count([])

        record.action_adopt()

        self.assertEqual(record.hold_reason, "")
        self.assertEqual((record.state, record.res_id), ("done", theirs.id))
        self.assertEqual(self.env["purchase.order"].search_count([]), count)
        lines = theirs.order_line
        self.assertTrue(all(lines.mapped("analytic_distribution")))
        self.dataset.revise_order(int(record.external_id), quantity=Decimal(77))
        self._synchronise()
        self.assertEqual(record.state, "done")
        self.assertEqual(theirs.order_line, lines)
        self.assertEqual(lines[0].product_qty, 77)

    def test_bill_of_an_adopted_order_finds_its_lines(self):
        record, theirs = self._held(
            lambda number: {"partner_ref": number}, confirm=True
        )
        record.action_adopt()

        self.dataset.bill_order(int(record.external_id))
        self._synchronise()

        for line in theirs.order_line.filtered("product_qty"):
            self.assertEqual(line.qty_invoiced, line.product_qty)

    def test_adopted_order_that_differs_is_a_question_and_takes_the_answer(self):
        record, theirs = self._held(
            lambda number: {"partner_ref": number}, confirm=True, price=1.5
        )

        record.action_adopt()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertTrue(record.difference)
        lines = theirs.order_line
        record.action_reset_and_update()
        self.assertEqual(record.state, "done")
        self.assertEqual(theirs.order_line & lines, lines)
        self._assert_total(record, theirs)

    def test_kept_difference_is_kept(self):
        record, theirs = self._held(
            lambda number: {"partner_ref": number}, confirm=True, price=1.5
        )
        record.action_adopt()
        price = theirs.order_line[0].price_unit

        record.action_keep_odoo()
        self.assertEqual(record.state, "done")
        record.action_replay()
        self._synchronise()

        self.assertEqual(record.state, "done", record.hold_reason)
        self.assertEqual(theirs.order_line[0].price_unit, price)

    def test_lump_sum_by_hand_is_not_doubled(self):
        record, theirs = self._held(
            lambda number: {"partner_ref": number}, confirm=True, lump=True
        )
        total = theirs.amount_total

        record.action_adopt()
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual(theirs.amount_total, total)

        record.action_reset_and_update()
        self.assertEqual(record.state, "done")
        self._assert_total(record, theirs)

    def test_lump_sum_that_is_billed_stays_and_nothing_is_added(self):
        record, theirs = self._held(
            lambda number: {"partner_ref": number}, confirm=True, lump=True
        )
        theirs.action_create_invoice()
        record.action_adopt()

        with self.assertRaises(UserError):
            record.action_reset_and_update()
        lines = theirs.order_line
        record.action_keep_odoo()

        self.assertEqual(record.state, "done")
        self.dataset.touch_order(int(record.external_id))
        self._synchronise()
        self.assertEqual(theirs.order_line, lines)

    def test_order_that_is_another_one_is_imported_with_one_click(self):
        record, theirs = self._held(lambda number: {"partner_ref": number})

        record.action_not_a_duplicate()

        self.assertEqual(record.state, "done")
        self.assertNotEqual(record.res_id, theirs.id)

    def test_order_that_is_cancelled_by_hand_releases_procurifys(self):
        record, theirs = self._held(lambda number: {"partner_ref": number})

        theirs.button_cancel()
        self._import()

        self.assertEqual(record.state, "done")
        self.assertNotEqual(record.res_id, theirs.id)

    def test_order_of_another_procurify_order_is_not_adopted(self):
        record, theirs = self._held(lambda number: {"partner_ref": number})
        other = self.dataset.add_order("plain")
        self._synchronise()
        taken = self._record("purchase_order", other).sudo()
        taken.res_id = theirs.id

        with self.assertRaisesRegex(UserError, "another Procurify document"):
            record.action_adopt()

    # === REVISIONS === #

    def test_order_that_becomes_somebodys_by_its_number_is_on_hold(self):
        for policy in ("rfq", "purchase"):
            with self.subTest(policy):
                self.connection.order_policy = policy
                record, order, partner = self._imported()
                number = f"HAND-{record.external_id}"
                theirs = self._by_hand(partner, {"partner_ref": number.lower()})
                before = order.amount_total
                self.dataset.revise_order(
                    int(record.external_id), external_number=number, quantity=Decimal(7)
                )
                self._synchronise()

                self._assert_held_in_odoo(record, theirs, "same vendor and number")
                self.assertEqual(order.amount_total, before)
                record.action_not_a_duplicate()
                self.assertEqual(record.state, "done", record.hold_reason)
                self.assertIn(number, order.origin)
                self._assert_total(record, order)
                self.dataset.revise_order(int(record.external_id), quantity=Decimal(8))
                self._synchronise()
                self.assertEqual(record.state, "done", record.hold_reason)

    def test_order_that_becomes_somebodys_by_its_amount_is_on_hold_before_it_is_booked(
        self,
    ):
        record, order, partner = self._imported()
        lines = self.dataset.order_lines(int(record.external_id))
        self.dataset.revise_order(int(record.external_id), quantity=Decimal(77))
        expected = self.dataset.expected_orders()[int(record.external_id)]
        theirs = self._by_hand(
            partner,
            {
                "currency_id": order.currency_id.id,
                "date_order": order.date_order,
                "order_line": [self._line(float(expected.total))],
            },
        )
        self.assertTrue(lines)
        self._synchronise()

        self._assert_held_in_odoo(record, theirs, "same vendor, amount and date")

    def test_order_that_is_billed_is_on_hold_as_well(self):
        self.connection.order_policy = "purchase"
        record, order, partner = self._imported()
        self.dataset.bill_order(int(record.external_id))
        self._synchronise()
        number = f"HAND-{record.external_id}"
        theirs = self._by_hand(partner, {"origin": number})
        self.dataset.revise_order(int(record.external_id), external_number=number)

        self._synchronise()

        self._assert_held_in_odoo(record, theirs, "same vendor and number")
        self.assertNotIn(number, order.origin)

    def test_order_by_hand_does_not_hold_what_says_nothing_new(self):
        record, _order, partner = self._imported()
        number = self.dataset.order(int(record.external_id)).number
        self._by_hand(partner, {"partner_ref": number})

        record.action_replay()
        self.assertEqual(record.state, "done")
        self.dataset.revise_order(int(record.external_id), line=1, price=Decimal(3))
        self._synchronise()

        self.assertEqual(record.state, "done", record.hold_reason)

    def test_word_of_a_person_counts_for_the_order_that_was_seen(self):
        record, theirs = self._held(lambda number: {"partner_ref": number})
        second = theirs.copy({"partner_ref": theirs.partner_ref})

        record.action_not_a_duplicate()
        self._assert_held(record, second, "same vendor and number")
        record.action_not_a_duplicate()

        self.assertEqual(record.state, "done")
        self.assertNotIn(record.res_id, (theirs | second).ids)

    # === POLICY === #

    def test_adopted_request_is_confirmed_where_orders_are(self):
        self.connection.order_policy = "purchase"
        record, theirs = self._held(lambda number: {"partner_ref": number})
        self.assertEqual(theirs.state, "draft")

        record.action_adopt()

        self.assertEqual(record.state, "done", record.hold_reason)
        self.assertEqual(theirs.state, "purchase")
        # What a person sets back afterwards stays so.
        theirs.locked = False
        theirs.button_cancel()
        theirs.button_draft()
        self.dataset.revise_order(int(record.external_id), quantity=Decimal(9))
        self._synchronise()
        self.assertEqual(theirs.state, "draft")

    def test_adopted_request_that_differs_is_confirmed_with_the_answer(self):
        self.connection.order_policy = "purchase"
        record, theirs = self._held(lambda number: {"partner_ref": number}, price=1.5)
        record.action_adopt()
        self.assertEqual(theirs.state, "draft")

        record.action_reset_and_update()

        self.assertEqual((record.state, theirs.state), ("done", "purchase"))

    def test_adopted_request_stays_one_where_orders_are_requests(self):
        self.connection.order_policy = "rfq"
        record, theirs = self._held(lambda number: {"partner_ref": number})

        record.action_adopt()

        self.assertEqual((record.state, theirs.state), ("done", "draft"))

    def test_order_with_texts_without_end_can_be_made(self):
        text = "".join(sha256(bytes([n])).hexdigest() for n in range(200))
        partner = self.env["res.partner"].create({"name": "Endless Ltd"})
        values = dict.fromkeys(("name", "partner_ref", "origin"), text)

        order = self.env["purchase.order"].create(values | {"partner_id": partner.id})
        self.env.flush_all()

        self.assertEqual(order.partner_ref, text)

    # === COST === #

    def test_search_asks_no_question_for_each_order(self):
        counts = []
        for size in (1, 12):  # the first one fills Odoo's own caches
            orders = {str(self.dataset.add_order("plain")) for _number in range(size)}
            self._fetch()
            self._records("vendor").sudo()._import()
            records = self._records("purchase_order").filtered(
                lambda record, ids=orders: record.external_id in ids
            )
            counts.append(self._searches(records.sudo()))

        self.assertLessEqual(counts[1], 6)

    def _searches(self, records):
        """Return how many queries look for rivals of these staged orders."""
        batch = ImportBatch(records)
        records._parse(batch)
        env = self.connection._import_env(self.company)
        imported = OrderImport(env, batch)
        imported.run()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.cr.sql_log_count
        env["purchase.order"]._procurify_hold_duplicates(imported, imported.drafts)
        return self.cr.sql_log_count - before

    # === HELPERS === #

    def _held(self, values, confirm=False, twin=False, price=1, lump=False):
        """Import an order that somebody made in Odoo from the same paper.

        :param values: gives the header's values for the order's number
        :param price: factor by which the prices by hand are higher
        :param lump: one line of the whole amount
        :returns: (record, the order by hand)
        """
        order_id = self.dataset.add_order("several_lines")
        self._fetch()
        self._records("vendor").sudo()._import()
        order = self.dataset.order(order_id)
        vendor = self._record("vendor", order.vendor_id)
        partner = self.env["res.partner"].browse(vendor.res_id)
        if twin:
            partner = partner.create({"name": f"{partner.name} GmbH"})
        expected = self.dataset.expected_orders()[order_id]
        currency = self.env["res.currency"].search([("name", "=", expected.currency)])
        lines = self.dataset.order_lines(order_id)
        texts = [(line.name, line.quantity, line.price) for line in lines]
        if lump:
            whole = sum(line.quantity * line.price for line in lines)
            texts = [("As quoted", 1, whole)]
        product = self.env["product.product"].create(
            {"name": "By hand", "type": "service", "purchase_method": "purchase"}
        )
        theirs = self.env["purchase.order"].create(
            {
                "partner_id": partner.id,
                "currency_id": currency.id,
                "date_order": f"{order.date:%Y-%m-%d} 12:00:00",
                "order_line": [
                    Command.create(
                        {
                            "name": name,
                            "product_id": product.id,
                            "product_qty": float(quantity),
                            "price_unit": float(cost) * price,
                            "tax_ids": [Command.clear()],
                        }
                    )
                    for name, quantity, cost in texts
                ],
            }
            | values(order.number)
        )
        if confirm:
            theirs.button_confirm()
        self._import()
        return self._record("purchase_order", order_id), theirs

    def _imported(self):
        """Return (record, order, vendor) of an order that is in Odoo."""
        order_id = self.dataset.add_order("several_lines")
        self._synchronise()
        record = self._record("purchase_order", order_id)
        self.assertEqual(record.state, "done", record.hold_reason)
        order = self.env["purchase.order"].browse(record.res_id)
        return record, order, order.partner_id

    def _by_hand(self, partner, values):
        return self.env["purchase.order"].create({"partner_id": partner.id} | values)

    def _line(self, price):
        product = self.env["product.product"].create({"name": "By hand"})
        return Command.create(
            {
                "product_id": product.id,
                "product_qty": 1,
                "price_unit": price,
                "tax_ids": [Command.clear()],
            }
        )

    def _assert_held_in_odoo(self, record, theirs, words):
        self.assertEqual(self._codes(record), {"duplicate_order"}, record.hold_reason)
        self.assertEqual(record.conflict_id, theirs.id)
        self.assertTrue(record.res_id)
        self.assertFalse(record.can_adopt)
        self.assertTrue(record.can_book_too)
        self.assertIn(words, record.hold_reason)

    def _assert_held(self, record, theirs, words):
        self.assertEqual(self._codes(record), {"duplicate_order"})
        self.assertEqual(record.conflict_id, theirs.id)
        self.assertFalse(record.res_id)
        self.assertTrue(record.can_adopt)
        self.assertTrue(record.can_book_too)
        self.assertIn(words, record.hold_reason)

    def _assert_total(self, record, order):
        expected = self.dataset.expected_orders()[int(record.external_id)]
        self.assertAlmostEqual(order.amount_total, float(expected.total), places=2)
