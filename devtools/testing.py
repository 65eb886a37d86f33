"""``./dev test``: plain tests, the addon's life cycle, Odoo tests."""

import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from . import browser, databases, odoo_14, tax_table, translations
from .console import Stop, say, warn
from .environment import python_environment
from .odoo import Odoo, prepare
from .paths import ADDON, ROOT, STATE
from .shell import compiled_apart, environment, locked, run

PLAIN_TESTS = (
    "procurify/tests",
    "procurify_odoo/tests",
    "simulator/tests",
    "devtools/tests",
)
SUGGESTIONS = "devtools/tests/test_suggestions.py"
SYSTEM_TESTS = ("tests_system",)
ODOO_TESTS = ("tests",)
GENERATED_ODOO_TESTS = (
    "tests/test_fuzz.py",
    "tests/test_random_order.py",
    "tests/test_valid_objects.py",
)
NOTHING_COLLECTED = 5
#: Of our pytest plugin: select the tests for the database that has Odoo Inventory.
INVENTORY_OPTION = "--inventory"
#: Of our pytest plugin: select one part of the test files, as NUMBER/PARTS.
SHARD_OPTION = "--shard"
#: So many parts share two processors well with the other suites: the last one to run
#: leaves the other processor idle for half of a part, as a rule.
ODOO_PARTS = 6
#: Odoo's own linter is an addon too; its tests read every addon on the path.
LINTER = "test_lint"
#: What Odoo's own runner logs of a test that could not run.
_SKIPPED = re.compile(rf" odoo\.addons\.{ADDON}\.\S+: skipped ")


def test(what: str, pytest_arguments: Sequence[str]) -> int:
    """Run the tests that ``what`` names and return the exit code.

    ``what`` is ``all``, ``plain``, ``odoo``, ``inventory`` (the tests of documents,
    beside Odoo Inventory and another chart of accounts), ``system`` (whole processes
    of Odoo, from outside), ``odoo-runner`` (Odoo's own), ``fuzz`` (the tests with
    generated examples, with many more of them), ``suggestions`` (prints how many
    accounts are suggested right), ``taxes`` (those of twelve countries' charts; writes
    ``docs/taxes.rst``), a path, or an expression for pytest's ``-k``.
    """
    extra = list(pytest_arguments)
    suites: dict[str, Callable[[], int]] = {
        "plain": lambda: _all_plain(extra),
        "odoo": lambda: _first_failure(
            [_life_cycle(), _odoo([*ODOO_TESTS, *extra], whole=True)]
        ),
        "inventory": lambda: _inventory(extra),
        "system": lambda: _system([*SYSTEM_TESTS, *extra]),
    }
    others: dict[str, Callable[[], int]] = {
        "all": lambda: _all(extra),
        "fuzz": lambda: _fuzz(extra),
        "odoo-runner": _odoo_runner,
        "suggestions": lambda: _plain([SUGGESTIONS, *extra]),
        "taxes": lambda: tax_table.test(extra),
    }
    with locked(STATE / "test.lock", waiting_for="its tests are running"):
        if chosen := {**suites, **others}.get(what):
            return chosen()
        if Path(what.partition("::")[0]).exists():
            return _file(what, extra)
        return _expression(what, extra)


def _all(extra: list[str]) -> int:
    """Run everything, a suite for each processor at a time, the longest first."""
    started = time.monotonic()
    # What several suites would otherwise make at the same time.
    browser.search_path()
    odoo = prepare()
    odoo_14.prepare_meanwhile(odoo.server)
    databases.inventory_template(odoo)
    suites: list[Callable[..., int]] = [
        partial(_system, [*SYSTEM_TESTS, *extra]),
        partial(_inventory, extra),
        *(partial(_odoo_part, n, extra) for n in range(1, ODOO_PARTS + 1)),
        partial(_plain, [*PLAIN_TESTS, *extra]),
        _life_cycle,
    ]
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 1)) as pool:
        codes = list(pool.map(_printed_at_its_end, suites))
    say(_table_of_times(time.monotonic() - started))
    return _first_failure(codes)


