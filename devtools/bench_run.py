"""One run of the benchmark: databases, servers, and every figure in turn."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from . import databases
from .console import Stop, say, step
from .demo_company import create_database, simulated_procurify
from .odoo import Odoo
from .paths import ADDON, STATE
from .processes import free_port, running, wait_for_port

LOG = STATE / "bench.log"
STARTS_WITHIN_S = 120
#: What a section may fail with, without keeping the others from being measured.
FAILURES = (
    Stop,
    OSError,
    ValueError,
    LookupError,
    HTTPException,
    subprocess.SubprocessError,
)


@dataclass(frozen=True)
class Size:
    """How much is measured. Only the full size says anything."""

    rounds: int
    documents: int  # of each kind, per round of the import
    stages: tuple[int, ...]  # records that are there, for growth
    backlog: int
    bills_per_worker_run: int


FULL = Size(5, 100, (1_000, 10_000, 100_000), 100_000, 400)
QUICK = Size(1, 20, (1_000, 2_000, 3_000), 2_000, 60)


class Run:
    """Measures everything; what fails is reported, without figures."""

    def __init__(
        self, odoo: Odoo, size: Size, keep: Callable[[dict[str, float]], None]
    ) -> None:
        """:param keep: is given all figures so far, after each section"""
        self.odoo, self.size, self.keep = odoo, size, keep
        self.name = databases.database_name("bench")
        self.filled: dict[str, str] = {}
        self.found: dict[str, float] = {}

    def measure(self) -> dict[str, float]:
        """Return every figure that could be measured."""
        databases.drop(self.odoo, self.name)
        create_database(self.odoo, self.name)
        self._path()
        with simulated_procurify(self.odoo, 0, 0) as credentials:
            self._stage(credentials)
            self._fill()
            self._reading()
        self._growing()
        with self._section("Several workers"):
            self._add(_scale_out(self.odoo, self.name, self.size))
        for name in (self.name, *self.filled.values()):
            databases.drop(self.odoo, name)
        return self.found

    def measure_path(self, description: Path) -> dict[str, float]:
        """Return the figures of the path of one bill alone.

        :param description: file to which the path itself is written
        """
        databases.drop(self.odoo, self.name)
        create_database(self.odoo, self.name)
        self._path(description=str(description))
        databases.drop(self.odoo, self.name)
        return self.found

    def _path(self, **options: object) -> None:
        """Follow one bill, in a database in which nothing else waits."""
        copy = f"{self.name}_path"
        with (
            self._section("Path of a bill"),
            simulated_procurify(self.odoo, 0, 0) as credentials,
        ):
            databases.duplicate(self.odoo, self.name, copy)
            self._inside(copy, "company", "connect", credentials=credentials)
            self._measure(copy, "path", "measure", **options)
        databases.drop(self.odoo, copy)

    def _stage(self, credentials: dict[str, str]) -> None:
        count = (self.size.rounds + 1) * self.size.documents
        with step(f"Staging {count} orders and bills"):
            _add_documents(credentials["base_url"], count)
            self._inside(self.name, "company", "connect", credentials=credentials)

    def _fill(self) -> None:
        """Copy the database for each size of the stage, and fill the copies."""
        for count in self.size.stages:
            copy = f"{self.name}_{count}"
            with step(f"A stage of {count:,} records"):
                databases.duplicate(self.odoo, self.name, copy)
                result = self._inside(copy, "growing", "fill", count=count)
            self.found["stage_bytes_per_record"] = result["bytes_per_record"]
            self.filled[str(count)] = copy

    def _reading(self) -> None:
        rounds = self.size.rounds
        with (
            self._section("Import against Odoo's ORM, JSON-2 and XML-RPC"),
            _server(self.odoo, self.name) as url,
        ):
            self._measure(
                self.name,
                "importing",
                "measure",
                url=url,
                rounds=rounds,
                batch=self.size.documents,
            )
        with self._section("Batches"):
            self._measure(
                self.name,
                "importing",
                "measure_batches",
                rounds=rounds // 2 + 1,
                start=7_000_000,
            )
        for title, module, function, arguments in (
            ("Posting", "importing", "measure_posting", {"start": 7_100_000}),
            ("Where a bill's time goes", "shares", "measure", {"start": 7_200_000}),
            ("Revisions", "importing", "measure_revision", {}),
        ):
            with self._section(title):
                self._measure(
                    self.name,
                    module,
                    function,
                    rounds=rounds // 2 + 1,
                    batch=self.size.documents,
                    **arguments,
                )
        for title, function in (
            ("Fetch", "measure_fetch"),
            ("Looking again", "measure_repoll"),
        ):
            with self._section(title):
                self._measure(self.name, "reading", function, rounds=rounds // 2 + 1)

    def _growing(self) -> None:
        largest = self.filled[str(max(self.size.stages))]
        rounds = self.size.rounds
        with self._section("Screens"):
            self._screens(largest, rounds)
        with self._section("Growth"):
            self._measure(
                self.name,
                "growing",
                "measure_growth",
                databases=self.filled,
                rounds=rounds,
            )
        with self._section("Memory"):
            backlog = self.size.backlog
            self._measure(
                largest, "growing", "measure_memory", backlog=backlog, batches=5
            )

    def _screens(self, largest: str, rounds: int) -> None:
        """Open every page, in a copy that also has Odoo's books."""
        books = f"{self.name}_books"
        databases.duplicate(self.odoo, largest, books)
        self._inside(books, "books", "fill", count=max(self.size.stages))
        self._measure(books, "screens", "measure", rounds=rounds)
        databases.drop(self.odoo, books)

    @contextmanager
    def _section(self, title: str) -> Iterator[None]:
        try:
            with step(title):
                yield
        except FAILURES as error:
            say(f"{title} FAILED: {error}")

    def _measure(
        self, name: str, module: str, function: str, **arguments: object
    ) -> None:
        self._add(self._inside(name, module, function, **arguments))

    def _add(self, found: dict[str, float]) -> None:
        self.found |= found
        self.keep(self.found)

    def _inside(
        self, name: str, module: str, function: str, **arguments: object
    ) -> dict[str, float]:
        return inside(self.odoo, name, module, function, **arguments)


