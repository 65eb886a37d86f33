"""Whether a bill may be posted and paid: the checks of both, and what they hold."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

from ..importers.batch import BatchRefused, BookedOtherwise
from ..importers.bills.meant import MeantBills
from ..importers.bills.revision import booked_version
from ..importers.issues import Hold
from ..importers.refusals import is_refused, refusal, tried
from ..importers.totals import bill_total_hold
from ..tools.own_values import write_each
from ..tools.readers import ITEM_READERS
from .record.quarantine import GIVEN_UP

_SETTLED = ("paid", "reversed")
_PAID = (
    Domain("res_model", "=", "account.move")
    & Domain("res_id", "!=", False)
    & Domain("remote_payment", "!=", False)
)


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _procurify_publish(self, batch, bills, drafts):
        """Post what the policy or a person wants posted, and say what is unusual.

        A bill of nothing, or of a period that is closed, stays a draft for a person.
        """
        wanted = [d for d in drafts if self._procurify_is_meant_posted(batch, d)]
        for draft in wanted:
            if draft.uncertain_day:
                draft.hold_written(draft.uncertain_day)
        self._procurify_hold_unconfirmed(batch, wanted)
        wanted = [d for d in wanted if not (d.reasons or d.is_left_closed)]
        if batch.connection.target_id:
            # It is posted here once it is posted there.
            for draft in wanted:
                draft.is_to_post_there = True
        elif batch.choice:
            # Its person hears at once what Odoo says.
            self._procurify_post(batch, bills, wanted)
        else:
            errors = tried(
                self.env,
                wanted,
                lambda part: self._procurify_post(batch, bills, part),
            )
            for draft, error in errors.items():
                self._procurify_hold_unposted(draft, error)
        self._procurify_report_dates(drafts)

    @api.model
    def _procurify_hold_unconfirmed(self, batch, drafts):
        """Hold bills in foreign currencies, as drafts, where this tenant's rates are
        not what is assumed and nobody has confirmed that."""
        connection = batch.connection.sudo()
        foreign = [
            d for d in drafts if d.payload.currency and not d.payload.currency.base
        ]
        if not foreign or connection.rate_source != "procurify":
            return
        if question := connection._unconfirmed_finding():
            field = self.env["procurify.finding"]._fields["question"]
            words = dict(field._description_selection(self.env))
            hold = Hold("finding_not_confirmed", question, {"value": words[question]})
            for draft in foreign:
                draft.hold_written(hold)

    @api.model
    def _procurify_is_meant_posted(self, batch, draft):
        """Whether a bill that was just written is posted if nothing is against it."""
        if batch.choice:
            is_wanted = batch.choice.post
        else:
            is_new = draft.origin == "created" or draft.record._is_unfinished()
            is_wanted = batch.connection.bill_policy == "posted" and is_new
        return is_wanted and draft.target.state == "draft" and draft.total

    @api.model
    def _procurify_post(self, batch, bills, drafts):
        """Post these bills as a person does, and look at the result."""
        if not drafts:
            return
        moves = self.browse(draft.target.id for draft in drafts)
        moves = moves.with_env(self._procurify_writer(batch).env)
        moves._procurify_validating()._post(soft=False)
        self._procurify_verify(drafts)
        if rows := self._procurify_otherwise(bills, drafts):
            raise BookedOtherwise(rows)

    @api.model
    def _procurify_hold_unposted(self, draft, error):
        """Hold a draft that Odoo did not post, or would have posted otherwise.

        What is said of several bills is one issue.
        """
        if isinstance(error, BookedOtherwise):
            self._procurify_hold_otherwise(error.rows)
        else:
            _code, text = refusal(self.env, error)
            hold = Hold("posting_refused", f"bill/{text}", {"value": text})
            draft.hold_written(hold)

    def _post(self, soft=True):
        self._procurify_check_wanted()
        posted = super()._post(soft=soft)
        now = fields.Datetime.now()
        write_each(
            {
                move: {"procurify_posted_at": now}
                for move in posted.sudo()
                if move.is_purchase_document(include_receipts=True)
                and not move.procurify_posted_at
            }
        )
        return posted

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

    # === CHECKING === #

    @api.model
    def _procurify_verify(self, drafts):
        """Compare what Odoo made with what was meant, before it may stay.

        A draft that a person may have edited meanwhile is not taken back.

        :raises BatchRefused: with the bills whose total or date differs
        """
        # Rules and computations of other addons run at the latest now.
        self.env.flush_all()
        refused = []
        for draft in drafts:
            if draft.is_resumed:
                continue
            if holds := self._procurify_deviations(draft):
                draft.holds += holds
                refused.append(draft)
            draft.written = {
                "asked": draft.offer,
                "booked": booked_version(draft.target),
            }
        if refused:
            raise BatchRefused(refused)

    @api.model
    def _procurify_deviations(self, draft):
        """Return the Holds for what Odoo made otherwise than it was meant."""
        holds = list(filter(None, [bill_total_hold(draft)]))
        meant = draft.values.get("date")
        booked = draft.target.date.isoformat()
        if meant and meant != booked:
            params = {"value": draft.record.name, "expected": meant, "found": booked}
            holds.append(Hold("odoo_moved_date", draft.key, params))
        return holds

    # === WHAT WAS MEANT === #

    @api.model
    def _procurify_otherwise(self, bills, drafts):
        """Return {draft: rows of what Odoo has otherwise than it was meant}."""
        meant = MeantBills(self.env, bills)
        booked = {
            draft: booked_version(draft.target)
            if draft.is_resumed
            else draft.written["booked"]
            for draft in drafts
        }
        return meant.rows(meant.differing(booked))

    @api.model
    def _procurify_restore_meant(self, batch, bills, drafts):
        """Write again what was changed behind the import's back, if it stays by now.

        What would be changed again is left as it is: writing it would be news, and a
        reason to try again.
        """
        untouched = [draft for draft in drafts if draft.is_untouched]
        rows = self._procurify_otherwise(bills, untouched)

        def write(part):
            self._procurify_update(batch, bills, part)
            for draft in part:
                draft.is_resumed = False
            self._procurify_verify(part)
            if rows := self._procurify_otherwise(bills, part):
                raise BookedOtherwise(rows)

        errors = tried(self.env, list(rows), write)
        if is_refused(errors):
            for draft in errors:
                draft.is_resumed = True
                draft.written = None

    # === PAYMENT === #

    procurify_payment_notice = fields.Text(
        "Payment in Procurify",
        compute="_compute_procurify_payment",
        groups=ITEM_READERS,
    )
    procurify_payment_blocked = fields.Boolean(
        "Paid in Procurify",
        compute="_compute_procurify_payment",
        search="_search_procurify_payment_blocked",
        help="Procurify pays this bill or has already paid it, and nobody has allowed "
        "its payment in Odoo.",
    )

    # === COMPUTE METHODS === #

    @api.depends("payment_state", "state")
    def _compute_procurify_payment(self):
        records = self._procurify_paid_records()
        for move in self:
            record = records.get(move._origin.id)
            open_here = move.state != "cancel" and move.payment_state not in _SETTLED
            told = record if record and open_here else self.env["procurify.record"]
            move.procurify_payment_blocked = bool(told and not told.payment_allowed_at)
            move.procurify_payment_notice = self._procurify_tell_payment(told)

    def _procurify_paid_records(self):
        """Return {id of a bill: its record} of the bills that Procurify pays."""
        # Not everyone who pays bills is a reviewer.
        rows = self.env["procurify.record"].sudo()
        found = rows.search(_PAID & Domain("res_id", "in", self._origin.ids))
        return {row.res_id: row for row in found}

    @api.model
    def _search_procurify_payment_blocked(self, operator, value):
        if operator != "in":
            return NotImplemented
        rows = self.env["procurify.record"].sudo()
        records = rows._search(_PAID & Domain("payment_allowed_at", "=", False))
        blocked = (
            Domain("id", "in", records.subselect("res_id"))
            & Domain("state", "!=", "cancel")
            & Domain("payment_state", "not in", _SETTLED)
        )
        wanted = {bool(each) for each in value}
        if len(wanted) == 2:
            return Domain.TRUE
        return blocked if True in wanted else ~blocked

    @api.model
    def _procurify_tell_payment(self, record):
        """Return what Procurify says of a bill's payment, and who allowed it, or False.

        :param record: the bill's, or an empty one
        """
        if not record:
            return False
        if record.remote_payment == "paid":
            notice = self.env._(
                "This bill is paid in Procurify. If you also pay it in Odoo, it is "
                "paid twice."
            )
        else:
            notice = self.env._(
                "This bill is being paid in Procurify. If you also pay it in Odoo, it "
                "is paid twice."
            )
        if not record.payment_allowed_at:
            return notice
        allowed = self.env._(
            "%(user)s allowed its payment in Odoo on %(date)s.",
            user=record.payment_allowed_by,
            date=format_datetime(self.env, record.payment_allowed_at),
        )
        return f"{notice} {allowed}"

    # === ACTION METHODS === #

    def action_procurify_allow_payment(self):
        """Let these bills be paid in Odoo, although Procurify pays them."""
        self.check_access("write")
        blocked = self.filtered("procurify_payment_blocked")
        if not blocked:
            return False
        records = blocked._procurify_paid_records()
        rows = self.env["procurify.record"].browse(r.id for r in records.values())
        rows.sudo()._allow_payment()
        body = self.env._(
            "Payment in Odoo is allowed, although Procurify also pays this bill."
        )
        blocked._message_log_batch(bodies=dict.fromkeys(blocked.ids, body))
        self.invalidate_recordset(
            ["procurify_payment_blocked", "procurify_payment_notice"]
        )
        return self.env["procurify.connection"]._notification(
            "success",
            self.env._("Bills that may be paid in Odoo now: %s.", len(blocked)),
        )

    def _procurify_check_payment(self):
        """Refuse to pay what Procurify pays, until a person allowed it.

        :raises UserError: naming the bills
        """
        if blocked := self.filtered("procurify_payment_blocked"):
            raise UserError(
                self.env._(
                    "Procurify pays these bills or has already paid them: %(bills)s. "
                    "To pay one of them in Odoo, open it and press Allow payment.",
                    bills=", ".join(blocked.mapped("display_name")),
                )
            )
