"""A running simulator: one for all tests that only read, or one for the test alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .. import Simulator
from .client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def reader() -> Iterator[Client]:
    """A client of a simulator that no test changes."""
    with Simulator(bills=60, orders=40, requisitions=15) as simulator:
        yield Client(simulator).log_in()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator that the test may change."""
    with Simulator(bills=12) as running:
        yield running


@pytest.fixture
def client(simulator: Simulator) -> Client:
    """A client, logged in, of the simulator that the test may change."""
    return Client(simulator).log_in()
