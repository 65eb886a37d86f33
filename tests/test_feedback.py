"""Every button says what came of it, and every empty list why it is empty."""

from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestFeedback(ProcurifyCommon):
    master_data_ready = True

    def test_replay_counts_what_is_in_odoo_and_what_is_left(self):
        held = self._held("plain", code="7450")
        other = self._held("unknown_department")

        self.assertIn("Still on hold: 2", self._said((held | other).action_replay()))
        self._account("7450")
        message = self._said((held | other).action_replay())

        self.assertIn("Documents in Odoo: 1", message)
        self.assertIn("Still on hold: 1", message)

    def test_replay_says_that_a_rule_excludes(self):
        record = self._held("plain", code="7450")
        record.action_ignore("Paid by hand")
        record.sudo().payload = record.payload.replace('"type":0', '"type":1').replace(
            '"type": 0', '"type": 1'
        )

        self.assertIn("Excluded by a rule: 1", self._said(record.action_replay()))

    def test_replay_of_master_data_that_holds_nothing_says_what_became_of_it(self):
        record = self._records("account_code", state="quarantined")[:1]
        self._account(record.code)

        self.assertIn("Mapped: 1", self._said(record.action_replay()))

    def test_ignoring_and_deciding_say_how_many(self):
        record = self._held("plain", code="7450")
        wizard = self.env["procurify.ignore"].create(
            {"record_ids": record.ids, "reason": "Paid by hand"}
        )

        self.assertIn("Ignored: 1", self._said(wizard.action_ignore()))

    def test_lists_and_files_say_what_was_queued(self):
        streams = self.connection.stream_ids
        self.assertIn(str(len(streams)), self._said(streams.action_nightly_check()))
        self.assertIn(str(len(streams)), self._said(streams.action_read_again()))
        files = self.env["procurify.attachment"]
        self.assertIn("0", self._said(files.action_retry()))

    def test_pause_and_resume_say_what_waits(self):
        self.dataset.add_bill("plain")
        self._fetch()

        waiting = self._records(state="pending").filtered(
            lambda record: record.role == "document"
        )
        self.assertTrue(waiting)
        queued = f"Documents queued: {len(waiting)}"

        self.assertIn(queued, self._said(self.connection.action_pause()))
        self.assertIn(queued, self._said(self.connection.action_resume()))

    # === EMPTY LISTS === #

    def test_empty_list_names_the_missing_right(self):
        reviewer = new_test_user(
            self.env,
            "blind",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
        )
        for model, right in (
            ("procurify.commitment", "Purchase"),
            ("procurify.certificate", "journal items"),
        ):
            with self.subTest(model):
                self.assertIn(right, self._help(model, reviewer))
                self.assertEqual(self._help(model), "Nothing here")

    def test_empty_list_says_that_nothing_is_connected(self):
        self.assertEqual(self._help("procurify.record"), "Nothing here")

        self.env["procurify.connection"].search([]).active = False
        self.assertIn("archived", self._help("procurify.record"))
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "true")
        self.assertIn("neutralised copy", self._help("procurify.record"))
        self.assertIn('procurify_connection_action"', self._help("procurify.record"))
        self.env["ir.config_parameter"].set_param("database.is_neutralized", False)
        archived = self.env["procurify.connection"].with_context(active_test=False)
        archived.search([]).unlink()
        self.assertIn("no connection", self._help("procurify.record"))
        setup = "procurify_connector.procurify_connection_action_setup"
        self.assertIn(setup, self._help("procurify.connection"))
        reviewer = new_test_user(
            self.env, "looks", groups="procurify_connector.group_user"
        )
        self.assertIn("no connection", self._help("procurify.record", reviewer))
        self.assertNotIn(setup, self._help("procurify.record", reviewer))

    # === HELPERS === #

    def _held(self, scenario, **params):
        bill_id = self.dataset.add_bill(scenario, **params)
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(record.state, "quarantined")
        return record

    def _said(self, action):
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["message"]

    def _help(self, model, user=None):
        """Return what the client shows; it asks with the system's rights."""
        asked = self.env[model].with_user(user or self.env.user).sudo()
        return str(asked.get_empty_list_help("Nothing here"))
