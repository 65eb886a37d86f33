"""The client over real HTTP: one interface, whatever series and protocol it meets."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import pytest
import requests

from procurify.tests.server import Reply, Request, half_a_body, reset_connection

from .. import (
    Conflict,
    KeyRefused,
    PrivateAddress,
    RemoteError,
    RemoteFault,
    RemoteOdoo,
    RowsRefused,
    Throttled,
    UnknownOutcome,
    Unreachable,
    UnsupportedVersion,
    WrongAddress,
)
from ..client import LANES
from ..protocols import xmlrpc_result
from ..shared import transport, wire
from ..transport import Answer
from .fake import KEY, SERIES, UID, WAYS, FakeOdoo, web_page

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[[str], FakeOdoo]
    Connect = Callable[..., RemoteOdoo]


_CONFLICT = "serialization: row changed in each of the server's own five tries"


def _json2(method: str) -> str:
    return f"/json/2/account.move/{method}"


# === WHAT IT IS === #


@pytest.mark.parametrize("series", SERIES)
def test_version_and_best_protocol_are_found_without_a_key(
    series: str, serve: Serve, connect: Connect
) -> None:
    server = serve(series)
    remote = connect(server)

    assert str(remote.version) == series
    assert remote.dialect.series == remote.version.series
    assert remote.protocol == ("json2" if series == "19.0" else "jsonrpc")
    assert all(KEY.encode() not in request.body for request in server.requests)
    assert remote.authenticate() == UID


def test_xmlrpc_is_used_where_jsonrpc_is_closed(serve: Serve, connect: Connect) -> None:
    server = serve("15.0")
    server.answers["/jsonrpc"] = [web_page(404, "Not Found")]
    remote = connect(server)

    assert remote.protocol == "xmlrpc"
    assert remote.authenticate() == UID


def test_an_older_odoo_is_refused(serve: Serve, connect: Connect) -> None:
    server = serve("14.0")
    server.series = "13.0"
    remote = connect(server)

    with pytest.raises(UnsupportedVersion, match=r"13\.0"):
        remote.authenticate()


@pytest.mark.parametrize(
    "answer",
    [
        web_page(200, "Welcome to our shop"),
        Reply({"hello": "world"}),
        Reply(status=301, headers={"Location": "https://elsewhere.example/"}),
    ],
    ids=["a page", "other JSON", "a redirect"],
)
def test_a_server_that_is_no_odoo_is_named(
    answer: Reply, serve: Serve, connect: Connect
) -> None:
    server = serve("17.0")
    for path in ("/web/version", "/jsonrpc", "/xmlrpc/2/common"):
        server.answers[path] = [answer]

    with pytest.raises(WrongAddress, match="no Odoo"):
        connect(server).authenticate()


# === CALLS === #


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_every_series_and_protocol_has_the_same_interface(
    way: tuple[str, str], serve: Serve, connect: Connect
) -> None:
    series, protocol = way
    server = serve(series)
    remote = connect(server, protocol=protocol)

    ids = remote.call("res.partner", "create", vals_list=[{"name": "A"}, {"name": "B"}])
    assert ids == [1, 2]
    remote.call("res.partner", "write", [2], vals={"name": "C"})
    assert remote.call("res.partner", "search", domain=[("name", "=", "C")]) == [2]
    assert remote.visible("res.partner", [2, 3, 2]) == {2}
    price = remote.fields("account.move.line", ["price_unit", "no_such_field"])
    assert set(price) == {"price_unit"}
    assert price["price_unit"].digits == (None if series == "19.0" else 2)
    relation = remote.fields("account.move", ["line_ids"])["line_ids"]
    assert (relation.kind, relation.relation) == ("one2many", "account.move.line")
    server.denied.add(("account.move", "create"))
    assert remote.may("account.move", "read")
    assert not remote.may("account.move", "create")
    assert remote.is_member("account.group_account_invoice")
    assert not remote.is_member("base.group_system")


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_load_creates_once_and_names_each_guilty_row(
    way: tuple[str, str], serve: Serve, connect: Connect
) -> None:
    series, protocol = way
    server = serve(series)
    remote = connect(server, protocol=protocol)
    columns = ["id", "name"]
    rows = [["__import__.procurify_7_vendor_1", "A"], ["__import__.procurify_2", "B"]]

    assert remote.load("res.partner", columns, rows) == [1, 2]
    assert remote.load("res.partner", columns, rows) == [1, 2]
    with pytest.raises(RowsRefused) as caught:
        remote.load("res.partner", columns, [["a.c", "C"], ["a.d", None], ["a.e", ""]])
    assert [(row.row, row.field) for row in caught.value.rows] == [
        (1, "name"),
        (2, "name"),
    ]
    assert str(caught.value) == "Missing required value for the field 'Name'"
    assert len(server.rows["res.partner"]) == 2


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc", "xmlrpc"])
def test_amounts_arrive_as_they_were(
    protocol: str, serve: Serve, connect: Connect
) -> None:
    server = serve("19.0")
    remote = connect(server, protocol=protocol)
    amounts = [Decimal("15.01"), Decimal("0.1"), Decimal("123456789012.35")]
    made = remote.call(
        "account.move", "create", vals_list=[{"amount": each} for each in amounts]
    )
    assert [type(row["amount"]) for row in server.rows["account.move"]] == [float] * 3

    [page] = remote.pages("account.move", ["amount"])
    assert [row["amount"] for row in page] == amounts
    assert [row["id"] for row in page] == made

    row = [Decimal("1E+3"), 7, True, False, None]
    remote.load("account.move", ["name", "a", "b", "c", "d"], [row])
    stored = server.rows["account.move"][-1]
    assert [stored[name] for name in ("name", "a", "b", "c", "d")] == [
        *("1000", "7", "1", "", "")
    ]


# === PAGES === #


@pytest.mark.parametrize("protocol", ["json2", "jsonrpc", "xmlrpc"])
def test_pages_bring_every_record_once_however_many_there_are(
    protocol: str, serve: Serve, connect: Connect
) -> None:
    server = serve("19.0")
    remote = connect(server, protocol=protocol)
    for number in range(1, 8):
        server.add("res.partner", name=f"Vendor {number}")

    sizes = {}
    for size in (3, 7, 10):
        pages = list(remote.pages("res.partner", ["name"], size=size))
        sizes[size] = [len(page) for page in pages]
        assert [row["id"] for page in pages for row in page] == list(range(1, 8))
    assert sizes == {3: [3, 3, 1], 7: [7], 10: [7]}


def test_a_record_that_goes_or_comes_between_two_pages_moves_no_other(
    serve: Serve, connect: Connect
) -> None:
    server = serve("18.0")
    remote = connect(server)
    for number in range(1, 7):
        server.add("res.partner", name=f"Vendor {number}")

    pages = remote.pages("res.partner", ["name"], size=2)
    seen = [row["id"] for row in next(pages)]
    del server.rows["res.partner"][0]
    server.add("res.partner", name="Late")
    seen += [row["id"] for page in pages for row in page]
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_only_what_was_written_since_comes(serve: Serve, connect: Connect) -> None:
    server = serve("16.0")
    server.add("res.partner", name="Old")
    server.add("res.partner", name="New", write_date="2026-03-02 00:00:00")

    found = connect(server).pages("res.partner", ["name"], since="2026-03-02 00:00:00")
    assert [row["name"] for page in found for row in page] == ["New"]


# === TROUBLE === #


def test_what_only_reads_is_sent_again_while_the_remote_is_busy(
    serve: Serve, connect: Connect, naps: list[float]
) -> None:
    server = serve("19.0")
    server.add("account.move", name="A")
    remote = connect(server)
    remote.authenticate()
    server.faults["account.move.search_read"] = [_CONFLICT, _CONFLICT]

    assert [len(page) for page in remote.pages("account.move", ["name"])] == [1]
    assert naps == [1, 2]
    server.faults["account.move.search_read"] = [_CONFLICT] * 3
    with pytest.raises(Conflict):
        list(remote.pages("account.move", ["name"]))


@pytest.mark.parametrize(
    ("reply", "to_a_read", "to_a_write"),
    [
        (Reply(misbehave=reset_connection), Unreachable, UnknownOutcome),
        (Reply(misbehave=half_a_body), Unreachable, UnknownOutcome),
        (web_page(502, "Bad Gateway"), Unreachable, UnknownOutcome),
        (web_page(500, "Internal Server Error"), Unreachable, UnknownOutcome),
        (Reply(body=b"{"), Unreachable, UnknownOutcome),
        (web_page(403, "Request blocked"), Unreachable, UnknownOutcome),
        (web_page(200, "Log in"), WrongAddress, UnknownOutcome),
        (web_page(404, "Not Found"), WrongAddress, WrongAddress),
        (Reply(status=303, headers={"Location": "/web/login"}), *2 * [WrongAddress]),
        (Reply({}, status=429), Throttled, Throttled),
        (web_page(413, "Too Large"), RemoteFault, RemoteFault),
    ],
    ids=[
        *("hang up", "half", "gateway", "crash", "cut", "firewall", "page", "none"),
        *("redirect", "throttled", "too large"),
    ],
)
def test_a_lost_answer_is_an_unknown_outcome_only_if_something_may_have_changed(
    reply: Reply,
    to_a_read: type[RemoteError],
    to_a_write: type[RemoteError],
    serve: Serve,
    connect: Connect,
) -> None:
    server = serve("19.0")
    remote = connect(server)
    remote.authenticate()
    for method in ("search", "action_post"):
        server.answers[_json2(method)] = [reply]

    with pytest.raises(to_a_read) as caught:
        remote.call("account.move", "search", domain=[])
    assert type(caught.value) is to_a_read
    with pytest.raises(to_a_write) as caught:
        remote.call("account.move", "action_post", [7])
    assert type(caught.value) is to_a_write
    assert len(server.seen(_json2("action_post"))) == 1


def test_a_server_that_is_down_has_changed_nothing(
    serve: Serve, connect: Connect
) -> None:
    server = serve("19.0")
    remote = connect(server, protocol="json2", address="http://127.0.0.1:1")

    with pytest.raises(Unreachable):
        remote.call("account.move", "action_post", [7])


def test_a_slow_server_is_not_waited_for(serve: Serve, connect: Connect) -> None:
    server = serve("19.0")

    def wait(_request: Request) -> Reply:
        time.sleep(1)
        return Reply([])

    server.answers[_json2("search")] = wait
    server.answers[_json2("action_post")] = wait
    remote = connect(server, protocol="json2", read_timeout=0.1, write_timeout=0.1)

    with pytest.raises(Unreachable):
        remote.call("account.move", "search", domain=[])
    with pytest.raises(UnknownOutcome):
        remote.call("account.move", "action_post", [7])


def test_a_server_that_asks_for_a_pause_gets_it(
    serve: Serve, connect: Connect, naps: list[float]
) -> None:
    server = serve("19.0")
    remote = connect(server, protocol="json2")
    busy = {"Retry-After": "7"}
    server.answers[_json2("search")] = [Reply({}, 429, busy), Reply([1])]

    assert remote.call("account.move", "search", domain=[]) == [1]
    assert naps == [7]
    server.answers[_json2("search")] = [Reply({}, 429, {"Retry-After": "600"})]
    with pytest.raises(Throttled) as caught:
        remote.call("account.move", "search", domain=[])
    assert caught.value.retry_after_s == 600
    assert naps == [7]


def test_some_reads_are_under_way_at_once(
    serve: Serve, connect: Connect, naps: list[float]
) -> None:
    server = serve("19.0")
    under_way, most, lock = 0, 0, Lock()

    def answer(request: Request) -> Reply:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05)
        with lock:
            under_way -= 1
        return Reply(json.loads(request.body)["domain"])

    server.answers[_json2("search")] = answer
    remote = connect(server)

    def read(*values: int) -> Callable[[], Any]:
        return lambda: remote.call("account.move", "search", domain=list(values))

    found = remote.side_by_side(
        *(read(number) for number in range(6)),
        lambda: remote.side_by_side(read(6), read(7)),
    )

    assert found == [*([number] for number in range(6)), [[6], [7]]]
    assert 1 < most <= LANES
    # Once it asks for fewer calls, it gets one at a time.
    server.answers[_json2("search")] = [
        Reply({}, 429, {"Retry-After": "7"}),
        Reply([1]),
    ]
    assert read(0)() == [1]
    server.answers[_json2("search")], most = answer, 0
    assert remote.side_by_side(read(1), read(2)) == [[1], [2]]
    assert most == 1
    assert naps == [7]


def test_what_fails_at_the_same_time_raises_once_all_has_ended(
    serve: Serve, connect: Connect
) -> None:
    server = serve("19.0")
    began, ended = Event(), Event()

    def refuse() -> None:
        began.wait(2)
        raise KeyRefused("no")

    def read() -> None:
        began.set()
        time.sleep(0.1)
        ended.set()

    with pytest.raises(KeyRefused):
        connect(server).side_by_side(refuse, read)
    assert ended.is_set()


def test_connections_are_kept(serve: Serve, connect: Connect) -> None:
    server = serve("19.0")
    remote = connect(server)
    for _ in range(3):
        remote.call("res.partner", "search", domain=[])
        remote.call("res.partner", "create", vals_list=[{"name": "Blank & Sons"}])

    assert len(server.requests) == 7
    assert server.connections == 1


def test_odoo_online_is_called_once_a_second(naps: list[float]) -> None:
    remote = RemoteOdoo(
        "acme.odoo.com",
        *("acme", "x", "y"),
        protocol="json2",
        sleep=naps.append,
        session_factory=_no_network,
    )

    for _ in range(3):
        with pytest.raises(Unreachable):
            remote.call("account.move", "action_post", [7])
    assert [round(nap) for nap in naps] == [1, 2]


def _no_network() -> Any:
    """Return a session that reaches nobody."""

    class Session(requests.Session):
        def send(self, request: Any, **kwargs: Any) -> Any:
            raise requests.exceptions.ConnectTimeout("no network in a test")

    return Session()


# === ADDRESSES AND SECRETS === #


@pytest.mark.parametrize(
    "typed",
    ["", "http://odoo.example", "https://me:pw@odoo.example", "ftp://a.example"],
)
def test_an_address_that_would_give_the_key_away_is_refused(typed: str) -> None:
    with pytest.raises(WrongAddress):
        RemoteOdoo(typed, "books", "x", "y")


def test_this_machine_and_private_networks_are_not_asked_unless_allowed(
    serve: Serve, connect: Connect
) -> None:
    server = serve("19.0")

    with pytest.raises(PrivateAddress) as caught:
        connect(server, allow_loopback=False).authenticate()
    assert not caught.value.can_be_allowed
    assert server.requests == []
    with pytest.raises(PrivateAddress) as caught:
        connect(server, address="https://10.1.2.3").authenticate()
    assert caught.value.can_be_allowed


def test_nothing_that_the_client_shows_leads_to_the_key(
    serve: Serve, connect: Connect
) -> None:
    server = serve("19.0")
    for protocol in ("json2", "jsonrpc", "xmlrpc"):
        remote = connect(server, protocol=protocol)
        remote.authenticate()
        shown = [repr(remote), str(vars(remote)), str(vars(remote._transport))]
        assert KEY not in "".join(shown)


def test_the_key_goes_to_no_other_path(serve: Serve, connect: Connect) -> None:
    remote = connect(serve("19.0"))
    session = remote._transport._session

    for url in (f"{remote.origin}/web/login", "https://elsewhere.example/jsonrpc"):
        with pytest.raises(wire.ForbiddenRequest):
            session.post(url, data=b"x")


def test_an_answer_with_entities_of_its_own_is_not_read() -> None:
    body = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    answer = Answer(200, {"Content-Type": "text/xml"}, body)

    with pytest.raises(RemoteError):
        xmlrpc_result(answer, changes=False)


def test_each_request_leaves_a_trace_without_its_content(
    serve: Serve, connect: Connect
) -> None:
    kept = transport.Traces()
    remote = connect(serve("17.0"), kept=kept)
    remote.call("res.partner", "create", vals_list=[{"name": "Blank & Sons"}])

    shown = [(trace.method, trace.path, trace.status) for trace in kept.newest()]
    assert shown == [
        ("GET", "/web/version", 404),
        ("POST", "/jsonrpc version", 200),
        ("POST", "/jsonrpc common.login", 200),
        ("POST", "/jsonrpc res.partner.create", 200),
    ]
    assert "Blank" not in json.dumps(shown)
