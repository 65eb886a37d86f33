"""A hub and the real Odoo in which it books: the same books, whatever happens."""

import ast
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from typing import Any

import pytest

from devtools import databases, odoo_14
from devtools.company import CLERK_LOGIN
from devtools.console import say
from devtools.odoo import Odoo
from devtools.paths import ROOT
from procurify.tests.server import FaultyServer, Reply
from procurify_odoo import (
    KeyRefused,
    Throttled,
    Unreachable,
    WrongAddress,
    WrongDatabase,
)
from procurify_odoo.client import LANES
from simulator.books import books

from .conftest import Procurify
from .hub import SERIES, Hub
from .site import Site

#: Of the hub, the remote's server and the hub's worker, by turns. For 200 of each
#: version: ``PROCURIFY_HUB_KILLS=200 ./dev test tests_system/test_hub.py -s -k kills``.
KILLS = int(os.environ.get("PROCURIFY_HUB_KILLS", "12"))
#: After so many, all is sent, compared, and both databases begin anew.
KILLS_A_ROUND = 25
SEED = 23
#: Bills of one call, so that there are many moments between calls.
SMALL = 4
#: How often the same number of bills of five lines is sent near and far away, by turns:
#: ``PROCURIFY_HUB_ROUNDS=5 ./dev test tests_system/test_hub.py -s -k slow_line``.
ROUNDS = int(os.environ.get("PROCURIFY_HUB_ROUNDS", "1"))
SENT, FAR_S = 100, 0.2
#: How long the hub sends between two kills, at most.
SENDS_FOR_S = 0.6
#: How long a killed hub may take until it sends again, and until all is sent.
STARTS_WITHIN_S, SENDS_WITHIN_S = 180, 600
_CHANGES = {
    *("load", "write", "create", "unlink", "action_post", "button_draft"),
    *("button_confirm", "button_lock", "button_done", "button_unlock", "button_cancel"),
}
_ERRORS = (WrongAddress, WrongDatabase, KeyRefused, Throttled, Unreachable)
#: What is tried with all of it by other tests, or is no matter of the version.
_IN_19 = pytest.mark.parametrize("hub", ["odoo19"], indirect=True)

