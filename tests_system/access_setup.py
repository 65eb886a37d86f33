"""People with API keys, a row of each model, and a list of what can be called.

Runs inside of ``odoo shell``, which hands over ``env``.
"""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

ADDON = "odoo.addons.procurify_connector."
#: So that nothing but the connector's own rights keeps anybody from a call.
BUSINESS_GROUPS = (
    "account.group_account_manager",
    "base.group_allow_export",
    "base.group_partner_manager",
    "product.group_product_manager",
    "purchase.group_purchase_manager",
)
GROUPS = {
    "portal": ("base.group_portal", "base.group_allow_export"),
    "employee": ("base.group_user", *BUSINESS_GROUPS),
    "reviewer": ("procurify_connector.group_user", *BUSINESS_GROUPS),
    "manager": ("procurify_connector.group_manager", *BUSINESS_GROUPS),
    "administrator": ("procurify_connector.group_manager", "base.group_system"),
}
REVIEWERS = ("reviewer", "manager")


def set_up(env: Any) -> None:
    """Make all that, and print it as one line of JSON."""
    logins = {role: _login(env, role) for role in GROUPS}
    found = {
        "logins": {"public": [env.ref("base.public_user").id, "public"], **logins},
        "ids": {
            model: env[model].with_context(active_test=False).search([], limit=1).ids
            for model in _business_rows(env) | _own_rows(env)
        },
        "dialogs": {role: _dialogs(env, logins[role][0]) for role in REVIEWERS},
        "models": {name: model._abstract for name, model in _own_models(env)},
        "methods": _methods(env),
    }
    env.cr.commit()
    print(json.dumps(found))  # noqa: T201


def _login(env: Any, role: str) -> list[Any]:
    user = env["res.users"].create(
        {
            "name": role,
            "login": f"{role}@acme.example",
            "group_ids": [(6, 0, [env.ref(name).id for name in GROUPS[role]])],
        }
    )
    keys = env(user=user)["res.users.apikeys"].sudo()
    return [user.id, keys._generate("rpc", role, _now() + timedelta(days=1))]


def _own_models(env: Any) -> Any:
    return [(n, m) for n, m in env.registry.items() if n.startswith("procurify.")]


def _methods(env: Any) -> dict[str, dict[str, bool]]:
    """Return {model: {method that the addon defines: it needs no records}}."""
    return {
        name: found
        for name, model in env.registry.items()
        if (
            found := {
                method: bool(getattr(getattr(model, method), "_api_model", False))
                for cls in model.mro()
                if cls.__module__.startswith(ADDON)
                for method, value in vars(cls).items()
                if callable(value) and not isinstance(value, type)
            }
        )
    }


def _business_rows(env: Any) -> set[str]:
    """See that there is a row of each Odoo model that documents become."""
    partner = env["res.partner"].create({"name": "A vendor"})
    product = env["product.product"].create({"name": "A product"})
    line = {"product_id": product.id, "price_unit": 10, "tax_ids": [(6, 0, [])]}
    bill = {"move_type": "in_invoice", "partner_id": partner.id}
    bill |= {"invoice_date": _now().date(), "invoice_line_ids": [(0, 0, line)]}
    env["account.move"].create(bill).action_post()
    line = {"product_id": product.id, "product_qty": 1, "price_unit": 10}
    env["purchase.order"].create(
        {"partner_id": partner.id, "order_line": [(0, 0, line)]}
    )
    return {
        name
        for name, model in env.registry.items()
        if getattr(model, "_procurify_resources", None) is not None
        and not model._abstract
    } | {"product.template"}


