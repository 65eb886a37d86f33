"""The main job in a real browser."""

from contextlib import nullcontext

from odoo.tests import HttpCase, tagged

from odoo.addons.procurify_connector.simulator.scenarios import UNBOOKED_DEPARTMENT

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestTour(ProcurifyCommon, HttpCase):
    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_connect_read_map_and_replay(self):
        self.env.user.group_ids |= self.env.ref("base.group_system")
        # Odoo's test company has taxes on cash basis, which its settings then want.
        self.company.tax_exigibility = True
        self.connection.write({"client_id": "nobody", "client_secret": "nothing"})
        account = self._account("9000", name="Trials")
        bill_id = self.dataset.add_bill("plain", code="7450")
        self.dataset.add_bill("several_lines")
        login = self.env.user.login

        self.start_tour(
            "/odoo/action-procurify_connector.res_config_settings_action",
            "procurify_connect",
            login=login,
        )
        self.env.invalidate_all()
        self.assertEqual(self.connection.state, "connected")
        streams = self.connection.stream_ids
        self.assertEqual(self.env["procurify.stream"]._due(), streams)
        self._synchronise()
        self.assertEqual(self._record("bill", bill_id).state, "quarantined")
        self.start_tour(
            "/odoo/procurify-quarantine", "procurify_map_and_replay", login=login
        )

        self.env.invalidate_all()
        self.assertEqual(self._record("bill", bill_id).state, "done")
        self.assertEqual(self._move(bill_id).invoice_line_ids.account_id, account)

    def test_read_issues_and_resolve_them(self):
        bills = [self.dataset.add_bill("plain", code="7450") for _number in range(2)]
        bills.append(
            self.dataset.add_bill(
                "plain", code="7450", department_id=UNBOOKED_DEPARTMENT.id
            )
        )
        self._synchronise()
        self._account("7450000", name="Trials")

        self.start_tour(
            "/odoo/procurify-quarantine",
            "procurify_read_and_resolve",
            login=self.env.user.login,
        )

        self.env.invalidate_all()
        states = {self._record("bill", bill_id).state for bill_id in bills}
        self.assertEqual(states, {"done"})

    def test_map_in_bulk_and_verify_the_audit(self):
        bill_id = self.dataset.add_bill("plain", code="7450")
        self._synchronise()
        unmapped = self._records("account_code", state="quarantined")
        self.assertGreater(len(unmapped), 1)
        for code in unmapped.mapped("code"):
            self._account(code)
        login = self.env.user.login

        self.start_tour("/odoo/procurify-mapping", "procurify_map_in_bulk", login=login)
        self.env.invalidate_all()
        self.assertEqual(set(unmapped.mapped("state")), {"done"})
        self.assertEqual(self._record("bill", bill_id).state, "done")

        self.start_tour("/odoo/procurify-audit", "procurify_verify_audit", login=login)
        self.env.invalidate_all()
        self.assertEqual(self.connection.audit_state, "verified")

    def test_resolve_from_the_issue_and_ignore(self):
        account = self._account("745000", name="Trials")
        bill_id = self.dataset.add_bill("plain", code="7450")
        other_id = self.dataset.add_bill("unknown_tax")
        self._synchronise()
        self.assertEqual(self._record("bill", other_id).state, "quarantined")

        self.start_tour(
            "/odoo/procurify-issues",
            "procurify_resolve_and_ignore",
            login=self.env.user.login,
        )

        self.env.invalidate_all()
        self.assertEqual(self._move(bill_id).invoice_line_ids.account_id, account)
        ignored = self._record("bill", other_id)
        self.assertEqual(ignored.state, "ignored")
        self.assertEqual(ignored.ignored_reason, "Paid by hand in July")

    def test_empty_list_says_that_a_filter_makes_it_so(self):
        self.start_tour(
            "/odoo/procurify-quarantine",
            "procurify_filter_until_nothing_is_left",
            login=self.env.user.login,
        )

    def test_alarm_is_above_the_quarantine_and_on_the_connection(self):
        self.env.ref("procurify_connector.ir_cron_fetch").active = False

        self.start_tour(
            "/odoo/procurify-quarantine",
            "procurify_see_alarm",
            login=self.env.user.login,
        )
