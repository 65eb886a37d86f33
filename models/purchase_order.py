"""Order → purchase.order: confirmed or for review, and kept as Procurify has it."""

from itertools import islice

from odoo import api, fields, models
from odoo.fields import Domain

from ..importers.batch import BatchRefused
from ..importers.orders.importer import OrderImport
from ..importers.orders.lines import SETTLEMENT, created_line
from ..importers.orders.revision import HEADER_FIELDS, LINE_FIELDS, plain
from ..importers.start_date import exclude_earlier
from ..procurify import OrderState
from ..procurify.documented import undocumented
from ..tools.own_values import write_each
from ..tools.private import Private

# What is confirmed now comes from Procurify.
_importing = Private("procurify_importing_orders", default=False)


class PurchaseOrder(models.Model):
    _name = "purchase.order"
    _inherit = ["purchase.order", "procurify.import.mixin"]

    _procurify_resources = ("purchase_order", "requisition")

    procurify_paid_by_card = fields.Boolean(
        "Paid by Card in Procurify",
        readonly=True,
        copy=False,
        help="It was paid when it was purchased: no bill of the vendor is expected.",
    )

    # === COMPUTE METHODS === #

    @api.depends("procurify_paid_by_card")
    def _get_invoiced(self):
        result = super()._get_invoiced()
        for order in self.filtered("procurify_paid_by_card"):
            if order.invoice_status == "to invoice":
                order.invoice_status = "no"
        return result

    @api.model
    def _procurify_import(self, batch):
        """Write the orders that pass every check; hold the others with every reason."""
        with _importing.set(True):
            # Prices are Procurify's: no pricelist recomputes them.
            self.with_context(skip_uom_conversion=True)._procurify_import_batch(batch)

    @api.model
    def _procurify_import_batch(self, batch):
        if batch.resource == "requisition":
            self._procurify_import_requisitions(batch)
            return
        orders = self._procurify_linked(batch)
        self._procurify_exclude(batch, orders)
        self._procurify_end(batch, orders)
        imported = OrderImport(self.env, batch)
        imported.run()
        for record in list(imported.values):
            if record in orders:
                self._procurify_revise(batch, imported, record, orders[record])
        unknown = [record for record in imported.documents if record not in orders]
        self._procurify_hold_duplicates(batch, imported, unknown)
        new = [r for r in unknown if r in imported.values and r not in batch.holds]
        for record in new:
            imported.shorten(record)
        orders |= self._procurify_create(batch, imported, new)
        self._procurify_finish(batch, imported, orders)

    # === WHICH ORDERS === #

    @api.model
    def _procurify_open_ids(self, res_ids):
        """Return the requests, and the orders that are not billed to the end."""
        settled = Domain("state", "=", "cancel") | Domain(
            "invoice_status", "=", "invoiced"
        )
        return set(self.search(Domain("id", "in", res_ids) & ~settled).ids)

    @api.model
    def _procurify_exclude(self, batch, orders):
        """Leave out what is no commitment, by name of the rule."""
        for record in batch.open.filtered(lambda record: record not in orders):
            order = batch.payloads[record]
            if batch.connection.order_policy == "none":
                batch.exclude(record, "orders_not_imported")
            elif order.is_card and batch.connection.card_order_policy == "exclude":
                batch.exclude(record, "card_order")
            elif self._procurify_has_ended(record, order):
                batch.exclude(record, "cancelled")
            elif not any(line.active for line in order.lines):
                batch.exclude(record, "no_lines")
        exclude_earlier(batch, orders)
        self._procurify_hold_undocumented(batch)

    @api.model
    def _procurify_hold_undocumented(self, batch):
        """Hold orders in a state that may mean anything, also those in Odoo."""
        for record in batch.open:
            order = batch.payloads[record]
            value = undocumented(order)
            if value and not self._procurify_has_ended(record, order):
                batch.hold(record, "undocumented_value", value=value)

    @api.model
    def _procurify_has_ended(self, record, order):
        return (
            order.state == OrderState.CANCELLED
            or not order.active
            or record.remote_deleted
        )

    @api.model
    def _procurify_end(self, batch, orders):
        """Cancel what Procurify cancelled or deleted, unless it is in the books."""
        for record in batch.open:
            payload = batch.payloads[record]
            if record not in orders or not self._procurify_has_ended(record, payload):
                continue
            order, state = orders[record], record.applied_state or {}
            if record.kept_version == record._version():
                batch.link(record, order.id, "remembered", written=state)
                continue
            if order.state != "cancel" and order._procurify_is_booked():
                batch.hold(
                    record, "order_cancelled", value=record.name, found=order.name
                )
                continue
            if order.state != "cancel":
                order._procurify_unlock(state)
                order.button_cancel()
                order.message_post(body=self.env._("Procurify cancelled this order."))
            ended = state | {"cancelled": True, "locked": False}
            batch.link(record, order.id, "remembered", written=ended)

    def _procurify_is_booked(self):
        """Tell whether something was received or billed on this order."""
        self.ensure_one()
        billed = self.invoice_ids.filtered(lambda move: move.state != "cancel")
        return bool(billed) or any(line.qty_received for line in self.order_line)

    # === CREATING === #

    @api.model
    def _procurify_create(self, batch, imported, records):
        """Create the orders of ``records``; what was requested moves into them."""
        fresh = {}
        for record in records:
            requested = imported.requested(record)
            fresh[record] = {
                source: values
                for source, values in imported.lines[record].items()
                if source not in requested
            }
        orders = self.create(
            self._procurify_named(
                [
                    imported.values[record] | {"company_id": self.env.company.id}
                    for record in records
                ]
            )
        )
        created = dict(zip(records, orders, strict=True))
        made = self._procurify_create_lines(
            imported, {order: fresh[record] for record, order in created.items()}
        )
        for record, order in created.items():
            imported.made[record] = made[order]
            imported.made[record] |= order._procurify_take_requested(imported, record)
            imported.mean(record)
            if rate := imported.currency_rate(record):
                order.currency_rate = rate
            batch.link(record, order.id, "created")
        return created

    @api.model
    def _procurify_named(self, vals_list):
        """Return the values of new orders with the numbers that Odoo would give them.

        Odoo looks for the sequence once per order.
        """
        sequence = self.env["ir.sequence"].search(
            Domain("code", "=", "purchase.order")
            & Domain("company_id", "in", [self.env.company.id, False]),
            order="company_id",
            limit=1,
        )
        if not sequence:
            return vals_list
        return [
            values | {"name": sequence.next_by_id(self._procurify_day(values))}
            for values in vals_list
        ]

    @api.model
    def _procurify_day(self, values):
        """Return the moment of an order in the user's time zone, as Odoo numbers it."""
        moment = fields.Datetime.to_datetime(values["date_order"])
        return fields.Datetime.context_timestamp(self, moment)

    @api.model
    def _procurify_create_lines(self, imported, wanted):
        """Create the lines of several orders in one call.

        Odoo creates orders one by one: with them, their lines would be created so, too.

        :param wanted: {order: {source: values}}
        :returns: {order: {source: line}}
        """
        lines = iter(
            self.env["purchase.order.line"].create(
                [
                    created_line(imported.filled(values, order.partner_id), source)
                    | {"order_id": order.id}
                    for order, sources in wanted.items()
                    for source, values in sources.items()
                ]
            )
        )
        return {
            order: dict(zip(sources, islice(lines, len(sources)), strict=True))
            for order, sources in wanted.items()
        }

    def _add_supplier_to_product(self):
        # The generic product has no vendor, and prices are Procurify's business.
        if _importing.get():
            return None
        return super()._add_supplier_to_product()

    # === FINISHING === #

    @api.model
    def _procurify_finish(self, batch, imported, orders):
        """Link the items, settle the totals, confirm, lock what is closed, note it."""
        records = [record for record in imported.values if record in batch.targets]
        self._procurify_link_items(imported, records)
        self._procurify_settle_cards(imported, orders, records)
        refused = {}
        for record in records:
            if hold := orders[record]._procurify_settle(imported, record):
                refused[record] = [hold]
        if refused:
            raise BatchRefused(refused)
        mine = {record: orders[record] for record in records}
        rows = self._procurify_otherwise(imported, mine)
        self._procurify_hold_otherwise(batch, rows)
        self._procurify_confirm_wanted(batch, imported, mine)
        for record, order in mine.items():
            order._procurify_lock(imported, record)
            batch.written[record] = order._procurify_applied(imported, record)

    @api.model
    def _procurify_settle_cards(self, imported, orders, records):
        """Expect no bill of what a card paid for."""
        for is_card in (True, False):
            changed = self.browse(
                orders[record].id
                for record in records
                if imported.documents[record].is_card == is_card
                and orders[record].procurify_paid_by_card != is_card
            )
            if changed:
                changed.procurify_paid_by_card = is_card
                changed._procurify_tell_card(is_card)

    def _procurify_tell_card(self, is_card):
        if is_card:
            body = self.env._(
                "Paid by card in Procurify: no bill of the vendor is expected."
            )
        else:
            body = self.env._(
                "No longer paid by card in Procurify: a bill of the vendor is expected."
            )
        self._message_log_batch(bodies=dict.fromkeys(self.ids, body))

    @api.model
    def _procurify_link_items(self, imported, records):
        """Say on each order item which line it is now; bills find it there."""
        linked = {}
        left = self.env["purchase.order.line"].browse()
        for record in records:
            for source, line in imported.made[record].items():
                item = imported.item(source).sudo()
                if not item or (item.state, item.res_id) == ("done", line.id):
                    continue
                if item.res_id != line.id and item.res_id in imported.owners:
                    left |= line.browse(item.res_id)
                linked[item] = {
                    # What the list said since is still to be looked at.
                    "state": "pending" if item.state == "pending" else "done",
                    "res_model": line._name,
                    "res_id": line.id,
                    "excluded_rule": False,
                    "applied_digest": item.digest,
                    "remote_modified": imported.stamp(record, source)
                    or item.remote_modified,
                }
        for order, lines in left.grouped("order_id").items():
            order._procurify_drop_lines(lines)
        write_each(linked)
        items = self.env["procurify.record"].sudo().browse(i.id for i in linked)
        items._link_waiting()

    def _procurify_applied(self, imported, record):
        """Return what tells a later import what it wrote, and who edited since."""
        self.ensure_one()
        before = (record.applied_state or {}).get("lines", {})
        ids = {source: entry["id"] for source, entry in before.items()}
        ids |= {s: line.id for s, line in imported.made[record].items()}
        mine = {line.id: line for line in self.order_line}
        lines = {}
        for source, line_id in ids.items():
            wanted = imported.lines[record].get(source, {})
            is_kept = bool(wanted) or source == SETTLEMENT
            if line_id in mine:
                now = plain(mine[line_id], LINE_FIELDS) if is_kept else {}
                lines[source] = {"id": line_id, "wanted": wanted, "odoo": now}
            elif wanted:
                lines[source] = before[source] | {"wanted": wanted}
        header = {
            "wanted": imported.values[record],
            "odoo": plain(self, HEADER_FIELDS),
        }
        return {
            "header": header,
            "rate": imported.currency_rate(record),
            "lines": lines,
            "locked": self.locked,
            "cancelled": False,
        }
