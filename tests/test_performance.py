"""The connector's own work costs the same number of queries for one or many."""

from collections import Counter
from pathlib import Path
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.procurify_connector.importers.bills.importer import BillImport
from odoo.addons.procurify_connector.importers.draft import ImportBatch

from .common import ProcurifyCommon

#: Bytes of code that every page of Odoo's backend loads for this addon.
MOST_BACKEND_BYTES = 12_000


@tagged("post_install", "-at_install", "procurify")
class TestPerformance(ProcurifyCommon):
    def test_checking_bills_costs_the_same_for_one_or_many(self):
        bills = [self.dataset.add_bill("several_lines") for _number in range(40)]
        self._fetch()
        self._records().filtered(lambda r: r.resource != "bill").sudo()._import()
        records = self._records("bill").sudo()
        self._queries_of_check(records)  # stages the taxes that they mention

        few = self._queries_of_check(records[:2])
        many = self._queries_of_check(records)

        self.assertEqual(len(records), len(bills))
        self.assertLessEqual(many, few + 3)

    def test_looking_at_unchanged_orders_again_costs_the_same_for_one_or_many(self):
        for _number in range(30):
            self.dataset.add_order("several_lines")
        self._synchronise()
        orders = self._records("purchase_order").sudo()
        self.assertEqual(len(orders), 30)

        few = self._queries_of_import(orders[:2])
        many = self._queries_of_import(orders)

        self.assertLessEqual(many, few + 5)

    def test_checking_linked_bills_costs_the_same_for_one_or_many(self):
        for _number in range(30):
            order_id = self.dataset.add_order("plain")
            self.dataset.bill_order(order_id, {0: 1})
        self._fetch()
        self._records().filtered(lambda r: r.resource != "bill").sudo()._import()
        records = self._records("bill").sudo()
        self._queries_of_check(records)

        few = self._queries_of_check(records[:2])
        many = self._queries_of_check(records)

        self.assertLessEqual(many, few + 5)

    def test_noting_what_bills_name_costs_the_same_for_one_or_many(self):
        for _number in range(30):
            self.dataset.add_bill("several_lines")
        self._synchronise()
        records = self._records("bill").sudo()
        mentions = self.env["procurify.mention"].sudo()

        for again in (False, True):
            if not again:
                mentions.search([]).unlink()
            few = self._queries_of_mention(records[:2])
            many = self._queries_of_mention(records[2:])
            with self.subTest(again=again):
                self.assertEqual((few, many), (1, 1))
        self.assertGreater(mentions.search_count([]), 3 * len(records))

    def test_importing_bills_costs_the_same_for_one_ten_or_a_hundred(self):
        for _number in range(111):
            self.dataset.add_bill("plain")
        self._fetch()
        self._records().filtered(lambda r: r.resource != "bill").sudo()._import()
        bills = self._records("bill").sudo()
        self._queries_of_check(bills)  # stages the taxes that they name

        one, ten, hundred = (
            self._own_statements(batch)
            for batch in (bills[:1], bills[1:11], bills[11:])
        )

        self.assertEqual(len(bills[11:]), 100)
        self.assertEqual(set(bills.mapped("state")), {"done"})
        self._assert_alike(one, ten)
        self._assert_alike(ten, hundred)

    def test_revising_another_bill_costs_few_queries(self):
        for _number in range(40):
            self.dataset.add_bill("several_lines")
        self._synchronise()
        bills = self._records("bill").sudo()
        self.assertEqual(set(bills.mapped("state")), {"done"})
        self._queries_of_revision(bills[:5])  # fills caches

        few = self._queries_of_revision(bills[5:10])
        many = self._queries_of_revision(bills[10:])

        # A write of the lines of each would take some thirty.
        self.assertLess((many - few) / (len(bills) - 10 - 5), 6)

    def _queries_of_revision(self, records):
        """Revise a line of each, and import them all again."""
        amounts = {}
        for record in records:
            bill_id = int(record.external_id)
            amounts[bill_id] = self._move(record).amount_total
            self.dataset.revise_bill(bill_id, item=0, unit_cost="1234.56")
        self._fetch()
        self.assertEqual(set(records.mapped("state")), {"pending"})
        queries = self._queries_of_import(records)
        self.assertEqual(set(records.mapped("state")), {"done"})
        for record in records:
            total = self._move(record).amount_total
            self.assertNotEqual(total, amounts[int(record.external_id)])
        return queries

    def _move(self, record):
        return self.env["account.move"].browse(record.res_id)

    def test_importing_orders_costs_the_same_for_one_ten_or_a_hundred(self):
        for _number in range(131):
            self.dataset.add_order("plain")
        self._fetch()
        self._records().filtered(lambda r: r.role == "master").sudo()._import()
        orders = self._records("purchase_order").sudo()
        orders[:20]._import()  # stages the units that they name

        one, ten, hundred = (
            self._own_statements(batch)
            for batch in (orders[20:21], orders[21:31], orders[31:])
        )

        self.assertEqual(len(orders[31:]), 100)
        self.assertEqual(set(orders.mapped("state")), {"done"})
        self._assert_alike(one, ten)
        self._assert_alike(ten, hundred)

    def test_staging_costs_the_same_for_one_or_many(self):
        self.connection.page_size = 100
        self.dataset.add_bill("plain")
        self._fetch()
        one = self._queries_of_fetch()
        for _number in range(50):
            self.dataset.add_bill("plain")
        self._fetch()

        many = self._queries_of_fetch()

        self.assertLessEqual(many, one + 3)

    def test_importing_vendors_does_not_search_for_each(self):
        self._fetch()
        vendors = self._records("vendor").sudo()
        self.assertGreater(len(vendors), 30)
        start = self.env.cr.sql_log_count

        vendors._import()
        self.env.flush_all()

        # Odoo's own create of a contact takes some; a search for each would show.
        per_vendor = (self.env.cr.sql_log_count - start) / len(vendors)
        self.assertLess(per_vendor, 5)

    def test_the_audit_costs_the_same_for_one_or_many(self):
        for _number in range(40):
            self.dataset.add_bill("plain")
        self._synchronise()
        records = self._records("bill").sudo()

        few = self._queries_of_audit(records[:2])
        many = self._queries_of_audit(records)

        self.assertLessEqual(many, few)

    def _queries_of_audit(self, records):
        """For a batch that was imported, and for one that is on hold."""
        audit = self.env["procurify.audit"]
        count = audit.search_count([])
        was = {
            record: record._audit_state() | {"imported_at": False} for record in records
        }
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        audit._log_outcome(was, records)
        audit._log_held({record: ["a reason"] for record in records})
        queries = self.env.cr.sql_log_count - start
        self.assertEqual(audit.search_count([]) - count, 2 * len(records))
        return queries

    def test_opening_a_grouped_report_works_it_out_once_for_groups_and_once_for_rows(
        self,
    ):
        for _number in range(5):
            self.dataset.add_bill("several_lines")
        self._synchronise()
        self.env.flush_all()
        self.env.invalidate_all()
        shares = self.env["procurify.share"]

        statements = self._statements(
            lambda: self.assertTrue(
                shares.web_read_group(
                    [],
                    ["currency"],
                    ["amount:sum"],
                    auto_unfold=True,
                    unfold_read_specification={"party": {}, "amount": {}, "date": {}},
                )["groups"][0]["__records"][0]["party"]
            )
        )

        worked_out = [text for text in statements if '"procurify_share"' in text]
        self.assertEqual(len(worked_out), 1 + len(self._currencies()), worked_out)

    def test_shares_of_places_are_split_once_for_documents_that_are_split_alike(self):
        shares = self.env["procurify.share"]

        statements = self._statements(
            lambda: shares.web_read_group([], ["department_id"], ["amount:sum"])
        )

        [added_up] = [text for text in statements if '"procurify_share"' in text]
        self.assertIn("share_count", added_up)
        # Ordering the groups joins no records.
        self.assertNotIn("procurify_share__department_id", added_up)

    def test_open_groups_of_a_report_come_with_it_and_are_the_same(self):
        for scenario in ("plain", "several_lines", "foreign_eur"):
            for _number in range(3):
                order_id = self.dataset.add_order(scenario)
                self.dataset.receive(order_id, quantity=1)
        self.dataset.add_bill("split_departments", code="7450")
        self.dataset.add_bill("foreign_cad", code="7450")
        self._synchronise()
        accruals = self.env["procurify.accrual"]
        shown = ("document", "party", "amount", "account_id", "currency", "open_amount")
        for domain in ([], [("kind", "=", "receipt")], [("id", "=", 0)]):
            for name in ("currency", "party", "kind"):
                for limit in (1, 2, 80):
                    with self.subTest(domain=domain, name=name, limit=limit):
                        self._assert_opens_alike(accruals, domain, name, limit, shown)

    def _assert_opens_alike(self, report, domain, name, limit, shown):
        """Open the groups of a report in one query, and as Odoo does."""

        def opened():
            report.env.invalidate_all()
            found.append(
                report.web_read_group(
                    domain,
                    [name],
                    ["amount:sum", "open_amount:sum"],
                    limit=80,
                    auto_unfold=True,
                    unfold_read_specification={each: {} for each in shown},
                    unfold_read_default_limit=limit,
                )
            )

        found = []
        statements = self._statements(opened)
        with patch.object(type(report), "_counts_with_page", new=False):
            opened()
        table = f'"{report._table}"'
        self.assertEqual(sum(table in text for text in statements), 1)
        one, other = found
        self.assertEqual(one["length"], other["length"])
        fewest = 0 if domain == [("id", "=", 0)] else 1 + (name == "currency")
        self.assertGreaterEqual(len(one["groups"]), fewest)
        for mine, theirs in zip(one["groups"], other["groups"], strict=True):
            self.assertEqual(mine.keys(), theirs.keys())
            for key, value in theirs.items():
                if key.endswith(":sum"):
                    self.assertAlmostEqual(mine[key], value, 6)
                else:
                    self.assertEqual(mine[key], value)

    def test_figures_of_the_dashboard_add_up_before_they_split(self):
        connection = self.connection

        statements = self._statements(lambda: connection.dashboard)

        [figures] = [text for text in statements if '"procurify_share"' in text]
        self.assertIn("share_count", figures)
        accruals = [text for text in statements if '"procurify_accrual"' in text]
        self.assertEqual(len(accruals), 1)

    def test_status_of_documents_is_found_by_the_status_of_the_import(self):
        """The index of what is on hold says it; Odoo's bills need not be read."""
        shares = self.env["procurify.share"].with_context(procurify_whole=True)

        held = shares._search([("document_state", "=", "on_hold")]).where_clause.code
        drafts = shares._search([("document_state", "=", "draft")]).where_clause.code

        self.assertIn("import_state", held)
        self.assertNotIn("document_state", held)
        self.assertIn("import_state", drafts)
        self.assertIn("document_state", drafts)

    def test_report_is_counted_with_its_page(self):
        """What is worked out for a page is not worked out again to count the rows."""
        for scenario in ("partly_received", "fully_received", "foreign_eur"):
            self.dataset.add_order(scenario)
        self.dataset.add_bill("split_departments")
        self._synchronise()
        bills = self.env["account.move"].browse(
            record.res_id for record in self._records("bill").filtered("res_id")
        )
        bills.action_post()
        for name, shown in (
            ("procurify.commitment", "committed"),
            ("procurify.accrual", "amount"),
            ("procurify.payable", "amount"),
        ):
            report = self.env[name]
            count = report.search_count([])
            for limit, wanted in ((1, count), (count, count), (count + 1, count)):
                with self.subTest(report=name, limit=limit):
                    self.assertGreater(count, 1)
                    page = []
                    statements = self._statements(
                        lambda r=report, s=shown, n=limit, p=page: p.append(
                            r.web_search_read([], {s: {}}, limit=n, count_limit=10001)
                        )
                    )
                    self.assertEqual(page[0]["length"], wanted)
                    table = f'"{report._table}"'
                    self.assertEqual(sum(table in text for text in statements), 1)
            page = report.web_search_read([], {shown: {}}, limit=1, count_limit=2)
            self.assertEqual(page["length"], 2)
            page = report.web_search_read([], {shown: {}}, offset=1, limit=1)
            self.assertEqual(page["length"], count)

    def test_opening_findings_reads_what_records_show_three_times(self):
        """For the groups, for the rows of the open one, and for the examples."""
        for _number in range(5):
            self.dataset.add_bill("several_lines")
        self._synchronise()
        self.env.flush_all()
        self.env.invalidate_all()
        findings = self.env["procurify.finding"]
        asked = ("question", "answer", "count", "total_count", "verdict", "example_ids")

        statements = self._statements(
            lambda: findings.web_read_group(
                [("connection_id", "=", self.connection.id)],
                ["connection_id"],
                [],
                auto_unfold=True,
                unfold_read_specification={name: {} for name in asked},
            )
        )

        looked_up = [text for text in statements if "procurify_shown" in text]
        self.assertEqual(len(looked_up), 3, looked_up)

    def _currencies(self):
        return set(self._records("bill").mapped("remote_currency"))

    def test_other_apps_load_little_code_of_this_one(self):
        shared = self._bytes_of("web.assets_backend")
        lazy = self._bytes_of("procurify_connector.assets_lazy")

        self.assertLess(0, sum(shared.values()))
        self.assertLessEqual(sum(shared.values()), MOST_BACKEND_BYTES, shared)
        self.assertGreater(len(lazy), 5)
        self.assertFalse(shared.keys() & lazy.keys())

    def _bytes_of(self, bundle):
        """Return {path: size} of this addon's files in ``bundle``."""
        paths = self.env["ir.asset"]._get_asset_paths(bundle, {})
        return {
            path: Path(full_path).stat().st_size
            for path, full_path, _bundle, _modified in paths
            if path.startswith("/procurify_connector/")
        }

    def _queries_of_check(self, records):
        self.env.invalidate_all()
        batch = ImportBatch(records)
        records._parse(batch)
        start = self.env.cr.sql_log_count
        BillImport(self.connection._import_env(), batch).run()
        return self.env.cr.sql_log_count - start

    def _queries_of_mention(self, records):
        batch = ImportBatch(records)
        records._parse(batch)
        BillImport(self.connection._import_env(), batch).run()
        self.env.flush_all()
        start = self.env.cr.sql_log_count
        records._mention(batch.connection, batch.drafts)
        return self.env.cr.sql_log_count - start

    def _queries_of_import(self, records):
        self.env.flush_all()
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        records._import()
        self.env.flush_all()
        return self.env.cr.sql_log_count - start

    def _own_statements(self, records):
        """Return the statements on the connector's own tables that an import takes.

        What Odoo does to create a document is Odoo's, and grows with the documents.
        """
        self.env.flush_all()
        self.env.invalidate_all()

        def work():
            records._import()
            self.env.flush_all()

        return Counter(
            " ".join(statement.split())[:120]
            for statement in self._statements(work)
            if "procurify_" in statement
        )

    def _statements(self, work):
        """Return the SQL that ``work`` executes."""
        found, execute = [], Cursor.execute

        def noted(cursor, query, *arguments, **options):
            found.append(query.code if isinstance(query, SQL) else str(query))
            return execute(cursor, query, *arguments, **options)

        with patch.object(Cursor, "execute", noted):
            work()
        return found

    def _assert_alike(self, few, many):
        """Few may lack what only some documents have; no statement is one per each."""
        extra = {s: n - few[s] for s, n in many.items() if n - few[s] > 3}
        self.assertFalse(extra)
        self.assertLessEqual(many.total(), few.total() + 15)

    def _queries_of_fetch(self):
        self.env.invalidate_all()
        start = self.env.cr.sql_log_count
        self._fetch()
        return self.env.cr.sql_log_count - start
