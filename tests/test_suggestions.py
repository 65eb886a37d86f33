"""What is suggested for a mapping: by type, meaning, days, and use."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.importers.resource_kinds import PAYLOADS

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestSuggestions(ProcurifyCommon):
    master_data_ready = True

    def test_account_of_the_same_meaning_is_suggested_within_its_type(self):
        for code, name, kind in (
            ("640100", "Mobile and landline telephone", "expense"),
            ("640200", "Phone income", "income"),
            ("640300", "Phone bank", "asset_cash"),
            ("640400", "Building insurance", "expense"),
        ):
            self._account(code, name=name, account_type=kind)
        record = self._staged(
            "account_code", code="X1", description="Cell phones", account_type=2
        )

        names = [row["name"] for row in record.candidates]

        self.assertIn("640100", names[0])
        self.assertFalse([n for n in names if "640200" in n or "640300" in n])
        told = record.action_accept_suggestions()
        self.assertIn("only similar: 1", told["params"]["message"])

    def test_account_of_the_same_name_and_type_is_accepted_as_exact(self):
        account = self._account(
            "640100", name="Hoist inspection", account_type="expense"
        )
        self._account("640200", name="Hoist inspection", account_type="income")
        record = self._staged(
            "account_code", code="X1", description="Hoist Inspection", account_type=2
        )
        self.assertFalse(record.res_id)

        record.action_accept_suggestions()

        self.assertEqual(record.res_id, account.id)

    def test_account_that_bills_of_the_vendors_used_is_suggested(self):
        record, partner, account = self._code_of_a_vendor()
        self.assertNotIn(account.id, [row["res_id"] for row in record.candidates])
        move = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": partner.id,
                "invoice_date": "2026-01-05",
                "invoice_line_ids": [
                    Command.create(
                        {"account_id": account.id, "price_unit": 5, "tax_ids": []}
                    )
                ],
            }
        )
        move.action_post()
        self.env.invalidate_all()

        [row] = [r for r in record.candidates if r["res_id"] == account.id]

        self.assertIn("used_before", row["reasons"])
        weak = new_test_user(self.env, "weak", groups="procurify_connector.group_user")
        weak.company_ids = self.company
        weak.company_id = self.company
        seen = record.with_user(weak).candidates or []
        self.assertNotIn(account.id, [row["res_id"] for row in seen])

    def test_term_of_the_same_days_is_accepted_whatever_its_name(self):
        terms = self.env["account.payment.term"]
        days = terms.create({"name": "Forty-three", **self._line(43)})
        terms.create({"name": "Net 43 after acceptance", **self._line(50)})
        record = self._staged("payment_term", name="Net 43")
        other = self._staged("payment_term", name="43 jours nets")

        (record | other).action_accept_suggestions()

        self.assertEqual(set((record | other).mapped("res_id")), {days.id})

    def test_units_are_accepted_by_their_meaning(self):
        self.connection.unit_policy = "hold"
        unit = self.env.ref("uom.product_uom_kgm")
        records = self._staged("unit", name="kilograms") | self._staged(
            "unit", name="Kilogramm"
        )

        records.action_accept_suggestions()

        self.assertEqual(set(records.mapped("res_id")), {unit.id})

    def test_currency_is_known_by_the_name_that_people_give_it(self):
        record = self._staged("currency", name="New Zealand Dollars")
        currency = self.env.ref("base.NZD")
        currency.active = True

        record.action_accept_suggestions()

        self.assertEqual(record.res_id, currency.id)

    def test_last_part_of_a_department_counts_most(self):
        office = self._centre("Office")
        self._centre("Logistics Trosa")
        record = self._staged(
            "department", name="Bureau", branch={"id": 999, "name": "Trosa"}
        )

        self.assertEqual(record.candidates[0]["res_id"], office.id)

    def test_tax_of_another_rate_is_never_suggested(self):
        taxes = self.env["account.tax"].create(
            [
                {"name": name, "amount": amount, "type_tax_use": "purchase"}
                for name, amount in (
                    ("Harbour dues 3 %", 3),
                    ("Harbour dues reduced 13 %", 13),
                    ("Levy 13 %", 13),
                )
            ]
        )
        record = self._staged(
            "tax", name="Harbour dues, low", percentage="13", inclusive=False
        )

        found = [row["res_id"] for row in record.candidates]

        self.assertEqual(found[0], taxes[1].id)
        self.assertIn(taxes[2].id, found)
        self.assertNotIn(taxes[0].id, found)

    def test_accepting_says_why_nothing_was_exact(self):
        record = self._staged("department", name="Zymurgy")

        told = record.action_accept_suggestions()

        self.assertEqual(told["params"]["type"], "warning")
        self.assertIn("Mapped: 0 of 1", told["params"]["message"])
        self.assertIn("no suggestion: 1", told["params"]["message"])
        with self.assertRaisesRegex(UserError, "no suggestion"):
            record.action_accept_suggestion()

    def test_suggestion_that_a_person_looks_at_is_accepted_though_only_similar(self):
        centre = self._centre("Zymurgy (old one)")
        record = self._staged("department", name="Zymurgy")

        record.action_accept_suggestions()
        self.assertFalse(record.res_id)
        record.action_accept_suggestion()

        self.assertEqual((record.res_id, record.origin), (centre.id, "manual"))

    # === HELPERS === #

    def _staged(self, resource, **data):
        """Stage and import an object of Procurify, which stays without a mapping."""
        self.number = getattr(self, "number", 990000) + 1
        data = {"id": self.number, "active": True} | data
        payload = PAYLOADS[resource].from_json(data)
        staged = self.env["procurify.record"]._stage_mentioned(
            self.connection, {(resource, payload.external_id): (data, payload)}
        )
        record = self._records(resource).browse(r.id for r in staged.values())
        record.sudo()._import()
        self.assertFalse(record.res_id)
        return record

    def _code_of_a_vendor(self):
        """Return an account code that a bill names, the bill's vendor in Odoo, and an
        account that nothing but use connects with them."""
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        [record] = self._records("account_code", code="7450")
        bill = self._record("bill", bill_id)
        [vendor] = bill.mention_ids.filtered(lambda r: r.resource == "vendor")
        partner = self.env["res.partner"].browse(vendor.res_id)
        return record, partner, self._account("699100", name="Quux")

    def _line(self, days):
        line = {"value": "percent", "value_amount": 100, "nb_days": days}
        return {"line_ids": [Command.create(line)]}

    def _centre(self, name):
        return self.env["account.analytic.account"].create(
            {
                "name": name,
                "plan_id": self.plans["department"].id,
                "company_id": self.company.id,
            }
        )
