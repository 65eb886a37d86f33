"""Which extra of an order a bill's item is for: by type and amount, never by words."""

from decimal import Decimal
from types import SimpleNamespace

from odoo.tests import TransactionCase, tagged

from odoo.addons.procurify_connector.importers.bills.links import _match_extras


@tagged("post_install", "-at_install", "procurify")
class TestExtras(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        order = cls.env["purchase.order"].create(
            {"partner_id": cls.env["res.partner"].create({"name": "Castings"}).id}
        )
        product = cls.env["product.product"].create({"name": "Extra"})
        amounts = {"tax": 12.0, "freight": 35.0, "other": 35.0, "discount": -10.0}
        cls.lines = {
            kind: cls.env["purchase.order.line"].create(
                {
                    "order_id": order.id,
                    "product_id": product.id,
                    "name": kind,
                    "product_qty": 1,
                    "price_unit": amount,
                    "tax_ids": False,
                }
            )
            for kind, amount in amounts.items()
        }

    def test_the_type_says_it_whatever_the_amount_is(self):
        items = [("freight", 40), ("tax", 35), ("discount", -9)]
        self._assert_kinds(items, ["freight", "tax", "discount"])

    def test_without_a_type_the_amount_says_it(self):
        self._assert_kinds([("", -10), ("", 12)], ["discount", "tax"])

    def test_a_refund_takes_the_amounts_back(self):
        self._assert_kinds([("", 10), ("", -12)], ["discount", "tax"], sign=-1)

    def test_one_of_two_of_an_amount_is_not_guessed(self):
        self._assert_kinds([("", 35)], [None])

    def test_two_of_an_amount_are_both(self):
        self._assert_kinds([("", 35), ("odd", 35)], ["freight", "other"])

    def test_the_last_item_is_for_the_last_extra(self):
        items = [("", 12), ("", -10), ("other", 35), ("", 48)]
        self._assert_kinds(items, ["tax", "discount", "other", "freight"])

    def test_the_last_item_is_not_for_an_extra_of_the_other_sign(self):
        items = [("", 12), ("", 35), ("", 35), ("", 48)]
        self._assert_kinds(items, ["tax", "freight", "other", None])

    def test_an_item_of_a_type_that_the_order_lacks_is_for_none(self):
        extras = [("tax", self.lines["tax"])]
        item = SimpleNamespace(id=1, type="freight", total_cost=Decimal(12))

        self.assertEqual(self._match([item], extras), {})

    def test_an_order_without_extras_has_none(self):
        item = SimpleNamespace(id=1, type="", total_cost=Decimal(12))

        self.assertEqual(self._match([item], []), {})

    def test_amounts_of_another_currency_are_not_compared(self):
        items = [SimpleNamespace(id=1, type="", total_cost=Decimal(12))]
        lines = list(self.lines.items())

        self.assertEqual(_match_extras(items, lines, 1, currency_id=-1), {})
        self.assertEqual(self._match(items, lines), {1: self.lines["tax"]})

    def _match(self, items, extras, sign=1):
        currency = self.lines["tax"].currency_id
        return _match_extras(items, extras, sign, currency.id)

    def _assert_kinds(self, items, kinds, sign=1):
        wanted = {
            number: self.lines[kind]
            for number, kind in enumerate(kinds)
            if kind is not None
        }
        found = self._match(
            [
                SimpleNamespace(id=number, type=kind, total_cost=Decimal(amount))
                for number, (kind, amount) in enumerate(items)
            ],
            list(self.lines.items()),
            sign,
        )

        self.assertEqual(found, wanted)
