"""No test is skipped by one of the two runners."""

import re

from devtools.paths import ROOT


def test_odoos_own_runner_imports_every_test() -> None:
    suite = ROOT / "tests"
    files = {path.stem for path in suite.glob("test_*.py")}
    imported = re.findall(r"\b(test_\w+)$", (suite / "__init__.py").read_text(), re.M)
    assert sorted(imported) == sorted(files)
