"""What other roles of the database try on the audit, and what its owner can."""

from datetime import timedelta

import psycopg2

from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.procurify_connector.tools.audit_triggers import triggers_of

from .test_audit_seal import AuditCommon

ROLE = "procurify_attacker"
#: What an owner does to sealed rows: {name: statements}.
ATTEMPTS = {
    "removes the last rows": "DELETE FROM procurify_audit WHERE id = %(last)s",
    "removes one in the middle": "DELETE FROM procurify_audit WHERE id = %(middle)s",
    "changes one": "UPDATE procurify_audit SET reason = 'x' WHERE id = %(middle)s",
    "dates one back": "UPDATE procurify_audit SET date = '2020-01-01'"
    " WHERE id = %(middle)s",
    "says that somebody else did it": "UPDATE procurify_audit SET user_name = 'x'"
    " WHERE id = %(middle)s",
    "swaps two": """
        UPDATE procurify_audit SET id = -1 WHERE id = %(middle)s;
        UPDATE procurify_audit SET id = %(middle)s WHERE id = %(last)s;
        UPDATE procurify_audit SET id = %(last)s WHERE id = -1
    """,
    "empties the table and fills it again": """
        CREATE TEMPORARY TABLE kept AS SELECT * FROM procurify_audit;
        TRUNCATE procurify_audit;
        UPDATE kept SET subject = 'x' WHERE id = %(middle)s;
        INSERT INTO procurify_audit SELECT * FROM kept ORDER BY id
    """,
    "moves one to another connection": "UPDATE procurify_audit"
    " SET connection_ref = %(other)s WHERE id = %(middle)s",
    "moves one to no connection": """
        ALTER TABLE procurify_audit ALTER connection_ref DROP NOT NULL;
        UPDATE procurify_audit SET connection_ref = NULL WHERE id = %(middle)s
    """,
    "copies one before the first": """
        INSERT INTO procurify_audit (id, event, connection_ref, subject, date)
             SELECT -7, event, %(connection)s, subject, '2020-01-01'
               FROM procurify_audit WHERE connection_ref = %(other)s LIMIT 1
    """,
    "adds one that no seal reaches for years": """
        INSERT INTO procurify_audit (id, event, connection_ref, subject, date)
             VALUES (2000000000, 'held', %(connection)s, 'x', '2020-01-01')
    """,
    "shows one twice": """
        ALTER TABLE procurify_audit DROP CONSTRAINT procurify_audit_pkey;
        INSERT INTO procurify_audit SELECT * FROM procurify_audit WHERE id = %(middle)s
    """,
    "changes a seal": "UPDATE procurify_audit_seal SET row_count = row_count - 1"
    " WHERE id = %(seal)s",
    "adds a seal with the head that was kept": """
        DELETE FROM procurify_audit_seal WHERE id = %(seal)s;
        INSERT INTO procurify_audit_seal (kind, last_id, digest)
             VALUES ('seal', %(last)s, %(head)s)
    """,
    "puts an empty table in its place": """
        ALTER TABLE procurify_audit RENAME TO former;
        CREATE TABLE procurify_audit (LIKE former INCLUDING ALL)
    """,
}


