"""What is in Odoo, said as the simulator's oracle says what should be there."""

from collections import defaultdict
from decimal import Decimal

from .common import ProcurifyCommon

CENT = Decimal("0.01")


def money(amount):
    """Return an Odoo amount in whole cents."""
    return Decimal(str(amount)).quantize(CENT)


class OracleCase(ProcurifyCommon):
    """Compares the books with the oracle: balances, bills, orders, issues."""

    # === WHY SOMETHING IS NOT IN THE BOOKS === #

    def _fate(self, resource, external_id):
        """Return the outcome of an object: done, a rule, or its issues."""
        record = self._records(resource, external_id=str(external_id))
        if len(record) != 1:
            return f"{len(record)} records"
        if record.state == "excluded":
            return record.excluded_rule
        if record.state == "quarantined":
            return frozenset(record.issue_ids.mapped("code"))
        return record.state

    @staticmethod
    def _expected_fate(expected):
        return expected.excluded or expected.reasons or "done"

    # === BALANCES === #

    def _expected_balances(self):
        """Return {(currency, account, department, location, vendor): amount}."""
        balances = defaultdict(Decimal)
        for expected in self.dataset.expected().values():
            if expected.importable:
                for place, amount in expected.net_lines.items():
                    key = (expected.currency, *place, expected.vendor_id)
                    balances[key] += amount
        return {key: amount for key, amount in balances.items() if amount}

    def _booked_balances(self):
        """Return the same, read from the journal items that Odoo holds."""
        balances = defaultdict(Decimal)
        vendors = self._external_ids("res.partner", "vendor")
        for move in self._booked_moves():
            for (code, *place), amount in self._net_lines(move).items():
                key = (move.currency_id.name, code, *place, vendors[move.partner_id.id])
                balances[key] += amount
        return {key: amount for key, amount in balances.items() if amount}

    def _booked_moves(self):
        moves = self._records("bill", state="done").mapped("res_id")
        return self.env["account.move"].browse(moves)

    def _net_lines(self, move):
        """Return {(account, department, location): amount} of one bill, as Procurify
        signs it."""
        dimensions = {
            resource: self._external_ids("account.analytic.account", resource)
            for resource in ("department", "location")
        }
        sign = -1 if move.move_type == "in_refund" else 1
        amounts = defaultdict(Decimal)
        for line in move.invoice_line_ids:
            net = sign * money(line.price_subtotal)
            for key, percent in (line.analytic_distribution or {"": 100}).items():
                ids = [int(number) for number in key.split(",") if number]
                places = [
                    next((found[i] for i in ids if i in found), None)
                    for found in dimensions.values()
                ]
                share = net * Decimal(str(percent)) / 100
                amounts[(line.account_id.code, *places)] += share
        return amounts

    def _external_ids(self, model, resource):
        """Return {Odoo's id: Procurify's} of what is linked."""
        return {
            record.res_id: int(record.external_id)
            for record in self._records(resource, res_model=model, state="done")
        }

    # === ORDERS === #

    def _purchase(self, order_id):
        record = self._record("purchase_order", order_id)
        return self.env["purchase.order"].browse(record.res_id)

    def _purchase_lines(self, order_id):
        """Return {id of Procurify's line: line} of an order that is in Odoo."""
        order = self._purchase(order_id)
        ids = {line.id: line for line in order.order_line}
        applied = self._record("purchase_order", order_id).applied_state["lines"]
        return {
            int(source.removeprefix("line ")): ids[entry["id"]]
            for source, entry in applied.items()
            if source.startswith("line ") and entry["wanted"]
        }
