"""Foreign documents: a rate of their day, Procurify's only where it is explained."""

import json
from datetime import date
from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.procurify_connector.simulator import tenant_time

from .common import ProcurifyCommon

DAY = date(2026, 8, 4)


@tagged("post_install", "-at_install", "procurify", "procurify_documents")
class TestExchangeRates(ProcurifyCommon):
    master_data_ready = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cad = cls.env.ref("base.CAD")
        cls.env["res.currency.rate"].search([("currency_id", "=", cls.cad.id)]).unlink()

    # === ODOO'S RATE === #

    def test_rate_of_a_later_day_converts_no_bill(self):
        self.connection.rate_source = "odoo"
        self._rate(1.4, date(2026, 11, 28))
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        self._synchronise()

        record = self._record("bill", bill_id)
        self.assertEqual(self._codes(record), {"missing_rate"})
        self.assertFalse(record.res_id)
        self._rate(1.36, DAY)
        self._import()
        self.assertEqual(record.hold_reason, "")
        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.36)

    def test_bill_without_a_converted_total_needs_a_rate_of_its_day_too(self):
        self._rate(1.4, date(2026, 11, 28))
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        record = self._staged("bill", bill_id, {"converted_total_cost": None})

        self.assertEqual(self._codes(record), {"missing_rate"})

    def test_refund_needs_a_rate_of_its_day_too(self):
        self.connection.rate_source = "odoo"
        self._rate(1.4, date(2026, 11, 28))
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("-12.34"))
        self._synchronise()

        self.assertEqual(self._codes(self._record("bill", bill_id)), {"missing_rate"})

    def test_order_needs_a_rate_of_its_day_too(self):
        self.connection.rate_source = "odoo"
        order_id = self.dataset.add_order("foreign_cad")
        day = self.dataset.order(order_id).date.date()
        later = day.replace(year=day.year + 1)
        self._rate(1.4, later)
        self._synchronise()

        record = self._record("purchase_order", order_id)
        self.assertEqual(self._codes(record), {"missing_rate"})
        self._rate(1.36, day)
        self._import()
        order = self.env["purchase.order"].browse(record.res_id)
        self.assertAlmostEqual(order.currency_rate, 1.36, 6)
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["procurify.commitment"].search([("order_id", "=", order.id)])
        self.assertAlmostEqual(
            sum(rows.mapped("committed")), order.amount_untaxed / 1.36, 2
        )

    def test_rates_of_another_company_do_not_count(self):
        other = self.setup_other_company()["company"]
        self.connection.rate_source = "odoo"
        self._rate(1.3, date(2020, 1, 1), company_id=other.id)
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        self._synchronise()

        self.assertEqual(self._codes(self._record("bill", bill_id)), {"missing_rate"})

    def test_rates_of_all_companies_count(self):
        self.connection.rate_source = "odoo"
        self._rate(1.3, date(2020, 1, 1), company_id=False)
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        self._synchronise()

        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.3)

    def test_company_whose_own_currency_has_later_rates_only_is_on_hold(self):
        """Odoo would divide by the later one."""
        self.connection.rate_source = "odoo"
        self._rate(1.36, date(2020, 1, 1))
        self._rate(2.0, date(2026, 11, 28), currency=self.company.currency_id)
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        self._synchronise()

        self.assertEqual(self._codes(self._record("bill", bill_id)), {"missing_rate"})

    # === PROCURIFY'S RATE === #

    def test_total_that_was_converted_without_tax_gives_the_right_rate(self):
        bill_id, record = self._taxed({"of": "net"})

        self.assertEqual(record.hold_reason, "")
        move, data = self._move(bill_id), json.loads(record.payload)
        rate = data["total_cost"] / data["converted_total_cost"]
        self.assertAlmostEqual(rate, 1.36, delta=0.001)
        self.assertAlmostEqual(move.invoice_currency_rate, rate, 5)
        # The books have the gross total at that rate, and not at the one of the tax.
        gross = data["total_cost_with_tax"]
        self.assertGreater(gross, data["total_cost"])
        self.assertAlmostEqual(move.amount_total, gross, 2)
        self.assertAlmostEqual(-move.amount_total_signed, gross / rate, delta=0.05)

    def test_total_in_a_currency_that_is_not_the_companys_says_no_rate(self):
        """The tenant converts to euros, and the company keeps its books in dollars."""
        for record in self._records("currency").filtered("payload"):
            data = json.loads(record.payload)
            data["base"] = data["name"] == "EUR"
            record.sudo().payload = json.dumps(data)
        bill_id, order_id = (
            self.dataset.add_bill("foreign_cad"),
            self.dataset.add_order("foreign_cad"),
        )
        self._fetch()
        self._import()
        held = self._record("bill", bill_id), self._record("purchase_order", order_id)
        for record in held:
            self.assertEqual(self._codes(record), {"missing_rate"})

        self._rate(1.5, date(2020, 1, 1))
        self._import()

        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.5)
        order = self.env["purchase.order"].browse(held[1].res_id)
        self.assertAlmostEqual(order.currency_rate, 1.5, 6)

    def test_converted_total_that_nothing_explains_is_on_hold(self):
        bill_id, record = self._taxed({"of": "net", "rate": "1.20"})

        self.assertEqual(self._codes(record), {"rate_not_explained"})
        self.assertFalse(record.res_id)

        self._rate(1.5, date(2020, 1, 1))
        self.connection.unexplained_rate_policy = "odoo"
        self._import()
        self.assertEqual(record.hold_reason, "")
        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.5)

    def test_unexplained_rate_and_no_rate_in_odoo_is_on_hold_by_either_policy(self):
        self.connection.unexplained_rate_policy = "odoo"

        _bill_id, record = self._taxed({"of": "net", "rate": "1.20"})

        self.assertEqual(self._codes(record), {"missing_rate"})

    def test_bill_in_odoo_keeps_its_rate_when_procurify_types_another_one(self):
        self.connection.bill_policy = "posted"
        bill_id, record = self._taxed({"of": "net"})
        move = self._move(bill_id)
        self.assertEqual(move.state, "posted")
        rate = move.invoice_currency_rate

        data = json.loads(record.payload)
        data["currency"]["rate"] = "1.500000"
        self._stage(record, data)

        self.assertEqual(record.hold_reason, "")
        self.assertEqual(move.invoice_currency_rate, rate)

    def test_order_keeps_its_own_rate_when_its_day_changes(self):
        self._rate(1.5, date(2020, 1, 1))
        order_id = self.dataset.add_order("foreign_cad")
        self._synchronise()
        record = self._record("purchase_order", order_id)
        order = self.env["purchase.order"].browse(record.res_id)
        rate = order.currency_rate
        self.assertAlmostEqual(rate, 1.36, delta=0.01)

        data = json.loads(record.payload)
        data["date"] = "2026-01-05T10:00:00-08:00"
        self._stage(record, data)

        self.assertEqual(order.date_order.date(), date(2026, 1, 5))
        self.assertAlmostEqual(order.currency_rate, rate, 6)

    def test_order_whose_totals_do_not_fit_its_rate_is_on_hold(self):
        self._rate(1.5, date(2020, 1, 1))
        order_id = self.dataset.add_order("foreign_cad")
        record = self._staged(
            "purchase_order",
            order_id,
            {"purchased_currency_rate": "1.111111", "subtotal": None},
        )

        self.assertEqual(self._codes(record), {"rate_not_explained"})

    # === A PERSON'S RATE === #

    def test_rate_that_a_person_gave_a_draft_survives_revisions(self):
        self.connection.rate_source = "odoo"
        self._rate(1.36, date(2020, 1, 1))
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        self._synchronise()
        record, move = self._record("bill", bill_id), self._move(bill_id)
        move.invoice_currency_rate = 1.5

        for changes in (
            {"unit_cost": Decimal("12.34")},
            {"unit_cost": Decimal("23.45")},
            {"invoice_date": _at(date(2026, 8, 5))},
        ):
            self.dataset.revise_bill(bill_id, **changes)
            self._synchronise()
            with self.subTest(changes=changes):
                self.assertEqual(record.hold_reason, "")
                self.assertEqual(move.invoice_currency_rate, 1.5)
                self.assertAlmostEqual(
                    -move.amount_total_signed, move.amount_total / 1.5, 1
                )

    def test_rate_of_odoo_is_that_of_the_new_day(self):
        self.connection.rate_source = "odoo"
        self._rate(1.36, date(2020, 1, 1))
        self._rate(1.4, date(2026, 8, 5))
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        self._synchronise()
        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.36)

        self.dataset.revise_bill(bill_id, invoice_date=_at(date(2026, 8, 5)))
        self._synchronise()

        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.4)

    # === THE RATE OF A CURRENCY THAT NOBODY ENTERED === #

    def test_rate_of_one_says_nothing_about_a_bill(self):
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        record = self._of_rate_one("bill", bill_id)
        self.assertEqual(self._codes(record), {"missing_rate"})

        self._rate(1.36, DAY)
        self._import()

        self.assertEqual(record.hold_reason, "")
        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.36)

    def test_rate_of_one_is_booked_where_odoo_has_it(self):
        self._rate(1.0, date(2020, 1, 1))
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))

        record = self._of_rate_one("bill", bill_id)

        self.assertEqual(record.hold_reason, "")
        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.0)

    def test_rate_of_one_says_nothing_about_an_order(self):
        order_id = self.dataset.add_order("foreign_cad")

        record = self._of_rate_one("purchase_order", order_id)

        self.assertEqual(self._codes(record), {"missing_rate"})

    def test_bill_that_is_in_odoo_at_a_rate_of_one_keeps_it(self):
        self.connection.bill_policy = "posted"
        self._rate(1.0, date(2020, 1, 1))
        bill_id = self.dataset.add_bill("foreign_cad", invoice_date=_at(DAY))
        record = self._of_rate_one("bill", bill_id)
        # As an earlier version of the connector booked it.
        state = record.applied_state
        asked = state["asked"] | {"invoice_currency_rate": 1.0}
        record.sudo().applied_state = state | {"asked": asked}
        self._rate(1.36, DAY)

        data = json.loads(record.payload)
        self._stage(record, data | {"note": "Another version"})

        self.assertEqual(record.hold_reason, "")
        self.assertEqual(self._move(bill_id).invoice_currency_rate, 1.0)

    # === HELPERS === #

    def _of_rate_one(self, resource, external_id):
        """Import a CAD document of which Procurify converts nothing: 1 CAD is 1 USD."""
        self._fetch()
        record = self._record(resource, external_id)
        data = json.loads(record.payload)
        if resource == "bill":
            data["currency"]["rate"] = "1.000000"
            data["converted_total_cost"] = data["total_cost_with_tax"]
        else:
            data["purchased_currency_rate"] = "1.000000"
            data["purchased_currency"]["rate"] = "1.000000"
            costs = data["cost_details"]
            costs["total_cost_in_base_currency"] = costs["total_cost"]
        self._stage(record, data)
        return record

    def _rate(self, rate, day, currency=None, **values):
        return self.env["res.currency.rate"].create(
            {
                "currency_id": (currency or self.cad).id,
                "rate": rate,
                "name": day,
                "company_id": self.company.id,
            }
            | values
        )

    def _taxed(self, converted):
        """Book a CAD bill with 5 % tax, whose converted total is of its net amount."""
        bill_id = self.dataset.add_bill("several_taxes")
        self.dataset.revise_bill(bill_id, currency_id=self._cad_in_procurify())
        self._fetch()
        record = self._record("bill", bill_id)
        data = json.loads(record.payload)
        rate = Decimal(converted.get("rate", "1.36"))
        net = Decimal(str(data["total_cost"]))
        data["converted_total_cost"] = float(round(net / rate, 2))
        self._stage(record, data)
        return bill_id, record

    def _cad_in_procurify(self):
        return next(c.id for c in self.dataset.currencies() if c.name == "CAD")

    def _staged(self, resource, external_id, changes):
        self._fetch()
        record = self._record(resource, external_id)
        self._stage(record, json.loads(record.payload) | changes)
        return record

    def _stage(self, record, data):
        """Let the import read what Procurify would have sent."""
        record.sudo().write(
            {
                "payload": json.dumps(data),
                "digest": f"another {record.digest}"[:64],
                "state": "pending",
            }
        )
        self._import()


def _at(day):
    return tenant_time.at(day)
