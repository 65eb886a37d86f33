"""The page of a document: as a document, with what is wrong where it is wrong."""

from collections import Counter
from decimal import Decimal

from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon, SharedCommon


@tagged("post_install", "-at_install", "procurify")
class TestDocument(SharedCommon):
    @classmethod
    def _make(cls):
        add = cls.dataset.add_bill
        cls.unmapped_id = add("unknown_account", code="7450")
        cls.off_id = add("total_off")
        cls.no_allocation_id = add("no_allocation")
        cls.html_id = add("html_note")
        cls.several_id = add("three_reasons")
        cls.others = [
            add(name)
            for name in (
                *("split_departments", "split_accounts", "header_costs"),
                *("line_shipping", "credit", "by_cost", "tax_inclusive"),
                *("several_taxes", "foreign_cad", "order_extra", "many_decimals"),
            )
        ]
        cls.order_id = cls.dataset.add_order()

    # === WHAT IT SHOWS === #

    def test_faulty_line_says_what_is_wrong_and_can_be_mapped(self):
        page = self._page(self.unmapped_id)

        [faulty] = [line for line in page["lines"] if line["accounts"][0]["issue"]]
        [account] = faulty["accounts"]
        [issue] = [i for i in page["issues"] if i["id"] == account["issue"]]
        self.assertTrue(account["text"].startswith("7450"))
        self.assertFalse(account["is_mapped"])
        self.assertIn("7450", issue["message"])
        self.assertTrue(issue["advice"])
        self.assertEqual(issue["document_count"], 2)
        self.assertTrue(issue["can_map"])
        mapped = self.env["procurify.issue"].browse(account["issue"])
        self.assertEqual(mapped.code, "unknown_account")

    def test_line_has_what_a_controller_checks(self):
        page = self._page(self.unmapped_id)
        good = next(line for line in page["lines"] if line["accounts"][0]["is_mapped"])

        self.assertTrue(good["label"])
        self.assertTrue(good["quantity"])
        self.assertTrue(good["price"])
        self.assertTrue(good["amount"])
        # The same name is not written twice.
        self.assertTrue(good["accounts"][0]["text"].startswith("6500"))
        self.assertTrue(good["departments"][0]["odoo"])
        self.assertTrue(good["locations"][0]["text"])
        self.assertFalse(good["issue"])

    def test_header_has_vendor_number_dates_and_currency(self):
        bill = self._record("bill", self.unmapped_id)
        facts = {f["name"]: f for f in self._page(self.unmapped_id)["header"]}

        self.assertEqual(facts["vendor"]["text"], bill.remote_party)
        self.assertEqual(facts["number"]["text"], bill.code)
        self.assertEqual(facts["currency"]["text"], bill.remote_currency)
        self.assertLessEqual({"date", "due_date", "status"}, facts.keys())

    def test_totals_that_differ_stand_side_by_side(self):
        page = self._page(self.off_id)
        whole = page["totals"][-1]

        self.assertEqual(page["difference"], "5.00")
        self.assertTrue(page["total_issue"])
        self.assertNotEqual(whole["computed"], whole["stated"])
        right = self._page(self.unmapped_id)
        whole = right["totals"][-1]
        self.assertEqual(whole["computed"], whole["stated"])
        self.assertFalse(right["difference"])
        self.assertFalse(right["total_issue"])

    def test_line_without_a_coding_is_marked(self):
        page = self._page(self.no_allocation_id)

        marked = [line for line in page["lines"] if line["issue"]]
        self.assertEqual(len(marked), 1)
        self.assertFalse(marked[0]["accounts"])

    def test_every_issue_of_three_is_somewhere_on_the_page(self):
        page = self._page(self.several_id)

        self.assertEqual(len(page["issues"]), 3)
        parts = [*page["header"], *page["lines"]]
        for line in page["lines"]:
            for name in ("accounts", "departments", "locations", "taxes"):
                parts += line[name]
        marked = {part["issue"] for part in parts if part["issue"]}
        marked |= {page["total_issue"]} if page["total_issue"] else set()
        self.assertEqual(marked, {issue["id"] for issue in page["issues"]})

    def test_approvals_are_a_table(self):
        trail = self._page(self.unmapped_id)["trail"]

        self.assertIn("Approved", [step["what"] for step in trail])
        approved = next(step for step in trail if step["what"] == "Approved")
        self.assertTrue(approved["date"])
        self.assertTrue(approved["person"])
        self.assertEqual(approved["limit"], "50,000.00")

    def test_order_shows_its_lines_and_total(self):
        record = self._record("purchase_order", self.order_id)
        order = self.env["purchase.order"].browse(record.res_id)
        page = record.document

        self.assertEqual(len(page["lines"]), len(record._read_payload()[0].lines))
        whole = page["totals"][-1]
        self.assertEqual(whole["computed"], whole["stated"])
        self.assertEqual(_number(whole["stated"]), Decimal(f"{order.amount_total:.2f}"))
        self.assertFalse(page["entry"])

    def test_what_would_be_booked_is_what_is_booked(self):
        compared = 0
        for bill_id in [*self.others, self.html_id]:
            record = self._record("bill", bill_id)
            if record.state != "done":
                continue
            items = self._move(bill_id).line_ids.filtered("account_id")
            booked = Counter()
            for item in items.filtered(lambda i: i.display_type == "product"):
                booked[item.account_id.display_name] += _cents(item.amount_currency)
            shown = Counter()
            for row in record.document["entry"]:
                amount = _number(row["debit"]) - _number(row["credit"])
                name = row["account"]["odoo"] or row["account"]["text"]
                if name in booked:
                    shown[name] += amount
            with self.subTest(record.name):
                self.assertEqual(shown, booked)
                owed = record.document["entry"][-1]
                total = _number(owed["credit"]) - _number(owed["debit"])
                self.assertEqual(
                    total,
                    _cents(self._move(bill_id).amount_total_in_currency_signed * -1),
                )
                compared += 1
        self.assertGreater(compared, 8)

    def test_entry_is_balanced(self):
        for record in self._records("bill"):
            entry = record.document["entry"]
            with self.subTest(record.name):
                debit = sum(_number(row["debit"]) for row in entry)
                credit = sum(_number(row["credit"]) for row in entry)
                self.assertEqual(debit, credit)

    # === WHOM IT SHOWS WHAT === #

    def test_names_of_odoo_are_for_those_who_may_read_them(self):
        reviewer = new_test_user(
            self.env,
            "blind",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
        )
        hidden = self.env["account.analytic.account"].search(
            [("id", "in", self._records("department").mapped("res_id"))]
        )
        self.env["ir.rule"].create(
            {
                "name": "Confidential departments",
                "model_id": self.env["ir.model"]._get_id(hidden._name),
                "domain_force": f"[('id', 'not in', user.id == {reviewer.id} and "
                f"{hidden.ids} or [])]",
            }
        )
        record = self._record("bill", self.unmapped_id)

        page = record.with_user(reviewer).document
        mine = record.document

        shown = [line["departments"][0] for line in page["lines"]]
        self.assertTrue(all(department["is_mapped"] for department in shown))
        self.assertTrue(all(department["is_hidden"] for department in shown))
        self.assertFalse([d["odoo"] for d in shown if d["odoo"]])
        self.assertTrue(all(line["departments"][0]["odoo"] for line in mine["lines"]))
        self.assertTrue(page["issues"])

    def test_texts_of_procurify_stay_texts(self):
        page = self._page(self.html_id)

        self.assertIn(
            "<img src=x onerror=alert(1)>", [x["label"] for x in page["lines"]]
        )

    def test_what_cannot_be_read_has_no_page(self):
        record = self._record("bill", self.unmapped_id)
        for payload in ("{}", "[]", "nonsense", False):
            with self.subTest(payload):
                record.sudo().payload = payload
                record.invalidate_recordset(["document"])
                page = record.document
                self.assertFalse(page["is_readable"])
                self.assertTrue(page["issues"])

    def test_master_data_has_no_page(self):
        self.assertFalse(any(self._records("vendor").mapped("document")))

    # === COST === #

    def test_queries_do_not_grow_with_lines_or_documents(self):
        bill = self._record("bill", self.unmapped_id)
        self._queries(bill)  # rules and rights are cached from then on
        few = self._queries(bill)
        many = self._queries(self._records("bill") | self._records("purchase_order"))

        self.assertLess(few, 45)
        self.assertLess(many, few + 20)

    def _queries(self, records):
        self.env.flush_all()
        self.env.invalidate_all()
        records.mapped("state")
        before = self.env.cr.sql_log_count
        records.mapped("document")
        return self.env.cr.sql_log_count - before

    def _page(self, bill_id):
        return self._record("bill", bill_id).document


