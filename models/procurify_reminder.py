"""Reminders of bills: what one person is to look at, by to-do and daily e-mail."""

import logging
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date, formatLang

from ..tools.amounts import currencies_by_code, format_amounts
from ..tools.instants import clamped, today_in

_logger = logging.getLogger(__name__)

MAILED = 50  # bills that one e-mail lists, those that are new first
_TODO = "mail.mail_activity_data_todo"
_ON_HOLD = ("amount", "hold")  # reasons that end when the bill leaves the quarantine
REASONS = [
    ("amount", "Large bill on hold"),
    ("hold", "On hold for days"),
    ("due", "Due soon or overdue"),
]


class ProcurifyReminder(models.Model):
    """A row is one reason why one person is reminded of one bill.

    The person is the responsible of the bill's department, else of its location, else
    of its connection, and may read the bill. Each person says in the own preferences
    what is worth a reminder. A daily job writes the rows, with a to-do each, and sends
    one e-mail. A row whose reason is gone is removed with its to-do.
    """

    _name = "procurify.reminder"
    _inherit = [
        *("procurify.system.fields", "procurify.list"),
        *("mail.thread", "mail.activity.mixin"),
    ]
    _description = "Procurify Reminder"
    _order = "due_date, id"
    _people_fields = frozenset()
    _mail_post_access = "read"  # marking a to-do as done writes in the chatter

    record_id = fields.Many2one(
        "procurify.record", "Bill", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="record_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users", "For", required=True, readonly=True, index=True, ondelete="cascade"
    )
    reason = fields.Selection(REASONS, required=True, readonly=True)
    mailed_at = fields.Datetime("Mailed On", readonly=True)
    party = fields.Char(related="record_id.remote_party")
    due_date = fields.Date(related="record_id.remote_due_date", store=True)
    # Of several currencies: a sum would say nothing.
    amount = fields.Float(related="record_id.remote_amount", aggregator=None)
    currency = fields.Char(related="record_id.remote_currency")

    _reason_uniq = models.UniqueIndex(
        "(record_id, user_id, reason)", "A person is reminded once of each reason."
    )

    # === COMPUTE METHODS === #

    @api.depends("record_id", "reason")
    @api.depends_context("lang", "tz", "uid")
    def _compute_display_name(self):
        for reminder in self:
            reminder.display_name = f"{reminder.record_id.name}: {reminder._words()}"

    def _words(self):
        """Return the reason, with its number."""
        self.ensure_one()
        record = self.record_id
        if self.reason == "amount":
            amount = formatLang(
                self.env,
                record.company_amount,
                currency_obj=record.company_currency_id,
            )
            return self.env._("%s on hold", amount)
        if self.reason == "hold":
            return self.env._("on hold for %s days", record._days_on_hold(self.env))
        day = format_date(self.env, record.remote_due_date)
        if record.remote_due_date and record.remote_due_date < today_in(self.env):
            return self.env._("overdue since %s", day)
        return self.env._("due on %s", day)

    # === CRON METHODS === #

    @api.model
    def _cron_reminders(self):
        """Update the reminders to what is so today, and send what is new.

        Each person's are committed by themselves: an error stops nobody else's.
        """
        reminders = self.sudo()
        wanted = reminders._wanted()
        known = {
            (r.record_id, r.user_id, r.reason): r for r in reminders.search(Domain.TRUE)
        }
        reminders.browse(
            reminder.id
            for key, reminder in known.items()
            if key not in wanted and not reminder._is_queued()
        ).unlink()
        of_users = defaultdict(dict)
        for key in sorted(wanted, key=lambda key: (key[0].id, key[2])):
            of_users[key[1]][key] = known.get(key)
        commit = self.env["ir.cron"]._commit_progress
        commit(remaining=len(of_users))
        for user, mine in of_users.items():
            reminders._remind(user, mine)
            commit(1)

    @api.model
    def _remind(self, user, wanted):
        """Write and send the reminders of one person. An error is logged.

        :param wanted: {(record, user, reason): the reminder that there is, or None}
        """
        try:
            with self.env.cr.savepoint():
                created = self.with_context(tracking_disable=True).create(
                    [
                        {"record_id": record.id, "user_id": user.id, "reason": reason}
                        for (record, _user, reason), known in wanted.items()
                        if not known
                    ]
                )
                created._schedule()
                present = self.browse(known.id for known in wanted.values() if known)
                (present | created)._follow_preferences()
                (present | created)._send()
        except Exception:  # noqa: BLE001 -- the other people are reminded
            _logger.warning("The reminders of user %s failed", user.id, exc_info=True)

    @api.model
    def _end_past(self):
        """Remove the reminders of bills that are not on hold, or not open, any more.

        Those of bills that are tried again stay: they may be on hold again soon.
        """
        held = ("on_hold", "queued")
        past = Domain("reason", "in", _ON_HOLD) & Domain(
            "record_id.document_state", "not in", held
        ) | Domain("record_id.document_state", "not in", (*held, "draft"))
        self.sudo().search(past).unlink()

    @api.model
    def _remove_of(self, connections):
        """Remove the reminders of connections that are about to be deleted."""
        self.search(Domain("record_id.connection_id", "in", connections.ids)).unlink()

    def _is_queued(self):
        """Return whether the bill is tried again just now."""
        return self.record_id.state in ("pending", "waiting")

    # === WHO IS REMINDED OF WHAT === #

    @api.model
    def _wanted(self):
        """Return {(record, user, reason)} of all that is worth a reminder today."""
        bills = self._open_bills()
        return {
            (bill, user, reason)
            for bill, user in self._recipients(bills).items()
            for reason in bill._reminder_reasons(user)
        }

    @api.model
    def _open_bills(self):
        """Return the bills on hold, and the drafts that are due in the longest time
        that anybody has chosen."""
        reviewers = self.env.ref("procurify_connector.group_user")
        most = self.env["res.users"].search(
            Domain("all_group_ids", "in", reviewers.ids)
            & Domain("procurify_remind_due_days", ">", 0),
            order="procurify_remind_due_days desc",
            limit=1,
        )
        # A day more: it may be tomorrow already where the user is.
        days = clamped(most.procurify_remind_due_days)
        last = fields.Date.today() + timedelta(days=days + 1)
        return self.env["procurify.record"].search(
            Domain("resource", "=", "bill")
            & (
                Domain("state", "=", "quarantined")
                | Domain("state", "=", "done")
                & Domain("remote_due_date", "<=", last)
                & Domain("document_state", "=", "draft")
            )
        )

    @api.model
    def _recipients(self, bills):
        """Return {bill: the first of its responsibles who may read it}."""
        candidates = self._candidates(bills)
        of_users = defaultdict(list)
        for bill, users in candidates.items():
            for user in users:
                of_users[user].append(bill.id)
        readable = {
            user: set(bills.browse(ids)._readable_by(user).ids)
            for user, ids in of_users.items()
        }
        found = {}
        for bill, users in candidates.items():
            if user := next((u for u in users if bill.id in readable[u]), None):
                found[bill] = user
        return found

    @api.model
    def _candidates(self, bills):
        """Return {bill: its active responsibles, the nearest first}, in two queries."""
        self.env["procurify.record"].flush_model(["responsible_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT mention.document_id, place.responsible_id
                  FROM procurify_mention mention
                  JOIN procurify_record place ON place.id = mention.mention_id
                 WHERE mention.document_id = ANY(%s)
                   AND place.resource IN ('department', 'location')
                   AND place.responsible_id IS NOT NULL
              ORDER BY place.resource, place.id
                """,
                list(bills.ids),
            )
        )
        named = defaultdict(list)
        for bill_id, user_id in rows:
            named[bill_id].append(user_id)
        everybody = self.env["res.users"].with_context(active_test=False)
        found = {}
        for bill in bills:
            ids = [*named[bill.id], bill.connection_id.responsible_id.id]
            found[bill] = everybody.browse(dict.fromkeys(filter(None, ids)))
        return {bill: users.filtered("active") for bill, users in found.items()}

    # === TO-DOS === #

    def _schedule(self):
        """Schedule a to-do for each of these, if its person wants that."""
        todo = self.env.ref(_TODO)
        model = self.env["ir.model"]._get(self._name)
        values = []
        for user, mine in self.grouped("user_id").items():
            if user.procurify_remind_todo:
                seen = mine.with_context(lang=user.lang, tz=user.tz)
                values += [
                    {
                        "activity_type_id": todo.id,
                        "res_model_id": model.id,
                        "res_id": reminder.id,
                        "summary": reminder.display_name,
                        "user_id": user.id,
                        "date_deadline": today_in(seen.env),
                    }
                    for reminder in seen
                ]
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            values
        )

    def _follow_preferences(self):
        """Remove the to-dos of people who want none any more."""
        unwanted = self.filtered(lambda r: not r.user_id.procurify_remind_todo)
        unwanted.activity_ids.unlink()

    # === E-MAIL === #

    def _send(self):
        """Send one e-mail to each person of these for whom there is something new.

        Nobody gets two on one day, as it is where the person is.
        """
        for user, mine in self.grouped("user_id").items():
            today = today_in(mine.with_context(tz=user.tz).env)
            news = mine.filtered(lambda reminder: not reminder.mailed_at)
            if (
                news
                and user.procurify_remind_mail
                and user.email
                and user.procurify_reminded_on != today
            ):
                mine.with_user(user).with_context(
                    lang=user.lang, tz=user.tz, allowed_company_ids=user.company_ids.ids
                )._mail(user, news)
                news.mailed_at = fields.Datetime.now()
                user.procurify_reminded_on = today

    def _mail(self, user, news):
        """Queue the e-mail that lists these reminders to their person.

        :param news: those that no e-mail has named yet
        """
        rows = self._rows(news)
        body = self.env["ir.qweb"]._render(
            "procurify_connector.reminder_mail",
            {
                "rows": rows[:MAILED],
                "more": len(rows[MAILED:]),
                "base_url": self[:1].get_base_url(),
            },
        )
        company = user.company_id
        self.env["mail.mail"].sudo().create(
            {
                "subject": self.env._("Procurify: %s bills to look at", len(rows)),
                "body_html": body,
                "email_to": user.email_formatted,
                "email_from": company.email_formatted
                or self.env.ref("base.user_root").email_formatted,
                "auto_delete": True,
            }
        )

    def _rows(self, news):
        """Return what the e-mail shows of each bill, those that are new first."""
        currencies = currencies_by_code(self.env, set(self.mapped("currency")))
        rows, new = [], set(news.ids)
        for record, mine in self.grouped("record_id").items():
            amount = (record.remote_currency, 1, record.remote_amount, None)
            rows.append(
                {
                    "id": record.id,
                    "name": record.display_name,
                    "vendor": record.remote_party or "",
                    "amount": format_amounts(self.env, [amount], currencies),
                    "due": format_date(self.env, record.remote_due_date) or "",
                    "age": record._days_on_hold(self.env),
                    "reasons": ", ".join(reminder._words() for reminder in mine),
                    "is_new": not new.isdisjoint(mine.ids),
                }
            )
        return sorted(rows, key=lambda row: (not row["is_new"], row["name"]))

    # === ACTION METHODS === #

    def action_open_document(self):
        """Open the bill in Odoo, or its record if it is not there."""
        self.ensure_one()
        self.check_access("read")
        record = self.record_id
        if record.document_state == "draft":
            return record.action_open_target()
        return record._action_open(record.display_name)
