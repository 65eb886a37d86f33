"""Dates with a time of day: nothing is booked before somebody said what they mean."""

from datetime import date, datetime, timedelta, timezone

from odoo.exceptions import ValidationError
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

    def test_date_with_a_time_of_day_is_held_until_somebody_chose(self):
        bill_id = self._bill(invoice_date=SENT)

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"date_not_explained"})
        self.assertIn(SENT[:10], record.hold_reason)
        self.assertFalse(record.res_id)

    def test_day_in_a_zone_is_booked_as_that_day(self):
        bill_id = self._bill(invoice_date=SENT, due_date="2026-04-30T22:00:00Z")

        self.connection.write({"date_reading": "zone", "date_zone": ZURICH})
        self._import()

        record = self._record("bill", bill_id)
        self.assertEqual(record.hold_reason, "")
        move = self._move(bill_id)
        self.assertEqual(move.state, "posted")
        self.assertEqual(move.invoice_date, date(2026, 4, 1))
        self.assertEqual(move.date, date(2026, 4, 1))
        self.assertEqual(move.invoice_date_due, date(2026, 5, 1))
        self.assertEqual(record.remote_date, date(2026, 4, 1))

    def test_day_as_written_is_booked_as_that_day(self):
        bill_id = self._bill(invoice_date=SENT)

        self.connection.date_reading = "written"
        self._import()

        self.assertEqual(self._move(bill_id).invoice_date, date(2026, 3, 31))

    def test_posting_date_and_due_date_count_too(self):
        for name in ("gl_post_date", "due_date"):
            with self.subTest(field=name):
                bill_id = self._bill(**{name: SENT})
                self.assertEqual(
                    self._codes(self._record("bill", bill_id)), {"date_not_explained"}
                )

    def test_bill_at_midnight_of_a_mixed_tenant_is_booked(self):
        self._bill(invoice_date=SENT)
        plain = self.dataset.add_bill("untaxed")
        self._synchronise()

        self.assertEqual(self._move(plain).state, "posted")

    def test_refund_and_draft_policy_are_held_alike(self):
        self.connection.bill_policy = "draft"
        bill_id = self.dataset.add_bill("credit")
        self.dataset.revise_bill(bill_id, invoice_date=_instant(SENT))
        self._synchronise()

        self.assertEqual(
            self._codes(self._record("bill", bill_id)), {"date_not_explained"}
        )

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

    def test_other_day_in_the_list_is_held(self):
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

    def _bill(self, **days):
        bill_id = self.dataset.add_bill("untaxed")
        self.dataset.revise_bill(
            bill_id, **{name: _instant(sent) for name, sent in days.items()}
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
