"""What the tests share: a remote Odoo of any series, and clients that do not wait."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from .. import RemoteOdoo
from .fake import DATABASE, KEY, LOGIN, FakeOdoo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def naps() -> list[float]:
    """Give the list of how long the clients wanted to sleep, in seconds."""
    return []


@pytest.fixture
def serve() -> Iterator[Callable[[str], FakeOdoo]]:
    """Give a function that starts a remote Odoo of a series."""
    with ExitStack() as stack:

        def start(series: str) -> FakeOdoo:
            server = FakeOdoo(series)
            stack.enter_context(server)
            return server

        yield start


@pytest.fixture
def connect(naps: list[float]) -> Iterator[Callable[..., RemoteOdoo]]:
    """Give a function that makes clients of a server."""
    with ExitStack() as stack:

        def make(server: FakeOdoo, **changes: Any) -> RemoteOdoo:
            options = {
                "database": DATABASE,
                "login": LOGIN,
                "key": KEY,
                "sleep": naps.append,
                "read_timeout": 2,
                "write_timeout": 2,
                "allow_loopback": True,
                **changes,
            }
            address = options.pop("address", server.url)
            return stack.enter_context(RemoteOdoo(address, **options))

        yield make
