"""Every document of a period, on both sides: what is in, what is not, and why."""

from collections import defaultdict
from copy import deepcopy
from datetime import date
from decimal import Decimal
from json import dumps

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .oracle import OracleCase, money

ORDERS = (
    "plain",
    "several_lines",
    "line_taxes",
    "header_tax",
    "header_extras",
    "discount_percentage",
    "line_shipping",
    "split_coding",
    "many_decimals",
    "negative_line",
    "foreign_eur",
)
EVER = (date(1990, 1, 1), date(2100, 1, 1))


class ReconciliationCase(OracleCase):
    master_data_ready = True

    def _compare(self):
        self._run_cron("ir_cron_nightly_check")
        self.env.invalidate_all()

    def _reconcile(self, connection=None):
        self.env.flush_all()
        return (connection or self.connection)._reconcile(*EVER)

    def _changes_of_a_line(self):
        """Return {what the certificate must name: what changes an order's line}."""
        product = self.env["product.product"].create({"name": "Washer, other"})
        account = self.env["account.analytic.account"].create(
            {"name": "Elsewhere", "plan_id": self.plans["department"].id}
        )
        twin = self.env["account.tax"].create(
            {"name": "Twin of 0", "amount": 0, "type_tax_use": "purchase"}
        )

        def write(values):
            return lambda line: line.write({"price_unit": line.price_unit} | values)

        def halve(line):
            price = line.price_unit / 2
            line.write({"product_qty": line.product_qty * 2, "price_unit": price})

        def add_lines_that_cancel_out(line):
            for price in (5, -5):
                line.copy({"name": "Out of thin air", "price_unit": price})

        return {
            "Washer, other": write({"product_id": product.id}),
            "Quantity": halve,
            "Twin of 0": write({"tax_ids": [Command.link(twin.id)]}),
            "Analytic": write({"analytic_distribution": {str(account.id): 100}}),
            "Out of thin air": add_lines_that_cancel_out,
        }

    def _order_document(self, order_id, result):
        [found] = [
            each
            for each in result["documents"]
            if each["resource"] == "purchase_order"
            and each["external_id"] == str(order_id)
        ]
        return found

    def _document(self, bill_id, result=None):
        documents = (result or self._reconcile())["documents"]
        [found] = [
            each
            for each in documents
            if each["resource"] == "bill" and each["external_id"] == str(bill_id)
        ]
        return found


