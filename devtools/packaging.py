"""``./dev package``: the addon as a zip file, to be unpacked into an addons folder."""

import ast
import zipfile
from pathlib import Path, PurePosixPath

from .console import say
from .paths import ADDON, ROOT
from .shell import run_quietly

#: What serves the development of the addon, not its users.
DEVELOPMENT = (
    "bench",
    "dev",
    "devtools",
    "procurify/tests",
    "procurify_odoo/tests",
    "simulator",
    "tests",
    "tests_system",
)


def package() -> Path:
    """Write ``dist/procurify_connector-<version>.zip`` and return its path."""
    manifest = ast.literal_eval((ROOT / "__manifest__.py").read_text())
    archive = ROOT / "dist" / f"{ADDON}-{manifest['version']}.zip"
    archive.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for name in _shipped_files():
            target.write(ROOT / name, f"{ADDON}/{name}")
    say(f"{archive.relative_to(ROOT)}: {archive.stat().st_size / 1024:.0f} KiB")
    return archive


def _shipped_files() -> list[str]:
    """Return what git knows or would know: no cache, no private file slips in."""
    listed = run_quietly(
        *("git", "ls-files", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        failure="git does not say which files belong to the addon:",
    ).stdout.splitlines()
    return sorted(name for name in listed if _is_shipped(PurePosixPath(name)))


def _is_shipped(file: PurePosixPath) -> bool:
    if file.name == "pyproject.toml" or file.parts[0].startswith("."):
        return False
    return not any(file.is_relative_to(folder) for folder in DEVELOPMENT)
