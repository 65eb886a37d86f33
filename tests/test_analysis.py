"""Spend, payables and cycle times against independent counts in the general ledger."""

import runpy
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command, Date
from odoo.models import BaseModel
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon, SharedCommon
from .oracle import money

ROOT = Path(__file__).parents[1]


class AnalysisCase(ProcurifyCommon):
    """Bills of every kind of distribution, with an independent count of each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_plan = cls.env["account.analytic.plan"].create({"name": "Other"})
        cls.departments = cls._accounts(cls.plans["department"], 3)
        cls.locations = cls._accounts(cls.plans["location"], 2)
        cls.project = cls._accounts(cls.other_plan, 1)
        cls.office, cls.travel = (
            cls.env["account.account"].create(
                {"code": code, "name": code, "account_type": "expense"}
            )
            for code in ("6901", "6902")
        )
        cls.machine = cls.env["account.account"].create(
            {"code": "1901", "name": "Machines", "account_type": "asset_fixed"}
        )
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.env["res.currency.rate"].create(
            {
                "currency_id": cls.euro.id,
                "rate": 0.8,
                "name": "2020-02-02",
                "company_id": cls.company.id,
            }
        )
        recovered = cls.company_data["default_account_tax_purchase"]
        cls.recovered = cls._tax("Recovered", recovered)
        cls.kept = cls._tax("Not recovered", cls.env["account.account"])

    @classmethod
    def _accounts(cls, plan, count):
        return cls.env["account.analytic.account"].create(
            [{"name": f"{plan.name} {n}", "plan_id": plan.id} for n in range(count)]
        )

    @classmethod
    def _tax(cls, name, account):
        lines = [
            Command.create({"repartition_type": "base"}),
            Command.create({"repartition_type": "tax", "account_id": account.id}),
        ]
        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": 10,
                "type_tax_use": "purchase",
                "price_include_override": "tax_excluded",
                "invoice_repartition_line_ids": lines,
                "refund_repartition_line_ids": lines,
            }
        )

    def _bill(self, *lines, post=True, day="2026-03-10", **values):
        """Create a bill of (amount, account, distribution, taxes) lines."""
        move = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.partner_a.id,
                "invoice_date": day,
                "date": day,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Line",
                            "quantity": 1,
                            "price_unit": amount,
                            "account_id": account.id,
                            "analytic_distribution": distribution,
                            "tax_ids": [Command.set(taxes.ids if taxes else [])],
                        }
                    )
                    for amount, account, distribution, taxes in lines
                ],
                **values,
            }
        )
        if post:
            move.action_post()
        return move

    def _bills(self):
        """Create bills of all kinds, posted in two months, and a draft."""
        a, b, _c = self.departments
        x, y = self.locations
        office, travel = self.office, self.travel
        both = {f"{a.id},{x.id}": 60.0, f"{b.id},{y.id}": 40.0}
        apart = {str(a.id): 60.0, str(b.id): 40.0, str(x.id): 100.0}
        moves = [
            self._bill((100.01, office, both, None), (50.0, travel, apart, self.kept)),
            self._bill((33.33, office, False, self.recovered), (7, office, {}, None)),
            self._bill((500.0, office, both, None), currency_id=self.euro.id),
            self._bill(
                (40.0, office, {str(a.id): 60.0}, None),
                (9.99, travel, {str(self.project.id): 100.0}, None),
                move_type="in_refund",
            ),
            self._bill(
                (1000.0, self.machine, {str(b.id): 100.0}, self.kept), day="2026-04-02"
            ),
            self._bill((61.0, office, apart, None), day="2026-04-03", post=False),
        ]
        return self.env["account.move"].union(*moves)

    def _ledger(self, moves, plan, field="balance"):
        """Return {(account, analytic account or False, month): amount} of the journal
        items, worked out item by item."""
        found = defaultdict(Decimal)
        for line in moves.line_ids:
            if line.account_id not in self.office | self.travel | self.machine:
                continue
            amount = Decimal(str(line[field]))
            left = amount
            for key, share in (line.analytic_distribution or {}).items():
                for number in {int(i) for i in key.split(",")} & set(plan.ids):
                    part = amount * Decimal(str(share)) / 100
                    found[line.account_id.id, number, line.date.month] += part
                    left -= part
            found[line.account_id.id, False, line.date.month] += left
        return _rounded(found)

    def _pivot(self, model, groupby, aggregate="amount:sum", domain=()):
        """Return {group: amount} as the pivot reads it."""
        rows = self.env[model].formatted_read_group(
            list(domain), groupby=groupby, aggregates=[aggregate]
        )
        return {
            tuple(_key(row[name]) for name in groupby): row[aggregate] for row in rows
        }


@tagged("post_install", "-at_install", "procurify")
class TestSpend(AnalysisCase):
    def test_pivot_equals_the_ledger_by_account_place_and_month(self):
        moves = self._bills()
        for name, plan in (
            ("department_id", self.departments),
            ("location_id", self.locations),
        ):
            for field, aggregate in (
                ("balance", "amount:sum"),
                ("amount_currency", "original_amount:sum"),
            ):
                with self.subTest(by=name, amount=field):
                    found = self._pivot(
                        "procurify.spend",
                        ["account_id", name, "date:month"],
                        aggregate,
                        [("move_id", "in", moves.ids)],
                    )
                    expected = self._ledger(moves, plan, field)
                    self.assertEqual(_rounded(found), expected)
                    self.assertGreater(len(expected), 6)

    def test_account_totals_equal_the_balance_of_all_its_journal_items(self):
        self._bills()

        found = self._pivot("procurify.spend", ["account_id"])

        for account in self.office | self.travel | self.machine:
            items = self.env["account.move.line"].search(
                [("account_id", "=", account.id), ("parent_state", "!=", "cancel")]
            )
            self.assertEqual(
                money(found[account.id,]), money(sum(items.mapped("balance")))
            )

    def test_draft_and_posted_bills_are_apart_and_cancelled_ones_are_not_spent(self):
        self._bill((10.0, self.office, False, None))
        self._bill((20.0, self.office, False, None), post=False)
        self._bill((40.0, self.office, False, None), post=False).button_cancel()

        found = self._pivot("procurify.spend", ["state"])

        self.assertEqual(found, {("posted",): 10.0, ("draft",): 20.0})

    def test_credit_note_is_negative_in_both_currencies(self):
        refund = self._bill(
            (80.0, self.office, False, None),
            move_type="in_refund",
            currency_id=self.euro.id,
        )

        row = self._rows(refund)

        self.assertEqual(money(row.amount), Decimal("-100.00"))
        self.assertEqual(money(row.original_amount), Decimal("-80.00"))
        self.assertEqual(row.currency_id, self.euro)
        self.assertEqual(row.company_currency_id, self.company.currency_id)

    def test_recovered_tax_is_no_spend_and_another_one_is(self):
        moves = self._bill((100.0, self.office, False, self.recovered))
        self.assertEqual(self._total(moves), 100)
        moves = self._bill((100.0, self.office, False, self.kept))
        self.assertEqual(self._total(moves), 110)

    def test_kept_tax_that_is_due_on_payment_is_spend_and_a_recovered_one_is_not(self):
        self.company.tax_exigibility = True
        waiting = self.env["account.account"].create(
            {
                "code": "1902",
                "name": "Taxes due on payment",
                "account_type": "asset_current",
                "reconcile": True,
            }
        )
        for account, total in ((self.office, 110), (self.machine, 100)):
            with self.subTest(account=account.name):
                tax = self._tax(f"Later on {account.name}", account)
                tax.write(
                    {
                        "tax_exigibility": "on_payment",
                        "cash_basis_transition_account_id": waiting.id,
                    }
                )
                bill = self._bill((100.0, self.travel, False, tax))
                self.assertIn(waiting, bill.line_ids.account_id)
                self.assertEqual(self._total(bill), total)

    def test_amounts_of_two_companies_are_in_the_currency_of_the_present_one(self):
        other = self.setup_other_company()["company"]
        other.currency_id = self.euro
        self.env.user.company_ids |= other
        account = self.env["account.account"].with_company(other)
        account = account.create(
            {"code": "6901", "name": "Theirs", "account_type": "expense"}
        )
        env = self.env(
            context=dict(
                self.env.context, allowed_company_ids=[self.company.id, other.id]
            )
        )
        theirs = self._their_bill(env, other, account)
        self.env.flush_all()

        row = env["procurify.spend"].search([("move_id", "=", theirs.id)])

        self.assertEqual(row.company_currency_id, self.company.currency_id)
        self.assertAlmostEqual(row.amount, 100 / 0.8, 2)

    def test_rows_open_their_bill(self):
        bill = self._bill((10.0, self.office, False, None))

        action = self._rows(bill).action_open_bill()

        self.assertEqual(
            (action["res_model"], action["res_id"]), ("account.move", bill.id)
        )

    def test_rows_follow_whatever_decides_about_them(self):
        a, b, _c = self.departments
        bill = self._bill((60.0, self.office, {str(a.id): 100.0}, None), post=False)
        other = self._bill((9.0, self.office, {str(b.id): 100.0}, None), post=False)
        self.assertEqual(self._rows(bill).department_id, a)

        with self.subTest("the vendor of a draft"):
            bill.partner_id = self.partner_b
            self.assertEqual(self._rows(bill).partner_id, self.partner_b)
        with self.subTest("its distribution and amount"):
            bill.invoice_line_ids.write(
                {"analytic_distribution": {str(b.id): 100.0}, "price_unit": 70}
            )
            self.assertEqual(self._rows(bill).department_id, b)
            self.assertEqual(self._total(bill), 70)
        with self.subTest("its posting"):
            bill.action_post()
            self.assertEqual(self._rows(bill).state, "posted")
        with self.subTest("the plan of an analytic account"):
            b.plan_id = self.plans["location"]
            self.assertEqual(self._rows(bill).location_id, b)
            self.assertFalse(self._rows(bill).department_id)
        with self.subTest("the plans of the connection"):
            self.connection.department_plan_id = self.plans["location"]
            self.assertEqual(self._rows(bill).department_id, b)
        with self.subTest("the record of Procurify"):
            self._link(bill, "Ada")
            row = self._rows(bill)
            self.assertEqual((row.is_from_procurify, row.requester), (True, "Ada"))
        with self.subTest("the type of an account"):
            self.office.account_type = "liability_payable"
            self.assertFalse(self._rows(bill))
            self.office.account_type = "expense"
            self.assertEqual(self._total(bill | other), 79)
        with self.subTest("its deletion"):
            other.unlink()
            self.assertFalse(self._rows(other))

    def test_row_keeps_its_id_when_the_table_is_filled_again(self):
        a, b, _c = self.departments
        shares = {str(a.id): 40.0, str(b.id): 60.0}
        bill = self._bill((60.0, self.office, shares, None))
        before = self._rows(bill).ids

        self.connection.department_plan_id = self.plans["location"]
        self.connection.department_plan_id = self.plans["department"]

        self.assertEqual(len(before), 2)
        self.assertEqual(self._rows(bill).ids, before)

    def test_table_is_written_when_something_changed_and_only_then(self):
        self._bill((60.0, self.office, False, None))
        self._rows(self.env["account.move"])
        self.env.cr.execute("SELECT max(id) FROM procurify_spend")
        [before] = self.env.cr.fetchone()

        self._rows(self.env["account.move"])

        self.env.cr.execute("SELECT max(id) FROM procurify_spend")
        self.assertEqual(self.env.cr.fetchone(), (before,))
        self.env.cr.execute("SELECT count(*) FROM procurify_spend_due")
        self.assertEqual(self.env.cr.fetchone(), (0,))

    def _link(self, bill, requester):
        self.env["procurify.record"].sudo().create(
            {
                "connection_id": self.connection.id,
                "resource": "bill",
                "external_id": "987654",
                "res_model": "account.move",
                "res_id": bill.id,
                "remote_requester": requester,
            }
        )

    # === RIGHTS === #

    def test_who_may_read_journal_items_sees_them_and_nobody_else(self):
        bill = self._bill((10.0, self.office, False, None))
        for group, sees in (
            ("account.group_account_readonly", True),
            ("account.group_account_invoice", True),
            ("base.group_user", False),
        ):
            user = new_test_user(
                self.env,
                group,
                groups=f"procurify_connector.group_user,{group}",
                company_id=self.company.id,
            )
            for model in ("procurify.spend", "procurify.payable"):
                with self.subTest(group=group, model=model):
                    rows = self.env[model].with_user(user)
                    found = rows.search([("move_id", "=", bill.id)])
                    self.assertEqual(bool(found), sees)
                    self.assertEqual(
                        "journal items" in str(rows.get_empty_list_help("")), not sees
                    )
        outsider = new_test_user(
            self.env, "out", groups="account.group_account_manager"
        )
        with self.assertRaises(AccessError):
            self.env["procurify.spend"].with_user(outsider).search([])

    # === HELPERS === #

    def _rows(self, moves):
        return self.env["procurify.spend"].search([("move_id", "in", moves.ids)])

    def _their_bill(self, env, company, account):
        move = (
            env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "in_invoice",
                    "partner_id": self.partner_a.id,
                    "invoice_date": "2026-03-10",
                    "invoice_line_ids": [
                        Command.create(
                            {"account_id": account.id, "price_unit": 100, "tax_ids": []}
                        )
                    ],
                }
            )
        )
        move.action_post()
        return move

    def _total(self, moves):
        return money(sum(self._rows(moves).mapped("amount")))


@tagged("post_install", "-at_install", "procurify")
class TestPayables(AnalysisCase):
    def setUp(self):
        super().setUp()
        self.today = Date.context_today(self.env["account.move"])

    def test_all_rows_add_up_to_what_the_ledger_owes(self):
        moves = self._bills()
        self._pay(moves[0], 30.0)
        self._pay(moves[2], moves[2].amount_total)
        self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "supplier",
                "partner_id": self.partner_b.id,
                "amount": 12.5,
            }
        ).action_post()

        found = self._pivot("procurify.payable", ["account_id"])

        items = self.env["account.move.line"].search(
            [
                ("account_id.account_type", "=", "liability_payable"),
                ("parent_state", "=", "posted"),
                ("company_id", "=", self.company.id),
            ]
        )
        owed = defaultdict(Decimal)
        for item in items:
            owed[item.account_id.id,] -= Decimal(str(item.balance))
        self.assertEqual(_rounded(found), _rounded(owed))
        self.assertEqual(len(items.filtered("reconciled")), 3)

    def test_departments_bear_what_is_open_as_they_bear_the_bill(self):
        a, b, _c = self.departments
        bill = self._bill(
            (100.0, self.office, {str(a.id): 60.0, str(b.id): 40.0}, self.recovered),
            (100.0, self.travel, False, None),
        )
        self._pay(bill, 110.0)

        found = self._of(bill, ["department_id"])

        # 210 in all, of which 100 is open: 30 %, 20 % and 50 %.
        self.assertEqual(found, {(a.id,): 30, (b.id,): 20, (False,): 50})

    def test_bill_of_another_currency_is_owed_in_both(self):
        bill = self._bill((80.0, self.office, False, None), currency_id=self.euro.id)

        row = self.env["procurify.payable"].search([("move_id", "=", bill.id)])

        self.assertEqual(money(row.amount), 100)
        self.assertEqual(money(row.original_amount), 80)

    def test_what_is_owed_to_others_than_vendors_is_excluded(self):
        office = self.env["account.account"].create(
            {
                "code": "2901",
                "name": "Tax office",
                "account_type": "liability_payable",
                "non_trade": True,
            }
        )
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "line_ids": [
                    Command.create({"account_id": office.id, "credit": 50}),
                    Command.create({"account_id": self.office.id, "debit": 50}),
                ],
            }
        )
        entry.action_post()

        self.assertFalse(self._of(entry, ["move_id"]))
        office.non_trade = False
        self.env.flush_all()
        self.assertEqual(self._of(entry, ["account_id"]), {(office.id,): 50})

    def test_lines_that_cancel_each_other_out_stand_once(self):
        a, b, _c = self.departments
        tax = self.recovered
        bill = self._bill(
            (100.0, self.office, {str(a.id): 100.0}, tax),
            (-100.0, self.office, {str(b.id): 100.0}, None),
        )

        self.assertEqual(self._of(bill, ["department_id"]), {(False,): 10})

    def test_age_counts_from_the_due_date(self):
        for days, age in (
            (0, "not_due"),
            (1, "30"),
            (30, "30"),
            (31, "60"),
            (60, "60"),
            (61, "90"),
            (90, "90"),
            (91, "more"),
        ):
            with self.subTest(days=days):
                due = self.today - timedelta(days=days)
                bill = self._bill(
                    (10.0, self.office, False, None),
                    day=due.isoformat(),
                    invoice_date_due=due,
                    invoice_payment_term_id=False,
                )
                row = self.env["procurify.payable"].search([("move_id", "=", bill.id)])
                self.assertEqual((row.overdue, row.days_overdue), (age, days))

    def test_ids_of_many_departments_fit_xmlrpc_and_find_their_rows(self):
        accounts = self._accounts(self.plans["department"], 70)
        bill = self._bill(
            (700.0, self.office, {str(a.id): 100 / 70 for a in accounts}, None)
        )

        rows = self.env["procurify.payable"].search([("move_id", "=", bill.id)])

        self.assertGreaterEqual(len(rows), 70)
        self.assertEqual(len(set(rows.ids)), len(rows))
        self.assertTrue(all(abs(number) < 2**31 for number in rows.ids))
        self.env.invalidate_all()
        self.assertGreaterEqual(rows.department_id, accounts)

    def test_drafts_and_paid_bills_are_not_owed(self):
        draft = self._bill((10.0, self.office, False, None), post=False)
        paid = self._bill((10.0, self.office, False, None))
        self._pay(paid, 10.0)

        self.assertFalse(self._of(draft | paid, ["move_id"]))

    # === HELPERS === #

    def _pay(self, move, amount):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        )
        wizard.create({"amount": amount})._create_payments()

    def _of(self, moves, groupby):
        domain = [("move_id", "in", moves.ids)]
        found = self._pivot("procurify.payable", groupby, domain=domain)
        return {key: money(amount) for key, amount in found.items()}


@tagged("post_install", "-at_install", "procurify")
class TestAnalysisOfImports(SharedCommon):
    """Bills that the connector made, with who requested them and when."""

    @classmethod
    def _make(cls):
        for scenario in ("plain", "split_departments", "foreign_eur", "order_coding"):
            cls.dataset.add_bill(scenario)

    def _moves(self):
        ids = self._records("bill", state="done").mapped("res_id")
        return self.env["account.move"].browse(ids)

    def test_bills_of_procurify_are_spent_by_its_departments_and_locations(self):
        moves = self._moves()
        self.assertTrue(moves)
        rows = self.env["procurify.spend"].search([("move_id", "in", moves.ids)])

        self.assertTrue(all(rows.mapped("is_from_procurify")))
        self.assertTrue(all(row.department_id and row.location_id for row in rows))
        items = moves.line_ids.filtered(lambda line: line.display_type == "product")
        self.assertGreaterEqual(rows.account_id, items.account_id)

    def test_requester_is_who_procurify_names(self):
        for record in self._records("bill", state="done"):
            self.assertEqual(
                record.remote_requester or "", record.requester_names, record.name
            )
        found = self.env["procurify.spend"].formatted_read_group(
            [("is_from_procurify", "=", True)], ["requester"], ["amount:sum"]
        )
        self.assertTrue({row["requester"] for row in found} - {False})

    def test_sums_of_a_pivot_are_those_that_odoo_adds_up_for_each_set(self):
        spend = self.env["procurify.spend"]
        sums = ["amount:sum", "original_amount:sum", "__count"]
        for rows, columns in (
            (["department_id", "account_id"], ["date:month"]),
            (["requester"], []),
            ([], ["date:quarter", "state"]),
        ):
            sets = [
                rows[:row] + columns[:column]
                for row in range(len(rows) + 1)
                for column in range(len(columns) + 1)
            ]
            for domain in ([], [("id", "=", 0)]):
                with self.subTest(rows=rows, columns=columns, domain=domain):
                    asked = (domain, sets, sums, ", ".join(rows + columns))
                    found = spend._read_grouping_sets(*asked)
                    odoo = BaseModel._read_grouping_sets(spend, *asked)
                    self.assertEqual(_rounded_sets(found), _rounded_sets(odoo))
        self.assertTrue(spend.search_count([]))

    def test_days_are_counted_between_the_three_moments(self):
        record = self._records("bill", state="done")[0]
        record.sudo().remote_approved_at = datetime(2026, 3, 1, 12)
        move = self.env["account.move"].browse(record.res_id)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET create_date = %s WHERE id = %s",
            [datetime(2026, 3, 3, 0), move.id],
        )
        with freeze_time("2026-03-07 00:00:00"):
            move.action_post()

        row = self.env["procurify.cycle"].search([("move_id", "=", move.id)])

        self.assertEqual(
            (row.days_to_draft, row.days_to_post, row.days_in_all), (1.5, 4.0, 5.5)
        )

    def test_bill_that_is_posted_at_once_waited_for_nothing(self):
        move = self._moves()[0]
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move SET create_date = %s WHERE id = %s",
            [datetime(2026, 3, 7, 0, 0, 0, 600_000), move.id],
        )
        with freeze_time("2026-03-07 00:00:00"):
            move.action_post()

        [found] = self.env["procurify.cycle"].formatted_read_group(
            [("move_id", "=", move.id)], [], ["days_to_post:avg"]
        )

        # Nothing at all would not be a number.
        self.assertIsInstance(found["days_to_post:avg"], float)
        self.assertEqual(found["days_to_post:avg"], 0)

    def test_average_skips_what_is_not_known(self):
        first, second, *others = self._records("bill", state="done").sudo()
        for record in others:
            record.remote_approved_at = False
        first.remote_approved_at = datetime(2026, 3, 1)
        second.remote_approved_at = datetime(2100, 1, 1)  # again, after the draft
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move SET create_date = '2026-03-11'")

        [found] = self.env["procurify.cycle"].formatted_read_group(
            [], [], ["days_to_draft:avg", "__count"]
        )

        self.assertEqual(found["days_to_draft:avg"], 10)
        self.assertEqual(found["__count"], len(others) + 2)

    def test_first_posting_is_kept_when_a_bill_is_posted_again(self):
        move = self._moves()[0]
        with freeze_time("2026-03-07"):
            move.action_post()
        move.button_draft()
        self.assertEqual(move.procurify_posted_at, datetime(2026, 3, 7))
        move.action_post()
        self.assertEqual(move.procurify_posted_at, datetime(2026, 3, 7))

    def test_approval_is_the_one_that_the_bill_states(self):
        for record in self._records("bill", state="done"):
            bill, data = record._read_payload()
            self.assertTrue(record.remote_approved_at)
            last = [s["date"] for s in data["bill_statuses"] if s["status"] == 2][-1]
            told = datetime.fromisoformat(last)
            told = (told - told.utcoffset()).replace(tzinfo=None, microsecond=0)
            self.assertEqual(record.remote_approved_at, told)

    def test_migration_notes_what_was_not_noted(self):
        move = self._moves()[0]
        move.action_post()
        self.env.flush_all()
        records = self._records("bill").sudo()
        names = ["remote_requester", "remote_approved_at"]
        before = records.read(names)
        records.write(dict.fromkeys(names, False))
        move.procurify_posted_at = False
        message = self.env["mail.message"].create(
            {"model": "account.move", "res_id": move.id, "date": "2026-03-08 10:00:00"}
        )
        state = self.env["ir.model.fields"]._get("account.move", "state")
        self.env["mail.tracking.value"].create(
            {
                "field_id": state.id,
                "old_value_char": "Draft",
                "new_value_char": "Posted",
                "mail_message_id": message.id,
            }
        )
        self.env.flush_all()

        script = ROOT / "migrations/19.0.1.2.0/post-analysis.py"
        runpy.run_path(str(script))["migrate"](self.cr, "19.0.1.1.0")

        self.env.invalidate_all()
        self.assertEqual(records.read(names), before)
        self.assertEqual(move.procurify_posted_at, datetime(2026, 3, 8, 10))


def _rounded(amounts):
    """Return those that are not zero, in cents."""
    cents = {key: money(amount) for key, amount in amounts.items()}
    return {key: amount for key, amount in cents.items() if amount}


def _key(value):
    """Return an id, a month's number, or a plain value of a group."""
    if not isinstance(value, (tuple, list)):
        return value
    first = value[0]
    return date.fromisoformat(first).month if isinstance(first, str) else first


def _rounded_sets(sets):
    return [
        [
            tuple(round(v, 6) if isinstance(v, float) else v for v in group)
            for group in groups
        ]
        for groups in sets
    ]
