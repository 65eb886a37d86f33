"""Bills that are in Odoo already, from anywhere, are held and can be adopted."""

from odoo import api, models
from odoo.tools import float_compare

from ..importers.bills.duplicates import BillDuplicates


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _procurify_hold_duplicates(self, batch, bills, new, changed):
        """Hold bills that Odoo has already, and the later ones of their own batch.

        :param changed: {record: draft} of those that may become one by their change
        """
        if batch.choice:
            return
        rivals = BillDuplicates(self, batch, bills).rivals(new, changed)
        for record, rival in rivals.items():
            if record.not_a_duplicate:
                continue
            batch.hold(
                record,
                "duplicate_bill",
                value=record.name,
                found=(rival.move or rival.record).display_name,
                rule=rival.rule,
            )
            if rival.move:
                batch.note(record, conflict_id=rival.move.id)

    def _procurify_is_credited(self):
        """Tell whether posted credit notes have taken this bill back completely."""
        self.ensure_one()
        credits = self.reversal_move_ids.filtered(lambda m: m.state == "posted")
        credited = sum(credits.mapped("amount_total"))
        rounding = self.currency_id.rounding
        return bool(credits) and (
            float_compare(credited, self.amount_total, precision_rounding=rounding) >= 0
        )
