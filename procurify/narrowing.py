"""A page that cannot be read because of single rows: all others are read.

It is asked for in smaller and smaller pages, down to one row. A server may grant other
sizes than it is asked for: what cannot be made smaller is set aside as a whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .answers import MalformedBody
from .envelopes import Listing, UnreadableObject
from .errors import Blocked, OutOfTime, ProtocolError, Throttled, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .envelopes import RemoteObject
    from .errors import StreamError

CONFIRMED = 5
"""Rows of a page that are asked for with all attempts before they are set aside."""
MOST_FAILURES = 6
"""Parts of a page that may fail before any row is read: then the server is at fault."""
ANY_SIZE = 2**31
"""Stands for the size of pages that are not where they should be."""
_OF_ROWS = frozenset({500, 502, 504})
"""503 is what a server says of itself."""


def may_be_of_rows(error: StreamError) -> bool:
    """Return whether single rows may be why a page cannot be read."""
    if isinstance(error, (Throttled, OutOfTime, Blocked)):
        return False
    if isinstance(error, TransientError):
        return error.http_status in _OF_ROWS
    return isinstance(error, MalformedBody)


@dataclass(frozen=True)
class _Block:
    """A part of the page: page ``number`` of the list in pages of ``size`` rows.

    :param listing: what came, None where it cannot be read
    """

    number: int
    size: int
    listing: Listing | None = None
    is_smallest: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is to be asked for in smaller pages."""
        return self.listing is None and not self.is_smallest


