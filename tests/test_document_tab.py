"""What Odoo's documents show of Procurify, and commitments by department."""

from decimal import Decimal

from odoo.tests import new_test_user, tagged

from .common import SharedCommon


@tagged("post_install", "-at_install", "procurify")
class TestDocumentTab(SharedCommon):
    @classmethod
    def _make(cls):
        cls.bill_id = cls.dataset.add_bill("plain")
        cls.order_id = cls.dataset.add_order()

    def test_bill_shows_who_and_where(self):
        move = self._move(self.bill_id)
        record = move.procurify_record_ids

        self.assertEqual(record.remote_status, "Approved")
        self.assertTrue(record.plant_names)
        self.assertTrue(record.department_names)
        self.assertTrue(record.remote_party)
        self.assertIn(record.remote_party, move.procurify_facts)
        self.assertIn(record.department_names.split(", ")[0], move.procurify_facts)

    def test_order_shows_who_requested_it(self):
        order = self._order()

        self.assertTrue(order.procurify_record_ids.requester_names)
        self.assertIn(order.procurify_record_ids.requester_names, order.procurify_facts)

    def test_text_of_procurify_is_text(self):
        move = self._move(self.bill_id)
        move.procurify_record_ids.sudo().remote_party = "<b>Bold</b> & sons"

        self.assertIn("&lt;b&gt;Bold&lt;/b&gt; &amp; sons", move.procurify_facts)

    def test_audit_is_on_the_document(self):
        move = self._move(self.bill_id)

        self.assertIn("imported", move.procurify_audit_ids.mapped("event"))

    def test_unreadable_payload_shows_what_is_known(self):
        record = self._move(self.bill_id).procurify_record_ids
        record.sudo().payload = "{}"

        self.assertIn(record.name, record.facts_table)

    def test_lists_are_filtered_by_what_is_from_procurify(self):
        moves = self.env["account.move"]
        mine = self._move(self.bill_id)
        other = moves.create({"move_type": "in_invoice"})

        found = moves.search([("is_from_procurify", "=", True)])
        rest = moves.search([("is_from_procurify", "=", False)])

        self.assertIn(mine, found)
        self.assertNotIn(other, found)
        self.assertIn(other, rest)
        self.assertNotIn(mine, rest)

    def test_templates_are_found_by_their_variants(self):
        product = self.env["product.product"].search(
            [("is_from_procurify", "=", True)], limit=1
        )
        templates = self.env["product.template"]

        found = templates.search([("is_from_procurify", "=", True)])

        self.assertEqual(bool(product), bool(found))
        self.assertLessEqual(product.product_tmpl_id, found)

    def _order(self):
        record = self._record("purchase_order", self.order_id)
        return self.env["purchase.order"].browse(record.res_id)


@tagged("post_install", "-at_install", "procurify")
class TestCommitment(SharedCommon):
    @classmethod
    def _make(cls):
        cls.order_id = cls.dataset.add_order()

    def setUp(self):
        super().setUp()
        record = self._record("purchase_order", self.order_id)
        self.order = self.env["purchase.order"].browse(record.res_id)
        self.rate = self.order.currency_rate or 1

    def test_open_order_is_committed_to_its_departments(self):
        rows = self._rows()

        self.assertAlmostEqual(
            sum(rows.mapped("committed")), self.order.amount_untaxed / self.rate, 2
        )
        self.assertEqual(sum(rows.mapped("requested")), 0)
        for row in rows:
            accounts = row.line_id.distribution_analytic_account_ids
            self.assertLessEqual(row.department_id | row.location_id, accounts)
            self.assertTrue(row.department_id)
            self.assertTrue(row.location_id)
            self.assertTrue(row.is_from_procurify)

    def test_received_is_what_procurify_has_received(self):
        record = self._record("purchase_order", self.order_id).sudo()
        first = record.remote_coding[0]
        quarter = Decimal(first["quantity"]) / 4
        record.remote_receipts = {
            first["item"]: [["2026-01-05", "0.1"], ["2026-02-05", str(quarter)]]
        }
        [item] = self._records("order_item").filtered(
            lambda r: r.external_id == first["item"]
        )
        line = self.env["purchase.order.line"].browse(item.res_id)
        line.qty_received = line.product_qty  # which says nothing

        rows = self._rows().filtered(lambda row: row.line_id == line)

        whole = line.price_subtotal / self.rate
        self.assertAlmostEqual(sum(rows.mapped("received")), whole / 4, 2)
        self.assertAlmostEqual(sum(rows.mapped("ordered")), whole * 3 / 4, 2)
        self.assertAlmostEqual(sum(rows.mapped("committed")), whole, 2)

    def test_of_an_order_of_odoo_s_own_its_receipts_count(self):
        order = self.order.copy()
        order.button_confirm()
        line = order.order_line[0]
        line.qty_received = line.product_qty
        rows = self._rows(order).filtered(lambda row: row.line_id == line)

        self.assertAlmostEqual(
            sum(rows.mapped("received")), line.price_subtotal / order.currency_rate, 2
        )
        self.assertEqual(sum(rows.mapped("ordered")), 0)

    def test_billed_line_is_no_commitment(self):
        self.order.order_line.qty_invoiced = 0
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE purchase_order_line SET qty_invoiced = product_qty "
            "WHERE order_id = %s",
            [self.order.id],
        )

        self.assertFalse(self._rows())

    def test_request_is_requested(self):
        request = self.order.copy()

        rows = self._rows(request)

        self.assertAlmostEqual(
            sum(rows.mapped("requested")),
            request.amount_untaxed / (request.currency_rate or 1),
            2,
        )
        self.assertEqual(set(rows.mapped("order_state")), {"request"})

    def test_who_may_not_see_orders_sees_no_commitments(self):
        reviewer = new_test_user(
            self.env, "blind", groups="procurify_connector.group_user"
        )
        rows = self.env["procurify.commitment"].with_user(reviewer)

        self.assertFalse(rows.search([]))
        self.assertEqual(rows._read_group([], [], ["__count"]), [(0,)])

    def _rows(self, order=None):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["procurify.commitment"].search(
            [("order_id", "=", (order or self.order).id)]
        )
