"""The page on who may do what says what the system tests compare."""

import pytest

from devtools import access_page
from tests_system.access_table import METHODS


def test_page_has_each_model_and_each_method() -> None:
    page = access_page._page()

    assert "   * - ``procurify.route``\n     - reviewer\n     - manager\n" in page
    assert "\n     - ``action_rotate_key``\n     - manager\n" in page
    assert not access_page.check()


def test_check_notices_a_right_that_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {"procurify.stream": {"action_read_again": "portal"}}
    monkeypatch.setattr(access_page, "METHODS", METHODS | changed)

    assert "access.rst" in access_page.check()
