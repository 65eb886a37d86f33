"""What a company added to orders and lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ..payloads.embedded import CustomField, custom_fields


def _sent(value: Any, **field: Any) -> dict[str, Any]:
    named = {"id": 900, "name": "project", "field_label": "Project", **field}
    return {"custom_fields": [{"id": 1, "value": value, "field": named}]}


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (" Line 4 ", "Line 4"),
        (7, "7"),
        (Decimal("2.50"), "2.50"),
        (True, True),
        (False, False),
        ({"id": 2, "name": "North"}, "North"),
        ({"choice": 2}, "choice: 2"),
        (["a", None, {"label": "b"}], "a, b"),
        ("a\x00b", "ab"),
    ],
)
def test_value_of_any_type_is_read(sent: Any, value: Any) -> None:
    assert custom_fields(_sent(sent)) == [CustomField(900, "Project", value)]


@pytest.mark.parametrize("sent", [None, "", "  ", [], {}])
def test_field_without_a_value_is_skipped(sent: Any) -> None:
    assert custom_fields(_sent(sent)) == []


@pytest.mark.parametrize("name", [None, "name", "other"])
def test_value_that_is_nested_too_deep_is_cut_off(name: str | None) -> None:
    value: Any = "x"
    for _level in range(5000):
        value = {name: value} if name else [value]
    found = custom_fields(_sent(value))
    assert all(len(str(field.value)) < 100 for field in found)


def test_field_without_a_label_is_called_by_its_name() -> None:
    [found] = custom_fields(_sent("x", field_label=None))
    assert found.label == "project"


@pytest.mark.parametrize("odd", [None, 7, "x", {}, [7], [{"value": 1}], [{"field": 3}]])
def test_what_cannot_be_read_is_skipped(odd: Any) -> None:
    assert custom_fields({"custom_fields": odd}) == []
    assert custom_fields({}) == []
