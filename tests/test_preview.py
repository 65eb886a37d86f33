"""A preview says what would be booked, and leaves nothing behind."""

from odoo.tests import tagged

from .common import ProcurifyCommon

# What an import writes, and what a preview must leave as it was.
_TABLES = (
    "procurify.record",
    "procurify.issue",
    "procurify.audit",
    "procurify.version",
    "procurify.attachment",
    "account.move",
    "account.move.line",
    "purchase.order",
    "res.partner",
    "product.product",
    "mail.message",
    "mail.activity",
    "ir.attachment",
    "ir.cron.trigger",
)


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestPreview(ProcurifyCommon):
    bills = 12

    def setUp(self):
        super().setUp()
        self._fetch()
        self.bills_staged = self._records("bill")

    def test_preview_shows_what_the_import_books(self):
        previews = {p["record_id"]: p for p in self.bills_staged._preview()}

        self._import()

        told, books = {}, {}
        for record in self.bills_staged:
            preview = previews[record.id]
            told[record.name] = (
                preview["outcome"],
                {(issue["code"], issue["key"]) for issue in preview["issues"]},
                self._items(preview["booked"]),
            )
            books[record.name] = (
                record.state,
                {(issue.code, issue.key) for issue in record.issue_ids},
                self._items_in_odoo(record),
            )
        self.assertEqual(told, books)
        self.assertIn("done", {record.state for record in self.bills_staged})
        self.assertIn("quarantined", {record.state for record in self.bills_staged})

    def test_preview_of_orders_shows_their_lines(self):
        orders = self._records("purchase_order")
        previews = orders._preview()

        self._import()

        for record, preview in zip(orders, previews, strict=True):
            order = self.env["purchase.order"].browse(record.res_id)
            if record.state != "done":
                continue
            self.assertEqual(preview["booked"]["total"], f"{order.amount_total:.2f}")
            self.assertEqual(len(preview["booked"]["lines"]), len(order.order_line))

    def test_preview_leaves_nothing(self):
        before = self._everything()
        states = {record: record.state for record in self._records()}
        number = self._next_order_number()

        self.bills_staged._preview()
        self._records("purchase_order")._preview()

        self.assertEqual(self._everything(), before)
        self.assertEqual({r: r.state for r in self._records()}, states)
        self.assertEqual(self._next_order_number(), number)

    def test_preview_posts_nothing_either(self):
        self.connection.bill_policy = "posted"
        before = self._everything()

        self.bills_staged._preview()

        self.assertEqual(self._everything(), before)

    def _everything(self):
        self.env.flush_all()
        counts = {}
        for name in _TABLES:
            self.env.cr.execute(
                f"SELECT count(*), max(id) FROM {self.env[name]._table}"  # noqa: S608
            )
            counts[name] = self.env.cr.fetchone()
        return counts

    def _next_order_number(self):
        sequences = self.env["ir.sequence"].search([("code", "=", "purchase.order")])
        return sequences.mapped("number_next_actual")

    def _items(self, booked):
        return booked and sorted(
            (line["account_code"], line["label"], line["balance"])
            for line in booked["lines"]
        )

    def _items_in_odoo(self, record):
        if record.state != "done":
            return None
        move = self.env["account.move"].browse(record.res_id)
        return sorted(
            (line.account_id.code or "", line.name or "", f"{line.balance:.2f}")
            for line in move.line_ids
            if line.account_id
        )
