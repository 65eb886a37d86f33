"""The files of translations: complete, and with the terms of the template.

``python -m devtools.po check`` prints what is wrong; ``merge`` brings the terms of the
template into each file. It runs in the private environment, which has polib.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib

from .paths import ADDON, ROOT

FOLDER = ROOT / "i18n"
LANGUAGES = ("de", "es", "fr")
TEMPLATE = FOLDER / f"{ADDON}.pot"
#: What a translation must have as its term has it: what is filled in, and markup.
_FIXED = re.compile(
    r"%\(\w+\)[sdif]|%[sdif](?!\w)|%%|</?(?:a|b|br|code|em|i|li|p|small|span|strong|ul)\b|\$\{[^}]*\}"
)


def wrong(file: Path, template: Path) -> Iterator[str]:
    """Yield what is wrong with a file of translations, one line each."""
    entries = {_key(entry): entry for entry in polib.pofile(str(file))}
    terms = {_key(entry) for entry in polib.pofile(str(template))}
    live = {key for key, entry in entries.items() if not entry.obsolete}
    for _context, msgid in sorted(terms - live, key=str):
        yield f"is missing: {msgid!r}"
    for _context, msgid in sorted(entries.keys() - terms, key=str):
        yield f"is no term any more: {msgid!r}"
    for key in sorted(terms & live, key=str):
        if complaint := _wrong_entry(entries[key]):
            yield f"{complaint}: {entries[key].msgid!r}"


def merge(file: Path, template: Path) -> None:
    """Bring the template's terms into a file; what it has no more of is dropped."""
    translations = polib.pofile(str(file))
    translations.merge(polib.pofile(str(template)))
    for entry in translations.obsolete_entries():
        translations.remove(entry)
    translations.save()


def _key(entry: polib.POEntry) -> tuple[str | None, str]:
    return entry.msgctxt, entry.msgid


def _wrong_entry(entry: polib.POEntry) -> str:
    if entry.fuzzy:
        return "is fuzzy"
    if not entry.msgstr:
        return "is not translated"
    if _fixed(entry.msgid) != _fixed(entry.msgstr):
        return "has other placeholders or markup"
    return ""


def _fixed(text: str) -> Counter[str]:
    return Counter(_FIXED.findall(text))


def main(command: str) -> int:
    """Check or merge every file of translations, and return the exit code."""
    files = [FOLDER / f"{language}.po" for language in LANGUAGES]
    if command == "merge":
        for file in files:
            merge(file, TEMPLATE)
        return 0
    found = [
        f"i18n/{file.name}: {line}" for file in files for line in wrong(file, TEMPLATE)
    ]
    if found:
        found.append("./dev translations brings the terms in; translate what is new.")
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
