"""One screen maps everything: by suggestion, by name, in bulk, through a file."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestMapping(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.reviewer = self._reviewer(
            "reviewer", "account.group_account_manager,base.group_allow_export"
        )

    # === SUGGESTIONS === #

    def test_sure_suggestions_are_accepted_and_similar_ones_left(self):
        sure, similar, twice = self._unmap("department", 3)
        self._analytic(sure.name, "department")
        self._analytic(f"{similar.name} (old one)", "department")
        for _number in range(2):
            self._analytic(twice.name, "department")
        records = (sure | similar | twice).with_user(self.reviewer)
        self.assertIn("same name", sure.with_user(self.reviewer).suggestion)
        self.assertIn("similar", similar.with_user(self.reviewer).suggestion)

        told = records.action_accept_suggestions()

        self.assertEqual((sure.state, sure.origin), ("done", "manual"))
        self.assertFalse(similar.res_id)
        self.assertFalse(twice.res_id)
        message = told["params"]["message"]
        self.assertIn("Mapped: 1 of 3", message)
        self.assertIn("only similar: 1", message)
        self.assertIn("several possible matches: 1", message)

    def test_suggestion_that_is_another_one_already_is_left_to_a_person(self):
        first, second = self._unmap("department", 2)
        account = self._analytic(first.name, "department")
        second.sudo().write({"res_id": account.id, "state": "done"})

        first.with_user(self.reviewer).action_accept_suggestions()

        self.assertFalse(first.res_id)
        [row] = [r for r in first.candidates if r["res_id"] == account.id]
        self.assertEqual(row["taken_by"], second.display_name)

    def test_what_has_a_suggestion_can_be_searched(self):
        first, _second = self._unmap("department", 2)
        self._analytic(first.name, "department")
        records = self._records("department").with_user(self.reviewer)

        found = records.search(
            [("suggestion", "!=", False), ("resource", "=", "department")]
        )

        self.assertIn(first, found)
        self.assertEqual(found, records.filtered("suggestion"))
        self.assertNotEqual(found, records)

    def test_suggestions_of_a_page_are_looked_for_as_sets(self):
        records = self._unmap("department", 5)
        for record in records:
            self._analytic(f"{record.name} (old one)", "department")
        records.mapped("suggestion")  # what anybody's first look reads

        def look(rows):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows.browse(rows.ids).mapped("suggestion")
            return self.env.cr.sql_log_count - before

        self.assertEqual(look(records[:2]), look(records))

    # === NAMES AND FILES === #

    def test_mapping_goes_out_and_in_by_name(self):
        self._unmap("department", 2)
        account = self._account("9000")
        [code] = self._records("account_code", code="6200").with_user(self.reviewer)
        currency = self._records("currency", state="done")[:1]
        rows = (code | currency).with_user(self.reviewer)
        fields = ["id", "code", "name", "target_name"]
        exported = rows.export_data(fields)["datas"]
        self.assertEqual([row[3] for row in exported], ["6200", currency.code])

        exported[0][3] = "9000"
        exported[1][3] = ""
        result = rows.load(fields, exported)

        self.assertFalse(result["messages"])
        self.assertEqual(code.res_id, account.id)
        self.assertEqual(code.origin, "manual")
        self.assertFalse(currency.res_id)

    def test_file_that_names_nothing_or_two_says_which_row(self):
        first, _second = self._unmap("department", 2)
        for _number in range(2):
            self._analytic("Twins", "department")
        row = first.with_user(self.reviewer)

        for text in ("Nowhere", "Twins"):
            with self.assertRaisesRegex(UserError, text) as raised:
                row.target_name = text
            self.assertIn(first.name, str(raised.exception))
            row.invalidate_recordset()
        self.assertFalse(first.res_id)

    def test_file_may_not_change_what_procurify_says(self):
        [code] = self._records("account_code", code="6200").with_user(self.reviewer)

        code._load_records_write({"name": code.name, "code": "6200"})
        # Not by ``load``: a refused file makes Odoo set up its models again.
        with self.assertRaisesRegex(AccessError, "name"):
            code._load_records_write({"name": "Mine", "code": "6200"})

    # === RIGHTS === #

    def test_mapping_an_ignored_record_takes_the_ignoring_back(self):
        [record] = self._unmap("department", 1)
        account = self._analytic("Somewhere", "department")
        record.with_user(self.reviewer).action_ignore("not ours")

        record.with_user(self.reviewer).write(
            {"res_model": False, "res_id": account.id}
        )

        self.assertEqual(record.res_model, "account.analytic.account")
        self.assertEqual(record.state, "pending")
        self.assertFalse(record.ignored_reason)

    def test_bulk_edit_maps_one_kind_at_a_time(self):
        account = self._account("9000")
        codes = self._records("account_code")[:2]
        both = codes | self._records("department")[:1]

        with self.assertRaisesRegex(UserError, "one kind"):
            both.with_user(self.reviewer).write({"res_id": account.id})
        codes.with_user(self.reviewer).write({"res_id": account.id})

        self.assertEqual(set(codes.mapped("res_id")), {account.id})

    def test_names_that_may_not_be_read_are_not_shown(self):
        """A reviewer without analytic accounting sees codes of Procurify only."""
        unmapped = self._unmap("department", 1)
        [department] = self._records("department", state="done")[:1]
        weak = self._reviewer("weak")
        self.assertTrue(department.target_name)
        self.env["ir.model.access"].search(
            [("model_id.model", "=", "account.analytic.account")]
        ).active = False

        seen = department.with_user(weak)

        self.assertFalse(seen.target_name)
        self.assertFalse(seen.candidates)
        self.assertFalse(seen.suggestion)
        with self.assertRaises(AccessError):
            seen.action_map_to(department.res_id)
        with self.assertRaises(AccessError):
            unmapped.with_user(weak).action_create_missing()

    def test_term_is_created_when_its_name_says_the_days(self):
        terms = self.env["account.payment.term"]
        for name, days in (
            ("Net 45", 45),
            ("45 days", 45),
            ("NET30 DAYS", 30),
            ("Due on receipt", 0),
            ("2% 10 Net 30", 30),
        ):
            term = terms.create(terms._procurify_new_term(name))
            self.assertEqual(term.line_ids.nb_days, days)
            self.assertEqual(term.line_ids.delay_type, "days_after")
        self.assertTrue(term.early_discount)
        self.assertEqual((term.discount_percentage, term.discount_days), (2, 10))
        term = terms.create(terms._procurify_new_term("End of month"))
        self.assertEqual(term.line_ids.delay_type, "days_after_end_of_month")
        for name in ("Net 30 after acceptance", "30/60 days", "Net"):
            with self.assertRaisesRegex(UserError, "how many days"):
                terms._procurify_new_term(name)

    def test_every_kind_can_be_created(self):
        """What lists and documents name becomes a record of the right kind."""
        system = self._reviewer(
            "system",
            "account.group_account_manager,analytic.group_analytic_accounting,"
            "base.group_system,base.group_partner_manager,product.group_product_manager",
        )
        for resource in ("vendor", "account_code", "department", "catalog_item"):
            with self.subTest(resource):
                record = self._records(resource, state="done")[:1]
                record.sudo().res_id = False
                record.sudo().state = "quarantined"
                if resource == "account_code":
                    self.env["account.account"].search(
                        [("code", "=", record.code)]
                    ).code = f"{record.code}X"

                record.with_user(system).action_create_missing()

                self.assertEqual((record.state, record.origin), ("done", "manual"))
                target = self.env[record.res_model].browse(record.res_id)
                self.assertEqual(target.create_uid, system)
                self.assertIn(record.code or record.name, record.target_name)

    # === HELPERS === #

    def _unmap(self, resource, count):
        """Take away what the first ``count`` records are mapped to."""
        records = self._records(resource, state="done")[:count]
        self.assertEqual(len(records), count)
        targets = self.env[records[0].res_model].browse(records.mapped("res_id"))
        for target in targets:
            target.write({"name": f"Formerly {target.id}", "code": False})
        records.sudo().write({"res_id": False, "state": "quarantined"})
        return records

    def _analytic(self, name, plan):
        return self.env["account.analytic.account"].create(
            {
                "name": name,
                "plan_id": self.plans[plan].id,
                "company_id": self.company.id,
            }
        )

    def _reviewer(self, login, groups="base.group_user"):
        return new_test_user(
            self.env,
            login,
            groups=f"procurify_connector.group_user,{groups}",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )


@tagged("post_install", "-at_install", "procurify")
class TestMappingCompanies(ProcurifyCommon):
    master_data_ready = True

    def test_nothing_leaks_across_companies(self):
        other = self.setup_other_company()["company"]
        secret = self.env["account.account"].create(
            {
                "code": "745000",
                "name": "The other company's secret",
                "account_type": "expense",
                "company_ids": other.ids,
            }
        )
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        issue = self._record("bill", bill_id).issue_ids
        both = self._reviewer("both", self.company | other)
        mine, theirs = (
            self._reviewer("mine", self.company),
            self._reviewer("theirs", other),
        )

        for user in (both, mine):
            seen = issue.with_user(user)
            self.assertNotIn("secret", f"{seen.candidates} {seen.suggestion}")
            with self.assertRaises(UserError):  # an AccessError is one
                seen.action_resolve(secret.id)
        for read in ("record_count", "blocked_amount", "candidates", "suggestion"):
            with self.assertRaises(AccessError):
                issue.with_user(theirs).read([read])
        found = self.env["procurify.issue"].with_user(theirs).search([])
        self.assertFalse(found)
        self.assertFalse(issue.reference_id.res_id)

    def _reviewer(self, login, companies):
        return new_test_user(
            self.env,
            login,
            groups="procurify_connector.group_user,account.group_account_manager",
            company_id=companies[0].id,
            company_ids=[Command.set(companies.ids)],
        )
