"""A machine that cannot have an Odoo 14 gets one sentence that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools import odoo_14
from devtools.console import Stop
from devtools.postgres import Server


def test_without_root_the_sentence_says_how_to_leave_its_tests_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Stop, match='needs root.*-k "not odoo14"'):
        odoo_14.prepare(Server({}, Path("/nowhere")))
