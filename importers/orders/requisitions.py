"""Requisitions of one batch: which of their lines are still to be bought, and where."""

from collections import defaultdict

from odoo.fields import Domain

from ...procurify import (
    OrderItem,
    OrderItemStatus,
    RequisitionStatus,
    Unit,
    read_json,
)
from ...procurify.findings import undocumented
from ...tools.instants import at_noon
from ..documents import OtherVendor, ReferenceImport, is_other
from ..issues import UNKNOWN_CODES
from ..resource_kinds import PAYLOADS
from .lines import counts, on_requests, plain_line, quantity_and_price

_WANTED = (OrderItemStatus.APPROVED, OrderItemStatus.LISTED)
_LIVE = (
    RequisitionStatus.APPROVED,
    RequisitionStatus.PURCHASED,
    RequisitionStatus.RECEIVED,
)


class RequisitionImport(ReferenceImport):
    """Prepares the requests for quotation that requisitions stand for.

    ``requested`` has the lines of all of them that are on requests already.
    """

    def __init__(self, env, batch):
        super().__init__(env, batch)
        self._read_items()
        self.requested = self._requested_lines()
        self.generic = self.connection.product_id.with_env(env)

    def run(self):
        """Fill what is wanted of each draft, or hold what cannot be requested."""
        self._resolve_known()
        for draft in self.drafts:
            if not draft.is_writable:
                continue
            draft.hold_misrouted()
            wanted = defaultdict(dict)
            for row in self._wanted_items(draft):
                key, values = self._request(draft, draft.items[row])
                wanted[key][row] = values
            if draft.is_writable:
                draft.wanted = wanted

    # === WHAT IS WANTED === #

    def _read_items(self):
        """Read the staged order items of the requisitions.

        A requisition with one that cannot be read is put on hold.
        """
        by_number = {draft.record.external_id: draft for draft in self.drafts}
        rows = self.connection.env["procurify.record"].search(
            Domain("connection_id", "=", self.connection.id)
            & Domain("resource", "=", "order_item")
            & Domain("remote_group", "in", list(by_number))
        )
        for row in rows:
            draft = by_number[row.remote_group]
            with self._holding_unreadable(draft):
                draft.items[row] = OrderItem.from_json(read_json(row.payload))

    def _requested_lines(self):
        """Return the lines that the requisitions' items have on requests."""
        rows = [row for draft in self.drafts for row in draft.items]
        lines = self.env["purchase.order.line"].search(
            Domain("id", "in", [row.res_id for row in rows if row.res_id])
        )
        return on_requests(self.connection, lines)

    @staticmethod
    def _wanted_items(draft):
        """Yield the items that are approved, not bought, and name a vendor."""
        if draft.payload.status not in _LIVE or draft.record.remote_deleted:
            return
        for row, item in draft.items.items():
            if row.remote_deleted or not item.active or item.order_id:
                continue
            if value := undocumented(item):
                draft.hold("undocumented_value", value=f"{item.label}: {value}")
            elif item.status in _WANTED and item.vendor_id:
                yield row

    def _resolve_known(self):
        """Resolve what the items name by number only: it is staged, or unknown."""
        keys = set()
        for draft in self.drafts:
            draft.mentioned = {}
            with self._holding_unreadable(draft):
                draft.mentioned = self._embedded(draft.payload)
            for item in draft.items.values():
                keys |= _numbers(item)
                if item.unit:
                    draft.mentioned |= self._synthetic("unit", Unit(item.unit))
        known = self.connection.env["procurify.record"].search(
            Domain("connection_id", "=", self.connection.id)
            & Domain("resource", "in", list({resource for resource, _id in keys}))
            & Domain("external_id", "in", list({number for _r, number in keys}))
        )
        staged = {
            (row.resource, row.external_id): (row.payload, PAYLOADS[row.resource])
            for row in known
        }
        self.others = self._catch_alls(known)
        mentioned = {}
        for draft in self.drafts:
            for item in draft.items.values():
                if item.vendor_id in self.others:
                    draft.mentioned |= self._other_of(item).mentioned()
                draft.mentioned |= {
                    key: staged[key] for key in _numbers(item) if key in staged
                }
            mentioned |= draft.mentioned
        self._resolve(mentioned)
        self.products = self.targets("product.product")
        self.units = self.targets("uom.uom")

    @staticmethod
    def _catch_alls(known):
        """Return {id: vendor} of those in ``known`` that are the catch-all."""
        vendors = known.filtered(lambda row: row.resource == "vendor")
        return {
            vendor.id: vendor
            for vendor in vendors._payloads().values()
            if is_other(vendor)
        }

    def _other_of(self, item):
        return OtherVendor(self.others[item.vendor_id], [item.vendor_text])

    # === LINES === #

    def _request(self, draft, item):
        """Return ((vendor id, currency id), values of a line) for one order item."""
        requisition = draft.payload
        is_named = item.vendor_id in self.others
        vendor = self._other_of(item).external_id if is_named else item.vendor_id
        vendor_id = self._known(draft, "vendor", vendor)
        currency_id = self._known(draft, "currency", item.currency_id)
        currency = self.env["res.currency"].browse(currency_id or ())
        self._check_odoo_rate(draft, currency, None)
        product = self._product(item)
        key = requisition.department and self._analytic_key(draft, requisition)
        quantity, price = quantity_and_price(
            self.pricing, item.quantity or None, item.price, item.total_cost or 0
        )
        values = plain_line(
            name=item.name,
            product=product,
            unit=self._unit(item, product),
            quantity=quantity,
            price=price,
            planned=at_noon(requisition.date_required or requisition.date),
        )
        if key:
            values["analytic_distribution"] = {key: 100.0}
        return (vendor_id, currency_id), values

    def _known(self, draft, resource, number):
        """Return the id of what an item names by number; else hold or wait."""
        if (resource, str(number)) in self.references:
            return self._target(draft, resource, str(number))
        draft.hold(UNKNOWN_CODES[resource], f"{resource}/{number}", value=str(number))
        return False

    def _product(self, item):
        target_id = self._optional_target("catalog_item", str(item.catalog_item_id))
        return self.products[target_id] if target_id else self.generic

    def _unit(self, item, product):
        target_id = item.unit and self._optional_target(
            "unit", Unit(item.unit).external_id
        )
        unit = self.units.get(target_id)
        return unit if counts(unit, product, self.generic) else product.uom_id


def _numbers(item):
    """Return the (resource, external id) pairs that ``item`` names by number."""
    return {
        ("vendor", str(item.vendor_id)),
        ("currency", str(item.currency_id)),
        ("catalog_item", str(item.catalog_item_id)),
    }
