"""What an order costs: whichever way its total was made, it is found out."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ..arithmetic import Tax, rounded
from ..errors import InvalidPayload
from ..order_arithmetic import (
    Extra,
    OrderFigures,
    OrderNetLine,
    live_lines,
    order_figures,
)
from ..payloads import Order, Unit

CENT = Decimal("0.01")
SAMPLE = Path(__file__).parent / "samples" / "po_detail.json"


@pytest.fixture
def data() -> dict[str, Any]:
    text = SAMPLE.read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text, parse_float=Decimal)["data"]
    return data


def _figures(data: dict[str, Any]) -> OrderFigures:
    return order_figures(Order.from_json(data), CENT)


def _extras(figures: OrderFigures) -> list[tuple[str, str, Decimal]]:
    return [(extra.kind, extra.label, extra.amount) for extra in figures.extras]


# === LINES === #


def test_the_sample_adds_up(data: dict[str, Any]) -> None:
    figures = _figures(data)

    assert figures.residue == 0
    assert figures.rounding is None
    assert figures.total == figures.computed == 305
    (line,) = figures.lines
    assert (line.source_id, line.label, line.unit) == (
        9001,
        "Docking cable",
        Unit("each"),
    )
    assert [line.quantity, line.unit_price, line.amount] == [10, 25, 250]
    assert not line.by_amount
    assert line.tax is None
    (share,) = line.shares
    assert share.account_code and share.account_code.code == "6200"
    assert share.department and share.department.name == "IT"
    assert share.amount == 250
    assert _extras(figures) == [
        ("tax", "Tax 12 %", Decimal(30)),
        ("freight", "Freight", Decimal(35)),
        ("discount", "Discount", Decimal(-10)),
    ]


def test_only_lines_that_count_are_computed(data: dict[str, Any]) -> None:
    line = data["order_items"][0]
    data["order_items"] += [
        {**line, "id": 2, "active": False},
        {**line, "id": 3, "purchase_order": 5502},
        {**line, "id": 4, "purchase_order": None},
    ]
    order = Order.from_json(data)

    assert [each.id for each in live_lines(order)] == [9001, 4]
    assert [each.source_id for each in order_figures(order, CENT).lines] == [9001, 4]


@pytest.mark.parametrize(
    ("changes", "by_amount", "label"),
    [
        ({}, False, "Docking cable"),
        ({"total_cost": None}, False, "Docking cable"),
        ({"price": "24.9999999"}, False, "Docking cable"),
        ({"price": "24.5"}, True, "Docking cable (10 each x 24.5)"),
        ({"price": None, "unit": ""}, True, "Docking cable (10 units)"),
        ({"quantity": 0}, True, "Docking cable"),
        ({"quantity": None, "type": 2}, True, "Docking cable"),
        ({"quantity": 12, "type": 1}, True, "Docking cable (12 each x 25)"),
    ],
)
def test_what_quantity_and_price_do_not_make_is_one_piece(
    data: dict[str, Any], changes: dict[str, Any], by_amount: bool, label: str
) -> None:
    data["order_items"][0] |= changes

    figures = _figures(data)
    (line,) = figures.lines

    assert line.by_amount == by_amount
    assert line.label == label
    assert line.amount == 250
    if by_amount:
        assert [line.quantity, line.unit_price] == [1, 250]
    assert line.ordered_quantity == data["order_items"][0]["quantity"]
    assert figures.adds_up


def test_a_line_is_split_by_account_code_and_department(data: dict[str, Any]) -> None:
    (allocation,) = data["order_items"][0]["spend_allocation"]
    account = allocation["account"]
    elsewhere = {**account, "department": {"id": 9, "name": "Marketing"}}
    data["order_items"][0]["spend_allocation"] = [
        {"amount": "1", "account": account},
        {"amount": "1", "account": elsewhere},
        {"amount": "1", "account": account},
    ]

    shares = _figures(data).lines[0].shares

    assert [share.amount for share in shares] == [Decimal("166.67"), Decimal("83.33")]
    assert [share.department and share.department.id for share in shares] == [7, 9]


def test_a_line_without_allocations_has_its_account(data: dict[str, Any]) -> None:
    data["order_items"][0]["spend_allocation"] = []
    (share,) = _figures(data).lines[0].shares
    assert share.account_code and share.account_code.code == "6200"

    data["order_items"][0]["account"] = None
    (share,) = _figures(data).lines[0].shares
    assert (share.account_code, share.department) == (None, None)
    assert share.amount == 250


def test_an_amount_out_of_range_is_refused(data: dict[str, Any]) -> None:
    data["order_items"][0]["total_cost"] = Decimal("1e300")

    with pytest.raises(InvalidPayload, match="out of range"):
        _figures(data)


# === WHAT THE TOTAL CONTAINS === #


def _bare(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Take the extras off the sample's header: its total is 250.00 then."""
    nothing = dict.fromkeys(("tax", "discount", "freight", "other"))
    return {**data, **nothing, "total": "250.00", **changes}


