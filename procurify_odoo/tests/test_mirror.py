"""Master data in the same words for every series, and what of it is read when."""

from __future__ import annotations

from functools import partialmethod
from typing import TYPE_CHECKING, Any

import pytest

from .. import RemoteOdoo, words
from ..dialects import DIALECTS
from ..mirror import changed_rows, changes_of, kinds_of, visible_ids
from .fake import SERIES, WAYS, FakeOdoo, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    Serve = Callable[[str], FakeOdoo]
    Connect = Callable[..., RemoteOdoo]

COMPANY, OTHER = 1, 2


def _account(series: str, code: str, company: int, **values: Any) -> dict[str, Any]:
    """Return an account as a series has it."""
    number = int(series.partition(".")[0])
    row: dict[str, Any] = {
        "code": code,
        "name": f"Account {code}",
        "currency_id": False,
    }
    if number >= 18:
        row["company_ids"] = [company]
    else:
        row["company_id"] = [company, "A company"]
    kind = [15, "Expenses"] if number < 16 else "expense"
    row["user_type_id" if number < 16 else "account_type"] = kind
    row["active" if number >= 19 else "deprecated"] = number >= 19
    return row | values


@pytest.mark.parametrize("series", DIALECTS)
def test_a_series_has_every_column_that_is_read(series: int) -> None:
    fields = recorded("fields")[str(series)]

    for kind in kinds_of(DIALECTS[series]).values():
        missing = [name for name in kind.columns() if name not in fields[kind.model]]
        assert missing == [], kind.name


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_accounts_read_alike_in_every_series(
    way: tuple[str, str], serve: Serve, connect: Connect
) -> None:
    series, protocol = way
    server = serve(series)
    archived = {"active": False} if series == "19.0" else {"deprecated": True}
    for row in (
        _account(series, "6200", COMPANY),
        _account(series, "6300", OTHER),
        _account(series, "6400", COMPANY, **archived),
    ):
        server.add("account.account", **row)
    remote = connect(server, protocol=protocol)
    kind = kinds_of(remote.dialect)["account"]

    [page] = changed_rows(remote, kind, COMPANY)
    assert [(row.code, row.name, row.is_active) for row in page] == [
        ("6200", "Account 6200", True),
        ("6400", "Account 6400", False),
    ]
    assert page[0].values == {"type": "expense", "currency": False, "reconcile": False}
    assert visible_ids(remote, kind, COMPANY) == {1, 3}


