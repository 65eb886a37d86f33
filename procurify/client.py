"""The client: token, pages of a list, details, one count, files. And no writing.

No attribute of it holds a secret.

Source: Procurify API reference (edition of March 2024), "Authentication", "Pagination"
and the list operations.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar
from urllib.parse import quote

import requests

from .answers import Answer, check
from .downloads import Download, acceptable, download
from .envelopes import (
    Listing,
    RemoteObject,
    UnreadableObject,
    read_detail,
    read_listing,
)
from .errors import (
    AddressError,
    AuthenticationError,
    ForbiddenError,
    OutOfTime,
    ProtocolError,
    Throttled,
    TransientError,
)
from .narrowing import Narrowing, may_be_of_rows
from .paging import Page, Query, Window, page_from, plans
from .tokens import TokenSource
from .transport import Slots, Transport
from .wire import check_url, normalise_base_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .answers import Answer
    from .errors import StreamError
    from .resources import Resource
    from .tokens import Token
    from .transport import Traces

PAGE_SIZE = 50
"""Objects. The maximum is not published; this is known to work."""
DETAIL_WORKERS = 4
MAX_DETAIL_WORKERS = 24
"""Procurify may suspend clients that ask too much at once: see :class:`Slots`."""
REQUEST_TIMEOUT_S = 30.0
"""To connect, and between two bytes of an answer."""
MAX_ATTEMPTS = 5

FEW = 3
"""Objects of a list that may all be unreadable before the server is at fault."""

T = TypeVar("T")


@dataclass(frozen=True)
class MissingObject:
    """Procurify has no object with this id, or this user may not see it (404)."""

    external_id: str


Ids = str | int | tuple[str, ...]
Detail = RemoteObject | MissingObject | UnreadableObject


class Client:
    """Reads one Procurify tenant.

    Threads may share a client. Every method may raise any :class:`StreamError`.

    :param base_url: address of the tenant, as a person types it
    :param load_token: returns the token of an earlier client, where one is kept
    :param keep_token: keeps a new token; called in the thread that fetched it
    :param token_url: where tokens are issued, if not at ``/oauth/token`` of the tenant
    :param allow_private: whether addresses of private networks may be asked
    :param allow_loopback: whether a tenant may be a program of this very machine
    :param renews_token: False: the owner of the shared token renews it, by
        :meth:`authenticate`, when a TokenRefused says so or ``is_token_due``
    :param page_size: objects per page to ask for; the server may send fewer
    :param detail_workers: how many details are read at the same time, at most 24. A
        client begins with at most four, and goes on as the tenant takes it
    :param is_cautious: begin with one, because the tenant was in trouble
    :param timeout: seconds to connect, and between two bytes of an answer
    :param max_attempts: how often one request is sent when the server is busy
    :param run_s: seconds from now after which nothing is asked or waited for any more;
        what comes too late is a TransientError
    :param traces: where each request leaves a trace
    :param now: gives the present as an aware datetime
    :raises AddressError: the address cannot be one of Procurify
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        load_token: Callable[[], Token | None] = lambda: None,
        keep_token: Callable[[Token], None] = lambda _token: None,
        token_url: str | None = None,
        allow_private: bool = False,
        allow_loopback: bool = False,
        renews_token: bool = True,
        page_size: int = PAGE_SIZE,
        detail_workers: int = DETAIL_WORKERS,
        is_cautious: bool = False,
        timeout: float = REQUEST_TIMEOUT_S,
        max_attempts: int = MAX_ATTEMPTS,
        run_s: float | None = None,
        traces: Traces | None = None,
        session_factory: Callable[[], requests.Session] = requests.Session,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self.base_url = normalise_base_url(base_url)
        self.page_size = page_size
        self._id_positions: dict[str, int] = {}
        self._allowed = ""
        self.detail_workers = max(1, min(detail_workers, MAX_DETAIL_WORKERS))
        transport = Transport(
            self.base_url,
            check_url(token_url) if token_url else f"{self.base_url}/oauth/token",
            client_secret=client_secret,
            allow_private=allow_private,
            allow_loopback=allow_loopback,
            session_factory=session_factory,
            timeout=timeout,
            max_attempts=max_attempts,
            sleep=sleep,
            slots=Slots(1 if is_cautious else DETAIL_WORKERS, self.detail_workers),
            run_s=run_s,
            traces=traces,
        )
        self._access = open_access(
            transport,
            client_id,
            client_secret,
            load_token=load_token,
            keep_token=keep_token,
            now=now,
            renews_token=renews_token,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._access.close()

    @property
    def server_time(self) -> datetime | None:
        """What Procurify's clock showed in its last answer: naive, UTC."""
        try:
            told = parsedate_to_datetime(self._access.server_date())
        except ValueError:
            return None
        return told.astimezone(timezone.utc).replace(tzinfo=None)

    @property
    def allowed_methods(self) -> str:
        """What the last list said that the credentials may do."""
        if not self._allowed:
            return "not_stated"
        methods = {method.strip().upper() for method in self._allowed.split(",")}
        may_write = methods & {"POST", "PUT", "PATCH", "DELETE"}
        return "can_write" if may_write else "read_only"

    def detail_key(self, resource: Resource) -> str:
        """Return by which kind of id details were found last: uuid, id, or ""."""
        position = self._id_positions.get(resource.name)
        if position is None or position >= len(resource.detail_keys):
            return ""
        return "uuid" if resource.detail_keys[position] == "uuid" else "id"

    @property
    def is_token_due(self) -> bool:
        """Whether there is no token, or one that is soon over."""
        return self._access.is_token_due()

    def reload_token(self) -> bool:
        """Take the token that is kept now, and return whether it is another one."""
        return self._access.reload_token()

    def authenticate(self) -> tuple[str, str]:
        """Fetch a new token even if the present one is good: this tests the secret.

        :returns: the Procurify domain that it is for, and the e-mail address of the
            user whose permissions it has; "" for what the server does not say
        :raises AuthenticationError: client id and secret are refused
        :raises AddressError: no such host, or no Procurify there
        """
        return self._access.authenticate()

    # === READING === #

    def pages(
        self,
        resource: Resource,
        since: datetime | None = None,
        created_since: datetime | None = None,
        newest_first: bool = False,
        first_page: int = 1,
    ) -> Iterator[Page]:
        """Yield the pages of a list, the last one with ``is_last``.

        A resource with variants is read variant by variant, and an object that came
        before is skipped. When the server refuses the order or the filter by
        date-time (400), the list is read without the order, or filtered by date.

        :param since: aware; only what was modified then or later, where the resource
            has a filter. A filter by date starts two days earlier, because the time
            zone of its day is not documented.
        :param created_since: aware; with ``since``: what was created then or later as
            well, where the resource has a variant for that
        :param newest_first: ask for this order; see ``Page.newest_first`` for whether
            the server kept to it
        :param first_page: number of the page to start with
        :raises ProtocolError: the server goes in circles, or sends no list
        """
        variants = plans(resource, Window(since, created_since, newest_first))
        start = 1 if len(variants) > 1 else first_page
        heads = [self._head(resource, candidates, start) for candidates in variants]
        first_pages = [page for _, page in heads]
        seen: set[tuple[str, str]] = set()
        for variant, (query, head) in enumerate(heads):
            before = sum(page.num_pages for page in first_pages[:variant])
            is_last = variant == len(heads) - 1
            if first_page - before > head.num_pages and not is_last:
                continue
            for page in self._rest(resource, query, head, first_page - before):
                yield page.placed(first_pages, variant).without(seen)

    def details(
        self,
        resource: Resource,
        ids: Sequence[Ids],
        controls: Sequence[Ids] = (),
    ) -> list[Detail]:
        """Read several objects at the same time; the result has the order of ``ids``.

        What fails while others can be read is the fault of that object. The server is
        at fault when nothing can be read: then the controls cannot either.

        :param ids: for each object its id, or several to try (``detail_ids``)
        :param controls: ids of objects that could be read before
        :raises StreamError: the server, the credentials or the time are at fault; the
            requests not yet sent are dropped
        :raises ValueError: an id is empty, or the resource has no detail
        """
        if resource.detail_path is None:
            raise ValueError(f"{resource.name} has no detail")
        cancelled = threading.Event()
        trouble = Trouble(lambda: self._any_opens(resource, controls, cancelled))
        pool = ThreadPoolExecutor(self.detail_workers, "procurify-detail")
        try:
            futures = [
                pool.submit(
                    self._detail_if_readable,
                    resource,
                    _alternatives(each),
                    cancelled,
                    trouble,
                )
                for each in ids
            ]
            done = wait(futures, return_when=FIRST_EXCEPTION).done
            for future in futures:
                if future in done:
                    future.result()  # raises what it failed with
            found = [future.result() for future in futures]
            if trouble.first_error:
                self._require_well(resource, ids, found, controls, trouble)
            return found
        finally:
            cancelled.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def _detail_if_readable(
        self,
        resource: Resource,
        ids: tuple[str, ...],
        cancelled: threading.Event,
        trouble: Trouble,
    ) -> Detail:
        """Read one object, or say why it cannot be read.

        :raises StreamError: the failure is no object's
        """
        try:
            found = self._detail(resource, ids, cancelled)
        except (Throttled, OutOfTime):
            raise
        except (ProtocolError, ForbiddenError, TransientError) as error:
            if trouble.is_outage(error):
                raise
            return UnreadableObject(resource.external_id(ids), str(error))
        trouble.note_answer()
        return found

    def _require_well(
        self,
        resource: Resource,
        ids: Sequence[Ids],
        found: Sequence[Detail],
        controls: Sequence[Ids],
        trouble: Trouble,
    ) -> None:
        """Ask once more for what can be read: the server may have gone meanwhile.

        :raises StreamError: it has; or nothing could be read, and nothing ever was
        """
        readable = [
            each
            for each, detail in zip(ids, found, strict=True)
            if isinstance(detail, RemoteObject)
        ]
        if known := (readable[-1:] or controls):
            is_well = self._any_opens(resource, known, threading.Event())
        else:
            # The first objects of this list, or its only ones.
            is_well = len(ids) <= FEW and self._lists(resource)
        if not is_well and trouble.first_error:
            raise trouble.first_error

    def _lists(self, resource: Resource) -> bool:
        """Return whether the list of the resource can be read, and shows anything."""
        try:
            return self.count(resource) > 0
        except (Throttled, OutOfTime):
            raise
        except (ProtocolError, ForbiddenError, TransientError):
            return False

    def _any_opens(
        self, resource: Resource, controls: Sequence[Ids], cancelled: threading.Event
    ) -> bool | None:
        """Return whether one of these objects can be read; None if there are none."""
        opens = None
        for each in controls:
            try:
                found = self._detail(resource, _alternatives(each), cancelled)
            except (Throttled, OutOfTime):
                raise
            except (ProtocolError, ForbiddenError, TransientError):
                opens = False
                continue
            if isinstance(found, RemoteObject):
                return True
            opens = False
        return opens

    def count(self, resource: Resource) -> int:
        """Ask for the number of objects in the plain list (one request).

        A user with fewer rights gets a smaller number, not an error: compare it with
        what Procurify's own screen says.
        """
        params = {**dict(resource.params), "page": "1", "page_size": "1"}
        query = Query(resource.list_path, params)
        return page_from(self._list(resource, query), resource, query, 1).count

    def download(self, file: str, *, limit: int) -> Download | MissingObject:
        """Read the file of an attachment, from wherever its address leads.

        The token goes to the tenant's own scheme, host and port only, at every one of
        at most three redirects. A login page instead of the file is a file as well:
        compare the type.

        :param file: its address, absolute or relative to the tenant's
        :param limit: the most bytes to accept, unpacked
        :raises TooLarge: there are more
        :raises InvalidPayload: no file is read from such an address
        """

        def fetch(url: str, is_tenant: bool) -> Answer:
            def parse(answer: Answer) -> Answer:
                return acceptable(answer, is_tenant)

            try:
                return self._access.get_file(url, is_tenant, limit, parse)
            except AddressError as error:
                if is_tenant:
                    raise
                # The tenant itself is well: this file is to blame.
                raise ProtocolError(str(error)) from None

        found = download(file, self.base_url, fetch)
        return found or MissingObject(file.split("?")[0])

    # === REQUESTS === #

    def _head(
        self, resource: Resource, candidates: list[Query], number: int
    ) -> tuple[Query, Page]:
        """Read a first page, with the best query that the server accepts."""
        for query in candidates[:-1]:
            try:
                return query, self._page(resource, query, number)
            except ProtocolError as error:
                if error.http_status != 400:
                    raise
        return candidates[-1], self._page(resource, candidates[-1], number)

    def _rest(
        self, resource: Resource, query: Query, head: Page, number: int
    ) -> Iterator[Page]:
        """Yield the pages of one variant from ``number`` on; ``head`` is its first."""
        page = head
        if number > head.number:
            page = self._page(resource, query, number, head)
        yield page
        while not page.is_last:
            page = self._page(resource, query, page.number + 1, page)
            yield page

    def _page(
        self,
        resource: Resource,
        query: Query,
        number: int,
        previous: Page | None = None,
    ) -> Page:
        """Read one page; one beyond the first that is not there (404) is empty.

        Where single rows keep it from being read, all others are.
        """
        optional = number > 1 or query.may_be_missing
        try:
            listing = self._list(resource, query.paged(number, self.page_size))
        except (ProtocolError, TransientError) as error:
            if error.http_status == 404 and optional:
                listing = Listing((), {})
            elif may_be_of_rows(error):
                size = (previous and previous.page_size) or self.page_size
                listing = self._around(resource, query, error).read(number, size)
            else:
                raise
        return page_from(listing, resource, query, number, previous)

    def _around(
        self, resource: Resource, query: Query, error: StreamError
    ) -> Narrowing:
        """Return what reads a page that failed with ``error`` in smaller pages."""

        def ask(number: int, size: int, attempts: int | None) -> Listing:
            return self._list(resource, query.paged(number, size), attempts)

        return Narrowing(ask, error)

    def _list(
        self, resource: Resource, query: Query, attempts: int | None = None
    ) -> Listing:
        def parse(answer: Answer) -> Listing:
            check(answer)
            self._allowed = answer.headers.get("Allow") or ""
            return read_listing(answer, resource)

        return self._get(query.path, query.params, parse, attempts=attempts)

    def _detail(
        self, resource: Resource, ids: tuple[str, ...], cancelled: threading.Event
    ) -> RemoteObject | MissingObject:
        """Read one object by the first of ``ids`` that the server knows."""

        def parse(answer: Answer) -> RemoteObject | None:
            if answer.status == 404:
                return None
            check(answer)
            return read_detail(answer, resource)

        if resource.detail_path is None or not all(ids) or not ids:
            raise ValueError(f"{resource.name}: no detail, or no id to ask for")
        # What the server took last is tried first.
        best = self._id_positions.get(resource.name, 0)
        for position in sorted(range(len(ids)), key=lambda i: i != best):
            path = resource.detail_path.format(id=quote(ids[position], safe=""))
            found = self._get(path, {}, parse, cancelled)
            if found:
                self._id_positions[resource.name] = position
                return found
        return MissingObject(resource.external_id(ids))

    def _get(
        self,
        path: str,
        params: Mapping[str, str],
        parse: Callable[[Answer], T],
        cancelled: threading.Event | None = None,
        attempts: int | None = None,
    ) -> T:
        return self._access.get(path, params, parse, cancelled, attempts)


def _alternatives(external_id: str | int | tuple[str, ...]) -> tuple[str, ...]:
    return external_id if isinstance(external_id, tuple) else (str(external_id),)


class Get(Protocol):
    """Sends one GET to the tenant and returns ``parse(answer)``."""

    def __call__(
        self,
        path: str,
        params: Mapping[str, str],
        parse: Callable[[Answer], T],
        cancelled: threading.Event | None = None,
        attempts: int | None = None,
    ) -> T:
        """:raises StreamError: what ``parse`` or the network raises"""


class GetFile(Protocol):
    """Sends one GET for a file and returns ``parse(answer)``."""

    def __call__(
        self, url: str, is_tenant: bool, limit: int, parse: Callable[[Answer], T]
    ) -> T:
        """
        :param is_tenant: send the token along
        :raises StreamError: what ``parse`` or the network raises
        """


class Access(NamedTuple):
    """What a client may do. Transport and tokens are in the closures of these."""

    get: Get
    get_file: GetFile
    authenticate: Callable[[], tuple[str, str]]
    is_token_due: Callable[[], bool]
    reload_token: Callable[[], bool]
    server_date: Callable[[], str]
    close: Callable[[], None]


def open_access(
    transport: Transport,
    client_id: str,
    client_secret: str,
    *,
    load_token: Callable[[], Token | None],
    keep_token: Callable[[Token], None],
    now: Callable[[], datetime],
    renews_token: bool,
) -> Access:
    """Return the way to the tenant of ``transport``; see ``Client`` for the rest."""
    tokens = TokenSource(
        transport.post_token,
        client_id,
        client_secret,
        load=load_token,
        keep=keep_token,
        now=now,
        renews=renews_token,
    )

    def authorised(send: Callable[[str], T]) -> T:
        """Send with the token; if it is refused, once more with a new one."""
        token = tokens.current()
        try:
            return send(token.access_token)
        except AuthenticationError:
            pass
        return send(tokens.replace(token).access_token)

    def get(
        path: str,
        params: Mapping[str, str],
        parse: Callable[[Answer], T],
        cancelled: threading.Event | None = None,
        attempts: int | None = None,
    ) -> T:
        return authorised(
            lambda token: transport.get(path, params, token, parse, cancelled, attempts)
        )

    def get_file(
        url: str, is_tenant: bool, limit: int, parse: Callable[[Answer], T]
    ) -> T:
        if not is_tenant:
            return transport.get_file(url, None, limit, parse)
        return authorised(lambda token: transport.get_file(url, token, limit, parse))

    def authenticate() -> tuple[str, str]:
        token = tokens.fetch()
        return token.tenant, token.email

    return Access(
        get,
        get_file,
        authenticate,
        tokens.is_due,
        tokens.reload,
        lambda: transport.server_date,
        transport.close,
    )


SUSPICIOUS = 4
"""Failures without any answer between them, after which a control is asked for."""


class Trouble:
    """What went wrong while several objects were read. Threads share it.

    :param ask_controls: returns whether what could be read before can be read now; None
        if there is nothing to ask for
    """

    def __init__(self, ask_controls: Callable[[], bool | None]) -> None:
        self._ask_controls = ask_controls
        self._lock = threading.Lock()
        self._is_well: bool | None = None
        self._failures = 0
        self.first_error: StreamError | None = None

    def note_answer(self) -> None:
        """Note that an object could be read, or is not there."""
        self._is_well = True

    def is_outage(self, error: StreamError) -> bool:
        """Note that an object failed; return whether the server is at fault.

        Not many are waited for before the controls are asked.
        """
        with self._lock:
            self.first_error = self.first_error or error
            self._failures += 1
            if self._is_well is None and self._failures == SUSPICIOUS:
                self._is_well = self._ask_controls()
            return self._is_well is False