@tagged("post_install", "-at_install", "procurify")
class TestReconciliation(ReconciliationCase):
    def test_booked_bills_agree_in_every_sum(self):
        for scenario in ("plain", "several_lines", "credit"):
            self.dataset.add_bill(scenario)
        self._synchronise()
        self._compare()

        result = self._reconcile()

        dumps(result)
        self.assertEqual(result["unexplained_count"], 0, result["findings"])
        self.assertEqual(result["counts"]["bill"]["booked"], 3)
        self.assertEqual(result["counts"]["bill"]["drafts"], 3)
        for row in result["sums"]:
            self.assertEqual(Decimal(row["difference"]), 0, row)
        self._check_adds_up(result)

    def test_bill_on_hold_is_named_with_its_issue(self):
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        self._compare()

        result = self._reconcile()

        document = self._document(bill_id, result)
        self.assertEqual(document["outcome"], "held")
        self.assertIn("7450", document["reason"])
        self.assertEqual(document["odoo_amount"], "0")
        self.assertEqual(result["unexplained_count"], 0)
        self._check_adds_up(result)

    def test_ignored_bill_is_named_with_its_reason(self):
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        self._record("bill", bill_id).action_ignore()

        document = self._document(bill_id)

        self.assertEqual(document["outcome"], "ignored")
        self.assertTrue(document["is_explained"])

    def test_edited_bill_is_not_explained(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        self._compare()
        line = self._move(bill_id).invoice_line_ids[0]
        line.account_id = self._account("745999")

        result = self._reconcile()

        document = self._document(bill_id, result)
        self.assertEqual(document["outcome"], "changed")
        self.assertIn("745999", document["reason"])
        self.assertEqual(result["unexplained_count"], 1)
        self._check_adds_up(result)

    def test_tax_that_changed_later_is_named_although_the_total_is_the_same(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        self._compare()
        lines, move = self._move(bill_id).invoice_line_ids, self._move(bill_id)
        total, twin = move.amount_total, lines.tax_ids.copy({"name": "Twin"})
        lines.tax_ids = twin
        self.assertEqual((move.amount_total, len(twin)), (total, 1))

        document = self._document(bill_id)

        self.assertEqual(document["outcome"], "changed")
        self.assertIn("Twin", document["reason"])

    def test_order_whose_line_changed_later_is_named_although_the_total_is_the_same(
        self,
    ):
        changes = self._changes_of_a_line()
        orders = {word: self.dataset.add_order("several_lines") for word in changes}
        unchanged = self.dataset.add_order("several_lines")
        self._synchronise()
        self._compare()
        result = self._reconcile()
        self.assertEqual(result["unexplained_count"], 0, result["documents"])

        for word, change in changes.items():
            order = self._purchase(orders[word])
            total = order.amount_total
            change(order.order_line[0])
            self.assertEqual(order.amount_total, total, word)

        result = self._reconcile()
        for word, order_id in orders.items():
            with self.subTest(word):
                document = self._order_document(order_id, result)
                self.assertEqual(document["outcome"], "changed")
                self.assertFalse(document["is_explained"])
                self.assertIn(word, document["reason"])
        document = self._order_document(unchanged, result)
        self.assertEqual((document["outcome"], document["reason"]), ("booked", ""))
        self.assertEqual(result["unexplained_count"], len(orders))

    def test_orders_that_procurify_revises_or_closes_agree_line_by_line(self):
        orders = [self.dataset.add_order("several_lines") for _number in range(3)]
        self._synchronise()
        self.dataset.revise_order(orders[0], quantity=Decimal(7), price=Decimal(3))
        self.dataset.remove_order_line(orders[1])
        self.dataset.receive(orders[2])
        self.dataset.close_order(orders[2])
        self._synchronise()
        self._compare()

        result = self._reconcile()

        self.assertEqual(result["unexplained_count"], 0, result["documents"])

    def test_parts_of_orders_agree_by_tax_department_and_location(self):
        orders = {name: self.dataset.add_order(name) for name in ORDERS}
        self._synchronise()
        self._compare()

        result = self._reconcile()

        for name, order_id in orders.items():
            with self.subTest(name):
                document = self._order_document(order_id, result)
                self.assertEqual(document["reason"], "")
                self.assertEqual(document["outcome"], "booked")
        rows = [row for row in result["sums"] if row["resource"] == "purchase_order"]
        self.assertEqual(
            {row["dimension"] for row in rows},
            {"total", "vendor", "tax", "department", "location"},
        )
        totals = {
            row["currency"]: Decimal(row["procurify_amount"])
            for row in rows
            if row["dimension"] == "total"
        }
        for row in rows:
            # Percentages of two digits say no more.
            most = Decimal("0.05") + totals[row["currency"]] / 5000
            self.assertLessEqual(abs(Decimal(row["difference"])), most, row)
            self.assertEqual(Decimal(row["unexplained_amount"]), 0, row)
        self._check_adds_up(result)

    def test_net_of_an_order_stands_under_its_tax(self):
        order_id = self.dataset.add_order("line_taxes")
        self._synchronise()
        order = self._purchase(order_id)
        taxed = defaultdict(Decimal)
        for line in order.order_line.filtered(lambda line: not line.procurify_kind):
            name = line.tax_ids.display_name or "No tax"
            taxed[name] += money(line.price_subtotal)
        self.assertGreater(len(taxed), 1)

        rows = [
            row
            for row in self._reconcile()["sums"]
            if (row["resource"], row["dimension"]) == ("purchase_order", "tax")
        ]

        for side in ("procurify_amount", "odoo_amount"):
            found = {row["name"]: Decimal(row[side]) for row in rows}
            taxes = found.pop("Taxes")
            self.assertEqual(taxes, money(order.amount_total) - sum(taxed.values()))
            self.assertEqual(found, taxed)

    def test_order_that_the_import_itself_wrote_otherwise_is_named(self):
        """Its lines are what was meant, and yet not what Procurify says."""
        account = self.env["account.analytic.account"].create(
            {"name": "Elsewhere", "plan_id": self.plans["department"].id}
        )
        tax = self.env["account.tax"].create(
            {"name": "Twin of 0", "amount": 0, "type_tax_use": "purchase"}
        )
        changes = {
            "Elsewhere": {"analytic_distribution": {str(account.id): 100.0}},
            "Twin of 0": {"tax_ids": tax.ids},
        }
        orders = {word: self.dataset.add_order("several_lines") for word in changes}
        self._synchronise()
        self._compare()
        for word, values in changes.items():
            record = self._record("purchase_order", orders[word]).sudo()
            line = self._purchase(orders[word]).order_line[0]
            line.write(
                {"price_unit": line.price_unit}
                | {
                    name: [Command.set(value)] if name == "tax_ids" else value
                    for name, value in values.items()
                }
            )
            state = deepcopy(record.applied_state)
            for entry in state["lines"].values():
                if entry["id"] == line.id:
                    entry["wanted"] |= values
            record.applied_state = state

        result = self._reconcile()

        for word, order_id in orders.items():
            with self.subTest(word):
                document = self._order_document(order_id, result)
                self.assertEqual(document["outcome"], "changed")
                self.assertFalse(document["is_explained"])
                self.assertIn(word, document["reason"])

    def test_lines_of_many_orders_are_read_together(self):
        counts = []
        for size in (2, 10):
            for _number in range(size):
                self.dataset.add_order("several_lines")
            self._synchronise()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._reconcile()
            counts.append(self.cr.sql_log_count - before)

        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_day_and_journal_that_changed_later_are_named(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        self._compare()
        journal = self.company_data["default_journal_purchase"].copy({"name": "Other"})
        move = self._move(bill_id)
        move.journal_id = journal
        move.date = "2030-01-31"

        document = self._document(bill_id)

        self.assertEqual(document["outcome"], "changed")
        self.assertIn(journal.name, document["reason"])
        self.assertIn("2030-01-31", document["reason"])

    def test_bill_that_was_deleted_in_odoo_is_not_explained(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        self._move(bill_id).unlink()

        document = self._document(bill_id)

        self.assertEqual(document["outcome"], "changed")
        self.assertFalse(document["is_explained"])

    def test_what_is_not_imported_yet_is_not_explained(self):
        bill_id = self.dataset.add_bill("plain")
        self._fetch()

        document = self._document(bill_id)

        self.assertEqual(document["outcome"], "pending")
        self.assertFalse(document["is_explained"])

    def test_without_a_nightly_check_nothing_is_complete(self):
        self._synchronise()

        result = self._reconcile()

        self.assertEqual(result["unexplained_count"], len(result["findings"]))
        self.assertEqual(len(result["findings"]), 2)

    def test_period_is_that_of_the_invoice_date(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        day = self._record("bill", bill_id).remote_date

        inside = self.connection._reconcile(day, day)
        outside = self.connection._reconcile(date(1990, 1, 1), date(1990, 1, 31))

        self.assertTrue(self._document(bill_id, inside))
        self.assertFalse(outside["documents"])

    def test_period_ends_after_it_begins(self):
        with self.assertRaises(UserError):
            self.connection._reconcile("2026-02-01", "2026-01-01")

    def test_nobody_reconciles_without_rights_to_journal_items(self):
        reviewer = new_test_user(
            self.env,
            "reviewer_only",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        with self.assertRaises(AccessError):
            self._reconcile(self.connection.with_user(reviewer))
        reviewer.group_ids |= self.env.ref("account.group_account_invoice")
        allowed = self._reconcile(self.connection.with_user(reviewer))
        self.assertEqual(allowed["documents"], [])

    def _check_adds_up(self, result):
        """Each dimension adds up to the total, and each difference to its parts."""
        sums = defaultdict(lambda: [Decimal(0)] * 2)
        for row in result["sums"]:
            key = row["resource"], row["currency"], row["dimension"]
            sides = Decimal(row["procurify_amount"]), Decimal(row["odoo_amount"])
            sums[key] = [a + b for a, b in zip(sums[key], sides, strict=True)]
            parts = [
                Decimal(value)
                for name, value in row.items()
                if name.endswith("_amount") and name[:-7] not in ("procurify", "odoo")
            ]
            self.assertEqual(sides[0] - sides[1], Decimal(row["difference"]))
            self.assertEqual(sum(parts), Decimal(row["difference"]), row)
        for (resource, currency, dimension), found in sums.items():
            self.assertEqual(
                found, sums[resource, currency, "total"], (resource, dimension)
            )

    # === AT SCALE === #

    def test_queries_do_not_grow_with_the_documents(self):
        self.dataset.add_bill("several_lines")
        self._synchronise()
        self._copy_bill(20)
        self._reconcile()

        few = self._queries()
        self._copy_bill(300)

        self.assertLessEqual(self._queries(), few)

    def _copy_bill(self, count):
        """Stage a booked bill ``count`` times more, each with the same Odoo bill."""
        record = self._records("bill", state="done")[:1]
        names = [
            name
            for name, field in record._fields.items()
            if field.store and field.column_type and name not in ("id", "external_id")
        ]
        columns = SQL(", ").join(map(SQL.identifier, names))
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO procurify_record (external_id, %(columns)s)
                SELECT external_id || '-' || %(count)s || '-' || number, %(columns)s
                  FROM procurify_record, generate_series(1, %(count)s) number
                 WHERE id = %(id)s
                """,
                columns=columns,
                count=count,
                id=record.id,
            )
        )
        self.env.invalidate_all()

    def _queries(self):
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._reconcile()
        return self.env.cr.sql_log_count - before
