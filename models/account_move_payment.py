"""A bill that Procurify pays is not paid in Odoo as well until a person says so."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

_SETTLED = ("paid", "reversed")
_PAID = (
    Domain("res_model", "=", "account.move")
    & Domain("res_id", "!=", False)
    & Domain("remote_payment", "!=", False)
)


class AccountMove(models.Model):
    _inherit = "account.move"

    procurify_payment_notice = fields.Text(
        "Payment in Procurify", compute="_compute_procurify_payment"
    )
    procurify_payment_blocked = fields.Boolean(
        "Paid in Procurify",
        compute="_compute_procurify_payment",
        search="_search_procurify_payment_blocked",
        help="Procurify pays the bill, or has paid it, and nobody allowed its payment "
        "in Odoo.",
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
        # Whoever pays bills need not be a reviewer.
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
                "Procurify says that this bill is paid. If you pay it in Odoo as well, "
                "it is paid twice."
            )
        else:
            notice = self.env._(
                "Procurify says that this bill is being paid. If you pay it in Odoo as "
                "well, it is paid twice."
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
            return
        records = blocked._procurify_paid_records()
        rows = self.env["procurify.record"].browse(r.id for r in records.values())
        rows.sudo()._allow_payment()
        body = self.env._("Its payment in Odoo is allowed, although Procurify pays it.")
        blocked._message_log_batch(bodies=dict.fromkeys(blocked.ids, body))
        self.invalidate_recordset(
            ["procurify_payment_blocked", "procurify_payment_notice"]
        )

    def _procurify_check_payment(self):
        """Refuse to pay what Procurify pays, until a person allowed it.

        :raises UserError: naming the bills
        """
        if blocked := self.filtered("procurify_payment_blocked"):
            raise UserError(
                self.env._(
                    "Procurify pays these bills, or has paid them: %(bills)s. If they "
                    "are to be paid in Odoo, open each of them and allow its payment.",
                    bills=", ".join(blocked.mapped("display_name")),
                )
            )
