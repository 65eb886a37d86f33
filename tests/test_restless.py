"""What differs in each answer is no change; what moves unnoticed is named once."""

import json
import runpy
from itertools import count
from pathlib import Path

from odoo.tests import tagged

from odoo.addons.procurify_connector.procurify import (
    RESOURCES,
    content_digest,
    read_json,
)

from .common import ProcurifyCommon

SIGNED = "https://files.example/me.png?X-Amz-Expires=9&X-Amz-Signature=abc"


@tagged("post_install", "-at_install", "procurify")
class TestRestless(ProcurifyCommon):
    bills = 12

    def setUp(self):
        super().setUp()
        self.connection.nightly_check_days = 0  # the simulated year is not this one
        self.numbers = count(1)

    def test_a_nightly_check_of_volatile_fields_asks_no_detail(self):
        self._let_move(self._volatile)
        self._synchronise()
        versions = self.env["procurify.version"].search_count([])
        audited = self.env["procurify.audit"].search_count([])
        payloads = {r: r.payload for r in self._records()}
        asked = len(self.simulator.requests)

        self._run_cron("ir_cron_nightly_check")
        self._fetch()

        requests = self.simulator.requests[asked:]
        paths = [r.path for r in requests if r.path.startswith("/api/")]
        self.assertTrue(paths)
        self.assertTrue(self._records("purchase_order"))
        self.assertLessEqual(set(paths), self._lists())
        staged = self.env["procurify.run"].search([], limit=2).mapped("staged_count")
        self.assertEqual(staged, [0, 0])
        self.assertEqual(self.env["procurify.version"].search_count([]), versions)
        events = self.env["procurify.audit"].search([], limit=200, order="id desc")
        new = events[: self.env["procurify.audit"].search_count([]) - audited]
        self.assertNotIn("changed_in_procurify", new.mapped("event"))
        self.assertEqual({r: r.payload for r in self._records()}, payloads)
        self.assertFalse(self.connection.stream_ids.filtered("restless_text"))

    def test_no_signature_is_staged(self):
        self._let_move(self._volatile)
        self._synchronise()
        for record in self._records().filtered("payload"):
            self.assertNotIn("X-Amz-Signature=abc", record.payload)
        bill = self._records("bill", state="done")[:1]
        self.assertIn("?signature=removed", bill.payload)

    def test_what_moves_under_the_same_stamp_is_named_once(self):
        self._let_move(self._unknown)
        self._synchronise()
        stream = self._stream("bill")
        self.assertFalse(stream.restless_text)
        for _look in range(3):
            self._run_cron("ir_cron_nightly_check")
        paths = stream.restless_paths
        self.assertEqual(set(paths), {"mood", "vendor.weather"})
        self.assertIn("mood", stream.restless_text)
        # A change with a stamp of its own names nothing.
        self.simulator.faults.clear()
        bill = self.dataset.bills()[0]
        self.dataset.revise_bill(bill.id, description="Other")
        self._synchronise()
        self.assertEqual(stream.restless_paths, paths)

    def test_an_upgrade_takes_signatures_out_and_hashes_what_lasts(self):
        self._synchronise()
        bill = self._records("bill", state="done")[:1].sudo()
        data = json.loads(bill.payload) | {"image": f"{SIGNED}0", "past_due": True}
        version = self.env["procurify.version"].sudo()
        version._keep(bill)
        before = json.dumps(data)
        bill.write({"payload": before, "digest": "old", "applied_digest": "old"})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE procurify_version SET payload = %s, sequence = 0", (before,)
        )
        path = Path(__file__).parents[1] / "migrations/19.0.1.2.0/post-versions.py"
        runpy.run_path(str(path))["migrate"](self.env.cr, "19.0.1.1.0")
        self.env.invalidate_all()

        self.assertEqual(bill.digest, content_digest(read_json(before)))
        self.assertEqual(bill.applied_digest, bill.digest)
        for kept in (bill, bill.version_ids):
            self.assertNotIn("Amz", kept.payload)
            self.assertIn("me.png?signature=removed", kept.payload)
        self.assertEqual(bill.version_ids.sequence, 1)

    def test_a_neutralized_copy_keeps_no_signature(self):
        self._synchronise()
        bill = self._records("bill", state="done")[:1].sudo()
        address = "https://files.example/a.pdf?Expires=1&Signature=x"
        bill.payload = json.dumps({"file": address, "url": "https://a.example/?b=1"})
        self.env.flush_all()
        path = Path(__file__).parents[1] / "data/neutralize.sql"
        self.env.cr.execute(path.read_text())
        self.env.invalidate_all()

        self.assertEqual(
            json.loads(bill.payload),
            {
                "file": "https://files.example/a.pdf?signature=removed",
                "url": "https://a.example/?b=1",
            },
        )

    @staticmethod
    def _lists():
        """Return the paths of all lists."""
        return {
            variant.list_path or resource.list_path
            for resource in RESOURCES.values()
            for variant in resource.variants
        }

    def _let_move(self, change):
        """Let every answer be changed by ``change(object)``."""

        def walk(data):
            if isinstance(data, list):
                for value in data:
                    walk(value)
            elif isinstance(data, dict):
                for value in list(data.values()):
                    walk(value)
                change(data)

        self.simulator.faults.add(
            path="/api/", kind="rewrite", times=None, change=lambda d: walk(d["data"])
        )

    def _volatile(self, data):
        number = next(self.numbers)
        if "id" in data:
            data |= {
                "profile_image": f"{SIGNED}{number}",
                "logo": f"{SIGNED}{number}",
                "avatar_page": f"{SIGNED}{number}",
                "budget_used_approved": number,
                "balance_purchased": str(number),
                "requested_count": number,
                "overall_score": number / 10,
                "past_due": bool(number % 2),
            }

    def _unknown(self, data):
        if "invoice_number" in data:
            data["mood"] = next(self.numbers)
            if isinstance(data.get("vendor"), dict):
                data["vendor"]["weather"] = f"{next(self.numbers)}"
