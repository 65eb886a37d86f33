"""One document of a reconciliation: its amounts on both sides, and the verdict."""

from dataclasses import dataclass, field
from decimal import Decimal

# Of the dimensions "plan 7": an analytic plan on which custom fields are booked.
PLAN = "plan"


@dataclass
class Line:
    """One document, and what became of it; amounts by place, see the two sides.

    ``tolerance``: what a part of the total may differ by, where Odoo cannot say it to
    the cent.
    """

    resource: str
    external_id: str
    name: str
    party: str
    date: object
    outcome: str = "booked"
    reason: str = ""
    explained: bool = True
    record_id: int = 0
    res_model: str = ""
    res_id: int = 0
    res_name: str = ""
    odoo_state: str = ""
    document_state: str = ""
    procurify: dict = field(default_factory=dict)
    odoo: dict = field(default_factory=dict)
    tolerance: Decimal = Decimal(0)

    @property
    def differences(self):
        """{place: Procurify's amount less Odoo's}, where that is something.

        Where Procurify names no value of a custom field, Odoo may fill in its plan.
        """
        places = dict.fromkeys((*self.procurify, *self.odoo))
        found = {
            place: self.procurify.get(place, 0) - self.odoo.get(place, 0)
            for place in places
        }
        differing = {
            p: amount for p, amount in found.items() if self._counts(p, amount)
        }
        lacking = {p[:2] for p, amount in differing.items() if self._lacks(p, amount)}
        return {
            place: amount
            for place, amount in differing.items()
            if not place[1].startswith(PLAN) or place[:2] in lacking
        }

    def _lacks(self, place, amount):
        """Return whether Odoo has less than Procurify says of an account."""
        return isinstance(place[2], int) and self.procurify.get(place, 0) * amount > 0

    def _counts(self, place, amount):
        """Return whether a difference is one: the total is equal to the cent."""
        is_part = place[1] not in ("total", "vendor")
        return abs(amount) > (self.tolerance if is_part else 0)

    def json_places(self):
        """Return {name of a place: [Procurify's amount, Odoo's]}, amounts as texts."""
        return {
            place_name(*place): [
                format(side.get(place, Decimal(0)), "f")
                for side in (self.procurify, self.odoo)
            ]
            for place in dict.fromkeys((*self.procurify, *self.odoo))
        }


def place_name(currency, dimension, key):
    """Return the text that stands for a place in stored lines and sums."""
    return f"{currency}|{dimension}|{key}"
