"""Pages of a list: what to ask for, what came, and whether the server kept its word.

Source: Procurify API reference (edition of March 2024), "Pagination"; the start of a
range is the parameter that ends in ``_0``. Whether a filter by date includes its day,
and in which time zone, is not documented.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, timezone
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from .errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .envelopes import Listing, RemoteObject, UnreadableObject
    from .resources import Resource, Variant

DATE_FILTER_MARGIN = timedelta(days=2)
"""How much earlier a filter by date starts: covers every time zone, with room."""
MAX_COUNT = 2**31 - 1
"""The largest number that the columns of a stream hold."""
MAX_PAGES = 20_000
"""Of a list: a million rows of the usual page."""
SPARE_PAGES = 100
"""A list may grow while it is read."""
STAMP_TOLERANCE = timedelta(minutes=1)
DATE_TOLERANCE = timedelta(days=1)


@dataclass(frozen=True)
class Query:
    """Parameters of a list request and what they promise.

    :param path: of the list
    :param may_be_missing: a path with nothing there (404) is an empty list
    :param start: the server was asked for what changed since then, if it was
    :param tolerance: how much earlier a stamp may be without breaking the promise
    """

    path: str
    params: dict[str, str] = field(default_factory=dict)
    may_be_missing: bool = False
    start: datetime | None = None
    tolerance: timedelta = timedelta(0)

    def paged(self, number: int, size: int) -> Query:
        """Return what asks for one page of this list."""
        paging = {"page": str(number), "page_size": str(size)}
        return replace(self, params={**self.params, **paging})


@dataclass(frozen=True)
class Page:
    """One page, which is the unit to stage and commit.

    :param objects: in the order of the server; each once, unless it changed meanwhile
    :param number: of the page, from 1, counted through all variants
    :param count: objects in the list, as the server says; all variants together
    :param num_pages: pages in the list, as the server says; all variants together
    :param page_size: objects per page that the server granted; may be less than asked,
        0 if it does not say
    :param is_last: nothing follows; this page may be empty
    :param is_short: it is empty, or not there, though it was announced
    :param is_first: the number is 1
    :param newest_first: the modified stamps on this page never rise
    :param obeys_filter: no stamp on this page is older than what was asked for
    :param unreadable: rows of which no sense can be made
    :param variant: index of the variant of the list, of one that has several
    :param seen_count: objects that an earlier page has shown, and this one does not
    """

    objects: tuple[RemoteObject, ...]
    number: int
    count: int
    num_pages: int
    page_size: int
    is_last: bool
    is_short: bool
    is_first: bool
    newest_first: bool
    obeys_filter: bool
    unreadable: tuple[UnreadableObject, ...] = ()
    variant: int = 0
    seen_count: int = 0

    def placed(self, heads: Sequence[Page], variant: int) -> Page:
        """Number the page within a reading of several variants, and add up the counts.

        :param heads: the first page of every variant, as it came
        :param variant: index of the variant that this page belongs to
        """
        others = [head for index, head in enumerate(heads) if index != variant]
        number = self.number + sum(head.num_pages for head in heads[:variant])
        return replace(
            self,
            number=number,
            count=self.count + sum(head.count for head in others),
            num_pages=self.num_pages + sum(head.num_pages for head in others),
            is_first=number == 1,
            is_last=self.is_last and variant == len(heads) - 1,
            variant=variant,
        )

    def without(self, seen: set[tuple[str, str]]) -> Page:
        """Drop objects that ``seen`` holds unchanged, and add the others to it."""
        fresh = {
            remote.external_id: remote
            for remote in self.objects
            if (remote.external_id, remote.digest) not in seen
        }
        seen.update((remote.external_id, remote.digest) for remote in self.objects)
        return replace(
            self,
            objects=tuple(fresh.values()),
            seen_count=len(self.objects) - len(fresh),
        )


@dataclass(frozen=True)
class Window:
    """What of a list is wanted: all of it, or what is newer than an aware instant.

    :param since: what was modified then or later, where the resource has a filter
    :param created_since: with ``since``: also what was created then or later, where a
        variant has a filter for that; without it, those variants are skipped
    :raises ValueError: an instant without a time zone
    """

    since: datetime | None = None
    created_since: datetime | None = None
    newest_first: bool = False

    def __post_init__(self) -> None:
        for moment in (self.since, self.created_since):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("since must be aware")


def plans(resource: Resource, window: Window) -> list[list[Query]]:
    """List for each variant to read the queries to try, the best one first.

    A server may refuse an order or a filter. A variant that is only there for what is
    new is skipped when everything is read anyway.
    """
    is_partial = window.since is not None and window.created_since is not None
    return [
        _queries(resource, variant, window)
        for variant in resource.variants
        if is_partial or not variant.created_filter
    ]


def _queries(resource: Resource, variant: Variant, window: Window) -> list[Query]:
    orders: list[dict[str, str]] = [{}]
    if window.newest_first and resource.order_by:
        orders.insert(0, {"order_by": resource.order_by})
    plain = {**dict(resource.params), **dict(variant.params)}
    return [
        replace(
            query,
            params={**plain, **query.params, **order},
            may_be_missing=variant.list_path is not None,
        )
        for query in _filters(resource, variant, window)
        for order in orders
    ]


def _filters(resource: Resource, variant: Variant, window: Window) -> Iterator[Query]:
    path = variant.list_path or resource.list_path
    since, name = window.since, resource.modified_filter
    if variant.created_filter and window.created_since:
        # Rows do not say when they were created: nothing to judge the answer by.
        query = _date_query(path, variant.created_filter, window.created_since)
        yield replace(query, start=None)
        return
    if since is None or not name:
        yield Query(path)
        return
    if resource.modified_grain == "datetime":
        start = since.astimezone(timezone.utc).replace(microsecond=0)
        stamp = start.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield Query(path, {name: stamp}, start=start, tolerance=STAMP_TOLERANCE)
    else:
        yield _date_query(path, name, since)
    if resource.fallback_filter:
        yield _date_query(path, resource.fallback_filter, since)


def _date_query(path: str, name: str, since: datetime) -> Query:
    day = (since.astimezone(timezone.utc) - DATE_FILTER_MARGIN).date()
    start = datetime.combine(day, time(), timezone.utc)
    return Query(path, {name: day.isoformat()}, start=start, tolerance=DATE_TOLERANCE)


def page_from(
    listing: Listing,
    resource: Resource,
    query: Query,
    number: int,
    previous: Page | None = None,
) -> Page:
    """Judge one answer as page ``number`` of a reading.

    :raises ProtocolError: the server sent another page than the one asked for, or the
        previous page again, or has no end of pages
    """
    _require_progress(listing, query, number, previous)
    _require_end(listing, query, number)
    said = listing.pagination
    rows = len(listing.objects) + len(listing.unreadable)
    num_pages = max(1, _integer(said.get("num_pages"), number))
    announced = max(num_pages if said else 0, previous.num_pages if previous else 0)
    says_last = number >= num_pages or said.get("next", "unsaid") is None
    stamps = [remote.modified for remote in listing.objects if remote.modified]
    oldest = query.start - query.tolerance if query.start else None
    return Page(
        objects=listing.objects,
        number=number,
        count=_integer(said.get("count"), previous.count if previous else rows),
        num_pages=num_pages,
        page_size=_integer(
            said.get("page_size"), previous.page_size if previous else 0
        ),
        is_last=not rows or says_last,
        is_short=not rows and 1 < number <= announced,
        is_first=number == 1,
        newest_first=bool(resource.modified_field)
        and all(newer >= older for newer, older in pairwise(stamps)),
        obeys_filter=oldest is None or all(stamp >= oldest for stamp in stamps),
        unreadable=listing.unreadable,
    )


def _require_progress(
    listing: Listing, query: Query, number: int, previous: Page | None
) -> None:
    """Notice a server that goes in circles."""
    if not listing.objects:
        return
    current = _integer(listing.pagination.get("current_page"), number)
    if current != number or (previous and _same(previous, listing)):
        message = f"Procurify sent page {current} again instead of page {number}"
        raise ProtocolError(message, url_path=query.path)


def _require_end(listing: Listing, query: Query, number: int) -> None:
    """Notice a server that shows ever more pages, whatever it announces."""
    rows = len(listing.objects) + len(listing.unreadable)
    if not rows:
        return
    most = MAX_PAGES
    count = _integer(listing.pagination.get("count"), MAX_COUNT)
    if count < MAX_COUNT:
        size = _integer(listing.pagination.get("page_size"), rows) or rows
        most = min(most, 2 * ceil(count / min(size, rows)) + SPARE_PAGES)
    if number > most:
        message = f"Procurify's list does not end: page {number} of {count} objects"
        raise ProtocolError(message, url_path=query.path)


def _same(previous: Page, listing: Listing) -> bool:
    return [remote.digest for remote in previous.objects] == [
        remote.digest for remote in listing.objects
    ]


def _integer(value: object, default: int) -> int:
    """Return a number of the pagination, unless nothing can be counted by it."""
    if isinstance(value, bool) or not isinstance(value, int):
        return default
    return value if 0 <= value <= MAX_COUNT else default