def _own_rows(env: Any) -> set[str]:
    """See that there is a row of each of the addon's models."""
    connection = env["procurify.connection"].search([], limit=1)
    # The other rows have newer ones of their kinds.
    _received_order(env, connection)
    env["procurify.record"].create(
        {"connection_id": connection.id, "resource": "bill", "external_id": "posted"}
        | {"res_model": "account.move", "name": "Posted", "state": "done"}
        | {"res_id": env["account.move"].search([("state", "=", "posted")]).ids[0]}
    )
    master, bill = env["procurify.record"].create(
        [
            {"connection_id": connection.id, "resource": name, "external_id": "1"}
            | {"payload": "{}", "digest": "0", "state": "quarantined", "name": name}
            for name in ("vendor", "bill")
        ]
    )
    bill.date_finding = "midnight"
    issue = {"connection_id": connection.id, "code": "unknown_vendor", "key": "1"}
    now = _now()
    env["procurify.version"].create(
        {"record_id": bill.id, "payload": "{}", "digest": "1"}
        | {"first_seen": now, "last_seen": now}
    )
    made = {
        "procurify.alarm": {"connection_id": connection.id, "code": "not_read"},
        "procurify.attachment": {
            "record_id": bill.id,
            "external_id": "1",
            "name": "invoice.pdf",
        },
        "procurify.custom.field": {
            "connection_id": connection.id,
            "field_number": 1,
            "name": "Project",
        },
        "procurify.issue": issue | {"reference_id": master.id},
        "procurify.healing": {"connection_id": connection.id},
        "procurify.link": {
            "company_id": connection.company_id.id,
            "tenant": "acme",
            "resource": "bill",
            "external_id": "1",
            "res_model": "account.move",
            "res_id": 1,
        },
        "procurify.mention": {"document_id": bill.id, "mention_id": master.id},
        "procurify.signal": {"record_id": bill.id, "code": "first_bill", "key": "1"},
        "procurify.run": {"connection_id": connection.id, "kind": "fetch"},
        "procurify.target": {
            "company_id": connection.company_id.id,
            "url": "https://books.example",
            "database": "books",
            "login": "connector",
        },
        "procurify.route": {
            "connection_id": connection.id,
            "company_id": connection.company_id.id,
        },
    }
    for model, values in made.items():
        env[model].create(values)
    target = env["procurify.target"].search([], limit=1)
    env["procurify.mirror"].create(
        {"target_id": target.id, "kind": "account", "remote_id": 1, "name": "Costs"}
    )
    partner = env["res.partner"].search([], limit=1)
    env["procurify.dispatch"].create(
        {
            "target_id": target.id,
            "connection_id": connection.id,
            "res_model": "res.partner",
            "res_id": partner.id,
            "external_id": "__import__.procurify_acme_vendor_1",
        }
    )
    creation = env["procurify.creation"].create(
        {"company_id": connection.company_id.id}
    )
    env["procurify.creation.line"].create(
        {"creation_id": creation.id, "record_id": master.id}
    )
    # A dry run of the other one would take its place.
    apart = connection.copy({"name": "Zenith", "base_url": "https://zenith.example"})
    dry_run = env["procurify.dry.run"].create(
        {"connection_id": apart.id, "scope": "all"}
    )
    dry_run._start()
    env["procurify.dry.run.issue"].create({"dry_run_id": dry_run.id})
    line = env["procurify.dry.run.line"].create({"dry_run_id": dry_run.id})
    env["procurify.dry.run.item"].create({"line_id": line.id})
    bill.issue_ids = env["procurify.issue"].search([], limit=1)
    _certificate(env, connection, bill)
    env.flush_all()
    env["procurify.audit.mark"].search([]).unlink()
    last_id = env["procurify.audit"].search([], limit=1).id
    env["procurify.audit.mark"].create({"last_id": last_id, "xid": "1"})  # long ended
    env["procurify.audit.seal"]._seal_next(last_id)
    return {name for name, model in _own_models(env) if not model._abstract}


def _received_order(env: Any, connection: Any) -> None:
    """Stage an order of which something has come, whatever becomes of its import."""
    line = {"item": "1", "name": "A line", "quantity": "1", "amount": "5"}
    env["procurify.record"].create(
        {
            "connection_id": connection.id,
            "resource": "purchase_order",
            "external_id": "0",
            "payload": "{}",
            "name": "Received",
            "remote_date": _now().date(),
            "remote_currency": "USD",
            "remote_coding": [line | {"shares": [[None, None, None, "5"]]}],
            "remote_receipts": {"1": [[_now().date().isoformat(), "1"]]},
        }
    )


def _certificate(env: Any, connection: Any, bill: Any) -> None:
    """Certify a period with one bill in it, which makes no sum: it is unreadable."""
    from odoo.addons.procurify_connector.models.audit.procurify_audit import (
        append,
    )

    day = _now().date()
    bill.write({"remote_date": day, "remote_currency": "USD", "remote_amount": 5})
    certificate = env["procurify.certificate"]._certify(
        connection, day, day, connection.company_id, False
    )
    append(
        env["procurify.certificate.sum"],
        [{"certificate_id": certificate.id, "company_ref": certificate.company_ref}],
    )


def _dialogs(env: Any, user_id: int) -> dict[str, list[int]]:
    """Return {model: ids} of dialogs that a reviewer has open."""
    bill = env["procurify.record"].search([("resource", "=", "bill")], limit=1)
    version = env["procurify.version"].search([], limit=1)
    values = {
        "procurify.comparison": {"version_id": version.id},
        "procurify.ignore": {"record_ids": [(6, 0, bill.ids)], "reason": "Twice"},
        "procurify.accrue": {"connection_id": bill.connection_id.id},
        "procurify.certify": {"connection_id": bill.connection_id.id},
    }
    mine = env(user=user_id)
    if mine.user.has_group("procurify_connector.group_manager"):
        values["procurify.support"] = {"connection_id": bill.connection_id.id}
    found = {model: mine[model].create(values[model]).ids for model in values}
    reminder = {"record_id": bill.id, "user_id": user_id, "reason": "due"}
    found["procurify.reminder"] = env["procurify.reminder"].create(reminder).ids
    key = {"user_id": user_id, "method": "sync", "key": "1", "digest": "1"}
    found["procurify.idempotency"] = env["procurify.idempotency"].create(key).ids
    return found


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