class Narrowing:
    """Reads what can be read of one page.

    :param ask: reads a page by its number and size, with so many attempts or all (None)
    :param error: with which the whole page failed
    """

    def __init__(
        self, ask: Callable[[int, int, int | None], Listing], error: StreamError
    ) -> None:
        self._ask = ask
        self._error = error
        self._pagination: dict[str, Any] = {}
        self._confirmed = 0
        self._failures = 0
        self._is_well = False

    def read(self, number: int, size: int) -> Listing:
        """Return the page with its unreadable rows set aside.

        :param size: rows of the page, as the server grants them
        :raises StreamError: the first error, where nothing of the list can be read;
            what is no row's fault
        """
        following = self._look_around(number, size)
        blocks = [_Block(number, size)]
        while any(block.is_open for block in blocks):
            blocks = [part for block in blocks for part in self._split(block)]
        if not self._is_well:
            raise self._error
        # The server may have granted less than it was asked for.
        size = self._granted_size(blocks, size)
        rows, aside = self._sorted_out(blocks, following)
        return Listing(rows, self._said(number, size), aside)

    # === ASKING === #

    def _look_around(self, number: int, size: int) -> str:
        """Ask for what stands beside the page.

        :returns: the id of the row that follows it, or ""
        """
        behind = [(number * size + 1, 1), (number + 1, size)]
        before = [((number - 1) * size, 1), (number - 1, size)]
        for page, rows in (*behind, *(pair for pair in before if pair[0] >= 1)):
            listing = self._try(page, rows)
            if self._is_well:
                is_next = (page, rows) in behind
                objects = listing.objects if listing and is_next else ()
                # More than was asked for is another page than was asked for.
                is_next = 0 < len(objects) <= rows
                return objects[0].external_id if is_next else ""
        return ""

    def _try(self, page: int, size: int, attempts: int | None = 1) -> Listing | None:
        """Return a page, empty where the list has none; None if it cannot be read.

        :raises StreamError: nothing could be read so far; what is no row's fault
        """
        try:
            listing = self._ask(page, size, attempts)
        except ProtocolError as error:
            if error.http_status == 404 and page > 1:
                return Listing((), {})
            self._note_failure(error)
        except TransientError as error:
            self._note_failure(error)
        else:
            self._is_well = self._is_well or _rows(listing) > 0
            self._pagination = listing.pagination or self._pagination
            return listing
        return None

    def _note_failure(self, error: StreamError) -> None:
        if not may_be_of_rows(error):
            raise error
        self._failures += 1
        if self._failures >= MOST_FAILURES and not self._is_well:
            raise self._error

    def _split(self, block: _Block) -> Iterator[_Block]:
        """Yield the block, or its parts as far as they can be read."""
        if not block.is_open:
            yield block
            return
        factor = _smallest_factor(block.size)
        size = block.size // factor
        first = (block.number - 1) * factor + 1
        parts = [self._part(first + index, size) for index in range(factor)]
        granted = self._granted(parts)
        if granted == size:
            yield from parts
        elif block.number == 1 and granted < size:
            # The page itself was no larger than that.
            yield _Block(1, granted)
        else:
            yield replace(block, is_smallest=True)

    def _part(self, number: int, size: int) -> _Block:
        """Return one part, read if it can be. The last word about a row is not said
        before all attempts."""
        is_row = size == 1
        listing = self._try(number, size)
        if listing is None and is_row and self._confirmed < CONFIRMED:
            self._confirmed += 1
            listing = self._try(number, size, None)
        return _Block(number, size, listing, is_smallest=is_row)

    def _granted(self, parts: list[_Block]) -> int:
        """Return the size of pages that the server grants, as far as ``parts`` show."""
        size = parts[0].size
        read = [part for part in parts if part.listing is not None]
        found = {_granted(part.listing, size) for part in read if part.listing}
        has_trace = any(p.listing is None or _rows(p.listing) for p in parts)
        if not has_trace or any(self._is_missing(part) for part in read):
            found.add(ANY_SIZE)
        return max(found - {size}, default=size)

    def _is_missing(self, part: _Block) -> bool:
        """Return whether a part is empty where the list has rows."""
        count = _number(self._pagination, "count")
        start = (part.number - 1) * part.size
        return _rows(part.listing) == 0 and count is not None and start < count

    # === WHAT CAME === #

    @staticmethod
    def _granted_size(blocks: list[_Block], size: int) -> int:
        if blocks[0].number == 1:
            return min(size, sum(block.size for block in blocks))
        return size

    def _sorted_out(
        self, blocks: list[_Block], following: str
    ) -> tuple[tuple[RemoteObject, ...], tuple[UnreadableObject, ...]]:
        """Return the rows that were read, and what is set aside.

        What cannot be read is known by the row that follows: newest first, that one
        stays where it is when others come on top.
        """
        rows: list[RemoteObject] = []
        aside: list[UnreadableObject] = []
        behind, gaps = following, 0
        for block in reversed(blocks):
            if block.listing is None:
                gaps += 1
                aside.append(self._gap(block.size, behind, gaps))
                continue
            aside += reversed(block.listing.unreadable)
            rows += reversed(block.listing.objects)
            if block.listing.objects:
                behind, gaps = block.listing.objects[0].external_id, 0
        return tuple(reversed(rows)), tuple(reversed(aside))

    def _gap(self, size: int, behind: str, distance: int) -> UnreadableObject:
        """Return what stands for rows that the list does not show.

        :param behind: the id of the next row that can be read, or ""
        :param distance: how many such gaps lie between, with this one
        """
        what = "1 row" if size == 1 else f"{size} rows"
        place = f"{distance} before {behind}" if behind else "at its end"
        text = f"{what} of the list ({place}): {self._error.message}"
        key = f"{self._error.url_path} {size} {behind} {distance}"
        return UnreadableObject("", text, hashlib.sha256(key.encode()).hexdigest())

    def _said(self, number: int, size: int) -> dict[str, Any]:
        """Return the pagination that the whole page would have had."""
        count = _number(self._pagination, "count")
        if count is None:
            return {}
        num_pages = max(1, -(-count // size))
        return {
            "count": count,
            "next": "more" if number < num_pages else None,
            "page_size": size,
            "num_pages": num_pages,
            "current_page": number,
        }


def _rows(listing: Listing | None) -> int:
    return len(listing.objects) + len(listing.unreadable) if listing else 0


def _number(pagination: dict[str, Any], name: str) -> int | None:
    """Return a number that the server says, if it is one."""
    said = pagination.get(name)
    is_number = isinstance(said, int) and not isinstance(said, bool) and said >= 0
    return said if is_number else None


def _granted(listing: Listing, asked: int) -> int:
    """Return the size of the pages that the server grants, as far as it shows."""
    said = _number(listing.pagination, "page_size") or asked
    if _rows(listing) > asked:
        return _rows(listing)
    # A last page may have fewer rows than any page was granted.
    count = _number(listing.pagination, "count")
    pages = _number(listing.pagination, "num_pages")
    obeys = count is not None and pages == max(1, -(-count // asked))
    return asked if obeys else said


def _smallest_factor(number: int) -> int:
    """Return the smallest part, above 1, that ``number`` can be divided into."""
    return next((n for n in range(2, number) if not number % n), number)
