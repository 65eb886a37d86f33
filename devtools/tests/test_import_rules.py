"""The contracts about imports can be broken, and say by which import."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devtools import import_rules

if TYPE_CHECKING:
    from pathlib import Path

_PARTS = (
    *("bench", "controllers", "devtools", "fetching", "hooks", "importers", "models"),
    *("procurify", "procurify_odoo", "reconciliation", "simulator", "tests"),
    *("tests_system", "tools", "wizard"),
)


@pytest.fixture
def addon(tmp_path: Path) -> Path:
    """Return an addon in a folder of another name, in which each part is empty."""
    root = tmp_path / "checkout"
    for part in _PARTS:
        (root / part).mkdir(parents=True)
        (root / part / "__init__.py").touch()
    (root / "__init__.py").touch()
    (root / "models" / "order.py").write_text("from ..importers import rates\n")
    (root / "importers" / "rates.py").touch()
    return root


def test_a_model_may_import_a_service(addon: Path) -> None:
    assert import_rules.check(addon) == ""


@pytest.mark.parametrize(
    ("file", "text", "broken"),
    [
        ("procurify/client.py", "import odoo", "procurify/ is plain Python"),
        ("procurify_odoo/a.py", "import odoo", "procurify_odoo/ is plain Python"),
        ("procurify_odoo/a.py", "from .. import models", "Rooms lie on top"),
        ("procurify/client.py", "from .. import procurify_odoo", "Rooms lie on top"),
        ("importers/rates.py", "from ..models import order", "Rooms lie on top"),
        ("tools/day.py", "from ..fetching import *", "Rooms lie on top"),
        ("models/order.py", "from .. import simulator", "What is shipped needs no"),
    ],
)
def test_an_import_that_is_not_allowed_is_named(
    addon: Path, file: str, text: str, broken: str
) -> None:
    (addon / file).write_text(f"{text}\n")
    found = import_rules.check(addon)
    assert f"{broken}" in found.partition("Broken contracts")[2]
    assert file.removesuffix(".py").replace("/", ".") in found
