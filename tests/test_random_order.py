"""However a life of documents reaches the stage, the books end as if it were quiet."""

import json
import os
import random
from collections import defaultdict, deque
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import count

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from odoo.addons.procurify_connector.procurify import RESOURCES
from odoo.addons.procurify_connector.procurify.envelopes import (
    RemoteObject,
    content_digest,
)
from odoo.addons.procurify_connector.procurify.payloads import instant
from odoo.addons.procurify_connector.simulator import Dataset, revise_at_random
from odoo.addons.procurify_connector.simulator import resources as served
from odoo.addons.procurify_connector.simulator.bill_documents import BillRenderer
from odoo.addons.procurify_connector.simulator.order_documents import OrderRenderer

from .oracle import OracleCase, money

DOCUMENTS = ("requisition", "purchase_order", "order_item", "bill")
EXAMPLES = 100 if os.environ.get("PROCURIFY_FUZZ") else 2
STEPS = 12
FIRST_EDIT = datetime(2026, 11, 2, 9, tzinfo=timezone.utc)


def remote(resource, data):
    """Return ``data`` as the client would have read it."""
    raw = json.dumps(data)
    parsed = json.loads(raw, parse_float=Decimal)
    described = RESOURCES[resource]
    return RemoteObject(
        raw=raw,
        data=parsed,
        external_id=str(parsed[described.key]),
        modified=instant(parsed.get(described.modified_field or "")),
        digest=content_digest(parsed),
    )


def snapshot(dataset):
    """Return {(resource, identity): RemoteObject} of all that can be polled."""
    found = {}
    for name, described in RESOURCES.items():
        listed = served.RESOURCES[described.list_path]
        for row in listed.rows(dataset):
            data = listed.render(dataset, row)
            identity = data[described.key]
            if name == "bill":
                identity, data = row.group, BillRenderer(dataset).detail(row)
            elif name == "purchase_order":
                data = OrderRenderer(dataset).detail(row)
            found[name, identity] = remote(name, data)
    return found


