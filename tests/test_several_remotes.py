"""Two remote Odoos of one hub: what happens to one does not concern the other."""

from odoo.sql_db import db_connect
from odoo.tests import tagged

from odoo.addons.procurify_connector.models.hub.schedule import _LOCK
from odoo.addons.procurify_connector.procurify_odoo.tests import fake

from .remote_case import RemoteCase
from .test_hub import _AMOUNTS, _BILL_THERE, _SENT


@tagged("post_install", "-at_install", "procurify")
class TestSeveralRemotes(RemoteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.setup_other_company()["company"]
        cls.env.user.company_ids |= cls.other

    def setUp(self):
        super().setUp()
        self.first, self.second = self._remote(), self._remote("14.0", self.other)
        theirs = self._connect(
            name="Other", company_id=self.other.id, client_id="other"
        )
        self.targets = self.env["procurify.target"]
        for connection, remote in (
            (self.connection, self.first),
            (theirs, self.second),
        ):
            target = self._ready_target(remote, company_id=connection.company_id.id)
            connection.action_pause()
            connection.target_id = target
            connection.action_resume()
            self.targets |= target
        self.rows = [
            self._sent(*pair)
            for pair in zip(self.targets, (self.first, self.second), strict=True)
        ]

    def test_each_has_its_own_documents_and_times(self):
        for remote, state in ((self.first, "posted"), (self.second, "cancel")):
            remote.rows["account.move"][0]["state"] = state

        self._run_cron("ir_cron_pull")

        states = [row.remote_state for row in self.rows]
        self.assertEqual(states, ["posted", "cancel"])

    def test_a_contact_and_a_product_of_both_companies_are_created_in_each(self):
        partner = self.env["res.partner"].create({"name": "Shared Ltd"})
        product = self.env["product.product"].create({"name": "Shared"})
        for target in self.targets.sudo():
            connection = target.connection_ids
            connection.product_policy = "create"
            target._expect_vendors({partner: connection})
            target._expect_products({product: connection})

        for record in (partner, product):
            rows = self.env["procurify.dispatch"].search(
                [("res_model", "=", record._name), ("res_id", "=", record.id)]
            )
            self.assertEqual(rows.target_id, self.targets)

    def test_one_that_is_away_does_not_stop_the_other(self):
        for path in ("/web/version", "/jsonrpc", "/xmlrpc/2/common"):
            self.first.answers[path] = [fake.web_page(502, "Bad Gateway")]
        self.second.rows["account.move"][0]["state"] = "posted"

        for cron in ("ir_cron_mirror", "ir_cron_pull", "ir_cron_converge"):
            self._run_cron(cron)

        self.assertEqual([bool(t.error_message) for t in self.targets], [True, False])
        self.assertEqual(self.rows[1].remote_state, "posted")

    def test_one_that_refuses_the_key_stops_alone(self):
        self.first.key = "another"
        self.second.rows["account.move"][0]["state"] = "posted"

        self._run_cron("ir_cron_pull")

        self.assertEqual(self.targets.mapped("state"), ["stopped", "ready"])
        self.assertEqual(self.rows[1].remote_state, "posted")
        alarms = [
            "remote_stopped" in connection._alarms()[connection]
            for connection in self.targets.sudo().connection_ids.sorted("id")
        ]
        self.assertEqual(alarms, [True, False])

    def test_one_that_is_being_worked_with_does_not_delay_the_other(self):
        for remote in (self.first, self.second):
            remote.rows["account.move"][0]["state"] = "posted"
        with db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK, self.targets[0].id])
            self._run_cron("ir_cron_pull")

        states = [row.remote_state for row in self.rows]
        self.assertEqual(states, ["draft", "posted"])

    def test_a_slow_one_does_not_delay_the_other(self):
        for remote in (self.first, self.second):
            remote.rows["account.move"][0]["state"] = "posted"
            remote.requests.clear()
        jobs = self.targets._own_jobs("ir_cron_pull")
        self.assertFalse(jobs[self.targets[0]])
        [own] = jobs[self.targets[1]]

        with self._job_cursor_sees_the_test():
            own.method_direct_trigger()
        self.env.invalidate_all()

        states = [row.remote_state for row in self.rows]
        self.assertEqual(states, ["draft", "posted"])
        self.assertFalse(self.first.requests)

        self.second.requests.clear()
        with self._job_cursor_sees_the_test(), self.registry.cursor() as cr:
            self.targets.browse().with_env(self.env(cr=cr))._cron_pull()
        self.assertEqual(self.rows[0].remote_state, "posted")
        self.assertFalse(self.second.requests)

    def test_each_is_called_by_its_own_job(self):
        main = self.env.ref("procurify_connector.ir_cron_converge")
        [own] = self.targets._own_jobs("ir_cron_converge")[self.targets[1]]
        triggers = self.env["ir.cron.trigger"].sudo()
        before = triggers.search([])

        self.targets[1]._send_soon()
        self.assertEqual((triggers.search([]) - before).cron_id, own)
        self.targets._send_soon()
        self.assertEqual((triggers.search([]) - before).cron_id, own | main)

    def test_the_jobs_of_a_remote_go_with_it(self):
        own = self.targets._own_jobs()[self.targets[1]]
        self.assertEqual(len(own), 3)
        third = self._target(self._remote("17.0"), database="third")
        theirs = third._own_jobs()[third]

        third.unlink()

        self.assertFalse(theirs.exists())
        self.assertEqual(own.exists(), own)

    def _sent(self, target, remote):
        """Let a bill of the company be in its remote, and return its row."""
        [connection] = target.connection_ids
        move = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "company_id": target.company_id.id,
                "partner_id": self.partner_a.id,
                "invoice_date": "2026-03-01",
                "invoice_line_ids": [(0, 0, {"name": "x", "price_unit": 5})],
            }
        )
        bill = _BILL_THERE | dict.fromkeys(_AMOUNTS, 0.0)
        number = remote.add("account.move", **bill)
        name = f"__import__.procurify_{target.id}"
        remote.name_row(name, "account.move", number)
        return (
            self.env["procurify.dispatch"]
            .sudo()
            .create(
                {
                    "target_id": target.id,
                    "connection_id": connection.id,
                    "res_model": "account.move",
                    "res_id": move.id,
                    "external_id": name,
                    "remote_id": number,
                    "remote_state": "draft",
                    "state": "sent",
                    "sent_image": _SENT,
                }
            )
        )
