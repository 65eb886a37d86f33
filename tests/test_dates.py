"""Dates with a time of day: nothing is posted before somebody said what they mean."""

import runpy
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.simulator.bill_documents import BillRenderer

from .common import ProcurifyCommon

SENT = "2026-03-31T22:00:00Z"
ZURICH = "Europe/Zurich"


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestDates(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.connection.write({"date_reading": False, "bill_policy": "posted"})

    # === BILLS === #

    def test_bill_with_a_time_of_day_stays_a_draft_until_somebody_chose(self):
        bill_id = self._bill(invoice_date=SENT)

        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.assertEqual(self._codes(record), {"date_not_explained"})
        self.assertIn(SENT[:10], record.hold_reason)
        self.assertEqual(record.state, "quarantined")
        self.assertEqual((move.state, move.invoice_date), ("draft", date(2026, 3, 31)))

    def test_day_in_a_zone_is_booked_as_that_day(self):
        bill_id = self._bill(invoice_date=SENT, due_date="2026-04-30T22:00:00Z")
        move = self._move(bill_id)

        self.connection.write({"date_reading": "zone", "date_zone": ZURICH})
        self._import()

        record = self._record("bill", bill_id)
        self.assertEqual((record.state, record.hold_reason), ("done", ""))
        self.assertEqual(self._move(bill_id), move)
        self.assertEqual(move.state, "posted")
        self.assertEqual(move.invoice_date, date(2026, 4, 1))
        self.assertEqual(move.date, date(2026, 4, 1))
        self.assertEqual(move.invoice_date_due, date(2026, 5, 1))
        self.assertEqual(record.remote_date, date(2026, 4, 1))

    def test_day_as_written_is_booked_as_that_day(self):
        bill_id = self._bill(invoice_date=SENT)
        move = self._move(bill_id)

        self.connection.date_reading = "written"
        self._import()

        record = self._record("bill", bill_id)
        self.assertEqual((record.state, record.hold_reason), ("done", ""))
        self.assertEqual(self._move(bill_id), move)
        self.assertEqual((move.state, move.invoice_date), ("posted", date(2026, 3, 31)))

    def test_posting_date_and_due_date_count_too(self):
        for name in ("gl_post_date", "due_date"):
            with self.subTest(field=name):
                bill_id = self._bill(**{name: SENT})
                self.assertEqual(
                    self._codes(self._record("bill", bill_id)), {"date_not_explained"}
                )
                self.assertEqual(self._move(bill_id).state, "draft")

    def test_bill_at_midnight_of_a_mixed_tenant_is_booked(self):
        self._bill(invoice_date=SENT)
        plain = self.dataset.add_bill("untaxed")
        self._synchronise()

        self.assertEqual(self._move(plain).state, "posted")

    def test_refund_stays_a_draft_too_and_is_posted_once_somebody_chose(self):
        bill_id = self.dataset.add_bill("credit")
        self.dataset.revise_bill(bill_id, invoice_date=_instant(SENT))
        self._synchronise()
        move = self._move(bill_id)
        self.assertEqual((move.move_type, move.state), ("in_refund", "draft"))
        self.assertEqual(
            self._codes(self._record("bill", bill_id)), {"date_not_explained"}
        )

        self.connection.write({"date_reading": "zone", "date_zone": ZURICH})
        self._import()

        self.assertEqual((move.state, move.invoice_date), ("posted", date(2026, 4, 1)))

    def test_bill_of_the_draft_policy_is_done(self):
        self.connection.bill_policy = "draft"
        bill_id = self._bill(invoice_date=SENT)

        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.assertEqual((record.state, record.hold_reason), ("done", ""))
        self.assertEqual((move.state, move.invoice_date), ("draft", date(2026, 3, 31)))

    def test_one_issue_for_all_bills_of_such_a_tenant(self):
        records = self.env["procurify.record"].union(
            *(
                self._record("bill", self._bill(invoice_date=SENT, invoice_number=ref))
                for ref in ("ONE", "TWO", "THREE")
            )
        )

        self.assertEqual(len(records.issue_ids), 1)
        self.assertEqual(len(records.mapped("res_id")), 3)

    def test_bill_that_a_person_posted_sends_no_other_one_to_the_import(self):
        bills = [self._bill(invoice_date=SENT, invoice_number=ref) for ref in "AB"]
        first, second = (self._record("bill", bill_id) for bill_id in bills)

        self._move(bills[0]).action_post()
        first.sudo()._import()

        self.assertEqual((first.state, second.state), ("done", "quarantined"))

    def test_bill_on_hold_without_a_draft_is_booked_as_one_by_the_upgrade(self):
        bill_id = self._bill(invoice_date=SENT)
        record = self._record("bill", bill_id)
        self._move(bill_id).unlink()
        record.sudo().write({"res_id": False, "applied_digest": False})

        path = "migrations/19.0.1.2.0/post-uncertain_dates.py"
        script = runpy.run_path(str(Path(__file__).parents[1] / path))
        script["migrate"](self.cr, "19.0.1.1.0")
        self._import()

        self.assertEqual(self._move(bill_id).state, "draft")

    # === WHILE NOBODY CHOSE === #

    def test_replay_posts_nothing_and_writes_nothing(self):
        bill_id = self._bill(invoice_date=SENT)
        record, move = self._record("bill", bill_id), self._move(bill_id)
        messages, stamp = len(move.message_ids), self._age(move)

        record.action_replay()
        self._import()

        self.assertEqual(self._codes(record), {"date_not_explained"})
        self.assertEqual(move.state, "draft")
        self.assertEqual((len(move.message_ids), move.write_date), (messages, stamp))

    def test_revision_is_followed_and_posts_nothing(self):
        bill_id = self._bill(invoice_date=SENT)
        record, move = self._record("bill", bill_id), self._move(bill_id)

        self.dataset.revise_bill(bill_id, invoice_number="OTHER")
        self._synchronise()

        self.assertEqual(self._codes(record), {"date_not_explained"})
        self.assertEqual((move.ref, move.state), ("OTHER", "draft"))

    def test_revision_with_a_plain_day_is_posted(self):
        bill_id = self._bill(invoice_date=SENT)
        move = self._move(bill_id)

        self.dataset.revise_bill(bill_id, invoice_date=_instant("2026-04-01T00:00:00Z"))
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).hold_reason, "")
        self.assertEqual((move.state, move.invoice_date), ("posted", date(2026, 4, 1)))

    def test_bill_that_a_person_posted_is_done_and_differs_only_by_another_day(self):
        for choice, codes in (
            ({"date_reading": "written"}, set()),
            (
                {"date_reading": "zone", "date_zone": ZURICH},
                {"changed_after_booking"},
            ),
        ):
            with self.subTest(choice=choice):
                self.connection.write({"date_reading": False, "date_zone": False})
                bill_id = self._bill(invoice_date=SENT)
                record, move = self._record("bill", bill_id), self._move(bill_id)
                move.action_post()
                self._import()
                self.assertEqual((record.state, record.hold_reason), ("done", ""))

                self.connection.write(choice)
                self._import()

                self.assertEqual(self._codes(record), codes)
                self.assertEqual(
                    (move.state, move.invoice_date), ("posted", date(2026, 3, 31))
                )

    def test_draft_that_a_person_edited_is_posted_as_it_is_or_asked_about(self):
        moves = []
        for _number in range(2):
            moves.append(self._move(self._bill(invoice_date=SENT)))
            moves[-1].payment_reference = "0001-00000042"
        moves[1].invoice_line_ids[0].account_id = self._account("6999")
        self._import()

        self.connection.write({"date_reading": "zone", "date_zone": ZURICH})
        self._import()

        self.assertEqual([move.state for move in moves], ["posted", "draft"])
        self.assertEqual(moves[0].invoice_date, date(2026, 4, 1))
        record = self.env["procurify.record"].search(
            [("res_model", "=", "account.move"), ("res_id", "=", moves[1].id)]
        )
        self.assertEqual(self._codes(record), {"changed_after_booking"})

    def test_bill_of_a_closed_period_is_posted_where_the_chosen_day_is_open(self):
        self.connection.closed_period_policy = "draft"
        self.company.fiscalyear_lock_date = date(2026, 3, 31)
        bill_id = self._bill(invoice_date=SENT)
        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.assertEqual(self._codes(record), {"date_not_explained"})
        self.assertTrue(record.in_closed_period)
        self.assertEqual(move.state, "draft")

        self.connection.write({"date_reading": "zone", "date_zone": ZURICH})
        self._import()

        self.assertEqual((record.state, record.in_closed_period), ("done", False))
        self.assertEqual((move.state, move.date), ("posted", date(2026, 4, 1)))

    def test_update_of_a_posted_bill_does_not_post_before_somebody_chose(self):
        bill_id = self._bill(invoice_date="2026-03-30T00:00:00Z")
        record, move = self._record("bill", bill_id), self._move(bill_id)
        self.assertEqual(move.state, "posted")
        self.dataset.revise_bill(bill_id, invoice_date=_instant(SENT))
        self._synchronise()
        self.assertEqual(self._codes(record), {"changed_after_booking"})

        with self.assertRaisesRegex(UserError, "time of day"):
            record.action_reset_and_update()

        self.assertEqual((move.state, move.date), ("posted", date(2026, 3, 30)))
        self.connection.date_reading = "written"
        self._import()
        record.action_reset_and_update()
        self.assertEqual((move.state, move.date), ("posted", date(2026, 3, 31)))

    def test_choice_is_seen_to_be_open_until_it_is_made(self):
        self.assertEqual(self.connection.uncertain_date_count, 0)

        self._bill(invoice_date=SENT)
        self._bill(invoice_date="2026-04-01T00:00:00Z")
        self.connection.invalidate_recordset(["uncertain_date_count"])
        self.assertEqual(self.connection.uncertain_date_count, 1)

        self.connection.date_reading = "written"
        self.assertEqual(self.connection.uncertain_date_count, 0)

    # === WHAT FOLLOWS THE CHOICE === #

    def test_draft_of_the_other_day_follows_the_choice(self):
        self.connection.write({"bill_policy": "draft", "date_reading": "written"})
        bill_id = self._bill(invoice_date=SENT)
        move = self._move(bill_id)
        self.assertEqual(move.invoice_date, date(2026, 3, 31))

        self.connection.write({"date_reading": "zone", "date_zone": ZURICH})
        self._import()

        self.assertEqual(self._move(bill_id), move)
        self.assertEqual(move.invoice_date, date(2026, 4, 1))

    def test_posted_bill_of_the_other_day_is_a_difference(self):
        self.connection.date_reading = "written"
        bill_id = self._bill(invoice_date=SENT)

        self.connection.write({"date_reading": "zone", "date_zone": ZURICH})
        self._import()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual(self._move(bill_id).invoice_date, date(2026, 3, 31))

    def test_other_day_in_the_list_leaves_a_draft(self):
        bill_id = self._bill(invoice_date="2026-04-01T00:00:00Z")
        record = self._record("bill", bill_id)
        self.assertEqual(record.list_date_finding, "same")
        move = self._move(bill_id)
        self.assertEqual(move.state, "posted")

        row = BillRenderer.row
        self.patch(
            BillRenderer,
            "row",
            lambda renderer, bill: (
                row(renderer, bill) | {"invoice_date": "2026-04-02T00:00:00Z"}
            ),
        )
        other = self._bill(invoice_date="2026-04-01T00:00:00Z")

        record = self._record("bill", other)
        self.assertEqual(record.list_date_finding, "differs")
        self.assertEqual(self._codes(record), {"date_not_explained"})
        move = self._move(other)
        self.assertEqual((move.state, move.invoice_date), ("draft", date(2026, 4, 1)))
        self.assertEqual(self._findings()["list_and_detail_dates"].verdict, "differs")

    # === ORDERS === #

    def test_order_follows_the_zone(self):
        order_id = self.dataset.add_order("plain")
        self.dataset.revise_order(order_id, promise_date=_instant(SENT))
        self._synchronise()
        record = self._record("purchase_order", order_id)
        order = self.env["purchase.order"].browse(record.res_id)
        self.assertEqual(order.order_line[0].date_planned.date(), date(2026, 3, 31))

        self.connection.write({"date_reading": "zone", "date_zone": ZURICH})
        self._import()

        self.assertEqual(record.hold_reason, "")
        self.assertEqual(order.order_line[0].date_planned.date(), date(2026, 4, 1))

    # === CHOOSING === #

    def test_zone_of_the_head_office_is_suggested(self):
        head = next(x for x in self.dataset.locations() if x.headquarter)

        self.assertEqual(self.connection.suggested_date_zone, head.time_zone)

    def test_zone_must_be_named(self):
        with self.assertRaises(ValidationError):
            self.connection.date_reading = "zone"

    # === FINDINGS === #

    def test_what_the_tenant_does_is_learned(self):
        for _number in range(5):
            self.dataset.add_bill("untaxed")
        self._synchronise()
        found = self._findings()
        self.assertEqual(found["date_time_of_day"].answer, "midnight")
        self.assertEqual(found["date_time_of_day"].verdict, "as_assumed")
        self.assertEqual(found["list_and_detail_dates"].answer, "same")

        self._bill(invoice_date=SENT)

        finding = self._findings()["date_time_of_day"]
        self.assertEqual(finding.verdict, "differs")
        self.assertGreaterEqual(finding.total_count, 6)

    def test_total_that_is_converted_is_learned(self):
        bill_id = self.dataset.add_bill("several_taxes")
        cad = next(c.id for c in self.dataset.currencies() if c.name == "CAD")
        self.dataset.revise_bill(bill_id, currency_id=cad)
        self._synchronise()

        finding = self._findings()["bill_rate"]

        self.assertEqual((finding.answer, finding.count), ("gross", 1))
        self.assertEqual(finding.verdict, "too_few")

    def test_findings_have_up_to_three_examples(self):
        for _number in range(5):
            self._bill(invoice_date="2026-03-02T00:00:00Z")
        finding = self._findings()["date_time_of_day"]
        self.assertEqual(len(finding.example_ids), 3)
        answers = set(finding.example_ids.mapped("date_finding"))
        self.assertEqual(answers, {finding.answer})

        other = self._record("bill", self._bill(invoice_date=SENT))

        # What says otherwise than the import assumes is what must be looked at.
        finding = self._findings()["date_time_of_day"]
        self.assertEqual(finding.verdict, "differs")
        self.assertIn(other, finding.example_ids)

    def test_examples_of_findings_are_what_one_may_read(self):
        self._bill(invoice_date=SENT)
        finding = self._findings()["date_time_of_day"]
        self.assertTrue(finding.example_ids)
        stranger = new_test_user(
            self.env,
            "reader",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
        )
        self.assertTrue(finding.with_user(stranger).example_ids)

    def test_findings_of_another_company_are_not_seen(self):
        self._bill(invoice_date=SENT)
        self.assertTrue(self._findings())
        other = self.setup_other_company()["company"]
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="procurify_connector.group_user",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )

        findings = self.env["procurify.finding"].with_user(stranger)

        self.assertFalse(findings.search([]))

    # === HELPERS === #

    def _bill(self, **values):
        bill_id = self.dataset.add_bill("untaxed")
        self.dataset.revise_bill(
            bill_id,
            **{
                name: sent if name == "invoice_number" else _instant(sent)
                for name, sent in values.items()
            },
        )
        self._synchronise()
        return bill_id

    def _findings(self):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["procurify.finding"].search(
            [("connection_id", "=", self.connection.id)]
        )
        return {row.question: row for row in rows}


def _instant(sent):
    moment = datetime.fromisoformat(sent.replace("Z", "+00:00"))
    return moment.astimezone(timezone(timedelta(0)))
