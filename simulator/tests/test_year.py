"""A year of documents, and a random life of them."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from decimal import Decimal

import pytest

from .. import Dataset, Simulator
from ..billing import BILLINGS
from ..control import expected_as_json, expected_orders_as_json
from ..order_scenarios import ORDER_SCENARIOS, REQUISITION_SCENARIOS
from ..scenarios import FURTHER_SCENARIOS, SCENARIOS
from ..year import EDITS, replay, revise_at_random, year_of
from .client import Client


def told(dataset: Dataset) -> str:
    bills, orders = expected_as_json(dataset), expected_orders_as_json(dataset)
    return json.dumps([bills, orders], sort_keys=True)


def test_a_year_mixes_every_scenario_in_several_currencies() -> None:
    dataset = year_of(3, documents=1500)
    orders = dataset.orders()
    documents = len(dataset.bills()) + len(orders) + len(dataset.requisitions())
    assert documents > 1500
    bills = {bill.scenario for bill in dataset.bills()}
    assert {*SCENARIOS, *BILLINGS, *FURTHER_SCENARIOS} <= bills
    assert set(ORDER_SCENARIOS) <= {order.scenario for order in orders}
    asked = {requisition.scenario for requisition in dataset.requisitions()}
    assert set(REQUISITION_SCENARIOS) <= asked
    currencies = Counter(o.currency for o in dataset.expected().values())
    assert {"USD", "CAD", "EUR"} <= currencies.keys()
    assert told(dataset) == told(year_of(3, documents=1500))


def test_a_year_can_be_added_to_what_there_is() -> None:
    dataset = Dataset(12, 4)
    before = {bill.id for bill in dataset.bills()}
    grown = year_of(dataset, documents=200)
    assert grown is dataset
    assert before < {bill.id for bill in grown.bills()}
    assert len(grown.orders()) > 50


def test_thousands_are_made_and_served_in_seconds() -> None:
    started = time.process_time()  # other programs are not measured
    dataset = Dataset(3000, 1, orders=1500, requisitions=100, billings=100)
    assert time.process_time() - started < 5
    with Simulator(dataset=dataset) as simulator:
        client = Client(simulator).log_in()
        started = time.process_time()
        for page in range(1, 6):
            for path in ("purchased/all/", "receivable/open/"):
                path = f"/api/v2/purchase_orders/{path}"
                assert client.get(path, page=page, page_size=50).status == 200
            assert client.get("/api/v3/order-items/", page=page).status == 200
        assert time.process_time() - started < 5


@pytest.mark.parametrize("seed", range(4))
def test_a_random_life_keeps_everything_in_agreement(seed: int) -> None:
    dataset = year_of(seed, documents=150)
    done = revise_at_random(dataset, random.Random(seed), 150)
    assert len(done) == 150
    for outcome in dataset.expected().values():
        if outcome.importable:
            net = sum(outcome.net_lines.values(), Decimal(0))
            assert net + outcome.tax == outcome.total
    for order in dataset.expected_orders().values():
        if order.importable:
            parts = [net for _quantity, net in order.lines.values()]
            whole = sum([*parts, *order.extras.values()], Decimal(0))
            assert whole == order.total


def test_a_random_life_has_edits_of_every_kind_and_can_be_replayed() -> None:
    dataset, twin = year_of(9, documents=200), year_of(9, documents=200)
    done = revise_at_random(dataset, random.Random(5), 400)
    kinds = {step.edit for step in done}
    assert len(kinds) >= len(EDITS) - 2
    replay(twin, done)
    assert told(twin) == told(dataset)
