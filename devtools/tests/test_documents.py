"""What the documents promise of the repository is there."""

from __future__ import annotations

import re

from devtools.paths import ROOT

CASES = 41


def _rows() -> dict[str, list[str]]:
    """Return {number of the edge case, such as 7 or E4: tests that its row names}."""
    text = (ROOT / "docs" / "edge-cases.rst").read_text(encoding="utf-8")
    rows = re.split(r"^   \* - (?=[A-Z]?\d+$)", text, flags=re.MULTILINE)[1:]
    return {row.split("\n", 1)[0]: re.findall(r"``(test_\w+)``", row) for row in rows}


def test_every_edge_case_is_in_the_table_with_a_test() -> None:
    rows = _rows()
    numbered = [int(number) for number in rows if number.isdigit()]
    assert numbered == list(range(1, CASES + 1))
    assert [number for number, tests in rows.items() if not tests] == []


def test_every_test_that_the_table_names_exists() -> None:
    defined = {
        name
        for file in ROOT.glob("**/tests/test_*.py")
        for name in re.findall(r"^\s*def (test_\w+)\(", file.read_text("utf-8"), re.M)
    }
    named = {test for tests in _rows().values() for test in tests}
    assert sorted(named - defined) == []


def test_every_file_that_the_map_names_exists() -> None:
    text = (ROOT / "docs" / "architecture.rst").read_text(encoding="utf-8")
    named = re.findall(r"``([a-z_]+(?:/[a-z_]+)*(?:/|\.py))``", text)
    folders = r"models|importers|procurify|tests|reconciliation|bench|devtools"
    files = [name for name in named if re.match(f"({folders})/", name)]
    assert len(files) > 30
    assert [name for name in files if not (ROOT / name).exists()] == []
