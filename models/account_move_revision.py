"""Later versions of a bill that is in Odoo: followed, or held with the difference."""

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError

from ..importers.bills.revision import (
    BOOKED_FACTS,
    DRAFT_FACTS,
    BillDifference,
    BillRevision,
    booked_version,
    last_day,
)
from ..importers.draft import Choice
from ..importers.meant import in_words
from ..importers.start_date import hold_earlier
from ..procurify import PAYABLE_STATUSES
from ..procurify.findings import undocumented
from ..tools.private import writing_shadows

_PAID = ("paid", "in_payment", "partial", "reversed")


class AccountMove(models.Model):
    _inherit = "account.move"

    # === NO LONGER WANTED === #

    @api.model
    def _procurify_decide_known(self, batch):
        """Decide about bills in Odoo whose version is known, gone or not approved.

        A credited bill that comes back is no longer ``found``: it is booked again.
        """
        gone = []
        for draft in batch.open:
            record, bill, move = draft.record, draft.payload, draft.found
            if not move:
                continue
            draft.is_settled = move.state == "posted" and not batch.choice
            rule = self._procurify_unwanted(batch.connection, draft)
            # What comes back says nothing new, and may be reversed or cancelled by now.
            is_back = not rule and record._was_given_up()
            if record._is_seen() and not (batch.choice or is_back):
                draft.link(move.id, "remembered")
            elif rule == "deleted" and move.state == "draft":
                gone.append(draft)
            elif rule != "deleted" and (value := undocumented(bill)):
                draft.hold("undocumented_value", value=value)
            elif rule:
                self._procurify_give_up(draft, rule)
            elif is_back and move._procurify_is_credited():
                draft.found = None
        self._procurify_cancel(gone)

    @api.model
    def _procurify_unwanted(self, connection, draft):
        """Return the rule by which a bill in Odoo would not be booked now, or False.

        Only what Procurify says counts: another policy changes nothing that is in Odoo.
        """
        record, bill = draft.record, draft.payload
        if record.remote_deleted or not bill.active:
            return "deleted"
        if bill.status not in PAYABLE_STATUSES:
            return "not_approved"
        kind = (record._applied().get("asked") or {}).get("kind")
        return kind != bill.type and self._procurify_excluded_kind(connection, bill)

    @api.model
    def _procurify_give_up(self, draft, rule):
        """Exclude by ``rule`` what Odoo does not have either; put on hold what it still
        has."""
        record, move = draft.record, draft.found
        value, found = record.name, move.display_name
        if move.state == "cancel" or move._procurify_is_credited():
            draft.exclude(rule)
        elif rule == "deleted":
            draft.hold("deleted_in_procurify", value=value, found=found)
        elif rule == "not_approved":
            status = self._procurify_status_name(draft.payload.status)
            draft.hold("withdrawn", value=f"{value} ({status})", found=found)
        else:
            draft.hold("withdrawn", value=value, found=found, rule=rule)

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
    def _procurify_cancel(self, drafts):
        """Cancel drafts of bills that were deleted in Procurify; their trace stays."""
        moves = self.browse(draft.found.id for draft in drafts)
        if not moves:
            return
        moves.button_cancel()
        body = self.env._("Cancelled, because the bill was deleted in Procurify.")
        moves._message_log_batch(bodies=dict.fromkeys(moves.ids, body))
        for draft in drafts:
            draft.exclude("deleted")
            applied = dict(draft.record.applied_state or {}, cancelled=True)
            draft.note(applied_state=applied)

    # === ANOTHER VERSION === #

    @api.model
    def _procurify_revise(self, batch, bills):
        """Compare what changed with the books, and hold what a person must decide.

        :returns: the drafts that may be updated
        """
        known = [d for d in bills.drafts if d.found and d.values is not None]
        self._procurify_restore(known)
        self._procurify_note_edited_there(batch, known)
        changed, disputed = [], []
        for draft in known:
            revision = self._procurify_compare(draft, bills.plans)
            if batch.choice:
                changed.append(draft)
            elif draft.found.state == "cancel":
                self._procurify_decide_cancelled(draft)
            elif revision.agrees:
                # Also where a person was faster, or Procurify took its change back.
                state = {"asked": draft.offer, "booked": revision.booked}
                draft.link(draft.found.id, "remembered", written=state)
            elif not revision.is_news:
                draft.link(draft.found.id, "remembered")
            elif self._procurify_may_follow(batch, draft):
                changed.append(draft)
            else:
                disputed.append(draft)
        self._procurify_dispute(disputed)
        self._procurify_resume(known)
        return changed

    @api.model
    def _procurify_compare(self, draft, plans):
        """Compare the versions of a bill; a posted one's texts do not count.

        :returns: its BillRevision, which the draft keeps
        """
        move = draft.found
        draft.revision = BillRevision(
            draft.record._applied(),
            booked_version(move),
            draft.offer,
            DRAFT_FACTS if move.state == "draft" else BOOKED_FACTS,
            plans,
            keeps_term=draft.offer.get("invoice_date_due")
            == last_day(move.invoice_payment_term_id, draft.payload.invoice_date),
        )
        draft.other_plans = draft.revision.analytic
        if move.state == "posted":
            move._procurify_link_lines(draft.revision)
        return draft.revision

    @api.model
    def _procurify_resume(self, drafts):
        """Take up again the bills that Odoo did not post, or has otherwise.

        One that a person posted in the meantime is that person's.
        """
        for draft in drafts:
            record, move = draft.record, draft.found
            if not (draft.target_id and record._is_unfinished()):
                continue
            if move.state == "draft" or record._is_otherwise():
                draft.target = move
                draft.is_resumed = True
                draft.is_untouched = self._procurify_is_untouched(draft)

    @api.model
    def _procurify_succeed(self, batch, bills, drafts):
        """Let a bill booked again have what its former one has in other plans."""
        if not (batch.choice and batch.choice.former):
            return
        move, applied = batch.choice.former
        for draft in drafts:
            if draft.offer is not None:
                draft.other_plans = BillRevision(
                    applied,
                    booked_version(move),
                    draft.offer,
                    DRAFT_FACTS,
                    bills.plans,
                ).analytic

    def _procurify_link_lines(self, revision):
        """Tie lines to the order lines that came after them, or to those to which
        Procurify moved them: no figure changes."""
        name = "purchase_line_id"
        for line in revision.lines:
            if not (line.offered and line.booked):
                continue
            ours = {known[name] for known in (line.asked, line.written) if known}
            is_free = line.booked[name] in ours | {False}
            # A line billed by cost would count as another quantity of the order.
            same = line.booked["quantity"] == line.offered["quantity"]
            wanted = line.offered[name]
            if wanted and same and is_free and wanted != line.booked[name]:
                lines = self.env["account.move.line"].browse(line.booked["id"])
                lines.purchase_line_id = wanted

    @api.model
    def _procurify_is_untouched(self, draft):
        """Whether an update would overwrite nothing that a person decided."""
        move = draft.found
        return (
            move.state == "draft"
            and move.payment_state == "not_paid"
            and not move.inalterable_hash
            and not draft.record._applied().get("kept")
            and not draft.is_edited_there
            and not draft.revision.is_edited
        )

    @api.model
    def _procurify_may_follow(self, batch, draft):
        """Whether a bill that differs is updated without asking anybody.

        What moves before the start date is noted as an issue.
        """
        asked, booked = draft.revision.asked, draft.revision.booked
        before = asked.get("date") or booked["date"]
        is_earlier = hold_earlier(self.env, batch.connection, draft, before)
        return not (
            is_earlier or draft.moved or not self._procurify_is_untouched(draft)
        )

    @api.model
    def _procurify_note_edited_there(self, batch, drafts):
        """Note which bills somebody changed, posted or paid in the remote Odoo."""
        if not batch.connection.target_id:
            return
        sent = self.env["procurify.dispatch"]._of(
            self._name, [draft.found.id for draft in drafts]
        )
        for draft in drafts:
            if row := sent.get(draft.found.id):
                draft.is_edited_there = row._is_edited_there()

    @api.model
    def _procurify_restore(self, drafts):
        """Reset the drafts that were cancelled with their bill, now that it is back."""
        back = [
            draft
            for draft in drafts
            if draft.found.state == "cancel"
            and draft.record._applied().get("cancelled")
        ]
        cancelled = self.browse(draft.found.id for draft in back)
        if not cancelled:
            return
        cancelled.button_draft()
        body = self.env._("Reset to draft, because the bill is in Procurify again.")
        cancelled._message_log_batch(bodies=dict.fromkeys(cancelled.ids, body))
        for draft in back:
            draft.note(applied_state=dict(draft.record._applied(), cancelled=False))

    @api.model
    def _procurify_decide_cancelled(self, draft):
        """A bill that a person cancelled is a question only when Procurify moves."""
        record, move = draft.record, draft.found
        if draft.revision.is_news or record._was_given_up():
            draft.hold("cancelled_in_odoo", value=record.name, found=move.display_name)
            draft.note(offered_state=draft.revision.offered)
            draft.is_disputed = True
        else:
            draft.link(move.id, "remembered")

    @api.model
    def _procurify_dispute(self, drafts):
        """Hold bills with what was written, what Odoo has and what Procurify says."""
        if not drafts:
            return
        difference = BillDifference(self.env, [draft.revision for draft in drafts])
        for draft in drafts:
            rows = difference.rows(draft.revision)
            if not (draft.hold_moved() or self._procurify_is_only_earlier(draft)):
                draft.hold(
                    "changed_after_booking",
                    value=in_words(self.env, rows),
                    found=draft.found.display_name,
                )
            draft.note(difference=rows, offered_state=draft.revision.offered)
            draft.is_disputed = True

    @api.model
    def _procurify_is_only_earlier(self, draft):
        """Whether only the start date keeps a draft from being updated."""
        return bool(draft.holds) and self._procurify_is_untouched(draft)

    # === CHOICES === #

    def _procurify_reset(self):
        """Reset this bill to draft, as Odoo lets the user.

        :returns: the Choice to update it with, which posts it again if it was
        :raises UserError: it is paid, locked or of a closed period
        """
        self.ensure_one()
        self.check_access("write")
        if obstacle := self._procurify_reset_obstacle():
            raise UserError(obstacle)
        choice = Choice(self.env.user, post=self.state == "posted")
        if self.state != "draft":
            with writing_shadows():
                self.button_draft()
        return choice

    def _procurify_kept(self, applied, offered):
        """Return what is known as written, now that ``offered`` was turned down."""
        return applied | {"asked": offered}

    def _procurify_reset_obstacle(self):
        """Return why this bill cannot be written any more, or False."""
        self.ensure_one()
        name = self.display_name
        sent = self.env["procurify.dispatch"]._of(self._name, self.ids).get(self.id)
        if self.payment_state in _PAID or (sent and sent.remote_payment in _PAID):
            return self.env._(
                "%(name)s is paid or partly paid. Use Credit and re-bill instead.",
                name=name,
            )
        if self.inalterable_hash:
            return self.env._(
                "%(name)s is locked by a hash. Use Credit and re-bill instead.",
                name=name,
            )
        locks = self._get_violated_lock_dates(self.date, self._affect_tax_report())
        if self.state == "posted" and locks:
            return self.env._(
                "%(name)s is in a closed period: %(locks)s. Use Credit and re-bill "
                "instead.",
                name=name,
                locks=self.env["res.company"]._format_lock_dates(locks),
            )
        return False

    def _procurify_credit(self):
        """Post a credit note for this bill, reconciled with what is open of it.

        Its date is the bill's own, or the first open day after it. A bill that is
        credited already needs none. What is paid stays matched with its payment: the
        credit is open then.

        :returns: the credit notes, of which there may be several
        :raises UserError: a part of the bill is credited already
        """
        self.ensure_one()
        self.check_access("write")
        if self._procurify_is_credited():
            return self._procurify_credits()
        if credits := self._procurify_credits() | self._procurify_credits("draft"):
            raise UserError(
                self.env._(
                    "%(credits)s already takes back a part of %(name)s. Credit the "
                    "rest of it in Odoo first, or delete the credit note.",
                    credits=", ".join(credits.mapped("display_name")),
                    name=self.display_name,
                )
            )
        has_tax = bool(self._affect_tax_report())
        company_moves = self.with_company(self.company_id)
        day = company_moves._procurify_first_open_day(self.date, has_tax)
        values = {
            "ref": self.env._("Reversal of: %s", self.name),
            "date": day,
            "invoice_date": day,
            "invoice_date_due": day,
            "invoice_payment_term_id": False,
            "journal_id": self.journal_id.id,
            "invoice_origin": self.invoice_origin,
            # It takes back what the bill cost, not what it would cost today.
            "invoice_currency_rate": self.invoice_currency_rate,
        }
        with writing_shadows():
            credit = company_moves._reverse_moves([values])
            credit._post(soft=False)
        self.env["procurify.dispatch"]._expect_credit(self, credit)
        body = self.env._("Credited with %s.", credit._get_html_link())
        self._message_log(body=body)
        return credit

    def _procurify_tell_rebilled(self, new, credits):
        """Say on both bills which one took the place of the other."""
        self.ensure_one()
        self._message_log(
            body=self.env._(
                "Changed in Procurify. Credited with %(credit)s and re-billed as "
                "%(new)s.",
                credit=Markup(", ").join(each._get_html_link() for each in credits),
                new=new._get_html_link(),
            )
        )
        new._message_log(
            body=self.env._(
                "Replaces %(old)s, which was changed in Procurify.",
                old=self._get_html_link(),
            )
        )
