"""What people call the places of a reconciliation's sums."""

from odoo.fields import Domain

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
        self.names = {}
        for dimension, model in models.items():
            ids = {k for _c, d, k in places if d == dimension and isinstance(k, int)}
            records = (
                env[model]
                .with_context(active_test=False)
                .search_fetch(Domain("id", "in", list(ids)), ["display_name"])
            )
            self.names |= {(dimension, r.id): r.display_name for r in records}

    def name(self, dimension, key):
        """Return what the key is called in its dimension."""
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
        }[dimension]

    def text(self, place):
        """Return the dimension and the name of ``place``."""
        _currency, dimension, key = place
        return f"{self.dimension(dimension)} {self.name(dimension, key)}".strip()

    def dimension(self, dimension):
        """Return what a dimension is called."""
        return {
            "total": self.env._("Total"),
            "vendor": self.env._("Vendor"),
            "account": self.env._("Account"),
            "tax": self.env._("Tax"),
            "department": self.env._("Department"),
            "location": self.env._("Location"),
        }[dimension]