_OPEN = """
    SELECT count(*) FROM procurify_dispatch
     WHERE (is_due OR state IN ('sending', 'to_send'))
"""
_BILLS_LEFT = f"{_OPEN} AND res_model = 'account.move' AND sent_at IS NULL"
#: Let the job that sends run now, unless it does already.
_SEND = """
    UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id IN (
        SELECT c.id FROM ir_cron c JOIN ir_model_data d ON d.res_id = c.id
         WHERE d.model = 'ir.cron' AND d.name = 'ir_cron_converge'
           FOR NO KEY UPDATE OF c SKIP LOCKED) RETURNING id
"""
#: Some bills are not sent before the backup, and then they are.
_KEEP_BACK = """
    UPDATE procurify_dispatch SET is_due = false, state = 'sent'
     WHERE res_model IN ('account.move', 'purchase.order') AND id % 3 = 0
     RETURNING id
"""
_LET_GO = """
    UPDATE procurify_dispatch SET is_due = true, state = 'to_send'
     WHERE coalesce(remote_id, 0) = 0
       AND res_model IN ('account.move', 'purchase.order') RETURNING id
"""
_LOST = "SELECT res_model, lost, count(*) FROM procurify_dispatch GROUP BY 1, 2"
_ERROR = "SELECT error_message FROM procurify_target"
_SEND_AGAIN = """
env["procurify.target"].search([]).action_send_again()
env.cr.commit()
run(env, "converge")
"""
_SENDING = """
    SELECT count(*) FROM procurify_dispatch WHERE state = 'sending' AND write_date > %s
"""
_SEND_COPIES = """
import time
from odoo.addons.procurify_connector.bench import company
bill = env["procurify.record"].search(
    [("resource", "=", "bill"), ("external_id", "=", "{bill}")]
)
assert bill.state == "done", bill.issue_ids.mapped("code")
company.copy_bills(env, bill, {count}, {start}, company.PENDING)
env.cr.commit()
spent = []
for job in ("import", "converge"):
    started = time.monotonic()
    run(env, job)
    spent.append(time.monotonic() - started)
print(json.dumps(spent))
"""
_NO_GROUPS = """
user = env["res.users"].search([("login", "=", "connector")])
user.group_ids = [(6, 0, env.ref("base.group_user").ids)]
env.cr.commit()
env.registry.signal_changes()
"""
_TEST = """
access, values = {access!r}, {values!r}
target = env["procurify.target"].create(
    {{
        "name": "Test",
        "url": access["address"],
        "database": access["database"],
        "login": LOGIN,
        "api_key": access["key"],
    }}
)
target.write(values | {{"api_key": values.get("api_key", access["key"])}})
target.action_probe()
print(repr(target.error_message or target.missing))
"""
_COPIES_SENT = """
    SELECT count(*) FROM procurify_dispatch d JOIN account_move m ON m.id = d.res_id
     WHERE d.res_model = 'account.move' AND d.state = 'sent' AND m.ref LIKE 'C-%'
"""
_SMALL_CALLS = f"""
    UPDATE procurify_target SET bills_per_call = {SMALL}
     WHERE id IN (SELECT id FROM procurify_target FOR UPDATE SKIP LOCKED) RETURNING id
"""
_NOW = "SELECT now() AT TIME ZONE 'UTC'"
_COUNT = """
    SELECT count(*) FROM account_move WHERE move_type IN ('in_invoice', 'in_refund')
"""
_SENT_TO = """
    SELECT count(*) FROM procurify_dispatch
     WHERE res_model = 'account.move' AND remote_id > 0 AND target_id = %s
"""
_TOTALS_THERE = """
    SELECT id, ref, amount_untaxed, amount_total, amount_total_signed
      FROM account_move WHERE move_type IN ('in_invoice', 'in_refund')
"""
_TOTALS_SENT_TO = """
    SELECT d.remote_id, m.ref, m.amount_untaxed, m.amount_total, m.amount_total_signed
      FROM procurify_dispatch d JOIN account_move m ON m.id = d.res_id
     WHERE d.res_model = 'account.move' AND d.target_id = %s
"""
_COUNT_ORDERS = "SELECT count(*) FROM purchase_order"
_DOUBLED_PRODUCTS = """
    SELECT t.name::text, count(*) FROM product_product p
      JOIN product_template t ON t.id = p.product_tmpl_id
     WHERE p.active GROUP BY 1 HAVING count(*) > 1
"""
_DOUBLED = """
    SELECT name, count(*) FROM res_partner WHERE supplier_rank > 0
     GROUP BY 1 HAVING count(*) > 1
"""
_FILES_HERE = """
    SELECT d.remote_id, a.name, a.checksum FROM ir_attachment a
      JOIN procurify_dispatch d ON d.res_id = a.res_id AND d.res_model = a.res_model
     WHERE a.res_model = 'account.move' AND a.res_field IS NULL
"""
_FILES_THERE = """
    SELECT res_id, name, checksum FROM ir_attachment
     WHERE res_model = 'account.move' AND res_field IS NULL
"""
_ORDER_STATES = "SELECT DISTINCT {state}, {is_locked} FROM purchase_order o"
#: Only who manages products there may create them.
_MANAGE_PRODUCTS = """
    INSERT INTO res_groups_users_rel (gid, uid)
    SELECT d.res_id, u.id FROM ir_model_data d, res_users u
     WHERE d.module = 'purchase' AND d.name = 'group_purchase_manager'
       AND u.login = 'connector'
    ON CONFLICT DO NOTHING RETURNING uid
"""
_VENDORS_SENT = """
    SELECT r.external_id FROM procurify_dispatch d
      JOIN procurify_record r ON r.id = d.record_id
     WHERE d.res_model = 'res.partner' AND d.state = 'sent'
"""
_QUAYS = "SELECT id, street FROM res_partner WHERE street LIKE 'Quay %%'"
_QUAYS_HERE = """
    SELECT d.remote_id, p.street FROM procurify_dispatch d
      JOIN res_partner p ON p.id = d.res_id
     WHERE d.res_model = 'res.partner' AND p.street LIKE 'Quay %%'
"""
_LINKED = "SELECT count(*) FROM account_move_line WHERE purchase_line_id IS NOT NULL"
_ORDERED_IN_SHARES = """
    SELECT count(*) FROM purchase_order_line
     WHERE (SELECT count(*) FROM jsonb_object_keys(analytic_distribution)) > 1
"""
_RECEIVED = "SELECT sum(qty_received) FROM purchase_order_line WHERE order_id = %s"
_PEOPLE_ORDERS = """
orders = env["purchase.order"]
orders.browse({merged}).order_line[:1].name = "Agreed"
orders.browse({update}).order_line[:1].product_qty = 3
orders.browse({keep}).order_line[:1].product_qty = 3
orders.browse({cancelled}).button_cancel()
orders.browse({deleted}).button_cancel()
orders.browse({deleted}).unlink()
getattr(orders.browse({locked}), {lock!r})()
env.cr.commit()
"""
_CHOOSE_ORDER = """
record = env["procurify.record"].search(
    [("resource", "=", "purchase_order"), ("external_id", "=", "{id}")]
)
record.{method}()
env.cr.commit()
run(env, "converge")
"""
#: People enter again, by hand, what was sent; what was sent is gone.
_ENTER_AGAIN = """
entered = {{}}
for name, id_ in {orders!r}.items():
    old = env["purchase.order"].browse(id_)
    new = old.copy({{"origin": old.origin, "date_order": old.date_order}})
    if name == "differs":
        new.order_line[:1].price_unit += 5
    if name == "stray":
        new.order_line[:1].copy({{"order_id": new.id, "name": "Crane hire"}})
    if name != "request":
        new.button_confirm()
    if hasattr(old, "button_unlock"):
        old.button_unlock()
    old.button_cancel()
    old.unlink()
    entered[name] = new.id
for name, id_ in {bills!r}.items():
    old = env["account.move"].browse(id_)
    new = old.copy({{"ref": None}})
    new.write({{"invoice_date": old.invoice_date, "date": old.date}})
    for line, copied in zip(old.invoice_line_ids, new.invoice_line_ids):
        copied.purchase_line_id = line.purchase_line_id
    ref = old.ref
    old.unlink()
    new.ref = ref
    if name == "bill_differs":
        line = new.invoice_line_ids[:1]
        price = {{"price_unit": line.price_unit + 5}}
        new.write({{"invoice_line_ids": [(1, line.id, price)]}})
    entered[name] = new.id
env.cr.commit()
print(entered)
"""
_NEVER_SENT = """
rows = env["procurify.dispatch"].search([("record_id", "in", {records!r})])
rows.write(
    {{"remote_id": 0, "remote_state": False, "remote_written_at": False}}
    | {{"sent_at": False, "sent_image": False, "state": "to_send", "is_due": True}}
)
env.cr.commit()
run(env, "converge")
"""
_ADOPT = """
for record in env["procurify.record"].browse({records!r}):
    record.action_adopt()
env.cr.commit()
run(env, "converge", "import", "converge")
"""
_CHOOSE_RECORD = """
env["procurify.record"].browse({record}).{method}()
env.cr.commit()
run(env, "converge")
"""
_RECORDS = """
    SELECT id, resource, external_id FROM procurify_record
     WHERE resource IN ('bill', 'purchase_order')
"""
_HELD_RECORDS = """
    SELECT r.id, array_agg(i.code) FROM procurify_record r
      JOIN procurify_record_issue_rel l ON l.record_id = r.id
      JOIN procurify_issue i ON i.id = l.issue_id
     WHERE r.id = ANY(%s) GROUP BY 1
"""
_SENT_AS = """
    SELECT record_id, remote_id FROM procurify_dispatch
     WHERE record_id = ANY(%s) AND res_model IN ('account.move', 'purchase.order')
"""
_ENTERED_LINE = "SELECT count(*) FROM purchase_order_line WHERE name = 'Crane hire'"
_BILLED_ORDER = """
    SELECT o.origin FROM account_move_line l
      JOIN purchase_order_line p ON p.id = l.purchase_line_id
      JOIN purchase_order o ON o.id = p.order_id
     ORDER BY o.id LIMIT 1
"""
_REFUSE_ORDER = """
    CREATE FUNCTION refuse_order() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'not this one'; END $$;
    CREATE TRIGGER refuse_order BEFORE INSERT ON purchase_order FOR EACH ROW
        WHEN (NEW.origin = '{origin}') EXECUTE FUNCTION refuse_order();
    SELECT 1
"""
_WAITING_BILLS = """
    SELECT r.external_id, d.message FROM procurify_dispatch d
      JOIN procurify_record r ON r.id = d.record_id
      JOIN procurify_record_issue_rel l ON l.record_id = r.id
      JOIN procurify_issue i ON i.id = l.issue_id AND i.code = 'remote_refused'
     WHERE d.res_model = 'account.move' AND d.state = 'refused'
"""
_SENT_KINDS = """
    SELECT res_model, count(*) FROM procurify_dispatch WHERE state = 'sent' GROUP BY 1
"""
_STATES = "SELECT state, count(*) FROM account_move GROUP BY 1"
_REFS = "SELECT id, ref, state FROM account_move"
_HELD = """
    SELECT m.ref, i.params->>'value' FROM procurify_record r
      JOIN procurify_record_issue_rel l ON l.record_id = r.id
      JOIN procurify_issue i ON i.id = l.issue_id AND i.code = 'remote_refused'
      JOIN account_move m ON m.id = r.res_id AND r.resource = 'bill'
"""
_ISSUES = """
    SELECT d.remote_id, array_agg(i.code) FROM procurify_dispatch d
      JOIN procurify_record_issue_rel l ON l.record_id = d.record_id
      JOIN procurify_issue i ON i.id = l.issue_id
     WHERE d.res_model = 'account.move' GROUP BY 1
"""
_STATES_HERE = """
    SELECT d.remote_id, d.remote_state, m.state, coalesce(d.is_edited, false)
      FROM procurify_dispatch d LEFT JOIN account_move m ON m.id = d.res_id
     WHERE d.res_model = 'account.move'
"""
#: A bill without a line on some account.
_BILL_WITHOUT = """
    SELECT m.ref FROM account_move m
     WHERE m.ref IS NOT NULL AND NOT EXISTS (
        SELECT FROM account_move_line l JOIN account_account a ON a.id = l.account_id
         WHERE l.move_id = m.id AND a.code_store->>'1' = %s)
     ORDER BY m.id LIMIT 1
"""
_MOST_USED = """
    SELECT a.code_store->>'1' FROM account_move_line l
      JOIN account_account a ON a.id = l.account_id
     WHERE l.display_type = 'product' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1
"""
#: In the remote, whose accounts have their code as the version says.
_USES = """
    SELECT count(*) FROM account_move_line l
      JOIN account_move m ON m.id = l.move_id
      JOIN account_account a ON a.id = l.account_id WHERE {code} = %s
"""
#: Bills that nothing is against, in the company's currency.
_PLAIN = """
    SELECT d.remote_id FROM procurify_dispatch d
      JOIN procurify_record r ON r.id = d.record_id AND r.state = 'done'
      JOIN account_move m ON m.id = d.res_id AND m.ref IS NOT NULL
     WHERE d.res_model = 'account.move' AND d.remote_id > 0
       AND r.payload ~ 'nvoice_?[nN]umber": ?"' ORDER BY d.id
"""
_HIDE = """
env["ir.rule"].create({{
    "name": "Hide",
    "model_id": env["ir.model"]._get("account.account").id,
    "groups": [(6, 0, env.ref("account.group_account_invoice").ids)],
    "domain_force": "[('code', '!=', '{code}')]",
}})
env.cr.commit()
env.registry.signal_changes()
"""
_SHOW = """
env["ir.rule"].search([("name", "=", "Hide")]).unlink()
env.cr.commit()
env.registry.signal_changes()
"""
_ATTACH = """
for record in env["procurify.record"].search([("resource", "=", "bill")], limit=90):
    if record.res_id and not record.id % 9:
        file = env["ir.attachment"].create(
            {"name": "bill.pdf", "raw": record.external_id.encode() * 99}
            | {"res_model": record.res_model, "res_id": record.res_id}
        )
        env["procurify.attachment"].create(
            {"record_id": record.id, "external_id": "1", "name": "bill.pdf"}
            | {"state": "done", "attachment_id": file.id}
            | {"res_model": record.res_model, "res_id": record.res_id}
        )
env.cr.commit()
run(env, "converge")
"""
_REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'not this one'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON account_move FOR EACH ROW
        WHEN (NEW.ref = '{ref}') EXECUTE FUNCTION refuse();
    SELECT 1
