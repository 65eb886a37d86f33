"""Let pytest run the tests of an addon that lies at the root of its repository.

Two kinds of tests live below it. Those of plain packages are imported by their own
names and never see Odoo from inside. Those in ``tests/`` belong to the addon, whatever
the folder of the checkout is called.

A test that cannot run is a failure here: Odoo skips a browser tour silently when there
is no browser.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _pytest.pathlib
import pytest
from hypothesis import settings

ADDON = "procurify_connector"
ROOT = Path(__file__).resolve().parent.parent
PLAIN_PACKAGES = (
    "procurify",
    "procurify_odoo",
    "simulator",
    "devtools",
    "tests_system",
)
#: Names Procurify's own specification, which may not be redistributed: in a checkout
#: that is not ours it may be missing, in continuous integration it may not.
SPECIFICATION = "PROCURIFY_OPENAPI"
SPECIFICATION_MARK = "openapi"
#: Odoo's tags for tests of documents, which hold in both databases, and for those
#: that only hold beside Odoo Inventory. They are not skipped: a test that finds
#: itself in the wrong database fails.
DOCUMENTS_TAG = "procurify_documents"
INVENTORY_TAG = "procurify_inventory"
#: Odoo's tag for what ``SPECIFICATION_MARK`` says of other tests.
SPECIFICATION_TAG = "procurify_openapi"
#: Set by a person who knows that something cannot run here, and wants the rest.
ALLOW_SKIPS = "PROCURIFY_ALLOW_SKIPS"

#: Set by "./dev test fuzz".
FUZZ = "PROCURIFY_FUZZ"
#: Tenths of a second in which a browser must start; Odoo skips the tour afterwards. Its
#: own ten seconds are too few where other tests keep the processors busy.
BROWSER_START = 600
FUZZ_EXAMPLES = int(os.environ.get("PROCURIFY_FUZZ_EXAMPLES", "2000"))

_left_out = pytest.StashKey[int]()
_resolve_by_folder = _pytest.pathlib.resolve_pkg_root_and_module_name


def _resolve(
    path: Path, *, consider_namespace_packages: bool = False
) -> tuple[Path, str]:
    """Name the module of a test file; pytest would name it after the checkout."""
    resolved = path.resolve()
    if not resolved.is_relative_to(ROOT):
        return _resolve_by_folder(
            path, consider_namespace_packages=consider_namespace_packages
        )
    parts = resolved.relative_to(ROOT).with_suffix("").parts
    if parts[-1] == "__init__":
        parts = parts[:-1]
    if parts[0] not in PLAIN_PACKAGES:
        parts = ("odoo", "addons", ADDON, *parts)
    return ROOT, ".".join(parts)


# A private function of pytest, as there is no hook for it; pytest is pinned.
_pytest.pathlib.resolve_pkg_root_and_module_name = _resolve


def pytest_collect_directory(
    path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Treat the root as a folder: as a package, plain tests would import Odoo."""
    if path.resolve() == ROOT:
        return pytest.Dir.from_parent(parent, path=path)
    return None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the choice between the two databases."""
    parser.addoption(
        "--inventory",
        action="store_true",
        help="run the addon's tests of documents, in a database with Odoo Inventory",
    )
    parser.addoption(
        "--shard",
        metavar="NUMBER/PARTS",
        help="run one part of the test files, to share them among several runs",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch for tests that are skipped, unless a person allowed it."""
    config.addinivalue_line("markers", f"{SPECIFICATION_MARK}: needs {SPECIFICATION}")
    if not os.environ.get(ALLOW_SKIPS):
        config.pluginmanager.register(SkippedTests())


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Select the tests for this database, and for who has the specification."""
    odoo_tests: Any = sys.modules.get("odoo.tests.common")
    if odoo_tests:
        odoo_tests.CHECK_BROWSER_ITERATIONS = BROWSER_START
    if os.environ.get(FUZZ):
        _try_more(items)
    _deselect(config, items, lambda item: not _belongs(item, config))
    if shard := config.getoption("shard"):
        mine = _files_of(shard, items)
        _deselect(config, items, lambda item: item.path not in mine)
    beside = ROOT.parent / "shared" / "procurify" / "openapi.yaml"
    if os.environ.get(SPECIFICATION) or beside.exists() or os.environ.get("CI"):
        return
    config.stash[_left_out] = _deselect(config, items, _needs_specification)


def _try_more(items: list[pytest.Item]) -> None:
    """Try each property with many examples, and each time with other ones.

    Not by a profile: what a test says of itself would win.
    """
    for item in items:
        test: Any = getattr(item, "obj", None)
        # Where hypothesis' own plugin for pytest looks for them.
        if usual := getattr(test, "_hypothesis_internal_use_settings", None):
            test._hypothesis_internal_use_settings = settings(
                usual, max_examples=FUZZ_EXAMPLES, derandomize=False
            )


def _belongs(item: pytest.Item, config: pytest.Config) -> bool:
    """Return whether a test is for the database that this run has."""
    tags = _tags(item)
    if config.getoption("inventory"):
        return bool(tags & {DOCUMENTS_TAG, INVENTORY_TAG})
    return INVENTORY_TAG not in tags


def _needs_specification(item: pytest.Item) -> bool:
    marked = item.get_closest_marker(SPECIFICATION_MARK)
    return bool(marked) or SPECIFICATION_TAG in _tags(item)


def _tags(item: pytest.Item) -> set[str]:
    """Return Odoo's tags of a test; other tests have none."""
    tags: set[str] = getattr(getattr(item, "cls", None), "test_tags", set())
    return tags


def _files_of(shard: str, items: list[pytest.Item]) -> set[Path]:
    """Return the files of one part: dealt out in turn, those with most tests first."""
    number, parts = map(int, shard.split("/"))
    counts = Counter(item.path for item in items)
    files = sorted(counts, key=lambda path: (-counts[path], path))
    return set(files[number - 1 :: parts])


def _deselect(
    config: pytest.Config,
    items: list[pytest.Item],
    is_left_out: Callable[[pytest.Item], bool],
) -> int:
    """Take tests off the list and return their number."""
    left_out = [item for item in items if is_left_out(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    return len(left_out)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what was skipped."""
    if count := config.stash.get(_left_out, 0):
        terminalreporter.line(
            f"{count} tests that compare the simulator with Procurify's specification "
            f"were skipped: {SPECIFICATION} does not name it."
        )


class SkippedTests:
    """Fail the run when a test, or a whole module of tests, was skipped."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember a skipped test; one that was expected to fail has run."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self._names.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember a module that was skipped as a whole."""
        if report.skipped:
            self._names.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Fail the run."""
        if self._names and exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Say which tests could not run, and that the run failed for that."""
        if not self._names:
            return
        terminalreporter.section("tests that could not run", red=True)
        terminalreporter.line(
            f"A skipped test counts as failed here ({ALLOW_SKIPS}=1 allows it):"
        )
        for name in self._names:
            terminalreporter.line(f"  {name}")