@tagged("post_install", "-at_install", "procurify")
class TestAuditRoles(AuditCommon):
    """As a role that has rights on the tables, and does not own them."""

    def setUp(self):
        super().setUp()
        self._seal()
        self.env.flush_all()
        self.env.cr.execute(
            f"""
            CREATE ROLE {ROLE};
            GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE};
            GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {ROLE};
            GRANT TEMPORARY ON DATABASE "{self.env.cr.dbname}" TO {ROLE};
            CREATE SCHEMA attack AUTHORIZATION {ROLE};
            """
        )

    def test_temporary_table_named_like_the_seals_opens_nothing(self):
        self._as_role(
            "CREATE TEMPORARY TABLE procurify_audit_seal AS"
            " SELECT 'checkpoint'::varchar AS kind, connection_ref, id AS last_id"
            " FROM procurify_audit",
        )

        self._refused("DELETE FROM procurify_audit")

    def test_functions_and_operators_that_shadow_postgresql_open_nothing(self):
        self._as_role(
            "SET LOCAL search_path = attack, pg_catalog, public",
            "CREATE TABLE attack.procurify_audit_seal AS"
            " SELECT 'checkpoint'::varchar AS kind, connection_ref, id AS last_id"
            " FROM procurify_audit",
            "CREATE FUNCTION attack.ge(int, int) RETURNS bool LANGUAGE sql"
            " AS 'SELECT true'",
            "CREATE OPERATOR attack.>= (LEFTARG = int, RIGHTARG = int,"
            " FUNCTION = attack.ge)",
            "CREATE FUNCTION attack.sha256(bytea) RETURNS bytea LANGUAGE sql"
            " AS $$SELECT '\\x00'::bytea$$",
        )

        self._refused("DELETE FROM procurify_audit")
        self._as_role(
            "INSERT INTO public.procurify_audit (event, connection_ref)"
            f" VALUES ('held', {self.connection.id})"
        )
        self.env.cr.execute("SET LOCAL search_path = public")
        self.assertEqual(self._verify().findings, [])

    def test_absurd_range_is_no_seal(self):
        head = self._newest_seal()
        for last_id in (10**9, head.last_id, 0, "NULL"):
            with self.subTest(last_id):
                self._refused(
                    "INSERT INTO procurify_audit_seal (kind, last_id)"
                    f" VALUES ('seal', {last_id})"
                )
        self._log(2)
        self._seal()
        self.assertEqual(self._newest_seal().first_id, head.last_id + 1)
        self.assertEqual(self._verify().findings, [])

    def test_seal_says_what_the_database_found_not_what_the_statement_says(self):
        self._log(2)
        last = self.audit.search([], limit=1).id
        self._as_role(f"UPDATE procurify_audit_mark SET last_id = {last}")

        self._as_role(
            "INSERT INTO procurify_audit_seal"
            " (kind, connection_ref, first_id, last_id, row_count, leaves)"
            f" VALUES ('seal', {self.connection.id}, {last}, {last}, 0, '')"
        )

        seal = self._newest_seal()
        self.assertEqual(seal.last_id, last)
        self.assertGreaterEqual(seal.row_count, 2)
        self.assertEqual(self._verify().findings, [])

    def test_mark_ahead_of_the_audit_seals_nothing_and_is_named(self):
        self._as_role(f"UPDATE procurify_audit_mark SET last_id = {10**9}, xid = '1'")

        self._refused(
            f"INSERT INTO procurify_audit_seal (kind, last_id) VALUES ('seal', {10**9})"
        )
        [finding] = self._verify().findings
        self.assertIn("ahead", finding)

    def test_early_retention_is_refused(self):
        """A user who may set it waits a month, and keeps a year."""
        self._age(400)
        for days, since_days in ((365, 29), (30, 31)):
            with self.subTest(days=days), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(
                    "ALTER TABLE procurify_connection"
                    " DROP CONSTRAINT procurify_connection_check_audit_days"
                )
                self._keep_for(days, since_days)
                self._refused(
                    "INSERT INTO procurify_audit_seal"
                    " (kind, connection_ref, last_id) VALUES ('checkpoint',"
                    f" {self.connection.id}, {self._newest_seal().last_id})"
                )
                savepoint.rollback()

    def _as_role(self, *statements):
        self.env.flush_all()
        self.env.cr.execute(f"SET LOCAL ROLE {ROLE}")
        try:
            for statement in statements:
                self.env.cr.execute(statement)
        finally:
            self.env.cr.execute("RESET ROLE")
        self.env.invalidate_all()

    def _refused(self, statement):
        with (
            self.assertRaises(psycopg2.DatabaseError),
            self.env.cr.savepoint(),
            mute_logger("odoo.sql_db"),
        ):
            self._as_role_inside(statement)

    def _as_role_inside(self, statement):
        self.env.cr.execute(f"SET LOCAL ROLE {ROLE}")
        self.env.cr.execute(statement)
        self.env.cr.execute("RESET ROLE")


