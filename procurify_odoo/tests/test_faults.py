"""What each kind of fault of each series means, in each protocol, over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from procurify.tests.server import Reply

from .. import (
    Conflict,
    Denied,
    Gone,
    Incompatible,
    KeyRefused,
    RefusedValues,
    RemoteError,
    RemoteFault,
    RemoteOdoo,
    TryAgain,
    UnknownOutcome,
    Unreachable,
    WrongDatabase,
)
from ..faults import error_of, error_of_xml
from .fake import DATABASE, KEY, WAYS, FakeOdoo, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

#: What the caller does about each kind of fault.
MEANINGS: dict[str, type[RemoteError]] = {
    "bad date": RemoteFault,
    "missing argument": Incompatible,
    "missing record: method": Gone,
    "missing record: write": Gone,
    "missing right: create": Denied,
    "missing right: read a model (user without accounting)": Denied,
    "private method": Incompatible,
    "required field missing (NOT NULL)": RefusedValues,
    "selection value unknown": RemoteFault,
    "serialization: row changed in each of the server's own five tries": Conflict,
    "unbalanced entry": RefusedValues,
    "unknown field: create": Incompatible,
    "unknown field: read": Incompatible,
    "unknown field: search domain": Incompatible,
    "unknown field: write": Incompatible,
    "unknown keyword argument": Incompatible,
    "unknown method": Incompatible,
    "unknown model": Incompatible,
    "user error: post an empty bill": RefusedValues,
    "validation error: partner its own parent": RefusedValues,
    "wrong type for a number": RemoteFault,
}
#: Not alike in all series, or no fault of a call.
OTHERS = {
    "body is not JSON",
    "login: common.login with wrong key",
    "login: password instead of key",
    "login: unknown database",
    "login: unknown user",
    "missing record as many2one value",
    "no key",
    "password as bearer",
    "second or expired key",
    "service unknown",
    "unknown database",
    "unknown uid",
    "unlink refused",
    "wrong key",
}


def test_every_recorded_kind_of_fault_has_a_meaning() -> None:
    assert {*MEANINGS} | OTHERS == set(recorded("faults"))
    assert not {*MEANINGS} & OTHERS


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_a_fault_is_named_after_what_the_caller_does(
    way: tuple[str, str],
    serve: Callable[[str], FakeOdoo],
    connect: Callable[..., RemoteOdoo],
) -> None:
    series, protocol = way
    server = serve(series)
    remote = connect(server, protocol=protocol)

    for case, meaning in MEANINGS.items():
        server.faults["account.move.action_post"] = [case]
        with pytest.raises(meaning) as caught:
            remote.call("account.move", "action_post", [7])
        assert type(caught.value) is meaning, case
        assert caught.value.message
        assert KEY not in str(caught.value)
        sent = server.calls[-1]
        assert sent[:2] == ("account.move", "action_post")
    assert len(server.calls) == len(MEANINGS)  # nothing is sent twice


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_a_wrong_key_is_refused_at_the_login_and_later(
    way: tuple[str, str],
    serve: Callable[[str], FakeOdoo],
    connect: Callable[..., RemoteOdoo],
) -> None:
    series, protocol = way
    server = serve(series)
    remote = connect(server, protocol=protocol)
    remote.authenticate()
    server.key = "another"

    with pytest.raises(KeyRefused):
        remote.call("res.partner", "search", domain=[])
    with pytest.raises(KeyRefused):
        connect(server, protocol=protocol).authenticate()


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_an_unknown_database_is_named(
    way: tuple[str, str],
    serve: Callable[[str], FakeOdoo],
    connect: Callable[..., RemoteOdoo],
) -> None:
    series, protocol = way
    server = serve(series)
    server.faults["res.users.context_get"] = ["unknown database"]

    with pytest.raises(WrongDatabase):
        connect(server, protocol=protocol, database=f"no{DATABASE}").authenticate()


def test_the_key_of_another_user_is_refused(
    serve: Callable[[str], FakeOdoo], connect: Callable[..., RemoteOdoo]
) -> None:
    remote = connect(serve("19.0"), login="somebody@acme.example")

    with pytest.raises(KeyRefused, match="another user"):
        remote.authenticate()


def test_a_result_that_cannot_be_written_is_no_failure_of_the_call(
    serve: Callable[[str], FakeOdoo], connect: Callable[..., RemoteOdoo]
) -> None:
    server = serve("17.0")

    by_json = connect(server, protocol="jsonrpc")
    assert by_json.call("account.move", "button_draft", [7]) is None
    # XML-RPC cannot say "nothing", and fails after the work was saved.
    with pytest.raises(UnknownOutcome):
        connect(server, protocol="xmlrpc").call("account.move", "button_draft", [7])


def test_a_deleted_api_user_is_a_refused_key(
    serve: Callable[[str], FakeOdoo], connect: Callable[..., RemoteOdoo]
) -> None:
    server = serve("16.0")
    remote = connect(server)
    text = (
        "Record does not exist or has been deleted.\n(Record: res.users(6,), User: 6)"
    )
    fault = {"name": "odoo.exceptions.MissingError", "message": text}
    remote.authenticate()
    server.answers["/jsonrpc"] = lambda _request: _error(fault)

    with pytest.raises(KeyRefused):
        remote.call("account.move", "action_post", [7])


def _error(data: dict[str, str]) -> Reply:
    return Reply({"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "data": data}})


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (
            "Traceback\n  File ...\npsycopg2.errors.SerializationFailure: could not\n"
            "CONTEXT: while updating",
            Conflict,
        ),
        ("Traceback\nKeyError: 'nofield'", Incompatible),
        (
            "Traceback\npsycopg2.OperationalError: connection to server at "
            '"db.example" failed: FATAL:  database "books" does not exist',
            WrongDatabase,
        ),
        ("Traceback\npsycopg2.OperationalError: the server went away", Unreachable),
        ("Traceback\nZeroDivisionError: division by zero", RemoteFault),
        ("", RemoteFault),
    ],
)
def test_the_end_of_a_traceback_says_what_happened(
    text: str, meaning: type[RemoteError]
) -> None:
    assert type(error_of_xml(1, text, changes=False)) is meaning


@pytest.mark.parametrize(
    "name", ["psycopg2.OperationalError", "psycopg2.InterfaceError"]
)
def test_a_remote_that_loses_its_database_may_have_saved_a_change(name: str) -> None:
    words = "server closed the connection unexpectedly"

    assert type(error_of(name, words, changes=False)) is Unreachable
    assert type(error_of(name, words, changes=True)) is UnknownOutcome
    # In these nothing was saved, and the same call may be sent again.
    for safe in ("psycopg2.errors.SerializationFailure", "odoo.sql_db.PoolError"):
        assert isinstance(error_of(safe, words, changes=True), TryAgain)
