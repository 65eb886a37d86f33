"""Book the bills as drafts that are on hold for dates with a time of day."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    held = env["procurify.record"].search(
        [("state", "=", "quarantined"), ("issue_ids.code", "=", "date_not_explained")]
    )
    held._requeue()
