"""Digests and triggers that keep the audit's tables append-only in PostgreSQL.

Everything in the triggers' functions is named with its schema, and their search path is
fixed: a temporary table, function or operator of the same name changes nothing.
"""

from contextlib import contextmanager
from typing import NamedTuple

from odoo.tools import SQL

# What nobody changes, in PostgreSQL either.
PROTECTED = (
    "procurify_audit",
    "procurify_audit_seal",
    "procurify_certificate",
    "procurify_certificate_line",
    "procurify_certificate_sum",
)
AUDIT, SEAL = PROTECTED[:2]
SEARCH_PATH = "search_path=pg_catalog, pg_temp"
LEAF_DIGITS = 32  # of a row's digest: 128 bits cannot be met on purpose
SHORTEST_RETENTION_DAYS = 365
RETENTION_DELAY_DAYS = 30  # from the setting to the first removal
# Bits of pg_trigger.tgtype.
_ROW, _BEFORE, _INSERT, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 4, 8, 16, 32

# The number below which every transaction of this database has ended for the snapshot
# of this one. Those of other databases have numbers of the same sequence, and nothing
# to do with the audit: one that stays open there must not keep it from being sealed.
OLDEST_RUNNING = SQL(
    """
    SELECT min(xid)
      FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())
             UNION ALL
            SELECT pg_current_xact_id_if_assigned()
             UNION ALL
            SELECT xid
              FROM pg_snapshot_xip(pg_current_snapshot()) AS xid
             WHERE NOT EXISTS (
                   SELECT
                     FROM pg_locks held
                     JOIN pg_stat_activity session USING (pid)
                    WHERE held.locktype = 'transactionid'
                      AND held.mode = 'ExclusiveLock'
                      AND held.transactionid = xid::xid
                      AND session.datname <> current_database())
           ) AS running (xid)
    """
)


class Trigger(NamedTuple):
    """A trigger as it is to be: when it fires, and what its function does."""

    kind: int  # as in pg_trigger.tgtype
    timing: str
    function: str
    body: str


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


def leaves_of(row):
    """Return the SQL of the aggregate that names rows: id, digest, connection."""
    return SQL(
        "string_agg(%s || ':' || left(%s, %s) || ':' || %s, ',' ORDER BY %s)",
        SQL.identifier(row, "id"),
        SQL.identifier(row, "digest"),
        LEAF_DIGITS,
        SQL.identifier(row, "connection_ref"),
        SQL.identifier(row, "id"),
    )


# === WHAT THE TRIGGERS DO === #


def triggers_of(model):
    """Return {name: Trigger} of the table of ``model``: rows are added, that is all.

    * before the first row of a statement, the transaction gets its number: what may
      be sealed is judged by the numbers of those that may have drawn an id;
    * each row gets the next id, the time and its digest from the database, whatever
      the statement says; a seal gets all that it says;
    * changing, deleting and emptying are refused to everyone.
    """
    table, schema = model._table, schema_of(model)
    keep = _body(model, _keep(table, schema))
    parts = {
        "begin": (
            _BEFORE | _INSERT,
            "BEFORE INSERT ON %s FOR EACH STATEMENT",
            _body(model, _BEGIN),
        ),
        "insert": (
            _ROW | _BEFORE | _INSERT,
            "BEFORE INSERT ON %s FOR EACH ROW",
            _body(model, _insert(model, schema)),
        ),
        "keep": (
            _ROW | _BEFORE | _UPDATE | _DELETE,
            "BEFORE UPDATE OR DELETE ON %s FOR EACH ROW",
            keep,
        ),
        "truncate": (
            _BEFORE | _TRUNCATE,
            "BEFORE TRUNCATE ON %s FOR EACH STATEMENT",
            keep,
        ),
    }
    functions = {"truncate": "keep"}
    return {
        f"{table}_{event}": Trigger(
            kind, timing, f"{table}_{functions.get(event, event)}", body
        )
        for event, (kind, timing, body) in parts.items()
    }


def schema_of(model):
    """Return the schema that the table of ``model`` is in."""
    model.env.cr.execute(
        """
        SELECT relnamespace::pg_catalog.regnamespace
          FROM pg_catalog.pg_class
         WHERE oid OPERATOR(pg_catalog.=)
               %s::pg_catalog.regclass::pg_catalog.oid
        """,
        [model._table],
    )
    return model.env.cr.fetchone()[0]


