"""The figures for monitors: off by default, behind a token, and true."""

import hashlib
from collections import Counter
from contextlib import nullcontext

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.procurify_connector.models.procurify_monitoring import (
    DIGEST_PARAMETER,
)

from .common import ProcurifyCommon

try:
    from prometheus_client.openmetrics import parser
except ImportError:  # a development tool
    parser = None


@tagged("post_install", "-at_install", "procurify")
class TestMonitoring(ProcurifyCommon, HttpCase):
    def setUp(self):
        super().setUp()
        self.monitoring = self.env["procurify.monitoring"]

    def _job_cursor_sees_the_test(self):
        return nullcontext()  # as every cursor does in a HttpCase

    def test_there_is_nothing_until_it_is_switched_on(self):
        self.assertEqual(self._get("anything").status_code, 404)

    def test_who_has_no_token_gets_nothing(self):
        token = self.monitoring._new_token()
        for header in (None, "", token, f"Basic {token}", f"Bearer {token}x", "Bearer"):
            with self.subTest(header=header):
                headers = {} if header is None else {"Authorization": header}
                answer = self.url_open("/procurify/metrics", headers=headers)
                self.assertEqual(answer.status_code, 401)
                self.assertFalse(answer.content)

    def test_new_token_voids_the_old_one_and_off_is_off(self):
        old = self.monitoring._new_token()
        new = self.monitoring._new_token()

        self.assertEqual(self._get(old).status_code, 401)
        self.assertEqual(self._get(new).status_code, 200)
        self.monitoring._switch_off()
        self.assertEqual(self._get(new).status_code, 404)

    def test_only_the_digest_is_kept(self):
        token = self.monitoring._new_token()

        kept = self.env["ir.config_parameter"].get_param(DIGEST_PARAMETER)

        self.assertEqual(kept, hashlib.sha256(token.encode()).hexdigest())

    def test_only_administrators_of_odoo_switch_it(self):
        manager = new_test_user(
            self.env,
            "monitoring_manager",
            groups="base.group_user,procurify_connector.group_manager",
        )
        settings = self.env["res.config.settings"].create({})
        for action in ("monitoring_token", "monitoring_off"):
            with self.subTest(action=action), self.assertRaises(AccessError):
                getattr(settings.with_user(manager), f"action_procurify_{action}")()

    def test_settings_show_the_token_once(self):
        settings = self.env["res.config.settings"].create({})

        token = settings.action_procurify_monitoring_token()["context"]["default_key"]

        self.assertEqual(self._get(token).status_code, 200)
        settings.invalidate_recordset()
        self.assertTrue(settings.procurify_is_monitored)
        settings.action_procurify_monitoring_off()
        self.assertEqual(self._get(token).status_code, 404)

    def test_figures_are_those_of_the_records(self):
        self.dataset.add_bill("plain")
        self.dataset.add_bill("unknown_account")
        self._synchronise()
        token = self.monitoring._new_token()

        answer = self._get(token)

        self.assertTrue(
            answer.headers["Content-Type"].startswith("application/openmetrics-text")
        )
        self.assertNotIn(self.simulator.client_secret, answer.text)
        figures = self._figures(answer.text)
        mine = {"connection_id": str(self.connection.id)}
        records = {
            (labels["resource"], labels["state"]): value
            for labels, value in figures["procurify_records"]
            if mine.items() <= labels.items()
        }
        self.assertEqual(records["bill", "done"], 1)
        self.assertEqual(records["bill", "quarantined"], 1)
        issues = {
            labels["code"]: value
            for labels, value in figures["procurify_open_issues"]
            if mine.items() <= labels.items()
        }
        kept = self.env["procurify.issue"].search(
            [("connection_id", "=", self.connection.id), ("state", "=", "open")]
        )
        self.assertEqual(issues, Counter(kept.mapped("code")))
        self.assertIn("unknown_account", issues)
        held = {
            labels["code"]: value
            for labels, value in figures["procurify_held_documents"]
            if mine.items() <= labels.items()
        }
        self.assertEqual(held, {"unknown_account": 1})
        lags = [
            value
            for labels, value in figures["procurify_list_lag_seconds"]
            if mine.items() <= labels.items()
        ]
        self.assertEqual(len(lags), len(self.connection.stream_ids))
        self.assertLess(max(lags), 600)

    def test_names_are_escaped(self):
        self.connection.name = 'A "B" \\ C\nD'
        self.env.flush_all()
        token = self.monitoring._new_token()

        figures = self._figures(self._get(token).text)

        names = {labels["connection"] for labels, _ in figures["procurify_alarm"]} | {
            labels["connection"]
            for labels, _ in figures["procurify_connection_healthy"]
        }
        self.assertIn(self.connection.name, names)

    def test_failure_and_alarm_are_reported(self):
        self.simulator.faults.add(path="/oauth/token", status=401, times=None)
        self._fetch()

        figures = self._figures(self.monitoring._text())

        mine = str(self.connection.id)
        healthy = {
            labels["connection_id"]: value
            for labels, value in figures["procurify_connection_healthy"]
        }
        self.assertEqual(healthy[mine], 0)
        self.assertTrue(
            [
                1
                for labels, _ in figures["procurify_alarm"]
                if labels["connection_id"] == mine
            ]
        )
        failed = {
            (labels["connection_id"], labels["kind"]): value
            for labels, value in figures["procurify_runs_failed"]
        }
        self.assertEqual(failed[mine, "fetch"], 1)

    def test_queries_do_not_grow_with_the_connections(self):
        self.monitoring._text()
        self.env.invalidate_all()
        with self._counted() as one:
            self.monitoring._text()
        for number in range(5):
            self._connect(
                name=f"Tenant {number}", base_url=f"https://t{number}.example"
            )
        self.env.flush_all()
        self.env.invalidate_all()
        with self._counted() as several:
            self.monitoring._text()

        self.assertLessEqual(several[0], one[0] + 2)

    # === HELPERS === #

    def _get(self, token):
        return self.url_open(
            "/procurify/metrics", headers={"Authorization": f"Bearer {token}"}
        )

    def _figures(self, text):
        """Return {name: [(labels, value)]}, read as a monitor reads it."""
        self.assertIsNotNone(parser, "prometheus_client is not installed")
        families = parser.text_string_to_metric_families(text)
        return {
            family.name: [(sample.labels, sample.value) for sample in family.samples]
            for family in families
        }

    def _counted(self):
        return _Counted(self.env.cr)


class _Counted(list):
    """How many queries a block sent."""

    def __init__(self, cursor):
        super().__init__()
        self._cursor = cursor

    def __enter__(self):
        self._before = self._cursor.sql_log_count
        return self

    def __exit__(self, *_exception):
        self.append(self._cursor.sql_log_count - self._before)
