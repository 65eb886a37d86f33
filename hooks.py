"""What is done besides installing and uninstalling what the manifest lists."""

from .tools import findings_table, place_column, spend_table
from .tools.audit_triggers import unprotect

_MODULE = "procurify_connector"
# Name in the data files → reference of the product that an uninstallation left.
_PRODUCTS = {
    "product_generic": "PROCURIFY",
    "product_rounding": "PROCURIFY-ROUND",
}


def pre_init_hook(env):
    """Take the products of an earlier installation, which orders and bills name.

    The data files would make them a second time. Archived ones are not taken back.
    """
    products = env["product.product"].search(
        [("default_code", "in", list(_PRODUCTS.values())), ("company_id", "=", False)],
        order="id desc",
    )
    by_reference = {product.default_code: product for product in products}
    names = env["ir.model.data"]
    known = set(names.search([("module", "=", _MODULE)]).mapped("name"))
    names.create(
        [
            {
                "module": _MODULE,
                "name": name,
                "model": "product.product",
                "res_id": by_reference[reference].id,
                "noupdate": True,
            }
            for name, reference in _PRODUCTS.items()
            if reference in by_reference and name not in known
        ]
    )


def uninstall_hook(env):
    """Let the audit's tables go, and the products stay that documents have."""
    unprotect(env)
    spend_table.drop(env.cr)
    place_column.drop(env.cr)
    findings_table.drop(env.cr)
    env["procurify.monitoring"]._switch_off()
    connections = env["procurify.connection"].with_context(active_test=False)
    env["procurify.attachment"]._delete_held(connections.search([]))
    # Odoo would delete what is in the data files; orders, bills and contacts name it.
    kept = ("product.product", "product.template", "res.partner.category")
    env["ir.model.data"].search(
        [("module", "=", _MODULE), ("model", "in", kept)]
    ).unlink()
