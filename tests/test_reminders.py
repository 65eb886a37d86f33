"""People are reminded of the bills that they are responsible for, once and not more."""

import runpy
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import ProcurifyCommon

REVIEWER = "procurify_connector.group_user"
BOOKKEEPER = f"{REVIEWER},account.group_account_invoice"


class ReminderCommon(ProcurifyCommon):
    master_data_ready = True

    def setUp(self):
        super().setUp()
        self.today = fields.Date.today()
        self.user = self._person("rae", BOOKKEEPER)
        self.record = self._held()

    def _person(self, login, groups=REVIEWER, **values):
        return new_test_user(
            self.env,
            login,
            name=login.title(),
            email=f"{login}@acme.example",
            tz="UTC",
            groups=groups,
            **{
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                **values,
            },
        )

    def _held(self, days=6, **params):
        """Put a bill on hold, some days ago, and return its record."""
        params = {"due_date": self.today + timedelta(days=60)} | params
        bill_id = self.dataset.add_bill("unknown_account", code="7450", **params)
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(record.state, "quarantined")
        record.sudo().held_at = fields.Datetime.now() - timedelta(days=days)
        return record

    def _places(self, resource="department", record=None):
        mentioned = (record or self.record).mention_ids
        return mentioned.filtered(lambda row: row.resource == resource)

    def _remind(self):
        self._run_cron("ir_cron_reminders")
        self.env.invalidate_all()

    def _reminders(self, user=None):
        user = user or self.user
        return self.env["procurify.reminder"].sudo().search([("user_id", "=", user.id)])

    def _reasons(self, user=None):
        return set(self._reminders(user).mapped("reason"))

    def _todos(self, user=None):
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "procurify.reminder"),
                    ("user_id", "=", (user or self.user).id),
                ]
            )
        )

    def _mails(self, user=None):
        email = (user or self.user).email
        return self.env["mail.mail"].sudo().search([("email_to", "ilike", email)])


