"""Odoo's Settings show the company's connection; its form holds every policy."""

from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .common import ProcurifyCommon

# Every choice of an administrator about what is imported, and when it is read.
CHOICES = {
    "attachment_limit_mb",
    "attachment_policy",
    "bill_policy",
    "bills_start_date",
    "card_order_policy",
    "close_days_after",
    "close_days_before",
    "close_interval_minutes",
    "closed_period_policy",
    "date_reading",
    "date_zone",
    "department_plan_id",
    "department_policy",
    "import_card_bills",
    "import_expense_bills",
    "journal_id",
    "location_plan_id",
    "location_policy",
    "nightly_check_days",
    "order_policy",
    "orders_start_date",
    "product_id",
    "product_policy",
    "product_type",
    "quiet_from",
    "quiet_to",
    "rate_source",
    "receipt_policy",
    "requisition_policy",
    "rounding_account_id",
    "silence_intervals",
    "take_over_open_items",
    "unallocated_account_id",
    "unexplained_rate_policy",
    "unit_policy",
    "user_id",
    "vendor_policy",
    "version_days",
}


@tagged("post_install", "-at_install", "procurify")
class TestSettings(ProcurifyCommon):
    def test_form_of_the_connection_has_every_policy_once_and_editable(self):
        self.env.user.group_ids |= self.env.ref("analytic.group_analytic_accounting")
        form = etree.fromstring(self.connection.get_view(view_type="form")["arch"])
        names = form.xpath("//field[not(ancestor::field)]/@name")
        described = self.connection.fields_get(CHOICES)

        for name in sorted(CHOICES):
            with self.subTest(name):
                self.assertEqual(names.count(name), 1)
                self.assertFalse(described[name]["readonly"])

    def test_every_policy_has_a_sentence_that_says_what_it_does(self):
        form = etree.fromstring(self.connection.get_view(view_type="form")["arch"])
        shown = form.xpath(
            "//page[@name='policies' or @name='streams']"
            "//field[not(ancestor::field)]/@name"
        )
        described = self.connection.fields_get(shown)
        silent = {
            name
            for name, field in described.items()
            if not field["readonly"] and len((field.get("help") or "").split()) < 4
        }

        self.assertLess(20, len(described))
        self.assertLessEqual(silent, {"stream_ids"})

    def test_every_setting_is_shown_with_a_sentence(self):
        view = self.env.ref("procurify_connector.res_config_settings_view_form")
        app = etree.fromstring(view.arch).xpath("//app")[0]
        ours = {
            name
            for name in self.env["res.config.settings"]._fields
            if name.startswith("procurify_")
        }

        self.assertEqual(set(app.xpath(".//field/@name")), ours)
        settings = app.xpath(".//setting")
        self.assertTrue(settings)
        silent = [
            setting.get("id")
            for setting in settings
            if len((setting.get("help") or "").split()) < 4
        ]
        self.assertFalse(silent)

    def test_what_is_set_is_on_the_connection_and_comes_back(self):
        user = new_test_user(
            self.env, "settings_importer", groups="base.group_user", name="Importer"
        )
        settings = self.env["res.config.settings"].create({})

        settings.write(
            {
                "procurify_base_url": "https://other.procurify.example",
                "procurify_client_id": "another",
                "procurify_user_id": user.id,
            }
        )
        settings.set_values()

        self.assertEqual(self.connection.base_url, "https://other.procurify.example")
        self.assertEqual(self.connection.client_id, "another")
        self.assertEqual(self.connection.user_id, user)
        again = self.env["res.config.settings"].create({})
        self.assertEqual(again.procurify_base_url, "https://other.procurify.example")
        self.assertEqual(again.procurify_user_id, user)

    def test_saving_unchanged_settings_keeps_the_token_and_the_health(self):
        self.env.user.group_ids |= self.env.ref("base.group_system")
        # Odoo's test company has taxes on cash basis, which its settings then want.
        self.company.tax_exigibility = True
        self.connection.action_test_connection()
        self.assertEqual(self.connection.state, "connected")
        before = self.connection.identity, self.connection.token_expires_at

        with Form(self.env["res.config.settings"]) as form:
            self.assertEqual(form.procurify_state, "connected")
        form.record.execute()

        self.assertEqual(self.connection.state, "connected")
        self.assertEqual(
            (self.connection.identity, self.connection.token_expires_at), before
        )

    def test_what_is_typed_into_the_form_is_on_the_connection(self):
        self.env.user.group_ids |= self.env.ref("base.group_system")
        self.company.tax_exigibility = True
        self.connection.write({"client_id": "nobody", "client_secret": "nothing"})

        with Form(self.env["res.config.settings"]) as form:
            form.procurify_client_id = self.simulator.client_id
            form.procurify_client_secret = self.simulator.client_secret

        self.assertEqual(self.connection.client_id, self.simulator.client_id)
        self.assertEqual(
            form.record.action_procurify_test()["params"]["type"], "success"
        )
        self.assertEqual(self.connection.state, "connected")

    def test_address_and_secret_are_saved_together_in_any_order(self):
        address = {"procurify_base_url": "https://other.procurify.example"}
        secret = {"procurify_client_secret": "of the other"}
        for values in (address | secret, secret | address):
            for method in ("create", "write"):
                with self.subTest(method, first=next(iter(values))):
                    self.connection.base_url = "https://former.procurify.example"
                    self.assertFalse(self.connection.has_client_secret)
                    settings = self.env["res.config.settings"].create({})

                    if method == "create":
                        settings = settings.create(dict(values))
                    else:
                        settings.write(dict(values))

                    self.assertEqual(
                        self.connection.base_url, address["procurify_base_url"]
                    )
                    self.assertTrue(self.connection.has_client_secret)
                    self.assertFalse(settings.procurify_client_secret)

    def test_settings_edit_none_of_several_connections(self):
        other = self._connect(name="Second", client_id="second")
        before = {c: self._set_on(c) for c in self.connection | other}
        settings = self.env["res.config.settings"].create({})
        self.assertTrue(settings.procurify_has_several)
        self.assertFalse(settings.procurify_connection_id)
        self.assertFalse(settings.procurify_base_url)

        settings.write(
            {
                "procurify_base_url": "https://third.procurify.example",
                "procurify_client_id": "third",
                "procurify_user_id": self.env.ref("base.user_admin").id,
            }
        )
        settings.set_values()

        now = self.env["procurify.connection"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual({c: self._set_on(c) for c in now}, before)
        for action in ("test", "sync", "open"):
            with self.subTest(action), self.assertRaises(UserError):
                getattr(settings, f"action_procurify_{action}")()

    def test_settings_of_a_company_without_a_connection_lead_to_the_set_up(self):
        self.connection.unlink()
        settings = self.env["res.config.settings"].create({})

        self.assertFalse(settings.procurify_connection_id)
        self.assertFalse(settings.procurify_has_several)
        for action in ("test", "sync", "open"):
            with self.subTest(action), self.assertRaisesRegex(UserError, "Set up"):
                getattr(settings, f"action_procurify_{action}")()
        settings.execute()
        self.assertFalse(
            self.env["procurify.connection"].search(
                [("company_id", "=", self.company.id)]
            )
        )
        view = self.env.ref("procurify_connector.res_config_settings_view_form")
        action = self.env.ref("procurify_connector.procurify_connection_action_setup")
        [button] = etree.fromstring(view.arch).xpath(
            f"//setting[@id='procurify_none']//button[@name='{action.id}']"
        )
        self.assertEqual(button.get("type"), "action")

    def test_another_company_s_connection_is_not_in_the_settings(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.company_ids |= company

        elsewhere = self.env["res.config.settings"].with_company(company).create({})

        self.assertEqual(elsewhere.company_id, company)
        self.assertFalse(elsewhere.procurify_connection_id)
        self.assertFalse(elsewhere.procurify_base_url)

    def test_only_administrators_of_the_connector_see_the_connection(self):
        stranger = new_test_user(
            self.env, "settings_stranger", groups="base.group_system"
        )
        stranger.group_ids -= self.env.ref("procurify_connector.group_manager")
        settings = self.env["res.config.settings"].with_user(stranger).create({})

        with self.assertRaises(AccessError):
            settings.read(["procurify_base_url"])
        with self.assertRaises(AccessError):
            settings.write({"procurify_base_url": "https://third.procurify.example"})

    def _set_on(self, connection):
        return (
            connection.base_url,
            connection.client_id,
            connection.user_id,
            connection.has_client_secret,
        )
