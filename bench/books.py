"""The books beside a full stage: Odoo's bills and orders, copied by SQL.

What reports and the dashboard show is of Odoo. Each staged copy that counts as imported
gets a bill here, on a day of the last two years; the older ones are posted and paid.
"""

from odoo.tools import SQL

from odoo.addons.procurify_connector.tools.spend_table import bring_up_to_date

from . import company
from .measuring import tidy

KINDS = 20  # bills and orders of which there are copies
DAYS = 730  # over which they are spread
DRAFT_DAYS = 15  # bills of the last days are drafts
OPEN_DAYS = 60  # those after them are not paid yet
ORDER_SHARE = 10  # one order for so many records
OPEN_ORDERS = 10  # one of so many is not billed yet
LINES = 10  # at most, of an order
_DAY = SQL("(CURRENT_DATE - (%s %% %s)::int)", SQL("n"), DAYS)


def fill(env, count):
    """Give the stage of ``count`` records the bills and orders that it speaks of."""
    bills = _import_some(env, "bill")
    orders = _import_some(env, "purchase_order")
    _spread(env, bills)
    _copy_bills(env, bills)
    _copy_orders(env, orders, count // ORDER_SHARE)
    env.cr.execute("INSERT INTO procurify_spend_due (move_id) VALUES (NULL)")
    env.cr.commit()
    bring_up_to_date(env.cr)
    tidy(env, "procurify_record")
    return {}


def _import_some(env, resource):
    """Import documents that wait, and return those that are in Odoo."""
    found = [("resource", "=", resource), ("state", "in", ("pending", "ignored"))]
    records = env["procurify.record"].search(found, limit=KINDS, order="id")
    company.only(env, records)
    records._import()
    env.cr.commit()
    done = records.filtered(lambda record: record.state == "done" and record.res_id)
    if not done:
        raise RuntimeError(f"Nothing of {resource} could be imported.")
    return done


def _kinds(records):
    """Return SQL of a table ``kind``: the place of a record, and its ids."""
    rows = SQL(", ").join(
        SQL("(%s, %s, %s)", place, record.id, record.res_id)
        for place, record in enumerate(records)
    )
    return SQL("(VALUES %s) kind (place, record_id, document_id)", rows)


def _spread(env, bills):
    """Give the staged copies days, vendors, amounts and lines that differ."""
    env.flush_all()
    env.cr.execute(
        SQL(
            """
            UPDATE procurify_record copy
               SET remote_date = day, remote_due_date = day + 30,
                   remote_approved_at = day + interval '10 hours',
                   remote_coding = kind_of.remote_coding,
                   remote_party = kind_of.remote_party,
                   remote_amount = kind_of.remote_amount,
                   remote_currency = kind_of.remote_currency,
                   remote_requester = kind_of.remote_requester
              FROM (SELECT id, external_id::bigint - %(first)s AS n
                      FROM procurify_record
                     WHERE resource = 'bill' AND external_id ~ '^[0-9]+$'
                       AND external_id::bigint > %(first)s) numbered
        CROSS JOIN LATERAL (SELECT %(day)s AS day) dated
              JOIN %(kinds)s ON kind.place = n %% %(count)s
              JOIN procurify_record kind_of ON kind_of.id = kind.record_id
             WHERE copy.id = numbered.id
            """,
            first=company.FIRST_COPY,
            day=_DAY,
            kinds=_kinds(bills),
            count=len(bills),
        )
    )
    env.invalidate_all()


def _copy_bills(env, bills):
    """Copy Odoo's bills with their items, one for each staged copy that is done."""
    number = SQL("(copy.res_id - %s)", company.FIRST_COPY)
    day = SQL("copy.remote_date")
    age = SQL("(CURRENT_DATE - copy.remote_date)")
    state = SQL("CASE WHEN %s < %s THEN 'draft' ELSE 'posted' END", age, DRAFT_DAYS)
    is_paid = SQL("%s >= %s", age, OPEN_DAYS)

    def source(table, column):
        return SQL(
            """
            FROM procurify_record copy
            JOIN %s ON kind.place = %s %% %s
            JOIN %s copied ON %s = kind.document_id
           WHERE copy.resource = 'bill' AND copy.state = 'done' AND copy.res_id > %s
            """,
            _kinds(bills),
            number,
            len(bills),
            SQL.identifier(table),
            SQL.identifier("copied", column),
            company.FIRST_COPY,
        )

    common = {"state": state, "date": day, "invoice_date": day}
    _copy(
        env["account.move"],
        source("account_move", "id"),
        common
        | {
            "id": SQL("copy.res_id"),
            "name": SQL("'COPY/' || copy.res_id"),
            "ref": SQL("copy.name"),
            "invoice_date_due": SQL("copy.remote_due_date"),
            "create_date": SQL("copy.remote_date + interval '2 days'"),
            "procurify_posted_at": SQL("copy.remote_date + interval '3 days'"),
            "payment_state": SQL(
                "CASE WHEN %s THEN 'paid' ELSE 'not_paid' END", is_paid
            ),
        },
    )
    residuals = {
        name: SQL("CASE WHEN %s THEN 0 ELSE copied.%s END", is_paid, SQL(name))
        for name in ("amount_residual", "amount_residual_currency")
    }
    _copy(
        env["account.move.line"],
        source("account_move_line", "move_id"),
        common
        | residuals
        | {
            "id": SQL("nextval('account_move_line_id_seq')"),
            "move_id": SQL("copy.res_id"),
            "move_name": SQL("'COPY/' || copy.res_id"),
            "parent_state": state,
            "date_maturity": SQL(
                "CASE WHEN copied.date_maturity IS NOT NULL"
                " THEN copy.remote_due_date END"
            ),
            "reconciled": SQL("copied.reconciled OR %s", is_paid),
        },
    )


def _copy_orders(env, orders, count):
    """Copy orders and their lines, with their staged records."""
    suffix = SQL("'-' || n")
    source = SQL(
        "FROM generate_series(1, %s) n JOIN %s ON kind.place = n %% %s",
        count,
        _kinds(orders),
        len(orders),
    )
    first = company.FIRST_COPY
    coding = SQL(
        """regexp_replace(copied.remote_coding::text, '"item": "([0-9]+)"',
                          '"item": "\\1-' || n || '"', 'g')::jsonb"""
    )
    is_open = SQL("n %% %s = 0", OPEN_ORDERS)
    _copy(
        env["procurify.record"],
        SQL("%s JOIN procurify_record copied ON copied.id = kind.record_id", source),
        {
            "id": SQL("nextval('procurify_record_id_seq')"),
            "external_id": SQL("copied.external_id || %s", suffix),
            "name": SQL("copied.name || %s", suffix),
            "remote_uuid": SQL("NULL"),
            "remote_date": _DAY,
            "res_id": SQL("%s + n", first),
            "remote_coding": coding,
            "remote_receipts": SQL(
                """(SELECT jsonb_object_agg(line ->> 'item', jsonb_build_array(
                               jsonb_build_array(%s::text, line ->> 'quantity')))
                      FROM jsonb_array_elements(%s) line)""",
                _DAY,
                coding,
            ),
        },
    )
    _copy(
        env["purchase.order"],
        SQL("%s JOIN purchase_order copied ON copied.id = document_id", source),
        {
            "id": SQL("%s + n", first),
            "name": SQL("copied.name || %s", suffix),
            "date_order": SQL("%s::timestamp", _DAY),
            "state": SQL("'purchase'"),
        },
    )
    numbered = SQL(
        """(SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY id) AS number
              FROM purchase_order_line) copied"""
    )
    line_id = SQL("%s + n * %s + copied.number", first, LINES)
    _copy(
        env["purchase.order.line"],
        SQL("%s JOIN %s ON copied.order_id = document_id", source, numbered),
        {
            "id": line_id,
            "order_id": SQL("%s + n", first),
            **{
                name: SQL("CASE WHEN %s THEN 0 ELSE copied.product_qty END", is_open)
                for name in ("qty_invoiced", "qty_received")
            },
        },
    )
    items = SQL(
        """%s
        JOIN %s ON copied.order_id = document_id
        JOIN procurify_record item ON item.res_model = 'purchase.order.line'
                                  AND item.res_id = copied.id""",
        source,
        numbered,
    )
    _copy(
        env["procurify.record"],
        items,
        {
            "id": SQL("nextval('procurify_record_id_seq')"),
            "external_id": SQL("item.external_id || %s", suffix),
            "remote_uuid": SQL("NULL"),
            "res_id": line_id,
        },
        "item",
    )


def _copy(model, source, values, alias="copied"):
    """Insert copies of rows of a model's table.

    :param source: SQL of FROM and WHERE, in which ``alias`` is the row that is copied
    :param values: {column: SQL} of what the copies have otherwise
    """
    model.env.flush_all()
    names = [
        field.name
        for field in model._fields.values()
        if field.store and field.column_type
    ]
    model.env.cr.execute(
        SQL(
            "INSERT INTO %s (%s) SELECT %s %s",
            SQL.identifier(model._table),
            SQL(", ").join(SQL.identifier(name) for name in names),
            SQL(", ").join(
                values.get(name) or SQL.identifier(alias, name) for name in names
            ),
            source,
        )
    )
    model.env.invalidate_all()