@tagged("post_install", "-at_install", "procurify")
class TestReminders(ReminderCommon):
    def setUp(self):
        super().setUp()
        self._places().responsible_id = self.user

    # === WHAT COMES, AND WHEN IT ENDS === #

    def test_mail_lists_fifty_bills_and_says_how_many_more_there_are(self):
        self.connection.sudo().responsible_id = self.user
        for _bill in range(51):
            self.dataset.add_bill("unknown_account", code="7450")
        self._synchronise()
        records = self._records("bill", state="quarantined")
        records.sudo().held_at = fields.Datetime.now() - timedelta(days=9)

        self._remind()

        [mail] = self._mails()
        self.assertEqual(mail.body_html.count("/odoo/procurify-records/"), 50)
        self.assertIn(f"And {len(records) - 50} more bills", mail.body_html)
        self.assertIn(str(len(records)), mail.subject)

    def test_responsible_gets_a_to_do_per_reason_and_one_mail(self):
        other = self._held(due_date=self.today + timedelta(days=2))
        self._places(record=other).responsible_id = self.user

        self._remind()

        found = {(r.record_id, r.reason) for r in self._reminders()}
        self.assertLessEqual(
            {(self.record, "hold"), (other, "hold"), (other, "due")}, found
        )
        self.assertEqual(len(self._todos()), len(found))
        [mail] = self._mails()
        for record in (self.record, other):
            self.assertIn(record.name, mail.body_html)
            self.assertIn(record.remote_party.split()[0], mail.body_html)
            self.assertIn(f"/odoo/procurify-records/{record.id}", mail.body_html)
            self.assertIn(f"{record.remote_amount:,.2f}", mail.body_html)
        self.assertIn("on hold for 6 days", mail.body_html)
        self.assertIn("New", mail.body_html)

    def test_nothing_new_is_no_mail_and_no_second_to_do(self):
        self._remind()
        self._remind()
        self.assertEqual(len(self._mails()), 1)
        self.user.procurify_reminded_on = self.today - timedelta(days=1)
        self._remind()

        self.assertEqual(len(self._mails()), 1, "nothing is new")
        self.assertEqual(len(self._todos()), len(self._reminders()))

    def test_news_of_the_same_day_wait_for_the_next_one(self):
        self._remind()
        other = self._held()
        self._places(record=other).responsible_id = self.user
        self._remind()
        self.assertEqual(len(self._mails()), 1)
        self.assertIn(other, self._reminders().record_id)

        self.user.procurify_reminded_on = self.today - timedelta(days=1)
        self._remind()
        self.assertEqual(len(self._mails()), 2)
        newest = self._mails().sorted("id")[-1].body_html
        self.assertIn(other.name, newest)
        self.assertIn(self.record.name, newest)
        self.assertEqual(newest.count("New"), 1)

    def test_reminder_and_to_do_end_with_their_reason(self):
        self._remind()
        self.assertTrue(self._todos())

        self.record.action_ignore("Not ours")
        self._run_cron("ir_cron_signals")

        self.assertFalse(self._reminders())
        self.assertFalse(self._todos())

    def test_reminder_stays_while_the_bill_is_tried_again(self):
        self._remind()
        reminders, todos = self._reminders(), self._todos()
        self.assertTrue(todos)
        for state in ("pending", "waiting"):
            with self.subTest(state=state):
                self.record.sudo().state = state
                self._run_cron("ir_cron_signals")
                self._remind()
                self.assertEqual(self._reminders(), reminders)
                self.assertEqual(self._todos(), todos)

    def test_to_dos_end_with_their_connection(self):
        self._remind()
        self.assertTrue(self._todos())
        self.connection.unlink()
        self.env.invalidate_all()

        self.assertFalse(self._todos())

    def test_error_about_one_person_stops_nobody_else_s_reminders(self):
        other = self._person("other", BOOKKEEPER)
        reminders = type(self.env["procurify.reminder"])
        send = reminders._send

        def failing(rows):
            if self.user in rows.user_id:
                raise ValueError("a mistake of one person")
            return send(rows)

        wanted = {(self.record, user, "hold") for user in (self.user, other)}
        logger = "odoo.addons.procurify_connector.models.procurify_reminder"
        with (
            patch.object(reminders, "_wanted", lambda rows: wanted),
            patch.object(reminders, "_send", failing),
            self.assertLogs(logger, "WARNING") as logs,
        ):
            self._remind()

        self.assertIn(str(self.user.id), logs.output[0])
        self.assertFalse(self._reminders())
        self.assertFalse(self._todos())
        self.assertTrue(self._reminders(other))
        self.assertEqual(len(self._mails(other)), 1)

    def test_numbers_that_no_calendar_has_stop_nobody_s_reminders(self):
        stranger = self._person("stranger", "base.group_user")
        stranger.procurify_remind_due_days = 2_000_000_000
        self._remind()
        self.assertIn("hold", self._reasons())

        self.user.write(
            {
                "procurify_remind_due_days": 2_000_000_000,
                "procurify_remind_hold_days": -5,
                "procurify_remind_amount": -5,
            }
        )
        self._remind()
        self.assertEqual(self._reasons(), {"due"})

    def test_reason_that_is_gone_ends_alone(self):
        self.record.sudo().remote_due_date = self.today
        self._remind()
        self.assertLessEqual({"hold", "due"}, self._reasons())

        self.record.sudo().remote_due_date = self.today + timedelta(days=30)
        self._remind()

        self.assertNotIn("due", self._reasons())
        self.assertIn("hold", self._reasons())
        self.assertEqual(len(self._todos()), len(self._reminders()))

    def test_to_do_that_is_done_does_not_come_back(self):
        self._remind()
        self._todos().with_user(self.user).action_feedback()
        self._remind()

        self.assertTrue(self._reminders())
        self.assertFalse(self._todos())

    def test_replay_does_not_restart_the_hold(self):
        held_at = self.record.held_at
        self.record.action_replay()

        self.assertEqual(self.record.state, "quarantined")
        self.assertEqual(self.record.held_at, held_at)

    def test_bill_that_is_imported_is_not_on_hold_any_more(self):
        [code] = self._places("account_code").filtered(lambda r: r.code == "7450")
        self._map(code, self._account("745000"))
        self._import()

        self.assertEqual(self.record.state, "done")
        self.assertFalse(self.record.held_at)

    def test_earlier_version_learns_since_when_and_gets_the_jobs(self):
        names = ("ir_cron_signals", "ir_cron_reminders")
        jobs = [self.env.ref(f"procurify_connector.{name}") for name in names]
        for job in jobs:
            job.active = False
        self.record.sudo().held_at = False
        self.env.flush_all()
        folder = Path(__file__).parents[1] / "migrations" / "19.0.1.2.0"
        for name in ("post-held_at", "post-jobs"):
            runpy.run_path(str(folder / f"{name}.py"))["migrate"](self.cr, "19.0.1.1.0")
        self.env.invalidate_all()

        self.assertEqual(self.record.held_at, self.record.seen_at)
        self.assertTrue(all(job.active for job in jobs))

    # === WHAT EACH PERSON WANTS === #

    def test_each_reason_has_a_limit_of_its_own(self):
        amount = self.record.company_amount
        for values, reasons in (
            ({"procurify_remind_amount": amount}, {"amount"}),
            ({"procurify_remind_amount": amount + 0.01}, set()),
            ({"procurify_remind_hold_days": 6}, {"hold"}),
            ({"procurify_remind_hold_days": 7}, set()),
            ({"procurify_remind_due_days": 60}, {"due"}),
            ({"procurify_remind_due_days": 59}, set()),
        ):
            with self.subTest(values=values):
                self.user.write(
                    {
                        "procurify_remind_amount": 0,
                        "procurify_remind_hold_days": 0,
                        "procurify_remind_due_days": 0,
                        **values,
                    }
                )
                self._remind()
                self.assertEqual(self._reasons(), reasons)

    def test_mail_and_to_do_can_each_be_switched_off(self):
        self.user.procurify_remind_mail = False
        self._remind()
        self.assertTrue(self._todos())
        self.assertFalse(self._mails())

        self.user.write({"procurify_remind_mail": True, "procurify_remind_todo": False})
        self._remind()
        self.assertFalse(self._todos())
        self.assertEqual(len(self._mails()), 1)

    def test_person_sets_the_own_preferences_only(self):
        mine = self.user.with_user(self.user)
        mine.write({"procurify_remind_hold_days": 2, "procurify_remind_mail": False})
        self.assertEqual(mine.read(["procurify_remind_hold_days"])[0]["id"], mine.id)
        other = self._person("other")

        with self.assertRaises(AccessError):
            other.with_user(self.user).procurify_remind_hold_days = 2
        with self.assertRaises(AccessError):
            mine.procurify_reminded_on = self.today

    # === WHO === #

    def test_location_s_responsible_follows_the_department_s_and_the_connection_s(self):
        keeper, last = self._person("keeper"), self._person("last")
        self._places("location").responsible_id = keeper
        self.connection.responsible_id = last
        self._remind()
        self.assertTrue(self._reminders())
        self.assertFalse(self._reminders(keeper) | self._reminders(last))

        self._places().responsible_id = False
        self._remind()
        self.assertFalse(self._reminders())
        self.assertTrue(self._reminders(keeper))

        self._places("location").responsible_id = False
        self._remind()
        self.assertFalse(self._reminders(keeper))
        self.assertTrue(self._reminders(last))

    def test_archived_responsible_is_passed_over(self):
        last = self._person("last")
        self.connection.responsible_id = last
        self._remind()
        self.user.active = False
        self._remind()

        self.assertFalse(self._reminders())
        self.assertTrue(self._reminders(last))
        self._places().responsible_id.active = False  # does not raise

    def test_who_lost_the_right_gets_nothing(self):
        self._remind()
        self.assertTrue(self._todos())
        self.user.group_ids -= self.env.ref(REVIEWER)
        self._remind()

        self.assertFalse(self._reminders())
        self.assertFalse(self._todos())

    def test_draft_that_is_due_is_for_those_who_may_read_it(self):
        bill_id = self.dataset.add_bill("plain", due_date=self.today)
        self._synchronise()
        record = self._record("bill", bill_id)
        self.assertEqual(record.document_state, "draft")
        reviewer = self._person("reviewer")
        departments = self._places(record=record)
        departments.responsible_id = reviewer
        self._remind()
        self.assertNotIn(record, self._reminders(reviewer).record_id)

        departments.responsible_id = self.user
        self._remind()
        mine = self._reminders().filtered(lambda r: r.record_id == record)
        self.assertEqual(mine.mapped("reason"), ["due"])

        self.env["account.move"].browse(record.res_id).action_post()
        self._remind()
        self.assertNotIn(record, self._reminders().record_id)

    def test_other_company_s_people_are_no_responsibles(self):
        theirs = self.setup_other_company()["company"]
        stranger = self._person(
            "stranger",
            BOOKKEEPER,
            company_id=theirs.id,
            company_ids=[Command.set(theirs.ids)],
        )
        with self.assertRaises(ValidationError):
            self._places().responsible_id = stranger
        self._remind()
        rows = self.env["procurify.reminder"].with_user(stranger)
        self.assertFalse(rows.search([]))
        colleague = self._person("colleague", BOOKKEEPER)
        self.assertFalse(rows.with_user(colleague).search([]), "one's own only")
        self.assertTrue(rows.with_user(self.user).search([]))

    def test_only_departments_and_locations_have_a_responsible(self):
        reviewer = self._person("reviewer")
        place = self._places()[:1]
        place.with_user(reviewer).responsible_id = reviewer
        self.assertEqual(place.responsible_id, reviewer)
        self.assertEqual(place.state, "done", "nothing is mapped or imported again")

        for record in (self.record, self._places("account_code")[:1]):
            with self.assertRaises(UserError):
                record.with_user(reviewer).responsible_id = reviewer

    # === DAYS === #

    def test_days_are_those_of_the_person(self):
        # In Auckland it is the 11th already.
        held_at = fields.Datetime.to_datetime("2026-03-05 23:30:00")
        due = fields.Date.to_date("2026-03-14")
        self.record.sudo().write({"held_at": held_at, "remote_due_date": due})
        self.user.procurify_remind_amount = 0
        expected = {
            # held from the 6th, for 5 days; due in 3
            "Pacific/Auckland": {"hold", "due"},
            # held from the 5th, for 5 days; due in 4
            "America/Los_Angeles": {"hold"},
            "UTC": {"hold"},
        }
        with freeze_time("2026-03-10 12:30:00"):
            for zone, reasons in expected.items():
                with self.subTest(zone=zone):
                    self.user.tz = zone
                    found = self.record._reminder_reasons(self.user)
                    self.assertEqual(set(found), reasons)
            self.user.procurify_remind_hold_days = 6
            self.assertNotIn("hold", self.record._reminder_reasons(self.user))

    # === SETS === #

    def test_queries_do_not_grow_with_the_bills(self):
        few = self._count_queries()
        for _number in range(6):
            self._places(record=self._held()).responsible_id = self.user
        self.assertLessEqual(self._count_queries(), few + 4)

    def _count_queries(self):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.assertTrue(self.env["procurify.reminder"].sudo()._wanted())
        return self.env.cr.sql_log_count - before
