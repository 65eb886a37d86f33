"""What each department and location bears of a document, kept beside its coding.

PostgreSQL works the column out when a coding is written: figures of a month read it for
thousands of documents, and need not split each again.
"""

# As [[department, location, share of the whole]], ids of Procurify or NULL. Lines that
# cancel each other out say nothing of their shares: the first place bears all. It is
# JSON as text: documents are grouped by it, which takes far longer with jsonb.
_FUNCTION = """
CREATE OR REPLACE FUNCTION procurify_split(coding jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_agg(
               jsonb_build_array(
                   department,
                   location,
                   CASE WHEN total <> 0 THEN amount / total
                        WHEN place = 1 THEN 1 ELSE 0 END
               ) ORDER BY place
           )::text
      FROM (
          SELECT part.value ->> 1 AS department,
                 part.value ->> 2 AS location,
                 sum((part.value ->> 3)::numeric) AS amount,
                 sum(sum((part.value ->> 3)::numeric)) OVER () AS total,
                 row_number() OVER (
                     ORDER BY part.value ->> 1, part.value ->> 2
                 ) AS place
            FROM jsonb_array_elements(
                     CASE jsonb_typeof(coding) WHEN 'array' THEN coding END
                 ) line
      CROSS JOIN LATERAL jsonb_array_elements(line.value -> 'shares') part
        GROUP BY part.value ->> 1, part.value ->> 2
      ) share
$$
"""
# What only an import or few documents need (what it wrote, the coding) lies beside the
# table: lists of documents and sums over them read a third of it.
_COLUMN = """
ALTER TABLE procurify_record
    SET (toast_tuple_target = 640),
    ADD COLUMN IF NOT EXISTS remote_split text
        GENERATED ALWAYS AS (procurify_split(remote_coding)) STORED,
    ALTER COLUMN remote_split SET STORAGE MAIN
"""


def create(cr):
    """Make the column ``remote_split`` of the records, where there is none yet."""
    # The column under its former name, and of another type.
    cr.execute("DROP FUNCTION IF EXISTS procurify_places(jsonb) CASCADE")
    cr.execute(_FUNCTION)
    cr.execute(_COLUMN)


def drop(cr):
    """Remove the function, and with it the column."""
    cr.execute("DROP FUNCTION IF EXISTS procurify_split(jsonb) CASCADE")
