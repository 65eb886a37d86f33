"""Attacks over HTTP, as each kind of user does them: with a key, or with a session."""

import json
import xmlrpc.client
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from devtools import databases
from devtools.console import Stop
from devtools.method_pages import methods
from devtools.odoo import Odoo
from devtools.paths import ROOT
from devtools.web_client import WebClient

from .access_table import METHODS
from .attack_setup import API_KEY, DOCUMENT, PAYLOAD, PEOPLE, REFERENCE
from .conftest import Procurify
from .site import LOGIN, PASSWORD, Server, Site

CONNECTION = "procurify.connection"
RECORD = "procurify.record"
AUDIT = "procurify.audit"
TOKEN = "simulated-token-"
REVIEWERS = {"reviewer", "reviewer_ab", "accountant", "manager", "administrator"}
#: Who may read bills in Odoo.
READERS = {"employee", "buyer", "accountant"}
THREADS = 4
#: Rows that may be missing: of repeated events, and of calls with a key.
EMPTY = {"procurify.audit.repeat", "procurify.idempotency"}
#: By way of a relation, as filters and exports do it.
RELATED = {
    "procurify.version": ("record_id.difference", "record_id.applied_state"),
    "procurify.mention": ("document_id.offered_state",),
    "procurify.attachment": ("record_id.applied_state",),
    "procurify.issue": ("record_ids.difference",),
    RECORD: ("issue_ids.params", "audit_ids.after", "connection_id.token_encrypted"),
    "procurify.stream": ("connection_id.client_secret_encrypted",),
    "procurify.mirror": ("target_id.api_key_encrypted",),
}
WRONG = (None, True, -1, 2**70, 1.5, "x\0y", [], ["a"], {"a": 1}, [["id", "=", "x"]])
EXPRESSIONS = (
    "env['procurify.connection'].sudo().search([]).read()",
    "env['procurify.connection'].sudo().search([]).mapped('client_secret')",
    "env['procurify.connection'].sudo().search([])._client_options()",
    "env['procurify.connection'].sudo().search([], limit=1)._client()",
    "env['procurify.connection'].sudo().search([]).export_data(['client_secret'])",
    "env['res.config.settings'].sudo().search([]).read()",
    "env['procurify.target'].sudo().search([]).read()",
    "env['procurify.target'].sudo().search([]).mapped('api_key')",
    # As it was possible once.
    "env['procurify.secret']._decrypt("
    "env['procurify.connection'].sudo().search([], limit=1).client_secret_encrypted)",
    "env['procurify.connection'].sudo().search([], limit=1)"
    "._client()._tokens._client_secret",
    "env['procurify.connection'].sudo().search([], limit=1)._stored_token()",
    "env['procurify.connection'].sudo().search([], limit=1)"
    "._stored_token().access_token",
)