@contextmanager
def only_system_names(cr):
    """Have PostgreSQL use no function or operator but its own.

    One of the same name that fits the types better would be preferred wherever it is in
    the search path. Tables need their schema. After an error the rollback restores the
    path.
    """
    cr.execute("SHOW search_path")
    [path] = cr.fetchone()
    cr.execute("SET LOCAL search_path = pg_catalog")
    yield
    cr.execute("SELECT pg_catalog.set_config('search_path', %s, true)", [path])


def _body(model, sql):
    """Return ``sql`` with its values in it: the source of a function."""
    return model.env.cr.mogrify(sql.code, sql.params).decode()


_BEGIN = SQL(
    """
    BEGIN
        PERFORM pg_current_xact_id();
        RETURN NULL;
    END
    """
)


def _insert(model, schema):
    table = model._table
    return SQL(
        """
        BEGIN
            IF NEW.id <> currval(%(sequence)s) THEN
                RAISE EXCEPTION 'Rows of %% get their id from its sequence.',
                    TG_TABLE_NAME;
            END IF;
            NEW.date := date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC');
            %(chain)s
            NEW.digest := %(digest)s;
            RETURN NEW;
        END
        """,
        sequence=f"{schema}.{table}_id_seq",
        chain=_chain(schema) if table == SEAL else SQL(),
        digest=digest_of(model, "new"),
    )


def _chain(schema):
    """Return what makes a row the next link of the chain, or refuses it.

    A seal begins where the last one ended, and covers nothing that may still change. A
    checkpoint is a seal's end that is as old as its connection keeps the audit, by a
    setting that is not new.
    """
    return SQL(
        """
        IF NEW.kind = 'seal' THEN
            NEW.connection_ref := 0;
            NEW.first_id := 1 + coalesce(
                (SELECT max(last_id) FROM %(seals)s WHERE kind = 'seal'), 0);
            IF NEW.last_id IS NULL OR NEW.last_id < NEW.first_id OR NOT EXISTS (
                SELECT
                  FROM %(marks)s mark, %(sequence)s drawn
                 WHERE mark.xid::xid8 <= (%(oldest)s)
                   AND NEW.last_id <= least(mark.last_id, drawn.last_value)
            ) THEN
                RAISE EXCEPTION 'Rows up to %% are not to be sealed.', NEW.last_id;
            END IF;
            SELECT count(*), %(leaves)s
              INTO NEW.row_count, NEW.leaves
              FROM %(rows)s audit
             WHERE id BETWEEN NEW.first_id AND NEW.last_id;
        ELSIF NEW.kind IS DISTINCT FROM 'checkpoint' OR NOT EXISTS (
            SELECT
              FROM %(seals)s seal, %(connections)s connection
             WHERE connection.id = NEW.connection_ref
               AND seal.kind = 'seal'
               AND seal.last_id = NEW.last_id
               AND connection.audit_days >= %(shortest)s
               AND connection.audit_days_since <= NEW.date
                   - make_interval(days => %(delay)s)
               AND seal.date <= NEW.date
                   - make_interval(days => connection.audit_days)
        ) THEN
            RAISE EXCEPTION 'The audit of connection %% is to be kept up to row %%.',
                NEW.connection_ref, NEW.last_id;
        END IF;
        NEW.previous_digest := coalesce(
            (SELECT digest FROM %(seals)s ORDER BY id DESC LIMIT 1), '');
        """,
        seals=SQL.identifier(schema, SEAL),
        rows=SQL.identifier(schema, AUDIT),
        marks=SQL.identifier(schema, "procurify_audit_mark"),
        connections=SQL.identifier(schema, "procurify_connection"),
        sequence=SQL.identifier(schema, f"{AUDIT}_id_seq"),
        oldest=OLDEST_RUNNING,
        leaves=leaves_of("audit"),
        shortest=SHORTEST_RETENTION_DAYS,
        delay=RETENTION_DELAY_DAYS,
    )


def _keep(table, schema):
    # What removes rows is allowed to where a checkpoint of their connection says so.
    allowed = SQL(
        """
            IF TG_OP = 'DELETE' AND EXISTS (
                SELECT
                  FROM %s
                 WHERE kind = 'checkpoint'
                   AND connection_ref = OLD.connection_ref
                   AND last_id >= OLD.id
            ) THEN
                RETURN OLD;
            END IF;
        """,
        SQL.identifier(schema, SEAL),
    )
    return SQL(
        """
        BEGIN
            %s
            RAISE EXCEPTION '%% is append-only: %% is refused.',
                TG_TABLE_NAME, TG_OP;
        END
        """,
        allowed if table == AUDIT else SQL(),
    )


