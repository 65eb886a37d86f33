"""The words of documents, labels, comments and tests: spelling, and one name a thing.

Spelling is checked by codespell, with the settings in ``pyproject.toml``. The table of
this module has the words that were given up, each with what is said instead.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from .paths import ROOT

#: {what is not written: what is}
INSTEAD = {
    r"reckon\w*": "compute, amounts",
    r"(un)?told|tell(s|ing)?": "say, show, report, notify",
    r"mend(s|ed|ing)?": "correct",
    r"radius": "documents affected",
    r"(?<!['\"])settl\w+": "finish, resolve, pay, exclude",
    r"sweep\w*": "nightly check",
    r"rehears\w*": "dry run",
    r"nightly comparison": "nightly check",
    r"(held|kept) back|(is|are|was|were|be) held|held (for|because)": "on hold",
    r"left out|leaves? out": "excluded, skipped, omitted",
    r"what holds|hold reasons?|reasons? to hold|documents held": "issues",
    r"cost cent(re|er)s?": "department, location, analytic account",
    r"who(m)?ever|as whom": "the user who, everyone who",
    r"anew|for ever": "again, forever",
}
#: Where people look: states have the names of the screens there.
SHOWN_INSTEAD = {
    r"(?<=\")(Pending|Waiting)(?=\")": "Queued",
    r"(?<=\")(Quarantined|Held)(?=\")": "On hold",
    r"(?<=\")Reasons?(?=\")": "Issue, Explanation",
    r"(?<=\")Blocks(?=\")": "Documents affected",
    r"(?<=\")Booked(?=\")": "Imported",
    r"on the way": "queued",
    r"catalog item": "catalogue item",
}
SHOWN = ("data", "report", "security", "static/src", "views")
CODE = (
    *("cli", "controllers", "devtools", "fetching", "importers", "models", "procurify"),
    *("procurify_odoo", "reconciliation", "simulator", "tests", "tools", "wizard"),
)
_OLDER = re.compile(r"^19\.0\.1\.0\.0$", re.MULTILINE)  # a version that is released
_OWN = (Path(__file__), ROOT / "devtools" / "tests" / "test_words.py")
_SAMPLES = ("cassettes", "recordings", "samples")

#: From Python 3.12 on, the texts of f-strings have a type of their own.
_STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}

Text = tuple[int, str]  # its line, and what is written there


def check() -> str:
    """Return every word that was given up, with its place and what to say instead."""
    return "\n".join(
        f"{file.relative_to(ROOT)}:{line}: {word!r}: say {instead}"
        for file, table, texts in _sources()
        for line, text in texts
        for word, instead in found_in(text, table)
    )


def found_in(text: str, table: dict[str, str]) -> Iterator[tuple[str, str]]:
    if not _any_of(tuple(table)).search(text):
        return
    for pattern, instead in table.items():
        # Labels have capitals that count; "held" may be the name of a field.
        how = 0 if pattern in SHOWN_INSTEAD else re.IGNORECASE
        for found in re.finditer(rf"\b({pattern})\b", text, how):
            yield found[0], instead


@cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern that finds at least what one of ``patterns`` finds."""
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b", re.IGNORECASE)


def _sources() -> Iterator[tuple[Path, dict[str, str], Iterator[Text]]]:
    """Yield each file with the words that it may not have, and its texts."""
    for file in (ROOT / "README.rst", *sorted((ROOT / "docs").rglob("*.rst"))):
        yield file, INSTEAD, _lines(file.read_text())
    changes = ROOT / "CHANGELOG.rst"
    yield changes, INSTEAD, _lines(_OLDER.split(changes.read_text())[0])
    for folder in SHOWN:
        for file in sorted((ROOT / folder).rglob("*.[jx][sm]*")):
            yield file, INSTEAD | SHOWN_INSTEAD, _lines(file.read_text())
    for file in sorted((ROOT / "static" / "tests").rglob("*.js")):
        yield file, INSTEAD, _lines(file.read_text())
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file in _OWN or any(part in _SAMPLES for part in file.parts):
                continue
            yield file, INSTEAD, sentences(file.read_text())


def _lines(text: str) -> Iterator[Text]:
    return enumerate(text.splitlines(), 1)


def sentences(source: str) -> Iterator[Text]:
    """Yield the sentences of a module, and the names of its tests as sentences."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in _STRINGS and " " in token.string:
            yield from _lines_from(token.start[0], _without_code(token.string))
        elif token.type == tokenize.COMMENT:
            yield token.start[0], token.string
        elif token.type == tokenize.NAME and token.string.startswith("test_"):
            yield token.start[0], token.string.replace("_", " ")


def _without_code(literal: str) -> str:
    """Return a literal without the expressions of an f-string."""
    is_formatted = "f" in literal.partition(literal[-1])[0].lower()
    return re.sub(r"\{[^{}]*\}", "", literal) if is_formatted else literal


def _lines_from(first: int, text: str) -> Iterator[Text]:
    for line, part in _lines(text):
        yield first + line - 1, part
