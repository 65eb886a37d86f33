"""What a run of the demo prints at its end: arrived, on hold, changed."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from .console import say
from .postgres import Server
from .web_client import WebClient

#: The business records that the connector may create or write.
BUSINESS_TABLES = {
    "vendors": "res_partner",
    "orders": "purchase_order",
    "order lines": "purchase_order_line",
    "bills": "account_move",
    "bill lines": "account_move_line",
    "products": "product_product",
    "accounts": "account_account",
    "analytic accounts": "account_analytic_account",
}


class Changes:
    """What happens to business records from now on, counted in the database itself."""

    def __init__(self, server: Server, database: str) -> None:
        self._server = server
        self._database = database
        self._since = self._query("SELECT now() AT TIME ZONE 'UTC'")
        self._before = self._counts()

    def print_summary(self) -> None:
        """Say how many records were created and written since."""
        counts = self._counts()
        created = {what: counts[what] - self._before[what] for what in counts}
        written = sum(
            int(self._query(f"{_count(table)} WHERE write_date >= '{self._since}'"))
            for table in BUSINESS_TABLES.values()
        )
        changed = written or any(created.values())
        say(
            f"\n{'This run' if changed else 'Nothing new'}: "
            f"{created['vendors']} vendors, {created['orders']} orders and "
            f"{created['bills']} bills created, "
            f"{written} business records written."
        )

    def _counts(self) -> dict[str, int]:
        return {
            what: int(self._query(_count(table)))
            for what, table in BUSINESS_TABLES.items()
        }

    def _query(self, statement: str) -> str:
        return self._server.query(statement, self._database)[0][0]


def _count(table: str) -> str:
    return f"SELECT count(*) FROM {table}"


def print_arrivals(client: WebClient, connection: int) -> None:
    """Print what is in Odoo, what is excluded, and what is on hold with which issue."""
    vendors = _records(client, connection, "vendor", "state")
    items = _records(client, connection, "catalog_item", "state")
    orders = _records(
        client, connection, "purchase_order", "state", "res_id", "excluded_rule"
    )
    bills = _records(
        client,
        connection,
        "bill",
        "state",
        "res_id",
        "name",
        "excluded_rule",
        "issue_ids",
    )
    by_state: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for bill in bills:
        by_state[bill["state"]].append(bill)
    say("\nIn Odoo")
    say(f"  {sum(v['state'] == 'done' for v in vendors):>4} vendors")
    say(f"  {sum(item['state'] == 'done' for item in items):>4} products")
    _print_orders(client, [o["res_id"] for o in orders if o["state"] == "done"])
    _print_documents(client, [bill["res_id"] for bill in by_state["done"]])
    rules = Counter(bill["excluded_rule"] for bill in by_state["excluded"])
    if rules:
        say(f"\nExcluded: {rules.total()} bills")
        for rule, count in rules.most_common():
            say(f"  {count:>4} {rule.replace('_', ' ')}")
    _print_held(client, by_state["quarantined"])


def _records(
    client: WebClient, connection: int, resource: str, *fields: str
) -> list[dict[str, Any]]:
    domain = [("connection_id", "=", connection), ("resource", "=", resource)]
    return client.read("procurify.record", domain, *fields)


def _print_orders(client: WebClient, ids: list[int]) -> None:
    """Count purchase orders by state and billing status."""
    fields = ("state", "invoice_status")
    orders = client.read("purchase.order", [("id", "in", ids)], *fields)
    billing = {"no": "not billed", "to invoice": "to be billed", "invoiced": "billed"}
    kinds = Counter((order["state"], order["invoice_status"]) for order in orders)
    for (state, status), count in sorted(kinds.items()):
        say(f"  {count:>4} purchase orders: {state}, {billing[status]}")


def _print_documents(client: WebClient, ids: list[int]) -> None:
    """Count vendor bills and refunds by state, with their sums per currency."""
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    counts: Counter[tuple[str, str]] = Counter()
    for move in client.read(
        *("account.move", [("id", "in", ids)]),
        *("state", "move_type", "currency_id", "amount_total"),
    ):
        kind = (move["state"], move["move_type"])
        counts[kind] += 1
        amount = Decimal(str(move["amount_total"]))
        sums[kind][move["currency_id"][1]] += amount  # type: ignore[assignment]
    words = {"in_invoice": "vendor bills", "in_refund": "vendor refunds"}
    for (state, move_type), count in sorted(counts.items()):
        total = ", ".join(
            f"{amount:,.2f} {currency}"
            for currency, amount in sorted(sums[state, move_type].items())
        )
        say(f"  {count:>4} {state} {words.get(move_type, move_type)}: {total}")


def _print_held(client: WebClient, bills: list[dict[str, Any]]) -> None:
    issue_ids = sorted({issue for bill in bills for issue in bill["issue_ids"]})
    issues = {
        issue["id"]: issue
        for issue in client.read(
            "procurify.issue", [("id", "in", issue_ids)], "code", "message"
        )
    }
    say(f"\nOn hold: {len(bills)} bills")
    for bill in bills:
        say(f"  {bill['name']}")
        for issue in bill["issue_ids"]:
            say(f"       {issues[issue]['message']}  [{issues[issue]['code']}]")
