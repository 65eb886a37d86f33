"""One database, the Odoo servers that work on it, and what can be seen from outside.

Nothing here imports Odoo: the tests press a button through Odoo's web interface, look
at the database with SQL, and send signals, as a person, a monitor and a power cut do.
"""

import itertools
import os
import signal
import subprocess
import time
import zlib
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import psycopg2
import psycopg2.extras

from devtools.odoo import Odoo
from devtools.paths import ROOT, STATE
from devtools.processes import free_port, running, wait_for_port
from devtools.web_client import WebClient

from .books import Books, read_books, read_traces

Seen = TypeVar("Seen")

LOGIN = PASSWORD = "admin"
#: Two checkouts that test at the same time begin at different ones.
FIRST_PORT = 8369 + 200 * (zlib.crc32(str(ROOT).encode()) % 100)
#: Two servers that start at the same time must not choose the same port.
_starts = itertools.count()
POLL_S = 0.005
#: The end is no moment to be met: looks at it cost what Odoo needs meanwhile.
POLL_END_S = 0.1
#: What comes no further for so long has hung: a batch takes some seconds.
PATIENCE_S = 60
#: What still comes further after so long goes round in circles.
MOST_PATIENCE_S = 1200
#: Odoo's cron threads look at the database once a minute, unless they are notified.
RING_EVERY_S = 0.5

# Open is a stream that was asked to be read and was not, or not to its end.
_PROGRESS = """
    WITH records AS (
        SELECT count(*) AS staged,
               count(*) FILTER (WHERE state NOT IN ('pending', 'waiting')) AS finished,
               count(*) FILTER (WHERE resource = 'bill') AS bills_staged,
               count(*) FILTER (WHERE resource = 'bill' AND state = 'done')
                   AS bills_done,
               count(*) FILTER (WHERE resource = 'bill' AND state = 'pending')
                   AS bills_pending
          FROM procurify_record
    ), streams AS (
        SELECT count(*) FILTER (WHERE next_attempt IS NULL OR scan_pass > 0)
                   AS streams_open,
               coalesce(max(scan_page) FILTER (WHERE resource = 'bill'), 0)
                   AS bill_page,
               max(modified_watermark) FILTER (WHERE resource = 'bill')
                   AS bill_watermark
          FROM procurify_stream
    )
    SELECT (SELECT count(*) FROM account_move), * FROM records, streams
"""
# A run deletes the triggers that it answers, in the transaction that ends it.
_UNANSWERED_TRIGGERS = """
    SELECT count(*) FROM ir_cron_trigger t
      JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = t.cron_id
     WHERE d.module = 'procurify_connector'
       AND t.call_at <= now() AT TIME ZONE 'UTC'
"""
# Files come in a cron of their own, after the documents.
_FILES_TO_COME = "SELECT count(*) FROM procurify_attachment WHERE state = 'pending'"
_NOW = "SELECT date_trunc('second', now() AT TIME ZONE 'UTC')"
_NOT_READ_SINCE = """
    SELECT resource FROM procurify_stream
     WHERE last_success IS NULL OR last_success < %s
"""
_WRITES_TO = """
    SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE a.application_name = %s AND a.datname = current_database()
       AND l.mode = 'RowExclusiveLock' AND l.relation = %s::regclass
"""
_BUSY_BACKENDS = """
    SELECT count(*) FROM pg_stat_activity
     WHERE application_name = %s AND datname = current_database()
       AND state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock'
"""


class Progress(NamedTuple):
    """How far the committed work has come."""

    moves: int  # in the books, from any user
    staged: int
    finished: int  # done, on hold or excluded: the import has nothing left to do
    bills_staged: int
    bills_done: int
    bills_pending: int
    streams_open: int
    bill_page: int  # the next one to read; 0 when no window is open
    bill_watermark: datetime | None

    @property
    def work(self) -> int:
        """Return a number that only grows: each record is staged, and then finished."""
        return self.staged + self.finished

    @property
    def is_complete(self) -> bool:
        """Return whether all is read, and all that was read is finished."""
        return not self.streams_open and 0 < self.staged == self.finished


