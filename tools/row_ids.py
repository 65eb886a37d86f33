"""Ids of the rows into which a report splits another table's rows."""

from odoo.tools import SQL

PARTS = 64
MANY = 10_000


def row_id(base, part):
    """Return the SQL of an id of part ``part`` (from 1 on) of row ``base``.

    XML-RPC knows no integer of more than 32 bits: it can read the parts of 33 million
    rows. A row in more parts than usual has negative ids, for these further parts.
    """
    return SQL(
        "CASE WHEN %(part)s < %(parts)s THEN %(base)s::bigint * %(parts)s + %(part)s"
        " ELSE -(%(base)s::bigint * %(many)s + %(part)s) END",
        base=base,
        part=part,
        parts=PARTS,
        many=MANY,
    )
