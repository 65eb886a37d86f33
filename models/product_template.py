"""A product's form shows the template: what its variants are in Procurify."""

from odoo import api, fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

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

    def action_open_procurify_record(self):
        """Open what the variants of this product are in Procurify."""
        self.ensure_one()
        return self.procurify_record_ids._action_open(self.env._("In Procurify"))
