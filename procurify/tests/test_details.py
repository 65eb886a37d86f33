"""Reading many details at the same time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from .. import (
    RESOURCES,
    MissingObject,
    ProtocolError,
    RemoteObject,
    Throttled,
    TransientError,
    UnreadableObject,
)
from .server import FaultyServer, Reply, Request, page_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client

BILLS = RESOURCES["bill"]
BUSY = Reply({}, status=429, headers={"Retry-After": "3600"})


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


class Crowd:
    """Answers slowly, and counts how many requests are there at the same time.

    ``counts`` has that number for each request, in the order of their coming.
    """

    def __init__(self) -> None:
        self._lock, self._now = threading.Lock(), 0
        self.counts: list[int] = []

    def __call__(self, _: Request) -> Reply:
        with self._lock:
            self._now += 1
            self.counts.append(self._now)
        time.sleep(0.03)
        with self._lock:
            self._now -= 1
        return Reply({"data": {"id": 1}})


def test_reading_begins_with_few_requests_and_speeds_up_to_the_limit(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    crowd = Crowd()
    server.answers.update({_path(number): crowd for number in range(120)})

    connect(detail_workers=12).details(BILLS, range(120))

    assert max(crowd.counts[:4]) <= 4
    assert max(crowd.counts) == 12


def test_reading_after_a_trouble_begins_with_one_request(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    crowd = Crowd()
    server.answers.update({_path(number): crowd for number in range(40)})

    connect(detail_workers=12, is_cautious=True).details(BILLS, range(40))

    assert max(crowd.counts[:3]) <= 2
    assert max(crowd.counts) > 4


def test_a_refusal_makes_it_one_request_at_a_time(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    crowd = Crowd()
    server.answers.update({_path(number): crowd for number in range(60)})
    client = connect(detail_workers=12)
    client.details(BILLS, range(60))
    refusal = Reply({}, status=429, headers={"Retry-After": "1"})
    server.answers[_path(100)] = [refusal, Reply({"data": {"id": 100}})]
    client.details(BILLS, [100])
    before = len(crowd.counts)

    client.details(BILLS, range(60))

    # One answer was there already; then one more for each round of answers.
    after = crowd.counts[before:]
    assert max(after[:2]) <= 2
    assert max(after[:9]) <= 4
    assert 4 < max(after) <= 11


def test_a_failure_drops_what_waits_for_its_turn(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    crowd = Crowd()
    server.answers.update({_path(number): crowd for number in range(60)})
    client = connect(detail_workers=12)
    client.details(BILLS, range(60))
    server.answers[_path(5)] = [BUSY]
    before = len(server.requests)

    with pytest.raises(Throttled):
        client.details(BILLS, range(60))

    assert len(server.requests) - before <= 12


def test_a_failure_drops_what_was_not_sent_yet(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    def slow(_: Request) -> Reply:
        time.sleep(0.01)
        return Reply({"data": {"id": 1}})

    server.answers.update({_path(number): slow for number in range(200)})
    server.answers[_path(5)] = [BUSY]

    with pytest.raises(Throttled):
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
        return BUSY

    server.answers[_path(1)] = [busy]
    server.answers[_path(2)] = fail

    with pytest.raises(Throttled):
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
        return BUSY

    server.answers[_path(1)] = pause
    server.answers[_path(2)] = fail
    started = time.monotonic()

    with pytest.raises(Throttled):
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


UNREADABLE = {
    "500": Reply({}, status=500),
    "403": Reply({"detail": "No"}, status=403),
    "deep": Reply(
        body=b'{"data": {"id": 2, "x": ' + b"[" * 10**5 + b"]" * 10**5 + b"}}"
    ),
    "long": Reply(body=b'{"data": {"id": 2, "x": ' + b"9" * 6000 + b"}}"),
    "empty": Reply({"data": {}}),
    "null": Reply({"data": None}),
    "nothing": Reply(None),
    "broken": Reply(body=b'{"data": {"id": 2,'),
    "page": Reply(body=b"<html>Oops", headers={"Content-Type": "text/html"}),
}


@pytest.mark.parametrize("reply", UNREADABLE.values(), ids=UNREADABLE)
def test_one_detail_that_cannot_be_read_stands_aside(
    server: FaultyServer, connect: Callable[..., Client], reply: Reply
) -> None:
    _serve(server, 1, 3)
    server.answers[_path(2)] = [reply]

    one, two, three = connect(max_attempts=2).details(BILLS, [1, 2, 3])

    assert isinstance(two, UnreadableObject)
    assert (two.external_id, bool(two.reason)) == ("2", True)
    assert [one.external_id, three.external_id] == ["1", "3"]


@pytest.mark.parametrize("reply", UNREADABLE.values(), ids=UNREADABLE)
def test_one_that_is_asked_for_alone_is_to_blame_where_another_can_be_read(
    server: FaultyServer, connect: Callable[..., Client], reply: Reply
) -> None:
    _serve(server, 9)
    server.answers[_path(2)] = [reply]

    [found] = connect(max_attempts=2).details(BILLS, [2], controls=[8, 9])

    assert isinstance(found, UnreadableObject)
    assert len(server.seen(_path(9))) == 1


@pytest.mark.parametrize("count", [1, 3, 30])
def test_an_outage_is_nobody_elses_fault(
    server: FaultyServer, connect: Callable[..., Client], count: int
) -> None:
    down = Reply({}, status=500)
    server.answers.update({_path(number): [down] for number in range(99)})
    _list(server)

    with pytest.raises(TransientError, match="status 500"):
        connect(max_attempts=2).details(BILLS, range(count), controls=[97, 98])

    # The others were not waited for.
    assert len({request.path for request in server.requests}) < 20


def test_an_outage_that_begins_in_between_blames_nobody(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    is_down = threading.Event()

    def first(_: Request) -> Reply:
        if is_down.is_set():
            return Reply({}, status=500)
        is_down.set()
        return Reply({"data": {"id": 1}})

    server.answers[_path(1)] = first
    server.answers[_path(2)] = [Reply({}, status=500)]

    with pytest.raises(TransientError, match="status 500"):
        connect(max_attempts=2, detail_workers=1).details(BILLS, [1, 2])


def test_many_neighbours_that_cannot_be_read_are_no_outage(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    _serve(server, 50)
    server.answers.update({_path(n): [Reply({}, status=500)] for n in range(12)})

    found = connect(max_attempts=1).details(BILLS, range(12), controls=[50])

    assert all(isinstance(each, UnreadableObject) for each in found)


def test_the_only_object_of_a_list_can_be_unreadable(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[_path(1)] = [Reply({}, status=500)]
    _list(server)

    [found] = connect(max_attempts=1).details(BILLS, [1])

    assert isinstance(found, UnreadableObject)


def test_what_comes_too_late_is_no_objects_fault(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    _serve(server, 1)

    with pytest.raises(TransientError, match="too slow for one run"):
        connect(run_s=0).details(BILLS, [1], controls=[1])


@pytest.mark.parametrize("ids", [[""], [()], [("", "5")], [0, ""]])
def test_no_address_is_built_from_an_empty_id(
    server: FaultyServer, connect: Callable[..., Client], ids: list[Any]
) -> None:
    _serve(server, 0)

    with pytest.raises(ValueError, match="no id"):
        connect().details(BILLS, ids)

    assert {request.path for request in server.requests} <= {"/oauth/token", _path(0)}


def test_a_flag_is_no_id() -> None:
    assert BILLS.detail_ids({"uuid": False, "id": "7"}) == ("7",)
    assert BILLS.detail_ids({"uuid": "", "id": False}) == ()
    assert BILLS.detail_ids({"uuid": None, "id": 0}) == ("0",)


def _list(server: FaultyServer) -> None:
    server.answers[BILLS.list_path] = [Reply(page_json([{"id": 1}]))]


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
