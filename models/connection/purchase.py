"""What a connection does with items, requisitions, orders and receipts."""

from odoo import api, fields, models

_POLICIES = {
    "product_policy": ("catalog_item", "purchase_order"),
    "product_id": ("catalog_item", "purchase_order"),
    "unit_policy": ("unit",),
    "order_policy": ("purchase_order",),
    "card_order_policy": ("purchase_order",),
    "requisition_policy": ("requisition",),
}


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    order_policy = fields.Selection(
        [
            ("purchase", "Confirmed orders"),
            ("rfq", "Requests for quotation, for a person to confirm"),
            ("none", "Do not import"),
        ],
        string="Purchase Orders",
        default="purchase",
        required=True,
        help="Procurify's orders are approved and issued: confirmed is what they are.",
    )
    card_order_policy = fields.Selection(
        [
            ("settle", "Import them as paid: no bill is expected"),
            ("exclude", "Leave them out"),
        ],
        string="Orders Paid by Card",
        default="settle",
        required=True,
        help="They are paid when they are purchased. The vendor sends no bill: what is "
        "billed comes from the card's issuer.",
    )
    requisition_policy = fields.Selection(
        [
            ("none", "Do not import"),
            ("rfq", "Requests for quotation, per vendor"),
        ],
        string="Requisitions",
        default="none",
        required=True,
        help="Approved lines that are not purchased yet. Once they are, they become "
        "lines of the purchase order.",
    )
    receipt_policy = fields.Selection(
        [
            ("none", "Leave to Odoo"),
            ("set", "Set what Procurify received"),
        ],
        string="Received Quantities",
        default="none",
        required=True,
        help="Set on lines whose received quantity Odoo lets be entered by hand; what "
        "Odoo's Inventory receives is never touched.",
    )
    product_policy = fields.Selection(
        [
            ("create", "Create the product"),
            ("generic", "Use the generic product"),
            ("hold", "Hold for a person"),
        ],
        string="Unknown Catalogue Items",
        default="create",
        required=True,
        help="Lines without a catalogue item always use the generic product.",
    )
    product_type = fields.Selection(
        [("consu", "Goods"), ("service", "Service")],
        string="Created Products Are",
        default="consu",
        required=True,
        help="Odoo's Inventory, where installed, expects receipts of goods.",
    )
    product_id = fields.Many2one(
        "product.product",
        string="Generic Product",
        check_company=True,
        domain="[('purchase_ok', '=', True)]",
        default=lambda self: self.env.ref(
            "procurify_connector.product_generic", raise_if_not_found=False
        ),
        help="Stands on order lines that are text only; the text is on the line.",
    )
    unit_policy = fields.Selection(
        [
            ("product", "Count in the product's unit"),
            ("create", "Create the unit"),
            ("hold", "Hold for a person"),
        ],
        string="Unknown Units",
        default="product",
        required=True,
        help="In the product's unit, the unit's name is kept in the line's text.",
    )

    @api.model
    def _policies(self):
        return super()._policies() | _POLICIES
