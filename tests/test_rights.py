"""No more rights than one's own: by a connection, by a file, by an issue, by a rule."""

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.fetching.files import inert_type

from .common import ProcurifyCommon

MANAGER = "procurify_connector.group_manager"
REVIEWER = "procurify_connector.group_user"
CLERK = f"{MANAGER},account.group_account_invoice"
SCRIPT = b"<script>alert(1)</script>"


class RightsCommon(ProcurifyCommon):
    def _user(self, login, groups, companies=None):
        companies = companies or self.company
        return new_test_user(
            self.env,
            login,
            groups=groups,
            company_id=companies[:1].id,
            company_ids=[Command.set(companies.ids)],
        )


@tagged("post_install", "-at_install", "procurify")
class TestIntegrationUser(RightsCommon):
    def test_manager_names_nobody_with_more_rights(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        mine = self.connection.with_user(self._user("keeper", MANAGER))
        for user in (
            self.env.ref("base.user_root"),
            self.env.ref("base.user_admin"),
            self._user("settings", f"{MANAGER},base.group_system"),
            self._user("rights", "base.group_erp_manager"),
            self._user("clerk", "account.group_account_invoice"),
            self._user("traveller", "base.group_user", self.company | other),
        ):
            before = self.connection.user_id
            with self.subTest(user=user.login):
                with self.assertRaises(ValidationError):
                    mine.user_id = user.id
                    self.env.flush_all()
                self.assertEqual(self.connection.user_id, before)
                with self.assertRaises(ValidationError):
                    mine.create(
                        {"base_url": "https://acme.example", "user_id": user.id}
                    )
                with self.assertRaises(ValidationError):
                    mine.with_context(default_user_id=user.id).create(
                        {"base_url": "https://acme.example"}
                    )

    def test_manager_names_himself_or_a_user_with_no_more_rights(self):
        manager = self._user("keeper", CLERK)
        mine = self.connection.with_user(manager)
        for user in (
            manager,
            self._user("reader", REVIEWER),
            self._user("clerk", "account.group_account_invoice"),
        ):
            with self.subTest(user=user.login):
                mine.user_id = user
                self.assertEqual(self.connection.user_id, user)

    def test_settings_administrator_names_others_and_never_odoobot(self):
        administrator = self._user("settings", f"{MANAGER},base.group_system")
        mine = self.connection.with_user(administrator)
        mine.user_id = self._user("clerk", "account.group_account_manager")
        mine.user_id = administrator
        for user in (
            self.env.ref("base.user_root"),
            self._user("another", "base.group_system"),
        ):
            with self.subTest(user=user.login), self.assertRaises(ValidationError):
                mine.user_id = user

    def test_connection_that_exists_keeps_its_user(self):
        self.connection.sudo().user_id = self.env.ref("base.user_root")
        mine = self.connection.with_user(self._user("keeper", MANAGER))

        mine.write({"name": "Renamed", "page_size": 20})

        self.assertEqual(self.connection.user_id, self.env.ref("base.user_root"))

    def test_manager_leads_no_connection_of_users_who_may_do_more(self):
        """Else bills of an own server would be booked with the rights of others."""
        records = self.env["procurify.record"].sudo()
        location = records.create(
            {
                "connection_id": self.connection.id,
                "resource": "location",
                "external_id": "1",
            }
        )
        route = self.env["procurify.route"].create(
            {"connection_id": self.connection.id, "company_id": self.company.id}
        )
        self.env.flush_all()
        manager = self._user("keeper", MANAGER)
        clerk = self._user("clerk", "account.group_account_invoice")
        for user in (clerk, self.env.ref("base.user_root")):
            self.connection.sudo().user_id = user
            mine = self.connection.with_user(manager)
            mine.action_pause()
            before = self.connection.sudo().read(["base_url", "phase", "client_id"])
            for name, attack in self._leading(mine, route, location).items():
                with self.subTest(user=user.login, attack=name):
                    with self.assertRaises(AccessError) as refusal:
                        attack()
                    self.assertIn("integration user", str(refusal.exception))
                    self.env.invalidate_all()
                    after = self.connection.sudo().read(
                        ["base_url", "phase", "client_id"]
                    )
                    self.assertEqual(after, before)
            mine.active = False  # a manager may always switch it off
            with self.assertRaises(AccessError):
                mine.active = True
            self.env.invalidate_all()
            self.assertFalse(self.connection.active)
            self.connection.sudo().active = True

    def _leading(self, mine, route, location):
        """Return {name: attempt to decide where the documents come from}."""
        elsewhere = "https://own.example"
        rule = {"company_id": self.company.id, "location_id": location.id}
        return {
            "address": lambda: mine.write({"base_url": elsewhere}),
            "token": lambda: mine.write({"token_url": f"{elsewhere}/token"}),
            "network": lambda: mine.write({"allow_private_address": True}),
            "client": lambda: mine.write({"client_id": "mine"}),
            "secret": lambda: mine.write({"client_secret": "mine"}),
            "resume": mine.action_resume,
            "new rule": lambda: mine.env["procurify.route"].create(
                rule | {"connection_id": mine.id}
            ),
            "rule of the form": lambda: mine.write(
                {"route_ids": [Command.create(rule)]}
            ),
            "rule": route.with_env(mine.env).unlink,
        }

    def test_manager_leads_a_connection_of_his_own(self):
        manager = self._user("keeper", MANAGER)
        self.connection.sudo().user_id = manager
        mine = self.connection.with_user(manager)

        mine.action_pause()
        mine.write({"base_url": "https://own.example", "client_secret": "mine"})
        mine.action_resume()

        self.assertEqual(self.connection.phase, "live")


@tagged("post_install", "-at_install", "procurify")
class TestInertFiles(RightsCommon):
    master_data_ready = True

    def test_files_run_nothing_whichever_user_imports(self):
        files = {
            "page.html": b"<!DOCTYPE html><html><body>" + SCRIPT + b"</body></html>",
            "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg">'
            + SCRIPT
            + b"</svg>",
            "page.xhtml": b'<?xml version="1.0"?><html '
            b'xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>",
            "data.xml": b'<?xml version="1.0"?><a>' + SCRIPT + b"</a>",
        }
        self.connection.sudo().user_id = self.env.ref("base.user_admin")
        self.env.ref("base.user_admin").company_ids |= self.company
        bill_id = self.dataset.add_bill("plain")
        for name, content in files.items():
            self.dataset.add_attachment(bill_id, name=name, content=content)
        self._synchronise()
        self._run_cron("ir_cron_attachments")

        found = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "account.move"),
                ("res_id", "=", self._move(bill_id).id),
            ]
        )
        self.assertEqual(set(found.mapped("name")), set(files))
        self.assertEqual(set(found.mapped("mimetype")), {"text/plain"})
        self.assertEqual(found.create_uid, self.env.ref("base.user_admin"))

    def test_only_types_that_no_browser_runs_are_kept(self):
        for mimetype, kept in {
            "application/pdf": "application/pdf",
            "image/png": "image/png",
            "application/vnd.ms-excel": "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            ),
            "text/html": "text/plain",
            "image/svg+xml": "text/plain",
            "application/javascript": "text/plain",
            "text/xml": "text/plain",
            "application/x-msdownload": "application/octet-stream",
            "message/rfc822": "application/octet-stream",
        }.items():
            with self.subTest(mimetype=mimetype):
                self.assertEqual(inert_type(mimetype), kept)


