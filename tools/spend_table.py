"""The table of what is spent, and the triggers that note which bills changed.

Splitting bills by department takes long, so it is done once for each: a trigger notes
the bill in a list of what is due, and the next reader brings the table up to date. A
bill that a person enters costs no query more.
"""

from odoo.tools import SQL

from .row_ids import row_id
from .spent_items import BILL_TYPES, borne_items

# All of a row comes from elsewhere: an update of the addon makes a new table.
# What is due: a bill, or all of them where there is none.
_TABLES = """
DROP TABLE IF EXISTS procurify_spend, procurify_spend_due;
CREATE TABLE procurify_spend (
    id bigint PRIMARY KEY,
    move_id integer NOT NULL,
    move_type varchar,
    state varchar,
    company_id integer,
    currency_id integer,
    partner_id integer,
    date date,
    invoice_date date,
    account_id integer,
    product_id integer,
    department_id integer,
    location_id integer,
    is_from_procurify boolean,
    requester varchar,
    amount numeric,
    original_amount numeric
);
CREATE INDEX ON procurify_spend (move_id);
CREATE INDEX ON procurify_spend (date DESC, id DESC);
CREATE TABLE procurify_spend_due (id bigserial PRIMARY KEY, move_id integer);
INSERT INTO procurify_spend_due (move_id) VALUES (NULL);
"""
_FUNCTIONS = {
    "procurify_spend_note_item": """
        IF TG_OP = 'DELETE' THEN
            INSERT INTO procurify_spend_due (move_id) VALUES (OLD.move_id);
        ELSE
            INSERT INTO procurify_spend_due (move_id)
            SELECT id FROM account_move
             WHERE id IN (OLD.move_id, NEW.move_id) AND move_type IN %(bill_types)s;
        END IF;
    """,
    "procurify_spend_note_bill": """
        IF OLD.move_type IN %(bill_types)s OR NEW.move_type IN %(bill_types)s THEN
            INSERT INTO procurify_spend_due (move_id) VALUES (NEW.id);
        END IF;
    """,
    "procurify_spend_note_record": """
        INSERT INTO procurify_spend_due (move_id)
        SELECT number
          FROM (VALUES (OLD.res_model, OLD.res_id), (NEW.res_model, NEW.res_id))
               linked(model, number)
         WHERE model = 'account.move' AND number IS NOT NULL;
    """,
    "procurify_spend_note_all": """
        INSERT INTO procurify_spend_due (move_id) VALUES (NULL);
    """,
}
_ITEM = (
    *("move_id", "account_id", "company_id", "currency_id", "balance"),
    *("amount_currency", "analytic_distribution", "date", "display_type"),
    *("parent_state", "tax_line_id", "tax_repartition_line_id", "product_id"),
)
_BILL = ("move_type", "commercial_partner_id", "invoice_date")
_RECORD = ("res_model", "res_id", "connection_id", "remote_requester")
# What decides for many bills at once, and seldom changes: table → (events, columns).
_RULES = {
    "account_account": ("UPDATE OF", ("account_type",)),
    "account_analytic_account": ("DELETE OR UPDATE OF", ("plan_id",)),
    "account_analytic_plan": ("UPDATE OF", ("parent_path",)),
    "account_tax_repartition_line": ("UPDATE OF", ("account_id",)),
    "procurify_connection": (
        "INSERT OR DELETE OR UPDATE OF",
        ("department_plan_id", "location_plan_id", "company_id", "active"),
    ),
    "res_company": ("UPDATE OF", ("parent_path",)),
}


def create(cr):
    """Make the table, with all bills due, and the triggers."""
    cr.execute(_TABLES)
    for name, body in _FUNCTIONS.items():
        cr.execute(
            SQL(
                "CREATE OR REPLACE FUNCTION %s() RETURNS trigger "
                "LANGUAGE plpgsql AS %s",
                SQL.identifier(name),
                _quoted(cr, f"BEGIN {body} RETURN NULL; END"),
            )
        )
    for table, columns, function in (
        ("account_move_line", _ITEM, "procurify_spend_note_item"),
        ("account_move", _BILL, "procurify_spend_note_bill"),
        ("procurify_record", _RECORD, "procurify_spend_note_record"),
    ):
        if table != "account_move":  # a bill without items has nothing to note
            _trigger(cr, "1", "INSERT OR DELETE", table, "EACH ROW", function)
        changed = SQL(
            "WHEN ((%s) IS DISTINCT FROM (%s))",
            SQL(", ").join(SQL.identifier("old", name) for name in columns),
            SQL(", ").join(SQL.identifier("new", name) for name in columns),
        )
        _trigger(cr, "2", "UPDATE", table, "EACH ROW", function, changed)
    for table, (events, columns) in _RULES.items():
        named = f"{events} {', '.join(columns)}"
        _trigger(cr, "1", named, table, "EACH STATEMENT", "procurify_spend_note_all")


def drop(cr):
    """Remove the triggers and what they note; Odoo removes the table itself."""
    for name in _FUNCTIONS:
        cr.execute(SQL("DROP FUNCTION IF EXISTS %s() CASCADE", SQL.identifier(name)))
    cr.execute("DROP TABLE IF EXISTS procurify_spend_due")


def bring_up_to_date(cr):
    """Split the bills that are due; only then does this write anything.

    :returns: whether it did
    """
    cr.execute("SELECT FROM procurify_spend_due LIMIT 1")
    if not cr.rowcount:
        return False
    # Another reader who does the same lets this transaction start again.
    cr.execute("DELETE FROM procurify_spend_due RETURNING move_id")
    due = {move_id for (move_id,) in cr.fetchall()}
    if None in due:
        moves = SQL("TRUE")
        cr.execute("DELETE FROM procurify_spend")
    else:
        moves = SQL("move.id = ANY(%s)", list(due))
        cr.execute("DELETE FROM procurify_spend WHERE move_id = ANY(%s)", [list(due)])
    cr.execute(
        SQL(
            """
            INSERT INTO procurify_spend (
                id, move_id, move_type, state, company_id, currency_id, partner_id,
                date, invoice_date, account_id, product_id, department_id,
                location_id, is_from_procurify, requester, amount, original_amount)
            SELECT %s, line.move_id, move.move_type, line.parent_state, line.company_id,
                   line.currency_id, move.commercial_partner_id, line.date,
                   move.invoice_date, line.account_id, line.product_id,
                   places.department_id, places.location_id,
                   record.id IS NOT NULL, record.requester,
                   line.balance * places.share, line.amount_currency * places.share
              %s
          ORDER BY line.date, line.id
            """,
            # The same for the same part of an item, however often it is split.
            row_id(
                SQL("line.id"),
                SQL(
                    "row_number() OVER (PARTITION BY line.id "
                    "ORDER BY places.department_id, places.location_id)"
                ),
            ),
            borne_items(moves),
        )
    )
    return True


def _trigger(cr, number, events, table, each, function, condition=None):
    name = SQL.identifier(f"procurify_spend_{number}")
    cr.execute(SQL("DROP TRIGGER IF EXISTS %s ON %s", name, SQL.identifier(table)))
    cr.execute(
        SQL(
            "CREATE TRIGGER %s AFTER %s ON %s FOR %s %s EXECUTE FUNCTION %s()",
            name,
            SQL(events),
            SQL.identifier(table),
            SQL(each),
            condition or SQL(),
            SQL.identifier(function),
        )
    )


def _quoted(cr, body):
    """Return the SQL of a function's body, with the types of bills in it."""
    types = cr.mogrify("%s", [BILL_TYPES]).decode()
    return SQL("%s", body.replace("%(bill_types)s", types))
