"""Two versions of an object, and what they say differently."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ..differences import Difference, differences

BOLTS = {"id": 1, "name": "Bolts", "unit_cost": "12.50"}
NUTS = {"id": 2, "name": "Nuts", "unit_cost": "3.00"}
BILL: dict[str, object] = {
    "id": 9,
    "total_cost": Decimal("120.00"),
    "vendor": {"id": 5, "name": "Deerfield Castings"},
    "items": [BOLTS, NUTS],
}


def _changed(**changes: object) -> dict[str, object]:
    return BILL | changes


def test_field_is_shown_with_both_values() -> None:
    assert differences(BILL, _changed(total_cost=Decimal("100.00"))) == [
        Difference("", "Total cost", "120.00", "100.00")
    ]


def test_line_is_known_by_its_id_wherever_it_stands() -> None:
    after = _changed(items=[NUTS, BOLTS | {"unit_cost": "13.00"}])
    assert differences(BILL, after) == [
        Difference("Items › Bolts", "Unit cost", "12.50", "13.00")
    ]


def test_added_and_removed_lines_are_shown_by_name() -> None:
    after = _changed(items=[BOLTS, {"id": 3, "name": "Washers"}])
    assert differences(BILL, after) == [
        Difference("Items", "Nuts", "Nuts", ""),
        Difference("Items", "Washers", "", "Washers"),
    ]


def test_other_digits_of_the_same_number_are_no_difference() -> None:
    assert differences({"a": Decimal("1.50")}, {"a": "1.5"}) == []
    assert differences({"a": None}, {"a": ""}) == []
    assert differences({"a": 1}, {"a": True}) != []
    assert differences({"a": None}, {"a": False}) != []


def test_lines_without_id_are_compared_in_their_order() -> None:
    assert differences({"tags": ["a", "b"]}, {"tags": ["a", "c", "d"]}) == [
        Difference("Tags", "c", "b", "c"),
        Difference("Tags", "d", "", "d"),
    ]


def test_part_without_a_name_is_called_after_what_it_is_for() -> None:
    share = {"id": 7, "budget": {"id": 1, "account_code": {"code": "6200"}}}
    before, after = ({"shares": [share | {"amount": n}]} for n in (1, 2))
    assert differences(before, after) == [
        Difference("Shares › 6200", "Amount", "1", "2")
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_nothing_differs_from_itself(value: object) -> None:
    assert differences(value, value) == []


@given(JSON, JSON)
def test_any_two_values_can_be_compared(before: object, after: object) -> None:
    for row in differences(before, after):
        assert "\n" not in row.before + row.after
