"""Who uninstalls the addon knows before what stays."""

from odoo.tests import Form, TransactionCase, tagged

from odoo.addons.procurify_connector import pre_init_hook


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

    def test_a_new_installation_takes_the_products_that_stayed(self):
        names = ("product_generic", "product_rounding")
        kept = {n: self.env.ref(f"procurify_connector.{n}") for n in names}
        self._products_names(names).unlink()
        self.env.registry.clear_cache()
        twin = kept["product_generic"].copy({"default_code": "PROCURIFY"})

        pre_init_hook(self.env)
        pre_init_hook(self.env)

        found = {n: self.env.ref(f"procurify_connector.{n}") for n in names}
        self.assertEqual(found, kept, "the older one, which documents name")
        self.assertNotEqual(found["product_generic"], twin)
        self.assertEqual(self._products_names(names).mapped("noupdate"), [True, True])

    def test_a_first_installation_takes_nothing(self):
        names = ("product_generic", "product_rounding")
        kept = [self.env.ref(f"procurify_connector.{n}") for n in names]
        self._products_names(names).unlink()
        for product in kept:
            product.default_code = False

        pre_init_hook(self.env)

        self.assertFalse(self._products_names(names))

    def _products_names(self, names):
        return self.env["ir.model.data"].search(
            [("module", "=", "procurify_connector"), ("name", "in", names)]
        )
