"""What Procurify says of a document, in the words of those who work there."""

from markupsafe import Markup

from odoo import fields, models
from odoo.tools import format_date
from odoo.tools.translate import LazyTranslate

from ...importers.resource_kinds import PAYLOADS
from ...procurify import BillStatus, InvalidPayload, OrderState, read_json
from ...procurify.people import requesters
from ...tools.amounts import currencies_by_code, format_amounts

_lt = LazyTranslate(__name__)

_STATUSES = {
    "bill": {
        BillStatus.DRAFT: _lt("Draft"),
        BillStatus.CONFIRMED: _lt("Waiting for approval"),
        BillStatus.APPROVED: _lt("Approved"),
        BillStatus.DENIED: _lt("Denied"),
        BillStatus.PAID: _lt("Paid"),
        BillStatus.WITHDRAWN: _lt("Withdrawn"),
        BillStatus.PAYMENT_CONFIRMED: _lt("Payment confirmed"),
        BillStatus.PAYMENT_APPROVED: _lt("Payment approved"),
        BillStatus.PAYMENT_LIMBO: _lt("Payment on its way"),
    },
    "purchase_order": {
        OrderState.PURCHASED: _lt("Purchased"),
        OrderState.CANCELLED: _lt("Cancelled"),
        OrderState.LEGACY: _lt("Purchased"),
        OrderState.CLOSED: _lt("Closed"),
        OrderState.PAID: _lt("Paid"),
        OrderState.REOPENED: _lt("Reopened"),
    },
    "requisition": {
        0: _lt("Waiting for approval"),
        1: _lt("Approved"),
        2: _lt("Denied"),
        3: _lt("Purchased"),
        4: _lt("Cancelled"),
        5: _lt("Received"),
        6: _lt("Draft"),
    },
}


class ProcurifyRecord(models.Model):
    _inherit = "procurify.record"

    remote_status = fields.Char("Status in Procurify", compute="_compute_facts")
    requester_names = fields.Char("Requested By", compute="_compute_facts")
    approver_name = fields.Char("Approved By", compute="_compute_facts")
    plant_names = fields.Char("Locations", compute="_compute_places")
    department_names = fields.Char("Departments", compute="_compute_places")
    facts_table = fields.Html(
        "In Procurify", compute="_compute_facts_table", sanitize=False
    )

    # === COMPUTE METHODS === #

    def _compute_facts(self):
        for record in self:
            payload, data = record._read_payload()
            status = getattr(payload, "status", getattr(payload, "state", None))
            words = _STATUSES.get(record.resource, {}).get(status)
            # A value that nobody documented is shown as it came.
            record.remote_status = self.env._(words) if words else status  # pylint: disable=W8301
            record.requester_names = ", ".join(requesters(data))
            record.approver_name = getattr(payload, "approver_name", "")

    def _read_payload(self):
        """Return the payload, and what it was read from; None and {} if unreadable."""
        self.ensure_one()
        try:
            data = read_json(self.payload or "{}")
            return PAYLOADS[self.resource].from_json(data), data
        except InvalidPayload:
            return None, {}

    def _compute_places(self):
        for record in self:
            mentioned = record.mention_ids.grouped("resource")
            for field, resource in (
                ("plant_names", "location"),
                ("department_names", "department"),
            ):
                named = mentioned.get(resource, self.browse())
                record[field] = ", ".join(sorted(named.mapped("display_name")))

    def _compute_facts_table(self):
        for record in self:
            record.facts_table = Markup(
                "<table class='table table-sm o_procurify_facts'><tbody>%s</tbody>"
                "</table>"
            ) % Markup("").join(
                Markup("<tr><th scope='row'>%s</th><td>%s</td></tr>") % (label, value)
                for label, value in record._facts()
                if value
            )

    def _facts(self):
        """Yield (label, text) of what people ask of a document."""
        self.ensure_one()
        names = (
            *("external_id", "name", "code", "remote_status", "remote_party"),
            *("remote_date", "remote_amount", "requester_names", "approver_name"),
            *("plant_names", "department_names"),
        )
        shown = {name: self[name] for name in names}
        shown["remote_date"] = format_date(self.env, self.remote_date)
        shown["remote_amount"] = self.remote_currency and format_amounts(
            self.env,
            [(self.remote_currency, 1, self.remote_amount, None)],
            currencies_by_code(self.env, [self.remote_currency]),
        )
        for name, value in shown.items():
            yield self._fields[name]._description_string(self.env), value