GST = {"id": 4, "name": "GST", "type": "percent", "value": "5.00000000"}
PST = {"id": 5, "name": "PST", "type": "percent", "value": "7.00000000"}
FEE = {"id": 6, "name": "Fee", "type": "amount", "value": "12.50"}


def test_the_lines_own_tax_is_theirs_where_the_total_contains_it(
    data: dict[str, Any],
) -> None:
    data["order_items"][0] |= {"taxes": [GST], "tax_amount": "12.50000000"}

    figures = _figures(_bare(data, total="262.50"))
    (line,) = figures.lines
    assert line.tax == Tax("GST", Decimal(5), inclusive=False)
    assert line.tax_amount == Decimal("12.50")
    assert figures.extras == ()
    assert figures.residue == 0

    figures = _figures(_bare(data))
    assert figures.lines[0].tax is None
    assert figures.lines[0].tax_amount == 0
    assert figures.extras == ()
    assert figures.residue == 0


@pytest.mark.parametrize(
    ("taxes", "tax_amount", "label"),
    [
        ([GST, PST], "12.50", "GST, PST: Docking cable"),
        ([FEE], "12.50", "Fee: Docking cable"),
        ([FEE], None, "Fee: Docking cable"),
        ([], "12.50", "Tax: Docking cable"),
        (None, "12.50", "Tax: Docking cable"),
        ([PST], "12.50", "PST: Docking cable"),
    ],
)
def test_what_is_not_one_percentage_is_an_extra(
    data: dict[str, Any], taxes: Any, tax_amount: str | None, label: str
) -> None:
    data["order_items"][0] |= {"taxes": taxes, "tax_amount": tax_amount}

    figures = _figures(_bare(data, total="262.50"))

    assert figures.lines[0].tax is None
    assert figures.extras == (Extra("tax", label, Decimal("12.50"), 9001),)
    assert figures.residue == 0


def test_a_tax_of_a_line_without_a_name_has_its_id(data: dict[str, Any]) -> None:
    data["order_items"][0] |= {"taxes": [{**GST, "name": ""}], "tax_amount": "12.50"}

    (line,) = _figures(_bare(data, total="262.50")).lines

    assert line.tax == Tax("Tax 4", Decimal(5), inclusive=False)


def test_a_cent_of_a_tax_of_nothing_says_the_rate(data: dict[str, Any]) -> None:
    taxes = [{**GST, "value": "0.00000000"}]
    data["order_items"][0] |= {"taxes": taxes, "tax_amount": "0.01"}

    (line,) = _figures(_bare(data, total="250.01")).lines

    # From 0.002 % to 0.006 %.
    assert line.tax == Tax("GST", Decimal("0.004"), False, is_estimated=True)
    assert line.tax_amount == CENT


def test_a_percentage_without_its_amount_is_computed(data: dict[str, Any]) -> None:
    data["order_items"][0] |= {"taxes": [GST], "tax_amount": None}

    (line,) = _figures(_bare(data, total="262.50")).lines

    assert (line.tax and line.tax.name, line.tax_amount) == ("GST", Decimal("12.50"))