def _odoo_part(number: int, extra: list[str], **options: Any) -> int:
    """Run one part of the tests of the addon, in a database of its own."""
    part = f"{SHARD_OPTION}={number}/{ODOO_PARTS}"
    return _odoo([*ODOO_TESTS, part, *extra], whole=True, part=number, **options)


def _life_cycle(**options: Any) -> int:
    """Check that the addon updates and uninstalls silently, and its translations."""
    odoo = prepare()
    with _timed("Update, uninstallation, translations"):
        database = databases.database_name("cycle")
        try:
            databases.duplicate(odoo, _installed(odoo), database)
            databases.check_update_and_uninstall(odoo, database)
            translations.check_template(odoo, database)
            databases.drop(odoo, database)
        except Stop as stop:
            print(stop, file=options.get("stdout"), flush=True)
            return 1
    return 0


def _printed_at_its_end(suite: Callable[..., int]) -> int:
    """Run a suite, and print what it says in one piece."""
    with tempfile.TemporaryFile("w+") as printed:
        code = suite(stdout=printed)
        printed.seek(0)
        with _printing:
            print(printed.read(), flush=True)
    return code


def _file(what: str, extra: list[str]) -> int:
    name, *test_names = what.split("::")
    file = Path(name).resolve()
    arguments = ["::".join([str(file), *test_names]), *extra]
    return _in_a_database(arguments) if _needs_odoo(file) else _plain(arguments)


def _needs_odoo(file: Path) -> bool:
    return any(file.is_relative_to(ROOT / folder) for folder in ODOO_TESTS)


def _in_a_database(arguments: list[str]) -> int:
    """Run tests of the addon, beside Odoo Inventory when they are only for there."""
    code = _odoo(arguments)
    return _inventory(arguments) if code == NOTHING_COLLECTED else code


def _expression(expression: str, extra: list[str]) -> int:
    """Run the tests that fit; they may all be of one kind."""
    fitting = ["-k", expression, *extra]
    codes = [
        _plain([*PLAIN_TESTS, *SYSTEM_TESTS, *fitting]),
        _in_a_database([*ODOO_TESTS, *fitting]),
    ]
    if all(code == NOTHING_COLLECTED for code in codes):
        return NOTHING_COLLECTED
    return _first_failure([code for code in codes if code != NOTHING_COLLECTED])


def _fuzz(extra: list[str]) -> int:
    """Run what generates its examples, in plain Python and then in Odoo."""
    return _first_failure(
        [
            _plain([*PLAIN_TESTS, *extra], fuzz=True),
            _odoo([*GENERATED_ODOO_TESTS, *extra], fuzz=True),
        ]
    )


def _first_failure(codes: list[int]) -> int:
    """Return an exit code that is not 0, if any; that of a killed run is negative."""
    return next((code for code in codes if code), 0)


def _plain(
    arguments: list[str], *, fuzz: bool = False, part: int = 0, **options: Any
) -> int:
    """Run tests of plain Python: no Odoo, no database, seconds."""
    with _timed(f"Plain tests, part {part}" if part else "Plain tests"):
        return _pytest(arguments, {"PROCURIFY_FUZZ": 1 if fuzz else None}, **options)


def _all_plain(extra: list[str]) -> int:
    """Run all tests of plain Python, in two halves side by side."""
    if extra:  # they may select few tests, or want the terminal
        return _plain([*PLAIN_TESTS, *extra])
    halves = [
        partial(_plain, [*PLAIN_TESTS, f"{SHARD_OPTION}={number}/2"], part=number)
        for number in (1, 2)
    ]
    with ThreadPoolExecutor() as pool:
        return _first_failure(list(pool.map(_printed_at_its_end, halves)))


def _system(arguments: list[str], **options: Any) -> int:
    """Run the tests that start Odoo, and kill it, from outside."""
    with _timed("System tests"):
        return _pytest(arguments, {}, **options)


def _pytest(arguments: list[str], variables: dict[str, object], **options: Any) -> int:
    return run(
        *(python_environment(), "-m", "pytest", "-p", "no:odoo", *arguments),
        cwd=ROOT,
        env=environment(compiled_apart() | variables),
        **options,
    ).returncode


