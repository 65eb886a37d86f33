"""No behaviour hangs on a context key that a client can send."""

import re
from pathlib import Path

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon

# Every key that the addon reads, and why it does no harm that a client sends it.
KEYS = {
    "active_id": "which connection a dialog is about; the dialog checks the rights",
    "active_ids": "which documents a dialog is about, as in any of Odoo's",
    "active_model": "of what kind they are",
    "default_connection_id": "the value of a field, as in any form",
    "procurify_issue_id": "which issue a button opens, read with the user's rights",
    "procurify_as_of": "as of which day accruals are shown",
    "procurify_dashboard": "which list a button opens",
    "procurify_month": "which month the dashboard shows",
    "procurify_outcome": "which lines of a certificate a button opens",
    "procurify_place": "how lines of a certificate are named",
    "procurify_signal_notice": "what a form showed; only this is marked as checked",
    "procurify_states": "which list a button opens",
    "procurify_whole": "whether a row is a document or what a department bears of it",
}
_READ = re.compile(
    r"context(?:\.get\(|\[)\s*[\"'](\w+)|[\"'](\w+)[\"'] in \S*context\b"
)
_CODE = (
    *("models", "importers", "reconciliation", "wizard", "controllers", "cli"),
    *("fetching", "tools"),
)


@tagged("post_install", "-at_install", "procurify")
class TestClientContext(ProcurifyCommon):
    master_data_ready = True

    def test_every_key_that_is_read_is_listed_with_its_reason(self):
        root = Path(__file__).resolve().parent.parent
        read = {
            key
            for folder in _CODE
            for file in (root / folder).rglob("*.py")
            for match in _READ.finditer(file.read_text())
            for key in match.groups()
            if key
        }

        self.assertEqual(read, set(KEYS))

    def test_orders_of_a_person_draw_numbers_whatever_the_context(self):
        vendor = self.env["res.partner"].create({"name": "Nordic Steel"})
        product = self.env["product.product"].create({"name": "Bolt"})
        buyer = new_test_user(
            self.env,
            "buyer",
            groups="purchase.group_purchase_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        orders = self.env["purchase.order"].with_user(buyer)
        orders = orders.with_context(procurify_dry_run=True, procurify_import=True)
        line = {"product_id": product.id, "product_qty": 1, "price_unit": 7.0}
        made = orders.browse()
        for _number in range(3):
            made += orders.create(
                {"partner_id": vendor.id, "order_line": [Command.create(line)]}
            )

        self.assertEqual(len(set(made.mapped("name"))), 3)
        made[0].button_confirm()
        self.assertEqual(product.sudo().seller_ids.partner_id, vendor)

    def test_replay_of_a_reviewer_sees_no_more_with_another_context(self):
        bill_id = self.dataset.add_bill("unknown_account")
        self._synchronise()
        record = self._record("bill", bill_id)
        code = record.issue_ids.key
        account = self.env["account.account"].create(
            {"name": "Archived", "code": code, "account_type": "expense"}
        )
        account.active = False
        reviewer = new_test_user(
            self.env,
            "curious",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        plain = record.with_user(reviewer)
        plain.action_replay()
        before = (record.state, record.issue_ids.mapped("code"))

        plain.with_context(
            active_test=False, skip_invoice_sync=True, check_move_validity=False
        ).action_replay()

        self.assertEqual((record.state, record.issue_ids.mapped("code")), before)
        self.assertEqual(record.state, "quarantined")
