"""Conversations with the simulator, replayed: see cassettes/README.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from vcr.serializers import yamlserializer  # type: ignore[import-untyped]

from .. import RESOURCES, AuthenticationError, MissingObject, RemoteObject
from ..client import Client
from .conversations import BASE_URL, CASSETTES, CONVERSATIONS, SINCE, recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vcr.cassette import Cassette  # type: ignore[import-untyped]


class Replay:
    """Runs one recorded conversation; afterwards ``tape`` says what was used of it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.naps: list[float] = []
        self.tape: Cassette

    def __call__(self) -> Any:
        converse, page_size = CONVERSATIONS[self._name]
        client = Client(
            BASE_URL,
            "demo-client",
            "***",
            page_size=page_size,
            detail_workers=1,
            sleep=self.naps.append,
        )
        with recorder(record_mode="none").use_cassette(self._name) as self.tape, client:
            return converse(client)


@pytest.fixture
def replay(request: pytest.FixtureRequest) -> Iterator[Replay]:
    """Give the conversation named by the parameter; all of it must be replayed."""
    conversation = Replay(request.param)
    yield conversation
    assert conversation.tape.all_played


def told(name: str) -> pytest.MarkDecorator:
    """Choose the cassette of a test."""
    return pytest.mark.parametrize("replay", [name], indirect=True, ids=[name])


@told("sign_in")
def test_signing_in_says_whose_the_token_is(replay: Replay) -> None:
    tenant, email = replay()

    assert tenant
    assert "@" in email


@told("wrong_secret")
def test_a_wrong_secret_is_refused(replay: Replay) -> None:
    with pytest.raises(AuthenticationError) as raised:
        replay()

    assert raised.value.reason == "credentials"


@told("vendors")
def test_vendors_are_read_to_the_last(replay: Replay) -> None:
    pages = replay()

    assert len(pages) == pages[0].num_pages > 1
    found = [remote for page in pages for remote in page.objects]
    assert len(found) == len({remote.external_id for remote in found}) == pages[0].count
    assert all(remote.modified for remote in found)
    assert pages[-1].is_last
    _parse_all("vendor", found)


@told("small_lists")
def test_all_master_data_can_be_parsed(replay: Replay) -> None:
    for name, pages in replay().items():
        found = [remote for page in pages for remote in page.objects]
        assert found
        assert len(found) == pages[0].count
        _parse_all(name, found)


@told("changed_bills")
def test_changed_bills_come_newest_first_with_their_lines(replay: Replay) -> None:
    pages, details = replay()

    assert len(pages) > 1
    assert all(page.newest_first and page.obeys_filter for page in pages)
    rows = [remote for page in pages for remote in page.objects]
    assert all(remote.modified and remote.modified >= SINCE for remote in rows)
    *bills, missing = details
    assert missing == MissingObject("999999")
    assert [bill.external_id for bill in bills] == [row.external_id for row in rows]
    _parse_all("bill", bills)


@told("expired_token")
def test_an_expired_token_is_renewed_on_the_way(replay: Replay) -> None:
    assert replay() > 0
    posts = [seen for seen in replay.tape.requests if seen.method == "POST"]
    assert len(posts) == 2


@told("busy_server")
def test_a_busy_server_is_given_the_time_it_asked_for(replay: Replay) -> None:
    assert replay() > 0
    assert replay.naps == [pytest.approx(2, abs=0.1)]


def _parse_all(name: str, found: list[RemoteObject]) -> None:
    for remote in found:
        payload = RESOURCES[name].payload.from_json(remote.data)
        assert payload.external_id == remote.external_id
        assert payload.label
        assert json.loads(remote.raw).keys() == remote.data.keys()


# === THE CASSETTES THEMSELVES === #


def test_every_cassette_belongs_to_a_conversation() -> None:
    assert {path.stem for path in CASSETTES.glob("*.yaml")} == set(CONVERSATIONS)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_cassette_holds_no_secret_and_no_other_host(name: str) -> None:
    text = (CASSETTES / f"{name}.yaml").read_text("utf-8")

    assert "127.0.0.1" not in text
    assert "localhost" not in text
    for talk in yamlserializer.deserialize(text)["interactions"]:
        request = talk["request"]
        assert request["uri"].startswith(BASE_URL)
        assert "authorization" not in {header.lower() for header in request["headers"]}
        if request["method"] == "POST":
            assert json.loads(request["body"])["client_secret"] == "***"
            answer = json.loads(talk["response"]["body"]["string"])
            assert (
                answer.get("access_token", "token-of-the-tape") == "token-of-the-tape"
            )
