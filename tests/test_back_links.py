"""From Odoo to Procurify and back: buttons, and Procurify's own pages."""

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestBackLinks(ProcurifyCommon):
    master_data_ready = True

    def test_record_knows_its_page_in_procurify(self):
        bill_id = self.dataset.add_bill("plain")
        self._fetch()
        record = self._record("bill", bill_id)
        self.connection.bill_url_template = "{base_url}/b/{id}?u={uuid}#{number}"

        uuid = self.dataset.bill(bill_id).uuid.hex
        page = f"{self.simulator.base_url}/b/{bill_id}?u={uuid}#{record.code}"
        self.assertEqual(record.web_url, page)
        self.assertEqual(
            record.action_open_in_procurify(),
            {"type": "ir.actions.act_url", "url": page, "target": "new"},
        )

    def test_what_procurify_sends_cannot_change_the_address(self):
        bill_id = self.dataset.add_bill("plain", invoice_number="a/../?x=1#<b>é")
        self._fetch()
        self.connection.bill_url_template = "{base_url}/b/{number}"

        self.assertEqual(
            self._record("bill", bill_id).web_url,
            f"{self.simulator.base_url}/b/a%2F..%2F%3Fx%3D1%23%3Cb%3E%C3%A9",
        )

    def test_every_kind_with_a_page_has_a_template_that_can_be_used(self):
        self.dataset.add_order()
        self.dataset.add_bill("plain")
        self._fetch()

        for resource in ("bill", "purchase_order", "requisition", "vendor"):
            with self.subTest(resource=resource):
                record = self._records(resource)[:1]
                self.assertTrue(
                    record.web_url.startswith(f"{self.simulator.base_url}/")
                )
        self.assertFalse(self._records("currency")[:1].web_url)

    def test_template_that_could_lead_elsewhere_is_refused(self):
        for template in (
            "javascript:alert(1)",
            "javascript://{base_url}/%0aalert(1)",
            "data:text/html,{id}",
            "//evil.example/{id}",
            "{base_url}.evil.example/{id}",
            "{base_url}@evil.example/{id}",
            "https://{number}/{id}",
            "https://evil.example\\@{base_url}/",
            "{base_url}/{payload}",
            "{base_url}/{id.__class__}",
            "{base_url}/{id!r}",
            "{base_url}/{id:>9999999}",
            "{base_url}/{}",
            "{base_url}/{id",
            "{base_url}/ {id}",
            "{base_url}/{id}\n",
            "ftp://files.example/{id}",
        ):
            with self.subTest(template=template), self.assertRaises(ValidationError):
                self.connection.bill_url_template = template

    def test_template_of_another_host_is_accepted(self):
        self.connection.bill_url_template = "https://app.example:8443/t/{uuid}"

        self.assertEqual(
            self.connection.bill_url_template, "https://app.example:8443/t/{uuid}"
        )

    def test_without_template_there_is_no_link(self):
        self.dataset.add_bill("plain")
        self._fetch()
        self.connection.bill_url_template = False

        self.assertFalse(self._records("bill").web_url)
        with self.assertRaises(UserError):
            self._records("bill").action_open_in_procurify()

    def test_address_that_is_none_gives_no_link(self):
        self.dataset.add_bill("plain")
        self._fetch()
        self.connection.base_url = "javascript:alert(1)"

        self.assertFalse(self._records("bill").web_url)

    def test_odoo_bill_and_vendor_lead_to_procurify_and_back(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        record, move = self._record("bill", bill_id), self._move(bill_id)

        self.assertEqual(move.action_open_procurify_record()["res_id"], record.id)
        self.assertEqual(move.action_open_in_procurify()["url"], record.web_url)
        self.assertEqual(record.action_open_target()["res_id"], move.id)
        self.assertTrue(move.partner_id.action_open_in_procurify()["url"])

    def test_product_leads_to_procurify_by_template_and_by_variant(self):
        item_id = self.dataset.add_catalog_item("Torque wrench")
        self._synchronise()
        record = self._record("catalog_item", item_id)
        product = self.env["product.product"].browse(record.res_id)

        self.assertEqual(product.action_open_in_procurify()["url"], record.web_url)
        template = product.product_tmpl_id
        self.assertEqual(template.action_open_procurify_record()["res_id"], record.id)

    def test_forms_show_the_button(self):
        self.env.user.group_ids |= self.env.ref("purchase.group_purchase_user")
        for model, view in (
            ("purchase.order", "purchase.purchase_order_form"),
            ("product.template", "product.product_template_only_form_view"),
            ("product.product", "product.product_normal_form_view"),
            ("account.move", "account.view_move_form"),
            ("res.partner", "base.view_partner_form"),
        ):
            with self.subTest(model=model):
                arch = Form(self.env[model], view=view)._view["tree"]
                opens = "//button[@name='action_open_procurify_record']"
                box = arch.xpath(f"//div[@name='button_box']{opens}")
                self.assertEqual(len(box), 1)
                self.assertEqual(len(arch.xpath("//page[@name='procurify']")), 1)
