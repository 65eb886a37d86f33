"""Which Odoo record may be meant: reasons, similarity and ranking."""

import re
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from .procurify_import_mixin import normalise

MOST_CANDIDATES = 5
SIMILAR = "similar"
ARCHIVED = "archived"

# How much a reason is worth: 1 is certain. What is similar gets a share of the last.
_SCORES = {
    "same_code": 1.0,
    "same_email": 0.95,
    "same_name": 0.9,
    "same_rate": 0.85,
    SIMILAR: 0.8,
}
_LEAST_SIMILARITY = 0.45
_SHORTEST_WORD = 3
_SHORTEST_PREFIX = 2
# Words that many names share, and that say nothing about one of them.
_COMMON_WORDS = frozenset(
    (
        *("and", "the", "for", "net", "days", "group", "holding", "holdings"),
        *("inc", "incorporated", "ltd", "limited", "llc", "llp", "plc", "company"),
        *("corp", "corporation", "gmbh", "sarl", "sas", "srl", "spa", "pty"),
        *("service", "services", "solutions", "supply", "supplies", "international"),
    )
)


class Clues(NamedTuple):
    """What Procurify's object says of itself, by which it may be recognised.

    :param marks: {(reason, field of the Odoo model): texts that it may be there}
    :param name: what people call it
    :param code: its code, compared digit by digit
    :param rate: of a tax, in percent
    """

    marks: dict
    name: str = ""
    code: str = ""
    rate: float | None = None


class Candidate(NamedTuple):
    """An Odoo record that may be meant, the reason, and how sure that is (0 to 1)."""

    target: object
    reason: str
    score: float


def rank(reasons, similarities, archived):
    """Return the best Candidates, the surest first.

    :param reasons: {target: reason} of what a mark points to
    :param similarities: {target: similarity from 0 to 1}
    :param archived: tells whether a target is archived: that halves its score
    """
    found = {
        target: (SIMILAR, _SCORES[SIMILAR] * similarity)
        for target, similarity in similarities.items()
        if similarity >= _LEAST_SIMILARITY
    }
    found |= {target: (reason, _SCORES[reason]) for target, reason in reasons.items()}
    candidates = [
        Candidate(target, ARCHIVED, score / 2)
        if archived(target)
        else Candidate(target, reason, score)
        for target, (reason, score) in found.items()
    ]
    candidates.sort(key=lambda candidate: (-candidate.score, candidate.target.id))
    return candidates[:MOST_CANDIDATES]


@lru_cache(maxsize=1000)
def telling_words(name):
    """Return the words by which a similar name is looked for, the longest first."""
    words = re.findall(r"\w+", normalise(name))
    telling = {w for w in words if len(w) >= _SHORTEST_WORD} - _COMMON_WORDS
    return tuple(sorted(telling, key=lambda word: (-len(word), word))[:2])


def code_prefix(code):
    """Return how a similar code begins, or "": codes are filled up with zeros."""
    significant = code.strip().rstrip("0")
    return significant[: max(len(significant) - 1, _SHORTEST_PREFIX)]


def name_similarity(one, other):
    """Return from 0 to 1 how much two names are alike; 0 without a telling word."""
    known = normalise(other)
    if not any(word in known for word in telling_words(one)):
        return 0.0
    return SequenceMatcher(None, normalise(one), known).ratio()


def code_similarity(one, other):
    """Return from 0 to 1 how much two codes are alike, by how they begin.

    Codes that differ by zeros at their end are nearly the same.
    """
    if not (one and other):
        return 0.0
    if one.rstrip("0") == other.rstrip("0"):
        return 0.99
    pairs = zip(one, other, strict=False)
    common = next((i for i, (a, b) in enumerate(pairs) if a != b), None)
    common = min(len(one), len(other)) if common is None else common
    return common / max(len(one), len(other))
