"""What each person wants to be reminded of: in the own preferences."""

from odoo import fields, models

_OWN = [
    "procurify_remind_mail",
    "procurify_remind_todo",
    "procurify_remind_amount",
    "procurify_remind_hold_days",
    "procurify_remind_due_days",
]


class ResUsers(models.Model):
    _inherit = "res.users"

    procurify_remind_mail = fields.Boolean(
        "Daily E-mail",
        default=True,
        help="At most one e-mail a day, and none when nothing is new.",
    )
    procurify_remind_todo = fields.Boolean(
        "To-do for Each Bill",
        default=True,
        help="A to-do disappears by itself when its reason is gone.",
    )
    procurify_remind_amount = fields.Float(
        "On Hold from (amount)",
        digits=(16, 2),
        default=10000.0,
        help="Bills on hold of at least this amount, in the company's currency. 0: no "
        "reminder.",
    )
    procurify_remind_hold_days = fields.Integer(
        "On Hold for (days)",
        default=5,
        help="Bills that have been on hold for this many days. 0: no reminder.",
    )
    procurify_remind_due_days = fields.Integer(
        "Due within (days)",
        default=3,
        help="Bills on hold and drafts that are due within this many days, or overdue. "
        "0: no reminder.",
    )
    procurify_reminded_on = fields.Date(readonly=True, copy=False)

    @property
    def SELF_READABLE_FIELDS(self):  # noqa: N802
        return [*super().SELF_READABLE_FIELDS, *_OWN]

    @property
    def SELF_WRITEABLE_FIELDS(self):  # noqa: N802
        return [*super().SELF_WRITEABLE_FIELDS, *_OWN]
