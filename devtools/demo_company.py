"""A company to try the connector on: its database, and its simulated Procurify."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import databases
from .console import Stop, step
from .odoo import Odoo
from .paths import ADDON, ROOT, STATE
from .processes import running
from .shell import compiled_apart, environment, run_quietly


def create_database(odoo: Odoo, name: str) -> None:
    """Create the company's database; it takes its name when it is complete."""
    base = databases.template(odoo)
    unfinished = f"{name}_unfinished"
    with step("Demo company: creating its database"):
        databases.duplicate(odoo, base, unfinished)
        databases.change(odoo, unfinished, "--init", ADDON)
        script = (Path(__file__).parent / "company.py").read_text()
        books = f"import json\nset_up(env, json.loads({_books(odoo)!r}))\n"
        databases.execute(odoo, unfinished, f"{script}\n{books}")
        databases.rename(odoo, unfinished, name)


@contextmanager
def simulated_procurify(
    odoo: Odoo, port: int, bills: int, last_day: str = ""
) -> Iterator[dict[str, str]]:
    """Run the simulator and give what a connection to it needs: address, credentials.

    :param port: 0 lets it choose one
    :param last_day: ISO date; the documents are of the year before it, with seasons
    :raises Stop: when it does not start
    """
    command = [odoo.python, "-m", "simulator", "--port", port, "--bills", bills]
    if last_day:
        command += ["--last-day", last_day]
    with (
        (STATE / "simulator.log").open("w") as log,
        running(
            command, compiled_apart(), cwd=ROOT, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        ready = process.stdout.readline() if process.stdout else ""
        if not ready:
            raise Stop(f"The simulator did not start, see {log.name}")
        yield json.loads(ready)


def _books(odoo: Odoo) -> str:
    """Return, as JSON, what the company has in its books before the connector comes."""
    return run_quietly(
        *(odoo.python, "-m", "simulator", "--books"),
        cwd=ROOT,
        env=environment(compiled_apart()),
        failure="The simulator does not say what the company's books hold:",
    ).stdout
