"""Custom fields of Procurify on an analytic plan: mapped as departments are."""

import runpy
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
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

    def test_field_of_only_the_order_line_that_a_bill_embeds_is_listed(self):
        field = {"id": 77, "field_label": "Site"}
        item = {"orderitem": {"custom_fields": [{"value": "x", "field": field}]}}
        document = {"items": [item, {"orderitem": 7}]}

        self.env["procurify.custom.field"]._note(self.connection, "bill", [document])

        self.assertEqual(self._fields().mapped("name"), ["Site"])

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

    def test_value_is_matched_in_the_plan_of_its_own_field(self):
        there = self._region()
        here = self.account.copy({"name": VALUE})

        bill_id = self._bill_with_plan("hold")

        record = self._record("bill", bill_id)
        self.assertEqual(record.state, "done", record.hold_reason)
        self.assertEqual(self._booked(bill_id), here)
        self.assertNotEqual(here, there)

    def test_account_of_another_fields_plan_is_neither_offered_nor_accepted(self):
        there = self._region()
        self._bill_with_plan("hold")
        [value] = self._records("custom_value")
        self.assertEqual(value.state, "quarantined")

        offered = self.env["account.analytic.account"]._procurify_suggest(value)

        self.assertNotIn(there, [candidate.target for candidate in offered[value]])
        with self.assertRaises(UserError):
            self._map(value, there)

    def test_value_is_not_used_once_its_field_has_another_plan(self):
        self._bill_with_plan("create")
        self._field().plan_id = self._region().root_plan_id
        bill_id = self._bill()
        self._synchronise()

        codes = self._codes(self._record("bill", bill_id))
        self.assertEqual(codes, {"wrong_target"})

    # === CERTIFICATE === #

    def test_certificate_has_a_sum_of_each_value(self):
        bill_id = self._bill_with_plan("create")
        sums = self._sums()

        mine = sums.filtered(lambda row: row.name == f"Projects: {VALUE}")
        self.assertTrue(mine.procurify_amount)
        self.assertEqual(mine.procurify_amount, mine.odoo_amount)
        totals = sums.filtered(lambda row: row.dimension == "total")
        for total in totals:
            plan = sums.filtered(
                lambda row, whole=total: (
                    row.dimension == "plan"
                    and (row.resource, row.currency) == (whole.resource, whole.currency)
                )
            )
            self.assertAlmostEqual(
                sum(plan.mapped("procurify_amount")), total.procurify_amount
            )
            self.assertAlmostEqual(sum(plan.mapped("odoo_amount")), total.odoo_amount)
        # The bill of before the plan was chosen is booked without: no difference.
        self.assertFalse(any(sums.mapped("difference")))

        account = self._booked(bill_id)
        line = self._move(bill_id).invoice_line_ids.filtered(
            lambda line: account in line.distribution_analytic_account_ids
        )[0]
        line.analytic_distribution = False
        row = self._sums().filtered(lambda row: row.name == f"Projects: {VALUE}")
        self.assertAlmostEqual(row.difference, line.price_subtotal)

    def test_what_odoo_fills_in_without_a_value_is_no_difference(self):
        self._choose_by_hand("create")
        model = {
            "analytic_distribution": {str(self.account.id): 100},
            "company_id": self.company.id,
        }
        self.env["account.analytic.distribution.model"].create(model)
        with self._sent(set()):
            bill_id = self._bill_any()
            self._synchronise()
        self.assertEqual(self._booked(bill_id), self.account)

        row = self._sums().filtered(lambda row: row.key_id == self.account.id)

        self.assertTrue(row.odoo_amount)
        self.assertFalse(row.procurify_amount)
        self.assertEqual(row.unexplained_amount, 0)

    def _sums(self):
        """Return the sums of all bills."""
        self.env.flush_all()
        certificate = self.env["procurify.certificate"]._certify(
            self.connection, date(2000, 1, 1), date(2100, 1, 1)
        )
        return certificate.sum_ids.filtered(lambda row: row.resource == "bill")

    # === CHOOSING AGAIN === #

    def test_bill_on_hold_is_booked_once_the_policy_lets_it(self):
        bill_id = self._bill_with_plan("hold")
        record = self._record("bill", bill_id)
        self.assertEqual(record.state, "quarantined")

        self._field().policy = "optional"
        self._import()

        self.assertEqual(record.state, "done", record.hold_reason)

    def test_conflict_of_plans_ends_with_another_plan(self):
        self._bill()
        self._synchronise()
        self._field().write(
            {"plan_id": self.plans["department"].id, "policy": "optional"}
        )
        self.account.copy({"name": VALUE, "plan_id": self.plans["department"].id})
        bill_id = self._bill()
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"plan_conflict"})

        self._field().plan_id = False
        self._import()

        self.assertEqual(record.state, "done", record.hold_reason)

    def test_choice_of_plan_and_policy_is_in_the_audit(self):
        self._bill()
        self._synchronise()
        field = self._field()

        field.write({"plan_id": self.plan.id, "policy": "create"})
        field.write({"plan_id": self.plan.id})

        [row] = self.env["procurify.audit"].search(
            [("event", "=", "policy_changed"), ("res_model", "=", field._name)]
        )
        self.assertEqual(row.res_id, field.id)
        self.assertEqual(row.before["plan_id"], None)
        self.assertEqual(row.after["plan_id"], "Projects")
        self.assertEqual(row.user_ref, self.env.uid)

    # === WHERE PROCURIFY NAMES NO VALUE === #

    def test_bill_has_the_value_of_its_orders_header(self):
        account, order_id, bill_id = self._billed_with_header()

        self.assertEqual(self._record("bill", bill_id).state, "done")
        for line in self._move(bill_id).invoice_line_ids:
            self.assertIn(account, line.distribution_analytic_account_ids)
        self._revise(bill_id)
        for line in self._move(bill_id).invoice_line_ids:
            self.assertIn(account, line.distribution_analytic_account_ids)
        self.assertTrue(order_id)

    def test_line_without_a_value_keeps_that_of_its_order_beside_one_with_it(self):
        self.connection.bill_policy = "posted"
        account, _order_id, bill_id = self._billed_with_header(own_on=0)

        record = self._record("bill", bill_id)
        self.assertEqual(record.state, "done", record.hold_reason)
        move = self._move(bill_id)
        self.assertEqual(move.state, "posted")
        for line in move.invoice_line_ids:
            self.assertIn(account, line.distribution_analytic_account_ids)

    def test_revision_keeps_the_value_of_the_order_on_the_other_lines(self):
        account, _order_id, bill_id = self._billed_with_header(own_on=0)
        self._revise(bill_id)

        for line in self._move(bill_id).invoice_line_ids:
            self.assertIn(account, line.distribution_analytic_account_ids)

    def test_distribution_model_fills_the_plan_where_there_is_no_value(self):
        self.env["account.analytic.distribution.model"].create(
            {
                "analytic_distribution": {str(self.account.id): 100},
                "company_id": self.company.id,
            }
        )
        with self._sent(set()):
            self._bill_any()
            self._choose_by_hand("hold")
            bill_id = self._bill_any()
            self._synchronise()
            self._revise(bill_id)

        self.assertEqual(self._booked(bill_id), self.account)

    # === DRAFTS OF BEFORE === #

    def test_plan_that_is_chosen_later_is_offered_to_the_drafts(self):
        self.connection.order_policy = "rfq"
        draft, edited, posted = (self._bill() for _number in range(3))
        order_id = self._order()
        without = self._bill_any_without()
        self._synchronise()
        self._move(edited).invoice_line_ids[0].price_unit += 1
        self._move(posted).action_post()
        written = self._age(self._move(without))
        self.assertFalse(self._field().is_outdated)

        self._field().write({"plan_id": self.plan.id, "policy": "create"})
        self.assertTrue(self._field().is_outdated)
        told = self._field().action_reapply()

        self.assertEqual(self._booked(draft).name, VALUE)
        self.assertFalse(self._booked(edited))
        self.assertEqual(
            self._codes(self._record("bill", edited)), {"changed_after_booking"}
        )
        self.assertFalse(self._booked(posted))
        self.assertEqual(self._move(without).write_date, written)
        order = self.env["purchase.order"].browse(
            self._record("purchase_order", order_id).res_id
        )
        self.assertIn(
            self._booked(draft), order.order_line.distribution_analytic_account_ids
        )
        self.assertIn("Put on hold for review: 1", told["params"]["message"])
        self.assertFalse(self._field().is_outdated)

    def test_plan_that_is_taken_away_is_taken_off_the_drafts(self):
        bill_id = self._bill_with_plan("create")
        self.assertTrue(self._booked(bill_id))

        self._field().plan_id = False
        self._field().action_reapply()

        self.assertFalse(self._booked(bill_id))
        written = self._age(self._move(bill_id))
        self._field().action_reapply()
        self.assertEqual(self._move(bill_id).write_date, written)

    # === ON THE TAB === #

    def test_tab_of_bill_and_order_shows_the_fields(self):
        bill_id, order_id = self._bill(), self._order()
        self._synchronise()
        record = self._record("purchase_order", order_id)
        order = self.env["purchase.order"].browse(record.res_id)

        for document in (self._move(bill_id), order):
            self.assertIn(f"Project: {VALUE}", document.procurify_facts)

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

    def _choose_by_hand(self, policy):
        """Choose the plan of a field that no document had yet."""
        self.env["procurify.custom.field"].sudo().create(
            {
                "connection_id": self.connection.id,
                "field_number": PROJECT,
                "name": "Project",
                "plan_id": self.plan.id,
                "policy": policy,
            }
        )

    def _region(self):
        """Return an account of the same name in the plan of another field."""
        plan = self.env["account.analytic.plan"].create({"name": "Regions"})
        self.env["procurify.custom.field"].sudo().create(
            {
                "connection_id": self.connection.id,
                "field_number": 990,
                "name": "Region",
                "plan_id": plan.id,
            }
        )
        return self.env["account.analytic.account"].create(
            {"name": VALUE, "plan_id": plan.id}
        )

    @contextmanager
    def _sent(self, numbers):
        """Send the field with those orders, order lines and items, and no others."""
        value = {
            "value": VALUE,
            "field": {"id": PROJECT, "name": "project", "field_label": "Project"},
        }
        with patch.object(
            full_depth,
            "custom_fields",
            lambda number: [value | {"id": number}] if number in numbers else [],
        ):
            yield numbers

    def _billed_with_header(self, own_on=None):
        """Import an order with the field in its header, then a bill of it.

        :param own_on: the place of the bill's line that has the field itself
        :returns: the account that is booked, the order's id and the bill's
        """
        self._choose_by_hand("create")
        order_id = self.dataset.add_order("several_lines")
        numbers = {order_id}
        self.enterContext(self._sent(numbers))
        self._synchronise()
        record = self._record("purchase_order", order_id)
        self.assertEqual(record.state, "done", record.hold_reason)
        order = self.env["purchase.order"].browse(record.res_id)
        [account] = self.plan.account_ids.filtered(lambda a: a.name == VALUE)
        for line in order.order_line.filtered("analytic_distribution"):
            self.assertIn(account, line.distribution_analytic_account_ids)
        numbers.clear()
        bill_id = self.dataset.bill_order(order_id)
        if own_on is not None:
            numbers.add(self.dataset.bill(bill_id).items[own_on].id)
        self._synchronise()
        self.assertGreater(len(self._move(bill_id).invoice_line_ids), 1)
        return account, order_id, bill_id

    def _revise(self, bill_id):
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(record.state, "done", record.hold_reason)

    def _bill_any(self):
        return self.dataset.add_bill("plain")

    def _bill_any_without(self):
        """Add bills until one has no line with the field."""
        return next(
            bill_id
            for bill_id in iter(self._bill_any, None)
            if not any(map(_has_project, self.dataset.bill(bill_id).items))
        )

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
