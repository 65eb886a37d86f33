"""The three protocols, with one shape: a call goes out, its result or an error comes.

Each function returns what logs in and what calls. The key is in their closures: nothing
that a client shows leads to it.
"""

from __future__ import annotations

import xmlrpc.client
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.parsers.expat import ExpatError

from .errors import (
    KeyRefused,
    RemoteError,
    RemoteFault,
    Throttled,
    UnknownOutcome,
    Unreachable,
    WrongAddress,
    WrongDatabase,
)
from .faults import error_of, error_of_xml
from .shared import answers
from .transport import Request
from .values import exact, from_json, sendable, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .transport import Answer, Transport

PROTOCOLS = ("json2", "jsonrpc", "xmlrpc")

# Methods whose first parameter has another name in some series: it is sent by position.
_BY_POSITION = {
    "create": "vals_list",
    "search": "domain",
    "search_count": "domain",
    # Some models call it otherwise, such as purchase.order.line of Odoo 14.
    "write": "vals",
}
_XML = "text/xml"
_GATEWAY = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Call:
    """One call of a method.

    :param ids: of the records; None for a method of the model
    :param changes: whether it may change something in the remote
    """

    model: str
    method: str
    ids: tuple[int, ...] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    changes: bool = True

    @property
    def subject(self) -> str:
        """Model and method, as a trace shows them."""
        return f"{self.model}.{self.method}"


class Protocol(NamedTuple):
    """What a client does with a remote."""

    login: Callable[[], int]
    call: Callable[[Call], Any]


def open_protocol(
    name: str, transport: Transport, database: str, login: str, key: str
) -> Protocol:
    """Return the protocol of that name, for one user of one database."""
    makers = {"json2": _json2, "jsonrpc": _jsonrpc, "xmlrpc": _xmlrpc}
    return makers[name](transport, database, login, key)


# === JSON-2 === #


def _json2(transport: Transport, database: str, login: str, key: str) -> Protocol:
    def call(wanted: Call) -> Any:
        body = {"context": dict(wanted.context), **wanted.arguments}
        if wanted.ids is not None:
            body["ids"] = wanted.ids
        request = Request(
            f"/json/2/{wanted.model}/{wanted.method}",
            to_json(body),
            key=key,
            database=database,
            changes=wanted.changes,
            subject=wanted.subject,
        )
        return _json2_result(transport.send(request), wanted.changes)

    def log_in() -> int:
        """Return the user to whom the key belongs.

        :raises KeyRefused: it belongs to another user than ``login``
        """
        context = call(Call("res.users", "context_get", changes=False))
        uid = int(context["uid"])
        read = Call("res.users", "read", (uid,), {"fields": ["login"]}, changes=False)
        [user] = call(read)
        if login and user["login"] != login:
            raise KeyRefused("The API key belongs to another user")
        return uid

    return Protocol(log_in, call)


def _json2_result(answer: Answer, changes: bool) -> Any:
    """Return the result in an answer of JSON-2."""
    _check_http(answer, changes)
    data = _json(answer, changes)
    if answer.status == 200:
        return data
    if isinstance(data, dict) and "name" in data:
        message = str(data.get("message") or "")
        raise error_of(
            str(data["name"]), message, changes=changes, http_status=answer.status
        )
    raise RemoteFault("The server refuses the call", http_status=answer.status)


# === /jsonrpc === #


def _jsonrpc(transport: Transport, database: str, login: str, key: str) -> Protocol:
    def send(
        service: str, method: str, args: list[Any], subject: str, changes: bool
    ) -> Any:
        request = Request(
            "/jsonrpc",
            jsonrpc_body(service, method, args),
            changes=changes,
            subject=subject,
        )
        return jsonrpc_result(transport.send(request), changes)

    return _by_rpc(send, database, login, key)


