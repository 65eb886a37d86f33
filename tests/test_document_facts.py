"""What else documents say: packing slips, comments, receipts and custom fields."""

from lxml import html

from odoo.tests import tagged

from odoo.addons.procurify_connector.procurify import read_json

from .common import ProcurifyCommon

MOST = 30  # bills or orders, until one has what only some have


@tagged("post_install", "-at_install", "procurify")
class TestDocumentFacts(ProcurifyCommon):
    master_data_ready = True

    # === PACKING SLIPS === #

    def test_packing_slips_of_lines_are_attached_to_the_bill(self):
        bill_id, slips = self._bill_with(_slips, "five_lines")
        self._run_cron("ir_cron_attachments")

        attached = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "account.move"),
                ("res_id", "=", self._move(bill_id).id),
            ]
        )

        self.assertGreaterEqual(
            set(attached.mapped("name")), {slip["name"] for slip in slips}
        )
        self.assertTrue(all(a.raw.startswith(b"%PDF") for a in attached))

    def test_revision_attaches_no_slip_twice(self):
        bill_id, slips = self._bill_with(_slips, "five_lines")
        self._run_cron("ir_cron_attachments")

        self.dataset.revise_bill(bill_id, note="Another note")
        self._synchronise()
        self._run_cron("ir_cron_attachments")

        rows = self.env["procurify.attachment"].search(
            [("record_id", "=", self._record("bill", bill_id).id)]
        )
        names = [slip["name"] for slip in slips]
        for name in names:
            self.assertEqual(rows.mapped("name").count(name), 1)

    def test_slips_that_are_only_numbers_are_no_files(self):
        self.simulator.traits = {"numbered_slips"}
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual((record.state, record.unread_count), ("done", 0))
        self.assertFalse(
            self.env["procurify.attachment"].search([("record_id", "=", record.id)])
        )

    # === COMMENTS === #

    def test_comments_are_no_notes_unless_wanted(self):
        bill_id, _comments = self._bill_with(_comments_of)

        self.assertFalse(self._notes(self._move(bill_id)))

    def test_comment_is_one_note_with_its_author_and_date(self):
        self.connection.comment_policy = "note"
        bill_id, [comment, *_others] = self._bill_with(_comments_of)

        [note] = self._notes(self._move(bill_id))

        author = comment["userprofile"]
        self.assertIn(author["firstName"], note.body)
        self.assertIn(author["lastName"], note.body)
        # A person's text, not markup.
        self.assertIn("Please &lt;b&gt;check&lt;/b&gt; the price.", note.body)
        text = html.fromstring(note.body).text_content()
        self.assertIn(comment["submit_date"][:4], text)
        self.assertTrue(note.is_internal)
        self.assertFalse(note.notified_partner_ids)

    def test_comment_is_not_repeated_by_a_revision_a_replay_or_a_fixed_bill(self):
        self.connection.comment_policy = "note"
        bill_id, _comments = self._bill_with(_comments_of)
        move = self._move(bill_id)
        record = self._record("bill", bill_id)

        self.dataset.revise_bill(bill_id, note="Another note")
        self._synchronise()
        record.sudo()._requeue()
        record.sudo().applied_digest = False
        self._import()
        self.dataset.fix_bill(bill_id, note="A third note")
        self._synchronise()

        self.assertEqual(record.state, "done", record.hold_reason)
        self.assertEqual(len(self._notes(move)), 1)

    def test_new_connection_to_the_same_tenant_does_not_repeat_comments(self):
        self.connection.comment_policy = "note"
        bill_id, _comments = self._bill_with(_comments_of)
        move = self._move(bill_id)
        self.assertEqual(len(self._notes(move)), 1)

        self.connection.unlink()
        self.connection = self._connect(name="Again", comment_policy="note")
        self._synchronise()

        self.assertEqual(self._move(bill_id), move)
        self.assertTrue(self._record("bill", bill_id).noted_comments)
        self.assertEqual(len(self._notes(move)), 1)

    def test_comments_of_an_orders_lines_are_notes_on_the_order(self):
        self.connection.comment_policy = "note"
        order_id, _comments = self._order_with(_line_comments)
        record = self._record("purchase_order", order_id)

        order = self.env["purchase.order"].browse(record.res_id)

        self.assertEqual(len(self._notes(order)), 1)

    # === RECEIPTS === #

    def test_days_of_receipt_are_on_the_order_and_its_lines(self):
        order_id, line = self._order_with(_received_line)
        record = self._record("purchase_order", order_id)
        order = self.env["purchase.order"].browse(record.res_id)
        [[day, quantity]] = record.remote_receipts[str(line["id"])]

        shown = [row["received_on"] for row in record.document["lines"]]
        texts = order.order_line.mapped("procurify_received_on")

        self.assertTrue(any(shown))
        year = day[:4]
        self.assertTrue([t for t in texts if t and year in t])
        self.assertTrue([t for t in texts if t and f"({float(quantity):g})" in t])

    def test_bill_shows_when_its_lines_were_received(self):
        bill_id, items = self._bill_with(_received_items)
        page = self._record("bill", bill_id).document

        self.assertTrue(items)
        self.assertTrue(any(line["received_on"] for line in page["lines"]))

    # === CUSTOM FIELDS === #

    def test_custom_fields_are_shown_on_lines(self):
        bill_id, fields = self._bill_with(_custom)
        page = self._record("bill", bill_id).document

        shown = "; ".join(line["custom"] for line in page["lines"])
        self.assertIn("Project: ", shown)
        self.assertTrue(fields)

    def test_custom_fields_are_shown_on_orders(self):
        order_id, _fields = self._order_with(lambda order: order["custom_fields"])
        page = self._record("purchase_order", order_id).document

        self.assertIn("Project", [row["label"] for row in page["header"]])

    # === HELPERS === #

    def _bill_with(self, find, scenario="plain"):
        """Import bills until one has what ``find`` looks for; return both."""
        return self._some("bill", lambda: self.dataset.add_bill(scenario), find)

    def _order_with(self, find):
        def add():
            return self.dataset.add_order("partly_received")

        return self._some("purchase_order", add, find)

    def _some(self, resource, add, find):
        ids = [add() for _number in range(MOST)]
        self._synchronise()
        for external_id in ids:
            record = self._record(resource, external_id)
            found = find(read_json(record.payload))
            if found and record.state == "done":
                return external_id, found
        return self.fail("None of them has it")

    def _notes(self, document):
        messages = document.message_ids
        return messages.filtered(lambda m: "Comments in Procurify" in (m.body or ""))


def _slips(bill):
    return [slip for item in bill["items"] for slip in item["packing_slips"]]


def _comments_of(bill):
    return bill["comments"]


def _line_comments(order):
    return [c for line in order["order_items"] for c in line["comments"]]


def _received_line(order):
    received = (line for line in order["order_items"] if line["receivedPassQty"])
    return next(received, None)


def _received_items(bill):
    return [item for item in bill["items"] if item.get("received_on")]


def _custom(bill):
    return [
        field
        for item in bill["items"]
        for field in item["custom_fields"]
        if field["value"] not in (None, "")
    ]
