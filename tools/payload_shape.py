"""The shape of a payload: what is where and of which kind, and no value of it."""

import re
from decimal import Decimal

_DEEPEST = 12
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_TEXTS = (
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("date-time", re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")),
    ("number as text", re.compile(r"[+-]?\d+(\.\d+)?")),
    ("UUID", re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("empty text", re.compile(r"")),
)


def shape(value, depth=0):
    """Return ``value`` with what it is made of in the place of each value.

    A key that is not a plain name may be somebody's, and is omitted as well.

    :param value: JSON, with ``Decimal`` for its numbers
    :returns: JSON: objects by key; for a list its length and its distinct shapes
    """
    if depth == _DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {
            key if _NAME.fullmatch(key) else "(key)": shape(each, depth + 1)
            for key, each in value.items()
        }
    if isinstance(value, list):
        distinct = []
        for each in value:
            if (found := shape(each, depth + 1)) not in distinct:
                distinct.append(found)
        return {"count": len(value), "shapes": distinct}
    return _kind(value)


def _kind(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, (float, Decimal)):
        return "number"
    known = (name for name, pattern in _TEXTS if pattern.fullmatch(value))
    return next(known, f"text of {len(value)}")