@pytest.mark.parametrize(
    ("total", "extras"),
    [("250.00", []), ("257.00", [("shipping", "Shipping: Docking cable", Decimal(7))])],
)
def test_the_lines_own_freight_counts_where_the_total_contains_it(
    data: dict[str, Any], total: str, extras: list[Any]
) -> None:
    data["order_items"][0]["shipping_amount"] = "7.00000000"

    figures = _figures(_bare(data, total=total))

    assert _extras(figures) == extras
    assert figures.residue == 0


def test_a_line_s_total_may_be_gross(data: dict[str, Any]) -> None:
    data["order_items"][0] |= {
        "taxes": [GST],
        "tax_amount": "12.50",
        "shipping_amount": "7",
        "total_cost": "269.50",
    }

    figures = _figures(_bare(data, total="269.50"))

    assert [line.amount for line in figures.lines] == [250]
    assert not figures.lines[0].by_amount
    assert figures.residue == 0


@pytest.mark.parametrize(
    ("total", "discount"), [("255.00", "-25.00"), ("252.00", "-28.00")]
)
def test_a_discount_in_percent_is_of_what_makes_the_total(
    data: dict[str, Any], total: str, discount: str
) -> None:
    changes = {
        "tax": {"value": 12, "type": "percentage"},
        "discount": {"value": 10, "type": "percentage"},
        "total": total,
    }

    figures = _figures(_bare(data, **changes))

    assert figures.extras[-1] == Extra("discount", "Discount 10 %", Decimal(discount))
    assert figures.residue == 0


def test_the_documented_formula_wins_a_tie(data: dict[str, Any]) -> None:
    # 6.25 too much without the line's tax, and 6.25 too little with it.
    data["order_items"][0] |= {"taxes": [FEE], "tax_amount": "12.50"}

    figures = _figures(_bare(data, total="256.25"))

    assert figures.extras == ()
    assert figures.residue == Decimal("6.25")
    assert not figures.adds_up
    assert figures.rounding is None


def test_a_cent_a_line_is_rounding(data: dict[str, Any]) -> None:
    figures = _figures({**data, "total": "305.01"})
    assert figures.adds_up
    assert figures.rounding == Extra("rounding", "Rounding", CENT)

    assert not _figures({**data, "total": "305.02"}).adds_up


def test_without_a_total_the_other_one_or_the_formula_counts(
    data: dict[str, Any],
) -> None:
    assert _figures({**data, "total": None}).total == 305
    data["cost_details"] = {"total_cost": "306", "total_cost_in_base_currency": "1"}
    assert _figures({**data, "total": None}).residue == 1


def test_without_any_total_a_discount_is_of_the_subtotal(data: dict[str, Any]) -> None:
    """As documented; the line's own tax and freight do not count."""
    data["order_items"][0] |= {
        "taxes": [GST],
        "tax_amount": "12.50",
        "shipping_amount": "7",
    }
    changes = {
        "tax": {"value": 12, "type": "percentage"},
        "discount": {"value": 10, "type": "percentage"},
        "total": None,
    }

    figures = _figures(_bare(data, **changes))

    assert figures.total == 255
    assert _extras(figures) == [
        ("tax", "Tax 12 %", Decimal(30)),
        ("discount", "Discount 10 %", Decimal(-25)),
    ]


@pytest.mark.parametrize(
    ("taxes", "kinds"), [([GST], ["discount"]), ([FEE], ["tax", "discount"])]
)
def test_a_discount_may_be_of_what_the_lines_own_tax_makes(
    data: dict[str, Any], taxes: list[Any], kinds: list[str]
) -> None:
    data["order_items"][0] |= {"taxes": taxes, "tax_amount": "12.50"}
    discount = {"value": 10, "type": "percentage"}

    figures = _figures(_bare(data, discount=discount, total="236.25"))

    assert figures.residue == 0
    assert [extra.kind for extra in figures.extras] == kinds
    assert figures.extras[-1].amount == Decimal("-26.25")


