"""Figures a and b: the import, against Odoo's ORM and an integration outside."""

import copy
import statistics
import time
import xmlrpc.client
from datetime import timedelta
from functools import partial

import requests

from odoo import fields
from odoo.fields import Command

from odoo.addons.procurify_connector.importers.bills.importer import BillImport
from odoo.addons.procurify_connector.importers.draft import ImportBatch
from odoo.addons.procurify_connector.importers.issues import Hold
from odoo.addons.procurify_connector.importers.orders.importer import OrderImport
from odoo.addons.procurify_connector.importers.orders.lines import created_line

from . import company
from .measuring import median, tidy, timed, timed_and_taken_back

BATCH = 100
#: Of the numbers of bills that the integrations outside create.
SUFFIX = " again"
#: A batch of orders takes a second, in which a machine's clock may wander.
ORDER_TAKES = 3


def measure(env, url, rounds, batch=BATCH, outside=12):
    """Return documents per second of each way, and their ratios.

    :param url: address of an Odoo server on the same database
    :param outside: how many bills the integrations outside create in each round
    """
    seconds = {}
    integrations = [integration(env, url) for integration in (Json2, XmlRpc)]
    for number in range(rounds + 1):
        for name, found in {
            **_orders(env, batch),
            **_bills(env, batch, integrations, outside),
        }.items():
            # The first round fills caches.
            if number:
                seconds.setdefault(name, []).append(found)
    rates = {name: median([1 / s for s in found]) for name, found in seconds.items()}

    def ratio(name, other):
        pairs = zip(seconds[name], seconds[other], strict=True)
        return median([theirs / ours for ours, theirs in pairs])

    return {f"{name}_per_second": rate for name, rate in rates.items()} | {
        "bills_importer_over_raw_orm": ratio("bills_importer", "bills_raw_orm"),
        "orders_importer_over_raw_orm": ratio("orders_importer", "orders_raw_orm"),
        "bills_importer_over_json2": ratio("bills_importer", "bills_json2"),
        "bills_importer_over_xmlrpc": ratio("bills_importer", "bills_xmlrpc"),
    }


def measure_batches(env, rounds, start, sizes=(10, 25, 50, 100, 200)):
    """Return what a bill costs in batches of several sizes, each taken back.

    :param start: how many copies of bills there are already
    """
    most = max(sizes)
    company.copy_bills(env, company.template_bill(env), most, start, company.PENDING)
    records = company.pending(env, "bill", most)
    seconds = {size: [] for size in sizes}
    for number in range(rounds + 1):
        for size in sizes:
            batch = records[:size]
            tidy(env)
            found = timed_and_taken_back(
                env, batch._try_import, partial(check_imported, batch)
            )
            if number:
                seconds[size].append(found / size * 1000)
    # The next measurement is not to import them.
    records.state = "ignored"
    env.cr.commit()
    return {
        f"batch_of_{size}_ms_per_document": median(found)
        for size, found in seconds.items()
    }


def measure_posting(env, rounds, start, batch=BATCH):
    """Return how much faster bills are imported and posted than created and posted.

    :param start: how many copies of bills there are already
    """
    company.copy_bills(env, company.template_bill(env), batch, start, company.PENDING)
    records = company.pending(env, "bill", batch)
    connection, ratios = records.connection_id, []
    connection.bill_policy = "posted"
    for _round in range(rounds):
        bills, values = bill_values(env, records)
        tidy(env)
        raw_s = timed_and_taken_back(
            env,
            lambda moves=bills, given=values: moves.create(given).action_post(),
        )
        tidy(env)
        import_s = timed_and_taken_back(
            env, records._try_import, partial(_check_posted, records)
        )
        ratios.append(raw_s / import_s)
    connection.bill_policy = "draft"
    # The next measurement is not to import them.
    records.state = "ignored"
    env.cr.commit()
    return {"posting_importer_over_raw_orm": median(ratios)}


def measure_revision(env, rounds, batch=BATCH):
    """Return how much faster revised bills are imported than their lines written.

    An integration would give each bill its new lines by a ``write``.
    """
    stream = env["procurify.stream"].search([("resource", "=", "bill")])
    records = company.imported_bills(env, batch)
    ratios = []
    for number in range(1, rounds + 1):
        company.revise(stream, records, {"item": 0, "unit_cost": 100 + number})
        bills, values = bill_values(env, records)
        written = [
            (move, [Command.clear(), *each["invoice_line_ids"]])
            for move, each in zip(
                bills.browse(records.mapped("res_id")), values, strict=True
            )
        ]
        tidy(env)
        raw_s = timed_and_taken_back(env, partial(_write_lines, written))
        tidy(env)
        ratios.append(raw_s / timed(env, records._import))
        _check(env, records)
    return {"revision_importer_over_raw_orm": median(ratios)}


