"""The accounting date of a bill, where its period may be closed."""

from datetime import timedelta

from odoo import api, models
from odoo.fields import Date
from odoo.tools import format_date


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.model
    def _procurify_date(self, batch, bills, records):
        """Give each of ``records`` the accounting date that the policy allows.

        The versions to compare keep Procurify's day: on which one a bill is booked
        depends on when that happens, and is no difference between the two.
        """
        policy = batch.connection.closed_period_policy
        if batch.choice and batch.choice.next_open:
            policy = "next_open"
        days = {}
        for record in records:
            bill = bills.documents[record]
            day = bill.gl_post_date or bill.invoice_date
            has_tax = any(line.tax for line in bills.reckonings[record].lines)
            if (day, has_tax) not in days:
                days[day, has_tax] = self._procurify_locks(day, has_tax)
            if locks := days[day, has_tax]:
                bills.closed[record] = (day, locks)
        for record, (day, locks) in bills.closed.items():
            self._procurify_apply_lock(batch, bills, record, policy, day, locks)

    @api.model
    def _procurify_apply_lock(self, batch, bills, record, policy, day, locks):
        """Do with a bill of a closed period what ``policy`` says."""
        if policy == "hold":
            lock = max(date for date, _field in locks)
            batch.hold(
                record,
                "closed_period",
                f"{day}/{lock}",
                value=format_date(self.env, day),
                found=self.env.company._format_lock_dates(locks),
            )
        elif policy == "draft":
            bills.in_closed_period.add(record)
        elif record in bills.values:
            bill_has_tax = any(line.tax for line in bills.reckonings[record].lines)
            opened = self._procurify_first_open_day(day, bill_has_tax)
            bills.values[record]["date"] = Date.to_string(opened)

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
    def _procurify_tell_dates(self, batch, bills):
        """Say on the bills themselves what their closed period led to."""
        bodies = {}
        for record, move in batch.moves.items():
            closed = record in bills.in_closed_period
            if record.in_closed_period != closed:
                batch.note(record, in_closed_period=closed)
            if record not in bills.closed:
                continue
            day, locks = bills.closed[record]
            params = {
                "day": format_date(self.env, day),
                "locks": self.env.company._format_lock_dates(locks),
                "date": format_date(self.env, move.date),
            }
            if closed:
                bodies[move.id] = self.env._(
                    "Procurify's date %(day)s is in a closed period: %(locks)s. The "
                    "bill stays a draft with that date.",
                    **params,
                )
            else:
                bodies[move.id] = self.env._(
                    "Booked on %(date)s: Procurify's date %(day)s is in a closed "
                    "period: %(locks)s.",
                    **params,
                )
        self.browse(bodies)._message_log_batch(bodies=bodies)
