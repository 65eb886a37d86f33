"""Odoo with the addon of another folder: of a package, or of an older version."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

from .odoo import Odoo
from .paths import ADDON, ROOT, STATE
from .shell import folder_made_whole, run, run_quietly, write_if_changed

#: The last commit of 19.0.1.1.0.
PREVIOUS = "258c4f9"


@dataclass(frozen=True)
class OdooElsewhere(Odoo):
    """Odoo with a configuration of its own."""

    configuration: Path

    @property
    def variables(self) -> dict[str, object]:
        """Return the environment variables under which Odoo runs."""
        return {**super().variables, "ODOO_RC": self.configuration}


def with_addon_of(odoo: Odoo, folder: Path) -> Odoo:
    """Return Odoo with the addon that lies in ``folder``."""
    addons_path = ",".join(str(x) for x in (*odoo.source.addons, folder))
    lines = [
        f"addons_path = {addons_path}" if line.startswith("addons_path") else line
        for line in (STATE / "odoo.conf").read_text().splitlines()
    ]
    configuration = STATE / f"{folder.name}.conf"
    write_if_changed(configuration, "\n".join(lines) + "\n")
    return OdooElsewhere(odoo.source, odoo.python, odoo.server, configuration)


def previous(odoo: Odoo) -> Odoo:
    """Return Odoo with the addon as it was at :data:`PREVIOUS`.

    :raises Stop: when git does not have that version and cannot get it
    """
    folder = STATE / f"previous-{PREVIOUS}"
    if not folder.is_dir():
        with folder_made_whole(folder) as root:
            _check_out(PREVIOUS, root / ADDON)
    return with_addon_of(odoo, folder)


def _check_out(revision: str, folder: Path) -> None:
    failure = f"The upgrade is tested from {revision}, which git does not have:"
    if run("git", "cat-file", "-e", revision, cwd=ROOT, capture_output=True).returncode:
        # A shallow clone has the last versions only.
        run_quietly("git", "fetch", "--unshallow", cwd=ROOT, failure=failure)
    archive = folder.with_suffix(".zip")
    run_quietly(
        *("git", "archive", "--format=zip", "--output", archive, revision),
        cwd=ROOT,
        failure=failure,
    )
    with zipfile.ZipFile(archive) as files:
        files.extractall(folder)
