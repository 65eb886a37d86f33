"""The support bundle: what helps, and nothing that is nobody's business."""

import json
from contextlib import nullcontext

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.procurify_connector.fetching.tenant import stored_token
from odoo.addons.procurify_connector.procurify import read_json
from odoo.addons.procurify_connector.tools.payload_shape import shape

from .common import ProcurifyCommon


@tagged("post_install", "-at_install", "procurify")
class TestSupport(ProcurifyCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.dataset.add_bill("plain")
        self.dataset.add_bill("unknown_account")
        self.broken = self.dataset.add_bill("plain")
        uuid = self.dataset.bill(self.broken).uuid
        for name in (self.broken, uuid.hex, uuid):
            self.simulator.faults.add(
                path=f"/api/v2/ap/bills/{name}/",
                kind="patch",
                set={"items": "a lot"},
                times=None,
            )
        self._synchronise()

    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_bundle_has_what_one_looks_for(self):
        bundle = self.connection.support_bundle()

        self.assertIn("procurify_connector", bundle["versions"])
        self.assertEqual(bundle["modules"]["account"].split(".")[0], "19")
        self.assertIn(
            "ir_cron_fetch", {cron["name"] for cron in bundle["scheduled_actions"]}
        )
        self.assertEqual(bundle["connection"]["phase"], "live")
        self.assertEqual(len(bundle["lists"]), len(self.connection.stream_ids))
        self.assertEqual(bundle["records"]["bill"]["done"], 1)
        self.assertIn("unknown_account", {each["code"] for each in bundle["issues"]})
        runs = {run["kind"]: run for run in bundle["runs"]}
        self.assertTrue(runs["fetch"]["requests"])
        [payload] = bundle["payloads"]
        self.assertEqual(payload["codes"], ["invalid_payload"])
        self.assertEqual(payload["shape"]["items"], "text of 5")
        findings = {each.pop("question"): each for each in bundle["findings"]}
        self.assertEqual(
            findings["date_time_of_day"],
            {
                "answer": "midnight",
                "count": 4,
                "total_count": 4,
                "verdict": "too_few",
                "confirmed": False,
            },
        )

    def test_bundle_holds_no_secret_no_name_and_no_amount(self):
        text = json.dumps(self.connection.support_bundle(), default=str)

        self._assert_no_secret(text)
        for record in self._records():
            # A short name may be part of another word.
            for told in filter(None, (record.name, record.remote_party)):
                if len(told) > 5:
                    self.assertNotIn(told, text)
        self.assertNotIn(self.connection.base_url, text)
        self.assertNotIn("a lot", text)

    def test_with_names_it_shows_what_is_not_mapped_and_still_no_secret(self):
        text = json.dumps(self.connection.support_bundle(with_names=True), default=str)

        self._assert_no_secret(text)
        for issue in self._records("account_code", state="quarantined").issue_ids:
            self.assertIn(json.dumps(issue.message), text)

    def test_reviewer_and_manager_of_another_company_get_nothing(self):
        other = self.env["res.company"].create({"name": "Another company"})
        people = [
            new_test_user(
                self.env,
                f"support_{number}",
                groups=f"base.group_user,procurify_connector.{group}",
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            for number, (group, company) in enumerate(
                (("group_user", self.company), ("group_manager", other))
            )
        ]
        url = f"/procurify/support/{self.connection.id}"
        for person in people:
            with self.subTest(person=person.login):
                with self.assertRaises(AccessError):
                    self.connection.with_user(person).support_bundle()
                self.authenticate(person.login, person.login)
                self.assertEqual(self.url_open(url).status_code, 404)

    def test_dialog_downloads_the_file(self):
        manager = new_test_user(
            self.env,
            "support_manager",
            groups="base.group_user,procurify_connector.group_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        dialogs = self.env["procurify.support"].with_user(manager)
        dialog = dialogs.with_context(active_id=self.connection.id).create({})
        self.authenticate(manager.login, manager.login)

        answer = self.url_open(dialog.action_download()["url"])

        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertFalse(answer.json()["with_names"])
        dialog.with_names = True
        answer = self.url_open(dialog.action_download()["url"])
        self.assertTrue(answer.json()["with_names"])

    def test_shape_has_kinds_and_no_value(self):
        found = shape(
            read_json(
                '{"id": 7, "total": "10.50", "note": "Jane", "none": null, "on": true,'
                ' "at": "2026-01-31", "jane@x.example": 1, "rate": 1.5,'
                ' "lines": [{"a": 1}, {"a": 2}, {"a": "x"}]}'
            )
        )

        self.assertEqual(
            found,
            {
                "id": "integer",
                "total": "number as text",
                "note": "text of 4",
                "none": "null",
                "on": "boolean",
                "at": "date",
                "(key)": "integer",
                "rate": "number",
                "lines": {
                    "count": 3,
                    "shapes": [{"a": "integer"}, {"a": "text of 1"}],
                },
            },
        )

    def _assert_no_secret(self, text):
        token = stored_token(self.connection).access_token
        for secret in (self.simulator.client_secret, self.simulator.client_id, token):
            self.assertNotIn(secret, text)
