"""Nothing but GET and the one token POST can leave this package."""

from __future__ import annotations

import ast
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from .. import RESOURCES
from ..wire import ForbiddenRequest, Reach, guard
from .server import (
    ACCESS_TOKEN,
    TOKEN_PATH,
    FaultyServer,
    Reply,
    collecting,
    page_json,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client

SINCE = datetime(2026, 3, 12, tzinfo=timezone.utc)
VERBS = ("post", "put", "patch", "delete", "head", "options")


def sessions_of(connect: Callable[..., Client]) -> list[requests.Session]:
    """Return the sessions that a client makes: for the tenant, and for other hosts."""
    sessions = list[requests.Session]()
    connect(session_factory=collecting(sessions))
    return sessions


@pytest.mark.parametrize("verb", VERBS)
def test_every_other_verb_of_the_session_is_refused(
    server: FaultyServer, connect: Callable[..., Client], verb: str
) -> None:
    session, _elsewhere = sessions_of(connect)

    with pytest.raises(ForbiddenRequest):
        getattr(session, verb)(server.url + "/api/v3/vendors/")
    with pytest.raises(ForbiddenRequest):
        session.request(verb.upper(), server.url + "/api/v3/vendors/")
    assert server.requests == []


def test_the_list_of_verbs_is_complete() -> None:
    """A verb that a later version of requests adds must be looked at."""
    functions = {name for name in vars(requests.Session) if not name.startswith("_")}
    not_verbs = {
        "close",
        "get",
        "get_adapter",
        "get_redirect_target",
        "merge_environment_settings",
        "mount",
        "prepare_request",
        "rebuild_auth",
        "rebuild_method",
        "rebuild_proxies",
        "request",
        "resolve_redirects",
        "send",
        "should_strip_auth",
    }
    assert functions - not_verbs == set(VERBS)


def test_nothing_goes_to_another_host_not_even_a_get(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    session, _elsewhere = sessions_of(connect)

    with pytest.raises(ForbiddenRequest):
        session.get("http://localhost:1/api/v3/vendors/")
    with pytest.raises(ForbiddenRequest):
        session.post(server.url + TOKEN_PATH + "/else")


@pytest.mark.parametrize("header", ["authorization", "Cookie", "X-Procurify-Client"])
def test_no_credential_goes_to_another_host(
    server: FaultyServer, connect: Callable[..., Client], header: str
) -> None:
    _tenant, session = sessions_of(connect)

    with pytest.raises(ForbiddenRequest):
        session.get(server.url, headers={header: "x"})
    for verb in VERBS:
        with pytest.raises(ForbiddenRequest):
            getattr(session, verb)(server.url)
    assert server.requests == []


def test_all_that_a_client_can_do_is_get_and_the_token_post(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    detailed = []
    for resource in RESOURCES.values():
        row = {resource.key: 7}
        for variant in resource.variants:
            path = variant.list_path or resource.list_path
            server.answers[path] = [Reply(page_json([row]))]
        if resource.detail_path:
            server.answers[resource.detail_path.format(id=7)] = [Reply({"data": row})]
            detailed.append(resource)
    client = connect()

    client.authenticate()
    for resource in RESOURCES.values():
        assert list(client.pages(resource))
        assert list(client.pages(resource, since=SINCE, created_since=SINCE))
        assert client.count(resource) == 1
    assert [client.details(resource, [7]) for resource in detailed]
    server.answers["/media/7/"] = [Reply(body=b"%PDF")]
    assert client.download("/media/7/", limit=9)

    sent = {(seen.method, seen.path) for seen in server.requests}
    assert {path for method, path in sent if method != "GET"} == {TOKEN_PATH}
    gets = [seen for seen in server.requests if seen.method == "GET"]
    assert all(seen.path.endswith("/") for seen in gets)
    for seen in gets:
        assert seen.headers["Authorization"] == f"Bearer {ACCESS_TOKEN}"
        assert seen.headers["X-Procurify-Client"] == "api"
        is_file = seen.path.startswith("/media/")
        assert seen.headers["Accept"] == ("*/*" if is_file else "application/json")
    posts = server.seen(TOKEN_PATH)
    assert len(posts) == 1
    assert "Authorization" not in posts[0].headers


def test_the_source_names_no_other_verb() -> None:
    """Session methods are called in transport.py only: one get, one post."""
    calls = []
    for path in Path(__file__).parent.parent.glob("**/*.py"):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                if "session" in owner.lower() or owner == "requests":
                    calls.append((path.name, node.func.attr))
    assert sorted(calls) == [
        ("transport.py", "close"),
        ("transport.py", "get"),
        ("transport.py", "post"),
        ("wire.py", "Request"),
        ("wire.py", "mount"),
        ("wire.py", "set_policy"),
    ]


def test_a_redirect_cannot_be_followed_even_if_asked_for(server: FaultyServer) -> None:
    token_url, reach = server.url + TOKEN_PATH, Reach(loopback=True)
    session = guard(requests.Session(), server.url, token_url, reach)
    there = {"Location": server.url + "/there/"}
    server.answers["/here/"] = [Reply({}, status=302, headers=there)]

    response = session.get(server.url + "/here/", allow_redirects=True)

    assert response.status_code == 302
    assert server.seen("/there/") == []
