"""Which part of the repository may import which: the contracts in pyproject.toml."""

import subprocess
import tempfile
from pathlib import Path

from .environment import python_environment
from .paths import ADDON, ROOT
from .shell import compiled_apart, environment, link, run

#: Before it, the tool draws its own name.
_RESULT = "---------\nContracts"


def check(root: Path = ROOT) -> str:
    """Return which contracts of this checkout are broken, and by which imports.

    :param root: the folder of the addon, whatever its name is
    """
    tool = python_environment().parent / "lint-imports"
    with tempfile.TemporaryDirectory() as folder:
        # The tool looks for the package in its working folder.
        link(Path(folder) / ADDON, root)
        done = run(
            *(tool, "--config", ROOT / "pyproject.toml", "--no-cache"),
            cwd=folder,
            env=environment(compiled_apart()),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    if not done.returncode:
        return ""
    _name, heading, result = done.stdout.partition(_RESULT)
    return heading + result if result else done.stdout or "lint-imports failed"
