"""A small Odoo of any series, for the tests: it answers as real servers were measured.

It holds rows in memory and knows the few methods that the client calls. What a fault
looks like on the wire comes from ``recordings/``.
"""

from __future__ import annotations

import json
import operator
import xmlrpc.client
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__ == "procurify_odoo.tests":
    from procurify.tests.server import FaultyServer, Reply, Request
else:
    # The addon's own tests use this Odoo as well.
    from ...procurify.tests.server import FaultyServer, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDINGS = Path(__file__).with_name("recordings")
SERIES = ("14.0", "15.0", "16.0", "17.0", "18.0", "19.0")
DATABASE, LOGIN, KEY = "books", "connector@acme.example", "k3y-of-the-tests"
UID = 6
PROTOCOLS = {
    series: ("jsonrpc", "xmlrpc", *(("json2",) if series == "19.0" else ()))
    for series in SERIES
}
#: Each series with each of its protocols.
WAYS = [(series, name) for series in SERIES for name in PROTOCOLS[series]]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, wanted: value in wanted,
    # Of companies, none of which has a parent.
    "parent_of": lambda value, wanted: value in wanted,
}
#: Methods that are called without ids → their first parameter.
_BY_POSITION = {
    "create": "vals_list",
    "search": "domain",
    "search_count": "domain",
    # Some models call it otherwise, such as purchase.order.line of Odoo 14.
    "write": "vals",
}
#: (model, field of its lines) → their model, and its field of the document.
_LINES = {
    ("account.move", "line_ids"): ("account.move.line", "move_id"),
    ("purchase.order", "order_line"): ("purchase.order.line", "order_id"),
}
_DENIED_READ = "missing right: read a model (user without accounting)"
NOTHING = object()
#: What an empty field reads as, by its type; others as False.
_EMPTY: dict[str, Any] = {"integer": 0, "float": 0.0, "one2many": [], "many2many": []}


@cache
def recorded(name: str) -> Any:
    """Return a recording."""
    return json.loads((RECORDINGS / f"{name}.json").read_text("utf-8"))


def recorded_fault(case: str, protocol: str, series: str) -> dict[str, Any]:
    """Return what a series answers for a kind of fault."""
    for several, answer in recorded("faults")[case][protocol].items():
        if series in several.split(","):
            return dict(answer)
    raise LookupError((case, protocol, series))


class FakeFault(Exception):
    """Raised by the fake's methods: a kind of fault of the recordings."""


