"""The data set: deterministic, covering, and in agreement with its expectation."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .. import Dataset, Simulator
from ..bill_documents import BillRenderer
from ..order_documents import OrderRenderer
from ..resources import RESOURCES

if TYPE_CHECKING:
    from .client import Client

REASONS = {
    "unknown_account",
    "unknown_department",
    "unknown_tax",
    "inactive_currency",
    "unknown_vendor",
    "ambiguous_vendor",
    "total_mismatch",
    "missing_allocation",
}


def rendered(dataset: Dataset) -> str:
    """Return everything that the API can say about a data set."""
    renderer = BillRenderer(dataset)
    orders = OrderRenderer(dataset)
    lists = [
        [resource.render(dataset, row) for row in resource.rows(dataset)]
        for resource in RESOURCES.values()
    ]
    details = [renderer.detail(bill) for bill in dataset.bills()]
    ordered = [orders.detail(order) for order in dataset.orders()]
    return json.dumps([lists, details, ordered])


def with_orders() -> Dataset:
    return Dataset(30, 7, orders=40, requisitions=15, billings=19)


def digest(dataset: Dataset) -> str:
    return hashlib.sha256(rendered(dataset).encode()).hexdigest()


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return Dataset()


def test_the_same_parameters_give_the_same_bytes() -> None:
    assert rendered(with_orders()) == rendered(with_orders())
    # In another process, where texts have other hashes.
    code = (
        "from simulator.tests.test_dataset import digest, with_orders\n"
        "print(digest(with_orders()))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "5"}
    printed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert printed.strip() == digest(with_orders())


def test_more_orders_change_nothing_of_the_bills() -> None:
    plain, rich = Dataset(30, 7), Dataset(30, 7, orders=20, requisitions=5, billings=9)
    others = {bill.id: bill for bill in rich.bills()}
    assert all(others[bill.id] == bill for bill in plain.bills())


def test_another_seed_gives_other_bills() -> None:
    assert rendered(Dataset(30, 7)) != rendered(Dataset(30, 8))


def test_sixty_bills_hold_every_outcome(dataset: Dataset) -> None:
    outcomes = dataset.expected().values()
    held = [outcome for outcome in outcomes if outcome.reasons]
    assert sum(outcome.importable for outcome in outcomes) >= 42
    assert len(held) >= 8
    assert {reason for outcome in held for reason in outcome.reasons} == REASONS
    assert max(len(outcome.reasons) for outcome in held) == 3
    excluded = {outcome.excluded for outcome in outcomes}
    assert excluded == {None, "not_approved", "expense_bill", "card_bill"}


def test_the_bills_have_the_traits_of_real_ones(dataset: Dataset) -> None:
    bills = dataset.bills()
    items = [item for bill in bills for item in bill.items]
    outcomes = dataset.expected()
    good = [outcomes[bill.id] for bill in bills if outcomes[bill.id].importable]
    traits = {
        "credit": any(outcome.total < 0 for outcome in good),
        "header costs": any(bill.costs for bill in bills),
        "line shipping": any(item.shipping for item in items),
        "zero quantity": any(item.quantity == 0 for item in items),
        "three shares": any(len(item.shares) == 3 for item in items),
        "a spare cent": any(
            sorted(str(share.amount) for share in item.shares)
            == ["333.33", "333.33", "333.34"]
            for item in items
        ),
        "eight decimals": any(item.unit_cost % Decimal("0.0001") for item in items),
        "tax inside": any(item.tax and item.tax.inclusive for item in items),
        "no number": any(not bill.invoice_number for bill in bills),
        "an order": any(item.order_line for item in items),
        "no order": any(not item.order_line for item in items),
        "dollars of Canada": any(outcome.currency == "CAD" for outcome in good),
        "euros": any(outcome.currency == "EUR" for outcome in good),
        "another day in UTC": any(
            bill.invoice_date.utctimetuple().tm_mday != bill.invoice_date.day
            for bill in bills
        ),
        "a second version": any(bill.version > 1 for bill in bills),
    }
    assert [name for name, present in traits.items() if not present] == []


def test_lines_tax_and_total_of_an_importable_bill_add_up(dataset: Dataset) -> None:
    for bill_id, outcome in dataset.expected().items():
        if outcome.importable:
            net = sum(outcome.net_lines.values(), Decimal(0))
            assert net + outcome.tax == outcome.total, bill_id


def say(figure: object) -> Decimal:
    return Decimal(str(figure))


def figures(bill: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """Add up a bill's lines from its JSON: net with shipping and costs, and tax."""
    net = sum(say(item["total_cost"]) for item in bill["items"])
    shipping = sum(say(item["shipping_amount"] or 0) for item in bill["items"])
    costs = sum(say(cost["amount"]) for cost in bill["costs"])
    tax = sum(say(item["tax_amount"]) for item in bill["items"])
    return say(net + shipping + costs), say(tax)


