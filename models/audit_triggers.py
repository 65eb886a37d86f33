"""Digests and triggers that keep the audit's tables append-only in PostgreSQL."""

from odoo.tools import SQL

# What nobody changes, in PostgreSQL either.
PROTECTED = (
    "procurify_audit",
    "procurify_audit_seal",
    "procurify_certificate",
    "procurify_certificate_line",
    "procurify_certificate_sum",
)
# What removes rows is allowed to where a checkpoint of their connection says so.
_CHECKPOINT_ALLOWS = SQL(
    """
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM procurify_audit_seal
         WHERE kind = 'checkpoint'
           AND connection_ref = OLD.connection_ref
           AND last_id >= OLD.id
    ) THEN
        RETURN OLD;
    END IF;
    """
)
# A checkpoint is a seal's end that is as old as its connection keeps the audit.
_CHAIN = SQL(
    """
    IF NEW.kind = 'checkpoint' AND NOT EXISTS (
        SELECT
          FROM procurify_audit_seal seal
          JOIN procurify_connection connection
            ON connection.id = seal.connection_ref
         WHERE seal.kind = 'seal'
           AND seal.connection_ref = NEW.connection_ref
           AND seal.last_id = NEW.last_id
           AND connection.audit_days > 0
           AND seal.date <= NEW.date - make_interval(days => connection.audit_days)
    ) THEN
        RAISE EXCEPTION 'The audit of connection %% is to be kept up to row %%.',
            NEW.connection_ref, NEW.last_id;
    END IF;
    NEW.previous_digest := coalesce((
        SELECT digest
          FROM procurify_audit_seal
         WHERE connection_ref = NEW.connection_ref
      ORDER BY id DESC
         LIMIT 1
    ), '');
    """
)


def sha256(text):
    """Return the SQL of the SHA-256 of the SQL text ``text``, in hexadecimal digits."""
    return SQL("encode(sha256(convert_to(%s, 'UTF8')), 'hex')", text)


def digest_of(model, row):
    """Return the SQL of the digest of ``row`` of ``model``'s table.

    It covers every column but itself. An empty one counts as if it were not there,
    so that a column of a later version leaves the old digests as they are.
    """
    pairs = [
        SQL("%s, %s", name, _column(row, name, field))
        for name, field in sorted(model._fields.items())
        if field.store and field.column_type and name != "digest"
    ]
    content = SQL("jsonb_build_object(%s)", SQL(", ").join(pairs))
    return sha256(SQL("jsonb_strip_nulls(%s)::text", content))


def _column(row, name, field):
    column = SQL.identifier(row, name)
    # As text, or the nulls inside of it would be stripped, too.
    return SQL("%s::text", column) if field.type == "json" else column


def trigger_names(table):
    """Return what the triggers of ``table`` are called."""
    return [f"{table}_{event}" for event in ("begin", "insert", "keep", "truncate")]


def protect(model):
    """Make, or make anew, the triggers of ``model``: rows are added, and that is all.

    * before the first row of a statement, the transaction gets its number: what may
      be sealed is judged by the numbers of those that may have drawn an id;
    * each row gets the next id, the time and its digest from the database, whatever
      the statement says;
    * changing, deleting and emptying are refused, whoever asks.

    They fire always: a session that plays the part of a replica skips others.
    """
    table = model._table
    is_audit, is_seal = (table == name for name in PROTECTED[:2])
    begin, insert, keep, truncate = map(SQL.identifier, trigger_names(table))
    name = SQL.identifier(table)
    model.env.cr.execute(
        SQL(
            """
            CREATE OR REPLACE FUNCTION %(begin)s() RETURNS trigger AS $$
            BEGIN
                PERFORM pg_current_xact_id();
                RETURN NULL;
            END $$ LANGUAGE plpgsql;

            CREATE OR REPLACE FUNCTION %(insert)s() RETURNS trigger AS $$
            BEGIN
                IF NEW.id <> currval(%(sequence)s) THEN
                    RAISE EXCEPTION 'Rows of %% get their id from its sequence.',
                        TG_TABLE_NAME;
                END IF;
                NEW.date := date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC');
                %(chain)s
                NEW.digest := %(digest)s;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;

            CREATE OR REPLACE FUNCTION %(keep)s() RETURNS trigger AS $$
            BEGIN
                %(exception)s
                RAISE EXCEPTION '%% is append-only: %% is refused.',
                    TG_TABLE_NAME, TG_OP;
            END $$ LANGUAGE plpgsql;

            DROP TRIGGER IF EXISTS %(begin)s ON %(table)s;
            DROP TRIGGER IF EXISTS %(insert)s ON %(table)s;
            DROP TRIGGER IF EXISTS %(keep)s ON %(table)s;
            DROP TRIGGER IF EXISTS %(truncate)s ON %(table)s;
            CREATE TRIGGER %(begin)s BEFORE INSERT ON %(table)s
                FOR EACH STATEMENT EXECUTE FUNCTION %(begin)s();
            CREATE TRIGGER %(insert)s BEFORE INSERT ON %(table)s
                FOR EACH ROW EXECUTE FUNCTION %(insert)s();
            CREATE TRIGGER %(keep)s BEFORE UPDATE OR DELETE ON %(table)s
                FOR EACH ROW EXECUTE FUNCTION %(keep)s();
            CREATE TRIGGER %(truncate)s BEFORE TRUNCATE ON %(table)s
                FOR EACH STATEMENT EXECUTE FUNCTION %(keep)s();
            ALTER TABLE %(table)s
                ENABLE ALWAYS TRIGGER %(begin)s,
                ENABLE ALWAYS TRIGGER %(insert)s,
                ENABLE ALWAYS TRIGGER %(keep)s,
                ENABLE ALWAYS TRIGGER %(truncate)s;
            """,
            table=name,
            begin=begin,
            insert=insert,
            keep=keep,
            truncate=truncate,
            sequence=f"{table}_id_seq",
            chain=_CHAIN if is_seal else SQL(),
            digest=digest_of(model, "new"),
            exception=_CHECKPOINT_ALLOWS if is_audit else SQL(),
        )
    )


def unprotect(env):
    """Drop what no table takes with it when the addon is uninstalled."""
    for table in PROTECTED:
        for function in trigger_names(table)[:3]:
            env.cr.execute(
                SQL("DROP FUNCTION IF EXISTS %s() CASCADE", SQL.identifier(function))
            )
