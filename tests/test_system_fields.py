"""What the connector remembers of its own work is nobody else's to write."""

from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon

# Read-only in forms, and yet for managers to write.
PEOPLES = {
    "procurify.connection": {"phase"},
    "procurify.stream": {"modified_watermark", "created_watermark"},
}
FAR = "2999-01-01 00:00:00"


@tagged("post_install", "-at_install", "procurify")
class TestSystemFields(ProcurifyCommon):
    def setUp(self):
        super().setUp()
        self.manager = new_test_user(
            self.env,
            "keeper",
            groups="procurify_connector.group_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.mine = self.connection.with_user(self.manager)
        self.streams = self.connection.sudo().stream_ids
        self.env["ir.cron"].search([]).write({"nextcall": fields.Datetime.now()})

    def test_nobody_writes_what_the_system_keeps(self):
        for record in (self.mine, self.mine.stream_ids[:1]):
            for name in sorted(record._system_fields):
                before = record.sudo()[name]
                with self.subTest(field=f"{record._name}.{name}"):
                    for attempt in (
                        lambda r=record, n=name: r.write({n: False}),
                        lambda r=record, n=name: r.web_save({n: False}, {}),
                        lambda r=record, n=name: r.update({n: False}),
                    ):
                        with self.assertRaises(AccessError):
                            attempt()
                    self.assertEqual(record.sudo()[name], before)

    def test_lists_are_not_changed_through_their_connection(self):
        stream = self.mine.stream_ids[:1]
        command = Command.update(stream.id, {"next_attempt": FAR})

        with self.assertRaisesRegex(AccessError, "next_attempt"):
            self.mine.write({"stream_ids": [command]})

    def test_file_is_not_imported_into_what_the_system_keeps(self):
        stream = self.mine.stream_ids[:1]
        result = stream.load(
            [".id", "last_success"], [[str(stream.id), "2030-01-01 00:00:00"]]
        )

        self.assertTrue(result["messages"])
        self.assertFalse(stream.last_success)

    def test_connection_is_created_without_any_of_it(self):
        values = {"base_url": "https://acme.example", "user_id": self.manager.id}
        new = self.mine.browse()
        for name, value in (("retry_at", FAR), ("state", "connected")):
            with self.subTest(field=name), self.assertRaises(AccessError):
                new.create(values | {name: value})
        made = new.with_context(
            default_state="connected",
            default_retry_at=FAR,
            default_next_attempt=FAR,
            default_last_success="2030-01-01 00:00:00",
            default_identity="Somebody",
        ).create(values)

        self.assertEqual(made.state, "draft")
        self.assertFalse(made.retry_at or made.identity)
        self.assertFalse(any(made.stream_ids.mapped("next_attempt")))
        self.assertFalse(any(made.stream_ids.mapped("last_success")))

    def test_stored_default_of_a_user_does_not_count(self):
        defaults = self.env["ir.default"].sudo()
        defaults.set("procurify.connection", "retry_at", FAR, user_id=self.manager.id)

        found = self.mine.browse().default_get(["retry_at", "state", "page_size"])

        self.assertEqual(found, {"state": "draft", "page_size": 50})

    def test_watermarks_are_a_manager_s_and_stand_in_the_audit(self):
        stream = self.mine.stream_ids.filtered(lambda s: s.resource == "bill")

        stream.modified_watermark = "2026-01-01 00:00:00"

        row = self.env["procurify.audit"].search([], limit=1)
        self.assertEqual(row.event, "policy_changed")
        self.assertIn("modified_watermark", row.after)

    def test_every_field_that_is_read_only_is_the_system_s(self):
        """A field that is added belongs to one or the other."""
        for model, allowed in PEOPLES.items():
            model = self.env[model]
            kept = {
                name
                for name, field in model._fields.items()
                if field.store
                and field.column_type
                and (field.readonly or field.groups == fields.NO_ACCESS)
                and not (field.compute or field.related)
                and name not in models.MAGIC_COLUMNS
            }
            with self.subTest(model=model._name):
                self.assertEqual(kept - model._system_fields, allowed)

    def test_moments_in_the_future_are_an_alarm(self):
        self._read_all()
        self.assertNotIn("future_stamp", self._alarms())
        ahead = fields.Datetime.now() + timedelta(days=30)
        stream = self.streams[0]
        for record, name in (
            (self.connection.sudo(), "retry_at"),
            *((stream, name) for name in ("last_success", "next_attempt")),
            *((stream, f"{name}_watermark") for name in ("modified", "created")),
        ):
            with self.subTest(field=name):
                before = record[name]
                record[name] = ahead
                self.assertIn("future_stamp", self._alarms())
                self.assertFalse(self._health()["healthy"])
                record[name] = before
        self.assertTrue(self._health()["healthy"])

    def test_what_is_wanted_is_no_moment_in_the_future(self):
        self._read_all()
        now = fields.Datetime.now()
        self.connection.sudo().retry_at = now + timedelta(hours=24)
        self.streams[0].interval_minutes = 3 * 24 * 60
        self.streams[0].next_attempt = now + timedelta(days=3)
        self.streams[1].modified_watermark = now + timedelta(hours=14)

        self.assertNotIn("future_stamp", self._alarms())

    def test_no_setting_keeps_quiet_about_what_is_not_read(self):
        self._read_all()
        self.streams[0].last_success = fields.Datetime.now() - timedelta(days=8)
        for values in (
            {"silence_intervals": 100_000},
            {"quiet_from": 0.0, "quiet_to": 23.99},
        ):
            with self.subTest(values=values):
                self.mine.write(values)
                self.assertIn("not_read", self._alarms())
        self.mine.stream_ids.write({"interval_minutes": 1_000_000})
        self.assertIn("not_read", self._alarms())

    def test_nothing_is_healthy_that_is_not_read(self):
        self.assertFalse(self._health()["healthy"], "Nothing was ever read.")
        self._read_all()
        self.assertTrue(self._health()["healthy"])
        self.mine.action_pause()
        self.assertFalse(self._health()["healthy"], "It is paused.")
        self.connection.sudo().user_id = self.manager  # else he may not resume it
        self.mine.action_resume()
        self.mine.active = False
        self.assertFalse(self._health()["healthy"], "It is archived.")

    # === HELPERS === #

    def _read_all(self):
        self.streams.last_success = fields.Datetime.now()

    def _alarms(self):
        connection = self.connection.sudo()
        return connection._alarms()[connection]

    def _health(self):
        [health] = self.mine.browse().read_health(self.connection.id)
        return health
