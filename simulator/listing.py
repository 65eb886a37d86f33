"""Lists: choosing, ordering and cutting into pages."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from .filters import BadFilterError, Filter

if TYPE_CHECKING:
    from .dataset import Dataset
    from .documents import Json

DEFAULT_PAGE_SIZE: Final = 10
NOT_FILTERS: Final = {"page", "page_size", "order_by", "format"}
REMEMBERED: Final = 16
DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")

Query = Mapping[str, str]


class BadQueryError(Exception):
    """A filter cannot be understood: 400 with the messages by name."""

    def __init__(self, messages: dict[str, list[str]]) -> None:
        super().__init__(str(messages))
        self.messages = messages


class NoSuchPageError(Exception):
    """The page is not there: 404."""


@dataclass(frozen=True)
class Resource:
    """One list of the API. A further one costs one more of these.

    :param template: the path as the specification writes it, when it has parameters
    :param undocumented: filters that the specification does not name
    """

    path: str
    rows: Callable[[Dataset], list[Any]]
    render: Callable[[Dataset, Any], Json]
    filters: Mapping[str, Filter[Any]] = field(default_factory=dict)
    orders: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    default_order: str = "id"
    implied: Query = field(default_factory=dict)
    metadata: Callable[[Dataset, Sequence[Any]], Json] = lambda dataset, rows: {}
    doubled: bool = False
    template: str = ""
    undocumented: frozenset[str] = frozenset()


@dataclass
class Lister:
    """Serves pages of one data set, and remembers the last selections.

    :param shift_days: so much later begin the days that a filter by date asks for, as
        they do for a server that counts them in another time zone
    """

    dataset: Dataset
    page_size_cap: int = 100
    ignore_filters: bool = False
    ignore_order: bool = False
    shift_days: int = 0
    doubled_locations: bool = True
    _lock: Any = field(default_factory=threading.Lock, repr=False)
    _selections: OrderedDict[Any, tuple[list[Any], Json]] = field(
        default_factory=OrderedDict, repr=False
    )

    def page(self, resource: Resource, query: Query, base_url: str) -> Json:
        """Return the answer to a list request.

        :raise BadQueryError: when a filter has a value of the wrong type
        :raise NoSuchPageError: when the page is out of range
        """
        rows, metadata = self._selection(resource, query)
        size = self._page_size(query)
        pages = max(1, -(-len(rows) // size))
        current = _page_number(query, pages)
        shown = rows[(current - 1) * size : current * size]
        data = [resource.render(self.dataset, row) for row in shown]
        if resource.doubled and self.doubled_locations:
            data = [{"metadata": {}, "data": data}]
        address = f"{base_url}{resource.path}"
        pagination = {
            "count": len(rows),
            "next": _link(address, query, current + 1) if current < pages else None,
            "previous": _link(address, query, current - 1) if current > 1 else None,
            "page_size": size,
            "num_pages": pages,
            "current_page": current,
        }
        return {"metadata": {**metadata, "pagination": pagination}, "data": data}

    def _page_size(self, query: Query) -> int:
        text = query.get("page_size", "")
        asked = int(text) if text.isdecimal() else 0
        return min(asked or DEFAULT_PAGE_SIZE, self.page_size_cap)

    def _selection(self, resource: Resource, query: Query) -> tuple[list[Any], Json]:
        asked = {k: v for k, v in query.items() if k not in NOT_FILTERS}
        order = query.get("order_by", "")
        key = (
            self.dataset.revision,
            resource.path,
            self.ignore_filters,
            self.ignore_order,
            self.shift_days,
            order,
            tuple(sorted(asked.items())),
        )
        with self._lock:
            known = self._selections.get(key)
        if known is None:
            rows = self._sorted(resource, self._filtered(resource, asked), order)
            known = rows, resource.metadata(self.dataset, rows)
            with self._lock:
                self._selections[key] = known
                if len(self._selections) > REMEMBERED:
                    self._selections.popitem(last=False)
        return known

    def _filtered(self, resource: Resource, asked: Query) -> list[Any]:
        rows = resource.rows(self.dataset)
        if self.ignore_filters:
            return rows
        wanted = {**resource.implied, **asked}
        tests = []
        messages = {}
        for name in wanted.keys() & resource.filters.keys():
            text = wanted[name]
            if not text:
                continue
            try:
                text = self._shifted(name, text)
                tests.append(resource.filters[name](text))
            except BadFilterError as error:
                messages[name] = [str(error)]
        if messages:
            raise BadQueryError(messages)
        return [row for row in rows if all(test(row) for test in tests)]

    def _shifted(self, name: str, text: str) -> str:
        if not self.shift_days or not name.endswith("_0") or not DAY.fullmatch(text):
            return text
        day = date.fromisoformat(text) + timedelta(days=self.shift_days)
        return day.isoformat()

    def _sorted(self, resource: Resource, rows: list[Any], order: str) -> list[Any]:
        """Return the rows in the order asked for; names that are not known count
        for nothing. Rows that are equal in it stay in the default order."""
        asked = [] if self.ignore_order else order.replace(" ", "").split(",")
        for name in [resource.default_order, *reversed(asked)]:
            key = resource.orders.get(name.removeprefix("-"))
            if key is not None:
                rows = sorted(rows, key=key, reverse=name.startswith("-"))
        return rows


def _page_number(query: Query, pages: int) -> int:
    text = query.get("page", "1")
    if text == "last":
        return pages
    if not text.isdecimal() or not 1 <= int(text) <= pages:
        raise NoSuchPageError
    return int(text)


def _link(address: str, query: Query, page: int) -> str:
    return f"{address}?{urlencode({**query, 'page': page})}"
