"""What Odoo refuses to post or to confirm stays, with Odoo's own words on it."""

import json
import logging
from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestOdooSaysNo(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.connection.bill_policy = "posted"
        self.refusals = {}

    # === POSTING === #

    def test_every_kind_of_refusal_is_shown_in_odoos_own_words(self):
        action = self.env.ref("account.action_move_in_invoice_type")
        for number, error in enumerate(
            (
                RedirectWarning("Set the fiscal country first.", action.id, "Go"),
                ValidationError("A document number is required."),
                UserError("The sequence is broken."),
                ValueError("KeyError: 'x_code' while evaluating"),
            )
        ):
            self.refusals["account.move"] = error
            self._refuse_bills()
            bill_id = self.dataset.add_bill("plain", invoice_number=f"N-{number}")
            self._synchronise()
            record, text = self._record("bill", bill_id), str(error.args[0])
            with self.subTest(error=error):
                self.assertEqual(self._codes(record), {"posting_refused"})
                self.assertIn(text, record.hold_reason)
                self.assertNotIn("RedirectWarning", record.hold_reason)
                self.assertEqual(self._move(bill_id).state, "draft")

    def test_draft_is_posted_once_a_person_entered_what_was_missing(self):
        self._refuse_bills(lambda move: not move.payment_reference)
        bill_id = self._bill()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.assertEqual((record.state, move.state), ("quarantined", "draft"))

        move.payment_reference = "0001-00000042"
        self._import()

        self.assertEqual((record.state, move.state), ("done", "posted"))
        self.assertEqual(record.hold_reason, "")
        self.assertEqual(self._move(bill_id), move)

    def test_refused_draft_follows_procurify_and_is_posted_then(self):
        self._refuse_bills(lambda move: move.ref != "GOOD")
        bill_id = self._bill()
        move = self._move(bill_id)

        self.dataset.revise_bill(bill_id, invoice_number="GOOD")
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        self.assertEqual((move.ref, move.state), ("GOOD", "posted"))
        self.assertEqual(self._move(bill_id), move)

    def test_refused_draft_is_not_posted_into_a_period_that_was_closed_since(self):
        self._refuse_bills()
        bill_id = self._bill()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.refusals.clear()
        self.company.fiscalyear_lock_date = move.date

        self._import()

        self.assertEqual(self._codes(record), {"closed_period"})
        self.assertEqual(move.state, "draft")
        self.company.fiscalyear_lock_date = move.date - timedelta(days=1)
        self._import()
        self.assertEqual((record.hold_reason, move.state), ("", "posted"))

    def test_refused_refund_stays_a_draft_too(self):
        self._refuse_bills()
        bill_id = self.dataset.add_bill("credit")
        self._synchronise()

        move = self._move(bill_id)
        self.assertEqual((move.move_type, move.state), ("in_refund", "draft"))
        self.assertEqual(
            self._codes(self._record("bill", bill_id)), {"posting_refused"}
        )

    def test_one_refusal_of_several_bills_is_one_issue_and_no_other_waits(self):
        self._refuse_bills(lambda move: move.ref.startswith("BAD"))
        bad = [self.dataset.add_bill("plain") for _number in range(3)]
        for number, bill_id in enumerate(bad):
            self.dataset.revise_bill(bill_id, invoice_number=f"BAD-{number}")
        good = [self.dataset.add_bill("plain") for _number in range(2)]
        self._synchronise()

        records = self.env["procurify.record"].union(
            *(self._record("bill", bill_id) for bill_id in bad)
        )
        self.assertEqual(len(records.issue_ids), 1)
        self.assertEqual(len(records.mapped("res_id")), 3)
        for bill_id in good:
            self.assertEqual(self._move(bill_id).state, "posted")

    def test_refused_bill_is_tried_again_every_day(self):
        self._refuse_bills()
        bill_id = self._bill()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.refusals.clear()
        self._look_away()
        self._import()
        self.assertEqual(record.state, "quarantined")

        healing = self._look_away()
        healing.retried_at = fields.Datetime.now() - timedelta(days=1, minutes=1)
        self._import()

        self.assertEqual((record.state, move.state), ("done", "posted"))

    def test_retry_that_is_refused_again_writes_nothing_and_says_nothing(self):
        self._refuse_bills()
        bill_id = self._bill()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        events = self.env["procurify.audit"].search_count([])
        messages, stamp = len(move.message_ids), self._age(move)

        record.sudo()._requeue()
        self._import()

        self.assertEqual(self._codes(record), {"posting_refused"})
        self.assertEqual(self.env["procurify.audit"].search_count([]), events)
        self.assertEqual((len(move.message_ids), move.write_date), (messages, stamp))

    def test_rule_that_is_gone_or_changed_releases_what_it_refused(self):
        self._refuse_bills()
        rule = self.env["ir.actions.server"].create(
            {
                "name": "Refuses",
                "model_id": self.env.ref("account.model_account_move").id,
                "state": "code",
            }
        )
        bill_id = self._bill()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        self._import()
        self.refusals.clear()
        self._look_away()
        self._import()
        self.assertEqual(record.state, "quarantined")

        self._look_away()
        rule.unlink()
        self._import()

        self.assertEqual((record.state, move.state), ("done", "posted"))

    def test_bill_that_a_person_posted_is_done(self):
        self._refuse_bills()
        bill_id = self._bill()
        move = self._move(bill_id)
        self.refusals.clear()

        move.action_post()
        self._import()

        self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_creation_is_in_the_audit_although_posting_was_refused(self):
        self._refuse_bills()
        record = self._record("bill", self._bill())

        events = record.audit_ids.mapped("event")
        self.assertEqual(
            [events.count("imported"), events.count("held")], [1, 1], events
        )

    def test_mandatory_plan_is_asked_for_as_odoo_does(self):
        project = self._mandatory_plan("bill", "purchase_order")
        bill_id, order_id = self.dataset.add_bill("plain"), self.dataset.add_order()
        self._synchronise()

        bill, order = self._record("bill", bill_id), self._order_record(order_id)
        self.assertEqual(self._codes(bill), {"posting_refused"})
        self.assertEqual(self._codes(order), {"confirmation_refused"})
        self.assertIn("100% analytic distribution", bill.hold_reason)
        self.assertEqual(self._move(bill_id).state, "draft")
        self.assertEqual(self._purchase(order_id).state, "draft")

        for line in self._purchase(order_id).order_line:
            line.analytic_distribution = self._with(project, line)
        for line in self._move(bill_id).invoice_line_ids:
            line.analytic_distribution = self._with(project, line)
        self._import()

        self.assertEqual((bill.hold_reason, order.hold_reason), ("", ""))
        self.assertEqual(self._move(bill_id).state, "posted")
        self.assertEqual(self._purchase(order_id).state, "purchase")
        self.assertIn(
            str(project.id),
            ",".join(self._move(bill_id).invoice_line_ids[0].analytic_distribution),
        )

    def test_plan_that_is_not_mandatory_any_more_releases(self):
        project = self._mandatory_plan("bill")
        bill_id = self._bill()
        self._import()

        rule = project.plan_id.applicability_ids
        rule.applicability = "optional"
        self._look_away(rule)
        self._import()

        self.assertEqual(self._move(bill_id).state, "posted")

    # === CONFIRMING === #

    def test_approval_of_another_addon_leaves_a_request_and_is_waited_for(self):
        self._refuse_orders(lambda order: not order.partner_ref)
        order_id = self._order()
        record, order = self._order_record(order_id), self._purchase(order_id)
        self.assertEqual(self._codes(record), {"confirmation_refused"})
        self.assertIn("needs to be validated", record.hold_reason)
        self.assertEqual(order.state, "draft")

        order.partner_ref = "validated"
        self._import()

        self.assertEqual((record.state, order.state), ("done", "purchase"))
        self.assertEqual(self._purchase(order_id), order)

    def test_orders_beside_a_refused_one_are_confirmed(self):
        bad = self.dataset.add_order()
        good = [self.dataset.add_order() for _number in range(3)]
        number = self.dataset.order(bad).number
        self._refuse_orders(lambda order: number in order.origin)
        self._synchronise()

        self.assertEqual(self._purchase(bad).state, "draft")
        for order_id in good:
            self.assertEqual(self._purchase(order_id).state, "purchase")

    def test_double_validation_of_odoo_leaves_the_order_to_be_approved(self):
        self.company.write(
            {"po_double_validation": "two_step", "po_double_validation_amount": 0.01}
        )
        self.connection.user_id = self._buyer()
        order_id = self._order()
        record, order = self._order_record(order_id), self._purchase(order_id)
        self.assertEqual(self._codes(record), {"confirmation_refused"})
        self.assertEqual(order.state, "to approve")
        self.assertIn(order.name, record.hold_reason)

        order.button_approve()
        self._import()

        self.assertEqual((record.state, order.state), ("done", "purchase"))

    def test_revision_of_an_unconfirmed_order_is_followed_and_confirmed(self):
        self._refuse_orders(lambda order: order.amount_total > 1)
        order_id = self._order()
        order = self._purchase(order_id)
        self.assertEqual(order.state, "draft")

        self.refusals.clear()
        self.dataset.revise_order(order_id, quantity=Decimal(7))
        self._synchronise()

        self.assertEqual(
            (order.state, order.order_line[0].product_qty), ("purchase", 7)
        )

    def test_bill_of_an_unconfirmed_order_is_linked_to_it(self):
        self._refuse_orders()
        order_id = self._order()
        bill_id = self.dataset.bill_order(order_id)
        self._synchronise()

        lines = self._move(bill_id).invoice_line_ids.purchase_line_id
        self.assertEqual(lines.order_id, self._purchase(order_id))

    # === THE DATABASE === #

    def test_required_column_of_another_addon_is_one_issue_in_words(self):
        self.env.cr.execute(
            "ALTER TABLE account_move ADD COLUMN x_needed varchar NOT NULL DEFAULT '';"
            "ALTER TABLE account_move ALTER COLUMN x_needed DROP DEFAULT"
        )
        bills = [self.dataset.add_bill("plain") for _number in range(3)]
        with self.assertNoLogs("odoo.sql_db", logging.ERROR):
            self._synchronise()

        records = self.env["procurify.record"].union(
            *(self._record("bill", bill_id) for bill_id in bills)
        )
        self.assertEqual(records.issue_ids.mapped("code"), ["odoo_refused"])
        self.assertIn("Missing required value", records.issue_ids.message)
        self.assertIn("x_needed", records.issue_ids.message)

    def test_required_column_holds_orders_requests_and_products_as_well(self):
        self.connection.requisition_policy = "rfq"
        self.connection.product_policy = "create"
        orders = "purchase_order"
        add_order = self.dataset.add_order
        cases = (
            (orders, lambda: ("purchase_order", add_order())),
            ("purchase_order_line", lambda: ("purchase_order", add_order())),
            (orders, lambda: ("requisition", self.dataset.add_requisition("approved"))),
            (
                "product_template",
                lambda: ("catalog_item", self.dataset.add_catalog_item("Wanted shim")),
            ),
        )
        for table, add in cases:
            resource, number = add()
            with self.subTest(table=table, resource=resource):
                self.env.cr.execute(
                    f"ALTER TABLE {table} ADD COLUMN x_needed varchar NOT NULL "
                    f"DEFAULT '';"
                    f"ALTER TABLE {table} ALTER COLUMN x_needed DROP DEFAULT"
                )
                with self.assertNoLogs("odoo.sql_db", logging.ERROR):
                    self._synchronise()
                record = self._record(resource, number)
                self.assertEqual(self._codes(record), {"odoo_refused"})
                self.assertIn("x_needed", record.hold_reason)
                self.assertFalse(record.res_id)

                self.env.cr.execute(f"ALTER TABLE {table} DROP COLUMN x_needed")
                record.action_replay()
                self.assertEqual(record.state, "done", record.hold_reason)

    def test_error_that_nobody_foresaw_is_reported_and_tried_again_every_day(self):
        moves, failing = type(self.env["account.move"]), [True]
        create = moves.create

        def created(moves, vals_list):
            if failing:
                raise ValueError("name 'supplier' is not defined")
            return create(moves, vals_list)

        self.patch(moves, "create", created)
        bill_id = self._bill()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"unexpected"})
        self.assertIn("name 'supplier' is not defined", record.hold_reason)

        failing.clear()
        self._healing().retried_at = fields.Datetime.now() - timedelta(days=2)
        self._import()

        self.assertEqual(record.state, "done")

    # === LOCKS === #

    def test_order_that_a_setting_locked_is_revised_and_locked_again(self):
        self.company.po_lock = "lock"
        order_id = self._order()
        order = self._purchase(order_id)
        self.assertTrue(order.locked)

        for quantity in (7, 8):
            self.dataset.revise_order(order_id, quantity=Decimal(quantity))
            self._synchronise()
            self.assertEqual(self._order_record(order_id).hold_reason, "")
            self.assertEqual(order.order_line[0].product_qty, quantity)
            self.assertTrue(order.locked)

    def test_order_that_a_person_confirmed_under_the_setting_is_revised(self):
        self.company.po_lock = "lock"
        self.connection.order_policy = "rfq"
        order_id = self._order()
        order = self._purchase(order_id)
        order.button_confirm()
        self.assertTrue(order.locked)

        self.dataset.revise_order(order_id, quantity=Decimal(7))
        self._synchronise()

        self.assertEqual((order.order_line[0].product_qty, order.locked), (7, True))

    def test_cancelled_order_that_a_setting_locked_is_cancelled(self):
        self.company.po_lock = "lock"
        order_id = self._order()

        self.dataset.cancel_order(order_id)
        self._synchronise()

        self.assertEqual(self._purchase(order_id).state, "cancel")

    # === WHAT IS ARCHIVED === #

    def test_archived_journal_puts_on_hold_until_it_is_back(self):
        journal = self.company_data["default_journal_purchase"].copy()
        self.connection.journal_id = journal
        journal.active = False
        bill_id = self._bill()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"wrong_target"})
        self.assertIn(journal.display_name, record.hold_reason)

        journal.active = True
        self._import()

        self.assertEqual(self._move(bill_id).journal_id, journal)

    def test_archived_vendor_puts_bills_orders_and_refunds_on_hold(self):
        bills = [self.dataset.add_bill(each) for each in ("plain", "credit")]
        order_id = self.dataset.add_order()
        vendors = {self.dataset.bill(bill_id).vendor_id for bill_id in bills}
        vendors.add(self.dataset.order(order_id).vendor_id)
        for vendor_id in vendors:
            record = self._record("vendor", vendor_id)
            self.env["res.partner"].browse(record.res_id).active = False
        self._synchronise()

        held = [self._record("bill", bill_id) for bill_id in bills]
        for record in (*held, self._order_record(order_id)):
            self.assertEqual(self._codes(record), {"wrong_target"})
            self.assertFalse(record.res_id)

    def test_archived_vendor_holds_a_requisition_until_it_is_back(self):
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition("approved")
        partners = self.env["res.partner"]
        for line in self.dataset.requisition_lines(number):
            vendor = self._record("vendor", line.vendor_id)
            partners |= partners.browse(vendor.res_id)
        partners.active = False
        self._synchronise()
        record = self._record("requisition", number)
        self.assertEqual(self._codes(record), {"wrong_target"})
        self.assertFalse(record.res_id)

        partners.active = True
        self._import()

        self.assertEqual(record.state, "done", record.hold_reason)

    def test_archived_analytic_account_puts_on_hold_until_it_is_back(self):
        bill_id = self.dataset.add_bill("plain", code="6200")
        centres = self.env["account.analytic.account"].search(
            [("plan_id", "in", [plan.id for plan in self.plans.values()])]
        )
        centres.active = False
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"wrong_target"})

        centres.active = True
        self._import()

        self.assertEqual(record.state, "done")

    def test_archived_rounding_account_puts_on_hold(self):
        account = self._account("6999")
        self.connection.rounding_account_id = account
        account.active = False
        bill_id = self.dataset.add_bill("plain")
        self._fetch()
        record = self._record("bill", bill_id).sudo()
        payload = json.loads(record.payload)
        total = Decimal(payload["total_cost_with_tax"]) + Decimal("0.01")
        record.payload = json.dumps(payload | {"total_cost_with_tax": str(total)})
        self._import()

        self.assertEqual(self._codes(self._record("bill", bill_id)), {"wrong_target"})

    # === HELPERS === #

    def _bill(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        return bill_id

    def _order(self):
        order_id = self.dataset.add_order()
        self._synchronise()
        return order_id

    def _order_record(self, order_id):
        return self._record("purchase_order", order_id)

    def _purchase(self, order_id):
        return self.env["purchase.order"].browse(self._order_record(order_id).res_id)

    def _refuse_bills(self, refuses=lambda move: True):
        """Let Odoo refuse to post drafts that ``refuses``, until that is cleared."""
        self.refusals.setdefault("account.move", UserError("not today"))
        self._refuse("account.move", "_post", refuses)

    def _refuse_orders(self, refuses=lambda order: True):
        error = ValidationError("This order needs to be validated.")
        self.refusals["purchase.order"] = error
        self._refuse("purchase.order", "button_confirm", refuses)

    def _refuse(self, model, name, refuses):
        documents = type(self.env[model])
        original, refusals = getattr(documents, name), self.refusals

        def refusing(documents, *args, **kwargs):
            if model in refusals and any(map(refuses, documents)):
                raise refusals[model]
            return original(documents, *args, **kwargs)

        self.patch(documents, name, refusing)

    def _mandatory_plan(self, *domains):
        """Return an account of a plan that Odoo wants on these documents."""
        plan = self.env["account.analytic.plan"].create(
            {
                "name": "Projects",
                "applicability_ids": [
                    fields.Command.create(
                        {"business_domain": domain, "applicability": "mandatory"}
                    )
                    for domain in domains
                ],
            }
        )
        return self.env["account.analytic.account"].create(
            {"name": "Plant 4", "plan_id": plan.id, "company_id": self.company.id}
        )

    def _with(self, project, line):
        """Return what a person enters on a line: its distribution and the project."""
        return {
            f"{key},{project.id}": share
            for key, share in (line.analytic_distribution or {}).items()
        } or {str(project.id): 100}

    def _buyer(self):
        return new_test_user(
            self.env,
            "buyer",
            "purchase.group_purchase_user,account.group_account_invoice,"
            "analytic.group_analytic_accounting,base.group_partner_manager,"
            "product.group_product_manager",
            company_id=self.company.id,
            company_ids=[fields.Command.set(self.company.ids)],
        )

    def _healing(self):
        return (
            self.env["procurify.healing"]
            .sudo()
            .search([("connection_id", "=", self.connection.id)])
        )

    def _look_away(self, changed=None):
        """Let nothing count as changed by now but ``changed``; return the watermark."""
        healing = self._healing()
        healing.watermark = fields.Datetime.now() + timedelta(days=1)
        self.env.flush_all()
        if changed:
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET write_date = %s WHERE id = %s",
                    SQL.identifier(changed._table),
                    healing.watermark,
                    changed.id,
                )
            )
        return healing
