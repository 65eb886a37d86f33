"""What Procurify's specification allows is refused nowhere, and damage holds a document
only where money, identity or coding is damaged.

The objects are generated. ``./dev test fuzz`` tries more of them, and
``PROCURIFY_FUZZ_OBJECTS`` says how many of each kind.
"""

import json
import os
import random
from collections import Counter
from contextlib import contextmanager
from copy import deepcopy
from decimal import Decimal
from unittest import skipUnless

from odoo.tests import tagged

from odoo.addons.procurify_connector.procurify import RESOURCES, read_stored
from odoo.addons.procurify_connector.simulator.bill_documents import BillRenderer
from odoo.addons.procurify_connector.simulator.order_documents import OrderRenderer
from odoo.addons.procurify_connector.simulator.tests import specification
from odoo.addons.procurify_connector.simulator.tests.valid_objects import (
    DAMAGE,
    holds_needed,
    objects,
    places,
)

from .oracle import OracleCase, money

IS_FUZZ = bool(os.environ.get("PROCURIFY_FUZZ"))
OBJECTS = int(os.environ.get("PROCURIFY_FUZZ_OBJECTS") or (1000 if IS_FUZZ else 100))
SEED = random.SystemRandom().randrange(10**9) if IS_FUZZ else 1
TOGETHER = 100  # objects
# What is wrong with a document, or with the connector, and never with a mapping.
REFUSED = {"invalid_payload", "unreadable", "odoo_refused", "unexpected"}
FAULTS = {"odoo_refused", "unexpected"}
# What a document is, which no figure shows: another state is another document.
STATES = {
    "bill": {"status", "type"},
    "purchase_order": {"state", "creditcard", "order_items[].type"},
}