def test_the_json_says_what_is_expected() -> None:
    """Two calculations that share no code come to the same figures."""
    dataset = Dataset(600, 3)
    renderer = BillRenderer(dataset)
    for bill_id, outcome in dataset.expected().items():
        bill = renderer.detail(dataset.bill(bill_id))
        net, tax = figures(bill)
        header = say(bill["total_cost_with_tax"])
        assert (header, tax) == (outcome.total, outcome.tax), bill_id
        assert say(bill["tax_amount"]) == tax
        off = "total_mismatch" in outcome.reasons
        assert abs(net + tax - header) == (Decimal(5) if off else 0), bill_id
        if outcome.importable:
            assert net == sum(outcome.net_lines.values(), Decimal(0))


def test_allocations_add_up_to_the_line(dataset: Dataset) -> None:
    renderer = BillRenderer(dataset)
    kinds = Counter[str]()
    for bill in dataset.bills():
        for item in renderer.detail(bill)["items"]:
            amounts = [say(entry["amount"]) for entry in item["cost_allocations"]]
            if not amounts:
                kinds["none"] += 1
            elif sum(amounts) == say(item["total_cost"]):
                kinds["net"] += 1
            else:
                assert sum(amounts) == say(item["total_cost_with_tax"])
                kinds["gross"] += 1
    assert kinds["net"] > 50 and kinds["gross"] and kinds["none"] > 1


def test_balances_are_the_sums_of_the_importable_bills(dataset: Dataset) -> None:
    balances = dataset.expected_balances()
    importable = [o for o in dataset.expected().values() if o.importable]
    net = sum((outcome.total - outcome.tax for outcome in importable), Decimal(0))
    assert sum(balances.values(), Decimal(0)) == net
    assert {currency for currency, _code, _department in balances} <= {
        "USD",
        "CAD",
        "EUR",
    }


def test_the_books_know_what_the_importable_bills_need(dataset: Dataset) -> None:
    books: Any = dataset.books()
    codes = {account["code"] for account in books["accounts"]}
    centres = {centre["code"] for centre in books["cost_centres"]}
    external = {d.id: d.external_id for d in dataset.departments()}
    for _currency, code, department_id in dataset.expected_balances():
        assert code in codes
        assert external[department_id] in centres
    assert len(codes) >= 22
    assert {"6999", "7450"}.isdisjoint(codes)


def test_ids_of_bills_lines_and_vendors_are_unique() -> None:
    dataset = Dataset(600, 2)
    items = [item.id for bill in dataset.bills() for item in bill.items]
    uuids = [bill.uuid for bill in dataset.bills()]
    costs = [cost.id for bill in dataset.bills() for cost in bill.costs]
    assert len(items) == len(set(items))
    assert len(uuids) == len(set(uuids)) == 600
    assert len(costs) == len(set(costs))


def test_the_shares_stay_alike_when_there_are_more_bills() -> None:
    outcomes = Dataset(600, 5).expected().values()
    assert sum(outcome.importable for outcome in outcomes) == 440
    assert sum(bool(outcome.reasons) for outcome in outcomes) == 100


def test_thousands_of_bills_are_made_in_seconds() -> None:
    started = time.perf_counter()
    assert len(Dataset(3000).bills()) == 3000
    assert time.perf_counter() - started < 5


def test_prices_survive_the_way_through_json(reader: Client) -> None:
    """Numbers are written with the digits that were drawn, not with their binary."""
    simulator: Simulator = reader.simulator
    bill = next(b for b in simulator.dataset.bills() if b.scenario == "many_decimals")
    answer = reader.get(f"/api/v2/ap/bills/{bill.id}/")
    exact = json.loads(answer.body, parse_float=Decimal)["data"]
    assert [item["unit_cost"] for item in exact["items"]] == [
        item.unit_cost for item in bill.items
    ]
