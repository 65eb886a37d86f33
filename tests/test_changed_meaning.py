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

    # === HELPERS === #

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
