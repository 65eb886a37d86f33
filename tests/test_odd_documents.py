"""Documents that are valid and unusual, and what a person decided about them."""

import json
from copy import deepcopy
from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.procurify_connector.simulator.order_documents import OrderRenderer

from .tax_case import BASE, TaxCase


@tagged("post_install", "-at_install", "procurify")
class TestOddBills(TaxCase):
    # === CURRENCIES === #

    def test_cost_in_another_currency_than_its_bill_is_on_hold(self):
        euro = self._records("currency", code="EUR")
        detail = self._with_cost(int(euro.external_id))

        record = self._stage_documents("bill", [detail])
        self._import()

        self.assertEqual(self._codes(record), {"several_currencies"})
        self.assertIn("EUR", record.issue_ids.message)

    def test_cost_in_a_currency_that_nobody_knows_is_on_hold(self):
        record = self._stage_documents("bill", [self._with_cost(9999)])
        self._import()

        self.assertEqual(self._codes(record), {"several_currencies"})

    def test_cost_in_the_currency_of_its_bill_is_booked(self):
        for number in (BASE, None):
            with self.subTest(currency=number):
                record = self._stage_documents("bill", [self._with_cost(number)])
                self._import()

                self.assertEqual(self._booked(record).amount_total, 140)

    # === ALLOCATIONS THAT CANCEL EACH OTHER OUT === #

    def test_line_of_nothing_moves_an_amount_to_another_account(self):
        detail, codes = self._moving(0)

        record = self._stage_documents("bill", [detail])
        self._import()

        lines = self._booked(record).invoice_line_ids
        found = {code: self._on(lines, code) for code in codes}
        self.assertEqual(found, dict(zip(codes, (100.0, -100.0), strict=True)))

    def test_line_of_nothing_moves_an_amount_to_another_department(self):
        departments = self._records("department", state="done")[:2]
        detail, codes = self._moving(0)
        first, second = detail["items"][0]["cost_allocations"]
        second["budget"]["account_code"] = first["budget"]["account_code"]
        for share, row in zip((first, second), departments, strict=True):
            share["budget"]["department"] = json.loads(row.payload)

        record = self._stage_documents("bill", [detail])
        self._import()

        lines = self._booked(record).invoice_line_ids
        lines = lines.filtered(lambda line: line.account_id.code == codes[0])
        self.assertEqual(sorted(lines.mapped("balance")), [-100.0, 100.0])
        places = lines.mapped(lambda line: tuple(line.analytic_distribution))
        self.assertEqual(len(set(places)), 2)

    def test_amount_of_which_allocations_make_nothing_is_on_hold(self):
        detail, _codes = self._moving(50)

        record = self._stage_documents("bill", [detail])
        self._import()

        self.assertEqual(self._codes(record), {"invalid_payload"})

    # === WHAT A PERSON DECIDED === #

    def test_draft_that_a_person_wants_posted_by_its_date_stays_so(self):
        detail = self._bill_detail({"net": 100})
        record = self._stage_documents("bill", [detail])
        self._import()
        move = self._booked(record)
        move.auto_post = "at_date"

        self._revise(detail, 60)

        self.assertEqual((move.amount_total, move.auto_post), (60, "at_date"))

    def test_bill_of_nothing_that_gets_an_amount_is_posted_by_policy(self):
        self.connection.bill_policy = "posted"
        detail = self._bill_detail({"net": 0})
        record = self._stage_documents("bill", [detail])
        self._import()
        move = self._booked(record)
        self.assertEqual(move.state, "draft")

        self._revise(detail, 60)

        self.assertEqual((move.amount_total, move.state), (60, "posted"))
        move.button_draft()
        self._revise(detail, 70)
        self.assertEqual((move.amount_total, move.state), (70, "draft"))

    # === ORDERS === #

    def test_unit_of_what_is_billed_is_not_exchanged(self):
        """Five dozens would be sixty of ten."""
        self.connection.unit_policy = "hold"
        record = self._order(unit="dozens")
        unit = self._records("unit").filtered(lambda row: "dozens" in row.name)
        self._map(unit, self.env.ref("uom.product_uom_dozen"))
        self._import()
        line = self._booked(record).order_line
        detail = json.loads(record.payload)
        self._bill_of(detail, 5)
        self.assertEqual(line.qty_invoiced, 5)

        self._map(unit, self.env.ref("uom.product_uom_unit"))
        self._stage_documents("purchase_order", [detail | {"comment": "Changed"}])
        self._import()

        self.assertEqual(self._codes(record), {"changed_after_booking"})
        self.assertEqual(line.product_uom_id, self.env.ref("uom.product_uom_dozen"))
        self.assertEqual(line.qty_invoiced, 5)

    def test_unit_of_what_is_not_billed_follows(self):
        record = self._order(unit="dozens")
        line = self._booked(record).order_line
        unit = self._records("unit").filtered(lambda row: "dozens" in row.name)

        self._map(unit, self.env.ref("uom.product_uom_dozen"))
        detail = json.loads(record.payload) | {"comment": "Changed"}
        self._stage_documents("purchase_order", [detail])
        self._import()

        self.assertEqual(line.product_uom_id, self.env.ref("uom.product_uom_dozen"))

    # === HELPERS === #

    def _with_cost(self, currency):
        """Return a bill of 100 with a cost of 40 in a currency, by its id."""
        detail = self._bill_detail({"net": 100})
        share = deepcopy(detail["items"][0]["cost_allocations"][0])
        cost = {"id": 5001, "name": "Brokerage", "amount": "40.00000000"}
        cost |= {"bill": detail["id"], "cost": 2, "currency": currency}
        detail["costs"] = [cost | {"cost_allocation": share | {"amount": "40"}}]
        totals = ("total_cost", "total_cost_with_tax", "converted_total_cost")
        return detail | dict.fromkeys(totals, Decimal(140))

    def _moving(self, net):
        """Return a bill with a line of ``net``, 100 of it here and -100 there, and the
        codes of both accounts."""
        detail = self._bill_detail({"net": net}, {"net": 100})
        first = detail["items"][0]["cost_allocations"][0] | {"amount": "100"}
        code = first["budget"]["account_code"]
        others = self._records("account_code", state="done")
        other = others.filtered(lambda row: row.external_id != str(code["id"]))[0]
        second = deepcopy(first) | {"id": 4242, "amount": "-100"}
        second["budget"]["account_code"] = json.loads(other.payload)
        detail["items"][0]["cost_allocations"] = [first, second]
        # The other line is for an account of its own.
        third = others.filtered(
            lambda row: row.external_id != str(code["id"]) and row != other
        )[0]
        share = detail["items"][1]["cost_allocations"][0]
        share["budget"] = share["budget"] | {"account_code": json.loads(third.payload)}
        return detail, (code["code"], other.code)

    @staticmethod
    def _on(lines, code):
        mine = lines.filtered(lambda line: line.account_id.code == code)
        return sum(mine.mapped("balance"))

    def _revise(self, detail, amount):
        new, amount = deepcopy(detail), Decimal(amount)
        totals = ("total_cost", "total_cost_with_tax")
        new["items"][0] |= dict.fromkeys((*totals, "unit_cost"), amount)
        new["items"][0]["cost_allocations"][0]["amount"] = str(amount)
        names = (*totals, "subtotal_cost", "converted_total_cost")
        self._stage_documents("bill", [new | dict.fromkeys(names, amount)])
        self._import()

    def _order(self, **line):
        """Import an order of ten for ten each, in the company's own currency."""
        order_id = self.dataset.add_order("plain")
        detail = OrderRenderer(self.dataset).detail(self.dataset.order(order_id))
        base = detail["purchased_currency"] | {"id": BASE, "name": "USD"}
        number = next(self.numbers)
        detail |= {"procurify_PO": 850_000 + number, "uuid": f"{number:032x}"}
        detail |= {"number": f"ODD-{number}", "PO_Num": None, "cost_details": None}
        first = self._order_line(detail["order_items"][0], detail, number, {"net": 100})
        first |= {"quantity": 10, "price": 10, "currency": base} | line
        detail |= {"order_items": [first], "subtotal": 100, "total": 100}
        detail |= {"purchased_currency": base}
        record = self._stage_documents("purchase_order", [detail])
        self._import()
        return record

    def _bill_of(self, order, quantity):
        [line] = order["order_items"]
        item = {"net": 10 * quantity, "quantity": str(quantity), "unit_cost": 10}
        item["orderitem"] = line | {"purchase_order": order["procurify_PO"]}
        item["po"] = {"id": order["procurify_PO"], "number": order["number"]}
        bill = self._stage_bill(item, vendor=order["pref_vendor"])
        self._import()
        return self._booked(bill)
