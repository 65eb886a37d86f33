"""Scalars: numbers, days, instants, text."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from .. import InvalidPayload, calendar_date, clean_text, instant, to_decimal
from ..payloads.values import Reader


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        ("10.00000000", "10.00000000"),
        (" -3.5 ", "-3.5"),
        ("+1", "1"),
        (".5", "0.5"),
        ("1e3", "1E+3"),
        (7, "7"),
        (-7, "-7"),
        (0.1, "0.1"),
        (Decimal("1.50"), "1.50"),
        ("0.00000000", "0E-8"),
    ],
)
def test_a_number_keeps_its_digits(sent: object, read: str | None) -> None:
    found = to_decimal(sent)

    assert (None if found is None else str(found)) == read


@pytest.mark.parametrize(
    "sent",
    [
        True,
        False,
        "ten",
        "1,5",
        "1_000",
        "١٢",
        "NaN",
        "Infinity",
        "0x10",
        "1 2",
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        Decimal("-Infinity"),
        "1e31",
        "1e-31",
        "1e999999999",
        "9" * 61,
        [],
        {},
        object(),
    ],
)
def test_what_is_no_number_is_refused(sent: object) -> None:
    with pytest.raises(InvalidPayload) as raised:
        to_decimal(sent, "items[3].quantity")

    assert raised.value.path == "items[3].quantity"
    assert raised.value.code == "invalid_payload"
    assert str(raised.value).startswith("items[3].quantity: ")


@pytest.mark.parametrize(
    ("sent", "day"),
    [
        (None, None),
        ("", None),
        ("2026-03-10", date(2026, 3, 10)),
        ("2026-03-10T00:00:00-08:00", date(2026, 3, 10)),
        ("2026-03-10T23:30:00-08:00", date(2026, 3, 10)),
        ("2026-03-10T00:30:00+13:00", date(2026, 3, 10)),
        ("2026-03-10T23:59:59.9Z", date(2026, 3, 10)),
        ("2026-03-10 12:00", date(2026, 3, 10)),
        ("2026-03-10T12:00:00", date(2026, 3, 10)),
    ],
)
def test_a_day_is_the_one_that_is_written(sent: object, day: date | None) -> None:
    assert calendar_date(sent) == day


@pytest.mark.parametrize(
    "sent",
    ["2026-02-30", "2026-13-01", "0000-01-01", "10/03/2026", "soon", "20260310", 5, {}],
)
def test_what_is_no_day_is_refused(sent: object) -> None:
    with pytest.raises(InvalidPayload):
        calendar_date(sent, "due_date")


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("2017-05-17T15:52:33-07:00", "2017-05-17T22:52:33+00:00"),
        ("2026-03-12T14:03:27.902113-07:00", "2026-03-12T21:03:27.902113+00:00"),
        ("2026-03-12T14:03:27.9Z", "2026-03-12T14:03:27.900000+00:00"),
        ("2026-03-12T14:03:27.123456789Z", "2026-03-12T14:03:27.123456+00:00"),
        ("2026-03-12T14:03:27z", "2026-03-12T14:03:27+00:00"),
        ("2026-03-12 14:03+05:30", "2026-03-12T08:33:00+00:00"),
        ("2026-03-12T14:03:27+0530", "2026-03-12T08:33:27+00:00"),
        ("2026-03-12T14:03:27+05", "2026-03-12T09:03:27+00:00"),
    ],
)
def test_an_instant_is_read_as_utc(sent: str, moment: str) -> None:
    assert instant(sent) == datetime.fromisoformat(moment)


def test_no_instant_is_none() -> None:
    assert instant(None) is None
    assert instant("") is None


@pytest.mark.parametrize(
    "sent",
    [
        "2026-03-12",
        "2026-03-12T14:03:27",
        "2026-03-12T25:03:27Z",
        "2026-02-30T00:00:00Z",
        "2026-03-12T14:03:27+99:00",
        "0001-01-01T00:00:00+10:00",
        "now",
        1767225600,
        [],
    ],
)
def test_what_is_no_instant_is_refused(sent: object) -> None:
    with pytest.raises(InvalidPayload):
        instant(sent, "last_modified_datetime")


def test_text_loses_what_a_database_cannot_keep() -> None:
    assert clean_text("a\0b\x07c\x1bd\ud800e") == "abcde"
    assert clean_text("one\r\ntwo\rthree\nfour\tfive") == "one\ntwo\nthree\nfour\tfive"
    assert clean_text("Zürich 東京 😀 \u200f") == "Zürich 東京 😀 \u200f"


def test_an_object_is_read_field_by_field() -> None:
    source = Reader({"name": " x ", "number": 6200, "id": "7", "none": None})

    assert source.text("name") == "x"
    assert source.text("number") == "6200"
    assert source.text("none") == source.text("missing") == ""
    assert source.integer("id") == 7
    assert source.optional_integer("none") is None
    assert source.is_not_false("none") is True
    assert source.child("none") is None
    assert list(source.children("none")) == []


@pytest.mark.parametrize(
    ("data", "method", "reason"),
    [
        ({}, "required_text", "missing"),
        ({}, "integer", "missing"),
        ({}, "required_decimal", "missing"),
        ({"x": ""}, "required_decimal", "missing"),
        ({"x": True}, "text", "not a text"),
        ({"x": ["a"]}, "text", "not a text"),
        ({"x": True}, "integer", "not an integer"),
        ({"x": 1.0}, "integer", "not an integer"),
        ({"x": "7a"}, "optional_integer", "not an integer"),
        ({"x": "9" * 19}, "optional_integer", "not an integer"),
        ({"x": []}, "child", "not an object"),
        ({"x": 7}, "child", "not an object"),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused(
    data: dict[str, Any], method: str, reason: str
) -> None:
    source = Reader(data, "items[0]")

    with pytest.raises(InvalidPayload) as raised:
        getattr(source, method)("x")

    assert (raised.value.path, raised.value.reason) == ("items[0].x", reason)


def test_a_list_and_a_flag_of_the_wrong_kind_are_refused() -> None:
    source = Reader({"list": {}, "members": [{}, 3], "flag": "yes"})

    with pytest.raises(InvalidPayload, match="list: not a list"):
        list(source.children("list"))
    with pytest.raises(InvalidPayload, match=r"members\[1\]: not an object"):
        list(source.children("members"))
    with pytest.raises(InvalidPayload, match="absent: missing"):
        list(source.children("absent", required=True))
    with pytest.raises(InvalidPayload, match="flag: neither"):
        source.is_not_false("flag")
    with pytest.raises(InvalidPayload, match="not an object"):
        Reader([])  # type: ignore[arg-type]