def test_a_percentage_is_of_the_subtotal_that_the_order_says(
    data: dict[str, Any],
) -> None:
    changes = {"tax": {"value": 10, "type": "percentage"}, "subtotal": "240.00"}

    figures = _figures(_bare(data, total="274.00", **changes))

    assert _extras(figures) == [("tax", "Tax 10 %", Decimal(24))]
    assert figures.residue == 0


def test_other_costs_are_an_extra(data: dict[str, Any]) -> None:
    figures = _figures(_bare(data, other="3.456", total="253.46"))
    assert _extras(figures) == [("other", "Other costs", Decimal("3.46"))]
    assert figures.residue == 0


def test_two_lines_may_be_off_by_two_cents(data: dict[str, Any]) -> None:
    data["order_items"].append({**data["order_items"][0], "id": 2})
    data |= {"subtotal": None}
    assert _figures(_bare(data, total="500.02")).adds_up
    assert not _figures(_bare(data, total="500.03")).adds_up


def test_a_tax_may_be_a_cent_from_what_its_rate_makes(data: dict[str, Any]) -> None:
    data["order_items"][0] |= {"taxes": [GST], "tax_amount": "12.51"}
    (line,) = _figures(_bare(data, total="262.51")).lines
    assert (line.tax and line.tax.name, line.tax_amount) == ("GST", Decimal("12.51"))

    data["order_items"][0] |= {"tax_amount": "12.52"}
    figures = _figures(_bare(data, total="262.52"))
    assert figures.lines[0].tax is None
    assert [extra.kind for extra in figures.extras] == ["tax"]


@pytest.mark.parametrize(
    ("taxes", "label"), [([FEE], "Fee"), ([], "Tax"), ([{**FEE, "name": ""}], "Tax")]
)
def test_the_tax_of_a_line_without_a_name_is_named_by_its_own(
    data: dict[str, Any], taxes: list[Any], label: str
) -> None:
    data["order_items"][0] |= {"name": "", "taxes": taxes, "tax_amount": "12.50"}
    (extra,) = _figures(_bare(data, total="262.50")).extras
    assert extra.label == label


def test_the_freight_of_a_line_is_that_line_s(data: dict[str, Any]) -> None:
    data["order_items"][0] |= {"name": "", "shipping_amount": "7"}
    (extra,) = _figures(_bare(data, total="257.00")).extras
    assert extra.source_id == 9001
    assert extra.label == "Shipping: 7265-1"


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "Docking cable"),
        ({"name": ""}, "DC-10"),
        ({"name": "", "sku": ""}, "7265-1"),
    ],
)
def test_a_line_is_called_by_its_name_its_code_or_its_number(
    data: dict[str, Any], changes: dict[str, Any], label: str
) -> None:
    data["order_items"][0] |= changes
    assert _figures(data).lines[0].label == label


def test_a_line_without_a_unit_has_none(data: dict[str, Any]) -> None:
    data["order_items"][0]["unit"] = ""
    assert _figures(data).lines[0].unit is None


def test_shares_are_as_large_as_their_allocations(data: dict[str, Any]) -> None:
    (allocation,) = data["order_items"][0]["spend_allocation"]
    account = allocation["account"]
    other = {**account, "account_code": {**account["account_code"], "id": 99}}
    data["order_items"][0]["spend_allocation"] = [
        {"amount": "3", "account": account},
        {"amount": "1", "account": other},
    ]

    shares = _figures(data).lines[0].shares

    assert [share.amount for share in shares] == [Decimal("187.50"), Decimal("62.50")]
    assert [share.account_code and share.account_code.id for share in shares] == [
        *(11, 99)
    ]


# === PROPERTIES === #


