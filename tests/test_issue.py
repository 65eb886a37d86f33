"""An issue shows what it affects and what may resolve it; one click resolves it."""

import json
import os
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.importers.issues import Hold

from .common import ProcurifyCommon

# Of one click: more than two hundred are left to the import cron.
MANY = int(os.environ.get("PROCURIFY_BLOCKED_BILLS", "50"))


@tagged("post_install", "-at_install", "procurify")
class TestIssue(ProcurifyCommon):
    master_data_ready = True

    # === DOCUMENTS AFFECTED === #

    def test_issue_counts_documents_amounts_and_age(self):
        self._hold("7450", 3)
        [issue] = self._records("bill").issue_ids
        old = fields.Date.context_today(issue) - timedelta(days=12)
        for bill, (amount, currency, date) in zip(
            self._records("bill"),
            [(81000.5, "CAD", old), (240, "CAD", False), (1200, "USD", False)],
            strict=True,
        ):
            bill.sudo().write(
                {
                    "remote_amount": amount,
                    "remote_currency": currency,
                    "remote_date": date or fields.Date.today(),
                }
            )
        issue.invalidate_recordset()

        self.assertEqual(issue.record_count, 3)
        self.assertEqual(issue.blocked_amount, "CAD 81,240.50 · USD 1,200.00")
        self.assertEqual((issue.oldest_date, issue.age_days), (old, 12))

    def test_issues_are_listed_by_amount_in_the_companys_currency(self):
        own = self.company.currency_id
        foreign = self.env.ref("base.SEK")
        self.assertNotEqual(own, foreign)
        foreign.rate_ids.unlink()
        rate = {"currency_id": foreign.id, "name": "2020-01-01", "rate": 10}
        self.env["res.currency.rate"].create(rate)
        for code in ("7450", "7451", "7452"):
            self._hold(code, 1)
        amounts = [(700, own), (9000, foreign), (-800, own)]
        bills = self._records("bill").sorted("id")
        for bill, (amount, currency) in zip(bills, amounts, strict=True):
            bill.sudo().write(
                {"remote_amount": amount, "remote_currency": currency.name}
            )

        for order, wanted in (
            ("state, blocked_amount desc", (1, 2, 0)),
            ("blocked_amount", (0, 2, 1)),
        ):
            found = self.env["procurify.issue"].search(
                [("id", "in", bills.issue_ids.ids)], order=order
            )
            self.assertEqual(found.ids, [bills[n].issue_ids.id for n in wanted])

    def test_issues_of_a_page_are_counted_as_sets(self):
        for code in ("7450", "7451", "7452"):
            self._hold(code, 1)
        issues = self.env["procurify.issue"].browse(self._records("bill").issue_ids.ids)
        self.assertEqual(len(issues), 3)
        issues.mapped("blocked_amount")  # what anybody's first look reads

        one = self._queries(lambda: issues[0].browse(issues[0].id).blocked_amount)
        three = self._queries(lambda: issues.mapped("blocked_amount"))

        self.assertEqual(one, three)

    # === WORDS === #

    def test_amounts_in_a_message_have_the_format_of_the_users_language(self):
        issue = (
            self.env["procurify.issue"]
            .sudo()
            .create(
                {
                    "connection_id": self.connection.id,
                    "code": "total_mismatch",
                    "key": "bill/1",
                    "params": {"expected": "10630.69 EUR", "found": "10635.69 EUR"},
                }
            )
        )
        self.assertEqual(
            issue.message,
            "Procurify's total is EUR 10,630.69, but its lines add up to "
            "EUR 10,635.69 (difference 5.00).",
        )

        self.env["res.lang"]._activate_lang("de_DE")
        self.assertIn("EUR 10.630,69", issue.with_context(lang="de_DE").message)

    def test_total_without_a_currency_is_formatted_too(self):
        params = {"expected": "1000", "found": "-1001.5"}
        text = self.env["procurify.issue"]._message("odoo_total_mismatch", params)
        self.assertEqual(
            text,
            "Procurify's total is 1,000, but Odoo computes -1,001.5 "
            "(difference 2,001.5).",
        )

    def test_an_issue_about_one_document_is_called_by_its_number(self):
        self._hold("7450", 1)
        bill = self._records("bill")
        issues = self.env["procurify.issue"].sudo()
        issues = issues.create(
            [
                {
                    "connection_id": self.connection.id,
                    "code": "total_mismatch",
                    "key": key,
                    "params": {"expected": "1", "found": "2"},
                }
                for key in (f"bill/{bill.external_id}", "bill/404", "7450")
            ]
        ).with_user(self.env.user)

        self.assertTrue(bill.name)
        self.assertEqual(
            [issue.display_name.split(": ")[1] for issue in issues],
            [bill.name, "bill/404", "7450"],
        )

    # === CANDIDATES === #

    def test_candidates_of_an_account_have_a_reason(self):
        same = self._account("9000", name="Travel and lodging")
        zeros = self._account("745000")
        archived = self._account("745100", active=False)
        self._account("745200", account_type="liability_payable")
        self._hold("7450", 1)
        [master] = self._records("account_code", code="7450")
        payload = json.loads(master.payload) | {"description": "travel AND lodging"}
        master.sudo().payload = json.dumps(payload)

        found = master.issue_ids.candidates

        reasons = {row["res_id"]: row["reason"] for row in found}
        self.assertEqual(reasons.get(same.id), "same_name")
        self.assertEqual(reasons.get(zeros.id), "similar")
        self.assertEqual(reasons.get(archived.id), "archived")
        self.assertLessEqual(len(found), 5)
        [row] = [row for row in found if row["res_id"] == archived.id]
        self.assertFalse(row["usable"])
        self.assertEqual(
            master.issue_ids.suggestion, f"{same.display_name} (same name)"
        )

    def test_candidate_that_is_another_vendor_already_says_so(self):
        other, vendor = self._records("vendor", state="done")[:2].sudo()
        self.env["res.partner"].browse(vendor.res_id).active = False
        vendor.res_id = False
        partner, _twin = self.env["res.partner"].create(
            [{"name": vendor.name.upper(), "city": city} for city in ("Leeds", "York")]
        )
        vendor.action_replay()
        issue = vendor.issue_ids
        self.assertEqual(issue.code, "ambiguous_vendor")
        other.res_id = partner.id

        [row] = [r for r in issue.candidates if r["res_id"] == partner.id]

        self.assertEqual(row["reason"], "same_name")
        self.assertEqual(row["taken_by"], other.display_name)
        self.assertIn("Leeds", row["name"])

    def test_nobody_is_suggested_what_may_not_be_read(self):
        account = self._account("745000", name="The board's secret")
        self._hold("7450", 1)
        issue = self._records("bill").issue_ids
        self.assertIn(account.id, [row["res_id"] for row in issue.candidates])
        reviewer = self._reviewer()
        self.env["ir.rule"].create(
            {
                "name": "hidden",
                "model_id": self.env.ref("account.model_account_account").id,
                "domain_force": f"[('id', '!=', {account.id})]",
            }
        )

        seen = issue.with_user(reviewer)

        self.assertNotIn("secret", str(seen.candidates))
        self.assertNotIn("secret", seen.suggestion or "")
        with self.assertRaises(AccessError):
            seen.action_resolve(account.id)

    # === RESOLVING === #

    def test_one_click_maps_replays_and_shows_the_result(self):
        bills = self._hold("7450", 3)
        account = self._account("745000")
        issue = self._records("bill").issue_ids
        other_reason = self._record("bill", bills[0])
        other_reason.sudo().payload = other_reason.payload.replace(
            '"items": [', '"items": "nonsense", "x": [', 1
        )

        told = issue.action_resolve(account.id)

        self.assertEqual(issue.reference_id.origin, "manual")
        self.assertEqual(issue.state, "resolved")
        message = told["params"]["message"]
        self.assertIn("Documents in Odoo: 2", message)
        self.assertIn("Still on hold: 1", message)

    def test_queries_of_a_resolve_grow_as_those_of_an_import(self):
        """What resolving adds to importing the same bills does not depend on them."""
        extra = {}
        for count, code in ((5, "7450"), (MANY, "7460")):
            self._hold(code, count)
            account = self._account(f"9{code}")
            # As a click gives it: what reads ahead goes with the cache otherwise.
            issue = self.env["procurify.issue"].browse(
                self._records("bill", state="quarantined").issue_ids.ids
            )
            resolving = self._queries(lambda c=issue, a=account: c.action_resolve(a.id))
            for _number in range(count):
                self.dataset.add_bill("plain", code=code)
            self._fetch()
            pending = self._records("bill", state="pending").sudo()
            (self._records(state="pending").sudo() - pending)._import()
            self.assertEqual(len(pending), count)
            importing = self._queries(pending._import)
            self.assertEqual(set(pending.mapped("state")), {"done"})
            extra[count] = resolving - importing

        self.assertLess(extra[MANY] - extra[5], 20, extra)

    def test_resolve_imports_only_what_is_cured(self):
        """A document with another issue, too, only loses this one."""
        [cured] = self._hold("7450", 1)
        held = self.dataset.add_bill("unknown_department", code="7450")
        self._synchronise()
        other = self._record("bill", held)
        issue = self._record("bill", cured).issue_ids
        self.assertLess(issue, other.issue_ids)
        others = other.issue_ids - issue
        audited = len(self._audited("held", other))

        issue.action_create_missing()

        self.assertEqual(self._record("bill", cured).state, "done")
        self.assertEqual((other.state, other.issue_ids), ("quarantined", others))
        self.assertEqual(issue.state, "resolved")
        self.assertEqual(len(self._audited("held", other)), audited + 1)
        self.assertFalse(self._audited("replayed", other))

    def test_issue_without_reference_replays_its_documents(self):
        bill_id = self.dataset.add_bill("plain")
        self._fetch()
        record = self._record("bill", bill_id)
        record = record.sudo()
        record._quarantine({record: [Hold("odoo_refused", "bill/1", {"value": "No"})]})
        self.assertFalse(record.issue_ids.reference_id)

        record.issue_ids.action_resolve()

        self.assertEqual(record.state, "done", record.hold_reason)

    # === CREATING === #

    def test_missing_account_is_created_from_the_issue(self):
        bills = self._hold("7450", 2)
        issue = self._records("bill").issue_ids
        self.assertTrue(issue.can_create)

        issue.action_create_missing()

        account = self._move(bills[0]).invoice_line_ids.account_id
        self.assertEqual(account.code, "7450")
        self.assertEqual(account.internal_group, "expense")
        self.assertEqual(issue.reference_id.origin, "manual")
        self.assertEqual(set(self._records("bill").mapped("state")), {"done"})
        accounts = self.env["account.account"].search_count([])
        issue.action_create_missing()  # who clicks twice makes no second one
        self.assertEqual(self.env["account.account"].search_count([]), accounts)

    def test_inactive_currency_is_activated_from_the_issue(self):
        bill_id = self.dataset.add_bill("inactive_currency")
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"inactive_currency"})

        record.issue_ids.action_create_missing()

        self.assertTrue(self.env.ref("base.SEK").active)
        self.assertEqual(record.state, "done")

    def test_missing_tax_is_created_from_the_issue(self):
        bill_id = self.dataset.add_bill("unknown_tax")
        self._synchronise()
        record = self._record("bill", bill_id)

        record.issue_ids.action_create_missing()

        self.assertEqual(record.state, "done", record.hold_reason)
        [master] = self._records("tax", origin="manual")
        tax = self.env["account.tax"].browse(master.res_id)
        self.assertIn(tax, self._move(bill_id).invoice_line_ids.tax_ids)
        self.assertEqual((tax.name, tax.type_tax_use), (master.name, "purchase"))

    def test_missing_vendor_and_department_are_created_from_their_issues(self):
        self.connection.vendor_policy = "hold"
        bill_id = self.dataset.add_bill("unknown_department")
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertIn("unknown_department", self._codes(record))

        record.issue_ids.filtered("can_create").action_create_missing()

        self.assertEqual(record.state, "done", record.hold_reason)

    def test_department_without_a_plan_asks_for_the_plan(self):
        self.dataset.add_bill("unknown_department")
        self._synchronise()
        issue = self._records("bill").issue_ids
        self.connection.department_plan_id = False

        with self.assertRaisesRegex(UserError, "plan"):
            issue.action_create_missing()

    # === RIGHTS === #

    def test_reviewer_without_accounting_rights_routes_and_creates_nothing(self):
        self._hold("7450", 1)
        reviewer = self._reviewer()
        issue = self._records("bill").issue_ids.with_user(reviewer)
        accounts = self.env["account.account"].search_count([])

        self.assertEqual(issue.record_count, 1)
        self.assertFalse(issue.can_create)
        with self.assertRaises(AccessError):
            issue.action_create_missing()
        issue.user_id = reviewer
        with self.assertRaises(AccessError):
            issue.code = "unknown_vendor"

        self.assertEqual(self.env["account.account"].search_count([]), accounts)
        self.assertEqual(issue.activity_ids.user_id, reviewer)

    def test_resolved_issue_closes_the_to_do(self):
        self._hold("7450", 1)
        issue = self._records("bill").issue_ids
        first, second = self._reviewer("first"), self._reviewer("second")
        issue.user_id = first
        issue.user_id = second
        self.assertEqual(issue.activity_ids.user_id, second, "one to-do, not two")

        issue.action_create_missing()

        self.assertEqual(issue.state, "resolved")
        self.assertFalse(issue.activity_ids)

    # === HELPERS === #

    def _hold(self, code, count):
        """Hold ``count`` bills for an account code that the chart does not have."""
        if code not in [account.code for account in self.dataset.account_codes()]:
            self.dataset.add_account_code(code, f"Unknown {code}")
        bills = [self.dataset.add_bill("plain", code=code) for _n in range(count)]
        self._synchronise()
        for bill_id in bills:
            self.assertEqual(self._record("bill", bill_id).state, "quarantined")
        return bills

    def _audited(self, event, record):
        rows = self.env["procurify.audit"].search([("event", "=", event)])
        return rows.filtered(
            lambda row: (row.res_model, row.res_id) == (record._name, record.id)
        )

    def _reviewer(self, login="reviewer", groups=""):
        return new_test_user(
            self.env,
            login,
            groups=f"procurify_connector.group_user{groups}",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

    def _queries(self, action):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        action()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before
