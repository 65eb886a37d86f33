"""The main job in a real browser."""

from contextlib import nullcontext

from odoo.tests import HttpCase, tagged

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

    def test_resolve_from_the_cause_and_ignore(self):
        account = self._account("745000", name="Trials")
        bill_id = self.dataset.add_bill("plain", code="7450")
        other_id = self.dataset.add_bill("unknown_tax")
        self._synchronise()
        self.assertEqual(self._record("bill", other_id).state, "quarantined")

        self.start_tour(
            "/odoo/procurify-reasons",
            "procurify_resolve_and_ignore",
            login=self.env.user.login,
        )

        self.env.invalidate_all()
        self.assertEqual(self._move(bill_id).invoice_line_ids.account_id, account)
        ignored = self._record("bill", other_id)
        self.assertEqual(ignored.state, "ignored")
        self.assertEqual(ignored.ignored_reason, "Paid by hand in July")