@tagged("post_install", "-at_install", "procurify")
class TestRandomOrder(OracleCase):
    def setUp(self):
        super().setUp()
        self.connection.requisition_policy = "rfq"

    def test_any_order_of_events_ends_in_the_books_of_the_final_state(self):
        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            # A life of documents does not get simpler by a smaller seed.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.integers(0, 10_000))
        def check(seed):
            self._check(seed)

        check()

    def _check(self, seed):
        """Let a life of that seed reach the stage in two ways."""
        rng = random.Random(seed)
        # Procurify's stamps are kept to the second: people do not edit any faster.
        ticks = count(1)
        self.dataset = Dataset(
            12,
            seed,
            orders=8,
            requisitions=3,
            clock=lambda: FIRST_EDIT + timedelta(minutes=next(ticks)),
        )
        states, steps = [snapshot(self.dataset)], []
        for _step in range(STEPS):
            steps += revise_at_random(self.dataset, rng, 1)
            states.append(snapshot(self.dataset))
        savepoint = self.env.cr.savepoint()
        self._stage([(k, v) for k, v in states[0].items() if k[0] not in DOCUMENTS])
        self._settle()
        self.env.cr.execute("ANALYZE")
        quiet = self._in_a_savepoint(lambda: self._live_quietly(states[-1]))
        lively = self._in_a_savepoint(lambda: self._live_at_random(states, rng))
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        shown = "\n".join(f"{step.edit} {step.arguments}" for step in steps)
        different = {
            key: (lively.get(key), quiet.get(key))
            for key in lively.keys() | quiet.keys()
            if lively.get(key) != quiet.get(key)
        }
        with self.subTest(seed=seed):
            self.assertFalse(different, f"(random, quiet) after\n{shown}")

    def _in_a_savepoint(self, live):
        savepoint = self.env.cr.savepoint()
        try:
            live()
            return self._books()
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    # === LIVING === #

    def _live_quietly(self, state):
        self._stage(state.items())
        self._settle()

    def _live_at_random(self, states, rng):
        """Stage every change, each object's in their order, and import meanwhile."""
        waiting = defaultdict(deque)
        before = {}
        for state in states:
            for key in state.keys() | before.keys():
                if state.get(key) != before.get(key):
                    waiting[key].append(state.get(key))
            before = state
        while waiting:
            keys = rng.sample(sorted(waiting), min(len(waiting), rng.randint(1, 40)))
            for key in keys:
                self._stage([(key, waiting[key].popleft())])
                if not waiting[key]:
                    del waiting[key]
            pending = list(self._records(state="pending"))
            rng.shuffle(pending)
            some = pending[: rng.randint(0, len(pending))]
            self.env["procurify.record"].browse(r.id for r in some).sudo()._import()
        self._settle()

    def _stage(self, objects):
        """Keep objects as the fetch does; what is None was found deleted."""
        records = self.env["procurify.record"].sudo()
        by_resource = defaultdict(list)
        for (resource, identity), each in objects:
            if each is not None:
                by_resource[resource].append((each, each))
            elif resource in ("bill", "purchase_order"):
                key = "remote_group" if resource == "bill" else "external_id"
                gone = self._records(resource, **{key: str(identity)})
                gone.sudo()._mark_deleted()
        for resource, pairs in by_resource.items():
            records._stage(self.connection, resource, pairs)

    def _settle(self):
        """Import until nothing is left to do, as the crons do."""
        for _run in range(20):
            self._records(state="waiting").sudo()._requeue()
            if not self._records(state="pending"):
                return
            while pending := self._records(state="pending"):
                pending.sudo()._import()
                if self._records(state="pending") == pending:
                    break
        self.assertFalse(self._records(state="pending"), "it never comes to rest")

    # === WHAT THE BOOKS SAY === #

    def _books(self):
        books = {}
        live = {}
        for order in self.dataset.orders():
            fate, shown = self._told_order(order.id, live)
            books["order", order.id] = (fate, shown)
        for bill in self.dataset.bills():
            books["bill", bill.group] = self._told_bill(bill, live)
        return books | self._twins()

    def _told_order(self, order_id, live):
        """Return (fate, lines) and note in ``live`` what is on the order."""
        fate = self._fate("purchase_order", order_id)
        order = self._purchase(order_id)
        if fate != "done":
            return fate, None
        if order.state == "cancel":
            return "cancelled", None
        lines = self._purchase_lines(order_id)
        live |= {line.id: line_id for line_id, line in lines.items()}
        shown = {
            line_id: (line.product_qty, money(line.price_subtotal), line.qty_invoiced)
            for line_id, line in lines.items()
        }
        return (
            (fate, (order.state, order.locked, shown)) if shown else ("no_lines", None)
        )

    def _told_bill(self, bill, live):
        fate = self._fate("bill", bill.id)
        move = self._move(bill.id)
        if fate == frozenset({"withdrawn"}):
            fate = "not_approved"  # it was approved once: a person decides
        if fate != "done":
            return fate, None
        net = {key: str(amount.normalize()) for key, amount in self._net(move).items()}
        links = defaultdict(float)
        for line in move.invoice_line_ids.filtered("purchase_line_id"):
            if line.purchase_line_id.id in live:
                links[live[line.purchase_line_id.id]] += line.quantity
        return fate, (
            (move.state, move.move_type, move.ref, move.partner_id.name),
            (money(move.amount_total), money(move.amount_tax)),
            net,
            {line: round(quantity, 6) for line, quantity in links.items()},
        )

    def _net(self, move):
        return {key: net for key, net in self._net_lines(move).items() if net}

    def _twins(self):
        """Return what stands twice for one object: nothing."""
        targets = defaultdict(list)
        for record in self._records(res_model="account.move").filtered("res_id"):
            targets[record.res_id].append(record.id)
        doubled = [ids for ids in targets.values() if len(ids) > 1]
        moves = self.env["account.move"].search_count(
            [
                ("company_id", "=", self.company.id),
                ("move_type", "in", ("in_invoice", "in_refund")),
                ("state", "!=", "cancel"),
                ("id", "not in", list(targets)),
            ]
        )
        return {"twins": (doubled, moves)}