def _add_documents(url: str, count: int) -> None:
    """Let the simulator have ``count`` bills and as many orders, of five lines each."""
    for edit in ("add_order", "add_bill"):
        request = Request(
            f"{url}/_simulator/edits",
            data=json.dumps({"edit": edit, "scenario": "five_lines"}).encode(),
            headers={"Content-Type": "application/json"},
        )
        for _number in range(count):
            with urlopen(request, timeout=30):
                pass  # an answer that is an error raises


def _scale_out(odoo: Odoo, name: str, size: Size) -> dict[str, float]:
    """Return bills per second with one, two and four workers."""
    rates: dict[int, list[float]] = {}
    start = 8_000_000
    for _round in range(size.rounds // 2 + 1):
        for workers in (1, 2, 4):
            count = size.bills_per_worker_run
            inside(odoo, name, "working", "stage", count=count, start=start)
            start += count
            seconds = _import_together(odoo, name, workers)
            rates.setdefault(workers, []).append(count / seconds)
    middle = {
        workers: sorted(found)[len(found) // 2] for workers, found in rates.items()
    }

    def ratio(more: int, fewer: int) -> float:
        pairs = zip(rates[more], rates[fewer], strict=True)
        found = sorted(one / other for one, other in pairs)
        return round(found[len(found) // 2], 3)

    return {
        f"import_{workers}_workers": round(rate, 2) for workers, rate in middle.items()
    } | {"workers_2_over_1": ratio(2, 1), "workers_4_over_2": ratio(4, 2)}


def _import_together(odoo: Odoo, name: str, workers: int) -> float:
    """Return the seconds from a common start until the last of the workers is done."""
    folder = STATE / "bench-workers"
    folder.mkdir(exist_ok=True)
    go = folder / "go"
    go.unlink(missing_ok=True)
    ready = [folder / f"ready-{number}" for number in range(workers)]
    for file in ready:
        file.unlink(missing_ok=True)
    with ThreadPoolExecutor(workers) as pool:
        runs = [
            pool.submit(
                inside, odoo, name, "working", "work", ready=str(file), go=str(go)
            )
            for file in ready
        ]
        _wait_for(ready)
        go.touch()
        ended = [run.result() for run in runs]
    return max(e["ended"] for e in ended) - min(e["began"] for e in ended)


def _wait_for(files: list[Path]) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while not all(file.exists() for file in files):
        if time.monotonic() > until:
            raise TimeoutError("A worker did not start.")
        time.sleep(0.05)


@contextmanager
def _server(odoo: Odoo, name: str) -> Iterator[str]:
    """Run an Odoo server without crons on the database, and give its address."""
    port = free_port(8369)
    LOG.write_text("")
    command = odoo.command(
        *("--database", name, "--db-filter", f"^{name}$", "--http-port", port),
        *("--max-cron-threads", 0, "--log-level", "warn", "--logfile", LOG),
    )
    with running(
        command,
        odoo.variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_for_port(port, process, LOG)
        yield f"http://127.0.0.1:{port}"


def _script(module: str, function: str, **arguments: object) -> str:
    """Return what calls ``bench.<module>.<function>`` inside of ``odoo shell``."""
    given = json.dumps(arguments)
    return (
        "import json\n"
        f"from odoo.addons.{ADDON}.bench import {module}\n"
        f"found = {module}.{function}(env, **json.loads({given!r}))\n"
        "print(json.dumps(found))\n"
    )


def inside(
    odoo: Odoo, name: str, module: str, function: str, **arguments: object
) -> dict[str, float]:
    """Call a function of the bench in Odoo's shell and return its figures."""
    printed = databases.execute(odoo, name, _script(module, function, **arguments))
    found: dict[str, float] = json.loads(printed.splitlines()[-1]) or {}
    return found
