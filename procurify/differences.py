"""What two versions of one object say differently, field by field, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from .payloads.values import shown_text

_NAMES: Final = ("name", "description", "invoice_number", "number", "code")
_IDENTITIES: Final = ("id", "uuid", "code")
_DEEPEST: Final = 20  # levels; Procurify's own objects have six
_LONGEST: Final = 200  # characters of one value


class Difference(NamedTuple):
    """One field that differs.

    :param place: what the field is part of, from outside in: «Items › Bolts»
    :param before: text; empty where there was nothing, as ``after``
    """

    place: str
    field: str
    before: str
    after: str


def differences(before: object, after: object) -> list[Difference]:
    """Compare two parsed JSON values; the elements of a list are known by their id.

    A number counts by its value, not by its digits.
    """
    return list(_compare((), "", before, after))


def _compare(
    place: tuple[str, ...], field: str, before: Any, after: Any
) -> Iterator[Difference]:
    if len(place) < _DEEPEST:
        inner = (*place, field) if field else place
        if isinstance(before, dict) and isinstance(after, dict):
            for key in dict.fromkeys((*before, *after)):
                yield from _compare(
                    inner, _in_words(key), before.get(key), after.get(key)
                )
            return
        if isinstance(before, list) and isinstance(after, list):
            yield from _compare_lists(inner, before, after)
            return
    if _value(before) != _value(after):
        yield Difference(" › ".join(place), field, _text(before), _text(after))


def _compare_lists(
    place: tuple[str, ...], before: list[Any], after: list[Any]
) -> Iterator[Difference]:
    old, new = _by_identity(before), _by_identity(after)
    for key in dict.fromkeys((*old, *new)):
        one, other = old.get(key), new.get(key)
        label = _text(other if other is not None else one)
        yield from _compare(place, label, one, other)


def _by_identity(elements: list[Any]) -> dict[Hashable, Any]:
    """Return the elements by id, or by their place among those without one."""
    seen: Counter[Hashable] = Counter()
    found: dict[Hashable, Any] = {}
    for element in elements:
        key = _identity(element)
        found[key, seen[key]] = element
        seen[key] += 1
    return found


def _identity(element: object) -> Hashable:
    if isinstance(element, dict):
        marks = (element.get(name) for name in _IDENTITIES)
        return next((str(mark) for mark in marks if mark), None)
    return None


def _value(value: object) -> object:
    """Return what counts of ``value``: nothing is nothing, 1.50 is 1.5."""
    if isinstance(value, bool):
        return str(value)
    if not isinstance(value, (str, int, Decimal)):
        return value or None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value or None
    return number if number.is_finite() else str(value)


def _text(value: object) -> str:
    """Return ``value`` as one line for people; of an object, its name."""
    if isinstance(value, Mapping):
        value = _name(value)
    elif isinstance(value, list):
        value = ", ".join(map(_text, value))
    elif value is None:
        return ""
    text = shown_text(" ".join(str(value).split()))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _name(data: Mapping[str, Any]) -> object:
    """Return what people call an object: else what it is for, else its id.

    An allocation, for one, has no name: it is that of an account code.
    """
    for _level in range(_DEEPEST):
        names = (data.get(name) for name in _NAMES)
        if name := next((each for each in names if each not in (None, "")), None):
            return name
        inner = next((each for each in data.values() if isinstance(each, dict)), None)
        if not inner:
            break
        data = inner
    return data.get("id", "…")


def _in_words(key: str) -> str:
    words = shown_text(str(key)).replace("_", " ").strip()
    return words[:1].upper() + words[1:]
