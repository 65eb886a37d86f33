"""Documents in the company of their locations: branches, other companies, neither."""

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import ProcurifyCommon

# The departments «Maintenance» of the simulated plants.
TACOMA, LAREDO, MONCTON, WOERTH, VASTERAS = 7, 12, 17, 22, 27


class RoutingCommon(ProcurifyCommon):
    """A company with two branches, and another one with a chart of its own."""

    master_data_ready = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tacoma, cls.laredo = cls.env["res.company"].create(
            [
                {"name": name, "parent_id": cls.company.id}
                for name in ("Tacoma Works Inc.", "Laredo Stamping Inc.")
            ]
        )
        cls.cr.precommit.run()  # gives the branches what Odoo gives them
        cls.other_company = cls.setup_other_company(name="Halden Canada")["company"]
        cls.env.user.company_ids |= cls.tacoma | cls.laredo | cls.other_company

    def setUp(self):
        super().setUp()
        # The simulator gives each bill its order: that takes time, and proves nothing.
        self.connection.order_policy = "none"
        self.journal = self.env["account.journal"].create(
            {
                "name": "Bills of Tacoma",
                "code": "BTAC",
                "type": "purchase",
                "company_id": self.tacoma.id,
            }
        )

    def _route(self, location_id, company, connection=None):
        connection = connection or self.connection
        location = self.env["procurify.record"].search(
            [
                ("connection_id", "=", connection.id),
                ("resource", "=", "location"),
                ("external_id", "=", str(location_id)),
            ]
        )
        return self.env["procurify.route"].create(
            {
                "connection_id": connection.id,
                "location_id": location.id,
                "company_id": company.id,
            }
        )

    def _bill(self, department_id, code="6200", **params):
        """Add a bill of the company's own currency for one department."""
        bill_id = self.dataset.add_bill(
            "untaxed", code=code, department_id=department_id, **params
        )
        self.dataset.revise_bill(bill_id, currency_id=1)
        return bill_id

    def _by_hand(self, company, bill, **values):
        """Enter a bill of the vendor of ``bill`` in ``company``."""
        vendor = self._record("vendor", bill.vendor_id)
        return (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "in_invoice",
                    "partner_id": vendor.res_id,
                    "company_id": company.id,
                    "invoice_line_ids": [
                        Command.create({"name": "By hand", "price_unit": 1})
                    ],
                }
                | values
            )
        )

    def _two_plants(self):
        """Add a bill with a line for Tacoma and one for Laredo."""
        bill_id = self._bill(TACOMA)
        self.dataset.add_bill_line(
            bill_id, code="6200", department_id=LAREDO, description="For Laredo"
        )
        return bill_id


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestRoutingToBranches(RoutingCommon):
    def test_bill_is_booked_in_the_branch_of_its_location(self):
        self._route(2, self.tacoma)
        self._route(3, self.laredo)
        tacoma, laredo, monton = map(self._bill, (TACOMA, LAREDO, MONCTON))
        self._synchronise()

        companies = {b: self._move(b).company_id for b in (tacoma, laredo, monton)}
        self.assertEqual(
            companies,
            {tacoma: self.tacoma, laredo: self.laredo, monton: self.company},
        )
        self.assertEqual(self._move(tacoma).journal_id, self.journal)
        # The branch without a journal of its own uses its parent's.
        self.assertEqual(self._move(laredo).journal_id.company_id, self.company)
        for bill_id, code in ((tacoma, "TAC-MNT"), (laredo, "LAR-MNT")):
            move = self._move(bill_id)
            [distribution] = {
                tuple(line.analytic_distribution) for line in move.invoice_line_ids
            }
            accounts = self.env["account.analytic.account"].browse(
                map(int, distribution[0].split(","))
            )
            self.assertEqual(accounts[0].code, code)
            self.assertEqual(
                set(accounts.root_plan_id),
                {self.plans["department"], self.plans["location"]},
            )
            self.assertEqual(move.invoice_line_ids.account_id.code, "6200")
            self.assertEqual(self._record("bill", bill_id).company_id, move.company_id)

    def test_posted_bill_of_a_branch_follows_its_revision(self):
        self.connection.bill_policy = "posted"
        self._route(2, self.tacoma)
        bill_id = self._bill(TACOMA)
        self._synchronise()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.assertEqual((move.state, move.company_id), ("posted", self.tacoma))

        self.dataset.revise_bill(bill_id, code="6400")
        self._synchronise()
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        record.action_reset_and_update()

        self.assertIn("6400", move.invoice_line_ids.account_id.mapped("code"))
        self.assertEqual((move.state, move.company_id), ("posted", self.tacoma))

    def test_bill_that_the_parent_entered_by_hand_is_not_booked_in_the_branch(self):
        self._route(2, self.tacoma)
        bill_id = self._bill(TACOMA)
        self._fetch()
        bill = self.dataset.bill(bill_id)
        theirs = self._by_hand(self.company, bill, ref=bill.invoice_number)
        self._import()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"duplicate_bill"})
        self.assertIn(theirs.ref, record.hold_reason)
        record.action_not_a_duplicate()
        self.assertEqual(self._move(bill_id).company_id, self.tacoma)

    def test_bill_of_another_legal_entity_is_no_duplicate(self):
        bill_id = self._bill(TACOMA)
        self._fetch()
        bill = self.dataset.bill(bill_id)
        self._by_hand(self.other_company, bill, ref=bill.invoice_number)
        self._import()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")

    def test_invoice_that_procurify_split_over_two_branches_is_booked_in_both(self):
        self._route(2, self.tacoma)
        self._route(3, self.laredo)
        first, second = self._bill(TACOMA), self._bill(LAREDO)
        self._synchronise()
        third = self._bill(LAREDO)
        number = self.dataset.bill(first).invoice_number
        vendor = self.dataset.bill(first).vendor_id
        for bill_id in (second, third):
            self.dataset.revise_bill(bill_id, vendor_id=vendor)
        self.dataset.revise_bill(third, invoice_number=number)
        self._synchronise()

        self.assertEqual(self._record("bill", third).hold_reason, "")
        self.assertEqual(self._move(third).company_id, self.laredo)

    def test_order_that_the_parent_made_by_hand_is_not_made_in_the_branch(self):
        self.connection.order_policy = "purchase"
        self._route(2, self.tacoma)
        order_id = self.dataset.add_order("plain", department_id=TACOMA)
        self._fetch()
        record = self._record("purchase_order", order_id)
        vendor = self._record("vendor", self.dataset.order(order_id).vendor_id)
        self.env["purchase.order"].create(
            {
                "partner_id": vendor.res_id,
                "partner_ref": record.code or record.name,
                "company_id": self.company.id,
            }
        )
        self._import()

        self.assertEqual(self._codes(record), {"duplicate_order"})

    def test_order_and_request_are_made_in_the_branch(self):
        self.connection.requisition_policy = "rfq"
        self.connection.order_policy = "purchase"
        self._route(2, self.tacoma)
        order_id = self.dataset.add_order("plain", department_id=TACOMA)
        number = self.dataset.add_requisition(department_id=TACOMA)
        self._synchronise()

        for resource, external_id in (
            ("purchase_order", order_id),
            ("requisition", number),
        ):
            record = self._record(resource, external_id)
            with self.subTest(resource=resource):
                self.assertEqual(record.hold_reason, "")
                order = self.env["purchase.order"].browse(record.res_id)
                self.assertEqual(order.company_id, self.tacoma)
                self.assertEqual(record.company_id, self.tacoma)

    def test_bill_of_a_branch_s_order_is_linked_to_it(self):
        self.connection.order_policy = "purchase"
        route = self._route(2, self.tacoma)
        order_id = self.dataset.add_order("plain", department_id=TACOMA)
        first = self.dataset.bill_order(order_id, {0: 1})
        self._synchronise()
        route.unlink()
        second = self.dataset.bill_order(order_id, {0: 1})
        self._synchronise()

        order = self.env["purchase.order"].browse(
            self._record("purchase_order", order_id).res_id
        )
        self.assertEqual(order.company_id, self.tacoma)
        move = self._move(first)
        self.assertEqual(move.company_id, self.tacoma)
        self.assertLessEqual(move.invoice_line_ids.purchase_line_id, order.order_line)
        self.assertTrue(move.invoice_line_ids.purchase_line_id)
        # The rule is gone: the next bill is the parent's, and still no less a bill.
        self.assertEqual(self._record("bill", second).hold_reason, "")
        self.assertEqual(self._move(second).company_id, self.company)

    def test_bill_of_two_companies_is_on_hold_with_every_issue(self):
        self._route(2, self.tacoma)
        self._route(3, self.laredo)
        bill_id = self._two_plants()
        self.dataset.revise_bill(bill_id, total_error="5.00")
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"several_companies", "total_mismatch"})
        for text in ("Tacoma Works Inc.", "Laredo Stamping Inc.", "For Laredo"):
            self.assertIn(text, record.hold_reason)
        self.assertFalse(record.res_id)

        # One company for both places is no question.
        self.dataset.revise_bill(bill_id, total_error=None)
        self.connection.route_ids.company_id = self.laredo
        self._synchronise()
        self.assertEqual(record.hold_reason, "")
        self.assertEqual(self._move(bill_id).company_id, self.laredo)

    def test_line_of_no_rule_belongs_to_every_other_location(self):
        self._route(2, self.tacoma)
        bill_id = self._two_plants()
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"several_companies"})
        self.assertIn(self.company.name, record.hold_reason)

        self._route(False, self.tacoma)
        self._import()

        self.assertEqual(self._move(bill_id).company_id, self.tacoma)

    def test_changed_rule_moves_nothing_that_is_booked(self):
        route = self._route(2, self.tacoma)
        booked, held = self._bill(TACOMA), self._bill(TACOMA)
        self.dataset.revise_bill(held, total_error="5.00")
        self._synchronise()
        move = self._move(booked)

        route.company_id = self.laredo
        self.dataset.revise_bill(booked, invoice_number="ANOTHER")
        self.dataset.revise_bill(held, total_error=None)
        self._synchronise()

        self.assertEqual(self._move(booked), move)
        self.assertEqual((move.company_id, move.ref), (self.tacoma, "ANOTHER"))
        self.assertEqual(self._record("bill", booked).company_id, self.tacoma)
        self.assertEqual(self._move(held).company_id, self.laredo)

        self.connection.route_ids.unlink()
        self.dataset.touch(booked)
        self._synchronise()
        self.assertEqual(self._record("bill", booked).company_id, self.tacoma)
        self.assertEqual(self._record("bill", booked).state, "done")

    def test_booked_bill_that_moves_to_another_plant_is_a_question(self):
        self._route(2, self.tacoma)
        self._route(3, self.laredo)
        bill_id = self._bill(TACOMA)
        self._synchronise()
        record, move = self._record("bill", bill_id), self._move(bill_id)

        for item in range(len(self.dataset.bill(bill_id).items)):
            self.dataset.revise_bill(bill_id, item=item, department_id=LAREDO)
        self._synchronise()

        self.assertEqual(self._codes(record), {"moved_company"})
        self.assertIn("Laredo Stamping Inc.", record.hold_reason)
        self.assertEqual(move.company_id, self.tacoma)
        record.action_keep_odoo()
        self.dataset.touch(bill_id)
        self._synchronise()
        self.assertEqual(record.state, "done")

    def test_new_connection_knows_what_the_former_booked_in_a_branch(self):
        self._route(2, self.tacoma)
        bill_id = self._bill(TACOMA)
        self._synchronise()
        move = self._move(bill_id)
        self.connection.unlink()
        self.connection = self._connect()
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._move(bill_id), move)
        self.assertEqual((record.state, record.company_id), ("done", self.tacoma))

    def test_integration_user_without_the_branch_is_reported(self):
        user = new_test_user(
            self.env,
            "no_branch",
            groups="account.group_account_manager,purchase.group_purchase_manager",
            company_id=self.company.id,
        )
        self.connection.user_id = user
        self._route(2, self.tacoma)
        bill_id = self._bill(TACOMA)
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"access_denied"})
        self.assertIn("Tacoma Works Inc.", record.hold_reason)

    def test_reviewer_of_a_branch_sees_its_documents_only(self):
        self._route(2, self.tacoma)
        self._route(3, self.laredo)
        mine, theirs = self._bill(TACOMA), self._bill(LAREDO)
        for bill_id in (mine, theirs):
            self.dataset.revise_bill(bill_id, total_error="5.00")
        self._synchronise()
        reviewer = new_test_user(
            self.env,
            "tacoma",
            groups="procurify_connector.group_user,account.group_account_invoice",
            company_id=self.tacoma.id,
            company_ids=[(6, 0, self.tacoma.ids)],
        )

        seen = self._records().with_user(reviewer).search([])
        self.assertEqual(seen.company_id, self.tacoma)
        records = seen.filtered(lambda r: r.resource == "bill")
        self.assertEqual(records.mapped("external_id"), [str(mine)])
        self.assertTrue(records.hold_reason)
        self.assertEqual(records.issue_ids.mapped("code"), ["total_mismatch"])
        issues = self.env["procurify.issue"].with_user(reviewer).search([])
        self.assertEqual(issues, records.issue_ids)
        audit = self.env["procurify.audit"].with_user(reviewer).search([])
        self.assertIn(records.name, audit.mapped("subject"))
        theirs = self._record("bill", theirs)
        self.assertNotIn(theirs.name, audit.mapped("subject"))
        with Form(records) as form:
            self.assertEqual(form.state, "quarantined")
        self.assertFalse(
            self.env["procurify.connection"]
            .with_user(reviewer)
            .browse(self.connection.id)
            .has_access("write")
        )

        self.dataset.revise_bill(mine, total_error=None)
        self._fetch()
        records.action_replay()
        self.assertEqual(self._move(mine).company_id, self.tacoma)

    def test_reviewer_of_a_branch_reads_the_issues_of_its_documents(self):
        """What they concern is the parent's, which that person may not enter."""
        self._route(2, self.tacoma)
        self.dataset.add_account_code("7450", "Unknown")
        bill_id = self._bill(TACOMA, code="7450")
        self._synchronise()
        reviewer = new_test_user(
            self.env,
            "tacoma",
            groups="procurify_connector.group_user,account.group_account_manager",
            company_id=self.tacoma.id,
            company_ids=[(6, 0, self.tacoma.ids)],
        )
        issue = self._record("bill", bill_id).issue_ids.with_user(reviewer)
        self.assertEqual(issue.mapped("code"), ["unknown_account"])

        self.env.invalidate_all()
        [values] = issue.read()

        self.assertFalse(values["candidates"])
        self.assertFalse(values["suggestion"])
        self.assertFalse(values["can_create"])
        self.assertEqual(values["record_count"], 1)
        with self.assertRaises(AccessError):
            issue.action_create_missing()

    def test_rule_names_no_record_that_is_no_location(self):
        bill_id = self._bill(TACOMA)
        self._synchronise()
        record = self._record("bill", bill_id)
        with self.assertRaises(ValidationError) as caught:
            self.env["procurify.route"].create(
                {
                    "connection_id": self.connection.id,
                    "location_id": record.id,
                    "company_id": self.tacoma.id,
                }
            )
        self.assertNotIn(record.name, str(caught.exception))

    def test_rules_do_not_contradict_each_other(self):
        self._route(2, self.tacoma)
        with self.assertRaises(ValidationError):
            self._route(2, self.laredo)
        with self.assertRaises(ValidationError):
            self.env["procurify.route"].create(
                {
                    "connection_id": self.connection.id,
                    "location_id": self._record("department", TACOMA).id,
                    "company_id": self.tacoma.id,
                }
            )

    def test_branch_has_its_centres_to_itself(self):
        centres = self.env["account.analytic.account"].browse(
            [
                self._record("department", TACOMA).res_id,
                self._record("location", 2).res_id,
            ]
        )
        centres.company_id = self.tacoma
        stranger = centres[0].copy({"company_id": self.laredo.id})
        held, booked = self._bill(TACOMA), self._bill(TACOMA)
        self._synchronise()
        record = self._record("bill", held)
        self.assertEqual(
            self._codes(record), {"unknown_department", "unknown_location"}
        )

        self._route(2, self.tacoma)
        self._route(3, self.laredo)
        self._records("department").action_replay()
        self._import()
        for bill_id in (held, booked):
            move = self._move(bill_id)
            self.assertEqual(move.company_id, self.tacoma)
            self.assertEqual(
                move.invoice_line_ids[0].analytic_distribution,
                {",".join(map(str, centres.ids)): 100.0},
            )

        # Another branch's centre is nothing for it.
        self._map(self._record("department", TACOMA), stranger)
        third = self._bill(TACOMA)
        self._synchronise()
        record = self._record("bill", third)
        self.assertEqual(self._codes(record), {"access_denied"})

    def test_rules_are_entered_on_the_connection_s_form(self):
        location = self._record("location", 2)
        self.env.user.group_ids |= self.env.ref("base.group_multi_company")
        with Form(self.connection) as form, form.route_ids.new() as line:
            line.location_id = location
            line.company_id = self.tacoma
        route = self.connection.route_ids
        self.assertEqual((route.location_id, route.company_id), (location, self.tacoma))

        route.company_id = self.laredo
        route.unlink()
        changes = self.env["procurify.audit"].search(
            [
                ("connection_ref", "=", self.connection.id),
                ("company_ref", "=", self.company.id),
            ],
            limit=3,
        )
        words = [(row.before["route_ids"], row.after["route_ids"]) for row in changes]
        before, after = f"{location.name}: Tacoma", f"{location.name}: Laredo"
        self.assertEqual(words[0][1], "")
        self.assertTrue(words[1][0].startswith(before))
        self.assertTrue(words[1][1].startswith(after))
        self.assertEqual(words[2][0], "")

    def test_five_plants_are_centres_of_two_plans(self):
        plants = {TACOMA: 2, LAREDO: 3, MONCTON: 4, WOERTH: 5, VASTERAS: 6}
        bills = {department: self._bill(department) for department in plants}
        self._synchronise()

        for department, location in plants.items():
            move = self._move(bills[department])
            wanted = self.env["account.analytic.account"].browse(
                [
                    self._record("department", department).res_id,
                    self._record("location", location).res_id,
                ]
            )
            with self.subTest(plant=location):
                self.assertEqual(wanted[0].plan_id, self.plans["department"])
                self.assertEqual(wanted[1].plan_id, self.plans["location"])
                for line in move.invoice_line_ids:
                    self.assertEqual(
                        line.analytic_distribution,
                        {",".join(map(str, wanted.ids)): 100.0},
                    )


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestRoutingToCompanies(RoutingCommon):
    def setUp(self):
        super().setUp()
        self.account = (
            self.env["account.account"]
            .with_company(self.other_company)
            .create(
                {
                    "code": "6200",
                    "name": "Of the other company",
                    "account_type": "expense",
                    "company_ids": self.other_company.ids,
                }
            )
        )

    def test_bills_of_a_company_without_connection_are_on_hold(self):
        self._route(4, self.other_company)
        bill_id = self._bill(MONCTON)
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"no_connection"})
        self.assertIn("Halden Canada", record.hold_reason)

        # Its connection takes the bill, wherever the rule was entered.
        other = self._connect_other()
        self._synchronise()
        self.assertEqual(
            (record.state, record.excluded_rule), ("excluded", "other_company")
        )
        theirs = self._of(other, "bill", bill_id)
        self.assertEqual(theirs.hold_reason, "")
        move = self.env["account.move"].browse(theirs.res_id)
        self.assertEqual(move.company_id, self.other_company)
        self.assertEqual(move.invoice_line_ids.account_id, self.account)

    def test_each_document_is_booked_by_one_connection(self):
        other = self._connect_other()
        self._route(4, self.other_company)
        self._route(2, self.tacoma)
        bills = {d: self._bill(d) for d in (TACOMA, MONCTON, LAREDO)}
        self._synchronise()

        states = {
            department: (
                self._record("bill", bill_id).state,
                self._of(other, "bill", bill_id).state,
            )
            for department, bill_id in bills.items()
        }
        self.assertEqual(
            states,
            {
                TACOMA: ("done", "excluded"),
                MONCTON: ("excluded", "done"),
                # Nobody said whose it is.
                LAREDO: ("quarantined", "quarantined"),
            },
        )
        for record in (
            self._record("bill", bills[LAREDO]),
            self._of(other, "bill", bills[LAREDO]),
        ):
            self.assertEqual(self._codes(record), {"unrouted_location"})
            self.assertIn("Laredo", record.hold_reason)

        self._route(False, self.company)
        self._import()
        self.assertEqual(self._move(bills[LAREDO]).company_id, self.company)
        self.assertEqual(self._of(other, "bill", bills[LAREDO]).state, "excluded")

    def test_reviewers_see_their_own_company_s_documents(self):
        other = self._connect_other()
        self._route(False, self.company)
        self._route(4, self.other_company)
        mine, theirs = self._bill(LAREDO), self._bill(MONCTON)
        self._synchronise()
        reviewers = [
            new_test_user(
                self.env,
                f"reviewer{company.id}",
                groups="procurify_connector.group_user",
                company_id=company.id,
                company_ids=[(6, 0, company.ids)],
            )
            for company in (self.company, self.other_company)
        ]

        for reviewer, connection, bill_id in zip(
            reviewers, (self.connection, other), (mine, theirs), strict=True
        ):
            seen = (
                self.env["procurify.record"]
                .with_user(reviewer)
                .search([("resource", "=", "bill")])
            )
            self.assertEqual(set(seen.mapped("external_id")), {str(bill_id)})
            done = seen.filtered(lambda r: r.state == "done")
            self.assertEqual(done.connection_id.id, connection.id)
        # The integration user of the one need not know of the other company.
        self.assertEqual(self._record("bill", theirs).company_id, self.other_company)

    def test_user_of_one_company_skips_the_other_s_documents(self):
        user = new_test_user(
            self.env,
            "one_company",
            groups="account.group_account_manager,purchase.group_purchase_manager",
            company_id=self.company.id,
        )
        self._connect_other()
        self.connection.user_id = user
        self._route(False, self.company)
        self._route(4, self.other_company)
        mine, theirs = self._bill(LAREDO), self._bill(MONCTON)
        self._synchronise()

        self.assertEqual(self._record("bill", mine).hold_reason, "")
        record = self._record("bill", theirs)
        self.assertEqual((record.state, record.hold_reason), ("excluded", ""))

    def test_changed_rule_does_not_book_twice(self):
        other = self._connect_other()
        self._route(False, self.company)
        route = self._route(4, self.other_company)
        bill_id = self._bill(MONCTON)
        self._synchronise()
        mine, theirs = self._record("bill", bill_id), self._of(other, "bill", bill_id)
        self.assertTrue(theirs.res_id)

        route.company_id = self.company
        self._import()

        self.assertEqual(self._codes(mine), {"booked_elsewhere"})
        self.assertIn("Halden Canada", mine.hold_reason)
        self.assertEqual(theirs.state, "done")

        self.env["account.move"].browse(theirs.res_id).button_cancel()
        self._import()
        self.assertEqual(self._move(bill_id).company_id, self.company)

    def test_archived_connection_books_nothing_more(self):
        other = self._connect_other()
        self._route(False, self.company)
        self._route(4, self.other_company)
        bill_id = self._bill(MONCTON)
        self._fetch()
        other.active = False
        self._import()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"no_connection"})

        other.active = True
        self._import()
        self.assertEqual(record.excluded_rule, "other_company")

    def test_connection_of_a_branch_books_for_it(self):
        branch = self._connect_other(company_id=self.tacoma.id)
        self._route(False, self.company)
        self._route(2, self.tacoma)
        bill_id = self._bill(TACOMA)
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).state, "excluded")
        theirs = self._of(branch, "bill", bill_id)
        move = self.env["account.move"].browse(theirs.res_id)
        self.assertEqual(move.company_id, self.tacoma)

    def test_connection_of_a_branch_leaves_what_its_parent_s_booked_there(self):
        self._route(2, self.tacoma)
        bill_id = self._bill(TACOMA)
        self._synchronise()
        move = self._move(bill_id)

        branch = self._connect_other(company_id=self.tacoma.id)
        self._synchronise()

        theirs = self._of(branch, "bill", bill_id)
        self.assertEqual(theirs.excluded_rule, "other_company")
        self.assertEqual((self._move(bill_id), move.company_id), (move, self.tacoma))

    def test_deleted_connection_s_books_are_not_doubled(self):
        other = self._connect_other()
        self._route(False, self.company)
        route = self._route(4, self.other_company)
        bill_id = self._bill(MONCTON)
        self._synchronise()
        self.assertTrue(self._of(other, "bill", bill_id).res_id)

        other.unlink()
        route.company_id = self.company
        self._import()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"booked_elsewhere"})

    def test_tenant_without_rules_is_read_as_before(self):
        other = self._connect_other()
        bill_id = self._bill(MONCTON)
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).state, "done")
        self.assertEqual(self._of(other, "bill", bill_id).state, "done")

    def test_connections_share_their_rules(self):
        other = self._connect_other()
        self._fetch()
        self._route(4, self.other_company, other)
        with self.assertRaises(ValidationError):
            self._route(4, self.company)

    def _connect_other(self, **values):
        return self._connect(
            name="The other one",
            department_plan_id=False,
            location_plan_id=False,
            department_policy="optional",
            order_policy="none",
            **{"company_id": self.other_company.id, **values},
        )

    def _of(self, connection, resource, external_id):
        record = self.env["procurify.record"].search(
            [
                ("connection_id", "=", connection.id),
                ("resource", "=", resource),
                ("external_id", "=", str(external_id)),
            ]
        )
        self.assertEqual(len(record), 1)
        return record