"""
_PARTNER_THERE = """
    SELECT r.remote_id FROM account_move m JOIN procurify_mirror r
        ON r.res_model = 'res.partner' AND r.res_id = m.partner_id
     WHERE m.ref = %s LIMIT 1
"""
_ENTER = """
env["account.move"].create(
    {{"move_type": {kind!r}, "partner_id": {partner}, "ref": {ref!r}}}
)
env.cr.commit()
"""
_REMOVE = """
env["account.move"].search([("ref", "=", {ref!r})], order="id", limit=1).unlink()
env.cr.commit()
"""
_KIND = "SELECT move_type FROM account_move WHERE ref = %s"
_WITH_REF = "SELECT count(*) FROM account_move WHERE ref = %s"
_DUPLICATES = """
    SELECT m.ref FROM procurify_record r
      JOIN procurify_record_issue_rel l ON l.record_id = r.id
      JOIN procurify_issue i ON i.id = l.issue_id AND i.code = 'duplicate_bill'
      JOIN procurify_dispatch d ON d.record_id = r.id AND d.state = 'refused'
      JOIN account_move m ON m.id = d.res_id AND d.res_model = 'account.move'
"""
_IMPORT_TOO = """
row = env["procurify.dispatch"].search(
    [("state", "=", "refused"), ("record_id.issue_ids.code", "=", "duplicate_bill")]
)
row.record_id.action_not_a_duplicate()
env.cr.commit()
run(env, "converge")
"""
_STOP_REFUSING = "DROP TRIGGER refuse ON account_move; SELECT 1"
_PEOPLE = """
moves = env["account.move"]
moves.browse({posted}).action_post()
line = moves.browse({edited}).invoice_line_ids[:1]
price = {{"price_unit": line.price_unit + 5}}
line.move_id.write({{"invoice_line_ids": [(1, line.id, price)]}})
moves.browse({cancelled}).button_cancel()
moves.browse({deleted}).unlink()
env.cr.commit()
"""
_REVISE = """
import hashlib
rows = env["procurify.dispatch"].search(
    [("remote_id", "in", {ids!r}), ("res_model", "=", "account.move")]
)
for record in rows.record_id:
    payload = json.loads(record.payload)
    number = payload.get("invoice_number") or payload.get("invoiceNumber")
    text = record.payload.replace(json.dumps(number), json.dumps("NEW-" + number))
    assert text != record.payload
    digest = hashlib.sha256(text.encode()).hexdigest()
    record.write({{"payload": text, "digest": digest, "state": "pending"}})
