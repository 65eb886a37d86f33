"""What the documents promise of the repository is there."""

from __future__ import annotations

import re

from devtools.paths import ROOT

CASES = 41


def _rows() -> list[tuple[str, list[str]]]:
    """Return (number of the edge case, such as 7 or E4, tests that its row names)."""
    text = (ROOT / "docs" / "edge-cases.rst").read_text(encoding="utf-8")
    rows = re.split(r"^   \* - (?=\S[\S ]*$)", text, flags=re.MULTILINE)[2:]
    return [(row.split("\n", 1)[0], re.findall(r"``(test_\w+)``", row)) for row in rows]


def test_every_edge_case_is_in_the_table_with_a_test() -> None:
    rows = _rows()
    numbered = [int(number) for number, _tests in rows if number.isdigit()]
    assert numbered == list(range(1, CASES + 1))
    assert [number for number, tests in rows if not tests] == []


def test_every_kind_of_wrong_books_and_payloads_has_a_row() -> None:
    kinds = {
        *("A1", "A2", "A4", "A5", "A6", "A7", "B1", "B2", "B3", "B4", "B5"),
        *("C1", "C2", "C3", "C4", "C5", "C6", "D1", "D3", "E1", "E2", "E3", "E4"),
        *("E5", "F1", "F2", "F3", "G1", "G2", "G3", "G4", "G5", "G6", "G7"),
        *("H1", "H2", "H3", "H4", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8"),
        *("P9", "P10", "P11", "P12"),
    }
    assert kinds - {number for number, _tests in _rows()} == set()


def test_every_test_that_the_table_names_exists() -> None:
    defined = {
        name
        for folder in ("**/tests", "tests_system")
        for file in ROOT.glob(f"{folder}/test_*.py")
        for name in re.findall(r"^\s*def (test_\w+)\(", file.read_text("utf-8"), re.M)
    }
    named = {test for _number, tests in _rows() for test in tests}
    assert sorted(named - defined) == []


def test_every_file_that_the_map_names_exists() -> None:
    text = (ROOT / "docs" / "architecture.rst").read_text(encoding="utf-8")
    named = re.findall(r"``([a-z_]+(?:/[a-z_]+)*(?:/|\.py))``", text)
    folders = r"models|importers|procurify|tests|reconciliation|bench|devtools"
    files = [name for name in named if re.match(f"({folders})/", name)]
    assert len(files) > 30
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_every_file_that_a_document_shows_or_links_exists() -> None:
    missing = []
    for file in [*ROOT.glob("*.rst"), *ROOT.glob("docs/**/*.rst")]:
        text = file.read_text(encoding="utf-8")
        pictures = re.findall(r"^\.\. (?:image|figure):: (\S+)", text, re.MULTILINE)
        links = re.findall(r"`[^`<]+<([^`>:#]+)(?:#[^`>]*)?>`_", text)
        assert file.name != "README.rst" or (pictures and links)
        missing += [
            (file.name, name)
            for name in (*pictures, *links)
            if not (file.parent / name).exists()
        ]
    assert missing == []
