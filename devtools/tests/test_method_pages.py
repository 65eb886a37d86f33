"""The pages of the external API say what the code says."""

import ast

import pytest

from devtools import method_pages

SOURCE = '''
class ProcurifyThing(models.Model):
    _inherit = "procurify.audit"

    @api.model
    @api_method
    def verify(self, domain: list = (), limit: int = 7) -> dict:
        """Do a thing.

        With care.

        :param domain: which
            of them
        :param limit: how many
        :returns: ``{"a"}``
        :raises UserError: ``refused``: never
        """

    def _hidden(self):
        """No page."""
'''


def test_page_is_made_of_signature_and_docstring() -> None:
    [cls] = ast.parse(SOURCE).body
    assert isinstance(cls, ast.ClassDef)

    [method] = method_pages._methods_of(cls)
    page = method_pages._page(method)

    assert (method.model, method.name) == ("procurify.audit", "verify")
    assert not method.of_records
    assert [(a.name, a.kind, a.default) for a in method.arguments] == [
        ("domain", "list", "()"),
        ("limit", "int", "7"),
    ]
    assert "Do a thing.\n\nWith care.\n" in page
    assert "     - which of them\n" in page
    assert "* ``UserError``: ``refused``: never" in page
    assert "POST /json/2/procurify.audit/verify" in page


def test_every_method_says_what_its_arguments_are_and_what_comes() -> None:
    for method in method_pages.methods():
        told = {name for kind, name, _meaning in method.fields if kind == "param"}
        assert told == {argument.name for argument in method.arguments}, method.name
        assert any(kind == "returns" for kind, *_rest in method.fields), method.name


def test_check_notices_a_page_that_is_out_of_date(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not method_pages.check()
    pages = method_pages._pages()
    name = next(iter(pages))
    monkeypatch.setattr(method_pages, "_pages", lambda: pages | {name: ""})

    assert name in method_pages.check()
