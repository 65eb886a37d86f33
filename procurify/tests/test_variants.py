"""Resources of several lists: other paths, other filters; details by two keys."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from .. import RESOURCES, ForbiddenError, MissingObject, ProtocolError
from .server import FaultyServer, Reply, Request, page_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import Client, Page

ORDERS = RESOURCES["purchase_order"]
ORDER_ITEMS = RESOURCES["order_item"]
REQUISITIONS = RESOURCES["requisition"]
ENDED = [f"/api/v2/purchase_orders/purchased/{s}/" for s in ("cancelled", "closed")]
PAID = "/api/v2/purchase_orders/purchased/paid/"
SINCE = datetime(2026, 3, 12, 23, 0, 0, 0, timezone(timedelta(hours=-7)))
CREATED = datetime(2026, 3, 20, tzinfo=timezone.utc)


def _order(number: int, stamp: str = "2026-03-13T00:00:00Z") -> dict[str, Any]:
    return {
        "procurify_PO": number,
        "uuid": f"UUID-{number}",
        "last_modified": stamp,
    }


def _ids(pages: list[Page]) -> list[list[str]]:
    return [[remote.external_id for remote in page.objects] for page in pages]


@pytest.fixture
def orders(server: FaultyServer) -> FaultyServer:
    """Give a server with orders 1 to 3 in the list of all, 3 and 4 in others."""
    server.answers[ORDERS.list_path] = lambda request: Reply(
        page_json(
            [[_order(1), _order(2)], [_order(3)]][int(request.params["page"]) - 1],
            int(request.params["page"]),
            2,
            count=3,
        )
    )
    server.answers[ENDED[0]] = [Reply(page_json([_order(4), _order(3)]))]
    server.answers[ENDED[1]] = [Reply(page_json([]))]
    return server


def test_the_resources_stand_in_the_order_of_import() -> None:
    assert list(RESOURCES) == [
        "currency",
        "account_code",
        "location",
        "department",
        "vendor",
        "catalog_item",
        "requisition",
        "purchase_order",
        "order_item",
        "bill",
    ]


# === OTHER PATHS === #


def test_orders_of_all_states_are_one_list_each_once(
    orders: FaultyServer, connect: Callable[..., Client]
) -> None:
    pages = list(connect().pages(ORDERS, since=SINCE, newest_first=True))

    assert _ids(pages) == [["1", "2"], ["3"], ["4"], [], []]
    assert [page.number for page in pages] == [1, 2, 3, 4, 5]
    assert [page.is_last for page in pages] == [False] * 4 + [True]
    assert all(page.obeys_filter for page in pages)
    asked = [request for request in orders.requests if request.method == "GET"]
    assert {request.params["modified_date_0"] for request in asked} == {"2026-03-11"}
    assert {request.params["order_by"] for request in asked} == {"-last_modified"}


def test_a_list_that_a_tenant_does_not_have_is_empty(
    orders: FaultyServer, connect: Callable[..., Client]
) -> None:
    del orders.answers[ENDED[0]]

    pages = list(connect().pages(ORDERS))

    assert _ids(pages) == [["1", "2"], ["3"], [], [], []]
    assert len(orders.seen(PAID)) == 1


def test_the_first_list_must_be_there(
    orders: FaultyServer, connect: Callable[..., Client]
) -> None:
    del orders.answers[ORDERS.list_path]

    with pytest.raises(ProtocolError, match="nothing at this path") as caught:
        list(connect().pages(ORDERS))
    assert caught.value.url_path == ORDERS.list_path


@pytest.mark.parametrize("path", [ORDERS.list_path, PAID])
def test_a_list_that_may_not_be_seen_is_reported(
    orders: FaultyServer, connect: Callable[..., Client], path: str
) -> None:
    orders.answers[path] = [Reply({}, status=403)]

    with pytest.raises(ForbiddenError) as caught:
        list(connect().pages(ORDERS))
    assert caught.value.url_path == path


def test_each_list_may_refuse_the_order_for_itself(
    orders: FaultyServer, connect: Callable[..., Client]
) -> None:
    def picky(request: Request) -> Reply:
        refused = "order_by" in request.params
        return Reply({}, status=400) if refused else Reply(page_json([_order(9)]))

    orders.answers[PAID] = picky

    pages = list(connect().pages(ORDERS, since=SINCE, newest_first=True))

    assert _ids(pages)[-1] == ["9"]
    assert "modified_date_0" in orders.seen(PAID)[-1].params
    assert all("order_by" in request.params for request in orders.seen(ENDED[0]))


def test_reading_orders_can_start_later(
    orders: FaultyServer, connect: Callable[..., Client]
) -> None:
    pages = list(connect().pages(ORDERS, first_page=3))

    assert _ids(pages) == [["4", "3"], [], []]
    assert [page.number for page in pages] == [3, 4, 5]


def test_orders_are_counted_in_the_first_list(
    orders: FaultyServer, connect: Callable[..., Client]
) -> None:
    assert connect().count(ORDERS) == 3
    assert [request.path for request in orders.requests[1:]] == [ORDERS.list_path]


# === OTHER FILTERS === #


def _order_items(request: Request) -> Reply:
    number = 2 if "po_created_date_0" in request.params else 1
    return Reply(page_json([{"id": number, "last_modified": "2026-03-01T00:00:00Z"}]))


def test_order_items_are_read_by_change_and_by_purchase(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    server.answers[ORDER_ITEMS.list_path] = _order_items
    client = connect()

    pages = list(client.pages(ORDER_ITEMS, since=SINCE, created_since=CREATED))

    assert _ids(pages) == [["1"], ["2"]]
    asked = [request.params for request in server.seen(ORDER_ITEMS.list_path)]
    assert [params.get("last_modified_0") for params in asked] == ["2026-03-11", None]
    assert [params.get("po_created_date_0") for params in asked] == [None, "2026-03-18"]
    # Only a stamp of the change can break a promise.
    assert [page.obeys_filter for page in pages] == [False, True]


@pytest.mark.parametrize(
    ("since", "created_since", "name"),
    [
        (None, None, None),
        (None, CREATED, None),
        (SINCE, None, "last_modified_0"),
    ],
)
def test_half_a_window_is_one_list(
    server: FaultyServer,
    connect: Callable[..., Client],
    since: datetime | None,
    created_since: datetime | None,
    name: str | None,
) -> None:
    server.answers[ORDER_ITEMS.list_path] = _order_items

    pages = list(connect().pages(ORDER_ITEMS, since, created_since))

    assert _ids(pages) == [["1"]]
    (request,) = server.seen(ORDER_ITEMS.list_path)
    assert set(request.params) - {"page", "page_size"} == ({name} if name else set())


def test_a_naive_start_of_either_kind_is_a_programming_error(
    connect: Callable[..., Client],
) -> None:
    with pytest.raises(ValueError, match="aware"):
        list(connect().pages(ORDER_ITEMS, created_since=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_requisitions_are_known_by_their_number(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    row = {"num": 7265, "dateModified": "2026-03-13T01:00:00Z"}
    server.answers[REQUISITIONS.list_path] = [Reply(page_json([row, {"num": 1}]))]

    (page,) = connect().pages(REQUISITIONS, since=SINCE)

    assert _ids([page]) == [["7265", "1"]]
    assert [bool(remote.modified) for remote in page.objects] == [True, False]
    assert page.obeys_filter


# === DETAILS === #


def test_an_order_is_read_by_number_and_else_by_uuid(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    paths = [f"/api/v2/purchase_orders/{each}/" for each in ("1", "uuid2", "uuid3")]
    for number in (2, 3):
        server.answers[paths[number - 1]] = [Reply({"data": _order(number)})]
    server.answers[paths[0]] = [Reply({"data": _order(1)})]
    client = connect(detail_workers=1)

    found = client.details(
        ORDERS, [ORDERS.detail_ids(_order(number)) for number in (1, 2, 3, 4)]
    )

    assert [each.external_id for each in found] == ["1", "2", "3", "4"]
    assert isinstance(found[3], MissingObject)
    assert [request.path.split("/")[4] for request in server.requests[1:]] == [
        *("1", "2", "uuid2"),
        *("uuid3", "uuid4", "4"),
    ]


def test_which_key_is_taken_is_learnt_for_each_resource(
    server: FaultyServer, connect: Callable[..., Client]
) -> None:
    bills = RESOURCES["bill"]
    server.answers["/api/v2/ap/bills/7/"] = [Reply({"data": {"id": 7}})]
    server.answers["/api/v2/purchase_orders/1/"] = [Reply({"data": _order(1)})]
    client = connect()

    client.details(bills, [bills.detail_ids({"id": 7, "uuid": "A-B"})])
    client.details(ORDERS, [ORDERS.detail_ids(_order(1))])

    assert [request.path for request in server.requests[1:]] == [
        "/api/v2/ap/bills/ab/",
        "/api/v2/ap/bills/7/",
        "/api/v2/purchase_orders/1/",
    ]
