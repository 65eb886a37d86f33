"""A hub, the real Odoo in which it books, and what their books say of each other."""

import os
import re
from collections import Counter
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from devtools import databases
from devtools.odoo import Odoo
from devtools.paths import ROOT

from .shell import OpenShell
from .site import Server, Site
from .slow_line import SlowLine

#: Of a round trip between hub and remote, e.g. ``PROCURIFY_HUB_LATENCY_MS=200``.
LATENCY_S = float(os.environ.get("PROCURIFY_HUB_LATENCY_MS", "0")) / 1000
_CALL = re.compile(r'"POST (?:/json/2/([a-z.]+)/(\w+)|/(jsonrpc)) HTTP')
_HEADS = """
    SELECT {id}, m.move_type, m.state, p.name, m.ref, m.date, m.invoice_date,
           m.invoice_date_due, c.name, {rate}, j.code, m.amount_untaxed, m.amount_tax,
           m.amount_total, m.amount_total_signed
      FROM account_move m {join}
      JOIN res_partner p ON p.id = m.partner_id
      JOIN res_currency c ON c.id = m.currency_id
      JOIN account_journal j ON j.id = m.journal_id
"""
#: The last column of a line is read by ``_places``.
_LINES = """
    SELECT {id}, {kind}, {account}, l.name, {numbers}, l.balance, l.amount_currency,
           (SELECT array_agg({tax} ORDER BY {tax})
              FROM account_move_line_account_tax_rel r
              JOIN account_tax t ON t.id = r.account_tax_id
             WHERE r.account_move_line_id = l.id),
           {places}
      FROM account_move_line l JOIN account_move m ON m.id = l.move_id {join}
      LEFT JOIN account_account a ON a.id = l.account_id
     WHERE {is_seen}
"""
_DISPATCHED = """
    JOIN procurify_dispatch d ON d.res_id = m.id AND d.res_model = 'account.move'
     AND d.remote_id > 0
"""
_ORDERS = """
    SELECT {id}, {state}, {is_locked}, p.name, o.origin, c.name, o.date_order,
           o.date_approve, {term}, round(o.currency_rate::numeric, 6),
           o.amount_untaxed, o.amount_tax, o.amount_total
      FROM purchase_order o {join}
      JOIN res_partner p ON p.id = o.partner_id
      JOIN res_currency c ON c.id = o.currency_id
      LEFT JOIN account_payment_term t ON t.id = o.payment_term_id
"""
#: The last three columns of a line are its text, taxes and analytic accounts.
_ORDER_LINES = """
    SELECT {id}, l.display_type, {product}, {unit}, round(l.product_qty::numeric, 6),
           round(l.price_unit::numeric, 6), {discount}, l.date_planned,
           round(l.qty_received::numeric, 6), round(l.qty_invoiced::numeric, 6),
           l.price_total, l.name,
           (SELECT array_agg({tax} ORDER BY {tax})
              FROM account_tax_purchase_order_line_rel r
              JOIN account_tax t ON t.id = r.account_tax_id
             WHERE r.purchase_order_line_id = l.id), {order_places}
      FROM purchase_order_line l {join}
      LEFT JOIN product_product v ON v.id = l.product_id
      LEFT JOIN product_template m ON m.id = v.product_tmpl_id
      LEFT JOIN uom_uom u ON u.id = {unit_id}
"""
_DISPATCHED_ORDERS = """
    JOIN procurify_dispatch d ON d.res_id = {id} AND d.remote_id > 0
     AND d.res_model = 'purchase.order'
"""
_SENT_ORDER = """
    SELECT d.remote_id FROM procurify_dispatch d JOIN procurify_record r
        ON r.id = d.record_id AND r.res_id = d.res_id AND r.res_model = d.res_model
     WHERE r.resource = 'purchase_order' AND r.external_id = %s
"""
_ORDER_STATE = """
    SELECT id, {state}, {is_locked}, amount_untaxed FROM purchase_order o
     WHERE id = %s
"""
_FIRST_LINE = """
    SELECT name, product_qty FROM purchase_order_line WHERE order_id = %s
     ORDER BY id LIMIT 1
"""
_ORDERS_HELD = """
    SELECT r.external_id, array_agg(i.code) FROM procurify_record r
      JOIN procurify_record_issue_rel l ON l.record_id = r.id
      JOIN procurify_issue i ON i.id = l.issue_id
     WHERE r.resource = 'purchase_order' AND r.external_id = ANY(%s) GROUP BY 1
"""
_OWN_RATE = "round(m.invoice_currency_rate::numeric, 6)"


