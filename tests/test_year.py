"""A year of a manufacturer, every kind of document mixed: the oracle agrees, twice."""

import logging
import os
import time
from collections import Counter, defaultdict
from decimal import Decimal

from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.procurify_connector.simulator import Simulator, year_of
from odoo.addons.procurify_connector.simulator.billing import BILLINGS
from odoo.addons.procurify_connector.simulator.order_scenarios import (
    ORDER_SCENARIOS,
    REQUISITION_SCENARIOS,
)
from odoo.addons.procurify_connector.simulator.scenarios import (
    FURTHER_SCENARIOS,
    SCENARIOS,
)

from .oracle import OracleCase, money

_logger = logging.getLogger(__name__)

DOCUMENTS = int(os.environ.get("PROCURIFY_YEAR_DOCUMENTS", "320"))
SEED = 26
FIRST_BILLS = 40
HALF_A_CENT = Decimal("0.005")
# What the replay writes all the same: that it looked, that jobs ran, and a word to the
# screens that are open.
OWN_TABLES = ("procurify_%", "ir_cron%", "bus_bus")


@tagged("post_install", "-at_install", "procurify")
class TestYear(OracleCase):
    def setUp(self):
        super().setUp()
        self.simulator = Simulator(dataset=year_of(SEED, documents=DOCUMENTS))
        self.simulator.start()
        self.addCleanup(self.simulator.stop)
        self.dataset = self.simulator.dataset
        self.connection.active = False
        self.connection = self._connect(
            name="A year", page_size=100, requisition_policy="rfq"
        )

    def test_books_equal_the_oracle_and_replaying_the_year_writes_nothing(self):
        """One synchronisation for all, which takes as long as it does."""
        if DOCUMENTS >= 320:
            self._check_year()
        started = time.monotonic()
        self._fetch()
        self._let_the_planner_know()
        self._import()
        seconds = time.monotonic() - started

        with self.subTest("unexplained"):
            self.assertEqual(self._unexplained(), {})
        with self.subTest("balances"):
            self.assertEqual(self._booked_balances(), self._expected_balances())
        self._check_bills()
        self._check_orders()
        self._check_requests()
        self._check_certificate()
        self._tell(seconds)

        before = self._row_versions()
        self._replay()
        self.assertEqual(self._changes_since(before), {})
        self.assertEqual(self._unexplained(), {})

    def _check_year(self):
        """Every scenario is in the year, and three currencies."""
        bills, orders = self.dataset.bills(), self.dataset.orders()
        asked = self.dataset.requisitions()
        scenarios = {each.scenario for each in (*bills, *orders, *asked)}
        known = (SCENARIOS, FURTHER_SCENARIOS, BILLINGS, ORDER_SCENARIOS)
        for table in (*known, REQUISITION_SCENARIOS):
            self.assertLessEqual(set(table), scenarios)
        booked = [e for e in self.dataset.expected().values() if e.importable]
        self.assertGreaterEqual(len({e.currency for e in booked}), 3)

    def _let_the_planner_know(self):
        """Import some bills, and have PostgreSQL look at its tables.

        All this is one transaction: no autovacuum sees it, and to the planner the
        tables stay as empty as they were.
        """
        first = self._records("bill").sorted("id")[:FIRST_BILLS]
        (self._records() - self._records("bill")).sudo()._import()
        first.sudo()._import()
        self.env.flush_all()
        self.env.cr.execute("ANALYZE")

    # === WHAT IS NOT IN THE BOOKS === #

    def _unexplained(self):
        """Return {document: (what became of it, what is expected)} where they differ.

        Nothing is pending or waits for something, either.
        """
        expected = {
            **{("bill", i): e for i, e in self.dataset.expected().items()},
            **{
                ("purchase_order", i): e
                for i, e in self.dataset.expected_orders(hidden=True).items()
            },
            **{
                ("requisition", i): e
                for i, e in self.dataset.expected_requests().items()
            },
        }
        found = {key: self._fate(*key) for key in expected}
        undone = self._records().filtered(lambda r: r.state in ("pending", "waiting"))
        found |= {(r.resource, r.external_id): r.state for r in undone}
        return {
            key: (outcome, self._expected_fate(expected[key]))
            for key, outcome in found.items()
            if key not in expected or outcome != self._expected_fate(expected[key])
        }

    # === DOCUMENT BY DOCUMENT === #

    def _check_bills(self):
        for bill_id, expected in self.dataset.expected().items():
            if not expected.importable:
                continue
            move = self._move(bill_id)
            sign = -1 if expected.total < 0 else 1
            with self.subTest(bill=bill_id, scenario=self._scenario(bill_id)):
                self.assertEqual(sign * money(move.amount_total), expected.total)
                self.assertEqual(sign * money(move.amount_tax), expected.tax)
                self.assertEqual(move.state, "draft")
                net = {k: v for k, v in self._net_lines(move).items() if v}
                self.assertEqual(net, expected.net_lines)

    def _scenario(self, bill_id):
        return self.dataset.bill(bill_id).scenario

    def _check_orders(self):
        billing = self.dataset.expected_billing()
        for order_id, expected in self.dataset.expected_orders(hidden=True).items():
            if not expected.importable:
                continue
            order = self._purchase(order_id)
            scenario = self.dataset.order(order_id).scenario
            with self.subTest(order=order_id, scenario=scenario):
                self._check_order(order, order_id, expected, billing[order_id])

    def _check_order(self, order, order_id, expected, billing):
        self.assertEqual(order.state, "purchase")
        self.assertEqual(order.locked, billing.closed)
        lines = self._purchase_lines(order_id)
        self.assertEqual(lines.keys(), expected.lines.keys())
        for line_id, (_quantity, net) in expected.lines.items():
            line, wanted = lines[line_id], billing.lines[line_id]
            self.assertAlmostEqual(
                Decimal(str(line.product_qty)), wanted.ordered, delta=HALF_A_CENT
            )
            self.assertAlmostEqual(
                Decimal(str(line.qty_invoiced)), wanted.billed, delta=wanted.slack
            )
            if wanted.whole == wanted.ordered:
                self.assertEqual(money(line.price_subtotal), net)
        if all(line.whole == line.ordered for line in billing.lines.values()):
            self.assertEqual(money(order.amount_total), expected.total)
        self.assertEqual(order.invoice_status, self._status(expected, billing))

    def _status(self, expected, billing):
        """Return Odoo's billing status of what the oracle says."""
        lines = billing.lines.values()
        is_billed = any(line.billed for line in lines) or any(billing.extras.values())
        open_extras = {
            "tax": {"tax"},
            "freight": {"freight"},
            "other": {"other"},
            "discount": {"discount"},
        }
        is_complete = all(
            abs(line.ordered - line.billed) <= line.slack for line in lines
        )
        extras = Counter(kind for kind in open_extras if kind in expected.extras)
        # What a card has paid waits for no bill.
        is_awaited = "card_paid" not in expected.remarks
        if is_awaited and (not is_complete or extras != Counter(billing.extras)):
            return "to invoice"
        return "invoiced" if is_billed else "no"

    def _check_requests(self):
        for number, expected in self.dataset.expected_requests().items():
            for line_id, (_quantity, net) in expected.lines.items():
                if not expected.importable:
                    continue
                item = self._record("order_item", line_id)
                line = self.env["purchase.order.line"].browse(item.res_id)
                with self.subTest(requisition=number, line=line_id):
                    self.assertEqual(line.state, "draft")
                    self.assertEqual(money(line.price_subtotal), net)

    # === IS EVERYTHING IN? === #

    def _check_certificate(self):
        """The reconciliation explains every document, with the oracle's amounts."""
        self._run_cron("ir_cron_nightly_check")
        self._import()
        self.env.flush_all()
        result = self.connection._reconcile("1990-01-01", "2100-01-01")
        with self.subTest("certificate"):
            unexplained = [d for d in result["documents"] if not d["is_explained"]]
            self.assertEqual(unexplained, [])
            self.assertEqual(result["findings"], [])
            outcomes = {
                int(each["external_id"]): each["outcome"]
                for each in result["documents"]
                if each["resource"] == "bill"
            }
            self.assertEqual(outcomes, self._expected_outcomes())
        with self.subTest("certificate's accounts"):
            self.assertEqual(
                self._certified(result, "account", "account.account"),
                self._expected_sums(lambda code, *_place: code),
            )
        with self.subTest("certificate's departments"):
            self.assertEqual(
                self._certified(result, "department", "account.analytic.account"),
                self._expected_sums(lambda _code, department, *_place: department),
            )

    def _expected_outcomes(self):
        return {
            number: (each.excluded and "excluded")
            or (each.reasons and "held")
            or "booked"
            for number, each in self.dataset.expected().items()
        }

    def _expected_sums(self, key):
        """Return {(currency, key of a place): amount} of what is booked."""
        found = defaultdict(Decimal)
        for (currency, *place, _vendor), amount in self._expected_balances().items():
            found[currency, key(*place)] += amount
        return {place: amount for place, amount in found.items() if amount}

    def _certified(self, result, dimension, model):
        """Return {(currency, Procurify's key): amount in Odoo} of a certificate."""
        found = {}
        names = (
            {r.id: r.code for r in self.env[model].search([])}
            if dimension == "account"
            else self._external_ids(model, dimension)
        )
        for row in result["sums"]:
            mine = row["resource"] == "bill" and row["dimension"] == dimension
            amount = Decimal(row["odoo_amount"])
            if mine and amount and row["name"] != "Taxes":
                found[row["currency"], names.get(row["key_id"])] = amount
                self.assertEqual(Decimal(row["unexplained_amount"]), 0, row)
        return found

    # === REPLAYING === #

    def _replay(self):
        """Import everything again from the stage."""
        self._records().sudo()._requeue()
        self._import()

    def _row_versions(self):
        """Return {table: {id: place of the row}}: every write moves a row."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT c.relname
              FROM pg_class c
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id'
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
               AND NOT c.relname LIKE ANY(%s)
            """,
            [list(OWN_TABLES)],
        )
        tables = [name for (name,) in self.env.cr.fetchall()]
        return {name: self._places(name) for name in tables}

    def _places(self, table):
        self.env.cr.execute(SQL("SELECT id, ctid::text FROM %s", SQL.identifier(table)))
        return dict(self.env.cr.fetchall())

    def _changes_since(self, before):
        """Return {table: ids of rows that were created, written or deleted since}."""
        now = self._row_versions()
        changed = {
            table: sorted(
                key
                for key in rows.keys() | before[table].keys()
                if rows.get(key) != before[table].get(key)
            )
            for table, rows in now.items()
        }
        return {table: ids for table, ids in changed.items() if ids}

    # === FIGURES === #

    def _tell(self, seconds):
        expected = self.dataset.expected()
        booked = [e for e in expected.values() if e.importable]
        _logger.info(
            "Year: %d bills (%d booked, %d held, %d excluded), %d orders, "
            "%d requisitions, %d balances, %s, in %.0f s",
            len(expected),
            len(booked),
            sum(bool(e.reasons) for e in expected.values()),
            sum(bool(e.excluded) for e in expected.values()),
            len(self.dataset.expected_orders(hidden=True)),
            len(self.dataset.requisitions()),
            len(self._expected_balances()),
            dict(Counter(e.currency for e in booked)),
            seconds,
        )
