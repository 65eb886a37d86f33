"""Lines that the connector names itself speak the language of the books."""

from decimal import Decimal

from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import code_translations

from odoo.addons.procurify_connector.importers.documents import line_words
from odoo.addons.procurify_connector.procurify.arithmetic import NetLine
from odoo.addons.procurify_connector.procurify.order_arithmetic import Extra

GERMAN = {
    "Shipping": "Versand",
    "Freight": "Fracht",
    "Other costs": "Sonstige Kosten",
    "Tax": "Steuer",
    "Discount": "Rabatt",
    "Cost": "Kosten",
}


@tagged("post_install", "-at_install", "procurify")
class TestLineWords(TransactionCase):
    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("de_DE")
        key = ("procurify_connector", "de_DE")
        known = code_translations.get_python_translations(*key)
        self.patch(
            code_translations,
            "python_translations",
            {**code_translations.python_translations, key: {**known, **GERMAN}},
        )
        self.german = self.env(context={"lang": "de_DE"})

    def test_extras_of_an_order_are_named_in_the_users_language(self):
        for kind, label, expected in (
            ("shipping", "Shipping: Bolts", "Versand: Bolts"),
            ("freight", "Freight", "Fracht"),
            ("other", "Other costs", "Sonstige Kosten"),
            ("tax", "Tax 5 %", "Steuer 5 %"),
            ("discount", "Discount 2.5 %", "Rabatt 2.5 %"),
        ):
            extra = Extra(kind, label, Decimal(1), None)
            self.assertEqual(line_words(self.german, extra), expected)
            self.assertEqual(line_words(self.env, extra), label)

    def test_lines_of_a_bill_are_named_in_the_users_language(self):
        for kind, label, expected in (
            ("shipping", "Shipping: Bolts", "Versand: Bolts"),
            ("cost", "Cost", "Kosten"),
            # What people wrote in Procurify stays as they wrote it.
            ("cost", "Cost of the crane", "Cost of the crane"),
            ("item", "Freight", "Freight"),
            ("extra", "Tax", "Tax"),
        ):
            line = NetLine("x", label, None, (), Decimal(1), kind=kind)
            self.assertEqual(line_words(self.german, line), expected)
