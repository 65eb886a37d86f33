"""The private environment is made with the faster Python of the same version."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from devtools import environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def distributions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the distribution's Python is looked for."""
    python = tmp_path / "python3"
    monkeypatch.setattr(environment, "DISTRIBUTIONS_PYTHON", python)
    return python


def _says(python: Path, version: str) -> None:
    """Make a program that answers as a Python of that version does."""
    python.write_text(f"#!/bin/sh\necho '{version}'\n")
    python.chmod(0o755)


def test_the_distributions_python_of_the_same_version_is_taken(
    distributions: Path,
) -> None:
    said = "{} {} its build".format(*sys.version_info[:2])
    _says(distributions, said)
    assert environment._interpreter() == (distributions, said)


def test_another_version_of_the_distribution_is_not_taken(distributions: Path) -> None:
    major, minor = sys.version_info[:2]
    for other in (f"{major} {minor - 1}", f"{major} {minor}1"):
        _says(distributions, f"{other} its build")
        interpreter, version = environment._interpreter()
        assert (str(interpreter), version) == (sys.executable, sys.version)


def test_without_a_distributions_python_this_one_is_taken(distributions: Path) -> None:
    assert not distributions.exists()
    interpreter, version = environment._interpreter()
    assert (str(interpreter), version) == (sys.executable, sys.version)
