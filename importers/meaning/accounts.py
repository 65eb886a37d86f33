"""Which account of a chart a code and a name stand for: by code, then by meaning.

Only accounts of a fitting type are looked at: what is an expense in Procurify is never
a bank account, an income or a receivable in Odoo.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from .thesaurus import ACCOUNTS, DECISIVE, FILLERS, LIGHT, UNSAID
from .words import Meaning, Thesaurus

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

# Procurify's kind → types of accounts on which a bill may book it, the likelier first.
FITTING = {
    "asset": (
        "asset_fixed",
        "asset_non_current",
        "asset_current",
        "asset_prepayments",
    ),
    "liability": (
        "liability_current",
        "liability_non_current",
        "liability_credit_card",
    ),
    "expense": (
        "expense",
        "expense_direct_cost",
        "expense_other",
        "expense_depreciation",
    ),
    "income": ("income", "income_other"),
    "equity": ("equity", "equity_unaffected"),
}
FITTING["other"] = FITTING["expense"]

_CATCH_ALL = "other"
LEAST = 0.2  # what is less alike is no suggestion
LIKELY = 0.6  # what is so alike is proposed to be used: measured by the pairs
_BROADER = (1.0, 0.75, 0.5, 0.35)  # an account of the idea, of a broader one, …
_NARROWER = (1.0, 0.6, 0.35, 0.2)
_SIBLING = 0.3
_ROOT = 0.3  # an account of what has no account of its own
# How much counts what the account says of the name; the rest is the other way round.
_SHARE_ASKED = 0.65
_WORD_WEIGHT = 0.5
_UNSAID_WEIGHT = 0.4
_LIGHT_WEIGHT = 0.5
_SHORTEST_HEADING = 3
_MISSING = 0.45  # for each decisive idea that one of both does not say
_PADDED = 0.25  # for codes that differ by zeros at their end
_DIGIT = 0.02
_NEIGHBOUR = 3 * _DIGIT  # for codes that begin alike, where the names say nothing
_USED = 0.35  # for an account that the same vendors' bills were booked on


@dataclass(frozen=True)
class Account:
    """An account of the chart.

    :param names: in each language
    """

    id: Hashable
    code: str
    names: tuple[str, ...]
    type: str


@dataclass(frozen=True)
class Suggestion:
    """An account that may be meant, from 0 to 1."""

    account: Account
    score: float


@lru_cache(maxsize=1)
def thesaurus() -> Thesaurus:
    """Return the thesaurus of accounts."""
    return Thesaurus.parse(ACCOUNTS.read_text("utf-8"), FILLERS)


@lru_cache(maxsize=20000)
def _meaning(name: str) -> Meaning:
    return thesaurus().meaning(name)


class Chart:
    """A chart of accounts, in which accounts are looked for."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._accounts = list(accounts)
        self._meanings = {
            account: {_meaning(name) for name in account.names}
            for account in self._accounts
        }
        said = {account: self._decisive(account) for account in self._accounts}
        headings = {_heading(account.code): account for account in self._accounts}
        self._said = {
            account: said[account].union(
                *(
                    said[headings[account.code[:length]]]
                    for length in range(_SHORTEST_HEADING, len(account.code))
                    if account.code[:length] in headings
                )
            )
            for account in self._accounts
        }

    def _decisive(self, account: Account) -> frozenset[str]:
        """Return the decisive ideas that an account says in one language or another."""
        ideas = {i for meaning in self._meanings[account] for i in meaning.ideas}
        return frozenset(ideas & (DECISIVE | {_CATCH_ALL}))

    def suggest(
        self,
        code: str,
        name: str,
        kind: str,
        used: Mapping[Hashable, float] | None = None,
    ) -> list[Suggestion]:
        """Return the fitting accounts, the likeliest first.

        :param kind: as Procurify calls it; a key of FITTING
        :param used: {account's id: share} of what the same vendors' bills book on it
        """
        asked, used = thesaurus().narrowest(_meaning(name)), used or {}
        types = FITTING.get(kind, FITTING["other"])
        found = []
        for account in self._accounts:
            if account.type in types:
                score = self._score(account, code, asked, used.get(account.id, 0.0))
                if score >= LEAST:
                    found.append(Suggestion(account, min(score, 1.0)))
        found.sort(key=lambda one: (-one.score, one.account.code))
        return found

    def _score(self, account: Account, code: str, asked: Meaning, used: float) -> float:
        if code and code == account.code:
            return 1.0
        by_name = self._by_name(account, asked)
        by_code = _code_score(code, account.code)
        if by_name < LEAST and by_code < _PADDED:
            # The number may mean something else here.
            by_code = LEAST if by_code >= _NEIGHBOUR else 0.0
        return by_name + by_code + _USED * used

    def _by_name(self, account: Account, asked: Meaning) -> float:
        """Return from 0 to 1 how much the account is what is asked for."""
        score = max(
            (_likeness(asked, known) for known in self._meanings[account]), default=0.0
        )
        if not score:
            return score
        return score * _MISSING ** len(self._unsaid(account, asked))

    def _unsaid(self, account: Account, asked: Meaning) -> set[str]:
        """Return the decisive ideas that only one of both says."""
        said = self._said[account]
        unsaid = {idea for idea in said - {_CATCH_ALL} if not _says(asked.ideas, idea)}
        if _CATCH_ALL in said:
            return unsaid
        above = thesaurus().above
        return unsaid | {
            idea
            for idea in asked.ideas
            if idea in DECISIVE and not (_says(said, idea) or said & above(idea))
        }