class FakeOdoo(FaultyServer):
    """One database of a series. Tests set its rows, groups, rights and faults."""

    def __init__(self, series: str) -> None:
        super().__init__()
        self.answers = {}
        self.series = series
        self.key = KEY
        self.email = "connector@acme.example"
        self.currency = "CHF"
        #: More values of the company.
        self.company: dict[str, Any] = {}
        self.groups = {
            "account.group_account_invoice",
            "purchase.group_purchase_user",
            "base.group_partner_manager",
        }
        self.denied: set[tuple[str, str]] = set()
        self.missing_models: set[str] = set()
        self.key_expires: list[str | bool] = []
        self.rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.external_ids: dict[str, int] = {}
        #: {external id: model}
        self.named_models: dict[str, str] = {}
        #: (model, id) of rows that are there, but not for the API user.
        self.hidden: set[tuple[str, int]] = set()
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        #: Raised by the next calls of "model.method", in their order.
        self.faults: dict[str, list[str]] = defaultdict(list)

    # === HTTP === #

    def reply_to(self, request: Request) -> Reply:
        """Answer as the API of this series; ``answers`` wins."""
        if request.path in self.answers:
            return super().reply_to(request)
        self.requests.append(request)
        if request.path == "/jsonrpc":
            return self._jsonrpc(json.loads(request.body))
        if request.path.startswith("/xmlrpc/2/"):
            return self._xmlrpc(request)
        if self.series == "19.0" and request.path == "/web/version":
            return Reply({"version": "19.0", "version_info": [19, 0, 0, "final", 0]})
        if self.series == "19.0" and request.path.startswith("/json/2/"):
            return self._json2(request)
        if self.series == "18.0" and request.path.startswith("/json/2/"):
            return Reply(status=303, headers={"Location": "/web/login"})
        return web_page(404, "Not Found")

    def _jsonrpc(self, body: dict[str, Any]) -> Reply:
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": body["id"]}
        try:
            result = self._service(**body["params"])
        except FakeFault as fault:
            found = recorded_fault(str(fault), "jsonrpc", self.series)
            answer["error"] = {
                "code": 0 if self.series == "19.0" else 200,
                "message": "Odoo Server Error",
                "data": {"name": found["data_name"], "message": found["data_message"]},
            }
        else:
            if result is not NOTHING:
                answer["result"] = result
        return Reply(answer)

    def _xmlrpc(self, request: Request) -> Reply:
        args, method = xmlrpc.client.loads(request.body)
        service = request.path.rpartition("/")[2]
        answer: tuple[Any] | xmlrpc.client.Fault
        try:
            answer = (self._service(service, str(method), list(args)),)
        except FakeFault as fault:
            answer = self._xml_fault(str(fault))
        if answer == (NOTHING,):
            answer = xmlrpc.client.Fault(
                1,
                "Traceback (most recent call last):\n  File ...\nTypeError: "
                "cannot marshal None unless allow_none is enabled",
            )
        body = xmlrpc.client.dumps(answer, methodresponse=True)
        return Reply(body=body.encode(), headers={"Content-Type": "text/xml"})

    def _xml_fault(self, case: str) -> xmlrpc.client.Fault:
        """Return a fault; the recording has only the last line of its text."""
        found = recorded_fault(case, "xmlrpc", self.series)
        text = found["last_line"]
        if found["multi_line_traceback"]:
            text = f"Traceback (most recent call last):\n  File ...\n{text}"
        return xmlrpc.client.Fault(found["faultCode"], text)

    def _json2(self, request: Request) -> Reply:
        _empty, _json, _two, model, method = request.path.split("/")
        try:
            self._check_bearer(request)
            body = json.loads(request.body)
            context = body.pop("context")
            ids = body.pop("ids", None)
            result = self._call(model, method, ids, body, context)
        except FakeFault as fault:
            found = recorded_fault(str(fault), "json2", self.series)
            if "body" in found:
                return web_page(found["http"], found["body"])
            return Reply(
                {"name": found["name"], "message": found["message"]},
                status=found["http"],
            )
        return Reply(None if result is NOTHING else result)

    def _check_bearer(self, request: Request) -> None:
        sent = request.headers.get("Authorization")
        if not sent:
            raise FakeFault("no key")
        if sent != f"Bearer {self.key}":
            raise FakeFault("wrong key")

    # === SERVICES === #

    def _service(self, service: str, method: str, args: list[Any]) -> Any:
        if (service, method) == ("common", "version"):
            return {"server_version": self.series}
        database, who, key, *rest = args
        if database != DATABASE:
            raise FakeFault("unknown database")
        if (service, method) == ("common", "login"):
            return UID if (who, key) == (LOGIN, self.key) else False
        if key != self.key:
            raise FakeFault("wrong key")
        model, method, positional, named = rest
        named = dict(named)
        context = named.pop("context")
        positional = list(positional)
        ids, name = None, _BY_POSITION.get(method)
        if positional and (not name or method == "write"):
            ids = positional.pop(0)
        if positional:
            named[str(name)] = positional.pop(0)
        elif method == "write":
            raise FakeFault("unknown keyword argument")
        return self._call(model, method, ids, named, context)

    # === MODELS === #

    def _call(
        self,
        model: str,
        method: str,
        ids: list[int] | None,
        named: dict[str, Any],
        context: dict[str, Any],
    ) -> Any:
        self.calls.append((model, method, {"ids": ids, **named}))
        if waiting := self.faults[f"{model}.{method}"]:
            raise FakeFault(waiting.pop(0))
        if model in self.missing_models:
            raise FakeFault("unknown model")
        handler = getattr(self, f"_do_{method}", None)
        if handler is None:
            raise FakeFault("unknown method")
        if method == "search" and context.get("active_test", True):
            archived = {r["id"] for r in self._all(model) if r.get("active") is False}
            return [id_ for id_ in handler(model, ids, **named) if id_ not in archived]
        return handler(model, ids, **named)

    def _do_context_get(self, _model: str, _ids: Any) -> Any:
        return {"lang": "en_US", "tz": False, "uid": UID}

    def _do_read(self, model: str, ids: list[int], fields: list[str]) -> Any:
        rows = [row for row in self._all(model) if row["id"] in ids]
        return [self._read_row(model, row, fields) for row in rows]

    def _do_search(self, model: str, _ids: Any, domain: list[Any]) -> Any:
        return [row["id"] for row in self._matching(model, domain)]

    def _do_search_read(
        self,
        model: str,
        _ids: Any,
        domain: list[Any],
        fields: list[str],
        order: str = "id",
        limit: int = 0,
    ) -> Any:
        if (model, "read") in self.denied:
            raise FakeFault(_DENIED_READ)
        rows = sorted(self._matching(model, domain), key=lambda row: row[order])
        return [self._read_row(model, row, fields) for row in rows[: limit or None]]

    def _do_web_search_read(
        self,
        model: str,
        _ids: Any,
        domain: list[Any],
        specification: dict[str, Any],
        order: str = "id",
        limit: int = 0,
    ) -> Any:
        if self.series != "19.0":
            raise FakeFault("unknown method")
        names = [name for name in specification if not specification[name]]
        records = self._do_search_read(model, None, domain, names, order, limit)
        for record in records:
            for name in names:
                record[name] = _plain(record[name])
            for name, within in specification.items():
                if within:
                    line_model, owner = _LINES[model, name]
                    mine = [(owner, "in", [record["id"]])]
                    record[name] = self._do_web_search_read(
                        line_model, None, mine, within["fields"]
                    )["records"]
        return {"length": len(records), "records": records}

    def _read_row(
        self, model: str, row: dict[str, Any], fields: list[str]
    ) -> dict[str, Any]:
        """Return values of a row; what no test has set is empty, as Odoo says it."""
        known = self._fields().get(model, {})
        read = {"id": row["id"]}
        for name in fields:
            kind = "" if name in row else known[name]["type"]
            read[name] = _EMPTY.get(kind, False) if kind else row[name]
        return read

    def _do_fields_get(
        self, model: str, _ids: Any, allfields: list[str], attributes: list[str]
    ) -> Any:
        known = {"id": {"type": "integer"}, **self._fields().get(model, {})}
        return {
            name: {key: field[key] for key in attributes if key in field}
            for name, field in known.items()
            if name in allfields or not allfields
        }

    def _do_has_access(self, model: str, ids: Any, operation: str) -> bool:
        if self.series not in ("18.0", "19.0") or ids is None:
            raise FakeFault("unknown method")
        return (model, operation) not in self.denied

    def _do_check_access_rights(
        self, model: str, _ids: Any, operation: str, raise_exception: bool
    ) -> bool:
        assert not raise_exception
        return (model, operation) not in self.denied

    def _do_has_group(self, _model: str, ids: Any, group_ext_id: str) -> bool:
        if (self.series in ("18.0", "19.0")) != (ids == [UID]):
            raise FakeFault("missing argument")
        return group_ext_id in self.groups

    def _do_load(
        self, model: str, _ids: Any, fields: list[str], data: list[list[str]]
    ) -> Any:
        """Create what is new by its external id, and write what is named by its own.

        Rows without a name are refused.
        """
        rows = [dict(zip(fields, row, strict=True)) for row in data]
        guilty = [
            n for n, row in enumerate(rows) if not (row.get("name") or row.get(".id"))
        ]
        if guilty:
            return {
                "ids": False,
                "messages": [
                    {
                        "type": "error",
                        "message": "Missing required value for the field 'Name'",
                        "field": "name",
                        "record": number,
                        "rows": {"from": number, "to": number},
                    }
                    for number in guilty
                ],
            }
        return {"ids": [self._loaded(model, row) for row in rows], "messages": []}

    def _loaded(self, model: str, row: dict[str, Any]) -> int:
        if number := row.get(".id"):
            values = {name: value for name, value in row.items() if name != ".id"}
            self._do_write(model, [int(number)], values)
            return int(number)
        known = self.external_ids.get(row.get("id", ""))
        if known:
            return known
        values = {name: value for name, value in row.items() if name != "id"}
        new = self.add(model, **values)
        if "id" in row:
            self.name_row(row["id"], model, new)
        return new

    def _do_create(
        self, model: str, _ids: Any, vals_list: list[dict[str, Any]]
    ) -> list[int]:
        return [self.add(model, **values) for values in vals_list]

    def _do_write(self, model: str, ids: list[int], vals: dict[str, Any]) -> bool:
        for row in self.rows[model]:
            if row["id"] in ids:
                row |= vals
        return True

    def _do_web_save_multi(
        self,
        model: str,
        ids: list[int],
        vals_list: list[dict[str, Any]],
        specification: dict[str, Any],
    ) -> Any:
        for id_, vals in zip(ids, vals_list, strict=True):
            self._do_write(model, [id_], vals)
        mine = [("id", "in", ids)]
        found = self._do_web_search_read(model, None, mine, specification)
        return found["records"]

    def _do_button_draft(self, _model: str, _ids: Any) -> Any:
        return NOTHING

    def _do_get_external_id(self, model: str, ids: list[int]) -> dict[str, str]:
        names = {
            number: name
            for name, number in self.external_ids.items()
            if self.named_models[name] == model
        }
        return {str(number): names.get(number, "") for number in ids}

    # === ROWS === #

    def name_row(self, name: str, model: str, number: int) -> None:
        """Give a row an external id."""
        self.external_ids[name] = number
        self.named_models[name] = model

    def add(self, model: str, **values: Any) -> int:
        """Add a row and return its id."""
        rows = self.rows[model]
        number = rows[-1]["id"] + 1 if rows else 1
        stamps = dict.fromkeys(("create_date", "write_date"), "2026-03-01 10:00:00")
        rows.append({**stamps, **values, "id": number})
        return number

    def _all(self, model: str) -> list[dict[str, Any]]:
        own = {
            "res.users": {
                "id": UID,
                "login": LOGIN,
                "name": "Connector",
                "email": self.email or False,
                "company_id": [1, "Acme Ltd"],
                "company_ids": [1],
            },
            "res.company": {
                "id": 1,
                "name": "Acme Ltd",
                "currency_id": [2, self.currency],
                "write_date": "2026-03-01 10:00:00",
                **self.company,
            },
        }
        keys = [
            {"id": number, "user_id": UID, "expiration_date": date}
            for number, date in enumerate(self.key_expires, start=1)
        ]
        if model == "res.users.apikeys":
            return keys
        return [own[model]] if model in own else self.rows[model]

    def _matching(self, model: str, domain: list[Any]) -> list[dict[str, Any]]:
        rows = [r for r in self._all(model) if (model, r["id"]) not in self.hidden]
        return [row for row in rows if self._fits_all(model, row, domain)]

    def _fits_all(self, model: str, row: dict[str, Any], domain: list[Any]) -> bool:
        """Return whether a row fits a domain of leaves and of "|" before two of
        them."""
        rest, fits = list(domain), []
        while rest:
            is_either = rest[0] == "|"
            leaves, rest = (rest[1:3], rest[3:]) if is_either else (rest[:1], rest[1:])
            found = [self._fits(model, row, *leaf) for leaf in leaves]
            fits.append(any(found) if is_either else all(found))
        return all(fits)

    def _fits(
        self, model: str, row: dict[str, Any], name: str, how: str, wanted: Any
    ) -> bool:
        if how == "any":
            other, owner = _LINES[model, name]
            mine = [(owner, "in", [row["id"]])]
            return bool(self._matching(other, [*mine, *wanted]))
        return _fits(row, name, how, wanted)

    def _fields(self) -> dict[str, Any]:
        found: dict[str, Any] = recorded("fields")[self.series.partition(".")[0]]
        return found


def _fits(row: dict[str, Any], name: str, how: str, wanted: Any) -> bool:
    value = row[name]
    if name.endswith("_ids"):
        return bool({*value} & {*wanted})
    return bool(_COMPARE[how](_plain(value), wanted))


def _plain(value: Any) -> Any:
    return value[0] if _is_many2one(value) else value


def _is_many2one(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)


def web_page(status: int, text: str) -> Reply:
    """Return a page for people."""
    return Reply(
        status=status,
        body=f"<!DOCTYPE html><title>{status}</title><p>{text}".encode(),
        headers={"Content-Type": "text/html; charset=utf-8"},
    )
