"""What each kind of person may do over RPC, on every model and by every method."""

import json
import xmlrpc.client
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from devtools import databases
from devtools.odoo import Odoo
from devtools.paths import ROOT

from .access_table import EXTENDED, METHODS, MODELS, ROLES, may
from .site import Site

ORM_OVERRIDES = {
    *("create", "write", "unlink", "default_get"),
    *("fields_get", "get_empty_list_help", "search_count"),
    *("web_read_group", "web_search_read"),
}
#: Odoo calls them itself, and nobody else may.
PRIVATE = {"init", "search_fetch"}
#: Odoo's ways to each of the four rights, and what they are called with.
READING: dict[str, dict[str, Any]] = {
    "export_data": {"fields_to_export": ["display_name"]},
    "formatted_read_group": {"domain": [], "aggregates": ["__count"]},
    "name_search": {},
    "read": {"fields": ["display_name"]},
    "search": {"domain": [], "limit": 1},
    "search_read": {"domain": [], "fields": ["display_name"], "limit": 1},
    "web_search_read": {"domain": [], "specification": {}, "limit": 1},
}
WRITING: dict[str, dict[str, Any]] = {
    "web_save": {"vals": {}, "specification": {}},
    "write": {"vals": {}},
}
CREATING: dict[str, dict[str, Any]] = {
    "copy": {},
    "create": {"vals_list": [{}]},
}
#: They need no records.
OF_MODEL = {
    *("formatted_read_group", "name_search", "search", "search_read"),
    *("web_search_read", "create"),
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "action_ignore": {"reason": "Not ours"},
    "action_map_to": {"res_id": 1},
}
#: Of a dialog, which has its own message.
DIALOG = "procurify.ignore"
REFUSED_STATUSES = (401, 403, 404)
REFUSED_FAULTS = (3, 4)  # no such login, no right
THREADS = 4
#: Odoo's own administrators only differ in Odoo's Settings.
BUT_ADMINISTRATORS = ROLES[:-1]


class Call(NamedTuple):
    """One method, called by one kind of person."""

    role: str
    model: str
    method: str
    ids: list[int] | None  # None: of the model
    values: dict[str, Any]
    allowed: bool


