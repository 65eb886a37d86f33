"""Custom fields of Procurify on an analytic plan: mapped as departments are."""

import runpy
from pathlib import Path

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.simulator import full_depth

from .common import ProcurifyCommon

PROJECT = 900  # of texts; the value is "Line 4"
VALUE = "Line 4"


@tagged("post_install", "-at_install", "procurify")
class TestCustomFields(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.plan = self.env["account.analytic.plan"].create({"name": "Projects"})
        self.account = self.env["account.analytic.account"].create(
            {"name": "Assembly line 4", "plan_id": self.plan.id}
        )

    # === WITHOUT A PLAN === #

    def test_fields_are_listed_as_documents_are_read_and_book_nothing(self):
        bill_id = self._bill()
        self._synchronise()

        field = self._field()
        self.assertEqual((field.name, field.plan_id.id), ("Project", False))
        self.assertEqual(self._record("bill", bill_id).state, "done")
        self.assertFalse(self._records("custom_value"))
        self.assertFalse(self._booked(bill_id))

    def test_migration_lists_the_fields_of_documents_that_are_there(self):
        self._bill()
        self._synchronise()
        before = self._fields().mapped("field_number")
        self.assertIn(PROJECT, before)
        self._fields().sudo().unlink()

        path = Path(__file__).parents[1] / "migrations/19.0.1.2.0/post-custom_fields.py"
        runpy.run_path(str(path))["migrate"](self.cr, "19.0.1.1.0")

        self.assertEqual(self._fields().mapped("field_number"), before)

    def test_number_that_no_column_takes_is_no_field(self):
        field = {"id": 2**40, "field_label": "Huge"}
        document = {"custom_fields": [{"value": "x", "field": field}], "items": [7]}

        self.env["procurify.custom.field"]._note(self.connection, "bill", [document])

        self.assertFalse(self._fields())

    # === WITH A PLAN === #

    def test_unknown_value_is_on_hold_until_it_is_mapped(self):
        bill_id = self._bill_with_plan("hold")

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"unknown_custom_value"})
        [value] = self._records("custom_value")
        self.assertEqual(value.name, f"Project / {VALUE}")
        self._map(value, self.account)
        self._import()

        self.assertEqual(record.state, "done", record.hold_reason)
        self.assertEqual(self._booked(bill_id), self.account)

    def test_unknown_value_may_be_booked_without(self):
        bill_id = self._bill_with_plan("optional")

        self.assertEqual(self._record("bill", bill_id).state, "done")
        self.assertFalse(self._booked(bill_id))

    def test_unknown_value_becomes_an_account_by_policy(self):
        bill_id = self._bill_with_plan("create")

        booked = self._booked(bill_id)
        self.assertEqual((booked.name, booked.plan_id), (VALUE, self.plan))

    def test_line_keeps_its_department_and_location_beside_the_value(self):
        bill_id = self._bill_with_plan("create")
        account = self._booked(bill_id)

        lines = self._move(bill_id).invoice_line_ids
        keys = [
            key for line in lines for key in line.analytic_distribution or () if key
        ]
        with_value = [key for key in keys if str(account.id) in key.split(",")]
        self.assertEqual({len(key.split(",")) for key in with_value}, {3})
        # Only lines that have the field.
        self.assertLess(len(with_value), len(keys))

    def test_same_account_for_a_department_is_a_conflict_of_plans(self):
        self._bill()
        self._synchronise()
        self._field().plan_id = self.plans["department"]
        self._field().policy = "create"

        bill_id = self._bill()
        self._synchronise()

        self.assertEqual(self._codes(self._record("bill", bill_id)), {"plan_conflict"})

    def test_orders_are_booked_on_the_plan_too(self):
        self._bill()
        self._synchronise()
        self._field().write({"plan_id": self.plan.id, "policy": "create"})
        order_id = self._order()
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(record.state, "done", record.hold_reason)
        order = self.env["purchase.order"].browse(record.res_id)
        [account] = self.plan.account_ids.filtered(lambda a: a.name == VALUE)
        keys = [k for ln in order.order_line for k in ln.analytic_distribution or ()]
        self.assertIn(str(account.id), ",".join(keys).split(","))

    # === RIGHTS === #

    def test_only_administrators_choose_a_plan_and_nobody_makes_fields(self):
        self._bill()
        self._synchronise()
        reviewer = new_test_user(
            self.env,
            "reviewer",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
        )
        field = self._field()
        self.assertEqual(field.with_user(reviewer).name, "Project")
        with self.assertRaises(AccessError):
            field.with_user(reviewer).plan_id = self.plan
        with self.assertRaises(AccessError):
            field.name = "Mine"

    # === HELPERS === #

    def _bill_with_plan(self, policy):
        """Import one bill so that the field is known, choose, and import another."""
        self._bill()
        self._synchronise()
        self._field().write({"plan_id": self.plan.id, "policy": policy})
        bill_id = self._bill()
        self._synchronise()
        return bill_id

    def _bill(self):
        """Add bills until one has a line with the field."""
        return next(
            bill_id
            for bill_id in iter(lambda: self.dataset.add_bill("five_lines"), None)
            if any(map(_has_project, self.dataset.bill(bill_id).items))
        )

    def _order(self):
        return next(
            order_id
            for order_id in iter(lambda: self.dataset.add_order("several_lines"), None)
            if any(map(_has_project, self.dataset.order_lines(order_id)))
        )

    def _fields(self):
        return self.connection.custom_field_ids.sorted("field_number")

    def _field(self):
        return self._fields().filtered(lambda field: field.field_number == PROJECT)

    def _booked(self, bill_id):
        """Return the accounts of the plan that the lines of a bill name."""
        ids = {
            int(number)
            for line in self._move(bill_id).invoice_line_ids
            for key in line.analytic_distribution or ()
            for number in key.split(",")
        }
        accounts = self.env["account.analytic.account"].browse(ids)
        return accounts.filtered(lambda account: account.root_plan_id == self.plan)


def _has_project(line):
    fields = full_depth.custom_fields(line.id)
    return any(field["field"]["id"] == PROJECT for field in fields)
