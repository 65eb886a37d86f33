"""Documents made to exhaust the connector end in a bounded time, and others go on."""

import os
import time

from odoo.tests import tagged
from odoo.tools import SQL

from .test_unreadable import UnreadableCase

ENTRIES = 100_000
FILES = 200
WORD = "Überlänge" * 7_500  # more than 64 kB
EQUAL_NAMES = int(os.environ.get("PROCURIFY_EQUAL_NAMES", "20000"))
CONTROLS = "\x01" * 16_000 + "x"
# Beyond what a slow machine needs: each takes a few seconds.
MOST_S = 60


@tagged("post_install", "-at_install", "procurify")
class TestDenial(UnreadableCase):
    master_data_ready = True

    def test_lists_in_a_document_have_an_end(self):
        lines = [{"id": number} for number in range(ENTRIES)]
        for name in ("items", "costs"):
            with self.subTest(list=name):
                bill = self._read(lambda b, n=name: b.update({n: lines}))
                self.assertEqual(self._codes(bill), {"invalid_payload"})
                self.assertIn("more than 2000 entries", bill.hold_reason)

    def test_files_of_a_document_have_an_end(self):
        def with_files(count):
            return lambda bill: bill.update(
                invoice_attachments=[
                    {"id": number, "name": f"{number}.pdf", "file": "/none"}
                    for number in range(count)
                ]
            )

        bill = self._read(with_files(FILES))
        self.assertEqual(bill.state, "done")
        files = self.env["procurify.attachment"]
        self.assertEqual(files.search_count([("record_id", "=", bill.id)]), FILES)

        bill = self._read(with_files(10_000))
        self.assertIn(bill.state, ("done", "quarantined"))
        self.assertFalse(files.search_count([("record_id", "=", bill.id)]))
        self.assertTrue(bill.unread_count or bill.hold_reason)

    def test_fields_that_nobody_asked_for_cost_little(self):
        fields = [{"id": number, "value": "x"} for number in range(ENTRIES)]
        bill = self._read(lambda b: b.update(custom_fields=fields))

        self.assertEqual(bill.state, "done", bill.hold_reason)

    def test_endless_words_are_booked_or_on_hold(self):
        for word in (WORD, CONTROLS):
            with self.subTest(word=word[:9]):
                bill = self._read(lambda b, w=word: _replace_words(b, w))
                self.assertIn(bill.state, ("done", "quarantined"))
                self.assertEqual(bill.state == "quarantined", bool(bill.hold_reason))
                for issue in bill.issue_ids:
                    self.assertLessEqual(len(issue.key), 200)

    def test_many_vendors_of_one_name_are_looked_at_as_a_set(self):
        """A batch among so many takes as long as one among few."""
        name = "Nordic Steel Works"
        self.env.execute_query(
            SQL(
                """
                INSERT INTO procurify_record (connection_id, company_id, resource,
                            external_id, name, payload, digest, state)
                     SELECT %s, %s, 'vendor', 'twin-' || n, %s,
                            json_build_object('id', n, 'name', %s), 'x', 'pending'
                       FROM generate_series(9000001, 9000000 + %s) AS n
                  RETURNING id
                """,
                self.connection.id,
                self.company.id,
                name,
                name,
                EQUAL_NAMES,
            )
        )
        vendors = self._records("vendor", state="pending").sudo()[:200]
        self.assertEqual(len(vendors), 200)
        started = time.monotonic()
        vendors._import()
        self.env.flush_all()

        self.assertLess(time.monotonic() - started, MOST_S)
        self.assertFalse(vendors.filtered(lambda r: r.state == "pending"))

    # === HELPERS === #

    def _read(self, change):
        """Read and import a bill after ``change`` had its way, and one beside it."""
        bill_id, other_id = (self.dataset.add_bill("plain") for _number in range(2))
        fault = {"kind": "rewrite", "change": lambda d: change(d["data"])}
        self._spoil_bill(bill_id, fault)
        started = time.monotonic()
        self._synchronise()

        self.assertLess(time.monotonic() - started, MOST_S)
        self.assertEqual(self._record("bill", other_id).state, "done")
        return self._record("bill", bill_id)


def _replace_words(value, word):
    """Put ``word`` wherever a person may write something."""
    for name, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(each, (dict, list)):
            _replace_words(each, word)
        elif name in ("note", "description", "memo") or _is_of_words(each):
            value[name] = word


def _is_of_words(value):
    return isinstance(value, str) and value[:1].isalpha() and " " in value
