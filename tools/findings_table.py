"""What objects show about their tenant, each combination once.

Many objects show the same, so a record only has the id of what it shows. A row never
changes and is never removed.
"""

import json

from psycopg2.extras import Json

from odoo.tools import SQL

# What a record shows about its tenant, and the condition that it shows anything.
SHOWN = (
    *("findings_id", "resource", "rate_finding", "date_finding"),
    "list_date_finding",
)
SHOWS = (
    "num_nonnulls(nullif(findings_id, 0), rate_finding, date_finding,"
    " list_date_finding) > 0"
)
_TABLE = """
CREATE TABLE IF NOT EXISTS procurify_shown (
    id serial PRIMARY KEY,
    findings jsonb NOT NULL UNIQUE
)
"""


def create(cr):
    """Make the table, where there is none yet."""
    cr.execute(_TABLE)


def drop(cr):
    """Remove the table."""
    cr.execute("DROP TABLE IF EXISTS procurify_shown")


def ids_of(cr, findings):
    """Return the ids of combinations, in their order; those that are new are added.

    Another transaction that adds the same at the same time lets this one start again.

    :param findings: list of {question: answer}; the id of what is empty is False
    """
    given = {_key(each): each for each in findings if each}
    if not given:
        return [False] * len(findings)
    cr.execute(
        SQL(
            """
            WITH given AS (SELECT value AS findings FROM jsonb_array_elements(%s)),
            added AS (
                INSERT INTO procurify_shown (findings)
                SELECT findings FROM given
                 WHERE findings NOT IN (SELECT findings FROM procurify_shown)
                ON CONFLICT DO NOTHING
                RETURNING id, findings
            )
            SELECT id, findings FROM added
             UNION ALL
            SELECT id, findings FROM procurify_shown JOIN given USING (findings)
            """,
            Json(list(given.values())),
        )
    )
    ids = {_key(each): number for number, each in cr.fetchall()}
    return [ids[_key(each)] if each else False for each in findings]


def findings_of(cr, ids):
    """Return {id: {question: answer}} of these ids."""
    if not ids:
        return {}
    cr.execute(
        "SELECT id, findings FROM procurify_shown WHERE id = ANY(%s)", [list(ids)]
    )
    return dict(cr.fetchall())


def _key(findings):
    return json.dumps(findings, sort_keys=True)
