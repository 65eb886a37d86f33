"""A remote Odoo: what its test says, its key, and which connections book there."""

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.procurify_connector.fetching.remote_odoo import KEY
from odoo.addons.procurify_connector.procurify_odoo.tests import fake
from odoo.addons.procurify_connector.tools import cipher

from .remote_case import RemoteCase


@tagged("post_install", "-at_install", "procurify")
class TestTarget(RemoteCase):
    def setUp(self):
        super().setUp()
        self.remote = self._remote()
        self.target = self._target(self.remote)

    # === TEST === #

    def test_a_remote_that_has_everything_is_ready(self):
        result = self.target.action_probe()

        self.assertEqual(result["params"]["type"], "success", result["params"])
        self.assertEqual(self.target.state, "ready")
        self.assertEqual(
            result["params"]["message"],
            "Odoo 19.0 by JSON-2, as Connector in Acme Ltd "
            f"({self.company.currency_id.name}). Prices have any number of decimals.",
        )
        self.assertFalse(self.target.missing)
        self.assertFalse(self.target.error_message)

    def test_an_older_remote_says_its_protocol_and_decimals(self):
        target = self._target(self._remote("14.0"))

        target.action_probe()

        self.assertEqual((target.state, target.version), ("ready", "14.0"))
        self.assertIn("JSON-RPC", target.summary)
        self.assertIn("Prices have 2 decimals", target.summary)

    def test_each_missing_right_is_said_on_a_line_of_its_own(self):
        remote = self._remote("14.0")
        remote.email = ""
        remote.groups.remove("account.group_account_invoice")
        remote.denied = {
            ("account.tax", "read"),
            ("purchase.order", "create"),
            ("account.move", "write"),
        }
        target = self._target(remote)

        result = target.action_probe()

        self.assertEqual(result["params"]["type"], "danger")
        self.assertEqual(target.state, "stopped")
        lines = target.missing.splitlines()
        for line, words in zip(
            lines,
            (
                "group Billing (account.group_account_invoice)",
                "may not read Tax (account.tax)",
                "may not create Purchase Order (purchase.order)",
                "may not change Journal Entry (account.move)",
                "has no e-mail address",
            ),
            strict=True,
        ):
            self.assertIn(words, line)

    def test_a_missing_app_and_a_missing_field_are_said(self):
        self.remote.missing_models = {"purchase.order", "purchase.order.line"}
        known = fake.recorded("fields")["19"]["account.account"]
        with patch.dict(known):
            del known["active"]
            self.target.action_probe()

        app, field = self.target.missing.splitlines()
        self.assertIn("app Purchase is not installed", app)
        self.assertIn("no field account.account.active", field)

    def test_a_company_with_another_currency_is_not_ready(self):
        self.remote.currency = "XAF"

        self.target.action_probe()

        self.assertEqual(self.target.state, "stopped")
        self.assertIn("Acme Ltd keeps its books in XAF", self.target.missing)

    def test_each_failure_says_what_to_do(self):
        gone = "http://127.0.0.1:1"
        right = {"url": self.remote.url, "login": fake.LOGIN, "api_key": fake.KEY}
        for values, words in (
            ({"api_key": "wrong"}, "refused the login or the API key"),
            ({"login": "somebody"}, "refused the login or the API key"),
            ({"url": gone}, "Enter the API key"),  # it was for another server
            ({"url": gone, "api_key": "x"}, "does not answer"),
            ({"url": "https://10.1.2.3", "api_key": "x"}, "in a private network"),
            ({"url": "https://192.0.2.1", "api_key": "x"}, "never contacts"),
            ({"url": "http://odoo.example", "api_key": "x"}, "There is no Odoo"),
        ):
            with self.subTest(values):
                self.target.write(right)
                self.target.write(values)

                result = self.target.action_probe()

                self.assertEqual(result["params"]["type"], "danger")
                self.assertEqual(self.target.state, "stopped")
                self.assertIn(words, self.target.error_message)

    def test_an_unknown_database_is_said(self):
        target = self._target(self._remote("17.0"), database="no_such")

        target.action_probe()

        self.assertIn("has no database no_such", target.error_message)

    def test_a_failure_keeps_what_was_known_and_a_change_forgets_it(self):
        self.target.action_probe()
        self.remote.key = "another"
        self.target.action_probe()
        self.assertEqual((self.target.state, self.target.version), ("stopped", "19.0"))

        self.target.login = "somebody@acme.example"

        self.assertEqual((self.target.state, self.target.version), ("draft", False))
        self.assertFalse(self.target.error_message)

    # === KEY === #

    def test_the_key_is_never_read_back(self):
        self.env.flush_all()
        self.env.invalidate_all()

        self.assertFalse(self.target.api_key)
        self.assertTrue(self.target.has_api_key)
        self.assertNotIn(fake.KEY, str(self.target.read()))
        self.assertNotIn(fake.KEY, str(self.target.export_data(["api_key"])))
        with self.assertRaises(AccessError):
            self.target.read([KEY])
        with self.assertRaises(AccessError):
            self.target.search([(KEY, "!=", False)])
        self.assertNotIn(KEY, self.target.fields_get())
        self.env.cr.execute(
            "SELECT to_jsonb(t)::text FROM procurify_target t WHERE id = %s",
            [self.target.id],
        )
        self.assertNotIn(fake.KEY, self.env.cr.fetchone()[0])
        self.assertFalse(self.target.copy({"database": "copy"}).has_api_key)

    def test_the_key_is_deleted_when_its_server_or_database_changes(self):
        for name, value in (
            ("url", "https://elsewhere.example"),
            ("database", "other"),
        ):
            with self.subTest(name):
                self.target.api_key = fake.KEY
                self.target.write({"name": "Renamed", name: self.target[name]})
                self.assertTrue(self.target.has_api_key)

                self.target[name] = value

                self.assertFalse(self.target.has_api_key)
        self.target.write({"database": "third", "api_key": fake.KEY})
        self.assertTrue(self.target.has_api_key)

    def test_the_key_of_another_target_is_not_read(self):
        other = self._target(self.remote, database="other", api_key="theirs")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE procurify_target SET api_key_encrypted = (SELECT api_key_encrypted"
            " FROM procurify_target WHERE id = %s) WHERE id = %s",
            [self.target.id, other.id],
        )
        self.env.invalidate_all()

        other.action_probe()

        self.assertIn("API key cannot be read", other.error_message)

    def test_re_encrypting_credentials_includes_the_key(self):
        self._book_remotely()
        old, new = (cipher.Fernet.generate_key().decode() for _ in range(2))
        with self._server_keys(old):
            self.target.api_key = fake.KEY
            self.connection.client_secret = "x"
        with self._server_keys(f"{new},{old}"):
            self.connection.action_rotate_key()
        with self._server_keys(new):
            self.target.action_probe()
        self.assertEqual(self.target.state, "ready", self.target.error_message)

    def test_an_address_with_a_password_is_refused(self):
        with self.assertRaises(ValidationError):
            self.target.url = "https://me:secret@odoo.example"

    def test_a_neutralized_copy_holds_no_key(self):
        self.env.flush_all()
        script = Path(__file__).parents[1] / "data" / "neutralize.sql"
        self.env.cr.execute(script.read_text())
        self.env.invalidate_all()

        self.assertFalse(self.target.has_api_key)
        self.assertEqual(self.target.state, "draft")

    def test_the_key_is_announced_before_it_expires(self):
        self.connection._enter_phase("paused")
        self.connection.target_id = self.target
        self.connection._enter_phase("setup")
        now = fields.Datetime.now().replace(microsecond=0)
        for days, is_warned in ((15, False), (13, True), (-1, True)):
            self.remote.key_expires = [
                fields.Datetime.to_string(now + timedelta(days=days))
            ]
            self.target.action_probe()
            self.env.invalidate_all()
            alarms = self.env["procurify.connection"].read_alarms(self.connection.id)

            self.assertEqual(bool(self.target.key_warning), is_warned)
            self.assertEqual("remote_key" in {a["code"] for a in alarms}, is_warned)
            self.assertEqual(self.target.state, "ready")
        self.assertIn("expired on", self.target.key_warning)

    # === A CONNECTION THAT BOOKS THERE === #

    def test_a_connection_books_here_by_default(self):
        self.assertFalse(self.connection.target_id)
        self.assertFalse(self.connection.target_note)
        self.dataset.add_bill("plain")

        self._synchronise()

        self.assertTrue(self._records("bill", state="done"))

    def test_a_live_connection_cannot_be_pointed_at_a_remote_odoo(self):
        with self.assertRaisesRegex(ValidationError, "Pause"):
            self.connection.target_id = self.target

    def test_the_form_of_a_paused_connection_offers_the_choice(self):
        self.connection.action_pause()
        with Form(self.connection) as form:
            form.target_id = self.target
            self.assertIn("orders, bills, refunds", form.target_note)

        self.assertEqual(self.connection.target_id, self.target)

    def test_a_connection_goes_live_once_its_remote_odoo_is_ready(self):
        self._book_remotely()
        with self.assertRaisesRegex(UserError, r"remote Odoo Books 19\.0.*not ready"):
            self.connection.action_resume()
        self.assertEqual(self.connection.phase, "paused")
        with self.assertRaisesRegex(UserError, "not ready"):
            self.connection.action_replay_held()

        self.target.action_probe()
        self.connection.action_resume()

        self.assertEqual(self.connection.phase, "live")

    def test_what_is_booked_here_cannot_be_moved_to_a_remote_odoo(self):
        self.dataset.add_bill("plain")
        self._synchronise()
        self.assertTrue(self._records("bill", state="done"))

        with self.assertRaisesRegex(ValidationError, "already booked"):
            self._book_remotely()

    def test_a_dry_run_still_answers_for_this_odoo(self):
        self.dataset.add_bill("plain")
        self._fetch()
        before = self._documents()
        self._book_remotely()

        result = self.connection._dry_run()

        self.assertTrue(result["booked"] or result["held"])
        self.assertEqual(self._documents(), before)

    def test_the_test_button_of_the_connection_tests_its_remote_odoo(self):
        with self.assertRaisesRegex(UserError, "books in this Odoo"):
            self.connection.action_test_target()
        self._book_remotely()

        result = self.connection.action_test_target()

        self.assertEqual(result["params"]["type"], "success")
        self.assertEqual(self.connection.target_state, "ready")
        [row] = self._audited("connection_tested")
        self.assertEqual(row.after, {"state": "ready", "target_id": "Books 19.0"})

    def test_changes_are_audited_on_the_connection_without_the_key(self):
        self._book_remotely()
        chosen = self._audited("policy_changed")[0]
        self.assertIn("Books 19.0", str(chosen.after))

        self.target.write({"login": "new@acme.example", "api_key": "fresh-key"})

        row = self._audited("policy_changed")[0]
        self.assertEqual(
            (row.before, row.after),
            ({"login": fake.LOGIN}, {"login": "new@acme.example"}),
        )
        credentials = self._audited("credentials_changed")[0]
        self.assertEqual(credentials.after, {"credentials": "API Key"})
        self.assertNotIn("fresh-key", str(self._audited_rows()))

    # === RIGHTS === #

    def test_reviewers_read_and_only_the_test_writes_its_result(self):
        reviewer = new_test_user(
            self.env,
            "reviewer",
            "procurify_connector.group_user",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )
        mine = self.target.with_user(reviewer)
        self.assertEqual(mine.name, "Books 19.0")
        for forbidden in (
            lambda: mine.write({"name": "Mine"}),
            mine.action_probe,
            lambda: self.target.write({"state": "ready"}),
            lambda: self.target.write({KEY: "x"}),
        ):
            with self.assertRaises(AccessError):
                forbidden()

    def test_a_remote_odoo_belongs_to_one_company(self):
        other = self.env["res.company"].create({"name": "Zenith"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "procurify_connector.group_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        theirs = self.env["procurify.target"].with_user(stranger)
        self.assertFalse(theirs.search([]))
        with self.assertRaises(AccessError):
            self.target.with_user(stranger).action_probe()
        self._book_remotely()
        with self.assertRaises(ValidationError):
            self.target.company_id = other

    # === HELPERS === #

    def _book_remotely(self):
        self.connection.action_pause()
        self.connection.target_id = self.target
        self.env.flush_all()

    def _documents(self):
        return self.env["account.move"].search_count([]), self.env[
            "res.partner"
        ].search_count([])

    def _audited_rows(self):
        rows = self.env["procurify.audit"].search(
            [("connection_ref", "=", self.connection.id)], order="id desc"
        )
        return rows.read(["event", "before", "after", "reason"])

    def _audited(self, event):
        return self.env["procurify.audit"].search(
            [("event", "=", event), ("connection_ref", "=", self.connection.id)],
            order="id desc",
        )

    @contextmanager
    def _server_keys(self, keys):
        with patch.dict(cipher.config.options, {cipher.KEY_OPTION: keys}):
            yield
