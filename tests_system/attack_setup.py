"""People of each kind with API keys, and texts that not all of them may read.

Runs inside of ``odoo shell``, which hands over ``env``, behind ``access_setup.py``.
"""

import json
import re
from typing import Any

#: Of a document, as it is in Odoo; and of what Procurify sent.
DOCUMENT, PAYLOAD = "what-is-in-the-books", "what-procurify-sent"
#: The reference of a posted bill.
REFERENCE = "reference-of-a-posted-bill"
#: Of a remote Odoo.
API_KEY = "api-key-of-a-remote-odoo"
PEOPLE = {
    "portal": ("base.group_portal",),
    "employee": ("account.group_account_manager", "purchase.group_purchase_manager"),
    "editor": ("base.group_user", "mail.group_mail_template_editor"),
    "buyer": ("purchase.group_purchase_user",),
    "reviewer": ("procurify_connector.group_user",),
    "accountant": ("procurify_connector.group_user", "account.group_account_invoice"),
    "reviewer_ab": ("procurify_connector.group_user",),
    "manager": ("procurify_connector.group_manager",),
    "manager_b": ("procurify_connector.group_manager",),
    "administrator": ("procurify_connector.group_manager", "base.group_system"),
}
#: Two departments, of each of which Odoo has an archived analytic account.
ARCHIVED = ("Ward Nine", "Ward Ten")
#: Of Odoo, into which the connector puts fields of its own.
OTHERS = ("account.move", "purchase.order", "res.partner")


def set_up_attack(env: Any, own_rows: Any, now: Any) -> None:
    """Make all that, and print it as one line of JSON."""
    own_rows(env)
    elsewhere = env["res.company"].create({"name": "Zenith"})
    found = {
        "keys": {who: _person(env, who, elsewhere, now) for who in PEOPLE},
        "users": {
            who: env["res.users"].search([("login", "=", who)]).id for who in PEOPLE
        },
        "company_b": elsewhere.id,
        "models": [
            name
            for name, model in env.registry.items()
            if name.startswith("procurify.") and not model._abstract
        ],
    }
    _plant(env, found["users"]["accountant"])
    found["archived"] = _plant_archived(env)
    env.flush_all()
    everything = env["res.users"].with_context(active_test=False).env
    found["ids"] = {
        model: everything[model].search([], limit=40).ids
        for model in (*found["models"], *OTHERS)
    }
    # For some only, whatever they may do with the connector.
    found["guarded"] = {
        model: names
        for model in found["models"]
        if (
            names := [
                name
                for name, field in env[model]._fields.items()
                if field.groups
                and not re.search("procurify_connector|base.group_user", field.groups)
            ]
        )
    }
    found["empty"] = [
        model
        for model in found["models"]
        if not found["ids"][model] and not env[model]._transient
    ]
    env.cr.commit()
    print(json.dumps(found))  # noqa: T201


def _person(env: Any, who: str, elsewhere: Any, now: Any) -> str:
    groups = {*PEOPLE[who], "base.group_allow_export"}
    company = elsewhere if who == "manager_b" else env.company
    companies = company | elsewhere if who == "reviewer_ab" else company
    user = env["res.users"].create(
        {
            "name": who,
            "login": who,
            "password": who,
            "email": f"{who}@acme.example",
            "company_id": company.id,
            "company_ids": [(6, 0, companies.ids)],
            "group_ids": [(6, 0, [env.ref(name).id for name in groups])],
        }
    )
    keys = env(user=user)["res.users.apikeys"].sudo()
    key: str = keys._generate("rpc", who, now)
    return key


def _plant(env: Any, user_id: int) -> None:
    """Put the texts wherever the connector keeps such."""
    env["procurify.target"].search([]).write({"api_key": API_KEY})
    env["account.move"].search([("state", "=", "posted")]).ref = REFERENCE
    bill = env["procurify.record"].search([("resource", "=", "bill")], limit=1)
    row = {"field": "total", "applied": "", "odoo": DOCUMENT, "procurify": ""}
    issue = env["procurify.issue"].create(
        {
            "connection_id": bill.connection_id.id,
            "code": "booked_otherwise",
            "key": "bill/1",
            "params": {"value": DOCUMENT},
        }
    )
    env["procurify.reminder"].create(
        {"record_id": bill.id, "user_id": user_id, "reason": "due"}
    )
    bill.write(
        {
            "payload": json.dumps({"id": 1, "note": PAYLOAD}),
            "applied_state": {"asked": {}, "booked": DOCUMENT},
            "difference": [row],
            "offered_state": {"lines": DOCUMENT},
            "issue_ids": [(4, issue.id)],
            "state": "quarantined",
        }
    )
    env["procurify.version"].search([]).write({"payload": json.dumps([PAYLOAD])})
    env["procurify.link"].search([]).write({"applied_state": {"booked": DOCUMENT}})
    env["procurify.dry.run.item"].search([]).write({"label": DOCUMENT})
    issues = env["procurify.dry.run.issue"].search([])
    issues.write({"message": issue._message_for_all()})
    audit = env["procurify.audit"]
    was = bill._audit_state() | {"applied_state": {}, "imported_at": False}
    audit._log_held({bill: []})
    audit._log_chosen("keep", bill)
    audit._log_ignored(bill)
    audit._log_resolved(issue)
    bill.state = "done"
    audit._log_outcome({bill: was}, bill)
    bill.state = "quarantined"


def _plant_archived(env: Any) -> list[int]:
    """Put departments on hold whose analytic accounts are archived; return them."""
    connection = env["procurify.record"].search([("resource", "=", "bill")], limit=1)
    connection = connection.connection_id
    env["account.analytic.account"].create(
        [
            {"name": name, "plan_id": connection.department_plan_id.id, "active": False}
            for name in ARCHIVED
        ]
    )
    records = env["procurify.record"].create(
        [
            {
                "connection_id": connection.id,
                "resource": "department",
                "external_id": str(number),
                "payload": json.dumps({"id": number, "name": name, "active": True}),
                "digest": "0",
                "state": "quarantined",
                "name": name,
            }
            for number, name in enumerate(ARCHIVED, 900)
        ]
    )
    found: list[int] = records.ids
    return found
