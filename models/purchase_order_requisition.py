"""Requisition → requests for quotation, one per vendor, until its lines are bought."""

from odoo import api, models

from ..importers.orders.lines import created_line
from ..importers.orders.meant import differing_requests
from ..importers.orders.requisitions import RequisitionImport
from ..importers.orders.revision import same
from ..importers.start_date import exclude_earlier
from ..procurify.findings import undocumented


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
        linked = [draft for draft in imported.drafts if draft.target_id]
        self._procurify_hold_otherwise(differing_requests(imported, linked))

    @api.model
    def _procurify_exclude_requisitions(self, batch):
        """Exclude what the policy does not want; put on hold what is ambiguous."""
        if not batch.connection._imports_requisitions():
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
            request = by_vendor.get(key)
            if not request:
                mine = {item.res_id for item in items}
                former = lines.filtered(lambda ln, ids=mine: ln.id in ids).order_id
                request = self._procurify_new_request(draft, key, former)
            requests |= request
            for item, values in items.items():
                request._procurify_request_line(imported, draft, item, lines, values)
        requests._procurify_end_requests(draft.record.name)
        imported.batch.touch(requests, draft.record)
        return requests.filtered("order_line")

    @api.model
    def _procurify_new_request(self, draft, key, former):
        """Return a request for a vendor and a currency.

        :param key: (vendor id, currency id)
        :param former: the requests where the lines are now. One that the last import
            found otherwise is written again instead.
        """
        partner_id, currency_id = key
        header = {
            "partner_id": partner_id,
            "currency_id": currency_id,
            "payment_term_id": False,
            "fiscal_position_id": False,
        }
        if former and draft.record._is_otherwise():
            request = former[0]
            request.write(header)
        else:
            origin = draft.payload.label
            company = {"company_id": self.env.company.id, "origin": origin}
            request = self.create(header | company)
        draft.headers[request] = header
        return request

    def _procurify_request_line(self, imported, draft, item, lines, values):
        """Write one line of this request, unless Procurify says what it said.

        What the last import found otherwise is written again.
        """
        self.ensure_one()
        line = lines.filtered(lambda line: line.id == item.res_id)
        before = (item.applied_state or {}).get("wanted")
        is_written = line and before and same(before, values)
        if not is_written or draft.record._is_otherwise():
            filled = imported.filled(values, self.partner_id, line)
            written = created_line(filled) | {"order_id": self.id}
            if line:
                line.write(written)
            else:
                line = line.create(written)
            draft.lines[line] = values
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
        imported.batch.touch(requests)
        requests._procurify_end_requests(self.name)
        return taken

    def _procurify_end_requests(self, reason):
        """Cancel the requests for quotation among these that have no lines left."""
        for request in self.filtered(lambda order: not order.order_line):
            request.button_cancel()
            request.message_post(
                body=self.env._("Nothing is requested any longer: %s", reason)
            )
