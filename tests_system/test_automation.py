"""The examples of the documentation, run over HTTP with several people's API keys."""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import Request, urlopen

from devtools import databases
from devtools.odoo import Odoo
from devtools.paths import ROOT

from .conftest import Procurify
from .site import Server, Site

AT_THE_SAME_TIME = 4
_PEOPLE = """
import json
from datetime import datetime, timedelta
# Who resumes a connection may not have fewer rights than its integration user.
clerk = env["procurify.connection"].search([], limit=1).user_id
groups = {
    "manager": env.ref("procurify_connector.group_manager") | clerk.group_ids,
    "reviewer": env.ref("procurify_connector.group_user"),
    "outsider": env.ref("base.group_user"),
}
keys = {}
for role, group in groups.items():
    user = env["res.users"].create(
        {"name": role, "login": role, "group_ids": [(6, 0, group.ids)]}
    )
    mine = env(user=user)["res.users.apikeys"].sudo()
    keys[role] = mine._generate("rpc", role, datetime.now() + timedelta(days=1))
env.cr.commit()
print(json.dumps(keys))
"""
_BLOCK = re.compile(r"\.\. code-block:: (\w+)\n\n((?:   .*\n|\n)+)")


def test_examples_do_what_the_documentation_says(
    odoo: Odoo, site: Site, procurify: Procurify
) -> None:
    curl, by_xmlrpc, by_odoorpc, nightly = _examples(odoo)
    keys = json.loads(databases.execute(odoo, site.database, _PEOPLE).splitlines()[-1])
    server = site.start()

    def run(example: list[str], role: str) -> "subprocess.Popen[str]":
        variables = {"ODOO_URL": server.address, "ODOO_DB": site.database}
        variables |= {"ODOO_LOGIN": role, "ODOO_KEY": keys[role]}
        return subprocess.Popen(
            example,
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    night = run(nightly, "reviewer")
    site.wait_for(lambda: night.poll() is not None, "the night did not end")
    held = night.communicate()[0]
    # Some of the company's bills are for a person to decide.
    assert night.returncode == 1, held
    assert "matches" in held

    for role in ("manager", "reviewer"):
        [health] = json.loads(run(curl, role).communicate()[0])
        assert (health["state"], health["phase"]) == ("connected", "live")
        assert "unknown_" in run(by_xmlrpc, role).communicate()[0]
        assert "unknown_" in run(by_odoorpc, role).communicate()[0]
    for example, refusal in (
        (curl, "403"),
        (by_xmlrpc, "[procurify:access_denied]"),
        (by_odoorpc, "[procurify:access_denied]"),
        (nightly, "403"),
    ):
        refused = run(example, "outsider")
        assert refusal in refused.communicate()[0]
        assert refused.returncode

    _assert_acts_once(site, server, keys["manager"])
    bundle = _bundle(site, server, keys["manager"])
    assert {run["kind"] for run in bundle["runs"]} >= {"fetch", "import"}
    for secret in procurify.credentials["client_secret"], keys["manager"]:
        assert secret not in json.dumps(bundle)


def _assert_acts_once(site: Site, server: Server, key: str) -> None:
    """Send each mutating call several times at the same time, with one key."""
    [connection_id] = site.rows("SELECT id FROM procurify_connection")[0]
    issue_id = site.value("SELECT id FROM procurify_issue WHERE state = 'open' LIMIT 1")
    for model, method, event, arguments in (
        ("connection", "sync", "sync_requested", {"ids": [connection_id]}),
        ("connection", "pause", "policy_changed", {"ids": [connection_id]}),
        ("connection", "resume", "policy_changed", {"ids": [connection_id]}),
        ("issue", "resolve", "resolved", {"ids": [issue_id]}),
        ("record", "replay", "replayed", {"domain": [["resource", "=", "bill"]]}),
        ("audit", "verify", "verified", {"connection_id": connection_id}),
    ):
        before = _logged(site, event)
        called = f"procurify.{model}/{method}"
        body = arguments | {"idempotency_key": "at the same time"}
        with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
            calls = [
                pool.submit(_call, server, site.database, key, called, body)
                for _number in range(AT_THE_SAME_TIME)
            ]
            answers = [call.result() for call in calls]
        assert all(answer == answers[0] for answer in answers), answers
        acted = _logged(site, event) - before
        expected = answers[0]["count"] if method == "replay" else 1
        assert acted == expected, f"{called} acted {acted} times"


def _bundle(site: Site, server: Server, key: str) -> Any:
    [connection_id] = site.rows("SELECT id FROM procurify_connection")[0]
    called = "procurify.connection/support_bundle"
    return _call(server, site.database, key, called, {"ids": [connection_id]})


def _call(
    server: Server, database: str, key: str, called: str, body: dict[str, Any]
) -> Any:
    headers = {"Authorization": f"bearer {key}", "X-Odoo-Database": database}
    headers["Content-Type"] = "application/json"
    request = Request(
        f"{server.address}/json/2/{called}", json.dumps(body).encode(), headers
    )
    with urlopen(request, timeout=120) as answer:
        return json.load(answer)


def _logged(site: Site, event: str) -> int:
    count: int = site.value(
        "SELECT count(*) FROM procurify_audit WHERE event = %s", event
    )
    return count


def _examples(odoo: Odoo) -> list[list[str]]:
    """Return the commands that run the examples, in the order of the document."""
    text = (ROOT / "docs" / "automation.rst").read_text()
    runners = {"sh": ["sh", "-c"], "python": [str(odoo.python), "-c"]}
    return [
        [*runners[language], re.sub(r"(?m)^   ", "", block)]
        for language, block in _BLOCK.findall(text)
        if language in runners
    ]
