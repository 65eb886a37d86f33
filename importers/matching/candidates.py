"""Which Odoo record may be meant: similarity and ranking for who chooses."""

from difflib import SequenceMatcher
from typing import NamedTuple

from .decision import (
    ARCHIVED,
    LINKED_BEFORE,
    ONLY_ONE,
    SAME_BARCODE,
    SAME_CODE,
    SAME_EMAIL,
    SAME_RATE,
)
from .names import (
    LONGEST,
    NAME_FITS,
    NEAR_NAME,
    SAME_NAME,
    compact,
    fragments,
    normalise,
)

MOST_CANDIDATES = 5
SIMILAR = "similar"
SAME_DAYS = "same_days"  # of a payment term
SAME_MEANING = "same_meaning"  # of a unit, as people write it
USED_BEFORE = "used_before"  # for the same vendors' bills

# How much each witness is worth alone; two of them are surer than either.
_SCORES = {
    SAME_CODE: 0.95,
    SAME_BARCODE: 0.9,
    SAME_EMAIL: 0.9,
    SAME_NAME: 0.9,
    NAME_FITS: 0.87,
    LINKED_BEFORE: 0.8,
    NEAR_NAME: 0.75,
    SAME_RATE: 0.7,
    ONLY_ONE: 0.5,
    SIMILAR: 0.8,
}
LEAST_SIMILARITY = 0.45
_SHORTEST_PREFIX = 2
_LONGEST_CODE = 64


class Clues(NamedTuple):
    """What Procurify's object says of itself, by which it may be recognised.

    :param marks: {(witness, field of the Odoo model): texts that it may be there}
    :param name: what people call it
    :param code: its code, compared digit by digit
    :param rate: of a tax, in percent
    :param kind: of an account, as Odoo's types begin; of a tax, whether it is included
    """

    marks: dict
    name: str = ""
    code: str = ""
    rate: float | None = None
    kind: object = None


class Likeness(NamedTuple):
    """How much a record is like an object, from 0 to 1, and in what."""

    similarity: float
    reasons: tuple[str, ...] = (SIMILAR,)


class Candidate(NamedTuple):
    """An Odoo record that may be meant, why, and how sure that is (0 to 1).

    :param reason: the strongest reason, and what forbids it before that
    :param reasons: all of them
    :param is_sure: whether the record can only be the one
    """

    target: object
    reason: str
    score: float
    reasons: tuple[str, ...] = ()
    is_sure: bool = False


def rank(findings, similarities, archived, verdict=None, closeness=None):
    """Return the best Candidates, the surest first.

    :param findings: Findings about records that a mark points to
    :param similarities: {target: similarity from 0 to 1, or Likeness} of other ones
    :param archived: says whether a target is archived: that halves its score
    :param verdict: Verdict of who decides, or None where nobody may
    :param closeness: {target: similarity} that ranks those of which the same speaks
    """
    closeness = closeness or {}
    if verdict and verdict.is_link:
        known = {finding.target: finding for finding in findings}
        findings = (known | {verdict.target: verdict.findings[0]}).values()
    candidates = [
        _candidate(finding, verdict) for finding in findings if finding.witnesses
    ]
    for target, likeness in similarities.items():
        if not isinstance(likeness, Likeness):
            likeness = Likeness(likeness)
        if likeness.similarity >= LEAST_SIMILARITY:
            reasons = (ARCHIVED,) if archived(target) else likeness.reasons
            score = _SCORES[SIMILAR] * likeness.similarity
            score /= 2 if ARCHIVED in reasons else 1
            candidates.append(Candidate(target, reasons[0], score, reasons))
    candidates.sort(key=lambda c: (-c.score, -closeness.get(c.target, 0), c.target.id))
    return candidates[:MOST_CANDIDATES]


def _candidate(finding, verdict):
    """Return a finding as a Candidate: what forbids it halves its score."""
    by_worth = sorted(finding.witnesses, key=lambda w: (-_SCORES[w], w))
    doubt = 1.0
    for witness in by_worth:
        doubt *= 1 - _SCORES[witness]
    forbidding = sorted(finding.obstacles)
    reason = ARCHIVED if ARCHIVED in finding.obstacles else by_worth[0]
    score = (1 - doubt) / (2 if forbidding else 1)
    is_sure = bool(verdict and verdict.is_link and verdict.target == finding.target)
    return Candidate(finding.target, reason, score, (*by_worth, *forbidding), is_sure)


def code_prefix(code):
    """Return how a similar code begins, or "": codes are filled up with zeros."""
    significant = code[:_LONGEST_CODE].strip().rstrip("0")
    return significant[: max(len(significant) - 1, _SHORTEST_PREFIX)]


def name_similarity(one, other):
    """Return from 0 to 1 how much two names are alike; 0 without a distinctive word."""
    one, other = one[:LONGEST], other[:LONGEST]
    known = compact(other)
    if not any(fragment in known for fragment in fragments(one)):
        return 0.0
    return SequenceMatcher(None, normalise(one), normalise(other)).ratio()


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
