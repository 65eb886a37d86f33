"""Signals: what a person checks before a bill is paid."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime, formatLang, split_every

from ..importers.signals.found import BillSignals
from ..importers.signals.words import SENTENCES, SIGNALS
from ..tools.amounts import currencies_by_code
from ..tools.manual_run import is_run_manually
from ..tools.own_values import write_each
from ..tools.readers import ITEM_READERS, reads_items

BATCH_SIZE = 500
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
    _checked_idx = models.Index("(company_id, code, key) WHERE checked_at IS NOT NULL")

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
        if fact["kind"] == "same_amount":
            other = names.get(("account.move", fact["move_id"])) or names.get(
                ("procurify.record", fact["record_id"])
            )
            params |= {"other": other, "date": format_date(self.env, fact["day"])}
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
        """Decide about the bills that are open, batch by batch."""
        signals = self.sudo()
        signals._remove_past()
        bills = signals._open_bills()
        commit = self.env["ir.cron"]._commit_progress
        commit(remaining=len(bills))
        for ids in split_every(BATCH_SIZE, bills.ids):
            bills.browse(ids).exists()._update_signals()
            if not (commit(len(ids)) or is_run_manually()):
                break
        self.env["procurify.reminder"]._end_past()

    @api.model
    def _open_bills(self):
        """Return the bills that are on hold, and those in Odoo that are not paid."""
        moves = self.env["account.move"]._search(
            Domain("move_type", "=", "in_invoice")
            & (
                Domain("state", "=", "draft")
                | Domain("state", "=", "posted")
                & Domain("payment_state", "in", ("not_paid", "partial"))
            )
        )
        return self.env["procurify.record"].search(
            Domain("resource", "=", "bill")
            & Domain("connection_id.target_id", "=", False)
            & (
                Domain("state", "=", "quarantined")
                | Domain("state", "=", "done") & Domain("res_id", "in", moves)
            ),
            order="id",
        )

    @api.model
    def _remove_past(self):
        """Remove the signals of bills that nobody will pay."""
        past = self.search(
            Domain("record_id.state", "in", ("excluded", "ignored"))
            | Domain("move_id.state", "=", "cancel")
        )
        moves = past.move_id
        past.unlink()
        moves._procurify_note_signals()

    @api.model
    def _look_soon(self):
        """Let the job look at the open bills again within a minute."""
        job = self.env.ref("procurify_connector.ir_cron_signals", False)
        if job and job.sudo().active:
            job.sudo()._trigger(fields.Datetime.now() + timedelta(seconds=30))

    # === BUSINESS METHODS === #

    @api.model
    def _replace(self, records):
        """Store the signals of ``records``, and note on their bills that there are any.

        A signal whose key a person has checked before, also on another bill, counts
        as checked. Unchecked ones whose cause is gone are removed.
        """
        signals = BillSignals(records, fields.Datetime.now()).found()
        found = {
            (bill.record, code): each
            for bill, mine in signals.items()
            for code, each in mine.items()
        }
        bills = {bill.record: bill for bill in signals}
        known = self.search(Domain("record_id", "in", records.ids))
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
        """Return {(company id, code, key): (who, when)} of what people have checked."""
        keys = [each.key for each in found.values()]
        rows = self.search(
            Domain("key", "in", keys) & Domain("checked_at", "!=", False)
        )
        return {
            (row.company_id.id, row.code, row.key): {
                "checked_by": row.checked_by,
                "checked_at": row.checked_at,
            }
            for row in rows
        }

    @api.model
    def _values(self, bill, code, found, checked):
        check = checked.get((bill.record.company_id.id, code, found.key))
        return {
            "record_id": bill.record.id,
            "move_id": bill.move_id or False,
            "code": code,
            "key": found.key,
            "facts": found.facts,
            **(check or {"checked_by": False, "checked_at": False}),
        }

    def _news(self, bills, found, checked):
        """Return the values of this signal that changed.

        :param bills: {record: SeenBill}
        """
        self.ensure_one()
        values = self._values(bills[self.record_id], self.code, found, checked)
        del values["record_id"]
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
        if not reads_items(self.env):
            raise AccessError(
                self.env._("You need the right to read journal items to check signals.")
            )
        self._check()
        return self.env["procurify.connection"]._notification(
            "success", self.env._("Signals checked: %s.", len(self))
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
