"""Orders that are in Odoo already, made by hand, are held and can be adopted."""

from odoo import api, models

from ..importers.matching.names import normalise
from ..importers.orders.adoption import ADOPTED, adopted_state
from ..importers.orders.duplicates import OrderDuplicates, OrderFacts


class PurchaseOrder(models.Model):
    _inherit = "purchase.order"

    @api.model
    def _procurify_hold_duplicates(self, batch, imported, records):
        """Hold orders that somebody made in Odoo already.

        :param imported: OrderImport whose documents were checked
        :param records: those of them that are not in Odoo yet
        """
        facts = {
            record: self._procurify_facts(imported, record)
            for record in records
            if not record.not_a_duplicate and imported.vendors.get(record)
        }
        for record, rival in OrderDuplicates(self, facts).rivals().items():
            self._procurify_hold_duplicate(batch, record, rival)

    @api.model
    def _procurify_hold_duplicate(self, batch, record, rival):
        batch.hold(
            record,
            "duplicate_order",
            value=record.name,
            found=rival.order.display_name,
            rule=rival.rule,
        )
        batch.note(record, conflict_id=rival.order.id)

    @api.model
    def _procurify_hold_known_requests(self, batch, imported):
        """Hold requisitions for which somebody made a request or order in Odoo.

        It bears the requisition's number, at one of the vendors that it names.
        """
        ids = {key[0] for groups in imported.wanted.values() for key in groups}
        vendors = {p.id: p for p in self.env["res.partner"].browse(filter(None, ids))}
        facts = {
            (record, vendor_id): OrderFacts(
                vendor=vendors[vendor_id],
                numbers=frozenset(
                    {record.external_id, normalise(imported.documents[record].label)}
                ),
                day=False,
                amount=0.0,
                currency=self.env["res.currency"],
            )
            for record, groups in imported.wanted.items()
            for vendor_id in {key[0] for key in groups} & vendors.keys()
            if not (record.res_id or record.not_a_duplicate)
        }
        rivals = OrderDuplicates(self, facts).rivals()
        for (record, _vendor_id), rival in rivals.items():
            if record not in batch.holds:
                self._procurify_hold_duplicate(batch, record, rival)

    @api.model
    def _procurify_facts(self, imported, record):
        document = imported.documents[record]
        code = document.currency and document.currency.external_id
        currency_id = imported._optional_target("currency", code)
        numbers = (document.number, document.external_number)
        return OrderFacts(
            vendor=imported.partners.get(imported.vendors[record]),
            numbers=frozenset(normalise(n) for n in numbers if normalise(n)),
            day=document.date,
            amount=float(imported.reckonings[record].total),
            currency=imported.currencies.get(currency_id, self.env["res.currency"]),
        )

    def _procurify_known_state(self, imported, record):
        """Return the ``applied_state`` with which a revision of this order begins.

        Where a person adopted the order, its lines are tied to Procurify's first. That
        is written at once: whatever else holds the order, its bills find its lines.
        """
        self.ensure_one()
        state = record.applied_state or {}
        if not state.get(ADOPTED) or "lines" in state:
            return state
        lines = imported.lines[record]
        header = imported.values[record]
        state = adopted_state(self, header, lines, imported.generic)
        record.applied_state = state
        by_id = {line.id: line for line in self.order_line}
        imported.made[record] = {
            source: by_id[entry["id"]]
            for source, entry in state["lines"].items()
            if source in lines
        }
        self._procurify_link_items(imported, [record])
        return state
