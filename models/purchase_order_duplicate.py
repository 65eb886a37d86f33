"""Orders that are in Odoo already, made by hand, are held and can be adopted."""

from odoo import api, models

from .order_adoption import ADOPTED, adopted_state
from .order_duplicates import OrderDuplicates, OrderFacts
from .procurify_import_mixin import normalise


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
            batch.hold(
                record,
                "duplicate_order",
                value=record.name,
                found=rival.order.display_name,
                rule=rival.rule,
            )
            batch.note(record, conflict_id=rival.order.id)

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

    def _procurify_adopted(self, imported, record):
        """Tie the lines of this order, which a person adopted, to Procurify's.

        It is written at once: whatever else holds the order, its bills find its lines.

        :returns: the ``applied_state`` with which its revisions begin
        """
        self.ensure_one()
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

    @api.model
    def _procurify_is_adopted_anew(self, record):
        """Tell whether a person adopted the order, and its lines are not tied yet."""
        state = record.applied_state or {}
        return bool(state.get(ADOPTED)) and "lines" not in state
