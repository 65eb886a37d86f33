"""Figures e and f: what a full stage costs, in time, on disk and in memory."""

import time
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from odoo import api
from odoo.fields import Domain
from odoo.modules.registry import Registry
from odoo.tools import SQL

from odoo.addons.base.models.ir_cron import IrCron

from . import company, importing
from .measuring import median, tidy

HELD_SHARE = 50  # every so many-th record is on hold
VENDOR_SHARE = 10
MEASURED = 100  # documents per round
DONE_AT = SQL("now() AT TIME ZONE 'UTC' - n * interval '1 minute'")


def fill(env, count):
    """Fill the stage up to ``count`` records, with their audit and what they name.

    The company has as many bills that are not Procurify's.

    :returns: bytes on disk per record, all indexes included
    """
    template = company.template_bill(env)
    if template.state != "done":
        company.only(env, template)
        template._import()
    before = _size(env)
    vendors, held = count // VENDOR_SHARE, count // HELD_SHARE
    bills = count - vendors - held
    done = {"res_id": SQL("%s + n", company.FIRST_COPY), "imported_at": DONE_AT}
    company.copy_bills(env, template, bills, 0, done)
    _copy_held(env, template, held, bills)
    vendor = env["procurify.record"].search(
        [("resource", "=", "vendor"), ("state", "=", "done")], limit=1
    )
    company.copy_masters(env, vendor, vendors, {})
    _copy_trail(env, template)
    _copy_entries(env, template, count)
    env.cr.commit()
    tidy(env)
    return {"bytes_per_record": round((_size(env) - before) / count)}


def _copy_held(env, template, count, start):
    """Add bills that are on hold with one of ten issues."""
    issues = env["procurify.issue"]._open_issues(
        template.connection_id,
        [importing.unknown_account(f"no-{number}") for number in range(10)],
    )
    held = {"state": SQL("'quarantined'"), "res_id": SQL("NULL")}
    company.copy_bills(env, template, count, start, held)
    env.cr.execute(
        SQL(
            "INSERT INTO procurify_record_issue_rel (record_id, issue_id) "
            "SELECT id, (%s)[1 + id %% %s] FROM procurify_record "
            "WHERE state = 'quarantined' AND resource = 'bill' "
            "AND external_id::bigint > %s",
            [issue.id for issue in issues.values()],
            len(issues),
            company.FIRST_COPY,
        )
    )


def _copy_trail(env, template):
    """Give every copy the template's audit rows, and what the template names."""
    env.flush_all()
    columns = [
        field.name
        for field in env["procurify.audit"]._fields.values()
        if field.store
        and field.column_type
        and field.name not in ("id", "res_id", "external_id", "digest", "date")
    ]
    names = SQL(", ").join(SQL.identifier(name) for name in columns)
    values = SQL(", ").join(SQL.identifier("audit", name) for name in columns)
    copies = SQL(
        "copy.resource = 'bill' AND copy.external_id ~ '^[0-9]+$' "
        "AND copy.external_id::bigint > %s",
        company.FIRST_COPY,
    )
    env.cr.execute(
        SQL(
            "INSERT INTO procurify_audit (%s, res_id, external_id) "
            "SELECT %s, copy.id, copy.external_id FROM procurify_audit audit, "
            "procurify_record copy WHERE audit.res_model = 'procurify.record' "
            "AND audit.res_id = %s AND %s",
            names,
            values,
            template.id,
            copies,
        )
    )
    env.cr.execute(
        SQL(
            "INSERT INTO procurify_mention (document_id, mention_id, res_id) "
            "SELECT copy.id, mention.mention_id, mention.res_id "
            "FROM procurify_mention mention, procurify_record copy "
            "WHERE mention.document_id = %s AND %s",
            template.id,
            copies,
        )
    )


def _copy_entries(env, template, count):
    number = SQL("'OWN-' || n")
    company.copy_row(
        env,
        env["account.move"].browse(template.res_id),
        count,
        dict.fromkeys(("name", "ref", "payment_reference"), number)
        | {"amount_total": SQL("n"), "invoice_date": SQL("invoice_date - n %% 1000")},
    )


def _size(env):
    """Return the bytes of the connector's tables, with their indexes."""
    env.cr.execute(
        "SELECT SUM(pg_total_relation_size(oid)) FROM pg_class "
        "WHERE relname LIKE 'procurify\\_%' AND relkind = 'r'"
    )
    return int(env.cr.fetchone()[0])


# === GROWTH === #


def measure_growth(_env, databases, rounds):
    """Return milliseconds per document of the whole import cron, by what is there.

    :param databases: {records that are there: name of the database}
    """
    found = {size: [] for size in databases}
    with ExitStack() as stack:
        environments = {
            size: api.Environment(
                stack.enter_context(Registry(name).cursor()), api.SUPERUSER_ID, {}
            )
            for size, name in databases.items()
        }
        for number in range(rounds + 1):
            for size, env in environments.items():
                seconds = _import_some(env, number)
                if number:
                    found[size].append(seconds / MEASURED * 1000)
    few, *_others, many = sorted(databases, key=int)
    pairs = zip(found[many], found[few], strict=True)
    return {
        f"growth_{size}_ms_per_document": median(times) for size, times in found.items()
    } | {f"growth_{many}_over_{few}": median([a / b for a, b in pairs])}


def _import_some(env, number):
    """Stage some bills more, and return how long the cron takes for them."""
    template = company.template_bill(env)
    start = 5_000_000 + number * MEASURED
    company.copy_bills(env, template, MEASURED, start, company.PENDING)
    env.cr.commit()
    tidy(env)
    started = time.perf_counter()
    env["procurify.record"]._cron_import()
    seconds = time.perf_counter() - started
    env.cr.commit()
    first = company.FIRST_COPY + start + 1
    numbers = range(first, first + MEASURED)
    copies = Domain("resource", "=", "bill") & Domain(
        "external_id", "in", [str(number) for number in numbers]
    )
    not_done = copies & Domain("state", "!=", "done")
    if left := env["procurify.record"].search(not_done, limit=1):
        raise RuntimeError(f"The cron left {left.display_name} {left.state}.")
    return seconds


# === MEMORY === #


def measure_memory(env, backlog, batches):
    """Return MiB of memory that the import takes over Odoo's own, with a backlog.

    Odoo's own is what it takes to create one batch of the same bills.
    """
    template = company.template_bill(env)
    company.copy_bills(env, template, backlog, 7_000_000, company.PENDING)
    env.cr.commit()
    tidy(env)
    records = company.pending(env, "bill", MEASURED)
    bills, values = importing.bill_values(env, records)
    importing.raw_create(env, bills, values)
    _forget_peak()
    importing.raw_create(env, bills, values)
    own = _peak()
    _forget_peak()
    with patch.object(IrCron, "_commit_progress", _commits(env, batches)):
        env["procurify.record"]._import_staged()
    used = _peak()
    env.cr.execute("DELETE FROM procurify_record WHERE state = 'pending'")
    env.cr.commit()
    return {
        "memory_odoo_mib": round(own / 1024),
        "memory_backlog": round((used - own) / 1024, 1),
    }


def _commits(env, batches):
    """Return what stands in for Odoo's commits: time ends after so many batches."""
    left = [batches]

    def commit(_cron, processed=0, **_options):
        env.cr.commit()
        left[0] -= bool(processed)
        return float(left[0] > 0)

    return commit


def _forget_peak():
    Path("/proc/self/clear_refs").write_text("5")


def _peak():
    """Return the KiB of memory that this process had at most since."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise RuntimeError("This system does not show the peak of a process's memory.")
