"""What people call the places of a reconciliation's sums."""

from odoo.fields import Domain

from .line import PLAN
from .sides import NONE, TAX


class Labels:
    """What people call the places of sums."""

    def __init__(self, env, places):
        """:param places: (currency, dimension, key) of everything to be named"""
        self.env = env
        models = {
            "vendor": "res.partner",
            "account": "account.account",
            "tax": "account.tax",
            "department": "account.analytic.account",
            "location": "account.analytic.account",
        }
        self.plans = self._plans({dimension for _c, dimension, _k in places})
        models |= dict.fromkeys(self.plans, "account.analytic.account")
        self.names = {}
        for dimension, model in models.items():
            ids = {k for _c, d, k in places if d == dimension and isinstance(k, int)}
            records = (
                env[model]
                .with_context(active_test=False)
                .search_fetch(Domain("id", "in", list(ids)), ["display_name"])
            )
            self.names |= {(dimension, r.id): r.display_name for r in records}

    def _plans(self, dimensions):
        """Return {dimension of an analytic plan: the plan's name}."""
        ids = {
            int(dimension.removeprefix(PLAN)): dimension
            for dimension in dimensions
            if dimension.startswith(PLAN)
        }
        plans = self.env["account.analytic.plan"].sudo().browse(ids).exists()
        return {ids[plan.id]: plan.name for plan in plans}

    def name(self, dimension, key):
        """Return what the key is called in its dimension; that of a plan is named."""
        if dimension.startswith(PLAN):
            found = self._name(dimension, key)
            return f"{self.dimension(dimension)}: {found}"
        return self._name(dimension, key)

    def _name(self, dimension, key):
        if isinstance(key, int):
            return self.names.get((dimension, key)) or f"#{key}"
        if key == TAX:
            return self.env._("Taxes")
        if key != NONE:
            return key
        return {
            "total": self.env._("All documents"),
            "vendor": self.env._("No vendor"),
            "account": self.env._("No account"),
            "tax": self.env._("No tax"),
            "department": self.env._("No department"),
            "location": self.env._("No location"),
        }.get(dimension) or self.env._("No value")

    def text(self, place):
        """Return the dimension and the name of ``place``."""
        _currency, dimension, key = place
        return f"{self.dimension(dimension)} {self._name(dimension, key)}".strip()

    def dimension(self, dimension):
        """Return what a dimension is called."""
        return {
            "total": self.env._("Total"),
            "vendor": self.env._("Vendor"),
            "account": self.env._("Account"),
            "tax": self.env._("Tax"),
            "department": self.env._("Department"),
            "location": self.env._("Location"),
        }.get(dimension) or self.plans.get(dimension, dimension)
