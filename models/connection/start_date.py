"""From which day on Odoo keeps the books of what Procurify sends."""

from odoo import api, fields, models
from odoo.fields import Domain

from ...importers.start_date import BEFORE_START_DATE

_START_DATES = {"bill": "bills_start_date", "purchase_order": "orders_start_date"}


class ProcurifyConnection(models.Model):
    _inherit = "procurify.connection"

    bills_start_date = fields.Date(
        "Bills From",
        copy=False,
        help="Bills with an earlier accounting date are excluded: they were booked "
        "before Odoo took over. Empty: all bills are imported.",
    )
    orders_start_date = fields.Date(
        "Orders From",
        copy=False,
        help="Purchase orders and requisitions with an earlier date are excluded. "
        "Empty: all are imported.",
    )
    take_over_open_items = fields.Boolean(
        copy=False,
        help="Also import what was still open on the start date: bills that were not "
        "paid, orders that were not closed. Leave this off if your opening balances "
        "contain them.",
    )
    start_date_note = fields.Text(
        "Effect of the Start Date", compute="_compute_start_date_note"
    )

    @api.depends("bills_start_date", "orders_start_date")
    def _compute_start_date_note(self):
        """Say what the start dates would do to what was read, before they are saved."""
        for connection in self:
            notes = (
                connection._start_date_effect(resource, connection[field])
                for resource, field in _START_DATES.items()
            )
            connection.start_date_note = "\n".join(filter(None, notes)) or False

    def _start_date_effect(self, resource, start):
        """Return one sentence on the documents of ``resource``, or False: nothing.

        Procurify's own dates are counted; a bill may have another accounting date.
        """
        stored = Domain("connection_id", "=", self._origin.id) & Domain(
            "resource", "=", resource
        )
        earlier = stored & Domain("remote_date", "<", start) if start else Domain.FALSE
        groups = dict(
            self.env["procurify.record"]._read_group(earlier, ["state"], ["__count"])
        )
        again = self.env["procurify.record"].search_count(
            stored
            & Domain("excluded_rule", "=", BEFORE_START_DATE)
            & (Domain("remote_date", ">=", start) if start else Domain.TRUE)
        )
        booked = groups.pop("done", 0)
        if not (booked or groups or again):
            return False
        labels = dict(self.env["procurify.record"]._fields["resource"].selection)
        return self.env._(
            "%(kind)s: %(earlier)s are earlier and not in Odoo, %(booked)s are earlier "
            "and stay in Odoo, %(again)s excluded ones would be imported.",
            kind=labels[resource],
            earlier=sum(groups.values()),
            booked=booked,
            again=again,
        )
