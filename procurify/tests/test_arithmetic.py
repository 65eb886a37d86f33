"""What a bill books: splits, shipping, taxes, and whether it adds up."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..arithmetic import Tax, bill_figures, split
from ..errors import InvalidPayload
from ..payloads import Bill

CENT = Decimal("0.01")
SAMPLE = Path(__file__).parent / "samples" / "bill_detail.json"


@pytest.fixture
def data() -> dict[str, Any]:
    text = SAMPLE.read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text, parse_float=Decimal)["data"]
    return data


def test_sample_adds_up_with_its_shipping_and_costs(data: dict[str, Any]) -> None:
    figures = bill_figures(Bill.from_json(data), CENT)

    assert figures.residue == 0
    assert figures.total == Decimal("1251.00")
    booked = [
        (line.account_code.code if line.account_code else None, line.amount)
        for line in figures.lines
    ]
    assert booked == [
        ("6200", Decimal("250.00")),
        ("6410", Decimal("800.00")),
        ("5300", Decimal("40.00")),
        ("6410", Decimal("35.00")),
    ]


def test_total_without_the_lines_shipping_is_understood(data: dict[str, Any]) -> None:
    data["total_cost_with_tax"] = Decimal("1216.00")

    figures = bill_figures(Bill.from_json(data), CENT)

    assert figures.residue == 0
    assert not any(line.source.startswith("shipping") for line in figures.lines)


def test_line_is_split_over_its_departments(data: dict[str, Any]) -> None:
    line = bill_figures(Bill.from_json(data), CENT).lines[1]

    shares = [(s.department.name, s.amount) for s in line.shares if s.department]
    assert shares == [("IT", Decimal("500.00")), ("Marketing", Decimal("300.00"))]


def test_residue_beyond_a_cent_a_line_does_not_add_up(data: dict[str, Any]) -> None:
    data["total_cost_with_tax"] += Decimal("0.03")
    assert bill_figures(Bill.from_json(data), CENT).adds_up
    data["total_cost_with_tax"] += Decimal("0.01")
    assert not bill_figures(Bill.from_json(data), CENT).adds_up


@pytest.mark.parametrize("total_cost", ["250.00", "280.00"])
def test_inclusive_line_is_net_whichever_way_it_is_written(
    data: dict[str, Any], total_cost: str
) -> None:
    data["items"][0] |= {
        "tax_is_inclusive": True,
        "total_cost": Decimal(total_cost),
        "total_cost_with_tax": Decimal("280.00"),
    }

    line = bill_figures(Bill.from_json(data), CENT).lines[0]

    assert (line.amount, line.tax_amount) == (Decimal("250.00"), Decimal("30.00"))


def test_line_without_allocation_has_its_order_s_coding(data: dict[str, Any]) -> None:
    data["items"][0]["cost_allocations"] = []
    line = bill_figures(Bill.from_json(data), CENT).lines[0]
    assert line.account_code is not None
    assert line.account_code.code == "6200"

    data["items"][0]["orderitem"] = None
    assert bill_figures(Bill.from_json(data), CENT).lines[0].account_code is None


def test_quantity_that_does_not_make_the_amount_goes_into_the_text(
    data: dict[str, Any],
) -> None:
    data["items"][0]["unit_cost"] = Decimal("24.9999999")
    line = bill_figures(Bill.from_json(data), CENT).lines[0]
    assert line.quantity == 10

    data["items"][0]["unit_cost"] = Decimal("24.5")
    line = bill_figures(Bill.from_json(data), CENT).lines[0]
    assert line.quantity is None
    assert line.label == "Docking cable (10 each x 24.5)"


def test_lines_say_which_line_of_an_order_they_bill(data: dict[str, Any]) -> None:
    second = data["items"][1]
    second["orderitem"] = {"id": 9002, "purchase_order": 5501}
    second["cost_allocations"][1]["budget"]["account_code"]["id"] = 99
    second["cost_allocations"][1]["budget"]["account_code"]["code"] = "6500"
    freight = {**second, "id": 61003, "orderitem": None, "po": {"id": 5501}}
    data["items"].append({**freight, "cost_allocations": [], "shipping_amount": None})

    lines = bill_figures(Bill.from_json(data), CENT).lines

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

    first, second = bill_figures(Bill.from_json(data), CENT).lines[:2]

    assert first.quantity is None
    assert first.item_quantity == 10
    assert second.item_quantity is None


def test_amount_out_of_range_is_refused(data: dict[str, Any]) -> None:
    data["items"][0]["total_cost"] = Decimal("1e300")

    with pytest.raises(InvalidPayload, match="out of range"):
        bill_figures(Bill.from_json(data), CENT)


def test_tax_is_known_by_name_rate_and_kind() -> None:
    tax = Tax("VAT", Decimal(20), inclusive=False)

    assert tax.external_id == "VAT|20|exclusive"
    assert tax.label == "VAT 20 %"
    assert Tax.from_json(tax.to_json()) == tax
    with pytest.raises(InvalidPayload) as raised:
        Tax.from_json({"name": "VAT", "percentage": None, "inclusive": False})
    assert (raised.value.path, raised.value.reason) == ("percentage", "missing")


def test_a_tax_in_the_price_is_another_tax() -> None:
    tax = Tax("VAT", Decimal("12.5"), inclusive=True)

    assert tax.external_id == "VAT|12.5|inclusive"
    assert tax.label == "VAT 12.5 % incl."
    assert tax.code == ""
    assert Tax.from_json(tax.to_json()) == tax


def test_a_percentage_is_written_without_an_exponent() -> None:
    tax = Tax("VAT", Decimal("2E+1"), inclusive=False)
    assert tax.to_json()["percentage"] == "20"


def test_a_bill_without_a_total_is_worth_its_parts(data: dict[str, Any]) -> None:
    data["total_cost_with_tax"] = None

    figures = bill_figures(Bill.from_json(data), CENT)

    assert figures.total == figures.computed == Decimal("1251.00")
    assert [line.kind for line in figures.lines] == [
        *("item", "item", "cost", "shipping")
    ]


def test_shipping_that_explains_the_total_as_well_counts(data: dict[str, Any]) -> None:
    """Half of the freight more than the parts: with or without is as near."""
    data["total_cost_with_tax"] = Decimal("1233.50")

    figures = bill_figures(Bill.from_json(data), CENT)

    assert figures.computed == Decimal("1251.00")


def test_an_empty_bill_may_be_off_by_one_cent(data: dict[str, Any]) -> None:
    data |= {"items": [], "costs": [], "total_cost_with_tax": Decimal("0.01")}
    assert bill_figures(Bill.from_json(data), CENT).adds_up
    data["total_cost_with_tax"] = Decimal("0.02")
    assert not bill_figures(Bill.from_json(data), CENT).adds_up


def test_a_line_has_its_tax_unit_and_price(data: dict[str, Any]) -> None:
    line = bill_figures(Bill.from_json(data), CENT).lines[0]

    assert line.tax == Tax("Sales tax", Decimal(12), inclusive=False)
    assert [line.quantity, line.unit_price, line.unit] == [10, 25, "each"]
    assert line.source == "item 61001"
    assert line.label == "Docking cable"


def test_an_item_on_two_accounts_has_no_quantity_of_its_own(
    data: dict[str, Any],
) -> None:
    account = data["items"][1]["cost_allocations"][1]["budget"]["account_code"]
    account |= {"id": 99, "code": "6500"}

    first, second = [
        line
        for line in bill_figures(Bill.from_json(data), CENT).lines
        if line.source == "item 61002"
    ]

    assert [first.quantity, first.unit_price] == [None, None]
    assert [first.amount, first.tax_amount] == [500, 60]
    assert [second.amount, second.tax_amount] == [300, 36]
    assert first.label == second.label == "Design suite licence (1 each x 800)"


def test_freight_says_what_it_is_for(data: dict[str, Any]) -> None:
    line = bill_figures(Bill.from_json(data), CENT).lines[-1]

    assert (line.source, line.kind) == ("shipping 61002", "shipping")
    assert line.label == "Shipping: Design suite licence"
    shares = [(s.department.name, s.amount) for s in line.shares if s.department]
    assert shares == [("IT", Decimal("21.87")), ("Marketing", Decimal("13.13"))]


def test_an_extra_of_the_bill_is_one_share_of_its_department(
    data: dict[str, Any],
) -> None:
    (line,) = (
        x for x in bill_figures(Bill.from_json(data), CENT).lines if x.kind == "cost"
    )

    assert (line.source, line.label) == ("cost 501", "Brokerage")
    assert line.account_code and line.account_code.code == "5300"
    (share,) = line.shares
    assert share.department and share.department.name == "IT"
    assert share.amount == 40


def test_an_extra_without_name_and_coding_is_one_all_the_same(
    data: dict[str, Any],
) -> None:
    data["costs"][0] |= {"name": "", "cost_allocation": None}

    (line,) = (
        x for x in bill_figures(Bill.from_json(data), CENT).lines if x.kind == "cost"
    )

    assert (line.label, line.account_code) == ("Cost", None)
    (share,) = line.shares
    assert share.department is None
    assert share.amount == 40


def test_two_shares_of_one_department_are_one(data: dict[str, Any]) -> None:
    first, second = data["items"][1]["cost_allocations"]
    second["budget"]["department"] = first["budget"]["department"]

    line = bill_figures(Bill.from_json(data), CENT).lines[1]

    assert [share.amount for share in line.shares] == [800]


def test_tax_of_accounts_of_both_signs_is_that_of_each(data: dict[str, Any]) -> None:
    item = data["items"][1]
    first, second = item["cost_allocations"]
    first |= {"amount": "1000"}
    second |= {"amount": "-200"}
    second["budget"]["account_code"]["id"] = 99

    lines = [
        (line.amount, line.tax_amount)
        for line in bill_figures(Bill.from_json(data), CENT).lines
        if line.source == "item 61002"
    ]

    assert lines == [(Decimal(1000), Decimal(120)), (Decimal(-200), Decimal(-24))]


def test_lines_without_a_code_come_before_the_first_of_procurify(
    data: dict[str, Any],
) -> None:
    """An id of 1 is a code like any other."""
    first, second = data["items"][1]["cost_allocations"]
    first["budget"]["account_code"]["id"] = 1
    second["budget"] = None

    lines = [
        (line.account_code.code if line.account_code else None, line.amount)
        for line in bill_figures(Bill.from_json(data), CENT).lines
        if line.source == "item 61002"
    ]

    assert lines == [(None, Decimal(300)), ("6410", Decimal(500))]


def test_a_share_without_a_department_is_not_the_first_department_s(
    data: dict[str, Any],
) -> None:
    first, second = data["items"][1]["cost_allocations"]
    first["budget"]["department"]["id"] = 1
    second["budget"]["department"] = None

    line = bill_figures(Bill.from_json(data), CENT).lines[1]

    assert [share.amount for share in line.shares] == [500, 300]


@pytest.mark.parametrize(
    ("changes", "net"),
    [
        # Without its own total, an item is worth its gross amount less the tax, or
        # what quantity and price make.
        ({"total_cost": None}, "250.00"),
        ({"total_cost": None, "total_cost_with_tax": None}, "250.00"),
        ({"total_cost": None, "total_cost_with_tax": None, "quantity": None}, "25.00"),
        ({"total_cost": None, "total_cost_with_tax": None, "unit_cost": None}, "0.00"),
        # A tax that is included, and does not make the difference, changes nothing.
        ({"tax_is_inclusive": True, "total_cost_with_tax": None}, "250.00"),
        ({"total_cost_with_tax": 250}, "250.00"),
    ],
)
def test_an_item_s_net_amount_is_found_in_what_it_says(
    data: dict[str, Any], changes: dict[str, Any], net: str
) -> None:
    data["items"][0] |= changes
    assert bill_figures(Bill.from_json(data), CENT).lines[0].amount == Decimal(net)


@pytest.mark.parametrize("rate", [12, None])
def test_a_total_that_contains_its_tax_is_known_without_the_gross_amount(
    data: dict[str, Any], rate: int | None
) -> None:
    data["items"][0] |= {
        "tax_is_inclusive": True,
        "total_cost": Decimal("280.00"),
        "total_cost_with_tax": None,
        "tax_percentage": rate,
    }

    figures = bill_figures(Bill.from_json(data), CENT)

    line = figures.lines[0]
    assert (line.amount, line.tax_amount) == (Decimal("250.00"), Decimal("30.00"))
    assert figures.residue == 0


def test_a_total_that_contains_its_tax_is_known_without_any_gross_amount(
    data: dict[str, Any],
) -> None:
    data["items"][0] |= {
        "tax_is_inclusive": True,
        "total_cost": Decimal("280.00"),
        "total_cost_with_tax": None,
    }
    data["total_cost_with_tax"] = None

    assert bill_figures(Bill.from_json(data), CENT).total == Decimal("1251.00")


def test_totals_are_net_where_no_reading_of_them_adds_up(data: dict[str, Any]) -> None:
    data["items"][0] |= {
        "tax_is_inclusive": True,
        "total_cost_with_tax": None,
        "tax_percentage": None,
    }
    data["total_cost_with_tax"] = Decimal("2000.00")

    figures = bill_figures(Bill.from_json(data), CENT)

    assert figures.lines[0].amount == Decimal("250.00")
    assert not figures.adds_up


@pytest.mark.parametrize(
    ("changes", "tax"),
    [
        ({"tax_percentage": None}, ("12", True)),
        ({"tax_percentage": None, "tax_amount": "8.33"}, ("3.33", True)),
        ({"tax_percentage": None, "tax_amount": 0}, ("0", True)),
        ({"tax_percentage": 0, "tax_amount": 0}, ("0", False)),
        # Nothing of an amount is no rate of it.
        ({"tax_percentage": 0}, ("12", True)),
        ({"tax_amount": 0}, ("12", False)),
        # A tax on nothing has no rate.
        (
            {"tax_percentage": None, "total_cost": 0, "total_cost_with_tax": 30},
            ("0", True),
        ),
        (
            {"tax_percentage": None, "total_cost": "0.5", "tax_amount": "0.06"},
            ("12", True),
        ),
        (
            {"tax_percentage": None, "tax_amount": 0, "tax_name": "", "tax": None},
            None,
        ),
    ],
)
def test_a_tax_without_a_rate_has_the_one_that_its_amount_makes(
    data: dict[str, Any], changes: dict[str, Any], tax: tuple[str, bool] | None
) -> None:
    data["items"][0] |= changes

    found = bill_figures(Bill.from_json(data), CENT).lines[0].tax

    assert found == (tax and Tax("Sales tax", Decimal(tax[0]), False, tax[1]))
    if found and tax:
        assert str(found.percentage) == tax[0]


def test_a_tax_that_is_included_says_so(data: dict[str, Any]) -> None:
    data["items"][0] |= {"tax_is_inclusive": True}
    tax = bill_figures(Bill.from_json(data), CENT).lines[0].tax
    assert tax and tax.inclusive


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"unit_cost": None}, "Docking cable (10 each)"),
        ({"unit_cost": 24, "unit": ""}, "Docking cable (10 units x 24)"),
        ({"quantity": None}, "Docking cable"),
        ({"quantity": 0}, "Docking cable"),
        ({"unit_cost": 24, "bill_by_cost": True}, "Docking cable"),
        ({"bill_by_cost": True}, "Docking cable"),
        ({"unit_cost": 24, "description": ""}, "Item 61001 (10 each x 24)"),
        ({"description": "", "sku": "DC-1"}, "DC-1"),
        ({"sku": "DC-1"}, "Docking cable"),
    ],
)
def test_the_text_of_a_line_says_what_its_figures_do_not(
    data: dict[str, Any], changes: dict[str, Any], label: str
) -> None:
    data["items"][0] |= changes

    line = bill_figures(Bill.from_json(data), CENT).lines[0]

    assert line.label == label
    if line.label != "Docking cable" or "quantity" in changes:
        assert (line.quantity is None) == (label != "DC-1")
    if data["items"][0]["bill_by_cost"]:
        assert [line.quantity, line.unit_price] == [None, None]


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
