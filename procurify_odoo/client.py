"""The client: call, load, read in pages, fields, rights.

What only reads is sent again when the remote is busy. What changes something is sent
once; the errors say what the caller may conclude.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import requests

from .dialects import dialect_of
from .errors import (
    Incompatible,
    OtherVersion,
    PrivateAddress,
    RefusedRow,
    RemoteError,
    RemoteFault,
    RowsRefused,
    Throttled,
    TryAgain,
    UnsupportedVersion,
    WrongAddress,
)
from .protocols import (
    Call,
    jsonrpc_body,
    jsonrpc_result,
    open_protocol,
    xmlrpc_body,
    xmlrpc_result,
)
from .shared import errors, wire
from .transport import READ_TIMEOUT_S, WRITE_TIMEOUT_S, Request, Transport
from .values import cell, from_json
from .versions import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from .dialects import Dialect
    from .protocols import Protocol
    from .shared import transport

PAGE_SIZE = 500
ATTEMPTS = 3
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
"""Longer waits are left to the next run."""
ONLINE_PACE_S = 1.0
"""Seconds between two calls of Odoo Online, whose limits are not published."""
_ONLINE = ".odoo.com"
LANES = 6
"""Reads that are under way at once, at most: as many as a browser's."""

_READS = frozenset(
    {
        "check_access_rights",
        "check_object_reference",
        "context_get",
        "fields_get",
        "get_external_id",
        "has_access",
        "has_group",
        "read",
        "search",
        "search_count",
        "search_read",
        "web_search_read",
    }
)
_LANGUAGE = {"lang": "en_US"}

T = TypeVar("T")


@dataclass(frozen=True)
class Field:
    """A field of the remote.

    :param digits: decimal places; None: as many as one likes
    """

    kind: str
    relation: str = ""
    digits: int | None = None
    selection: tuple[str, ...] = ()