class Http:
    """JSON-2, XML-RPC and sessions of several people."""

    def __init__(self, server: Server, site: Site, found: dict[str, Any]) -> None:
        self.site, self.found, self.address = site, found, server.address
        self._host = urlsplit(server.address).netloc
        self._sessions: dict[str, WebClient] = {}

    def json2(
        self, who: str, model: str, method: str, **values: Any
    ) -> tuple[int, str]:
        """Return the status and the text of an answer."""
        headers = {"Content-Type": "application/json"}
        if who != "public":
            headers["Authorization"] = f"bearer {self.found['keys'][who]}"
        connection = HTTPConnection(self._host, timeout=60)
        try:
            path = f"/json/2/{model}/{method}"
            connection.request("POST", path, json.dumps(values), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def xmlrpc(self, who: str, model: str, method: str, *args: Any) -> str:
        """Return the answer, or why there is none."""
        proxy = xmlrpc.client.ServerProxy(f"{self.address}/xmlrpc/2/object")
        login = self.site.database, self.found["users"][who], self.found["keys"][who]
        try:
            return str(proxy.execute_kw(*login, model, method, list(args)))
        except xmlrpc.client.Fault as fault:
            return f"refused: {fault.faultString}"

    def session(self, who: str) -> WebClient:
        """Return a session of the web client."""
        if who not in self._sessions:
            self._sessions[who] = WebClient(self.address)
            password = PASSWORD if who == LOGIN else who
            self._sessions[who].log_in(self.site.database, who, password)
        return self._sessions[who]

    def ids(self, model: str) -> list[int]:
        """Return some of what there is, past all rights."""
        found: list[int] = self.found["ids"][model]
        return found


@pytest.fixture
def http(odoo: Odoo, site: Site) -> Http:
    """Make the people, and start the only server."""
    scripts = [
        (ROOT / "tests_system" / name).read_text()
        for name in ("access_setup.py", "attack_setup.py")
    ]
    call = (
        "_business_rows(env)\nset_up_attack(env, _own_rows, _now() + timedelta(days=1))"
    )
    printed = databases.execute(odoo, site.database, "\n".join([*scripts, call, ""]))
    found = json.loads(printed.splitlines()[-1])
    return Http(site.start("--max-cron-threads", 0), site, found)


def test_nobody_gets_what_is_not_theirs(http: Http, procurify: Procurify) -> None:
    """One server for all of it: each attack is one function."""
    admin = http.session(LOGIN)
    for connection_id in http.ids(CONNECTION):
        admin.call(CONNECTION, "action_test_connection", [connection_id])
    secrets = (procurify.credentials["client_secret"], TOKEN, API_KEY)
    assert http.site.value("SELECT count(token_encrypted) FROM procurify_connection")
    found: list[str] = []
    for attack in (
        _read_everything,
        _search_by_value,
        _evaluate_expressions,
        _put_a_password_into_an_address,
        _take_more_rights,
        _write_what_the_system_keeps,
        _send_context_keys,
        _reach_another_company,
        _send_wrong_arguments,
        _see_what_is_archived,
        _repeat_a_key_elsewhere,
        _lead_to_other_machines,
        _reach_this_machine,
        _repeat,
        _take_bills_of_another_company,
        _call_everything,
    ):
        found += [f"{attack.__name__}: {each}" for each in attack(http, secrets)]
    assert not found, "\n".join(found)


def _read_everything(http: Http, secrets: tuple[str, ...]) -> Iterator[str]:
    """S1, S10, S13: by reading, exporting, describing; each field of each model."""
    if without := set(http.found["empty"]) - EMPTY:
        yield f"there is nothing to read of {without}"
    seen = set()
    calls = [(who, model) for who in ("public", *PEOPLE) for model in _models(http)]
    with ThreadPoolExecutor(THREADS) as pool:
        texts = pool.map(lambda call: _all_of(http, *call), calls)
    for (who, model), text in zip(calls, texts, strict=True):
        yield from _leaks(who, model, text, secrets)
        seen |= {
            (who, needle) for needle in (DOCUMENT, PAYLOAD, REFERENCE) if needle in text
        }
    # Else nothing would be proven.
    readable = {
        ("accountant", DOCUMENT),
        ("accountant", REFERENCE),
        ("reviewer", PAYLOAD),
    }
    if not readable <= seen:
        yield f"what may be read was not found: {seen}"


def _models(http: Http) -> list[str]:
    return list(http.found["ids"])


def _all_of(http: Http, who: str, model: str) -> str:
    """Return what ``who`` gets of ``model`` in each way that Odoo has for reading."""
    ids = http.ids(model)
    status, text = http.json2(who, model, "search_read", domain=[])
    texts = [text, http.json2(who, model, "read", ids=ids)[1]]
    if status != 200:
        return "\n".join(texts)
    described = http.json2(who, model, "fields_get")[1]
    fields = json.loads(described)
    names = list(fields)
    exported = [n for n in names if fields[n].get("exportable", True) and n != "id"]
    for method, values in (
        ("web_read", {"ids": ids, "specification": {name: {} for name in names}}),
        ("export_data", {"ids": ids, "fields_to_export": exported}),
        ("copy_data", {"ids": ids}),
    ):
        texts.append(http.json2(who, model, method, **values)[1])
    texts += [described, *_one_by_one(http, who, model, ids)]
    return "\n".join(texts)


def _one_by_one(http: Http, who: str, model: str, ids: list[int]) -> list[str]:
    return [
        http.json2(who, model, "read", ids=ids, fields=[name])[1]
        for name in http.found["guarded"].get(model, ())
    ]


def _leaks(who: str, what: str, text: str, secrets: tuple[str, ...]) -> Iterator[str]:
    forbidden = list(secrets)
    if who != "accountant":
        forbidden.append(DOCUMENT)
    if who not in REVIEWERS:
        forbidden.append(PAYLOAD)
    if who not in READERS:
        forbidden.append(REFERENCE)
    for needle in forbidden:
        if needle in text:
            at = text.index(needle)
            yield f"{who} reads {needle} by {what}: …{text[max(0, at - 200) : at]}"


def _search_by_value(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S10, S20: by searching, sorting, grouping; by filters and relations."""
    paths = {model: list(names) for model, names in http.found["guarded"].items()}
    for model, names in RELATED.items():
        paths.setdefault(model, []).extend(names)
    for who in ("employee", "reviewer", "manager"):
        for model, names in paths.items():
            for name in names:
                domain = [[name, "=like", "%a%"]]
                for method, values in (
                    ("search", {"domain": domain}),
                    ("search_count", {"domain": domain}),
                    ("web_search_read", {"domain": domain, "specification": {}}),
                    ("search", {"domain": [], "order": name}),
                    (
                        "formatted_read_group",
                        {"domain": [], "groupby": [name], "aggregates": ["__count"]},
                    ),
                    (
                        "export_data",
                        {
                            "ids": http.ids(model),
                            "fields_to_export": [name.replace(".", "/")],
                        },
                    ),
                ):
                    status, text = http.json2(who, model, method, **values)
                    if status == 200 and "a" in text.strip("[]0123456789, "):
                        yield f"{who} {model}.{name} by {method}: {text[:200]}"


def _evaluate_expressions(http: Http, secrets: tuple[str, ...]) -> Iterator[str]:
    """S1: by a template of an editor, by a server action of an administrator."""
    editor = http.session("editor")
    partner = http.ids("res.partner")[0]
    [model] = http.site.rows("SELECT id FROM ir_model WHERE model = 'res.partner'")[0]
    for expression in ("object.name", *EXPRESSIONS):
        text = f'<p><t t-out="{expression.replace("env[", "object.env[")}"/></p>'
        values = {"name": "x", "model_id": model, "body_html": text}
        shown = _answer(editor.call, "mail.template", "create", [values])
        if shown.startswith("["):
            preview = {
                "mail_template_id": json.loads(shown)[0],
                "resource_ref": f"res.partner,{partner}",
            }
            spec = {"body_html": {}, "error_msg": {}}
            shown = _answer(
                editor.call, "mail.template.preview", "web_save", [], preview, spec
            )
        yield from _leaks("editor", f"template {expression}", shown, secrets)
    for expression in EXPRESSIONS:
        action = {
            "name": "x",
            "state": "code",
            "model_id": model,
            "code": f"action = {{'type': 'x', 'name': str({expression})}}",
        }
        status, text = http.json2(
            "administrator", "ir.actions.server", "create", vals_list=[action]
        )
        if status != 200:
            yield f"no server action: {text[:300]}"
            continue
        ids = json.loads(text)
        _status, text = http.json2("administrator", "ir.actions.server", "run", ids=ids)
        # Everything but secrets is a Settings administrator's to read.
        yield from _leaks("accountant", f"server action {expression}", text, secrets)
    for who in ("employee", "reviewer", "manager"):
        status, _text = http.json2(
            who, "ir.actions.server", "create", vals_list=[{"name": "x"}]
        )
        if status == 200:
            yield f"{who} makes server actions"


def _answer(call: Callable[..., Any], *args: Any) -> str:
    try:
        return json.dumps(call(*args))
    except Stop as refusal:
        return str(refusal)


def _take_bills_of_another_company(
    http: Http, secrets: tuple[str, ...]
) -> Iterator[str]:
    """S9: a manager of another company, with a connection of his own to the tenant."""
    [(address, client, company)] = http.site.rows(
        "SELECT base_url, client_id, company_id FROM procurify_connection"
        " ORDER BY id LIMIT 1"
    )
    own = {
        "name": "Mine",
        "company_id": http.found["company_b"],
        "base_url": address,
        "client_id": client,
        "client_secret": secrets[0],
    }
    status, text = http.json2("manager_b", CONNECTION, "create", vals_list=[own])
    if status != 200:
        yield f"no connection of one's own: {status} {text[:200]}"
        return
    ids = json.loads(text)
    http.json2("manager_b", CONNECTION, "action_test_connection", ids=ids)
    for taken in (http.found["company_b"], company):
        rule = {"connection_id": ids[0], "company_id": taken}
        status, text = http.json2(
            "manager_b", "procurify.route", "create", vals_list=[rule]
        )
        if status != 403:
            yield f"a rule for company {taken}: {status} {text[:200]}"
    if http.site.rows("SELECT FROM procurify_route WHERE connection_id = ANY(%s)", ids):
        yield "new bills are taken away"
    http.json2("manager_b", CONNECTION, "unlink", ids=ids)


def _put_a_password_into_an_address(
    http: Http, _secrets: tuple[str, ...]
) -> Iterator[str]:
    """S16: by an administrator, who may enter any address."""
    ids = http.ids(CONNECTION)[:1]
    look = "SELECT base_url, token_url FROM procurify_connection WHERE id = %s"
    before = http.site.rows(look, *ids)
    for name in ("base_url", "token_url"):
        for address in ("https://me:pass-word@own.example", "me:pass-word@own.example"):
            status, text = http.json2(
                "administrator", CONNECTION, "write", ids=ids, vals={name: address}
            )
            if not 400 <= status < 500 or "pass-word" in json.loads(text)["message"]:
                yield f"{name} {address}: {status} {text[:200]}"
    if http.site.rows(look, *ids) != before:
        yield "an address with a password was kept"


def _take_more_rights(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S2, S9, S11, S16, S17, S20: a manager, a reviewer, a manager elsewhere."""
    connection, *_rest = http.ids(CONNECTION)
    issue = http.ids("procurify.issue")[0]
    users, company = (
        http.found["users"],
        http.site.value("SELECT min(id) FROM res_company"),
    )
    elsewhere = "https://own.example"
    rule = {"connection_id": connection, "company_id": company}
    state = (
        "SELECT base_url, token_url, client_id, user_id, phase, audit_days,"
        " client_secret_encrypted FROM procurify_connection ORDER BY id"
    )
    before = http.site.rows(state)
    rules = "SELECT id, connection_id, company_id FROM procurify_route ORDER BY id"
    rules_before = http.site.rows(rules)
    attacks: list[tuple[str, str, str, dict[str, Any]]] = [
        *(
            ("manager", CONNECTION, "write", {"ids": [connection], "vals": vals})
            for vals in (
                {"user_id": 1},
                {"user_id": 2},
                {"user_id": users["accountant"]},
                {"base_url": elsewhere},
                {"base_url": "https://user:password@own.example"},
                {"token_url": f"{elsewhere}/token"},
                {"client_id": "mine"},
                {"client_secret": "mine"},
                {"allow_private_address": True},
                {"audit_days": 1},
                {"route_ids": [[0, 0, {"company_id": company}]]},
            )
        ),
        ("manager", CONNECTION, "action_resume", {"ids": [connection]}),
        ("manager", CONNECTION, "resume", {"ids": [connection]}),
        ("manager", "procurify.route", "create", {"vals_list": [rule]}),
        ("manager_b", "procurify.route", "create", {"vals_list": [rule]}),
        *(
            ("reviewer", "procurify.issue", "write", {"ids": [issue], "vals": vals})
            for vals in (
                {"user_id": users["portal"]},
                {"user_id": users["employee"]},
                {"user_id": users["manager_b"]},
                {"code": "unknown_vendor"},
            )
        ),
    ]
    for who, model, method, values in attacks:
        status, text = http.json2(who, model, method, **values)
        if not 400 <= status < 500:
            yield f"{who} {model} {method} {values}: {status} {text[:200]}"
    header = [".id", "base_url"]
    loaded = http.xmlrpc(
        "manager", CONNECTION, "load", header, [[str(connection), elsewhere]]
    )
    if "integration user" not in loaded:
        yield f"a file led the connection elsewhere: {loaded[:300]}"
    if http.site.rows(state) != before or http.site.rows(rules) != rules_before:
        yield f"something was changed: {before} {http.site.rows(state)}"


def _write_what_the_system_keeps(
    http: Http, _secrets: tuple[str, ...]
) -> Iterator[str]:
    """S5: by every way of writing."""
    connection, stream = http.ids(CONNECTION)[0], http.ids("procurify.stream")[0]
    record = http.ids(RECORD)[0]
    far = "2999-01-01 00:00:00"
    for model, number, name, value in (
        (CONNECTION, connection, "retry_at", far),
        (CONNECTION, connection, "identity", "Somebody"),
        (CONNECTION, connection, "state", "connected"),
        ("procurify.stream", stream, "last_success", "2030-01-01 00:00:00"),
        ("procurify.stream", stream, "next_attempt", far),
        (RECORD, record, "state", "done"),
        (RECORD, record, "payload", "{}"),
    ):
        values, table = {name: value}, model.replace(".", "_")
        look = f"SELECT {name} FROM {table} WHERE id = %s"
        before = http.site.value(look, number)
        answers = [
            http.json2("manager", model, "write", ids=[number], vals=values)[0],
            http.json2(
                "manager",
                model,
                "web_save",
                ids=[number],
                vals=values,
                specification={},
            )[0],
        ]
        if not all(400 <= status < 500 for status in answers):
            yield f"{model}.{name}: {answers}"
        http.xmlrpc("manager", model, "write", [number], values)
        http.xmlrpc("manager", model, "load", [".id", name], [[str(number), value]])
        if http.site.value(look, number) != before:
            yield f"{model}.{name} was written"


def _send_context_keys(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S3: a buyer's orders draw numbers and note prices whatever the context says."""
    vendor = http.ids("res.partner")[0]
    product = {"name": "Bolt", "purchase_ok": True}
    [product_id] = http.session(LOGIN).call("product.product", "create", [product])
    line = {"product_id": product_id, "product_qty": 1, "price_unit": 7}
    context = {"procurify_dry_run": True, "procurify_import": True, "dry_run": True}
    ids = []
    for _number in range(3):
        status, text = http.json2(
            "buyer",
            "purchase.order",
            "create",
            vals_list=[{"partner_id": vendor, "order_line": [[0, 0, line]]}],
            context=context,
        )
        if status != 200:
            yield f"no order: {text[:200]}"
            return
        ids += json.loads(text)
    names = http.site.value(
        "SELECT count(DISTINCT name) FROM purchase_order WHERE id = ANY(%s)", ids
    )
    if names != len(ids):
        yield "orders share a number"
    http.json2("buyer", "purchase.order", "button_confirm", ids=ids, context=context)
    prices = """
        SELECT count(*) FROM product_supplierinfo
          JOIN product_product product USING (product_tmpl_id)
         WHERE product.id = %s
    """
    if not http.site.value(prices, product_id):
        yield "the vendor's price was not noted"


def _see_what_is_archived(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S4: the context of a replay has no say in what is matched."""
    outcome = """
        SELECT r.state, a.active FROM procurify_record r
          LEFT JOIN account_analytic_account a ON a.id = r.res_id
               AND r.res_model = 'account.analytic.account'
         WHERE r.id = %s
    """
    contexts = ({}, {"active_test": False, "skip_invoice_sync": True})
    outcomes = []
    for number, context in zip(http.found["archived"], contexts, strict=True):
        domain = [["id", "=", number]]
        status, text = http.json2(
            "reviewer", RECORD, "replay", domain=domain, context=context
        )
        if status != 200 or json.loads(text)["count"] != 1:
            yield f"no replay: {status} {text[:200]}"
        outcomes.append(http.site.rows(outcome, number))
    if outcomes[0] != outcomes[1]:
        yield f"the context made it {outcomes[1]} instead of {outcomes[0]}"


def _repeat_a_key_elsewhere(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S15: the answer of a key is that of its companies."""
    own = http.site.value("SELECT company_id FROM procurify_connection ORDER BY id")
    answers = [
        http.json2(
            "reviewer_ab",
            RECORD,
            "replay",
            domain=[["id", "=", 0]],
            idempotency_key="one key",
            context={"allowed_company_ids": [company]},
        )
        for company in (own, own, http.found["company_b"])
    ]
    if [status for status, _text in answers] != [200, 200, 409]:
        yield f"a key in two companies: {answers}"


def _lead_to_other_machines(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S12: addresses that are no host of the internet, whatever Python says."""
    admin = http.session(LOGIN)
    for address in ("192.0.0.192", "192.0.0.8", "192.88.99.1", "[3fff::1]"):
        values = {
            "name": address,
            "base_url": f"https://{address}",
            "client_id": "x",
            "client_secret": "x",
        }
        ids = admin.call(CONNECTION, "create", [values])
        admin.call(CONNECTION, "action_test_connection", ids)
        [row] = admin.call(CONNECTION, "read", ids, ["state", "error_message"])
        admin.call(CONNECTION, "unlink", ids)
        if "never contacts" not in str(row["error_message"]):
            yield f"{address}: {row}"


def _reach_this_machine(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S11: only a server whose configuration allows it asks itself."""
    ids = [http.site.value("SELECT min(id) FROM procurify_connection")]
    strict = http.site.start("--max-cron-threads", 0, PROCURIFY_ALLOW_LOOPBACK="False")
    for client, is_allowed in (
        (strict.logged_in(), False),
        (http.session(LOGIN), True),
    ):
        client.call(CONNECTION, "action_test_connection", ids)
        [row] = client.call(CONNECTION, "read", ids, ["state", "error_message"])
        was_refused = "this server itself" in str(row["error_message"])
        if was_refused is is_allowed:
            yield f"allowed: {is_allowed}, refused: {was_refused}: {row}"


def _reach_another_company(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S14: a manager of another company names what is not of that company."""
    connection = http.ids(CONNECTION)[0]
    spec = {"connection_id": {"fields": {"display_name": {}}}}
    values = {"connection_id": connection}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        (name, method, arguments)
        for name in ("procurify.certify", "procurify.support")
        for method, arguments in (
            ("create", {"vals_list": [values]}),
            (
                "onchange",
                {"ids": [], "values": values, "field_names": ["connection_id"]},
            ),
            ("web_save", {"ids": [], "vals": values, "specification": spec}),
        )
    ]
    calls += [
        (CONNECTION, "read_health", {"connection_id": connection}),
        (CONNECTION, "support_bundle", {"ids": [connection]}),
        (AUDIT, "verify", {"connection_id": connection}),
        (RECORD, "explain", {"ids": http.ids(RECORD)[:1]}),
    ]
    for model, method, arguments in calls:
        if method == "onchange":
            arguments["fields_spec"] = spec
        status, text = http.json2("manager_b", model, method, **arguments)
        if not 400 <= status < 500:
            yield f"{model} {method}: {status} {text[:200]}"
    status, text = http.json2("manager_b", AUDIT, "read_events")
    if status != 200 or json.loads(text):
        yield f"events of another company: {status} {text[:200]}"


def _send_wrong_arguments(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S18: each argument of each documented method, over both protocols."""
    calls = [
        (method, argument.name, value)
        for method in methods()
        if method.name not in ("pause", "resume", "sync")
        for argument in method.arguments
        for value in WRONG
    ]

    def ask(call: tuple[Any, str, Any]) -> str:
        method, name, value = call
        ids = {"ids": http.ids(method.model)[:1]} if method.of_records else {}
        asked = {name: value} | ids
        status, text = http.json2("reviewer", method.model, method.name, **asked)
        said = f"{method.model}.{method.name} {name}={value!r}: {status} {text[:200]}"
        return "" if status < 500 else said

    with ThreadPoolExecutor(THREADS) as pool:
        yield from filter(None, pool.map(ask, calls))
    for method in methods():
        arguments = [http.ids(method.model)[:1]] if method.of_records else []
        said = http.xmlrpc(
            "reviewer", method.model, method.name, *arguments, {"a": 1}, {"b": 2}
        )
        if "Traceback" in said:
            yield f"{method.model}.{method.name} over XML-RPC: {said[-300:]}"


def _repeat(http: Http, _secrets: tuple[str, ...]) -> Iterator[str]:
    """S19: what a reviewer repeats fills no audit."""
    connection = http.ids(CONNECTION)[0]
    look = "SELECT count(*) FROM procurify_audit WHERE event = 'sync_requested'"
    before = http.site.value(look)
    for _number in range(20):
        http.json2("reviewer", CONNECTION, "action_sync_now", ids=[connection])
    if (rows := http.site.value(look) - before) != 1:
        yield f"20 clicks are {rows} rows"


def _call_everything(http: Http, secrets: tuple[str, ...]) -> Iterator[str]:
    """S10: by the answer of each public method, as each kind of user."""
    of_models = {
        (method.model, method.name) for method in methods() if not method.of_records
    }
    calls = [
        (who, model, method)
        for who in PEOPLE
        for model, mine in METHODS.items()
        for method in mine
    ]

    def ask(call: tuple[str, str, str]) -> str:
        who, model, method = call
        ids = http.found["ids"].get(model, [])
        values = {} if (model, method) in of_models else {"ids": ids}
        return http.json2(who, model, method, **values)[1]

    with ThreadPoolExecutor(THREADS) as pool:
        texts = pool.map(ask, calls)
    for (who, model, method), text in zip(calls, texts, strict=True):
        yield from _leaks(who, f"{model}/{method}", text, secrets)
