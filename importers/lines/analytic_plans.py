"""Which part of an analytic distribution is Procurify's, and what Odoo fills in."""

from collections import defaultdict

from odoo.fields import Domain


class AnalyticPlans:
    """Keeps Procurify's plans and Odoo's other plans apart, for one connection.

    Procurify fills the plans that are chosen for departments and locations, and those
    of the accounts that it gives: a custom field's plan only on lines for which it
    names a value, now or at the last import. All other plans are Odoo's to fill, by its
    distribution models, or a person's; an import neither overrides nor compares them.
    """

    def __init__(self, env, connection):
        """:param env: of the company that books"""
        self.env = env
        connection = connection.sudo()
        chosen = connection.department_plan_id | connection.location_plan_id
        self.chosen = frozenset(chosen.root_id.ids)
        self._roots = {}
        self._models = {}
        self._has_models = None

    # === PARTS OF A DISTRIBUTION === #

    def load(self, distributions):
        """Read the plans of all accounts in ``distributions`` at once."""
        ids = {i for d in distributions for key in d or () for i in _accounts(key)}
        if missing := ids - self._roots.keys():
            accounts = self.env["account.analytic.account"].sudo().browse(missing)
            self._roots |= dict.fromkeys(missing)
            self._roots |= {a.id: a.root_plan_id.id for a in accounts.exists()}

    def plans(self, *distributions):
        """Return ids of Procurify's plans, where it gives these distributions."""
        self.load(distributions)
        return self.chosen.union(
            self._roots[i]
            for d in distributions
            for key in d or ()
            for i in _accounts(key)
        )

    def own(self, distribution, plans):
        """Return the part of ``distribution`` in ``plans``, or False."""
        return self._part(distribution, lambda root: root is None or root in plans)

    def rest(self, distribution, plans):
        """Return the part of ``distribution`` in other plans than ``plans``, or False.

        A deleted account has no plan, and is no part that anybody would want to keep.
        """
        return self._part(
            distribution, lambda root: root is not None and root not in plans
        )

    def _part(self, distribution, is_wanted):
        self.load([distribution])
        part = defaultdict(float)
        for key, share in (distribution or {}).items():
            ids = [i for i in _accounts(key) if is_wanted(self._roots[i])]
            if ids:
                part[",".join(map(str, ids))] += share
        return {key: round(share, 6) for key, share in part.items()} or False

    # === WHAT ODOO FILLS IN === #

    def completed(self, own, rest, line):
        """Return Procurify's part with what else belongs on a line, or False.

        :param own: the part that Procurify gives
        :param rest: what other plans have already, or nothing
        :param line: a dict, see :meth:`model_facts`, or nothing: no model fills in
        """
        models = line and self._by_models(line, self.plans(own, rest))
        return (own or {}) | (rest or {}) | (models or {}) or False

    def added(self, line, distribution, plans):
        """Return an order line's distribution with what models fill in besides it.

        :param plans: plans that are Procurify's, whatever it gives
        """
        if not self.has_models():
            return distribution
        facts = self.model_facts(line.order_id.partner_id, line.product_id)
        filled = self._by_models(facts, self.plans(distribution) | plans)
        return (distribution or {}) | filled or False

    def model_facts(self, partner, product, account=None):
        """Return what Odoo's distribution models look at for a line."""
        facts = {
            "product_id": product.id,
            "product_categ_id": product.categ_id.id,
            "partner_id": partner.id,
            "partner_category_id": tuple(partner.category_id.ids),
            "company_id": self.env.company.id,
        }
        return facts | {"account_prefix": account.code} if account else facts

    def has_models(self):
        """Return whether this company has any distribution model."""
        if self._has_models is None:
            models = self._distribution_models()
            domain = models._check_company_domain(self.env.company)
            self._has_models = bool(models.search_count(Domain(domain), limit=1))
        return self._has_models

    def _by_models(self, facts, plans):
        """Return what the models fill in outside ``plans``, asked once."""
        if not self.has_models():
            return {}
        key = (*facts.items(), plans)
        if key not in self._models:
            roots = self.env["account.analytic.plan"].sudo().browse(plans - {None})
            self._models[key] = self._distribution_models()._get_distribution(
                facts
                | {
                    "partner_category_id": list(facts["partner_category_id"]),
                    "related_root_plan_ids": roots,
                }
            )
        return self._models[key]

    def _distribution_models(self):
        # Odoo asks them as superuser, too: it computes a stored field.
        return self.env["account.analytic.distribution.model"].sudo()


def _accounts(key):
    """Return the ids in a key; Odoo's own marks are none."""
    return [int(number) for number in key.split(",") if number.strip().isdigit()]
