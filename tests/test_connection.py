"""The messages when Procurify cannot be read, and what happens to secrets."""

import os
import socket
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo.exceptions import AccessError, ConcurrencyError
from odoo.tests import new_test_user, tagged
from odoo.tools import config

from odoo.addons.procurify_connector.fetching import tenant
from odoo.addons.procurify_connector.fetching.tenant import reach_options
from odoo.addons.procurify_connector.tools import cipher

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestConnection(ProcurifyCommon):
    def test_test_connection_says_who_it_is_and_what_it_sees(self):
        result = self.connection.action_test_connection()

        self.assertEqual(result["params"]["type"], "success")
        self.assertEqual(self.connection.state, "connected")
        self.assertIn(self.connection.identity, result["params"]["message"])
        self.assertTrue(self.connection.identity)
        self.assertFalse(self.connection.error_message)

    def test_a_token_is_asked_for_by_one_worker_at_a_time(self):
        with tenant.open_client(self.connection, renews_token=False) as client:
            with self.registry.cursor() as other:
                other.execute(
                    "SELECT pg_advisory_xact_lock(%s, %s)",
                    (tenant.TOKEN_LOCK, self.connection.id),
                )
                with self.assertRaises(ConcurrencyError):
                    tenant.renew_token(self.connection.sudo(), client)
            self.assertTrue(client.is_token_due)
        self._fetch()
        self.assertFalse(self.connection.error_message)

    def test_wrong_secret_says_to_copy_it_again(self):
        self.connection.client_secret = "wrong"

        result = self.connection.action_test_connection()

        # Said once, by the form that is loaded again.
        self.assertEqual(result["tag"], "soft_reload")
        self.assertEqual(self.connection.state, "error")
        self.assertIn("client secret", self.connection.error_message)

    def test_wrong_secret_in_the_cron_is_written_and_nothing_is_lost(self):
        self.dataset.add_bill("plain")
        self.simulator.reject_secret = True

        self._fetch()

        self.assertEqual(self.connection.state, "error")
        self.assertIn("client secret", self.connection.error_message)
        self.assertTrue(self.connection.error_date)
        self.assertFalse(self._records("bill"))
        self.simulator.reject_secret = False
        self._synchronise()
        self.assertEqual(self.connection.state, "connected")
        self.assertEqual(self._records("bill").state, "done")

    def test_private_address_is_refused_until_a_manager_allows_it(self):
        self._ask("https://10.0.0.9")
        self.assertIn("can allow it", self.connection.error_message)

        self._ask("https://169.254.169.254")
        self.assertIn("never contacts", self.connection.error_message)

        self.connection.allow_private_address = True
        self.assertFalse(self.connection.error_message, "Of the setting before.")
        self.assertTrue(reach_options(self.connection)["allow_private"])
        audited = self.env["procurify.audit"].search([("event", "=", "policy_changed")])
        self.assertIn("Allow Private Addresses", audited[:1].summary)

    def test_this_server_is_asked_only_where_its_configuration_says_so(self):
        with patch.dict(config.options, procurify_allow_loopback="False"):
            self.connection.action_test_connection()

        self.assertEqual(self.connection.state, "error")
        self.assertIn("this server itself", self.connection.error_message)
        self.assertFalse(self.simulator.requests)

    def test_environment_allows_it_where_odoo_conf_says_nothing(self):
        for option, variable, allowed in (
            ("", "True", True),
            ("", "False", False),
            ("", "", False),
            ("False", "True", False),
        ):
            with (
                self.subTest(option=option, variable=variable),
                patch.dict(config.options, procurify_allow_loopback=option),
                patch.dict(os.environ, PROCURIFY_ALLOW_LOOPBACK=variable),
            ):
                reach = reach_options(self.connection)
                self.assertEqual(reach["allow_loopback"], allowed)

    def test_test_tenant_is_named_so_wherever_the_connection_is(self):
        self.assertEqual(self.connection.display_name, "Simulator")

        self.connection.tenant_kind = "test"

        self.assertEqual(self.connection.display_name, "Simulator (test)")
        self.assertEqual(self._stream("bill").connection_id.display_name[-6:], "(test)")
        other = self.connection.copy()
        self.assertEqual(other.tenant_kind, "production")
        self.assertNotEqual(other.color, self.connection.color)
        audited = self.env["procurify.audit"].search(
            [("event", "=", "policy_changed")], limit=1
        )
        self.assertIn("Tenant", audited.summary)

    def test_closed_port_is_reported_within_three_seconds(self):
        started = time.monotonic()

        self._ask("http://127.0.0.1:9")

        self.assertLess(time.monotonic() - started, 3)
        self.assertEqual(self.connection.state, "error")

    def test_wrong_address_says_to_check_it(self):
        for address in (
            "https://nobody.procurify.example",
            "not an address",
            "ftp://x",
        ):
            with self.subTest(address=address):
                self.connection.write(
                    {
                        "base_url": address,
                        "client_secret": self.simulator.client_secret,
                    }
                )

                with self._without_pauses():
                    self.connection.action_test_connection()

                self.assertEqual(self.connection.state, "error")
                self.assertIn("address", self.connection.error_message)

    def test_server_that_is_down_says_that_nothing_is_lost(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.connection.write(
                {
                    "base_url": f"http://127.0.0.1:{unused.getsockname()[1]}",
                    "client_secret": self.simulator.client_secret,
                }
            )
        with self._without_pauses():
            self._fetch()

        self.assertEqual(self.connection.state, "error")
        self.assertIn("does not answer", self.connection.error_message)
        self.assertTrue(self.connection.retry_at)
        stream = self.connection.stream_ids[0]
        self.assertFalse(stream.last_success)
        self.assertEqual(stream.error_message, self.connection.error_message)

    def test_web_page_instead_of_an_answer_says_to_check_the_address(self):
        self.dataset.add_bill("plain")
        self._fetch()
        known = self._records("bill")
        watermark = self._stream("bill").modified_watermark
        self.dataset.add_bill("plain")
        self.simulator.faults.add(path="/api/v3/ap/bills/", kind="html", times=None)

        with self._without_pauses():
            self._fetch()

        self.assertEqual(self.connection.state, "error")
        self.assertIn("login page", self.connection.error_message)
        self.assertEqual(self._records("bill"), known)
        self.assertEqual(self._stream("bill").modified_watermark, watermark)
        self.simulator.faults.clear()
        self._fetch()
        self.assertEqual(len(self._records("bill")), 2)

    def test_an_outage_in_the_middle_keeps_the_pages_before_it(self):
        self.connection.page_size = 2
        for _number in range(6):
            self.dataset.add_bill("plain")
        self.simulator.faults.add(
            path="/api/v3/ap/bills/", query={"page": "2"}, status=503, times=None
        )

        with self._without_pauses():
            self._fetch()

        stream = self._stream("bill")
        self.assertEqual(len(self._records("bill")), 2)
        self.assertEqual(stream.scan_page, 2)
        self.assertFalse(stream.modified_watermark)
        self.simulator.faults.clear()
        self.simulator.clear_requests()
        self._fetch()
        self.assertEqual(len(self._records("bill")), 6)
        self.assertTrue(stream.modified_watermark)
        pages = [
            request.query["page"]
            for request in self.simulator.requests
            if request.path == "/api/v3/ap/bills/"
        ]
        self.assertEqual(pages[0], "2", "the scan goes on where it stopped")

    def test_archived_connection_is_not_polled(self):
        self.connection.active = False

        self._fetch()

        self.assertFalse(self.simulator.requests)

    def test_archived_integration_user_is_reported_and_records_wait(self):
        self.dataset.add_bill("plain")
        user = new_test_user(self.env, "integration", groups="base.group_user")
        user.company_ids |= self.company
        self.connection.user_id = user
        user.active = False

        self._fetch()
        self._run_cron("ir_cron_import")

        self.assertIn(user.name, self.connection.import_obstacle)
        self.assertEqual(self._records("bill").state, "pending")

    # === SECRETS === #

    def test_secret_is_never_read_back(self):
        secret = self.simulator.client_secret
        self.connection.action_test_connection()
        self.env.flush_all()
        self.env.invalidate_all()

        self.assertFalse(self.connection.client_secret)
        self.assertTrue(self.connection.has_client_secret)
        self.assertNotIn(secret, str(self.connection.read()))
        self.assertNotIn(secret, str(self.connection.export_data(["client_secret"])))
        for field in ("client_secret_encrypted", "token_encrypted"):
            with self.assertRaises(AccessError):
                self.connection.read([field])
            with self.assertRaises(AccessError):
                self.connection.search([(field, "!=", False)])
            self.assertNotIn(field, self.connection.fields_get())
        self.env.cr.execute(
            "SELECT to_jsonb(c)::text FROM procurify_connection c WHERE id = %s",
            [self.connection.id],
        )
        [row] = self.env.cr.fetchone()
        self.assertNotIn(secret, row)
        self.assertNotIn("simulated-token", row)

    def test_empty_secret_keeps_the_stored_one(self):
        self.connection.write({"client_secret": "", "name": "Renamed"})

        self.connection.action_test_connection()

        self.assertEqual(self.connection.state, "connected")

    def test_new_credentials_forget_the_token(self):
        self.connection.action_test_connection()
        self.assertTrue(self.connection.token_expires_at)

        self.connection.client_id = "somebody-else"

        self.assertFalse(self.connection.token_expires_at)
        self.assertEqual(self.connection.state, "draft")

    def test_database_without_its_key_asks_for_the_secret_again(self):
        another = cipher.Fernet.generate_key().decode()
        options = cipher.config.options
        with patch.dict(options, {cipher.KEY_OPTION: another}):
            self.connection.action_test_connection()

        self.assertEqual(self.connection.state, "error")
        self.assertIn("Enter the client secret again", self.connection.error_message)

    def test_rotated_key_still_reads_what_the_old_one_wrote(self):
        old, new = (cipher.Fernet.generate_key().decode() for _ in range(2))
        options = cipher.config.options
        with patch.dict(options, {cipher.KEY_OPTION: old}):
            cipher_text = cipher.encrypt(self.env, "hush", "a field")

        with patch.dict(options, {cipher.KEY_OPTION: f"{new},{old}"}):
            read = cipher.decrypt(self.env, cipher_text, "a field")
            self.assertEqual(read, "hush")

    def test_cipher_text_of_another_connection_or_field_is_not_read(self):
        other = self._connect(name="Other", client_secret="theirs")
        self.connection.action_test_connection()
        self.env.flush_all()
        for column in ("client_secret_encrypted", "token_encrypted"):
            with self.subTest(column):
                self.env.cr.execute(
                    f"UPDATE procurify_connection SET client_secret_encrypted ="
                    f" (SELECT {column} FROM procurify_connection WHERE id = %s)"
                    " WHERE id = %s",
                    [self.connection.id, other.id],
                )
                self.env.invalidate_all()
                other.action_test_connection()
                self.assertEqual(other.state, "error")
                self.assertIn("client secret again", other.error_message)

    def test_key_file_that_others_may_read_is_refused(self):
        with (
            TemporaryDirectory() as folder,
            patch.dict(config.options, {"data_dir": folder, cipher.KEY_OPTION: ""}),
        ):
            self.connection.client_secret = "mine"
            path = Path(folder) / cipher.KEY_FILE
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
            for mode in (0o644, 0o640, 0o602):
                path.chmod(mode)
                self.connection.action_test_connection()
                self.assertIn("chmod 600", self.connection.error_message)

    def test_token_is_shared_and_asked_for_once(self):
        self._fetch()
        self._fetch()

        tokens = [r for r in self.simulator.requests if r.path == "/oauth/token"]
        self.assertEqual(len(tokens), 1)

    def test_expired_token_is_renewed_once(self):
        self._fetch()
        self.simulator.expire_tokens()
        self.simulator.clear_requests()

        self._fetch()

        self.assertEqual(self.connection.state, "connected")
        tokens = [r for r in self.simulator.requests if r.path == "/oauth/token"]
        self.assertEqual(len(tokens), 1)

    def test_nothing_but_get_and_the_token_reaches_procurify(self):
        self.dataset.add_bill("plain")
        self.connection.action_test_connection()
        self._synchronise()

        self.assertEqual(
            {
                (request.method, request.path == "/oauth/token")
                for request in self.simulator.requests
            },
            {("GET", False), ("POST", True)},
        )

    def test_neutralized_copy_neither_polls_nor_holds_the_token(self):
        self.connection.action_test_connection()
        self.env.flush_all()
        with open(
            __file__.replace("tests/test_connection.py", "data/neutralize.sql")
        ) as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()

        self.assertFalse(self.connection.active)
        self.assertFalse(self.connection.has_client_secret)
        self.env.cr.execute(
            "SELECT token_encrypted FROM procurify_connection WHERE id = %s",
            [self.connection.id],
        )
        self.assertEqual(self.env.cr.fetchone(), (None,))

    # === SETTINGS === #

    def test_settings_change_and_test_the_company_s_connection(self):
        self.connection.write(
            {
                "base_url": "https://former.procurify.example",
                "client_id": "nobody",
                "client_secret": "nothing",
            }
        )
        settings = self.env["res.config.settings"].create(
            {
                "procurify_base_url": self.simulator.base_url,
                "procurify_client_id": self.simulator.client_id,
                "procurify_client_secret": self.simulator.client_secret,
            }
        )

        result = settings.action_procurify_test()

        self.assertEqual(result["params"]["type"], "success")
        connection = self.env["procurify.connection"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(connection, self.connection)
        self.assertEqual(connection.state, "connected")
        again = self.env["res.config.settings"].create({})
        self.assertEqual(again.procurify_base_url, self.simulator.base_url)
        self.assertEqual(again.procurify_state, "connected")
        again.execute()
        self.assertEqual(connection.state, "connected", "unchanged: nothing written")

    def test_settings_open_for_an_administrator_of_something_else(self):
        stranger = new_test_user(
            self.env,
            "settings_admin",
            groups="base.group_system",
            company_id=self.company.id,
        )
        stranger.group_ids -= self.env.ref("procurify_connector.group_manager")
        settings = self.env["res.config.settings"].with_user(stranger).create({})

        settings.execute()

        with self.assertRaises(AccessError):
            settings.action_procurify_test()

    def test_settings_never_store_the_secret_in_clear(self):
        settings = self.env["res.config.settings"].create(
            {"procurify_client_secret": "very-secret"}
        )
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT to_jsonb(s)::text FROM res_config_settings s WHERE id = %s",
            [settings.id],
        )
        [row] = self.env.cr.fetchone()
        self.assertNotIn("very-secret", row)

    # === HELPERS === #

    def _ask(self, address):
        """Test another address; the secret belongs to the one before."""
        self.connection.write({"base_url": address, "client_secret": "another"})
        self.connection.action_test_connection()

    def _without_pauses(self):
        """The client's back-off has tests of its own; here it only costs time."""
        return patch.object(
            type(self.connection), "_client_options", lambda _self: {"max_attempts": 1}
        )
