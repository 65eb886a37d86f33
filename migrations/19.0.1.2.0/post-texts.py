"""Names of records that people may change, and that no update overwrites."""

from odoo import api

#: {record: (its name in 19.0.1.1.0, its name from now on)}
_NAMES = {
    "ir_cron_nightly_check": ("Procurify: compare", "Procurify: nightly check"),
    "digest_digest_procurify": ("Procurify: what is in the books", "Procurify: digest"),
}


def migrate(cr, version):
    """Rename the nightly check and the digest, unless somebody named them."""
    env = api.Environment(cr, api.SUPERUSER_ID, {})
    for xmlid, (former, name) in _NAMES.items():
        record = env.ref(f"procurify_connector.{xmlid}", raise_if_not_found=False)
        if record and record.name == former:
            record.name = name