def _odoo(
    arguments: list[str],
    whole: bool = False,
    fuzz: bool = False,
    part: int = 0,
    **options: Any,
) -> int:
    """Run tests of the addon in a fresh database, browser tours included.

    :param whole: whether these are many files, and not those that a person named
    :param part: which part of the tests these are, 0: all of them
    """
    path = browser.search_path()
    odoo = prepare()
    many = {"PROCURIFY_FUZZ": 1} if fuzz else {}
    with _timed(f"Odoo tests, part {part}" if part else "Odoo tests"):
        database = f"test{part or ''}"
        if whole:
            name = databases.database_name(database)
            database = databases.duplicate(odoo, _installed(odoo), name)
        else:
            database = _fresh_database(odoo, database)
            databases.install(odoo, database)
        return run(
            *(odoo.python, "-m", "pytest", "--odoo-http"),
            *(f"--odoo-database={database}", *arguments),
            cwd=ROOT,
            env=environment(odoo.variables | {"PATH": path} | many),
            **options,
        ).returncode


def _inventory(arguments: list[str], **options: Any) -> int:
    """Run the tests of documents in a fresh database that has Odoo Inventory."""
    odoo = prepare()
    files = [(ROOT / argument.partition("::")[0]).resolve() for argument in arguments]
    if not any(file.exists() and _needs_odoo(file) for file in files):
        arguments = [*ODOO_TESTS, *arguments]
    with _timed("Odoo tests beside Inventory"):
        database = databases.duplicate(
            odoo,
            databases.inventory_template(odoo),
            databases.database_name("inventory"),
        )
        databases.install(odoo, database)
        return run(
            *(odoo.python, "-m", "pytest", INVENTORY_OPTION),
            *(f"--odoo-database={database}", *arguments),
            cwd=ROOT,
            env=environment(odoo.variables),
            **options,
        ).returncode


def _odoo_runner() -> int:
    """Run the addon's tests, and Odoo's linter on it, as Odoo itself does."""
    path = browser.search_path()
    odoo = prepare()
    with _timed("Odoo's own runner"):
        command = odoo.command(
            *("--database", _fresh_database(odoo), "--init", f"{ADDON},{LINTER}"),
            *("--test-tags", f"/{ADDON},/{LINTER}", "--stop-after-init"),
        )
        env = environment(odoo.variables | {"PATH": path})
        with subprocess.Popen(
            command, env=env, stderr=subprocess.PIPE, text=True
        ) as process:
            skipped = []
            for line in process.stderr or ():
                print(line, end="", flush=True)
                if _SKIPPED.search(line):
                    skipped.append(line)
    if skipped:
        warn(f"{len(skipped)} tests could not run: a skipped test counts as failed.")
    return process.returncode or bool(skipped)


def _fresh_database(odoo: Odoo, name: str = "test") -> str:
    return databases.duplicate(
        odoo, databases.tests_template(odoo), databases.database_name(name)
    )


def _installed(odoo: Odoo) -> str:
    """Return a database in which this run has installed the addon."""
    with _installing:
        name = databases.database_name("installed")
        if name not in _made:
            _fresh_database(odoo, "installed")
            databases.install(odoo, name)
            databases.make_bundles(odoo, name)
            _made.add(name)
    return name


#: Held by the suite that makes what others use, too.
_installing = threading.Lock()
_made = set[str]()
#: Held by the suite that prints.
_printing = threading.Lock()
#: Seconds that each suite of this run took.
_seconds: dict[str, float] = {}


@contextmanager
def _timed(name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    _seconds[name] = time.monotonic() - started
    say(f"{name}: {_seconds[name]:.0f} s\n")


def _table_of_times(whole_s: float) -> str:
    """Return what each suite took; suites that ran side by side overlap."""
    longest_first = sorted(_seconds.items(), key=lambda item: -item[1])
    rows = [*longest_first, ("All of it, side by side", whole_s)]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}} {s:>6.0f} s" for name, s in rows)
