"""The SQL that compares the audit's rows with what was sealed of them."""

from odoo.tools import SQL

# What is compared in one query: seals, and the rows that they cover.
SEALS_AT_ONCE = 1000
ROWS_AT_ONCE = 100_000


def next_seals(seals, after):
    """Return the SQL of (id, last covered id) of the last of the next seals.

    :param seals: the SQL of their table
    """
    return SQL(
        """
        SELECT max(id), max(last_id)
          FROM (SELECT id, last_id,
                       sum(row_count) OVER (ORDER BY id) AS row_count,
                       row_number() OVER (ORDER BY id) AS number
                  FROM (SELECT id, last_id, row_count
                          FROM %s
                         WHERE kind = 'seal' AND id > %s
                      ORDER BY id
                         LIMIT %s) next) counted
         WHERE row_count <= %s OR number = 1
        """,
        seals,
        after,
        SEALS_AT_ONCE,
        ROWS_AT_ONCE,
    )


def differing_rows(
    tables, connection_ref, after, last_seal, lower, upper, checkpoint, *, limit
):
    """Return the SQL of (row id, what is wrong) where rows are not as they were sealed.

    :param tables: the SQL of the tables, ``audit`` and ``seals``
    :param connection_ref: of whose rows
    :param after, last_seal: seals younger than ``after``, up to ``last_seal``
    :param lower, upper: the rows after ``lower``, up to ``upper``
    :param checkpoint: rows up to this one may be missing
    :param limit: the most rows to report
    """
    return SQL(
        """
          WITH leaf AS (
               SELECT split_part(text, ':', 1)::bigint AS id,
                      split_part(text, ':', 2) AS start
                 FROM %(seals)s seal,
                      unnest(string_to_array(leaves, ',')) AS text
                WHERE kind = 'seal'
                  AND seal.id > %(after)s
                  AND seal.id <= %(last)s
                  -- The seal's own digest shows what else may be there.
                  AND text ~ '^[0-9]{1,18}:[0-9a-f]+:-?[0-9]+$'
                  AND split_part(text, ':', 3) = %(connection)s::text),
               present AS (
               SELECT id, coalesce(digest, '') AS digest
                 FROM %(audit)s
                WHERE connection_ref = %(connection)s
                  AND id > %(lower)s AND id <= %(upper)s)
        SELECT id,
               CASE WHEN present.digest IS NULL THEN 'missing'
                    WHEN leaf.start IS NULL THEN 'inserted'
                    ELSE 'changed' END
          FROM leaf FULL JOIN present USING (id)
         WHERE leaf.start IS NULL
            OR (present.digest IS NULL AND id > %(checkpoint)s)
            OR left(present.digest, length(leaf.start)) <> leaf.start
      ORDER BY id
         LIMIT %(limit)s
        """,
        audit=tables["audit"],
        seals=tables["seals"],
        connection=connection_ref,
        after=after,
        last=last_seal,
        lower=lower,
        upper=upper,
        checkpoint=checkpoint,
        limit=limit,
    )
