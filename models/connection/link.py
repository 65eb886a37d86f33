"""Where the pages of Procurify are, which it does not document."""

import re
from string import Formatter

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Which template of the connection gives the page of which resource.
URL_TEMPLATES = {
    "bill": "bill_url_template",
    "purchase_order": "order_url_template",
    "requisition": "requisition_url_template",
    "vendor": "vendor_url_template",
    "catalog_item": "item_url_template",
}
_PLACEHOLDERS = frozenset({"base_url", "id", "uuid", "number"})
# A fixed host, so that nothing that Procurify sends can choose another one.
_START = re.compile(r"(\{base_url\}|https?://[a-z0-9.-]+(:[0-9]+)?)/", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\\"'<>]")
_HELP = (
    "Placeholders: {base_url}, {id}, {uuid}, {number}. Procurify does not document the "
    "addresses of its pages: open one, and copy it from the browser. Empty: no link."
)


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    bill_url_template = fields.Char(
        "Page of a Bill", default="{base_url}/bills/{uuid}", help=_HELP
    )
    order_url_template = fields.Char(
        "Page of a Purchase Order",
        default="{base_url}/purchase-orders/{id}",
        help=_HELP,
    )
    requisition_url_template = fields.Char(
        "Page of a Requisition", default="{base_url}/orders/{id}", help=_HELP
    )
    vendor_url_template = fields.Char(
        "Page of a Vendor", default="{base_url}/vendors/{id}", help=_HELP
    )
    item_url_template = fields.Char(
        "Page of a Catalogue Item", default="{base_url}/catalog/{id}", help=_HELP
    )

    @api.constrains(*URL_TEMPLATES.values())
    def _check_url_templates(self):
        for connection in self:
            for name in URL_TEMPLATES.values():
                template = connection[name]
                if template and not _is_url_template(template):
                    raise ValidationError(
                        self.env._(
                            "%(template)s cannot be the address of a page: it starts "
                            "with {base_url}/ or https://, and its placeholders are "
                            "{base_url}, {id}, {uuid} and {number}.",
                            template=template,
                        )
                    )


def _is_url_template(template):
    """Tell whether ``template`` can only be an address on the host that it names."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        return False
    plain = all(
        name is None or (name in _PLACEHOLDERS and not spec and not conversion)
        for _text, name, spec, conversion in parts
    )
    return bool(
        plain
        and _START.match(template)
        and template.count("{base_url}") <= 1
        and not template.find("{base_url}") > 0
        and not _FORBIDDEN.search(template)
    )
