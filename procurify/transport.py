"""The wire: a GET and the token POST, limits on what comes back, retries.

Source: Procurify API reference (edition of March 2024). It declares no error answer and
no rate limit, so the usual ones of a Django service behind a proxy are expected.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections import deque
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import requests

from .answers import Answer, MalformedBody, blanking, translate
from .errors import OutOfTime, ProcurifyError, ProtocolError, TooLarge, TransientError
from .wire import BearerAuth, Deadline, NoAuth, Reach, guard, guard_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


_logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Decoded. A page of 50 bills is far below 1 MB. Objects take twenty times as much."""
MAX_RESPONSE_S = 120.0
"""From the first header to the last byte of one answer."""
MAX_REQUEST_S = 300.0
"""One request with all its retries: a run must end before its host loses patience."""
MAX_RETRY_AFTER_S = 30.0
"""Longer waits are left to the next run: the worker has other things to do."""
MIN_TIMEOUT_S = 1.0
BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 30.0
TOO_MANY_REQUESTS = 429
SERVER_ERRORS = 500
READ_CHUNK_BYTES = 16 * 1024
"""Compressed bytes per step: small, because one step may unpack to a thousand times."""

T = TypeVar("T")


class Cancelled(RuntimeError):
    """Another request of the same batch failed: this one is not wanted any more."""