class RemoteOdoo:
    """One user's access to one database of a remote Odoo.

    Every method may raise any :class:`RemoteError`.

    :param address: of the server, as a person types it
    :param database: its name; Odoo Online has the name of the subdomain
    :param login: of the API user
    :param key: an API key of this user
    :param protocol: ``json2``, ``jsonrpc``, ``xmlrpc``, or ``auto``: the best that the
        version has
    :param allow_private: whether addresses of private networks may be asked
    :param allow_loopback: whether a server of this very machine may be asked
    :param run_s: seconds from now after which nothing is asked any more
    :param kept: where each request leaves a trace
    :raises WrongAddress: the address cannot be one of an Odoo
    """

    def __init__(
        self,
        address: str,
        database: str,
        login: str,
        key: str,
        *,
        protocol: str = "auto",
        allow_private: bool = False,
        allow_loopback: bool = False,
        read_timeout: float = READ_TIMEOUT_S,
        write_timeout: float = WRITE_TIMEOUT_S,
        run_s: float | None = None,
        kept: transport.Traces | None = None,
        session_factory: Callable[[], requests.Session] = requests.Session,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.origin = origin_of(address)
        self.database = database
        self._transport = Transport(
            self.origin,
            allow_private=allow_private,
            allow_loopback=allow_loopback,
            session_factory=session_factory,
            read_timeout=read_timeout,
            write_timeout=write_timeout,
            run_s=run_s,
            kept=kept,
        )
        host = urlsplit(self.origin).hostname or ""
        self._pace_s = ONLINE_PACE_S if host.endswith(_ONLINE) else 0.0
        self._next_call_at = 0.0
        self._lanes = _Lanes(1 if self._pace_s else LANES)
        self._sleep = sleep
        self._version: Version | None = None
        self._is_assumed = False
        self._wanted_protocol = protocol
        self._has_jsonrpc = True
        transport = self._transport
        self._open: Callable[[str], Protocol] = lambda name: open_protocol(
            name, transport, database, login, key
        )
        self._protocol = None if protocol == "auto" else self._open(protocol)
        self._uid = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.origin!r}, {self.database!r})"

    def __enter__(self) -> RemoteOdoo:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._transport.close()

    # === WHAT IT IS === #

    @property
    def version(self) -> Version:
        """The remote's version, asked for once and without a key.

        :raises UnsupportedVersion: it is older than any that is served
        """
        if self._version is None:
            self._version = self._find_version()
        if not self._version.is_supported:
            raise UnsupportedVersion(f"Odoo {self._version} is not served")
        return self._version

    def assume(self, version: str) -> None:
        """Take it for an Odoo of a version that has ``/jsonrpc`` or JSON-2, before it
        is asked. Nothing may be changed there before :meth:`check_version`."""
        self._version, self._is_assumed = Version.of(version), True

    def check_version(self, expected: str) -> None:
        """Ask for its version, if it was only assumed.

        :raises OtherVersion: it has another one than expected
        """
        found = self._find_version() if self._is_assumed else self.version
        self._version, self._is_assumed = found, False
        if str(found) != expected:
            raise OtherVersion(str(found))

    @property
    def dialect(self) -> Dialect:
        """How this version differs from the others."""
        return dialect_of(self.version)

    @property
    def protocol(self) -> str:
        """Name of the protocol that is used."""
        if self._wanted_protocol != "auto":
            return self._wanted_protocol
        if self.version.has_json2:
            return "json2"
        return "jsonrpc" if self._has_jsonrpc else "xmlrpc"

    def authenticate(self) -> int:
        """Return the id of the API user: this tests login and key.

        :raises KeyRefused: they are refused
        """
        self._uid = self._repeated(self._opened().login)
        return self._uid

    def _find_version(self) -> Version:
        """Ask in each way that some series has.

        :raises WrongAddress: none of them is answered like an Odoo
        """
        ways = (self._version_by_web, self._version_by_jsonrpc, self._version_by_xmlrpc)
        for way in ways:
            try:
                text = self._repeated(way)
            except PrivateAddress:
                raise
            except (WrongAddress, RemoteFault, Incompatible):
                continue
            if text:
                return _version(text)
        raise WrongAddress

    def _version_by_web(self) -> str:
        answer = self._transport.send(Request("/web/version"))
        if answer.status != 200 or answer.is_web_page:
            return ""
        try:
            return _version_text(from_json(answer.body), "version")
        except ValueError:
            return ""

    def _version_by_jsonrpc(self) -> str:
        body = jsonrpc_body("common", "version", [])
        answer = self._transport.send(Request("/jsonrpc", body, subject="version"))
        self._has_jsonrpc = answer.status == 200
        return _version_text(jsonrpc_result(answer, changes=False), "server_version")

    def _version_by_xmlrpc(self) -> str:
        body = xmlrpc_body("version", [])
        request = Request("/xmlrpc/2/common", body, "text/xml", subject="version")
        answer = self._transport.send(request)
        if answer.status == 200 and b"<methodResponse>" not in answer.body:
            return ""
        return _version_text(xmlrpc_result(answer, changes=False), "server_version")

    # === CALLS === #

    def call(
        self,
        model: str,
        method: str,
        ids: Iterable[int] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """Call a public method, and return its result with decimals for numbers.

        :param ids: of the records; None for a method of the model
        :param arguments: by the names that Odoo 19 has
        :raises UnknownOutcome: what changes something was sent, and no answer came
        """
        wanted = Call(
            model,
            method,
            None if ids is None else tuple(ids),
            arguments,
            {**_LANGUAGE, **(context or {})},
            changes=method not in _READS,
        )
        send = self._opened().call
        if wanted.changes:
            self._keep_pace()
            return send(wanted)
        return self._repeated(lambda: send(wanted))

    def load(
        self,
        model: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        context: Mapping[str, Any] | None = None,
    ) -> list[int]:
        """Create records, all or none, and return their ids in the order of the rows.

        A column ``id`` with external ids makes it safe to send the same rows again. It
        only creates: lines without an external id would be doubled by a second call.

        :raises RowsRefused: names the guilty rows; none was saved
        """
        data = [[cell(value) for value in row] for row in rows]
        result = self.call(
            model, "load", fields=list(columns), data=data, context=context
        )
        if result["ids"] is False:
            raise RowsRefused(tuple(map(_refused_row, result["messages"])))
        return [int(each) for each in result["ids"]]

    def pages(
        self,
        model: str,
        fields: Sequence[str],
        domain: Sequence[Any] = (),
        *,
        since: str = "",
        size: int = PAGE_SIZE,
        context: Mapping[str, Any] | None = None,
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the records that fit, archived ones too, in pages by growing id.

        A record that is changed meanwhile comes once; one that is made meanwhile may
        come or not.

        :param since: only what was written at this time (UTC, as Odoo writes it) or
            later
        """
        wanted = [*domain, ("write_date", ">=", since)] if since else list(domain)
        last = 0
        while True:
            page: list[dict[str, Any]] = self.call(
                model,
                "search_read",
                domain=[*wanted, ("id", ">", last)],
                fields=list(fields),
                order="id",
                limit=size,
                context={"active_test": False, **(context or {})},
            )
            if page:
                yield page
                last = page[-1]["id"]
            if len(page) < size:
                return

    def visible(
        self, model: str, ids: Iterable[int], *, archived: bool = True
    ) -> set[int]:
        """Return those of ``ids`` that the API user may see.

        The remote does not check it where a record is the value of a field.

        :param archived: whether archived ones count
        """
        domain = [("id", "in", sorted(set(ids)))]
        context = {"active_test": not archived}
        return set(self.call(model, "search", domain=domain, context=context))

    def fields(self, model: str, names: Sequence[str] = ()) -> dict[str, Field]:
        """Return the fields that the remote has, of ``names`` or all.

        :raises Incompatible: there is no such model
        """
        found = self.call(
            model,
            "fields_get",
            allfields=list(names),
            attributes=["type", "relation", "digits", "selection"],
        )
        return {name: _field(attributes) for name, attributes in found.items()}

    def side_by_side(self, *reads: Callable[[], Any]) -> list[Any]:
        """Return the results of functions that only read the remote, in their order.

        A few calls are under way at once, and one at a time once the remote has asked
        for fewer, or where it is Odoo Online. The functions run in threads of their
        own. They may call this, too.

        :raises RemoteError: one of them failed, and nothing is under way any more
        """
        self._opened()
        if len(reads) < 2 or self._lanes.count == 1:
            return [read() for read in reads]
        with ThreadPoolExecutor(min(len(reads), LANES)) as pool:
            return list(pool.map(lambda read: read(), reads))

    # === RIGHTS === #

    def may(self, model: str, operation: str) -> bool:
        """Return whether the API user has a right on a model.

        :param operation: ``read``, ``create``, ``write`` or ``unlink``
        :raises Incompatible: there is no such model
        """
        if self.dialect.has_access_method == "has_access":
            allowed = self.call(model, "has_access", [], operation=operation)
        else:
            allowed = self.call(
                model,
                "check_access_rights",
                operation=operation,
                raise_exception=False,
            )
        return bool(allowed)

    def is_member(self, group: str) -> bool:
        """Return whether the API user is in a group, given by its external id."""
        user = [self._uid or self.authenticate()]
        ids = user if self.dialect.asks_group_of_user else None
        return bool(self.call("res.users", "has_group", ids, group_ext_id=group))

    # === STEPS === #

    def _opened(self) -> Protocol:
        if self._protocol is None:
            self._protocol = self._open(self.protocol)
        return self._protocol

    def _keep_pace(self) -> None:
        """Wait until the next call may be sent."""
        now = time.monotonic()
        if self._next_call_at > now:
            self._sleep(self._next_call_at - now)
        self._next_call_at = max(now, self._next_call_at) + self._pace_s

    def _repeated(self, send: Callable[[], T]) -> T:
        """Send what only reads, again while the remote is busy."""
        attempt = 1
        while True:
            try:
                with self._lanes:
                    self._keep_pace()
                    return send()
            except TryAgain as error:
                if isinstance(error, Throttled):
                    self._lanes.count = 1
                pause = error.retry_after_s
                if pause is None:
                    pause = FIRST_PAUSE_S * 2.0 ** (attempt - 1)
                if attempt == ATTEMPTS or pause > LONGEST_PAUSE_S:
                    raise
            self._sleep(pause)
            attempt += 1


class _Lanes:
    """Lets some calls be under way at once, and the others wait.

    :param count: how many, from now on
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._busy = 0
        self._left = threading.Condition()

    def __enter__(self) -> None:
        with self._left:
            self._left.wait_for(lambda: self._busy < self.count)
            self._busy += 1

    def __exit__(self, *exception: object) -> None:
        with self._left:
            self._busy -= 1
            self._left.notify_all()


def origin_of(address: str) -> str:
    """Return scheme, host and port of what a person typed.

    :raises WrongAddress: it cannot be the address of an Odoo
    """
    try:
        return wire.normalise_base_url(address)
    except errors.AddressError as error:
        problem = WrongAddress(error.message)
    raise problem


def _version(text: str) -> Version:
    try:
        return Version.of(text)
    except ValueError:
        problem: RemoteError = WrongAddress()
    raise problem


def _version_text(found: Any, name: str) -> str:
    return str(found.get(name) or "") if isinstance(found, dict) else ""


def _field(attributes: Mapping[str, Any]) -> Field:
    digits = attributes.get("digits")
    return Field(
        kind=str(attributes.get("type", "")),
        relation=str(attributes.get("relation") or ""),
        digits=int(digits[1]) if digits else None,
        selection=tuple(str(key) for key, _label in attributes.get("selection") or ()),
    )


def _refused_row(message: Mapping[str, Any]) -> RefusedRow:
    rows = message.get("rows")
    return RefusedRow(
        row=int(rows["from"]) if rows else None,
        field=str(message.get("field") or ""),
        message=str(message.get("message") or ""),
    )
