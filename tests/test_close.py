"""A month is closed in the browser, from what is open to the certificate."""

from contextlib import nullcontext
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import ProcurifyCommon
from .looks import LooksCase

LANGUAGES = ("fr_FR", "de_DE", "es_ES")
#: The screens of a close, in the order in which they are needed.
SCREENS = ("connection_action_dashboard", "issue_action", "accrual_action")


@tagged("post_install", "-at_install", "procurify")
class TestClose(ProcurifyCommon, LooksCase):
    """Last month: two drafts, a bill on hold, an order received and not billed."""

    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def setUp(self):
        super().setUp()
        self.end = fields.Date.today().replace(day=1) - timedelta(days=1)
        day = self.end - timedelta(days=3)
        for _number in range(2):
            self.dataset.add_bill("plain", invoice_date=day)
        self.held_id = self.dataset.add_bill("plain", code="7450", invoice_date=day)
        self.dataset.add_order("partly_received")
        self._synchronise()
        self._run_cron("ir_cron_nightly_check")
        self.candidate = self._account("7450000", name="Trials")
        # Procurify says of an order when it changed last, which is today.
        for order in self._records("purchase_order").sudo():
            order.remote_receipts = {
                line: [[fields.Date.to_string(day), entries[-1][1]]]
                for line, entries in order.remote_receipts.items()
            }
        for name, value in (
            ("account_id", self._account("2199", account_type="liability_current").id),
            ("fallback_account_id", self._account("6999").id),
        ):
            self.env["ir.default"].set("procurify.accrue", name, value)

    def test_month_is_closed_from_what_is_open_to_the_certificate(self):
        with self._watching():
            self.start_tour(
                "/odoo/procurify",
                "procurify_close",
                login=self.env.user.login,
                timeout=300,
            )

        self.env.invalidate_all()
        bills = self._records("bill")
        self.assertEqual(set(bills.mapped("document_state")), {"posted"})
        self.assertEqual(
            self._move(self.held_id).invoice_line_ids.account_id, self.candidate
        )
        accrued = self.env["account.move.line"].search(
            [("procurify_accrual_key", "!=", False)]
        )
        self.assertEqual(accrued.move_id.mapped("state"), ["draft", "draft"])
        self.assertIn(self.end, accrued.move_id.mapped("date"))
        [certificate] = self.env["procurify.certificate"].search([])
        self.assertEqual(certificate.state, "complete")
        self.assertEqual(certificate.date_to, self.end)

    def test_screens_of_a_close_are_read_in_each_language(self):
        screens = {
            name: self.env.ref(f"procurify_connector.procurify_{name}").id
            for name in SCREENS
        }
        for language in LANGUAGES:
            with self.subTest(language=language):
                self._speak(self.env.user, language)
                with self._watching(language):
                    self._look_at(screens)
