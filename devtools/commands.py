"""The command line of ``./dev``: parse it and delegate."""

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path

from . import (
    access_page,
    bench,
    browser,
    checks,
    databases,
    demo,
    method_pages,
    mutants,
    odoo,
    odoo_14,
    packaging,
    postgres,
    screenshots,
    testing,
    translations,
)
from .console import Stop, say, warn
from .environment import forget_the_callers_python, python_environment
from .shell import hand_over

#: Of a year: enough for each month to have some, and for each trouble.
BILLS = 150


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    forget_the_callers_python()
    all_commands = parser(arguments)
    parsed, rest = all_commands.parse_known_args(arguments)
    if rest and not parsed.passes_on:
        all_commands.error(f"unrecognized arguments: {' '.join(rest)}")
    parsed.rest = rest
    # However a person ends the command, it stops what it has started.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        code: int | None = parsed.run(parsed)
    except Stop as reason:
        print(f"./dev: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code or 0


def parser(arguments: list[str]) -> ArgumentParser:
    """Return what parses ``arguments``."""
    whole = ArgumentParser(prog="./dev", description=__doc__)
    commands = whole.add_subparsers(metavar="command", required=True)

    def add(
        name: str,
        run: Callable[[Namespace], int | None],
        summary: str,
        passes_on: bool = False,
    ) -> ArgumentParser:
        # A command that passes its arguments on takes --help only as the first one.
        # A later one is for the program that gets them: ./dev odoo server --help
        command = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog="Further arguments are passed on." if passes_on else None,
            add_help=not passes_on or arguments[1:2] in (["-h"], ["--help"]),
        )
        command.set_defaults(run=run, passes_on=passes_on)
        return command

    add("setup", _setup, "fetch and install everything that the other commands need")
    command = add("demo", _demo, "show bills arrive, stay up until Ctrl-C")
    command.add_argument("--once", action="store_true", help="end after the summary")
    command.add_argument("--bills", type=int, default=BILLS, help="bills to simulate")
    command.add_argument("--fresh", action="store_true", help="forget earlier runs")
    command = add(
        "test",
        _test,
        "run all tests, or: plain, odoo, inventory, system, a file, an expression",
        passes_on=True,
    )
    command.add_argument("what", nargs="?", default="all")
    add("lint", _lint, "check the code without running it")
    command = add("bench", _bench, "measure the addon against Odoo itself")
    command.add_argument("--json", type=Path, help="write the figures here, too")
    command.add_argument("--table", type=Path, help="write the table for the docs here")
    command.add_argument("--quick", action="store_true", help="small: does it run?")
    command.add_argument(
        "--path", action="store_true", help="only: how many files a bill passes"
    )
    command = add("mutants", _mutants, "does a test fail when the code has a fault?")
    command.add_argument("files", nargs="*", help="files that devtools/mutants.py has")
    command.add_argument("--lines", help="only the faults of the lines FIRST-LAST")
    add("methods", _methods, "write the documentation's pages of methods and rights")
    add("translations", _translations, "write the .pot, and merge it into each .po")
    command = add("screenshots", _screenshots, "take the pictures of the Apps page")
    command.add_argument("--bills", type=int, default=BILLS, help="bills to simulate")
    add("package", _package, "write the addon as a zip file into dist/")
    add("odoo", _odoo, "Odoo's own command line, with this addon on its path", True)
    add("psql", _psql, "psql on the server that the other commands use", True)
    add("stop", _stop, "stop the private PostgreSQL")
    return whole


def _setup(_parsed: Namespace) -> None:
    ready = odoo.prepare()
    browser.search_path()
    databases.inventory_template(ready)
    try:
        odoo_14.prepare(ready.server)
    except Stop as reason:
        warn(str(reason))
    say("Everything is set up.")


def _demo(parsed: Namespace) -> None:
    demo.demo(parsed.once, parsed.bills, parsed.fresh)


def _test(parsed: Namespace) -> int:
    return testing.test(parsed.what, parsed.rest)


def _lint(_parsed: Namespace) -> int:
    return checks.lint()


def _bench(parsed: Namespace) -> int:
    if parsed.path:
        return bench.path()
    return bench.bench(parsed.json, parsed.table, parsed.quick)


def _mutants(parsed: Namespace) -> int:
    return mutants.check(parsed.files, parsed.lines)


def _methods(_parsed: Namespace) -> None:
    method_pages.write()
    access_page.write()


def _translations(_parsed: Namespace) -> None:
    translations.translations()


def _screenshots(parsed: Namespace) -> None:
    screenshots.screenshots(parsed.bills)


def _package(_parsed: Namespace) -> None:
    packaging.package()


def _odoo(parsed: Namespace) -> int:
    ready = odoo.prepare()
    return hand_over(ready.command(*parsed.rest), ready.variables)


def _psql(parsed: Namespace) -> int:
    server = odoo.prepare().server
    return hand_over([str(server.binaries / "psql"), *parsed.rest], server.variables)


def _stop(_parsed: Namespace) -> None:
    postgres.stop(python_environment())
