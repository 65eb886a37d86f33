"""What the choices about a held bill do to it, with the clicking user's rights."""

from odoo import models
from odoo.exceptions import UserError

from ..importers.batch import Choice

_PAID = ("paid", "in_payment", "partial", "reversed")


class AccountMove(models.Model):
    _inherit = "account.move"

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
            self.button_draft()
        return choice

    def _procurify_kept(self, applied, offered):
        """Return what is known as written, now that ``offered`` was turned down."""
        return applied | {"asked": offered}

    def _procurify_reset_obstacle(self):
        """Return why this bill cannot be written any more, or False."""
        self.ensure_one()
        name = self.display_name
        if self.payment_state in _PAID:
            return self.env._(
                "%(name)s is paid, or partly so. Credit it and book it anew instead.",
                name=name,
            )
        if self.inalterable_hash:
            return self.env._(
                "%(name)s is locked by a hash. Credit it and book it anew instead.",
                name=name,
            )
        locks = self._get_violated_lock_dates(self.date, self._affect_tax_report())
        if self.state == "posted" and locks:
            return self.env._(
                "%(name)s is in a closed period: %(locks)s. Credit it and book it anew "
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

        :returns: the credit note
        """
        self.ensure_one()
        self.check_access("write")
        if self._procurify_is_credited():
            return self.reversal_move_ids
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
        }
        credit = company_moves._reverse_moves([values])
        credit._post(soft=False)
        body = self.env._("Credited with %s.", credit._get_html_link())
        self._message_log(body=body)
        return credit

    def _procurify_tell_rebilled(self, new, credit):
        """Say on both bills which one took the place of the other."""
        self.ensure_one()
        self._message_log(
            body=self.env._(
                "Changed in Procurify: credited with %(credit)s, booked anew as "
                "%(new)s.",
                credit=credit._get_html_link(),
                new=new._get_html_link(),
            )
        )
        new._message_log(
            body=self.env._(
                "Takes the place of %(old)s, which Procurify changed.",
                old=self._get_html_link(),
            )
        )
