"""Bill → account.move: a draft vendor bill, or a refund where the total is negative."""

from odoo import api, fields, models
from odoo.fields import Command, Domain

from ..procurify import PAYABLE_STATUSES, BillType
from .bill_import import BillImport
from .import_batch import BatchRefused
from .procurify_cause import Hold


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "procurify.import.mixin"]

    _procurify_resources = ("bill",)

    @api.model
    def _procurify_import(self, batch):
        """Write the bills that pass every check; hold the others with every reason."""
        moves = self._procurify_linked_moves(batch)
        self._procurify_exclude(batch, moves)
        self._procurify_hold_closed(batch, moves)
        bills = BillImport(self.env, batch)
        bills.run()
        for record in [r for r in bills.values if r in moves]:
            self._procurify_update(batch, bills, record, moves[record])
        new = [record for record in bills.values if record not in moves]
        self._procurify_create(batch, bills, new)
        self._procurify_verify(batch, bills)

    # === WHICH BILLS === #

    @api.model
    def _procurify_linked_moves(self, batch):
        """Return {record: move} of the bills that are in Odoo already."""
        linked = batch.open.filtered("res_id")
        found = {
            move.id: move
            for move in self.search(Domain("id", "in", linked.mapped("res_id")))
        }
        for record in linked.filtered(lambda r: r.res_id not in found):
            key = f"bill/{record.external_id}"
            batch.hold(record, "target_deleted", key, value=record.name)
        return {r: found[r.res_id] for r in linked if r.res_id in found}

    @api.model
    def _procurify_exclude(self, batch, moves):
        """Leave out what is not payable or not a vendor's bill, by name of the rule."""
        connection = batch.connection
        for record in batch.open.filtered(lambda record: record not in moves):
            bill = batch.payloads[record]
            if bill.type == BillType.EXPENSE and not connection.import_expense_bills:
                batch.exclude(record, "expense_bill")
            elif bill.type == BillType.CREDIT_CARD and not connection.import_card_bills:
                batch.exclude(record, "card_bill")
            elif bill.status not in PAYABLE_STATUSES or not bill.active:
                batch.exclude(record, "not_approved")

    @api.model
    def _procurify_hold_closed(self, batch, moves):
        """Hold changes to bills that a person has posted or edited, with both sides."""
        for record in batch.open.filtered(lambda record: record in moves):
            bill, move = batch.payloads[record], moves[record]
            name = move.display_name
            if bill.status not in PAYABLE_STATUSES or not bill.active:
                batch.hold(record, "withdrawn", value=record.name, found=name)
            elif record.applied_digest == record.digest:
                batch.link(record, move.id, "remembered")
            elif (
                move.state != "draft"
                or move._procurify_fingerprint() != record.applied_state
            ):
                difference = move._procurify_difference(bill)
                batch.hold(
                    record, "changed_after_booking", value=difference, found=name
                )

    def _procurify_difference(self, bill):
        """Tell in words what Procurify says now and what the books say."""
        self.ensure_one()
        sign = -1 if self.move_type == "in_refund" else 1
        pairs = (
            (self.env._("total"), bill.total_cost_with_tax, sign * self.amount_total),
            (self.env._("number"), bill.invoice_number or "", self.ref or ""),
            (self.env._("date"), bill.invoice_date, self.invoice_date),
            (self.env._("due"), bill.due_date, self.invoice_date_due),
        )
        texts = [
            self.env._(
                "%(field)s: Procurify %(theirs)s, Odoo %(ours)s",
                field=field,
                theirs=theirs,
                ours=ours,
            )
            for field, theirs, ours in pairs
            if (float(theirs) if field == pairs[0][0] and theirs else theirs) != ours
        ]
        return "; ".join(texts) or self.env._("in the lines")

    # === WRITING === #

    @api.model
    def _procurify_create(self, batch, bills, records):
        """Create the draft bills of ``records`` in one call."""
        self._procurify_hold_duplicates(batch, bills, records)
        records = [record for record in records if record not in batch.holds]
        moves = self.create([bills.values[record] for record in records])
        for record, move in zip(records, moves, strict=True):
            batch.link(record, move.id, "created")

    @api.model
    def _procurify_update(self, batch, bills, record, move):
        """Bring an untouched draft to what Procurify says now."""
        values = dict(bills.values[record])
        if values.pop("move_type") != move.move_type:
            # Without lines, or Odoo would turn the old ones around.
            move.invoice_line_ids = [Command.clear()]
            move.action_switch_move_type()
        values["invoice_line_ids"] = [Command.clear(), *values["invoice_line_ids"]]
        move.write(values)
        batch.link(record, move.id, "remembered")

    @api.model
    def _procurify_hold_duplicates(self, batch, bills, records):
        """Hold bills whose vendor and number are in Odoo already, from anywhere."""
        keys = {
            record: (bills.values[record]["partner_id"], bills.values[record]["ref"])
            for record in records
            if bills.values[record]["ref"]
        }
        partners = self.env["res.partner"].browse({key[0] for key in keys.values()})
        commercial = {p.id: p.commercial_partner_id.id for p in partners}
        same = self.search(
            Domain("move_type", "in", ("in_invoice", "in_refund"))
            & Domain("state", "!=", "cancel")
            & Domain("company_id", "=", batch.connection.company_id.id)
            & Domain("ref", "in", [key[1] for key in keys.values()])
            & Domain("commercial_partner_id", "in", list(commercial.values()))
        )
        found = {(m.commercial_partner_id.id, m.ref): m.display_name for m in same}
        for record, (partner_id, ref) in keys.items():
            key = (commercial[partner_id], ref)
            if key in found:
                batch.hold(record, "duplicate_bill", value=ref, found=found[key])
            else:
                # The next one of this batch with the same number is a duplicate too.
                found[key] = record.display_name

    # === CHECKING === #

    @api.model
    def _procurify_verify(self, batch, bills):
        """Compare what Odoo made with Procurify's totals, before it may stay.

        :raises BatchRefused: with the bills whose totals differ
        """
        records = [record for record in bills.values if record in batch.targets]
        moves = self.browse(batch.targets[record] for record in records)
        refused = {}
        for record, move in zip(records, moves, strict=True):
            total = float(bills.totals[record])
            if move.currency_id.compare_amounts(move.amount_total, total):
                params = {
                    "expected": f"{total:.{move.currency_id.decimal_places}f}",
                    "found": f"{move.amount_total:.{move.currency_id.decimal_places}f}",
                }
                key = f"bill/{record.external_id}"
                refused[record] = [Hold("odoo_total_mismatch", key, params)]
            batch.written[record] = move._procurify_fingerprint()
        if refused:
            raise BatchRefused(refused)

    def _procurify_fingerprint(self):
        """Return what tells a later import whether a person edited the bill."""
        self.ensure_one()
        return {
            "partner_id": self.partner_id.id,
            "ref": self.ref or False,
            "currency_id": self.currency_id.id,
            "invoice_date": fields.Date.to_string(self.invoice_date),
            "invoice_date_due": fields.Date.to_string(self.invoice_date_due),
            "amount_total": round(self.amount_total, 6),
            "lines": [
                [
                    line.account_id.id,
                    round(line.price_subtotal, 6),
                    sorted(line.tax_ids.ids),
                    line.analytic_distribution or False,
                ]
                for line in self.invoice_line_ids.sorted("id")
            ],
        }
