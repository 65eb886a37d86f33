"""The company that is measured: its connection, its stage, and copies of documents."""

import json

import requests

from odoo.tools import SQL

from odoo.addons.procurify_connector.fetching.tenant import open_client
from odoo.addons.procurify_connector.procurify import read_json

#: What a copy of an imported bill has otherwise, to be imported itself.
PENDING = {
    "state": SQL("'pending'"),
    "res_id": SQL("NULL"),
    "imported_at": SQL("NULL"),
    "applied_digest": SQL("NULL"),
    "applied_state": SQL("NULL"),
    "origin": SQL("NULL"),
}
FIRST_COPY = 10_000_000  # Procurify's ids of copies, and the Odoo ids of copied bills


def connect(env, credentials):
    """Create the connection, read everything, and import its master data.

    :returns: how many bills and orders wait for their import
    """
    plans = env["account.analytic.plan"].search([])
    connection = env["procurify.connection"].create(
        {
            "name": "Benchmark",
            **credentials,
            "user_id": env["res.users"].search([("login", "=", "procurify")]).id,
            "page_size": 100,
            **{
                f"{kind}_plan_id": plans.filtered(lambda p, n=name: p.name == n).id
                for kind, name in (
                    ("department", "Departments"),
                    ("location", "Locations"),
                )
            },
        }
    )
    env.cr.commit()
    env.ref("procurify_connector.ir_cron_fetch").method_direct_trigger()
    env.cr.rollback()
    records = env["procurify.record"]
    for _round in range(2):
        records.search([("role", "=", "master"), ("state", "!=", "done")])._import()
    records.search([("resource", "=", "requisition")])._import()
    env.cr.commit()
    return {
        resource: records.search_count([("resource", "=", resource)])
        for resource in ("bill", "purchase_order")
    } | {"connection": connection.id}


def pending(env, resource, count):
    """Return the next ``count`` documents that wait for their import."""
    return (
        env["procurify.record"]
        .sudo()
        .search(
            [("resource", "=", resource), ("state", "=", "pending")],
            limit=count,
            order="id",
        )
    )


def imported_bills(env, count):
    """Return bills of the simulator, no copies, that are drafts in Odoo."""
    return (
        env["procurify.record"]
        .sudo()
        .search(
            [
                ("resource", "=", "bill"),
                ("state", "=", "done"),
                ("name", "not like", "C-%"),
            ],
            limit=count,
            order="id",
        )
    )


def revise(stream, records, changes):
    """Let Procurify change these bills, and read them.

    :param changes: as ``revise_bill`` of the simulator takes them
    """
    for record in records:
        answer = requests.post(
            f"{stream.connection_id.base_url}/_simulator/edits",
            json={
                "edit": "revise_bill",
                "bill_id": int(record.external_id),
                **changes,
            },
            timeout=10,
        )
        answer.raise_for_status()
    with open_client(stream.connection_id) as client:
        for _page in stream._fetch(client):
            stream.env.cr.commit()
    if waiting := records.filtered(lambda record: record.state != "pending"):
        raise RuntimeError(f"Not read again: {len(waiting)} bills.")


def only(env, records):
    """Let the import see none but ``records``: the others wait for a person."""
    env.cr.execute(
        "UPDATE procurify_record SET state = 'ignored' WHERE state = 'pending'"
    )
    records.invalidate_recordset(["state"], flush=False)
    records.write({"state": "pending"})
    env.cr.commit()


def template_bill(env):
    """Return a staged bill of five lines that is for no order, to make copies of."""
    records = env["procurify.record"].sudo()
    for record in records.search([("resource", "=", "bill")], order="id"):
        items = read_json(record.payload)["items"]
        if len(items) == 5 and not any(item.get("orderitem") for item in items):
            return record
    raise RuntimeError("The simulator made no bill without an order.")


def copy_bills(env, template, count, start, values):
    """Stage ``count`` copies of a bill, each under ids and a number of its own.

    :param start: how many copies there are already
    :param values: {column: SQL} of what the copies have otherwise than the template
    """
    data = read_json(template.payload)
    number = SQL("(%s + n)", FIRST_COPY + start)
    uuid = SQL("md5((%s + n)::text)", FIRST_COPY + start)
    payload = SQL("payload")
    for old, new in (
        (f'"id": {data["id"]}, "uuid": "{data["uuid"]}"', '"id": %s, "uuid": "%s"'),
        (f'"group": {data["group"]}', '"group": %s'),
        (
            f'"invoice_number": {json.dumps(data["invoice_number"])}',
            '"invoice_number": "C-%s"',
        ),
    ):
        if old not in template.payload:
            raise RuntimeError(f"A bill's JSON has no {old!r} to replace.")
        arguments = [number, uuid][: new.count("%s")]
        payload = SQL(
            "replace(%s, %s, format(%s, %s))",
            payload,
            old,
            new,
            SQL(", ").join(arguments),
        )
    copy_row(
        env,
        template,
        count,
        {
            "external_id": SQL("%s::text", number),
            "remote_uuid": uuid,
            "remote_group": SQL("%s::text", number),
            "name": SQL("'C-' || %s", number),
            "payload": payload,
            "digest": SQL("encode(sha256(%s::text::bytea), 'hex')", number),
            "summary_digest": SQL("md5(%s::text)", number),
        }
        | values,
    )


def copy_masters(env, template, count, values):
    """Stage ``count`` copies of a vendor, as if a large company had them."""
    number = SQL("(%s + n)", FIRST_COPY)
    copy_row(
        env,
        template,
        count,
        {
            "external_id": SQL("%s::text", number),
            "name": SQL("'Vendor ' || %s", number),
            "remote_uuid": SQL("NULL"),
        }
        | values,
    )


def copy_row(env, template, count, values):
    """Copy a record ``count`` times.

    :param values: {column: SQL} of what copy number ``n`` has otherwise
    """
    env.flush_all()
    names = [
        field.name
        for field in template._fields.values()
        if field.store and field.column_type and field.name != "id"
    ]
    env.cr.execute(
        SQL(
            "INSERT INTO %(table)s (%(names)s) SELECT %(values)s FROM %(table)s, "
            "generate_series(1, %(count)s) n WHERE %(table)s.id = %(template)s",
            table=SQL.identifier(template._table),
            names=SQL(", ").join(SQL.identifier(name) for name in names),
            values=SQL(", ").join(
                values.get(name) or SQL.identifier(template._table, name)
                for name in names
            ),
            count=count,
            template=template.id,
        )
    )
    env.invalidate_all()
