"""Orders that stand for those of a remote Odoo: people change them there only."""

from odoo import api, models

from ..importers.orders.lines import created_line, written_line


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    # === WHAT PEOPLE DID THERE === #

    def _procurify_follow(self, values, lines, added, removed):
        """Write what people changed in the remote Odoo.

        :param values: {field: value}, also ``state``, ``locked`` and ``date_approve``
        :param lines: {purchase.order.line: values}
        :param added: [values of a line]
        :param removed: purchase.order.line records
        :returns: the lines that were added
        """
        self.ensure_one()
        order = self.with_company(self.company_id).with_context(
            skip_uom_conversion=True
        )
        values = dict(values)
        state, approved = values.pop("state", None), values.pop("date_approve", None)
        is_locked = values.pop("locked", None)
        if values:
            order.write(values)
        for line, changes in lines.items():
            line = line.with_env(order.env)
            line.write(written_line(line, changes))
        order._procurify_drop_lines(removed.with_env(order.env))
        new = order.env["purchase.order.line"].create(
            [order._procurify_followed_line(each) for each in added]
        )
        if state:
            order._procurify_follow_state(state, approved)
        if is_locked is not None and order.locked != is_locked:
            order.locked = is_locked
        return new

    def _procurify_followed_line(self, values):
        if values.get("display_type"):
            names = ("display_type", "name")
            line = {name: values[name] for name in names} | {"product_qty": 0}
        else:
            line = created_line(values)
        return line | {"order_id": self.id}

    def _procurify_follow_state(self, state, approved):
        if state == "draft":
            self.button_draft()
        elif state == "cancel":
            self.locked = False
            self.button_cancel()
        elif state == "purchase" and self.state != "purchase":
            if self.state == "cancel":
                self.button_draft()
            self.button_confirm()
            if self.state == "to approve":
                self.button_approve(force=True)
            self.date_approve = approved or self.date_order


class PurchaseOrderLine(models.Model):
    _inherit = "purchase.order.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id._procurify_check_shadow({"order_line"})
        return lines

    def write(self, vals):
        self.order_id._procurify_check_shadow(vals, self)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_shadow(self):
        self.order_id._procurify_check_shadow({"order_line"})
