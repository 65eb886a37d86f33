"""Findings: what a tenant does otherwise, shown, confirmed, and in the bundle."""

from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.procurify.findings import QUESTIONS
from odoo.addons.procurify_connector.simulator.traits import (
    MAY_WRITE,
    NUMBERS_ONLY,
    TRAITS,
)

from .common import ProcurifyCommon

_FINDING = "odoo.addons.procurify_connector.models.procurify_finding"


@tagged("post_install", "-at_install", "procurify")
class TestFindings(ProcurifyCommon):
    master_data_ready = True

    def test_every_question_is_a_row_and_has_words(self):
        found = self._findings()

        self.assertEqual(set(found), set(QUESTIONS))
        field = self.env["procurify.finding"]._fields
        self.assertEqual(set(found), set(dict(field["question"].selection)))
        answers = {
            answer for q in QUESTIONS.values() for answer in (*q.assumed, *q.neutral)
        } | {trait.answer for trait in TRAITS.values()}
        self.assertLessEqual(answers, set(dict(field["answer"].selection)))
        self.assertFalse(found["allocations"].answer)
        self.assertEqual(found["allocations"].verdict, "too_few")

    def test_tenants_that_behave_differently_differ_in_the_bundle(self):
        """A support engineer sees which one it is, without a name or an amount."""
        tenants = (
            set(),
            {"allocates_gross"},
            {"inverts_rates"},
            {"has_times"},
            {"other_words", "numbered_slips"},
            {NUMBERS_ONLY},
            {MAY_WRITE, "no_custom_fields"},
        )
        bundles = []
        for traits in tenants:
            self.simulator.traits = traits
            for scenario in ("several_taxes", "plain", "plain"):
                bill_id = self.dataset.add_bill(scenario)
                self.dataset.revise_bill(bill_id, currency_id=self._cad())
            # What was read of the tenant before says nothing about this one.
            self.env["procurify.record"].search([]).sudo().findings_id = False
            self.connection.sudo().stream_ids.findings = False
            self._synchronise()
            rows = self._bundle()
            bundles.append({row["question"]: row["answer"] for row in rows})
            self.env["procurify.record"].search(
                [("resource", "=", "bill")]
            ).sudo().write({"findings_id": False, "rate_finding": False})

        self.assertEqual(len({str(sorted(b.items())) for b in bundles}), len(tenants))
        usual, gross, inverse, _times, words, numbers, writes = bundles
        self.assertEqual(usual["allocations"], "net")
        self.assertEqual(gross["allocations"], "gross")
        self.assertEqual(inverse["rate_direction"], "base_per_unit")
        self.assertEqual(words["item_words"], "other")
        self.assertEqual(numbers["detail_key"], "id")
        self.assertEqual(writes["allowed_methods"], "can_write")

    def test_what_lists_show_is_learned(self):
        order_id = self.dataset.add_order("plain")
        self.dataset.close_order(order_id)
        self.simulator.all_hides_closed = True
        self.connection.sudo().stream_ids.write(
            {"modified_watermark": False, "created_watermark": False}
        )
        self.simulator.lister.page_size_cap = 2

        self._synchronise()

        found = self._findings()
        self.assertEqual(found["closed_orders"].answer, "not_listed")
        self.assertEqual(found["closed_orders"].verdict, "differs")
        self.assertEqual(found["page_size"].answer, "smaller")

    def test_deleted_bill_and_a_received_order_are_learned(self):
        bill_id = self.dataset.add_bill("plain")
        order_id = self.dataset.add_order("plain")
        self._synchronise()
        self.dataset.receive(order_id, quantity=1)
        self._synchronise()
        self.assertEqual(self._findings()["received_order"].answer, "bumped")

        self._record("bill", bill_id).sudo()._mark_deleted()

        self.assertEqual(self._findings()["deleted_bill"].answer, "not_found")

    def test_examples_are_the_latest_of_few_and_of_many(self):
        for _number in range(5):
            self.dataset.add_bill("plain")
        self._synchronise()
        shown = self.env["procurify.record"].sudo().search([])._findings()

        for many in (1, 1_000):
            with patch(f"{_FINDING}._MANY", many):
                found = self._findings()
                for question in ("undocumented_values", "custom_fields"):
                    answer = found[question].answer
                    saying = [r.id for r in shown if shown[r].get(question) == answer]
                    self._assert_examples(found[question], saying)
                dated = [r.id for r in shown if r.date_finding]
                self._assert_examples(found["date_time_of_day"], dated)

    def _assert_examples(self, finding, ids):
        self.assertGreater(len(ids), 3, finding.question)
        self.assertEqual(finding.count, len(ids), finding.question)
        self.assertEqual(set(finding.example_ids.ids), set(sorted(ids)[-3:]))

    def test_what_many_records_show_is_kept_once(self):
        for _number in range(12):
            self.dataset.add_bill("plain")
        self._synchronise()
        bills = self._records("bill").sudo()

        shown = bills._findings()

        kinds = {str(sorted(each.items())) for each in shown.values()}
        self.assertLess(len(kinds), len(bills))
        self.assertEqual(len(set(bills.mapped("findings_id"))), len(kinds))

    # === POSTING === #

    def test_other_rates_stop_posting_until_a_person_confirms_them(self):
        self.connection.bill_policy = "posted"
        self.simulator.traits = {"converts_net"}
        foreign = self.dataset.add_bill("several_taxes")
        self.dataset.revise_bill(foreign, currency_id=self._cad())
        own = self.dataset.add_bill("plain")
        self._synchronise()

        record = self._record("bill", foreign)
        self.assertEqual(self._codes(record), {"finding_not_confirmed"})
        self.assertEqual(self._move(foreign).state, "draft")
        self.assertEqual(self._move(own).state, "posted")
        finding = self._findings()["bill_rate"]
        self.assertEqual(finding.verdict, "differs")
        self.assertTrue(finding.stops_posting)

        finding.action_confirm()
        self._import()

        self.assertEqual(self._move(foreign).state, "posted")
        finding = self._findings()["bill_rate"]
        self.assertTrue(finding.is_confirmed)
        self.assertFalse(finding.stops_posting)
        self.assertEqual(finding.verdict, "differs")

    def test_odoos_own_rates_do_not_ask(self):
        self.connection.write({"bill_policy": "posted", "rate_source": "odoo"})
        self.simulator.traits = {"converts_net"}
        foreign = self.dataset.add_bill("several_taxes")
        self.dataset.revise_bill(foreign, currency_id=self._cad())

        self._synchronise()

        self.assertEqual(self._move(foreign).state, "posted")

    def test_only_administrators_of_the_connector_confirm(self):
        reviewer = new_test_user(
            self.env,
            "curious",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        finding = self._findings()["bill_rate"].with_user(reviewer)
        self.assertEqual(finding.question, "bill_rate")

        with self.assertRaises(AccessError):
            finding.action_confirm()

        rows = self.env["procurify.connection"].with_user(reviewer).read_findings()
        mine = {r["question"] for r in rows if r["connection_id"] == self.connection.id}
        self.assertEqual(mine, set(QUESTIONS))

    # === HELPERS === #

    def _cad(self):
        return next(c.id for c in self.dataset.currencies() if c.name == "CAD")

    def _bundle(self):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.connection.support_bundle()["findings"]

    def _findings(self):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["procurify.finding"].search(
            [("connection_id", "=", self.connection.id)]
        )
        return {row.question: row for row in rows}
