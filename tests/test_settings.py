"""Odoo's Settings hold every policy, each with a sentence that says what it does."""

from lxml import etree

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestSettings(ProcurifyCommon):
    def test_every_policy_of_a_connection_is_in_the_settings(self):
        form = etree.fromstring(self.connection.get_view(view_type="form")["arch"])
        policies = form.xpath("//page[@name='policies']//field/@name")

        mirrored = set(self.env["res.config.settings"]._procurify_fields().values())

        self.assertTrue(policies)
        self.assertLessEqual(set(policies), mirrored)

    def test_every_setting_is_shown_with_a_sentence(self):
        settings = self.env["res.config.settings"]
        self.env.user.group_ids |= self.env.ref("base.group_system")
        view = self.env.ref("procurify_connector.res_config_settings_view_form")
        app = etree.fromstring(view.arch).xpath("//app")[0]
        shown = set(app.xpath(".//field/@name"))

        self.assertLessEqual(set(settings._procurify_fields()), shown)
        silent = [
            setting.get("id")
            for setting in app.xpath(".//setting")
            if len((setting.get("help") or "").split()) < 4
        ]
        self.assertFalse(silent)

    def test_what_is_set_is_on_the_connection_and_comes_back(self):
        account = self._account("9100", name="Cents")
        settings = self.env["res.config.settings"].create({})

        settings.write(
            {
                "procurify_rounding_account_id": account.id,
                "procurify_import_card_bills": True,
                "procurify_quiet_from": 22.0,
                "procurify_quiet_to": 6.5,
                "procurify_close_days_before": 3,
            }
        )
        settings.set_values()

        self.assertEqual(self.connection.rounding_account_id, account)
        self.assertTrue(self.connection.import_card_bills)
        self.assertEqual(
            (self.connection.quiet_from, self.connection.quiet_to), (22.0, 6.5)
        )
        again = self.env["res.config.settings"].create({})
        self.assertEqual(again.procurify_close_days_before, 3)
        self.assertEqual(again.procurify_rounding_account_id, account)

    def test_settings_edit_none_of_several_connections(self):
        other = self._connect(name="Second", client_id="second")
        before = {c: (c.base_url, c.bill_policy) for c in self.connection | other}
        settings = self.env["res.config.settings"].create({})
        self.assertTrue(settings.procurify_has_several)
        self.assertFalse(settings.procurify_connection_id)

        settings.write(
            {
                "procurify_base_url": "https://third.procurify.example",
                "procurify_bill_policy": "post",
            }
        )
        settings.set_values()

        now = self.env["procurify.connection"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual({c: (c.base_url, c.bill_policy) for c in now}, before)
        with self.assertRaises(UserError):
            settings.action_procurify_sync()
