"""The first five minutes: nothing is booked before somebody switched it on."""

from contextlib import nullcontext
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import ProcurifyCommon
from .looks import LooksCase


@tagged("post_install", "-at_install", "procurify")
class TestSetup(ProcurifyCommon):
    bills = 6

    def setUp(self):
        super().setUp()
        self.connection._enter_phase("setup")

    def test_new_connection_by_the_set_up_is_not_live(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_connection_action_setup"
        )
        self.assertIn("'default_phase': 'setup'", action["context"])
        made = (
            self.env["procurify.connection"]
            .with_context(default_phase="setup")
            .create({"base_url": "https://plants.procurify.example"})
        )
        self.assertEqual((made.phase, made.setup_step), ("setup", "credentials"))
        month = fields.Date.context_today(made).replace(day=1)
        self.assertEqual((made.bills_start_date, made.orders_start_date), (month,) * 2)
        self.assertFalse(self.connection.bills_start_date)
        self.assertEqual((made.close_days_before, made.close_days_after), (2, 5))

    def test_wrong_credentials_keep_the_first_step(self):
        self.connection.client_secret = "wrong"

        result = self.connection.action_setup_next()

        self.assertEqual(result["tag"], "soft_reload")
        self.assertEqual(self.connection.setup_step, "credentials")
        self.assertIn("client secret", self.connection.error_message)
        self.assertNotIn("Nothing is lost", self.connection.error_message)
        self._stream("bill").last_success = fields.Datetime.now()
        self.connection.action_test_connection()
        self.assertIn("Nothing is lost", self.connection.error_message)

    def test_test_shows_what_each_list_has_and_the_time_in_procurify(self):
        self.connection.action_setup_next()

        self.assertEqual(self.connection.setup_step, "policies")
        self.assertEqual(self._stream("bill").visible_count, 6)
        self.assertAlmostEqual(
            self.connection.server_time,
            fields.Datetime.now(),
            delta=timedelta(minutes=5),
        )

    def test_analytic_accounting_is_switched_on_by_a_button(self):
        analytic = self.env.ref("analytic.group_analytic_accounting")
        everybody = self.env.ref("base.group_user")
        everybody.implied_ids -= analytic
        manager = new_test_user(
            self.env,
            "boss",
            groups="procurify_connector.group_manager,base.group_system",
        )
        manager.group_ids -= analytic
        self.assertFalse(manager.has_group("analytic.group_analytic_accounting"))
        connection = self.connection.with_user(manager)
        view = self.env.ref("procurify_connector.procurify_connection_view_form_setup")

        with Form(connection, view=view) as form:
            self.assertNotIn("department_plan_id", form._view["fields"])
            self.assertFalse(form.has_analytic_accounting)
        connection.action_enable_analytic_accounting()

        self.assertTrue(manager.has_group("analytic.group_analytic_accounting"))
        with Form(connection, view=view) as form:
            self.assertEqual(form.department_plan_id, self.plans["department"])

    def test_plans_are_chosen_by_a_button_and_created_where_missing(self):
        connection = self.connection
        connection.write({"department_plan_id": False, "location_plan_id": False})
        self.plans["location"].name = "Sites"

        connection.action_choose_plans()

        self.assertEqual(connection.department_plan_id, self.plans["department"])
        self.assertEqual(connection.location_plan_id.name, "Locations")
        self.assertNotEqual(connection.location_plan_id, self.plans["location"])

    def test_mappings_are_looked_at_once_all_is_read_and_whenever_one_comes_back(self):
        connection = self.connection
        connection.action_setup_next()
        connection.action_setup_next()
        reading = connection.action_follow_reading()
        self.assertEqual((reading["state"], reading["percent"]), ("reading", 0))
        self.assertFalse(connection.dry_run_id)
        self.simulator.faults.add(path="/api/v3/vendors/", status=403, times=None)
        self._fetch()
        self.assertEqual(connection.action_follow_reading()["state"], "failed")
        self.simulator.faults.clear()
        connection.action_sync_now()
        self._fetch()

        reading = connection.action_follow_reading()

        self.assertEqual((reading["state"], reading["percent"]), ("read", 100))
        self.assertEqual(connection.dry_run_id.scope, "master")
        first = connection.dry_run_id
        connection.action_follow_reading()
        self.assertEqual(connection.dry_run_id, first)
        connection.action_setup_next()
        self.assertEqual(connection.dry_run_scope, "all")
        connection.action_setup_back()
        self.assertEqual(connection.dry_run_scope, "master")

    def test_integration_user_is_created_by_a_button_with_few_rights(self):
        self.env.user.group_ids |= self.env.ref("base.group_system")
        self.env["res.users"].create({"name": "Taken", "login": "procurify"})

        self.connection.action_create_integration_user()

        user = self.connection.user_id
        self.assertEqual(
            (user.login, user.name), ("procurify-2", "Simulator Integration")
        )
        self.assertEqual(user.company_ids, self.company)
        for group in ("base.group_system", "base.group_erp_manager"):
            self.assertFalse(user.has_group(group), group)
        self.assertFalse(user.has_group("procurify_connector.group_user"))
        self.assertFalse(self.connection._rights_obstacle())
        self.connection.phase = "live"
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_integration_user_is_not_created_by_who_may_not_create_users(self):
        manager = new_test_user(
            self.env, "boss", groups="procurify_connector.group_manager"
        )
        with self.assertRaises(AccessError):
            self.connection.with_user(manager).action_create_integration_user()

    def test_list_that_is_refused_is_named_and_the_others_are_counted(self):
        self.simulator.faults.add(path="/api/v3/vendors/", status=403, times=None)

        self.connection.action_test_connection()

        refused = self.connection.stream_ids.filtered("is_refused")
        self.assertEqual(refused.mapped("resource"), ["vendor"])
        self.assertEqual(self._stream("bill").visible_count, 6)
        self.assertEqual(self.connection.state, "error")

    def test_refused_list_that_is_not_to_be_read_does_not_matter(self):
        self.simulator.faults.add(path="/api/v3/vendors/", status=403, times=None)
        self._stream("vendor").active = False

        self.connection.action_setup_next()

        self.assertEqual(self.connection.setup_step, "policies")

    def test_integration_user_that_may_not_book_stops_the_second_step(self):
        self.connection.action_setup_next()
        self.connection.user_id = new_test_user(
            self.env, "powerless", groups="base.group_user", company_id=self.company.id
        )

        with self.assertRaisesRegex(UserError, "may not create"):
            self.connection.action_setup_next()

    def test_mappings_are_judged_when_everything_is_read(self):
        self.connection.sudo().setup_step = "mapping"

        with self.assertRaisesRegex(UserError, "still being read"):
            self.connection.action_setup_next()

    def test_all_steps_book_nothing_until_it_is_switched_on(self):
        self.connection.action_setup_next()
        self.connection.action_setup_next()
        self._fetch()
        self.connection.action_setup_next()
        self.assertEqual(self.connection.setup_step, "dry_run")
        while self.connection.dry_run_id.action_step()["state"] != "done":
            pass
        self.env.user.tz = False
        self.connection.action_setup_next()
        self.assertEqual(self.connection.setup_step, "live")
        self.assertEqual(self.connection.schedule_tz, "America/Los_Angeles")
        self._run_cron("ir_cron_import")
        self.assertEqual(set(self._records().mapped("state")), {"pending"})

        self.connection.action_resume()
        self._import()

        self.assertEqual(self.connection.phase, "live")
        self.assertTrue(self._records("bill", state="done"))

    def test_mapping_by_hand_in_the_set_up_is_kept_for_the_import(self):
        bill = self.dataset.add_bill("plain", code="7450")
        account = self._account("9000", name="Trials")
        self._fetch()
        code = self._records("account_code", code="7450")

        code.action_map_to(account.id)

        self.assertEqual((code.state, code.res_id), ("pending", account.id))
        self.connection.action_resume()
        self._import()
        self.assertEqual(self._move(bill).invoice_line_ids.account_id, account)

    def test_sure_suggestions_are_taken_at_once(self):
        self.dataset.add_bill("plain", code="7450")
        self._fetch()
        self.connection.action_dry_run_master_data()
        self.connection.dry_run_id.action_step()
        missing = self.connection.missing_mapping_ids.filtered(
            lambda issue: issue.mapped_resource == "account_code"
        )
        self.assertTrue(missing)
        self._account("7450", name="Trials")

        self.connection.action_accept_suggestions()

        code = self._records("account_code", code="7450")
        self.assertEqual(code.target_name, "7450")
        left = self.connection.missing_mapping_ids.mapped("mapped_id")
        self.assertNotIn(code.external_id, left)

    def test_reviewer_may_not_set_up(self):
        reviewer = new_test_user(
            self.env, "unable", groups="procurify_connector.group_user"
        )
        for name in ("action_set_up", "action_setup_next", "action_setup_back"):
            with self.assertRaises(AccessError):
                getattr(self.connection.with_user(reviewer), name)()


@tagged("post_install", "-at_install", "procurify")
class TestSetupTour(ProcurifyCommon, LooksCase):
    bills = 6

    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_set_up_left_and_taken_up_again_until_it_is_switched_on(self):
        self.connection._enter_phase("setup")
        self.connection.write({"client_id": "nobody", "client_secret": "nothing"})
        self.connection.name = "Five plants"
        login = self.env.user.login
        address = f"/odoo/procurify-connections/{self.connection.id}"

        with self._watching():
            self.start_tour(address, "procurify_setup_begin", login=login)
            self._fetch()
            self.start_tour(address, "procurify_setup_end", login=login)

        self.env.invalidate_all()
        self.assertEqual(self.connection.phase, "live")
        self.assertFalse(self._records("bill", state="done"))
        self._import()
        self.assertTrue(self._records("bill", state="done"))
