"""A dry run says what the first import will book, and books nothing."""

import json
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.models.dry_run import procurify_dry_run

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestDryRun(ProcurifyCommon):
    bills = 12

    def setUp(self):
        super().setUp()
        self._fetch()

    def test_dry_run_shows_what_the_import_makes_of_each_document(self):
        self.connection._dry_run()
        lines = self.connection.dry_run_id.line_ids
        told = {line.record_id: line.outcome for line in lines}
        items = self._told_items()

        self._import()

        documents = self._records("bill") | self._records("purchase_order")
        self.assertEqual(
            {record: told[record] for record in documents},
            {record: record.state for record in documents},
        )
        self.assertEqual(items, self._booked_items())
        self.assertTrue(items)

    def test_dry_run_in_many_steps_shows_the_same(self):
        whole = self.connection._dry_run()

        with patch.multiple(procurify_dry_run, STEP_RECORDS=7, IMPORT_BATCH_SIZE=3):
            parts = self.connection._dry_run()

        for name in ("records", "held", "duplicates", "journal_item_count"):
            self.assertEqual(self._sorted(parts[name]), self._sorted(whole[name]), name)

    def test_dry_run_books_nothing(self):
        tables = ("account.move", "purchase.order", "res.partner", "procurify.issue")
        tables += ("procurify.audit", "product.product", "mail.message")
        before = {name: self.env[name].search_count([]) for name in tables}

        self.connection._dry_run()

        after = {name: self.env[name].search_count([]) for name in tables}
        self.assertEqual(after, before)
        self.assertEqual(set(self._records().mapped("state")), {"pending"})

    def test_answer_is_plain_data(self):
        answer = self.connection._dry_run(items=5)

        self.assertEqual(json.loads(json.dumps(answer)), answer)
        self.assertEqual(len(answer["journal_items"]), 5)
        self.assertGreater(answer["journal_item_count"], 5)

    def test_bill_that_odoo_has_already_is_among_the_duplicates(self):
        self.connection._dry_run()
        lines = self.connection.dry_run_id.line_ids
        record = lines.filtered("item_ids")[0].record_id
        number = record._preview()[0]["booked"]["reference"]
        partner = self.env["res.partner"].create({"name": "Known for long"})
        vendor = self._records("vendor", name=record.remote_party)
        vendor.write({"res_model": "res.partner", "res_id": partner.id})
        self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": partner.id,
                "ref": number,
                "company_id": self.company.id,
            }
        )

        answer = self.connection._dry_run()

        (duplicate,) = answer["duplicates"]
        self.assertEqual(duplicate["name"], record.display_name)

    def test_what_is_not_mapped_comes_with_a_suggestion(self):
        self.dataset.add_bill("plain", code="7450")
        self._account("7450000", name="Trials")
        self._fetch()

        missing = self.connection._dry_run()["missing_mappings"]

        (code,) = [row for row in missing if "7450" in row["name"]]
        self.assertEqual(code["documents"], 1)
        self.assertIn("Trials", code["suggestion"])

    def test_tax_that_only_documents_name_can_be_mapped_from_the_dry_run(self):
        bill_id = self.dataset.add_bill("unknown_tax")
        self._fetch()
        self.assertFalse(self._records("tax"))
        self.connection._dry_run()
        issues = self.connection.dry_run_issue_ids
        [issue] = issues.filtered(lambda row: row.mapped_resource == "tax")

        action = issue.action_map()

        record = self.env["procurify.record"].browse(action["res_id"])
        self.assertEqual((record.name, record.state), (issue.mapped_name, "pending"))
        self.assertEqual(self._record("bill", bill_id).state, "pending")

    def test_issue_that_no_mapping_resolves_leads_to_where_it_is_resolved(self):
        self.dataset.add_bill("no_allocation")
        self._fetch()
        self.connection._dry_run()
        issues = self.connection.dry_run_issue_ids

        places = {
            issue.code: issue.action_open_place()["res_model"]
            for issue in issues.filtered("has_place")
        }

        self.assertEqual(places["missing_allocation"], "procurify.connection")
        self.assertEqual(places["inactive_currency"], "res.currency")
        for issue in issues - issues.filtered("has_place"):
            with self.assertRaisesRegex(UserError, issue.advice[:20]):
                issue.action_open_place()

    def test_progress_moves_to_its_end(self):
        self.connection.action_dry_run()
        dry_run = self.connection.dry_run_id
        seen = []

        with patch.multiple(procurify_dry_run, STEP_RECORDS=10, STEP_S=0):
            while not seen or seen[-1]["state"] == "running":
                seen.append(dry_run.action_step())

        percents = [progress["percent"] for progress in seen]
        self.assertEqual(percents, sorted(set(percents)))
        self.assertEqual(percents[-1], 100)
        counted = sum(row["count"] for row in seen[-1]["summary"])
        self.assertEqual(counted, len(dry_run.line_ids))

    def test_reviewer_may_look_and_not_run(self):
        self.connection.action_dry_run_master_data()
        reviewer = new_test_user(
            self.env, "looking", groups="procurify_connector.group_user"
        )
        dry_run = self.connection.dry_run_id.with_user(reviewer)

        self.assertEqual(dry_run.with_user(reviewer).scope, "master")
        with self.assertRaises(AccessError):
            dry_run.action_step()
        with self.assertRaises(AccessError):
            self.connection.with_user(reviewer).action_dry_run()

    def _told_items(self):
        items = self.env["procurify.dry.run.item"].search([])
        return sorted(
            (item.account_code, item.label, round(item.balance, 2)) for item in items
        )

    def _booked_items(self):
        bills = self._records("bill", state="done")
        moves = self.env["account.move"].browse(bills.mapped("res_id"))
        return sorted(
            (line.account_id.code, line.name or "", round(line.balance, 2))
            for line in moves.line_ids
            if line.account_id
        )

    def _sorted(self, value):
        return sorted(value, key=str) if isinstance(value, list) else value
