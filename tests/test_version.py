"""Every version that Procurify showed is kept once, compared and imported again."""

import json
from datetime import timedelta
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestVersion(ProcurifyCommon):
    def setUp(self):
        super().setUp()
        self.bill_id = self.dataset.add_bill("plain", amount=Decimal(100))
        self._synchronise()
        self.record = self._record("bill", self.bill_id)

    def test_each_version_is_kept_once_with_what_changed(self):
        first = self.record.payload
        self._revise("120")
        self._revise("130")

        old, older = self.record.version_ids
        self.assertEqual(older.payload, first)
        self.assertEqual(len({old.digest, older.digest, self.record.digest}), 3)
        self.assertLessEqual(older.first_seen, older.last_seen)
        self.assertIn("Subtotal cost 100.0 → 120.0", older.change_summary)
        self.assertIn("Subtotal cost 120.0 → 130.0", old.change_summary)

    def test_versions_of_one_second_follow_each_other(self):
        self._revise("120")
        self._revise("130")
        old, older = self.record.version_ids
        (old | older).sudo().write({"last_seen": old.last_seen})

        self.assertIn("Subtotal cost 100.0 → 120.0", older.change_summary)
        self.assertIn("Subtotal cost 120.0 → 130.0", old.change_summary)

    def test_version_that_is_read_again_unchanged_leaves_no_row(self):
        self._synchronise()
        self.connection.stream_ids.sudo().action_read_again()
        self._synchronise()
        self.assertFalse(self.record.version_ids)

    def test_two_versions_are_compared_in_words(self):
        self._revise("120")
        self._revise("130")
        old, older = self.record.version_ids
        self.assertIn("130.0", older.difference_table)
        self.assertNotIn("120.0", older.difference_table)

        action = older.action_compare()
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        self.assertEqual(form.difference_table, older.difference_table)
        form.other_id = old
        self.assertIn("120.0", form.difference_table)
        self.assertNotIn("130.0", form.difference_table)

    def test_earlier_version_is_imported_again_without_procurify(self):
        self._revise("120")
        self.assertEqual(self._move(self.bill_id).amount_untaxed, 120)
        self.simulator.stop()

        self.record.version_ids.action_replay()

        self.assertEqual(self._move(self.bill_id).amount_untaxed, 100)
        self.assertEqual(len(self.record.version_ids), 2)
        self.record.version_ids.sorted("sequence")[-1:].action_replay()
        self.assertEqual(self._move(self.bill_id).amount_untaxed, 120)
        self.assertEqual(len(self.record.version_ids), 2, "each once")

    def test_what_procurify_says_next_stands_again(self):
        self._revise("120")
        self.record.version_ids.action_replay()
        self._revise("130")
        self.assertEqual(self._move(self.bill_id).amount_untaxed, 130)

    def test_ignored_document_takes_no_version(self):
        self._revise("120")
        self.record.sudo().state = "ignored"
        with self.assertRaises(UserError):
            self.record.version_ids.action_replay()

    def test_history_is_no_business_of_others(self):
        self._revise("120")
        outsider = new_test_user(self.env, "outsider", "base.group_user")
        with self.assertRaises(AccessError):
            self.record.version_ids.with_user(outsider).read(["payload"])
        with self.assertRaises(AccessError):
            self.record.version_ids.write({"payload": "{}"})

    def test_comparison_names_nothing_of_another_company(self):
        self._revise("120")
        other = self.setup_other_company()["company"]
        theirs = new_test_user(
            self.env,
            "theirs",
            groups="procurify_connector.group_user",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        comparisons = self.env["procurify.comparison"].with_user(theirs)
        version_id = self.record.version_ids.id

        with self.assertRaises(AccessError):
            comparisons.create({"version_id": version_id}).read(["version_id"])

    def test_version_with_an_id_that_nobody_knows_makes_no_second_document(self):
        """A bill without UUID and group is known by its ids only."""
        self._revise("120")
        version = self.record.version_ids
        data = json.loads(version.payload)
        data |= {"id": 987654, "uuid": None}
        data.pop("group", None)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE procurify_version SET payload = %s WHERE id = %s",
            (json.dumps(data), version.id),
        )
        self.env.invalidate_all()
        count = len(self._records("bill"))

        with self.assertRaises(UserError):
            version.action_replay()

        self.assertEqual(len(self._records("bill")), count)

    def _revise(self, amount):
        self.dataset.revise_bill(
            self.bill_id, quantity=Decimal(1), unit_cost=Decimal(amount)
        )
        self._synchronise()

    def test_versions_of_one_second_keep_the_order_in_which_they_were_replaced(self):
        for amount in ("120", "130", "140"):
            self._revise(amount)
        versions = self.record.version_ids
        second = versions[0].last_seen
        versions.sudo().write({"last_seen": second, "first_seen": second})
        self.env.invalidate_all()

        amounts = [
            json.loads(version.payload)["items"][0]["total_cost"]
            for version in self.record.version_ids
        ]
        self.assertEqual([float(a) for a in amounts], [130, 120, 100])
        # One that comes back goes to the top when it is replaced once more.
        oldest = versions[-1]
        oldest.action_replay()
        self._revise("150")
        self.assertEqual(self.record.version_ids[0], oldest)

    def test_versions_are_kept_as_long_as_the_connection_says_and_what_is_booked(self):
        for amount in ("120", "130", "140"):
            self._revise(amount)
        versions = self.record.version_ids.sudo()
        old = fields.Datetime.now() - timedelta(days=self.connection.version_days + 1)
        versions.write({"last_seen": old})
        booked, recent, _gone = versions
        self.record.sudo().applied_digest = booked.digest
        recent.last_seen = fields.Datetime.now()

        versions._gc_versions()

        self.assertEqual(self.record.version_ids, booked | recent)

    def test_versions_have_a_least_time(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.connection.version_days = 30
            self.connection.flush_recordset()