def _says(ideas: Iterable[str], decisive: str) -> bool:
    """Return whether one of ``ideas`` is ``decisive``, or a narrower one."""
    return any(
        idea == decisive or decisive in thesaurus().above(idea) for idea in ideas
    )


def _heading(code: str) -> str:
    """Return how the codes begin of which this account is the heading."""
    significant = code.rstrip("0")
    return significant if len(significant) >= len(code) - 2 else code


def _likeness(asked: Meaning, known: Meaning) -> float:
    there = _coverage(_weights(asked), known, _BROADER, _NARROWER)
    back = _coverage(_weights(known), asked, _NARROWER, _BROADER)
    return _SHARE_ASKED * there + (1 - _SHARE_ASKED) * back


@lru_cache(maxsize=20000)
def _weights(meaning: Meaning) -> dict[str, float]:
    """Return what a name says, and how much each of it counts."""
    weights = {i: _LIGHT_WEIGHT if i in LIGHT else 1.0 for i in meaning.ideas}
    for idea, unsaid in UNSAID.items():
        if meaning.ideas == (idea,):
            weights[unsaid] = _UNSAID_WEIGHT
    for word in meaning.words:
        weights["=" + word] = _WORD_WEIGHT
    return weights


def _coverage(
    weights: Mapping[str, float],
    other: Meaning,
    broader: tuple[float, ...],
    narrower: tuple[float, ...],
) -> float:
    """Return how much of what has ``weights`` the ``other`` says as well."""
    whole = sum(weights.values())
    if not whole:
        return 0.0
    said = 0.0
    for feature, weight in weights.items():
        if feature.startswith("="):
            said += weight * (feature[1:] in other.words)
        else:
            said += weight * max(
                (_closeness(feature, idea, broader, narrower) for idea in other.ideas),
                default=0.0,
            )
    return said / whole


@lru_cache(maxsize=100000)
def _closeness(
    idea: str, other: str, broader: tuple[float, ...], narrower: tuple[float, ...]
) -> float:
    """Return how near ``other`` is: the same idea, a broader or a narrower one."""
    if _CATCH_ALL in (idea, other) and idea != other:
        return _ROOT
    up, down = _distance(idea, other), _distance(other, idea)
    if up is not None:
        return broader[min(up, len(broader) - 1)]
    if down is not None:
        return narrower[min(down, len(narrower) - 1)]
    near = set(thesaurus().parents[idea]) & set(thesaurus().parents[other])
    return _SIBLING if near - {_CATCH_ALL} else 0.0


@lru_cache(maxsize=20000)
def _distance(idea: str, ancestor: str) -> int | None:
    """Return how many steps ``ancestor`` is above ``idea``; None: it is not."""
    if idea == ancestor:
        return 0
    above = (_distance(parent, ancestor) for parent in thesaurus().parents[idea])
    known = [steps for steps in above if steps is not None]
    return min(known) + 1 if known else None


def _code_score(code: str, other: str) -> float:
    """Return what speaks for two codes that are not the same to be one."""
    one, two = code.strip().rstrip("0"), other.rstrip("0")
    if not one or not two:
        return 0.0
    if one == two:
        return _PADDED
    common = 0
    for a, b in zip(one, two, strict=False):
        if a != b:
            break
        common += 1
    return _DIGIT * common
