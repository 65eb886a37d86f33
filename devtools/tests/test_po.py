"""A translation that is not whole, or breaks its message, is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polib
import pytest

from devtools.po import merge, wrong

if TYPE_CHECKING:
    from pathlib import Path

TERM = "Held: %(count)s of <b>%(total)s</b>"


def _file(path: Path, translations: dict[str, str], *flags: str) -> Path:
    file = polib.POFile()
    for msgid, msgstr in translations.items():
        file.append(polib.POEntry(msgid=msgid, msgstr=msgstr, flags=list(flags)))
    file.save(str(path))
    return path


@pytest.mark.parametrize(
    ("translation", "complaint"),
    [
        ("", "is not translated"),
        ("Retenus : %(nombre)s sur <b>%(total)s</b>", "has other placeholders"),
        ("Retenus : %(count)s sur %(total)s", "has other placeholders"),
    ],
)
def test_an_entry_that_is_not_whole_is_found(
    tmp_path: Path, translation: str, complaint: str
) -> None:
    template = _file(tmp_path / "a.pot", {TERM: ""})
    found = list(wrong(_file(tmp_path / "fr.po", {TERM: translation}), template))
    assert len(found) == 1
    assert found[0].startswith(complaint)


def test_a_fuzzy_a_missing_and_a_former_term_are_found(tmp_path: Path) -> None:
    template = _file(tmp_path / "a.pot", {"Held": "", "Booked": ""})
    file = _file(tmp_path / "fr.po", {"Held": "Retenu", "Gone": "Parti"}, "fuzzy")
    assert list(wrong(file, template)) == [
        "is missing: 'Booked'",
        "is no term any more: 'Gone'",
        "is fuzzy: 'Held'",
    ]


def test_a_whole_translation_is_fine_after_a_merge(tmp_path: Path) -> None:
    template = _file(tmp_path / "a.pot", {"Held": ""})
    file = _file(tmp_path / "fr.po", {"Held": "Retenu", "Gone": "Parti"})
    merge(file, template)
    assert list(wrong(file, template)) == []
