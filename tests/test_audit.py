"""The audit says who did what to what, and nobody makes it say otherwise."""

import csv
import io
import re
from decimal import Decimal
from types import SimpleNamespace

from markupsafe import escape
from psycopg2.errors import RaiseException

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, format_date, formatLang, html2plaintext, mute_logger

from odoo.addons.procurify_connector.importers.audit_words import AuditWords
from odoo.addons.procurify_connector.tools.audit_triggers import (
    digest_of,
    triggers_of,
    unprotect,
)

from .common import ProcurifyCommon
from .test_routing import TACOMA, RoutingCommon


@tagged("post_install", "-at_install", "procurify")
class TestAuditProtection(ProcurifyCommon):
    def setUp(self):
        super().setUp()
        self.audit = self.env["procurify.audit"]
        self.row = self.audit.search([], limit=1)

    def test_no_user_writes_deletes_or_creates(self):
        users = [
            new_test_user(self.env, name, groups=groups)
            for name, groups in (
                ("plain", "base.group_user"),
                ("auditor", "procurify_connector.group_user"),
                ("boss", "procurify_connector.group_manager,base.group_system"),
            )
        ]
        for user in (*users, self.env.ref("base.user_root")):
            row = self.row.with_user(user)
            for rows in (row, row.sudo()):
                with self.subTest(user=user.login, su=rows.env.su):
                    for refused in (
                        lambda r=rows: r.write({"reason": "Nothing happened"}),
                        lambda r=rows: r.unlink(),
                        lambda r=rows: r.create({"event": "held", "connection_ref": 1}),
                        lambda r=rows: r.copy(),
                    ):
                        with self.assertRaises(UserError):
                            refused()

    def test_assigning_a_field_is_refused(self):
        with self.assertRaises(UserError):
            self.row.sudo().reason = "Nothing happened"

    def test_raw_sql_is_refused(self):
        for statement in (
            "UPDATE procurify_audit SET reason = 'x' WHERE id = %(id)s",
            "UPDATE procurify_audit SET reason = reason",
            "DELETE FROM procurify_audit WHERE id = %(id)s",
            "DELETE FROM procurify_audit",
            "TRUNCATE procurify_audit",
            "INSERT INTO procurify_audit (id, event, connection_ref)"
            " VALUES (1, 'held', 1)",
            "INSERT INTO procurify_audit (id, event, connection_ref)"
            " VALUES (%(id)s, 'held', 1)"
            " ON CONFLICT (id) DO UPDATE SET event = 'held'",
        ):
            with (
                self.subTest(statement),
                self.assertRaises(RaiseException),
                self.env.cr.savepoint(),
                mute_logger("odoo.sql_db"),
            ):
                self.env.cr.execute(statement, {"id": self.row.id})

    def test_the_database_says_when_and_makes_the_digest(self):
        self.env.cr.execute(
            """
            INSERT INTO procurify_audit (event, connection_ref, date, digest)
                 VALUES ('held', 0, '2020-01-01', 'mine')
              RETURNING date > now() - interval '1 day', digest
            """
        )
        is_now, digest = self.env.cr.fetchone()

        self.assertTrue(is_now)
        self.assertEqual(len(digest), 64)

    def test_update_of_the_addon_brings_the_triggers_back(self):
        unprotect(self.env)
        self.env.cr.execute("UPDATE procurify_audit SET reason = reason")

        self.audit.init()
        self.env["procurify.audit.seal"].init()
        self.audit.init()

        with (
            self.assertRaises(RaiseException),
            self.env.cr.savepoint(),
            mute_logger("odoo.sql_db"),
        ):
            self.env.cr.execute("UPDATE procurify_audit SET reason = reason")
        self.env.cr.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgname IN %s",
            [tuple(triggers_of(self.audit))],
        )
        self.assertEqual(self.env.cr.fetchone(), (4,))

    def test_a_column_of_a_later_version_leaves_old_digests_alone(self):
        self.env.cr.execute("ALTER TABLE procurify_audit ADD COLUMN later varchar")
        later = SimpleNamespace(
            _fields=self.audit._fields | {"later": self.audit._fields["subject"]}
        )
        self.env.cr.execute(
            SQL(
                "SELECT bool_and(digest = %s) FROM procurify_audit",
                digest_of(later, "procurify_audit"),
            )
        )

        self.assertEqual(self.env.cr.fetchone(), (True,))


