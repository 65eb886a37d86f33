"""What was meant of an order against what stays in Odoo."""

from odoo import api, models
from odoo.tools import float_compare

from ..importers.batch import BookedOtherwise
from ..importers.orders.revision import plain, same, shown
from ..importers.refusals import is_refused, tried

_HEADER = (
    "partner_id",
    "currency_id",
    "date_order",
    "payment_term_id",
    "fiscal_position_id",
)
# Fields of a line, and the precision in which Odoo keeps a number.
_LINE = {
    "product_id": None,
    "product_uom_id": None,
    "product_qty": "Product Unit",
    "price_unit": "Product Price",
    "discount": "Discount",
    "tax_ids": None,
    "analytic_distribution": None,
}


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    @api.model
    def _procurify_otherwise(self, imported, orders):
        """Return {record: rows of what Odoo has otherwise than it was just written}.

        :param orders: {record: order}
        """
        self.env.flush_all()
        precision = self.env["decimal.precision"].precision_get
        digits = {name: kind and precision(kind) for name, kind in _LINE.items()}
        present = self.browse(order.id for order in orders.values()).order_line
        differing = {}
        for record, order in orders.items():
            header, lines = imported.meant.get(record, ({}, {}))
            own = _own_part(imported, record)
            rows = _differences(order, header, dict.fromkeys(_HEADER), own)
            for line, values in lines.items():
                if line in present:
                    rows += _differences(line, values, digits, own, line.name)
                else:
                    rows.append(_only(self.env, values, "procurify"))
            if imported.batch.origins.get(record) == "created":
                mine = imported.made[record].values()
                rows += [
                    _only(self.env, plain(line, ("name", "product_qty")), "odoo")
                    for line in order.order_line
                    if line not in mine
                ]
            if rows:
                differing[record] = rows
        return differing

    def _procurify_mend(self, imported, record, revision):
        """Write again what was changed behind the import's back, if it stays by now.

        What would be changed again is left as it is: writing it would be news, and a
        reason to try again.

        :param revision: OrderRevision to all that Procurify says
        """
        self.ensure_one()

        def write(_records):
            self._procurify_apply(imported, record, revision)
            imported.mean(record)
            if rows := self._procurify_otherwise(imported, {record: self}):
                raise BookedOtherwise(rows)

        if is_refused(tried(self.env, [record], write)):
            imported.made[record] = {}


def _differences(document, meant, digits, own, label=""):
    """Return a row for each field that ``document`` has otherwise than meant.

    :param meant: JSON values; what is not in it, or None, is Odoo's or a person's
    :param digits: {field: decimals that count, or None}
    :param own: returns the part of an analytic distribution that Procurify fills
    """
    names = [n for n in digits if meant.get(n) is not None]
    now, rows = plain(document, names), []
    if "analytic_distribution" in now:
        now["analytic_distribution"] = own(now["analytic_distribution"])
    for name in names:
        if not _is_same(meant[name], now[name], digits[name]):
            title = document._fields[name]._description_string(document.env)
            text = (label or "").split("\n")[0]
            rows.append(
                {
                    "field": f"“{text}”, {title}" if text else title,
                    "applied": "",
                    "odoo": shown(document, name, now[name]),
                    "procurify": shown(document, name, meant[name]),
                }
            )
    return rows


def _own_part(imported, record):
    """Return what takes the part of a distribution that Procurify fills."""
    lines = imported.lines[record].values()
    mine = imported.plans.plans(*(line["analytic_distribution"] for line in lines))
    return lambda distribution: imported.plans.own(distribution, mine)


def _is_same(meant, now, digits):
    if digits is not None:
        return not float_compare(meant, now, precision_digits=digits)
    return same(meant, now)


def _only(env, values, side):
    """Return the row of a line that only one side has."""
    name = (values.get("name") or "").split("\n")[0]
    row = {
        "field": env._("line “%s”", name),
        "applied": "",
        "odoo": "",
        "procurify": "",
    }
    return row | {side: f"{values.get('product_qty') or 0:g}"}
