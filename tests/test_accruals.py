"""Accruals: what was received and is not billed, once, and back to zero."""

import json
from collections import defaultdict
from contextlib import nullcontext
from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.importers.coding import (
    order_receipts,
    receipt_history,
)
from odoo.addons.procurify_connector.importers.resource_kinds import PAYLOADS

from .common import ProcurifyCommon
from .looks import LooksCase

CENT = Decimal("0.01")


class AccrualCase(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.liability = self._account("2199", account_type="liability_current")
        self.fallback = self._account("6999")
        self.today = fields.Date.today()

    def _order(self, quantity=10, received=0, price="5.00", **params):
        order_id = self.dataset.add_order("plain", **params)
        self.dataset.revise_order(
            order_id,
            quantity=Decimal(quantity),
            price=Decimal(price),
            received=Decimal(received),
        )
        return order_id

    def _wizard(self, day=None, **values):
        return self.env["procurify.accrue"].create(
            {
                "connection_id": self.connection.id,
                "date": day or self.today,
                "account_id": self.liability.id,
                "fallback_account_id": self.fallback.id,
                **values,
            }
        )

    def _accrue(self, day=None, **values):
        self.env.flush_all()
        action = self._wizard(day, **values).action_accrue()
        moves = self.env["account.move"].search(action["domain"], order="date")
        self.assertEqual(len(moves), 2)
        return moves

    def _open(self, day=None, **values):
        self.env.flush_all()
        self.env["procurify.accrual"].invalidate_model()
        domain = [("connection_id", "=", self.connection.id)]
        domain += [(name, "=", value) for name, value in values.items()]
        return (
            self.env["procurify.accrual"]
            .with_context(procurify_as_of=fields.Date.to_string(day or self.today))
            .search(domain)
        )

    def _expenses(self, move):
        return move.line_ids.filtered("procurify_accrual_key")


@tagged("post_install", "-at_install", "procurify")
class TestAccruals(AccrualCase):
    # === WHAT IS OPEN === #

    def test_line_is_open_by_what_procurify_received_of_it(self):
        self._order(received=4)
        self._order(received=0)
        self._synchronise()

        [row] = self._open()

        self.assertEqual(row.original_amount, 20)
        self.assertEqual((row.quantity, row.received), (10, 4))
        self.assertTrue(row.account_id)
        self.assertTrue(row.department_id)
        # Odoo's own receipts say nothing: the policy leaves them to Odoo.
        self.assertFalse(row.line_id.qty_received)

    def test_bill_in_the_ledger_takes_off_what_it_bills(self):
        order_id = self._order(received=4)
        bill_id = self.dataset.bill_order(order_id, {0: 3})
        self._synchronise()
        self.assertEqual(sum(self._open().mapped("original_amount")), 20)

        move = self._move(bill_id)
        move.action_post()

        self.assertEqual(sum(self._open().mapped("original_amount")), 5)
        before = move.date - timedelta(days=1)
        if self._open(before):
            self.assertEqual(sum(self._open(before).mapped("original_amount")), 20)

    def test_freight_other_costs_and_discounts_come_with_the_goods(self):
        extras = {"freight": "30", "other": "10", "discount": "15"}
        order_id = self._order(received=4, **extras)
        bill_id = self.dataset.bill_order(order_id, {0: 3})
        self._synchronise()

        [row] = self._open()
        self.assertEqual(row.original_amount, (50 + 25) * 0.4)

        self._move(bill_id).action_post()
        self.assertEqual(sum(self._open().mapped("original_amount")), 75 * 0.1)

    def test_taxes_that_are_a_cost_are_accrued_and_others_are_not(self):
        self._order(received=4)
        self._synchronise()
        [row] = self._open()
        parts = [
            {"repartition_type": "base"},
            {
                "repartition_type": "tax",
                "factor_percent": 60,
                "account_id": self._account("1399", account_type="asset_current").id,
            },
            {"repartition_type": "tax", "factor_percent": 40},
        ]
        values = {
            f"{kind}_repartition_line_ids": [Command.create(part) for part in parts]
            for kind in ("invoice", "refund")
        }
        row.line_id.tax_ids = self.env["account.tax"].create(
            {"name": "20 %", "amount": 20, "type_tax_use": "purchase", **values}
        )

        self.assertAlmostEqual(self._open().original_amount, 20 * (1 + 0.2 * 0.4))

    def test_all_billed_is_not_open(self):
        order_id = self._order(received=10)
        bill_id = self.dataset.bill_order(order_id)
        self._synchronise()
        self._move(bill_id).write({"invoice_date": self.today, "date": self.today})
        self._move(bill_id).action_post()

        self.assertFalse(self._open())

    def test_what_came_later_is_not_open_on_an_earlier_day(self):
        order_id = self._order(received=4)
        self._synchronise()
        record = self._record("purchase_order", order_id).sudo()
        [[line_id, _entries]] = record.remote_receipts.items()
        earlier = self.today - timedelta(days=40)
        record.remote_receipts = {line_id: [[earlier.isoformat(), "4"]]}
        self.dataset.revise_order(order_id, received=Decimal(7))
        self._synchronise()

        days = [entry[0] for entry in record.remote_receipts[line_id]]
        self.assertEqual(len(days), 2)
        day = fields.Date.to_date(days[1]) - timedelta(days=1)
        self.assertEqual(sum(self._open(day).mapped("original_amount")), 20)
        self.assertEqual(sum(self._open().mapped("original_amount")), 35)
        self.assertFalse(self._open(earlier - timedelta(days=1)))

    def test_receipts_count_on_the_days_that_the_lines_logs_say(self):
        record = self._record("purchase_order", self._logged_order([4, 3]))
        [entries] = record.remote_receipts.values()
        self.assertEqual(entries, [["2026-03-05", "4"], ["2026-04-02", "7"]])

        for day, amount in (
            (date(2026, 3, 4), 0),
            (date(2026, 3, 31), 20),
            (date(2026, 4, 30), 35),
        ):
            rows = self._open(day)
            self.assertEqual(sum(rows.mapped("original_amount")), amount, day)

    def test_logs_that_do_not_come_to_what_was_received_are_not_trusted(self):
        record = self._record("purchase_order", self._logged_order([4, 2]))

        [[[_day, quantity]]] = record.remote_receipts.values()

        self.assertEqual(Decimal(quantity), 7)

    def _logged_order(self, quantities):
        """Stage an order of which 7 came, whose line's logs say these quantities."""
        order_id = self._order(received=7)
        self._synchronise()
        record = self._record("purchase_order", order_id)
        data = json.loads(record.payload)
        data["order_items"][0]["logs"] = [
            {"action": 6, "dateTime": f"{day}T10:00:00Z", "line_qty_pass": str(each)}
            for day, each in zip(("2026-03-05", "2026-04-02"), quantities, strict=True)
        ]
        record.sudo().remote_receipts = receipt_history(
            record.remote_receipts,
            order_receipts(PAYLOADS["purchase_order"].from_json(data)),
        )
        return order_id

    def test_receipt_that_is_undone_is_not_open(self):
        order_id = self._order(received=4)
        self._synchronise()
        self.dataset.revise_order(order_id, received=Decimal(0))
        self._synchronise()

        self.assertFalse(self._open())

    def test_order_that_is_on_hold_counts_as_well(self):
        order_id = self.dataset.add_order("unknown_account")
        self.dataset.revise_order(
            order_id, quantity=Decimal(2), price=Decimal(9), received=Decimal(1)
        )
        self.connection.order_policy = "purchase"
        self._synchronise()

        self.assertEqual(sum(self._open().mapped("original_amount")), 9)

    # === THE ENTRY === #

    def test_entry_is_a_draft_and_its_reversal_is_of_the_next_first_day(self):
        self._order(received=4)
        self._synchronise()

        accrual, reversal = self._accrue()

        self.assertEqual({accrual.state, reversal.state}, {"draft"})
        self.assertEqual(accrual.date, self.today)
        following = self.today.replace(day=1) + relativedelta(months=1)
        self.assertEqual(reversal.date, following)
        self.assertEqual(reversal.reversed_entry_id, accrual)
        self.assertFalse(set((accrual | reversal).mapped("auto_post")) - {"no"})
        [item] = self._expenses(accrual)
        self.assertEqual(item.amount_currency, 20)
        self.assertTrue(item.analytic_distribution)
        rest = accrual.line_ids - item
        self.assertEqual(rest.account_id, self.liability)

    def test_entry_of_more_lines_asks_the_database_no_more_often(self):
        for _order in range(4):
            self._order(received=3)
        self._synchronise()
        self.env.flush_all()
        wizard = self._wizard()
        rows = wizard._accruals().search(wizard._domain())
        self.assertGreater(len(rows), 2)
        asked = []
        for part in (rows[:2], rows):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard._prepare_entry(part.with_prefetch(part.ids))
            asked.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(asked[1], asked[0])

    def test_accrual_and_reversal_come_to_nothing(self):
        for number in range(4):
            self._order(quantity=9, received=7, price=f"{number + 1}.37")
        self.dataset.add_order("foreign_eur")
        self.dataset.add_order("split_coding")
        self._synchronise()

        moves = self._accrue()
        moves.action_post()

        sums = defaultdict(float)
        for item in moves.line_ids:
            sums[item.account_id] += item.balance
        for account, balance in sums.items():
            self.assertAlmostEqual(balance, 0, 2, account.name)

    def test_nothing_is_accrued_twice(self):
        order_id = self._order(received=4)
        self._synchronise()
        self._accrue()

        with self.assertRaisesRegex(UserError, "nothing to accrue"):
            self._accrue()
        self.assertEqual(sum(self._open().mapped("open_amount")), 0)
        self.assertEqual(sum(self._open().mapped("original_amount")), 20)

        self.dataset.revise_order(order_id, received=Decimal(6))
        self._synchronise()
        accrual, _reversal = self._accrue()
        self.assertEqual(self._expenses(accrual).amount_currency, 10)

    def test_next_month_accrues_again_what_is_still_not_billed(self):
        self._order(received=4)
        self._synchronise()
        self._accrue()
        following = self.today.replace(day=1) + relativedelta(months=2, days=-1)

        accrual, _reversal = self._accrue(following)

        self.assertEqual(self._expenses(accrual).amount_currency, 20)

    def test_entry_that_a_person_deletes_can_be_proposed_again(self):
        self._order(received=4)
        self._synchronise()
        self._accrue().unlink()

        accrual, _reversal = self._accrue()

        self.assertEqual(self._expenses(accrual).amount_currency, 20)

    def test_bills_on_hold_are_part_of_it_on_request(self):
        order_id = self._order(received=4)
        bill_id = self.dataset.bill_order(
            order_id, {0: 4}, code="7450", invoice_date=self.today
        )
        self.dataset.add_bill_line(bill_id, code="7450", amount=Decimal(100))
        self._synchronise()
        self.assertEqual(self._record("bill", bill_id).document_state, "on_hold")
        # What is for the order counts by what was received of it.
        self.assertEqual(self._open(kind="bill").original_amount, 100)

        self.assertEqual(self._wizard().amount, 20)
        self.assertEqual(self._wizard(with_bills=True).amount, 120)
        accrual, _reversal = self._accrue(with_bills=True)

        amounts = self._expenses(accrual).mapped("amount_currency")
        self.assertEqual(sorted(amounts), [20, 100])
        self.assertFalse(self._wizard(with_bills=True).amount)
        self._map(self._records("account_code", code="7450"), self._account("7450"))
        self.assertFalse(self._open(kind="bill"))

    def test_who_may_not_make_entries_is_refused(self):
        self._order(received=4)
        self._synchronise()
        reviewer = new_test_user(
            self.env,
            "few_rights",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        wizard = self._wizard()

        with self.assertRaises(AccessError):
            wizard.with_user(reviewer).sudo(False).action_accrue()

    def test_unmapped_account_code_asks_for_an_account(self):
        order_id = self.dataset.add_order("unknown_account")
        self.dataset.revise_order(order_id, received=Decimal(1))
        self._synchronise()

        with self.assertRaisesRegex(UserError, "not mapped"):
            self._accrue(fallback_account_id=False)
        accrual, _reversal = self._accrue()
        self.assertIn(self.fallback, accrual.line_ids.account_id)


@tagged("post_install", "-at_install", "procurify")
class TestAccrualOfAYear(AccrualCase):
    """Sixty bills of a year with their orders, and an order of each scenario."""

    bills = 60

    def test_entry_equals_the_oracle_per_account_and_department(self):
        for scenario in (
            *("partly_received", "fully_received", "split_coding", "foreign_eur"),
            *("foreign_cad", "many_decimals", "closed_short", "header_extras"),
            *("line_shipping", "line_taxes"),
        ):
            order_id = self.dataset.add_order(scenario)
            if scenario.startswith(("header", "line")):
                self.dataset.revise_order(order_id, received=Decimal(1))
        self._synchronise()
        done = self._records("bill").filtered(lambda record: record.state == "done")
        for record in done[::2]:
            self.env["account.move"].browse(record.res_id).action_post()
        self.env.flush_all()
        expected = self._oracle()
        self.assertGreater(len(expected), 10)

        accrual, reversal = self._accrue()

        found = defaultdict(Decimal)
        for item in self._expenses(accrual):
            places = frozenset(
                int(number)
                for key in item.analytic_distribution or {}
                for number in key.split(",")
            )
            found[item.account_id.id, places] += Decimal(str(item.balance))
        self.assertEqual(found.keys(), expected.keys())
        for key, amount in expected.items():
            self.assertAlmostEqual(found[key], amount, delta=Decimal("0.03"))
        both = (accrual | reversal).line_ids
        self.assertAlmostEqual(sum(both.mapped("balance")), 0)
        self.assertFalse(self._wizard().amount)

    def _oracle(self):
        """Return {(account, analytic accounts): amount} of payloads and ledger."""
        mapped = {
            (record.resource, record.external_id): record.res_id
            for record in self._records()
            if record.resource in ("account_code", "department", "location")
            and record.state == "done"
        }
        billed = self._billed()
        found = defaultdict(Decimal)
        for record in self._records("purchase_order"):
            if record.state in ("excluded", "ignored"):
                continue
            order = json.loads(record.payload)
            for line in order["order_items"]:
                value = self._open_value(order, line, billed)
                value *= self._with_what_comes(order, line)
                if not value:
                    continue
                weights = [Decimal(str(a["amount"])) for a in line["spend_allocation"]]
                for allocation, weight in zip(
                    line["spend_allocation"], weights, strict=True
                ):
                    account = allocation["account"]
                    department = account["department"]
                    places = (
                        mapped.get(("department", str(department["id"]))),
                        mapped.get(("location", str(department["branch"]["id"]))),
                    )
                    code = str(account["account_code"]["id"])
                    key = (
                        mapped.get(("account_code", code)) or self.fallback.id,
                        frozenset(filter(None, places)),
                    )
                    share = float(value * weight / sum(weights))
                    found[key] += Decimal(str(self._converted(record, share)))
        return {key: amount for key, amount in found.items() if amount}

    def _with_what_comes(self, order, line):
        """Return what a line costs with its part of the extras and its taxes that are a
        cost, in ratio to its net amount."""
        nets = {
            each["id"]: Decimal(str(each["quantity"])) * Decimal(str(each["price"]))
            for each in order["order_items"]
            if each.get("active", True)
            and each.get("purchase_order") in (None, order["procurify_PO"])
        }
        net = nets.get(line["id"])
        if not net:
            return Decimal(1)
        extras = sum(Decimal(str(order[k] or 0)) for k in ("freight", "other"))
        discount = order["discount"] or {}
        self.assertFalse(discount.get("percentage"))
        extras -= Decimal(str(discount.get("value") or 0))
        extra = extras * net / sum(nets.values())
        extra += Decimal(str(line.get("shipping_amount") or 0))
        item = self._record("order_item", line["id"])
        in_odoo = self.env["purchase.order.line"].browse(item.res_id).exists()
        taxes = in_odoo.tax_ids.compute_all(100.0, handle_price_include=False)["taxes"]
        cost = sum(tax["amount"] for tax in taxes if not tax["account_id"])
        return 1 + extra / net + Decimal(str(cost)) / 100

    def _converted(self, record, amount):
        currency = self.env["res.currency"].search(
            [("name", "=", record.remote_currency)]
        )
        return currency._convert(
            amount, self.company.currency_id, self.company, self.today
        )

    def _billed(self):
        """Return {order line id: [(quantity or None, amount)]} of what is posted."""
        found = defaultdict(list)
        for record in self._records("bill"):
            move = self.env["account.move"].browse(record.res_id or 0).exists()
            if record.state != "done" or move.state != "posted":
                continue
            for item in json.loads(record.payload)["items"]:
                if item.get("orderitem"):
                    by_cost = item.get("bill_by_cost")
                    quantity = None if by_cost else Decimal(str(item["quantity"]))
                    found[item["orderitem"]["id"]].append(
                        (quantity, Decimal(str(item["total_cost"])))
                    )
        return found

    @staticmethod
    def _open_value(order, line, billed):
        if not line.get("active", True):
            return 0
        if line.get("purchase_order") not in (None, order["procurify_PO"]):
            return 0
        quantity, price = (Decimal(str(line[k])) for k in ("quantity", "price"))
        received = Decimal(str(line["receivedPassQty"]))
        value = (received * price).quantize(CENT)
        for number, amount in billed[line["id"]]:
            value -= amount if number is None else (number * price).quantize(CENT)
        is_owed = quantity * price >= 0
        return value if (value > 0) == is_owed else Decimal(0)


@tagged("post_install", "-at_install", "procurify")
class TestAccrualTour(AccrualCase, LooksCase):
    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_accrual_is_proposed_in_the_browser(self):
        for number in range(3):
            self._order(received=4, price=f"{number + 1}250.00")
        self.dataset.add_order("foreign_eur")
        self._synchronise()
        self._accrue().unlink()
        # What the last accrual had is proposed; the day is today's.
        for name, value in (
            ("date", self.today.isoformat()),
            ("account_id", self.liability.id),
            ("fallback_account_id", self.fallback.id),
        ):
            self.env["ir.default"].set("procurify.accrue", name, value)

        with self._watching(dark=True):
            self.start_tour(
                "/odoo/procurify-accruals",
                "procurify_accrue",
                login=self.env.user.login,
            )

        self.env.invalidate_all()
        items = self.env["account.move.line"].search(
            [("procurify_accrual_key", "!=", False)]
        )
        self.assertEqual(set(items.move_id.mapped("state")), {"draft"})
        self.assertEqual(len(items.move_id), 2)
