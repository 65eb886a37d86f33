"""Taxes of every kind, booked as Odoo books them by hand, or on hold."""

from decimal import Decimal

from odoo.fields import Command
from odoo.tests import tagged

from .tax_case import TaxCase
from .test_reconciliation import EVER

DOMESTIC = {"tax_name": "VAT", "tax_percentage": "19.00000000", "tax": 4}


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestTaxes(TaxCase):
    INCLUDED = {"price_include_override": "tax_included"}
    # Of prices of 100.00 and 40.00: (net, tax).
    ONE_PERCENT = (("99.01", "0.99"), ("39.60", "0.40"))

    # === WHAT IS ADDED AND TAKEN OFF AGAIN === #

    def test_reverse_charge_is_booked_on_both_sides(self):
        tax = self._tax("19 % reverse", 19, (100, -100))
        record = self._stage_bill({"net": "100.00", **DOMESTIC})

        move = self._booked(self._import_mapped(record, tax))

        items = move.line_ids.filtered("tax_line_id")
        self.assertEqual(sorted(items.mapped("balance")), [-19.0, 19.0])
        self.assertEqual(move.amount_total, 100.0)
        self._assert_as_by_hand(move)

    def test_reverse_charge_of_a_refund_is_turned_around(self):
        tax = self._tax("19 % reverse", 19, (100, -100))
        record = self._stage_bill({"net": "-100.00", **DOMESTIC})

        move = self._booked(self._import_mapped(record, tax))

        self.assertEqual(move.move_type, "in_refund")
        self._assert_as_by_hand(move)

    def test_reverse_charge_at_nothing_in_procurify_is_booked_as_well(self):
        tax = self._tax("19 % reverse", 19, (100, -100))
        zero = DOMESTIC | {"tax_name": "Intra-EU", "tax_percentage": "0.00000000"}
        record = self._stage_bill({"net": "33.33", **zero}, {"net": "0.07", **zero})

        self._assert_as_by_hand(self._booked(self._import_mapped(record, tax)))

    def test_reverse_charge_where_taxes_are_rounded_over_the_bill(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        tax = self._tax("19 % reverse", 19, (100, -100))
        lines = [{"net": net, **DOMESTIC} for net in ("10.03", "10.03", "10.04")]
        record = self._stage_bill(*lines)

        self._assert_as_by_hand(self._booked(self._import_mapped(record, tax)))

    def test_tax_that_is_charged_is_on_hold_on_a_reverse_charge(self):
        tax = self._tax("19 % reverse", 19, (100, -100))
        record = self._stage_bill({"net": "100.00", "charged": "19.00", **DOMESTIC})

        self._import_mapped(record, tax)

        self.assertEqual(self._codes(record), {"tax_mismatch"})
        self.assertIn("19 % reverse", record.hold_reason)

    def test_tax_that_is_not_charged_is_on_hold_on_one_that_is(self):
        record = self._stage_bill({"net": "100.00", **DOMESTIC})

        self._import_mapped(record, self._tax("19 %", 19))

        self.assertEqual(self._codes(record), {"tax_mismatch"})

    def test_tax_on_hold_is_released_by_mapping_it_to_the_right_one(self):
        record = self._stage_bill({"net": "100.00", **DOMESTIC})
        self._import_mapped(record, self._tax("19 %", 19))

        self._map(self._records("tax"), self._tax("19 % reverse", 19, (100, -100)))
        self._import()

        self._assert_as_by_hand(self._booked(record))

    # === ZERO === #

    def test_tax_of_nothing_is_on_the_line_and_in_its_grid(self):
        tax = self._tax("Zero rated")
        zero = {"tax_name": "Zero rated", "tax_percentage": "0.00000000"}
        record = self._stage_bill({"net": "100.00", **zero})

        record.sudo()._import()

        move = self._booked(record)
        self.assertEqual(move.invoice_line_ids.tax_ids, tax)
        self.assertTrue(move.invoice_line_ids.tax_tag_ids)
        self._assert_as_by_hand(move)

    def test_tax_with_nothing_but_an_id_is_a_tax(self):
        tax = self._tax("Exempt")
        record = self._stage_bill({"net": "100.00", "tax_name": "", "tax": 17})

        move = self._booked(self._import_mapped(record, tax))

        self.assertEqual(move.invoice_line_ids.tax_ids, tax)
        self.assertEqual(self._records("tax").name, "Tax 17")

    def test_line_without_name_and_id_of_a_tax_has_none(self):
        none = {"tax_name": "", "tax_percentage": "0.00000000", "tax": None}
        record = self._stage_bill({"net": "100.00", **none})

        record.sudo()._import()

        self.assertFalse(self._booked(record).invoice_line_ids.tax_ids)
        self.assertFalse(self._records("tax"))

    def test_tax_of_nothing_is_on_the_line_of_an_order(self):
        tax = self._tax("Zero rated")
        zero = {"id": 9, "type": "percent", "value": "0", "name": "Zero rated"}
        record = self._stage_order({"net": "100.00", "taxes": [zero]})

        record.sudo()._import()

        order = self._booked(record)
        self.assertEqual(order.order_line.tax_ids, tax)
        self.assertEqual(order.amount_total, 100.0)

    # === GROUPS === #

    def test_tax_of_a_group_is_split_to_the_cent(self):
        gst, pst = self._tax("GST 5 %", 5), self._tax("PST 7 %", 7)
        both = self._group_of("GST + PST", gst, pst)
        taxed = {"tax_name": "GST/PST", "tax_percentage": "12.00000000"}
        record = self._stage_bill({"net": "10.10", "charged": "1.21", **taxed})

        move = self._booked(self._import_mapped(record, both))

        self.assertEqual(move.amount_total, 11.31)
        items = {i.tax_line_id: i.balance for i in move.line_ids if i.tax_line_id}
        self.assertEqual(items, {gst: 0.50, pst: 0.71})

    def test_group_whose_rounding_agrees_is_booked_as_by_hand(self):
        both = self._group_of(
            "Both", self._tax("GST of 5", 5), self._tax("PST of 7", 7)
        )
        taxed = {"tax_name": "GST/PST", "tax_percentage": "12.00000000"}
        record = self._stage_bill(
            {"net": "100.00", "charged": "12.00", **taxed},
            {"net": "-33.00", "charged": "-3.96", **taxed},
        )

        self._assert_as_by_hand(self._booked(self._import_mapped(record, both)))

    def test_group_of_a_refund_is_split_to_the_cent(self):
        gst, pst = self._tax("GST of 5", 5), self._tax("PST of 7", 7)
        both = self._group_of("Both", gst, pst)
        taxed = {"tax_name": "GST/PST", "tax_percentage": "12.00000000"}
        record = self._stage_bill({"net": "-10.10", "charged": "-1.21", **taxed})

        move = self._booked(self._import_mapped(record, both))

        self.assertEqual((move.move_type, move.amount_total), ("in_refund", 11.31))
        items = {i.tax_line_id: i.balance for i in move.line_ids if i.tax_line_id}
        self.assertEqual(items, {gst: -0.50, pst: -0.71})

    def test_group_whose_prices_contain_it_has_procurify_s_total(self):
        included = {"price_include_override": "tax_included"}
        both = self._group_of(
            "Both",
            self._tax("GST of 5", 5, **included),
            self._tax("PST of 7", 7, **included),
        )
        taxed = {"tax_name": "GST/PST", "tax_percentage": "12.00000000"}
        record = self._stage_bill({"net": "10.10", "charged": "1.21", **taxed})

        move = self._booked(self._import_mapped(record, both))

        self.assertEqual((move.amount_untaxed, move.amount_total), (10.10, 11.31))
        self.assertEqual(round(sum(move.line_ids.mapped("balance")), 6), 0.0)

    def test_orders_have_the_group_of_their_bills(self):
        both = self._group_of(
            "GST/PST", self._tax("GST of 5", 5), self._tax("PST of 7", 7)
        )
        tax = {"id": 9, "type": "percent", "value": "12", "name": "GST/PST"}
        record = self._stage_order(
            {"net": "10.10", "taxes": [tax], "tax_amount": "1.21"}, total="11.31"
        )

        order = self._booked(self._import_mapped(record, both))

        self.assertEqual(order.amount_total, 11.31)

    # === ROUNDED OVER THE WHOLE BILL === #

    def test_taxes_that_odoo_rounds_over_the_bill_are_left_to_it(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        tax = self._tax("19 %", 19)
        # 0.475 each: 0.48 + 0.47 is what 5.00 makes, 0.95.
        lines = [{"net": "2.50", "charged": c, **DOMESTIC} for c in ("0.48", "0.47")]
        record = self._stage_bill(*lines)

        self._assert_as_by_hand(self._booked(self._import_mapped(record, tax)))

    def test_cents_that_only_procurify_has_stay_where_odoo_rounds_over_the_bill(self):
        self.company.tax_calculation_rounding_method = "round_globally"
        both = self._group_of(
            "Both", self._tax("GST of 5", 5), self._tax("PST of 7", 7)
        )
        taxed = {"tax_name": "GST/PST", "tax_percentage": "12.00000000"}
        lines = [{"net": "10.10", "charged": "1.22", **taxed} for _number in range(3)]
        record = self._stage_bill(*lines)

        move = self._booked(self._import_mapped(record, both))

        self.assertEqual(move.amount_total, 33.96)

    # === ROUNDED OVER A BILL WHOSE PRICES CONTAIN THEM === #

    def test_tax_in_foreign_prices_is_converted_as_by_hand(self):
        """Prices of 100.00 and 40.00 have 99.0099… and 39.6039… without 1 %."""
        for sign in (1, -1):
            with self.subTest(sign=sign):
                tax = self._tax(f"1 % {sign}", 1, **self.INCLUDED)
                record = self._import_foreign(tax, "1", *self.ONE_PERCENT, sign=sign)
                self._assert_converted(record, [sign * 141.44, sign * 56.58])

    def test_group_in_foreign_prices_is_converted_as_by_hand(self):
        """Prices of 100.00 and 40.00 have 89.2857… and 35.7142… without 12 %."""
        five, seven = (self._tax(f"{n} %", n, **self.INCLUDED) for n in (5, 7))
        both = self._group_of("Both", five, seven)
        lines = (("89.29", "10.71"), ("35.71", "4.29"))
        record = self._import_foreign(both, "12", *lines)

        self._assert_converted(record, [127.55, 51.02])

    def test_bill_with_a_tax_in_its_prices_is_the_same_when_it_is_read_again(self):
        tax = self._tax("1 %", 1, **self.INCLUDED)
        record = self._import_foreign(tax, "1", *self.ONE_PERCENT)
        move = self._booked(record)
        for state in ("draft", "posted"):
            record.sudo()._requeue()
            self._import()

            self.assertEqual(self._booked(record), move)
            self.assertFalse(self._codes(record), state)
            move.filtered(lambda bill: bill.state == "draft").action_post()

    def test_tax_in_prices_of_which_odoo_makes_other_cents_is_procurify_s(self):
        """Three times 10.00 with 7 % have 9.35 and 0.65, but 28.04 and 1.96."""
        self.company.tax_calculation_rounding_method = "round_globally"
        tax = self._tax("7 %", 7, **self.INCLUDED)
        taxed = {"tax_name": "VAT", "tax_percentage": "7.00000000"}
        lines = [{"net": "9.35", "charged": "0.65", **taxed} for _number in range(3)]
        record = self._stage_bill(*lines)

        move = self._booked(self._import_mapped(record, tax))

        self.assertEqual(move.invoice_line_ids.mapped("balance"), [9.35] * 3)
        self.assertEqual((move.amount_tax, move.amount_total), (1.95, 30.0))

    def _assert_converted(self, record, balances):
        lines = self._booked(record).invoice_line_ids
        self.assertEqual(lines.mapped("price_unit"), [100, 40])
        self.assertFalse(any(lines.mapped("extra_tax_data")))
        self.assertEqual(lines.mapped("balance"), balances)
        self._assert_as_by_hand(lines.move_id)

    def _import_foreign(self, tax, percentage, *lines, sign=1):
        """Import a bill in another currency, where taxes are rounded over the bill.

        :param lines: (net, tax) of each
        """
        self.company.tax_calculation_rounding_method = "round_globally"
        currency = self.env.ref("base.CHF")
        currency.active = True
        currency.rate_ids.filtered(lambda r: r.company_id == self.company).unlink()
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "company_id": self.company.id,
                "name": "2020-01-01",
                "rate": 0.7,
            }
        )
        self.connection.rate_source = "odoo"
        said = {"id": 77, "name": "CHF", "rate": 1.0}
        taxed = {"tax_name": f"{tax.name} {sign}", "tax_percentage": percentage}
        lines = [
            {
                "net": sign * Decimal(net),
                "charged": sign * Decimal(charged),
                "currency": said,
            }
            | taxed
            for net, charged in lines
        ]
        record = self._stage_bill(*lines, currency=said)
        return self._import_mapped(record, *self._open(tax))

    # === OTHER KINDS === #

    def test_every_kind_of_tax_is_booked_as_by_hand(self):
        self.company.tax_exigibility = True
        waiting = self._tax_account(9).id
        cases = {
            "partly recoverable": ((19, (40, 60)), {}, "19.00"),
            "withheld": ((-20,), {}, "-20.00"),
            "division": ((25,), {"amount_type": "division"}, "33.33"),
            "fixed": ((3,), {"amount_type": "fixed"}, "3.00"),
            "on payment": (
                (16,),
                {
                    "tax_exigibility": "on_payment",
                    "cash_basis_transition_account_id": waiting,
                },
                "16.00",
            ),
            "of analytic cost": ((10,), {"analytic": True}, "10.00"),
            "reverse and partly recoverable": ((21, (50, 50, -100)), {}, "0.00"),
        }
        for name, (arguments, values, amount) in cases.items():
            for sign in ("", "-"):
                with self.subTest(name=name, sign=sign):
                    tax = self._tax(f"{name} {sign}", *arguments, **values)
                    said = str(Decimal(f"{sign}1") * Decimal(amount))
                    record = self._stage_bill(
                        {
                            "net": f"{sign}100.00",
                            "charged": said,
                            "tax_name": f"{name} {sign}",
                            "tax_percentage": amount,
                        }
                    )
                    move = self._booked(self._import_mapped(record, *self._open(tax)))
                    self.assertEqual(move.invoice_line_ids.tax_ids, tax)
                    self._assert_as_by_hand(move)

    def test_tax_on_a_tax_and_one_that_withholds_are_booked_as_by_hand(self):
        first = self._tax("A", 10, include_base_amount=True, sequence=1)
        second = self._tax("B", 20, sequence=2)
        both = self._group_of("On top", first, second)
        withheld = self._group_of("IRPF", self._tax("C", 21), self._tax("D", -15))
        for tax, amount in ((both, "32.00"), (withheld, "6.00")):
            with self.subTest(tax=tax.name):
                record = self._stage_bill(
                    {
                        "net": "100.00",
                        "charged": amount,
                        "tax_name": tax.name,
                        "tax_percentage": amount,
                    }
                )
                move = self._booked(self._import_mapped(record, *self._open(tax)))
                self._assert_as_by_hand(move)

    def test_withheld_tax_that_procurify_does_not_withhold_is_on_hold(self):
        said = {"tax_name": "IVA", "tax_percentage": "21.10000000"}
        record = self._stage_bill({"net": "100.00", "charged": "21.10", **said})
        both = self._group_of("IRPF", self._tax("C", 21), self._tax("D", -15))

        self._import_mapped(record, both)

        self.assertEqual(self._codes(record), {"tax_mismatch"})

    # === WITHOUT A PERCENTAGE === #

    def test_tax_without_a_percentage_is_one_by_its_name(self):
        unsaid = {"tax_name": "Sales tax", "tax_percentage": None}
        record = self._stage_bill(
            {"net": "7.00", "charged": "0.58", **unsaid},
            {"net": "3.10", "charged": "0.26", **unsaid},
        )

        move = self._booked(self._import_mapped(record, self._tax("Sales", 8.25)))

        self.assertEqual(self._records("tax").mapped("name"), ["Sales tax"])
        self.assertEqual(move.amount_total, 10.94)
        later = self._stage_bill({"net": "1000.00", "charged": "82.50", **unsaid})
        self._import_mapped(later)
        self.assertEqual(self._booked(later).amount_total, 1082.50)

    def test_other_rate_under_the_same_name_is_a_tax_of_its_own(self):
        unsaid = {"tax_name": "Sales tax", "tax_percentage": None}
        first = self._stage_bill({"net": "100.00", "charged": "8.25", **unsaid})
        self._booked(self._import_mapped(first, self._tax("Sales of 8.25", 8.25)))

        second = self._stage_bill({"net": "100.00", "charged": "6.25", **unsaid})
        move = self._booked(
            self._import_mapped(second, self._tax("Sales of 6.25", 6.25))
        )

        self.assertEqual(
            sorted(self._records("tax").mapped("name")),
            ["Sales tax", "Sales tax 6.25 %"],
        )
        self.assertEqual(move.invoice_line_ids.tax_ids.name, "Sales of 6.25")
        self._assert_as_by_hand(move)
        # What is mapped by now serves small amounts too, whose rate says little.
        third = self._stage_bill({"net": "3.10", "charged": "0.19", **unsaid})
        self._import_mapped(third)
        self.assertEqual(self._booked(third).amount_total, 3.29)

    def test_other_rate_under_the_same_name_agrees_in_the_certificate(self):
        unsaid = {"tax_name": "State levy", "tax_percentage": None}
        first = self._stage_bill({"net": "100.00", "charged": "8.25", **unsaid})
        self._booked(self._import_mapped(first, self._tax("Levy of 8.25", 8.25)))
        other = self._stage_bill({"net": "100.00", "charged": "6.25", **unsaid})
        self._booked(self._import_mapped(other, self._tax("Levy of 6.25", 6.25)))

        result = self.connection._reconcile(*EVER)

        for document in result["documents"]:
            self.assertEqual(document["reason"], "")
            self.assertEqual(document["outcome"], "booked")
        by_tax = {
            row["name"]: (row["procurify_amount"], row["odoo_amount"])
            for row in result["sums"]
            if row["dimension"] == "tax"
        }
        self.assertEqual(
            {name[:12]: amounts for name, amounts in by_tax.items()},
            {
                "Levy of 8.25": ("108.25", "108.25"),
                "Levy of 6.25": ("106.25", "106.25"),
            },
        )

    def test_other_rate_is_released_by_mapping_its_name_to_it(self):
        unsaid = {"tax_name": "Sales tax", "tax_percentage": None}
        record = self._stage_bill({"net": "100.00", "charged": "6.25", **unsaid})
        record.sudo()._import()
        named = self._records("tax")
        self._map(named, self._tax("Sales of 8.25", 8.25))
        self._import()
        self.assertIn("tax_mismatch", self._codes(record))

        self._map(named, self._tax("Sales of 6.25", 6.25))
        self._import()

        self.assertEqual(self._booked(record).amount_total, 106.25)

    def test_bills_of_one_batch_share_the_other_rate(self):
        unsaid = {"tax_name": "Sales tax", "tax_percentage": None}
        first = self._stage_bill({"net": "100.00", "charged": "8.25", **unsaid})
        self._booked(self._import_mapped(first, self._tax("Sales of 8.25", 8.25)))

        bills = self._stage_bill({"net": "3.10", "charged": "0.19", **unsaid})
        bills |= self._stage_bill({"net": "1000.00", "charged": "62.50", **unsaid})
        bills |= self._stage_bill({"net": "100.00", "charged": "0.00", **unsaid})
        self._import_mapped(
            bills, self._tax("Sales of nothing", 0), self._tax("Sales of 6.25", 6.25)
        )

        totals = [self._booked(bill).amount_total for bill in bills]
        self.assertEqual(totals, [3.29, 1062.50, 100.0])
        self.assertEqual(len(self._records("tax")), 3)

    # === OTHER COUNTRIES === #

    def test_taxes_are_final_whatever_the_vendor_s_fiscal_position(self):
        position = self._foreign_position("base.de")
        tax = self._tax("19 %", 19)
        record = self._stage_bill({"net": "100.00", "charged": "19.00", **DOMESTIC})
        vendor = self._vendor(record)
        vendor.property_account_position_id = position

        move = self._booked(self._import_mapped(record, tax))

        self.assertEqual(move.partner_id, vendor)
        self.assertFalse(move.fiscal_position_id)
        self.assertEqual(move.amount_total, 119.0)

    def test_tax_of_a_foreign_registration_brings_its_fiscal_position(self):
        position = self._foreign_position("base.de")
        tax = self._tax("19 %", 19, country_id=self.env.ref("base.de").id)
        record = self._stage_bill({"net": "100.00", "charged": "19.00", **DOMESTIC})

        move = self._booked(self._import_mapped(record, tax))

        self.assertEqual(move.fiscal_position_id, position)
        self._assert_as_by_hand(move)

    def test_payable_of_a_foreign_registration_is_the_one_that_it_maps_to(self):
        position = self._foreign_position("base.de")
        tax = self._tax("19 %", 19, country_id=self.env.ref("base.de").id)
        record = self._stage_bill({"net": "100.00", "charged": "19.00", **DOMESTIC})
        abroad = self._account("215900", account_type="liability_payable")
        position.account_ids = [
            Command.create(
                {
                    "account_src_id": self._vendor(record)
                    .with_company(self.company)
                    .property_account_payable_id.id,
                    "account_dest_id": abroad.id,
                }
            )
        ]

        move = self._booked(self._import_mapped(record, tax))

        owed = move.line_ids.filtered(lambda i: i.display_type == "payment_term")
        self.assertEqual(owed.account_id, abroad)
        self._assert_as_by_hand(move)

    def test_order_and_its_revision_have_no_other_taxes_than_procurify_says(self):
        position = self._foreign_position("base.de")
        tax = {"id": 9, "type": "percent", "value": "19", "name": "VAT"}
        line = {"net": "100.00", "taxes": [tax], "tax_amount": "19.00"}
        record = self._stage_order(line, total="119.00")
        self._vendor(record).property_account_position_id = position

        order = self._booked(self._import_mapped(record, self._tax("19 %", 19)))

        self.assertFalse(order.fiscal_position_id)
        self.assertEqual(order.amount_total, 119.0)

    # === HELPERS === #

    def _open(self, tax):
        """Return ``tax`` for what is staged next, which nothing in Odoo matches yet."""
        tax.name = f"{tax.name} of Odoo"
        return [tax]

    def _vendor(self, record):
        payload = self._records("vendor").filtered(
            lambda vendor: vendor.name == record.remote_party
        )
        return self.env["res.partner"].browse(payload.res_id)

    def _foreign_position(self, country):
        country = self.env.ref(country)
        self.env["account.tax.group"].create(
            {"name": "Foreign", "country_id": country.id}
        )
        return self.env["account.fiscal.position"].create(
            {
                "name": "Registered abroad",
                "country_id": country.id,
                "foreign_vat": "DE123456788",
                "tax_ids": [Command.clear()],
            }
        )