# === MAKING AND COMPARING THEM === #


def protect(model):
    """Make, or make again, the triggers of ``model``.

    They fire always: a session that plays the part of a replica skips others.
    """
    schema = schema_of(model)
    table = SQL.identifier(schema, model._table)
    for name, trigger in triggers_of(model).items():
        function = SQL.identifier(schema, trigger.function)
        model.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION %(function)s() RETURNS trigger
                    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
                    AS %(body)s;
                DROP TRIGGER IF EXISTS %(name)s ON %(table)s;
                CREATE TRIGGER %(name)s %(timing)s EXECUTE FUNCTION %(function)s();
                ALTER TABLE %(table)s ENABLE ALWAYS TRIGGER %(name)s;
                """,
                function=function,
                body=trigger.body,
                name=SQL.identifier(name),
                table=table,
                # A constant of this module, with the table's quoted name in it.
                timing=SQL(trigger.timing, table),  # pylint: disable=sql-injection
            )
        )


def unprotect(env):
    """Drop what no table takes with it when the addon is uninstalled."""
    for table in PROTECTED:
        for event in ("begin", "insert", "keep"):
            env.cr.execute(
                SQL(
                    "DROP FUNCTION IF EXISTS %s() CASCADE",
                    SQL.identifier(f"{table}_{event}"),
                )
            )


def unprotected(models):
    """Return {what protects the tables of ``models`` and is not as it should be}.

    Names of triggers that are missing, changed or switched off, and of those and of
    rules that somebody added; ``TABLE`` where it is no plain table any more.
    """
    wrong = set()
    for model in models:
        schema = schema_of(model)
        expected = {
            (
                name,
                trigger.kind,
                f"{schema}.{trigger.function}",
                trigger.body,
                SEARCH_PATH,
            )
            for name, trigger in triggers_of(model).items()
        }
        table = f"{schema}.{model._table}"
        with only_system_names(model.env.cr):
            found = set(_triggers_there(model, table))
            wrong |= {each[0] for each in expected ^ found}
            wrong |= set(_other_ways(model, table))
    return wrong


def _triggers_there(model, table):
    model.env.cr.execute(
        SQL(
            """
            SELECT tgname, tgtype::int,
                   pronamespace::regnamespace::text || '.' || proname,
                   CASE WHEN tgenabled = 'A' AND tgqual IS NULL AND tgattr::text = ''
                         AND NOT prosecdef AND lanname = 'plpgsql'
                        THEN prosrc END,
                   array_to_string(proconfig, '; ')
              FROM pg_catalog.pg_trigger
              JOIN pg_catalog.pg_proc function ON function.oid = tgfoid
              JOIN pg_catalog.pg_language language ON language.oid = prolang
             WHERE tgrelid = %s::regclass AND NOT tgisinternal
            """,
            table,
        )
    )
    return model.env.cr.fetchall()


def _other_ways(model, table):
    """Return what else could swallow, hide, lose or double rows of the table."""
    model.env.cr.execute(
        SQL(
            """
            SELECT rulename::text
              FROM pg_catalog.pg_rewrite
             WHERE ev_class = %(table)s::regclass
             UNION ALL
            SELECT polname::text
              FROM pg_catalog.pg_policy
             WHERE polrelid = %(table)s::regclass
             UNION ALL
            SELECT relname::text
              FROM pg_catalog.pg_class
             WHERE oid = %(table)s::regclass
               AND (relkind <> 'r' OR relpersistence <> 'p' OR relrowsecurity
                    OR NOT EXISTS (
                       SELECT
                         FROM pg_catalog.pg_index
                         JOIN pg_catalog.pg_attribute column_
                           ON attrelid = indrelid AND attnum = indkey[0]
                        WHERE indrelid = %(table)s::regclass AND attname = 'id'
                          AND indisprimary AND indisvalid AND indnatts = 1))
             UNION ALL
            SELECT inhrelid::regclass::text
              FROM pg_catalog.pg_inherits
             WHERE %(table)s::regclass IN (inhparent, inhrelid)
            """,
            table=table,
        )
    )
    return [row[0] for row in model.env.cr.fetchall()]
