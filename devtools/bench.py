"""``./dev bench``: every figure in one run, against Odoo itself, with its bar.

It makes databases and a simulated Procurify of its own. The simulator and Odoo run on
one machine, so only ratios and what is measured inside of Odoo say anything.
"""

import json
import os
import platform
from datetime import date
from pathlib import Path

from bench.figures import BARS, Figure, table

from .bench_run import FULL, QUICK, Run
from .console import say
from .odoo import prepare
from .paths import STATE

#: There is no stage of a hundred thousand in a quick run.
ONLY_FULL = frozenset({"growth_100000_over_1000"})
#: Units by the end of a figure's name; the first that fits counts.
UNITS = (
    ("_over_", "×"),
    ("path_files", "files"),
    ("path_changes", "times"),
    ("_per_second", "documents/s"),
    ("_workers", "bills/s"),
    ("_ms_per_object", "ms"),
    ("_ms_per_document", "ms"),
    ("bytes_per_record", "bytes"),
    ("bill_ms_", "ms"),
    ("_mib", "MiB"),
    ("memory_backlog", "MiB"),
    ("screen_", "ms"),
)


PAGE = """\
===========
Performance
===========

What ``./dev bench --table docs/performance.rst`` measured in one run, on {day}, with
{machine}.

The simulated Procurify, Odoo and PostgreSQL shared that machine. Read the ratios: what
is compared ran in turn, and a figure is the median of several rounds. A bar is what the
addon must reach; the command fails where one is missed.

{table}

* ``raw_orm`` is one ``create`` of a batch of the same values, prepared beforehand, as
  the same user; for orders with Odoo's own confirmation. ``importer`` is everything
  that the import does: reading the stage, checking, creating, verifying, auditing.
* ``json2`` and ``xmlrpc`` are an integration outside that creates one bill after the
  other, and looks up the vendor, the bill's number, the currency, the accounts, the
  taxes and the analytic accounts of each.
* ``batch`` is a bill's cost where so many are imported together. The import takes 100:
  fewer cost more each, and more are no cheaper, but longer in coming back.
* ``posting`` compares importing under the policy *posted* with ``create`` and
  ``action_post``, ``revision`` the import of changed bills with a ``write`` of the new
  lines of each.
* ``bill_ms`` is where the milliseconds of a bill of five lines go, by Odoo's profiler,
  in batches of 100. ``sql`` is PostgreSQL's; ``connector`` is what is in no other part:
  the import's own work, its comparison with what Odoo has stored included. All else is
  Odoo's ``create``: its checks of companies, the tax items, the payable item, the other
  synchronisation of journal items, what it computes before creation, the lines and the
  header. While it is looked at, an import is slower.
* ``fetch`` counts bills from the first request to the stage; ``repoll`` is what an
  object that did not change costs beyond HTTP and JSON.
* ``growth`` is the whole import cron for a hundred bills beside that many records, two
  per cent of them held.
* ``screen`` is the server's time for what the web client asks when a controller opens a
  page: the action, its views, the first page of rows with their number, the counts of
  the search panel. Every page of the five menus is there, also as the lists, graphs and
  groupings that people make of it, the lists behind the dashboard's figures, and what
  monitors read. They stand beside the largest stage and the books that belong to it:
  a bill of Odoo for each imported one over two years, the last ones drafts or unpaid,
  and a tenth as many orders, every tenth of them open. Nine tenths of ``settings`` are
  Odoo's own list of charts of accounts.
* ``path`` follows one bill of one line from the first request to the draft, where all
  that it names is known: how many of the addon's files it enters, and how often the
  next function is in another file. ``./dev bench --path`` measures it alone.
* ``memory`` is the peak of the process with a backlog of a hundred thousand bills, less
  what Odoo itself takes for one batch of them.

What follows from it for a large company is in `sizing.rst <sizing.rst>`_.
"""


def path() -> int:
    """Measure and print the path of one bill; return 1 if a bar is missed."""
    description = STATE / "bench-path.txt"
    description.unlink(missing_ok=True)
    found = Run(prepare(), QUICK, lambda _found: None).measure_path(description)
    figures = _figures(found)
    if description.exists():
        say(f"\n{description.read_text()}")
    say("\n".join(table(figures)))
    return int(not figures or not all(figure.is_met for figure in figures))


def bench(result_file: Path | None, table_file: Path | None, quick: bool) -> int:
    """Measure everything, print and write the table; return 1 if a bar is missed."""

    def keep(found: dict[str, float]) -> None:
        if result_file:
            written = {f.name: f.as_json() for f in _figures(found)}
            text = json.dumps(written, indent=2, ensure_ascii=False)
            result_file.write_text(text + "\n")

    found = Run(prepare(), QUICK if quick else FULL, keep).measure()
    keep(found)
    lines = "\n".join(table(_figures(found)))
    say(f"\n{lines}")
    if table_file:
        page = PAGE.format(day=date.today(), machine=_machine(), table=lines)  # noqa: DTZ011
        table_file.write_text(page)
    if quick:
        say("A quick run proves that the benchmark works, and nothing else.")
        return int(not found.keys() >= BARS.keys() - ONLY_FULL)
    missed = [f.name for f in _figures(found) if not f.is_met]
    missed += [f"{name} (not measured)" for name in BARS if name not in found]
    if missed:
        say(f"Missed: {', '.join(missed)}")
    return int(bool(missed))


def _figures(found: dict[str, float]) -> list[Figure]:
    return [Figure(name, value, _unit(name)) for name, value in found.items()]


def _unit(name: str) -> str:
    return next((unit for part, unit in UNITS if part in name), "")


def _machine() -> str:
    """Return what class of machine this is."""
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}"
    )
