"""Who is reminded of a bill, and when it is worth a reminder."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...tools.instants import clamped, today_in

PLACES = ("department", "location")


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    @api.constrains("responsible_id")
    def _check_responsible(self):
        """Refuse a responsible who may not read what the reminders are about.

        :raises ValidationError: naming the person
        """
        for user, places in (
            self.filtered("responsible_id").grouped("responsible_id").items()
        ):
            if user.active and places._readable_by(user) != places:
                raise ValidationError(
                    self.env._(
                        "%(user)s has no access to this record. Choose a Procurify "
                        "reviewer of the company.",
                        user=user.sudo().name,
                    )
                )

    def _write_responsible(self, user_id):
        """Note who is responsible for these departments and locations.

        :raises UserError: one of them is something else
        """
        if any(record.resource not in PLACES for record in self):
            raise UserError(
                self.env._("Only departments and locations have a responsible person.")
            )
        self.sudo().write({"responsible_id": user_id})

    def _readable_by(self, user):
        """Return those of these records that ``user`` may read, here and in Odoo."""
        theirs = self.with_user(user).with_context(
            allowed_company_ids=user.sudo().company_ids.ids
        )
        allowed = theirs._filtered_access("read")
        quoted = allowed.filtered(lambda record: record.res_id or record.conflict_id)
        quoted = quoted.filtered(lambda record: record.role == "document")
        hidden = quoted - quoted._shown_in_odoo()
        return (allowed - hidden).with_env(self.env)

    def _reminder_reasons(self, user):
        """Return the reasons why ``user`` is reminded of this bill today."""
        self.ensure_one()
        env = self.with_context(tz=user.tz).env
        is_held = self.state == "quarantined"
        amount, days = user.procurify_remind_amount, user.procurify_remind_hold_days
        due_days, due = clamped(user.procurify_remind_due_days), self.remote_due_date
        reasons = {
            "amount": is_held and amount > 0 and abs(self.company_amount) >= amount,
            "hold": is_held and days > 0 and self._days_on_hold(env) >= days,
            "due": due_days and due and (due - today_in(env)).days <= due_days,
        }
        return [reason for reason, is_so in reasons.items() if is_so]

    def _days_on_hold(self, env):
        """Return for how many days, as the calendar of ``env`` counts them, this
        document has been on hold; 0 if it is not."""
        self.ensure_one()
        if self.state != "quarantined" or not self.held_at:
            return 0
        since = fields.Datetime.context_timestamp(self.with_env(env), self.held_at)
        return (today_in(env) - since.date()).days