@tagged("post_install", "-at_install", "procurify")
class TestAuditOwner(AuditCommon):
    """As the owner of the database, who may do anything in it.

    With a chain head that somebody kept, each attempt on what was sealed is named.
    """

    def setUp(self):
        super().setUp()
        self.other = self._connect(name="Other")
        self._log(3, self.other)
        self._seal()
        self.head = self._newest_seal().digest

    def test_kept_head_of_an_untouched_chain_is_found(self):
        self._log(2)
        self._seal()

        self.assertEqual(self._verify_kept().findings, [])

    def test_function_that_does_nothing_any_more_is_named(self):
        for name, trigger in triggers_of(self.audit).items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(
                    f"CREATE OR REPLACE FUNCTION {trigger.function}() RETURNS trigger"
                    " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
                )
                self.assertIn(name, " ".join(self._verify().findings))
                savepoint.rollback()

    def test_function_with_another_search_path_is_named(self):
        self.env.cr.execute(
            "ALTER FUNCTION procurify_audit_keep() SET search_path = attack, public"
        )

        self.assertIn("procurify_audit_keep", " ".join(self._verify().findings))

    def test_what_swallows_or_hides_rows_is_named(self):
        self.env.cr.execute(
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NULL; END'"
        )
        for name, statement in {
            "aa_swallow": "CREATE TRIGGER aa_swallow BEFORE INSERT ON procurify_audit"
            " FOR EACH ROW EXECUTE FUNCTION swallow()",
            "procurify_audit_zz": "CREATE TRIGGER procurify_audit_zz BEFORE INSERT"
            " ON procurify_audit_seal FOR EACH ROW EXECUTE FUNCTION swallow()",
            "swallow_rule": "CREATE RULE swallow_rule AS ON INSERT"
            " TO procurify_audit DO INSTEAD NOTHING",
            "hide": "CREATE POLICY hide ON procurify_audit USING (id > 10)",
            "procurify_certificate_keep": "ALTER TABLE procurify_certificate"
            " DISABLE TRIGGER procurify_certificate_keep",
        }.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(statement)
                self.assertIn(name, " ".join(self._verify().findings))
                savepoint.rollback()

    def test_trigger_of_the_same_name_on_another_table_is_no_substitute(self):
        for table in ("procurify_audit_mark", "procurify_audit_seal"):
            with self.subTest(table), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(
                    "DROP TRIGGER procurify_audit_keep ON procurify_audit;"
                    "CREATE TRIGGER procurify_audit_keep BEFORE UPDATE OR DELETE"
                    f" ON {table} FOR EACH ROW"
                    " EXECUTE FUNCTION procurify_audit_keep();"
                    f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER procurify_audit_keep"
                )
                found = " ".join(self._verify().findings)
                self.assertIn("procurify_audit_keep", found)
                savepoint.rollback()

    def test_connection_whose_rows_and_seals_are_all_gone_is_named(self):
        with self._behind_the_triggers():
            self.env.cr.execute(
                "DELETE FROM procurify_audit WHERE connection_ref = %s",
                [self.other.id],
            )

        findings = self._verify_kept(self.other).findings

        self.assertTrue(any("is missing" in text for text in findings))

    def test_end_that_was_cut_off_is_named_by_who_kept_the_head(self):
        with self._behind_the_triggers():
            seal = self._newest_seal()
            self.env.cr.execute(
                "DELETE FROM procurify_audit WHERE id BETWEEN %s AND %s",
                [seal.first_id, seal.last_id],
            )
            self.env.cr.execute(
                "DELETE FROM procurify_audit_seal WHERE id = %s", [seal.id]
            )

        self.assertEqual(self._verify().findings, [])
        [finding] = self._verify_kept().findings
        self.assertIn(self.head, finding)

    def test_rewritten_history_is_named_by_who_kept_the_head(self):
        """Every digest fits again; the newest one is another."""
        with self._behind_the_triggers():
            self._change(self.rows[2])
            self._make_digest_anew("procurify.audit", self.rows[2].id)
            self._seal_anew()

        self.assertEqual(self._verify().findings, [])
        [finding] = self._verify_kept().findings
        self.assertIn(self.head, finding)

    def test_rows_that_were_removed_under_a_forged_checkpoint_are_reported(self):
        self._age(400)
        seal = self._newest_seal()
        self.head = seal.digest
        with self._behind_the_triggers():
            self._forge_checkpoint(seal.last_id)
            self.env.cr.execute(
                "DELETE FROM procurify_audit WHERE connection_ref = %s AND id <= %s",
                [self.connection.id, seal.last_id],
            )

        verdict = self._verify_kept()

        self.assertEqual(verdict.findings, [])
        [told] = verdict.removed
        self.assertIn(str(seal.last_id), told)

    def test_each_attempt_on_sealed_rows_is_named_by_who_kept_the_head(self):
        ids = {
            "middle": self.rows[2].id,
            "last": self.rows[5].id,
            "connection": self.connection.id,
            "other": self.other.id,
            "seal": self._newest_seal().id,
            "head": self.head,
        }
        for name, statements in ATTEMPTS.items():
            with self.subTest(name), self.env.cr.savepoint() as savepoint:
                with self._behind_the_triggers():
                    self.env.cr.execute(statements, ids)
                    # Nothing but the kept digests of rows gives it away.
                    self.env.cr.execute("SELECT id FROM procurify_audit")
                    for (row_id,) in self.env.cr.fetchall():
                        self._make_digest_anew("procurify.audit", row_id)
                self.assertTrue(self._verify_kept().findings)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_functions_and_operators_of_the_owner_hide_nothing(self):
        """They fit the columns better than those of PostgreSQL do."""
        with self._behind_the_triggers():
            self._change(self.rows[2])
            self._make_digest_anew("procurify.audit", self.rows[2].id)
            self.env.cr.execute(
                "DELETE FROM procurify_audit WHERE id = %s", [self.rows[4].id]
            )
        self.env.cr.execute(
            """
            CREATE FUNCTION public.left(varchar, int) RETURNS text LANGUAGE sql AS $$
                SELECT coalesce(
                    (SELECT split_part(text, ':', 2)
                       FROM public.procurify_audit_seal,
                            unnest(string_to_array(leaves, ',')) AS text
                       JOIN public.procurify_audit audit
                         ON split_part(text, ':', 1) = audit.id::text
                      WHERE audit.digest::text = $1::text),
                    pg_catalog.left($1::text, $2)) $$;
            CREATE FUNCTION public.is_kind(varchar, varchar) RETURNS bool
                LANGUAGE sql AS $$ SELECT $2::text = 'checkpoint' OR
                $1::text OPERATOR(pg_catalog.=) $2::text $$;
            CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar,
                FUNCTION = public.is_kind);
            """
        )

        self.assertEqual(
            self._verify_kept().findings,
            [self._named(2, "was changed"), f"Row {self.rows[4].id} is missing."],
        )

    def test_event_that_says_that_an_update_sealed_again_is_no_proof(self):
        with self._behind_the_triggers():
            self._change(self.rows[2])
            self._make_digest_anew("procurify.audit", self.rows[2].id)
            self._seal_anew()
        forged = self._row("x") | {"event": "resealed"}
        self.audit._log([forged | {"after": {"former_heads": [self.head]}}])

        [finding] = self._verify_kept().findings

        self.assertIn(self.head, finding)
        self.assertIn("nothing proves", finding)

    def test_checkpoint_ahead_of_its_time_is_named(self):
        """Made before the head was kept, it would let rows go after that."""
        with self._behind_the_triggers():
            self._forge_checkpoint(10**9)
        self._log(2)
        self._seal()
        self.head = self._newest_seal().digest
        with self._behind_the_triggers():
            self.env.cr.execute(
                "DELETE FROM procurify_audit WHERE id = %s", [self.rows[2].id]
            )

        self.assertIn("does not follow", " ".join(self._verify_kept().findings))

    def test_rows_that_a_former_checkpoint_lets_go_are_reported(self):
        self._age(400)
        with self._behind_the_triggers():
            self._forge_checkpoint(self._newest_seal().last_id)
        self._log(2)
        self._seal()
        self.head = self._newest_seal().digest

        verdict = self._verify_kept()

        self.assertEqual(verdict.findings, [])
        [removed] = verdict.removed
        self.assertIn("were removed", removed)

    def _forge_checkpoint(self, last_id):
        """Add a checkpoint that fits the chain."""
        self.env.cr.execute(
            """
            INSERT INTO procurify_audit_seal
                        (kind, connection_ref, first_id, last_id, row_count, date,
                         previous_digest)
                 VALUES ('checkpoint', %s, 1, %s, 1,
                         date_trunc('second', now() AT TIME ZONE 'UTC'), %s)
              RETURNING id
            """,
            [self.connection.id, last_id, self.seals._head().digest],
        )
        self._make_digest_anew("procurify.audit.seal", self.env.cr.fetchone()[0])

    def test_ranges_that_leave_rows_out_are_named(self):
        self._log(4)
        self._seal()
        seal = self._newest_seal()
        with self._behind_the_triggers():
            self.env.cr.execute(
                "UPDATE procurify_audit_seal SET first_id = first_id + 2 WHERE id = %s",
                [seal.id],
            )
            self._make_digest_anew("procurify.audit.seal", seal.id)

        self.assertIn(
            f"Seal {seal.id} does not follow the one before it.",
            self._verify().findings,
        )

    def test_head_that_a_certificate_noted_is_looked_for(self):
        certificate = self.env["procurify.certificate"]._certify(
            self.connection, "2026-01-01", "2026-01-31"
        )
        self.assertEqual(certificate.audit_head, self.head)
        with self._behind_the_triggers():
            self.env.cr.execute("DELETE FROM procurify_audit_seal")

        self.assertIn(self.head, " ".join(self._verify().findings))

    def _verify_kept(self, connection=None):
        self.env.invalidate_all()
        return self.audit._verify((connection or self.connection).id, self.head)

    def _seal_anew(self):
        """Make the leaves and digests of all seals fit what stands there now."""
        for seal in self.seals.search([], order="id"):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE procurify_audit_seal seal
                       SET leaves = (
                           SELECT string_agg(id || ':' || left(digest, 32) || ':'
                                             || connection_ref, ',' ORDER BY id)
                             FROM procurify_audit
                            WHERE id BETWEEN seal.first_id AND seal.last_id),
                           previous_digest = coalesce((
                           SELECT digest
                             FROM procurify_audit_seal before
                            WHERE before.id < seal.id
                         ORDER BY id DESC LIMIT 1), '')
                     WHERE id = %s
                    """,
                    seal.id,
                )
            )
            self._make_digest_anew("procurify.audit.seal", seal.id)


@tagged("post_install", "-at_install", "procurify")
class TestAuditRepeat(AuditCommon):
    def test_what_a_person_repeats_is_one_row_with_a_count(self):
        reviewer = new_test_user(
            self.env,
            "repeating",
            groups="procurify_connector.group_user",
            company_id=self.company.id,
        )
        connection = self.connection.with_user(reviewer)
        before = self.audit.search_count([])
        for _number in range(20):
            connection.action_sync_now()

        self.assertEqual(self.audit.search_count([]), before + 1)
        repeat = self.env["procurify.audit.repeat"].sudo().search([])
        self.assertEqual(repeat.count, 19)
        repeat.first_date -= timedelta(hours=2)
        self._run_cron("ir_cron_audit_seal")
        row = self.audit.search([("event", "=", "sync_requested")], limit=1)
        self.assertEqual(row.after["repeated"], 19)
        self.assertEqual(row.user_ref, reviewer.id)
        self.assertFalse(repeat.exists())

    def test_what_has_something_in_between_is_no_repeat(self):
        self.connection.action_sync_now()
        self.connection.name = "Renamed"
        self.connection.action_sync_now()

        count = self.audit.search_count([("event", "=", "sync_requested")])
        self.assertEqual(count, 2)
