"""The client secret and the token: to whom they go, and what never shows them."""

import warnings
from inspect import Parameter, isfunction, signature
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.procurify_connector.fetching.tenant import open_client, stored_token
from odoo.addons.procurify_connector.tools import cipher

from .common import ProcurifyCommon

HIDDEN = ("client_secret_encrypted", "token_encrypted", "proven_tenant")
ELSEWHERE = "https://attacker.example"
_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@tagged("post_install", "-at_install", "procurify")
class TestSecretsStayWithTheirHost(ProcurifyCommon):
    def test_another_host_does_not_get_the_stored_secret(self):
        connection = self.connection
        for values, kept in (
            ({"base_url": ELSEWHERE}, False),
            ({"token_url": f"{ELSEWHERE}/oauth/token"}, False),
            ({"base_url": "nowhere at all"}, False),
            ({"base_url": "http://localhost:1"}, False),  # the port counts
            ({"base_url": ELSEWHERE, "client_secret": "theirs"}, True),
            ({"base_url": ELSEWHERE, "client_secret": "  "}, False),
        ):
            with self.subTest(values=values):
                start = {
                    "base_url": self.simulator.base_url,
                    "token_url": False,
                    "client_secret": self.simulator.client_secret,
                }
                connection.write(start)
                connection.action_test_connection()
                self.assertEqual(connection.state, "connected")

                connection.write(values)

                self.assertEqual(connection.has_client_secret, kept)
                self.assertFalse(connection.token_expires_at)
                if not kept:
                    connection.action_test_connection()
                    self.assertIn("Enter the client", connection.error_message)

    def test_same_host_however_written_keeps_the_secret(self):
        self.connection.write(
            {"base_url": "https://acme.procurify.example", "client_secret": "acme's"}
        )
        for address in (
            "acme.procurify.example",
            "https://ACME.procurify.example:443/bills?page=2",
        ):
            self.connection.base_url = address
            self.assertTrue(self.connection.has_client_secret, address)
        self.connection.base_url = "https://acme.procurify.example:8443"
        self.assertFalse(self.connection.has_client_secret)

    def test_address_is_kept_as_it_is_asked_and_never_with_a_password(self):
        for typed, kept in (
            ("acme", "https://acme.procurify.com"),
            (
                " HTTPS://Acme.procurify.example/bills?x=1 ",
                "https://acme.procurify.example",
            ),
        ):
            self.connection.base_url = typed
            self.assertEqual(self.connection.base_url, kept)
        for name in ("base_url", "token_url"):
            for address in ("https://me:secret@acme.example", "me:secret@acme.example"):
                with self.subTest(name, address=address):
                    with self.assertRaises(ValidationError) as caught:
                        self.connection.write({name: address})
                    self.assertNotIn("secret", str(caught.exception))

    def test_neither_settings_nor_import_nor_copy_take_the_secret_elsewhere(self):
        connection = self.connection
        copied = connection.copy({"base_url": ELSEWHERE, "name": "Copied"})
        self.assertFalse(copied.has_client_secret)
        copied.unlink()

        [[xid]] = connection.export_data(["id"])["datas"]
        result = connection.load(["id", "base_url"], [[xid, ELSEWHERE]])
        self.assertEqual(result["ids"], connection.ids)
        self.assertFalse(connection.has_client_secret)

        connection.write(
            {
                "base_url": self.simulator.base_url,
                "client_secret": self.simulator.client_secret,
            }
        )
        settings = self.env["res.config.settings"].create(
            {"procurify_base_url": ELSEWHERE}
        )
        settings.execute()
        self.assertEqual(connection.base_url, ELSEWHERE)
        self.assertFalse(connection.has_client_secret)

        with Form(connection) as form:
            form.client_secret = "entered again"
        self.assertTrue(connection.has_client_secret)


