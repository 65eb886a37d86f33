"""Documents on hold are imported once someone corrects the issue in Odoo."""

import time
from datetime import date, timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.procurify_connector.models import (
    procurify_healing as healing_module,
)
from odoo.addons.procurify_connector.simulator.books import books
from odoo.addons.procurify_connector.simulator.manufacturer import EUR
from odoo.addons.procurify_connector.simulator.scenarios import UNBOOKED_DEPARTMENT

from .common import ProcurifyCommon

DAY = date(2026, 3, 10)


@tagged("post_install", "-at_install", "procurify")
class TestHealing(ProcurifyCommon):
    def test_six_issues_are_resolved_one_by_one_as_odoo_is_corrected(self):
        record, cures = self._bill_with_six_things_wrong()
        self.assertEqual(self._codes(record), cures.keys())

        for code, mend in cures.items():
            before = self._codes(record)
            mend()
            self._import()
            self.assertEqual(self._codes(record), before - {code})
        self.assertEqual(record.state, "done")
        self.assertEqual(self._move(record.external_id).date, DAY)

    def test_resolved_issue_goes_without_an_attempt_at_the_document(self):
        record, cures = self._bill_with_six_things_wrong()
        cures["unknown_account"]()
        [code] = self._records("account_code", code="7450")
        code.action_replay()

        self.assertEqual(record.state, "quarantined")
        self.assertEqual(self._codes(record), cures.keys() - {"unknown_account"})
        # Nobody looked at the bill again: it has no new account yet to book on.
        self._cost_centre()
        self.assertIn("unknown_department", self._codes(record))

    def test_nothing_is_tried_again_while_nothing_changed(self):
        self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        healing = self._healing()
        self._account("7450")
        healing.watermark = fields.Datetime.now() + timedelta(days=1)

        self.assertTrue(healing._release())

        [code] = self._records("account_code", code="7450")
        self.assertEqual(code.state, "quarantined")

    def test_only_what_the_change_can_cure_is_tried_again(self):
        self.dataset.add_bill("plain", code="7450")
        bill_id = self.dataset.add_bill(
            "plain", department_id=UNBOOKED_DEPARTMENT.id, code="6200"
        )
        self._synchronise()
        healing = self._healing()
        self._cost_centre()
        account = self._account("7450")
        self._change_after(healing, account)

        healing._release()

        [code] = self._records("account_code", code="7450")
        self.assertEqual(code.state, "done")
        self.assertEqual(
            self._codes(self._record("bill", bill_id)), {"unknown_department"}
        )

    def test_what_stays_on_hold_is_not_written(self):
        self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        [code] = self._records("account_code", code="7450")
        stamp = code.write_date
        healing = self._healing()
        self._change_after(healing, self._account("9000"))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE procurify_record SET write_date = %s WHERE id = %s",
            [stamp - timedelta(days=1), code.id],
        )
        code.invalidate_recordset()

        healing._release()

        self.env.flush_all()
        code.invalidate_recordset()
        self.assertEqual(code.write_date, stamp - timedelta(days=1))

    def test_change_that_is_committed_late_is_still_seen(self):
        """The stamp of a row is the start of its transaction, not its end."""
        healing = self.env["procurify.healing"]
        with self.registry.cursor() as slow:
            slow.execute("SELECT now() AT TIME ZONE 'UTC'")
            [started] = slow.fetchone()
            with self.registry.cursor() as other:
                self.assertLessEqual(
                    healing.with_env(self.env(cr=other))._settled_until(), started
                )

    def test_right_that_is_granted_to_the_integration_user_cures(self):
        user = new_test_user(
            self.env,
            "connector",
            "base.group_partner_manager,account.group_account_readonly,"
            "analytic.group_analytic_accounting",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.connection.user_id = user
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"access_denied"})

        user.group_ids |= self.env.ref("account.group_account_invoice")
        self._import()

        self.assertEqual(record.hold_reason, "")
        self.assertEqual(record.state, "done")

    def test_bill_is_booked_once_its_rival_is_gone(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        number = self._move(bill_id).ref
        vendor_id = self.dataset.bill(bill_id).vendor_id
        second = self.dataset.add_bill(
            "plain", vendor_id=vendor_id, invoice_number=number
        )
        self._synchronise()
        record = self._record("bill", second)
        self.assertEqual(self._codes(record), {"duplicate_bill"})

        self._move(bill_id).unlink()
        self._import()

        self.assertEqual(record.state, "done")

    def test_a_session_that_forgot_to_end_does_not_freeze_the_watermark(self):
        healing = self.env["procurify.healing"]
        with self.registry.cursor() as idle, self.registry.cursor() as other:
            idle.execute("SELECT now() AT TIME ZONE 'UTC'")
            [started] = idle.fetchone()
            settled = healing.with_env(self.env(cr=other))._settled_until
            self.assertLessEqual(settled(), started)
            self.patch(healing_module, "LONGEST_TRANSACTION", timedelta(0))
            time.sleep(1)
            other.rollback()
            self.assertGreater(settled(), started.replace(microsecond=0))

    def test_master_data_is_tried_again_in_batches_that_are_committed(self):
        self.patch(healing_module, "BATCH_SIZE", 1)
        accounts = self.env["account.account"].search(
            [("code", "in", [values["code"] for values in books()["accounts"]])],
            order="code",
            limit=3,
        )
        codes = accounts.mapped("code")
        for account, code in zip(accounts, codes, strict=True):
            account.code = f"9{code}"
            self.dataset.add_bill("plain", code=code)
        self._synchronise()
        held = self._records("account_code", state="quarantined")
        self.assertGreaterEqual(len(held), 3)
        healing = self._healing()
        for account, code in zip(accounts, codes, strict=True):
            account.code = code
        self._change_after(healing, accounts[0])
        left = []

        def stop(ids):
            left.append(ids)
            healing.resume_ids = ids
            return False

        self.assertFalse(healing._release(stop))
        tried = self._records("account_code").browse(set(held.ids) - set(left[0]))
        self.assertEqual(len(tried), 1)
        open_before = held.filtered(lambda record: record.state == "quarantined")
        self.assertGreaterEqual(len(open_before), 2)

        self.assertTrue(healing._release())
        cured = held.filtered(lambda record: record.state == "done")
        self.assertLessEqual(set(codes), set(cured.mapped("code")))

    # === HELPERS === #

    def _healing(self):
        return (
            self.env["procurify.healing"]
            .sudo()
            .search([("connection_id", "=", self.connection.id)])
        )

    def _change_after(self, healing, record):
        """Let ``record`` alone be changed after the watermark of ``healing``."""
        healing.watermark = fields.Datetime.now() + timedelta(days=1)
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET write_date = %s WHERE id = %s",
                SQL.identifier(record._table),
                healing.watermark,
                record.id,
            )
        )

    def _bill_with_six_things_wrong(self):
        """Return a bill with six issues, and {issue: what resolves it in Odoo}."""
        self.connection.vendor_policy = "hold"
        self.company.fiscalyear_lock_date = DAY + timedelta(days=1)
        taxes = self.env["account.tax"].search(
            [("type_tax_use", "=", "purchase"), ("company_id", "=", self.company.id)]
        )
        taxes.active = False
        euro = self.env.ref("base.EUR")
        euro.active = False
        bill_id = self._taxed_bill()
        bill = self.dataset.bill(bill_id)
        self.dataset.rename_vendor(bill.vendor_id, "Nobody Knows Ltd")
        self._synchronise()
        cures = {
            "unknown_vendor": lambda: self.env["res.partner"].create(
                {"name": "Nobody Knows Ltd", "is_company": True}
            ),
            "unknown_account": lambda: self._account("7450"),
            "unknown_department": self._cost_centre,
            "unknown_tax": lambda: taxes.write({"active": True}),
            "inactive_currency": lambda: euro.write({"active": True}),
            "closed_period": lambda: self.company.write(
                {"fiscalyear_lock_date": DAY - timedelta(days=1)}
            ),
        }
        return self._record("bill", bill_id), cures

    def _taxed_bill(self):
        for _try in range(30):
            bill_id = self.dataset.add_bill(
                "plain", code="7450", department_id=UNBOOKED_DEPARTMENT.id
            )
            bill = self.dataset.bill(bill_id)
            vendor = self.dataset.vendor(bill.vendor_id)
            if bill.currency_id == EUR.id and not (vendor.email or vendor.external_id):
                break
            self.dataset.delete_bill(bill_id)
        day = f"{DAY}T12:00:00Z"
        self.dataset.revise_bill(bill_id, invoice_date=day, gl_post_date=day)
        return bill_id

    def _cost_centre(self):
        department = self._record("department", UNBOOKED_DEPARTMENT.id)
        self.env["account.analytic.account"].create(
            {
                "name": department.name,
                "plan_id": self.plans["department"].id,
                "company_id": self.company.id,
            }
        )
