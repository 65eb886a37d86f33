"""What is done besides installing and uninstalling what the manifest lists."""

from .models.audit_triggers import unprotect

_MODULE = "procurify_connector"


def uninstall_hook(env):
    """Let the audit's tables go, and the products stay that documents have."""
    unprotect(env)
    env["procurify.monitoring"]._switch_off()
    # Odoo would delete what is in the data files, and orders and bills name it.
    kept = ("product.product", "product.template")
    env["ir.model.data"].search(
        [("module", "=", _MODULE), ("model", "in", kept)]
    ).unlink()