@tagged("post_install", "-at_install", "procurify")
class TestAuditEvents(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.audit = self.env["procurify.audit"]
        self.start = self.audit.search([], limit=1).id

    # === READING AND IMPORTING === #

    def test_a_bill_shows_its_history(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        record = self._record("bill", bill_id)

        staged, imported = self._rows(record)

        self.assertEqual(staged.event, "staged")
        self.assertEqual(imported.event, "imported")
        self.assertEqual(imported.subject, record.display_name)
        self.assertEqual(imported.payload_digest, record.digest)
        self.assertEqual(imported.after["res_model"], "account.move")
        self.assertEqual(imported.after["res_id"], record.res_id)
        self.assertEqual(imported.user_name, self.env.ref("base.user_root").name)
        self.assertEqual(record.audit_ids, imported | staged)

    def test_each_window_records_how_far_it_went(self):
        self.dataset.add_bill("plain")
        self._fetch()

        row = self._rows(self._stream("bill"))
        self.assertEqual(row.event, "window_read")
        self.assertFalse(row.before["modified_watermark"])
        self.assertTrue(row.after["modified_watermark"])
        self.assertEqual(row.after["object_count"], 1)
        self.assertEqual(row.after["scan_staged"], 1)

    def test_a_failure_is_recorded_once_and_so_is_its_end(self):
        self.connection.base_url = self.simulator.base_url
        self.simulator.reject_secret = True
        for _run in range(3):
            self.connection.sudo().retry_at = False
            self._fetch()
        self.assertEqual(self._events().count("read_failed"), 1)
        self.simulator.reject_secret = False
        self.connection.sudo().retry_at = False

        self._fetch()

        self.assertIn("read_recovered", self._events())

    def test_a_change_is_recorded_with_before_and_after(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        record = self._record("bill", bill_id)
        before = record.remote_amount
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))

        self._synchronise()

        row = self._rows(record).filtered(lambda r: r.event == "changed_in_procurify")
        self.assertEqual(row.before["remote_amount"], before)
        self.assertEqual(row.after["remote_amount"], record.remote_amount)
        again = self._rows(record)[-1]
        self.assertEqual(again.event, "imported")
        self.assertTrue(again.before)

    def test_what_did_not_change_is_not_recorded_again(self):
        self.dataset.add_bill("plain")
        held = self.dataset.add_bill("unknown_account")
        self._synchronise()
        count = len(self._rows())
        (self._records("bill") | self._records("vendor")).sudo()._requeue()

        self._import()

        self.assertEqual(
            self._rows()[count:].mapped(
                lambda r: (r.event, r.subject, r.reason, r.before)
            ),
            [],
        )
        self.assertEqual(self._record("bill", held).state, "quarantined")

    def test_a_bill_on_hold_records_its_issues_and_that_they_changed(self):
        bill_id = self.dataset.add_bill("unknown_account")
        self._synchronise()
        record = self._record("bill", bill_id)
        held = self._rows(record)[-1]
        self.assertEqual(held.event, "held")
        self.assertEqual(held.reason, record.hold_reason)
        self.assertEqual(held.before, {"issue_ids": []})

    def test_an_excluded_bill_records_the_rule(self):
        bill_id = self.dataset.add_bill("expense")
        self._synchronise()

        row = self._rows(self._record("bill", bill_id))[-1]

        self.assertEqual(row.event, "excluded")
        self.assertEqual(row.reason, "Employee expense")

    # === PEOPLE === #

    def test_a_person_s_actions_carry_the_person(self):
        bill_id = self.dataset.add_bill("unknown_account")
        self._synchronise()
        record = self._record("bill", bill_id)
        reviewer = self._reviewer()

        record.with_user(reviewer).action_replay()
        record.with_user(reviewer).action_ignore()

        rows = self._rows(record)
        self.assertEqual(
            rows[-2:].mapped("event"), ["replayed", "ignored"], "nothing else new"
        )
        self.assertEqual(set(rows[-2:].mapped("user_ref")), {reviewer.id})

    def test_mapping_and_resolving_record_the_target(self):
        bill_id = self.dataset.add_bill("unknown_account")
        self._synchronise()
        issue = self._record("bill", bill_id).issue_ids
        account = self._account("990099")
        reviewer = self._reviewer()

        issue.with_user(reviewer).action_resolve(account.id)

        mapped = self._rows(issue.reference_id).filtered(lambda r: r.event == "mapped")
        self.assertEqual(mapped.after["res_id"], account.id)
        self.assertEqual(mapped.user_ref, reviewer.id)
        resolved = self._rows(issue)
        self.assertEqual(resolved.event, "resolved")
        self.assertEqual(resolved.user_ref, reviewer.id)
        imported = self._rows(self._record("bill", bill_id))[-1]
        self.assertEqual(imported.event, "imported")
        self.assertEqual(imported.user_ref, reviewer.id)

    def test_policies_are_recorded_with_before_and_after_in_words(self):
        self.connection.write({"bill_policy": "posted", "page_size": 50})

        row = self._rows(self.connection)
        self.assertEqual(row.event, "policy_changed")
        self.assertEqual(row.before, {"bill_policy": "Leave them as drafts"})
        self.assertEqual(row.summary, "New Bills: Leave them as drafts → Post them")
        self.assertEqual(row.after, {"bill_policy": "Post them"})
        self.assertEqual(row.user_ref, self.env.uid)

    def test_first_import_is_summed_up_by_the_document_it_made(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()

        row = self._rows(self._record("bill", bill_id))[-1]
        self.assertEqual(row.event, "imported")
        self.assertEqual(row.summary, self._move(bill_id).display_name)

    def test_states_are_shown_in_words(self):
        row = self.env["procurify.audit"].new(
            {"res_model": "procurify.record", "after": {"state": "quarantined"}}
        )

        changes = list(AuditWords(self.env, row).changes(row))
        self.assertEqual(changes, [("Status", "", "On hold")])

    def test_no_secret_is_ever_in_the_audit(self):
        secrets = ["hush-hush-1", "hush-hush-2", "hush-hush-3", "hush-id"]
        self.connection.write(
            {
                "client_secret": secrets[0],
                "client_id": secrets[3],
                "base_url": "https://acme.procurify.example",
            }
        )
        with self.assertRaises(ValidationError):
            self.connection.base_url = "https://name:hush-hush-3@acme.procurify.example"
        other = self._connect(client_secret=secrets[1])
        self.env["res.config.settings"].create(
            {"procurify_client_secret": secrets[1]}
        ).execute()
        rows = self._rows(self.connection)
        self.assertEqual(set(rows.mapped("event")), {"credentials_changed"})
        told = " ".join(rows.mapped(lambda r: r.after["credentials"]))
        self.connection.base_url = self.simulator.base_url
        self.connection.client_id = self.simulator.client_id
        self.connection.client_secret = self.simulator.client_secret
        self._fetch()
        self.env.cr.execute(
            """
            SELECT client_secret_encrypted, token_encrypted
              FROM procurify_connection
             WHERE id IN %s
            """,
            [(self.connection.id, other.id)],
        )
        secrets += [text for row in self.env.cr.fetchall() for text in row if text]
        secrets.append(self.simulator.client_secret)
        other.unlink()

        for name in ("Client Secret", "Client ID", "Address"):
            self.assertIn(name, told)
        hosts = [row.after["base_url"] for row in rows if "base_url" in row.after]
        self.assertEqual(hosts, ["acme.procurify.example"])
        self.env.cr.execute("SELECT string_agg(a::text, ' ') FROM procurify_audit a")
        [everything] = self.env.cr.fetchone()
        for secret in secrets:
            self.assertNotIn(secret, everything)

    # === WHAT SURVIVES === #

    def test_rows_survive_what_they_speak_of(self):
        self.dataset.add_bill("plain")
        reviewer = self._reviewer()
        name = reviewer.name
        self._synchronise()
        record = self._records("bill")
        record.with_user(reviewer).action_replay()
        subject, connection = record.display_name, self.connection.name
        rows = self._rows(record)
        self.connection.unlink()
        reviewer.unlink()
        self.env.invalidate_all()

        self.assertTrue(rows.exists())
        self.assertEqual(set(rows.mapped("subject")), {subject})
        self.assertEqual(set(rows.mapped("connection_name")), {connection})
        self.assertIn(name, rows.mapped("user_name"))
        last = self.audit.search([], limit=1)
        self.assertEqual(last.event, "connection_deleted")
        self.assertEqual(last.before["name"], connection)
        with self.assertRaises(UserError):
            rows[0].action_open_subject()
        self.assertFalse(self.audit._verify(last.connection_ref).findings)
        self._run_cron("ir_cron_audit_verify")
        verified = self.audit.search([("event", "=", "verified")], limit=1)
        self.assertEqual(verified.connection_ref, last.connection_ref)
        self.assertEqual(verified.connection_name, connection)

    def test_a_deleted_user_leaves_the_audit_readable(self):
        self.assertFalse(
            [
                name
                for name, field in self.audit._fields.items()
                if field.type in ("many2one", "many2many")
            ],
            "a foreign key would have a deletion change the row",
        )

    # === READING THE AUDIT === #

    def test_reviewers_search_and_export_their_company_s_rows(self):
        self.dataset.add_bill("plain")
        self._synchronise()
        other_company = self.setup_other_company()["company"]
        other = self._connect(
            name="Other",
            company_id=other_company.id,
            department_plan_id=False,
            location_plan_id=False,
        )
        reviewer = self._reviewer()
        rows = self.audit.with_user(reviewer).search([])

        self.assertEqual(set(rows.mapped("company_ref")), {self.company.id})
        exported = rows.search([("event", "=", "imported")], limit=1).export_data(
            ["date", "event", "subject", "user_name", "reason", "before", "after"]
        )["datas"]
        self.assertEqual(exported[0][1], "Imported")
        csv.writer(io.StringIO()).writerows(exported)
        theirs = self.audit.search([("connection_ref", "=", other.id)])
        self.assertTrue(theirs)
        with self.assertRaises(AccessError):
            theirs.with_user(reviewer).read(["subject"])
        with self.assertRaises(AccessError):
            other.with_user(reviewer).action_verify_audit()

    def test_others_read_nothing(self):
        user = new_test_user(self.env, "clerk", groups="base.group_user")

        with self.assertRaises(AccessError):
            self.audit.with_user(user).search([])
        with self.assertRaises(AccessError):
            self.connection.with_user(user).action_verify_audit()

    # === HELPERS === #

    def _rows(self, record=None):
        """Return what the audit says since the test began, the oldest first."""
        domain = [("id", ">", self.start)]
        if record:
            domain += [("res_model", "=", record._name), ("res_id", "=", record.id)]
        return self.audit.search(domain, order="id")

    def _events(self):
        return self._rows().mapped("event")

    def _reviewer(self):
        return new_test_user(
            self.env,
            "reviewer",
            groups="procurify_connector.group_user,account.group_account_invoice,"
            "base.group_allow_export",
            company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )


@tagged("post_install", "-at_install", "procurify")
class TestAuditWords(ProcurifyCommon):
    """Entries read like a bookkeeper's log."""

    master_data_ready = True

    def test_an_import_shows_names_amounts_and_dates_as_people_write_them(self):
        bill_id = self.dataset.add_bill("split_departments")
        self._synchronise()
        move = self._move(bill_id)
        line = move.invoice_line_ids[0]

        table = self._tables(self._record("bill", bill_id), "imported")

        total = formatLang(self.env, move.amount_total, digits=2)
        for text in (
            move.partner_id.display_name,
            line.account_id.display_name,
            line.distribution_analytic_account_ids[0].display_name,
            format_date(self.env, move.invoice_date),
            f"{move.currency_id.name} {total}",
            f"Line “{line.name}”",
            "Created by the connector",
        ):
            self.assertIn(str(escape(text)), table)

    def test_a_revision_shows_what_was_and_what_is(self):
        bill_id = self.dataset.add_bill("plain")
        self._synchronise()
        line = self._move(bill_id).invoice_line_ids
        name, money, before = line.name, line.currency_id.name, line.price_unit
        self.dataset.revise_bill(bill_id, unit_cost=Decimal("12.34"))
        self._synchronise()

        [row] = self._events(self._record("bill", bill_id), "imported")[:1]

        changes = AuditWords(self.env, row).changes(row)
        words = {label: texts for label, *texts in changes}
        self.assertEqual(
            words[f"Line “{name}” › Unit Price"],
            [f"{money} {formatLang(self.env, before)}", f"{money} 12.34"],
        )
        self.assertNotIn(f"Line “{name}” › Account", words)

    def test_a_reader_of_another_language_reads_its_labels_and_formats(self):
        bill_id = self.dataset.add_bill("plain", amount=Decimal("1234.50"))
        self._synchronise()
        self.env["res.lang"]._activate_lang("fr_FR")
        record = self._record("bill", bill_id)
        [row] = self._events(record, "imported").with_context(lang="fr_FR")
        move = self._move(bill_id).with_env(row.env)

        total = formatLang(row.env, move.amount_total, digits=2)
        self.assertIn(",", total)
        self.assertIn(total, row.changes_table)
        day = format_date(row.env, move.invoice_date)
        self.assertEqual(day[2], "/")
        self.assertIn(day, row.changes_table)

    def test_no_entry_shows_what_only_programs_read(self):
        self.dataset.add_order("split_coding")
        for scenario in ("plain", "unknown_account", "expense", "foreign_eur"):
            self.dataset.add_bill(scenario)
        changed = self.dataset.add_bill("plain")
        self._synchronise()
        self._move(changed).invoice_line_ids.quantity += 1
        self.dataset.revise_bill(changed, unit_cost=Decimal("12.34"))
        self.dataset.rename_vendor(self.dataset.bill(changed).vendor_id, "Another Ltd")
        self._synchronise()
        record = self._record("bill", changed)
        record.action_keep_odoo()
        self._records("bill", state="quarantined").action_ignore()
        self.connection.write({"bill_policy": "posted", "bills_start_date": False})
        self.connection.action_verify_audit()
        rows = self.env["procurify.audit"].search([])
        self.assertGreater(len(set(rows.mapped("event"))), 10)

        for row in rows:
            for text in (row.changes_table or "", row.summary or ""):
                # But for the places in the addresses of Procurify's pages.
                words = re.sub(r"{\w+}", "", html2plaintext(text))
                self.assertNotRegex(
                    words,
                    r"[{}]|\[[\d'\[(]|\b(False|True|None|null|procurify\.\w+|\w+_ids?)\b"
                    r"|account\.move|\b[a-z]+_[a-z]+\b",
                    row.event,
                )

    def test_queries_do_not_grow_with_the_entries(self):
        for _number in range(8):
            self.dataset.add_bill("split_departments")
        self._synchronise()
        rows = self._events(self._records("bill"), "imported")
        self.assertEqual(len(rows), 8)

        def queries(some):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.mapped("changes_table")
            some.mapped("summary")
            return self.env.cr.sql_log_count - before

        queries(rows)  # what anybody's first look reads
        self.assertEqual(queries(rows[:2]), queries(rows))

    def _events(self, records, event):
        return self.env["procurify.audit"].search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("event", "=", event),
            ]
        )

    def _tables(self, records, event):
        return "".join(self._events(records, event).mapped("changes_table"))


@tagged("post_install", "-at_install", "procurify")
class TestAuditOfBranches(RoutingCommon):
    def test_the_branch_reads_the_audit_of_its_documents(self):
        self._route(2, self.tacoma)
        bill_id = self._bill(TACOMA)
        self._synchronise()
        reviewer = new_test_user(
            self.env,
            "tacoma_reviewer",
            groups="procurify_connector.group_user",
            company_id=self.tacoma.id,
            company_ids=[(6, 0, self.tacoma.ids)],
        )

        rows = self.env["procurify.audit"].with_user(reviewer).search([])

        imported = rows.filtered(lambda row: row.event == "imported")
        self.assertEqual(imported.res_id, self._record("bill", bill_id).id)
        self.assertEqual(set(rows.mapped("company_name")), {self.tacoma.name})