class Rpc:
    """Calls methods over JSON-2 and XML-RPC."""

    def __init__(self, address: str, database: str, logins: dict[str, Any]) -> None:
        self._host = urlsplit(address).netloc
        self._database = database
        self._logins = logins

    def json2(self, call: Call) -> str:
        """Return why the call was refused; empty: it was not."""
        body = (
            dict(call.values) if call.ids is None else call.values | {"ids": call.ids}
        )
        headers = {"Content-Type": "application/json"}
        if call.role != "public":
            headers["Authorization"] = f"bearer {self._logins[call.role][1]}"
        path = f"/json/2/{call.model}/{call.method}"
        status, text = self._post(path, json.dumps(body), headers)
        return f"{status}: {text[:200]}" if status in REFUSED_STATUSES else ""

    def xmlrpc(self, call: Call) -> str:
        """Return why the call was refused; empty: it was not."""
        arguments = [] if call.ids is None else [call.ids]
        body = xmlrpc.client.dumps(
            (
                *(self._database, *self._logins[call.role], call.model, call.method),
                *(arguments, call.values),
            ),
            "execute_kw",
        )
        _status, text = self._post(
            "/xmlrpc/2/object", body, {"Content-Type": "text/xml"}
        )
        try:
            xmlrpc.client.loads(text)
        except xmlrpc.client.Fault as fault:
            return str(fault) if fault.faultCode in REFUSED_FAULTS else ""
        return ""

    def _post(self, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        connection = HTTPConnection(self._host, timeout=60)
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


def test_everybody_may_do_what_the_table_says(odoo: Odoo, site: Site) -> None:
    script = (ROOT / "tests_system" / "access_setup.py").read_text()
    printed = databases.execute(odoo, site.database, f"{script}\nset_up(env)\n")
    found = json.loads(printed.splitlines()[-1])
    _assert_table_is_complete(found)
    rpc = Rpc(
        site.start("--max-cron-threads", 0).address, site.database, found["logins"]
    )

    calls = [*_orm_calls(found), *_own_calls(found), *_private_calls(found)]
    wrong = []
    with ThreadPoolExecutor(THREADS) as pool:
        for ask in (rpc.json2, rpc.xmlrpc):
            refusals = pool.map(ask, calls)
            wrong += [
                f"{ask.__name__} {call[:3]}: {refusal or 'not refused'}"
                for call, refusal in zip(calls, refusals, strict=True)
                if bool(refusal) == call.allowed
            ]
    assert not wrong, "\n".join(wrong)
    _assert_deletions(rpc, found)


def _assert_table_is_complete(found: dict[str, Any]) -> None:
    """A model or a public method that is added needs a line of the table."""
    assert set(found["models"]) == set(MODELS)
    public = {
        model: {name for name in methods if _is_public(name)} - ORM_OVERRIDES
        for model, methods in found["methods"].items()
    }
    named = {model: set(methods) for model, methods in METHODS.items()}
    for model, names in EXTENDED.items():
        named[model] = named.get(model, set()) | names
    assert {model: names for model, names in public.items() if names} == named


def _is_public(name: str) -> bool:
    return not name.startswith("_") and name not in PRIVATE


def _orm_calls(found: dict[str, Any]) -> Iterator[Call]:
    models = [
        model for model, is_abstract in found["models"].items() if not is_abstract
    ]
    for role, model in product(BUT_ADMINISTRATORS, models):
        rights = MODELS[model]
        for ways, first in (
            (READING, rights.read),
            (WRITING, rights.write),
            (CREATING, rights.create),
        ):
            for method, values in ways.items():
                ids = None if method in OF_MODEL else _ids(found, role, model)
                yield Call(role, model, method, ids, values, may(role, first))


def _own_calls(found: dict[str, Any]) -> Iterator[Call]:
    for role, (model, methods) in product(ROLES, METHODS.items()):
        for method, first in methods.items():
            if role == "administrator" != first:
                continue
            is_of_model = found["methods"][model][method]
            ids = None if is_of_model else _ids(found, role, model)
            values = {} if model == DIALOG else ARGUMENTS.get(method, {})
            if not found["models"].get(model):
                yield Call(role, model, method, ids, values, may(role, first))


def _private_calls(found: dict[str, Any]) -> Iterator[Call]:
    """Nobody may do more than a manager, and Odoo refuses before it asks who it is."""
    # Models share most of them.
    private = {
        method: model
        for model, methods in found["methods"].items()
        for method in methods
        if not _is_public(method) and not method.startswith("__")
    }
    for method, model in private.items():
        yield Call("manager", model, method, None, {}, allowed=False)


def _ids(found: dict[str, Any], role: str, model: str) -> list[int]:
    """Return a row of ``model``: of a dialog, one's own, or else somebody's."""
    dialogs = found["dialogs"].get(role, found["dialogs"]["manager"])
    return dialogs.get(model) or found["ids"].get(model) or [1]


def _assert_deletions(rpc: Rpc, found: dict[str, Any]) -> None:
    """Last, as then there is none: a role that may delete a row does so."""
    # What hangs on a connection goes with it.
    for model in sorted(MODELS, key=lambda name: name == "procurify.connection"):
        if found["models"][model]:
            continue
        first = MODELS[model].unlink
        for role in BUT_ADMINISTRATORS:
            ids = _ids(found, role, model)
            call = Call(role, model, "unlink", ids, {}, may(role, first))
            if call.allowed:
                assert not rpc.json2(call), call
                break
            assert rpc.json2(call), call
            assert rpc.xmlrpc(call), call
