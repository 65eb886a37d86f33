"""Bills for each series: what is sent, what is read back, who is guilty."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from procurify_odoo import RefusedRow, RefusedValues, RowsRefused, Version, dialect_of
from procurify_odoo.bills import (
    MODEL,
    Facts,
    _rows_of,
    differences,
    entered_there,
    header_values,
    item_values,
    references,
    sent_items,
)
from procurify_odoo.sending import (
    CannotSay,
    Outcome,
    call_apart,
    external_ids,
    load_apart,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from procurify_odoo import RemoteOdoo

    from .fake import FakeOdoo

NAME = "__import__.procurify_acme_bill_7"


def item(kind: str = "product", **values: Any) -> dict[str, Any]:
    return {
        "external_id": f"{NAME}_{kind}",
        "kind": kind,
        "name": "Paper",
        "account": 11,
        "quantity": "2",
        "price": "50",
        "taxes": [],
        "order_line": 0,
        "analytic": {},
        "tax_data": None,
        "tax": 0,
        "tax_part": 0,
        "base": "0.00",
        "amount": "100.00",
        "balance": "100.00",
        "due": "",
        **values,
    }


def bill(**values: Any) -> dict[str, Any]:
    """Return a bill of 100.00 with a tax of 15.01."""
    amounts = {"manual_tax_amounts": {"4": {"tax_amount_currency": 15.01}}}
    return {
        "external_id": NAME,
        "type": "in_invoice",
        "partner": 5,
        "journal": 3,
        "currency": 2,
        "ref": "A-1",
        "invoice_date": "2026-03-01",
        "date": "2026-03-02",
        "due": "2026-03-31",
        "term": 0,
        "rate": "0.8",
        "origin": "",
        "note": "",
        "reverses": 0,
        "untaxed": "100.00",
        "tax": "15.01",
        "total": "115.01",
        "company_total": "-115.01",
        "items": [
            item(taxes=[4], tax_data=amounts, analytic={"7,9": "100"}),
            item(
                "tax",
                account=12,
                tax=4,
                tax_part=41,
                base="100.00",
                quantity="0",
                price="0",
                amount="15.01",
                balance="15.01",
            ),
            item(
                "payment_term",
                account=13,
                amount="-115.01",
                balance="-115.01",
                due="2026-03-31",
            ),
        ],
        **values,
    }


def dialect(series: int) -> Any:
    return dialect_of(Version(f"{series}.0", series))


def test_odoo_19_is_sent_the_lines_with_their_taxes() -> None:
    [row] = _rows_of(bill(), dialect(19))
    assert row["id"] == NAME
    assert row["invoice_line_ids/id"] == f"{NAME}_product"
    assert row["invoice_line_ids/tax_ids/.id"] == "4"
    assert row["invoice_line_ids/extra_tax_data"] == (
        '{"manual_tax_amounts": {"4": {"tax_amount_currency": 15.01}}}'
    )
    assert row["invoice_line_ids/analytic_distribution"] == '{"7,9": 100.0}'
    assert row["invoice_currency_rate"] == Decimal("0.8")
    assert (row["partner_id/.id"], row["journal_id/.id"]) == ("5", "3")


@pytest.mark.parametrize("series", [16, 17, 18])
def test_from_16_on_all_items_are_sent_with_balance_and_kind(series: int) -> None:
    rows = _rows_of(bill(), dialect(series))
    assert [row["line_ids/display_type"] for row in rows] == [
        *("product", "tax", "payment_term")
    ]
    assert [row["line_ids/balance"] for row in rows] == [
        *(Decimal("100.00"), Decimal("15.01"), Decimal("-115.01"))
    ]
    assert rows[1]["line_ids/tax_repartition_line_id/.id"] == "41"
    assert rows[2]["line_ids/date_maturity"] == "2026-03-31"
    assert not any("invoice_currency_rate" in row for row in rows)
    assert "id" in rows[0]
    assert "id" not in rows[1]


@pytest.mark.parametrize("series", [14, 15])
def test_before_16_items_have_debit_and_credit(series: int) -> None:
    plain = bill(items=[item(analytic={"7": "100"}), *bill()["items"][1:]])
    rows = _rows_of(plain, dialect(series))
    assert [row["line_ids/debit"] for row in rows] == [
        *(Decimal("100.00"), Decimal("15.01"), 0)
    ]
    assert [row["line_ids/credit"] for row in rows] == [0, 0, Decimal("115.01")]
    assert [row["line_ids/exclude_from_invoice_tab"] for row in rows] == [
        *(False, True, True)
    ]
    assert rows[0]["line_ids/analytic_account_id/.id"] == "7"


def test_what_a_version_cannot_say_of_plans_is_refused_or_said_apart() -> None:
    for shares in ({"7,8": "100"}, {"7": "60"}, {"7": "60", "8": "60"}):
        split = bill(items=[item(analytic=shares)])
        for series in (14, 15):
            [sent] = sent_items(split, dialect(series))
            with pytest.raises(CannotSay):
                item_values(sent, split, dialect(series))
    for said in ({"7,tag:3": "100"}, {"7": "100", "tag:3": "100"}):
        tagged = item(analytic=said)
        values = item_values(tagged, bill(items=[tagged]), dialect(14))
        assert values["analytic_account_id"] == 7
        assert values["analytic_tag_ids"] == [3]
        assert references(bill(items=[tagged]), dialect(14)) | {
            "account.analytic.account": {7},
            "account.analytic.tag": {3},
        } == references(bill(items=[tagged]), dialect(14))
    joined = item(analytic={"7,9": "100"})
    assert item_values(joined, bill(), dialect(16))["analytic_distribution"] == {
        "7": Decimal(100),
        "9": Decimal(100),
    }
    assert item_values(joined, bill(), dialect(17))["analytic_distribution"] == {
        "7,9": Decimal(100)
    }


@pytest.mark.parametrize(
    ("kind", "sign", "amount", "quantity", "expected"),
    [
        ("in_invoice", 1, "100.00", "2", [("1.20", "50"), ("0.80", "50")]),
        ("in_refund", -1, "100.00", "2", [("1.20", "50"), ("0.80", "50")]),
        ("in_invoice", 1, "100.01", "2", [("1", "60.01"), ("0.80", "50")]),
        ("in_refund", -1, "0.01", "1", [("1", "0.01"), ("1", "0.00")]),
    ],
)
def test_odoo_14_has_a_line_for_each_share(
    kind: str, sign: int, amount: str, quantity: str, expected: list[tuple[str, str]]
) -> None:
    signed = str(sign * Decimal(amount))
    shares = {"7,tag:3": "60", "8": "40"}
    split = item(quantity=quantity, amount=signed, balance=signed, analytic=shares)
    lines = sent_items(bill(type=kind, items=[split]), dialect(14))
    assert sum(Decimal(line["balance"]) for line in lines) == Decimal(signed)
    assert [(line["quantity"], line["price"]) for line in lines] == expected
    assert [line["analytic"] for line in lines] == [{"7,tag:3": "100"}, {"8": "100"}]
    assert len({line["external_id"] for line in lines}) == 2
    assert sent_items(bill(items=[split]), dialect(16)) == [split]


def test_shares_of_an_orders_line_bill_its_whole_quantity() -> None:
    split = item(
        quantity="1",
        amount="100.00",
        balance="100.00",
        order_line=31,
        analytic={"7": "33.33", "8": "33.33", "9": "33.34"},
    )
    lines = sent_items(bill(items=[split]), dialect(14))
    assert [line["quantity"] for line in lines] == ["0.33", "0.33", "0.34"]
    assert sum(Decimal(line["balance"]) for line in lines) == 100


def test_a_term_and_a_due_date_are_not_sent_together() -> None:
    assert header_values(bill(), dialect(19))["invoice_date_due"] == "2026-03-31"
    with_term = header_values(bill(term=6), dialect(19))
    assert with_term["invoice_payment_term_id"] == 6
    assert "invoice_date_due" not in with_term


def test_everything_that_is_named_is_looked_for() -> None:
    assert references(bill(), dialect(19)) == {
        "res.partner": {5},
        "account.journal": {3},
        "res.currency": {2},
        "account.account": {11},
        "account.tax": {4},
        "account.analytic.account": {7, 9},
    }
    assert references(bill(), dialect(17))["account.account"] == {11, 12, 13}


# === REFUSED ROWS === #


class Loader:
    """Refuses some places, as ``load`` does."""

    def __init__(self, bad: set[int], *, names_rows: bool = True) -> None:
        self.bad, self.names_rows, self.calls = bad, names_rows, 0

    def load(self, places: list[int]) -> list[int]:
        self.calls += 1
        guilty = [n for n, place in enumerate(places) if place in self.bad]
        if not guilty:
            return [100 + place for place in places]
        if not self.names_rows:
            raise RefusedValues("no")
        # Odoo says the first message once more, of the first row.
        rows = [RefusedRow(2 * n, "", f"bad {places[n]}") for n in guilty]
        raise RowsRefused((RefusedRow(0, "", rows[0].message), *rows))

    def starts(self, places: list[int]) -> list[int]:
        return [2 * n for n, _place in enumerate(places)]


@pytest.mark.parametrize("bad", [{3}, {0}, {0, 4}, {1, 2, 3}, set(), set(range(5))])
@pytest.mark.parametrize("names_rows", [True, False])
def test_refused_bills_do_not_stop_the_others(bad: set[int], names_rows: bool) -> None:
    outcome, loader = Outcome(), Loader(bad, names_rows=names_rows)
    load_apart(list(range(5)), loader.load, loader.starts, outcome)
    assert outcome.ids == {n: 100 + n for n in range(5) if n not in bad}
    assert set(outcome.refused) == bad
    if names_rows:
        assert outcome.refused == {n: f"bad {n}" for n in bad}
        assert loader.calls <= 3


# === COMPARING === #


def facts(**changes: Any) -> Facts:
    values = {
        "move_type": "in_invoice",
        "partner_id": [5, "Acme"],
        "journal_id": [3, "Bills"],
        "currency_id": [2, "EUR"],
        "ref": "A-1",
        "invoice_date": "2026-03-01",
        "date": "2026-03-02",
        "amount_untaxed": Decimal("100.0"),
        "amount_tax": Decimal("15.01"),
        "amount_total": Decimal("115.01"),
        "amount_total_signed": Decimal("-115.01"),
        "write_date": "2026-03-02 10:00:00",
    }
    items: dict[tuple[Any, ...], Decimal] = {
        ("product", 11, (4,), (("7,9", Decimal(100)),)): Decimal("100.0"),
        ("tax", 12, 4, ()): Decimal("15.01"),
        ("payment_term",): Decimal("-115.01"),
    }
    items |= changes.pop("items", {})
    return Facts(1, {**values, **changes}, items)


def test_what_is_there_as_it_was_sent_does_not_differ() -> None:
    assert differences(bill(), facts(), dialect(19)) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"amount_tax": Decimal("15.00")}, ["tax"]),
        ({"amount_total_signed": Decimal("-127.78")}, ["company_total"]),
        ({"journal_id": [9, "Miscellaneous"]}, ["journal"]),
        ({"date": "2026-04-01"}, ["date"]),
        ({"partner_id": False}, ["partner"]),
        ({"items": {("tax", 12, 4, ()): Decimal("15.00")}}, ["item"]),
        ({"items": {("rounding", 8, (), ()): Decimal("0.01")}}, ["item"]),
    ],
)
def test_each_difference_is_named(changes: dict[str, Any], named: list[str]) -> None:
    found = differences(bill(), facts(**changes), dialect(19))
    assert [difference.name for difference in found] == named


def test_a_right_that_is_missing_for_one_bill_is_its_refusal(
    serve: Callable[[str], FakeOdoo], connect: Callable[..., RemoteOdoo]
) -> None:
    server = serve("19.0")
    denied = "missing right: read a model (user without accounting)"
    server.faults["account.move.button_draft"] = [denied, denied]

    refused = call_apart(connect(server), MODEL, "button_draft", [7, 8], {})

    assert list(refused) == [7]


def test_hidden_bills_have_their_external_id_and_deleted_ones_none(
    serve: Callable[[str], FakeOdoo], connect: Callable[..., RemoteOdoo]
) -> None:
    server = serve("19.0")
    number = server.add("account.move", ref="A-1")
    server.name_row(NAME, "account.move", number)
    server.hidden.add(("account.move", number))

    assert external_ids(connect(server), MODEL, [number, 9]) == {number: NAME, 9: ""}


def test_bills_of_the_same_vendor_and_number_are_found_unless_cancelled(
    serve: Callable[[str], FakeOdoo], connect: Callable[..., RemoteOdoo]
) -> None:
    server = serve("19.0")
    rows = [
        {"ref": "A-1", "state": "posted", "partner_id": [5, "Blank"]},
        {"ref": "A-1", "state": "cancel", "partner_id": [5, "Blank"]},
        {"ref": "A-1", "state": "draft", "partner_id": [6, "Other"]},
        {"ref": "A-2", "state": "draft", "partner_id": [5, "Blank"]},
    ]
    ids = [
        server.add("account.move", move_type="in_invoice", name="B", **row)
        for row in rows
    ]

    found = entered_there(connect(server), [bill(), bill(ref="")], {})

    assert [row["id"] for row in found] == ids[:1]
    assert entered_there(connect(server), [bill(ref="")], {}) == []
