"""What Procurify pays: told on the bill, and no reason to pay it again in Odoo."""

from odoo import api, fields, models


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    remote_paid = fields.Boolean(
        "Paid in Procurify",
        readonly=True,
        help="Procurify calls the bill paid, or somebody began to pay it there.",
    )
    remote_payment = fields.Selection(
        [("in_progress", "Being paid"), ("paid", "Paid")],
        "Payment in Procurify",
        readonly=True,
    )
    payment_allowed_by = fields.Char(
        readonly=True,
        help="Who said that the bill is to be paid in Odoo, although Procurify pays "
        "it. Asked again when Procurify says something new about its payment.",
    )
    payment_allowed_at = fields.Datetime(readonly=True)

    @api.model
    def _payment_notes(self, bill):
        """Return what the record of ``bill`` notes about its payment, as values."""
        state = bill.is_paid and "paid"
        state = state or (bill.is_being_paid and "in_progress")
        return {"remote_paid": bool(state), "remote_payment": state}

    def _note_payment(self, draft):
        """Note what Procurify says about the payment of this bill, where it is news."""
        self.ensure_one()
        notes = self._payment_notes(draft.payload)
        if any(self[name] != value for name, value in notes.items()):
            draft.note(**notes, payment_allowed_by=False, payment_allowed_at=False)

    def _allow_payment(self):
        """Let these bills be paid in Odoo, on the word of whoever is asked."""
        self.env["procurify.audit"]._log_payment_allowed(self)
        self.sudo().write(
            {
                "payment_allowed_by": self.env.user.name,
                "payment_allowed_at": fields.Datetime.now(),
            }
        )
