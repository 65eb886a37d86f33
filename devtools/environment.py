"""A private Python environment with what devtools/requirements-lock.txt pins."""

import hashlib
import shutil
import sys
from pathlib import Path

from .apt import PrivateApt, unpack
from .console import Stop, say, step
from .paths import CACHE, ROOT
from .shell import environment, run, run_quietly

LOCK = ROOT / "devtools" / "requirements-lock.txt"
#: The pip that comes with Python 3.10 to 3.12 takes three times as long.
PIP = "pip==26.3"
SUPPORTED = ((3, 10), (3, 13))


def python_environment() -> Path:
    """Return the Python of the private environment, making it when needed.

    One environment per interpreter and lock file; several checkouts share it.

    :raises Stop: when it cannot be made.
    """
    first, last = SUPPORTED
    if not first <= sys.version_info[:2] <= last:
        bounds = " to ".join(f"{major}.{minor}" for major, minor in SUPPORTED)
        raise Stop(
            f"Odoo 19 runs on Python {bounds}, this is {sys.version.split()[0]}: call "
            "./dev with another one, like 'python3.12 dev'."
        )
    made_of = f"{sys.base_prefix} {sys.version} {LOCK.read_text()}"
    key = hashlib.sha256(made_of.encode()).hexdigest()[:8]
    folder = CACHE / "python" / f"{sys.version_info[0]}.{sys.version_info[1]}-{key}"
    python = folder / "bin" / "python"
    complete = folder / ".complete"
    if not (complete.is_file() and python.exists()):
        with step("Python packages: installing (200 MB)"):
            # An environment cannot be renamed, so a stamp says that it is complete.
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, python)
            complete.touch()
    return python


def site_packages(python: Path) -> Path:
    """Return the folder that the environment's packages are in."""
    return next(python.parent.parent.glob("lib/python3*/site-packages"))


def _make(folder: Path, python: Path) -> None:
    base: list[object] = [sys.executable, "-m", "venv"]
    if run(*base, folder, capture_output=True).returncode == 0:
        pip: list[object] = [python, "-m", "pip"]
    else:
        say("This Python has no ensurepip (Debian: python3-venv): taking pip from apt.")
        run_quietly(
            *base,
            "--clear",
            "--without-pip",
            folder,
            failure="Python could not make a virtual environment:",
        )
        pip = [python, _pip_wheel() / "pip"]
    _install(pip, PIP)
    _install([python, "-m", "pip"], "--requirement", LOCK)


def _install(pip: list[object], *what: object) -> None:
    """Install wheels only: nothing is compiled, nothing comes along."""
    run_quietly(
        *(*pip, "install", "--no-deps", "--only-binary=:all:", "--no-compile", *what),
        failure="pip could not install the Python packages:",
        env=environment(
            {"PIP_DISABLE_PIP_VERSION_CHECK": 1, "PIP_ROOT_USER_ACTION": "ignore"}
        ),
    )


def _pip_wheel() -> Path:
    """Return a pip that runs from its wheel, out of the distribution's own package."""
    folder = CACHE / "downloads" / "pip"
    apt = PrivateApt(folder)
    apt.use_distribution()
    unpack(apt.download("python3-pip-whl"), folder)
    wheels = sorted(folder.glob("usr/share/python-wheels/pip-*.whl"))
    if not wheels:
        raise Stop("Python has no pip to install with: apt-get install python3-venv")
    return wheels[-1]
