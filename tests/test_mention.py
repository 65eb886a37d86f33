"""Which documents name a record, and what a changed mapping does to their drafts."""

from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.models.record import mapping

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestMention(ProcurifyCommon):
    master_data_ready = True

    def test_documents_are_known_by_what_they_name(self):
        bill_id = self.dataset.add_bill("plain", code="6200")
        order_id = self.dataset.add_order("plain")
        self._synchronise()

        bill = self._record("bill", bill_id)
        account = self._account_code("6200")
        self.assertIn(account, bill.mention_ids)
        self.assertIn("vendor", bill.mention_ids.mapped("resource"))
        self.assertNotIn("order_item", bill.mention_ids.mapped("resource"))
        self.assertIn(bill, account.document_ids)
        self.assertEqual(account.document_count, len(account.document_ids))
        order = self._record("purchase_order", order_id)
        self.assertIn("vendor", order.mention_ids.mapped("resource"))
        self.assertFalse(account.outdated_count)
        self.connection.requisition_policy = "rfq"
        number = self.dataset.add_requisition()
        self._synchronise()
        request = self._record("requisition", number)
        named = set(request.mention_ids.mapped("resource"))
        self.assertLessEqual({"vendor", "currency", "department", "location"}, named)

    def test_bill_on_hold_names_what_it_waits_for(self):
        bill_id = self.dataset.add_bill("unknown_account")
        self.dataset.revise_bill(bill_id, currency_id=1)
        self._synchronise()

        bill = self._record("bill", bill_id)
        self.assertEqual(bill.state, "quarantined")
        account = bill.issue_ids.reference_id
        self.assertIn(account, bill.mention_ids)

        # What it does not name any more is forgotten.
        former = bill.mention_ids.filtered(lambda r: r.resource == "currency")
        self.dataset.revise_bill(bill_id, currency_id=3)
        self._synchronise()
        currency = bill.mention_ids.filtered(lambda r: r.resource == "currency")
        self.assertEqual((former.name, currency.name), ("USD", "EUR"))
        self.assertNotIn(bill, former.document_ids)

    def test_bill_that_odoo_refuses_names_what_it_names(self):
        # Nothing of its batch stays, not even what was staged of it.
        self.env["account.journal"].search(
            [("type", "=", "purchase"), ("company_id", "=", self.company.id)]
        ).active = False
        bill_id = self.dataset.add_bill("plain", code="6200")
        self._synchronise()

        bill = self._record("bill", bill_id)
        self.assertEqual(self._codes(bill), {"odoo_refused"})
        named = set(bill.mention_ids.mapped("resource"))
        self.assertLessEqual({"account_code", "vendor", "tax"}, named)

    # === A MAPPING CHANGES === #

    def test_changed_mapping_is_offered_to_the_drafts_only(self):
        draft, edited, posted = self._bills("6200", 3)
        code = self._account_code("6200")
        former, account = self._accounts(code)
        edited.invoice_line_ids.account_id = self._account("9998")
        posted.action_post()

        code.with_user(self.reviewer).write({"res_id": account.id})

        self.assertEqual((code.outdated_count, code.booked_count), (2, 1))
        self.assertEqual(draft.invoice_line_ids.account_id, former)

        code.with_user(self.reviewer).action_reapply()

        self.assertEqual(draft.invoice_line_ids.account_id, account)
        self.assertEqual(edited.invoice_line_ids.account_id.code, "9998")
        self.assertEqual(posted.invoice_line_ids.account_id, former)
        held = edited.procurify_record_ids
        self.assertEqual(self._codes(held), {"changed_after_booking"})
        self.assertEqual(posted.procurify_record_ids.state, "done")
        self.assertEqual((code.outdated_count, code.booked_count), (0, 1))

        # Nothing is left to do.
        written = self._age(draft)
        code.with_user(self.reviewer).action_reapply()
        self.assertEqual(draft.write_date, written)
        self.assertEqual(held.state, "quarantined")

    def test_mapping_that_is_changed_back_leaves_nothing_to_do(self):
        self._bills("6200", 2)
        code = self._account_code("6200")
        former, account = self._accounts(code)

        code.res_id = account.id
        self.assertEqual(code.outdated_count, 2)
        code.res_id = former.id

        self.assertEqual(code.outdated_count, 0)

    def test_bill_that_was_looked_at_and_not_written_stays_to_be_corrected(self):
        [draft] = self._bills("6200", 1)
        code = self._account_code("6200")
        former, account = self._accounts(code)
        code.res_id = account.id

        draft.procurify_record_ids.action_replay()

        self.assertEqual(draft.invoice_line_ids.account_id, former)
        self.assertEqual(code.outdated_count, 1)

    def test_bill_that_a_person_kept_is_not_offered(self):
        bill_id = self.dataset.add_bill("untaxed", code="6200")
        self._synchronise()
        move, record = self._move(bill_id), self._record("bill", bill_id)
        move.ref = "Mine"
        self.dataset.revise_bill(bill_id, invoice_number="Theirs")
        self._synchronise()
        record.action_keep_odoo()
        code = self._account_code("6200")

        code.res_id = self._accounts(code)[1].id

        self.assertEqual((code.outdated_count, code.booked_count), (0, 0))

    def test_more_drafts_than_at_once_follow_by_the_cron(self):
        self.patch(mapping, "REPLAY_AT_ONCE", 1)
        moves = self.env["account.move"].union(*self._bills("6200", 3))
        code = self._account_code("6200")
        former, account = self._accounts(code)
        code.res_id = account.id

        code.action_reapply()
        self.assertEqual(code.outdated_count, 0)
        self.assertEqual(moves.invoice_line_ids.account_id, former | account)
        self._import()

        self.assertEqual(moves.invoice_line_ids.account_id, account)
        self.assertFalse(self._records("bill", state="quarantined"))

    def test_order_of_a_request_follows_its_department(self):
        self.connection.order_policy = "rfq"
        order_id = self.dataset.add_order("plain", department_id=7)
        confirmed_id = self.dataset.add_order("plain", department_id=7)
        self._synchronise()
        order, confirmed = (
            self.env["purchase.order"].browse(
                self._record("purchase_order", number).res_id
            )
            for number in (order_id, confirmed_id)
        )
        confirmed.button_confirm()
        department = self._record("department", 7)
        centre = self.env["account.analytic.account"].create(
            {"name": "Another one", "plan_id": self.plans["department"].id}
        )

        department.res_id = centre.id
        self.assertEqual(department.outdated_count, 1)
        self.assertEqual(department.booked_count, 1)
        department.action_reapply()

        [keys] = order.order_line[:1].mapped("analytic_distribution")
        self.assertIn(str(centre.id), next(iter(keys)).split(","))
        [keys] = confirmed.order_line[:1].mapped("analytic_distribution")
        self.assertNotIn(str(centre.id), next(iter(keys)).split(","))

    def test_merged_vendors_leave_nothing_to_do(self):
        [draft] = self._bills("6200", 1)
        vendor = self._records("vendor", res_id=draft.partner_id.id)
        twin = self.env["res.partner"].create({"name": "Its twin"})

        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((vendor.res_id, twin.id), twin)

        self.assertEqual(vendor.res_id, twin.id)
        self.assertEqual(vendor.outdated_count, 0)

    # === COSTS === #

    def test_counting_costs_the_same_for_one_or_many(self):
        self._bills("6200", 3)
        masters = self._records().filtered(lambda r: r.role == "master")
        self.assertGreater(len(masters), 10)

        self._queries_of_counting(masters[:1])  # reads the rules of access
        one = self._queries_of_counting(masters[:1])
        many = self._queries_of_counting(masters)

        self.assertEqual(many, one)

    def _queries_of_counting(self, masters):
        self.env.invalidate_all()
        masters.mapped("res_id")
        start = self.env.cr.sql_log_count
        masters.mapped("outdated_count")
        masters.mapped("document_count")
        return self.env.cr.sql_log_count - start

    # === HELPERS === #

    def setUp(self):
        super().setUp()
        self.reviewer = new_test_user(
            self.env,
            "mapper",
            groups="procurify_connector.group_user,account.group_account_invoice",
            company_id=self.company.id,
        )

    def _bills(self, code, count):
        """Import so many bills of one line on an account code; return their moves."""
        bill_ids = [
            self.dataset.add_bill("untaxed", code=code) for _number in range(count)
        ]
        for bill_id in bill_ids:
            self.dataset.revise_bill(bill_id, currency_id=1)
        self._synchronise()
        return [self._move(bill_id) for bill_id in bill_ids]

    def _accounts(self, code):
        """Return what ``code`` is mapped to, and another account."""
        return self.env["account.account"].browse(code.res_id), self._account("9999")

    def _account_code(self, code):
        return self._records("account_code", code=code)
