"""Later versions of a bill that is in Odoo: followed, or held with the difference."""

from odoo import api, models
from odoo.exceptions import UserError

from ..importers.bills.difference import BillDifference
from ..importers.bills.revision import (
    BOOKED_FACTS,
    DRAFT_FACTS,
    BillRevision,
    booked_version,
)
from ..importers.difference_text import in_words
from ..procurify import PAYABLE_STATUSES
from ..procurify.documented import undocumented
from .record.revision import GIVEN_UP


class AccountMove(models.Model):
    _inherit = "account.move"

    # === NO LONGER WANTED === #

    @api.model
    def _procurify_settle_known(self, batch, moves):
        """Decide about bills in Odoo whose version is known, gone or not approved.

        :param moves: {record: move}; a credited bill that comes back leaves it, to be
            booked anew
        """
        gone = {}
        for record in batch.open.filtered(lambda record: record in moves):
            bill, move = batch.payloads[record], moves[record]
            deleted = record.remote_deleted or not bill.active
            payable = bill.status in PAYABLE_STATUSES
            if record._is_seen() and not batch.choice:
                batch.link(record, move.id, "remembered")
            elif deleted and move.state == "draft":
                gone[record] = move
            elif not deleted and (value := undocumented(bill)):
                batch.hold(record, "undocumented_value", value=value)
            elif deleted or not payable:
                self._procurify_part(batch, record, move, deleted)
            elif record._was_given_up() and move._procurify_is_credited():
                del moves[record]
        self._procurify_cancel(batch, gone)

    @api.model
    def _procurify_part(self, batch, record, move, deleted):
        """Leave out what Odoo does not have either; hold what it still has."""
        name = move.display_name
        if move.state == "cancel" or move._procurify_is_credited():
            batch.exclude(record, "deleted" if deleted else "not_approved")
        elif deleted:
            batch.hold(record, "deleted_in_procurify", value=record.name, found=name)
        else:
            status = batch.payloads[record].status
            value = f"{record.name} ({self._procurify_status_name(status)})"
            batch.hold(record, "withdrawn", value=value, found=name)

    @api.model
    def _procurify_status_name(self, status):
        names = {
            0: self.env._("draft"),
            1: self.env._("to approve"),
            3: self.env._("denied"),
            5: self.env._("withdrawn"),
        }
        return names.get(status, str(status))

    @api.model
    def _procurify_cancel(self, batch, gone):
        """Cancel drafts of bills that were deleted in Procurify; their trace stays.

        :param gone: {record: move}
        """
        moves = self.browse(move.id for move in gone.values())
        if not moves:
            return
        moves.button_cancel()
        body = self.env._("Cancelled: the bill was deleted in Procurify.")
        moves._message_log_batch(bodies=dict.fromkeys(moves.ids, body))
        for record in gone:
            batch.exclude(record, "deleted")
            applied = dict(record.applied_state or {}, cancelled=True)
            batch.note(record, applied_state=applied)

    # === ANOTHER VERSION === #

    @api.model
    def _procurify_revise(self, batch, bills, moves):
        """Compare what changed with the books, and hold what a person must decide.

        :returns: {record: move} of the drafts that may be updated
        """
        self._procurify_restore(batch, bills, moves)
        changed, disputed = {}, {}
        for record in [r for r in bills.values if r in moves]:
            move, offer = moves[record], bills.offers[record]
            revision = move._procurify_revision(record, offer, bills.plans)
            bills.other_plans[record] = revision.analytic
            bills.revisions[record] = revision
            if move.state == "posted":
                move._procurify_link_lines(revision)
            if batch.choice:
                changed[record] = move.with_env(self._procurify_writer(batch).env)
            elif move.state == "cancel":
                self._procurify_decide_cancelled(batch, record, move, revision)
            elif revision.agrees:
                # Also where a person was faster, or Procurify took its change back.
                state = {"asked": offer, "booked": revision.booked}
                batch.link(record, move.id, "remembered", written=state)
            elif not revision.is_news:
                batch.link(record, move.id, "remembered")
            elif record not in batch.moved and move._procurify_is_untouched(
                record, revision
            ):
                changed[record] = move
            else:
                disputed[record] = (move, revision)
        self._procurify_dispute(batch, bills, disputed)
        self._procurify_resume(batch, bills, moves)
        return changed

    @api.model
    def _procurify_resume(self, batch, bills, moves):
        """Take up again the bills that Odoo did not post, or has otherwise.

        One that a person posted in the meantime is that person's.
        """
        for record in bills.values:
            if record in batch.targets and record._is_unfinished():
                move = moves[record]
                if move.state == "draft" or record._is_otherwise():
                    batch.moves[record] = move
                    bills.resumed.add(record)
                    revision = bills.revisions[record]
                    if move._procurify_is_untouched(record, revision):
                        bills.untouched.add(record)

    def _procurify_revision(self, record, offer, plans):
        """Compare the versions of this bill; a posted one's texts do not count."""
        self.ensure_one()
        names = DRAFT_FACTS if self.state == "draft" else BOOKED_FACTS
        return BillRevision(
            record._applied(), booked_version(self), offer, names, plans
        )

    @api.model
    def _procurify_succeed(self, batch, bills, new):
        """Let a bill booked anew have what its former one has in other plans."""
        if not (batch.choice and batch.choice.former):
            return
        move, applied = batch.choice.former
        for record in (r for r in new if r in bills.offers):
            revision = BillRevision(
                applied,
                booked_version(move),
                bills.offers[record],
                DRAFT_FACTS,
                bills.plans,
            )
            bills.other_plans[record] = revision.analytic

    def _procurify_link_lines(self, revision):
        """Tie lines to the order lines that came after them: no figure changes."""
        for line in revision.lines:
            if not (line.offered and line.booked):
                continue
            late, booked = line.offered["purchase_line_id"], line.booked
            # A line billed by cost would count as another quantity of the order.
            same = booked["quantity"] == line.offered["quantity"]
            if late and same and not booked["purchase_line_id"]:
                lines = self.env["account.move.line"].browse(booked["id"])
                lines.purchase_line_id = late

    def _procurify_is_untouched(self, record, revision):
        """Tell whether an update would overwrite nothing that a person decided."""
        self.ensure_one()
        return (
            self.state == "draft"
            and self.payment_state == "not_paid"
            and not self.inalterable_hash
            and not record._applied().get("kept")
            and not revision.is_edited
        )

    @api.model
    def _procurify_restore(self, batch, bills, moves):
        """Reset the drafts that were cancelled with their bill, now that it is back."""
        back = [
            record
            for record in bills.values
            if record in moves
            and moves[record].state == "cancel"
            and record._applied().get("cancelled")
        ]
        cancelled = self.browse(moves[record].id for record in back)
        if not cancelled:
            return
        cancelled.button_draft()
        body = self.env._("Reset to draft: the bill is back in Procurify.")
        cancelled._message_log_batch(bodies=dict.fromkeys(cancelled.ids, body))
        for record in back:
            batch.note(record, applied_state=dict(record._applied(), cancelled=False))

    @api.model
    def _procurify_decide_cancelled(self, batch, record, move, revision):
        """A bill that a person cancelled is a question only when Procurify moves."""
        if revision.is_news or record._was_given_up():
            batch.hold(
                record, "cancelled_in_odoo", value=record.name, found=move.display_name
            )
            batch.note(record, offered_state=revision.offered)
        else:
            batch.link(record, move.id, "remembered")

    @api.model
    def _procurify_dispute(self, batch, bills, disputed):
        """Hold bills with what was written, what Odoo has and what Procurify says.

        :param disputed: {record: (move, revision)}
        """
        if not disputed:
            return
        difference = BillDifference(self.env, [r for _m, r in disputed.values()])
        for record, (move, revision) in disputed.items():
            rows = difference.rows(revision)
            if not batch.hold_moved(record):
                batch.hold(
                    record,
                    "changed_after_booking",
                    value=in_words(self.env, rows),
                    found=move.display_name,
                )
            batch.note(record, difference=rows, offered_state=revision.offered)

    # === POSTING === #

    def _post(self, soft=True):
        self._procurify_check_wanted()
        return super()._post(soft=soft)

    def _procurify_check_wanted(self):
        """Refuse to post what Procurify does not want paid any more.

        :raises UserError: with the reason
        """
        if not self:
            return
        record = (
            self.env["procurify.record"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("issue_ids.code", "in", GIVEN_UP),
                ],
                limit=1,
            )
        )
        if record:
            raise UserError(
                self.env._(
                    "%(bill)s cannot be posted: %(reason)s",
                    bill=record.display_name,
                    reason=record.hold_reason,
                )
            )
