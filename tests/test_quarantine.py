"""What cannot be mapped waits with every issue until it can be mapped."""

import json

from psycopg2.errors import UndefinedTable

from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.tools.concurrency import created_once

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestQuarantine(ProcurifyCommon):
    def test_all_issues_of_a_bill_are_named_at_once(self):
        bill_id = self.dataset.add_bill("three_reasons")
        self._synchronise()

        record = self._record("bill", bill_id)
        expected = self.dataset.expected()[bill_id]
        self.assertEqual(record.state, "quarantined")
        self.assertEqual(len(expected.reasons), 3)
        self.assertEqual(self._codes(record), expected.reasons)
        for issue in record.issue_ids:
            self.assertIn(issue.message, record.hold_reason)
            self.assertTrue(issue.advice)

    def test_one_bill_on_hold_delays_nothing_else(self):
        held = self.dataset.add_bill("unknown_account")
        booked = [self.dataset.add_bill("plain") for _number in range(3)]
        self._synchronise()

        self.assertEqual(self._record("bill", held).state, "quarantined")
        for bill_id in booked:
            self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_replay_after_the_account_is_made(self):
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"unknown_account"})
        self.simulator.stop()  # a replay needs no Procurify

        self._account("7450")
        record.issue_ids.action_resolve()

        self.assertEqual(record.state, "done")
        self.assertFalse(record.issue_ids)
        move = self._move(bill_id)
        self.assertEqual(move.invoice_line_ids.account_id.code, "7450")

    def test_mapping_by_script_releases_the_documents_affected(self):
        bills = [self.dataset.add_bill("plain", code="7450") for _number in range(3)]
        self._synchronise()
        held = self._records("bill")
        self.assertEqual(set(held.mapped("state")), {"quarantined"})
        self.assertEqual(len(held.issue_ids), 1, "one issue for the three of them")
        issue = held.issue_ids
        self.assertEqual((issue.code, issue.key), ("unknown_account", "7450"))
        self.assertEqual(issue.record_count, 3, "three bills")

        account = self._account("9000")
        [master] = self._records("account_code", code="7450")
        self._map(master, account)

        self.assertEqual(master.state, "done")
        self.assertEqual(master.origin, "manual")
        for bill_id in bills:
            move = self._move(bill_id)
            self.assertEqual(move.invoice_line_ids.account_id, account)
        self.assertEqual(issue.state, "resolved")

    def test_everything_on_hold_is_replayed_with_one_click(self):
        bills = [self.dataset.add_bill("plain", code="7450") for _number in range(2)]
        bills.append(self.dataset.add_bill("total_off"))
        self._synchronise()
        self.simulator.stop()
        self._account("7450")
        reviewer = new_test_user(
            self.env,
            "replays",
            "procurify_connector.group_user",
            company_id=self.company.id,
        )

        self.connection.with_user(reviewer).action_replay_held()
        self._import()

        states = [self._record("bill", bill_id).state for bill_id in bills]
        self.assertEqual(states, ["done", "done", "quarantined"])
        outsider = new_test_user(self.env, "outside", "base.group_user")
        with self.assertRaises(AccessError):
            self.connection.with_user(outsider).action_replay_held()

    def test_replay_of_an_unmapped_bill_tries_its_references_again(self):
        bill_id = self.dataset.add_bill("plain", code="7450")
        sibling = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        record = self._record("bill", bill_id)
        self._account("7450")

        record.action_replay()

        self.assertEqual(record.state, "done")
        self.assertEqual(self._record("bill", sibling).state, "done")

    def test_replay_without_a_cure_changes_nothing_in_the_books(self):
        bill_id = self.dataset.add_bill("unknown_account")
        self._synchronise()
        record = self._record("bill", bill_id)
        before = self.env["account.move"].search_count([])
        codes = self._codes(record)

        record.action_replay()

        self.assertEqual(record.state, "quarantined")
        self.assertEqual(self._codes(record), codes)
        self.assertEqual(self.env["account.move"].search_count([]), before)

    def test_replay_of_a_booked_bill_is_harmless(self):
        bill_id = self.dataset.add_bill("several_lines")
        self._synchronise()
        move = self._move(bill_id)
        written = self._age(move)

        self._record("bill", bill_id).action_replay()

        self.assertEqual(self._move(bill_id), move)
        self.assertEqual(self._record("bill", bill_id).state, "done")
        self.assertEqual(move.write_date, written)

    def test_ignored_bill_stays_out_until_it_is_replayed(self):
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        record = self._record("bill", bill_id)

        record.action_ignore()
        self._account("7450")
        self.dataset.touch(bill_id)
        self._synchronise()

        self.assertEqual(record.state, "ignored")
        self.assertFalse(record.issue_ids)
        record.action_replay()
        self.assertEqual(record.state, "done")

    def test_booked_bill_cannot_be_ignored(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()

        with self.assertRaises(UserError):
            self._record("bill", bill_id).action_ignore()

    def test_unknown_department_is_on_hold_or_made_by_policy(self):
        bill_id = self.dataset.add_bill("unknown_department")
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"unknown_department"})

        self.connection.department_policy = "create"
        self._import()

        self.assertEqual(record.state, "done")
        made = self._records("department", origin="created").mapped("res_id")
        self.assertEqual(
            self.env["account.analytic.account"].browse(made).plan_id,
            self.plans["department"],
        )

    def test_unknown_department_may_be_booked_without(self):
        bill_id = self.dataset.add_bill("unknown_department")
        self.connection.department_policy = "optional"
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_locations_are_not_booked_without_a_plan(self):
        bill_id = self.dataset.add_bill("plain")
        self.connection.location_plan_id = False
        self._synchronise()

        location = self._records("location")[0]
        self.assertEqual(
            (location.state, location.excluded_rule), ("excluded", "not_tracked")
        )
        line = self._move(bill_id).invoice_line_ids
        self.assertEqual(
            line.distribution_analytic_account_ids.plan_id, self.plans["department"]
        )

    def test_inactive_currency_is_activated_by_a_person(self):
        bill_id = self.dataset.add_bill("inactive_currency")
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"inactive_currency"})

        self.env.ref("base.SEK").active = True
        record.issue_ids.action_resolve()

        self.assertEqual(record.state, "done")
        self.assertEqual(self._move(bill_id).currency_id, self.env.ref("base.SEK"))

    def test_unknown_tax_is_mapped_to_any_tax_of_purchases(self):
        bill_id = self.dataset.add_bill("unknown_tax")
        self._synchronise()
        record = self._record("bill", bill_id)
        issue = record.issue_ids
        self.assertEqual(issue.code, "unknown_tax")
        tax = self.env["account.tax"].create(
            {"name": "Levy", "amount": 3, "type_tax_use": "purchase"}
        )

        issue.action_resolve(res_id=tax.id)

        self.assertEqual(record.state, "done")
        self.assertIn(tax, self._move(bill_id).invoice_line_ids.tax_ids)

    def test_vendor_policy_hold_asks_for_every_new_vendor(self):
        bill_id = self.dataset.add_bill("plain")
        self.connection.vendor_policy = "hold"
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"unknown_vendor"})
        partner = self.env["res.partner"].create({"name": "Somebody Else"})

        record.issue_ids.action_resolve(res_id=partner.id)

        self.assertEqual(self._move(bill_id).partner_id, partner)

    def test_residue_needs_an_account_and_says_why(self):
        bill_id = self.dataset.add_bill("plain")
        record = self._stage_with(bill_id, lambda bill: _add(bill, "0.01"))
        self.assertEqual(self._codes(record), {"total_mismatch"})

        self.connection.rounding_account_id = self._account("6999")
        self._import()

        self.assertEqual(record.state, "done")
        line = self._move(bill_id).invoice_line_ids.filtered(
            lambda line: line.account_id.code == "6999"
        )
        self.assertEqual(line.price_subtotal, 0.01)
        self.assertIn("Procurify's total", line.name)

    def test_deleted_target_is_an_issue_and_not_a_broken_link(self):
        self.connection.order_policy = "none"  # Odoo keeps a contact that has orders
        first = self.dataset.add_bill("plain")
        self._synchronise()
        partner = self._move(first).partner_id
        vendor = self._records("vendor", res_id=partner.id)
        self._move(first).unlink()
        orders = self.env["purchase.order"].search([("partner_id", "=", partner.id)])
        orders.button_cancel()
        orders.unlink()
        partner.unlink()
        again = self._record("bill", first)

        again.action_replay()

        self.assertEqual(again.state, "quarantined")
        self.assertEqual(self._codes(again), {"target_deleted"})
        vendor.action_replay()
        self.assertEqual(self._codes(vendor), {"target_deleted"})

    def test_row_that_another_worker_has_just_made_is_no_documents_fault(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        record = self._record("bill", bill_id)

        with (
            self.assertNoLogs("odoo.sql_db", "ERROR"),
            self.assertRaises(ConcurrencyError),
            self.env.cr.savepoint(),
            created_once(),
        ):
            record.sudo().copy()

    def test_error_that_nobody_handles_is_reported(self):
        with (
            self.assertLogs("odoo.sql_db", "ERROR"),
            self.assertRaises(UndefinedTable),
            self.env.cr.savepoint(),
            created_once(),
        ):
            self.env.cr.execute("SELECT FROM procurify_nowhere")

    def test_unreadable_document_is_on_hold_with_the_field_that_is_wrong(self):
        bill_id = self.dataset.add_bill("plain")
        self.simulator.faults.add(
            path="/api/v2/ap/bills/", kind="patch", set={"items": "nonsense"}
        )
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"invalid_payload"})
        self.assertIn("items", record.hold_reason)

    def test_unreadable_reference_and_figure_are_on_hold_and_spoil_no_other(self):
        good = self.dataset.add_bill("plain")
        bad = [self.dataset.add_bill("plain") for _number in range(2)]
        self._fetch()
        for bill_id, change in zip(bad, (_spoil_branch, _spoil_amount), strict=True):
            record = self._record("bill", bill_id)
            payload = json.loads(record.payload)
            change(payload)
            record.sudo().payload = json.dumps(payload)

        self._import()

        self.assertEqual(self._record("bill", good).state, "done")
        for bill_id in bad:
            record = self._record("bill", bill_id)
            self.assertEqual(self._codes(record), {"invalid_payload"})

    def test_what_odoo_refuses_is_on_hold_with_odoo_s_words(self):
        bill_id = self.dataset.add_bill("plain")
        self.env["account.journal"].search(
            [("type", "=", "purchase"), ("company_id", "=", self.company.id)]
        ).active = False
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"odoo_refused"})
        self.assertIn("journal", record.hold_reason.lower())

    # === RIGHTS === #

    def test_reviewer_maps_and_replays_and_edits_nothing_else(self):
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        reviewer = new_test_user(
            self.env,
            "reviewer",
            groups="procurify_connector.group_user,account.group_account_invoice",
            company_id=self.company.id,
        )
        account = self._account("9000")
        record = self._record("bill", bill_id).with_user(reviewer)
        [master] = self._records("account_code", code="7450").with_user(reviewer)

        for values in ({"state": "done"}, {"payload": "{}"}, {"external_id": "1"}):
            with self.assertRaises(AccessError):
                record.write(values)
        with self.assertRaises(UserError):
            master.write({"res_model": "res.partner", "res_id": 1})
        with self.assertRaises(AccessError):
            record.unlink()
        master.write({"res_model": "account.account", "res_id": account.id})
        master.action_replay()

        self.assertEqual(record.state, "done")

    def test_mapping_that_cannot_be_used_is_refused_with_the_reason(self):
        self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        [master] = self._records("account_code", code="7450")
        payable = self._account("2000", account_type="liability_payable")

        with self.assertRaisesRegex(UserError, "cannot be used"):
            master.write({"res_id": payable.id})

        payable.account_type = "expense"
        payable.active = False
        with self.assertRaisesRegex(UserError, "archived"):
            master.write({"res_id": payable.id})

    def test_ambiguous_vendor_shows_different_names_of_the_candidates(self):
        bill_id = self.dataset.add_bill("twin_vendor")
        self._synchronise()

        reason = self._record("bill", bill_id).hold_reason
        self.assertRegex(reason, r"contact \d+")
        self.assertRegex(reason, r"Procurify vendor \d+")

    def test_strangers_see_nothing(self):
        self.dataset.add_bill("plain")
        self._synchronise()
        for group in ("base.group_user", "base.group_portal"):
            stranger = new_test_user(self.env, group.replace(".", "_"), groups=group)
            for model in ("connection", "stream", "record", "issue"):
                records = self.env[f"procurify.{model}"].with_user(stranger)
                with self.subTest(group), self.assertRaises(AccessError):
                    records.search([])

    def test_import_sees_no_more_than_the_integration_user(self):
        """A hidden account is unknown, and the issue does not show that it exists."""
        account = self._account("7450", name="The board's secret")
        bill_id = self.dataset.add_bill("plain", code="7450")
        user = new_test_user(
            self.env,
            "integration",
            groups=(
                "account.group_account_manager,base.group_partner_manager,"
                "analytic.group_analytic_accounting"
            ),
            company_id=self.company.id,
        )
        self.connection.user_id = user
        self.env["ir.rule"].create(
            {
                "name": "hidden",
                "model_id": self.env.ref("account.model_account_account").id,
                "groups": [(4, self.env.ref("account.group_account_manager").id)],
                "domain_force": f"[('id', '!=', {account.id})]",
            }
        )
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"unknown_account"})
        self.assertNotIn("The board's secret", record.hold_reason)

    def test_integration_user_without_rights_is_reported(self):
        bill_id = self.dataset.add_bill("plain")
        user = new_test_user(
            self.env, "weak", groups="base.group_user", company_id=self.company.id
        )
        self.connection.user_id = user
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(record.state, "quarantined")
        self.assertIn("access_denied", self._codes(record))

    # === HELPERS === #

    def _stage_with(self, bill_id, change):
        """Synchronise, with a bill that Procurify would have sent changed."""
        self._fetch()
        record = self._record("bill", bill_id)
        bill = json.loads(record.payload)
        change(bill)
        record.sudo().payload = json.dumps(bill)
        self._import()
        return record


def _add(bill, cents):
    bill["total_cost_with_tax"] = round(bill["total_cost_with_tax"] + float(cents), 2)


def _spoil_branch(bill):
    allocation = bill["items"][0]["cost_allocations"][0]
    allocation["budget"]["department"]["branch"] = {"id": "no number", "name": "x"}


def _spoil_amount(bill):
    bill["items"][0]["total_cost"] = 1e300