@dataclass(frozen=True)
class Series:
    """How the database of a series says what is compared.

    :param digits: of prices and quantities; None: any number
    :param has_one_place: whether a line has one analytic account at most
    """

    rate: str = _OWN_RATE
    kind: str = "l.display_type"
    account: str = "a.code_store->>m.company_id::text"
    tax: str = "t.name->>'en_US'"
    places: str = "l.analytic_distribution"
    is_seen: str = "l.display_type != 'payment_term'"
    digits: int | None = None
    has_one_place: bool = False
    names: str = "SELECT id, name->>'en_US' FROM account_analytic_account"
    lock: str = "button_lock"
    state: str = "o.state"
    is_locked: str = "coalesce(o.locked, false)"
    term: str = "t.name->>'en_US'"
    product: str = "m.name->>'en_US'"
    unit: str = "u.name->>'en_US'"
    unit_id: str = "l.product_uom_id"
    discount: str = "coalesce(l.discount, 0)::float"
    order_places: str = "l.analytic_distribution"

    def heads(self, id_: str, join: str, rate: str) -> str:
        """Return the query of the bills.

        :param rate: what is compared as their rate of exchange
        """
        return _HEADS.format(id=id_, join=join, rate=rate)

    def lines(self, id_: str, join: str, digits: int | None) -> str:
        """Return the query of their journal items.

        :param digits: to how many prices and quantities are rounded
        """
        numbers = "l.quantity::numeric, l.price_unit::numeric"
        if digits is not None:
            numbers = ", ".join(
                f"round({each}, {digits})" for each in numbers.split(", ")
            )
        return _LINES.format(
            id=id_,
            join=join,
            numbers=numbers,
            **{
                name: getattr(self, name)
                for name in ("kind", "account", "tax", "places", "is_seen")
            },
        )


_PLACES_14 = """
    (SELECT array_agg(name) FROM (
        SELECT name FROM account_analytic_account WHERE id = l.{account}
         UNION ALL
        SELECT g.name FROM {table} r
          JOIN account_analytic_tag g ON g.id = r.account_analytic_tag_id
         WHERE r.{line} = l.id) places)
"""
SERIES = {
    "odoo19": Series(),
    "odoo14": Series(
        rate="NULL",
        kind="CASE WHEN l.tax_line_id IS NOT NULL THEN 'tax' "
        "ELSE coalesce(l.display_type, 'product') END",
        account="a.code",
        tax="t.name",
        # An account has no more than one plan there: its name, and those of its tags.
        places=_PLACES_14.format(
            account="analytic_account_id",
            table="account_analytic_tag_account_move_line_rel",
            line="account_move_line_id",
        ),
        is_seen="(l.tax_line_id IS NOT NULL OR NOT l.exclude_from_invoice_tab)",
        digits=2,
        has_one_place=True,
        names="SELECT id, name FROM account_analytic_account",
        lock="button_done",
        state="CASE o.state WHEN 'done' THEN 'purchase' ELSE o.state END",
        is_locked="o.state = 'done'",
        term="t.name",
        product="m.name",
        unit="u.name",
        unit_id="l.product_uom",
        discount="0::float",
        order_places=_PLACES_14.format(
            account="account_analytic_id",
            table="account_analytic_tag_purchase_order_line_rel",
            line="purchase_order_line_id",
        ),
    ),
}


