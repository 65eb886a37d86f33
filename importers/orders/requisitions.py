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
from ...procurify.documented import undocumented
from ...tools.instants import at_noon
from ..issues import UNKNOWN_CODES
from ..matching.other_vendor import OtherVendor, is_other
from ..references import ReferenceImport
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

    ``wanted`` holds for each requisition what is approved and not bought, as
    {(vendor id, currency id): {order item: values of a line}}. ``requested`` has the
    lines of all of them that are on requests already.
    """

    def __init__(self, env, batch):
        super().__init__(env, batch)
        self.wanted = {}
        self.items = self._staged_items()
        self.requested = self._requested_lines()
        self.generic = self.connection.product_id.with_env(env)

    def run(self):
        """Fill ``wanted``, and hold what cannot be requested."""
        self._resolve_known()
        for record, requisition in self.documents.items():
            if not self._is_open(record):
                continue
            groups = defaultdict(dict)
            self._check_company(record)
            if requisition.status in _LIVE and not record.remote_deleted:
                for item in self._wanted_items(record):
                    key, values = self._request(record, requisition, item)
                    groups[key][item] = values
            if self._is_open(record):
                self.wanted[record] = groups

    # === WHAT IS WANTED === #

    def _staged_items(self):
        """Return {requisition number: order items with their payloads}.

        A requisition with one that cannot be read is held.
        """
        requisitions = {record.external_id: record for record in self.documents}
        rows = self.connection.env["procurify.record"].search(
            Domain("connection_id", "=", self.connection.id)
            & Domain("resource", "=", "order_item")
            & Domain("remote_group", "in", list(requisitions))
        )
        staged = defaultdict(dict)
        for row in rows:
            with self._holding_unreadable(requisitions[row.remote_group]):
                data = read_json(row.payload)
                staged[row.remote_group][row] = OrderItem.from_json(data)
        return staged

    def _requested_lines(self):
        """Return the lines that the requisitions' items have on requests."""
        rows = [row for items in self.items.values() for row in items]
        lines = self.env["purchase.order.line"].search(
            Domain("id", "in", [row.res_id for row in rows if row.res_id])
        )
        return on_requests(self.connection, lines)

    def _wanted_items(self, record):
        """Yield the items that are approved, not bought, and name a vendor."""
        for row, item in self.items[record.external_id].items():
            if row.remote_deleted or not item.active or item.order_id:
                continue
            if value := undocumented(item):
                self.batch.hold(
                    record, "undocumented_value", value=f"{item.label}: {value}"
                )
            elif item.status in _WANTED and item.vendor_id:
                yield row

    def _resolve_known(self):
        """Resolve what the items name by number only: it is staged, or unknown."""
        named, numbers = {}, {}
        for record, requisition in self.documents.items():
            named[record], numbers[record] = {}, set()
            with self._holding_unreadable(record):
                named[record] = self._embedded(requisition)
            for item in self.items[record.external_id].values():
                numbers[record] |= {
                    ("vendor", str(item.vendor_id)),
                    ("currency", str(item.currency_id)),
                    ("catalog_item", str(item.catalog_item_id)),
                }
                if item.unit:
                    named[record] |= self._synthetic("unit", Unit(item.unit))
        keys = set().union(*numbers.values())
        known = self.connection.env["procurify.record"].search(
            Domain("connection_id", "=", self.connection.id)
            & Domain("resource", "in", list({resource for resource, _id in keys}))
            & Domain("external_id", "in", list({number for _r, number in keys}))
        )
        staged = {
            (row.resource, row.external_id): (row.payload, PAYLOADS[row.resource])
            for row in known
        }
        vendors = self._named_vendors(known)
        mentioned = {}
        for record in self.documents:
            named[record] |= vendors[record]
            named[record] |= {k: staged[k] for k in numbers[record] if k in staged}
            self.batch.mention(record, named[record])
            mentioned |= named[record]
        self._resolve(mentioned)
        self.products = self.targets("product.product")
        self.units = self.targets("uom.uom")

    def _named_vendors(self, known):
        """Return {record: vendors that its items of the catch-all name}, as
        ``_resolve`` takes them; note in ``others`` which ids are the catch-all's.

        :param known: staged records of what the items mention
        """
        vendors = known.filtered(lambda row: row.resource == "vendor")
        self.others = {
            vendor.id: vendor
            for vendor in vendors._payloads().values()
            if is_other(vendor)
        }
        named = {}
        for record in self.documents:
            named[record] = {}
            for item in self.items[record.external_id].values():
                if item.vendor_id in self.others:
                    named[record] |= self._other_of(item).mentioned()
        return named

    def _other_of(self, item):
        return OtherVendor(self.others[item.vendor_id], [item.vendor_text])

    # === LINES === #

    def _request(self, record, requisition, row):
        """Return ((vendor id, currency id), values of a line) for one order item."""
        item = self.items[record.external_id][row]
        is_named = item.vendor_id in self.others
        vendor = self._other_of(item).external_id if is_named else item.vendor_id
        vendor_id = self._known(record, "vendor", vendor)
        currency_id = self._known(record, "currency", item.currency_id)
        currency = self.env["res.currency"].browse(currency_id or ())
        self._check_odoo_rate(record, currency, None)
        product = self._product(item)
        key = requisition.department and self._analytic_key(record, requisition)
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

    def _known(self, record, resource, number):
        """Return the id of what an item names by number; else hold or wait."""
        if (resource, str(number)) in self.references:
            return self._target(record, resource, str(number))
        self.batch.hold(
            record, UNKNOWN_CODES[resource], f"{resource}/{number}", value=str(number)
        )
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
