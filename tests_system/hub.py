"""A hub, the real Odoo in which it books, and what their books say of each other."""

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from devtools import databases
from devtools.odoo import Odoo
from devtools.paths import ROOT

from .site import Server, Site

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


SERIES = {
    "odoo19": Series(),
    "odoo14": Series(
        rate="NULL",
        kind="CASE WHEN l.tax_line_id IS NOT NULL THEN 'tax' "
        "ELSE coalesce(l.display_type, 'product') END",
        account="a.code",
        tax="t.name",
        # An account has no more than one plan there: its name, and those of its tags.
        places="""
           (SELECT array_agg(name) FROM (
                SELECT name FROM account_analytic_account
                 WHERE id = l.analytic_account_id
                 UNION ALL
                SELECT g.name FROM account_analytic_tag_account_move_line_rel r
                  JOIN account_analytic_tag g ON g.id = r.account_analytic_tag_id
                 WHERE r.account_move_line_id = l.id) places)
        """,
        is_seen="(l.tax_line_id IS NOT NULL OR NOT l.exclude_from_invoice_tab)",
        digits=2,
        has_one_place=True,
        names="SELECT id, name FROM account_analytic_account",
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
        self.access = {
            "address": self.start_remote(),
            "database": remote.database,
            "key": key,
        }

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

    def back_up(self, name: str) -> None:
        """Copy the remote's database."""
        self._copy(self.remote.database, name)

    def restore(self, name: str) -> None:
        """Put a copy of the remote's database in its place."""
        self._copy(name, self.remote.database)

    def _copy(self, source: str, name: str) -> None:
        self.kill_remote()
        self.remote.disconnect()
        databases.duplicate(self.remote.odoo, source, name)
        self.remote.connect()
        self.start_remote()

    def connect(self, **values: Any) -> None:
        """Let the connection book in the remote."""
        self.script(f"set_up_hub(env, {self.access!r}, {values!r})")

    def script(self, text: str) -> str:
        """Run a script in the hub, and return the last line that it prints."""
        setup = (ROOT / "tests_system" / "hub_setup.py").read_text()
        printed = databases.execute(self.odoo, self.site.database, f"{setup}\n{text}")
        return (printed.splitlines() or [""])[-1]

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
