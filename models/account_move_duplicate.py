"""Bills that are in Odoo already, from anywhere: same vendor, kind and number."""

from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import float_compare

from .procurify_import_mixin import normalise


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _procurify_hold_duplicates(self, batch, bills, new, changed):
        """Hold bills that Odoo has already, and the later ones of their own batch.

        :param changed: {record: draft} of those that may become one by their change
        """
        renamed = [
            record
            for record, move in changed.items()
            if any(bills.values[record][name] != value for name, value in _key(move))
        ]
        keys = self._procurify_duplicate_keys(bills, [*new, *renamed])
        found = self._procurify_namesakes(batch, bills, keys)
        first = {}
        for record, key in keys.items():
            if record.not_a_duplicate or batch.choice:
                continue
            if move := (found.get(key, self) - changed.get(record, self))[:1]:
                batch.hold(
                    record, "duplicate_bill", value=record.name, found=move.display_name
                )
                batch.note(record, conflict_id=move.id)
            elif key in first:
                batch.hold(
                    record,
                    "duplicate_bill",
                    value=record.name,
                    found=first[key].display_name,
                )
            elif record not in batch.holds:
                first[key] = record

    @api.model
    def _procurify_duplicate_keys(self, bills, records):
        """Return {record: (commercial partner's id, kind, number)} where it has all."""
        partners = self.env["res.partner"].browse(
            {bills.vendors[r] for r in records if bills.vendors.get(r)}
        )
        commercial = {p.id: p.commercial_partner_id.id for p in partners}
        return {
            record: (
                commercial[bills.vendors[record]],
                "in_refund" if bills.reckonings[record].total < 0 else "in_invoice",
                normalise(bills.documents[record].invoice_number),
            )
            for record in records
            if bills.vendors.get(record)
            and normalise(bills.documents[record].invoice_number)
        }

    @api.model
    def _procurify_namesakes(self, batch, bills, keys):
        """Return {key: the valid bills that Odoo has with it}, in one query.

        Cases and outer spaces do not part two numbers. What was cancelled or fully
        credited is no longer there.
        """
        if not keys:
            return {}
        numbers = {bills.documents[record].invoice_number.strip() for record in keys}
        moves = self.search(
            Domain("move_type", "in", ("in_invoice", "in_refund"))
            & Domain("state", "!=", "cancel")
            & Domain("company_id", "=", self.env.company.id)
            & Domain("commercial_partner_id", "in", [key[0] for key in keys.values()])
            & Domain.OR(Domain("ref", "ilike", _escaped(n)) for n in numbers),
            order="id",
        )
        wanted = set(keys.values())
        found = defaultdict(self.browse)
        for move in moves:
            key = (move.commercial_partner_id.id, move.move_type, normalise(move.ref))
            if key in wanted and not move._procurify_is_credited():
                found[key] |= move
        return found

    def _procurify_is_credited(self):
        """Tell whether posted credit notes have taken this bill back completely."""
        self.ensure_one()
        credits = self.reversal_move_ids.filtered(lambda m: m.state == "posted")
        credited = sum(credits.mapped("amount_total"))
        rounding = self.currency_id.rounding
        return bool(credits) and (
            float_compare(credited, self.amount_total, precision_rounding=rounding) >= 0
        )


def _key(move):
    """Return what a bill and its duplicates have in common, as values to write."""
    return (
        ("partner_id", move.partner_id.id),
        ("move_type", move.move_type),
        ("ref", move.ref),
    )


def _escaped(text):
    """Return ``text`` so that a pattern takes each character for itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
