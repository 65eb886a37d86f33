"""Edge cases of single documents. docs/edge-cases.rst has all of them."""

from decimal import Decimal

from odoo.tests import tagged
from odoo.tools import html2plaintext

from .common import SharedCommon

CENT = Decimal("0.01")
SCENARIOS = (
    "both_negative",
    "by_cost",
    "cost_zero",
    "credit_with_freight",
    "gross_allocations",
    "html_note",
    "many_decimals",
    "several_currencies",
    "split_accounts",
    "total_off",
    "zero",
)


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestEdgeCases(SharedCommon):
    @classmethod
    def _make(cls):
        data = cls.dataset
        cls.bills = {name: data.add_bill(name) for name in SCENARIOS}
        [cls.bills["several_orders"]] = data.add_bills("several_orders")
        [cls.bills["over_billed"]] = data.add_bills("over_billed")
        cls._make_extras()
        cls._make_line_billed_twice()
        cls._make_nameless()
        cls.near_midnight = [data.add_bill("midnight") for _number in range(2)]
        cls.decimal_order = data.add_order("many_decimals")
        cls.texts = data.add_bill("odd_texts")

    @classmethod
    def _make_extras(cls):
        cls.extra_order = cls.dataset.add_order("header_extras")
        cls.bills["extras"] = cls.dataset.bill_order(cls.extra_order, extras=True)
        cls.foreign = {}
        for words in ("運費と税金", "", "Tax freight discount other", "zzz"):
            order_id = cls.dataset.add_order("header_extras")
            bill_id = cls.dataset.bill_order(order_id, extras=True)
            for number, item in enumerate(cls.dataset.bill(bill_id).items):
                if not item.order_line:
                    cls.dataset.revise_bill(bill_id, item=number, description=words)
            cls.foreign[words] = order_id, bill_id

    @classmethod
    def _make_line_billed_twice(cls):
        """Two items of one bill, by quantity, are for one line of an order."""
        cls.shared_order = cls.dataset.add_order("plain")
        cls.dataset.revise_order(cls.shared_order, quantity=10, price=7)
        [line] = cls.dataset.order_lines(cls.shared_order)
        cls.bills["twice"] = cls.dataset.bill_order(cls.shared_order, {0: 4})
        cls.dataset.add_bill_line(
            cls.bills["twice"],
            order_line=line.id,
            quantity=Decimal(6),
            unit_cost=Decimal(7),
        )

    @classmethod
    def _make_nameless(cls):
        """Two bills of one vendor without any number."""
        cls.nameless = [cls.dataset.add_bill("no_number") for _number in range(2)]
        vendor_id = cls.dataset.bill(cls.nameless[0]).vendor_id
        cls.dataset.revise_bill(cls.nameless[1], vendor_id=vendor_id)

    # === ORDERS === #

    def test_bill_over_several_orders_links_each_line_to_its_own(self):
        bill_id = self.bills["several_orders"]
        move = self._booked(bill_id)

        orders = move.invoice_line_ids.purchase_line_id.order_id
        self.assertEqual(len(orders), 2)
        numbers = {order.number for order in self._orders_of(bill_id)}
        self.assertEqual(set(move.invoice_origin.split(", ")), numbers)
        for item, line in zip(
            self.dataset.bill(bill_id).items, move.invoice_line_ids, strict=True
        ):
            record = self._record("order_item", item.order_line)
            self.assertEqual(line.purchase_line_id.id, record.res_id)
            self.assertEqual(line.quantity, line.purchase_line_id.qty_invoiced)
        self.assertEqual(set(orders.mapped("invoice_status")), {"invoiced"})

    def test_bill_line_without_order_is_a_line_of_its_account(self):
        bill_id = self.bills["both_negative"]
        move = self._booked(bill_id)

        codes = {share.code for i in self._items(bill_id) for share in i.shares}
        self.assertFalse(move.invoice_line_ids.purchase_line_id)
        self.assertFalse(move.invoice_origin)
        self.assertEqual(set(move.invoice_line_ids.account_id.mapped("code")), codes)

    def test_extras_of_an_order_are_lines_that_are_billed_like_the_others(self):
        move = self._booked(self.bills["extras"])
        record = self._record("purchase_order", self.extra_order)
        order = self.env["purchase.order"].browse(record.res_id)

        extras = {
            source.split()[1]: order.order_line.browse(entry["id"])
            for source, entry in record.applied_state["lines"].items()
            if source.startswith("extra ")
        }
        self.assertEqual(set(extras), {"tax", "freight", "other", "discount"})
        for kind, line in extras.items():
            with self.subTest(extra=kind):
                billed = move.invoice_line_ids.filtered(
                    lambda ml, line=line: ml.purchase_line_id == line
                )
                self.assertEqual(len(billed), 1)
                self.assertTrue(billed.account_id)
        self.assertLess(extras["discount"].price_subtotal, 0)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_extras_of_an_order_are_recognised_whatever_they_are_called(self):
        for words, (order_id, bill_id) in self.foreign.items():
            with self.subTest(description=words):
                self._assert_extras_are_billed(order_id, bill_id)

    def _assert_extras_are_billed(self, order_id, bill_id):
        move = self._booked(bill_id)
        record = self._record("purchase_order", order_id)
        order = self.env["purchase.order"].browse(record.res_id)
        amounts = {
            line.purchase_line_id: line.price_subtotal for line in move.invoice_line_ids
        }
        extras = [
            order.order_line.browse(entry["id"])
            for source, entry in record.applied_state["lines"].items()
            if source.startswith("extra ")
        ]
        self.assertEqual(len(extras), 4)
        for line in extras:
            self.assertAlmostEqual(amounts[line], line.price_subtotal, 2)
        self.assertEqual(order.invoice_status, "invoiced")

    def test_several_items_of_one_order_line_are_billed_together(self):
        move = self._booked(self.bills["twice"])

        line = move.invoice_line_ids.purchase_line_id
        self.assertEqual(len(move.invoice_line_ids), 2)
        self.assertEqual(len(line), 1)
        self.assertEqual(line.qty_invoiced, 10)
        self.assertEqual(line.order_id.invoice_status, "invoiced")

    def test_more_billed_than_ordered_is_booked_as_it_was_billed(self):
        lines = self._booked(self.bills["over_billed"]).invoice_line_ids

        for line in lines.purchase_line_id:
            self.assertEqual(line.qty_invoiced, line.product_qty + 2)

    # === AMOUNTS === #

    def test_total_that_the_lines_do_not_make_is_on_hold_with_both_sums(self):
        record = self._record("bill", self.bills["total_off"])

        [issue] = record.issue_ids
        self.assertEqual(issue.code, "total_mismatch")
        found, expected = (
            Decimal(issue.params[name].split()[0]) for name in ("found", "expected")
        )
        self.assertEqual(expected - found, Decimal("5.00"))
        self.assertFalse(record.res_id)

    def test_line_of_negative_quantity_and_price_costs_something(self):
        line = self._booked(self.bills["both_negative"]).invoice_line_ids[0]

        self.assertEqual(line.quantity, 2)
        self.assertGreater(line.price_unit, 0)
        self.assertGreater(line.price_subtotal, 0)

    def test_credit_with_a_positive_extra_is_turned_around_as_a_whole(self):
        move = self._booked(self.bills["credit_with_freight"])

        self.assertEqual(move.move_type, "in_refund")
        goods, freight = move.invoice_line_ids
        self.assertEqual(goods.price_subtotal, 500)
        self.assertEqual(freight.price_subtotal, -25)

    def test_line_without_quantity_and_amount_is_a_note(self):
        note, line = self._booked(self.bills["cost_zero"]).invoice_line_ids

        self.assertEqual((note.display_type, note.name), ("line_note", "See order"))
        self.assertEqual(line.display_type, "product")

    def test_line_without_quantity_is_one_of_its_amount(self):
        bill_id = self.bills["by_cost"]
        line = self._booked(bill_id).invoice_line_ids[0]

        self.assertEqual(line.quantity, 1)
        self.assertEqual(self._cents(line.price_unit), self._items(bill_id)[0].amount)

    def test_quantity_and_price_of_many_digits_stand_in_the_text(self):
        bill_id = self.bills["many_decimals"]
        lines = self._booked(bill_id).invoice_line_ids
        for item, line in zip(self._items(bill_id), lines, strict=True):
            self.assertEqual(line.quantity, 1)
            self.assertIn(f"{item.quantity.normalize():f} {item.unit}", line.name)
            self.assertIn(f"{item.unit_cost.normalize():f}", line.name)

        record = self._record("purchase_order", self.decimal_order)
        order = self.env["purchase.order"].browse(record.res_id)
        expected = self.dataset.expected_orders()[self.decimal_order]
        self.assertEqual(self._cents(order.amount_total), expected.total)
        sources = self.dataset.order_lines(self.decimal_order)
        for source, line in zip(sources, order.order_line, strict=False):
            if line.product_qty == 1:
                self.assertIn(f"{source.quantity.normalize():f}", line.name)
            else:
                self.assertEqual(Decimal(str(line.product_qty)), source.quantity)

    def test_bill_over_nothing_is_a_draft_over_nothing(self):
        move = self._booked(self.bills["zero"])

        self.assertEqual((move.move_type, move.state), ("in_invoice", "draft"))
        self.assertEqual(len(move.invoice_line_ids), 2)

    def test_line_split_over_accounts_is_a_line_of_each(self):
        bill_id = self.bills["split_accounts"]
        lines = self._booked(bill_id).invoice_line_ids

        [item] = self._items(bill_id)
        booked = {
            line.account_id.code: self._cents(line.price_subtotal) for line in lines
        }
        self.assertEqual(booked, {share.code: share.amount for share in item.shares})

    def test_allocations_of_the_gross_amount_split_the_net_one(self):
        bill_id = self.bills["gross_allocations"]
        move = self._booked(bill_id)

        expected = self.dataset.expected()[bill_id].net_lines
        self.assertEqual(self._cents(move.amount_untaxed), sum(expected.values()))

    def test_bill_with_lines_of_another_currency_is_on_hold(self):
        record = self._record("bill", self.bills["several_currencies"])

        self.assertEqual(self._codes(record), {"several_currencies"})

    # === HEADERS AND TEXTS === #

    def test_bills_without_number_are_no_duplicates(self):
        first, second = (self._booked(bill_id) for bill_id in self.nameless)

        self.assertEqual(first.partner_id, second.partner_id)
        self.assertFalse(first.ref or second.ref)
        name = f"Bill {self.nameless[0]}"
        self.assertEqual(self._record("bill", self.nameless[0]).name, name)

    def test_date_near_midnight_is_the_day_that_was_written(self):
        for bill_id in self.near_midnight:
            written = self.dataset.bill(bill_id).invoice_date
            with self.subTest(written=written.isoformat()):
                self.assertEqual(self._booked(bill_id).invoice_date, written.date())

    def test_control_characters_are_dropped_and_every_script_is_kept(self):
        move = self._booked(self.texts)

        names = move.invoice_line_ids.mapped("name")
        self.assertIn("שלום עולם", names[0])
        self.assertIn("\u200f", names[0])
        self.assertIn("👩‍🏭 Zwölf Boxkämpfer e\u0301te\u0301 ﷽", names[1])
        self.assertIn("Bell , escape , NUL , tab \t, lines", names[2])
        self.assertIn("🧾", move.ref)

    def test_long_text_arrives_whole(self):
        text = "x" * 999 + "…"

        self.assertIn(text, self._booked(self.texts).invoice_line_ids[3].name)

    def test_html_in_descriptions_and_notes_stays_text(self):
        move = self._booked(self.bills["html_note"])

        self.assertIn("<img src=x onerror=alert(1)>", move.invoice_line_ids.name)
        self.assertNotIn("<script", move.narration)
        self.assertEqual(
            html2plaintext(move.narration).split(),
            self.dataset.bill(self.bills["html_note"]).note.split(),
        )
        for message in move.message_ids:
            self.assertNotIn("<script", message.body)

    # === HELPERS === #

    def _booked(self, bill_id):
        """Return the bill in Odoo, whose total is Procurify's."""
        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        move, expected = self._move(bill_id), self.dataset.expected()[bill_id]
        sign = -1 if move.move_type == "in_refund" else 1
        self.assertEqual(self._cents(sign * move.amount_total), expected.total)
        return move

    def _items(self, bill_id):
        return self.dataset.bill(bill_id).items

    def _orders_of(self, bill_id):
        lines = map(
            self.dataset.order_line, [i.order_line for i in self._items(bill_id)]
        )
        return {self.dataset.order(line.order_id) for line in lines}

    @staticmethod
    def _cents(amount):
        return Decimal(str(amount)).quantize(CENT)
