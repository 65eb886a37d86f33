"""No test is skipped by one of the two runners."""

import re

from devtools.paths import ROOT


def test_odoos_own_runner_imports_every_test() -> None:
    suite = ROOT / "tests"
    files = {path.stem for path in suite.glob("test_*.py")}
    imported = re.findall(r"\b(test_\w+)$", (suite / "__init__.py").read_text(), re.M)
    assert sorted(imported) == sorted(files)


def test_what_a_customer_lacks_is_imported_only_where_it_is_there() -> None:
    """Odoo imports all tests of an addon: one that fails would break every run."""
    suite = ROOT / "tests"
    text = (suite / "__init__.py").read_text()
    guarded = set(re.findall(r"^    from \. import (test_\w+)$", text, re.M))
    ours = re.compile(
        r"^(?:from|import) (?:hypothesis|pytest|openapi\w*|yaml)\b"
        r"|(?:procurify|simulator)\.tests\b",
        re.M,
    )
    needing = {p.stem for p in suite.glob("*.py") if ours.search(p.read_text())}
    assert {"test_fuzz", "test_valid_objects"} <= needing
    assert needing <= guarded