class Slots:
    """How many requests are sent at the same time: as many as the tenant takes.

    Each round of answers doubles the number. A 429 makes it one again, and from then
    on it only grows by one. Threads share it.

    :param first: requests at the same time to begin with
    :param most: requests at the same time at most
    """

    def __init__(self, first: int, most: int) -> None:
        self.most = most
        self.count = min(first, most)
        self._busy = self._answers = 0
        self._was_refused = False
        self._changed = threading.Condition()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for a slot, and keep it for the block."""
        with self._changed:
            self._changed.wait_for(lambda: self._busy < self.count)
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def note(self, status: int) -> None:
        """Learn from the status of an answer whether the tenant takes more."""
        with self._changed:
            if status == TOO_MANY_REQUESTS:
                self.count, self._answers, self._was_refused = 1, 0, True
            elif status < SERVER_ERRORS:
                self._answers += 1
            if self._answers >= self.count:
                more = 1 if self._was_refused else self.count
                self.count, self._answers = min(self.count + more, self.most), 0
                self._changed.notify_all()


class Transport:
    """Sends requests to one Procurify and returns parsed answers.

    Threads may share it. What it raises never holds a header or a request body.
    """

    def __init__(
        self,
        origin: str,
        token_url: str,
        *,
        client_secret: str,
        allow_private: bool,
        allow_loopback: bool,
        session_factory: Callable[[], requests.Session],
        timeout: float,
        max_attempts: int,
        sleep: Callable[[float], None],
        slots: Slots,
        run_s: float | None = None,
        traces: Traces | None = None,
    ) -> None:
        self._slots = slots
        self._ends_at = math.inf if run_s is None else time.monotonic() + run_s
        self._origin = origin
        self._token_url = token_url
        self._token_path = urlsplit(token_url).path
        self._blank = blanking(client_secret)
        self._reach = Reach.of(
            origin, allow_private=allow_private, allow_loopback=allow_loopback
        )
        self._session = guard(session_factory(), origin, token_url, self._reach)
        self._elsewhere = guard_elsewhere(session_factory(), self._reach)
        self._timeout = timeout
        self._max_attempts = max_attempts
        self._sleep = sleep
        self._quiet_until = 0.0
        self._traces = Traces() if traces is None else traces
        #: The Date header of the newest answer, or "".
        self.server_date = ""

    def close(self) -> None:
        """Close the connections that are kept alive."""
        for session in (self._session, self._elsewhere):
            session.close()

    def get(
        self,
        path: str,
        params: Mapping[str, str],
        access_token: str,
        parse: Callable[[Answer], T],
        cancelled: threading.Event | None = None,
        attempts: int | None = None,
    ) -> T:
        """Send one GET and return ``parse(answer)``.

        :param attempts: at most; None: as many as for any request
        :raises StreamError: what ``parse`` or the network raises
        """

        def send() -> requests.Response:
            return self._send_get(
                self._origin + path, "application/json", access_token, params
            )

        blank = blanking(access_token, self._blank)
        return self._with_retries(
            "GET", path, send, parse, blank, cancelled, attempts=attempts
        )

    def get_file(
        self,
        url: str,
        access_token: str | None,
        limit: int,
        parse: Callable[[Answer], T],
    ) -> T:
        """Send one GET for a file and return ``parse(answer)``.

        :param access_token: None for another host than the tenant's
        :param limit: bytes that a file may have, unpacked
        :raises TooLarge: it has more
        :raises StreamError: what ``parse`` or the network raises
        """

        def send() -> requests.Response:
            return self._send_get(url, "*/*", access_token)

        path = urlsplit(url).path
        blank = blanking(access_token, self._blank)
        return self._with_retries("GET", path, send, parse, blank, limit=limit)

    def _send_get(
        self,
        url: str,
        accept: str,
        access_token: str | None,
        params: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a GET: with the token to the tenant, without any to others."""
        headers = {"Accept": accept}
        if access_token is not None:
            headers["X-Procurify-Client"] = "api"
        session = self._elsewhere if access_token is None else self._session
        return session.get(
            url,
            params=params,
            headers=headers,
            auth=NoAuth() if access_token is None else BearerAuth(access_token),
            timeout=self._at_most(self._timeout),
            stream=True,
        )

    def post_token(
        self,
        body: Mapping[str, str],
        parse: Callable[[Answer], T],
    ) -> T:
        """Send the one POST that exists, with the credentials in its body.

        :raises StreamError: what ``parse`` or the network raises
        """

        def send() -> requests.Response:
            return self._session.post(
                self._token_url,
                json=body,
                headers={"Accept": "application/json", "X-Procurify-Client": "api"},
                auth=NoAuth(),
                timeout=self._at_most(self._timeout),
                stream=True,
            )

        return self._with_retries("POST", self._token_path, send, parse, self._blank)

    # === ONE ATTEMPT === #

    def _attempt(
        self,
        method: str,
        path: str,
        send: Callable[[], requests.Response],
        blank: Callable[[str], str],
        limit: int | None,
    ) -> Answer:
        # Anyone who knows a file's address may open it.
        shown = path if limit is None else "(file)"
        trace = partial(self._trace, method, shown, time.monotonic())
        try:
            with closing(send()) as response:
                answer = self._receive(response, path, blank, limit)
        except (requests.RequestException, OSError, HTTPException) as error:
            problem = translate(error, path)
        except ProcurifyError as error:
            trace(problem=error)
            raise
        else:
            trace(answer=answer)
            return answer
        trace(problem=problem)
        raise problem

    def _trace(
        self,
        method: str,
        path: str,
        started: float,
        answer: Answer | None = None,
        problem: ProcurifyError | None = None,
    ) -> None:
        """Keep what became of one attempt."""
        trace = Trace(
            at=datetime.now(timezone.utc),
            method=method,
            path=path,
            status=answer.status if answer else 0,
            seconds=round(time.monotonic() - started, 3),
            request_id=answer.proxy_request_id if answer else "",
            procurify_request_id=answer.procurify_request_id if answer else "",
            problem=type(problem).__name__ if problem else "",
        )
        self._traces.add(trace)
        _logger.debug("%s", trace)

    def _receive(
        self,
        response: requests.Response,
        path: str,
        blank: Callable[[str], str],
        limit: int | None,
    ) -> Answer:
        self.server_date = response.headers.get("Date", "")
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("", "identity", "gzip", "deflate"):
            raise ProtocolError("The answer is packed in an unknown way", url_path=path)
        # The limit is for the file, not for the words that come instead of one.
        limit = limit if response.status_code == 200 else None
        if limit is not None and encoding in ("", "identity"):
            announced = response.headers.get("Content-Length", "")
            if announced.isdigit() and int(announced) > limit:
                raise TooLarge(limit)
        body = self._read_body(response, path, limit)
        self._check_complete(response, path)
        return Answer(
            path=path,
            status=response.status_code,
            headers=response.headers,
            body=body,
            blank=blank,
        )

    def _read_body(
        self, response: requests.Response, path: str, limit: int | None
    ) -> bytes:
        most = MAX_BODY_BYTES if limit is None else limit
        body = bytearray()
        with Deadline(response.raw, self._at_most(MAX_RESPONSE_S)) as deadline:
            try:
                for chunk in response.iter_content(READ_CHUNK_BYTES):
                    body += chunk
                    if len(body) > most:
                        break
            except (requests.RequestException, OSError):
                if not deadline.expired:
                    raise
        if deadline.expired:
            raise TransientError("The answer came too slowly", url_path=path)
        if len(body) > most:
            if limit is not None:
                raise TooLarge(limit)
            raise ProtocolError("The answer is far too large", url_path=path)
        return bytes(body)

    @staticmethod
    def _check_complete(response: requests.Response, path: str) -> None:
        """Notice a body that ended early; old versions of urllib3 do not."""
        announced = response.headers.get("Content-Length", "")
        received = getattr(response.raw, "tell", lambda: None)()
        if announced.isdigit() and received and received < int(announced):
            raise TransientError("The answer ended early", url_path=path)

    def _at_most(self, seconds: float) -> float:
        """Return ``seconds``, or what is left of this run, if that is less."""
        return min(seconds, max(self._ends_at - time.monotonic(), MIN_TIMEOUT_S))

    # === RETRIES === #

    def _with_retries(
        self,
        method: str,
        path: str,
        send: Callable[[], requests.Response],
        parse: Callable[[Answer], T],
        blank: Callable[[str], str],
        cancelled: threading.Event | None = None,
        limit: int | None = None,
        attempts: int | None = None,
    ) -> T:
        most = attempts or self._max_attempts
        deadline = min(time.monotonic() + MAX_REQUEST_S, self._ends_at)
        delay, attempt = 0.0, 1
        while True:
            self._wait(delay, path, cancelled)
            try:
                with self._slots.taken():
                    if self._must_wait(path, cancelled):
                        delay = 0.0
                        continue  # another thread was asked to wait meanwhile
                    answer = self._attempt(method, path, send, blank, limit)
                    self._slots.note(answer.status)
                return parse(answer)
            except (TransientError, MalformedBody) as error:
                delay = self._delay(attempt, error)
                too_late = time.monotonic() + delay > deadline
                if attempt >= most or delay > MAX_RETRY_AFTER_S or too_late:
                    raise
            attempt += 1

    def _delay(self, attempt: int, error: TransientError | MalformedBody) -> float:
        """Say how many seconds to wait after the failure number ``attempt``."""
        wanted = error.retry_after_s if isinstance(error, TransientError) else None
        if wanted is not None:
            if wanted <= MAX_RETRY_AFTER_S:
                self._quiet_until = time.monotonic() + wanted
            return wanted
        ceiling = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2.0 ** (attempt - 1))
        return ceiling * random.uniform(0.5, 1.0)

    def _must_wait(
        self, path: str, cancelled: threading.Event | None, delay: float = 0.0
    ) -> bool:
        """Return whether to wait before the next request.

        :param delay: seconds that this request has to wait, whatever others do
        :raises OutOfTime: this run's time would be over
        """
        delay = max(delay, self._quiet_until - time.monotonic())
        if cancelled and cancelled.is_set():
            raise Cancelled
        if time.monotonic() + max(delay, 0) >= self._ends_at:
            raise OutOfTime("Procurify is too slow for one run", url_path=path)
        return delay > 0

    def _wait(self, delay: float, path: str, cancelled: threading.Event | None) -> None:
        """Wait ``delay`` seconds, or as long as another thread has to wait.

        :raises OutOfTime: this run's time would be over
        """
        quiet_until = self._quiet_until
        if not self._must_wait(path, cancelled, delay):
            return
        delay = max(delay, quiet_until - time.monotonic())
        if cancelled and self._sleep is time.sleep:
            cancelled.wait(delay)  # sleep, but wake up when nobody waits any more
        else:
            self._sleep(delay)
        if self._quiet_until == quiet_until:
            self._quiet_until = 0.0
        if cancelled and cancelled.is_set():
            raise Cancelled


KEPT = 50


@dataclass(frozen=True)
class Trace:
    """One attempt of a request.

    ``status`` is 0, and ``problem`` the kind of error, where no whole answer came.
    ``request_id`` is what the web server calls it, ``procurify_request_id`` what
    Procurify itself does.
    """

    at: datetime  # aware, UTC
    method: str
    path: str
    status: int
    seconds: float
    request_id: str
    problem: str
    procurify_request_id: str = ""


class Traces:
    """The newest attempts, and how many there were. Threads may share it."""

    def __init__(self) -> None:
        self._newest: deque[Trace] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self.count = 0

    def add(self, trace: Trace) -> None:
        """Keep ``trace``, and forget the oldest one where there are too many."""
        with self._lock:
            self._newest.append(trace)
            self.count += 1

    def newest(self) -> list[Trace]:
        """Return what is kept, the oldest first."""
        with self._lock:
            return list(self._newest)
