"""The books come out as Procurify's, whatever the settings of Odoo are."""

from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import tagged

from .oracle import OracleCase
from .test_reconciliation import EVER


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestOtherSettings(OracleCase):
    bills = 30
    master_data_ready = True

    def test_books_of_a_company_that_books_by_storno(self):
        self.company.account_storno = True
        self._synchronise()
        self._assert_books()
        self._revise()
        self._assert_books()

    def test_books_where_taxes_are_rounded_globally_and_prices_include_them(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        self.company.account_price_include = "tax_included"
        self._synchronise()
        self._assert_books()
        self._revise()
        self._assert_books()

    def test_books_of_an_integration_user_of_another_locale(self):
        lang = self.env["res.lang"]._activate_lang("fr_FR")
        lang.write({"decimal_point": ",", "thousands_sep": " ", "date_format": "%d.%m"})
        self.connection.user_id.sudo().write(
            {"lang": "fr_FR", "tz": "Pacific/Auckland"}
        )
        self._synchronise()
        self._assert_books()
        self._revise()
        self._assert_books()

    def test_books_that_are_posted_in_a_journal_with_hashes(self):
        self.connection.bill_policy = "posted"
        journals = self.env["account.journal"].search([("type", "=", "purchase")])
        journals.restrict_mode_hash_table = True
        self._synchronise()
        self._assert_books()
        posted = self._records("bill", state="done").filtered(
            lambda record: self._bill(record).inalterable_hash
        )
        self.assertTrue(posted)
        # What comes late about a bill changes nothing that is hashed.
        record = posted[0]
        bill_id = int(record.external_id)
        move = self._bill(record)
        for status in (4, 2):
            self.dataset.revise_bill(bill_id, status=status)
            self._synchronise()
            self.assertEqual(record.state, "done", record.hold_reason)

        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        with self.assertRaises(UserError):
            record.action_reset_and_update()
        self.assertEqual(move.state, "posted")
        record.action_credit_and_rebill()
        self.assertEqual(record.state, "done")
        self.assertNotEqual(self._bill(record), move)
        self._assert_books()

    # === HELPERS === #

    def _revise(self):
        """Change every third bill and order in Procurify, and replay all that is in."""
        revised = self.dataset.bills()[::3]
        for bill in revised:
            self.dataset.revise_bill(bill.id, unit_cost=Decimal("12.34"))
        self._synchronise()
        self._records("bill", state="done").action_replay()
        self._import()

    def _bill(self, record):
        return self.env["account.move"].browse(record.res_id)

    def _assert_books(self):
        """Compare what became of each bill, the balances, and both sides."""
        expected = self.dataset.expected()
        fates = {i: self._expected_fate(each) for i, each in expected.items()}
        self.assertEqual({i: self._fate("bill", i) for i in expected}, fates)
        self.assertIn("done", fates.values())
        self.assertEqual(self._booked_balances(), self._expected_balances())
        self._run_cron("ir_cron_nightly_check")
        self.env.flush_all()
        self.env.invalidate_all()
        result = self.connection._reconcile(*EVER)
        unexplained = [d for d in result["documents"] if not d["is_explained"]]
        self.assertFalse(unexplained)
