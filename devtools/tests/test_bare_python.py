"""``./dev`` needs the standard library alone, and no variable of the caller."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import _SubParsersAction
from typing import TYPE_CHECKING

import pytest

from devtools.commands import parser
from devtools.environment import CALLERS_PYTHON, forget_the_callers_python, pip_reach
from devtools.paths import ROOT
from devtools.shell import environment

if TYPE_CHECKING:
    from pathlib import Path

#: Neither packages, nor what PYTHON* variables say.
BARE_PYTHON = (sys.executable, "-I", "-S")
(COMMANDS,) = (
    tuple(action.choices)
    for action in parser([])._actions
    if isinstance(action, _SubParsersAction)
)


def _bare(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the bare Python in an environment of no variables."""
    return subprocess.run(
        ["env", "-i", *BARE_PYTHON, *arguments],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_bare_python_has_no_packages() -> None:
    """Otherwise the other tests would prove nothing."""
    assert "ModuleNotFoundError" in _bare("-c", "import requests").stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_needs_the_standard_library_alone(command: str) -> None:
    shown = _bare(str(ROOT / "dev"), command, "--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"usage: ./dev {command}" in shown.stdout


def test_the_script_itself_starts_an_isolated_python(tmp_path: Path) -> None:
    """PYTHONPATH may hold anything, also what is called as a standard module."""
    (tmp_path / "argparse.py").write_text("raise SystemExit('not the standard one')")
    foreign = {"PYTHONPATH": tmp_path, "PYTHONHOME": tmp_path / "none"}
    shown = subprocess.run(
        [str(ROOT / "dev"), "demo", "--help"],
        env=environment(foreign),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "usage: ./dev demo" in shown.stdout


def test_a_later_help_is_for_the_program_that_gets_it() -> None:
    parsed, rest = parser(["odoo", "server", "--help"]).parse_known_args(
        ["odoo", "server", "--help"]
    )
    assert parsed.passes_on
    assert rest == ["server", "--help"]


def test_what_is_set_for_other_python_programs_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (*CALLERS_PYTHON, "PYTHONHASHSEED"):
        monkeypatch.setenv(name, "1")
    forget_the_callers_python()
    assert not set(CALLERS_PYTHON) & os.environ.keys()
    assert os.environ["PYTHONHASHSEED"] == "1"


def test_pip_keeps_how_it_reaches_packages_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\n"
        "index-url = https://packages.example/simple\n"
        "timeout = 7\n"
        "target = /elsewhere\n"
        "[install]\n"
        "timeout = 8\n"
        "[download]\n"
        "timeout = 9\n"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.setenv("PIP_INDEX_URL", "https://other.example/simple")
    monkeypatch.setenv("PIP_PREFIX", "/elsewhere")
    reach = pip_reach([sys.executable, "-m", "pip"])
    assert reach["PIP_INDEX_URL"] == "https://other.example/simple"
    assert reach["PIP_TIMEOUT"] == "8"
    assert not {"PIP_TARGET", "PIP_PREFIX", "PIP_CONFIG_FILE"} & reach.keys()
