"""Which ideas a name speaks of, as a thesaurus knows them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

_LONGEST = 200
_WORD = re.compile(r"[0-9a-z]+")
_MARKS = re.compile("[\u0300-\u036f]")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l"})
_SHORTEST_ENDING = 6  # letters of a word at the end of a compound
_SHORTEST_MIDDLE = 6
_KEY = 2
_STEM = 5  # letters by which words count as the same one


@lru_cache(maxsize=50000)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of ``text`` without case, accents and punctuation."""
    lower = text[:_LONGEST].casefold().translate(_LETTERS)
    return tuple(_WORD.findall(_MARKS.sub("", unicodedata.normalize("NFKD", lower))))


@dataclass(frozen=True)
class Meaning:
    """What a name says.

    :param ideas: of the thesaurus, in the order of the name
    :param words: stems of its other words
    """

    ideas: tuple[str, ...]
    words: frozenset[str]


@dataclass
class Thesaurus:
    """Ideas, the phrases that name them, and which idea is broader than which."""

    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _phrases: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    _endings: dict[str, str] = field(default_factory=dict)
    _above: dict[str, frozenset[str]] = field(default_factory=dict)
    _fillers: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str, fillers: frozenset[str] = frozenset()) -> Thesaurus:
        """Parse lines of ``idea < broader, broader: phrase | phrase``."""
        whole = cls(_fillers=fillers)
        for line in re.sub(r"\n\s+", " ", text).strip().splitlines():
            head, _colon, phrases = line.partition(":")
            idea, _sign, broader = head.partition("<")
            parents = (parent.strip() for parent in broader.split(","))
            whole.parents[idea.strip()] = tuple(filter(None, parents))
            for phrase in phrases.split("|"):
                whole._add(phrase.split(), idea.strip())
        for known in whole._phrases.values():
            known.sort(key=lambda one: (-len(one[0]), -len("".join(one[0]))))
        return whole

    def _add(self, phrase: list[str], idea: str) -> None:
        self._phrases.setdefault(_key(phrase[0]), []).append((tuple(phrase), idea))
        if len(phrase) == 1 and len(stem := phrase[0].rstrip("*")) >= _SHORTEST_ENDING:
            self._endings.setdefault(stem, idea)

    def meaning(self, text: str) -> Meaning:
        """Return what ``text`` says: the longest phrases count."""
        words, at = words_of(text), 0
        ideas: dict[str, None] = {}
        rest = []
        while at < len(words):
            length, found = self._phrase_at(words[at:])
            if not found:
                found = self._parts_of(words[at])
            if found:
                ideas |= dict.fromkeys(found)
            elif words[at] not in self._fillers:
                rest.append(words[at][:_STEM])
            at += length
        return Meaning(tuple(ideas), frozenset(rest))

    def narrowest(self, meaning: Meaning) -> Meaning:
        """Return ``meaning`` without ideas of which it says a narrower one."""
        broader = set().union(*map(self.above, meaning.ideas))
        return Meaning(
            tuple(idea for idea in meaning.ideas if idea not in broader), meaning.words
        )

    def above(self, idea: str) -> frozenset[str]:
        """Return all broader ideas."""
        if idea not in self._above:
            parents = self.parents[idea]
            self._above[idea] = frozenset(parents).union(*map(self.above, parents))
        return self._above[idea]

    def _phrase_at(self, words: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        """Return (number of words, ideas) of the longest phrase that begins here."""
        for phrase, idea in self._phrases.get(words[0][:_KEY], ()):
            if len(phrase) <= len(words) and all(map(_fits, phrase, words)):
                last = phrase[-1].rstrip("*")
                # Of a compound, the rest says something as well.
                left = words[len(phrase) - 1][len(last) :]
                return len(phrase), (idea, *self._parts_of(left))
        return 1, ()

    def _parts_of(self, word: str) -> tuple[str, ...]:
        """Return the idea of a compound, which its end has, or else its middle."""
        for start in range(len(word) - _SHORTEST_ENDING + 1):
            if idea := self._endings.get(word[start:]):
                return (idea,)
        for start in range(len(word) - _SHORTEST_MIDDLE + 1):
            for end in range(len(word), start + _SHORTEST_MIDDLE - 1, -1):
                if idea := self._endings.get(word[start:end]):
                    return (idea,)
        return ()


def _key(word: str) -> str:
    return word.rstrip("*")[:_KEY]


def _fits(pattern: str, word: str) -> bool:
    if pattern.endswith("*"):
        return word.startswith(pattern[:-1])
    return pattern == word
