"""A plugin of pytest that runs the selected tests once for each mutant of a file.

Tests are collected, and Odoo is loaded, once. Each mutant is a forked process in which
the code of the file's functions is exchanged; it ends at the first test that fails.
Only those tests run that call the function that has the fault.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, settings

from .console import say
from .mutation import Mutant, mutants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: An endless loop counts as found after this many times a test's usual time.
PATIENCE = 8
LEAST_PATIENCE_S = 10


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the file to mutate, and where the result goes."""
    parser.addoption("--mutate", type=Path, help="run the tests for its mutants")
    parser.addoption("--mutants-result", type=Path, help="write the survivors here")
    parser.addoption("--mutants-lines", help="only those of the lines FIRST-LAST")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Let generated tests end at the first example that fails, and keep none."""
    for item in session.items:
        test: Any = getattr(item, "obj", None)
        # Where hypothesis' own plugin for pytest looks for them.
        if usual := getattr(test, "_hypothesis_internal_use_settings", None):
            test._hypothesis_internal_use_settings = settings(
                usual,
                derandomize=True,
                database=None,
                deadline=None,
                phases=(Phase.explicit, Phase.generate),
            )


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the mutants instead of the tests alone."""
    file: Path | None = session.config.getoption("--mutate")
    if not file:
        return None
    if session.testsfailed:
        raise session.Interrupted("The tests cannot be collected.")
    run = Run(session, file.resolve())
    run.measure()
    run.try_all(session.config.getoption("--mutants-lines"))
    result: Path | None = session.config.getoption("--mutants-result")
    if result:
        result.write_text(json.dumps(run.outcome(), indent=2))
    return True


@dataclass(frozen=True)
class Span:
    """The lines of one function."""

    first: int
    last: int


