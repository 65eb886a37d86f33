"""What people upload is all that they need, and nothing else."""

import zipfile
from pathlib import Path

from devtools import databases
from devtools.elsewhere import with_addon_of
from devtools.odoo import Odoo
from devtools.packaging import package
from devtools.paths import ADDON

#: What belongs to an addon of Odoo, and what people read before they install it.
PARTS = {
    *(
        "__init__.py",
        "__manifest__.py",
        "hooks.py",
        "cli",
        "controllers",
        "fetching",
        "importers",
        "models",
        "reconciliation",
        "tools",
        "wizard",
        "procurify",
        "procurify_odoo",
    ),
    *("data", "security", "views", "report", "static", "i18n", "migrations"),
    *("README.rst", "CHANGELOG.rst", "LICENSE", "docs"),
}


def test_the_package_holds_what_belongs_to_the_addon_and_nothing_else() -> None:
    with zipfile.ZipFile(package()) as files:
        names = [Path(name) for name in files.namelist()]
    assert {name.parts[0] for name in names} == {ADDON}
    assert {name.parts[1] for name in names} <= PARTS
    assert not [name for name in names if name.match("test_*.py")]


def test_the_package_installs_silently(odoo: Odoo, tmp_path: Path) -> None:
    folder = tmp_path / "packaged"
    with zipfile.ZipFile(package()) as files:
        files.extractall(folder)
    name = databases.database_name("packaged")
    databases.duplicate(odoo, databases.template(odoo), name)

    databases.install(with_addon_of(odoo, folder), name)

    state = f"SELECT state FROM ir_module_module WHERE name = '{ADDON}'"
    assert odoo.server.query(state, name) == [["installed"]]
    databases.drop(odoo, name)
