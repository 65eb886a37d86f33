"""What was changed behind the audit's back is found and named."""

import time
from contextlib import closing, contextmanager
from datetime import datetime

from psycopg2.errors import RaiseException

from odoo.exceptions import UserError
from odoo.sql_db import db_connect
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.procurify_connector.models.audit import (
    procurify_audit_seal as seal_module,
)
from odoo.addons.procurify_connector.models.audit import verify as verify_module
from odoo.addons.procurify_connector.tools.audit_triggers import digest_of

from .common import ProcurifyCommon

VERIFY = "odoo.addons.procurify_connector.models.audit.verify"
SETTLES_WITHIN_S = 10


class AuditCommon(ProcurifyCommon):
    """An audit with some rows, and what its owner can do behind its triggers."""

    def setUp(self):
        super().setUp()
        self.audit = self.env["procurify.audit"]
        self.seals = self.env["procurify.audit.seal"]
        self.rows = self._log(6)

    def _age(self, days):
        """Let all seals be older: the database's own clock cannot be moved."""
        with self._behind_the_triggers():
            self.env.cr.execute(
                """
                UPDATE procurify_audit_seal
                   SET date = date - make_interval(days => %s)
                """,
                [days],
            )
            for seal in self.seals.search([], order="id"):
                self._make_digest_anew("procurify.audit.seal", seal.id)
        self.env.invalidate_all()

    def _keep_for(self, days, since_days=31):
        """Set the retention, as if that had been some days ago."""
        self.connection.audit_days = days
        self.env.flush_all()
        self.env.cr.execute(
            """
            UPDATE procurify_connection
               SET audit_days_since = now() AT TIME ZONE 'UTC'
                 - make_interval(days => %s)
             WHERE id = %s
            """,
            [since_days, self.connection.id],
        )
        self.env.invalidate_all()

    def _assert_refused(self, statement, *params):
        with (
            self.assertRaises(RaiseException),
            self.env.cr.savepoint(),
            mute_logger("odoo.sql_db"),
        ):
            self.env.cr.execute(statement, params)

    def _row(self, subject, connection=None):
        connection = self.connection if connection is None else connection
        row = {"event": "held", "subject": subject, "after": {"a": None, "b": [1]}}
        if not connection:
            return row | {"connection_ref": 0}
        return row | {"connection": connection}

    def _log(self, count, connection=None):
        connection = connection or self.connection
        return self.audit._log(
            [self._row(f"Event {number}", connection) for number in range(count)]
        )

    def _next_id(self):
        self.env.cr.execute("SELECT nextval('procurify_audit_id_seq')")
        return self.env.cr.fetchone()[0]

    def _seal(self):
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM procurify_audit_mark")
        self.env["procurify.audit.mark"].sudo().create(
            {"last_id": self.audit.search([], limit=1).id, "xid": "1"}  # long ended
        )
        self.env.flush_all()
        while self.seals._seal_next(self.audit.search([], limit=1).id):
            pass

    @contextmanager
    def _small_seals(self):
        with self._patched(seal_module, "SEAL_ROWS", 4):
            yield

    @contextmanager
    def _patched(self, module, name, value):
        before = getattr(module, name)
        setattr(module, name, value)
        try:
            yield
        finally:
            setattr(module, name, before)

    def _newest_seal(self):
        return self.seals.search([("kind", "=", "seal")], limit=1)

    def _verify(self, connection=None):
        self.env.invalidate_all()
        return self.audit._verify((connection or self.connection).id)

    def _named(self, number, what):
        return f"Row {self.rows[number].id} (Event {number}) {what}."

    @contextmanager
    def _behind_the_triggers(self):
        """What only the owner of the tables can do."""
        for table in ("procurify_audit", "procurify_audit_seal"):
            self.env.cr.execute(
                SQL("ALTER TABLE %s DISABLE TRIGGER USER", SQL.identifier(table))
            )
        yield
        self.audit.init()
        self.seals.init()

    def _change(self, row, name="reason", value="Changed"):
        self.env.cr.execute(
            SQL(
                "UPDATE procurify_audit SET %s = %s WHERE id = %s",
                SQL.identifier(name),
                value,
                row.id,
            )
        )

    def _make_digest_anew(self, model, row_id):
        table = self.env[model]._table
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET digest = %s WHERE id = %s",
                SQL.identifier(table),
                digest_of(self.env[model], table),
                row_id,
            )
        )

    def _copy_row(self, source, target):
        self.env.cr.execute(
            """
            INSERT INTO procurify_audit
                        (id, event, connection_ref, subject, date, user_name, after)
                 SELECT %s, event, connection_ref, subject, date, user_name, after
                   FROM procurify_audit
                  WHERE id = %s
            """,
            [target, source],
        )
        self._make_digest_anew("procurify.audit", target)


