"""``./dev methods``: the page of the documentation on who may call what.

It is written from the table that the system tests compare with a running Odoo.
"""

from collections.abc import Iterable

from tests_system.access_table import METHODS, MODELS

from .paths import ROOT

PAGE = ROOT / "docs" / "access.rst"
_TITLE = """\
===============
Who may do what
===============

Written by ``./dev methods``. A test calls every model and every public method over
JSON-2 and XML-RPC as each kind of user, and compares. `security.rst <security.rst>`_
explains it.

A cell names the first who may, and everybody after that one may too: public, portal,
employee, reviewer, manager (an administrator of the connector), administrator (of
Odoo's settings, who is a manager too). Methods whose names start with ``_`` cannot be
called from outside. The rows of a dialog (``procurify.accrue``, ``procurify.certify``,
``procurify.comparison``, ``procurify.ignore``, ``procurify.support``) are seen only by
the user who opened it.
"""


def write() -> None:
    """Write the page."""
    PAGE.write_text(_page())


def check() -> str:
    """Return that the page is not as the table says, or nothing."""
    written = PAGE.read_text() if PAGE.exists() else ""
    return "" if written == _page() else "docs/access.rst is out of date: ./dev methods"


def _page() -> str:
    models = ((f"``{model}``", *rights) for model, rights in MODELS.items())
    methods = (
        (f"``{model}``" if number == 0 else "", f"``{method}``", first)
        for model, mine in sorted(METHODS.items())
        for number, (method, first) in enumerate(sorted(mine.items()))
    )
    lines = [
        *(_TITLE, "Models", "======", ""),
        *_table(("Model", "read", "change", "create", "delete"), models),
        *("", "Methods", "=======", ""),
        *_table(("Model", "Method", "who"), methods),
    ]
    return "\n".join(lines) + "\n"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for first, *others in (header, *rows):
        lines += [f"   * - {first}".rstrip(), *(f"     - {cell}" for cell in others)]
    return lines
