"""``./dev mutants``: does a test fail when the code has a fault?

Each file is tried with many small faults, with the tests that are meant for it. What no
test notices must be explained in docs/mutants.rst.
"""

import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from . import databases
from .console import Stop, say, step
from .environment import install, python_environment
from .odoo import Odoo, prepare
from .paths import CACHE, ROOT, STATE
from .shell import compiled_apart, environment, locked, run

LOCK = ROOT / "devtools" / "mutants-lock.txt"
PAGE = ROOT / "docs" / "mutants.rst"
#: Of all mutants of all files, so many must be noticed.
LEAST_KILLED = 0.95
_PLAIN = "procurify/tests"
#: The tests that are meant for a file. Those in ``tests`` run in Odoo.
TESTS = {
    "procurify/arithmetic.py": (
        f"{_PLAIN}/test_rounding.py",
        f"{_PLAIN}/test_taxes.py",
        f"{_PLAIN}/test_arithmetic.py",
    ),
    "procurify/order_arithmetic.py": (f"{_PLAIN}/test_order_arithmetic.py",),
    "procurify/transport.py": (
        f"{_PLAIN}/test_transport.py",
        f"{_PLAIN}/test_network.py",
        f"{_PLAIN}/test_faults.py",
        f"{_PLAIN}/test_downloads.py",
        f"{_PLAIN}/test_traces.py",
        f"{_PLAIN}/test_read_only.py",
    ),
    "procurify/tokens.py": (
        f"{_PLAIN}/test_tokens.py",
        f"{_PLAIN}/test_faults.py",
    ),
    "importers/lines/pricing.py": ("tests/test_line_pricing.py",),
    "importers/matching/names.py": (
        "tests/test_names.py",
        "tests/test_candidates.py",
        "tests/test_decision.py",
    ),
    "importers/matching/decision.py": (
        "tests/test_candidates.py",
        "tests/test_decision.py",
    ),
    "importers/matching/candidates.py": ("tests/test_candidates.py",),
}


def check(files: Sequence[str], lines: str | None) -> int:
    """Try the mutants of ``files``, or of all, and return the exit code.

    :param lines: only those of ``FIRST-LAST``
    """
    unknown = [file for file in files if file not in TESTS]
    if unknown:
        raise Stop(f"No tests are named in devtools/mutants.py for: {unknown}")
    tried, survivors = 0, list[str]()
    with locked(STATE / "mutants.lock", waiting_for="its mutants are tried"):
        for file in files or TESTS:
            count, names = _try(file, lines)
            tried += count
            survivors += [f"{file}:{name}" for name in names]
    killed = 1 - len(survivors) / max(tried, 1)
    say(f"\n{tried} mutants, {len(survivors)} survived: {killed:.1%} killed")
    unexplained = [name for name in survivors if not _is_explained(name)]
    for name in unexplained:
        say(f"not in {PAGE.relative_to(ROOT)}: {name}")
    return int(bool(unexplained) or killed < LEAST_KILLED)


def _try(file: str, lines: str | None) -> tuple[int, list[str]]:
    """Return how many mutants there are, and the names of those that survive."""
    in_odoo = TESTS[file][0].startswith("tests/")
    with tempfile.TemporaryDirectory() as folder, step(file):
        result = Path(folder) / "result.json"
        arguments: list[object] = [
            *("-p", "devtools.mutant_runner", "-p", "no:cacheprovider", "-q"),
            *("--mutate", file, "--mutants-result", result),
            *(("--mutants-lines", lines) if lines else ()),
            *TESTS[file],
        ]
        code = _in_odoo(arguments) if in_odoo else _plain(arguments)
        if code or not result.exists():
            raise Stop(f"The mutants of {file} could not be tried.")
        found = json.loads(result.read_text())
        return found["tried"], found["survivors"]


def _plain(arguments: list[object]) -> int:
    python = python_environment()
    variables = {**compiled_apart(), "PYTHONPATH": _tool(python)}
    command = (python, "-m", "pytest", "-p", "no:odoo", *arguments)
    return run(*command, cwd=ROOT, env=environment(variables)).returncode


def _in_odoo(arguments: list[object]) -> int:
    odoo, name = _database()
    paths = f"{odoo.variables['PYTHONPATH']}:{_tool(odoo.python)}"
    command = (odoo.python, "-m", "pytest", f"--odoo-database={name}", *arguments)
    variables = {**odoo.variables, "PYTHONPATH": paths}
    return run(*command, cwd=ROOT, env=environment(variables)).returncode


@cache
def _database() -> tuple[Odoo, str]:
    """Return a database with the addon, in which tests of all files may run."""
    odoo = prepare()
    name = databases.database_name("mutants")
    databases.duplicate(odoo, databases.tests_template(odoo), name)
    databases.install(odoo, name)
    return odoo, name


def _tool(python: Path) -> Path:
    """Return the folder of the packages that make mutants, installing them first."""
    key = hashlib.sha256(f"{sys.version} {LOCK.read_text()}".encode()).hexdigest()[:8]
    folder = CACHE / "mutants" / key
    complete = folder / ".complete"
    if not complete.exists():
        with step("mutmut: installing"):
            shutil.rmtree(folder, ignore_errors=True)
            pip = [python, "-m", "pip"]
            install(pip, "--target", folder, "--requirement", LOCK)
            complete.touch()
    return folder


def _is_explained(name: str) -> bool:
    """Return whether the page names a survivor; its line may have moved since."""
    file, _, fault = name.partition(":")
    _, _, fault = fault.partition(": ")
    page = " ".join(PAGE.read_text().split())
    return file in page and f"``{' '.join(fault.split())}``" in page
