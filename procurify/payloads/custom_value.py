"""A value of a custom field, as far as it is mapped: the field's number and a text.

It has no list in Procurify: documents state it.
"""

from __future__ import annotations

from typing import Any

from .values import Payload, Reader, payload, short_key, spare, strict


@payload
class CustomValue(Payload):
    """A value of the custom field ``field``, whose label is ``field_label``."""

    field: int = strict(Reader.integer)
    field_label: str = spare(Reader.text)
    name: str = strict(Reader.required_text)

    def to_json(self) -> dict[str, Any]:
        """Return what ``from_json`` reads."""
        return {
            "field": self.field,
            "field_label": self.field_label,
            "name": self.name,
        }

    @property
    def external_id(self) -> str:
        """The synthetic key: "North" and "north " are one value of a field."""
        return short_key(f"{self.field}:{self.name.strip().casefold()}")

    @property
    def code(self) -> str:
        """A value has no code."""
        return ""

    @property
    def label(self) -> str:
        """What people read: "Project / Line 4"."""
        return f"{self.field_label} / {self.name}" if self.field_label else self.name
