"""Bill → account.move: a vendor bill, or a refund where the total is negative.

Whether it may be posted and paid is decided here, too.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Date, Domain
from odoo.tools import float_compare, format_date, format_datetime

from ..importers.bills.duplicates import KINDS, BillDuplicates
from ..importers.bills.importer import BillImport, LineAmounts, LineFields
from ..importers.bills.meant import MeantBills
from ..importers.bills.revision import booked_version
from ..importers.draft import BatchRefused, BookedOtherwise
from ..importers.issues import Hold
from ..importers.matching.search import number_index
from ..importers.refusals import is_refused, refusal, tried
from ..importers.start_date import exclude_earlier
from ..importers.totals import bill_total_hold
from ..procurify import PAYABLE_STATUSES, BillType
from ..procurify.findings import undocumented
from ..tools.own_values import write_each
from ..tools.readers import ITEM_READERS
from .record.quarantine import GIVEN_UP

_SETTLED = ("paid", "reversed")
_PAID = (
    Domain("res_model", "=", "account.move")
    & Domain("res_id", "!=", False)
    & Domain("remote_payment", "!=", False)
)


def _number_index(field):
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    return models.Index(f"({number_index(field)}) WHERE move_type IN ({kinds})")


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "procurify.import.mixin", "procurify.shadow"]

    _procurify_resources = ("bill",)

    # A company has more entries than bills of Procurify; batches ask by number.
    _procurify_ref_idx = _number_index("ref")
    _procurify_payment_reference_idx = _number_index("payment_reference")
    _procurify_name_idx = _number_index("name")

    procurify_posted_at = fields.Datetime(
        "First Posted", readonly=True, copy=False, help="When this bill was posted."
    )
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
        groups=ITEM_READERS,
        help="Procurify pays this bill or has already paid it, and nobody has allowed "
        "its payment in Odoo.",
    )

    @api.model
    def _procurify_import(self, batch):
        """Write the bills that pass every check; hold the others with every reason."""
        # Which of them are bills, and in Odoo already?
        for draft in batch.open:
            draft.record._note_payment(draft)
        self._procurify_find_linked(batch)
        self._procurify_exclude(batch)
        self._procurify_decide_known(batch)
        # Resolve what they name, check them, and prepare their values.
        bills = BillImport(self.env, batch)
        bills.run()
        # Compare them with what is in Odoo.
        changed = self._procurify_revise(batch, bills)
        new = [draft for draft in bills.drafts if not draft.found]
        resumed = [draft for draft in bills.drafts if draft.is_resumed]
        self._procurify_date(batch, [*changed, *new, *resumed])
        disputed = [draft for draft in bills.drafts if draft.is_disputed]
        self._procurify_hold_duplicates(batch, bills, [*new, *changed, *disputed])
        self._procurify_succeed(batch, bills, new)
        # Write.
        wanted = [d for d in (*changed, *new) if d.values is not None and not d.holds]
        bills.fill_plans([*wanted, *(d for d in resumed if d not in wanted)])
        self._procurify_update(batch, bills, [d for d in wanted if d.found])
        self._procurify_create(batch, [d for d in wanted if not d.found])
        # Verify what Odoo made of it, and post it.
        written = [draft for draft in bills.drafts if draft.target]
        self._procurify_verify(written)
        self._procurify_restore_meant(batch, bills, written)
        self._procurify_hold_otherwise(self._procurify_otherwise(bills, written))
        self._procurify_publish(batch, bills, written)
        self._procurify_look_at_closed_orders(batch, written)

    # === CRUD METHODS === #

    def write(self, vals):
        self._procurify_check_shadow(vals)
        return super().write(vals)

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
    def _procurify_exclude(self, batch):
        """Exclude what is not payable or not a vendor's bill, by name of the rule."""
        connection = batch.connection
        for draft in batch.open:
            bill = draft.payload
            if draft.found:
                continue
            if value := undocumented(bill):
                draft.hold("undocumented_value", value=value)
            elif rule := self._procurify_excluded_kind(connection, bill):
                draft.exclude(rule)
            elif draft.record.remote_deleted or not bill.active:
                draft.exclude("deleted")
            elif bill.status not in PAYABLE_STATUSES:
                draft.exclude("not_approved")
        exclude_earlier(batch)

    @api.model
    def _procurify_excluded_kind(self, connection, bill):
        """Return the rule that excludes bills of the kind of ``bill``, or False."""
        if bill.type == BillType.EXPENSE and not connection.import_expense_bills:
            return "expense_bill"
        if bill.type == BillType.CREDIT_CARD and not connection.import_card_bills:
            return "card_bill"
        return False

    # === WRITING === #

    @api.model
    def _procurify_writer(self, batch):
        """Return this model as the user who writes: a person's choice is their own."""
        if not batch.choice:
            return self
        user = batch.choice.user
        return self.with_user(user).with_context(lang=user.lang)

    @api.model
    def _procurify_create(self, batch, drafts):
        """Create these bills as drafts, in one call."""
        writer = self._procurify_writer(batch)
        amounts = LineAmounts(writer.env)
        moves = writer.create([amounts.completed(draft.values) for draft in drafts])
        for draft, move in zip(drafts, moves, strict=True):
            draft.link(move.id, "created")
            draft.target = move

    @api.model
    def _procurify_update(self, batch, bills, drafts):
        """Bring these bills, which are drafts in Odoo, to what Procurify says now."""
        env = self._procurify_writer(batch).env
        for draft in drafts:
            draft.target = draft.found.with_env(env)
            draft.values |= bills.header.kept(draft)
            draft.link(draft.found.id, "remembered")
        moves = self.browse(draft.found.id for draft in drafts).with_env(env)
        fields_of_others = LineFields(env)
        kept = {draft: fields_of_others.kept(draft) for draft in drafts}
        # First of all: Odoo would turn the old lines around with their bill, and
        # keep their taxes where the rate is another one.
        moves.write({"invoice_line_ids": [Command.clear()]})
        amounts, lines = LineAmounts(env), []
        for draft in drafts:
            values = amounts.completed(draft.values)
            lines += [
                kept[draft].get(source, {}) | line | {"move_id": draft.found.id}
                for source, (_command, _id, line) in zip(
                    draft.sources, values.pop("invoice_line_ids"), strict=True
                )
            ]
            self._procurify_write_header(draft.target, values)
        env["account.move.line"].create(lines)

    @api.model
    def _procurify_write_header(self, move, values):
        """Write ``values`` on a bill without lines, if any is another one."""
        if values.pop("move_type") != move.move_type:
            if move.posted_before:
                raise UserError(
                    self.env._(
                        "%(name)s was posted once, so that Odoo does not let a bill "
                        "become a refund, or a refund a bill. Use Credit and re-bill "
                        "instead.",
                        name=move.display_name,
                    )
                )
            move.action_switch_move_type()
        number = move.posted_before and move.name
        if (
            number
            and values.get("journal_id", move.journal_id.id) != move.journal_id.id
        ):
            move.name = False
        if any(
            field.convert_to_cache(values[field.name], move)
            != field.convert_to_cache(move[field.name], move)
            for field in map(move._fields.get, values)
        ):
            # All of them: Odoo would compute again what is not given.
            move.write(values)
        if number and not move._sequence_matches_date():
            move.name = False
        if number and not move.name:
            move._message_log(
                body=self.env._(
                    "Number %s is given up, because the bill belongs to another period "
                    "or journal now.",
                    number,
                )
            )

    @api.model
    def _procurify_look_at_closed_orders(self, batch, drafts):
        """Send closed orders to the import again of which more is billed than expected.

        They expect what was received or billed, whichever came first.
        """
        moves = self.browse(draft.target.id for draft in drafts)
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

    # === ACCOUNTING DATE === #

    @api.model
    def _procurify_date(self, batch, drafts):
        """Give each of ``drafts`` the accounting date that the policy allows.

        The versions to compare keep Procurify's day: on which one a bill is booked
        depends on when that happens, and is no difference between the two.
        """
        policy = batch.connection.closed_period_policy
        if batch.choice and batch.choice.next_open:
            policy = "next_open"
        elif batch.choice and batch.choice.post and policy == "draft":
            # What is posted would leave the books.
            policy = "hold"
        days = {}
        for draft in drafts:
            bill = draft.payload
            day = bill.gl_post_date or bill.invoice_date
            has_tax = any(line.tax for line in draft.figures.lines)
            if (day, has_tax) not in days:
                days[day, has_tax] = self._procurify_locks(day, has_tax)
            if locks := days[day, has_tax]:
                draft.closed = (day, locks)
                self._procurify_apply_lock(draft, policy, has_tax)

    @api.model
    def _procurify_apply_lock(self, draft, policy, has_tax):
        """Do with a bill of a closed period what ``policy`` says."""
        day, locks = draft.closed
        if policy == "hold":
            lock = max(date for date, _field in locks)
            draft.hold(
                "closed_period",
                f"{day}/{lock}",
                value=format_date(self.env, day),
                found=self.env.company._format_lock_dates(locks),
            )
        elif policy == "draft":
            draft.is_left_closed = True
        elif draft.values is not None:
            opened = self._procurify_first_open_day(day, has_tax)
            draft.values["date"] = Date.to_string(opened)

    @api.model
    def _procurify_locks(self, day, has_tax):
        """Return Odoo's lock dates that forbid ``day`` to a vendor bill, for this user.

        :returns: [(lock date, name of the company's field)]
        """
        if not day:
            return []
        return self.env.company._get_lock_date_violations(
            day, fiscalyear=True, sale=False, purchase=True, tax=has_tax, hard=True
        )

    @api.model
    def _procurify_first_open_day(self, day, has_tax):
        """Return ``day``, or the first one after all locks that forbid it."""
        while locks := self._procurify_locks(day, has_tax):
            day = max(date for date, _field in locks) + timedelta(days=1)
        return day

    @api.model
    def _procurify_report_dates(self, drafts):
        """Say on the bills themselves what their closed period led to."""
        bodies = {}
        for draft in drafts:
            move, closed = draft.target, draft.is_left_closed
            if draft.record.in_closed_period != closed:
                draft.note(in_closed_period=closed)
            if not draft.closed:
                continue
            day, locks = draft.closed
            params = {
                "day": format_date(self.env, day),
                "locks": self.env.company._format_lock_dates(locks),
                "date": format_date(self.env, move.date),
            }
            if closed:
                bodies[move.id] = self.env._(
                    "Procurify's date %(day)s is in a closed period: %(locks)s. The "
                    "bill stays a draft with this date.",
                    **params,
                )
            else:
                bodies[move.id] = self.env._(
                    "Booked on %(date)s, because Procurify's date %(day)s is in a "
                    "closed period: %(locks)s.",
                    **params,
                )
        self.browse(bodies)._message_log_batch(bodies=bodies)

    # === DUPLICATES === #

    @api.model
    def _procurify_hold_duplicates(self, batch, bills, drafts):
        """Hold bills that Odoo has already, and the later ones of their own batch.

        :param drafts: those that are new, those that change, and those of which a
            person decides whether they do
        """
        for draft, rival in BillDuplicates(self, bills).rivals(drafts).items():
            other = rival.move or rival.twin.record
            draft.hold(
                "duplicate_bill",
                value=draft.record.name,
                found=other.display_name,
                rule=rival.rule,
                rival=[other._name, other.id],
            )
            if rival.move:
                draft.note(conflict_id=rival.move.id)

    def _procurify_is_credited(self):
        """Return whether posted credit notes have taken this bill back completely."""
        self.ensure_one()
        credits = self._procurify_credits()
        credited = sum(credits.mapped("amount_total"))
        rounding = self.currency_id.rounding
        return bool(credits) and (
            float_compare(credited, self.amount_total, precision_rounding=rounding) >= 0
        )

    def _procurify_credits(self, state="posted"):
        """Return the credit notes of this bill in a state that are not reversed."""
        self.ensure_one()
        return self.reversal_move_ids.filtered(
            lambda move: move.state == state and not move._procurify_is_credited()
        )

    # === POSTING === #

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
        elif wanted:
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
            is_new = (
                draft.origin == "created"
                or draft.record._is_unfinished()
                or draft.was_nothing
            )
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
        if record := self._procurify_given_up():
            raise UserError(
                self.env._(
                    "%(bill)s cannot be posted: %(reason)s",
                    bill=record.display_name,
                    reason=record.hold_reason,
                )
            )

    def _procurify_given_up(self):
        """Return the record of one of these bills that Procurify does not want paid any
        more, until a person keeps it; or an empty one."""
        rows = self.env["procurify.record"].sudo()
        if not self:
            return rows
        return rows.search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("issue_ids.code", "in", GIVEN_UP),
            ],
            limit=1,
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
        if not drafts:
            return {}
        meant = MeantBills(self.env, bills)
        booked = {
            draft: booked_version(draft.target)
            if draft.is_resumed
            else draft.written["booked"]
            for draft in drafts
        }
        differing = meant.differing(booked)
        return meant.rows(differing) if differing else {}

    @api.model
    def _procurify_restore_meant(self, batch, bills, drafts):
        """Write again what was changed behind the import's back, if it stays by now.

        What would be changed again is left as it is: writing it would be news, and a
        reason to try again.
        """
        untouched = [draft for draft in drafts if draft.is_untouched]
        rows = self._procurify_otherwise(bills, untouched)
        if not rows:
            return

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
        """Refuse to pay what Procurify pays or does not want paid any more, until a
        person allowed or kept it.

        :raises UserError: naming the bills
        """
        if record := self._procurify_given_up():
            raise UserError(
                self.env._(
                    "%(bill)s cannot be paid: %(reason)s Keep, reverse or cancel it "
                    "first.",
                    bill=record.display_name,
                    reason=record.hold_reason,
                )
            )
        # This also refuses users who may not see what Procurify says.
        if blocked := self.sudo().filtered("procurify_payment_blocked"):
            raise UserError(
                self.env._(
                    "Procurify pays these bills or has already paid them: %(bills)s. "
                    "To pay one of them in Odoo, open it and press Allow payment.",
                    bills=", ".join(blocked.mapped("display_name")),
                )
            )