class Run:
    """The mutants of one file and what became of them."""

    def __init__(self, session: pytest.Session, file: Path) -> None:
        self._session = session
        self._file = file
        self._source = file.read_text()
        self._spans = _spans(self._source)
        self._reached: dict[str, set[Span]] = {}
        self._seconds: dict[str, float] = {}
        self._tried = 0
        self._survivors: list[Mutant] = []
        _load_odoo()

    def measure(self) -> None:
        """Run the tests on the code as it is: they must pass.

        Notes how long each takes, and which functions of the file it calls.
        """
        with tempfile.TemporaryDirectory() as folder:
            notes = Path(folder) / "notes"
            self._in_a_child(lambda: self._note(notes))
            if not notes.exists():
                raise pytest.UsageError("The tests fail without any mutant.")
            for name, (seconds, lines) in json.loads(notes.read_text()).items():
                self._seconds[name] = seconds
                self._reached[name] = {s for s in map(self._span, lines) if s}
        # What a class sets up is there for all its tests, and the first one calls it.
        for group in self._groups(self._session.items):
            together = set().union(*(self._reached[item.nodeid] for item in group))
            self._reached.update((item.nodeid, together) for item in group)

    def try_all(self, lines: str | None) -> None:
        """Try every mutant and name those that no test notices."""
        first, last = map(int, lines.split("-")) if lines else (1, sys.maxsize)
        for mutant in mutants(self._source):
            if first <= mutant.line <= last:
                self._tried += 1
                if self._survives(mutant):
                    self._survivors.append(mutant)
                    say(f"  {self._file.name}:{mutant.name}")

    def outcome(self) -> dict[str, Any]:
        """Return how many there were, and the names of those that survived."""
        names = [mutant.name for mutant in self._survivors]
        return {"tried": self._tried, "survivors": names}

    def _survives(self, mutant: Mutant) -> bool:
        span = self._span(mutant.line)
        items = [
            item
            for item in self._session.items
            if span is None or span in self._reached[item.nodeid]
        ]

        def child() -> None:
            for module in _modules(self._file):
                exchange_code(module, mutant.source, str(self._file))
            self._run(self._fastest_first(items))

        return not items or self._in_a_child(child) == 0

    def _fastest_first(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Put what is fast first, without parting the tests of one class."""

        def seconds(group: Iterable[pytest.Item]) -> float:
            return sum(self._seconds[item.nodeid] for item in group)

        return [i for group in sorted(self._groups(items), key=seconds) for i in group]

    def _groups(self, items: list[pytest.Item]) -> list[list[pytest.Item]]:
        """Return the tests of one class together, and each other one alone."""
        groups: dict[object, list[pytest.Item]] = defaultdict(list)
        for item in items:
            groups[getattr(item, "cls", None) or item].append(item)
        return list(groups.values())

    def _note(self, notes: Path) -> None:
        noted: dict[str, tuple[float, list[int]]] = {}
        lines: set[int] = set()
        file = str(self._file)

        def profile(frame: Any, event: str, _argument: Any) -> None:
            code = frame.f_code
            # The name first: it is cheap.
            is_near = event == "call" and code.co_filename.endswith(self._file.name)
            if is_near and os.path.realpath(code.co_filename) == file:
                lines.add(code.co_firstlineno)

        def done(item: pytest.Item, seconds: float) -> None:
            noted[item.nodeid] = (seconds, sorted(lines))
            lines.clear()

        threading.setprofile(profile)
        sys.setprofile(profile)
        self._run(self._session.items, done)
        sys.setprofile(None)
        notes.write_text(json.dumps(noted))

    def _run(
        self,
        items: list[pytest.Item],
        done: Callable[[pytest.Item, float], None] = lambda _item, _seconds: None,
    ) -> None:
        """Run tests until one fails, which ends the process."""
        for item, following in zip(items, [*items[1:], None], strict=True):
            started = time.monotonic()
            if usual := self._seconds.get(item.nodeid):
                # Its signal ends the process, wherever it is.
                signal.setitimer(
                    signal.ITIMER_REAL, PATIENCE * usual + LEAST_PATIENCE_S
                )
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._session.testsfailed:
                os._exit(1)
            done(item, time.monotonic() - started)

    def _in_a_child(self, child: Callable[[], None]) -> int:
        """Return a forked process's exit code."""
        if pid := os.fork():
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        try:
            _be_silent(self._session)
            child()
            os._exit(0)
        except BaseException:  # noqa: BLE001 the process ends here, whatever happened
            os._exit(1)

    def _span(self, line: int) -> Span | None:
        return next((s for s in self._spans if s.first <= line <= s.last), None)


def _be_silent(session: pytest.Session) -> None:
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115 until the process ends
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    reporter._tw._file = nowhere
    for number in (1, 2):
        os.dup2(nowhere.fileno(), number)


def _load_odoo() -> None:
    """Load Odoo's registry, and leave no connection open that children would share."""
    odoo: Any = sys.modules.get("odoo")
    if odoo and odoo.tools.config["db_name"]:
        odoo.modules.registry.Registry(odoo.tools.config["db_name"][0])
        odoo.sql_db.close_all()


def _spans(source: str) -> list[Span]:
    """Return the functions and methods, without those inside of them."""
    found = []
    for node in ast.parse(source).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        for function in inside:
            if isinstance(function, ast.FunctionDef):
                first = min(
                    function.lineno, *(d.lineno for d in function.decorator_list), 10**9
                )
                found.append(Span(first, function.end_lineno or first))
    return found


def _modules(file: Path) -> list[ModuleType]:
    return [
        module
        for module in list(sys.modules.values())
        if isinstance(getattr(module, "__file__", None), str)
        and os.path.realpath(str(module.__file__)) == str(file)
    ]


def exchange_code(module: ModuleType, source: str, file: str) -> None:
    """Let the functions and constants of a loaded module be those of ``source``."""
    fresh = ModuleType(module.__name__)
    fresh.__dict__.update(__package__=module.__package__, __file__=file)
    exec(compile(source, file, "exec"), fresh.__dict__)
    _exchange(module, vars(module), vars(fresh))


def _exchange(module: ModuleType, old: Any, new: Any) -> None:
    """Exchange the members of a module, or of a class of it."""
    for name, value in list(old.items()):
        other = new.get(name)
        if isinstance(value, type) and isinstance(other, type):
            if value.__module__ == module.__name__:
                _exchange(module, vars(value), vars(other))
        elif functions := _functions(value):
            for mine, its in zip(functions, _functions(other), strict=True):
                _exchange_function(module, mine, its)
            getattr(value, "cache_clear", bool)()
        elif old is vars(module) and name in new and _differ(name, value, other):
            _replace(name, value, other)


def _exchange_function(
    module: ModuleType, old: FunctionType, new: FunctionType
) -> None:
    if old.__module__ == module.__name__:
        old.__code__ = new.__code__
        old.__defaults__ = new.__defaults__
        old.__kwdefaults__ = new.__kwdefaults__


def _functions(value: Any) -> list[FunctionType]:
    """Return the plain functions that a member of a module or class is made of."""
    if isinstance(value, FunctionType):
        return [value]
    if isinstance(value, (staticmethod, classmethod)):
        return _functions(value.__func__)
    if isinstance(value, property):
        return [
            f for each in (value.fget, value.fset) if each for f in _functions(each)
        ]
    if hasattr(value, "cache_clear"):
        return _functions(value.__wrapped__)
    return []


def _differ(name: str, one: Any, other: Any) -> bool:
    if name.startswith("__") or isinstance(one, ModuleType):
        return False
    return type(one) is not type(other) or bool(one != other)


def _replace(name: str, old: Any, new: Any) -> None:
    """Let a constant have another value, also where it was imported."""
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType) and vars(module).get(name) is old:
            vars(module)[name] = new
