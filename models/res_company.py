"""A lock date that moves releases the bills that it held."""

from odoo import models
from odoo.fields import Domain

from odoo.addons.account.models.company import LOCK_DATE_FIELDS


class ResCompany(models.Model):
    _inherit = "res.company"

    def write(self, vals):
        written = super().write(vals)
        if vals.keys() & set(LOCK_DATE_FIELDS):
            self._procurify_release_closed_periods()
        return written

    def _procurify_release_closed_periods(self):
        """Send the bills of closed periods to the import, branches' ones included."""
        records = (
            self.env["procurify.record"]
            .sudo()
            .search(
                Domain("company_id", "child_of", self.ids)
                & Domain("cause_ids.code", "=", "closed_period")
                & Domain("state", "=", "quarantined")
            )
        )
        if records:
            records._requeue()
            self.env.ref("procurify_connector.ir_cron_import").sudo()._trigger()