class Site:
    """A database with the addon and one connection; any number of Odoo servers."""

    def __init__(self, odoo: Odoo, database: str) -> None:
        self.database = database
        self._postgres = {
            name.removeprefix("PG").lower(): str(value)
            for name, value in odoo.server.variables.items()
            if value is not None
        }
        self.log = STATE / f"{database}.log"
        self.log.write_text("")
        self.odoo = odoo
        self._stack = ExitStack()
        self._servers: list[Server] = []
        self._rang_at = 0.0
        self.connect()

    def close(self) -> None:
        """Stop what still runs, in the way that these tests trust Odoo to survive."""
        for server in self._servers:
            server.kill()
        self._stack.close()

    def connect(self) -> None:
        """Connect to PostgreSQL, again after it was gone."""
        self._look = self._connected(self.database)
        self._bell = self._connected("postgres")

    def disconnect(self) -> None:
        """Leave the database, so that it can be replaced."""
        self._look.close()

    def start(self, *options: object, port: int = 0, **variables: str) -> "Server":
        """Start an Odoo server, one more if there is one.

        :param options: of its command line; they win over those of this method
        :param port: on which it answers; 0: a free one
        :param variables: of its environment, beside the usual ones
        """
        port = port or free_port(FIRST_PORT + next(_starts))
        command = self.odoo.command(
            *("--database", self.database, "--db-filter", f"^{self.database}$"),
            *("--http-port", port, "--workers", 0, "--max-cron-threads", 1),
            *("--logfile", self.log, *options),
        )
        process = self._stack.enter_context(
            running(
                command,
                {**self.odoo.variables, **variables},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        if "--no-http" not in options:
            wait_for_port(port, process, self.log)
        self._servers.append(Server(self, process, f"http://127.0.0.1:{port}"))
        return self._servers[-1]

    # === LOOKING === #

    def rows(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run SQL outside of any transaction: each look is a fresh one."""
        with self._look.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def value(self, statement: str, *parameters: object) -> Any:
        """Return the only value that a statement gives."""
        return self.rows(statement, *parameters)[0][0]

    def progress(self) -> Progress:
        """Return how far the committed work has come."""
        return Progress(*self.rows(_PROGRESS)[0])

    def books(self) -> Books:
        """Return what must be the same however often Odoo was killed."""
        return read_books(self.rows)

    def traces(self) -> dict[str, tuple[Any, ...]]:
        """Return what changes when anybody writes to a business record."""
        return read_traces(self.rows)

    # === WAITING === #

    def wait_for(
        self,
        look: Callable[[], Seen | None],
        complaint: str,
        every_s: float = POLL_S,
        patience_s: float = PATIENCE_S,
    ) -> Seen:
        """Look until there is something to see, and return it.

        Meanwhile the cron threads are woken as often as a trigger would wake them:
        after a restart they would sleep for their first minute.
        """
        started_at = moved_at = time.monotonic()
        progress = None
        while (
            time.monotonic() - moved_at < patience_s
            and time.monotonic() - started_at < MOST_PATIENCE_S
        ):
            if seen := look():
                return seen
            if self._ring() and progress != (progress := self.progress()):
                moved_at = time.monotonic()
            time.sleep(every_s)
        log = "\n".join(self.log.read_text().splitlines()[-15:])
        raise AssertionError(f"{complaint}: {self.progress()}\n{log}")

    def wait_until_complete(self) -> None:
        """Wait until the crons have read and finished everything, and are idle."""
        self.wait_for(
            lambda: (
                self.progress().is_complete
                and not self.value(_UNANSWERED_TRIGGERS)
                and not self.value(_FILES_TO_COME)
            ),
            "the synchronisation did not come to its end",
            every_s=POLL_END_S,
        )

    def synchronise(self, server: "Server") -> None:
        """Press "Sync now" and wait until every list was read since, and finished."""
        pressed_at = self.value(_NOW)
        server.press_sync_now()
        self.wait_until_complete()
        assert self.rows(_NOT_READ_SINCE, pressed_at) == []

    def _ring(self) -> bool:
        if time.monotonic() - self._rang_at < RING_EVERY_S:
            return False
        self._rang_at = time.monotonic()
        with self._bell.cursor() as cursor:
            cursor.execute("SELECT pg_notify('cron_trigger', %s)", [self.database])
        return True

    def _connected(self, database: str) -> Any:
        connection = psycopg2.connect(dbname=database, **self._postgres)
        self._stack.callback(connection.close)
        connection.autocommit = True
        psycopg2.extras.register_default_jsonb(connection)
        return connection


class Server:
    """An Odoo server with one cron thread, in a process group of its own."""

    def __init__(
        self, site: Site, process: "subprocess.Popen[str]", address: str
    ) -> None:
        self._site = site
        self._process = process
        self._name_in_postgres = f"odoo-{process.pid}"
        self.address = address
        self._client: WebClient | None = None

    @property
    def is_running(self) -> bool:
        """Whether the server has not ended."""
        return self._process.poll() is None

    def logged_in(self) -> WebClient:
        """Return a session of a person."""
        client = WebClient(self.address)
        client.log_in(self._site.database, LOGIN, PASSWORD)
        return client

    def press_sync_now(self) -> None:
        """Press the button on the connection, after a log in at the first time."""
        if self._client is None:
            self._client = self.logged_in()
        (connection,) = self._client.read("procurify.connection", [], "name")
        self._client.call("procurify.connection", "action_sync_now", [connection["id"]])

    def has_uncommitted(self, table: str) -> bool:
        """Return whether a transaction of this server has begun to write to a table."""
        return bool(self._site.value(_WRITES_TO, self._name_in_postgres, table))

    def freeze(self) -> None:
        """Stop all threads of the server, and let PostgreSQL come to rest.

        A stopped process notices nothing: a kill that follows finds it as it is.
        """
        os.killpg(self._process.pid, signal.SIGSTOP)
        self._site.wait_for(
            lambda: not self._site.value(_BUSY_BACKENDS, self._name_in_postgres),
            "PostgreSQL did not finish the last statement of a stopped Odoo",
        )

    def freeze_when(self, is_moment: Callable[[Progress], bool]) -> Progress:
        """Stop the server at a moment, and return how far it had come exactly then."""

        def frozen() -> Progress | None:
            if not is_moment(self._site.progress()):
                return None
            self.freeze()
            progress = self._site.progress()
            if is_moment(progress):
                return progress
            # It has gone on between the look and the signal.
            os.killpg(self._process.pid, signal.SIGCONT)
            return None

        return self._site.wait_for(frozen, "the moment of the kill never came")

    def kill_workers(self) -> None:
        """Send SIGKILL to its worker processes; the server starts others."""
        found = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for pid in map(int, found.read_text().split()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self) -> None:
        """Send SIGKILL to the whole process group, as ``kill -9`` does."""
        if self.is_running:
            os.killpg(self._process.pid, signal.SIGKILL)
        assert self._process.wait() == -signal.SIGKILL