env.cr.commit()
run(env, "import", "converge")
"""
_PLAIN_POSTED = f"""
    SELECT * FROM ({_PLAIN}) bills WHERE remote_id IN (
        SELECT remote_id FROM procurify_dispatch WHERE remote_state = 'posted')
     ORDER BY remote_id LIMIT 1
"""
_PAYMENT = "SELECT payment_state FROM account_move WHERE id = %s"
_REBILL = """
rows = env["procurify.dispatch"].search(
    [("remote_id", "in", {ids!r}), ("res_model", "=", "account.move")]
)
rows.record_id.action_credit_and_rebill()
env.cr.commit()
run(env, "converge")
"""
_CHOOSE = """
rows = env["procurify.dispatch"].search(
    [("remote_id", "in", {ids!r}), ("res_model", "=", "account.move")]
)
rows.record_id.action_reset_and_update()
env.cr.commit()
run(env, "converge")
"""


@pytest.fixture(scope="session")
def remote_books(odoo: Odoo) -> Callable[[str], tuple[Any, str, str]]:
    """Give what makes the company's books in an Odoo of a version, once for all tests.

    It returns that Odoo, a database that is copied for each test, and an API key.
    """

    @cache
    def made(version: str) -> tuple[Any, str, str]:
        name = databases.database_name(f"books_of_{version}")
        setup = (ROOT / "tests_system" / "hub_setup.py").read_text()
        if version == odoo_14.NAME:
            remote_odoo: Any = odoo_14.prepare(odoo.server)
            databases.duplicate(remote_odoo, remote_odoo.template, name)
            script = f"{setup}\nset_up_remote_14(env, {books()!r})"
        else:
            remote_odoo = odoo
            databases.duplicate(odoo, databases.template(odoo), name)
            steps = (ROOT / "devtools" / "company.py").read_text()
            script = f"{steps}\n{setup}\nset_up_remote(env, {books()!r}, globals())"
        printed = databases.execute(remote_odoo, name, script)
        return remote_odoo, name, json.loads(printed.splitlines()[-1])

    return made


@pytest.fixture(params=["odoo19", odoo_14.NAME])
def hub(
    odoo: Odoo,
    site: Site,
    remote_books: Callable[[str], tuple[Any, str, str]],
    request: pytest.FixtureRequest,
) -> Iterator[Hub]:
    """Give a hub that is not connected yet, and a running remote of each version."""
    remote_odoo, template, key = remote_books(request.param)
    name = databases.database_name(f"{site.database.rpartition('_')[2]}_books")
    databases.duplicate(remote_odoo, template, name)
    with (
        closing(Site(remote_odoo, name)) as remote,
        closing(Hub(odoo, site, remote, key, request.param)) as hub,
    ):
        yield hub


def test_orders_and_bills_arrive_as_they_are_here_and_are_sent_once(
    hub: Hub, procurify: Procurify
) -> None:
    hub.remote.rows(_MANAGE_PRODUCTS)
    hub.connect(order_policy="purchase", requisition_policy="rfq")
    started = time.monotonic()
    hub.script("run(env, 'fetch', 'import')")
    imported = time.monotonic() - started
    hub.calls()
    if hub.line:
        hub.line.forget()
    spent = _send(hub)
    calls = hub.calls()
    if hub.line:
        say("\n".join(hub.line.told()))
        say(hub.line.summary())
    counts = Counter(dict(hub.site.rows(_SENT_KINDS)))
    say(f"{dict(counts)} read and imported in {imported:.1f} s, sent in {spent:.1f} s")
    say(f"{sum(calls.values())} calls: {dict(calls)}")
    refused = hub.site.rows(
        "SELECT external_id, state, message FROM procurify_dispatch"
        " WHERE state != 'sent' OR message IS NOT NULL"
    )
    assert refused == []
    assert hub.site.value(_OPEN) == 0
    assert counts["purchase.order"] >= 30
    assert hub.order_differences()[:2] == []
    assert hub.differences()[:2] == []
    series = SERIES[hub.version]
    states = _ORDER_STATES.format(state=series.state, is_locked=series.is_locked)
    assert set(hub.remote.rows(states)) >= {
        ("purchase", False),
        ("purchase", True),
        ("draft", False),
    }
    assert hub.remote.value(_LINKED) >= hub.site.value(_LINKED) > 30
    assert hub.site.value(_ORDERED_IN_SHARES) > 0
    _check_bills(hub)
    _check_sent_once(hub)


def _send(hub: Hub) -> float:
    """Send what is to be sent, and return how many seconds that took."""
    return float(
        hub.script(
            "import time\nstarted = time.monotonic()\n"
            "run(env, 'converge')\nprint(time.monotonic() - started)"
        )
    )


def _check_bills(hub: Hub) -> None:
    """Check that there are bills of each kind, and that files arrive."""
    kinds = dict(
        hub.site.rows("SELECT move_type, count(*) FROM account_move GROUP BY 1")
    )
    assert kinds["in_invoice"] > 0 < kinds["in_refund"]
    hub.script(_ATTACH)
    files = hub.site.rows(_FILES_HERE)
    assert files
    assert sorted(files) == sorted(hub.remote.rows(_FILES_THERE))
    for what, sql in (
        (
            "own cents",
            "SELECT count(*) FROM account_move_line WHERE extra_tax_data IS NOT NULL",
        ),
        (
            "another currency",
            "SELECT count(*) FROM account_move m JOIN res_company c ON "
            "c.id = m.company_id WHERE c.currency_id != m.currency_id",
        ),
    ):
        assert hub.site.value(sql) > 0, what


def _check_sent_once(hub: Hub) -> None:
    """Check that another run changes nothing, here and there."""
    hub.calls()
    traces = hub.site.traces(), hub.remote.traces()
    hub.script("run(env, 'fetch', 'import', 'converge', 'pull')")
    assert not _CHANGES & {name.rpartition(".")[2] for name in hub.calls()}
    assert (hub.site.traces(), hub.remote.traces()) == traces


@_IN_19
def test_bills_arrive_without_their_orders(hub: Hub, procurify: Procurify) -> None:
    hub.connect()
    hub.script("run(env, 'fetch', 'import')")
    hub.calls()
    spent = _send(hub)
    calls = hub.calls()
    sent = hub.site.value(
        "SELECT count(*) FROM procurify_dispatch WHERE res_model = 'account.move'"
        " AND state = 'sent'"
    )
    refused = hub.site.rows(
        "SELECT external_id, message FROM procurify_dispatch WHERE state = 'refused'"
    )
    say(f"{sent} bills in {spent:.1f} s, {sum(calls.values())} calls: {dict(calls)}")
    assert refused == []
    assert sent >= 60
    assert hub.site.value(_OPEN) == 0
    assert hub.differences()[:2] == []
    _check_bills(hub)
    _check_sent_once(hub)


@_IN_19
def test_each_failed_test_says_once_what_to_do(hub: Hub) -> None:
    html = {"Content-Type": "text/html"}
    page = [Reply(body=b"<!doctype html><p>Log in", headers=html)]
    busy = [Reply({}, 429, {"Retry-After": "600"})]
    paths = ("/web/version", "/jsonrpc", "/xmlrpc/2/common")
    refused, no_database = "refused the login or the API key", "no database no_such"
    hub.there(_NO_GROUPS)
    with FaultyServer() as pages, FaultyServer() as old, FaultyServer() as full:
        pages.answers |= dict.fromkeys((*paths, "/json/2/res.users/context_get"), page)
        old.answers["/web/version"] = [Reply({"version": "13.0"})]
        full.answers |= dict.fromkeys(paths, busy)
        for values, words in (
            *(
                ({"protocol": protocol} | wrong, expected)
                for protocol in ("json2", "jsonrpc", "xmlrpc")
                for wrong, expected in (
                    ({"api_key": "wrong"}, refused),
                    ({"database": "no_such"}, no_database),
                )
            ),
            ({"login": "admin"}, "(The API key belongs to another user)"),
            ({"url": pages.url}, "There is no Odoo at"),
            ({"url": pages.url, "protocol": "json2"}, "(A web page came instead"),
            ({"url": old.url}, "(Odoo 13.0 is not served)"),
            ({"url": full.url}, "asks for fewer calls"),
            ({"url": "http://127.0.0.1:1"}, "does not answer"),
            ({}, "not in the group Invoicing"),
        ):
            said = hub.script(_TEST.format(access=hub.access, values=values))
            assert words in said, values
            assert not [each for each in _ERRORS if each.SAYS in said], said


@_IN_19
def test_a_slow_line_costs_little(hub: Hub, own_procurify: Procurify) -> None:
    procurify = own_procurify
    bill = procurify.edit("add_bill")
    for _ in range(5):
        procurify.edit("add_bill_line", bill_id=bill)
    procurify.edit("remove_bill_line", bill_id=bill)
    line = hub.put_far_away(0)
    hub.connect(procurify.credentials, order_policy="purchase")
    hub.script("run(env, 'fetch', 'import', 'converge')")
    line.forget()
    hub.script("run(env, 'pull')")
    looks = len(line.sent)
    spent: dict[float, list[list[float]]] = {0: [], FAR_S: []}
    for number in range(2 * ROUNDS):
        latency_s = FAR_S * (number % 2)
        line.latency_s = latency_s
        line.forget()
        text = _SEND_COPIES.format(bill=bill, count=SENT, start=number * SENT)
        spent[latency_s].append(json.loads(hub.script(text)))
        sent = hub.site.value(_COPIES_SENT)
        assert sent == (number + 1) * SENT, hub.site.value(_ERROR)
        # A run looks first at what people did, however much it sends then.
        assert looks <= 5
        assert len(line.sent) <= 15 * SENT / 100
        assert line.in_a_row() <= 6
        assert line.connections <= LANES
    near, far = (
        [sorted(values)[ROUNDS // 2] for values in zip(*rounds, strict=True)]
        for rounds in spent.values()
    )
    say("\n".join(line.told()))
    say(
        f"{SENT} bills of five lines: imported in {near[0]:.1f} s, sent in "
        f"{near[1]:.1f} s, with {FAR_S * 1000:.0f} ms more in {far[1]:.1f} s: "
        f"{line.summary()}"
    )
    assert hub.differences()[:2] == []


def test_what_the_remote_refuses_or_hides_does_not_stop_the_others(
    hub: Hub, procurify: Procurify
) -> None:
    hub.connect(bill_policy="posted")
    hub.script("run(env, 'fetch', 'import')")
    hidden = hub.site.value(_MOST_USED)
    refused = hub.site.value(_BILL_WITHOUT, hidden)
    hub.there(_HIDE.format(code=hidden))
    hub.remote.rows(_REFUSE.format(ref=refused))

    hub.script("run(env, 'converge')")

    held = dict(hub.site.rows(_HELD))
    assert [words for ref, words in held.items() if ref == refused], held
    others = {words for ref, words in held.items() if ref != refused}
    assert others
    assert all("may not see" in words for words in others), others
    uses = _USES.format(code=SERIES[hub.version].account)
    assert hub.remote.value(uses, hidden) == 0
    assert hub.remote.value(_COUNT) == hub.site.value(_COUNT) - len(held)
    assert hub.differences()[:2] == []
    # Drafts are those that are drafts here too: for a person to decide.
    states = dict(hub.remote.rows(_STATES))
    assert states["posted"] > 10 * states.get("draft", 0), states

    hub.remote.rows(_STOP_REFUSING)
    hub.there(_SHOW)
    partner = hub.site.value(_PARTNER_THERE, refused)
    kind = hub.site.value(_KIND, refused)
    hub.there(_ENTER.format(kind=kind, partner=partner, ref=refused))
    hub.script(
        "env['procurify.record'].search([('issue_ids.code', '=', 'remote_refused')])"
        ".action_replay()\nenv.cr.commit()\nrun(env, 'converge')"
    )
    assert hub.site.rows(_HELD) == []
    # Somebody entered it there meanwhile, until a person says that it is another one.
    assert hub.site.rows(_DUPLICATES) == [(refused,)]
    assert hub.remote.value(_WITH_REF, refused) == 1
    hub.script(_IMPORT_TOO)
    assert hub.remote.value(_WITH_REF, refused) == 2
    hub.there(_REMOVE.format(ref=refused))
    assert hub.remote.value(_COUNT) == hub.site.value(_COUNT)
    assert hub.differences()[:2] == []


def test_what_people_do_there_is_seen_and_not_overwritten(
    hub: Hub, procurify: Procurify
) -> None:
    hub.connect()
    hub.script("run(env, 'fetch', 'import', 'converge')")
    names = ("posted", "edited", "cancelled", "deleted", "free")
    ids = dict(zip(names, [row[0] for row in hub.site.rows(_PLAIN)], strict=False))
    hub.there(_PEOPLE.format(**ids))
    before = hub.remote.traces()

    hub.script("run(env, 'pull')")

    assert hub.remote.traces() == before
    states = {row[0]: row[1:] for row in hub.site.rows(_STATES_HERE)}
    assert states[ids["posted"]] == ("posted", "posted", False)
    assert states[ids["edited"]] == ("draft", "draft", True)
    assert states[ids["cancelled"]] == ("cancel", "cancel", False)
    assert states[ids["deleted"]] == ("deleted", None, False)

    hub.script(_REVISE.format(ids=list(ids.values())))

    held = {row[0]: row[1] for row in hub.site.rows(_ISSUES)}
    assert held[ids["posted"]] == ["changed_after_booking"]
    assert held[ids["edited"]] == ["changed_after_booking"]
    assert held[ids["cancelled"]] == ["cancelled_in_odoo"]
    assert held[ids["deleted"]] == ["target_deleted"]
    refs = dict(hub.remote.rows("SELECT id, ref FROM account_move"))
    assert refs[ids["free"]].startswith("NEW-")
    assert not any(
        refs[ids[name]].startswith("NEW-") for name in ("posted", "edited", "cancelled")
    )

    hub.script(_CHOOSE.format(ids=[ids["posted"], ids["edited"]]))

    rows = dict((row[0], row[1:]) for row in hub.remote.rows(_REFS))
    assert rows[ids["posted"]][0].startswith("NEW-")
    assert rows[ids["posted"]][1] == "posted"
    assert rows[ids["edited"]] == (rows[ids["edited"]][0], "draft")
    assert rows[ids["edited"]][0].startswith("NEW-")
    mine = {ids["posted"], ids["edited"], ids["free"]}
    assert [d for d in hub.differences() if int(d.partition(":")[0]) in mine] == []


def test_credit_and_rebill_is_carried_out_there(hub: Hub, procurify: Procurify) -> None:
    hub.connect(bill_policy="posted")
    hub.script("run(env, 'fetch', 'import', 'converge')")
    [[old]] = hub.site.rows(_PLAIN_POSTED)
    hub.script(_REVISE.format(ids=[old]))
    assert dict(hub.site.rows(_ISSUES))[old] == ["changed_after_booking"]

    hub.script(_REBILL.format(ids=[old]))

    [[credit, credit_state]] = hub.remote.rows(
        "SELECT id, state FROM account_move WHERE reversed_entry_id = %s", old
    )
    assert credit_state == "posted"
    rows = {row[0]: row[1:] for row in hub.remote.rows(_REFS)}
    assert hub.remote.value(_PAYMENT, old) == "reversed"
    assert [state for ref, state in rows.values() if (ref or "")[:4] == "NEW-"] == [
        "posted"
    ]
    assert hub.differences()[:2] == []


def test_kills_of_the_hub_and_of_the_remote_double_nothing(
    hub: Hub, procurify: Procurify
) -> None:
    hub.remote.rows(_MANAGE_PRODUCTS)
    hub.connect(bill_policy="posted", order_policy="purchase", requisition_policy="rfq")
    hub.script("run(env, 'fetch', 'import')")
    rounds, rest = divmod(KILLS, KILLS_A_ROUND)
    sizes = [KILLS_A_ROUND] * rounds + [rest] * bool(rest)
    backup = hub.back_up_both() if len(sizes) > 1 else ""
    draw, within = random.Random(SEED), 0
    for number, size in enumerate(sizes, start=1):
        within += _kill(hub, draw, size)
        _check_after_kills(hub)
        say(f"Round {number} of {len(sizes)}: {within} kills were within a call")
        if number < len(sizes):
            hub.restore_both(backup)
    assert within > 0


def _kill(hub: Hub, draw: random.Random, times: int) -> int:
    """Kill the hub, its worker and the remote's server by turns while it sends.

    :returns: how many of the kills were while something was being sent
    """
    within, server = 0, hub.start_hub()
    for number in range(times):
        within += _wait_within(hub, draw)
        turn = number % 3
        if turn == 0:
            server.kill()
            server = hub.start_hub()
        elif turn == 1:
            hub.kill_remote()
            hub.start_remote()
        else:
            server.kill_workers()
    return within


def _wait_within(hub: Hub, draw: random.Random) -> bool:
    """Wait until something new is being sent, or all is sent, and some moments more.

    :returns: whether something is being sent
    """
    since = hub.site.value(_NOW)
    hub.site.rows(_SMALL_CALLS)

    def is_sending() -> bool:
        if hub.site.value(_SENDING, since) or not hub.site.value(_OPEN):
            return True
        hub.site.rows(_SEND)
        return False

    hub.site.wait_for(is_sending, "nothing is sent", patience_s=STARTS_WITHIN_S)
    time.sleep(draw.uniform(0, SENDS_FOR_S))
    return bool(hub.site.value(_SENDING, since))


def _check_after_kills(hub: Hub) -> None:
    """Let all be sent, and check that nothing is lost, doubled or wrong."""

    is_much_left = hub.site.value(_BILLS_LEFT) > 4 * SMALL

    def is_sent() -> bool:
        hub.site.rows(_SEND)
        return not hub.site.value(_OPEN)

    hub.site.wait_for(
        is_sent, "not all is sent", every_s=0.2, patience_s=SENDS_WITHIN_S
    )
    hub.stop_hub()
    # Calls grow again while there is something to send.
    size = hub.site.value("SELECT bills_per_call FROM procurify_target")
    assert not is_much_left or size > SMALL
    for statement in (_COUNT, _COUNT_ORDERS):
        assert hub.remote.value(statement) == hub.site.value(statement) > 0
    assert hub.site.rows("SELECT * FROM procurify_dispatch WHERE state != 'sent'") == []
    assert hub.order_differences()[:2] == []
    assert hub.differences()[:2] == []
    assert hub.remote.rows(_DOUBLED) == []
    assert hub.remote.rows(_DOUBLED_PRODUCTS) == []


def test_a_restored_backup_is_noticed_and_what_is_missing_is_sent_again(
    hub: Hub, procurify: Procurify
) -> None:
    hub.remote.rows(_MANAGE_PRODUCTS)
    hub.connect(bill_policy="posted", order_policy="purchase", requisition_policy="rfq")
    hub.script("run(env, 'fetch', 'import')")
    hub.site.rows(_KEEP_BACK)
    hub.script("run(env, 'converge')")
    backup = f"{hub.remote.database}_old"
    hub.back_up(backup)
    hub.site.rows(_LET_GO)
    [[changed]] = hub.site.rows(_PLAIN_POSTED)
    hub.script(_REVISE.format(ids=[changed]))
    hub.script(_CHOOSE.format(ids=[changed]))
    hub.script("run(env, 'converge')")
    assert hub.order_differences()[:2] == []
    assert hub.differences()[:2] == []
    whole, orders = (hub.remote.value(sql) for sql in (_COUNT, _COUNT_ORDERS))

    hub.restore(backup)
    missing = whole - hub.remote.value(_COUNT)
    missing_orders = orders - hub.remote.value(_COUNT_ORDERS)
    assert missing > 2 < missing_orders
    before = hub.remote.traces()
    hub.script("run(env, 'pull', 'converge')")

    assert "backup" in hub.site.value(_ERROR)
    lost = {(model, what): count for model, what, count in hub.site.rows(_LOST)}
    assert lost["account.move", "gone"] == missing
    assert lost["purchase.order", "gone"] == missing_orders
    assert lost["account.move", "older"] == 1
    assert hub.remote.traces() == before
    assert hub.site.value(_COUNT) == whole
    assert hub.site.value(_COUNT_ORDERS) == orders

    hub.script(_SEND_AGAIN)

    assert hub.site.value(_ERROR) is None
    assert hub.site.rows("SELECT * FROM procurify_dispatch WHERE state != 'sent'") == []
    assert hub.remote.value(_COUNT) == whole
    assert hub.remote.value(_COUNT_ORDERS) == orders
    assert hub.order_differences()[:2] == []
    assert hub.differences()[:2] == []
    assert hub.remote.rows(_DOUBLED) == []
    assert hub.remote.rows(_DOUBLED_PRODUCTS) == []


def test_revisions_of_orders_are_carried_out_there(
    hub: Hub, own_procurify: Procurify
) -> None:
    procurify = own_procurify
    hub.remote.rows(_MANAGE_PRODUCTS)
    hub.connect(
        procurify.credentials,
        order_policy="purchase",
        requisition_policy="rfq",
        receipt_policy="set",
    )
    names = ("quantity", "added", "removed", "cancelled", "closed", "received", "moved")
    ids = {name: procurify.edit("add_order", scenario="plain") for name in names}
    asked = procurify.edit("add_requisition")
    other = procurify.edit("add_order", scenario="plain")
    hub.script("run(env, 'fetch', 'import', 'converge')")
    assert hub.order_differences()[:2] == []
    before = {name: hub.order_there(id_) for name, id_ in ids.items()}

    procurify.edit("revise_order", order_id=ids["quantity"], quantity="7", price="3.25")
    procurify.edit("add_order_line", order_id=ids["added"])
    procurify.edit("add_order_line", order_id=ids["removed"])
    procurify.edit("remove_order_line", order_id=ids["removed"])
    procurify.edit("cancel_order", order_id=ids["cancelled"])
    procurify.edit("close_order", order_id=ids["closed"])
    procurify.edit("receive", order_id=ids["received"], quantity="1")
    procurify.edit("add_order_line", order_id=ids["moved"])
    procurify.edit("move_line", order_id=ids["moved"], line=0, to_order=other)
    vendors = [row[0] for row in hub.site.rows(_VENDORS_SENT)]
    for number, vendor in enumerate(vendors):
        procurify.edit("edit_vendor", vendor_id=int(vendor), street=f"Quay {number}")
    hub.script("run(env, 'fetch', 'import', 'converge')")

    assert hub.orders_held(ids) == {}
    assert hub.order_differences()[:2] == []
    assert hub.differences()[:2] == []
    now = {name: hub.order_there(id_) for name, id_ in ids.items()}
    assert {n: row[0] for n, row in now.items()} == {
        name: row[0] for name, row in before.items()
    }
    assert now["quantity"][3] == 7 * 3.25
    assert now["cancelled"][1] == "cancel"
    assert now["closed"][1:3] == ("purchase", True)
    assert hub.remote.value(_RECEIVED, now["received"][0]) == 1
    assert asked
    assert hub.site.value(_OPEN) == 0
    quays = sorted(hub.remote.rows(_QUAYS))
    assert len(quays) > len(vendors) / 2 > 1
    assert quays == sorted(hub.site.rows(_QUAYS_HERE))


def test_changes_of_orders_there_are_seen_and_not_overwritten(
    hub: Hub, own_procurify: Procurify
) -> None:
    procurify = own_procurify
    hub.remote.rows(_MANAGE_PRODUCTS)
    hub.connect(procurify.credentials, order_policy="purchase")
    names = ("merged", "update", "keep", "cancelled", "deleted", "locked")
    ids = {name: procurify.edit("add_order", scenario="plain") for name in names}
    hub.script("run(env, 'fetch', 'import', 'converge')")
    there = {name: hub.order_there(id_)[0] for name, id_ in ids.items()}
    lock = SERIES[hub.version].lock
    hub.there(_PEOPLE_ORDERS.format(**there, lock=lock))
    traces = hub.remote.traces()

    hub.script("run(env, 'pull')")

    assert hub.remote.traces() == traces
    assert [
        row for row in hub.order_differences() if str(there["deleted"]) not in row
    ] == []
    for name in names:
        procurify.edit("revise_order", order_id=ids[name], quantity="17")

    hub.script("run(env, 'fetch', 'import', 'converge')")

    assert hub.orders_held(ids) == {
        "update": ["changed_after_booking"],
        "keep": ["changed_after_booking"],
        "cancelled": ["cancelled_in_odoo"],
        "deleted": ["target_deleted"],
        "locked": ["order_locked"],
    }
    assert hub.line_there(there["merged"]) == ("Agreed", 17)

    for method, name in (
        ("action_reset_and_update", "update"),
        ("action_keep_odoo", "keep"),
        ("action_reset_and_update", "cancelled"),
        ("action_import_again", "deleted"),
        ("action_reset_and_update", "locked"),
    ):
        hub.script(_CHOOSE_ORDER.format(id=ids[name], method=method))

    assert hub.orders_held(ids) == {}
    assert hub.line_there(there["update"])[1] == 17
    assert hub.line_there(there["keep"])[1] == 3
    assert hub.order_there(ids["cancelled"])[:2] == (there["cancelled"], "purchase")
    assert hub.order_there(ids["deleted"])[0] > there["deleted"]
    assert hub.line_there(there["locked"])[1] == 17
    assert hub.order_differences()[:2] == []


def test_what_people_entered_there_is_adopted(
    hub: Hub, own_procurify: Procurify
) -> None:
    procurify = own_procurify
    hub.remote.rows(_MANAGE_PRODUCTS)
    hub.connect(procurify.credentials, order_policy="purchase")
    orders = {
        name: procurify.edit("add_order", scenario="several_lines")
        for name in ("fits", "request", "differs", "stray")
    }
    bills = {name: procurify.edit("add_bill") for name in ("bill", "bill_differs")}
    hub.script("run(env, 'fetch', 'import', 'converge')")
    known = {(row[1], row[2]): row[0] for row in hub.site.rows(_RECORDS)}
    records = {n: known["purchase_order", str(id_)] for n, id_ in orders.items()}
    records |= {name: known["bill", str(id_)] for name, id_ in bills.items()}
    names = {id_: name for name, id_ in records.items()}

    def there() -> dict[str, int]:
        rows = hub.site.rows(_SENT_AS, list(names))
        return {names[record]: id_ for record, id_ in rows}

    def held() -> dict[str, list[str]]:
        rows = hub.site.rows(_HELD_RECORDS, list(names))
        return {names[row[0]]: row[1] for row in rows}

    sent = there()
    text = _ENTER_AGAIN.format(
        orders={name: sent[name] for name in orders},
        bills={name: sent[name] for name in bills},
    )
    entered = ast.literal_eval(hub.there(text))
    counts = [hub.remote.value(sql) for sql in (_COUNT_ORDERS, _COUNT)]

    hub.script(_NEVER_SENT.format(records=list(names)))
    assert held() == {
        name: ["duplicate_order" if name in orders else "duplicate_bill"]
        for name in records
    }
    hub.script(_ADOPT.format(records=list(names)))

    assert there() == entered
    assert held() == dict.fromkeys(
        ("differs", "stray", "bill_differs"), ["changed_after_booking"]
    )
    assert hub.order_there(orders["request"])[1] == "purchase"
    for name in orders:
        procurify.edit("revise_order", order_id=orders[name], quantity="7")
    hub.script("run(env, 'fetch', 'import', 'converge')")
    assert hub.line_there(entered["fits"])[1] == 7
    assert hub.line_there(entered["differs"])[1] != 7
    for name, method in (
        ("differs", "action_reset_and_update"),
        ("stray", "action_keep_odoo"),
        ("bill_differs", "action_reset_and_update"),
    ):
        hub.script(_CHOOSE_RECORD.format(record=records[name], method=method))

    assert held() == {}
    assert there() == entered
    assert hub.line_there(entered["differs"])[1] == 7
    assert hub.remote.value(_ENTERED_LINE) == 1
    assert [hub.remote.value(sql) for sql in (_COUNT_ORDERS, _COUNT)] == counts
    assert hub.order_differences()[:2] == []
    # A bill is due when the person said, as all else that is not compared.
    mine = f"{entered['bill']}: "
    assert [text for text in hub.differences() if not text.startswith(mine)] == []
    _check_sent_once(hub)


@_IN_19
def test_a_hub_serves_two_remotes_of_different_versions(
    hub: Hub,
    odoo: Odoo,
    procurify: Procurify,
    own_procurify: Procurify,
    remote_books: Callable[[str], tuple[Any, str, str]],
) -> None:
    remote_odoo, template, key = remote_books(odoo_14.NAME)
    name = databases.database_name("second_books")
    databases.duplicate(remote_odoo, template, name)
    with closing(Site(remote_odoo, name)) as second:
        server = second.start()
        access = {"address": server.address, "database": name, "key": key}
        hub.connect()
        values = {"order_policy": "none", **own_procurify.credentials}
        hub.script(f"add_company(env, {access!r}, {values!r}, {CLERK_LOGIN!r})")
        hub.script("run(env, 'fetch', 'import')")
        server.kill()

        hub.script("run(env, 'converge')")

        assert hub.remote.value(_COUNT) == hub.site.value(_SENT_TO, 1) > 60
        assert second.value(_COUNT) == 0
        errors = dict(hub.site.rows("SELECT id, error_message FROM procurify_target"))
        assert errors[1] is None
        assert "does not answer" in errors[2]

        port = int(server.address.rpartition(":")[2])
        second.start(port=port)
        hub.script("run(env, 'converge')")

        assert second.value(_COUNT) == hub.site.value(_SENT_TO, 2) > 10
        assert sorted(second.rows(_TOTALS_THERE)) == sorted(
            hub.site.rows(_TOTALS_SENT_TO, 2)
        )
        assert sorted(hub.remote.rows(_TOTALS_THERE)) == sorted(
            hub.site.rows(_TOTALS_SENT_TO, 1)
        )
        assert hub.site.value(_OPEN) == 0


@_IN_19
def test_a_bill_waits_for_its_order(hub: Hub, procurify: Procurify) -> None:
    hub.connect(order_policy="purchase")
    hub.script("run(env, 'fetch', 'import')")
    [[origin]] = hub.site.rows(_BILLED_ORDER)
    hub.remote.rows(_REFUSE_ORDER.format(origin=origin))

    hub.script("run(env, 'converge')")

    held = dict(hub.site.rows(_WAITING_BILLS))
    assert held
    assert all("is not in the remote Odoo" in words for words in held.values()), held
    assert all("not this one" in words for words in held.values()), held
    assert hub.remote.value(_COUNT) == hub.site.value(_COUNT) - len(held)

    hub.remote.rows("DROP TRIGGER refuse_order ON purchase_order; SELECT 1")
    hub.script(
        "env['procurify.record'].search([('resource', '=', 'purchase_order'),"
        " ('issue_ids.code', '=', 'remote_refused')]).action_replay()\n"
        "env.cr.commit()\nrun(env, 'converge')"
    )

    assert hub.site.rows(_WAITING_BILLS) == []
    assert hub.remote.value(_COUNT) == hub.site.value(_COUNT)
    assert hub.order_differences()[:2] == []
    assert hub.differences()[:2] == []
