"""Bill → account.move: a vendor bill, or a refund where the total is negative."""

from odoo import api, models
from odoo.fields import Command, Domain

from ..importers.bills.amounts import LineAmounts
from ..importers.bills.importer import BillImport
from ..importers.bills.revision import offered_version
from ..importers.start_date import exclude_earlier
from ..procurify import PAYABLE_STATUSES, BillType
from ..procurify.documented import undocumented


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "procurify.import.mixin"]

    _procurify_resources = ("bill",)

    @api.model
    def _procurify_import(self, batch):
        """Write the bills that pass every check; hold the others with every reason."""
        for record in batch.open:
            record._note_payment(batch)
        moves = self._procurify_linked(batch)
        self._procurify_exclude(batch, moves)
        self._procurify_settle_known(batch, moves)
        bills = BillImport(self.env, batch)
        bills.run()
        bills.offers = {r: self._procurify_offer(r, bills) for r in bills.values}
        changed = self._procurify_revise(batch, bills, moves)
        new = [record for record in bills.documents if record not in moves]
        self._procurify_date(batch, bills, [*changed, *new, *bills.resumed])
        self._procurify_hold_duplicates(batch, bills, new, changed)
        self._procurify_succeed(batch, bills, new)
        bills.fill_plans([r for r in (*changed, *new) if r not in batch.holds])
        self._procurify_update(batch, bills, changed)
        self._procurify_create(batch, bills, new)
        self._procurify_verify(batch, bills, batch.moves)
        self._procurify_mend(batch, bills)
        rows = self._procurify_otherwise(batch, bills, batch.moves)
        self._procurify_hold_otherwise(batch, rows)
        self._procurify_publish(batch, bills)
        self._procurify_look_at_closed_orders(batch)

    # === WHICH BILLS === #

    @api.model
    def _procurify_open_ids(self, res_ids):
        """Return the drafts and what is posted but not paid."""
        unsettled = Domain("state", "=", "draft") | (
            Domain("state", "=", "posted")
            & Domain("payment_state", "in", ("not_paid", "partial"))
        )
        return set(self.search(Domain("id", "in", res_ids) & unsettled).ids)

    @api.model
    def _procurify_exclude(self, batch, moves):
        """Leave out what is not payable or not a vendor's bill, by name of the rule."""
        connection = batch.connection
        for record in batch.open.filtered(lambda record: record not in moves):
            bill = batch.payloads[record]
            if value := undocumented(bill):
                batch.hold(record, "undocumented_value", value=value)
            elif bill.type == BillType.EXPENSE and not connection.import_expense_bills:
                batch.exclude(record, "expense_bill")
            elif bill.type == BillType.CREDIT_CARD and not connection.import_card_bills:
                batch.exclude(record, "card_bill")
            elif record.remote_deleted or not bill.active:
                batch.exclude(record, "deleted")
            elif bill.status not in PAYABLE_STATUSES:
                batch.exclude(record, "not_approved")
        exclude_earlier(batch, moves)

    # === WRITING === #

    @api.model
    def _procurify_writer(self, batch):
        """Return this model as whoever writes: a choice is its person's own deed."""
        if not batch.choice:
            return self
        user = batch.choice.user
        return self.with_user(user).with_context(lang=user.lang)

    @api.model
    def _procurify_create(self, batch, bills, records):
        """Create the bills of ``records`` as drafts, in one call."""
        records = [r for r in records if r in bills.values and r not in batch.holds]
        writer = self._procurify_writer(batch)
        amounts = LineAmounts(writer.env)
        moves = writer.create([amounts.completed(bills.values[r]) for r in records])
        for record, move in zip(records, moves, strict=True):
            batch.link(record, move.id, "created")
            batch.moves[record] = move

    @api.model
    def _procurify_update(self, batch, bills, changed):
        """Bring these drafts to what Procurify says now.

        :param changed: {record: move}
        """
        for record, move in changed.items():
            if record in batch.holds:
                continue
            values = bills.values[record]
            values |= bills.header.kept(bills.documents[record], move)
            values = dict(values)
            lines = values.pop("invoice_line_ids")
            # First of all: Odoo would turn the old lines around with their bill, and
            # keep their taxes where the rate is another one.
            move.invoice_line_ids = [Command.clear()]
            if values.pop("move_type") != move.move_type:
                move.action_switch_move_type()
            move.write(values)
            move.invoice_line_ids = lines
            batch.link(record, move.id, "remembered")
            batch.moves[record] = move

    @api.model
    def _procurify_look_at_closed_orders(self, batch):
        """Send closed orders to the import again of which more is billed than expected.

        They expect what was received or billed, whichever came first.
        """
        moves = self.browse(move.id for move in batch.moves.values())
        lines = moves.invoice_line_ids.purchase_line_id.filtered(
            lambda line: (
                line.order_id.locked
                and line.product_uom_id.compare(line.qty_invoiced, line.product_qty) > 0
            )
        )
        if lines:
            batch.records.search(
                Domain("connection_id", "=", batch.connection.id)
                & Domain("resource", "=", "purchase_order")
                & Domain("res_id", "in", lines.order_id.ids)
                & Domain("state", "=", "done")
            )._requeue()

    @api.model
    def _procurify_offer(self, record, bills):
        """Return the version that Procurify's payload would make."""
        values = bills.values[record]
        currency = self.env["res.currency"].browse(values["currency_id"])
        return offered_version(
            values, bills.sources[record], bills.totals[record], currency
        )
