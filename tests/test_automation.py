"""The connector by Odoo's external API: answers, rights, codes, once per key."""

import json
from functools import partial
from inspect import signature

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ProcurifyCommon

# For each argument of each method; some of them are right somewhere.
WRONG_VALUES = (
    *("", "x", "2026-02-31", "\0", "a\0b", "\ud83d", "x" * 200),
    *(0, 1, -1, 2**31, 2**70, 1.5, float("nan"), True, False, None),
    *([], {}, [1], ["x"], [[]], [None], {"a": 1}, [{}]),
    *([("nope", "=", 1)], [("id", "=", {})], [("id", "in", 1)], [("id", "=", "\0")]),
    *([("id", "=", 2**70)], [("connection_id.nope.x", "=", 1)], ["&"], [("id",)]),
    [("payload", "any", [("x", "=", 1)])],
)


@tagged("post_install", "-at_install", "procurify")
class TestAutomation(ProcurifyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reviewer, cls.outsider = (
            new_test_user(
                cls.env,
                f"api_{role}",
                groups=f"{groups},account.group_account_manager",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for role, groups in (
                ("reviewer", "procurify_connector.group_user"),
                ("outsider", "base.group_user"),
            )
        )

    def setUp(self):
        super().setUp()
        self.held = self.dataset.add_bill("unknown_account")
        self._synchronise()

    def test_outsider_gets_nothing_and_a_code(self):
        for model, method in (
            ("procurify.connection", "read_health"),
            ("procurify.connection", "read_statistics"),
            ("procurify.record", "read_holds"),
            ("procurify.record", "replay"),
            ("procurify.issue", "read_issues"),
            ("procurify.audit", "read_events"),
            ("procurify.audit", "verify"),
        ):
            with self.subTest(model=model, method=method):
                with self.assertRaises(AccessError) as caught:
                    getattr(self.env[model].with_user(self.outsider), method)()
                self.assertEqual(caught.exception.context, {"code": "access_denied"})
        record = self._record("bill", self.held).with_user(self.outsider)
        with self.assertRaises(AccessError):
            record.explain()
        with self.assertRaises(AccessError):
            record.issue_ids.resolve()

    def test_wrong_arguments_give_a_code_and_never_a_failure(self):
        record = self._record("bill", self.held)
        targets = {
            "procurify.connection": self.connection,
            "procurify.record": record,
            "procurify.issue": record.issue_ids,
            "procurify.audit": self.env["procurify.audit"],
        }
        tried = 0
        for model, records in targets.items():
            methods = [
                name
                for name in dir(type(records))
                if hasattr(getattr(type(records), name), "is_procurify_api")
            ]
            self.assertTrue(methods, model)
            for name in methods:
                method = getattr(records.with_user(self.reviewer), name)
                for argument in signature(method).parameters:
                    for value in WRONG_VALUES:
                        tried += 1
                        with self.subTest(
                            model=model, method=name, **{argument: value}
                        ):
                            self._assert_coded(partial(method, **{argument: value}))
                with self.subTest(model=model, method=name):
                    self._assert_coded(partial(method, nonsense=1), "invalid_argument")
        self.assertGreater(tried, 300)

    def _assert_coded(self, call, code=None):
        """Make sure that ``call`` answers, or says with a code why it does not."""
        with self.env.cr.savepoint() as savepoint, mute_logger("odoo.sql_db"):
            try:
                json.dumps(call())
            except UserError as error:
                self.assertIn("code", error.context)
                if code:
                    self.assertEqual(error.context["code"], code)
            else:
                self.assertFalse(code)
            finally:
                savepoint.rollback()
                self.env.invalidate_all()

    def test_same_key_in_other_companies_is_another_call(self):
        other = self.setup_other_company()["company"]
        user = self.reviewer
        user.sudo().company_ids += other
        mine = self.env["procurify.audit"].with_user(user)

        mine.with_company(self.company).with_context(
            allowed_company_ids=self.company.ids
        ).verify(idempotency_key="once")

        with self.assertRaises(UserError) as caught:
            mine.with_context(allowed_company_ids=other.ids).verify(
                idempotency_key="once"
            )
        self.assertEqual(caught.exception.context, {"code": "key_reused"})

    def test_health_and_figures_say_what_there_is(self):
        connections = self.env["procurify.connection"].with_user(self.reviewer)

        [health] = connections.read_health(self.connection.id)
        [figures] = connections.read_statistics(self.connection.id)

        self.assertEqual(health["state"], "connected")
        self.assertEqual(
            {each["resource"] for each in health["lists"]},
            set(self.connection.stream_ids.mapped("resource")),
        )
        self.assertTrue(all(each["last_success"] for each in health["lists"]))
        self.assertEqual(figures["records"]["bill"]["quarantined"], 1)
        issues = self._records("account_code", state="quarantined").issue_ids
        self.assertIn("unknown_account", figures["open_issues"])
        self.assertEqual(figures["open_issues"]["unknown_account"], len(issues))
        self._assert_travels([health, figures])
        self.assertNotIn(self.simulator.client_secret, json.dumps([health, figures]))

    def test_bill_on_hold_is_listed_and_explained_without_a_trace(self):
        records = self.env["procurify.record"].with_user(self.reviewer)
        record = self._record("bill", self.held).with_user(self.reviewer)

        [hold] = records.read_holds([("resource", "=", "bill")])
        moves = self.env["account.move"].search_count([])
        [told] = record.explain()

        self.assertEqual(hold["record_id"], record.id)
        self.assertEqual([each["code"] for each in hold["issues"]], ["unknown_account"])
        self.assertEqual(told["preview"]["outcome"], "quarantined")
        self.assertFalse(told["target"])
        self.assertEqual(self.env["account.move"].search_count([]), moves)
        self._assert_travels([hold, told])

    def test_resolving_with_a_key_acts_once(self):
        issue = self._record("bill", self.held).issue_ids.with_user(self.reviewer)
        account = self._account("7777")

        first = issue.resolve(account.id, idempotency_key="night-1")
        logged = self._events("resolved")
        again = issue.resolve(account.id, idempotency_key="night-1")

        self.assertEqual(first["documents"], {"done": 1})
        self.assertEqual(first["issues"][0]["state"], "resolved")
        self.assertEqual(again, first)
        self.assertEqual(self._events("resolved"), logged)

    def test_key_of_another_call_is_refused(self):
        issue = self._record("bill", self.held).issue_ids.with_user(self.reviewer)
        issue.resolve(self._account("7777").id, idempotency_key="night-1")

        with self.assertRaises(UserError) as caught:
            issue.resolve(self._account("7778").id, idempotency_key="night-1")

        self.assertEqual(caught.exception.context, {"code": "key_reused"})
        self.assertEqual(caught.exception.http_status, 409)
        self.assertTrue(str(caught.exception).endswith("[procurify:key_reused]"))

    def test_key_is_one_s_own(self):
        sync = self.connection.with_user(self.reviewer).sync
        sync(idempotency_key="night-1")
        asked = self._events("sync_requested")

        self.connection.sync(idempotency_key="night-1")

        self.assertEqual(self._events("sync_requested"), asked + 1)

    def test_call_that_fails_keeps_no_key(self):
        issue = self._record("bill", self.held).issue_ids.with_user(self.reviewer)

        with self.assertRaises(UserError), self.env.cr.savepoint():
            issue.resolve(-1, idempotency_key="night-1")

        done = issue.resolve(self._account("7777").id, idempotency_key="night-1")
        self.assertEqual(done["documents"], {"done": 1})

    def test_replay_and_sync_and_pause_act_once(self):
        records = self.env["procurify.record"].with_user(self.reviewer)
        for call, event in (
            (records.replay, "replayed"),
            (self.connection.sync, "sync_requested"),
            (self.connection.pause, "policy_changed"),
            (self.connection.resume, "policy_changed"),
        ):
            with self.subTest(event=event):
                first = call(idempotency_key="night-1")
                logged = self._events(event)
                self.assertEqual(call(idempotency_key="night-1"), first)
                self.assertEqual(self._events(event), logged)
                self._assert_travels(first)
        self.assertEqual(self.connection.phase, "live")

    def test_replay_takes_only_what_is_on_hold_and_matches(self):
        records = self.env["procurify.record"].with_user(self.reviewer)

        self.assertEqual(records.replay([("state", "=", "done")])["count"], 0)
        told = records.replay([("resource", "=", "bill")])

        self.assertEqual(
            told,
            {
                "count": 1,
                "states": {"quarantined": 1},
                "document_states": {"on_hold": 1},
            },
        )

    def test_domain_that_makes_no_sense_has_a_code(self):
        records = self.env["procurify.record"].with_user(self.reviewer)
        for domain in ([("nonsense", "=", 1)], ["?"], [("state", "no such", 1)]):
            with self.subTest(domain=domain), self.assertRaises(UserError) as caught:
                records.read_holds(domain)
            self.assertEqual(caught.exception.context, {"code": "invalid_domain"})

    def test_issues_are_proposed_and_audit_is_read_and_verified(self):
        issues = self.env["procurify.issue"].with_user(self.reviewer)
        bill = self._record("bill", self.held)
        [told] = issues.read_issues([("record_ids", "in", bill.ids)])
        [proposed] = issues.browse(told["issue_id"]).propose()
        audit = self.env["procurify.audit"].with_user(self.reviewer)
        events = audit.read_events([("event", "=", "held")], limit=1)
        [verdict] = audit.verify(self.connection.id)

        self.assertEqual((told["code"], told["documents"]), ("unknown_account", 1))
        self.assertEqual(proposed["issue_id"], told["issue_id"])
        self.assertEqual([each["event"] for each in events], ["held"])
        self.assertTrue(verdict["whole"], verdict)
        self._assert_travels([told, proposed, events, verdict])

    def test_period_is_reconciled_as_data(self):
        connection = self.connection.with_user(self.reviewer)
        told = connection.reconcile("2000-01-01", "2099-12-31")

        told_of = {
            (each["resource"], each["external_id"]) for each in told["documents"]
        }
        self.assertIn(("bill", str(self.held)), told_of)
        self._assert_travels(told)
        with self.assertRaises(UserError) as caught:
            connection.reconcile("2099-12-31", "2000-01-01")
        self.assertEqual(caught.exception.context, {"code": "refused"})

    def test_verifying_with_a_key_acts_once(self):
        audit = self.env["procurify.audit"].with_user(self.reviewer)
        first = audit.verify(self.connection.id, idempotency_key="night-1")
        logged = self._events("verified")

        self.assertEqual(
            audit.verify(self.connection.id, idempotency_key="night-1"), first
        )
        self.assertEqual(self._events("verified"), logged)

    def test_reviewer_of_another_company_gets_nothing_and_moves_nothing(self):
        other = self.env["res.company"].create({"name": "Another company"})
        stranger = new_test_user(
            self.env,
            "api_stranger",
            groups="procurify_connector.group_manager,account.group_account_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        bill = self._record("bill", self.held)
        connection, issue = self.connection, bill.issue_ids
        before = [bill.state, issue.state, connection.phase, self._events("verified")]
        records = self.env["procurify.record"].with_user(stranger)
        audit = self.env["procurify.audit"].with_user(stranger)
        connections = self.env["procurify.connection"].with_user(stranger)

        for told in (
            connections.read_health(),
            connections.read_statistics(),
            records.read_holds(),
            issue.browse().with_user(stranger).read_issues(),
            audit.read_events([("event", "=", "held")]),
            audit.verify(),
        ):
            self.assertFalse(told)
        self.assertEqual(records.replay()["count"], 0)
        for call in (
            partial(connections.read_health, connection.id),
            partial(connections.read_statistics, connection.id),
            partial(audit.verify, connection.id),
            partial(
                connection.with_user(stranger).reconcile, "2000-01-01", "2099-01-01"
            ),
            connection.with_user(stranger).sync,
            connection.with_user(stranger).pause,
            connection.with_user(stranger).resume,
            connection.with_user(stranger).support_bundle,
            bill.with_user(stranger).explain,
            issue.with_user(stranger).propose,
            issue.with_user(stranger).resolve,
        ):
            with self.subTest(call=str(call)), self.assertRaises(AccessError):
                call()
        after = [bill.state, issue.state, connection.phase, self._events("verified")]
        self.assertEqual(after, before)

    def test_old_keys_are_forgotten(self):
        self.connection.sync(idempotency_key="night-1")
        keys = self.env["procurify.idempotency"].search([("key", "=", "night-1")])
        self.assertTrue(keys)
        self.env.cr.execute(
            "UPDATE procurify_idempotency SET create_date = '2020-01-01' "
            "WHERE id IN %s",
            [tuple(keys.ids)],
        )
        keys.invalidate_recordset()

        self.env["procurify.idempotency"].sudo()._gc_keys()

        self.assertFalse(keys.exists())

    # === HELPERS === #

    def _events(self, event):
        return self.env["procurify.audit"].search_count([("event", "=", event)])

    def _assert_travels(self, answer):
        """XML-RPC knows no null, and JSON no recordset."""
        self.assertNotIn("null", json.dumps(answer).replace('"null"', ""))
