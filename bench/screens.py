"""Figure h: how long the server works until a screen's first page is there."""

import time
from ast import literal_eval

from lxml import etree

from .measuring import median

SCREENS = {
    "list": "procurify_connector.procurify_record_action",
    "quarantine": "procurify_connector.procurify_record_action_quarantine",
    "reasons": "procurify_connector.procurify_issue_action",
    "mapping": "procurify_connector.procurify_record_action_mapping",
    "dashboard": "procurify_connector.procurify_connection_action_dashboard",
}


def measure(env, rounds):
    """Return milliseconds per screen, as a reviewer opens it for the first time."""
    user = _reviewer(env)
    found = {}
    for _round in range(rounds + 1):
        for name, action in SCREENS.items():
            reviewer = env(user=user, context={"lang": "en_US"})
            found.setdefault(name, []).append(_open(reviewer, action))
        found.setdefault("chart", []).append(_chart(reviewer))
        found.setdefault("metrics", []).append(_metrics(env))
    return {
        f"screen_{name}": median([1000 * s for s in times[1:]])
        for name, times in found.items()
    }


def _reviewer(env):
    user = env["res.users"].create(
        {
            "name": "Reviewer",
            "login": f"reviewer-{time.time_ns()}",
            "group_ids": [
                (4, env.ref("procurify_connector.group_manager").id),
                (4, env.ref("account.group_account_invoice").id),
            ],
        }
    )
    env.cr.commit()
    return user.id


def _open(env, action):
    """Do what the web client asks for: the views, a page of rows, and their number."""
    env.invalidate_all()
    started = time.perf_counter()
    window = env["ir.actions.actions"]._for_xml_id(action)
    model = env[window["res_model"]]
    views = model.get_views(
        [(v, kind) for v, kind in window["views"]] + [(False, "search")]
    )
    kind = window["views"][0][1]
    arch = etree.fromstring(views["views"][kind]["arch"])
    fields = {node.get("name") for node in arch.iter("field")}
    model.web_search_read(
        literal_eval(window["domain"] or "[]"),
        {name: _wanted(model._fields[name]) for name in fields},
        limit=80,
        count_limit=10001,
    )
    return time.perf_counter() - started


def _chart(env):
    """Return how long the dashboard's chart takes, which is read after the rest."""
    env.invalidate_all()
    started = time.perf_counter()
    env["procurify.connection"].search([]).mapped("dashboard_chart")
    return time.perf_counter() - started


def _metrics(env):
    """Return how long the figures for monitors take."""
    env.invalidate_all()
    started = time.perf_counter()
    env["procurify.monitoring"]._text()
    return time.perf_counter() - started


def _wanted(field):
    return {"fields": {"display_name": {}}} if field.relational else {}
