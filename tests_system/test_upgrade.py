"""A database of the previous version is upgraded: same books, and the work goes on."""

from contextlib import closing
from typing import Any

from devtools import databases
from devtools.elsewhere import previous
from devtools.odoo import Odoo
from devtools.paths import ADDON

from .books import Query, read_books
from .conftest import Procurify, set_up
from .site import Site

_VERSION = f"SELECT latest_version FROM ir_module_module WHERE name = '{ADDON}'"
_STAGED = "SELECT count(*) FROM procurify_record"
_VERSIONS = "SELECT count(*) FROM procurify_version"
#: The chain of the audit, in its order; what is appended later follows.
_AUDIT = "SELECT id, event, user_ref FROM procurify_audit ORDER BY id"

#: What an accountant has, without a word of the addon's own tables.
_LEDGER = """
    SELECT m.ref, m.state, m.amount_total, l.balance, l.name
      FROM account_move m JOIN account_move_line l ON l.move_id = m.id
     ORDER BY l.id
"""
_ORDERED = "SELECT order_id, name, product_qty, price_unit FROM purchase_order_line"
_PARTNERS = "SELECT id, name, active FROM res_partner ORDER BY id"
_KEPT = (_LEDGER, f"{_ORDERED} ORDER BY id", _PARTNERS)
_WRITTEN_ORDERS = """
    SELECT name FROM purchase_order
     WHERE write_date > %s AND procurify_paid_by_card IS NOT TRUE
"""
#: Tables and columns that 19.0.1.1.0 calls otherwise.
_FORMER_NAMES = {
    "procurify_record_issue_rel": "procurify_record_cause_rel",
    "procurify_issue": "procurify_cause",
    "issue_id": "cause_id",
}
_LEFT = """
    SELECT tablename FROM pg_tables WHERE tablename LIKE 'procurify%'
     UNION SELECT proname FROM pg_proc WHERE proname LIKE 'procurify%'
"""


def _but_orders(traces: dict[str, Any]) -> dict[str, Any]:
    return {
        table: trace
        for table, trace in traces.items()
        if not table.startswith("purchase_order")
    }


def _traces_at_rest(site: Site) -> dict[str, Any]:
    """Wait until nothing is written: jobs may write on orders after the last bill."""
    seen: list[dict[str, Any]] = []

    def look() -> dict[str, Any] | None:
        seen.append(site.traces())
        return seen[-1] if seen[-2:-1] == seen[-1:] else None

    return site.wait_for(look, "rows are still written", every_s=2.0)


def test_upgrade_from_the_previous_version_leaves_the_books_alone(
    odoo: Odoo, procurify: Procurify
) -> None:
    former = previous(odoo)
    name = databases.database_name("system_upgraded")
    databases.duplicate(former, databases.template(odoo), name)
    databases.install(former, name)
    set_up(former, name, procurify)
    with closing(Site(former, name)) as site:
        site.synchronise(site.start())
        traces = _traces_at_rest(site)
        books = read_books(_with_former_names(site))
        staged, versions = site.value(_STAGED), site.value(_VERSIONS)
        audit, version = site.rows(_AUDIT), site.value(_VERSION)
    assert books.bills
    assert books.orders
    assert books.states("bill")["quarantined"]

    databases.update(odoo, name)

    with closing(Site(odoo, name)) as site:
        assert site.value(_VERSION) > version
        assert site.books().differences(books) == []
        # Orders that a card paid for get their mark, and no other row is written.
        assert _but_orders(site.traces()) == _but_orders(traces)
        assert site.rows(_WRITTEN_ORDERS, traces["purchase_order"][1]) == []
        traces = site.traces()
        assert site.rows(_AUDIT)[: len(audit)] == audit
        site.synchronise(site.start())
        assert site.books().differences(books) == []
        assert site.traces() == traces
        assert (site.value(_STAGED), site.value(_VERSIONS)) == (staged, versions)


def test_an_uninstalled_addon_leaves_everything_that_was_booked(
    odoo: Odoo, site: Site
) -> None:
    server = site.start()
    site.synchronise(server)
    server.kill()
    kept = [site.rows(statement) for statement in _KEPT]
    assert all(kept)

    databases.uninstall(odoo, site.database)

    assert site.rows(_LEFT) == []
    assert [site.rows(statement) for statement in _KEPT] == kept


def _with_former_names(site: Site) -> Query:
    """Return what asks the database of the previous version."""

    def rows(statement: str) -> list[tuple[object, ...]]:
        for name, former in _FORMER_NAMES.items():
            statement = statement.replace(name, former)
        return site.rows(statement)

    return rows
