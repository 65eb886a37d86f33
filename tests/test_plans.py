"""Analytic plans that Procurify does not fill are Odoo's, or a person's, to fill."""

from decimal import Decimal

from odoo.tests import tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestPlans(ProcurifyCommon):
    master_data_ready = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Projects"})
        cls.bridge, cls.tunnel = cls.env["account.analytic.account"].create(
            [{"name": name, "plan_id": cls.plan.id} for name in ("Bridge", "Tunnel")]
        )

    # === BILLS === #

    def test_distribution_model_fills_the_plan_that_procurify_leaves_open(self):
        self._model(self.bridge)

        lines = self._book("plain").invoice_line_ids

        self.assertEqual(self._of(lines, self.plan), {self.bridge: 100})
        self.assertEqual(sum(self._departments(lines).values()), 100)

    def test_posted_bill_has_its_filled_plan_and_no_issue(self):
        self.connection.bill_policy = "posted"
        self._model(self.bridge)

        move = self._book("several_lines")

        self.assertEqual(move.state, "posted")
        for line in move.invoice_line_ids:
            self.assertEqual(self._of(line, self.plan), {self.bridge: 100})
        items = move.invoice_line_ids.analytic_line_ids
        column = self.plan._column_name()
        total = -sum(items.filtered(column).mapped("amount"))
        self.assertAlmostEqual(
            total, sum(move.invoice_line_ids.mapped("balance")), places=2
        )

    def test_refund_is_filled_like_a_bill(self):
        self._model(self.bridge)

        move = self._book("credit")

        self.assertEqual(move.move_type, "in_refund")
        self.assertEqual(
            self._of(move.invoice_line_ids[0], self.plan)[self.bridge], 100
        )

    def test_department_of_procurify_is_never_overridden(self):
        stranger = self.env["account.analytic.account"].create(
            {"name": "Stranger", "plan_id": self.plans["department"].id}
        )
        self._model(stranger)

        lines = self._book("plain").invoice_line_ids

        self.assertNotIn(stranger, lines.distribution_analytic_account_ids)

    def test_rounding_line_gets_no_department_from_a_model(self):
        stranger = self.env["account.analytic.account"].create(
            {"name": "Stranger", "plan_id": self.plans["department"].id}
        )
        self.connection.rounding_account_id = self._account("7999")
        self._model(stranger)

        lines = self._book("plain", total_error=Decimal("0.01")).invoice_line_ids

        self.assertIn("7999", lines.account_id.mapped("code"))
        self.assertNotIn(stranger, lines.distribution_analytic_account_ids)

    def test_model_is_chosen_by_vendor_account_and_product(self):
        bill_id = self.dataset.add_bill("plain", code="6400")
        vendor = self._record("vendor", self.dataset.expected()[bill_id].vendor_id)
        self._model(self.bridge, account_prefix="62", sequence=1)
        self._model(
            self.tunnel, account_prefix="64", partner_id=vendor.res_id, sequence=2
        )
        self._synchronise()

        lines = self._move(bill_id).invoice_line_ids

        self.assertEqual(lines.account_id.code, "6400")
        self.assertEqual(self._of(lines, self.plan), {self.tunnel: 100})

    def test_draft_keeps_a_persons_project_when_procurify_changes_the_bill(self):
        bill_id, move = self._booked("plain")
        line = move.invoice_line_ids
        line.analytic_distribution |= {str(self.tunnel.id): 100}

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual((record.hold_reason, record.state), ("", "done"))
        line = move.invoice_line_ids
        self.assertAlmostEqual(line.price_subtotal, 12.34 * line.quantity, 2)
        self.assertEqual(self._of(line, self.plan), {self.tunnel: 100})
        self.assertEqual(sum(self._departments(line).values()), 100)

    def test_project_in_one_key_with_the_department_is_no_edit(self):
        bill_id, move = self._booked("plain")
        line = move.invoice_line_ids
        line.analytic_distribution = {
            f"{key},{self.tunnel.id}": share
            for key, share in line.analytic_distribution.items()
        }

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        line = move.invoice_line_ids
        self.assertEqual(self._of(line, self.plan), {self.tunnel: 100})

    def test_posted_bill_with_a_persons_project_is_no_difference(self):
        bill_id, move = self._booked("plain")
        move.invoice_line_ids.analytic_distribution |= {str(self.tunnel.id): 100}
        move.action_post()

        self.dataset.touch(bill_id)
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")

    def test_bill_that_is_credited_and_rebilled_keeps_a_persons_project(self):
        bill_id, old = self._booked("plain")
        old.invoice_line_ids.analytic_distribution |= {str(self.tunnel.id): 100}
        old.action_post()
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"changed_after_booking"})

        record.action_credit_and_rebill()

        move = self._move(bill_id)
        self.assertNotEqual(move, old)
        self.assertEqual(self._of(move.invoice_line_ids, self.plan)[self.tunnel], 100)

    def test_changed_department_is_still_an_edit(self):
        bill_id, move = self._booked("plain")
        stranger = self.env["account.analytic.account"].create(
            {"name": "Stranger", "plan_id": self.plans["department"].id}
        )
        move.invoice_line_ids.analytic_distribution = {str(stranger.id): 100}

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual(
            self._codes(self._record("bill", bill_id)), {"changed_after_booking"}
        )

    def test_model_that_a_person_took_off_a_draft_stays_off(self):
        self._model(self.bridge)
        bill_id, move = self._booked("plain")
        line = move.invoice_line_ids
        line.analytic_distribution = {
            key: share
            for key, share in line.analytic_distribution.items()
            if key != str(self.bridge.id)
        }

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertFalse(self._of(move.invoice_line_ids, self.plan))

    def test_model_made_later_changes_no_bill(self):
        self.connection.bill_policy = "posted"
        bill_id, move = self._booked("plain")
        self._model(self.bridge)

        self.dataset.touch(bill_id)
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        self.assertFalse(self._of(move.invoice_line_ids, self.plan))

    def test_bill_has_the_project_of_its_order_line(self):
        order_id, order = self._ordered("plain", quantity=Decimal(10))
        line = order.order_line[0]
        line.analytic_distribution |= {str(self.tunnel.id): 100}
        self._model(self.bridge)
        self.dataset.bill_order(order_id, {0: Decimal(4)})
        self._synchronise()

        billed = order.invoice_ids.invoice_line_ids.filtered("purchase_line_id")

        self.assertEqual(self._of(billed[0], self.plan), {self.tunnel: 100})

    def test_models_are_looked_up_once_for_alike_lines(self):
        self._model(self.bridge)
        model = type(self.env["account.analytic.distribution.model"])
        asked = []
        search = model._get_applicable_models

        def counted(models, facts):
            asked.append(facts)
            return search(models, facts)

        self.patch(model, "_get_applicable_models", counted)
        first = self.dataset.add_bill("plain", code="6400")
        vendor_id = self.dataset.expected()[first].vendor_id
        for _number in range(7):
            self.dataset.add_bill("plain", code="6400", vendor_id=vendor_id)
        self._synchronise()

        moves = self._records("bill").mapped("res_id")
        self.assertEqual(len(moves), 8)
        self.assertLessEqual(len(asked), 3)

    # === ORDERS === #

    def test_order_is_filled_by_a_model_too(self):
        self._model(self.bridge)

        _order_id, order = self._ordered("header_extras")

        for line in order.order_line:
            self.assertEqual(self._of(line, self.plan), {self.bridge: 100})
        self.assertEqual(sum(self._departments(order.order_line[0]).values()), 100)

    def test_order_keeps_a_persons_project_when_procurify_changes_it(self):
        order_id, order = self._ordered("plain", quantity=Decimal(10))
        line = order.order_line[0]
        line.analytic_distribution |= {str(self.tunnel.id): 100}
        other = self._other_department(order_id)

        self.dataset.revise_order(order_id, price=Decimal(5), department_id=other)
        self._synchronise()

        self.assertEqual(self._record("purchase_order", order_id).hold_reason, "")
        self.assertEqual(line.price_unit, 5)
        self.assertEqual(self._of(line, self.plan), {self.tunnel: 100})
        department = self._record("department", other).res_id
        self.assertEqual(self._departments(line).get(department), 100)

    def test_order_of_another_contact_keeps_its_departments(self):
        order_id, order = self._ordered("plain", quantity=Decimal(10))
        before = order.order_line[0].analytic_distribution
        committed = self._committed(order)
        stranger = self.env["account.analytic.account"].create(
            {"name": "Stranger", "plan_id": self.plans["department"].id}
        )
        contact = self.env["res.partner"].create({"name": "The right one"})
        self._model(stranger, partner_id=contact.id)

        self._map_vendor(order_id, contact)

        self.assertEqual(order.partner_id, contact)
        self.assertEqual(order.order_line[0].analytic_distribution, before)
        self.assertEqual(self._committed(order), committed)
        self.dataset.bill_order(order_id, {0: Decimal(4)})
        self._synchronise()
        billed = order.invoice_ids.invoice_line_ids.filtered("purchase_line_id")
        self.assertEqual(billed.partner_id, contact)
        self.assertEqual(billed[0].analytic_distribution, before)

    def test_order_of_another_contact_takes_over_its_project(self):
        order_id, order = self._ordered("plain", quantity=Decimal(10))
        before = order.order_line[0].analytic_distribution
        contact = self.env["res.partner"].create({"name": "The right one"})
        self._model(self.bridge, partner_id=contact.id)

        self._map_vendor(order_id, contact)

        line = order.order_line[0]
        self.assertEqual(
            line.analytic_distribution, before | {str(self.bridge.id): 100}
        )
        self.dataset.revise_order(order_id, price=Decimal(5))
        self._synchronise()
        self.assertEqual(self._record("purchase_order", order_id).hold_reason, "")
        self.assertEqual(line.price_unit, 5)
        self.assertEqual(self._of(line, self.plan), {self.bridge: 100})

    def test_line_of_another_product_keeps_its_departments(self):
        item = self.dataset.add_catalog_item("Torque wrench")
        order_id, order = self._ordered(
            "plain", quantity=Decimal(10), catalog_item=item, unit="each"
        )
        line = order.order_line[0]
        before = line.analytic_distribution
        stranger = self.env["account.analytic.account"].create(
            {"name": "Stranger", "plan_id": self.plans["department"].id}
        )
        product = self.env["product.product"].create(
            {"name": "Wrench", "uom_id": line.product_id.uom_id.id}
        )
        self._model(stranger, product_id=product.id)

        self._map(self._record("catalog_item", item), product)
        self._record("purchase_order", order_id).action_replay()
        self._import()

        self.assertEqual(line.product_id, product)
        self.assertEqual(line.analytic_distribution, before)

    def test_request_is_filled_and_its_order_keeps_that(self):
        self.connection.requisition_policy = "rfq"
        self._model(self.bridge)
        number = self.dataset.add_requisition("approved")
        self._synchronise()
        item = self.dataset.requisition_lines(number)[0]
        line = self.env["purchase.order.line"].browse(
            self._record("order_item", item.id).res_id
        )
        self.assertEqual(self._of(line, self.plan), {self.bridge: 100})
        self.assertEqual(sum(self._departments(line).values()), 100)

        self.dataset.purchase_requisition_line(item.id)
        self._synchronise()

        line = line.browse(self._record("order_item", item.id).res_id)
        self.assertEqual(line.order_id.state, "purchase")
        self.assertEqual(self._of(line, self.plan), {self.bridge: 100})
        self.assertEqual(sum(self._departments(line).values()), 100)

    # === HELPERS === #

    def _model(self, account, **values):
        return self.env["account.analytic.distribution.model"].create(
            {
                "analytic_distribution": {str(account.id): 100},
                "company_id": self.company.id,
                **values,
            }
        )

    def _book(self, scenario, **params):
        return self._booked(scenario, **params)[1]

    def _booked(self, scenario, **params):
        bill_id = self.dataset.add_bill(scenario, **params)
        self._synchronise()
        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        return bill_id, self._move(bill_id)

    def _ordered(self, scenario, **line):
        order_id = self.dataset.add_order(scenario)
        if line:
            self.dataset.revise_order(order_id, **line)
        self._synchronise()
        record = self._record("purchase_order", order_id)
        self.assertEqual(record.hold_reason, "")
        return order_id, self.env["purchase.order"].browse(record.res_id)

    def _map_vendor(self, order_id, contact):
        vendor = self._record("vendor", self.dataset.order(order_id).vendor_id)
        self._map(vendor, contact)
        self._record("purchase_order", order_id).action_replay()
        self._import()

    def _other_department(self, order_id):
        mine = self.dataset.order_lines(order_id)[0].shares[0].department_id
        linked = self._records("department", state="done").mapped("external_id")
        return next(int(i) for i in linked if int(i) != mine)

    def _of(self, line, plan):
        """Return {account of ``plan``: percentage} of a line."""
        found = {}
        for key, share in (line.analytic_distribution or {}).items():
            for account in self.env["account.analytic.account"].browse(
                map(int, key.split(","))
            ):
                if account.root_plan_id == plan:
                    found[account] = found.get(account, 0) + share
        return found

    def _departments(self, line):
        return {a.id: s for a, s in self._of(line, self.plans["department"]).items()}

    def _committed(self, order):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["procurify.commitment"].search([("order_id", "=", order.id)])
        return sorted(
            (row.department_id.id, row.location_id.id, round(row.committed, 2))
            for row in rows
        )
