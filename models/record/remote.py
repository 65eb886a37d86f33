"""What of a record is in a remote Odoo."""

from odoo import api, fields, models
from odoo.fields import Command

from .quarantine import UNDISPUTED

_REFUSED = "remote_refused"


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    dispatch_ids = fields.One2many("procurify.dispatch", "record_id", readonly=True)
    dispatch_status = fields.Char(
        "In the Remote Odoo",
        compute="_compute_dispatch_status",
        help="Empty: it is not to be sent to a remote Odoo.",
    )

    # === COMPUTE METHODS === #

    @api.depends("dispatch_ids.state", "dispatch_ids.remote_state")
    def _compute_dispatch_status(self):
        dispatches = self.env["procurify.dispatch"]
        labels = {
            name: dict(dispatches._fields[name]._description_selection(self.env))
            for name in ("state", "remote_state")
        }
        for record in self:
            # The newest comes first: a bill that was booked again has several.
            last = record.dispatch_ids.filtered(
                lambda d: d.res_model not in ("ir.attachment", "purchase.order.line")
            )
            there = last[:1].remote_state
            shown = labels["remote_state"].get(there) if there else False
            record.dispatch_status = shown or labels["state"].get(last[:1].state)

    # === BUSINESS METHODS === #

    def _release_sent(self):
        """Take these records off hold for what a remote Odoo refused: it has them now.

        Other issues stay.
        """
        held = self.filtered(lambda r: _REFUSED in r.issue_ids.mapped("code"))
        if not held:
            return
        issues = held.issue_ids
        before = {record: record._audit_state() for record in held}
        for mine, alike in held.grouped("issue_ids").items():
            left = mine.filtered(lambda issue: issue.code != _REFUSED)
            alike.issue_ids = [Command.set(left.ids)]
        held.filtered(lambda record: not record.issue_ids).write(
            {"state": "done", "held_at": False} | UNDISPUTED
        )
        issues._close_unused()
        self.env["procurify.audit"]._log_outcome(before, held)

    # === ACTION METHODS === #

    def action_open_dispatches(self):
        """Return the action that shows what was sent of this to a remote Odoo."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "procurify_connector.procurify_dispatch_action"
        )
        return action | {"domain": [("record_id", "=", self.id)]}
