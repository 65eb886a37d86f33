"""The check of ``models/`` finds what it is there for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devtools import model_files

if TYPE_CHECKING:
    from pathlib import Path

_DEFINITION = """
class Invoice(models.Model):
    _name = "invoice"
    _inherit = ["mail.thread"]

    total = fields.Float()

    def action_pay(self):
        pass
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _write(tmp_path, "invoice/invoice.py", _DEFINITION)
    _write(tmp_path, "invoice/__init__.py", "from . import invoice\n")
    return tmp_path


def _write(root: Path, name: str, text: str) -> None:
    file = root / "models" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def _fragment(body: str, model: str = "invoice") -> str:
    return f'class Invoice(models.Model):\n    _inherit = "{model}"\n\n    {body}\n'


def test_a_fragment_that_only_adds_is_well(root: Path) -> None:
    _write(root, "invoice/payment.py", _fragment("paid = fields.Boolean()"))
    assert model_files.check(root) == ""


def test_a_method_that_two_files_have_is_found(root: Path) -> None:
    _write(root, "invoice/payment.py", _fragment("def action_pay(self): pass"))
    found = model_files.check(root)
    assert found == (
        "invoice.action_pay is defined several times: "
        "models/invoice/invoice.py, models/invoice/payment.py"
    )


def test_a_field_that_two_files_have_is_found(root: Path) -> None:
    _write(root, "invoice/payment.py", _fragment("total = fields.Monetary()"))
    assert model_files.check(root).startswith("invoice.total is defined several")


def test_a_second_definition_is_found(root: Path) -> None:
    _write(root, "invoice/payment.py", 'class Invoice(M):\n    _name = "invoice"\n')
    assert model_files.check(root).startswith("invoice needs one class with _name")


def test_two_fragments_of_odoos_model_need_a_definition(root: Path) -> None:
    for name in ("partner_name", "partner_address"):
        text = _fragment(f"{name} = fields.Char()", "res.partner")
        _write(root, f"{name}.py", text)
    assert model_files.check(root).startswith("res.partner needs one class with _name")


def test_the_only_file_of_odoos_model_needs_no_name(root: Path) -> None:
    _write(root, "partner.py", _fragment("code = fields.Char()", "res.partner"))
    assert model_files.check(root) == ""


def test_a_fragment_in_another_package_is_found(root: Path) -> None:
    _write(root, "payment.py", _fragment("paid = fields.Boolean()"))
    assert model_files.check(root).startswith("invoice lies in several packages")


def test_a_file_without_a_model_is_found(root: Path) -> None:
    _write(root, "invoice/helper.py", "def helper():\n    pass\n")
    assert model_files.check(root) == "models/invoice/helper.py defines no model"


def test_an_inherited_mixin_may_be_overridden(root: Path) -> None:
    mixin = _fragment("def action_pay(self): pass", "mail.thread")
    _write(root, "mixin.py", mixin)
    assert model_files.check(root) == ""