@tagged("post_install", "-at_install", "procurify")
class TestSecretsAreNotShown(ProcurifyCommon):
    def test_key_is_rotated_and_the_old_one_dropped(self):
        old, new = (cipher.Fernet.generate_key().decode() for _ in range(2))
        connection = self.connection
        with self._keys(old):
            connection.client_secret = self.simulator.client_secret
            connection.action_test_connection()
        with self._keys(f"{new}, {old}"):
            self.assertEqual(
                connection.action_rotate_key()["params"]["type"], "success"
            )
        self.simulator.clear_requests()
        with self._keys(new):
            self._fetch()
        self.assertEqual(connection.state, "connected")
        tokens = [r for r in self.simulator.requests if r.path == "/oauth/token"]
        self.assertEqual(tokens, [], "the stored token can be read too")
        row = self.env["procurify.audit"].search([("event", "=", "key_rotated")])
        self.assertEqual(row.connection_ref, connection.id)
        # With a key that cannot read it, nothing is touched, and it is said.
        with self._keys(old), self.assertRaises(cipher.UnreadableSecret):
            connection.action_rotate_key()
        reviewer = self._user("rotating", "group_user")
        with self.assertRaises(AccessError):
            connection.with_user(reviewer).action_rotate_key()

    def test_hidden_fields_are_no_oracle(self):
        """Not by reading them, nor by searching, sorting, grouping or exporting."""
        self.connection.action_test_connection()
        manager = self._user("curious", "group_manager")
        seen = self.connection.with_user(manager)
        settings = self.env["res.config.settings"]
        for field in HIDDEN:
            ways = {
                "read": lambda f=field: seen.read([f]),
                "search": lambda f=field: seen.search([(f, "=like", "g%")]),
                "any": lambda f=field: seen.env["procurify.record"].search(
                    [(f"connection_id.{f}", "=like", "g%")]
                ),
                "order": lambda f=field: seen.search([], order=f),
                "group": lambda f=field: seen.formatted_read_group(
                    [], [f], ["__count"]
                ),
                "aggregate": lambda f=field: seen.formatted_read_group(
                    [], [], [f"{f}:max"]
                ),
                "write": lambda f=field: seen.write({f: "mine"}),
                "create": lambda f=field: seen.create(
                    {"name": "Mine", "base_url": "x", f: "mine"}
                ),
                "default": lambda f=field: seen.with_context(
                    **{f"default_{f}": "mine"}
                ).create({"name": "Mine", "base_url": ELSEWHERE}),
                "filtered": lambda f=field: seen.filtered_domain([(f, "!=", False)]),
                "mapped": lambda f=field: seen.mapped(f),
                "export": lambda f=field: seen.export_data([f]),
            }
            for way, attempt in ways.items():
                with (
                    self.subTest(field=field, way=way),
                    self.assertRaises(AccessError),
                ):
                    attempt()
            self.assertNotIn(field, seen.fields_get())
            self.assertNotIn(field, seen.default_get(list(seen._fields)))
            self.assertNotIn(field, seen.read()[0])
            self.assertNotIn(field, seen.copy_data()[0])
        # Settings keep nothing of a connection in their own table.
        stored = [
            name
            for name, field in settings._fields.items()
            if name.startswith("procurify_") and field.store
        ]
        self.assertEqual(stored, ["procurify_import_workers"])

    def test_secret_is_in_no_error(self):
        secret = self.simulator.client_secret
        with self.assertLogs("odoo", "DEBUG") as logs:
            with (
                self._client_that_fails() as client,
                self.assertRaises(ZeroDivisionError),
            ):
                client.authenticate()
            text = f"{client!r} {stored_token(self.connection)!r}"
            self.connection.client_id = "somebody-else"
            self.connection.action_test_connection()
        for shown in (text, self.connection.error_message, *logs.output):
            self.assertNotIn(secret, shown)

    def test_no_expression_reaches_a_secret(self):
        """A template's is evaluated with Python's own rules, as superuser even."""
        self.connection.action_test_connection()
        secrets = (
            self.simulator.client_secret,
            stored_token(self.connection).access_token,
        )
        stream = "object.stream_ids[:1]"
        for expression in (
            "object.read(list(object._fields))",
            "object._client()._tokens._client_secret",
            "object._stored_token().access_token",
            "object.env['procurify.secret']._decrypt(object.client_secret_encrypted)",
            "object._client_options()",
            f"{stream}._read_all(object, 0, 'ir_cron_fetch', lambda s, c: [c.token])",
            f"[{stream}._read_each(object, 0, 'ir_cron_fetch', lambda s, c: "
            "[object.env.context.update(seen=c._access.authenticate()) or True])]",
        ):
            with self.subTest(expression):
                shown = self._evaluated(expression)
                for secret in secrets:
                    self.assertNotIn(secret, shown)
        self.assertEqual(self._evaluated("object.name"), self.connection.name)

    def test_no_method_of_any_model_hands_out_a_secret(self):
        """Whatever an expression calls, with a connection as each argument."""
        self.connection.action_test_connection()
        target = self.env["procurify.target"].create(
            {
                "company_id": self.company.id,
                "url": "https://10.1.2.3",
                "database": "books",
                "login": "connector",
                "api_key": "the key of a remote Odoo",
            }
        )
        secrets = (
            self.simulator.client_secret,
            stored_token(self.connection).access_token,
            "the key of a remote Odoo",
        )
        called = {}
        for name, model in self.env.registry.items():
            if model._abstract or not name.startswith("procurify."):
                continue
            rows = self.env[name].sudo().search([], limit=1)
            mine = {
                "procurify.connection": self.connection,
                "procurify.target": target,
            }
            rows = mine.get(name, rows).sudo()
            for method, count in self._own_methods(model):
                arguments = ", ".join(["connection"] * count)
                shown = self._evaluated(f"object.{method}({arguments})", rows)
                called[name, method] = shown
        found = {
            call: secret
            for call, shown in called.items()
            for secret in secrets
            if secret in shown
        }
        self.assertEqual(found, {})
        self.assertGreater(len(called), 300)
        # Else nothing would be proven.
        worked = [shown for shown in called.values() if "Error" not in shown]
        self.assertGreater(len(worked), 100)

    def _own_methods(self, model):
        """Yield (name, how many arguments it needs) of what the addon defines."""
        for cls in model.mro():
            if not cls.__module__.startswith("odoo.addons.procurify_connector"):
                continue
            for name, value in vars(cls).items():
                if isfunction(value) and "__" not in name:
                    needed = [
                        each
                        for each in signature(value).parameters.values()
                        if each.default is each.empty and each.kind in _POSITIONAL
                    ]
                    yield name, max(len(needed) - 1, 0)

    def _evaluated(self, expression, record=None):
        """Return what Odoo makes of an expression, or of its failure."""
        connection = self.connection.sudo()
        evaluated = safe_eval(
            f"lambda: str({expression})",
            {
                "object": connection if record is None else record,
                "connection": connection,
            },
        )
        with (
            mute_logger("odoo.sql_db"),
            warnings.catch_warnings(),
            self.env.cr.savepoint() as savepoint,
        ):
            # Odoo's, of arguments that make no sense.
            warnings.simplefilter("ignore")
            try:
                return evaluated()
            except Exception as error:  # noqa: BLE001 -- whatever it is
                return repr(error)
            finally:
                if not savepoint.closed:
                    savepoint.rollback()

    # === HELPERS === #

    def _client_that_fails(self):
        client = open_client(self.connection)
        with client:
            client.authenticate()
        token = stored_token(self.connection)
        self.assertNotIn(token.access_token, repr(token))
        client.authenticate = lambda: 1 / 0
        return client

    def _keys(self, keys):
        options = cipher.config.options
        return patch.dict(options, {cipher.KEY_OPTION: keys})

    def _user(self, login, group):
        return new_test_user(
            self.env,
            login,
            groups=f"procurify_connector.{group},base.group_allow_export",
            company_id=self.company.id,
        )