@tagged("post_install", "-at_install", "procurify", "procurify_openapi")
@skipUnless(specification.path().exists(), "Procurify's specification is not here")
class TestValidObjects(OracleCase):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.connection.write(
            {
                "vendor_policy": "create",
                "department_policy": "create",
                "product_policy": "create",
                "requisition_policy": "rfq",
                "rate_source": "odoo",
            }
        )

    def test_no_object_that_is_valid_is_refused(self):
        for name, resource in RESOURCES.items():
            path, key = resource.list_path, resource.key
            sent = list(objects(name, path, key, OBJECTS, SEED))
            refused = Counter()
            for part in _parts(sent):
                with self._taken_back():
                    for record in self._imported(name, part).values():
                        self.assertNotEqual(record.state, "pending")
                        if codes := self._codes(record) & REFUSED:
                            refused[tuple(codes), record.hold_reason[:200]] += 1
            with self.subTest(resource=name):
                text = f"seed {SEED}: {refused.most_common(3)} of {len(sent)}"
                self.assertFalse(refused, text)

    def test_damaged_bill_is_on_hold_only_where_it_is_needed(self):
        bill_id = self.dataset.add_bill("split_departments")
        self.dataset.revise_bill(bill_id, currency_id=1)
        bill = BillRenderer(self.dataset).detail(self.dataset.bill(bill_id))
        self._check_damage("bill", bill, _numbered_bill, self._bill_facts)

    def test_damaged_bill_of_an_order_is_on_hold_only_where_it_is_needed(self):
        order_id = self.dataset.add_order("plain", currency_id=1)
        bill_id = self.dataset.bill_order(order_id)
        self._synchronise()
        bill = BillRenderer(self.dataset).detail(self.dataset.bill(bill_id))
        self._check_damage("bill", bill, _numbered_bill, self._bill_facts)

    def test_damaged_order_is_on_hold_only_where_it_is_needed(self):
        order_id = self.dataset.add_order("split_coding", currency_id=1)
        order = OrderRenderer(self.dataset).detail(self.dataset.order(order_id))
        self._check_damage("purchase_order", order, _numbered_order, self._order_facts)

    # === DAMAGE === #

    def _check_damage(self, name, sound, numbered, facts):
        """Damage one place of each copy of a document, and import them all.

        :param numbered: returns the copy of that number
        :param facts: returns what of money, identity and coding is in Odoo
        """
        rng, held = random.Random(f"odoo {name} {SEED}"), 0
        for part in _parts(range(1, OBJECTS + 1)):
            copies = {number: numbered(sound, number) for number in part}
            damaged = {
                number: (*_damage(rng, copy), copy) for number, copy in copies.items()
            }
            whole = numbered(sound, 0)
            with self._taken_back():
                sent = [whole, *(copy for _path, _value, copy in damaged.values())]
                records = self._imported(name, sent)
                reference = records[0]
                self.assertEqual(reference.state, "done", reference.hold_reason)
                wanted = facts(reference)
                del records[0]
                for place, record in records.items():
                    path, value, _copy = damaged[part[place - 1]]
                    with self.subTest(path=path, value=value, seed=SEED):
                        self._assert_outcome(name, path, record, wanted, facts)
                    held += record.state == "quarantined"
        self.assertTrue(held, "damage never held anything")

    def _assert_outcome(self, name, path, record, wanted, facts):
        self.assertFalse(self._codes(record) & FAULTS, record.hold_reason)
        if record.state == "quarantined":
            self.assertTrue(record.hold_reason)
        is_needed = holds_needed(name, path) or path in STATES[name]
        if not is_needed:
            self.assertEqual(record.hold_reason or "", "")
            self.assertEqual(record.state, "done")
            self.assertEqual(facts(record), wanted)
        elif record.state == "done" and name == "bill":
            said = json.loads(record.payload, parse_float=Decimal)
            total = said["total_cost_with_tax"]
            if total is None:  # then it is worth its parts, which nothing damaged
                self.assertEqual(facts(record), wanted)
                return
            move = self.env["account.move"].browse(record.res_id)
            self.assertEqual(money(move.amount_total), money(abs(Decimal(str(total)))))

    def _bill_facts(self, record):
        move = self.env["account.move"].browse(record.res_id)
        lines = [
            (
                line.account_id.code,
                line.tax_ids.ids,
                line.analytic_distribution,
                line.price_subtotal,
                line.purchase_line_id.id,
            )
            for line in move.invoice_line_ids
        ]
        header = ("move_type", "partner_id", "currency_id", "invoice_date", "date")
        return (
            [move[name] for name in header],
            (move.amount_untaxed, move.amount_tax, move.amount_total),
            sorted(lines, key=str),
        )

    def _order_facts(self, record):
        order = self.env["purchase.order"].browse(record.res_id)
        lines = [
            (
                line.product_id.id,
                line.product_qty,
                line.price_unit,
                line.tax_ids.ids,
                line.analytic_distribution,
            )
            for line in order.order_line
        ]
        header = ("state", "partner_id", "currency_id", "date_order")
        return (
            [order[name] for name in header],
            (order.amount_untaxed, order.amount_total),
            sorted(lines, key=str),
        )

    # === STAGING AND IMPORTING === #

    def _imported(self, name, sent):
        """Stage objects as the fetch does, import them, and return {number: record}.

        What cannot even be staged has a record that is on hold.
        """
        texts = [json.dumps(each, default=float) for each in sent]
        stored = [read_stored(text, RESOURCES[name]) for text in texts]
        records = self.env["procurify.record"].sudo()
        pairs = [(each, each) for each in stored if each]
        records._stage(self.connection.sudo(), name, pairs)
        found = {record.external_id: record for record in self._records(name)}
        mine = {
            number: found[each.external_id]
            for number, each in enumerate(stored)
            if each and each.external_id in found
        }
        self.assertTrue(mine)
        records.browse({record.id for record in mine.values()})._import()
        self.env.flush_all()
        return mine

    @contextmanager
    def _taken_back(self):
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()


def _parts(numbers):
    return [numbers[n : n + TOGETHER] for n in range(0, len(numbers), TOGETHER)]


def _damage(rng, document):
    """Damage one place of ``document``; return which, and what stands there now."""
    path, container, key = rng.choice(list(places(document)))
    container[key] = rng.choice(DAMAGE)
    return path, container[key]


def _numbered_bill(sound, number):
    """Return a bill that is equal but for what identifies it."""
    bill = deepcopy(sound)
    bill |= {"id": 700_000 + number, "group": 700_000 + number}
    bill |= {"uuid": f"{number + 1:032x}", "invoice_number": f"VALID-{number}"}
    bill["version_choices"] = []
    for place, item in enumerate(bill["items"]):
        item["id"] = 7_000_000 + number * 100 + place
    return bill


def _numbered_order(sound, number):
    """Return an order that is equal but for what identifies it and its lines."""
    order = deepcopy(sound)
    order |= {"procurify_PO": 700_000 + number, "uuid": f"{number + 1:032x}"}
    order |= {"number": f"VALID-{number}", "PO_Num": None}
    for place, line in enumerate(order["order_items"]):
        line["id"] = 7_000_000 + number * 100 + place
        line["num"] = str(line["id"])
        line["purchase_order"] = order["procurify_PO"]
    return order
