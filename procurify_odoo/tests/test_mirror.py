"""Master data in the same words for every series, and what of it is read when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ..dialects import DIALECTS
from ..mirror import changed_rows, kinds_of, visible_ids
from .fake import SERIES, WAYS, FakeOdoo, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    from .. import RemoteOdoo

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
    kind_of_account = 15 if series in ("14.0", "15.0") else "expense"
    assert page[0].values == {"type": kind_of_account, "currency": False}
    assert visible_ids(remote, kind, COMPANY) == {1, 3}


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
    assert row.values == {"percent": "33.33", "account": 3, **own}
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