class Hub:
    """A hub's database, and the server of the remote Odoo."""

    def __init__(
        self,
        odoo: Odoo,
        site: Site,
        remote: Site,
        key: str,
        version: str = "odoo19",
    ):
        self.odoo = odoo
        self.site = site
        self.remote = remote
        self.version = version
        self._read_from = 0
        self._server: Server | None = None
        self._hub_server: Server | None = None
        self._shell: OpenShell | None = None
        self._address = self.start_remote()
        self.line: SlowLine | None = None
        self._copies: set[str] = set()
        self.access = {
            "address": self._address,
            "database": remote.database,
            "key": key,
        }
        if LATENCY_S:
            self.put_far_away(LATENCY_S)

    def put_far_away(self, latency_s: float) -> SlowLine:
        """Let a line with a latency lead to the remote; it is not connected yet."""
        if self.line:
            self.line.close()
        self.line = SlowLine(self._address, latency_s)
        self.access["address"] = self.line.address
        return self.line

    def start_remote(self) -> str:
        """Start the remote's server, the same one if it is not the first time.

        :returns: its address
        """
        port = int(self._server.address.rpartition(":")[2]) if self._server else 0
        self._server = self.remote.start(port=port)
        return self._server.address

    def kill_remote(self) -> None:
        """Kill the remote's server with SIGKILL."""
        assert self._server
        self._server.kill()

    def start_hub(self) -> Server:
        """Start the hub's server, with its scheduled actions in a worker process."""
        self._hub_server = self.site.start("--workers", 1, "--no-http")
        return self._hub_server

    def stop_hub(self) -> None:
        """Stop the hub's server, if it runs."""
        if self._hub_server:
            self._hub_server.kill()

    def back_up_both(self) -> str:
        """Copy the databases of the hub and of the remote.

        :returns: what :meth:`restore_both` needs
        """
        for site in (self.site, self.remote):
            self._copy_of(site, site.database, f"{site.database}_old")
        self.start_remote()
        return "_old"

    def restore_both(self, suffix: str) -> None:
        """Put the copies in the place of both databases."""
        for site in (self.site, self.remote):
            self._copy_of(site, f"{site.database}{suffix}", site.database)
        self.start_remote()

    def _copy_of(self, site: Site, source: str, name: str) -> None:
        if site is self.remote:
            self.kill_remote()
        else:
            self._end_shell()
        self._copies |= {name} - {site.database}
        site.disconnect()
        databases.duplicate(site.odoo, source, name)
        site.connect()

    def back_up(self, name: str) -> None:
        """Copy the remote's database."""
        self._copy(self.remote.database, name)

    def restore(self, name: str) -> None:
        """Put a copy of the remote's database in its place."""
        self._copy(name, self.remote.database)

    def _copy(self, source: str, name: str) -> None:
        self._copy_of(self.remote, source, name)
        self.start_remote()

    def connect(self, credentials: dict[str, str] | None = None, **values: Any) -> None:
        """Let the connection book in the remote; bills only, if nothing else is said.

        :param credentials: of another Procurify than that of the other tests
        """
        values = {"order_policy": "none"} | values | (credentials or {})
        self.script(f"set_up_hub(env, {self.access!r}, {values!r})")

    def script(self, text: str) -> str:
        """Run a script in the hub, and return the last line that it prints."""
        if not self._shell:
            self._shell = OpenShell(self.odoo, self.site.database)
        setup = (ROOT / "tests_system" / "hub_setup.py").read_text()
        printed = self._shell.run(f"{setup}\n{text}")
        return (printed.splitlines() or [""])[-1]

    def close(self) -> None:
        """End the shell, and remove the copies of databases."""
        self._end_shell()
        if self.line:
            self.line.close()
        for name in self._copies:
            databases.drop(self.odoo, name)

    def _end_shell(self) -> None:
        """End the shell that runs scripts in the hub."""
        if self._shell:
            self._shell.close()
            self._shell = None

    def there(self, text: str) -> str:
        """Run a script in the remote, and return the last line that it prints."""
        printed = databases.execute(self.remote.odoo, self.remote.database, text)
        return (printed.splitlines() or [""])[-1]

    def calls(self) -> Counter[str]:
        """Count the calls of the remote since the last time."""
        text = self.remote.log.read_text()
        found = Counter(
            protocol or f"{model}.{method}"
            for model, method, protocol in _CALL.findall(text[self._read_from :])
        )
        self._read_from = len(text)
        return found

    def differences(self) -> list[str]:
        """Return in words where the remote's bills are not those of the hub."""
        split: set[int] = set()
        here = self._books(
            self.site, SERIES["odoo19"], "d.remote_id", _DISPATCHED, split
        )
        there = self._books(self.remote, SERIES[self.version], "m.id", "", split)
        return [
            f"{id_}: {here.get(id_, set()) - there.get(id_, set())} here, "
            f"{there.get(id_, set()) - here.get(id_, set())} there"
            for id_ in sorted({*here, *there})
            if here.get(id_) != there.get(id_)
        ]

    def order_differences(self) -> list[str]:
        """Return in words where the remote's orders are not those of the hub."""
        here = self._orders(self.site, SERIES["odoo19"], is_here=True)
        there = self._orders(self.remote, SERIES[self.version], is_here=False)
        return [
            f"{id_}: {here.get(id_, set()) - there.get(id_, set())} here, "
            f"{there.get(id_, set()) - here.get(id_, set())} there"
            for id_ in sorted({*here, *there})
            if here.get(id_) != there.get(id_)
        ]

    def order_there(self, order_id: int) -> tuple[int, str, bool, float]:
        """Return (id, state, locked, net amount) of the remote's order."""
        [[remote_id]] = self.site.rows(_SENT_ORDER, str(order_id))
        series = SERIES[self.version]
        statement = _ORDER_STATE.format(state=series.state, is_locked=series.is_locked)
        [row] = self.remote.rows(statement, remote_id)
        return (row[0], row[1], row[2], float(row[3]))

    def orders_held(self, ids: dict[str, int]) -> dict[str, list[str]]:
        """Return {name: codes of its issues} of these orders of Procurify."""
        names = {str(id_): name for name, id_ in ids.items()}
        rows = self.site.rows(_ORDERS_HELD, list(names))
        return {names[row[0]]: row[1] for row in rows}

    def line_there(self, remote_id: int) -> tuple[str, float]:
        """Return text and quantity of the first line of the remote's order."""
        [row] = self.remote.rows(_FIRST_LINE, remote_id)
        return (row[0], float(row[1]))

    def _orders(
        self, site: Site, series: Series, *, is_here: bool
    ) -> dict[int, set[str]]:
        """Return {id in the remote: what is compared of an order}."""
        names = dict(site.rows(series.names))
        order, line = ("d.remote_id",) * 2 if is_here else ("o.id", "l.order_id")
        joins = [
            _DISPATCHED_ORDERS.format(id=id_) if is_here else ""
            for id_ in ("o.id", "l.order_id")
        ]
        heads, lines = (
            statement.format(id=id_, join=join, **asdict(series))
            for statement, id_, join in zip(
                (_ORDERS, _ORDER_LINES), (order, line), joins, strict=True
            )
        )
        found = {
            row[0]: {f"{number} {value}" for number, value in enumerate(row[1:])}
            for row in site.rows(heads)
        }
        seen: Counter[tuple[int, str]] = Counter()
        for id_, *values, text, taxes, said in site.rows(lines):
            places = _places(said, names)
            if SERIES[self.version].has_one_place:
                text, places = _in_one_place(text, places)
            whole = f"{values} {text} {taxes} {places}"
            seen[id_, whole] += 1
            found[id_].add(f"{whole} {seen[id_, whole]}")
        return found

    def _books(
        self, site: Site, series: Series, id_: str, join: str, split: set[int]
    ) -> dict[int, set[str]]:
        """Return {id in the remote: what is compared of a bill}.

        :param split: ids of bills with a line that is several ones in the remote: their
            quantities are not compared. Those of the hub are added here.
        """
        compared = SERIES[self.version]
        names = dict(site.rows(series.names))
        found = {
            row[0]: {f"{number} {value}" for number, value in enumerate(row[1:])}
            for row in site.rows(series.heads(id_, join, compared.rate))
        }
        seen: Counter[tuple[int, str]] = Counter()
        lines = site.rows(series.lines(id_, join, compared.digits))
        parts = []
        for line in lines:
            mine = self._parts(line, _places(line[-1], names))
            split |= {line[0]} if len(mine) > 1 else set()
            parts += mine
        for part, place in parts:
            move, kind, account, name, quantity, price, *rest, _places_ = part
            # Versions fill these in themselves where they mean nothing.
            is_counted = move not in split and kind == "product"
            numbers = (quantity, price) if is_counted else ()
            text = f"{kind} {account} {name} {numbers} {rest} {place}"
            seen[move, text] += 1
            found[move].add(f"{text} {seen[move, text]}")
        return found

    def _parts(self, line: tuple[Any, ...], places: Any) -> list[tuple[Any, Any]]:
        """Return [(line, its analytic accounts)]: one for each share, where lines of
        the remote have one."""
        if not SERIES[self.version].has_one_place or len(places) < 2:
            return [(line, places)]
        *_others, balance, amount, _taxes, _said = line
        rest, found = [balance, amount], []
        for number, (place, share) in enumerate(places, start=1):
            own = [
                left if number == len(places) else round(float(value) * share / 100, 2)
                for left, value in zip(rest, (balance, amount), strict=True)
            ]
            own = [Decimal(str(value)).quantize(balance) for value in own]
            rest = [left - mine for left, mine in zip(rest, own, strict=True)]
            part = (*line[:-4], *own, *line[-2:])
            found.append((part, [(place, 100.0)]))
        return found


def _places(said: Any, names: dict[int, str]) -> list[tuple[tuple[str, ...], float]]:
    """Return [(names of analytic accounts, share)] of one line."""
    if isinstance(said, list):
        return [(tuple(sorted(said)), 100.0)]
    return sorted(
        (tuple(sorted(names[int(each)] for each in key.split(","))), float(share))
        for key, share in (said or {}).items()
    )


def _in_one_place(text: str, places: Any) -> tuple[Any, Any]:
    """Return a line's text, with the shares that it says, and its analytic accounts.

    Where a line has one account, its text says the shares.
    """
    *lines, last = text.split("\n")
    if " % " in last and lines:
        return ("\n".join(lines), sorted(last.split("; "))), []
    if len(places) > 1:
        shares = [f"{share:g} % {', '.join(sorted(each))}" for each, share in places]
        return (text, sorted(shares)), []
    return (text, []), places
