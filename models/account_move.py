"""Bill → account.move: a vendor bill, or a refund where the total is negative."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Date, Domain
from odoo.tools import float_compare, format_date

from ..importers.bills.duplicates import BillDuplicates
from ..importers.bills.importer import BillImport
from ..importers.bills.values import LineAmounts
from ..importers.start_date import exclude_earlier
from ..procurify import PAYABLE_STATUSES, BillType
from ..procurify.findings import undocumented
from ..tools.shadows import kept, writes_shadows

# Fields that people may always change. A message to somebody makes the token.
_FREE = ("message_", "activity_", "access_token")


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "procurify.import.mixin"]

    _procurify_resources = ("bill",)

    procurify_posted_at = fields.Datetime(
        "First Posted", readonly=True, copy=False, help="When this bill was posted."
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
        self._procurify_hold_duplicates(batch, bills, [*new, *changed])
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
        self._procurify_check_shadow(kept(self, vals))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shadow(self):
        self._procurify_check_shadow({"state"})

    def _procurify_check_shadow(self, names):
        """Refuse people's changes of what stands for a document of a remote Odoo.

        The next comparison would undo them there, or overwrite what is there. Messages
        and activities are free.

        :param names: of the fields that change
        :raises UserError: naming the document
        """
        if writes_shadows() or all(name.startswith(_FREE) for name in names):
            return
        companies = self.env["procurify.target"]._hub_companies()
        if not companies or companies.isdisjoint(self.company_id.ids):
            return
        if sent := self.env["procurify.dispatch"]._of(self._name, self.ids):
            move = self.browse(next(iter(sent)))
            raise UserError(
                self.env._(
                    "%(name)s stands for a document of the remote Odoo %(target)s. "
                    "Change it there.",
                    name=move.display_name,
                    target=sent[move.id].target_id.name,
                )
            )

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
            elif bill.type == BillType.EXPENSE and not connection.import_expense_bills:
                draft.exclude("expense_bill")
            elif bill.type == BillType.CREDIT_CARD and not connection.import_card_bills:
                draft.exclude("card_bill")
            elif draft.record.remote_deleted or not bill.active:
                draft.exclude("deleted")
            elif bill.status not in PAYABLE_STATUSES:
                draft.exclude("not_approved")
        exclude_earlier(batch)

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
            move = draft.found.with_env(env)
            draft.values |= bills.header.kept(draft.payload, move)
            values = dict(draft.values)
            lines = values.pop("invoice_line_ids")
            # First of all: Odoo would turn the old lines around with their bill, and
            # keep their taxes where the rate is another one.
            move.invoice_line_ids = [Command.clear()]
            if values.pop("move_type") != move.move_type:
                move.action_switch_move_type()
            move.write(values)
            move.invoice_line_ids = lines
            draft.link(move.id, "remembered")
            draft.target = move

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

        :param drafts: those that are new, and those that change
        """
        if batch.choice:
            return
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
        credits = self.reversal_move_ids.filtered(lambda m: m.state == "posted")
        credited = sum(credits.mapped("amount_total"))
        rounding = self.currency_id.rounding
        return bool(credits) and (
            float_compare(credited, self.amount_total, precision_rounding=rounding) >= 0
        )
