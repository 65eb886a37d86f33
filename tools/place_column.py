"""What each department and location bears of a document, kept beside its coding.

PostgreSQL works the column out when a coding is written: figures of a month read it for
thousands of documents, and need not split each again.
"""

# As [[department, location, share of the whole]], ids of Procurify or NULL. Lines that
# cancel each other out say nothing of their shares: the first place bears all.
_FUNCTION = """
CREATE OR REPLACE FUNCTION procurify_places(coding jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_agg(
               jsonb_build_array(
                   department,
                   location,
                   CASE WHEN total <> 0 THEN amount / total
                        WHEN place = 1 THEN 1 ELSE 0 END
               ) ORDER BY place
           )
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
    ADD COLUMN IF NOT EXISTS remote_places jsonb
        GENERATED ALWAYS AS (procurify_places(remote_coding)) STORED,
    ALTER COLUMN remote_places SET STORAGE MAIN
"""


def create(cr):
    """Make the column ``remote_places`` of the records, where there is none yet."""
    cr.execute(_FUNCTION)
    cr.execute(_COLUMN)


def drop(cr):
    """Remove the function, and with it the column."""
    cr.execute("DROP FUNCTION IF EXISTS procurify_places(jsonb) CASCADE")
