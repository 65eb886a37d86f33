"""Reading many details at the same time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from .. import (
    RESOURCES,
    ForbiddenError,
    MissingObject,
    ProtocolError,
    RemoteObject,
)
from .server import FaultyServer, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client

BILLS = RESOURCES["bill"]


def _path(external_id: object) -> str:
    return f"/api/v2/ap/bills/{external_id}/"


def _serve(server: FaultyServer, *ids: int) -> None:
    for number in ids:
        body = f'{{"metadata": {{}}, "data": {{"id": {number}, "total": 1.10}} }}'
        server.answers[_path(number)] = [Reply(body=body.encode())]


def test_details_come_in_the_order_of_the_ids(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    _serve(server, *range(20))

    def slow(_: Request) -> Reply:
        time.sleep(0.05)
        return Reply({"data": {"id": 0}})

    server.answers[_path(0)] = slow

    found = connect().details(BILLS, range(20))

    assert [remote.external_id for remote in found] == [str(n) for n in range(20)]


def test_a_detail_keeps_its_text(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    _serve(server, 7)

    (remote,) = connect().details(BILLS, ["7"])

    assert isinstance(remote, RemoteObject)
    assert remote.raw == '{"id": 7, "total": 1.10}'


def test_what_is_not_there_is_said_to_be_missing(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    _serve(server, 1, 3)

    found = connect().details(BILLS, [1, 2, 3])

    assert found[1] == MissingObject("2")
    assert [remote.external_id for remote in found] == ["1", "2", "3"]


def test_no_ids_cost_no_request(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    assert connect().details(BILLS, []) == []
    assert server.requests == []


def test_at_most_so_many_requests_at_the_same_time(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    lock, three, now, most = threading.Lock(), threading.Barrier(3), 0, 0

    def count(_: Request) -> Reply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        three.wait(5)
        with lock:
            now -= 1
        return Reply({"data": {"id": 1}})

    for number in range(12):
        server.answers[_path(number)] = count

    connect(detail_workers=3).details(BILLS, range(12))

    assert most == 3


def test_a_failure_drops_what_was_not_sent_yet(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    def slow(_: Request) -> Reply:
        time.sleep(0.01)
        return Reply({"data": {"id": 1}})

    server.answers.update({_path(number): slow for number in range(200)})
    server.answers[_path(5)] = [Reply({"detail": "No"}, status=403)]

    with pytest.raises(ForbiddenError):
        connect(detail_workers=2).details(BILLS, range(200))

    assert len(server.requests) < 100


def test_a_failure_stops_the_retries_of_the_others(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    failed = threading.Event()
    busy = Reply({}, status=503)

    def wait_for_failure(_: float) -> None:
        failed.wait(2)
        time.sleep(0.3)

    def fail(_: Request) -> Reply:
        failed.set()
        return Reply({"detail": "No"}, status=403)

    server.answers[_path(1)] = [busy]
    server.answers[_path(2)] = fail

    with pytest.raises(ForbiddenError):
        connect(sleep=wait_for_failure, detail_workers=2).details(BILLS, [1, 2])

    assert len(server.seen(_path(1))) == 1


def test_a_thread_that_waits_is_woken_when_another_failed(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    other_has_asked = threading.Event()

    def pause(_: Request) -> Reply:
        # A pause holds up every request that was not sent yet.
        other_has_asked.wait(5)
        return Reply({}, status=503, headers={"Retry-After": "25"})

    def fail(_: Request) -> Reply:
        other_has_asked.set()
        time.sleep(0.1)
        return Reply({"detail": "No"}, status=403)

    server.answers[_path(1)] = pause
    server.answers[_path(2)] = fail
    started = time.monotonic()

    with pytest.raises(ForbiddenError):
        connect(sleep=time.sleep, detail_workers=2).details(BILLS, [1, 2])

    assert time.monotonic() - started < 5


def test_threads_share_the_pause_that_the_server_asked_for(
    server: FaultyServer, connect: Callable[..., Client], naps: list[float]
) -> None:
    _serve(server, 2)
    pause = Reply({}, status=429, headers={"Retry-After": "30"})
    server.answers[_path(1)] = [pause, Reply({"data": {"id": 1}})]
    other_may_go = threading.Event()

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 1:
            other_may_go.wait(2)
        other_may_go.set()

    client = connect(sleep=nap, detail_workers=2)
    thread = threading.Thread(target=client.details, args=(BILLS, [1]))
    thread.start()
    while not naps:
        time.sleep(0.005)
    client.details(BILLS, [2])
    thread.join()

    assert naps == [pytest.approx(30, abs=1)] * 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"data": None}),
        Reply({"data": [{"id": 1}]}),
        Reply({"data": {}}),
        Reply(1),
    ],
)
def test_a_detail_of_another_shape_is_refused(
    server: FaultyServer, connect: Callable[..., Client], reply: Reply
) -> None:
    server.answers[_path(1)] = [reply]

    with pytest.raises(ProtocolError, match="not an object with a key"):
        connect().details(BILLS, [1])


def test_an_id_cannot_leave_its_place_in_the_path(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    found = connect().details(BILLS, ["../../x?y=1"])

    assert found == [MissingObject("../../x?y=1")]
    assert server.requests[-1].path == _path("..%2F..%2Fx%3Fy%3D1")


def test_a_resource_without_detail_is_a_programming_error(
    connect: Callable[..., Client],
) -> None:
    with pytest.raises(ValueError, match="no detail"):
        connect().details(RESOURCES["currency"], [1])
