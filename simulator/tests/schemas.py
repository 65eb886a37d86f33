"""Schemas of Procurify's specification as hypothesis strategies of valid values."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from .specification import Specification

LONGEST_TEXT = 12
LONGEST_LIST = 2
DEEPEST = 6
"""Levels of objects; what lies deeper is empty, where the schema lets it."""
INT64 = 2**63 - 1

_zones = st.integers(-12 * 4, 14 * 4).map(
    lambda quarters: timezone(timedelta(minutes=15 * quarters))
)
_FORMATS: dict[str, st.SearchStrategy[str]] = {
    "date": st.dates().map(lambda day: day.isoformat()),
    "date-time": st.datetimes(timezones=_zones).map(lambda moment: moment.isoformat()),
    "uuid": st.uuids().map(str),
    "uri": st.just("https://files.example/a?b=c"),
    "email": st.just("somebody@mail.example"),
}
_any_value = st.none() | st.booleans() | st.integers() | st.text(max_size=3)


def valid(
    spec: Specification, schema: dict[str, Any], depth: int = 0
) -> st.SearchStrategy[Any]:
    """Return a strategy of values that ``schema`` allows.

    It knows those parts of OpenAPI 3.0 that Procurify's specification uses.
    """
    resolved = spec.resolved(schema)
    found = _not_null(spec, resolved, depth)
    is_nullable = resolved.get("nullable") or schema.get("nullable")
    return st.none() | found if is_nullable else found


def _not_null(
    spec: Specification, schema: dict[str, Any], depth: int
) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "string":
        return _text(schema)
    if kind == "integer":
        least, most = schema.get("minimum", -INT64), schema.get("maximum", INT64)
        return st.integers(least, most)
    if kind == "number":
        return st.floats(allow_nan=False, allow_infinity=False, width=32)
    if kind == "boolean":
        return st.booleans()
    if kind == "array":
        most = 0 if depth >= DEEPEST else LONGEST_LIST
        inner = _later(spec, schema["items"], depth + 1)
        return st.lists(inner, max_size=most)
    if "properties" in schema:
        return _object(spec, schema, depth)
    return _any_value if kind is None else st.just({})


def _later(
    spec: Specification, schema: dict[str, Any], depth: int
) -> st.SearchStrategy[Any]:
    """Return the strategy of an inner schema, which may lead back to an outer one."""
    return st.deferred(lambda: valid(spec, schema, depth))


def _text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    least = schema.get("minLength", 0)
    most = min(schema.get("maxLength", LONGEST_TEXT), max(least, LONGEST_TEXT))
    return st.text(st.characters(codec="utf-8"), min_size=least, max_size=most)


def _object(
    spec: Specification, schema: dict[str, Any], depth: int
) -> st.SearchStrategy[dict[str, Any]]:
    required = set(schema.get("required", ()))
    members = {
        name: _later(spec, inner, depth + 1)
        for name, inner in schema["properties"].items()
    }
    return st.fixed_dictionaries(
        {name: each for name, each in members.items() if name in required},
        optional={
            name: each
            for name, each in members.items()
            if name not in required and depth < DEEPEST
        },
    )
