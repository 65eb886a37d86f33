"""How much an analytic account of Odoo is like a department of Procurify.

A department's label is a path, «plant / department»: its last part counts most.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache

from .thesaurus import DEPARTMENTS
from .words import Thesaurus, words_of

_PATH = re.compile(r"\s+[/>|:·–-]\s+|\s*[/>|]\s*")
_ALIKE = 0.8  # two words, of which one may have a slip or another ending
_FILLERS = frozenset(("department", "dept", "abteilung"))
_ELSEWHERE = 0.9  # for an account whose name says more, as another place
_PLACE = 0.2  # how much the rest of the path counts


@lru_cache(maxsize=1)
def _thesaurus() -> Thesaurus:
    return Thesaurus.parse(DEPARTMENTS.read_text("utf-8"), _FILLERS)


# The mapping asks for the same pairs each time it is opened.
@lru_cache(maxsize=10_000)
def department_likeness(label: str, name: str) -> float:
    """Return from 0 to 1 how much an analytic account's ``name`` is like ``label``."""
    parts, others = _parts(label), _parts(name)
    if not parts or not others:
        return 0.0
    own = max(
        (_part_likeness(parts[-1], other) for other in (*others, name)), default=0.0
    )
    known = {word for part in parts for word in words_of(part)}
    if len(set(words_of(name)) - known) > len(words_of(parts[-1])):
        own *= _ELSEWHERE
    place = {word for part in parts[:-1] for word in words_of(part)}
    if not place or not own:
        return own
    shared = place & set(words_of(name))
    return own * (1 - _PLACE) + _PLACE * len(shared) / len(place) * own


def _parts(label: str) -> list[str]:
    return [part for part in _PATH.split(label) if words_of(part)]


def _part_likeness(one: str, other: str) -> float:
    words, others = words_of(one), words_of(other)
    if words == others:
        return 1.0
    meanings = set(_thesaurus().meaning(one).ideas)
    shared = meanings & set(_thesaurus().meaning(other).ideas)
    meant = 0.85 * len(shared) / len(meanings) if meanings else 0.0
    said = [max((_word_likeness(w, o) for o in others), default=0.0) for w in words]
    back = [max((_word_likeness(w, o) for o in words), default=0.0) for w in others]
    spelled = 0.7 * sum(said) / len(said) + 0.3 * sum(back) / len(back)
    return max(meant, spelled)


def _word_likeness(one: str, other: str) -> float:
    ratio = SequenceMatcher(None, one, other).ratio()
    return ratio if ratio >= _ALIKE else 0.0
