"""``./dev test``: plain tests, the addon's life cycle, Odoo tests."""

import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import browser, databases
from .console import say, warn
from .environment import python_environment
from .odoo import Odoo, prepare
from .paths import ADDON, ROOT, STATE
from .shell import compiled_apart, environment, locked, run

PLAIN_PACKAGES = ("procurify", "simulator")
PLAIN_TESTS = tuple(f"{package}/tests" for package in PLAIN_PACKAGES)
ODOO_TESTS = ("tests",)
NOTHING_COLLECTED = 5
#: Odoo's own linter is an addon too; its tests read every addon on the path.
LINTER = "test_lint"
#: What Odoo's own runner logs of a test that could not run.
_SKIPPED = re.compile(rf" odoo\.addons\.{ADDON}\.\S+: skipped ")


def test(what: str, pytest_arguments: Sequence[str]) -> int:
    """Run the tests that ``what`` names and return the exit code.

    ``what`` is ``all``, ``plain``, ``odoo``, ``odoo-runner`` (Odoo's own), ``fuzz``
    (the plain tests with many more generated examples), a path, or an expression for
    pytest's ``-k``.
    """
    extra = list(pytest_arguments)
    with locked(STATE / "test.lock", waiting_for="its tests are running"):
        match what:
            case "all":
                return max(
                    _plain([*PLAIN_TESTS, *extra]),
                    _odoo([*ODOO_TESTS, *extra], whole=True),
                )
            case "plain":
                return _plain([*PLAIN_TESTS, *extra])
            case "fuzz":
                return _plain([*PLAIN_TESTS, *extra], fuzz=True)
            case "odoo":
                return _odoo([*ODOO_TESTS, *extra], whole=True)
            case "odoo-runner":
                return _odoo_runner()
        file = Path(what.partition("::")[0]).resolve()
        if file.exists():
            is_plain = file.relative_to(ROOT).parts[0] in PLAIN_PACKAGES
            return (_plain if is_plain else _odoo)([what, *extra])
        fitting = ["-k", what, *extra]
        codes = {_plain([*PLAIN_TESTS, *fitting]), _odoo([*ODOO_TESTS, *fitting])}
        # They may all be of one kind.
        return max(codes - {NOTHING_COLLECTED}, default=NOTHING_COLLECTED)


def _plain(arguments: list[str], fuzz: bool = False) -> int:
    """Run tests of plain Python: no Odoo, no database, seconds."""
    with _timed("Plain tests"):
        return run(
            *(python_environment(), "-m", "pytest", "-p", "no:odoo", *arguments),
            cwd=ROOT,
            env=environment(compiled_apart() | {"PROCURIFY_FUZZ": 1 if fuzz else None}),
        ).returncode


def _odoo(arguments: list[str], whole: bool = False) -> int:
    """Run tests of the addon in a fresh database, browser tours included.

    The ``whole`` run also checks that the addon installs, updates and uninstalls
    silently.
    """
    path = browser.search_path()
    odoo = prepare()
    with _timed("Odoo tests"):
        database = _fresh_database(odoo)
        databases.install(odoo, database)
        if whole:
            databases.check_update_and_uninstall(odoo, database)
        return run(
            *(odoo.python, "-m", "pytest", "--odoo-http"),
            *(f"--odoo-database={database}", *arguments),
            cwd=ROOT,
            env=environment(odoo.variables | {"PATH": path}),
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


def _fresh_database(odoo: Odoo) -> str:
    return databases.duplicate(
        odoo, databases.template(odoo), databases.database_name("test")
    )


@contextmanager
def _timed(name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    say(f"{name}: {time.monotonic() - started:.0f} s\n")
