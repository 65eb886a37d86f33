"""A bill whose amounts are given with its lines is the one that Odoo makes itself."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.account.models.account_move_line import AccountMoveLine
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.procurify_connector.importers.bills.importer import LineAmounts

# What is another one each time, or speaks of this very bill and its lines.
_OWN = {"id", "create_date", "write_date", "access_token"}
_OF_BILLS = {"account.move", "account.move.line"}


@tagged("post_install", "-at_install", "procurify")
class TestBillAmounts(AccountTestInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.setup_other_currency("EUR", rates=[("2020-01-01", 0.937)])
        cls.vat = cls._tax(20.0)
        cls.reduced = cls._tax(5.5)
        cls.included = cls._tax(20.0, price_include_override="tax_included")

    @classmethod
    def _tax(cls, amount, **values):
        """Return a purchase tax with a grid for its net amount and one for its own."""
        grids = cls.env["account.account.tag"].create(
            [
                {"name": f"{kind} {amount} {values}", "applicability": "taxes"}
                for kind in ("net", "tax", "net refunded", "tax refunded")
            ]
        )

        def repartition(net, tax):
            return [
                Command.create(
                    {"repartition_type": kind, "tag_ids": [Command.set(grid.ids)]}
                )
                for kind, grid in (("base", net), ("tax", tax))
            ]

        return cls.env["account.tax"].create(
            {
                "name": f"Tax of {amount} {values}",
                "amount": amount,
                "type_tax_use": "purchase",
                "invoice_repartition_line_ids": repartition(*grids[:2]),
                "refund_repartition_line_ids": repartition(*grids[2:]),
            }
            | values
        )

    # === THE BILLS === #

    def test_with_taxes_that_come_on_top(self):
        self._assert_same(self._bill(self.vat, self.reduced))

    def test_without_taxes(self):
        self._assert_same(self._bill(None))

    def test_with_a_tax_that_prices_include(self):
        bill = self._bill(self.vat)
        bill["invoice_line_ids"].append(self._line(self.included, 3.0, 119.99))
        self._assert_same(bill)

    def test_with_a_tax_as_procurify_rounded_it(self):
        line = self._line(self.included, 1.0, 120.0)
        line[2]["extra_tax_data"] = {
            "currency_id": self.company_data["currency"].id,
            "price_unit": 120.0,
            "quantity": 1.0,
            "discount": 0.0,
            "manual_total_excluded_currency": 100.01,
            "manual_tax_amounts": {
                str(self.included.id): {
                    "base_amount_currency": 100.01,
                    "tax_amount_currency": 19.99,
                }
            },
        }
        self._assert_same(self._bill(None) | {"invoice_line_ids": [line]})

    def test_with_a_group_of_taxes(self):
        group = self.env["account.tax"].create(
            {
                "name": "Both",
                "amount_type": "group",
                "type_tax_use": "purchase",
                "children_tax_ids": [Command.set((self.vat | self.reduced).ids)],
            }
        )
        self._assert_same(self._bill(group))

    def test_with_a_tax_that_is_due_on_payment(self):
        self.env.company.tax_exigibility = True
        account = self.company_data["default_account_tax_purchase"].copy(
            {"reconcile": True}
        )
        due_later = self._tax(
            21.0,
            tax_exigibility="on_payment",
            cash_basis_transition_account_id=account.id,
        )
        self._assert_same(self._bill(due_later, self.vat))

    def test_with_a_product_that_has_a_grid_of_its_own(self):
        tag = self.env["account.account.tag"].create(
            {"name": "Goods", "applicability": "products"}
        )
        self.product_a.account_tag_ids = tag
        bill = self._bill(self.vat)
        bill["invoice_line_ids"][0][2]["product_id"] = self.product_a.id
        self._assert_same(bill)

    def test_of_a_refund(self):
        self._assert_same(
            self._bill(self.vat, self.reduced) | {"move_type": "in_refund"}
        )

    def test_in_a_foreign_currency(self):
        bill = self._bill(self.vat, None) | {"currency_id": self.euro.id}
        self._assert_same(bill, may_correct=True)

    def test_at_a_rate_that_procurify_says(self):
        self._assert_same(
            self._bill(self.vat)
            | {"currency_id": self.euro.id, "invoice_currency_rate": 0.5}
        )

    def test_without_a_date(self):
        self._assert_same(self._bill(self.vat) | {"invoice_date": False})

    def test_paid_in_several_instalments(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "30 % now, the rest in two months",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": share, "nb_days": days}
                    )
                    for share, days in ((30.0, 0), (70.0, 60))
                ],
            }
        )
        found = self._assert_same(
            self._bill(self.vat, self.reduced) | {"invoice_payment_term_id": term.id}
        )
        terms = [x for x in found["lines"] if x["display_type"] == "payment_term"]
        self.assertEqual(len(terms), 2)

    def test_with_the_rounding_of_cash(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "To five cents",
                "rounding": 0.05,
                "strategy": "add_invoice_line",
                "profit_account_id": self.company_data["default_account_revenue"].id,
                "loss_account_id": self.company_data["default_account_expense"].id,
                "rounding_method": "HALF-UP",
            }
        )
        found = self._assert_same(
            self._bill(self.vat) | {"invoice_cash_rounding_id": rounding.id}
        )
        self.assertIn("rounding", [line["display_type"] for line in found["lines"]])

    def test_with_a_note_among_its_lines(self):
        bill = self._bill(self.vat)
        note = {"display_type": "line_note", "name": "Not counted", "account_id": False}
        bill["invoice_line_ids"].append(Command.create(note))
        self._assert_same(bill)

    def test_where_taxes_are_rounded_over_the_whole_bill(self):
        self.env.company.tax_calculation_rounding_method = "round_globally"
        bill = self._bill(self.vat)
        bill["invoice_line_ids"] = [
            self._line(self.included, 1.0, price) for price in (10.03, 10.03, 10.04)
        ]
        self._assert_corrected(bill)

    # === COMPARING === #

    def _bill(self, *taxes):
        return {
            "move_type": "in_invoice",
            "partner_id": self.partner_a.id,
            "currency_id": self.company_data["currency"].id,
            "ref": "R-1",
            "invoice_date": "2024-03-05",
            "date": "2024-03-05",
            "invoice_line_ids": [
                self._line(tax, quantity, price)
                for tax in taxes
                for quantity, price in ((3.0, 33.33), (1.0, -4.99), (0.5, 1234.56))
            ],
        }

    def _line(self, tax, quantity, price):
        return Command.create(
            {
                "name": f"{quantity} at {price}",
                "account_id": self.company_data["default_account_expense"].id,
                "quantity": quantity,
                "price_unit": price,
                "tax_ids": [Command.set(tax.ids)] if tax else [],
            }
        )

    def _assert_same(self, bill, *, may_correct=False):
        """Compare every stored field of the bill and of its lines.

        :param may_correct: Odoo spreads a cent that nobody can foresee
        :returns: the bill as Odoo makes it, for more to be asserted
        """
        completed = LineAmounts(self.env).completed(bill)
        self.assertNotEqual(completed, bill)
        plain, _writes = self._made(bill)
        given, writes = self._made(completed)
        self.maxDiff = None
        self.assertEqual(given, plain)
        if not may_correct:
            self.assertEqual(writes, 0, "Odoo wrote lines once more")
        return plain

    def _assert_corrected(self, bill):
        """What was foreseen wrongly is as Odoo makes it, and not as it was given."""
        completed = LineAmounts(self.env).completed(bill)
        given = [
            line["amount_currency"] for _c, _i, line in completed["invoice_line_ids"]
        ]
        plain = self._assert_same(bill, may_correct=True)
        made = [x for x in plain["lines"] if x["display_type"] == "product"]
        self.assertNotEqual([line["amount_currency"] for line in made], given)

    def _made(self, bill):
        """Return all that is stored of a bill, and how often its lines were written."""
        savepoint = self.env.cr.savepoint()
        with savepoint, self._counted_writes() as writes:
            move = self.env["account.move"].create(bill)
            self.env.flush_all()
            self.env.invalidate_all()
            found = self._stored(move) | {
                "lines": [self._stored(line) for line in move.line_ids.sorted("id")]
            }
            savepoint.rollback()
        self.env.invalidate_all()
        return found, len(writes)

    @contextmanager
    def _counted_writes(self):
        writes, write = [], AccountMoveLine.write

        def counted(lines, values):
            if "amount_currency" in values and lines.display_type == "product":
                writes.append(values)
            return write(lines, values)

        with patch.object(AccountMoveLine, "write", counted):
            yield writes

    def _stored(self, record):
        return {
            name: field.convert_to_read(record[name], record, False)
            for name, field in record._fields.items()
            if field.store
            and name not in _OWN
            and field.comodel_name not in _OF_BILLS
            and field.type != "one2many"
        }
