"""``./dev bench``: how many objects a second are fetched and imported."""

import json
from pathlib import Path

from . import databases
from .console import say
from .demo_company import create_database, simulated_procurify
from .odoo import prepare

BILLS = 200


def bench(result_file: Path | None) -> None:
    """Measure one synchronisation of a fresh company, and print objects per second.

    The simulator runs on the same machine, so the figures compare versions of this
    addon on one machine; they say nothing of Procurify's own speed.
    """
    odoo = prepare()
    database = databases.database_name("bench")
    databases.drop(odoo, database)
    create_database(odoo, database)
    script = (Path(__file__).parent / "synchronisation.py").read_text()
    with simulated_procurify(odoo, 0, BILLS) as credentials:
        measured = databases.execute(
            odoo, database, f"{script}\nmeasure(env, {credentials!r})\n"
        )
    result = json.loads(measured.splitlines()[-1])
    for phase in result.values():
        phase["objects_per_second"] = round(phase["objects"] / phase["seconds"], 1)
    if result_file:
        result_file.write_text(json.dumps(result, indent=2) + "\n")
    for name, phase in result.items():
        say(
            f"{name}: {phase['objects']} objects in {phase['seconds']:.1f} s, "
            f"{phase['objects_per_second']} a second"
        )