@pytest.mark.parametrize("series", SERIES)
def test_all_kinds_are_read_in_their_order_and_parts_last(
    series: str, serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages_of_two = partialmethod(RemoteOdoo.pages, size=2)
    monkeypatch.setattr(RemoteOdoo, "pages", pages_of_two)
    server = serve(series)
    for code in ("6200", "6300", "6400"):
        server.add("account.account", **_account(series, code, COMPANY))
    remote = connect(server)
    kinds = kinds_of(remote.dialect)

    found = [
        (kind.name, [[row.code for row in page] for page in pages])
        for kind, pages in changes_of(remote, kinds.values(), COMPANY, {})
    ]

    assert [name for name, _pages in found] == list(kinds)
    assert dict(found)["account"] == [["6200", "6300"], ["6400"]]
    read = [model for model, method, _a in server.calls if method == "search_read"]
    parts = {kind.model for kind in kinds.values() if kind.is_part}
    assert len(parts) == 2
    first = dict.fromkeys(read)
    assert set(list(first)[-2:]) == parts


@pytest.mark.parametrize("series", SERIES)
def test_a_tax_line_says_its_tax_and_share(
    series: str, serve: Serve, connect: Connect
) -> None:
    server = serve(series)
    is_older = series in ("14.0", "15.0", "16.0")
    owner = (
        {"invoice_tax_id": [7, "VAT"], "refund_tax_id": False}
        if is_older
        else {"tax_id": [7, "VAT"], "document_type": "invoice"}
    )
    server.add(
        "account.tax.repartition.line",
        repartition_type="tax",
        factor_percent=33.33,
        sequence=2,
        use_in_tax_closing=True,
        account_id=[3, "Input VAT"],
        company_id=[COMPANY, "A company"],
        **owner,
    )
    remote = connect(server)
    kind = kinds_of(remote.dialect)["tax_line"]

    [[row]] = changed_rows(remote, kind, COMPANY)
    own = (
        {"invoice_tax_id": 7, "refund_tax_id": False}
        if is_older
        else {"tax_id": 7, "document_type": "invoice"}
    )
    assert row.values == {
        "percent": "33.33",
        "account": 3,
        "sequence": 2,
        "in_closing": True,
        **own,
    }
    assert (row.name, row.is_active) == ("tax", True)


def test_a_later_read_brings_what_was_written_since_and_somewhat_before(
    serve: Serve, connect: Connect
) -> None:
    server = serve("17.0")
    for name, written in (
        ("Long ago", "2026-03-01 09:49:59"),
        ("Committed late", "2026-03-01 09:50:00"),
        ("New", "2026-03-01 10:00:01"),
    ):
        server.add(
            "account.payment.term",
            name=name,
            active=True,
            company_id=False,
            write_date=written,
        )
    remote = connect(server)
    kind = kinds_of(remote.dialect)["payment_term"]

    [page] = changed_rows(remote, kind, COMPANY, since="2026-03-01 10:00:00")
    assert [row.name for row in page] == ["Committed late", "New"]
    assert page[-1].written_at == "2026-03-01 10:00:01"


def test_what_is_read_first_is_not_referred_to_by_what_came_before() -> None:
    order = list(kinds_of(DIALECTS[19]))

    assert order.index("currency") < order.index("account") < order.index("tax_line")
    assert order.index("tax") < order.index("tax_line")


@pytest.mark.parametrize("series", ["16.0", "19.0"])
def test_an_api_user_without_analytic_accounting_has_no_plans(
    series: str, serve: Serve, connect: Connect
) -> None:
    server = serve(series)
    server.add("account.analytic.plan", name="Sites")
    remote = connect(server)
    kind = kinds_of(remote.dialect)["plan"]
    assert visible_ids(remote, kind, COMPANY) == {1}

    server.denied.add(("account.analytic.plan", "read"))
    assert list(changed_rows(remote, kind, COMPANY)) == []
    assert visible_ids(remote, kind, COMPANY) == set()


# === THE WORDS OF ODOO 19 === #


@pytest.mark.parametrize("series", [14, 15])
def test_every_account_type_of_older_series_has_a_word(series: int) -> None:
    fields = recorded("fields")[str(series)]["account.account"]
    for name, internal_type, group, expected in (
        ("Bank and Cash", "liquidity", "asset", "asset_cash"),
        ("Cost of Revenue", "other", "expense", "expense_direct_cost"),
        ("Debtors of ours", "receivable", "asset", "asset_receivable"),
        ("Stock of ours", "other", "asset", "asset_current"),
    ):
        row = {
            "user_type_id": [1, name],
            "internal_type": internal_type,
            "internal_group": group,
        }
        assert words.account_type(row) == {"type": expected}
    for internal_type in fields["internal_type"]["selection"]:
        for group in fields["internal_group"]["selection"]:
            row = {
                "user_type_id": [1, "Of ours"],
                "internal_type": internal_type,
                "internal_group": group,
            }
            assert words.account_type(row)["type"], row


@pytest.mark.parametrize(
    ("series", "line", "due"),
    [
        (
            14,
            {"option": "day_after_invoice_date", "days": 30},
            ("days_after", 30, "10"),
        ),
        (
            15,
            {"option": "after_invoice_month", "days": 5},
            ("days_after_end_of_month", 5, "10"),
        ),
        (
            14,
            {"option": "day_following_month", "days": 15},
            ("days_end_of_month_on_the", 0, "15"),
        ),
        (14, {"option": "day_current_month", "days": 15}, (False, 0, "10")),
        (
            14,
            {"option": "day_after_invoice_date", "days": 30, "day_of_the_month": 5},
            (False, 0, "10"),
        ),
        (16, {"days": 30}, ("days_after", 30, "10")),
        (
            16,
            {"end_month": True, "days_after": 7},
            ("days_after_end_of_month", 7, "10"),
        ),
        (
            16,
            {"end_month": True, "months": 1},
            ("days_after_end_of_next_month", 0, "10"),
        ),
        (16, {"end_month": True, "days": 20}, ("days_end_of_month_on_the", 20, "0")),
        (16, {"months": 1}, (False, 0, "10")),
        (16, {"end_month": True, "months": 3}, (False, 0, "10")),
        (17, {"delay_type": "days_after", "nb_days": 14}, ("days_after", 14, False)),
    ],
)
def test_a_line_of_a_payment_term_is_due_as_its_series_says(
    series: int,
    line: dict[str, Any],
    due: tuple[Any, ...],
    serve: Serve,
    connect: Connect,
) -> None:
    server = serve(f"{series}.0")
    server.add("account.payment.term.line", value="percent", value_amount=40.0, **line)
    remote = connect(server)
    kind = kinds_of(remote.dialect)["payment_term_line"]

    [[row]] = changed_rows(remote, kind, COMPANY)
    delay, days, day = due
    assert (row.name, row.values) == (
        "percent",
        {"amount": "40.0", "delay": delay, "days": days, "day_of_month": day},
    )


@pytest.mark.parametrize("series", [14, 15])
def test_every_option_of_a_term_line_was_thought_of(series: int) -> None:
    fields = recorded("fields")[str(series)]["account.payment.term.line"]

    assert set(fields["option"]["selection"]) == {
        "day_after_invoice_date",
        "after_invoice_month",
        "day_following_month",
        "day_current_month",
    }


@pytest.mark.parametrize("series", SERIES)
def test_a_unit_says_of_what_it_contains_how_much(
    series: str, serve: Serve, connect: Connect
) -> None:
    server = serve(series)
    if series == "19.0":
        server.add("uom.uom", name="kg", relative_factor=1.0, active=True)
        server.add(
            "uom.uom",
            name="Ton",
            relative_factor=1000.0,
            relative_uom_id=[1, "kg"],
            active=True,
        )
    else:
        weight = {"category_id": [4, "Weight"], "active": True}
        server.add("uom.uom", name="kg", uom_type="reference", factor_inv=1.0, **weight)
        server.add(
            "uom.uom", name="Ton", uom_type="bigger", factor_inv=1000.0, **weight
        )
    remote = connect(server)
    kind = kinds_of(remote.dialect)["unit"]

    [page] = changed_rows(remote, kind, COMPANY)
    assert [(row.name, float(row.values["factor"])) for row in page] == [
        ("kg", 1.0),
        ("Ton", 1000.0),
    ]
    assert [row.values["base"] for row in page] == [False, 1]


@pytest.mark.parametrize(
    ("series", "locks", "expected"),
    [
        (
            "14.0",
            {
                "fiscalyear_lock_date": "2025-12-31",
                "period_lock_date": "2026-01-31",
                "tax_lock_date": "2026-02-28",
            },
            ("2026-01-31", "2026-02-28", False),
        ),
        (
            "19.0",
            {
                "fiscalyear_lock_date": "2025-12-31",
                "hard_lock_date": "2026-03-31",
                "purchase_lock_date": "2026-04-30",
            },
            ("2026-03-31", False, "2026-04-30"),
        ),
    ],
)
def test_lock_dates_are_those_of_the_api_user(
    series: str,
    locks: dict[str, str],
    expected: tuple[Any, ...],
    serve: Serve,
    connect: Connect,
) -> None:
    server = serve(series)
    server.company = locks
    remote = connect(server)

    [[row]] = changed_rows(remote, kinds_of(remote.dialect)["company"], COMPANY)
    names = ("locked", "tax_locked", "purchase_locked")
    assert tuple(row.values[name] for name in names) == expected


@pytest.mark.parametrize("series", DIALECTS)
def test_a_branch_has_what_belongs_to_its_parents(series: int) -> None:
    kinds = kinds_of(DIALECTS[series])
    for name in ("account", "tax", "journal", "rate", "payment_term", "partner"):
        [*_any, (_field, operator, ids)] = kinds[name].domain(COMPANY)
        expected = "parent_of" if series >= 17 else "in"
        assert (operator, ids) == (expected, [COMPANY]), name
