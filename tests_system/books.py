"""What Odoo's books hold, read with SQL, in words that two databases have in common.

Numbers of rows differ between two runs, so everything is named: accounts by their
codes, partners, taxes and analytic accounts by their names.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

Rows = list[tuple[Any, ...]]
#: Runs a statement and gives its rows.
Query = Callable[[str], Rows]

_RECORDS = """
    SELECT r.resource, r.external_id, r.state, r.excluded_rule, r.res_model,
           r.res_id IS NOT NULL, r.applied_digest = r.digest,
           array_agg(c.code || '/' || c.key ORDER BY c.code, c.key)
             FILTER (WHERE c.id IS NOT NULL)
      FROM procurify_record r
      LEFT JOIN procurify_record_issue_rel l ON l.record_id = r.id
      LEFT JOIN procurify_issue c ON c.id = l.issue_id
     GROUP BY r.id
"""
_BILLS = """
    SELECT r.external_id, m.id, m.move_type, m.state, p.name, m.ref, m.date,
           m.invoice_date, m.invoice_date_due, c.name, m.invoice_currency_rate,
           m.amount_untaxed, m.amount_tax, m.amount_total
      FROM procurify_record r
      JOIN account_move m ON m.id = r.res_id
      JOIN res_partner p ON p.id = m.partner_id
      JOIN res_currency c ON c.id = m.currency_id
     WHERE r.resource = 'bill' AND r.res_model = 'account.move'
"""
# Of a kind in the order of their numbers, in which they were written.
_LINES = """
    SELECT l.move_id, l.display_type, a.code_store::text, l.name, l.price_subtotal,
           l.balance, l.analytic_distribution,
           (SELECT array_agg(t.name->>'en_US' ORDER BY t.id)
              FROM account_move_line_account_tax_rel r
              JOIN account_tax t ON t.id = r.account_tax_id
             WHERE r.account_move_line_id = l.id)
      FROM account_move_line l
      JOIN account_account a ON a.id = l.account_id
     ORDER BY l.display_type, l.id
"""
_ORDERS = """
    SELECT r.external_id, o.state, p.name, o.partner_ref, o.origin, c.name,
           o.amount_untaxed, o.amount_total,
           (SELECT array_agg(l.name || ' ' || l.product_qty || ' ' || l.price_unit
                             ORDER BY l.id)
              FROM purchase_order_line l WHERE l.order_id = o.id)
      FROM procurify_record r
      JOIN purchase_order o ON o.id = r.res_id
      JOIN res_partner p ON p.id = o.partner_id
      JOIN res_currency c ON c.id = o.currency_id
     WHERE r.resource = 'purchase_order' AND r.res_model = 'purchase.order'
