"""What a tenant shows of itself: each question answered one way and the other.

The simulator plays a tenant as it is assumed, and then one with another trait.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from procurify import RESOURCES, Client
from procurify.findings import (
    QUESTIONS,
    STOPS_POSTING,
    observed,
    observed_change,
    observed_in_list,
    observed_parent,
)
from procurify.payloads.dates import agrees, writing
from procurify.rates import implied_bill_rate
from simulator import Simulator
from simulator.traits import MAY_WRITE, NUMBERS_ONLY, TRAITS

BILLS = 80


def _client(simulator: Simulator) -> Client:
    return Client(
        simulator.base_url,
        simulator.client_id,
        simulator.client_secret,
        allow_loopback=True,
    )


def _answers(simulator: Simulator) -> dict[str, Counter[str]]:
    """Read a whole tenant, and return {question: count of each answer}."""
    found: dict[str, Counter[str]] = {name: Counter() for name in QUESTIONS}

    def count(answers: dict[str, str]) -> None:
        for question, answer in answers.items():
            found[question][answer] += 1

    with _client(simulator) as client:
        for name in ("bill", "account_code", "vendor"):
            resource = RESOURCES[name]
            for page in client.pages(resource):
                for row in page.objects:
                    count(_of_object(client, resource, row))
        resource = RESOURCES["bill"]
        count({"allowed_methods": client.allowed_methods})
        count({"detail_key": client.detail_key(resource)})
    return found


def _of_object(client: Client, resource: Any, row: Any) -> dict[str, str]:
    detail = row
    if resource.detail_path:
        [detail] = client.details(resource, [resource.detail_ids(row.data)])
    payload = resource.payload.from_json(detail.data)
    answers = observed(payload) | observed_in_list(payload)
    if resource.name == "account_code":
        answers |= observed_parent(detail.data)
    if resource.name == "bill":
        same = "same" if agrees(payload, row.data) else "differs"
        answers |= {"list_and_detail_dates": same}
        answers |= {"date_time_of_day": writing(payload) or ""}
        if payload.currency and not payload.currency.base:
            answers |= {"bill_rate": implied_bill_rate(payload).answer}
    return {question: answer for question, answer in answers.items() if answer}


def _add_what_is_rare(simulator: Simulator) -> None:
    simulator.dataset.fix_bill(simulator.dataset.add_bill("plain"))
    simulator.dataset.add_bill("order_extras")


@pytest.fixture(scope="module")
def usual() -> dict[str, Counter[str]]:
    """Return the answers of a tenant as it is assumed."""
    with Simulator(bills=BILLS, seed=3) as simulator:
        _add_what_is_rare(simulator)
        return _answers(simulator)


@pytest.mark.parametrize("name", sorted(TRAITS))
def test_a_tenant_with_another_trait_gives_the_other_answer(
    name: str, usual: dict[str, Counter[str]]
) -> None:
    trait = TRAITS[name]
    with Simulator(bills=BILLS, seed=3) as simulator:
        _add_what_is_rare(simulator)
        simulator.traits = {name}
        found = _answers(simulator)[trait.question]

    assert usual[trait.question] != found
    others = found.total() - found[trait.answer]
    usually = usual[trait.question].total() - usual[trait.question][trait.answer]
    assert found[trait.answer], found
    assert others < usually, (found, usual[trait.question])


def test_the_usual_tenant_is_as_assumed(usual: dict[str, Counter[str]]) -> None:
    for question in ("rate_direction", "allocations", "shipping_in_total"):
        answers = {a for a in usual[question] if a not in QUESTIONS[question].neutral}
        assert usual[question], question
        assert QUESTIONS[question].assumed[0] in answers, question


def test_what_requests_show_of_a_tenant() -> None:
    with Simulator(bills=5) as simulator:
        usual = _answers(simulator)
        simulator.traits = {NUMBERS_ONLY, MAY_WRITE}
        other = _answers(simulator)
    assert list(usual["detail_key"]) == ["uuid"]
    assert list(other["detail_key"]) == ["id"]
    assert list(usual["allowed_methods"]) == ["not_stated"]
    assert list(other["allowed_methods"]) == ["can_write"]


def test_where_a_file_lies() -> None:
    with Simulator(bills=0) as simulator:
        for other_host in (False, True):
            bill_id = simulator.dataset.add_bill("plain")
            simulator.dataset.add_attachment(bill_id, other_host=other_host)
        found = _answers(simulator)["file_address"]
    assert found == {"relative": 1, "signed": 1}


def test_a_deleted_bill_that_is_still_sent() -> None:
    with Simulator(bills=0) as simulator:
        bill_id = simulator.dataset.add_bill("plain")
        resource = RESOURCES["bill"]
        with _client(simulator) as client:
            [row] = [row for page in client.pages(resource) for row in page.objects]
            simulator.dataset.delete_bill(bill_id, keep_inactive=True)
            [detail] = client.details(resource, [resource.detail_ids(row.data)])
            payload = resource.payload.from_json(detail.data)  # type: ignore[union-attr]
    assert observed(payload)["deleted_bill"] == "inactive"


@pytest.mark.parametrize(("bump", "answer"), [(True, "bumped"), (False, "not_bumped")])
def test_receiving_changes_an_orders_stamp_or_not(bump: bool, answer: str) -> None:
    with Simulator(bills=0, orders=0) as simulator:
        order_id = simulator.dataset.add_order("plain")
        former, present = _order(simulator), None
        simulator.dataset.receive(order_id, quantity=1, bump=bump)
        present = _order(simulator)
    assert observed_change(former, present) == {"received_order": answer}
    assert observed_change(former, former) == {}


@pytest.mark.parametrize("is_hidden", [True, False])
def test_closed_orders_are_in_the_list_of_all_or_not(is_hidden: bool) -> None:
    with Simulator(bills=0, orders=0) as simulator:
        simulator.dataset.close_order(simulator.dataset.add_order("plain"))
        simulator.all_hides_closed = is_hidden
        with _client(simulator) as client:
            pages = [p for p in client.pages(RESOURCES["purchase_order"]) if p.variant]
    assert sum(len(page.objects) for page in pages) == int(is_hidden)
    assert sum(page.seen_count for page in pages) == int(not is_hidden)


def test_each_question_can_be_answered_in_more_than_one_way() -> None:
    for name in STOPS_POSTING:
        assert name in QUESTIONS
    for name, question in QUESTIONS.items():
        assert question.assumed, name
        assert not set(question.assumed) & set(question.neutral), name


def _order(simulator: Simulator) -> Any:
    resource = RESOURCES["purchase_order"]
    with _client(simulator) as client:
        rows = [row for page in client.pages(resource) for row in page.objects]
        [detail] = client.details(resource, [resource.detail_ids(rows[0].data)])
    return resource.payload.from_json(detail.data)  # type: ignore[union-attr]
