"""The signals of a bill of Procurify, shown before it is paid."""

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.readers import ITEM_READERS


class AccountMove(models.Model):
    """``procurify_signal_state`` is stored with the bill: a bill without signals is
    shown, listed and posted without a query for them.

    A vendor who sees the own bills in the portal may not read what is checked.
    """

    _inherit = "account.move"

    procurify_signal_state = fields.Selection(
        [("open", "To check"), ("checked", "Checked")],
        "Signals",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=ITEM_READERS,
        help="What to check before this bill of Procurify is paid. It blocks nothing.",
    )
    procurify_signal_notice = fields.Text(
        "Signals to Check", compute="_compute_procurify_signals", groups=ITEM_READERS
    )
    procurify_signal_labels = fields.Char(
        "Kinds of Signals", compute="_compute_procurify_signals", groups=ITEM_READERS
    )
    procurify_signal_ids = fields.Many2many(
        "procurify.signal",
        string="Payment Signals",
        compute="_compute_procurify_signal_ids",
        groups="procurify_connector.group_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("procurify_signal_state")
    @api.depends_context("lang", "tz", "uid", "allowed_company_ids")
    def _compute_procurify_signals(self):
        signals = self._procurify_signals_by_move("open")
        for move in self:
            # Not everyone who pays bills is a reviewer.
            mine = signals.get(move._origin.id)
            messages = mine.mapped("message") if mine else []
            move.procurify_signal_notice = "\n".join(messages) or False
            move.procurify_signal_labels = mine._labels() if mine else False

    @api.depends("procurify_signal_state")
    def _compute_procurify_signal_ids(self):
        signals = self._procurify_signals_by_move("open", "checked")
        for move in self:
            mine = signals.get(move._origin.id, self.env["procurify.signal"])
            move.procurify_signal_ids = mine.sudo(False)._filtered_access("read")

    def _procurify_signals_by_move(self, *states):
        """Return {id of a bill: its signals} of those bills that are in ``states``."""
        marked = self.sudo().filtered(lambda m: m.procurify_signal_state in states)
        signals = self.env["procurify.signal"].sudo()
        if not marked:
            return {}
        rows = signals.search([("move_id", "in", marked._origin.ids)])
        if states == ("open",):
            rows = rows.filtered(lambda signal: not signal.checked_at)
        return {move.id: mine for move, mine in rows.grouped("move_id").items()}

    # === BUSINESS METHODS === #

    def _procurify_note_signals(self):
        """Store on these bills whether they have signals.

        In SQL: it is no change of the bill, whatever locks there are.
        """
        if not self:
            return
        self.env["procurify.signal"].flush_model(["move_id", "checked_at"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE account_move move SET procurify_signal_state = signals.state
                  FROM (SELECT bill.id,
                               CASE WHEN count(signal.id) = 0 THEN NULL
                                    WHEN bool_and(signal.checked_at IS NOT NULL)
                                    THEN 'checked' ELSE 'open' END AS state
                          FROM account_move bill
                     LEFT JOIN procurify_signal signal ON signal.move_id = bill.id
                         WHERE bill.id = ANY(%s)
                      GROUP BY bill.id) signals
                 WHERE signals.id = move.id
                   AND move.procurify_signal_state IS DISTINCT FROM signals.state
                """,
                list(self.ids),
            )
        )
        self.invalidate_recordset(
            [
                *("procurify_signal_state", "procurify_signal_ids"),
                *("procurify_signal_notice", "procurify_signal_labels"),
            ],
            flush=False,
        )

    # === ACTION METHODS === #

    def action_procurify_check_signals(self):
        """Mark the signals of these bills as checked, in the name of the user.

        A form sends what it showed, in the context. If there is something else by now,
        nothing is checked, and the form shows that.
        """
        self.check_access("write")
        signals = self.env["procurify.signal"].sudo()
        signals._check_reader()
        self.sudo()._procurify_note_signals()
        if not self._procurify_has_shown():
            return {"type": "ir.actions.client", "tag": "soft_reload"}
        mine = signals.search([("move_id", "in", self.ids), ("checked_at", "=", False)])
        mine._check()
        return self.env["procurify.connection"]._notification(
            "success", self.env._("Signals checked: %s.", len(mine))
        )

    def _procurify_has_shown(self):
        """Return whether the form showed the present signals of these bills."""
        if "procurify_signal_notice" not in self.env.context:
            return True
        shown = self.env.context["procurify_signal_notice"] or False
        return all(move.procurify_signal_notice == shown for move in self)