"""
_ANALYTIC_NAMES = "SELECT id, name->>'en_US' FROM account_analytic_account"
_PARTNERS = "SELECT name, ref, email, supplier_rank > 0, active FROM res_partner"

# What must not be there, after however many kills.
_DEFECTS = {
    "objects staged twice": """
        SELECT connection_id, resource, external_id FROM procurify_record
         GROUP BY 1, 2, 3 HAVING count(*) > 1
    """,
    "bills staged twice under other numbers": """
        SELECT connection_id, remote_uuid FROM procurify_record
         WHERE resource = 'bill' AND remote_uuid IS NOT NULL
         GROUP BY 1, 2 HAVING count(*) > 1
    """,
    "bills in the journal that not exactly one record stands for": """
        SELECT m.id, m.ref, count(r.id)
          FROM account_move m
          JOIN account_journal j ON j.id = m.journal_id AND j.type = 'purchase'
          LEFT JOIN procurify_record r
            ON r.res_model = 'account.move' AND r.res_id = m.id
         GROUP BY m.id HAVING count(r.id) != 1
    """,
    "orders that several records of orders stand for": """
        SELECT res_id FROM procurify_record
         WHERE resource = 'purchase_order' AND res_id IS NOT NULL
         GROUP BY res_id HAVING count(*) > 1
    """,
    "records whose bill is not there": """
        SELECT r.external_id FROM procurify_record r
          LEFT JOIN account_move m ON m.id = r.res_id
         WHERE r.resource = 'bill' AND r.state = 'done' AND m.id IS NULL
    """,
    "vendors that several records made": """
        SELECT res_id FROM procurify_record
         WHERE resource = 'vendor' AND origin = 'created'
         GROUP BY res_id HAVING count(*) > 1
    """,
    "records that are stuck": """
        SELECT resource, external_id, state FROM procurify_record
         WHERE state IN ('pending', 'waiting')
    """,
    "issues that hold nothing": """
        SELECT c.code, c.key FROM procurify_issue c
          LEFT JOIN procurify_record_issue_rel l ON l.issue_id = c.id
         WHERE l.issue_id IS NULL AND c.state = 'open'
    """,
    "crons that failed or were switched off": """
        SELECT c.cron_name, c.failure_count, c.active FROM ir_cron c
          JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id
          JOIN ir_act_server s ON s.id = c.ir_actions_server_id
          JOIN ir_model m ON m.id = s.model_id
         WHERE d.module = 'procurify_connector'
           AND (c.failure_count > 0
                -- That of remote Odoos is off where there is none.
                OR NOT c.active AND m.model <> 'procurify.target')
    """,
    "connections that say something is wrong": """
        SELECT state, error_message, import_obstacle FROM procurify_connection
         WHERE state != 'connected' OR error_message IS NOT NULL
            OR import_obstacle IS NOT NULL
    """,
}

# Each row as it is, with its time of writing. Columns of the addon are left out: an
# update adds some, and the job that looks for signals notes in SQL what it found.
_TRACES = {
    table: f"""
        SELECT count(*), max(write_date),
               md5(string_agg((to_jsonb(t) - own.names)::text, ',' ORDER BY id))
          FROM {table} t,
               (SELECT coalesce(array_agg(attname::text), ARRAY[]::text[]) AS names
                  FROM pg_attribute
                 WHERE attrelid = '{table}'::regclass
                   AND attname LIKE 'procurify%') own
    """
    for table in (
        *("res_partner", "account_move", "account_move_line"),
        *("purchase_order", "purchase_order_line"),
    )
}


@dataclass(frozen=True)
class Books:
    """What must be the same at the end, however often Odoo was killed on the way."""

    #: {(resource, external id): its outcome, and all its issues}
    records: dict[tuple[str, str], tuple[Any, ...]]
    #: {external id: the head of the bill and its lines}
    bills: dict[str, tuple[Any, ...]]
    #: {external id: the head of the order and its lines}
    orders: dict[str, tuple[Any, ...]]
    #: {partner: how many there are}
    partners: Counter[tuple[Any, ...]]
    defects: dict[str, Rows]

    def states(self, resource: str) -> Counter[str]:
        """Count the records of a resource by state."""
        return Counter(
            record[0]
            for (name, _id), record in self.records.items()
            if name == resource
        )

    def differences(self, expected: "Books") -> list[str]:
        """Return in words where these books are not the expected ones."""
        found = []
        for part in (field.name for field in fields(self)):
            mine, theirs = getattr(self, part), getattr(expected, part)
            found += [
                f"{part} {key}: {mine.get(key)} instead of {theirs.get(key)}"
                for key in sorted(mine.keys() | theirs.keys(), key=str)
                if mine.get(key) != theirs.get(key)
            ]
        return found


def read_books(query: Query) -> Books:
    """Read the books of the database that ``query`` asks."""
    analytic_names: dict[int, str] = dict(query(_ANALYTIC_NAMES))
    lines: dict[int, list[tuple[Any, ...]]] = {}
    for move_id, *line, distribution, taxes in query(_LINES):
        places = _named(distribution, analytic_names)
        lines.setdefault(move_id, []).append((*line, places, taxes))
    return Books(
        records={(row[0], row[1]): row[2:] for row in query(_RECORDS)},
        bills={
            external_id: (*head, *lines.get(move_id, ()))
            for external_id, move_id, *head in query(_BILLS)
        },
        orders={row[0]: row[1:] for row in query(_ORDERS)},
        partners=Counter(query(_PARTNERS)),
        defects={
            name: found for name, sql in _DEFECTS.items() if (found := query(sql))
        },
    )


def read_traces(query: Query) -> dict[str, tuple[Any, ...]]:
    """Return what changes when anybody writes to a vendor, a bill or a bill's line."""
    return {table: query(statement)[0] for table, statement in _TRACES.items()}


def _named(
    distribution: dict[str, float] | None, names: dict[int, str]
) -> dict[tuple[str, ...], float]:
    return {
        tuple(sorted(names[int(number)] for number in key.split(","))): percent
        for key, percent in (distribution or {}).items()
    }
