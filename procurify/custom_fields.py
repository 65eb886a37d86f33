"""Custom fields: what a company added to orders, their lines, and lines of bills.

Source: Procurify API reference (edition of March 2024), "List custom fields" and
"Retrieve a purchase order". A value may be of any JSON type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .payloads.values import Reader, clean_text

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of a choice that is sent as an object.
_NAMES = ("name", "label", "value")
_DEEPEST = 10  # levels of a value that are read


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field that has a value: the field's number and label, and the value.

    ``value`` is True, False or a text.
    """

    id: int | None
    label: str
    value: str | bool


def custom_fields(source: Mapping[str, Any]) -> list[CustomField]:
    """List the custom fields of a document or a line that have a value.

    What cannot be read is skipped.
    """
    found = []
    for entry in Reader(dict(source)).spare.children("custom_fields"):
        field = entry.spare.child("field")
        value = _value(entry.data.get("value"))
        if field is None or value == "":
            continue
        label = field.spare.text("field_label") or field.spare.text("name")
        found.append(CustomField(field.spare.optional_integer("id"), label, value))
    return found


def _value(value: object) -> str | bool:
    return value if isinstance(value, bool) else _text(value)


def _text(value: object, depth: int = 0) -> str:
    if value is None or depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, (_text(each, depth + 1) for each in value)))
    if isinstance(value, dict):
        named = next((value[name] for name in _NAMES if value.get(name)), None)
        if named is not None:
            return _text(named, depth + 1)
        texts = ((key, _text(each, depth + 1)) for key, each in value.items())
        return ", ".join(f"{key}: {text}" for key, text in texts)
    return clean_text(str(value)).strip()
