"""Two tenants, two companies: nothing of one is seen by the other."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.procurify_connector.simulator import Simulator

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestMultiCompany(ProcurifyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company_data_2 = cls.setup_other_company()
        cls.other_company = cls.company_data_2["company"]

    def setUp(self):
        super().setUp()
        # The same ids and the same account codes as the first tenant has.
        self.other_simulator = Simulator(bills=0, seed=1)
        self.other_simulator.start()
        self.addCleanup(self.other_simulator.stop)
        self.other = self._connect(
            company_id=self.other_company.id,
            base_url=self.other_simulator.base_url,
            department_plan_id=False,
            location_plan_id=False,
            department_policy="optional",
        )

    def test_equal_ids_of_two_tenants_do_not_meet(self):
        first = self.dataset.add_bill("untaxed", code="6200")
        second = self.other_simulator.dataset.add_bill("untaxed", code="6200")
        self.assertEqual(first, second)
        account = (
            self.env["account.account"]
            .with_company(self.other_company)
            .create(
                {
                    "code": "6200",
                    "name": "The other company's",
                    "account_type": "expense",
                    "company_ids": self.other_company.ids,
                }
            )
        )
        self._synchronise()

        mine = self._move(first)
        theirs = self._other_record("bill", second)
        self.assertEqual(theirs.hold_reason, "")
        move = self.env["account.move"].browse(theirs.res_id)
        self.assertEqual(mine.company_id, self.company)
        self.assertEqual(move.company_id, self.other_company)
        self.assertEqual(move.invoice_line_ids.account_id, account)
        self.assertNotEqual(mine.invoice_line_ids.account_id, account)

    def test_account_of_another_company_is_unknown(self):
        second = self.other_simulator.dataset.add_bill("untaxed", code="6200")
        self._synchronise()

        record = self._other_record("bill", second)
        self.assertEqual(record.state, "quarantined")
        self.assertEqual(record.issue_ids.mapped("code"), ["unknown_account"])

    def test_reviewer_of_one_company_sees_nothing_of_the_other(self):
        self.dataset.add_bill("plain")
        self._synchronise()
        reviewer = new_test_user(
            self.env,
            "other_reviewer",
            groups="procurify_connector.group_user",
            company_id=self.other_company.id,
            company_ids=[(6, 0, self.other_company.ids)],
        )

        for model in ("connection", "stream", "record", "issue"):
            found = self.env[f"procurify.{model}"].with_user(reviewer).search([])
            self.assertLessEqual(found.company_id, self.other_company)
        with self.assertRaises(AccessError):
            self._records("bill").with_user(reviewer).action_replay()
        with self.assertRaises(AccessError):
            self.connection.with_user(reviewer).action_sync_now()

    def test_integration_user_without_the_company_is_reported(self):
        user = new_test_user(
            self.env,
            "elsewhere",
            groups="account.group_account_invoice",
            company_id=self.company.id,
        )
        self.other.user_id = user
        self.other_simulator.dataset.add_bill("plain")
        self._fetch()
        self._run_cron("ir_cron_import")

        self.assertIn(self.other_company.name, self.other.import_obstacle)
        self.assertFalse(self.connection.import_obstacle)

    def _other_record(self, resource, external_id):
        return self.env["procurify.record"].search(
            [
                ("connection_id", "=", self.other.id),
                ("resource", "=", resource),
                ("external_id", "=", str(external_id)),
            ]
        )