@tagged("post_install", "-at_install", "procurify")
class TestAuditSeal(AuditCommon):
    # === WHOLE === #

    def test_sealed_and_open_rows_are_whole(self):
        self._seal()
        self._log(2)

        verdict = self._verify()

        self.assertEqual(verdict.findings, [])
        self.assertEqual(verdict.seal_count, 1)
        count = self.audit.search_count([("connection_ref", "=", self.connection.id)])
        self.assertEqual(verdict.row_count, count)

    def test_many_seals_of_two_connections_are_whole(self):
        other = self._connect(name="Other")
        with self._small_seals():
            for _number in range(4):
                self._log(3)
                self._log(2, other)
                self._seal()

        self.assertEqual(self._verify().findings, [])
        self.assertEqual(self._verify(other).findings, [])
        self.assertGreater(self._verify().seal_count, 4)

    def test_button_and_cron_write_what_they_found(self):
        self._seal()
        reviewer = new_test_user(
            self.env,
            "verifier",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
        )

        result = self.connection.with_user(reviewer).action_verify_audit()

        self.assertEqual(result["params"]["type"], "success")
        self.assertEqual(self.connection.audit_state, "verified")
        self.assertTrue(self.connection.audit_verified_at)
        row = self.audit.search([("event", "=", "verified")], limit=1)
        self.assertEqual(row.user_ref, reviewer.id)
        self.assertEqual(row.after["head"], self._newest_seal().digest)
        self.audit.with_user(reviewer).action_verify_audit()
        self._run_cron("ir_cron_audit_verify")
        self.assertGreater(
            self.audit.search([("event", "=", "verified")], limit=1).id, row.id
        )

    # === TAMPERED === #

    def test_changed_row_is_named_before_it_is_sealed(self):
        with self._behind_the_triggers():
            self._change(self.rows[2])

        self.assertEqual(self._verify().findings, [self._named(2, "was changed")])

    def test_changed_row_is_named_after_it_was_sealed(self):
        self._seal()
        with self._behind_the_triggers():
            self._change(self.rows[2])

        self.assertEqual(self._verify().findings, [self._named(2, "was changed")])

    def test_changed_row_with_a_new_digest_is_named(self):
        self._seal()
        with self._behind_the_triggers():
            self._change(self.rows[2])
            self._make_digest_anew("procurify.audit", self.rows[2].id)

        self.assertEqual(self._verify().findings, [self._named(2, "was changed")])

    def test_every_column_counts(self):
        self._seal()
        for name, value in (
            ("reason", "something else"),
            ("before", '{"a": null}'),
            ("after", '{"b": 2}'),
            ("user_name", "Somebody Else"),
            ("date", datetime(2020, 1, 1)),
            ("event", "imported"),
            ("payload_digest", "0"),
        ):
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                with self._behind_the_triggers():
                    self._change(self.rows[1], name, value)
                self.assertEqual(
                    self._verify().findings, [self._named(1, "was changed")]
                )
                savepoint.rollback()

    def test_more_than_can_be_named_is_reported(self):
        self._seal()
        with (
            self._patched(verify_module, "NAMED", 2),
            self._behind_the_triggers(),
        ):
            self.env.cr.execute("DELETE FROM procurify_audit")

            findings = self._verify().findings

        self.assertEqual(len([text for text in findings if text.startswith("Row")]), 2)
        self.assertIn("More rows after row", findings[-1])

    def test_deleted_row_is_named(self):
        self._seal()
        with self._behind_the_triggers():
            self.env.cr.execute(
                "DELETE FROM procurify_audit WHERE id = %s", [self.rows[3].id]
            )

        self.assertEqual(
            self._verify().findings, [f"Row {self.rows[3].id} is missing."]
        )

    def test_row_put_in_later_is_named(self):
        self._seal()
        with self._behind_the_triggers():
            # Where a rolled back transaction had left a gap.
            self.env.cr.execute(
                "DELETE FROM procurify_audit WHERE id = %s", [self.rows[3].id]
            )
            self._copy_row(self.rows[2].id, self.rows[3].id)

        self.assertEqual(
            self._verify().findings,
            [f"Row {self.rows[3].id} (Event 2) was changed."],
        )

    def test_row_put_in_after_the_last_seal_of_its_connection_is_named(self):
        self._seal()
        other = self._connect(name="Other")
        self._log(3, other)
        gap = self._next_id()
        self._log(1, other)
        self._seal()
        with self._behind_the_triggers():
            self._copy_row(self.rows[2].id, gap)

        self.assertEqual(
            self._verify().findings, [f"Row {gap} (Event 2) was inserted later."]
        )
        self.assertEqual(self._verify(other).findings, [])

    def test_changed_seal_is_named(self):
        self._seal()
        seal = self._newest_seal()
        self._log(1)
        self._seal()
        with self._behind_the_triggers():
            self.env.cr.execute(
                "UPDATE procurify_audit_seal SET row_count = 1 WHERE id = %s", [seal.id]
            )

        self.assertEqual(self._verify().findings, [f"Seal {seal.id} was changed."])
        with self._behind_the_triggers():
            self._make_digest_anew("procurify.audit.seal", seal.id)
        after = self._newest_seal()
        self.assertEqual(
            self._verify().findings,
            [f"Seal {after.id} does not follow the one before it."],
        )

    def test_lost_newest_seal_is_reported_once_a_verification_saw_it(self):
        self._seal()
        self.connection.action_verify_audit()
        seal = self._newest_seal()
        digest = seal.digest
        with self._behind_the_triggers():
            self.env.cr.execute(
                "DELETE FROM procurify_audit_seal WHERE id = %s", [seal.id]
            )

        [finding] = self._verify().findings
        self.assertIn(digest, finding)

    def test_trigger_that_is_switched_off_is_reported(self):
        self.env.cr.execute(
            "ALTER TABLE procurify_audit DISABLE TRIGGER procurify_audit_keep"
        )

        [finding] = self._verify().findings

        self.assertIn("procurify_audit_keep", finding)

    def test_session_of_a_replica_changes_nothing_either(self):
        self.env.cr.execute("SET LOCAL session_replication_role = replica")
        for statement in (
            "UPDATE procurify_audit SET reason = 'Changed'",
            "DELETE FROM procurify_audit",
            "TRUNCATE procurify_audit_seal",
        ):
            with (
                self.subTest(statement),
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(RaiseException, "append-only"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement)

    def test_trigger_that_a_replica_skips_is_reported(self):
        self.env.cr.execute(
            "ALTER TABLE procurify_audit ENABLE TRIGGER procurify_audit_keep"
        )

        [finding] = self._verify().findings

        self.assertIn("procurify_audit_keep", finding)

    def test_managers_get_one_activity(self):
        manager = new_test_user(
            self.env,
            "audit_manager",
            groups="procurify_connector.group_manager",
            company_id=self.company.id,
        )
        with self._behind_the_triggers():
            self._change(self.rows[2])
            self._change(self.rows[4])

        with mute_logger(VERIFY):
            result = self.connection.action_verify_audit()
            self._run_cron("ir_cron_audit_verify")

        self.assertEqual(result["params"]["type"], "danger")
        activity = (
            self.env["mail.activity"].sudo().search([("user_id", "=", manager.id)])
        )
        self.assertEqual(len(activity), 1)
        self.assertIn(str(self.rows[4].id), activity.note)
        self.assertEqual(self.connection.audit_state, "verification_failed")
        self.assertIn(str(self.rows[2].id), self.connection.audit_findings)

    # === SEALING === #

    def test_cron_seals_up_to_its_mark(self):
        self.env["procurify.audit.mark"].sudo().create(
            {"last_id": self.rows[3].id, "xid": "1"}  # long ended
        )

        self._run_cron("ir_cron_audit_seal")

        seal = self._newest_seal()
        self.assertEqual(seal.last_id, self.rows[3].id)
        self.assertIn(f"{self.rows[3].id}:{self.rows[3].digest[:16]}", seal.leaves)
        self.assertNotIn(f"{self.rows[4].id}:", seal.leaves)
        self._run_cron("ir_cron_audit_seal")
        self.assertEqual(self._newest_seal(), seal)
        self.assertEqual(self._verify().findings, [])

    def test_seals_are_nobody_s_to_write(self):
        self._seal()
        seal = self._newest_seal()
        for statement in (
            "UPDATE procurify_audit_seal SET row_count = 0",
            "DELETE FROM procurify_audit_seal",
            "TRUNCATE procurify_audit_seal",
        ):
            with self.subTest(statement):
                self._assert_refused(statement)
        for refused in (
            lambda: seal.sudo().write({"row_count": 0}),
            lambda: seal.sudo().unlink(),
            lambda: self.seals.sudo().create({"kind": "checkpoint"}),
        ):
            with self.assertRaises(UserError):
                refused()

    # === RETENTION === #

    def test_old_rows_are_removed_under_a_checkpoint_and_the_chain_stays(self):
        self._seal()
        until = self._newest_seal().last_id
        self._age(366)
        self._keep_for(365)
        mine = [("connection_ref", "=", self.connection.id)]
        count = self.audit.search_count([*mine, ("id", "<=", until)])

        self._run_cron("ir_cron_audit_verify")

        left = self.audit.search(mine)
        self.assertGreater(min(left.ids), until)
        row = left.filtered(lambda r: r.event == "checkpoint")
        self.assertEqual(row.after["row_count"], count)
        self.assertEqual(row.after["last_id"], until)
        self.assertEqual(self._verify().findings, [])
        self.assertEqual(self._verify().seal_count, 2)
        self._seal()
        self.assertEqual(self._verify().findings, [])

    def test_nothing_is_removed_without_the_setting_or_before_its_time(self):
        self._seal()
        self._age(10_000)
        self._run_cron("ir_cron_audit_verify")
        self._keep_for(10_001)
        self._run_cron("ir_cron_audit_verify")

        self.assertTrue(self.rows[0].exists())
        self.assertFalse(self.seals.search([("kind", "=", "checkpoint")]))

    def test_a_checkpoint_permits_its_rows_only(self):
        self._seal()
        self._age(366)
        other = self._connect(name="Other")
        theirs = self._log(1, other)
        mine = self._log(1)
        self._keep_for(365)
        self.assertTrue(self.seals._make_checkpoint(self.connection))

        for row in (theirs, mine):
            self._assert_refused("DELETE FROM procurify_audit WHERE id = %s", row.id)

    def test_no_checkpoint_is_made_before_its_time(self):
        self._seal()
        self._age(364)
        self._keep_for(365)

        for last_id in (self._newest_seal().last_id, 10**6):
            self._assert_refused(
                """
                INSERT INTO procurify_audit_seal
                            (kind, connection_ref, first_id, last_id, row_count)
                     VALUES ('checkpoint', %s, 1, %s, 1)
                """,
                self.connection.id,
                last_id,
            )

    def test_what_was_tampered_with_is_not_removed(self):
        self._seal()
        self._age(366)
        with self._behind_the_triggers():
            self._change(self.rows[2])
        self._keep_for(365)

        with mute_logger(VERIFY):
            self._run_cron("ir_cron_audit_verify")

        self.assertTrue(self.rows[0].exists())
        self.assertFalse(self.seals.search([("kind", "=", "checkpoint")]))


@tagged("post_install", "-at_install", "procurify")
class TestAuditMark(TransactionCase):
    """With real transactions beside the test's own, which writes nothing here."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._forget)

    def test_nothing_is_sealed_below_a_transaction_that_may_still_commit(self):
        with self._transaction() as late:
            row = self._log(late)
            self._note()

            self.assertEqual(self._settled(), 0)
            late.cr.rollback()

        self._assert_settles(row)

    def test_a_transaction_that_begins_later_is_not_waited_for(self):
        with self._transaction() as before:
            self._log(before)
        self._note()

        with self._transaction() as after:
            row = self._log(after)

            self._assert_settles(1)
            self.assertLess(self._settled(), row)

    def test_a_note_that_waits_is_not_replaced(self):
        with self._transaction() as late:
            row = self._log(late)
            self._note()
            with self._transaction() as other:
                self._log(other)
            self._note()
            late.cr.rollback()

        self._assert_settles(row)
        self.assertEqual(self._settled(), row)
        self._note()
        self._assert_settles(row + 1)

    def test_a_note_of_another_server_is_replaced(self):
        with self._transaction() as env:
            self._log(env)
        self._note()
        with self._transaction() as env:
            env["procurify.audit.mark"].search([]).xid = str(10**15)
            env.cr.commit()
        self.assertEqual(self._settled(), 0)

        self._note()

        self._assert_settles(1)

    def test_a_transaction_of_another_database_is_not_waited_for(self):
        with closing(db_connect("postgres").cursor()) as elsewhere:
            elsewhere.execute("SELECT pg_current_xact_id()")
            with self._transaction() as env:
                row = self._log(env)
            self._note()

            self._assert_settles(row)

    def test_a_number_from_before_the_id_was_read_is_no_mark(self):
        with self._transaction() as env:
            self._log(env)
            env["procurify.audit.mark"]._note()

            self.assertFalse(env["procurify.audit.mark"].search([]))

    def test_only_one_seals(self):
        with self._transaction() as one, self._transaction() as other:
            self.assertTrue(one["procurify.audit.seal"]._lock())
            self.assertFalse(other["procurify.audit.seal"]._lock())

    @contextmanager
    def _transaction(self):
        with self.registry.cursor() as cursor:
            yield self.env(cr=cursor)
            cursor.rollback()

    def _log(self, env):
        row = {"event": "held", "connection_ref": 0, "subject": "Late"}
        return env["procurify.audit"]._log([row]).id

    def _note(self):
        with self._transaction() as env:
            env["procurify.audit.mark"]._note()
            env.cr.commit()

    def _settled(self):
        with self._transaction() as env:
            return env["procurify.audit.mark"]._sealable()

    def _assert_settles(self, row):
        """Wait for what PostgreSQL itself does in between, as gathering statistics."""
        deadline = time.monotonic() + SETTLES_WITHIN_S
        while self._settled() < row and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertGreaterEqual(self._settled(), row)

    def _forget(self):
        with self._transaction() as env:
            env["procurify.audit.mark"].search([]).unlink()
            env.cr.commit()
