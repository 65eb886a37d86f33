"""Signals: what a person checks before a bill is paid."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, format_date, format_datetime, formatLang, split_every

from ..importers.signals.bills import PAID
from ..importers.signals.found import BillSignals
from ..importers.signals.words import SENTENCES, SIGNALS
from ..tools.amounts import currencies_by_code
from ..tools.concurrency import CONCURRENCY_ERRORS, mute_sql_errors
from ..tools.own_values import write_each
from ..tools.private import is_run_manually
from ..tools.readers import ITEM_READERS, reads_items

BATCH_SIZE = 500
DELAY_S = 30  # until the job looks at what changed
#: Parameter with the id of the bill after which the job goes on.
POSITION = "procurify_connector.signals_position"
_SHOWN = 3  # facts of a signal that its sentence names


class ProcurifySignal(models.Model):
    """A row is one signal of one bill of Procurify, in Odoo or on hold.

    A job decides which there are (:mod:`..importers.signals.found`), after imports,
    after changes of bank accounts, and hourly. Signals block nothing. Those of a bill
    that is paid stay as they were.
    """

    _name = "procurify.signal"
    _inherit = ["procurify.system.fields", "procurify.list"]
    _description = "Payment Signal"
    _order = "checked_at desc, id desc"
    _rec_name = "code"
    _people_fields = frozenset()

    record_id = fields.Many2one(
        "procurify.record", "Bill", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="record_id.company_id", store=True, index=True)
    move_id = fields.Many2one(
        "account.move", readonly=True, index="btree_not_null", ondelete="set null"
    )
    code = fields.Selection(SIGNALS, "Signal", required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    facts = fields.Json(readonly=True, groups=ITEM_READERS)
    message = fields.Text("Explanation", compute="_compute_message")
    checked_by = fields.Char(readonly=True)
    checked_at = fields.Datetime("Checked On", readonly=True)
    party = fields.Char(related="record_id.remote_party")
    date = fields.Date(related="record_id.remote_date")
    due_date = fields.Date(related="record_id.remote_due_date")
    # Of several currencies: a sum would say nothing.
    amount = fields.Float(related="record_id.remote_amount", aggregator=None)
    currency = fields.Char(related="record_id.remote_currency")

    _code_uniq = models.UniqueIndex(
        "(record_id, code)", "A bill has one signal of each kind."
    )
    _checked_idx = models.Index(
        "USING gin (string_to_array(key, ' ')) WHERE checked_at IS NOT NULL"
    )

    # === COMPUTE METHODS === #

    @api.depends("code", "facts")
    @api.depends_context("lang", "tz", "uid", "allowed_company_ids")
    def _compute_message(self):
        facts = {signal: signal.sudo().facts or [] for signal in self}
        names = self._names([fact for mine in facts.values() for fact in mine])
        labels = dict(self._fields["code"]._description_selection(self.env))
        for signal, mine in facts.items():
            texts = [self._sentence(fact, names) for fact in mine[:_SHOWN]]
            signal.message = " ".join(filter(None, texts)) or labels[signal.code]

    @api.model
    def _names(self, facts):
        """Return {(model, id): name} of what the user may read of what facts name.

        None for users who may not read journal items: they get the label only.
        """
        if not reads_items(self.env):
            return None
        found = {}
        for model, name in (
            ("account.move", "move_id"),
            ("procurify.record", "record_id"),
            ("purchase.order", "order_id"),
        ):
            ids = {fact[name] for fact in facts if fact.get(name)}
            rows = self.env[model].sudo().browse(ids).exists().sudo(False)
            readable = rows._filtered_access("read") if rows else rows
            found |= {(model, row.id): row.display_name for row in readable}
        codes = {fact["currency"] for fact in facts if "currency" in fact}
        currencies = currencies_by_code(self.env, codes) if codes else {}
        return found | {("res.currency", code): c for code, c in currencies.items()}

    @api.model
    def _sentence(self, fact, names):
        """Return a fact in words, or "" if the user may not read what it names."""
        if names is None:
            return ""
        params = dict(fact)
        if "day" in fact:
            params["date"] = format_date(self.env, fact["day"])
        if fact["kind"] == "same_amount":
            params["other"] = names.get(("account.move", fact["move_id"])) or names.get(
                ("procurify.record", fact["record_id"])
            )
        elif fact["kind"] == "above_order":
            params |= self._amounts(fact, names)
            params["order"] = names.get(("purchase.order", fact["order_id"]))
        if "at" in fact:
            moment = fields.Datetime.to_datetime(fact["at"])
            moment = fields.Datetime.context_timestamp(self, moment)
            params["date"] = format_date(self.env, moment.date())
        if not (params.get("other", True) and params.get("order", True)):
            return ""
        return self.env._(SENTENCES[fact["kind"]]) % params  # pylint: disable=W8301

    @api.model
    def _amounts(self, fact, names):
        currency = names.get(("res.currency", fact["currency"]))
        amounts = {name: fact[name] for name in ("ordered", "billed")}
        amounts["excess"] = fact["billed"] - fact["ordered"]
        return {
            name: formatLang(self.env, amount, currency_obj=currency)
            for name, amount in amounts.items()
        }

    # === CRON METHODS === #

    @api.model
    def _cron_signals(self):
        """Decide about the bills that are open, batch by batch.

        A run goes on where the time of the last one was over.
        """
        with mute_sql_errors(*CONCURRENCY_ERRORS):
            try:
                self.sudo()._decide_open()
                self.env["procurify.reminder"]._end_past()
            except CONCURRENCY_ERRORS:
                # Somebody wrote what was read here: the next run does it.
                self.env.cr.rollback()
                self._look_soon()
            # Odoo would repeat this run ten times before other jobs have a turn.
            self.env["ir.cron"]._commit_progress(remaining=0)

    @api.model
    def _decide_open(self):
        """Decide about the open bills, as long as the job has time."""
        self._remove_past()
        ids = self._open_bills(0 if is_run_manually() else self._position()).ids
        self.env["ir.cron"]._commit_progress(remaining=len(ids))
        position = 0
        for batch in split_every(BATCH_SIZE, ids):
            if not self._decide(batch) and batch[-1] != ids[-1]:
                position = batch[-1]
                break
        self._go_on_after(position)

    @api.model
    def _decide(self, ids):
        """Decide about the bills of these records, and return whether there is time
        for more. What somebody else writes just now is decided soon."""
        commit = self.env["ir.cron"]._commit_progress
        try:
            self.env["procurify.record"].browse(ids).exists()._update_signals()
            time_left = commit(len(ids))
        except CONCURRENCY_ERRORS:
            self.env.cr.rollback()
            self._look_soon()
            time_left = commit(len(ids))
        return bool(time_left or is_run_manually())

    @api.model
    def _position(self):
        """Return the id of the bill after which this run begins, or 0."""
        text = self.env["ir.config_parameter"].sudo().get_param(POSITION) or ""
        return int(text) if text.isdecimal() else 0

    @api.model
    def _go_on_after(self, position):
        """Let the next run begin after the bill with this id, and soon; 0: as usual."""
        if position != self._position():
            parameters = self.env["ir.config_parameter"].sudo()
            parameters.set_param(POSITION, str(position) if position else False)
        if position and (job := self._job()):
            job._trigger()

    @api.model
    def _open_bills(self, position=0):
        """Return the bills that are on hold, and those in Odoo that are not paid.

        :param position: only those with a higher id
        """
        moves = self.env["account.move"]._search(
            Domain("move_type", "=", "in_invoice")
            & (
                Domain("state", "=", "draft")
                | Domain("state", "=", "posted")
                & Domain("payment_state", "in", ("not_paid", "partial", "blocked"))
            )
        )
        return self.env["procurify.record"].search(
            Domain("resource", "=", "bill")
            & Domain("id", ">", position)
            & Domain("connection_id.target_id", "=", False)
            & (
                Domain("state", "=", "quarantined")
                | Domain("state", "=", "done") & Domain("res_id", "in", moves)
            ),
            order="id",
        )

    @api.model
    def _remove_past(self):
        """Remove the signals of bills that nobody will pay.

        What a person has checked is kept, for the case that it comes back.
        """
        past = self.search(
            Domain("checked_at", "=", False)
            & (
                Domain("record_id.state", "in", ("excluded", "ignored"))
                | Domain("move_id.state", "=", "cancel")
                | Domain("move_id.payment_state", "=", "reversed")
            )
        )
        past._remove()

    @api.model
    def _remove_of(self, connections):
        """Remove the signals of connections that are about to be deleted."""
        self.search(Domain("record_id.connection_id", "in", connections.ids))._remove()

    def _remove(self):
        """Delete these, and note on their bills which are left."""
        moves = self.move_id
        self.unlink()
        moves._procurify_note_signals()

    @api.model
    def _look_soon(self):
        """Let the job look at the open bills again within a minute.

        Not if it does so anyway, in little less than that time.
        """
        if not (job := self._job()):
            return
        due = fields.Datetime.now() + timedelta(seconds=DELAY_S)
        planned = (
            Domain("cron_id", "=", job.id)
            & Domain("call_at", ">=", due - timedelta(seconds=DELAY_S // 2))
            & Domain("call_at", "<=", due)
        )
        if not self.env["ir.cron.trigger"].sudo().search_count(planned, limit=1):
            job._trigger(due)

    @api.model
    def _job(self):
        """Return the job that decides, if it is on."""
        job = self.env.ref("procurify_connector.ir_cron_signals", False)
        return job and job.sudo().filtered("active")

    # === BUSINESS METHODS === #

    @api.model
    def _replace(self, records):
        """Store the signals of ``records``, and note on their bills that there are any.

        A signal whose keys people have all checked before, also on other bills, counts
        as checked. Unchecked ones whose cause is gone are removed. Those of bills that
        are paid stay.
        """
        signals = BillSignals(records, fields.Datetime.now()).found()
        found = {
            (bill.record, code): each
            for bill, mine in signals.items()
            for code, each in mine.items()
        }
        bills = {bill.record: bill for bill in signals}
        known = self.search(Domain("record_id", "in", records.ids)).filtered(
            lambda signal: signal.move_id.payment_state not in PAID
        )
        checked = self._checked(found)
        moves = known.move_id
        changed, seen = {}, set()
        for signal in known:
            pair = (signal.record_id, signal.code)
            seen.add(pair)
            if values := pair in found and signal._news(bills, found[pair], checked):
                changed[signal] = values
        known.filtered(
            lambda s: (s.record_id, s.code) not in found and not s.checked_at
        ).unlink()
        write_each(changed)
        created = self.create(
            [
                self._values(bills[record], code, each, checked)
                for (record, code), each in found.items()
                if (record, code) not in seen
            ]
        )
        (moves | (known.exists() | created).move_id)._procurify_note_signals()

    @api.model
    def _checked(self, found):
        """Return {(company id, code, key): (when, who)} of what people have checked."""
        keys = {key for each in found.values() for key in each.keys}
        self.flush_model(["company_id", "code", "key", "checked_at", "checked_by"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company_id, code, key, checked_at, checked_by
                  FROM procurify_signal
                 WHERE checked_at IS NOT NULL
                   AND string_to_array(key, ' ') && %s::text[]
              ORDER BY checked_at
                """,
                list(keys),
            )
        )
        return {
            (company_id, code, key): (checked_at, checked_by or "")
            for company_id, code, text, checked_at, checked_by in rows
            for key in text.split()
        }

    @api.model
    def _values(self, bill, code, found, checked):
        company = bill.record.company_id
        checks = [checked.get((company.id, code, key)) for key in found.keys]
        instant, user = max(checks) if all(checks) else (False, False)
        return {
            "record_id": bill.record.id,
            "move_id": bill.move_id or False,
            "code": code,
            "key": found.key,
            "facts": found.facts,
            "checked_by": user,
            "checked_at": instant,
        }

    def _news(self, bills, found, checked):
        """Return the values of this signal that changed.

        :param bills: {record: SeenBill}
        """
        self.ensure_one()
        values = self._values(bills[self.record_id], self.code, found, checked)
        del values["record_id"]
        if self.checked_at and self.key == found.key:
            del values["checked_by"], values["checked_at"]
        return {
            name: value
            for name, value in values.items()
            if (self[name].id if name == "move_id" else self[name]) != value
        }

    def _labels(self):
        """Return the kinds of those that nobody has checked, as one text."""
        labels = dict(self._fields["code"]._description_selection(self.env))
        unchecked = self.filtered(lambda signal: not signal.checked_at)
        return ", ".join(labels[signal.code] for signal in unchecked)

    def _page(self):
        """Return what the page of a document shows of each, as JSON."""
        labels = dict(self._fields["code"]._description_selection(self.env))
        return [
            {
                "id": signal.id,
                "label": labels[signal.code],
                "message": signal.message,
                "checked": signal._checked_text(),
            }
            for signal in self
        ]

    def _checked_text(self):
        if not self.checked_at:
            return ""
        return self.env._(
            "%(user)s checked this on %(date)s.",
            user=self.checked_by,
            date=format_datetime(self.env, self.checked_at, dt_format="short"),
        )

    # === ACTION METHODS === #

    def action_check(self):
        """Mark these signals as checked, in the name of the user.

        :raises AccessError: the user may not read what they say
        """
        self.check_access("read")
        self._check_reader()
        self._check()
        return self.env["procurify.connection"]._notification(
            "success", self.env._("Signals checked: %s.", len(self))
        )

    @api.model
    def _check_reader(self):
        """Check that the user may read what signals say.

        :raises AccessError: the user may not
        """
        if not reads_items(self.env):
            raise AccessError(
                self.env._("You need the right to read journal items to check signals.")
            )

    def _check(self):
        """Note who has checked these, in the audit and on their bills."""
        news = self.sudo().filtered(lambda signal: not signal.checked_at)
        if not news:
            return
        now, user = fields.Datetime.now(), self.env.user.name
        labels = dict(self._fields["code"]._description_selection(self.env))
        texts = {
            signal: self.env._("Checked: %s", labels[signal.code]) for signal in news
        }
        self.env["procurify.audit"]._log_signals_checked(texts)
        news.write({"checked_by": user, "checked_at": now})
        bodies = {
            move.id: "; ".join(texts[signal] for signal in mine)
            for move, mine in news.grouped("move_id").items()
            if move
        }
        news.move_id.sudo(False)._message_log_batch(bodies=bodies)
        news.move_id._procurify_note_signals()

    def action_open_document(self):
        """Open the bill in Odoo, or its record if it is not there."""
        self.ensure_one()
        self.check_access("read")
        record = self.record_id
        if self.move_id:
            return record.action_open_target()
        return record._action_open(record.display_name)
