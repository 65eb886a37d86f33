"""``./dev bench``: every figure in one run, against Odoo itself, with its bar.

It makes databases and a simulated Procurify of its own. The simulator and Odoo run on
one machine, so only ratios and what is measured inside of Odoo say anything.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.figures import Figure, table

from . import databases
from .console import say, step
from .demo_company import create_database, simulated_procurify
from .odoo import Odoo, prepare
from .paths import ADDON, STATE
from .processes import free_port, running, wait_for_port

LOG = STATE / "bench.log"
STARTS_WITHIN_S = 120
#: Units by the end of a figure's name; the first that fits counts.
UNITS = (
    ("_over_", "×"),
    ("_per_second", "documents/s"),
    ("_workers", "bills/s"),
    ("_ms_per_object", "ms"),
    ("_ms_per_document", "ms"),
    ("bytes_per_record", "bytes"),
    ("_mib", "MiB"),
    ("memory_backlog", "MiB"),
    ("screen_", "ms"),
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


def bench(result_file: Path | None, table_file: Path | None, quick: bool) -> int:
    """Measure everything, print and write the table; return 1 if a bar is missed."""
    size = QUICK if quick else FULL
    figures = [
        Figure(name, value, _unit(name)) for name, value in _measured(size).items()
    ]
    lines = table(figures)
    say("\n" + "\n".join(lines))
    if result_file:
        found = {figure.name: figure.as_json() for figure in figures}
        result_file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    if table_file:
        table_file.write_text("\n".join(lines) + "\n")
    if quick:
        say("A quick run proves that the benchmark works, and nothing else.")
        return 0
    missed = [figure.name for figure in figures if not figure.is_met]
    if missed:
        say(f"Missed: {', '.join(missed)}")
    return bool(missed)


def _unit(name: str) -> str:
    return next((unit for part, unit in UNITS if part in name), "")


def _measured(size: Size) -> dict[str, float]:
    """Return every figure; what took how long is said on the way."""
    odoo = prepare()
    name = databases.database_name("bench")
    databases.drop(odoo, name)
    create_database(odoo, name)
    found: dict[str, float] = {}
    with simulated_procurify(odoo, 0, 0) as credentials:
        with step("Staging documents"):
            _add_documents(credentials["base_url"], (size.rounds + 1) * size.documents)
            _inside(odoo, name, "company", "connect", credentials=credentials)
        filled = _filled(odoo, name, size, found)
        with (
            step("Import against Odoo's ORM, JSON-2 and XML-RPC"),
            _server(odoo, name) as url,
        ):
            found |= _inside(
                odoo,
                name,
                "importing",
                "measure",
                url=url,
                rounds=size.rounds,
                batch=size.documents,
            )
        for title, function in (
            ("Fetch", "measure_fetch"),
            ("Looking again", "measure_repoll"),
        ):
            with step(title):
                rounds = max(1, size.rounds // 2 + 1)
                found |= _inside(odoo, name, "reading", function, rounds=rounds)
    largest = filled[str(max(size.stages))]
    with step("Screens"):
        found |= _inside(odoo, largest, "screens", "measure", rounds=size.rounds)
    with step("Growth"):
        found |= _inside(
            odoo,
            name,
            "growing",
            "measure_growth",
            databases=filled,
            rounds=size.rounds,
        )
    with step("Memory"):
        found |= _inside(
            odoo,
            largest,
            "growing",
            "measure_memory",
            backlog=size.backlog,
            batches=5,
        )
    with step("Several workers"):
        found |= _scale_out(odoo, name, size)
    for each in (name, *filled.values()):
        databases.drop(odoo, each)
    return found


def _add_documents(url: str, count: int) -> None:
    """Let the simulator have ``count`` bills and as many orders, of five lines each."""
    with requests.Session() as session:
        for edit in ("add_order", "add_bill"):
            for _number in range(count):
                answer = session.post(
                    f"{url}/_simulator/edits",
                    json={"edit": edit, "scenario": "five_lines"},
                    timeout=30,
                )
                answer.raise_for_status()


def _filled(
    odoo: Odoo, name: str, size: Size, found: dict[str, float]
) -> dict[str, str]:
    """Copy the database for each size of the stage, and fill the copies.

    :returns: {records that are there: name of the database}
    """
    filled = {}
    for count in size.stages:
        copy = f"{name}_{count}"
        with step(f"A stage of {count:,} records"):
            databases.duplicate(odoo, name, copy)
            result = _inside(odoo, copy, "growing", "fill", count=count)
        found["stage_bytes_per_record"] = result["bytes_per_record"]
        filled[str(count)] = copy
    return filled


def _scale_out(odoo: Odoo, name: str, size: Size) -> dict[str, float]:
    """Return bills per second with one, two and four workers."""
    rates: dict[int, list[float]] = {}
    start = 8_000_000
    for _round in range(max(1, size.rounds // 2 + 1)):
        for workers in (1, 2, 4):
            count = size.bills_per_worker_run
            _inside(odoo, name, "working", "stage", count=count, start=start)
            start += count
            seconds = _import_together(odoo, name, workers)
            rates.setdefault(workers, []).append(count / seconds)
    middle = {
        workers: sorted(found)[len(found) // 2] for workers, found in rates.items()
    }
    pairs = zip(rates[2], rates[1], strict=True)
    ratios = sorted(two / one for two, one in pairs)
    return {
        f"import_{workers}_workers": round(rate, 2) for workers, rate in middle.items()
    } | {"workers_2_over_1": round(ratios[len(ratios) // 2], 3)}


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
                _inside, odoo, name, "working", "work", ready=str(file), go=str(go)
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


def _inside(
    odoo: Odoo, name: str, module: str, function: str, **arguments: object
) -> dict[str, float]:
    """Call a function of the bench in Odoo's shell and return its figures."""
    printed = databases.execute(odoo, name, _script(module, function, **arguments))
    found: dict[str, float] = json.loads(printed.splitlines()[-1]) or {}
    return found
