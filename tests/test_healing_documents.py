"""What waits on a document in Odoo goes on once a person dealt with that one."""

from datetime import datetime, timedelta
from decimal import Decimal

from odoo.tests import tagged
from odoo.tools import SQL

from .common import ProcurifyCommon

LONG_AGO = datetime(2020, 1, 1)


@tagged("post_install", "-at_install", "procurify")
class TestHealingDocuments(ProcurifyCommon):
    """Nobody presses Replay here: the import's own cron notices."""

    master_data_ready = True

    # === BILLS === #

    def test_cancelled_bill_follows_once_it_is_a_draft_again(self):
        bill_id, record, move = self._booked()
        move.button_cancel()
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        self.assertEqual(self._codes(record), {"cancelled_in_odoo"})

        self._then(move.button_draft)

        self.assertEqual((record.state, move.state), ("done", "draft"))
        self.assertEqual(
            Decimal(str(move.amount_total)),
            self.dataset.expected()[bill_id].total.normalize(),
        )

    def test_withdrawn_bill_is_resolved_once_it_is_cancelled(self):
        bill_id, record, move = self._booked()
        self.dataset.set_status(bill_id, 5)
        self._synchronise()
        self.assertEqual(self._codes(record), {"withdrawn"})

        self._then(move.button_cancel)

        self.assertEqual(record.excluded_rule, "not_approved")

    def test_withdrawn_bill_is_resolved_once_it_is_credited(self):
        bill_id, record, move = self._booked()
        move.action_post()
        self.dataset.set_status(bill_id, 5)
        self._synchronise()
        self.assertEqual(self._codes(record), {"withdrawn"})

        self._then(self._credit, move)

        self.assertEqual(record.excluded_rule, "not_approved")

    def test_deleted_bill_is_resolved_once_it_is_credited(self):
        _bill_id, record, move = self._booked()
        move.action_post()
        record.sudo()._mark_deleted()
        self._import()
        self.assertEqual(self._codes(record), {"deleted_in_procurify"})

        self._then(self._credit, move)

        self.assertEqual(record.excluded_rule, "deleted")

    def test_bill_is_booked_once_its_rival_is_credited(self):
        bill_id, _record, move = self._booked()
        move.action_post()
        twin = self.dataset.add_bill(
            "plain",
            vendor_id=self.dataset.bill(bill_id).vendor_id,
            invoice_number=move.ref,
        )
        self._synchronise()
        record = self._record("bill", twin)
        self.assertEqual(self._codes(record), {"duplicate_bill"})

        self._then(self._credit, move)

        self.assertEqual(record.state, "done")

    # === ORDERS === #

    def test_order_is_lowered_once_its_bill_is_cancelled(self):
        order_id, order = self._ordered(quantity=Decimal(10))
        bill_id = self.dataset.bill_order(order_id, {0: Decimal(8)})
        self._synchronise()
        self.dataset.revise_order(order_id, quantity=Decimal(5))
        self._synchronise()
        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"order_undercut"})

        self._then(self._move(bill_id).button_cancel)

        self.assertEqual(record.state, "done")
        self.assertEqual(order.order_line[0].product_qty, 5)

    def test_order_is_cancelled_once_its_bill_is(self):
        record, order, bill = self._cancelled_but_billed()

        self._then(bill.button_cancel)

        self.assertEqual((record.state, order.state), ("done", "cancel"))

    def test_order_is_cancelled_once_its_draft_bill_is_deleted(self):
        record, order, bill = self._cancelled_but_billed()

        self._then(bill.unlink)

        self.assertEqual((record.state, order.state), ("done", "cancel"))

    def test_order_is_cancelled_once_its_line_of_a_draft_is_deleted(self):
        record, order, bill = self._cancelled_but_billed()

        self._then(bill.invoice_line_ids.unlink)

        self.assertEqual((record.state, order.state), ("done", "cancel"))

    def test_order_follows_once_a_person_takes_the_own_edit_back(self):
        order_id, order = self._ordered(quantity=Decimal(10))
        line = order.order_line[0]
        price = line.price_unit
        line.price_unit = 77.0
        self.dataset.revise_order(order_id, price=Decimal(5))
        self._synchronise()
        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"changed_after_booking"})

        def take_back():
            line.price_unit = price

        self._then(take_back)

        self.assertEqual((record.state, line.price_unit), ("done", 5.0))

    # === HELPERS === #

    def _booked(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        return bill_id, self._record("bill", bill_id), self._move(bill_id)

    def _cancelled_but_billed(self):
        """Return (record, order, draft bill) of an order that its bill keeps alive."""
        order_id, order = self._ordered()
        bill_id = self.dataset.bill_order(order_id, {0: Decimal(1)})
        self._synchronise()
        self.dataset.cancel_order(order_id)
        self._synchronise()
        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"order_cancelled"})
        return record, order, self._move(bill_id)

    def _ordered(self, **changes):
        order_id = self.dataset.add_order("plain")
        if changes:
            self.dataset.revise_order(order_id, **changes)
        self._synchronise()
        record = self._record("purchase_order", order_id)
        return order_id, self.env["purchase.order"].browse(record.res_id)

    def _credit(self, move):
        move._reverse_moves([{"invoice_date": move.invoice_date}], cancel=True)

    def _then(self, act, *arguments):
        """Let only what ``act`` writes be newer than what was looked at."""
        self.env.flush_all()
        for table in ("account_move", "account_move_line", "purchase_order"):
            self._age(table)
        self._age("purchase_order_line")
        healing = self.env["procurify.healing"].sudo().search([])
        healing.watermark = LONG_AGO + timedelta(days=1)
        self.env.flush_all()
        act(*arguments)
        self.env.flush_all()
        self._import()

    def _age(self, table):
        self.env.cr.execute(
            SQL("UPDATE %s SET write_date = %s", SQL.identifier(table), LONG_AGO)
        )
        self.env.invalidate_all()
