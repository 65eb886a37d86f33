"""Orders are confirmed as a person does it; what Odoo refuses stays a request."""

from odoo import api, models

from ..importers.batch import BookedOtherwise
from ..importers.issues import Hold
from ..importers.refusals import refusal, tried


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    @api.model
    def _procurify_confirm_wanted(self, batch, imported, orders):
        """Confirm what the policy wants confirmed; hold what Odoo does not.

        :param orders: {record: order} of what was just written
        """
        if batch.connection.order_policy != "purchase":
            return
        writer = self.with_user(batch.choice.user) if batch.choice else self
        wanted = [
            record
            for record, order in orders.items()
            if order.state in ("draft", "sent")
            and record not in batch.obstacles
            and (batch.origins[record] == "created" or imported.is_resumed(record))
        ]

        def confirm(part):
            writer.browse(orders[record].id for record in part)._procurify_confirm()
            if rows := self._procurify_otherwise(
                imported, {r: orders[r] for r in part}
            ):
                raise BookedOtherwise(rows)

        errors = tried(self.env, wanted, confirm)
        for record, error in errors.items():
            if isinstance(error, BookedOtherwise):
                self._procurify_hold_otherwise(batch, error.rows)
            else:
                _code, text = refusal(self.env, error)
                self._procurify_hold_unconfirmed(batch, record, text, text)
        for record, order in orders.items():
            if record not in errors and order.state == "to approve":
                text = self.env._("%s waits for its approval in Odoo.", order.name)
                self._procurify_hold_unconfirmed(batch, record, text, order.name)

    @api.model
    def _procurify_hold_unconfirmed(self, batch, record, text, key):
        """Hold an order that stays a request; what is said of several is one issue."""
        hold = Hold("confirmation_refused", f"order/{key}", {"value": text})
        batch.hold_written(record, hold)

    def _procurify_confirm(self):
        """Confirm these orders, as of the day they were issued."""
        self._procurify_validating().button_confirm()
        confirmed = self.filtered(lambda order: order.state == "purchase")
        for day, orders in confirmed.grouped("date_order").items():
            orders.date_approve = day
