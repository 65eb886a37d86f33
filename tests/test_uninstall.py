"""Who uninstalls the addon knows before what stays."""

from odoo.tests import Form, TransactionCase, tagged


@tagged("post_install", "-at_install", "procurify")
class TestUninstall(TransactionCase):
    def _told(self, name):
        module = self.env["ir.module.module"].search([("name", "=", name)])
        wizard = self.env["base.module.uninstall"].create({"module_ids": module.ids})
        return Form(wizard).removes_procurify

    def test_what_stays_is_said_before_the_addon_goes(self):
        self.assertTrue(self._told("procurify_connector"))

    def test_it_is_said_too_where_the_addon_goes_with_another(self):
        self.assertTrue(self._told("purchase"))

    def test_nothing_is_said_where_the_addon_stays(self):
        independent = self.env["ir.module.module"].search(
            [("state", "=", "installed"), ("name", "=", "iap")]
        )
        self.assertTrue(independent)
        self.assertFalse(self._told(independent.name))
