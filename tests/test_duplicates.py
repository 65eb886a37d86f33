"""One bill is booked once: twins, merged contacts, connections that are made again."""

from datetime import date
from decimal import Decimal

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestDuplicates(ProcurifyCommon):
    master_data_ready = True

    # === WHAT A DUPLICATE IS === #

    def test_case_and_outer_spaces_of_the_number_do_not_hide_a_duplicate(self):
        bill_id = self._held_by(" inv-A_1% ", "INV-a_1%")

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"duplicate_bill"})
        self.assertEqual(record.conflict_id, self.existing.id)

    def test_no_way_to_write_spaces_digits_and_letters_hides_a_duplicate(self):
        """As a number comes that somebody copied from a PDF or a web page, too."""
        for theirs, ours in (
            ("\xa0INV 11\t", "inv 11"),
            ("INV  12", "INV 12"),
            ("ＩＮＶ-１３", "INV-13"),
            ("RÉF-14", "re\u0301f-14"),
            ("INV\u00a077", "INV 77"),
            ("INV 78", "INV\u00a078"),
            ("INV 80", "INV  80"),
            ("\ufeffINV 81\u200b", "INV 81"),
            ("INV 82", "\u202aINV 82\u202c"),
        ):
            with self.subTest(theirs=theirs, ours=ours):
                record = self._record("bill", self._held_by(theirs, ours))
                self.assertEqual(self._codes(record), {"duplicate_bill"})

    def test_similar_numbers_are_no_duplicates(self):
        for theirs, ours in (
            ("INV-10", "INV-1"),
            ("INVx1", "INV_1"),
            ("A%B", "AxB"),
            ("1 2", "132"),
        ):
            with self.subTest(theirs):
                self.assertEqual(
                    self._record("bill", self._held_by(theirs, ours)).state, "done"
                )

    def test_refund_of_the_same_number_is_no_duplicate(self):
        bill_id = self._held_by("SAME", "SAME", move_type="in_refund")

        self.assertEqual(self._record("bill", bill_id).state, "done")

    def test_cancelled_and_reversed_bills_are_no_duplicates(self):
        first = self._held_by("GONE-1", "GONE-1", prepare="button_cancel")
        self.assertEqual(self._record("bill", first).state, "done")

        second = self._held_by("GONE-2", "GONE-2", prepare="_reverse_for_test")
        self.assertEqual(self._record("bill", second).state, "done")

    def test_partly_credited_bill_is_still_there(self):
        bill_id = self._held_by("PART", "PART", prepare="_credit_half_for_test")

        self.assertEqual(self._codes(self._record("bill", bill_id)), {"duplicate_bill"})

    def test_draft_that_gets_the_number_of_another_bill_is_on_hold(self):
        first, second = self._booked("FIRST"), self._booked("SECOND")
        vendor_id = self.dataset.bill(first).vendor_id
        move = self._move(second)

        self.dataset.revise_bill(second, vendor_id=vendor_id, invoice_number="first")
        self._synchronise()

        record = self._record("bill", second)
        self.assertEqual(self._codes(record), {"duplicate_bill"})
        self.assertEqual(record.conflict_id, self._move(first).id)
        self.assertEqual(move.ref, "SECOND")
        self.assertFalse(record.can_adopt)
        record.action_not_a_duplicate()
        self.assertEqual((record.state, move.ref), ("done", "first"))

    def test_contact_of_the_same_company_is_the_same_vendor(self):
        bill_id = self._held_by("CHILD", "CHILD", child=True)

        self.assertEqual(self._codes(self._record("bill", bill_id)), {"duplicate_bill"})

    # === CHOICES === #

    def test_adopted_bill_follows_later_changes(self):
        bill_id = self._held_by("TWIN", "TWIN")
        record = self._record("bill", bill_id)
        count = self.env["account.move"].search_count([])

        record.action_adopt()

        self.assertEqual(record.res_id, self.existing.id)
        self.assertEqual(self.env["account.move"].search_count([]), count)
        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertTrue(record.difference)
        record.action_reset_and_update()
        self.assertEqual(record.state, "done")
        self.assertEqual(
            Decimal(str(self.existing.amount_total)),
            self.dataset.expected()[bill_id].total.normalize(),
        )
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        self.assertEqual((record.state, record.res_id), ("done", self.existing.id))
        self.assertEqual(
            Decimal(str(self.existing.amount_total)),
            self.dataset.expected()[bill_id].total.normalize(),
        )

    def test_adopted_bill_that_is_equal_needs_nothing_more(self):
        bill_id = self._booked("EQUAL")
        record, move = self._record("bill", bill_id), self._move(bill_id)
        move.action_post()
        record._unlink_target()
        record.sudo().imported_at = False
        record.action_replay()
        self.assertEqual(self._codes(record), {"duplicate_bill"})

        record.action_adopt()

        self.assertEqual((record.state, record.res_id), ("done", move.id))

    def test_bill_of_another_procurify_bill_is_not_adopted(self):
        first = self._booked("TWICE")
        second = self._twin(first)
        record = self._record("bill", second)
        self.assertEqual(record.conflict_id, self._move(first).id)

        with self.assertRaisesRegex(UserError, "another Procurify document"):
            record.action_adopt()

    def test_bill_is_adopted_only_by_who_may_read_it(self):
        bill_id = self._held_by("SECRET", "SECRET")
        reviewer = new_test_user(
            self.env,
            "reviewer",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )

        with self.assertRaises(AccessError):
            self._record("bill", bill_id).with_user(reviewer).action_adopt()

    def test_choice_of_another_company_is_refused(self):
        bill_id = self._held_by("FAR", "FAR")
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="procurify_connector.group_user,account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        record = self._record("bill", bill_id).with_user(stranger)

        for choice in ("action_adopt", "action_not_a_duplicate", "action_keep_odoo"):
            with self.subTest(choice), self.assertRaises(AccessError):
                getattr(record, choice)()

    def test_bill_that_is_no_duplicate_is_booked_with_one_click(self):
        bill_id = self._held_by("YEARLY", "YEARLY")
        record = self._record("bill", bill_id)

        record.action_not_a_duplicate()

        self.assertEqual(record.state, "done")
        self.assertTrue(record.not_a_duplicate)
        self.assertNotEqual(record.res_id, self.existing.id)

    # === TARGETS THAT MOVE === #

    def test_merged_contacts_keep_their_link_and_double_nothing(self):
        bill_id = self._booked("MERGE")
        record, move = self._record("bill", bill_id), self._move(bill_id)
        vendor = self._records("vendor", res_id=move.partner_id.id)
        survivor = self.env["res.partner"].create({"name": "The one that stays"})
        merged = move.partner_id

        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((merged | survivor).ids, survivor)

        self.assertFalse(merged.exists())
        self.assertEqual(vendor.res_id, survivor.id)
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()
        self.assertEqual(record.state, "done")
        self.assertEqual(self._move(bill_id), move)
        self.assertEqual(move.partner_id, survivor)
        self.assertFalse(
            self.env["res.partner"].search([("name", "=", vendor.name)]) - survivor
        )

    def test_archived_account_puts_on_hold_and_unarchiving_imports(self):
        account = self._account("7450")
        account.active = False
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"archived_account"})

        account.active = True
        record.action_replay()

        self.assertEqual(record.state, "done")
        self.assertEqual(self._move(bill_id).invoice_line_ids.account_id, account)

    def test_renamed_vendor_keeps_its_contact(self):
        bill_id = self._booked("NAME")
        partner = self._move(bill_id).partner_id
        vendor_id = self.dataset.bill(bill_id).vendor_id

        self.dataset.rename_vendor(vendor_id, "Quite Another Name Ltd")
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual(self._record("vendor", vendor_id).res_id, partner.id)
        self.assertEqual(self._move(bill_id).partner_id, partner)

    # === CONNECTIONS THAT ARE MADE AGAIN === #

    def test_connection_made_again_after_deletion_finds_everything(self):
        bills, targets = self._books_of_first_connection()

        self.connection.unlink()
        self.connection = self._connect(name="Again")
        self._synchronise()

        self._assert_same_books(bills, targets)

    def test_connection_made_again_beside_an_archived_one_finds_everything(self):
        bills, targets = self._books_of_first_connection()

        self.connection.active = False
        self.connection = self._connect(name="Again")
        self._synchronise()

        self._assert_same_books(bills, targets)

    def test_manual_mapping_outlives_its_connection(self):
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        account = self._account("9000")
        [master] = self._records("account_code", code="7450")
        self._map(master, account)
        move = self._move(bill_id)

        self.connection.unlink()
        self.connection = self._connect(name="Again")
        self._synchronise()

        self.assertEqual(self._move(bill_id), move)
        [master] = self._records("account_code", code="7450")
        self.assertEqual((master.res_id, master.origin), (account.id, "manual"))

    def test_contact_that_is_gone_between_two_connections_is_looked_for_again(self):
        bill_id = self.dataset.add_bill("plain")
        vendor_id = self.dataset.bill(bill_id).vendor_id
        self._fetch()
        self._records("vendor").sudo()._import()
        partner = self.env["res.partner"].browse(
            self._record("vendor", vendor_id).res_id
        )

        self.connection.unlink()
        partner.unlink()
        self.connection = self._connect(name="Again")
        self._synchronise()

        record = self._record("vendor", vendor_id)
        self.assertEqual(record.state, "done")
        self.assertNotEqual(record.res_id, partner.id)

    def test_merge_between_two_connections_moves_the_link_as_well(self):
        bill_id = self._booked("BETWEEN")
        move, merged = self._move(bill_id), self._move(bill_id).partner_id
        vendor_id = self.dataset.bill(bill_id).vendor_id
        survivor = self.env["res.partner"].create({"name": "The one that stays"})

        self.connection.unlink()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((merged | survivor).ids, survivor)
        self.connection = self._connect(name="Again")
        self._synchronise()

        self.assertEqual(self._record("vendor", vendor_id).res_id, survivor.id)
        self.assertEqual(self._move(bill_id), move)

    def test_connection_to_another_tenant_takes_nothing_over(self):
        bill_id = self._booked("TENANT")
        move = self._move(bill_id)
        self.connection.base_url = "https://another.procurify.example"

        self.connection.active = False
        self.connection = self._connect(name="Other tenant")
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertNotEqual(record.res_id, move.id)
        self.assertEqual(self._codes(record), {"duplicate_bill"})

    # === HELPERS === #

    def _booked(self, number):
        bill_id = self.dataset.add_bill("plain")
        self.dataset.revise_bill(bill_id, currency_id=1, invoice_number=number)
        self._synchronise()
        self.assertEqual(self._record("bill", bill_id).state, "done")
        return bill_id

    def _twin(self, bill_id):
        bill = self.dataset.bill(bill_id)
        twin = self.dataset.add_bill("plain")
        self.dataset.revise_bill(
            twin,
            currency_id=1,
            vendor_id=bill.vendor_id,
            invoice_number=bill.invoice_number,
        )
        self._synchronise()
        return twin

    def _held_by(self, theirs, ours, prepare=None, child=False, move_type="in_invoice"):
        """Synchronise a bill that Odoo may have already, from another source.

        ``existing`` is the one in Odoo, with the number ``ours``.
        """
        bill_id = self.dataset.add_bill("plain")
        self.dataset.revise_bill(bill_id, currency_id=1, invoice_number=theirs)
        self._fetch()
        self._records("vendor").sudo()._import()
        vendor_id = self.dataset.bill(bill_id).vendor_id
        partner = self.env["res.partner"].browse(
            self._record("vendor", vendor_id).res_id
        )
        if child:
            partner = partner.create({"name": "Billing", "parent_id": partner.id})
        self.existing = self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": partner.id,
                "invoice_date": date(2025, 5, 5),
                "ref": ours,
                "invoice_line_ids": [
                    Command.create({"name": "x", "price_unit": 100, "tax_ids": []})
                ],
            }
        )
        if prepare and hasattr(self, prepare):
            getattr(self, prepare)()
        elif prepare:
            getattr(self.existing, prepare)()
        self._import()
        return bill_id

    def _reverse_for_test(self):
        self.existing.action_post()
        day = {"invoice_date": self.existing.date}
        self.existing._reverse_moves([day], cancel=True)

    def _credit_half_for_test(self):
        self.existing.action_post()
        credit = self.existing._reverse_moves([{"invoice_date": date(2025, 5, 6)}])
        credit.invoice_line_ids.price_unit = 50
        credit.action_post()

    def _books_of_first_connection(self):
        bills = [self.dataset.add_bill("several_lines") for _number in range(3)]
        bills.append(self.dataset.add_bill("no_number"))
        self._synchronise()
        return bills, {
            (record.resource, record.external_id): record.res_id
            for record in self._records(state="done")
        }

    def _assert_same_books(self, bills, targets):
        for bill_id in bills:
            record = self._record("bill", bill_id)
            self.assertEqual(record.hold_reason, "")
            self.assertEqual(record.state, "done")
        now = {
            (record.resource, record.external_id): record.res_id
            for record in self._records(state="done")
        }
        # A tax has no list: it is staged when a bill is read again.
        lasting = {key: t for key, t in targets.items() if key[0] != "tax"}
        self.assertEqual({key: now.get(key) for key in lasting}, lasting)
        self.dataset.revise_bill(bills[0], unit_cost=Decimal("12.34"))
        self._synchronise()
        self.assertEqual(self._record("bill", bills[0]).state, "done", "followed")
        self.assertEqual(
            self._record("bill", bills[0]).res_id, targets["bill", str(bills[0])]
        )