@tagged("post_install", "-at_install", "procurify")
class TestResponsible(RightsCommon):
    master_data_ready = True

    def test_issue_is_given_only_to_a_user_who_may_read_it(self):
        self.dataset.add_bill("unknown_account")
        self._synchronise()
        theirs = self.setup_other_company()["company"]
        reviewer = self._user("reviewer", REVIEWER)
        issue = self._records("bill").issue_ids.with_user(reviewer)
        for user in (
            self._user("portal", "base.group_portal"),
            self._user("employee", "account.group_account_manager"),
            self._user("their_manager", MANAGER, theirs),
        ):
            with self.subTest(user=user.login):
                with self.assertRaises(ValidationError):
                    issue.user_id = user.id
                self.env.invalidate_all()
                self.assertFalse(issue.user_id)
                self.assertFalse(issue.sudo().activity_ids)
        left = self._user("left", REVIEWER)
        left.active = False
        with self.assertRaises(ValidationError):
            issue.user_id = left.id

        # Also whose other company is the one that is switched on.
        both = self._user("both", REVIEWER, theirs | self.company)
        for user in (reviewer, both):
            issue.user_id = user
            self.assertEqual(issue.activity_ids.user_id, user)


@tagged("post_install", "-at_install", "procurify")
class TestConsent(RightsCommon):
    """Two companies share a tenant; each has a connection and a manager."""

    def setUp(self):
        super().setUp()
        self.theirs = self.setup_other_company()["company"]
        self.other = self._connect(
            company_id=self.theirs.id, department_plan_id=False, location_plan_id=False
        )
        self._fetch()
        self.manager_b = self._user("manager_b", MANAGER, self.theirs)
        self.both = self._user("both", MANAGER, self.theirs | self.company)
        # With no more rights than both of them have.
        self.other.sudo().user_id = self.manager_b

    def test_rule_that_takes_from_another_company_needs_both(self):
        rule = {"connection_id": self.other.id, "company_id": self.theirs.id}
        location = self.env["procurify.record"].search(
            [
                ("connection_id", "=", self.other.id),
                ("resource", "=", "location"),
            ],
            limit=1,
        )
        rules = self.env["procurify.route"]
        for values in (rule, rule | {"location_id": location.id}):
            with self.subTest(values=values), self.assertRaises(AccessError) as caught:
                rules.with_user(self.manager_b).create(values)
            self.assertNotIn(self.company.name, str(caught.exception))
            self.assertNotIn(self.connection.name, str(caught.exception))
        with self.assertRaises(AccessError):
            self.other.with_user(self.manager_b).write(
                {"route_ids": [Command.create({"company_id": self.theirs.id})]}
            )
        self.assertFalse(self.connection._tenant_routes())

        route = rules.with_user(self.both).create(rule)

        # One belongs to both, but works in the other one at present.
        working = route.with_context(allowed_company_ids=self.theirs.ids)
        working.location_id = location
        for attempt in (
            lambda: route.with_user(self.manager_b).write({"location_id": False}),
            route.with_user(self.manager_b).unlink,
        ):
            with self.assertRaises(AccessError):
                attempt()
        for company in (self.company, self.theirs):
            rows = self.env["procurify.audit"].search(
                [("event", "=", "policy_changed"), ("company_ref", "=", company.id)]
            )
            self.assertEqual(len(rows.filtered(lambda r: "route_ids" in r.after)), 2)

    def test_rule_names_no_company_that_its_author_may_not_see(self):
        self.connection.active = False
        hidden = self.env["res.company"].create({"name": "Hidden Holding"})
        values = {"connection_id": self.other.id, "company_id": hidden.id}
        with self.assertRaises(AccessError) as caught:
            self.env["procurify.route"].with_user(self.manager_b).create(values)
        self.assertNotIn(hidden.name, str(caught.exception))

        own = values | {"company_id": self.theirs.id}
        route = self.env["procurify.route"].with_user(self.manager_b).create(own)
        self.assertEqual(route.company_id, self.theirs)

    def test_rules_are_not_brought_along_to_somebody_s_tenant(self):
        """They were made at home, and the address is changed afterwards."""
        address = self.other.base_url
        self.other.base_url = "https://zenith.example"
        mine = self.other.with_user(self.manager_b)
        mine.env["procurify.route"].create(
            {"connection_id": mine.id, "company_id": self.theirs.id}
        )

        with self.assertRaises(AccessError):
            mine.base_url = address
        self.other.with_user(self.both).base_url = address

    def test_tenant_of_one_company_is_that_manager_s(self):
        """To enter a tenant's address is not enough."""
        self.connection.sudo().proven_tenant = False

        route = (
            self.env["procurify.route"]
            .with_user(self.manager_b)
            .create({"connection_id": self.other.id, "company_id": self.theirs.id})
        )

        self.assertTrue(route)


