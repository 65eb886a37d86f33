"""What a person keeps out of Odoo says why, is counted, and can be taken back."""

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestIgnore(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        self.record = self._record("bill", bill_id)
        self.reviewer = new_test_user(
            self.env,
            "reviewer",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
        )

    def test_reason_is_asked_for_kept_and_taken_back_by_a_replay(self):
        wizard = self._wizard()
        with self.assertRaises(AssertionError):
            wizard.save()  # a reason is required
        wizard.reason = "Paid by hand in July"
        wizard.save().action_ignore()

        self.assertEqual(self.record.state, "ignored")
        self.assertEqual(self.record.ignored_reason, "Paid by hand in July")
        self.assertEqual(self.connection.ignored_count, 1)
        self.assertFalse(self.connection.held_count)

        self._account("7450")
        self.record.with_user(self.reviewer).action_replay()

        self.assertEqual(self.record.state, "done")
        self.assertFalse(self.record.ignored_reason)
        self.connection.invalidate_recordset()
        self.assertFalse(self.connection.ignored_count)

    def test_excluded_document_may_be_ignored_too(self):
        before = self.connection.excluded_count
        self.record.sudo().write({"state": "excluded", "excluded_rule": "no_lines"})
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.excluded_count, before + 1)

        self.record.with_user(self.reviewer).action_ignore("Never mind")

        self.assertEqual(self.record.state, "ignored")
        self.assertFalse(self.record.excluded_rule)
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.excluded_count, before)

    def test_script_may_ignore_without_a_reason(self):
        self.record.action_ignore()

        self.assertEqual(self.record.state, "ignored")

    def test_booked_document_is_not_ignored(self):
        self._account("7450")
        self.record.action_replay()

        wizard = self._wizard()
        wizard.reason = "Too late"
        with self.assertRaises(UserError):
            wizard.save().action_ignore()
        self.assertFalse(self.record.ignored_reason)

    def _wizard(self):
        return Form(
            self.env["procurify.ignore"]
            .with_user(self.reviewer)
            .with_context(active_model="procurify.record", active_ids=self.record.ids)
        )
