"""What cannot be read is set aside, named, tried again, and stops nothing else."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.procurify_connector.fetching.lists import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    NAMELESS,
)

from .common import ProcurifyCommon

DEEP = "[" * 100_000 + "]" * 100_000
DETAILS = {
    "500": {"kind": "status", "status": 500},
    "nested": {"kind": "body", "body": f'{{"data": {{"id": 1, "x": {DEEP}}}}}'},
    "number": {"kind": "body", "body": f'{{"data": {{"id": {"9" * 6000}}}}}'},
    "empty": {"kind": "body", "body": '{"data": {}}'},
    "null": {"kind": "body", "body": "null"},
    "forbidden": {"kind": "status", "status": 403},
    "page": {"kind": "html"},
}
ROWS = {
    "nested": '{"id": %s, "x": ' + DEEP + "}",
    "number": '{"id": %s, "x": ' + "9" * 6000 + "}",
    "empty": "{}",
    "null": "null",
}


class UnreadableCase(ProcurifyCommon):
    def setUp(self):
        super().setUp()
        self.patch(type(self.connection), "_client_options", self._quick)

    def _quick(self, _connection=None):
        return {"max_attempts": 2, "sleep": lambda seconds: None}

    def _spoil_bill(self, bill_id, fault):
        for name in (self.dataset.bill(bill_id).uuid.hex, bill_id):
            path = f"/api/v2/ap/bills/{name}/"
            self.simulator.faults.add(path=path, times=None, **fault)

    def _spoil_order(self, number, fault):
        order = self.dataset.order(number)
        for name in (order.uuid.hex, number):
            path = f"/api/v2/purchase_orders/{name}/"
            self.simulator.faults.add(path=path, times=None, **fault)

    def _spoil_vendor(self, vendor_id, text):
        self._spoil_row("/api/v3/vendors/", vendor_id, text)

    def _spoil_row(self, path, row_id, text):
        self.simulator.faults.add(
            path=path,
            kind="row",
            times=None,
            row=str(row_id),
            body=text % row_id if "%" in text else text,
        )

    def _unreadable(self, resource=None):
        records = self._records(resource, state="quarantined")
        return records.filtered(lambda r: self._codes(r) == {"unreadable"})

    def _asked(self, part):
        return [r for r in self.simulator.requests if part in r.path]

    def _later(self, record):
        """Let the pause of ``record`` be over."""
        record.sudo().read_again_at = fields.Datetime.now()


@tagged("post_install", "-at_install", "procurify")
class TestUnreadable(UnreadableCase):
    bills = 6

    def test_one_bill_that_cannot_be_read_stops_no_other(self):
        ids = [bill.id for bill in self.dataset.bills()]
        for name, fault in DETAILS.items():
            with self.subTest(name=name):
                bill_id = self.dataset.add_bill("plain")
                self.simulator.faults.clear()
                self._spoil_bill(bill_id, fault)

                self._synchronise()

                record = self._record("bill", bill_id)
                self.assertEqual(record.state, "quarantined")
                self.assertEqual(self._codes(record), {"unreadable"})
                self.assertIn(record.display_name, record.hold_reason)
                self.assertFalse(record.res_id)
        self.assertEqual(len(self._unreadable()), len(DETAILS))
        others = self.env["procurify.record"].union(
            *(self._record("bill", bill_id) for bill_id in ids)
        )
        self.assertIn("done", others.mapped("state"))
        held = others.filtered(lambda record: record.state == "quarantined")
        self.assertLessEqual(set(held.issue_ids.mapped("code")), {"total_mismatch"})

    def test_it_is_booked_by_itself_when_it_can_be_read(self):
        bill_id = self.dataset.add_bill("plain")
        self._spoil_bill(bill_id, DETAILS["500"])
        self._synchronise()
        record = self._record("bill", bill_id)
        issue = record.issue_ids
        self.simulator.faults.clear()

        self._synchronise()
        self.assertEqual(record.state, "quarantined", "it has its time")
        self._later(record)
        self._synchronise()

        self.assertEqual(record.state, "done")
        self.assertFalse(record.read_error)
        self.assertFalse(record.read_again_at)
        self.assertEqual(issue.state, "resolved")
        self.assertEqual(self._move(bill_id).state, "draft")

    def test_the_pause_between_attempts_grows(self):
        bill_id = self.dataset.add_bill("plain")
        self._spoil_bill(bill_id, DETAILS["500"])
        self._synchronise()
        record = self._record("bill", bill_id)
        pauses = []
        for _attempt in range(10):
            pauses.append(record.read_again_at - fields.Datetime.now())
            asked = len(self._asked(self.dataset.bill(bill_id).uuid.hex))
            self._synchronise()
            again = len(self._asked(self.dataset.bill(bill_id).uuid.hex))
            self.assertEqual(again, asked, "not before its time")
            self._later(record)
            self._synchronise()
        self.assertEqual(record.read_failures, 11)
        second = timedelta(seconds=30)
        self.assertAlmostEqual(pauses[0], FIRST_PAUSE, delta=second)
        for shorter, longer in zip(pauses, pauses[1:], strict=False):
            expected = min(2 * shorter, LONGEST_PAUSE)
            self.assertAlmostEqual(longer, expected, delta=2 * second)
        self.assertAlmostEqual(pauses[-1], LONGEST_PAUSE, delta=second)

    def test_a_new_version_is_read_at_once(self):
        bill_id = self.dataset.add_bill("plain")
        self._spoil_bill(bill_id, DETAILS["null"])
        self._synchronise()
        self.simulator.faults.clear()

        self.dataset.touch(bill_id)
        self._synchronise()

        self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_the_nightly_check_tries_it_whatever_its_time(self):
        bill_id = self.dataset.add_bill("plain")
        self.connection.nightly_check_days = 0
        self._spoil_bill(bill_id, DETAILS["500"])
        self._synchronise()
        record = self._record("bill", bill_id)
        self._run_cron("ir_cron_nightly_check")
        self.assertEqual(record.read_failures, 2)
        self.simulator.faults.clear()

        self._run_cron("ir_cron_nightly_check")
        self._import()

        self.assertEqual(record.state, "done")
        self.assertEqual(self._stream("bill").missing_count, 0)

    def test_replay_asks_for_it_at_the_next_run(self):
        bill_id = self.dataset.add_bill("plain")
        self._spoil_bill(bill_id, DETAILS["500"])
        self._synchronise()
        record = self._record("bill", bill_id)
        self.simulator.faults.clear()

        record.action_replay()
        self._synchronise()

        self.assertEqual(record.state, "done")

    def test_an_imported_bill_whose_change_cannot_be_read_is_on_hold_and_kept(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        move, payload = self._move(bill_id), self._record("bill", bill_id).payload
        self.dataset.revise_bill(bill_id, description="Other")
        self._spoil_bill(bill_id, DETAILS["nested"])

        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"unreadable"})
        self.assertEqual(record.res_id, move.id)
        self.assertEqual(record.payload, payload)
        self.simulator.faults.clear()
        self._later(record)
        self._synchronise()
        self.assertEqual(record.state, "done")
        self.assertIn("Other", record.payload)

    def test_an_outage_is_an_outage_and_nothing_is_on_hold(self):
        self._synchronise()
        held = self._records("bill", state="quarantined")
        for _bill in range(8):
            self.dataset.add_bill("plain")
        self.simulator.faults.add(path="/api/v2/ap/bills/", status=500, times=None)

        self._fetch()

        self.assertIn("does not answer", self.connection.error_message)
        self.assertFalse(self._unreadable())
        self.assertEqual(self._records("bill", state="quarantined"), held)

    def test_an_outage_of_the_first_reading_puts_nothing_on_hold(self):
        self.simulator.faults.add(path="/api/v2/ap/bills/", status=500, times=None)
        self._fetch()
        self.assertIn("does not answer", self.connection.error_message)
        self.assertFalse(self._records("bill"))

    def test_a_firewalls_page_is_said_to_be_one(self):
        self.simulator.faults.add(
            path="/api/v3/ap/bills/", status=403, body="<html>Denied", times=None
        )
        self._fetch()
        self.assertIn("firewall", self.connection.error_message)
        self.assertNotIn("Superuser", self.connection.error_message)
        retry = self.connection.retry_at - fields.Datetime.now()
        self.assertLess(retry, timedelta(minutes=6))

    def test_the_row_of_a_bill_that_makes_no_sense_costs_nothing(self):
        for name in ("nested", "number"):
            bill_id = self.dataset.add_bill("plain")
            self._spoil_row("/api/v3/ap/bills/", bill_id, ROWS[name])
            self._synchronise()
            self.assertEqual(self._record("bill", bill_id).state, "done", name)

    def test_a_row_without_an_id_is_on_hold_until_the_list_shows_what_it_is(self):
        for name in ("empty", "null"):
            with self.subTest(name=name):
                bill_id = self.dataset.add_bill("plain")
                self._spoil_row("/api/v3/ap/bills/", bill_id, ROWS[name])
                self._synchronise()
                [held] = self._unreadable("bill")
                self.assertIn(ROWS[name], held.hold_reason)
                self.assertFalse(self._records("bill", external_id=str(bill_id)))
                # What comes later moves the watermark far beyond it.
                self.simulator.faults.clear()
                stream = self._stream("bill").sudo()
                stream.modified_watermark += timedelta(days=3650)
                self._synchronise()
                self.assertFalse(self._records("bill", external_id=str(bill_id)))

                self._later(held)
                self._synchronise()

                self.assertEqual(self._record("bill", bill_id).state, "done")
                self.assertEqual(held.state, "excluded")
                self.assertFalse(self._unreadable())
                stream.modified_watermark -= timedelta(days=3650)

    def test_a_vendor_that_cannot_be_read_is_on_hold_and_its_bills_are_booked(self):
        bill_id = self.dataset.add_bill("plain")
        vendor_id = self.dataset.bill(bill_id).vendor_id
        self._spoil_vendor(vendor_id, ROWS["nested"])

        self._synchronise()

        [held] = self._unreadable()
        self.assertEqual((held.resource, held.external_id), ("vendor", str(vendor_id)))
        self.assertEqual(self._record("bill", bill_id).state, "done")
        self.assertEqual(self._move(bill_id).partner_id.id, held.res_id)
        self.simulator.faults.clear()
        self._stream("vendor").next_attempt = False
        self._synchronise()
        self.assertEqual(held.state, "done")
        self.assertFalse(held.read_error)

    def test_an_item_that_cannot_be_read_is_on_hold_and_says_why(self):
        cases = (
            (ROWS["number"], "unreadable"),
            ('{"id": %s}', "invalid_payload"),
            ("{}", "unreadable"),
        )
        for number, (text, code) in enumerate(cases):
            with self.subTest(text=text[:20]):
                spoiled = self.dataset.add_catalog_item(f"Shim {number}")
                beside = self.dataset.add_catalog_item(f"Bushing {number}")
                self.simulator.faults.clear()
                self._spoil_row("/api/v3/catalog-items/", spoiled, text)
                self._stream("catalog_item").next_attempt = False

                self._synchronise()

                [held] = self._records("catalog_item", state="quarantined")
                self.assertEqual(self._codes(held), {code})
                self.assertEqual(self._record("catalog_item", beside).state, "done")

    def test_a_vendor_that_was_mapped_serves_while_it_cannot_be_read(self):
        self._synchronise()
        bill = self.dataset.bills()[0]
        vendor = self._record("vendor", bill.vendor_id)
        partner_id = vendor.res_id
        self._spoil_vendor(bill.vendor_id, ROWS["number"])

        other = self.dataset.add_bill("plain", vendor_id=bill.vendor_id)
        self._synchronise()

        self.assertEqual(self._codes(vendor), {"unreadable"})
        self.assertEqual(vendor.res_id, partner_id)
        self.assertEqual(self._move(other).partner_id.id, partner_id)

    def test_no_address_is_built_from_an_id_that_is_not_there(self):
        bill_id = self.dataset.add_bill("plain")
        for part in ("uuid", "invoice_uuid"):
            self.simulator.faults.add(
                path="/api/v2/ap/bills/", kind="patch", times=None, set={part: {}}
            )
        self._synchronise()
        self.connection.nightly_check_days = 0
        self.assertFalse(self._record("bill", bill_id).remote_uuid)
        self.dataset.delete_bill(bill_id)

        self._run_cron("ir_cron_nightly_check")

        ids = {
            request.path.rstrip("/").rpartition("/")[2]
            for request in self.simulator.requests
            if request.path.startswith(("/api/v2/ap/bills/", "/api/v2/purchase_orders"))
        }
        self.assertIn(str(bill_id), ids)
        self.assertFalse(ids & {"false", "none", "null", "", "bills"})


@tagged("post_install", "-at_install", "procurify")
class TestUnreadablePage(UnreadableCase):
    """A page of a list answers 500 because of one of its rows."""

    bills = 25

    def setUp(self):
        super().setUp()
        self.connection.page_size = 10

    def test_the_row_that_spoils_a_page_is_named_and_the_others_are_staged(self):
        for resource, path, key in self._lists():
            with self.subTest(resource=resource):
                # Each reading of the others has staged all of this list.
                self._records(resource).sudo().unlink()
                self._spoil_page(path, key)
                self._read_again()

                held = self._nameless(resource)
                self.assertEqual(len(held), 1)
                self.assertIn("1 row of the list", held.read_error)
                staged = set(self._records(resource).mapped("external_id"))
                self.assertNotIn(str(key), staged)
                self.assertFalse(self._stream(resource).error_message)
                self.assertTrue(self._stream(resource).last_success)
                if resource != "purchase_order":  # its list has variants
                    count = self._stream(resource).object_count
                    self.assertEqual(len(staged) - len(held), count - 1)

    def test_servers_of_other_page_sizes_are_read_around(self):
        sizes = {"smaller": lambda asked: min(asked, 4), "fixed": lambda _asked: 10}
        for name, granted in sizes.items():
            for resource, path, key in self._lists():
                with self.subTest(name=name, resource=resource):
                    self._grant(granted)
                    stream = self._stream(resource)
                    self._records(resource).sudo().unlink()
                    self._spoil_page(path, key)
                    self._read_again()

                    self.assertFalse(stream.error_message)
                    held = self._nameless(resource)
                    rows = "1 row" if name == "smaller" else "10 rows"
                    self.assertEqual(len(held), 1)
                    self.assertIn(f"{rows} of the list", held.read_error)
                    others = self._records(resource) - held
                    # The lists of orders overlap: their counts say nothing.
                    rows = {"purchase_order": len(self.dataset.orders())}
                    count = rows.get(resource, stream.object_count)
                    self.assertGreaterEqual(len(others), count - 10)

    def test_the_pause_grows_and_the_row_comes_back_by_itself(self):
        for resource, path, key in self._lists():
            with self.subTest(resource=resource):
                self._spoil_page(path, key)
                self._read_again()
                held = self._nameless(resource)
                pause = held.read_again_at - fields.Datetime.now()
                self.assertEqual(held.read_failures, 1)
                self._read_again()
                self.assertEqual(held.read_failures, 1, "it has its time")

                self._later(held)
                self._read_again()

                self.assertEqual(self._nameless(resource), held)
                self.assertEqual(held.read_failures, 2)
                longer = held.read_again_at - fields.Datetime.now()
                self.assertGreater(longer, 1.9 * pause)
                self.simulator.faults.clear()
                self._later(held)
                self._read_again()
                self._import()
                self.assertEqual(held.state, "excluded")
                self.assertFalse(held.read_error)
                self.assertEqual(self._record(resource, key).state, "done")

    def test_what_was_booked_before_is_neither_lost_nor_taken_for_deleted(self):
        self._synchronise()
        self.connection.nightly_check_days = 0
        bill_id = self._plain_bill()
        record = self._record("bill", bill_id)
        self.assertEqual(record.state, "done")
        self._spoil_page("/api/v3/ap/bills/", bill_id)

        self._run_cron("ir_cron_nightly_check")
        self._import()

        self.assertEqual(record.state, "done")
        self.assertFalse(record.remote_deleted)
        self.assertEqual(self._stream("bill").deleted_count, 0)
        self.assertEqual(len(self._nameless("bill")), 1)

    def test_a_list_of_which_no_page_can_be_read_is_an_outage(self):
        self._synchronise()
        self.simulator.faults.add(path="/api/v3/vendors/", status=500, times=None)

        self._read_again()

        self.assertIn("does not answer", self.connection.error_message)
        self.assertFalse(self._nameless("vendor"))

    def _lists(self):
        vendor_id = self.dataset.bill(self._plain_bill()).vendor_id
        return (
            ("vendor", "/api/v3/vendors/", vendor_id),
            (
                "purchase_order",
                "/api/v2/purchase_orders/purchased/all/",
                self._plain_order(),
            ),
            ("bill", "/api/v3/ap/bills/", self._plain_bill()),
        )

    def _plain_bill(self):
        plain = [bill for bill in self.dataset.bills() if bill.scenario == "plain"]
        return plain[len(plain) // 2].id

    def _plain_order(self):
        orders = [order for order in self.dataset.orders() if order.state == 0]
        return orders[len(orders) // 2].id

    def _spoil_page(self, path, key):
        """Spoil each page of a list that shows one row; all of it is read next."""
        self.simulator.faults.clear()
        self.connection.stream_ids.sudo().modified_watermark = False
        self.simulator.faults.add(
            path=path, kind="row_status", status=500, row=str(key), times=None
        )

    def _grant(self, granted):
        lister = self.simulator.lister
        self.patch(lister, "_page_size", lambda query: granted(int(query["page_size"])))

    def _nameless(self, resource):
        held = self._records(resource).filtered("read_error")
        return held.filtered(lambda record: record.external_id.startswith(NAMELESS))

    def _read_again(self):
        self.connection.sudo().retry_at = False
        self._fetch()


@tagged("post_install", "-at_install", "procurify")
class TestUnreadableTenant(UnreadableCase):
    """A tenant of 300 documents, of which some can be read in no way."""

    bills = 190

    def test_all_but_those_that_cannot_be_read_are_booked_and_those_are_named(self):
        bills = self.dataset.bills()
        orders = self.dataset.orders()
        self.assertGreaterEqual(len(bills) + len(orders), 300)
        plain = [bill for bill in bills if bill.scenario == "plain"]
        named = set()
        for bill, order, fault in zip(plain, orders, DETAILS.values(), strict=False):
            self._spoil_bill(bill.id, fault)
            self._spoil_order(order.id, fault)
            named |= {("bill", str(bill.id)), ("purchase_order", str(order.id))}
        vendor_id = plain[-1].vendor_id
        self._spoil_vendor(vendor_id, ROWS["nested"])
        named.add(("vendor", str(vendor_id)))

        self._synchronise()

        held = self._unreadable()
        self.assertEqual({(r.resource, r.external_id) for r in held}, named)
        self.assertTrue(all(r.hold_reason and r.read_again_at for r in held))
        others = self._records().filtered("role") - held
        self.assertFalse(others.filtered(lambda r: r.state in ("pending", "waiting")))
        # The items of those orders are theirs.
        others = others.filtered(lambda record: record.role != "detail")
        states = {record: record.state for record in others}
        # Once everything can be read, nothing else changes.
        self.simulator.faults.clear()
        self._stream("vendor").next_attempt = False
        for record in held:
            self._later(record)
        self._synchronise()
        self._synchronise()
        self.assertFalse(self._unreadable())
        self.assertEqual(set(held.mapped("state")), {"done"})
        changed = {r.display_name for r in others if r.state != states[r]}
        self.assertFalse(changed)
