"""Objects that Procurify's specification allows, made by the thousand.

Each schema becomes a function once, so that an object costs little more than its
values: hypothesis needs seconds for a bill at full depth. Optional parts are there or
not, what may be null sometimes is, and lists have up to two entries, at every depth.

What the specification says too little about, and no server answers, is omitted:
decimals are written in digits, and what is read-only is present.
"""

from __future__ import annotations

import string
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from .specification import Specification

    Make = Callable[[random.Random], Any]

LONGEST_LIST = 2
LONGEST_TEXT = 24
DEEPEST = 14
"""Levels of objects: more than any document has without leading back to itself."""
INT64 = 2**63 - 1
PRESENT, NULL = 0.7, 0.15
"""How often an optional field is there, and a field null that may be."""
_LETTERS = f"{string.ascii_letters}{string.digits} éß中م\U0001f69c'\"<&%-_/\n"
_ODD_TEXTS = ("", " ", "0", "null", "\0", "  two  spaces ", "\u202eright to left")
_NUMBERS = (0, 1, 2, 3, 7, 42, 61001, 2**31, INT64, -1)
_START = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Generator:
    """Makes the values that schemas of one specification allow."""

    def __init__(self, spec: Specification) -> None:
        self.spec = spec
        self._made: dict[tuple[int, int], Make] = {}

    def make(self, schema: dict[str, Any], depth: int = 0) -> Make:
        """Return what makes a value of ``schema``; it is compiled once per depth."""
        key = id(schema), depth
        if key not in self._made:
            self._made[key] = self._nullable(schema, depth)
        return self._made[key]

    def _nullable(self, schema: dict[str, Any], depth: int) -> Make:
        resolved = self.spec.resolved(schema)
        make = self._value(resolved, depth)
        if not (resolved.get("nullable") or schema.get("nullable")):
            return make
        return lambda rng: None if rng.random() < NULL else make(rng)

    def _value(self, schema: dict[str, Any], depth: int) -> Make:
        if "enum" in schema:
            return partial(_one_of, tuple(schema["enum"]))
        kind = schema.get("type")
        if kind == "string":
            return _text(schema)
        if kind == "array":
            return self._array(schema, depth)
        if "properties" in schema:
            return self._object(schema, depth)
        if kind == "integer":
            return partial(_integer, schema)
        return _PLAIN.get(kind, _anything)

    def _array(self, schema: dict[str, Any], depth: int) -> Make:
        if depth >= DEEPEST:
            return lambda rng: []
        item = self.make(schema["items"], depth + 1)
        return lambda rng: [item(rng) for _ in range(rng.randint(0, LONGEST_LIST))]

    def _object(self, schema: dict[str, Any], depth: int) -> Make:
        required = set(schema.get("required", ()))
        always: list[tuple[str, Make]] = []
        sometimes: list[tuple[str, Make]] = []
        for name, inner in schema["properties"].items():
            is_read_only = self.spec.resolved(inner).get("readOnly")
            must = name in required or inner.get("readOnly") or is_read_only
            if must:
                always.append((name, self._later(inner, depth + 1)))
            elif depth < DEEPEST:
                sometimes.append((name, self._later(inner, depth + 1)))

        def make(rng: random.Random) -> dict[str, Any]:
            found = {name: each(rng) for name, each in always}
            for name, each in sometimes:
                if rng.random() < PRESENT:
                    found[name] = each(rng)
            return found

        return make

    def _later(self, schema: dict[str, Any], depth: int) -> Make:
        """Return what compiles ``schema`` when it is first needed: some lead back."""
        return lambda rng: self.make(schema, depth)(rng)


def _one_of(values: tuple[Any, ...], rng: random.Random) -> Any:
    return rng.choice(values)


def _text(schema: dict[str, Any]) -> Make:
    if schema.get("format") == "decimal":
        return _decimal(schema["pattern"])
    if "pattern" in schema:
        return _PATTERNS[schema["pattern"]]
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    least = schema.get("minLength", 0)
    most = max(min(schema.get("maxLength", LONGEST_TEXT), LONGEST_TEXT), least)

    def make(rng: random.Random) -> str:
        if not least and rng.random() < 0.1:
            return rng.choice(_ODD_TEXTS)[:most]
        return "".join(rng.choices(_LETTERS, k=rng.randint(least, most)))

    return make


def _decimal(pattern: str) -> Make:
    """Return what makes decimals of so many digits, before and after the point."""
    whole, places = (int(part.split("}")[0]) for part in pattern.split("{0,")[1:])
    sign = "-" if "-" in pattern else ""

    def make(rng: random.Random) -> str:
        digits = str(rng.randrange(10 ** rng.randint(1, whole)))
        if decimals := rng.randint(0, places):
            digits += f".{rng.randrange(10**decimals):0{decimals}d}"
        return f"{sign}{digits}" if rng.random() < 0.1 else digits

    return make


def _moment(rng: random.Random) -> str:
    zone = timezone(timedelta(minutes=15 * rng.randint(-48, 56)))
    moment = _START + timedelta(microseconds=rng.randrange(2**51))
    text = moment.astimezone(zone).isoformat()
    return text if rng.random() < 0.8 else text.replace("+00:00", "Z")


def _day(rng: random.Random) -> str:
    return (_START + timedelta(days=rng.randrange(30000))).date().isoformat()


def _integer(schema: dict[str, Any], rng: random.Random) -> int:
    found = rng.choice(_NUMBERS) if rng.random() < 0.2 else rng.randrange(1, 10**6)
    least, most = schema.get("minimum", -INT64), schema.get("maximum", INT64)
    return found if least <= found <= most else rng.randint(max(least, 0), most)


def _number(rng: random.Random) -> float | int:
    kind = rng.random()
    if kind < 0.2:
        return rng.choice((0, 1, -1, 12, 10**9))
    return round(rng.uniform(-1e6, 1e6), rng.randint(0, 8))


def _anything(rng: random.Random) -> Any:
    """Return JSON of any type: the specification leaves this one open."""
    texts = ("", "text", "2", "pending")
    return rng.choice((None, True, 0, 2, 77, -1, 1.5, [], [1], {}, {"a": None}, *texts))


_PLAIN: dict[Any, Make] = {
    "number": _number,
    "boolean": lambda rng: rng.random() < 0.5,
    "object": lambda rng: rng.choice(({}, {"key": "value"})),
}
_PATTERNS: dict[str, Make] = {
    "^[0-9]{4}$": lambda rng: f"{rng.randrange(10**4):04}",
}
_FORMATS: dict[str, Make] = {
    "date": _day,
    "date-time": _moment,
    "uuid": lambda rng: str(UUID(int=rng.getrandbits(128))),
    "uri": lambda rng: f"https://files.example/{rng.randrange(9999)}?signature=x%2By",
    "email": lambda rng: f"person{rng.randrange(999)}@mail.example",
}
