"""Codes and names of Procurify that get another meaning under the same id."""

import json

from odoo.tests import tagged

from .tax_case import TaxCase


@tagged("post_install", "-at_install", "procurify")
class TestChangedMeaning(TaxCase):
    def test_code_that_becomes_that_of_another_account_is_a_question(self):
        record, former = self._account_code()
        other = self._account("699900", name="Scrap")

        self._rename(record, code="699900", description="Scrap")

        self.assertEqual(self._codes(record), {"wrong_target"})
        self.assertIn(former.code, record.issue_ids.message)
        self.assertIn("699900", record.issue_ids.message)
        bill = self._stage_bill({"net": 100})
        self._import()
        self.assertEqual(self._codes(bill), {"wrong_target"})
        record.issue_ids.action_resolve(other.id)
        self._import()
        move = self._booked(bill)
        self.assertEqual(move.invoice_line_ids.account_id, other)

    def test_code_of_another_account_is_used_once_a_person_chose_the_former(self):
        record, former = self._account_code()
        self._account("699900", name="Scrap")
        self._rename(record, code="699900", description="Scrap")

        record.issue_ids.action_resolve(former.id)

        self.assertEqual((record.state, record.res_id), ("done", former.id))
        self._rename(record, code="699900", description="Scrap metal")
        self.assertEqual((record.state, record.res_id), ("done", former.id))

    def test_code_that_is_the_former_again_needs_nobody(self):
        record, former = self._account_code()
        self._account("699900", name="Scrap")
        self._rename(record, code="699900", description="Scrap")

        self._rename(record, code=former.code, description=former.name)

        self.assertEqual((record.state, record.res_id), ("done", former.id))

    def test_new_code_or_words_that_no_account_has_keep_the_link(self):
        record, former = self._account_code()

        self._rename(record, code="7777777", description="Whatever it is called")

        self.assertEqual((record.state, record.res_id), ("done", former.id))

    def test_currency_that_becomes_another_one_is_a_question(self):
        record = self._records("currency", code="EUR")
        cad = self.env["res.currency"].search([("name", "=", "CAD")])
        self.assertTrue(cad)

        self._rename(record, name="CAD")

        self.assertEqual(self._codes(record), {"wrong_target"})
        self.assertNotEqual(record.res_id, cad.id)

    def test_department_that_becomes_another_one_is_a_question(self):
        record = self._records("department", state="done")[0]
        record = record.filtered(lambda r: r.origin == "matched")
        data = json.loads(record.payload)
        self.env["account.analytic.account"].create(
            {
                "name": "Tool Shop",
                "code": "TOOLS",
                "plan_id": self.plans["department"].id,
                "company_id": self.company.id,
            }
        )

        self._rename(record, name="Tool Shop", external_id="TOOLS")

        self.assertEqual(self._codes(record), {"wrong_target"})
        self._rename(record, name=data["name"], external_id=data["external_id"])
        self.assertEqual(record.state, "done")

    def test_department_whose_account_moved_to_another_plan_is_a_question(self):
        record, account = self._department()
        plan = account.plan_id
        account.plan_id = self.env["account.analytic.plan"].create({"name": "Projects"})

        bill = self._bill_of(record)

        self.assertEqual(self._codes(record), {"wrong_target"})
        self.assertEqual(self._codes(bill), {"wrong_target"})
        self.assertIn("Projects", bill.hold_reason)
        self.assertFalse(bill.res_id)
        account.plan_id = plan
        self._import()
        lines = self._booked(bill).invoice_line_ids
        self.assertIn(account, lines.distribution_analytic_account_ids)

    def test_department_whose_plan_became_part_of_another_one_is_a_question(self):
        record, account = self._department()
        plans = self.env["account.analytic.plan"]
        chosen, other = self.plans["department"], plans.create({"name": "Projects"})
        part = plans.create({"name": "Shop floor", "parent_id": chosen.id})
        account.plan_id = part
        self._booked(self._bill_of(record))

        part.parent_id = other
        bill = self._bill_of(record)
        self.assertEqual(self._codes(bill), {"wrong_target"})
        part.parent_id = chosen
        self._import()
        self._booked(bill)

    def test_account_of_another_plan_is_used_once_a_person_chose_it(self):
        record, account = self._department()
        account.plan_id = self.env["account.analytic.plan"].create({"name": "Projects"})
        bill = self._bill_of(record)

        record.issue_ids.action_resolve(account.id)
        self._import()

        lines = self._booked(bill).invoice_line_ids
        self.assertIn(account, lines.distribution_analytic_account_ids)

    def test_contact_that_became_the_own_company_is_a_question(self):
        bill = self._stage_bill({"net": 100})
        self._import()
        contact = self._booked(bill).partner_id
        vendor = self._records("vendor", res_id=contact.id)
        vendor.sudo().origin = "created"
        own = self.company.partner_id
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((contact | own).ids, own)
        self.assertEqual(vendor.res_id, own.id)

        other = self._stage_bill({"net": 50})
        self._import()

        self.assertEqual(self._codes(other), {"wrong_target"})
        self.assertFalse(other.res_id)

    # === HELPERS === #

    def _department(self):
        """Return a department that was found by its name, and its account."""
        record = self._records("department", state="done", origin="matched")[0]
        return record, self.env["account.analytic.account"].browse(record.res_id)

    def _bill_of(self, department):
        """Import a bill of one department, and return its record."""
        detail = self._bill_detail({"net": 100})
        [share] = detail["items"][0]["cost_allocations"]
        share["budget"] = share["budget"] | {
            "department": json.loads(department.payload)
        }
        record = self._stage_documents("bill", [detail])
        self._import()
        return record

    def _account_code(self):
        """Return the account code of ``_stage_bill`` and its account."""
        budget = self._bill_detail({"net": 1})["items"][0]["cost_allocations"][0]
        number = budget["budget"]["account_code"]["id"]
        record = self._record("account_code", number)
        self.assertEqual(record.origin, "matched")
        return record, self.env["account.account"].browse(record.res_id)

    def _rename(self, record, **changes):
        data = json.loads(record.payload) | changes
        self._stage_documents(record.resource, [data])
        self._import()
