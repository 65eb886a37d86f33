"""A private Python environment with what devtools/requirements-lock.txt pins."""

import ast
import hashlib
import os
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
DISTRIBUTIONS_PYTHON = Path("/usr/bin/python3")
#: What a person sets for other programs in Python: where their code comes from, how it
#: is run. With PYTHONPATH, pip would not install what it finds there.
CALLERS_PYTHON = (
    *("PYTHONPATH", "PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONUSERBASE"),
    *("PYTHONSTARTUP", "PYTHONSAFEPATH", "PYTHONINSPECT", "PYTHONOPTIMIZE"),
    *("PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"),
    *("VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "CONDA_PREFIX"),
)
#: The settings of pip that say how packages are reached. All others say what is
#: installed, and where, in a person's own environments.
PIP_REACH = frozenset(
    {
        *("index-url", "extra-index-url", "find-links", "no-index"),
        *("trusted-host", "cert", "client-cert", "proxy", "keyring-provider"),
        *("timeout", "default-timeout", "retries", "cache-dir", "no-cache-dir"),
    }
)
#: Where pip takes settings for an installation from; a later one wins.
_PIP_SECTIONS = ("global", "install", ":env:")


def forget_the_callers_python() -> None:
    """Remove from this process's environment what belongs to a person's own Python."""
    for name in CALLERS_PYTHON:
        os.environ.pop(name, None)


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
    interpreter, version = _interpreter()
    made_of = f"{interpreter.resolve()} {version} {LOCK.read_text()}"
    key = hashlib.sha256(made_of.encode()).hexdigest()[:8]
    folder = CACHE / "python" / f"{sys.version_info[0]}.{sys.version_info[1]}-{key}"
    python = folder / "bin" / "python"
    complete = folder / ".complete"
    if not (complete.is_file() and python.exists()):
        with step("Python packages: installing (200 MB)"):
            # An environment cannot be renamed, so a stamp says that it is complete.
            shutil.rmtree(folder, ignore_errors=True)
            _make(interpreter, folder, python)
            complete.touch()
    return python


def site_packages(python: Path) -> Path:
    """Return the folder that the environment's packages are in."""
    return next(python.parent.parent.glob("lib/python3*/site-packages"))


def _interpreter() -> tuple[Path, str]:
    """Return the interpreter that the environment is made with, and its version.

    Distributions build Python with profile-guided optimization. One that a person
    compiled seldom is, and the tests take half as long again with it.
    """
    own = sys.version_info[:2]
    ask = ("-I", "-c", "import sys; print(*sys.version_info[:2], sys.version)")
    if DISTRIBUTIONS_PYTHON.exists():
        said = run(DISTRIBUTIONS_PYTHON, *ask, capture_output=True).stdout.strip()
        if said.startswith("{} {} ".format(*own)):
            return DISTRIBUTIONS_PYTHON, said
    return Path(sys.executable), sys.version


def _make(interpreter: Path, folder: Path, python: Path) -> None:
    base: list[object] = [interpreter, "-m", "venv"]
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
    install(pip, PIP)
    install([python, "-m", "pip"], "--requirement", LOCK)


def install(pip: list[object], *what: object) -> None:
    """Install wheels only: nothing is compiled, nothing comes along."""
    run_quietly(
        *(*pip, "install", "--no-deps", "--only-binary=:all:", "--no-compile", *what),
        failure="pip could not install the Python packages:",
        env=environment(
            {
                **{name: None for name in os.environ if name.startswith("PIP_")},
                **pip_reach(pip),
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_DISABLE_PIP_VERSION_CHECK": 1,
                "PIP_ROOT_USER_ACTION": "ignore",
            }
        ),
    )


def pip_reach(pip: list[object]) -> dict[str, object]:
    """Return, as variables, how a person's pip reaches packages.

    :raises Stop: when pip cannot read its settings.
    """
    listed = run_quietly(
        *(*pip, "config", "list"), failure="pip cannot read its settings:"
    ).stdout
    found: dict[tuple[str, str], str] = {}
    for line in listed.splitlines():
        key, equals, value = line.partition("=")
        section, _, option = key.rpartition(".")
        if equals and option in PIP_REACH:
            found[section, option] = str(ast.literal_eval(value))
    return {
        f"PIP_{option.upper().replace('-', '_')}": value
        for section in _PIP_SECTIONS
        for (its_section, option), value in found.items()
        if its_section == section
    }


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
