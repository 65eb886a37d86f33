"""What the tests share: a server that misbehaves, a client that does not wait."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from .. import Client
from .server import SECRET, FaultyServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

settings.register_profile("ours", derandomize=True, database=None, deadline=None)
settings.load_profile("ours")

SAMPLES = Path(__file__).with_name("samples")


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """Give a server of this machine."""
    with FaultyServer() as running:
        yield running


@pytest.fixture
def naps() -> list[float]:
    """Give the list of how long the client wanted to sleep, in seconds."""
    return []


@pytest.fixture
def connect(server: FaultyServer, naps: list[float]) -> Iterator[Callable[..., Client]]:
    """Give a function that makes clients of the server; they never really wait."""
    clients: list[Client] = []

    def make(**changes: Any) -> Client:
        options = {
            "sleep": naps.append,
            "timeout": 2,
            "allow_loopback": True,
            **changes,
        }
        base_url = options.pop("base_url", server.url)
        clients.append(Client(base_url, "id-1", SECRET, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def sample() -> Callable[[str], Any]:
    """Give a function that reads a sample as the client would."""

    def read(name: str) -> Any:
        return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))

    return read