@tagged("post_install", "-at_install", "procurify")
class TestHeldFiles(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.bill_id = self.dataset.add_bill("plain", code="7450")
        self.dataset.add_attachment(
            self.bill_id, name="INV-1.pdf", content=b"%PDF-1.4 one"
        )
        self._synchronise()
        self.record = self._record("bill", self.bill_id)
        self.assertEqual(self.record.state, "quarantined")

    def test_file_is_beside_the_bill_on_hold(self):
        self._run_cron("ir_cron_attachments")

        [file] = self.record.document["files"]
        attachment = self.env["ir.attachment"].browse(file["attachment_id"])
        self.assertEqual(file["viewer"], "pdf")
        self.assertEqual(attachment.raw, b"%PDF-1.4 one")
        self.assertEqual(attachment.res_model, "procurify.record")
        self.assertEqual(attachment.res_id, self.record.id)

    def test_reviewer_reads_the_file_and_a_stranger_does_not(self):
        self._run_cron("ir_cron_attachments")
        reviewer = self._user("reviewer", "procurify_connector.group_user")
        stranger = self._user("stranger", "base.group_user")
        [file] = self.record.with_user(reviewer).document["files"]
        attachment = self.env["ir.attachment"].browse(file["attachment_id"])

        self.assertTrue(attachment.with_user(reviewer).has_access("read"))
        self.assertFalse(attachment.with_user(stranger).has_access("read"))

    def test_released_bill_takes_its_file_along(self):
        self._run_cron("ir_cron_attachments")
        held = self.env["procurify.attachment"].search([]).attachment_id
        self.simulator.clear_requests()

        self._map(self._record_of_code("7450"), self._account("745000"))

        self.assertEqual(self.record.state, "done", self.record.hold_reason)
        move = self._move(self.bill_id)
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "account.move"), ("res_id", "=", move.id)]
        )
        self.assertEqual(attachment.raw, b"%PDF-1.4 one")
        self.assertEqual(attachment.create_uid, self.connection.user_id)
        self.assertEqual(move.message_main_attachment_id, attachment)
        self.assertFalse(held.exists())
        self.assertFalse(self.simulator.requests)

    def test_file_that_somebody_replaced_meanwhile_is_downloaded_again(self):
        self._run_cron("ir_cron_attachments")
        file = self.env["procurify.attachment"].search([])
        file.attachment_id.raw = b"%PDF-1.4 another"

        self._map(self._record_of_code("7450"), self._account("745000"))
        self.assertEqual(file.state, "pending")
        self._run_cron("ir_cron_attachments")

        self.assertEqual(file.attachment_id.raw, b"%PDF-1.4 one")
        self.assertEqual(file.attachment_id.res_model, "account.move")
        attachments = self.env["ir.attachment"]
        held = [("res_model", "=", "procurify.record"), ("res_id", "=", self.record.id)]
        self.assertFalse(attachments.search(held))

    def test_file_that_is_not_there_yet_says_so(self):
        [file] = self.record.document["files"]

        self.assertFalse(file["attachment_id"])
        self.assertIn("within minutes", file["state_text"])
        self.connection.attachment_policy = "none"
        self.record.invalidate_recordset(["document"])
        [file] = self.record.document["files"]
        self.assertIn("does not download", file["state_text"])

    def test_files_on_hold_go_with_their_connection(self):
        self._run_cron("ir_cron_attachments")
        held = self.env["procurify.attachment"].search([]).attachment_id
        self.assertTrue(held)

        self.connection.unlink()

        self.assertFalse(held.exists())

    def _record_of_code(self, code):
        return self._records("account_code", code=code)

    def _user(self, login, group):
        return new_test_user(self.env, login, groups=group, company_id=self.company.id)


def _number(text):
    return Decimal(text.replace(",", "") or "0")


def _cents(amount):
    return Decimal(f"{amount:.2f}")
