"""What the lines of orders have otherwise than Procurify says."""

from ..importers.lines.analytic_plans import AnalyticPlans
from ..importers.orders.lines import SETTLEMENT
from ..importers.orders.meant import differences, line_digits, only, own_part
from ..importers.orders.revision import plain

_NAMED = 3  # differences in the reason of one order


class OrderLines:
    """Compares orders line by line: product, quantity, price, tax, departments.

    What Procurify says of a line is what the last import meant to write; ``plans`` that
    Procurify does not fill are not compared.
    """

    def __init__(self, env, connection):
        """:param env: with the rights of the user who asks"""
        self.env = env
        self.plans = AnalyticPlans(env, connection)
        self.digits = line_digits(env)

    def what_differs(self, applied, order):
        """Return in words what differs, or "".

        :param applied: ``applied_state`` of the order's record
        """
        known = (applied or {}).get("lines")
        if not known or order.state == "cancel":
            return ""
        rows = self._rows(known, order)
        texts = [self._text(row) for row in rows[:_NAMED]]
        if len(rows) > _NAMED:
            texts.append(self.env._("%s more", len(rows) - _NAMED))
        return "; ".join(texts)

    def _rows(self, known, order):
        lines = {line.id: line for line in order.order_line if not line.display_type}
        meant = {source: self._meant(source, entry) for source, entry in known.items()}
        self.plans.load([line.analytic_distribution for line in lines.values()])
        own, rows = own_part(self.plans, meant.values()), []
        for source, entry in known.items():
            line, values = lines.pop(entry["id"], None), meant[source]
            if line and values:
                rows += differences(line, values, self.digits, own, line.name)
            elif values and values.get("product_qty"):
                rows.append(only(self.env, values, "procurify"))
        strays = [line for line in lines.values() if line.product_qty]
        names = ("name", "product_qty")
        return rows + [only(self.env, plain(li, names), "odoo") for li in strays]

    @staticmethod
    def _meant(source, entry):
        """Return the values that a line is to have, or nothing where Odoo decides."""
        return entry["wanted"] or (source == SETTLEMENT and entry["odoo"]) or {}

    def _text(self, row):
        return self.env._(
            "%(field)s: in Procurify %(ours)s, in Odoo %(odoos)s",
            field=row["field"],
            ours=row["procurify"] or self.env._("nothing"),
            odoos=row["odoo"] or self.env._("nothing"),
        )