def _write_lines(written):
    for move, lines in written:
        move.write({"invoice_line_ids": lines})


def _orders(env, batch):
    """Return seconds per order: what an integration would confirm, and the import."""
    records = company.pending(env, "purchase_order", batch)
    orders, values = _order_values(env, records)
    raw_s, import_s = [], []
    for take in range(ORDER_TAKES):
        tidy(env)
        prepared = copy.deepcopy(values)
        raw_s.append(
            timed_and_taken_back(
                env, lambda given=prepared: orders.create(given).button_confirm()
            )
        )
        tidy(env)
        clock = timed if take == ORDER_TAKES - 1 else timed_and_taken_back
        import_s.append(clock(env, records._import))
    _check(env, records)
    return {
        "orders_raw_orm": statistics.median(raw_s) / len(values),
        "orders_importer": statistics.median(import_s) / len(records),
    }


def _bills(env, batch, integrations, outside):
    records = company.pending(env, "bill", batch)
    bills, values = bill_values(env, records)
    tidy(env)
    raw_s = raw_create(env, bills, values)
    tidy(env)
    import_s = timed(env, records._import)
    _check(env, records)
    found = {
        "bills_raw_orm": raw_s / len(values),
        "bills_importer": import_s / len(records),
    }
    for integration in integrations:
        named = [integration.named(bills, each) for each in values[:outside]]
        env.cr.commit()
        started = time.perf_counter()
        for each in named:
            integration.book(each)
        found[integration.name] = (time.perf_counter() - started) / len(named)
    _remove_bills_from_outside(env)
    return found


def _remove_bills_from_outside(env):
    """Delete them: a later copy with their vendor, day and amount would be on hold."""
    env.invalidate_all()
    moves = env["account.move"].search([("ref", "=like", f"%{SUFFIX}")])
    if not moves:
        raise RuntimeError("The integrations outside have booked nothing.")
    moves.unlink()
    env.cr.commit()


def _check(env, records):
    check_imported(records)
    env.cr.commit()


def check_imported(records):
    """Refuse figures of an import that did less than it seems."""
    if left := records.filtered(lambda record: record.state != "done"):
        raise RuntimeError(f"Not imported: {left.mapped('hold_reason')[:3]}")


def _check_posted(records):
    check_imported(records)
    moves = records.env["account.move"].browse(records.mapped("res_id"))
    if set(moves.mapped("state")) != {"posted"}:
        raise RuntimeError("The import has posted nothing.")


# === THE SAME VALUES, PREPARED BEFOREHAND === #


def raw_create(env, bills, values):
    """Return how long Odoo takes for these bills, which do not stay."""
    prepared = copy.deepcopy(values)
    return timed_and_taken_back(env, lambda: bills.create(prepared))


def unknown_account(code):
    """Return what holds a bill that names an account nobody has mapped."""
    return Hold("unknown_account", code, {"value": code}, 0)


def bill_values(env, records):
    """Return (account.move of the import, values of the bills of ``records``)."""
    for batch, part in _batches(records):
        importer = BillImport(batch.connection._import_env(env.company), part)
        importer.run()
        env.cr.commit()
        moves = importer.env["account.move"]
        return moves, [draft.values for draft in importer.drafts]
    raise RuntimeError("No bills are left.")


def _order_values(env, records):
    for batch, part in _batches(records):
        importer = OrderImport(batch.connection._import_env(env.company), part)
        importer.run()
        env.cr.commit()
        orders = importer.env["purchase.order"].with_context(procurify_import=True)
        return orders, [
            draft.values
            | {
                "order_line": [
                    Command.create(created_line(line)) for line in draft.lines.values()
                ]
            }
            for draft in importer.drafts
        ]
    raise RuntimeError("No orders are left.")


def _batches(records):
    batch = ImportBatch(records)
    records._parse(batch)
    records._route(batch)
    for _company, part in batch.by_company():
        yield batch, part


# === INTEGRATIONS OUTSIDE === #


