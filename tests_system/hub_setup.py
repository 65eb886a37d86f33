"""The books of a remote Odoo, and a hub that books there.

Runs inside of ``odoo shell``, which hands over ``env``.
"""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

KEY_DAYS = 30
USER_GROUPS = (
    "account.group_account_invoice",
    "purchase.group_purchase_user",
    "base.group_partner_manager",
    "product.group_product_manager",
)
#: There, products are the business of managers.
USER_GROUPS_14 = USER_GROUPS[:3]
LOGIN = "connector"
#: What Odoo 14 calls the types of accounts.
_TYPES_14 = {
    "asset_current": "account.data_account_type_current_assets",
    "asset_fixed": "account.data_account_type_fixed_assets",
    "asset_prepayments": "account.data_account_type_prepayments",
    "expense": "account.data_account_type_expenses",
    "expense_depreciation": "account.data_account_type_depreciation",
    "expense_direct_cost": "account.data_account_type_direct_costs",
}
#: Kind of master data → Odoo's model and the field by which both sides know a record.
_MAPPED = {
    "account": ("account.account", "code"),
    "tax": ("account.tax", "name"),
    "currency": ("res.currency", "name"),
    "journal": ("account.journal", "code"),
    "payment_term": ("account.payment.term", "name"),
    "analytic_account": ("account.analytic.account", "name"),
    "tag": ("account.analytic.account", "name"),
    "partner": ("res.partner", "name"),
}


def set_up_remote(env: Any, books: dict[str, Any], steps: Any) -> None:
    """Give a database without the addon the company's books, and an API user.

    :param steps: the functions of ``devtools/company.py``
    """
    features = {"group_analytic_accounting": True, "group_multi_currency": True}
    env["res.config.settings"].create(features).execute()
    env["account.account"].create(books["accounts"])
    steps["_set_up_cost_centres"](env, books["cost_centres"])
    steps["_set_up_taxes"](env, books["taxes"])
    steps["_set_up_currencies"](env, books["currencies"], books.get("rates", {}))
    env["res.partner"].create(books.get("partners", []))
    groups = [env.ref(name).id for name in USER_GROUPS]
    user = env["res.users"].create(
        {"name": "Connector", "login": LOGIN, "group_ids": [(6, 0, groups)]}
    )
    until = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(days=KEY_DAYS)
    keys = env(user=user)["res.users.apikeys"].sudo()
    key = keys._generate("rpc", "hub", until)
    (env["ir.cron"].search([])).active = False
    env.cr.commit()
    print(json.dumps(key))  # noqa: T201


def set_up_remote_14(env: Any, books: dict[str, Any]) -> None:
    """Give an Odoo 14 the company's books, and an API user. Locations are tags."""
    names = ("group_analytic_accounting", "group_analytic_tags", "group_multi_currency")
    env["res.config.settings"].create(dict.fromkeys(names, True)).execute()
    env["account.account"].create(
        [
            {
                "code": account["code"],
                "name": account["name"],
                "user_type_id": env.ref(_TYPES_14[account["account_type"]]).id,
            }
            for account in books["accounts"]
        ]
    )
    for centre in books["cost_centres"]:
        if centre["plan"] == "location":
            env["account.analytic.tag"].create({"name": centre["name"]})
        else:
            env["account.analytic.account"].create(
                {"name": centre["name"], "code": centre["code"]}
            )
    env["account.tax"].search([("type_tax_use", "=", "purchase")]).active = False
    env["account.tax"].create(
        [
            {
                "name": tax["name"],
                "amount": float(tax["amount"]),
                "type_tax_use": "purchase",
                "price_include": tax["price_include"],
            }
            for tax in books["taxes"]
        ]
    )
    currencies = env["res.currency"].with_context(active_test=False)
    rates = books.get("rates", {})
    for currency in currencies.search([("name", "in", books["currencies"])]):
        currency.active = True
        if currency.name in rates:
            rate = {"name": "2020-01-01", "rate": float(rates[currency.name])}
            currency.rate_ids = [(5, 0, 0), (0, 0, rate)]
    env["res.partner"].create(books.get("partners", []))
    groups = [env.ref(name).id for name in USER_GROUPS_14]
    user = env["res.users"].create(
        {
            "name": "Connector",
            "login": LOGIN,
            "email": "connector@acme.example",
            "groups_id": [(4, id_) for id_ in groups],
        }
    )
    key = env["res.users.apikeys"].with_user(user)._generate("rpc", "hub")
    env.cr.commit()
    print(json.dumps(key))  # noqa: T201


def set_up_hub(env: Any, remote: dict[str, str], values: dict[str, Any]) -> None:
    """Let the connection of a database book in a remote Odoo.

    :param remote: address, database and key
    :param values: of the connection
    """
    connection = env["procurify.connection"].search([], limit=1)
    target = _book_there(env, connection, remote)
    for mirror in target.mirror_ids.filtered(lambda row: not row.res_id):
        if mirror.kind in _MAPPED:
            map_by_name(env, mirror)
    connection.write(values)
    connection.action_resume()
    env.cr.commit()


def add_company(
    env: Any, remote: dict[str, str], values: dict[str, Any], login: str
) -> None:
    """Let a new company of the hub book in a remote Odoo 14 of its own.

    :param values: of its connection
    :param login: of the user that books
    """
    company = env["res.company"].create(
        {"name": "Second Ltd"}
        | {name: env.company[name].id for name in ("currency_id", "country_id")}
    )
    clerk = env["res.users"].search([("login", "=", login)])
    (clerk | env.user).company_ids |= company
    connection = env["procurify.connection"].create(
        {
            "name": "Second",
            "company_id": company.id,
            "user_id": clerk.id,
            **values,
        }
    )
    target = _book_there(env, connection, remote)
    for kind, field in (
        ("analytic_account", "department_plan_id"),
        ("tag", "location_plan_id"),
    ):
        row = target.mirror_ids.filtered(lambda row, kind=kind: row.kind == kind)[:1]
        place = env[row.res_model].browse(row.res_id)
        connection[field] = place.plan_id
    connection.action_resume()
    env.cr.commit()


def _book_there(env: Any, connection: Any, remote: dict[str, str]) -> Any:
    """Pause a connection, and choose a remote Odoo for it that was read."""
    target = env["procurify.target"].create(
        {
            "name": f"Books of {connection.name}",
            "company_id": connection.company_id.id,
            "url": remote["address"],
            "database": remote["database"],
            "login": LOGIN,
            "api_key": remote["key"],
        }
    )
    target.action_probe()
    assert target.state == "ready", target.error_message or target.missing
    target._mirror()
    connection.action_pause()
    connection.target_id = target
    return target


def map_by_name(env: Any, mirror: Any) -> None:
    """Map a remote record to the one of the same code or name here, if there is one."""
    model, field = _MAPPED[mirror.kind]
    value = mirror.code if field == "code" else mirror.name
    records = env[model].with_context(active_test=False)
    domain = [(field, "=", value)]
    if model == "account.tax":
        domain.append(("type_tax_use", "=", mirror.data["type_tax_use"]))
    if found := records.search(domain, limit=1):
        mirror.write({"res_model": model, "res_id": found.id})


def run(env: Any, *names: str) -> None:
    """Run these jobs of the connector, as *Run Manually* does."""
    for name in names:
        env.ref(f"procurify_connector.ir_cron_{name}").method_direct_trigger()
        env.cr.commit()
        env.invalidate_all()
