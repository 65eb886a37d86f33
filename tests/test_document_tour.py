"""A bill on hold in a real browser: read as a document, and mapped in place."""

import json
from contextlib import nullcontext
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from odoo.tests import tagged

from .common import ProcurifyCommon
from .looks import LooksCase


@tagged("post_install", "-at_install", "procurify")
class TestDocumentTour(ProcurifyCommon, LooksCase):
    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_read_a_bill_on_hold_and_map_in_place(self):
        bill_id = self.dataset.add_bill("html_note", code="7450")
        self.dataset.add_bill_line(bill_id, code="6500", quantity=3, unit_cost="19.90")
        self.dataset.add_attachment(bill_id, name="INV-1.pdf", content=_invoice())
        self._synchronise()
        self._run_cron("ir_cron_attachments")
        record = self._record("bill", bill_id)
        self.assertEqual(record.state, "quarantined")
        account = self._account("9000", name="Trials")

        with self._watching():
            self.start_tour(
                f"/odoo/procurify-quarantine/{record.id}",
                "procurify_read_a_bill_on_hold",
                login=self.env.user.login,
                timeout=180,
            )

        self.env.invalidate_all()
        self.assertEqual(record.state, "done")
        self.assertIn(account, self._move(bill_id).invoice_line_ids.account_id)

    def test_pages_of_all_kinds_can_be_read_by_everybody(self):
        add = self.dataset.add_bill
        bills = {
            name: add(name)
            for name in ("total_off", "split_departments", "no_allocation", "credit")
        }
        order_id = self.dataset.add_order()
        number = self.dataset.add_requisition("approved", amount="75.00")
        self._synchronise()
        records = {name: self._record("bill", id_) for name, id_ in bills.items()}
        records["order"] = self._record("purchase_order", order_id)
        records["requisition"] = self._record("requisition", number)
        screens = {f"page_{name}": _form(record) for name, record in records.items()}
        lists = ("procurify_issue_action", "procurify_record_action_mapping")
        for name in lists:
            screens[name] = self.env.ref(f"procurify_connector.{name}").id

        with self._watching():
            self.browser_js(
                "/odoo",
                f"window.procurifyLookAtAll({json.dumps(screens)})",
                ready="window.procurifyLookAtAll !== undefined"
                " && odoo.isReady === true",
                login=self.env.user.login,
                timeout=300,
            )


def _form(record):
    return {
        "type": "ir.actions.act_window",
        "res_model": record._name,
        "res_id": record.id,
        "views": [[False, "form"]],
    }


def _invoice():
    """Return a page that a reader of PDF files shows."""
    content = BytesIO()
    canvas = Canvas(content)
    for number, text in enumerate(("INVOICE", "Item 1   49.00", "Total   108.70")):
        canvas.drawString(72, 760 - 20 * number, text)
    canvas.save()
    return content.getvalue()