@tagged("post_install", "-at_install", "procurify")
class TestReading(RightsCommon):
    """Who may not read the document in Odoo does not read it here."""

    master_data_ready = True

    def setUp(self):
        super().setUp()
        reviewer = f"{REVIEWER},base.group_allow_export"
        self.reviewer = self._user("reviewer", reviewer)
        self.accountant = self._user(
            "accountant", f"{reviewer},account.group_account_invoice"
        )

    def test_preview_of_a_bill_is_for_who_may_read_bills(self):
        self.dataset.add_bill("plain")
        self._fetch()
        bill = self._records("bill")

        [hidden] = bill.with_user(self.reviewer).explain()
        [shown] = bill.with_user(self.accountant).explain()

        self.assertEqual(hidden["preview"]["outcome"], "done")
        self.assertFalse(hidden["preview"]["booked"])
        self.assertTrue(shown["preview"]["booked"]["lines"])

    def test_preview_of_an_order_is_for_who_may_read_orders(self):
        self.dataset.add_order()
        self._fetch()
        order = self._records("purchase_order")
        buyer = self._user("buyer", f"{REVIEWER},purchase.group_purchase_user")

        [hidden] = order.with_user(self.reviewer).explain()
        [shown] = order.with_user(buyer).explain()

        self.assertEqual(hidden["preview"]["outcome"], "done")
        self.assertFalse(hidden["preview"]["booked"])
        self.assertTrue(shown["preview"]["booked"]["lines"])

    def test_preview_obeys_odoo_s_record_rules(self):
        self.env["ir.rule"].create(
            {
                "name": "Nobody sees bills",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "domain_force": "[('move_type', '!=', 'in_invoice')]",
            }
        )
        self.dataset.add_bill("plain")
        self._fetch()

        [told] = self._records("bill").with_user(self.accountant).explain()

        self.assertFalse(told["preview"]["booked"])

    def test_difference_is_for_who_may_read_the_bill(self):
        self.connection.bill_policy = "posted"
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        self.dataset.revise_bill(bill_id, code="6400")
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertTrue(record.difference)

        self.assertFalse(record.with_user(self.reviewer).difference_table)
        self.assertIn("<table", record.with_user(self.accountant).difference_table)
        for name in ("applied_state", "difference", "offered_state"):
            theirs = record.with_user(self.reviewer)
            with self.subTest(field=name):
                for attempt in (
                    lambda r=theirs, n=name: r.read([n]),
                    lambda r=theirs, n=name: r.search([(n, "!=", False)]),
                    lambda r=theirs, n=name: r.mapped(n),
                ):
                    with self.assertRaises(AccessError):
                        attempt()

    def test_neither_reasons_nor_audit_quote_the_bill_for_others(self):
        self.connection.bill_policy = "posted"
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        bill = self._record("bill", bill_id)
        quotes = {"'asked'"}  # of what the import wrote
        for code in ("6400", "6100"):
            self.dataset.revise_bill(bill_id, code=code)
            self._synchronise()
            quotes.add(bill.issue_ids.sudo().params["value"])
            if code == "6400":
                bill.with_user(self.accountant).action_keep_odoo()

        shown = self._all_that_reviewers_read(bill.with_user(self.accountant))
        for quote in quotes:
            self.assertIn(quote, shown)
        shown = self._all_that_reviewers_read(bill.with_user(self.reviewer))
        for quote in quotes:
            self.assertNotIn(quote, shown)
        self._assert_quotes_are_no_oracle(bill.with_user(self.reviewer))

    def _assert_quotes_are_no_oracle(self, bill):
        """Not by searching, sorting, grouping, exporting, nor by way of a relation."""
        audit = bill.env["procurify.audit"]
        for attempt in (
            lambda: audit.search([], limit=1).read(["after"]),
            lambda: audit.search([("before", "ilike", "6400")]),
            lambda: audit.search([], order="after"),
            lambda: audit.formatted_read_group([], ["before"], ["__count"]),
            lambda: audit.search([], limit=1).export_data(["after"]),
            lambda: bill.issue_ids.read(["params"]),
            lambda: bill.search([("issue_ids.params", "ilike", "6400")]),
            lambda: bill.search([("audit_ids.after", "ilike", "6400")]),
            lambda: bill.search([("difference", "ilike", "6400")]),
            lambda: bill.export_data(["applied_state"]),
            lambda: bill.formatted_read_group([], ["offered_state"], ["__count"]),
            lambda: bill.env["procurify.version"].search(
                [("record_id.applied_state", "ilike", "6400")]
            ),
            lambda: bill.env["procurify.mention"].search(
                [("document_id.difference", "ilike", "6400")]
            ),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def _all_that_reviewers_read(self, bill):
        """Return as one text what the API and the forms show of a held bill."""
        self.env.invalidate_all()
        issues, audit = bill.issue_ids, bill.env["procurify.audit"]
        events = audit.search([("res_id", "=", bill.id)])
        self.assertTrue(issues)
        self.assertGreaterEqual(
            {*events.mapped("event")}, {"imported", "held", "chosen"}
        )
        return str(
            [
                bill.read(["hold_reason"]),
                bill.explain(),
                bill.read_holds(),
                issues.read(["message", "advice", "display_name"]),
                issues.read_issues(),
                events.read(["summary", "changes_table", "reason"]),
                events.export_data(["reason", "summary"]),
                audit.read_events(),
            ]
        )

    def test_choice_of_an_accountant_works(self):
        self.connection.bill_policy = "posted"
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        self.dataset.revise_bill(bill_id, code="6400")
        self._synchronise()
        record = self._record("bill", bill_id)

        record.with_user(self.accountant).action_keep_odoo()

        self.assertEqual(record.state, "done")
        self.assertTrue(record.applied_state["kept"])

    def test_items_of_a_dry_run_are_for_who_may_read_journal_items(self):
        self.dataset.add_bill("plain")
        self._fetch()
        self.connection._dry_run()

        items = self.env["procurify.dry.run.item"]
        self.assertTrue(items.with_user(self.accountant).search([]))
        self.assertFalse(items.with_user(self.reviewer).search([]))
        with self.assertRaises(AccessError):
            items.search([])[:1].with_user(self.reviewer).read(["balance"])

    def test_dialogs_show_no_connection_of_others(self):
        theirs = self.setup_other_company()["company"]
        intruder = self._user("intruder", MANAGER, theirs)
        spec = {"connection_id": {"fields": {"display_name": {}}}}
        for name in ("procurify.certify", "procurify.support"):
            dialog = self.env[name].with_user(intruder)
            values = {"connection_id": self.connection.id}
            with self.subTest(dialog=name):
                for attempt in (
                    lambda d=dialog, v=values: d.create(v),
                    lambda d=dialog, v=values: d.onchange(v, ["connection_id"], spec),
                    lambda d=dialog, v=values: d.with_context(
                        default_connection_id=v["connection_id"],
                        active_id=v["connection_id"],
                    ).onchange({}, [], spec),
                ):
                    with self.assertRaises(AccessError):
                        attempt()

    def test_certificate_is_not_asked_for_a_company_of_others(self):
        hidden = self.env["res.company"].create({"name": "Hidden Holding"})
        dialog = self.env["procurify.certify"].with_user(self.accountant)

        with self.assertRaises(AccessError) as caught:
            dialog.create(
                {"connection_id": self.connection.id, "company_id": hidden.id}
            )
        self.assertNotIn(hidden.name, str(caught.exception))
