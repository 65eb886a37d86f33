"""A product's form shows the template: what its variants are in Procurify."""

from odoo import api, fields, models


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "procurify.document.tab", "procurify.mirrored"]

    procurify_record_ids = fields.Many2many(
        "procurify.record",
        string="In Procurify",
        compute="_compute_procurify_record_ids",
        groups="procurify_connector.group_user",
    )

    @api.depends("product_variant_ids.procurify_record_ids")
    def _compute_procurify_record_ids(self):
        for template in self:
            variants = template.product_variant_ids
            template.procurify_record_ids = variants.procurify_record_ids

    @api.model
    def _procurify_linked_ids(self):
        products = self.env["product.product"].with_context(active_test=False)
        return products._search([("is_from_procurify", "=", True)]).subselect(
            "product_tmpl_id"
        )

    def _procurify_mirrored_as(self):
        return self.with_context(active_test=False).product_variant_ids