def jsonrpc_body(service: str, method: str, args: list[Any]) -> bytes:
    """Return the body of a request to ``/jsonrpc``."""
    params = {"service": service, "method": method, "args": args}
    return to_json({"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})


def jsonrpc_result(answer: Answer, changes: bool) -> Any:
    """Return the result in an answer of ``/jsonrpc``.

    :returns: None also where there is no result: the method returned nothing
    """
    _check_http(answer, changes)
    if answer.status != 200:
        raise RemoteFault("The server refuses the call", http_status=answer.status)
    data = _json(answer, changes)
    if not isinstance(data, dict):
        raise _unreadable("The answer is not one of an Odoo", changes)
    if error := data.get("error"):
        raise _jsonrpc_error(error, changes)
    return data.get("result")


def _jsonrpc_error(error: Any, changes: bool) -> RemoteError:
    error = error if isinstance(error, dict) else {}
    detail = error.get("data")
    if not isinstance(detail, dict):
        return RemoteFault(str(error.get("message") or "The call failed"))
    name, message = (str(detail.get(key) or "") for key in ("name", "message"))
    return error_of(name, message, changes=changes)


# === XML-RPC === #


def _xmlrpc(transport: Transport, database: str, login: str, key: str) -> Protocol:
    def send(
        service: str, method: str, args: list[Any], subject: str, changes: bool
    ) -> Any:
        request = Request(
            f"/xmlrpc/2/{service}",
            xmlrpc_body(method, args),
            content_type=_XML,
            changes=changes,
            subject=subject,
        )
        return xmlrpc_result(transport.send(request), changes)

    return _by_rpc(send, database, login, key)


def xmlrpc_body(method: str, args: list[Any]) -> bytes:
    """Return the body of a request by XML-RPC."""
    parameters = tuple(sendable(args))
    return xmlrpc.client.dumps(parameters, method, allow_none=True).encode()


def xmlrpc_result(answer: Answer, changes: bool) -> Any:
    """Return the result in an answer of XML-RPC."""
    _check_http(answer, changes)
    if answer.status != 200:
        raise RemoteFault("The server refuses the call", http_status=answer.status)
    # Entities of its own would unpack to far more than the limit of a body.
    if b"<!DOCTYPE" in answer.body or b"<!ENTITY" in answer.body:
        raise _unreadable("The answer is not one of an Odoo", changes)
    try:
        (result,), _method = xmlrpc.client.loads(answer.body, use_builtin_types=True)
    except xmlrpc.client.Fault as fault:
        error = error_of_xml(fault.faultCode, fault.faultString, changes=changes)
    except (ExpatError, ValueError, TypeError, LookupError, xmlrpc.client.Error):
        error = _unreadable("The answer is not one of an Odoo", changes)
    else:
        return exact(result)
    raise error


# === BOTH OF THEM === #


def _by_rpc(
    send: Callable[[str, str, list[Any], str, bool], Any],
    database: str,
    login: str,
    key: str,
) -> Protocol:
    """Return the protocol of Odoo's services ``common`` and ``object``."""
    known: list[int] = []

    def log_in() -> int:
        uid = send("common", "login", [database, login, key], "common.login", False)
        if not uid:
            raise KeyRefused
        known[:] = [int(uid)]
        return known[0]

    def call(wanted: Call) -> Any:
        uid = known[0] if known else log_in()
        arguments = {**wanted.arguments, "context": dict(wanted.context)}
        args: list[Any] = [] if wanted.ids is None else [list(wanted.ids)]
        if (first := _BY_POSITION.get(wanted.method)) in arguments:
            args.append(arguments.pop(str(first)))
        parameters = [database, uid, key, wanted.model, wanted.method, args, arguments]
        try:
            return send(
                "object", "execute_kw", parameters, wanted.subject, wanted.changes
            )
        except RemoteError as error:
            if f"res.users({uid},)" not in error.message or wanted.ids == (uid,):
                raise
        raise KeyRefused("The API user does not exist any more")

    return Protocol(log_in, call)


def _check_http(answer: Answer, changes: bool) -> None:
    """Let an answer pass that an Odoo itself has sent.

    :raises Throttled: 429
    :raises RemoteFault: 413: a smaller one may pass
    :raises WrongAddress: a redirect, or a page for people
    :raises WrongDatabase: Odoo's page that says so
    :raises Unreachable: a gateway or a firewall answers, and nothing was changed
    :raises UnknownOutcome: it answers a call that changes something: the call itself
        may have passed
    """
    status = answer.status
    _check_limits(answer)
    if 300 <= status < 400:
        raise WrongAddress("The server redirects to another page", http_status=status)
    if status in _GATEWAY or (status >= 500 and answer.is_web_page):
        raise _unreadable(f"The server is busy or down (status {status})", changes)
    if not answer.is_web_page:
        return
    if status == 404 and b"database" in answer.body.lower():
        raise WrongDatabase(http_status=status)
    if status in (401, 403):
        message = f"A firewall or proxy refuses the request ({status}, a web page)"
        raise _unreadable(message, changes)
    if changes and status == 200:
        raise UnknownOutcome("A web page came instead of Odoo's answer")
    raise WrongAddress("A web page came instead of Odoo's answer", http_status=status)


def _check_limits(answer: Answer) -> None:
    """Let an answer pass that does not name a limit.

    :raises Throttled: 429
    :raises RemoteFault: 413: a smaller one may pass
    """
    status = answer.status
    if status == 429:
        raise Throttled(
            retry_after_s=answers.retry_after_s(answer.headers.get("Retry-After")),
            http_status=status,
        )
    if status == 413:
        raise RemoteFault("The request is too large for it", http_status=status)


def _json(answer: Answer, changes: bool) -> Any:
    try:
        return from_json(answer.body)
    except ValueError:
        error = _unreadable("The answer is no JSON", changes)
    raise error


def _unreadable(message: str, changes: bool) -> RemoteError:
    """Return the error for an answer that does not say what happened."""
    return UnknownOutcome(message) if changes else Unreachable(message)
