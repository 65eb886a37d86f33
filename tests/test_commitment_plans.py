"""Commitments by analytic account add up to the order, for every distribution."""

import random
from collections import defaultdict
from decimal import Decimal

from odoo.fields import Command
from odoo.tests import tagged

from .common import ProcurifyCommon

LINES = 200


@tagged("post_install", "-at_install", "procurify")
class TestCommitmentPlans(ProcurifyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plans["other"] = cls.env["account.analytic.plan"].create({"name": "Other"})
        below = cls.env["account.analytic.plan"].create(
            {"name": "Teams", "parent_id": cls.plans["department"].id}
        )
        cls.departments = cls._accounts(cls.plans["department"], 2)
        cls.departments |= cls._accounts(below, 1)
        cls.locations = cls._accounts(cls.plans["location"], 3)
        cls.others = cls._accounts(cls.plans["other"], 2)

    @classmethod
    def _accounts(cls, plan, count):
        return cls.env["account.analytic.account"].create(
            [{"name": f"{plan.name} {n}", "plan_id": plan.id} for n in range(count)]
        )

    # === EXAMPLES === #

    def test_line_coded_for_60_percent_is_committed_in_full(self):
        a, *_rest = self.departments
        order = self._order([{str(a.id): 60.0}], price=366.21)

        found = self._by(order, "department_id")

        self.assertEqual(self._cents(found[a]), "219.73")
        self.assertEqual(self._cents(found[a.browse()]), "146.48")
        self.assertEqual(self._committed(order), "366.21")

    def test_shares_in_another_currency_are_committed_in_the_companys(self):
        a, *_rest = self.departments
        currency = self.env.ref("base.EUR")
        currency.active = True
        order = self._order([{str(a.id): 60.0}], price=400.0, currency=currency)
        order.currency_rate = 2.0

        found = self._by(order, "department_id")

        self.assertEqual(self._cents(found[a]), "120.00")
        self.assertEqual(self._cents(found[a.browse()]), "80.00")
        self.assertEqual(self._rows(order).currency_id, self.company.currency_id)

    def test_two_plans_in_keys_of_their_own_are_counted_once(self):
        a, b = self.departments[0], self.locations[0]
        order = self._order([{str(a.id): 100.0, str(b.id): 100.0}], price=366.21)

        rows = self._rows(order)

        self.assertEqual(len(rows), 1)
        self.assertEqual((rows.department_id, rows.location_id), (a, b))
        self.assertEqual(self._committed(order), "366.21")

    def test_line_without_distribution_is_under_no_analytic_account(self):
        order = self._order([False, {}], price=10.0)

        self.assertEqual(self._committed(order), "20.00")
        self.assertFalse(self._rows(order).department_id)

    def test_deleted_analytic_account_is_under_no_analytic_account(self):
        order = self._order([{"999999999": 100.0}], price=10.0)

        self.assertEqual(self._committed(order), "10.00")
        self.assertFalse(self._rows(order).department_id)

    def test_more_than_100_percent_still_adds_up_to_the_order(self):
        a, b, _c = self.departments
        order = self._order([{str(a.id): 100.0, str(b.id): 50.0}], price=100.0)

        found = self._by(order, "department_id")

        self.assertEqual(self._cents(found[a]), "100.00")
        self.assertEqual(self._cents(found[b]), "50.00")
        self.assertEqual(self._cents(found[a.browse()]), "-50.00")

    # === CONNECTIONS === #

    def test_another_companys_plans_do_not_count_here(self):
        """There the same plan is the one of the locations."""
        other = self.setup_other_company()["company"]
        self._connect(
            company_id=other.id,
            department_plan_id=self.plans["location"].id,
            location_plan_id=self.plans["department"].id,
        )
        a, b = self.departments[0], self.locations[0]
        order = self._order([{f"{a.id},{b.id}": 100.0}], price=10.0)

        rows = self._rows(order)

        self.assertEqual((rows.department_id, rows.location_id), (a, b))

    def test_archived_connection_counts_only_where_there_is_no_other(self):
        a, other = self.departments[0], self.others[0]
        self.connection.active = False
        order = self._order([{str(a.id): 100.0, str(other.id): 100.0}], price=10.0)
        self.assertEqual(self._rows(order).department_id, a)

        self._connect(department_plan_id=self.plans["other"].id)

        self.assertEqual(self._rows(order).department_id, other)
        self.assertEqual(self._committed(order), "10.00")

    def test_branch_without_a_connection_has_the_plans_of_its_parent(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.env.user.company_ids |= branch
        self.env.user.company_id = self.company
        a, *_rest = self.departments
        env = self.env(
            context=dict(
                self.env.context, allowed_company_ids=[branch.id, self.company.id]
            )
        )
        order = self._order([{str(a.id): 100.0}], price=10.0, env=env)

        self.assertEqual(order.company_id, branch)
        self.assertEqual(self._rows(order).department_id, a)

    # === EVERY DISTRIBUTION === #

    def test_every_distribution_adds_up_in_each_plan(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                self._check_all(random.Random(seed))

    def _check_all(self, chance):
        wanted = [self._distribution(chance) for _number in range(LINES)]
        order = self._order(wanted, price=366.21)
        rows = self._rows(order).grouped("line_id")
        accounts = self.departments | self.locations
        for line in order.order_line:
            mine = rows[line]
            self.assertEqual(self._cents(sum(mine.mapped("committed"))), "366.21")
            for name, plan in (
                ("department_id", self.departments),
                ("location_id", self.locations),
            ):
                expected = self._oracle(line, plan)
                found = defaultdict(Decimal)
                for row in mine:
                    found[row[name].id] += Decimal(str(row.committed))
                for account in (*accounts.ids, False):
                    self.assertAlmostEqual(
                        found.get(account, 0), expected.get(account, 0), 2, mine
                    )

    def _oracle(self, line, plan):
        """Return what each account of ``plan`` bears, worked out key by key."""
        amount = Decimal(str(line.price_subtotal))
        borne = defaultdict(Decimal)
        for key, share in (line.analytic_distribution or {}).items():
            for account in {int(i) for i in key.split(",")} & set(plan.ids):
                borne[account] += amount * Decimal(str(share)) / 100
        borne[False] = amount - sum(borne.values())
        return borne

    def _distribution(self, chance):
        pools = (self.departments.ids, self.locations.ids, self.others.ids)
        distribution = {}
        for _key in range(chance.randint(0, 5)):
            chosen = [chance.choice(p) for p in pools if chance.random() < 0.6]
            chance.shuffle(chosen)
            key = ",".join(map(str, chosen))
            share = chance.choice(
                [100.0, 50.0, 33.33, 12.5, 0.0, -25.0, 150.0, chance.uniform(0, 100)]
            )
            if key:
                distribution[key] = share
        return distribution or chance.choice([False, {}])

    def test_shares_that_fit_make_no_negative_rows(self):
        chance = random.Random(7)
        wanted = []
        for _number in range(50):
            halves = [chance.uniform(1, 99) for _plan in range(2)]
            wanted.append(
                {
                    str(account): share
                    for half, pool in zip(
                        halves, (self.departments, self.locations), strict=True
                    )
                    for account, share in zip(
                        pool.ids, (half, 100 - half), strict=False
                    )
                }
            )
        order = self._order(wanted, price=100.0)

        rows = self._rows(order)

        self.assertGreaterEqual(min(rows.mapped("committed")), 0)
        self.assertEqual(len(rows.filtered("department_id").mapped("line_id")), 50)

    # === HELPERS === #

    def _order(self, distributions, price, env=None, currency=None):
        order = (env or self.env)["purchase.order"].create(
            {
                "partner_id": self.partner_a.id,
                "currency_id": (currency or self.company.currency_id).id,
                "order_line": [
                    Command.create(
                        {
                            "name": f"Line {number}",
                            "product_id": self.product_a.id,
                            "product_qty": 1.0,
                            "price_unit": price,
                            "tax_ids": [],
                            "analytic_distribution": distribution,
                        }
                    )
                    for number, distribution in enumerate(distributions)
                ],
            }
        )
        self.env.flush_all()
        return order

    def _rows(self, order):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["procurify.commitment"].search([("order_id", "=", order.id)])

    def _by(self, order, name):
        return {
            account: sum(rows.mapped("committed"))
            for account, rows in self._rows(order).grouped(name).items()
        }

    def _committed(self, order):
        return self._cents(sum(self._rows(order).mapped("committed")))

    @staticmethod
    def _cents(amount):
        return f"{round(amount, 2):.2f}"
