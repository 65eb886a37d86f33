"""What differs in each answer is no change, and no signature is kept."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from .. import RESOURCES, content_digest, needs_fresh_address, raw_without_signatures
from ..answers import Answer
from ..envelopes import read_detail

SIGNED = "https://files.example/a/bill.pdf?X-Amz-Expires=60&X-Amz-Signature=0f3c"
PLAIN = "https://shop.example/item?id=5&colour=red"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"profile_image": "a"}, {"profile_image": "b"}),
        ({"logo": "a"}, {"logo": None}),
        ({"headquarter_logo": "a"}, {}),
        ({"file": "/f.pdf?v=1"}, {"file": "/f.pdf?v=2"}),
        ({"image": f"{SIGNED}0"}, {"image": f"{SIGNED}1"}),
        ({"note": f"see {SIGNED}0 there"}, {"note": f"see {SIGNED}1 there"}),
        ({"budget_used_approved": "1"}, {"budget_used_approved": "2"}),
        ({"budget_used_purchased": 1}, {"budget_used_purchased": 2}),
        ({"balance_approved": "1"}, {"balance_approved": "2"}),
        ({"requested_count": 1}, {"requested_count": 2}),
        ({"overall_score": 4.5}, {"overall_score": None}),
        ({"past_due": False}, {"past_due": True}),
        ({"applied_accounts_count": 1}, {"applied_accounts_count": 9}),
    ],
)
def test_what_differs_in_each_answer_is_no_change(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    for wrap in (lambda x: x, lambda x: {"items": [{"id": 1, "vendor": x}]}):
        assert content_digest(wrap(before)) == content_digest(wrap(after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"file": "/f.pdf?v=1"}, {"file": "/g.pdf?v=1"}),
        ({"product_url": PLAIN}, {"product_url": f"{PLAIN}er"}),
        ({"total": "1.0"}, {"total": "1.00"}),
        ({"balanced": 1}, {"balanced": 2}),
        ({"budget": {"id": 1}}, {"budget": {"id": 2}}),
        ({"receive_log_count": 1}, {"receive_log_count": 2}),
    ],
)
def test_what_a_person_changed_is_a_change(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert content_digest(before) != content_digest(after)


@pytest.mark.parametrize(
    "query",
    [
        "signature=x",
        "Expires=1&Signature=x&Key-Pair-Id=y",
        "X-Amz-Algorithm=A&X-Amz-Credential=k&X-Amz-Signature=x",
        "X-Goog-Signature=x",
        "AWSAccessKeyId=k&Expires=1",
        "sv=2020&sr=b&sig=x",
        "access_token=x",
        "a=1;token=x",
    ],
)
def test_no_signature_is_kept_and_every_other_character_is(query: str) -> None:
    address = f"https://files.example/a%20b.pdf?{query}"
    for written in (
        address,
        address.replace("/", "\\/"),
        address.replace("?", "\\u003F").replace("&", "\\u0026"),
    ):
        raw = f'{{ "file":"{written}", "url" : "{PLAIN}","total": 1.10}}'
        body = f'{{"data": {{"id": 1, "row": {raw}}}}}'
        remote = read_detail(Answer("/", 200, {}, body.encode()), RESOURCES["bill"])

        kept = json.loads(remote.raw)["row"]
        assert needs_fresh_address(kept["file"])
        assert kept["file"].startswith("https://files.example/a%20b.pdf?")
        assert query not in kept["file"]
        assert f'"url" : "{PLAIN}","total": 1.10' in remote.raw
        # A reader of the file at once has what it needs.
        assert remote.data["row"]["file"] == address


def test_text_without_a_signature_is_kept_as_it_was_sent() -> None:
    raw = '{"a": "Is it so? No.", "b": "/x?page=2", "c": "\\ud83d\\u00e9?"}'
    assert raw_without_signatures(raw) == raw
    assert not needs_fresh_address("/x?page=2")


@pytest.mark.parametrize(
    "text", ["?" * 200_000, "\\\\" * 100_000, "?a" * 100_000, "/" * 200_000 + "?"]
)
def test_looking_for_signatures_takes_linear_time(text: str) -> None:
    raw = f'{{"a": "{text}", "b": "x?sig=1"}}'
    started = time.perf_counter()

    raw_without_signatures(raw)

    assert time.perf_counter() - started < 2
