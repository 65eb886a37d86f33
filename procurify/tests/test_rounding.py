"""Money is rounded as books do it, and split without losing a cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ..arithmetic import allocated, plain, rounded, split
from ..errors import InvalidPayload

CENT = Decimal("0.01")


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.005", "0.01"),
        ("0.015", "0.02"),
        ("0.025", "0.03"),  # half-even would say 0.02
        ("2.345", "2.35"),
        ("2.344999", "2.34"),
        ("-0.005", "-0.01"),
        ("-2.345", "-2.35"),
        ("7", "7.00"),
    ],
)
def test_a_half_is_rounded_away_from_zero(amount: str, expected: str) -> None:
    assert str(rounded(Decimal(amount), CENT)) == expected


@pytest.mark.parametrize(
    ("cent", "expected"), [("1", "3"), ("0.1", "2.5"), ("0.001", "2.500")]
)
def test_what_a_whole_cent_is_depends_on_the_currency(cent: str, expected: str) -> None:
    assert str(rounded(Decimal("2.5"), Decimal(cent))) == expected


def test_an_amount_that_cannot_be_one_is_refused_by_name() -> None:
    with pytest.raises(InvalidPayload) as raised:
        rounded(Decimal("1e300"), CENT)
    assert raised.value.path == "amount"
    assert raised.value.reason == "1.000e+300 is out of range"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("12.50", "12.5"),
        ("12.00", "12"),
        ("100", "100"),
        ("1E+2", "100"),
        ("1.5E+3", "1500"),
        ("0.000", "0"),
        ("-3.10", "-3.1"),
        ("0.0000001", "1E-7"),
    ],
)
def test_a_number_is_written_without_needless_zeros(number: str, expected: str) -> None:
    assert str(plain(Decimal(number))) == expected


def _split(amount: str, *weights: str) -> list[str]:
    parts = split(Decimal(amount), [Decimal(weight) for weight in weights], CENT)
    return [str(part) for part in parts]


def test_the_rounding_goes_to_the_largest_share() -> None:
    assert _split("100.00", "1", "1", "4") == ["16.67", "16.67", "66.66"]
    assert _split("100.00", "4", "1", "1") == ["66.66", "16.67", "16.67"]
    assert _split("0.01", "1", "1", "1") == ["0.01", "0.00", "0.00"]
    # The largest may be a deduction.
    assert _split("10.00", "-7", "2", "2") == ["23.34", "-6.67", "-6.67"]


def test_an_amount_without_weights_is_all_the_first_s() -> None:
    assert _split("9.99", "0", "0", "0") == ["9.99", "0", "0"]
    assert _split("9.99", "5", "-5") == ["9.99", "0"]


def test_what_many_digits_make_is_an_amount() -> None:
    """Quantity × price × percentage, each as long as the specification allows."""
    amount = Decimal("-7.7371234567890123456789e+26")

    assert rounded(amount, Decimal("0.01")) == amount


def test_allocations_of_nothing_move_their_amounts() -> None:
    weights = [Decimal(100), Decimal("-60.005"), Decimal("-39.995")]

    shares = allocated(Decimal(0), weights, CENT)

    assert shares == [Decimal("100.01"), Decimal("-60.01"), Decimal("-40.00")]


def test_allocations_that_add_up_to_something_are_weights() -> None:
    weights = [Decimal(110), Decimal(-55)]

    assert allocated(Decimal(50), weights, CENT) == [Decimal(100), Decimal(-50)]
    assert allocated(Decimal(0), weights, CENT) == [0, 0]


def test_allocations_without_amounts_give_all_to_the_first() -> None:
    assert allocated(Decimal(50), [Decimal(0), Decimal(0)], CENT) == [50, 0]


def test_amount_of_which_allocations_make_nothing_is_refused() -> None:
    with pytest.raises(InvalidPayload) as raised:
        allocated(Decimal(50), [Decimal(100), Decimal(-100)], CENT)
    assert raised.value.path == "allocations"
    assert raised.value.reason == "add up to nothing"
