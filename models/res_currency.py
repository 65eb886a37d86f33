"""Currency → res.currency, by its ISO code."""

from odoo import api, models


class ResCurrency(models.Model):
    _name = "res.currency"
    _inherit = ["res.currency", "procurify.import.mixin"]

    _procurify_resources = ("currency",)

    @api.model
    def _procurify_key(self, record):
        return record.code or record.external_id

    @api.model
    def _procurify_usable(self, target, record):
        if target.active:
            return False
        return self._procurify_hold(record, "inactive_currency", value=target.name)

    @api.model
    def _procurify_match(self, batch):
        records = batch.open
        codes = {batch.payloads[record].code for record in records}
        found = {
            currency.name.upper(): currency
            for currency in self.with_context(active_test=False).search(
                [("name", "in", list(codes))]
            )
        }
        for record in records:
            currency = found.get(batch.payloads[record].code)
            if not currency:
                self._procurify_hold_open(batch, record)
            elif not currency.active:
                self._procurify_hold_open(
                    batch, record, "inactive_currency", value=currency.name
                )
            else:
                batch.link(record, currency.id)
