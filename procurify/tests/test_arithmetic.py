"""What a bill books: splits, shipping, taxes, and whether it adds up."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..arithmetic import Tax, reckon
from ..errors import InvalidPayload
from ..payloads import Bill
from ..rounding import split

CENT = Decimal("0.01")
SAMPLE = Path(__file__).parent / "samples" / "bill_detail.json"


@pytest.fixture
def data() -> dict[str, Any]:
    text = SAMPLE.read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text, parse_float=Decimal)["data"]
    return data


def test_sample_adds_up_with_its_shipping_and_costs(data: dict[str, Any]) -> None:
    reckoning = reckon(Bill.from_json(data), CENT)

    assert reckoning.residue == 0
    assert reckoning.total == Decimal("1251.00")
    booked = [
        (line.account_code.code if line.account_code else None, line.amount)
        for line in reckoning.lines
    ]
    assert booked == [
        ("6200", Decimal("250.00")),
        ("6410", Decimal("800.00")),
        ("5300", Decimal("40.00")),
        ("6410", Decimal("35.00")),
    ]


def test_total_without_the_lines_shipping_is_understood(data: dict[str, Any]) -> None:
    data["total_cost_with_tax"] = Decimal("1216.00")

    reckoning = reckon(Bill.from_json(data), CENT)

    assert reckoning.residue == 0
    assert not any(line.source.startswith("shipping") for line in reckoning.lines)


def test_line_is_split_over_its_departments(data: dict[str, Any]) -> None:
    line = reckon(Bill.from_json(data), CENT).lines[1]

    shares = [(s.department.name, s.amount) for s in line.shares if s.department]
    assert shares == [("IT", Decimal("500.00")), ("Marketing", Decimal("300.00"))]


def test_residue_beyond_a_cent_a_line_does_not_add_up(data: dict[str, Any]) -> None:
    data["total_cost_with_tax"] += Decimal("0.03")
    assert reckon(Bill.from_json(data), CENT).adds_up
    data["total_cost_with_tax"] += Decimal("0.01")
    assert not reckon(Bill.from_json(data), CENT).adds_up


@pytest.mark.parametrize("total_cost", ["250.00", "280.00"])
def test_inclusive_line_is_net_whichever_way_it_is_told(
    data: dict[str, Any], total_cost: str
) -> None:
    data["items"][0] |= {
        "tax_is_inclusive": True,
        "total_cost": Decimal(total_cost),
        "total_cost_with_tax": Decimal("280.00"),
    }

    line = reckon(Bill.from_json(data), CENT).lines[0]

    assert (line.amount, line.tax_amount) == (Decimal("250.00"), Decimal("30.00"))


def test_line_without_allocation_has_its_order_s_coding(data: dict[str, Any]) -> None:
    data["items"][0]["cost_allocations"] = []
    line = reckon(Bill.from_json(data), CENT).lines[0]
    assert line.account_code is not None
    assert line.account_code.code == "6200"

    data["items"][0]["orderitem"] = None
    assert reckon(Bill.from_json(data), CENT).lines[0].account_code is None


def test_quantity_that_does_not_make_the_amount_goes_into_the_text(
    data: dict[str, Any],
) -> None:
    data["items"][0]["unit_cost"] = Decimal("24.9999999")
    line = reckon(Bill.from_json(data), CENT).lines[0]
    assert line.quantity == 10

    data["items"][0]["unit_cost"] = Decimal("24.5")
    line = reckon(Bill.from_json(data), CENT).lines[0]
    assert line.quantity is None
    assert line.label == "Docking cable (10 each x 24.5)"


def test_lines_say_which_line_of_an_order_they_bill(data: dict[str, Any]) -> None:
    second = data["items"][1]
    second["orderitem"] = {"id": 9002, "purchase_order": 5501}
    second["cost_allocations"][1]["budget"]["account_code"]["id"] = 99
    second["cost_allocations"][1]["budget"]["account_code"]["code"] = "6500"
    freight = {**second, "id": 61003, "orderitem": None, "po": {"id": 5501}}
    data["items"].append({**freight, "cost_allocations": [], "shipping_amount": None})

    lines = reckon(Bill.from_json(data), CENT).lines

    assert [
        (line.kind, line.order_id, line.order_item_id, line.item_quantity)
        for line in lines
    ] == [
        ("item", 5501, 9001, 10),
        ("item", 5501, 9002, 1),
        ("item", None, None, None),
        ("extra", 5501, None, 1),
        ("cost", None, None, None),
    ] + [("shipping", None, None, None)] * (len(lines) - 5)


def test_an_item_keeps_its_quantity_unless_it_is_billed_by_cost(
    data: dict[str, Any],
) -> None:
    data["items"][0]["unit_cost"] = Decimal("24.5")
    data["items"][1]["bill_by_cost"] = True

    first, second = reckon(Bill.from_json(data), CENT).lines[:2]

    assert first.quantity is None
    assert first.item_quantity == 10
    assert second.item_quantity is None


def test_amount_out_of_range_is_refused(data: dict[str, Any]) -> None:
    data["items"][0]["total_cost"] = Decimal("1e300")

    with pytest.raises(InvalidPayload, match="out of range"):
        reckon(Bill.from_json(data), CENT)


def test_tax_is_known_by_name_rate_and_kind() -> None:
    tax = Tax("VAT", Decimal(20), inclusive=False)

    assert tax.external_id == "VAT|20|exclusive"
    assert tax.label == "VAT 20 %"
    assert Tax.from_json(tax.to_json()) == tax
    with pytest.raises(InvalidPayload):
        Tax.from_json({"name": "VAT", "percentage": None, "inclusive": False})


amounts = st.decimals(-(10**9), 10**9, places=2)


@given(amounts, st.lists(amounts, min_size=1, max_size=8))
def test_shares_add_up_to_the_cent(amount: Decimal, weights: list[Decimal]) -> None:
    shares = split(amount, weights, CENT)

    assert len(shares) == len(weights)
    assert sum(shares) == amount
    assert all(share == share.quantize(CENT) for share in shares)


@given(st.lists(amounts, min_size=1, max_size=8))
def test_a_split_by_its_own_shares_is_itself(weights: list[Decimal]) -> None:
    if sum(weights):
        assert split(sum(weights, Decimal(0)), weights, CENT) == weights
