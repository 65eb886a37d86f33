"""Set up the demo company's books, as its controller did before the connector came.

Runs inside of ``odoo shell``, which hands over ``env``.
"""

from typing import Any

#: An integration user has the rights of a clerk who enters items, orders and bills.
CLERK_GROUPS = (
    "base.group_user",
    "base.group_partner_manager",
    "account.group_account_invoice",
    "purchase.group_purchase_user",
    "product.group_product_manager",
)
CLERK_LOGIN = "procurify"


def set_up(env: Any, books: dict[str, Any]) -> None:
    """Create accounts, analytic accounts, taxes, rates and vendors."""
    features = {"group_analytic_accounting": True, "group_multi_currency": True}
    env["res.config.settings"].create(features).execute()
    env["account.account"].create(books["accounts"])
    _set_up_cost_centres(env, books["cost_centres"])
    _set_up_taxes(env, books["taxes"])
    _set_up_currencies(env, books["currencies"], books.get("rates", {}))
    env["res.partner"].create(books.get("partners", []))
    _set_up_users(env)
    env.cr.commit()


def _set_up_cost_centres(env: Any, centres: list[dict[str, str]]) -> None:
    plans = {
        kind: env["account.analytic.plan"].create({"name": name})
        for kind, name in (("department", "Departments"), ("location", "Locations"))
    }
    env["account.analytic.account"].create(
        [
            {
                "name": centre["name"],
                "code": centre["code"],
                "plan_id": plans[centre["plan"]].id,
                "company_id": env.company.id,
            }
            for centre in centres
        ]
    )


def _set_up_taxes(env: Any, taxes: list[dict[str, Any]]) -> None:
    """Replace the purchase taxes of the chart of accounts by the company's own."""
    env["account.tax"].search([("type_tax_use", "=", "purchase")]).active = False
    # A bill shows its taxes by group: without one of its own, a tax would stand there
    # under the name of the chart's.
    groups = env["account.tax.group"].create(
        [{"name": f"{tax['name']} {float(tax['amount']):g} %"} for tax in taxes]
    )
    env["account.tax"].create(
        [
            {
                "name": tax["name"],
                "tax_group_id": group.id,
                "amount": float(tax["amount"]),
                "type_tax_use": "purchase",
                "price_include_override": (
                    "tax_included" if tax["price_include"] else "tax_excluded"
                ),
            }
            for tax, group in zip(taxes, groups, strict=True)
        ]
    )


def _set_up_currencies(env: Any, names: list[str], rates: dict[str, str]) -> None:
    currencies = env["res.currency"].with_context(active_test=False)
    for currency in currencies.search([("name", "in", names)]):
        currency.active = True
        if currency.name in rates:
            currency.rate_ids = [
                (5, 0, 0),
                (0, 0, {"name": "2020-01-01", "rate": float(rates[currency.name])}),
            ]


def _set_up_users(env: Any) -> None:
    manager = env.ref("procurify_connector.group_manager")
    env.ref("base.user_admin").group_ids |= manager
    env["res.users"].create(
        {
            "name": "Procurify Integration",
            "login": CLERK_LOGIN,
            "group_ids": [(6, 0, [env.ref(name).id for name in CLERK_GROUPS])],
        }
    )