class Outside:
    """An integration that books bills one by one, as the integration user.

    It knows names and codes, and looks up whatever Odoo wants ids of: the vendor, its
    bill of that number, currency, accounts, taxes and analytic accounts.
    """

    def __init__(self, env, url):
        user = env["res.users"].search([("login", "=", "procurify")])
        until = fields.Datetime.now() + timedelta(days=1)
        keys = env["res.users.apikeys"].with_user(user).sudo()
        self.key = keys._generate("rpc", "Benchmark", until)
        self.url, self.database, self.user_id = url, env.cr.dbname, user.id
        env.cr.commit()

    @staticmethod
    def named(moves, values):
        """Return a bill with names and codes instead of Odoo's ids."""
        env = moves.env
        lines = [dict(line) for _command, _id, line in values["invoice_line_ids"]]
        for line in lines:
            taxes = env["account.tax"].browse(_set(line["tax_ids"]))
            centres = [
                i for k in line["analytic_distribution"] or {} for i in k.split(",")
            ]
            accounts = env["account.analytic.account"].browse(map(int, centres))
            line["account_id"] = env["account.account"].browse(line["account_id"]).code
            line["tax_ids"] = taxes.mapped("name")
            line["analytic_distribution"] = accounts.mapped("code")
            # An integration links no order lines.
            for name in ("purchase_line_id", "product_id", "product_uom_id"):
                line.pop(name, None)
        partner = env["res.partner"].browse(values["partner_id"])
        currency = env["res.currency"].browse(values["currency_id"])
        return values | {
            "partner_id": partner.name,
            "currency_id": currency.name,
            "ref": f"{values['ref']}{SUFFIX}",
            "invoice_line_ids": lines,
        }

    def book(self, bill):
        """Look up what ``bill`` names, and create it."""
        lines = bill["invoice_line_ids"]
        [vendor] = self._search("res.partner", "name", {bill["partner_id"]}).values()
        self._ids(
            "account.move",
            [("partner_id", "=", vendor), ("ref", "=", bill["ref"])],
        )
        [currency] = self._search(
            "res.currency", "name", {bill["currency_id"]}
        ).values()
        accounts = self._search("account.account", "code", _all(lines, "account_id"))
        taxes = self._search("account.tax", "name", _all(lines, "tax_ids"))
        centres = self._search(
            "account.analytic.account", "code", _all(lines, "analytic_distribution")
        )
        created = [
            line
            | {
                "account_id": accounts[line["account_id"]],
                "tax_ids": [[6, 0, [taxes[name] for name in line["tax_ids"]]]],
                "analytic_distribution": {
                    ",".join(
                        str(centres[c]) for c in line["analytic_distribution"]
                    ): 100
                }
                if line["analytic_distribution"]
                else False,
            }
            for line in lines
        ]
        self._call(
            "account.move",
            "create",
            vals_list=[
                bill
                | {
                    "partner_id": vendor,
                    "currency_id": currency,
                    "invoice_line_ids": [[0, 0, line] for line in created],
                }
            ],
        )

    def _search(self, model, field, names):
        """Return {name: id}; the active ones only, as an integration would."""
        if not names:
            return {}
        found = self._call(
            model, "search_read", domain=[(field, "in", sorted(names))], fields=[field]
        )
        return {each[field]: each["id"] for each in found}

    def _ids(self, model, domain):
        return self._call(model, "search_read", domain=domain, fields=["id"])


class Json2(Outside):
    """By Odoo 19's JSON-2, on one kept-alive connection."""

    name = "bills_json2"

    def __init__(self, env, url):
        super().__init__(env, url)
        self.session = requests.Session()
        self.session.headers.update(
            {
                "Authorization": f"bearer {self.key}",
                "X-Odoo-Database": self.database,
            }
        )

    def _call(self, model, method, **arguments):
        answer = self.session.post(
            f"{self.url}/json/2/{model}/{method}", json=arguments, timeout=60
        )
        answer.raise_for_status()
        return answer.json()


class XmlRpc(Outside):
    """By XML-RPC, as older integrations do."""

    name = "bills_xmlrpc"

    def __init__(self, env, url):
        super().__init__(env, url)
        self.models = xmlrpc.client.ServerProxy(
            f"{url}/xmlrpc/2/object", allow_none=True
        )

    def _call(self, model, method, **arguments):
        return self.models.execute_kw(
            self.database,
            self.user_id,
            self.key,
            model,
            method,
            list(arguments.values()),
        )


def _set(commands):
    return [i for command in commands for i in command[2]]


def _all(lines, name):
    """Return every value of the lines' field, one or several on each."""
    values = [line[name] for line in lines]
    return {
        v for value in values for v in ([value] if isinstance(value, str) else value)
    }
