"""Odoo's own command line, with this addon on its path and the private environment."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from . import postgres
from .environment import python_environment
from .odoo_source import OdooSource, odoo_source
from .paths import ADDON, CACHE, ROOT, STATE
from .shell import compiled_apart, environment, link, locked, run, write_if_changed


class AnyOdoo(Protocol):
    """An Odoo of any version that runs databases of a server."""

    @property
    def server(self) -> postgres.Server:
        """The server of its databases."""

    def run(
        self, *arguments: object, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run it, and wait until it has ended."""


@dataclass(frozen=True)
class Odoo:
    """Everything that it takes to run Odoo: its tree, a Python, a database server."""

    source: OdooSource
    python: Path
    server: postgres.Server

    @property
    def variables(self) -> dict[str, object]:
        """Return the environment variables under which Odoo and its tests run."""
        return {
            **self.server.variables,
            "ODOO_RC": STATE / "odoo.conf",
            # Only the package, not its neighbours: beside an installed Odoo lie
            # other versions of what the private environment has.
            "PYTHONPATH": STATE / "python",
            # A simulator of this machine plays Procurify.
            "PROCURIFY_ALLOW_LOOPBACK": "True",
            **compiled_apart(),
        }

    def command(self, *arguments: object) -> list[str]:
        """Return the command line that runs Odoo with these arguments."""
        return [str(x) for x in (self.python, STATE / "odoo", *arguments)]

    def run(
        self, *arguments: object, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run Odoo, and wait until it has ended."""
        env = environment(self.variables)
        return run(*self.command(*arguments), env=env, **options)


def prepare() -> Odoo:
    """Return an Odoo that is ready to run, doing what is missing for that.

    :raises Stop: with one sentence about the first thing that cannot be had.
    """
    with locked(CACHE / "setup.lock", waiting_for="it is setting up"):
        with ThreadPoolExecutor() as pool:
            fetching = pool.submit(odoo_source)
            installing = pool.submit(python_environment)
        source, python = fetching.result(), installing.result()
        _write_state(source)
        return Odoo(source, python, postgres.server(python))


def _write_state(source: OdooSource) -> None:
    # The folder of the checkout can have any name, the addon only one.
    link(STATE / "addons" / ADDON, ROOT)
    link(STATE / "python" / "odoo", source.package)
    addons_path = ",".join(str(x) for x in (*source.addons, STATE / "addons"))
    write_if_changed(
        STATE / "odoo.conf",
        "[options]\n"
        f"addons_path = {addons_path}\n"
        f"data_dir = {STATE / 'data'}\n"
        "http_interface = 127.0.0.1\n"
        "max_cron_threads = 1\n",
    )
    write_if_changed(STATE / "odoo", "import odoo.cli\n\nodoo.cli.main()\n")
