"""Requisition → requests for quotation, one per vendor, until its lines are bought."""

from odoo import api, models

from ..importers.orders.lines import created_line
from ..importers.orders.requisitions import RequisitionImport
from ..importers.orders.revision import same
from ..importers.start_date import exclude_earlier
from ..procurify.documented import undocumented


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    @api.model
    def _procurify_import_requisitions(self, batch):
        """Keep one request per requisition and vendor for what is to be bought."""
        self._procurify_exclude_requisitions(batch)
        imported = RequisitionImport(self.env, batch)
        imported.run()
        self._procurify_hold_known_requests(imported.drafts)
        for draft in imported.drafts:
            if draft.wanted is None or draft.holds:
                continue
            requests = self._procurify_request(imported, draft)
            if requests:
                draft.link(requests[0].id, "created")
            else:
                draft.exclude("nothing_requested")

    @api.model
    def _procurify_exclude_requisitions(self, batch):
        """Leave out what the policy does not want; hold what may mean anything."""
        if batch.connection.requisition_policy == "none":
            for draft in batch.open:
                if not draft.record.res_id:
                    draft.exclude("requisitions_not_imported")
        exclude_earlier(batch)
        for draft in batch.open:
            value = undocumented(draft.payload)
            if value and not draft.record.remote_deleted:
                draft.hold("undocumented_value", value=value)

    @api.model
    def _procurify_request(self, imported, draft):
        """Bring the requests of one requisition to what it wants; return them."""
        mine = {row.res_id for row in draft.items}
        lines = imported.requested.filtered(lambda line: line.id in mine)
        wanted = {item.res_id for items in draft.wanted.values() for item in items}
        requests = lines.order_id
        by_vendor = {(r.partner_id.id, r.currency_id.id): r for r in requests}
        lines.filtered(lambda line: line.id not in wanted).unlink()
        for key, items in draft.wanted.items():
            request = by_vendor.get(key) or self._procurify_new_request(
                draft.payload, *key
            )
            requests |= request
            for item, values in items.items():
                request._procurify_request_line(imported, item, values, lines)
        requests._procurify_end_requests(draft.record.name)
        return requests.filtered("order_line")

    @api.model
    def _procurify_new_request(self, requisition, partner_id, currency_id):
        return self.create(
            {
                "partner_id": partner_id,
                "currency_id": currency_id,
                "company_id": self.env.company.id,
                "origin": requisition.label,
                "payment_term_id": False,
                "fiscal_position_id": False,
            }
        )

    def _procurify_request_line(self, imported, item, values, lines):
        """Write one line of this request, unless Procurify says what it said."""
        self.ensure_one()
        line = lines.filtered(lambda line: line.id == item.res_id)
        before = (item.applied_state or {}).get("wanted")
        if not (line and before and same(before, values)):
            filled = imported.filled(values, self.partner_id, line)
            written = created_line(filled) | {"order_id": self.id}
            if line:
                line.write(written)
            else:
                line = line.create(written)
        item.sudo().write(
            {
                "state": "done",
                "res_model": line._name,
                "res_id": line.id,
                "excluded_rule": False,
                "applied_digest": item.digest,
                "applied_state": {"wanted": values},
            }
        )

    def _procurify_take_requested(self, imported, draft, sources=None):
        """Move what was requested for this order into it; return {source: line}.

        A request that is left without lines is cancelled: nothing counts twice.
        """
        self.ensure_one()
        taken = {
            source: line
            for source, line in imported.requested(draft).items()
            if sources is None or source in sources
        }
        requests = self.browse().union(*(line.order_id for line in taken.values()))
        for source, line in taken.items():
            values = imported.requested_values(draft, source, line)
            line.write(values | {"order_id": self.id})
        requests._procurify_end_requests(self.name)
        return taken

    def _procurify_end_requests(self, reason):
        """Cancel the requests for quotation among these that have no lines left."""
        for request in self.filtered(lambda order: not order.order_line):
            request.button_cancel()
            request.message_post(
                body=self.env._("Nothing is requested any longer: %s", reason)
            )