def _money(most: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(-most, most, places=2)


prices = st.decimals(0, 10**5, places=4)
quantities = st.decimals(0, 10**4, places=3)
percentages = st.decimals(0, 30, places=2)


def _adjustments(percent: bool) -> st.SearchStrategy[dict[str, Any] | None]:
    if percent:
        return percentages.map(lambda value: {"value": value, "type": "percentage"})
    return st.none() | _money(1000).map(
        lambda value: {"value": value, "type": "amount"}
    )


@st.composite
def lines(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a line whose total is now and then not what its parts make."""
    quantity, price = draw(quantities | st.none()), draw(prices)
    total = draw(st.none() | _money(10**6))
    accounts = st.fixed_dictionaries(
        {"account_code": st.integers(1, 3).map(lambda i: {"id": i, "code": f"{i}"})}
    )
    allocation = st.fixed_dictionaries({"amount": _money(100), "account": accounts})
    return {
        "id": draw(st.integers(1, 10**6)),
        "name": "Thing",
        "quantity": quantity,
        "price": price,
        "total_cost": total,
        "tax_amount": draw(st.none() | _money(100)),
        "shipping_amount": draw(st.none() | _money(100)),
        "taxes": draw(st.lists(st.sampled_from([GST, PST, FEE]), max_size=2)),
        "spend_allocation": draw(st.lists(allocation, max_size=3)),
    }


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an order without a total."""
    return {
        "procurify_PO": 1,
        "order_items": draw(st.lists(lines(), max_size=4)),
        "tax": draw(_adjustments(percent=True) | _adjustments(percent=False)),
        "discount": draw(_adjustments(percent=True) | _adjustments(percent=False)),
        "freight": draw(st.none() | _money(1000)),
        "other": draw(st.none() | _money(1000)),
    }


def _has_tax_of_nothing(line: OrderNetLine) -> bool:
    """Return whether the line has a tax that comes to nothing: such a tax stays."""
    if not line.tax or line.tax_amount:
        return False
    return abs(rounded(line.amount * line.tax.percentage / 100, CENT)) <= CENT


def _parts(figures: OrderFigures) -> Decimal:
    net = sum((line.amount + line.tax_amount for line in figures.lines), Decimal(0))
    return net + sum((extra.amount for extra in figures.extras), Decimal(0))


@settings(max_examples=40)
@given(orders(), _money(10**6) | st.none())
def test_the_parts_make_the_computed_total(
    data: dict[str, Any], total: Decimal | None
) -> None:
    figures = _figures({**data, "total": total})

    assert _parts(figures) == figures.computed
    assert figures.residue == (0 if total is None else total - figures.computed)
    assert len(figures.lines) == len(data["order_items"])
    for line in figures.lines:
        assert rounded(line.quantity * line.unit_price, CENT) == line.amount
        assert sum(share.amount for share in line.shares) == line.amount
        assert len({share.account_code for share in line.shares}) == len(line.shares)
        assert bool(line.tax) == bool(line.tax_amount) or _has_tax_of_nothing(line)
    assert all(extra.amount for extra in figures.extras)


@settings(max_examples=40)
@given(orders())
def test_the_documented_formula_is_recognised(data: dict[str, Any]) -> None:
    documented = _figures(data)

    again = _figures({**data, "total": documented.computed})

    assert again == documented
    assert not any(line.tax and not _has_tax_of_nothing(line) for line in again.lines)
    assert not any(extra.source_id for extra in again.extras)


@settings(max_examples=40)
@given(orders(), st.booleans(), st.booleans())
def test_whatever_the_total_contains_it_is_reproduced(
    data: dict[str, Any], with_tax: bool, with_shipping: bool
) -> None:
    """Built here without the code under test, from lines that say all they have."""
    assume(data["discount"] is None or data["discount"]["type"] == "amount")
    total = _figures(data).computed
    for line in data["order_items"]:
        line["taxes"] = []
        total += line["tax_amount"] or 0 if with_tax else 0
        total += line["shipping_amount"] or 0 if with_shipping else 0

    assert _figures({**data, "total": total}).residue == 0


@settings(max_examples=40)
@given(orders(), _money(10**6))
def test_no_other_reading_would_come_closer_by_leaving_out(
    data: dict[str, Any], total: Decimal
) -> None:
    best = _figures({**data, "total": total})
    documented = _figures(data).computed

    assert abs(best.residue) <= abs(total - documented)
