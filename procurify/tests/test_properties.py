"""Whatever the server sends: not a digit and not a letter of it is lost."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from .. import RESOURCES, InvalidPayload, content_digest, to_decimal
from ..answers import Answer
from ..envelopes import read_listing

VENDORS = RESOURCES["vendor"]

digits = st.from_regex(r"-?(0|[1-9][0-9]{0,12})\.[0-9]{1,8}", fullmatch=True)
space = st.text(" \t\n\r", max_size=3)
words = st.text(st.characters(codec="utf-8"), max_size=12)


class Literal(str):
    """JSON text of a number, to be put into a document as it is."""

    __slots__ = ()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | words | digits.map(Literal),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
    ),
    max_leaves=8,
)


def _dump(value: Any, gap: str) -> str:
    """Write JSON with the given white space, numbers as they are."""
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, dict):
        members = [f"{json.dumps(k)}{gap}:{_dump(v, gap)}" for k, v in value.items()]
        return "{" + gap + f",{gap}".join(members) + gap + "}"
    if isinstance(value, list):
        return "[" + f"{gap},".join(_dump(item, gap) for item in value) + "]"
    return json.dumps(value, ensure_ascii=len(gap) % 2 == 0)


objects = st.dictionaries(words, values, max_size=4).map(lambda d: {**d, "id": 1})


@settings(max_examples=60)
@given(st.lists(objects, max_size=4), space)
def test_raw_is_the_very_slice_that_was_sent(
    rows: list[dict[str, Any]], gap: str
) -> None:
    texts = [_dump({**row, "id": index}, gap) for index, row in enumerate(rows)]
    body = f'{gap}{{"metadata":{{}}{gap},"data"{gap}:{gap}[' + f",{gap}".join(texts)
    body += f"{gap}]{gap}}}{gap}"

    listing = read_listing(Answer("/", 200, {}, body.encode()), VENDORS)

    assert [remote.raw for remote in listing.objects] == texts
    for remote, text in zip(listing.objects, texts, strict=True):
        assert remote.data == json.loads(text, parse_float=Decimal)
        assert remote.digest == content_digest(json.loads(text, parse_float=Decimal))


@settings(max_examples=100)
@given(digits)
def test_decimals_keep_every_digit_as_text_and_as_number(text: str) -> None:
    sent_as_number = json.loads(text, parse_float=Decimal)

    assert f"{to_decimal(text):f}" == text
    assert f"{to_decimal(sent_as_number):f}" == text


@settings(max_examples=60)
@given(objects)
def test_the_digest_ignores_the_order_of_fields(row: dict[str, Any]) -> None:
    backwards = dict(reversed(row.items()))

    assert content_digest(row) == content_digest(backwards)


@given(st.none() | st.booleans() | st.integers() | st.floats() | words)
def test_a_number_is_read_or_refused_and_nothing_else(value: Any) -> None:
    try:
        found = to_decimal(value)
    except InvalidPayload:
        return
    assert found is None or found.is_finite()
