"""Which exchange rate a document implies, and where its figures do not explain one."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .. import Bill, Order
from ..rates import implied_bill_rate, implied_order_rate

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = "1.320560"


@pytest.fixture
def bill(sample: Callable[[str], Any]) -> dict[str, Any]:
    """Give a bill of 1,000.00 net, 5 % tax, 40.00 shipping, at 1.32056."""
    data: dict[str, Any] = deepcopy(sample("bill_detail")["data"])
    data["currency"] |= {"rate": RATE, "base": False}
    data["total_cost"] = data["subtotal_cost"] = "1000.00"
    data["shipping_amount"] = "40.00"
    data["total_cost_with_tax"] = "1092.00"
    return data


@pytest.fixture
def order(sample: Callable[[str], Any]) -> dict[str, Any]:
    """Give the sample order: 250.00 net, 305.00 in all."""
    data: dict[str, Any] = deepcopy(sample("po_detail")["data"])
    return data


@pytest.mark.parametrize(
    ("converted", "answer"),
    [
        ("826.92", "gross"),
        ("757.25", "net"),
        ("787.54", "net_with_shipping"),
    ],
)
@pytest.mark.parametrize("named", [RATE, "0.757255"])
def test_the_total_that_was_converted_is_found_out(
    bill: dict[str, Any], converted: str, answer: str, named: str
) -> None:
    bill["converted_total_cost"] = converted
    bill["currency"]["rate"] = named

    implied = implied_bill_rate(Bill.from_json(bill))

    assert implied.answer == answer
    assert implied.rate is not None
    assert round(implied.rate, 3) == Decimal("1.321")


def test_a_refund_has_the_rate_of_a_bill(bill: dict[str, Any]) -> None:
    for name in ("total_cost", "shipping_amount", "total_cost_with_tax"):
        bill[name] = "-" + bill[name]
    bill["converted_total_cost"] = "-757.25"

    implied = implied_bill_rate(Bill.from_json(bill))

    assert (implied.answer, round(implied.rate or 0, 3)) == ("net", Decimal("1.321"))


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"converted_total_cost": None}, "not_stated"),
        ({"converted_total_cost": "0.00"}, "not_stated"),
        ({"converted_total_cost": "700.00"}, "not_explained"),
        ({"converted_total_cost": "-757.25"}, "not_explained"),
        # Beside the rate by more than 0.5 %, and by less.
        ({"converted_total_cost": "822.50"}, "not_explained"),
        ({"converted_total_cost": "823.10"}, "gross"),
    ],
)
def test_a_rate_that_nothing_explains_is_none(
    bill: dict[str, Any], changes: dict[str, Any], answer: str
) -> None:
    implied = implied_bill_rate(Bill.from_json(bill | changes))

    assert implied.answer == answer
    assert (implied.rate is None) == (answer != "gross")


@pytest.mark.parametrize("named", [None, "0.000000", "7.000000"])
def test_equal_totals_need_no_second_witness(
    bill: dict[str, Any], named: str | None
) -> None:
    bill["currency"]["rate"] = named
    bill["shipping_amount"] = "0.00"
    bill["total_cost"] = bill["total_cost_with_tax"] = "1000.00"
    bill["converted_total_cost"] = "800.00"

    assert implied_bill_rate(Bill.from_json(bill)).answer == "all"
    assert implied_bill_rate(Bill.from_json(bill)).rate == Decimal("1.25")

    bill["total_cost_with_tax"] = "1050.00"
    assert implied_bill_rate(Bill.from_json(bill)).rate is None


def test_cents_of_a_small_bill_are_no_deviation(bill: dict[str, Any]) -> None:
    bill |= {
        "total_cost": "0.10",
        "shipping_amount": "0",
        "total_cost_with_tax": "0.11",
    }
    bill["converted_total_cost"] = "0.08"

    assert implied_bill_rate(Bill.from_json(bill)).rate is not None


@pytest.mark.parametrize(
    ("changes", "rate"),
    [
        ({}, 1),
        ({"rate": "1.250000"}, None),
        ({"rate": None}, None),
        ({"rate": "1.25", "costs": ("305.00", "244.00")}, Decimal("1.25")),
        ({"rate": "9", "costs": ("305.00", "244.00")}, None),
        # Converted from the net amount: 250 / 200.
        ({"rate": "1.25", "costs": ("305.00", "200.00")}, Decimal("1.25")),
        ({"rate": "0.80", "costs": ("305.00", "200.00")}, Decimal("1.25")),
        ({"rate": "1.25", "costs": (None, "244.00")}, Decimal("1.25")),
        ({"rate": "0.80", "costs": (None, "244.00")}, Decimal("1.25")),
        ({"rate": "1.31", "costs": (None, "244.00")}, None),
        (
            {"rate": "1.000300", "costs": (None, "304.95")},
            Decimal("305.00") / Decimal("304.95"),
        ),
        ({"rate": "1.25", "costs": (None, "-244.00")}, None),
        ({"rate": "1.25", "costs": ("305.00", "0")}, None),
        ({"rate": "0"}, None),
    ],
)
def test_an_orders_rate_counts_only_where_its_direction_is_known(
    order: dict[str, Any], changes: dict[str, Any], rate: Decimal | None
) -> None:
    order["purchased_currency_rate"] = changes.get("rate", "1.000000")
    if "costs" in changes:
        total, base = changes["costs"]
        order["cost_details"] = {
            "total_cost": total,
            "total_cost_in_base_currency": base,
        }

    assert implied_order_rate(Order.from_json(order)).rate == rate
