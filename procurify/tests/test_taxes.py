"""Which tax a line has, and which rate where it does not say."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..arithmetic import (
    Tax,
    TaxedAmount,
    apportioned,
    common_rates,
    plainest,
    rounded,
    taxes_of,
    with_own_rates,
)

CENT = Decimal("0.01")


def line(
    net: str = "100",
    amount: str = "0",
    name: str = "Sales tax",
    percentage: str | None = None,
    tax_id: int | None = None,
    inclusive: bool = False,
) -> TaxedAmount:
    rate = None if percentage is None else Decimal(percentage)
    return TaxedAmount(name, tax_id, rate, inclusive, Decimal(net), Decimal(amount))


def test_named_tax_without_percentage_is_one_on_all_lines_that_one_rate_makes() -> None:
    first, second = taxes_of([line("7.00", "0.58"), line("3.10", "0.26")], CENT)

    assert first == second == Tax("Sales tax", Decimal("8.25"), False, True)
    assert first is not None
    assert first.label == "Sales tax"


def test_estimated_rate_does_not_distinguish_two_taxes() -> None:
    [small] = taxes_of([line("3.10", "0.26")], CENT)
    [large] = taxes_of([line("1000.00", "82.50")], CENT)

    assert small and large
    assert small.external_id == large.external_id
    assert small.external_id != Tax("Sales tax", large.percentage, False).external_id


def test_amounts_that_no_one_rate_makes_are_several_taxes_by_their_rates() -> None:
    amounts = [("100", "8.25"), ("100", "6.25"), ("200", "16.50"), ("0", "0")]
    found = taxes_of([line(*each) for each in amounts], CENT)

    assert [tax and tax.percentage for tax in found] == [
        Decimal("8.25"),
        Decimal("6.25"),
        Decimal("8.25"),
        Decimal("6.25"),
    ]
    assert not any(tax and tax.is_estimated for tax in found)


def test_tax_that_prices_include_is_another_one() -> None:
    first, second = taxes_of(
        [line("100", "8.25"), line("100", "8.25", inclusive=True)], CENT
    )
    assert first and second
    assert first.external_id != second.external_id


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (line(), Tax("Sales tax", Decimal(0), False, True)),
        (line(percentage="0.00000000"), Tax("Sales tax", Decimal(0), False)),
        (line(name="", tax_id=7), Tax("Tax 7", Decimal(0), False, True)),
        (line(name="", percentage="0.00000000"), None),
        (line(name=""), None),
        (line(name="", amount="5.00"), Tax("", Decimal(5), False)),
        (line(name="", amount="5.00", percentage="0"), Tax("", Decimal(5), False)),
        (line(amount="0", percentage="19.00"), Tax("Sales tax", Decimal(19), False)),
    ],
)
def test_line_has_a_tax_where_it_names_one_or_has_an_amount_of_it(
    said: TaxedAmount, expected: Tax | None
) -> None:
    assert taxes_of([said], CENT) == [expected]


def test_staged_tax_is_read_back() -> None:
    for tax in (
        Tax("A", Decimal("8.25"), True),
        Tax("B", Decimal("8.25"), False, is_estimated=True),
    ):
        assert Tax.from_json(tax.to_json()) == tax


def test_staged_tax_keeps_its_key() -> None:
    """What is mapped stays mapped: the key of a tax with a percentage is forever."""
    for tax, key in (
        (Tax("VAT", Decimal(20), inclusive=False), "VAT|20|exclusive"),
        (Tax("VAT", Decimal("1E-7"), inclusive=True), "VAT|0.0000001|inclusive"),
        (Tax("VAT", Decimal(20), False, is_estimated=True), "VAT|?|exclusive"),
    ):
        assert tax.external_id == key


def test_rates_of_several_lines_are_those_that_make_all_of_them() -> None:
    small, large = line("3.10", "0.26"), line("100.00", "8.25")

    assert common_rates([small, large], CENT) == large.rates(CENT)
    assert common_rates([line("0", "5")], CENT) is None
    assert common_rates([large, line("100.00", "6.25")], CENT) is None
    # Half a cent up from the one is half a cent down from the other.
    assert common_rates([line("100", "1.00"), line("100", "1.01")], CENT) == (
        Decimal("1.005"),
        Decimal("1.005"),
    )


def test_what_a_name_alone_does_not_show_is_shown_by_the_rate() -> None:
    named = Tax("Sales tax", Decimal("8.25"), False, is_estimated=True)
    ends = {
        "small": (Decimal("6.13"), Decimal("6.45")),
        "large": (Decimal("6.2495"), Decimal("6.2505")),
        "other": (Decimal("3.99"), Decimal("4.01")),
    }
    said = {key: (named, each) for key, each in ends.items()}
    other, own = Tax("Sales tax", Decimal(4), False), Decimal("6.25")

    found = with_own_rates(said, [named, Tax("Sales tax", own, True), other])

    assert found == {
        "small": Tax("Sales tax", own, False),
        "large": Tax("Sales tax", own, False),
        "other": other,
    }


def test_amounts_that_a_single_rate_makes_are_one_tax() -> None:
    first, second = taxes_of([line("100", "1.00"), line("100", "1.01")], CENT)

    assert first == second == Tax("Sales tax", Decimal("1.005"), False, True)


@pytest.mark.parametrize("known", ["3.99", "4.003", "4.01"])
def test_rate_that_is_known_is_taken_before_a_plainer_one(known: str) -> None:
    named = Tax("Sales tax", Decimal(4), False, is_estimated=True)
    other = Tax("Sales tax", Decimal(known), False)
    said = {1: (named, (Decimal("3.99"), Decimal("4.01")))}

    assert with_own_rates(said, [named, other]) == {1: other}


def test_rate_that_is_only_estimated_is_not_taken_for_a_known_one() -> None:
    estimated = Tax("Sales tax", Decimal("4.003"), False, is_estimated=True)
    said = {1: (estimated, (Decimal("3.99"), Decimal("4.01")))}

    found = with_own_rates(said, [estimated])

    assert found == {1: Tax("Sales tax", Decimal(4), False)}


@pytest.mark.parametrize(
    ("low", "high", "rate"),
    [
        ("19.95", "20.05", "20"),
        ("8.24", "8.34", "8.25"),
        ("8.374", "8.376", "8.375"),
        ("-20.01", "-19.99", "-20"),
        ("9.97499", "9.97501", "9.975"),
        ("1.0009", "1.0013", "1.001"),
        ("19.95", "20", "20"),
        ("20", "20.05", "20"),
        ("0.123456781", "0.123456789", "0.12345678"),
    ],
)
def test_plainest_rate_is_taken(low: str, high: str, rate: str) -> None:
    assert plainest(Decimal(low), Decimal(high)) == Decimal(rate)


@given(
    st.integers(1, 3000).map(lambda n: Decimal(n) / 100),
    st.lists(st.integers(1, 10**6).map(lambda n: Decimal(n) / 100), min_size=1),
)
def test_lines_of_one_rate_are_one_tax_that_makes_their_amounts(
    rate: Decimal, nets: list[Decimal]
) -> None:
    amounts = [rounded(net * rate / 100, CENT) for net in nets]
    lines = [
        line(str(net), str(amount)) for net, amount in zip(nets, amounts, strict=True)
    ]
    found = taxes_of(lines, CENT)

    assert len(set(found)) == 1
    assert found[0]
    for net, amount in zip(nets, amounts, strict=True):
        made = net * found[0].percentage / 100
        assert abs(made - amount) <= CENT / 2 + Decimal("1e-6") * net


@given(
    st.integers(-(10**7), 10**7).map(lambda n: Decimal(n) / 100),
    st.lists(st.integers(1, 10**6).map(Decimal), min_size=1, max_size=8),
)
def test_apportioned_shares_add_up_and_are_within_a_cent(
    amount: Decimal, weights: list[Decimal]
) -> None:
    shares = apportioned(amount, weights, CENT)

    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - amount * weight / sum(weights)) < CENT


def test_the_largest_remainder_gets_the_cent() -> None:
    weights = [Decimal("0.505"), Decimal("0.707")]
    assert apportioned(Decimal("1.21"), weights, CENT) == [
        Decimal("0.50"),
        Decimal("0.71"),
    ]
    assert apportioned(Decimal("-1.21"), weights, CENT) == [
        Decimal("-0.50"),
        Decimal("-0.71"),
    ]
    assert apportioned(Decimal("0.05"), [Decimal(0), Decimal(0)], CENT) == [
        Decimal("0.05"),
        Decimal(0),
    ]
