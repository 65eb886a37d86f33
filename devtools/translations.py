"""``./dev translations``: the template as Odoo exports it, and what follows it."""

import re
import tempfile
from pathlib import Path

from . import databases
from .console import Stop, say, step
from .odoo import Odoo, prepare
from .paths import ADDON, ROOT
from .shell import compiled_apart, environment, run_quietly

TEMPLATE = ROOT / "i18n" / f"{ADDON}.pot"
COMMAND = "./dev translations"
#: They would make each export differ from the last.
_DATES = re.compile(r'^"(POT-Creation|PO-Revision)-Date:.*\n', re.MULTILINE)


def translations() -> None:
    """Write the template, and merge its terms into each file of translations."""
    odoo = prepare()
    name = databases.database_name("translations")
    databases.duplicate(odoo, databases.template(odoo), name)
    databases.install(odoo, name)
    with step("Writing the template of the translations"):
        exported = _exported(odoo, name)
        databases.drop(odoo, name)
    if _terms(exported) != _terms(TEMPLATE.read_text("utf-8")):
        TEMPLATE.write_text(exported, "utf-8")
    run_quietly(
        *(odoo.python, "-m", "devtools.po", "merge"),
        cwd=ROOT,
        env=environment(compiled_apart()),
        failure="The terms could not be brought into the files of translations:",
    )
    say("i18n/ is current; ./dev lint says what is not translated yet.")


def check_template(odoo: Odoo, name: str) -> None:
    """Compare the template with what Odoo exports from a database that has the addon.

    :raises Stop: when a term is missing, or is not one any more.
    """
    with step("Comparing the template of the translations with Odoo's export"):
        exported = _terms(_exported(odoo, name))
        written = _terms(TEMPLATE.read_text("utf-8"))
    if exported != written:
        missing, left = exported - written, written - exported
        raise Stop(
            f"{TEMPLATE.relative_to(ROOT)} is not what Odoo exports ({len(missing)} "
            f"terms are missing or differ, {len(left)} are none any more): run "
            f"{COMMAND}\n" + "\n\n".join(sorted(missing | left)[:5])
        )


def _exported(odoo: Odoo, name: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / TEMPLATE.name
        databases.manage_i18n(odoo, name, "export", "--output", str(file), ADDON)
        return _DATES.sub("", file.read_text("utf-8"))


def _terms(template: str) -> set[str]:
    """Return the entries of a template, without its head (the version of Odoo)."""
    return {entry.strip() for entry in template.split("\n\n")[1:]}
