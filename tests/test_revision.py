"""Later versions of bills: followed, or shown and decided with one click."""

from dataclasses import replace
from decimal import Decimal

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.fetching.tenant import open_client
from odoo.addons.procurify_connector.procurify import RESOURCES
from odoo.addons.procurify_connector.simulator.manufacturer import EUR

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestRevision(ProcurifyCommon):
    master_data_ready = True

    # === WHAT IS ON HOLD, AND HOW IT IS SHOWN === #

    def test_difference_names_each_field_of_header_and_lines(self):
        bill_id, record, move = self._posted("several_lines")
        before = {line.id: line.account_id for line in move.invoice_line_ids}

        self.dataset.revise_bill(bill_id, code="6400", unit_cost=Decimal("999.99"))
        self.dataset.revise_bill(bill_id, invoice_number="OTHER-1")
        self._synchronise()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        rows = {row["field"]: row for row in record.difference}
        self.assertEqual(rows["number"]["procurify"], "OTHER-1")
        self.assertEqual(rows["number"]["odoo"], move.ref)
        self.assertEqual(rows["number"]["applied"], move.ref)
        self.assertIn("total", rows)
        name = move.invoice_line_ids.sorted("id")[0].name
        account = rows[f"“{name}”, account"]
        self.assertIn("6400", account["procurify"])
        self.assertIn(
            before[move.invoice_line_ids.sorted("id")[0].id].code, account["odoo"]
        )
        self.assertIn(f"“{name}”, net amount", rows)
        self.assertEqual(
            {line.id: line.account_id for line in move.invoice_line_ids}, before
        )

    def test_difference_is_a_table_of_text_and_never_of_markup(self):
        bill_id, record, _move = self._posted("plain")

        self.dataset.revise_bill(bill_id, invoice_number="<b>bold</b>")
        self._synchronise()

        self.assertIn("&lt;b&gt;bold", record.difference_table)
        self.assertNotIn("<b>bold", record.difference_table)
        self.assertIn("<table", record.difference_table)

    def test_added_and_removed_lines_are_shown_as_lines(self):
        bill_id, record, move = self._posted("several_lines")
        bill = self.dataset.bill(bill_id)
        gone = bill.items[0]

        self._replace_items(bill_id, bill.items[1:])
        self._synchronise()

        [row] = [r for r in record.difference if r["field"].startswith("line")]
        self.assertIn(gone.description, row["field"])
        self.assertEqual(row["procurify"], "")
        self.assertTrue(row["odoo"])
        self.assertEqual(row["odoo"], row["applied"])
        self.assertIn("line", record.hold_reason)
        self.assertEqual(move.state, "posted")

    def test_draft_edited_elsewhere_than_procurify_is_on_hold_too(self):
        bill_id, record, move = self._draft("several_lines")
        move.invoice_line_ids.sorted("id")[0].account_id = self._account("9999")

        self.dataset.revise_bill(bill_id, invoice_number="OTHER-2")
        self._synchronise()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        texts = " ".join(row["field"] for row in record.difference)
        self.assertIn("account", texts)
        self.assertIn("number", texts)
        self.assertNotEqual(move.ref, "OTHER-2")

    def test_text_that_a_person_gave_a_draft_is_not_overwritten(self):
        bill_id, record, move = self._draft("plain")
        move.invoice_line_ids.name = "What it was really for"

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual(move.invoice_line_ids.name, "What it was really for")

    # === WHAT IS NOT ON HOLD === #

    def test_payment_in_procurify_and_its_return_put_nothing_on_hold(self):
        bill_id, record, move = self._posted("plain")
        written = self._age(move)

        for status, paid in ((6, True), (7, True), (4, True), (2, False)):
            self.dataset.set_status(bill_id, status)
            self._synchronise()
            with self.subTest(status=status):
                self.assertEqual(record.state, "done")
                self.assertEqual(record.remote_paid, paid)
                self.assertEqual(record.applied_digest, record.digest)

        self.assertEqual((move.state, move.payment_state), ("posted", "not_paid"))
        self.assertEqual(move.write_date, written)

    def test_issue_is_resolved_when_odoo_is_made_equal(self):
        bill_id, record, move = self._posted("plain")
        self.dataset.revise_bill(bill_id, code="6400")
        self._synchronise()
        self.assertEqual(record.state, "quarantined")

        account = self.env["account.account"].search(
            [("code", "=", "6400"), ("company_ids", "in", self.company.ids)]
        )
        move.button_draft()
        move.invoice_line_ids.account_id = account
        move.action_post()
        record.action_replay()

        self.assertEqual(record.state, "done")
        self.assertFalse(record.issue_ids)
        self.assertFalse(record.difference)

    def test_issue_is_resolved_when_procurify_takes_its_change_back(self):
        bill_id, record, _move = self._posted("plain")
        number = self.dataset.bill(bill_id).invoice_number
        self.dataset.revise_bill(bill_id, invoice_number="WRONG")
        self._synchronise()
        self.assertEqual(record.state, "quarantined")

        self.dataset.revise_bill(bill_id, invoice_number=number)
        self._synchronise()

        self.assertEqual(record.state, "done")
        self.assertFalse(record.difference)

    def test_bill_fixed_under_a_new_id_is_the_same_bill(self):
        bill_id, record, move = self._draft("several_lines")

        new_id = self.dataset.fix_bill(bill_id, code="6400")
        self._synchronise()

        self.assertEqual(self._record("bill", new_id), record)
        self.assertEqual(self._move(new_id), move)
        self.assertEqual(len(self._records("bill")), 1)
        self.assertIn("6400", move.invoice_line_ids.account_id.mapped("code"))

    # === RESET AND UPDATE === #

    def test_reset_and_update_writes_the_same_bill_and_posts_it_again(self):
        bill_id, record, move = self._posted("several_lines")
        name = move.name
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("999.99"), code="6400")
        self._synchronise()
        self.assertTrue(record.can_update)

        record.action_reset_and_update()

        self.assertEqual(record.state, "done")
        self.assertEqual(record.res_id, move.id)
        self.assertEqual((move.state, move.name), ("posted", name))
        self.assertEqual(
            move.amount_total, float(self.dataset.expected()[bill_id].total)
        )
        self.assertFalse(record.difference)
        self._assert_settled(bill_id, record)

    def test_reset_and_update_of_an_edited_draft_leaves_a_draft(self):
        bill_id, record, move = self._draft("plain")
        move.invoice_line_ids.account_id = self._account("9999")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        record.action_reset_and_update()

        self.assertEqual(move.state, "draft")
        self.assertNotEqual(move.invoice_line_ids.account_id.code, "9999")
        self.assertEqual(record.state, "done")

    def test_reset_and_update_refuses_what_is_paid_or_locked(self):
        bill_id, record, move = self._posted("plain")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.company.purchase_lock_date = move.date
        with self.assertRaisesRegex(UserError, "closed period"):
            record.action_reset_and_update()
        self.company.purchase_lock_date = False
        self._pay(move)
        with self.assertRaisesRegex(UserError, "paid"):
            record.action_reset_and_update()

        self.assertEqual(move.state, "posted")
        self.assertEqual(record.state, "quarantined")

    def test_reset_and_update_refuses_a_hashed_bill(self):
        bill_id, record, move = self._posted("plain")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        move.button_hash()
        self.assertTrue(move.inalterable_hash)

        with self.assertRaisesRegex(UserError, "hash"):
            record.action_reset_and_update()

    def test_choice_leaves_nothing_when_the_new_version_cannot_be_mapped(self):
        bill_id, record, move = self._posted("plain")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        move.invoice_line_ids.account_id.sudo().active = False

        with self.assertRaisesRegex(UserError, "archived"):
            record.action_reset_and_update()

        self.assertEqual(move.state, "posted")

    # === CREDIT AND RE-BILL === #

    def test_credit_and_rebill_of_a_posted_bill(self):
        bill_id, record, move = self._posted("several_taxes")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("999.99"))
        self._synchronise()

        record.action_credit_and_rebill()

        credit, new = move.reversal_move_ids, self._move(bill_id)
        self.assertEqual((credit.state, credit.move_type), ("posted", "in_refund"))
        self.assertEqual(credit.amount_total, move.amount_total)
        self.assertEqual((move.payment_state, credit.amount_residual), ("reversed", 0))
        self.assertEqual(credit.date, move.date)
        self.assertNotEqual(new, move)
        self.assertEqual((new.state, new.ref), ("posted", move.ref))
        self.assertEqual(
            new.amount_total, float(self.dataset.expected()[bill_id].total)
        )
        self.assertEqual(record.state, "done")
        for bill, other in ((move, new), (new, move)):
            bodies = "".join(bill.message_ids.mapped("body"))
            self.assertIn(other.name, bodies)
        self._assert_settled(bill_id, record)

    def test_bill_that_somebody_entered_twice_is_not_booked_again(self):
        """Somebody credits the bill, and enters Procurify's next version by hand."""
        bill_id, record, move = self._posted("plain")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        move._reverse_moves([{"invoice_date": move.invoice_date}], cancel=True)
        mine = move.copy({"ref": move.ref, "invoice_date": move.invoice_date})
        mine.invoice_line_ids.price_unit = 12.34
        record.action_replay()

        codes = {"changed_after_booking", "duplicate_bill"}
        self.assertEqual(self._codes(record), codes)
        with self.assertRaisesRegex(UserError, "same vendor and number"):
            record.action_credit_and_rebill()
        record.action_not_a_duplicate()
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        record.action_credit_and_rebill()
        self.assertNotIn(self._move(bill_id), move | mine)
        self._assert_settled(bill_id, record)

    def test_number_of_another_bill_is_not_booked_by_a_choice(self):
        bill_id, record, move = self._posted("plain")
        other = move.copy({"ref": "BY-HAND-1", "invoice_date": "2026-01-05"})
        self.dataset.revise_bill(bill_id, invoice_number="BY-HAND-1")
        self._synchronise()

        self.assertIn("duplicate_bill", self._codes(record))
        self.assertEqual(record.conflict_id, other.id)
        for choice in ("credit_and_rebill", "reset_and_update"):
            with self.subTest(choice), self.assertRaisesRegex(UserError, "number"):
                getattr(record, f"action_{choice}")()
        self.assertEqual((move.state, move.payment_state), ("posted", "not_paid"))

    def test_cancelled_bill_that_somebody_entered_twice_is_not_used_again(self):
        bill_id, record, move = self._draft("plain")
        move.button_cancel()
        move.copy({"ref": move.ref, "invoice_date": move.invoice_date})
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        codes = {"cancelled_in_odoo", "duplicate_bill"}
        self.assertEqual(self._codes(record), codes)
        with self.assertRaisesRegex(UserError, "same vendor and number"):
            record.action_reset_and_update()
        self.assertEqual(move.state, "cancel")
        record.action_keep_odoo()
        self.assertEqual((record.state, move.state), ("done", "cancel"))

    def test_credit_and_rebill_leaves_a_payment_where_it_is(self):
        bill_id, record, move = self._posted("plain")
        self._pay(move)
        state = move.payment_state
        self.assertIn(state, ("paid", "in_payment"))
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        record.action_credit_and_rebill()

        credit = move.reversal_move_ids
        self.assertEqual(move.payment_state, state)
        self.assertEqual(credit.amount_residual, credit.amount_total, "vendor credit")

    def test_credit_and_rebill_books_on_the_first_open_day(self):
        bill_id, record, move = self._posted("plain")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        self.company.fiscalyear_lock_date = fields.Date.add(move.date, days=3)
        first_open = fields.Date.add(move.date, days=4)

        record.action_credit_and_rebill()

        self.assertEqual(move.reversal_move_ids.date, first_open)
        new = self._move(bill_id)
        self.assertEqual(new.date, first_open)
        self.assertEqual(new.invoice_date, move.invoice_date)

    def test_bill_that_is_credited_in_part_is_not_credited_once_more(self):
        """A credit of the whole would take the part back a second time."""
        bill_id, record, move = self._posted("plain")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        part = self._credit_in_part(move)

        for is_posted in (False, True):
            if is_posted:
                part.action_post()
            with self.subTest(is_posted=is_posted), self.assertRaises(UserError) as no:
                record.action_credit_and_rebill()
            self.assertIn(part.display_name, str(no.exception))

        self.assertEqual(move.reversal_move_ids, part)
        self._credit_in_part(move, move.amount_total - part.amount_total)
        move.reversal_move_ids.filtered(lambda m: m.state == "draft").action_post()
        record.action_credit_and_rebill()
        self.assertEqual(len(move.reversal_move_ids), 2, "no more is credited")
        self.assertEqual(self._move(bill_id).state, "posted")

    def test_deleted_bill_that_is_credited_in_part_is_not_reversed_as_a_whole(self):
        _bill_id, record, move = self._posted("plain")
        part = self._credit_in_part(move)
        part.action_post()
        self._vanish(record)

        with self.assertRaises(UserError):
            record.action_reverse()

        self.assertEqual(move.reversal_move_ids, part)

    def test_credit_has_the_rate_of_its_bill(self):
        """What the bill cost in the company's own currency is taken back exactly."""
        bill_id = self.dataset.add_bill("untaxed")
        self.dataset.revise_bill(bill_id, currency_id=EUR.id)
        self._synchronise()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        move.invoice_currency_rate = 0.5
        move.action_post()
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        self.company.fiscalyear_lock_date = fields.Date.add(move.date, days=3)

        record.action_credit_and_rebill()

        credit = move.reversal_move_ids
        self.assertEqual(credit.invoice_currency_rate, 0.5)
        items = (move | credit).line_ids
        for account, mine in items.grouped("account_id").items():
            self.assertAlmostEqual(sum(mine.mapped("balance")), 0, msg=account.code)

    # === KEEP === #

    def test_kept_bill_is_asked_about_again_only_after_the_next_change(self):
        bill_id, record, move = self._posted("plain")
        total = move.amount_total
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        record.action_keep_odoo()

        self.assertEqual((record.state, move.amount_total), ("done", total))
        self.assertIn("Kept", "".join(move.message_ids.mapped("body")))
        record.action_replay()
        self.assertEqual(record.state, "done")
        self.dataset.set_status(bill_id, 4)
        self._synchronise()
        self.assertEqual(record.state, "done", "nothing new to book")
        self.dataset.revise_bill(bill_id, invoice_number="OTHER-3")
        self._synchronise()
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual([row["field"] for row in record.difference], ["number"])

    def test_kept_draft_is_not_overwritten_by_the_next_change(self):
        bill_id, record, move = self._draft("plain")
        account = self._account("9999")
        move.invoice_line_ids.account_id = account
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        record.action_keep_odoo()

        self.dataset.revise_bill(bill_id, invoice_number="OTHER-4")
        self._synchronise()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual(move.invoice_line_ids.account_id, account)

    # === WITHDRAWN AND DELETED === #

    def test_withdrawn_draft_cannot_be_posted_until_it_is_approved_again(self):
        bill_id, record, move = self._draft("plain")
        self.dataset.set_status(bill_id, 3)
        self._synchronise()
        self.assertEqual(self._codes(record), {"withdrawn"})
        self.assertFalse(record.can_keep)

        with self.assertRaisesRegex(UserError, "denied"):
            move.action_post()

        self.dataset.revise_bill(bill_id, status=2, unit_cost=Decimal("12.34"))
        self._synchronise()
        self.assertEqual(record.state, "done")
        self.assertEqual(
            move.amount_total, float(self.dataset.expected()[bill_id].total)
        )
        move.action_post()
        self.assertEqual(move.state, "posted")

    def test_withdrawn_posted_bill_is_shown_and_left_alone(self):
        bill_id, record, move = self._posted("plain")
        written = self._age(move)

        self.dataset.set_status(bill_id, 0)
        self._synchronise()

        self.assertEqual(self._codes(record), {"withdrawn"})
        self.assertEqual((move.state, move.write_date), ("posted", written))
        self.assertTrue(record.can_keep and record.can_reverse)
        self.dataset.set_status(bill_id, 2)
        self._synchronise()
        self.assertEqual(record.state, "done")

    def test_withdrawn_draft_that_a_person_cancels_is_resolved(self):
        bill_id, record, move = self._draft("plain")
        self.dataset.set_status(bill_id, 5)
        self._synchronise()

        move.button_cancel()
        record.action_replay()

        self.assertEqual(
            (record.state, record.excluded_rule), ("excluded", "not_approved")
        )
        self.dataset.set_status(bill_id, 2)
        self._synchronise()
        self.assertEqual(self._codes(record), {"cancelled_in_odoo"})
        record.action_reset_and_update()
        self.assertEqual((record.state, move.state), ("done", "draft"))

    def test_deleted_draft_is_cancelled_and_comes_back_without_a_twin(self):
        bill_id, record, move = self._draft("plain")

        self._vanish(record)
        self.assertEqual((record.state, record.excluded_rule), ("excluded", "deleted"))
        self.assertEqual(move.state, "cancel")
        self.assertIn("deleted", "".join(move.message_ids.mapped("body")))
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertFalse(record.remote_deleted)
        self.assertEqual((record.state, move.state), ("done", "draft"))
        self.assertEqual(self._move(bill_id), move)
        self.assertEqual(
            move.amount_total, float(self.dataset.expected()[bill_id].total)
        )

    def test_inactive_bill_is_treated_as_deleted(self):
        bill_id, record, move = self._draft("plain")

        self.dataset.revise_bill(bill_id, active=False)
        self._fetch_detail(bill_id)

        self.assertEqual((record.state, record.excluded_rule), ("excluded", "deleted"))
        self.assertEqual(move.state, "cancel")

    def test_deleted_posted_bill_is_reversed_by_choice(self):
        bill_id, record, move = self._posted("plain")

        self._vanish(record)
        self.assertEqual(self._codes(record), {"deleted_in_procurify"})
        self.assertEqual(move.state, "posted")
        record.action_reverse()

        self.assertEqual(move.payment_state, "reversed")
        self.assertEqual((record.state, record.excluded_rule), ("excluded", "deleted"))
        self.dataset.touch(bill_id)
        self._synchronise()
        self.assertEqual(record.state, "done")
        self.assertNotEqual(self._move(bill_id), move, "the credited one is history")

    def test_deleted_posted_bill_is_kept_by_choice(self):
        _bill_id, record, move = self._posted("plain")
        self._vanish(record)

        record.action_keep_odoo()
        record.action_replay()

        self.assertEqual((record.state, move.state), ("done", "posted"))

    # === DELETED AND CANCELLED IN ODOO === #

    def test_deleted_bill_is_imported_again_by_choice(self):
        bill_id, record, move = self._draft("plain")
        move.unlink()
        self.dataset.touch(bill_id)
        self._synchronise()
        self.assertEqual(self._codes(record), {"target_deleted"})

        record.action_import_again()

        self.assertEqual(record.state, "done")
        self.assertTrue(self._move(bill_id).exists())

    def test_bill_deleted_in_odoo_may_be_ignored(self):
        bill_id, record, move = self._draft("plain")
        move.unlink()
        self.dataset.touch(bill_id)
        self._synchronise()

        record.action_ignore()

        self.assertEqual(record.state, "ignored")

    def test_cancelled_bill_is_a_question_only_when_procurify_changes_it(self):
        bill_id, record, move = self._draft("plain")
        move.button_cancel()

        self.dataset.set_status(bill_id, 4)
        self._synchronise()
        self.assertEqual((record.state, move.state), ("done", "cancel"))
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual(self._codes(record), {"cancelled_in_odoo"})
        record.action_keep_odoo()
        self.assertEqual((record.state, move.state), ("done", "cancel"))

    # === RIGHTS === #

    def test_choices_have_the_rights_of_the_user_who_clicks(self):
        bill_id, record, move = self._posted("plain")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        reviewer = self._user("reviewer", "procurify_connector.group_user")

        for choice in ("reset_and_update", "credit_and_rebill", "keep_odoo"):
            action = getattr(record.with_user(reviewer), f"action_{choice}")
            with self.subTest(choice), self.assertRaises(AccessError):
                action()

        self.assertEqual((move.state, record.state), ("posted", "quarantined"))
        clerk = self._user(
            "clerk", "procurify_connector.group_user,account.group_account_invoice"
        )
        record.with_user(clerk).action_reset_and_update()
        self.assertEqual(record.state, "done")
        self.assertEqual(move.write_uid, clerk)

    def test_choice_that_does_not_apply_is_refused(self):
        _bill_id, record, _move = self._draft("plain")

        for choice in (
            "reset_and_update",
            "credit_and_rebill",
            "keep_odoo",
            "reverse",
            "import_again",
            "adopt",
            "not_a_duplicate",
        ):
            with self.subTest(choice), self.assertRaises(UserError):
                getattr(record, f"action_{choice}")()

    def test_bill_is_not_pointed_at_another_one_by_writing(self):
        _bill_id, record, _move = self._draft("plain")
        _other_id, _other_record, other = self._draft("plain")
        clerk = self._user(
            "clerk", "procurify_connector.group_user,account.group_account_manager"
        )

        with self.assertRaises(UserError):
            record.with_user(clerk).write({"res_id": other.id})

        self.assertNotEqual(record.res_id, other.id)

    # === HELPERS === #

    def _draft(self, scenario, **params):
        bill_id = self.dataset.add_bill(scenario, **params)
        # The company's own currency: rates are another test's subject.
        self.dataset.revise_bill(bill_id, currency_id=1)
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(record.hold_reason, "")
        return bill_id, record, self._move(bill_id)

    def _posted(self, scenario, **params):
        bill_id, record, move = self._draft(scenario, **params)
        move.action_post()
        return bill_id, record, move

    def _assert_settled(self, bill_id, record):
        """What was chosen stays: the next poll and a replay ask nothing."""
        target = record.res_id
        self.dataset.touch(bill_id)
        self._synchronise()
        record.action_replay()
        self.assertEqual((record.state, record.res_id), ("done", target))

    def _vanish(self, record):
        """Do as the nightly check when Procurify answers that there is no such bill."""
        record.sudo().write({"remote_deleted": True, "state": "pending"})
        self._import()

    def _fetch_detail(self, bill_id):
        """Stage the detail of a bill that no list shows any more."""
        client = open_client(self.connection)
        [detail] = client.details(RESOURCES["bill"], [str(bill_id)])
        self.env["procurify.record"]._stage(self.connection, "bill", [(detail, detail)])
        self._import()

    def _replace_items(self, bill_id, items):
        bill = self.dataset.bill(bill_id)
        changed = replace(bill, items=items, modified=self.dataset.stamp())
        self.dataset._store(changed)

    def _credit_in_part(self, move, amount=1.0):
        """Draft a credit note for a part of a bill, as a person does in Odoo."""
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        before = move.reversal_move_ids
        wizard.create({"journal_id": move.journal_id.id}).reverse_moves()
        credit = move.reversal_move_ids - before
        credit.invoice_line_ids = [
            Command.clear(),
            Command.create(
                {
                    "name": "A part",
                    "account_id": move.invoice_line_ids[0].account_id.id,
                    "price_unit": amount,
                    "tax_ids": [],
                }
            ),
        ]
        return credit

    def _pay(self, move):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()

    def _user(self, login, groups):
        return new_test_user(
            self.env,
            login,
            groups=groups,
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
