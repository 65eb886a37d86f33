"""Orders for each series: what is sent, what is seen, what people changed there."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from procurify_odoo import RemoteOdoo, Version, dialect_of, sending
from procurify_odoo.orders import (
    Changes,
    _kind,
    _rows_of,
    _seen,
    _seen_line,
    as_seen,
    changes_there,
    differences,
    header_values,
    line_values,
    numbers_of,
    read_orders,
    references,
    write_and_read_orders,
)
from procurify_odoo.sending import CannotSay

if TYPE_CHECKING:
    from collections.abc import Callable

    from procurify_odoo.dialects import Dialect

    from .fake import FakeOdoo

NAME = "__import__.procurify_acme_purchase_order_7"
LINE = f"{NAME}_line_9"
IDS = {LINE: 31}


def dialect(series: str) -> Dialect:
    return dialect_of(Version.of(f"{series}.0"))


def line(**values: Any) -> dict[str, Any]:
    return {
        "kind": "",
        "name": "Paper",
        "product": 4,
        "unit": 1,
        "quantity": "10",
        "price": "2.5",
        "discount": "0",
        "planned": "2026-03-10 12:00:00",
        "taxes": [3],
        "analytic": {"8": "100"},
        "received": "0",
        **values,
    }


def order(*, lines: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    return {
        "external_id": NAME,
        "partner": 5,
        "currency": 2,
        "origin": "PO-7 / X-1",
        "date_order": "2026-03-01 12:00:00",
        "term": 6,
        "note": "",
        "rate": "",
        "approved": "",
        "state": "purchase",
        "locked": False,
        "untaxed": "25.00",
        "tax": "0.00",
        "total": "25.00",
        "lines": {LINE: line()} if lines is None else lines,
        **values,
    }


def there(*, lines: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    """Return the order as the remote has it, with other values."""
    seen = as_seen(order(), IDS) | {"rate": "1"} | values
    return seen if lines is None else seen | {"lines": lines}


def changes(
    seen: dict[str, Any],
    image: dict[str, Any] | None = None,
    *,
    takes_all: bool = False,
) -> Changes:
    return changes_there(
        image or order(), there(), seen, IDS, dialect("19"), takes_all=takes_all
    )


@pytest.mark.parametrize("series", ["14", "15", "16", "17", "18", "19"])
def test_a_line_has_the_fields_of_its_series(series: str) -> None:
    values = line_values(line(), dialect(series))

    is_new, has_shares = series == "19", int(series) >= 16
    assert values["tax_ids" if is_new else "taxes_id"] == [3]
    assert values["product_uom_id" if is_new else "product_uom"] == 1
    assert values.get("technical_price_unit") == (Decimal(-1) if is_new else None)
    assert ("discount" in values) == (int(series) >= 17)
    name = "analytic_distribution" if has_shares else "account_analytic_id"
    assert values[name] == ({"8": Decimal(100)} if has_shares else 8)
    note = "note" if is_new else "notes"
    assert header_values(order(note="Fragile"), dialect(series))[note] == "Fragile"


def test_before_16_a_line_has_one_account_and_tags() -> None:
    values = line_values(line(analytic={"8,tag:3,tag:2": "100"}), dialect("14"))
    assert (values["account_analytic_id"], values["analytic_tag_ids"]) == (8, [2, 3])
    none = line_values(line(analytic={}), dialect("14"))
    assert (none["account_analytic_id"], none["analytic_tag_ids"]) == (False, [])
    for shares in ({"8": "60", "9": "40"}, {"8,9": "100"}):
        with pytest.raises(CannotSay):
            line_values(line(analytic=shares), dialect("15"))


def test_account_and_tags_are_read_as_they_were_written() -> None:
    for series, analytic in (
        ("14", {"account_analytic_id": [8, "Made up"], "analytic_tag_ids": [3, 2]}),
        ("19", {"analytic_distribution": {"12,9": 60, "8": Decimal("40.0")}}),
    ):
        own = dialect(series)
        read = {
            "display_type": False,
            "name": "Paper",
            "product_id": [4, "Paper"],
            "product_qty": 10,
            "price_unit": Decimal("2.5"),
            "date_planned": False,
            "qty_received": 0,
            "qty_received_method": "manual",
            "qty_invoiced": 0,
            own.order_taxes: [3],
            own.order_unit: [1, "Unit"],
        }
        seen = _seen_line(read | analytic, own)["analytic"]
        said = {"8,tag:2,tag:3": "100"} if series == "14" else {"9,12": "60", "8": "40"}
        assert seen == said
        written = line_values(line(analytic=said), own)
        assert set(own.analytic_on_order) <= written.keys()
    found = references(order(lines={LINE: line(analytic={"8,tag:3": "100"})}))
    assert found["account.analytic.tag"] == {3}


def test_a_note_has_only_its_text() -> None:
    assert line_values(line(kind="line_note"), dialect("19")) == {
        "display_type": "line_note",
        "name": "Paper",
        "product_qty": 0,
    }


def test_an_order_is_loaded_with_external_ids_and_plain_ids() -> None:
    [row] = _rows_of(order(), dialect("19"))

    assert row["id"] == NAME
    assert row["partner_id/.id"] == "5"
    assert row["fiscal_position_id/.id"] == ""
    assert row["order_line/id"] == LINE
    assert row["order_line/tax_ids/.id"] == "3"
    assert row["order_line/analytic_distribution"] == '{"8": 100.0}'
    assert _rows_of(order(lines={}), dialect("19"))[0]["id"] == NAME


def test_all_that_is_named_must_be_visible() -> None:
    found = references(order())

    assert found["product.product"] == {4}
    assert found["account.analytic.account"] == {8}
    assert found["uom.uom"] == {1}
    assert numbers_of(order()) == {"PO-7 / X-1", "PO-7", "X-1"}


@pytest.mark.parametrize(
    ("values", "state", "locked"),
    [
        ({"state": "done"}, "purchase", True),
        ({"state": "sent"}, "draft", False),
        ({"state": "purchase", "locked": True}, "purchase", True),
    ],
)
def test_states_are_said_as_19_says_them(
    values: dict[str, Any], state: str, locked: bool
) -> None:
    read = {
        "partner_id": [5, "Blank"],
        "currency_id": [2, "CHF"],
        "origin": False,
        "date_order": "2026-03-01 12:00:00",
        "payment_term_id": False,
        "amount_untaxed": Decimal("25.0"),
        "amount_tax": 0,
        "amount_total": Decimal("25.0"),
        "currency_rate": 1,
        **values,
    }
    seen = _seen(read)
    assert (seen["state"], seen["locked"]) == (state, locked)
    assert (seen["partner"], seen["origin"], seen["untaxed"]) == (5, "", "25")


# === COMPARING === #


@pytest.mark.parametrize(
    ("wanted", "found", "name"),
    [
        (order(), there(), None),
        (order(total="25.01"), there(), "total"),
        (order(), there(state="to approve"), None),
        (order(rate="0.9"), there(rate="0.9000000001"), None),
        (order(rate="0.9"), there(rate="0.8"), "rate"),
        (order(), there(lines={"31": line(price="2.6")}), "price"),
        (order(), there(lines={}), "line"),
        (order(), there(lines={"31": line(), "32": line()}), "line"),
        (order(), there(lines={"31": line(received="3")}), "received"),
        (
            order(),
            there(lines={"31": line(received="3", is_received_there=True)}),
            None,
        ),
    ],
)
def test_differences(
    wanted: dict[str, Any], found: dict[str, Any], name: str | None
) -> None:
    names = [each.name for each in differences(wanted, found, IDS, dialect("19"))]
    assert names == ([name] if name else [])


def test_a_price_of_which_digits_are_lost_differs() -> None:
    wanted = order(lines={LINE: line(price="2.504")})
    assert differences(wanted, there(), IDS, dialect("18"))


# === WHAT PEOPLE CHANGED === #


def test_what_only_people_changed_is_taken_over() -> None:
    seen = there(
        partner=9,
        state="cancel",
        lines={"31": line(price="3"), "40": line(name="Freight")},
    )
    found = changes(seen)

    assert found.header == {"partner": 9, "state": "cancel"}
    assert found.lines == {31: {"price": "3"}}
    assert list(found.added) == [40]
    assert not found.conflicts
    assert changes(there(lines={})).removed == [31]


def test_what_only_changed_here_stays() -> None:
    image = order(partner=9, lines={LINE: line(price="3")})
    assert not changes(there(), image)
    assert not changes(there(), order(lines={}))


def test_what_both_changed_is_a_conflict() -> None:
    image = order(lines={LINE: line(quantity="12", price="3")})
    found = changes(there(lines={"31": line(quantity="11", price="3")}), image)

    assert [(d.name, d.wanted, d.found) for d in found.conflicts] == [
        ("quantity", "12", "11")
    ]
    assert not found
    gone = changes(there(lines={}), image)
    assert [d.name for d in gone.conflicts] == ["line"]
    kept = changes(there(lines={"31": line(quantity="11")}), order(lines={}))
    assert [d.name for d in kept.conflicts] == ["line"]


def test_who_keeps_the_remotes_version_takes_all_of_it() -> None:
    image = order(lines={LINE: line(quantity="12")})
    seen = there(lines={"31": line(quantity="11")})
    found = changes(seen, image, takes_all=True)

    assert found.lines == {31: {"quantity": "11"}}
    assert not found.conflicts


def test_what_inventory_receives_there_is_always_taken_over() -> None:
    image = order(lines={LINE: line(received="5")})
    seen = there(lines={"31": line(received="3", is_received_there=True)})
    assert changes(seen, image).lines == {31: {"received": "3"}}


def test_an_approval_that_is_asked_for_changes_nothing() -> None:
    assert not changes(there(state="to approve"), order(state="draft")).header


STAMP, LATER = "2026-03-01 10:00:00", "2026-03-02 10:00:00"


def two_orders(server: FakeOdoo) -> list[int]:
    """Let a remote have two orders of one line each."""
    kind = _kind(dialect_of(Version.of(server.series)))
    stamps = dict.fromkeys(("create_date", "write_date"), STAMP)
    ids = []
    for origin in ("PO-7", "PO-8"):
        header = dict.fromkeys(kind.names, False) | stamps
        values: dict[str, Any] = {"origin": origin, "state": "draft"}
        values |= {"currency_rate": 1.0}
        values |= {"partner_id": [5, "Blank"], "currency_id": [2, "CHF"]}
        id_ = server.add(kind.model, **header | values)
        row: dict[str, Any] = {
            name: [] if name in ("taxes_id", "tax_ids", "analytic_tag_ids") else False
            for name in kind.line_names
        }
        owner = [id_, f"P0000{id_}"]
        server.add(
            kind.line_model, **row | stamps | {"order_id": owner, "name": origin}
        )
        ids.append(id_)
    return ids


@pytest.mark.parametrize(("series", "calls"), [("14.0", 4), ("19.0", 1)])
def test_what_changed_since_is_read_with_its_lines(
    series: str,
    calls: int,
    serve: Callable[[str], FakeOdoo],
    connect: Callable[..., RemoteOdoo],
) -> None:
    server = serve(series)
    ids = two_orders(server)
    remote = connect(server)
    remote.authenticate()
    everything = read_orders(remote, ids, {})
    assert [facts.newest for facts in everything.values()] == [STAMP, STAMP]
    assert [len(facts.seen["lines"]) for facts in everything.values()] == [1, 1]

    # In Odoo 14, this does not move the time of the order.
    server.rows["purchase.order.line"][1]["write_date"] = LATER
    server.calls.clear()
    [facts] = read_orders(remote, ids, {}, LATER).values()

    assert (facts.id, facts.newest, facts.written_at) == (ids[1], LATER, STAMP)
    assert facts.seen["partner"] == 5
    assert [each["name"] for each in facts.seen["lines"].values()] == ["PO-8"]
    assert len(server.calls) == calls
    assert read_orders(remote, ids, {}, "2026-04-01 10:00:00") == {}


def test_many_orders_are_read_in_several_calls(
    serve: Callable[[str], FakeOdoo],
    connect: Callable[..., RemoteOdoo],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "WITH_LINES", 1)
    server = serve("19.0")
    ids = two_orders(server)

    assert list(read_orders(connect(server), ids, {})) == ids
    assert len(server.calls) == len(ids) + 1


def test_values_of_each_order_are_written_in_the_call_that_reads_them(
    serve: Callable[[str], FakeOdoo], connect: Callable[..., RemoteOdoo]
) -> None:
    server = serve("19.0")
    ids = two_orders(server)
    remote = connect(server)
    values: dict[int, dict[str, Any]] = {
        ids[0]: {"locked": True},
        ids[1]: {"currency_rate": Decimal("1.25")},
    }

    facts = write_and_read_orders(remote, values, {})

    assert [facts[id_].seen["locked"] for id_ in ids] == [True, False]
    assert [facts[id_].seen["rate"] for id_ in ids] == ["1", "1.25"]
    assert [method for _model, method, _arguments in server.calls] == ["web_save_multi"]
