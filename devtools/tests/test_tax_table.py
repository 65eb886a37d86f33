"""The page on taxes says what was found, and has every chart."""

import csv
import json
import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from .. import tax_table
from ..tax_table import CHARTS, Row, check, page

FOUND: Row = {
    "name": 'VAT "20" *',
    "kind": "20 %",
    "same": "as by hand",
    "plain": "on hold: tax_mismatch",
}


def test_page_has_each_tax_with_what_became_of_it() -> None:
    text = page({code: [FOUND] for code in CHARTS})

    rows = [
        row
        for row in csv.reader(line.strip() for line in text.splitlines())
        if row[:1] == ['VAT "20" \\*']
    ]
    assert rows == [
        ['VAT "20" \\*', "20 %", "as by hand", "on hold: tax\\_mismatch"]
    ] * len(CHARTS)
    assert '"All","12","12","0","0","12"' in text


def test_page_says_which_charts_were_not_tried() -> None:
    text = page({"br": [FOUND]})

    assert "India\n-----\n\nNot tried yet.\n" in text
    assert "Brazil\n------\n\n.. csv-table::" in text
    assert '"All","1","1","0","0","1"' in text


def test_chart_that_takes_too_long_fails_and_leaves_the_others_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*command: object, env: dict[str, str], timeout: int, **_: Any) -> Any:
        chart = env["PROCURIFY_TAX_CHARTS"]
        if chart == "in":
            raise subprocess.TimeoutExpired(str(command), timeout)
        found = json.dumps({chart: [FOUND]})
        Path(env["PROCURIFY_TAX_TABLE"]).write_text(found, encoding="utf-8")
        return MagicMock(returncode=0)

    odoo = MagicMock(variables={}, python="python")
    monkeypatch.setattr(tax_table, "prepare", lambda: odoo)
    monkeypatch.setattr(tax_table, "databases", MagicMock())
    monkeypatch.setattr(tax_table, "run", run)
    monkeypatch.setattr(tax_table, "PAGE", tmp_path / "taxes.rst")

    assert tax_table.test([]) == 1

    text = (tmp_path / "taxes.rst").read_text()
    assert text.count("Not tried yet.") == 1
    assert "India\n-----\n\nNot tried yet.\n" in text


def test_page_of_the_repository_has_every_chart_and_nothing_booked_otherwise() -> None:
    assert check() == ""


def test_page_without_a_chart_or_with_a_tax_booked_otherwise_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong: Row = {**FOUND, "same": "booked otherwise"}
    file = tmp_path / "taxes.rst"
    monkeypatch.setattr(tax_table, "PAGE", file)
    assert "no section Brazil" in check()

    file.write_text(page({code: [wrong] for code in CHARTS}))
    assert check() == "docs/taxes.rst has a tax that is booked otherwise than by hand"
